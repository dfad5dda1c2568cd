from __future__ import annotations

from dataclasses import replace

import pytest

from copilot_ls.domain import Document
from copilot_ls.features.completion.steps import (
    Call,
    call_begun,
    exact_signature,
    settled_names,
    word_before,
)
from indexer.model import Hit, Span, Symbol, SymbolKind


def hit(name: str, *, path: str = "shop.py", signal: str = "lexical", kind=SymbolKind.FUNCTION):
    stub = f"{name}(amount)"
    symbol = Symbol(path, "python", name, name, kind, Span(0, 1), 0, 1, stub)
    return Hit(path, 0, 1, name, 0.9, {signal: 1.0}, symbol=symbol, text=stub)


def closed(name: str) -> Hit:
    symbol = hit(name).symbol
    assert symbol
    return replace(hit(name), symbol=replace(symbol, is_public=name[0] != "_"), is_closed=True)


@pytest.mark.parametrize(
    ("text", "since", "name"),
    [
        ("net_total(order", 0, "net_total"),
        ("shop.net_total(", 0, "net_total"),
        ("outer(inner(x", 6, "inner"),
        ("a = 1\n    pay(order)", 0, "pay"),
        ("größe(", 0, "größe"),
    ],
)
def test_a_call_is_seen_as_soon_as_its_bracket_opens(text: str, since: int, name: str):
    call = call_begun(text, since)
    assert call == Call(name, text.index(name), text.index(name) + len(name) + 1)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("net_total", ""),
        ('print "net_total(', ""),
        ("net_total(", 'log("'),
        ("x  # see net_total(", ""),
        ("// net_total(", ""),
        ("def net_total(", ""),
        ("net_total(", "def "),
        ("(a, b)", ""),
    ],
)
def test_what_is_no_call_is_left_alone(text: str, left: str):
    assert call_begun(text, 0, left) is None


def test_a_resolved_name_wins_over_a_namesake_that_ranks_higher():
    call = Call("get", 0, 4)
    namesake, ours = hit("get", path="other.py"), hit("get", signal="receiver")
    found = exact_signature(call, [namesake, ours])
    assert found is not None
    assert found.path == "shop.py"


def test_a_common_word_needs_a_resolved_receiver():
    assert exact_signature(Call("get", 0, 4), [hit("get")]) is None
    assert exact_signature(Call("net_total", 0, 10), [hit("net_total")]) is not None
    assert exact_signature(Call("netTotal", 0, 9), [hit("netTotal")]) is not None


def test_a_telling_name_with_two_meanings_stays_open():
    hits = [hit("net_total"), hit("net_total", path="other.py")]
    assert exact_signature(Call("net_total", 0, 10), hits) is None


def test_what_cannot_be_called_has_no_signature():
    found = exact_signature(
        Call("net_total", 0, 10), [hit("net_total", signal="imported", kind=SymbolKind.CONSTANT)]
    )
    assert found is None


def document_of(marked: str, path: str = "a.py") -> tuple[Document, int]:
    document = Document("file:///a.py", path, "python", marked.replace("█", ""))
    return document, marked.index("█")


def test_settled_is_what_is_closed_and_public_and_fits_what_is_typed():
    hits = [closed("get_item"), closed("_open"), hit("get_all"), closed("get"), closed("put")]
    assert settled_names(hits, *document_of("x.█")) == ("get_item", "get", "put")
    assert settled_names(hits, *document_of("x.get█")) == ("_item",)
    assert settled_names(hits, *document_of("x._█")) == ("open",)
    assert settled_names(hits, *document_of("x.y█")) == ()


def test_unlikely_members_are_no_choice():
    hits = [closed("get_item"), replace(closed("put"), score=0.01)]
    assert settled_names(hits, *document_of("x.█")) == ("get_item",)


IMPORTED = [hit("net_total", signal="imported"), hit("gross_total", signal="imported")]
USED = "from shop import gross_total, net_total\n\ngross_total(a)\n"


@pytest.mark.parametrize(
    "line", ["x = █", "return █", "f(a, █)", "total = net█", "if not █:", "[█]", "x = await █"]
)
def test_an_import_that_nothing_uses_yet_is_awaited_where_an_expression_begins(line: str):
    (rest,) = settled_names(IMPORTED, *document_of(f"{USED}{line}\n"))
    assert "net_total".endswith(rest)


@pytest.mark.parametrize(
    "text",
    [
        f"{USED}█\n",
        f"{USED}x.█\n",
        f"{USED}name = '█\n",
        f"{USED}x = 1  # is = █\n",
        f"{USED}net_total(b)\nx = █\n",
        "from shop import gross_total\n\ngross_total(a)\nx = █\n",
        "from shop import gross_total, net_total as net\n\ngross_total(a)\nx = █\n",
    ],
)
def test_elsewhere_no_import_is_awaited(text: str):
    assert settled_names(IMPORTED, *document_of(text)) == ()


def test_a_module_that_imports_for_others_awaits_nothing():
    assert settled_names(IMPORTED, *document_of(f"{USED}x = █\n", "shop/__init__.py")) == ()


def test_the_word_that_is_being_typed_ends_at_the_cursor():
    document = Document("file:///a.py", "a.py", "python", "order.get_items")
    assert word_before(document, len("order.get")) == "get"
    assert word_before(document, len("order.")) == ""

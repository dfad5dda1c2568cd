"""A change to a definition is followed at the places that use it."""

from __future__ import annotations

import pytest

from copilot_ls.features.next_edit.changes import ParametersChanged, Renamed, changes_between
from copilot_ls.features.next_edit.follow import arguments_at, edits_in
from indexer.model import ParsedFile
from indexer.syntax import parse


def parsed(text: str, path: str = "shop.py") -> ParsedFile:
    return parse.parse(path, "python", text)


def followed(before: str, after: str, user: str) -> str:
    """The text of a using file after all edits that a change asks for."""
    text = user
    for change in changes_between(parsed(before), parsed(after)):
        edits = edits_in("user.py", text, parsed(text, "user.py"), change, None)
        for entry in sorted(edits, key=lambda entry: entry.edit.span, reverse=True):
            span = entry.edit.span
            text = text[: span.start] + entry.edit.text + text[span.end :]
    return text


def test_a_renamed_function_is_renamed_where_it_is_used() -> None:
    before = "def total(items):\n    return sum(items)\n"
    after = before.replace("total", "grand_total")
    (change,) = changes_between(parsed(before), parsed(after))
    assert isinstance(change, Renamed)
    user = "from shop import total\n\nprint(total([1]), shop.total(x))\n"
    assert "print(grand_total([1]), shop.grand_total(x))" in followed(before, after, user)


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        ("from shop import total\n", "from shop import grand\n"),
        ("from .shop import total as t, x\n", "from .shop import grand as t, x\n"),
        (
            "from a.shop import (\n    x,\n    total,\n)\n",
            "from a.shop import (\n    x,\n    grand,\n)\n",
        ),
        ("from other import total\n", "from other import total\n"),
        ("from total.shop import total\n", "from total.shop import grand\n"),
        ("import shop\n", "import shop\n"),
    ],
)
def test_imports_follow_a_renaming_of_what_they_name(user: str, expected: str) -> None:
    before = "def total(items):\n    return sum(items)\n"
    assert followed(before, before.replace("total", "grand"), user) == expected


def test_an_import_of_javascript_follows_a_renaming() -> None:
    before = "export function total(items) { return items }\n"
    after = before.replace("total", "grand")
    path, text = "src/user.js", "import { total } from './shop'\n"
    (change,) = changes_between(
        parse.parse("src/shop.js", "javascript", before),
        parse.parse("src/shop.js", "javascript", after),
    )
    (entry,) = edits_in(path, text, parse.parse(path, "javascript", text), change, None)
    assert text[entry.edit.span.start : entry.edit.span.end] == "total"


def test_a_renamed_class_takes_its_members_along() -> None:
    before = "class Order:\n    def pay(self):\n        return 1\n"
    changes = changes_between(parsed(before), parsed(before.replace("Order", "Purchase")))
    assert [type(change) for change in changes] == [Renamed]


def test_another_function_in_its_place_is_no_renaming() -> None:
    before = "def total(items):\n    return sum(items)\n"
    after = "def connect(host, port, *, timeout=3):\n    socket = open(host)\n    return socket\n"
    assert changes_between(parsed(before), parsed(after)) == []


def test_two_that_vanish_at_once_are_not_guessed() -> None:
    before = "def a(x):\n    return x\n\ndef b(x):\n    return x\n"
    after = "def c(x):\n    return x\n\ndef d(x):\n    return x\n"
    assert changes_between(parsed(before), parsed(after)) == []


@pytest.mark.parametrize(
    ("before", "after", "user", "expected"),
    [
        ("f(a, b)", "f(a, c)", "f(1, b=2)", "f(1, c=2)"),
        ("f(a, b)", "f(a, c)", "f(1, 2)", "f(1, 2)"),
        ("f(a, b)", "f(a)", "f(1, 2)", "f(1)"),
        ("f(a, b)", "f(a)", "f(1, b=g(2, 3))", "f(1)"),
        ("f(a, b)", "f(b)", "f([1, 2], ')')", "f(')')"),
        ("f(a)", "f(a, b)", "f(1)", "f(1, b=b)"),
        ("f(a)", "f(b, a)", "f(1)", "f(b, 1)"),
        ("f()", "f(a)", "f()", "f(a=a)"),
        ("f(a)", "f(a, b=1)", "f(1)", "f(1)"),
        ("f(a, *args)", "f(a, b, *args)", "f(1)", "f(1)"),
        ("f(a, b)", "f(a)", "f(*xs)", "f(*xs)"),
    ],
)
def test_calls_follow_their_parameters(before: str, after: str, user: str, expected: str) -> None:
    define = "def {}:\n    return 1\n"
    result = followed(
        define.format(before), define.format(after), f"from shop import f\nx = {user}\n"
    )
    assert result == f"from shop import f\nx = {expected}\n"


def test_a_constructor_is_followed_where_its_class_is_called() -> None:
    before = "class Order:\n    def __init__(self, number, customer):\n        pass\n"
    after = before.replace(", customer", "")
    (change,) = changes_between(parsed(before), parsed(after))
    assert isinstance(change, ParametersChanged)
    assert followed(before, after, "o = Order(1, 'x')\n") == "o = Order(1)\n"


def test_only_lines_that_the_index_names_are_touched() -> None:
    before = "def total(items):\n    return sum(items)\n"
    (change,) = changes_between(parsed(before), parsed(before.replace("total", "grand")))
    text = "total(1)\nother.total(2)\n"
    edits = edits_in("user.py", text, parsed(text, "user.py"), change, frozenset({0}))
    assert [entry.line for entry in edits] == [0]


@pytest.mark.parametrize(
    ("text", "arguments"),
    [
        ("f()", []),
        ("f(a, b)", ["a", "b"]),
        ("f(a, (b, c), [d, e], g(h, i))", ["a", "(b, c)", "[d, e]", "g(h, i)"]),
        ("f(\"a, b\", '''c, \"d\"''')", ['"a, b"', "'''c, \"d\"'''"]),
        ("f(a,\n  b,\n)", ["a", "b"]),
        ("f(a, b", None),
        ("f(a]", None),
        ("f('a", None),
    ],
)
def test_arguments_are_found_between_brackets(text: str, arguments: list[str] | None) -> None:
    spans = arguments_at(text, 1)
    found = None if spans is None else [text[span.start : span.end] for span in spans]
    assert found == arguments

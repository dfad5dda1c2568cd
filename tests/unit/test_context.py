"""Which of the index's answers go into a prompt."""

from __future__ import annotations

from copilot_ls.domain import PromptLayout
from copilot_ls.features.completion.context import choose_snippets, examples_of
from indexer.model import Hit, Span, Symbol, SymbolKind


def hit(name: str, score: float, *, path: str = "shop.py", text: str = "") -> Hit:
    symbol = Symbol(path, "python", name, name, SymbolKind.FUNCTION, Span(0, 1), 0, 1, name)
    return Hit(path, 0, 1, name, score, symbol=symbol, text=text or f"{name}(amount)")


def names(hits: list[Hit], **layout: int) -> list[str]:
    return [snippet.name for snippet in choose_snippets(hits, PromptLayout(**layout))]


def test_a_sure_answer_stands_alone():
    assert names([hit("net", 0.9), hit("gross", 0.05)]) == ["net"]


def test_unsure_answers_stand_together_until_one_of_them_is_likely():
    hits = [hit("net", 0.3), hit("gross", 0.3), hit("tax", 0.2), hit("rate", 0.1)]
    assert names(hits) == ["net", "gross", "tax"]
    assert names(hits, max_snippets=2) == ["net", "gross"]


def test_a_stub_is_said_once_and_windows_of_text_are_left_out():
    window = Hit("notes.md", 0, 9, "notes", 0.2, text="some prose")
    assert names([hit("net", 0.2), window, hit("net", 0.2), hit("gross", 0.1)]) == ["net", "gross"]


def test_examples_are_short_lines_from_other_files_each_said_once():
    long = "x" * 400
    uses = [
        hit("net", 1.0, path="bills.py", text="net(\n    bill)"),
        hit("net", 1.0, path="orders.py", text="net(own)"),
        hit("net", 1.0, path="more.py", text="net( bill)"),
        hit("net", 1.0, path="long.py", text=long),
        hit("net", 1.0, path="again.py", text="net(\n    bill)"),
    ]
    assert examples_of(uses, "orders.py", 3) == ("net( bill)",)
    assert examples_of(uses, "other.py", 2) == ("net( bill)", "net(own)")

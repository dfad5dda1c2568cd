"""Suggestions as the editor gets them."""

from __future__ import annotations

from dataclasses import replace

from lsprotocol import types

from copilot_ls.domain import Completion, Origin, Outcome, Snippet, Suggestion
from copilot_ls.server import items
from copilot_ls.server.convert import Encoding
from copilot_ls.server.documents import OpenDocument, Snapshot
from indexer.model import Span


def snapshot_of(text: str, language: str = "python") -> Snapshot:
    item = types.TextDocumentItem("file:///w/a.py", language, 1, text)
    return OpenDocument(item, path="a.py", encoding=Encoding.Utf16).snapshot()


def suggestion(text: str, start: int, end: int | None = None) -> Suggestion:
    return Suggestion("1-s1", text, Span(start, start if end is None else end), Origin.MODEL)


def test_ghost_text_replaces_what_it_repeats() -> None:
    snapshot = snapshot_of("print(😀)")
    item = items.to_inline_item(suggestion("1)", 7, 8), snapshot, None)
    assert item.range == types.Range(start=types.Position(0, 8), end=types.Position(0, 9))


def test_the_lines_of_ghost_text_and_menu_items_are_without_carriage_returns() -> None:
    snapshot = snapshot_of("def f():\r\n    ")
    block = suggestion("x = 1\r\n    return x", 14)
    assert items.to_inline_item(block, snapshot, None).insert_text == "x = 1\n    return x"
    menu = items.to_completion_item(block, snapshot)
    assert isinstance(menu.text_edit, types.TextEdit)
    assert menu.text_edit.new_text == "x = 1\n    return x"


def test_ghost_text_after_a_selected_entry_replaces_what_the_entry_would() -> None:
    word = types.Range(start=types.Position(0, 2), end=types.Position(0, 4))
    selected = types.SelectedCompletionInfo(range=word, text="price")
    # What the user sees is "x.pr)"; the snapshot holds the entry already.
    snapshot = snapshot_of("x.price)")
    item = items.to_inline_item(suggestion("_of(1)", 7, 8), snapshot, selected)
    assert item.insert_text == "price_of(1)"
    assert item.range == types.Range(start=word.start, end=types.Position(0, 5))


def test_a_menu_item_begins_with_the_word_that_was_typed() -> None:
    snapshot = snapshot_of("😀 = pri")
    item = items.to_completion_item(suggestion("nt(1)\nprint(2)", 7), snapshot)
    assert item.label == "print(1) …"
    assert item.filter_text == "print(1)"
    assert item.text_edit == types.TextEdit(
        range=types.Range(start=types.Position(0, 5), end=types.Position(0, 8)),
        new_text="print(1)\nprint(2)",
    )


def test_imports_are_made_with_a_menu_item_and_told_with_ghost_text() -> None:
    snapshot = snapshot_of("import os\n\nx = ")
    wanted = replace(suggestion("Money()", 15), imports=("from money import Money",))
    menu = items.to_completion_item(wanted, snapshot)
    place = types.Position(1, 0)
    assert menu.additional_text_edits == [
        types.TextEdit(types.Range(place, place), "from money import Money\n")
    ]
    ghost = items.to_inline_item(wanted, snapshot, None)
    assert ghost.command is not None
    assert ghost.command.arguments is not None
    assert ghost.command.arguments[1]["imports"] == ["from money import Money"]


def test_the_preview_of_a_menu_item_cannot_be_ended_by_its_own_text() -> None:
    item = items.to_completion_item(suggestion("'''\n````\n", 0), snapshot_of("", "markdown"))
    assert isinstance(item.documentation, types.MarkupContent)
    assert item.documentation.value.startswith("`````markdown\n")
    assert item.documentation.value.endswith("`````")


def test_an_explanation_is_plain_json_in_the_editors_spelling() -> None:
    snippet = Snippet("def f()", "a.py", 3, "f", 0.123456, {"same_module": 1.0})
    completion = Completion(
        Outcome.SHOWN, (suggestion("x", 0),), (snippet,), milliseconds={"total": 1.23456}
    )
    story = items.to_explanation("1-s1", completion)
    assert story["id"] == "1-s1"
    assert story["milliseconds"] == {"total": 1.235}
    (told,) = story["snippets"]  # type: ignore[misc]
    assert told["signals"] == {"same_module": 1.0}
    assert story["rawText"] == ""

"""Open documents against a naive model: one string, split afresh for every edit."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types

from copilot_ls.server.convert import Encoding
from copilot_ls.server.documents import OpenDocument, split_lines
from indexer.model import Span

ENCODINGS = [Encoding.Utf8, Encoding.Utf16, Encoding.Utf32]
CODECS = {Encoding.Utf8: "utf-8", Encoding.Utf16: "utf-16-le", Encoding.Utf32: "utf-32-le"}
UNIT_BYTES = {Encoding.Utf8: 1, Encoding.Utf16: 2, Encoding.Utf32: 4}

# Everything that str.splitlines splits at and the protocol does not, and characters of every
# width in every encoding.
texts = st.text(alphabet="ab \r\n\x0b\x0c\x1c\x85\u2028é€😀", max_size=30)


def open_document(text: str, encoding: Encoding = Encoding.Utf16) -> OpenDocument:
    item = types.TextDocumentItem("file:///w/a.py", "python", 1, text)
    return OpenDocument(item, path="a.py", encoding=encoding)


def naive_position(text: str, offset: int, encoding: Encoding) -> types.Position:
    before = re.split(r"\r\n|\n|\r", text[:offset])
    units = len(before[-1].encode(CODECS[encoding])) // UNIT_BYTES[encoding]
    return types.Position(len(before) - 1, units)


def in_line_end(text: str, offset: int) -> bool:
    return text[max(offset - 1, 0) : offset + 1] == "\r\n"


@st.composite
def edit_scripts(draw: st.DrawFn) -> tuple[str, list[tuple[int, int, str]]]:
    text = draw(texts)
    script = []
    present = text
    for _ in range(draw(st.integers(1, 8))):
        places = [o for o in range(len(present) + 1) if not in_line_end(present, o)]
        start, end = sorted((draw(st.sampled_from(places)), draw(st.sampled_from(places))))
        inserted = draw(texts)
        script.append((start, end, inserted))
        present = present[:start] + inserted + present[end:]
    return text, script


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=150)
@given(script=edit_scripts())
def test_edits_give_the_text_that_the_client_has(
    encoding: Encoding, script: tuple[str, list[tuple[int, int, str]]]
) -> None:
    text, edits = script
    document = open_document(text, encoding)
    for start, end, inserted in edits:
        target = types.Range(
            start=naive_position(text, start, encoding), end=naive_position(text, end, encoding)
        )
        document.change(
            [types.TextDocumentContentChangePartial(range=target, text=inserted)], version=2
        )
        text = text[:start] + inserted + text[end:]
        snapshot = document.snapshot()
        assert snapshot.document.text == text
        assert list(snapshot.lines) == split_lines(text)


@pytest.mark.parametrize("encoding", ENCODINGS)
@settings(max_examples=150)
@given(text=texts, data=st.data())
def test_an_offset_survives_the_way_to_the_editor_and_back(
    encoding: Encoding, text: str, data: st.DataObject
) -> None:
    snapshot = open_document(text, encoding).snapshot()
    places = [o for o in range(len(text) + 1) if not in_line_end(text, o)]
    offset = data.draw(st.sampled_from(places))
    position = snapshot.range(Span(offset, offset)).start
    assert position == naive_position(text, offset, encoding)
    assert snapshot.offset(position) == offset


@settings(max_examples=100)
@given(text=texts, line=st.integers(0, 99), character=st.integers(0, 2**31 - 1))
def test_any_position_means_a_place_in_the_text(text: str, line: int, character: int) -> None:
    snapshot = open_document(text).snapshot()
    assert 0 <= snapshot.offset(types.Position(line, character)) <= len(text)


def test_a_position_beyond_a_line_means_its_end_before_the_line_ending() -> None:
    assert open_document("ab\r\ncd").snapshot().offset(types.Position(0, 99)) == 2


def test_a_position_inside_of_a_surrogate_pair_means_before_it() -> None:
    assert open_document("a😀b").snapshot().offset(types.Position(0, 2)) == 1


def test_a_range_that_ends_before_it_starts_is_an_insertion() -> None:
    document = open_document("abc")
    target = types.Range(start=types.Position(0, 2), end=types.Position(0, 1))
    document.change([types.TextDocumentContentChangePartial(range=target, text="X")], version=2)
    assert document.snapshot().document.text == "abXc"


def test_a_line_feed_that_arrives_after_its_carriage_return_joins_it() -> None:
    document = open_document("a\rb")
    here = types.Position(1, 0)
    target = types.Range(start=here, end=here)
    document.change([types.TextDocumentContentChangePartial(range=target, text="\n")], version=2)
    assert document.snapshot().lines == ("a\r\n", "b")


def test_a_change_without_range_replaces_everything() -> None:
    document = open_document("old")
    document.change([types.TextDocumentContentChangeWholeDocument(text="new\n")], version=7)
    snapshot = document.snapshot()
    assert (snapshot.document.text, snapshot.document.version) == ("new\n", 7)


def test_a_snapshot_does_not_follow_later_edits() -> None:
    document = open_document("old")
    before = document.snapshot()
    document.change([types.TextDocumentContentChangeWholeDocument(text="new")], version=2)
    assert before.document.text == "old"
    assert before.document.version == 1


def test_an_unchanged_document_is_not_copied_again() -> None:
    document = open_document("text")
    assert document.snapshot() is document.snapshot()


def test_half_a_surrogate_pair_becomes_a_replacement_character_of_the_same_width() -> None:
    snapshot = open_document("a\ud83db").snapshot()
    snapshot.document.text.encode("utf-8")
    assert snapshot.offset(types.Position(0, 2)) == 2

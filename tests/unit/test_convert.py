"""Paths and columns, to the editor and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types

from copilot_ls.server import convert
from copilot_ls.server.convert import Encoding

lines = st.text(alphabet="a é€😀", max_size=20)


@pytest.mark.parametrize("encoding", list(Encoding))
@given(line=lines, data=st.data())
def test_a_column_survives_the_way_to_the_editor_and_back(
    encoding: Encoding, line: str, data: st.DataObject
) -> None:
    column = data.draw(st.integers(0, len(line)))
    character = convert.to_character(line, column, encoding)
    assert convert.to_column(line, character, encoding) == column


@pytest.mark.parametrize("encoding", list(Encoding))
@given(line=lines)
def test_columns_grow_with_characters(encoding: Encoding, line: str) -> None:
    columns = [convert.to_column(line, character, encoding) for character in range(90)]
    assert columns == sorted(columns)
    assert columns[-1] == len(line)


@pytest.mark.parametrize(
    ("offered", "chosen"),
    [
        (None, Encoding.Utf16),
        ([], Encoding.Utf16),
        (["utf-7"], Encoding.Utf16),
        (["utf-7", "utf-32", "utf-16"], Encoding.Utf32),
        (["utf-8"], Encoding.Utf8),
    ],
)
def test_the_clients_first_known_encoding_is_taken(
    offered: list[str] | None, chosen: Encoding
) -> None:
    general = types.GeneralClientCapabilities(position_encodings=offered)
    capabilities = types.ClientCapabilities(general=general)
    assert convert.choose_encoding(capabilities) is chosen


def test_a_client_that_says_nothing_of_encodings_gets_utf_16() -> None:
    assert convert.choose_encoding(types.ClientCapabilities()) is Encoding.Utf16


@pytest.mark.parametrize(
    ("uri", "path"),
    [
        ("file:///w/a%20b.py", Path("/w/a b.py")),
        ("file:///w/%C3%A9/../x.py", Path("/w/x.py")),
        ("file:///w/a%23b.py", Path("/w/a#b.py")),
        ("untitled:Untitled-1", None),
        ("file:///w/%00.py", None),
        ("file://[", None),
        ("", None),
        ("git:/w/a.py?HEAD", None),
        ("vscode-notebook-cell:/w/a%20b.ipynb#W0sZmlsZQ%3D%3D", Path("/w/a b.ipynb")),
        ("vscode-notebook-cell://ssh-remote%2Bbox/w/a.ipynb#W0", Path("/w/a.ipynb")),
        ("vscode-notebook-cell:Untitled-1.ipynb#W0", None),
    ],
)
def test_files_and_cells_of_notebooks_that_are_files_have_paths(
    uri: str, path: Path | None
) -> None:
    assert convert.to_path(uri) == path

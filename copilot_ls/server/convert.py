"""Between the editor's places and ours: URIs and positions.

The only module that knows UTF-16.
What it returns to us is a path or a column in code points.
"""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import urlsplit

from lsprotocol import types
from pygls import uris
from pygls.capabilities import ServerCapabilitiesBuilder

Encoding = types.PositionEncodingKind
_CELL = "vscode-notebook-cell:"


def choose_encoding(capabilities: types.ClientCapabilities) -> Encoding:
    """Take the client's first choice that we know; UTF-16 if it names none."""
    return Encoding(ServerCapabilitiesBuilder.choose_position_encoding(capabilities))


def to_column(line: str, character: int, encoding: Encoding) -> int:
    """Turn the character of a position into a code-point column of ``line``.

    A position inside of a character means before it, one beyond the line its end.
    """
    if encoding is Encoding.Utf32 or line.isascii():
        return min(character, len(line))
    for column, char in enumerate(line):
        character -= _width(char, encoding)
        if character < 0:
            return column
    return len(line)


def to_character(line: str, column: int, encoding: Encoding) -> int:
    """Turn a code-point column of ``line`` into the character of a position."""
    if encoding is Encoding.Utf32 or line.isascii():
        return min(column, len(line))
    return sum(_width(char, encoding) for char in line[:column])


def _width(char: str, encoding: Encoding) -> int:
    """Count the units of one character; UTF-32, where it is always one, does not come here."""
    if encoding is Encoding.Utf16:
        return 1 if char <= "\uffff" else 2
    return 1 if char < "\x80" else 2 if char < "\u0800" else 3 if char <= "\uffff" else 4


def to_path(uri: str) -> Path | None:
    """Return the absolute path that a ``file:`` URI names, dots resolved; none for others.

    Of the cell of a notebook, it is the notebook's: what is said of the file holds for its cells.
    """
    try:
        if uri.startswith(f"{_CELL}/"):
            # A host is the one where the editor sees the files from; we are where they are.
            uri = "file:" + urlsplit(uri).path
        path = uris.to_fs_path(uri)
    except ValueError:
        return None
    if not path or "\0" in path:
        return None
    # Not resolved: which of its names a file has is for the editor to say.
    return Path(os.path.abspath(path))  # noqa: PTH100

"""What a JavaScript or TypeScript module exports for others to call, told by its text. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from copilot_ls.features.tests.untested import Testable
from indexer.model import SymbolKind
from indexer.syntax.parse import parse

LANGUAGES = frozenset({"javascript", "typescript"})
_CALLED = frozenset({SymbolKind.FUNCTION, SymbolKind.METHOD})


def exported(path: str, language: str, text: str) -> Iterator[tuple[Testable, SymbolKind]]:
    """Exported functions and classes, and the public methods of those, in source order."""
    found = parse(path, language, text)
    if found.exports is None:
        return
    classes = {""}
    for symbol in found.symbols:
        if not symbol.is_public or symbol.parent not in classes:
            continue
        if symbol.kind is SymbolKind.CLASS:
            classes.add(symbol.qualified_name)
        if symbol.kind in {*_CALLED, SymbolKind.CLASS} and symbol.name != "constructor":
            lines = symbol.line + 1, symbol.end_line + 1
            yield Testable(symbol.qualified_name, *lines), symbol.kind


def untested(path: str, language: str, text: str, named: Collection[str]) -> Iterator[Testable]:
    """Exported functions and public methods whose names are not among ``named``."""
    for each, kind in exported(path, language, text):
        if kind in _CALLED and each.name.rpartition(".")[2] not in named:
            yield each

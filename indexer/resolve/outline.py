"""One file's names, arranged for looking up, and what resolution asks of the index.

Reads nothing itself: outlines come from a :class:`Repository`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Protocol

from indexer.model import Import, ParsedFile, Symbol


class Outline:
    """One file's names, arranged for looking up: top level, members by parent, imports."""

    def __init__(self, parsed: ParsedFile) -> None:
        self.path = parsed.path
        self.language = parsed.language
        self.symbols = parsed.symbols
        self.imports = parsed.imports
        self.exports = parsed.exports

    @cached_property
    def by_qualified_name(self) -> Mapping[str, Symbol]:
        # The first definition of a name counts: overloads and later redefinitions look alike.
        found: dict[str, Symbol] = {}
        for symbol in self.symbols:
            found.setdefault(symbol.qualified_name, symbol)
        return found

    @cached_property
    def members(self) -> Mapping[str, Mapping[str, Symbol]]:
        """Symbols by the qualified name of their parent, then by name; ``""`` is the top level."""
        found: dict[str, dict[str, Symbol]] = {}
        for symbol in self.symbols:
            found.setdefault(symbol.parent, {}).setdefault(symbol.name, symbol)
        return found

    @cached_property
    def imported(self) -> Mapping[str, Import]:
        """Imports by the name they bind; the last one wins, as at run time."""
        return {entry.bound_name: entry for entry in self.imports if entry.bound_name}

    @cached_property
    def star_imports(self) -> Sequence[Import]:
        return [entry for entry in self.imports if entry.name == "*" and not entry.alias]

    def member(self, parent: str, name: str) -> Symbol | None:
        return self.members.get(parent, {}).get(name)


class Repository(Protocol):
    """What resolution asks of the index."""

    def outline(self, path: str) -> Outline | None:
        """The names of an indexed file, ``None`` for another path."""
        ...

    def paths_with_stem(self, stem: str) -> Sequence[str]:
        """Files that an import of a module with this last name part may mean."""
        ...


class EmptyRepository:
    """A repository of which nothing is known."""

    def outline(self, path: str) -> Outline | None:
        del path
        return None

    def paths_with_stem(self, stem: str) -> Sequence[str]:
        del stem
        return ()

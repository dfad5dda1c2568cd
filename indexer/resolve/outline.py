"""One file's names, arranged for looking up, and what resolution asks of the index.

Reads nothing itself: outlines come from a :class:`Repository`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Protocol

from indexer.model import Import, ParsedFile, Reference, ReferenceKind, Symbol, SymbolKind

MAX_REFERENCES = 4_000
"""Of what is used oftener, the rest tells nothing new."""


class Outline:
    """One file's names, arranged for looking up: top level, members by parent, imports."""

    def __init__(self, parsed: ParsedFile) -> None:
        self.path = parsed.path
        self.language = parsed.language
        self.symbols = parsed.symbols
        self.imports = parsed.imports
        self.exports = parsed.exports
        # Where the syntax is broken, names may have been missed.
        self.is_whole = not parsed.problems

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

    def members_of(self, symbol: Symbol) -> Iterable[str]:
        """The names of what is defined in a class."""
        return self.members.get(symbol.qualified_name, {})

    def definitions(self, qualified_name: str) -> Sequence[Symbol]:
        """All symbols of this name: overloads, a property and its setter, ``if`` and ``else``."""
        return self._definitions.get(qualified_name, ())

    def module_imports(self, name: str) -> Sequence[Import]:
        """The imports outside functions that bind a name."""
        return self._module_imports.get(name, ())

    @cached_property
    def _definitions(self) -> Mapping[str, Sequence[Symbol]]:
        found: dict[str, list[Symbol]] = {}
        for symbol in self.symbols:
            found.setdefault(symbol.qualified_name, []).append(symbol)
        return found

    @cached_property
    def _module_imports(self) -> Mapping[str, Sequence[Import]]:
        functions = [
            (symbol.line, symbol.end_line)
            for symbol in self.symbols
            if symbol.kind in {SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.PROPERTY}
            and symbol.end_line > symbol.line
        ]
        found: dict[str, list[Import]] = {}
        for entry in self.imports:
            if not any(first < entry.line <= last for first, last in functions):
                found.setdefault(entry.bound_name, []).append(entry)
        return found


class Files(Protocol):
    """The files of a repository, by what they define."""

    def outline(self, path: str) -> Outline | None:
        """The names of an indexed file; ``None`` for another path."""
        ...

    def paths_with_stem(self, stem: str) -> Sequence[str]:
        """Files that an import of a module with this last name part may mean."""
        ...


class Stored(Files, Protocol):
    """What is stored of a repository, as far as resolution asks for it."""

    def symbols_named(self, name: str, *, limit: int = 64) -> Sequence[Symbol]:
        """Definitions whose last name part is ``name``."""
        ...

    def imports_of(self, name: str) -> Sequence[Import]:
        """Imports anywhere that bind a name."""
        ...

    def imports_from(self, package: str) -> Sequence[Import]:
        """Imports anywhere of a top-level package, or of what is inside it."""
        ...

    def references_in(self, path: str) -> Sequence[Reference]:
        """All uses of names in a file."""
        ...

    def references_to(
        self, name: str, kind: ReferenceKind | None = None, *, limit: int = MAX_REFERENCES
    ) -> Sequence[Reference]:
        """Uses of a name anywhere, so many at most."""
        ...


class Surroundings(Protocol):
    """What is around a repository's indexed files: libraries, folders, settings of compilers."""

    def library_paths(self, module: str) -> Sequence[str]:
        """Files that a module of the standard library or an installed package may be.

        Best first: stubs before sources. Such paths begin with ``<`` and exist only here.
        """
        ...

    def has_package(self, name: str) -> bool | None:
        """Whether a top-level package is installed; ``None`` if that cannot be known."""
        ...

    def entries(self, folder: str) -> frozenset[str]:
        """The names of all that lies in a folder of the repository, indexed or not."""
        ...

    def text_of(self, path: str) -> str | None:
        """The text of an indexed file, such as ``tsconfig.json``."""
        ...


class Repository(Stored, Surroundings, Protocol):
    """All that resolution asks; files of libraries are among its outlines."""


class EmptyRepository:
    """A repository of which nothing is known."""

    def outline(self, path: str) -> Outline | None:
        del path
        return None

    def paths_with_stem(self, stem: str) -> Sequence[str]:
        del stem
        return ()

    def library_paths(self, module: str) -> Sequence[str]:
        del module
        return ()

    def has_package(self, name: str) -> bool | None:
        del name
        return None

    def entries(self, folder: str) -> frozenset[str]:
        del folder
        return frozenset()

    def text_of(self, path: str) -> str | None:
        del path
        return None

    def symbols_named(self, name: str, *, limit: int = 64) -> Sequence[Symbol]:
        del name, limit
        return ()

    def imports_of(self, name: str) -> Sequence[Import]:
        del name
        return ()

    def imports_from(self, package: str) -> Sequence[Import]:
        del package
        return ()

    def references_in(self, path: str) -> Sequence[Reference]:
        del path
        return ()

    def references_to(
        self, name: str, kind: ReferenceKind | None = None, *, limit: int = MAX_REFERENCES
    ) -> Sequence[Reference]:
        del name, kind, limit
        return ()


class WithDocument:
    """A repository in which an open document stands in place of the stored file.

    ``references`` are asked for only when they are needed.
    """

    def __init__(
        self,
        repository: Repository,
        document: Outline,
        references: Callable[[], Sequence[Reference]],
    ) -> None:
        self._repository = repository
        self._document = document
        self._read_references = references

    @cached_property
    def _references(self) -> Sequence[Reference]:
        return self._read_references()

    def outline(self, path: str) -> Outline | None:
        return self._document if path == self._document.path else self._repository.outline(path)

    def paths_with_stem(self, stem: str) -> Sequence[str]:
        return self._repository.paths_with_stem(stem)

    def library_paths(self, module: str) -> Sequence[str]:
        return self._repository.library_paths(module)

    def has_package(self, name: str) -> bool | None:
        return self._repository.has_package(name)

    def entries(self, folder: str) -> frozenset[str]:
        return self._repository.entries(folder)

    def text_of(self, path: str) -> str | None:
        return self._repository.text_of(path)

    def symbols_named(self, name: str, *, limit: int = 64) -> Sequence[Symbol]:
        stored = self._repository.symbols_named(name, limit=limit)
        own = [symbol for symbol in self._document.symbols if symbol.name == name]
        return [*own, *(symbol for symbol in stored if symbol.path != self._document.path)]

    def imports_of(self, name: str) -> Sequence[Import]:
        return self._repository.imports_of(name)

    def imports_from(self, package: str) -> Sequence[Import]:
        return self._repository.imports_from(package)

    def references_in(self, path: str) -> Sequence[Reference]:
        if path == self._document.path:
            return self._references
        return self._repository.references_in(path)

    def references_to(
        self, name: str, kind: ReferenceKind | None = None, *, limit: int = MAX_REFERENCES
    ) -> Sequence[Reference]:
        stored = self._repository.references_to(name, kind, limit=limit)
        own = [r for r in self._references if r.name == name and kind in {None, r.kind}]
        return [*own, *(reference for reference in stored if reference.path != self._document.path)]

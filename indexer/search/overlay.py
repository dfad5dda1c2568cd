"""Open documents in front of the index: what was typed and not saved hides what is stored.

A document is parsed when a question first meets it, and again only when it changed.
What the whole repository says of a name (how often it is used, what follows it) stays as stored:
a few documents do not change it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from indexer.chunk import split_identifiers
from indexer.model import (
    Chunk,
    Import,
    ParsedFile,
    Reference,
    ReferenceKind,
    Symbol,
)
from indexer.resolve.outline import MAX_REFERENCES, Outline
from indexer.search.corpus import Corpus

Understand = Callable[[str, str], tuple[ParsedFile, Sequence[Chunk]]]
"""Path and text of a file → what it says of itself, and its pieces for searching."""

_CALL_KINDS = frozenset({ReferenceKind.CALL, ReferenceKind.BASE, ReferenceKind.DECORATOR})
# More open documents than anybody types in; the earliest changed ones give way.
MAX_DOCUMENTS = 64


class OpenDocument:
    """The text of a file as it is in an editor."""

    def __init__(self, path: str, text: str, number: int, understand: Understand) -> None:
        self.path = path
        self.number = number
        self.text = text
        self._understand = understand

    @cached_property
    def outline(self) -> Outline:
        return Outline(self.parsed)

    @property
    def parsed(self) -> ParsedFile:
        return self._understood[0]

    @property
    def chunks(self) -> Sequence[Chunk]:
        return self._understood[1]

    @cached_property
    def words(self) -> Sequence[frozenset[str]]:
        """The words of each chunk."""
        return [
            frozenset(split_identifiers(f"{chunk.header}\n{chunk.text}").split())
            for chunk in self.chunks
        ]

    @cached_property
    def symbol_words(self) -> Sequence[frozenset[str]]:
        """The words of each symbol's name and declaration."""
        return [
            frozenset(split_identifiers(f"{s.qualified_name} {s.stub} {s.docstring}").split())
            for s in self.parsed.symbols
        ]

    @cached_property
    def _understood(self) -> tuple[ParsedFile, Sequence[Chunk]]:
        return self._understand(self.path, self.text)


class OpenDocuments:
    """The documents that an editor has changed; safe to use from several threads."""

    def __init__(self, understand: Understand) -> None:
        self._understand = understand
        self._numbers = itertools.count()
        self._documents: dict[str, OpenDocument] = {}

    def put(self, path: str, text: str) -> None:
        documents = {p: d for p, d in self._documents.items() if p != path}
        while len(documents) >= MAX_DOCUMENTS:
            del documents[next(iter(documents))]
        documents[path] = OpenDocument(path, text, next(self._numbers), self._understand)
        self._documents = documents

    def drop(self, path: str) -> None:
        self._documents = {p: d for p, d in self._documents.items() if p != path}

    def text_of(self, path: str) -> str | None:
        document = self._documents.get(path)
        return None if document is None else document.text

    def others(self, path: str, *, before: str = "") -> Mapping[str, OpenDocument]:
        """All but the one at ``path``: its text, or what that was, comes with the question."""
        others = {p: d for p, d in self._documents.items() if p != path}
        if before:
            others[path] = OpenDocument(path, before, next(self._numbers), self._understand)
        return others


def version_of(documents: Mapping[str, OpenDocument]) -> str:
    """Differs whenever the documents do."""
    return ",".join(str(document.number) for document in documents.values())


@dataclass(frozen=True)
class Overlay:
    """A corpus in which some files are as they are in the editor."""

    stored: Corpus
    documents: Mapping[str, OpenDocument]

    def outline(self, path: str) -> Outline | None:
        document = self.documents.get(path)
        return self.stored.outline(path) if document is None else document.outline

    def paths_with_stem(self, stem: str) -> Sequence[str]:
        # Where a document that was never saved will lie, nobody imports from yet.
        return self.stored.paths_with_stem(stem)

    def imports_of(self, name: str) -> Sequence[Import]:
        return self.stored.imports_of(name)

    def imports_from(self, package: str) -> Sequence[Import]:
        return self.stored.imports_from(package)

    def references_in(self, path: str) -> Sequence[Reference]:
        document = self.documents.get(path)
        return self.stored.references_in(path) if document is None else document.parsed.references

    def references_to(
        self, name: str, kind: ReferenceKind | None = None, *, limit: int = MAX_REFERENCES
    ) -> Sequence[Reference]:
        typed = [
            reference
            for document in self.documents.values()
            for reference in document.parsed.references
            if reference.name == name and kind in {None, reference.kind}
        ]
        stored = self.stored.references_to(name, kind, limit=limit)
        return [*typed, *(each for each in stored if each.path not in self.documents)]

    def symbols_named(self, name: str, *, limit: int = 64) -> Sequence[Symbol]:
        found = self._unhidden(self.stored.symbols_named(name, limit=limit))
        found += (symbol for symbol in self._symbols() if symbol.name == name)
        return found[:limit]

    def symbols_at(self, places: Collection[tuple[str, str]]) -> Mapping[tuple[str, str], Symbol]:
        stored = self.stored.symbols_at([p for p in places if p[0] not in self.documents])
        typed: dict[tuple[str, str], Symbol] = {}
        for symbol in self._symbols():
            typed.setdefault((symbol.path, symbol.qualified_name), symbol)
        return {**stored, **{place: typed[place] for place in places if place in typed}}

    def symbols_starting(self, prefix: str, *, limit: int = 64) -> Sequence[Symbol]:
        lower = prefix.lower()
        typed = [s for s in self._symbols() if s.name.lower().startswith(lower)]
        return [*typed, *self._unhidden(self.stored.symbols_starting(prefix, limit=limit))][:limit]

    def uses_in(self, path: str, container: str) -> Sequence[tuple[str, str]]:
        if path not in self.documents:
            return self.stored.uses_in(path, container)
        return [
            (reference.name, reference.receiver)
            for reference in self.documents[path].parsed.references
            if reference.container == container and reference.kind in _CALL_KINDS
        ]

    def uses_of(self, name: str, *, limit: int) -> Sequence[Reference]:
        typed = [
            reference
            for document in self.documents.values()
            for reference in document.parsed.references
            if reference.name == name and reference.kind in _CALL_KINDS
        ]
        stored = self.stored.uses_of(name, limit=limit)
        return [*typed, *(each for each in stored if each.path not in self.documents)][:limit]

    def importers_of(self, path: str) -> Sequence[Import]:
        return self.stored.importers_of(path)

    def uses_after(self, name: str, *, limit: int = 200) -> Sequence[tuple[str, str, str, bool]]:
        return self.stored.uses_after(name, limit=limit)

    def imports_under(self, folder: str, *, limit: int = 1_500) -> Sequence[Import]:
        return self.stored.imports_under(folder, limit=limit)

    def symbols_used_on(self, receiver: str, *, limit: int = 64) -> Sequence[tuple[str, int]]:
        return self.stored.symbols_used_on(receiver, limit=limit)

    def name_counts(self, names: Iterable[str]) -> Mapping[str, tuple[int, int]]:
        return self.stored.name_counts(names)

    def match_symbols(
        self, terms: Sequence[str], *, weights: tuple[float, float], limit: int
    ) -> Sequence[tuple[Symbol, float]]:
        stored = self.stored.match_symbols(terms, weights=weights, limit=limit)
        best = max((score for _, score in stored), default=1.0)
        found = [(symbol, score) for symbol, score in stored if symbol.path not in self.documents]
        for document in self.documents.values():
            for symbol, words in zip(document.parsed.symbols, document.symbol_words, strict=True):
                if share := _share(terms, words):
                    found.append((symbol, best * share))
        return sorted(found, key=lambda pair: -pair[1])[:limit]

    def match_chunks(
        self,
        terms: Sequence[str],
        *,
        weights: tuple[float, float, float],
        limit: int,
        common: Sequence[str] = (),
        heads_only: bool = False,
    ) -> Sequence[tuple[int, float]]:
        stored = self.stored.match_chunks(
            terms, weights=weights, limit=limit, common=common, heads_only=heads_only
        )
        terms = [*terms, *common]
        hidden = self._hidden([row for row, _ in stored])
        best = max((score for _, score in stored), default=1.0)
        found = [(row, score) for row, score in stored if row not in hidden]
        for row, (chunk, words) in self._rows.items():
            known = frozenset(split_identifiers(chunk.header).split()) if heads_only else words
            if share := _share(terms, known):
                found.append((row, best * share))
        return sorted(found, key=lambda pair: -pair[1])[:limit]

    def chunks_of(self, rowids: Sequence[int]) -> Mapping[int, Chunk]:
        found = dict(self.stored.chunks_of([row for row in rowids if row >= 0]))
        found = {row: chunk for row, chunk in found.items() if chunk.path not in self.documents}
        return found | {row: self._rows[row][0] for row in rowids if row in self._rows}

    def containers_of(self, rowids: Sequence[int]) -> Mapping[int, tuple[str, str]]:
        found = dict(self.stored.containers_of([row for row in rowids if row >= 0]))
        for row in rowids:
            if row in self._rows:
                chunk = self._rows[row][0]
                found[row] = chunk.path, chunk.qualified_name
        return found

    def chunks_with_hashes(self, hashes: Sequence[str]) -> Mapping[str, Sequence[int]]:
        stored = self.stored.chunks_with_hashes(hashes)
        hidden = self._hidden([row for rows in stored.values() for row in rows])
        found = {
            text_hash: [row for row in rows if row not in hidden]
            for text_hash, rows in stored.items()
        }
        wanted = frozenset(hashes)
        for row, (chunk, _) in self._rows.items():
            if chunk.text_hash in wanted:
                found.setdefault(chunk.text_hash, []).append(row)
        return found

    def frequency(self, term: str, *, in_chunks: bool = False) -> int:
        stored = self.stored.frequency(term, in_chunks=in_chunks)
        if stored:
            return stored
        return sum(
            term in words
            for document in self.documents.values()
            for words in (document.words if in_chunks else document.symbol_words)
        )

    def _symbols(self) -> Iterable[Symbol]:
        for document in self.documents.values():
            yield from document.parsed.symbols

    def _unhidden(self, symbols: Sequence[Symbol]) -> list[Symbol]:
        return [symbol for symbol in symbols if symbol.path not in self.documents]

    def _hidden(self, rowids: Sequence[int]) -> frozenset[int]:
        containers = self.stored.containers_of(rowids)
        return frozenset(row for row in rowids if containers[row][0] in self.documents)

    @cached_property
    def _rows(self) -> Mapping[int, tuple[Chunk, frozenset[str]]]:
        """The chunks of the documents by row ids that no stored chunk has, with their words."""
        pairs = (
            pair
            for document in self.documents.values()
            for pair in zip(document.chunks, document.words, strict=True)
        )
        return dict(zip(itertools.count(-1, -1), pairs, strict=False))


def _share(terms: Sequence[str], words: frozenset[str]) -> float:
    return sum(term in words for term in terms) / len(terms) if terms else 0.0

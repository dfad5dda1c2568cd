"""The facts that searching asks for, as one consistent view of an index."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from indexer.model import Chunk, Import, ParsedFile, Symbol
from indexer.resolve.outline import Repository

Nearest = Callable[[str, int], Sequence[tuple[str, float]]]
"""Hashes of the texts nearest to a text, with their similarity; empty without vectors."""

Parse = Callable[[str, str], ParsedFile]
"""Path and text of an open document → what it says of itself."""

Use = tuple[str, str, str]
"""Path of a file, and the name and receiver that are called in it."""


class Corpus(Repository, Protocol):
    """What the store knows; it decides nothing."""

    def symbols_named(self, name: str, *, limit: int = 64) -> Sequence[Symbol]: ...
    def symbols_starting(self, prefix: str, *, limit: int = 64) -> Sequence[Symbol]: ...
    def symbols_used_on(self, receiver: str, *, limit: int = 64) -> Sequence[tuple[str, int]]: ...
    def uses_in(self, path: str, container: str) -> Sequence[tuple[str, str]]: ...
    def uses_after(
        self, name: str, *, limit: int = 400
    ) -> Sequence[tuple[str, str, str, bool]]: ...
    def imports_under(self, folder: str, *, limit: int = 1_500) -> Sequence[Import]: ...
    def name_counts(self, names: Iterable[str]) -> Mapping[str, tuple[int, int]]: ...
    def match_symbols(
        self, terms: Sequence[str], *, weights: tuple[float, float], limit: int
    ) -> Sequence[tuple[Symbol, float]]: ...
    def match_chunks(
        self,
        terms: Sequence[str],
        *,
        weights: tuple[float, float, float],
        limit: int,
        heads_only: bool = False,
    ) -> Sequence[tuple[int, float]]: ...
    def chunks_of(self, rowids: Sequence[int]) -> Mapping[int, Chunk]: ...
    def containers_of(self, rowids: Sequence[int]) -> Mapping[int, tuple[str, str]]: ...
    def chunks_with_hashes(self, hashes: Sequence[str]) -> Mapping[str, Sequence[int]]: ...
    def frequency(self, term: str, *, in_chunks: bool = False) -> int: ...

"""Counting what one file does."""

from __future__ import annotations

from bisect import bisect_right
from functools import cached_property
from itertools import accumulate

from indexer.conventions.model import Trait
from indexer.model import ParsedFile
from indexer.syntax.lexical import skeleton

# Of one sort of thing in one file: what a file does seldom matters little for a repository.
_MAX_VALUES = 24
_MAX_VALUE = 80


class Notes:
    """One file as the miner reads it, and what it has noticed so far.

    ``code`` is the text with comments and the insides of strings blanked, ``quotes`` counts the
    strings by their quotes.
    """

    def __init__(self, parsed: ParsedFile, text: str) -> None:
        self.parsed = parsed
        self.text = text
        self.lines = text.split("\n")
        blanked = skeleton(text, parsed.language)
        self.code = blanked.code
        self.quotes = blanked.quotes
        self._found: dict[str, dict[str, list[int]]] = {}

    def add(self, kind: str, value: str, line: int, n: int = 1) -> None:
        values = self._found.setdefault(kind, {})
        known = values.get(value)
        if known is None:
            values[value] = [n, line]
        else:
            known[0] += n

    def line_of(self, offset: int) -> int:
        return bisect_right(self._starts, offset) - 1

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(len(line) + 1 for line in self.lines)]

    def traits(self) -> tuple[Trait, ...]:
        found: list[Trait] = []
        for kind, values in sorted(self._found.items()):
            most = sorted(values.items(), key=lambda each: (-each[1][0], each[0]))[:_MAX_VALUES]
            found += [Trait(kind, v[:_MAX_VALUE], count, line) for v, (count, line) in most]
        return tuple(found)


class EveryNote(Notes):
    """Keeps each place and not only the first: ``occurrences`` are kind, value and line."""

    def __init__(self, parsed: ParsedFile, text: str) -> None:
        super().__init__(parsed, text)
        self.occurrences: list[tuple[str, str, int]] = []

    def add(self, kind: str, value: str, line: int, n: int = 1) -> None:
        super().add(kind, value, line, n)
        self.occurrences.append((kind, value, line))

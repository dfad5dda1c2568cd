"""Which definitions of other files a cursor is likely to need, best first.

Candidates come from the signals of ``candidates``, are described by ``features`` and ordered by
the learned ``ranker``. No signal is trusted alone: the ranker saw call sites with and without
their import, so that a missing import costs places and not the answer.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from indexer.model import Hit, Query, Symbol
from indexer.resolve.guess import Resolver
from indexer.resolve.names import Memory
from indexer.search.candidates import SIGNALS, Candidates, Finder, Key
from indexer.search.corpus import Corpus, Parse
from indexer.search.cursor import Cursor
from indexer.search.features import Described, Facts, rows_of
from indexer.search.hits import symbol_hit
from indexer.search.ranker import Situation, learned
from indexer.search.surroundings import Surroundings, look_around
from indexer.search.terms import name_stems, stems_of

_N_REMEMBERED = 16
_MAX_DESCRIBED = 300
_NEAR_LINES = 3
# How much each signal promises where all cannot be described; 1 where nothing is said.
_PROMISE = {
    "receiver": 3.0,
    "imported": 2.0,
    "imported_member": 0.5,
    "sibling": 0.5,
    "scope_far": 0.4,
    "used_on": 1.5,
}

_K = TypeVar("_K")
_V = TypeVar("_V")

_PlaceKey = tuple[str, str, str, int]


@dataclass(frozen=True, slots=True)
class Ranking:
    """The candidates for a cursor with their rows of features, in no order."""

    situation: Situation
    keys: Sequence[Key]
    candidates: Candidates
    rows: Sequence[Sequence[float]]


@dataclass
class _Generation:
    """What was derived from one generation of the index."""

    name: str
    modules: Memory
    uses: dict[tuple[str, ...], Sequence[Symbol]]
    facts: dict[Key, Facts]


class CompletionSearch:
    """Answers for cursors; remembers what typing on the same line does not change.

    Safe to share between threads: a lost cache entry costs a parse.
    """

    def __init__(self, parse: Parse) -> None:
        self._parse = parse
        self._places: OrderedDict[_PlaceKey, Surroundings] = OrderedDict()
        self._contexts: OrderedDict[tuple[object, ...], tuple[Candidates, Described]] = (
            OrderedDict()
        )
        self._generation = _Generation("", {}, {}, {})

    def search(self, corpus: Corpus, query: Query, *, generation: str) -> list[Hit]:
        """Definitions outside the document that the cursor is likely to need, best first.

        A hit's score is the probability, from 0 to 1, that it is the needed one if any is.
        """
        ranking = self.rank(corpus, query, generation=generation)
        chances = learned().chances(ranking.situation, ranking.rows)
        order = sorted(range(len(ranking.keys)), key=lambda n: (-chances[n], ranking.keys[n]))
        return [_hit(corpus, ranking, number, chances[number]) for number in order[: query.limit]]

    def rank(self, corpus: Corpus, query: Query, *, generation: str) -> Ranking:
        """All candidates for a cursor with what the ranker is told of them."""
        cursor = Cursor.of(query.text, query.offset, path=query.path)
        before, after = query.text[: cursor.line_start], query.text[cursor.line_end :]
        place_key = (query.path, before, after, cursor.indent)
        place = self._place(place_key, query, cursor)
        memory = self._memory_of(generation)
        resolver = Resolver(corpus, memory.modules)
        finder = Finder(corpus, resolver, memory.uses, without=frozenset(query.without))
        receiver = None
        named = finder.on_import_line(query.path, cursor.typed)
        if named is not None:
            found, described = named, Described(place)
        else:
            key = (place_key, generation, query.without)
            known = self._contexts.get(key)
            if known is None:
                known = finder.around(place), Described(place)
                _remember(self._contexts, key, known)
            found, described = known[0].copy(), known[1]
            receiver = finder.at(found, cursor, place)
        keys = list(found.symbols)
        if cursor.word:
            prefix = cursor.word.lower()
            keys = [key for key in keys if found.symbols[key].name.lower().startswith(prefix)]
        keys = _likeliest(found, keys, place, cursor)
        rows = rows_of(
            found,
            keys,
            described=described,
            cursor=cursor,
            receiver=receiver,
            resolver=resolver,
            corpus=corpus,
            facts=memory.facts,
        )
        return Ranking(_situation(cursor, is_known=receiver is not None), keys, found, rows)

    def _memory_of(self, generation: str) -> _Generation:
        memory = self._generation
        if memory.name != generation:
            memory = self._generation = _Generation(generation, {}, {}, memory.facts)
        return memory

    def _place(self, key: _PlaceKey, query: Query, cursor: Cursor) -> Surroundings:
        place = self._places.get(key)
        if place is None:
            known = next(
                (p.known for k, p in reversed([*self._places.items()]) if k[0] == query.path), None
            )
            place = look_around(self._parse, query.path, query.text, cursor, known)
            _remember(self._places, key, place)
        return place


def _likeliest(
    found: Candidates, keys: list[Key], place: Surroundings, cursor: Cursor
) -> list[Key]:
    """At most so many candidates as can be described in time, by their signals alone.

    A needed definition is among those left out in 1 of 80 questions, and then seldom among the
    first ten had it stayed.
    """
    if len(keys) <= _MAX_DESCRIBED:
        return keys
    nearby = [*place.nearby[-_NEAR_LINES:], *place.unbound, cursor.typed]
    words = stems_of("\n".join(nearby))

    def promise(key: Key) -> float:
        values = found.values[key]
        total = sum(_PROMISE.get(signal, 1.0) * value for signal, value in values.items())
        return total if name_stems(found.symbols[key].name).isdisjoint(words) else total + 1.0

    return sorted(keys, key=promise, reverse=True)[:_MAX_DESCRIBED]


def _situation(cursor: Cursor, *, is_known: bool) -> Situation:
    if is_known:
        return Situation.KNOWN_RECEIVER
    if cursor.is_member:
        return Situation.UNKNOWN_RECEIVER
    return Situation.LINE_START if cursor.is_line_start else Situation.EXPRESSION


def _hit(corpus: Corpus, ranking: Ranking, number: int, chance: float) -> Hit:
    key = ranking.keys[number]
    values = ranking.candidates.values[key]
    return symbol_hit(
        corpus,
        ranking.candidates.symbols[key],
        {signal: round(values[signal], 4) for signal in SIGNALS if signal in values},
        score=chance,
        ranks=_ranks(ranking, values),
        is_closed=ranking.candidates.is_closed and "receiver" in values,
    )


def _ranks(ranking: Ranking, values: Mapping[str, float]) -> dict[str, int]:
    ranks = {}
    for column, signal in enumerate(SIGNALS):
        if signal in values:
            value = values[signal]
            ranks[signal] = 1 + sum(1 for row in ranking.rows if row[column] > value)
    return ranks


def _remember(cache: OrderedDict[_K, _V], key: _K, value: _V) -> None:
    cache[key] = value
    while len(cache) > _N_REMEMBERED:
        try:
            cache.popitem(last=False)
        except KeyError:
            return

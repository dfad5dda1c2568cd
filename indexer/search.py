"""Which of the repository's definitions answer a question: candidates, signals, fusion.

Two questions are answered.
*Words*: what a person typed; lexical lists, nearest vectors and exact names are fused by the sum
of their standard scores, which beat reciprocal ranks in our measurements (MRR .687 to .65).
*Completion*: which definitions of other files the cursor is likely to need; what imports,
receivers and scope settle comes first, what similar code uses fills the rest, so that a missing
import costs places and not the answer.
Knows neither SQLite nor Chroma: facts come from a :class:`Corpus`, and every hit tells its signals.
"""

from __future__ import annotations

import heapq
import math
import posixpath
import re
import statistics
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol, TypeVar

from indexer.chunk import split_identifiers
from indexer.declaration import declaration_of
from indexer.model import (
    Chunk,
    Hit,
    Import,
    ParsedFile,
    Query,
    Reference,
    Symbol,
    SymbolKind,
)
from indexer.resolve.guess import ClassValue, ModuleValue, Resolver, Scope, Value
from indexer.resolve.names import Found, Memory
from indexer.resolve.outline import Outline, Repository
from indexer.resolve.text import receiver_before

Nearest = Callable[[str, int], Sequence[tuple[str, float]]]
"""Hashes of the texts nearest to a text, with their similarity; empty without vectors."""

Parse = Callable[[str, str], ParsedFile]
"""Path and text of an open document → what it says of itself."""


class Corpus(Repository, Protocol):
    """The facts that searching asks for; one consistent view of the index."""

    def symbols_named(self, name: str, *, limit: int = 64) -> Sequence[Symbol]: ...
    def symbols_starting(self, prefix: str, *, limit: int = 64) -> Sequence[Symbol]: ...
    def symbols_used_on(self, receiver: str, *, limit: int = 64) -> Sequence[tuple[str, int]]: ...
    def uses_in(self, path: str, container: str) -> Sequence[tuple[str, str]]: ...
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


# Words

_MAX_WORD_TERMS = 12
_MIN_TERMS = 3
# A term in more definitions than this costs more to look up than it tells.
_COMMON = 400
_N_CANDIDATES = 50
_EXACT_NAME = re.compile(r"[^\W\d][\w.]*")


def search_words(corpus: Corpus, query: Query, nearest: Nearest) -> list[Hit]:
    """Answer what a person typed: words of a purpose, or a name."""
    terms = _rarest(corpus, _terms(query.text), _MAX_WORD_TERMS)
    lists: dict[str, dict[int, float]] = {
        "full": dict(corpus.match_chunks(terms, weights=(4.0, 2.0, 1.0), limit=_N_CANDIDATES)),
        "head": dict(
            corpus.match_chunks(
                terms, weights=(2.0, 1.0, 0.0), limit=_N_CANDIDATES, heads_only=True
            )
        ),
    }
    similar = nearest(query.text, _N_CANDIDATES)
    rows_by_hash = corpus.chunks_with_hashes([text_hash for text_hash, _ in similar])
    lists["meaning"] = {
        row: score for text_hash, score in similar for row in rows_by_hash.get(text_hash, ())
    }
    named = _named(corpus, query.text)
    fused = fuse({name: scores for name, scores in lists.items() if scores})
    best = sorted(fused, key=lambda row: (-sum(fused[row].values()), row))
    chunks = corpus.chunks_of(best[: query.limit + len(named)])
    hits = [
        _symbol_hit(corpus, symbol, {"name": 1.0}, score=100.0 - place)
        for place, symbol in enumerate(named)
    ]
    known = {(hit.path, hit.line) for hit in hits}
    for row in best:
        chunk = chunks.get(row)
        if chunk is not None and (chunk.path, chunk.line) not in known:
            known.add((chunk.path, chunk.line))
            hits.append(_chunk_hit(corpus, chunk, fused[row]))
    return hits[: query.limit]


def fuse(lists: Mapping[str, Mapping[int, float]]) -> dict[int, dict[str, float]]:
    """Standard scores of every candidate in every list; a list that lacks it gives its lowest.

    The sum over a candidate's signals is its fused score.
    """
    candidates = {row for scores in lists.values() for row in scores}
    fused: dict[int, dict[str, float]] = {row: {} for row in candidates}
    for name, scores in lists.items():
        lowest = min(scores.values())
        values = [scores.get(row, lowest) for row in candidates]
        mean, deviation = statistics.fmean(values), statistics.pstdev(values)
        for row in candidates:
            distance = scores.get(row, lowest) - mean
            fused[row][name] = round(distance / deviation, 4) if deviation else 0.0
    return fused


def _named(corpus: Corpus, text: str) -> list[Symbol]:
    word = text.strip().removesuffix("()")
    if _EXACT_NAME.fullmatch(word) is None:
        return []
    found = corpus.symbols_named(word.rpartition(".")[2])
    if "." in word:
        found = [s for s in found if f".{s.qualified_name}".endswith(f".{word}")]
    return sorted(found, key=lambda s: (not s.is_public, s.path, s.line))


def _terms(text: str) -> list[str]:
    return split_identifiers(text).split()


def _rarest(corpus: Corpus, terms: Iterable[str], limit: int) -> list[str]:
    """The terms that tell most: known ones, rarest first."""
    counts = {term: corpus.frequency(term, in_chunks=True) for term in dict.fromkeys(terms)}
    known = sorted((term for term, count in counts.items() if count), key=lambda t: counts[t])
    telling = [term for term in known if counts[term] <= _COMMON]
    # Common words ("how", "the") cost most and tell least; they count only where little else does.
    return (telling if len(telling) >= _MIN_TERMS else known[:_MIN_TERMS])[:limit]


def _symbol_hit(
    corpus: Corpus, symbol: Symbol, signals: Mapping[str, float], *, score: float
) -> Hit:
    return Hit(
        path=symbol.path,
        line=symbol.line,
        end_line=symbol.end_line,
        title=symbol.qualified_name,
        score=round(score, 4),
        signals=signals,
        symbol=symbol,
        text=declaration_of(symbol, corpus.outline(symbol.path)),
    )


def _chunk_hit(corpus: Corpus, chunk: Chunk, signals: Mapping[str, float]) -> Hit:
    outline = corpus.outline(chunk.path)
    symbol = outline.by_qualified_name.get(chunk.qualified_name) if outline else None
    return Hit(
        path=chunk.path,
        line=chunk.line,
        end_line=chunk.end_line,
        title=chunk.qualified_name or posixpath.basename(chunk.path),
        score=round(sum(signals.values()), 4),
        signals=signals,
        symbol=symbol,
        text=chunk.text,
    )


# Completion

_N_WINDOW_LINES = 20
_LINE_DECAY = 0.9
_ENCLOSING_WEIGHT = 0.7
_MAX_WINDOW_TERMS = 8
_N_NEIGHBOURS = 24
_N_LEXICAL = 60
_MAX_RECEIVER_LINES = 6
_MAX_IMPORTED_MEMBERS = 60
_N_ANALYSES = 16
_PLACEHOLDER = "_"
_MAX_CHANGED_LINES = 30
_DECLARATION = re.compile(
    r"\s*(?:import|from|def|async\s+def|class|@|export|function|async\s+function|interface|type"
    r"|enum|const|let|var|public|private|protected|static|\w+\s*\(.*\)\s*\{|self\.\w+\s*[:=]"
    r"|this\.\w+\s*=|[A-Za-z_]\w*\s*[:=])\b"
)
_WORD = re.compile(r"[^\W\d]\w*")
_TYPED_WORD = re.compile(r"[\w$]*$")
_IMPORT_LINE = re.compile(r"^\s*from\s+(\.*)([\w.]*)\s+import\s+\(?(?P<names>[\w\s,]*)$")

_WEIGHTS: Mapping[str, float] = {
    "receiver": 6.0,
    "imported": 2.2,
    "sibling": 0.4,
    "scope": 1.8,
    "lexical": 1.6,
    "neighbours": 1.8,
    "same_receiver": 2.0,
    "target": 2.0,
    "used_here": 0.6,
    "popularity": 0.4,
    "private": -1.5,
    "data": -1.0,
    "error": -1.5,
    "misfit": -2.5,
}
_WITHOUT_IMPORTS: Mapping[str, float] = {
    name: weight for name, weight in _WEIGHTS.items() if name not in {"imported", "scope"}
}
_HEAD = re.compile(
    r"\s*(?:(?:export|default|abstract|async|public|private|protected|static|override)\s+)*"
    r"(?:(?:def|class|function\*?|interface|enum|namespace)\s+(?P<name>[\w$]+)"
    r"|(?:const\s+)?(?P<method>(?!(?:if|for|while|switch|catch|return|with|elif|else)\b)[\w$]+)"
    r"\s*(?:=\s*(?:async\s*)?)?\(.*\{\s*$)"
)
_MODULE_LEVEL_KINDS = frozenset(
    {
        SymbolKind.CLASS,
        SymbolKind.FUNCTION,
        SymbolKind.INTERFACE,
        SymbolKind.ENUM,
        SymbolKind.CONSTANT,
        SymbolKind.VARIABLE,
        SymbolKind.TYPE_ALIAS,
    }
)

_K = TypeVar("_K")
_V = TypeVar("_V")
_DATA_KINDS = frozenset(
    {
        SymbolKind.CONSTANT,
        SymbolKind.VARIABLE,
        SymbolKind.TYPE_ALIAS,
        SymbolKind.FIELD,
        SymbolKind.PROPERTY,
        SymbolKind.ENUM_MEMBER,
    }
)
_IMPORTED_BY_NAME = 0.6

_Key = tuple[str, str]
"""Path and qualified name: what makes a candidate one candidate."""


@dataclass
class _Signals:
    """Candidates with the values that each signal gave them."""

    symbols: dict[_Key, Symbol] = field(default_factory=dict)
    values: dict[_Key, dict[str, float]] = field(default_factory=dict)

    def note(self, signal: str, symbol: Symbol, value: float) -> None:
        key = (symbol.path, symbol.qualified_name)
        self.symbols.setdefault(key, symbol)
        values = self.values.setdefault(key, {})
        values[signal] = max(values.get(signal, 0.0), value)

    def copy(self) -> _Signals:
        return _Signals(dict(self.symbols), {k: dict(v) for k, v in self.values.items()})


@dataclass(frozen=True)
class _Place:
    """The document around the cursor, without the cursor's line; typing there changes nothing."""

    parsed: _Parsed
    outline: Outline
    references: Sequence[Reference]
    scope: Scope
    nearby: Sequence[str]
    window: Mapping[str, float]


_PlaceKey = tuple[str, str, str, int]


class CompletionSearch:
    """Ranks definitions for a cursor; remembers what typing on the same line does not change.

    Safe to share between threads: a lost cache entry costs a parse.
    """

    def __init__(self, parse: Parse) -> None:
        self._parse = parse
        self._places: OrderedDict[_PlaceKey, _Place] = OrderedDict()
        self._contexts: OrderedDict[tuple[_PlaceKey, str], _Signals] = OrderedDict()
        self._memory: tuple[str, Memory] = ("", {})

    def search(self, corpus: Corpus, query: Query, *, generation: str) -> list[Hit]:
        """Definitions outside the document that the cursor is likely to need, best first."""
        cursor = _Cursor.of(query.text, query.offset)
        key = (query.path, query.text[: cursor.line_start], query.text[cursor.line_end :])
        place = self._place((*key, cursor.indent), cursor)
        resolver = Resolver(corpus, self._memory_of(generation))
        named = _imported_from(resolver, query.path, cursor.typed)
        if named is not None:
            return _hits(corpus, named, _WEIGHTS, cursor, query.limit)
        signals = self._contexts.get(((*key, cursor.indent), generation))
        if signals is None:
            signals = _gather_context(corpus, resolver, place)
            _remember(self._contexts, ((*key, cursor.indent), generation), signals)
        signals = signals.copy()
        receiver = None
        if cursor.receiver:
            receiver = resolver.value_of(cursor.receiver, place.scope)
            if receiver is None or not _note_members(
                signals, resolver, "receiver", receiver, place
            ):
                receiver = None
                _note_same_receiver(signals, corpus, resolver, cursor.receiver, place)
        if cursor.word:
            for symbol in corpus.symbols_starting(cursor.word):
                if symbol.path != place.outline.path:
                    signals.note("prefix", symbol, 1.0)
        _note_fit(signals, cursor, receiver)
        _note_popularity(signals, corpus, place)
        return _hits(
            corpus, signals, _WEIGHTS, cursor, query.limit, is_settled=receiver is not None
        )

    def _memory_of(self, generation: str) -> Memory:
        known, memory = self._memory
        if known != generation:
            memory = {}
            self._memory = (generation, memory)
        return memory

    def _place(self, key: _PlaceKey, cursor: _Cursor) -> _Place:
        place = self._places.get(key)
        if place is None:
            known = next((p.parsed for k, p in [*self._places.items()] if k[0] == key[0]), None)
            place = _look_around(self._parse, key, cursor, known)
            _remember(self._places, key, place)
        return place


@dataclass(frozen=True, slots=True)
class _Cursor:
    """The cursor's line: ``word`` is the identifier being typed, ``receiver`` what its dot follows.

    ``is_line_start`` is true while nothing but white space is typed.
    """

    line: int
    line_start: int
    line_end: int
    typed: str
    word: str
    receiver: str
    is_member: bool
    is_line_start: bool
    opens_block: bool
    indent: int

    @classmethod
    def of(cls, text: str, offset: int) -> _Cursor:
        offset = max(0, min(offset, len(text)))
        line_start = text.rfind("\n", 0, offset) + 1
        line_end = text.find("\n", offset)
        line_end = len(text) if line_end < 0 else line_end
        typed = text[line_start:offset]
        found = _TYPED_WORD.search(typed)
        word = found[0] if found else ""
        if word[:1].isdigit():
            word = ""
        before = typed[: len(typed) - len(word)]
        is_member = before.rstrip().endswith(".") and not re.search(r"[\d.]\.$", before.rstrip())
        receiver = ""
        if is_member:
            above = text[:line_start].splitlines()[-_MAX_RECEIVER_LINES:]
            is_chained = not before.strip().strip(".?")
            receiver = receiver_before("\n".join([*above, before]) if is_chained else before)
        return cls(
            line=text.count("\n", 0, line_start),
            line_start=line_start,
            line_end=line_end,
            typed=typed,
            word=word,
            receiver=receiver,
            is_member=is_member,
            is_line_start=not typed.strip(),
            opens_block=text[line_start:line_end].rstrip().endswith(":"),
            indent=len(typed) - len(typed.lstrip()),
        )


def _look_around(parse: Parse, key: _PlaceKey, cursor: _Cursor, known: _Parsed | None) -> _Place:
    path, before, after, indent = key
    above = before.splitlines()
    lines = Counter(above)
    lines.update(after.splitlines())
    if known is None or not known.still_holds(lines):
        # The half-typed line would break the tree and is not needed; a name in its place keeps
        # the enclosing block whole.
        block = "if _:" if cursor.opens_block else _PLACEHOLDER
        parsed = parse(path, f"{before}{' ' * indent}{block}{after}")
        known = _Parsed(Outline(parsed), parsed.references, lines)
    function, owner, first = _enclosing(known.outline, above, indent)
    return _Place(
        parsed=known,
        outline=known.outline,
        references=known.references,
        scope=Scope.above(above[first:], outline=known.outline, function=function, owner=owner),
        nearby=above[first:][-_N_WINDOW_LINES:],
        window=_window(above, function, owner),
    )


@dataclass(frozen=True)
class _Parsed:
    """What a document said of itself when it was parsed last, good for a few lines of typing.

    Parsing a file of 2,000 lines costs more than all else together, and while a function's body
    is typed, nothing changes that ranking asks of the rest. ``lines`` counts equal lines.
    """

    outline: Outline
    references: Sequence[Reference]
    lines: Counter[str]

    def still_holds(self, lines: Counter[str]) -> bool:
        """Whether only a few lines came or went since, none of which may declare something."""
        changed = [*(lines - self.lines), *(self.lines - lines)]
        return len(changed) <= _MAX_CHANGED_LINES and not any(map(_DECLARATION.match, changed))


def _enclosing(
    outline: Outline, above: Sequence[str], indent: int
) -> tuple[Symbol | None, Symbol | None, int]:
    """The innermost function and class around the end of ``above``, and where its body begins.

    Found by indentation, because line numbers of the last parse may be a few lines off.
    """
    heads: list[tuple[str, int]] = []
    limit = indent
    for number in range(len(above) - 1, -1, -1):
        line = above[number]
        column = len(line) - len(line.lstrip())
        if limit == 0:
            break
        if column >= limit or not line.strip():
            continue
        head = _HEAD.match(line)
        if head is not None:
            heads.append((head["name"] or head["method"], number))
            limit = column
        elif line.rstrip().endswith((":", "{")) and line.lstrip()[0] not in ")]}":
            limit = column
    function = owner = None
    first, qualified_name = 0, ""
    for name, number in reversed(heads):
        qualified_name = f"{qualified_name}.{name}" if qualified_name else name
        symbol = outline.by_qualified_name.get(qualified_name)
        if symbol is not None and symbol.kind is SymbolKind.CLASS:
            function, owner, first = None, symbol, number
        elif symbol is not None:
            first = first if function is not None else number
            function = symbol
    return function, owner, first


def _window(
    lines: Sequence[str], function: Symbol | None, owner: Symbol | None
) -> dict[str, float]:
    """The words of the lines above, the nearer the heavier, and of what encloses them."""
    weights: dict[str, float] = {}
    for distance, line in enumerate(reversed(lines[-_N_WINDOW_LINES:])):
        for term in _terms(line):
            weights[term] = weights.get(term, 0.0) + _LINE_DECAY**distance
    for symbol in (function, owner):
        for term in _terms(symbol.name) if symbol is not None else ():
            weights[term] = weights.get(term, 0.0) + _ENCLOSING_WEIGHT
    return weights


def _gather_context(corpus: Corpus, resolver: Resolver, place: _Place) -> _Signals:
    signals = _Signals()
    terms = _telling_terms(corpus, place.window)
    _note_imports(signals, resolver, place)
    _note_scope(signals, resolver, place)
    matches = [
        (symbol, score)
        for symbol, score in corpus.match_symbols(terms, weights=(2.0, 1.0), limit=_N_LEXICAL)
        if symbol.path != place.outline.path
    ]
    best = max((score for _, score in matches), default=0.0)
    for symbol, score in matches:
        signals.note("lexical", symbol, score / best if best > 0 else 0.0)
    _note_neighbours(signals, corpus, resolver, place, terms)
    return signals


def _telling_terms(corpus: Corpus, window: Mapping[str, float]) -> list[str]:
    """The few terms with the highest weight times rarity: all of them would cost 100 ms."""
    scored: list[tuple[float, str]] = []
    common: list[tuple[float, str]] = []
    for term, weight in window.items():
        count = corpus.frequency(term)
        if count:
            entry = (weight * math.log(1.0 + 5_000.0 / count), term)
            (scored if count <= _COMMON else common).append(entry)
    best = heapq.nlargest(_MAX_WINDOW_TERMS, scored)
    best += heapq.nlargest(max(0, _MIN_TERMS - len(best)), common)
    return [term for _, term in best]


def _note_imports(signals: _Signals, resolver: Resolver, place: _Place) -> None:
    used = Counter(reference.name for reference in place.references)
    used.update(reference.receiver.partition(".")[0] for reference in place.references)
    siblings: set[str] = set()
    for entry in place.outline.imports:
        if entry.name == "*" and not entry.alias:
            for module in resolver.modules(entry)[:1]:
                outline = resolver.outline(module)
                for symbol in outline.members.get("", {}).values() if outline else ():
                    if symbol.is_public:
                        signals.note("imported", symbol, 0.4)
            continue
        target = resolver.resolve_import(entry)
        if not isinstance(target, Found) or target.path == place.outline.path:
            continue
        # What is imported and not used yet was most likely imported for this line.
        weight = 1.0 if used[entry.bound_name] == 0 else 0.6
        if target.symbol is not None:
            signals.note("imported", target.symbol, weight)
            siblings.add(target.path)
        value = resolver.value_at(target)
        members = resolver.members_of(value).symbols if value is not None else ()
        for symbol in members[:_MAX_IMPORTED_MEMBERS]:
            if symbol.is_public and symbol.path != place.outline.path:
                signals.note("imported", symbol, 0.4 * weight)
    # An import that is not written yet often comes from where others already come from.
    for path in sorted(siblings - {place.outline.path}):
        outline = resolver.outline(path)
        for symbol in outline.members.get("", {}).values() if outline is not None else ():
            if symbol.is_public:
                signals.note("sibling", symbol, 1.0)


def _note_scope(signals: _Signals, resolver: Resolver, place: _Place) -> None:
    """Members of what the names in reach are known to be."""
    scope = place.scope
    names: list[str] = []
    if scope.function is not None and scope.function.signature is not None:
        names += [p.name for p in scope.function.signature.parameters]
    for line in place.nearby:
        names += _WORD.findall(line)
    expressions = dict.fromkeys(names[-80:])
    if scope.owner is not None:
        fields = scope.outline.members.get(scope.owner.qualified_name, {})
        expressions.update(
            dict.fromkeys(f"self.{n}" for n, s in fields.items() if s.kind is SymbolKind.FIELD)
        )
    for expression in expressions:
        value = resolver.value_of(expression, scope)
        if value is None or isinstance(value, ModuleValue):
            continue
        weight = 1.0 if expression.partition(".")[0] in place.window or "." in expression else 0.8
        _note_members(signals, resolver, "scope", value, place, weight=weight)


def _note_members(
    signals: _Signals,
    resolver: Resolver,
    signal: str,
    value: Value,
    place: _Place,
    *,
    weight: float = 1.0,
) -> bool:
    """Note what can stand after a value; false if nothing is known of it."""
    members = resolver.members_of(value)
    for symbol, depth in zip(members.symbols, members.depths, strict=True):
        if symbol.path != place.outline.path:
            signals.note(signal, symbol, weight * 0.9**depth)
    return bool(members.symbols)


def _note_neighbours(
    signals: _Signals,
    corpus: Corpus,
    resolver: Resolver,
    place: _Place,
    terms: Sequence[str],
) -> None:
    """What the most similar functions of the repository call."""
    rows = corpus.match_chunks(terms, weights=(2.0, 1.5, 1.0), limit=_N_NEIGHBOURS)
    containers = corpus.containers_of([row for row, _ in rows])
    best = max((score for _, score in rows), default=0.0)
    totals: dict[_Key, float] = {}
    found: dict[_Key, Symbol] = {}
    for row, score in rows:
        path, container = containers[row]
        outline = corpus.outline(path)
        if path == place.outline.path or outline is None or best <= 0:
            continue
        for name, receiver in set(corpus.uses_in(path, container)):
            symbols = _definitions_used(corpus, resolver, outline, name, receiver)
            for symbol in symbols:
                if symbol.path == place.outline.path:
                    continue
                key = (symbol.path, symbol.qualified_name)
                found[key] = symbol
                totals[key] = totals.get(key, 0.0) + (score / best) / len(symbols)
    highest = max(totals.values(), default=0.0)
    for key, total in heapq.nlargest(_N_CANDIDATES, totals.items(), key=lambda entry: entry[1]):
        signals.note("neighbours", found[key], total / highest)


def _definitions_used(
    corpus: Corpus, resolver: Resolver, outline: Outline, name: str, receiver: str
) -> Sequence[Symbol]:
    if not receiver:
        target = resolver.resolve_name(outline, name)
        if isinstance(target, Found):
            return [target.symbol] if target.symbol is not None else []
        return []
    symbols = corpus.symbols_named(name, limit=12)
    return symbols if len(symbols) <= 8 else []


def _note_same_receiver(
    signals: _Signals, corpus: Corpus, resolver: Resolver, receiver: str, place: _Place
) -> None:
    """What is called elsewhere on receivers of the same name, and members of classes so named."""
    words = _WORD.findall(receiver)
    if not words:
        return
    uses = corpus.symbols_used_on(words[-1])
    most = max((count for _, count in uses), default=0)
    for name, count in uses:
        symbols = [s for s in corpus.symbols_named(name, limit=12) if s.parent]
        for symbol in symbols:
            if symbol.path != place.outline.path:
                signals.note(
                    "same_receiver", symbol, math.sqrt(count / most) / math.sqrt(len(symbols))
                )
    wanted = _parts(words[-1])
    for symbol, _ in corpus.match_symbols(wanted, weights=(1.0, 0.0), limit=_N_LEXICAL):
        parts = _parts(symbol.name)
        if symbol.kind is SymbolKind.CLASS and wanted and parts[-len(wanted) :] == wanted:
            value = resolver.value_at(Found(symbol.path, symbol))
            weight = math.sqrt(len(wanted) / len(parts))
            if value is not None:
                _note_members(signals, resolver, "same_receiver", value, place, weight=weight)


def _note_fit(signals: _Signals, cursor: _Cursor, receiver: Value | None) -> None:
    """Whether a candidate can stand at the cursor, and whether the line's own words name it."""
    words = [word for word in _parts(cursor.typed) if word not in _parts(cursor.receiver)]
    is_raising = re.match(r"\s*(raise|except|throw|catch)\b", cursor.typed) is not None
    is_class_object = isinstance(receiver, ClassValue) and not receiver.is_instance
    for key, symbol in signals.symbols.items():
        is_top_level = not symbol.parent and symbol.kind in _MODULE_LEVEL_KINDS
        values = signals.values[key]
        if "receiver" in values:
            fits = not (is_class_object and _needs_instance(symbol))
        elif cursor.is_member:
            fits = not is_top_level
        else:
            fits = is_top_level or cursor.is_line_start
        if not fits:
            values["misfit"] = 1.0
        if not symbol.is_public and values.get("imported", 0.0) < _IMPORTED_BY_NAME:
            values["private"] = 0.5 if "receiver" in values else 1.0
        if symbol.kind in _DATA_KINDS:
            values["data"] = 1.0 if is_top_level else 0.5
        if symbol.name.endswith(("Error", "Exception", "Warning")) and not is_raising:
            values["error"] = 1.0
        shared = _share(_parts(symbol.name), words)
        if shared:
            values["target"] = shared


def _needs_instance(symbol: Symbol) -> bool:
    is_bound_to_class = any(
        decorator.rpartition(".")[2] in {"classmethod", "staticmethod"}
        for decorator in symbol.decorators
    )
    return symbol.kind in {SymbolKind.METHOD, SymbolKind.FIELD, SymbolKind.PROPERTY} and not (
        is_bound_to_class or symbol.stub.lstrip().startswith("static ")
    )


def _parts(text: str) -> list[str]:
    return [part for word in _WORD.findall(text) for part in _name_parts(word)]


@lru_cache(maxsize=20_000)
def _name_parts(name: str) -> tuple[str, ...]:
    """The words of one identifier, without the identifier as a whole."""
    words = _terms(name)
    return tuple(words[1:] if len(words) > 1 else words)


def _share(parts: Sequence[str], words: Sequence[str]) -> float:
    """How much of a name the words say; ``moved`` says ``move`` and ``catalogs`` ``catalog``."""
    if not parts or not words:
        return 0.0
    said = sum(1 for part in parts if any(_is_form_of(part, word) for word in words))
    return said / len(parts)


def _is_form_of(one: str, other: str) -> bool:
    if one == other:
        return True
    short, long = (one, other) if len(one) < len(other) else (other, one)
    return len(short) >= 3 and long.startswith(short) and len(long) - len(short) <= 4


def _note_popularity(signals: _Signals, corpus: Corpus, place: _Place) -> None:
    counts = corpus.name_counts({symbol.name for symbol in signals.symbols.values()})
    used = Counter(reference.name for reference in place.references)
    for key, symbol in signals.symbols.items():
        n_references, n_definitions = counts.get(symbol.name, (0, 1))
        values = signals.values[key]
        values["popularity"] = min(1.0, math.log1p(n_references) / 6.0) / max(1, n_definitions)
        if used[symbol.name]:
            values["used_here"] = min(1.0, math.log1p(used[symbol.name]) / 2.0)


def _hits(
    corpus: Corpus,
    signals: _Signals,
    weights: Mapping[str, float],
    cursor: _Cursor,
    limit: int,
    *,
    is_settled: bool = False,
) -> list[Hit]:
    keys = list(signals.symbols)
    if cursor.word:
        prefix = cursor.word.lower()
        keys = [key for key in keys if signals.symbols[key].name.lower().startswith(prefix)]
    scores = {key: _score(signals.values[key], weights) for key in keys}
    order = sorted(keys, key=lambda key: (-scores[key], key))
    if not is_settled:
        without = {key: _score(signals.values[key], _WITHOUT_IMPORTS) for key in keys}
        order = _alternate(order, sorted(keys, key=lambda key: (-without[key], key)))
    return [
        _symbol_hit(
            corpus,
            signals.symbols[key],
            {name: round(value, 4) for name, value in signals.values[key].items()},
            score=scores[key],
        )
        for key in order[:limit]
    ]


def _score(values: Mapping[str, float], weights: Mapping[str, float]) -> float:
    return sum(weights.get(name, 0.0) * value for name, value in values.items())


def _alternate(first: Sequence[_Key], second: Sequence[_Key]) -> list[_Key]:
    """The first three of ``first``, then by turns; a ranker that trusts imports fails without."""
    merged = dict.fromkeys(first[:3])
    for ours, theirs in zip(first[3:], second, strict=False):
        merged[ours] = None
        merged[theirs] = None
    merged.update(dict.fromkeys(first))
    return list(merged)


def _imported_from(resolver: Resolver, path: str, typed: str) -> _Signals | None:
    """On ``from x import …``: the names of that module, if it is one of the repository's."""
    found = _IMPORT_LINE.match(typed)
    if found is None:
        return None
    entry = Import(path, found[2], 0, name="*", level=len(found[1]))
    signals = _Signals()
    for module in resolver.modules(entry)[:1]:
        outline = resolver.outline(module)
        if outline is None:
            continue
        names = {*outline.members.get("", {}), *outline.imported}
        listed = set(re.findall(r"\w+(?=\s*,)", found["names"]))
        for name in names - listed:
            target = resolver.resolve_export(module, name)
            if isinstance(target, Found) and target.symbol is not None:
                signals.note("receiver", target.symbol, 1.0 if target.symbol.is_public else 0.3)
    return signals if signals.symbols else None


def _remember(cache: OrderedDict[_K, _V], key: _K, value: _V) -> None:
    cache[key] = value
    while len(cache) > _N_ANALYSES:
        try:
            cache.popitem(last=False)
        except KeyError:
            return

"""Real call sites of a symbol, the most instructive first.

A good example is certainly a use of this symbol, short, says its arguments by name, and shows
another way of using it than the examples before it; code comes before tests.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from indexer.model import Hit, Query, Reference, Symbol
from indexer.resolve.guess import ModuleValue, Resolver, Scope
from indexer.resolve.names import Found
from indexer.resolve.outline import Outline
from indexer.search.corpus import Corpus
from indexer.search.features import is_test_path

Read = Callable[[str], str | None]
"""The text of an indexed file as it is now, ``None`` if it cannot be read."""

_MAX_REFERENCES = 2_000
_MAX_READ = 60
_MAX_LINES = 8
_WEIGHTS = {
    "resolved": 3.0,
    "alone": 1.5,
    "code": 1.0,
    "short": 0.8,
    "keywords": 0.4,
    "arguments": 0.3,
    "elsewhere": 0.3,
}
# What a second example loses for a file, a function and a text that was shown already.
_SAME_FILE, _SAME_FUNCTION, _SAME_SHAPE = 0.6, 0.8, 1.0


@dataclass(slots=True)
class _Site:
    reference: Reference
    signals: dict[str, float]
    lines: Sequence[str] = ()

    @property
    def score(self) -> float:
        return sum(_WEIGHTS[name] * value for name, value in self.signals.items())

    @property
    def shape(self) -> tuple[int, tuple[str, ...]]:
        return self.reference.n_arguments, self.reference.keywords


def search_usage(corpus: Corpus, query: Query, read: Read) -> list[Hit]:
    """Uses of the symbol that ``query.text`` names (``total``, ``Order.total``), best first."""
    name = query.text.strip().removesuffix("()")
    last = name.rpartition(".")[2]
    targets = [
        symbol
        for symbol in corpus.symbols_named(last)
        if last == name or f".{symbol.qualified_name}".endswith(f".{name}")
        if not query.before or symbol.path == query.path
    ]
    if not targets:
        return []
    wanted = {(symbol.path, symbol.qualified_name) for symbol in targets}
    others = len(corpus.symbols_named(last)) - len(targets)
    sites = [
        site
        for reference in corpus.uses_of(last, limit=_MAX_REFERENCES)
        if (site := _first_look(reference, targets, others)) is not None
    ]
    sites.sort(key=lambda site: (-site.score, site.reference.path, site.reference.line))
    sites = _spread(sites)[:_MAX_READ]
    resolver = Resolver(corpus)
    texts: dict[str, list[str] | None] = {}
    certain = [
        site
        for site in sites
        if _look_closely(site, resolver, wanted, _lines_of(site.reference.path, read, texts))
    ]
    return [_hit(site, place) for place, site in enumerate(_diverse(certain, query.limit))]


def _first_look(reference: Reference, targets: Sequence[Symbol], others: int) -> _Site | None:
    inside = any(
        reference.path == symbol.path and symbol.line <= reference.line <= symbol.end_line
        for symbol in targets
    )
    if inside:
        # Recursion, and the name in its own definition, show nobody how to use it.
        return None
    return _Site(
        reference,
        {
            "alone": 1.0 / (1.0 + others),
            "code": 0.0 if is_test_path(reference.path) else 1.0,
            "keywords": min(1.0, len(reference.keywords) / 3.0),
            "arguments": min(1.0, reference.n_arguments / 2.0),
            "elsewhere": float(all(reference.path != symbol.path for symbol in targets)),
        },
    )


def _spread(sites: Sequence[_Site]) -> list[_Site]:
    """By turns of files, so that one file does not use up what may be read."""
    seen: dict[str, int] = {}
    turns: list[tuple[int, int, _Site]] = []
    for site in sites:
        turns.append((seen.get(site.reference.path, 0), len(turns), site))
        seen[site.reference.path] = turns[-1][0] + 1
    return [site for _, _, site in sorted(turns, key=lambda turn: turn[:2])]


def _lines_of(path: str, read: Read, texts: dict[str, list[str] | None]) -> list[str] | None:
    if path not in texts:
        text = read(path)
        texts[path] = None if text is None else text.split("\n")
    return texts[path]


def _look_closely(
    site: _Site, resolver: Resolver, wanted: set[tuple[str, str]], lines: list[str] | None
) -> bool:
    """Complete a site from the text; false if it is no use of what is wanted."""
    reference = site.reference
    if lines is None or reference.line >= len(lines) or reference.name not in lines[reference.line]:
        return False
    site.lines = _statement(lines, reference.line)
    site.signals["short"] = 1.0 - min(1.0, (len(site.lines) - 1) / _MAX_LINES)
    meant = _meaning(reference, resolver, lines)
    if meant is None:
        return True
    site.signals["resolved"] = 1.0
    return not meant.isdisjoint(wanted)


def _meaning(
    reference: Reference, resolver: Resolver, lines: Sequence[str]
) -> set[tuple[str, str]] | None:
    """What a use certainly means; ``None`` if that cannot be followed."""
    outline = resolver.outline(reference.path)
    if outline is None:
        return None
    if not reference.receiver:
        target = resolver.resolve_name(outline, reference.name)
        if isinstance(target, Found) and target.symbol is not None:
            return {(target.path, target.symbol.qualified_name)}
        return None
    value = resolver.value_of(reference.receiver, _scope(outline, reference, lines))
    if value is None:
        return None
    members = resolver.members_of(value)
    named = {(s.path, s.qualified_name) for s in members.symbols if s.name == reference.name}
    if not named and not (members.is_closed and not isinstance(value, ModuleValue)):
        return None
    return named


def _scope(outline: Outline, reference: Reference, lines: Sequence[str]) -> Scope:
    function = outline.by_qualified_name.get(reference.container)
    owner = outline.by_qualified_name.get(reference.container.rpartition(".")[0])
    first = function.line if function is not None else 0
    body = lines[first : reference.line]
    return Scope.above(body, outline=outline, function=function, owner=owner)


def _statement(lines: Sequence[str], line: int) -> list[str]:
    """The lines of a call until its brackets are closed, without their common indent."""
    depth = 0
    taken: list[str] = []
    for text in lines[line : line + _MAX_LINES]:
        taken.append(text.rstrip())
        depth += sum(text.count(mark) for mark in "([{") - sum(text.count(m) for m in ")]}")
        if depth <= 0:
            break
    indent = len(taken[0]) - len(taken[0].lstrip())
    return [text[indent:] if not text[:indent].strip() else text.lstrip() for text in taken]


def _diverse(sites: Sequence[_Site], limit: int) -> list[_Site]:
    """Greedy: each next example is good and shows something that those before did not."""
    chosen: list[_Site] = []
    waiting = list(sites)
    while waiting and len(chosen) < limit:
        best = max(
            waiting,
            key=lambda site: (
                site.score - sum(_likeness(site, other) for other in chosen),
                -site.reference.line,
            ),
        )
        chosen.append(best)
        waiting.remove(best)
        waiting = [site for site in waiting if list(site.lines) != list(best.lines)]
    return chosen


def _likeness(site: _Site, other: _Site) -> float:
    one, two = site.reference, other.reference
    likeness = _SAME_SHAPE * (site.shape == other.shape)
    if one.path == two.path:
        likeness += _SAME_FILE + _SAME_FUNCTION * (one.container == two.container)
    return likeness


def _hit(site: _Site, place: int) -> Hit:
    reference = site.reference
    return Hit(
        path=reference.path,
        line=reference.line,
        end_line=reference.line + len(site.lines) - 1,
        title=reference.container or reference.path,
        score=round(site.score, 4),
        signals={name: round(value, 4) for name, value in site.signals.items()},
        ranks={"example": place + 1},
        text="\n".join(site.lines),
    )

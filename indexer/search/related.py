"""Files that belong together: the tests of a file, what it imports, what changes with it. Pure."""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Mapping, Sequence

from indexer.model import Hit, Import, Query
from indexer.resolve.guess import Resolver
from indexer.resolve.names import Found
from indexer.search.corpus import Corpus
from indexer.search.features import is_test_path

_WEIGHTS = {
    "named": 3.0,
    "changes_with": 2.0,
    "imports": 1.0,
    "imported": 1.0,
    "test": 0.5,
    "folder": 0.3,
}
_TEST_NAME = re.compile(r"^(?:test_(?P<a>.+)|(?P<b>.+?)(?:_test|[._-]spec|\.test|Test|Tests))$")
_MAX_COMMIT = 40
_MIN_TOGETHER = 2


def search_related(corpus: Corpus, query: Query, commits: Sequence[Sequence[str]]) -> list[Hit]:
    """Files related to the file at ``query.text``, best first; ``commits`` are lists of paths."""
    path = posixpath.normpath(query.text.strip())
    outline = corpus.outline(path)
    if outline is None:
        return []
    resolver = Resolver(corpus)
    signals: dict[str, dict[str, float]] = {}

    def note(signal: str, other: str, value: float) -> None:
        if other != path and value > 0.0:
            values = signals.setdefault(other, {})
            values[signal] = max(values.get(signal, 0.0), value)

    for other, value in _changed_with(path, commits).items():
        if corpus.outline(other) is not None:
            note("changes_with", other, value)
    for other in _imported(outline.imports, resolver):
        note("imported", other, 1.0)
    n_uses: dict[str, int] = {}
    for entry in corpus.importers_of(path):
        if path in _imported([entry], resolver):
            n_uses[entry.path] = n_uses.get(entry.path, 0) + 1
    for other, count in n_uses.items():
        note("imports", other, min(1.0, 0.5 + count / 8.0))
    for stem in _partners(path):
        for other in corpus.paths_with_stem(stem):
            if is_test_path(other) != is_test_path(path):
                note("named", other, 0.6 + 0.4 * _share_of_folders(path, other))
    for other, values in signals.items():
        if is_test_path(other) and not is_test_path(path):
            values["test"] = 1.0
        if posixpath.dirname(other) == posixpath.dirname(path):
            values["folder"] = 1.0
    order = sorted(signals, key=lambda other: (-_score(signals[other]), other))
    return [
        Hit(
            path=other,
            line=0,
            end_line=0,
            title=posixpath.basename(other),
            score=round(_score(signals[other]), 4),
            signals={name: round(value, 4) for name, value in signals[other].items()},
            ranks=_ranks(signals, other),
        )
        for other in order[: query.limit]
    ]


def _score(values: Mapping[str, float]) -> float:
    return sum(_WEIGHTS[name] * value for name, value in values.items())


def _ranks(signals: Mapping[str, Mapping[str, float]], path: str) -> dict[str, int]:
    return {
        name: 1 + sum(1 for values in signals.values() if values.get(name, 0.0) > value)
        for name, value in signals[path].items()
    }


def _imported(entries: Sequence[Import], resolver: Resolver) -> set[str]:
    found: set[str] = set()
    for entry in entries:
        # The module that is named, and the file where the name is defined, if that is another.
        found.update(resolver.modules(entry)[:1])
        target = resolver.resolve_import(entry)
        if isinstance(target, Found):
            found.add(target.path)
    return found


def _changed_with(path: str, commits: Sequence[Sequence[str]]) -> dict[str, float]:
    """How reliably another file changes when this one does; big commits count less."""
    own = 0.0
    together: dict[str, float] = {}
    times: dict[str, int] = {}
    for commit in commits:
        if path not in commit or len(commit) > _MAX_COMMIT:
            continue
        weight = 1.0 / math.log2(1.0 + len(commit)) if len(commit) > 1 else 1.0
        own += weight
        for other in commit:
            if other != path:
                together[other] = together.get(other, 0.0) + weight
                times[other] = times.get(other, 0) + 1
    # Two more commits than were seen: what happened twice out of two is no certainty.
    return {
        other: value / (own + 1.0)
        for other, value in together.items()
        if times[other] >= _MIN_TOGETHER
    }


def _partners(path: str) -> list[str]:
    """The stems that the tests of a file have, or the file of a test."""
    name = posixpath.basename(path)
    stem = name.rpartition(".")[0] or name
    found = _TEST_NAME.match(stem)
    if found is not None:
        return [found["a"] or found["b"]]
    if stem in {"__init__", "index"}:
        stem = posixpath.basename(posixpath.dirname(path))
    return [f"test_{stem}", f"{stem}_test", f"{stem}_spec", f"{stem}Test", f"{stem}Tests", stem]


def _share_of_folders(one: str, other: str) -> float:
    ignored = {"src", "lib", "test", "tests", "unit", "integration", "__tests__", "spec"}
    first = {part for part in posixpath.dirname(one).split("/") if part not in ignored}
    second = {part for part in posixpath.dirname(other).split("/") if part not in ignored}
    return len(first & second) / len(first | second) if first | second else 1.0

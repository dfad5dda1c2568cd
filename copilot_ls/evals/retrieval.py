"""``eval retrieval``: is the definition that a call needs among the index's answers?"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from copilot_ls.evals.cases import At, Case, hole_of, mean, percentile
from copilot_ls.evals.repositories import IndexedRepository
from indexer.model import Hit, Query, SearchMode

_LIMIT = 10


@dataclass(frozen=True, slots=True)
class Found:
    """The 1-based rank of the needed definition, 0 if it was not found."""

    case: Case
    rank: int
    milliseconds: float
    signals: tuple[str, ...] = ()


def run_retrieval(
    cases: Sequence[Case],
    repositories: Path,
    *,
    at: At,
    without_import: bool,
    on_progress: Callable[[int], None],
) -> list[Found]:
    """Ask for each case, with its line hidden from the document and from the index."""
    found: list[Found] = []
    by_repo: dict[str, list[Case]] = {}
    for case in cases:
        by_repo.setdefault(case.repo, []).append(case)
    for repo, own in by_repo.items():
        with IndexedRepository.open(repositories, repo) as repository:
            for case in own:
                source = repository.read(case.path)
                hole = hole_of(case, source, at, without_import=without_import)
                with repository.replaced(case.path, hole.text_without_line):
                    query = Query(hole.text, SearchMode.COMPLETION, case.path, hole.offset, _LIMIT)
                    started = time.perf_counter()
                    hits = repository.index.search(query)
                    milliseconds = 1000 * (time.perf_counter() - started)
                rank = rank_of(case, hits)
                signals = tuple(hits[rank - 1].signals) if rank else ()
                found.append(Found(case, rank, milliseconds, signals))
                on_progress(len(found))
    return found


def rank_of(case: Case, hits: Sequence[Hit]) -> int:
    """Return the rank of the definition; a class also counts through its constructor."""
    for rank, hit in enumerate(hits, start=1):
        if hit.path == case.callee_path and hit.line == case.callee_line:
            return rank
        symbol = hit.symbol
        if (
            symbol is not None
            and hit.path == case.callee_path
            and case.callee.endswith("." + symbol.qualified_name)
        ):
            return rank
    return 0


def summarise(found: Sequence[Found]) -> dict[str, object]:
    """Return the figures, the most important first."""
    groups: dict[str, Callable[[Found], str]] = {
        "kind": lambda entry: entry.case.callee_kind,
        "repo": lambda entry: entry.case.repo,
        "copied_line": lambda entry: str(entry.case.is_copied).lower(),
    }
    breakdown: dict[str, object] = {}
    for name, key in groups.items():
        values = sorted({key(entry) for entry in found})
        breakdown[name] = {
            value: _figures([entry for entry in found if key(entry) == value]) for value in values
        }
    times = [entry.milliseconds for entry in found]
    return {
        **_figures(found),
        "latency_ms": {"p50": percentile(times, 50), "p95": percentile(times, 95)},
        "by": breakdown,
    }


def _figures(found: Sequence[Found]) -> dict[str, object]:
    def recall(k: int) -> float:
        return mean(1.0 if 0 < entry.rank <= k else 0.0 for entry in found)

    return {
        "recall@1": recall(1),
        "recall@5": recall(5),
        "recall@10": recall(10),
        "mrr@10": mean(1 / entry.rank if entry.rank else 0.0 for entry in found),
        "n": len(found),
    }

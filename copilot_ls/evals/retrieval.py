"""``eval retrieval``: is the definition that a call needs among the index's answers?

Each case is asked in every setting: before the callee's name and at the line's first character,
with the import of the target and without. The line is hidden from the document and the index.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from copilot_ls.evals.cases import At, Case, hole_of, mean, percentile
from copilot_ls.evals.natural import Answered
from copilot_ls.evals.repositories import IndexedRepository
from indexer.model import Hit, Query, SearchMode

_LIMIT = 10
SIGNALS: tuple[str, ...] = (
    "receiver",
    "imported",
    "module_member",
    "imported_member",
    "sibling",
    "scope",
    "scope_far",
    "habit",
    "lexical",
    "target_name",
    "neighbours",
    "after",
    "after_same",
    "namesake",
    "folder",
    "tested",
    "used_on",
    "class_named",
)
"""What ``--without`` can leave out and ``--ablate`` leaves out one by one."""


@dataclass(frozen=True, slots=True)
class Setting:
    """How a case is asked."""

    at: At = At.MEMBER
    without_import: bool = False
    without: tuple[str, ...] = ()

    def __str__(self) -> str:
        text = f"{self.at}, import removed" if self.without_import else str(self.at)
        return f"{text}, without {', '.join(self.without)}" if self.without else text


ALL_SETTINGS = tuple(Setting(at, removed) for removed in (False, True) for at in At)


@dataclass(frozen=True, slots=True)
class Found:
    """The 1-based rank of the needed definition, 0 if it was not found.

    ``milliseconds`` is the answer while typing: the document was open, a line was added to it.
    ``opening_ms`` is the first question after the index changed and the document was opened.
    """

    case: Case
    setting: Setting
    rank: int
    milliseconds: float
    opening_ms: float
    signals: tuple[str, ...] = ()


def run_retrieval(
    cases: Sequence[Case],
    repositories: Path,
    settings: Sequence[Setting],
    *,
    on_progress: Callable[[int], None],
) -> list[Found]:
    """Ask for each case in each setting."""
    found: list[Found] = []
    n_done = 0
    by_repo: dict[str, list[Case]] = {}
    for case in cases:
        by_repo.setdefault(case.repo, []).append(case)
    for repo, own in by_repo.items():
        with IndexedRepository.open(repositories, repo) as repository:
            for case in own:
                found += _ask(repository, case, settings)
                n_done += 1
                on_progress(n_done)
    return found


def _ask(repository: IndexedRepository, case: Case, settings: Sequence[Setting]) -> list[Found]:
    source = repository.read(case.path)
    found = []
    for removed in (False, True):
        own = [setting for setting in settings if setting.without_import is removed]
        if not own:
            continue
        hidden = hole_of(case, source, At.LINE, without_import=removed)
        with repository.replaced(case.path, hidden.text_without_line):
            above = max(0, hidden.text.rfind("\n", 0, hidden.offset))
            _, opening_ms = _search(repository, case, hidden.text_without_line, above, ())
            for setting in own:
                hole = hole_of(case, source, setting.at, without_import=removed)
                hits, spent = _search(repository, case, hole.text, hole.offset, setting.without)
                rank = rank_of(case, hits)
                signals = tuple(hits[rank - 1].signals) if rank else ()
                found.append(Found(case, setting, rank, spent, opening_ms, signals))
    return found


def _search(
    repository: IndexedRepository, case: Case, text: str, offset: int, without: tuple[str, ...]
) -> tuple[list[Hit], float]:
    query = Query(text, SearchMode.COMPLETION, case.path, offset, _LIMIT, without)
    started = time.perf_counter()
    hits = repository.index.search(query)
    return hits, 1000 * (time.perf_counter() - started)


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


def summarise(
    found: Sequence[Found], main: Setting, natural: Sequence[Answered] = ()
) -> dict[str, object]:
    """Return the figures of the setting ``main``, the most important first, then all others."""
    chosen = [entry for entry in found if entry.setting == main]
    groups: dict[str, Callable[[Found], str]] = {
        "kind": lambda entry: entry.case.callee_kind,
        "repo": lambda entry: entry.case.repo,
        "copied_line": lambda entry: str(entry.case.is_copied).lower(),
    }
    settings = [s for s in dict.fromkeys(entry.setting for entry in found) if not s.without]
    by: dict[str, object] = {
        "setting": {
            str(setting): _figures([e.rank for e in found if e.setting == setting])
            for setting in settings
        }
    }
    modes = {"completion": _figures([entry.rank for entry in chosen])} if chosen else {}
    by["mode"] = {**modes, **_natural_figures(natural)}
    for name, key in groups.items():
        values = sorted({key(entry) for entry in chosen})
        by[name] = {
            value: _figures([entry.rank for entry in chosen if key(entry) == value])
            for value in values
        }
    without = {
        entry.setting.without[-1]: entry.setting
        for entry in found
        if entry.setting.without and entry.setting != main
    }
    if without:
        by["without_signal"] = {
            name: _figures([entry.rank for entry in found if entry.setting == setting])
            for name, setting in without.items()
        }
    plain = [entry for entry in found if not entry.setting.without]
    return {
        **_figures([entry.rank for entry in chosen]),
        "setting": str(main),
        "latency_ms": _spread([entry.milliseconds for entry in plain]),
        "opening_ms": _spread([entry.opening_ms for entry in plain]),
        "by": by,
    }


def ablations(main: Setting) -> list[Setting]:
    """The setting without each of the signals, one at a time."""
    return [
        replace(main, without=(*main.without, signal))
        for signal in SIGNALS
        if signal not in main.without
    ]


def _natural_figures(answered: Sequence[Answered]) -> dict[str, Mapping[str, object]]:
    if not answered:
        return {}
    hard = [entry for entry in answered if not entry.question.shares_a_stem]
    figures: dict[str, Mapping[str, object]] = {}
    if all(entry.fused is not None for entry in answered):
        figures["nl"] = {
            **_figures([entry.fused or 0 for entry in answered]),
            "latency_ms": _spread([entry.milliseconds for entry in answered]),
        }
        if all(entry.reranked is not None for entry in answered):
            figures["nl, reranked"] = {
                **_figures([entry.reranked or 0 for entry in answered]),
                "latency_ms": _spread([entry.reranking_ms for entry in answered]),
            }
        figures["nl, no shared stem"] = _figures([entry.fused or 0 for entry in hard])
    figures["nl, no vectors"] = _figures([entry.lexical for entry in answered])
    figures["nl, no vectors, no shared stem"] = _figures([entry.lexical for entry in hard])
    return figures


def _spread(milliseconds: Sequence[float]) -> dict[str, float]:
    return {
        "p50": round(percentile(milliseconds, 50), 2),
        "p95": round(percentile(milliseconds, 95), 2),
    }


def _figures(ranks: Sequence[int]) -> dict[str, object]:
    def recall(k: int) -> float:
        return mean(1.0 if 0 < rank <= k else 0.0 for rank in ranks)

    return {
        "recall@1": recall(1),
        "recall@3": recall(3),
        "recall@5": recall(5),
        "recall@10": recall(10),
        "mrr@10": mean(1 / rank if rank else 0.0 for rank in ranks),
        "n": len(ranks),
    }

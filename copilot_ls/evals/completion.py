"""``eval completion``: what a user would have been shown at real calls of the repository's own API.

The product's own completer, prompts and post-processing are run; only the trigger's manners are
skipped, as if the user had asked by a key.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TypeVar

from copilot_ls import scanning, wiring
from copilot_ls.checks import secrets, syntax
from copilot_ls.checks.draft import Draft
from copilot_ls.checks.gate import CHECKS
from copilot_ls.checks.imports import import_edits
from copilot_ls.config import Settings
from copilot_ls.domain import Completion, CompletionRequest, Document, Edit, Severity
from copilot_ls.evals.cases import (
    At,
    Case,
    Hole,
    edit_similarity,
    first_line,
    hole_of,
    identifier_f1,
    identifiers,
    is_exact,
    mean,
    percentile,
)
from copilot_ls.evals.intervals import Interval, difference_interval, mean_interval, ratio_interval
from copilot_ls.evals.repositories import IndexedRepository
from copilot_ls.features.completion.completer import Completer
from copilot_ls.features.completion.options import CompletionOptions
from copilot_ls.ports import CodeIndex
from indexer.errors import ReadingTakesLong
from indexer.model import Hit, Query, Symbol
from indexer.resolve.outline import Repository

_Result = TypeVar("_Result")
_N_READINGS = 40
_NOT_ABOUT_NAMES = frozenset({syntax.RULE, secrets.RULE})
# Four fifths of the text stay as they are: less work to mend than to write.
_WORTHY_SIMILARITY = 80.0


class ContextSource(StrEnum):
    """Which signatures a prompt gets."""

    INDEX = "index"
    ORACLE = "oracle"
    NONE = "none"


class Part(StrEnum):
    """A part of the product that an ablation leaves out."""

    CONTEXT = "context"
    STEPS = "steps"
    NAMES = "names"
    SECOND_TRY = "second-try"
    VERIFY = "verify"


@dataclass(frozen=True, slots=True)
class Condition:
    """One way of asking: where signatures come from, and what is left out."""

    context: ContextSource = ContextSource.INDEX
    without: frozenset[Part] = frozenset()

    def options(self, options: CompletionOptions) -> CompletionOptions:
        """Return the options of a user who has this condition; nothing comes too late in it."""
        has_context = self.context is not ContextSource.NONE and Part.CONTEXT not in self.without
        return replace(
            options,
            enabled=True,
            context=has_context,
            exact_signatures=Part.STEPS not in self.without,
            settled_names=Part.NAMES not in self.without,
            second_try=Part.SECOND_TRY not in self.without,
            verify=Part.VERIFY not in self.without,
            multiline=False,
            candidates=1,
            context_ms=10_000,
        )


COMPARED: Mapping[str, Condition] = {
    "in file only": Condition(ContextSource.NONE, frozenset(Part)),
    "ours": Condition(),
    "true signature": Condition(ContextSource.ORACLE),
}
"""What ``--compare`` sets side by side: the model alone, the product, and its upper bound."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for a case; ``text`` is the first line of the suggestion, or empty.

    ``broken`` names the rules that the shown text breaks, whether or not the gate was on.
    """

    case: Case
    expected: str
    text: str
    completion: Completion
    broken: frozenset[str] = frozenset()

    @property
    def is_shown(self) -> bool:
        return bool(self.completion.suggestions)

    @property
    def is_exact(self) -> bool:
        return is_exact(self.text, self.expected)


@dataclass(frozen=True, slots=True)
class Run:
    """What is asked of each case.

    With ``is_warm`` the engine has read the place before, as if the key before this one had been
    answered too; else each case is a first look into a new file.
    """

    at: At
    conditions: Sequence[Condition]
    settings: Settings
    is_warm: bool = False


async def run_completion(
    cases: Sequence[Case],
    repositories: Path,
    run: Run,
    *,
    on_progress: Callable[[int], None],
) -> list[list[Answer]]:
    """Complete each case under all conditions, its line taken out of document and index.

    Returns the answers by condition. All conditions of a case are asked one after the other:
    then the engine reads what their prompts share only once.
    """
    engines = wiring.Engines(run.settings)
    answers: list[list[Answer]] = [[] for _ in run.conditions]
    by_repo: dict[str, list[Case]] = {}
    for case in cases:
        by_repo.setdefault(case.repo, []).append(case)
    try:
        for repo, own in by_repo.items():
            with IndexedRepository.open(repositories, repo) as repository:
                for case in own:
                    hole = hole_of(case, repository.read(case.path), run.at)
                    with repository.replaced(case.path, hole.text_without_line):
                        for told, condition in zip(answers, run.conditions, strict=True):
                            told.append(await _ask(case, hole, condition, run, repository, engines))
                    on_progress(len(answers[0]))
    finally:
        await engines.aclose()
    return answers


async def _ask(
    case: Case,
    hole: Hole,
    condition: Condition,
    run: Run,
    repository: IndexedRepository,
    engines: wiring.Engines,
) -> Answer:
    document = Document(
        uri=(repository.root / case.path).as_uri(),
        path=case.path,
        language=wiring.language_of(case.path),
        text=hole.text,
    )
    is_oracle = condition.context is ContextSource.ORACLE
    index = _OracleIndex(repository, case) if is_oracle else _DirectIndex(repository)
    completer = Completer(
        model=engines.completion_model,
        index=index,
        options=condition.options(run.settings.completion),
        repository=case.repo,
        checks=scanning.suggestion_checks(run.settings, wait=True),
    )
    if run.is_warm:
        await completer.complete(_one_key_earlier(document, hole.offset))
        completer.forget(document.uri)
    completion = await completer.complete(CompletionRequest(document, hole.offset, invoked=True))
    broken: frozenset[str] = frozenset()
    shown = ""
    await completer.aclose()
    for suggestion in completion.suggestions[:1]:
        shown = suggestion.text
        draft = Draft(document, Edit(suggestion.span, shown))
        for edit in import_edits(document, suggestion.imports):
            draft = draft.with_import(edit)
        broken = await _DirectIndex(repository).consult(partial(_broken_rules, draft))
    return Answer(case, case.expected(run.at), first_line(shown), completion, broken)


def _one_key_earlier(document: Document, offset: int) -> CompletionRequest:
    text = document.text[: max(0, offset - 1)] + document.text[offset:]
    return CompletionRequest(replace(document, text=text), max(0, offset - 1), invoked=True)


def _broken_rules(draft: Draft, repository: Repository) -> frozenset[str]:
    findings = (finding for check in CHECKS for finding in check(draft, repository))
    return frozenset(finding.rule for finding in findings if finding.severity is Severity.HIGH)


def summarise(answers: Sequence[Answer]) -> dict[str, object]:
    """Return the figures, the most important first; shares are 0 to 1, similarity in percent.

    ``latency_ms`` is that of a whole answer by its origin and over all, and of its stages.
    """
    groups: dict[str, Callable[[Answer], str]] = {
        "kind": lambda answer: answer.case.callee_kind,
        "repo": lambda answer: answer.case.repo,
        "copied_line": lambda answer: str(answer.case.is_copied).lower(),
    }
    breakdown: dict[str, object] = {}
    for name, key in groups.items():
        values = sorted({key(answer) for answer in answers})
        breakdown[name] = {
            value: _figures([answer for answer in answers if key(answer) == value])
            for value in values
        }
    return {
        **_figures(answers),
        "latency_ms": _latency(answers),
        "outcomes": dict(Counter(str(answer.completion.outcome) for answer in answers)),
        "model": next((a.completion.model for a in answers if a.completion.model), ""),
        "by": breakdown,
    }


def compare(conditions: Mapping[str, Sequence[Answer]]) -> dict[str, object]:
    """Set conditions side by side; the first is what the others are measured against.

    Intervals hold 95 % of what other draws of the same cases would give.
    """
    base = [float(answer.is_exact) for answer in next(iter(conditions.values()), ())]
    compared: dict[str, object] = {}
    for name, answers in conditions.items():
        exact = [float(answer.is_exact) for answer in answers]
        compared[name] = {
            **{key: value for key, value in summarise(answers).items() if key != "by"},
            "exact_match_interval": mean_interval(exact),
            "edit_similarity_interval": mean_interval(
                [edit_similarity(answer.text, answer.expected) for answer in answers]
            ),
            "exact_match_gain": difference_interval(exact, base),
            "exact_match_times": ratio_interval(exact, base),
        }
    return compared


def exact_shares(conditions: Mapping[str, Sequence[Answer]]) -> dict[str, Interval]:
    """Return each condition's exact matches in percent, for a picture."""
    return {
        name: mean_interval([100.0 * answer.is_exact for answer in answers])
        for name, answers in conditions.items()
    }


def _figures(answers: Sequence[Answer]) -> dict[str, object]:
    shown = [answer for answer in answers if answer.is_shown]
    n_tokens = sum(a.completion.usage.output_tokens for a in answers if a.completion.usage)
    n_worthy = sum(_is_worth_accepting(answer) for answer in shown)
    invalid = mean(bool(answer.broken - _NOT_ABOUT_NAMES) for answer in shown)
    return {
        "exact_match": mean(a.is_exact for a in answers),
        "edit_similarity": mean(edit_similarity(a.text, a.expected) for a in answers),
        "identifier_f1": mean(identifier_f1(a.text, a.expected) for a in answers),
        "parse_rate": mean(syntax.RULE not in answer.broken for answer in shown),
        "valid_api_rate": 1.0 - invalid if shown else 0.0,
        "invalid_api_rate": invalid,
        "show_rate": mean(a.is_shown for a in answers),
        "callee_named": mean(_names_callee(a) for a in answers),
        "in_context": mean(_has_callee(a) for a in answers),
        "tokens_per_worthy": n_tokens / n_worthy if n_worthy else 0.0,
        "n": len(answers),
    }


def _latency(answers: Sequence[Answer]) -> dict[str, dict[str, float]]:
    times: dict[str, list[float]] = {}
    for answer in answers:
        for stage, milliseconds in answer.completion.milliseconds.items():
            times.setdefault(stage, []).append(milliseconds)
            if stage == "total" and answer.is_shown:
                origin = answer.completion.suggestions[0].origin
                times.setdefault(f"from {origin}", []).append(milliseconds)
    order = sorted(
        times, key=lambda stage: (stage != "total", not stage.startswith("from "), stage)
    )
    return {
        stage: {f"p{percent}": percentile(times[stage], percent) for percent in (50, 95, 99)}
        for stage in order
    }


def _is_worth_accepting(answer: Answer) -> bool:
    """Whether a user could take the text and mend it with less effort than writing it."""
    return edit_similarity(answer.text, answer.expected) >= _WORTHY_SIMILARITY


def _names_callee(answer: Answer) -> bool:
    return answer.case.callee.rpartition(".")[2] in identifiers(answer.text)


def _has_callee(answer: Answer) -> bool:
    """Tell whether the prompt carried the needed definition."""
    name = answer.case.callee.rpartition(".")[2]
    return any(
        snippet.path == answer.case.callee_path and name in snippet.stub
        for snippet in answer.completion.snippets
    )


class _DirectIndex(CodeIndex):
    """The repository's index, called on the spot: an evaluation has nothing else to do."""

    def __init__(self, repository: IndexedRepository) -> None:
        self._index = repository.index

    async def search(self, query: Query) -> Sequence[Hit]:
        return self._index.search(query)

    async def lookup(self, name: str) -> Sequence[Symbol]:
        return self._index.lookup(name)

    async def consult(
        self, question: Callable[[Repository], _Result], *, about: str = ""
    ) -> _Result:
        for _ in range(_N_READINGS):
            with contextlib.suppress(ReadingTakesLong):
                return self._index.consult(question, about=about)
        return self._index.consult(question, about=about)


class _OracleIndex(_DirectIndex):
    """Answers with the one definition that is needed: the upper bound for retrieval."""

    def __init__(self, repository: IndexedRepository, case: Case) -> None:
        super().__init__(repository)
        self._case = case

    async def search(self, query: Query) -> Sequence[Hit]:
        del query
        case = self._case
        named = self._index.search(Query(case.callee.rpartition(".")[2], limit=50))
        return [
            hit for hit in named if (hit.path, hit.line) == (case.callee_path, case.callee_line)
        ]

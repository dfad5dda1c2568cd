"""``eval completion``: what a user would have been shown at real calls of the repository's own API.

The product's own completer, prompts and post-processing are run; only the trigger's manners are
skipped, as if the user had asked by a key.
"""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

from copilot_ls import wiring
from copilot_ls.config import Settings
from copilot_ls.domain import Completion, CompletionRequest, Document
from copilot_ls.evals.cases import (
    At,
    Case,
    edit_similarity,
    first_line,
    hole_of,
    identifier_f1,
    is_exact,
    mean,
    percentile,
)
from copilot_ls.evals.repositories import IndexedRepository
from copilot_ls.features.completion.completer import Completer
from copilot_ls.ports import CodeIndex
from indexer.model import Hit, Query, Symbol
from indexer.resolve.outline import Repository

_Result = TypeVar("_Result")


class ContextSource(StrEnum):
    """Which signatures a prompt gets."""

    INDEX = "index"
    ORACLE = "oracle"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for a case; ``text`` is the first line of the suggestion, or empty."""

    case: Case
    expected: str
    text: str
    completion: Completion

    @property
    def is_shown(self) -> bool:
        return bool(self.completion.suggestions)


async def run_completion(
    cases: Sequence[Case],
    repositories: Path,
    *,
    at: At,
    context: ContextSource,
    settings: Settings,
    on_progress: Callable[[int], None],
) -> list[Answer]:
    """Complete each case with its line taken out of the document and of the index."""
    engines = wiring.Engines(settings)
    options = replace(
        settings.completion,
        enabled=True,
        context=context is not ContextSource.NONE,
        multiline=False,
        context_ms=10_000,
    )
    answers: list[Answer] = []
    by_repo: dict[str, list[Case]] = {}
    for case in cases:
        by_repo.setdefault(case.repo, []).append(case)
    try:
        for repo, own in by_repo.items():
            with IndexedRepository.open(repositories, repo) as repository:
                for case in own:
                    hole = hole_of(case, repository.read(case.path), at)
                    document = Document(
                        uri=(repository.root / case.path).as_uri(),
                        path=case.path,
                        language=wiring.language_of(case.path),
                        text=hole.text,
                    )
                    index = (
                        _OracleIndex(repository, case)
                        if context is ContextSource.ORACLE
                        else (_DirectIndex(repository))
                    )
                    completer = Completer(
                        model=engines.completion_model,
                        index=index,
                        options=options,
                        repository=repo,
                    )
                    async with _hidden(repository, case.path, hole.text_without_line):
                        completion = await completer.complete(
                            CompletionRequest(document, hole.offset, invoked=True)
                        )
                    shown = completion.suggestions[0].text if completion.suggestions else ""
                    answers.append(Answer(case, case.expected(at), first_line(shown), completion))
                    on_progress(len(answers))
    finally:
        await engines.aclose()
    return answers


def summarise(answers: Sequence[Answer]) -> dict[str, object]:
    """Return the figures, the most important first; shares are 0 to 1, similarity in percent."""
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
    stages = sorted({stage for answer in answers for stage in answer.completion.milliseconds})
    return {
        **_figures(answers),
        "latency_ms": {
            stage: {
                f"p{percent}": percentile(
                    (answer.completion.milliseconds.get(stage, 0.0) for answer in answers), percent
                )
                for percent in (50, 95, 99)
            }
            for stage in stages
        },
        "outcomes": dict(Counter(str(answer.completion.outcome) for answer in answers)),
        "model": next((a.completion.model for a in answers if a.completion.model), ""),
        "by": breakdown,
    }


def _figures(answers: Sequence[Answer]) -> dict[str, object]:
    return {
        "exact_match": mean(is_exact(a.text, a.expected) for a in answers),
        "edit_similarity": mean(edit_similarity(a.text, a.expected) for a in answers),
        "identifier_f1": mean(identifier_f1(a.text, a.expected) for a in answers),
        "callee_named": mean(a.case.callee.rpartition(".")[2] in a.text for a in answers),
        "in_context": mean(_has_callee(a) for a in answers),
        "show_rate": mean(a.is_shown for a in answers),
        "n": len(answers),
    }


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

    async def consult(self, question: Callable[[Repository], _Result]) -> _Result:
        return self._index.consult(question)


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


@contextlib.asynccontextmanager
async def _hidden(repository: IndexedRepository, path: str, text: str) -> AsyncIterator[None]:
    with repository.replaced(path, text):
        yield

"""Fakes of the ports: scripted, in memory, honest about what they were asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from copilot_ls.domain import FimFormat
from copilot_ls.models.scripted import Crash, Reply, Script, ScriptedModel, say
from indexer.conventions.model import Conventions
from indexer.model import Hit, Query, SearchMode, Symbol
from indexer.resolve.outline import EmptyRepository, Repository

_Result = TypeVar("_Result")

QWEN_FIM = FimFormat(
    prefix="<|fim_prefix|>",
    suffix="<|fim_suffix|>",
    middle="<|fim_middle|>",
    file_separator="<|file_sep|>",
    repository_name="<|repo_name|>",
    stops=("<|endoftext|>", "<|file_sep|>"),
)


def scripted(*answers: str | Crash, fim: FimFormat | None = QWEN_FIM) -> ScriptedModel:
    """Return a model that gives these answers, one a prompt, and then nothing."""
    replies = [
        say(answer, once=True) if isinstance(answer, str) else Reply((answer,), once=True)
        for answer in answers
    ]
    return ScriptedModel(Script(replies), fim=fim)


class FakeIndex:
    """Returns the hits it was given, and remembers the queries; knows the names of ``repository``.

    ``uses`` are its answer to every question for uses.
    """

    def __init__(
        self, *hits: Hit, repository: Repository | None = None, uses: Sequence[Hit] = ()
    ) -> None:
        self.hits = hits
        self.uses = uses
        self.repository = repository or EmptyRepository()
        self.queries: list[Query] = []
        self.known_conventions = Conventions()

    async def search(self, query: Query) -> Sequence[Hit]:
        self.queries.append(query)
        return (self.uses if query.mode is SearchMode.USAGE else self.hits)[: query.limit]

    async def consult(
        self, question: Callable[[Repository], _Result], *, about: str = ""
    ) -> _Result:
        return question(self.repository)

    async def conventions(self) -> Conventions:
        return self.known_conventions

    async def lookup(self, name: str) -> Sequence[Symbol]:
        return [hit.symbol for hit in self.hits if hit.symbol and hit.symbol.name == name]

"""What the features ask of the outside world.

A protocol stands here if it has two real implementations or stands at a process edge.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from copilot_ls.domain import (
    Capabilities,
    CodeOrigin,
    Delta,
    Document,
    Limits,
    Prompt,
    SandboxRun,
    ScanReport,
)
from indexer.model import Hit, Query, Symbol
from indexer.resolve.outline import Repository

_Result = TypeVar("_Result")


class Model(Protocol):
    """A language model behind an engine.

    Implementations: OpenVINO GenAI, llama.cpp and transformers in a process of their own,
    OpenAI-compatible HTTP, and scripted for tests.
    """

    async def capabilities(self) -> Capabilities:
        """Tell what the model can do; loads it if need be.

        Raises:
            ModelUnavailable: no weights, no engine, or the engine process died.
        """
        ...

    def stream(self, prompt: Prompt) -> AsyncGenerator[Delta, None]:
        """Generate; the last delta has ``finish`` set.

        Closing the generator, or cancelling the task that reads it, stops the generation
        inside the engine.

        Raises:
            ModelUnavailable: the engine could not be started or died while generating.
            ModelTimeout: it did not answer in time.
            ModelRefused: it will not do this.
        """
        ...

    async def warm(self, text: str) -> None:
        """Read ``text`` into the prompt cache, if there is one and nothing else to do."""
        ...

    async def likelihoods(self, texts: Sequence[str], continuation: str) -> Sequence[float]:
        """Return the natural logarithm of the probability that ``continuation`` follows each text.

        Waits until nothing else is asked.

        Raises:
            ModelRefused: the engine cannot tell (``Capabilities.can_judge``).
        """
        ...

    async def count_tokens(self, text: str) -> int:
        """Count as the model's own tokenizer does; special tokens in ``text`` count as one."""
        ...

    async def aclose(self) -> None:
        """Let go of the engine; the last user of a local engine ends its process."""
        ...


class CodeIndex(Protocol):
    """The repository's memory: answers in milliseconds, never blocks the event loop."""

    async def search(self, query: Query) -> Sequence[Hit]:
        """Return hits, best first; empty if there is no index yet."""
        ...

    async def lookup(self, name: str) -> Sequence[Symbol]:
        """Return all symbols with this name or qualified name, in order of path and line."""
        ...

    async def consult(
        self, question: Callable[[Repository], _Result], *, about: str = ""
    ) -> _Result:
        """Answer a pure question about the repository's names from one consistent view of them.

        Open documents count as they are, but for the one at the path ``about``, whose text the
        question brings itself. Without an index the view holds libraries alone.
        """
        ...


class Provenance(Protocol):
    """Knows other people's code that lies on this machine.

    Implementations: fingerprints in SQLite, and a list for tests.
    """

    async def origins(self, text: str) -> Sequence[CodeOrigin]:
        """Say where a piece of code stands too, the most alike first; answers in milliseconds."""
        ...


class Sandbox(Protocol):
    """A place where a project's own code runs without harm: on a copy, confined and limited.

    Implementations: a confined process, and scripted for tests.
    """

    @property
    def project(self) -> Path:
        """The copy of the project; what is written here reaches nobody."""
        ...

    @property
    def scratch(self) -> Path:
        """An empty folder that confined code may write to, and that we may read."""
        ...

    @property
    def inside(self) -> Path:
        """The folder with the copies of what we ourselves run there, one folder each."""
        ...

    async def run(
        self,
        arguments: Sequence[str],
        limits: Limits,
        *,
        environment: Mapping[str, str] | None = None,
        stdin: str = "",
        feed: AsyncIterable[str] | None = None,
        on_line: Callable[[str], None] | None = None,
        follow: Path | None = None,
        folder: Path | None = None,
    ) -> SandboxRun:
        """Run the project's interpreter with ``arguments``, in ``folder`` or in ``scratch``.

        Its standard input is ``stdin``, then what ``feed`` gives while it runs. ``on_line`` gets
        each new line of the file ``follow`` while it grows. Cancelling the task ends the process
        and all that it started.

        Raises:
            SandboxError: the interpreter cannot be started.
        """
        ...

    def close(self) -> None:
        """Remove the copy."""
        ...


class Scanner(Protocol):
    """Looks for weaknesses in texts.

    Implementations: patterns in this process, and Semgrep in processes of its own.
    """

    async def scan(
        self, documents: Sequence[Document], on_progress: Callable[[int], None]
    ) -> ScanReport:
        """Scan each document on its own; ``on_progress`` is told how many are done so far.

        What cannot be scanned is a problem in the report. Cancelling stops the work.

        Raises:
            ScannerError: the engine cannot be used at all.
        """
        ...

    async def aclose(self) -> None:
        """End the processes and remove the files that scanning needed."""
        ...

"""Stand-ins for the model, the index and the wiring of the two; run as a module, the real server.

The document says what the model does: the last ``# say TEXT``, ``# hang`` or ``# crash`` before
the cursor counts. What the stand-ins see they log, and the log reaches the test as
``window/logMessage``, so that tests wait for events and not for time.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import re
import sys
from collections.abc import AsyncGenerator, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from copilot_ls import wiring
from copilot_ls.config import Settings
from copilot_ls.documenting import Documenter
from copilot_ls.domain import (
    Capabilities,
    Delta,
    Document,
    Edit,
    FimFormat,
    Finding,
    FinishReason,
    Prompt,
    ScanReport,
    Severity,
    TraceStep,
)
from copilot_ls.errors import ModelUnavailable, ScannerError
from copilot_ls.features.completion.completer import Completer
from copilot_ls.features.completion.writer import ModelSource
from copilot_ls.features.documentation.findings import find_drift
from copilot_ls.features.edit.editor import Editor
from copilot_ls.features.next_edit.follower import Follower
from copilot_ls.features.security.fixer import Fixer
from copilot_ls.features.security.live import LiveCheck
from copilot_ls.features.security.report import Baseline
from indexer.conventions.model import Choice, Conventions, Habit, Place
from indexer.errors import IndexerError
from indexer.model import Hit, Plan, Span, UpdatePhase, UpdateProgress, UpdateReport
from tests.fakes.ports import FakeIndex

log = logging.getLogger("copilot_ls.standin")

FIM = FimFormat(prefix="<P>", suffix="<S>", middle="<M>", stops=("<E>",))
CONVENTIONS = Conventions(
    n_files=2,
    habits=(
        Habit(
            "python",
            "naming",
            "functions",
            100,
            (Choice("snake_case", 95, (Place("a.py", 3),)), Choice("camelCase", 5)),
        ),
        Habit("python", "docs", "style", 1, (Choice("google", 1),)),
    ),
)
ORDER = re.compile(r"# (say|hang|crash|explode|print)(?: ([^\n\r]*))?")
# What the model says if its first answer is objected to.
SECOND_ORDER = re.compile(r"# then ([^\n\r]*)")


class DocumentModel:
    """Does what the document says."""

    async def capabilities(self) -> Capabilities:
        return Capabilities(
            model="stand-in", engine="none", context_tokens=4096, fim=FIM, has_chat=True
        )

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Delta, None]:
        text = prompt.text or "\n".join(message.text for message in prompt.messages)
        before, _, _ = text.partition(FIM.suffix)
        verb, argument = ORDER.findall(before)[-1]
        if "That is not right" in before and (again := SECOND_ORDER.search(before)):
            argument = again[1]
        log.info("asked: %s", verb)
        try:
            match verb:
                case "crash":
                    raise ModelUnavailable("the engine died", remedy="type on")
                case "explode":
                    raise ZeroDivisionError(prompt.text)
                case "print":
                    print("a stray line")
                    os.write(1, b"a stray line of native code\n")
                case "hang":
                    yield Delta(text="never ")
                    await asyncio.Event().wait()
            yield Delta(text=argument)
            yield Delta(finish=FinishReason.STOP)
        except (asyncio.CancelledError, GeneratorExit):
            log.info("stopped: %s", verb)
            raise

    async def warm(self, text: str) -> None:
        log.info("warmed")

    async def likelihoods(self, texts: Sequence[str], continuation: str) -> Sequence[float]:
        return [0.0] * len(texts)

    async def count_tokens(self, text: str) -> int:
        return len(text)

    async def aclose(self) -> None:
        log.info("model closed")


class Engines:
    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.model = DocumentModel()
        log.info("engine: %s", settings.model.completion)

    async def completion_model(self) -> DocumentModel | None:
        return None if self.settings.model.engine == "off" else self.model

    chat_model = completion_model

    async def aclose(self) -> None:
        await self.model.aclose()


@dataclass
class Workspace:
    """``index.txt`` in the folder says what an update does."""

    root: Path
    settings: Settings
    completer: Completer
    editor: Editor
    follower: Follower
    documenter: Documenter
    chat_model: ModelSource
    security: LiveCheck | None = None
    fixer: Fixer | None = None
    index: FakeIndex = field(default_factory=FakeIndex)
    on_loss: Callable[[], None] | None = None

    async def read(self, path: str) -> Document | None:
        file = self.root / path
        if not file.exists():
            return None
        return Document(file.as_uri(), path, "python", file.read_text())

    def is_scanned(self, path: str) -> bool:
        return False

    def exclusion(self, path: str) -> str | None:
        return "may hold secrets" if path.endswith(".env") else None

    async def update_index(
        self,
        paths: Sequence[str] | None,
        on_progress: Callable[[UpdateProgress], None],
    ) -> UpdateReport:
        log.info("update %s: %s", self.root.name, json.dumps(paths))
        order = self.root / "index.txt"
        match order.read_text() if order.exists() else "":
            case "hang":
                on_progress(UpdateProgress(UpdatePhase.PARSE, 1, 2, "a.py"))
                try:
                    await asyncio.Event().wait()
                finally:
                    log.info("update stopped")
            case "fail":
                raise IndexerError("the disk is full", remedy="free some space")
        return UpdateReport(plan=Plan(), n_files=2)

    async def makes_vectors(self) -> bool:
        return (self.root / "embedder.txt").exists()

    async def make_vectors(self, on_progress: Callable[[UpdateProgress], None]) -> UpdateReport:
        log.info("embed %s", self.root.name)
        on_progress(UpdateProgress(UpdatePhase.EMBED, 1, 2))
        try:
            await asyncio.Event().wait()
        finally:
            log.info("embedding stopped")
        raise AssertionError("unreachable")

    def is_saved(self, path: str, text: str) -> bool:
        file = self.root / path
        return file.exists() and file.read_text() == text

    def put_document(self, path: str, text: str) -> None:
        log.info("open %s: %d characters", path, len(text))

    def drop_document(self, path: str) -> None:
        log.info("closed %s", path)

    def watch(self, on_change: Callable[[Sequence[str] | None], None]) -> None:
        log.info("watching %s", self.root.name)

    def tell_of_lost_index(self, on_loss: Callable[[], None]) -> None:
        self.on_loss = on_loss

    async def aclose(self) -> None:
        log.info("closed %s", self.root.name)


def places_in(file: Path) -> list[Hit]:
    """What an index knows: ``path:line``, one a line."""
    lines = [line.split(":") for line in file.read_text().split()] if file.exists() else []
    return [Hit(path, int(line), int(line), path, 1.0, {"named": 1.0}) for path, line in lines]


def open_workspace(root: Path, settings: Settings, engines: Engines) -> Workspace:
    completer = Completer(
        model=engines.completion_model, index=FakeIndex(), options=settings.completion
    )
    log.info("opened %s", root.name)
    known = FakeIndex(uses=places_in(root / "uses.txt"))
    editor = Editor(engines.chat_model, known)
    security = settings.security.enabled and LiveCheck(
        quick=weak_calls,
        is_quick=lambda rule: rule == "python.test.weak",
        open_deep=FlowScanner,
        baseline=lambda: Baseline({}),
        options=settings.security,
        others=find_drift if settings.docs.enabled else lambda _: (),
    )
    documenter = Documenter(root.resolve(), settings, engines.chat_model)
    index = FakeIndex(*places_in(root / "hits.txt"))
    index.known_conventions = CONVENTIONS
    return Workspace(
        root.resolve(),
        settings,
        completer,
        editor,
        Follower(known),
        documenter,
        engines.chat_model,
        security or None,
        Fixer(editor, security) if security else None,
        index,
    )


def weak_calls(document: Document) -> list[Finding]:
    """Accuse every call of ``weak``, for which ``safe`` is better; of a ``path``, to be attacked."""
    return [
        Finding(
            "python.test.weak",
            "weak is called",
            Severity.HIGH,
            span := Span(*match.span()),
            path=document.path,
            cwe=("CWE-22" if match[0] == "weak(path)" else "CWE-1",),
            fix=(Edit(span, match[0].replace("weak", "safe")),),
            references=("https://example.org/weak",),
        )
        for match in re.finditer(r"weak\(\w*\)", document.text)
    ]


class FlowScanner:
    """Accuses every ``sink()`` that stands below a ``source()``; ``# break`` breaks it."""

    async def scan(
        self, documents: Sequence[Document], on_progress: Callable[[int], None]
    ) -> ScanReport:
        [document] = documents
        log.info("scanned version %d", document.version)
        if "# break" in document.text:
            raise ScannerError("the scanner is broken", remedy="repair it")
        if "# wait" in document.text:
            await asyncio.Event().wait()
        findings = weak_calls(document)
        code = re.sub(r"(?m)^#.*", lambda comment: " " * len(comment[0]), document.text)
        for match in re.finditer(r"(source\(\))[^$]*?(sink\(\))", code):
            steps = (TraceStep(Span(*match.span(1)), "enters here"),)
            span = Span(*match.span(2))
            findings.append(
                Finding("python.test.flow", "it flows", Severity.MEDIUM, span, trace=steps)
            )
        findings = [replace(each, path=document.path) for each in findings]
        return ScanReport(tuple(findings))

    async def aclose(self) -> None:
        log.info("scanner closed")


if __name__ == "__main__":
    wiring.Engines = Engines
    wiring.open_workspace = open_workspace
    from copilot_ls.cli.serve import serve

    sys.exit(serve(sys.argv[1:]))

"""The wiring of generated tests: a sandbox for a project, and in it the writer.

Beside ``wiring`` and in its manner: it joins, and holds no logic of its own.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_ls import scanning, wiring
from copilot_ls.config import Settings
from copilot_ls.domain import Confidence, Document, Finding, Severity, edited
from copilot_ls.errors import ModelError, SandboxError, WorkspaceError
from copilot_ls.features.completion.writer import ModelSource
from copilot_ls.features.security.attacks.prove import Prover, SecurityTest
from copilot_ls.features.security.check import check
from copilot_ls.features.security.report import report
from copilot_ls.features.tests.javascript.writer import JavaScriptTestWriter
from copilot_ls.features.tests.writer import OnProgress, TestWriter, WrittenTests

if TYPE_CHECKING:
    from copilot_ls.ports import Model, Sandbox

_log = logging.getLogger(__name__)


async def propose_tests(
    root: Path,
    settings: Settings,
    path: str,
    *,
    symbols: Sequence[str] = (),
    text: str | None = None,
    append: bool = False,
    allowed: bool = False,
    chat_model: ModelSource | None = None,
    on_progress: OnProgress = lambda _, __: None,
) -> WrittenTests:
    """Propose tests for the module at ``path``, or for some definitions in it.

    ``text`` is the module as it is in the editor, where that is not what is on disk. With
    ``append`` they go into the module's own file of tests, if it is Python; then ``chat_model`` is
    asked for inputs too, if it can be had and the settings want that. Cancelling ends everything
    that was started and removes the copy.

    Raises:
        SandboxError: the user has not allowed it (see ``allowed``), or it cannot be run.
        ModelError: the settings want a model, and there is none.
    """
    is_python = path.endswith(".py")
    sandbox = await _opened(root, settings, allowed=allowed, with_node=not is_python)
    memory_bytes = settings.sandbox.memory_mb << 20
    only = [symbol.replace("::", ".") for symbol in symbols]
    try:
        if text is not None:
            (sandbox.project / path).write_text(text, encoding="utf-8", newline="")
        if not is_python:
            other = JavaScriptTestWriter(sandbox, settings.tests, memory_bytes)
            return await other.write(path, only=only, on_progress=on_progress)
        model = await _model(chat_model, settings)
        writer = TestWriter(sandbox, settings.tests, memory_bytes, model=model)
        return await writer.write(path, only=only, append=append, on_progress=on_progress)
    except OSError as error:
        raise SandboxError(f"{path} is not in the copy: {error}", remedy="save it first") from error
    finally:
        await asyncio.shield(asyncio.to_thread(sandbox.close))


def has_writer(document: Document) -> bool:
    """Whether tests can be written for code of this kind, or a verdict why not (TSX)."""
    return document.language in {"python", "javascript", "typescript", "tsx"}


async def _model(source: ModelSource | None, settings: Settings) -> Model | None:
    """The model to ask for inputs; one that was asked for in so many words must be there."""
    wish = settings.tests.model
    if source is None or wish == "off" or (wish == "auto" and not settings.is_served_elsewhere):
        return None
    try:
        return await source()
    except ModelError as error:
        if wish == "on":
            raise
        _log.warning("tests are written without a model: %s", error)
        return None


async def prove_weakness(
    root: Path,
    settings: Settings,
    document: Document,
    findings: Sequence[Finding],
    *,
    fixed_at: str = "",
    allowed: bool = False,
    on_progress: OnProgress = lambda _, __: None,
) -> SecurityTest:
    """Write a test that attacks the first of some findings that can be attacked, and run it.

    It is run on the code as it is, and on the code as it is fixed: in the revision ``fixed_at``,
    else by the rule itself.

    Raises:
        SandboxError: the user has not allowed it (see ``allowed``), or it cannot be run.
        NotARepository: git knows no such revision.
        WorkspaceError: nothing is different there.
    """
    of_revision: Mapping[str, bytes] = {}
    if fixed_at:
        of_revision = await asyncio.to_thread(scanning.files_at, root, fixed_at)
        if not of_revision:
            raise WorkspaceError(
                f"nothing is different in {fixed_at}", remedy="name a revision that has the fix"
            )
    sandbox = await _opened(root, settings, allowed=allowed)
    told: list[SecurityTest] = []
    try:
        prover = Prover(sandbox, settings.sandbox.memory_mb << 20)
        for finding in findings:
            fixed, name = of_revision, fixed_at
            if not fixed and finding.fix:
                text = edited(document.text, *finding.fix)
                fixed, name = {document.path: text.encode()}, "the rule's own fix"
            told.append(
                await prover.prove(
                    document, finding, fixed=fixed, fixed_name=name, on_progress=on_progress
                )
            )
            if told[-1].text:
                return told[-1]
    finally:
        await asyncio.shield(asyncio.to_thread(sandbox.close))
    return told[0]


async def findings_at(
    root: Path, settings: Settings, document: Document, line: int, rule: str
) -> list[Finding]:
    """Return what is found in a line (from 1), however unsure the rules are, the gravest first.

    ``rule`` chooses among them, unless it is empty.

    Raises:
        WorkspaceError: nothing is found there.
    """
    options = replace(settings.security, min_confidence=Confidence.LOW)
    async with scanning.project_scanners(root, jobs=1) as scanners:
        checked = await check([document], scanners, options, lambda _: None)
    there = [
        each.finding
        for each in report((*checked.findings, *checked.suppressed), document.text)
        if each.place.line <= line <= each.place.end_line and rule in {"", each.finding.rule}
    ]
    if not there:
        raise WorkspaceError(
            f"nothing is found in line {line} of {document.path}",
            remedy="`copilot-ls check` lists what is found, and where",
        )
    order = [*Severity]
    return sorted(there, key=lambda each: -order.index(each.severity))


async def _opened(
    root: Path, settings: Settings, *, allowed: bool, with_node: bool = False
) -> Sandbox:
    """Copy the project in a thread; if nobody waits any more, the copy is removed again."""
    opening = asyncio.ensure_future(
        asyncio.to_thread(wiring.open_sandbox, root, settings, allowed=allowed, with_node=with_node)
    )
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_unwanted)
        raise


def _close_unwanted(opening: asyncio.Future[Sandbox]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()

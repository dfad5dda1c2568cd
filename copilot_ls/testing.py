"""The wiring of generated tests: a sandbox for a project, and in it the writer.

Beside ``wiring`` and in its manner: it joins, and holds no logic of its own.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_ls import wiring
from copilot_ls.config import Settings
from copilot_ls.errors import SandboxError
from copilot_ls.features.tests.writer import OnProgress, TestWriter, WrittenTests

if TYPE_CHECKING:
    from copilot_ls.ports import Sandbox


async def propose_tests(
    root: Path,
    settings: Settings,
    path: str,
    *,
    symbols: Sequence[str] = (),
    text: str | None = None,
    append: bool = False,
    allowed: bool = False,
    on_progress: OnProgress = lambda _, __: None,
) -> WrittenTests:
    """Propose tests for the module at ``path``, or for some definitions in it.

    ``text`` is the module as it is in the editor, where that is not what is on disk. With
    ``append`` they go into the module's own file of tests. Cancelling
    ends everything that was started and removes the copy.

    Raises:
        SandboxError: the user has not allowed it (see ``allowed``), or it cannot be run.
    """
    sandbox = await _opened(root, settings, allowed=allowed)
    try:
        if text is not None:
            (sandbox.project / path).write_text(text, encoding="utf-8", newline="")
        writer = TestWriter(sandbox, settings.tests, settings.sandbox.memory_mb << 20)
        only = [symbol.replace("::", ".") for symbol in symbols]
        return await writer.write(path, only=only, append=append, on_progress=on_progress)
    except OSError as error:
        raise SandboxError(f"{path} is not in the copy: {error}", remedy="save it first") from error
    finally:
        await asyncio.shield(asyncio.to_thread(sandbox.close))


async def _opened(root: Path, settings: Settings, *, allowed: bool) -> Sandbox:
    """Copy the project in a thread; if nobody waits any more, the copy is removed again."""
    opening = asyncio.ensure_future(
        asyncio.to_thread(wiring.open_sandbox, root, settings, allowed=allowed)
    )
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_unwanted)
        raise


def _close_unwanted(opening: asyncio.Future[Sandbox]) -> None:
    if not opening.cancelled() and opening.exception() is None:
        opening.result().close()

"""What a sidebar shows of whole folders: how they are written, and the weaknesses in them.

Documents count as they are in the editor, all other files as they are on disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TypeAlias

from lsprotocol import types

from copilot_ls import scanning, wiring
from copilot_ls.domain import Document
from copilot_ls.errors import CopilotError
from copilot_ls.features.security.check import check as look_at
from copilot_ls.features.security.report import Reported, report, touches
from copilot_ls.server.diagnostics import to_diagnostic
from copilot_ls.server.documents import Snapshot, split_lines
from copilot_ls.server.folder import Folder
from copilot_ls.server.protocol import Later
from copilot_ls.server.session import Session
from indexer.conventions.model import Conventions, Habit, Place, Verdict
from indexer.errors import IndexerError

Tell: TypeAlias = Callable[[str, float], None]


async def conventions(session: Session) -> object:
    """Say for each folder what is usual in it, how often, and where to see it."""
    return {"folders": [await _conventions(each) for each in await session.workspace_folders()]}


def check(session: Session, params: object) -> Later[object]:
    """Look for weaknesses in all files of all folders, or in the lines that were changed.

    Progress can be cancelled.
    """
    match params:
        case {"changed": bool(only_changed)}:
            return partial(_check, session, only_changed=only_changed)
    return partial(_check, session, only_changed=False)


async def _check(session: Session, *, only_changed: bool) -> object:
    folders = await session.workspace_folders()
    title = "Looking at what was changed" if only_changed else "Looking for weaknesses"
    async with session.client.progress_of_task(title) as tell:
        checked = [
            await _checked(session, each, tell, only_changed=only_changed) for each in folders
        ]
    return {"folders": checked}


async def _conventions(folder: Folder) -> dict[str, object]:
    try:
        found = await folder.workspace.index.conventions()
    except IndexerError as error:
        return _head(folder) | {"problem": str(error), "habits": []}
    problem = "" if found.n_files else "nothing is indexed here yet"
    return _head(folder) | {"problem": problem, "habits": [*_habits(folder.location, found)]}


def _habits(root: Path, found: Conventions) -> Iterator[dict[str, object]]:
    for habit in found.habits:
        if habit.verdict is not Verdict.TOO_FEW:
            yield {
                "language": habit.language,
                "topic": habit.topic,
                "subject": habit.subject,
                "verdict": habit.verdict.value,
                "choices": _choices(root, habit),
            }


def _choices(root: Path, habit: Habit) -> list[dict[str, object]]:
    return [
        {
            "value": choice.value,
            "share": round(choice.count / habit.n, 4),
            "examples": [_location(root, place) for place in choice.examples],
        }
        for choice in habit.choices
    ]


def _location(root: Path, place: Place) -> types.Location:
    start = types.Position(place.line, 0)
    return types.Location((root / place.path).as_uri(), types.Range(start, start))


async def _checked(
    session: Session, folder: Folder, tell: Tell, *, only_changed: bool
) -> dict[str, object]:
    if not folder.workspace.settings.security.enabled:
        return _not_looked_at(folder, "security.enabled is off")
    try:
        return await _look(session, folder, tell, only_changed=only_changed)
    except (CopilotError, IndexerError, ValueError) as error:
        return _not_looked_at(folder, str(error))


async def _look(
    session: Session, folder: Folder, tell: Tell, *, only_changed: bool
) -> dict[str, object]:
    root, settings = folder.workspace.root, folder.workspace.settings
    options = wiring.index_options(settings)
    selection = await asyncio.to_thread(
        partial(scanning.select_changes, root, options, "HEAD")
        if only_changed
        else partial(scanning.select_paths, root, options, None, with_changes=False)
    )
    known = await asyncio.to_thread(scanning.project_baseline, root)
    buffers = session.buffers(folder)
    findings: list[object] = []
    problems = [each.message for each in selection.problems]
    n_files = 0
    semgrep = settings.security.semgrep
    # The user types meanwhile: one process is enough.
    opened = scanning.project_scanners(
        root, jobs=1, semgrep=semgrep, advisories=wiring.advisory_store()
    )
    async with opened as scanners:
        portions = selection.portions([])
        while read := await asyncio.to_thread(next, portions, None):
            documents = [_as_it_is(document, buffers) for document in read]
            on_progress = partial(_tell, tell, n_files, len(selection.paths))
            checked = await look_at(documents, scanners, settings.security, on_progress)
            for document in documents:
                of_document = [each for each in checked.findings if each.path == document.path]
                new, _ = known.split(report(of_document, document.text))
                if only_changed:
                    lines = selection.changed.get(document.path, ())
                    new = [each for each in new if touches(each, lines)]
                findings += _entries(session, folder, document, new)
            problems += [each.message for each in checked.problems]
            n_files += len(documents)
    return _head(folder) | {
        "problems": [*dict.fromkeys(problems)],
        "files": n_files,
        "findings": findings,
    }


def _tell(tell: Tell, n_before: int, n_files: int, n_done: int) -> None:
    n_done += n_before
    tell(f"{n_done}/{n_files}", n_done / max(1, n_files))


def _as_it_is(document: Document, buffers: dict[str, Snapshot]) -> Document:
    buffer = buffers.get(document.path)
    return buffer.document if buffer is not None else document


def _entries(
    session: Session, folder: Folder, document: Document, reported: Sequence[Reported]
) -> Iterator[dict[str, object]]:
    snapshot = Snapshot(document, split_lines(document.text), session.encoding)
    for each in reported:
        yield {
            "uri": (folder.location / document.path).as_uri(),
            "path": document.path,
            "diagnostic": to_diagnostic(each, snapshot, with_places=False),
        }


def _not_looked_at(folder: Folder, problem: str) -> dict[str, object]:
    return _head(folder) | {"problems": [problem], "files": 0, "findings": []}


def _head(folder: Folder) -> dict[str, object]:
    return {"uri": folder.uri, "name": folder.workspace.root.name}

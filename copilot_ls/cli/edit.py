"""``copilot-ls edit FILE:START-END "instruction"``: a checked change, shown as a diff."""

from __future__ import annotations

import asyncio
import difflib
import re
import shutil
from pathlib import Path
from typing import Annotated

import typer

from copilot_ls import wiring
from copilot_ls.cli.context import JsonOption, console, find_root, options_of, print_json
from copilot_ls.cli.exit_codes import ExitCode
from copilot_ls.config import Settings
from copilot_ls.domain import Document, edited
from copilot_ls.errors import WorkspaceError
from copilot_ls.features.edit.editor import EditProposal
from indexer.model import Span


def edit(
    context: typer.Context,
    place: Annotated[str, typer.Argument(metavar="FILE:START-END", help="Lines, counted from 1.")],
    instruction: Annotated[str, typer.Argument(help="What to do with them.")],
    write: Annotated[bool, typer.Option("--write", help="Change the file.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Change lines as you say: by the chat model, checked, and shown before anything is written."""
    path, first, last = _parse(place)
    root = find_root(path)
    settings = options_of(context).settings_for(root)
    document = wiring.read_document(root, path, settings)
    span = _span_of(document.text, first, last, place)
    proposal = asyncio.run(_edit(root, settings, document, span, instruction, quiet=as_json))
    deliver(proposal, document, path, write=write, as_json=as_json)


def deliver(
    proposal: EditProposal, document: Document, path: Path, *, write: bool, as_json: bool
) -> None:
    """Show a proposal, and write it if that is wanted.

    Raises:
        WorkspaceError: the file changed meanwhile, or cannot be written.
        typer.Exit: nothing is proposed.
    """
    after = edited(document.text, *proposal.edits(document))
    if write and proposal.edit is not None:
        replace_file(path, document.text, after)
    if as_json:
        print_json(proposal)
    else:
        _show(proposal, document, after, is_written=write)
    if proposal.edit is None:
        raise typer.Exit(ExitCode.FINDINGS)


async def _edit(
    root: Path,
    settings: Settings,
    document: Document,
    span: Span,
    instruction: str,
    *,
    quiet: bool,
) -> EditProposal:
    engines = wiring.Engines(settings)
    workspace = wiring.open_workspace(root, settings, engines)
    out = console(stderr=True)
    try:
        with out.status("reading", spinner="dots") as status:

            def tell(answer: str) -> None:
                if not quiet:
                    status.update(f"writing, {len(answer):,} characters")

            return await workspace.editor.edit(document, span, instruction, tell)
    finally:
        await workspace.aclose()
        await engines.aclose()


def replace_file(path: Path, before: str, after: str) -> None:
    """Write a file whole or not at all, and only if it still is what was read.

    Raises:
        WorkspaceError: it changed meanwhile, or is not in UTF-8, which would be lost.
    """
    if path.read_bytes() != before.encode("utf-8"):
        raise WorkspaceError(
            f"{path} changed meanwhile or is not in UTF-8", remedy="nothing was written; try again"
        )
    fresh = path.with_name(f".{path.name}.copilot-ls")
    try:
        fresh.write_bytes(after.encode("utf-8"))
        shutil.copymode(path, fresh)
        fresh.replace(path.resolve())
    finally:
        fresh.unlink(missing_ok=True)


def _parse(place: str) -> tuple[Path, int, int]:
    found = re.fullmatch(r"(?P<path>.+):(?P<first>\d+)(?:-(?P<last>\d+))?", place)
    if found is None:
        raise WorkspaceError(
            f"{place} names no lines", remedy="write FILE:START-END, for example app.py:10-20"
        )
    first = int(found["first"])
    return Path(found["path"]), first, int(found["last"] or first)


def _span_of(text: str, first: int, last: int, place: str) -> Span:
    lines = text.splitlines(keepends=True)
    if not 1 <= first <= last <= len(lines):
        raise WorkspaceError(f"{place} is not in the file", remedy=f"it has {len(lines)} lines")
    start = sum(map(len, lines[: first - 1]))
    return Span(start, start + sum(map(len, lines[first - 1 : last])))


def _show(proposal: EditProposal, document: Document, after: str, *, is_written: bool) -> None:
    """Print a proposal as a diff, or why there is none."""
    from rich.syntax import Syntax

    out, notes = console(), console(stderr=True)
    if proposal.edit is None:
        notes.print(f"nothing is proposed: {proposal.problem}", markup=False)
        if proposal.rejected:
            notes.print(proposal.rejected, markup=False, style="dim")
        return
    diff = "".join(
        difflib.unified_diff(
            document.text.splitlines(keepends=True),
            after.splitlines(keepends=True),
            f"a/{document.path}",
            f"b/{document.path}",
        )
    )
    if out.is_terminal:
        out.print(Syntax(diff, "diff", background_color="default"))
    else:
        print(diff, end="")
    for finding in proposal.findings:
        notes.print(f"{finding.rule}: {finding.message}", markup=False, style="dim")
    notes.print(
        f"{proposal.model}, {proposal.n_rounds} round(s)"
        + ("; written" if is_written else "; --write changes the file"),
        markup=False,
        style="dim",
    )

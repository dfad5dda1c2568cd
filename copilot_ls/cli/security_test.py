"""``copilot-ls security-test FILE:LINE``: a test that attacks what is found there."""

from __future__ import annotations

import asyncio
from typing import Annotated

import typer

from copilot_ls import testing, wiring
from copilot_ls.cli.context import JsonOption, console, find_root, line_of, options_of, print_json
from copilot_ls.cli.exit_codes import ExitCode
from copilot_ls.cli.tests import progress_on, write_new
from copilot_ls.errors import WorkspaceError
from copilot_ls.features.security.attacks.prove import SecurityTest
from copilot_ls.features.tests.writer import OnProgress


def prove(
    context: typer.Context,
    place: Annotated[str, typer.Argument(metavar="FILE:LINE", help="A line with a finding.")],
    fixed: Annotated[
        str, typer.Option("--fixed", metavar="REV", help="A revision in which it is fixed.")
    ] = "",
    draft: Annotated[
        bool, typer.Option("--draft", help="Take a test that was only seen to fail, too.")
    ] = False,
    rule: Annotated[
        str, typer.Option("--rule", help="Which of several findings of the line is meant.")
    ] = "",
    write: Annotated[bool, typer.Option("--write", help="Write the file of the test.")] = False,
    yes: Annotated[
        bool, typer.Option("--run-code", help="Allow this project's code to be run, this once.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Write a test that attacks a weakness; kept if it fails now and passes once that is fixed.

    The fix is the rule's own, where it has one, or a revision of yours (`--fixed`).

    Running a project's code needs your consent: `copilot-ls trust`, or `--run-code`.
    """
    path, line = line_of(place)
    root = find_root(path)
    settings = options_of(context).settings_for(root)
    document = wiring.read_document(root, path, settings)
    if document.language != "python":
        raise WorkspaceError(
            f"{document.path} is not Python", remedy="attacks are written for Python so far"
        )

    async def work(on_progress: OnProgress) -> SecurityTest:
        findings = await testing.findings_at(root, settings, document, line, rule)
        return await testing.prove_weakness(
            root,
            settings,
            document,
            findings,
            fixed_at=fixed,
            allowed=yes,
            on_progress=on_progress,
        )

    with progress_on(document.path, quiet=as_json) as on_progress:
        told = asyncio.run(work(on_progress))
    is_delivered = bool(told.text) and (bool(told.proof) or draft)
    if write and is_delivered:
        write_new(root / told.test_path, told.text)
    if as_json:
        print_json({**{name: getattr(told, name) for name in told.__slots__}, "kept": is_delivered})
    else:
        _print(told, is_delivered=is_delivered, is_written=write and is_delivered)
    if not is_delivered:
        raise typer.Exit(ExitCode.FINDINGS)


def _print(told: SecurityTest, *, is_delivered: bool, is_written: bool) -> None:
    from rich.syntax import Syntax

    out, notes = console(), console(stderr=True)
    if is_delivered and not is_written:
        if out.is_terminal:
            out.print(Syntax(told.text, "python", background_color="default"))
        else:
            print(told.text, end="")
    where = f"{told.path}:{told.line} {told.rule}"
    if told.problem:
        notes.print(f"{where}: {told.problem}", markup=False)
        return
    notes.print(f"{where}: attacked by {told.way}: {told.evidence}", markup=False)
    if told.proof:
        notes.print(f"it fails on the code as it is, and passes on {told.proof}", markup=False)
    else:
        more = "" if is_delivered else "; --draft takes it as it is"
        notes.print(
            "it fails on the code as it is; whether it passes once that is fixed was not seen: "
            f"name a revision with --fixed{more}",
            markup=False,
        )
    if is_written:
        notes.print(f"written to {told.test_path}", markup=False)
    notes.print(f"confined by {told.protection or 'limits alone'}", markup=False, style="dim")

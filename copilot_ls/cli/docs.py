"""``copilot-ls docs [PATHS]``: docstrings held against the code."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from copilot_ls import wiring
from copilot_ls.cli.context import console, find_root, options_of, print_json
from copilot_ls.cli.exit_codes import ExitCode
from copilot_ls.errors import WorkspaceError
from copilot_ls.features.documentation.check import DocFinding, check_python


def docs(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files or folders; default: the project.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For machines.")] = False,
) -> None:
    """Find docstrings that say what the code does not do (Python)."""
    asked = [path.resolve() for path in paths or [find_root(Path.cwd())]]
    root = find_root(asked[0])
    settings = options_of(context).settings_for(root)
    findings: list[DocFinding] = []
    n_files = 0
    for path in wiring.source_files(root, settings, ending=".py"):
        file = root / path
        if not any(file == place or file.is_relative_to(place) for place in asked):
            continue
        try:
            document = wiring.read_document(root, file, settings)
        except WorkspaceError:
            continue
        n_files += 1
        findings += check_python(path, document.text)
    if as_json:
        print_json({"files": n_files, "findings": findings})
    else:
        _print(findings, n_files)
    if findings:
        raise typer.Exit(ExitCode.FINDINGS)


def _print(findings: list[DocFinding], n_files: int) -> None:
    out = console()
    for finding in findings:
        place = f"{finding.path}:{finding.line + 1}"
        out.print(f"[bold]{place}[/]  {finding.symbol}", highlight=False)
        out.print(f"    {finding.drift.message}  ({finding.drift.rule})", markup=False)
    console(stderr=True).print(
        f"{n_files:,} files, {len(findings):,} statements that are not so", style="dim"
    )

"""``copilot-ls trust``: which folders may run their own code, for instance in tests."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from copilot_ls import wiring
from copilot_ls.cli.context import JsonOption, console, find_root, print_json


def trust(
    path: Annotated[Path | None, typer.Argument(help="The project; default: this one.")] = None,
    revoke: Annotated[bool, typer.Option("--revoke", help="Take it back.")] = False,
    show: Annotated[bool, typer.Option("--list", help="List the folders.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Allow that a project's own code is run (in a sandbox), or take that back."""
    consent = wiring.consent()
    out = console()
    if not show:
        root = find_root(path or Path.cwd())
        if revoke:
            consent.revoke(root)
            out.print(f"the code of {root} is not run any more", markup=False)
        else:
            consent.give(root)
            out.print(f"the code of {root} may be run, in a sandbox", markup=False)
        return
    folders = consent.folders()
    if as_json:
        print_json(dict(folders))
        return
    for folder, since in sorted(folders.items()):
        day = dt.datetime.fromtimestamp(since, tz=dt.UTC).date()
        out.print(f"{folder}  since {day}", markup=False)

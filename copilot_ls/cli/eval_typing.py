"""``copilot-ls eval typing``: somebody types real functions through the real server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import typer

from copilot_ls.cli.context import JsonOption, console, options_of, print_json
from copilot_ls.evals import keystrokes
from copilot_ls.evals.typist import Habits

_HABITS = Habits()


def evaluate_typing(
    context: typer.Context,
    files: Annotated[
        list[Path] | None, typer.Argument(help="Source files to type functions of.")
    ] = None,
    repos: Annotated[
        Path | None, typer.Option("--repos", help="Folder with repositories to choose from.")
    ] = None,
    keys: Annotated[
        int, typer.Option("--keys", min=1, help="About how many characters to type.")
    ] = 1_500,
    speed: Annotated[
        float, typer.Option("--speed", min=0.1, help="2 halves all gaps between keys.")
    ] = 1.0,
    key_ms: Annotated[
        float, typer.Option("--key-ms", min=1.0, help="Median gap between keys inside a word.")
    ] = _HABITS.key_ms,
    patience: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of right suggestions that are taken.")
    ] = _HABITS.patience,
    seed: Annotated[int, typer.Option("--seed")] = 0,
    as_json: JsonOption = False,
) -> None:
    """What would a user have seen and waited, typing real functions through the real server?"""
    from rich.progress import Progress

    if not files and repos is None:
        raise typer.BadParameter("name files, or a folder with --repos")
    sites = keystrokes.find_sites([*(files or ()), *([repos] if repos else ())], keys, seed=seed)
    total = sum(site.end - site.start for site in sites)
    err = console(stderr=True)
    with Progress(console=err, disable=as_json or not err.is_terminal) as progress:
        task = progress.add_task("typing", total=total)
        session = asyncio.run(
            keystrokes.run_typing(
                sites,
                habits=Habits(key_ms=key_ms, patience=patience),
                seed=seed,
                speed=speed,
                settings=options_of(context).assignments,
                on_progress=lambda done: progress.update(task, completed=done),
            )
        )
    summary = keystrokes.summarise(session)
    if as_json:
        print_json(summary)
    else:
        _print_typing(summary)


def _print_typing(summary: Mapping[str, object]) -> None:
    from rich.table import Table

    out = console()
    for name, value in summary.items():
        if isinstance(value, int | float):
            out.print(f"{name.replace('_', ' '):<34} {_figure(value)}", markup=False)
    for group in (summary["latency_ms"], summary["by_origin"]):
        if not isinstance(group, Mapping) or not group:
            continue
        figures = list(next(iter(group.values())))
        table = Table("", *figures, box=None, header_style="bold")
        for name, row in group.items():
            table.add_row(name, *[_figure(row[figure]) for figure in figures])
        out.print()
        out.print(table)
    out.print(f"\nserver: {summary['server']}", style="dim", markup=False)


def _figure(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)

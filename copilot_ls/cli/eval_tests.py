"""``copilot-ls eval tests``: what generated tests are worth on real modules."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from copilot_ls import wiring
from copilot_ls.cli.context import JsonOption, console, options_of, print_json
from copilot_ls.evals import test_suites


class Rival(StrEnum):
    """What to compare with."""

    PYNGUIN = "pynguin"


def evaluate_tests(
    context: typer.Context,
    modules: Annotated[Path, typer.Option("--modules", help="JSON lines: app, module, requires.")],
    apps: Annotated[
        Path | None, typer.Option("--apps", help="Folder with the apps; default: install them.")
    ] = None,
    seconds: Annotated[float, typer.Option("--seconds", min=5, help="For each module.")] = 60.0,
    against: Annotated[
        Rival | None, typer.Option("--against", help="Generate with it too, and compare.")
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="This module alone; can be repeated.")
    ] = None,
    mutants: Annotated[
        int, typer.Option("--mutants", min=1, help="Faults of each module to try at most.")
    ] = 200,
    model: Annotated[
        str, typer.Option("--model", help="Catalogue id of a chat model to ask for inputs, or off.")
    ] = "off",
    keep: Annotated[
        Path | None, typer.Option("--keep", help="Put the generated tests into this folder.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Are generated tests worth having: branches, faults noticed, reliability?

    Runs the code of the applications named, each in a sandbox, and installs them with pip.
    """
    cases = [case for case in test_suites.read_modules(modules) if not only or case.module in only]
    settings = options_of(context).settings_for(None)
    settings = replace(settings, tests=replace(settings.tests, seconds=seconds))
    settings = replace(settings, model=replace(settings.model, chat=model))
    notes = console(stderr=True)

    def tell(what: str) -> None:
        if not as_json:
            notes.print(what, style="dim", markup=False)

    async def run() -> list[test_suites.Row]:
        engines = wiring.Engines(settings)
        try:
            return await test_suites.run_modules(
                cases,
                apps,
                settings,
                against_pynguin=against is not None,
                model=None if model == "off" else await engines.chat_model(),
                mutants=mutants,
                keep=keep,
                on_progress=tell,
            )
        finally:
            await engines.aclose()

    rows = asyncio.run(run())
    summary = test_suites.summarise(rows)
    if as_json:
        print_json(summary)
    else:
        _print(summary)


_COLUMNS = {
    "branch_coverage": "branches",
    "mutation_score": "faults noticed",
    "tests_kept": "tests",
    "seconds": "seconds",
}


def _print(summary: Mapping[str, object]) -> None:
    from rich.table import Table

    rival = summary.get("pynguin")
    pairs = [("", summary)] + ([("Pynguin ", rival)] if isinstance(rival, Mapping) else [])
    heads = [f"{who}{title}" for title in _COLUMNS.values() for who, _ in pairs]
    table = Table("module", *heads, box=None, header_style="bold")
    own = summary["by_module"]
    names = list(own) if isinstance(own, Mapping) else []
    for name in names:
        figures = [side["by_module"][name] for _, side in pairs]  # type: ignore[index]
        table.add_row(name, *[_shown(each[key]) for key in _COLUMNS for each in figures])
    table.add_row(
        "all", *[_shown(side[key]) for key in _COLUMNS for _, side in pairs], style="bold"
    )
    out = console()
    out.print(table)
    for who, side in pairs:
        out.print(f"{who}flake rate {_shown(side['flake_rate'])}", style="dim", markup=False)
        for name in names:
            problem = side["by_module"][name]["problem"]  # type: ignore[index]
            if problem:
                out.print(f"{who}{name}: {problem}", style="dim", markup=False)


def _shown(value: object) -> str:
    return f"{value:.3f}" if isinstance(value, float) else str(value)

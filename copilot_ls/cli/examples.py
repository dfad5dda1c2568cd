"""``copilot-ls docs --run-examples``: do examples in docstrings still give what they say?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

import typer

from copilot_ls import wiring
from copilot_ls.cli.context import console, print_json
from copilot_ls.cli.exit_codes import ExitCode
from copilot_ls.config import Settings
from copilot_ls.features.documentation.reading import module_name
from copilot_ls.features.documentation.run_examples import ExamplesRun, run_examples


def run_all(
    root: Path,
    settings: Settings,
    files: Sequence[tuple[str, str]],
    *,
    allowed: bool,
    as_json: bool,
) -> None:
    """Run the examples of some files (path and text), and say which are not right.

    Raises:
        SandboxError: the user has not allowed the project's code to be run.
    """
    with_examples = [path for path, text in files if ">>>" in text and path.endswith(".py")]
    runs = asyncio.run(
        _run(root, settings, with_examples, {path for path, _ in files}, allowed=allowed)
    )
    failed = [example for run in runs for example in run.failed]
    if as_json:
        print_json({"files": runs})
    else:
        _print(runs)
    if failed:
        raise typer.Exit(ExitCode.FINDINGS)


async def _run(
    root: Path, settings: Settings, paths: Sequence[str], known: set[str], *, allowed: bool
) -> list[ExamplesRun]:
    packages = known | {
        (folder / "__init__.py").relative_to(root).as_posix()
        for each in paths
        for folder in (root / each).parents
        if folder.is_relative_to(root) and (folder / "__init__.py").is_file()
    }
    sandbox = wiring.open_sandbox(root, settings, allowed=allowed)
    runs: list[ExamplesRun] = []
    try:
        with console(stderr=True).status("running examples") as status:
            for path in paths:
                status.update(f"running the examples of {path}")
                module = module_name(path, packages)
                memory_bytes = settings.sandbox.memory_mb << 20
                runs.append(await run_examples(sandbox, path, module, memory_bytes=memory_bytes))
    finally:
        sandbox.close()
    return runs


def _print(runs: Sequence[ExamplesRun]) -> None:
    out, notes = console(), console(stderr=True)
    for run in runs:
        for example in run.failed:
            out.print(f"[bold]{example.path}:{example.line + 1}[/]  {example.symbol}")
            out.print(f"    >>> {example.code}", markup=False)
            out.print(f"    says {example.wanted or 'nothing'}", markup=False)
            out.print(f"    gives {example.got or 'nothing'}", markup=False)
        if run.problem:
            notes.print(f"{run.path}: not run: {run.problem}", markup=False, style="yellow")
    n_unable = sum(run.n_unable for run in runs)
    notes.print(
        f"{sum(run.n_run for run in runs)} examples in {len(runs)} files, "
        f"{sum(len(run.failed) for run in runs)} are not right"
        + (f", {n_unable} need what is not there" if n_unable else ""),
        style="dim",
    )

"""``copilot-ls provenance FILE``: where a piece of code stands in other people's packages too."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from copilot_ls import wiring
from copilot_ls.cli.context import JsonOption, console, find_root, print_json
from copilot_ls.cli.exit_codes import ExitCode
from copilot_ls.domain import CodeOrigin
from copilot_ls.features.completion.provenance import described

_WINDOW_LINES = 20
_STEP_LINES = 10


def provenance(
    file: Annotated[
        str, typer.Argument(metavar="[FILE|-]", help="Code to look for; `-` reads it from stdin.")
    ] = "",
    update: Annotated[
        bool, typer.Option("--update", help="Read the packages of this project first.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Tell where code comes from: installed and vendored packages, with their licences."""
    store = wiring.origin_store()
    if update:
        _update(quiet=as_json)
    if not file:
        _tell_status(as_json=as_json)
        return
    text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    lines = text.splitlines()
    found: list[tuple[int, CodeOrigin]] = []
    seen: set[tuple[str, str]] = set()
    for start in range(0, max(1, len(lines) - _WINDOW_LINES + _STEP_LINES), _STEP_LINES):
        for origin in store.origins("\n".join(lines[start : start + _WINDOW_LINES]))[:1]:
            if (origin.package, origin.path) not in seen:
                seen.add((origin.package, origin.path))
                found.append((start, origin))
    if as_json:
        print_json([{"line": line + 1, "origin": origin} for line, origin in found])
    else:
        out = console()
        for line, origin in found:
            share = f"{100 * origin.share:.0f} %"
            out.print(f"line {line + 1}: {share} in {described(origin)}", markup=False)
        if not found:
            out.print("found in no package that is known here")
    if found:
        raise typer.Exit(ExitCode.FINDINGS)


def _update(*, quiet: bool) -> None:
    from rich.progress import Progress

    store = wiring.origin_store()
    packages = store.missing(wiring.foreign_packages(find_root(Path.cwd())))
    out = console(stderr=True)
    with Progress(console=out, disable=quiet or not out.is_terminal) as progress:
        task = progress.add_task("packages", total=len(packages))
        store.add(
            packages,
            lambda done, name: progress.update(task, completed=done, description=name),
        )
        progress.update(task, completed=len(packages))


def _tell_status(*, as_json: bool) -> None:
    status = wiring.origin_store().status()
    if as_json:
        print_json(status)
        return
    console().print(
        f"{status.n_packages:,} packages, {status.n_files:,} files, "
        f"{status.n_fingerprints:,} fingerprints, {status.n_bytes / 1e6:.1f} MB"
    )

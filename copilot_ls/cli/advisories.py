"""``copilot-ls advisories``: what is known of weaknesses of packages; brought by hand alone."""

from __future__ import annotations

import datetime as dt
import time
from typing import Annotated

import typer

from copilot_ls import scanning, wiring
from copilot_ls.cli.context import JsonOption, console, print_json

app = typer.Typer(help="Advisories on packages, kept on this machine.", no_args_is_help=True)


@app.command("import")
def bring(
    source: Annotated[
        str,
        typer.Argument(
            metavar="FILE|FOLDER|URL", help="An export in the OSV format: zip, folder or JSON."
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """Read an export; what came from the same place before is replaced.

    osv.dev offers one for each ecosystem (PyPI, npm, Go, crates.io, Maven) as `all.zip`. Nothing
    is ever loaded unless you type its address here.
    """
    from rich.progress import Progress

    started = time.perf_counter()
    out = console(stderr=True)
    with Progress(console=out, disable=as_json or not out.is_terminal, transient=True) as progress:
        task = progress.add_task("", total=None)
        imported = scanning.import_advisories(
            wiring.advisory_store(),
            source,
            lambda what, done, total: progress.update(
                task, description=what, completed=done, total=total
            ),
        )
    seconds = time.perf_counter() - started
    added = imported.source
    if as_json:
        print_json({"source": added, "left_out": imported.n_left_out, "seconds": seconds})
        return
    out.print(
        f"{added.n_advisories:,} advisories from {added.place} in {seconds:.1f} s; "
        f"{imported.n_left_out:,} left out (withdrawn, or of other ecosystems)",
        markup=False,
    )


@app.command("status")
def status(
    as_json: JsonOption = False,
) -> None:
    """Tell which advisories there are, from where and how old."""
    found = wiring.advisory_store().status()
    if as_json:
        print_json(found)
        return
    out = console()
    if found is None:
        out.print("no advisories; `copilot-ls advisories import FILE|FOLDER|URL` brings them")
        return
    by_ecosystem = ", ".join(f"{name} {n:,}" for name, n in sorted(found.ecosystems.items()))
    out.print(f"{found.n_advisories:,} advisories ({by_ecosystem}), {found.n_bytes / 1e6:.1f} MB")
    for source in found.sources:
        day = dt.datetime.fromtimestamp(source.seconds, tz=dt.UTC).date()
        out.print(
            f"{source.n_advisories:,} from {source.place}, imported on {day}, "
            f"SHA-256 {source.digest[:16]}",
            markup=False,
        )

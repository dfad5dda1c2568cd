"""``copilot-ls model``: which models there are, and bringing, checking and choosing them."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Literal, Protocol

import typer

from copilot_ls import wiring
from copilot_ls.cli.context import JsonOption, console, options_of, print_json
from copilot_ls.cli.exit_codes import ExitCode
from copilot_ls.errors import ConfigError

app = typer.Typer(help="List, download, check, choose and pack models.", no_args_is_help=True)

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9}


class _Progress(Protocol):
    """What the store tells while it works."""

    @property
    def stage(self) -> str: ...
    @property
    def done(self) -> int: ...
    @property
    def total(self) -> int: ...


@app.command("list")
def list_models(
    context: typer.Context,
    here: Annotated[bool, typer.Option("--here", help="Only what is on this machine.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List all known models and which of them are here."""
    store = wiring.model_store()
    chosen = options_of(context).settings_for(None).model
    used_for = {chosen.chat: ["chat"]}
    used_for[chosen.completion] = ["completion", *used_for.get(chosen.completion, [])]
    models = [(entry, store.status(entry)) for entry in store.catalog.entries.values()]
    if here:
        models = [(entry, status) for entry, status in models if status.bytes_on_disk]
    if as_json:
        rows = [
            {
                "id": entry.id,
                "family": entry.family,
                "title": entry.title,
                "publisher": entry.publisher,
                "licence": entry.licence,
                "billion_parameters": entry.parameters,
                "purposes": sorted(entry.purposes),
                "context_tokens": entry.context_tokens,
                "download_bytes": entry.size,
                "state": str(status.state),
                "verified": status.is_verified,
                "bytes_on_disk": status.bytes_on_disk,
                "bytes_of_unfinished_download": status.bytes_partial,
                "used_for": used_for.get(entry.id, []),
                "from": entry.origin,
                "note": entry.note,
                "folder": str(status.folder),
            }
            for entry, status in models
        ]
        print_json({"models": rows, "problems": list(store.catalog.problems)})
        return
    from rich.markup import escape
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("model", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("size", no_wrap=True, justify="right")
    table.add_column("licence and remarks")
    for entry, status in models:
        remarks = [entry.licence]
        remarks += [] if status.is_verified else ["unverified"]
        remarks += [entry.note] if entry.note else []
        remarks += [f"your {purpose} model" for purpose in used_for.get(entry.id, [])]
        table.add_row(
            entry.id,
            "partly here" if status.bytes_partial else str(status.state),
            _size(entry.size),
            escape("; ".join(remarks)),
            style={"ready": "green", "not here": "dim"}.get(status.state, ""),
        )
    out = console()
    out.print(table)
    out.print(
        "\nunverified: its digest is taken down at the first download and must stay the same.",
        style="dim",
    )
    _print_problems(store.catalog.problems)


@app.command()
def pull(
    context: typer.Context,
    model_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Default: what you use.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", help="Take it from this file or folder.")
    ] = None,
    new_id: Annotated[
        str, typer.Option("--as", metavar="ID", help="With --file: add a GGUF under a new name.")
    ] = "",
    prepare: Annotated[
        bool | None,
        typer.Option(
            "--prepare/--no-prepare",
            help="Make the form that OpenVINO runs; by default only where it is faster.",
        ),
    ] = None,
    patience: Annotated[
        float, typer.Option(help="Seconds that a source may take to answer.", min=0.5, max=600)
    ] = 5.0,
) -> None:
    """Download models, check them, and prepare them for the local engine."""
    from rich.markup import escape

    store = wiring.model_store()
    _print_problems(store.catalog.problems)
    settings = options_of(context).settings_for(None)
    sources = None
    if new_id:
        if file is None or model_ids:
            raise ConfigError("--as needs --file and no other id", remedy="--file PATH --as ID")
        entries = [wiring.add_model_file(file, new_id)]
    else:
        if model_ids:
            entries = [store.catalog.find(model_id) for model_id in model_ids]
        else:
            entries = [
                store.catalog.find(settings.model.completion),
                store.catalog.find(store.embedder_id),
            ]
        if file is not None:
            if len(entries) != 1 or not model_ids:
                raise ConfigError(
                    "--file is for one model", remedy="`copilot-ls model pull ID --file PATH`"
                )
            sources = [wiring.model_file_source(file)]
    for entry in entries:
        with _progress() as report:
            pulled = store.pull(
                entry,
                sources=sources,
                with_preparation=(
                    wiring.wants_preparation(settings, entry) if prepare is None else prepare
                ),
                patience=patience,
                report=report,
            )
        out = console()
        if pulled.was_there:
            out.print(f"{entry.id} is {pulled.status.state}")
            continue
        manifest = pulled.status.manifest
        source = escape(f" from {manifest.source}") if manifest else ""
        out.print(
            f"[green]{entry.id} is {pulled.status.state}[/]{source}, "
            f"{_size(pulled.status.bytes_on_disk)} on disk; "
            + escape(f"licence {entry.licence}{f' ({entry.note})' if entry.note else ''}")
        )
        if pulled.download_seconds:
            out.print(f"  downloaded and checked in {pulled.download_seconds:.0f} s", style="dim")
        if pulled.prepared:
            out.print(
                f"  prepared in {pulled.prepared.seconds:.0f} s, "
                f"{_size(pulled.prepared.peak_bytes)} of memory at most",
                style="dim",
            )
        if not pulled.status.is_verified and manifest:
            for name, stored in manifest.files.items():
                out.print(f"  taken down: SHA-256 {stored.sha256} of {name}", style="dim")


@app.command()
def verify(
    model_ids: Annotated[
        list[str] | None, typer.Argument(metavar="[ID]...", help="Default: all that are here.")
    ] = None,
) -> None:
    """Read every byte of models again and compare digests; exits with 1 if one is damaged."""
    store = wiring.model_store()
    if model_ids:
        entries = [store.catalog.find(model_id) for model_id in model_ids]
    else:
        entries = [
            entry for entry in store.catalog.entries.values() if store.status(entry).manifest
        ]
    out = console()
    damaged = False
    for entry in entries:
        with _progress() as report:
            checks = store.verify(entry, report=report)
        bad = [check for check in checks if check.problem]
        damaged = damaged or bool(bad)
        if bad:
            for check in bad:
                out.print(f"[red]damaged[/] {entry.id}: {check.name} {check.problem}")
            out.print(f"  `copilot-ls model pull {entry.id}` mends it")
        else:
            vouched = "" if entry.is_verified else " since its first download"
            out.print(f"[green]whole[/]   {entry.id}: {len(checks)} files{vouched}")
    if not entries:
        out.print("no model is here; `copilot-ls model pull` downloads the default")
    if damaged:
        raise typer.Exit(ExitCode.FINDINGS)


@app.command()
def use(
    model_id: Annotated[str, typer.Argument(metavar="ID")],
    purpose: Annotated[
        Literal["completion", "chat", ""],
        typer.Option("--for", help="Default: completion if the model can, else chat."),
    ] = "",
) -> None:
    """Make a model your choice, in your own settings file."""
    store = wiring.model_store()
    entry = store.catalog.find(model_id)
    able = [able for able in ("completion", "chat") if able in entry.purposes]
    if not able or (purpose and purpose not in able):
        raise ConfigError(
            f"{model_id} cannot be used for {purpose or 'completion or chat'}",
            remedy="`copilot-ls model list` shows what each is for",
        )
    settings_file = wiring.choose_model(model_id, purpose or able[0])
    out = console()
    out.print(f"{purpose or able[0]}: {model_id}, said in {settings_file}")
    if store.status(entry).manifest is None:
        out.print(f"it is not here yet: `copilot-ls model pull {model_id}`", style="yellow")


@app.command()
def remove(
    model_ids: Annotated[list[str], typer.Argument(metavar="ID...")],
    forget: Annotated[
        bool, typer.Option("--forget", help="Also forget the digest of an unverified model.")
    ] = False,
) -> None:
    """Delete models from this machine; they can be pulled again."""
    store = wiring.model_store()
    for entry in [store.catalog.find(model_id) for model_id in model_ids]:
        size = store.remove(entry)
        forgotten = forget and store.forget_digests(entry.id)
        freed = f"removed, {_size(size)} are free again" if size else "was not here"
        console().print(f"{entry.id}: {freed}{'; digest forgotten' if forgotten else ''}")


@app.command()
def pack(
    model_id: Annotated[str, typer.Argument(metavar="ID")],
    out: Annotated[Path, typer.Option("--out", help="Folder for the wheels.")],
    part_size: Annotated[str, typer.Option(help="Largest size of a wheel.")] = "90MB",
    version: Annotated[str, typer.Option(help="Version of the wheels.")] = "1.0.0",
) -> None:
    """Write a model as wheels, so that your own package index can carry it."""
    with _progress() as report:
        wheels, entry = wiring.pack_model(
            model_id, out, version=version, part_bytes=_bytes(part_size), report=report
        )
    err = console(stderr=True)
    total = sum(wheel.stat().st_size for wheel in wheels)
    err.print(f"{len(wheels)} wheels, {_size(total)}, in {out}")
    err.print(
        "Upload them to your index (mind the model's licence), and put this into `models.toml` "
        "beside the settings file on the machines that pull it:\n",
        style="dim",
    )
    print(entry, end="")


@contextmanager
def _progress() -> Iterator[Callable[[_Progress], None]]:
    """Show work as a bar where a person watches, else as a line for each stage."""
    err = console(stderr=True)
    stage = ""
    if not err.is_terminal:

        def say(progress: _Progress) -> None:
            nonlocal stage
            if progress.stage != stage:
                stage = progress.stage
                err.print(f"  {stage}")

        yield say
        return
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
        TransferSpeedColumn,
    )

    with Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
    ) as bars:
        task = bars.add_task("starting", total=None)
        shown_at = 0.0

        def draw(progress: _Progress) -> None:
            nonlocal stage, shown_at
            now = time.monotonic()
            if progress.stage != stage:
                stage = progress.stage
                bars.reset(task, description=stage, total=progress.total or None)
            elif now - shown_at < 0.05 and progress.done != progress.total:
                return
            shown_at = now
            bars.update(task, completed=progress.done, total=progress.total or None)

        yield draw


def _print_problems(problems: tuple[str, ...]) -> None:
    for problem in problems:
        print(f"copilot-ls: ignored: {problem}", file=sys.stderr)


def _size(n_bytes: int) -> str:
    if not n_bytes:
        return "?"
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 1e9 else f"{n_bytes / 1e6:.0f} MB"


def _bytes(text: str) -> int:
    found = re.fullmatch(r"(\d+)\s*([KMG]?B?)", text.strip().upper())
    if found is None or found[2] in {"K", "M", "G"}:
        raise ConfigError(f"'{text}' is not a size", remedy="for example 90MB")
    return int(found[1]) * _UNITS[found[2]]

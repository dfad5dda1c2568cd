"""``copilot-ls doctor``: what is set up, why, and what leaves the machine."""

from __future__ import annotations

import platform
import sys
from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from copilot_ls import config, scanning, wiring
from copilot_ls.cli.context import JsonOption, console, find_root, options_of, print_json
from copilot_ls.cli.exit_codes import ExitCode
from copilot_ls.cli.settings import shown, value_of
from copilot_ls.errors import CopilotError
from indexer.errors import IndexerError
from indexer.model import IndexState


class Verdict(StrEnum):
    """How a line of the report is to be read."""

    FINE = "ok"
    NOTE = "note"
    WRONG = "wrong"


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at; ``remedy`` says what to do if it is not fine."""

    topic: str
    verdict: Verdict
    text: str
    remedy: str = ""


def doctor(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(help="The project, or a folder in it.")] = Path(),
    as_json: JsonOption = False,
) -> None:
    """Look at Python, engine, model, index, settings and network policy."""
    root = find_root(path)
    settings, problems = options_of(context).merged_settings(root)
    lines = [
        _python(),
        *_models(settings),
        _index(root, settings),
        _packages(root, settings),
        _security(root),
        *_settings(settings, problems),
        _network(settings),
    ]
    if as_json:
        print_json({"root": root, "checks": lines})
    else:
        _print(lines)
    if any(line.verdict is Verdict.WRONG for line in lines):
        raise typer.Exit(ExitCode.ENGINE)


def _python() -> Line:
    text = (
        f"copilot-ls {metadata.version('copilot-ls')}, Python {platform.python_version()} "
        f"({sys.executable}), {platform.system()} {platform.machine()}"
    )
    return Line("python", Verdict.FINE, text)


def _models(settings: config.Settings) -> list[Line]:
    engines = wiring.Engines(settings)
    lines = []
    for purpose in ("completion", "chat"):
        model_id = getattr(settings.model, purpose)
        try:
            choice = engines.choice(model_id)
        except CopilotError as error:
            lines.append(Line(purpose, Verdict.WRONG, error.message, error.remedy))
            continue
        # Only typing needs its model at once; the slow tasks' model may come later.
        bad = Verdict.WRONG if purpose == "completion" else Verdict.NOTE
        lines.append(
            Line(
                purpose,
                bad if choice.problem else Verdict.FINE,
                f"{choice.model} on {choice.engine}: {choice.problem or choice.reason}",
                choice.remedy,
            )
        )
        lines += _weights(model_id)
    return lines


def _weights(model_id: str) -> list[Line]:
    store = wiring.model_store()
    entry = store.catalog.entries.get(model_id)
    if entry is None or store.source_file(entry) is None:
        return []
    status = store.status(entry)
    vouched = "the catalogue's digest" if entry.is_verified else "a digest of its first download"
    return [
        Line(
            "weights",
            Verdict.FINE,
            f"{entry.title}, {entry.licence}, {status.state}, held against {vouched} "
            f"{entry.file.sha256[:12]} in {status.folder}",
        )
    ]


def _index(root: Path, settings: config.Settings) -> Line:
    try:
        with closing(wiring.open_index(root, settings)) as index:
            status = index.status()
    except IndexerError as error:
        return Line("index", Verdict.WRONG, error.message, error.remedy)
    if status.state is IndexState.MISSING:
        return Line("index", Verdict.NOTE, f"{root} is not indexed", "run `copilot-ls index`")
    text = (
        f"{status.state}: {status.n_files:,} files, {status.n_symbols:,} symbols, "
        f"{status.n_vectors:,} vectors, {status.store_bytes / 1e6:,.1f} MB in {status.location}"
    )
    fine = status.state is IndexState.READY
    remedy = "" if fine else "run `copilot-ls index`"
    return Line("index", Verdict.FINE if fine else Verdict.NOTE, text, remedy)


def _packages(root: Path, settings: config.Settings) -> Line:
    folders, reason = wiring.python_packages(root, settings)
    if folders:
        return Line("packages", Verdict.FINE, f"signatures are read from {folders} ({reason})")
    return Line(
        "packages",
        Verdict.NOTE,
        f"Python packages are not known: {reason}",
        "activate the environment, or set index.python_environment",
    )


def _security(root: Path) -> Line:
    state = scanning.rules_state()
    rules = f"{state.n_rules} rules, {state.n_in_process} of them while typing"
    if state.problems:
        return Line("security", Verdict.WRONG, f"{rules}; {state.problems[0]}", "reinstall it")
    engine = scanning.find_semgrep(root)
    if engine is None:
        text = f"{rules}; Semgrep is not installed, so that data is not followed"
        return Line("security", Verdict.NOTE, text, "pip install 'copilot-ls[security]'")
    text = f"{rules}; Semgrep {engine.version} of {engine.origin}"
    return Line("security", Verdict.FINE, text)


def _settings(settings: config.Settings, problems: list[config.SettingProblem]) -> list[Line]:
    lines = [
        Line("setting", Verdict.FINE, f"{key} = {shown(value_of(settings, key))}  ({layer})")
        for key, layer in settings.sources.items()
    ]
    if not lines:
        lines = [Line("settings", Verdict.FINE, f"all defaults; yours go to {config.user_file()}")]
    return lines + [Line("setting", Verdict.NOTE, f"ignored: {problem}") for problem in problems]


def _network(settings: config.Settings) -> Line:
    index = settings.index
    uses = [
        ("code is sent to", settings.endpoint.url),
        ("code is sent to", index.embedder_url),
        ("vectors of code are sent to", index.chroma_url),
        ("vectors are fetched from", index.pull_from if wiring.is_url(index.pull_from) else ""),
    ]
    hosts = [(what, url) for what, url in uses if url]
    remote = [f"{what} {url}" for what, url in hosts if not wiring.is_loopback(url)]
    if remote:
        return Line(
            "network",
            Verdict.NOTE,
            f"{'; '.join(remote)}: as your own settings say",
            f"remove it from {config.user_file()} to stay on this machine",
        )
    known = ", ".join(url for _, url in hosts)
    text = "nothing leaves this machine" + (f" (only {known})" if known else "")
    return Line("network", Verdict.FINE, text)


def _print(lines: list[Line]) -> None:
    from rich.table import Table

    marks = {
        Verdict.FINE: "[green]✓[/]",
        Verdict.NOTE: "[yellow]•[/]",
        Verdict.WRONG: "[red]✗[/]",
    }
    table = Table.grid(padding=(0, 2))
    for line in lines:
        text = line.text + (f"\n[bold]→ {line.remedy}[/]" if line.remedy else "")
        table.add_row(marks[line.verdict], line.topic, text)
    console().print(table)

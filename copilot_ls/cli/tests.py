"""``copilot-ls tests FILE``: tests that were run and earned their place, as a proposal."""

from __future__ import annotations

import asyncio
import difflib
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from copilot_ls import testing, wiring
from copilot_ls.cli.context import JsonOption, console, find_root, options_of, print_json
from copilot_ls.cli.edit import replace_file
from copilot_ls.cli.exit_codes import ExitCode
from copilot_ls.config import Settings
from copilot_ls.errors import WorkspaceError, from_system
from copilot_ls.features.tests.writer import OnProgress, WrittenTests


def propose_tests(
    context: typer.Context,
    place: Annotated[str, typer.Argument(metavar="FILE[::SYMBOL]", help="What to test.")],
    write: Annotated[bool, typer.Option("--write", help="Write the file of tests.")] = False,
    append: Annotated[
        bool, typer.Option("--append", help="Add to the tests that are there; none is touched.")
    ] = False,
    seconds: Annotated[
        float | None, typer.Option("--budget", min=5, help="Seconds to explore, for this once.")
    ] = None,
    yes: Annotated[
        bool, typer.Option("--run-code", help="Allow this project's code to be run, this once.")
    ] = False,
    ask_model: Annotated[
        bool | None,
        typer.Option("--model/--no-model", help="Ask the chat model for inputs, too (Python)."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Propose tests for a module: explored in a sandbox, run, and kept only if they tell something.

    They go into a new file, or with `--append` into the file of tests that is there.

    Running a project's code needs your consent: `copilot-ls trust`, or `--run-code`.
    """
    name, _, symbol = place.partition("::")
    path = Path(name)
    root = importable(find_root(path))
    settings = options_of(context).settings_for(root)
    if seconds:
        settings = replace(settings, tests=replace(settings.tests, seconds=seconds))
    if ask_model is not None:
        settings = replace(
            settings, tests=replace(settings.tests, model="on" if ask_model else "off")
        )
    document = wiring.read_document(root, path, settings)
    if not testing.has_writer(document):
        raise WorkspaceError(
            f"{document.path} is {document.language}",
            remedy="tests are written for Python, JavaScript and TypeScript",
        )
    if append and document.language != "python":
        raise WorkspaceError(
            "only tests of Python can be added to a file", remedy="leave --append out"
        )
    written = asyncio.run(
        _write(root, settings, document.path, symbol, append=append, as_json=as_json, allowed=yes)
    )
    if write and written.text:
        if written.existing is not None:
            replace_file(root / written.test_path, written.existing, written.text)
        else:
            write_new(root / written.test_path, written.text)
    if as_json:
        print_json(written)
    else:
        _print(written, is_written=write and bool(written.text))
    if not written.text:
        raise typer.Exit(ExitCode.FINDINGS)


def importable(root: Path) -> Path:
    """The folder that imports start from, where nothing but a package was found around a file."""
    while (root / "__init__.py").is_file() and not (root / ".git").exists():
        root = root.parent
    return root


async def _write(
    root: Path,
    settings: Settings,
    path: str,
    symbol: str,
    *,
    append: bool,
    as_json: bool,
    allowed: bool,
) -> WrittenTests:
    engines = wiring.Engines(settings)
    try:
        with progress_on(path, quiet=as_json) as on_progress:
            return await testing.propose_tests(
                root,
                settings,
                path,
                symbols=[symbol] if symbol else [],
                append=append,
                allowed=allowed,
                chat_model=engines.chat_model,
                on_progress=on_progress,
            )
    finally:
        await engines.aclose()


def write_new(file: Path, text: str) -> None:
    """Write a file of tests; one that is there already is never touched.

    Raises:
        WorkspaceError: it is there, or cannot be written.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("x", encoding="utf-8") as target:
            target.write(text)
    except OSError as error:
        raise from_system(error) from error


class progress_on:  # noqa: N801 - reads as a function where it is used
    """A bar on stderr while somebody looks."""

    def __init__(self, path: str, *, quiet: bool) -> None:
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

        out = console(stderr=True)
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=out, disable=quiet or not out.is_terminal)
        self._task = self._progress.add_task(path, total=1.0)
        self._path = path

    def __enter__(self) -> OnProgress:
        self._progress.start()

        def tell(what: str, share: float) -> None:
            self._progress.update(self._task, completed=share, description=f"{self._path}: {what}")

        return tell

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def _print(written: WrittenTests, *, is_written: bool) -> None:
    from rich.syntax import Syntax
    from rich.table import Table

    out = console()
    notes = console(stderr=True)
    if written.text and not is_written:
        is_added = written.existing is not None
        text = _difference(written) if is_added else written.text
        if out.is_terminal:
            code = "python" if written.path.endswith(".py") else "typescript"
            language = "diff" if is_added else code
            out.print(Syntax(text, language, background_color="default"))
        else:
            print(text, end="")
    if written.verdicts:
        table = Table(
            "test",
            "passed",
            "branches",
            "faults noticed",
            "input from",
            box=None,
            header_style="bold",
        )
        for verdict in written.verdicts:
            table.add_row(
                verdict.name,
                f"{verdict.passes}/{verdict.runs}",
                str(verdict.branches),
                str(verdict.kills),
                verdict.origin,
            )
        notes.print(table)
    if written.problem:
        notes.print(f"{written.path}: {written.problem}", markup=False)
    if written.n_goals:
        notes.print(
            f"{written.n_covered} of {written.n_goals} branches reached, "
            f"{written.n_killed} of {written.n_mutants} faults noticed, "
            f"{written.n_dropped} tests dropped, {written.seconds:.0f} s; "
            f"confined by {written.protection or 'limits alone'}",
            markup=False,
            style="dim",
        )
    for suspicion in written.suspicions[:5]:
        notes.print(f"possible bug: {suspicion.source}", markup=False)
        notes.print(f"    {suspicion.error}", markup=False, style="dim")
    if is_written:
        notes.print(f"written to {written.test_path}", markup=False)
    elif written.text:
        notes.print(f"--write puts it into {written.test_path}", markup=False, style="dim")


def _difference(written: WrittenTests) -> str:
    lines = difflib.unified_diff(
        (written.existing or "").splitlines(keepends=True),
        written.text.splitlines(keepends=True),
        f"a/{written.test_path}",
        f"b/{written.test_path}",
    )
    return "".join(line if line.endswith("\n") else f"{line}\n" for line in lines)

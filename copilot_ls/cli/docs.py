"""``copilot-ls docs``: docstrings held against the code, repaired, and written where none is."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated

import typer

from copilot_ls import documenting, wiring
from copilot_ls.cli import examples, pages
from copilot_ls.cli.context import JsonOption, console, find_root, options_of, print_json, unlinked
from copilot_ls.cli.edit import replace_file
from copilot_ls.cli.exit_codes import ExitCode
from copilot_ls.config import Settings
from copilot_ls.documenting import DocTask, Documenter
from copilot_ls.domain import Document, edited
from copilot_ls.errors import ConfigError, WorkspaceError
from copilot_ls.features.documentation.check import (
    DocFinding,
    check_file,
    check_text,
    is_checked,
)
from copilot_ls.features.documentation.incomplete import Gap, find_gaps
from copilot_ls.features.documentation.reading import Neighbours, read_file
from copilot_ls.features.documentation.references import (
    DeadReference,
    check_docstring_names,
    check_markdown,
)
from copilot_ls.features.documentation.write import DocProposal, Writer
from indexer.conventions.testing import is_test_path
from indexer.syntax import parse


@dataclass(frozen=True, slots=True)
class _Place:
    """A file or folder, and perhaps a definition in it."""

    path: Path
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class _Changed:
    """What is proposed for one file."""

    path: str
    before: str
    after: str
    proposals: list[DocProposal] = field(default_factory=list)


def docs(
    context: typer.Context,
    places: Annotated[
        list[str] | None,
        typer.Argument(metavar="[PATH[::SYMBOL]]...", help="Files or folders; or the project."),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Say what is wrong, and nothing else; the default.")
    ] = False,
    diff: Annotated[
        bool, typer.Option("--diff", help="Show what --write would change, and change nothing.")
    ] = False,
    write: Annotated[
        bool, typer.Option("--write", help="Repair docstrings, and write those that are missing.")
    ] = False,
    repairs_only: Annotated[
        bool, typer.Option("--repairs-only", help="With --write or --diff: write no new ones.")
    ] = False,
    prose: Annotated[
        bool,
        typer.Option("--prose", help="Let the chat model write sentences; each is checked."),
    ] = False,
    incomplete: Annotated[
        bool, typer.Option("--incomplete", help="Also name what docstrings leave unsaid.")
    ] = False,
    names: Annotated[
        bool | None,
        typer.Option(
            "--names/--no-names",
            help="Names, links and options in docstrings and Markdown too; "
            "default for folders and Markdown.",
        ),
    ] = None,
    run: Annotated[
        bool, typer.Option("--run-examples", help="Run examples (>>>), in the sandbox.")
    ] = False,
    run_code: Annotated[
        bool, typer.Option("--run-code", help="Allow this project's code to be run, this once.")
    ] = False,
    site: Annotated[
        Path | None, typer.Option("--site", metavar="DIR", help="Write pages for MkDocs there.")
    ] = None,
    changelog: Annotated[
        str, typer.Option("--changelog", metavar="REV..REV", help="Draft what changed for users.")
    ] = "",
    as_json: JsonOption = False,
) -> None:
    """Find documentation that says what the code does not do; repair and write docstrings."""
    if check and (diff or write):
        raise ConfigError("--check changes nothing", remedy="leave out --write and --diff")
    asked = [_place(each) for each in places or ()] or [_Place(find_root(Path.cwd()))]
    root = find_root(asked[0].path)
    settings = options_of(context).settings_for(root)
    if site is not None:
        pages.write_site(root, settings, site, as_json=as_json)
        return
    if changelog:
        pages.print_changelog(root, changelog, as_json=as_json)
        return
    if run:
        files = [(path, text) for path, text, _ in _files(root, settings, asked)]
        examples.run_all(root, settings, files, allowed=run_code, as_json=as_json)
        return
    if prose:
        settings = replace(settings, docs=replace(settings.docs, prose=True))
    if write or diff:
        if not places and not repairs_only:
            raise ConfigError(
                "new docstrings for a whole project are too much to look through",
                remedy="name files or folders, or add --repairs-only",
            )
        work = _change(root, settings, asked, with_new=not repairs_only)
        _deliver(root, asyncio.run(work), write=write, as_json=as_json)
        return
    findings: list[DocFinding] = []
    gaps: list[Gap] = []
    n_files = 0
    for path, text, symbols in _files(root, settings, asked):
        language = parse.language_of(path) or "text"
        if not is_checked(language):
            continue
        n_files += 1
        found = check_text(path, language, text)
        findings += [each for each in found if not symbols or each.symbol in symbols]
        is_written = language == "python" and not is_test_path(path)
        if incomplete and is_written and (file := read_file(path, text)) is not None:
            unsaid = find_gaps(file, Writer(file, Neighbours(), settings.docs))
            gaps += [each for each in unsaid if not symbols or each.symbol in symbols]
    is_wide = any(each.path.suffix == ".md" or each.path.is_dir() for each in asked)
    dead: list[DeadReference] = []
    if is_wide if names is None else names:
        dead, n_pages = _dead_references(root, settings, asked)
        n_files += n_pages
    if as_json:
        print_json({"files": n_files, "findings": findings, "incomplete": gaps, "references": dead})
    else:
        _print(findings, gaps, dead, n_files)
    if findings or gaps or dead:
        raise typer.Exit(ExitCode.FINDINGS)


def _place(text: str) -> _Place:
    name, _, symbol = text.partition("::")
    return _Place(unlinked(Path(name)), symbol)


def _files(
    root: Path, settings: Settings, asked: Sequence[_Place]
) -> Iterator[tuple[str, str, list[str]]]:
    """Path, text and the definitions that were asked for (none: all of them) of each file."""
    named = [each for each in asked if not each.path.is_dir()]
    for each in named:
        # A file that is named and cannot be read is an error; one in a folder is not.
        wiring.read_document(root, each.path, settings)
        if each.symbol and each.path.suffix == ".md":
            raise WorkspaceError(
                f"{each.path} has no definitions", remedy="name a source file before `::`"
            )
    paths = documenting.documented_files(root, settings)
    chosen: dict[str, list[str]] = {}
    for path in paths:
        file = root / path
        holders = [p for p in asked if file == p.path or file.is_relative_to(p.path)]
        if holders:
            symbols = [each.symbol for each in holders]
            chosen[path] = [] if "" in symbols else symbols
    for path, text in documenting.read_texts(root, chosen, settings):
        yield path, text, chosen[path]


async def _change(
    root: Path, settings: Settings, asked: Sequence[_Place], *, with_new: bool
) -> list[_Changed]:
    changed: list[_Changed] = []
    engines = wiring.Engines(settings)
    documenter = Documenter(root, settings, engines.chat_model)
    try:
        with console(stderr=True).status("reading", spinner="dots") as status:
            for path, text, symbols in _files(root, settings, asked):
                if not path.endswith((".py", ".pyi")):
                    continue
                document = Document((root / path).as_uri(), path, "python", text)
                proposals: list[DocProposal] = []
                for name, task in await _tasks(document, documenter, symbols, with_new=with_new):
                    status.update(f"writing {path}: {name}")
                    if (proposal := await documenter.propose(document, name, task)) is not None:
                        proposals.append(proposal)
                edits = [each.edit for each in proposals if each.edit is not None]
                if proposals:
                    changed.append(_Changed(path, text, edited(text, *edits), proposals))
    finally:
        await engines.aclose()
    return changed


async def _tasks(
    document: Document, documenter: Documenter, symbols: list[str], *, with_new: bool
) -> list[tuple[str, DocTask]]:
    """What is to be done in a file: repairs first, then what is missing."""
    file = read_file(document.path, document.text)
    if file is None:
        # Only one that was named by a definition of it is somebody's wish.
        if not symbols:
            return []
        raise WorkspaceError(f"{document.path} cannot be parsed", remedy="repair its syntax first")
    known = {each.symbol.qualified_name for each in file.definitions}
    for symbol in symbols:
        if symbol not in known:
            raise WorkspaceError(
                f"{document.path} defines no function or class {symbol}",
                remedy="write names as Class.method",
            )
    wrong = dict.fromkeys(each.symbol for each in check_file(file))
    tasks = [(name, DocTask.REPAIR) for name in wrong if not symbols or name in symbols]
    if with_new:
        undocumented = [
            each
            for each in symbols
            if (definition := file.definition(each)) and definition.body.docstring is None
        ]
        names = undocumented if symbols else await documenter.missing(document)
        tasks += [(name, DocTask.WRITE) for name in names]
    return tasks


def _deliver(root: Path, changed: Sequence[_Changed], *, write: bool, as_json: bool) -> None:
    if write:
        for each in changed:
            if each.after != each.before:
                replace_file(root / each.path, each.before, each.after)
    proposals = [proposal for each in changed for proposal in each.proposals]
    if as_json:
        print_json({"proposals": proposals, "is_written": write})
    else:
        _print_changes(changed, is_written=write)
    if proposals and not any(each.edit for each in proposals):
        raise typer.Exit(ExitCode.FINDINGS)


def _dead_references(
    root: Path, settings: Settings, asked: Sequence[_Place]
) -> tuple[list[DeadReference], int]:
    """What Markdown and docstrings name that is not there, and how many pages were read."""
    known = documenting.repository_names(root, settings)
    found: list[DeadReference] = []
    chosen = [
        path
        for path in sorted(known.paths)
        if path.endswith((".md", ".py", ".pyi"))
        and any(
            root / path == place.path or (root / path).is_relative_to(place.path) for place in asked
        )
    ]
    n_pages = 0
    for path, text in documenting.read_texts(root, chosen, settings):
        if path.endswith(".md"):
            n_pages += 1
            found += check_markdown(path, text, known)
            continue
        # Lines are looked at one by one: where none of the file names anything dead, no docstring
        # does, and it need not be read.
        if not check_docstring_names(path, 0, text, known):
            continue
        if (read := read_file(path, text)) is not None:
            for definition in read.definitions:
                docstring = definition.body.docstring
                if docstring is not None:
                    first = text.count("\n", 0, docstring.span.start)
                    found += check_docstring_names(path, first, docstring.text, known)
    return found, n_pages


def _print(
    findings: list[DocFinding], gaps: list[Gap], dead: list[DeadReference], n_files: int
) -> None:
    out = console()
    for each in dead:
        out.print(f"[bold]{each.path}:{each.line + 1}[/]", highlight=False)
        out.print(f"    {each.message}  ({each.rule})", markup=False)
    for gap in gaps:
        out.print(f"[dim]{gap.path}:{gap.line + 1}[/]  {gap.symbol}", highlight=False)
        out.print(f"    {gap.message}  ({gap.rule})", markup=False)
    for finding in findings:
        place = f"{finding.path}:{finding.line + 1}"
        out.print(f"[bold]{place}[/]  {finding.symbol}", highlight=False)
        out.print(f"    {finding.drift.message}  ({finding.drift.rule})", markup=False)
    console(stderr=True).print(
        f"files looked at: {n_files:,}, statements that are not so: {len(findings):,}"
        + (f", names that lead nowhere: {len(dead):,}" if dead else "")
        + (f", things unsaid: {len(gaps):,}" if gaps else ""),
        style="dim",
    )


def _print_changes(changed: Sequence[_Changed], *, is_written: bool) -> None:
    from rich.syntax import Syntax

    out, notes = console(), console(stderr=True)
    for each in changed:
        diff = "".join(
            difflib.unified_diff(
                each.before.splitlines(keepends=True),
                each.after.splitlines(keepends=True),
                f"a/{each.path}",
                f"b/{each.path}",
            )
        )
        if out.is_terminal:
            out.print(Syntax(diff, "diff", background_color="default"))
        else:
            print(diff, end="")
        for proposal in each.proposals:
            if proposal.problem:
                place = f"{each.path}:{proposal.line + 1}"
                notes.print(f"{place} {proposal.symbol}: {proposal.problem}", markup=False)
    n = sum(proposal.edit is not None for each in changed for proposal in each.proposals)
    notes.print(
        f"{n} docstrings in {len(changed)} files"
        + ("; written" if is_written else "; --write changes them"),
        markup=False,
        style="dim",
    )

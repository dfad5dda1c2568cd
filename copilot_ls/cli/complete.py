"""``copilot-ls complete FILE:LINE[:COLUMN]``: one suggestion, and where it came from."""

from __future__ import annotations

import asyncio
import re
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from copilot_ls import wiring
from copilot_ls.cli.context import JsonOption, console, find_root, options_of, print_json
from copilot_ls.cli.exit_codes import ExitCode
from copilot_ls.config import Settings
from copilot_ls.domain import Completion, CompletionRequest, Document, Outcome, Verdict
from copilot_ls.errors import ModelUnavailable, WorkspaceError
from copilot_ls.features.completion.provenance import described

_FRAME_LINES = 6


def complete(
    context: typer.Context,
    place: Annotated[
        str, typer.Argument(metavar="FILE:LINE[:COLUMN]", help="Counted from 1; default line end.")
    ],
    as_json: JsonOption = False,
    without_context: Annotated[
        bool, typer.Option("--without-context", help="Do not ask the index.")
    ] = False,
    show_prompt: Annotated[bool, typer.Option("--prompt", help="Show the whole prompt.")] = False,
    repeat: Annotated[
        int, typer.Option(min=1, max=50, help="Ask several times and report the last (warm).")
    ] = 1,
) -> None:
    """Complete at a place in a file, with the signatures used and the time it took."""
    path, line, column = parse_place(place)
    root = find_root(path)
    extra = ("completion.context=false",) if without_context else ()
    options = options_of(context)
    settings = type(options)((*options.assignments, *extra), options.debug).settings_for(root)
    document = wiring.read_document(root, path, settings)
    offset = offset_at(document.text, line, column, place)
    completion = asyncio.run(_complete(root, settings, document, offset, repeat))
    if as_json:
        print_json({"file": str(path), "line": line, "completion": completion})
    else:
        _print(completion, document, offset, show_prompt=show_prompt)
    if completion.outcome in {Outcome.MODEL_FAILED, Outcome.NO_MODEL}:
        raise ModelUnavailable(completion.reason, remedy="run `copilot-ls doctor`")
    if not completion.suggestions:
        raise typer.Exit(ExitCode.FINDINGS)


def parse_place(place: str) -> tuple[Path, int, int | None]:
    """Split ``FILE:LINE[:COLUMN]``; a drive letter's colon belongs to the file.

    Raises:
        WorkspaceError: there is no line number.
    """
    match = re.fullmatch(r"(?P<file>.+?):(?P<line>\d+)(?::(?P<column>\d+))?", place)
    if match is None:
        raise WorkspaceError(
            f"'{place}' names no line", remedy="write FILE:LINE or FILE:LINE:COLUMN"
        )
    column = match["column"]
    return Path(match["file"]), int(match["line"]), int(column) if column else None


def offset_at(text: str, line: int, column: int | None, place: str) -> int:
    """Turn a line and column, counted from 1, into an offset.

    Raises:
        WorkspaceError: the file has no such line.
    """
    lines = re.split(r"(?<=\n)|(?<=\r)(?!\n)", text)
    if not 1 <= line <= len(lines):
        raise WorkspaceError(
            f"{place}: the file has {len(lines)} lines", remedy="give a line of the file"
        )
    content = lines[line - 1].rstrip("\r\n")
    within = len(content) if column is None else min(max(column - 1, 0), len(content))
    return sum(len(entry) for entry in lines[: line - 1]) + within


async def _complete(
    root: Path, settings: Settings, document: Document, offset: int, repeat: int
) -> Completion:
    settings = replace(settings, completion=replace(settings.completion, candidates=1))
    engines = wiring.Engines(settings)
    workspace = wiring.open_workspace(root, settings, engines)
    try:
        if settings.completion.context and settings.index.enabled and not workspace.has_index():
            out = console(stderr=True)
            with out.status(f"indexing {root.name} for the first time"):
                await workspace.update_index(None, lambda _: None)
        request = CompletionRequest(document, offset, invoked=True)
        completion = await workspace.completer.complete(request)
        for _ in range(repeat - 1):
            workspace.completer.forget(document.uri)
            completion = await workspace.completer.complete(request)
        return completion
    finally:
        await workspace.aclose()
        await engines.aclose()


def _print(completion: Completion, document: Document, offset: int, *, show_prompt: bool) -> None:
    from rich.text import Text

    out = console()
    if show_prompt and completion.prompt_text:
        out.print(completion.prompt_text, style="dim", markup=False)
        out.print()
    if not completion.suggestions:
        out.print(f"[yellow]no suggestion[/] ({completion.outcome}): {completion.reason}")
    else:
        suggestion = completion.suggestions[0]
        out.print(frame(document.text, offset, suggestion.text, suggestion.span.end))
    for suggestion in completion.suggestions:
        for origin in suggestion.code_origins[:3]:
            out.print(f"  also in {described(origin)}", markup=False, style="yellow")
    for finding in completion.findings:
        out.print(
            Text.assemble(
                (f"  {finding.rule} ", "yellow"),
                finding.message,
                (f"  ({'can be repaired' if finding.fix else finding.severity})", "dim"),
            )
        )
    for suggestion in completion.suggestions:
        for statement in suggestion.imports:
            out.print(f"  brings along: {statement}", markup=False, style="yellow")
        if suggestion.verdict is Verdict.REPAIRED:
            written = completion.raw_text.rstrip().replace("\n", " ⏎ ")
            out.print(f"  the model wrote: {written}", markup=False, style="dim")
    if completion.snippets:
        out.print("\n[bold]signatures in the prompt[/]")
        for snippet in completion.snippets:
            why = ", ".join(f"{name} {value:.2f}" for name, value in snippet.signals.items())
            out.print(
                Text.assemble(
                    (f"  {snippet.path}:{snippet.line + 1} ", "cyan"),
                    snippet.stub.replace("\n", " ⏎ "),
                    (f"  ({why})", "dim"),
                )
            )
    stages = "  ".join(
        f"{name} {value:.0f}" for name, value in completion.milliseconds.items() if value >= 0.5
    )
    usage = completion.usage
    tokens = (
        f"   {usage.prompt_tokens} prompt tokens, {usage.output_tokens} written, "
        f"first after {usage.first_token_ms:.0f} ms"
        if usage
        else ""
    )
    verdict = f"   {completion.suggestions[0].verdict}" if completion.suggestions else ""
    out.print(f"\n[dim]{completion.model}{verdict}   ms: {stages}{tokens}[/]")


def frame(text: str, offset: int, suggestion: str, end: int) -> object:
    """Draw the lines around the cursor with the suggestion in place."""
    from rich.text import Text

    first = text.rfind("\n", 0, offset)
    for _ in range(_FRAME_LINES):
        if first < 0:
            break
        first = text.rfind("\n", 0, first)
    last = text.find("\n", end)
    for _ in range(_FRAME_LINES // 2):
        following = text.find("\n", last + 1)
        last = following if following >= 0 else last
    last = len(text) if last < 0 else last
    first_line = text.count("\n", 0, first + 1) + 1
    drawn = Text.assemble(
        text[first + 1 : offset], (suggestion, "bold green"), text[end:last].replace("\r", "")
    )
    numbered = Text()
    for number, line in enumerate(drawn.split("\n", allow_blank=True), start=first_line):
        numbered.append(f"{number:>5} │ ", style="dim")
        numbered.append_text(line)
        numbered.append("\n")
    return numbered

"""``copilot-ls conventions``: how this repository is written, counted."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape

from copilot_ls import wiring
from copilot_ls.cli.context import (
    JsonOption,
    console,
    find_root,
    options_of,
    plain,
    print_json,
    unlinked,
)
from indexer.conventions.model import (
    Choice,
    Conventions,
    ErrorClass,
    Fixture,
    Habit,
    Layering,
    Tally,
    Verdict,
)
from indexer.errors import IndexerError
from indexer.model import IndexState

_TOPICS = {
    "docs": "Documentation",
    "naming": "Names",
    "types": "Types",
    "imports": "Imports",
    "errors": "Errors",
    "logging": "Logging",
    "tests": "Tests",
    "layout": "Layout",
    "idioms": "Idioms",
}
# A language with fewer files is an accident of the build, unless it is all there is.
_MIN_FILES = 5
_MAX_LISTED = 12
_MAX_OTHERS = 3
_SUBJECT_WIDTH = 24


def conventions(
    context: typer.Context,
    path: Annotated[
        Path, typer.Argument(metavar="[PATH]", help="The project, or one folder or file of it.")
    ] = Path(),
    everything: Annotated[
        bool, typer.Option("--all", help="Also what too few places show, and rare languages.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show how this repository is written: what is usual, how often, and where to see it."""
    root = find_root(path)
    under = unlinked(path).relative_to(root).as_posix()
    settings = options_of(context).settings_for(root)
    with closing(wiring.open_index(root, settings)) as index:
        if index.state is IndexState.MISSING:
            raise IndexerError(f"{root} is not indexed", remedy="run `copilot-ls index` first")
        found = index.conventions("" if under == "." else under)
    if not found.n_files:
        raise IndexerError(
            f"nothing of {path} is in the index",
            remedy="`copilot-ls status --skipped` says what is left out and why",
        )
    if as_json:
        print_json(_as_data(found))
        return
    out = console()
    _print_head(out, root.name if under == "." else under, found)
    for language in _shown_languages(found, everything=everything):
        _print_language(out, language, found, everything=everything)
    _print_errors(out, found.errors)
    _print_fixtures(out, found.fixtures)
    for layering in found.layers:
        _print_layering(out, layering)


def _print_head(out: Console, name: str, found: Conventions) -> None:
    mix = ", ".join(
        f"{language} {n_lines:,} lines" for language, (_, n_lines) in [*found.languages.items()][:6]
    )
    out.print(f"[bold]{escape(name)}[/]: {found.n_files:,} files: {mix}")
    out.print(
        "A [green]rule[/] holds with 95 % confidence in more than 80 % of all places, "
        "a [yellow]tendency[/] in more than 55 %.",
        style="dim",
    )


def _shown_languages(found: Conventions, *, everything: bool) -> list[str]:
    shown = [
        language
        for language, (n_files, _) in found.languages.items()
        if (everything or n_files >= _MIN_FILES) and language != "tsx"
    ]
    known = {habit.language for habit in found.habits}
    return [each for each in shown or found.languages if each in known]


def _print_language(out: Console, language: str, found: Conventions, *, everything: bool) -> None:
    out.print(f"\n[bold]{language}[/]")
    for topic, title in _TOPICS.items():
        habits = [
            habit
            for habit in found.habits
            if (habit.language, habit.topic) == (language, topic)
            and (everything or habit.verdict is not Verdict.TOO_FEW)
        ]
        tallies = [t for t in found.tallies if (t.language, t.topic) == (language, topic)]
        if habits or tallies:
            out.print(f"  [bold cyan]{title}[/]")
        for habit in habits:
            _print_habit(out, habit)
        for tally in tallies:
            _print_tally(out, tally)


def _print_habit(out: Console, habit: Habit) -> None:
    usual, *others = habit.choices
    subject = habit.subject.ljust(_SUBJECT_WIDTH)
    colour = {Verdict.RULE: "green", Verdict.TENDENCY: "yellow"}.get(habit.verdict, "dim")
    what = f"[{colour}]{escape(usual.value)}[/]"
    if habit.verdict in {Verdict.MIXED, Verdict.TOO_FEW}:
        what = f"{habit.verdict}: {escape(usual.value)}"
    rest = "".join(
        f", {escape(choice.value)} {_percent(choice, habit)}" for choice in others[:_MAX_OTHERS]
    )
    places = f"  [dim]{escape(str(usual.examples[0]))}[/]" if usual.examples else ""
    out.print(f"    {subject} {what} {_percent(usual, habit)} of {habit.n:,}{rest}{places}")


def _percent(choice: Choice, habit: Habit) -> str:
    share = 100 * choice.count / habit.n
    return f"{share:.0f} %" if share >= 1 or not share else f"{share:.1f} %"


def _print_tally(out: Console, tally: Tally) -> None:
    most = ", ".join(
        f"{escape(choice.value)} {choice.count:,}" for choice in tally.choices[:_MAX_LISTED]
    )
    out.print(f"    {tally.subject.ljust(_SUBJECT_WIDTH)} {most}")


def _print_errors(out: Console, errors: Sequence[ErrorClass]) -> None:
    if not errors:
        return
    out.print(f"\n[bold]Classes of errors[/] ({len(errors)})")
    for error in errors[: 3 * _MAX_LISTED]:
        name = "  " * error.depth + error.name
        base = f"({error.base})" if not error.depth else ""
        out.print(f"    {escape(name + base)}  [dim]{escape(str(error.place))}[/]")
    _print_more(out, errors, 3 * _MAX_LISTED)


def _print_fixtures(out: Console, fixtures: Sequence[Fixture]) -> None:
    if not fixtures:
        return
    out.print(f"\n[bold]Fixtures[/] ({len(fixtures)}, by number of uses)")
    for fixture in fixtures[:_MAX_LISTED]:
        how = f"{fixture.scope}, automatic" if fixture.is_automatic else fixture.scope
        out.print(
            f"    {fixture.name.ljust(_SUBJECT_WIDTH)} {fixture.n_uses:>5,}  {how}"
            f"  [dim]{escape(str(fixture.place))}[/]"
        )
    _print_more(out, fixtures, _MAX_LISTED)


def _print_layering(out: Console, layering: Layering) -> None:
    scope = layering.scope or "the root"
    out.print(f"\n[bold]Who imports whom[/] in {escape(scope)} ({layering.language})")
    for level in layering.levels:
        out.print(f"    {escape(' | '.join(level))}")
    out.print("    [dim]each line may import those below it[/]")
    for direction in layering.directions[:_MAX_LISTED]:
        reverse = ", never the reverse"
        if direction.exceptions:
            places = ", ".join(map(str, direction.exceptions))
            reverse = f"; [yellow]the reverse in[/] {escape(places)}"
        out.print(
            f"    {escape(direction.importer)} → {escape(direction.imported)}: "
            f"{direction.n_files} files{reverse}"
        )
    _print_more(out, layering.directions, _MAX_LISTED)
    for direction in layering.mutual[:_MAX_LISTED]:
        out.print(
            f"    {escape(direction.importer)} ⇄ {escape(direction.imported)}: both ways, "
            f"{direction.n_files} files and back [dim]{escape(str(direction.exceptions[0]))}[/]"
        )
    for cycle in layering.cycles:
        out.print(f"    [yellow]circle:[/] {escape(', '.join(cycle))}")


def _print_more(out: Console, things: Sequence[object], shown: int) -> None:
    if len(things) > shown:
        out.print(f"    … and {len(things) - shown} more (--json has all)", style="dim")


def _as_data(found: Conventions) -> dict[str, Any]:
    """What JSON gets: the figures, what follows from them, and places as ``path:line``."""
    data: dict[str, Any] = plain(found)
    data["languages"] = {
        language: {"n_files": n_files, "n_lines": n_lines}
        for language, (n_files, n_lines) in found.languages.items()
    }
    for habit, entry in zip(found.habits, data["habits"], strict=True):
        entry |= {
            "verdict": habit.verdict,
            "usual": habit.usual.value,
            "share": round(habit.share, 4),
            "confidence": round(habit.confidence, 4),
        }
    return data

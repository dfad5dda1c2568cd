"""Where one file does otherwise than its repository does almost without exception. Pure.

Only what is clear is told: a rule with many places behind it, of which next to none deviate.
What a file does of necessity is left alone: names that a base class of somebody else prescribes,
tests, what stands in a string.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from indexer.conventions.layers import edges_of, part_of
from indexer.conventions.model import Conventions, Direction, Habit, Layering, Verdict
from indexer.conventions.notes import EveryNote
from indexer.conventions.testing import is_test_path
from indexer.conventions.traits import (
    SCRIPT_LANGUAGES,
    naming_of,
    naming_of_symbol,
    note_habits,
)
from indexer.model import ParameterKind, ParsedFile, Symbol, SymbolKind
from indexer.syntax.parse import has_grammar

# A rule for others needs more behind it than one that is only shown.
_MIN_PLACES = 20
_MIN_CONFIDENCE = 0.9
# A choice that is made this often is one that people allow themselves.
_MAX_OTHER_SHARE = 0.03
_MIN_IMPORTERS = 4
_MIN_ALIASED = 8
_TOLD = {
    "imports.future annotations": "`from __future__ import annotations`",
    "imports.own modules": "imports of the project's own modules",
    "imports.relative paths": "relative imports",
    "imports.Node's modules": "imports of Node's modules",
    "imports.system": "modules",
    "errors.caught": "handlers of errors",
    "logging.output": "output",
}
# What people run and read the output of.
_PROGRAMS = frozenset({"scripts", "tools", "bin", "cli", "github", "__main__", "main", "examples"})
_MEMBERS = frozenset({SymbolKind.METHOD, SymbolKind.PROPERTY})
_PLURALS = {"class": "classes", "property": "properties", "type alias": "type aliases"}


@dataclass(frozen=True, slots=True)
class Deviation:
    """A place that does otherwise; ``line`` is 0-based, ``rule`` the topic and the subject."""

    path: str
    line: int
    rule: str
    message: str


def deviations(
    parsed: ParsedFile, text: str, conventions: Conventions, paths: Sequence[str]
) -> list[Deviation]:
    """What a file does against the conventions; ``paths`` are the repository's files.

    Empty for tests and for languages without a grammar.
    """
    if not has_grammar(parsed.language) or is_test_path(parsed.path):
        return []
    found = [
        *_names(parsed, conventions),
        *_statements(parsed, text, conventions),
        *_aliases(parsed, conventions),
        *_layers(parsed, conventions, paths),
    ]
    unique = {(each.line, each.rule, each.message): each for each in found}
    return sorted(unique.values(), key=lambda each: (each.line, each.rule))


def _names(parsed: ParsedFile, conventions: Conventions) -> Iterator[Deviation]:
    classes = {s.qualified_name: s for s in parsed.symbols if s.kind is SymbolKind.CLASS}
    for symbol in parsed.symbols:
        owner = classes.get(symbol.parent)
        # Fields are often named as the data that they hold is elsewhere.
        if symbol.kind is SymbolKind.FIELD:
            continue
        if symbol.kind in _MEMBERS and owner is not None and _is_prescribed(owner, classes):
            continue
        if named := naming_of_symbol(symbol):
            sort, style = named
            habit = conventions.habit(_family(parsed.language), "naming", sort)
            if habit is not None and _is_against(habit, style) and _is_clear(habit, style):
                yield _of_name(parsed.path, symbol.line, symbol.name, sort, style, habit)
        habit = conventions.habit(_family(parsed.language), "naming", "parameter")
        for parameter in symbol.signature.parameters if symbol.signature and habit else ():
            style = naming_of(parameter.name)
            is_own = parameter.kind is not ParameterKind.VARIADIC_KEYWORD
            if habit and is_own and _is_against(habit, style) and _is_clear(habit, style):
                yield _of_name(parsed.path, symbol.line, parameter.name, "parameter", style, habit)


def _is_clear(habit: Habit, style: str) -> bool:
    """Whether a name is of another style, and not one of two (``X_train``), or of a type."""
    return style not in {"", "other"} and not (
        habit.subject == "variable" and habit.usual.value == "PascalCase"
    )


def _is_prescribed(owner: Symbol, classes: dict[str, Symbol]) -> bool:
    """Whether a class has a base that is not of this file: its names may not be its own."""
    return any(base not in classes and base != "object" for base in owner.bases)


def _of_name(path: str, line: int, name: str, sort: str, style: str, habit: Habit) -> Deviation:
    plural = _PLURALS.get(sort, f"{sort}s")
    return Deviation(
        path,
        line,
        f"naming.{sort.replace(' ', '-')}",
        f"`{name}` is named in {style}; {_support(habit)} {plural} are in {habit.usual.value}",
    )


def _statements(parsed: ParsedFile, text: str, conventions: Conventions) -> Iterator[Deviation]:
    notes = EveryNote(parsed, text)
    note_habits(notes)
    for kind, value, line in notes.occurrences:
        told = _TOLD.get(kind)
        if told is None:
            continue
        topic, _, subject = kind.partition(".")
        habit = conventions.habit(_family(parsed.language), topic, subject)
        if habit is None or not _is_against(habit, value):
            continue
        if kind == "errors.caught" and not value.startswith("everything"):
            continue
        if kind == "logging.output" and _PROGRAMS & set(re.split(r"[/.]", parsed.path)):
            continue
        rule = kind.replace(" ", "-").replace("'", "")
        if habit.usual.value == "yes":
            message = f"{told} is missing; {_support(habit)} files have it"
        else:
            message = f"{told}: {value}; elsewhere {habit.usual.value}, {_share(habit)}"
        yield Deviation(parsed.path, line, rule, message)


def _aliases(parsed: ParsedFile, conventions: Conventions) -> Iterator[Deviation]:
    for entry in parsed.imports:
        if entry.name:
            continue
        habit = conventions.habit(_family(parsed.language), "imports", f"name of {entry.module}")
        used = f"{entry.module} as {entry.alias}" if entry.alias else entry.module
        if habit is None or habit.n < _MIN_ALIASED or habit.verdict is not Verdict.RULE:
            continue
        if used != habit.usual.value:
            yield Deviation(
                parsed.path,
                entry.line,
                "imports.name",
                f"`import {used}`; elsewhere `import {habit.usual.value}`, {_share(habit)}",
            )


def _layers(
    parsed: ParsedFile, conventions: Conventions, paths: Sequence[str]
) -> Iterator[Deviation]:
    family = "typescript" if parsed.language in SCRIPT_LANGUAGES else parsed.language
    layers = [each for each in conventions.layers if each.language == family]
    if not layers:
        return
    known = paths if parsed.path in paths else [*paths, parsed.path]
    for _, target, line in edges_of(known, parsed.imports, family):
        for layering in layers:
            direction = _against(layering, parsed.path, target)
            if direction is not None:
                scope = f" in {layering.scope}" if layering.scope else ""
                yield Deviation(
                    parsed.path,
                    line,
                    "layers.direction",
                    f"{direction.imported} imports {direction.importer} here{scope}; "
                    f"elsewhere it is the reverse, in {direction.n_files} files",
                )
                break


def _against(layering: Layering, path: str, target: str) -> Direction | None:
    """The direction that an import goes against."""
    importer, imported = part_of(layering.scope, path), part_of(layering.scope, target)
    if not importer or not imported or importer == imported:
        return None
    for direction in layering.directions:
        if (direction.importer, direction.imported) == (imported, importer):
            others = [place for place in direction.exceptions if place.path != path]
            is_clear = direction.n_files >= max(_MIN_IMPORTERS, 8 * len(others))
            return direction if is_clear else None
    return None


def _is_against(habit: Habit, value: str) -> bool:
    if value == habit.usual.value or habit.n < _MIN_PLACES:
        return False
    if habit.verdict is not Verdict.RULE or habit.confidence < _MIN_CONFIDENCE:
        return False
    count = next((choice.count for choice in habit.choices if choice.value == value), 0)
    return count <= max(1, _MAX_OTHER_SHARE * habit.n)


def _support(habit: Habit) -> str:
    return f"{habit.usual.count:,} of {habit.n:,}"


def _share(habit: Habit) -> str:
    return f"{habit.usual.count:,} of {habit.n:,} times"


def _family(language: str) -> str:
    return "typescript" if language == "tsx" else language

"""What the files of a repository have in common: from stored facts to its conventions. Pure.

The facts come from the index as :class:`Evidence`; how sure a habit is follows from how many
places show it, see ``model``.
"""

from __future__ import annotations

import builtins
import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from indexer.conventions.layers import layerings
from indexer.conventions.model import (
    MIN_SUPPORT,
    Choice,
    Conventions,
    ErrorClass,
    Fixture,
    Habit,
    Layering,
    Place,
    Tally,
    Trait,
)
from indexer.conventions.testing import FIXTURE, file_pattern, is_test_path, place_of, test_helpers
from indexer.conventions.traits import LINE_LIMITS, SCRIPT_LANGUAGES
from indexer.model import Import, Symbol

_MAX_CHOICES = 6
_MAX_EXAMPLES = 3
_MAX_TALLY = 12
# Lines that are longer than the limit: links and strings that nobody breaks.
_LONG_LINES = 0.005
_MIN_LAYERED = 5
# Sorts of things that have no usual one among them; they are listed by frequency.
_TALLIES = frozenset({"idioms", "imports.star", "errors.raised"})
_ERROR_BASE = re.compile(r"(?:Error|Exception|Warning|Throwable|KeyboardInterrupt|SystemExit)$")
_SCOPE = re.compile(r"\bscope\s*=\s*[\"'](\w+)[\"']")
_FIXTURE_NAME = re.compile(r"\bname\s*=\s*[\"'](\w+)[\"']")
_TRIVIAL = frozenset(
    {f"{name}()" for name in dir(builtins) if name.islower()}
    | {"String()", "append()", "make()", "new()", "String.valueOf()"}
)


class FileFacts(NamedTuple):
    """A file, its language, its number of lines, its traits."""

    path: str
    language: str
    n_lines: int
    traits: Sequence[Trait] = ()


class ClassFacts(NamedTuple):
    """A class that has bases."""

    path: str
    name: str
    line: int
    bases: Sequence[str]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is asked of the store; ``fixtures`` are the functions that pytest calls so."""

    files: Sequence[FileFacts]
    imports: Sequence[Import] = ()
    classes: Sequence[ClassFacts] = ()
    fixtures: Sequence[Symbol] = ()


def mine(evidence: Evidence) -> Conventions:
    """The conventions that the evidence supports."""
    files = evidence.files
    languages: dict[str, tuple[int, int]] = {}
    for file in files:
        n_files, n_lines = languages.get(file.language, (0, 0))
        languages[file.language] = (n_files + 1, n_lines + file.n_lines)
    tests = _tests(files)
    counts = _Counts()
    requested: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for file in files:
        is_test = file.path in tests
        for trait in file.traits:
            if trait.kind == FIXTURE:
                requested[trait.value].append((file.path, trait.n))
            elif trait.kind.startswith("tests.") == is_test:
                counts.add(_family(file.language), trait, file.path)
    for path, kind, value in _placements(files, tests):
        counts.add(kind, Trait("tests.place", value, 1, 0), path)
    habits, tallies = counts.habits()
    return Conventions(
        n_files=len(files),
        languages=dict(sorted(languages.items(), key=lambda each: (-each[1][1], each[0]))),
        habits=tuple(habits),
        tallies=tuple(tallies),
        fixtures=tuple(_fixtures(evidence.fixtures, requested)),
        errors=tuple(_errors(evidence.classes, tests)),
        layers=tuple(_layers(evidence, tests)),
    )


def _tests(files: Sequence[FileFacts]) -> set[str]:
    """The files that are tests or serve them."""
    helpers = test_helpers(file.path for file in files)
    tests: set[str] = set()
    for file in files:
        if not is_test_path(file.path, helpers):
            continue
        # A module may be called ``tests.py`` because it is about tests.
        is_named_only = file.language == "python" and not is_test_path(f"{file.path}/", helpers)
        if not is_named_only or any(trait.kind.startswith("tests.f") for trait in file.traits):
            tests.add(file.path)
    return tests


class _Counts:
    """Traits added up by language, kind and value, with the files that show them best."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], dict[str, tuple[int, list[tuple[int, Place]]]]] = (
            defaultdict(dict)
        )

    def add(self, language: str, trait: Trait, path: str) -> None:
        values = self._found[language, trait.kind]
        total, examples = values.get(trait.value, (0, []))
        examples.append((-trait.n, Place(path, trait.line)))
        if len(examples) > 4 * _MAX_EXAMPLES:
            examples = sorted(examples)[:_MAX_EXAMPLES]
        values[trait.value] = (total + trait.n, examples)

    def habits(self) -> tuple[list[Habit], list[Tally]]:
        habits: list[Habit] = []
        tallies: list[Tally] = []
        for (language, kind), values in sorted(self._found.items()):
            topic, _, subject = kind.partition(".")
            choices = [
                Choice(value, total, tuple(place for _, place in sorted(examples)[:_MAX_EXAMPLES]))
                for value, (total, examples) in values.items()
            ]
            choices.sort(key=lambda choice: (-choice.count, choice.value))
            n = sum(choice.count for choice in choices)
            if kind == "imports.name":
                habits += _aliases(language, choices)
            elif kind == "layout.line length":
                habits.append(_line_length(language, choices, n))
            elif topic in _TALLIES or kind in _TALLIES:
                kept = [each for each in choices if each.value not in _TRIVIAL and each.count > 1]
                tallies.append(Tally(language, topic, subject, n, tuple(kept[:_MAX_TALLY])))
            else:
                habits.append(Habit(language, topic, subject, n, tuple(choices[:_MAX_CHOICES])))
        return habits, [tally for tally in tallies if tally.choices]


def _aliases(language: str, choices: Iterable[Choice]) -> Iterator[Habit]:
    """How modules are called that are often given another name."""
    by_module: dict[str, list[Choice]] = defaultdict(list)
    for choice in choices:
        by_module[choice.value.partition(" as ")[0]].append(choice)
    for module, names in sorted(by_module.items(), key=lambda each: -each[1][0].count):
        n = sum(choice.count for choice in names)
        n_aliased = sum(choice.count for choice in names if " as " in choice.value)
        if n_aliased >= MIN_SUPPORT:
            yield Habit(language, "imports", f"name of {module}", n, tuple(names[:_MAX_CHOICES]))


def _line_length(language: str, choices: Sequence[Choice], n: int) -> Habit:
    """The smallest usual limit that all but a few lines keep."""
    counts = {choice.value: choice.count for choice in choices}
    within = 0
    for limit in LINE_LIMITS:
        within += counts.get(str(limit), 0)
        if n - within <= _LONG_LINES * n:
            break
    longest = next((choice.examples for choice in choices if choice.value == "more"), ())
    kept = [Choice(f"at most {limit}", within)] if within else []
    if n - within > n / 2_000:
        kept.append(Choice(f"more than {limit}", n - within, longest))
    return Habit(language, "layout", "line length", n, tuple(kept))


def _placements(files: Sequence[FileFacts], tests: set[str]) -> Iterator[tuple[str, str, str]]:
    """Test file, language and, in words, where it stands as seen from what it tests."""
    sources: dict[str, list[str]] = defaultdict(list)
    for file in files:
        if file.path not in tests and file.traits:
            sources[posixpath.basename(file.path).partition(".")[0]].append(file.path)
    for file in files:
        if file.path in tests and file_pattern(file.path) and file.traits:
            placed = place_of(file.path, sources)
            yield file.path, _family(file.language), placed or "named after no source file"


def _fixtures(
    functions: Iterable[Symbol], requested: Mapping[str, Sequence[tuple[str, int]]]
) -> list[Fixture]:
    """The fixtures, the most used first; one is used where its file or its folder asks for it."""
    found: list[Fixture] = []
    for symbol in functions:
        decorator = next((d for d in symbol.decorators if "fixture" in d.partition("(")[0]), "")
        named = _FIXTURE_NAME.search(decorator)
        scope = _SCOPE.search(decorator)
        name = named[1] if named else symbol.name
        folder, _, file = symbol.path.rpartition("/")
        reach = f"{folder}/".lstrip("/") if file == "conftest.py" else symbol.path
        found.append(
            Fixture(
                name=name,
                place=Place(symbol.path, symbol.line),
                scope=scope[1] if scope else "function",
                n_uses=sum(n for path, n in requested.get(name, ()) if path.startswith(reach)),
                is_automatic="autouse=True" in decorator.replace(" ", ""),
            )
        )
    return sorted(found, key=lambda each: (-each.n_uses, each.place))


def _errors(classes: Sequence[ClassFacts], tests: set[str]) -> list[ErrorClass]:
    """The classes of errors, each after its base."""
    named: dict[str, ClassFacts] = {}
    for each in classes:
        if each.path not in tests:
            named.setdefault(each.name, each)
    depths: dict[str, tuple[int, str]] = {}

    def depth_of(name: str) -> tuple[int, str]:
        """How many error classes of the repository stand above one, and its base; -1: no error."""
        if name not in depths:
            depths[name] = (-1, "")
            for base in named[name].bases:
                last = _last_part(base)
                if last in named and last != name:
                    above = depth_of(last)[0]
                    if above >= 0:
                        depths[name] = (above + 1, last)
                        break
                elif _ERROR_BASE.search(last):
                    depths[name] = (0, base)
                    break
        return depths[name]

    chains: list[tuple[tuple[str, ...], ErrorClass]] = []
    for name, each in named.items():
        depth, base = depth_of(name)
        if depth < 0:
            continue
        chain = [name]
        while (above := _last_part(depths[chain[-1]][1])) in named and len(chain) <= depth:
            chain.append(above)
        error = ErrorClass(name, base, Place(each.path, each.line), depth)
        chains.append((tuple(reversed(chain)), error))
    return [error for _, error in sorted(chains, key=lambda each: each[0])]


def _layers(evidence: Evidence, tests: set[str]) -> Iterator[Layering]:
    paths: dict[str, list[str]] = defaultdict(list)
    languages: Counter[str] = Counter()
    for file in evidence.files:
        if file.traits and file.path not in tests:
            paths[_import_family(file.language)].append(file.path)
            languages[file.language] += 1
    family_of = {path: family for family, each in paths.items() for path in each}
    imports: dict[str, list[Import]] = defaultdict(list)
    for entry in evidence.imports:
        if family := family_of.get(entry.path):
            imports[family].append(entry)
    for family, each in paths.items():
        if len(each) >= _MIN_LAYERED:
            yield from layerings(each, imports[family], family)


def _last_part(name: str) -> str:
    return re.split(r"[.:\\]", name.partition("[")[0].partition("<")[0].partition("(")[0])[-1]


def _family(language: str) -> str:
    return "typescript" if language == "tsx" else language


def _import_family(language: str) -> str:
    """JavaScript and TypeScript import each other."""
    return "typescript" if language in SCRIPT_LANGUAGES else language

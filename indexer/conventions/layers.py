"""Who imports whom: the parts of a repository, the directions between them, the exceptions. Pure.

A part is a folder, or a file that stands beside folders. A direction counts files, not import
statements: a file that imports ten names of another part depends on it once.
What a package's own ``__init__`` or ``index`` file hands on is left out: it would tie every part
to every other.
"""

from __future__ import annotations

import posixpath
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence

from indexer.conventions.model import Direction, Layering, Place
from indexer.model import Import, ParsedFile
from indexer.resolve.names import Names
from indexer.resolve.outline import Outline

# Fewer files than this in one direction are an accident, not a rule.
MIN_FILES = 3
# A folder with this share of the files is what the repository is about, and is looked into.
_MAIN_SHARE = 0.25
_ONLY_SHARE = 0.9
_MAX_SCOPES = 3
_MIN_PARTS = 3
# The reverse may happen in this share of files and still be an exception.
_EXCEPTION_SHARE = 0.15
_MAX_PLACES = 5
# An import path's beginning that so few of the imports have is not the repository's own.
_OWN_SHARE = 0.1
_FACADES = frozenset({"__init__", "index", "mod", "lib"})
_RESOLVED = frozenset({"python", "javascript", "typescript", "tsx"})
# How many names of an import path may stand inside a file.
_INNER_NAMES = {"java": 2, "php": 1, "rust": 1}
_SEPARATORS = {"java": ".", "csharp": ".", "php": "\\", "rust": "::"}

Edge = tuple[str, str, int]


def layerings(paths: Sequence[str], imports: Iterable[Import], language: str) -> Iterator[Layering]:
    """The layering of the root and of the folders that most of the code is in.

    ``paths`` are the files of one language that are no tests; ``imports`` are of these files.
    """
    edges = list(edges_of(paths, imports, language))
    for scope in _scopes(paths):
        layering = _layering(scope, edges, language)
        if layering is not None:
            yield layering


def edges_of(paths: Sequence[str], imports: Iterable[Import], language: str) -> Iterator[Edge]:
    """Importing file, imported file and line, for imports that stay in the repository."""
    if language in _RESOLVED:
        return _resolved_edges(paths, imports)
    return _matched_edges(paths, imports, language)


class _Files:
    """The files of a repository as far as it takes to find the module of an import."""

    def __init__(self, paths: Iterable[str]) -> None:
        self._outlines = {path: Outline(ParsedFile(path, "")) for path in paths}
        self._by_stem: dict[str, list[str]] = defaultdict(list)
        for path in self._outlines:
            folder, _, name = path.rpartition("/")
            stem = name.partition(".")[0]
            is_index = stem in {"__init__", "index"} and bool(folder)
            self._by_stem[posixpath.basename(folder) if is_index else stem].append(path)

    def outline(self, path: str) -> Outline | None:
        return self._outlines.get(path)

    def paths_with_stem(self, stem: str) -> Sequence[str]:
        return self._by_stem.get(stem, ())


def _resolved_edges(paths: Sequence[str], imports: Iterable[Import]) -> Iterator[Edge]:
    names = Names(_Files(paths))
    seen: set[tuple[str, str]] = set()
    for entry in imports:
        target = _module_of(names, entry)
        if target and target != entry.path and (entry.path, target) not in seen:
            seen.add((entry.path, target))
            yield entry.path, target, entry.line


def _module_of(names: Names, entry: Import) -> str:
    """The file that is imported: of ``from package import module`` it is the module's."""
    found = names.modules(entry)
    is_package = not found or posixpath.basename(found[0]).startswith("__init__.")
    if entry.path.endswith((".py", ".pyi")) and entry.name not in {"", "*"} and is_package:
        module = f"{entry.module}.{entry.name}" if entry.module else entry.name
        inner = names.modules(Import(entry.path, module, entry.line, level=entry.level))
        if inner and (entry.module or entry.level):
            return inner[0]
    return found[0] if found else ""


def _matched_edges(
    paths: Sequence[str], imports: Iterable[Import], language: str
) -> Iterator[Edge]:
    """By the longest end of an import path that is the end of a file's or a folder's path.

    What stands before that end (``github.com/owner/name``) must be the same for many imports:
    so another library with a folder of the same name is told from the repository's own.
    """
    known = _ends(paths)
    matched: list[tuple[Import, tuple[str, ...], str]] = []
    tails: dict[tuple[str, ...], set[str]] = defaultdict(set)
    for entry in imports:
        parts = _path_parts(entry, language)
        # The last names may be a class and its member.
        for end in range(len(parts), len(parts) - _INNER_NAMES.get(language, 0) - 1, -1):
            start = next((n for n in range(end) if "/".join(parts[n:end]) in known), end)
            if start < end:
                head, tail = parts[:start], "/".join(parts[start:end])
                matched.append((entry, head, tail))
                tails[head].add(tail)
                break
    most = max((len(each) for each in tails.values()), default=0)
    least = min(most, max(2, _OWN_SHARE * most))
    own = {head for head, each in tails.items() if len(each) >= least}
    seen: set[tuple[str, str]] = set()
    for entry, head, tail in matched:
        if head not in own:
            continue
        target = max(known[tail], key=lambda path: _n_shared(path, entry.path))
        if target != entry.path and (entry.path, target) not in seen:
            seen.add((entry.path, target))
            yield entry.path, target, entry.line


def _ends(paths: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """Files by each end of their path without its ending, and by each end of their folder's."""
    known: dict[str, list[str]] = defaultdict(list)
    seen_folders: set[str] = set()
    for path in sorted(paths):
        folder = posixpath.dirname(path)
        whole = [path, posixpath.splitext(path)[0]]
        if folder not in seen_folders:
            seen_folders.add(folder)
            whole.append(folder)
        for each in whole:
            parts = each.split("/")
            for start in range(len(parts)):
                known["/".join(parts[start:])].append(path)
    return known


def _path_parts(entry: Import, language: str) -> tuple[str, ...]:
    module = entry.module.removeprefix("crate::") if language == "rust" else entry.module
    if language == "rust" and module.startswith(("super", "self")):
        return ()
    parts = module.split(_SEPARATORS.get(language, "/"))
    if language in {"java", "php"} and entry.name not in {"", "*"}:
        parts.append(entry.name)
    return tuple(part for part in parts if part not in {"", ".", ".."})


def _n_shared(path: str, other: str) -> int:
    return len(posixpath.commonprefix([path.split("/"), other.split("/")]))


def _scopes(paths: Sequence[str]) -> list[str]:
    """Folders worth looking into: the outermost that branches, and big ones below it."""
    children: dict[str, Counter[str]] = defaultdict(Counter)
    for path in paths:
        parts = path.split("/")
        for index in range(len(parts)):
            children["/".join(parts[:index])][parts[index]] += 1
    scopes: list[str] = []
    waiting = [""]
    while waiting and len(scopes) < _MAX_SCOPES:
        folder = waiting.pop(0)
        inside = children[folder]
        total = inside.total()
        big = [
            (posixpath.join(folder, name), n)
            for name, n in inside.most_common()
            if n >= _MAIN_SHARE * len(paths) and posixpath.join(folder, name) in children
        ]
        is_passage = any(n >= _ONLY_SHARE * total for _, n in big)
        if not is_passage and len(inside) >= _MIN_PARTS:
            scopes.append(folder)
        waiting += [name for name, _ in big]
    return scopes


def _layering(scope: str, edges: Iterable[Edge], language: str) -> Layering | None:
    users: dict[tuple[str, str], dict[str, int]] = defaultdict(dict)
    for path, target, line in edges:
        importer, imported = part_of(scope, path), part_of(scope, target)
        if importer and imported and importer != imported:
            users[importer, imported].setdefault(path, line)
    directions: list[Direction] = []
    mutual: list[Direction] = []
    arrows: dict[str, set[str]] = defaultdict(set)
    for (importer, imported), files in users.items():
        back = users.get((imported, importer), {})
        if len(files) < len(back) or (len(files) == len(back) and importer > imported):
            continue
        is_one_way = len(back) <= _EXCEPTION_SHARE * (len(files) + len(back))
        arrows[importer].add(imported)
        if not is_one_way:
            arrows[imported].add(importer)
        if len(files) < MIN_FILES:
            continue
        direction = Direction(
            importer, imported, len(files), _first(files), tuple(_places(back))[:_MAX_PLACES]
        )
        (directions if is_one_way else mutual).append(direction)
    parts = {part for pair in users for part in pair}
    if len(parts) < _MIN_PARTS or not directions:
        return None
    cycles = _cycles(parts, arrows)
    return Layering(
        language=language,
        scope=scope,
        n_parts=len(parts),
        levels=_levels(cycles, arrows),
        directions=tuple(sorted(directions, key=lambda each: -each.n_files)),
        mutual=tuple(sorted(mutual, key=lambda each: -each.n_files)),
        cycles=tuple(cycle for cycle in cycles if len(cycle) > 1),
        arrows=tuple(
            (*pair, len(files)) for pair, files in sorted(users.items(), key=lambda e: -len(e[1]))
        ),
    )


def part_of(scope: str, path: str) -> str:
    """The part of ``scope`` that a file belongs to; empty for none and for the scope's façade."""
    if scope and not path.startswith(f"{scope}/"):
        return ""
    name, slash, _ = path[len(scope) :].lstrip("/").partition("/")
    if slash:
        return name
    stem = name.partition(".")[0]
    return "" if stem in _FACADES else stem


def _places(files: Mapping[str, int]) -> list[Place]:
    return [Place(path, line) for path, line in sorted(files.items())]


def _first(files: Mapping[str, int]) -> Place:
    return _places(files)[0]


def _cycles(parts: Iterable[str], arrows: Mapping[str, set[str]]) -> list[tuple[str, ...]]:
    """The parts grouped by mutual reach (strongly connected components), each group sorted."""
    backwards: dict[str, set[str]] = defaultdict(set)
    for importer, targets in arrows.items():
        for target in targets:
            backwards[target].add(importer)
    order: list[str] = []
    seen: set[str] = set()
    for part in sorted(parts):
        _visit(part, arrows, seen, order)
    groups: list[tuple[str, ...]] = []
    seen.clear()
    for part in reversed(order):
        group: list[str] = []
        _visit(part, backwards, seen, group)
        if group:
            groups.append(tuple(sorted(group)))
    return groups


def _visit(start: str, arrows: Mapping[str, set[str]], seen: set[str], finished: list[str]) -> None:
    """Add what can be reached from ``start`` to ``finished``, what it reaches first."""
    waiting = [(start, False)]
    while waiting:
        part, is_done = waiting.pop()
        if is_done:
            finished.append(part)
        elif part not in seen:
            seen.add(part)
            waiting.append((part, True))
            waiting += [(each, False) for each in sorted(arrows.get(part, ())) if each not in seen]


def _levels(
    groups: Sequence[tuple[str, ...]], arrows: Mapping[str, set[str]]
) -> tuple[tuple[str, ...], ...]:
    """Each group one level below the lowest that imports it; ``groups`` are importers first."""
    number = {part: index for index, group in enumerate(groups) for part in group}
    level = [0] * len(groups)
    for index, group in enumerate(groups):
        for part in group:
            for target in arrows.get(part, ()):
                if number[target] != index:
                    level[number[target]] = max(level[number[target]], level[index] + 1)
    found: dict[int, list[str]] = defaultdict(list)
    for index, group in enumerate(groups):
        found[level[index]] += group
    return tuple(tuple(sorted(found[each])) for each in sorted(found))

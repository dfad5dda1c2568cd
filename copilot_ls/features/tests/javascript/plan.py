"""What the explorer of JavaScript is asked, from the texts of a project alone. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import PurePosixPath

from copilot_ls.features.tests.javascript.conventions import Package
from indexer.syntax.javascript_inputs import (
    Callable,
    Value,
    callables_of,
    calls_of,
    has_jsx,
    has_module_syntax,
)
from indexer.syntax.javascript_probes import probed
from indexer.syntax.parse import language_of
from indexer.syntax.tree import SyntaxTree, errors_in, read_tree

LANGUAGES = frozenset({"javascript", "typescript"})
_FENCE = re.compile(
    r"^```(?:js|javascript|ts|typescript|mjs)\b[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL
)
_COMMENT = re.compile(r"/\*\*.*?\*/", re.DOTALL)
_MARGIN = re.compile(r"^[ \t]*\* ?", re.MULTILINE)
_MAX_SEEDS = 300


class CannotPlan(ValueError):
    """A module that cannot be exercised; the message says why."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A module made ready to be explored; ``request`` lacks what only the sandbox knows."""

    request: Mapping[str, object]
    callables: tuple[Callable, ...]
    is_module: bool
    is_typed: bool
    module_name: str


def plan_of(path: str, text: str, *, package: Package, known: Iterable[str] = ()) -> Plan:
    """Plan the exploration of the module at ``path``.

    ``package`` is what it belongs to, ``known`` are the texts of files whose types it uses.

    Raises:
        CannotPlan: it is not JavaScript or TypeScript that node can run.
    """
    language = language_of(path) or ""
    if language not in LANGUAGES or path.endswith((".jsx", ".tsx")):
        raise CannotPlan("JSX is not run by node")
    tree = read_tree(language, text)
    if tree is None or errors_in(tree):
        raise CannotPlan("its syntax is broken")
    if has_jsx(tree):
        raise CannotPlan("JSX is not run by node")
    trees = [each for each in (read_tree("typescript", source) for source in known) if each]
    is_module = _is_module(path, tree, package.type)
    name = module_name(path, package)
    with_probes = probed(tree)
    callables = tuple(callables_of(tree, trees))
    request: dict[str, object] = {
        "text": tree.source.text,
        "probed": with_probes.text,
        "isModule": is_module,
        "isTyped": language == "typescript",
        "moduleName": name,
        "goals": [asdict(each) for each in with_probes.goals],
        "faults": [
            {
                "start": each.span.start,
                "end": each.span.end,
                "replacement": each.replacement,
                "goal": each.goal,
                "line": each.line,
            }
            for each in with_probes.faults
        ],
        "callables": [asdict(each) for each in callables],
    }
    return Plan(request, callables, is_module, language == "typescript", name)


def seeds_of(
    path: str, text: str, names: frozenset[str]
) -> Iterator[tuple[str, tuple[Value, ...]]]:
    """Calls with literal arguments: in code, in examples of comments, in fences of Markdown."""
    language = language_of(path) or ""
    if language in {"markdown", "text"}:
        sources = [("typescript", match[1]) for match in _FENCE.finditer(text)]
    elif language in {*LANGUAGES, "tsx"}:
        sources = [(language, text)]
        sources += [
            ("javascript", _MARGIN.sub("", match[0][3:-2]))
            for match in _COMMENT.finditer(text)
            if any(f"{name}(" in match[0] for name in names)
        ]
    else:
        return
    for kind, source in sources:
        tree = read_tree(kind, source)
        if tree is not None:
            yield from calls_of(tree, names)


def collected(seeds: Iterable[tuple[str, tuple[Value, ...]]]) -> list[Mapping[str, object]]:
    """Different calls as the explorer takes them, not too many."""
    found = list(dict.fromkeys(seeds))[:_MAX_SEEDS]
    return [{"name": name, "args": [asdict(each) for each in values]} for name, values in found]


def module_name(path: str, package: Package) -> str:
    """What a module's default export is called, if it has no name of its own: ``camelCase``."""
    file = PurePosixPath(path)
    stem = file.name.partition(".")[0]
    folder = file.parent.name
    if stem in {"index", "main", "mod", "lib"}:
        is_top = file.parent.as_posix() in {package.folder or ".", f"{package.folder}/src", "src"}
        stem = package.name.rpartition("/")[2] if is_top else folder
    first, *rest = [part for part in re.split(r"[^A-Za-z0-9]+", stem) if part] or ["subject"]
    name = first + "".join(part[:1].upper() + part[1:] for part in rest)
    return f"_{name}" if name[0].isdigit() else name


def _is_module(path: str, tree: SyntaxTree, package_type: str) -> bool:
    if path.endswith((".mjs", ".mts")):
        return True
    if path.endswith((".cjs", ".cts")):
        return False
    return package_type == "module" or has_module_syntax(tree)

"""Tests into a file that is there already: lines are added, and none is touched. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence

from copilot_ls.features.tests.framework import Framework
from copilot_ls.features.tests.render import (
    RenderedTest,
    arranged,
    case_name,
    imports_of,
    render_body,
)


class CannotAppend(ValueError):
    """The file is not one that tests can be added to."""


def names_in(text: str) -> frozenset[str]:
    """The names that a file of tests binds at its top.

    Raises:
        CannotAppend: it is not Python.
    """
    return frozenset(name for name, _ in _bound(_parsed(text)))


def free_case(module: str, text: str) -> str:
    """A name for a class of tests that the file has not.

    Raises:
        CannotAppend: it is not Python.
    """
    taken = names_in(text)
    name = case_name(module)
    candidates = (name, f"{name}Generated", *(f"{name}Generated{n}" for n in range(2, 1_000)))
    return next(candidate for candidate in candidates if candidate not in taken)


def appended(text: str, tests: Sequence[RenderedTest], *, case: str, framework: Framework) -> str:
    """The file with the tests at its end, and the imports that they need behind its own.

    Raises:
        CannotAppend: it is not Python, or means something else by a name that the tests need.
    """
    tree = _parsed(text)
    newline = "\r\n" if "\r\n" in text else "\n"
    present = {ast.unparse(statement) for statement in tree.body}
    bound = dict(_bound(tree))
    needed = []
    for line in imports_of(tests):
        if ast.unparse(ast.parse(line)) in present:
            continue
        for name, source in _bound(ast.parse(line)):
            if bound.get(name, source) != source:
                raise CannotAppend(f"`{name}` means something else there")
        needed.append(line)
    lines = text.splitlines(keepends=True)
    if lines and not lines[-1].endswith(("\n", "\r")):
        lines[-1] += newline
    body = render_body(tests, case=case, framework=framework)
    guard = tree.body[-1] if tree.body and _is_main_guard(tree.body[-1]) else None
    if guard is None:
        lines += _ended(["", "", *body.split("\n")], newline)
    else:
        place = guard.lineno - 1
        lines[place:place] = _ended([*body.split("\n"), "", ""], newline)
    if needed:
        place = _end_of_imports(tree)
        more = arranged(needed).split("\n")
        is_first = place == 0 and bool(lines)
        lines[place:place] = _ended([*more, ""] if is_first else more, newline)
    return "".join(lines)


def _ended(lines: Sequence[str], newline: str) -> list[str]:
    return [line + newline for line in lines]


def _parsed(text: str) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise CannotAppend(f"it is not Python: {error}") from error


def _bound(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Each name that a module binds at its top, with what it is bound to, as source."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                yield name, alias.name if alias.asname else name
        elif isinstance(node, ast.ImportFrom):
            origin = "." * node.level + (node.module or "")
            for alias in node.names:
                yield alias.asname or alias.name, f"{origin}.{alias.name}"
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, f"line {node.lineno}"
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                for part in ast.walk(target):
                    if isinstance(part, ast.Name):
                        yield part.id, ast.unparse(node)


def _end_of_imports(tree: ast.Module) -> int:
    """How many lines stand before and among the imports at the top; the docstring's without any."""
    ends = [
        node.end_lineno or 0
        for node in tree.body
        if isinstance(node, ast.Import | ast.ImportFrom)
        or (node is tree.body[0] and isinstance(node, ast.Expr))
    ]
    return max(ends, default=0)


def _is_main_guard(node: ast.stmt) -> bool:
    return isinstance(node, ast.If) and "__name__" in ast.unparse(node.test)

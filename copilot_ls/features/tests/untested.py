"""Functions that no test speaks of, told by names alone: nothing is run. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

_WORD = re.compile(r"[A-Za-z_]\w*")
_NOT_FOR_TESTS = frozenset({"overload", "abstractmethod", "setter", "deleter"})


@dataclass(frozen=True, slots=True)
class Testable:
    """A public function or method; ``first`` and ``last`` are its lines, from 1."""

    name: str
    first: int
    last: int


def words_of(text: str) -> frozenset[str]:
    """The identifiers in a text."""
    return frozenset(_WORD.findall(text))


def untested(text: str, named: Collection[str]) -> Iterator[Testable]:
    """Public functions and methods of a module whose names are not among ``named``.

    What does nothing yet, and what only declares, is left out.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return
    stack: list[tuple[str, ast.stmt]] = [("", node) for node in reversed(tree.body)]
    while stack:
        prefix, node = stack.pop()
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            stack += [(f"{prefix}{node.name}.", inner) for inner in reversed(node.body)]
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if node.name.startswith("_") or node.name in named or not _does_something(node):
            continue
        first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
        yield Testable(prefix + node.name, first, node.end_lineno or node.lineno)


def _does_something(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    for decorator in node.decorator_list:
        target = decorator.func if isinstance(decorator, ast.Call) else decorator
        if getattr(target, "attr", getattr(target, "id", "")) in _NOT_FOR_TESTS:
            return False
    return any(not _is_empty(statement) for statement in node.body)


def _is_empty(statement: ast.stmt) -> bool:
    if isinstance(statement, ast.Raise):
        return "NotImplementedError" in ast.unparse(statement)
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    return isinstance(statement, ast.Pass)

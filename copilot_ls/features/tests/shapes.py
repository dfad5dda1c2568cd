"""A draft of one call and one expectation, taken apart so that its like can share a test. Pure."""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from dataclasses import dataclass

from copilot_ls.features.tests.drafts import Draft

_RESERVED = frozenset(
    {
        "expected",
        "error",
        "message",
        "result",
        "request",
        "self",
        "tmp_path",
        "capsys",
        "monkeypatch",
    }
)


@dataclass(frozen=True, slots=True)
class Shape:
    """A test of one call with literal inputs: ``function(names…)``, and what is expected of it.

    ``expectation`` is one of ``==``, ``is None``, ``is bool``, ``raises`` (with a message) and
    ``raises anything``; ``values`` and ``expected`` are source.
    """

    function: str
    names: tuple[str, ...]
    n_positional: int
    values: tuple[str, ...]
    expectation: str
    expected: str
    error: str

    @property
    def key(self) -> tuple[object, ...]:
        """Shapes with the same key differ in their values alone."""
        return (self.function, self.names, self.n_positional, self.expectation, self.error)

    @property
    def column(self) -> str:
        """What the expected values are called in a table of cases; empty if they are all alike."""
        names = {"raises": "message", "==": "expected", "is bool": "expected"}
        return names.get(self.expectation, "")

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.names, *([self.column] if self.column else []))

    @property
    def row(self) -> str:
        """The values of the columns as source: a tuple, or the only one."""
        values = [*self.values, *([self.expected] if self.column else [])]
        return values[0] if len(values) == 1 else f"({', '.join(values)})"

    @property
    def call(self) -> str:
        """The call with the names of its parameters in place of the values."""
        positional = list(self.names[: self.n_positional])
        keywords = [f"{name}={name}" for name in self.names[self.n_positional :]]
        return f"{self.function}({', '.join(positional + keywords)})"


def shape_of(draft: Draft, parameters: Sequence[str]) -> Shape | None:
    """Take a draft apart, or return nothing if it is more than one call and one expectation."""
    if len(draft.lines) != 2 or "tmp_path" in draft.source:
        return None
    first, second = draft.lines
    if draft.error:
        head = re.fullmatch(
            r"with pytest\.raises\((?P<error>[\w.]+)(?:, match=(?P<match>.+))?\):", first
        )
        if head is None:
            return None
        call, expectation, expected = second.strip(), "raises", head["match"] or ""
        error = head["error"]
        if not expected:
            expectation = "raises anything"
    else:
        found = re.fullmatch(r"assert result (?P<how>==|is) (?P<expected>.+)", second, re.DOTALL)
        if found is None or not first.startswith("result = "):
            return None
        call, error = first.removeprefix("result = "), ""
        expectation, expected = found["how"], found["expected"]
        if expectation == "is" and expected not in {"None", "True", "False"}:
            return None
        if expected == "None":
            expectation = "is None"
        elif expectation == "is":
            expectation = "is bool"
    try:
        tree = ast.parse(call, mode="eval").body
    except SyntaxError:
        return None
    if not isinstance(tree, ast.Call) or not (tree.args or tree.keywords):
        return None
    if any(isinstance(argument, ast.Starred) for argument in tree.args):
        return None
    if len(tree.args) > len(parameters) or any(entry.arg is None for entry in tree.keywords):
        return None
    names = (*parameters[: len(tree.args)], *(str(entry.arg) for entry in tree.keywords))
    if len(set(names)) < len(names) or _RESERVED & set(names):
        return None
    given = (*tree.args, *(keyword.value for keyword in tree.keywords))
    if any(_runs_code(node, _root(tree.func), is_wary=bool(draft.error)) for node in given):
        return None
    values = tuple(map(ast.unparse, given))
    return Shape(
        ast.unparse(tree.func), names, len(tree.args), values, expectation, expected, error
    )


def _runs_code(node: ast.AST, subject: str, *, is_wary: bool) -> bool:
    """Whether a value calls what is under test, or anything if that may have raised the error.

    A table is made when the file is collected: what raises there takes every test with it.
    """
    if isinstance(node, ast.Lambda):
        return False
    if isinstance(node, ast.Call) and (is_wary or _root(node.func) == subject):
        return True
    return any(_runs_code(each, subject, is_wary=is_wary) for each in ast.iter_child_nodes(node))


def _root(node: ast.expr) -> str:
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""

"""From a call that somebody wrote, as source, to a case. Standard library alone."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from .nodes import Call, Case, Literal, Node, Raw
from .targets import Target

RECEIVER = "receiver"


def case_of(
    text: str,
    targets: Sequence[Target],
    alias: str,
    namespace: Mapping[str, Any],
    name_for: Callable[[type], str],
) -> Case | None:
    """A case of one of ``targets``; nothing if the source calls none of them.

    The source is one call, or ``receiver = …``, calls on it, and a call of a method. Names of the
    module stand in it bare; ``namespace`` has them, and a test reaches them through ``alias``.
    ``name_for`` names an object by its class.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    *before, last = tree.body or [ast.Pass()]
    action = last.value if isinstance(last, ast.Expr) else None
    if not isinstance(action, ast.Call):
        return None
    if not before:
        target = _function(ast.unparse(action.func), targets)
        write = _Writer(alias, namespace, "")
        return Case(target.name, write.call(action, target.source)) if target else None
    made = before[0].value if isinstance(before[0], ast.Assign) else None
    steps = [statement.value for statement in before[1:] if isinstance(statement, ast.Expr)]
    if not isinstance(made, ast.Call):
        return None
    owner: Any = namespace.get(ast.unparse(made.func))
    target = _method(action, owner, targets)
    if target is None:
        return None
    receiver = name_for(owner)
    write = _Writer(alias, namespace, receiver)
    calls = [write.call(step) for step in steps if isinstance(step, ast.Call)]
    return Case(target.name, write.call(action), [(receiver, write.node(made))], calls)


def _function(name: str, targets: Sequence[Target]) -> Target | None:
    functions = [target for target in targets if target.owner is None]
    last = name.rpartition(".")[2]
    for wanted in (name, last):
        for target in functions:
            if wanted in (target.source, target.name):
                return target
    return None


def _method(action: ast.Call, owner: Any, targets: Sequence[Target]) -> Target | None:
    """The method that is called on an instance of ``owner``, which may inherit it."""
    if not isinstance(action.func, ast.Attribute) or not isinstance(owner, type):
        return None
    for target in targets:
        is_named = target.source == action.func.attr and target.owner is not None
        if is_named and target.owner is not None and issubclass(owner, target.owner):
            return target
    return None


class _Writer(ast.NodeTransformer):
    """Writes expressions as a test would, with the module's names behind its alias."""

    def __init__(self, alias: str, namespace: Mapping[str, Any], receiver: str) -> None:
        self._alias = alias
        self._namespace = namespace
        self._receiver = receiver

    def call(self, node: ast.Call, function: str = "") -> Call:
        arguments = [self.node(argument) for argument in node.args]
        keywords = {entry.arg: self.node(entry.value) for entry in node.keywords if entry.arg}
        return Call(function or ast.unparse(self.visit(node.func)), arguments, keywords)

    def node(self, node: ast.expr) -> Node:
        try:
            return Literal(ast.literal_eval(node))
        except (ValueError, TypeError, SyntaxError, RecursionError):
            pass
        if isinstance(node, ast.Call) and not any(
            isinstance(argument, ast.Starred) for argument in node.args
        ):
            return self.call(node)
        return Raw(ast.unparse(self.visit(node)))

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id == RECEIVER:
            return ast.Name(self._receiver, ast.Load())
        if node.id in self._namespace and not node.id.startswith("__"):
            return ast.Attribute(ast.Name(self._alias, ast.Load()), node.id, ast.Load())
        return node

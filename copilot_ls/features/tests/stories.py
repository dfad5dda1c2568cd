"""What existing tests do with the objects they make, as first inputs. Pure.

A test is read like a story: names stand for what was bound to them, so that each call can be told
by itself, made of literals and of the module's own names.
"""

from __future__ import annotations

import ast
import builtins
import copy
from collections.abc import Collection, Iterable, Iterator, Mapping

from copilot_ls.features.tests.seeds import calls_in, tree_of


def fixtures_in(text: str, names: Collection[str]) -> dict[str, ast.expr]:
    """What the fixtures of a file give, by their name, made of literals and ``names`` alone."""
    found: dict[str, ast.expr] = {}
    for node in ast.walk(tree_of(text) or ast.Module([], [])):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and _is_fixture(node):
            story = _Story(names, _given(node, found))
            for statement in _statements(node.body):
                story.follow(statement)
                given = _handed_out(statement)
                value = story.inlined(given) if given is not None else None
                if value is not None:
                    found[node.name] = value
    return found


def calls_on_objects(
    text: str, names: Collection[str], fixtures: Mapping[str, ast.expr]
) -> list[str]:
    """Calls in functions with objects that they make, as source that needs nothing but ``names``.

    A call of a method is a little program of its own: the object bound to ``receiver``, what was
    called on it before, and the call.
    """
    found: list[str] = []
    tree = tree_of(text) or ast.Module([], [])
    classes = [node.body for node in tree.body if isinstance(node, ast.ClassDef)]
    for body in [tree.body, *classes]:
        functions = [
            node for node in body if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        ]
        prepared: dict[str, ast.expr] = {}
        for function in sorted(functions, key=lambda node: node.name != "setUp"):
            if _is_fixture(function):
                continue
            story = _Story(names, {**prepared, **_given(function, fixtures)})
            for statement in _statements(function.body):
                story.follow(statement)
            if function.name == "setUp":
                prepared = story.bound
            found += story.calls
    return found


class _Story:
    """The statements of a function one after the other: what names stand for, and what is called.

    ``bound`` maps names (and ``self.name``) to expressions made of literals and known names alone.
    """

    def __init__(self, names: Collection[str], bound: Mapping[str, ast.expr]) -> None:
        self.bound = dict(bound)
        self.calls: list[str] = []
        self._names = names
        self._before: dict[str, list[str]] = {}

    def follow(self, statement: ast.stmt) -> None:
        for call in calls_in(statement):
            self._note(call)
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            target = ast.unparse(statement.targets[0])
            value = self.inlined(statement.value)
            self._before.pop(target, None)
            self.bound.pop(target, None)
            if value is not None:
                self.bound[target] = value
        elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
            function = statement.value.func
            owner = ast.unparse(function.value) if isinstance(function, ast.Attribute) else ""
            step = self._on_receiver(statement.value)
            if owner in self.bound and step is not None:
                self._before.setdefault(owner, []).append(step)

    def inlined(self, node: ast.expr) -> ast.expr | None:
        """The expression with all that is bound in its place; nothing if it needs other names."""
        try:
            changed = _Inliner(self._names, self.bound).visit(copy.deepcopy(node))
        except _NeedsMoreError:
            return None
        return changed if isinstance(changed, ast.expr) else None

    def _note(self, call: ast.Call) -> None:
        if isinstance(call.func, ast.Attribute):
            owner = ast.unparse(call.func.value)
            made = self.bound.get(owner)
            if made is None and isinstance(call.func.value, ast.Call):
                made = self.inlined(call.func.value)
            if isinstance(made, ast.Call) and _name_of(made.func) in self._names:
                step = self._on_receiver(call)
                if step is not None:
                    before = self._before.get(owner, [])[-_MAX_STEPS:]
                    lines = [f"receiver = {ast.unparse(made)}", *before, step]
                    self.calls.append("\n".join(lines))
                return
        is_of_class = (
            isinstance(call.func, ast.Attribute) and _name_of(call.func.value) in self._names
        )
        if is_of_class or _name_of(call.func) in self._names:
            whole = self.inlined(call)
            if whole is not None:
                self.calls.append(ast.unparse(whole))

    def _on_receiver(self, call: ast.Call) -> str | None:
        if not isinstance(call.func, ast.Attribute):
            return None
        on_it = ast.Call(ast.Name("receiver", ast.Load()), call.args, call.keywords)
        bound = {**self.bound, "receiver": ast.Name("receiver", ast.Load())}
        try:
            changed = _Inliner(self._names, bound).visit(copy.deepcopy(on_it))
        except _NeedsMoreError:
            return None
        if not isinstance(changed, ast.Call):
            return None
        changed.func = ast.Attribute(changed.func, call.func.attr, ast.Load())
        return ast.unparse(changed)


class _NeedsMoreError(Exception):
    """An expression names what is not known outside of its function."""


class _Inliner(ast.NodeTransformer):
    def __init__(self, names: Collection[str], bound: Mapping[str, ast.expr]) -> None:
        self._names = names
        self._bound = bound

    def visit(self, node: ast.AST) -> ast.AST:
        if isinstance(node, _WITH_NAMES_OF_THEIR_OWN):
            raise _NeedsMoreError(type(node).__name__)
        visited: ast.AST = super().visit(node)
        return visited

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self._bound:
            return copy.deepcopy(self._bound[node.id])
        if node.id in self._names or node.id in _EVERYWHERE:
            return node
        raise _NeedsMoreError(node.id)

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        whole = ast.unparse(node)
        if whole in self._bound:
            return copy.deepcopy(self._bound[whole])
        if node.attr in self._names and isinstance(node.value, ast.Name):
            # A module, under whatever name the file has imported it.
            return ast.Name(node.attr, ast.Load())
        self.generic_visit(node)
        return node


_EVERYWHERE = frozenset({"tmp_path", *(n for n in dir(builtins) if not n.startswith("_"))})
_MAX_STEPS = 3
_WITH_NAMES_OF_THEIR_OWN = (
    ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp, ast.NamedExpr,
    ast.Await, ast.Yield, ast.YieldFrom,
)  # fmt: skip


def _given(
    function: ast.FunctionDef | ast.AsyncFunctionDef, fixtures: Mapping[str, ast.expr]
) -> dict[str, ast.expr]:
    names = [argument.arg for argument in function.args.args]
    return {name: fixtures[name] for name in names if name in fixtures}


def _statements(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements in order, those of ``with`` and ``try`` included."""
    for statement in body:
        if isinstance(statement, ast.With | ast.AsyncWith | ast.Try):
            yield from _statements(statement.body)
        elif not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield statement


def _handed_out(statement: ast.stmt) -> ast.expr | None:
    if isinstance(statement, ast.Return):
        return statement.value
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Yield):
        return statement.value.value
    return None


def _is_fixture(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any("fixture" in ast.unparse(decorator) for decorator in function.decorator_list)


def _name_of(function: ast.expr) -> str:
    return str(getattr(function, "attr", getattr(function, "id", "")))

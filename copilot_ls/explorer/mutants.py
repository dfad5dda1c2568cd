"""Small faults, one at a time, to see which tests notice them. Standard library alone.

The operators are the usual ones (Jia & Harman 2011): comparison, arithmetic and Boolean operators,
constants, conditions, returned values, and statements left out.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Any

_COMPARISONS: dict[type, tuple[type, ...]] = {
    ast.Lt: (ast.LtE, ast.GtE), ast.LtE: (ast.Lt, ast.Gt), ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt), ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,),
    ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,), ast.NotIn: (ast.In,),
}  # fmt: skip
_ARITHMETIC: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitAnd: ast.BitOr,
    ast.BitOr: ast.BitAnd, ast.BitXor: ast.BitAnd, ast.LShift: ast.RShift, ast.RShift: ast.LShift,
}  # fmt: skip


class Mutant:
    """One place to change in a module; its tree is made when it is asked for."""

    def __init__(
        self, number: int, source: str, tree: ast.Module, path: _Path, change: Any
    ) -> None:
        self.id = number
        self.line: int = getattr(_at(tree, path), "lineno", 0)
        self.owner = _owner(tree, path)
        self.description = ""
        self._source = source
        self._path = path
        self._change = change

    def tree(self) -> ast.Module:
        """The changed module; also says in ``description`` what was changed."""
        changed = ast.parse(self._source)
        self.description = self._change(_at(changed, self._path), changed, self._path)
        ast.fix_missing_locations(changed)
        return changed


def mutants_of(source: str, limit: int) -> list[Mutant]:
    """At most ``limit`` mutants, spread evenly over the functions of ``source``."""
    tree = ast.parse(source)
    places = list(_places(tree))
    if len(places) > limit > 0:
        places = [places[index * len(places) // limit] for index in range(limit)]
    return [
        Mutant(number, source, tree, path, change) for number, (path, change) in enumerate(places)
    ]


_Path = tuple[tuple[str, int | None], ...]


def _places(tree: ast.Module) -> Iterator[tuple[_Path, Any]]:
    stack: list[tuple[ast.AST, _Path, bool]] = [(tree, (), False)]
    while stack:
        node, path, is_inside = stack.pop()
        if is_inside:
            for change in _changes(node):
                yield path, change
        children: list[tuple[ast.AST, _Path, bool]] = []
        is_function = isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
        for name, value in ast.iter_fields(node):
            if name in {"annotation", "returns", "decorator_list"}:
                continue
            entries = value if isinstance(value, list) else [value]
            for index, entry in enumerate(entries):
                if not isinstance(entry, ast.AST) or _is_left_out(entry, node):
                    continue
                step = (name, index if isinstance(value, list) else None)
                inside = is_inside or (is_function and name in {"body", "args"})
                children.append((entry, (*path, step), inside))
        stack += reversed(children)


def _is_left_out(entry: ast.AST, parent: ast.AST) -> bool:
    if isinstance(entry, ast.Expr) and isinstance(entry.value, ast.Constant):
        return True
    return isinstance(entry, ast.JoinedStr) or isinstance(parent, ast.JoinedStr)


def _changes(node: ast.AST) -> Iterator[Any]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        for new in _COMPARISONS.get(type(node.ops[0]), ()):
            yield lambda n, t, p, new=new: _set_comparison(n, new)
    elif isinstance(node, (ast.BinOp, ast.AugAssign)) and type(node.op) in _ARITHMETIC:
        if not _is_formatting(node):
            yield lambda n, t, p: _set_operator(n)
    elif isinstance(node, ast.BoolOp):
        yield lambda n, t, p: _swap_boolean(n)
    elif isinstance(node, (ast.If, ast.While, ast.IfExp)):
        if not isinstance(node.test, (ast.Compare, ast.Constant)):
            yield lambda n, t, p: _negate(n)
    elif isinstance(node, ast.Constant):
        if isinstance(node.value, bool) or node.value is None:
            if isinstance(node.value, bool):
                yield lambda n, t, p: _set_constant(n, not n.value)
        elif isinstance(node.value, (int, float)):
            yield lambda n, t, p: _set_constant(n, n.value + 1)
        elif isinstance(node.value, str):
            yield lambda n, t, p: _set_constant(n, "" if n.value else "mutated")
    elif isinstance(node, ast.Return):
        if node.value is not None and not _is_none(node.value):
            yield lambda n, t, p: _return_none(n)
    elif isinstance(node, (ast.Assign, ast.AugAssign)) or _is_call(node):
        yield _leave_out
    elif isinstance(node, (ast.Continue, ast.Break)):
        yield lambda n, t, p: _swap_jump(n, t, p)
    elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        yield lambda n, t, p: _replace(t, p, n.operand, "not removed")
    elif isinstance(node, ast.Raise):
        yield _leave_out


def _set_comparison(node: Any, new: type) -> str:
    before = type(node.ops[0]).__name__
    node.ops[0] = new()
    return f"{before} became {new.__name__}"


def _set_operator(node: Any) -> str:
    before = type(node.op)
    node.op = _ARITHMETIC[before]()
    return f"{before.__name__} became {_ARITHMETIC[before].__name__}"


def _swap_boolean(node: Any) -> str:
    is_and = isinstance(node.op, ast.And)
    node.op = ast.Or() if is_and else ast.And()
    return "and became or" if is_and else "or became and"


def _negate(node: Any) -> str:
    node.test = ast.UnaryOp(ast.Not(), node.test)
    return "condition negated"


def _set_constant(node: Any, value: Any) -> str:
    before = node.value
    node.value = value
    return f"{before!r:.30} became {value!r:.30}"


def _return_none(node: Any) -> str:
    node.value = ast.Constant(None)
    return "returns None"


def _leave_out(node: Any, tree: ast.Module, path: _Path) -> str:
    kind = {"Raise": "raise", "Expr": "call"}.get(type(node).__name__, "assignment")
    return _replace(tree, path, ast.copy_location(ast.Pass(), node), f"{kind} left out")


def _swap_jump(node: Any, tree: ast.Module, path: _Path) -> str:
    is_break = isinstance(node, ast.Break)
    new = ast.Continue() if is_break else ast.Break()
    name = "break became continue" if is_break else "continue became break"
    return _replace(tree, path, ast.copy_location(new, node), name)


def _replace(tree: ast.Module, path: _Path, new: ast.AST, description: str) -> str:
    parent = _at(tree, path[:-1])
    name, index = path[-1]
    if index is None:
        setattr(parent, name, new)
    else:
        getattr(parent, name)[index] = new
    return description


def _at(tree: ast.AST, path: _Path) -> Any:
    node: Any = tree
    for name, index in path:
        node = getattr(node, name)
        if index is not None:
            node = node[index]
    return node


def _owner(tree: ast.Module, path: _Path) -> str:
    names = []
    node: Any = tree
    for name, index in path:
        node = getattr(node, name)
        if index is not None:
            node = node[index]
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.append(node.name)
    return ".".join(names)


def _is_formatting(node: Any) -> bool:
    """Whether ``%`` fills a text in, where other operators make no sense."""
    left = getattr(node, "left", None)
    return isinstance(node.op, ast.Mod) and isinstance(left, ast.Constant)


def _is_call(node: ast.AST) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)


def _is_none(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and node.value is None

"""What a finding in Python leads to: the function to call, and what reaches the finding. Pure."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, replace

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


class CannotAttack(Exception):
    """Why no test can be written for a finding, in words."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter that a call has to fill; ``annotation`` is source, empty if there is none."""

    name: str
    annotation: str
    is_keyword: bool
    has_default: bool


@dataclass(frozen=True, slots=True)
class Place:
    """The function around a finding, or one that uses what the finding is about.

    ``owner`` is its class, ``attributes`` are those that it reads of its object. ``heard`` are
    the parameters whose values reach the place of the finding, ``keys`` the fields of a Flask
    request that do, with their part of it. ``receivers`` are names of the module on which
    ``execute`` is called; ``code`` is the source of the lines that the finding is about.
    """

    name: str
    owner: str
    is_bound: bool
    is_async: bool
    is_generator: bool
    is_constructible: bool
    attributes: tuple[str, ...]
    parameters: tuple[Parameter, ...]
    heard: tuple[str, ...]
    keys: tuple[tuple[str, str], ...]
    receivers: tuple[str, ...]
    code: str
    body: str


def place_of(text: str, first: int, last: int) -> Place:
    """Find the function that the lines ``first`` to ``last`` (from 1) belong to.

    Raises:
        CannotAttack: there is none that could be called from a test.
    """
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise CannotAttack("the file does not parse") from error
    for owner, function in _callables(tree):
        if function.lineno <= first and last <= (function.end_lineno or 0):
            if _is_in_inner(function, first, last):
                raise CannotAttack("it stands in a function inside a function")
            return _place(text, tree, owner, function, first, last)
    return _place_by_name(text, tree, first, last)


def _callables(
    tree: ast.Module,
) -> Iterator[tuple[ast.ClassDef | None, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in tree.body:
        if isinstance(node, _FUNCTIONS):
            yield None, node
        elif isinstance(node, ast.ClassDef):
            for inner in node.body:
                if isinstance(inner, _FUNCTIONS):
                    yield node, inner


def _is_in_inner(function: ast.FunctionDef | ast.AsyncFunctionDef, first: int, last: int) -> bool:
    return any(
        node is not function
        and isinstance(node, (*_FUNCTIONS, ast.Lambda, ast.ClassDef))
        and node.lineno <= first
        and last <= (node.end_lineno or 0)
        and not isinstance(node, ast.Lambda)
        for node in ast.walk(function)
    )


def _place_by_name(text: str, tree: ast.Module, first: int, last: int) -> Place:
    """A constant of the module: the first function with parameters that uses it."""
    names = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign) and node.lineno <= first and last <= (node.end_lineno or 0)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for owner, function in _callables(tree):
        for node in ast.walk(function):
            if isinstance(node, ast.Name) and node.id in names:
                found = _place(text, tree, owner, function, node.lineno, node.lineno)
                if found.heard:
                    code = "\n".join(text.splitlines()[first - 1 : last])
                    return replace(found, code=code)
    raise CannotAttack("it stands in no function that a test could call")


def _place(
    text: str,
    tree: ast.Module,
    owner: ast.ClassDef | None,
    function: ast.FunctionDef | ast.AsyncFunctionDef,
    first: int,
    last: int,
) -> Place:
    decorators = {ast.unparse(each).partition("(")[0] for each in function.decorator_list}
    if decorators & {"property", "cached_property", "functools.cached_property"}:
        raise CannotAttack("it stands in a property")
    is_bound = owner is not None and "staticmethod" not in decorators
    parameters = _parameters(function)
    if is_bound:
        parameters = parameters[1:]
    names = _names_heard(function, first, last)
    globals_ = {
        target.id
        for node in tree.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return Place(
        name=function.name,
        owner=owner.name if owner else "",
        is_bound=is_bound and "classmethod" not in decorators,
        is_async=isinstance(function, ast.AsyncFunctionDef),
        is_generator=any(
            isinstance(each, ast.Yield | ast.YieldFrom) for each in ast.walk(function)
        ),
        is_constructible=owner is None or _is_constructible(owner),
        attributes=tuple(dict.fromkeys(_attributes(function))),
        parameters=tuple(parameters),
        heard=tuple(each.name for each in parameters if each.name in names),
        keys=tuple(dict.fromkeys(_request_keys(function))),
        receivers=tuple(dict.fromkeys(each for each in _receivers(function) if each in globals_)),
        code="\n".join(text.splitlines()[first - 1 : last]),
        body=ast.get_source_segment(text, function) or "",
    )


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[Parameter]:
    given = function.args
    positional = [*given.posonlyargs, *given.args]
    n_required = len(positional) - len(given.defaults)
    found = [
        Parameter(each.arg, _source(each.annotation), is_keyword=False, has_default=n >= n_required)
        for n, each in enumerate(positional)
    ]
    return found + [
        Parameter(
            each.arg, _source(each.annotation), is_keyword=True, has_default=default is not None
        )
        for each, default in zip(given.kwonlyargs, given.kw_defaults, strict=True)
    ]


def _source(node: ast.expr | None) -> str:
    return ast.unparse(node) if node is not None else ""


def _names_heard(
    function: ast.FunctionDef | ast.AsyncFunctionDef, first: int, last: int
) -> set[str]:
    """The names in some lines, and those that their values were made of."""
    heard = {
        node.id
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and first <= node.lineno <= last
    }
    before = -1
    while len(heard) != before:
        before = len(heard)
        for targets, value in _bindings(function):
            if targets & heard:
                heard |= _names(value)
    return heard


def _bindings(
    function: ast.FunctionDef | ast.AsyncFunctionDef,
) -> Iterator[tuple[set[str], ast.expr]]:
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets, value):
                yield set().union(*(_names(each) for each in targets)), value
            case ast.AugAssign(target, _, value) | ast.NamedExpr(target, value):
                yield _names(target), value
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                yield _names(target), value
            case ast.For(target, value) | ast.AsyncFor(target, value):
                yield _names(target), value
            case ast.comprehension(target, value):
                yield _names(target), value
            case ast.withitem(value, ast.expr() as target):
                yield _names(target), value
            case ast.Call(ast.Attribute(ast.Name(name), "append" | "extend"), [value, *_]):
                yield {name}, value


def _names(node: ast.expr) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _is_constructible(owner: ast.ClassDef) -> bool:
    if owner.bases or owner.decorator_list:
        return False
    for node in owner.body:
        if isinstance(node, _FUNCTIONS) and node.name in {"__init__", "__new__"}:
            return all(each.has_default for each in _parameters(node)[1:])
    return True


def _attributes(function: ast.AST) -> Iterator[str]:
    for node in ast.walk(function):
        match node:
            case ast.Attribute(ast.Name("self"), name, ast.Load()):
                yield name


def _receivers(function: ast.AST) -> Iterator[str]:
    for node in ast.walk(function):
        match node:
            case ast.Call(
                ast.Attribute(
                    ast.Name(name), "execute" | "executemany" | "executescript" | "cursor"
                )
            ):
                yield name


def _request_keys(function: ast.AST) -> Iterator[tuple[str, str]]:
    """The fields that are taken of Flask's request: ``request.args["name"]``, ``.get("name")``."""
    for node in ast.walk(function):
        match node:
            case ast.Subscript(
                ast.Attribute(ast.Name("request"), part), ast.Constant(str(key))
            ) | ast.Call(
                ast.Attribute(ast.Attribute(ast.Name("request"), part), "get"),
                [ast.Constant(str(key)), *_],
            ) if part in {"args", "form", "values", "headers", "cookies"}:
                yield part, key

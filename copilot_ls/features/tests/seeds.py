"""Calls that people wrote, as first inputs: examples in docstrings and real call sites. Pure."""

from __future__ import annotations

import ast
import doctest
from collections.abc import Collection, Iterator, Sequence
from typing import TypeAlias

_PARSER = doctest.DocTestParser()


Definition: TypeAlias = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef


def definitions_in(body: Sequence[ast.stmt]) -> Iterator[Definition]:
    """The functions and classes among some statements, whatever they depend on."""
    for node in body:
        if isinstance(node, Definition):
            yield node
        elif isinstance(node, ast.If | ast.Try):
            handlers = node.handlers if isinstance(node, ast.Try) else ()
            for inner in (node.body, *(each.body for each in handlers), node.orelse):
                yield from definitions_in(inner)


def callables_of(text: str) -> frozenset[str]:
    """Names of the functions and classes at the top of a module."""
    tree = tree_of(text)
    return frozenset(node.name for node in definitions_in(tree.body if tree else ()))


def calls_in_docstrings(text: str) -> list[str]:
    """Every call in the examples (``>>>``) of a module, as source."""
    found: list[str] = []
    for node in ast.walk(tree_of(text) or ast.Module([], [])):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            try:
                examples = _PARSER.get_examples(ast.get_docstring(node) or "")
            except ValueError:
                continue
            for example in examples:
                found += [ast.unparse(call) for call in calls_in(tree_of(example.source))]
    return found


def literal_calls(text: str, names: Collection[str]) -> list[str]:
    """Calls of ``names`` (or of attributes so called) whose arguments are literals, as source."""
    found = []
    for call in calls_in(tree_of(text)):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        values = [*call.args, *(keyword.value for keyword in call.keywords)]
        if name in names and values and all(map(_is_literal, values)):
            found.append(ast.unparse(ast.Call(ast.Name(name), call.args, call.keywords)))
    return found


def tree_of(text: str) -> ast.Module | None:
    """The syntax of a text; nothing if it has none."""
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def calls_in(tree: ast.AST | None) -> Iterator[ast.Call]:
    """Every call in a tree."""
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Call):
            yield node


def _is_literal(node: ast.expr) -> bool:
    try:
        ast.literal_eval(node)
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return False
    return True

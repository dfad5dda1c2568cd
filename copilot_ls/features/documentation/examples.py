"""Examples in docstrings (``>>>``), read and not run. Pure.

Two things are certain without running: code that does not parse, and a call of the very function
that is described with a keyword that it does not take.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from indexer.model import ParameterKind, Symbol, SymbolKind

_PROMPT = re.compile(r"^(?P<indent>[ \t]*)>>>(?: (?P<code>.*))?$")
_MORE = re.compile(r"^[ \t]*\.\.\.(?: (?P<code>.*))?$")
# What only a notebook or a shell can run, and what stands for something left out.
_NO_PYTHON = re.compile(
    r"^\s*[%!]|\?\s*$|<[\w ]+>|…|\bawait\b|^\s*\.\.\.\s*$|doctest:\s*\+SKIP", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Example:
    """One example; ``line`` (0-based) is that of its prompt in the docstring."""

    code: str
    line: int


def read_examples(text: str) -> list[Example]:
    """The examples of a docstring in order."""
    found: list[Example] = []
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        match = _PROMPT.match(lines[number])
        if match is None:
            number += 1
            continue
        code = [match["code"] or ""]
        first = number
        number += 1
        while number < len(lines) and (more := _MORE.match(lines[number])):
            code.append(more["code"] or "")
            number += 1
        found.append(Example("\n".join(code), first))
    return found


def broken_examples(examples: Sequence[Example]) -> Iterator[tuple[Example, str]]:
    """Examples that cannot be Python, with the parser's reason.

    Not told: what is said to fail, shells, and code of a Python newer than the one that runs us.
    """
    for block in _blocks(examples):
        # Some write every line behind a prompt of its own.
        whole = "\n".join(example.code for example in block)
        if _NO_PYTHON.search(whole) or not _error_in(whole):
            continue
        for example in block:
            reason = _error_in(example.code)
            if reason:
                yield example, reason
                break


def _blocks(examples: Sequence[Example]) -> Iterator[list[Example]]:
    """Examples that follow each other without anything printed between them."""
    block: list[Example] = []
    end = -1
    for example in examples:
        if block and example.line != end:
            yield block
            block = []
        block.append(example)
        end = example.line + example.code.count("\n") + 1
    if block:
        yield block


def _error_in(code: str) -> str:
    """Why a text is no Python, or the empty string."""
    try:
        compile(f"{code}\n", "<example>", "exec", flags=ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as error:
        return error.msg
    except (ValueError, RecursionError, MemoryError):
        return ""
    return ""


def wrong_keywords(symbol: Symbol, examples: Sequence[Example]) -> Iterator[tuple[Example, str]]:
    """Keywords in calls of ``symbol`` that it does not take."""
    signature = symbol.signature
    if signature is None or symbol.kind is not SymbolKind.FUNCTION or symbol.decorators:
        return
    if any(p.kind is ParameterKind.VARIADIC_KEYWORD for p in signature.parameters):
        return
    known = {p.name for p in signature.parameters}
    for example in examples:
        try:
            tree = ast.parse(example.code)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for node in ast.walk(tree):
            if not isinstance(node, ast.Call) or not _is_call_of(node, symbol.name):
                continue
            for keyword in node.keywords:
                if keyword.arg is not None and keyword.arg not in known:
                    yield example, keyword.arg


def _is_call_of(node: ast.Call, name: str) -> bool:
    """Whether a name is called as such, or as a member of a module with a short name."""
    function = node.func
    if isinstance(function, ast.Name):
        return function.id == name
    return (
        isinstance(function, ast.Attribute)
        and function.attr == name
        and isinstance(function.value, ast.Name)
        and function.value.id in {"np", "pd", "nx", "sp", "plt", "torch", "tf", "jnp"}
    )

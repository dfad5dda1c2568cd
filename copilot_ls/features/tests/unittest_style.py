"""Drafts → methods of a ``unittest.TestCase``. Pure.

Drafts are written with plain ``assert`` and ``pytest.raises``; here these become the methods of a
test case, and everything else stays as it is.
"""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterator, Sequence

from copilot_ls.features.tests.drafts import Draft
from copilot_ls.features.tests.layout import laid_out
from copilot_ls.features.tests.shapes import Shape

_FOLDER = (
    "temporary = tempfile.TemporaryDirectory()",
    "self.addCleanup(temporary.cleanup)",
    "tmp_path = pathlib.Path(temporary.name)",
)
_CHDIR = "monkeypatch.chdir(tmp_path)"
_STREAMS = {"out": "stdout", "err": "stderr"}
_PLACES_SUFFICE = (1e-3, 10.0)
_METHODS: dict[type, str] = {
    ast.Eq: "assertEqual", ast.NotEq: "assertNotEqual", ast.Is: "assertIs",
    ast.IsNot: "assertIsNot", ast.In: "assertIn", ast.NotIn: "assertNotIn",
}  # fmt: skip


def imports_of(draft: Draft) -> list[str]:
    """The imports that the draft needs as a method."""
    found = [line for line in draft.imports if line != "import pytest"]
    more = ["import pathlib", "import tempfile"] if "tmp_path" in draft.source else []
    if "capsys" in draft.source:
        more += ["import contextlib", "import io"]
    if "monkeypatch.setattr" in draft.source:
        more.append("from unittest import mock")
    if _CHDIR in draft.source:
        more.append("import os")
    return [*found, *more, "import unittest"]


def method(name: str, draft: Draft) -> str:
    """One test."""
    body = list(_captured(draft) if "capsys" in draft.source else _converted(draft.lines))
    if "tmp_path" in draft.source:
        body = [*_FOLDER, *body]
    return f"def {name}(self):\n" + textwrap.indent("\n".join(map(laid_out, body)), "    ")


def can_share(shape: Shape) -> bool:
    """Whether the expectation says the same in a row of values."""
    return "pytest." not in shape.expected


def method_of_cases(name: str, shapes: Sequence[Shape]) -> str:
    """One test for calls that differ in their values alone."""
    first = shapes[0]
    match first.expectation:
        case "raises":
            check = [f"with self.assertRaisesRegex({first.error}, message):", f"    {first.call}"]
        case "raises anything":
            check = [f"with self.assertRaises({first.error}):", f"    {first.call}"]
        case "is None":
            check = [f"self.assertIsNone({first.call})"]
        case "is bool":
            check = [f"self.assertIs({first.call}, expected)"]
        case _:
            check = [f"self.assertEqual({first.call}, expected)"]
    lines = ["cases = [", *(f"    {shape.row}," for shape in shapes)]
    told = ", ".join(f"{column}={column}" for column in first.names)
    lines += ["]", f"for {', '.join(first.columns)} in cases:", f"    with self.subTest({told}):"]
    lines += [f"        {line}" for line in check]
    return f"def {name}(self):\n" + textwrap.indent("\n".join(lines), "    ")


def _converted(lines: Sequence[str]) -> Iterator[str]:
    """The statements of a draft, each in the words of a test case."""
    source = "\n".join(lines)
    for statement in ast.parse(source).body:
        yield from _statement(statement, source, source.splitlines())


def _captured(draft: Draft) -> Iterator[str]:
    """The same where it is looked at what was printed, which needs no fixture here."""
    lines = [line for line in draft.lines if line != "printed = capsys.readouterr()"]
    n_acts = next((n for n, line in enumerate(lines) if line.startswith("assert ")), len(lines))
    texts = "\n".join(lines[n_acts:])
    used = []
    for name, stream in _STREAMS.items():
        for read in (f"capsys.readouterr().{name} ", f"printed.{name} "):
            if read in texts:
                texts = texts.replace(read, f"{stream}.getvalue() ")
                used.append(f"contextlib.redirect_{stream}(io.StringIO()) as {stream}")
    yield f"with {', '.join(used)}:"
    yield from textwrap.indent("\n".join(_converted(lines[:n_acts])), "    ").splitlines()
    yield from _converted(texts.splitlines())


def _statement(statement: ast.stmt, source: str, lines: Sequence[str]) -> Iterator[str]:
    if isinstance(statement, ast.Assert):
        yield _assertion(statement.test, source)
    elif isinstance(statement, ast.With):
        heads = [_context(item, source) for item in statement.items]
        yield f"with {', '.join(heads)}:"
        for inner in statement.body:
            yield from textwrap.indent(
                "\n".join(_statement(inner, source, lines)), "    "
            ).splitlines()
    elif ast.unparse(statement) == _CHDIR:
        yield "self.addCleanup(os.chdir, os.getcwd())"
        yield "os.chdir(tmp_path)"
    elif (call := _replacement(statement)) is not None:
        arguments = ", ".join(_text(argument, source) for argument in call.args)
        yield f"patch = mock.patch.object({arguments})"
        yield "patch.start()"
        yield "self.addCleanup(patch.stop)"
    else:
        block = "\n".join(lines[statement.lineno - 1 : statement.end_lineno])
        yield from textwrap.dedent(block).splitlines()


def _replacement(statement: ast.stmt) -> ast.Call | None:
    """The call that replaces something for the time of the test, if it is one."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    is_one = isinstance(call, ast.Call) and ast.unparse(call.func) == "monkeypatch.setattr"
    return call if isinstance(call, ast.Call) and is_one else None


def _context(item: ast.withitem, source: str) -> str:
    head = item.context_expr
    if isinstance(head, ast.Call) and ast.unparse(head.func) == "pytest.raises":
        error = _text(head.args[0], source)
        for keyword in head.keywords:
            if keyword.arg == "match":
                return f"self.assertRaisesRegex({error}, {_text(keyword.value, source)})"
        return f"self.assertRaises({error})"
    name = f" as {_text(item.optional_vars, source)}" if item.optional_vars else ""
    return _text(head, source) + name


def _assertion(test: ast.expr, source: str) -> str:
    if isinstance(test, ast.Call) and ast.unparse(test.func) == "isinstance":
        value, kind = (_text(argument, source) for argument in test.args)
        return f"self.assertIsInstance({value}, {kind})"
    if isinstance(test, ast.Compare) and len(test.ops) == 1 and type(test.ops[0]) in _METHODS:
        left, right = _text(test.left, source), test.comparators[0]
        if isinstance(right, ast.Call) and ast.unparse(right.func) == "pytest.approx":
            return _nearly(left, right.args[0], source)
        if isinstance(test.ops[0], ast.Is) and ast.unparse(right) == "None":
            return f"self.assertIsNone({left})"
        return f"self.{_METHODS[type(test.ops[0])]}({left}, {_text(right, source)})"
    return f"self.assertTrue({_text(test, source)})"


def _nearly(left: str, expected: ast.expr, source: str) -> str:
    text = _text(expected, source)
    size = abs(float(ast.literal_eval(expected)))
    low, high = _PLACES_SUFFICE
    # Seven places after the point, the default, are too few or too many for other sizes.
    tolerance = "" if low <= size < high else f", delta={max(size * 1e-6, 1e-12):.0e}"
    return f"self.assertAlmostEqual({left}, {text}{tolerance})"


def _text(node: ast.expr, source: str) -> str:
    return ast.get_source_segment(source, node) or ast.unparse(node)

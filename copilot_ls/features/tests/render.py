"""Drafts → the text of a test file that people would keep: named, grouped, parametrised. Pure."""

from __future__ import annotations

import ast
import re
import sys
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from copilot_ls.features.tests.drafts import Draft

_WIDTH = 100
_MIN_GROUP = 2
_RESERVED = frozenset({"expected", "error", "message", "result", "request", "tmp_path", "capsys"})


@dataclass(frozen=True, slots=True)
class RenderedTest:
    """A test function and the drafts that went into it; ``cases`` are ids of its parameters."""

    name: str
    text: str
    drafts: tuple[Draft, ...]


def render_file(tests: Sequence[RenderedTest], *, module: str) -> str:
    """Write the whole file: a docstring, the imports that are needed, the tests."""
    imports = sorted({line for test in tests for draft in test.drafts for line in draft.imports})
    if any("pytest." in test.text for test in tests) and "import pytest" not in imports:
        imports.append("import pytest")
    body = "\n\n\n".join(test.text for test in tests)
    return f'"""Tests of ``{module}``."""\n\n{_arranged(imports)}\n\n\n{body}\n'


def render_tests(
    drafts: Sequence[Draft], parameters: Mapping[str, Sequence[str]]
) -> list[RenderedTest]:
    """Name the drafts and merge those that differ in their inputs alone.

    ``parameters`` gives the parameter names of each target, for readable parametrisation.
    """
    groups: dict[tuple[object, ...], list[tuple[Draft, _Shape | None]]] = {}
    for number, draft in enumerate(drafts):
        shape = _shape_of(draft, parameters.get(draft.target, ()))
        key: tuple[object, ...] = shape.key if shape else ("single", number)
        groups.setdefault(key, []).append((draft, shape))
    rendered: list[RenderedTest] = []
    taken: set[str] = set()
    for entries in groups.values():
        shapes = [shape for _, shape in entries if shape is not None]
        own = [draft for draft, _ in entries]
        more = shapes[0].names[1:] if shapes else ()
        if len(shapes) >= _MIN_GROUP:
            name = _unique(_name_of(own[0], many=True), taken, more)
            rendered.append(RenderedTest(name, _parametrised(name, shapes), tuple(own)))
            continue
        for draft in own:
            name = _unique(_name_of(draft, many=False), taken, more)
            rendered.append(RenderedTest(name, _single(name, draft), (draft,)))
    return rendered


# Shapes


@dataclass(frozen=True, slots=True)
class _Shape:
    """A test of one call with literal inputs and one expectation, taken apart."""

    function: str
    names: tuple[str, ...]
    n_positional: int
    values: tuple[str, ...]
    expectation: str
    expected: str
    error: str

    @property
    def key(self) -> tuple[object, ...]:
        return (self.function, self.names, self.n_positional, self.expectation, self.error)


def _shape_of(draft: Draft, parameters: Sequence[str]) -> _Shape | None:
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
    values = tuple(ast.unparse(node) for node in (*tree.args, *(k.value for k in tree.keywords)))
    return _Shape(
        ast.unparse(tree.func), names, len(tree.args), values, expectation, expected, error
    )


def _parametrised(name: str, shapes: Sequence[_Shape]) -> str:
    first = shapes[0]
    call = _call_of(first)
    columns = list(first.names)
    match first.expectation:
        case "raises":
            columns.append("message")
            body = [f"with pytest.raises({first.error}, match=message):", f"    {call}"]
        case "raises anything":
            body = [f"with pytest.raises({first.error}):", f"    {call}"]
        case "is None":
            body = [f"assert {call} is None"]
        case "is bool":
            columns.append("expected")
            body = [f"assert {call} is expected"]
        case _:
            columns.append("expected")
            body = [f"assert {call} == expected"]
    has_expected = columns != list(first.names)
    rows = [[*shape.values, *([shape.expected] if has_expected else [])] for shape in shapes]
    head = f'"{columns[0]}"' if len(columns) == 1 else f"({', '.join(map(_quoted, columns))})"
    lines = ["@pytest.mark.parametrize(", f"    {head},", "    ["]
    lines += [f"        {_row(row)}," for row in rows]
    lines += ["    ],", ")", f"def {name}({', '.join(columns)}):"]
    return "\n".join([*lines, *(f"    {line}" for line in body)])


def _call_of(shape: _Shape) -> str:
    positional = list(shape.names[: shape.n_positional])
    keywords = [f"{name}={name}" for name in shape.names[shape.n_positional :]]
    return f"{shape.function}({', '.join(positional + keywords)})"


def _row(values: Sequence[str]) -> str:
    return values[0] if len(values) == 1 else f"({', '.join(values)})"


def _single(name: str, draft: Draft) -> str:
    fixtures = [name for name in ("tmp_path", "capsys") if name in draft.source]
    lines = [f"def {name}({', '.join(fixtures)}):"]
    previous_is_assert = True
    for line in draft.lines:
        is_assert = line.startswith(("assert ", "printed = "))
        if is_assert and not previous_is_assert and len(draft.lines) > 4:
            lines.append("")
        lines.append(textwrap.indent(line, "    "))
        previous_is_assert = is_assert
    return "\n".join(lines)


# Names


def _name_of(draft: Draft, *, many: bool) -> str:
    subject = _words(draft.target)
    if draft.error:
        return f"test_{subject}_raises_{_words(draft.error)}"
    if many:
        return f"test_{subject}"
    last = draft.lines[-1]
    for pattern, ending in (
        (r"assert result is None$", "returns_none"),
        (r"assert result is (True|False)$", r"returns_\1"),
        (r"assert result == ''$", "returns_empty_text"),
        (r"assert result == \[\]$", "returns_empty_list"),
        (r"assert result == \{\}$", "returns_empty_dict"),
        (r"assert isinstance\(result", "returns_instance"),
        (r"assert \(tmp_path", "writes_files"),
        (r"assert (?:capsys\.readouterr\(\)|printed)\.(?:out|err) == ", "prints"),
    ):
        found = re.match(pattern, last)
        if found is not None:
            return f"test_{subject}_{found.expand(ending).lower()}"
    return f"test_{subject}"


def _words(name: str) -> str:
    parts = [re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", part) for part in name.split(".")]
    return re.sub(r"\W+|_+", "_", "_".join(parts)).strip("_").lower()


def _unique(name: str, taken: set[str], more: Sequence[str]) -> str:
    """A free name; what else is given (``more``) tells tests of one function apart."""
    if name in taken and more:
        name = f"{name}_with_{'_and_'.join(_words(each) for each in more[:2])}"
    candidate, number = name, 1
    while candidate in taken:
        number += 1
        candidate = f"{name}_{number}"
    taken.add(candidate)
    return candidate


def _quoted(name: str) -> str:
    return f'"{name}"'


def _arranged(imports: Sequence[str]) -> str:
    """Standard modules, others, in two groups as formatters arrange them; then other bindings."""
    standard: list[str] = []
    other: list[str] = []
    bound: list[str] = []
    for line in imports:
        if not line.startswith(("import ", "from ")):
            bound.append(line)
            continue
        module = line.split()[1].split(".")[0]
        (standard if module in sys.stdlib_module_names else other).append(line)
    return "\n\n".join("\n".join(sorted(group)) for group in (standard, other, bound) if group)

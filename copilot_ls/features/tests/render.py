"""Drafts → the text of a test file that people would keep: named, grouped, parametrised. Pure."""

from __future__ import annotations

import re
import sys
import textwrap
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from copilot_ls.features.tests import unittest_style
from copilot_ls.features.tests.drafts import Draft
from copilot_ls.features.tests.framework import Framework
from copilot_ls.features.tests.layout import laid_out
from copilot_ls.features.tests.shapes import Shape, shape_of

_MIN_GROUP = 2


@dataclass(frozen=True, slots=True)
class RenderedTest:
    """A test function, the drafts that went into it, and the imports that it needs.

    In the manner of unittest it is a method, not indented.
    """

    name: str
    text: str
    drafts: tuple[Draft, ...]
    imports: tuple[str, ...] = ()


def render_file(
    tests: Sequence[RenderedTest], *, module: str, framework: Framework = Framework.PYTEST
) -> str:
    """Write the whole file: a docstring, the imports that are needed, the tests."""
    body = render_body(tests, case=case_name(module), framework=framework)
    return f'"""Tests of ``{module}``."""\n\n{arranged(imports_of(tests))}\n\n\n{body}\n'


def render_body(tests: Sequence[RenderedTest], *, case: str, framework: Framework) -> str:
    """Write the tests alone; ``case`` names the class, if there is to be one."""
    if framework is Framework.PYTEST:
        return "\n\n\n".join(test.text for test in tests)
    methods = "\n\n".join(textwrap.indent(test.text, "    ") for test in tests)
    return f"class {case}(unittest.TestCase):\n{methods}"


def imports_of(tests: Sequence[RenderedTest]) -> list[str]:
    """All statements that make the names which the tests use."""
    return sorted({line for test in tests for line in test.imports})


def case_name(module: str) -> str:
    """What the class of a module's tests is called."""
    words = _words(module.rpartition(".")[2]).split("_")
    return "Test" + "".join(word.capitalize() for word in words)


def render_tests(
    drafts: Sequence[Draft],
    parameters: Mapping[str, Sequence[str]],
    *,
    framework: Framework = Framework.PYTEST,
    taken: Collection[str] = (),
) -> list[RenderedTest]:
    """Name the drafts and merge those that differ in their inputs alone.

    ``parameters`` gives the parameter names of each target, for readable parametrisation;
    ``taken`` are names that stand in the file already.
    """
    is_pytest = framework is Framework.PYTEST
    groups: dict[tuple[object, ...], list[tuple[Draft, Shape | None]]] = {}
    for number, draft in enumerate(drafts):
        shape = shape_of(draft, parameters.get(draft.target, ()))
        if shape is not None and not is_pytest and not unittest_style.can_share(shape):
            shape = None
        key: tuple[object, ...] = shape.key if shape else ("single", number)
        groups.setdefault(key, []).append((draft, shape))
    rendered: list[RenderedTest] = []
    names = set(taken)
    for entries in groups.values():
        shapes = [shape for _, shape in entries if shape is not None]
        own = [draft for draft, _ in entries]
        more = shapes[0].names[1:] if shapes else ()
        is_group = len(shapes) >= _MIN_GROUP
        for drafts_of_one in [own] if is_group else [[draft] for draft in own]:
            name = _unique(_name_of(drafts_of_one[0], many=is_group), names, more)
            if is_pytest:
                text = _parametrised(name, shapes) if is_group else _single(name, drafts_of_one[0])
            elif is_group:
                text = unittest_style.method_of_cases(name, shapes)
            else:
                text = unittest_style.method(name, drafts_of_one[0])
            imports = _needed(drafts_of_one, text, framework)
            rendered.append(RenderedTest(name, text, tuple(drafts_of_one), imports))
    return rendered


def _needed(drafts: Sequence[Draft], text: str, framework: Framework) -> tuple[str, ...]:
    if framework is Framework.UNITTEST:
        found = {line for draft in drafts for line in unittest_style.imports_of(draft)}
    else:
        found = {line for draft in drafts for line in draft.imports}
        if "pytest." in text:
            found.add("import pytest")
    return tuple(sorted(found))


# In the manner of pytest


def _parametrised(name: str, shapes: Sequence[Shape]) -> str:
    first = shapes[0]
    call, columns = first.call, first.columns
    match first.expectation:
        case "raises":
            body = [f"with pytest.raises({first.error}, match=message):", f"    {call}"]
        case "raises anything":
            body = [f"with pytest.raises({first.error}):", f"    {call}"]
        case "is None":
            body = [f"assert {call} is None"]
        case "is bool":
            body = [f"assert {call} is expected"]
        case _:
            body = [f"assert {call} == expected"]
    head = f'"{columns[0]}"' if len(columns) == 1 else f"({', '.join(map(_quoted, columns))})"
    lines = ["@pytest.mark.parametrize(", f"    {head},", "    ["]
    lines += [f"        {shape.row}," for shape in shapes]
    lines += ["    ],", ")", f"def {name}({', '.join(columns)}):"]
    return "\n".join([*lines, *(f"    {line}" for line in body)])


def _single(name: str, draft: Draft) -> str:
    fixtures = [name for name in ("tmp_path", "capsys", "monkeypatch") if name in draft.source]
    lines = [f"def {name}({', '.join(fixtures)}):"]
    previous_is_assert = True
    for line in draft.lines:
        is_assert = line.startswith(("assert ", "printed = "))
        if is_assert and not previous_is_assert and len(draft.lines) > 4:
            lines.append("")
        lines.append(textwrap.indent(laid_out(line), "    "))
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


def arranged(imports: Sequence[str]) -> str:
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
    groups = [sorted(group, key=_import_order) for group in (standard, other, bound) if group]
    return "\n\n".join(map("\n".join, groups))


def _import_order(line: str) -> tuple[bool, str]:
    return (line.startswith("from "), line)

"""Cases → the text of a test file for node:test, vitest or jest. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from copilot_ls.features.tests.javascript.conventions import Framework, Style
from copilot_ls.features.tests.javascript.exploration import Case, Step
from copilot_ls.features.tests.javascript.layout import (
    Doc,
    Group,
    Joined,
    call,
    doc_of,
    laid_out,
    quoted,
    written,
)
from indexer.syntax.javascript_inputs import Callable, Input, Shape, Value

_MAX_TITLE = 70
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*\Z", re.ASCII)
_RESERVED = frozenset(
    {
        "arguments", "await", "break", "case", "catch", "class", "const", "continue",
        "debugger", "default", "delete", "do", "else", "enum", "eval", "export", "extends",
        "false", "finally", "for", "function", "if", "implements", "import", "in",
        "instanceof", "interface", "let", "new", "null", "package", "private", "protected",
        "public", "return", "static", "super", "switch", "this", "throw", "true", "try",
        "typeof", "undefined", "var", "void", "while", "with", "yield", "expected", "message",
        "assert", "describe", "test", "it", "expect", "inspect",
    }
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class RenderedTest:
    """A test: its title, the statements of it without its head, the cases that went into it.

    ``rows`` is the table that it is run over, if it stands for several cases.
    """

    target: str
    title: str
    body: tuple[str, ...]
    cases: tuple[Case, ...]
    rows: tuple[Doc, ...] = ()
    columns: tuple[str, ...] = ()
    uses: frozenset[str] = frozenset()

    @property
    def is_async(self) -> bool:
        return any(case.is_async for case in self.cases)


@dataclass(frozen=True, slots=True)
class Names:
    """What the functions under test are called in a file of tests."""

    default: str
    callables: Mapping[str, Callable]
    is_typed: bool = False

    def for_cases(self, cases: Sequence[Case]) -> Names:
        """The same with the default export called as what it is a call of."""
        called = [case.target for case in cases if case.path == ("default",)]
        return replace(self, default=called[0].partition(".")[0]) if called else self

    def inputs(self, case: Case) -> Sequence[Input]:
        found = self.callables.get(case.target) or self.callables.get(case.path[-1])
        return found.inputs if found is not None else ()


def render_tests(cases: Sequence[Case], names: Names, style: Style) -> list[RenderedTest]:
    """Name the cases; those of one function that differ in their values alone become a table."""
    groups: dict[tuple[object, ...], list[Case]] = {}
    for number, case in enumerate(cases):
        groups.setdefault(_key(case, names, number), []).append(case)
    found: list[RenderedTest] = []
    taken: set[str] = set()
    for group in groups.values():
        if len(group) > 1:
            found.append(_table(group, names, style, taken))
        else:
            found.append(_single(group[0], names, style, taken))
    order = list(dict.fromkeys(case.target for case in cases))
    return sorted(found, key=lambda test: order.index(test.target))


def render_file(
    tests: Sequence[RenderedTest],
    names: Names,
    style: Style,
    specifier: str,
    *,
    marks: Mapping[str, str] | None = None,
) -> str:
    """The whole file. ``marks`` are put before the titles, so that results can be told apart."""
    lines = list(_imports(tests, names, style, specifier))
    targets = list(dict.fromkeys(test.target for test in tests))
    for target in targets:
        head = quoted(_subject(target), style.quote)
        lines += ["", f"describe({head}, () => {{"]
        for number, test in enumerate(each for each in tests if each.target == target):
            mark = marks.get(key_of(test), "") if marks is not None else ""
            lines += [""] if number else []
            lines += [f"{style.unit}{line}" if line else "" for line in _test(test, style, mark)]
        lines += [f"}}){style.end}"]
    return "\n".join(lines) + "\n"


def key_of(test: RenderedTest) -> str:
    """What tells a test from the others of its file."""
    return f"{test.target} {test.title}"


# One test


def _single(case: Case, names: Names, style: Style, taken: set[str]) -> RenderedTest:
    arguments = [doc_of(value, style.quote) for value in case.args]
    before: list[Doc] = []
    for index, _ in case.changed:
        name = _columns(case, names)[index]
        before.append(Joined((f"const {name} = ", arguments[index])))
        arguments[index] = name
    body = _statements(case, arguments, names, style, before)
    title = _title(case, style, taken)
    return RenderedTest(case.target, title, tuple(body), (case,), uses=_used([case]))


def _statements(
    case: Case, arguments: Sequence[Doc], names: Names, style: Style, before: Sequence[Doc]
) -> list[str]:
    expected: Doc = ""
    if case.result is not None:
        expected = doc_of(case.result.value, style.quote)
    docs: list[Doc] = list(before)
    holder = _holder_name(case) if case.steps or case.self_after is not None else ""
    if holder:
        docs.append(Joined((f"const {holder} = ", _instance(case, names, style))))
    for step in case.steps:
        values = [doc_of(value, style.quote) for value in step.args]
        docs.append(call(f"{holder}.{step.method}", values))
    if case.self_after is not None:
        docs.append(_awaited(case, call(f"{holder}.{case.method}", arguments)))
        shown = f"{{ ...{holder} }}"
        docs.append(_equal(shown, doc_of(case.self_after, style.quote), style, is_plain=False))
    elif case.error is not None:
        docs.append(_thrown(case, _called(case, arguments, names, style, holder), style))
    else:
        subject = _called(case, arguments, names, style, holder)
        is_deep = case.result is not None and _is_deep(case.result.value)
        docs.append(_result(case, subject, expected, style, is_deep=is_deep))
    for index, value in case.changed:
        name = written(arguments[index])
        docs.append(_equal(name, doc_of(value, style.quote), style, is_plain=False))
    inner = style.unit * 2
    return [laid_out(doc, inner, unit=style.unit, after=style.end) for doc in docs]


def _result(case: Case, subject: Doc, expected: Doc, style: Style, *, is_deep: bool) -> Doc:
    kind = case.result.kind if case.result is not None else "value"
    subject = _awaited(case, subject)
    if kind == "fields":
        subject = Joined(("{ ...", _bracketed(case, subject), " }"))
    elif kind == "items":
        subject = Joined(("[...", _bracketed(case, subject), "]"))
    return _equal(subject, expected, style, is_plain=kind == "value" and not is_deep)


def _equal(subject: Doc, expected: Doc, style: Style, *, is_plain: bool) -> Doc:
    if style.framework is Framework.NODE:
        name = "assert.strictEqual" if is_plain else "assert.deepStrictEqual"
        return call(name, [subject, expected])
    name = ".toBe" if is_plain else ".toStrictEqual"
    return Joined((call("expect", [subject]), call(name, [expected])))


def _thrown(case: Case, subject: Doc, style: Style, message: Doc | None = None) -> Doc:
    error = case.error
    if error is None:
        return ""
    text = quoted(error.message, style.quote) if message is None else message
    if style.framework is Framework.NODE:
        parts: tuple[Doc, ...] = (f"name: {quoted(error.name, style.quote)}",)
        shown = "message" if text == "message" else f"message: {written(text)}"
        expected = Group("{", (*parts, shown), "}", is_spaced=True)
        if case.is_async:
            return Joined(("await ", call("assert.rejects", [subject, expected])))
        return call("assert.throws", [Joined(("() => ", subject)), expected])
    given = [text] if error.message or message is not None else []
    if case.is_async:
        return Joined(("await ", call("expect", [subject]), ".rejects", call(".toThrow", given)))
    return Joined((call("expect", [Joined(("() => ", subject))]), call(".toThrow", given)))


def _called(
    case: Case, arguments: Sequence[Doc], names: Names, style: Style, made: str = ""
) -> Doc:
    """The call; of a method on the object that is called ``made``, or on a new one."""
    holder = _expression(case.path, names)
    doc: Doc
    match case.kind:
        case "constructor":
            doc = call(f"new {holder}", arguments)
        case "static":
            doc = call(f"{holder}.{case.method}", arguments)
        case "getter" if made:
            doc = f"{made}.{case.method}"
        case "getter":
            doc = Joined((_instance(case, names, style), f".{case.method}"))
        case "method" if made:
            doc = call(f"{made}.{case.method}", arguments)
        case "method":
            doc = Joined((_instance(case, names, style), call(f".{case.method}", arguments)))
        case _:
            doc = call(holder, arguments)
    if case.then is None:
        return doc
    return Joined((doc, call("", [doc_of(value, style.quote) for value in case.then])))


def _instance(case: Case, names: Names, style: Style) -> Group:
    values = [doc_of(value, style.quote) for value in case.make]
    return call(f"new {_expression(case.path, names)}", values)


def _expression(path: Sequence[str], names: Names) -> str:
    first = names.default if path[0] == "default" else path[0]
    return ".".join([first, *path[1:]])


def _awaited(case: Case, doc: Doc) -> Doc:
    return Joined(("await ", doc)) if case.is_async else doc


def _bracketed(case: Case, doc: Doc) -> Doc:
    return Joined(("(", doc, ")")) if case.is_async else doc


# A table of cases


def _table(cases: Sequence[Case], names: Names, style: Style, taken: set[str]) -> RenderedTest:
    first = cases[0]
    columns = _columns(first, names)[: len(first.args)]
    is_error = first.error is not None
    last = "message" if is_error else "expected"
    rows: list[Doc] = []
    for case in cases:
        values = [doc_of(value, style.quote) for value in case.args]
        if case.error is not None:
            values.append(quoted(case.error.message, style.quote))
        elif case.result is not None:
            values.append(doc_of(case.result.value, style.quote))
        cells = tuple(
            Joined((f"{name}: ", value))
            for name, value in zip([*columns, last], values, strict=True)
        )
        rows.append(Group("{", cells, "}", is_spaced=True))
    subject = _called(first, list(columns), names, style)
    if is_error:
        doc = _thrown(first, subject, style, message="message")
    else:
        is_deep = any(case.result and _is_deep(case.result.value) for case in cases)
        doc = _result(first, subject, "expected", style, is_deep=is_deep)
    inner = style.unit * (3 if style.framework is Framework.NODE else 2)
    title = _title_of_table(first, columns, style, taken)
    return RenderedTest(
        first.target,
        title,
        (laid_out(doc, inner, unit=style.unit, after=style.end),),
        tuple(cases),
        tuple(rows),
        (*columns, last),
        _used(cases),
    )


def _key(case: Case, names: Names, number: int) -> tuple[object, ...]:
    """Cases with the same key can share a table."""
    is_lone = case.changed or case.self_after is not None or not case.args
    if is_lone or case.steps or case.kind == "constructor" or case.make or case.then is not None:
        return ("single", number)
    kinds: object = len(case.args)
    if names.is_typed and any(_has_literal(given.shape) for given in names.inputs(case)):
        # In a table, a compiler takes such a text for any text.
        return ("single", number)
    if names.is_typed:
        # Columns of one type each, or a compiler takes every cell for any of them.
        kinds = tuple(_type_of(value) for value in case.args)
    outcome: object
    if case.error is not None:
        outcome = ("throws", case.error.name)
    elif case.result is not None:
        outcome = (case.result.kind, _is_deep(case.result.value))
    else:
        outcome = "nothing"
    return (case.target, case.kind, kinds, outcome, case.is_async)


def _has_literal(shape: Shape | Value) -> bool:
    if isinstance(shape, Value) or shape.kind == "literal":
        return True
    return any(_has_literal(each) for each in shape.of)


def _type_of(value: Value) -> str:
    if value.kind == "constant" and value.text in {"true", "false"}:
        return "boolean"
    if value.kind == "array":
        return f"array of {' '.join(sorted({_type_of(each) for each in value.of}))}"
    return value.text if value.kind in {"constant", "member"} else value.kind


def _columns(case: Case, names: Names) -> tuple[str, ...]:
    """A name for each argument: its parameter's, if that can be one here."""
    inputs = names.inputs(case)
    found: list[str] = []
    taken = {*_RESERVED, case.path[0], names.default, case.target}
    for index in range(len(case.args)):
        given = inputs[min(index, len(inputs) - 1)] if inputs else None
        name = given.name if given is not None else ""
        if not _IDENTIFIER.match(name) or name in taken:
            name = f"argument{index + 1}" if len(case.args) > 1 else "argument"
        if name in found:
            name = f"{name}{index + 1}"
        found.append(name)
    return tuple(found)


# Heads


def _test(test: RenderedTest, style: Style, mark: str) -> Iterator[str]:
    mark_text = f"{mark} " if mark else ""
    arrow = "async () => {" if test.is_async else "() => {"
    if not test.rows:
        yield f"{style.test}({quoted(mark_text + test.title, style.quote)}, {arrow}"
        yield from _indented(test.body, style)
        yield f"}}){style.end}"
        return
    unit = style.unit
    rows = [
        laid_out(row, unit * 2, unit=unit, after=",").replace("\n" + unit, "\n")
        for row in test.rows
    ]
    names = f"{{ {', '.join(test.columns)} }}"
    if style.framework is Framework.NODE:
        yield f"for (const {names} of ["
        yield from (f"{unit}{line}" for row in rows for line in _lines(row, unit))
        yield "]) {"
        yield f"{unit}{style.test}(`{mark_text}{test.title}`, {arrow}"
        yield from (f"{unit}{line}" for line in _indented(test.body, style, depth=2))
        yield f"{unit}}}){style.end}"
        yield "}"
        return
    head = arrow.replace("()", f"({names})")
    yield f"{style.test}.each(["
    yield from (f"{unit}{line}" for row in rows for line in _lines(row, unit))
    yield f"])({quoted(mark_text + test.title, style.quote)}, {head}"
    yield from _indented(test.body, style)
    yield f"}}){style.end}"


def _indented(statements: Sequence[str], style: Style, *, depth: int = 1) -> Iterator[str]:
    """Statements as they stand in a test that is not indented itself, ``depth`` units less."""
    for statement in statements:
        first, *rest = statement.split("\n")
        yield f"{style.unit}{first}"
        yield from (line.removeprefix(style.unit * depth) for line in rest)


def _lines(row: str, unit: str) -> Iterator[str]:
    first, *rest = row.split("\n")
    yield first
    yield from (line.removeprefix(unit) for line in rest)


def _title(case: Case, style: Style, taken: set[str]) -> str:
    given = ", ".join(written(doc_of(value, style.quote)) for value in case.args)
    if case.kind == "getter" and not case.steps:
        given = ", ".join(written(doc_of(value, style.quote)) for value in case.make)
    if case.then is not None:
        then = ", ".join(written(doc_of(value, style.quote)) for value in case.then)
        given = f"({given})({then})"
    if case.error is not None:
        does = f"throws {case.error.name}"
    elif case.self_after is not None or case.changed:
        does = "changes what it is given" if case.changed else "changes its object"
    elif case.result is not None:
        result = written(doc_of(case.result.value, style.quote))
        does = f"returns {result}" if len(result) <= 30 else f"returns {_kind_in_words(case)}"
    else:
        does = "returns"
    after = f" after {', '.join(dict.fromkeys(step.method for step in case.steps))}"
    title = f"{does} for {given}" if given else f"{does} without arguments"
    if case.kind in {"getter", "method"} and not given:
        title = does
    if case.steps:
        does, title = does + after, title + after
    if len(title) > _MAX_TITLE or "\n" in title:
        title = does
    return _unique(title, case.target, taken)


def _kind_in_words(case: Case) -> str:
    value = case.result.value if case.result is not None else Value("constant")
    kind = case.result.kind if case.result is not None else "value"
    if kind == "items":
        return "items"
    words = {
        "string": "a text", "array": "an array", "object": "an object", "map": "a Map",
        "set": "a Set", "bytes": "bytes", "date": "a Date", "number": "a number",
    }  # fmt: skip
    return "an object" if kind == "fields" else words.get(value.kind, "a value")


def _title_of_table(case: Case, columns: Sequence[str], style: Style, taken: set[str]) -> str:
    if case.error is not None:
        does = f"throws {case.error.name} for "
    elif style.framework is Framework.NODE:
        does = "returns ${inspect(expected)} for "
    else:
        does = "returns $expected for "
    shown = "${inspect(%s)}" if style.framework is Framework.NODE else "$%s"
    title = does + ", ".join(shown % column for column in columns)
    return _unique(title, case.target, taken)


def _unique(title: str, target: str, taken: set[str]) -> str:
    candidate, number = title, 1
    while f"{target} {candidate}" in taken:
        number += 1
        candidate = f"{title} ({number})"
    taken.add(f"{target} {candidate}")
    return candidate


def _subject(target: str) -> str:
    return target.removesuffix(".constructor")


def _holder_name(case: Case) -> str:
    name = case.target.partition(".")[0]
    lowered = name[:1].lower() + name[1:]
    return lowered if lowered != name and lowered not in _RESERVED else "subject"


# Imports


def _used(cases: Sequence[Case]) -> frozenset[str]:
    found = {case.path[0] for case in cases}
    waiting = [value for case in cases for value in (*case.args, *case.make, *(case.then or ()))]
    while waiting:
        value = waiting.pop()
        waiting += value.of
        if value.kind in {"instance", "member"}:
            found.add(value.text.partition(".")[0])
    return frozenset(found)


def _given(steps: Sequence[Step]) -> list[Value]:
    return [value for step in steps for value in step.args]


def _imports(
    tests: Sequence[RenderedTest], names: Names, style: Style, specifier: str
) -> Iterator[str]:
    quote, end = style.quote, style.end
    bodies = "\n".join(line for test in tests for line in test.body)
    needs_inspect = style.framework is Framework.NODE and any(test.rows for test in tests)
    if style.framework is Framework.NODE:
        if "assert." in bodies:
            yield _bring("assert", (), "node:assert/strict", style)
        yield _bring("", ("describe", style.test), "node:test", style)
        if needs_inspect:
            yield _bring("", ("inspect",), "node:util", style)
    elif not style.is_global:
        module = "vitest" if style.framework is Framework.VITEST else "@jest/globals"
        yield _bring("", ("describe", "expect", style.test), module, style)
    used = frozenset().union(*(test.uses for test in tests))
    if style.framework is Framework.NODE or not style.is_global:
        yield ""
    named = tuple(sorted(used - {"default"}, key=str.lower))
    default = names.default if "default" in used else ""
    if style.is_module or not (default and named):
        yield _bring(default, named, specifier, style)
    else:
        yield f"const {default} = require({quoted(specifier, quote)}){end}"
        yield f"const {{ {', '.join(named)} }} = {default}{end}"


def _bring(default: str, named: Sequence[str], module: str, style: Style) -> str:
    where = quoted(module, style.quote)
    inside = Group("{", tuple(named), "}", is_spaced=True)
    if not style.is_module:
        target: Doc = inside if named else default
        return laid_out(
            Joined(("const ", target, f" = require({where})")), "", unit=style.unit, after=style.end
        )
    parts: list[Doc] = ["import "]
    parts += [default] if default else []
    parts += [", "] if default and named else []
    parts += [inside] if named else []
    return laid_out(Joined((*parts, f" from {where}")), "", unit=style.unit, after=style.end)


def _is_deep(value: Value) -> bool:
    """Whether a value is compared by what is in it."""
    return value.kind not in {"string", "number", "bigint", "constant", "member"}

"""What a module says of its inputs is read from types, comments, defaults and uses."""

from __future__ import annotations

import pytest

from indexer.syntax.javascript_inputs import (
    ANYTHING,
    Callable,
    Shape,
    Value,
    callables_of,
    calls_of,
)
from indexer.syntax.tree import read_tree

TEXT = Shape("string")
NUMBER = Shape("number")


def callables(text: str, language: str = "typescript", *known: str) -> dict[str, Callable]:
    tree = read_tree(language, text)
    trees = [read_tree("typescript", each) for each in known]
    assert tree is not None
    return {each.name: each for each in callables_of(tree, [each for each in trees if each])}


def shape(annotation: str, before: str = "", *known: str) -> Shape:
    text = f"{before}\nfunction f(a: {annotation}) {{}}"
    return callables(text, "typescript", *known)["f"].inputs[0].shape


def literal(value: Value) -> Shape:
    return Shape("literal", (value,))


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        ("string", TEXT),
        ("number[]", Shape("array", (NUMBER,))),
        ("readonly string[]", Shape("array", (TEXT,))),
        ("[string, number]", Shape("tuple", (TEXT, NUMBER))),
        ("'a' | 2", Shape("union", (literal(Value("string", "a")), literal(Value("number", "2"))))),
        ("string | null", Shape("union", (TEXT, Shape("null")))),
        ("{ a: string; b?: number }", Shape("object", (TEXT, NUMBER), ("a", "b?"))),
        ("Partial<{ a: string }>", Shape("object", (TEXT,), ("a?",))),
        ("Record<string, number>", Shape("record", (TEXT, NUMBER))),
        ("{ [key: string]: number }", Shape("record", (TEXT, NUMBER))),
        ("Map<string, number>", Shape("map", (TEXT, NUMBER))),
        ("(a: string) => number", Shape("function", (NUMBER,))),
        ("Unknown<string>", ANYTHING),
    ],
)
def test_annotations_are_spelt_out(annotation: str, expected: Shape) -> None:
    assert shape(annotation) == expected


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ("interface T { a: string }", Shape("object", (TEXT,), ("a",))),
        ("type T = { a: string };", Shape("object", (TEXT,), ("a",))),
        ("interface B { b: number } interface T extends B { a: string }",
         Shape("object", (NUMBER, TEXT), ("b", "a"))),
        ("enum T { One, Two = 'two' }",
         Shape("union", (literal(Value("member", "T.One")), literal(Value("member", "T.Two"))))),
        ("class T {}", Shape("instance", text="T")),
        ("type T = T[];", None),
    ],
)  # fmt: skip
def test_declared_types_are_found(before: str, expected: Shape | None) -> None:
    found = shape("T", before)
    assert expected is None or found == expected


def test_types_of_other_files_are_found() -> None:
    assert shape("T", "", "export interface T { a: string }").names == ("a",)


def test_keys_of_a_constant_are_its_literals() -> None:
    found = shape("keyof typeof UNITS", "const UNITS = { ms: 1, s: 1000 } as const;")
    assert [each.of[0] for each in found.of if isinstance(each, Shape)] == [
        Value("string", "ms"),
        Value("string", "s"),
    ]


def test_comments_give_types_where_there_are_no_annotations() -> None:
    text = """
    /**
     * @param {string} text - what to pad
     * @param {Object} [options]
     * @param {number} [options.width=2]
     * @param {?string} fill
     */
    function pad(text, options, fill) {}
    """
    text_input, options, fill = callables(text, "javascript")["pad"].inputs
    assert text_input.shape == TEXT
    assert text_input.is_declared
    assert options.shape == Shape("object", (NUMBER,), ("width?",))
    assert options.is_optional
    assert fill.shape == Shape("union", (TEXT, Shape("null")))


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("(a = 2) => a", NUMBER),
        ("(a) => a.toUpperCase()", TEXT),
        ("(a) => a.map(f)", Shape("array", (ANYTHING,))),
        ("({ a, b = 1 }) => a + b", Shape("object", (ANYTHING, ANYTHING), ("a?", "b?"))),
        ("(a) => a < 3", Shape("union", (NUMBER, ANYTHING))),
        ("(a) => a > 'b'", ANYTHING),
        ("(a) => typeof a === 'string'", Shape("union", (TEXT, ANYTHING))),
        ("(a) => a.name", Shape("any", (ANYTHING,), ("name?",))),
    ],
)
def test_else_defaults_and_uses_tell(function: str, expected: Shape) -> None:
    assert callables(f"const f = {function};", "javascript")["f"].inputs[0].shape == expected


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("export default function () {}", ["default"]),
        ("export default class { run() {} }", ["default.run"]),
        ("module.exports = function (a) {}", ["default"]),
        ("module.exports = { a() {}, b: () => 1 }", ["a", "b"]),
        ("exports.a = (b) => b", ["a"]),
        ("class A { constructor(b) {} static of() {} get c() { return 1 } }",
         ["A.constructor", "A.of", "A.c"]),
        ("function a() { function inner() {} }", ["a"]),
        ("(function () { function inner() {} })()", ["inner"]),
    ],
)  # fmt: skip
def test_functions_that_can_be_reached_are_found(text: str, names: list[str]) -> None:
    assert list(callables(text, "javascript")) == names


def test_what_others_must_not_call_is_known() -> None:
    text = (
        "class A { private constructor() {} protected b() {} static c() {} get d() { return 1 } }"
    )
    kinds = [each.kind for each in callables(text).values()]
    assert kinds == ["hidden", "hidden", "static", "getter"]


def test_calls_of_literals_are_read() -> None:
    text = """
    f('a\\n', -1, [true, null], { b: /c/g, 'd-e': 2n });
    f(variable);
    other.f(new Map([['a', 1]]), (x) => x + 1);
    f((x) => x + outside);
    """
    tree = read_tree("javascript", text)
    assert tree is not None
    first, second = [values for _, values in calls_of(tree, frozenset({"f"}))]
    assert first == (
        Value("string", "a\n"),
        Value("number", "-1"),
        Value("array", of=(Value("constant", "true"), Value("constant", "null"))),
        Value("object", of=(Value("regexp", "/c/g"), Value("bigint", "2")), names=("b", "d-e")),
    )
    assert [each.kind for each in second] == ["map", "function"]

"""Cases become files of tests as people write them."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_ls.features.tests.javascript.conventions import (
    Framework,
    Package,
    Style,
    framework_of,
    is_test,
    package_of,
    place_of_tests,
    specifier_of,
    style_of,
)
from copilot_ls.features.tests.javascript.exploration import (
    Case,
    Observation,
    Thrown,
    read_answer,
)
from copilot_ls.features.tests.javascript.layout import doc_of, laid_out, quoted, written
from copilot_ls.features.tests.javascript.plan import CannotPlan, module_name, plan_of, seeds_of
from copilot_ls.features.tests.javascript.render import Names, render_file, render_tests
from indexer.syntax.javascript_inputs import Callable, Input, Shape, Value, value_of
from indexer.syntax.tree import read_tree

NODE = Style(Framework.NODE)
VITEST = Style(Framework.VITEST)


def text(value: str) -> Value:
    return Value("string", value)


def number(value: int) -> Value:
    return Value("number", str(value))


def case(given: Value, result: Value | None = None, **more: object) -> Case:
    seen = Observation("value", result) if result is not None else None
    fields = {"target": "slug", "kind": "function", "path": ("slug",), **more}
    return Case(args=(given,), result=seen, **fields)  # type: ignore[arg-type]


def rendered(cases: list[Case], style: Style = NODE, *, is_typed: bool = False) -> str:
    inputs = (Input("title", Shape("string")),)
    names = Names("main", {"slug": Callable("slug", "function", inputs, (), 1)}, is_typed)
    return render_file(render_tests(cases, names, style), names, style, "./slug.js")


def test_a_single_case_reads_as_a_sentence() -> None:
    assert rendered([case(text("A b"), text("a-b"))]) == (
        "import assert from 'node:assert/strict';\n"
        "import { describe, test } from 'node:test';\n"
        "\n"
        "import { slug } from './slug.js';\n"
        "\n"
        "describe('slug', () => {\n"
        "  test(\"returns 'a-b' for 'A b'\", () => {\n"
        "    assert.strictEqual(slug('A b'), 'a-b');\n"
        "  });\n"
        "});\n"
    )


def test_cases_of_one_function_share_a_table() -> None:
    found = rendered([case(text("A"), text("a")), case(text(""), text(""))])
    assert "  for (const { title, expected } of [\n    { title: 'A', expected: 'a' },\n" in found
    assert "assert.strictEqual(slug(title), expected);" in found
    assert "import { inspect } from 'node:util';" in found


def test_vitest_and_jest_have_tables_of_their_own() -> None:
    cases = [case(text("A"), text("a")), case(text(""), text(""))]
    found = rendered(cases, VITEST)
    assert found.startswith("import { describe, expect, test } from 'vitest';\n")
    assert "])('returns $expected for $title', ({ title, expected }) => {" in found
    assert "    expect(slug(title)).toBe(expected);" in found
    assert rendered(cases, Style(Framework.JEST, is_global=True)).startswith("import { slug }")


def test_common_modules_are_required() -> None:
    found = rendered([case(text("A"), text("a"))], Style(Framework.NODE, is_module=False))
    assert "const assert = require('node:assert/strict');" in found
    assert "const { slug } = require('./slug.js');" in found


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        (NODE, "assert.throws(() => slug(1), { name: 'TypeError', message: 'no' });"),
        (VITEST, "expect(() => slug(1)).toThrow('no');"),
    ],
)
def test_errors_are_expected(style: Style, expected: str) -> None:
    assert expected in rendered([case(number(1), error=Thrown("TypeError", "no"))], style)


def test_promises_are_awaited() -> None:
    found = rendered([case(number(1), number(2), is_async=True)])
    assert "async () => {\n    assert.strictEqual(await slug(1), 2);" in found


def test_arguments_that_are_changed_are_looked_at() -> None:
    before = Value("array", of=(number(2), number(1)))
    after = Value("array", of=(number(1), number(2)))
    found = rendered([case(before, Value("constant", "undefined"), changed=((0, after),))])
    assert "const title = [2, 1];\n    assert.strictEqual(slug(title), undefined);\n" in found
    assert "assert.deepStrictEqual(title, [1, 2]);" in found


def test_columns_of_typescript_have_one_type_each() -> None:
    cases = [case(text("A"), text("a")), case(number(1), text("1"))]
    assert "for (" in rendered(cases)
    assert "for (" not in rendered(cases, is_typed=True)


def test_long_values_are_broken_as_prettier_breaks_them() -> None:
    values = Value("array", of=tuple(text("a" * 20) for _ in range(5)))
    found = rendered([case(text("x"), values)])
    row = "      'aaaaaaaaaaaaaaaaaaaa',\n"
    assert f"    assert.deepStrictEqual(slug('x'), [\n{row * 5}    ]);\n" in found


@given(st.text(max_size=20), st.sampled_from("'\""))
def test_texts_come_back_from_their_literals(value: str, quote: str) -> None:
    literal = quoted(value, quote)
    tree = read_tree("javascript", f"({literal})")
    assert tree is not None
    assert "\n" not in literal
    node = tree.root.named_children[0].named_children[0].named_children[0]
    assert value_of(node, tree) == Value("string", value)


def test_values_are_written_as_code() -> None:
    entry = Value("object", of=(Value("bigint", "1"), Value("date", "invalid")), names=("a", "b-c"))
    value = Value("map", of=(text("it's"), entry))
    assert written(doc_of(value, "'")) == ("new Map([[\"it's\", { a: 1n, 'b-c': new Date(NaN) }]])")
    assert laid_out(doc_of(Value("array"), "'"), "") == "[];"


# Conventions


@pytest.mark.parametrize(
    ("package", "tests", "expected"),
    [
        ({"devDependencies": {"vitest": "1"}}, [], (Framework.VITEST, "")),
        ({"scripts": {"test": "jest --ci"}}, [], (Framework.JEST, "")),
        ({}, ["import test from 'node:test'"], (Framework.NODE, "")),
        ({"devDependencies": {"mocha": "1"}}, [], (Framework.NODE, "mocha")),
        ({}, [], (Framework.NODE, "")),
    ],
)
def test_the_framework_is_that_of_the_project(
    package: dict[str, object], tests: list[str], expected: tuple[Framework, str]
) -> None:
    assert framework_of(package_of("", json.dumps(package)), tests) == expected


def test_a_broken_package_says_nothing() -> None:
    assert package_of("a", "{") == Package("a")


@pytest.mark.parametrize(
    ("paths", "expected"),
    [
        ([], "src/cart.test.ts"),
        (["src/other.ts", "src/other.spec.ts"], "src/cart.spec.ts"),
        (["src/other.ts", "src/__tests__/other.test.ts"], "src/__tests__/cart.test.ts"),
        (["test/other.js", "src/other.ts"], "test/cart.ts"),
        (["src/cart.test.ts"], "src/cart.generated.test.ts"),
    ],
)
def test_tests_stand_where_those_of_neighbours_do(paths: list[str], expected: str) -> None:
    assert place_of_tests("src/cart.ts", ["src/cart.ts", *paths], ".ts") == expected


@pytest.mark.parametrize(
    ("path", "expected"),
    [("src/a.test.ts", True), ("test/a.js", True), ("a/__tests__/b.js", True), ("a/b.ts", False)],
)
def test_files_of_tests_are_known_by_name(path: str, expected: bool) -> None:
    assert is_test(path) is expected


def test_the_look_is_that_of_other_tests() -> None:
    tests = ['import x from "./x"\n\n\tit("a", () => {\n\t\texpect(x).toBe("b")\n\t})\n']
    style = style_of(Framework.JEST, "", tests, is_module=True, extension=".ts")
    assert (style.quote, style.end, style.unit, style.test) == ('"', "", "\t", "it")
    assert style.extension is None
    assert style.is_global


@pytest.mark.parametrize(
    ("others", "expected"),
    [([], None), (["import a from './a.js'"], ".js"), (["import a from './a'"], None)],
)
def test_imports_end_as_those_of_other_modules(others: list[str], expected: str | None) -> None:
    style = style_of(Framework.VITEST, "", [], is_module=True, extension=".ts", others=others)
    assert style.extension == expected


@pytest.mark.parametrize(
    ("module", "expected"),
    [
        ("// a word\n// or two\nconst a = 1;\n", ";"),
        ("const a = 1\nreturn f(a)\nconst b = {\n  c\n};\n", ""),
        ("", ";"),
    ],
)
def test_semicolons_are_those_of_statements(module: str, expected: str) -> None:
    assert style_of(Framework.NODE, module, [], is_module=True, extension=".js").end == expected


def test_the_indent_is_that_of_one_block() -> None:
    module = "class A {\n  run() {\n    if (b) {\n      c();\n    }\n    d({\n      e,\n    });\n  }\n}\n"
    assert style_of(Framework.NODE, module, [], is_module=True, extension=".js").unit == "  "


def test_modules_are_named_from_where_the_test_stands() -> None:
    assert specifier_of("test/a.test.js", "src/a.js", ".js") == "../src/a.js"
    assert specifier_of("src/a.test.ts", "src/a.ts", None) == "./a"


# Plans and answers


def test_what_node_cannot_run_is_said() -> None:
    with pytest.raises(CannotPlan, match="JSX"):
        plan_of("a.jsx", "const a = <b/>;", package=Package())
    with pytest.raises(CannotPlan, match="broken"):
        plan_of("a.js", "function (", package=Package())


@pytest.mark.parametrize(
    ("path", "text", "kind", "expected"),
    [
        ("a.mjs", "", "", True),
        ("a.cts", "", "module", False),
        ("a.js", "", "module", True),
        ("a.js", "module.exports = 1", "", False),
        ("a.ts", "export const a = 1", "", True),
    ],
)
def test_kinds_of_modules_are_told_apart(path: str, text: str, kind: str, expected: bool) -> None:
    assert plan_of(path, text, package=Package(type=kind)).is_module is expected


def test_a_default_export_is_called_by_its_file_or_package() -> None:
    assert module_name("src/to-slug.js", Package()) == "toSlug"
    assert module_name("index.js", Package(name="@a/camel-case")) == "camelCase"
    assert module_name("lib/cart/index.js", Package(name="b")) == "cart"


def test_examples_are_calls() -> None:
    page = "Use it:\n```js\nslug('A b'); // a-b\n```\n"
    assert list(seeds_of("README.md", page, frozenset({"slug"}))) == [("slug", (text("A b"),))]
    comment = "/**\n * @example\n * slug('x')\n */\nfunction slug(a) {}"
    assert list(seeds_of("a.js", comment, frozenset({"slug"}))) == [("slug", (text("x"),))]


@pytest.mark.parametrize("line", ["{", "[]", "null", '{"result": {"tests": 1}}', '{"result": []}'])
def test_a_forged_answer_is_none(line: str) -> None:
    assert read_answer([line]) is None


@pytest.mark.parametrize(
    ("kind", "text", "is_taken"),
    [
        ("constant", "null", True),
        ("constant", "process.exit()", False),
        ("number", "-1e+21", True),
        ("number", "0x1F", True),
        ("number", "1;process.exit()", False),
        ("regexp", "/[/]a\\/b/gi", True),
        ("regexp", "/a/;process.exit()//", False),
        ("function", "(a, b) => a - b", True),
        ("function", "() => {process.exit()}", False),
        ("instance", "Cart", True),
        ("instance", "a(process.exit())", False),
        ("string", "process.exit()", True),
        ("anything", "process.exit()", False),
    ],
)
def test_what_is_written_as_it_is_looks_like_what_it_is(
    kind: str, text: str, is_taken: bool
) -> None:
    value = {"kind": kind, "text": text, "of": [], "names": []}
    assert bool(cases_of(args=[value])) is is_taken


@pytest.mark.parametrize(
    "forged",
    [
        {"target": "a; process.exit(); b"},
        {"path": ["a.b()"]},
        {"args": [{"kind": "object", "names": ["a", "b"], "of": []}]},
    ],
)
def test_what_could_not_be_written_is_left_out(forged: dict[str, object]) -> None:
    assert cases_of(**forged) == ()


def cases_of(**fields: object) -> tuple[Case, ...]:
    one = {
        **dict.fromkeys(("result", "error", "self", "then")),
        "target": "f",
        "kind": "function",
        "path": ["f"],
        "method": "",
        "isAsync": False,
        "args": [],
        "make": [],
        "changed": [],
        **fields,
    }
    numbers = dict.fromkeys(("goals", "covered", "mutants", "killed"), 0)
    answer = {"tests": [one], "suspicions": [], "hindrance": "", **numbers}
    found = read_answer([json.dumps({"result": answer})])
    assert found is not None
    return found.cases


def test_an_error_is_an_answer() -> None:
    found = read_answer(['{"phase": "search"}', '{"error": "cannot be imported"}'])
    assert found is not None
    assert found.reason == "cannot be imported"


def test_statements_in_tables_are_indented_once() -> None:
    error = Thrown("AssertionErrorOfThisModule", "no")
    found = rendered([case(number(n), error=error) for n in (1, 2)])
    assert "      assert.throws(() => slug(title), {\n        name: 'Assertion" in found
    assert "\n      });\n    });\n  }\n});\n" in found

"""JSDoc and TSDoc comments that the signature below them contradicts are told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_ls.features.documentation.check import check_text
from copilot_ls.features.documentation.jsdoc import read_tags

COMMENT = """
/**
 * Scales points.
 *
 * @param {number[]} points - What to scale,
 *   each of them.
 * @param {number} [factor=2] - How much.
 * @param {Object} options - More.
 * @param {boolean} options.strict - Whether to be strict.
 * @returns {number[]} The scaled points.
 */
export function scale(points, factor = 2, { strict, deep } = {}) {
  return points.map((point) => point * factor);
}
"""


def found(text: str, path: str = "a.js") -> list[tuple[str, str, int]]:
    language = "typescript" if path.endswith("ts") else "javascript"
    return [
        (str(each.drift.rule), each.drift.name, each.line)
        for each in check_text(path, language, text)
    ]


@pytest.mark.parametrize("path", ["a.js", "a.ts"])
def test_a_true_comment_is_left_alone(path):
    assert found(COMMENT, path) == []


def test_what_the_signature_contradicts_is_told_with_its_line():
    assert found(COMMENT.replace("(points,", "(pointset,")) == [("renamed-parameter", "points", 4)]
    assert found(COMMENT.replace("(points,", "(")) == [("stale-parameter", "points", 4)]
    assert found(COMMENT.replace("factor = 2", "factors = 2")) == [
        ("renamed-parameter", "factor", 6)
    ]
    assert found(COMMENT.replace("factor = 2", "factor = 3")) == [("wrong-default", "factor", 6)]
    assert found(COMMENT.replace("{ strict, deep } = {}", "options, axis")) == [
        ("missing-parameter", "axis", 8)
    ]


def test_types_are_held_against_those_of_typescript():
    text = "/** @param {string} a - One. */\nfunction f(a: number): number { return a; }\n"
    assert found(text, "a.ts") == [("wrong-type", "a", 0)]
    assert found(text.replace("string", "number"), "a.ts") == []


def test_a_result_of_nothing_is_told():
    text = "/** Do.\n * @returns {number} One. */\nfunction f(a) { go(a); }\n"
    assert found(text) == [("stale-return", "returns", 1)]
    assert found(text.replace("go(a)", "return go(a)")) == []
    assert found(text.replace("{number}", "{void}")) == []


@pytest.mark.parametrize(
    "text",
    [
        "/** Do. */\nfunction f(a, b) {}\n",
        "/** @param a One. */\nabstract_(a);\n",
        "class A {\n  /** @param {number} a One. */\n  f(/* a */) { }\n}\n",
        "/** @param {number} a One. */\nfunction f() { return arguments[0]; }\n",
        "/** @param {number} first One. */\nfunction f(...all) { return all; }\n",
        "/** @inheritdoc\n * @param b One. */\nfunction f(a) { go(a); }\n",
        "/** @param a One. */\nfunction f(a: string): void;\nfunction f(a: any, b: any) {}\n",
        "/** @param props One. */\nconst f = ({ a, b }) => a + b;\n",
        "/** @callback G\n * @param b One. */\n\n/** Do. */\nfunction f(a) { go(a); }\n",
        "/** @param this One.\n * @param a Two. */\nfunction f(this: B, a: string) { go(a); }\n",
        "/** broken",
    ],
)
def test_what_cannot_be_known_is_left_alone(text):
    assert found(text, "a.ts") == []


def test_tags_are_read_with_braces_brackets_and_further_lines():
    tags = list(read_tags(COMMENT.split("*/", maxsplit=1)[0].strip() + "*/"))
    assert [(tag.name, tag.subject, tag.inner, tag.default) for tag in tags] == [
        ("param", "points", "", ""),
        ("param", "factor", "", "2"),
        ("param", "options", "", ""),
        ("param", "options", ".strict", ""),
        ("returns", "", "", ""),
    ]
    assert tags[0].text == "What to scale, each of them."
    [nested] = read_tags("/** @param {{a: {b: c}}} [x=[1, [2]]] - Y */")
    assert (nested.type_name, nested.subject, nested.default) == ("{a: {b: c}}", "x", "[1, [2]]")


@given(st.text(alphabet="/*@param{}[]=. \nx-", max_size=80))
def test_any_comment_can_be_read(text):
    check_text("a.js", "javascript", f"/** @ {text} */\nfunction f(a, b) {{ go(a); }}\n")

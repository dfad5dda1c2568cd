"""Probes and faults are edits that leave the rest of a module as it is."""

from __future__ import annotations

import pytest

from indexer.syntax.javascript_probes import Probed, probed
from indexer.syntax.tree import errors_in, read_tree


def probe(text: str, language: str = "javascript") -> Probed:
    tree = read_tree(language, text)
    assert tree is not None
    found = probed(tree)
    again = read_tree(language, found.text)
    assert again is not None
    assert not errors_in(again), found.text
    return found


def with_faults(text: str, language: str = "javascript") -> list[str]:
    return [
        text[: fault.span.start] + fault.replacement + text[fault.span.end :]
        for fault in probe(text, language).faults
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("function f() { g() }", "function f() { copilotLsHit(0); g() }"),
        ("const f = (x) => x;", "const f = (x) => (copilotLsHit(0), x);"),
        ("const f = () => ({});", "const f = () => (copilotLsHit(0), ({}));"),
        (
            "function f(a) { 'use strict'; return a }",
            "function f(a) { 'use strict'; copilotLsHit(0); return a }",
        ),
        (
            "function f(a) { if (a) g(); else h() }",
            (
                "function f(a) { copilotLsHit(0); if (a) { copilotLsHit(1); g(); } "
                "else { copilotLsHit(2); h() } }"
            ),
        ),
        (
            "function f(a) { if (a) g(); }",
            (
                "function f(a) { copilotLsHit(0); if (a) { copilotLsHit(1); g(); } "
                "else { copilotLsHit(2); } }"
            ),
        ),
        (
            "function f(a) { return a < 3 ? 1 : 2 }",
            (
                'function f(a) { copilotLsHit(0); return copilotLsCompare("<", a , 3) ? '
                "(copilotLsHit(1), 1) : (copilotLsHit(2), 2) }"
            ),
        ),
        (
            "const f = (a, b = 1) => a && b;",
            (
                "const f = (a, b = (copilotLsHit(1), 1)) => (copilotLsHit(0), "
                "a && (copilotLsHit(2), b));"
            ),
        ),
        (
            "const f = () => { throw new Error('é') };",
            "const f = () => { copilotLsHit(0); throw copilotLsThrown((new Error('é'))) };",
        ),
    ],
)
def test_each_branch_gets_a_probe(text: str, expected: str) -> None:
    assert probe(text).text == expected


@pytest.mark.parametrize(
    "text",
    [
        "if (a < b) c();",
        "const x = a ? 1 : 2;",
        "class A { b = 1 }",
        "export const a = b ?? 1;",
    ],
)
def test_what_runs_when_a_module_is_loaded_gets_none(text: str) -> None:
    assert probe(text).text == text


def test_typescript_keeps_its_types() -> None:
    text = "function f(a: number = 2): a is 3 { return (a as 1 | 2) > 1 }\ntype T = 'a' | 1;"
    found = probe(text, "typescript")
    assert "): a is 3 {" in found.text
    assert found.text.endswith("type T = 'a' | 1;")
    assert [goal.line for goal in found.goals] == [1, 1]


def test_goals_know_what_they_stand_in() -> None:
    text = "function f(a) {\n  for (const x of a) {\n    if (x) g();\n  }\n}"
    assert [(goal.line, goal.within) for goal in probe(text).goals] == [
        (1, -1),
        (2, 0),
        (3, 1),
        (3, 1),
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("(a, b) => { g(a < b) }", {"(a, b) => { g(a <= b) }", "(a, b) => { g(a >= b) }"}),
        ("(a) => { if (a) g(1) }", {"(a) => { if (!(a)) g(1) }", "(a) => { if (a) g(2) }"}),
        ("(a) => { g(a.some(h)) }", {"(a) => { g(a.every(h)) }"}),
        ("(a) => { return a }", {"(a) => { return undefined }"}),
        ("const a = { b: 'é', 'c': 1 };", {"const a = { b: \"\", 'c': 1 };"}),
        ("import a from 'b';", set()),
        ("const a = require('b');", set()),
    ],
)
def test_faults_are_small(text: str, expected: set[str]) -> None:
    assert expected <= set(with_faults(text))
    if not expected:
        assert with_faults(text) == []


def test_every_fault_leaves_code_that_parses() -> None:
    text = """
    export async function f(a: number, b?: string): Promise<string> {
      let n = 0;
      for (let i = 0; i < a; i++) { n += i * 2; if (!b) continue; }
      while (n > 3 && (b || a)) { n--; }
      const c = b?.trim() ?? 'none';
      switch (n) { case 1: return `${c}`; default: return -n + c; }
    }
    """
    for faulty in with_faults(text, "typescript"):
        tree = read_tree("typescript", faulty)
        assert tree is not None
        assert not errors_in(tree), faulty


def test_short_circuits_of_different_kinds_are_not_mixed() -> None:
    assert not any("??" in each and "||" in each for each in with_faults("(a, b) => a ?? b ?? 1"))


def test_messages_of_errors_are_no_place_for_faults() -> None:
    faults = probe("() => { throw new Error('message') }").faults
    assert not any(fault.replacement == '""' for fault in faults)

"""The in-process engine: patterns of Semgrep's, matched with ast-grep."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from copilot_ls.domain import Confidence, Document, Edit, Severity
from copilot_ls.scanners.patterns.scanner import PatternScanner
from copilot_ls.scanners.rulebook import Rule, Rulebook
from tests.fakes.pattern_cases import CASES, PatternCase


def rule_of(formula: Mapping[str, object], language: str = "python", **more: object) -> Rule:
    return Rule(
        id="python.a.b",
        languages=(language,),
        severity=Severity.HIGH,
        confidence=Confidence.HIGH,
        message="Do not use $X.",
        category="a-category",
        cwe=("CWE-1",),
        owasp=(),
        references=(),
        is_for_semgrep=False,
        definition={**formula, **more},
    )


def scanner_of(*rules: Rule) -> PatternScanner:
    return PatternScanner(Rulebook({rule.id: rule for rule in rules}))


def document(text: str, language: str = "python") -> Document:
    return Document("file:///a", "a", language, text)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_patterns_match_what_semgrep_matches(case: PatternCase):
    scanner = scanner_of(rule_of(case.formula, case.language))
    found = scanner.find(document(case.text, case.language))
    assert scanner.left_to_semgrep == {}
    assert sorted({case.text.count("\n", 0, f.span.start) + 1 for f in found}) == case.lines


def test_message_and_fix_name_what_was_found():
    text = "é = '😀'; load(stream)\n"
    [found] = scanner_of(rule_of({"pattern": "load($X)"}, fix="safe_load($X)")).find(document(text))
    assert text[found.span.start : found.span.end] == "load(stream)"
    assert found.message == "Do not use stream."
    assert found.fix == (Edit(found.span, "safe_load(stream)"),)


@pytest.mark.parametrize(
    "formula",
    [
        {"pattern": "a()\n...\nb()"},
        {"pattern": "f((("},
        {"pattern": "f('a...b')"},
        {"patterns": [{"metavariable-regex": {"metavariable": "$X", "regex": "a"}}]},
        {"pattern-regex": "("},
        {"patterns": [{"pattern": "f($X)"}, {"metavariable-analysis": {}}]},
    ],
)
def test_what_cannot_be_translated_is_left_to_semgrep(formula: Mapping[str, object]):
    scanner = scanner_of(rule_of(formula))
    assert scanner.find(document("f(x)\n")) == []
    assert set(scanner.left_to_semgrep) == {"python.a.b"}


def test_a_rule_that_follows_data_is_left_to_semgrep():
    definition = {"mode": "taint"}
    rule = Rule(
        **{
            **{name: getattr(rule_of({}), name) for name in Rule.__slots__},
            "is_for_semgrep": True,
            "definition": definition,
        }
    )
    scanner = scanner_of(rule)
    assert scanner.find(document("f(x)\n")) == []
    assert set(scanner.left_to_semgrep) == {"python.a.b"}


@pytest.mark.parametrize("text", ["", "\n", "f(", "((((", "\x00", "é" * 100, "class\n" * 50])
def test_any_text_can_be_scanned(text: str):
    assert scanner_of(rule_of({"pattern": "f($X)"})).find(document(text)) == []


async def test_it_serves_as_a_scanner():
    scanner = scanner_of(rule_of({"pattern": "f($X)"}))
    seen: list[int] = []
    report = await scanner.scan([document("f(1)\n"), document("g(1)\n")], seen.append)
    assert [found.rule for found in report.findings] == ["python.a.b"]
    assert seen == [1, 2]
    await scanner.aclose()

"""Reading rules: what is well-formed serves, what is not is named."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from copilot_ls.domain import Confidence, Severity
from copilot_ls.scanners.rulebook import read_rulebook, topics

RULE = """
  - id: python.sql.{name}
    languages: [python]
    severity: HIGH
    message: The statement is built from text. Pass the values as parameters instead.
    metadata: {{cwe: [CWE-89], owasp: [A03:2021], category: sql-injection, confidence: MEDIUM}}
    pattern: $CURSOR.execute(...)
"""


def write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        path = folder / "python" / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_a_rule_carries_its_metadata(tmp_path: Path):
    book = read_rulebook(write(tmp_path, sql="rules:" + RULE.format(name="format")))
    rule = book.rules["python.sql.format"]
    assert book.problems == ()
    assert (rule.severity, rule.confidence) == (Severity.HIGH, Confidence.MEDIUM)
    assert rule.cwe == ("CWE-89",)
    assert rule.references == ("https://cwe.mitre.org/data/definitions/89.html",)
    assert json.loads(book.to_semgrep())["rules"][0]["pattern"] == "$CURSOR.execute(...)"


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("python.sql.one", "python.web.one", "form python.sql.<name>"),
        ("CWE-89", "89", "'cwe' holds '89'"),
        ("cwe: [CWE-89], ", "", "a NoneType in the place of a list"),
        ("severity: HIGH", "severity: high", "'severity' is not one of LOW, MEDIUM, HIGH"),
        ("The statement is built from text.", "x" * 400, "20 to 400 characters"),
        ("owasp:", "owsap:", "unknown metadata: owsap"),
        ("A03:2021", "A3", "'owasp' holds 'A3'"),
        ("    pattern:", "    fix-regex: {regex: '(', replacement: x}\n    pattern:", "is none"),
        ("    pattern:", "    fix-regex: {regex: x}\n    pattern:", "of the form {regex"),
        ("confidence: MEDIUM", "confidence: MEDIUM, text: '('", "'text' is no regular expression"),
    ],
)
def test_a_malformed_rule_is_named_and_the_others_serve(
    tmp_path: Path, old: str, new: str, told: str
):
    broken = RULE.format(name="one").replace(old, new)
    book = read_rulebook(write(tmp_path, sql="rules:" + broken + RULE.format(name="two")))
    assert list(book.rules) == ["python.sql.two"]
    assert [problem.path for problem in book.problems] == ["python/sql.yaml"]
    assert told in book.problems[0].message


def test_a_file_that_is_not_yaml_is_named_and_the_others_serve(tmp_path: Path):
    book = read_rulebook(
        write(tmp_path, broken="rules: [", sql="rules:" + RULE.format(name="format"))
    )
    assert list(book.rules) == ["python.sql.format"]
    assert book.problems[0].path == "python/broken.yaml"


def test_an_id_is_given_once(tmp_path: Path):
    book = read_rulebook(write(tmp_path, sql="rules:" + 2 * RULE.format(name="format")))
    assert "its id is taken" in book.problems[0].message


SHARED = """
shared:
  input: [{pattern: request.args}, {use: body}]
  body: [{pattern: request.data}]
  circle: [{use: circle}]
"""


def expanded(folder: Path, patterns: str) -> object:
    rule = RULE.format(name="one").replace("pattern: $CURSOR.execute(...)", patterns)
    write(folder, sql="rules:" + rule, shared=SHARED)
    [(name, text)] = topics(folder)
    assert name == "python/sql.yaml"
    return json.loads(text)["rules"][0]


def test_a_shared_list_takes_its_place_among_alternatives(tmp_path: Path):
    rule = expanded(tmp_path, "pattern-sources: [{use: input}, {pattern: input()}]")
    assert rule["pattern-sources"] == [
        {"pattern": "request.args"},
        {"pattern": "request.data"},
        {"pattern": "input()"},
    ]


def test_a_shared_list_among_conditions_is_one_condition(tmp_path: Path):
    rule = expanded(tmp_path, "patterns: [{use: body}, {pattern-not: x}]")
    assert rule["patterns"] == [
        {"pattern-either": [{"pattern": "request.data"}]},
        {"pattern-not": "x"},
    ]


@pytest.mark.parametrize(
    ("name", "told"), [("circle", "uses itself"), ("nowhere", "has no list 'nowhere'")]
)
def test_a_list_that_cannot_be_put_in_is_named(tmp_path: Path, name: str, told: str):
    with pytest.raises(ValueError, match=told):
        expanded(tmp_path, f"pattern-sources: [{{use: {name}}}]")
    assert told in read_rulebook(tmp_path).problems[0].message


def test_a_repair_changes_a_part_of_what_was_matched(tmp_path: Path):
    repair = "    fix-regex: {regex: '(verify=)False', replacement: '\\1True'}\n"
    book = read_rulebook(write(tmp_path, sql="rules:" + RULE.format(name="one") + repair))
    assert book.problems == ()
    given = book.rules["python.sql.one"].repair
    assert given is not None
    assert given.of("get(url, verify=False)") == "get(url, verify=True)"
    assert given.of("get(url)") is None

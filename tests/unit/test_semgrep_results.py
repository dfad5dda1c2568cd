"""What Semgrep writes, read: places in code points, ways of data, what could not be scanned."""

from __future__ import annotations

import json

import pytest

from copilot_ls.domain import Confidence, Document, Edit, Severity
from copilot_ls.scanners.results import UnknownOutput, read_results
from copilot_ls.scanners.rulebook import Rule
from indexer.model import Span

TEXT = "é = '😀'; q = input()\nrun(q)\n"
RULE = Rule(
    id="python.sql.format",
    languages=("python",),
    severity=Severity.HIGH,
    confidence=Confidence.MEDIUM,
    message="Do not do this.",
    category="sql-injection",
    cwe=("CWE-89",),
    owasp=(),
    references=("https://example.org",),
    is_for_semgrep=False,
    definition={},
)


def place(part: str) -> dict[str, object]:
    start = TEXT.encode().index(part.encode())
    return {"start": {"offset": start}, "end": {"offset": start + len(part.encode())}}


def span(part: str) -> Span:
    return Span(TEXT.index(part), TEXT.index(part) + len(part))


def read(*results: object, errors: object = (), prefix: bytes = b"."):
    output = prefix + json.dumps({"results": results, "errors": list(errors)}).encode()
    document = Document("file:///app/a.py", "app/a.py", "python", TEXT)
    return read_results(output, {"/x/0.py": document}, {RULE.id: RULE})


def match(**extra: object) -> dict[str, object]:
    return {"check_id": RULE.id, "path": "/x/0.py", **place("run(q)"), "extra": extra}


def test_a_match_becomes_a_finding_with_what_its_rule_says():
    [found] = read(match(message="Do not\n  run `q`.", fix="safe(q)")).findings
    assert (found.rule, found.path, found.message) == (RULE.id, "app/a.py", "Do not run `q`.")
    assert (found.severity, found.confidence) == (Severity.HIGH, Confidence.MEDIUM)
    assert found.span == span("run(q)")
    assert found.fix == (Edit(span("run(q)"), "safe(q)"),)


def test_the_way_of_the_data_is_told_step_by_step():
    trace = {
        "taint_source": ["CliLoc", [{"path": "/x/0.py", **place("input()")}, "input()"]],
        "intermediate_vars": [{"location": {"path": "/x/0.py", **place("q =")}, "content": "q"}],
        "taint_sink": ["CliLoc", [{"path": "/x/0.py", **place("run(q)")}, "run(q)"]],
    }
    [found] = read(match(dataflow_trace=trace)).findings
    assert [(step.span, step.message) for step in found.trace] == [
        (span("input()"), "`input()` enters here"),
        (span("q ="), "passes through `q`"),
        (span("run(q)"), "`run(q)` ends here"),
    ]


def test_what_another_file_or_rule_reports_is_left_out():
    assert read({**match(), "path": "/etc/passwd"}, {**match(), "check_id": "x"}).findings == ()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (
            {"error_type": "Timeout", "location": {"path": "/x/0.py"}, "rule_id": "a.b.c"},
            "takes too long to scan for a.b.c",
        ),
        ({"type": "Timeout", "path": "/x/0.py"}, "takes too long to scan"),
        ({"error_type": "Out of memory", "location": {"path": "/x/0.py"}}, "too much memory"),
        ({"error_type": "Syntax error", "location": {"path": "/x/0.py"}}, "does not parse, and"),
        (
            {"error_type": ["PartialParsing", []], "location": {"path": "/x/0.py"}},
            "does not parse everywhere",
        ),
    ],
)
def test_a_file_that_cannot_be_scanned_is_named(error: dict[str, object], told: str):
    [problem] = read(errors=[error]).problems
    assert problem.path == "app/a.py"
    assert told in problem.message


def test_the_same_trouble_is_told_once():
    error = {"error_type": "Syntax error", "location": {"path": "/x/0.py"}}
    assert len(read(errors=[error, error]).problems) == 1


def test_a_rule_that_does_not_compile_is_named():
    message = "Rule parse error in rule python.sql.format:\n Invalid pattern for Python: x"
    error = {"type": "Rule parse error", "rule_id": RULE.id, "message": message}
    results = read(errors=[error])
    assert results.problems == ()
    assert results.broken_rules == {RULE.id: "Invalid pattern for Python: x"}


@pytest.mark.parametrize("output", [b"", b"Killed", b'{"results": [', b'{"findings": []}'])
def test_an_answer_in_another_form_is_refused(output: bytes):
    with pytest.raises(UnknownOutput):
        read_results(output, {}, {})


def test_a_match_without_a_place_is_refused():
    with pytest.raises(UnknownOutput):
        read({"check_id": RULE.id, "path": "/x/0.py"})

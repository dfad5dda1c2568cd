"""Joining findings: related weaknesses, what is said twice, what a comment takes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pytest

from copilot_ls.domain import (
    VULNERABLE_DEPENDENCY,
    Confidence,
    Document,
    Edit,
    Finding,
    ScanReport,
    Severity,
    TraceStep,
)
from copilot_ls.features.security.check import check, say_once
from copilot_ls.features.security.cwe import are_related
from copilot_ls.features.security.options import SecurityOptions
from copilot_ls.features.security.suppress import split_suppressed
from indexer.model import Problem, Span


def finding(rule: str, text: str, part: str, **more: object) -> Finding:
    start = text.index(part)
    given = {"severity": Severity.HIGH, "cwe": ("CWE-89",), "path": "a.py", **more}
    return Finding(rule, "a message", span=Span(start, start + len(part)), **given)


@pytest.mark.parametrize(
    ("ours", "theirs", "expected"),
    [
        ("CWE-89", "89", True),
        ("CWE-564", "CWE-89", True),
        ("CWE-89", "CWE-74", True),
        ("CWE-79", "cwe-79", True),
        ("CWE-78", "CWE-89", False),
        ("CWE-328", "CWE-327", True),
        ("CWE-89", "", False),
    ],
)
def test_weaknesses_are_related_to_their_cases_and_kinds(ours: str, theirs: str, expected: bool):
    assert are_related([ours], [theirs]) is expected
    assert are_related([theirs], [ours]) is expected


def test_two_rules_that_say_the_same_of_a_line_say_it_once():
    text = "cursor.execute('select ' + name)\n"
    shape = finding("shape", text, "cursor", severity=Severity.MEDIUM)
    step = TraceStep(Span(0, 1), "enters here")
    flow = finding("flow", text, "'select ' + name", trace=(step,))
    other = finding("other", text, "cursor", cwe=("CWE-78",))
    assert say_once([shape, flow, other], text) == [other, flow]


def test_what_is_kept_takes_over_the_fix_of_what_is_not():
    text = "load(data); load(other)\n"
    flow = finding("flow", text, "data")
    edit = Edit(Span(0, 10), "safe_load(data)")
    shape = finding("shape", text, "load(data)", severity=Severity.MEDIUM, fix=(edit,))
    [kept] = say_once([flow, shape], text)
    assert (kept.rule, kept.fix) == ("flow", (edit,))
    elsewhere = finding("flow", text, "other")
    [kept] = say_once([elsewhere, shape], text)
    assert (kept.rule, kept.fix) == ("flow", ())


def test_the_same_weakness_in_another_line_is_another_finding():
    text = "one(x)\ntwo(x)\n"
    both = [finding("rule", text, "one(x)"), finding("rule", text, "two(x)")]
    assert say_once(both, text) == both


@pytest.mark.parametrize(
    ("path", "severity"),
    [
        ("app/views.py", Severity.HIGH),
        ("tests/test_views.py", Severity.MEDIUM),
        ("app/testing.py", Severity.HIGH),
        ("examples/serve.py", Severity.MEDIUM),
    ],
)
def test_in_tests_and_examples_a_finding_is_a_step_less_grave(path: str, severity: Severity):
    [found] = say_once([finding("rule", "one(x)\n", "one(x)", path=path)], "one(x)\n")
    assert found.severity is severity


def test_an_advisory_is_as_grave_wherever_the_lock_file_lies():
    advisory = finding("dependency", "a==1\n", "a==1", category=VULNERABLE_DEPENDENCY)
    [found] = say_once([replace(advisory, path="docs/requirements.txt")], "a==1\n")
    assert found.severity is Severity.HIGH


@pytest.mark.parametrize(
    ("text", "is_kept"),
    [
        ("run(x)", True),
        ("run(x)  # nosem", False),
        ("run(x)  # nosemgrep: python.sql.format", False),
        ("run(x)  # nosemgrep: python.sql", False),
        ("run(x)  # nosemgrep: python.web.xss, python.sql.format", False),
        ("run(x)  # nosemgrep: python.web.xss", True),
        ("run(x)  # copilot-ls: ignore[python.sql.format] the table is ours", False),
        ("run(x)  # copilot-ls: ignore[python.web.xss] no", True),
        ("run(x)  # copilot-ls: ignore because", False),
        ("run(x)  # nosec B608", False),
        ("run(x)  # type: ignore  # noqa: E501, S608", False),
        ("run(x)  # noqa: E501", True),
        ("run(x)  # noqa", True),
        ("# nosem\nrun(x)", False),
        ("y = 1  # nosem\nrun(x)", True),
        ("run(x)\n# nosem", True),
        ("run(x)  # nosemantics", True),
        ("run(x)  // copilot-ls: ignore[python.sql.format] fine", False),
    ],
)
def test_a_comment_takes_back_the_finding_that_it_stands_at(text: str, is_kept: bool):
    found = finding("python.sql.format", text, "run(x)")
    kept, taken_back = split_suppressed([found], text)
    assert (kept, taken_back) == (([found], []) if is_kept else ([], [found]))


def test_a_comment_inside_of_a_long_finding_counts():
    text = "run(\n    x,  # nosem\n)\n"
    assert split_suppressed([finding("a.b.c", text, text.strip())], text)[0] == []


class ListedScanner:
    def __init__(self, *findings: Finding) -> None:
        self.report = ScanReport(findings, (Problem("b.py", "does not parse"),))

    async def scan(
        self, documents: Sequence[Document], on_progress: Callable[[int], None]
    ) -> ScanReport:
        on_progress(len(documents))
        return self.report

    async def aclose(self) -> None:
        pass


async def test_a_check_joins_scanners_and_leaves_out_what_is_unsure():
    text = "run(x)\nsend(x)\n"
    sure = finding("sure", text, "send(x)", confidence=Confidence.MEDIUM)
    unsure = finding("unsure", text, "run(x)", confidence=Confidence.LOW)
    scanners = [ListedScanner(sure), ListedScanner(unsure, sure)]
    documents = [Document("file:///a.py", "a.py", "python", text)]
    checked = await check(documents, scanners, SecurityOptions(), lambda _: None)
    assert checked.findings == (sure,)
    assert checked.problems == (Problem("b.py", "does not parse"),)

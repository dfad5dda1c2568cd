"""The real Semgrep behind the scanner port."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from copilot_ls.domain import Confidence, Document, Severity
from copilot_ls.errors import ScannerError
from copilot_ls.scanners.engine import Engine, find_engine
from copilot_ls.scanners.rulebook import Rule, Rulebook, read_rulebook
from copilot_ls.scanners.semgrep import SemgrepScanner
from tests.fakes.pattern_cases import CASES

RULES = """
rules:
  - id: python.command.system
    languages: [python]
    severity: HIGH
    message: The command $X comes from the request. Pass a list to subprocess.run instead.
    metadata: {cwe: [CWE-78], owasp: [], category: command-injection, confidence: HIGH}
    mode: taint
    pattern-sources: [{pattern: flask.request.args}]
    pattern-sinks: [{patterns: [{pattern: os.system($X)}, {focus-metavariable: $X}]}]
  - id: python.command.broken
    languages: [python]
    severity: HIGH
    message: This rule does not compile, and the others serve all the same.
    metadata: {cwe: [CWE-78], owasp: [], category: command-injection, confidence: HIGH}
    pattern: "run((("
"""
TEMPLATE = Rule(
    id="",
    languages=(),
    severity=Severity.HIGH,
    confidence=Confidence.HIGH,
    message="",
    category="",
    cwe=(),
    owasp=(),
    references=(),
    is_for_semgrep=False,
    definition={},
)
WEAK = """\
import os
from flask import request

def view():
    name = "é" + request.args["name"]
    os.system("ls " + name)  # nosem
"""


def document(path: str, text: str) -> Document:
    return Document(f"file:///app/{path}", path, "python", text)


@pytest.fixture(scope="module")
def engine() -> Engine:
    found = find_engine(None)
    assert found is not None, "the tests need the extra 'security'"
    return found


@pytest.fixture
def rulebook(tmp_path: Path) -> Rulebook:
    (tmp_path / "rules" / "python").mkdir(parents=True)
    (tmp_path / "rules" / "python" / "command.yaml").write_text(RULES)
    return read_rulebook(tmp_path / "rules")


@pytest.fixture
async def scanner(engine: Engine, rulebook: Rulebook) -> AsyncIterator[SemgrepScanner]:
    scanner = SemgrepScanner(engine, rulebook, jobs=2, idle_seconds=60.0)
    yield scanner
    await scanner.aclose()


def ignore(_: int) -> None:
    pass


async def test_data_is_followed_and_its_way_is_told(scanner: SemgrepScanner):
    text = WEAK + "    run()\n"
    report = await scanner.scan([document("app/view.py", text)], ignore)
    [found] = report.findings
    assert (found.rule, found.path) == ("python.command.system", "app/view.py")
    assert WEAK[found.span.start : found.span.end] == '"ls " + name'
    first = found.trace[0].span
    assert WEAK[first.start : first.end] == "request.args"
    assert [problem.message.split(":")[0] for problem in report.problems] == [
        "rule python.command.broken is not used"
    ]


async def test_the_second_scan_meets_a_process_that_waits(scanner: SemgrepScanner):
    for _ in range(3):
        report = await scanner.scan([document("view.py", WEAK)], ignore)
        assert len(report.findings) == 1
    waiting = scanner._ahead
    assert waiting is not None
    assert waiting.is_alive


async def test_a_waiting_process_that_died_costs_nothing(scanner: SemgrepScanner):
    await scanner.warm()
    assert scanner._ahead is not None
    os.kill(scanner._ahead._process.pid, 9)
    await scanner._ahead._process.wait()
    report = await scanner.scan([document("view.py", WEAK)], ignore)
    assert len(report.findings) == 1


async def test_a_process_that_has_not_come_to_its_pipe_yet_finds_long_rules_all_the_same(
    engine: Engine, rulebook: Rulebook
):
    some = rulebook.rules["python.command.system"]
    names = {f"python.command.n{number}" for number in range(300)}
    rules = {
        name: replace(some, id=name, definition={**some.definition, "id": name}) for name in names
    }
    scanner = SemgrepScanner(engine, Rulebook(rules), jobs=1, idle_seconds=60.0)
    try:
        await scanner.warm()
        report = await scanner.scan([document("view.py", WEAK)], ignore)
    finally:
        await scanner.aclose()
    assert {found.rule for found in report.findings} == names
    left = [task.get_coro() for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert [coroutine for coroutine in left if "_tell" in repr(coroutine)] == []


async def test_many_files_are_scanned_side_by_side(scanner: SemgrepScanner):
    documents = [document(f"view_{number}.py", WEAK) for number in range(150)]
    seen: list[int] = []
    report = await scanner.scan(documents, seen.append)
    assert {found.path for found in report.findings} == {each.path for each in documents}
    assert seen == sorted(seen)
    assert seen[-1] == 150


async def test_new_syntax_and_broken_texts_are_scanned_as_far_as_they_parse(
    scanner: SemgrepScanner,
):
    new = WEAK + "type X = int\nprint(f'{view()['name']}')\n"
    torn = '<<<<< ((( """ \n os.system(flask.request.args)'
    report = await scanner.scan([document("new.py", new), document("torn.py", torn)], ignore)
    assert [found.path for found in report.findings] == ["new.py"]
    assert "torn.py" in [problem.path for problem in report.problems]


async def test_what_cannot_be_started_is_an_error_that_names_the_remedy(
    tmp_path: Path, rulebook: Rulebook
):
    core = tmp_path / "semgrep-core"
    core.write_text("not a program")
    scanner = SemgrepScanner(Engine(core, None, "0", "a test"), rulebook, jobs=1, idle_seconds=0.0)
    try:
        with pytest.raises(ScannerError, match="cannot be started"):
            await scanner.scan([document("view.py", WEAK)], ignore)
    finally:
        await scanner.aclose()


async def test_languages_without_rules_are_left_alone(scanner: SemgrepScanner):
    other = Document("file:///a.txt", "a.txt", "text", "os.system(flask.request.args)")
    report = await scanner.scan([other], ignore)
    assert report.findings == ()


async def test_closing_leaves_no_process_and_no_file(engine: Engine, rulebook: Rulebook):
    scanner = SemgrepScanner(engine, rulebook, jobs=1, idle_seconds=60.0)
    await scanner.scan([document("view.py", WEAK)], ignore)
    assert scanner._ahead is not None
    assert scanner._folder is not None
    process, folder = scanner._ahead, scanner._folder
    assert folder.stat().st_mode & 0o077 == 0
    await scanner.aclose()
    assert not process.is_alive
    assert not folder.exists()


async def test_the_public_command_line_serves_where_the_core_is_not_understood(
    engine: Engine, rulebook: Rulebook
):
    scanner = SemgrepScanner(
        Engine(None, engine.cli, engine.version, engine.origin), rulebook, jobs=1, idle_seconds=0.0
    )
    try:
        report = await scanner.scan([document("view.py", WEAK)], ignore)
    finally:
        await scanner.aclose()
    [found] = report.findings
    assert WEAK[found.span.start : found.span.end] == '"ls " + name'
    assert any("python.command.broken" in problem.message for problem in report.problems)


def test_an_engine_inside_of_the_workspace_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    planted = tmp_path / "bin" / "semgrep"
    planted.parent.mkdir()
    planted.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\necho 1.180.0\n")
    planted.chmod(0o755)
    monkeypatch.setattr("copilot_ls.scanners.engine._installed_beside_us", lambda: None)
    monkeypatch.setenv("PATH", f"{tmp_path}/bin{os.pathsep}bin{os.pathsep}.")
    monkeypatch.chdir(tmp_path)
    assert find_engine(tmp_path) is None
    assert not (tmp_path / "ran").exists()


async def test_semgrep_matches_what_the_patterns_match(engine: Engine):
    """The cases of the in-process engine are true of Semgrep: each is a rule and a file."""
    rules, documents = {}, []
    for number, case in enumerate(CASES):
        id_ = f"python.case.n{number}"
        definition = {
            "id": id_,
            "languages": [case.language],
            "severity": "HIGH",
            "message": "m",
            **case.formula,
        }
        rules[id_] = replace(TEMPLATE, id=id_, languages=(case.language,), definition=definition)
        documents.append(Document("", id_, case.language, case.text))
    scanner = SemgrepScanner(engine, Rulebook(rules), jobs=2, idle_seconds=0.0)
    try:
        report = await scanner.scan(documents, ignore)
    finally:
        await scanner.aclose()
    assert [problem for problem in report.problems if "rule" in problem.message] == []
    for case, document in zip(CASES, documents, strict=True):
        lines = {
            case.text.count("\n", 0, found.span.start) + 1
            for found in report.findings
            if found.rule == found.path == document.path
        }
        assert sorted(lines) == case.lines, case.name

"""Tests are written in the manner of the project, run in the real sandbox."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from copilot_ls.cli.tests import importable
from copilot_ls.features.tests.options import TestOptions
from copilot_ls.features.tests.writer import TestWriter
from copilot_ls.models.scripted import Script, ScriptedModel, say
from copilot_ls.sandbox.process import ProcessSandbox

_SOURCE = """
def grade(points: int) -> str:
    if points >= 50:
        return "passed"
    return "failed"
"""
_LOCAL = """
from datetime import datetime

def day(seconds: int) -> str:
    return str(datetime.fromtimestamp(seconds % 1000))

def words(count: int) -> list:
    return list({"one", "two", "three", "four", "five", "six", "seven"})

def double(number: int) -> int:
    return 2 * number
"""
_CASES = """import unittest

import marks


class TestMarks(unittest.TestCase):
    def test_passed(self):
        self.assertEqual(marks.grade(50), "passed")
"""


_GATE = """
import hashlib


def enter(word: str) -> str:
    if hashlib.md5(word.encode()).hexdigest() == "15b29ffdce66e10527a65bc6d71ad94d":
        return "open"
    return "closed"
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "tests").mkdir()
    (tmp_path / "marks.py").write_text(_SOURCE)
    (tmp_path / "local.py").write_text(_LOCAL)
    (tmp_path / "tests" / "test_marks.py").write_text(_CASES)
    return tmp_path


@pytest.fixture
def writer(project: Path) -> Iterator[TestWriter]:
    sandbox = ProcessSandbox(project, Path(sys.executable))
    yield TestWriter(sandbox, TestOptions(seconds=4, reruns=2))
    sandbox.close()


async def test_a_project_with_unittest_gets_test_cases(writer: TestWriter, project: Path) -> None:
    written = await writer.write("marks.py")
    assert written.test_path == "tests/test_marks_generated.py"
    assert "class TestMarks(unittest.TestCase):\n" in written.text
    assert all(verdict.passes == verdict.runs == 3 for verdict in written.verdicts)
    (project / written.test_path).write_text(written.text)
    command = [sys.executable, "-m", "unittest", "discover", "-s", "tests"]
    environment = {"PYTHONPATH": str(project)}
    run = partial(subprocess.run, check=True, cwd=project, env=environment, capture_output=True)
    await asyncio.to_thread(run, command)


async def test_what_depends_on_the_time_zone_or_the_order_of_a_set_is_not_offered(
    writer: TestWriter,
) -> None:
    written = await writer.write("local.py")
    assert {verdict.target for verdict in written.verdicts} == {"double"}
    assert written.n_dropped >= 2


async def test_what_only_a_model_thinks_of_is_tested_and_says_so(project: Path) -> None:
    (project / "gate.py").write_text(_GATE)
    model = ScriptedModel(Script([say("enter('swordfish')\n", when="Calls of enter:")]))
    sandbox = ProcessSandbox(project, Path(sys.executable))
    try:
        options = TestOptions(seconds=6, reruns=2)
        written = await TestWriter(sandbox, options, model=model).write("gate.py")
    finally:
        sandbox.close()
    assert "'swordfish'" in written.text
    assert "scripted" in {
        part for verdict in written.verdicts for part in verdict.origin.split(", ")
    }
    assert written.n_covered == written.n_goals


async def test_tests_are_added_to_those_that_are_there(writer: TestWriter) -> None:
    written = await writer.write("marks.py", append=True)
    assert written.test_path == "tests/test_marks.py"
    assert written.existing == _CASES
    assert written.text.startswith(_CASES)
    assert "\n\n\nclass TestMarksGenerated(unittest.TestCase):\n" in written.text
    assert {verdict.runs for verdict in written.verdicts} == {3}


async def test_without_tests_there_is_nothing_to_add_to(writer: TestWriter, project: Path) -> None:
    (project / "tests" / "test_marks.py").unlink()
    sandbox = ProcessSandbox(project, Path(sys.executable))
    try:
        written = await TestWriter(sandbox, TestOptions(seconds=4)).write("marks.py", append=True)
    finally:
        sandbox.close()
    assert written.text == ""
    assert "leave --append out" in written.problem


def test_a_package_alone_is_imported_from_outside_of_it(tmp_path: Path) -> None:
    inner = tmp_path / "lib" / "shop" / "cart"
    inner.mkdir(parents=True)
    (inner / "__init__.py").touch()
    (inner.parent / "__init__.py").touch()
    assert importable(inner) == tmp_path / "lib"
    (inner / ".git").mkdir()
    assert importable(inner) == inner

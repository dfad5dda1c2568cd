"""Measuring a file of tests, whoever wrote it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from copilot_ls import explorer

_SOURCE = """
def grade(points):
    if points >= 50:
        return "passed"
    return "failed"

def warn():
    import warnings
    warnings.warn("careful")
"""
_TESTS = """
import subject

def test_passed():
    assert subject.grade(50) == "passed"

def test_wrong():
    assert subject.grade(0) == "passed"

def test_that_pytest_fails_as_it_catches_warnings(capsys):
    subject.warn()
    assert "careful" in capsys.readouterr().err

def test_that_fails_where_faults_are_tried():
    assert type(subject.__loader__).__name__ == "SourceFileLoader"
"""


def test_failing_tests_count_for_nothing_but_are_told(tmp_path: Path) -> None:
    package = tmp_path / "inside"
    package.mkdir()
    source = Path(explorer.__path__[0])
    (package / "copilot_ls_explorer").symlink_to(source)
    project = tmp_path / "project"
    project.mkdir()
    (project / "subject.py").write_text(_SOURCE)
    tests = project / "test_subject.py"
    tests.write_text(_TESTS)
    configuration = tmp_path / "pytest.ini"
    configuration.write_text("[pytest]\n")
    answer = tmp_path / "answer.json"
    request = {
        "module": "subject",
        "root": str(project),
        "tests": str(tests),
        "configuration": str(configuration),
        "answer": str(answer),
        "mutants": 0,
        "seconds": 20,
        "orders": 2,
    }
    subprocess.run(
        [sys.executable, "-m", "copilot_ls_explorer.measure"],
        input=json.dumps(request).encode(),
        check=True,
        cwd=project,
        env={"PYTHONPATH": f"{package}:{project}", "PYTHONDONTWRITEBYTECODE": "1"},
    )
    measured = json.loads(answer.read_text())
    assert (measured["tests"], measured["failing"], measured["unstable"]) == (4, 3, 0)
    assert (measured["branches"], measured["branches_covered"]) == (2, 1)
    # The test that passes cannot notice what happens below 50 points.
    assert 0 < measured["killed"] < measured["mutants"]

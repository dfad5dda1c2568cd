"""The hooks, run by the real pre-commit and by git itself on a real ``git commit``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.test_scan import git, repository

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
CONFIG = """\
repos:
  - repo: {hooks}
    rev: v1
    hooks:
      - id: {hook}-system
"""
DRIFTED = '''\
def scale(points, factor):
    """Scale points.

    Args:
        points: What to scale.
        ratio: How much of the factor.
    """
    return [factor * point for point in points]


def other(points):
    """Do nothing.

    Args:
        gone: Not there any more.
    """
    return points
'''


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return project_with(tmp_path, "copilot-ls-security")


def project_with(tmp_path: Path, hook: str) -> Path:
    hooks = repository(tmp_path / "hooks")
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    git(hooks, "add", "-A")
    git(hooks, "commit", "-q", "-m", "hooks")
    git(hooks, "tag", "v1")
    return repository(
        tmp_path / "project", **{".pre-commit-config.yaml": CONFIG.format(hooks=hooks, hook=hook)}
    )


def run(project: Path, *command: str) -> subprocess.CompletedProcess[str]:
    cache = project.parent / "cache"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("GIT_")},
        "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}",
        "PRE_COMMIT_HOME": str(cache / "pre-commit"),
        "COPILOT_LS_CACHE": str(cache / "copilot-ls"),
        "COPILOT_LS_CONFIG": str(cache / "config.toml"),
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@example.org",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@example.org",
    }
    return subprocess.run(
        command, cwd=project, env=environment, capture_output=True, text=True, check=False
    )


def test_a_commit_with_a_weakness_is_stopped_and_a_clean_one_is_not(project: Path):
    assert run(project, "pre-commit", "install").returncode == 0
    weak = project / "load it.py"
    weak.write_text("import yaml\n\n\ndef load(stream):\n    return yaml.load(stream)\n")
    git(project, "add", "-A")
    stopped = run(project, "git", "commit", "-m", "weak")
    assert stopped.returncode != 0
    assert "load it.py:5:12  high  python.deserialization" in stopped.stdout + stopped.stderr

    weak.write_text(weak.read_text().replace("yaml.load", "yaml.safe_load"))
    git(project, "add", "-A")
    passed = run(project, "git", "commit", "-m", "clean")
    assert passed.returncode == 0, passed.stdout + passed.stderr


def test_only_what_a_commit_changes_is_held_against_its_docstring(tmp_path: Path):
    project = project_with(tmp_path, "copilot-ls-docs")
    module = project / "shapes.py"
    module.write_text(DRIFTED)
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "as it was")
    assert run(project, "pre-commit", "install").returncode == 0

    module.write_text(DRIFTED.replace("factor * point", "point * factor"))
    git(project, "add", "-A")
    stopped = run(project, "git", "commit", "-m", "changed")
    assert stopped.returncode != 0
    said = stopped.stdout + stopped.stderr
    assert "shapes.py:6: renamed-parameter: `ratio` is called `factor` in the code" in said
    assert "gone" not in said

    module.write_text(module.read_text().replace("ratio: ", "factor: "))
    git(project, "add", "-A")
    passed = run(project, "git", "commit", "-m", "right")
    assert passed.returncode == 0, passed.stdout + passed.stderr


def test_all_files_are_looked_at_as_a_whole(tmp_path: Path):
    project = project_with(tmp_path, "copilot-ls-docs")
    (project / "shapes.py").write_text(DRIFTED)
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "as it was")

    found = run(project, "pre-commit", "run", "--all-files")

    assert found.returncode != 0
    assert "ratio" in found.stdout
    assert "gone" in found.stdout


def test_a_name_that_is_otherwise_than_all_others_stops_a_commit(tmp_path: Path):
    project = project_with(tmp_path, "copilot-ls-conventions")
    names = [f"do_number_{n}" for n in range(80)]
    (project / "steps.py").write_text("".join(f"def {n}():\n    return 1\n\n\n" for n in names))
    git(project, "add", "-A")
    git(project, "commit", "-q", "-m", "as it was")
    assert run(project, "pre-commit", "install").returncode == 0

    (project / "more.py").write_text("def doOneMore():\n    return 1\n")
    git(project, "add", "-A")
    stopped = run(project, "git", "commit", "-m", "otherwise")

    assert stopped.returncode != 0
    assert "more.py:1: naming.function: `doOneMore` is named in camelCase" in (
        stopped.stdout + stopped.stderr
    )


def test_the_hook_in_a_clone_keeps_the_one_that_was_there_and_goes_away_again(tmp_path: Path):
    project = repository(tmp_path / "project", **{"shapes.py": "x = 1\n"})
    hook = project / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho was there before\n")
    hook.chmod(0o755)
    copilot = str(BIN / "copilot-ls")
    assert run(project, copilot, "hook", "install", "--checks", "docs").returncode == 0

    (project / "shapes.py").write_text(DRIFTED)
    git(project, "add", "-A")
    # What is not staged does not count.
    (project / "shapes.py").write_text("")
    stopped = run(project, "git", "commit", "-m", "drifted")
    assert stopped.returncode != 0
    assert "was there before" in stopped.stdout + stopped.stderr
    assert "shapes.py:6: renamed-parameter" in stopped.stdout + stopped.stderr

    assert run(project, copilot, "hook", "uninstall").returncode == 0
    assert hook.read_text().startswith("#!/bin/sh\necho was there before")
    passed = run(project, "git", "commit", "-m", "drifted")
    assert passed.returncode == 0


def test_a_hook_whose_program_is_gone_stops_nothing(tmp_path: Path):
    project = repository(tmp_path / "project", **{"shapes.py": DRIFTED})
    assert run(project, str(BIN / "copilot-ls"), "hook", "install").returncode == 0
    hook = project / ".git" / "hooks" / "pre-commit"
    hook.write_text(hook.read_text().replace(str(BIN), "/nowhere"))
    (project / "shapes.py").write_text("y = 1\n")

    passed = run(project, "git", "commit", "-a", "-m", "on")

    assert passed.returncode == 0
    assert "nothing was checked" in passed.stderr


def test_a_repository_that_calls_a_package_as_ours_runs_nothing(tmp_path: Path):
    trap = "from pathlib import Path\n\nPath('sprung').touch()\n"
    files = {"copilot_ls/__init__.py": trap, "copilot_ls/__main__.py": trap}
    project = repository(tmp_path / "project", **files)
    (project / "load.py").write_text("import yaml\n\nyaml.load(open('a'))\n")
    git(project, "add", "-A")

    done = run(project, str(BIN / "copilot-ls"), "hook", "run", "security")

    assert done.returncode == 1
    assert "load.py" in done.stdout
    assert not (project / "sprung").exists()


def test_what_is_repaired_is_left_to_be_looked_at(tmp_path: Path):
    project = repository(tmp_path / "project", **{"shapes.py": DRIFTED})
    module = project / "shapes.py"
    module.write_text(DRIFTED.replace("return points", "return list(points)"))
    git(project, "add", "-A")

    done = run(project, str(BIN / "copilot-ls"), "hook", "run", "docs", "--fix")

    assert done.returncode == 1
    assert "shapes.py: other: repaired" in done.stdout
    assert "gone" not in module.read_text()
    assert "ratio" in module.read_text()


def test_without_time_nothing_is_seen_and_that_is_said(tmp_path: Path):
    project = repository(tmp_path / "project", **{"shapes.py": "x = 1\n"})
    (project / "shapes.py").write_text(DRIFTED)
    git(project, "add", "-A")

    late = run(
        project, str(BIN / "copilot-ls"), "hook", "run", "docs", "--budget", "0.0001", "--strict"
    )

    assert late.returncode == 3
    assert "no time was left for 1 files" in late.stderr


GRADE = "def grade(points):\n    if points >= 50:\n        return 'passed'\n    return 'failed'\n"


def test_a_function_without_a_test_stops_a_commit_until_there_is_one(tmp_path: Path):
    project = project_with(tmp_path, "copilot-ls-tests")
    assert run(project, "pre-commit", "install").returncode == 0
    (project / "marks.py").write_text(GRADE)
    git(project, "add", "-A")
    stopped = run(project, "git", "commit", "-q", "-m", "grades")
    assert stopped.returncode == 1
    assert "marks.py:1: tests.missing: `grade` changes, and no test names it" in (
        stopped.stdout + stopped.stderr
    )
    (project / "test_marks.py").write_text(
        "import marks\n\n\ndef test_grade():\n    assert marks.grade(50) == 'passed'\n"
    )
    git(project, "add", "-A")
    done = run(project, "git", "commit", "-q", "-m", "grades, tested")
    assert done.returncode == 0, done.stdout + done.stderr


def test_tests_are_written_by_a_hook_only_with_consent(tmp_path: Path):
    project = repository(tmp_path / "project", **{"marks.py": GRADE})
    command = [str(BIN / "copilot-ls"), "hook", "run", "tests", "marks.py", "--fix"]
    refused = run(project, *command)
    assert refused.returncode == 1
    assert "copilot-ls trust" in " ".join(refused.stderr.split())
    assert not (project / "tests").exists()
    assert run(project, str(BIN / "copilot-ls"), "trust").returncode == 0
    written = run(project, *command, "--budget", "17")
    assert "tests/test_marks.py: grade: repaired" in written.stdout, written.stderr
    assert "grade(" in (project / "tests" / "test_marks.py").read_text()


def test_the_hooks_of_a_package_of_their_own_have_what_they_need():
    import yaml

    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    names = {hook["id"] for hook in hooks if hook["language"] == "python"}
    assert names == {f"copilot-ls-{what}" for what in ("security", "docs", "conventions", "tests")}
    assert {hook["id"] for hook in hooks if hook["language"] == "system"} == {
        f"{name}-system" for name in names
    }
    assert {hook["entry"] for hook in hooks} == {
        "copilot-ls check",
        "copilot-ls hook run docs",
        "copilot-ls hook run conventions",
        "copilot-ls hook run tests",
    }

"""The hook, run by the real pre-commit on a real ``git commit``."""

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
      - id: copilot-ls-security-system
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    hooks = repository(tmp_path / "hooks")
    shutil.copy(ROOT / ".pre-commit-hooks.yaml", hooks)
    git(hooks, "add", "-A")
    git(hooks, "commit", "-q", "-m", "hooks")
    git(hooks, "tag", "v1")
    return repository(
        tmp_path / "project", **{".pre-commit-config.yaml": CONFIG.format(hooks=hooks)}
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


def test_the_hook_of_a_package_of_its_own_has_what_it_needs():
    import yaml

    hooks = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert {hook["id"]: hook["language"] for hook in hooks} == {
        "copilot-ls-security": "python",
        "copilot-ls-security-system": "system",
    }
    assert all(hook["entry"] == "copilot-ls check" for hook in hooks)

"""``copilot-ls security-test`` on a small real repository, with the real sandbox."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot_ls import scanning
from copilot_ls.cli import app as cli
from copilot_ls.cli.exit_codes import ExitCode
from tests.unit.test_scan import git, repository

Run = Callable[..., int]

WEAK = """\
import yaml


def load(stream):
    return yaml.load(stream, Loader=yaml.Loader)


def find(connection, name):
    return connection.execute("select 1 from t where n = '" + name + "'")


def read_own(name):
    if name != "own.yaml":
        raise ValueError(name)
    return yaml.load(name, Loader=yaml.Loader)
"""
FIXED = WEAK.replace('\'" + name + "\'")', '?", (name,))')


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    root = repository(tmp_path / "shop", **{"app/__init__.py": "", "app/data.py": WEAK})
    config = tmp_path / "config.toml"
    config.write_text(f"[sandbox]\npython = {json.dumps(sys.executable)}\n")
    monkeypatch.setenv("COPILOT_LS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COPILOT_LS_CONFIG", str(config))
    monkeypatch.setattr(scanning, "find_semgrep", lambda _: None)
    monkeypatch.chdir(root)

    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["copilot-ls", "security-test", *arguments])
        return cli.run()

    return run


def test_nothing_is_run_without_consent(run: Run, capsys: pytest.CaptureFixture[str]):
    assert run("app/data.py:5") == ExitCode.USAGE
    assert "copilot-ls trust" in capsys.readouterr().err


def test_what_fails_on_weak_code_and_passes_on_the_rules_fix_is_kept(
    run: Run, capsys: pytest.CaptureFixture[str]
):
    assert run("app/data.py:5", "--run-code", "--write", "--json") == ExitCode.OK
    told = json.loads(capsys.readouterr().out)
    assert told["kept"]
    assert told["proof"] == "the rule's own fix"
    written = Path(told["test_path"])
    assert written.read_text() == told["text"]
    assert "yaml.load(" in Path("app/data.py").read_text()


def test_without_a_fix_nothing_is_delivered(run: Run, capsys: pytest.CaptureFixture[str]):
    assert run("app/data.py:9", "--run-code") == ExitCode.FINDINGS
    told = capsys.readouterr()
    assert told.out == ""
    assert "--fixed" in told.err


def test_a_revision_of_the_users_proves_the_test(run: Run, capsys: pytest.CaptureFixture[str]):
    root = Path.cwd()
    (root / "app/data.py").write_text(FIXED)
    git(root, "add", "-A")
    git(root, "commit", "-qm", "fixed")
    (root / "app/data.py").write_text(WEAK)
    assert run("app/data.py:9", "--run-code", "--fixed", "HEAD", "--json") == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["proof"] == "HEAD"
    (root / "app/data.py").write_text(WEAK + "OTHER = 1\n")
    git(root, "commit", "-qam", "not fixed")
    (root / "app/data.py").write_text(WEAK)
    assert run("app/data.py:9", "--run-code", "--fixed", "HEAD") == ExitCode.FINDINGS
    assert "the attack still works" in capsys.readouterr().err


def test_what_no_attack_reaches_is_told_and_not_delivered(
    run: Run, capsys: pytest.CaptureFixture[str]
):
    assert run("app/data.py:15", "--run-code", "--draft") == ExitCode.FINDINGS
    told = capsys.readouterr()
    assert told.out == ""
    assert "cannot be exercised" in told.err


def test_a_line_without_a_finding_is_refused(run: Run, capsys: pytest.CaptureFixture[str]):
    assert run("app/data.py:1", "--run-code") == ExitCode.USAGE
    assert "copilot-ls check" in capsys.readouterr().err

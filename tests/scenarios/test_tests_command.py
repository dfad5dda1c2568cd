"""``copilot-ls tests``: what it says where no code may be run, or none can."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot_ls.cli import app as cli
from copilot_ls.cli.exit_codes import ExitCode
from tests.node import NODE, needs_node


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "shop"
    root.mkdir()
    monkeypatch.setenv("COPILOT_LS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COPILOT_LS_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.chdir(root)
    (root / "price.py").write_text("def price(amount: int) -> int:\n    return amount\n")
    (root / "price.ts").write_text("export const price = (n: number) => (n > 3 ? n + 1 : 0);\n")
    (root / "view.tsx").write_text("export const View = () => <b />;\n")
    (root / "main.go").write_text("package main\n")
    return root


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr("sys.argv", ["copilot-ls", *arguments])
    return cli.run()


@pytest.mark.parametrize("name", ["price.py", "price.ts"])
def test_code_is_run_with_consent_alone(
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
) -> None:
    assert run(monkeypatch, "tests", name) == ExitCode.USAGE
    assert "needs your consent" in capsys.readouterr().err


def test_a_model_that_is_asked_for_must_be_there(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["tests", "price.py", "--run-code", "--model"]
    assert run(monkeypatch, *arguments) == ExitCode.ENGINE
    assert "model pull" in capsys.readouterr().err


def test_without_node_the_remedy_is_named(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(project))
    assert run(monkeypatch, "tests", "price.ts", "--run-code") != ExitCode.OK
    assert "sandbox.node" in capsys.readouterr().err


@needs_node
def test_jsx_is_said_to_be_none_of_it(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(NODE and NODE.parent))
    assert run(monkeypatch, "tests", "view.tsx", "--run-code") == ExitCode.FINDINGS
    assert "JSX is not run by node" in capsys.readouterr().err


def test_other_languages_are_refused(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "tests", "main.go", "--run-code") == ExitCode.USAGE
    assert "Python, JavaScript and TypeScript" in capsys.readouterr().err


@needs_node
def test_a_file_of_tests_is_written_where_that_is_asked_for(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(NODE and NODE.parent))
    given = ("tests", "price.ts::price", "--run-code", "--budget", "5", "--write")
    assert run(monkeypatch, *given) == ExitCode.OK
    assert "from './price.ts';" in (project / "price.test.ts").read_text()

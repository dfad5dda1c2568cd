"""The command line on a small real repository, with a scripted model, in this process."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from copilot_ls import wiring
from copilot_ls.cli import app as cli
from copilot_ls.cli.exit_codes import ExitCode
from copilot_ls.models.scripted import Script, ScriptedModel, say
from indexer.embed.hashing import HashingEmbedder

Run = Callable[..., int]

ORDERS = """\
from shop.tax import Tax


def total(order, tax: Tax):
    return tax.
"""
TAX = '''\
class Tax:
    """What the state takes."""

    def net(self, amount: int, *, rate: float = 0.2) -> int:
        """Take the tax off."""
        return round(amount * (1 - rate))
'''


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "shop project ü"
    (root / "shop").mkdir(parents=True)
    (root / "shop" / "__init__.py").touch()
    (root / "shop" / "tax.py").write_text(TAX, encoding="utf-8")
    (root / "shop" / "orders.py").write_text(ORDERS, encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    script = tmp_path / "script.json"
    replies = [say("(order.amount)", when="tax.net<|fim_suffix|>"), say("net(order.amount)")]
    script.write_text(Script.to_json(replies), encoding="utf-8")
    monkeypatch.setenv("COPILOT_LS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COPILOT_LS_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("COPILOT_LS_SCRIPT", str(script))
    monkeypatch.chdir(root)
    return root


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Run:
    def run(*arguments: str) -> int:
        monkeypatch.setattr(sys, "argv", ["copilot-ls", *arguments])
        return cli.run()

    return run


def test_index_then_search_then_status(project: Path, run: Run, capsys: pytest.CaptureFixture[str]):
    assert run("index", "--no-vectors") == ExitCode.OK
    assert "3 new" in capsys.readouterr().out
    assert run("search", "take the tax off", "--json") == ExitCode.OK
    titles = [hit["title"] for hit in json.loads(capsys.readouterr().out)]
    assert "Tax.net" in titles[:2]
    assert run("status", "--json") == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["status"]["n_files"] == 3


def test_the_model_puts_the_answers_to_a_question_in_order(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    run("index", "--no-vectors")
    capsys.readouterr()
    question = "the order and its amount"
    assert run("search", question, "--json") == ExitCode.OK
    plain = json.loads(capsys.readouterr().out)
    assert not any("likelihood" in hit["signals"] for hit in plain)
    assert run("search", question, "--json", "--rerank", "--limit", "2") == ExitCode.OK
    reranked = json.loads(capsys.readouterr().out)
    assert len(reranked) == 2
    assert reranked[0]["score"] >= reranked[1]["score"]
    assert all("likelihood" in hit["signals"] for hit in reranked)
    assert run("search", question) == ExitCode.OK
    assert "likelihood" in capsys.readouterr().out
    assert run("search", question, "--no-rerank") == ExitCode.OK
    assert "likelihood" not in capsys.readouterr().out
    monkeypatch.setenv("COPILOT_LS_SCRIPT", str(project / "nowhere.json"))
    assert run("search", question) == ExitCode.OK
    assert "not reranked" in capsys.readouterr().err
    assert run("search", question, "--rerank") == ExitCode.ENGINE


def test_nobody_waits_long_for_a_better_order(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    async def never(*_: object) -> Sequence[float]:
        await asyncio.Event().wait()
        return ()

    run("index", "--no-vectors")
    monkeypatch.setattr(ScriptedModel, "likelihoods", never)
    monkeypatch.setattr("copilot_ls.cli.index._SECONDS_TO_RERANK", 0.01)
    assert run("search", "the order and its amount") == ExitCode.OK
    said = capsys.readouterr()
    assert "took too long" in said.err
    assert "total" in said.out


def test_an_unchanged_repository_is_not_read_again(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    run("index", "--no-vectors")
    capsys.readouterr()
    assert run("index", "--no-vectors", "--json") == ExitCode.OK
    plan = json.loads(capsys.readouterr().out)["report"]["plan"]
    assert (plan["added"], plan["changed"], len(plan["unchanged"])) == ([], [], 3)


def test_complete_indexes_first_and_shows_the_signature_it_used(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    assert run("complete", "shop/orders.py:5", "--json") == ExitCode.OK
    completion = json.loads(capsys.readouterr().out)["completion"]
    assert completion["suggestions"][0]["text"] == "net(order.amount)"
    assert completion["snippets"][0]["path"] == "shop/tax.py"
    assert "Tax.net(amount: int, *, rate: float = 0.2) -> int" in completion["prompt_text"]


def test_complete_draws_the_suggestion_for_people(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    assert run("complete", "shop/orders.py:5", "--prompt") == ExitCode.OK
    out = capsys.readouterr().out
    assert "5 │     return tax.net(order.amount)" in out
    assert "<|fim_prefix|>" in out
    assert "shop/tax.py:4" in out


def test_status_tells_where_secrets_were_masked_and_never_which(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    (project / "shop" / "pay.py").write_text('DB_PASSWORD = "hunter2"\n', encoding="utf-8")
    run("index", "--no-vectors")
    assert run("status", "--masked") == ExitCode.OK
    out = capsys.readouterr().out
    assert "masked: 1 secrets (copilot-ls status --masked)" in out
    assert "value of DB_PASSWORD  shop/pay.py:1" in out
    assert run("search", "DB_PASSWORD", "--json") == ExitCode.OK
    assert run("status", "--masked", "--json") == ExitCode.OK
    out += capsys.readouterr().out
    assert '"kind": "value of DB_PASSWORD"' in out
    assert "hunter2" not in out


def test_embeddings_are_published_and_taken_over(
    project: Path,
    run: Run,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
):
    monkeypatch.setattr(wiring, "open_embedder", lambda _: HashingEmbedder(32))
    share = str(tmp_path / "share")
    assert run("index", "--publish", share) == ExitCode.OK
    assert "published: 4 vectors" in capsys.readouterr().out
    monkeypatch.setenv("COPILOT_LS_CACHE", str(tmp_path / "another cache"))
    assert run("index", "--pull", share) == ExitCode.OK
    assert "taken over: 4 vectors; made here: 0" in capsys.readouterr().out
    assert run("index", "--pull", share, "--json") == ExitCode.OK
    report = json.loads(capsys.readouterr().out)["report"]
    assert (report["n_taken_over"], report["problems"]) == (0, [])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--pull", "nowhere"), "nothing is published at nowhere"),
        (("--pull", "nowhere", "--no-vectors"), "contradict each other"),
        (("--publish", "https://share.example/x"), "--publish writes to a folder"),
    ],
)
def test_an_exchange_that_cannot_work_is_refused_before_anything_is_done(
    project: Path,
    run: Run,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    message: str,
):
    monkeypatch.setattr(wiring, "open_embedder", lambda _: HashingEmbedder(32))
    assert run("index", *arguments) == ExitCode.USAGE
    assert message in capsys.readouterr().err
    assert run("status", "--json") == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["status"]["state"] == "missing"


def test_conventions_are_shown_for_people_and_for_machines(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    run("index", "--no-vectors")
    capsys.readouterr()
    assert run("conventions") == ExitCode.OK
    assert "shop project ü: 3 files" in capsys.readouterr().out
    assert run("conventions", "shop/tax.py", "--all") == ExitCode.OK
    assert "documented 100 % of 1  shop/tax.py:1" in capsys.readouterr().out
    assert run("conventions", "shop", "--json") == ExitCode.OK
    found = json.loads(capsys.readouterr().out)
    assert found["languages"] == {"python": {"n_files": 3, "n_lines": 14}}
    habits = {(habit["topic"], habit["subject"]): habit for habit in found["habits"]}
    assert habits["docs", "methods"]["usual"] == "documented"
    assert habits["docs", "methods"]["verdict"] == "too few"


def test_conventions_need_an_index(project: Path, run: Run, capsys: pytest.CaptureFixture[str]):
    assert run("conventions") == ExitCode.USAGE
    assert "copilot-ls index" in capsys.readouterr().err
    run("index", "--no-vectors")
    (project / "empty").mkdir()
    assert run("conventions", "empty") == ExitCode.USAGE
    assert "--skipped" in capsys.readouterr().err


def test_search_without_an_index_names_the_remedy(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    assert run("search", "tax") == ExitCode.USAGE
    assert "copilot-ls index" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("place", "message"),
    [
        ("shop/orders.py", "FILE:LINE"),
        ("shop/orders.py:99", "has 6 lines"),
        ("shop/gone.py:1", "does not exist"),
        ("binary.py:1", "binary"),
        ("huge.py:1", "too large"),
        ("torn.py:1", "utf-8"),
        (".env:1", "secrets"),
        ("fifo.py:1", "not a regular file"),
        ("outside.py:1", "outside"),
    ],
)
def test_a_file_that_cannot_be_completed_is_one_line_with_a_remedy(
    place: str, message: str, project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    (project / "binary.py").write_bytes(b"\x00\x01\x02" * 100)
    with (project / "huge.py").open("wb") as file:
        file.truncate(50_000_000)
    (project / "torn.py").write_bytes(b"x = '\xff\xfe\xfa'\n")
    (project / ".env").write_text("TOKEN=1\n", encoding="utf-8")
    os.mkfifo(project / "fifo.py")
    (project.parent / "elsewhere.py").write_text("x = 1\n", encoding="utf-8")
    (project / "outside.py").symlink_to(project.parent / "elsewhere.py")
    code = run("complete", place)
    error = capsys.readouterr().err.lower()
    if message == "utf-8":
        # Readable as another encoding: completed, nothing worth showing, or left alone with a
        # reason, never a traceback.
        assert code in {ExitCode.OK, ExitCode.FINDINGS, ExitCode.USAGE}
        return
    assert code == ExitCode.USAGE
    assert message.lower() in error
    assert error.count("\n") == 1
    assert "(" in error


def test_a_missing_model_is_exit_code_three(
    project: Path, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.delenv("COPILOT_LS_SCRIPT")
    assert run("complete", "shop/orders.py:5") == ExitCode.ENGINE
    assert "copilot-ls model pull" in capsys.readouterr().err


def test_doctor_reports_without_a_model_and_says_that_nothing_leaves_the_machine(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    assert run("doctor", "--json") == ExitCode.ENGINE
    checks = {check["topic"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert "model pull" in checks["completion"]["remedy"]
    assert "nothing leaves" in checks["network"]["text"]


def test_doctor_names_the_host_that_the_user_chose(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    run("--set", "endpoint.url=http://models.example/v1", "doctor", "--json")
    checks = {check["topic"]: check for check in json.loads(capsys.readouterr().out)["checks"]}
    assert "models.example" in checks["network"]["text"]
    assert "endpoint" in checks["completion"]["text"]


def test_a_workspace_that_names_a_host_is_ignored_and_reported(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    (project / ".copilot-ls.toml").write_text(
        "[endpoint]\nurl = 'http://collector.example'\n", encoding="utf-8"
    )
    assert run("settings", "--json") == ExitCode.OK
    report = json.loads(capsys.readouterr().out)
    values = {row["key"]: row["value"] for row in report["settings"]}
    assert values["endpoint.url"] == ""
    assert "endpoint.url" in report["problems"][0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--set", "model.engin=off", "status"), "did you mean model.engine"),
        (("--set", "nonsense", "status"), "key=value"),
        (("nonsense",), "No such command"),
        (("index", "no/such/folder"), "does not exist"),
    ],
)
def test_wrong_usage_is_exit_code_two(
    arguments: tuple[str, ...],
    message: str,
    project: Path,
    run: Run,
    capsys: pytest.CaptureFixture[str],
):
    assert run(*arguments) == ExitCode.USAGE
    assert message in capsys.readouterr().err


def test_a_folder_without_git_is_indexed_too(
    tmp_path: Path, project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    plain = tmp_path / "plain"
    plain.mkdir()
    (plain / "pyproject.toml").touch()
    (plain / "a.py").write_text("def alpha(): ...\n", encoding="utf-8")
    assert run("index", str(plain), "--no-vectors", "--json") == ExitCode.OK
    assert json.loads(capsys.readouterr().out)["report"]["n_files"] >= 1


def test_a_read_only_folder_is_indexed_and_left_as_it_was(
    project: Path, run: Run, capsys: pytest.CaptureFixture[str]
):
    before = sorted(path.relative_to(project) for path in project.rglob("*"))
    for folder in (project / "shop", project):
        folder.chmod(0o555)
    try:
        assert run("index", "--no-vectors") == ExitCode.OK
    finally:
        for folder in (project, project / "shop"):
            folder.chmod(0o755)
    assert sorted(path.relative_to(project) for path in project.rglob("*")) == before


def test_a_cache_that_cannot_be_written_is_one_line(
    project: Path, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    (project.parent / "file").touch()
    monkeypatch.setenv("COPILOT_LS_CACHE", str(project.parent / "file" / "cache"))
    assert run("index", "--no-vectors") == ExitCode.USAGE
    assert capsys.readouterr().err.count("\n") == 1

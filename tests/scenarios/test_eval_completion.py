"""``eval completion`` on a small repository with a scripted model, in this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot_ls.cli import app as cli
from copilot_ls.cli.exit_codes import ExitCode
from copilot_ls.models.scripted import Script, say

Run = Callable[..., int]

TAX = "class Tax:\n    def net(self, amount: int) -> int:\n        return amount\n"
ORDERS = """\
from shop.tax import Tax


def total(order, tax: Tax):
    paid = tax.net(order.amount)
    return paid
"""
CASE = {
    "id": "shop/0",
    "repo": "shop",
    "path": "shop/orders.py",
    "line": 4,
    "character": 4,
    "member_character": 15,
    "groundtruth": "paid = tax.net(order.amount)",
    "groundtruth_member": "net(order.amount)",
    "callee": "shop.tax.Tax.net",
    "callee_kind": "method",
    "callee_path": "shop/tax.py",
    "callee_line": 1,
}


@pytest.fixture
def evaluate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    package = tmp_path / "repositories" / "shop" / "shop"
    package.mkdir(parents=True)
    (package / "tax.py").write_text(TAX, encoding="utf-8")
    (package / "orders.py").write_text(ORDERS, encoding="utf-8")
    cases = tmp_path / "cases.jsonl"
    cases.write_text(json.dumps(CASE), encoding="utf-8")
    script = tmp_path / "script.json"
    replies = [
        say("(order.amount)", when="tax.net<|fim_suffix|>"),
        say("net(order.amount)", when="Tax.net("),
        say("gross()"),
    ]
    script.write_text(Script.to_json(replies), encoding="utf-8")
    monkeypatch.setenv("COPILOT_LS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COPILOT_LS_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("COPILOT_LS_SCRIPT", str(script))

    def evaluate(*arguments: str, mine: tuple[str, ...] = ()) -> int:
        published = ("--cases", str(cases), "--repos", str(tmp_path / "repositories"))
        command = ["copilot-ls", "eval", "completion", *(mine or published), *arguments]
        monkeypatch.setattr(sys, "argv", command)
        return cli.run()

    return evaluate


def test_the_figures_stand_at_the_top(evaluate: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate("--json") == ExitCode.OK
    figures = json.loads(capsys.readouterr().out)
    shares = {name: figures[name] for name in ("exact_match", "identifier_f1", "show_rate")}
    assert shares == {"exact_match": 1.0, "identifier_f1": 1.0, "show_rate": 1.0}
    assert (figures["edit_similarity"], figures["parse_rate"]) == (100.0, 1.0)
    assert figures["valid_api_rate"] + figures["invalid_api_rate"] == 1.0
    assert list(figures["latency_ms"])[:2] == ["total", "from model"]


def test_conditions_stand_side_by_side_with_their_intervals(
    evaluate: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    picture = tmp_path / "picture.svg"
    assert evaluate("--compare", "--json", "--plot", str(picture)) == ExitCode.OK
    conditions = json.loads(capsys.readouterr().out)["conditions"]
    exact = {name: figures["exact_match"] for name, figures in conditions.items()}
    assert exact == {"in file only": 0.0, "ours": 1.0, "true signature": 1.0}
    assert conditions["ours"]["exact_match_gain"]["low"] == 1.0
    assert picture.read_text(encoding="utf-8").startswith("<svg")


def test_without_context_the_model_sees_no_signature(
    evaluate: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate("--without", "context", "--without", "verify", "--json") == ExitCode.OK
    figures = json.loads(capsys.readouterr().out)
    assert (figures["exact_match"], figures["in_context"]) == (0.0, 0.0)


def test_a_server_must_be_named_with_its_model(
    evaluate: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate("--model", "http://127.0.0.1:9/v1") == ExitCode.USAGE
    assert "#MODEL" in capsys.readouterr().err


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository whose call of another file's method was written in 2026, the rest in 2020."""
    root = tmp_path / "clone"
    (root / "shop").mkdir(parents=True)
    (root / "shop" / "tax.py").write_text(TAX, encoding="utf-8")
    (root / "shop" / "orders.py").write_text("from shop.tax import Tax\n", encoding="utf-8")
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    _commit(root, "2020-01-01")
    (root / "shop" / "orders.py").write_text(ORDERS, encoding="utf-8")
    _commit(root, "2026-06-01")
    return root


def test_cases_are_found_in_a_clones_own_history(
    evaluate: Run, clone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert evaluate("--json", mine=("--mine", str(clone), "--since", "2026-01-01")) == 0
    figures = json.loads(capsys.readouterr().out)
    assert (figures["n"], figures["exact_match"]) == (1, 1.0)


def test_lines_older_than_the_day_are_no_cases(
    evaluate: Run, clone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    mine = ("--mine", str(clone), "--since", "2026-07-01")
    assert evaluate(mine=mine) == ExitCode.USAGE
    assert "--since" in capsys.readouterr().err


def test_mining_runs_nothing_that_the_clone_configures(
    evaluate: Run, clone: Path, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch '{mark}'\ncat \"$1\"\n", encoding="utf-8")
    program.chmod(0o755)
    for setting in ("diff.evil.textconv", "diff.external", "gpg.program", "core.fsmonitor"):
        subprocess.run(["git", "-C", str(clone), "config", setting, str(program)], check=True)
    subprocess.run(["git", "-C", str(clone), "config", "log.showSignature", "true"], check=True)
    (clone / ".gitattributes").write_text("*.py diff=evil\n", encoding="utf-8")
    assert evaluate(mine=("--mine", str(clone), "--since", "2026-01-01")) == ExitCode.OK
    assert not mark.exists()


def _commit(root: Path, day: str) -> None:
    date = f"{day}T12:00:00+00:00"
    environment = {**os.environ, "GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    git = ["git", "-C", str(root), "-c", "user.name=A", "-c", "user.email=a@example.org"]
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-qm", "Change"], check=True, env=environment)


def test_what_comes_with_its_import_is_not_held_to_be_undefined(
    evaluate: Run, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    package = tmp_path / "repositories" / "shop" / "shop"
    (package / "levy.py").write_text("class Levy:\n    rate = 1\n", encoding="utf-8")
    replies = [say("(Levy.rate)", when="tax.net<|fim_suffix|>"), say("net(Levy.rate)")]
    (tmp_path / "script.json").write_text(Script.to_json(replies), encoding="utf-8")
    assert evaluate("--json") == ExitCode.OK
    figures = json.loads(capsys.readouterr().out)
    assert (figures["show_rate"], figures["invalid_api_rate"]) == (1.0, 0.0)

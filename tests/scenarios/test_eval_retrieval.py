"""``eval retrieval`` on a small repository, in this process."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from copilot_ls.cli import app as cli
from copilot_ls.cli.exit_codes import ExitCode
from copilot_ls.evals.natural import Question, without_docstrings

TAX = (
    "class Tax:\n    def net(self, amount: int) -> int:\n"
    '        """Take the tax out of an amount that was paid."""\n        return amount\n'
)
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

Run = Callable[..., dict[str, object]]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    package = tmp_path / "repositories" / "shop" / "shop"
    package.mkdir(parents=True)
    (package.parent / "pyproject.toml").write_text("", encoding="utf-8")
    (package / "tax.py").write_text(TAX, encoding="utf-8")
    (package / "orders.py").write_text(ORDERS, encoding="utf-8")
    (tmp_path / "cases.jsonl").write_text(json.dumps(CASE), encoding="utf-8")
    monkeypatch.setenv("COPILOT_LS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("COPILOT_LS_CONFIG", str(tmp_path / "config.toml"))
    return package.parent


@pytest.fixture
def evaluate(
    project: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Run:
    def evaluate(*arguments: str, mine: bool = False) -> dict[str, object]:
        source = ["--cases", str(tmp_path / "cases.jsonl"), "--repos", str(project.parent)]
        if mine:
            source = ["--mine", str(project)]
        command = ["copilot-ls", "eval", "retrieval", *source, "--json", *arguments]
        monkeypatch.setattr(sys, "argv", command)
        assert cli.run() == ExitCode.OK
        answer = json.loads(capsys.readouterr().out)
        assert isinstance(answer, dict)
        return answer

    return evaluate


def test_the_figures_stand_at_the_top_and_every_setting_below(evaluate: Run) -> None:
    answer = evaluate()
    assert list(answer)[:6] == ["recall@1", "recall@3", "recall@5", "recall@10", "mrr@10", "n"]
    assert answer["recall@10"] == 1.0
    assert set(answer["latency_ms"]) == {"p50", "p95"}
    assert set(answer["by"]["setting"]) == {
        "member",
        "line",
        "member, import removed",
        "line, import removed",
    }
    assert answer["by"]["kind"]["method"]["n"] == 1


def test_each_signal_can_be_left_out_in_turn(evaluate: Run) -> None:
    answer = evaluate("--ablate")
    assert answer["by"]["without_signal"]["receiver"]["n"] == 1
    left_out = evaluate("--without", "receiver", "--without", "scope")
    assert left_out["setting"] == "member, without receiver, scope"


def test_an_unknown_signal_is_refused_with_the_known_ones(
    project: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cases = ["--cases", str(tmp_path / "cases.jsonl"), "--repos", str(project.parent)]
    command = ["copilot-ls", "eval", "retrieval", *cases, "--without", "magic"]
    monkeypatch.setattr(sys, "argv", command)
    assert cli.run() == ExitCode.USAGE
    assert "receiver" in capsys.readouterr().err


def test_a_project_of_one_s_own_gives_calls_and_questions(evaluate: Run) -> None:
    answer = evaluate("--no-vectors", mine=True)
    assert answer["n"] == 1
    assert answer["by"]["mode"]["nl, no vectors"]["n"] == 1
    assert "nl, reranked" not in answer["by"]["mode"]


def test_docstrings_are_blanked_and_lines_stay() -> None:
    stripped = without_docstrings("a.py", TAX)
    assert "Take the tax" not in stripped
    assert stripped.count("\n") == TAX.count("\n")
    assert compile(stripped, "a.py", "exec")
    script = "/** Says\n * much. */\nfunction f() {}\n"
    assert without_docstrings("a.ts", script) == "\n\nfunction f() {}\n"
    assert without_docstrings("a.py", "def broken(:\n") == "def broken(:\n"


def test_questions_that_share_no_word_with_the_name_are_known() -> None:
    assert Question("Parse the given prices.", "a.py", "parse_price").shares_a_stem
    assert not Question("Turn text into numbers.", "a.py", "Shop.parse_price").shares_a_stem

"""The verifier is measured with statements as they stand, and with one thing made wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot_ls.domain import Verdict
from copilot_ls.errors import ConfigError
from copilot_ls.evals.verifier import Trial, run_verifier, summarise

SHOP = """
class Order:
    def __init__(self, key: str, rate: float = 1.0) -> None:
        self.key = key

    def total(self, rate: float) -> float:
        return rate


def report(order: Order) -> float:
    return order.total(2.0)


def begin() -> float:
    order = Order("a")
    return report(order)
"""


def trial(kind: str = "", *, caught: bool, is_internal: bool = True) -> Trial:
    rules = ("unknown-member",) if caught else ()
    n_uses = {} if kind else {"calls": 2, "members": 1}
    return Trial("r", "a.py", 1, "x", kind, is_internal, rules, "", Verdict.PASSED, 1.0, n_uses)


def test_precision_is_that_of_the_given_mix() -> None:
    real = [trial(caught=False)] * 99 + [trial(caught=True)]
    mutants = [trial("member", caught=True)] * 8 + [trial("member", caught=False)] * 2
    mutants += [trial("member", caught=False, is_internal=False)] * 90
    summary = summarise([*real, *mutants], share=0.5)
    assert summary["recall"] == pytest.approx(0.8)
    assert summary["precision"] == pytest.approx(0.8 / 0.81)
    assert summary["false_alarms_per_1000_calls"] == pytest.approx(5.0)
    assert summary["false_alarms"] == {"unknown-member": 1}


def test_without_trials_nothing_was_wrong() -> None:
    assert summarise([], share=0.05)["precision"] == pytest.approx(1.0)


def test_a_repository_is_tried_statement_by_statement(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "orders.py").write_text(SHOP, encoding="utf-8")
    heard: list[int] = []
    trials = run_verifier(tmp_path, limit=20, seed=1, environment="", on_progress=heard.append)
    real = [each for each in trials if not each.kind]
    mutants = [each for each in trials if each.kind]
    assert len(real) == 5
    assert not [each for each in real if each.rules]
    assert mutants
    assert all(each.rules for each in mutants if each.is_internal)
    assert heard == list(range(1, len(trials) + 1))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no folder"):
        run_verifier(tmp_path, limit=1, seed=1, environment="", on_progress=lambda _: None)

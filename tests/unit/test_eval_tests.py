"""What the evaluation of generated tests makes of its measurements."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot_ls.errors import ConfigError
from copilot_ls.evals.test_suites import ModuleCase, Row, Score, read_modules, summarise


def test_modules_are_read_with_their_requirements(tmp_path: Path) -> None:
    file = tmp_path / "modules.jsonl"
    file.write_text('{"app": "shop", "module": "shop.cart", "requires": ["six==1.16"]}\n\n')
    assert read_modules(file) == [ModuleCase("shop", "shop.cart", ("six==1.16",))]


@pytest.mark.parametrize("line", ["no json", '{"app": "shop"}', "[]"])
def test_a_line_of_another_shape_is_named(tmp_path: Path, line: str) -> None:
    file = tmp_path / "modules.jsonl"
    file.write_text(f'{{"app": "a", "module": "a.b"}}\n{line}\n')
    with pytest.raises(ConfigError, match="line 2"):
        read_modules(file)


def test_totals_weigh_modules_by_size_and_count_what_fails() -> None:
    one = Score(branches=10, branches_covered=10, mutants=4, killed=2, tests=3)
    other = Score(branches=30, branches_covered=0, mutants=4, killed=0, tests=1, failing=1)
    rows = [
        Row(ModuleCase("shop", "shop.cart"), one, rival=Score(branches=10, problem="died")),
        Row(ModuleCase("shop", "shop.till"), other, rival=Score(branches=30, branches_covered=40)),
    ]
    summary = summarise(rows)
    assert summary["branch_coverage"] == 0.25
    assert summary["mean_branch_coverage"] == 0.5
    assert summary["mutation_score"] == 0.25
    assert summary["flake_rate"] == 0.25
    assert isinstance(summary["pynguin"], dict)
    assert summary["pynguin"]["without_tests"] == 2

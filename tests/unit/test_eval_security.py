"""Judging a scanner by cases: what counts as flagged, and how the rates are made."""

from __future__ import annotations

from pathlib import Path

import pytest

from copilot_ls.errors import ConfigError
from copilot_ls.evals.security import Flag, SecurityCase, ToolRun, missed, read_cases, summarise

CASES = [
    SecurityCase("a.py", "CWE-89", "sqli", is_vulnerable=True),
    SecurityCase("b.py", "CWE-89", "sqli", is_vulnerable=False),
    SecurityCase("c.py", "CWE-78", "cmdi", is_vulnerable=True, lines=(7,)),
    SecurityCase("c.py", "CWE-78", "cmdi", is_vulnerable=False, lines=(20,)),
]


def flag(path: str, cwe: str, line: int = 1, rule: str = "r") -> Flag:
    return Flag(path, line, (cwe,), rule)


def test_rates_count_related_weaknesses_in_the_right_file_and_line():
    flags = (
        flag("a.py", "CWE-564"),
        flag("b.py", "CWE-78"),
        flag("c.py", "CWE-78", line=8, rule="shell"),
    )
    summary = summarise(CASES, ToolRun(flags, seconds=3.0))
    assert (summary["tpr"], summary["fpr"], summary["precision"]) == (1.0, 0.0, 1.0)
    assert summary["youden"] == 1.0
    assert summary["ms_per_file"] == 1000.0
    assert summary["by_rule"]["shell"] == {"true": 1, "false": 0}


def test_accusing_harmless_code_and_missing_weak_code_both_count():
    summary = summarise(CASES, run := ToolRun((flag("b.py", "CWE-89"),), seconds=0.0))
    assert (summary["tpr"], summary["fpr"]) == (0.0, 0.5)
    assert summary["by_category"]["sqli"]["youden"] == -1.0
    assert missed(CASES, run) == ([CASES[0], CASES[2]], [CASES[1]])


def test_cases_are_read_with_numbers_and_lines_in_any_usual_form(tmp_path: Path):
    path = tmp_path / "cases.jsonl"
    path.write_text(
        '{"path": "a.py", "cwe": 89, "vulnerable": true, "line": 3}\n\n'
        '{"path": "b.py", "cwe": "CWE-79", "category": "xss", "vulnerable": false, "more": 1}\n'
    )
    assert read_cases(path) == [
        SecurityCase("a.py", "89", "89", is_vulnerable=True, lines=(3,)),
        SecurityCase("b.py", "CWE-79", "xss", is_vulnerable=False),
    ]


@pytest.mark.parametrize("line", ["{", "[]", '{"path": "a.py", "cwe": 89, "vulnerable": "yes"}'])
def test_what_is_no_case_is_named_with_its_line(tmp_path: Path, line: str):
    path = tmp_path / "cases.jsonl"
    path.write_text(f'{{"path": "a.py", "cwe": 89, "vulnerable": true}}\n{line}\n')
    with pytest.raises(ConfigError, match=r"cases.jsonl:2"):
        read_cases(path)

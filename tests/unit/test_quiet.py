from __future__ import annotations

import datetime as dt

import pytest

from copilot_ls.domain import Document
from copilot_ls.features.completion.quiet import quiet_rule

DOCUMENT = Document("file:///w/docs/a.md", "docs/a.md", "markdown", "x")
NOON, NIGHT = dt.time(12), dt.time(23, 30)


@pytest.mark.parametrize(
    ("rule", "now", "is_quiet"),
    [
        ("markdown", NOON, True),
        ("python", NOON, False),
        ("docs/**", NOON, True),
        ("*.md", NOON, True),
        ("src/**", NOON, False),
        ("22:00-07:00", NIGHT, True),
        ("22:00-07:00", dt.time(6, 59), True),
        ("22:00-07:00", dt.time(7), False),
        ("22:00-07:00", NOON, False),
        ("*.md 9:00-13:00", NOON, True),
        ("*.md 9:00-13:00", NIGHT, False),
        ("*.py 9:00-13:00", NOON, False),
        ("", NOON, False),
    ],
)
def test_a_rule_is_a_language_a_pattern_hours_or_both(rule: str, now: dt.time, is_quiet: bool):
    assert bool(quiet_rule([rule], DOCUMENT, now)) is is_quiet


def test_the_rule_that_holds_is_named():
    assert quiet_rule(["python", "docs/**"], DOCUMENT, NOON) == "docs/**"

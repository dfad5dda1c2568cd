"""A wrong name is replaced by another spelling of it, or not at all."""

from __future__ import annotations

import pytest

from copilot_ls.checks.nearest import nearest

MEMBERS = [
    "total",
    "total_weight",
    "get_items",
    "set_items",
    "enable",
    "min_size",
    "lines",
    "x",
    "y",
]


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("totl", "total"),
        ("totals", "total"),
        ("weight_total", "total_weight"),
        ("totalWeight", "total_weight"),
        ("get_item", "get_items"),
        ("Lines", "lines"),
        ("enabel", "enable"),
    ],
)
def test_another_spelling_is_found(wrong: str, meant: str) -> None:
    assert nearest(wrong, MEMBERS) == meant


@pytest.mark.parametrize(
    "wrong",
    ["sum", "disable", "max_size", "z", "items", "_total", "add_items", "remove", "total_height"],
)
def test_another_name_is_not_exchanged(wrong: str) -> None:
    assert nearest(wrong, MEMBERS) is None


def test_of_two_that_are_alike_neither_is_taken() -> None:
    assert nearest("item_count1", ["item_count2", "item_count3"]) is None
    assert nearest("colour", ["colours", "color"]) == "colours"
    assert nearest("totl", ["total", "totle"]) is None

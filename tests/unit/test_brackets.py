"""A suggestion that ends in an open bracket is closed on its own line."""

from __future__ import annotations

import pytest

from copilot_ls.features.completion.brackets import is_left_open, joined


@pytest.mark.parametrize(
    ("text", "right", "expected"),
    [
        ("Order(", "", True),
        ("total([ ", "  ", True),
        ("Order(1)", "", False),
        ("Order(", ")", False),
        ("useEffect(() => {", "", False),
        ("if (x) {", "", False),
        ("make({", "", True),
        ("Order", "", False),
        ("", "", False),
    ],
)
def test_what_is_left_open(text: str, right: str, expected: bool) -> None:
    assert is_left_open(text, right) is expected


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("Order(\n    key=1,\n    note='a, b',\n)\nmore", "Order(key=1, note='a, b')"),
        ("Order(\n    1,\n    [\n        2,\n    ],\n).total()", "Order(1, [2])"),
        ("a(b).c(\n    d\n)", "a(b).c(d)"),
        ("x = (\n    1,\n)", "x = (1,)"),
        ("f((\n    1,\n))", "f((1,))"),
        ("{\n  'a': 1,\n}", "{'a': 1}"),
        ("f(\n    'it\\'s',\n)", "f('it\\'s')"),
        # Not yet, or not on one line.
        ("Order(\n    key=1,", None),
        ("Order(", None),
        ("Order(\n    key=1,  # the key\n)", None),
        ("f(\n    '''a\nb'''\n)", None),
        ("f(\n  a, // first\n)", None),
        ("f(\n  () => {\n    a()\n    b()\n  },\n)", None),
        ("f(\n    'a\n)", None),
        (f"f(\n    {'a' * 120}\n)", None),
    ],
)
def test_brackets_are_closed_on_the_line_that_opened_them(text: str, line: str | None) -> None:
    assert joined(text, "    ") == line

"""Tests are added to a file in which every line stays as it is."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_ls.features.tests.appending import CannotAppend, appended, free_case, names_in
from copilot_ls.features.tests.drafts import Draft
from copilot_ls.features.tests.framework import Framework, framework_of
from copilot_ls.features.tests.render import render_tests

DRAFT = Draft(
    "bump",
    ("result = mod.bump(json)", "assert result == 2"),
    ("from pack import mod", "import json"),
)
PYTEST = '"""Tests."""\n\nfrom pack import mod\n\n\ndef test_bump():\n    assert mod.bump(1) == 2\n'
CASES = "import unittest\n\n\nclass TestMod(unittest.TestCase):\n    pass\n"


def added(text: str, framework: Framework = Framework.PYTEST) -> str:
    taken = names_in(text) if framework is Framework.PYTEST else ()
    tests = render_tests([DRAFT], {}, framework=framework, taken=taken)
    after = appended(text, tests, case=free_case("pack.mod", text), framework=framework)
    compile(after, "test", "exec")
    kept = iter(after.splitlines())
    assert all(line in kept for line in text.splitlines()), "a line was lost or moved"
    return after


def test_names_that_are_there_are_not_taken_again() -> None:
    after = added(PYTEST)
    assert after.startswith(
        '"""Tests."""\n\nfrom pack import mod\nimport json\n\n\ndef test_bump():'
    )
    assert after.endswith(
        "\n\n\ndef test_bump_2():\n    result = mod.bump(json)\n    assert result == 2\n"
    )


def test_cases_of_unittest_go_into_a_class_of_their_own() -> None:
    after = added(CASES, Framework.UNITTEST)
    assert after.startswith("import unittest\nimport json\n\nfrom pack import mod\n")
    assert "\n\n\nclass TestModGenerated(unittest.TestCase):\n    def test_bump(self):\n" in after


def test_what_runs_the_file_stays_at_its_end() -> None:
    guard = 'if __name__ == "__main__":\n    unittest.main()\n'
    after = added(f"{CASES}\n\n{guard}", Framework.UNITTEST)
    assert after.endswith(f"        self.assertEqual(result, 2)\n\n\n{guard}")


def test_line_ends_stay_as_they_are_in_the_file() -> None:
    after = added(PYTEST.replace("\n", "\r\n").rstrip())
    assert after.count("\r\n") == after.count("\n")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("from other import mod\n", "`mod` means something else"),
        ("def json():\n    pass\n", "`json` means something else"),
        ("mod = 1\n", "`mod` means something else"),
        ("def broken(:\n", "not Python"),
    ],
)
def test_a_file_that_would_change_its_meaning_is_left_alone(text: str, why: str) -> None:
    with pytest.raises(CannotAppend, match=why):
        added(text)


@given(
    st.lists(
        st.sampled_from(
            ["import os", "from pack import mod", "import unittest", '"""Text."""', "x = 1",
             "# note", "", "def test_a():\n    pass", "class TestMod:\n    pass",
             "from a import (\n    b,\n    c,\n)", "if x:\n    import y",
             'if __name__ == "__main__":\n    main()'],
        ),
        max_size=8,
    ),
    st.sampled_from(Framework),
)  # fmt: skip
def test_any_file_keeps_its_lines(parts: list[str], framework: Framework) -> None:
    text = "\n".join(parts)
    before = [ast.unparse(node) for node in ast.parse(text).body]
    after = [ast.unparse(node) for node in ast.parse(added(text, framework)).body]
    rest = iter(after)
    assert all(statement in rest for statement in before)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], None),
        (["x = 1\n"], None),
        (["import pytest\n", CASES, PYTEST], Framework.PYTEST),
        ([CASES, CASES, PYTEST], Framework.UNITTEST),
        (["from django.test import TestCase\nclass A(TestCase):\n    pass\n"], Framework.UNITTEST),
        (["import pytest\nclass A(unittest.TestCase):\n    pass\n"], Framework.PYTEST),
    ],
)
def test_the_framework_is_that_of_most_files(texts: list[str], expected: Framework | None) -> None:
    assert framework_of(texts) is expected

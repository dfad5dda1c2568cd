"""Drafts become a file that people would keep."""

from __future__ import annotations

import pytest

from copilot_ls.features.tests.drafts import Draft
from copilot_ls.features.tests.framework import Framework
from copilot_ls.features.tests.placing import existing_tests, module_of, place_of_tests
from copilot_ls.features.tests.render import render_file, render_tests

NAMES = {"bump": ("version", "position")}


def draft(*lines: str, target: str = "bump", error: str = "") -> Draft:
    imports = ("from pack import mod", *(("import pytest",) if error else ()))
    return Draft(target, lines, imports, error=error)


def text_of(*drafts: Draft, framework: Framework = Framework.PYTEST) -> str:
    tests = render_tests(drafts, NAMES, framework=framework)
    return render_file(tests, module="pack.mod", framework=framework)


def test_calls_that_differ_in_inputs_become_one_parametrised_test() -> None:
    text = text_of(
        draft("result = mod.bump('1', 0)", "assert result == '2'"),
        draft("result = mod.bump('5', 1)", "assert result == '5.1'"),
    )
    assert text.count("def test_") == 1
    assert "def test_bump(version, position, expected):" in text
    assert "    assert mod.bump(version, position) == expected" in text
    assert "        ('5', 1, '5.1'),\n" in text
    compile(text, "test", "exec")


def test_other_keywords_and_other_expectations_stay_apart() -> None:
    text = text_of(
        draft("result = mod.bump('1', position=0)", "assert result == '2'"),
        draft("result = mod.bump('5', 1)", "assert result is None"),
        draft("result = mod.bump('7', 1)", "assert result == '7.1'"),
    )
    assert text.count("def test_") == 3
    assert "def test_bump_returns_none():" in text


def test_errors_are_grouped_by_their_kind() -> None:
    expectation = 'with pytest.raises(ValueError, match=r"no {}"):'
    text = text_of(
        draft(expectation.format("a"), "    mod.bump('a', 1)", error="ValueError"),
        draft(expectation.format("b"), "    mod.bump('b', 2)", error="ValueError"),
    )
    assert "def test_bump_raises_value_error(version, position, message):" in text
    assert "    with pytest.raises(ValueError, match=message):" in text
    compile(text, "test", "exec")


def test_a_current_folder_of_its_own_is_left_again_with_unittest_too() -> None:
    lines = ("monkeypatch.chdir(tmp_path)", "result = mod.bump('1')", "assert result == '2'")
    assert "def test_bump(tmp_path, monkeypatch):" in text_of(draft(*lines))
    text = text_of(draft(*lines), framework=Framework.UNITTEST)
    assert "self.addCleanup(os.chdir, os.getcwd())\n        os.chdir(tmp_path)" in text
    assert "import os\n" in text
    assert "monkeypatch" not in text
    compile(text, "test", "exec")


@pytest.mark.parametrize("framework", Framework)
def test_a_long_call_has_a_line_for_each_argument(framework: Framework) -> None:
    call = f"mod.bump('{40 * 'x'}', position=['{40 * 'y'}', (1, 2)])"
    text = text_of(draft(f"result = {call}", "assert result == '2'"), framework=framework)
    inner = [
        "result = mod.bump(",
        f"    '{40 * 'x'}',",
        f"    position=['{40 * 'y'}', (1, 2)],",
        ")",
    ]
    lines = [line.strip() for line in text.splitlines()]
    start = lines.index(inner[0])
    assert lines[start : start + 4] == [line.strip() for line in inner]
    compile(text, "test", "exec")


def test_a_table_runs_no_code_under_test_when_the_file_is_collected() -> None:
    text = text_of(
        draft("result = mod.bump(mod.next('1'), 0)", "assert result == '2'"),
        draft("result = mod.bump(mod.next('5'), 1)", "assert result == '5.1'"),
        draft("with pytest.raises(E):", "    mod.bump(re.compile('('), 1)", error="E"),
        draft("with pytest.raises(E):", "    mod.bump(re.compile('['), 2)", error="E"),
        draft("result = mod.bump(lambda: mod.next('5'), 1)", "assert result == '5'"),
        draft("result = mod.bump(str(1), 1)", "assert result == '6'"),
    )
    assert text.count("parametrize") == 1
    assert text.count("def test_") == 5


def test_a_longer_test_keeps_its_statements_and_fixture() -> None:
    lines = (
        "mod.write(tmp_path / 'a')",
        "result = mod.read(tmp_path / 'a')",
        "assert result == 'x'",
    )
    text = text_of(draft(*lines, target="Store.read"))
    assert "def test_store_read(tmp_path):\n    mod.write(tmp_path / 'a')\n" in text


def test_imports_are_sorted_with_the_standard_library_first() -> None:
    one = Draft("f", ("result = mod.f(json)", "assert result == 1"), ("import json", "import mod"))
    text = text_of(one)
    assert text.index("import json") < text.index("import mod")
    assert "import json\n\nimport mod" in text


def test_the_module_is_named_from_its_outermost_package() -> None:
    files = {"src/shop/__init__.py", "src/shop/cart/__init__.py"}
    assert module_of("src/shop/cart/item.py", files.__contains__) == ("shop.cart.item", "src")
    assert module_of("src/shop/__init__.py", files.__contains__) == ("shop", "src")
    assert module_of("tool.py", files.__contains__) == ("tool", ".")


def test_existing_tests_are_never_overwritten() -> None:
    files = {"tests/test_item.py", "tests/test_item_generated.py"}
    assert place_of_tests("shop/item.py", files) == "tests/test_item_generated_2.py"


@pytest.mark.parametrize(
    ("path", "paths", "expected"),
    [
        ("shop/item.py", [], "tests/test_item.py"),
        ("shop/item.py", ["test/__init__.py"], "test/test_item.py"),
        ("shop/item.py", ["tests/unit/test_cart.py", "tests/test_all.py", "shop/cart.py"],
         "tests/unit/test_item.py"),
        ("shop/item.py", ["shop/cart_test.py", "shop/cart.py"], "shop/item_test.py"),
        ("shop/item.py", ["other/test_item.py", "tests/unit/test_a.py"], "other/test_item_generated.py"),
        ("shop/__init__.py", ["t/test_a.py", "t/test_b.py", "u/test_c.py"], "t/test_shop.py"),
        ("_item.py", ["test_a.py", "a.py"], "test_item.py"),
    ],
)  # fmt: skip
def test_tests_stand_where_those_of_the_neighbours_are(
    path: str, paths: list[str], expected: str
) -> None:
    assert place_of_tests(path, paths) == expected


def test_the_tests_of_a_module_are_the_nearest_of_its_name() -> None:
    files = ["tests/test_item.py", "tests/shop/test_item.py", "shop/item.py"]
    assert existing_tests("shop/item.py", files) == "tests/shop/test_item.py"
    assert existing_tests("shop/cart.py", files) is None


def test_a_module_that_must_be_looked_up_is_bound_after_the_imports() -> None:
    bound = 'slug = importlib.import_module("slug.slug")'
    one = Draft(
        "slug", ("result = slug.slug('A')", "assert result == 'a'"), ("import importlib", bound)
    )
    assert f"import importlib\n\n{bound}\n\n\ndef test_slug" in text_of(one)


def test_what_else_is_given_tells_tests_of_one_function_apart() -> None:
    text = text_of(
        draft("result = mod.bump('1')", "assert result == '2'"),
        draft("result = mod.bump('5', 1)", "assert result == '5.1'"),
    )
    assert "def test_bump():" in text
    assert "def test_bump_with_position():" in text


def as_case(*drafts: Draft) -> str:
    text = text_of(*drafts, framework=Framework.UNITTEST)
    compile(text, "test", "exec")
    assert "pytest" not in text
    return text


def test_cases_of_unittest_are_methods_of_a_class() -> None:
    text = as_case(
        draft("result = mod.bump('1', 0)", "assert result == '2'"),
        draft("result = mod.bump('5', 1)", "assert result == '5.1'"),
    )
    assert (
        "import unittest\n\nfrom pack import mod\n\n\nclass TestMod(unittest.TestCase):\n" in text
    )
    assert "    def test_bump(self):\n        cases = [\n            ('1', 0, '2'),\n" in text
    assert "        for version, position, expected in cases:\n" in text
    assert "            with self.subTest(version=version, position=position):\n" in text
    assert "                self.assertEqual(mod.bump(version, position), expected)\n" in text


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("assert result is None", "self.assertIsNone(result)"),
        ("assert result is True", "self.assertIs(result, True)"),
        ("assert result == [1, 'a']", "self.assertEqual(result, [1, 'a'])"),
        ("assert result == pytest.approx(0.333333333)", "self.assertAlmostEqual(result, 0.333333333)"),
        ("assert result == pytest.approx(-123456.789)",
         "self.assertAlmostEqual(result, -123456.789, delta=1e-01)"),
        ("assert isinstance(result, mod.A)", "self.assertIsInstance(result, mod.A)"),
        ("assert result != result", "self.assertNotEqual(result, result)"),
        ("assert (tmp_path / 'a').is_file()", "self.assertTrue((tmp_path / 'a').is_file())"),
    ],
)  # fmt: skip
def test_expectations_are_told_in_the_words_of_unittest(line: str, expected: str) -> None:
    text = as_case(draft("result = mod.A(1).read()", "assert len(result.a) == 2", line))
    assert "        self.assertEqual(len(result.a), 2)\n" in text
    assert f"        {expected}\n" in text


def test_expected_errors_are_told_in_the_words_of_unittest() -> None:
    with_message = 'with pytest.raises(ValueError, match=r"no \\{}"):'
    text = as_case(
        draft(with_message.format("a"), "    mod.bump('a', 1)", error="ValueError"),
        draft(with_message.format("b"), "    mod.bump('b', 2)", error="ValueError"),
        draft("a = mod.A()", "with pytest.raises(KeyError):", "    a.pop('b')", error="KeyError"),
    )
    assert "cases = [\n            ('a', 1, r\"no \\a\")," in text
    assert "with self.assertRaisesRegex(ValueError, message):\n" in text
    assert "        with self.assertRaises(KeyError):\n            a.pop('b')\n" in text


def test_a_folder_is_made_and_removed_where_there_is_no_fixture() -> None:
    text = as_case(draft("result = mod.read(tmp_path / 'a')", "assert result == 'x'"))
    assert "import pathlib\nimport tempfile\nimport unittest\n" in text
    assert "        self.addCleanup(temporary.cleanup)\n" in text


def test_what_is_printed_is_caught_without_a_fixture() -> None:
    text = as_case(
        draft(
            "result = mod.tell('a')",
            "assert result == 1",
            "printed = capsys.readouterr()",
            "assert printed.out == 'a\\n'",
            "assert printed.err == 'e'",
        ),
        draft("mod.tell('b')", "assert capsys.readouterr().out == 'b\\n'"),
    )
    assert "import contextlib\nimport io\nimport unittest\n" in text
    assert (
        "        with contextlib.redirect_stdout(io.StringIO()) as stdout, "
        "contextlib.redirect_stderr(io.StringIO()) as stderr:\n"
        "            result = mod.tell('a')\n"
        "        self.assertEqual(result, 1)\n"
        "        self.assertEqual(stdout.getvalue(), 'a\\n')\n"
        "        self.assertEqual(stderr.getvalue(), 'e')\n"
    ) in text
    assert "        with contextlib.redirect_stdout(io.StringIO()) as stdout:\n" in text
    assert "        self.assertEqual(stdout.getvalue(), 'b\\n')\n" in text


def test_what_is_replaced_for_a_test_is_brought_back_after_it() -> None:
    lines = (
        'monkeypatch.setattr(time, "time", lambda: 1.0)',
        "result = mod.now()",
        "assert result == 1.0",
    )
    assert "def test_bump(monkeypatch):\n" in text_of(draft(*lines))
    text = as_case(draft(*lines))
    assert "import unittest\nfrom unittest import mock\n" in text
    assert '        patch = mock.patch.object(time, "time", lambda: 1.0)\n' in text
    assert "        self.addCleanup(patch.stop)\n" in text

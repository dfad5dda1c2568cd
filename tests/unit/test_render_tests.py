"""Drafts become a file that people would keep."""

from __future__ import annotations

from copilot_ls.features.tests.drafts import Draft
from copilot_ls.features.tests.placing import module_of, place_of_tests
from copilot_ls.features.tests.render import render_file, render_tests

NAMES = {"bump": ("version", "position")}


def draft(*lines: str, target: str = "bump", error: str = "") -> Draft:
    imports = ("from pack import mod", *(("import pytest",) if error else ()))
    return Draft(target, lines, imports, error=error)


def text_of(*drafts: Draft) -> str:
    return render_file(render_tests(drafts, NAMES), module="pack.mod")


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
    place = place_of_tests("shop/item.py", files.__contains__)
    assert place == "tests/test_item_generated_2.py"


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

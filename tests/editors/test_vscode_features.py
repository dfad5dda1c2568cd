"""What VS Code offers beside ghost text: the side bar, tests, docstrings, changes as one says."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.editors.conftest import DANGER, ORDERS, TAX, Shop
from tests.editors.workbench import PREVIEW, QUICK_PICKS

pytestmark = pytest.mark.editors

ROWS = ".pane-body .monaco-list-row"


# -- the side bar


def test_weaknesses_and_conventions_of_the_workspace_are_in_the_side_bar(shop: Shop):
    window = shop.window
    window.run("Look for Weaknesses in All Files")
    window.wait("a finding", lambda: "".join(window.texts(ROWS)), lambda seen: "YAML" in seen)
    window.wait("a habit", lambda: "".join(window.texts(ROWS)), lambda seen: "undocumented" in seen)
    window.click(f'{ROWS}:has-text("YAML")')
    window.wait_for('.tab.active[aria-label*="loading.py"]')
    window.wait_for(".squiggly-error")
    window.picture("views")


def test_a_review_tells_of_the_lines_that_changed_alone(shop: Shop):
    window = shop.open("changed.py", DANGER)
    window.run("Review My Changes")
    window.wait("a finding", lambda: "".join(window.texts(ROWS)), lambda seen: "changed.py" in seen)
    window.picture("review")
    assert "loading.py" not in "".join(window.texts(ROWS))


# -- finding


def test_code_is_found_by_words_and_by_what_belongs_together(shop: Shop):
    window = shop.window
    window.run("Find Code by Its Purpose", asks=True)
    window.type("net of an amount")
    window.press("Enter")
    window.choose("net")
    window.wait_for('.tab.active[aria-label*=".py"]')
    window = shop.open("paying.py", "from tax import Tax\n\n\ndef pay(tax: Tax): ...\n")

    def look() -> str:
        # Until the index has read the new file.
        window.run("Find Related Files", asks=True)
        return "".join(window.labels(QUICK_PICKS))

    window.wait("companions", look, lambda seen: "tax.py" in seen)
    window.choose("tax.py")
    window.wait_for('.tab.active[aria-label*="tax.py"]')


# -- what the light bulb offers, by commands


def test_commands_explain_and_fix_and_document(shop: Shop):
    window = shop.open("commanded.py", DANGER)
    window.wait_for(".squiggly-error")
    window.go(5, 16)
    window.run("Explain the Weakness Here")
    window.wait_for('.tab.active[aria-label*="Explanation"]')
    window.click('.tab[aria-label*="commanded.py"]')
    window.run("Fix All Weaknesses in This File")
    window.wait_for_line("    return yaml.safe_load(text)")
    window.go(4, 6)
    window.run("Write or Repair the Docstring Here")
    window.wait("a docstring", window.lines, lambda seen: any('"""' in line for line in seen))
    window.run("Explain the Weakness Here")
    window.wait_for_notice("no weakness in this line")


# -- tests and docstrings


def test_writing_tests_can_be_cancelled(shop: Shop):
    shop.open("never.py", "def never(x: int) -> int:\n    return x if x > 3 else -x\n")
    window = shop.window
    window.run("Write Tests for This Module")
    window.agree_to_run()
    window.answer("Cancel")
    window.wait_without_notice("Tests for")
    # Nothing stands in the way of what comes next.
    window.go(1, 1)
    assert window.notices() == []
    assert not (shop.folder / "tests" / "test_never.py").exists()
    assert not window.exists(PREVIEW)


def test_tests_are_proposed_confirmed_written_and_pass(shop: Shop):
    clamp = "def clamp(x: int) -> int:\n    if x > 10:\n        return 10\n    return x\n"
    window = shop.open("clamp.py", clamp)
    window.go(1, 6)
    window.act_on_line("Write tests for")
    window.agree_to_run()
    window.wait_for(PREVIEW)
    path = shop.folder / "tests" / "test_clamp.py"
    assert not path.exists()
    window.confirm()
    window.wait("the card", window.inside, lambda seen: "test_clamp" in seen and "✓" in seen)
    window.picture("tests")
    # The file is made at once, and saved when nobody types.
    window.wait("saved tests", path.read_text, lambda seen: "def test_clamp" in seen)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", path]
    env = os.environ | {"PYTHONPATH": str(shop.folder)}
    subprocess.run(command, cwd=shop.folder, env=env, check=True, capture_output=True)


def test_a_docstring_is_written_by_the_light_bulb(shop: Shop):
    window = shop.open("undocumented.py", TAX)
    window.go(2, 10)
    window.act_on_line("Write a docstring for")
    window.wait("a docstring", window.lines, lambda seen: any('"""' in line for line in seen))


def test_lines_become_what_an_instruction_says_once_that_was_confirmed(shop: Shop):
    window = shop.open("instructed.py", ORDERS)
    window.go(4, 1)
    window.press("Shift+ArrowDown", "Shift+End")
    window.run("Change the Selection as I Say", asks=True)
    window.enter("return forty-two")
    window.wait_for(PREVIEW)
    window.picture("edit")
    assert "    return 42" not in window.lines()
    window.confirm()
    window.wait_for_line("    return 42")


def test_a_renaming_is_followed_to_the_other_file(shop: Shop):
    window = shop.open("bill.py", "from levy import levy\n\nlevy(3)\n")
    shop.open("levy.py", "def levy(x):\n    return x\n")
    window.go(1, 5)
    window.press("Control+Shift+ArrowRight")
    window.type("toll")
    window.wait_for_line("def toll(x):")
    # The index forgets the old name then.
    window.press("Control+s")
    window.wait_without(".tab.active.dirty")
    for line in ("from levy import toll", "toll(3)"):
        window.run("Go to the Next Place")
        window.wait_for_notice("toll")
        window.wait_for('.tab.active[aria-label*="bill.py"]')
        window.answer("Change")
        window.wait_for_line(line)

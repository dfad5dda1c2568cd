"""What VS Code offers beside ghost text: the side bar, tests, docstrings; and files of every size."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.editors.conftest import Start
from tests.editors.workbench import PREVIEW

pytestmark = pytest.mark.editors

TAX = "class Tax:\n    def net(self, amount: int) -> int:\n        return amount\n"
ORDERS = "from tax import Tax\n\n\ndef total(order, tax: Tax):\n    return\n"
DANGER = "import yaml\n\n\ndef settings(text):\n    return yaml.load(text)\n"
GHOST = "tax.net(order.amount)"
ROWS = ".pane-body .monaco-list-row"


# -- the side bar


def test_weaknesses_and_conventions_of_the_workspace_are_in_the_side_bar(start: Start):
    files = {"deep/danger.py": DANGER, **{f"m{n}.py": TAX for n in range(6)}}
    window = start(files)
    window.run("Look for Weaknesses in All Files")
    window.wait("a finding", lambda: "".join(window.texts(ROWS)), lambda seen: "YAML" in seen)
    window.wait("a habit", lambda: "".join(window.texts(ROWS)), lambda seen: "undocumented" in seen)
    window.click(f'{ROWS}:has-text("YAML")')
    window.wait_for('.tab.active[aria-label*="danger.py"]')
    window.wait_for(".squiggly-error")
    window.picture("views")


# -- tests and docstrings


def test_tests_are_proposed_confirmed_written_and_pass(start: Start, tmp_path: Path):
    clamp = "def clamp(x: int) -> int:\n    if x > 10:\n        return 10\n    return x\n"
    window = start({"clamp.py": clamp})
    window.open_file("clamp.py")
    window.go(1, 6)
    window.act_on_line("Write tests for")
    window.wait_for_notice("runs the code")
    window.answer("Run it in a sandbox")
    window.wait_for(PREVIEW)
    path = tmp_path / "shop" / "tests" / "test_clamp.py"
    assert not path.exists()
    window.confirm()
    window.wait("the card", window.inside, lambda seen: "test_clamp" in seen and "✓" in seen)
    window.picture("tests")
    # The file is made at once, and saved when nobody types.
    window.wait("saved tests", path.read_text, lambda seen: "def test_clamp" in seen)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", path]
    env = os.environ | {"PYTHONPATH": str(tmp_path / "shop")}
    subprocess.run(command, cwd=tmp_path / "shop", env=env, check=True, capture_output=True)


def test_a_docstring_is_written_by_the_light_bulb(start: Start):
    window = start({"tax.py": TAX})
    window.open_file("tax.py")
    window.go(2, 10)
    window.act_on_line("Write a docstring for")
    window.wait("a docstring", window.lines, lambda seen: any('"""' in line for line in seen))


def test_a_renaming_is_followed_to_the_other_file(start: Start):
    bill = "from levy import levy\n\nlevy(3)\n"
    window = start({"levy.py": "def levy(x):\n    return x\n", "bill.py": bill})
    window.open_file("levy.py")
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


# -- files


def test_files_too_large_or_left_alone_say_so_and_others_are_served(start: Start):
    filler = "".join(f"def f{n}(x):\n    return x + {n}\n\n\n" for n in range(8_000))
    window = start(
        {
            ".copilotignore": "secret.py\n",
            "secret.py": ORDERS,
            "huge.py": ORDERS + 200_000 * "# some words\n",
            "large.py": filler + ORDERS,
            "tax.py": TAX,
        }
    )
    window.open_file("secret.py")
    window.wait_for_status("Inactive here")
    window.open_file("huge.py")
    window.wait_for_status("Inactive here: the document has more than 2,000,000 characters")
    window.open_file("large.py")
    window.wait_for_status("Ready")
    window.go(32_005, 11)
    window.type_for_ghost(" ", GHOST)


def test_line_ends_of_dos_and_characters_of_several_units_shift_nothing(
    start: Start, tmp_path: Path
):
    orders = ORDERS.replace("return\n", 'names["🛒🛒"] = "é"; return\n').replace("\n", "\r\n")
    window = start({"tax.py": TAX, "orders.py": orders})
    window.open_file("orders.py")
    window.go(5, 1)
    window.press("End")
    window.type_for_ghost(" ", GHOST)
    window.press("Tab", "Control+s")
    expected = orders.replace("; return\r\n", f"; return {GHOST}\r\n").encode()
    path = tmp_path / "shop" / "orders.py"
    window.wait("the saved text", path.read_bytes, lambda seen: seen == expected)

"""The real workbench of VS Code in a real browser, with the extension as it is packaged.

Only the words of the model come from a script. The pictures stay in the test's folder.
"""

from __future__ import annotations

import os
import re
import statistics
import sys
import time
import zipfile
from pathlib import Path

import pytest

from copilot_ls import wiring
from scripts.editors.vscode import Workbench
from tests.editors.conftest import (
    BIN,
    BLOCK,
    DANGER,
    GHOST,
    ORDERS,
    TAX,
    Shop,
    Start,
    environment,
    make,
    npm,
)
from tests.editors.workbench import STATUS, Browser, Site, Window

pytestmark = pytest.mark.editors

N_KEYS = 30
MAX_BYTES = 300_000
ODD = "\n\ndef odd(order, tax: Tax):\n    return\n"
SQUIGGLE = ".squiggly-error, .squiggly-warning, .squiggly-info"


def test_a_package_is_small_and_its_parts_work_alone(package: Path, installation: Workbench):
    assert package.stat().st_size <= MAX_BYTES
    npm(installation, package.parent, "test")


def test_the_editor_tells_how_long_the_activation_took(shop: Shop):
    window = shop.window
    window.run("Developer: Show Running Extensions")
    rows = ".runtime-extensions-editor .monaco-list-row"
    window.click(rows)

    def look() -> str:
        # The slowest are first, and only those in view are in the page.
        window.press("ArrowDown")
        return next((text for text in window.texts(rows) if "copilot-ls" in text), "")

    row = window.wait("a time", look, lambda seen: re.search(r"Activation: \d+ms", seen))
    print(f"the editor says of its work to start the extension: {row}")


# -- ghost text


def test_ghost_text_appears_is_typed_along_taken_and_withheld_where_wrong(shop: Shop):
    window = shop.open("orders.py", ORDERS + ODD)
    window.go(5, 11)
    window.press_for_ghost("Space", GHOST)
    window.picture("ghost-text")
    window.type("tax")
    window.wait_for_ghost(".net(order.amount)")
    window.press("Tab")
    window.wait_for_line("    return tax.net(order.amount)")
    # What does not exist is asked for as well, and withheld.
    window.go(9, 11)
    window.type(" ")
    window.wait("a withheld suggestion", lambda: _story(window), lambda it: '"withheld"' in it)


def _story(window: Window) -> str:
    """Type again, ask why, read the first lines, and come back."""
    window.press("Backspace", "Space")
    # Nothing on the screen tells that nothing will come.
    time.sleep(1)
    assert "gross" not in window.ghost()
    window.run("Why This Suggestion?")
    window.wait_for_line("// Suggestion")
    story = "\n".join(window.lines())
    window.open_file("orders.py")
    return story


def test_words_and_lines_of_a_suggestion_are_taken_and_counted(shop: Shop):
    window = shop.open("several.py", "from tax import Tax\n\n\ndef several(order, tax: Tax):\n")
    before = window.count("partly_accepted")
    window.go(4, 30)
    window.press("Enter")
    window.wait_for_ghost(BLOCK)
    window.press("Control+ArrowRight")
    window.wait_for_line("    net")
    window.wait_for_ghost(BLOCK.removeprefix("net"))
    window.press("Control+Alt+ArrowRight")
    window.wait_for_line("    net = tax.net(order.amount)")
    window.wait_for_ghost("    return net")
    # At the begin of a line, Tab indents.
    window.press("Control+Alt+ArrowRight")
    window.wait_for_line("    return net")
    # What is in the tab is what it was, until it is read anew.
    window.wait(
        "two parts", lambda: window.count("partly_accepted"), lambda seen: seen == before + 2
    )


def test_one_goes_through_several_suggestions_and_dismisses_them(shop: Shop):
    window = shop.open("many.py", "def many(order):\n    return\n")
    window.go(2, 11)
    window.press_for_ghost("Space", "order.first")
    window.press("Alt+]")
    other = window.wait("another", window.ghost, lambda seen: seen not in {"", "order.first"})
    assert other.startswith("order.")
    window.press("Alt+[")
    window.wait_for_ghost("order.first")
    window.press("Escape")
    window.wait_for_ghost("")
    assert "    return" in window.lines()


def test_a_key_brings_ghost_text_at_a_fresh_place_soon(shop: Shop):
    places = "".join(f"def f{n}(order, tax: Tax):\n    return\n\n\n" for n in range(N_KEYS + 1))
    window = shop.open("places.py", f"from tax import Tax\n\n\n{places}")
    window.go(1, 1)
    window.press("ArrowDown", "ArrowDown", "ArrowDown", "ArrowDown", "End")
    window.press_for_ghost("Space", GHOST)
    milliseconds = []
    for _ in range(N_KEYS):
        window.press("Escape", *["ArrowDown"] * 4, "End")
        milliseconds.append(window.milliseconds_to_ghost("Space"))
    milliseconds.sort()
    print(
        f"key to ghost text at {N_KEYS} fresh places, ms: "
        f"p50 {statistics.median(milliseconds):.0f}, "
        f"p95 {milliseconds[int(0.95 * N_KEYS)]:.0f}, load {os.getloadavg()[0]:.1f}"
    )


# -- findings


def test_a_weakness_is_explained_and_fixed(shop: Shop):
    window = shop.open("danger.py", DANGER)
    window.wait_for(SQUIGGLE)
    window.go(5, 16)
    window.open_light_bulb()
    window.picture("quick-fix")
    window.press("ArrowDown", "ArrowDown", "Enter")
    window.wait_for('.tab.active[aria-label*="Explanation"]')
    window.click('.tab[aria-label*="danger.py"]')
    window.go(5, 16)
    window.open_light_bulb()
    window.press("Enter")
    window.wait_for_line("    return yaml.safe_load(text)")
    window.wait_without(SQUIGGLE)


# -- the status and the settings


def test_the_menu_of_the_status_pauses_and_resumes(shop: Shop):
    window = shop.window
    window.click(STATUS)
    window.choose("Pause")
    window.wait_for_status("Paused")
    window.click(STATUS)
    window.choose("Resume")
    window.wait_for_status("Ready")


def test_a_setting_counts_at_once_and_a_declared_default_does_not(start: Start):
    files = {"danger.py": DANGER, ".vscode/settings.json": "{}\n"}
    window = start(files | {".copilot-ls.toml": "[security]\nenabled = false\n"})
    window.open_file("danger.py")
    # The default that the extension declares says true; only an explicit setting is stronger.
    window.write_file("settings.json", '{"copilot-ls.security.enabled": true}')
    window.open_file("danger.py")
    window.wait_for(SQUIGGLE)
    window.write_file("settings.json", "{}")
    window.open_file("danger.py")
    window.wait_without(SQUIGGLE)


# -- getting the server


@pytest.fixture
def programs(tmp_path: Path) -> Path:
    """The only folder on the PATH."""
    (tmp_path / "programs").mkdir()
    return tmp_path / "programs"


def a_program(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o755)


def a_wheel(folder: Path) -> None:
    """Pack a server that is a door to the one which is tested: wheels of all it needs are large."""
    folder.mkdir()
    name = "copilot_ls-0.1.0"
    program = (
        f"import os, sys\n\ndef main():\n    os.execv({str(BIN / 'copilot-ls')!r}, sys.argv)\n"
    )
    files = {
        "copilot_ls/__init__.py": "",
        "copilot_ls/door.py": program,
        f"{name}.dist-info/METADATA": "Metadata-Version: 2.1\nName: copilot-ls\nVersion: 0.1.0\n",
        f"{name}.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{name}.dist-info/entry_points.txt": "[console_scripts]\ncopilot-ls = copilot_ls.door:main\n",
    }
    with zipfile.ZipFile(folder / f"{name}-py3-none-any.whl", "w") as wheel:
        for path, text in files.items():
            wheel.writestr(path, text)
        record = "".join(f"{path},,\n" for path in [*files, f"{name}.dist-info/RECORD"])
        wheel.writestr(f"{name}.dist-info/RECORD", record)


def test_the_server_is_missed_installed_and_not_started_for_ever(
    installation: Workbench, package: Path, browser: Browser, tmp_path: Path, programs: Path
):
    a_program(programs / "python3", """echo '["/old/python3", [3, 8, 1], false]'""")
    wheels = tmp_path / "wheels, größer"
    a_wheel(wheels)
    site = Site(
        installation,
        package,
        tmp_path / "site",
        # As if the workbench had been started on a terminal: no login shell is asked for a PATH.
        env=environment(tmp_path) | {"PATH": str(programs), "VSCODE_CLI": "1"},
        # What is done here must work where the workspace is not trusted.
        settings={
            "security.workspace.trust.enabled": True,
            "security.workspace.trust.startupPrompt": "never",
        },
        machine_settings={
            "copilot-ls.server.source": "copilot-ls",
            "copilot-ls.server.wheels": str(wheels),
        },
    )
    try:
        window = browser.open(site.url(make(tmp_path / "shop", {"tax.py": TAX})))
        window.wait_for('.tab[aria-label*="Welcome"], .tab[aria-label*="Walkthrough"]')
        window.wait("the steps", lambda: window.texts(".step-title"), lambda seen: len(seen) == 5)
        window.picture("walkthrough")
        window.wait_for_status("needs Python 3.11 or newer; the one at /old/python3 is 3.8.1")
        (programs / "python3").unlink()
        (programs / "python3").symlink_to(Path(sys.base_prefix) / "bin" / "python3")
        window.answer("Try Again")
        window.wait_for_notice("not installed")
        window.answer("Install…")
        window.wait_for(".monaco-dialog-box")
        assert "nothing is downloaded" in "".join(window.texts(".monaco-dialog-box"))
        window.picture("install")
        window.click('.monaco-dialog-box .monaco-button:has-text("Install")')
        window.wait_for_status("Ready")
        # Code of a workspace that is not trusted is not run.
        window.open_file("tax.py")
        window.run("Write Tests for This Module")
        window.wait_for_notice("not trusted")
        # One on the PATH comes first; this one ends at once, each time.
        a_program(programs / "copilot-ls", "exit 1")
        window.run("Restart the Server")
        window.wait_for_notice("ended five times")
        window.wait_for_status("is not started again")
        (programs / "copilot-ls").unlink()
        window.answer("Restart")
        window.wait_for_status("Ready")
        window.close()
    finally:
        site.close()


# -- the real model


@pytest.mark.real_model
def test_the_real_model_writes_ghost_text(
    installation: Workbench, package: Path, browser: Browser, tmp_path: Path
):
    models = wiring.cache_root() / "models"
    if not (models / "qwen2.5-coder-0.5b-instruct").is_dir():
        pytest.skip("the default model is not here: copilot-ls model pull")
    env = environment(tmp_path)
    del env["COPILOT_LS_SCRIPT"]
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "models").symlink_to(models)
    code = "def fibonacci(n):\n    if n < 2:\n        return n\n    return\n"
    machine = {"copilot-ls.server.path": str(BIN / "copilot-ls")}
    began = time.monotonic()
    site = Site(installation, package, tmp_path / "site", env=env, machine_settings=machine)
    try:
        window = browser.open(site.url(make(tmp_path / "shop", {"numbers.py": code})))
        window.wait_for_status("Ready")
        window.open_file("numbers.py")
        window.go(4, 11)
        window.type(" ")
        ghost = window.wait("ghost text", window.ghost, bool)
        seconds = time.monotonic() - began
        load = os.getloadavg()[0]
        print(f"from the package to the first suggestion: {seconds:.0f} s, load {load:.1f}")
        window.picture("real-model")
        window.press("Tab")
        window.wait_for_line("    return " + ghost)
        window.close()
    finally:
        site.close()

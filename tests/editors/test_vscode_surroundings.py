"""Files, folders and windows of every kind in VS Code, and an engine that dies."""

from __future__ import annotations

import json
from pathlib import Path

import psutil
import pytest

from tests.editors.conftest import (
    ASKED,
    GHOST,
    MAY_ANSWER,
    ORDERS,
    TAX,
    Shop,
    Start,
    make,
)
from tests.editors.readonly import read_only
from tests.editors.workbench import Site

pytestmark = pytest.mark.editors


# -- files


def test_files_too_large_or_left_alone_say_so_and_others_are_served(shop: Shop):
    window = shop.open("secret.py", ORDERS)
    window.wait_for_status("Inactive here")
    shop.open("huge.py", ORDERS + 200_000 * "# some words\n")
    window.wait_for_status("Inactive here: the document has more than 2,000,000 characters")
    filler = "".join(f"def f{n}(x):\n    return x + {n}\n\n\n" for n in range(8_000))
    shop.open("large.py", filler + ORDERS)
    window.wait_for_status("Ready")
    window.go(32_005, 11)
    window.press_for_ghost("Space", GHOST)


def test_line_ends_of_dos_and_characters_of_several_units_shift_nothing(shop: Shop):
    text = ORDERS.replace("return\n", 'names["🛒🛒"] = "é"; return\n').replace("\n", "\r\n")
    window = shop.open("dos.py", text)
    window.go(5, 1)
    window.press("End")
    window.press_for_ghost("Space", GHOST)
    window.press("Tab", "Control+s")
    expected = text.replace("; return\r\n", f"; return {GHOST}\r\n").encode()
    path = shop.folder / "dos.py"
    window.wait("the saved text", path.read_bytes, lambda seen: seen == expected)


def test_cells_of_a_notebook_have_ghost_text(shop: Shop):
    cell = {
        "cell_type": "code",
        "execution_count": None,
        "metadata": {},
        "outputs": [],
        "source": ORDERS.rstrip().splitlines(keepends=True),
    }
    notebook = {
        "cells": [cell],
        "metadata": {"language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    (shop.folder / "cells.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    window = shop.window
    window.pick_file("cells.ipynb")
    window.click(".notebook-editor .cell-editor-container .view-line")
    window.press("Control+End")
    window.press_for_ghost("Space", GHOST)
    window.picture("notebook")


def test_a_document_without_a_file_has_ghost_text(shop: Shop):
    window = shop.window
    window.press("Control+Alt+n")
    window.wait_for(".monaco-editor.focused")
    window.run("Change Language Mode", asks=True)
    window.choose("Python")
    window.paste("def double(n):\n    return")
    window.press_for_ghost("Space", "n * 2")
    # What is empty is not asked about when it is closed.
    window.press("Escape", "Control+a", "Delete")
    window.wait_without(".tab.dirty")


# -- folders


def test_folders_of_one_workspace_do_not_mix(start: Start):
    window = start(
        {
            "a/tax.py": TAX,
            "a/orders.py": ORDERS,
            "b/tax.py": TAX.replace("net", "gross"),
            "b/bills.py": ORDERS,
            "all.code-workspace": '{"folders": [{"path": "a"}, {"path": "b"}]}',
        },
        workspace="all.code-workspace",
    )
    for file, member, other in (("orders.py", "net", "gross"), ("bills.py", "gross", "net")):
        window.open_file(file)
        window.go(5, 11)
        window.type(" tax.")
        window.press("Control+Space")
        menu = window.wait(
            "a menu",
            lambda: "".join(window.labels(".suggest-widget .monaco-list-row")),
            lambda seen, wanted=member: wanted in seen,
        )
        assert other not in menu
        window.press("Escape")


def test_a_folder_that_is_read_only_is_served_and_says_what_cannot_be(start: Start, tmp_path: Path):
    folder = make(tmp_path / "shop", {"tax.py": TAX, "orders.py": ORDERS})
    with read_only(folder):
        window = start(folder)
        window.open_file("orders.py")
        window.run("Write Tests for This Module")
        window.wait_for_notice("shop cannot be written (work on a copy")
        window.go(5, 11)
        window.press_for_ghost("Space", GHOST)
        window.press("Tab", "Control+s")
        window.wait_for_notice("Failed to save 'orders.py'")
        window.picture("read-only")
        window.press("Control+a")
        window.run("File: Revert File")
        window.wait_without(".tab.dirty")


def test_a_folder_that_nobody_trusts_names_no_program_and_has_ghost_text(
    start: Start, site: Site, tmp_path: Path
):
    trap = tmp_path / "trap"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\n", encoding="utf-8")
    trap.chmod(0o755)
    site.set(
        {
            "security.workspace.trust.enabled": True,
            "security.workspace.trust.startupPrompt": "never",
        }
    )
    settings = json.dumps({"copilot-ls.server.path": str(trap)})
    window = start({"tax.py": TAX, "orders.py": ORDERS, ".vscode/settings.json": settings})
    window.wait_for('.statusbar-item[aria-label*="Restricted Mode"]')
    window.open_file("orders.py")
    window.go(5, 11)
    window.press_for_ghost("Space", GHOST)
    assert not (tmp_path / "sprung").exists()


# -- the engine


def test_two_windows_share_an_engine_that_comes_back_when_it_died(
    shop: Shop, start: Start, site: Site
):
    first = shop.open("first.py", ORDERS)
    first.go(5, 11)
    first.press_for_ghost("Space", GHOST)
    held = {"more.py": ORDERS, "held.py": "def f():\n    hold =\n"}
    second = start({"tax.py": TAX, "orders.py": ORDERS} | held)
    second.open_file("orders.py")
    second.go(5, 11)
    second.press_for_ghost("Space", GHOST)
    (engine,) = engines(site)
    # In the middle of an answer, where somebody waits for it.
    second.open_file("held.py")
    second.go(2, 11)
    second.press("Space")
    second.wait("a question", (site.place / "engine" / ASKED).exists, bool)
    second.wait_for_status("Thinking")
    engine.kill()
    second.wait_for_status("died")
    second.picture("engine-died")
    (site.place / "engine" / MAY_ANSWER).touch()
    second.open_file("more.py")
    second.go(5, 11)
    second.press_for_ghost("Space", GHOST)
    second.wait_for_status("Ready")
    (another,) = engines(site)
    assert another.pid != engine.pid
    shop.open("again.py", ORDERS)
    first.go(5, 11)
    first.press_for_ghost("Space", GHOST)
    assert [each.pid for each in engines(site)] == [another.pid]


def engines(site: Site) -> list[psutil.Process]:
    """Return the engine processes of this site, and of no other user of the machine."""
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if "copilot_ls.models.host" in (process.info["cmdline"] or [])
        and any(str(site.place) in word for word in process.info["cmdline"])
    ]

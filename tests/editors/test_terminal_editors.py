"""Emacs (eglot) and Helix in a real terminal, with the recipes as they are shipped."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from copilot_ls.models.scripted import Script, say
from scripts.editors import debian
from tests.editors.terminal import Terminal

pytestmark = [
    pytest.mark.editors,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed"),
]

RECIPES = Path(__file__).parents[2] / "editors"
CODE = """\
import yaml
from tax import Tax


def load(stream):
    return yaml.load(stream)


def total(order, tax: Tax):
    return
"""
SCRIPT = [
    say("order.amount)", when="return tax.net(<|fim_suffix|>"),
    say("(order.amount)", when="return tax.net<|fim_suffix|>"),
    say("net(order.amount)", when="return tax."),
    say("tax.net(order.amount)", when="return "),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
    tax = "class Tax:\n    def net(self, amount: int) -> int:\n        return amount\n"
    (folder / "tax.py").write_text(tax, encoding="utf-8")
    (folder / "orders.py").write_text(CODE, encoding="utf-8")
    return folder


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    script = tmp_path / "script.json"
    script.write_text(Script.to_json(SCRIPT), encoding="utf-8")
    settings = tmp_path / "config.toml"
    settings.write_text("[index]\nvectors = false\n", encoding="utf-8")
    return {
        "HOME": str(tmp_path),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "COPILOT_LS_SCRIPT": str(script),
        "COPILOT_LS_CACHE": str(tmp_path / "cache"),
        "COPILOT_LS_CONFIG": str(settings),
    }


def program_of(name: str) -> str:
    try:
        return str(debian.unpack(name))
    except debian.CannotBeHad as error:
        pytest.skip(str(error))


def test_emacs_shows_findings_fixes_them_and_completes(folder: Path, environment: dict[str, str]):
    command = [program_of("emacs"), "-Q", "-nw", "-l", str(RECIPES / "emacs" / "copilot-ls.el")]
    with Terminal([*command, "+6:5", "orders.py"], folder, environment) as emacs:
        emacs.wait_for("eglot:shop")
        emacs.type("M-x")
        emacs.type("flymake-show-buffer-diagnostics", "Enter")
        emacs.wait_for("yaml-load")
        emacs.type("M-x")
        emacs.type("eglot-code-action-quickfix", "Enter")
        emacs.wait_for("Use yaml.safe_load")
        emacs.type("Enter")
        emacs.wait_for("return yaml.safe_load(stream)")
        emacs.type("M->", "BSpace", " tax.")
        emacs.type("C-M-i")
        emacs.wait_for("net(order.amount)")
        emacs.type("C-x", "C-s")
        emacs.wait_for("Wrote")
    assert "return tax.net(order.amount)" in (folder / "orders.py").read_text("utf-8")


def test_helix_shows_findings_fixes_them_and_completes(
    folder: Path, environment: dict[str, str], tmp_path: Path
):
    settings = tmp_path / "config" / "helix"
    settings.mkdir(parents=True)
    shutil.copy(RECIPES / "helix" / "languages.toml", settings)
    with Terminal([program_of("helix"), "orders.py:6:5"], folder, environment) as helix:
        helix.wait_for("safe_load")
        helix.type(" ", "a")
        helix.wait_for("Use yaml.safe_load")
        helix.type("Enter")
        helix.wait_for("return yaml.safe_load(stream)")
        helix.type("g", "e", "A", " tax.")
        helix.wait_for("net(order.amount)")
        helix.type("Tab", "Enter")
        # A menu that opened again takes the first.
        helix.wait_for("NOR", again=["Escape"])
        helix.type(":w", "Enter")
        helix.wait_for("written")
    assert "return tax.net" in (folder / "orders.py").read_text("utf-8")

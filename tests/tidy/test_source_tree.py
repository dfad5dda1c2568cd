"""The source tree checks itself: contracts, generated pages, things that must never be committed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from copilot_ls import config
from copilot_ls.cli.settings import configuration_page
from copilot_ls.config import Trust
from scripts import vscode_manifest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


def tracked_files() -> list[Path]:
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    output = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout
    names = [name for name in output.decode().split("\0") if name]
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def test_import_contracts_hold():
    result = subprocess.run(
        [BIN / "lint-imports", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stdout


def test_package_markers_are_empty():
    # A re-export in one of them would drag heavy libraries into every module beside it.
    for package in ("copilot_ls", "indexer"):
        for marker in (ROOT / package).rglob("__init__.py"):
            assert marker.read_text(encoding="utf-8") == "", marker


def test_the_configuration_page_is_fresh():
    page = ROOT / "docs" / "configuration.md"
    assert page.read_text(encoding="utf-8") == configuration_page(), (
        "run: copilot-ls settings --markdown > docs/configuration.md"
    )


def test_the_vscode_extension_declares_the_settings_of_the_server():
    for path, text in vscode_manifest.files().items():
        assert path.read_text(encoding="utf-8") == text, "run: python -m scripts.vscode_manifest"


def test_every_text_of_the_vscode_extension_is_given_and_used():
    used = re.findall(r'"%([^%"]+)%"', vscode_manifest.MANIFEST.read_text(encoding="utf-8"))
    given = json.loads(vscode_manifest.TEXTS.read_text(encoding="utf-8"))
    assert set(used) == set(given)


def test_what_a_workspace_may_not_say_is_no_setting_of_a_workspace_in_vscode():
    groups = json.loads(vscode_manifest.MANIFEST.read_text(encoding="utf-8"))["contributes"]
    declared = {
        key.removeprefix("copilot-ls."): entry["scope"]
        for group in groups["configuration"]
        for key, entry in group["properties"].items()
    }
    for entry in config.describe():
        expected = {Trust.WORKSPACE: "resource", Trust.EDITOR: "machine", Trust.USER: None}
        assert declared.get(entry.key) == expected[entry.trust], entry.key


def test_every_setting_is_described():
    for entry in config.describe():
        assert len(entry.doc) > 10, entry.key


def test_every_command_is_in_the_readme_or_its_pages():
    from copilot_ls.cli.app import app

    pages = "".join(
        path.read_text(encoding="utf-8") for path in (ROOT / "README.md", *ROOT.glob("docs/*.md"))
    )
    for command in app.registered_commands:
        assert f"copilot-ls {command.name}" in pages, command.name


@pytest.mark.parametrize(
    ("page", "recipe"),
    [
        ("README.md", "neovim/copilot-ls.lua"),
        ("docs/editors/others.md", "emacs/copilot-ls.el"),
        ("docs/editors/others.md", "helix/languages.toml"),
    ],
)
def test_the_recipes_on_the_pages_are_those_that_are_tested(page: str, recipe: str):
    tested = (ROOT / "editors" / recipe).read_text(encoding="utf-8")
    assert tested in (ROOT / page).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("what", "pattern"),
    [
        ("a path of somebody's machine", r"/(?:home|Users)/[a-z]|/[r]oot/|/[w]ork/"),
        ("a download address", r"""(?:"resolved": "|index-url[ =]+|find-links[ =]+)https?://"""),
    ],
)
def test_no_file_contains(what: str, pattern: str):
    this = Path(__file__).resolve()
    for path in tracked_files():
        if path.resolve() == this or path.suffix in {".png", ".ico", ".whl"}:
            continue
        text = path.read_text(encoding="utf-8", errors="replace")
        found = re.search(pattern, text)
        assert found is None, f"{what} in {path.relative_to(ROOT)}: {found and found[0]}"


def test_no_file_is_large():
    for path in tracked_files():
        assert path.stat().st_size < 1_000_000, path

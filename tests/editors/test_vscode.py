"""The real workbench of VS Code in a real browser, with the extension as it is packaged.

Only the words of the model come from a script. The pictures stay in the test's folder.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from copilot_ls.models.scripted import Script, say
from scripts.editors import vscode
from scripts.editors.vscode import CannotBeHad, Workbench

pytestmark = pytest.mark.editors

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "vscode-extension"
BIN = Path(sys.executable).parent
PATIENCE = 60.0
N_KEYS = 20
MAX_BYTES = 300_000
FILES = {
    "tax.py": "class Tax:\n    def net(self, amount: int) -> int:\n        return amount\n",
    "orders.py": (
        "from tax import Tax\n\n\ndef total(order, tax: Tax):\n    return\n\n\n"
        "def odd(order, tax: Tax):\n    return\n"
    ),
    "danger.py": "import yaml\n\n\ndef settings(text):\n    return yaml.load(text)\n",
}
SCRIPT = [
    # Once a function is named, the arguments are asked for with its signature in view.
    say("order.amount)", when="tax.net(<|fim_suffix|>"),
    say("tax.gross(order.amount)", when="odd(order, tax: Tax):\n    return <|fim_suffix|>"),
    say("tax.net(order.amount)", when="return <|fim_suffix|>"),
]
# What would cover the page, or ask for the network.
SETTINGS = {
    "workbench.startupEditor": "none",
    "telemetry.telemetryLevel": "off",
    "security.workspace.trust.enabled": False,
    "chat.disableAIFeatures": True,
    "git.enabled": False,
    "extensions.autoUpdate": False,
    "extensions.autoCheckUpdates": False,
    "update.mode": "none",
    "workbench.tips.enabled": False,
    "workbench.secondarySideBar.defaultVisibility": "hidden",
    "editor.minimap.enabled": False,
    # The menu would stand in for ghost text that does not begin with its entry.
    "editor.quickSuggestions": {"other": "off"},
}


@pytest.fixture(scope="module")
def workbench() -> Workbench:
    try:
        return vscode.workbench()
    except CannotBeHad as error:
        pytest.skip(str(error))


@pytest.fixture(scope="module")
def package(workbench: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension, built from a copy of its sources."""
    folder = tmp_path_factory.mktemp("package") / "extension"
    shutil.copytree(EXTENSION, folder, ignore=shutil.ignore_patterns("node_modules", "dist"))
    path = os.pathsep.join([str(workbench.npm.parent), os.environ["PATH"]])
    for command in (["ci", "--ignore-scripts"], ["run", "package"]):
        result = subprocess.run(
            [workbench.npm, *command],
            cwd=folder,
            env=os.environ | {"PATH": path},
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout + result.stderr
    return folder / "copilot-ls.vsix"


@pytest.fixture
def address(workbench: Workbench, package: Path, tmp_path: Path) -> Iterator[str]:
    """The workbench on a port, with the extension in it and a small project opened."""
    folder = tmp_path / "a shop, größer"
    (folder / ".git").mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    engine = tmp_path / "engine"
    engine.mkdir()
    (engine / "script.json").write_text(Script.to_json(SCRIPT), encoding="utf-8")
    settings = tmp_path / "config.toml"
    settings.write_text("[index]\nvectors = false\n", encoding="utf-8")
    user = tmp_path / "user" / "User"
    user.mkdir(parents=True)
    (user / "settings.json").write_text(json.dumps(SETTINGS), encoding="utf-8")
    machine = user.parent / "Machine"
    machine.mkdir()
    program = json.dumps({"copilot-ls.server.path": str(BIN / "copilot-ls")})
    (machine / "settings.json").write_text(program, encoding="utf-8")
    environment = os.environ | {
        "HOME": str(tmp_path / "home"),
        "XDG_CONFIG_HOME": str(tmp_path / "home" / "config"),
        "COPILOT_LS_SCRIPT": str(engine),
        "COPILOT_LS_CACHE": str(tmp_path / "cache"),
        "COPILOT_LS_CONFIG": str(settings),
    }
    places = ["--extensions-dir", tmp_path / "extensions", "--user-data-dir", user.parent]
    subprocess.run(
        [*workbench.server, *places, "--install-extension", package],
        env=environment,
        check=True,
        capture_output=True,
    )
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    quiet = ["--auth", "none", "--disable-telemetry", "--disable-update-check"]
    with (tmp_path / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [*workbench.server, *quiet, "--bind-addr", f"127.0.0.1:{port}", *places, folder],
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}/?folder={folder}"
        finally:
            os.killpg(process.pid, 15)
            process.wait(PATIENCE)


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "the workbench did not start"
            time.sleep(0.1)
        else:
            return


def test_a_package_is_small(package: Path):
    assert package.stat().st_size <= MAX_BYTES


def test_ghost_text_a_quick_fix_and_the_status_in_the_workbench(
    address: str, workbench: Workbench, tmp_path: Path
):
    given = {
        "modules": str(workbench.modules),
        "chromium": str(workbench.chromium),
        "libraries": f"{workbench.libraries}:{workbench.libraries.parent}",
        "url": address,
        "pictures": str(tmp_path),
        "n_keys": N_KEYS,
    }
    result = subprocess.run(
        [workbench.node, Path(__file__).with_name("vscode.mjs"), json.dumps(given)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    seen = json.loads(result.stdout)
    milliseconds = sorted(seen.pop("milliseconds", []))
    print(f"key to ghost text, ms: {[round(each) for each in milliseconds]}")
    assert seen == {
        "status": "copilot-ls: Ready",
        "accepted": "    return tax.net(order.amount)",
        "shows_what_does_not_exist": False,
        "withheld": '"outcome": "withheld",',
        "squiggle": True,
        "explained": True,
        "fixed": "    return yaml.safe_load(text)",
        "clean": True,
        "paused": True,
    }
    assert len(milliseconds) == N_KEYS

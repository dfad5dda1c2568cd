"""What the scenarios in VS Code share: one package, one workbench, one browser."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from copilot_ls.models.scripted import Reach, Reply, Script, Wait, say
from scripts.editors import vscode
from scripts.editors.debian import cache_root
from scripts.editors.vscode import CannotBeHad, Workbench
from tests.editors.workbench import Browser, Site, Window

ROOT = Path(__file__).parents[2]
EXTENSION = ROOT / "vscode-extension"
BIN = Path(sys.executable).parent
TAX = "class Tax:\n    def net(self, amount: int) -> int:\n        return amount\n"
ORDERS = "from tax import Tax\n\n\ndef total(order, tax: Tax):\n    return\n"
GHOST = "tax.net(order.amount)"
DANGER = "import yaml\n\n\ndef settings(text):\n    return yaml.load(text)\n"
# What scenarios find in the window that they share.
SHOP = {
    ".copilotignore": "secret.py\n",
    "tax.py": TAX,
    "deep/loading.py": DANGER,
    **{f"m{n}.py": TAX for n in range(6)},
}
BLOCK = "net = tax.net(order.amount)\n    return net"
# A place with several answers.
MANY = "def many(order):\n    return <|fim_suffix|>"
# In the engine's folder: it was asked, and does not answer before it may.
ASKED, MAY_ANSWER = "asked", "may-answer"
SCRIPT = [
    say("```python\ndef total(order, tax: Tax):\n    return 42\n```", when="forty-two"),
    Reply((Reach(ASKED), Wait(MAY_ANSWER)), when="hold = <|fim_suffix|>"),
    say("order.amount)\n    return net", when="net = tax.net(<|fim_suffix|>"),
    say(BLOCK, when="def several(order, tax: Tax):"),
    say("n * 2", when="def double(n):"),
    say("order.first", when=MANY, once=True),
    say("order.second", when=MANY, once=True),
    say("order.third", when=MANY),
    # Once a function is named, the arguments are asked for with its signature in view.
    say("order.amount)", when="tax.net(<|fim_suffix|>"),
    say("tax.gross(order.amount)", when="odd(order, tax: Tax):\n    return <|fim_suffix|>"),
    say("tax.net(order.amount)", when="return <|fim_suffix|>"),
]

Start = Callable[..., Window]


@pytest.fixture(scope="session")
def installation() -> Workbench:
    try:
        return vscode.workbench()
    except CannotBeHad as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def package(installation: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The extension, built from a copy of its sources."""
    folder = tmp_path_factory.mktemp("package") / "extension"
    shutil.copytree(EXTENSION, folder, ignore=shutil.ignore_patterns("node_modules", "dist"))
    (folder / "node_modules").symlink_to(modules_of(folder, installation))
    npm(installation, folder, "run", "package")
    return folder / "copilot-ls.vsix"


def modules_of(folder: Path, installation: Workbench) -> Path:
    """Return what the extension is built with; fetched once for each state of its lock file."""
    lock = (folder / "package-lock.json").read_bytes()
    place = cache_root() / "vscode-modules" / hashlib.sha256(lock).hexdigest()[:16]
    kept = place / "node_modules"
    if not kept.exists():
        npm(installation, folder, "ci", "--ignore-scripts")
        place.mkdir(parents=True, exist_ok=True)
        shutil.move(folder / "node_modules", kept)
    return kept


def npm(installation: Workbench, folder: Path, *command: str) -> None:
    path = os.pathsep.join([str(installation.npm.parent), os.environ["PATH"]])
    result = subprocess.run(
        [installation.npm, *command],
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.fixture(scope="session")
def browser(installation: Workbench, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    browser = Browser(installation, tmp_path_factory.mktemp("pictures"))
    yield browser
    browser.close()
    print(f"pictures: {browser.pictures}")


@pytest.fixture(scope="session")
def site(
    installation: Workbench, package: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A workbench whose server is this one, with a scripted model; scenarios share it."""
    place = tmp_path_factory.mktemp("site")
    machine = {
        "copilot-ls.server.path": str(BIN / "copilot-ls"),
        "workbench.welcomePage.walkthroughs.openOnInstall": False,
    }
    site = Site(installation, package, place, env=environment(place), machine_settings=machine)
    yield site
    site.close()


def environment(place: Path) -> dict[str, str]:
    (place / "engine").mkdir()
    script = Script.to_json(SCRIPT)
    (place / "engine" / "script.json").write_text(script, encoding="utf-8")
    # A busy machine shows a block line by line, and is late. What is wrong is withheld, not mended.
    slow = "[completion]\nsecond_try = false\nblock_ms = 20000\nverify_ms = 25000\n"
    settings = f"[index]\nvectors = false\n{slow}[tests]\nseconds = 1\n"
    (place / "config.toml").write_text(settings, encoding="utf-8")
    return {
        "COPILOT_LS_SCRIPT": str(place / "engine"),
        "COPILOT_LS_CACHE": str(place / "cache"),
        "COPILOT_LS_CONFIG": str(place / "config.toml"),
    }


def make(folder: Path, files: Mapping[str, str]) -> Path:
    """Write a small repository; lines end as they are given."""
    (folder / ".git").mkdir(parents=True)
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
    return folder


def commit(folder: Path) -> None:
    git = ["git", "-c", "user.name=nobody", "-c", "user.email=nobody@localhost"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "begin"]):
        subprocess.run([*git, *command], cwd=folder, check=True)


@dataclass(frozen=True, slots=True)
class Shop:
    """A folder in a window that scenarios share; each brings files of its own."""

    folder: Path
    window: Window

    def open(self, name: str, text: str) -> Window:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8", newline="")
        self.window.open_file(path.name)
        return self.window


@pytest.fixture(scope="session")
def opened_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Shop]]:
    """The folder's window, once one is open; one in which a scenario failed is not used again."""
    opened: list[Shop] = []
    yield opened
    for shop in opened:
        shop.window.close()


@pytest.fixture
def shop(
    site: Site,
    browser: Browser,
    opened_shop: list[Shop],
    tmp_path_factory: pytest.TempPathFactory,
    request: pytest.FixtureRequest,
) -> Iterator[Shop]:
    if not opened_shop:
        folder = make(tmp_path_factory.mktemp("shops") / "a shop, größer", SHOP)
        commit(folder)
        window = browser.open(site.url(folder))
        window.wait_for_status("Ready")
        opened_shop.append(Shop(folder, window))
    n_failed = request.session.testsfailed
    yield opened_shop[0]
    if request.session.testsfailed > n_failed:
        opened_shop.pop().window.close()
    else:
        opened_shop[0].window.tidy()


@pytest.fixture
def start(site: Site, browser: Browser, tmp_path: Path) -> Iterator[Start]:
    """Open a folder, or one with the files given, and wait until the server is ready."""
    windows: list[Window] = []

    def start(files: Mapping[str, str] | Path, *, workspace: str = "") -> Window:
        folder = files if isinstance(files, Path) else make(tmp_path / "shop", files)
        window = browser.open(site.url(folder / workspace))
        windows.append(window)
        window.wait_for_status("Ready")
        return window

    yield start
    for window in windows:
        window.close()
    site.set({})

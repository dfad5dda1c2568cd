"""Drives the real workbench of VS Code in a real browser: presses keys, looks at the page."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.parse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from scripts.editors.vscode import Workbench

# Until it is called a failure; a machine may be busy with other things.
PATIENCE = 90.0
_FIRST_KEY_S = 15.0
POLL_S = 0.04
STATUS = '.statusbar-item[id*="copilot-ls.status"]'
_INPUT = '.quick-input-widget:not([style*="display: none"]) input'
QUICK_PICKS = ".quick-input-list .monaco-list-row"
_CHOSEN = f"{QUICK_PICKS}.focused"
_PLACE = '.statusbar-item[id="status.editor.selection"] a'
ACTION = ".action-widget .monaco-list-row"
PREVIEW = ".bulk-edit-panel .monaco-list-row"
_FILES = ".explorer-folders-view .monaco-list-row"
_TOAST = ".notifications-toasts .notification-list-item"
# What would cover the page, or ask for the network.
_QUIET: Mapping[str, object] = {
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


class Site:
    """One code-server with the extension in it, and settings and an environment of its own."""

    def __init__(
        self,
        installation: Workbench,
        package: Path,
        place: Path,
        *,
        env: Mapping[str, str],
        settings: Mapping[str, object] | None = None,
        machine_settings: Mapping[str, object] | None = None,
    ) -> None:
        self.place = place
        home = place / "home"
        environment = {**os.environ, **env, "HOME": str(home), "XDG_CONFIG_HOME": str(home / "c")}
        data = place / "data"
        for scope, values in (("User", _QUIET | (settings or {})), ("Machine", machine_settings)):
            (data / scope).mkdir(parents=True)
            text = json.dumps(values or {})
            (data / scope / "settings.json").write_text(text, encoding="utf-8")
        places = ["--extensions-dir", place / "extensions", "--user-data-dir", data]
        subprocess.run(
            [*installation.server, *places, "--install-extension", package],
            env=environment,
            check=True,
            capture_output=True,
        )
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self._port = free.getsockname()[1]
        quiet = ["--auth", "none", "--disable-telemetry", "--disable-update-check"]
        address = ["--bind-addr", f"127.0.0.1:{self._port}"]
        with (place / "server.log").open("wb") as log:
            self._process = subprocess.Popen(
                [*installation.server, *quiet, *address, *places],
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        _wait_for_port(self._port)

    def set(self, settings: Mapping[str, object]) -> None:
        """Write the user's settings: what windows that are opened later find."""
        path = self.place / "data" / "User" / "settings.json"
        path.write_text(json.dumps(_QUIET | settings), encoding="utf-8")

    def url(self, opened: Path) -> str:
        kind = "workspace" if opened.suffix == ".code-workspace" else "folder"
        return f"http://127.0.0.1:{self._port}/?{kind}={urllib.parse.quote(str(opened))}"

    def close(self) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(PATIENCE)


def _is_empty(typed: str) -> bool:
    return not typed


def _wait_for_port(port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline, "the workbench did not start"
            time.sleep(0.1)
        else:
            return


class Browser:
    """One browser; its windows are pages."""

    def __init__(self, installation: Workbench, pictures: Path) -> None:
        libraries = f"{installation.libraries}:{installation.libraries.parent}"
        self.pictures = pictures
        self._n_windows = 0
        program = Path(__file__).with_name("page.mjs")
        self._process = subprocess.Popen(
            [installation.node, program, installation.modules, installation.chromium],
            env=os.environ | {"LD_LIBRARY_PATH": libraries},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def open(self, url: str) -> Window:
        self._n_windows += 1
        window = Window(self, self._n_windows)
        window.act("open", url=url)
        window.wait_for(".monaco-workbench")
        # On a busy machine the workbench at times opens a workspace as if it had no folders.
        while not window.shows_soon(_FILES):
            window.act("reload")
        return window

    def ask(self, request: Mapping[str, object]) -> Any:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or '{"failed": "the browser ended"}')
        if "failed" in answer:
            raise AssertionError(f"{request}: {answer['failed']}")
        return answer["seen"]

    def close(self) -> None:
        # What it says last is of no use; its ends are closed with the process.
        self._process.communicate(timeout=PATIENCE)


class Window:
    """A page with the workbench; places are from 1, as the editor shows them."""

    def __init__(self, browser: Browser, number: int) -> None:
        self._browser = browser
        self._number = number
        self._is_fresh = True

    def act(self, act: str, **given: object) -> Any:
        return self._browser.ask({"window": self._number, "act": act, **given})

    def close(self) -> None:
        self.act("close")

    def picture(self, name: str) -> Path:
        path = self._browser.pictures / f"{name}.png"
        self.act("picture", path=str(path))
        return path

    # -- keys

    def press(self, *keys: str) -> None:
        for key in keys:
            self.act("press", key=key)

    def type(self, text: str) -> None:
        self.act("type", text=text)

    def paste(self, text: str) -> None:
        """Put text in at once; no bracket is closed for it."""
        self.act("insert", text=text)

    def click(self, selector: str) -> None:
        self.act("click", selector=selector, timeout=PATIENCE * 1e3)

    def open_file(self, name: str) -> None:
        self.pick_file(name)
        self.wait_for(".monaco-editor.focused")

    def pick_file(self, name: str) -> None:
        """Choose a file; the list of one that was just made is asked for until it is in it."""
        asked = 0.0

        def look() -> bool:
            nonlocal asked
            if time.monotonic() > asked + PATIENCE / 30:
                self.press("Escape", "Control+p")
                self.wait_for(_INPUT)
                self.type(name)
                asked = time.monotonic()
            return name in "".join(self.labels(_CHOSEN))

        self.wait(f"{name!r} to choose", look, bool)
        self.press("Enter")
        self.wait_for(f'.tab.active[aria-label*="{name}"]')

    def write_file(self, name: str, text: str) -> None:
        """Replace what a file holds, and save it."""
        self.open_file(name)
        self.press("Control+a")
        self.paste(text)
        self.press("Control+s")
        self.wait_without(".tab.active.dirty")

    def run(self, title: str, *, asks: bool = False) -> None:
        """Run a command of the palette; some ask for something more."""
        self._pick("F1", title, asks=asks)

    def _pick(self, key: str, text: str, *, asks: bool = False) -> None:
        self.press(key)
        self.choose(text, asks=asks)

    def choose(self, text: str, *, asks: bool = False) -> None:
        """Choose in a list that is open or opens."""
        self.wait_for(_INPUT)
        self.type(text)
        self.wait(
            f"{text!r} to choose", lambda: self.labels(_CHOSEN), lambda seen: text in "".join(seen)
        )
        self.press("Enter")
        if asks:
            self.wait(
                f"a question after {text!r}", lambda: self.act("see", sight="typed"), _is_empty
            )
        else:
            self.wait_without(_INPUT)

    def enter(self, text: str) -> None:
        """Answer the question that an input asks."""
        self.wait_for(_INPUT)
        self.type(text)
        self.press("Enter")
        self.wait_without(_INPUT)

    def go(self, line: int, column: int) -> None:
        self.press("Control+g")
        self.enter(f"{line}:{column}")
        self.wait_for(".monaco-editor.focused")
        place = f"Ln {line}, Col {column}"
        self.wait(place, lambda: self.labels(_PLACE), lambda seen: place in seen)

    def confirm(self) -> None:
        """Tick the first change in the preview of refactorings, and apply it."""
        self.click(f"{PREVIEW} .edit-checkbox")
        self.click('.bulk-edit-panel .monaco-button:has-text("Apply")')
        self.wait_without(PREVIEW)

    def tidy(self) -> None:
        """Close all files and notices, for what comes next."""
        self.press("Escape", "Control+k", "Control+w")
        self.wait_without(".tab")
        self.run("Notifications: Clear All Notifications")

    def open_light_bulb(self) -> None:
        """Open its menu; a window that is just getting the focus loses the key."""
        self.press("Control+.")
        pressed = time.monotonic()

        def look() -> bool:
            nonlocal pressed
            if time.monotonic() > pressed + PATIENCE / 30:
                self.press("Escape", "Control+.")
                pressed = time.monotonic()
            return self.exists(ACTION)

        self.wait("light bulb", look, bool)

    def act_on_line(self, title: str) -> None:
        """Choose in the light bulb of the place where the cursor is."""
        self.open_light_bulb()
        self.wait(title, lambda: self.texts(ACTION), lambda seen: any(title in e for e in seen))
        self.click(f'{ACTION}:has-text("{title}")')

    # -- sights

    def exists(self, selector: str) -> bool:
        return bool(self.act("see", sight="exists", argument=selector))

    def texts(self, selector: str) -> list[str]:
        return list(self.act("see", sight="texts", argument=selector))

    def labels(self, selector: str) -> list[str]:
        return list(self.act("see", sight="labels", argument=selector))

    def ghost(self) -> str:
        return str(self.act("see", sight="ghost"))

    def lines(self) -> list[str]:
        return list(self.act("see", sight="lines"))

    def status(self) -> str:
        return "; ".join(self.labels(STATUS))

    def notices(self) -> list[str]:
        return self.texts(f"{_TOAST} .notification-list-item-message")

    def inside(self) -> str:
        """Return the texts of web views."""
        return str(self.act("inside"))

    # -- waiting

    def wait(self, what: str, look: Callable[[], Any], is_it: Callable[[Any], Any]) -> Any:
        deadline = time.monotonic() + PATIENCE
        while not is_it(seen := look()):
            if time.monotonic() > deadline:
                picture = self.picture("failed-" + re.sub(r"\W+", "-", what)[:40])
                raise AssertionError(f"no {what}; last seen: {seen!r}; {picture}")
            time.sleep(POLL_S)
        return seen

    def shows_soon(self, selector: str) -> bool:
        deadline = time.monotonic() + PATIENCE / 4
        while not (is_there := self.exists(selector)) and time.monotonic() < deadline:
            time.sleep(POLL_S)
        return is_there

    def wait_for(self, selector: str) -> None:
        self.wait(selector, lambda: self.exists(selector), bool)

    def wait_without(self, selector: str) -> None:
        self.wait(f"end of {selector}", lambda: not self.exists(selector), bool)

    def wait_for_ghost(self, text: str) -> None:
        self.wait(f"ghost text {text!r}", self.ghost, lambda seen: seen == text)

    def press_for_ghost(self, key: str, text: str) -> None:
        """Press a key, once, and wait for what it brings.

        In a window that was just opened, VS Code does not always ask the server at the first key:
        where the traffic was recorded, there was no request. Only then it is asked by command.
        """
        self.press(key)
        deadline = time.monotonic() + _FIRST_KEY_S
        while self._is_fresh and not self.ghost():
            if time.monotonic() > deadline:
                self.run("Trigger Inline Suggestion")
                break
            time.sleep(POLL_S)
        self.wait_for_ghost(text)
        self._is_fresh = False

    def wait_for_line(self, text: str) -> None:
        self.wait(f"line {text!r}", self.lines, lambda seen: text in seen)

    def wait_for_status(self, text: str) -> None:
        self.wait(f"status {text!r}", self.status, lambda seen: text in seen)

    def wait_for_notice(self, text: str) -> str:
        found = self.wait(
            f"notice {text!r}", self.notices, lambda seen: any(text in each for each in seen)
        )
        return next(each for each in found if text in each)

    def wait_without_notice(self, text: str) -> None:
        self.wait(
            f"end of notice {text!r}",
            self.notices,
            lambda seen: not any(text in each for each in seen),
        )

    def agree_to_run(self) -> None:
        """Say that the project's code may be run, if that is asked, and see that it is."""
        running = "Tests for"
        seen = self.wait(
            "a run",
            lambda: "".join(self.notices()),
            lambda seen: running in seen or "runs the code" in seen,
        )
        if running not in seen:
            self.answer("Run it in a sandbox")
            self.wait_for_notice(running)

    def answer(self, button: str) -> None:
        """Press a button of a notice."""
        self.click(f'{_TOAST} a.monaco-button:has-text("{button}")')

    def count(self, name: str) -> int:
        """Read what the server counted since its start, and come back."""
        self.run("Show What Happened Since the Start")
        self.wait_for_line("// Statistics")
        self.wait_for_line("}")
        text = "\n".join(line for line in self.lines() if not line.startswith("//"))
        self.press("Control+w")
        self.wait_without('.tab.active[aria-label*="Statistics"]')
        found = re.search(rf'"{name}": (\d+)', text)
        return int(found[1]) if found else 0

    def milliseconds_to_ghost(self, key: str) -> float:
        self.act("watch")
        self.press(key)
        return float(self.act("watched"))

"""A program in a real terminal: tmux runs it, keys are typed, the screen is read."""

from __future__ import annotations

import os
import subprocess
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

PATIENCE = 30.0
_AGAIN_S = 3.0


class Terminal:
    """A tmux of its own with one program in it, ended with it."""

    def __init__(self, command: Sequence[str], folder: Path, env: Mapping[str, str]) -> None:
        self._name = f"copilot-ls-{uuid.uuid4().hex[:8]}"
        self._env = os.environ | {"TERM": "xterm-256color", "LANG": "C.UTF-8"} | dict(env)
        size = ("-x", "100", "-y", "30")
        self._tmux("-f", os.devnull, "new-session", "-d", *size, "-c", str(folder), *command)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            print(self.screen())
        self._tmux("kill-server")

    def type(self, *keys: str) -> None:
        """Type keys; ``Enter``, ``Escape``, ``Tab`` and ``C-x`` are keys."""
        self._tmux("send-keys", *keys)

    def screen(self) -> str:
        return self._tmux("capture-pane", "-p")

    def column(self) -> int:
        """Return where the cursor is, from 0."""
        return int(self._tmux("display-message", "-p", "#{cursor_x}"))

    def wait_for(self, text: str, *, again: Sequence[str] = (), column: int | None = None) -> str:
        """Wait until a text is on the screen and the screen has come to rest.

        ``again`` are keys to be typed now and then until it is; ``column`` is where the cursor
        must be, if that matters.
        """
        begin = time.monotonic()
        typed_at = 0.0
        before = ""
        while (
            text not in (screen := self.screen())
            or screen != before
            or column not in {None, self.column()}
        ):
            now = time.monotonic()
            assert now < begin + PATIENCE, f"{text!r} did not come\n{screen}"
            if again and now > typed_at + _AGAIN_S:
                self.type(*again)
                typed_at = now
            before = screen
            time.sleep(0.1)
        return screen

    def _tmux(self, *arguments: str) -> str:
        command = ["tmux", "-L", self._name, *arguments]
        result = subprocess.run(command, env=self._env, capture_output=True, text=True, check=False)
        return result.stdout

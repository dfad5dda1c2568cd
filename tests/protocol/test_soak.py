"""Fuzzed typing against the shipped server and a real engine process.

The fast form runs with the suite; ``SOAK_KEYS=10000 pytest tests/protocol/test_soak.py`` is the
long one.
"""

from __future__ import annotations

import asyncio
import os
import random
import signal
from pathlib import Path

import psutil
import pytest

from copilot_ls.evals.editor import Asked, Buffer, Editor
from copilot_ls.models.scripted import Script, say

N_KEYS = int(os.environ.get("SOAK_KEYS", "250"))
PIECES = [
    "a",
    "b = ",
    "(",
    ")",
    "\n",
    "\r\n",
    "    ",
    "\t",
    "é",
    "🙂",
    "'",
    '"',
    "\u2028",
    "x.y",
    ":\n",
]
BYTES_A_KEY = 2_048
SLACK_BYTES = 40 << 20


def engines_under(folder: Path) -> list[psutil.Process]:
    return [
        process
        for process in psutil.process_iter(["cmdline"])
        if "copilot_ls.models.host" in (process.info["cmdline"] or [])
        and any(str(folder) in word for word in process.info["cmdline"])
    ]


async def seen_by_server(editor: Editor, buffer: Buffer, offset: int) -> str | None:
    """Return the text left of the cursor in the prompt of a request made now."""
    asked = editor.ask(buffer, offset, invoked=True)
    await asyncio.wait_for(asked.answer, 30)
    if not editor.items(buffer, asked):
        return None
    story = await editor.request("workspace/executeCommand", {"command": "copilot-ls.explain"})
    before = story["promptText"].partition("<|fim_suffix|>")[0]
    return before.partition("<|fim_prefix|>")[2]


def boundary(text: str, offset: int) -> int:
    """Move out of the middle of a line end, where no position can point."""
    return offset - 1 if text[offset - 1 : offset + 1] == "\r\n" else offset


BARE = ["index.enabled=false", "completion.context=false", "completion.verify=false"]


@pytest.mark.parametrize(
    ("encoding", "settings"),
    [("utf-8", BARE), ("utf-16", BARE), ("utf-32", BARE), ("utf-16", [])],
    ids=["utf-8", "utf-16", "utf-32", "with index and checks"],
)
async def test_typing_without_end_leaves_nothing_behind(
    encoding: str, settings: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fuzz = random.Random(encoding)
    engine = tmp_path / "engine"
    engine.mkdir()
    replies = [say("more words here", when="b = "), say("z")]
    (engine / "script.json").write_text(Script.to_json(replies), encoding="utf-8")
    monkeypatch.setenv("COPILOT_LS_SCRIPT", str(engine))
    root = tmp_path / "project"
    root.mkdir()
    path = root / "a.py"
    path.write_text("", encoding="utf-8")
    settings = [*settings, "completion.candidates=1", "completion.debounce_ms=20"]
    n_checked = 0
    n_keys = N_KEYS // 4
    async with Editor.started(root, settings=settings, encoding=encoding) as editor:
        await editor.ready()
        server = psutil.Process(editor.process.pid)
        buffer = editor.open(path, "x = 1\n", "python")
        asked: Asked | None = None
        rss = 0
        for number in range(n_keys):
            offset = boundary(buffer.text, fuzz.randrange(len(buffer.text) + 1))
            if len(buffer.text) > 4_000 or fuzz.random() < 0.25:
                end = boundary(buffer.text, min(len(buffer.text), offset + fuzz.randrange(30)))
                editor.change(buffer, offset, max(offset, end), "")
            else:
                piece = fuzz.choice(PIECES)
                editor.change(buffer, offset, offset, piece)
                offset = boundary(buffer.text, offset + len(piece))
            if asked is not None and fuzz.random() < 0.5:
                editor.cancel(asked)
            asked = editor.ask(buffer, boundary(buffer.text, offset))
            if fuzz.random() < 0.2:
                await asyncio.wait([asked.answer], timeout=30)
            if number == n_keys // 2:
                for process in engines_under(engine):
                    os.kill(process.pid, signal.SIGKILL)
            if number % 25 == 24:
                # At the end of a line, where something is always offered.
                end = buffer.text.find("\n", fuzz.randrange(len(buffer.text) + 1))
                at = boundary(buffer.text, end if end >= 0 else len(buffer.text))
                seen = await seen_by_server(editor, buffer, at)
                if seen is not None:
                    n_checked += 1
                    assert seen == buffer.text[:at][-len(seen) :] or at == 0
            if number == n_keys // 4:
                rss = server.memory_info().rss
        grown = server.memory_info().rss - rss
        megabytes = f"{grown / 2**20:+.1f} MB since a quarter of them"
        print(f"{encoding}: {n_keys} keys, {n_checked} texts compared, {megabytes}")
        await editor.request("copilot-ls/status", None)
        assert len(engines_under(engine)) <= 1
        children = server.children(recursive=True)
    assert n_checked > 0
    assert grown < SLACK_BYTES + BYTES_A_KEY * n_keys
    assert editor.process.returncode == 0
    gone, alive = psutil.wait_procs([*children, *engines_under(engine)], timeout=15)
    assert not alive, gone

"""What security checks cost: in process, on a suggestion, by a waiting Semgrep, and its memory.

Texts are real code of other projects in the environment, 1,000 lines each, some with a weakness
that data flows into; the rules are the shipped ones. Wall time and processor time are told apart,
because the machine may be busy with other things.
"""

from __future__ import annotations

import asyncio
import sysconfig
import time
from pathlib import Path

import psutil

from copilot_ls import scanning
from copilot_ls.checks.draft import Draft
from copilot_ls.config import Settings
from copilot_ls.domain import Document, Edit
from copilot_ls.scanners.rulebook import own_rulebook
from copilot_ls.scanners.semgrep import SemgrepScanner
from indexer.model import Span
from indexer.resolve.outline import EmptyRepository

N_LINES = 1_000
_PACKAGES = ("flask", "jinja2", "django", "requests", "aiohttp", "pip", "rich", "pygments", "mypy")
_FLOW = """

def added_view():
    from flask import request
    name = request.args["name"]
    import os
    os.system("ls " + name)
"""


def documents(n: int) -> list[Document]:
    """Real modules of 1,000 lines and more, cut to that length."""
    packages = Path(sysconfig.get_path("purelib"))
    found: list[Document] = []
    for path in sorted(packages.glob("*/**/*.py")):
        if path.stat().st_size < 30_000 or "test" in path.name:
            continue
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        if len(lines) >= N_LINES:
            text = "".join(lines[:N_LINES]) + (_FLOW if len(found) % 2 else "")
            found.append(Document(path.as_uri(), path.name, "python", text))
    step = max(1, len(found) // n)
    return found[::step][:n]


def bench_patterns(texts: list[Document]) -> dict[str, list[float]]:
    """The rules that follow no data and the search for secrets, on whole documents."""
    live = scanning.live_check(Path.cwd(), Settings())
    assert live is not None
    live._quick(texts[0])
    wall, processor = [], []
    for document in texts:
        started, begun = time.perf_counter(), time.thread_time()
        live._quick(document)
        wall.append(1000 * (time.perf_counter() - started))
        processor.append(1000 * (time.thread_time() - begun))
    return {"wall": wall, "processor": processor}


def bench_suggestions(texts: list[Document]) -> dict[str, list[float]]:
    """The check of one suggestion with a weakness, in the middle of a document."""
    [*_, check] = scanning.suggestion_checks(Settings(), wait=True)
    wall, processor = [], []
    for document in texts:
        offset = document.text.find("\n", len(document.text) // 2) + 1
        draft = Draft(document, Edit(Span(offset, offset), "x = yaml.load(stream)\n"))
        list(check(draft, EmptyRepository()))
        started, begun = time.perf_counter(), time.thread_time()
        list(check(draft, EmptyRepository()))
        wall.append(1000 * (time.perf_counter() - started))
        processor.append(1000 * (time.thread_time() - begun))
    return {"wall": wall, "processor": processor}


async def bench_semgrep(texts: list[Document]) -> tuple[list[float], int, int]:
    """A scan by a process that waits; its memory while it waits, and at its largest."""
    engine = scanning.find_semgrep(None)
    assert engine is not None
    scanner = SemgrepScanner(engine, own_rulebook(), jobs=1, idle_seconds=60.0)
    times, resting, largest = [], 0, 0
    try:
        await scanner.warm()
        for document in texts:
            # People pause between two saves; the process that comes next reads its rules.
            await asyncio.sleep(1.0)
            assert scanner._ahead is not None
            process = psutil.Process(scanner._ahead._process.pid)
            resting = max(resting, process.memory_info().rss)
            started = time.perf_counter()
            scan = asyncio.create_task(scanner.scan([document], lambda _: None))
            while not scan.done():
                try:
                    largest = max(largest, process.memory_info().rss)
                except psutil.Error:
                    break
                await asyncio.sleep(0.002)
            await scan
            times.append(1000 * (time.perf_counter() - started))
    finally:
        await scanner.aclose()
    return times, resting, largest

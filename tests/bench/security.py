"""What security checks cost: in process, on a suggestion, by a waiting Semgrep, and its memory.

Texts are real code of other projects in the environment, 1,000 lines each, some with a weakness
that data flows into; the rules are the shipped ones. Other languages than Python are measured on
the code in a folder that ``COPILOT_LS_BENCH_CODE`` names. Wall time and processor time are told apart,
because the machine may be busy with other things.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import sysconfig
import time
from dataclasses import dataclass, replace
from pathlib import Path

import psutil

from copilot_ls import scanning, wiring
from copilot_ls.checks.draft import Draft
from copilot_ls.config import Settings
from copilot_ls.domain import Document, Edit
from copilot_ls.scanners.semgrep import SemgrepScanner
from indexer.model import Span
from indexer.resolve.outline import EmptyRepository

N_LINES = 1_000
_PACKAGES = ("flask", "jinja2", "django", "requests", "aiohttp", "pip", "rich", "pygments", "mypy")
_RISKS = re.compile(
    r"\b(request|subprocess|execute|urlopen|pickle|redirect|render|open|hashlib|session|environ)\b"
)
_MIN_LINES = 800
_MAX_LINE_CHARS = 2_000
_NOT_WRITTEN = re.compile(r"[Tt]est|vendor|node_modules|\.min\.|\.pb\.go|dist/|generated")
_DEFINITION = re.compile(r"( {4})?(@|def |async def |class )")
_RETURN = re.compile(r"^( {8,})return\b", re.MULTILINE)
_FLOW = """

def added_view():
    from flask import request
    name = request.args["name"]
    import os
    os.system("ls " + name)
"""


@dataclass(frozen=True, slots=True)
class Saves:
    """Milliseconds from a save to its findings, of the first look and of one after a change.

    Processor times are those of all processes together; memory is that of Semgrep, in bytes.
    """

    first: list[float]
    first_processor: list[float]
    again: list[float]
    again_processor: list[float]
    resting: int
    largest: int


def documents(n: int, *, dense: bool = False) -> list[Document]:
    """Real modules of 1,000 lines and more, cut to that length; ``dense`` ones name most risks."""
    packages = Path(sysconfig.get_path("purelib"))
    found: list[Document] = []
    for path in sorted(packages.glob("*/**/*.py")):
        if path.stat().st_size < 30_000 or "test" in path.name:
            continue
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        if len(lines) >= N_LINES:
            text = _up_to_a_definition(lines[:N_LINES]) + (_FLOW if len(found) % 2 else "")
            found.append(Document(path.as_uri(), path.name, "python", text))
    if dense:
        found.sort(key=lambda each: len(_RISKS.findall(each.text)))
        # One of each package, since some consist of modules that are all alike.
        densest = {each.uri.removeprefix(packages.as_uri()).split("/")[1]: each for each in found}
        return [each for each in reversed(found) if each in densest.values()][:n]
    step = max(1, len(found) // n)
    return found[::step][:n]


def documents_in(folder: Path, language: str, n: int) -> list[Document]:
    """Files of a language below a folder, cut to 1,000 lines at most where a definition ends."""
    found: list[Document] = []
    for path in sorted(folder.rglob("*")):
        named = _NOT_WRITTEN.search(path.relative_to(folder).as_posix())
        if named or wiring.language_of(path.name) != language or not path.is_file():
            continue
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines(keepends=True)
        if len(lines) < _MIN_LINES or max(map(len, lines)) > _MAX_LINE_CHARS:
            continue
        end = min(len(lines), N_LINES)
        while end > _MIN_LINES and end < len(lines) and not lines[end - 1].startswith("}"):
            end -= 1
        found.append(Document(path.as_uri(), path.name, language, "".join(lines[:end])))
    return found[:: max(1, len(found) // n)][:n]


def _up_to_a_definition(lines: list[str]) -> str:
    """Cut lines where they still parse."""
    starts = (n for n in range(len(lines) - 1, 0, -1) if _DEFINITION.match(lines[n]))
    return "".join(lines[: next(starts, len(lines))])


def bench_typing(texts: list[Document]) -> dict[str, list[float]]:
    """What is looked for while typing: on whole documents, then with one function changed."""
    settings = Settings()
    security_alone = replace(settings, docs=replace(settings.docs, enabled=False))
    live = scanning.live_check(Path.cwd(), security_alone)
    assert live is not None
    live._look(replace(texts[0], uri="file:///warm.py"), None)
    found: dict[str, list[float]] = {}
    for document in texts:
        changed = _changed(document.text)
        versions = [document.text, changed, changed.replace("bench_added", "bench_more")]
        for name, text in zip(("whole", "next", "after"), versions, strict=True):
            started, begun = time.perf_counter(), time.thread_time()
            live._look(replace(document, text=text), None)
            found.setdefault(name, []).append(1000 * (time.perf_counter() - started))
            found.setdefault(f"{name} processor", []).append(1000 * (time.thread_time() - begun))
    return found


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


async def bench_saves(texts: list[Document]) -> Saves:
    """What an editor shows on save, by a process that waits; then again, with one function changed."""
    live = scanning.live_check(Path.cwd(), Settings())
    assert live is not None
    saves = Saves([], [], [], [], 0, 0)
    await live.look_deeply(replace(texts[0], uri="file:///warm.py"))
    scanner = live._deep
    assert isinstance(scanner, SemgrepScanner)
    resting = largest = 0
    try:
        for document in texts:
            changed = replace(document, text=_changed(document.text))
            for given, wall, processor in (
                (document, saves.first, saves.first_processor),
                (changed, saves.again, saves.again_processor),
            ):
                # People pause between two saves; the next process starts meanwhile.
                await asyncio.sleep(0.7)
                assert scanner._ahead is not None
                process = psutil.Process(scanner._ahead._process.pid)
                resting = max(resting, process.memory_info().rss)
                started, begun = time.perf_counter(), time.process_time() + _seconds_of(process)
                look = asyncio.create_task(live.look_deeply(given))
                spent = 0.0
                while not look.done():
                    with contextlib.suppress(psutil.Error):
                        largest = max(largest, process.memory_info().rss)
                        spent = _seconds_of(process)
                    await asyncio.sleep(0.004)
                await look
                wall.append(1000 * (time.perf_counter() - started))
                processor.append(1000 * (time.process_time() + spent - begun))
    finally:
        await live.aclose()
    return replace(saves, resting=resting, largest=largest)


def _changed(text: str) -> str:
    """The text with one more statement in a function in its middle."""
    match = _RETURN.search(text, len(text) // 2) or _RETURN.search(text)
    if match is None:
        return text + "\n"
    return f"{text[: match.start()]}{match[1]}bench_added = open(name)\n{text[match.start() :]}"


def _seconds_of(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)

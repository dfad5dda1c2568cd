"""What keeping an index costs: building it, finding nothing to do, one saved file, memory, idling.

Processor time is told beside the clock, because it is steadier and says what others lose.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil

from copilot_ls import wiring
from copilot_ls.config import IndexSettings, Settings
from copilot_ls.models.scripted import say
from indexer.index import Index
from tests.bench.corpora import DJANGO, HOME_ASSISTANT, fetched
from tests.bench.editor import Editor

_WITHOUT_VECTORS = Settings(index=IndexSettings(vectors=False))
_IDLE_SECONDS = 30
_MAX_EMBEDDING_SECONDS = 60
_N_UNCHANGED = 10_000
_N_SAVED_LINES = 500

Times = list[tuple[float, float]]
"""Milliseconds on the clock and of the processor, workers included."""


def build_times() -> tuple[str, dict[str, Times]]:
    """Django: a first index (files/s in the title), nothing to do, one saved file, one name."""
    root = fetched(DJANGO)
    cold: Times = []
    unchanged: Times = []
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(3):
            location = Path(scratch) / str(number)
            with _opened(root, location) as index:
                cold.append(_timed(index.update))
                unchanged += [_timed(index.update) for _ in range(3)]
                n_files = index.status().n_files
        saved = _saved_times(root, location)
    clock, processor = (n_files / (min(column) / 1000) for column in zip(*cold, strict=True))
    title = (
        f"{DJANGO.requirement}: {n_files:,} files; at best {clock:,.0f} files/s on the clock,"
        f" {processor:,.0f} for a second of one processor"
    )
    return title, {"cold": cold, "unchanged": unchanged, "a saved file of 500 lines": saved}


def big_tree() -> tuple[str, list[tuple[str, str]]]:
    """A tree of a million lines: a first index, nothing to do, a saved file, the server's size."""
    root = fetched(HOME_ASSISTANT)
    rows: list[tuple[str, str]] = []
    with tempfile.TemporaryDirectory() as scratch:
        location = Path(scratch) / "index"
        with _opened(root, location) as index:
            rows.append(("cold", _told(_timed(index.update))))
            rows.append(("unchanged", _told(_timed(index.update))))
            status = index.status()
            store = f"{status.store_bytes / 1e6:,.0f} MB on disk"
        for clock, processor in sorted(_saved_times(root, location))[-2:]:
            rows.append(("a saved file of 500 lines, slowest", _told((clock, processor))))
        part = Path(scratch) / "part"
        _copy_some(root, part, _N_UNCHANGED)
        with _opened(part, Path(scratch) / "part_index") as index:
            index.update()
            rows.append((f"unchanged, {_N_UNCHANGED:,} files", _told(_timed(index.update))))
    title = f"{HOME_ASSISTANT.requirement}: {status.n_files:,} files, {status.n_chunks:,} chunks"
    return f"{title}, {store}", rows


async def server_size() -> list[tuple[str, str]]:
    """The real server on the big tree: memory after questions, and what it does while idle."""
    root = fetched(HOME_ASSISTANT)
    rows: list[tuple[str, str]] = []
    files = [path for path in sorted(root.rglob("*.py")) if 3_000 < path.stat().st_size < 60_000]
    async with Editor(root, script=[say(" ")], patience=600.0) as editor:
        server = psutil.Process(editor.process_id)
        rows.append(("server, while the first index is made", _memory(server)))
        await editor.indexed()
        rows.append(("server, index ready", _memory(server)))
        for path in files[:: len(files) // 50][:50]:
            text = path.read_text(encoding="utf-8")
            editor.open(path, text)
            n_lines = text.count("\n")
            for line in range(0, n_lines, max(1, n_lines // 4)):
                await editor.complete(path, line, 0)
        rows.append(("server, after 200 completions in 50 documents", _memory(server)))
        before, started = server.cpu_times(), time.perf_counter()
        time.sleep(_IDLE_SECONDS)  # noqa: ASYNC251 - nothing of ours shall run meanwhile
        after = server.cpu_times()
        spent = after.user + after.system - before.user - before.system
        share = 100 * spent / (time.perf_counter() - started)
        rows.append(("server, idle, share of one processor", f"{share:.2f} %"))
    return rows


def vector_times() -> list[tuple[str, str]]:
    """Django: chunks embedded in a second, and what that means for all of them."""
    root = fetched(DJANGO)
    embedder = wiring.open_embedder(Settings())
    if embedder is None:
        return [("vectors", "the local embedding model is not here: copilot-ls model pull")]
    with (
        closing(embedder),
        tempfile.TemporaryDirectory() as scratch,
        closing(wiring.open_index(root, Settings(), location=Path(scratch))) as index,
    ):
        index.update(with_vectors=False)
        n_chunks = index.status().n_chunks
        end = time.perf_counter() + _MAX_EMBEDDING_SECONDS
        report = index.make_vectors(should_stop=lambda: time.perf_counter() > end)
    rate = report.n_embedded / sum(report.seconds.values())
    return [
        (f"{embedder.name[:40]}", f"{rate:,.0f} chunks/s (n={report.n_embedded:,})"),
        (f"  for all {n_chunks:,} chunks of {DJANGO.requirement}", f"{n_chunks / rate:,.0f} s"),
    ]


@contextmanager
def _opened(root: Path, location: Path) -> Iterator[Index]:
    with closing(wiring.open_index(root, _WITHOUT_VECTORS, location=location)) as index:
        yield index


def _saved_times(root: Path, location: Path) -> Times:
    """A file of 500 lines is changed and saved; the corpus stays as it was."""
    lines = max(root.rglob("*.py"), key=lambda path: path.stat().st_size).read_text().splitlines()
    place = root / "copilot_ls_bench_saved.py"
    times: Times = []
    try:
        with _opened(root, location) as index:
            for number in range(30):
                text = "\n".join([*lines[:_N_SAVED_LINES], f"x = {number}"])
                place.write_text(text, encoding="utf-8")
                times.append(_timed(lambda: index.update([place.name])))
    finally:
        place.unlink()
    return times


def _copy_some(root: Path, to: Path, n_files: int) -> None:
    for path in sorted(root.rglob("*.*"))[:n_files]:
        place = to / path.relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        if path.is_file():
            shutil.copy2(path, place)


def _timed(work: Callable[[], object]) -> tuple[float, float]:
    started, before = time.perf_counter(), _processor_seconds()
    work()
    spent = _processor_seconds() - before
    return 1000 * (time.perf_counter() - started), 1000 * spent


def _processor_seconds() -> float:
    """Of this process and of its children that have ended."""
    if sys.platform == "win32":
        return time.process_time()
    import resource

    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def _told(times: tuple[float, float]) -> str:
    clock, processor = times
    return f"{clock:9,.0f} ms on the clock, {processor:9,.0f} ms of the processor"


def _memory(process: psutil.Process) -> str:
    return f"{process.memory_info().rss / 1e6:,.0f} MB"

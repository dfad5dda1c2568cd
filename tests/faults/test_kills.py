"""A killed update loses its last transaction at most; the next one goes on from there.

The long variant kills fifty times, and is run by hand: ``pytest -m long tests/faults``.
"""

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from indexer.embed.hashing import HashingEmbedder
from indexer.index import Index
from indexer.model import IndexOptions, IndexState, Query
from tests.faults.consistency import assert_consistent, bytes_on_disk, content

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX signals")

SOURCES = Path(__file__).parents[2] / "indexer"
FEW_SOURCES = SOURCES / "resolve"
UPDATE = (
    "import sys\n"
    "from pathlib import Path\n"
    "from indexer import update\n"
    "from indexer.embed.hashing import HashingEmbedder\n"
    "from indexer.index import Index\n"
    "from indexer.model import IndexOptions\n"
    "update._BYTES_PER_TRANSACTION = 100_000\n"
    "index = Index.open(Path(sys.argv[1]), Path(sys.argv[2]), options=IndexOptions(),"
    " embedder=HashingEmbedder())\n"
    "print(flush=True)\n"
    "index.update(rebuild=len(sys.argv) > 3)\n"
)


def copy_sources(sources: Path, root: Path, n_copies: int) -> None:
    for number in range(n_copies):
        shutil.copytree(sources, root / f"copy_{number}", ignore=shutil.ignore_patterns("*.pyc"))


def change(root: Path, chance: random.Random) -> None:
    """Edit, add, rename and remove some files, as a switch of branches does."""
    files = sorted(root.rglob("*.py"))
    for file in chance.sample(files, len(files) // 3):
        match chance.randrange(4):
            case 0:
                file.unlink()
            case 1:
                file.rename(file.with_name(f"moved_{chance.randrange(10**9)}_{file.name}"))
            case 2:
                file.with_name(f"new_{chance.randrange(10**9)}.py").write_text("def added(): ...\n")
            case _:
                with file.open("a") as stream:
                    stream.write(f"\n\ndef changed_{chance.randrange(10**9)}(): ...\n")


def run_and_kill(root: Path, location: Path, seconds: float | None, *more: str) -> float:
    """Run an update in a process, kill it after some time, and return how long it ran."""
    with subprocess.Popen(
        [sys.executable, "-c", UPDATE, str(root), str(location), *more], stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        started = time.perf_counter()
        descendants = psutil.Process(child.pid)
        try:
            child.wait(seconds)
        except subprocess.TimeoutExpired:
            workers = descendants.children(recursive=True)
            os.kill(child.pid, signal.SIGKILL)
            child.wait()
            psutil.wait_procs(workers, timeout=30)
            assert not any(worker.is_running() for worker in workers)
        else:
            assert child.returncode == 0
        return time.perf_counter() - started


def kill_often(tmp_path: Path, sources: Path, n_kills: int, n_copies: int) -> None:
    chance = random.Random(20_26)
    root, location = tmp_path / "root", tmp_path / "index"
    copy_sources(sources, root, n_copies)
    n_source = sum(path.stat().st_size for path in root.rglob("*.py"))
    whole = run_and_kill(root, location, None)
    for number in range(n_kills):
        kind = ("build", "update", "rebuild")[number % 3]
        if kind == "build":
            shutil.rmtree(location)
        elif kind == "update":
            change(root, chance)
        before = 0 if kind == "build" else assert_consistent(location)
        more = ("rebuild",) if kind == "rebuild" else ()
        run_and_kill(root, location, chance.uniform(0.0, whole), *more)
        kept = assert_consistent(location)
        if kind == "rebuild":
            assert kept == before, "the old generation answers until the new one is complete"
        assert bytes_on_disk(location) < 60 * n_source + (32 << 20)
        with_index(root, location)
        assert bytes_on_disk(location) < 30 * n_source + (32 << 20)
    fresh = tmp_path / "fresh"
    run_and_kill(root, fresh, None)
    assert content(location) == content(fresh)


def with_index(root: Path, location: Path) -> None:
    """What an editor does next: open, ask, bring up to date, ask again."""
    index = Index.open(root, location, options=IndexOptions(), embedder=HashingEmbedder())
    index.search(Query("read a source file"))
    report = index.update()
    assert index.state is IndexState.READY
    assert not any("damaged" in problem.message for problem in report.problems)
    n_files = len(list(root.rglob("*.py")))
    assert index.status().n_files >= n_files
    assert assert_consistent(location) == index.status().n_files
    (hit, *_) = index.search(Query("definitions of a name"))
    assert "meaning" in hit.signals
    assert index.status().vectors == "open in this process"
    index.close()


@pytest.fixture(autouse=True)
def _leave_no_process() -> Iterator[None]:
    yield
    assert psutil.Process().children(recursive=True) == []


def test_an_update_that_is_killed_at_any_moment_is_completed_by_the_next(tmp_path: Path) -> None:
    kill_often(tmp_path, FEW_SOURCES, 3, 1)


@pytest.mark.long
def test_fifty_kills(tmp_path: Path) -> None:
    kill_often(tmp_path, SOURCES, 50, 4)

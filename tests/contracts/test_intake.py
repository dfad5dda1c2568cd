"""Files taken in by other processes: the same rows in the same order, whatever a file does."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import pytest

from indexer import scan
from indexer.intake import pool
from indexer.intake.pool import Taken, take_in_all
from indexer.model import FileStamp, IndexOptions, Skipped, SkipReason
from indexer.store.records import FileRows

OPTIONS = IndexOptions()
FAULTY = (sys.executable, "-m", "tests.fakes.faulty_worker")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    for number in range(80):
        (root / f"m{number:02}.py").write_text(f"def function_{number}(x: int = {number}): ...\n")
    (root / "data.py").write_bytes(b"\0\1")
    (root / "häßlich.py").write_bytes("ä = 'ö'\n".encode("latin-1"))
    return root


def stamps(root: Path) -> list[FileStamp]:
    return list(scan.scan(root, OPTIONS).files.values())


def taken(root: Path, **arguments: int) -> list[Taken]:
    return list(take_in_all(root, stamps(root), OPTIONS, **arguments))


def children() -> list[psutil.Process]:
    return psutil.Process().children()


def test_processes_give_what_this_one_gives_in_the_same_order(root: Path) -> None:
    here = taken(root, n_workers=0)
    assert taken(root, n_workers=2) == here
    assert [each.path for each in here] == sorted(path.name for path in root.iterdir())
    assert here[0] == Skipped("data.py", SkipReason.BINARY)
    assert children() == []


def test_few_files_start_no_process(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "WORKER", ("no such program",))
    assert len(taken(root)) == 82


@pytest.mark.parametrize("command", [("no such program",), (sys.executable, "-c", "")])
def test_without_processes_it_goes_on_here(
    root: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    monkeypatch.setattr(pool, "WORKER", command)
    assert taken(root, n_workers=2) == taken(root, n_workers=0)


@pytest.fixture
def faulty(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(pool, "WORKER", FAULTY)
    yield root
    assert children() == []


def names(rows: Taken) -> list[object]:
    assert isinstance(rows, FileRows)
    return [row[0] for row in rows.symbols]


def test_a_file_that_kills_its_process_once_is_tried_again(faulty: Path) -> None:
    (faulty / "once.py").write_text("def survivor(): ...\n")
    by_path = {each.path: each for each in taken(faulty, n_workers=2)}
    assert len(by_path) == 83
    assert names(by_path["once.py"]) == ["survivor"]


@pytest.mark.parametrize(
    "name",
    [
        "dies.py",
        pytest.param(
            "hangs.py",
            marks=pytest.mark.skipif(
                sys.platform == "win32", reason="Windows has no limit of processor time"
            ),
        ),
    ],
)
def test_a_file_that_breaks_the_parser_is_indexed_as_text_and_harms_no_other(
    faulty: Path, name: str
) -> None:
    (faulty / name).write_text("def unseen(): ...\n")
    by_path = {each.path: each for each in taken(faulty, n_workers=2)}
    assert len(by_path) == 83
    broken = by_path.pop(name)
    assert names(broken) == []
    assert isinstance(broken, FileRows)
    assert "unseen" in str(broken.chunk_words)
    assert [problem.message for problem in broken.found_problems()] == [
        "broke the parser or took too long; only its text is indexed"
    ]
    assert sum(isinstance(each, FileRows) and names(each) != [] for each in by_path.values()) == 81


def test_a_file_that_kills_whoever_reads_it_is_left_out(faulty: Path) -> None:
    (faulty / "always.py").write_text("x = 1\n")
    by_path = {each.path: each for each in taken(faulty, n_workers=1)}
    assert by_path["always.py"] == Skipped("always.py", SkipReason.HARMFUL)
    assert len(by_path) == 83


def test_a_process_that_does_not_answer_is_ended(
    faulty: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Its own limit of processor time does not count while it sleeps.
    monkeypatch.setattr(pool, "WORKER", (sys.executable, "-c", "import sys, time; time.sleep(600)"))
    monkeypatch.setattr(pool, "MAX_SECONDS_WITHOUT_ANSWER", 0.0)
    assert len(taken(faulty, n_workers=1)) == 82


def test_who_stops_early_leaves_no_process(root: Path) -> None:
    with closing(take_in_all(root, stamps(root), OPTIONS, n_workers=2)) as coming:
        next(coming)
        assert len(children()) == 2
    assert children() == []


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_a_killed_parent_leaves_no_process(root: Path) -> None:
    import subprocess

    script = (
        "import os, sys, psutil\n"
        "from pathlib import Path\n"
        "from tests.contracts.test_intake import *\n"
        "coming = take_in_all(Path(sys.argv[1]), stamps(Path(sys.argv[1])), OPTIONS, n_workers=2)\n"
        "next(coming)\n"
        "print(*(child.pid for child in children()), flush=True)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(root)],
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    pids = [int(word) for word in done.stdout.split()]
    assert len(pids) == 2
    deadline = time.monotonic() + 30
    while any(map(_is_running, pids)):
        assert time.monotonic() < deadline


def _is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False

"""What the machine and the repository may do to an index, each for real."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from indexer.embed.hashing import HashingEmbedder
from indexer.errors import IndexerError
from indexer.index import Index
from indexer.model import IndexOptions, IndexState, Query, SkipReason
from tests.faults.consistency import assert_consistent, bytes_on_disk, content

OPTIONS = IndexOptions(vectors=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    for number in range(30):
        (root / f"m{number}.py").write_text(f"def function_{number}(x: int) -> int: ...\n")
    return root


@pytest.fixture
def location(tmp_path: Path) -> Path:
    return tmp_path / "index"


@pytest.fixture
def open_index(root: Path, location: Path) -> Iterator[Callable[[], Index]]:
    opened: list[Index] = []

    def open_() -> Index:
        opened.append(Index.open(root, location, options=OPTIONS))
        return opened[-1]

    yield open_
    for index in opened:
        index.close()


def git(root: Path, *arguments: str) -> None:
    identity = ("-c", "user.name=a", "-c", "user.email=a@b", "-c", "protocol.file.allow=always")
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


def run_in_child(script: str, *arguments: object) -> str:
    """Run a script in a process of its own, because it changes that; returns what it printed."""
    done = subprocess.run(
        [sys.executable, "-c", script, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        timeout=120,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# -- the disk


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of a file's size")
@pytest.mark.parametrize("limit", [0, 120_000])
def test_a_disk_that_fills_up_is_an_error_with_a_remedy_and_harms_nothing(
    open_index: Callable[[], Index], root: Path, location: Path, limit: int
) -> None:
    for number in range(300):
        (root / f"more_{number}.py").write_text(f"def more_{number}(x: int) -> int: ...\n" * 5)
    script = (
        "import resource, signal, sys\n"
        "from pathlib import Path\n"
        "from indexer.errors import IndexerError\n"
        "from indexer.index import Index\n"
        "from indexer.model import IndexOptions\n"
        "root, location, limit = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))\n"
        "index = Index.open(root, location, options=IndexOptions(vectors=False))\n"
        "try:\n"
        "    index.update()\n"
        "except IndexerError as error:\n"
        "    print(error.remedy)\n"
    )
    remedy = run_in_child(script, root, location, limit)
    assert "space" in remedy
    assert_consistent(location)
    index = open_index()
    index.lookup("function_1")
    index.update()
    assert index.state is IndexState.READY
    assert assert_consistent(location) == 330


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX users")
@pytest.mark.parametrize("built", [True, False])
def test_a_cache_that_may_not_be_written_is_read_and_said(
    open_index: Callable[[], Index], root: Path, location: Path, built: bool
) -> None:
    if built:
        open_index().update()
    else:
        location.mkdir()
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from indexer.errors import IndexerError\n"
        "from indexer.index import Index\n"
        "from indexer.model import IndexOptions\n"
        "root, location = Path(sys.argv[1]), Path(sys.argv[2])\n"
        # What is imported later could not be read any more.
        "warm = Index.open(root, location.with_name('warm'), options=IndexOptions(vectors=False))\n"
        "warm.update(), warm.status()\n"
        "os.chmod(location, 0o555)\n"
        "for file in location.iterdir():\n"
        "    os.chmod(file, 0o444)\n"
        # Nobody is kept from anything as root.
        "if os.geteuid() == 0:\n"
        "    for folder in (root, *location.parents):\n"
        "        os.chmod(folder, os.stat(folder).st_mode | 0o055)\n"
        "    os.setuid(65534)\n"
        "index = Index.open(root, location, options=IndexOptions(vectors=False))\n"
        "print(len(index.lookup('function_1')), index.status().n_files)\n"
        "try:\n"
        "    index.update()\n"
        "except IndexerError as error:\n"
        "    print(error.remedy)\n"
    )
    try:
        found, remedy = run_in_child(script, root, location).splitlines()
    finally:
        location.chmod(0o755)
        for file in location.iterdir():
            file.chmod(0o644)
    assert found == ("1 30" if built else "0 0")
    assert "permissions" in remedy
    assert open_index().update().plan is not None


# -- the clock


@pytest.mark.parametrize("years", [-30, 30])
def test_a_clock_that_jumps_hides_no_change(
    open_index: Callable[[], Index], root: Path, years: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = open_index()
    real = time.time_ns
    monkeypatch.setattr(time, "time_ns", lambda: real() + years * 31_536_000_000_000_000)
    index.update()
    generation = [index.lookup("function_1")]
    monkeypatch.undo()
    (root / "m1.py").write_text("def function_X(x: int) -> int: ...\n")
    assert index.update().plan.changed == ("m1.py",)
    assert index.lookup("function_1") != generation
    os.utime(root / "m2.py", (4_000_000_000, 4_000_000_000))
    os.utime(root / "m3.py", (0, 0))
    assert index.update().plan.is_empty
    (root / "m2.py").write_text("def function_Y(x: int) -> int: ...\n")
    os.utime(root / "m2.py", (4_000_000_000, 4_000_000_000))
    assert index.update().plan.changed == ("m2.py",)


# -- other writers


def test_a_file_that_changes_while_it_is_read_is_right_in_the_end(
    open_index: Callable[[], Index], root: Path, location: Path
) -> None:
    index = open_index()
    is_done = threading.Event()

    def write() -> None:
        chance = random.Random(1)
        while not is_done.is_set():
            (root / "m1.py").write_text(f"def name_{chance.randrange(10**6)}(): ...\n" * 50)
            with (root / "m2.py").open("a") as file:
                file.write(f"def name_{chance.randrange(10**6)}(): ...\n")

    thread = threading.Thread(target=write)
    thread.start()
    for number in range(12):
        index.update(["m1.py", "m2.py"] if number % 2 else None)
    is_done.set()
    thread.join()
    index.update()
    for name in ("m1.py", "m2.py"):
        (line, *_) = (root / name).read_text().splitlines()[-1:]
        assert any(symbol.path == name for symbol in index.lookup(line[4:-7]))
    assert_consistent(location)


def test_what_is_saved_during_a_whole_update_is_not_replaced_by_what_was_read_before(
    open_index: Callable[[], Index], root: Path
) -> None:
    saver, builder = open_index(), open_index()
    builder.update()
    for number in range(30):
        (root / f"m{number}.py").write_text(f"def read_{number}(): ...\n")
    has_saved = False

    def save_meanwhile(_: object) -> None:
        nonlocal has_saved
        if not has_saved and builder.lookup("function_0"):
            has_saved = True
            (root / "m0.py").write_text("def saved(): ...\n")
            saver.update(["m0.py"])

    builder.update(on_progress=save_meanwhile)
    assert has_saved
    assert [len(builder.lookup(n)) for n in ("saved", "read_0", "read_1")] == [1, 0, 1]


@pytest.mark.parametrize(
    ("n_writers", "n_rounds", "vectors"),
    [(2, 6, False), pytest.param(4, 60, True, marks=pytest.mark.long)],
)
def test_writers_and_readers_in_several_processes_agree_in_the_end(
    root: Path, location: Path, tmp_path: Path, n_writers: int, n_rounds: int, vectors: bool
) -> None:
    script = (
        "import random, sys\n"
        "from pathlib import Path\n"
        "from indexer.embed.hashing import HashingEmbedder\n"
        "from indexer.errors import IndexLocked\n"
        "from indexer.index import Index\n"
        "from indexer.model import IndexOptions, Query\n"
        "root, location = Path(sys.argv[1]), Path(sys.argv[2])\n"
        "seed, rounds, vectors = map(int, sys.argv[3:])\n"
        "chance = random.Random(seed)\n"
        "options, embedder = IndexOptions(vectors=bool(vectors)), HashingEmbedder()\n"
        "index = Index.open(root, location, options=options, embedder=embedder)\n"
        "for number in range(rounds):\n"
        "    path = f'm{chance.randrange(30)}.py'\n"
        "    (root / path).write_text(f'def by_{seed}_{number}(x: int): ...\\n' * chance.randrange(9))\n"
        "    try:\n"
        "        if chance.random() < 0.3:\n"
        "            index.update(rebuild=chance.random() < 0.3)\n"
        "        else:\n"
        "            index.update([path], with_vectors=False)\n"
        "    except IndexLocked:\n"
        "        pass\n"
        "    index.search(Query('a function by somebody'))\n"
        "    index.lookup('function_3')\n"
        "index.close()\n"
    )
    writers = [
        subprocess.Popen(
            [
                sys.executable,
                "-c",
                script,
                root,
                location,
                str(seed),
                str(n_rounds),
                str(int(vectors)),
            ],
            stderr=subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        for seed in range(n_writers)
    ]
    for writer in writers:
        _, errors = writer.communicate(timeout=500)
        # Where others write without a pause, a search may have to do without the vectors.
        others = [line for line in errors.splitlines() if b"searching without vectors" not in line]
        assert (writer.returncode, others) == (0, [])
    options = IndexOptions(vectors=vectors)
    index = Index.open(root, location, options=options, embedder=HashingEmbedder())
    index.update()
    index.close()
    fresh = Index.open(root, tmp_path / "fresh", options=options, embedder=HashingEmbedder())
    fresh.update()
    fresh.close()
    assert_consistent(location)
    assert content(location) == content(tmp_path / "fresh")
    assert len(list(location.glob("*.sqlite"))) == 1


# -- the repository


def test_strange_files_are_indexed_or_named(open_index: Callable[[], Index], root: Path) -> None:
    files: dict[str, bytes] = {
        "utf16.py": "def in_utf16(): ...\n".encode("utf-16"),
        "bom.py": "def with_bom(): ...\n".encode("utf-8-sig"),
        "crlf.py": b"def with_crlf():\r\n    pass\r\n",
        "cr.py": b"def with_cr():\r    pass\r",
        "latin.py": b"def in_latin(): return '\xe9'\n",
        "nul.py": b"def with_nul(): return '\0'\n",
        "torn.py": b"def torn(): return '\xe2\x82'\n",
        "empty.py": b"",
        "blank.py": b"\n" * 5_000,
        "deep.py": b"(" * 30_000,
        "nested.py": b"".join(b" " * n + b"if x:\n" for n in range(600)),
        "long.py": b"x = '" + b"y" * 400_000 + b"'\n",
        "deep.json": b"[" * 100_000,
        "names/with space and \xc3\xa9.py": b"def spaced(): ...\n",
    }
    for name, data in files.items():
        place = root / name
        place.parent.mkdir(exist_ok=True)
        place.write_bytes(data)
        # What was written this second is read again the next time.
        os.utime(place, (1, 1))
    with (root / "huge.json").open("wb") as file:
        file.write(b'{"a": [')
        file.truncate(200_000_000)
    (root / "loop").symlink_to(root)
    (root / "itself.py").symlink_to(root / "itself.py")
    (root / "there.py").symlink_to(root / "back.py")
    (root / "back.py").symlink_to(root / "there.py")
    index = open_index()
    for _ in range(2):
        index.update()
        for name in ("in_utf16", "with_bom", "with_crlf", "in_latin", "spaced", "function_1"):
            assert len(index.lookup(name)) == 1, name
        reasons = {entry.path: entry.reason for entry in index.skipped()}
        assert reasons["huge.json"] is SkipReason.TOO_LARGE
        assert reasons["nul.py"] is SkipReason.BINARY
        assert not any("loop" in path for path in reasons)
    assert index.update().plan.is_empty


def test_a_switch_of_branches_is_followed(open_index: Callable[[], Index], root: Path) -> None:
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "one")
    index = open_index()
    index.update()
    git(root, "checkout", "-q", "-b", "other")
    git(root, "rm", "-q", "m1.py")
    git(root, "mv", "m2.py", "M2.py")
    git(root, "mv", "m3.py", "moved.py")
    (root / "added.py").write_text("def added(): ...\n")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "two")
    plan = index.update().plan
    assert plan.added == ("M2.py", "added.py", "moved.py")
    assert plan.removed == ("m1.py", "m2.py", "m3.py")
    assert [s.path for s in index.lookup("function_2")] == ["M2.py"]
    git(root, "checkout", "-q", "main")
    assert [s.path for s in index.lookup("function_2")] == ["M2.py"]
    index.update()
    assert [len(index.lookup(n)) for n in ("added", "function_1")] == [0, 1]
    assert [s.path for s in index.lookup("function_2")] == ["m2.py"]


def test_submodules_come_and_go(
    open_index: Callable[[], Index], root: Path, tmp_path: Path
) -> None:
    other = tmp_path / "library"
    other.mkdir()
    (other / "lib.py").write_text("def from_the_library(): ...\n")
    for repository in (other, root):
        git(repository, "init", "-q", "-b", "main")
        git(repository, "add", "-A")
        git(repository, "commit", "-q", "-m", "one")
    git(root, "submodule", "--quiet", "add", str(other), "parts/library")
    git(root, "commit", "-q", "-m", "two")
    index = open_index()
    index.update()
    assert [s.path for s in index.lookup("from_the_library")] == ["parts/library/lib.py"]
    git(root, "submodule", "--quiet", "deinit", "-f", "parts/library")
    assert index.update().plan.removed == ("parts/library/lib.py",)
    (root / "parts" / "library").rmdir()
    assert index.update().plan.is_empty
    assert index.lookup("function_1")


def test_each_work_tree_has_its_own_files(
    open_index: Callable[[], Index], root: Path, tmp_path: Path
) -> None:
    git(root, "init", "-q", "-b", "main")
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", "one")
    git(root, "worktree", "add", "-q", "-b", "side", str(tmp_path / "side"))
    (tmp_path / "side" / "only_here.py").write_text("def only_here(): ...\n")
    index = open_index()
    index.update()
    assert index.lookup("only_here") == []
    side = Index.open(tmp_path / "side", tmp_path / "other", options=OPTIONS)
    side.update()
    assert side.lookup("only_here")
    assert side.status().n_files == 31
    side.close()


@pytest.mark.long
def test_a_hundred_thousand_tiny_files(tmp_path: Path, location: Path) -> None:
    root = tmp_path / "many"
    (root / "flat").mkdir(parents=True)
    for number in range(100_000):
        (root / "flat" / f"m{number}.py").write_text(f"def function_{number}(): ...\n")
    index = Index.open(root, location, options=OPTIONS)
    seconds = []
    for _ in range(2):
        started = time.perf_counter()
        report = index.update()
        seconds.append(time.perf_counter() - started)
    assert report.plan.is_empty
    assert len(index.lookup("function_99999")) == 1
    assert index.search(Query("function 77"))
    assert bytes_on_disk(location) < 400_000_000
    print(f"100,000 files: {seconds[0]:.1f} s cold, {seconds[1]:.1f} s unchanged")
    index.close()


def test_a_removed_repository_is_refused_and_its_index_answers(
    open_index: Callable[[], Index], root: Path
) -> None:
    index = open_index()
    index.update()
    root.rename(root.with_name("elsewhere"))
    with pytest.raises(IndexerError):
        index.update()
    assert index.lookup("function_1")

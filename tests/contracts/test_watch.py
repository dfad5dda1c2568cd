"""Changes on disk are told as they happen, for the folders that hold indexed files."""

import queue
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from indexer.model import IndexOptions
from indexer.watch import FolderWatch

PATIENCE = 30.0
Hear = Callable[[], list[str] | None]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "a.py").write_text("x = 1\n")
    (tmp_path / "data").mkdir()
    return tmp_path


@pytest.fixture
def watch(root: Path) -> Iterator[FolderWatch]:
    watch = FolderWatch(root, IndexOptions(), lambda: ["src"])
    yield watch
    watch.close()


@pytest.fixture
def hear(watch: FolderWatch) -> Iterator[Hear]:
    """What is told next; listening has begun when it was first called."""
    told: queue.Queue[list[str] | None] = queue.Queue()

    def listen() -> None:
        for paths in watch.changes():
            told.put(paths)

    thread = threading.Thread(target=listen)
    thread.start()
    assert told.get(timeout=PATIENCE) is None
    yield lambda: told.get(timeout=PATIENCE)
    watch.close()
    thread.join(PATIENCE)
    assert not thread.is_alive()


def test_changed_added_and_removed_files_are_told(root: Path, hear: Hear) -> None:
    (root / "src" / "a.py").write_text("x = 2\n")
    assert hear() == ["src/a.py"]
    (root / "b.md").write_text("# Added\n")
    assert hear() == ["b.md"]
    (root / "b.md").unlink()
    assert hear() == ["b.md"]


def test_what_is_not_indexed_is_not_told(root: Path, hear: Hear) -> None:
    (root / "data" / "not_watched.py").write_text("x = 1\n")
    (root / "image.png").write_bytes(b"x")
    (root / "node_modules").mkdir()
    (root / "node_modules" / "a.js").write_text("x\n")
    (root / "src" / "a.py").write_text("x = 3\n")
    assert hear() == ["src/a.py"]


def test_a_new_folder_is_told_and_watched_with_all_that_is_in_it(root: Path, hear: Hear) -> None:
    (root / "src" / "new").mkdir()
    assert hear() == ["src/new"]
    # Told again when it is watched itself, for what was written in between.
    assert hear() == ["src/new"]
    (root / "src" / "new" / "deep").mkdir()
    assert hear() == ["src/new/deep"]
    assert hear() == ["src/new/deep"]
    (root / "src" / "new" / "deep" / "c.py").write_text("x = 1\n")
    assert hear() == ["src/new/deep/c.py"]


def test_new_rules_mean_anything_may_have_changed(root: Path, hear: Hear) -> None:
    (root / ".copilotignore").write_text("src\n")
    assert hear() is None


def test_folders_that_an_update_found_are_watched_after_another_look(root: Path) -> None:
    folders = ["src"]
    watch = FolderWatch(root, IndexOptions(), lambda: folders)
    told: queue.Queue[list[str] | None] = queue.Queue()
    thread = threading.Thread(target=lambda: [told.put(paths) for paths in watch.changes()])
    thread.start()
    assert told.get(timeout=PATIENCE) is None
    folders.append("data")
    watch.look_again()
    assert told.get(timeout=PATIENCE) == ["data"]
    (root / "data" / "a.py").write_text("x = 1\n")
    assert told.get(timeout=PATIENCE) == ["data/a.py"]
    watch.close()
    thread.join(PATIENCE)
    assert not thread.is_alive()

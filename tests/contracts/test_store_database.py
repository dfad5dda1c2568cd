"""The index file: its states, its damage, its writers and readers."""

import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.errors import IndexCorrupt, IndexerError, IndexLocked
from indexer.model import IndexState
from indexer.store import generations, lock
from indexer.store.database import (
    APPLICATION_ID,
    SCHEMA_VERSION,
    Database,
    decide_state,
    get_meta,
    set_meta,
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "index")
    database.create(root="/repository")
    with database.writing() as connection:
        set_meta(connection, "options", "o")
    yield database
    database.close()


def meta(database: Database, key: str) -> str:
    with database.reading() as connection:
        assert connection is not None
        return get_meta(connection, key)


@pytest.mark.parametrize(
    ("exists", "application_id", "version", "stored", "state"),
    [
        (False, 0, 0, "", IndexState.MISSING),
        (True, 0, 0, "", IndexState.MISSING),
        (True, 7, SCHEMA_VERSION, "o", IndexState.CORRUPT),
        (True, APPLICATION_ID, SCHEMA_VERSION + 1, "o", IndexState.SCHEMA_CHANGED),
        (True, APPLICATION_ID, SCHEMA_VERSION, "x", IndexState.OPTIONS_CHANGED),
        (True, APPLICATION_ID, SCHEMA_VERSION, "o", IndexState.READY),
    ],
)
def test_one_function_decides_the_state(
    exists: bool, application_id: int, version: int, stored: str, state: IndexState
) -> None:
    decided = decide_state(
        exists=exists,
        application_id=application_id,
        schema_version=version,
        stored_options=stored,
        options="o",
    )
    assert decided is state


def test_a_folder_without_an_index_is_missing_and_is_not_created_by_asking(tmp_path: Path) -> None:
    database = Database(tmp_path / "none")
    assert database.state("o") is IndexState.MISSING
    with database.reading() as connection:
        assert connection is None
    assert not (tmp_path / "none").exists()


def test_a_failed_transaction_leaves_nothing(database: Database) -> None:
    with pytest.raises(KeyError), database.writing() as connection:  # noqa: PT012
        set_meta(connection, "half", "written")
        raise KeyError
    assert meta(database, "half") == ""


def test_a_reader_keeps_its_view_while_another_writes(database: Database) -> None:
    with database.reading() as connection:
        assert connection is not None
        assert get_meta(connection, "word") == ""
        with database.writing() as writer:
            set_meta(writer, "word", "new")
        assert get_meta(connection, "word") == ""
    assert meta(database, "word") == "new"


def test_a_writer_killed_in_a_transaction_leaves_the_last_state(database: Database) -> None:
    script = (
        "import sys, signal, os\n"
        "from pathlib import Path\n"
        "from indexer.store.database import Database, set_meta\n"
        "database = Database(Path(sys.argv[1]))\n"
        "with database.writing() as connection:\n"
        "    set_meta(connection, 'kept', 'yes')\n"
        "with database.writing() as connection:\n"
        "    set_meta(connection, 'kept', 'no')\n"
        "    connection.execute('PRAGMA cache_spill = 1')\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(database.location)], check=False, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    assert meta(database, "kept") == "yes"
    assert database.is_sound()


@pytest.mark.parametrize(
    "content", [b"not a database at all" * 300, b"SQLite format 3\0" + b"\xff" * 4000]
)
def test_a_file_that_is_no_database_is_corrupt_and_is_replaced(
    tmp_path: Path, content: bytes
) -> None:
    database = Database(tmp_path)
    (tmp_path / generations.FIRST).write_bytes(content)
    assert database.state("o") is IndexState.CORRUPT
    publish(database, is_damaged=True)
    assert database.state("") is IndexState.READY
    assert (tmp_path / generations.DAMAGED).read_bytes() == content
    assert len(list(tmp_path.glob("*.sqlite"))) == 1
    database.close()


def test_a_foreign_database_is_corrupt_and_never_emptied_in_place(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / generations.FIRST)
    connection.execute("PRAGMA application_id = 12")
    connection.execute("CREATE TABLE theirs (x)")
    connection.close()
    assert Database(tmp_path).state("o") is IndexState.CORRUPT


def test_a_torn_page_is_found_by_the_check(database: Database) -> None:
    with database.writing() as connection:
        for number in range(2_000):
            set_meta(connection, f"key {number}", "x" * 100)
    database.trim()
    database.close()
    with (database.location / generations.FIRST).open("r+b") as file:
        file.seek(4096 * 3)
        file.write(os.urandom(4096 * (database.size // 4096 - 4)))
    again = Database(database.location)
    assert not again.is_sound()
    with pytest.raises(IndexCorrupt), again.reading() as connection:  # noqa: PT012
        assert connection is not None
        connection.execute("SELECT count(*), max(value) FROM meta").fetchall()
    again.close()


def test_a_truncated_file_is_corrupt(database: Database) -> None:
    database.trim()
    database.close()
    path = database.location / generations.FIRST
    path.write_bytes(path.read_bytes()[:6_000])
    again = Database(database.location)
    assert not again.is_sound() or again.state("o") is IndexState.CORRUPT
    again.close()


def publish(database: Database, *, is_damaged: bool = False) -> None:
    fresh = database.new_generation(root="/repository", purpose="p")
    database.publish(fresh, is_damaged=is_damaged)


def test_a_new_generation_keeps_the_embeddings(database: Database) -> None:
    with database.writing() as connection:
        connection.execute("INSERT INTO embeddings VALUES ('hash', 'model', x'00')")
        set_meta(connection, "vectors_state", "clean")
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 5}")
    assert database.state("o") is IndexState.SCHEMA_CHANGED
    publish(database)
    assert database.state("") is IndexState.READY
    with database.reading() as connection:
        assert connection is not None
        assert connection.execute("SELECT text_hash FROM embeddings").fetchall() == [("hash",)]
        assert connection.execute("SELECT count(*) FROM files").fetchone() == (0,)
    assert meta(database, "vectors_state") == "clean"


def test_the_old_generation_answers_until_the_new_one_is_published(database: Database) -> None:
    reader = Database(database.location)
    with database.writing() as connection:
        set_meta(connection, "word", "old")
    fresh = database.new_generation(root="/repository", purpose="p")
    with fresh.writing() as connection:
        set_meta(connection, "word", "new")
    assert [meta(each, "word") for each in (database, reader, fresh)] == ["old", "old", "new"]
    with reader.reading() as connection:
        assert connection is not None
        assert get_meta(connection, "word") == "old"
        database.publish(fresh, is_damaged=False)
        assert get_meta(connection, "word") == "old"
    assert [meta(each, "word") for each in (database, reader)] == ["new", "new"]
    assert list(database.location.glob("*.sqlite")) == [database.path]
    reader.close()


@pytest.mark.parametrize(("purpose", "word"), [("p", "half"), ("another", "")])
def test_an_unfinished_generation_is_taken_up_again_for_the_same_purpose_alone(
    database: Database, purpose: str, word: str
) -> None:
    left = database.new_generation(root="/repository", purpose="p")
    with left.writing() as connection:
        set_meta(connection, "word", "half")
    left.close()
    again = database.new_generation(root="/repository", purpose=purpose)
    assert meta(again, "word") == word
    assert set(database.location.glob("*.sqlite")) == {database.path, again.path}
    again.close()
    database.remove_leftovers()
    assert list(database.location.glob("*.sqlite")) == [database.path]


@pytest.mark.parametrize("content", ["", "../../etc/passwd", "index-0123456789ab.sqlite"])
def test_a_pointer_to_nowhere_is_a_missing_index_at_most(database: Database, content: str) -> None:
    (database.location / "current").write_text(content)
    expected = IndexState.MISSING if content.startswith("index") else IndexState.READY
    assert Database(database.location).state("o") is expected


def test_a_removed_folder_is_missing_at_the_next_question(database: Database) -> None:
    assert database.state("o") is IndexState.READY
    shutil.rmtree(database.location)
    assert database.state("o") is IndexState.MISSING
    with pytest.raises(IndexerError, match="removed"), database.writing():
        pass


def test_a_replaced_file_is_noticed(database: Database, tmp_path: Path) -> None:
    other = Database(tmp_path / "other")
    other.create(root="/elsewhere")
    other.trim()
    other.close()
    assert meta(database, "root") == "/repository"
    shutil.rmtree(database.location)
    shutil.copytree(tmp_path / "other", database.location)
    assert meta(database, "root") == "/elsewhere"


def test_a_folder_in_place_of_the_file_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / generations.FIRST).mkdir()
    with pytest.raises(IndexerError) as caught:
        Database(tmp_path).state("o")
    assert caught.value.remedy


def test_a_location_below_a_file_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(IndexerError) as caught:
        Database(tmp_path / "file" / "index").create(root="/")
    assert caught.value.remedy
    with pytest.raises(IndexerError) as caught, lock.hold(tmp_path / "file" / "index"):
        pass
    assert caught.value.remedy


def test_a_full_disk_keeps_the_last_state(database: Database) -> None:
    with pytest.raises(IndexerError, match="disk is full") as caught, database.writing() as writer:  # noqa: PT012
        (pages,) = writer.execute("PRAGMA page_count").fetchone()
        writer.execute(f"PRAGMA max_page_count = {pages + 1}")
        for number in range(1_000):
            set_meta(writer, f"key {number}", "x" * 1_000)
    assert "space" in caught.value.remedy
    assert meta(database, "key 1") == ""
    assert database.is_sound()


def test_a_write_that_would_fill_the_disk_is_refused(database: Database) -> None:
    database.require_space(0)
    with pytest.raises(IndexerError, match="disk space"):
        database.require_space(1 << 60)


def test_the_second_writer_is_told_who_the_first_is(tmp_path: Path) -> None:
    with (
        lock.hold(tmp_path),
        pytest.raises(IndexLocked, match=f"process {os.getpid()}"),
        lock.hold(tmp_path),
    ):
        pass
    assert lock.holder_of(tmp_path) == 0
    with lock.hold(tmp_path):
        assert lock.holder_of(tmp_path) == os.getpid()


def test_a_killed_writer_leaves_no_lock(tmp_path: Path) -> None:
    script = (
        "import sys, os, signal\n"
        "from pathlib import Path\n"
        "from indexer.store import lock\n"
        "with lock.hold(Path(sys.argv[1])):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, timeout=60)
    assert lock.holder_of(tmp_path) == 0
    with lock.hold(tmp_path):
        pass

"""Vectors are derived: whatever happens to them, they come back without embedding again."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from indexer.errors import IndexerError
from indexer.model import Chunk, FileStamp, ParsedFile, Span
from indexer.store import embeddings, lock
from indexer.store import vectors as module
from indexer.store.database import Database, get_meta, touch_embeddings
from indexer.store.records import FileRecord, last_file_id, remove_file, rows_of, write_files
from indexer.store.vectors import FOLDER, VectorIndex, limited_file_size

EMBEDDER = "test"


def unit(seed: int, n: int = 1) -> np.ndarray:
    vectors = np.random.default_rng(seed).standard_normal((n, 16)).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


VECTORS = unit(1, 40)


def fill(database: Database, numbers: Sequence[int]) -> None:
    chunks = [
        Chunk(str(n), "a.py", f"f{n}", "function", Span(0, 1), 0, 0, "h", f"t{n}", f"hash{n:03}")
        for n in numbers
    ]
    with database.writing() as connection:
        planned_at = last_file_id(connection)
        remove_file(connection, "a.py", planned_at=planned_at)
        stamp = FileStamp("a.py", 1, 1, "x")
        record = FileRecord(stamp, ParsedFile("a.py", "python"), chunks, (), 1)
        write_files(connection, [rows_of(record)], planned_at=planned_at)
        hashes = [chunk.text_hash for chunk in chunks]
        embeddings.add(connection, EMBEDDER, hashes, VECTORS[list(numbers)])
        touch_embeddings(connection)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path)
    database.create(root="/")
    fill(database, range(30))
    yield database
    database.close()


@pytest.fixture
def vectors(database: Database) -> Iterator[VectorIndex]:
    vectors = VectorIndex(database)
    assert vectors.refresh(EMBEDDER)
    yield vectors
    vectors.close()


def nearest(vectors: VectorIndex, number: int) -> str:
    ((text_hash, similarity),) = vectors.query(VECTORS[number], limit=1)
    assert similarity > 0.99
    return text_hash


def folder_of(database: Database) -> Path:
    with database.reading() as connection:
        assert connection is not None
        return database.location / FOLDER / get_meta(connection, "vectors_folder")


def test_each_vector_is_its_own_nearest(vectors: VectorIndex) -> None:
    assert vectors.n_vectors == 30
    assert [nearest(vectors, n) for n in (0, 7, 29)] == ["hash000", "hash007", "hash029"]


def test_new_and_gone_texts_are_followed(database: Database, vectors: VectorIndex) -> None:
    fill(database, range(10, 40))
    assert vectors.refresh(EMBEDDER)
    assert vectors.n_vectors == 30
    assert nearest(vectors, 35) == "hash035"
    assert vectors.query(VECTORS[3], limit=1)[0][0] != "hash003"
    fill(database, range(3))
    assert vectors.refresh(EMBEDDER)
    assert {h for h, _ in vectors.query(VECTORS[0], limit=20)} == {"hash000", "hash001", "hash002"}


def test_a_second_owner_is_told_no(database: Database, vectors: VectorIndex) -> None:
    other = VectorIndex(database)
    assert not other.refresh(EMBEDDER)
    assert not other.is_open
    assert lock.holder_of(database.location, FOLDER) == os.getpid()
    vectors.close()
    assert other.refresh(EMBEDDER)
    assert nearest(other, 5) == "hash005"
    other.close()


def test_what_was_closed_well_is_opened_again(database: Database, vectors: VectorIndex) -> None:
    before = folder_of(database)
    vectors.close()
    assert vectors.refresh(EMBEDDER)
    assert folder_of(database) == before
    assert nearest(vectors, 5) == "hash005"


@pytest.mark.parametrize("damage", ["sparse links", "dirty", "count", "folder", "database"])
def test_damaged_vectors_are_thrown_away_and_filled_again(
    database: Database, vectors: VectorIndex, damage: str
) -> None:
    before = folder_of(database)
    vectors.close()
    match damage:
        case "sparse links":
            (links,) = before.rglob("link_lists.bin")
            os.truncate(links, 1 << 41)
        case "dirty" | "count":
            key = "vectors_state" if damage == "dirty" else "vectors_count"
            with database.writing() as connection:
                connection.execute("UPDATE meta SET value = '7' WHERE key = ?", (key,))
        case "folder":
            before.rename(before.with_name("elsewhere"))
        case _:
            (before / "chroma.sqlite3").write_bytes(b"no database" * 1_000)
    assert vectors.refresh(EMBEDDER)
    assert folder_of(database) != before
    assert not before.exists()
    assert [nearest(vectors, n) for n in (0, 29)] == ["hash000", "hash029"]


def test_vectors_of_another_embedder_never_mix(database: Database, vectors: VectorIndex) -> None:
    with database.writing() as connection:
        embeddings.add(connection, "other", ["hash001"], unit(9))
        touch_embeddings(connection)
    assert vectors.refresh("other")
    assert vectors.n_vectors == 1


def test_vectors_survive_the_removal_of_their_text(database: Database) -> None:
    fill(database, [1])
    with database.writing() as connection:
        hashes, read = embeddings.read(connection, EMBEDDER, ["hash001", "hash020"])
    assert hashes == ["hash001", "hash020"]
    assert np.allclose(read, VECTORS[[1, 20]], atol=2e-3)


def test_garbage_is_collected_when_it_prevails(database: Database) -> None:
    with database.writing() as connection:
        many = [f"old{n}" for n in range(1_200)]
        embeddings.add(connection, EMBEDDER, many, unit(3, len(many)))
        assert embeddings.collect(connection, EMBEDDER) == 1_200
        assert embeddings.live_hashes(connection, EMBEDDER) == {f"hash{n:03}" for n in range(30)}
        assert embeddings.collect(connection, EMBEDDER) == 0


def test_a_removed_index_is_an_error_and_no_traceback(tmp_path: Path) -> None:
    vectors = VectorIndex(Database(tmp_path))
    with pytest.raises(IndexerError, match="removed"):
        vectors.refresh(EMBEDDER)
    vectors.close()


def test_what_cannot_be_written_is_told_once_and_leaves_nothing_on_the_disk(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    vectors = VectorIndex(database)
    with monkeypatch.context() as patch:
        # Chroma's own files are larger than this from the start.
        patch.setattr(module, "_FILE_BYTES", 1_000)
        patch.setattr(module, "_FILE_BYTES_PER_VECTOR", 0)
        with pytest.raises(IndexerError, match="cannot be written") as caught:
            vectors.refresh(EMBEDDER)
        assert "space" in caught.value.remedy
        assert not list((database.location / FOLDER).rglob("*.*"))
        assert not vectors.refresh(EMBEDDER)
    fill(database, range(20))
    assert vectors.refresh(EMBEDDER)
    assert vectors.n_vectors == 20
    vectors.close()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no limit of a file's size")
def test_no_file_grows_beyond_the_limit(tmp_path: Path) -> None:
    with limited_file_size(10_000), pytest.raises(OSError, match="large"):
        (tmp_path / "runaway").write_bytes(b"x" * 20_000)
    (tmp_path / "runaway").write_bytes(b"x" * 20_000)


def test_chroma_opens_no_connection(tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "events = []\n"
        "def audit(event, arguments):\n"
        "    if event in {'socket.connect', 'socket.getaddrinfo', 'socket.sendto'}:\n"
        "        events.append((event, arguments))\n"
        "sys.addaudithook(audit)\n"
        "from pathlib import Path\n"
        "import tests.contracts.test_store_vectors as t\n"
        "from indexer.store.vectors import VectorIndex\n"
        "database = t.Database(Path(sys.argv[1]))\n"
        "database.create(root='/')\n"
        "t.fill(database, range(30))\n"
        "vectors = VectorIndex(database)\n"
        "assert vectors.refresh(t.EMBEDDER)\n"
        "assert t.nearest(vectors, 3) == 'hash003'\n"
        "assert 'chromadb' in sys.modules\n"
        "assert not vectors._client.get_settings().anonymized_telemetry\n"
        "vectors.close()\n"
        "sys.exit(f'{events}' if events else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path)],
        check=False,
        timeout=120,
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (0, "")

"""A team's Chroma server: filled by all, asked by all, and never waited for when it fails.

The server is a real one on this machine; the one that misbehaves is ours.
"""

import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import numpy as np
import pytest

from indexer.embed.hashing import HashingEmbedder
from indexer.errors import IndexerError
from indexer.index import Index
from indexer.model import IndexOptions, Query
from indexer.ports import Vectors
from indexer.store.chroma_server import ChromaServer, ServerVectors
from indexer.store.database import Database
from indexer.web import WebOptions

N_DIMENSIONS = 32
_RUN = "import chromadb_rust_bindings, sys; chromadb_rust_bindings.cli(['chroma', *sys.argv[1:]])"
_FILES = {
    "orders.py": "def cancel_order(order):\n    return order.refund()\n",
    "pay.py": "def pay_with_card(card):\n    return card.charge()\n",
    "ship.py": "def ship_parcel(parcel):\n    return parcel.weight\n",
}


@pytest.fixture(scope="module")
def chroma(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    folder = tmp_path_factory.mktemp("chroma")
    url = f"http://127.0.0.1:{port}"
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(sys.executable, "-c", _RUN, "run", "--host", "127.0.0.1"),
                *("--port", str(port), "--path", str(folder / "data")),
            ],
            cwd=folder,
            stdout=log,
            stderr=log,
        )
    try:
        for _ in range(600):
            try:
                httpx.get(f"{url}/api/v2/heartbeat", trust_env=False).raise_for_status()
                break
            except httpx.HTTPError:
                assert process.poll() is None, (folder / "log").read_text()
                time.sleep(0.05)
        yield url
    finally:
        process.kill()
        process.wait()


class CountingEmbedder(HashingEmbedder):
    def __init__(self) -> None:
        super().__init__(N_DIMENSIONS)
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        return super().embed(texts)


class Machine:
    """A clone of the repository, and an index whose vectors are at a server."""

    def __init__(self, folder: Path, server: ChromaServer) -> None:
        self.root = folder / "clone"
        self.root.mkdir(parents=True)
        for name, text in _FILES.items():
            (self.root / name).write_text(text)
        self.embedder = CountingEmbedder()
        self.index = Index.open(
            self.root,
            folder / "cache",
            options=IndexOptions(),
            embedder=self.embedder,
            server=server,
        )

    def find(self, text: str) -> list[str]:
        return [hit.title for hit in self.index.search(Query(text)) if "meaning" in hit.ranks]


@pytest.fixture
def machine_at(tmp_path: Path) -> Iterator[Callable[[ChromaServer], Machine]]:
    made: list[Machine] = []

    def start(server: ChromaServer) -> Machine:
        made.append(Machine(tmp_path / f"machine{len(made)}", server))
        return made[-1]

    yield start
    for machine in made:
        machine.index.close()


def test_what_one_machine_embedded_serves_all(
    chroma: str, machine_at: Callable[[ChromaServer], Machine]
) -> None:
    server = ChromaServer(chroma, "shop-1")
    first, second = machine_at(server), machine_at(server)
    assert first.index.update().n_embedded == 3
    assert first.index.status().vectors == f"at {chroma}"
    assert first.find("pay with a card") == ["pay_with_card", "cancel_order", "ship_parcel"]
    (second.root / "tea.py").write_text("def is_teapot(pot):\n    return pot.status\n")
    report = second.index.update()
    assert (report.n_taken_over, report.n_embedded, report.problems) == (3, 1, ())
    assert second.find("teapot")[0] == "is_teapot"
    # What another branch put there is no file here.
    assert "is_teapot" not in first.find("teapot")


def test_repositories_do_not_see_each_other(
    chroma: str, machine_at: Callable[[ChromaServer], Machine]
) -> None:
    one = machine_at(ChromaServer(chroma, "one"))
    one.index.update()
    other = machine_at(ChromaServer(chroma, "other"))
    assert other.index.update().n_taken_over == 0


def test_a_deleted_collection_is_filled_again(
    chroma: str, machine_at: Callable[[ChromaServer], Machine]
) -> None:
    machine = machine_at(ChromaServer(chroma, "deleted"))
    machine.index.update()
    base = f"{chroma}/api/v2/tenants/default_tenant/databases/default_database/collections"
    (name,) = (
        each["name"]
        for each in httpx.get(base, trust_env=False).json()
        if each["name"].startswith("deleted-")
    )
    httpx.delete(f"{base}/{name}", trust_env=False).raise_for_status()
    assert machine.find("pay with a card") == []
    second = machine_at(ChromaServer(chroma, "deleted"))
    assert second.index.update().n_embedded == 3
    assert second.find("pay with a card")[0] == "pay_with_card"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = Database(tmp_path / "store")
    yield database
    database.close()


def test_similarity_is_the_cosine(chroma: str, tmp_path: Path) -> None:
    machine = Machine(tmp_path, ChromaServer(chroma, "cosine"))
    machine.index.update()
    texts = machine.embedder.texts[:3]
    vectors = ServerVectors(Database(tmp_path / "cache"), ChromaServer(chroma, "cosine"))
    assert vectors.open(machine.embedder.name)
    one, *_ = made = HashingEmbedder(N_DIMENSIONS).embed(texts)
    found = vectors.query(one, limit=3)
    assert [similarity for _, similarity in found] == pytest.approx(
        sorted((float(one @ each) for each in made), reverse=True), abs=1e-3
    )
    vectors.close()
    machine.index.close()


class BadServer(ThreadingHTTPServer):
    """Answers with what it is told to; remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), BadHandler)
        self.answers: dict[str, tuple[int, bytes]] = {
            "collections": (200, b'{"id": "c0ffee"}'),
        }
        self.asked: list[tuple[str, str]] = []
        self.is_silent = False
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class BadHandler(BaseHTTPRequestHandler):
    server: BadServer

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        verb = self.path.rpartition("/")[2]
        self.server.asked.append((verb, self.headers.get("Authorization", "")))
        if self.server.is_silent:
            self.server.released.wait(30)
            return
        status, data = self.server.answers.get(verb, (200, b"{}"))
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def bad_server() -> Iterator[BadServer]:
    server = BadServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


def test_without_its_server_an_index_answers_with_words_and_says_so(
    bad_server: BadServer, machine_at: Callable[[ChromaServer], Machine]
) -> None:
    bad_server.answers["collections"] = (500, b"")
    machine = machine_at(ChromaServer(bad_server.url, "shop"))
    report = machine.index.update()
    assert report.n_embedded == 3
    assert "it answers 500" in report.problems[0].message
    for _ in range(3):
        assert machine.index.search(Query("pay with a card"))[0].title == "pay_with_card"
    assert "which does not work: it answers 500" in machine.index.status().vectors
    # It is left alone for a while.
    assert len(bad_server.asked) == 1


def test_nobody_waits_for_a_server_that_is_silent(
    bad_server: BadServer, machine_at: Callable[[ChromaServer], Machine]
) -> None:
    bad_server.is_silent = True
    machine = machine_at(ChromaServer(bad_server.url, "shop", query_seconds=0.05))
    report = machine.index.update()
    assert "it does not answer in time" in report.problems[0].message
    assert machine.index.search(Query("pay with a card"))[0].title == "pay_with_card"


def test_a_token_is_sent_and_its_refusal_explained(
    bad_server: BadServer, database: Database
) -> None:
    bad_server.answers["collections"] = (401, b"")
    server = ChromaServer(bad_server.url, "shop", WebOptions(token="t0ken"))
    vectors = ServerVectors(database, server)
    with pytest.raises(IndexerError, match=r"refuses us \(401\); check the token") as caught:
        vectors.open("e")
    assert "t0ken" not in str(caught.value)
    assert bad_server.asked == [("collections", "Bearer t0ken")]
    vectors.close()


@pytest.mark.parametrize(
    "answer", [b"<html>", b"[]", b'"x"', b'{"id": 7}', b'{"id": "../../reset"}', b"[" * 100_000]
)
def test_a_server_that_is_no_chroma_is_found_out(
    bad_server: BadServer, database: Database, answer: bytes
) -> None:
    bad_server.answers["collections"] = (200, answer)
    vectors = ServerVectors(database, ChromaServer(bad_server.url, "shop"))
    with pytest.raises(IndexerError, match="does not work"):
        vectors.open("e")
    assert not vectors.open("e")
    assert vectors.query(np.zeros(4, dtype=np.float32), limit=3) == []
    vectors.close()


def rows(*vectors: Sequence[object]) -> bytes:
    ids = [f"{number:032x}" for number in range(len(vectors))]
    return json.dumps({"ids": ids, "embeddings": vectors}).encode()


GOOD = [0.6, 0.8]


@pytest.mark.parametrize(
    "bad", [[], [1.0], [0.6, 0.8, 0.0], [3.0, 4.0], [float("nan"), 1.0], ["a", "b"], [None, None]]
)
def test_of_what_a_server_sends_only_sound_vectors_are_taken(
    bad_server: BadServer, database: Database, bad: list[object]
) -> None:
    bad_server.answers["get"] = (200, rows(GOOD, bad))
    vectors = ServerVectors(database, ChromaServer(bad_server.url, "shop"))
    wanted = [f"{number:032x}" for number in range(2)]
    found = list(vectors.fetch("e", 2, wanted))
    assert [hashes for hashes, _ in found] == [wanted[:1]]
    assert np.allclose(found[0][1], [GOOD])
    vectors.close()


def test_a_server_cannot_give_vectors_of_texts_nobody_asked_for(
    bad_server: BadServer, database: Database
) -> None:
    bad_server.answers["get"] = (200, rows(GOOD, GOOD))
    vectors = ServerVectors(database, ChromaServer(bad_server.url, "shop"))
    found = list(vectors.fetch("e", 2, [f"{1:032x}"]))
    assert [hashes for hashes, _ in found] == [[f"{1:032x}"]]
    vectors.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"{}",
        b'{"ids": 1, "distances": 2}',
        b'{"ids": [[]], "distances": [[]]}',
        b'{"ids": [["a"]], "distances": [["b"]]}',
        b'{"ids": [["a"]], "distances": [[null]]}',
        b'{"ids": [["a"]], "distances": [[NaN]]}',
    ],
)
def test_an_odd_answer_to_a_question_is_no_answer(
    bad_server: BadServer, database: Database, answer: bytes
) -> None:
    bad_server.answers["query"] = (200, answer)
    vectors = ServerVectors(database, ChromaServer(bad_server.url, "shop"))
    assert vectors.open("e")
    assert vectors.query(np.asarray(GOOD, dtype=np.float32), limit=3) == []
    vectors.close()

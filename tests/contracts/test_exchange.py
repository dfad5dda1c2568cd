"""Vectors travel between machines by the hash of their text; what arrives is not believed."""

import json
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from hashlib import blake2b
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from indexer.embed.hashing import HashingEmbedder
from indexer.errors import ExchangeRefused, IndexerError
from indexer.exchange import segment as segments
from indexer.exchange.shelf import MANIFEST, FolderShelf, WebShelf, contents
from indexer.exchange.transfer import PublishedVectors
from indexer.index import Index
from indexer.model import IndexOptions, Query
from indexer.ports import Vectors
from indexer.web import WebOptions

N_DIMENSIONS = 32
N_TEXTS = 3
FILES = {
    "orders.py": "def cancel_order(order):\n    return order.refund()\n",
    "pay.py": "def pay_with_card(card):\n    return card.charge()\n",
    "ship.py": "def ship_parcel(parcel):\n    return parcel.weight\n",
}


Fetch = Callable[..., list[Vectors]]


class CountingEmbedder(HashingEmbedder):
    def __init__(self, dimensions: int = N_DIMENSIONS) -> None:
        super().__init__(dimensions)
        self.texts: list[str] = []

    def embed(self, texts: Sequence[str]) -> Vectors:
        self.texts += texts
        return super().embed(texts)


class Machine:
    """A clone of the repository with a cache of its own."""

    def __init__(self, folder: Path, *, n_dimensions: int = N_DIMENSIONS) -> None:
        self.root, self.cache = folder / "clone", folder / "cache"
        self.root.mkdir(parents=True)
        for name, text in FILES.items():
            (self.root / name).write_text(text)
        self.embedder = CountingEmbedder(n_dimensions)

    def open(self, shelf: FolderShelf | WebShelf | None = None) -> Index:
        sources = [PublishedVectors(shelf, self.cache / "fetched")] if shelf else []
        return Index.open(
            self.root,
            self.cache,
            options=IndexOptions(),
            embedder=self.embedder,
            sources=sources,
        )


@pytest.fixture
def new_machine(tmp_path: Path) -> Callable[..., Machine]:
    names = iter(range(100))
    return lambda **options: Machine(tmp_path / f"machine{next(names)}", **options)


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("template")
    index = Machine(folder / "machine").open()
    index.update()
    index.publish(folder / "share")
    index.close()
    return folder / "share"


@pytest.fixture
def published(tmp_path: Path, template: Path) -> Path:
    """A folder with the vectors of everything."""
    return shutil.copytree(template, tmp_path / "share")


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), partial(Handler, directory=str(folder)))
        self.asked: list[tuple[str, str]] = []
        self.redirects_to = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(SimpleHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.headers.get("Authorization", "")))
        if self.server.redirects_to:
            self.send_response(302)
            self.send_header("Location", self.server.redirects_to)
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        super().do_GET()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(published: Path) -> Iterator[Server]:
    server = Server(published)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def fetch(template: Path, tmp_path: Path) -> Fetch:
    """All that a machine gets that asks for the texts of the template."""
    data = segment_in(template).read_bytes()
    start = data.index(b"}") + 1
    hashes = [data[start + 16 * n : start + 16 * (n + 1)].hex() for n in range(N_TEXTS)]

    def fetch(shelf: FolderShelf | WebShelf) -> list[Vectors]:
        source = PublishedVectors(shelf, tmp_path / "fetched")
        name = HashingEmbedder(N_DIMENSIONS).name
        found = source.fetch(name, N_DIMENSIONS, hashes)
        return [vector for _, vectors in found for vector in vectors]

    return fetch


def segment_in(folder: Path) -> Path:
    (file,) = folder.glob("*.vectors")
    return file


def rewrite(folder: Path, change: Callable[[bytes], bytes]) -> None:
    """Put another segment there, announced properly: by somebody who may write to the folder."""
    old = segment_in(folder)
    data = change(old.read_bytes())
    old.unlink()
    digest = blake2b(data, digest_size=32).hexdigest()
    (folder / f"{digest}.vectors").write_bytes(data)
    manifest = json.loads((folder / MANIFEST).read_text())
    (entry,) = manifest["embedders"][0]["segments"]
    entry |= {"digest": digest, "n_bytes": len(data)}
    (folder / MANIFEST).write_text(json.dumps(manifest))


@pytest.mark.parametrize("over_http", [False, True])
def test_another_machine_embeds_only_its_own_changes(
    published: Path, server: Server, new_machine: Callable[..., Machine], *, over_http: bool
) -> None:
    machine = new_machine()
    (machine.root / "tea.py").write_text("def is_teapot(pot):\n    return pot.status\n")
    shelf = WebShelf(server.url, WebOptions()) if over_http else FolderShelf(published)
    index = machine.open(shelf)
    report = index.update()
    assert (report.n_taken_over, report.n_embedded) == (N_TEXTS, 1)
    assert [text for text in machine.embedder.texts if "teapot" not in text] == []
    assert index.status().n_vectors == index.status().n_chunks
    assert index.search(Query("charge a card"))[0].title == "pay_with_card"
    index.close()


def test_taken_vectors_are_as_good_as_made_ones(
    published: Path, new_machine: Callable[..., Machine]
) -> None:
    texts = {f"{number:032x}": f"text number {number}" for number in range(300)}
    made = HashingEmbedder(N_DIMENSIONS).embed([*texts.values()])
    written = segments.write(published, "e", [*texts], made)
    wanted = {bytes.fromhex(text_hash) for text_hash in [*texts][5:250:7]}
    with (published / written.name).open("rb") as file:
        ((hashes, vectors),) = segments.read(
            file, written, wanted, embedder="e", dimensions=N_DIMENSIONS
        )
    assert {bytes.fromhex(text_hash) for text_hash in hashes} == wanted
    expected = [made[[*texts].index(text_hash)] for text_hash in hashes]
    assert np.allclose(vectors, expected, atol=1e-3)


def test_publishing_again_adds_only_what_is_new(
    published: Path, new_machine: Callable[..., Machine]
) -> None:
    machine = new_machine()
    index = machine.open(FolderShelf(published))
    index.update()
    assert index.publish(published).n_new == 0
    (machine.root / "tea.py").write_text("def is_teapot(pot):\n    return pot.status\n")
    index.update()
    made = index.publish(published)
    assert (made.n_new, made.n_known) == (1, N_TEXTS)
    index.close()
    (shelfful,) = contents(FolderShelf(published))
    assert (len(shelfful.segments), shelfful.n_vectors) == (2, N_TEXTS + 1)


def test_many_small_publications_become_one_file(
    published: Path, new_machine: Callable[..., Machine]
) -> None:
    machine = new_machine()
    index = machine.open(FolderShelf(published))
    for number in range(21):
        (machine.root / "more.py").write_text(f"def step_{number}(): return {number}\n")
        index.update()
        index.publish(published)
    index.close()
    (shelfful,) = contents(FolderShelf(published))
    assert len(shelfful.segments) < 5
    late = new_machine()
    index = late.open(FolderShelf(published))
    assert index.update().n_taken_over == N_TEXTS
    assert late.embedder.texts == []
    index.close()


def test_embedders_share_a_folder_and_nothing_else(
    published: Path, new_machine: Callable[..., Machine]
) -> None:
    other = new_machine(n_dimensions=16)
    index = other.open(FolderShelf(published))
    with pytest.raises(ExchangeRefused, match="was made by hashing-1-32, and here it is") as caught:
        index.check_sources()
    assert "same embedding model" in caught.value.remedy
    report = index.update()
    assert (report.n_taken_over, report.n_embedded) == (0, N_TEXTS)
    assert "was made by hashing-1-32" in report.problems[0].message
    index.publish(published)
    index.check_sources()
    index.close()
    assert [each.dimensions for each in contents(FolderShelf(published))] == [32, 16]


def test_a_damaged_file_is_refused_and_replaced_by_the_next_publication(
    published: Path, new_machine: Callable[..., Machine]
) -> None:
    data = segment_in(published).read_bytes()
    segment_in(published).write_bytes(data[:-1] + b"\x55")
    machine = new_machine()
    index = machine.open(FolderShelf(published))
    report = index.update()
    assert (report.n_taken_over, report.n_embedded) == (0, N_TEXTS)
    assert "its digest is another one" in report.problems[0].message
    assert index.publish(published).n_new == N_TEXTS
    index.close()
    late = new_machine().open(FolderShelf(published))
    assert late.update().n_taken_over == N_TEXTS
    late.close()


def garble_header(data: bytes) -> bytes:
    return data.replace(b'"n": 3', b'"n": 4')


def swap_hashes(data: bytes) -> bytes:
    start = data.index(b"}") + 1
    return (
        data[:start] + data[start + 16 : start + 32] + data[start : start + 16] + data[start + 32 :]
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (garble_header, "another number of them"),
        (swap_hashes, "not in order"),
        (lambda data: data + b"\0", "another length"),
        (lambda data: data[:-64], "another length"),
        (lambda data: b"x" + data[1:], "no file of vectors"),
        (lambda data: data[:8] + b"\xff\xff\xff\xff" + data[12:], "no file of vectors"),
        (lambda data: data[:8] + (4000).to_bytes(4, "little") + b"[" * 4000, "no header"),
    ],
)
def test_a_false_file_with_a_right_digest_is_refused(
    published: Path, fetch: Fetch, change: Callable[[bytes], bytes], message: str
) -> None:
    rewrite(published, change)
    with pytest.raises(ExchangeRefused, match=message):
        fetch(FolderShelf(published))


@pytest.mark.parametrize("value", [np.nan, np.inf, 0.0, 3.0])
def test_vectors_that_are_not_of_length_one_are_left_there(
    published: Path, fetch: Fetch, value: float
) -> None:
    def spoil_first(data: bytes) -> bytes:
        start = data.index(b"}") + 1 + N_TEXTS * 16
        row = np.full(N_DIMENSIONS, value, dtype="<f2").tobytes()
        return data[:start] + row + data[start + len(row) :]

    rewrite(published, spoil_first)
    vectors = fetch(FolderShelf(published))
    assert len(vectors) == N_TEXTS - 1
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-2)


GOOD_SEGMENT = {"digest": "a" * 64, "n_vectors": 1, "n_bytes": 1}
GOOD_ENTRY = {"embedder": "hashing-1-32", "dimensions": N_DIMENSIONS, "segments": [GOOD_SEGMENT]}


@pytest.mark.parametrize(
    ("manifest", "message"),
    [
        (b"\xff\xfe", "cannot be read"),
        (b"[" * 100_000, "cannot be read"),
        (b"[]", "none of copilot-ls"),
        ({"format": 2, "embedders": []}, "has format 2, not 1"),
        ({"format": 1, "embedders": [GOOD_ENTRY] * 65}, "none of copilot-ls"),
        ({"format": 1, "embedders": [{**GOOD_ENTRY, "dimensions": 10**9}]}, "damaged"),
        *(
            (
                {
                    "format": 1,
                    "embedders": [{**GOOD_ENTRY, "segments": [{**GOOD_SEGMENT, **change}]}],
                },
                "damaged",
            )
            for change in (
                {"digest": "../../etc/passwd"},
                {"digest": "A" * 64},
                {"n_bytes": 1 << 60},
                {"n_bytes": -1},
                {"n_vectors": 1 << 60},
                {"n_vectors": "1"},
            )
        ),
        ({"format": 1, "embedders": [GOOD_ENTRY]}, "missing or not of the size"),
    ],
)
def test_a_false_manifest_is_refused(
    published: Path, fetch: Fetch, manifest: object, message: str
) -> None:
    data = manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()
    (published / MANIFEST).write_bytes(data)
    with pytest.raises(ExchangeRefused, match=message):
        fetch(FolderShelf(published))


def test_a_manifest_without_end_is_not_read_to_its_end(published: Path) -> None:
    (published / MANIFEST).write_bytes(b" " * ((4 << 20) + 1))
    with pytest.raises(ExchangeRefused, match="too large"):
        contents(FolderShelf(published))


def test_nothing_is_taken_of_what_the_ignore_rules_leave_out(
    published: Path, new_machine: Callable[..., Machine]
) -> None:
    machine = new_machine()
    (machine.root / ".copilotignore").write_text("pay.py\n")
    index = machine.open(FolderShelf(published))
    assert index.update().n_taken_over == N_TEXTS - 1
    assert "pay_with_card" not in {hit.title for hit in index.search(Query("charge a card"))}
    index.close()


def test_what_is_published_tells_no_paths_and_no_code(published: Path) -> None:
    names = [file.name for file in published.iterdir()]
    data = b"".join(file.read_bytes() for file in published.iterdir())
    assert len(names) == 2
    for word in (b"orders", b"pay", b"card", b"clone"):
        assert word not in data


def test_nothing_to_publish_is_said_with_a_remedy(
    tmp_path: Path, new_machine: Callable[..., Machine]
) -> None:
    index = new_machine().open()
    with pytest.raises(IndexerError, match="no vectors to publish") as caught:
        index.publish(tmp_path / "share")
    assert "copilot-ls index" in caught.value.remedy
    index.close()


def test_files_come_over_http_once_and_the_token_goes_along(
    server: Server, new_machine: Callable[..., Machine]
) -> None:
    machine = new_machine()
    shelf = WebShelf(server.url + "/", WebOptions(token="t0ken"))
    index = machine.open(shelf)
    index.update()
    (machine.root / "tea.py").write_text("def is_teapot(pot):\n    return pot.status\n")
    index.update()
    index.close()
    paths = [path for path, _ in server.asked]
    assert paths.count(f"/{MANIFEST}") == 2
    assert len(paths) == 3
    assert {token for _, token in server.asked} == {"Bearer t0ken"}


def test_a_file_that_was_damaged_on_its_way_is_fetched_anew(
    published: Path, server: Server, fetch: Fetch
) -> None:
    good = segment_in(published).read_bytes()
    segment_in(published).write_bytes(good[:-1] + b"\x55")
    shelf = WebShelf(server.url, WebOptions())
    with pytest.raises(ExchangeRefused, match="digest"):
        fetch(shelf)
    segment_in(published).write_bytes(good)
    assert len(fetch(shelf)) == N_TEXTS


@pytest.mark.parametrize("trouble", ["nothing there", "redirect", "nobody", "longer", "no address"])
def test_a_server_that_does_not_help_is_named_without_secrets(
    published: Path, server: Server, fetch: Fetch, trouble: str
) -> None:
    url = server.url
    match trouble:
        case "nothing there":
            url += "/elsewhere"
        case "redirect":
            server.redirects_to = "http://127.0.0.1:1/"
        case "nobody":
            url = "http://user:secret@127.0.0.1:1/share"
        case "longer":
            segment_in(published).write_bytes(segment_in(published).read_bytes() + b"more")
        case "no address":
            url = "http://["
    with pytest.raises(ExchangeRefused) as caught:
        fetch(WebShelf(url, WebOptions()))
    assert caught.value.message.startswith(("http://", "nothing is published at http://"))
    assert "secret" not in str(caught.value)


def test_certificates_that_cannot_be_read_are_said(tmp_path: Path) -> None:
    shelf = WebShelf("https://127.0.0.1:1", WebOptions(ca_bundle=tmp_path / "none.pem"))
    with pytest.raises(ExchangeRefused, match="does not answer"):
        contents(shelf)

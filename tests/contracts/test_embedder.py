"""All embedders keep the same promises, and say what to do when they cannot."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from tokenizers import Tokenizer, models, pre_tokenizers

from indexer.embed.hashing import HashingEmbedder
from indexer.embed.http import HttpEmbedder, HttpEmbedderOptions
from indexer.embed.onnx import MAX_TOKENS, OnnxEmbedder
from indexer.errors import EmbedderUnavailable
from indexer.ports import Embedder

WORDS = ["[PAD]", "[UNK]", "order", "total", "tax", "customer", "refund", "price"]
TABLE = np.random.default_rng(5).standard_normal((len(WORDS), 8)).astype(np.float32)
# Padding adds nothing to the sum that stands in for a graph that pools by itself.
TABLE[0] = 0.0


def write_model(folder: Path, *, is_pooled: bool) -> Path:
    """A model of one table: the vector of a text is the mean of its words'."""
    folder.mkdir(exist_ok=True)
    vocabulary = {word: number for number, word in enumerate(WORDS)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.save(str(folder / "tokenizer.json"))
    nodes = [helper.make_node("Gather", ["table", "input_ids"], ["tokens"])]
    names = ["batch", "sequence"]
    inputs = [helper.make_tensor_value_info("input_ids", TensorProto.INT64, names)]
    shape: list[str | int] = ["batch", "sequence", 8]
    if is_pooled:
        nodes.append(helper.make_node("ReduceSum", ["tokens", "axis"], ["output"], keepdims=0))
        shape = ["batch", 8]
    else:
        inputs.append(helper.make_tensor_value_info("attention_mask", TensorProto.INT64, names))
        nodes.append(helper.make_node("Identity", ["tokens"], ["output"]))
    graph = helper.make_graph(
        nodes,
        "table",
        inputs,
        [helper.make_tensor_value_info("output", TensorProto.FLOAT, shape)],
        [
            numpy_helper.from_array(TABLE, "table"),
            numpy_helper.from_array(np.array([1], dtype=np.int64), "axis"),
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.save(model, str(folder / "model.onnx"))
    return folder


class Server(ThreadingHTTPServer):
    """Answers as the stub's ``reply`` says and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.reply: Callable[[list[str]], tuple[int, object]] = good_reply
        self.asked: list[tuple[str, dict[str, str]]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/v1"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((self.path, {**self.headers} | {"model": body["model"]}))
        status, answer = self.server.reply(body["input"])
        data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_: object) -> None:
        pass


def good_reply(texts: list[str]) -> tuple[int, object]:
    rows = [
        {"index": n, "embedding": [float(len(text)) + 1.0, 2.0, float(sum(map(ord, text)))]}
        for n, text in enumerate(texts)
    ]
    return 200, {"data": rows[::-1]}


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(params=["hashing", "onnx", "onnx, pooled", "http"])
def embedder(request: pytest.FixtureRequest, tmp_path: Path, server: Server) -> Iterator[Embedder]:
    embedder: Embedder
    match request.param:
        case "hashing":
            embedder = HashingEmbedder(64)
        case "http":
            embedder = HttpEmbedder(HttpEmbedderOptions(server.url, "m"))
        case kind:
            folder = write_model(tmp_path / "model", is_pooled="pooled" in kind)
            embedder = OnnxEmbedder(folder, n_threads=1)
    yield embedder
    embedder.close()


def test_every_text_has_one_unit_vector_in_its_place(embedder: Embedder) -> None:
    texts = [" ".join(WORDS[2 : 3 + n % 5]) for n in range(70)]
    vectors = embedder.embed(texts)
    assert vectors.shape == (70, embedder.dimensions)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)
    for n in (0, 1, 64, 69):
        assert np.allclose(vectors[n], embedder.embed([texts[n]])[0], atol=1e-5)


def test_no_texts_are_no_vectors(embedder: Embedder) -> None:
    assert embedder.embed([]).shape == (0, embedder.dimensions)


def test_a_name_is_stable_and_says_which_model(embedder: Embedder) -> None:
    assert embedder.name == embedder.name
    assert len(embedder.name) > 5


def test_padding_does_not_change_a_text(tmp_path: Path) -> None:
    embedder = OnnxEmbedder(write_model(tmp_path, is_pooled=False))
    (alone,) = embedder.embed(["order total"])
    beside, _ = embedder.embed(["order total", "order total tax customer refund price"])
    expected = TABLE[2] + TABLE[3]
    assert np.allclose(alone, expected / np.linalg.norm(expected), atol=1e-5)
    assert np.allclose(alone, beside, atol=1e-5)
    embedder.close()


def test_a_long_text_is_cut_and_not_refused(tmp_path: Path) -> None:
    embedder = OnnxEmbedder(write_model(tmp_path, is_pooled=False))
    cut, long = embedder.embed(["order " * MAX_TOKENS, "order " * MAX_TOKENS + "tax " * 5_000])
    assert np.allclose(cut, long, atol=1e-5)
    embedder.close()


def test_another_model_file_has_another_name(tmp_path: Path) -> None:
    one = OnnxEmbedder(write_model(tmp_path / "one", is_pooled=False)).name
    two = OnnxEmbedder(write_model(tmp_path / "two", is_pooled=True)).name
    assert one != two


@pytest.mark.parametrize("damage", ["model.onnx", "tokenizer.json"])
def test_a_missing_or_broken_file_is_said_with_a_remedy(tmp_path: Path, damage: str) -> None:
    write_model(tmp_path, is_pooled=False)
    (tmp_path / damage).write_bytes(b"torn")
    with pytest.raises(EmbedderUnavailable) as caught:
        OnnxEmbedder(tmp_path).embed(["order"])
    assert caught.value.remedy
    (tmp_path / damage).unlink()
    with pytest.raises(EmbedderUnavailable, match=damage):
        OnnxEmbedder(tmp_path)


def test_a_server_gets_the_key_and_the_model(server: Server) -> None:
    embedder = HttpEmbedder(HttpEmbedderOptions(server.url + "/", "code-model", api_key="k"))
    embedder.embed(["x"] * 100)
    assert [path for path, _ in server.asked] == ["/v1/embeddings"] * 2
    assert server.asked[0][1]["Authorization"] == "Bearer k"
    assert server.asked[0][1]["model"] == "code-model"
    embedder.close()


@pytest.mark.parametrize(
    "reply",
    [
        (500, {}),
        (401, {"error": "who?"}),
        (302, {}),
        (200, b"<html>"),
        (200, {"data": []}),
        (200, {"data": [{"index": 0, "embedding": "x"}]}),
        (200, {"data": [{"index": 0, "embedding": [1.0, None]}]}),
        (200, b'{"data": [{"index": 0, "embedding": [NaN, 1.0]}]}'),
        (200, ["no"]),
    ],
)
def test_a_bad_answer_is_said_with_a_remedy(server: Server, reply: tuple[int, object]) -> None:
    server.reply = lambda _: reply
    embedder = HttpEmbedder(HttpEmbedderOptions(server.url, "m"))
    with pytest.raises(EmbedderUnavailable) as caught:
        embedder.embed(["x"])
    assert caught.value.remedy
    embedder.close()


def test_a_server_that_is_not_there_is_said_without_its_key(server: Server) -> None:
    options = HttpEmbedderOptions("http://127.0.0.1:1/v1", "m", api_key="secret")
    embedder = HttpEmbedder(options)
    with pytest.raises(EmbedderUnavailable) as caught:
        embedder.embed(["x"])
    assert "secret" not in str(caught.value)
    embedder.close()


@pytest.mark.parametrize(
    "options",
    [
        HttpEmbedderOptions("http://h/v1", "m", ca_bundle=Path("/does/not/exist.pem")),
        HttpEmbedderOptions("http://h/v1", "m", proxy="what://is this"),
    ],
)
def test_settings_that_cannot_work_are_said_at_once(options: HttpEmbedderOptions) -> None:
    with pytest.raises(EmbedderUnavailable):
        HttpEmbedder(options)

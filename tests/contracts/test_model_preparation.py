"""What preparing a model must keep to, on models small enough for every test run."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from math import erf, sqrt
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from copilot_ls.models.prepare_embedder import HEADS, build_graph

WIDTH = HEADS * 4
LAYERS = 2
Weights = dict[str, npt.NDArray[np.float32]]


@pytest.fixture(scope="module")
def weights() -> Weights:
    rng = np.random.default_rng(7)

    def draw(*shape: int) -> npt.NDArray[np.float32]:
        return rng.standard_normal(shape).astype(np.float32) * 0.3

    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (50, WIDTH),
        "embeddings.position_embeddings.weight": (32, WIDTH),
        "embeddings.token_type_embeddings.weight": (2, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
    }
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        for part, (inner, outer) in {
            "attention.self.query": (WIDTH, WIDTH),
            "attention.self.key": (WIDTH, WIDTH),
            "attention.self.value": (WIDTH, WIDTH),
            "attention.output.dense": (WIDTH, WIDTH),
            "intermediate.dense": (WIDTH, 4 * WIDTH),
            "output.dense": (4 * WIDTH, WIDTH),
        }.items():
            shapes[f"{name}.{part}.weight"] = (outer, inner)
            shapes[f"{name}.{part}.bias"] = (outer,)
        for part in ("attention.output.LayerNorm", "output.LayerNorm"):
            shapes[f"{name}.{part}.weight"] = (WIDTH,)
            shapes[f"{name}.{part}.bias"] = (WIDTH,)
    return {name: draw(*shape) for name, shape in shapes.items()}


def embed_plainly(weights: Weights, ids: list[int]) -> npt.NDArray[np.float32]:
    """BERT as its paper has it, one text at a time, no batching and no mask."""

    def normed(x: npt.NDArray[np.float32], name: str) -> npt.NDArray[np.float32]:
        spread = np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        scaled = (x - x.mean(-1, keepdims=True)) / spread
        return scaled * weights[f"{name}.weight"] + weights[f"{name}.bias"]

    def dense(x: npt.NDArray[np.float32], name: str) -> npt.NDArray[np.float32]:
        return x @ weights[f"{name}.weight"].T + weights[f"{name}.bias"]

    n = len(ids)
    x = weights["embeddings.word_embeddings.weight"][ids]
    x = x + weights["embeddings.position_embeddings.weight"][:n]
    x = normed(x + weights["embeddings.token_type_embeddings.weight"][0], "embeddings.LayerNorm")
    for layer in range(LAYERS):
        name = f"encoder.layer.{layer}"
        query, key, value = (
            dense(x, f"{name}.attention.self.{part}").reshape(n, HEADS, -1).transpose(1, 0, 2)
            for part in ("query", "key", "value")
        )
        scores = np.exp(query @ key.transpose(0, 2, 1) / sqrt(WIDTH / HEADS))
        mixed = (scores / scores.sum(-1, keepdims=True)) @ value
        joined = mixed.transpose(1, 0, 2).reshape(n, WIDTH)
        attended = dense(joined, f"{name}.attention.output.dense")
        x = normed(x + attended, f"{name}.attention.output.LayerNorm")
        inner = dense(x, f"{name}.intermediate.dense")
        gelu = inner * 0.5 * (1 + np.vectorize(erf)(inner / sqrt(2)))
        x = normed(x + dense(gelu, f"{name}.output.dense"), f"{name}.output.LayerNorm")
    mean = x.mean(0)
    return np.asarray(mean / np.linalg.norm(mean), np.float32)


def test_the_graph_says_what_the_architecture_says_padding_or_not(
    weights: Weights, tmp_path: Path
) -> None:
    import onnx
    import onnxruntime

    onnx.save(build_graph(weights), tmp_path / "exact.onnx")
    session = onnxruntime.InferenceSession(
        tmp_path / "exact.onnx", providers=["CPUExecutionProvider"]
    )
    texts = [[3, 14, 15, 9, 26], [5], [1, 2, 3, 4, 5, 6, 7, 8]]
    longest = max(map(len, texts))
    [vectors] = session.run(
        ["sentence_embedding"],
        {
            "input_ids": np.array([t + [0] * (longest - len(t)) for t in texts], np.int64),
            "attention_mask": np.array(
                [[1] * len(t) + [0] * (longest - len(t)) for t in texts], np.int64
            ),
        },
    )
    expected = np.stack([embed_plainly(weights, text) for text in texts])
    np.testing.assert_allclose(vectors, expected, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_preparing_opens_no_connection() -> None:
    code = """
        import json, socket, sys

        opened = []
        watched = {"socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"}
        sys.addaudithook(lambda event, args: opened.append(event) if event in watched else None)

        from copilot_ls.models.telemetry import refuse_telemetry
        refuse_telemetry()
        import nncf, numpy, openvino, openvino_genai
        from openvino import opset13 as op

        x = op.parameter([1, 64], dtype=numpy.float32)
        y = op.matmul(x, op.constant(numpy.ones((64, 64), numpy.float32)), False, True)
        model = openvino.Model([y], [x])
        nncf.compress_weights(model, mode=nncf.CompressWeightsMode.INT8_ASYM)
        seen = list(opened)
        # The watch itself works.
        try:
            socket.create_connection(("127.0.0.1", 9), timeout=1).close()
        except OSError:
            pass
        reporters = [name for name, module in sys.modules.items()
                     if name.startswith("openvino_telemetry") and module is not None]
        print("\\n" + json.dumps([seen, opened, reporters]))
    """
    answer = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=True
    )
    while_preparing, afterwards, reporters = json.loads(answer.stdout.splitlines()[-1])
    assert while_preparing == []
    assert "socket.connect" in afterwards
    assert reporters == []

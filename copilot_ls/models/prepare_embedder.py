"""Makes the embedder's ONNX graph from published BERT weights, in 8 bits, without torch.

The graph is written by hand from the architecture (BERT, post-norm, absolute positions) and does
all of the sentence embedding: token ids and mask in, one unit vector per text out.
It runs inside the helper process of ``prepare``.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import onnx

HEADS = 12
OPSET = 17
_EPSILON = 1e-12
_MASKED = -1e4
_LEAST_AGREEMENT = 0.98
_SAMPLES = (
    "def total(order: Order) -> Money: return sum(item.price for item in order.items)",
    "open a database connection and retry when it is locked",
    "class HttpClient { async get(url) { return await fetch(url) } }",
    "x",
)


def prepare_embedder(
    weights: Path, tokenizer: Path, result: Path, tell_stage: Callable[[str], None]
) -> None:
    """Write ``model.onnx`` and ``tokenizer.json`` to ``result``.

    Raises:
        ValueError: the 8-bit graph does not say what the exact one says.
    """
    import shutil

    from onnxruntime.quantization import QuantType, quantize_dynamic

    tell_stage("writing the graph")
    exact = result.parent / "exact.onnx"
    import onnx

    onnx.save(build_graph(read_weights(weights)), exact)
    tell_stage("compressing to 8 bits")
    quantize_dynamic(
        exact,
        result / "model.onnx",
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul", "Gather"],
        # One scale per tensor costs five points of cosine; and processors without VNNI
        # saturate on the full range (ONNX Runtime's documentation of quantisation).
        per_channel=True,
        reduce_range=True,
        extra_options={"MatMulConstBOnly": True},
    )
    shutil.copyfile(tokenizer, result / "tokenizer.json")
    tell_stage("trying the prepared model")
    agreement = compare(exact, result / "model.onnx", tokenizer)
    if not agreement >= _LEAST_AGREEMENT:
        raise ValueError(f"the 8-bit graph agrees with the exact one only to {agreement:.3f}")
    exact.unlink()


def read_weights(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """Read a safetensors file, whose names may carry the prefix ``bert.``."""
    from safetensors.numpy import load_file

    return {
        name.removeprefix("bert."): tensor.astype("float32", copy=False)
        for name, tensor in load_file(path).items()
        if tensor.dtype.kind == "f"
    }


def build_graph(weights: dict[str, npt.NDArray[np.float32]]) -> onnx.ModelProto:
    """Write BERT with mean pooling over the mask and normalisation as an ONNX graph."""
    import numpy as np
    from onnx import TensorProto, checker, helper

    width = weights["embeddings.word_embeddings.weight"].shape[1]
    graph = _Graph()
    ids, mask = "input_ids", "attention_mask"
    shape = graph.add("Shape", ids)
    length = graph.add("Gather", shape, graph.constant(np.array(1, np.int64)))
    positions = graph.add(
        "Range",
        graph.constant(np.array(0, np.int64)),
        length,
        graph.constant(np.array(1, np.int64)),
    )
    hidden = graph.add(
        "Add",
        graph.add(
            "Add",
            graph.add(
                "Gather", graph.weight("words", weights["embeddings.word_embeddings.weight"]), ids
            ),
            graph.add(
                "Gather",
                graph.weight("positions", weights["embeddings.position_embeddings.weight"]),
                positions,
            ),
        ),
        # All text is of the first kind.
        graph.weight("kind", weights["embeddings.token_type_embeddings.weight"][0]),
    )
    hidden = graph.normalize(hidden, weights, "embeddings.LayerNorm")
    kept = graph.add("Cast", mask, to=TensorProto.FLOAT)
    bias = graph.add(
        "Mul",
        graph.add("Sub", graph.constant(np.float32(1)), graph.unsqueeze(kept, [1, 2])),
        graph.constant(np.float32(_MASKED)),
    )
    layer = 0
    while f"encoder.layer.{layer}.output.dense.weight" in weights:
        hidden = graph.encode(hidden, bias, weights, f"encoder.layer.{layer}", width)
        layer += 1
    kept = graph.unsqueeze(kept, [2])
    axis = graph.constant(np.array([1], np.int64))
    total = graph.add("ReduceSum", graph.add("Mul", hidden, kept), axis, keepdims=0)
    count = graph.add("ReduceSum", kept, axis, keepdims=0)
    mean = graph.add("Div", total, graph.add("Max", count, graph.constant(np.float32(1e-9))))
    norm = graph.add("ReduceL2", mean, axes=[1], keepdims=1)
    graph.add(
        "Div",
        mean,
        graph.add("Max", norm, graph.constant(np.float32(1e-12))),
        output="sentence_embedding",
    )
    dimensions = ["batch", "sequence"]
    model = helper.make_model(
        helper.make_graph(
            graph.nodes,
            "sentence_embedding",
            [
                helper.make_tensor_value_info(name, TensorProto.INT64, dimensions)
                for name in (ids, mask)
            ],
            [
                helper.make_tensor_value_info(
                    "sentence_embedding", TensorProto.FLOAT, ["batch", width]
                )
            ],
            graph.initializers,
        ),
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=8,
    )
    checker.check_model(model)
    return model


def compare(exact: Path, prepared: Path, tokenizer: Path) -> float:
    """Return the mean cosine between two graphs' vectors of a few texts."""
    import numpy as np

    first, second = (_embed(graph, tokenizer) for graph in (exact, prepared))
    return float(np.mean(np.sum(first * second, axis=1)))


def _embed(graph: Path, tokenizer: Path) -> npt.NDArray[np.float32]:
    import numpy as np
    import onnxruntime
    import tokenizers

    reader = tokenizers.Tokenizer.from_file(str(tokenizer))
    reader.enable_padding()
    encoded = reader.encode_batch(list(_SAMPLES))
    session = onnxruntime.InferenceSession(graph, providers=["CPUExecutionProvider"])
    vectors: npt.NDArray[np.float32] = session.run(
        None,
        {
            "input_ids": np.array([text.ids for text in encoded], np.int64),
            "attention_mask": np.array([text.attention_mask for text in encoded], np.int64),
        },
    )[0]
    return vectors


class _Graph:
    """Collects nodes and constants, naming them."""

    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []

    def add(self, operator: str, *inputs: str, output: str = "", **attributes: object) -> str:
        from onnx import helper

        output = output or f"{operator}_{len(self.nodes)}"
        self.nodes.append(
            helper.make_node(operator, list(inputs), [output], name=output, **attributes)
        )
        return output

    def weight(self, name: str, value: npt.NDArray[np.float32]) -> str:
        from onnx import numpy_helper

        self.initializers.append(numpy_helper.from_array(value, name))
        return name

    def constant(self, value: npt.NDArray[np.int64] | np.float32) -> str:
        import numpy as np
        from onnx import numpy_helper

        name = f"constant_{len(self.initializers)}"
        self.initializers.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def unsqueeze(self, value: str, axes: list[int]) -> str:
        import numpy as np

        return self.add("Unsqueeze", value, self.constant(np.array(axes, np.int64)))

    def normalize(self, value: str, weights: dict[str, npt.NDArray[np.float32]], name: str) -> str:
        return self.add(
            "LayerNormalization",
            value,
            self.weight(f"{name}.weight", weights[f"{name}.weight"]),
            self.weight(f"{name}.bias", weights[f"{name}.bias"]),
            axis=-1,
            epsilon=_EPSILON,
        )

    def linear(self, value: str, weights: dict[str, npt.NDArray[np.float32]], name: str) -> str:
        import numpy as np

        matrix = np.ascontiguousarray(weights[f"{name}.weight"].T)
        product = self.add("MatMul", value, self.weight(f"{name}.weight", matrix))
        return self.add("Add", product, self.weight(f"{name}.bias", weights[f"{name}.bias"]))

    def encode(
        self,
        hidden: str,
        bias: str,
        weights: dict[str, npt.NDArray[np.float32]],
        name: str,
        width: int,
    ) -> str:
        """One layer: attention, then the feed-forward net, each added to its input and normed."""
        import numpy as np

        size = width // HEADS
        split = self.constant(np.array([0, 0, HEADS, size], np.int64))
        query, key, value = (
            self.add(
                "Reshape", self.linear(hidden, weights, f"{name}.attention.self.{part}"), split
            )
            for part in ("query", "key", "value")
        )
        scores = self.add(
            "MatMul",
            self.add("Transpose", query, perm=[0, 2, 1, 3]),
            self.add("Transpose", key, perm=[0, 2, 3, 1]),
        )
        scaled = self.add("Mul", scores, self.constant(np.float32(1 / math.sqrt(size))))
        attention = self.add("Softmax", self.add("Add", scaled, bias), axis=-1)
        mixed = self.add("MatMul", attention, self.add("Transpose", value, perm=[0, 2, 1, 3]))
        joined = self.add(
            "Reshape",
            self.add("Transpose", mixed, perm=[0, 2, 1, 3]),
            self.constant(np.array([0, 0, width], np.int64)),
        )
        attended = self.linear(joined, weights, f"{name}.attention.output.dense")
        hidden = self.normalize(
            self.add("Add", attended, hidden), weights, f"{name}.attention.output.LayerNorm"
        )
        inner = self.linear(hidden, weights, f"{name}.intermediate.dense")
        grown = self._gelu(inner)
        outer = self.linear(grown, weights, f"{name}.output.dense")
        return self.normalize(self.add("Add", outer, hidden), weights, f"{name}.output.LayerNorm")

    def _gelu(self, value: str) -> str:
        import numpy as np

        scaled = self.add("Div", value, self.constant(np.float32(math.sqrt(2))))
        shifted = self.add("Add", self.add("Erf", scaled), self.constant(np.float32(1)))
        half = self.add("Mul", value, shifted)
        return self.add("Mul", half, self.constant(np.float32(0.5)))

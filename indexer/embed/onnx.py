"""A sentence-embedding model as an ONNX graph, run on the CPU by onnxruntime.

Made for MiniLM-sized encoders with a ``tokenizer.json`` beside them; which files those are and
where they come from is the business of the model catalogue.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from indexer.errors import EmbedderUnavailable
from indexer.ports import Vectors

if TYPE_CHECKING:
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

MODEL_FILE = "model.onnx"
TOKENIZER_FILE = "tokenizer.json"
# A chunk starts with its name, signature and docstring; with these alone retrieval was as good as
# with the whole body in our measurements, and the cost grows with the length.
MAX_TOKENS = 128
_BATCH = 8
_REMEDY = "run `copilot-ls model pull` for the embedding model; searching works without it"


class OnnxEmbedder:
    """Embeds with ``model.onnx`` and ``tokenizer.json`` of one folder.

    The graph may give one vector per text, or one per token, which are then averaged over the
    text's own tokens. Loading is put off to the first use of more than the name.
    """

    def __init__(self, folder: Path, *, n_threads: int = 0) -> None:
        """Check that the files are there.

        Raises:
            EmbedderUnavailable: one of them is missing.
        """
        self._folder = folder
        self._n_threads = n_threads or max(1, (os.cpu_count() or 2) // 2)
        self._lock = threading.Lock()
        self._loaded: _Loaded | None = None
        for name in (MODEL_FILE, TOKENIZER_FILE):
            if not (folder / name).is_file():
                raise EmbedderUnavailable(
                    f"the embedding model in {folder} lacks {name}", remedy=_REMEDY
                )

    @cached_property
    def name(self) -> str:
        return f"onnx-{_digest(self._folder / MODEL_FILE)}-{MAX_TOKENS}"

    @property
    def dimensions(self) -> int:
        return self._load().dimensions

    def embed(self, texts: Sequence[str]) -> Vectors:
        loaded = self._load()
        vectors = np.zeros((len(texts), loaded.dimensions), dtype=np.float32)
        # Texts of like length share a batch: padding costs as much as text.
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        for start in range(0, len(order), _BATCH):
            rows = order[start : start + _BATCH]
            try:
                vectors[rows] = loaded.embed([texts[i] for i in rows])
            except Exception as error:
                raise EmbedderUnavailable(
                    f"the embedding model in {self._folder} failed: {error}", remedy=_REMEDY
                ) from error
        return vectors

    def close(self) -> None:
        with self._lock:
            self._loaded = None

    def _load(self) -> _Loaded:
        with self._lock:
            if self._loaded is None:
                try:
                    self._loaded = _Loaded(self._folder, self._n_threads)
                except Exception as error:
                    raise EmbedderUnavailable(
                        f"the embedding model in {self._folder} cannot be loaded: {error}",
                        remedy=_REMEDY,
                    ) from error
            return self._loaded


class _Loaded:
    def __init__(self, folder: Path, n_threads: int) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        self.tokenizer: Tokenizer = Tokenizer.from_file(str(folder / TOKENIZER_FILE))
        self.tokenizer.enable_truncation(max_length=MAX_TOKENS)
        self.tokenizer.enable_padding()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = n_threads
        options.inter_op_num_threads = 1
        # Spinning threads would starve the completion model between two batches.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        self.session: InferenceSession = onnxruntime.InferenceSession(
            str(folder / MODEL_FILE), options, providers=["CPUExecutionProvider"]
        )
        self.inputs = {argument.name for argument in self.session.get_inputs()}
        self.output = self.session.get_outputs()[0].name
        self.dimensions = int(self.embed(["dimensions"]).shape[1])

    def embed(self, texts: Sequence[str]) -> Vectors:
        encodings = self.tokenizer.encode_batch(list(texts))
        mask = np.array([encoding.attention_mask for encoding in encodings], dtype=np.int64)
        feeds = {
            "input_ids": np.array([encoding.ids for encoding in encodings], dtype=np.int64),
            "attention_mask": mask,
            "token_type_ids": np.zeros_like(mask),
        }
        (output,) = self.session.run(
            [self.output], {name: value for name, value in feeds.items() if name in self.inputs}
        )
        vectors = np.asarray(output, dtype=np.float32)
        if vectors.ndim == 3:
            weights = mask[:, :, None].astype(np.float32)
            vectors = (vectors * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1.0)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: Vectors = vectors / np.maximum(lengths, 1e-12)
        return unit


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()[:16]

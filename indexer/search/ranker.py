"""How likely each candidate is the needed one: weights learned from real call sites.

A linear model for each situation of the cursor, because what tells differs: behind a receiver
whose class is known, who else uses the method; at the start of a line, what is imported and not
used yet. A few hidden units that all situations share see what only tells together.
The weights are data (``ranker.json``), written by ``scripts/train_ranker.py`` and learned on other
repositories than those that judge them (`docs/evaluation.md`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, TypedDict

from indexer.search.features import FEATURES

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


class Situation(StrEnum):
    """What is known before anything is looked up; each has weights of its own."""

    KNOWN_RECEIVER = "known_receiver"
    UNKNOWN_RECEIVER = "unknown_receiver"
    EXPRESSION = "expression"
    LINE_START = "line_start"


class Weights(TypedDict):
    """``linear`` and ``bias`` by situation, ``hidden`` by feature; a missing feature counts 0."""

    linear: Mapping[str, Mapping[str, float]]
    hidden: Mapping[str, Sequence[float]]
    bias: Mapping[str, Sequence[float]]
    output: Sequence[float]


class Ranker:
    """Scores rows of ``FEATURES``; costs some tenths of a millisecond for hundreds of them."""

    def __init__(self, weights: Weights) -> None:
        import numpy as np

        def array(values: object) -> NDArray[np.float32]:
            return np.array(values, dtype=np.float32)

        nothing = [0.0] * len(weights["output"])
        self._linear = {
            situation: array([weights["linear"][situation].get(name, 0.0) for name in FEATURES])
            for situation in Situation
        }
        self._hidden = array([weights["hidden"].get(name, nothing) for name in FEATURES])
        self._bias = {situation: array(weights["bias"][situation]) for situation in Situation}
        self._output = array(weights["output"])

    def scores(self, situation: Situation, rows: Sequence[Sequence[float]]) -> NDArray[np.float32]:
        """Log-odds up to a constant, one for each row of ``FEATURES``."""
        import numpy as np

        matrix = np.asarray(rows, dtype=np.float32).reshape(-1, len(FEATURES))
        hidden = np.tanh(matrix @ self._hidden + self._bias[situation])
        scores: NDArray[np.float32] = matrix @ self._linear[situation] + hidden @ self._output
        return scores

    def chances(self, situation: Situation, rows: Sequence[Sequence[float]]) -> list[float]:
        """The probability of each row to be the needed one, if one of them is."""
        import numpy as np

        if not rows:
            return []
        scores = self.scores(situation, rows)
        powers = np.exp(scores - scores.max())
        return [float(value) for value in powers / powers.sum()]


@cache
def learned() -> Ranker:
    """The ranker with the weights of this version; read once."""
    text = resources.files("indexer.search").joinpath("ranker.json").read_text(encoding="utf-8")
    weights: Weights = json.loads(text)["weights"]
    return Ranker(weights)

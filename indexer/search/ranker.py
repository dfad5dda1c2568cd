"""How likely each candidate is the needed one: weights learned from real call sites.

One linear model for each situation of the cursor, because what tells differs: behind a receiver
whose class is known, who else uses the method; at the start of a line, what is imported and not
used yet. The weights are data (``ranker.json``), written by ``scripts/train_ranker.py`` and
learned on other repositories than those that judge them (`docs/evaluation.md`).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING

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


class Ranker:
    """Weights by situation and feature; a missing weight is 0."""

    def __init__(self, weights: Mapping[str, Mapping[str, float]]) -> None:
        import numpy as np

        self._weights = {
            situation: np.array(
                [weights.get(situation, {}).get(name, 0.0) for name in FEATURES], dtype=np.float32
            )
            for situation in Situation
        }

    def scores(self, situation: Situation, rows: Sequence[Sequence[float]]) -> NDArray[np.float32]:
        """Log-odds up to a constant, one for each row of ``FEATURES``."""
        import numpy as np

        matrix = np.asarray(rows, dtype=np.float32).reshape(-1, len(FEATURES))
        scores: NDArray[np.float32] = matrix @ self._weights[situation]
        return scores

    def chances(self, situation: Situation, rows: Sequence[Sequence[float]]) -> list[float]:
        """The probability of each row to be the needed one, if one of them is."""
        if not rows:
            return []
        import numpy as np

        scores = self.scores(situation, rows)
        powers = np.exp(scores - scores.max())
        return [float(value) for value in powers / powers.sum()]


@cache
def learned() -> Ranker:
    """The ranker with the weights of this version; read once."""
    text = resources.files("indexer.search").joinpath("ranker.json").read_text(encoding="utf-8")
    return Ranker(json.loads(text)["weights"])

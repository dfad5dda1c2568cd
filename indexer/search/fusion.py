"""One order out of several scored lists: the sum of standard scores. Pure.

Standard scores keep how far ahead a list's first is; reciprocal ranks throw that away
(MRR 0.69 against 0.63 to 0.65 over the same lists, `docs/decisions`).
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping


def fuse(lists: Mapping[str, Mapping[int, float]]) -> dict[int, dict[str, float]]:
    """Standard scores of every candidate in every list; a list that lacks it gives its lowest.

    The sum over a candidate's signals is its fused score.
    """
    candidates = {row for scores in lists.values() for row in scores}
    fused: dict[int, dict[str, float]] = {row: {} for row in candidates}
    for name, scores in lists.items():
        lowest = min(scores.values())
        values = [scores.get(row, lowest) for row in candidates]
        mean, deviation = statistics.fmean(values), statistics.pstdev(values)
        for row in candidates:
            distance = scores.get(row, lowest) - mean
            fused[row][name] = round(distance / deviation, 4) if deviation else 0.0
    return fused

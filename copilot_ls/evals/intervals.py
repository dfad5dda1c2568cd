"""How much of a figure is noise: intervals by drawing the cases again. Pure.

Cases are drawn with replacement (bootstrap), and where two conditions answered the same cases, the
same cases are drawn for both: what is hard about a case then cancels out. Seeded, so that a figure
can be had again.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

_N_DRAWS = 2_000
_SEED = 20_261_125


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure and the range that holds 95 % of the figures that other draws would give."""

    value: float
    low: float
    high: float


def mean_interval(values: Sequence[float]) -> Interval:
    """Return the mean with its interval."""
    return _interval(len(values), lambda drawn: sum(values[i] for i in drawn) / len(drawn))


def difference_interval(ours: Sequence[float], theirs: Sequence[float]) -> Interval:
    """Return how much higher the mean of ``ours`` is, case by case."""
    return mean_interval([one - other for one, other in zip(ours, theirs, strict=True)])


def ratio_interval(ours: Sequence[float], theirs: Sequence[float]) -> Interval:
    """Return how many times as high the mean of ``ours`` is; a zero below counts as half a case."""

    def ratio(drawn: Sequence[int]) -> float:
        return sum(ours[i] for i in drawn) / (sum(theirs[i] for i in drawn) or 0.5)

    return _interval(len(ours), ratio)


def _interval(n: int, figure: Callable[[Sequence[int]], float]) -> Interval:
    if n == 0:
        return Interval(0.0, 0.0, 0.0)
    source = random.Random(_SEED)  # noqa: S311 - statistics, not secrets
    everything = range(n)
    drawn = sorted(figure(source.choices(everything, k=n)) for _ in range(_N_DRAWS))
    return Interval(
        figure(everything), drawn[int(0.025 * _N_DRAWS)], drawn[int(0.975 * _N_DRAWS) - 1]
    )

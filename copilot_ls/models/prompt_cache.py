"""Guesses what an engine still remembers of the prompts it was given; pure.

Engines with a prefix cache do not tell beforehand how much of a prompt they know. The client side
needs the figure to decide whether a prompt is long enough to be read in slices.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

_MIN_SLICE = 64
_MAX_SLICE = 256


class PromptMemory:
    """The last prompts as token lists; ``block`` is the unit in which the engine caches."""

    def __init__(self, *, block: int, n_prompts: int = 16) -> None:
        self._block = block
        self._prompts: deque[Sequence[int]] = deque(maxlen=n_prompts)

    def known(self, tokens: Sequence[int]) -> int:
        """Return how many leading tokens are most likely cached; never the whole prompt."""
        longest = max((_common(tokens, prompt) for prompt in self._prompts), default=0)
        return min(longest, len(tokens) - 1) // self._block * self._block

    def remember(self, tokens: Sequence[int]) -> None:
        self._prompts.append(tokens)


def _common(one: Sequence[int], other: Sequence[int]) -> int:
    # Comparing slices runs in C; halving finds the place in a dozen comparisons.
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


class SliceSize:
    """How many tokens to read at once so that a slice takes about ``target_s``.

    Follows the machine: its speed differs tenfold between processors and with what else runs.
    """

    def __init__(self, *, target_s: float = 0.2) -> None:
        self._target_s = target_s
        self.tokens = _MIN_SLICE

    def learn(self, n_tokens: int, seconds: float) -> None:
        """Take note that a slice of ``n_tokens`` took ``seconds``."""
        if n_tokens < _MIN_SLICE:
            return  # Mostly overhead: it says little of the speed.
        wanted = int(n_tokens / max(seconds, 1e-6) * self._target_s) // _MIN_SLICE * _MIN_SLICE
        # One step at a time: a single slow slice on a busy machine is not a slow machine.
        wanted = max(self.tokens // 2, min(self.tokens * 2, wanted))
        self.tokens = max(_MIN_SLICE, min(_MAX_SLICE, wanted))

"""How long to wait for a pause in typing, learnt from how this user types. Pure.

Once the model writes, the next key mostly fits what it writes and costs nothing; until its first
word, every key that comes makes it begin anew. So a request waits for as long as, judging by the
keys before, another key is likelier than not to come before the model's first word. On a machine
that reads prompts quickly nobody ever waits (``docs/decisions``).
"""

from __future__ import annotations

from collections import deque

_N_GAPS = 48
_N_ANSWERS = 16
# A longer break is no part of the rhythm.
_BREAK_SECONDS = 3.0
_STEP_MS = 15
_PATIENCE = 0.5


class TypingRhythm:
    """Watches the gaps between keys, and how long the model takes to begin."""

    def __init__(self) -> None:
        self._gaps: deque[float] = deque(maxlen=_N_GAPS)
        self._first_words: deque[float] = deque(maxlen=_N_ANSWERS)
        self._last_key = 0.0

    def note_key(self, now: float) -> None:
        """Learn from a key at ``now`` (in seconds, of any steady clock)."""
        gap = now - self._last_key
        self._last_key = now
        if 0 < gap < _BREAK_SECONDS:
            self._gaps.append(1000 * gap)

    def note_first_word(self, milliseconds: float) -> None:
        """Learn how long after its beginning an answer had its first word."""
        self._first_words.append(milliseconds)

    @property
    def first_word_ms(self) -> float:
        """How long that takes as a rule; nothing before it was seen."""
        ordered = sorted(self._first_words)
        return ordered[len(ordered) // 2] if ordered else 0.0

    def wait_ms(self, longest: float) -> float:
        """Return how long to wait after a key: ``longest`` at most, in milliseconds."""
        if len(self._gaps) < _N_GAPS // 4:
            return 0.0
        first_word = self.first_word_ms
        waited = 0.0
        while waited < longest:
            to_come = [gap for gap in self._gaps if gap > waited]
            undisturbed = sum(gap > waited + first_word for gap in to_come)
            if not to_come or undisturbed >= _PATIENCE * len(to_come):
                return waited
            waited += _STEP_MS
        return longest

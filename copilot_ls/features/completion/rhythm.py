"""How long to wait for a pause in typing, learnt from how this user types. Pure.

Asking at every key wastes work that the next key makes useless; asking late is what users feel.
So a request waits for as long as, judging by the keys before, another key is likelier than not
to come before the model would have answered. Who types slower than the model answers never waits.
"""

from __future__ import annotations

from collections import deque

_N_GAPS = 48
_N_ANSWERS = 16
# A longer break is no part of the rhythm.
_BREAK_SECONDS = 3.0
_STEP_MS = 15
_PATIENCE = 0.5
_FIRST_GUESS_MS = 250.0


class TypingRhythm:
    """Watches the gaps between keys, and how long answers take."""

    def __init__(self) -> None:
        self._gaps: deque[float] = deque(maxlen=_N_GAPS)
        self._answers: deque[float] = deque(maxlen=_N_ANSWERS)
        self._last_key = 0.0

    def note_key(self, now: float) -> None:
        """Learn from a key at ``now`` (in seconds, of any steady clock)."""
        gap = now - self._last_key
        self._last_key = now
        if 0 < gap < _BREAK_SECONDS:
            self._gaps.append(1000 * gap)

    def note_answer(self, milliseconds: float) -> None:
        """Learn from an answer that the model finished."""
        self._answers.append(milliseconds)

    @property
    def answer_ms(self) -> float:
        """How long an answer takes, as a rule."""
        if not self._answers:
            return _FIRST_GUESS_MS
        return sorted(self._answers)[len(self._answers) // 2]

    def wait_ms(self, longest: float) -> float:
        """Return how long to wait after a key: ``longest`` at most, in milliseconds."""
        if len(self._gaps) < _N_GAPS // 4:
            return 0.0
        answer = self.answer_ms
        waited = 0.0
        while waited < longest:
            to_come = [gap for gap in self._gaps if gap > waited]
            undisturbed = sum(gap > waited + answer for gap in to_come)
            if not to_come or undisturbed >= _PATIENCE * len(to_come):
                return waited
            waited += _STEP_MS
        return longest

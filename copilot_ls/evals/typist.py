"""Somebody who types a known text as people do, in an editor that helps as editors do. Pure.

Gaps between keys are log-normal, longer at the beginning of words, lines and thoughts; letters
are mistyped, noticed a little later and taken back; the editor indents new lines and closes
brackets. The figures are round ones from typing studies (Dhakal et al. 2018: 238 ms a key on
average over 168,000 people), not from anybody's private log.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from random import Random

_PAIRS = {"(": ")", "[": "]", "{": "}"}
_OPENERS = (":", "{", "(", "[")


@dataclass(frozen=True, slots=True)
class Habits:
    """How somebody types. Times are medians in milliseconds, shares between 0 and 1.

    ``patience`` is the share of right suggestions that are noticed and taken; ``look_ms`` how
    long that takes. ``skims`` is the share of wrong ones that are read before typing on.
    """

    key_ms: float = 180.0
    spread: float = 0.45
    word_factor: float = 1.4
    symbol_factor: float = 1.5
    line_ms: float = 600.0
    think_share: float = 0.08
    think_ms: float = 2_500.0
    typo_share: float = 0.025
    patience: float = 0.5
    look_ms: float = 450.0
    skims: float = 0.15
    closes_brackets: bool = True


@dataclass(frozen=True, slots=True)
class Key:
    """One key: after ``gap_ms``, replace ``[start, end)`` of the buffer, cursor to ``cursor``."""

    gap_ms: float
    start: int
    end: int
    text: str
    cursor: int


class Typist:
    """Types ``truth`` between ``before`` and ``after``, one key at a time."""

    def __init__(
        self, before: str, truth: str, after: str, *, habits: Habits, random: Random
    ) -> None:
        self._before = before
        self._truth = truth
        self._habits = habits
        self._random = random
        self._n_typed = 0
        self._pending = ""
        self._wrong = ""
        self._owed = ""
        self.text = before + after
        self.cursor = len(before)

    @property
    def is_done(self) -> bool:
        return self._n_typed >= len(self._truth) and not self._wrong and not self._owed

    @property
    def rest(self) -> str:
        return self._truth[self._n_typed :]

    def next_key(self) -> Key:
        """Decide the next key; :meth:`press` applies it."""
        if self._wrong and (len(self._wrong) > 1 or self._random.random() < 0.6):
            self._wrong = self._wrong[:-1]
            gap = self._gap(self._habits.key_ms * (1.6 if not self._owed else 0.8))
            return Key(gap, self.cursor - 1, self.cursor, "", self.cursor - 1)
        if self._wrong:
            # Not noticed yet: the next letter comes too, and has to go with it.
            char = self.rest[1:2] or "x"
            self._wrong += char if char.isalnum() else "x"
            return self._insert(self._gap(self._habits.key_ms), self._wrong[-1])
        if self._owed:
            indentation, self._owed = self._owed, ""
            return self._correct_indentation(indentation)
        char = self.rest[0]
        if char.isalpha() and self._random.random() < self._habits.typo_share:
            self._wrong = chr(ord("a") + self._random.randrange(26))
            return self._insert(self._gap_before(char), self._wrong)
        if char in "\r\n":
            return self._new_line()
        gap = self._gap_before(char)
        self._n_typed += 1
        if self._pending[:1] == char:
            # Typing over the bracket that the editor put there.
            self._pending = self._pending[1:]
            return Key(gap, self.cursor, self.cursor, "", self.cursor + 1)
        closer = _PAIRS.get(char, "")
        if closer and self._habits.closes_brackets and self._is_closed_on_this_line():
            self._pending = closer + self._pending
            return Key(gap, self.cursor, self.cursor, char + closer, self.cursor + 1)
        return self._insert(gap, char)

    def press(self, key: Key) -> None:
        """Let a key have its effect."""
        self.text = self.text[: key.start] + key.text + self.text[key.end :]
        self.cursor = key.cursor

    def right_chars(self, text: str, start: int, end: int) -> int:
        """Return how many characters a suggestion brings if it is right to the last, else 0."""
        n_over = end - self.cursor
        if start != self.cursor or self._wrong or not self.rest.startswith(text):
            return 0
        if self._owed or not 0 <= n_over <= len(self._pending):
            return 0
        return len(text) if self._still_open(text) == self._pending[n_over:] else 0

    def take(self, text: str, end: int) -> None:
        """Accept a suggestion that :meth:`right_chars` found right."""
        self._pending = self._pending[end - self.cursor :]
        self.text = self.text[: self.cursor] + text + self.text[end:]
        self.cursor += len(text)
        self._n_typed += len(text)

    def looks(self) -> float:
        """Return how long it takes to see that a suggestion is right, or -1: not noticed."""
        habits = self._habits
        return self._gap(habits.look_ms) if self._random.random() < habits.patience else -1.0

    def skims(self) -> float:
        """Return how long a wrong suggestion holds the typist up."""
        habits = self._habits
        return self._gap(habits.look_ms / 2) if self._random.random() < habits.skims else 0.0

    def _insert(self, gap: float, text: str) -> Key:
        return Key(gap, self.cursor, self.cursor, text, self.cursor + len(text))

    def _new_line(self) -> Key:
        end = "\r\n" if self.rest.startswith("\r\n") else self.rest[0]
        self._n_typed += len(end)
        line = self.rest.partition("\n")[0]
        indentation = line[: len(line) - len(line.lstrip(" \t"))]
        gap = self._gap(self._habits.key_ms * self._habits.symbol_factor)
        if not line.strip():
            return self._insert(gap, end)
        guessed = self._guessed_indentation()
        self._n_typed += len(indentation)
        if guessed != indentation:
            self._owed = indentation or "-"
        return self._insert(gap, end + guessed)

    def _correct_indentation(self, indentation: str) -> Key:
        """Put right what the editor guessed, as one key (Tab, or Backspace to the last stop)."""
        wanted = "" if indentation == "-" else indentation
        start = max(self.text.rfind(end, 0, self.cursor) for end in "\r\n") + 1
        gap = self._gap(self._habits.key_ms)
        return Key(gap, start, self.cursor, wanted, start + len(wanted))

    def _guessed_indentation(self) -> str:
        above = [line for line in self.text[: self.cursor].splitlines() if line.strip()]
        last = above[-1] if above else ""
        indentation = last[: len(last) - len(last.lstrip(" \t"))]
        unit = "\t" if indentation.startswith("\t") else "    "
        return indentation + unit if last.rstrip().endswith(_OPENERS) else indentation

    def _is_closed_on_this_line(self) -> bool:
        """Tell whether the bracket just typed is closed before the line ends."""
        opener = self._truth[self._n_typed - 1]
        stack = [_PAIRS[opener]]
        for char in self.rest:
            if char in "\r\n":
                return False
            if char in _PAIRS:
                stack.append(_PAIRS[char])
            elif char in _PAIRS.values() and char != stack.pop():
                return False
            if not stack:
                return True
        return False

    def _still_open(self, text: str) -> str:
        """Return the closers that the editor put there and ``text`` does not close."""
        stack = [*reversed(self._pending)]
        n_own = len(stack)
        for char in text:
            if char in _PAIRS:
                stack.append(_PAIRS[char])
            elif stack and char == stack[-1]:
                stack.pop()
                n_own = min(n_own, len(stack))
        return "".join(reversed(stack[:n_own]))

    def _gap_before(self, char: str) -> float:
        habits = self._habits
        previous = self.text[self.cursor - 1 : self.cursor]
        line = self.text[self.text.rfind("\n", 0, self.cursor) + 1 : self.cursor]
        if not line.strip():
            if self._random.random() < habits.think_share:
                return self._gap(habits.think_ms)
            return self._gap(habits.line_ms)
        if not char.isalnum() and not char.isspace():
            return self._gap(habits.key_ms * habits.symbol_factor)
        is_word_start = char.isalnum() and not (previous.isalnum() or previous == "_")
        return self._gap(habits.key_ms * (habits.word_factor if is_word_start else 1.0))

    def _gap(self, median: float) -> float:
        return median * math.exp(self._random.gauss(0.0, self._habits.spread))

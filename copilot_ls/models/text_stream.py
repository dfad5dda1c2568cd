"""Text on its way to and from a model: whole characters only, cut before any stop string.

Pure; every engine and the HTTP adapter stream through it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from copilot_ls.domain import Prompt

_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_MAX_TOKENS_PER_CHARACTER = 4


def encodable(text: str) -> str:
    """Return ``text`` with ``?`` for lone surrogates, which have no UTF-8 and no token."""
    return text.encode("utf-8", "replace").decode("utf-8")


def encodable_prompt(prompt: Prompt) -> Prompt:
    """Do the same to all of a prompt."""
    return replace(
        prompt,
        text=encodable(prompt.text),
        messages=tuple(replace(each, text=encodable(each.text)) for each in prompt.messages),
        stops=tuple(encodable(stop) for stop in prompt.stops),
    )


class StopCutter:
    """Passes text through up to the first stop string, however the text is cut into pieces.

    The stop string that is complete first counts. Text that may become a stop string is held
    back until it is known.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.is_stopped = False

    def push(self, piece: str) -> str:
        """Take the next piece and return what may be shown now."""
        if self.is_stopped:
            return ""
        text = self._held + piece
        found = [
            (start + len(stop), start) for stop in self._stops if (start := text.find(stop)) >= 0
        ]
        if found:
            self.is_stopped = True
            self._held = ""
            return text[: min(found)[1]]
        n_held = max((_overlap(text, stop) for stop in self._stops), default=0)
        cut = len(text) - n_held
        self._held = text[cut:]
        return text[:cut]

    def flush(self) -> str:
        """Return what was held back; call it when the model has ended by itself."""
        held, self._held = self._held, ""
        return held


def _overlap(text: str, stop: str) -> int:
    """Return the length of the longest end of ``text`` with which ``stop`` begins."""
    longest = min(len(text), len(stop) - 1)
    return next((n for n in range(longest, 0, -1) if text.endswith(stop[:n])), 0)


class Detokenizer:
    """Turns token ids into text one by one without ever showing half a character.

    Each piece is decoded together with the one before it, because SentencePiece vocabularies
    drop the space of a token that stands alone.
    """

    def __init__(self, decode: Callable[[list[int]], str]) -> None:
        self._decode = decode
        self._shown: list[int] = []
        self._pending: list[int] = []

    def push(self, token: int) -> str:
        """Take the next token and return the text that became whole with it."""
        self._pending.append(token)
        text = self._new_text()
        incomplete = text.endswith(_REPLACEMENT) and len(self._pending) < _MAX_TOKENS_PER_CHARACTER
        if incomplete or not text:
            return ""
        self._shown, self._pending = self._pending, []
        return text

    def flush(self) -> str:
        """Return what was held back, less a character that never became whole."""
        text = self._new_text().rstrip(_REPLACEMENT) if self._pending else ""
        self._shown, self._pending = self._pending, []
        return text

    def _new_text(self) -> str:
        before = self._decode(self._shown) if self._shown else ""
        return self._decode(self._shown + self._pending)[len(before) :]

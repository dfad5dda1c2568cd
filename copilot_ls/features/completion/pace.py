"""How much of a file a model may be shown on this machine, learnt from how fast it reads. Pure.

Reading a prompt of 1,000 tokens takes a second on a processor with instructions for small
integers and ten on one without. There a shorter window before the cursor costs little quality and
gives the first suggestion in a new place back in time.
"""

from __future__ import annotations

from dataclasses import replace

from copilot_ls.domain import PromptLayout, Usage

_PATIENCE_SECONDS = 4.0
_CHARS_PER_TOKEN = 3.5
_LEAST_SHARE = 0.25
# Fewer tokens than this tell more of the call's fixed cost than of the reading.
_TELLING_TOKENS = 64
_INERTIA = 0.7


class ReadingPace:
    """Watches how many tokens a second the engine reads."""

    def __init__(self) -> None:
        self._tokens_per_second = 0.0

    def note(self, usage: Usage | None) -> None:
        """Learn from a finished generation."""
        if usage is None or usage.cached_tokens < 0 or usage.first_token_ms <= 0:
            return
        read = usage.prompt_tokens - usage.cached_tokens
        if read < _TELLING_TOKENS:
            return
        pace = 1000 * read / usage.first_token_ms
        known = self._tokens_per_second
        self._tokens_per_second = _INERTIA * known + (1 - _INERTIA) * pace if known else pace

    def fit(self, layout: PromptLayout) -> PromptLayout:
        """Halve the window before the cursor, at most twice, until it is read in four seconds.

        It changes in halves, because every change of the window empties the prompt cache.
        """
        share = 1.0
        if self._tokens_per_second:
            readable = _PATIENCE_SECONDS * self._tokens_per_second * _CHARS_PER_TOKEN
            while share > _LEAST_SHARE and share * layout.max_prefix_chars > readable:
                share /= 2
        return replace(layout, max_prefix_chars=int(share * layout.max_prefix_chars))

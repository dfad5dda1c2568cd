from __future__ import annotations

import pytest

from copilot_ls.domain import PromptLayout, Usage
from copilot_ls.features.completion.pace import ReadingPace

LAYOUT = PromptLayout(max_prefix_chars=3_000)


def read(n_tokens: int, seconds: float) -> Usage:
    return Usage(prompt_tokens=n_tokens, cached_tokens=0, first_token_ms=1000 * seconds)


@pytest.mark.parametrize(
    ("tokens_per_second", "window"),
    [(1_400, 3_000), (215, 3_000), (200, 1_500), (90, 750), (10, 750)],
)
def test_the_window_halves_until_it_is_read_in_time(tokens_per_second: int, window: int):
    pace = ReadingPace()
    pace.note(read(10 * tokens_per_second, 10.0))
    assert pace.fit(LAYOUT).max_prefix_chars == window


def test_before_anything_was_read_the_layout_stays():
    assert ReadingPace().fit(LAYOUT) == LAYOUT


@pytest.mark.parametrize(
    "usage",
    [
        None,
        Usage(),
        Usage(prompt_tokens=800, cached_tokens=790, first_token_ms=900),
        Usage(prompt_tokens=800, cached_tokens=-1, first_token_ms=9_000),
    ],
)
def test_what_tells_nothing_of_the_pace_changes_nothing(usage: Usage | None):
    pace = ReadingPace()
    pace.note(usage)
    assert pace.fit(LAYOUT) == LAYOUT


def test_one_slow_answer_among_fast_ones_changes_nothing():
    pace = ReadingPace()
    for _ in range(5):
        pace.note(read(1_400, 1.0))
    pace.note(read(100, 1.0))
    assert pace.fit(LAYOUT) == LAYOUT

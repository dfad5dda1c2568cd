from __future__ import annotations

import pytest

from copilot_ls.features.completion.rhythm import TypingRhythm


def rhythm_of(gaps_ms: list[float], first_word_ms: float) -> TypingRhythm:
    rhythm = TypingRhythm()
    now = 1_000.0
    rhythm.note_key(now)
    for gap in gaps_ms:
        now += gap / 1000
        rhythm.note_key(now)
    rhythm.note_first_word(first_word_ms)
    return rhythm


def test_who_types_slower_than_the_model_begins_never_waits():
    assert rhythm_of([300.0] * 20, first_word_ms=150).wait_ms(120) == 0


def test_a_burst_is_waited_out_when_the_model_is_slower():
    rhythm = rhythm_of([80.0] * 20 + [900.0] * 5, first_word_ms=200)
    assert 75 < rhythm.wait_ms(120) <= 105


def test_no_wait_is_longer_than_the_user_allows():
    assert rhythm_of([200.0] * 40, first_word_ms=2_000).wait_ms(120) == 120
    assert rhythm_of([200.0] * 40, first_word_ms=2_000).wait_ms(0) == 0


@pytest.mark.parametrize("gaps", [[], [100.0] * 5, [10_000.0] * 40])
def test_nothing_is_waited_for_before_the_rhythm_is_known(gaps: list[float]):
    assert rhythm_of(gaps, first_word_ms=5_000).wait_ms(120) == 0

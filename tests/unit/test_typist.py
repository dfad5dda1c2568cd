from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_ls.evals.editor import Buffer, Editor
from copilot_ls.evals.typist import Habits, Typist

CODE = """
    total = 0
    for item in items:
        total += price(item, rates[item.kind])

    if total:
        return {"total": (total)}
    return None
"""


def typist_of(truth: str, seed: int = 0, after: str = "\n\nx = 1\n", **habits) -> Typist:
    return Typist("def f(items):", truth, after, habits=Habits(**habits), random=Random(seed))


def typed(typist: Typist) -> str:
    for _ in range(100_000):
        if typist.is_done:
            return typist.text
        key = typist.next_key()
        assert key.gap_ms > 0
        typist.press(key)
    raise AssertionError("never done")


@given(
    truth=st.one_of(
        st.text(alphabet="ab([)] {}:\n \t'é🙂", max_size=60),
        st.just(CODE),
        st.just(CODE.replace("\n", "\r\n")),
    ),
    seed=st.integers(0, 1_000),
    closes=st.booleans(),
)
def test_whatever_is_mistyped_and_closed_on_the_way_the_text_comes_out(
    truth: str, seed: int, closes: bool
):
    typist = typist_of(truth, seed, typo_share=0.2, closes_brackets=closes)
    assert typed(typist) == f"def f(items):{truth}\n\nx = 1\n"


def test_a_replay_is_the_same_for_the_same_seed():
    def keys(seed: int) -> list[object]:
        typist = typist_of(CODE, seed)
        found = []
        while not typist.is_done:
            found.append(typist.next_key())
            typist.press(found[-1])
        return found

    assert keys(7) == keys(7)
    assert keys(7) != keys(8)


def typed_up_to(end: str, truth: str) -> Typist:
    typist = typist_of(truth, typo_share=0.0)
    while not typist.text[: typist.cursor].endswith(end):
        typist.press(typist.next_key())
    return typist


@pytest.mark.parametrize(
    ("text", "n_over", "n_right"),
    [
        ("a, b)", 1, 5),
        ("a, b", 0, 4),
        ("a, b)", 0, 0),
        ("a, b) + 1", 1, 9),
        ("a, c)", 1, 0),
        ("", 0, 0),
    ],
)
def test_a_suggestion_is_right_if_it_brings_what_was_going_to_be_typed(
    text: str, n_over: int, n_right: int
):
    typist = typed_up_to("f(", "\n    x = f(a, b) + 1")
    assert typist.text[typist.cursor] == ")"
    end = typist.cursor + n_over
    assert typist.right_chars(text, typist.cursor, end) == n_right
    if n_right:
        typist.take(text, end)
        assert typed(typist) == "def f(items):\n    x = f(a, b) + 1\n\nx = 1\n"


TEXTS = st.text(alphabet="a é🙂\n\r", max_size=20)


@given(text=TEXTS, encoding=st.sampled_from(["utf-8", "utf-16", "utf-32"]), data=st.data())
def test_the_measuring_editor_finds_its_own_positions_again(
    text: str, encoding: str, data: st.DataObject
):
    offset = data.draw(st.integers(0, len(text)))
    if text[offset - 1 : offset + 1] == "\r\n" and offset:
        offset -= 1
    editor, buffer = Editor(None, encoding), Buffer("file:///a", text)
    assert editor.offset(buffer, editor.position(buffer, offset)) == offset

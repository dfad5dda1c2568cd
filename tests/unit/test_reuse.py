from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_ls.domain import Completion, Document, Origin, Outcome, Suggestion
from copilot_ls.features.completion.reuse import Answered, SuggestionMemory, typed_since
from copilot_ls.features.completion.trigger import Extent
from indexer.model import Span

TEXTS = st.text(alphabet="ab (\n\t)é🙂", max_size=12)


def document_of(text: str, uri: str = "file:///a.py") -> Document:
    return Document(uri, "a.py", "python", text)


def answer_of(text: str, **marks: bool) -> Answered:
    suggestion = Suggestion("", text, Span(0, 0), Origin.MODEL)
    shown = Completion(Outcome.SHOWN, suggestions=(suggestion,))
    return Answered(shown if text else Completion(Outcome.EMPTY), Extent.LINE, **marks)


def memory_of(before: str, text: str, after: str = "", **marks: bool) -> SuggestionMemory:
    memory = SuggestionMemory()
    memory.remember(document_of(before + after), len(before), answer_of(text, **marks))
    return memory


@given(before=TEXTS, text=TEXTS.filter(bool), after=TEXTS, data=st.data())
def test_what_is_left_of_a_suggestion_is_served_wherever_it_was_typed_along(
    before: str, text: str, after: str, data: st.DataObject
):
    n_typed = data.draw(st.integers(0, len(text) - 1))
    typed = before + text[:n_typed]
    reused = memory_of(before, text, after).find(document_of(typed + after), len(typed))
    assert reused is not None
    assert typed + reused.text == before + text


@given(before=TEXTS, text=TEXTS.filter(bool), typed=TEXTS)
def test_nothing_is_served_that_does_not_go_on_from_what_stands_there(
    before: str, text: str, typed: str
):
    now = before + typed
    reused = memory_of(before, text).find(document_of(now), len(now))
    if reused is not None:
        assert (before + text).startswith(now)
        assert now + reused.text == before + text


def test_text_far_away_may_change():
    above, before = "# far\n" * 200, "# near\n" * 100 + "x = "
    memory = memory_of(above + before, "alpha")
    changed = "# changed\n" + before
    assert memory.find(document_of(changed), len(changed)) is not None


def test_another_line_above_is_another_place():
    memory = memory_of("a = 1\nx = ", "alpha")
    assert memory.find(document_of("a = 2\nx = "), 10) is None


def test_another_document_is_another_place():
    memory = memory_of("x = ", "alpha")
    assert memory.find(document_of("x = ", "file:///b.py"), 4) is None
    memory.forget("file:///a.py")
    assert memory.find(document_of("x = "), 4) is None


def test_of_two_that_fit_the_one_served_last_stays():
    memory = memory_of("x = ", "alpha + beta")
    memory.remember(document_of("x = alpha"), 9, answer_of("(1)"))
    assert memory.find(document_of("x = alpha"), 9).text == "(1)"
    assert memory.find(document_of("x = alph"), 8).text == "a + beta"
    assert memory.find(document_of("x = alpha"), 9).text == " + beta"


def test_an_answer_without_its_context_is_kept_for_those_who_type_along_alone():
    memory = memory_of("x = ", "alpha", is_provisional=True)
    assert memory.find(document_of("x = "), 4) is None
    assert memory.find(document_of("x = a"), 5).text == "lpha"


def test_a_refusal_holds_for_its_very_place_until_more_is_known():
    memory = memory_of("x = 1", "")
    assert memory.find(document_of("x = 1"), 5).answer.completion.outcome is Outcome.EMPTY
    assert memory.find(document_of("x = 1 "), 6) is None
    memory.forget_refusals()
    assert memory.find(document_of("x = 1"), 5) is None


def test_origins_tell_how_an_answer_was_found():
    memory = memory_of("x = ", "alpha")
    assert memory.find(document_of("x = "), 4).origin is Origin.CACHE
    assert memory.find(document_of("x = a"), 5).origin is Origin.TYPED_AHEAD
    memory = memory_of("x = ", "alpha", is_speculative=True)
    assert memory.find(document_of("x = "), 4).origin is Origin.SPECULATIVE


def test_the_oldest_go_first():
    memory = SuggestionMemory()
    for number in range(300):
        text = f"x{number} = "
        memory.remember(document_of(text), len(text), answer_of("alpha"))
    assert memory.find(document_of("x0 = "), 5) is None
    assert memory.find(document_of("x299 = "), 7) is not None


@pytest.mark.parametrize(
    ("now", "offset", "typed"),
    [
        ("x = ab\ny", 6, "ab"),
        ("x = \ny", 4, ""),
        ("x = f()\ny", 6, "f("),
        ("x = f()\nz", 6, None),
        ("z = f()\ny", 6, None),
        ("x =\ny", 3, None),
    ],
)
def test_typed_since_is_what_came_at_the_cursor_and_nothing_else(
    now: str, offset: int, typed: str | None
):
    assert typed_since(document_of("x = \ny"), 4, document_of(now), offset) == typed


def test_minified_lines_do_not_fill_the_memory():
    line = "a=1;" * 50_000
    memory = memory_of(line, "b=2")
    assert memory.find(document_of(line), len(line)) is None
    assert not memory._entries

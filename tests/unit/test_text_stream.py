from hypothesis import given
from hypothesis import strategies as st

from copilot_ls.models.text_stream import Detokenizer, StopCutter

_letters = st.text(alphabet="abc", max_size=12)
_stops = st.lists(st.text(alphabet="abc", min_size=1, max_size=4), max_size=3)


def cut(pieces, stops):
    cutter = StopCutter(stops)
    shown = "".join(cutter.push(piece) for piece in pieces)
    return (shown if cutter.is_stopped else shown + cutter.flush()), cutter.is_stopped


@given(st.lists(_letters, max_size=8), _stops)
def test_how_the_text_is_cut_into_pieces_does_not_matter(pieces, stops):
    assert cut(pieces, stops) == cut(list("".join(pieces)), stops)


@given(st.lists(_letters, max_size=8), _stops)
def test_what_is_shown_begins_the_text_and_holds_no_stop(pieces, stops):
    text = "".join(pieces)
    shown, is_stopped = cut(pieces, stops)
    assert text.startswith(shown)
    assert not any(stop in shown for stop in stops)
    assert is_stopped == any(stop in text for stop in stops)


def test_a_stop_in_two_pieces_is_never_shown():
    cutter = StopCutter(["<|end|>"])
    assert cutter.push("x = 1<|e") == "x = 1"
    assert cutter.push("nd|>y") == ""
    assert cutter.is_stopped
    assert cutter.push("more") == ""


def test_a_beginning_that_is_no_stop_after_all_is_shown():
    cutter = StopCutter(["\n\n"])
    assert cutter.push("a\n") == "a"
    assert cutter.push("b") == "\nb"


def by_bytes(tokens):
    return bytes(tokens).decode("utf-8", "replace")


@given(st.text(alphabet=st.characters(exclude_characters="\ufffd", codec="utf-8"), max_size=20))
def test_bytes_one_by_one_give_the_text_without_half_characters(text):
    detokenizer = Detokenizer(by_bytes)
    pieces = [detokenizer.push(byte) for byte in text.encode()]
    assert "".join(pieces) == text
    assert detokenizer.flush() == ""


def test_a_character_that_never_became_whole_is_left_out():
    detokenizer = Detokenizer(by_bytes)
    pieces = [detokenizer.push(byte) for byte in "añ".encode()[:-1]]
    assert "".join(pieces) + detokenizer.flush() == "a"


def test_the_space_of_a_sentencepiece_token_survives():
    words = {0: "\u2581def", 1: "\u2581f", 2: "("}

    def decode(tokens):
        return "".join(words[token] for token in tokens).replace("\u2581", " ").removeprefix(" ")

    detokenizer = Detokenizer(decode)
    assert [detokenizer.push(token) for token in (0, 1, 2)] == ["def", " f", "("]

"""A chat model is asked for inputs, and its answers become calls that the search can try."""

from __future__ import annotations

import json
import textwrap

import pytest

from copilot_ls.features.tests.asking import Asker, askable, calls_in_answer
from copilot_ls.models.scripted import Reply, Say, Script, ScriptedModel, Wait, say

MODULE = '''
class Book:
    """A book."""

    currency: str = "EUR"

    def __init__(
        self, owner, limit=100
    ):
        self.owner = owner

    @property
    def rest(self):
        return 1

    def book(self, amounts):
        return sum(amounts)


if True:
    def width(text):
        return len(text)


def _helper(value):
    return value
'''
NAMES = {"Book", "width", "_helper"}


@pytest.mark.parametrize(
    ("answer", "calls"),
    [
        ('width("3min")\nwidth("")', ["width('3min')", "width('')"]),
        (
            "- width(\"a\")  # plain\n2. width('b')\nHere are some more calls:",
            ["width('a')", "width('b')"],
        ),
        ('```python\nwidth("a")\n```\nThese calls cover it.', ["width('a')"]),
        (
            'Book("Ann", limit=5).book([1, 2])',
            ["receiver = Book('Ann', limit=5)\nreceiver.book([1, 2])", "Book('Ann', limit=5)"],
        ),
        ("width(other)\nwidth(open)\nos.remove('x')\nwidth(", ["width(open)"]),
        (
            "def test_book():\n    ledger = Book('Ann')\n    assert ledger.book([3]) == 3",
            ["Book('Ann')", "receiver = Book('Ann')\nreceiver.book([3])"],
        ),
        ("I cannot help with that.", []),
    ],
)
def test_what_needs_nothing_else_is_taken_out_of_an_answer(answer: str, calls: list[str]) -> None:
    assert calls_in_answer(answer, NAMES) == calls


def test_a_method_is_shown_with_how_its_object_is_made() -> None:
    shown = askable(MODULE, "Book.book")
    assert shown is not None
    assert shown.callable_ == "Book.book"
    expected = """\
        class Book:
            currency: str = "EUR"
            def __init__(
                self, owner, limit=100
            ): ...

            def book(self, amounts):
                return sum(amounts)"""
    assert shown.code == textwrap.dedent(expected)


def test_what_is_inside_of_a_function_is_asked_for_by_the_function() -> None:
    shown = askable(MODULE, "width.inner.deeper")
    assert shown is not None
    assert (shown.callable_, shown.code) == (
        "width",
        "    def width(text):\n        return len(text)",
    )


@pytest.mark.parametrize("owner", ["", "Book", "Book.rest", "gone", "Book.gone"])
def test_what_cannot_be_called_is_not_asked_for(owner: str) -> None:
    assert askable(MODULE, owner) is None


def test_making_an_object_is_asked_for_by_its_class() -> None:
    shown = askable(MODULE, "Book.__init__")
    assert shown is not None
    assert shown.callable_ == "Book"


async def given(asker: Asker, number: int) -> list[str]:
    """The first calls that come; the search has nothing against them."""
    found: list[str] = []
    lines = asker.lines()
    async for line in lines:
        found.append(json.loads(line)["call"])
        asker.hear({"phase": "input", "call": found[-1], "problem": ""})
        if len(found) == number:
            break
    await lines.aclose()
    return found


async def test_public_functions_with_most_open_branches_come_first() -> None:
    model = ScriptedModel(
        Script(
            [
                say("_helper(1)", when="Calls of _helper:"),
                say("width('a')", when="Calls of width:"),
                say("Book('Bo').book([])", when="Calls of Book.book:"),
            ]
        )
    )
    asker = Asker(model, MODULE)
    asker.hear({"phase": "search", "open": {"_helper": 9, "width": 2, "Book.book": 3, "": 4}})
    calls = await given(asker, 4)
    assert calls[0].endswith("receiver.book([])")
    assert calls[2:] == ["width('a')", "_helper(1)"]


async def test_a_search_that_starts_over_gets_what_was_said_already() -> None:
    model = ScriptedModel(Script([say("width('a')\nwidth('b')", when="Calls of width:")]))
    asker = Asker(model, MODULE)
    asker.hear({"open": {"width": 2}})
    assert await given(asker, 2) == ["width('a')", "width('b')"]
    assert await given(asker, 2) == ["width('a')", "width('b')"]
    assert len(model.prompts) == 1


async def test_a_model_that_repeats_itself_is_stopped() -> None:
    endless = Reply((Say("width('a')\n" * 3), Wait("never")), when="Calls of width:")
    model = ScriptedModel(Script([endless, say("_helper(2)", when="Calls of _helper:")]))
    asker = Asker(model, MODULE)
    asker.hear({"open": {"width": 2, "_helper": 1}})
    assert await given(asker, 2) == ["width('a')", "_helper(2)"]
    assert model.n_cancelled == 1


async def test_if_no_call_is_of_use_a_whole_test_is_asked_for_with_the_reason() -> None:
    test = "def test_width():\n    text = 'long'\n    assert width(text) == 3\n"
    model = ScriptedModel(
        Script([say(test, when="A test of width:"), say("width(5)", when="Calls of width:")])
    )
    asker = Asker(model, MODULE)
    asker.hear({"open": {"width": 2}})
    lines = asker.lines()
    first = json.loads(await anext(lines))
    asker.hear({"phase": "input", "call": first["call"], "problem": "TypeError: no length"})
    second = json.loads(await anext(lines))
    await lines.aclose()
    assert second == {"call": "width('long')", "origin": "scripted"}
    assert "width(5)  # TypeError: no length" in model.prompts[-1].messages[-1].text


async def test_a_model_that_cannot_chat_is_not_asked() -> None:
    model = ScriptedModel(Script([say("width('a')")]), has_chat=False)
    asker = Asker(model, MODULE)
    asker.hear({"open": {"width": 2}})
    assert [line async for line in asker.lines()] == []
    assert model.prompts == []


async def test_a_model_that_fails_ends_the_questions_alone() -> None:
    model = ScriptedModel(Script([]))
    await model.aclose()
    asker = Asker(model, MODULE)
    asker.hear({"open": {"width": 2}})
    assert [line async for line in asker.lines()] == []

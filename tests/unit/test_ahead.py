from __future__ import annotations

import asyncio

import pytest

from copilot_ls.domain import Document, Origin, Outcome, Suggestion
from copilot_ls.features.completion import ahead, completer
from copilot_ls.models.scripted import Reach, Reply, Say, Script, ScriptedModel, Wait, say
from indexer.model import Span
from tests.fakes.ports import QWEN_FIM
from tests.unit.test_completer import completer_of, request_of


@pytest.fixture(autouse=True)
def no_delay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(completer, "_LOOK_AHEAD_SECONDS", 0.0)
    monkeypatch.setattr(completer, "_READING_SECONDS", 0.0)


def lines_after(marked: str, language: str = "python") -> str | None:
    offset = marked.index("█")
    document = Document("file:///a", "a", language, marked.replace("█", ""))
    following = ahead.next_line(document, offset)
    if following is None:
        return None
    document, offset = following
    return document.text[:offset] + "█" + document.text[offset:]


@pytest.mark.parametrize(
    ("now", "following"),
    [
        ("def f():█", "def f():\n    █"),
        ("    x = 1█\n", "    x = 1\n    █\n"),
        ("if a:\n  if b:█\n", "if a:\n  if b:\n    █\n"),
        ("def f():\n    return 1█", "def f():\n    return 1\n█"),
        ("\tif a {█\n", "\tif a {\n\t\t█\n"),
        ("a = 1\r\nb = 2█\r\n", "a = 1\r\nb = 2\r\n█\r\n"),
        ("x = f(█)\n", None),
        ("    █\n", None),
    ],
)
def test_the_next_line_is_where_an_editor_puts_the_cursor(now: str, following: str | None):
    assert lines_after(now) == following


def test_a_suggestion_is_accepted_over_what_it_replaces():
    document = Document("file:///a", "a", "python", "x = f()\n")
    suggestion = Suggestion("s1", "a, b)", Span(6, 7), Origin.MODEL)
    changed, offset = ahead.accepted(document, suggestion)
    assert (changed.text, offset) == ("x = f(a, b)\n", 11)


async def prompted(model: ScriptedModel, n_prompts: int) -> None:
    for _ in range(1_000):
        await asyncio.sleep(0)
    assert len(model.prompts) == n_prompts


async def test_what_follows_an_accepted_suggestion_is_there_when_it_is_asked_for():
    model = ScriptedModel(
        Script([say("1", once=True), Reply((Say("y = 2"), Reach("done")))]), fim=QWEN_FIM
    )
    subject = completer_of(model)
    await subject.complete(request_of("x = █\n"))
    await model.mark("done").wait()
    await asyncio.sleep(0)
    assert (await subject.complete(request_of("x = 1█\n"))).outcome is Outcome.EMPTY
    following = await subject.complete(request_of("x = 1\n█\n"))
    (suggestion,) = following.suggestions
    assert (suggestion.text, suggestion.origin) == ("y = 2", Origin.SPECULATIVE)
    assert len(model.prompts) == 2
    assert subject.counts["looked_ahead"] == 1


async def test_the_next_line_is_written_while_this_one_is_at_its_end():
    model = ScriptedModel(Script([say("", once=True), say("y = 2")]), fim=QWEN_FIM)
    subject = completer_of(model)
    await subject.complete(request_of("x = 1█\n"))
    await prompted(model, 2)
    following = await subject.complete(request_of("x = 1\n█\n"))
    assert following.suggestions[0].text == "y = 2"
    assert len(model.prompts) == 2


async def test_who_types_something_else_has_the_model_at_once():
    held = Reply((Say("y"), Reach("ahead"), Wait("never")), once=True)
    model = ScriptedModel(Script([say("1", once=True), held, say("2")]), fim=QWEN_FIM)
    subject = completer_of(model)
    await subject.complete(request_of("x = █\n"))
    await model.mark("ahead").wait()
    other = await subject.complete(request_of("x = a█\n"))
    assert other.suggestions[0].text == "2"
    assert model.n_cancelled == 1


async def test_the_line_goes_on_where_the_model_was_cut():
    long_line = "a" * 40 + " + b"
    model = ScriptedModel(Script([say(f"{long_line} + c", once=True)]), fim=QWEN_FIM)
    subject = completer_of(model, max_line_tokens=3)
    await subject.complete(request_of("x = █\n"))
    await prompted(model, 2)
    assert f"x = {long_line}<|fim_suffix|>" in model.prompts[1].text


async def test_nothing_is_written_ahead_if_the_user_does_not_want_it():
    model = ScriptedModel(Script([say("1")]), fim=QWEN_FIM)
    subject = completer_of(model, look_ahead=False)
    await subject.complete(request_of("x = █\n"))
    assert subject._looking_ahead is None

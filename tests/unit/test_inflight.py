from __future__ import annotations

import asyncio

import pytest

from copilot_ls.domain import Completion, CompletionRequest, Origin, Outcome
from copilot_ls.features.completion.completer import Completer
from copilot_ls.models.scripted import Reach, Reply, Say, Script, ScriptedModel, Wait, say
from tests.fakes.ports import QWEN_FIM
from tests.unit.test_completer import completer_of, request_of


def model_of(*replies: Reply) -> ScriptedModel:
    return ScriptedModel(Script(replies), fim=QWEN_FIM)


def halting(before: str, after: str) -> Reply:
    """A reply that stops in the middle until the test lets it go on."""
    return Reply((Say(before), Reach("middle"), Wait("go on"), Say(after)), once=True)


async def begun(
    completer: Completer, model: ScriptedModel, request: CompletionRequest
) -> asyncio.Task[Completion]:
    task = asyncio.create_task(completer.complete(request))
    await model.mark("middle").wait()
    return task


async def cancelled(task: asyncio.Task[Completion]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_key_that_fits_goes_on_with_the_answer_under_way():
    model = model_of(halting("alpha", " + beta"))
    completer = completer_of(model)
    first = await begun(completer, model, request_of("x = █"))
    second = asyncio.create_task(completer.complete(request_of("x = al█")))
    await cancelled(first)
    model.mark("go on").set()
    completion = await second
    (suggestion,) = completion.suggestions
    assert (suggestion.text, suggestion.origin) == ("pha + beta", Origin.IN_FLIGHT)
    assert len(model.prompts) == 1
    assert model.n_cancelled == 0


async def test_a_key_beyond_what_is_written_waits_until_it_is_known_to_fit():
    model = model_of(halting("al", "pha + beta"))
    completer = completer_of(model)
    await begun(completer, model, request_of("x = █"))
    second = asyncio.create_task(completer.complete(request_of("x = alpha █")))
    model.mark("go on").set()
    assert (await second).suggestions[0].text == "+ beta"


async def test_a_key_that_does_not_fit_stops_the_engine_and_asks_anew():
    model = model_of(halting("alpha", " + beta"), say("est"))
    completer = completer_of(model)
    await begun(completer, model, request_of("x = █"))
    completion = await completer.complete(request_of("x = b█"))
    assert completion.suggestions[0].text == "est"
    assert completion.suggestions[0].origin is Origin.MODEL
    assert model.n_cancelled == 1


async def test_an_answer_that_goes_another_way_than_was_typed_is_left_at_once():
    model = model_of(halting("al", "so"), say(" + 1"))
    completer = completer_of(model)
    await begun(completer, model, request_of("x = █"))
    second = asyncio.create_task(completer.complete(request_of("x = alpha█")))
    model.mark("go on").set()
    assert (await second).suggestions[0].text == " + 1"


async def test_the_engine_stops_when_the_document_moved_on_before_anybody_asks():
    model = model_of(halting("alpha", " + beta"))
    completer = completer_of(model)
    task = await begun(completer, model, request_of("x = █"))
    completer.changed(request_of("x = alp█").document)
    assert not model.stopped.is_set()
    completer.changed(request_of("x = b█").document)
    await model.stopped.wait()
    assert (await task).outcome is Outcome.SUPERSEDED


async def test_a_bracket_that_the_editor_closed_is_no_contradiction():
    model = model_of(halting("f(a", ", b)"))
    completer = completer_of(model)
    await begun(completer, model, request_of("x = █\n"))
    completer.changed(request_of("x = f(█)\n").document)
    second = asyncio.create_task(completer.complete(request_of("x = f(█)\n")))
    model.mark("go on").set()
    (suggestion,) = (await second).suggestions
    assert suggestion.text == "a, b)"
    assert len(suggestion.span) == 1


async def test_an_answer_that_nobody_waited_for_to_its_end_is_there_for_the_next_key():
    model = model_of(halting("alpha", " + beta"))
    completer = completer_of(model)
    # Nothing of the orphan's time passes before the engine is let go.
    completer._orphan_seconds = 60.0
    await cancelled(await begun(completer, model, request_of("x = █")))
    model.mark("go on").set()
    second = await completer.complete(request_of("x = a█"))
    assert second.suggestions[0].text == "lpha + beta"
    assert len(model.prompts) == 1


async def test_another_document_takes_the_engine_over():
    model = model_of(halting("alpha", " + beta"), say("gamma"))
    completer = completer_of(model)
    first = await begun(completer, model, request_of("x = █"))
    second = await completer.complete(request_of("y = █", uri="file:///b.py"))
    assert second.suggestions[0].text == "gamma"
    assert (await first).outcome is Outcome.SUPERSEDED
    assert model.n_cancelled == 1


async def test_closing_a_document_stops_what_is_written_for_it():
    model = model_of(halting("alpha", " + beta"))
    completer = completer_of(model)
    await begun(completer, model, request_of("x = █"))
    completer.forget("file:///a.py")
    await model.stopped.wait()


async def test_a_slow_block_is_shown_as_far_as_it_has_come_and_its_rest_follows():
    model = model_of(halting("total = 0\n    for", " item in items:\n        total += item\n"))
    completer = completer_of(model, block_ms=0)
    first = await completer.complete(request_of("def f(items):\n    █"))
    assert first.suggestions[0].text == "total = 0"
    model.mark("go on").set()
    second = await completer.complete(request_of("def f(items):\n    total = 0█"))
    assert second.suggestions[0].text == "\n    for item in items:\n        total += item"
    assert len(model.prompts) == 1


async def test_that_there_is_nothing_to_offer_is_remembered():
    model = model_of(say("", once=True), say("+ more"))
    completer = completer_of(model)
    first = await completer.complete(request_of("x = 1█"))
    again = await completer.complete(request_of("x = 1█"))
    assert first.outcome is again.outcome is Outcome.EMPTY
    assert again.reason == first.reason
    assert len(model.prompts) == 1
    typed = await completer.complete(request_of("x = 1 █"))
    assert typed.suggestions[0].text == "+ more"


@pytest.mark.parametrize("invoked", [False, True])
async def test_a_failure_of_ours_reaches_whoever_waits(invoked: bool):
    class Faulty(ScriptedModel):
        async def capabilities(self):
            raise ZeroDivisionError

    completer = completer_of(Faulty(Script([]), fim=QWEN_FIM))
    with pytest.raises(ZeroDivisionError):
        await completer.complete(request_of("x = █", invoked=invoked))


async def test_two_editors_windows_of_one_document_do_not_chase_each_other():
    model = model_of(*[halting("alpha", "")] * 2, say("delta"))
    completer = completer_of(model)
    first = await begun(completer, model, request_of("x = █"))
    second = asyncio.create_task(completer.complete(request_of("y = █")))
    assert (await first).outcome is Outcome.SUPERSEDED
    model.mark("go on").set()
    assert (await second).suggestions

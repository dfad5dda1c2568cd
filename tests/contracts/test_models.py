"""Every model behind the port behaves alike: in process, in an engine process, behind HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass

import pytest

from copilot_ls.domain import Capabilities, ChatMessage, ChatRole, FinishReason, Prompt
from copilot_ls.errors import ModelRefused, ModelUnavailable
from copilot_ls.models.engine import EngineOptions
from copilot_ls.models.local import LocalModel
from copilot_ls.models.openai import EndpointOptions, OpenAIModel
from copilot_ls.models.scripted import (
    Crash,
    Reach,
    Reply,
    Say,
    Script,
    ScriptedModel,
    Wait,
    say,
)
from copilot_ls.ports import Model
from tests.fakes.openai_server import openai_server

REPLIES = (
    say("one two three four", when="count"),
    Reply((Say("begin"), Reach("begun"), Wait("never"), Say(" end")), when="wait"),
    Reply((Say("begin"), Crash()), when="crash"),
    say("grüße 👋", when="unicode"),
)


@dataclass
class Subject:
    model: Model
    reached: Callable[[str], Awaitable[None]]
    was_cancelled: Callable[[], Awaitable[None]]


async def exists(path):
    while not path.exists():  # noqa: ASYNC110 - the event is in another process
        await asyncio.sleep(0.002)


@pytest.fixture(params=["scripted", "local", "endpoint"])
async def subject(request, tmp_path):
    async with AsyncExitStack() as stack:
        match request.param:
            case "scripted":
                model = ScriptedModel(Script(REPLIES))

                async def cancelled():
                    assert model.n_cancelled == 1

                yield Subject(model, lambda name: model.mark(name).wait(), cancelled)
            case "local":
                (tmp_path / "script.json").write_text(Script.to_json(REPLIES))
                model = LocalModel(
                    engine="scripted",
                    model_dir=tmp_path,
                    capabilities=Capabilities(
                        "scripted", "scripted", 4096, has_chat=True, can_judge=True
                    ),
                    options=EngineOptions(grace_s=0),
                    runtime_dir=tmp_path / "run",
                )
                yield Subject(
                    model,
                    lambda name: exists(tmp_path / name),
                    lambda: exists(tmp_path / "cancelled"),
                )
            case "endpoint":
                server = await stack.enter_async_context(openai_server(Script(REPLIES)))
                model = OpenAIModel(EndpointOptions(server.url))
                yield Subject(model, lambda name: server.mark(name).wait(), server.cancelled.wait)
        await model.aclose()


async def answer(model: Model, prompt: Prompt) -> tuple[str, FinishReason]:
    deltas = [delta async for delta in model.stream(prompt)]
    assert all(delta.finish is None for delta in deltas[:-1])
    assert deltas[-1].finish is not None
    return "".join(delta.text for delta in deltas), deltas[-1].finish


async def test_a_stream_ends_with_its_reason(subject):
    assert await answer(subject.model, Prompt("count")) == (
        "one two three four",
        FinishReason.STOP,
    )


async def test_messages_are_answered_too(subject):
    prompt = Prompt(messages=(ChatMessage(ChatRole.USER, "count"),))
    assert await answer(subject.model, prompt) == ("one two three four", FinishReason.STOP)


async def test_no_more_tokens_than_asked_for(subject):
    prompt = Prompt("count", max_tokens=2)
    assert await answer(subject.model, prompt) == ("one two", FinishReason.LENGTH)


async def test_it_stops_before_a_stop_string_that_spans_tokens(subject):
    prompt = Prompt("count", stops=("", "o three", "zzz"))
    assert await answer(subject.model, prompt) == ("one tw", FinishReason.STOP)


async def test_text_arrives_as_it_was_said(subject):
    assert (await answer(subject.model, Prompt("unicode \ud800")))[0] == "grüße 👋"


async def test_an_answer_without_text_still_ends(subject):
    assert await answer(subject.model, Prompt("nothing fits")) == ("", FinishReason.STOP)


async def test_closing_the_stream_stops_the_engine(subject):
    stream = subject.model.stream(Prompt("wait"))
    assert (await anext(stream)).text == "begin"
    await stream.aclose()
    await subject.was_cancelled()
    assert (await answer(subject.model, Prompt("count")))[0] == "one two three four"


async def test_cancelling_the_reader_stops_the_engine(subject):
    reading = asyncio.create_task(answer(subject.model, Prompt("wait")))
    await subject.reached("begun")
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    await subject.was_cancelled()


async def test_streams_at_the_same_time_wait_for_each_other(subject):
    first = subject.model.stream(Prompt("wait"))
    await anext(first)
    second = asyncio.create_task(answer(subject.model, Prompt("count")))
    done, _ = await asyncio.wait({second}, timeout=0.05)
    assert not done
    await first.aclose()
    assert await second == ("one two three four", FinishReason.STOP)


async def test_a_crash_costs_one_answer(subject):
    with pytest.raises(ModelUnavailable):
        await answer(subject.model, Prompt("crash"))
    assert (await answer(subject.model, Prompt("count")))[0] == "one two three four"


async def test_tokens_are_counted(subject):
    assert await subject.model.count_tokens("one two three") == 3


async def test_it_tells_how_likely_a_text_is_or_refuses(subject):
    asking = subject.model.likelihoods(["alpha beta", "gamma", "beta"], "beta alpha")
    if (await subject.model.capabilities()).can_judge:
        assert list(await asking) == [0.0, -2.0, -1.0]
    else:
        with pytest.raises(ModelRefused, match="how likely"):
            await asking


async def test_it_declares_what_it_is(subject):
    capabilities = await subject.model.capabilities()
    assert capabilities.context_tokens > 0
    assert capabilities.is_local
    assert capabilities.has_chat


async def test_it_can_be_closed_twice_and_then_refuses(subject):
    await subject.model.capabilities()
    await subject.model.aclose()
    await subject.model.aclose()
    with pytest.raises(ModelUnavailable, match="closed"):
        await answer(subject.model, Prompt("count"))

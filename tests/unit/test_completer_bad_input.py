"""What no editor or model should send, and does: a quiet answer each time."""

from __future__ import annotations

import pytest

from copilot_ls.domain import CompletionRequest, Document, Outcome
from copilot_ls.models.scripted import Crash, Reply, Say, Script, ScriptedModel
from tests.fakes.ports import QWEN_FIM, scripted
from tests.unit.test_completer import completer_of, request_of

QUIET = {Outcome.SHOWN, Outcome.EMPTY, Outcome.WITHHELD, Outcome.NOT_WORTH_IT}


@pytest.mark.parametrize(
    "text",
    [
        "def f(:\n  if ][ else\n\tclass\n x = ",
        "x = 1\n" * 20_000 + "y = ",
        "a=1;" * 60_000,
        "x = '\ufffd\x00\x85' \u2028\r\n\ry = ",
        "\ud83d half = ",
    ],
    ids=["unparsable", "20,000 lines", "minified", "odd characters", "lone surrogate"],
)
async def test_odd_documents_get_a_quiet_answer(text: str):
    completer = completer_of(scripted("alpha", "beta", "gamma"), candidates=1)
    document = Document("file:///a.py", "a.py", "python", text)
    completion = await completer.complete(CompletionRequest(document, len(text), invoked=True))
    assert completion.outcome in QUIET


@pytest.mark.parametrize(
    "answer",
    [
        "\x00\x01\x02",
        "\ufffd" * 50,
        "))))]]]]",
        "<|fim_middle|>" * 5,
        "\n\n\n",
        " " * 400,
        "x" * 5_000,
    ],
)
async def test_garbage_of_a_model_is_never_an_exception(answer: str):
    completion = await completer_of(scripted(answer)).complete(request_of("x = █\n"))
    assert completion.outcome in QUIET


async def test_an_engine_that_dies_in_the_middle_costs_one_answer():
    dying = Reply((Say("alpha + "), Crash()), once=True)
    model = ScriptedModel(Script([dying, Reply((Say("beta"),))]), fim=QWEN_FIM)
    completer = completer_of(model)
    first = await completer.complete(request_of("x = █"))
    assert (first.outcome, first.suggestions) == (Outcome.MODEL_FAILED, ())
    second = await completer.complete(request_of("x = █"))
    assert second.suggestions[0].text == "beta"


async def test_a_context_shorter_than_the_prompt_makes_a_shorter_prompt():
    model = ScriptedModel(Script([Reply((Say("beta"),))]), fim=QWEN_FIM, context_tokens=128)
    text = "value = compute(1, 2, 3)\n" * 2_000
    completion = await completer_of(model).complete(request_of(f"{text}x = █"))
    assert completion.suggestions[0].text == "beta"
    assert len(model.prompts[0].text) < 600

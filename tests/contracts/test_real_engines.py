"""The real engines with the real default model: what no script can stand in for."""

from __future__ import annotations

import asyncio
import importlib.util

import pytest

from copilot_ls.domain import Capabilities, ChatMessage, ChatRole, FinishReason, Prompt
from copilot_ls.errors import ModelRefused
from copilot_ls.models.engine import EngineOptions
from copilot_ls.models.local import LocalModel
from copilot_ls.wiring import model_store

MODEL = "qwen2.5-coder-0.5b-instruct"
HOLE = "<|fim_prefix|>def add(a, b):\n    return <|fim_suffix|>\n\nprint(add(1, 2))\n<|fim_middle|>"

pytestmark = pytest.mark.real_model


@pytest.fixture(params=["openvino", "llama_cpp"])
async def model(request, tmp_path):
    module = {"openvino": "openvino_genai", "llama_cpp": "xllamacpp"}[request.param]
    if importlib.util.find_spec(module) is None:
        pytest.skip(f"{module} is not installed")
    folder = model_store().folder(MODEL)
    form = folder / ("openvino" if request.param == "openvino" else "source")
    if not form.is_dir():
        pytest.skip(f"NOT TESTED WITH A REAL MODEL: run `copilot-ls model pull {MODEL}` first")
    model = LocalModel(
        engine=request.param,
        model_dir=folder,
        capabilities=Capabilities(
            MODEL, request.param, 4096, can_judge=request.param == "openvino"
        ),
        options=EngineOptions(grace_s=0, context_tokens=4096),
        runtime_dir=tmp_path / "run",
    )
    yield model
    await model.aclose()


async def answer(model, prompt):
    deltas = [delta async for delta in model.stream(prompt)]
    return "".join(delta.text for delta in deltas), deltas[-1]


async def likelihoods_are_told_or_refused(model):
    add = "def add(a, b):\n    return a + b\n\nIn one sentence, add: "
    texts = [add, "def remove(path):\n    path.unlink()\n\nIn one sentence, remove: ", add]
    if not (await model.capabilities()).can_judge:
        with pytest.raises(ModelRefused, match="how likely"):
            await model.likelihoods(texts, "Add two numbers.")
        return
    first = await model.likelihoods(texts, "Add two numbers.")
    assert first[0] == max(first)
    assert first[1] < first[0] - 5
    assert all(value < 0 for value in first)
    # Asked again, all of it is in the engine's cache, which tells nothing.
    again = await model.likelihoods(texts, "Add two numbers.")
    assert again == pytest.approx(first, abs=1)


async def test_a_real_engine_fills_a_hole_stops_and_heeds_a_cancel(model):
    assert await model.count_tokens("<|fim_prefix|>") == 1

    text, last = await answer(model, Prompt(HOLE, stops=("\n", "<|endoftext|>"), max_tokens=16))
    assert text.strip() == "a + b"
    assert last.finish is FinishReason.STOP
    assert last.usage.prompt_tokens == await model.count_tokens(HOLE)

    text, last = await answer(model, Prompt(HOLE, stops=("a + b",), max_tokens=16))
    assert text.strip() == ""

    text, last = await answer(model, Prompt(HOLE, choices=("a * b", "b + a"), max_tokens=16))
    assert text in {"a * b", "b + a"}

    chat = (ChatMessage(ChatRole.USER, "Answer with one emoji of a cat."),)
    text, last = await answer(model, Prompt(messages=chat, max_tokens=8))
    assert text
    assert "\N{REPLACEMENT CHARACTER}" not in text
    assert "<|im" not in text

    await likelihoods_are_told_or_refused(model)

    lines = [f"x{number} = {number}\n" for number in range(400)]
    reading = asyncio.create_task(anext(model.stream(Prompt("".join(lines), max_tokens=8))))
    while (await model.stats())["waiting"] != 1:
        pass
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    # Had the whole prompt been read in spite of the cancel, its first part would be cached.
    _, last = await answer(model, Prompt("".join(lines[:100]), max_tokens=1))
    assert last.usage.cached_tokens < last.usage.prompt_tokens - 64

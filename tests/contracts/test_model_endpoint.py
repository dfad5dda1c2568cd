"""What an OpenAI-compatible server may do to us, and what we send it."""

from __future__ import annotations

import asyncio
import json
import sys

import pytest

from copilot_ls.domain import ChatMessage, ChatRole, FimFormat, FinishReason, Prompt
from copilot_ls.errors import ConfigError, ModelRefused, ModelTimeout, ModelUnavailable
from copilot_ls.models.openai import EndpointApi, EndpointOptions, OpenAIModel
from copilot_ls.models.scripted import Crash, Hang, Reply, Say, Script, say
from tests.fakes.openai_server import openai_server

FIM = FimFormat(prefix="<P>", suffix="<S>", middle="<M>")


@pytest.fixture
async def server():
    async with openai_server(Script([say("x = 1")])) as server:
        yield server


async def ask(server, prompt: Prompt | None = None, **options) -> str:
    deltas = await deltas_of(server, prompt, **options)
    return "".join(delta.text for delta in deltas)


async def deltas_of(server, prompt: Prompt | None = None, **options):
    fim = options.pop("fim", FIM)
    model = OpenAIModel(EndpointOptions(**({"url": server.url} | options)), fim=fim)
    try:
        return [delta async for delta in model.stream(prompt or Prompt("<P>a<S>b<M>"))]
    finally:
        await model.aclose()


async def test_the_raw_prompt_is_sent_and_never_a_suffix_field(server):
    await ask(server, Prompt("<P>a<S>b<M>", stops=tuple("123456"), max_tokens=7), api_key="k")
    path, headers, body = server.requests[-1]
    assert path == "/v1/completions"
    assert headers["authorization"] == "Bearer k"
    assert body["prompt"] == "<P>a<S>b<M>"
    assert body["max_tokens"] == 7
    assert len(body["stop"]) == 4
    assert "suffix" not in body


@pytest.mark.skipif(sys.platform == "win32", reason="no connection to 0.0.0.0 there")
async def test_to_another_machine_a_prompt_goes_without_its_secrets(server):
    # This machine by an address that does not say so.
    url = server.url.replace("127.0.0.1", "0.0.0.0")
    chat = (ChatMessage(ChatRole.USER, "password = 'hunter2'"),)
    await ask(server, Prompt("<P>password = 'hunter2'\nx = <S><M>"), url=url, model="m")
    await ask(
        server, Prompt("<P>password: hunter2\nx: <S><M>", language="yaml"), url=url, model="m"
    )
    await ask(server, Prompt(messages=chat), url=url, model="m")
    raw, yaml, messages = (body for _, _, body in server.requests[-3:])
    assert raw["prompt"] == "<P>password = '*******'\nx = <S><M>"
    assert yaml["prompt"] == "<P>password: *******\nx: <S><M>"
    assert messages["messages"] == [{"role": "user", "content": "password = '*******'"}]
    model = OpenAIModel(EndpointOptions(url, model="mine"), fim=FIM)
    assert not (await model.capabilities()).is_local
    await model.count_tokens("password = 'hunter2'")
    await model.aclose()
    assert "hunter2" not in str(server.requests)


async def test_on_this_machine_a_prompt_goes_as_it_is(server):
    await ask(server, Prompt("<P>password = 'hunter2'\nx = <S><M>"))
    assert server.requests[-1][2]["prompt"] == "<P>password = 'hunter2'\nx = <S><M>"


async def test_stops_beyond_the_fourth_are_cut_here(server):
    assert await ask(server, Prompt("a", stops=("q", "w", "e", "r", " 1"))) == "x ="


async def test_infill_gets_the_pieces(server):
    assert await ask(server, api=EndpointApi.INFILL) == "x = 1"
    path, _, body = server.requests[-1]
    assert path == "/infill"
    assert (body["input_prefix"], body["input_suffix"], body["prompt"]) == ("a", "b", "")


async def test_a_chat_endpoint_refuses_a_raw_prompt_and_has_no_fim(server):
    with pytest.raises(ModelRefused, match="chat only"):
        await ask(server, api=EndpointApi.CHAT)
    model = OpenAIModel(EndpointOptions(server.url, api=EndpointApi.CHAT), fim=FIM)
    assert (await model.capabilities()).fim is None
    await model.aclose()


async def test_the_first_model_of_the_server_is_asked_for_once(server):
    model = OpenAIModel(EndpointOptions(server.url), fim=FIM)
    capabilities = await model.capabilities()
    assert (capabilities.model, capabilities.context_tokens) == ("stub-coder", 2048)
    assert capabilities.fim == FIM
    await model.capabilities()
    assert [path for path, *_ in server.requests] == ["/v1/models"]
    await model.aclose()


async def test_a_named_model_is_not_asked_for(server):
    await ask(server, model="mine")
    assert [(path, body["model"]) for path, _, body in server.requests] == [
        ("/v1/completions", "mine")
    ]


async def test_usage_is_told_where_the_server_tells(server):
    usage = (await deltas_of(server, Prompt("a b c")))[-1].usage
    assert (usage.prompt_tokens, usage.output_tokens, usage.cached_tokens) == (3, 3, -1)


async def test_tokens_are_estimated_if_the_server_cannot_count(server):
    server.respond = lambda path, _: (404, b"{}") if path == "/tokenize" else None
    model = OpenAIModel(EndpointOptions(server.url))
    assert await model.count_tokens("abcdefg") == 3
    assert await model.count_tokens("abcdefg") == 3
    assert [path for path, *_ in server.requests].count("/tokenize") == 1
    await model.aclose()


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (401, {"error": {"message": "bad key sk-123"}}, ModelRefused, "bad key … .*api_key_env"),
        (404, {"error": "no model"}, ModelRefused, r"no model .*endpoint\.model"),
        (400, {"detail": "too long"}, ModelRefused, "400: too long"),
        (422, {"message": "x" * 5_000}, ModelRefused, "422: x{200} "),
        (302, {}, ModelRefused, "redirects"),
        (500, {"error": {"message": "out of memory"}}, ModelUnavailable, "out of memory"),
        (503, {"error": {"message": "loading"}}, ModelUnavailable, "loading"),
    ],
)
async def test_a_refusal_is_told_in_the_servers_words_without_the_key(
    server, status, body, error, words
):
    server.respond = lambda *_: (status, json.dumps(body).encode())
    with pytest.raises(error, match=words) as caught:
        await ask(server, model="m", api_key="sk-123")
    assert "sk-123" not in str(caught.value)


async def test_nobody_at_the_address_is_unavailable(server):
    with pytest.raises(ModelUnavailable, match=r"correct endpoint\.url"):
        await ask(server, url="http://127.0.0.1:1")


async def test_a_silent_server_is_a_timeout(server):
    server.script = Script([Reply((Hang(),))])
    with pytest.raises(ModelTimeout, match="timeout_seconds"):
        await ask(server, timeout_s=0.05, model="m")


async def test_a_broken_connection_is_unavailable(server):
    server.script = Script([Reply((Say("x"), Crash()))])
    with pytest.raises(ModelUnavailable, match="broke"):
        await ask(server)


async def test_an_error_in_mid_stream_is_told(server):
    events = b'data: {"choices": [{"text": "a"}]}\n\ndata: {"error": {"message": "full"}}\n\n'
    server.respond = lambda path, _: (200, events) if "completions" in path else None
    with pytest.raises(ModelUnavailable, match="full"):
        await ask(server)


async def test_garbage_in_the_stream_is_passed_over(server):
    events = b"".join(
        b"data: " + event + b"\r\n\r\n"
        for event in (
            b"\xff\xfe",
            b"[]",
            b"null",
            b"[" * 10_000,
            b'{"choices": []}',
            b'{"choices": [{"text": 7}]}',
            b'{"choices": "x", "usage": 3}',
            b'{"choices": [{"text": "ok", "finish_reason": "length"}]}',
        )
    )
    server.respond = lambda path, _: (200, b": hello\nevent: x\n" + events)
    *texts, last = await deltas_of(server, model="m")
    assert [delta.text for delta in texts] == ["ok"]
    assert last.finish is FinishReason.LENGTH


async def test_an_endless_line_is_given_up(server):
    server.respond = lambda path, _: (200, b"x" * 3_000_000)
    with pytest.raises(ModelUnavailable, match="no sense"):
        await ask(server, model="m")


async def test_a_server_that_does_not_stream_is_understood(server):
    whole = {"choices": [{"text": "all at once", "finish_reason": "stop"}]}
    server.respond = lambda path, _: (200, json.dumps(whole).encode())
    assert await ask(server, model="m") == "all at once"


async def test_the_environments_proxy_is_not_used(server, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert await ask(server) == "x = 1"


async def test_the_settings_proxy_is_used_and_makes_the_model_remote(server):
    options = EndpointOptions("http://127.0.0.1:1/v1", model="m", proxy=server.url[: -len("/v1")])
    model = OpenAIModel(options)
    assert not (await model.capabilities()).is_local
    async for _ in model.stream(Prompt("a")):
        pass
    assert server.requests[-1][0] == "http://127.0.0.1:1/v1/completions"
    await model.aclose()


async def test_a_ca_bundle_that_cannot_be_read_is_named(server, tmp_path):
    with pytest.raises(ConfigError, match="ca_bundle"):
        await ask(server, ca_bundle=str(tmp_path / "absent.pem"), model="m")


async def test_closing_the_model_breaks_off_its_streams(server):
    server.script = Script([Reply((Say("x"), Hang()))])
    model = OpenAIModel(EndpointOptions(server.url))
    stream = model.stream(Prompt("a"))
    await anext(stream)
    await model.aclose()
    async with asyncio.timeout(20):
        with pytest.raises(ModelUnavailable):
            await anext(stream)

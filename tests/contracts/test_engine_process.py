"""The process behind a local model: shared, killed, started again, and gone with its last user."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import stat
import struct
from pathlib import Path

import psutil
import pytest

from copilot_ls.domain import Capabilities, Prompt
from copilot_ls.errors import ModelRefused, ModelTimeout, ModelUnavailable
from copilot_ls.models import channel
from copilot_ls.models.channel import Channel, ChannelError, Endpoint
from copilot_ls.models.engine import EngineOptions
from copilot_ls.models.local import LocalModel
from copilot_ls.models.scripted import Crash, Hang, Reach, Reply, Say, Script, Wait, say

REPLIES = (
    say("hello", when="hi"),
    Reply((Say("begin"), Reach("begun"), Wait("go"), Say(" end")), when="wait"),
    Reply((Say("begin"), Hang()), when="hang"),
    Reply((Crash(),), when="crash"),
)


class Engines:
    """Opens clients of one scripted engine; closes what is left at the end."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.runtime_dir = folder / "run"
        self._models: list[LocalModel] = []
        self.write(*REPLIES)

    def write(self, *replies: Reply) -> None:
        (self.folder / "script.json").write_text(Script.to_json(replies))

    def client(self, engine: str = "scripted", **options) -> LocalModel:
        model = LocalModel(
            engine=engine,
            model_dir=self.folder,
            capabilities=Capabilities("scripted", engine, 4096),
            options=EngineOptions(**({"grace_s": 0} | options)),
            runtime_dir=self.runtime_dir,
        )
        self._models.append(model)
        return model

    def endpoint_path(self) -> Path:
        (path,) = self.runtime_dir.glob("*.json")
        return path

    async def reached(self, mark: str) -> None:
        await until((self.folder / mark).exists)

    async def aclose(self) -> None:
        for model in self._models:
            await model.aclose()


async def until(condition) -> None:
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - what is awaited happens in another process
            await asyncio.sleep(0.001)


@pytest.fixture
async def engines(tmp_path):
    engines = Engines(tmp_path)
    yield engines
    await engines.aclose()


async def ask(model: LocalModel, text: str) -> str:
    return "".join([delta.text async for delta in model.stream(Prompt(text))])


async def pid_of(model: LocalModel) -> int:
    return int(str((await model.stats())["pid"]))


async def ended(pid: int) -> None:
    await asyncio.to_thread(psutil.wait_procs, _processes(pid), timeout=20)
    assert not _processes(pid)


def _processes(pid: int) -> list[psutil.Process]:
    try:
        process = psutil.Process(pid)
        return [] if process.status() == psutil.STATUS_ZOMBIE else [process]
    except psutil.NoSuchProcess:
        return []


async def test_clients_that_start_together_share_one_process(engines):
    clients = [engines.client() for _ in range(4)]
    assert len(set(await asyncio.gather(*map(pid_of, clients)))) == 1
    assert (await clients[0].stats())["clients"] == 4


async def test_clients_with_other_options_do_not_share(engines):
    one, other = engines.client(), engines.client(n_threads=1)
    assert await pid_of(one) != await pid_of(other)


async def test_the_process_goes_with_its_last_client(engines):
    one, other = engines.client(), engines.client()
    pid = await pid_of(one)
    await pid_of(other)
    await one.aclose()
    assert await ask(other, "hi") == "hello"
    await other.aclose()
    await ended(pid)
    assert not list(engines.runtime_dir.glob("*.json"))


async def test_the_process_stays_for_a_while_after_its_last_client(engines):
    one = engines.client(grace_s=30)
    pid = await pid_of(one)
    await one.aclose()
    assert await pid_of(engines.client(grace_s=30)) == pid
    os.kill(pid, signal.SIGTERM)


async def test_a_killed_engine_costs_one_answer(engines):
    model = engines.client()
    stream = model.stream(Prompt("wait"))
    await anext(stream)
    pid = await pid_of(model)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ModelUnavailable, match="next request starts it again"):
        await anext(stream)
    assert await ask(model, "hi") == "hello"
    assert await pid_of(model) != pid


async def test_an_engine_killed_while_idle_costs_nothing(engines):
    model = engines.client()
    pid = await pid_of(model)
    os.kill(pid, signal.SIGKILL)
    await ended(pid)
    await until(lambda: model._connection.is_lost)
    assert await ask(model, "hi") == "hello"


async def test_crash_after_crash_is_not_tried_for_ever(engines):
    model = engines.client()
    for _ in range(3):
        with pytest.raises(ModelUnavailable, match="died"):
            await ask(model, "crash")
    with pytest.raises(ModelUnavailable, match="failed three times in a minute"):
        await ask(model, "hi")


async def test_a_client_that_dies_cancels_what_it_asked(engines):
    model, other = engines.client(), engines.client()
    await pid_of(other)
    stream = model.stream(Prompt("wait"))
    await anext(stream)
    model._connection._channel._writer.transport.abort()
    await engines.reached("cancelled")
    assert await ask(other, "hi") == "hello"
    with pytest.raises(ModelUnavailable):
        await anext(stream)


async def test_a_cancelled_request_that_waits_never_runs(engines):
    model = engines.client()
    first = model.stream(Prompt("wait"))
    await anext(first)
    second = asyncio.create_task(ask(model, "hi"))
    while (await model.stats())["waiting"] != 2:
        pass
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second
    await model.stats()  # Answered in order: the cancel has arrived.
    (engines.folder / "go").touch()
    assert "".join([delta.text async for delta in first]) == " end"
    assert await ask(model, "hi") == "hello"
    assert (await model.stats())["generated"] == 2


async def test_cancelling_the_first_request_does_not_cancel_the_loading(engines):
    model = engines.client()
    first = asyncio.create_task(ask(model, "hi"))
    await until(lambda: model._connecting is not None)
    first.cancel()
    assert await ask(model, "hi") == "hello"


async def test_an_engine_that_ignores_a_cancel_is_ended_and_replaced(engines):
    model = engines.client(stuck_s=0, answer_timeout_s=20)
    stream = model.stream(Prompt("hang"))
    await anext(stream)
    pid = await pid_of(model)
    await stream.aclose()
    await ended(pid)
    assert await ask(model, "hi") == "hello"


async def test_silence_is_a_timeout(engines):
    model = engines.client(answer_timeout_s=0.05, stuck_s=0)
    with pytest.raises(ModelTimeout, match="silent"):
        await ask(model, "hang")


async def test_warming_gives_way_to_nothing_and_is_done(engines):
    await engines.client().warm("the beginning")
    assert (engines.folder / "warmed").read_text() == "the beginning"


async def test_weights_that_cannot_be_loaded_are_named_with_the_remedy(engines):
    (engines.folder / "script.json").write_text("nonsense")
    with pytest.raises(ModelUnavailable, match=r"write script\.json"):
        await engines.client().capabilities()


async def test_a_model_that_is_not_here_says_how_to_get_it(engines):
    engines.folder = engines.folder / "absent"
    with pytest.raises(ModelUnavailable, match="copilot-ls model pull scripted"):
        await engines.client().capabilities()


async def test_an_unknown_engine_is_an_error_not_a_wait(engines):
    with pytest.raises(ModelUnavailable, match="ended at its start"):
        await engines.client(engine="imaginary").capabilities()


async def test_too_many_requests_are_refused(engines):
    model = engines.client()
    first = model.stream(Prompt("wait"))
    await anext(first)
    waiting = [asyncio.create_task(ask(model, "hi")) for _ in range(63)]
    while (await model.stats())["waiting"] != 64:
        pass
    with pytest.raises(ModelRefused, match="too many"):
        await ask(model, "hi")
    await first.aclose()
    assert await asyncio.gather(*waiting) == ["hello"] * 63


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps the profile folder private")
async def test_only_this_user_can_read_the_secret(engines):
    engines.runtime_dir.mkdir(mode=0o755)
    await pid_of(engines.client())
    assert stat.S_IMODE(engines.runtime_dir.stat().st_mode) == 0o700
    for path in engines.runtime_dir.iterdir():
        if path.suffix in {".json", ".log"}:
            assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_a_wrong_secret_is_refused(engines):
    model = engines.client()
    await pid_of(model)
    endpoint = Endpoint.read(engines.endpoint_path())
    stranger = Endpoint(endpoint.port, endpoint.pid, endpoint.started, "guess", endpoint.token)
    with pytest.raises(ChannelError, match="closed during the handshake"):
        await asyncio.to_thread(channel.dial, stranger)
    assert await ask(model, "hi") == "hello"


async def test_an_impostor_at_the_port_learns_nothing_and_is_replaced(engines):
    heard = []

    async def imposture(reader, writer):
        writer.write(channel._MAGIC + b"c" * 32)
        heard.append(await reader.readexactly(64))
        writer.write(b"p" * 32)
        heard.append(await reader.read())
        writer.close()
        await writer.wait_closed()

    impostor = await asyncio.start_server(imposture, "127.0.0.1", 0)
    model = engines.client(grace_s=60)
    await pid_of(model)
    path, port = engines.endpoint_path(), impostor.sockets[0].getsockname()[1]
    real = Endpoint.read(path)
    await model.aclose()
    Endpoint(port, real.pid, real.started, "their secret", "their token").write(path)
    other = engines.client(grace_s=60)
    assert await ask(other, "hi") == "hello"
    impostor.close()
    assert heard
    assert all(after_the_proof == b"" for after_the_proof in heard[1::2])
    for pid in (real.pid, await pid_of(other)):
        os.kill(pid, signal.SIGKILL)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"port": "x"}', json.dumps({"port": 1})])
async def test_a_broken_endpoint_file_is_replaced(engines, content):
    model = engines.client()
    pid = await pid_of(model)
    path = engines.endpoint_path()
    await model.aclose()
    await ended(pid)
    path.write_text(content)
    assert await ask(engines.client(), "hi") == "hello"


async def test_an_endpoint_file_left_by_a_killed_process_is_replaced(engines):
    model = engines.client()
    pid = await pid_of(model)
    os.kill(pid, signal.SIGKILL)
    await ended(pid)
    assert engines.endpoint_path().exists()
    assert await ask(engines.client(), "hi") == "hello"


def frame(body: bytes, length: int | None = None) -> bytes:
    return struct.pack(">I", len(body) if length is None else length) + body


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        frame(b"not json"),
        frame(b"[1]"),
        frame(b"[" * 100_000),
        frame(b"", 2**31),
        frame(b'{"type": "generate", "id": 1}'),
        frame(b'{"type": "generate", "id": "1", "prompt": {}}'),
        frame(b'{"type": "generate", "id": 1, "prompt": {"messages": [{}], "stops": []}}'),
        frame(b'{"type": "unheard of", "id": 1}'),
        frame(b"{}"),
    ],
    ids=range(10),
)
async def test_garbage_closes_only_the_connection_it_came_from(engines, garbage):
    model = engines.client()
    await pid_of(model)
    endpoint = Endpoint.read(engines.endpoint_path())
    connection = await asyncio.to_thread(channel.dial, endpoint)
    reader, writer = await asyncio.open_connection(sock=connection)
    writer.write(garbage)
    async with asyncio.timeout(20):
        await reader.read()
    writer.close()
    await writer.wait_closed()
    assert await ask(model, "hi") == "hello"


async def test_nonsense_from_the_engine_is_a_lost_connection():
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=ours)
    talk = Channel(reader, writer)
    theirs.sendall(frame(b'{"a": 1}') + frame(b"nonsense"))
    assert await talk.receive() == {"a": 1}
    with pytest.raises(ChannelError, match="not JSON"):
        await talk.receive()
    theirs.close()
    await talk.aclose()


async def test_a_module_in_the_working_folder_is_never_imported(engines, tmp_path, monkeypatch):
    engines.runtime_dir.mkdir(mode=0o700)
    for folder in (tmp_path, engines.runtime_dir):
        for name in ("copilot_ls.py", "psutil.py", "json.py", "sitecustomize.py"):
            (folder / name).write_text(f"open({str(tmp_path / 'owned')!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "json.py"))
    assert await ask(engines.client(), "hi") == "hello"
    assert not (tmp_path / "owned").exists()


async def test_the_log_never_holds_a_prompt(engines):
    model = engines.client()
    await ask(model, "hi secret-source-code")
    with pytest.raises(ModelUnavailable):
        await ask(model, "crash secret-source-code")
    await model.aclose()
    (log,) = engines.runtime_dir.glob("*.log")
    assert "loaded" in log.read_text()
    assert "secret-source-code" not in log.read_text()

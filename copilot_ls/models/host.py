"""The engine process: one loaded model, shared by all editors and commands of one user.

Started by :mod:`copilot_ls.models.endpoint` and never by hand. One thread speaks with the
clients, one drives the engine, so that a cancel is heard while a long prompt is read. The process
ends itself when its last client has gone, when nobody ever came, and when the engine no longer
heeds a cancel. It writes a short log and never a prompt.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import logging
import os
import secrets
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from copilot_ls.domain import Prompt
from copilot_ls.errors import ModelError, ModelRefused, ModelTimeout, ModelUnavailable
from copilot_ls.models import channel
from copilot_ls.models.channel import Channel, ChannelError, Endpoint, Message, take
from copilot_ls.models.engine import Engine, EngineSpec
from copilot_ls.models.text_stream import encodable, encodable_prompt

_FIRST_CLIENT_TIMEOUT_S = 30.0
_TICK_S = 1.0
_MAX_LOG_BYTES = 256 * 1024
_MAX_WAITING_JOBS = 64

_log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class _Job:
    """A generation, or something for quiet times: to read ``warm_text`` into the prompt cache, or
    to say how likely ``continuation`` follows each of ``texts``.
    """

    id: int
    client: _Client
    prompt: Prompt = field(default_factory=Prompt)
    warm_text: str = ""
    texts: tuple[str, ...] = ()
    continuation: str = ""
    cancelled: threading.Event = field(default_factory=threading.Event)
    cancelled_at: float = 0.0


@dataclass(eq=False, slots=True)
class _Client:
    channel: Channel
    jobs: dict[int, _Job] = field(default_factory=dict)


class _Waiting:
    """The jobs that the engine has not begun. Generations go first; the others wait for quiet."""

    def __init__(self) -> None:
        self._generations: deque[_Job] = deque()
        self._others: deque[_Job] = deque()
        self._changed = threading.Condition()

    def put(self, job: _Job) -> None:
        with self._changed:
            (self._others if job.warm_text or job.texts else self._generations).append(job)
            self._changed.notify()

    def take(self) -> _Job:
        with self._changed:
            while not (self._generations or self._others):
                self._changed.wait()
            return (self._generations or self._others).popleft()

    @property
    def has_generation(self) -> bool:
        return bool(self._generations)


class _Host:
    def __init__(self, engine: Engine, spec: EngineSpec, path: Path, token: str) -> None:
        self._engine = engine
        self._spec = spec
        self._path = path
        self._endpoint = Endpoint(
            port=0,
            pid=os.getpid(),
            started=_creation_time(),
            secret=secrets.token_hex(32),
            token=token,
        )
        self._state: Message = {"type": "state", "state": "loading"}
        self._clients: set[_Client] = set()
        self._waiting = _Waiting()
        self._running: _Job | None = None
        self._n_generated = 0
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._counting = ThreadPoolExecutor(1, thread_name_prefix="count")
        self._leaving = self._loop.call_later(_FIRST_CLIENT_TIMEOUT_S, self._leave, "nobody came")

    async def run(self) -> None:
        server = await asyncio.start_server(self._serve, channel.HOST, 0)
        port = server.sockets[0].getsockname()[1]
        self._endpoint = dataclasses.replace(self._endpoint, port=port)
        self._endpoint.write(self._path)
        threading.Thread(target=self._drive_engine, name="engine", daemon=True).start()
        ticking = asyncio.create_task(self._tick())
        await self._ended.wait()
        ticking.cancel()
        # Unlink before the port closes: a newcomer then starts a process instead of knocking here.
        if Endpoint.read(self._path) == self._endpoint:
            self._path.unlink(missing_ok=True)
        server.close()

    # --- clients -------------------------------------------------------------------------------

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        client = _Client(Channel(reader, writer))
        try:
            await channel.admit(reader, writer, self._endpoint.secret)
            self._leaving.cancel()
            self._clients.add(client)
            client.channel.send(self._state)
            while (message := await client.channel.receive()) is not None:
                self._handle(client, message)
        except ChannelError as error:
            _log.warning("a connection was closed: %s", error)
        finally:
            for job in client.jobs.values():
                _cancel(job)
            if client in self._clients:
                self._clients.discard(client)
                self._leave_when_alone()
            await client.channel.aclose()

    def _handle(self, client: _Client, message: Message) -> None:
        id_ = take(message, "id", int)
        match message.get("type"):
            case "generate":
                prompt = encodable_prompt(channel.prompt_from_json(message.get("prompt")))
                self._accept(_Job(id_, client, prompt=prompt))
            case "warm":
                self._accept(_Job(id_, client, warm_text=encodable(take(message, "text", str))))
            case "likelihoods":
                self._accept(_likelihoods(id_, client, message))
            case "cancel":
                if job := client.jobs.get(id_):
                    _cancel(job)
            case "count_tokens":
                text = encodable(take(message, "text", str))
                counting = self._counting.submit(self._engine.count_tokens, text)
                counting.add_done_callback(
                    lambda done: self._post(
                        _answer_count, client, id_, done.exception() or done.result()
                    )
                )
            case "stats":
                client.channel.send({"type": "answer", "id": id_, "value": self._stats()})
            case _:
                raise ChannelError("a message of an unknown type")

    def _accept(self, job: _Job) -> None:
        if job.id in job.client.jobs:
            raise ChannelError("a request number was used twice")
        if len(job.client.jobs) >= _MAX_WAITING_JOBS:
            error = ModelRefused("too many requests wait for the engine", remedy="cancel some")
            job.client.channel.send(_failure(job.id, error))
            return
        job.client.jobs[job.id] = job
        self._waiting.put(job)

    def _stats(self) -> Message:
        import psutil

        return {
            "pid": os.getpid(),
            "clients": len(self._clients),
            "waiting": sum(len(client.jobs) for client in self._clients),
            "generated": self._n_generated,
            "rss_bytes": psutil.Process().memory_info().rss,
        }

    # --- the end -------------------------------------------------------------------------------

    def _leave_when_alone(self) -> None:
        if not self._clients:
            self._leaving.cancel()
            grace_s = 0.0 if self._state["state"] == "failed" else self._spec.options.grace_s
            self._leaving = self._loop.call_later(grace_s, self._leave, "the last client left")

    def _leave(self, reason: str) -> None:
        if not self._clients:
            _log.info("ending: %s", reason)
            self._ended.set()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_S)
            _cut_log()
            job = self._running
            if job is None or not job.cancelled.is_set():
                continue
            if time.monotonic() - job.cancelled_at > self._spec.options.stuck_s:
                # A library that does not return cannot be stopped from within.
                _log.error("ending: the engine does not heed a cancel")
                self._ended.set()

    # --- the engine's thread -------------------------------------------------------------------

    def _drive_engine(self) -> None:
        began = time.monotonic()
        try:
            self._engine.load()
        except Exception as error:
            _log.error("loading failed: %s", _describe(error))
            failure = _failure(0, error)
            self._post(self._enter, failure | {"type": "state", "state": "failed"})
            return
        _log.info("loaded %s in %.1f s", self._spec.model, time.monotonic() - began)
        self._post(self._enter, {"type": "state", "state": "ready"})
        while True:
            self._run(self._waiting.take())

    def _run(self, job: _Job) -> None:
        self._running = job
        pieces = _Pieces(job, self._post)
        ending: Message
        try:
            if job.warm_text:
                if not job.cancelled.is_set():
                    self._engine.warm(
                        job.warm_text,
                        lambda: job.cancelled.is_set() or self._waiting.has_generation,
                    )
                ending = {"type": "answer", "id": job.id, "value": True}
            elif job.texts:
                values = self._engine.likelihoods(job.texts, job.continuation, job.cancelled.is_set)
                ending = {"type": "answer", "id": job.id, "values": values}
            elif job.cancelled.is_set():
                ending = {"type": "done", "id": job.id, "finish": "cancelled", "usage": None}
            else:
                done = self._engine.generate(job.prompt, pieces.add, job.cancelled.is_set)
                usage = dataclasses.asdict(done.usage)
                ending = {"type": "done", "id": job.id, "finish": done.finish, "usage": usage}
                self._n_generated += 1
        except Exception as error:
            _log.error("generating failed: %s", _describe(error))
            ending = _failure(job.id, error)
        self._running = None
        self._post(_finish, job, pieces, ending)

    def _post(self, call: Callable[..., None], *args: object) -> None:
        with contextlib.suppress(RuntimeError):  # The loop has ended, and so will this process.
            self._loop.call_soon_threadsafe(call, *args)

    def _enter(self, state: Message) -> None:
        self._state = state
        for client in self._clients:
            client.channel.send(state)


class _Pieces:
    """Text on its way from the engine's thread to the client; what piles up goes as one."""

    def __init__(self, job: _Job, post: Callable[..., None]) -> None:
        self._job = job
        self._post = post
        self._texts: deque[str] = deque()

    def add(self, text: str) -> None:
        self._texts.append(text)
        if len(self._texts) == 1:
            self._post(self.send)

    def send(self) -> None:
        text = ""
        while self._texts:
            text += self._texts.popleft()
        if text and not self._job.cancelled.is_set():
            self._job.client.channel.send({"type": "delta", "id": self._job.id, "text": text})


def _likelihoods(id_: int, client: _Client, message: Message) -> _Job:
    """Read the request from an untrusted message.

    Raises:
        ChannelError: it is not one.
    """
    found = message.get("texts")
    continuation = encodable(take(message, "continuation", str))
    if not (isinstance(found, list) and found and all(found) and continuation):
        raise ChannelError("a likelihood needs texts and a continuation")
    texts = tuple(encodable(str(text)) for text in found)
    return _Job(id_, client, texts=texts, continuation=continuation)


def _finish(job: _Job, pieces: _Pieces, ending: Message) -> None:
    pieces.send()
    job.client.jobs.pop(job.id, None)
    job.client.channel.send(ending)


def _cancel(job: _Job) -> None:
    job.cancelled_at = job.cancelled_at or time.monotonic()
    job.cancelled.set()


def _answer_count(client: _Client, id_: int, count: int | BaseException) -> None:
    if isinstance(count, BaseException):
        client.channel.send(_failure(id_, count))
    else:
        client.channel.send({"type": "answer", "id": id_, "value": count})


def _failure(id_: int, error: BaseException) -> Message:
    match error:
        case ModelRefused():
            kind = "refused"
        case ModelTimeout():
            kind = "timeout"
        case _:
            kind = "unavailable"
    known = error if isinstance(error, ModelError) else ModelUnavailable(_describe(error))
    return {
        "type": "failed",
        "id": id_,
        "kind": kind,
        "message": known.message,
        "remedy": known.remedy,
    }


def _describe(error: BaseException) -> str:
    if isinstance(error, ModelError):
        return str(error)
    first_line = (str(error).strip().splitlines() or [""])[0]
    return f"{type(error).__name__}: {first_line}"[:300]


def _creation_time() -> float:
    import psutil

    return float(psutil.Process().create_time())


def _cut_log() -> None:
    with contextlib.suppress(OSError):
        if os.fstat(2).st_size > _MAX_LOG_BYTES:
            os.ftruncate(2, 0)


def open_engine(spec: EngineSpec) -> Engine:
    """Return the engine that ``spec`` names, not loaded yet.

    Raises:
        ModelUnavailable: there is no such engine.
    """
    match spec.engine:
        case "openvino":
            from copilot_ls.models.openvino import OpenVinoEngine

            return OpenVinoEngine(spec.model_dir, spec.options)
        case "llama_cpp":
            from copilot_ls.models.llama_cpp import LlamaCppEngine

            return LlamaCppEngine(spec.model_dir, spec.options)
        case "transformers":
            from copilot_ls.models.transformers import TransformersEngine

            return TransformersEngine(spec.model_dir, spec.options)
        case "scripted":
            from copilot_ls.models.scripted import ScriptedEngine

            return ScriptedEngine(spec.model_dir)
        case _:
            raise ModelUnavailable(
                f"there is no engine {spec.engine!r}",
                remedy="choose openvino, llama_cpp, transformers or auto",
            )


async def _host(path: Path, token: str, spec: EngineSpec) -> None:
    await _Host(open_engine(spec), spec, path, token).run()


def main(arguments: list[str]) -> None:
    path, token, spec = arguments
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(process)d %(levelname)s %(message)s"
    )
    try:
        asyncio.run(_host(Path(path), token, EngineSpec.from_json(spec)))
    finally:
        # The engine's thread may be inside a library that takes long to return, or never does.
        logging.shutdown()
        os._exit(0)


if __name__ == "__main__":
    main(sys.argv[1:])

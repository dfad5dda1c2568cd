"""The client of an engine process: a model on this machine that outlives its crashes.

It knows how to ask, to cancel and to start again. Finding and starting the process is
:mod:`copilot_ls.models.endpoint`'s, and what happens in it :mod:`copilot_ls.models.host`'s.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from pathlib import Path

from copilot_ls.domain import Capabilities, Delta, FinishReason, Prompt, Usage
from copilot_ls.errors import ModelError, ModelRefused, ModelTimeout, ModelUnavailable
from copilot_ls.models import channel
from copilot_ls.models.channel import Channel, ChannelError, Message, take
from copilot_ls.models.endpoint import attach, log_path
from copilot_ls.models.engine import EngineOptions, EngineSpec

_log = logging.getLogger(__name__)


class CrashLog:
    """Decides when an engine that keeps dying is left alone: after ``limit`` in ``window_s``."""

    def __init__(self, *, limit: int = 3, window_s: float = 60.0) -> None:
        self._times: deque[float] = deque(maxlen=limit)
        self._limit = limit
        self._window_s = window_s

    def record(self, now: float) -> None:
        self._times.append(now)

    def seconds_to_wait(self, now: float) -> float:
        """Return 0 if it may be started now."""
        if len(self._times) < self._limit:
            return 0.0
        return max(0.0, self._times[0] + self._window_s - now)


class LocalModel:
    """A model in an engine process that all clients of this user share.

    The process is started by the first call, not by the constructor. A crash raises
    ``ModelUnavailable`` in the stream that it hits; the next call starts a new process, unless
    crash follows crash.
    """

    def __init__(
        self,
        *,
        engine: str,
        model_dir: Path,
        capabilities: Capabilities,
        options: EngineOptions,
        runtime_dir: Path,
    ) -> None:
        self._spec = EngineSpec(engine, capabilities.model, model_dir.absolute(), options)
        self._capabilities = capabilities
        self._options = options
        self._runtime_dir = runtime_dir
        self._connection: _Connection | None = None
        self._connecting: asyncio.Task[_Connection] | None = None
        self._crashes = CrashLog()
        self._last_failure = ""
        self._is_closed = False

    async def capabilities(self) -> Capabilities:
        await self._connected()
        return self._capabilities

    async def stream(self, prompt: Prompt) -> AsyncGenerator[Delta, None]:
        connection = await self._connected()
        request = connection.ask({"type": "generate", "prompt": channel.prompt_to_json(prompt)})
        try:
            while True:
                message = await self._answer(request)
                if message["type"] == "delta":
                    yield Delta(text=take(message, "text", str))
                    continue
                usage = message.get("usage")
                yield Delta(
                    finish=FinishReason(take(message, "finish", str)),
                    usage=Usage(**usage) if isinstance(usage, Mapping) else None,
                )
                return
        finally:
            request.close()

    async def warm(self, text: str) -> None:
        """Let the engine read ``text`` into its prompt cache when it has nothing else to do."""
        await self._call({"type": "warm", "text": text})

    async def likelihoods(self, texts: Sequence[str], continuation: str) -> Sequence[float]:
        answer = await self._call(
            {"type": "likelihoods", "texts": list(texts), "continuation": continuation}
        )
        values = answer.get("values")
        if not isinstance(values, list) or len(values) != len(texts):
            raise ModelUnavailable("the engine answered nonsense", remedy="ask again")
        return [take({"value": value}, "value", float) for value in values]

    async def count_tokens(self, text: str) -> int:
        return take(await self._call({"type": "count_tokens", "text": text}), "value", int)

    async def stats(self) -> Mapping[str, object]:
        """Return what the process tells of itself: pid, clients, waiting, generated, rss_bytes."""
        value = (await self._call({"type": "stats"})).get("value")
        return value if isinstance(value, Mapping) else {}

    async def aclose(self) -> None:
        self._is_closed = True
        if self._connecting is not None:
            # Its thread goes on for a moment; what it finds there is closed when it is done.
            with contextlib.suppress(ModelError):
                await self._connecting
        if self._connection is not None:
            await self._connection.aclose()
            self._connection = None

    async def _call(self, message: Message) -> Message:
        request = (await self._connected()).ask(message)
        try:
            return await self._answer(request)
        finally:
            request.close()

    async def _answer(self, request: _Request) -> Message:
        try:
            async with asyncio.timeout(self._options.answer_timeout_s):
                message = await request.messages.get()
        except TimeoutError as error:
            raise ModelTimeout(
                f"the model was silent for {self._options.answer_timeout_s:.0f} s",
                remedy="choose a smaller model, or raise the engine's answer timeout",
            ) from error
        if message is None:
            raise ModelUnavailable(
                "the engine process died while it answered",
                remedy=f"the next request starts it again; see {self._log_path}",
            )
        if message["type"] == "failed":
            raise _error(message)
        return message

    async def _connected(self) -> _Connection:
        if self._is_closed:
            raise ModelUnavailable("the model was closed", remedy="open it again")
        if self._connection is not None and not self._connection.is_lost:
            return self._connection
        if self._connection is not None:
            self._connection = None
            self._note_crash("its process died")
        if self._connecting is None:
            if (seconds := self._crashes.seconds_to_wait(time.monotonic())) > 0:
                raise ModelUnavailable(
                    f"the engine failed three times in a minute: {self._last_failure}",
                    remedy=f"see {self._log_path}; it is tried again in {seconds:.0f} s",
                )
            self._connecting = asyncio.create_task(self._connect())
            self._connecting.add_done_callback(self._connection_done)
        # A keystroke that cancels its request must not cancel the loading for all that follow.
        return await asyncio.shield(self._connecting)

    def _connection_done(self, task: asyncio.Task[_Connection]) -> None:
        self._connecting = None
        if task.cancelled():
            return
        if error := task.exception():
            self._note_crash(str(error))
        else:
            self._connection = task.result()

    def _note_crash(self, reason: str) -> None:
        self._last_failure = reason
        self._crashes.record(time.monotonic())
        _log.warning("engine %s: %s", self._spec.engine, reason)

    async def _connect(self) -> _Connection:
        if not self._spec.model_dir.exists():
            raise ModelUnavailable(
                f"the model {self._spec.model} is not on this machine",
                remedy=f"run: copilot-ls model pull {self._spec.model}",
            )
        attachment = await asyncio.to_thread(attach, self._spec, self._runtime_dir)
        reader, writer = await asyncio.open_connection(
            sock=attachment.connection, limit=channel.MAX_FRAME_BYTES
        )
        connection = _Connection(Channel(reader, writer))
        try:
            async with asyncio.timeout(self._options.load_timeout_s):
                await connection.until_ready()
        except TimeoutError as error:
            await connection.aclose()
            raise ModelTimeout(
                f"the model was not loaded within {self._options.load_timeout_s:.0f} s",
                remedy="free memory, choose a smaller model, or raise the engine's load timeout",
            ) from error
        except BaseException:
            await connection.aclose()
            raise
        return connection

    @property
    def _log_path(self) -> Path:
        return log_path(self._spec, self._runtime_dir)


class _Request:
    """A question under way. ``messages`` yields nothing as its last if the connection is lost."""

    def __init__(self, connection: _Connection, id_: int) -> None:
        self._connection = connection
        self.id = id_
        self.messages: asyncio.Queue[Message | None] = asyncio.Queue()

    def close(self) -> None:
        """Forget the question; if it is not answered yet, the engine stops."""
        self._connection.forget(self.id)


class _Connection:
    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._requests: dict[int, _Request] = {}
        self._next_id = 1
        self._state: asyncio.Future[Message | None] = asyncio.get_running_loop().create_future()
        self._reading = asyncio.create_task(self._read())
        self.is_lost = False

    async def until_ready(self) -> None:
        message = await asyncio.shield(self._state)
        if message is None:
            raise ModelUnavailable(
                "the engine process died while it loaded the model",
                remedy="free memory or choose a smaller model",
            )
        if message["state"] == "failed":
            raise _error(message)

    def ask(self, message: Message) -> _Request:
        request = _Request(self, self._next_id)
        self._next_id += 1
        if self.is_lost:
            request.messages.put_nowait(None)
            return request
        self._requests[request.id] = request
        self._channel.send(message | {"id": request.id})
        return request

    def forget(self, id_: int) -> None:
        if self._requests.pop(id_, None) is not None:
            self._channel.send({"type": "cancel", "id": id_})

    async def aclose(self) -> None:
        self._reading.cancel()
        self._end()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reading
        await self._channel.aclose()

    async def _read(self) -> None:
        try:
            while (message := await self._channel.receive()) is not None:
                self._dispatch(message)
        except ChannelError as error:
            _log.warning("the engine process sent nonsense: %s", error)
        finally:
            self._end()

    def _dispatch(self, message: Message) -> None:
        kind = take(message, "type", str)
        if kind == "state":
            if message.get("state") != "loading" and not self._state.done():
                self._state.set_result(message)
            return
        id_ = take(message, "id", int)
        request = self._requests.get(id_)
        if request is None:
            return  # It was cancelled while the answer was on its way.
        if kind != "delta":
            del self._requests[id_]
        request.messages.put_nowait(message)

    def _end(self) -> None:
        self.is_lost = True
        if not self._state.done():
            self._state.set_result(None)
        for request in self._requests.values():
            request.messages.put_nowait(None)
        self._requests.clear()
        self._channel.close()


def _error(message: Message) -> ModelError:
    text, remedy = str(message.get("message")), str(message.get("remedy"))
    match message.get("kind"):
        case "refused":
            return ModelRefused(text, remedy=remedy)
        case "timeout":
            return ModelTimeout(text, remedy=remedy)
        case _:
            return ModelUnavailable(text, remedy=remedy)

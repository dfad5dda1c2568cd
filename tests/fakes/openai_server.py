"""A small OpenAI-compatible server on loopback that answers as a test scripts it."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from copilot_ls.domain import Prompt
from copilot_ls.models.scripted import Crash, Hang, Reach, Say, Script, Wait

_MODELS = {"data": [{"id": "stub-coder", "meta": {"n_ctx": 2048}}]}


@dataclass
class OpenAIServer:
    """``respond`` may answer a request with a status and a raw body instead of the script."""

    script: Script
    respond: Callable[[str, dict[str, Any]], tuple[int, bytes] | None] = lambda *_: None
    url: str = ""
    requests: list[tuple[str, dict[str, str], dict[str, Any]]] = field(default_factory=list)
    cancelled: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._marks: dict[str, asyncio.Event] = {}
        self._turn = asyncio.Lock()

    def mark(self, name: str) -> asyncio.Event:
        return self._marks.setdefault(name, asyncio.Event())

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while (head := await _head(reader)) is not None:
                path, headers = head
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                request = json.loads(body or b"{}")
                self.requests.append((path, headers, request))
                if not await self._answer(path, request, reader, writer):
                    break
        finally:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()

    async def _answer(self, path, request, reader, writer) -> bool:
        if (answer := self.respond(path, request)) is not None:
            _send(writer, *answer)
        elif path == "/v1/models":
            _send(writer, 200, json.dumps(_MODELS).encode())
        elif path == "/tokenize":
            _send(writer, 200, json.dumps({"tokens": request["content"].split()}).encode())
        else:
            answering = asyncio.create_task(self._stream(path, request, writer))
            leaving = asyncio.create_task(reader.read(1))
            await asyncio.wait({answering, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not answering.done():
                self.cancelled.set()
            for task in (answering, leaving):
                task.cancel()
            await asyncio.gather(answering, leaving, return_exceptions=True)
            return False
        await writer.drain()
        return True

    async def _stream(self, path, request, writer) -> None:
        async with self._turn:
            text = request.get("prompt") or json.dumps(request.get("messages"))
            writer.write(
                b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n"
                b"Transfer-Encoding: chunked\r\n\r\n"
            )
            n_tokens = 0
            for step in self.script.reply_to(Prompt(text=text)).steps:
                match step:
                    case Say(said):
                        for word in said.split(" "):
                            if n_tokens == request["max_tokens"]:
                                break
                            piece = (" " if n_tokens else "") + word
                            _event(writer, _choice(path, piece, None))
                            n_tokens += 1
                    case Reach(mark):
                        self.mark(mark).set()
                    case Wait(mark):
                        await self.mark(mark).wait()
                    case Crash():
                        writer.transport.abort()
                        return
                    case Hang():
                        await asyncio.Event().wait()
            reason = "length" if n_tokens == request["max_tokens"] else "stop"
            _event(writer, _choice(path, "", reason))
            usage = {"prompt_tokens": len(text.split()), "completion_tokens": n_tokens}
            _event(writer, {"choices": [], "usage": usage})
            _chunk(writer, b"data: [DONE]\n\n")
            writer.write(b"0\r\n\r\n")
            await writer.drain()


@asynccontextmanager
async def openai_server(script: Script) -> AsyncIterator[OpenAIServer]:
    server = OpenAIServer(script)
    handlers: set[asyncio.Task] = set()

    async def serve(reader, writer) -> None:
        handlers.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.CancelledError):
            await server.serve(reader, writer)

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    server.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
    try:
        yield server
    finally:
        listening.close()
        for handler in handlers:
            handler.cancel()
        await asyncio.gather(*handlers, return_exceptions=True)


async def _head(reader) -> tuple[str, dict[str, str]] | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
    except asyncio.IncompleteReadError:
        return None
    first, *lines = head.strip().split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    return first.split()[1], headers


def _choice(path: str, text: str, reason: str | None) -> dict[str, Any]:
    if path == "/infill":
        return {"content": text, "stop": reason is not None}
    content = {"delta": {"content": text}} if "chat" in path else {"text": text}
    return {"choices": [{**content, "finish_reason": reason}]}


def _event(writer, event: dict[str, Any]) -> None:
    _chunk(writer, b"data: " + json.dumps(event).encode() + b"\n\n")


def _chunk(writer, data: bytes) -> None:
    writer.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")


def _send(writer, status: int, body: bytes) -> None:
    kind = "application/json" if body[:1] in b"{[" else "text/event-stream"
    writer.write(
        f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )

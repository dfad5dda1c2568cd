"""As much of an editor as measuring needs: the shipped server as a child, spoken to over stdio.

Written against the protocol and not against our own server: it keeps its own texts and converts
its own positions, so that a fault in ours shows as a difference.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from copilot_ls.errors import CopilotError

_LINE_END = re.compile(r"\r\n|\n|\r")
_LIMIT = 1 << 26
_PATIENCE_SECONDS = 60.0
_READY_SECONDS = 300.0


class ServerFailed(CopilotError):
    """The server answered with an error, or went away."""


@dataclass(slots=True)
class Buffer:
    """The editor's own copy of a document."""

    uri: str
    text: str
    version: int = 1


@dataclass(frozen=True, slots=True)
class Item:
    """Ghost text as the server sent it, with its range as offsets into the buffer."""

    text: str
    start: int
    end: int
    origin: str
    command: Mapping[str, Any]


@dataclass(slots=True)
class Asked:
    """A request for ghost text under way; ``answer`` is what came, with the time it took."""

    id: int
    version: int
    sent: float
    answer: asyncio.Future[Any]
    milliseconds: float = 0.0


@dataclass(slots=True)
class Editor:
    """One session. Changes and requests are sent at once and in order."""

    process: asyncio.subprocess.Process
    encoding: str
    statuses: list[Mapping[str, Any]] = field(default_factory=list)
    _answers: dict[int, asyncio.Future[Any]] = field(default_factory=dict)
    _n_requests: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    @contextlib.asynccontextmanager
    async def started(
        cls,
        root: Path,
        *,
        settings: Sequence[str] = (),
        environment: Mapping[str, str] | None = None,
        encoding: str = "utf-16",
        client: str = "copilot-ls eval",
    ) -> AsyncIterator[Editor]:
        """Start a server on a folder; ``settings`` are ``KEY=VALUE``.

        Raises:
            ServerFailed: it does not start.
        """
        assignments = [word for setting in settings for word in ("--set", setting)]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "copilot_ls", "serve", "--log-level", "error"),
            *assignments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
            limit=_LIMIT,
        )
        editor = cls(process, encoding)
        listening = asyncio.create_task(editor._listen())
        try:
            await editor.request(
                "initialize",
                {
                    "processId": os.getpid(),
                    "clientInfo": {"name": client},
                    "rootUri": None,
                    "capabilities": {
                        "general": {"positionEncodings": [encoding]},
                        "textDocument": {"inlineCompletion": {}},
                        "window": {"workDoneProgress": True},
                        "workspace": {"configuration": True, "workspaceFolders": True},
                    },
                    "workspaceFolders": [{"uri": root.as_uri(), "name": root.name}],
                },
            )
            editor.notify("initialized", {})
            yield editor
            with contextlib.suppress(ServerFailed):
                await editor.request("shutdown", None)
            editor.notify("exit", None)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 5)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    # -- documents

    def open(self, path: Path, text: str, language: str) -> Buffer:
        buffer = Buffer(path.as_uri(), text)
        item = {"uri": buffer.uri, "languageId": language, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})
        return buffer

    def close(self, buffer: Buffer) -> None:
        self.notify("textDocument/didClose", {"textDocument": {"uri": buffer.uri}})

    def change(self, buffer: Buffer, start: int, end: int, text: str) -> None:
        """Replace ``[start, end)``, here and there."""
        span = {"start": self.position(buffer, start), "end": self.position(buffer, end)}
        buffer.text = buffer.text[:start] + text + buffer.text[end:]
        buffer.version += 1
        self.notify(
            "textDocument/didChange",
            {
                "textDocument": {"uri": buffer.uri, "version": buffer.version},
                "contentChanges": [{"range": span, "text": text}],
            },
        )

    def position(self, buffer: Buffer, offset: int) -> dict[str, int]:
        before = _LINE_END.split(buffer.text[:offset])
        return {"line": len(before) - 1, "character": _width(before[-1], self.encoding)}

    def offset(self, buffer: Buffer, position: Mapping[str, int]) -> int:
        start = 0
        for _ in range(position["line"]):
            end = _LINE_END.search(buffer.text, start)
            if end is None:
                raise ServerFailed("a position beyond the end of the document")
            start = end.end()
        column = start
        while _width(buffer.text[start:column], self.encoding) < position["character"]:
            column += 1
        return column

    # -- completions

    def ask(self, buffer: Buffer, offset: int, *, invoked: bool = False) -> Asked:
        """Request ghost text."""
        id_, answer = self._start(
            "textDocument/inlineCompletion",
            {
                "textDocument": {"uri": buffer.uri},
                "position": self.position(buffer, offset),
                "context": {"triggerKind": 1 if invoked else 2},
            },
        )
        asked = Asked(id_, buffer.version, time.perf_counter(), answer)

        def note(_: object) -> None:
            asked.milliseconds = 1000 * (time.perf_counter() - asked.sent)

        answer.add_done_callback(note)
        return asked

    def cancel(self, asked: Asked) -> None:
        if not asked.answer.done():
            self.notify("$/cancelRequest", {"id": asked.id})

    def items(self, buffer: Buffer, asked: Asked) -> list[Item]:
        """Read an answer; a refused or cancelled request has none."""
        if asked.answer.exception() is not None:
            return []
        result = asked.answer.result() or {}
        found = result["items"] if isinstance(result, Mapping) else result
        return [self._item(buffer, item) for item in found]

    def accept(self, buffer: Buffer, item: Item) -> None:
        """Put a suggestion into the document and run its command, as editors do."""
        self.change(buffer, item.start, item.end, item.text)
        arguments = {k: item.command[k] for k in ("command", "arguments") if k in item.command}
        _, answer = self._start("workspace/executeCommand", arguments)
        answer.add_done_callback(lambda done: done.cancelled() or done.exception())

    # -- the protocol

    async def ready(self) -> None:
        """Wait until the model is loaded and the index is up to date.

        Raises:
            ServerFailed: the server says that it cannot work, or takes more than five minutes.
        """

        async def wait() -> None:
            while True:
                status = self.statuses[-1] if self.statuses else {}
                if status.get("kind") == "Error":
                    raise ServerFailed(str(status.get("message")))
                if status.get("kind") in {"Normal", "Inactive"} and not status.get("busy"):
                    return
                self._news.clear()
                await self._news.wait()

        try:
            await asyncio.wait_for(wait(), _READY_SECONDS)
        except TimeoutError:
            raise ServerFailed(f"the server is not ready after {_READY_SECONDS:.0f} s") from None

    async def request(self, method: str, params: object) -> Any:
        """Send a request and return its result.

        Raises:
            ServerFailed: it was refused, or not answered within a minute.
        """
        _, answer = self._start(method, params)
        try:
            return await asyncio.wait_for(answer, _PATIENCE_SECONDS)
        except TimeoutError:
            raise ServerFailed(f"{method} was not answered") from None

    def notify(self, method: str, params: object) -> None:
        self._send({"jsonrpc": "2.0", "method": method, "params": params})

    def _start(self, method: str, params: object) -> tuple[int, asyncio.Future[Any]]:
        self._n_requests += 1
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._answers[self._n_requests] = answer
        self._send({"jsonrpc": "2.0", "id": self._n_requests, "method": method, "params": params})
        return self._n_requests, answer

    def _send(self, message: Mapping[str, object]) -> None:
        body = json.dumps(message).encode()
        if self.process.stdin is not None and not self.process.stdin.is_closing():
            self.process.stdin.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))

    async def _listen(self) -> None:
        stream = self.process.stdout
        if stream is None:
            raise AssertionError("the server was started without a pipe")
        try:
            while header := await stream.readline():
                length = int(header.split(b":")[1])
                while (await stream.readline()).strip():
                    pass
                self._take(json.loads(await stream.readexactly(length)))
        except asyncio.IncompleteReadError:
            pass
        finally:
            for answer in self._answers.values():
                if not answer.done():
                    answer.set_exception(ServerFailed("the server is gone"))
                    answer.exception()

    def _take(self, message: dict[str, Any]) -> None:
        match message:
            case {"method": str(method), "id": id_}:
                items = message["params"].get("items", ()) if message.get("params") else ()
                result = [None] * len(items) if method == "workspace/configuration" else None
                self._send({"jsonrpc": "2.0", "id": id_, "result": result})
            case {"method": "copilot-ls/didChangeStatus", "params": status}:
                self.statuses.append(status)
                self._news.set()
            case {"id": int(id_), "error": error} if answer := self._answers.pop(id_, None):
                if not answer.done():
                    answer.set_exception(ServerFailed(str(error.get("message"))))
                    # Whoever gave the request up will not look.
                    answer.exception()
            case {"id": int(id_)} if answer := self._answers.pop(id_, None):
                if not answer.done():
                    answer.set_result(message.get("result"))

    def _item(self, buffer: Buffer, item: Mapping[str, Any]) -> Item:
        command = item.get("command") or {}
        match command.get("arguments"):
            case [_, {"origin": str(origin)}, *_]:
                pass
            case _:
                origin = ""
        span = item["range"]
        return Item(
            text=item["insertText"],
            start=self.offset(buffer, span["start"]),
            end=self.offset(buffer, span["end"]),
            origin=origin,
            command=command,
        )


def _width(text: str, encoding: str) -> int:
    match encoding:
        case "utf-8":
            return len(text.encode("utf-8"))
        case "utf-16":
            return len(text.encode("utf-16-le")) // 2
        case _:
            return len(text)

"""A bare JSON-RPC client: sends what no decent client would, and keeps the whole session."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from copilot_ls.config import Layer, Trust
from copilot_ls.server.app import Server
from copilot_ls.server.transport import over_socket

LIMIT = 1 << 24
PATIENCE = 60.0
ROOT = Path(__file__).parents[2]

GHOST_TEXT: dict[str, Any] = {
    "general": {"positionEncodings": ["utf-16"]},
    "textDocument": {"inlineCompletion": {"dynamicRegistration": True}},
    "window": {"workDoneProgress": True},
    "workspace": {
        "configuration": True,
        "workspaceFolders": True,
        "didChangeConfiguration": {"dynamicRegistration": True},
        "didChangeWatchedFiles": {"dynamicRegistration": True},
        "applyEdit": True,
        "workspaceEdit": {
            "documentChanges": True,
            "changeAnnotationSupport": {},
            "resourceOperations": ["create"],
        },
    },
}
MENU_ONLY: dict[str, Any] = {
    "general": {"positionEncodings": ["utf-8", "utf-16"]},
    "textDocument": {"completion": {"completionItem": {"snippetSupport": True}}},
}


class Refused(Exception):
    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error)
        self.code = error["code"]
        self.message = error["message"]


class Editor:
    """One session with one server process."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.transcript: list[str] = []
        self.heard: list[dict[str, Any]] = []
        self.orphans: list[dict[str, Any]] = []
        self.configuration: dict[str | None, Any] = {}
        self.unexpected: list[str] = []
        self.complaints: list[str] = []
        self.writer = writer
        self.ended: asyncio.Future[int] | None = None
        self._reader = reader
        self._answers: dict[Any, asyncio.Future[Any]] = {}
        self.confirms = True
        self.chooses = ""
        self._news = asyncio.Event()
        self._n_requests = 0
        self._tasks = [asyncio.create_task(self._listen())]

    # -- to the server

    def send_bytes(self, data: bytes) -> None:
        self.transcript.append(f"--> {data!r}")
        self.writer.write(data)

    def frame(self, message: Any) -> bytes:
        body = json.dumps(message).encode()
        return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)

    def send(self, *messages: Any) -> None:
        """Send messages in one burst."""
        self.send_bytes(b"".join(self.frame(message) for message in messages))

    def notify(self, method: str, params: Any = None) -> None:
        self.send({"jsonrpc": "2.0", "method": method, "params": params})

    def start(self, method: str, params: Any = None) -> tuple[int, dict[str, Any]]:
        """Make a request that is not yet sent."""
        self._n_requests += 1
        self._answers[self._n_requests] = asyncio.get_running_loop().create_future()
        message = {"jsonrpc": "2.0", "id": self._n_requests, "method": method, "params": params}
        return self._n_requests, message

    async def answer(self, request_id: int, patience: float = PATIENCE) -> Any:
        return await asyncio.wait_for(self._answers[request_id], patience)

    async def request(self, method: str, params: Any = None, *, patience: float = PATIENCE) -> Any:
        request_id, message = self.start(method, params)
        self.send(message)
        return await self.answer(request_id, patience)

    # -- from the server

    async def hear(self, method: str, holds: Callable[[Any], bool] = lambda _: True) -> Any:
        """Wait for a notification, one that came already included; each is heard once."""

        async def wait() -> Any:
            while True:
                for message in self.heard:
                    if message["method"] == method and holds(message.get("params")):
                        self.heard.remove(message)
                        return message.get("params")
                self._news.clear()
                await self._news.wait()

        return await asyncio.wait_for(wait(), PATIENCE)

    async def hear_log(self, text: str) -> None:
        await self.hear("window/logMessage", lambda params: text in params["message"])

    async def hear_status(self, text: str) -> dict[str, Any]:
        return await self.hear(
            "copilot-ls/didChangeStatus", lambda status: text in status["message"]
        )

    async def hear_orphan(self) -> dict[str, Any]:
        """Wait for an answer that belongs to no request."""

        async def wait() -> dict[str, Any]:
            while not self.orphans:
                self._news.clear()
                await self._news.wait()
            return self.orphans.pop(0)

        return await asyncio.wait_for(wait(), PATIENCE)

    async def hear_complaint(self, text: str) -> str:
        """Wait for a line on stderr."""

        async def wait() -> str:
            while not (found := [line for line in self.complaints if text in line]):
                self._news.clear()
                await self._news.wait()
            return found[0]

        return await asyncio.wait_for(wait(), PATIENCE)

    def listen_to_complaints(self, stderr: asyncio.StreamReader) -> None:
        self._tasks.append(asyncio.create_task(self._listen_to_complaints(stderr)))

    async def aclose(self) -> None:
        self.writer.close()
        await asyncio.gather(*self._tasks)

    async def _listen_to_complaints(self, stderr: asyncio.StreamReader) -> None:
        while line := await stderr.readline():
            self.complaints.append(line.decode(errors="replace"))
            self.transcript.append(f"... {self.complaints[-1].rstrip()}")
            self._news.set()

    async def _listen(self) -> None:
        while header := await self._reader.readline():
            length = int(header.split(b":")[1])
            while (await self._reader.readline()).strip():
                pass
            message = json.loads(await self._reader.readexactly(length))
            self.transcript.append(f"<-- {json.dumps(message)}")
            self._take(message)
            self._news.set()

    def _take(self, message: dict[str, Any]) -> None:
        if "method" in message and "id" in message:
            self._oblige(message)
        elif "method" in message:
            self.heard.append(message)
        elif (future := self._answers.get(message["id"])) is None:
            self.orphans.append(message)
        elif "error" in message:
            future.set_exception(Refused(message["error"]))
        else:
            future.set_result(message["result"])

    def _oblige(self, message: dict[str, Any]) -> None:
        result: Any = None
        match message["method"]:
            case "workspace/configuration":
                result = [
                    self.configuration.get(item.get("scopeUri"))
                    for item in message["params"]["items"]
                ]
            case (
                "client/registerCapability"
                | "window/workDoneProgress/create"
                | "workspace/diagnostic/refresh"
            ):
                self.heard.append(message)
            case "workspace/applyEdit":
                self.heard.append(message)
                result = {"applied": self.confirms}
            case "window/showMessageRequest":
                self.heard.append(message)
                result = {"title": self.chooses} if self.chooses else None
            case unexpected:
                self.unexpected.append(unexpected)
        self.send({"jsonrpc": "2.0", "id": message["id"], "result": result})

    # -- what every session does

    async def begin(
        self, *folders: Path, capabilities: dict[str, Any] | None = None, **params: Any
    ) -> dict[str, Any]:
        result = await self.request(
            "initialize",
            {
                "processId": os.getpid(),
                "rootUri": None,
                "capabilities": GHOST_TEXT if capabilities is None else capabilities,
                "workspaceFolders": [{"uri": f.as_uri(), "name": f.name} for f in folders] or None,
                **params,
            },
        )
        self.notify("initialized", {})
        return result

    def open(self, uri: str, text: str, *, language: str = "python") -> None:
        item = {"uri": uri, "languageId": language, "version": 1, "text": text}
        self.notify("textDocument/didOpen", {"textDocument": item})

    async def complete(self, uri: str, line: int, character: int, **context: Any) -> Any:
        return await self.request(*inline_completion(uri, line, character, **context))

    async def end(self) -> int:
        await self.request("shutdown")
        self.notify("exit")
        return await self.wait_for_end()

    async def wait_for_end(self) -> int:
        return await asyncio.wait_for(asyncio.shield(self.ended), PATIENCE)


def inline_completion(
    uri: str, line: int, character: int, **context: Any
) -> tuple[str, dict[str, Any]]:
    return "textDocument/inlineCompletion", {
        "textDocument": {"uri": uri},
        "position": {"line": line, "character": character},
        "context": {"triggerKind": 1, **context},
    }


@asynccontextmanager
async def started_process(
    *arguments: str, module: str = "tests.protocol.standin"
) -> AsyncIterator[Editor]:
    """Start a server as an editor does."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        limit=LIMIT,
    )
    editor = Editor(process.stdout, process.stdin)
    editor.listen_to_complaints(process.stderr)
    editor.ended = asyncio.ensure_future(process.wait())
    try:
        yield editor
    finally:
        if process.returncode is None:
            process.kill()
        await editor.ended
        await editor.aclose()
        process._transport.close()


@asynccontextmanager
async def started_here() -> AsyncIterator[Editor]:
    """Run a server on this event loop, over a pair of sockets: the same but for its start."""
    ours, theirs = socket.socketpair()
    server = Server(
        over_socket(theirs), Layer("command line", Trust.USER, {}), on_end=lambda _: None
    )
    ended = asyncio.create_task(server.run())
    reader, writer = await asyncio.open_connection(sock=ours, limit=LIMIT)
    editor = Editor(reader, writer)
    editor.ended = ended
    try:
        yield editor
    finally:
        writer.close()
        await ended
        await editor.aclose()

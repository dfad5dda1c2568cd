"""As much of an editor as a measurement needs: a real server process with a scripted model."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Self

from lsprotocol import types
from pygls.lsp.client import LanguageClient

from copilot_ls.models.scripted import Reply, Script


class Editor:
    """Opens a folder; everything else is a keystroke or a question."""

    def __init__(self, root: Path, *, script: Sequence[Reply], patience: float = 120) -> None:
        self._root = root
        self._patience = patience
        self._script = script
        self._client = LanguageClient("bench", "1")
        self._scratch = tempfile.TemporaryDirectory(prefix="copilot-ls-bench-")
        self._is_indexed = asyncio.Event()
        self._versions: dict[str, int] = {}
        self.start_milliseconds = 0.0
        logging.getLogger("pygls").setLevel(logging.CRITICAL)

    async def __aenter__(self) -> Self:
        script = Path(self._scratch.name) / "script.json"
        script.write_text(Script.to_json(self._script), encoding="utf-8")
        client = self._client

        @client.feature(types.PROGRESS)
        def _(params: types.ProgressParams) -> None:
            if isinstance(params.value, dict) and params.value.get("kind") == "end":
                self._is_indexed.set()

        @client.feature(types.WORKSPACE_CONFIGURATION)
        def _(params: types.ConfigurationParams) -> list[None]:
            return [None] * len(params.items)

        for method in (
            types.WINDOW_WORK_DONE_PROGRESS_CREATE,
            types.CLIENT_REGISTER_CAPABILITY,
            types.WINDOW_LOG_MESSAGE,
            types.WINDOW_SHOW_MESSAGE,
            "copilot-ls/didChangeStatus",
        ):
            client.feature(method)(lambda _: None)
        environment = {
            **os.environ,
            "COPILOT_LS_CACHE": self._scratch.name,
            "COPILOT_LS_SCRIPT": str(script),
        }
        started = time.perf_counter()
        await client.start_io(
            sys.executable,
            "-P",
            "-m",
            "copilot_ls",
            "serve",
            "--log-level",
            "error",
            "--set",
            "completion.debounce_ms=0",
            "--set",
            "index.vectors=false",
            env=environment,
        )
        await client.initialize_async(
            types.InitializeParams(
                capabilities=types.ClientCapabilities(
                    window=types.WindowClientCapabilities(work_done_progress=True),
                    text_document=types.TextDocumentClientCapabilities(
                        inline_completion=types.InlineCompletionClientCapabilities()
                    ),
                ),
                workspace_folders=[
                    types.WorkspaceFolder(uri=self._root.as_uri(), name=self._root.name)
                ],
            )
        )
        self.start_milliseconds = 1000 * (time.perf_counter() - started)
        client.initialized(types.InitializedParams())
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._client.shutdown_async(None)
        self._client.exit(None)
        await self._client.stop()
        self._scratch.cleanup()

    async def indexed(self) -> None:
        await asyncio.wait_for(self._is_indexed.wait(), self._patience)

    @property
    def process_id(self) -> int:
        server = self._client._server
        assert server is not None
        return server.pid

    def open(self, path: Path, text: str) -> None:
        self._versions[path.as_uri()] = 1
        self._client.text_document_did_open(
            types.DidOpenTextDocumentParams(
                types.TextDocumentItem(path.as_uri(), "python", 1, text)
            )
        )

    def type(self, path: Path, line: int, content: str) -> None:
        """Replace the content of a line, as an incremental change."""
        uri = path.as_uri()
        self._versions[uri] += 1
        self._client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(self._versions[uri], uri),
                [
                    types.TextDocumentContentChangePartial(
                        range=types.Range(types.Position(line, 0), types.Position(line, 10_000)),
                        text=content,
                    )
                ],
            )
        )

    async def complete(self, path: Path, line: int, character: int) -> object:
        return await self._client.text_document_inline_completion_async(
            types.InlineCompletionParams(
                context=types.InlineCompletionContext(types.InlineCompletionTriggerKind.Automatic),
                text_document=types.TextDocumentIdentifier(path.as_uri()),
                position=types.Position(line, character),
            )
        )

    async def ping(self) -> None:
        await self._client.protocol.send_request_async("copilot-ls/status", None)

"""The server process: joins transport, protocol and session, and lists every handler.

Imports pygls at its top because ``initialize`` cannot be answered without it; everything else
that is heavy is loaded after that answer.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import importlib.metadata
import logging
import os
import signal
import sys
import threading
from collections.abc import Callable
from typing import Any, cast

from lsprotocol import types
from pygls.lsp.server import LanguageServer

from copilot_ls.config import Layer
from copilot_ls.server import transport
from copilot_ls.server.client import Client, ClientLog
from copilot_ls.server.guard import Guard
from copilot_ls.server.handlers import (
    code_actions,
    commands,
    completion,
    diagnostics,
    docstrings,
    documents,
    edits,
    inline_completion,
    lifecycle,
    overview,
    searching,
    suggestions,
    tests,
    workspace,
)
from copilot_ls.server.protocol import Protocol
from copilot_ls.server.session import Session
from copilot_ls.server.status import StatusBoard
from copilot_ls.server.transport import FrameDecoder, Transport

logger = logging.getLogger(__name__)

# After the client left, this long at most until the process is gone.
_LAST_SECONDS = 2.0
_PARENT_CHECK_SECONDS = 1.0

SessionHandler = Callable[[Session, Any], Any]

NOTIFICATIONS: dict[str, SessionHandler] = {
    types.TEXT_DOCUMENT_DID_OPEN: documents.did_open,
    types.TEXT_DOCUMENT_DID_CHANGE: documents.did_change,
    types.TEXT_DOCUMENT_DID_CLOSE: documents.did_close,
    types.TEXT_DOCUMENT_DID_SAVE: documents.did_save,
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: workspace.did_change_configuration,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: workspace.did_change_folders,
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: workspace.did_change_watched_files,
    types.WINDOW_WORK_DONE_PROGRESS_CANCEL: workspace.did_cancel_progress,
    "copilot-ls/didFocus": documents.did_focus,
    "copilot-ls/didShowCompletion": suggestions.did_show,
    "copilot-ls/didPartiallyAcceptCompletion": suggestions.did_partially_accept,
    "copilot-ls/didRejectCompletion": suggestions.did_reject,
}


def serve(*, tcp_port: int | None, overrides: Layer) -> int:
    """Serve one client, over the standard streams or on a loopback port; return the exit code."""
    # pygls logs whole messages, and with them the user's code, at INFO and above.
    for chatty in ("pygls", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.CRITICAL)
    # One line for each change on disk, which some editors show as an error.
    logging.getLogger("watchfiles").setLevel(logging.WARNING)
    if tcp_port is None:
        streams = transport.take_standard_streams()
    else:
        streams = transport.accept_one(
            tcp_port, lambda port: print(f"listening on 127.0.0.1:{port}", file=sys.stderr)
        )
    server = Server(streams, overrides, on_end=_end_process_soon)
    return asyncio.run(server.run())


class Server:
    """One client's connection from its first byte to its last.

    ``on_end`` is told the exit code when the client has left and closing begins.
    """

    def __init__(
        self, streams: Transport, overrides: Layer, *, on_end: Callable[[int], None]
    ) -> None:
        self._streams = streams
        self._on_end = on_end
        self._pygls = LanguageServer(
            name="copilot-ls",
            version=importlib.metadata.version("copilot-ls"),
            protocol_cls=Protocol,
        )
        self._protocol = cast("Protocol", self._pygls.protocol)
        self._client = Client(self._protocol)
        self._board = StatusBoard(self._client.publish_status)
        self._guard = Guard(self._board)
        self._session = Session(self._client, self._board, self._guard, overrides)
        self._decoder = FrameDecoder()
        self._is_over = asyncio.Event()
        self._exit_code = 1
        self._register()

    async def run(self) -> int:
        """Serve until the client leaves, close everything, and return the exit code."""
        loop = asyncio.get_running_loop()
        client_log = ClientLog(self._client, loop)
        product_logs = [logging.getLogger(name) for name in ("copilot_ls", "indexer")]
        for log in product_logs:
            log.addHandler(client_log)
        for name in ("SIGTERM", "SIGINT"):
            with contextlib.suppress(NotImplementedError, AttributeError):
                loop.add_signal_handler(getattr(signal, name), self._is_over.set)
        self._protocol.write = self._streams.write
        self._protocol.on_exit = self._exit
        self._streams.start_reading(loop, self._receive)
        await self._is_over.wait()
        self._on_end(self._exit_code)
        for log in product_logs:
            log.removeHandler(client_log)
        await self._protocol.aclose()
        await self._session.aclose()
        with contextlib.suppress(OSError):
            self._streams.close()
        return self._exit_code

    def _receive(self, chunk: bytes) -> None:
        if not chunk:
            self._is_over.set()
        for body in self._decoder.feed(chunk):
            self._protocol.receive(body)

    def _exit(self) -> None:
        self._exit_code = 0 if self._protocol.is_shut_down else 1
        self._is_over.set()

    def _register(self) -> None:
        server, session = self._pygls, self._session
        for method, handler in NOTIFICATIONS.items():
            self._add(method, functools.partial(handler, session))
        self._add(types.INITIALIZE, self._initialize)
        self._add(types.INITIALIZED, lambda _: session.begin)
        self._add(types.SHUTDOWN, lambda _: lifecycle.shut_down(session, self._protocol))
        self._add(
            types.TEXT_DOCUMENT_INLINE_COMPLETION,
            functools.partial(inline_completion.inline_completion, session),
            # Without options, pygls does not advertise this feature at all.
            options=types.InlineCompletionOptions(),
            answers_empty=True,
        )
        self._add(
            types.WORKSPACE_EXECUTE_COMMAND,
            functools.partial(commands.execute_command, session),
        )
        self._add(
            types.TEXT_DOCUMENT_CODE_ACTION,
            functools.partial(code_actions.code_action, session),
            options=types.CodeActionOptions(
                code_action_kinds=list(code_actions.KINDS), resolve_provider=True
            ),
            answers_empty=True,
        )
        self._add(types.CODE_ACTION_RESOLVE, functools.partial(docstrings.resolve, session))
        self._add(
            types.TEXT_DOCUMENT_CODE_LENS,
            functools.partial(tests.code_lens, session),
            options=types.CodeLensOptions(),
            answers_empty=True,
        )
        for command in commands.COMMANDS:
            server.command(command)(_only_advertised)
        self._add("copilot-ls/nextEdit", functools.partial(edits.next_edit, session))
        self._add(
            "copilot-ls/conventions", lambda _: functools.partial(overview.conventions, session)
        )
        self._add("copilot-ls/checkWorkspace", functools.partial(overview.check, session))
        self._add("copilot-ls/search", functools.partial(searching.search, session))
        self._add("copilot-ls/related", functools.partial(searching.related, session))
        self._add("copilot-ls/status", lambda _: self._board.status.to_json())
        self._add("copilot-ls/statistics", lambda _: session.statistics())

    def _initialize(self, params: types.InitializeParams) -> None:
        self._session.introduce(params)
        if self._client.pulls_diagnostics:
            self._add(
                types.TEXT_DOCUMENT_DIAGNOSTIC,
                functools.partial(diagnostics.pull, self._session),
                options=types.DiagnosticOptions(
                    identifier=diagnostics.IDENTIFIER,
                    inter_file_dependencies=False,
                    workspace_diagnostics=False,
                ),
            )
        has_ghost_text = self._client.has_ghost_text
        handler = completion.menu if has_ghost_text else completion.completion
        characters = (
            completion.MENU_TRIGGER_CHARACTERS if has_ghost_text else completion.TRIGGER_CHARACTERS
        )
        self._add(
            types.TEXT_DOCUMENT_COMPLETION,
            functools.partial(handler, self._session),
            options=types.CompletionOptions(trigger_characters=list(characters)),
            answers_empty=True,
        )
        if params.process_id is not None:
            self._watch(params.process_id)

    def _add(
        self,
        method: str,
        handler: Callable[[Any], Any],
        *,
        options: object = None,
        answers_empty: bool = False,
    ) -> None:
        guarded = self._guard.wrap(method, handler, answers_empty=answers_empty)
        self._pygls.feature(method, options)(guarded)

    def _watch(self, parent: int) -> None:
        """End when the editor's process does, even if somebody else keeps our input open."""

        async def watch() -> None:
            import psutil

            try:
                process = psutil.Process(parent)
            except psutil.Error:
                # A client in another container has an id that means nothing here.
                return
            while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:  # noqa: ASYNC110 - no event tells of another's end
                await asyncio.sleep(_PARENT_CHECK_SECONDS)
            logger.info("The client's process is gone")
            self._is_over.set()

        self._watcher = self._guard.spawn("watching the client", watch)


def _only_advertised() -> None:
    """Commands run in ``handlers.commands``, where a cancel reaches them."""


def _end_process_soon(exit_code: int) -> None:
    """Be gone in time, whatever a library's thread or an engine is busy with."""
    timer = threading.Timer(_LAST_SECONDS, os._exit, (exit_code,))
    timer.daemon = True
    timer.start()

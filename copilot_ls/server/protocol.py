"""JSON-RPC on top of pygls: the one place where its pitfalls are handled.

pygls brings the types, the converter, the registry of features and the capabilities that
follow from it. What it does with messages is replaced, because there

- a request with malformed parameters is never answered,
- documents are split at the wrong line endings,
- a handler that is ``async`` sees the document as it is a loop turn later,
- the stdin reader shares a thread pool with handlers, and frames can interleave,
- ``$/cancelRequest`` of a command leaves the command running,
- parameters of our own methods arrive as renamed tuples,
- unexpected errors become popups, and message bodies are logged.

A handler is a plain function. What it does before it returns happens before the next message
is looked at; if it returns a coroutine function, that runs afterwards, as the task that
``$/cancelRequest`` cancels. (Not a coroutine: one that is cancelled before it starts would leave
those that it holds unawaited.)
"""

from __future__ import annotations

import asyncio
import inspect
import json
import logging
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import cattrs
from lsprotocol import types
from pygls import exceptions as rpc
from pygls.protocol import LanguageServerProtocol

if TYPE_CHECKING:
    from cattrs import Converter
    from pygls.lsp.server import LanguageServer

logger = logging.getLogger(__name__)

_REQUEST_FROM_US_SECONDS = 15.0
# Served by pygls itself; everything else is ours. Shutdown and exit are ours because they
# must not skip what is still to be closed.
_PYGLS_METHODS = frozenset({types.INITIALIZE, types.SET_TRACE})

_T = TypeVar("_T")
Later: TypeAlias = Callable[[], Coroutine[Any, Any, _T]]
"""What is left to do after the next messages have been looked at."""
AnyFuture: TypeAlias = Future[Any] | asyncio.Future[Any]


class Protocol(LanguageServerProtocol):
    """Routes messages; ``on_exit`` is called when the client says ``exit``."""

    def __init__(self, server: LanguageServer, converter: Converter) -> None:
        super().__init__(server, converter)
        for method in set(self.fm.builtin_features) - _PYGLS_METHODS:
            del self.fm.builtin_features[method]
        self.write: Callable[[bytes], None] = lambda _: None
        self.on_exit: Callable[[], None] = lambda: None
        self.is_shut_down = False
        self._is_initialized = False
        self._running: dict[str | int, asyncio.Task[Any]] = {}
        self._notifications: set[asyncio.Task[Any]] = set()

    def receive(self, body: bytes) -> None:
        """Handle one message; whatever it holds, this returns."""
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            self._refuse(None, rpc.JsonRpcParseError("The message is not JSON"))
            return
        match message:
            case {"jsonrpc": "2.0", "method": str(method), "id": str() | int() as msg_id}:
                self._receive_request(msg_id, method, message.get("params"))
            case {"jsonrpc": "2.0", "method": str(method)} if "id" not in message:
                self._receive_notification(method, message.get("params"))
            case {"jsonrpc": "2.0", "id": str() | int() as msg_id} if "method" not in message:
                self._receive_response(msg_id, message)
            case {"jsonrpc": "2.0", "id": None, "error": error}:
                logger.warning("The client could not read a message of ours: %s", error)
            case _:
                wrong_id = message.get("id") if isinstance(message, dict) else None
                self._refuse(
                    wrong_id if isinstance(wrong_id, str | int) else None,
                    rpc.JsonRpcInvalidRequest("The message is no request of JSON-RPC 2.0"),
                )

    async def ask(
        self, method: str, params: object, *, seconds: float = _REQUEST_FROM_US_SECONDS
    ) -> object:
        """Send a request to the client and return its plain JSON answer.

        Raises:
            ClientRefused: the client answered with an error, or not at all.
        """
        request = asyncio.wrap_future(self.send_request(method, params))
        try:
            return await asyncio.wait_for(request, seconds)
        except TimeoutError as error:
            raise ClientRefused(f"{method}: no answer") from error
        except rpc.JsonRpcException as error:
            raise ClientRefused(f"{method}: {error.message}") from error

    async def aclose(self) -> None:
        """Cancel everything that still runs, and wait for it."""
        tasks = [*self._running.values(), *self._notifications]
        for task in tasks:
            task.cancel()
        for future in self._request_futures.values():
            future.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _receive_request(self, msg_id: str | int, method: str, params: object) -> None:
        try:
            if self.is_shut_down:
                raise rpc.JsonRpcInvalidRequest("The server is shutting down")
            if not self._is_initialized and method != types.INITIALIZE:
                raise rpc.JsonRpcServerNotInitialized("The first request must be initialize")
            if self._is_initialized and method == types.INITIALIZE:
                raise rpc.JsonRpcInvalidRequest("The server is initialized already")
            if msg_id in self._running:
                raise rpc.JsonRpcInvalidRequest("A request with this id is running")
            handler = self._get_handler(method)
            arguments = (self._structure(method, params),)
        except rpc.JsonRpcException as error:
            # The message may quote what the client sent; the client gets it, the log does not.
            logger.info("Refused %s with error %d", method, error.code)
            self._refuse(msg_id, error)
            return
        self._is_initialized = True
        self._execute_handler(
            msg_id, handler, partial(self._answer, msg_id=msg_id, method=method), arguments
        )

    def _receive_notification(self, method: str, params: object) -> None:
        match method, params:
            case types.EXIT, _:
                self.on_exit()
                return
            case types.CANCEL_REQUEST, {"id": str() | int() as msg_id}:
                if task := self._running.get(msg_id):
                    task.cancel()
                return
        if self.is_shut_down or not self._is_initialized:
            return
        try:
            handler = self._get_handler(method)
            arguments = (self._structure(method, params),)
        except rpc.JsonRpcMethodNotFound:
            logger.debug("Ignored the notification %s", method)
            return
        except rpc.JsonRpcException as error:
            logger.warning("Ignored the notification %s: error %d", method, error.code)
            return
        self._execute_handler("", handler, partial(_note_failure, method), arguments)

    def _receive_response(self, msg_id: str | int, message: dict[str, Any]) -> None:
        future = self._request_futures.pop(msg_id, None)
        self._result_types.pop(msg_id, None)
        if future is None or future.done():
            return
        match message.get("error"):
            case None:
                future.set_result(message.get("result"))
            case {"message": text}:
                future.set_exception(rpc.JsonRpcException(str(text)))
            case _:
                future.set_exception(rpc.JsonRpcException("an error without message"))

    def _structure(self, method: str, params: object) -> Any:
        """Make typed parameters; those of our own methods stay plain JSON."""
        params_type: Any = types.METHOD_TO_TYPES.get(method, (None,) * 4)[2]
        if params_type is None:
            return params
        try:
            return self._converter.structure(params, params_type)
        except Exception as error:
            reasons = "; ".join(cattrs.transform_error(error)[:3])
            raise rpc.JsonRpcInvalidParams(f"Invalid parameters: {reasons}") from None

    def _execute_handler(  # type: ignore[override]  # callbacks get tasks as well as futures
        self,
        msg_id: str | int,
        handler: Callable[..., Any],
        callback: Callable[[AnyFuture], None],
        args: tuple[Any, ...] | None = None,
        kwargs: dict[str, Any] | None = None,
    ) -> None:
        if inspect.isgeneratorfunction(handler):
            super()._execute_handler(msg_id, handler, callback, args, kwargs)
            self._request_futures.pop(msg_id, None)
            return
        future: Future[Any] = Future()
        try:
            result = handler(*(args or ()), **(kwargs or {}))
        except Exception as error:
            future.set_exception(error)
            callback(future)
            return
        if not callable(result):
            future.set_result(result)
            callback(future)
            return
        task = asyncio.create_task(result())
        if msg_id == "":
            self._notifications.add(task)
            task.add_done_callback(self._notifications.discard)
        else:
            self._running[msg_id] = task
        task.add_done_callback(callback)

    def _answer(self, future: AnyFuture, *, msg_id: str | int, method: str) -> None:
        self._running.pop(msg_id, None)
        if future.cancelled():
            self._refuse(msg_id, rpc.JsonRpcRequestCancelled("Cancelled"))
            return
        match future.exception():
            case None:
                self._send_data({"jsonrpc": "2.0", "id": msg_id, "result": future.result()})
            case rpc.JsonRpcException() as error:
                self._refuse(msg_id, error)
            case error:
                logger.error("%s failed: %s", method, type(error).__name__)
                self._refuse(msg_id, rpc.JsonRpcInternalError("Internal error; see the log"))

    def _refuse(self, msg_id: str | int | None, error: rpc.JsonRpcException) -> None:
        answer = {"code": error.code, "message": error.message}
        self._send_data({"jsonrpc": "2.0", "id": msg_id, "error": answer})

    def _send_data(self, data: Any) -> None:
        body = json.dumps(data, default=self._serialize_message, separators=(",", ":")).encode()
        try:
            self.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))
        except OSError:
            # The client is gone; its end of file, read by the reader, ends the session.
            logger.debug("A message could not be written")


class ClientRefused(Exception):
    """The client did not do what we asked of it; never a reason to stop."""


def _note_failure(method: str, future: AnyFuture) -> None:
    match None if future.cancelled() else future.exception():
        case None:
            pass
        case rpc.JsonRpcException() as error:
            logger.warning("Ignored the notification %s: error %d", method, error.code)
        case error:
            logger.error("%s failed: %s", method, type(error).__name__)

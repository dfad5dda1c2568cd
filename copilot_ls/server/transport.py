"""Bytes in, frames out: the base protocol over the standard streams or a loopback socket.

A thread of its own reads, so that no amount of work elsewhere delays a cancel; a lock keeps
frames whole, whoever writes.
The decoder finds its way back after bytes that are no frame, because a client that prints a
stray line should cost one message, not the session.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import re
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass

logger = logging.getLogger(__name__)

MAX_BODY_BYTES = 256 * 1024 * 1024
_MAX_HEADER_BYTES = 64 * 1024
_CHUNK_BYTES = 64 * 1024
# Not anchored: after a length that was too small, the header follows the rest of a body.
_LENGTH = re.compile(rb"content-length:[ \t]*(\d{1,18})[ \t]*(?:\r?\n|\Z)", re.IGNORECASE)
_END_OF_HEADER = re.compile(rb"\r\n\r\n|\n\n")


class FrameDecoder:
    """Cuts a stream of bytes into message bodies, however the bytes arrive."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._length: int | None = None
        self._to_skip = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """Take the next bytes and yield each body that they complete.

        Bytes that are no frame are logged and dropped.
        """
        self._buffer += chunk
        while True:
            if self._to_skip:
                skipped = min(self._to_skip, len(self._buffer))
                del self._buffer[:skipped]
                self._to_skip -= skipped
                if self._to_skip:
                    return
            if self._length is None and not self._read_header():
                return
            if self._length is None:
                continue
            if len(self._buffer) < self._length:
                return
            body = bytes(self._buffer[: self._length])
            del self._buffer[: self._length]
            self._length = None
            yield body

    def _read_header(self) -> bool:
        """Consume one header if it is complete; sets the length if it names a usable one."""
        end = _END_OF_HEADER.search(self._buffer)
        if end is None:
            if len(self._buffer) > _MAX_HEADER_BYTES:
                logger.warning("Dropped %d bytes that are no message header", len(self._buffer))
                # Its last bytes may be the beginning of a header.
                del self._buffer[:-1024]
            return False
        header = bytes(self._buffer[: end.start()])
        del self._buffer[: end.end()]
        lengths = _LENGTH.findall(header)
        if not lengths:
            logger.warning("Dropped a message header without a usable Content-Length")
            return True
        length = int(lengths[-1])
        if length > MAX_BODY_BYTES:
            logger.warning("Dropped a message of %d bytes; %d are taken", length, MAX_BODY_BYTES)
            self._to_skip = length
        else:
            self._length = length
        return True


@dataclass(frozen=True, slots=True)
class Transport:
    """The two directions of a connection to one client.

    ``read`` blocks and returns no bytes at the end; ``write`` may be called by any thread.
    """

    read: Callable[[], bytes]
    write: Callable[[bytes], None]
    close: Callable[[], None]

    def start_reading(
        self, loop: asyncio.AbstractEventLoop, receive: Callable[[bytes], None]
    ) -> None:
        """Hand every chunk to ``receive`` inside ``loop``, and no bytes at the end."""

        def pump() -> None:
            chunk = b"begin"
            while chunk:
                try:
                    chunk = self.read()
                except OSError:
                    chunk = b""
                try:
                    loop.call_soon_threadsafe(receive, chunk)
                except RuntimeError:  # the loop is closed: nobody listens any more
                    return

        threading.Thread(target=pump, name="lsp-reader", daemon=True).start()


def take_standard_streams() -> Transport:
    """Take over the process's standard streams for the protocol.

    Afterwards a stray ``print``, also one of a native library, goes to stderr, and child
    processes inherit neither the client's input nor its output.
    """
    if not _is_open(2):
        _point(2, os.devnull, os.O_WRONLY)
    stdin, stdout = os.dup(0), os.dup(1)
    if os.name != "nt":
        # Some parents hand over descriptors that they use without blocking themselves.
        os.set_blocking(stdin, True)
        os.set_blocking(stdout, True)
    _point(0, os.devnull, os.O_RDONLY)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return _over_descriptors(stdin, stdout)


def accept_one(port: int, announce: Callable[[int], None]) -> Transport:
    """Wait on the loopback interface for one client; ``announce`` is told the port."""
    with socket.create_server(("127.0.0.1", port)) as server:
        announce(server.getsockname()[1])
        connection, _ = server.accept()
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return over_socket(connection)


def over_socket(connection: socket.socket) -> Transport:
    """Talk over a connected socket that blocks."""

    def close() -> None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)
        connection.close()

    return Transport(
        read=lambda: connection.recv(_CHUNK_BYTES),
        write=_locked(connection.sendall),
        close=close,
    )


def _over_descriptors(stdin: int, stdout: int) -> Transport:
    def write(data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(stdout, rest) :]

    # Descriptors and not file objects: a file object's lock, held by the reading thread,
    # would keep the interpreter from ending.
    return Transport(
        read=lambda: os.read(stdin, _CHUNK_BYTES),
        write=_locked(write),
        close=lambda: os.close(stdout),
    )


def _locked(write: Callable[[bytes], None]) -> Callable[[bytes], None]:
    lock = threading.Lock()

    def write_whole(data: bytes) -> None:
        with lock:
            write(data)

    return write_whole


def _is_open(descriptor: int) -> bool:
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _point(descriptor: int, path: str, flags: int) -> None:
    opened = os.open(path, flags)
    os.dup2(opened, descriptor)
    if opened != descriptor:
        os.close(opened)

"""Frames and authentication between a client and an engine process.

Loopback TCP can be reached by every user of the machine, so each side first proves, by an HMAC
over two fresh challenges, that it has read the secret in the endpoint file; only then does a
prompt travel. A frame is four bytes of length and a JSON object.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import hmac
import json
import os
import secrets
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, TypeVar

from copilot_ls.domain import ChatMessage, ChatRole, Prompt

HOST = "127.0.0.1"
MAX_FRAME_BYTES = 16 * 1024 * 1024

Message: TypeAlias = dict[str, object]

_Value = TypeVar("_Value", str, int, float)
_MAGIC = b"copilot-ls engine 1\n"
_CHALLENGE_BYTES = 32
_HEADER = struct.Struct(">I")
_HANDSHAKE_TIMEOUT_S = 10.0


class ChannelError(Exception):
    """The other side is not who it should be, or does not speak this protocol."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where an engine process listens, and the secret that admits to it.

    ``token`` names the start that it answers to; ``started`` is the process's creation time, so
    that a reused ``pid`` is not taken for it.
    """

    port: int
    pid: int
    started: float
    secret: str
    token: str

    def write(self, path: Path) -> None:
        """Write the file at once and readable by this user alone."""
        partial = path.with_name(f"{path.name}.{self.pid}.partial")
        partial.unlink(missing_ok=True)
        handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(dataclasses.asdict(self), file)
        partial.replace(path)

    @staticmethod
    def read(path: Path) -> Endpoint | None:
        """Return the endpoint in the file; nothing if there is none or it makes no sense."""
        try:
            found = json.loads(path.read_text(encoding="utf-8"))
            return Endpoint(
                port=take(found, "port", int),
                pid=take(found, "pid", int),
                started=take(found, "started", float),
                secret=take(found, "secret", str),
                token=take(found, "token", str),
            )
        except (OSError, ValueError, ChannelError):
            return None


def take(message: object, name: str, kind: type[_Value]) -> _Value:
    """Return a field of an untrusted message.

    Raises:
        ChannelError: the field is missing or of another type.
    """
    value = message.get(name) if isinstance(message, Mapping) else None
    if kind is float and type(value) is int:
        value = float(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ChannelError(f"the field {name!r} is missing or not {kind.__name__}")
    return value


def prompt_to_json(prompt: Prompt) -> Message:
    return dataclasses.asdict(prompt)


def prompt_from_json(found: object) -> Prompt:
    """Read a prompt from an untrusted message.

    Raises:
        ChannelError: it is not one.
    """
    if not isinstance(found, Mapping):
        raise ChannelError("the prompt is missing")
    messages, stops, choices = (found.get(key) for key in ("messages", "stops", "choices"))
    if not (isinstance(messages, list) and isinstance(stops, list) and isinstance(choices, list)):
        raise ChannelError("the prompt has no messages, stops or choices")
    try:
        chat = tuple(
            ChatMessage(role=ChatRole(take(message, "role", str)), text=take(message, "text", str))
            for message in messages
        )
    except ValueError as error:
        raise ChannelError(str(error)) from error
    return Prompt(
        text=take(found, "text", str),
        messages=chat,
        stops=tuple(str(stop) for stop in stops),
        max_tokens=take(found, "max_tokens", int),
        temperature=take(found, "temperature", float),
        stable_chars=take(found, "stable_chars", int),
        seed=take(found, "seed", int),
        choices=tuple(str(choice) for choice in choices),
    )


def dial(endpoint: Endpoint) -> socket.socket:
    """Connect and authenticate both sides; blocks for at most a few seconds.

    Raises:
        OSError: nobody listens there, or it does not answer.
        ChannelError: somebody else listens there.
    """
    connection = socket.create_connection((HOST, endpoint.port), timeout=_HANDSHAKE_TIMEOUT_S)
    try:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        _authenticate(connection, endpoint.secret)
        connection.setblocking(False)
    except BaseException:
        connection.close()
        raise
    return connection


def _authenticate(connection: socket.socket, secret: str) -> None:
    if _receive(connection, len(_MAGIC)) != _MAGIC:
        raise ChannelError("the port belongs to another program")
    theirs = _receive(connection, _CHALLENGE_BYTES)
    ours = secrets.token_bytes(_CHALLENGE_BYTES)
    connection.sendall(ours + _proof(secret, b"client", theirs, ours))
    answer = _receive(connection, hashlib.sha256().digest_size)
    if not hmac.compare_digest(answer, _proof(secret, b"engine", theirs, ours)):
        raise ChannelError("the engine process could not prove who it is")


def _receive(connection: socket.socket, n_bytes: int) -> bytes:
    received = b""
    while len(received) < n_bytes:
        piece = connection.recv(n_bytes - len(received))
        if not piece:
            raise ChannelError("the connection was closed during the handshake")
        received += piece
    return received


async def admit(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, secret: str) -> None:
    """Be the other side of :func:`dial`.

    Raises:
        ChannelError: the caller does not know the secret, or took too long.
    """
    ours = secrets.token_bytes(_CHALLENGE_BYTES)
    writer.write(_MAGIC + ours)
    try:
        async with asyncio.timeout(_HANDSHAKE_TIMEOUT_S):
            theirs = await reader.readexactly(_CHALLENGE_BYTES)
            proof = await reader.readexactly(hashlib.sha256().digest_size)
    except (TimeoutError, OSError, asyncio.IncompleteReadError) as error:
        raise ChannelError("the caller left during the handshake") from error
    if not hmac.compare_digest(proof, _proof(secret, b"client", ours, theirs)):
        raise ChannelError("the caller does not know the secret")
    writer.write(_proof(secret, b"engine", ours, theirs))


def _proof(secret: str, side: bytes, engine_challenge: bytes, client_challenge: bytes) -> bytes:
    text = side + engine_challenge + client_challenge
    return hmac.new(secret.encode(), text, hashlib.sha256).digest()


class Channel:
    """Messages over an authenticated stream. Sending never waits; receiving does."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    def send(self, message: Message) -> None:
        """Queue a message; on a connection that is gone it does nothing, receiving will tell."""
        if self._writer.is_closing():
            return
        # Lone surrogates from a broken buffer survive JSON's escapes, not UTF-8.
        body = json.dumps(message).encode("ascii")
        self._writer.write(_HEADER.pack(len(body)) + body)

    async def receive(self) -> Message | None:
        """Return the next message, or nothing at the end of the connection.

        Raises:
            ChannelError: what arrived is too long or no JSON object.
        """
        try:
            (length,) = _HEADER.unpack(await self._reader.readexactly(_HEADER.size))
            if length > MAX_FRAME_BYTES:
                raise ChannelError(f"a message of {length} bytes is too long")
            body = await self._reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError):
            return None
        try:
            message = json.loads(body)
        except (ValueError, RecursionError) as error:
            raise ChannelError("a message is not JSON") from error
        if not isinstance(message, dict):
            raise ChannelError("a message is not a JSON object")
        return message

    def close(self) -> None:
        """Close without waiting for what was sent to leave."""
        self._writer.close()

    async def aclose(self) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

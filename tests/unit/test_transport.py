"""Frames out of bytes, however the bytes come and whatever comes between."""

from __future__ import annotations

import logging
import socket
import threading
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_ls.server import transport
from copilot_ls.server.transport import FrameDecoder, over_socket


def frame(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


def decode(*chunks: bytes) -> list[bytes]:
    decoder = FrameDecoder()
    return [body for chunk in chunks for body in decoder.feed(chunk)]


@given(
    bodies=st.lists(st.binary(max_size=60), max_size=6),
    cuts=st.lists(st.integers(0, 500), max_size=12),
)
def test_bodies_arrive_whole_however_the_stream_is_cut(
    bodies: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(frame(body) for body in bodies)
    places = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
    chunks = [stream[a:b] for a, b in pairwise(places)]
    assert decode(*chunks) == bodies


@given(noise=st.binary(max_size=200))
def test_after_any_noise_the_stream_is_found_again(noise: bytes) -> None:
    # The noise may swallow a frame or two that follow it directly, never all.
    stream = noise + b"\r\n\r\n" + frame(b"x" * 300) * 3 + frame(b"last")
    if b"content-length" not in noise.lower():
        assert decode(stream)[-1] == b"last"


@pytest.mark.parametrize(
    "header",
    [
        b"content-length: 2\r\n\r\n",
        b"Content-Length:2\r\n\r\n",
        b"Content-Type: application/vscode-jsonrpc; charset=utf-8\r\nContent-Length: 2\r\n\r\n",
        b"Content-Length: 2\r\nContent-Type: x\r\n\r\n",
        b"Content-Length: 2\n\n",
    ],
)
def test_headers_of_every_client_are_understood(header: bytes) -> None:
    assert decode(header + b"{}") == [b"{}"]


@pytest.mark.parametrize(
    "noise",
    [
        b"a stray line\r\n",
        b"Content-Length: x\r\n\r\n",
        b"Content-Length: -5\r\n\r\n",
        b"\r\n\r\n",
        b'"the rest of a body whose length was too small"}',
    ],
)
def test_noise_costs_no_message(noise: bytes) -> None:
    assert decode(noise + frame(b"{}")) == [b"{}"]


def test_a_message_that_is_too_large_is_skipped(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(transport, "MAX_BODY_BYTES", 10)
    with caplog.at_level(logging.WARNING):
        assert decode(frame(b"y" * 5_000)[:40], frame(b"y" * 5_000)[40:] + frame(b"{}")) == [b"{}"]
    assert "5000 bytes" in caplog.text


def test_endless_noise_does_not_fill_the_memory() -> None:
    decoder = FrameDecoder()
    for _ in range(100):
        assert list(decoder.feed(b"z" * 10_000)) == []
    assert len(decoder._buffer) < 100_000
    assert list(decoder.feed(b"\r\n" + frame(b"{}"))) == [b"{}"]


def test_frames_stay_whole_when_threads_write_at_once() -> None:
    ours, theirs = socket.socketpair()
    transport_ = over_socket(theirs)
    # Larger than what a socket takes at once, so that an unguarded write would be split.
    bodies = [bytes([65 + number]) * 400_000 for number in range(4)]
    writers = [threading.Thread(target=transport_.write, args=(frame(body),)) for body in bodies]
    for writer in writers:
        writer.start()
    decoder = FrameDecoder()
    received: list[bytes] = []
    with ours:
        while len(received) < len(bodies):
            received += decoder.feed(ours.recv(1 << 16))
    for writer in writers:
        writer.join()
    transport_.close()
    assert sorted(received) == bodies

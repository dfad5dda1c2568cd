"""A process that takes in files for another one: ``python -m indexer.intake.worker``.

It is asked on its standard input and answers on its standard output, in frames of marshalled
plain data, which loading cannot make run anything: first the folder and its options, then lists of
paths. It ends when its input does, so that it never
outlives the process that started it, and (on POSIX) it is ended by the system when one file costs
it too much processor time, even inside a parser that would never return.
"""

from __future__ import annotations

import gc
import marshal
import os
import signal
import sys
from pathlib import Path
from typing import IO, TypeAlias

from indexer.intake.file import take_in
from indexer.model import IndexOptions, Skipped

# Processor time; the slowest file of 40,000 that we have seen takes a tenth of it.
MAX_SECONDS_PER_FILE = 10.0
READY = b"ready"
_LENGTH_BYTES = 8
_GC_THRESHOLD = 200_000

Plain: TypeAlias = object
"""What marshal can hold: strings, numbers, and tuples, lists and dicts of those."""


def write_frame(stream: IO[bytes], data: bytes) -> None:
    """Send one frame and flush."""
    stream.write(len(data).to_bytes(_LENGTH_BYTES, "little"))
    stream.write(data)
    stream.flush()


def read_frame(stream: IO[bytes]) -> bytes:
    """The next frame; sleeps until it is there as a whole.

    Raises:
        EOFError: the other side has gone.
    """
    size = stream.read(_LENGTH_BYTES)
    if len(size) < _LENGTH_BYTES:
        raise EOFError
    n_bytes = int.from_bytes(size, "little")
    data = stream.read(n_bytes)
    if len(data) < n_bytes:
        raise EOFError
    return data


def encode(plain: Plain) -> bytes:
    return marshal.dumps(plain)  # type: ignore[arg-type]


def decode(data: bytes) -> Plain:
    return marshal.loads(data)  # noqa: S302 - our own child's, and data alone


def main() -> int:
    """Serve until the input ends."""
    # What a library prints must not get between the frames.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # The terminal interrupts the whole group; our parent decides what that means.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # Parsing makes many objects and few cycles; looking for those costs a tenth of the time.
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD)
    try:
        match decode(read_frame(sys.stdin.buffer)):
            case (str(root), dict(options)):
                _serve(Path(root), IndexOptions(**options), answers)
    except (EOFError, BrokenPipeError):
        return 0
    return 2


def _serve(root: Path, options: IndexOptions, answers: IO[bytes]) -> None:
    write_frame(answers, READY)
    while True:
        match decode(read_frame(sys.stdin.buffer)):
            case (list(paths), bool(as_text)):
                taken = [_answer(root, path, options, as_text=as_text) for path in paths]
                write_frame(answers, encode(taken))


def _answer(root: Path, path: str, options: IndexOptions, *, as_text: bool) -> Plain:
    _limit_processor_time()
    taken = take_in(root, path, options, as_text=as_text)
    if isinstance(taken, Skipped):
        return taken.path, taken.reason.value, taken.rule
    return tuple(taken)


def _limit_processor_time() -> None:
    if hasattr(signal, "setitimer"):
        # Nobody handles the signal, so that it ends this process wherever it is.
        signal.setitimer(signal.ITIMER_PROF, MAX_SECONDS_PER_FILE)


if __name__ == "__main__":
    sys.exit(main())

"""Reading what a child process answers. Standard library alone."""

from __future__ import annotations

import os
import select
import time


def read_until(reading: int, seconds: float) -> bytes:
    """Everything from a pipe until its other end is closed, or the time is over; closes it."""
    received = b""
    deadline = time.monotonic() + seconds
    while True:
        ready, _, _ = select.select([reading], [], [], max(0.0, deadline - time.monotonic()))
        part = os.read(reading, 65_536) if ready else b""
        if not part:
            break
        received += part
    os.close(reading)
    return received

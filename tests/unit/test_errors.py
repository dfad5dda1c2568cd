"""What the system refuses is said with its file and with what helps."""

from __future__ import annotations

import errno
import os

import pytest

from copilot_ls.errors import from_system


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.EROFS, "work on a copy"),
        (errno.EACCES, "give yourself the right"),
        (errno.ENOSPC, "free some space"),
        (errno.EEXIST, "move it"),
    ],
)
def test_a_refusal_names_the_file_and_the_remedy(number: int, remedy: str) -> None:
    told = str(from_system(OSError(number, os.strerror(number), "/shop/x.py")))
    assert told.startswith(f"/shop/x.py: {os.strerror(number)}")
    assert remedy in told


def test_what_is_not_known_is_told_as_it_is() -> None:
    assert str(from_system(OSError("something else"))) == "something else"

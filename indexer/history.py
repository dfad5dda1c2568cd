"""What git remembers of a repository: which lines are younger than a date.

Asks git through ``indexer.scan``, so that nothing a repository configures is ever run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from indexer.scan import ask_git

_COMMIT = re.compile(rb"[0-9a-f]{40,64} \d+ (?P<line>\d+)")


def files_changed_since(root: Path, since: datetime) -> list[str] | None:
    """Paths of files that a commit after ``since`` added or changed, the latest first.

    They are relative to the top of the repository; ``None`` if git cannot be asked.
    """
    output = ask_git(
        root,
        "log",
        f"--since={since.isoformat()}",
        "--no-show-signature",
        "--no-ext-diff",
        "--no-textconv",
        "--diff-filter=AM",
        "--no-renames",
        "--name-only",
        "--format=",
        "-z",
    )
    if output is None:
        return None
    return [*dict.fromkeys(os.fsdecode(name.strip(b"\n")) for name in output.split(b"\0") if name)]


def lines_written_since(root: Path, path: str, since: datetime) -> set[int]:
    """Numbers (from 0) of the lines of a file as it stands that were written after ``since``.

    What is not committed yet counts as written now.
    """
    output = ask_git(root, "blame", "--line-porcelain", "--no-textconv", "--", path)
    return {line for line, written in _dates(output or b"") if written >= since.timestamp()}


def _dates(porcelain: bytes) -> Iterator[tuple[int, float]]:
    line = -1
    for entry in porcelain.split(b"\n"):
        if entry.startswith(b"\t"):
            line = -1
        elif line < 0 and (found := _COMMIT.match(entry)):
            line = int(found["line"]) - 1
        elif line >= 0 and entry.startswith(b"author-time "):
            yield line, float(entry.split(b" ", 1)[1])

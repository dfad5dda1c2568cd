"""What git remembers of a repository: which lines are young, and what changes together.

Asks git through ``indexer.scan``, so that nothing a repository configures is ever run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from pathlib import Path

from indexer.scan import ask_git

_COMMIT = re.compile(rb"[0-9a-f]{40,64} \d+ (?P<line>\d+)")

_ORIGIN = re.compile(r"^(?:[a-z+]+://)?(?:[^@/]*@)?")
_NO_NAME = re.compile(r"[^a-z0-9]+")
_MAX_COMMITS = 1_000
# A commit that touches more files than this says nothing of any two of them.
_MAX_COMMIT_PATHS = 60


def name_of_repository(root: Path) -> str:
    """A name that all clones of a repository share: made of its origin's address, if it has one.

    Letters, digits and hyphens; of the address it tells the last part alone.
    """
    output = ask_git(root, "config", "--get", "remote.origin.url")
    origin = (output or b"").decode("utf-8", "replace").strip().lower()
    # ``git@host:owner/name.git`` and ``https://user@host/owner/name`` are the same place.
    origin = _ORIGIN.sub("", origin).removesuffix("/").removesuffix(".git").replace(":", "/")
    key = origin or os.fspath(root.resolve())
    digest = blake2b(key.encode("utf-8", "replace"), digest_size=6).hexdigest()
    name = _NO_NAME.sub("-", (origin or root.name.lower()).rpartition("/")[2]).strip("-")
    return f"{name[:24].strip('-') or 'repository'}-{digest}"


@dataclass(frozen=True, slots=True)
class Commits:
    """The files that each of the last commits up to ``head`` changed, the newest first."""

    head: bytes = b""
    paths: tuple[tuple[str, ...], ...] = ()


def last_commits(root: Path, known: Commits) -> Commits:
    """What the last thousand commits changed under ``root``; ``known`` if HEAD is still the same.

    Merges and commits that change very many files are left out. Empty if git cannot be asked.
    Costs some milliseconds if nothing is new, up to a second on a long history.
    """
    head = ask_git(root, "rev-parse", "--verify", "--quiet", "HEAD")
    if head is None or head == known.head:
        return known if head is not None else Commits()
    prefix = (ask_git(root, "rev-parse", "--show-toplevel") or b"").strip()
    folder = os.path.relpath(os.path.realpath(root), os.path.realpath(os.fsdecode(prefix)))
    output = ask_git(
        root,
        "log",
        f"--max-count={_MAX_COMMITS}",
        "--no-show-signature",
        "--no-ext-diff",
        "--no-textconv",
        "--no-merges",
        "--no-renames",
        "--name-only",
        "--relative" if folder == "." else f"--relative={folder}",
        "--format=%x01",
        "-z",
        "HEAD",
    )
    commits = []
    for commit in os.fsdecode(output or b"").split("\1"):
        paths = tuple(path for part in commit.split("\0") if (path := part.strip("\n")))
        if 0 < len(paths) <= _MAX_COMMIT_PATHS:
            commits.append(paths)
    return Commits(head, tuple(commits))


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


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit as it is told: ``id`` is short."""

    id: str
    subject: str
    body: str


def commits_between(root: Path, first: str, last: str) -> list[Commit] | None:
    """The commits after ``first`` up to ``last``, the newest first, merges left out.

    Nothing if git cannot be asked, or knows no such revisions.
    """
    output = ask_git(
        root,
        "log",
        "--no-show-signature",
        "--no-merges",
        "--format=%h%x00%s%x00%b%x01",
        "--end-of-options",
        f"{first}..{last}",
    )
    if output is None:
        return None
    found: list[Commit] = []
    for entry in output.decode("utf-8", "replace").split("\1"):
        parts = entry.strip("\n").split("\0")
        if len(parts) == 3:
            found.append(Commit(*parts))
    return found


def paths_between(root: Path, first: str, last: str) -> list[str]:
    """The files that differ between two revisions, by path from the top of the repository."""
    output = ask_git(
        root,
        "diff",
        "--no-ext-diff",
        "--no-textconv",
        "--no-renames",
        "--name-only",
        "-z",
        "--end-of-options",
        first,
        last,
        "--",
    )
    return [os.fsdecode(path) for path in (output or b"").split(b"\0") if path]


def text_at(root: Path, revision: str, path: str) -> str | None:
    """A file as it was, by its path from the top of the repository; nothing if it was not."""
    data = ask_git(root, "cat-file", "blob", f"{revision}:{path}")
    return None if data is None or b"\0" in data else data.decode("utf-8", "replace")

"""What was changed and not committed yet, or since a revision: files, lines, and staged texts.

Asks git through ``indexer.scan``, so that nothing a repository configures is ever run.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from indexer.errors import NotARepository
from indexer.scan import ask_git

_HUNK = re.compile(rb"^@@ -\d+(?:,\d+)? \+(\d+)(?:,(\d+))? @@", re.MULTILINE)
_HEAD = re.compile(rb"^diff --git ", re.MULTILINE)
_DIFF = (
    "-c",
    "core.quotePath=false",
    "diff",
    "--no-ext-diff",
    "--no-textconv",
    "--no-color",
    "--no-renames",
    "--diff-filter=d",
    "--ignore-submodules=all",
    "--unified=0",
)
_MAX_FILES = 500
# A file that git does not know yet has changed as a whole.
_WHOLE = (range(1, 1 << 31),)


def staged_changes(root: Path) -> Mapping[str, Sequence[range]]:
    """Lines (from 1) that are staged for the next commit, by path relative to ``root``.

    Raises:
        NotARepository: git cannot be asked here.
    """
    return _changes(root, ("--cached",))


def changes_since(root: Path, revision: str) -> Mapping[str, Sequence[range]]:
    """Lines that differ from where the present work left ``revision``, by path.

    What is not committed counts, and so do files that git does not know yet.

    Raises:
        NotARepository: git cannot be asked here, or knows no such revision.
    """
    base = _asked(root, "merge-base", "--end-of-options", revision, "HEAD")
    if base is None:
        base = _asked(root, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    if base is None:
        raise NotARepository(
            f"git knows no revision {revision} of {root}", remedy="check it with `git log`"
        )
    found = dict(_changes(root, (base.decode().strip(),)))
    others = _asked(root, "ls-files", "--others", "--exclude-standard", "-z", "--full-name")
    for path in _below(root, (others or b"").split(b"\0")):
        found.setdefault(path, _WHOLE)
    return found


def staged_bytes(root: Path, path: str) -> bytes | None:
    """What of a file will be committed; nothing if it is not staged."""
    return _asked(root, "cat-file", "blob", f":{_prefix(root)}{path}")


def files_at(root: Path, revision: str) -> Mapping[str, bytes]:
    """Files as they are in a revision, by path: those that are different now, or gone.

    Raises:
        NotARepository: git cannot be asked here, or knows no such revision.
    """
    commit = _asked(root, "rev-parse", "--verify", "--end-of-options", f"{revision}^{{commit}}")
    if commit is None:
        raise NotARepository(
            f"git knows no revision {revision} of {root}", remedy="check it with `git log`"
        )
    name = commit.decode().strip()
    command = [each for each in _DIFF if not each.startswith("--diff-filter")]
    listed = _asked(root, *command, "--name-only", "-z", name, "--")
    found: dict[str, bytes] = {}
    for path in _below(root, (listed or b"").split(b"\0"))[:_MAX_FILES]:
        data = _asked(root, "cat-file", "blob", f"{name}:{_prefix(root)}{path}")
        if data is not None:
            found[path] = data
    return found


def _changes(root: Path, what: Sequence[str]) -> Mapping[str, Sequence[range]]:
    names = _asked(root, *_DIFF, "--name-only", "-z", *what, "--")
    patch = _asked(root, *_DIFF, *what, "--")
    if names is None or patch is None:
        raise NotARepository(
            f"{root} is in no git repository that can be asked",
            remedy="give paths instead, or check `git status` there",
        )
    # Both list the same files in the same order; names in patches may be quoted.
    paths = [name for name in names.split(b"\0") if name]
    parts = _HEAD.split(patch)[1:]
    if len(parts) != len(paths):
        raise NotARepository(f"the files of {root} change while git is asked", remedy="try again")
    changed = {
        os.fsdecode(path): tuple(
            range(int(hunk[1]), int(hunk[1]) + int(hunk[2] or 1)) for hunk in _HUNK.finditer(part)
        )
        for path, part in zip(paths, parts, strict=True)
    }
    inside = set(_below(root, paths))
    prefix = _prefix(root)
    return {
        path: changed[f"{prefix}{path}"] for path in sorted(inside) if f"{prefix}{path}" in changed
    }


def _below(root: Path, names: Sequence[bytes]) -> list[str]:
    """Those of git's paths that are below ``root``, relative to it."""
    prefix = _prefix(root)
    paths = [os.fsdecode(name) for name in names if name]
    return [path.removeprefix(prefix) for path in paths if path.startswith(prefix)]


def _prefix(root: Path) -> str:
    """Where ``root`` is in its repository: empty at the top, else with a slash at the end."""
    top = _asked(root, "rev-parse", "--show-toplevel")
    if top is None:
        raise NotARepository(f"{root} is in no git repository that can be asked", remedy="")
    relative = os.path.relpath(os.path.realpath(root), os.path.realpath(os.fsdecode(top).strip()))
    return "" if relative == "." else f"{relative.replace(os.sep, '/')}/"


def _asked(root: Path, *command: str) -> bytes | None:
    return ask_git(root, *command)

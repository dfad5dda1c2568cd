"""What an update has to do, from two lists of stamps; reads nothing.

An update that wants no needless work goes in three steps: ``unsure_paths`` says whose content
must be hashed, ``scan.hash_files`` hashes those, and ``plan_update`` compares.
So an unchanged repository costs one ``lstat`` for each file and no reading, and a file that was
merely touched is not parsed again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from indexer.model import FileStamp, Plan

# A file written within this time before its stamp was stored can have been written again
# without a visible difference: clocks of file systems tick in steps of up to two seconds (FAT).
# Git has the same problem and calls such entries racily clean.
RACY_NS = 2_000_000_000


def unsure_paths(
    stored: Mapping[str, FileStamp], found: Mapping[str, FileStamp], *, stored_at_ns: int
) -> tuple[str, ...]:
    """The known files whose stamps cannot say whether they changed, in order of path.

    ``stored_at_ns`` is when the stored stamps were taken (the start of that update's scan), on
    the clock of ``FileStamp.modified_ns``.
    """
    return tuple(
        path
        for path, stamp in sorted(found.items())
        if path in stored and not _is_surely_same(stored[path], stamp, stored_at_ns)
    )


def plan_update(
    stored: Mapping[str, FileStamp],
    found: Mapping[str, FileStamp],
    *,
    only: Sequence[str] | None = None,
) -> Plan:
    """Compare what is stored with what was found; each part of the plan is in order of path.

    Where a found stamp has a content hash, that decides; otherwise size and time do.
    With ``only`` (files or folders, as given to the scan) nothing outside those is removed.
    """
    known = sorted(found.keys() & stored.keys())
    changed = tuple(path for path in known if _differs(stored[path], found[path]))
    different = frozenset(changed)
    return Plan(
        added=tuple(sorted(found.keys() - stored.keys())),
        changed=changed,
        removed=tuple(sorted(path for path in stored.keys() - found.keys() if covers(only, path))),
        unchanged=tuple(path for path in known if path not in different),
    )


def covers(only: Sequence[str] | None, path: str) -> bool:
    """Whether a scan of ``only`` these files and folders would have seen ``path``."""
    if only is None:
        return True
    return any(each in {"", "."} or path == each or path.startswith(f"{each}/") for each in only)


def _is_surely_same(stored: FileStamp, found: FileStamp, stored_at_ns: int) -> bool:
    return _looks_same(stored, found) and stored.modified_ns < stored_at_ns - RACY_NS


def _looks_same(stored: FileStamp, found: FileStamp) -> bool:
    return stored.size == found.size and stored.modified_ns == found.modified_ns


def _differs(stored: FileStamp, found: FileStamp) -> bool:
    if found.content_hash:
        return found.content_hash != stored.content_hash
    return not _looks_same(stored, found)

"""What changes in a folder, told as it happens, for whoever has no editor that tells it.

Only folders that hold indexed files are watched, each alone: a build that writes thousands of
files, or an installation into ``node_modules``, costs nothing here, and no limit of the system is
spent on them. Whether a changed file counts is decided by the update that follows.
"""

# The system speaks of strings; pathlib objects would only stand between.
# ruff: noqa: PTH112, PTH114, PTH118

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from indexer import scan
from indexer.errors import IndexerError
from indexer.model import IndexOptions
from indexer.syntax import parse

if TYPE_CHECKING:
    from watchfiles import Change

# After a first change, more are waited for so long at most; a branch switch comes as a few lots.
MAX_WAIT_MS = 1_000
_STEP_MS = 100
_MAX_SILENCE_MS = 500
_MAX_NEW_FOLDERS = 1_000
_RULES = frozenset({".gitignore", ".copilotignore"})


class FolderWatch:
    """Watches the ``folders`` of ``root`` (relative paths) that are named at the time.

    Safe to be told of new folders, and to be closed, from another thread.
    """

    def __init__(
        self, root: Path, options: IndexOptions, folders: Callable[[], Iterable[str]]
    ) -> None:
        self._root = os.path.realpath(root)
        self._options = options
        self._folders = folders
        self._wants_another_look = False
        self._end = threading.Event()

    def changes(self) -> Iterator[list[str] | None]:
        """Lots of changed files and folders as relative paths; ``None`` means anything.

        The first thing it tells is ``None``, once it listens: what changed before is not known.

        Raises:
            IndexerError: the system cannot watch so many folders.
        """
        try:
            yield from self._changes()
        except OSError as error:
            raise IndexerError(
                f"{self._root} cannot be watched: {error}",
                remedy="raise the limit of watched files (fs.inotify.max_user_watches)",
            ) from error

    def look_again(self) -> None:
        """Ask for the folders again: an update may have found new ones."""
        self._wants_another_look = True

    def close(self) -> None:
        """End :meth:`changes`, within a moment."""
        self._end.set()

    def _changes(self) -> Iterator[list[str] | None]:
        watched = {"", *self._folders()}
        lots = self._lots(watched)
        # The first lot comes when the system listens.
        waiting = [next(lots, set())]
        yield None
        while not self._end.is_set():
            new: set[str] = set()
            for lot in waiting or [next(lots, set())]:
                paths, folders, rules_changed = self._sift(path for _, path in lot)
                new |= folders
                if rules_changed:
                    yield None
                elif paths:
                    yield paths
            waiting = []
            if self._wants_another_look or new - watched:
                self._wants_another_look = False
                added = ({"", *self._folders()} | new) - watched
                if added:
                    watched |= added
                    # The new ears listen before the old ones are closed: nothing is missed.
                    fresh = self._lots(watched)
                    waiting = [next(fresh, set()), next(lots, set())]
                    lots.close()
                    lots = fresh
                    yield sorted(added)

    def _lots(self, folders: Iterable[str]) -> Generator[set[tuple[Change, str]], None, None]:
        """What watchfiles reports, an empty lot now and then, the first of them soon."""
        from watchfiles import watch

        places = [place for folder in folders if os.path.isdir(place := self._full(folder))]
        return watch(
            *places,
            watch_filter=None,
            debounce=MAX_WAIT_MS,
            step=_STEP_MS,
            stop_event=self._end,
            rust_timeout=_MAX_SILENCE_MS,
            yield_on_timeout=True,
            raise_interrupt=False,
            recursive=False,
            ignore_permission_denied=True,
        )

    def _sift(self, places: Iterable[str]) -> tuple[list[str], set[str], bool]:
        """What counts of changed places: paths, those of them that are folders, and rules."""
        paths: set[str] = set()
        folders: set[str] = set()
        rules_changed = False
        for place in places:
            path = os.path.relpath(place, self._root).replace(os.sep, "/")
            name = path.rpartition("/")[2]
            if path == ".":
                continue
            rules_changed = rules_changed or name in _RULES
            if os.path.isdir(place) and not os.path.islink(place):
                if self._is_wanted(path):
                    paths.add(path)
                    folders |= self._below(path)
            elif parse.language_of(path) is not None or "." not in name:
                # What is gone and has no ending may have been a folder.
                paths.add(path)
        return sorted(paths), folders, rules_changed

    def _below(self, folder: str) -> set[str]:
        """A new folder and those in it that were made before anybody listened."""
        found: set[str] = set()
        for place, names, _ in os.walk(self._full(folder)):
            path = os.path.relpath(place, self._root).replace(os.sep, "/")
            found.add(path)
            names[:] = [name for name in names if self._is_wanted(f"{path}/{name}")]
            if len(found) >= _MAX_NEW_FOLDERS:
                break
        return found

    def _is_wanted(self, folder: str) -> bool:
        return scan.is_excluded(Path(self._root), f"{folder}/_", self._options) is None

    def _full(self, folder: str) -> str:
        return os.path.join(self._root, *folder.split("/")) if folder else self._root

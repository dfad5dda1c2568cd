"""``copilot-ls index --watch``: stay, and follow what changes on disk."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from copilot_ls.cli.context import console, print_json
from indexer.errors import IndexerError, IndexLocked
from indexer.model import UpdateReport

if TYPE_CHECKING:
    from indexer.index import Index

_SECONDS_UNTIL_RETRY = 1.0
_MAX_SHOWN = 3


def follow(index: Index, *, stop: threading.Event, vectors: bool, as_json: bool) -> None:
    """Update the index after each change on disk, until ``stop`` is set by a signal.

    Raises:
        IndexerError: the folder cannot be watched.
    """
    watch = index.watch()

    def end(*_: object) -> None:
        stop.set()
        watch.close()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    if not as_json:
        console().print("watching; press Ctrl-C to end", style="dim")
    for paths in watch.changes():
        report = _update(index, paths, stop=stop, vectors=vectors)
        if stop.is_set():
            break
        if paths is None:
            watch.look_again()
        if report is not None and not report.plan.is_empty:
            _print(report, as_json=as_json)


def _update(
    index: Index, paths: Sequence[str] | None, *, stop: threading.Event, vectors: bool
) -> UpdateReport | None:
    """Update, after whoever else is at it; a failure is told and is not the end."""
    while not stop.is_set():
        try:
            return index.update(paths, should_stop=stop.is_set, with_vectors=vectors)
        except IndexLocked:
            stop.wait(_SECONDS_UNTIL_RETRY)
        except IndexerError as error:
            print(f"copilot-ls: {error}", file=sys.stderr, flush=True)
            return None
    return None


def _print(report: UpdateReport, *, as_json: bool) -> None:
    plan = report.plan
    if as_json:
        print_json({"added": plan.added, "changed": plan.changed, "removed": plan.removed})
        sys.stdout.flush()
        return
    parts = []
    for paths, what in ((plan.added, "new"), (plan.changed, "changed"), (plan.removed, "gone")):
        if paths:
            more = f" and {len(paths) - _MAX_SHOWN} more" if len(paths) > _MAX_SHOWN else ""
            parts.append(f"{what}: {', '.join(paths[:_MAX_SHOWN])}{more}")
    seconds = sum(report.seconds.values())
    console().print(
        f"{time.strftime('%H:%M:%S')}  {'; '.join(parts)}  ({1000 * seconds:.0f} ms)",
        highlight=False,
        markup=False,
    )

"""The places in a whole workspace that a change in one open document makes wrong."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Awaitable, Callable

from copilot_ls.domain import Document
from copilot_ls.features.next_edit.changes import Change, Renamed, changes_between
from copilot_ls.features.next_edit.follow import NextEdit, edits_in
from copilot_ls.ports import CodeIndex
from indexer.errors import IndexerError
from indexer.model import Query, SearchMode
from indexer.syntax import parse

_log = logging.getLogger(__name__)
_MAX_PLACES = 200

Read = Callable[[str], Awaitable[Document | None]]
"""The text of a file of the workspace as it is now: the open buffer, else the file."""


class Follower:
    """Finds next edits; the index says where uses are, the texts as they are now say how."""

    def __init__(self, index: CodeIndex) -> None:
        self._index = index

    async def next_edits(self, before: Document, after: Document, read: Read) -> list[NextEdit]:
        """The edits that are left to do, those in the changed file first."""
        old = parse.parse(before.path, before.language, before.text)
        new = parse.parse(after.path, after.language, after.text)
        found: list[NextEdit] = []
        texts: dict[str, Document | None] = {after.path: after}
        for change in changes_between(old, new):
            found += edits_in(after.path, after.text, new, change, None)
            for path, lines in (await self._uses(change, before)).items():
                if path == after.path:
                    continue
                if path not in texts:
                    texts[path] = await read(path)
                document = texts[path]
                if document is not None:
                    parsed = parse.parse(path, document.language, document.text)
                    found += edits_in(path, document.text, parsed, change, frozenset(lines))
        return found

    async def _uses(self, change: Change, before: Document) -> dict[str, set[int]]:
        """The lines where the index knows a use of the definition as it was."""
        name = change.old.qualified_name if isinstance(change, Renamed) else change.called_as
        try:
            # In the editor, and once it was saved in the index, it has no such definition any more.
            query = Query(
                name,
                SearchMode.USAGE,
                path=before.path,
                before=before.text,
                limit=_MAX_PLACES,
            )
            hits = await self._index.search(query)
        except IndexerError as error:
            _log.warning("uses not found: %s", error)
            return {}
        lines: defaultdict[str, set[int]] = defaultdict(set)
        for hit in hits:
            lines[hit.path].update(range(hit.line, hit.end_line + 1))
        return dict(lines)

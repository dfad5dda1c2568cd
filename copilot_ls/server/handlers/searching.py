"""Finding code: by the words of a purpose, or the files that belong to one that is open."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from copilot_ls.server.protocol import Later
from copilot_ls.server.session import Opened, Session
from indexer.model import Hit, Query, SearchMode

_N_HITS = 20
_N_SIGNALS = 2


def search(session: Session, params: object) -> Later[object]:
    """Find definitions and passages of all folders that fit some words, best first."""
    match params:
        case {"words": str(words)} if words.strip():
            return partial(_search, session, words)
    raise JsonRpcInvalidParams("expected {words}, not blank")


def related(session: Session, params: object) -> Later[object]:
    """Find the tests and companions of a document that is open."""
    match params:
        case {"textDocument": {"uri": str(uri)}}:
            opened = session.opened(uri)
            if opened is None:
                raise JsonRpcInvalidParams(f"{uri} is not open")
            return partial(_related, session, opened)
    raise JsonRpcInvalidParams("expected {textDocument: {uri}}")


async def _search(session: Session, words: str) -> object:
    query = Query(words, SearchMode.NL, limit=_N_HITS)
    folders = await session.workspace_folders()
    found = await asyncio.gather(*(folder.workspace.index.search(query) for folder in folders))
    places = [
        (hit.score, _entry(folder.location, hit))
        for folder, hits in zip(folders, found, strict=True)
        for hit in hits
    ]
    places.sort(key=lambda place: -place[0])
    return {"hits": [entry for _, entry in places[:_N_HITS]]}


async def _related(session: Session, opened: Opened) -> object:
    folder = await session.folder_of(opened)
    if folder is None or folder.uri is None:
        return {"hits": []}
    query = Query(opened.document.path, SearchMode.RELATED, limit=_N_HITS)
    hits = await folder.workspace.index.search(query)
    return {"hits": [_entry(folder.location, hit) for hit in hits]}


def _entry(root: Path, hit: Hit) -> dict[str, object]:
    start = types.Position(hit.line, 0)
    return {
        "uri": (root / hit.path).as_uri(),
        "path": hit.path,
        "range": types.Range(start, start),
        "title": hit.title,
        "text": hit.symbol.stub if hit.symbol is not None else "",
        "signals": _strongest(hit),
    }


def _strongest(hit: Hit) -> Iterable[str]:
    return sorted(hit.signals, key=lambda name: -hit.signals[name])[:_N_SIGNALS]

"""``copilot-ls.edit``: an instruction for selected lines; ``copilot-ls/nextEdit``: what follows."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import cattrs
from lsprotocol import converters, types
from pygls.exceptions import JsonRpcInvalidParams

from copilot_ls.server.protocol import Later
from copilot_ls.server.session import Session
from indexer.model import Span

EDIT_COMMAND = "copilot-ls.edit"
_CONVERTER = converters.get_converter()


def edit(session: Session, arguments: Sequence[object]) -> Later[object]:
    """Change lines as the user says; the editor shows the change and asks before it is made."""
    match arguments:
        case [{"textDocument": {"uri": str(uri)}, "range": dict(target), "instruction": str(wish)}]:
            pass
        case _:
            raise JsonRpcInvalidParams("expected {textDocument: {uri}, range, instruction}")
    if not wish.strip():
        raise JsonRpcInvalidParams("the instruction is empty")
    try:
        selected = _CONVERTER.structure(target, types.Range)
    except (cattrs.BaseValidationError, KeyError, TypeError, ValueError) as error:
        raise JsonRpcInvalidParams("range is not a range") from error
    opened = session.opened(uri)
    if opened is None:
        raise JsonRpcInvalidParams(f"{uri} is not open")
    snapshot = opened.document.snapshot()
    start, end = snapshot.offset(selected.start), snapshot.offset(selected.end)
    span = Span(min(start, end), max(start, end))

    async def work() -> object:
        folder = await session.folder_of(opened)
        if folder is None:
            return {"applied": False, "problem": "the document was closed"}
        n_expected = max(80, 2 * len(span))
        async with session.client.progress_of_task("Editing") as tell:
            proposal = await folder.workspace.editor.edit(
                snapshot.document,
                span,
                wish,
                lambda answer: tell("writing", min(0.95, len(answer) / n_expected)),
            )
        if proposal.edit is None:
            return {"applied": False, "problem": proposal.problem}
        if opened.document.version != snapshot.document.version:
            return {"applied": False, "problem": "the document changed meanwhile"}
        changes = [
            types.TextEdit(snapshot.range(each.span), each.text)
            for each in proposal.edits(snapshot.document)
        ]
        applied = await session.client.propose_edit(
            "copilot-ls: edit", wish, [(uri, snapshot.document.version, changes)]
        )
        return {"applied": applied, "problem": "" if applied else "it was not confirmed"}

    return work


def next_edit(session: Session, params: object) -> Later[object]:
    """Name the places that a renaming or other parameters in this document make wrong."""
    match params:
        case {"textDocument": {"uri": str(uri)}}:
            return partial(_next_edits, session, uri)
        case _:
            raise JsonRpcInvalidParams("expected {textDocument: {uri}}")


async def _next_edits(session: Session, uri: str) -> object:
    edits = await session.next_edits(uri)
    return {
        "edits": [
            {
                "textDocument": {"uri": place.document.uri, "version": version},
                "range": _CONVERTER.unstructure(place.range(entry.edit.span)),
                "newText": entry.edit.text,
                "reason": entry.reason,
            }
            for entry, place, version in edits
        ],
        "remaining": len(edits),
    }

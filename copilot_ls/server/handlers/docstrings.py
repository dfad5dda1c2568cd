"""Code actions that write and repair docstrings.

A client that asks for the edit of an action when it was chosen gets it then; for all others it is
made at once, since what other files show is kept for a while.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from lsprotocol import types

from copilot_ls.documenting import DocOffer, DocTask
from copilot_ls.features.documentation.findings import CATEGORY
from copilot_ls.server.diagnostics import to_diagnostic
from copilot_ls.server.documents import Snapshot
from copilot_ls.server.handlers.changes import is_wanted, workspace_edit
from copilot_ls.server.protocol import Later
from copilot_ls.server.session import Opened, Session
from copilot_ls.wiring import Workspace

_KINDS = {
    DocTask.WRITE: types.CodeActionKind.RefactorRewrite,
    DocTask.REPAIR: types.CodeActionKind.QuickFix,
}


async def actions(session: Session, params: types.CodeActionParams) -> list[types.CodeAction]:
    """Offer what can be done about the docstrings of the definitions that the range touches."""
    found = await _workspace(session, params.text_document.uri)
    if found is None:
        return []
    opened, workspace = found
    snapshot = opened.document.snapshot()
    offers = await workspace.documenter.offers(
        snapshot.document, params.range.start.line, params.range.end.line
    )
    wanted = [each for each in offers if is_wanted(_KINDS[each.task].value, params.context.only)]
    diagnostics = await _diagnostics(session, snapshot, wanted)
    made: list[types.CodeAction] = []
    for offer in wanted:
        action = types.CodeAction(
            title=offer.title,
            kind=_KINDS[offer.task],
            diagnostics=diagnostics.get(offer.symbol),
            is_preferred=True if offer.task is DocTask.REPAIR else None,
            data={
                "uri": snapshot.document.uri,
                "version": snapshot.document.version,
                "symbol": offer.symbol,
                "task": offer.task.value,
            },
        )
        if not session.client.completes_code_actions:
            action.edit = await _edit(session, workspace, snapshot, offer.symbol, offer.task)
            if action.edit is None:
                continue
        made.append(action)
    return made


def resolve(session: Session, action: types.CodeAction) -> Later[types.CodeAction]:
    """Add the edit to an action that was chosen; without one if the document changed meanwhile."""
    return partial(_resolve, session, action)


async def _resolve(session: Session, action: types.CodeAction) -> types.CodeAction:
    match action.data:
        case {"uri": str(uri), "version": version, "symbol": str(symbol), "task": str(task)}:
            found = await _workspace(session, uri)
            if found is None or found[0].document.version != version:
                return action
            opened, workspace = found
            snapshot = opened.document.snapshot()
            action.edit = await _edit(session, workspace, snapshot, symbol, DocTask(task))
        case _:
            pass
    return action


async def _edit(
    session: Session, workspace: Workspace, snapshot: Snapshot, symbol: str, task: DocTask
) -> types.WorkspaceEdit | None:
    proposal = await workspace.documenter.propose(snapshot.document, symbol, task)
    if proposal is None or proposal.edit is None:
        return None
    return workspace_edit([proposal.edit], snapshot, session)


async def _workspace(session: Session, uri: str) -> tuple[Opened, Workspace] | None:
    """Return an open document and where it belongs, unless it is left alone."""
    opened = session.opened(uri)
    if opened is None or (folder := await session.folder_of(opened)) is None:
        return None
    reason: str = await asyncio.shield(opened.exclusion) if opened.exclusion else ""
    if reason:
        return None
    return opened, folder.workspace


async def _diagnostics(
    session: Session, snapshot: Snapshot, offers: Sequence[DocOffer]
) -> dict[str, list[types.Diagnostic]]:
    """The diagnostics that a repair answers, by the definition."""
    if all(offer.task is not DocTask.REPAIR for offer in offers):
        return {}
    looked = await session.diagnostics.look(snapshot.document.uri)
    if looked is None or looked[0].document.version != snapshot.document.version:
        return {}
    found = [each for each in looked[1] if each.finding.category == CATEGORY]
    return {
        offer.symbol: [
            to_diagnostic(each, snapshot, with_places=False)
            for each in found
            if offer.first <= each.place.line - 1 <= offer.last
        ]
        for offer in offers
        if offer.task is DocTask.REPAIR
    }

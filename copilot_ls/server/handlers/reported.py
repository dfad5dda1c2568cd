"""Quick fixes that take work: an offer for a finding that is shown, and the finding found again."""

from __future__ import annotations

from collections.abc import Sequence

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from copilot_ls.errors import CopilotError
from copilot_ls.features.security.report import Reported
from copilot_ls.server.documents import Snapshot
from copilot_ls.server.folder import Folder
from copilot_ls.server.session import Opened, Session


class FindingGone(CopilotError):
    """What was offered for a finding can no longer be done."""


def offer(
    title: str,
    command: str,
    reported: Reported,
    snapshot: Snapshot,
    diagnostic: types.Diagnostic,
) -> types.CodeAction:
    """Return a quick fix that runs ``command`` for a finding."""
    argument = {"uri": snapshot.document.uri, "fingerprint": reported.fingerprint}
    return types.CodeAction(
        title=f"{title} ({reported.finding.rule})",
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[diagnostic],
        command=types.Command(title=title, command=command, arguments=[argument]),
    )


def meant(session: Session, arguments: Sequence[object]) -> tuple[Opened, str]:
    """Return the document and the fingerprint that such a command was called with.

    Raises:
        JsonRpcInvalidParams: it was called with something else.
    """
    match arguments:
        case [{"uri": str(uri), "fingerprint": str(fingerprint)}]:
            opened = session.opened(uri)
            if opened is None:
                raise JsonRpcInvalidParams(f"{uri} is not open")
            return opened, fingerprint
    raise JsonRpcInvalidParams("expected {uri, fingerprint}")


async def find_again(
    session: Session, opened: Opened, fingerprint: str
) -> tuple[Folder, Snapshot, Reported]:
    """Look at a document as it is now, and find the finding in it.

    Raises:
        FindingGone: there is no such finding any more, or no such document.
    """
    folder = await session.folder_of(opened)
    looked = await session.diagnostics.look(opened.document.uri)
    if folder is None or looked is None:
        raise FindingGone("the document was closed")
    snapshot, found = looked
    for reported in found:
        if reported.fingerprint == fingerprint:
            return folder, snapshot, reported
    raise FindingGone("there is no such finding any more")

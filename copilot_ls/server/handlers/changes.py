"""What all changes share: the edits of one document, which kinds a client wants, where to write."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from lsprotocol import types

from copilot_ls.domain import Edit
from copilot_ls.errors import WorkspaceError
from copilot_ls.server.documents import Snapshot
from copilot_ls.server.session import Session


def workspace_edit(
    edits: Iterable[Edit], snapshot: Snapshot, session: Session
) -> types.WorkspaceEdit:
    """Return edits of one version of a document as the client can take them."""
    uri = snapshot.document.uri
    changes = [types.TextEdit(snapshot.range(edit.span), edit.text) for edit in edits]
    if session.client.takes_versioned_edits:
        document = types.OptionalVersionedTextDocumentIdentifier(uri, snapshot.document.version)
        return types.WorkspaceEdit(document_changes=[types.TextDocumentEdit(document, changes)])
    return types.WorkspaceEdit(changes={uri: changes})


def is_wanted(kind: str, only: Sequence[types.CodeActionKind | str] | None) -> bool:
    """Whether a client wants actions of a kind; a kind includes those below it."""
    if not only:
        return True
    wanted = [each.value if isinstance(each, types.CodeActionKind) else each for each in only]
    return any(kind == each or kind.startswith(f"{each}.") or each == "" for each in wanted)


def need_to_write_in(folder: Path) -> None:
    """Find out before long work whether what comes of it can be kept.

    Raises:
        WorkspaceError: the folder is read-only, or somebody else's.
    """
    if not os.access(folder, os.W_OK):
        raise WorkspaceError(
            f"{folder} cannot be written",
            remedy="work on a copy of the folder, or get the right to write there",
        )

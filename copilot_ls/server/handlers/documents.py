"""``textDocument/didOpen``, ``didChange``, ``didClose``, ``didSave``, and our ``didFocus``."""

from __future__ import annotations

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from copilot_ls.server.session import Session


def did_open(session: Session, params: types.DidOpenTextDocumentParams) -> None:
    session.open(params.text_document)


def did_change(session: Session, params: types.DidChangeTextDocumentParams) -> None:
    document = params.text_document
    session.change(document.uri, params.content_changes, document.version)


def did_close(session: Session, params: types.DidCloseTextDocumentParams) -> None:
    session.close(params.text_document.uri)


def did_save(session: Session, params: types.DidSaveTextDocumentParams) -> None:
    session.note_changed_files([params.text_document.uri])
    session.diagnostics.look_closely(params.text_document.uri)


def did_focus(session: Session, params: object) -> None:
    match params:
        case {"textDocument": {"uri": str(uri)}}:
            session.focus(uri)
        case {} | None:
            session.focus("")
        case _:
            raise JsonRpcInvalidParams("expected {textDocument: {uri}} or nothing")

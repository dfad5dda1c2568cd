"""What became of a suggestion: shown, and accepted in part. Shapes as Copilot's."""

from __future__ import annotations

from pygls.exceptions import JsonRpcInvalidParams

from copilot_ls.server.session import Session


def did_show(session: Session, params: object) -> None:
    session.note_shown(_suggestion_id(params))


def did_partially_accept(session: Session, params: object) -> None:
    # The user took the beginning; that it was of use is what counts, not how much.
    session.note_shown(_suggestion_id(params))


def _suggestion_id(params: object) -> str:
    match params:
        case {"item": {"command": {"arguments": [str(suggestion_id), *_]}}}:
            return suggestion_id
    raise JsonRpcInvalidParams("expected {item} with the command that we gave it")

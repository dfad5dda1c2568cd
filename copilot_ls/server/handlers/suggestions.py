"""What became of a suggestion: shown, accepted in part, dismissed. Shapes as Copilot's."""

from __future__ import annotations

from pygls.exceptions import JsonRpcInvalidParams

from copilot_ls.server.session import Session


def did_show(session: Session, params: object) -> None:
    session.note_shown(_suggestion_id(params))


def did_partially_accept(session: Session, params: object) -> None:
    match params:
        case {"acceptedLength": int(n_units)} if n_units >= 0:
            session.note_partly_accepted(_suggestion_id(params), n_units)
        case _:
            raise JsonRpcInvalidParams("expected {item, acceptedLength}")


def did_reject(session: Session, params: object) -> None:
    session.note_rejected(_suggestion_id(params))


def _suggestion_id(params: object) -> str:
    match params:
        case {"item": {"command": {"arguments": [str(suggestion_id), *_]}}}:
            return suggestion_id
    raise JsonRpcInvalidParams("expected {item} with the command that we gave it")

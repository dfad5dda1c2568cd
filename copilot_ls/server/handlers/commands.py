"""``workspace/executeCommand``: what a user, a key or an accepted item can ask for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from copilot_ls.checks.imports import import_edits
from copilot_ls.server import items
from copilot_ls.server.handlers import attacks, code_actions, edits, fixes, tests
from copilot_ls.server.items import ACCEPT_COMMAND
from copilot_ls.server.session import Session
from copilot_ls.server.status import REINDEX_COMMAND, RESUME_COMMAND

_SNOOZE_MINUTES = 10.0
_MAX_SNOOZE_MINUTES = 7 * 24 * 60


def execute_command(session: Session, params: types.ExecuteCommandParams) -> object:
    command = COMMANDS.get(params.command)
    if command is None:
        raise JsonRpcInvalidParams(f"There is no command {params.command!r}")
    return command(session, params.arguments or [])


def _accept(session: Session, arguments: Sequence[object]) -> object:
    session.note_accepted(_id_in(arguments))
    match arguments:
        case [_, {"uri": str(uri), "imports": [*statements]}]:
            return partial(_look_after, session, uri, [str(each) for each in statements])
    return None


async def _look_after(session: Session, uri: str, statements: Sequence[str]) -> None:
    """Give accepted code its imports, and look for weaknesses in what is there now."""
    await _add_imports(session, uri, statements)
    session.diagnostics.look_closely(uri)


async def _add_imports(session: Session, uri: str, statements: Sequence[str]) -> None:
    """Add what an accepted suggestion needs and the document does not import yet."""
    opened = session.opened(uri)
    if opened is None:
        return
    snapshot = opened.document.snapshot()
    edits = [
        types.TextEdit(snapshot.range(edit.span), edit.text)
        for edit in import_edits(snapshot.document, statements)
    ]
    if edits:
        changes = [(uri, snapshot.document.version, edits)]
        await session.client.propose_edit("copilot-ls: import", "", changes, confirm=False)


def _explain(session: Session, arguments: Sequence[object]) -> object:
    suggestion_id = _id_in(arguments) if arguments else ""
    completion = session.explain(suggestion_id)
    return completion and items.to_explanation(suggestion_id, completion)


def _reindex(session: Session, _: Sequence[object]) -> None:
    session.reindex()


def _pause(session: Session, _: Sequence[object]) -> None:
    session.pause(paused=True)


def _snooze(session: Session, arguments: Sequence[object]) -> None:
    match arguments:
        case []:
            session.snooze(_SNOOZE_MINUTES)
        case [int() | float() as minutes, *_] if 0 < minutes <= _MAX_SNOOZE_MINUTES:
            session.snooze(minutes)
        case _:
            raise JsonRpcInvalidParams("expected a number of minutes, a week at most")


def _resume(session: Session, _: Sequence[object]) -> None:
    session.pause(paused=False)


def _id_in(arguments: Sequence[object]) -> str:
    match arguments:
        case [str(suggestion_id), *_]:
            return suggestion_id
    raise JsonRpcInvalidParams("expected the id of a suggestion")


COMMANDS: dict[str, Callable[[Session, Sequence[object]], object]] = {
    ACCEPT_COMMAND: _accept,
    "copilot-ls.explain": _explain,
    REINDEX_COMMAND: _reindex,
    "copilot-ls.pause": _pause,
    "copilot-ls.snooze": _snooze,
    RESUME_COMMAND: _resume,
    edits.EDIT_COMMAND: edits.edit,
    code_actions.EXPLAIN_COMMAND: code_actions.explain_finding,
    tests.COMMAND: tests.write_tests,
    attacks.COMMAND: attacks.attack,
    fixes.COMMAND: fixes.fix,
}

"""``copilot-ls.fixFinding``: the model's fix of a finding, looked at again, then proposed."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence

from lsprotocol import types

from copilot_ls.config import EngineName
from copilot_ls.domain import Document, edited
from copilot_ls.errors import CopilotError
from copilot_ls.features.edit.editor import EditProposal
from copilot_ls.features.security.fixer import Fixer, is_fixable
from copilot_ls.features.security.report import Reported
from copilot_ls.server.documents import Snapshot
from copilot_ls.server.handlers.reported import find_again, meant, offer
from copilot_ls.server.protocol import Later
from copilot_ls.server.session import Session
from copilot_ls.wiring import Workspace

COMMAND = "copilot-ls.fixFinding"
_APPLY = "Make this change"
_MAX_SHOWN_LINES = 40


def actions(
    reported: Reported, snapshot: Snapshot, diagnostic: types.Diagnostic, workspace: Workspace
) -> Iterator[types.CodeAction]:
    """Offer a fix by the model, if there is one, for a finding whose rule has none."""
    has_model = workspace.settings.model.engine is not EngineName.OFF
    if not has_model or reported.finding.fix or not is_fixable(reported.finding):
        return
    yield offer("Fix this with the model, and look again", COMMAND, reported, snapshot, diagnostic)


def fix(session: Session, arguments: Sequence[object]) -> Later[object]:
    """Propose a change that was seen to remove a finding; it is made once it is confirmed."""
    opened, fingerprint = meant(session, arguments)

    async def work() -> object:
        try:
            folder, snapshot, reported = await find_again(session, opened, fingerprint)
            if folder.workspace.fixer is None:
                return _refused("security checks are switched off")
            proposal = await _proposed(session, folder.workspace.fixer, snapshot, reported)
        except CopilotError as error:
            return _refused(str(error))
        if proposal.edit is None:
            return _refused(proposal.problem)
        if opened.document.version != snapshot.document.version:
            return _refused("the document changed meanwhile")
        applied = await _confirmed(session, snapshot, reported, proposal)
        return {"applied": applied, "problem": "" if applied else "it was not confirmed"}

    return work


async def _proposed(
    session: Session, fixer: Fixer, snapshot: Snapshot, reported: Reported
) -> EditProposal:
    async with session.client.progress_of_task(f"Fixing {reported.finding.rule}") as tell:
        return await fixer.fix(
            snapshot.document,
            reported.finding,
            lambda answer: tell("writing", min(0.9, len(answer) / 2_000)),
        )


async def _confirmed(
    session: Session, snapshot: Snapshot, reported: Reported, proposal: EditProposal
) -> bool:
    """Let the editor show the change and ask; one that cannot asks with the change in words."""
    edits = proposal.edits(snapshot.document)
    client, rule = session.client, reported.finding.rule
    if not client.confirms_edits:
        question = (
            f"copilot-ls: {rule} is gone with this change:\n{_diff(snapshot.document, proposal)}"
        )
        if await client.ask_user(question, [_APPLY, "No"]) != _APPLY:
            return False
    return await client.propose_edit(
        f"copilot-ls: fix {rule}",
        "Written by the model; with it the finding is gone, and none has come",
        [
            (
                snapshot.document.uri,
                snapshot.document.version,
                [types.TextEdit(snapshot.range(edit.span), edit.text) for edit in edits],
            )
        ],
    )


def _diff(document: Document, proposal: EditProposal) -> str:
    after = edited(document.text, *proposal.edits(document))
    lines = difflib.unified_diff(document.text.splitlines(), after.splitlines(), n=1, lineterm="")
    return "\n".join([*lines][2 : 2 + _MAX_SHOWN_LINES])


def _refused(problem: str) -> dict[str, object]:
    return {"applied": False, "problem": problem}

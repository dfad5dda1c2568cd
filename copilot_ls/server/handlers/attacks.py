"""``copilot-ls.attackFinding``: a test that attacks what is found, run first, then proposed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from lsprotocol import types

from copilot_ls import testing, wiring
from copilot_ls.errors import CopilotError
from copilot_ls.features.security.attacks.prove import SecurityTest
from copilot_ls.features.security.attacks.render import is_attackable
from copilot_ls.features.security.report import Reported
from copilot_ls.server.documents import Snapshot
from copilot_ls.server.handlers.changes import need_to_write_in
from copilot_ls.server.handlers.reported import find_again, meant, offer
from copilot_ls.server.handlers.tests import can_be_tested, may_run
from copilot_ls.server.protocol import Later
from copilot_ls.server.session import Session

COMMAND = "copilot-ls.attackFinding"


def actions(
    reported: Reported, snapshot: Snapshot, diagnostic: types.Diagnostic
) -> Iterator[types.CodeAction]:
    """Offer a test for a finding that there are attacks for."""
    if not (can_be_tested(snapshot.document) and is_attackable(reported.finding.cwe)):
        return
    yield offer("Write a test that attacks this", COMMAND, reported, snapshot, diagnostic)


def attack(session: Session, arguments: Sequence[object]) -> Later[object]:
    """Propose a test file; the editor shows it and asks before it is made."""
    opened, fingerprint = meant(session, arguments)

    async def work() -> object:
        try:
            folder, snapshot, reported = await find_again(session, opened, fingerprint)
            need_to_write_in(folder.location)
            if not await may_run(session, folder.workspace):
                return _refused("running the code of this project was not allowed")
            told = await _proved(session, folder.workspace, snapshot, reported)
        except CopilotError as error:
            return _refused(str(error))
        if not told.text:
            return _refused(told.problem)
        place = (folder.location / told.test_path).as_uri()
        proof = f"passes on {told.proof}" if told.proof else "not yet seen to pass on fixed code"
        applied = await session.client.propose_file(
            f"copilot-ls: an attack on {reported.finding.rule}",
            f"It fails on the code as it is ({told.evidence}); {proof}",
            place,
            told.text,
        )
        return {
            "applied": applied,
            "problem": "" if applied else "it was not confirmed",
            "path": told.test_path,
            "uri": place,
            "text": told.text,
            "evidence": told.evidence,
            "proof": told.proof,
        }

    return work


async def _proved(
    session: Session, workspace: wiring.Workspace, snapshot: Snapshot, reported: Reported
) -> SecurityTest:
    async with session.client.progress_of_task(f"Attacking {reported.finding.rule}") as tell:
        return await testing.prove_weakness(
            workspace.root,
            workspace.settings,
            snapshot.document,
            [reported.finding],
            on_progress=tell,
        )


def _refused(problem: str) -> dict[str, object]:
    return {"applied": False, "problem": problem, "text": ""}

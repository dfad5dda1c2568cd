"""``textDocument/diagnostic``, for clients that ask."""

from __future__ import annotations

from functools import partial

from lsprotocol import types

from copilot_ls.server.protocol import Later
from copilot_ls.server.session import Session

IDENTIFIER = "copilot-ls"


def pull(
    session: Session, params: types.DocumentDiagnosticParams
) -> Later[
    types.RelatedFullDocumentDiagnosticReport | types.RelatedUnchangedDocumentDiagnosticReport
]:
    return partial(_answer, session, params.text_document.uri, params.previous_result_id)


async def _answer(
    session: Session, uri: str, known: str | None
) -> types.RelatedFullDocumentDiagnosticReport | types.RelatedUnchangedDocumentDiagnosticReport:
    found = await session.diagnostics.look(uri)
    if found is None:
        return types.RelatedFullDocumentDiagnosticReport(items=[])
    snapshot, reported = found
    # What was found, and where: the same again need not be sent again.
    parts = (f"{each.fingerprint}:{each.finding.span.start}" for each in reported)
    result_id = f"{hash(tuple(parts)) & 0xFFFFFFFFFFFF:x}"
    if result_id == known:
        return types.RelatedUnchangedDocumentDiagnosticReport(result_id=result_id)
    return types.RelatedFullDocumentDiagnosticReport(
        items=session.diagnostics.to_diagnostics(snapshot, reported), result_id=result_id
    )

"""``textDocument/codeAction``: what can be done about findings and docstrings."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams

from copilot_ls import scanning
from copilot_ls.domain import Edit
from copilot_ls.features.documentation.findings import CATEGORY
from copilot_ls.features.security.report import Reported
from copilot_ls.server.diagnostics import to_diagnostic
from copilot_ls.server.documents import Snapshot
from copilot_ls.server.handlers import attacks, docstrings, fixes, tests
from copilot_ls.server.handlers.changes import is_wanted, workspace_edit
from copilot_ls.server.protocol import Later
from copilot_ls.server.session import Session
from indexer.model import Span

EXPLAIN_COMMAND = "copilot-ls.explainFinding"
FIX_ALL = f"{types.CodeActionKind.SourceFixAll.value}.copilot-ls"
KINDS: tuple[types.CodeActionKind | str, ...] = (
    types.CodeActionKind.QuickFix,
    types.CodeActionKind.RefactorRewrite,
    FIX_ALL,
)


def code_action(session: Session, params: types.CodeActionParams) -> Later[list[types.CodeAction]]:
    return partial(_answer, session, params)


async def _answer(session: Session, params: types.CodeActionParams) -> list[types.CodeAction]:
    actions = [
        *await docstrings.actions(session, params),
        *await tests.actions(session, params),
    ]
    found = await session.diagnostics.look(params.text_document.uri)
    if found is None:
        return actions
    snapshot, reported = found
    # The whole line counts: nobody should have to aim at a squiggle.
    first, last = params.range.start.line + 1, params.range.end.line + 1
    here = [
        each
        for each in reported
        if each.place.line <= last
        and first <= each.place.end_line
        and each.finding.category != CATEGORY
    ]
    if is_wanted(types.CodeActionKind.QuickFix.value, params.context.only):
        actions += [action for each in here for action in _actions(each, snapshot, session)]
    if is_wanted(FIX_ALL, params.context.only):
        actions += _fix_all(reported, snapshot, session)
    return actions


def explain_finding(session: Session, arguments: Sequence[object]) -> Later[object]:
    """Tell all that is known of a finding, as Markdown."""
    match arguments:
        case [{"uri": str(uri), "fingerprint": str(fingerprint)}]:
            return partial(_explain, session, uri, fingerprint)
    raise JsonRpcInvalidParams("expected {uri, fingerprint}")


async def _explain(session: Session, uri: str, fingerprint: str) -> object:
    found = await session.diagnostics.look(uri)
    for each in found[1] if found else ():
        if each.fingerprint == fingerprint:
            return {"rule": each.finding.rule, "markdown": explanation(each)}
    return None


def explanation(reported: Reported) -> str:
    """Say what is wrong, how the data comes there, and what to do, for a reader."""
    finding = reported.finding
    names = ", ".join((*finding.cwe, *(f"OWASP {each}" for each in finding.owasp)))
    parts = [
        f"### {finding.rule}",
        f"**{finding.severity}** severity, {finding.confidence} confidence; {names}",
        finding.message,
    ]
    if reported.trace:
        steps = (f"{n}. line {s.place.line}: {s.message}" for n, s in enumerate(reported.trace, 1))
        parts += ["**How the data comes there**", "\n".join(steps)]
    if reported.fix:
        parts += ["**Instead**", "\n".join(f"```\n{fix.text}\n```" for fix in reported.fix)]
    if finding.references:
        parts += ["**Read**", "\n".join(f"- <{each}>" for each in finding.references)]
    return "\n\n".join(parts) + "\n"


def _actions(
    reported: Reported, snapshot: Snapshot, session: Session
) -> Iterator[types.CodeAction]:
    diagnostic = to_diagnostic(reported, snapshot, with_places=session.client.shows_related_places)
    finding = reported.finding
    if finding.fix:
        yield types.CodeAction(
            title=f"Use {_short(finding.fix[0].text)}",
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[diagnostic],
            is_preferred=True,
            edit=workspace_edit(finding.fix, snapshot, session),
        )
    if mark := scanning.comment_mark(snapshot.document):
        yield types.CodeAction(
            title=f"Ignore {finding.rule} here, with a reason",
            kind=types.CodeActionKind.QuickFix,
            diagnostics=[diagnostic],
            edit=workspace_edit([_remark(reported, snapshot, mark)], snapshot, session),
        )
    argument = {"uri": snapshot.document.uri, "fingerprint": reported.fingerprint}
    yield types.CodeAction(
        title=f"Explain {finding.rule}",
        kind=types.CodeActionKind.QuickFix,
        diagnostics=[diagnostic],
        command=types.Command(
            title="Explain this finding", command=EXPLAIN_COMMAND, arguments=[argument]
        ),
    )
    opened = session.opened(snapshot.document.uri)
    if opened is not None and opened.folder is not None:
        yield from fixes.actions(reported, snapshot, diagnostic, opened.folder.workspace)
    yield from attacks.actions(reported, snapshot, diagnostic)


def _fix_all(
    reported: Sequence[Reported], snapshot: Snapshot, session: Session
) -> Iterator[types.CodeAction]:
    """Offer all fixes at once; of two that overlap, the first one."""
    edits: list[Edit] = []
    for each in reported:
        if all(_are_apart(edit, other) for edit in each.finding.fix for other in edits):
            edits += each.finding.fix
    if edits:
        yield types.CodeAction(
            title=f"Fix {len(edits)} findings of copilot-ls",
            kind=FIX_ALL,
            edit=workspace_edit(edits, snapshot, session),
        )


def _are_apart(one: Edit, other: Edit) -> bool:
    return one.span.end <= other.span.start or other.span.end <= one.span.start


def _remark(reported: Reported, snapshot: Snapshot, mark: str) -> Edit:
    """Return the edit that puts a comment on a line of its own above the finding."""
    line = snapshot.lines[reported.place.line - 1]
    start = reported.finding.span.start - (reported.place.column - 1)
    indent = line[: len(line) - len(line.lstrip(" \t"))]
    end = "\r\n" if line.endswith("\r\n") else "\n"
    remark = f"{indent}{mark} copilot-ls: ignore[{reported.finding.rule}] (why?){end}"
    return Edit(Span(start, start), remark)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return f"{line[:57]}…" if len(line) > 58 else line

"""The last word before a suggestion is shown: pass it, repair it, or keep it back. Pure.

Checks report, each knowing nothing of the others; this module decides.
A finding of high severity must go: by a fix that the check itself knows, or by cutting a block
before the place. What was repaired is checked again; what cannot be repaired is withheld.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from copilot_ls.checks import grounding, secrets, syntax
from copilot_ls.checks.draft import Draft
from copilot_ls.domain import Edit, Finding, Severity, Verdict
from indexer.resolve.outline import Repository

Check: TypeAlias = Callable[[Draft, Repository], Iterable[Finding]]

CHECKS: tuple[Check, ...] = (syntax.check, secrets.check, grounding.check)
_MAX_REPAIRS = 3
_MAX_CHARS = 2_000_000


@dataclass(frozen=True, slots=True)
class Judgement:
    """What to show: ``text`` in place of the suggestion, unless it is withheld.

    ``findings`` are all that were made on the way, those that were repaired included.
    """

    verdict: Verdict
    text: str
    findings: tuple[Finding, ...] = ()

    @property
    def reason(self) -> str:
        """The first finding that mattered, in words."""
        return next((f.message for f in self.findings if f.severity is Severity.HIGH), "")


def judge(draft: Draft, repository: Repository, checks: Sequence[Check] = CHECKS) -> Judgement:
    """Decide about one suggestion; costs a few milliseconds in a file of 2,000 lines."""
    if len(draft.document.text) > _MAX_CHARS:
        return Judgement(Verdict.UNCHECKED, draft.edit.text)
    told: list[Finding] = []
    for _ in range(_MAX_REPAIRS):
        findings = [finding for check in checks for finding in check(draft, repository)]
        told += findings
        wrong = [finding for finding in findings if finding.severity is Severity.HIGH]
        if not wrong:
            verdict = Verdict.PASSED if len(told) == len(findings) else Verdict.REPAIRED
            return Judgement(verdict, draft.edit.text, tuple(told))
        repaired = _repaired(draft, wrong)
        if repaired is None:
            break
        draft = replace(draft, edit=Edit(draft.edit.span, repaired))
    return Judgement(Verdict.WITHHELD, "", tuple(told))


def _repaired(draft: Draft, wrong: Sequence[Finding]) -> str | None:
    """The suggestion without what is wrong, or nothing if that cannot be had."""
    if all(finding.fix for finding in wrong):
        return _fixed(draft, [edit for finding in wrong for edit in finding.fix])
    first = min(finding.span.start for finding in wrong if not finding.fix)
    kept = draft.text[draft.span.start : max(first, draft.span.start)]
    kept = kept[: kept.rfind("\n") + 1].rstrip()
    return kept or None


def _fixed(draft: Draft, edits: Sequence[Edit]) -> str | None:
    text, start = draft.edit.text, draft.span.start
    for edit in sorted(set(edits), key=lambda edit: edit.span, reverse=True):
        if not draft.span.start <= edit.span.start <= edit.span.end <= draft.span.end:
            return None
        text = text[: edit.span.start - start] + edit.text + text[edit.span.end - start :]
    return text

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
class Retry:
    """How a suggestion that was withheld may be written anew: ``kept``, then one of ``choices``."""

    kept: str
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """What to show: ``text`` in place of the suggestion, unless it is withheld.

    ``imports`` are statements that it needs and the document lacks. ``retry`` is there if it was
    withheld and what could stand in the place of its first fault is known.
    ``findings`` are all that were made on the way, those that were repaired included.
    """

    verdict: Verdict
    text: str
    findings: tuple[Finding, ...] = ()
    imports: tuple[str, ...] = ()
    retry: Retry | None = None

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
            style = {e for f in findings if f.rule == grounding.CALLING_STYLE for e in f.fix}
            draft = _fixed(draft, style) or draft
            return Judgement(verdict, draft.edit.text, tuple(told), draft.imports)
        repaired = _repaired(draft, wrong)
        if repaired is None:
            return Judgement(Verdict.WITHHELD, "", tuple(told), retry=_retry(draft, wrong))
        draft = repaired
    return Judgement(Verdict.WITHHELD, "", tuple(told))


def _retry(draft: Draft, wrong: Sequence[Finding]) -> Retry | None:
    """Where the suggestion can be written anew, if that is within its first line."""
    first = min(wrong, key=lambda finding: finding.span.start).opening
    start = draft.span.start
    if first is None or first.at < start:
        return None
    kept = draft.text[start : first.at]
    return None if "\n" in kept else Retry(kept, first.choices)


def _repaired(draft: Draft, wrong: Sequence[Finding]) -> Draft | None:
    """The suggestion without what is wrong, or nothing if that cannot be had."""
    if all(finding.fix for finding in wrong):
        return _fixed(draft, {edit for finding in wrong for edit in finding.fix})
    first = min(finding.span.start for finding in wrong if not finding.fix)
    kept = draft.text[draft.span.start : max(first, draft.span.start)]
    kept = kept[: kept.rfind("\n") + 1].rstrip()
    return replace(draft, edit=Edit(draft.edit.span, kept)) if kept else None


def _fixed(draft: Draft, edits: Iterable[Edit]) -> Draft | None:
    """The draft after edits of the suggestion, and of what stands above it: missing imports."""
    text, span = draft.edit.text, draft.span
    above: list[Edit] = []
    for edit in sorted(edits, key=lambda edit: (edit.span, edit.text), reverse=True):
        if span.start <= edit.span.start <= edit.span.end <= span.end:
            start, end = edit.span.start - span.start, edit.span.end - span.start
            text = text[:start] + edit.text + text[end:]
        elif edit.span.end <= span.start and not len(edit.span):
            above.append(edit)
        else:
            return None
    draft = replace(draft, edit=Edit(draft.edit.span, text))
    for edit in reversed(above):
        draft = draft.with_import(edit)
    return draft

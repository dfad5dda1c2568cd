"""One look at documents with everything that scans: the findings that count, each once.

Scanners report on their own; here their reports are joined, what is said twice is said once, and
what somebody has accepted is set apart.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from copilot_ls.domain import VULNERABLE_DEPENDENCY, Confidence, Document, Finding, Severity
from copilot_ls.features.security.cwe import are_related
from copilot_ls.features.security.options import SecurityOptions
from copilot_ls.features.security.suppress import split_suppressed
from copilot_ls.ports import Scanner
from indexer.model import Problem, Span
from indexer.secrets import is_of_tests

_CONFIDENCES = [*Confidence]
_SEVERITIES = [*Severity]


@dataclass(frozen=True, slots=True)
class Checked:
    """The findings in order of path and place; ``suppressed`` ones a comment has taken back."""

    findings: tuple[Finding, ...]
    suppressed: tuple[Finding, ...] = ()
    problems: tuple[Problem, ...] = ()


async def check(
    documents: Sequence[Document],
    scanners: Sequence[Scanner],
    options: SecurityOptions,
    on_progress: Callable[[int], None],
) -> Checked:
    """Scan documents and join what is found; ``on_progress`` counts what the first scanner does.

    Raises:
        ScannerError: an engine cannot be used at all.
    """
    findings: list[Finding] = []
    problems: list[Problem] = []
    for index, scanner in enumerate(scanners):
        report = await scanner.scan(documents, on_progress if index == 0 else lambda _: None)
        findings += report.findings
        problems += report.problems
    by_path = defaultdict(list)
    for finding in findings:
        if options.wants(finding):
            by_path[finding.path].append(finding)
    kept: list[Finding] = []
    suppressed: list[Finding] = []
    for document in sorted(documents, key=lambda document: document.path):
        of_document = say_once(by_path[document.path], document.text)
        counting, taken_back = split_suppressed(of_document, document.text)
        kept += counting
        suppressed += taken_back
    return Checked(tuple(kept), tuple(suppressed), tuple(dict.fromkeys(problems)))


def say_once(findings: Iterable[Finding], text: str) -> list[Finding]:
    """Keep one of the findings that say the same of one place: the gravest, then the surest.

    The same is: related weaknesses in stretches that touch the same first line. Advisories on
    one package are never the same: each has its own number. In tests and examples, which nobody
    attacks where they run, everything is a step less grave. What is kept takes over the fix of
    what is not, if it has none.
    """
    kept: list[tuple[int, Finding]] = []
    for finding in sorted(map(_weighed, findings), key=_weight):
        line = text.count("\n", 0, finding.span.start)
        same = [
            index
            for index, (other_line, other) in enumerate(kept)
            if line == other_line
            and are_related(finding.cwe, other.cwe)
            and (finding.category != VULNERABLE_DEPENDENCY or finding.rule == other.rule)
        ]
        if not same:
            kept.append((line, finding))
        for index in same:
            said = kept[index][1]
            if finding.fix and not said.fix and _overlap(said.span, finding.span):
                kept[index] = (line, replace(said, fix=finding.fix))
    return sorted((finding for _, finding in kept), key=lambda each: (each.span, each.rule))


def _overlap(one: Span, other: Span) -> bool:
    return one.start < other.end and other.start < one.end


def _weighed(finding: Finding) -> Finding:
    if finding.category == VULNERABLE_DEPENDENCY or not is_of_tests(finding.path):
        return finding
    step = _SEVERITIES.index(finding.severity)
    return replace(finding, severity=_SEVERITIES[max(step - 1, 0)])


def _weight(finding: Finding) -> tuple[int, int, bool, bool, str, int]:
    return (
        -_SEVERITIES.index(finding.severity),
        -_CONFIDENCES.index(finding.confidence),
        not finding.trace,
        not finding.fix,
        finding.rule,
        finding.span.start,
    )

"""Findings as SARIF 2.1.0, the form that code-scanning services read.

Fingerprints, fixes and the way of the data are included; columns count code points.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from copilot_ls.domain import Confidence, Finding, Severity
from copilot_ls.features.security.report import Place, Reported
from indexer.model import Problem

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
_LEVELS = {Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "note"}
# What GitHub's code scanning shows as high, medium and low.
_SCORES = {Severity.HIGH: "8.0", Severity.MEDIUM: "5.0", Severity.LOW: "3.0"}
_PRECISIONS = {
    Confidence.HIGH: "high",
    Confidence.MEDIUM: "medium",
    Confidence.LOW: "low",
}


def to_sarif(
    reported: Sequence[Reported],
    suppressed: Sequence[Reported],
    known: Sequence[Reported],
    problems: Iterable[Problem],
    *,
    version: str,
) -> dict[str, object]:
    """Return one run; ``suppressed`` by comments and ``known`` by the baseline are marked so."""
    everything = [*reported, *suppressed, *known]
    rules = {each.finding.rule: each.finding for each in everything}
    ids = [*rules]
    results = [
        *(_result(each, ids.index(each.finding.rule), None) for each in reported),
        *(_result(each, ids.index(each.finding.rule), "inSource") for each in suppressed),
        *(_result(each, ids.index(each.finding.rule), "external") for each in known),
    ]
    return {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "copilot-ls",
                        "semanticVersion": version,
                        "informationUri": "https://github.com/copilot-ls/copilot-ls",
                        "rules": [_rule(rule) for rule in rules.values()],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {"ROOT": {"description": {"text": "The project's folder."}}},
                "invocations": [
                    {
                        "executionSuccessful": True,
                        "toolExecutionNotifications": [_notification(each) for each in problems],
                    }
                ],
                "results": results,
            }
        ],
    }


def _rule(finding: Finding) -> dict[str, object]:
    tags = ["security", *(f"external/cwe/{cwe.lower()}" for cwe in finding.cwe), *finding.owasp]
    return {
        "id": finding.rule,
        "name": "".join(part.title() for part in finding.rule.replace("-", ".").split(".")),
        "shortDescription": {"text": finding.category or finding.rule},
        "fullDescription": {"text": finding.message},
        **({"helpUri": finding.references[0]} if finding.references else {}),
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": {
            "tags": tags,
            "precision": _PRECISIONS[finding.confidence],
            "security-severity": _SCORES[finding.severity],
        },
    }


def _result(reported: Reported, rule_index: int, suppression: str | None) -> dict[str, object]:
    finding = reported.finding
    result: dict[str, object] = {
        "ruleId": finding.rule,
        "ruleIndex": rule_index,
        "level": _LEVELS[finding.severity],
        "message": {"text": finding.message},
        "locations": [_location(finding.path, reported.place, code="\n".join(reported.code))],
        "partialFingerprints": {"copilotLs/v1": reported.fingerprint},
        "suppressions": [{"kind": suppression}] if suppression else [],
    }
    if reported.trace:
        steps = [
            {"location": _location(finding.path, step.place, message=step.message)}
            for step in reported.trace
        ]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    if reported.fix:
        replacements = [
            {"deletedRegion": _region(fix.place), "insertedContent": {"text": fix.text}}
            for fix in reported.fix
        ]
        change = {"artifactLocation": _artifact(finding.path), "replacements": replacements}
        result["fixes"] = [
            {"description": {"text": "Use the safe form"}, "artifactChanges": [change]}
        ]
    return result


def _location(path: str, place: Place, *, message: str = "", code: str = "") -> dict[str, object]:
    region = _region(place)
    if code:
        region["snippet"] = {"text": code}
    location: dict[str, object] = {
        "physicalLocation": {"artifactLocation": _artifact(path), "region": region}
    }
    if message:
        location["message"] = {"text": message}
    return location


def _artifact(path: str) -> dict[str, object]:
    from urllib.parse import quote

    return {"uri": quote(path), "uriBaseId": "ROOT"}


def _region(place: Place) -> dict[str, object]:
    return {
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    }


def _notification(problem: Problem) -> dict[str, object]:
    notification: dict[str, object] = {"level": "warning", "message": {"text": problem.message}}
    if problem.path:
        place = {"physicalLocation": {"artifactLocation": _artifact(problem.path)}}
        notification["locations"] = [place]
    return notification

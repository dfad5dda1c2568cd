"""Findings as the annotations that GitHub and GitLab show beside the lines of a change."""

from __future__ import annotations

from collections.abc import Iterable

from copilot_ls.domain import Severity
from copilot_ls.features.security.report import Reported

_GITHUB = {Severity.HIGH: "error", Severity.MEDIUM: "warning", Severity.LOW: "notice"}
_GITLAB = {Severity.HIGH: "critical", Severity.MEDIUM: "major", Severity.LOW: "minor"}


def to_github(reported: Iterable[Reported]) -> str:
    """Write workflow commands, one a line, for the log of a GitHub Actions job."""
    lines = []
    for each in reported:
        finding, place = each.finding, each.place
        values = {
            "file": finding.path,
            "line": place.line,
            "endLine": place.end_line,
            "title": f"{finding.rule} ({', '.join(finding.cwe)})",
        }
        if place.line == place.end_line:
            values |= {"col": place.column, "endColumn": place.end_column}
        told = ",".join(f"{key}={_property(str(value))}" for key, value in values.items())
        lines.append(f"::{_GITHUB[finding.severity]} {told}::{_data(finding.message)}\n")
    return "".join(lines)


def to_gitlab(reported: Iterable[Reported]) -> list[dict[str, object]]:
    """Return the entries of a Code Quality report, which GitLab shows in merge requests."""
    return [
        {
            "description": each.finding.message,
            "check_name": each.finding.rule,
            "fingerprint": each.fingerprint,
            "severity": _GITLAB[each.finding.severity],
            "location": {
                "path": each.finding.path,
                "lines": {"begin": each.place.line, "end": each.place.end_line},
            },
        }
        for each in reported
    ]


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")

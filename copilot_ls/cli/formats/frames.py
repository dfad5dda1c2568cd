"""Findings for people: what, where, the code, how the data came there, and what to do."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from copilot_ls.domain import Severity
from copilot_ls.features.security.report import Reported

_STYLES = {Severity.HIGH: "bold red", Severity.MEDIUM: "yellow", Severity.LOW: "cyan"}


def to_text(reported: Reported) -> Text:
    """Draw one finding."""
    finding, place = reported.finding, reported.place
    text = Text()
    text.append(f"{finding.path}:{place.line}:{place.column}", style="bold")
    text.append(f"  {finding.severity}", style=_STYLES[finding.severity])
    text.append(f"  {finding.rule}", style="dim")
    text.append(f"  {' '.join(finding.cwe[:1])}\n", style="dim")
    text.append(f"  {finding.message}\n")
    for line in _frame(reported):
        text.append_text(line)
    for step in reported.trace[:-1]:
        text.append(f"      line {step.place.line}: {step.message}\n", style="dim")
    for fix in reported.fix:
        text.append("      fix: ", style="green")
        text.append(f"{fix.text}\n")
    return text


def _frame(reported: Reported) -> Iterator[Text]:
    place = reported.place
    for number, line in enumerate(reported.code, start=place.line):
        drawn = Text(f"{number:>5} │ ", style="dim")
        start = place.column - 1 if number == place.line else len(line) - len(line.lstrip())
        end = place.end_column - 1 if number == place.end_line else len(line)
        code = Text(line.replace("\t", " "), style="")
        code.stylize(f"underline {_STYLES[reported.finding.severity]}", start, max(end, start + 1))
        drawn.append_text(code)
        yield drawn.append("\n")
        # Where nobody sees colours, arrows show the place.
        if number == place.line:
            arrows = "^" * max(1, min(end, len(line)) - start)
            yield Text(f"      │ {' ' * start}{arrows}\n", style="dim")

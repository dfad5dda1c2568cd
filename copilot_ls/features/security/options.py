"""The choices that a user has about security checks; the settings tree builds this."""

from __future__ import annotations

from dataclasses import dataclass, field

from copilot_ls.domain import Confidence, Finding

_CONFIDENCES = [*Confidence]


@dataclass(frozen=True, slots=True)
class SecurityOptions:
    """What is looked for, and where."""

    enabled: bool = field(
        default=True,
        metadata={"doc": "Look for weaknesses in suggestions, while typing and on save."},
    )
    min_confidence: Confidence = field(
        default=Confidence.MEDIUM,
        metadata={"doc": "Findings that a rule is less sure of are left out."},
    )
    rules_off: tuple[str, ...] = field(
        default=(),
        metadata={
            "doc": "Rules, or groups of them (`python.sql`), that do not count in this project."
        },
    )

    def wants(self, finding: Finding) -> bool:
        """Tell whether a finding is sure enough and its rule is not switched off."""
        is_off = any(
            finding.rule == off or finding.rule.startswith(f"{off}.") for off in self.rules_off
        )
        least = _CONFIDENCES.index(self.min_confidence)
        return not is_off and _CONFIDENCES.index(finding.confidence) >= least

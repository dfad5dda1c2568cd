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

    semgrep: bool = field(
        default=True,
        metadata={"doc": "Let Semgrep look as well, on save and when idle, if it is installed."},
    )
    debounce_ms: int = field(
        default=200,
        metadata={"doc": "How long a pause in typing must be before a document is looked at."},
    )
    idle_ms: int = field(
        default=1_500,
        metadata={"doc": "The same for Semgrep; saving does not wait."},
    )
    semgrep_idle_seconds: float = field(
        default=300.0,
        metadata={"doc": "How long a Semgrep process waits for the next look; 0 keeps none."},
    )

    def wants(self, finding: Finding) -> bool:
        """Tell whether a finding is sure enough and its rule is not switched off."""
        return self.wants_rule(finding.rule, finding.confidence)

    def wants_rule(self, rule: str, confidence: Confidence) -> bool:
        """Tell the same of all that a rule of such confidence can find."""
        is_off = any(rule == off or rule.startswith(f"{off}.") for off in self.rules_off)
        least = _CONFIDENCES.index(self.min_confidence)
        return not is_off and _CONFIDENCES.index(confidence) >= least

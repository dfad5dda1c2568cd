"""What to do about a suggestion that stands in somebody else's code too. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from copilot_ls.domain import CodeOrigin


@dataclass(frozen=True, slots=True)
class ProvenanceOptions:
    """What the user wants to know of suggestions that other people wrote before."""

    policy: Literal["off", "annotate", "withhold"] = field(
        default="annotate",
        metadata={
            "doc": "A suggestion of several lines that stands in an installed or vendored package: "
            "`annotate` names package, licence and place; `withhold` also keeps it back."
        },
    )
    allowed_licences: tuple[str, ...] = field(
        default=(),
        metadata={"doc": "SPDX identifiers that `withhold` lets through, such as `MIT`."},
    )


def withheld_for(origins: Sequence[CodeOrigin], options: ProvenanceOptions) -> str:
    """Why a suggestion must be kept back; empty if it may be shown."""
    if options.policy != "withhold":
        return ""
    for origin in origins:
        if origin.licence not in options.allowed_licences:
            return f"the same code stands in {described(origin)}"
    return ""


def described(origin: CodeOrigin) -> str:
    """The origin on one line, as a user reads it."""
    licence = origin.licence or "licence unknown"
    return f"{origin.package} {origin.version} ({licence}), {origin.path}:{origin.line + 1}"

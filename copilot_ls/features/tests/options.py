"""The choices that a user has about generated tests; the settings tree builds this."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class TestOptions:
    """How tests are looked for."""

    __test__ = False

    seconds: float = field(
        default=60.0, metadata={"doc": "How long a module is explored, in seconds."}
    )
    private: bool = field(
        default=True,
        metadata={"doc": "Also exercise private functions that public ones do not reach."},
    )
    reruns: int = field(
        default=5,
        metadata={"doc": "Random orders in which a test must pass before it is offered."},
    )
    model: Literal["auto", "on", "off"] = field(
        default="auto",
        metadata={
            "doc": "Ask the chat model for inputs where branches are not reached; auto: only one "
            "behind `endpoint.url`, which does not take processor time from the search."
        },
    )
    framework: Literal["auto", "pytest", "unittest"] = field(
        default="auto",
        metadata={
            "doc": "What tests are written with; auto: as those that are there, or what is there."
        },
    )
    code_lens: bool = field(
        default=False,
        metadata={"doc": "Offer tests above each public function, in editors that show lenses."},
    )

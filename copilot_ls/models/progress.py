"""How long work on a model (download, check, preparation) tells its caller how far it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Progress:
    """``done`` of ``total`` (0: unknown) in the unit of the stage, bytes unless it says steps.

    ``stage`` is a short phrase for people; a new one starts a new bar.
    """

    stage: str
    done: int = 0
    total: int = 0


Report: TypeAlias = Callable[[Progress], None]


def report_nothing(_progress: Progress) -> None:
    """Report to nobody."""

"""What the server is up to, in one line for the editor's status bar.

Parts of the server report facts; :func:`summarise` makes one status of them, and the board
publishes it when it differs from the last one.
The shape is that of Copilot's ``didChangeStatus``, so that a client for one reads the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum

REINDEX_COMMAND = "copilot-ls.reindex"
RESUME_COMMAND = "copilot-ls.resume"


class Kind(StrEnum):
    NORMAL = "Normal"
    WARNING = "Warning"
    ERROR = "Error"
    INACTIVE = "Inactive"


class Source(StrEnum):
    """Who can have trouble; the first in this order is the one that is shown."""

    MODEL = "model"
    WORKSPACE = "workspace"
    INDEX = "index"
    SECURITY = "security"


@dataclass(frozen=True, slots=True)
class Status:
    """One state of the server; ``command`` is what a click on it should do."""

    kind: Kind
    message: str
    busy: bool = False
    command: tuple[str, str] | None = None

    def to_json(self) -> dict[str, object]:
        shape: dict[str, object] = {
            "kind": self.kind.value,
            "message": self.message,
            "busy": self.busy,
        }
        if self.command is not None:
            command, title = self.command
            shape["command"] = {"command": command, "title": title}
        return shape


@dataclass(slots=True)
class Facts:
    """All that the status is made of.

    ``troubles`` by source and by what it concerns; ``percents`` of index updates by folder;
    ``inactive_reason`` says why there are no suggestions in the document that has the focus.
    """

    is_paused: bool = False
    snoozed_until: str = ""
    is_loading: bool = False
    model_is_loading: bool = False
    troubles: dict[tuple[Source, str], str] = field(default_factory=dict)
    percents: dict[str, int] = field(default_factory=dict)
    inactive_reason: str = ""


def summarise(facts: Facts) -> Status:
    """Choose what matters most to somebody who waits for a suggestion."""
    if facts.is_paused:
        message = f"Snoozed until {facts.snoozed_until}" if facts.snoozed_until else "Paused"
        return Status(Kind.INACTIVE, message, command=(RESUME_COMMAND, "Resume"))
    for (source, _), message in sorted(facts.troubles.items()):
        if source is Source.MODEL:
            return Status(Kind.ERROR, message)
    if facts.is_loading or facts.model_is_loading:
        what = "Loading the model" if facts.model_is_loading else "Starting"
        return Status(Kind.NORMAL, what, busy=True)
    if facts.inactive_reason:
        return Status(Kind.INACTIVE, f"Inactive here: {facts.inactive_reason}")
    if facts.troubles:
        (source, _), message = min(facts.troubles.items())
        remedy = None if source is Source.SECURITY else (REINDEX_COMMAND, "Index again")
        return Status(Kind.WARNING, message, command=remedy)
    if facts.percents:
        percent = sum(facts.percents.values()) // len(facts.percents)
        return Status(Kind.NORMAL, f"Indexing {percent} %", busy=True)
    return Status(Kind.NORMAL, "Ready")


class StatusBoard:
    """Keeps the facts and tells ``publish`` of every change of the status they make."""

    def __init__(self, publish: Callable[[Status], None]) -> None:
        self.facts = Facts()
        self._publish = publish
        self._shown: Status | None = None

    @property
    def status(self) -> Status:
        return summarise(self.facts)

    def announce(self) -> None:
        """Publish the status, known or not: somebody has begun to listen."""
        self._shown = None
        self.refresh()

    def refresh(self) -> None:
        """Publish the status if the facts have changed it."""
        if self.status != self._shown:
            self._shown = self.status
            self._publish(self._shown)

    def report_trouble(self, source: Source, message: str, *, about: str = "") -> None:
        self.facts.troubles[source, about] = message
        self.refresh()

    def clear_trouble(self, source: Source, *, about: str = "") -> None:
        if self.facts.troubles.pop((source, about), None) is not None:
            self.refresh()

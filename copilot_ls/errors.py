"""The errors that users of the product can meet.

    CopilotError
      ├─ ConfigError
      ├─ ModelError
      │    ├─ ModelUnavailable    no weights, no engine, or the engine died
      │    ├─ ModelTimeout        the engine did not answer in time
      │    └─ ModelRefused        the engine answered that it will not (bad request, wrong key)
      ├─ DownloadError
      │    ├─ Offline             no source could be reached
      │    └─ DigestMismatch      what arrived is not what was promised
      ├─ ScannerError             the security scanner is missing or does not work
      ├─ WorkspaceError           a path outside the workspace, unreadable, or not text
      └─ SandboxError             a project's code cannot be run, or may not be

Each carries a ``remedy``: one sentence that tells the user what to do.
"""

from __future__ import annotations

import errno


class CopilotError(Exception):
    """An expected failure, with the remedy a user can apply."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} ({self.remedy})" if self.remedy else self.message


class ConfigError(CopilotError):
    """A setting that cannot be used."""


class ModelError(CopilotError):
    """A model or its engine failed."""


class ModelUnavailable(ModelError):
    """There are no weights, no engine for this platform, or the engine process died."""


class ModelTimeout(ModelError):
    """The engine did not answer in time."""


class ModelRefused(ModelError):
    """The engine answered that it will not do this: bad request, wrong key, unknown model."""


class DownloadError(CopilotError):
    """A model could not be fetched, stored or prepared."""


class Offline(DownloadError):
    """No source of the model could be reached."""


class DigestMismatch(DownloadError):
    """What arrived is not what the catalogue promises; it was removed."""


class ScannerError(CopilotError):
    """The security scanner is missing, or does not work on this machine."""


class WorkspaceError(CopilotError):
    """A path that is outside the workspace, unreadable, or not text."""


class SandboxError(CopilotError):
    """A project's code cannot be run here, or the user has not allowed it."""


_REMEDIES = {
    errno.EROFS: "work on a copy of the folder, or mount it so that it can be written",
    errno.EACCES: "give yourself the right to it, or work on a copy that is yours",
    errno.EPERM: "give yourself the right to it, or work on a copy that is yours",
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space",
    errno.EEXIST: "move it",
}


def from_system(error: OSError) -> WorkspaceError:
    """Say what the system refused, of which file, and what helps."""
    number = error.errno or 0
    what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return WorkspaceError(what, remedy=_REMEDIES.get(number, ""))

"""The Python that a project runs with, found by looking, never by running anything."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from copilot_ls.errors import SandboxError

_NAMES = (".venv", "venv", "env", ".env")
_BINARIES = ("bin/python", "bin/python3", "Scripts/python.exe", "python.exe")


@dataclass(frozen=True, slots=True)
class Interpreter:
    """A Python, and in words where it comes from."""

    path: Path
    reason: str


def find_interpreter(
    root: Path, setting: str = "", environment: Mapping[str, str] | None = None
) -> Interpreter:
    """Choose: the setting, an environment in the project, the active one, or our own.

    Raises:
        SandboxError: the setting names no file.
    """
    if setting:
        path = Path(setting).expanduser()
        if not path.is_file():
            raise SandboxError(f"there is no {path}", remedy="correct the setting `sandbox.python`")
        return Interpreter(path, "sandbox.python")
    for name in _NAMES:
        found = _in(root / name)
        if found is not None:
            return Interpreter(found, f"the project's {name}")
    active = os.environ if environment is None else environment
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        found = _in(Path(active[variable])) if active.get(variable) else None
        if found is not None:
            return Interpreter(found, f"the active environment ({variable})")
    return Interpreter(Path(sys.executable), "copilot-ls's own Python")


def _in(folder: Path) -> Path | None:
    return next((folder / name for name in _BINARIES if (folder / name).is_file()), None)

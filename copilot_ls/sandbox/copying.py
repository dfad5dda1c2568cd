"""A copy of a project for its own code to run in: without history, environments and links out."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from copilot_ls.errors import SandboxError

MAX_BYTES = 500_000_000
MAX_FILES = 60_000
_LEFT_OUT = frozenset(
    {
        ".git", ".hg", ".svn", "node_modules", "__pycache__", ".tox", ".nox", ".mypy_cache",
        ".ruff_cache", ".pytest_cache", ".hypothesis", ".idea", ".vscode", ".cache", "dist",
        "htmlcov",
    }
)  # fmt: skip


def copy_project(root: Path, target: Path) -> None:
    """Copy what the project's code may need to run.

    Virtual environments stay where they are (they are read in place), links are followed only
    inside the project, special files and what may not be read are left out.

    Raises:
        SandboxError: the project is too large, or cannot be read.
    """
    root = root.resolve()
    n_files = n_bytes = 0
    for folder, names, files in os.walk(root):
        here = Path(folder)
        names[:] = [
            name
            for name in names
            if name not in _LEFT_OUT
            and not (here / name).is_symlink()
            and not os.path.lexists(here / name / "pyvenv.cfg")
        ]
        there = target / here.relative_to(root)
        there.mkdir(parents=True, exist_ok=True)
        for name in files:
            source = here / name
            if source.is_symlink() and not source.resolve().is_relative_to(root):
                continue
            if not source.is_file():
                continue
            n_files += 1
            n_bytes += source.stat().st_size
            if n_files > MAX_FILES or n_bytes > MAX_BYTES:
                raise SandboxError(
                    f"{root} is too large to be copied "
                    f"({MAX_FILES:,} files, {MAX_BYTES // 1_000_000} MB)",
                    remedy="run it on the package's own folder",
                )
            try:
                shutil.copyfile(source, there / name)
            except PermissionError:
                # What its user may not read, a project's code could not read either.
                continue
            except OSError as error:
                raise SandboxError(f"{source} cannot be copied: {error}", remedy="") from error

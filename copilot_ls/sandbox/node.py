"""The node that runs a project's JavaScript: the user's own, never one out of a repository."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from copilot_ls.errors import SandboxError

_REMEDY = "install node 22.15 or newer, or name it with the setting `sandbox.node`"


def find_node(root: Path, setting: str = "", search: str | None = None) -> Path:
    """Choose: the setting, or the one on PATH (``search`` names other folders).

    Raises:
        SandboxError: there is none, or only one that lies in the project itself.
    """
    if setting:
        path = Path(setting).expanduser()
        if not path.is_file():
            raise SandboxError(f"there is no {path}", remedy="correct the setting `sandbox.node`")
        return _checked(path.resolve())
    where = os.environ.get("PATH", os.defpath) if search is None else search
    # A relative folder on PATH would be one of the project.
    folders = [each for each in where.split(os.pathsep) if Path(each).is_absolute()]
    found = shutil.which("node", path=os.pathsep.join(folders)) if folders else None
    if found is None:
        raise SandboxError("JavaScript needs node, and there is none on PATH", remedy=_REMEDY)
    path = Path(found).resolve()
    if path.is_relative_to(root.resolve()):
        raise SandboxError(f"{path} lies in the project, which must not bring it", remedy=_REMEDY)
    return _checked(path)


def _checked(path: Path) -> Path:
    with path.open("rb") as file:
        if file.read(2) == b"#!":
            # What it starts would lie outside of what the sandbox may read.
            raise SandboxError(f"{path} is a script that starts node", remedy=_REMEDY)
    return path


def installed_packages(root: Path) -> list[Path]:
    """The ``node_modules`` of a project and of the packages in it; links out are left alone."""
    root = root.resolve()
    depths = ("", "*/", "*/*/")
    found = [path.parent for depth in depths for path in root.glob(f"{depth}package.json")]
    folders = [folder / "node_modules" for folder in found if "node_modules" not in folder.parts]
    return [each for each in folders if each.is_dir() and each.resolve().is_relative_to(root)]


def link_packages(packages: Sequence[Path], root: Path, copy: Path) -> None:
    """Let the copy of a project find the packages that are installed in it, where they are."""
    for folder in packages:
        target = copy / folder.relative_to(root.resolve())
        if target.parent.is_dir() and not target.exists():
            target.symlink_to(folder, target_is_directory=True)

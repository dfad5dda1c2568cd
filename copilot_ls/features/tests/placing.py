"""Where a module's tests stand and what it is called when it is imported. Reads names alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath


def module_of(path: str, exists: Callable[[str], bool]) -> tuple[str, str]:
    """The dotted name of the module at ``path``, and the folder that must be importable.

    ``exists`` tells whether a path of the project is a file. A folder with ``__init__.py`` is a
    package; what stands above the outermost package is where imports start.
    """
    file = PurePosixPath(path)
    parts = [] if file.name == "__init__.py" else [file.stem]
    folder = file.parent
    while folder.parts and exists((folder / "__init__.py").as_posix()):
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts), folder.as_posix()


def place_of_tests(path: str, exists: Callable[[str], bool]) -> str:
    """Where the tests of the module at ``path`` belong: beside its brothers, under a free name."""
    name = PurePosixPath(path).stem
    if name == "__init__":
        name = PurePosixPath(path).parent.name or "package"
    folders = [folder for folder in ("tests", "test") if exists(f"{folder}/__init__.py")]
    folder = folders[0] if folders else "tests"
    candidate = f"{folder}/test_{name.strip('_')}.py"
    number = 1
    while exists(candidate):
        ending = "generated" if number == 1 else f"generated_{number}"
        candidate = f"{folder}/test_{name.strip('_')}_{ending}.py"
        number += 1
    return candidate

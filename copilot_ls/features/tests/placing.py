"""Where a module's tests stand and what it is called when it is imported. Reads names alone."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from pathlib import PurePosixPath

_TEST_FILE = re.compile(r"^(?P<before>tests?_)?(?P<stem>\w+?)(?P<after>_tests?)?\.py$")


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


def place_of_tests(path: str, paths: Collection[str]) -> str:
    """Where new tests of the module at ``path`` belong: with those of its neighbours.

    ``paths`` are the Python files of the project. The name is free, and as files of tests are
    named here.
    """
    tests = list(_test_files(paths))
    stem = _stem_of(path)
    folder = _folder_of_tests(path, paths, tests)
    is_suffix = 2 * sum(file.name.endswith("_test.py") for file, _ in tests) > len(tests)
    inside = "" if folder == "." else f"{folder}/"
    taken = set(paths)
    if f"{inside}__init__.py" not in taken:
        # Without packages, pytest refuses two test files of the same name.
        taken |= {inside + file.name for file, _ in tests}
    number = 0
    while True:
        more = ("", "_generated")[number] if number < 2 else f"_generated_{number}"
        name = f"{stem}{more}_test.py" if is_suffix else f"test_{stem}{more}.py"
        if inside + name not in taken:
            return inside + name
        number += 1


def existing_tests(path: str, paths: Collection[str]) -> str | None:
    """The file of tests that is there for the module at ``path``: the nearest one of its name."""
    stem = _stem_of(path)
    found = [file.as_posix() for file, tested in _test_files(paths) if tested == stem]
    return min(found, key=lambda file: (-_n_common(file, path), len(file), file), default=None)


def files_of_tests(paths: Collection[str]) -> list[str]:
    """The files that are named like tests."""
    return [file.as_posix() for file, _ in _test_files(paths)]


def _test_files(paths: Collection[str]) -> Iterator[tuple[PurePosixPath, str]]:
    """Files that are named like tests, each with the name of what it tests."""
    for path in sorted(paths):
        file = PurePosixPath(path)
        found = _TEST_FILE.match(file.name)
        if found is not None and (found["before"] or found["after"]):
            yield file, found["stem"]


def _folder_of_tests(
    path: str, paths: Collection[str], tests: Collection[tuple[PurePosixPath, str]]
) -> str:
    folder = PurePosixPath(path).parent
    neighbours = {
        _stem_of(each) for each in paths if PurePosixPath(each).parent == folder and each != path
    }
    own = _stem_of(path)
    for wanted in ({own}, neighbours, None):
        found = Counter(
            file.parent.as_posix() for file, tested in tests if wanted is None or tested in wanted
        )
        if found:
            return found.most_common(1)[0][0]
    return "test" if "test/__init__.py" in paths else "tests"


def _stem_of(path: str) -> str:
    file = PurePosixPath(path)
    stem = file.parent.name or "package" if file.name == "__init__.py" else file.stem
    return stem.strip("_") or "package"


def _n_common(one: str, other: str) -> int:
    """How many folders two paths have in common, wherever they stand in them."""
    return len(set(PurePosixPath(one).parent.parts) & set(PurePosixPath(other).parent.parts))

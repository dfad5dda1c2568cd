"""The files that the editor watches for us are those that an index can hold."""

from __future__ import annotations

from fnmatch import fnmatchcase

import pytest

from copilot_ls import wiring


def watched(path: str) -> bool:
    patterns = []
    for glob in wiring.indexed_globs():
        head, brace, rest = glob.partition("{")
        endings = rest.removesuffix("}").split(",") if brace else [""]
        patterns += [f"{head}{ending}".replace("**/", "*") for ending in endings]
    return any(fnmatchcase(path, pattern) for pattern in patterns)


@pytest.mark.parametrize(
    "name",
    [
        "a.py",
        "a.tsx",
        "A.java",
        "a.rs",
        "a.hpp",
        "a.cs",
        "a.rb",
        "a.md",
        "a.toml",
        "Dockerfile",
        "Makefile",
        "README",
        "readme",
    ],
)
def test_what_is_indexed_is_watched_at_any_depth(name: str) -> None:
    assert wiring.is_indexed(name)
    assert all(watched(f"{folder}{name}") for folder in ("", "src/", "a b/c/"))


@pytest.mark.parametrize("name", ["a.png", "a", "py", "a.pyc"])
def test_what_is_not_indexed_is_not_watched(name: str) -> None:
    assert not wiring.is_indexed(name)
    assert not watched(name)
    assert not watched(f"src/{name}")

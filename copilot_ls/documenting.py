"""The wiring of documentation: which files show how a repository describes itself.

Beside ``wiring`` and in its manner: it joins, and holds no logic of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from copilot_ls import config
from copilot_ls.features.documentation.reading import Neighbours, read_neighbours
from indexer import scan
from indexer.conventions.testing import is_test_path
from indexer.model import IndexOptions, Skipped

# Enough to learn how a repository writes, and read in well under a second.
_MAX_NEIGHBOURS = 120
_MAX_NEIGHBOUR_CHARS = 1_500_000


def index_options(settings: config.Settings) -> IndexOptions:
    return IndexOptions(
        max_file_bytes=settings.index.max_file_bytes, exclude=settings.index.exclude
    )


def python_files(root: Path, settings: config.Settings) -> list[str]:
    """The Python files of a project that count, by path."""
    found = scan.scan(root, index_options(settings)).files
    return sorted(path for path in found if path.endswith((".py", ".pyi")))


def read_texts(
    root: Path, paths: Iterable[str], settings: config.Settings
) -> Iterator[tuple[str, str]]:
    """Path and text of each file that may be read."""
    options = index_options(settings)
    for path in paths:
        source = scan.read_source(root, path, options, as_it_is=True)
        if not isinstance(source, Skipped):
            yield path, source.text


def neighbours_of(root: Path, settings: config.Settings, path: str) -> Neighbours:
    """Read the files around ``path``, the nearest first, up to a limit; itself left out."""
    others = [
        other for other in python_files(root, settings) if other != path and not is_test_path(other)
    ]
    own = path.split("/")[:-1]
    others.sort(key=lambda other: (_distance(own, other.split("/")[:-1]), other))
    read: list[tuple[str, str]] = []
    n_chars = 0
    for other, text in read_texts(root, others[:_MAX_NEIGHBOURS], settings):
        read.append((other, text))
        n_chars += len(text)
        if n_chars > _MAX_NEIGHBOUR_CHARS:
            break
    return read_neighbours(read)


def _distance(one: list[str], other: list[str]) -> int:
    """How many folders one goes up and down from one folder to another."""
    shared = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        shared += 1
    return len(one) + len(other) - 2 * shared

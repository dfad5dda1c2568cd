"""A copy of a repository that an evaluation may change, with an index of its own."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_ls import wiring
from copilot_ls.config import IndexSettings, Settings
from copilot_ls.errors import ConfigError

if TYPE_CHECKING:
    from indexer.index import Index

# Not part of what is measured, and often larger than all the rest.
_LEFT_OUT = shutil.ignore_patterns(
    ".git", ".hg", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".nox", ".*_cache"
)


class IndexedRepository:
    """A working copy in a temporary folder; cases hide their line in it, one after the other."""

    def __init__(self, root: Path, index: Index) -> None:
        self.root = root
        self.index = index

    @classmethod
    @contextlib.contextmanager
    def open(
        cls,
        repositories: Path,
        name: str,
        *,
        change: Callable[[str, str], str] | None = None,
        with_vectors: bool = False,
        environment: str = "",
    ) -> Iterator[IndexedRepository]:
        """Copy and index the repository ``name``; the folder may carry its version.

        ``change`` makes another text of each file (of its path and text) before it is indexed.

        Raises:
            ConfigError: there is no such folder.
        """
        source = _folder_of(repositories, name)
        with tempfile.TemporaryDirectory(prefix="copilot-ls-eval-") as scratch:
            root = Path(scratch) / "repository" / source.name
            shutil.copytree(source, root, symlinks=True, ignore=_LEFT_OUT)
            if change is not None:
                rewrite(root, change)
            location = Path(scratch) / "index"
            settings = Settings(
                index=IndexSettings(vectors=with_vectors, python_environment=environment)
            )
            with contextlib.closing(wiring.open_index(root, settings, location=location)) as index:
                index.update(with_vectors=with_vectors)
                yield cls(root, index)

    def read(self, path: str) -> str:
        # `newline=""` keeps line ends: positions count them.
        with (self.root / path).open(encoding="utf-8", newline="") as file:
            return file.read()

    @contextlib.contextmanager
    def replaced(self, path: str, text: str) -> Iterator[None]:
        """Hide something from file and index for a moment."""
        file = self.root / path
        original = file.read_bytes()
        file.write_bytes(text.encode("utf-8"))
        self.index.update([path], with_vectors=False)
        try:
            yield
        finally:
            file.write_bytes(original)
            self.index.update([path], with_vectors=False)


def rewrite(root: Path, change: Callable[[str, str], str]) -> None:
    """Change the texts under ``root``, each by its path and text; what is no text stays."""
    for file in root.rglob("*"):
        if file.is_symlink() or not file.is_file():
            continue
        try:
            text = file.read_bytes().decode("utf-8")
        except (OSError, UnicodeDecodeError):
            continue
        changed = change(file.relative_to(root).as_posix(), text)
        if changed != text:
            file.write_bytes(changed.encode("utf-8"))


def _folder_of(repositories: Path, name: str) -> Path:
    candidates = [repositories / name, *sorted(repositories.glob(f"{name}-*"))]
    underscored = name.replace("-", "_")
    candidates += [repositories / underscored, *sorted(repositories.glob(f"{underscored}-*"))]
    for candidate in candidates:
        if candidate.is_dir():
            return candidate
    raise ConfigError(
        f"no folder of {repositories} holds {name}", remedy="fetch the repositories of the cases"
    )

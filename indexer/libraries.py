"""The standard library and the packages installed for a project, read like the project itself.

Only definitions are read, by our own parser; nothing is imported or run. The standard library
comes as stubs from typeshed; packages from the site-packages of the project's own environment,
where one is found: the one the user activated or named, or a ``.venv`` inside the project.

A cloned repository must not be able to point us at other files of the machine: an environment
inside the project counts only if it is a real folder there, and no file that is reached through
a link out of its environment is read.

Modules are read when they are first asked for. A question may spend a limited time on reading and
is then given up; what was read is kept, so that asking again gets further.
"""

from __future__ import annotations

import contextlib
import os
import re
import stat
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from indexer.errors import ReadingTakesLong
from indexer.model import Import, ParsedFile, Reference, ReferenceKind, Symbol
from indexer.resolve.outline import MAX_REFERENCES, Outline, Stored
from indexer.syntax import parse
from indexer.syntax.tree import read_tree

_MAX_FILE_BYTES = 1_500_000
_MAX_MODULES = 2_000
_MAX_SECONDS = 0.15
_STUBS = "<stdlib>"
# Path files that make nothing importable.
_USUAL_PATH_FILES = frozenset({"distutils-precedence.pth", "_virtualenv.pth"})
_LOCAL_NAMES = (".venv", "venv", "env", ".env")


@dataclass(frozen=True, slots=True)
class Environment:
    """Where packages are installed; ``reason`` says how it was found, or why none is used.

    ``is_shared`` if the packages of the system count as well.
    """

    folders: tuple[Path, ...] = ()
    root: Path | None = None
    reason: str = ""
    is_shared: bool = False


def find_environment(
    root: Path, *, named: str = "", variables: Mapping[str, str] | None = None
) -> Environment:
    """Find the environment of a project: named by the user, active, or inside the project."""
    variables = os.environ if variables is None else variables
    for value, reason in (
        (named, "named in the settings"),
        (variables.get("VIRTUAL_ENV", ""), "VIRTUAL_ENV"),
        (variables.get("CONDA_PREFIX", ""), "CONDA_PREFIX"),
    ):
        if value and (folders := _site_folders(Path(value))):
            return Environment(folders, Path(value).resolve(), reason, _is_shared(Path(value)))
    refused = ""
    for name in _LOCAL_NAMES:
        candidate = root / name
        if not (candidate / "pyvenv.cfg").is_file():
            continue
        if candidate.is_symlink():
            refused = f"{name} is a link and is not followed"
            continue
        if folders := _site_folders(candidate):
            reason = f"{name} in the project"
            return Environment(folders, candidate.resolve(), reason, _is_shared(candidate))
    return Environment(reason=refused or "no environment found")


def _is_shared(root: Path) -> bool:
    try:
        text = (root / "pyvenv.cfg").read_text(encoding="utf-8", errors="replace")[:10_000]
    except OSError:
        return False
    return re.search(r"(?im)^\s*include-system-site-packages\s*=\s*true", text) is not None


def _site_folders(root: Path) -> tuple[Path, ...]:
    """The site-packages of an environment that are really inside it."""
    with contextlib.suppress(OSError):
        real = root.resolve()
        found = [
            *sorted(root.glob("lib/python3*/site-packages")),
            *sorted(root.glob("lib64/python3*/site-packages")),
            root / "Lib" / "site-packages",
        ]
        kept = {each.resolve() for each in found if each.is_dir()}
        return tuple(sorted(each for each in kept if each.is_relative_to(real)))
    return ()


class Libraries:
    """Modules outside the project, by the paths that :meth:`paths` gives them.

    Safe to share between threads: a module that two of them read at once is read twice.
    """

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self._roots = {_STUBS: _typeshed()}
        self._roots |= {
            f"<site{number}>": folder for number, folder in enumerate(environment.folders)
        }
        self._outlines: OrderedDict[str, Outline | None] = OrderedDict()
        self._references: OrderedDict[str, Sequence[Reference]] = OrderedDict()
        self._paths: dict[str, tuple[str, ...]] = {}
        self._deadline = float("inf")

    @contextlib.contextmanager
    def limited(self, seconds: float = _MAX_SECONDS) -> Iterator[None]:
        """Within, reading a module after so many seconds raises ``ReadingTakesLong``."""
        self._deadline = time.monotonic() + seconds
        try:
            yield
        finally:
            self._deadline = float("inf")

    def paths(self, module: str) -> Sequence[str]:
        """The files that a module may be, best first: the standard library, stubs, sources."""
        known = self._paths.get(module)
        if known is None:
            if len(self._paths) > 10 * _MAX_MODULES:
                self._paths.clear()
            known = self._paths[module] = tuple(self._find(module))
        return known

    def has_package(self, name: str) -> bool | None:
        """Whether a top-level module is installed in any form; ``None`` without an environment."""
        if self.paths(name):
            return True
        if not self.environment.folders or self.environment.is_shared:
            return None
        names = {entry for folder in self.environment.folders for entry in _entries(folder)}
        if any(entry == name or entry.startswith(f"{name}.") for entry in names):
            return True
        # Installed in place: what such a file points to is not followed.
        is_linked = any(
            entry.startswith("__editable__") or entry.endswith((".egg-link", ".pth"))
            for entry in names - _USUAL_PATH_FILES
        )
        return None if is_linked else False

    def outline(self, path: str) -> Outline | None:
        """The names of a module."""
        if path in self._outlines:
            return self._outlines[path]
        parsed = self._read(path, with_uses=False)
        outline = self._outlines[path] = Outline(parsed) if parsed is not None else None
        while len(self._outlines) > _MAX_MODULES:
            self._outlines.popitem(last=False)
        return outline

    def references_in(self, path: str) -> Sequence[Reference]:
        """The uses of names in a module; a stub has none that matter."""
        if path.endswith(".pyi"):
            return ()
        known = self._references.get(path)
        if known is None:
            parsed = self._read(path, with_uses=True)
            known = self._references[path] = parsed.references if parsed is not None else ()
            while len(self._references) > _MAX_MODULES:
                self._references.popitem(last=False)
        return known

    def _find(self, module: str) -> Iterator[str]:
        parts = module.split(".")
        if not all(part.isidentifier() for part in parts):
            return
        inner = "/".join(parts)
        for label, folder in self._roots.items():
            bases = [inner] if label == _STUBS else [f"{parts[0]}-stubs{inner[len(parts[0]) :]}"]
            bases += [] if label == _STUBS else [inner]
            for base in bases:
                for ending in ("/__init__.pyi", ".pyi", "/__init__.py", ".py"):
                    if _is_inside(folder / f"{base}{ending}", folder):
                        yield f"{label}/{base}{ending}"

    def _read(self, path: str, *, with_uses: bool) -> ParsedFile | None:
        if time.monotonic() > self._deadline:
            raise ReadingTakesLong("libraries are still being read", remedy="ask again")
        label, _, inner = path.partition("/")
        folder = self._roots.get(label)
        if folder is None or not inner or ".." in inner.split("/"):
            return None
        text = _read_text(folder / inner, folder)
        tree = read_tree("python", text) if text is not None else None
        return parse.parse_tree(path, tree, with_uses=with_uses) if tree is not None else None


@cache
def _typeshed() -> Path:
    from typeshed_client.finder import find_typeshed

    return Path(find_typeshed())


@cache
def _entries(folder: Path) -> frozenset[str]:
    try:
        return frozenset(entry.name for entry in os.scandir(folder))
    except OSError:
        return frozenset()


def _is_inside(file: Path, folder: Path) -> bool:
    """Whether a regular file lies in a folder, all links followed."""
    try:
        return file.is_file() and file.resolve().is_relative_to(folder.resolve())
    except OSError:
        return False


def _read_text(file: Path, folder: Path) -> str | None:
    if not _is_inside(file, folder):
        return None
    try:
        with file.open("rb") as opened:
            status = os.fstat(opened.fileno())
            if not stat.S_ISREG(status.st_mode) or status.st_size > _MAX_FILE_BYTES:
                return None
            return opened.read(_MAX_FILE_BYTES).decode("utf-8", errors="replace")
    except OSError:
        return None


class Project:
    """A repository with what is around it; fulfils ``resolve.Repository``.

    ``read_text`` reads an indexed file, by the rules that it was indexed by.
    """

    def __init__(
        self,
        stored: Stored,
        libraries: Libraries,
        *,
        root: Path,
        read_text: Callable[[str], str | None],
    ) -> None:
        self._stored = stored
        self._libraries = libraries
        self._root = root
        self._read_text = read_text
        self._folders: dict[str, frozenset[str]] = {}

    def outline(self, path: str) -> Outline | None:
        return self._of(path).outline(path)

    def references_in(self, path: str) -> Sequence[Reference]:
        return self._of(path).references_in(path)

    def _of(self, path: str) -> Stored | Libraries:
        return self._libraries if path.startswith("<") else self._stored

    def library_paths(self, module: str) -> Sequence[str]:
        return self._libraries.paths(module)

    def has_package(self, name: str) -> bool | None:
        return self._libraries.has_package(name)

    def entries(self, folder: str) -> frozenset[str]:
        known = self._folders.get(folder)
        if known is None:
            known = frozenset()
            with contextlib.suppress(OSError, ValueError):
                place = (self._root / folder).resolve()
                if place.is_relative_to(self._root):
                    known = frozenset(entry.name for entry in os.scandir(place))
            self._folders[folder] = known
        return known

    def text_of(self, path: str) -> str | None:
        return self._read_text(path) if self._stored.outline(path) is not None else None

    def paths_with_stem(self, stem: str) -> Sequence[str]:
        return self._stored.paths_with_stem(stem)

    def symbols_named(self, name: str, *, limit: int = 64) -> Sequence[Symbol]:
        return self._stored.symbols_named(name, limit=limit)

    def imports_of(self, name: str) -> Sequence[Import]:
        return self._stored.imports_of(name)

    def imports_from(self, package: str) -> Sequence[Import]:
        return self._stored.imports_from(package)

    def references_to(
        self, name: str, kind: ReferenceKind | None = None, *, limit: int = MAX_REFERENCES
    ) -> Sequence[Reference]:
        return self._stored.references_to(name, kind, limit=limit)

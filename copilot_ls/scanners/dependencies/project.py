"""What a project itself says of a package: its own, installed, locked or declared.

Asked only about names that look wrong, so everything is read when it is first needed.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path

from copilot_ls.checks.packages import NPM, canonical, distribution_of
from copilot_ls.scanners.dependencies import manifests

# Files that declare packages in a form of their own; a name in their text is enough.
_DECLARING = re.compile(
    r"^(?:pyproject\.toml|setup\.(?:py|cfg)|pipfile|environment\.ya?ml|conda\.ya?ml|meta\.ya?ml"
    r"|tox\.ini|noxfile\.py|deno\.jsonc?|bower\.json|dockerfile)$"
)
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


class Project:
    """Knows the packages of one project.

    ``list_files`` gives the paths of its files, ``read_text`` the text of one, or nothing;
    ``find_folders`` says where its Python packages are installed.
    """

    def __init__(
        self,
        root: Path,
        list_files: Callable[[], Sequence[str]],
        read_text: Callable[[str], str | None],
        find_folders: Callable[[], Sequence[Path]],
    ) -> None:
        self._root = root
        self._list_files = list_files
        self._read_text = read_text
        self._find_folders = find_folders

    def has_module(self, name: str, path: str) -> bool:
        """Whether ``path`` may import ``name`` as far as the project knows."""
        names = {canonical(name), canonical(distribution_of(name))}
        ours = name in self._own or self._is_beside(name, path)
        return ours or bool(names & (self._installed | self._locked | self._declared))

    def has_npm_package(self, name: str) -> bool:
        """The same for a package of JavaScript, or for one that only has types."""
        if name in self._own:
            return True
        known = self._locked | self._declared
        return any(
            (self._root / "node_modules" / each).exists() or canonical(each) in known
            for each in (name, f"@types/{name}")
        )

    def is_settled(self, ecosystem: str, name: str) -> bool:
        """Whether a required name was found by a tool: it is installed, or locked."""
        if ecosystem == NPM and (self._root / "node_modules" / name).exists():
            return True
        return canonical(name) in self._installed | self._locked or name in self._own

    def _is_beside(self, name: str, path: str) -> bool:
        folder = self._root / posixpath.dirname(path)
        return (folder / f"{name}.py").exists() or (folder / name).is_dir()

    @cached_property
    def _files(self) -> Sequence[str]:
        return self._list_files()

    @cached_property
    def _own(self) -> frozenset[str]:
        """All names of folders and files, without their endings."""
        names: set[str] = set()
        for path in self._files:
            *folders, name = path.split("/")
            names |= {*folders, name.partition(".")[0]}
        return frozenset(names)

    @cached_property
    def _installed(self) -> frozenset[str]:
        names: set[str] = set()
        for folder in self._find_folders():
            try:
                entries = [entry.name for entry in folder.iterdir()]
            except OSError:
                continue
            for entry in entries:
                match = re.match(r"(.+?)-\d[^-]*(?:-.*)?\.(?:dist|egg)-info$", entry)
                names.add(canonical(match[1] if match else entry.partition(".")[0]))
        return frozenset(names)

    @cached_property
    def _locked(self) -> frozenset[str]:
        names = set()
        for path in self._files:
            if manifests.is_lock_file(path):
                names |= self._names_in(path)
        return frozenset(names)

    @cached_property
    def _declared(self) -> frozenset[str]:
        names: set[str] = set()
        for path in self._files:
            if manifests.reads(path) and not manifests.is_lock_file(path):
                names |= self._names_in(path)
            elif _DECLARING.match(posixpath.basename(path).lower()):
                text = self._read_text(path) or ""
                names |= {canonical(match.rstrip(".-")) for match in _NAME.findall(text)}
        return frozenset(names)

    def _names_in(self, path: str) -> set[str]:
        text = self._read_text(path)
        try:
            return {canonical(pin.name) for pin in manifests.read(path, text or "")}
        except ValueError:
            return set()

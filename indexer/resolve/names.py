"""From an imported or plain name to the definition that it means, across files.

What cannot be followed is *unknown*, and unknown is never absent: :class:`Absent` is said only of
a name in a module whose whole namespace is visible.
"""

from __future__ import annotations

import posixpath
from dataclasses import dataclass
from typing import TypeAlias

from indexer.model import Import, Symbol
from indexer.resolve.javascript_modules import ENDINGS, JavaScriptModules
from indexer.resolve.outline import Files, Outline, Surroundings

_JAVASCRIPT = frozenset({"javascript", "typescript", "tsx"})
_PYTHON_ENDINGS = (".py", ".pyi")


@dataclass(frozen=True, slots=True)
class Found:
    """The definition; ``symbol`` is absent if the module itself is meant."""

    path: str
    symbol: Symbol | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """The name does certainly not exist in the module at ``path``."""

    path: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Outside the repository, dynamic, or beyond what is followed: nothing can be said."""


Target: TypeAlias = Found | Absent | Unknown
UNKNOWN = Unknown()

Memory: TypeAlias = dict[tuple[str, str, int], list[str]]
"""What the modules of imports turned out to be, by the folder that imports, the module's name and
its level; good for one generation of the index."""
# The level, with no folder, under which all files are kept that an absolute module may be.
_ANYWHERE = -1


class Names:
    """Answers questions about names, as far as the repository's text settles them.

    Those of the same repository may share a ``memory``. Without ``surroundings``, imports lead to
    files of the repository only.
    """

    def __init__(
        self,
        repository: Files,
        memory: Memory | None = None,
        surroundings: Surroundings | None = None,
    ) -> None:
        self._repository = repository
        self._surroundings = surroundings
        self._javascript = JavaScriptModules(repository, surroundings)
        self._memory = {} if memory is None else memory

    def outline(self, path: str) -> Outline | None:
        """The names of an indexed file."""
        return self._repository.outline(path)

    # Modules

    def modules(self, entry: Import) -> list[str]:
        """Files that the module of an import may be, the likeliest first; empty if outside."""
        key = (posixpath.dirname(entry.path), entry.module, entry.level)
        found = self._memory.get(key)
        if found is None:
            if entry.path.endswith(ENDINGS):
                found = self._javascript.find(entry.path, entry.module)
            elif entry.path.endswith(_PYTHON_ENDINGS):
                found = self._python_modules(entry.path, entry.module, entry.level)
            else:
                found = []
            self._memory[key] = found
        return found

    def _python_modules(self, path: str, module: str, level: int) -> list[str]:
        parts = module.split(".") if module else []
        if level:
            folder = posixpath.dirname(path)
            for _ in range(level - 1):
                folder = posixpath.dirname(folder)
            base = posixpath.join(folder, *parts) if parts else folder
            return [
                candidate
                for candidate in _python_files(base)
                if self._repository.outline(candidate) is not None
            ]
        if not parts:
            return []
        around = self._surroundings
        libraries = list(around.library_paths(module)) if around is not None else []
        if path.startswith("<"):
            return libraries
        # Those that share more folders with us first.
        here = posixpath.dirname(path)
        found = self._files_named(module)
        found = sorted(found, key=lambda p: (-_shared_folders(here, p), len(p), p))
        is_standard = bool(libraries) and libraries[0].startswith("<stdlib>")
        if not found or (is_standard and posixpath.dirname(found[0]) != here):
            return libraries
        return found

    def _files_named(self, module: str) -> list[str]:
        """Files that may be an absolute module, from wherever it is imported.

        A module may lie under any source root (``src/``, a monorepo's packages): every file whose
        path ends like the module counts, if its first folder is no part of a package, else it has
        a longer name.
        """
        key = ("", module, _ANYWHERE)
        found = self._memory.get(key)
        if found is None:
            parts = module.split(".")
            endings = tuple(_python_files("/".join(parts)))
            inner = tuple(f"/{ending}" for ending in endings)
            found = self._memory[key] = [
                candidate
                for candidate in self._repository.paths_with_stem(parts[-1])
                if (candidate in endings or candidate.endswith(inner))
                and self._is_root_of(candidate, len(parts))
            ]
        return found

    def _is_root_of(self, path: str, n_parts: int) -> bool:
        root = path.removesuffix("/__init__.py")
        for _ in range(n_parts):
            root = posixpath.dirname(root)
        return self._repository.outline(posixpath.join(root, "__init__.py")) is None

    # Names

    def resolve_import(self, entry: Import) -> Target:
        """Find what an import binds."""
        return self._resolve_import(entry, set())

    def _resolve_import(self, entry: Import, seen: set[tuple[str, str]]) -> Target:
        paths = self.modules(entry)
        if not paths:
            return self._submodule_of(entry)
        if not entry.name or entry.name == "*":
            if not entry.name and not entry.alias and "." in entry.module:
                # ``import a.b`` binds ``a``.
                first = Import(entry.path, entry.module.partition(".")[0], entry.line)
                return self._resolve_import(first, seen)
            return Found(paths[0])
        best: Target = UNKNOWN
        for path in paths:
            target = self._resolve_export(path, entry.name, seen)
            if isinstance(target, Found):
                return target
            best = target if isinstance(best, Unknown) else best
        return best if len(paths) == 1 else UNKNOWN

    def _submodule_of(self, entry: Import) -> Target:
        # A namespace package has no file of its own: ``from a import b`` may mean ``a/b.py``.
        if entry.path.endswith(ENDINGS):
            return UNKNOWN
        if entry.name and entry.name != "*":
            module = f"{entry.module}.{entry.name}" if entry.module else entry.name
            paths = self._python_modules(entry.path, module, entry.level)
            if paths and (entry.module or entry.level):
                return Found(paths[0])
        return UNKNOWN

    def resolve_export(self, path: str, name: str) -> Target:
        """Find ``name`` in the namespace of the module at ``path``, through its re-exports."""
        return self._resolve_export(path, name, set())

    def _resolve_export(self, path: str, name: str, seen: set[tuple[str, str]]) -> Target:
        outline = self._repository.outline(path)
        if outline is None or (path, name) in seen:
            return UNKNOWN
        # Imports may run in circles; every place is asked once.
        seen.add((path, name))
        symbol = outline.member("", name)
        if symbol is not None:
            return Found(path, symbol)
        if name == "default" and outline.language in _JAVASCRIPT:
            return self._default_export(outline)
        entry = outline.imported.get(name)
        target = UNKNOWN if entry is None else self._resolve_import(entry, seen)
        if isinstance(target, Found):
            return target
        submodule = self._submodule(path, name)
        if submodule is not None:
            return Found(submodule)
        if entry is not None:
            return target
        for star in outline.star_imports:
            for module in self.modules(star):
                target = self._resolve_export(module, name, seen)
                if isinstance(target, Found):
                    return target
        if outline.star_imports or outline.member("", "__getattr__") is not None:
            return UNKNOWN
        return Absent(path)

    def _default_export(self, outline: Outline) -> Target:
        top_level = outline.members.get("", {})
        if len(top_level) == 1:
            return Found(outline.path, next(iter(top_level.values())))
        stem = posixpath.basename(outline.path).partition(".")[0].lower()
        for symbol in top_level.values():
            if symbol.name.lower() == stem:
                return Found(outline.path, symbol)
        return UNKNOWN

    def _submodule(self, path: str, name: str) -> str | None:
        if posixpath.basename(path) not in {"__init__.py", "__init__.pyi"}:
            return None
        for candidate in _python_files(posixpath.join(posixpath.dirname(path), name)):
            if self._repository.outline(candidate) is not None:
                return candidate
        return None

    def resolve_name(self, outline: Outline, name: str) -> Target:
        """Find a plain name as code at the top level of a file sees it."""
        symbol = outline.member("", name)
        if symbol is not None:
            return Found(outline.path, symbol)
        entry = outline.imported.get(name)
        if entry is not None:
            return self.resolve_import(entry)
        for star in outline.star_imports:
            for module in self.modules(star):
                target = self.resolve_export(module, name)
                if isinstance(target, Found):
                    return target
        return UNKNOWN


def _python_files(base: str) -> list[str]:
    if not base:
        return ["__init__.py"]
    package = [f"{base}/__init__.py", f"{base}/__init__.pyi"]
    return [*package, *(base + ending for ending in _PYTHON_ENDINGS)]


def _shared_folders(folder: str, path: str) -> int:
    shared = 0
    for ours, theirs in zip(folder.split("/"), path.split("/"), strict=False):
        if ours != theirs:
            break
        shared += 1
    return shared

"""What was meant by what does not exist: another spelling, another module, a missing import. Pure.

A repair is proposed only where one thing alone can have been meant; the gate checks it like any
suggestion.
"""

from __future__ import annotations

import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from copilot_ls.checks.nearest import nearest
from indexer.model import Import, Symbol, SymbolKind
from indexer.resolve import typescript
from indexer.resolve.infer import Inference
from indexer.resolve.outline import Outline, Repository
from indexer.resolve.signatures import Parameters
from indexer.resolve.values import Value
from indexer.syntax.code import Arguments

_IMPORTED = frozenset(
    {SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.ENUM, SymbolKind.FUNCTION}
    | {SymbolKind.CONSTANT, SymbolKind.TYPE_ALIAS}
)
_TESTS = ("test", "conftest", "example", "benchmark")
# Where a second way to import a name is at least this common, neither is taken.
_RIVAL_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Repairs:
    """Proposes repairs for the document of ``outline``."""

    inference: Inference
    repository: Repository
    outline: Outline

    def member(self, owners: Sequence[Value], wrong: str) -> str | None:
        """Another spelling of a member that all values have."""
        common: set[str] | None = None
        for owner in owners:
            names = set(self.inference.member_names(owner))
            common = names if common is None else common & names
        return nearest(wrong, common or ())

    def keyword(
        self, alternatives: Iterable[Parameters], arguments: Arguments, wrong: str
    ) -> str | None:
        """Another spelling of a keyword that is not given yet."""
        given = {keyword.name for keyword in arguments.keywords}
        names = {
            parameter.name
            for parameters in alternatives
            for parameter in parameters[len(arguments.positional) :]
            if parameter.name not in given
        }
        return nearest(wrong, names)

    def imported(self, module: Outline, wrong: str) -> str | None:
        """Another spelling of a name that a module has."""
        names = {symbol.name for symbol in module.symbols if not symbol.parent}
        return nearest(wrong, names | set(module.imported))

    def module_of(self, name: str) -> str | None:
        """The module that defines a name, where only one does."""
        found = {symbol.path for symbol in self._definitions(name)}
        return self._module_name(next(iter(found))) if len(found) == 1 else None

    def missing_import(self, name: str, *, is_module: bool) -> str | None:
        """The statement that brings a name in: as others here import it, or from its module.

        ``is_module`` if a member of it is used, so that it may be a module of the standard
        library.
        """
        if self.outline.language != "python":
            return self._typescript_import(name)
        usual = self._usual_import(name)
        if usual is not None:
            return usual
        definitions = self._definitions(name)
        paths = {symbol.path for symbol in definitions}
        if len(paths) == 1:
            module = self._module_name(paths.pop())
            return f"from {module} import {name}" if module else None
        if not paths and is_module:
            libraries = self.repository.library_paths(name)
            if libraries and libraries[0].startswith("<stdlib>"):
                return f"import {name}"
        return None

    def _typescript_import(self, name: str) -> str | None:
        """The statement that imports a name from the one file that exports it."""
        paths = {
            symbol.path
            for symbol in self.repository.symbols_named(name)
            if not symbol.parent
            and symbol.is_public
            and symbol.language in typescript.LANGUAGES
            and not any(part.startswith(_TESTS) for part in symbol.path.lower().split("/"))
        }
        target = self.repository.outline(paths.pop()) if len(paths) == 1 else None
        if target is None or name not in (target.exports or ()):
            return None
        base = re.sub(r"(?:/index)?\.[cm]?[jt]sx?$", "", target.path)
        here = posixpath.dirname(self.outline.path) or "."
        specifier = posixpath.relpath(base, here)
        specifier = specifier if specifier.startswith(".") else f"./{specifier}"
        own = [entry.module for entry in self.outline.imports if entry.module.startswith(".")]
        specifier += ".js" if own and all(module.endswith(".js") for module in own) else ""
        return f'import {{ {name} }} from "{specifier}";'

    def _usual_import(self, name: str) -> str | None:
        """The statement by which other files import a name, if most agree on it."""
        counts: Counter[str] = Counter()
        for entry in self.repository.imports_of(name):
            # What a package re-exports says how it is made, not how it is used.
            is_use = posixpath.basename(entry.path) != "__init__.py"
            if is_use and entry.path != self.outline.path:
                statement = self._statement(entry)
                counts.update([statement] if statement else [])
        ranked = counts.most_common(2)
        if not ranked or (len(ranked) > 1 and ranked[1][1] >= _RIVAL_SHARE * ranked[0][1]):
            return None
        return ranked[0][0]

    def _statement(self, entry: Import) -> str | None:
        module = entry.module
        if entry.level:
            base = Import(entry.path, entry.module, entry.line, level=entry.level)
            outline = self.inference.module(base)
            found = self._module_name(outline.path) if outline is not None else None
            if found is None:
                return None
            module = found
        elif (found := self._relative(self.inference.module(entry))) is not None:
            module = found
        alias = f" as {entry.alias}" if entry.alias else ""
        if not entry.name:
            return None if "." in module and not alias else f"import {module}{alias}"
        return f"from {module} import {entry.name}{alias}"

    def _definitions(self, name: str) -> list[Symbol]:
        """Public definitions of a name at the top level of the repository's own modules."""
        return [
            symbol
            for symbol in self.repository.symbols_named(name)
            if not symbol.parent
            and symbol.is_public
            and symbol.kind in _IMPORTED
            and symbol.language == self.outline.language
            and symbol.path != self.outline.path
            and not any(part.startswith(_TESTS) for part in symbol.path.lower().split("/"))
        ]

    def _module_name(self, path: str) -> str | None:
        """How this document names the module of a file; ``None`` if it is in no package."""
        relative = self._relative(self.repository.outline(path))
        if relative is not None:
            return relative
        folder, _, name = path.rpartition("/")
        stem = name.partition(".")[0]
        parts = [] if stem == "__init__" else [stem]
        while folder and self.repository.outline(f"{folder}/__init__.py") is not None:
            folder, _, package = folder.rpartition("/")
            parts.insert(0, package)
        is_near = folder == posixpath.dirname(self.outline.path)
        return ".".join(parts) if len(parts) > 1 or is_near else None

    def _relative(self, target: Outline | None) -> str | None:
        """The module as a relative import, where this document imports its own package so."""
        if target is None or not any(entry.level for entry in self.outline.imports):
            return None
        here = posixpath.dirname(self.outline.path)
        folder, _, name = target.path.rpartition("/")
        root = here.partition("/")[0]
        if not here or folder.partition("/")[0] != root or target.path.startswith("<"):
            return None
        stem = name.partition(".")[0]
        path = posixpath.relpath(folder if stem == "__init__" else f"{folder}/{stem}", here)
        parts = path.split("/")
        n_up = sum(1 for part in parts if part == "..")
        inner = ".".join(part for part in parts if part not in {"..", "."})
        return "." * (n_up + 1) + inner

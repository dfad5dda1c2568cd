"""Which files an import of JavaScript or TypeScript may mean.

Relative ones by their path, others by ``paths`` and ``baseUrl`` of the nearest ``tsconfig.json``
(or what it extends), and by the packages of the same repository (``workspaces``).
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from indexer.resolve.outline import Files, Surroundings

ENDINGS = (".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts")
_OUTPUTS = frozenset({".js", ".jsx", ".mjs", ".cjs"})
_CONFIGS = ("tsconfig.json", "jsconfig.json")
_MAX_EXTENDS = 5
_MAX_PACKAGES = 200
_BUILT = re.compile(r"^(?:\./)?(?:dist|build|lib|out|esm|cjs)/")
_COMMENT = re.compile(r'("(?:\\.|[^"\\])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_TRAILING_COMMA = re.compile(r",(?=\s*[}\]])")


@dataclass(frozen=True, slots=True)
class _Config:
    """What a ``tsconfig.json`` says of imports; paths are folders of the repository."""

    base: str | None = None
    paths_base: str = ""
    paths: Mapping[str, Sequence[str]] | None = None


class JavaScriptModules:
    """Finds modules; what was read of settings is kept as long as the instance lives."""

    def __init__(self, files: Files, surroundings: Surroundings | None) -> None:
        self._files = files
        self._surroundings = surroundings
        self._configs: dict[str, _Config | None] = {}
        self._packages: dict[str, tuple[str, Mapping[str, object]]] | None = None

    def find(self, path: str, specifier: str) -> list[str]:
        """The files that ``specifier`` in the file at ``path`` may mean, likeliest first."""
        if specifier.startswith("."):
            return self._existing(posixpath.join(posixpath.dirname(path), specifier))
        if self._surroundings is None:
            return []
        for base in self._mapped(path, specifier):
            if found := self._existing(base):
                return found
        return self._in_workspace(specifier)

    def _existing(self, base: str) -> list[str]:
        base = posixpath.normpath(base)
        stem, ending = posixpath.splitext(base)
        candidates = [base, *(base + e for e in ENDINGS)]
        if ending in _OUTPUTS:
            # TypeScript imports its sources under the names of their outputs.
            candidates += [stem + e for e in ENDINGS]
        candidates += [f"{base}/index{e}" for e in ENDINGS]
        return [c for c in candidates if self._files.outline(c) is not None]

    def _mapped(self, path: str, specifier: str) -> Iterator[str]:
        """The paths that the nearest configuration maps a specifier to."""
        config = self._config_for(posixpath.dirname(path))
        if config is None:
            return
        matches = []
        for pattern, targets in (config.paths or {}).items():
            before, star, after = pattern.partition("*")
            if not star and specifier == pattern:
                matches.append((len(pattern), "", targets))
            elif (
                star
                and specifier.startswith(before)
                and specifier.endswith(after)
                and len(specifier) >= len(before) + len(after)
            ):
                inner = specifier[len(before) : len(specifier) - len(after)]
                matches.append((len(before), inner, targets))
        for _, inner, targets in sorted(matches, key=lambda match: -match[0]):
            for target in targets:
                yield posixpath.join(config.paths_base, target.replace("*", inner, 1))
        if config.base is not None:
            yield posixpath.join(config.base, specifier)

    def _config_for(self, folder: str) -> _Config | None:
        if folder in self._configs:
            return self._configs[folder]
        config = next(
            (
                found
                for name in _CONFIGS
                if (found := self._read_config(posixpath.join(folder, name), _MAX_EXTENDS))
            ),
            None,
        )
        if config is None and folder:
            config = self._config_for(posixpath.dirname(folder))
        self._configs[folder] = config
        return config

    def _read_config(self, path: str, n_left: int) -> _Config | None:
        content = self._read_json(path)
        if content is None:
            return None
        folder = posixpath.dirname(path)
        config = _Config()
        parents = content.get("extends")
        for parent in parents if isinstance(parents, list) else [parents]:
            if isinstance(parent, str) and parent.startswith(".") and n_left:
                target = posixpath.normpath(posixpath.join(folder, parent))
                target += "" if target.endswith(".json") else ".json"
                config = self._read_config(target, n_left - 1) or config
        options = content.get("compilerOptions")
        if not isinstance(options, dict):
            return config
        base, paths = options.get("baseUrl"), options.get("paths")
        if isinstance(base, str):
            own = posixpath.normpath(posixpath.join(folder, base))
            config = _Config(own, own, config.paths)
        if isinstance(paths, dict):
            mapped = {
                str(pattern): [str(each) for each in targets]
                for pattern, targets in paths.items()
                if isinstance(targets, list)
            }
            config = _Config(config.base, config.base or folder, mapped)
        return config

    def _in_workspace(self, specifier: str) -> list[str]:
        """The files of a package of this repository that has the name."""
        packages = self._read_packages()
        parts = specifier.split("/")
        name = "/".join(parts[: 2 if specifier.startswith("@") else 1])
        if name not in packages:
            return []
        folder, content = packages[name]
        inner = specifier[len(name) + 1 :]
        if inner:
            bases = [f"{folder}/{inner}", f"{folder}/src/{inner}"]
        else:
            named = [content.get(key) for key in ("source", "types", "module", "main")]
            entries = [entry for entry in named if isinstance(entry, str)]
            bases = [f"{folder}/{entry}" for entry in entries]
            bases += [f"{folder}/{_BUILT.sub('src/', entry)}" for entry in entries]
            bases += [f"{folder}/src/index", f"{folder}/index"]
        for base in bases:
            if found := self._existing(re.sub(r"\.d\.ts$|\.[cm]?js$", "", base)):
                return found
        return []

    def _read_packages(self) -> dict[str, tuple[str, Mapping[str, object]]]:
        if self._packages is None:
            self._packages = {}
            paths = [
                path
                for path in self._files.paths_with_stem("package")
                if posixpath.basename(path) == "package.json"
            ]
            for path in paths[:_MAX_PACKAGES]:
                content = self._read_json(path) or {}
                name = content.get("name")
                if isinstance(name, str):
                    self._packages[name] = (posixpath.dirname(path) or ".", content)
        return self._packages

    def _read_json(self, path: str) -> dict[str, object] | None:
        text = self._surroundings.text_of(path) if self._surroundings is not None else None
        if text is None:
            return None
        plain = _TRAILING_COMMA.sub("", _COMMENT.sub(lambda match: match[1] or "", text))
        try:
            content = json.loads(plain)
        except (ValueError, RecursionError):
            return None
        return content if isinstance(content, dict) else None

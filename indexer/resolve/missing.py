"""Whether the module of an import certainly does not exist.

A folder is asked for all that lies in it, indexed or not: generated and compiled modules are there
too. Names that are usually made by a build are never missed.
"""

from __future__ import annotations

import posixpath
import re

from indexer.model import Import
from indexer.resolve.infer import Inference
from indexer.resolve.javascript_modules import ENDINGS
from indexer.resolve.outline import Repository

# What build tools write: versions, protocol buffers, parsers.
_MADE = re.compile(
    r"^_|^version$|_pb2(?:_grpc)?$|_(?:gen|generated|version)$|^(?:generated|parsetab)$"
)
_ASSET = re.compile(r"\?|\.(?!(?:[cm]?[jt]sx?)$)[a-z0-9]+$", re.IGNORECASE)


def missing_module(inference: Inference, entry: Import) -> str | None:
    """The part of a module's name that does not exist, if one certainly does not."""
    if entry.path.endswith(ENDINGS):
        return _missing_file(inference.repository, entry)
    if entry.level:
        folder = posixpath.dirname(entry.path)
        for _ in range(entry.level - 1):
            folder = posixpath.dirname(folder)
        parts = entry.module.split(".") if entry.module else [entry.name]
        return None if parts == ["*"] else _missing_part(inference.repository, folder, parts)
    first, *rest = entry.module.split(".")
    paths = inference.names.modules(Import(entry.path, first, entry.line))
    if len(paths) != 1 or paths[0].startswith("<") or not rest:
        return None
    package = inference.repository.outline(paths[0])
    is_package = posixpath.basename(paths[0]) == "__init__.py"
    if package is None or not is_package or package.definitions("__path__"):
        return None
    return _missing_part(inference.repository, posixpath.dirname(paths[0]), rest)


def missing_package(inference: Inference, entry: Import) -> str | None:
    """The package that is imported, if it is neither installed nor known to this repository."""
    first = entry.module.partition(".")[0]
    repository = inference.repository
    if entry.path.endswith(ENDINGS) or entry.level or not first:
        return None
    if inference.names.modules(Import(entry.path, first, entry.line)):
        return None
    if repository.has_package(first) is not False or repository.paths_with_stem(first):
        return None
    if any(each.path != entry.path for each in repository.imports_from(first)):
        return None
    return first


def _missing_part(repository: Repository, folder: str, parts: list[str]) -> str | None:
    for part in parts:
        entries = repository.entries(folder)
        if not entries or _MADE.search(part):
            return None
        if part not in {name.partition(".")[0] for name in entries}:
            return part
        folder = posixpath.join(folder, part)
        if part not in entries:
            # A module that is a file has nothing inside.
            return None
    return None


def _missing_file(repository: Repository, entry: Import) -> str | None:
    specifier = entry.module
    if not specifier.startswith(".") or _ASSET.search(posixpath.basename(specifier).lstrip(".")):
        return None
    base = posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), specifier))
    folder, name = posixpath.dirname(base), posixpath.basename(base)
    if base.startswith("..") or base == "." or _MADE.search(name):
        return None
    entries = repository.entries(folder)
    stem = re.sub(r"\.[cm]?[jt]sx?$", "", name)
    is_there = any(
        each == name or each.partition(".")[0] == stem or each.startswith(f"{stem}.")
        for each in entries
    )
    return None if is_there or not entries else specifier

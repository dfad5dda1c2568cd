"""Whose code lies around: packages that are installed for a project, and vendored folders in it.

Only metadata and licence files are read; nothing is imported. Links are not followed.
"""

from __future__ import annotations

import csv
import email.parser
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from copilot_ls.provenance.licences import licence_of, licence_of_text

_MAX_FILE_BYTES = 1_500_000
_ENDINGS = (".py", ".js", ".ts", ".tsx", ".jsx", ".mjs", ".go", ".java", ".rs", ".c", ".h", ".cc",
            ".cpp", ".hpp", ".cs", ".rb", ".php")  # fmt: skip
_LICENCE_FILE = re.compile(r"(licen[cs]e|copying|unlicense)([._-].*)?", re.IGNORECASE)
_VENDORED = frozenset(
    {"vendor", "vendored", "_vendor", "third_party", "thirdparty", "3rdparty", "external",
     "node_modules", "bower_components"}
)  # fmt: skip
_SKIPPED = frozenset({".git", "__pycache__", "tests", "test", ".venv", "venv"})
_MAX_FILES_OF_PACKAGE = 5_000


@dataclass(frozen=True, slots=True)
class Package:
    """Code of somebody else.

    ``licence`` is an SPDX identifier or empty; ``stamp`` changes with its content.
    """

    name: str
    version: str
    licence: str
    root: Path
    files: tuple[str, ...]
    stamp: str


def installed_packages(site_folders: Sequence[Path]) -> Iterator[Package]:
    """The distributions in site-packages, from their records."""
    for folder in site_folders:
        for info in sorted(folder.glob("*.dist-info")):
            if info.is_symlink():
                continue
            package = _distribution(folder, info)
            if package is not None and package.files:
                yield package


def vendored_packages(root: Path) -> Iterator[Package]:
    """Folders of a repository that hold other people's code, each of their subfolders for one."""
    for folder, names, _ in os.walk(root):
        names[:] = [n for n in names if n not in _SKIPPED and not (Path(folder) / n).is_symlink()]
        for name in [n for n in names if n.lower() in _VENDORED]:
            names.remove(name)
            yield from _inside(Path(folder) / name)


def _inside(vendored: Path) -> Iterator[Package]:
    try:
        entries = sorted(entry for entry in vendored.iterdir() if not entry.is_symlink())
    except OSError:
        return
    for entry in entries:
        if entry.is_dir() and entry.name.startswith("@"):
            yield from _inside(entry)
        elif entry.is_dir() and entry.name not in _SKIPPED:
            files = tuple(_source_files(entry))
            if files:
                version, licence = _of_manifest(entry)
                yield Package(entry.name, version, licence, entry, files, _stamp(entry, files))


def _distribution(folder: Path, info: Path) -> Package | None:
    try:
        text = (info / "METADATA").read_text(encoding="utf-8", errors="replace")
        record = (info / "RECORD").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None
    headers = email.parser.HeaderParser().parsestr(text)
    name, version = headers.get("Name", ""), headers.get("Version", "")
    licence = licence_of(
        expression=headers.get("License-Expression", ""),
        classifiers=headers.get_all("Classifier") or [],
        name=headers.get("License", ""),
    ) or _licence_in(info)
    files: list[str] = []
    for row in csv.reader(record.splitlines()):
        path = row[0] if row else ""
        parts = path.split("/")
        if path.endswith(_ENDINGS) and not _SKIPPED.intersection(parts) and ".." not in parts:
            files.append(path)
    return Package(
        name, version, licence, folder, tuple(files[:_MAX_FILES_OF_PACKAGE]), f"{name}-{version}"
    )


def _of_manifest(folder: Path) -> tuple[str, str]:
    """Version and licence by a ``package.json`` or a licence file."""
    version = licence = ""
    try:
        manifest = json.loads((folder / "package.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        manifest = None
    if isinstance(manifest, dict):
        version = str(manifest.get("version", ""))
        said = manifest.get("license", "")
        if isinstance(said, dict):
            said = said.get("type", "")
        licence = licence_of(expression=str(said)) or licence_of(name=str(said))
    return version, licence or _licence_in(folder)


def _licence_in(folder: Path) -> str:
    candidates = [folder, folder / "licenses"]
    for place in candidates:
        try:
            entries = sorted(place.iterdir())
        except OSError:
            continue
        for entry in entries:
            if _LICENCE_FILE.fullmatch(entry.name) and entry.is_file() and not entry.is_symlink():
                try:
                    found = licence_of_text(entry.read_text(encoding="utf-8", errors="replace"))
                except OSError:
                    continue
                if found:
                    return found
    return ""


def _source_files(folder: Path) -> Iterator[str]:
    n_files = 0
    for here, names, files in os.walk(folder):
        names[:] = [
            n for n in sorted(names) if n not in _SKIPPED and not (Path(here) / n).is_symlink()
        ]
        for name in sorted(files):
            path = Path(here) / name
            if not name.endswith(_ENDINGS) or path.is_symlink():
                continue
            n_files += 1
            if n_files > _MAX_FILES_OF_PACKAGE:
                return
            yield path.relative_to(folder).as_posix()


def _stamp(folder: Path, files: Sequence[str]) -> str:
    newest = total = 0
    for name in files:
        try:
            status = (folder / name).stat()
        except OSError:
            continue
        newest = max(newest, status.st_mtime_ns)
        total += status.st_size
    return f"{folder}-{len(files)}-{total}-{newest}"


def read_source(package: Package, path: str) -> str:
    """The text of one of a package's files; empty if it cannot be read, is a link or too large."""
    file = package.root / path
    try:
        if file.is_symlink() or file.stat().st_size > _MAX_FILE_BYTES:
            return ""
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""

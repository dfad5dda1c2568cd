"""Packs a model into wheels, so that an organisation's own package index can carry it.

The wheels hold data and an empty module, nothing that runs. They are cut to a size that indexes
accept, and ``download`` reads them back through the same patterns as any other wheels.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from copilot_ls.errors import ConfigError, DownloadError
from copilot_ls.models.catalog import PACKED_MEMBER, CatalogEntry, WheelsSource
from copilot_ls.models.progress import Progress, Report

_BLOCK = 1 << 20
_SMALLEST_PART = 1024
# Zip archives know no date before; a fixed one makes packing the same bytes twice the same.
_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Packed:
    """The wheels that were written, and the source that names them."""

    wheels: tuple[Path, ...]
    source: WheelsSource


@dataclass(frozen=True, slots=True)
class _Piece:
    """A range of a file that goes into one wheel; ``number`` counts within the file."""

    path: Path
    start: int
    size: int
    number: int


def pack(
    entry: CatalogEntry,
    folder: Path,
    out: Path,
    *,
    version: str,
    part_bytes: int,
    report: Report,
) -> Packed:
    """Write the files of ``entry``, found in ``folder``, as wheels into ``out``.

    Raises:
        ConfigError: a part size or version that cannot work.
        DownloadError: the wheels cannot be written.
    """
    if part_bytes < _SMALLEST_PART:
        raise ConfigError("parts must have at least 1 kB", remedy="for example --part-size 90MB")
    if not re.fullmatch(r"\d+(\.\d+)*([a-z]+\d+)?", version):
        raise ConfigError(f"'{version}' is not a version", remedy="for example --version 1.0.0")
    base = f"copilot-ls-model-{re.sub(r'[-_.]+', '-', entry.id)}"
    parts = list(_cut([folder / file.name for file in entry.files], part_bytes))
    total = sum(piece.size for pieces in parts for piece in pieces)
    wheels: list[Path] = []
    done = 0
    try:
        out.mkdir(parents=True, exist_ok=True)
        for number, pieces in enumerate(parts, start=1):
            wheels.append(_write_wheel(f"{base}-part{number}", version, entry, pieces, out))
            done += sum(piece.size for piece in pieces)
            report(Progress(f"packing {entry.id}", done, total))
    except OSError as error:
        raise DownloadError(
            f"cannot write wheels to {out}: {error.strerror or error}",
            remedy="check room and permissions, or choose another --out",
        ) from error
    source = WheelsSource(f"{base}-part{{part}}", version, len(parts), PACKED_MEMBER)
    return Packed(tuple(wheels), source)


def _cut(paths: Sequence[Path], part_bytes: int) -> Iterator[list[_Piece]]:
    pieces: list[_Piece] = []
    room = part_bytes
    for path in paths:
        start, number, left = 0, 1, path.stat().st_size
        while left:
            size = min(left, room)
            pieces.append(_Piece(path, start, size, number))
            start, number, left, room = start + size, number + 1, left - size, room - size
            if not room:
                yield pieces
                pieces, room = [], part_bytes
    if pieces:
        yield pieces


def _write_wheel(
    package: str, version: str, entry: CatalogEntry, pieces: Sequence[_Piece], out: Path
) -> Path:
    module = package.replace("-", "_")
    info = f"{module}-{version}.dist-info"
    wheel = out / f"{module}-{version}-py3-none-any.whl"
    unfinished = wheel.with_suffix(".unfinished")
    record: list[str] = []
    metadata = (
        "Metadata-Version: 2.1\n"
        f"Name: {package}\n"
        f"Version: {version}\n"
        f"Summary: Weights of {_header(entry.title)}, a part for copilot-ls; data only\n"
        f"License: {_header(entry.licence)}\n"
    )
    tags = "Wheel-Version: 1.0\nGenerator: copilot-ls\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    try:
        with zipfile.ZipFile(unfinished, "w", zipfile.ZIP_STORED) as archive:
            _add(archive, record, f"{module}/__init__.py", [b""])
            for piece in pieces:
                name = f"{module}/data/{piece.path.name}.part{piece.number:04d}"
                _add(archive, record, name, _blocks(piece))
            _add(archive, record, f"{info}/METADATA", [metadata.encode()])
            _add(archive, record, f"{info}/WHEEL", [tags.encode()])
            record.append(f"{info}/RECORD,,")
            _add(archive, [], f"{info}/RECORD", ["\n".join([*record, ""]).encode()])
        return unfinished.replace(wheel)
    finally:
        unfinished.unlink(missing_ok=True)


def _add(
    archive: zipfile.ZipFile,
    record: list[str],
    name: str,
    blocks: Sequence[bytes] | Iterator[bytes],
) -> None:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.external_attr = 0o644 << 16
    digest = hashlib.sha256()
    size = 0
    with archive.open(entry, "w", force_zip64=True) as member:
        for block in blocks:
            member.write(block)
            digest.update(block)
            size += len(block)
    code = base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
    quoted = f'"{name}"' if "," in name else name
    record.append(f"{quoted},sha256={code},{size}")


def _blocks(piece: _Piece) -> Iterator[bytes]:
    left = piece.size
    with piece.path.open("rb") as file:
        file.seek(piece.start)
        while left:
            block = file.read(min(_BLOCK, left))
            if not block:
                raise OSError(f"{piece.path.name} became shorter while it was read")
            left -= len(block)
            yield block


def _header(text: str) -> str:
    return " ".join(text.split())

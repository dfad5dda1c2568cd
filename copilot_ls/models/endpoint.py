"""Finds the engine process of a specification, or starts it.

Everything here blocks for a moment and is called in a thread. However many editors and commands
ask at the same time, one process is started: a file lock decides who starts it, the others find
its endpoint file. A file that a killed process left behind is noticed because nobody answers, or
somebody answers who does not know the secret.
"""

from __future__ import annotations

import contextlib
import io
import logging
import os
import secrets
import socket
import stat
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from copilot_ls.errors import ModelUnavailable
from copilot_ls.models.channel import ChannelError, Endpoint, dial
from copilot_ls.models.engine import EngineSpec

_START_TIMEOUT_S = 60.0
_POLL_S = 0.01
_MAX_LOG_BYTES = 256 * 1024

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Attachment:
    """An authenticated connection to an engine process, and the process if we started it."""

    connection: socket.socket
    pid: int
    process: subprocess.Popen[bytes] | None = None


def attach(spec: EngineSpec, runtime_dir: Path) -> Attachment:
    """Connect to the process that runs ``spec``; start it if there is none.

    Raises:
        ModelUnavailable: it could not be started.
    """
    try:
        return _attach(spec, runtime_dir)
    except OSError as error:
        raise ModelUnavailable(
            f"the engine process could not be started: {error}",
            remedy=f"check that {runtime_dir} is writable and the disk is not full",
        ) from error


def endpoint_path(spec: EngineSpec, runtime_dir: Path) -> Path:
    return runtime_dir / f"{spec.name}.json"


def log_path(spec: EngineSpec, runtime_dir: Path) -> Path:
    return runtime_dir / f"{spec.name}.log"


def _attach(spec: EngineSpec, runtime_dir: Path) -> Attachment:
    import filelock

    _make_private(runtime_dir)
    endpoint = endpoint_path(spec, runtime_dir)
    if found := _knock(endpoint):
        return found
    lock = filelock.FileLock(runtime_dir / f"{spec.name}.lock", timeout=_START_TIMEOUT_S)
    try:
        with lock:
            return _knock(endpoint) or _start(spec, runtime_dir)
    except filelock.Timeout as error:
        raise ModelUnavailable(
            "another process has been starting the engine for a minute",
            remedy=f"end it, or remove {lock.lock_file}",
        ) from error


def _make_private(folder: Path) -> None:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name != "posix":
        return  # The user's profile folder is private by inheritance.
    info = folder.lstat()
    if not stat.S_ISDIR(info.st_mode) or info.st_uid != os.getuid():
        raise ModelUnavailable(
            f"{folder} belongs to somebody else",
            remedy="remove it, or choose another cache folder with COPILOT_LS_CACHE",
        )
    if info.st_mode & 0o077:
        folder.chmod(0o700)


def _knock(path: Path) -> Attachment | None:
    endpoint = Endpoint.read(path)
    if endpoint is None or not _is_running(endpoint):
        return None
    try:
        return Attachment(dial(endpoint), endpoint.pid)
    except TimeoutError:
        _log.warning("an engine process does not answer and is ended", extra={"pid": endpoint.pid})
        _end(endpoint)
    except (OSError, ChannelError):
        pass  # It is just leaving, or its port belongs to another program by now.
    return None


def _is_running(endpoint: Endpoint) -> bool:
    import psutil

    try:
        # The kernel counts in ticks of 10 ms, and rounding differs between its tables.
        return bool(abs(psutil.Process(endpoint.pid).create_time() - endpoint.started) < 1.0)
    except psutil.Error:
        return False


def _end(endpoint: Endpoint) -> None:
    import psutil

    with contextlib.suppress(psutil.Error):
        process = psutil.Process(endpoint.pid)
        if _is_running(endpoint):
            process.kill()
            process.wait(timeout=5)


def _start(spec: EngineSpec, runtime_dir: Path) -> Attachment:
    token = secrets.token_hex(8)
    log = log_path(spec, runtime_dir)
    with _open_log(log) as log_file:
        process = subprocess.Popen(
            [
                sys.executable,
                "-P",  # Neither the working folder nor a repository may shadow a module.
                "-X",
                "utf8",
                "-m",
                "copilot_ls.models.host",
                str(endpoint_path(spec, runtime_dir)),
                token,
                spec.to_json(),
            ],
            cwd=runtime_dir,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=log_file,
            stderr=log_file,
            # Ctrl-C in one terminal must not end the engine of all editors.
            start_new_session=os.name == "posix",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0)
            | getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )
    # Waiting in a thread leaves no zombie behind and needs no event loop.
    threading.Thread(target=process.wait, name="engine-reaper", daemon=True).start()
    return _await_endpoint(spec, runtime_dir, token, process)


def _await_endpoint(
    spec: EngineSpec, runtime_dir: Path, token: str, process: subprocess.Popen[bytes]
) -> Attachment:
    path = endpoint_path(spec, runtime_dir)
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        endpoint = Endpoint.read(path)
        if endpoint is not None and endpoint.token == token:
            try:
                return Attachment(dial(endpoint), endpoint.pid, process)
            except ChannelError as error:
                raise ModelUnavailable(
                    f"the engine process did not admit us: {error}", remedy="try again"
                ) from error
        if process.poll() is not None:
            raise ModelUnavailable(
                f"the engine process ended at its start with code {process.returncode}",
                remedy=f"see {log_path(spec, runtime_dir)}",
            )
        time.sleep(_POLL_S)
    process.kill()
    raise ModelUnavailable(
        f"the engine process did not start within {_START_TIMEOUT_S:.0f} s",
        remedy=f"see {log_path(spec, runtime_dir)}",
    )


def _open_log(path: Path) -> io.FileIO:
    # Appending lets the engine process cut the file short while it writes.
    if path.exists() and path.stat().st_size > _MAX_LOG_BYTES:
        path.unlink()
    return io.FileIO(path, "a", opener=lambda name, flags: os.open(name, flags, 0o600))


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return kept | {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}

"""A project's code in a confined process, on a copy of the project.

The process gets an environment of its own (no keys, no proxies, a home that is thrown away),
limits on what it uses, and gives up its rights before the project's code runs (``confine``).
From outside it is watched: time, the size of its folders, the number of its processes. At the end,
everything that it started is ended with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterable, Callable, Mapping, Sequence
from pathlib import Path

import psutil

from copilot_ls.domain import Ending, Limits, Protection, SandboxRun
from copilot_ls.errors import SandboxError
from copilot_ls.sandbox.copying import copy_project

_WATCH_SECONDS = 0.15
_CONFINE = Path(__file__).with_name("confine.py")
_EXPLORERS = {
    "copilot_ls_explorer": Path(__file__).parents[1] / "explorer",
    "copilot_ls_explorer_js": Path(__file__).parents[1] / "explorer_js",
}
_SYSTEM = (
    "/usr",
    "/lib",
    "/lib64",
    "/lib32",
    "/bin",
    "/sbin",
    "/etc",
    "/opt",
    "/dev",
    "/proc",
    "/sys",
)
_MACOS_PROFILE = """(version 1)(allow default)(deny network*)(deny file-write*)
(allow file-write* {places} (literal "/dev/null"))"""


class ProcessSandbox:
    """The ``Sandbox`` port on this machine.

    ``interpreter`` is the project's own Python, ``readable`` further folders that its code may
    read, such as the site-packages that it needs. ``program`` is what runs instead, such as node,
    once the interpreter has given up its rights.
    """

    def __init__(
        self,
        root: Path,
        interpreter: Path,
        *,
        readable: Sequence[Path] = (),
        program: Path | None = None,
    ) -> None:
        self._interpreter = interpreter
        self._program = program or interpreter
        self._folder = Path(tempfile.mkdtemp(prefix="copilot-ls-sandbox-")).resolve()
        self.project = self._folder / "project"
        self.scratch = self._folder / "scratch"
        self._home = self._folder / "home"
        self.inside = self._folder / "inside"
        self._told = self._folder / "told"
        for folder in (self.scratch, self._home, self.inside, self._told):
            folder.mkdir()
        self._readable = [*readable, *_interpreter_folders(self._program)]
        try:
            copy_project(root, self.project)
            # What runs inside is copied too, so that nothing of our own folders must be readable.
            for name, explorer in _EXPLORERS.items():
                shutil.copytree(explorer, self.inside / name)
        except BaseException:
            self.close()
            raise

    async def run(
        self,
        arguments: Sequence[str],
        limits: Limits,
        *,
        environment: Mapping[str, str] | None = None,
        stdin: str = "",
        feed: AsyncIterable[str] | None = None,
        on_line: Callable[[str], None] | None = None,
        follow: Path | None = None,
        folder: Path | None = None,
    ) -> SandboxRun:
        """See the port."""
        report = self._told / "protection.json"
        report.unlink(missing_ok=True)
        command = self._command(
            arguments, limits, environment or {}, report, folder or self.scratch
        )
        started = time.monotonic()
        with tempfile.TemporaryFile() as output:
            try:
                process = await asyncio.create_subprocess_exec(
                    *command,
                    stdin=asyncio.subprocess.PIPE,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    cwd=self._folder,
                    env={"PATH": os.defpath},
                    start_new_session=sys.platform != "win32",
                )
            except OSError as error:
                raise SandboxError(
                    f"{self._interpreter} cannot be started: {error}",
                    remedy="set `sandbox.python` to the project's Python",
                ) from error
            watch = _Watch(process.pid, self._folder, limits, follow, on_line)
            feeding = asyncio.ensure_future(_feed(process.stdin, stdin, feed))
            try:
                ending = await watch.until_end(process)
            finally:
                feeding.cancel()
                watch.end_everything()
                with contextlib.suppress(ProcessLookupError):
                    await process.wait()
            size = output.seek(0, os.SEEK_END)
            output.seek(max(0, size - limits.output_bytes))
            text = output.read().decode("utf-8", "replace")
        return SandboxRun(
            ending=ending,
            returncode=process.returncode if process.returncode is not None else -1,
            output=text,
            seconds=time.monotonic() - started,
            protection=_read_protection(report),
        )

    @property
    def _writable(self) -> tuple[Path, ...]:
        return self.scratch, self._home, self._told

    def close(self) -> None:
        """Remove the copy and all that was written beside it."""
        for folder, names, _ in os.walk(self._folder):
            for name in names:
                # What ran inside may have taken away the rights to remove it.
                with contextlib.suppress(OSError):
                    path = Path(folder, name)
                    if not path.is_symlink():
                        path.chmod(0o700)
        shutil.rmtree(self._folder, ignore_errors=True)

    def _command(
        self,
        arguments: Sequence[str],
        limits: Limits,
        environment: Mapping[str, str],
        report: Path,
        folder: Path,
    ) -> list[str]:
        paths = [str(self.inside), *environment.get("PYTHONPATH", "").split(os.pathsep)]
        spec = {
            "folder": str(folder),
            "cpu_seconds": int(2 * limits.seconds) + 5,
            "memory_bytes": limits.memory_bytes,
            # V8 reserves far more addresses than it ever uses.
            "memory_is": "AS" if self._program == self._interpreter else "DATA",
            "file_bytes": limits.file_bytes,
            "processes": limits.processes,
            "readable": [*_SYSTEM, str(self._folder), *map(str, self._readable)],
            # Neither the copy nor what runs inside: inputs nobody thought of must not change them.
            "writable": [*map(str, self._writable), "/dev/null", "/dev/tty"],
            "environment": {
                "PATH": os.pathsep.join([str(self._program.parent), os.defpath]),
                "HOME": str(self._home),
                "USERPROFILE": str(self._home),
                "TMPDIR": str(self.scratch),
                "TEMP": str(self.scratch),
                "TMP": str(self.scratch),
                "XDG_CACHE_HOME": str(self._home),
                "XDG_CONFIG_HOME": str(self._home),
                "LANG": "C.UTF-8",
                "TZ": "UTC",
                "PYTHONDONTWRITEBYTECODE": "1",
                "PYTHONHASHSEED": "0",
                "PYTHONUTF8": "1",
                "PYTHONSAFEPATH": "1",
                "PYTHONUNBUFFERED": "1",
                "OMP_NUM_THREADS": "1",
                **{key: value for key, value in os.environ.items() if key == "SYSTEMROOT"},
                **environment,
                "PYTHONPATH": os.pathsep.join(path for path in paths if path),
            },
        }
        confined = [
            str(self._interpreter),
            "-I",
            str(_CONFINE),
            str(report),
            json.dumps(spec),
            "--",
        ]
        command = [*confined, str(self._program), *arguments]
        if sys.platform == "darwin" and shutil.which("sandbox-exec"):
            places = " ".join(f'(subpath "{folder}")' for folder in self._writable)
            profile = _MACOS_PROFILE.format(places=places)
            command = ["/usr/bin/sandbox-exec", "-p", profile, *command]
        return command


async def _feed(
    pipe: asyncio.StreamWriter | None, stdin: str, more: AsyncIterable[str] | None
) -> None:
    """Write to a process for as long as it reads."""
    if pipe is None:
        return
    with contextlib.suppress(OSError):
        pipe.write(stdin.encode())
        await pipe.drain()
        if more is not None:
            async for text in more:
                pipe.write(text.encode())
                await pipe.drain()
    pipe.close()


class _Watch:
    """Looks at a running process from outside, and ends it with all that it started."""

    def __init__(
        self,
        pid: int,
        folder: Path,
        limits: Limits,
        follow: Path | None,
        on_line: Callable[[str], None] | None,
    ) -> None:
        self._pid = pid
        self._folder = folder
        self._limits = limits
        self._follow = follow
        self._on_line = on_line
        self._read_to = 0
        self._started: set[psutil.Process] = set()

    async def until_end(self, process: asyncio.subprocess.Process) -> Ending:
        deadline = time.monotonic() + self._limits.seconds
        n_looks = 0
        waiting = asyncio.ensure_future(process.wait())
        try:
            while True:
                done, _ = await asyncio.wait([waiting], timeout=_WATCH_SECONDS)
                self._tell_new_lines()
                if done:
                    return Ending.EXITED
                if time.monotonic() > deadline:
                    return Ending.OUT_OF_TIME
                if self._n_processes() > self._limits.processes:
                    return Ending.TOO_MANY_PROCESSES
                n_looks += 1
                if n_looks % 10 == 0 and _size_of(self._folder) > self._limits.folder_bytes:
                    return Ending.OUT_OF_SPACE
        finally:
            waiting.cancel()

    def end_everything(self) -> None:
        """Kill the process, its group, and what left the group; twice, for what was just born."""
        for _ in range(2):
            self._n_processes()
            if sys.platform != "win32":
                with contextlib.suppress(ProcessLookupError, PermissionError):
                    os.killpg(self._pid, signal.SIGKILL)
            for child in self._started:
                with contextlib.suppress(psutil.Error):
                    child.kill()
            psutil.wait_procs(self._started, timeout=0.5)

    def _n_processes(self) -> int:
        with contextlib.suppress(psutil.Error):
            parent = psutil.Process(self._pid)
            self._started.add(parent)
            self._started.update(parent.children(recursive=True))
        return sum(1 for process in self._started if process.is_running())

    def _tell_new_lines(self) -> None:
        if self._follow is None or self._on_line is None:
            return
        try:
            with self._follow.open("rb") as file:
                file.seek(self._read_to)
                data = file.read(4_000_000)
        except OSError:
            return
        end = data.rfind(b"\n") + 1
        self._read_to += end
        for line in data[:end].decode("utf-8", "replace").splitlines():
            self._on_line(line)


def _size_of(folder: Path) -> int:
    total = 0
    for here, _, files in os.walk(folder):
        for name in files:
            with contextlib.suppress(OSError):
                total += (Path(here) / name).lstat().st_size
    return total


def _interpreter_folders(interpreter: Path) -> list[Path]:
    """An interpreter's environment, and what that was made from."""
    folders = [interpreter.parent.parent, interpreter.resolve().parent.parent]
    config = interpreter.parent.parent / "pyvenv.cfg"
    with contextlib.suppress(OSError):
        for line in config.read_text(encoding="utf-8").splitlines():
            key, _, value = line.partition("=")
            if key.strip() == "home":
                folders.append(Path(value.strip()).parent)
    return folders


def _read_protection(report: Path) -> Protection:
    try:
        values = json.loads(report.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Protection(problem="the confined process did not start")
    network, files = values["network"], values["files"]
    if sys.platform == "darwin" and shutil.which("sandbox-exec"):
        network = files = "sandbox-exec"
    return Protection(files, network, values["limits"], values["problem"])

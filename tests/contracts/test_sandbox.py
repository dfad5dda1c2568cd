"""A project's code does what it likes, and nothing outside its sandbox changes."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import psutil
import pytest

from copilot_ls.domain import Ending, Limits, SandboxRun
from copilot_ls.errors import SandboxError
from copilot_ls.sandbox.process import ProcessSandbox

ON_LINUX = sys.platform == "linux"
confined = pytest.mark.skipif(not ON_LINUX, reason="files are only guarded by the copy here")


_ECHO = """
import sys
with open(sys.argv[1], "w", buffering=1) as told:
    for line in sys.stdin:
        told.write(line)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "module.py").write_text("VALUE = 5\n")
    return root


@pytest.fixture
def sandbox(project: Path) -> Iterator[ProcessSandbox]:
    box = ProcessSandbox(project, Path(sys.executable))
    yield box
    box.close()
    assert not box.project.exists()


async def run(sandbox: ProcessSandbox, code: str, limits: Limits | None = None) -> SandboxRun:
    return await sandbox.run(["-c", textwrap.dedent(code)], limits or Limits(seconds=20))


async def test_code_runs_on_a_copy(sandbox: ProcessSandbox, project: Path) -> None:
    code = f"""
        import sys
        sys.path.insert(0, {str(sandbox.project)!r})
        import module
        print(module.VALUE, module.__file__.startswith({str(project)!r}))
        """
    done = await run(sandbox, code)
    assert done.ending is Ending.EXITED
    assert done.output.strip() == "5 False"


@confined
@pytest.mark.parametrize(
    "place", ["{project}/module.py", "{inside}/copilot_ls_verify.py", "{project}/new"]
)
async def test_neither_the_copy_nor_what_runs_inside_can_be_changed(
    sandbox: ProcessSandbox, place: str
) -> None:
    inside = sandbox.project.parent / "inside"
    path = place.format(project=sandbox.project, inside=inside)
    code = f"""
        import os
        for change in (os.unlink, lambda path: open(path, "w").write("x")):
            try:
                change({path!r})
                print("changed")
            except OSError as error:
                pass
        """
    done = await run(sandbox, code)
    assert done.ending is Ending.EXITED
    assert done.output == ""


@confined
@pytest.mark.parametrize(
    "attack",
    [
        "open({outside!r}, 'w')",
        "os.unlink({outside!r})",
        "os.rename({outside!r}, {outside!r} + '.gone')",
        "os.mkdir({outside!r} + '.d')",
        "shutil.rmtree(os.path.dirname({outside!r}))",
        "os.symlink('/', {outside!r} + '.link')",
        "open({outside!r}).read()",
        "os.chmod({outside!r}, 0o777)",
        "os.chmod(os.path.dirname({outside!r}), 0o777)",
        "os.chown({outside!r}, 12345, 12345)",
        "os.utime({outside!r}, (1, 1))",
        "os.setxattr({outside!r}, 'user.a', b'b')",
        "socket.socket(socket.AF_INET)",
        "socket.socket(socket.AF_INET6)",
        "socket.socket(socket.AF_INET, socket.SOCK_DGRAM)",
        "socket.create_connection(('127.0.0.1', 1))",
        "os.kill({parent}, 9)",
        "os.kill({parent}, 0)",
    ],
)
async def test_an_attack_is_refused(sandbox: ProcessSandbox, tmp_path: Path, attack: str) -> None:
    outside = tmp_path / "outside" / "precious.txt"
    outside.parent.mkdir()
    outside.write_text("precious")
    attempt = attack.format(outside=str(outside), parent=os.getpid())
    code = f"""
import os, shutil, socket
try:
    {attempt}
except (PermissionError, OSError) as error:
    print("refused", error.errno)
else:
    print("succeeded")
"""
    done = await run(sandbox, code)
    assert done.output.startswith("refused"), done.output
    assert outside.read_text() == "precious"
    assert [path.name for path in outside.parent.iterdir()] == ["precious.txt"]


async def test_what_comes_later_reaches_a_running_process(sandbox: ProcessSandbox) -> None:
    has_answered = asyncio.Event()

    async def feed() -> AsyncIterator[str]:
        yield "second\n"
        await has_answered.wait()
        yield "third\n"

    told = sandbox.scratch / "told"
    done = await sandbox.run(
        ["-c", _ECHO, str(told)],
        Limits(seconds=20),
        stdin="first\n",
        feed=feed(),
        on_line=lambda line: has_answered.set() if line == "second" else None,
        follow=told,
    )
    assert done.ending is Ending.EXITED
    assert told.read_text() == "first\nsecond\nthird\n"


async def test_what_sleeps_for_ever_is_ended(sandbox: ProcessSandbox) -> None:
    done = await run(sandbox, "import time; time.sleep(1000)", Limits(seconds=1))
    assert done.ending is Ending.OUT_OF_TIME


async def test_children_end_with_it_even_in_a_session_of_their_own(
    sandbox: ProcessSandbox,
) -> None:
    code = """
        import os, subprocess, sys, time
        child = subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(1000)"], start_new_session=True
        )
        print(child.pid, flush=True)
        time.sleep(1000)
        """
    done = await run(sandbox, code, Limits(seconds=2))
    assert done.ending is Ending.OUT_OF_TIME
    child = int(done.output.split()[0])
    assert not psutil.pid_exists(child) or psutil.Process(child).status() == psutil.STATUS_ZOMBIE


@pytest.mark.skipif(sys.platform == "win32", reason="there is no fork")
async def test_a_flood_of_processes_is_ended(sandbox: ProcessSandbox) -> None:
    code = """
        import os, time
        for _ in range(200):
            try:
                if os.fork() == 0:
                    time.sleep(1000)
            except OSError:
                break
        time.sleep(1000)
        """
    done = await run(sandbox, code, Limits(seconds=10, processes=30))
    assert done.ending is Ending.TOO_MANY_PROCESSES


async def test_megabytes_of_output_are_cut(sandbox: ProcessSandbox) -> None:
    done = await run(
        sandbox,
        "print('x' * 10_000_000); print('end')",
        Limits(seconds=20, output_bytes=1_000),
    )
    assert len(done.output) <= 1_000
    assert done.output.rstrip().endswith("end")


@pytest.mark.skipif(sys.platform != "linux", reason="resource limits")
@pytest.mark.parametrize(
    ("code", "word"),
    [
        ("bytearray(4 << 30)", "MemoryError"),
        ("open('big', 'wb').write(bytes(100 << 20))", "File too large"),
    ],
)
async def test_memory_and_files_are_limited(sandbox: ProcessSandbox, code: str, word: str) -> None:
    done = await run(sandbox, code, Limits(seconds=20, file_bytes=10 << 20))
    assert word in done.output


async def test_secrets_of_the_environment_stay_outside(
    sandbox: ProcessSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("API_TOKEN", "precious")
    done = await run(sandbox, "import os; print(os.environ.get('API_TOKEN'), os.environ['HOME'])")
    assert done.output.split()[0] == "None"
    assert done.output.split()[1] != os.environ.get("HOME")


async def test_exiting_hard_is_told(sandbox: ProcessSandbox) -> None:
    done = await run(sandbox, "import os; os._exit(7)")
    assert (done.ending, done.returncode) == (Ending.EXITED, 7)


async def test_cancelling_ends_the_process(sandbox: ProcessSandbox) -> None:
    work = asyncio.create_task(run(sandbox, "import time; time.sleep(1000)"))
    await asyncio.sleep(0.5)
    before = {p.pid for p in psutil.Process().children(recursive=True)}
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert before
    assert not before & {p.pid for p in psutil.Process().children(recursive=True)}


@confined
def test_without_namespaces_modes_stay_as_they_are(tmp_path: Path) -> None:
    file = tmp_path / "precious.txt"
    file.write_text("precious")
    file.chmod(0o640)
    script = f"""
import ctypes, os
from copilot_ls.sandbox import confine
libc = ctypes.CDLL(None, use_errno=True)
assert not libc.prctl(confine._PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
assert confine._filter_calls(libc, keeps_modes=True)
os.chmod({str(file)!r}, 0o777)
os.chown({str(file)!r}, 12345, 12345)
os.chmod(os.open({str(file)!r}, os.O_RDONLY), 0o777)
"""
    subprocess.run([sys.executable, "-c", script], check=True)
    assert (file.stat().st_mode & 0o777, file.stat().st_uid) == (0o640, os.getuid())


@confined
async def test_it_ends_with_whoever_started_it(project: Path, tmp_path: Path) -> None:
    note = tmp_path / "pid"
    script = f"""
import asyncio, pathlib, sys
from copilot_ls.domain import Limits
from copilot_ls.sandbox.process import ProcessSandbox
box = ProcessSandbox(pathlib.Path({str(project)!r}), pathlib.Path(sys.executable))
pathlib.Path({str(note)!r}).write_text(str(box.scratch))
code = "import os, time; open('pid', 'w').write(str(os.getpid())); time.sleep(60)"
asyncio.run(box.run(["-c", code], Limits(seconds=60)))
"""
    starter = await asyncio.create_subprocess_exec(sys.executable, "-c", script)
    while not note.exists() or not Path(note.read_text(), "pid").exists():  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    inside = psutil.Process(int(Path(note.read_text(), "pid").read_text()))
    starter.kill()
    await starter.wait()
    psutil.wait_procs([inside], timeout=5)
    assert not inside.is_running()
    shutil.rmtree(Path(note.read_text()).parent)


async def test_folders_without_rights_are_removed_too(sandbox: ProcessSandbox) -> None:
    code = f"""
        import os
        os.makedirs({str(sandbox.scratch / "deep" / "er")!r})
        os.chmod({str(sandbox.scratch / "deep")!r}, 0)
        os.chmod({str(sandbox.scratch)!r}, 0)
        """
    assert (await run(sandbox, code)).returncode == 0
    sandbox.close()
    assert not sandbox.scratch.parent.exists()


def test_links_out_of_the_project_are_not_copied(project: Path, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("precious")
    (project / "link.txt").symlink_to(tmp_path / "secret.txt")
    (project / "folder").symlink_to(tmp_path)
    (project / "inside.txt").symlink_to(project / "module.py")
    box = ProcessSandbox(project, Path(sys.executable))
    try:
        names = sorted(path.name for path in box.project.iterdir())
        assert names == ["inside.txt", "module.py"]
    finally:
        box.close()


def test_what_may_not_be_read_is_left_out(project: Path, tmp_path: Path) -> None:
    (project / "private").mkdir()
    (project / "private" / "key.py").write_text("key = 1\n")
    (project / "secret.py").write_text("secret = 1\n")
    for path in (project / "private", project / "secret.py"):
        path.chmod(0)
    copy = tmp_path / "copy"
    code = (
        "from pathlib import Path; from copilot_ls.sandbox.copying import copy_project; "
        f"copy_project(Path({str(project)!r}), Path({str(copy)!r}))"
    )
    # Root may read everything, unless it gives that right away.
    without_rights = ["setpriv", "--inh-caps=-all", "--bounding-set=-all"] if is_root() else []
    if without_rights and shutil.which("setpriv") is None:
        pytest.skip("root reads everything, and there is no setpriv")
    subprocess.run([*without_rights, sys.executable, "-c", code], check=True)
    copied = {path.name for path in copy.rglob("*") if path.is_file()}
    assert "module.py" in copied
    assert not copied & {"key.py", "secret.py"}


def is_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0


async def test_a_missing_interpreter_is_an_error_with_a_remedy(project: Path) -> None:
    box = ProcessSandbox(project, project / "no-python")
    try:
        with pytest.raises(SandboxError, match=r"sandbox\.python"):
            await run(box, "")
    finally:
        box.close()

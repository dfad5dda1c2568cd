"""Lint, format, types and import contracts, side by side; prints only what fails."""

from __future__ import annotations

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

BIN = Path(sys.executable).parent
CHECKS = {
    "lint": ["ruff", "check", "-q", "."],
    "format": ["ruff", "format", "-q", "--check", "."],
    "types": ["mypy"],
    "imports": ["lint-imports", "--no-cache"],
}


def run(name: str) -> tuple[str, int, str, float]:
    started = time.perf_counter()
    command = [str(BIN / CHECKS[name][0]), *CHECKS[name][1:]]
    result = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
    return name, result.returncode, result.stdout + result.stderr, time.perf_counter() - started


def main() -> int:
    with ThreadPoolExecutor(2) as pool:
        results = list(pool.map(run, CHECKS))
    for name, code, output, seconds in results:
        print(f"{name:>8}: {'ok' if code == 0 else 'FAILED'} ({seconds:.1f} s)")
        if code:
            print(output)
    return 1 if any(code for _, code, _, _ in results) else 0


if __name__ == "__main__":
    sys.exit(main())

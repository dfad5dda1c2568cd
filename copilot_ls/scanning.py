"""The wiring of security checks: which scanners serve, with which rules.

Beside ``wiring`` and in its manner: it joins, and holds no logic of its own.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_ls.checks.gate import CHECKS, Check
from copilot_ls.checks.weaknesses import weakness_check
from copilot_ls.config import Settings
from copilot_ls.domain import Document, Finding

if TYPE_CHECKING:
    from copilot_ls.ports import Scanner
    from copilot_ls.scanners.engine import Engine
    from copilot_ls.scanners.patterns.scanner import PatternScanner


def find_semgrep(workspace: Path | None) -> Engine | None:
    """Return where Semgrep is; nothing if it is not installed, or only inside the workspace."""
    from copilot_ls.scanners.engine import find_engine

    return find_engine(workspace)


def suggestion_checks(settings: Settings) -> Sequence[Check]:
    """Return the checks of suggestions, our rules among them."""
    options = settings.security
    if not options.enabled:
        return CHECKS

    def find(document: Document) -> Sequence[Finding]:
        return [found for found in _patterns().find(document) if options.wants(found)]

    return (*CHECKS, weakness_check(find))


@cache
def _patterns() -> PatternScanner:
    from copilot_ls.scanners.patterns.scanner import PatternScanner
    from copilot_ls.scanners.rulebook import own_rulebook

    return PatternScanner(own_rulebook())


@asynccontextmanager
async def project_scanners(workspace: Path, *, jobs: int) -> AsyncIterator[Sequence[Scanner]]:
    """Open what scans whole projects, and close it again; ``jobs`` 0 is one for each processor."""
    from copilot_ls.scanners.rulebook import own_rulebook
    from copilot_ls.scanners.semgrep import SemgrepScanner

    engine = find_semgrep(workspace)
    scanners: list[Scanner] = []
    if engine is not None:
        scanners.append(
            SemgrepScanner(
                engine, own_rulebook(), jobs=jobs or os.cpu_count() or 1, idle_seconds=0.0
            )
        )
    try:
        yield scanners
    finally:
        for scanner in scanners:
            await scanner.aclose()

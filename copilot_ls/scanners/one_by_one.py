"""Scanning by a function that looks at one document, in a thread, so that the loop stays free."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence

from copilot_ls.domain import Document, Finding, ScanReport


async def scan_each(
    find: Callable[[Document], Iterable[Finding]],
    documents: Sequence[Document],
    on_progress: Callable[[int], None],
) -> ScanReport:
    """Look at the documents in turn; ``on_progress`` is told how many are done."""
    findings: list[Finding] = []
    for number, document in enumerate(documents, start=1):
        findings += await asyncio.to_thread(find, document)
        on_progress(number)
    return ScanReport(tuple(findings))

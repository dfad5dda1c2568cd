"""Findings in open documents: at once what can be seen at once, the rest when there is time.

Two looks share the work. The quick one, in this process, belongs to every version of a text. The
deep one follows data and takes its time; what it found moves along with the text until it looks
again, so that a finding does not flicker with every key.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

from copilot_ls.domain import Document, Edit, Finding, TraceStep
from copilot_ls.features.security.check import say_once
from copilot_ls.features.security.options import SecurityOptions
from copilot_ls.features.security.report import Baseline, Reported, report
from copilot_ls.features.security.suppress import split_suppressed
from copilot_ls.ports import Scanner
from indexer.model import Span

Finder: TypeAlias = Callable[[Document], Sequence[Finding]]
# From a document and where it changed: what must be looked at again, and the parts that need not.
Focus: TypeAlias = Callable[[Document, Span], tuple[Document, Sequence[Span]]]

_UNTITLED = "untitled"


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the deep look found in one version of a text; not complete if it did not parse."""

    text: str
    findings: tuple[Finding, ...]
    is_complete: bool


def _everything(document: Document, changed: Span) -> tuple[Document, Sequence[Span]]:
    del changed
    return document, ()


class LiveCheck:
    """Looks at the open documents of one workspace.

    ``quick`` finds what ``is_quick`` says of a rule; ``open_deep`` opens the scanner that finds
    everything, if there is one, when it is first needed, off the event loop. ``baseline`` is
    asked at each look for the findings that are known. ``others`` finds what is no weakness, and
    is not for the options of security to choose. ``focus`` spares the deep look what has not
    changed.
    """

    def __init__(
        self,
        *,
        quick: Finder,
        is_quick: Callable[[str], bool],
        open_deep: Callable[[], Scanner | None],
        baseline: Callable[[], Baseline],
        options: SecurityOptions,
        others: Finder = lambda _: (),
        focus: Focus = _everything,
    ) -> None:
        self.options = options
        self._others = others
        self._focus = focus
        self._quick = quick
        self._is_quick = is_quick
        self._open_deep = open_deep
        self._baseline = baseline
        self._deep: Scanner | None = None
        self._is_deep_open = False
        self._opening = asyncio.Lock()
        self._seen: dict[str, _Seen] = {}

    async def look(self, document: Document) -> list[Reported]:
        """Say what is known of this version of a text, within some milliseconds."""
        document = replace(document, path=document.path or _UNTITLED)
        return await asyncio.to_thread(self._look, document, self._seen.get(document.uri))

    async def look_deeply(self, document: Document) -> list[Reported]:
        """Look with everything there is, and remember what was found.

        Raises:
            ScannerError: the engine cannot be used.
        """
        document = replace(document, path=document.path or _UNTITLED)
        scanner = await self._scanner()
        if scanner is None:
            return await self.look(document)
        seen = self._seen.get(document.uri)
        if seen is None or not seen.is_complete or seen.text != document.text:
            seen = self._seen[document.uri] = await self._scanned(document, seen, scanner)
        return await asyncio.to_thread(self._look, document, seen)

    async def _scanned(self, document: Document, seen: _Seen | None, scanner: Scanner) -> _Seen:
        given: Document = document
        idle: Sequence[Span] = ()
        if seen is not None and seen.is_complete:
            change = changed(seen.text, document.text)
            given, idle = await asyncio.to_thread(self._focus, document, change)
        report = await scanner.scan([given], lambda _: None)
        known = self._moved(document, seen)
        if any(problem.path == document.path for problem in report.problems):
            # Half-typed code does not parse; what was known of it is better than nothing.
            return _Seen(document.text, (*report.findings, *known), is_complete=False)

        def is_idle(finding: Finding) -> bool:
            return any(
                finding.span.start < each.end and each.start < finding.span.end for each in idle
            )

        found = [each for each in report.findings if not is_idle(each)]
        found += [each for each in known if is_idle(each)]
        return _Seen(document.text, tuple(found), is_complete=True)

    def forget(self, uri: str) -> None:
        """Drop what is kept for a document."""
        self._seen.pop(uri, None)

    async def aclose(self) -> None:
        async with self._opening:
            if self._deep is not None:
                await self._deep.aclose()
                self._deep = None

    async def _scanner(self) -> Scanner | None:
        async with self._opening:
            if not self._is_deep_open:
                self._deep = await asyncio.to_thread(self._open_deep)
                self._is_deep_open = True
            return self._deep

    def _look(self, document: Document, seen: _Seen | None) -> list[Reported]:
        found = [*self._quick(document), *self._moved(document, seen)]
        wanted = [each for each in found if self.options.wants(each)]
        wanted += self._others(document)
        counting, _ = split_suppressed(say_once(wanted, document.text), document.text)
        new, _ = self._baseline().split(report(counting, document.text))
        return new

    def _moved(self, document: Document, seen: _Seen | None) -> list[Finding]:
        """What the deep look found, where it stands now; the quick look knows better of its own."""
        if seen is None:
            return []
        return [
            finding
            for finding in moved(seen.findings, seen.text, document.text)
            if seen.text == document.text or not self._is_quick(finding.rule)
        ]


def moved(findings: Iterable[Finding], old: str, new: str) -> Iterator[Finding]:
    """Yield findings in a text as they stand in a later version of it.

    What was changed itself, or on the way of its data, is left out.
    """
    if old == new:
        yield from findings
        return
    shift = len(new) - len(old)
    change = changed(old, new)
    begin, end = change.start, change.end - shift

    def place(span: Span) -> Span | None:
        if span.end <= begin:
            return span
        if span.start >= end:
            return Span(span.start + shift, span.end + shift)
        return None

    for finding in findings:
        span = place(finding.span)
        steps = [(place(step.span), step.message) for step in finding.trace]
        fixes = [(place(edit.span), edit.text) for edit in finding.fix]
        if span is None:
            continue
        trace = tuple(TraceStep(where, message) for where, message in steps if where is not None)
        fix = tuple(Edit(where, text) for where, text in fixes if where is not None)
        if len(trace) == len(steps) and len(fix) == len(fixes):
            yield replace(finding, span=span, trace=trace, fix=fix)


def changed(old: str, new: str) -> Span:
    """Return the part of a new text that is not as it was; empty where something was removed."""
    head = _n_common(old, new)
    tail = min(_n_common(old[::-1], new[::-1]), len(old) - head, len(new) - head)
    return Span(head, len(new) - tail)


def _n_common(one: str, other: str) -> int:
    """Count the characters that two texts begin with alike; by halves, for its speed."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low

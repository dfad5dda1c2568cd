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

from copilot_ls.domain import Document, Edit, Finding, ScanReport, TraceStep
from copilot_ls.features.security.check import say_once
from copilot_ls.features.security.options import SecurityOptions
from copilot_ls.features.security.report import Baseline, Reported, report
from copilot_ls.features.security.suppress import split_suppressed
from copilot_ls.ports import Scanner
from indexer.model import Span

Finder: TypeAlias = Callable[[Document], Sequence[Finding]]
_UNTITLED = "untitled"


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the deep look found in one version of a text; not complete if it did not parse."""

    text: str
    findings: tuple[Finding, ...]
    is_complete: bool


@dataclass(frozen=True, slots=True)
class _Glance:
    """What the quick look found in one version of a text, and its functions, if they are known."""

    text: str
    findings: tuple[Finding, ...]
    functions: Sequence[Span] | None = None


class LiveCheck:
    """Looks at the open documents of one workspace.

    ``quick`` finds what ``is_quick`` says of a rule; ``open_deep`` opens the scanner that finds
    everything, if there is one, when it is first needed, off the event loop. ``baseline`` is
    asked at each look for the findings that are known. ``others`` finds what is no weakness, and
    is not for the options of security to choose. ``functions`` gives the bodies of functions, and
    ``without`` blanks them out: while one of them changes, the others are not looked at again.
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
        functions: Callable[[Document], Sequence[Span]] = lambda _: (),
        without: Callable[[Document, Sequence[Span]], Document] = lambda document, _: document,
    ) -> None:
        self.options = options
        self.functions = functions
        self._others = others
        self._without = without
        self._quick = quick
        self._is_quick = is_quick
        self._open_deep = open_deep
        self._baseline = baseline
        self._deep: Scanner | None = None
        self._is_deep_open = False
        self._opening = asyncio.Lock()
        self._seen: dict[str, _Seen] = {}
        self._glances: dict[str, _Glance] = {}

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
        # Saving is a time for the quick look to look at everything again.
        self._glances.pop(document.uri, None)
        return await asyncio.to_thread(self._look, document, seen)

    async def examine(self, document: Document) -> ScanReport:
        """Find all there is in a text that need not be open; comments take nothing back.

        Nothing of it is remembered.

        Raises:
            ScannerError: the engine cannot be used.
        """
        document = replace(document, path=document.path or _UNTITLED)
        found = [*await asyncio.to_thread(self._quick, document)]
        scanner = await self._scanner()
        report = await scanner.scan([document], lambda _: None) if scanner else ScanReport()
        found += (each for each in report.findings if not self._is_quick(each.rule))
        return ScanReport(tuple(filter(self.options.wants, found)), report.problems)

    async def _scanned(self, document: Document, seen: _Seen | None, scanner: Scanner) -> _Seen:
        idle: Sequence[Span] = ()
        if seen is not None and seen.is_complete:
            functions = await asyncio.to_thread(self.functions, document)
            idle = _idle(functions, changed(seen.text, document.text))
        given = self._without(document, idle) if idle else document
        report = await scanner.scan([given], lambda _: None)
        known = self._moved(document, seen)
        if any(problem.path == document.path for problem in report.problems):
            # Half-typed code does not parse; what was known of it is better than nothing.
            return _Seen(document.text, (*report.findings, *known), is_complete=False)
        return _Seen(document.text, _joined(report.findings, known, idle), is_complete=True)

    def forget(self, uri: str) -> None:
        """Drop what is kept for a document."""
        self._seen.pop(uri, None)
        self._glances.pop(uri, None)

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
        found = [*self._glance(document), *self._moved(document, seen)]
        wanted = [each for each in found if self.options.wants(each)]
        wanted += self._others(document)
        counting, _ = split_suppressed(say_once(wanted, document.text), document.text)
        new, _ = self._baseline().split(report(counting, document.text))
        return new

    def _glance(self, document: Document) -> Sequence[Finding]:
        """Look quickly at all of a text, or at the one function that changed since then."""
        last = self._glances.get(document.uri)
        if last is not None and last.text == document.text:
            return last.findings
        functions: Sequence[Span] | None = None
        idle: Sequence[Span] = ()
        known: Iterable[Finding] = ()
        if last is not None:
            functions = last.functions
            if functions is None:
                functions = self.functions(replace(document, text=last.text))
            change = changed(last.text, document.text)
            functions = _shifted(functions, change, len(document.text) - len(last.text))
            idle = _idle(functions, change)
            known = moved(last.findings, last.text, document.text)
        found = _joined(
            self._quick(self._without(document, idle) if idle else document), known, idle
        )
        glance = _Glance(document.text, found, functions if idle else None)
        self._glances[document.uri] = glance
        return found

    def _moved(self, document: Document, seen: _Seen | None) -> list[Finding]:
        """What the deep look found, where it stands now; the quick look knows better of its own."""
        if seen is None:
            return []
        return [
            finding
            for finding in moved(seen.findings, seen.text, document.text)
            if seen.text == document.text or not self._is_quick(finding.rule)
        ]


def _idle(functions: Sequence[Span], change: Span) -> Sequence[Span]:
    """Return the functions that a change does not concern: all but the one that it is inside of.

    What stands in no function concerns all of them.
    """
    idle = [each for each in functions if not each.start <= change.start <= change.end <= each.end]
    return idle if len(idle) == len(functions) - 1 else ()


def _shifted(functions: Iterable[Span], change: Span, shift: int) -> list[Span]:
    """Return functions of a text as they stand in its next version, without those torn apart."""
    old_end = change.end - shift
    shifted = []
    for each in functions:
        if each.start <= change.start and old_end <= each.end:
            shifted.append(Span(each.start, each.end + shift))
        elif each.end <= change.start:
            shifted.append(each)
        elif each.start >= old_end:
            shifted.append(Span(each.start + shift, each.end + shift))
    return shifted


def _joined(
    found: Iterable[Finding], known: Iterable[Finding], idle: Sequence[Span]
) -> tuple[Finding, ...]:
    """Return what was known of idle parts, and what was found of the others."""

    def is_idle(finding: Finding) -> bool:
        span = finding.span
        return any(span.start < each.end and each.start < span.end for each in idle)

    return (
        *(each for each in found if not is_idle(each)),
        *(each for each in known if is_idle(each)),
    )


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

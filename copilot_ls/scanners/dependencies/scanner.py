"""Packages with published weaknesses in requirement and lock files.

Each advisory on a pinned package is a finding of its own, so that one can be accepted without the
next one. Where a version that is free of all of them is near, the finding knows the edit.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Iterator, Sequence

from copilot_ls.domain import (
    VULNERABLE_DEPENDENCY,
    Confidence,
    Document,
    Edit,
    Finding,
    ScanReport,
)
from copilot_ls.errors import ScannerError
from copilot_ls.scanners.dependencies import manifests
from copilot_ls.scanners.dependencies.manifests import Pin
from copilot_ls.scanners.dependencies.osv import Advisory, fixes_of, is_affected
from copilot_ls.scanners.dependencies.store import AdvisoryStore
from copilot_ls.scanners.dependencies.versions import package_of, version_of
from indexer.model import Problem

RULE = "dependency.vulnerable"
_NO_ADVISORIES = (
    "advisories are not imported: packages with known weaknesses are not looked for "
    "(`copilot-ls advisories import` brings them)"
)
_MAX_KNOWN = 5_000


class DependencyScanner:
    """The ``Scanner`` port for vulnerable dependencies; it reads a store that others fill."""

    def __init__(self, store: AdvisoryStore) -> None:
        self._store = store
        self._version = -1
        self._packages: frozenset[tuple[str, str]] = frozenset()
        self._known: dict[tuple[str, str], list[Advisory]] = {}

    def find(self, document: Document) -> list[Finding]:
        """Find the advisories on what one file pins; nothing for other files.

        Raises:
            ValueError: the file is torn.
            ScannerError: the store is damaged.
        """
        if not manifests.reads(document.path):
            return []
        pins = manifests.read(document.path, document.text)
        self._refresh()
        return [finding for pin in pins for finding in self._of_pin(pin, document.path)]

    async def scan(
        self, documents: Sequence[Document], on_progress: Callable[[int], None]
    ) -> ScanReport:
        findings: list[Finding] = []
        problems: list[Problem] = []
        for number, document in enumerate(documents, start=1):
            if manifests.reads(document.path):
                try:
                    findings += await asyncio.to_thread(self.find, document)
                except ValueError as error:
                    problems.append(Problem(document.path, f"its packages are not read: {error}"))
                except ScannerError as error:
                    problems.append(Problem("", str(error)))
                if not self._store.version:
                    problems.append(Problem("", _NO_ADVISORIES))
            on_progress(number)
        return ScanReport(tuple(findings), tuple(dict.fromkeys(problems)))

    async def aclose(self) -> None:
        pass

    def _refresh(self) -> None:
        if (version := self._store.version) != self._version:
            self._packages = self._store.packages()
            self._known.clear()
            self._version = version

    def _of_pin(self, pin: Pin, path: str) -> Iterator[Finding]:
        key = (pin.ecosystem, package_of(pin.ecosystem, pin.name))
        if not pin.version or key not in self._packages:
            return
        if key not in self._known:
            if len(self._known) > _MAX_KNOWN:
                self._known.clear()
            self._known[key] = self._store.find(*key)
        advisories = self._known[key]
        hits = _each_once([each for each in advisories if _hits(each, pin.version)])
        if not hits:
            return
        free = _nearest_free(pin, hits, advisories)
        for advisory in hits:
            yield _finding(pin, path, advisory, free)


def _hits(advisory: Advisory, version: str) -> bool:
    return any(is_affected(each, version) for each in advisory.affected)


def _each_once(advisories: Sequence[Advisory]) -> list[Advisory]:
    """Keep one of the advisories that are each other's aliases: the one with the most to say."""
    kept: list[Advisory] = []
    names: list[set[str]] = []
    for advisory in sorted(advisories, key=lambda each: (-each.score, not each.summary, each.id)):
        own = {advisory.id, *advisory.aliases}
        same = next((each for each in names if each & own), None)
        if same is None:
            kept.append(advisory)
            names.append(own)
        else:
            same |= own
    return kept


def _nearest_free(pin: Pin, hits: Sequence[Advisory], advisories: Sequence[Advisory]) -> str:
    """The lowest later version that is said to be fixed and that no advisory is about."""
    own = version_of(pin.ecosystem, pin.version)
    if own is None:
        return ""
    candidates = []
    for text in {fix for each in hits for about in each.affected for fix in fixes_of(about)}:
        version = version_of(pin.ecosystem, text)
        if version is not None and own < version and not _is_pre_release(text):
            candidates.append((version, text))
    candidates.sort(key=lambda pair: pair[0])
    return next(
        (
            text
            for _, text in candidates
            if not any(_hits(advisory, text) for advisory in advisories)
        ),
        "",
    )


def _is_pre_release(version: str) -> bool:
    return bool(re.search(r"(?i)\d[-._]?(?:a|b|c|rc|m|alpha|beta|dev|pre)[-._]?\d*|-", version))


def _finding(pin: Pin, path: str, advisory: Advisory, free: str) -> Finding:
    others = ", ".join(
        each
        for each in dict.fromkeys((advisory.id, *advisory.aliases))
        if each != advisory.name and each.startswith(("CVE-", "GHSA-", "PYSEC-", "RUSTSEC-", "GO-"))
    )
    score = f", CVSS {advisory.score:.1f}" if advisory.score else ""
    summary = advisory.summary.rstrip(".") or "a known weakness"
    remedy = f"Use {free} or later" if free else "No version without it is known: replace it"
    if free and _major(free) != _major(pin.version):
        remedy += " (which may break what uses it)"
    names = f"{advisory.name} ({others}{score})" if others or score else advisory.name
    return Finding(
        rule=f"{RULE}.{advisory.name}",
        message=f"{pin.name} {pin.version}: {summary}. {names}. {remedy}.",
        severity=advisory.severity,
        span=pin.span,
        path=path,
        confidence=Confidence.HIGH,
        category=VULNERABLE_DEPENDENCY,
        cwe=advisory.cwe or ("CWE-1395",),
        owasp=("A06:2021",),
        fix=_fix(pin, free),
        references=(f"https://osv.dev/vulnerability/{advisory.id}", *advisory.references),
    )


def _fix(pin: Pin, free: str) -> tuple[Edit, ...]:
    """Bump a version that a person wrote; to another major version he goes himself."""
    if not free or pin.version_span is None or _major(free) != _major(pin.version):
        return ()
    return (Edit(pin.version_span, free),)


def _major(version: str) -> str:
    """The part of a version that tells of what breaks: of 0.x, the second number too."""
    numbers = re.findall(r"\d+", version)[:2]
    return ".".join(numbers) if numbers[:1] == ["0"] else (numbers or [""])[0]

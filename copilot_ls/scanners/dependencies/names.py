"""Packages whose names are a slip of a popular one, in requirements and imports.

A name is accused only if nothing in the project knows it: it is not the project's own, not
installed, not locked, and for an import not declared either.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence

from copilot_ls.checks.packages import NPM, PYPI, nearest_popular, nearest_to_import
from copilot_ls.domain import Confidence, Document, Edit, Finding, ScanReport, Severity
from copilot_ls.scanners.dependencies import manifests
from copilot_ls.scanners.dependencies.manifests import Pin
from copilot_ls.scanners.dependencies.project import Project
from copilot_ls.scanners.one_by_one import scan_each
from indexer.model import Span
from indexer.syntax.reading import read_uses
from indexer.syntax.tree import read_tree

RULE = "dependency.misspelt"
CATEGORY = "misspelt-package"
_PYTHON = re.compile(r"^[ \t]*(?:from[ \t]+|import[ \t]+)([A-Za-z_][\w., \t]*)", re.MULTILINE)
_FIRST = re.compile(r"(?:^|,)[ \t]*(\w+)")
_JAVASCRIPT = re.compile(
    r"""(?:\bfrom|\bimport|\brequire\s*\(|\bimport\s*\()\s*["']([a-z][\w.-]*)"""
)
_REFERENCES = ("https://cwe.mitre.org/data/definitions/1357.html",)


class NameScanner:
    """The ``Scanner`` port for names of packages in one project.

    ``open_project`` is asked again after ``seconds``: packages are installed meanwhile.
    """

    def __init__(self, open_project: Callable[[], Project], *, seconds: float = 20.0) -> None:
        self._open_project = open_project
        self._seconds = seconds
        self._opened: tuple[float, Project] | None = None

    def find(self, document: Document) -> list[Finding]:
        """Find the names in one file; about 1 ms for 1,000 lines, more at the first slip."""
        if manifests.reads(document.path):
            if manifests.is_lock_file(document.path):
                return []
            try:
                pins = manifests.read(document.path, document.text)
            except ValueError:
                return []
            return [found for pin in pins for found in self._required(pin, document)]
        if document.language == "python":
            return [*self._imported(document, PYPI)]
        if document.language in {"javascript", "typescript", "tsx"}:
            return [*self._imported(document, NPM)]
        return []

    async def scan(
        self, documents: Sequence[Document], on_progress: Callable[[int], None]
    ) -> ScanReport:
        return await scan_each(self.find, documents, on_progress)

    async def aclose(self) -> None:
        pass

    @property
    def _project(self) -> Project:
        now = time.monotonic()
        if self._opened is None or now - self._opened[0] > self._seconds:
            self._opened = (now, self._open_project())
        return self._opened[1]

    def _required(self, pin: Pin, document: Document) -> Iterator[Finding]:
        if pin.ecosystem not in {PYPI, NPM} or pin.name.startswith("@"):
            return
        meant = nearest_popular(pin.ecosystem, pin.name)
        if meant is None or self._project.is_settled(pin.ecosystem, pin.name):
            return
        start = document.text.find(pin.name, pin.span.start, pin.span.end)
        if start >= 0:
            span = Span(start, start + len(pin.name))
            yield _finding(document, span, pin.name, meant, required=True)

    def _imported(self, document: Document, ecosystem: str) -> Iterator[Finding]:
        if ecosystem == PYPI:
            stated = [match[1] for match in _PYTHON.finditer(document.text)]
            names = {name for each in stated for name in _FIRST.findall(each)}
        else:
            names = {match[1] for match in _JAVASCRIPT.finditer(document.text)}
        slips = {
            name: meant
            for name in names - sys.stdlib_module_names
            if (meant := nearest_to_import(ecosystem, name)) and not self._knows(name, document)
        }
        tree = read_tree(document.language, document.text) if slips else None
        if tree is None:
            return
        reading = read_uses(document.path, tree, Span(0, len(document.text)))
        told: set[str] = set()
        for use in reading.imports:
            first = re.split(r"[./]" if ecosystem == PYPI else r"/", use.entry.module)[0]
            if first in slips and first not in told and not use.is_guarded and not use.entry.level:
                told.add(first)
                start = document.text.find(first, use.module_span.start, use.module_span.end)
                if start >= 0:
                    span = Span(start, start + len(first))
                    yield _finding(document, span, first, slips[first], required=False)

    def _knows(self, name: str, document: Document) -> bool:
        if document.language == "python":
            return self._project.has_module(name, document.path)
        return self._project.has_npm_package(name)


def _finding(document: Document, span: Span, name: str, meant: str, *, required: bool) -> Finding:
    known = "installed nor locked" if required else "installed, locked nor declared"
    return Finding(
        rule=RULE,
        message=(
            f"{name} is neither {known} here, and looks like a slip of {meant}. "
            "A package of a misspelt name may be somebody's trap: check the name."
        ),
        severity=Severity.HIGH,
        span=span,
        path=document.path,
        confidence=Confidence.MEDIUM,
        category=CATEGORY,
        cwe=("CWE-1357",),
        owasp=("A06:2021",),
        # The uses of an imported name would have to be renamed as well.
        fix=(Edit(span, meant),) if required else (),
        references=_REFERENCES,
    )

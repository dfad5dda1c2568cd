"""The wiring of security checks: which scanners serve, with which rules, on which files.

Beside ``wiring`` and in its manner: it joins, and holds no logic of its own.
"""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_ls.checks.gate import CHECKS, Check
from copilot_ls.checks.weaknesses import weakness_check
from copilot_ls.config import Settings
from copilot_ls.domain import Document, Finding
from copilot_ls.errors import ScannerError
from copilot_ls.features.security.live import Finder, LiveCheck
from copilot_ls.features.security.report import BASELINE_FILE, Baseline, read_baseline
from copilot_ls.prompts.fim import line_comment
from copilot_ls.scanners.dependencies import manifests
from indexer import changes, scan
from indexer.model import IndexOptions, Problem, Skipped, SkipReason, Span
from indexer.syntax import parse

if TYPE_CHECKING:
    from copilot_ls.features.security.options import SecurityOptions
    from copilot_ls.ports import Scanner
    from copilot_ls.scanners.dependencies.names import NameScanner
    from copilot_ls.scanners.dependencies.scanner import DependencyScanner
    from copilot_ls.scanners.dependencies.store import AdvisoryStore, Source
    from copilot_ls.scanners.engine import Engine
    from copilot_ls.scanners.patterns.scanner import PatternScanner
    from copilot_ls.scanners.rulebook import Rule
    from copilot_ls.scanners.secrets import SecretScanner

_log = logging.getLogger(__name__)
# So much text of a project is held at a time, whatever its size.
_PORTION_CHARS = 20_000_000


def find_semgrep(workspace: Path | None) -> Engine | None:
    """Return where Semgrep is; nothing if it is not installed, or only inside the workspace."""
    from copilot_ls.scanners.engine import find_engine

    return find_engine(workspace)


def suggestion_checks(settings: Settings, *, wait: bool) -> Sequence[Check]:
    """Return the checks of suggestions, our rules among them.

    Reading the rules takes some tenths of a second. It begins now; unless the first suggestions
    ``wait`` for it, what comes before is checked without them.
    """
    options = settings.security
    if not options.enabled:
        return CHECKS
    _RULES.begin()
    wants = _wanted(options)

    def find(document: Document) -> Sequence[Finding]:
        patterns = _RULES.patterns() if wait else _RULES.patterns_if_read()
        return patterns.find(document, wants) if patterns else ()

    return (*CHECKS, weakness_check(find))


def live_check(
    root: Path, settings: Settings, advisories: AdvisoryStore | None = None
) -> LiveCheck | None:
    """Open what looks at open documents while they are typed, docstrings too; or nothing."""
    options = settings.security
    is_wanted = options.enabled
    find_dependencies = _dependency_finder(root, advisories) if advisories else lambda _: ()
    if not is_wanted and not settings.docs.enabled:
        return None

    wants = _wanted(options)

    def quick(document: Document) -> Sequence[Finding]:
        if not is_wanted:
            return ()
        return [
            *_RULES.patterns().find(document, wants),
            *_secrets().find(document),
            *find_dependencies(document),
        ]

    def open_deep() -> Scanner | None:
        engine = find_semgrep(root) if options.semgrep and is_wanted else None
        if engine is None:
            if options.semgrep and is_wanted:
                _log.info("Semgrep is not installed: data is not followed on save")
            return None
        from copilot_ls.scanners.rulebook import Rulebook, own_rulebook
        from copilot_ls.scanners.semgrep import SemgrepScanner

        book, patterns = own_rulebook(), _RULES.patterns()
        # The quick look finds the rest, and looks at each version of a text anyway.
        rules = {
            name: rule
            for name, rule in book.rules.items()
            if wants(rule) and not patterns.looks_for(name)
        }
        return SemgrepScanner(
            engine,
            Rulebook(rules, book.problems),
            jobs=1,
            idle_seconds=options.semgrep_idle_seconds,
        )

    def functions(document: Document) -> Sequence[Span]:
        from copilot_ls.scanners.narrowing import functions_of

        return functions_of(document)

    def without(document: Document, spans: Sequence[Span]) -> Document:
        from copilot_ls.scanners import narrowing

        return narrowing.without(document, spans)

    return LiveCheck(
        quick=quick,
        is_quick=lambda rule: _RULES.patterns().looks_for(rule),
        open_deep=open_deep,
        baseline=partial(_baseline_or_none, root),
        options=options,
        others=_find_drift if settings.docs.enabled else lambda _: (),
        functions=functions,
        without=without,
    )


def _dependency_finder(root: Path, advisories: AdvisoryStore) -> Finder:
    scanners = _dependency_scanners(root, advisories)

    def find(document: Document) -> Sequence[Finding]:
        try:
            return [found for scanner in scanners for found in scanner.find(document)]
        except (ValueError, ScannerError) as error:
            # A file that is being written is torn now and then.
            _log.debug("%s: its packages are not read: %s", document.path, error)
            return ()

    return find


def _wanted(options: SecurityOptions) -> Callable[[Rule], bool]:
    return lambda rule: options.wants_rule(rule.id, rule.confidence)


def _dependency_scanners(
    root: Path, advisories: AdvisoryStore
) -> tuple[DependencyScanner, NameScanner]:
    from copilot_ls.scanners.dependencies.names import NameScanner
    from copilot_ls.scanners.dependencies.project import Project
    from copilot_ls.scanners.dependencies.scanner import DependencyScanner
    from indexer.libraries import find_environment

    options = IndexOptions(max_file_bytes=manifests.MAX_BYTES)

    def read_text(path: str) -> str | None:
        source = scan.read_source(root, path, options, as_it_is=True, also_generated=True)
        return None if isinstance(source, Skipped) else source.text

    def open_project() -> Project:
        return Project(
            root,
            lambda: [*scan.scan(root, options, also=manifests.reads).files],
            read_text,
            lambda: find_environment(root).folders,
        )

    return DependencyScanner(advisories), NameScanner(open_project)


def _find_drift(document: Document) -> Sequence[Finding]:
    from copilot_ls.features.documentation.findings import find_drift

    return find_drift(document)


def project_baseline(root: Path) -> Baseline:
    """Read the findings that a project knows of, if it has such a file.

    Raises:
        ValueError: the file is something else.
    """
    source = scan.read_source(root, BASELINE_FILE, IndexOptions(), as_it_is=True)
    if not isinstance(source, Skipped):
        return read_baseline(source.text)
    if source.reason is SkipReason.UNREADABLE and not (root / BASELINE_FILE).exists():
        return Baseline({})
    raise ValueError(source.reason)


def _baseline_or_none(root: Path) -> Baseline:
    try:
        return project_baseline(root)
    except ValueError:
        return Baseline({})


@dataclass(frozen=True, slots=True)
class RulesState:
    """How many rules there are, how many of them are looked for in this process."""

    n_rules: int
    n_in_process: int
    problems: tuple[str, ...]


def rules_state() -> RulesState:
    """Read all rules and say what became of them."""
    from copilot_ls.scanners.rulebook import own_rulebook

    book = own_rulebook()
    patterns = _RULES.patterns()
    problems = tuple(f"{problem.path}: {problem.message}" for problem in book.problems)
    return RulesState(len(book.rules), len(book.rules) - len(patterns.left_to_semgrep), problems)


class _Rules:
    """The rules of this process, read once, in a thread of their own if nobody needs them yet."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._reading: threading.Thread | None = None
        self._patterns: PatternScanner | None = None

    def begin(self) -> None:
        if self._reading is None:
            self._reading = threading.Thread(target=self.patterns, name="rules", daemon=True)
            self._reading.start()

    def patterns_if_read(self) -> PatternScanner | None:
        return self._patterns

    def patterns(self) -> PatternScanner:
        """Return the rules that are looked for in this process; reads them first if need be."""
        with self._lock:
            if self._patterns is None:
                from copilot_ls.scanners.patterns.scanner import PatternScanner
                from copilot_ls.scanners.rulebook import own_rulebook

                patterns = PatternScanner(own_rulebook())
                patterns.prepare()
                self._patterns = patterns
            return self._patterns


_RULES = _Rules()


@dataclass(frozen=True, slots=True)
class Selection:
    """Files of a project to be checked, by path; ``changed`` are their lines that changed.

    ``changed`` is empty if it was not asked for. Texts are read later, one by one.
    """

    root: Path
    options: IndexOptions
    paths: tuple[str, ...]
    changed: Mapping[str, Sequence[range]] = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()
    problems: tuple[Problem, ...] = ()
    is_staged: bool = False

    def read(self) -> Iterator[Document | Skipped]:
        """Read one file after the other; of a staged file, what will be committed."""
        for path in self.paths:
            found = self._staged(path) if self.is_staged else self._on_disk(path)
            if found is not None:
                yield found

    def portions(self, skipped: list[Skipped]) -> Iterator[list[Document]]:
        """Read all, a bearable amount of text at a time; what is left out goes to ``skipped``."""
        portion: list[Document] = []
        n_chars = 0
        for each in self.read():
            if isinstance(each, Skipped):
                skipped.append(each)
                continue
            if each.path == BASELINE_FILE:
                continue
            portion.append(each)
            n_chars += len(each.text)
            if n_chars > _PORTION_CHARS:
                yield portion
                portion, n_chars = [], 0
        if portion:
            yield portion

    def _on_disk(self, path: str) -> Document | Skipped:
        options = self._options_for(path)
        source = scan.read_source(
            self.root, path, options, as_it_is=True, also_generated=manifests.reads(path)
        )
        return source if isinstance(source, Skipped) else self._document(path, source.text)

    def _staged(self, path: str) -> Document | Skipped | None:
        data = changes.staged_bytes(self.root, path)
        if data is None:
            return None
        if len(data) > self._options_for(path).max_file_bytes:
            return Skipped(path, SkipReason.TOO_LARGE)
        if b"\0" in data:
            return Skipped(path, SkipReason.BINARY)
        return self._document(path, data.decode(errors="replace"))

    def _options_for(self, path: str) -> IndexOptions:
        if not manifests.reads(path):
            return self.options
        return replace(
            self.options, max_file_bytes=max(manifests.MAX_BYTES, self.options.max_file_bytes)
        )

    def _document(self, path: str, text: str) -> Document:
        return Document((self.root / path).as_uri(), path, parse.language_of(path) or "text", text)


def select_paths(
    root: Path, options: IndexOptions, only: Sequence[str] | None, *, with_changes: bool
) -> Selection:
    """Choose files and folders (relative to ``root``), or the whole project.

    Raises:
        IndexerError: the folder cannot be listed, or git not be asked for changes.
    """
    found = scan.scan(root, options, only=only, also=manifests.reads)
    changed = changes.changes_since(root, "HEAD") if with_changes else {}
    return Selection(root, options, (*found.files,), changed, found.skipped, found.problems)


def select_changes(root: Path, options: IndexOptions, revision: str) -> Selection:
    """Choose the files that differ from where the present work left a revision.

    Raises:
        NotARepository: git cannot be asked, or knows no such revision.
    """
    changed = changes.changes_since(root, revision)
    found = scan.scan(root, options, only=[*changed], also=manifests.reads)
    return Selection(root, options, (*found.files,), changed, found.skipped, found.problems)


def select_staged(root: Path, options: IndexOptions) -> Selection:
    """Choose the files that are staged, as they will be committed.

    Raises:
        NotARepository: git cannot be asked.
    """
    changed = changes.staged_changes(root)
    paths: list[str] = []
    skipped: list[Skipped] = []
    for path in changed:
        reason = scan.is_excluded(root, path, options, also=manifests.reads)
        if reason is not None:
            skipped.append(Skipped(path, reason))
        elif manifests.reads(path) or parse.language_of(path) is not None:
            paths.append(path)
    return Selection(root, options, tuple(paths), changed, tuple(skipped), is_staged=True)


def is_dependency_file(root: Path, path: str, options: IndexOptions) -> bool:
    """Tell whether a file names packages and nothing but a program's writing it speaks against it.

    Raises:
        PathRefused: ``root`` is not a folder that can be listed.
    """
    reads = manifests.reads
    return reads(path) and scan.is_excluded(root, path, options, also=reads) is None


def comment_mark(document: Document) -> str:
    """Return how a remark to us begins in a document; empty where there can be none."""
    if manifests.reads(document.path):
        return manifests.comment_mark(document.path)
    return line_comment(document.language)


def files_at(root: Path, revision: str) -> Mapping[str, bytes]:
    """Return the files that are different in a revision, as they are there.

    Raises:
        NotARepository: git cannot be asked, or knows no such revision.
    """
    return changes.files_at(root, revision)


@cache
def _secrets() -> SecretScanner:
    from copilot_ls.scanners.secrets import SecretScanner

    return SecretScanner()


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import of advisories brought; ``n_left_out`` are withdrawn or of no use here."""

    source: Source
    n_left_out: int


def import_advisories(
    store: AdvisoryStore, place: str, on_progress: Callable[[str, int, int | None], None]
) -> Imported:
    """Read an export from a file, a folder or an address that the user typed.

    ``on_progress`` is told what is done, how much of it and of how much (bytes, then records).

    Raises:
        ConfigError: it is no export, or one that nobody should open; nothing has changed.
        ScannerError: the store cannot be written.
    """
    from copilot_ls.scanners.dependencies.exports import Export, downloaded

    with ExitStack() as stack:
        if "://" in place:
            path = stack.enter_context(
                downloaded(place, lambda n_bytes: on_progress("loading", n_bytes, None))
            )
        else:
            path = Path(place)
            place = str(path.resolve())
        export = Export(path, lambda done, total: on_progress("reading", done, total))
        return Imported(store.replace(place, export, export.digest), export.n_left_out)


@asynccontextmanager
async def project_scanners(
    workspace: Path,
    *,
    jobs: int,
    semgrep: bool = True,
    advisories: AdvisoryStore | None = None,
) -> AsyncIterator[Sequence[Scanner]]:
    """Open what scans whole projects, and close it again; ``jobs`` 0 is one for each processor.

    The first one takes by far the most time. Without ``semgrep``, data is not followed; without
    ``advisories``, dependencies are not looked at.
    """
    from copilot_ls.scanners.rulebook import own_rulebook
    from copilot_ls.scanners.semgrep import SemgrepScanner

    engine = find_semgrep(workspace) if semgrep else None
    n_jobs = jobs or os.cpu_count() or 1
    scanners: list[Scanner] = [
        _RULES.patterns()
        if engine is None
        else SemgrepScanner(engine, own_rulebook(), jobs=n_jobs, idle_seconds=0.0),
        _secrets(),
        *(_dependency_scanners(workspace, advisories) if advisories else []),
    ]
    try:
        yield scanners
    finally:
        for scanner in scanners:
            await scanner.aclose()

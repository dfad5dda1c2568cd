"""What a hook looks at before a commit: the lines that change, within a budget of time.

Beside ``wiring`` and in its manner. A hook looks at what will be committed, not at what lies in
the folder; it reports, keeps its time, and never stops a commit because something of ours is
missing. What was found in a text is remembered, so that the same text costs nothing again.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from importlib.metadata import version
from pathlib import Path

from copilot_ls.config import Settings
from copilot_ls.documenting import index_options
from copilot_ls.domain import Document
from copilot_ls.features.documentation.check import check_text, is_checked
from copilot_ls.features.tests.javascript import untested as javascript
from copilot_ls.features.tests.untested import Testable, untested, words_of
from indexer import changes, scan
from indexer.conventions.deviations import deviations
from indexer.conventions.mine import Evidence, FileFacts, mine
from indexer.conventions.model import Conventions, Trait
from indexer.conventions.testing import is_test_path
from indexer.conventions.traits import traits_of
from indexer.model import Import, Skipped
from indexer.syntax import parse

_TESTED = frozenset({"python", *javascript.LANGUAGES})
_WHOLE = (range(1, 1 << 31),)
_FROM_REVISION = "PRE_COMMIT_FROM_REF"


@dataclass(frozen=True, slots=True)
class HookFinding:
    """Something in the lines that change; ``line`` is 1-based, ``symbol`` may be empty."""

    path: str
    line: int
    rule: str
    message: str
    symbol: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A file as it will be committed, and its lines (from 1) that change.

    ``is_on_disk`` is true if the folder holds the very same text, which can then be repaired.
    """

    document: Document
    lines: Sequence[range]
    is_on_disk: bool

    def overlaps(self, first: int, last: int) -> bool:
        """Whether any of these lines (from 1, both included) changes."""
        return any(lines.start <= last and first < lines.stop for lines in self.lines)


@dataclass(slots=True)
class Budget:
    """Seconds that a hook may take, counted from its start."""

    seconds: float
    started: float = field(default_factory=time.monotonic)

    @property
    def left(self) -> float:
        return self.seconds - (time.monotonic() - self.started)

    @property
    def is_spent(self) -> bool:
        return self.left <= 0


def changes_in(
    root: Path, settings: Settings, names: Sequence[str] | None, *, all_lines: bool = False
) -> list[Change]:
    """What is to be committed of the files ``names`` (relative to ``root``), or of all.

    If none of the files that are named changed, they are meant as a whole: that is how all files
    are checked. Under pre-commit with two revisions, the lines since the first one count.

    Raises:
        NotARepository: there is no git repository.
    """
    staged = changes.staged_changes(root)
    since = os.environ.get(_FROM_REVISION, "")
    committed = changes.changes_since(root, since) if since else {}
    if names is None:
        chosen: list[str] = [*staged]
    else:
        chosen = [*names]
    on_disk: Mapping[str, Sequence[range]] = {}
    if any(name not in staged and name not in committed for name in chosen):
        on_disk = changes.changes_since(root, "HEAD") if _has_commits(root) else {}
    are_changed = any(name in staged or name in committed or name in on_disk for name in chosen)
    options = index_options(settings)
    found: list[Change] = []
    for name in chosen:
        if scan.is_excluded(root, name, options) is not None or not parse.language_of(name):
            continue
        lines = committed.get(name) or staged.get(name) or on_disk.get(name) or ()
        if all_lines or not are_changed:
            lines = _WHOLE
        source = scan.read_source(root, name, options, as_it_is=True)
        text = None if isinstance(source, Skipped) else source.text
        is_on_disk = text is not None
        if name in staged and (data := changes.staged_bytes(root, name)) is not None:
            will_be = data.decode(errors="replace")
            is_on_disk = will_be == text
            text = will_be
        if text is not None and lines and len(text) <= settings.index.max_file_bytes:
            language = parse.language_of(name) or "text"
            document = Document((root / name).as_uri(), name, language, text)
            found.append(Change(document, lines, is_on_disk))
    return found


def _has_commits(root: Path) -> bool:
    return scan.ask_git(root, "rev-parse", "--verify", "-q", "HEAD") is not None


class Memory:
    """What was found in texts, by what they hold; a damaged file of it is forgotten.

    Of what was not asked for this time, the newest ``n_others`` entries are kept.
    """

    def __init__(self, file: Path, n_others: int = 2_000) -> None:
        self._file = file
        self._n_others = n_others
        self._known: dict[str, list[object]] = {}
        self._used: dict[str, list[object]] = {}
        try:
            known = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            known = {}
        if isinstance(known, dict):
            self._known = {k: v for k, v in known.items() if isinstance(v, list)}

    def recall(self, key: str, find: Callable[[], list[object]]) -> list[object]:
        """Return what is known under a key; find it first if need be."""
        value = self._known.get(key)
        if value is None:
            value = find()
        self._used[key] = value
        return value

    def save(self) -> None:
        """Keep what was used last; of two that save at once, one loses."""
        if self._used.keys() <= self._known.keys():
            return
        others = [key for key in self._known if key not in self._used][-self._n_others :]
        kept = {key: self._known[key] for key in others} | self._used
        fresh = self._file.with_suffix(f".{os.getpid()}")
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            fresh.write_text(json.dumps(kept), encoding="utf-8")
            fresh.replace(self._file)
        except OSError:
            fresh.unlink(missing_ok=True)


def key_of(*parts: str) -> str:
    """A key for what is made of these texts by this version."""
    digest = blake2b(digest_size=16)
    for part in (version("copilot-ls"), *parts):
        digest.update(part.encode(errors="replace"))
        digest.update(b"\0")
    return digest.hexdigest()


def documentation_findings(
    found: Iterable[Change], memory: Memory, budget: Budget
) -> Iterator[HookFinding | None]:
    """Docstrings that say what the code does not do, where either of them changes.

    Yields nothing in place of a file that there was no time for.
    """
    for change in found:
        document = change.document
        if not is_checked(document.language):
            continue
        if budget.is_spent:
            yield None
            continue

        def find(document: Document = document) -> list[object]:
            return [
                [each.line, each.drift.rule, each.drift.message, each.symbol, each.first, each.last]
                for each in check_text(document.path, document.language, document.text)
            ]

        for entry in memory.recall(key_of("docs", document.language, document.text), find):
            match entry:
                case [int(line), str(rule), str(message), str(symbol), int(first), int(last)]:
                    # A changed body can make an unchanged docstring wrong.
                    if change.overlaps(first + 1, last + 1):
                        yield HookFinding(document.path, line + 1, rule, message, symbol)
                case _:
                    pass


def convention_findings(
    found: Iterable[Change],
    conventions: Conventions,
    paths: Sequence[str],
    budget: Budget,
) -> Iterator[HookFinding | None]:
    """What changed lines do otherwise than the repository; see ``indexer.conventions``."""
    for change in found:
        document = change.document
        if not parse.has_grammar(document.language):
            continue
        if budget.is_spent:
            yield None
            continue
        parsed = parse.parse(document.path, document.language, document.text)
        for each in deviations(parsed, document.text, conventions, paths):
            if change.overlaps(each.line + 1, each.line + 1):
                yield HookFinding(each.path, each.line + 1, each.rule, each.message)


def missing_tests(
    root: Path, settings: Settings, found: Sequence[Change], budget: Budget
) -> Iterator[HookFinding | None]:
    """Public functions that change and that no test of the repository names.

    Tests that are committed together with them count.
    """
    chosen = [
        change
        for change in found
        if change.document.language in _TESTED and not is_test_path(change.document.path)
    ]
    if not chosen:
        return
    options = index_options(settings)
    named: set[str] = set()
    for change in found:
        if is_test_path(change.document.path):
            named |= words_of(change.document.text)
    for path in scan.scan(root, options).files:
        is_read = parse.language_of(path) in _TESTED and is_test_path(path)
        if is_read and not budget.is_spent:
            source = scan.read_source(root, path, options, as_it_is=True)
            named |= words_of("" if isinstance(source, Skipped) else source.text)
    for change in chosen:
        if budget.is_spent:
            yield None
            continue
        for each in _untested(change.document, named):
            if change.overlaps(each.first, each.last):
                message = f"`{each.name}` changes, and no test names it"
                path = change.document.path
                yield HookFinding(path, each.first, "tests.missing", message, each.name)


def _untested(document: Document, named: Collection[str]) -> Iterator[Testable]:
    if document.language == "python":
        return untested(document.text, named)
    return javascript.untested(document.path, document.language, document.text, named)


def mined_conventions(
    root: Path, settings: Settings, memory: Memory, budget: Budget
) -> tuple[Conventions, list[str]] | None:
    """Count the conventions from the files themselves; nothing if there is no time for it.

    The facts of each text are remembered, so that only the first time is slow.
    """
    options = index_options(settings)
    files: list[FileFacts] = []
    imports: list[Import] = []
    for path in scan.scan(root, options).files:
        language = parse.language_of(path)
        if language is None or not parse.has_grammar(language):
            continue
        if budget.is_spent:
            return None
        source = scan.read_source(root, path, options, as_it_is=True)
        if isinstance(source, Skipped):
            continue
        text = source.text

        def read(path: str = path, language: str = language, text: str = text) -> list[object]:
            parsed = parse.parse(path, language, text)
            traits = [list(each) for each in traits_of(parsed, text)]
            bound = [[e.module, e.line, e.name, e.alias, e.level] for e in parsed.imports]
            return [traits, bound]

        match memory.recall(key_of("facts", path, text), read):
            case [list(traits), list(bound)]:
                counts = [Trait(*trait) for trait in traits]
                files.append(FileFacts(path, language, text.count("\n"), counts))
                imports += [Import(path, *entry) for entry in bound]
            case _:
                pass
    paths = [file.path for file in files if not is_test_path(file.path)]
    return mine(Evidence(files, imports)), paths

"""The wiring of documentation: which files show how a repository describes itself.

Beside ``wiring`` and in its manner: it joins, and holds no logic of its own.
"""

from __future__ import annotations

import asyncio
import logging
import os
import time
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_ls import config
from copilot_ls.domain import Document
from copilot_ls.errors import ModelError
from indexer import history, scan
from indexer.conventions.testing import is_test_path
from indexer.model import IndexOptions, ParsedFile, Skipped
from indexer.syntax import parse

if TYPE_CHECKING:
    from copilot_ls.features.completion.writer import ModelSource
    from copilot_ls.features.documentation.account import Account
    from copilot_ls.features.documentation.reading import Definition, DocumentedFile, Neighbours
    from copilot_ls.features.documentation.references import RepositoryNames
    from copilot_ls.features.documentation.write import DocProposal, Writer

_log = logging.getLogger(__name__)
# Enough to learn how a repository writes, and read in well under a second.
_MAX_NEIGHBOURS = 120
_MAX_NEIGHBOUR_CHARS = 1_500_000
_NOT_WALKED = frozenset({".git", ".hg", "node_modules", "__pycache__", ".venv", "venv"})
# What other files show changes slowly.
_MAX_AGE_SECONDS = 120.0


def index_options(settings: config.Settings) -> IndexOptions:
    return IndexOptions(
        max_file_bytes=settings.index.max_file_bytes, exclude=settings.index.exclude
    )


def python_files(root: Path, settings: config.Settings) -> list[str]:
    """The Python files of a project that count, by path."""
    found = documented_files(root, settings)
    return [path for path in found if path.endswith((".py", ".pyi"))]


def documented_files(root: Path, settings: config.Settings) -> list[str]:
    """The files of a project that count and can be held against something, by path."""
    found = scan.scan(root, index_options(settings)).files
    wanted = {"python", "markdown", "javascript", "typescript", "tsx"}
    return sorted(path for path in found if parse.language_of(path) in wanted)


def read_texts(
    root: Path, paths: Iterable[str], settings: config.Settings
) -> Iterator[tuple[str, str]]:
    """Path and text of each file that may be read."""
    options = index_options(settings)
    for path in paths:
        source = scan.read_source(root, path, options, as_it_is=True)
        if not isinstance(source, Skipped):
            yield path, source.text


def neighbours_of(root: Path, settings: config.Settings, path: str) -> Neighbours:
    """Read the files around ``path``, the nearest first, up to a limit; itself left out."""
    from copilot_ls.features.documentation.reading import read_neighbours

    others = [
        other for other in python_files(root, settings) if other != path and not is_test_path(other)
    ]
    own = path.split("/")[:-1]
    others.sort(key=lambda other: (_distance(own, other.split("/")[:-1]), other))
    read: list[tuple[str, str]] = []
    n_chars = 0
    for other, text in read_texts(root, others[:_MAX_NEIGHBOURS], settings):
        read.append((other, text))
        n_chars += len(text)
        if n_chars > _MAX_NEIGHBOUR_CHARS:
            break
    return read_neighbours(read)


def repository_names(root: Path, settings: config.Settings) -> RepositoryNames:
    """Read all that a repository defines; some milliseconds for each of its Python files."""
    from copilot_ls.features.documentation.references import RepositoryNames, programs_in
    from indexer.syntax.tree import read_tree

    files = []
    for path, text in read_texts(root, python_files(root, settings), settings):
        if (tree := read_tree("python", text)) is not None:
            files.append((parse.parse_tree(path, tree, with_uses=False), text))
    pyproject: dict[str, object] = {}
    for _, text in read_texts(root, ["pyproject.toml"], settings):
        try:
            pyproject = tomllib.loads(text)
        except tomllib.TOMLDecodeError:
            continue
    return RepositoryNames(files, _all_files(root), programs_in(pyproject))


def between(
    root: Path, first: str, last: str
) -> tuple[list[ParsedFile], list[ParsedFile], list[history.Commit]] | None:
    """The Python files that differ between two revisions, before and after, and the commits.

    Nothing if git knows no such revisions.
    """
    commits = history.commits_between(root, first, last)
    if commits is None:
        return None
    sides: tuple[list[ParsedFile], list[ParsedFile]] = ([], [])
    for path in history.paths_between(root, first, last):
        if not path.endswith((".py", ".pyi")):
            continue
        for revision, side in zip((first, last), sides, strict=True):
            if (text := history.text_at(root, revision, path)) is not None:
                side.append(parse.parse(path, "python", text))
    return (*sides, commits)


def _all_files(root: Path) -> Iterator[str]:
    """Everything that can be linked to: pictures too, and what is left out of the index."""
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if name not in _NOT_WALKED]
        for name in names:
            yield (Path(folder) / name).relative_to(root).as_posix()


def _distance(one: list[str], other: list[str]) -> int:
    """How many folders one goes up and down from one folder to another."""
    shared = 0
    for left, right in zip(one, other, strict=False):
        if left != right:
            break
        shared += 1
    return len(one) + len(other) - 2 * shared


class DocTask(StrEnum):
    """What can be done about the docstring of one definition."""

    WRITE = "write"
    REPAIR = "repair"


@dataclass(frozen=True, slots=True)
class DocOffer:
    """Something that can be done at a place of a document, and what to call it.

    ``first`` and ``last`` are the lines (from 0) of the head and the docstring.
    """

    task: DocTask
    symbol: str
    title: str
    first: int
    last: int


class Documenter:
    """Docstrings for the documents of one folder; reading other files is put off and kept.

    ``model`` gives the chat model, if there is one and the settings want its sentences.
    """

    def __init__(self, root: Path, settings: config.Settings, model: ModelSource) -> None:
        self._root = root
        self._settings = settings
        self._model = model
        self._neighbours: dict[str, tuple[float, Neighbours]] = {}
        self._read: tuple[Document | None, DocumentedFile | None] = None, None

    async def offers(self, document: Document, first: int, last: int) -> list[DocOffer]:
        """Say what can be done about docstrings in some lines (from 0); takes milliseconds."""
        if document.language != "python":
            return []
        return await asyncio.to_thread(self._offers, document, first, last)

    async def missing(self, document: Document) -> list[str]:
        """Name the public definitions of a file that should have a docstring and have none."""
        writer = await asyncio.to_thread(self._writer, document)
        return [] if writer is None else writer.missing()

    async def propose(self, document: Document, symbol: str, task: DocTask) -> DocProposal | None:
        """Write or repair a docstring; nothing if the document cannot be read.

        Without a model, or if it fails, a docstring says what the code does alone.
        """
        writer = await asyncio.to_thread(self._writer, document)
        if writer is None:
            return None
        if task is DocTask.REPAIR:
            return await asyncio.to_thread(writer.repair, symbol)
        account = await self._prose(writer, symbol) if self._settings.docs.prose else None
        return await asyncio.to_thread(writer.write, symbol, account)

    async def _prose(self, writer: Writer, symbol: str) -> Account | None:
        from copilot_ls.features.documentation.prose import with_prose

        definition = writer.file.definition(symbol)
        if definition is None:
            return None
        try:
            model = await self._model()
            if model is None or not (await model.capabilities()).has_chat:
                return None
            seconds = self._settings.docs.prose_seconds
            account = writer.account(definition)
            return await with_prose(model, writer.file, definition, account, seconds=seconds)
        except ModelError as error:
            _log.warning("docstring written without the model: %s", error)
            return None

    def _offers(self, document: Document, first: int, last: int) -> list[DocOffer]:
        file = self._file(document)
        return [] if file is None else _offers(file, first, last)

    def _writer(self, document: Document) -> Writer | None:
        from copilot_ls.features.documentation.write import Writer

        file = self._file(document)
        if file is None:
            return None
        return Writer(file, self._around(document.path), self._settings.docs)

    def _file(self, document: Document) -> DocumentedFile | None:
        """Read a document; editors ask for the same one whenever the cursor moves."""
        from copilot_ls.features.documentation.reading import read_file

        known, file = self._read
        if known is None or (known.path, known.text) != (document.path, document.text):
            file = read_file(document.path, document.text)
            self._read = document, file
        return file

    def _around(self, path: str) -> Neighbours:
        known = self._neighbours.get(path)
        now = time.monotonic()
        if known is None or now - known[0] > _MAX_AGE_SECONDS:
            known = (now, neighbours_of(self._root, self._settings, path))
            self._neighbours = {path: known}
        return known[1]


def _offers(file: DocumentedFile, first: int, last: int) -> list[DocOffer]:
    from copilot_ls.features.documentation.check import check_file
    from copilot_ls.features.documentation.drift import DriftRule

    found: list[DocOffer] = []
    wrong = check_file(file)
    below = _start_of_line(file.text, last + 1)
    for definition in file.definitions:
        # Where a head ends is found by counting lines, which is too much for all of a large file.
        if definition.symbol.end_line < first or definition.symbol.span.start >= below:
            continue
        name = definition.symbol.qualified_name
        start, end = _head_lines(file, definition)
        if file.definition(name) is not definition or last < start or first > end:
            continue
        if definition.body.docstring is None:
            title = f"Write a docstring for `{definition.symbol.name}`"
            found.append(DocOffer(DocTask.WRITE, name, title, start, end))
            continue
        drifts = [each.drift for each in wrong if each.symbol == name]
        if drifts:
            missing = [d.name for d in drifts if d.rule is DriftRule.MISSING_PARAMETER]
            title = f"Repair the docstring of `{definition.symbol.name}`"
            if len(missing) == len(drifts):
                names = ", ".join(f"`{each}`" for each in missing)
                title = f"Add {names} to the docstring of `{definition.symbol.name}`"
            found.append(DocOffer(DocTask.REPAIR, name, title, start, end))
    return found


def _start_of_line(text: str, line: int) -> int:
    """The offset at which a line (from 0) begins, or the text's length if it has fewer."""
    start = 0
    for _ in range(line):
        start = text.find("\n", start) + 1
        if not start:
            return len(text)
    return start


def _head_lines(file: DocumentedFile, definition: Definition) -> tuple[int, int]:
    """The lines of a definition's head, and of its docstring, first and last."""
    body, text = definition.body, file.text
    start = text.count("\n", 0, definition.symbol.span.start)
    end = definition.symbol.line
    if body.docstring is not None:
        return start, text.count("\n", 0, body.docstring.span.end)
    # As far as the parameters go.
    inner = text.find(":\n", body.span.start)
    if inner >= 0:
        end = max(end, text.count("\n", 0, min(inner, body.span.end)))
    return start, end

"""One file from the folder to the rows of the store: read, parse, cut, split into words.

The same here and in a worker process; where it runs is the business of ``pool``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from indexer import chunk, scan, secrets
from indexer.conventions.traits import traits_of
from indexer.model import Chunk, IndexOptions, ParsedFile, Problem, Skipped
from indexer.store.records import FileRecord, FileRows, rows_of
from indexer.syntax import parse


def take_in(
    root: Path, path: str, options: IndexOptions, *, as_text: bool = False
) -> FileRows | Skipped:
    """The rows of one file, or why it is left out; never raises for what a file holds.

    ``as_text`` looks for no symbols in it, because that broke a parser or took too long.
    """
    source = scan.read_source(root, path, options)
    if isinstance(source, Skipped):
        return source
    language = parse.language_of(path) or "text"
    if as_text:
        problem = Problem(path, "broke the parser or took too long; only its text is indexed")
        parsed = ParsedFile(path, language, problems=(problem,))
    else:
        parsed = parse.parse(path, language, source.text)
    # Generated code is called by people, so its definitions count (with their uses, by which they
    # are ranked); nobody wants to find its text or to learn from its habits.
    is_written = not source.generated
    return rows_of(
        FileRecord(
            stamp=source.stamp,
            parsed=parsed,
            chunks=chunk.chunks_of(parsed, source.text) if is_written else (),
            traits=traits_of(parsed, source.text) if is_written and not as_text else (),
            n_lines=source.text.count("\n") + 1,
            problems=source.problems,
            masked=source.masked,
            generated=source.generated,
        )
    )


def understand(path: str, text: str) -> tuple[ParsedFile, Sequence[Chunk]]:
    """What a text says of itself, secrets left out, and its pieces for searching; pure."""
    language = parse.language_of(path) or "text"
    text, _ = secrets.mask(text, path, language)
    parsed = parse.parse(path, language, text)
    return parsed, chunk.chunks_of(parsed, text)

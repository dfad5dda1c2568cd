"""Cases from the user's own project: calls of its own API, those written after a date if wanted.

A model that was trained on a repository remembers it; lines that are younger than the model cannot
be remembered. A case is a line that stands alone, whose call goes to a definition in another file
that the file has not called before: the same shape as the published cases have.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from copilot_ls import wiring
from copilot_ls.config import Settings
from copilot_ls.domain import Document
from copilot_ls.errors import ConfigError, WorkspaceError
from copilot_ls.evals.cases import Case
from copilot_ls.evals.repositories import IndexedRepository
from indexer.model import ParsedFile, Query, Reference, ReferenceKind, SearchMode, Symbol
from indexer.resolve.names import Found, Names
from indexer.resolve.outline import Outline, Repository
from indexer.syntax.parse import language_of, parse

_MAX_FILES = 400
_MAX_PER_FILE = 4
_MAX_PER_CALLEE = 2
_SHORTEST, _LONGEST = 20, 125
_SEED = 20_261_125
_TEST_PATH = re.compile(r"(^|/)(tests?|testing)/|(^|/)(test_[^/]*|conftest|[^/]*_test)\.\w+$")
_UNFINISHED = (
    "(",
    "[",
    "{",
    ",",
    "\\",
    "=",
    "+",
    "-",
    "*",
    "/",
    "%",
    "|",
    "&",
    " and",
    " or",
    "=>",
)
_COMMENT = re.compile(r"\s(#|//)\s")


def mine_cases(
    root: Path, since: datetime | None, *, limit: int, on_progress: Callable[[int], None]
) -> list[Case]:
    """Return at most ``limit`` cases, the same ones each time for the same repository.

    Without ``since`` all lines count, however old, and no history is needed.

    Raises:
        ConfigError: there is no git history, or nothing in it is young enough.
    """
    if since is None:
        changed = sorted(
            file.relative_to(root).as_posix()
            for file in root.rglob("*")
            if file.is_file() and not file.is_symlink()
        )
    else:
        known = wiring.files_changed_since(root, since)
        if known is None:
            raise ConfigError(f"{root} has no git history", remedy="name a clone with --mine")
        changed = known
    paths = [path for path in changed if language_of(path) and not _TEST_PATH.search(path)]
    paths = paths[:_MAX_FILES]
    random.Random(_SEED).shuffle(paths)  # noqa: S311 - a sample, not a secret
    cases: list[Case] = []
    with IndexedRepository.open(root.parent, root.name) as repository:
        n_by_callee: dict[tuple[str, str], int] = {}
        for path in paths:
            try:
                document = wiring.read_document(root, root / path, Settings())
            except WorkspaceError:
                continue  # It is excluded, a link, or gone since.
            young = (
                set(range(document.text.count("\n") + 1))
                if since is None
                else wiring.lines_written_since(root, path, since)
            )
            n_in_file = 0
            for case, symbol in _cases_in(repository, document, young):
                key = (symbol.path, symbol.qualified_name)
                if n_in_file >= _MAX_PER_FILE or n_by_callee.get(key, 0) >= _MAX_PER_CALLEE:
                    continue
                n_in_file += 1
                n_by_callee[key] = n_by_callee.get(key, 0) + 1
                cases.append(case)
                on_progress(len(cases))
                if len(cases) >= limit:
                    return cases
    if not cases and since is None:
        raise ConfigError(
            f"no line of {root} certainly calls a definition of another file",
            remedy="name a project in Python or TypeScript, or give --cases",
        )
    if not cases and since is not None:
        raise ConfigError(
            f"no line since {since:%Y-%m-%d} calls a definition of another file",
            remedy="give an earlier --since",
        )
    return cases


def _cases_in(
    repository: IndexedRepository, document: Document, young: set[int]
) -> Iterator[tuple[Case, Symbol]]:
    if not young:
        return
    path, text = document.path, document.text
    parsed = parse(path, document.language, text)
    first_use: dict[str, int] = {}
    for reference in parsed.references:
        first_use[reference.name] = min(first_use.get(reference.name, 1 << 30), reference.line)
    lines = text.split("\n")
    starts = _line_starts(lines)
    taken: set[int] = set()
    for reference in parsed.references:
        number = reference.line
        if (
            reference.kind is not ReferenceKind.CALL
            or number not in young
            or number in taken
            or first_use[reference.name] < number
            or not _stands_alone(lines, number)
        ):
            continue
        column = lines[number].find(reference.name, reference.span.start - starts[number])
        symbol = _definition(repository, parsed, text, starts[number] + column, reference)
        if column < 0 or symbol is None or symbol.path == path:
            continue
        taken.add(number)
        yield _case(repository.root.name, path, lines[number], number, column, symbol), symbol


def _stands_alone(lines: Sequence[str], number: int) -> bool:
    content = lines[number].strip()
    above = lines[number - 1].rstrip() if number else ""
    return (
        _SHORTEST <= len(content) <= _LONGEST
        and not above.endswith(_UNFINISHED)
        and not content.endswith((*_UNFINISHED, ":"))
        and content[0] not in ")]}.@#/*"
        and all(content.count(a) == content.count(b) for a, b in ("()", "[]", "{}"))
        and _COMMENT.search(content) is None
    )


def _definition(
    repository: IndexedRepository, parsed: ParsedFile, text: str, offset: int, reference: Reference
) -> Symbol | None:
    """What is called, where that is certain enough: an import says so, or the receiver's type."""
    if not reference.receiver:

        def resolved(names: Repository) -> Symbol | None:
            target = Names(names).resolve_name(Outline(parsed), reference.name)
            return target.symbol if isinstance(target, Found) else None

        return repository.index.consult(resolved)
    end = offset + len(reference.name)
    for hit in repository.index.search(Query(text, SearchMode.COMPLETION, parsed.path, end, 1)):
        if "receiver" in hit.signals and hit.symbol and hit.symbol.name == reference.name:
            return hit.symbol
    return None


def _case(repo: str, path: str, line: str, number: int, column: int, symbol: Symbol) -> Case:
    content = line.rstrip("\r")
    indent = len(content) - len(content.lstrip())
    module = symbol.path.rpartition(".")[0].replace("/", ".")
    return Case(
        id=f"{repo}/{path}:{number + 1}",
        repo=repo,
        path=path,
        line=number,
        character=_utf16(content[:indent]),
        member_character=_utf16(content[:column]),
        groundtruth=content[indent:].rstrip(),
        groundtruth_member=content[column:].rstrip(),
        callee=f"{module}.{symbol.qualified_name}",
        callee_kind=str(symbol.kind),
        callee_path=symbol.path,
        callee_line=symbol.line,
        is_copied=False,
    )


def _line_starts(lines: Sequence[str]) -> list[int]:
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    return starts


def _utf16(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2

"""Evaluation cases: one-line holes in real repositories, and how an answer is scored. Pure data.

A case names a file, the line that is taken out of it, and the definition in another file that
the line calls. The format is one JSON object a line; positions are LSP positions (0-based,
UTF-16).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from copilot_ls.errors import ConfigError

_IDENTIFIER = re.compile(r"[^\W\d]\w*")


class At(StrEnum):
    """Where the cursor stands in the line that is to be completed."""

    MEMBER = "member"
    LINE = "line"


@dataclass(frozen=True, slots=True)
class Case:
    """One hole. ``callee_line`` is 0-based; ``is_copied`` if the line stands elsewhere too."""

    id: str
    repo: str
    path: str
    line: int
    character: int
    member_character: int
    groundtruth: str
    groundtruth_member: str
    callee: str
    callee_kind: str
    callee_path: str
    callee_line: int
    is_copied: bool

    def expected(self, at: At) -> str:
        return self.groundtruth_member if at is At.MEMBER else self.groundtruth


@dataclass(frozen=True, slots=True)
class Hole:
    """A document with the case's line cut at the cursor, and the text of the file without it."""

    text: str
    offset: int
    text_without_line: str


def read_cases(path: Path) -> list[Case]:
    """Read a file of cases.

    Raises:
        ConfigError: the file is missing or not in the format.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        return [_case(json.loads(line)) for line in lines if line.strip()]
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}", remedy="check --cases") from error
    except (ValueError, KeyError) as error:
        raise ConfigError(f"{path} holds no cases: {error!r}", remedy="check --cases") from error


def hole_of(case: Case, source: str, at: At, *, without_import: bool = False) -> Hole:
    """Cut the hole into the text of the file; optionally take out the import of the target."""
    lines = source.splitlines(keepends=True)
    line = lines[case.line]
    content = line.rstrip("\r\n")
    end = line[len(content) :]
    character = case.member_character if at is At.MEMBER else case.character
    cut = _from_utf16(content, character)
    before, after = lines[: case.line], lines[case.line + 1 :]
    if without_import:
        before = _without_import(before, _root_names(case))
    head = "".join(before) + content[:cut]
    return Hole(
        text=head + end + "".join(after),
        offset=len(head),
        text_without_line="".join([*before, end, *after]),
    )


def edit_similarity(answer: str, expected: str) -> float:
    """Return the normalised indel similarity in percent, as the field's benchmarks do."""
    from rapidfuzz import fuzz

    return fuzz.ratio(_fold(answer), _fold(expected))


def is_exact(answer: str, expected: str) -> bool:
    """Compare with runs of whitespace folded."""
    return _fold(answer) == _fold(expected)


def identifier_f1(answer: str, expected: str) -> float:
    """Return the F1 score, 0 to 1, of the identifiers (as sets)."""
    said, wanted = identifiers(answer), identifiers(expected)
    if not said and not wanted:
        return 1.0
    common = len(said & wanted)
    return 2 * common / (len(said) + len(wanted))


def identifiers(text: str) -> set[str]:
    """Return the names in a piece of code."""
    return set(_IDENTIFIER.findall(text))


def first_line(text: str) -> str:
    """Return the first line that is not blank."""
    return next((line for line in text.splitlines() if line.strip()), "")


def mean(values: Iterable[float]) -> float:
    collected = list(values)
    return sum(collected) / len(collected) if collected else 0.0


def percentile(values: Iterable[float], percent: float) -> float:
    """Return the nearest-rank percentile, 0 for no values."""
    ordered = sorted(values)
    if not ordered:
        return 0.0
    return ordered[min(len(ordered) - 1, max(0, round(percent / 100 * len(ordered)) - 1))]


def _case(fields: dict[str, Any]) -> Case:
    return Case(
        id=str(fields["id"]),
        repo=fields["repo"],
        path=fields["path"],
        line=fields["line"],
        character=fields["character"],
        member_character=fields["member_character"],
        groundtruth=fields["groundtruth"],
        groundtruth_member=fields["groundtruth_member"],
        callee=fields["callee"],
        callee_kind=fields.get("callee_kind", ""),
        callee_path=fields["callee_path"],
        callee_line=fields["callee_line"],
        is_copied=fields.get("line_in_other_files", 0) > 0,
    )


def _from_utf16(line: str, character: int) -> int:
    return len(line.encode("utf-16-le")[: 2 * character].decode("utf-16-le", errors="ignore"))


def _root_names(case: Case) -> set[str]:
    """Return the parts of the callee's qualified name that an import could bind."""
    return {part for part in case.callee.split(".") if part[:1].isupper()} | {
        case.callee.rpartition(".")[2]
    }


def _without_import(lines: list[str], names: set[str]) -> list[str]:
    """Blank what imports one of ``names``: the line, or the name inside a parenthesised list."""
    kept: list[str] = []
    is_inside = False
    for line in lines:
        starts = re.match(r"\s*(from\s+\S+\s+import\b|import\b)", line) is not None
        if (starts or is_inside) and names & set(
            _IDENTIFIER.findall(line.partition("import")[2] or line)
        ):
            listed = re.sub(
                rf"\b(?:{'|'.join(map(re.escape, sorted(names)))})\b(?:\s+as\s+\w+)?\s*,?", "", line
            )
            empty = re.fullmatch(r"\s*(from\s+\S+\s+)?import\s*", listed.rstrip("\r\n"))
            kept.append("\n" if empty else listed)
        else:
            kept.append(line)
        if starts:
            is_inside = "(" in line and ")" not in line
        elif ")" in line:
            is_inside = False
    return kept


def _fold(text: str) -> str:
    return " ".join(text.split())

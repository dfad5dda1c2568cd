"""Where the sections of a docstring and their entries stand, line by line, for surgical changes.

What they *say* is told by ``docstring``; this module knows lines, indentation and nothing else.
It works on the text between the quotes as it stands in the file. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from indexer.syntax.docstring import DocstringStyle


class SectionKind(StrEnum):
    """What a section is about."""

    PARAMETERS = "parameters"
    ATTRIBUTES = "attributes"
    RETURNS = "returns"
    YIELDS = "yields"
    RAISES = "raises"
    OTHER = "other"


_KINDS = {
    "args": SectionKind.PARAMETERS,
    "arguments": SectionKind.PARAMETERS,
    "parameters": SectionKind.PARAMETERS,
    "params": SectionKind.PARAMETERS,
    "other parameters": SectionKind.PARAMETERS,
    "keyword args": SectionKind.PARAMETERS,
    "keyword arguments": SectionKind.PARAMETERS,
    "attributes": SectionKind.ATTRIBUTES,
    "returns": SectionKind.RETURNS,
    "return": SectionKind.RETURNS,
    "yields": SectionKind.YIELDS,
    "yield": SectionKind.YIELDS,
    "raises": SectionKind.RAISES,
    "raise": SectionKind.RAISES,
    "exceptions": SectionKind.RAISES,
    **dict.fromkeys(
        ("example", "examples", "note", "notes", "warning", "warnings", "todo", "references",
         "see also", "warns", "receives", "methods"),
        SectionKind.OTHER,
    ),
}  # fmt: skip
_FIELDS = {
    **dict.fromkeys(
        ("param", "parameter", "arg", "argument", "key", "keyword", "kwarg", "type"),
        SectionKind.PARAMETERS,
    ),
    **dict.fromkeys(("var", "ivar", "cvar", "vartype"), SectionKind.ATTRIBUTES),
    **dict.fromkeys(("return", "returns", "rtype"), SectionKind.RETURNS),
    **dict.fromkeys(("yield", "yields", "ytype"), SectionKind.YIELDS),
    **dict.fromkeys(
        ("raise", "raises", "except", "exception"), SectionKind.RAISES
    ),
}  # fmt: skip
_GOOGLE_HEAD = re.compile(r"^[ \t]*(?P<name>[A-Z][A-Za-z]*(?: [A-Za-z]+)?):(?P<rest>[ \t]+\S.*)?$")
_UNDERLINE = re.compile(r"^[ \t]*[-=~]{3,}[ \t]*$")
_FIELD = re.compile(r"^[ \t]*[:@](?P<word>\w+)(?P<rest>[^:\n]*):(?P<text>.*)$")
_GOOGLE_ENTRY = re.compile(
    r"^[ \t]*(?P<names>[`*\\]*\w[\w.`*\\]*(?:\s*(?:,|/|\bor\b|\band\b|\|)\s*[`*\\]*\w[\w.`*\\]*)*)"
    r"[ \t]*(?P<type>\(.*?\))?[ \t]*:(?P<text>.*)$"
)
_NUMPY_ENTRY = re.compile(
    r"^[ \t]*(?P<names>[`*\\]*\w[\w.`*\\]*(?:\s*,\s*[`*\\]*\w[\w.`*\\]*)*)[ \t]*(?P<type>:.*)?$"
)
_NAME = re.compile(r"\w[\w.]*")


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of a section: lines ``[first, last)``, blank lines after it left out.

    ``names`` are without marks; of a result there is one entry without names.
    """

    names: tuple[str, ...]
    first: int
    last: int
    type_name: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Lines ``[first, last)`` of a section with its head; ``indent`` is that of its entries."""

    kind: SectionKind
    head: str
    first: int
    last: int
    indent: str
    entries: tuple[Entry, ...]


def read_sections(lines: Sequence[str], style: DocstringStyle) -> list[Section]:
    """The sections of a docstring in order; of fields, each run of one kind is a section."""
    match style:
        case DocstringStyle.GOOGLE:
            return list(_google(lines))
        case DocstringStyle.NUMPY:
            return list(_numpy(lines))
        case DocstringStyle.SPHINX | DocstringStyle.EPYDOC:
            return list(_fields(lines))
        case DocstringStyle.PLAIN:
            return []


def width_of(line: str) -> int:
    """How far a line is indented, tabs as eight columns."""
    expanded = line.expandtabs(8)
    return len(expanded) - len(expanded.lstrip())


def indent_of(line: str) -> str:
    return line[: len(line) - len(line.lstrip())]


def _google(lines: Sequence[str]) -> Iterator[Section]:
    heads = [
        (number, match)
        for number, line in enumerate(lines)
        if (match := _GOOGLE_HEAD.match(line)) and match["name"].lower() in _KINDS
    ]
    covered = 0
    for number, match in heads:
        kind = _KINDS[match["name"].lower()]
        if number < covered:
            continue
        margin = width_of(lines[number])
        last = number + 1
        while last < len(lines) and (not lines[last].strip() or width_of(lines[last]) > margin):
            last += 1
        last = _without_blank(lines, number + 1, last)
        if match["rest"]:
            if kind not in {SectionKind.RETURNS, SectionKind.YIELDS}:
                continue
            entry = Entry((), number, last, text=match["rest"].strip())
            yield Section(kind, match["name"], number, last, indent_of(lines[number]), (entry,))
        elif last > number + 1:
            indent = indent_of(next(line for line in lines[number + 1 :] if line.strip()))
            entries = tuple(_entries(lines, number + 1, last, kind, _GOOGLE_ENTRY))
            yield Section(kind, match["name"], number, last, indent, entries)
        else:
            continue
        covered = last


def _numpy(lines: Sequence[str]) -> Iterator[Section]:
    heads = [
        number
        for number in range(len(lines) - 1)
        if lines[number].strip()
        and _UNDERLINE.match(lines[number + 1])
        and len(lines[number].strip()) < 30
    ]
    for number, following in pairwise([*heads, len(lines)]):
        name = lines[number].strip().rstrip(":")
        kind = _KINDS.get(name.lower(), SectionKind.OTHER)
        last = _without_blank(lines, number + 2, following)
        entries: tuple[Entry, ...] = ()
        if kind is not SectionKind.OTHER:
            entries = tuple(_entries(lines, number + 2, last, kind, _NUMPY_ENTRY))
        yield Section(kind, name, number, last, indent_of(lines[number]), entries)


def _entries(
    lines: Sequence[str], first: int, last: int, kind: SectionKind, pattern: re.Pattern[str]
) -> Iterator[Entry]:
    """Entries begin at the indentation of the first of them and go on further to the right."""
    begin = next((n for n in range(first, last) if lines[n].strip()), last)
    if begin == last:
        return
    if kind in {SectionKind.RETURNS, SectionKind.YIELDS}:
        text = " ".join(line.strip() for line in lines[begin:last])
        yield Entry((), begin, last, text=text)
        return
    margin = width_of(lines[begin])
    starts = [n for n in range(begin, last) if lines[n].strip() and width_of(lines[n]) <= margin]
    for start, following in pairwise([*starts, last]):
        match = pattern.match(lines[start])
        end = _without_blank(lines, start + 1, following)
        if match is None:
            yield Entry((), start, end)
            continue
        names = tuple(_NAME.findall(re.sub(r"\b(?:or|and)\b", ",", match["names"])))
        groups = match.groupdict()
        rest = [groups.get("text") or "", *lines[start + 1 : end]]
        text = " ".join(part.strip() for part in rest if part.strip())
        yield Entry(names, start, end, (groups["type"] or "").strip(" :()"), text)


def _fields(lines: Sequence[str]) -> Iterator[Section]:
    found: list[tuple[SectionKind, str, Entry]] = []
    number = 0
    while number < len(lines):
        match = _FIELD.match(lines[number])
        kind = _FIELDS.get(match["word"].lower()) if match else None
        if match is None or kind is None:
            number += 1
            continue
        margin = width_of(lines[number])
        last = number + 1
        while last < len(lines) and lines[last].strip() and _FIELD.match(lines[last]) is None:
            if width_of(lines[last]) <= margin and not lines[last - 1].strip():
                break
            last += 1
        words = match["rest"].split()
        is_result = kind in {SectionKind.RETURNS, SectionKind.YIELDS}
        names = tuple(_NAME.findall(words[-1])) if words and not is_result else ()
        text = [match["text"], *lines[number + 1 : last]]
        joined = " ".join(part.strip() for part in text if part.strip())
        entry = Entry(names, number, last, " ".join(words[:-1]), joined)
        if match["word"].lower() in {"type", "rtype", "vartype", "ytype"}:
            entry = Entry(names, number, last, joined, "")
        found.append((kind, match["word"], entry))
        number = last
    position = 0
    while position < len(found):
        kind, head, first = found[position]
        end = position + 1
        while end < len(found) and found[end][0] is kind:
            end += 1
        entries = tuple(entry for _, _, entry in found[position:end])
        indent = indent_of(lines[first.first])
        yield Section(kind, head, first.first, entries[-1].last, indent, entries)
        position = end


def _without_blank(lines: Sequence[str], first: int, last: int) -> int:
    while last > first and not lines[last - 1].strip():
        last -= 1
    return last

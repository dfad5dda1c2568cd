"""Docstrings that drifted, put right: only the wrong item changes. Pure.

Works on the lines between the quotes as they stand in the file, so that nothing else moves: not
the indentation, not the width of lines, not the words of other entries.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from copilot_ls.domain import Edit
from copilot_ls.features.documentation.account import Account, Said
from copilot_ls.features.documentation.docstring import DEFAULT
from copilot_ls.features.documentation.drift import Drift, DriftRule
from copilot_ls.features.documentation.layout import Layout
from copilot_ls.features.documentation.render import entry_lines
from copilot_ls.features.documentation.sections import (
    Entry,
    Section,
    SectionKind,
    indent_of,
    read_sections,
    width_of,
)
from indexer.model import Span
from indexer.syntax.bodies import Docstring
from indexer.syntax.docstring import DocstringStyle, style_of


def repair(
    docstring: Docstring, drifts: Sequence[Drift], account: Account, layout: Layout
) -> Edit | None:
    """Put right what ``drifts`` say of a docstring; nothing if none of it can be.

    ``account`` is what the code says of the same definition.
    """
    start = docstring.span.start + len(docstring.prefix) + len(docstring.quote)
    end = docstring.span.end - len(docstring.quote)
    return _Repair(docstring, account, layout).run(drifts, Span(start, end))


class _Repair:
    """One docstring while it is being repaired."""

    def __init__(self, docstring: Docstring, account: Account, layout: Layout) -> None:
        self._content = docstring.source
        self._style = style_of(docstring.text)
        self._account = account
        self._layout = replace(layout, style=self._style)
        self._lines = self._content.split("\n")

    def run(self, drifts: Sequence[Drift], span: Span) -> Edit | None:
        for drift in drifts:
            match drift.rule:
                case DriftRule.STALE_PARAMETER:
                    self._remove(drift.name)
                case DriftRule.RENAMED_PARAMETER:
                    self._rename(drift.name, drift.replacement)
                case DriftRule.MISSING_PARAMETER:
                    self._insert(drift.name)
                case DriftRule.WRONG_DEFAULT:
                    self._restate_default(drift.name, drift.replacement)
                case DriftRule.WRONG_TYPE:
                    self._retype(drift.name, drift.replacement)
                case DriftRule.STALE_RETURN:
                    self._drop(SectionKind(drift.name))
        text = "\n".join(self._lines)
        if text == self._content:
            return None
        return Edit(span, text)

    def _sections(self, kind: SectionKind) -> list[Section]:
        return [each for each in read_sections(self._lines, self._style) if each.kind is kind]

    def _entries(self, name: str) -> list[tuple[Section, Entry]]:
        return [
            (section, entry)
            for section in self._sections(SectionKind.PARAMETERS)
            for entry in section.entries
            if name in {each.partition(".")[0] for each in entry.names}
        ]

    def _remove(self, name: str) -> None:
        for section, entry in reversed(self._entries(name)):
            if len(entry.names) > 1:
                self._leave_out(name, entry.first)
                continue
            names = {each for other in section.entries for each in other.names}
            if names == set(entry.names):
                self._cut(section.first, section.last)
            else:
                self._cut(entry.first, entry.last)

    def _leave_out(self, name: str, number: int) -> None:
        """Take one name from ``a, b : int``."""
        line = self._lines[number]
        head, colon, rest = line.partition(":")
        mark = r"[`*\\]*"
        pattern = rf"{mark}\b{re.escape(name)}\b{mark}"
        fewer = re.sub(rf"{pattern}\s*,\s*|\s*,\s*{pattern}(?!\w)", "", head, count=1)
        self._lines[number] = fewer + colon + rest

    def _cut(self, first: int, last: int) -> None:
        """Remove lines, and one of the blank lines around them."""
        before = first > 0 and not self._lines[first - 1].strip()
        after = last < len(self._lines) and not self._lines[last].strip()
        is_end = last >= len(self._lines) or not "".join(self._lines[last:]).strip()
        if before and (after or is_end):
            first -= 1
        while is_end and first > 1 and not self._lines[first - 1].strip():
            first -= 1
        del self._lines[first:last]

    def _rename(self, name: str, right: str) -> None:
        for _, entry in self._entries(name):
            line = self._lines[entry.first]
            self._lines[entry.first] = re.sub(
                rf"(?<![\w.]){re.escape(name)}(?![\w])", right, line, count=1
            )
        # Where the text speaks of it as code.
        marked = re.compile(rf"(?<![\w`])(`+|\*)({re.escape(name)})(\1)(?![\w`])")
        self._lines = [marked.sub(rf"\g<1>{right}\g<3>", line) for line in self._lines]

    def _insert(self, name: str) -> None:
        said = next((s for s in self._account.parameters if s.name.lstrip("*") == name), None)
        sections = self._sections(SectionKind.PARAMETERS)
        if said is None or not sections:
            return
        order = [each.name.lstrip("*") for each in self._account.parameters]
        before = order[: order.index(name)]
        section, after = sections[0], None
        for each in sections:
            for entry in each.entries:
                if set(entry.names) & set(before):
                    section, after = each, entry
        # Entries of one parameter may be several lines apart: ``:param x:`` and ``:type x:``.
        at = after.last if after else self._first_entry(section)
        spaced = self._is_spaced(section)
        lines = self._entry(said, section)
        if spaced:
            lines = ["", *lines] if after else [*lines, ""]
        self._lines[at:at] = lines

    def _first_entry(self, section: Section) -> int:
        if section.entries:
            return section.entries[0].first
        return section.last

    def _is_spaced(self, section: Section) -> bool:
        pairs = list(zip(section.entries, section.entries[1:], strict=False))
        return bool(pairs) and all(one.last < other.first for one, other in pairs)

    def _entry(self, said: Said, section: Section) -> list[str]:
        margin = section.indent
        typed = [each for each in section.entries if each.names]
        layout = replace(
            self._layout,
            names_types=any(each.type_name for each in typed)
            or self._style is DocstringStyle.NUMPY,
        )
        width = max(30, layout.width - width_of(f"{margin}x"))
        lines = entry_lines(SectionKind.PARAMETERS, said, layout, width)
        step = self._step(section)
        if self._style is DocstringStyle.GOOGLE:
            # Relative to the section's head; here to its entries.
            lines = [line[4:] for line in lines]
        return [margin + (step + line.lstrip() if line.startswith(" ") else line) for line in lines]

    def _step(self, section: Section) -> str:
        """How far the second line of an entry is indented."""
        for entry in section.entries:
            if entry.last > entry.first + 1:
                deeper = indent_of(self._lines[entry.first + 1])
                if len(deeper) > len(section.indent) and deeper.startswith(section.indent):
                    return deeper[len(section.indent) :]
        return "\t" if section.indent.endswith("\t") else "    "

    def _restate_default(self, name: str, right: str) -> None:
        for _, entry in self._entries(name):
            for number in range(entry.first, entry.last):
                line = self._lines[number]
                for match in DEFAULT.finditer(line):
                    if right and match["value"]:
                        start, end = match.span("value")
                        kept = "." if match["value"].endswith(".") else ""
                        if match["quote"].strip("`"):
                            # The quotes that stand there stay.
                            right, kept = right.strip("\"'"), ""
                        self._lines[number] = f"{line[:start]}{right}{kept}{line[end:]}"
                    else:
                        left = line[: match.start()].rstrip().rstrip(",;(")
                        rest = line[match.end() :].lstrip(").")
                        stop = "." if rest == "" and line.rstrip().endswith(".") else ""
                        self._lines[number] = f"{left.rstrip('.')}{stop}{rest}"
                    return

    def _retype(self, name: str, right: str) -> None:
        for _, entry in self._entries(name):
            line = self._lines[entry.first]
            if entry.type_name and entry.type_name in line:
                at = (
                    line.rindex(entry.type_name)
                    if self._style is DocstringStyle.NUMPY
                    else (line.index(entry.type_name))
                )
                kept = re.search(r"(?:,\s*(?:optional|default\b.*))$", entry.type_name)
                after = line[at + len(entry.type_name) :]
                self._lines[entry.first] = line[:at] + right + (kept[0] if kept else "") + after

    def _drop(self, kind: SectionKind) -> None:
        for section in reversed(self._sections(kind)):
            self._cut(section.first, section.last)

"""The edits with which one file follows a change that was made in another, or in itself. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from copilot_ls.domain import Edit
from copilot_ls.features.next_edit.changes import Change, ParametersChanged, Renamed
from indexer.model import ParsedFile, Reference, ReferenceKind, Span, Symbol

_OPENERS = {"(": ")", "[": "]", "{": "}"}
_KEYWORD = re.compile(r"\s*(?P<name>[^\W\d]\w*)\s*=(?!=)")


@dataclass(frozen=True, slots=True)
class NextEdit:
    """An edit in the file at ``path``, and in words what it follows."""

    path: str
    edit: Edit
    line: int
    reason: str


def edits_in(
    path: str, text: str, parsed: ParsedFile, change: Change, lines: frozenset[int] | None
) -> list[NextEdit]:
    """What must change in one file; ``lines`` are those where the index found uses, if it knows."""
    match change:
        case Renamed():
            return list(_rename(path, text, parsed, change, lines))
        case ParametersChanged():
            found = []
            for reference in _uses(parsed, change.called_as, lines):
                if reference.kind is ReferenceKind.CALL and not reference.has_unpacking:
                    edit = _call_edit(text, reference, change)
                    if edit is not None:
                        reason = f"`{change.called_as}` takes other arguments now"
                        found.append(NextEdit(path, edit, reference.line, reason))
            return found


def _rename(
    path: str, text: str, parsed: ParsedFile, change: Renamed, lines: frozenset[int] | None
) -> Iterator[NextEdit]:
    reason = f"`{change.old.qualified_name}` is called `{change.new.name}` now"
    for line, span in _imported(text, parsed, change.old):
        yield NextEdit(path, Edit(span, change.new.name), line, reason)
    for reference in _uses(parsed, change.old.name, lines):
        edit = Edit(reference.span, change.new.name)
        yield NextEdit(path, edit, reference.line, reason)


def _imported(text: str, parsed: ParsedFile, symbol: Symbol) -> Iterator[tuple[int, Span]]:
    """Where imports name a symbol of the top of its module; the module is told by its last name."""
    if symbol.qualified_name != symbol.name:
        return
    defined_in = PurePosixPath(symbol.path)
    if defined_in.stem in {"__init__", "index"}:
        defined_in = defined_in.parent
    starts = [0, *(end.end() for end in re.finditer(r"\n", text))]
    for each in parsed.imports:
        module = PurePosixPath(each.module).stem if "/" in each.module else each.module
        if each.name != symbol.name or module.rpartition(".")[2] != defined_in.stem:
            continue
        line = text[starts[each.line] :].partition("\n")[0]
        # Not the module of the same name before it.
        head = re.match(r"\s*from\s+\S+\s+import\b", line)
        name = re.compile(rf"\b{re.escape(symbol.name)}\b")
        if found := name.search(line, head.end() if head else 0):
            start = starts[each.line]
            yield each.line, Span(start + found.start(), start + found.end())


def _uses(parsed: ParsedFile, name: str, lines: frozenset[int] | None) -> list[Reference]:
    seen: set[Span] = set()
    found = []
    for reference in parsed.references:
        is_there = lines is None or reference.line in lines
        if reference.name == name and is_there and reference.span not in seen:
            seen.add(reference.span)
            found.append(reference)
    return found


def _call_edit(text: str, reference: Reference, change: ParametersChanged) -> Edit | None:
    """The new argument list of one call, or nothing if it need not change."""
    opening = text.find("(", reference.span.end)
    if opening < 0 or text[reference.span.end : opening].strip():
        return None
    parts = arguments_at(text, opening)
    if parts is None:
        return None
    arguments = [text[span.start : span.end] for span in parts]
    changed = _changed(arguments, change)
    if changed == arguments:
        return None
    if not parts:
        return Edit(Span(opening + 1, opening + 1), ", ".join(changed))
    return Edit(Span(parts[0].start, parts[-1].end), ", ".join(changed))


def _changed(arguments: Sequence[str], change: ParametersChanged) -> list[str]:
    positional = [a for a in arguments if _KEYWORD.match(a) is None]
    named = {_name(a): a for a in arguments if _KEYWORD.match(a) is not None}
    for old, new in change.renamed:
        if old in named:
            named[old] = re.sub(rf"^(\s*){re.escape(old)}(\s*=)", rf"\1{new}\2", named[old])
    for place, name in sorted(change.removed, reverse=True):
        if name in named:
            del named[name]
        elif place < len(positional):
            del positional[place]
    values = list(named.values())
    for place, name in change.added:
        if name in {_name(value) for value in values}:
            continue
        if place < len(positional) and not values:
            positional.insert(place, name)
        else:
            values.append(f"{name}={name}")
    return [*positional, *values]


def _name(argument: str) -> str:
    found = _KEYWORD.match(argument)
    return found["name"] if found else ""


def arguments_at(text: str, opening: int) -> list[Span] | None:
    """The arguments of the call whose bracket stands at ``opening``; nothing if it never closes."""
    found: list[Span] = []
    stack = [")"]
    start = position = opening + 1
    while position < len(text):
        character = text[position]
        if character in "\"'`":
            end = _string_end(text, position)
            if end is None:
                return None
            position = end
            continue
        if character in _OPENERS:
            stack.append(_OPENERS[character])
        elif character in ")]}":
            if character != stack.pop():
                return None
            if not stack:
                if text[start:position].strip():
                    found.append(_trimmed(text, start, position))
                return found
        elif character == "," and len(stack) == 1:
            found.append(_trimmed(text, start, position))
            start = position + 1
        position += 1
    return None


def _string_end(text: str, position: int) -> int | None:
    quote = text[position : position + 3]
    quote = quote if quote in {'"""', "'''"} else text[position]
    end = position + len(quote)
    while end < len(text):
        if text[end] == "\\":
            end += 2
            continue
        if text.startswith(quote, end):
            return end + len(quote)
        end += 1
    return None


def _trimmed(text: str, start: int, end: int) -> Span:
    part = text[start:end]
    return Span(start + len(part) - len(part.lstrip()), end - (len(part) - len(part.rstrip())))

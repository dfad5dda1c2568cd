"""Values and calls of JavaScript as text, laid out as prettier would by default. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from indexer.syntax.javascript_inputs import Value

_WIDTH = 80
_IDENTIFIER = re.compile(r"[A-Za-z_$][\w$]*\Z", re.ASCII)
_ESCAPES = {"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f"}


@dataclass(frozen=True, slots=True)
class Group:
    """Parts between brackets: on one line, or each on a line of its own."""

    opening: str
    parts: tuple[Doc, ...]
    closing: str
    is_spaced: bool = False
    is_filled: bool = False


@dataclass(frozen=True, slots=True)
class Joined:
    """Pieces one after the other; the longest group among them is broken."""

    pieces: tuple[Doc, ...]


Doc = str | Group | Joined


def written(doc: Doc) -> str:
    """The text on one line."""
    if isinstance(doc, str):
        return doc
    if isinstance(doc, Joined):
        return "".join(written(piece) for piece in doc.pieces)
    inside = ", ".join(written(part) for part in doc.parts)
    return f"{doc.opening} {inside} {doc.closing}" if doc.is_spaced and inside else (
        f"{doc.opening}{inside}{doc.closing}"
    )  # fmt: skip


def laid_out(doc: Doc, indent: str, *, unit: str = "  ", after: str = ";") -> str:
    """The text at ``indent`` (which stands there already), broken where it is too long."""
    flat = written(doc)
    if _width(indent + flat + after) <= _WIDTH or isinstance(doc, str):
        return flat + after
    if isinstance(doc, Joined):
        groups = [piece for piece in doc.pieces if isinstance(piece, Group) and piece.parts]
        if not groups:
            return flat + after
        longest = max(reversed(groups), key=lambda group: len(written(group)))
        at = doc.pieces.index(longest)
        before = "".join(written(each) for each in doc.pieces[:at])
        behind = "".join(written(each) for each in doc.pieces[at + 1 :])
        broken = _broken(longest, indent, unit, _width(indent + before))
        return before + broken + behind + after
    return _broken(doc, indent, unit, _width(indent)) + after


def _broken(group: Group, indent: str, unit: str, column: int) -> str:
    *first, last = group.parts or ("",)
    head = group.opening + "".join(f"{written(part)}, " for part in first)
    is_call = group.opening.endswith("(")
    if is_call and isinstance(last, Group) and last.parts and last.opening in {"[", "{"}:
        start = head + last.opening
        is_alone = not first or not written(first[-1]).startswith(last.opening)
        if is_alone and column + len(start) <= _WIDTH:
            return head + _broken(last, indent, unit, column + len(head)) + group.closing
    inner = indent + unit
    if group.is_filled:
        lines = [""]
        for part in group.parts:
            word = f"{written(part)},"
            if lines[-1] and _width(f"{inner}{lines[-1]} {word}") > _WIDTH:
                lines.append("")
            lines[-1] += f" {word}" if lines[-1] else word
    else:
        lines = [laid_out(part, inner, unit=unit, after=",") for part in group.parts]
    body = "".join(f"{inner}{line}\n" for line in lines)
    return f"{group.opening}\n{body}{indent}{group.closing}"


def _width(text: str) -> int:
    """Columns of a line; a tabulator counts as two."""
    return len(text) + text.count("\t")


def call(function: str, arguments: Sequence[Doc]) -> Group:
    """A call, or with ``new``, an instance."""
    return Group(f"{function}(", tuple(arguments), ")")


def doc_of(value: Value, quote: str) -> Doc:
    """The expression that makes a value."""
    inside = [doc_of(each, quote) for each in value.of]
    match value.kind:
        case "string":
            return quoted(value.text, quote)
        case "bigint":
            return f"{value.text}n"
        case "array":
            is_filled = len(inside) > 1 and all(each.kind == "number" for each in value.of)
            return Group("[", tuple(inside), "]", is_filled=is_filled)
        case "object":
            parts = tuple(
                Joined((f"{_key(name, quote)}: ", each))
                for name, each in zip(value.names, inside, strict=True)
            )
            return Group("{", parts, "}", is_spaced=True)
        case "set":
            return call("new Set", [Group("[", tuple(inside), "]")] if inside else [])
        case "map":
            pairs = [Group("[", tuple(inside[at : at + 2]), "]") for at in range(0, len(inside), 2)]
            return call("new Map", [Group("[", tuple(pairs), "]")] if pairs else [])
        case "bytes":
            return call("new Uint8Array", [Group("[", tuple(inside), "]", is_filled=True)])
        case "date":
            return call(
                "new Date", ["NaN" if value.text == "invalid" else quoted(value.text, quote)]
            )
        case "error":
            return call("new Error", [quoted(value.text, quote)])
        case "instance":
            return call(f"new {value.text}", inside)
        case _:
            return value.text


def quoted(text: str, quote: str) -> str:
    """A string literal; in the other kind of quotes if that needs fewer escapes."""
    other = '"' if quote == "'" else "'"
    if text.count(quote) > text.count(other):
        quote = other
    parts = [quote]
    for character in text:
        code = ord(character)
        if character == quote:
            parts.append(f"\\{quote}")
        elif character in _ESCAPES:
            parts.append(_ESCAPES[character])
        elif character.isprintable():
            parts.append(character)
        elif code < 0x100:
            parts.append(f"\\x{code:02x}")
        else:
            parts.append(f"\\u{code:04x}" if code < 0x10000 else f"\\u{{{code:x}}}")
    parts.append(quote)
    return "".join(parts)


def _key(name: str, quote: str) -> str:
    return name if _IDENTIFIER.match(name) else quoted(name, quote)

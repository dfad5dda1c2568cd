"""A suggestion of one line that ends in an open bracket: what closes it, on the same line. Pure."""

from __future__ import annotations

_PAIRS = {")": "(", "]": "[", "}": "{"}
_OPENERS = frozenset(_PAIRS.values())
_MAX_COLUMNS = 100
# Before a brace that begins statements, which do not stand on one line.
_BODY = (")", "=>", "else", "try", "do", "finally")


def is_left_open(text: str, right: str) -> bool:
    """Whether ``text`` ends in a bracket that is open, with nothing but blanks to the right.

    A body of statements is none that could be closed on the same line.
    """
    text = text.rstrip()
    is_body = text.endswith("{") and text[:-1].rstrip().endswith(_BODY)
    return text[-1:] in _OPENERS and not is_body and not right.strip()


def joined(text: str, left: str) -> str | None:
    """The lines of ``text`` up to where its last bracket is closed, as one line behind ``left``.

    Nothing while one is open, and if the line would be too long, or holds a remark, a string or
    statements that cannot stand on one line.
    """
    depth: list[str] = []
    line = ""
    quote = ""
    for place, char in enumerate(text):
        before = line.rstrip()
        if quote:
            if char == "\n":
                return None
            is_escaped = (len(line) - len(line.rstrip("\\"))) % 2
            quote = "" if char == quote and not is_escaped else quote
        elif char in "'\"`":
            if text[place : place + 3] == 3 * char:
                return None
            quote = char
        elif _begins_remark(text, place) or (char == "{" and before.endswith(_BODY)):
            return None
        elif char in _OPENERS:
            # A comma behind the only item of a tuple is what makes it one.
            is_call = line[-1:].isalnum() or line[-1:] in {"_", ")", "]"}
            depth.append("tuple" if char == "(" and not is_call else "")
        elif char in _PAIRS:
            if not depth:
                return None
            kind = depth.pop()
            if "\n" in text[:place]:
                line = before if kind == "tuple" else before.removesuffix(",")
                if not depth:
                    line += char
                    return line if len(left) + len(line) <= _MAX_COLUMNS else None
        elif char == "\n":
            line = before if before[-1:] in _OPENERS else f"{before} "
            continue
        if not quote and char.isspace() and line[-1:] in {" ", *_OPENERS}:
            continue
        line += char
    return None


def _begins_remark(text: str, place: int) -> bool:
    return text[place] == "#" or text[place : place + 2] in {"//", "/*"}

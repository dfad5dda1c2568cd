"""Expressions and types as text: the code above a cursor is unfinished more often than not."""

from __future__ import annotations

import re
from collections.abc import Sequence

_IDENTIFIER = r"[^\W\d][\w$]*"
_STEP = re.compile(rf"\s*(?:(\?\.|\.)\s*(#?{_IDENTIFIER})|([(\[]))")
_FIRST = re.compile(rf"\s*(?:await\s+|new\s+|yield\s+from\s+)*(#?{_IDENTIFIER})")
_CLOSERS = {"(": ")", "[": "]", "{": "}"}


def receiver_before(text: str) -> str:
    """The expression whose member is being typed at the end of ``text``: ``a.b(c)`` of ``a.b(c).``.

    ``text`` ends with the dot. Empty if there is none or it is not a chain of names.
    """
    end = len(text.rstrip())
    if end and text[end - 1] == ".":
        end -= 1
        if end and text[end - 1] == "?":
            end -= 1
        end = len(text[:end].rstrip())
    start = position = end
    while position > 0:
        character = text[position - 1]
        if character in ")]}":
            opening = _opening(text, position - 1)
            if opening is None or character == "}":
                return ""
            start = position = opening
        elif character.isalnum() or character in "_$#":
            while position > 0 and (text[position - 1].isalnum() or text[position - 1] in "_$#"):
                position -= 1
            start = position
            before = text[:position].rstrip()
            if not before.endswith("."):
                break
            position = len(before) - 1
            if position and text[position - 1] == "?":
                position -= 1
            position = len(text[:position].rstrip())
        else:
            break
    return text[start:end].strip()


def _opening(text: str, closing: int) -> int | None:
    depth = 0
    for position in range(closing, max(-1, closing - 2_000), -1):
        if text[position] in ")]}":
            depth += 1
        elif text[position] in "([{":
            depth -= 1
            if depth == 0:
                return position
    return None


def steps(expression: str) -> list[tuple[str, str]]:
    """Split ``a.b(c)[0].d`` into its steps; stops where it is no such chain any more."""
    first = _FIRST.match(expression)
    if first is None:
        return []
    steps = [("name", first[1])]
    position = first.end()
    while (step := _STEP.match(expression, position)) is not None:
        if step[2]:
            steps.append(("attribute", step[2]))
            position = step.end()
            continue
        end = _closing(expression, step.start(3))
        steps.append(("call" if step[3] == "(" else "element", ""))
        if end is None:
            # The rest of a call stands on the next lines.
            break
        position = end + 1
    rest = expression[position:].strip()
    if rest and rest[0] not in ",:;)]}" and not rest.startswith(("#", "//", "as ", "if ", "!")):
        # An operator: the value is not that of the chain.
        return steps if _is_open_call(expression, steps) else []
    return steps


def _is_open_call(expression: str, steps: Sequence[tuple[str, str]]) -> bool:
    return steps[-1][0] != "name" and expression.count("(") > expression.count(")")


def _closing(text: str, opening: int) -> int | None:
    depth = 0
    for position in range(opening, len(text)):
        if text[position] in "([{":
            depth += 1
        elif text[position] in ")]}":
            depth -= 1
            if depth == 0:
                return position
    return None


def bindings(lines: Sequence[str]) -> dict[str, list[tuple[str, str, int]]]:
    """How names were bound: an annotation, a value or elements of a value, with the line.

    By shapes of lines, not by trees: the text above a cursor is unfinished more often than not.
    """
    found: dict[str, list[tuple[str, str, int]]] = {}
    for number, line in enumerate(lines):
        for mark, kind, pattern in _BINDINGS:
            if mark in line:
                match = pattern.search(line)
                if match is not None:
                    binding = (kind, match["value"].strip(), number)
                    found.setdefault(match["name"], []).append(binding)
    return found


_NAME = r"(?P<name>[^\W\d]\w*)"
_DECLARED = rf"^\s*(?:(?:const|let|var|export)\s+)*{_NAME}"
_BINDINGS: tuple[tuple[str, str, re.Pattern[str]], ...] = tuple(
    (mark, kind, re.compile(pattern))
    for mark, kind, pattern in (
        (":", "annotation", rf"{_DECLARED}\s*:\s*(?P<value>[^=#]+?)\s*(?:=(?!=).*)?$"),
        ("isinstance(", "annotation", rf"\bisinstance\(\s*{_NAME}\s*,\s*(?P<value>[\w.]+)\s*\)"),
        ("instanceof", "annotation", rf"\b{_NAME}\s+instanceof\s+(?P<value>[\w.]+)"),
        ("=", "value", rf"{_DECLARED}\s*=(?!=)\s*(?P<value>.+)$"),
        (":=", "value", rf"\(\s*{_NAME}\s*:=\s*(?P<value>.+)$"),
        (" as ", "value", rf"\bwith\s+(?:.*,\s*)?(?P<value>[^,]+?)\s+as\s+{_NAME}\b"),
        (
            "for",
            "element",
            rf"\bfor\s+(?:await\s*)?\(?(?:(?:const|let|var)\s+)?{_NAME}\s+(?:in|of)\s+(?P<value>.+)$",
        ),
    )
)


def options(annotation: str) -> list[str]:
    """The members of a union, without ``None`` and quotes."""
    text = annotation.strip().strip("\"'").strip()
    head, arguments = split_generic(text)
    if head.rpartition(".")[2] in {"Union", "Optional"} and arguments:
        return [option for argument in arguments for option in options(argument)]
    parts = split_at(text, "|")
    if len(parts) > 1:
        return [option for part in parts for option in options(part)]
    return [] if text in {"None", "null", "undefined", ""} else [text]


def split_generic(annotation: str) -> tuple[str, list[str]]:
    """``Mapping[str, Order]`` or ``Map<string, Order>`` → the head and its arguments."""
    text = annotation.strip().strip("\"'").strip()
    found = re.match(r"([\w.$]+)\s*([\[<(])", text)
    if found is None:
        return text, []
    inner = text[found.end() : -1] if text[-1] in "]>)" else text[found.end() :]
    return found[1], [part.strip() for part in split_at(inner, ",") if part.strip()]


def split_at(text: str, separator: str) -> list[str]:
    """The parts of a text between separators that stand in no brackets."""
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        if character in "([{<":
            depth += 1
        elif character in ")]}>":
            depth -= 1
        elif character == separator and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return parts

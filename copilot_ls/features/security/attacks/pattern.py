"""Texts that a regular expression takes exponential time for. Pure.

A repeated part that itself repeats can divide a text in as many ways as there are numbers of its
length; the text is made of what that part matches, and ends so that nothing matches at last.
"""

from __future__ import annotations

import re
import re._parser as parser  # type: ignore[import-not-found]
from collections.abc import Sequence
from typing import Any

_MANY = 20


def exponential_input(pattern: str) -> tuple[str, str] | None:
    """Return what comes first and what is to be repeated; nothing if no such part is seen."""
    try:
        nodes = parser.parse(pattern)
    except (re.error, RecursionError, OverflowError):
        return None
    return _search(list(nodes), "")


def _search(nodes: Sequence[Any], before: str) -> tuple[str, str] | None:
    for name, argument in nodes:
        if str(name) in {"MAX_REPEAT", "MIN_REPEAT"}:
            _, most, inner = argument
            if most >= _MANY and _may_divide(inner):
                piece = _sample(inner)
                if piece:
                    return before, piece
        for inner in _inside(str(name), argument):
            found = _search(list(inner), before)
            if found is not None:
                return found
        before += _sample([(name, argument)])
    return None


def _may_divide(nodes: Any) -> bool:
    """Whether a part repeats inside itself, or has alternatives."""
    for name, argument in nodes:
        word = str(name)
        if word == "BRANCH" or (word in {"MAX_REPEAT", "MIN_REPEAT"} and argument[1] >= _MANY):
            return True
        if any(_may_divide(inner) for inner in _inside(word, argument)):
            return True
    return False


def _inside(name: str, argument: Any) -> list[Any]:
    match name:
        case "SUBPATTERN":
            return [argument[3]]
        case "MAX_REPEAT" | "MIN_REPEAT":
            return [argument[2]]
        case "BRANCH":
            return list(argument[1])
    return []


def _sample(nodes: Any) -> str:
    """Return a text that a part matches, as far as that is simple."""
    text = ""
    for name, argument in nodes:
        match str(name):
            case "LITERAL":
                text += chr(argument)
            case "NOT_LITERAL":
                text += "a" if argument != ord("a") else "b"
            case "ANY":
                text += "a"
            case "IN":
                text += _sample_of_set(argument)
            case "SUBPATTERN":
                text += _sample(argument[3])
            case "MAX_REPEAT" | "MIN_REPEAT":
                least, most, inner = argument
                text += _sample(inner) * (least or int(most >= _MANY))
            case "BRANCH":
                text += _sample(argument[1][0])
    return text


def _sample_of_set(items: Any) -> str:
    classes = {"CATEGORY_DIGIT": "0", "CATEGORY_WORD": "a", "CATEGORY_SPACE": " "}
    for name, argument in items:
        match str(name):
            case "NEGATE":
                return "a"
            case "LITERAL":
                return chr(argument)
            case "RANGE":
                return chr(argument[0])
            case "CATEGORY":
                return classes.get(str(argument), "a")
    return "a"

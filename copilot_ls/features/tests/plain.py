"""Plain data of an answer that code under test may have tampered with, read as what it must be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def items(value: object) -> Sequence[object]:
    """Return a list.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(value, list):
        raise TypeError("not a list")
    return value


def mapping(value: object) -> Mapping[str, object]:
    """Return an object.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(value, dict):
        raise TypeError("not an object")
    return value


def number(value: object) -> int:
    """Return a whole number.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(value, int):
        raise TypeError("not a number")
    return value

"""A few numbers that stand for a piece of code, such that copied code shares some of them. Pure.

Winnowing (Schleimer, Wilkerson, Aiken, SIGMOD 2003): of the hashes of every ``K`` tokens, the
smallest of each window of ``W`` is kept. Code that shares ``K + W - 1`` tokens in a row shares at
least one fingerprint, wherever it stands.
Names of variables, literals, comments and layout do not count, so that renamed or reformatted code
is still found; names of attributes, called functions and keywords do, so that idioms stay apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

K = 16
W = 6
MIN_TOKENS = K + W - 1
"""Shorter code may have no fingerprint at all."""

_TOKEN = re.compile(
    r"(?P<space>[ \t\r\f]+)"
    r"|(?P<line>\n)"
    r"|(?P<comment>#[^\n]*|//[^\n]*|/\*.*?\*/)"
    r"|(?P<text>[rbfuRBFU]{0,2}(?:\"\"\".*?\"\"\"|'''.*?'''|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'"
    r"|`(?:\\.|[^`\\])*`))"
    r"|(?P<name>[^\W\d]\w*)"
    r"|(?P<number>\d[\w.]*)"
    r"|(?P<mark>[^\s\w])",
    re.DOTALL,
)
_KEYWORDS = frozenset(
    word
    for line in (
        "and as assert async await break case catch class const continue def default del do elif",
        "else enum except export extends False finally fn for from func function global if",
        "implements import in instanceof interface is lambda let match namespace new None nonlocal",
        "not null or package pass print private protected public raise return self static struct",
        "super switch this throw throws True try type typeof undefined use using var void while",
        "with yield true false",
    )
    for word in line.split()
)
_MULTIPLIER = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """One kept hash, and the 0-based line on which its tokens begin."""

    value: int
    line: int


def fingerprints_of(text: str) -> list[Fingerprint]:
    """The fingerprints of a text in order, none if it has fewer than ``K`` tokens."""
    tokens, lines = normalised(text)
    if len(tokens) < K:
        return []
    hashes = _rolling(tokens)
    return [Fingerprint(int(hashes[at]) >> 1, lines[at]) for at in _winnow(hashes)]


def n_tokens(text: str) -> int:
    """How many tokens count in ``text``."""
    return len(normalised(text)[0])


def normalised(text: str) -> tuple[list[int], list[int]]:
    """Numbers that stand for the tokens that count, and the line of each."""
    found: list[tuple[str, int]] = []
    line = 0
    previous = ""
    for match in _TOKEN.finditer(text):
        kind = match.lastgroup
        if kind == "line":
            line += 1
            continue
        if kind in {"space", "comment"}:
            line += match[0].count("\n")
            continue
        word = match[0]
        if kind == "text":
            found.append(("s", line))
            line += word.count("\n")
        elif kind == "number":
            found.append(("0", line))
        elif kind == "name":
            is_kept = word in _KEYWORDS or previous == "."
            found.append((word if is_kept else f"?{word}", line))
        elif word == "(" and found and found[-1][0].startswith("?"):
            # What is called keeps its name.
            called, at = found[-1]
            found[-1] = (called[1:], at)
            found.append((word, line))
        elif word not in ";,":
            found.append((word, line))
        previous = word
    numbers = [_number("v" if token.startswith("?") else token) for token, _ in found]
    return numbers, [at for _, at in found]


_numbers: dict[str, int] = {}


def _number(token: str) -> int:
    """A 64-bit number for a token, the same on every machine and in every run."""
    known = _numbers.get(token)
    if known is None:
        known = 0xCBF29CE484222325
        for byte in token.encode():
            known = ((known ^ byte) * 0x100000001B3) & _MASK
        if len(_numbers) > 200_000:
            _numbers.clear()
        _numbers[token] = known
    return known


def _rolling(tokens: list[int]) -> npt.NDArray[np.uint64]:
    """The hash of every ``K`` tokens in a row: a polynomial over 64-bit numbers."""
    values = np.array(tokens, dtype=np.uint64)
    total = np.zeros(len(values) - K + 1, dtype=np.uint64)
    power = np.uint64(1)
    with np.errstate(over="ignore"):
        for offset in range(K - 1, -1, -1):
            total += values[offset : offset + len(total)] * power
            power = np.uint64((int(power) * _MULTIPLIER) & _MASK)
        # The low bits of a sum of products are poor; mix them.
        total ^= total >> np.uint64(31)
        total *= np.uint64(0xBF58476D1CE4E5B9)
        total ^= total >> np.uint64(27)
    return total


def _winnow(hashes: npt.NDArray[np.uint64]) -> list[int]:
    """Where the kept hashes stand: the rightmost smallest of every window."""
    if len(hashes) <= W:
        return [len(hashes) - 1 - int(np.argmin(hashes[::-1]))]
    windows = np.lib.stride_tricks.sliding_window_view(hashes, W)
    smallest = W - 1 - np.argmin(windows[:, ::-1], axis=1)
    return [int(at) for at in np.unique(smallest + np.arange(len(windows)))]

"""What is searched: a file cut into functions, class heads, module remainders and text windows.

Every line of code that is not blank lands in some chunk.
A function is one chunk, because chunks of functions with their names and signatures are found
more reliably than windows of a fixed number of lines (measured before this was written).
Words for the lexical index are made here too, because documents and queries must agree on them.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise

from indexer.model import Chunk, ParsedFile, Span, Symbol, SymbolKind
from indexer.syntax.parse import has_grammar

MAX_CHUNK = 1_800
# Windows of one file without a grammar: a data file must not crowd out the code.
MAX_WINDOWS = 64

_CALLABLE = frozenset({SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.PROPERTY})
_HEADED = frozenset({SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.ENUM})
_LEADING_LINE = re.compile(r"\s*(#|//|/\*|\*|@)")
_HEADING = re.compile(r"(#{1,6})\s+(.+?)\s*#*\s*$")
_FENCE = re.compile(r"\s*(```|~~~)")
_IDENTIFIER = re.compile(r"\w+")
_WITHOUT_PUNCTUATION = "".join(
    character if character.isalnum() or character == "_" else " "
    for character in map(chr, range(128))
)
_MAX_KNOWN_WORDS = 65_536
_PART = re.compile(r"[A-Z]+(?![^\W\d_A-Z])|[A-Z]?[^\W\d_A-Z]+|\d+")


def chunks_of(parsed: ParsedFile, text: str) -> list[Chunk]:
    """The chunks of a file in source order; ``text`` is what ``parsed`` was made from.

    The text of a chunk has at most ``MAX_CHUNK`` characters, of a class head without the lines
    of its methods, to which their stubs are appended.
    """
    lines = _Lines(text)
    if has_grammar(parsed.language):
        pieces = _code_pieces(parsed, lines)
    else:
        pieces = _text_pieces(parsed, lines)
    return list(_identified(parsed.path, pieces, lines))


def split_identifiers(text: str) -> str:
    """The words of code or of a question, for an index that knows only words.

    ``parseHTTPResponse2`` and ``parse_http_response_2`` give the same words: the parts, and the
    whole without its punctuation, all in lower case.
    """
    # For ASCII this is twice as fast as the regular expression, and finds the same.
    identifiers = (
        text.translate(_WITHOUT_PUNCTUATION).split()
        if text.isascii()
        else _IDENTIFIER.findall(text)
    )
    return " ".join(map(_WORDS.__getitem__, identifiers))


class _Words(dict[str, str]):
    """Identifier → its words. Code repeats its names: nine of ten are found here."""

    def __missing__(self, identifier: str) -> str:
        parts = [part.lower() for part in _PART.findall(identifier)]
        if len(parts) > 1:
            parts.insert(0, "".join(parts))
        if len(self) >= _MAX_KNOWN_WORDS:
            self.clear()
        words = self[identifier] = " ".join(parts)
        return words


_WORDS = _Words()


@dataclass(frozen=True, slots=True)
class _Piece:
    """A chunk in the making: whole lines (in several ranges), and what they are called."""

    qualified_name: str
    kind: str
    header: str
    ranges: tuple[tuple[int, int], ...]
    tail: str = ""


@dataclass(slots=True)
class _Unit:
    """A definition with a chunk of its own, as a range of lines."""

    symbol: Symbol | None
    start: int
    end: int
    children: list[_Unit] = field(default_factory=list)


class _Lines:
    """A text by lines, which end with a line feed alone, as in tree-sitter."""

    __slots__ = ("offsets", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.offsets = [0]
        self.offsets += [match.end() for match in re.finditer("\n", text)]
        if self.offsets[-1] != len(text):
            self.offsets.append(len(text))

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def __getitem__(self, line: int) -> str:
        return self.text[self.offsets[line] : self.offsets[line + 1]]

    def slice(self, start: int, end: int) -> str:
        return self.text[self.offsets[start] : self.offsets[end]]

    def size(self, start: int, end: int) -> int:
        return self.offsets[end] - self.offsets[start]

    def is_blank(self, start: int, end: int) -> bool:
        return not self.slice(start, end).strip()

    def number(self, offset: int) -> int:
        return min(bisect_right(self.offsets, offset) - 1, max(len(self) - 1, 0))


def _code_pieces(parsed: ParsedFile, lines: _Lines) -> Iterator[_Piece]:
    root = _units(parsed.symbols, lines)
    members: dict[str, list[Symbol]] = {}
    for each in parsed.symbols:
        members.setdefault(each.parent, []).append(each)
    waiting = [root]
    while waiting:
        unit = waiting.pop()
        waiting += reversed(unit.children)
        symbol = unit.symbol
        ranges = _gaps(unit, lines)
        if symbol is None:
            header = _joined(parsed.path, parsed.docstring)
            yield from _cut_ranges(_Piece("", SymbolKind.MODULE, header, ranges), lines)
            continue
        header = _joined(f"{parsed.path} {symbol.qualified_name}", symbol.stub, symbol.docstring)
        stubs = ""
        if symbol.kind in _HEADED and unit.children:
            stubs = _stubs(members.get(symbol.qualified_name, ()))
        yield from _cut_ranges(
            _Piece(symbol.qualified_name, symbol.kind, header, ranges, stubs), lines
        )


def _units(symbols: Sequence[Symbol], lines: _Lines) -> _Unit:
    """The functions and classes as a tree; a function swallows what is defined in it."""
    root = _Unit(None, 0, len(lines))
    stack = [root]
    chosen = [each for each in symbols if each.kind in _CALLABLE or each.kind in _HEADED]
    for symbol in sorted(chosen, key=lambda each: (each.span.start, -each.span.end)):
        first = lines.number(symbol.span.start)
        last = lines.number(max(symbol.span.start, symbol.span.end - 1)) + 1
        while len(stack) > 1 and first >= stack[-1].end:
            stack.pop()
        outer = stack[-1]
        if outer.symbol is not None and (outer.symbol.kind in _CALLABLE or last > outer.end):
            continue
        floor = outer.children[-1].end if outer.children else outer.start
        if outer.symbol is not None:
            floor = max(floor, outer.start + 1)
        if first < floor:
            # A second definition on the same line belongs to the first one's chunk.
            continue
        while first > floor and _LEADING_LINE.match(lines[first - 1]):
            first -= 1
        unit = _Unit(symbol, first, last)
        outer.children.append(unit)
        stack.append(unit)
    return root


def _gaps(unit: _Unit, lines: _Lines) -> tuple[tuple[int, int], ...]:
    """The lines of a unit that no child of it has."""
    edges = [unit.start]
    for child in unit.children:
        edges += [child.start, child.end]
    edges.append(unit.end)
    pairs = [(edges[index], edges[index + 1]) for index in range(0, len(edges), 2)]
    return tuple((start, end) for start, end in pairs if not lines.is_blank(start, end))


def _stubs(members: Sequence[Symbol]) -> str:
    return "\n".join(f"    {each.stub}" for each in members if each.kind in _CALLABLE)


def _cut_ranges(piece: _Piece, lines: _Lines) -> Iterator[_Piece]:
    """Pieces of at most ``MAX_CHUNK`` characters; the tail goes to the first, as far as it fits."""
    group: list[tuple[int, int]] = []
    size = 0
    tail = piece.tail
    for start, end in piece.ranges:
        for part in _cut_lines(start, end, lines):
            length = lines.size(*part) + 1
            if group and size + length > MAX_CHUNK:
                yield _Piece(piece.qualified_name, piece.kind, piece.header, tuple(group), tail)
                group, size, tail = [], 0, ""
            group.append(part)
            size += length
    if group:
        yield _Piece(piece.qualified_name, piece.kind, piece.header, tuple(group), tail)


def _cut_lines(start: int, end: int, lines: _Lines) -> Iterator[tuple[int, int]]:
    """Ranges of lines that fit, cut after a blank line or before a line with little indentation.

    A line that does not fit stands alone, and is cut when its text is taken.
    """
    while start < end:
        stop = start
        while stop < end and lines.size(start, stop + 1) <= MAX_CHUNK:
            stop += 1
        if stop < end:
            stop = _best_break(start, stop, lines) if stop > start else start + 1
        yield start, stop
        start = stop


def _best_break(start: int, stop: int, lines: _Lines) -> int:
    candidates = range(start + max(1, (stop - start) // 2), stop + 1)

    def cost(line: int) -> tuple[int, int]:
        text = lines[line]
        indentation = len(text) - len(text.lstrip())
        follows_blank = not lines[line - 1].strip()
        return (indentation if text.strip() else 1_000) - 3 * follows_blank, -line

    return min(candidates, key=cost)


def _text_pieces(parsed: ParsedFile, lines: _Lines) -> Iterator[_Piece]:
    sections = _sections(lines) if parsed.language == "markdown" else [("", 0, len(lines))]
    n_windows = 0
    for title, start, end in sections:
        header = _joined(parsed.path, title)
        for part in _cut_lines(start, end, lines):
            if lines.is_blank(*part):
                continue
            n_windows += 1
            if n_windows > MAX_WINDOWS:
                return
            yield _Piece(title, "text", header, (part,))


def _sections(lines: _Lines) -> list[tuple[str, int, int]]:
    """Markdown by headings; the title is the path of headings, ``Install > Windows``."""
    starts: list[tuple[str, int]] = [("", 0)]
    path: list[tuple[int, str]] = []
    in_fence = False
    for number in range(len(lines)):
        line = lines[number]
        if _FENCE.match(line):
            in_fence = not in_fence
        heading = None if in_fence else _HEADING.match(line)
        if heading is None:
            continue
        level = len(heading[1])
        path = [each for each in path if each[0] < level]
        path.append((level, heading[2][:100]))
        starts.append((" > ".join(title for _, title in path), number))
    starts.append(("", len(lines)))
    return [(title, start, end) for (title, start), (_, end) in pairwise(starts) if start < end]


def _identified(path: str, pieces: Iterator[_Piece], lines: _Lines) -> Iterator[Chunk]:
    ordinals: dict[str, int] = {}
    for piece in pieces:
        first, last = piece.ranges[0][0], piece.ranges[-1][1]
        text = "".join(lines.slice(*each) for each in piece.ranges).rstrip()
        parts = [text] if len(text) <= MAX_CHUNK else _cut_text(text)
        if piece.tail and len(parts) == 1:
            room = MAX_CHUNK - len(text) - 1
            parts = [f"{text}\n{piece.tail[:room]}" if room > 40 else text]
        for part in parts:
            ordinal = ordinals.get(piece.qualified_name, 0)
            ordinals[piece.qualified_name] = ordinal + 1
            yield Chunk(
                id=_digest(f"{path}\0{piece.qualified_name}\0{ordinal}"),
                path=path,
                qualified_name=piece.qualified_name,
                kind=str(piece.kind),
                span=Span(lines.offsets[first], lines.offsets[last]),
                line=first,
                end_line=last - 1,
                header=piece.header,
                text=part,
                text_hash=_digest(f"{piece.header}\n{part}"),
            )


def _cut_text(text: str) -> list[str]:
    return [text[start : start + MAX_CHUNK] for start in range(0, len(text), MAX_CHUNK)]


def _digest(text: str) -> str:
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()


def _joined(*parts: str) -> str:
    return "\n".join(part for part in parts if part)

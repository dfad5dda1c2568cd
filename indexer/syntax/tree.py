"""The syntax tree of one text, and of the same text after an edit; the door to the grammars.

A tree is parsed once and then *edited*: what an edit does not touch is taken over, which makes
checking a suggestion in a file of 2,000 lines a matter of half a millisecond instead of seven.
Trees are immutable to their holders; nothing here recurses with the depth of the code.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from tree_sitter import Language, Node, Parser, Query, QueryCursor, Tree

from indexer.model import Span
from indexer.syntax.c import CPP, C, dialect_of
from indexer.syntax.csharp import CSHARP
from indexer.syntax.extraction import Grammar
from indexer.syntax.go import GO
from indexer.syntax.java import JAVA
from indexer.syntax.javascript import JAVASCRIPT, TSX, TYPESCRIPT
from indexer.syntax.php import PHP
from indexer.syntax.python import PYTHON
from indexer.syntax.ruby import RUBY
from indexer.syntax.rust import RUST
from indexer.syntax.source import Source

# Processor time, so that a busy machine does not change what is indexed.
MAX_PARSE_SECONDS = 5.0
_ASKS_PER_LOOK = 64
# The time of a query grows with the square of an error's width, and explodes where nodes are
# nested more than 65,535 deep (both measured with tree-sitter 0.26); code comes near neither.
MAX_ERROR_WIDTH = 10_000
MAX_QUERY_DEPTH = 2_000

GRAMMARS: dict[str, Grammar] = {
    "python": PYTHON,
    "javascript": JAVASCRIPT,
    "typescript": TYPESCRIPT,
    "tsx": TSX,
    "c": C,
    "cpp": CPP,
    "ruby": RUBY,
    "php": PHP,
    "go": GO,
    "java": JAVA,
    "rust": RUST,
    "csharp": CSHARP,
}


_SCOPE_QUERIES = {
    "typescript": ("javascript", "typescript"),
    "tsx": ("javascript", "typescript"),
}


@dataclass(frozen=True, slots=True)
class SyntaxTree:
    """A parsed text. ``tree`` is for this package alone; others ask the functions beside it."""

    language: str
    source: Source
    tree: Tree

    @property
    def root(self) -> Node:
        return self.tree.root_node

    @property
    def has_errors(self) -> bool:
        return self.tree.root_node.has_error


def read_tree(language: str, text: str, known: SyntaxTree | None = None) -> SyntaxTree | None:
    """Parse a text; with the tree of an earlier version of it, only what differs.

    ``None`` for a language without a grammar and for a text too broken or too slow to parse.
    """
    language = dialect_of(language, text)
    if language not in GRAMMARS:
        return None
    source = Source(text)
    old = None
    if known is not None and known.language == language:
        if known.source.text == source.text:
            return known
        old = _edited(known, source)
    tree = _parse(language, source, old)
    return None if tree is None else SyntaxTree(language, source, tree)


def errors_in(tree: SyntaxTree) -> list[Span]:
    """Where the text breaks the grammar, in source order; a missing token is empty."""
    return [tree.source.span(node.start_byte, node.end_byte) for node in broken_nodes(tree)]


def broken_nodes(tree: SyntaxTree) -> list[Node]:
    """The nodes of :func:`errors_in`."""
    if not tree.has_errors:
        return []
    found = captures(_error_query(tree.language), tree.root)
    return sorted(
        (node for nodes in found.values() for node in nodes), key=lambda node: node.start_byte
    )


def captures(query: Query, root: Node) -> dict[str, list[Node]]:
    cursor = QueryCursor(query)
    cursor.set_max_start_depth(MAX_QUERY_DEPTH)
    return cursor.captures(root)


def captures_within(query: Query, root: Node, start: int, end: int) -> dict[str, list[Node]]:
    """The captures that touch a range of bytes below a node."""
    cursor = QueryCursor(query)
    cursor.set_max_start_depth(MAX_QUERY_DEPTH)
    cursor.set_byte_range(start, end)
    return cursor.captures(root)


@cache
def scope_query(language: str) -> Query:
    """The query that finds what opens a scope or binds a name."""
    folder = files("indexer.syntax") / "queries"
    names = _SCOPE_QUERIES.get(language, (language,))
    text = "\n".join((folder / f"{name}.scopes.scm").read_text("utf-8") for name in names)
    return Query(_language(language), text)


@cache
def query_of(language: str, *, with_uses: bool = True) -> Query:
    """The query that finds what a language's handlers read."""
    folder = files("indexer.syntax") / "queries"
    text = "\n".join(
        (folder / f"{each}.scm").read_text(encoding="utf-8") for each in GRAMMARS[language].queries
    )
    query = Query(_language(language), text)
    for name in () if with_uses else GRAMMARS[language].uses:
        query.disable_capture(name)
    return query


@cache
def small_query(language: str, text: str) -> Query:
    """A query of a few patterns that is not worth a file."""
    return Query(_language(language), text)


def _error_query(language: str) -> Query:
    return small_query(language, "(ERROR) @error (MISSING) @missing")


@cache
def _language(name: str) -> Language:
    return Language(GRAMMARS[name].load())


def _edited(known: SyntaxTree, source: Source) -> Tree:
    """The known tree, told which range of bytes was replaced; one range covers all changes."""
    before, after = known.source.data, source.data
    start = _shared(before, after)
    n_same = _shared(before[start:][::-1], after[start:][::-1])
    old_end, new_end = len(before) - n_same, len(after) - n_same
    tree = known.tree.copy()
    tree.edit(
        start,
        old_end,
        new_end,
        _point(before, start),
        _point(before, old_end),
        _point(after, new_end),
    )
    return tree


def _shared(one: bytes, other: bytes) -> int:
    """How many bytes two strings have in common at their start; by halving, not byte by byte."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _point(data: bytes, offset: int) -> tuple[int, int]:
    return data.count(b"\n", 0, offset), offset - (data.rfind(b"\n", 0, offset) + 1)


def _parse(language: str, source: Source, old: Tree | None) -> Tree | None:
    parser = Parser(_language(language))
    data = source.data
    deadline = time.thread_time() + MAX_PARSE_SECONDS
    n_asked = 0

    def is_late(_offset: int, _has_error: bool) -> bool:
        # Asked every twenty microseconds or so, of which the system's clock would take a fifth.
        nonlocal n_asked
        n_asked += 1
        return n_asked % _ASKS_PER_LOOK == 0 and time.thread_time() > deadline

    def read(offset: int, _point: object) -> bytes:
        return data[offset:]

    try:
        # The binding takes no ``None`` for "no old tree".
        if old is None:
            tree = parser.parse(read, progress_callback=is_late)
        else:
            tree = parser.parse(read, old_tree=old, progress_callback=is_late)
    except ValueError:
        return None
    return None if _is_hopeless(tree.root_node) else tree


def _is_hopeless(root: Node) -> bool:
    """Whether an error is so wide that no query of the tree would end in time."""
    waiting = [root] if root.has_error and root.end_byte > MAX_ERROR_WIDTH else []
    n_seen = 0
    while waiting:
        node = waiting.pop()
        if node.is_error and node.child_count > MAX_ERROR_WIDTH:
            return True
        n_seen += 1
        if n_seen > MAX_ERROR_WIDTH:
            return False
        waiting += [child for child in node.children if child.has_error]
    return False

"""Walking trees: nodes with what stands around them, ranges of bytes inside each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from tree_sitter import Node

Range: TypeAlias = tuple[int, int]
"""Half-open, in bytes."""


@dataclass(frozen=True, slots=True)
class At:
    """A node with what stands around it: asking tree-sitter for parents costs a descent each."""

    node: Node
    around: At | None

    def ancestors(self) -> Iterator[At]:
        at: At | None = self
        while at is not None:
            yield at
            at = at.around


def nodes_within(root: Node, start: int, end: int) -> Iterator[At]:
    """The nodes that touch a range of bytes, outer ones first, in source order."""
    waiting = [At(root, None)]
    while waiting:
        at = waiting.pop()
        yield at
        # Not by ``first_child_for_byte`` and ``next_sibling``: together they crash (0.26.1).
        waiting += [
            At(child, at)
            for child in reversed(at.node.named_children)
            if child.start_byte < end and child.end_byte >= start
        ]


def is_field(node: Node, name: str, child: Node) -> bool:
    found = node.child_by_field_name(name)
    return found is not None and found.id == child.id


def only_child(node: Node) -> Node | None:
    return next((child for child in node.named_children if child.type != "comment"), None)


def without_comments(node: Node) -> list[Node]:
    return [child for child in node.named_children if child.type != "comment"]


def outermost(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for start, end in sorted(set(ranges), key=lambda each: (each[0], -each[1])):
        if not found or start >= found[-1][1]:
            found.append((start, end))
    return found


def range_around(ranges: Sequence[tuple[int, int]], offset: int) -> tuple[int, int] | None:
    for start, end in ranges:
        if start <= offset < end:
            return start, end
        if start > offset:
            break
    return None

"""Which of several bindings of a name may reach a use of it, in any language with blocks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from tree_sitter import Node

from indexer.model import Import
from indexer.syntax.code import BindingKind
from indexer.syntax.nodes import Range


@dataclass(frozen=True, slots=True)
class Bound:
    """A binding with its whereabouts in bytes: ``start`` to ``end`` is the statement."""

    kind: BindingKind
    at: Node
    start: int
    end: int
    value: Node | None = None
    annotation: Node | None = None
    path: tuple[int, ...] = ()
    entry: Import | None = None


@dataclass(slots=True)
class Flow:
    """The blocks and loops of one scope."""

    whole: Range
    blocks: list[Range] = field(default_factory=list)
    loops: list[Range] = field(default_factory=list)

    def reaching(self, bound: list[Bound], offset: int, *, is_inside: bool) -> list[Bound]:
        """Those of a name's bindings, in source order, that a use at ``offset`` may see.

        ``is_inside`` if the use stands in this scope itself, not in a function inside it, which
        may run at any time.
        """
        if not is_inside or len(bound) < 2:
            return bound
        last: Bound | None = None
        for each in bound:
            if each.end <= offset and self.is_sure(each, offset):
                last = each
        if last is None:
            return bound
        return [
            each
            for each in bound
            if each is last
            or (last.start <= each.start and each.end <= offset)
            or (each.start >= offset and self._comes_round(last, each, offset))
        ]

    def _comes_round(self, last: Bound, later: Bound, offset: int) -> bool:
        """Whether a loop brings the value of a later binding back to a use before it."""
        return any(
            start <= later.start < end and start <= offset < end and not start <= last.start < end
            for start, end in self.loops
        )

    def is_sure(self, bound: Bound, offset: int) -> bool:
        """Whether the block that a binding stands in is left only with it being bound."""
        start, end = self._block_of(bound.start)
        return start <= offset < end

    def _block_of(self, offset: int) -> tuple[int, int]:
        best = self.whole
        for start, end in self.blocks:
            if start <= offset < end and end - start <= best[1] - best[0]:
                best = (start, end)
        return best


def is_before(bound: Sequence[Bound], offset: int | None) -> bool:
    """Whether a name is bound by the time that a position is reached; always without one."""
    return offset is None or any(each.end <= offset for each in bound)

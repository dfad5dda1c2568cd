"""A document as it would be if the user took a suggestion: what all checks look at. Pure.

A draft parses no more than what its suggestion changes, and no more often than once; trees of a
document's earlier versions are kept in a :class:`TreeMemory` between suggestions.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from copilot_ls.domain import Document, Edit
from indexer.model import Reference, Span
from indexer.resolve.outline import Outline
from indexer.syntax.parse import parse_tree
from indexer.syntax.tree import SyntaxTree, read_tree

_MAX_TREES = 16


class TreeMemory:
    """The latest tree of each open document, so that the next version costs only its changes.

    Safe to share between threads: a lost entry costs a parse.
    """

    def __init__(self) -> None:
        self._trees: OrderedDict[str, SyntaxTree] = OrderedDict()

    def read(self, document: Document) -> SyntaxTree | None:
        """Return the tree of this version; ``None`` for a text that cannot be parsed."""
        tree = read_tree(document.language, document.text, self._trees.get(document.uri))
        if tree is not None:
            self._trees[document.uri] = tree
            self._trees.move_to_end(document.uri)
        while len(self._trees) > _MAX_TREES:
            self._trees.popitem(last=False)
        return tree


@dataclass(frozen=True)
class Draft:
    """``edit`` is the suggestion; ``is_cut`` if the model was stopped in the middle of it.

    ``imports`` are statements that the document got for it before anything was checked.

    Spans of findings are in :attr:`text`, where the suggestion stands at :attr:`span`.
    """

    document: Document
    edit: Edit
    is_cut: bool = False
    memory: TreeMemory = field(default_factory=TreeMemory)
    imports: tuple[str, ...] = ()

    @cached_property
    def text(self) -> str:
        return self.text_with(self.edit.text)

    @property
    def span(self) -> Span:
        start = self.edit.span.start
        return Span(start, start + len(self.edit.text))

    @cached_property
    def tree_before(self) -> SyntaxTree | None:
        """The tree of the document without the suggestion."""
        return self.memory.read(self.document)

    @cached_property
    def tree(self) -> SyntaxTree | None:
        """The tree of the document with the suggestion."""
        return self.tree_of(self.text)

    @cached_property
    def outline(self) -> Outline | None:
        """The names that the document would have with the suggestion."""
        if self.tree is None:
            return None
        return Outline(parse_tree(self.document.path, self.tree, with_uses=False))

    @cached_property
    def references_before(self) -> Sequence[Reference]:
        """What the document uses without the suggestion."""
        if self.tree_before is None:
            return ()
        return parse_tree(self.document.path, self.tree_before).references

    def tree_of(self, text: str) -> SyntaxTree | None:
        """The tree of a text that is much like the document's."""
        return read_tree(self.document.language, text, self.tree_before)

    def with_import(self, added: Edit) -> Draft:
        """The draft in a document that got an import, above the suggestion."""
        text, place = self.document.text, added.span.start
        span = self.edit.span
        shift = len(added.text)
        return replace(
            self,
            document=replace(self.document, text=text[:place] + added.text + text[place:]),
            edit=Edit(Span(span.start + shift, span.end + shift), self.edit.text),
            imports=(*self.imports, added.text.strip()),
        )

    def text_with(self, suggestion: str) -> str:
        """The document with another text in place of the suggestion."""
        text, span = self.document.text, self.edit.span
        return text[: span.start] + suggestion + text[span.end :]

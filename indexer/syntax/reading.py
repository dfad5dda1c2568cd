"""What a stretch of code uses, for the languages whose names can be followed."""

from __future__ import annotations

from indexer.model import Span
from indexer.syntax import javascript_code, python_code
from indexer.syntax.code import Reading
from indexer.syntax.tree import SyntaxTree


def read_uses(path: str, tree: SyntaxTree, span: Span) -> Reading:
    """The names, members, calls and imports at ``span``; nothing in other languages."""
    match tree.language:
        case "python":
            return python_code.read_uses(path, tree, span)
        case "javascript" | "typescript" | "tsx":
            return javascript_code.read_uses(path, tree, span)
        case _:
            return Reading()

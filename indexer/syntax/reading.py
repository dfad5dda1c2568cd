"""What a stretch of code uses, for the languages whose names can be followed."""

from __future__ import annotations

from indexer.model import Span
from indexer.syntax import javascript_code, python_code
from indexer.syntax.code import Reading
from indexer.syntax.nodes import nodes_within
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


_STATEMENTS = frozenset(
    {"expression_statement", "return_statement", "assert_statement", "raise_statement"}
    | {"import_statement", "import_from_statement", "throw_statement", "lexical_declaration"}
    | {"delete_statement", "export_statement"}
)
_MAX_STATEMENT_LINES = 12


def statements(tree: SyntaxTree) -> list[Span]:
    """The simple statements of a file, none inside another and none of many lines."""
    found: list[Span] = []
    covered_to = 0
    for at in nodes_within(tree.root, 0, len(tree.source.data)):
        node = at.node
        if node.type not in _STATEMENTS or node.start_byte < covered_to or node.has_error:
            continue
        if node.end_point[0] - node.start_point[0] < _MAX_STATEMENT_LINES:
            covered_to = node.end_byte
            found.append(tree.source.span(node.start_byte, node.end_byte))
    return found

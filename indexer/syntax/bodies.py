"""What the functions and classes of a Python file say of themselves and what their bodies do.

Docstrings with their exact place, returned and yielded values, raised errors: facts that a
docstring can be held against. Symbols and signatures come from ``parse``; both meet by
``(name, line)``.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from indexer.model import Span
from indexer.syntax.source import Source
from indexer.syntax.tree import SyntaxTree, captures, small_query

_DEFINITIONS = frozenset({"function_definition", "class_definition"})
_NESTED = frozenset({*_DEFINITIONS, "lambda"})
_PATTERNS = "(function_definition) @function (class_definition) @class"
_RESULTS = re.compile(r"return|yield|rtype|ytype|raise|except", re.IGNORECASE)
_BROAD = frozenset({"Exception", "BaseException", ""})


@dataclass(frozen=True, slots=True)
class Docstring:
    """A docstring: ``span`` is the whole literal, ``text`` its value as Python would see it.

    ``source`` is what stands between the quotes, escapes as written. ``indent`` stands before the
    literal; ``quote`` opens and closes it, ``prefix`` is ``r`` or so.
    """

    span: Span
    text: str
    source: str
    indent: str
    prefix: str
    quote: str


@dataclass(frozen=True, slots=True)
class Raised:
    """An error that a body raises by name, and where."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Body:
    """One definition; what its body does is read only where a docstring can be held against it.

    ``returns_value`` is true if some ``return`` has a value other than ``None``; ``is_stub`` if
    nothing is done (``...``, ``pass``, or only ``raise NotImplementedError``).
    ``reraises`` is true if errors of unknown type pass through on purpose.
    """

    name: str
    line: int
    is_class: bool
    span: Span
    docstring: Docstring | None
    returns_value: bool = False
    yields: bool = False
    raises: tuple[Raised, ...] = ()
    reraises: bool = False
    is_stub: bool = False


def read_bodies(tree: SyntaxTree) -> list[Body]:
    """Every function and class of the file, in source order."""
    found = captures(small_query(tree.language, _PATTERNS), tree.root)
    nodes = sorted(
        (node for nodes in found.values() for node in nodes), key=lambda node: node.start_byte
    )
    return [
        _body(tree.source, node) for node in nodes if node.child_by_field_name("body") is not None
    ]


def _walk(root: Node, *, into_nested: bool = True) -> Iterator[Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        if into_nested or node is root or node.type not in _NESTED:
            waiting += reversed(node.named_children)


def _body(source: Source, node: Node) -> Body:
    name = node.child_by_field_name("name")
    body = node.child_by_field_name("body") or node
    is_class = node.type == "class_definition"
    statements = [child for child in body.named_children if child.type != "comment"]
    docstring = _docstring(source, body)
    facts = _Facts(source)
    # What a definition does is held against nothing if nothing is said of results and errors.
    if not is_class and docstring is not None and _RESULTS.search(docstring.text):
        for statement in statements:
            facts.read(statement)
    return Body(
        name=source.slice(name.start_byte, name.end_byte) if name else "",
        line=(name or node).start_point[0],
        is_class=is_class,
        span=source.span(node.start_byte, node.end_byte),
        docstring=docstring,
        returns_value=facts.returns_value,
        yields=facts.yields,
        raises=tuple(facts.raises),
        reraises=facts.reraises,
        is_stub=_is_stub(source, statements, has_docstring=docstring is not None),
    )


def _docstring(source: Source, body: Node) -> Docstring | None:
    for child in body.named_children:
        if child.type == "comment":
            continue
        if child.type != "expression_statement" or child.named_child_count != 1:
            return None
        string = child.named_children[0]
        if string.type != "string":
            return None
        literal = source.slice(string.start_byte, string.end_byte)
        try:
            text = ast.literal_eval(literal)
        except (SyntaxError, ValueError):
            return None
        if not isinstance(text, str):
            return None
        opening = source.slice(string.children[0].start_byte, string.children[0].end_byte)
        quote = opening.lstrip("rRuUbBfF")
        line_start = source.data.rfind(b"\n", 0, string.start_byte) + 1
        before = source.slice(line_start, string.start_byte)
        return Docstring(
            span=source.span(string.start_byte, string.end_byte),
            text=text,
            source=literal[len(opening) : len(literal) - len(quote)],
            indent=before if not before.strip() else "",
            prefix=opening[: len(opening) - len(quote)],
            quote=quote,
        )
    return None


def _is_stub(source: Source, statements: list[Node], *, has_docstring: bool) -> bool:
    left = statements[1:] if has_docstring else statements
    if not left:
        return True
    if len(left) > 1:
        return False
    node = left[0]
    if node.type == "pass_statement":
        return True
    # Not the node's own text: that costs a copy of all that follows it.
    text = source.slice(node.start_byte, node.end_byte)
    if node.type == "expression_statement":
        return text == "..."
    return node.type == "raise_statement" and "NotImplementedError" in text


class _Facts:
    """What the statements of one body do, its nested functions left out."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.returns_value = False
        self.yields = False
        self.reraises = False
        self.raises: list[Raised] = []

    def read(self, root: Node) -> None:
        # The names of the errors that handlers around a node would stop.
        waiting: list[tuple[Node, frozenset[str], frozenset[str]]] = [
            (root, frozenset(), frozenset())
        ]
        while waiting:
            node, stopped, bound = waiting.pop()
            if node.type in _NESTED:
                continue
            self._look(node, stopped, bound)
            if node.type == "try_statement":
                waiting += self._inside_try(node, stopped, bound)
            else:
                waiting += [(child, stopped, bound) for child in reversed(node.named_children)]

    def _look(self, node: Node, stopped: frozenset[str], bound: frozenset[str]) -> None:
        match node.type:
            case "return_statement":
                value = node.named_children[0] if node.named_child_count else None
                self.returns_value |= value is not None and value.type != "none"
            case "yield":
                self.yields = True
            case "raise_statement":
                self._look_at_raise(node, stopped, bound)

    def _look_at_raise(self, node: Node, stopped: frozenset[str], bound: frozenset[str]) -> None:
        if not node.named_child_count:
            self.reraises = True
            return
        value = node.named_children[0]
        if value.type == "call":
            value = value.child_by_field_name("function") or value
        name = self._text(value)
        last = name.rpartition(".")[2]
        if name in bound:
            self.reraises = True
            return
        if value.type not in {"identifier", "attribute"} or not last[:1].isupper():
            self.reraises = True
            return
        if last in stopped or "Exception" in stopped:
            return
        self.raises.append(Raised(name, self._source.span(node.start_byte, node.end_byte)))

    def _inside_try(
        self, node: Node, stopped: frozenset[str], bound: frozenset[str]
    ) -> list[tuple[Node, frozenset[str], frozenset[str]]]:
        body = node.child_by_field_name("body")
        handlers = [child for child in node.named_children if child.type == "except_clause"]
        caught: set[str] = set()
        found: list[tuple[Node, frozenset[str], frozenset[str]]] = []
        for handler in handlers:
            names, alias = self._handler(handler)
            raises_again = any(
                child.type == "raise_statement" for child in _walk(handler, into_nested=False)
            )
            if not raises_again:
                caught |= {"Exception" if name in _BROAD else name for name in names}
            inner = bound | ({alias} if alias else set())
            found += [(child, stopped, inner) for child in handler.named_children]
        found += [
            (child, stopped, bound)
            for child in node.named_children
            if child.type != "except_clause" and child != body
        ]
        if body is not None:
            found.append((body, stopped | caught, bound))
        return found

    def _handler(self, handler: Node) -> tuple[set[str], str]:
        value = handler.child_by_field_name("value") or (
            handler.named_children[0]
            if handler.named_child_count and handler.named_children[0].type != "block"
            else None
        )
        if value is None:
            return {""}, ""
        alias = ""
        if value.type == "as_pattern":
            target = value.child_by_field_name("alias")
            alias = self._text(target) if target is not None else ""
            value = value.named_children[0]
        parts = value.named_children if value.type == "tuple" else [value]
        return {self._text(part).rpartition(".")[2] for part in parts}, alias

    def _text(self, node: Node) -> str:
        return self._source.slice(node.start_byte, node.end_byte)

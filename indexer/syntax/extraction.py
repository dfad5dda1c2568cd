"""What all languages share: walking the captures of a query in source order and filling one
``ParsedFile``.

A language is data and a small module: its ``queries/*.scm`` name the nodes that matter, and its
``Grammar`` has one function for each capture name.
The walk calls those functions in source order, outer nodes first, and keeps the stack of scopes,
so that a function need not look upwards (asking tree-sitter for a parent costs a descent from the
root).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from tree_sitter import Node

from indexer.model import (
    Docstring,
    Import,
    ParameterKind,
    Reference,
    ReferenceKind,
    Signature,
    Span,
    Symbol,
    SymbolKind,
)
from indexer.syntax.source import Source

MAX_STUB = 400
MAX_DOCSTRING = 400
MAX_EXPRESSION = 80
MAX_ANNOTATION = 200
# A receiver longer than this is a fluent chain, of which the beginning says the most.
MAX_RECEIVER = 100
# Deeper definitions are read for references but get no symbol: their qualified names would grow
# with the square of the depth.
MAX_DEPTH = 24

_CLASS_KINDS = frozenset({SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.ENUM})
_BLANK_LINE = re.compile(r"\n[ \t\r]*\n")


class Assigned(StrEnum):
    """What is known of all that was assigned to a name so far."""

    DECLARED = "declared"
    NOTHING = "nothing"
    ONE_TYPE = "one_type"
    SEVERAL = "several"


Handler = Callable[["Extraction", Node], None]
Captures = Mapping[str, Sequence[Node]]


@dataclass(frozen=True, slots=True)
class Grammar:
    """One language, as far as it differs from others.

    ``load`` returns the pointer that the grammar's wheel exports.
    ``handlers`` are called for the captures of the same name; of two captures with the same
    range the earlier handler runs first.
    ``uses`` are the handlers that record nothing but references.
    ``prepare`` sees the tree and all captures before the walk, for what must be known first.
    """

    load: Callable[[], object]
    queries: tuple[str, ...]
    handlers: Mapping[str, Handler]
    prepare: Callable[[Extraction, Node, Captures], None] | None = None
    uses: frozenset[str] = frozenset()


class Scope:
    """A definition that is being walked through; ``kind`` is None for an anonymous function."""

    __slots__ = (
        "assigned",
        "depth",
        "end",
        "fields",
        "in_function",
        "is_public",
        "kind",
        "owner",
        "parameters",
        "qualified_name",
        "receiver",
        "section",
    )

    def __init__(
        self, kind: SymbolKind | None, qualified_name: str, end: int, outer: Scope | None
    ) -> None:
        self.kind = kind
        self.qualified_name = qualified_name
        self.end = end
        self.depth: int = outer.depth + 1 if outer else 0
        self.is_public: bool = outer.is_public if outer else True
        self.in_function: bool = outer.in_function if outer else False
        self.owner: Scope | None = outer.owner if outer else None
        self.receiver: str = outer.receiver if outer else ""
        self.parameters: Mapping[str, str] = outer.parameters if outer else {}
        self.fields: dict[str, int] = {}
        self.assigned: dict[str, Assigned] = {}
        # The visibility that holds from a line like ``private:`` on.
        self.section = ""
        if kind in _CLASS_KINDS:
            self.owner = self
            self.in_function = False
        elif kind in {None, SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.PROPERTY}:
            self.in_function = True

    @property
    def is_class(self) -> bool:
        return self.kind in _CLASS_KINDS


class Extraction:
    """The findings of one file while it is walked; confined to one call of ``parse``."""

    def __init__(self, path: str, language: str, source: Source, *, with_uses: bool = True) -> None:
        self.with_uses = with_uses
        self.path = path
        self.language = language
        self.source = source
        self.symbols: list[Symbol] = []
        self.references: list[Reference] = []
        self.imports: list[Import] = []
        self.exports: list[str] | None = None
        self.docstring = ""
        self.docstrings: list[Docstring] = []
        self.exported_locals: set[str] | None = None
        # Ranges of nodes that another handler has dealt with, so that theirs leaves them alone.
        self.handled: set[tuple[int, int]] = set()
        self.type_parameters: set[str] = set()
        self.namespaces: set[str] = set()
        self.covered_to = 0
        self.wrapper: Node | None = None
        self.documented: tuple[str, int] = ("", -1)
        self.decorated: tuple[list[Node], int] = ([], -1)
        # Names that functions declared ``global``, by the qualified name of the function.
        self.globals: dict[str, set[str]] = {}
        self.module = Scope(SymbolKind.MODULE, "", len(source.data) + 1, None)
        self.scope = self.module
        self._outer: list[Scope] = []

    def walk(self, captures: Captures, handlers: Mapping[str, Handler]) -> None:
        """Call the handlers in source order, with ``scope`` set to where each node stands."""
        called = list(handlers.values())
        events: list[tuple[int, int, int, int, Node]] = []
        for order, name in enumerate(handlers):
            # The running number keeps the sort from comparing nodes.
            events += [
                (node.start_byte, -node.end_byte, order, number, node)
                for number, node in enumerate(captures.get(name, ()))
            ]
        events.sort()
        for start, _, order, _, node in events:
            while self.scope.end <= start and self._outer:
                self.scope = self._outer.pop()
            called[order](self, node)

    def text(self, node: Node) -> str:
        return self.source.slice(node.start_byte, node.end_byte)

    def line_of(self, node: Node, limit: int) -> str:
        """The text of a node on one line, cut to ``limit`` characters."""
        start = node.start_byte
        end = node.end_byte
        if end - start > limit:
            # Four bytes are the longest character: enough is read for the cut, never a megabyte.
            return one_line(self.source.slice(start, min(end, start + 4 * limit + 4)), limit)
        text = self.source.slice(start, end)
        return " ".join(text.split()) if " " in text or "\n" in text else text

    def is_blank(self, start: int, end: int) -> bool:
        return 0 <= start <= end <= start + 400 and not self.source.data[start:end].strip()

    def define(
        self,
        node: Node,
        name: str,
        kind: SymbolKind,
        stub: str,
        *,
        name_node: Node | None = None,
        outermost: Node | None = None,
        owner: Scope | None = None,
        opens: bool = False,
        signature: Signature | None = None,
        annotation: str | None = None,
        docstring: str = "",
        decorators: tuple[str, ...] = (),
        bases: tuple[str, ...] = (),
        is_async: bool = False,
        is_public: bool = True,
        is_deprecated: bool = False,
        assigned: Assigned = Assigned.ONE_TYPE,
    ) -> None:
        """Record a symbol in the current scope (or in ``owner``), and enter it if it ``opens``.

        ``outermost`` is the node whose span counts if decorators stand around ``node``.
        A field that is assigned again keeps its first place and gains an annotation at most;
        ``assigned`` says what this assignment tells of its type.
        """
        within = owner or self.scope
        qualified_name = f"{within.qualified_name}.{name}" if within.qualified_name else name
        if within.depth >= MAX_DEPTH or not name or len(name) > MAX_STUB:
            if opens:
                self.enter(None, within.qualified_name, node)
            return
        is_field = kind in {SymbolKind.FIELD, SymbolKind.VARIABLE, SymbolKind.CONSTANT}
        if is_field:
            known = within.fields.get(name)
            if known is not None:
                before = within.assigned.get(name, Assigned.ONE_TYPE)
                within.assigned[name] = self._assign_again(known, before, annotation, assigned)
                return
            within.fields[name] = len(self.symbols)
            within.assigned[name] = assigned
        whole = outermost or node
        last = whole.end_point
        self.symbols.append(
            Symbol(
                path=self.path,
                language=self.language,
                name=name,
                qualified_name=qualified_name,
                kind=kind,
                span=self.source.span(whole.start_byte, whole.end_byte),
                line=(name_node or node).start_point[0],
                # A node that ends with a line break ends before the line that follows.
                end_line=last[0] - (last[1] == 0 and last[0] > whole.start_point[0]),
                stub=cut(stub, MAX_STUB),
                signature=signature,
                annotation=annotation,
                docstring=docstring,
                decorators=decorators,
                bases=bases,
                is_async=is_async,
                is_public=is_public and within.is_public and not within.in_function,
                is_deprecated=is_deprecated,
                is_certain=is_field and assigned is not Assigned.SEVERAL,
            )
        )
        if opens:
            self.enter(kind, qualified_name, node, is_public=is_public)

    def document(self, kind: SymbolKind, line: int, text: str) -> None:
        """Record the whole docstring of the definition whose scope was just entered."""
        if text:
            self.docstrings.append(Docstring(self.scope.qualified_name, kind, line, text))

    def enter(
        self, kind: SymbolKind | None, qualified_name: str, node: Node, *, is_public: bool = True
    ) -> None:
        """Make ``node`` the current scope until its end."""
        scope = Scope(kind, qualified_name, node.end_byte, self.scope)
        scope.is_public = scope.is_public and is_public and not self.scope.in_function
        self._outer.append(self.scope)
        self.scope = scope

    def refer(
        self,
        kind: ReferenceKind,
        name_node: Node,
        *,
        name: str = "",
        receiver: Node | None = None,
        n_arguments: int = 0,
        keywords: tuple[str, ...] = (),
        has_unpacking: bool = False,
    ) -> None:
        """Record a use of the name that stands at ``name_node``."""
        if not self.with_uses:
            return
        start = name_node.start_byte
        end = name_node.end_byte
        source = self.source
        self.references.append(
            Reference(
                self.path,
                name or source.slice(start, end),
                kind,
                source.span(start, end),
                name_node.start_point[0],
                self.line_of(receiver, MAX_RECEIVER) if receiver is not None else "",
                self.scope.qualified_name,
                n_arguments,
                keywords,
                has_unpacking,
            )
        )

    def refer_within(
        self,
        kind: ReferenceKind,
        node: Node,
        text: str,
        names: re.Pattern[str],
        ignored: frozenset[str],
    ) -> None:
        """Record each dotted name that ``names`` finds in ``text``, the text of ``node``."""
        base = self.source.offset(node.start_byte)
        line = node.start_point[0]
        for match in names.finditer(text):
            receiver, _, name = match[0].rpartition(".")
            if name in ignored:
                continue
            self.references.append(
                Reference(
                    self.path,
                    name,
                    kind,
                    Span(base + match.end() - len(name), base + match.end()),
                    line + text.count("\n", 0, match.start()),
                    receiver,
                    self.scope.qualified_name,
                )
            )

    def bring(
        self, node: Node, module: str, name: str = "", alias: str = "", level: int = 0
    ) -> None:
        """Record an import that stands at ``node``."""
        self.imports.append(
            Import(
                self.path,
                module,
                node.start_point[0],
                name,
                alias if alias != name else "",
                level,
            )
        )

    def _assign_again(
        self, index: int, before: Assigned, annotation: str | None, assigned: Assigned
    ) -> Assigned:
        """Note one more assignment to a field: its annotation, and whether all still agree."""
        symbol = self.symbols[index]
        if before is Assigned.DECLARED or assigned is Assigned.NOTHING:
            return before
        after = assigned
        if assigned is not Assigned.DECLARED and before is not Assigned.NOTHING:
            is_same = annotation is not None and annotation == symbol.annotation
            after = before if is_same else Assigned.SEVERAL
        if assigned is Assigned.DECLARED or symbol.annotation is None:
            symbol = replace(symbol, annotation=annotation)
        self.symbols[index] = replace(symbol, is_certain=after is not Assigned.SEVERAL)
        return after


def named_child(node: Node, index: int = 0) -> Node | None:
    """The child, or None where broken code lacks it (tree-sitter raises)."""
    return node.named_child(index) if index < node.named_child_count else None


def one_line(text: str, limit: int) -> str:
    """The text with its white space collapsed, cut to ``limit`` characters."""
    return cut(" ".join(text.split()), limit)


def cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1] + "…"


def first_paragraph(text: str) -> str:
    """The first paragraph of a docstring or comment on one line."""
    return one_line(_BLANK_LINE.split(text.strip(), maxsplit=1)[0], MAX_DOCSTRING)


def is_private_name(name: str) -> bool:
    """Whether a name's underscore says private; ``__dunder__`` names are public."""
    return name.startswith("_") and not (name.startswith("__") and name.endswith("__"))


def unquoted(annotation: str) -> str:
    """The type that a quoted forward reference names."""
    quote = annotation[:1]
    is_quoted = quote in {"'", '"'} and annotation.count(quote) == 2 and annotation[-1] == quote
    return annotation[1:-1] if is_quoted else annotation


def parameter_types(signature: Signature) -> dict[str, str]:
    """What each parameter holds, for ``self.name = name``."""
    return {
        parameter.name: unquoted(parameter.annotation)
        for parameter in signature.parameters
        if parameter.annotation and parameter.kind not in _VARIADIC
    }


_VARIADIC = frozenset({ParameterKind.VARIADIC_POSITIONAL, ParameterKind.VARIADIC_KEYWORD})

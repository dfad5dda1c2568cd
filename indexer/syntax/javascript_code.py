"""What a stretch of JavaScript or TypeScript uses, and what its names are bound to there.

Scopes are read one function at a time, as in ``python_code``; ``let`` and ``const`` are seen in
their block alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from tree_sitter import Node

from indexer.model import Import, Span
from indexer.syntax.bindings import Bound, Flow, is_before
from indexer.syntax.code import (
    OPAQUE,
    Arguments,
    Awaited,
    Binding,
    BindingKind,
    Call,
    Either,
    Expression,
    ImportUse,
    Item,
    Literal,
    Member,
    Name,
    Reading,
    Typed,
    Use,
)
from indexer.syntax.extraction import named_child
from indexer.syntax.nodes import At, is_field, nodes_within, only_child, outermost, range_around
from indexer.syntax.tree import SyntaxTree, captures_within, scope_query

_MAX_DEPTH = 24
_MAX_CONDITION_BYTES = 2_000
_FUNCTIONS = frozenset(
    {
        "function_declaration",
        "generator_function_declaration",
        "function_expression",
        "generator_function",
        "arrow_function",
        "method_definition",
    }
)
_CLASSES = frozenset({"class_declaration", "class", "abstract_class_declaration"})
_BLOCKS = frozenset({"lexical_declaration", "class_declaration", "for_in_statement"})
_LITERALS = {
    "string": "string",
    "template_string": "string",
    "number": "number",
    "true": "boolean",
    "false": "boolean",
    "null": "None",
    "undefined": "None",
}
_WRAPPERS = frozenset({"parenthesized_expression", "non_null_expression", "satisfies_expression"})
_LOOK_AWAY = re.compile(
    r"@ts-(?:ignore|expect-error|nocheck)|eslint-disable|\.toThrow|assert\.throws"
)
_ASSERTION = re.compile(r"^\s*(?:\w+\.)*(?:assert|invariant|ensure|check|guard|expect|is)\w*\(")
_TESTED = re.compile(r"([\w$.#]+)\s+(?:instanceof|in)\b|\bin\s+([\w$.#]+)|typeof\s+([\w$.#]+)")
_TEST = re.compile(r"([\w$.]*)\(([^()]*)\)")
_COMPARED = re.compile(r"([\w$.#]+)\.[\w$#]+\s*[=!]==?")


def read_uses(path: str, tree: SyntaxTree, span: Span) -> Reading:
    """All that the code at ``span`` uses; what it only touches at its edges counts too."""
    reader = _Reader(path, tree)
    start, end = tree.source.byte(span.start), tree.source.byte(span.end)
    uses: list[Use] = []
    imports: list[ImportUse] = []
    for at in nodes_within(tree.root, start, end):
        match at.node.type:
            case "identifier" if reader.is_use(at):
                uses += reader.use(at)
            case "member_expression" if not _is_target(at):
                uses += reader.use(at)
            case "call_expression" | "new_expression":
                uses += reader.use(at)
            case "import_statement":
                imports += reader.imports(at)
            case "export_statement" if at.node.child_by_field_name("source") is not None:
                imports += reader.imports(at)
            case _:
                pass
    return Reading(tuple(uses), tuple(imports))


class _Reader:
    """Makes data of nodes of one tree; scopes that were read are kept."""

    def __init__(self, path: str, tree: SyntaxTree) -> None:
        self.path = path
        self.tree = tree
        self._scopes: dict[int, _Scope] = {}

    def text(self, node: Node) -> str:
        return self.tree.source.slice(node.start_byte, node.end_byte)

    def span(self, node: Node) -> Span:
        return self.tree.source.span(node.start_byte, node.end_byte)

    def scope(self, at: At) -> _Scope:
        known = self._scopes.get(at.node.id)
        if known is None:
            known = self._scopes[at.node.id] = _Scope(self, at)
        return known

    # Uses

    def is_use(self, at: At) -> bool:
        """Whether an identifier reads a variable, rather than naming or binding something."""
        node, around = at.node, at.around
        if around is None:
            return False
        outer = around.node
        match outer.type:
            case "variable_declarator":
                return is_field(outer, "value", node)
            case "assignment_expression" | "for_in_statement":
                return is_field(outer, "right", node)
            case "assignment_pattern" | "required_parameter" | "optional_parameter":
                return is_field(outer, "right", node) or is_field(outer, "value", node)
            case (
                "function_declaration"
                | "generator_function_declaration"
                | "function_expression"
                | "class_declaration"
                | "class"
                | "formal_parameters"
                | "rest_pattern"
                | "array_pattern"
                | "pair_pattern"
                | "import_specifier"
                | "import_clause"
                | "namespace_import"
                | "export_specifier"
                | "enum_declaration"
                | "internal_module"
                | "catch_clause"
                | "nested_identifier"
                | "nested_type_identifier"
                | "type_predicate"
                | "index_signature"
                | "labeled_statement"
                | "jsx_attribute"
                | "ERROR"
            ):
                return False
            case "arrow_function":
                return is_field(outer, "body", node)
            case _:
                return True

    def use(self, at: At) -> Iterator[Use]:
        expression = self.expression(at.node)
        if isinstance(expression, Name | Member | Call):
            yield Use(expression, JavaScriptPlace(self, at), self.is_guarded(at))

    def is_guarded(self, at: At) -> bool:
        """Whether failing here is meant, or type checkers are told to look away."""
        for each in at.ancestors():
            if each.node.type == "ERROR":
                return True
        source = self.tree.source
        line = source.line_at(at.node.start_byte)
        start = source.data.rfind(b"\n", 0, at.node.start_byte)
        above = source.line_at(start - 1) if start > 0 else ""
        return bool(_LOOK_AWAY.search(line) or _LOOK_AWAY.search(above))

    # Imports

    def imports(self, at: At) -> Iterator[ImportUse]:
        node = at.node
        source = node.child_by_field_name("source")
        if source is None:
            return
        is_guarded = self.is_guarded(at)
        entries = list(self.import_entries(node))
        for entry, target in entries:
            name_span = self.span(target) if target is not None else Span(0, 0)
            yield ImportUse(entry, self.span(source), name_span, is_guarded, len(entries) == 1)

    def import_entries(self, node: Node) -> Iterator[tuple[Import, Node | None]]:
        """The imports of a statement, each with the node that names what is imported."""
        source = node.child_by_field_name("source")
        if source is None:
            return
        module = self.text(source).strip("'\"`")
        line = node.start_point[0]
        waiting = list(node.named_children)
        is_bare = True
        while waiting:
            child = waiting.pop(0)
            match child.type:
                case "import_clause" | "named_imports" | "export_clause":
                    is_bare = False
                    waiting += child.named_children
                case "identifier":
                    yield Import(self.path, module, line, "default", self.text(child)), None
                case "namespace_import":
                    name = named_child(child)
                    alias = self.text(name) if name is not None else ""
                    yield Import(self.path, module, line, "*", alias), None
                case "import_specifier" | "export_specifier":
                    name = child.child_by_field_name("name")
                    alias_node = child.child_by_field_name("alias")
                    if name is not None:
                        alias = self.text(alias_node) if alias_node is not None else ""
                        yield Import(self.path, module, line, self.text(name), alias), name
                case _:
                    pass
        if is_bare:
            yield Import(self.path, module, line), None

    # Expressions

    def expression(self, node: Node | None, depth: int = 0) -> Expression:
        if node is None or depth > _MAX_DEPTH:
            return OPAQUE
        kind = node.type
        if kind in _WRAPPERS:
            return self.expression(only_child(node), depth + 1)
        if kind in _LITERALS:
            return Literal(_LITERALS[kind])
        match kind:
            case "identifier" | "this" | "super":
                return Name(self.text(node), self.span(node))
            case "member_expression":
                name = node.child_by_field_name("property")
                if name is None or name.is_missing:
                    return OPAQUE
                inner = self.expression(node.child_by_field_name("object"), depth + 1)
                return Member(inner, self.text(name), self.span(name))
            case "call_expression" | "new_expression":
                return self._call(node, depth)
            case "subscript_expression":
                return Item(self.expression(node.child_by_field_name("object"), depth + 1))
            case "await_expression":
                return Awaited(self.expression(only_child(node), depth + 1))
            case "as_expression":
                target = named_child(node, 1)
                return Typed(self.text(target)) if target is not None else OPAQUE
            case "ternary_expression":
                sides = [node.child_by_field_name(each) for each in ("consequence", "alternative")]
                return Either(tuple(self.expression(side, depth + 1) for side in sides))
            case "binary_expression":
                operator = node.child_by_field_name("operator")
                if operator is None or self.text(operator) not in {"||", "??", "&&"}:
                    return OPAQUE
                sides = [node.child_by_field_name(each) for each in ("left", "right")]
                return Either(tuple(self.expression(side, depth + 1) for side in sides))
            case "array":
                elements = [c for c in node.named_children if c.type != "comment"]
                return Literal(
                    "Array", tuple(self.expression(each, depth + 1) for each in elements[:8])
                )
            case _:
                return OPAQUE

    def _call(self, node: Node, depth: int) -> Expression:
        is_new = node.type == "new_expression"
        function = node.child_by_field_name("constructor" if is_new else "function")
        arguments = node.child_by_field_name("arguments")
        if function is None:
            return OPAQUE
        told = Arguments()
        values: list[Expression] = []
        if arguments is not None and arguments.type == "arguments":
            positional: list[Span] = []
            has_star = False
            for child in arguments.named_children:
                if child.type == "spread_element":
                    has_star = True
                elif child.type != "comment":
                    positional.append(self.span(child))
                    values.append(self.expression(child, depth + 1))
            last = arguments.child(arguments.child_count - 1) if arguments.child_count else None
            is_whole = (
                last is not None
                and last.type == ")"
                and not last.is_missing
                and not arguments.has_error
            )
            told = Arguments(tuple(positional), (), has_star, is_whole=is_whole)
        elif arguments is not None:
            # A tagged template.
            return OPAQUE
        span = self.span(arguments) if arguments is not None else self.span(function)
        inner = self.expression(function, depth + 1)
        return Call(inner, told, span, tuple(values), is_new)


class _Scope:
    """The names that one function or the file binds itself."""

    def __init__(self, reader: _Reader, at: At) -> None:
        self.reader = reader
        self.at = at
        self.node = at.node
        self.flow = Flow((at.node.start_byte, at.node.end_byte))
        self._bound: dict[str, list[Bound]] = {}
        self._blocked: set[int] = set()
        self.constant: set[int] = set()
        self._conditions: list[str] = []
        self._is_read = False

    @property
    def bound(self) -> Mapping[str, list[Bound]]:
        """All that it binds anywhere."""
        self._read()
        return self._bound

    def visible(self, name: str, offset: int, *, is_inside: bool) -> list[Bound]:
        """The bindings of a name in the blocks around a position that may reach it."""
        self._read()
        bound = [
            each
            for each in self._bound.get(name, [])
            if each.at.id not in self._blocked or self.flow.is_sure(each, offset)
        ]
        return self.flow.reaching(bound, offset, is_inside=is_inside)

    @cached_property
    def tested(self) -> frozenset[str]:
        """What conditions say something of, as ``x instanceof C``, ``'a' in x``, ``is(x)`` do."""
        self._read()
        found: set[str] = set()
        for condition in self._conditions:
            for match in _TESTED.finditer(condition):
                found.update(group for group in match.groups() if group)
            found.update(match[1] for match in _COMPARED.finditer(condition))
            for call in _TEST.finditer(condition):
                found.update(part.strip() for part in call[2].split(","))
        return frozenset(found)

    def _read(self) -> None:
        if self._is_read:
            return
        self._is_read = True
        node = self.node
        query = scope_query(self.reader.tree.language)
        found = captures_within(query, node, node.start_byte, node.end_byte)
        inside = outermost(
            [
                (each.start_byte, each.end_byte)
                for each in found.get("scope", ())
                if each.id != node.id and each.start_byte >= node.start_byte
            ]
        )

        def own(nodes: Sequence[Node]) -> Iterator[Node]:
            for each in nodes:
                if each.start_byte < node.start_byte or each.end_byte > node.end_byte:
                    continue
                around = range_around(inside, each.start_byte)
                if around is None or around == (each.start_byte, each.end_byte):
                    yield each

        self.flow.blocks = [(n.start_byte, n.end_byte) for n in own(found.get("block", ()))]
        self.flow.loops = [(n.start_byte, n.end_byte) for n in own(found.get("loop", ()))]
        is_program = node.type == "program"
        conditions = found.get("condition", ())
        self._conditions = [
            self.reader.text(n)
            for n in (own(conditions) if is_program else conditions)
            if n.end_byte - n.start_byte < _MAX_CONDITION_BYTES
        ]
        for each in found.get("statement", ()):
            text = self.reader.text(each)[:_MAX_CONDITION_BYTES]
            if _ASSERTION.match(text):
                self._conditions.append(text)
        self._read_parameters()
        for each in own(found.get("declarator", ())):
            self._read_declarator(each)
        # Whoever assigns to an outer variable may run at any time: all assignments count.
        for each in found.get("assignment", ()):
            if node.start_byte <= each.start_byte and each.end_byte <= node.end_byte:
                self._read_assignment(each)
        for each in own(found.get("for", ())):
            self._read_for(each)
        for each in own(found.get("catch", ())):
            self._bind_all(each.child_by_field_name("parameter"), each)
        for each in own(found.get("import", ())):
            for entry, _ in self.reader.import_entries(each):
                if entry.bound_name:
                    self._bind(entry.bound_name, BindingKind.IMPORTED, each, entry=entry)
        for each in own(found.get("definition", ())):
            name = each.child_by_field_name("name")
            if each.id != node.id and name is not None:
                self._bind(self.reader.text(name), BindingKind.DEFINED, each, end=each.start_byte)
                if each.type in _BLOCKS:
                    self._blocked.add(each.id)
        for bound in self._bound.values():
            bound.sort(key=lambda each: each.start)

    def _bind(
        self,
        name: str,
        kind: BindingKind,
        at: Node,
        *,
        statement: Node | None = None,
        value: Node | None = None,
        annotation: Node | None = None,
        path: tuple[int, ...] = (),
        entry: Import | None = None,
        end: int | None = None,
    ) -> None:
        whole = statement or at
        self._bound.setdefault(name, []).append(
            Bound(
                kind,
                at,
                whole.start_byte,
                whole.end_byte if end is None else end,
                value,
                annotation,
                path,
                entry,
            )
        )

    def _bind_all(self, node: Node | None, statement: Node, *, is_blocked: bool = True) -> None:
        """Bind every name of a pattern to nothing that is followed."""
        waiting = [node] if node is not None else []
        while waiting:
            each = waiting.pop()
            if each.type in {"identifier", "shorthand_property_identifier_pattern"}:
                self._bind(
                    self.reader.text(each), BindingKind.UNFOLLOWED, each, statement=statement
                )
                if is_blocked:
                    self._blocked.add(each.id)
            elif each.type == "pair_pattern":
                value = each.child_by_field_name("value")
                waiting += [value] if value is not None else []
            elif each.type in {"assignment_pattern", "object_assignment_pattern"}:
                left = each.child_by_field_name("left")
                waiting += [left] if left is not None else []
            elif each.type in {"object_pattern", "array_pattern", "rest_pattern"}:
                waiting += each.named_children

    def _read_parameters(self) -> None:
        node = self.node
        single = node.child_by_field_name("parameter")
        if single is not None:
            self._bind(self.reader.text(single), BindingKind.PARAMETER, single)
        parameters = node.child_by_field_name("parameters")
        for child in parameters.named_children if parameters is not None else ():
            pattern = child.child_by_field_name("pattern") or child
            if pattern.type == "assignment_pattern":
                pattern = pattern.child_by_field_name("left") or pattern
            if pattern.type == "identifier":
                self._bind(
                    self.reader.text(pattern),
                    BindingKind.PARAMETER,
                    pattern,
                    statement=child,
                    annotation=child.child_by_field_name("type"),
                )
            else:
                self._bind_all(pattern, child, is_blocked=False)
        if node.type not in {"arrow_function", "program"}:
            kind = BindingKind.RECEIVER if node.type == "method_definition" else None
            self._bind("this", kind or BindingKind.UNFOLLOWED, node, end=node.start_byte)

    def _read_declarator(self, node: Node) -> None:
        name = node.child_by_field_name("name")
        value = node.child_by_field_name("value")
        annotation = node.child_by_field_name("type")
        if name is None:
            return
        if name.type != "identifier":
            self._bind_all(name, node)
            return
        is_function = value is not None and value.type in _FUNCTIONS
        self._bind(
            self.reader.text(name),
            BindingKind.DEFINED if is_function and annotation is None else BindingKind.VALUE,
            name,
            statement=node,
            value=value,
            annotation=annotation,
        )
        self._blocked.add(name.id)
        declaration = node.parent
        if declaration is not None and any(c.type == "const" for c in declaration.children[:1]):
            self.constant.add(name.id)

    def _read_assignment(self, node: Node) -> None:
        left = node.child_by_field_name("left")
        if left is None:
            return
        if left.type != "identifier":
            for name in self._names_of(left):
                if name in self._bound:
                    self._bind(name, BindingKind.UNFOLLOWED, left, statement=node)
            return
        name = self.reader.text(left)
        if name in self._bound:
            right = node.child_by_field_name("right")
            self._bind(name, BindingKind.VALUE, left, statement=node, value=right)

    def _names_of(self, pattern: Node) -> list[str]:
        return re.findall(r"[\w$]+", self.reader.text(pattern))

    def _read_for(self, node: Node) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        if left is None:
            return
        is_of = any(child.type == "of" for child in node.children)
        if left.type != "identifier" or not is_of:
            self._bind_all(left, node)
            return
        self._bind(
            self.reader.text(left),
            BindingKind.ELEMENT,
            left,
            statement=node,
            value=right,
            end=right.end_byte if right is not None else None,
        )
        self._blocked.add(left.id)


class JavaScriptPlace:
    """A position in JavaScript or TypeScript code; fulfils ``code.Place``."""

    def __init__(self, reader: _Reader, at: At) -> None:
        self._reader = reader
        self._at = at
        self._offset = at.node.start_byte

    @cached_property
    def _scopes(self) -> list[_Scope]:
        return [
            self._reader.scope(each)
            for each in self._at.ancestors()
            if each.node.type in _FUNCTIONS or each.node.type == "program"
        ]

    @cached_property
    def owner(self) -> str:
        for each in self._at.ancestors():
            if each.node.type in _CLASSES:
                return _qualified_name(self._reader, each)
        return ""

    @property
    def class_body(self) -> str:
        # The members of a class are never in reach by their plain names.
        return ""

    def bindings(self, name: str) -> Sequence[Binding] | None:
        is_inside = True
        for scope in self._scopes:
            found = scope.visible(name, self._offset, is_inside=is_inside)
            if scope.node.type == "program" and not (is_inside or _is_steady(scope, found)):
                return None if not found else [Binding(BindingKind.UNFOLLOWED)]
            if found:
                return [self._binding(scope, each) for each in found]
            is_inside = False
        return None

    def names(self) -> Iterator[str]:
        offset: int | None = self._offset
        for scope in self._scopes:
            for name, bound in scope.bound.items():
                if is_before(bound, offset) and self.bindings(name):
                    yield name
            offset = None

    def testers(self, text: str) -> frozenset[str]:
        functions = [scope for scope in self._scopes if scope.node.type != "program"]
        is_tested = any(text in scope.tested for scope in functions or self._scopes)
        return frozenset({""} if is_tested else ())

    def _binding(self, scope: _Scope, bound: Bound) -> Binding:
        reader = self._reader
        value: Expression | None = None
        place: JavaScriptPlace | None = None
        if bound.value is not None and bound.kind is not BindingKind.DEFINED:
            value = reader.expression(bound.value)
            place = _InScope(reader, bound.value, scope, self._scopes)
        annotation = ""
        if bound.annotation is not None:
            annotation = reader.text(bound.annotation).removeprefix(":").strip()
        owner, is_class = "", False
        kind = bound.kind
        if kind is BindingKind.RECEIVER:
            owner, is_class = _receiver(reader, scope.at)
            kind = kind if owner else BindingKind.UNFOLLOWED
        qualified_name = ""
        if kind is BindingKind.DEFINED:
            own = reader.text(bound.at)
            if bound.at.type != "identifier":
                name = bound.at.child_by_field_name("name")
                own = reader.text(name) if name is not None else ""
            outer = _outer_name(reader, scope.at)
            qualified_name = f"{outer}.{own}" if outer else own
        return Binding(
            kind,
            annotation,
            value,
            place,
            bound.entry,
            owner,
            is_class,
            qualified_name,
            bound.path,
        )


class _InScope(JavaScriptPlace):
    """The position of a value in a scope that is known already."""

    def __init__(
        self, reader: _Reader, node: Node, scope: _Scope, scopes: Sequence[_Scope]
    ) -> None:
        super().__init__(reader, At(node, scope.at))
        self._known = list(scopes[list(scopes).index(scope) :])

    @cached_property
    def _scopes(self) -> list[_Scope]:
        return self._known


def _is_steady(scope: _Scope, bound: Sequence[Bound]) -> bool:
    """Whether a name of the file is bound once and for all."""
    if len(bound) != 1:
        return bool(bound) and all(each.kind is BindingKind.DEFINED for each in bound)
    kind = bound[0].kind
    return kind in {BindingKind.IMPORTED, BindingKind.DEFINED} or bound[0].at.id in scope.constant


def _receiver(reader: _Reader, method: At) -> tuple[str, bool]:
    """The class whose method this is, if it is one, and whether the method is static."""
    body = method.around
    holder = body.around if body is not None else None
    if holder is None or holder.node.type not in _CLASSES:
        return "", False
    is_static = any(child.type == "static" for child in method.node.children)
    return _qualified_name(reader, holder), is_static


def _qualified_name(reader: _Reader, at: At) -> str:
    """The name under which a class or function is defined, with what it is nested in."""
    name = at.node.child_by_field_name("name")
    if name is None and at.around is not None and at.around.node.type == "variable_declarator":
        name = at.around.node.child_by_field_name("name")
    own = reader.text(name) if name is not None else "default"
    outer = _outer_name(reader, at.around) if at.around is not None else ""
    return f"{outer}.{own}" if outer else own


def _outer_name(reader: _Reader, at: At) -> str:
    for each in at.ancestors():
        node = each.node
        if node.type in _CLASSES or node.type in {"internal_module", "method_definition"}:
            return _qualified_name(reader, each)
        if node.type in _FUNCTIONS:
            is_named = node.child_by_field_name("name") is not None
            around = each.around.node.type if each.around is not None else ""
            if is_named or around == "variable_declarator":
                return _qualified_name(reader, each)
    return ""


def _is_target(at: At) -> bool:
    """Whether a member is set or deleted here, not read."""
    around = at.around.node if at.around is not None else None
    if around is None:
        return False
    if around.type == "assignment_expression":
        return is_field(around, "left", at.node)
    if around.type == "unary_expression":
        return any(child.type == "delete" for child in around.children)
    return around.type in {"array_pattern", "object_pattern", "pair_pattern", "for_in_statement"}

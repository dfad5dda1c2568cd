"""What a stretch of Python uses, and what its names are bound to there.

Scopes are read from the tree, one function at a time and only when a name is asked for.
Of several bindings, those that the last one before a use surely replaces are left out; if in
doubt, all of them count.
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
    Keyword,
    Literal,
    Member,
    Name,
    Reading,
    Use,
)
from indexer.syntax.extraction import named_child
from indexer.syntax.nodes import (
    At,
    is_field,
    nodes_within,
    only_child,
    outermost,
    range_around,
    without_comments,
)
from indexer.syntax.python_types import LITERAL_TYPES
from indexer.syntax.tree import SyntaxTree, captures_within, scope_query

_MAX_DEPTH = 24
_MAX_STATEMENT_LINES = 30
_MAX_CONDITION_BYTES = 2_000
_SCOPES = frozenset(
    {
        "function_definition",
        "lambda",
        "class_definition",
        "list_comprehension",
        "set_comprehension",
        "dictionary_comprehension",
        "generator_expression",
    }
)
_COMPREHENSIONS = frozenset(name for name in _SCOPES if name.endswith(("comprehension", "sion")))
_LITERALS = {**LITERAL_TYPES, "comparison_operator": "", "none": "None"}
_TARGETS = frozenset({"pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern"})
_CLASS_RECEIVERS = frozenset({"__new__", "__init_subclass__", "__class_getitem__"})
# What is caught where somebody tries whether something exists, by what it is.
_PROBING = {
    "identifier": re.compile(r"\bNameError"),
    "attribute": re.compile(r"\bAttributeError"),
    "call": re.compile(r"\bTypeError"),
}
_PROBING_IMPORT = re.compile(r"\b(?:ImportError|ModuleNotFoundError|(?:Base)?Exception)\b|^$")
_EXPECTED = re.compile(r"raises|assertRaises|warns")
_LOOK_AWAY = re.compile(
    r"#\s*(?:type:\s*ignore|pyright:\s*ignore|pylint:\s*disable|noqa|mypy:)|pytest\.mark\.xfail"
)


_INSTANCE_TEST = re.compile(r"\b(?:isinstance|issubclass|hasattr)\(\s*([^,()]+?)\s*,")
_OWN_MEMBER = re.compile(r"""hasattr\(\s*(self|cls)\s*,\s*["'](\w+)["']\s*\)""")
_TEST = re.compile(r"([\w.]*)\(([^()]*)\)")
# Calls in conditions that say nothing of the type of what they are given.
_NEUTRAL_TESTS = frozenset(
    [
        "isinstance",
        "issubclass",
        "hasattr",
        "len",
        "bool",
        "any",
        "all",
        "str",
        "int",
        "float",
        "min",
        "max",
        "sum",
        "set",
        "list",
        "sorted",
        "abs",
        "range",
        "enumerate",
        "zip",
        "tuple",
        "dict",
        "repr",
        "id",
        "round",
    ]
)


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
            case "attribute" if not _is_target(at):
                uses += reader.use(at)
            case "call":
                uses += reader.use(at)
            case "import_statement" | "import_from_statement":
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
        """The scope that a function, class, comprehension or the module opens."""
        known = self._scopes.get(at.node.id)
        if known is None:
            known = self._scopes[at.node.id] = _Scope(self, at)
        return known

    def place(self, at: At) -> PythonPlace:
        return PythonPlace(self, at)

    # Uses

    def is_use(self, at: At) -> bool:
        """Whether an identifier reads a variable, rather than naming or binding something."""
        node, around = at.node, at.around
        if around is None:
            return False
        outer = around.node
        match outer.type:
            case "attribute":
                return is_field(outer, "object", node)
            case "keyword_argument":
                return is_field(outer, "value", node)
            case (
                "function_definition"
                | "class_definition"
                | "dotted_name"
                | "aliased_import"
                | "global_statement"
                | "nonlocal_statement"
                | "as_pattern_target"
                | "parameters"
                | "lambda_parameters"
                | "typed_parameter"
                | "keyword_pattern"
                | "type_parameter"
                | "relative_import"
                | "ERROR"
            ):
                return False
            case "default_parameter" | "typed_default_parameter" | "named_expression":
                return not is_field(outer, "name", node)
            case "assignment" | "augmented_assignment" | "for_statement" | "for_in_clause":
                return not is_field(outer, "left", node)
            case "list_splat_pattern" | "dictionary_splat_pattern" | "splat_pattern":
                return False
            case "pattern_list" | "tuple_pattern" | "list_pattern" | "delete_statement":
                return False
            case "as_pattern":
                return is_field(outer, "alias", node) is False
            case _:
                return not any(
                    each.node.type in {"case_pattern", "ERROR"} for each in at.ancestors()
                )

    def use(self, at: At) -> Iterator[Use]:
        expression = self.expression(at.node)
        if isinstance(expression, Name | Member | Call):
            yield Use(expression, self.place(at), self.is_guarded(at))

    def is_guarded(self, at: At) -> bool:
        """Whether failing here is provided for, or type checkers are told to look away.

        Who catches anything provides for what may happen to data, not for names that do not exist;
        only packages are tried so.
        """
        inner = at.node
        probing = _PROBING.get(inner.type, _PROBING_IMPORT)
        for each in at.ancestors():
            node = each.node
            if node.type == "try_statement" and is_field(node, "body", inner):
                clauses = [child for child in node.named_children if child.type == "except_clause"]
                caught = (clause.child_by_field_name("value") for clause in clauses)
                if any(probing.search(self.text(each) if each else "") for each in caught):
                    return True
            elif node.type == "with_statement" and is_field(node, "body", inner):
                clause = named_child(node)
                text = self.text(clause) if clause is not None else ""
                if _EXPECTED.search(text) or ("suppress" in text and probing.search(text)):
                    return True
            elif node.type == "ERROR" or (
                node.type.endswith("_statement")
                and node.end_point[0] - node.start_point[0] < _MAX_STATEMENT_LINES
                and _LOOK_AWAY.search(self.tree.source.line_at(node.end_byte))
            ):
                return True
            inner = node
        return bool(_LOOK_AWAY.search(self.tree.source.line_at(at.node.start_byte)))

    # Imports

    def imports(self, at: At) -> Iterator[ImportUse]:
        node = at.node
        is_guarded = self.is_guarded(at)
        entries = list(self.import_entries(node))
        is_alone = len(entries) == 1
        for entry, target in entries:
            module = node.child_by_field_name("module_name")
            named = target.child_by_field_name("name") or target
            if module is None:
                yield ImportUse(entry, self.span(named), Span(0, 0), is_guarded, is_alone)
            else:
                spans = self.span(module), self.span(named)
                yield ImportUse(entry, *spans, is_guarded, is_alone)

    def import_entries(self, node: Node) -> Iterator[tuple[Import, Node]]:
        """The imports of a statement, each with the node that names it."""
        line = node.start_point[0]
        source = node.child_by_field_name("module_name")
        text = "".join(self.text(source).split()) if source is not None else ""
        module = text.lstrip(".")
        for target in node.children_by_field_name("name"):
            name_node = target.child_by_field_name("name") or target
            alias_node = target.child_by_field_name("alias")
            name = "".join(self.text(name_node).split())
            alias = self.text(alias_node) if alias_node is not None else ""
            if source is None:
                yield Import(self.path, name, line, "", alias), target
            else:
                level = len(text) - len(module)
                yield Import(self.path, module, line, name, alias, level), target
        for child in node.named_children:
            if child.type == "wildcard_import":
                level = len(text) - len(module)
                yield Import(self.path, module, line, "*", "", level), child

    # Expressions

    def expression(self, node: Node | None, depth: int = 0) -> Expression:
        if node is None or depth > _MAX_DEPTH:
            return OPAQUE
        match node.type:
            case "identifier":
                return Name(self.text(node), self.span(node))
            case "attribute":
                name = node.child_by_field_name("attribute")
                if name is None or name.is_missing:
                    return OPAQUE
                inner = self.expression(node.child_by_field_name("object"), depth + 1)
                return Member(inner, self.text(name), self.span(name))
            case "call":
                return self._call(node, depth)
            case "subscript":
                inner = self.expression(node.child_by_field_name("value"), depth + 1)
                index = node.child_by_field_name("subscript")
                return Item(inner, is_slice=index is not None and index.type == "slice")
            case "await":
                return Awaited(self.expression(only_child(node), depth + 1))
            case "parenthesized_expression":
                return self.expression(only_child(node), depth + 1)
            case "named_expression":
                return self.expression(node.child_by_field_name("value"), depth + 1)
            case "conditional_expression":
                branches = [child for child in node.named_children if child.type != "comment"]
                if len(branches) != 3:
                    return OPAQUE
                return Either(tuple(self.expression(branches[i], depth + 1) for i in (0, 2)))
            case "boolean_operator":
                sides = (node.child_by_field_name("left"), node.child_by_field_name("right"))
                return Either(tuple(self.expression(side, depth + 1) for side in sides))
            case "list" | "tuple" | "set":
                elements = [c for c in node.named_children if c.type != "comment"]
                return Literal(
                    _LITERALS[node.type],
                    tuple(self.expression(each, depth + 1) for each in elements[:8]),
                )
            case "list_comprehension" | "set_comprehension":
                return Literal(_LITERALS[node.type], (OPAQUE,))
            case "string" | "concatenated_string":
                return Literal("bytes" if re.match(r"[rR]?[bB]", self.text(node)) else "str")
            case other:
                type_name = _LITERALS.get(other, "")
                return Literal(type_name) if type_name else OPAQUE

    def _call(self, node: Node, depth: int) -> Expression:
        arguments = node.child_by_field_name("arguments")
        function = node.child_by_field_name("function")
        if arguments is None or function is None:
            return OPAQUE
        if arguments.type == "generator_expression":
            told = Arguments((self.span(arguments),), is_whole=not arguments.has_error)
            values: tuple[Expression, ...] = (OPAQUE,)
        else:
            told, values = self._arguments(arguments, depth)
        return Call(self.expression(function, depth + 1), told, self.span(arguments), values)

    def _arguments(self, node: Node, depth: int) -> tuple[Arguments, tuple[Expression, ...]]:
        positional: list[Span] = []
        values: list[Expression] = []
        keywords: list[Keyword] = []
        has_star = has_double_star = False
        for child in node.named_children:
            match child.type:
                case "keyword_argument":
                    name = child.child_by_field_name("name")
                    if name is not None:
                        keywords.append(Keyword(self.text(name), self.span(name)))
                case "list_splat" | "parenthesized_list_splat":
                    has_star = True
                case "dictionary_splat":
                    has_double_star = True
                case "comment":
                    pass
                case _:
                    positional.append(self.span(child))
                    values.append(self.expression(child, depth + 1))
        last = node.child(node.child_count - 1) if node.child_count else None
        is_whole = (
            last is not None and last.type == ")" and not last.is_missing and not node.has_error
        )
        return (
            Arguments(tuple(positional), tuple(keywords), has_star, has_double_star, is_whole),
            tuple(values),
        )


class _Scope:
    """The names that one function, class body, comprehension or module binds itself."""

    def __init__(self, reader: _Reader, at: At) -> None:
        self.reader = reader
        self.at = at
        self.node = at.node
        self._bound: dict[str, list[Bound]] = {}
        self._is_read = False
        self._globals: set[str] = set()
        self._nonlocals: set[str] = set()
        self.flow = Flow((at.node.start_byte, at.node.end_byte))
        self._conditions: list[str] = []
        self._subjects: list[str] = []

    @property
    def bound(self) -> dict[str, list[Bound]]:
        self._read()
        return self._bound

    @property
    def globals(self) -> set[str]:
        self._read()
        return self._globals

    @property
    def nonlocals(self) -> set[str]:
        self._read()
        return self._nonlocals

    @property
    def is_class(self) -> bool:
        return self.node.type == "class_definition"

    @cached_property
    def qualified_name(self) -> str:
        names = []
        for each in self.at.ancestors():
            if each.node.type in {"function_definition", "class_definition"}:
                name = each.node.child_by_field_name("name")
                names.append(self.reader.text(name) if name is not None else "")
        return ".".join(reversed(names))

    @cached_property
    def testers(self) -> Mapping[str, set[str]]:
        """What conditions pass to calls that may tell its type, with the names of what is called.

        An empty name stands for ``isinstance(x, …)`` and its like.
        """
        self._read()
        found: dict[str, set[str]] = {subject: {""} for subject in self._subjects}
        for condition in self._conditions:
            for match in _INSTANCE_TEST.finditer(condition):
                own = _OWN_MEMBER.match(condition, match.start())
                # An object that lacks a member of its own is of the same class all the same.
                subject = f"{own[1]}.{own[2]}" if own is not None else match[1]
                found.setdefault(subject, set()).add("")
            for call in _TEST.finditer(condition):
                if call[1] not in _NEUTRAL_TESTS:
                    for part in call[2].split(","):
                        found.setdefault(part.strip(), set()).add(call[1])
        return found

    def _read(self) -> None:
        """Read the scope, once; most scopes around a position are never asked."""
        if self._is_read:
            return
        self._is_read = True
        node = self.node
        query = scope_query(self.reader.tree.language)
        found = captures_within(query, node, node.start_byte, node.end_byte)
        inner = [
            (each.start_byte, each.end_byte)
            for each in found.get("scope", ())
            if each.id != node.id and node.start_byte <= each.start_byte
        ]
        inside = outermost(inner)

        def own(nodes: Sequence[Node]) -> Iterator[Node]:
            for each in nodes:
                around = range_around(inside, each.start_byte)
                if each.start_byte < node.start_byte or each.end_byte > node.end_byte:
                    continue
                if around is None or around == (each.start_byte, each.end_byte):
                    yield each

        self.flow.blocks = [(n.start_byte, n.end_byte) for n in own(found.get("block", ()))]
        self.flow.loops = [(n.start_byte, n.end_byte) for n in own(found.get("loop", ()))]
        # What a function tests may be used in the functions inside it, not the other way round.
        is_module = node.type == "module"
        conditions = found.get("condition", ())
        self._conditions = [
            self.reader.text(n)
            for n in (own(conditions) if is_module else conditions)
            if n.end_byte - n.start_byte < _MAX_CONDITION_BYTES
        ]
        self._subjects = [self.reader.text(n) for n in own(found.get("subject", ()))]
        self._read_parameters()
        is_comprehension = node.type in _COMPREHENSIONS
        readers = {
            "assignment": self._read_assignment,
            "augmented": self._read_augmented,
            "for": self._read_for,
            "with": self._read_with,
            "except": self._read_except,
            "import": self._read_import,
        }
        for name, read in readers.items():
            for each in own(found.get(name, ())):
                if is_comprehension == (each.type == "for_in_clause"):
                    read(each)
        for kept, name in ((self.globals, "global"), (self.nonlocals, "nonlocal")):
            for each in own(found.get(name, ())):
                kept.update(self.reader.text(child) for child in each.named_children)
        for each in own(found.get("definition", ())):
            if each.id != node.id:
                self._read_definition(each)
        for each in own(found.get("pattern", ())):
            self._read_pattern(each)
        for each in own(found.get("delete", ())):
            self._read_delete(each)
        for each in own(found.get("type_alias", ())):
            self._bind_all(each.child_by_field_name("left"), each)
        # A walrus inside a comprehension binds in the function around it.
        if not is_comprehension and not self.is_class:
            functions = outermost(
                [
                    (n.start_byte, n.end_byte)
                    for n in found.get("scope", ())
                    if n.id != node.id
                    and n.start_byte >= node.start_byte
                    and n.type not in _COMPREHENSIONS
                ]
            )
            for each in found.get("walrus", ()):
                if range_around(functions, each.start_byte) is None:
                    self._read_walrus(each)
        for bound in self.bound.values():
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
        self.bound.setdefault(name, []).append(
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

    def _bind_target(
        self,
        target: Node | None,
        kind: BindingKind,
        statement: Node,
        value: Node | None,
        *,
        annotation: Node | None = None,
        path: tuple[int, ...] = (),
        end: int | None = None,
    ) -> None:
        """Bind the names of an assignment's left side; ``path`` is the way into the value."""
        if target is None or len(path) > 3:
            return
        if target.type == "identifier":
            self._bind(
                self.reader.text(target),
                kind,
                target,
                statement=statement,
                value=value,
                annotation=annotation,
                path=path,
                end=end,
            )
            return
        if target.type == "as_pattern_target":
            self._bind_target(only_child(target), kind, statement, value, path=path, end=end)
            return
        if target.type in {"pattern_list", "tuple_pattern", "list_pattern", "tuple", "list"}:
            children = [child for child in target.named_children if child.type != "comment"]
            has_star = any("splat" in child.type for child in children)
            for index, child in enumerate(children):
                if "splat" in child.type or has_star:
                    self._bind_all(child, statement)
                else:
                    self._bind_target(child, kind, statement, value, path=(*path, index), end=end)

    def _bind_all(self, node: Node | None, statement: Node) -> None:
        """Bind every identifier below a node to nothing that is followed."""
        waiting = [node] if node is not None else []
        while waiting:
            each = waiting.pop()
            if each.type == "identifier":
                self._bind(
                    self.reader.text(each), BindingKind.UNFOLLOWED, each, statement=statement
                )
            elif each.type not in {"attribute", "subscript"}:
                waiting += each.named_children

    def _read_parameters(self) -> None:
        node = self.node
        parameters = node.child_by_field_name("parameters")
        type_parameters = node.child_by_field_name("type_parameters")
        if type_parameters is not None:
            self._bind_all(type_parameters, type_parameters)
        if parameters is None:
            return
        for index, child in enumerate(without_comments(parameters)):
            target: Node | None = child
            annotation = child.child_by_field_name("type")
            default: Node | None = None
            if child.type in {"default_parameter", "typed_default_parameter"}:
                target = child.child_by_field_name("name")
                default = child.child_by_field_name("value")
            elif child.type == "typed_parameter":
                target = named_child(child)
            if target is None or target.type != "identifier":
                self._bind_all(target, child)
                continue
            kind = BindingKind.PARAMETER
            if index == 0 and annotation is None and default is None and self._is_method():
                kind = BindingKind.RECEIVER
            self._bind(
                self.reader.text(target),
                kind,
                target,
                statement=child,
                annotation=annotation,
                value=default,
            )

    def _is_method(self) -> bool:
        return self.method_of() is not None

    def method_of(self) -> tuple[At, frozenset[str]] | None:
        """The class that this function is a method of, and the names of its decorators."""
        if self.node.type != "function_definition":
            return None
        decorators: set[str] = set()
        for each in self.at.ancestors():
            node = each.node
            if node.type == "decorated_definition":
                decorators |= {
                    self.reader.text(child).lstrip("@ ").strip()
                    for child in node.named_children
                    if child.type == "decorator"
                }
            elif node.type == "class_definition":
                return None if "staticmethod" in decorators else (each, frozenset(decorators))
            elif node.id != self.node.id and node.type in _SCOPES | {"module"}:
                return None
        return None

    def _read_assignment(self, node: Node) -> None:
        annotation = node.child_by_field_name("type")
        self._bind_target(
            node.child_by_field_name("left"),
            BindingKind.VALUE,
            node,
            node.child_by_field_name("right"),
            annotation=annotation,
        )

    def _read_augmented(self, node: Node) -> None:
        left = node.child_by_field_name("left")
        if left is not None and left.type == "identifier":
            # The type rarely changes: ``text += line``. Whoever knows better asks the operator.
            name = self.reader.text(left)
            if name not in self.bound:
                self._bind(name, BindingKind.UNFOLLOWED, left, statement=node)

    def _read_walrus(self, node: Node) -> None:
        self._bind_target(
            node.child_by_field_name("name"),
            BindingKind.VALUE,
            node,
            node.child_by_field_name("value"),
        )

    def _read_for(self, node: Node) -> None:
        left, right = node.child_by_field_name("left"), node.child_by_field_name("right")
        is_clause = node.type == "for_in_clause"
        end = right.end_byte if right is not None and not is_clause else self.node.start_byte
        self._bind_target(left, BindingKind.ELEMENT, node, right, end=end)

    def _read_with(self, node: Node) -> None:
        value = node.child_by_field_name("value")
        if value is None or value.type != "as_pattern":
            return
        self._bind_target(
            value.child_by_field_name("alias"),
            BindingKind.ENTERED,
            node,
            named_child(value),
        )

    def _read_except(self, node: Node) -> None:
        value = node.child_by_field_name("value")
        if value is not None and value.type == "as_pattern":
            self._bind_target(
                value.child_by_field_name("alias"),
                BindingKind.CAUGHT,
                value,
                named_child(value),
            )

    def _read_import(self, node: Node) -> None:
        for entry, target in self.reader.import_entries(node):
            if entry.bound_name:
                self._bind(
                    entry.bound_name, BindingKind.IMPORTED, target, statement=node, entry=entry
                )

    def _read_definition(self, node: Node) -> None:
        name = node.child_by_field_name("name")
        if name is not None:
            # A function may call itself: it is bound from its beginning on.
            self._bind(self.reader.text(name), BindingKind.DEFINED, node, end=node.start_byte)

    def _read_pattern(self, node: Node) -> None:
        child = only_child(node)
        if child is not None and child.type in {"dotted_name", "splat_pattern", "as_pattern"}:
            identifiers = [each for each in child.named_children if each.type == "identifier"]
            if len(identifiers) == 1 or child.type == "as_pattern":
                self._bind(
                    self.reader.text(identifiers[-1]),
                    BindingKind.UNFOLLOWED,
                    identifiers[-1],
                    statement=node,
                )
        elif child is not None and child.type == "dict_pattern":
            for each in child.named_children:
                if each.type == "splat_pattern":
                    self._bind_all(each, node)

    def _read_delete(self, node: Node) -> None:
        self._bind_all(node, node)


class PythonPlace:
    """A position in Python code; fulfils ``code.Place``."""

    def __init__(self, reader: _Reader, at: At) -> None:
        self._reader = reader
        self._at = at
        self._offset = at.node.start_byte

    @cached_property
    def _scopes(self) -> list[_Scope]:
        """The scopes around, innermost first; a function's head belongs to what is outside it."""
        found: list[_Scope] = []
        inner = self._at.node
        for each in self._at.ancestors():
            node = each.node
            is_head = node.type in {"function_definition", "class_definition", "lambda"} and not (
                is_field(node, "body", inner)
            )
            if node.type == "module" or (node.type in _SCOPES and not is_head):
                found.append(self._reader.scope(each))
            inner = node
        return found

    @cached_property
    def owner(self) -> str:
        return next((scope.qualified_name for scope in self._scopes if scope.is_class), "")

    @cached_property
    def class_body(self) -> str:
        for scope in self._scopes:
            if scope.is_class:
                return scope.qualified_name
            if scope.node.type not in _COMPREHENSIONS:
                break
        return ""

    def bindings(self, name: str) -> Sequence[Binding] | None:
        is_inside = True
        for scope in self._scopes:
            if scope.node.type == "module" and not is_inside:
                return None
            if name in scope.globals:
                return None
            # The names of a class body are seen from its own statements only, by the outline.
            if name in scope.bound and not scope.is_class and name not in scope.nonlocals:
                found = scope.flow.reaching(
                    scope.bound.get(name, []), self._offset, is_inside=is_inside
                )
                return [self._binding(scope, each) for each in found]
            is_inside = is_inside and scope.node.type in _COMPREHENSIONS
        return None

    def names(self) -> Iterator[str]:
        is_inside = True
        for scope in self._scopes:
            offset = self._offset if is_inside else None
            for name, bound in scope.bound.items():
                if is_before(bound, offset) and self.bindings(name):
                    yield name
            is_inside = is_inside and scope.node.type in _COMPREHENSIONS

    def testers(self, text: str) -> frozenset[str]:
        functions = [scope for scope in self._scopes if scope.node.type != "module"]
        found = (scope.testers.get(text, ()) for scope in functions or self._scopes)
        return frozenset().union(*found)

    def _binding(self, scope: _Scope, bound: Bound) -> Binding:
        reader = self._reader
        value: Expression | None = None
        place: PythonPlace | None = None
        if bound.value is not None:
            value = reader.expression(bound.value)
            place = _InScope(reader, bound.value, scope, self._scopes)
        annotation = reader.text(bound.annotation) if bound.annotation is not None else ""
        owner = ""
        is_class = False
        if bound.kind is BindingKind.RECEIVER:
            method = scope.method_of()
            if method is not None:
                owner = reader.scope(method[0]).qualified_name
                name = scope.qualified_name.rpartition(".")[2]
                is_class = "classmethod" in method[1] or name in _CLASS_RECEIVERS
        qualified_name = ""
        if bound.kind is BindingKind.DEFINED:
            name_node = bound.at.child_by_field_name("name")
            own = reader.text(name_node) if name_node is not None else ""
            qualified_name = f"{scope.qualified_name}.{own}" if scope.qualified_name else own
        return Binding(
            bound.kind,
            annotation,
            value,
            place,
            bound.entry,
            owner,
            is_class,
            qualified_name,
            bound.path,
        )


class _InScope(PythonPlace):
    """The position of a value in a scope that is known already."""

    def __init__(
        self, reader: _Reader, node: Node, scope: _Scope, scopes: Sequence[_Scope]
    ) -> None:
        super().__init__(reader, At(node, scope.at))
        self._known = list(scopes[list(scopes).index(scope) :])

    @cached_property
    def _scopes(self) -> list[_Scope]:
        return self._known


def _is_target(at: At) -> bool:
    """Whether a member is set or deleted here, not read."""
    inner = at.node
    for each in at.ancestors():
        node = each.node
        if node.type in {"assignment", "for_statement", "for_in_clause"}:
            return is_field(node, "left", inner)
        if node.type in {"delete_statement", "as_pattern_target"}:
            return True
        if node.id != at.node.id and node.type not in _TARGETS:
            return False
        inner = node
    return False

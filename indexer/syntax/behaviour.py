"""What one function does, as far as its own text says: facts for somebody who describes it.

Read for one function at a time, when its docstring is to be written; ``bodies`` reads the little
that a check needs of every function. Nested functions are left out. Python.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from tree_sitter import Node

from indexer.model import Span
from indexer.syntax.source import Source
from indexer.syntax.tree import SyntaxTree

_NESTED = frozenset({"function_definition", "class_definition", "lambda"})
# What is the last statement of these is the last of what they stand in.
_TRANSPARENT = frozenset({"block", "with_statement", "else_clause", "elif_clause"})
_MAX_TEXT = 200
_BROAD = frozenset({"Exception", "BaseException"})


@dataclass(frozen=True, slots=True)
class Circumstance:
    """When a statement is reached: ``if condition``, or unless it is ``negated``.

    ``caught`` are the errors whose handler it stands in. ``is_last`` is true if nothing but the
    end of the function follows it, ``is_further`` if other conditions are tried first (``elif``).
    """

    condition: str = ""
    negated: bool = False
    caught: tuple[str, ...] = ()
    is_last: bool = False
    is_further: bool = False


@dataclass(frozen=True, slots=True)
class Raise:
    """An error that leaves the function. ``name`` is as written, ``message`` without quotes.

    ``is_made`` is true if it is the name of what makes the error: ``raise self._error()``;
    ``is_passed_on`` if it was caught and raised again.
    """

    name: str
    message: str
    when: Circumstance
    is_made: bool = False
    is_passed_on: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """What is returned or yielded somewhere; ``kind`` is the grammar's word for the expression."""

    text: str
    kind: str
    when: Circumstance
    callee: str = ""
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Call:
    """A call with its arguments as written; the keyword of each is empty for a positional one.

    ``stopped`` are the errors that a handler around it keeps from leaving the function.
    """

    callee: str
    arguments: tuple[tuple[str, str], ...]
    stopped: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What a function does.

    ``fallbacks`` say what stands in for a parameter that is ``None``, ``kept`` in which attribute
    of the receiver one is stored, ``sets`` which attributes of the receiver are assigned at all.
    ``has_return`` is true for a bare ``return`` too.
    """

    raises: tuple[Raise, ...] = ()
    returns: tuple[Result, ...] = ()
    yields: tuple[Result, ...] = ()
    calls: tuple[Call, ...] = ()
    sets: tuple[str, ...] = ()
    fallbacks: Mapping[str, str] = field(default_factory=dict)
    kept: Mapping[str, str] = field(default_factory=dict)
    has_return: bool = False
    comments: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DocstringPlace:
    """Where a docstring goes that is not there yet: what replaces ``span``.

    ``before`` and ``after`` are what must stand around it, ``indent`` what each line begins with.
    """

    span: Span
    indent: str
    before: str
    after: str


def read_behaviour(tree: SyntaxTree, span: Span) -> Behaviour:
    """Read the function whose definition takes up ``span``; nothing if there is none."""
    node = _definition(tree, span)
    body = None if node is None else node.child_by_field_name("body")
    if node is None or body is None or node.type != "function_definition":
        return Behaviour()
    return _Reader(tree.source, node).read(body)


def docstring_place(tree: SyntaxTree, span: Span) -> DocstringPlace | None:
    """Where the docstring of the definition at ``span`` would stand."""
    node = _definition(tree, span)
    body = None if node is None else node.child_by_field_name("body")
    if node is None or body is None or not body.named_child_count:
        return None
    source = tree.source
    end = "\r\n" if "\r\n" in source.text[:2000] else "\n"
    colon = next((c for c in reversed(node.children) if c.type == ":"), None)
    first = next((c for c in body.named_children if c.type != "comment"), body)
    if colon is None:
        return None
    line_start = source.data.rfind(b"\n", 0, node.start_byte) + 1
    own = source.slice(line_start, node.start_byte)
    if first.start_point[0] == colon.end_point[0]:
        own = own[: len(own) - len(own.lstrip())]
        indent = own + ("\t" if own.endswith("\t") else "    ")
        place = source.span(colon.end_byte, first.start_byte)
        return DocstringPlace(place, indent, "\n", f"{end}{indent}")
    start = source.data.rfind(b"\n", 0, first.start_byte) + 1
    indent = source.slice(start, first.start_byte)
    at = source.offset(source.data.find(b"\n", colon.end_byte) + 1)
    return DocstringPlace(Span(at, at), indent, "", end)


def _definition(tree: SyntaxTree, span: Span) -> Node | None:
    start, end = tree.source.byte(span.start), tree.source.byte(span.end)
    node = tree.root.descendant_for_byte_range(start, end)
    if node is not None and node.type == "decorated_definition":
        node = node.child_by_field_name("definition")
    return node


class _Reader:
    """Walks the statements of one function."""

    def __init__(self, source: Source, node: Node) -> None:
        self._source = source
        self._node = node
        self._raises: list[Raise] = []
        self._returns: list[Result] = []
        self._yields: list[Result] = []
        self._calls: list[Call] = []
        self._sets: dict[str, None] = {}
        self._fallbacks: dict[str, str] = {}
        self._kept: dict[str, str] = {}
        self._has_return = False
        self._locals: dict[str, str] = {}
        self._names = set(self._parameters())
        parameters = [child for child in self._parameter_nodes() if child.type == "identifier"]
        self._receiver = self._text(parameters[0]) if parameters else ""

    def read(self, body: Node) -> Behaviour:
        statements = [child for child in body.named_children if child.type != "comment"]
        for statement in statements:
            when = Circumstance(is_last=statement == statements[-1])
            self._statement(statement, when, {})
        return Behaviour(
            tuple(self._raises),
            tuple(self._returns),
            tuple(self._yields),
            tuple(self._calls),
            tuple(self._sets),
            self._fallbacks,
            self._kept,
            self._has_return,
            dict(self._comments()),
        )

    def _statement(
        self, root: Node, outer: Circumstance, aliases: Mapping[str, tuple[str, ...]]
    ) -> None:
        waiting: list[tuple[Node, Circumstance, Mapping[str, tuple[str, ...]], frozenset[str]]] = [
            (root, outer, aliases, frozenset())
        ]
        while waiting:
            node, when, bound, stopped = waiting.pop()
            if node.type in _NESTED:
                continue
            self._look(node, when, bound, stopped)
            match node.type:
                case "if_statement":
                    waiting += [(*each, bound, stopped) for each in self._branches(node, when)]
                case "try_statement":
                    waiting += self._attempts(node, when, bound, stopped)
                case _:
                    last = replace(when, is_last=False)
                    inner = when if node.type in _TRANSPARENT else last
                    waiting += [
                        (child, inner, bound, stopped) for child in reversed(node.named_children)
                    ]

    def _branches(self, node: Node, when: Circumstance) -> list[tuple[Node, Circumstance]]:
        condition = self._line(node.child_by_field_name("condition"))
        found: list[tuple[Node, Circumstance]] = []
        n_clauses = 1
        for child in node.named_children:
            match child.type:
                case "elif_clause":
                    n_clauses += 1
                    inner = self._line(child.child_by_field_name("condition"))
                    further = Circumstance(inner, caught=when.caught, is_further=True)
                    found.append((child, further))
                case "else_clause":
                    other = Circumstance(condition, negated=True, caught=when.caught)
                    if n_clauses > 1:
                        other = Circumstance(caught=when.caught, is_last=True)
                    found.append((child, other))
                case _:
                    found.append((child, Circumstance(condition, caught=when.caught)))
        return list(reversed(found))

    def _attempts(
        self,
        node: Node,
        when: Circumstance,
        bound: Mapping[str, tuple[str, ...]],
        stopped: frozenset[str],
    ) -> Iterator[tuple[Node, Circumstance, Mapping[str, tuple[str, ...]], frozenset[str]]]:
        caught_here: set[str] = set()
        handlers: list[tuple[Node, tuple[str, ...], str]] = []
        for child in node.named_children:
            if child.type == "except_clause":
                names, alias = self._handler(child)
                handlers.append((child, names, alias))
                caught_here |= {"Exception" if n in _BROAD else n for n in names or ("Exception",)}
        for child, names, alias in reversed(handlers):
            inner = {**bound, **({alias: names} if alias else {}), "": names}
            yield child, replace(when, caught=names, is_last=False), inner, stopped
        body = node.child_by_field_name("body")
        for child in reversed(node.named_children):
            if child.type == "except_clause":
                continue
            ends = stopped | frozenset(caught_here) if child == body else stopped
            yield child, replace(when, is_last=False), bound, ends

    def _handler(self, handler: Node) -> tuple[tuple[str, ...], str]:
        value = next(
            (c for c in handler.named_children if c.type not in {"block", "comment"}), None
        )
        alias = ""
        if value is not None and value.type == "as_pattern":
            target = value.child_by_field_name("alias")
            alias = self._text(target) if target is not None else ""
            value = value.named_children[0]
        if value is None:
            return (), ""
        parts = value.named_children if value.type == "tuple" else [value]
        return tuple(self._text(part) for part in parts), alias

    def _look(
        self,
        node: Node,
        when: Circumstance,
        bound: Mapping[str, tuple[str, ...]],
        stopped: frozenset[str],
    ) -> None:
        match node.type:
            case "return_statement":
                self._has_return = True
                if node.named_child_count:
                    self._returns.append(self._result(node.named_children[0], when))
            case "yield":
                if node.named_child_count:
                    self._yields.append(self._result(node.named_children[0], when))
                else:
                    self._yields.append(Result("None", "none", when))
            case "raise_statement":
                self._raise(node, when, bound, stopped)
            case "call":
                self._call(node, stopped)
            case "assignment" | "augmented_assignment":
                self._assignment(node)
            case "if_statement":
                self._fallback(node)
            case _:
                pass

    def _raise(
        self,
        node: Node,
        when: Circumstance,
        bound: Mapping[str, tuple[str, ...]],
        stopped: frozenset[str],
    ) -> None:
        if not node.named_child_count:
            for name in bound.get("", ()):
                self._raises.append(Raise(name, "", when, is_passed_on=True))
            return
        value = node.named_children[0]
        message = ""
        if value.type == "call":
            arguments = value.child_by_field_name("arguments")
            message = self._message(arguments) if arguments is not None else ""
            value = value.child_by_field_name("function") or value
        name = self._text(value)
        if name in bound:
            for each in bound[name]:
                self._raises.append(Raise(each, "", when, is_passed_on=True))
            return
        last = name.rpartition(".")[2]
        if name in self._locals:
            self._note_raise(self._locals[name], "", when, stopped)
        elif last.lstrip("_")[:1].isupper():
            self._note_raise(name, message, when, stopped)
        elif value.type in {"identifier", "attribute"} and node.named_children[0].type == "call":
            self._raises.append(Raise(name, message, when, is_made=True))

    def _note_raise(
        self, name: str, message: str, when: Circumstance, stopped: frozenset[str]
    ) -> None:
        if name.rpartition(".")[2] not in stopped and "Exception" not in stopped:
            self._raises.append(Raise(name, message, when))

    def _message(self, arguments: Node) -> str:
        first = next((c for c in arguments.named_children if c.type != "comment"), None)
        if first is None or first.type not in {"string", "concatenated_string"}:
            return ""
        strings = [first] if first.type == "string" else first.named_children
        parts: list[str] = []
        for string in strings:
            for child in string.named_children:
                if child.type == "string_content":
                    parts.append(self._text(child))
                elif child.type == "interpolation":
                    expression = child.child_by_field_name("expression")
                    inner = self._line(expression)
                    parts.append("{" + inner + "}")
        return " ".join("".join(parts).split())

    def _call(self, node: Node, stopped: frozenset[str]) -> None:
        function = node.child_by_field_name("function")
        arguments = node.child_by_field_name("arguments")
        if function is None or arguments is None or arguments.type != "argument_list":
            return
        given: list[tuple[str, str]] = []
        for child in arguments.named_children:
            if child.type == "keyword_argument":
                name = child.child_by_field_name("name")
                given.append((self._line(name), self._line(child.child_by_field_name("value"))))
            elif child.type != "comment":
                given.append(("", self._line(child)))
        self._calls.append(Call(self._line(function), tuple(given), stopped))

    def _assignment(self, node: Node) -> None:
        left = node.child_by_field_name("left")
        right = node.child_by_field_name("right")
        if left is None:
            return
        if left.type == "attribute":
            owner = left.child_by_field_name("object")
            attribute = left.child_by_field_name("attribute")
            if owner is not None and attribute is not None and self._text(owner) == self._receiver:
                name = self._text(attribute)
                self._sets.setdefault(name)
                if right is not None and self._text(right) in self._names:
                    self._kept.setdefault(self._text(right), name)
        elif left.type == "identifier" and right is not None:
            name = self._text(left)
            if right.type == "call":
                made = self._line(right.child_by_field_name("function"))
                if made.rpartition(".")[2][:1].isupper():
                    self._locals[name] = made
            elif right.type == "boolean_operator" and name in self._names:
                # ``x = x or y``
                first = right.child_by_field_name("left")
                operator = right.child_by_field_name("operator")
                other = right.child_by_field_name("right")
                is_or = operator is not None and self._text(operator) == "or"
                if is_or and first is not None and self._text(first) == name:
                    self._fallbacks.setdefault(name, self._line(other))

    def _fallback(self, node: Node) -> None:
        """Read ``if x is None: x = y``."""
        condition = self._line(node.child_by_field_name("condition"))
        name = condition.removesuffix(" is None")
        body = node.child_by_field_name("consequence")
        if name == condition or name not in self._names or body is None:
            return
        for statement in body.named_children:
            inner = statement.named_children[0] if statement.named_child_count else statement
            if inner.type != "assignment":
                continue
            left, right = inner.child_by_field_name("left"), inner.child_by_field_name("right")
            if left is not None and right is not None and self._text(left) == name:
                self._fallbacks.setdefault(name, self._line(right))

    def _result(self, node: Node, when: Circumstance) -> Result:
        callee = ""
        value = node
        if value.type == "await" and value.named_child_count:
            value = value.named_children[0]
        if value.type == "call":
            callee = self._line(value.child_by_field_name("function"))
        items: tuple[str, ...] = ()
        if value.type in {"tuple", "expression_list"}:
            items = tuple(self._line(each) for each in value.named_children)
        return Result(self._line(value), value.type, when, callee, items)

    def _parameter_nodes(self) -> Sequence[Node]:
        parameters = self._node.child_by_field_name("parameters")
        return parameters.named_children if parameters is not None else ()

    def _parameters(self) -> Iterator[str]:
        for child in self._parameter_nodes():
            name = child.child_by_field_name("name") or child
            if name.type == "typed_parameter" and name.named_child_count:
                name = name.named_children[0]
            yield self._text(name).lstrip("* ")

    def _comments(self) -> Iterator[tuple[str, str]]:
        """Comments at the end of the line of a parameter that has the line for itself."""
        nodes = self._parameter_nodes()
        for node, following in pairwise(nodes):
            if following.type != "comment" or node.type == "comment":
                continue
            if following.start_point[0] == node.end_point[0]:
                name = node.child_by_field_name("name") or node
                if name.type == "typed_parameter" and name.named_child_count:
                    name = name.named_children[0]
                yield self._text(name).lstrip("* "), self._text(following).lstrip("#: ")

    def _line(self, node: Node | None) -> str:
        return "" if node is None else " ".join(self._text(node).split())[:_MAX_TEXT]

    def _text(self, node: Node) -> str:
        return self._source.slice(node.start_byte, node.end_byte)

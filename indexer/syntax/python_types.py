"""What a value of Python plainly is, and what a function plainly gives, from their syntax alone."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from tree_sitter import Node

from indexer.syntax.extraction import MAX_ANNOTATION, Extraction, named_child

DOTTED_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_OPTIONAL = re.compile(r"^(?:typing\.)?Optional\[(.*)\]$|\s*\|\s*None$|^None\s*\|\s*", re.DOTALL)
# Calls with a capital letter that make no instance of what they name.
_TYPE_MAKERS = frozenset(
    {"NewType", "TypeVar", "TypeVarTuple", "ParamSpec", "NamedTuple", "TypedDict"}
)
LITERAL_TYPES = {
    "string": "str",
    "concatenated_string": "str",
    "integer": "int",
    "float": "float",
    "true": "bool",
    "false": "bool",
    "list": "list",
    "list_comprehension": "list",
    "dictionary": "dict",
    "dictionary_comprehension": "dict",
    "set": "set",
    "set_comprehension": "set",
    "tuple": "tuple",
}
_CONTEXTS = ("contextmanager", "asynccontextmanager")
_MAX_TYPES = 3
_MAX_DEPTH = 3
# Where statements, and what they bind, are found; expressions are not looked into.
_OUTER = frozenset(
    {"block", "if_statement", "elif_clause", "else_clause", "for_statement", "while_statement"}
    | {"try_statement", "except_clause", "except_group_clause", "finally_clause"}
    | {"with_statement", "with_clause", "with_item", "as_pattern", "decorated_definition"}
    | {"expression_statement", "assignment"}
)
_TAKEN = frozenset(
    {"return_statement", "yield", "assignment", "augmented_assignment", "for_statement"}
    | {"as_pattern_target", "delete_statement", "import_statement", "import_from_statement"}
    | {"function_definition", "class_definition", "global_statement", "nonlocal_statement"}
    | {"match_statement"}
)


def inferred_type(x: Extraction, value: Node | None, depth: int = 0) -> str | None:
    """The type that an expression plainly has, as text."""
    if value is None or depth > 3:
        return None
    match value.type:
        case "call":
            function = value.child_by_field_name("function")
            if function is None or function.type not in {"identifier", "attribute"}:
                return None
            text = x.line_of(function, MAX_ANNOTATION)
            name = text.rpartition(".")[2].lstrip("_")
            is_class = name[:1].isupper() and not name.isupper() and name not in _TYPE_MAKERS
            return text if is_class and DOTTED_NAME.fullmatch(text) else None
        case "identifier":
            return x.scope.parameters.get(x.text(value))
        case "boolean_operator":
            left = inferred_type(x, value.child_by_field_name("left"), depth + 1)
            if left is not None:
                return _OPTIONAL.sub(_inner, left)
            return inferred_type(x, value.child_by_field_name("right"), depth + 1)
        case "conditional_expression":
            for index in (0, 2):
                branch = named_child(value, index)
                found = inferred_type(x, branch, depth + 1) if branch is not None else None
                if found is not None:
                    return _OPTIONAL.sub(_inner, found)
            return None
        case "string":
            return (
                "bytes"
                if "b" in x.text(value)[:2].lower().partition("'")[0].partition('"')[0]
                else "str"
            )
        case other:
            return LITERAL_TYPES.get(other)


def is_one_type(x: Extraction, value: Node, depth: int = 0) -> bool:
    """Whether the type that is inferred of a value is that of all its branches."""
    if depth > 3:
        return False
    match value.type:
        case "boolean_operator":
            branches = [value.child_by_field_name("left"), value.child_by_field_name("right")]
        case "conditional_expression":
            branches = [named_child(value, 0), named_child(value, 2)]
        case _:
            return True
    found = [each for each in branches if each is not None and each.type != "none"]
    types = {_OPTIONAL.sub(_inner, inferred_type(x, each) or "") for each in found}
    return len(types) == 1 and all(is_one_type(x, each, depth + 1) for each in found)


def result_type(
    x: Extraction,
    function: Node,
    parameters: Mapping[str, str],
    receiver: str,
    decorators: Collection[str],
) -> str | None:
    """The type of all that a function without an annotation returns, as text; ``None`` left out.

    ``Iterator[Order]`` if it is a context manager that yields orders. Nothing if one of the
    results is not plainly of a type: an instance that is made there, a parameter with a type,
    the receiver, a literal, or a local name for one of these. ``parameters`` gives the types of
    all parameters, empty where none is known.
    """
    body = function.child_by_field_name("body")
    if body is None:
        return None
    is_context = any(each.rpartition(".")[2] in _CONTEXTS for each in decorators)

    def says(word: bytes) -> bool:
        return x.source.data.find(word, body.start_byte, body.end_byte) >= 0

    # Not worth a look: nothing is given, a generator, names that are bound inside expressions.
    has_results = says(b"yield") if is_context else says(b"return") and not says(b"yield")
    if not has_results or says(b":="):
        return None
    scope = _Body(x, receiver, is_class="classmethod" in decorators, parameters=parameters)
    scope.read(body)
    if scope.is_dark:
        return None
    types: dict[str, None] = {}
    for given in scope.yielded if is_context else scope.returned:
        found = scope.type_of(given)
        if found is None:
            return None
        types.update(dict.fromkeys(found))
    types.pop("None", None)
    if not 0 < len(types) <= _MAX_TYPES:
        return None
    result = " | ".join(types)
    return f"Iterator[{result}]" if is_context else result


@dataclass
class _Body:
    """What a function binds and gives, in its own body and not in those inside of it."""

    x: Extraction
    receiver: str
    is_class: bool
    parameters: Mapping[str, str]
    returned: list[Node | None] = field(default_factory=list)
    yielded: list[Node | None] = field(default_factory=list)
    # A value that is not followed is none.
    bound: dict[str, list[Node | None]] = field(default_factory=dict)
    declared: dict[str, str] = field(default_factory=dict)
    is_dark: bool = False

    def read(self, body: Node) -> None:
        waiting = [body]
        while waiting:
            for node in waiting.pop().named_children:
                kind = node.type
                if kind in _TAKEN:
                    self._take(node)
                if kind in _OUTER:
                    waiting.append(node)

    def _take(self, node: Node) -> None:
        match node.type:
            case "return_statement":
                self.returned.append(named_child(node))
            case "yield":
                # ``yield from`` gives what somebody else yields.
                self.is_dark = self.is_dark or any(c.type == "from" for c in node.children)
                self.yielded.append(named_child(node))
            case "assignment":
                self._assign(node)
            case "augmented_assignment" | "for_statement":
                self._bind(node.child_by_field_name("left"))
            case "as_pattern_target" | "delete_statement" | "import_statement":
                self._bind(node)
            case "import_from_statement":
                for child in node.children_by_field_name("name"):
                    self._bind(child)
            case "function_definition" | "class_definition":
                self._bind(node.child_by_field_name("name"))
            case "global_statement" | "nonlocal_statement" | "match_statement":
                self.is_dark = True

    def _assign(self, node: Node) -> None:
        left = node.child_by_field_name("left")
        declared = node.child_by_field_name("type")
        if left is None or left.type != "identifier":
            self._bind(left)
            return
        name = self.x.text(left)
        if declared is not None:
            self.declared[name] = self.x.line_of(declared, MAX_ANNOTATION)
        else:
            self.bound.setdefault(name, []).append(node.child_by_field_name("right"))

    def _bind(self, target: Node | None) -> None:
        if target is None or target.type in {"attribute", "subscript"}:
            return
        for name in _identifiers(target):
            self.bound.setdefault(self.x.text(name), []).append(None)

    def type_of(self, value: Node | None, depth: int = 0) -> list[str] | None:
        """The types that an expression may have; none if they are not plain."""
        if value is None:
            return ["None"]
        if depth > _MAX_DEPTH:
            return None
        match value.type:
            case "none":
                return ["None"]
            case "identifier":
                return self._type_of_name(self.x.text(value), depth)
            case "call":
                return self._type_of_call(value)
            case "parenthesized_expression":
                return self.type_of(named_child(value), depth + 1)
            case "conditional_expression":
                branches = [named_child(value, 0), named_child(value, 2)]
                found = [self.type_of(each, depth + 1) for each in branches if each is not None]
                if None in found:
                    return None
                return [name for types in found for name in types or ()]
            case other:
                literal = inferred_type(self.x, value) if other in LITERAL_TYPES else None
                return [literal] if literal else None

    def _type_of_name(self, name: str, depth: int) -> list[str] | None:
        values = self.bound.get(name, [])
        if name in self.declared:
            return None if values else [self.declared[name]]
        if len(values) == 1 and values[0] is not None and name not in self.parameters:
            return self.type_of(values[0], depth + 1)
        if values:
            return None
        if name == self.receiver and not self.is_class:
            return ["Self"]
        declared = self.parameters.get(name)
        return [declared] if declared else None

    def _type_of_call(self, call: Node) -> list[str] | None:
        function = call.child_by_field_name("function")
        first = next(iter(_identifiers(function)), None) if function is not None else None
        if function is None or first is None:
            return None
        name = self.x.text(first)
        if name == self.receiver and self.is_class and function.type == "identifier":
            return ["Self"]
        if name in self.bound or name in self.declared or name in self.parameters:
            return None
        made = inferred_type(self.x, call)
        return [made] if made and name != self.receiver else None


def _identifiers(node: Node) -> Iterator[Node]:
    if node.type == "identifier":
        yield node
    for child in node.named_children:
        yield from _identifiers(child)


def _inner(optional: re.Match[str]) -> str:
    return optional[1] or ""

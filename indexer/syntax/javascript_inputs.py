"""What a JavaScript or TypeScript module says of its inputs: parameters, their types, constants.

Types come from annotations or JSDoc, with interfaces, aliases and enums spelt out; where nothing
is declared, from a default value or from what the body does with the parameter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from tree_sitter import Node

from indexer.syntax.javascript_probes import FUNCTIONS
from indexer.syntax.nodes import without_comments
from indexer.syntax.tree import SyntaxTree, read_tree

_MAX_DEPTH = 6
_MAX_CONSTANTS = 60
_MAX_TEXT = 200
_PLAIN = frozenset(
    {"string", "number", "boolean", "bigint", "null", "undefined", "symbol", "never", "object"}
)
_NAMED = {
    "Array": "array",
    "ReadonlyArray": "array",
    "Iterable": "array",
    "ArrayLike": "array",
    "IterableIterator": "array",
    "Set": "set",
    "ReadonlySet": "set",
    "Map": "map",
    "ReadonlyMap": "map",
    "Record": "record",
    "Promise": "promise",
    "PromiseLike": "promise",
    "Date": "date",
    "RegExp": "regexp",
    "Error": "error",
    "Function": "function",
    "Uint8Array": "bytes",
    "Object": "object",
    "String": "string",
    "Number": "number",
    "Boolean": "boolean",
}
_TRANSPARENT = frozenset({"Readonly", "Required", "Partial", "NonNullable", "Awaited", "NoInfer"})
_STRING_METHODS = frozenset(
    {
        "charAt", "charCodeAt", "codePointAt", "endsWith", "localeCompare", "match", "matchAll",
        "normalize", "padEnd", "padStart", "repeat", "replace", "replaceAll", "search", "split",
        "startsWith", "substr", "substring", "toLowerCase", "toUpperCase", "trim", "trimEnd",
        "trimStart",
    }
)  # fmt: skip
_ARRAY_METHODS = frozenset(
    {
        "copyWithin", "every", "fill", "filter", "find", "findIndex", "findLast", "flat", "flatMap",
        "forEach", "join", "map", "pop", "push", "reduce", "reduceRight", "reverse", "shift",
        "some", "sort", "splice", "toSorted", "unshift",
    }
)  # fmt: skip
_NUMBER_METHODS = frozenset({"toExponential", "toFixed", "toPrecision"})
_NUMERIC_OPERATORS = frozenset(
    {"-", "*", "/", "%", "**", "<", ">", "<=", ">=", "&", "|", ">>", "<<"}
)
_JSDOC_PARAMETER = re.compile(
    r"@(?:param|arg|argument)\s+\{(?P<type>(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}\s*"
    r"(?P<optional>\[)?(?P<name>[\w$]+(?:(?:\[\])?\.[\w$]+)*)"
)
_UNQUOTED = re.compile(r"\\(u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r?\n|.)", re.DOTALL)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "\0"}


@dataclass(frozen=True, slots=True)
class Shape:
    """A type: its kind, the types inside of it, and the names of those that have one.

    A name that ends in ``?`` may be left out. ``text`` names the class of an instance.
    """

    kind: str
    of: tuple[Shape | Value, ...] = ()
    names: tuple[str, ...] = ()
    text: str = ""


@dataclass(frozen=True, slots=True)
class Value:
    """A value that can be written down: literals, and collections and calls of ``new`` of them.

    Kinds: ``string``, ``number``, ``bigint``, ``constant`` (``null``, ``true``, …), ``regexp``,
    ``date``, ``member`` of an enum and ``function``, all in ``text``; ``array``, ``set``,
    ``map`` (keys and values in turn), ``bytes``; ``object`` with the ``names`` of what is in it;
    ``instance`` of the class ``text``, made of the arguments ``of``; ``error``.
    """

    kind: str
    text: str = ""
    of: tuple[Value, ...] = ()
    names: tuple[str, ...] = ()


ANYTHING = Shape("any")


@dataclass(frozen=True, slots=True)
class Input:
    """A parameter; ``is_declared`` if somebody wrote its type down."""

    name: str
    shape: Shape
    is_optional: bool = False
    is_rest: bool = False
    is_declared: bool = False


@dataclass(frozen=True, slots=True)
class Callable:
    """A function of the module, or a method of one of its classes (``Class.method``).

    ``kind`` is function, method, static, getter, setter, constructor, or hidden for what is private
    or protected; ``line`` counts from 1.
    """

    name: str
    kind: str
    inputs: tuple[Input, ...]
    constants: tuple[Value, ...]
    line: int


def callables_of(tree: SyntaxTree, known: Sequence[SyntaxTree] = ()) -> list[Callable]:
    """The functions and methods that stand in no other function; ``known`` files define types."""
    reader = _Reader(tree, known)
    return list(reader.callables())


def calls_of(tree: SyntaxTree, names: frozenset[str]) -> Iterator[tuple[str, tuple[Value, ...]]]:
    """Calls of some names whose arguments are all literals: the name, and the arguments."""
    for node in _below(tree.root):
        if node.type not in {"call_expression", "new_expression"}:
            continue
        function = node.child_by_field_name("function") or node.child_by_field_name("constructor")
        arguments = node.child_by_field_name("arguments")
        if function is None or arguments is None or arguments.type != "arguments":
            continue
        last = function.child_by_field_name("property") or function
        name = _text(last, tree)
        if name in names:
            found = _collection("array", without_comments(arguments), tree, 0)
            if found is not None:
                yield name, found.of


def has_module_syntax(tree: SyntaxTree) -> bool:
    """Whether a file imports or exports as ECMAScript does."""
    return any(each.type in {"import_statement", "export_statement"} for each in tree.root.children)


def has_jsx(tree: SyntaxTree) -> bool:
    """Whether there are elements in the code, which no engine runs as they are."""
    return any(each.type.startswith("jsx_") for each in _below(tree.root))


def value_of(node: Node, tree: SyntaxTree) -> Value | None:
    """The value that an expression of literals has; nothing for any other."""
    return _value(node, tree, 0)


@dataclass(frozen=True, slots=True)
class _Declared:
    node: Node
    tree: SyntaxTree


class _Reader:
    def __init__(self, tree: SyntaxTree, known: Sequence[SyntaxTree]) -> None:
        self._tree = tree
        self._types: dict[str, _Declared] = {}
        self._constants: dict[str, _Declared] = {}
        for each in (tree, *known):
            for node in _statements(each.root):
                self._declare(node, each)

    def _declare(self, node: Node, tree: SyntaxTree) -> None:
        name = node.child_by_field_name("name")
        if name is not None and node.type in {
            "interface_declaration",
            "type_alias_declaration",
            "enum_declaration",
            "class_declaration",
            "abstract_class_declaration",
        }:
            self._types.setdefault(_text(name, tree), _Declared(node, tree))
        elif node.type in {"lexical_declaration", "variable_declaration"}:
            for declarator in node.named_children:
                target = declarator.child_by_field_name("name")
                value = _plain(declarator.child_by_field_name("value"))
                if target is not None and value is not None and value.type in {"object", "array"}:
                    self._constants.setdefault(_text(target, tree), _Declared(value, tree))

    # Functions

    def callables(self) -> Iterator[Callable]:
        seen: set[str] = set()
        shared = self._literals(self._tree.root, skip_functions=True)
        for name, kind, function, comment_at in self._functions():
            if name in seen:
                continue
            seen.add(name)
            own = self._literals(function)
            constants = tuple(dict.fromkeys([*own, *shared]))[:_MAX_CONSTANTS]
            comment = self._comment_before(comment_at)
            inputs = tuple(self._inputs(function, comment))
            yield Callable(name, kind, inputs, constants, function.start_point[0] + 1)

    def _functions(self) -> Iterator[tuple[str, str, Node, Node]]:
        """Name, kind, the function, and where a comment about it would end."""
        waiting: list[tuple[Node, str, Node]] = [(self._tree.root, "", self._tree.root)]
        while waiting:
            node, name, at = waiting.pop()
            if node.type in FUNCTIONS:
                named = node.child_by_field_name("name")
                called = name or (_key(named, self._tree) if named is not None else "")
                owner, _, last = called.rpartition(".")
                if called:
                    yield called, self._kind_of_method(node, owner, last), node, at
                if not _is_called_at_once(node):
                    continue
            waiting += reversed(list(self._within(node, name, at)))

    def _within(self, node: Node, name: str, at: Node) -> Iterator[tuple[Node, str, Node]]:
        """What stands in a node: each with the name that it gets there, if any."""
        match node.type:
            case "export_statement":
                is_default = any(each.type == "default" for each in node.children)
                for inner in node.named_children:
                    own = inner.child_by_field_name("name")
                    yield inner, "default" if is_default and own is None else "", node
            case "lexical_declaration" | "variable_declaration":
                for declarator in node.named_children:
                    target = declarator.child_by_field_name("name")
                    value = _plain(declarator.child_by_field_name("value"))
                    if target is not None and value is not None:
                        yield value, _text(target, self._tree), at
            case "class_declaration" | "abstract_class_declaration" | "class":
                own = node.child_by_field_name("name")
                body = node.child_by_field_name("body")
                called = _text(own, self._tree) if own is not None else name or "default"
                for member in body.named_children if body is not None else ():
                    method = member.child_by_field_name("name")
                    if member.type == "method_definition" and method is not None:
                        yield member, f"{called}.{_text(method, self._tree)}", member
            case "assignment_expression":
                left = node.child_by_field_name("left")
                right = _plain(node.child_by_field_name("right"))
                if left is not None and right is not None:
                    place = _text(left, self._tree)
                    last = place.rpartition(".")[2]
                    yield right, "default" if place == "module.exports" else last, at
            case "pair":
                key = node.child_by_field_name("key")
                value = _plain(node.child_by_field_name("value"))
                if key is not None and value is not None:
                    yield value, _key(key, self._tree), node
            case _:
                is_list = node.type in {"program", "statement_block", "object"}
                for child in node.named_children:
                    yield child, "", child if is_list else at

    def _kind_of_method(self, node: Node, owner: str, name: str) -> str:
        if not owner:
            return "function"
        before = {child.type for child in node.children[:4]}
        if any(
            child.type == "accessibility_modifier" and _text(child, self._tree) != "public"
            for child in node.children[:2]
        ):
            return "hidden"
        if name == "constructor":
            return "constructor"
        if "get" in before or "set" in before:
            return "getter" if "get" in before else "setter"
        return "static" if "static" in before else "method"

    def _comment_before(self, node: Node) -> str:
        before = node.prev_named_sibling
        if before is None or before.type != "comment":
            return ""
        text = _text(before, self._tree)
        return text if text.startswith("/**") else ""

    # Parameters

    def _inputs(self, function: Node, comment: str) -> Iterator[Input]:
        documented = self._documented(comment)
        parameters = function.child_by_field_name("parameters")
        if parameters is None:
            single = function.child_by_field_name("parameter")
            nodes = [single] if single is not None else []
        else:
            nodes = list(parameters.named_children)
        generics = self._generics(function)
        body = function.child_by_field_name("body")
        for node in nodes:
            pattern: Node | None = node
            default = annotation = None
            is_optional = False
            if node.type in {"required_parameter", "optional_parameter"}:
                pattern = node.child_by_field_name("pattern")
                default = node.child_by_field_name("value")
                annotation = node.child_by_field_name("type")
                is_optional = node.type == "optional_parameter" or default is not None
            elif node.type == "assignment_pattern":
                pattern = node.child_by_field_name("left")
                default = node.child_by_field_name("right")
                is_optional = True
            elif node.type in {"comment", "decorator"}:
                continue
            if pattern is None or pattern.type == "this":
                continue
            is_rest = pattern.type == "rest_pattern"
            name = _text(pattern, self._tree).removeprefix("...")
            shape, is_declared = ANYTHING, False
            told = documented.get(name)
            if annotation is not None:
                shape = self._shape(annotation, self._tree, generics, 0)
                is_declared = True
            elif told is not None:
                shape, may_miss = told
                is_optional, is_declared = is_optional or may_miss, True
            elif default is not None and (value := value_of(default, self._tree)) is not None:
                shape = shape_of_value(value)
            if shape.kind == "any" or (shape.kind == "object" and not shape.names):
                shape = self._used_as(pattern, body, shape)
            if is_rest and shape.kind == "array" and shape.of:
                first = shape.of[0]
                shape = first if isinstance(first, Shape) else ANYTHING
            yield Input(name, shape, is_optional or is_rest, is_rest, is_declared)

    def _generics(self, function: Node) -> Mapping[str, Node | None]:
        found: dict[str, Node | None] = {}
        declared = function.child_by_field_name("type_parameters")
        for node in declared.named_children if declared is not None else ():
            name = node.child_by_field_name("name")
            if name is not None:
                found[_text(name, self._tree)] = node.child_by_field_name("constraint")
        return found

    def _documented(self, comment: str) -> dict[str, tuple[Shape, bool]]:
        """The types that a JSDoc comment gives, and whether the argument may be left out."""
        found: dict[str, tuple[Shape, bool]] = {}
        members: dict[str, list[tuple[str, Shape]]] = {}
        for match in _JSDOC_PARAMETER.finditer(comment):
            text = match["type"].strip().replace("Array.<", "Array<").replace("Object.<", "Record<")
            is_optional = bool(match["optional"]) or text.endswith("=")
            text = text.removesuffix("=").removeprefix("...")
            if text.startswith(("?", "!")):
                text = text[1:] + (" | null" if text[0] == "?" else "")
            shape = self._written(text.replace("*", "any"))
            owner, _, member = match["name"].rpartition(".")
            if member and owner:
                entry = (member + "?" * is_optional, shape)
                members.setdefault(owner.removesuffix("[]"), []).append(entry)
            else:
                found[match["name"]] = shape, is_optional
        for owner, entries in members.items():
            names, shapes = zip(*entries, strict=True)
            _, is_optional = found.get(owner, (ANYTHING, False))
            found[owner] = Shape("object", shapes, names), is_optional
        return found

    def _written(self, text: str) -> Shape:
        tree = read_tree("typescript", f"type T = {text};")
        if tree is None or tree.has_errors or not tree.root.named_child_count:
            return ANYTHING
        value = tree.root.named_children[0].child_by_field_name("value")
        return ANYTHING if value is None else self._shape(value, tree, {}, 0)

    def _used_as(self, pattern: Node, body: Node | None, known: Shape) -> Shape:
        """What a parameter must be for what the body does with it."""
        if pattern.type == "object_pattern":
            parts = [_name_in_pattern(child, self._tree) for child in pattern.named_children]
            inner = tuple(f"{part}?" for part in parts if part)
            return Shape("object", tuple(ANYTHING for _ in inner), inner)
        if pattern.type == "array_pattern":
            return Shape("array", (ANYTHING,))
        if body is None or pattern.type not in {"identifier", "rest_pattern"}:
            return known
        name = _text(pattern, self._tree).removeprefix("...")
        members: dict[str, None] = {}
        kinds: dict[str, None] = {}
        for node in _below(body):
            if node.type == "binary_expression" and (kind := self._compared_kind(node, name)):
                kinds[kind] = None
            if node.type == "member_expression":
                holder = node.child_by_field_name("object")
                member = node.child_by_field_name("property")
                is_member = holder is not None and _text(holder, self._tree) == name
                if is_member and member is not None:
                    members[_text(member, self._tree)] = None
        used = set(members)
        if used & _STRING_METHODS:
            return Shape("string")
        if used & _ARRAY_METHODS:
            return Shape("array", (ANYTHING,))
        if used & _NUMBER_METHODS:
            return Shape("number")
        if kinds:
            return Shape("union", (*(Shape(each) for each in kinds), ANYTHING))
        fields = [each for each in members if each not in {"length", "toString", "slice"}]
        if fields:
            names = tuple(f"{each}?" for each in fields)
            return Shape("any", tuple(ANYTHING for _ in fields), names)
        return known

    def _compared_kind(self, node: Node, name: str) -> str:
        """The kind that ``name`` is asked for (``typeof``), or has where one calculates with it."""
        sides = [node.child_by_field_name("left"), node.child_by_field_name("right")]
        texts = [_text(side, self._tree) for side in sides if side is not None]
        if f"typeof {name}" in texts:
            other = next((each for each in texts if not each.startswith("typeof")), "")
            kind = other.strip("'\"")
            return kind if kind in {*_PLAIN, "function"} else ""
        sign = node.child_by_field_name("operator")
        is_numeric = sign is not None and sign.type in _NUMERIC_OPERATORS
        return "number" if is_numeric and name in texts and not any(map(_is_text, sides)) else ""

    # Types

    def _shape(
        self, node: Node, tree: SyntaxTree, generics: Mapping[str, Node | None], depth: int
    ) -> Shape:
        def inner(child: Node) -> Shape:
            return self._shape(child, tree, generics, depth + 1)

        if depth > _MAX_DEPTH:
            return ANYTHING
        children = without_comments(node)
        match node.type:
            case "type_annotation" | "parenthesized_type" | "readonly_type" | "optional_type":
                return inner(children[-1]) if children else ANYTHING
            case "predefined_type":
                name = _text(node, tree)
                if name == "void":
                    return Shape("undefined")
                return Shape(name) if name in _PLAIN else ANYTHING
            case "literal_type":
                value = _value(children[0], tree, 0) if children else None
                if value is not None and value.text in {"null", "undefined"}:
                    return Shape(value.text)
                return Shape("literal", (value,)) if value is not None else ANYTHING
            case "union_type":
                options: list[Shape | Value] = []
                for child in children:
                    option = inner(child)
                    options += option.of if option.kind == "union" else (option,)
                return Shape("union", tuple(options))
            case "intersection_type":
                parts = [inner(child) for child in children]
                objects = [each for each in parts if each.kind == "object"]
                if not objects:
                    return parts[0] if parts else ANYTHING
                return Shape(
                    "object",
                    tuple(of for each in objects for of in each.of),
                    tuple(name for each in objects for name in each.names),
                )
            case "array_type":
                return Shape("array", (inner(children[0]),)) if children else ANYTHING
            case "tuple_type":
                return Shape("tuple", tuple(inner(child) for child in children))
            case "object_type" | "interface_body":
                return self._object(children, tree, generics, depth)
            case "function_type":
                result = node.child_by_field_name("return_type")
                return Shape("function", (inner(result),) if result is not None else ())
            case "generic_type":
                return self._generic(node, tree, generics, depth)
            case "type_identifier":
                return self._by_name(_text(node, tree), tree, generics, depth)
            case "index_type_query" | "lookup_type":
                return self._of_constant(node, tree)
            case _:
                return ANYTHING

    def _object(
        self,
        members: Sequence[Node],
        tree: SyntaxTree,
        generics: Mapping[str, Node | None],
        depth: int,
    ) -> Shape:
        names: list[str] = []
        shapes: list[Shape] = []
        for member in members:
            name = member.child_by_field_name("name")
            annotation = member.child_by_field_name("type")
            if member.type == "property_signature" and name is not None:
                is_optional = any(child.type == "?" for child in member.children)
                names.append(_text(name, tree).strip("'\"") + "?" * is_optional)
                shapes.append(
                    ANYTHING
                    if annotation is None
                    else self._shape(annotation, tree, generics, depth + 1)
                )
            elif member.type == "index_signature" and annotation is not None and not names:
                value = self._shape(annotation, tree, generics, depth + 1)
                return Shape("record", (Shape("string"), value))
            elif member.type == "method_signature" and name is not None:
                names.append(_text(name, tree))
                shapes.append(Shape("function"))
        return Shape("object", tuple(shapes), tuple(names))

    def _generic(
        self, node: Node, tree: SyntaxTree, generics: Mapping[str, Node | None], depth: int
    ) -> Shape:
        name_node = node.child_by_field_name("name")
        arguments = node.child_by_field_name("type_arguments")
        name = _text(name_node, tree) if name_node is not None else ""
        inside = tuple(
            self._shape(child, tree, generics, depth + 1)
            for child in (arguments.named_children if arguments is not None else ())
        )
        if name in _TRANSPARENT and inside:
            shape = inside[0]
            if name == "Partial" and shape.kind == "object":
                names = tuple(each.removesuffix("?") + "?" for each in shape.names)
                return Shape("object", shape.of, names)
            return shape
        if name in _NAMED:
            return Shape(_NAMED[name], inside)
        return self._by_name(name, tree, generics, depth)

    def _by_name(
        self, name: str, tree: SyntaxTree, generics: Mapping[str, Node | None], depth: int
    ) -> Shape:
        if name in generics:
            constraint = generics[name]
            if constraint is None:
                return ANYTHING
            children = constraint.named_children
            return self._shape(children[0], tree, {}, depth + 1) if children else ANYTHING
        declared = self._types.get(name)
        if declared is None:
            return Shape(_NAMED[name]) if name in _NAMED else ANYTHING
        node, tree = declared.node, declared.tree
        if node.type == "type_alias_declaration":
            value = node.child_by_field_name("value")
            return ANYTHING if value is None else self._shape(value, tree, {}, depth + 1)
        body = node.child_by_field_name("body")
        if node.type == "enum_declaration":
            members = [
                Value("member", f"{name}.{_text(each, tree).partition('=')[0].strip()}")
                for each in (body.named_children if body is not None else ())
                if each.type != "comment"
            ]
            return Shape("union", tuple(Shape("literal", (each,)) for each in members))
        if node.type in {"class_declaration", "abstract_class_declaration"}:
            return Shape("instance", text=name)
        shape = ANYTHING if body is None else self._shape(body, tree, {}, depth + 1)
        for base in self._bases(node, tree, depth):
            if shape.kind == base.kind == "object":
                shape = Shape("object", base.of + shape.of, base.names + shape.names)
        return shape

    def _bases(self, node: Node, tree: SyntaxTree, depth: int) -> Iterator[Shape]:
        for child in node.named_children:
            if child.type == "extends_type_clause":
                for each in child.named_children:
                    yield self._shape(each, tree, {}, depth + 1)

    def _of_constant(self, node: Node, tree: SyntaxTree) -> Shape:
        """``keyof typeof NAMES`` and ``(typeof NAMES)[number]``: what is in a constant."""
        found = re.search(r"typeof\s+(\w+)", _text(node, tree))
        declared = self._constants.get(found[1]) if found is not None else None
        if declared is None:
            return ANYTHING
        if declared.node.type == "array":
            values = [value_of(each, declared.tree) for each in declared.node.named_children]
        else:
            values = [
                Value("string", _text(key, declared.tree).strip("'\""))
                for each in declared.node.named_children
                if (key := each.child_by_field_name("key")) is not None
            ]
        known = [each for each in values if each is not None]
        return Shape("union", tuple(Shape("literal", (each,)) for each in known))

    # Constants

    def _literals(self, root: Node, *, skip_functions: bool = False) -> list[Value]:
        found: dict[Value, None] = {}
        for node in _below(root, into_functions=not skip_functions):
            if node.type not in {"string", "number", "regex"}:
                continue
            around = node.parent
            if around is None or around.type in {"import_statement", "literal_type"}:
                continue
            value = value_of(node, self._tree)
            if value is not None and len(value.text) <= _MAX_TEXT:
                found[value] = None
        return list(found)[:_MAX_CONSTANTS]


def shape_of_value(value: Value) -> Shape:
    """The type that a value plainly has."""
    match value.kind:
        case "constant" if value.text in {"true", "false"}:
            return Shape("boolean")
        case "string" | "number" | "bigint" | "date" | "regexp" | "function":
            return Shape(value.kind)
        case "array":
            return Shape("array", (shape_of_value(value.of[0]) if value.of else ANYTHING,))
        case "object":
            names = tuple(f"{name}?" for name in value.names)
            return Shape("object", tuple(shape_of_value(each) for each in value.of), names)
        case _:
            return ANYTHING


def _value(node: Node, tree: SyntaxTree, depth: int) -> Value | None:
    text = _text(node, tree)
    if depth > _MAX_DEPTH or len(text) > 4 * _MAX_TEXT:
        return None
    children = without_comments(node)
    match node.type:
        case "string":
            return Value("string", _unquoted(text))
        case "template_string" if "${" not in text:
            return Value("string", _unquoted(text))
        case "number":
            is_big = text.endswith("n")
            return Value("bigint", text[:-1]) if is_big else Value("number", text)
        case "true" | "false" | "null" | "undefined":
            return Value("constant", text)
        case "identifier" if text in {"undefined", "NaN", "Infinity"}:
            return Value("constant" if text == "undefined" else "number", text)
        case "unary_expression" if text.startswith("-") and children:
            inner = _value(children[0], tree, depth + 1)
            if inner is None or inner.kind not in {"number", "bigint"}:
                return None
            return Value(inner.kind, f"-{inner.text}")
        case "regex":
            return Value("regexp", text)
        case "parenthesized_expression" | "as_expression" | "satisfies_expression" if children:
            return _value(children[0], tree, depth + 1)
        case "array":
            return _collection("array", children, tree, depth)
        case "object":
            names: list[str] = []
            for child in children:
                key = child.child_by_field_name("key")
                if child.type != "pair" or key is None or key.type == "computed_property_name":
                    return None
                key_text = _text(key, tree)
                names.append(_unquoted(key_text) if key.type == "string" else key_text)
            values = [child.child_by_field_name("value") for child in children]
            found = _collection("object", [each for each in values if each], tree, depth)
            return found and Value("object", of=found.of, names=tuple(names))
        case "new_expression":
            return _new(node, tree, depth)
        case "arrow_function":
            return Value("function", text) if _is_closed(node, tree) else None
        case _:
            return None


def _new(node: Node, tree: SyntaxTree, depth: int) -> Value | None:
    constructor = node.child_by_field_name("constructor")
    arguments = node.child_by_field_name("arguments")
    name = _text(constructor, tree) if constructor is not None else ""
    given = list(arguments.named_children) if arguments is not None else []
    first = _value(given[0], tree, depth + 1) if len(given) == 1 else None
    if name == "Date" and first is not None and first.kind == "string":
        return Value("date", first.text)
    if name == "Set" and (first is None or first.kind == "array"):
        return Value("set", of=first.of if first is not None else ()) if len(given) < 2 else None
    if name == "Map" and first is not None and first.kind == "array":
        pairs = [each.of for each in first.of]
        if all(len(pair) == 2 for pair in pairs):
            return Value("map", of=tuple(each for pair in pairs for each in pair))
    return None


def _collection(kind: str, nodes: Sequence[Node], tree: SyntaxTree, depth: int) -> Value | None:
    values = [_value(node, tree, depth + 1) for node in nodes]
    known = [each for each in values if each is not None]
    return Value(kind, of=tuple(known)) if len(known) == len(values) else None


def _is_closed(function: Node, tree: SyntaxTree) -> bool:
    """Whether a short arrow function speaks of nothing but its own parameters."""
    text = _text(function, tree)
    if len(text) > 60 or "{" in text or "`" in text:
        return False
    own = function.child_by_field_name("parameters") or function.child_by_field_name("parameter")
    if own is None:
        return False
    given = {_text(each, tree) for each in _below(own) if each.type == "identifier"}
    given.add(_text(own, tree))
    body = function.child_by_field_name("body")
    names = [each for each in _below(body) if each.type == "identifier"] if body else []
    return all(_text(each, tree) in {*given, "Math", "String", "Number"} for each in names)


def _unquoted(text: str) -> str:
    def plain(match: re.Match[str]) -> str:
        code = match[1]
        if code[0] in "ux" and len(code) > 1:
            number = int(code[1:].strip("{}"), 16)
            return chr(number) if number < 0x110000 else ""
        return _ESCAPES.get(code, "" if code.strip() == "" and code != " " else code)

    return _UNQUOTED.sub(plain, text[1:-1])


def _plain(node: Node | None) -> Node | None:
    """An expression without brackets and assertions of its type around it."""
    wrappers = {"parenthesized_expression", "as_expression", "satisfies_expression"}
    while node is not None and node.type in wrappers and node.named_child_count:
        node = node.named_children[0]
    return node


def _name_in_pattern(node: Node, tree: SyntaxTree) -> str:
    if node.type == "shorthand_property_identifier_pattern":
        return _text(node, tree)
    if node.type == "object_assignment_pattern":
        left = node.child_by_field_name("left")
        return _text(left, tree) if left is not None else ""
    key = node.child_by_field_name("key")
    return _text(key, tree) if node.type == "pair_pattern" and key is not None else ""


def _is_called_at_once(function: Node) -> bool:
    around = function.parent
    while around is not None and around.type == "parenthesized_expression":
        around = around.parent
    return around is not None and around.type in {"call_expression", "unary_expression"}


def _statements(root: Node) -> Iterator[Node]:
    for node in root.named_children:
        if node.type == "export_statement":
            yield from node.named_children
        else:
            yield node


def _below(root: Node, *, into_functions: bool = True) -> Iterator[Node]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        yield node
        if into_functions or node.type not in FUNCTIONS:
            waiting += reversed(node.named_children)


def _is_text(node: Node | None) -> bool:
    return node is not None and node.type in {"string", "template_string"}


def _key(node: Node, tree: SyntaxTree) -> str:
    return _text(node, tree).strip("'\"")


def _text(node: Node, tree: SyntaxTree) -> str:
    return tree.source.slice(node.start_byte, node.end_byte)

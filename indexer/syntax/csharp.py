"""C#, as tree-sitter-c-sharp sees it: what its definitions, uses and imports mean.

Qualified names begin at the outermost type. A namespace is a symbol of its own, so that a ``using``
can find the files that belong to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

from tree_sitter import Node

from indexer.model import Parameter, ParameterKind, ReferenceKind, Signature, SymbolKind
from indexer.syntax.comment import header, read_comment, take_comment, without_marks
from indexer.syntax.extraction import (
    MAX_ANNOTATION,
    MAX_EXPRESSION,
    Captures,
    Extraction,
    Grammar,
    first_paragraph,
    named_child,
)

_SUMMARY = re.compile(r"<summary>(.*?)(?:</summary>|$)", re.DOTALL)
_INHERITED = re.compile(r"<inheritdoc\b")
_NAMED = re.compile(r"<\w+\s+(?:cref|name|langword)=\"(?:[A-Z]:)?([^\"]*)\"\s*/>")
_PARAGRAPH = re.compile(r"<para\s*/?>|<br\s*/?>")
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>")
_DOTTED_NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_OBSOLETE = re.compile(r"^(?:System\.)?Obsolete(?:Attribute)?\b")
_KINDS = {
    "class_declaration": SymbolKind.CLASS,
    "struct_declaration": SymbolKind.CLASS,
    "record_declaration": SymbolKind.CLASS,
    "interface_declaration": SymbolKind.INTERFACE,
    "enum_declaration": SymbolKind.ENUM,
}
_NAMED_TYPES = frozenset({"identifier", "generic_name", "qualified_name"})
# The types that cover nothing: keywords, and tuples, whose elements have types of their own.
_UNNAMED_TYPES = frozenset({"predefined_type", "implicit_type", "tuple_type"})
_BUILTIN_TYPES = frozenset(
    {
        "bool",
        "byte",
        "char",
        "decimal",
        "delegate",
        "double",
        "dynamic",
        "float",
        "global",
        "in",
        "int",
        "long",
        "nint",
        "nuint",
        "object",
        "out",
        "readonly",
        "ref",
        "sbyte",
        "scoped",
        "short",
        "string",
        "uint",
        "ulong",
        "ushort",
        "var",
        "void",
    }
)


def _load() -> object:
    import tree_sitter_c_sharp

    return tree_sitter_c_sharp.language()


def _prepare(x: Extraction, _root: Node, captures: Captures) -> None:
    x.type_parameters.update(x.text(node) for node in captures.get("type_parameter", ()))


# Namespaces.


def _read_using(x: Extraction, node: Node) -> None:
    alias = node.child_by_field_name("name")
    target: Node | None = None
    for child in node.named_children:
        if child.type != "comment" and child != alias:
            target = child
    if target is None:
        return
    path = _DOTTED_NAME.match("".join(x.text(target).split()).removeprefix("global::"))
    x.covered_to = node.end_byte
    if path is None:
        return
    if alias is None:
        x.bring(node, path[0], "*")
        return
    module, _, name = path[0].rpartition(".")
    if module:
        x.bring(node, module, name, x.text(alias))
    else:
        x.bring(node, name, alias=x.text(alias))


def _read_namespace(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    if name_node is not None:
        name = "".join(x.line_of(name_node, MAX_ANNOTATION).split())
        x.define(node, name, SymbolKind.MODULE, f"namespace {name}", name_node=name_node)


# Comments, attributes and modifiers.


def _take_comment(x: Extraction, node: Node) -> str:
    comment = take_comment(x, node)
    return without_marks(comment) if comment.startswith(("///", "/**")) else ""


def _summary(comment: str) -> str:
    found = _SUMMARY.search(comment)
    if found is None and _INHERITED.search(comment):
        return ""
    text = _PARAGRAPH.sub("\n\n", _NAMED.sub(r"\1", found[1] if found else comment))
    return first_paragraph(unescape(_MARKUP.sub("", text)))


def _modifiers(x: Extraction, node: Node) -> tuple[frozenset[str], tuple[str, ...], int]:
    """The keywords and the attributes of a declaration, and where the attributes end."""
    words: list[str] = []
    attributes: list[str] = []
    start = node.start_byte
    for child in node.named_children:
        if child.type == "attribute_list":
            start = child.end_byte
            attributes += [
                x.line_of(each, MAX_ANNOTATION)
                for each in child.named_children
                if each.type == "attribute"
            ]
        elif child.type == "modifier":
            words.append(x.text(child))
        elif child.type != "comment":
            break
    return frozenset(words), tuple(attributes), start


def _read_decorator(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("name")
    if name is not None:
        _refer_to_type(x, name, ReferenceKind.DECORATOR)


def _is_deprecated(attributes: tuple[str, ...]) -> bool:
    return any(_OBSOLETE.match(each) for each in attributes)


def _is_public(x: Extraction, words: frozenset[str]) -> bool:
    """Members of an interface need no word to be public."""
    if x.scope.kind is SymbolKind.INTERFACE:
        return not words & {"private", "protected", "internal"}
    return "public" in words


def _stub(x: Extraction, node: Node, start: int) -> str:
    body = node.child_by_field_name("body")
    return header(x, start, body.start_byte if body is not None else node.end_byte).rstrip("; ")


# Definitions.


def _read_class(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    if name_node is None:
        return
    comment = _take_comment(x, node)
    words, attributes, start = _modifiers(x, node)
    bases = list(_bases(node))
    parameters = next((each for each in node.children if each.type == "parameter_list"), None)
    signature = Signature(tuple(_parameters(x, parameters))) if parameters is not None else None
    x.define(
        node,
        x.text(name_node),
        _KINDS[node.type],
        _stub(x, node, start),
        name_node=name_node,
        opens=True,
        signature=signature,
        docstring=_summary(comment),
        decorators=attributes,
        bases=tuple(x.line_of(each, MAX_ANNOTATION) for each in bases),
        is_public=_is_public(x, words),
        is_deprecated=_is_deprecated(attributes),
    )
    for base in bases:
        _refer_to_type(x, base, ReferenceKind.BASE)
    if node.type == "record_declaration" and parameters is not None and x.scope.is_class:
        _define_components(x, parameters)


def _bases(node: Node) -> Iterator[Node]:
    for clause in node.named_children:
        if clause.type != "base_list":
            continue
        for child in clause.named_children:
            base = child
            if child.type == "primary_constructor_base_type":
                base = child.child_by_field_name("type") or child
            if base.type in _NAMED_TYPES:
                yield base


def _define_components(x: Extraction, parameters: Node) -> None:
    """The parameters of a record are its properties."""
    for child in parameters.named_children:
        name_node = child.child_by_field_name("name")
        declared = child.child_by_field_name("type")
        if child.type != "parameter" or name_node is None or declared is None:
            continue
        annotation = x.line_of(declared, MAX_ANNOTATION)
        name = x.text(name_node)
        x.define(
            child,
            name,
            SymbolKind.PROPERTY,
            f"{annotation} {name}",
            name_node=name_node,
            annotation=annotation,
        )


def _read_delegate(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    if name_node is None:
        return
    comment = _take_comment(x, node)
    words, attributes, start = _modifiers(x, node)
    x.define(
        node,
        x.text(name_node),
        SymbolKind.TYPE_ALIAS,
        _stub(x, node, start),
        name_node=name_node,
        signature=_signature(x, node, "type"),
        docstring=_summary(comment),
        decorators=attributes,
        is_public=_is_public(x, words),
        is_deprecated=_is_deprecated(attributes),
    )


def _read_anonymous(x: Extraction, node: Node) -> None:
    x.enter(None, x.scope.qualified_name, node)


def _read_field(x: Extraction, node: Node) -> None:
    declaration = next(
        (each for each in node.named_children if each.type == "variable_declaration"), None
    )
    declared = declaration.child_by_field_name("type") if declaration is not None else None
    if declaration is None or declared is None or not x.scope.is_class:
        return
    comment = _take_comment(x, node)
    words, attributes, start = _modifiers(x, node)
    annotation = x.line_of(declared, MAX_ANNOTATION)
    is_constant = "const" in words or {"static", "readonly"} <= words
    prefix = header(x, start, declared.start_byte)
    for declarator in declaration.named_children:
        name_node = declarator.child_by_field_name("name")
        if declarator.type != "variable_declarator" or name_node is None:
            continue
        name = x.text(name_node)
        value = named_child(declarator, 1)
        stub = f"{prefix} {annotation} {name}".strip()
        x.define(
            node,
            name,
            SymbolKind.CONSTANT if is_constant else SymbolKind.FIELD,
            stub + (f" = {x.line_of(value, MAX_EXPRESSION)}" if value is not None else ""),
            name_node=name_node,
            annotation=annotation,
            docstring=_summary(comment),
            decorators=attributes,
            is_public=_is_public(x, words),
            is_deprecated=_is_deprecated(attributes),
        )


def _read_property(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    declared = node.child_by_field_name("type")
    if name_node is None or declared is None or not x.scope.is_class:
        _read_anonymous(x, node)
        return
    comment = _take_comment(x, node)
    words, attributes, start = _modifiers(x, node)
    x.define(
        node,
        x.text(name_node),
        SymbolKind.PROPERTY,
        f"{header(x, start, name_node.end_byte)} {{ {_accessors(x, node)} }}",
        name_node=name_node,
        opens=True,
        annotation=x.line_of(declared, MAX_ANNOTATION),
        docstring=_summary(comment),
        decorators=attributes,
        is_public=_is_public(x, words),
        is_deprecated=_is_deprecated(attributes),
    )


def _accessors(x: Extraction, node: Node) -> str:
    accessors = node.child_by_field_name("accessors")
    if accessors is None:
        return "get;"
    return " ".join(
        f"{_stub(x, each, each.start_byte)};"
        for each in accessors.named_children
        if each.type == "accessor_declaration"
    )


def _read_enum_member(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    if name_node is None or not x.scope.is_class:
        return
    comment = _take_comment(x, node)
    _, attributes, start = _modifiers(x, node)
    x.define(
        node,
        x.text(name_node),
        SymbolKind.ENUM_MEMBER,
        _stub(x, node, start),
        name_node=name_node,
        docstring=_summary(comment),
        decorators=attributes,
        is_deprecated=_is_deprecated(attributes),
    )


def _read_method(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    if name_node is None:
        _read_anonymous(x, node)
        return
    comment = _take_comment(x, node)
    words, attributes, start = _modifiers(x, node)
    returns = "returns" if node.child_by_field_name("returns") is not None else "type"
    initializer = next(
        (each for each in node.named_children if each.type == "constructor_initializer"), None
    )
    stub = (
        _stub(x, node, start)
        if initializer is None
        else header(x, start, initializer.start_byte).rstrip(": ")
    )
    x.define(
        node,
        x.text(name_node),
        SymbolKind.METHOD if x.scope.is_class else SymbolKind.FUNCTION,
        stub,
        name_node=name_node,
        opens=True,
        signature=_signature(x, node, returns),
        docstring=_summary(comment),
        decorators=attributes,
        is_async="async" in words,
        is_public=_is_public(x, words),
        is_deprecated=_is_deprecated(attributes),
    )


def _signature(x: Extraction, node: Node, returns: str) -> Signature:
    declared = node.child_by_field_name(returns)
    return Signature(
        parameters=tuple(_parameters(x, node.child_by_field_name("parameters"))),
        returns=x.line_of(declared, MAX_ANNOTATION) if declared is not None else None,
    )


def _parameters(x: Extraction, node: Node | None) -> Iterator[Parameter]:
    if node is None:
        return
    for child in node.named_children:
        if child.type == "parameter":
            parameter = _parameter(x, child)
            if parameter is not None:
                yield parameter
    # `params Type[] name` has no node of its own: its parts stand in the list.
    name = node.child_by_field_name("name")
    declared = node.child_by_field_name("type")
    if name is None or declared is None:
        return
    if declared.type == "array_type":
        declared = declared.child_by_field_name("type") or declared
    yield Parameter(
        x.text(name),
        ParameterKind.VARIADIC_POSITIONAL,
        x.line_of(declared, MAX_ANNOTATION),
        optional=True,
    )


def _parameter(x: Extraction, node: Node) -> Parameter | None:
    name = node.child_by_field_name("name")
    declared = node.child_by_field_name("type")
    if name is None:
        return None
    passing: list[str] = []
    default: Node | None = None
    for child in node.named_children:
        if child.type == "modifier":
            passing.append(x.text(child))
        elif child.start_byte >= name.end_byte and child.type != "comment":
            default = child
    words = [each for each in passing if each in {"ref", "out", "in"}]
    words += [x.line_of(declared, MAX_ANNOTATION)] if declared is not None else []
    return Parameter(
        x.text(name),
        annotation=" ".join(words) or None,
        default=x.line_of(default, MAX_EXPRESSION) if default is not None else None,
        optional=default is not None,
    )


# Uses.


def _arguments(x: Extraction, node: Node) -> tuple[int, tuple[str, ...]]:
    """How many arguments a call has by position, and the names of the others."""
    arguments = node.child_by_field_name("arguments")
    n_arguments = 0
    keywords: list[str] = []
    for child in arguments.named_children if arguments is not None else ():
        if child.type != "argument":
            continue
        keyword = child.child_by_field_name("name")
        if keyword is not None:
            keywords.append(x.text(keyword))
        else:
            n_arguments += 1
    return n_arguments, tuple(keywords)


def _read_call(x: Extraction, node: Node) -> None:
    function = node.child_by_field_name("function")
    if function is None:
        return
    receiver: Node | None = None
    name: Node | None = function
    if function.type == "conditional_access_expression":
        x.handled.add(function.byte_range)
        receiver = function.child_by_field_name("condition")
        name = named_child(function, function.named_child_count - 1)
        if name is None or name.type != "member_binding_expression":
            return
        x.handled.add(name.byte_range)
        name = name.child_by_field_name("name")
    elif function.type == "member_access_expression":
        x.handled.add(function.byte_range)
        receiver = function.child_by_field_name("expression")
        name = function.child_by_field_name("name")
    elif function.type == "member_binding_expression":
        x.handled.add(function.byte_range)
        name = function.child_by_field_name("name")
    name = _plain(name)
    if name is None or (receiver is None and x.text(name) == "nameof"):
        return
    n_arguments, keywords = _arguments(x, node)
    x.refer(
        ReferenceKind.CALL,
        name,
        receiver=receiver,
        n_arguments=n_arguments,
        keywords=keywords,
    )


def _plain(name: Node | None) -> Node | None:
    """The identifier of a name that may have type arguments."""
    if name is not None and name.type == "generic_name":
        name = named_child(name)
    return name if name is not None and name.type == "identifier" else None


def _read_new(x: Extraction, node: Node) -> None:
    made = node.child_by_field_name("type")
    if made is not None and made.type in _NAMED_TYPES:
        n_arguments, keywords = _arguments(x, node)
        _refer_to_type(x, made, ReferenceKind.CALL, n_arguments, keywords)


def _refer_to_type(
    x: Extraction,
    node: Node,
    kind: ReferenceKind,
    n_arguments: int = 0,
    keywords: tuple[str, ...] = (),
) -> None:
    """Refer to a named type, without its type arguments."""
    x.handled.add(node.byte_range)
    receiver: Node | None = None
    name: Node | None = node
    if node.type == "qualified_name":
        receiver = node.child_by_field_name("qualifier")
        name = node.child_by_field_name("name")
    name = _plain(name)
    if name is not None:
        x.refer(kind, name, receiver=receiver, n_arguments=n_arguments, keywords=keywords)


def _read_conditional(x: Extraction, node: Node) -> None:
    binding = named_child(node, node.named_child_count - 1) if node.named_child_count > 1 else None
    if binding is None or binding.type != "member_binding_expression":
        return
    if node.byte_range in x.handled or binding.byte_range in x.handled:
        return
    x.handled.add(binding.byte_range)
    name = _plain(binding.child_by_field_name("name"))
    if name is not None:
        x.refer(ReferenceKind.ATTRIBUTE, name, receiver=node.child_by_field_name("condition"))


def _read_member(x: Extraction, node: Node) -> None:
    name = _plain(node.child_by_field_name("name"))
    if name is not None and node.byte_range not in x.handled:
        x.refer(ReferenceKind.ATTRIBUTE, name, receiver=node.child_by_field_name("expression"))


def _read_binding(x: Extraction, node: Node) -> None:
    name = _plain(node.child_by_field_name("name"))
    if name is not None and node.byte_range not in x.handled:
        x.refer(ReferenceKind.ATTRIBUTE, name)


def _read_annotation(x: Extraction, node: Node) -> None:
    if node.start_byte < x.covered_to or node.byte_range in x.handled:
        return
    if node.type in _UNNAMED_TYPES:
        return
    x.covered_to = node.end_byte
    ignored = _BUILTIN_TYPES | x.type_parameters if x.type_parameters else _BUILTIN_TYPES
    x.refer_within(ReferenceKind.ANNOTATION, node, x.text(node), _DOTTED_NAME, ignored)


CSHARP = Grammar(
    load=_load,
    queries=("csharp",),
    handlers={
        "comment": read_comment,
        "using": _read_using,
        "namespace": _read_namespace,
        "class": _read_class,
        "delegate": _read_delegate,
        "field": _read_field,
        "property": _read_property,
        "enum_member": _read_enum_member,
        "method": _read_method,
        "anonymous": _read_anonymous,
        "decorator": _read_decorator,
        "call": _read_call,
        "new": _read_new,
        "conditional": _read_conditional,
        "member": _read_member,
        "binding": _read_binding,
        "annotation": _read_annotation,
    },
    prepare=_prepare,
)

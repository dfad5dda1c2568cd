"""Go, as tree-sitter-go sees it: what its definitions, uses and imports mean.

A method belongs to the type of its receiver, which may stand in another file of the package; its
qualified name is made from the receiver alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from indexer.model import Parameter, ParameterKind, ReferenceKind, Signature, SymbolKind
from indexer.syntax.comment import (
    carry_comment,
    header,
    read_comment,
    take_comment,
    without_marks,
)
from indexer.syntax.extraction import (
    MAX_ANNOTATION,
    MAX_EXPRESSION,
    Captures,
    Extraction,
    Grammar,
    Scope,
    first_paragraph,
    named_child,
)

_DEPRECATED = re.compile(r"^Deprecated:", re.MULTILINE)
_DIRECTIVE = re.compile(r"^(?:go:\w|nolint\b|\+build ).*$", re.MULTILINE)
_VERSION = re.compile(r"^v\d+$")
_PACKAGE = re.compile(r"^(?:go-)?(.+?)(?:\.v\d+|\.go|-go)?$")
# Types that nobody looks up in a repository.
_BUILTIN_TYPES = frozenset(
    {
        "any",
        "bool",
        "byte",
        "comparable",
        "complex64",
        "complex128",
        "error",
        "float32",
        "float64",
        "int",
        "int8",
        "int16",
        "int32",
        "int64",
        "rune",
        "string",
        "uint",
        "uint8",
        "uint16",
        "uint32",
        "uint64",
        "uintptr",
    }
)


def _load() -> object:
    import tree_sitter_go

    return tree_sitter_go.language()


def _prepare(x: Extraction, _root: Node, captures: Captures) -> None:
    x.type_parameters.update(x.text(node) for node in captures.get("type_parameter", ()))


def _read_package(x: Extraction, node: Node) -> None:
    x.docstring = _summary(take_comment(x, node, adjacent=True))


def _read_import(x: Extraction, node: Node) -> None:
    path = node.child_by_field_name("path")
    if path is None:
        return
    module = x.text(path).strip('"`')
    name = node.child_by_field_name("name")
    alias = x.text(name) if name is not None else _package_of(module)
    if alias == "_":
        x.bring(node, module, alias=alias)
    else:
        x.bring(node, module, "*", "" if alias == "." else alias)


def _package_of(path: str) -> str:
    """The name that a package most likely has: the end of its path without a version."""
    parts = path.split("/")
    last = parts[-2] if len(parts) > 1 and _VERSION.match(parts[-1]) else parts[-1]
    match = _PACKAGE.match(last)
    return match[1].replace("-", "_") if match else last


def _summary(comment: str) -> str:
    return first_paragraph(_DIRECTIVE.sub("", without_marks(comment)))


def _is_deprecated(comment: str) -> bool:
    return bool(_DEPRECATED.search(without_marks(comment)))


def _is_exported(name: str) -> bool:
    return name[:1].isupper()


def _read_declaration(x: Extraction, node: Node) -> None:
    first = named_child(node)
    if first is not None and first.type in {"type_spec", "type_alias", "const_spec", "var_spec"}:
        comment, end = x.documented
        is_apart = x.source.data.count(b"\n", max(end, 0), node.start_byte) > 1
        if comment and not is_apart and not x.source.data[node.start_byte :].startswith(b"("):
            carry_comment(x, node.start_byte, first.start_byte)


# Definitions.


def _read_type(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    value = node.child_by_field_name("type")
    if name_node is None or value is None:
        return
    x.handled.add(name_node.byte_range)
    name = x.text(name_node)
    comment = take_comment(x, node, adjacent=True)
    kind = SymbolKind.TYPE_ALIAS
    stub = header(x, node.start_byte, node.end_byte)
    bases: tuple[str, ...] = ()
    if node.type == "type_spec" and value.type in {"struct_type", "interface_type"}:
        is_struct = value.type == "struct_type"
        kind = SymbolKind.CLASS if is_struct else SymbolKind.INTERFACE
        stub = header(x, node.start_byte, value.start_byte) + (
            " struct" if is_struct else " interface"
        )
        bases = tuple(x.line_of(each, MAX_ANNOTATION) for each in _embedded(value))
    x.define(
        node,
        name,
        kind,
        f"type {stub}",
        name_node=name_node,
        opens=kind is not SymbolKind.TYPE_ALIAS,
        docstring=_summary(comment),
        bases=bases,
        is_public=_is_exported(name),
        is_deprecated=_is_deprecated(comment),
    )
    for each in _embedded(value) if bases else ():
        _refer_to_type(x, each, ReferenceKind.BASE)


def _embedded(value: Node) -> Iterator[Node]:
    """The types that a struct or an interface takes its members from."""
    if value.type == "interface_type":
        for child in value.named_children:
            only = named_child(child) if child.type == "type_elem" else None
            if only is not None and child.named_child_count == 1 and only.type in _NAMED_TYPES:
                yield only
        return
    fields = named_child(value)
    for child in fields.named_children if fields is not None else ():
        if child.type == "field_declaration" and child.child_by_field_name("name") is None:
            embedded = child.child_by_field_name("type")
            if embedded is not None:
                yield embedded


_NAMED_TYPES = frozenset({"type_identifier", "qualified_type", "generic_type"})


def _refer_to_type(
    x: Extraction,
    node: Node,
    kind: ReferenceKind,
    n_arguments: int = 0,
    keywords: tuple[str, ...] = (),
) -> None:
    """Refer to a named type in another way than as an annotation."""
    if node.type == "generic_type":
        inner = node.child_by_field_name("type")
        if inner is None:
            return
        node = inner
    receiver: Node | None = None
    name: Node | None = node
    if node.type == "qualified_type":
        x.handled.add(node.byte_range)
        receiver = node.child_by_field_name("package")
        name = node.child_by_field_name("name")
    if name is None or name.type != "type_identifier":
        return
    x.handled.add(name.byte_range)
    x.refer(kind, name, receiver=receiver, n_arguments=n_arguments, keywords=keywords)


def _read_field(x: Extraction, node: Node) -> None:
    if not x.scope.is_class:
        return
    declared = node.child_by_field_name("type")
    annotation = x.line_of(declared, MAX_ANNOTATION) if declared is not None else None
    comment = take_comment(x, node, adjacent=True)
    for name_node in node.children_by_field_name("name"):
        name = x.text(name_node)
        x.define(
            node,
            name,
            SymbolKind.FIELD,
            f"{name} {annotation or ''}".rstrip(),
            name_node=name_node,
            annotation=annotation,
            docstring=_summary(comment),
            is_public=_is_exported(name),
            is_deprecated=_is_deprecated(comment),
        )


def _read_constants(x: Extraction, node: Node) -> None:
    """One or several constants; one without a value repeats the type of the one before it."""
    _read_declaration(x, node)
    declared: Node | None = None
    for child in node.named_children:
        if child.type == "comment":
            read_comment(x, child)
        elif child.type == "const_spec":
            if child.child_by_field_name("value") is not None:
                declared = child.child_by_field_name("type")
            _define_variables(x, child, SymbolKind.CONSTANT, declared)


def _read_variable(x: Extraction, node: Node) -> None:
    _define_variables(x, node, SymbolKind.VARIABLE, node.child_by_field_name("type"))


def _define_variables(x: Extraction, node: Node, kind: SymbolKind, declared: Node | None) -> None:
    value = node.child_by_field_name("value")
    annotation = x.line_of(declared, MAX_ANNOTATION) if declared is not None else None
    comment = take_comment(x, node, adjacent=True)
    name_nodes = [
        child for child in node.children_by_field_name("name") if child.type == "identifier"
    ]
    values = [each for each in value.named_children if each.type != "comment"] if value else []
    keyword = "const" if kind is SymbolKind.CONSTANT else "var"
    for index, name_node in enumerate(name_nodes):
        name = x.text(name_node)
        if name == "_":
            continue
        own = values[index] if len(values) == len(name_nodes) else None
        stub = f"{keyword} {name}" + (f" {annotation}" if annotation else "")
        if own is not None:
            stub += f" = {x.line_of(own, MAX_EXPRESSION)}"
        x.define(
            node,
            name,
            kind,
            stub,
            name_node=name_node,
            annotation=annotation or _inferred_type(x, own),
            docstring=_summary(comment),
            is_public=_is_exported(name),
            is_deprecated=_is_deprecated(comment),
        )


def _inferred_type(x: Extraction, value: Node | None) -> str | None:
    """The type that a literal such as ``&shop.Order{}`` plainly has."""
    prefix = ""
    if value is not None and value.type == "unary_expression" and x.text(value)[:1] == "&":
        prefix = "*"
        value = value.child_by_field_name("operand")
    if value is None or value.type != "composite_literal":
        return None
    named = value.child_by_field_name("type")
    return prefix + x.line_of(named, MAX_ANNOTATION) if named is not None else None


def _read_function(x: Extraction, node: Node) -> None:
    _define_function(x, node, SymbolKind.FUNCTION, None)


def _read_method(x: Extraction, node: Node) -> None:
    if node.type == "method_elem":
        if x.scope.is_class:
            _define_function(x, node, SymbolKind.METHOD, None)
        return
    owner = _owner(x, node)
    _define_function(x, node, SymbolKind.METHOD if owner else SymbolKind.FUNCTION, owner)


def _owner(x: Extraction, node: Node) -> Scope | None:
    receiver = node.child_by_field_name("receiver")
    parameter = named_child(receiver) if receiver is not None else None
    target = parameter.child_by_field_name("type") if parameter is not None else None
    while target is not None and target.type in {"pointer_type", "parenthesized_type"}:
        target = named_child(target)
    if target is not None and target.type == "generic_type":
        arguments = target.child_by_field_name("type_arguments")
        if arguments is not None:
            x.type_parameters.update(x.text(each) for each in arguments.named_children)
        target = target.child_by_field_name("type")
    if target is None or target.type != "type_identifier":
        return None
    name = x.text(target)
    owner = Scope(SymbolKind.CLASS, name, node.end_byte, x.scope)
    owner.is_public = _is_exported(name)
    return owner


def _define_function(x: Extraction, node: Node, kind: SymbolKind, owner: Scope | None) -> None:
    name_node = node.child_by_field_name("name")
    if name_node is None:
        return
    name = x.text(name_node)
    result = node.child_by_field_name("result")
    body = node.child_by_field_name("body")
    comment = take_comment(x, node, adjacent=True)
    x.define(
        node,
        name,
        kind,
        header(x, node.start_byte, body.start_byte if body is not None else node.end_byte),
        name_node=name_node,
        owner=owner,
        opens=True,
        signature=Signature(
            parameters=tuple(_parameters(x, node.child_by_field_name("parameters"))),
            returns=x.line_of(result, MAX_ANNOTATION) if result is not None else None,
        ),
        docstring=_summary(comment),
        is_public=_is_exported(name),
        is_deprecated=_is_deprecated(comment),
    )


def _parameters(x: Extraction, node: Node | None) -> Iterator[Parameter]:
    for child in node.named_children if node is not None else ():
        if child.type not in {"parameter_declaration", "variadic_parameter_declaration"}:
            continue
        is_variadic = child.type != "parameter_declaration"
        declared = child.child_by_field_name("type")
        annotation = x.line_of(declared, MAX_ANNOTATION) if declared is not None else None
        kind = ParameterKind.VARIADIC_POSITIONAL if is_variadic else ParameterKind.POSITIONAL_ONLY
        names = [x.text(each) for each in child.children_by_field_name("name") if each.is_named]
        for name in names or ["_"]:
            yield Parameter(name, kind, annotation, optional=is_variadic)


# Uses.


def _read_call(x: Extraction, node: Node) -> None:
    function = node.child_by_field_name("function")
    arguments = node.child_by_field_name("arguments")
    if function is not None and function.type in {
        "index_expression",
        "type_instantiation_expression",
    }:
        function = function.child_by_field_name("operand") or named_child(function)
    if function is None or arguments is None:
        return
    receiver: Node | None = None
    name: Node | None = function
    if function.type == "selector_expression":
        receiver = function.child_by_field_name("operand")
        name = function.child_by_field_name("field")
        x.handled.add(function.byte_range)
    elif function.type != "identifier":
        return
    if name is None:
        return
    given = [child for child in arguments.named_children if child.type != "comment"]
    unpacked = sum(child.type == "variadic_argument" for child in given)
    x.refer(
        ReferenceKind.CALL,
        name,
        receiver=receiver,
        n_arguments=len(given) - unpacked,
        has_unpacking=unpacked > 0,
    )


def _read_generic_call(x: Extraction, node: Node) -> None:
    """``Map[string](value)``, of which the grammar cannot know that it is no conversion."""
    called = node.child_by_field_name("type")
    if called is not None:
        _refer_to_type(x, called, ReferenceKind.CALL, 1)


def _read_literal(x: Extraction, node: Node) -> None:
    """``Order{Name: "x"}`` makes an instance, as a call of a class does elsewhere."""
    made = node.child_by_field_name("type")
    body = node.child_by_field_name("body")
    if made is None or body is None or made.type not in _NAMED_TYPES:
        return
    keywords: list[str] = []
    n_arguments = 0
    for child in body.named_children:
        if child.type == "keyed_element":
            key = child.child_by_field_name("key")
            if key is not None:
                keywords.append(x.line_of(key, MAX_EXPRESSION))
        elif child.type != "comment":
            n_arguments += 1
    _refer_to_type(x, made, ReferenceKind.CALL, n_arguments, tuple(keywords))


def _read_selector(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("field")
    if name is not None and node.byte_range not in x.handled:
        x.refer(ReferenceKind.ATTRIBUTE, name, receiver=node.child_by_field_name("operand"))


def _read_qualified_type(x: Extraction, node: Node) -> None:
    if node.byte_range not in x.handled:
        _refer_to_type(x, node, ReferenceKind.ANNOTATION)


def _read_type_name(x: Extraction, node: Node) -> None:
    if node.byte_range in x.handled:
        return
    name = x.text(node)
    if name not in _BUILTIN_TYPES and name not in x.type_parameters:
        x.refer(ReferenceKind.ANNOTATION, node)


GO = Grammar(
    load=_load,
    queries=("go",),
    handlers={
        "comment": read_comment,
        "package": _read_package,
        "import": _read_import,
        "declaration": _read_declaration,
        "type_spec": _read_type,
        "field": _read_field,
        "constants": _read_constants,
        "variable": _read_variable,
        "function": _read_function,
        "method": _read_method,
        "call": _read_call,
        "generic_call": _read_generic_call,
        "literal": _read_literal,
        "selector": _read_selector,
        "qualified_type": _read_qualified_type,
        "type_name": _read_type_name,
    },
    prepare=_prepare,
)

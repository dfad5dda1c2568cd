"""Rust, as tree-sitter-rust sees it: what its definitions, uses and imports mean.

A function in an ``impl`` belongs to the type, wherever that is defined.
What stands in a macro's arguments is only tokens; calls are found there by their parentheses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

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
    MAX_RECEIVER,
    Captures,
    Extraction,
    Grammar,
    first_paragraph,
    named_child,
)

_MAX_FILE_COMMENT = 4_000
_RECEIVER = re.compile(r"([\w.:]*\w)(?:\.|::)$")
_KINDS = {
    "struct_item": SymbolKind.CLASS,
    "union_item": SymbolKind.CLASS,
    "enum_item": SymbolKind.ENUM,
    "trait_item": SymbolKind.INTERFACE,
}
_COMMENTS = frozenset({"line_comment", "block_comment"})
_BEFORE_FIELDS = frozenset({"attribute_item", *_COMMENTS})
# Types that nobody looks up in a repository.
_BUILTIN_TYPES = frozenset({"Box", "Option", "Result", "Self", "String", "Vec"})


def _load() -> object:
    import tree_sitter_rust

    return tree_sitter_rust.language()


def _prepare(x: Extraction, _root: Node, captures: Captures) -> None:
    x.type_parameters.update(x.text(node) for node in captures.get("type_parameter", ()))


# Modules.


def _read_use(x: Extraction, node: Node) -> None:
    x.covered_to = node.end_byte
    argument = node.child_by_field_name("argument")
    waiting = [(argument, "")] if argument is not None else []
    while waiting:
        tree, prefix = waiting.pop()
        match tree.type:
            case "scoped_use_list":
                path = tree.child_by_field_name("path")
                inner = tree.child_by_field_name("list")
                if inner is not None:
                    outer = _joined(prefix, _path(x, path))
                    waiting += [(each, outer) for each in reversed(inner.named_children)]
            case "use_list":
                waiting += [(each, prefix) for each in reversed(tree.named_children)]
            case "use_wildcard":
                x.bring(tree, _joined(prefix, _path(x, named_child(tree))), "*")
            case "use_as_clause":
                path = tree.child_by_field_name("path")
                alias = tree.child_by_field_name("alias")
                _bring(x, tree, prefix, path, x.text(alias) if alias is not None else "")
            case "identifier" | "scoped_identifier" | "self" | "crate" | "super":
                _bring(x, tree, prefix, tree, "")
            case _:
                pass


def _bring(x: Extraction, node: Node, prefix: str, path: Node | None, alias: str) -> None:
    text = _path(x, path)
    whole = prefix if text == "self" and prefix else _joined(prefix, text)
    module, _, name = whole.rpartition("::")
    if module:
        x.bring(node, module, name, alias)
    else:
        x.bring(node, name, alias=alias)


def _path(x: Extraction, node: Node | None) -> str:
    return "".join(x.text(node).split()) if node is not None else ""


def _joined(prefix: str, path: str) -> str:
    return f"{prefix}::{path}" if prefix and path else prefix or path


def _read_extern_crate(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("name")
    alias = node.child_by_field_name("alias")
    if name is not None:
        x.bring(node, x.text(name), alias=x.text(alias) if alias is not None else "")


def _read_module(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    if name_node is None:
        return
    comment, decorators = _take_comment(x, node), _take_decorators(x, node)
    x.define(
        node,
        x.text(name_node),
        SymbolKind.MODULE,
        _stub(x, node),
        name_node=name_node,
        opens=node.child_by_field_name("body") is not None,
        docstring=first_paragraph(comment),
        decorators=decorators,
        is_public=_is_public(x, node),
        is_deprecated=_is_deprecated(decorators),
    )


# Comments and attributes stand before what they belong to, in any order.


def _read_comment(x: Extraction, node: Node) -> None:
    read_comment(x, node)
    nodes, end = x.decorated
    if nodes and x.is_blank(end, node.start_byte):
        x.decorated = (nodes, node.end_byte)
    comment, end = x.documented
    is_inner = comment.startswith(("//!", "/*!")) and not x.scope.qualified_name
    # Each line is read again with all lines before it: the first paragraph is near enough.
    if end == node.end_byte and is_inner and len(comment) < _MAX_FILE_COMMENT:
        x.docstring = first_paragraph(without_marks(comment))


def _read_attribute(x: Extraction, node: Node) -> None:
    pending, end = x.decorated
    if not x.is_blank(end, node.start_byte):
        pending = []
    attribute = named_child(node)
    x.decorated = ([*pending, attribute] if attribute is not None else pending, node.end_byte)
    carry_comment(x, node.start_byte, node.end_byte)
    path = named_child(attribute) if attribute is not None else None
    if attribute is None or path is None:
        return
    arguments = attribute.child_by_field_name("arguments")
    if path.type == "identifier" and x.text(path) == "derive":
        for derived in arguments.named_children if arguments is not None else ():
            if derived.type == "identifier":
                x.refer(ReferenceKind.DECORATOR, derived)
    else:
        _refer_to_path(x, path, ReferenceKind.DECORATOR)


def _take_comment(x: Extraction, node: Node) -> str:
    comment = take_comment(x, node)
    return without_marks(comment) if comment.startswith(("///", "/**")) else ""


def _take_decorators(x: Extraction, node: Node) -> tuple[str, ...]:
    nodes, end = x.decorated
    x.decorated = ([], -1)
    if not nodes or not x.is_blank(end, node.start_byte):
        return ()
    return tuple(x.line_of(each, MAX_ANNOTATION) for each in nodes)


def _is_deprecated(decorators: tuple[str, ...]) -> bool:
    return any(each.startswith("deprecated") for each in decorators)


def _is_public(x: Extraction, node: Node) -> bool:
    """Whether ``pub`` is written, or not needed as for the members of traits."""
    if node.byte_range in x.handled:
        return True
    first = named_child(node)
    return first is not None and first.type == "visibility_modifier" and x.text(first) == "pub"


def _stub(x: Extraction, node: Node) -> str:
    body = node.child_by_field_name("body")
    ends_at_body = body is not None and body.type != "ordered_field_declaration_list"
    end = body.start_byte if body is not None and ends_at_body else node.end_byte
    return header(x, node.start_byte, end).rstrip("; ")


# Definitions.


def _read_type(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    if name_node is None:
        return
    x.handled.add(name_node.byte_range)
    name = x.text(name_node)
    comment, decorators = _take_comment(x, node), _take_decorators(x, node)
    bounds = node.child_by_field_name("bounds")
    bases = [
        child
        for child in (bounds.named_children if bounds is not None else ())
        if child.type in {"type_identifier", "generic_type", "scoped_type_identifier"}
    ]
    body = node.child_by_field_name("body")
    is_tuple = body is not None and body.type == "ordered_field_declaration_list"
    x.scope.fields[f"type {name}"] = len(x.symbols)
    x.define(
        node,
        name,
        _KINDS[node.type],
        _stub(x, node),
        name_node=name_node,
        opens=True,
        signature=Signature(tuple(_tuple_fields(x, body))) if is_tuple and body else None,
        docstring=first_paragraph(comment),
        decorators=decorators,
        bases=tuple(x.line_of(each, MAX_ANNOTATION) for each in bases),
        is_public=_is_public(x, node),
        is_deprecated=_is_deprecated(decorators),
    )
    for base in bases:
        _refer_to_type(x, base, ReferenceKind.BASE)


def _tuple_fields(x: Extraction, body: Node) -> Iterator[Parameter]:
    for declared in body.children_by_field_name("type"):
        yield Parameter("_", ParameterKind.POSITIONAL_ONLY, x.line_of(declared, MAX_ANNOTATION))


def _read_trait_member(x: Extraction, node: Node) -> None:
    x.handled.add(node.byte_range)


def _read_impl(x: Extraction, node: Node) -> None:
    trait = node.child_by_field_name("trait")
    target = node.child_by_field_name("type")
    while target is not None and target.type in {"generic_type", "reference_type"}:
        target = target.child_by_field_name("type")
    if target is not None and target.type == "scoped_type_identifier":
        target = target.child_by_field_name("name")
    outer = x.scope.qualified_name
    if target is None:
        x.enter(None, outer, node)
        return
    name = x.line_of(target, MAX_EXPRESSION)
    if trait is not None:
        _add_base(x, name, x.line_of(trait, MAX_ANNOTATION))
    x.enter(SymbolKind.CLASS, f"{outer}.{name}" if outer else name, node)
    if trait is not None:
        _refer_to_type(x, trait, ReferenceKind.BASE)


def _add_base(x: Extraction, name: str, base: str) -> None:
    """What a type implements is among its bases, if the type is defined above in this file."""
    index = x.scope.fields.get(f"type {name}")
    if index is not None and index < len(x.symbols) and x.symbols[index].name == name:
        known = x.symbols[index]
        x.symbols[index] = replace(known, bases=(*known.bases, base))


def _read_field(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    if name_node is None or not x.scope.is_class:
        return
    comment, decorators = _take_comment(x, node), _take_decorators(x, node)
    declared = node.child_by_field_name("type")
    x.define(
        node,
        x.text(name_node),
        SymbolKind.FIELD,
        header(x, node.start_byte, node.end_byte),
        name_node=name_node,
        annotation=x.line_of(declared, MAX_ANNOTATION) if declared is not None else None,
        docstring=first_paragraph(comment),
        decorators=decorators,
        is_public=_is_public(x, node),
        is_deprecated=_is_deprecated(decorators),
    )


def _read_variant(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    if name_node is None or not x.scope.is_class:
        return
    comment, decorators = _take_comment(x, node), _take_decorators(x, node)
    body = node.child_by_field_name("body")
    is_tuple = body is not None and body.type == "ordered_field_declaration_list"
    x.define(
        node,
        x.text(name_node),
        SymbolKind.ENUM_MEMBER,
        header(x, node.start_byte, node.end_byte),
        name_node=name_node,
        signature=Signature(tuple(_tuple_fields(x, body))) if is_tuple and body else None,
        docstring=first_paragraph(comment),
        decorators=decorators,
        is_deprecated=_is_deprecated(decorators),
    )


def _read_function(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    if name_node is None:
        return
    comment, decorators = _take_comment(x, node), _take_decorators(x, node)
    returns = node.child_by_field_name("return_type")
    x.define(
        node,
        x.text(name_node),
        SymbolKind.METHOD if x.scope.is_class else SymbolKind.FUNCTION,
        _stub(x, node),
        name_node=name_node,
        opens=True,
        signature=Signature(
            parameters=tuple(_parameters(x, node.child_by_field_name("parameters"))),
            returns=x.line_of(returns, MAX_ANNOTATION) if returns is not None else None,
        ),
        docstring=first_paragraph(comment),
        decorators=decorators,
        is_async=any(
            child.type == "function_modifiers" and "async" in x.text(child).split()
            for child in node.named_children
        ),
        is_public=_is_public(x, node),
        is_deprecated=_is_deprecated(decorators),
    )


def _parameters(x: Extraction, node: Node | None) -> Iterator[Parameter]:
    for child in node.named_children if node is not None else ():
        match child.type:
            case "self_parameter":
                text = x.line_of(child, MAX_ANNOTATION)
                yield Parameter(
                    "self",
                    ParameterKind.POSITIONAL_ONLY,
                    text.partition(":")[2].strip() or (text if text != "self" else None),
                )
            case "parameter":
                pattern = child.child_by_field_name("pattern")
                declared = child.child_by_field_name("type")
                if pattern is not None and declared is not None:
                    yield Parameter(
                        x.line_of(pattern, MAX_EXPRESSION),
                        ParameterKind.POSITIONAL_ONLY,
                        x.line_of(declared, MAX_ANNOTATION),
                    )
            case "variadic_parameter":
                yield Parameter("_", ParameterKind.VARIADIC_POSITIONAL, optional=True)
            case _:
                pass


def _read_constant(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    if name_node is None or x.scope.in_function or x.text(name_node) == "_":
        return
    comment, decorators = _take_comment(x, node), _take_decorators(x, node)
    declared = node.child_by_field_name("type")
    value = node.child_by_field_name("value")
    stub = header(x, node.start_byte, value.start_byte if value is not None else node.end_byte)
    if value is not None:
        stub = f"{stub.rstrip('= ')} = {x.line_of(value, MAX_EXPRESSION)}"
    x.define(
        node,
        x.text(name_node),
        SymbolKind.CONSTANT if node.type == "const_item" else SymbolKind.VARIABLE,
        stub.rstrip("; "),
        name_node=name_node,
        annotation=x.line_of(declared, MAX_ANNOTATION) if declared is not None else None,
        docstring=first_paragraph(comment),
        decorators=decorators,
        is_public=_is_public(x, node),
        is_deprecated=_is_deprecated(decorators),
    )


def _read_type_alias(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    if name_node is None:
        return
    x.handled.add(name_node.byte_range)
    if x.scope.in_function:
        return
    comment, decorators = _take_comment(x, node), _take_decorators(x, node)
    x.define(
        node,
        x.text(name_node),
        SymbolKind.TYPE_ALIAS,
        header(x, node.start_byte, node.end_byte).rstrip("; "),
        name_node=name_node,
        docstring=first_paragraph(comment),
        decorators=decorators,
        is_public=_is_public(x, node),
        is_deprecated=_is_deprecated(decorators),
    )


def _read_macro_definition(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    if name_node is None:
        return
    comment, decorators = _take_comment(x, node), _take_decorators(x, node)
    name = x.text(name_node)
    x.define(
        node,
        name,
        SymbolKind.FUNCTION,
        f"macro_rules! {name}",
        name_node=name_node,
        docstring=first_paragraph(comment),
        decorators=decorators,
        is_public=any(each.startswith("macro_export") for each in decorators),
        is_deprecated=_is_deprecated(decorators),
    )


# Uses.


def _read_call(x: Extraction, node: Node) -> None:
    function = node.child_by_field_name("function")
    arguments = node.child_by_field_name("arguments")
    if function is not None and function.type == "generic_function":
        function = function.child_by_field_name("function")
    if function is None or arguments is None:
        return
    n_arguments = sum(child.type not in _BEFORE_FIELDS for child in arguments.named_children)
    if function.type == "field_expression":
        x.handled.add(function.byte_range)
        name = function.child_by_field_name("field")
        if name is not None and name.type == "field_identifier":
            receiver = function.child_by_field_name("value")
            x.refer(ReferenceKind.CALL, name, receiver=receiver, n_arguments=n_arguments)
    else:
        _refer_to_path(x, function, ReferenceKind.CALL, n_arguments)


def _refer_to_path(
    x: Extraction,
    node: Node,
    kind: ReferenceKind,
    n_arguments: int = 0,
    *,
    has_unpacking: bool = False,
) -> None:
    """Refer to what a name or a path such as ``shop::Order::new`` ends with."""
    receiver: Node | None = None
    name: Node | None = node
    if node.type == "scoped_identifier":
        x.handled.add(node.byte_range)
        receiver = node.child_by_field_name("path")
        name = node.child_by_field_name("name")
    if name is not None and name.type == "identifier":
        x.refer(kind, name, receiver=receiver, n_arguments=n_arguments, has_unpacking=has_unpacking)


def _read_macro(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("macro")
    if name is not None:
        _refer_to_path(x, name, ReferenceKind.CALL, has_unpacking=True)


def _read_macro_call(x: Extraction, node: Node) -> None:
    data = x.source.data
    start = node.start_byte
    if not data.startswith(b"(", node.end_byte):
        return
    x.refer(ReferenceKind.CALL, node, has_unpacking=True)
    before = _RECEIVER.search(x.source.slice(max(0, start - MAX_RECEIVER), start))
    if before is not None:
        x.references[-1] = replace(x.references[-1], receiver=before[1])


def _read_literal(x: Extraction, node: Node) -> None:
    """``Order { name }`` makes an instance, as a call of a class does elsewhere."""
    made = node.child_by_field_name("name")
    body = node.child_by_field_name("body")
    if made is None or body is None:
        return
    keywords: list[str] = []
    has_unpacking = False
    for child in body.named_children:
        if child.type == "base_field_initializer":
            has_unpacking = True
        elif child.type == "field_initializer":
            field = child.child_by_field_name("field")
            keywords += [x.text(field)] if field is not None else []
        elif child.type == "shorthand_field_initializer":
            keywords += [x.text(each) for each in child.named_children if each.type == "identifier"]
    if made.type == "generic_type_with_turbofish":
        made = made.child_by_field_name("type") or made
    _refer_to_type(
        x, made, ReferenceKind.CALL, keywords=tuple(keywords), has_unpacking=has_unpacking
    )


def _read_member(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("field")
    if name is None or name.type != "field_identifier" or node.byte_range in x.handled:
        return
    x.refer(ReferenceKind.ATTRIBUTE, name, receiver=node.child_by_field_name("value"))


def _read_path(x: Extraction, node: Node) -> None:
    """Of ``shop::Status::Open`` the whole is one use, not also its parts."""
    path = node.child_by_field_name("path")
    if path is not None and path.type == "scoped_identifier":
        x.handled.add(path.byte_range)
    if node.start_byte >= x.covered_to and node.byte_range not in x.handled:
        _refer_to_path(x, node, ReferenceKind.ATTRIBUTE)


def _refer_to_type(
    x: Extraction,
    node: Node,
    kind: ReferenceKind,
    *,
    keywords: tuple[str, ...] = (),
    has_unpacking: bool = False,
) -> None:
    """Refer to a named type, without its type arguments."""
    name: Node | None = node
    receiver: Node | None = None
    if name is not None and name.type == "generic_type":
        name = name.child_by_field_name("type")
    if name is not None and name.type == "scoped_type_identifier":
        x.handled.add(name.byte_range)
        receiver = name.child_by_field_name("path")
        if receiver is not None:
            x.handled.add(receiver.byte_range)
        name = name.child_by_field_name("name")
    if name is None or name.type != "type_identifier":
        return
    x.handled.add(name.byte_range)
    x.refer(kind, name, receiver=receiver, keywords=keywords, has_unpacking=has_unpacking)


def _read_scoped_type(x: Extraction, node: Node) -> None:
    if node.byte_range in x.handled:
        return
    name = node.child_by_field_name("name")
    if name is not None and x.text(name) in _BUILTIN_TYPES:
        return
    _refer_to_type(x, node, ReferenceKind.ANNOTATION)


def _read_type_name(x: Extraction, node: Node) -> None:
    if node.byte_range in x.handled:
        return
    name = x.text(node)
    if name not in _BUILTIN_TYPES and name not in x.type_parameters:
        x.refer(ReferenceKind.ANNOTATION, node)


RUST = Grammar(
    load=_load,
    queries=("rust",),
    handlers={
        "comment": _read_comment,
        "attribute": _read_attribute,
        "use": _read_use,
        "extern_crate": _read_extern_crate,
        "trait_member": _read_trait_member,
        "module": _read_module,
        "type": _read_type,
        "impl": _read_impl,
        "field": _read_field,
        "variant": _read_variant,
        "function": _read_function,
        "constant": _read_constant,
        "type_alias": _read_type_alias,
        "macro_definition": _read_macro_definition,
        "call": _read_call,
        "macro": _read_macro,
        "macro_call": _read_macro_call,
        "literal": _read_literal,
        "member": _read_member,
        "path": _read_path,
        "scoped_type": _read_scoped_type,
        "type_name": _read_type_name,
    },
    prepare=_prepare,
)

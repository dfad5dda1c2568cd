"""PHP: what its definitions, uses and imports mean.

Names are without their ``$``, as named arguments and ``->`` write them; stubs keep it.
The namespace of a file is a symbol of its own and not part of the names in it, like the package
of other languages. Where the language leaves a type out, PHPDoc's tag gives it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from tree_sitter import Node

from indexer.model import Parameter, ParameterKind, ReferenceKind, Signature, SymbolKind
from indexer.syntax.extraction import (
    MAX_ANNOTATION,
    MAX_DEPTH,
    MAX_EXPRESSION,
    MAX_STUB,
    Captures,
    Extraction,
    Grammar,
    Scope,
    first_paragraph,
    named_child,
    one_line,
)

_MARGIN = re.compile(r"^[ \t]*\*? ?", re.MULTILINE)
_TAG = re.compile(r"^[ \t]*\{?@\w", re.MULTILINE)
# Bounded, because a comment may be one line of a megabyte.
_PARAM = re.compile(r"@param[ \t]{1,40}([^\s$@][^$@\n]{0,200}?)[ \t]{1,40}(?:\.\.\.)?&?\$(\w+)")
_RETURN = re.compile(r"@return[ \t]+(\S+)")
_VAR = re.compile(r"@var[ \t]+(\S+)")
_LICENSE = re.compile(r"\b(copyright|licen[sc]ed?|SPDX)\b", re.IGNORECASE)
_COMMENT = re.compile(
    r"('(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\")|//[^\n]*|#(?!\[)[^\n]*|/\*.*?\*/", re.DOTALL
)
_NAMES = frozenset({"name", "qualified_name", "relative_name"})
_OWN = frozenset({"self", "static", "parent"})
_HERE = frozenset({"__DIR__", "dirname(__FILE__)"})
_KINDS = {
    "class_declaration": SymbolKind.CLASS,
    "trait_declaration": SymbolKind.CLASS,
    "interface_declaration": SymbolKind.INTERFACE,
    "enum_declaration": SymbolKind.ENUM,
}
_LITERAL_TYPES = {
    "string": "string",
    "encapsed_string": "string",
    "integer": "int",
    "float": "float",
    "boolean": "bool",
    "array_creation_expression": "array",
}


def _load() -> object:
    import tree_sitter_php

    return tree_sitter_php.language_php()


def _read_comment(x: Extraction, node: Node) -> None:
    if x.source.data.startswith(b"/**", node.start_byte):
        x.documented = (x.text(node), node.end_byte)


def _take_comment(x: Extraction, node: Node) -> str:
    comment, end = x.documented
    if not comment or not x.is_blank(end, node.start_byte):
        return ""
    x.documented = ("", -1)
    return _prose(comment)


def _prose(comment: str) -> str:
    text = comment[3:].removesuffix("*/").replace("\r", "")
    return _MARGIN.sub("", text.strip()).strip()


def _summary(comment: str) -> str:
    return first_paragraph(_TAG.split(comment, maxsplit=1)[0])


def _is_deprecated(comment: str, attributes: tuple[str, ...]) -> bool:
    return "@deprecated" in comment or any(
        each.partition("(")[0].rpartition("\\")[2] == "Deprecated" for each in attributes
    )


def _attributes(x: Extraction, node: Node) -> tuple[str, ...]:
    listed = node.child_by_field_name("attributes")
    return tuple(
        x.line_of(each, MAX_ANNOTATION)
        for group in (listed.named_children if listed is not None else ())
        for each in group.named_children
        if each.type == "attribute"
    )


def _modifiers(node: Node) -> Iterator[Node]:
    yield from (each for each in node.children if each.type.endswith("_modifier"))


def _is_visible(x: Extraction, node: Node) -> bool:
    return not any(x.text(each) in {"private", "protected"} for each in _modifiers(node))


def _head(x: Extraction, node: Node, end: int) -> str:
    """The text of a definition from behind its attributes up to ``end``, without comments."""
    attributes = node.child_by_field_name("attributes")
    start = attributes.end_byte if attributes is not None else node.start_byte
    text = x.source.slice(start, min(end, start + 4 * MAX_STUB))
    text = one_line(_COMMENT.sub(lambda match: match[1] or " ", text), MAX_STUB).rstrip("; {")
    return text.replace("( ", "(").replace(", )", ")").replace(" )", ")")


# Namespaces and imports.


def _read_namespace(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("name")
    if name is None:
        return
    text = x.line_of(name, MAX_ANNOTATION)
    comment = _take_comment(x, node)
    x.define(
        node,
        text,
        SymbolKind.MODULE,
        f"namespace {text}",
        name_node=name,
        docstring=_summary(comment),
    )


def _read_use(x: Extraction, node: Node) -> None:
    prefix = ""
    for child in node.named_children:
        match child.type:
            case "namespace_name":
                prefix = f"{x.line_of(child, MAX_ANNOTATION)}\\"
            case "namespace_use_clause":
                _read_use_clause(x, child, prefix)
            case "namespace_use_group":
                for clause in child.named_children:
                    if clause.type == "namespace_use_clause":
                        _read_use_clause(x, clause, prefix)
            case _:
                pass


def _read_use_clause(x: Extraction, clause: Node, prefix: str) -> None:
    target = next((each for each in clause.named_children if each.type in _NAMES), None)
    alias = clause.child_by_field_name("alias")
    if target is None:
        return
    path = prefix + x.line_of(target, MAX_ANNOTATION)
    module, _, name = path.lstrip("\\").rpartition("\\")
    x.bring(clause, module, name, x.text(alias) if alias is not None else "")


def _read_require(x: Extraction, node: Node) -> None:
    value = named_child(node)
    if value is not None and value.type == "parenthesized_expression":
        value = named_child(value)
    level = 0
    if value is not None and value.type == "binary_expression":
        left = value.child_by_field_name("left")
        if left is None or x.line_of(left, MAX_EXPRESSION) not in _HERE:
            return
        value = value.child_by_field_name("right")
        level = 1
    if value is not None and value.type in {"string", "encapsed_string"}:
        path = x.line_of(value, MAX_ANNOTATION).strip("'\"")
        x.bring(node, path.lstrip("/") if level else path, "*", level=level)


# Definitions.


def _read_class(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    if name_node is None:
        return
    body = node.child_by_field_name("body")
    attributes = _attributes(x, node)
    comment = _take_comment(x, node)
    bases: list[str] = []
    for child in node.named_children:
        if child.type in {"base_clause", "class_interface_clause"}:
            bases += _read_bases(x, child)
    for child in body.named_children if body is not None else ():
        if child.type == "use_declaration":
            bases += [x.line_of(each, MAX_ANNOTATION) for each in _named(child)]
    x.define(
        node,
        x.text(name_node),
        _KINDS[node.type],
        _head(x, node, body.start_byte if body is not None else node.end_byte),
        name_node=name_node,
        opens=True,
        docstring=_summary(comment),
        decorators=attributes,
        bases=tuple(bases),
        is_deprecated=_is_deprecated(comment, attributes),
    )


def _named(node: Node) -> Iterator[Node]:
    yield from (each for each in node.named_children if each.type in _NAMES)


def _read_bases(x: Extraction, clause: Node) -> Iterator[str]:
    for each in _named(clause):
        _refer_to_type(x, each, ReferenceKind.BASE)
        yield x.line_of(each, MAX_ANNOTATION)


def _read_mixin(x: Extraction, node: Node) -> None:
    for each in _named(node):
        _refer_to_type(x, each, ReferenceKind.BASE)


def _read_anonymous_class(x: Extraction, node: Node) -> None:
    for child in node.named_children:
        if child.type in {"base_clause", "class_interface_clause"}:
            for each in _named(child):
                _refer_to_type(x, each, ReferenceKind.BASE)
    kind = SymbolKind.CLASS if x.scope.depth < MAX_DEPTH else None
    x.enter(kind, x.scope.qualified_name, node)


def _read_anonymous(x: Extraction, node: Node) -> None:
    x.enter(None, x.scope.qualified_name, node)


def _read_function(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    if name_node is None:
        return
    body = node.child_by_field_name("body")
    attributes = _attributes(x, node)
    comment = _take_comment(x, node)
    parameters = node.child_by_field_name("parameters")
    returns = node.child_by_field_name("return_type")
    said = _RETURN.search(comment)
    types = {each[2]: each[1] for each in _PARAM.finditer(comment)}
    signature = Signature(
        tuple(_parameters(x, parameters, types)),
        x.line_of(returns, MAX_ANNOTATION) if returns is not None else said and said[1],
    )
    scope = x.scope
    x.define(
        node,
        x.text(name_node),
        SymbolKind.METHOD if scope.is_class else SymbolKind.FUNCTION,
        _head(x, node, body.start_byte if body is not None else node.end_byte),
        name_node=name_node,
        opens=True,
        signature=signature,
        docstring=_summary(comment),
        decorators=attributes,
        is_public=_is_visible(x, node),
        is_deprecated=_is_deprecated(comment, attributes),
    )
    for each in parameters.named_children if parameters is not None else ():
        if each.type == "property_promotion_parameter" and scope.is_class:
            _define_promoted(x, each, scope, types)


def _parameters(x: Extraction, node: Node | None, types: dict[str, str]) -> Iterator[Parameter]:
    for child in node.named_children if node is not None else ():
        name_node = child.child_by_field_name("name")
        if name_node is None:
            continue
        name = x.text(name_node).lstrip("&.$")
        value = child.child_by_field_name("default_value")
        is_variadic = child.type == "variadic_parameter"
        yield Parameter(
            name,
            ParameterKind.VARIADIC_POSITIONAL
            if is_variadic
            else ParameterKind.POSITIONAL_OR_KEYWORD,
            _type_of(x, child) or types.get(name),
            x.line_of(value, MAX_EXPRESSION) if value is not None else None,
            optional=is_variadic or value is not None,
        )


def _type_of(x: Extraction, node: Node) -> str | None:
    declared = node.child_by_field_name("type")
    return x.line_of(declared, MAX_ANNOTATION) if declared is not None else None


def _define_promoted(x: Extraction, node: Node, owner: Scope, types: dict[str, str]) -> None:
    """A parameter of the constructor with a visibility declares a field too."""
    name_node = node.child_by_field_name("name")
    if name_node is None:
        return
    name = x.text(name_node).lstrip("&$")
    x.define(
        node,
        name,
        SymbolKind.FIELD,
        _head(x, node, name_node.end_byte),
        name_node=name_node,
        owner=owner,
        annotation=_type_of(x, node) or types.get(name),
        is_public=x.text(node.child_by_field_name("visibility") or name_node)
        not in {"private", "protected"},
    )


def _read_constants(x: Extraction, node: Node) -> None:
    elements = [each for each in node.named_children if each.type == "const_element"]
    comment = _take_comment(x, node)
    attributes = _attributes(x, node)
    head = _head(x, node, elements[0].start_byte) if elements else ""
    is_public = _is_visible(x, node)
    for element in elements:
        name_node = named_child(element)
        if name_node is None or name_node.type != "name":
            continue
        x.define(
            node,
            x.text(name_node),
            SymbolKind.CONSTANT,
            f"{head} {x.line_of(element, MAX_ANNOTATION)}",
            name_node=name_node,
            annotation=_type_of(x, node) or _inferred_type(x, named_child(element, 1)),
            docstring=_summary(comment),
            decorators=attributes,
            is_public=is_public,
            is_deprecated=_is_deprecated(comment, attributes),
        )


def _read_properties(x: Extraction, node: Node) -> None:
    elements = [each for each in node.named_children if each.type == "property_element"]
    comment = _take_comment(x, node)
    attributes = _attributes(x, node)
    said = _VAR.search(comment)
    head = _head(x, node, elements[0].start_byte) if elements else ""
    is_public = _is_visible(x, node)
    for element in elements:
        name_node = element.child_by_field_name("name")
        if name_node is None:
            continue
        x.define(
            node,
            x.text(name_node).lstrip("$"),
            SymbolKind.FIELD,
            f"{head} {x.line_of(element, MAX_ANNOTATION)}",
            name_node=name_node,
            annotation=_type_of(x, node) or (said and said[1]),
            docstring=_summary(comment),
            decorators=attributes,
            is_public=is_public,
            is_deprecated=_is_deprecated(comment, attributes),
        )


def _read_case(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    if name_node is None:
        return
    attributes = _attributes(x, node)
    comment = _take_comment(x, node)
    x.define(
        node,
        x.text(name_node),
        SymbolKind.ENUM_MEMBER,
        _head(x, node, node.end_byte),
        name_node=name_node,
        docstring=_summary(comment),
        decorators=attributes,
        is_deprecated=_is_deprecated(comment, attributes),
    )


def _read_variable(x: Extraction, node: Node) -> None:
    left = node.child_by_field_name("left")
    value = node.child_by_field_name("right")
    if left is None or value is None:
        return
    comment = _take_comment(x, node)
    said = _VAR.search(comment)
    x.define(
        node,
        x.text(left).lstrip("$"),
        SymbolKind.VARIABLE,
        f"{x.text(left)} = {x.line_of(value, MAX_EXPRESSION)}",
        name_node=left,
        annotation=said[1] if said is not None else _inferred_type(x, value),
        docstring=_summary(comment),
    )


def _inferred_type(x: Extraction, value: Node | None) -> str | None:
    if value is None:
        return None
    if value.type == "object_creation_expression":
        made = next(_named(value), None)
        return x.line_of(made, MAX_ANNOTATION) if made is not None else None
    return _LITERAL_TYPES.get(value.type)


# Uses.


def _last_name(node: Node) -> tuple[Node | None, Node]:
    r"""The namespace of ``A\B\name``, if any, and the node of its last name."""
    if node.type == "name" or not node.named_child_count:
        return None, node
    parts = node.named_children
    return (parts[-2] if len(parts) > 1 else None), parts[-1]


def _refer_to_type(x: Extraction, node: Node, kind: ReferenceKind) -> None:
    receiver, name = _last_name(node)
    if name.type == "name" and x.text(name).lower() not in _OWN:
        x.refer(kind, name, receiver=receiver)


def _read_attribute(x: Extraction, node: Node) -> None:
    target = next(_named(node), None)
    if target is not None:
        _refer_to_type(x, target, ReferenceKind.DECORATOR)


def _read_new(x: Extraction, node: Node) -> None:
    target = next(_named(node), None)
    if target is None:
        return
    arguments = next((each for each in node.named_children if each.type == "arguments"), None)
    receiver, name = _last_name(target)
    if x.text(name).lower() not in _OWN:
        _refer_to_call(x, name, receiver, arguments)


def _read_call(x: Extraction, node: Node) -> None:
    arguments = node.child_by_field_name("arguments")
    if node.type == "function_call_expression":
        function = node.child_by_field_name("function")
        if function is None or function.type not in _NAMES:
            return
        receiver, name = _last_name(function)
        _refer_to_call(x, name, receiver, arguments)
        _read_define(x, node, name, arguments)
        return
    called = node.child_by_field_name("name")
    scope = node.child_by_field_name("scope")
    if scope is not None and scope.type in _NAMES:
        _refer_to_type(x, scope, ReferenceKind.ANNOTATION)
    if called is not None and called.type == "name":
        _refer_to_call(x, called, scope or node.child_by_field_name("object"), arguments)


def _refer_to_call(
    x: Extraction, name: Node, receiver: Node | None, arguments: Node | None
) -> None:
    n_arguments = 0
    keywords: list[str] = []
    has_unpacking = False
    for argument in arguments.named_children if arguments is not None else ():
        if argument.type == "variadic_placeholder":
            has_unpacking = True
        if argument.type != "argument":
            continue
        keyword = argument.child_by_field_name("name")
        value = named_child(argument)
        if keyword is not None:
            keywords.append(x.text(keyword))
        elif value is not None and value.type in {"variadic_unpacking", "variadic_placeholder"}:
            has_unpacking = True
        else:
            n_arguments += 1
    x.refer(
        ReferenceKind.CALL,
        name,
        receiver=receiver,
        n_arguments=n_arguments,
        keywords=tuple(keywords),
        has_unpacking=has_unpacking,
    )


def _read_define(x: Extraction, node: Node, name: Node, arguments: Node | None) -> None:
    """``define('NAME', value)`` makes a constant, wherever it stands."""
    first = named_child(arguments) if arguments is not None else None
    literal = named_child(first) if first is not None else None
    if literal is None or literal.type != "string" or x.text(name).lower() != "define":
        return
    if x.scope.in_function:
        return
    x.define(
        node,
        x.line_of(literal, MAX_ANNOTATION).strip("'\""),
        SymbolKind.CONSTANT,
        x.line_of(node, MAX_ANNOTATION),
        docstring=_summary(_take_comment(x, node)),
    )


def _read_member(x: Extraction, node: Node) -> None:
    scope = node.child_by_field_name("scope")
    name = node.child_by_field_name("name")
    receiver = node.child_by_field_name("object") or scope
    if node.type == "class_constant_access_expression":
        receiver = scope = named_child(node)
        name = named_child(node, 1)
    if scope is not None and scope.type in _NAMES:
        _refer_to_type(x, scope, ReferenceKind.ANNOTATION)
    if name is not None and name.type == "variable_name":
        name = named_child(name)
    if name is not None and name.type == "name" and x.text(name) != "class":
        x.refer(ReferenceKind.ATTRIBUTE, name, receiver=receiver)


def _read_type_name(x: Extraction, node: Node) -> None:
    target = named_child(node) if node.type == "named_type" else node
    if target is not None:
        _refer_to_type(x, target, ReferenceKind.ANNOTATION)


def _prepare(x: Extraction, root: Node, _captures: Captures) -> None:
    first = named_child(root, 1)
    if first is None or first.type != "comment":
        return
    text = x.text(first)
    following = first.next_named_sibling
    is_apart = (
        following is None
        or following.type in {"namespace_definition", "declare_statement"}
        or following.start_point[0] - first.end_point[0] > 1
    )
    if text.startswith("/**") and is_apart and not _LICENSE.search(text):
        x.docstring = _summary(_prose(text))


PHP = Grammar(
    load=_load,
    queries=("php",),
    handlers={
        "comment": _read_comment,
        "attribute": _read_attribute,
        "namespace": _read_namespace,
        "use": _read_use,
        "require": _read_require,
        "class": _read_class,
        "anonymous_class": _read_anonymous_class,
        "mixin": _read_mixin,
        "function": _read_function,
        "anonymous": _read_anonymous,
        "constants": _read_constants,
        "properties": _read_properties,
        "case": _read_case,
        "variable": _read_variable,
        "new": _read_new,
        "call": _read_call,
        "member": _read_member,
        "type_name": _read_type_name,
    },
    prepare=_prepare,
)

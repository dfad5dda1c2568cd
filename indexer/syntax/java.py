"""Java, as tree-sitter-java sees it: what its definitions, uses and imports mean.

Qualified names begin at the outermost class; the package stands in the imports of those who use it.
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

_TAG = re.compile(r"^[ \t]*@\w", re.MULTILINE)
_INLINE_TAG = re.compile(r"\{@\w+\s+([^{}]*)\}")
_PARAGRAPH = re.compile(r"<p\s*/?>|<(?:pre|ul|ol|table)\b", re.IGNORECASE)
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>")
_KINDS = {
    "class_declaration": SymbolKind.CLASS,
    "record_declaration": SymbolKind.CLASS,
    "interface_declaration": SymbolKind.INTERFACE,
    "annotation_type_declaration": SymbolKind.INTERFACE,
    "enum_declaration": SymbolKind.ENUM,
}
_ANNOTATIONS = frozenset({"marker_annotation", "annotation"})
_COMMENTS = frozenset({"line_comment", "block_comment"})
# Types that nobody looks up in a repository.
_BUILTIN_TYPES = frozenset(
    {
        "Boolean",
        "Byte",
        "Character",
        "Double",
        "Float",
        "Integer",
        "Long",
        "Object",
        "Short",
        "String",
        "Void",
        "var",
    }
)


def _load() -> object:
    import tree_sitter_java

    return tree_sitter_java.language()


def _prepare(x: Extraction, _root: Node, captures: Captures) -> None:
    x.type_parameters.update(x.text(node) for node in captures.get("type_parameter", ()))


def _read_package(x: Extraction, node: Node) -> None:
    comment = _take_javadoc(x, node)
    if x.path.endswith("package-info.java"):
        x.docstring = _summary(comment)


def _read_import(x: Extraction, node: Node) -> None:
    target = named_child(node)
    while target is not None and target.type in _COMMENTS:
        target = target.next_named_sibling
    if target is None:
        return
    path = "".join(x.text(target).split())
    if any(child.type == "asterisk" for child in node.named_children):
        x.bring(node, path, "*")
    else:
        module, _, name = path.rpartition(".")
        x.bring(node, module, name)


# Comments and modifiers.


def _take_javadoc(x: Extraction, node: Node) -> str:
    comment = take_comment(x, node)
    return without_marks(comment) if comment.startswith("/**") else ""


def _summary(comment: str) -> str:
    text = _PARAGRAPH.sub("\n\n", _INLINE_TAG.sub(r"\1", _TAG.split(comment, maxsplit=1)[0]))
    return first_paragraph(unescape(_MARKUP.sub("", text)))


def _modifiers(x: Extraction, node: Node) -> tuple[list[str], tuple[str, ...], int]:
    """The keywords and the annotations of a declaration, and where they end."""
    first = named_child(node)
    if first is None or first.type != "modifiers":
        return [], (), node.start_byte
    words: list[str] = []
    annotations: list[str] = []
    for child in first.children:
        if child.type in _ANNOTATIONS:
            annotations.append(x.line_of(child, MAX_ANNOTATION).lstrip("@ "))
        elif child.type not in _COMMENTS:
            words.append(x.text(child))
    return words, tuple(annotations), first.end_byte


def _read_decorator(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("name")
    receiver: Node | None = None
    if name is not None and name.type == "scoped_identifier":
        receiver = name.child_by_field_name("scope")
        name = name.child_by_field_name("name")
    if name is not None:
        x.refer(ReferenceKind.DECORATOR, name, receiver=receiver)


def _is_deprecated(comment: str, decorators: tuple[str, ...]) -> bool:
    return "@deprecated" in comment or any(
        each.partition("(")[0].rpartition(".")[2] == "Deprecated" for each in decorators
    )


def _is_public(x: Extraction, words: list[str]) -> bool:
    """Members of an interface need no word to be public."""
    if x.scope.kind is SymbolKind.INTERFACE:
        return "private" not in words
    return "public" in words


def _stub(x: Extraction, node: Node, words: list[str], start: int) -> str:
    body = node.child_by_field_name("body")
    text = header(x, start, body.start_byte if body is not None else node.end_byte)
    return " ".join([*words, text.rstrip("; ")])


# Definitions.


def _read_class(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    if name_node is None:
        return
    comment = _take_javadoc(x, node)
    words, decorators, start = _modifiers(x, node)
    bases = list(_bases(node))
    components = node.child_by_field_name("parameters")
    signature = Signature(tuple(_parameters(x, components))) if components is not None else None
    x.define(
        node,
        x.text(name_node),
        _KINDS[node.type],
        _stub(x, node, words, start),
        name_node=name_node,
        opens=True,
        signature=signature,
        docstring=_summary(comment),
        decorators=decorators,
        bases=tuple(x.line_of(each, MAX_ANNOTATION) for each in bases),
        is_public=_is_public(x, words),
        is_deprecated=_is_deprecated(comment, decorators),
    )
    for base in bases:
        _refer_to_type(x, base, ReferenceKind.BASE)
    if components is not None and x.scope.is_class:
        _define_components(x, components)


def _bases(node: Node) -> Iterator[Node]:
    for clause in node.named_children:
        if clause.type == "superclass":
            yield from (child for child in clause.named_children if child.type not in _COMMENTS)
        elif clause.type in {"super_interfaces", "extends_interfaces"}:
            for types in clause.named_children:
                yield from (child for child in types.named_children if child.type not in _COMMENTS)


def _define_components(x: Extraction, components: Node) -> None:
    """The components of a record are its fields, and are read through methods of their names."""
    for child in components.named_children:
        name_node = child.child_by_field_name("name")
        declared = child.child_by_field_name("type")
        if child.type != "formal_parameter" or name_node is None or declared is None:
            continue
        annotation = x.line_of(declared, MAX_ANNOTATION)
        name = x.text(name_node)
        x.define(
            child,
            name,
            SymbolKind.FIELD,
            f"{annotation} {name}",
            name_node=name_node,
            annotation=annotation,
        )


def _read_anonymous(x: Extraction, node: Node) -> None:
    x.enter(None, x.scope.qualified_name, node)


def _read_field(x: Extraction, node: Node) -> None:
    declared = node.child_by_field_name("type")
    if declared is None or not x.scope.is_class:
        return
    comment = _take_javadoc(x, node)
    words, decorators, _ = _modifiers(x, node)
    is_constant = {"static", "final"} <= set(words) or node.type == "constant_declaration"
    for declarator in node.children_by_field_name("declarator"):
        name_node = declarator.child_by_field_name("name")
        if name_node is None:
            continue
        dimensions = declarator.child_by_field_name("dimensions")
        value = declarator.child_by_field_name("value")
        annotation = x.line_of(declared, MAX_ANNOTATION)
        if dimensions is not None:
            annotation += x.line_of(dimensions, MAX_ANNOTATION)
        name = x.text(name_node)
        stub = " ".join([*words, annotation, name])
        x.define(
            node,
            name,
            SymbolKind.CONSTANT if is_constant else SymbolKind.FIELD,
            stub + (f" = {x.line_of(value, MAX_EXPRESSION)}" if value is not None else ""),
            name_node=name_node,
            annotation=annotation,
            docstring=_summary(comment),
            decorators=decorators,
            is_public=_is_public(x, words),
            is_deprecated=_is_deprecated(comment, decorators),
        )


def _read_enum_member(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    if name_node is None or not x.scope.is_class:
        return
    comment = _take_javadoc(x, node)
    _, decorators, start = _modifiers(x, node)
    x.define(
        node,
        x.text(name_node),
        SymbolKind.ENUM_MEMBER,
        _stub(x, node, [], start),
        name_node=name_node,
        docstring=_summary(comment),
        decorators=decorators,
        is_deprecated=_is_deprecated(comment, decorators),
    )


def _read_method(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    # Without a class around it stands in a script, or in a class whose brace is still missing.
    is_free = x.scope.kind is SymbolKind.MODULE
    is_definition = node.type != "compact_constructor_declaration"
    if name_node is None or not is_definition or not (x.scope.is_class or is_free):
        x.enter(None, x.scope.qualified_name, node)
        return
    comment = _take_javadoc(x, node)
    words, decorators, start = _modifiers(x, node)
    declared = node.child_by_field_name("type")
    returns = x.line_of(declared, MAX_ANNOTATION) if declared is not None else None
    x.define(
        node,
        x.text(name_node),
        SymbolKind.FUNCTION if is_free else SymbolKind.METHOD,
        _stub(x, node, words, start),
        name_node=name_node,
        opens=True,
        signature=Signature(
            tuple(_parameters(x, node.child_by_field_name("parameters"))), returns=returns
        ),
        docstring=_summary(comment),
        decorators=decorators,
        is_public=_is_public(x, words),
        is_deprecated=_is_deprecated(comment, decorators),
    )


def _parameters(x: Extraction, node: Node | None) -> Iterator[Parameter]:
    for child in node.named_children if node is not None else ():
        if child.type == "formal_parameter":
            name = child.child_by_field_name("name")
            declared = child.child_by_field_name("type")
            dimensions = child.child_by_field_name("dimensions")
            kind = ParameterKind.POSITIONAL_ONLY
        elif child.type == "spread_parameter":
            parts = [
                each for each in child.named_children if each.type not in {"modifiers", *_COMMENTS}
            ]
            if len(parts) < 2:
                continue
            declared, name, dimensions = parts[0], parts[-1], None
            kind = ParameterKind.VARIADIC_POSITIONAL
        else:
            continue
        if name is None or declared is None:
            continue
        annotation = x.line_of(declared, MAX_ANNOTATION)
        if dimensions is not None:
            annotation += x.line_of(dimensions, MAX_ANNOTATION)
        yield Parameter(
            x.line_of(name, MAX_EXPRESSION),
            kind,
            annotation,
            optional=kind is ParameterKind.VARIADIC_POSITIONAL,
        )


# Uses.


def _n_arguments(node: Node) -> int:
    arguments = node.child_by_field_name("arguments")
    if arguments is None:
        return 0
    return sum(child.type not in _COMMENTS for child in arguments.named_children)


def _read_call(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("name")
    if name is not None:
        x.refer(
            ReferenceKind.CALL,
            name,
            receiver=node.child_by_field_name("object"),
            n_arguments=_n_arguments(node),
        )


def _read_new(x: Extraction, node: Node) -> None:
    made = node.child_by_field_name("type")
    if made is not None:
        _refer_to_type(x, made, ReferenceKind.CALL, _n_arguments(node))


def _read_method_reference(x: Extraction, node: Node) -> None:
    receiver = named_child(node)
    name = named_child(node, node.named_child_count - 1) if node.named_child_count > 1 else None
    if name is not None and name.type == "identifier":
        x.refer(ReferenceKind.ATTRIBUTE, name, receiver=receiver)


def _read_member(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("field")
    if name is not None and name.type == "identifier":
        x.refer(ReferenceKind.ATTRIBUTE, name, receiver=node.child_by_field_name("object"))


def _refer_to_type(x: Extraction, node: Node, kind: ReferenceKind, n_arguments: int = 0) -> None:
    """Refer to a named type, without its type arguments."""
    if node.type == "generic_type":
        inner = named_child(node)
        if inner is None:
            return
        node = inner
    receiver: Node | None = None
    name = node
    if node.type == "scoped_type_identifier":
        last = named_child(node, node.named_child_count - 1) if node.named_child_count > 1 else None
        if last is None:
            return
        receiver, name = named_child(node), last
        x.covered_to = max(x.covered_to, node.end_byte)
    if name.type == "type_identifier":
        x.handled.add(name.byte_range)
        x.refer(kind, name, receiver=receiver, n_arguments=n_arguments)


def _read_scoped_type(x: Extraction, node: Node) -> None:
    if node.start_byte >= x.covered_to:
        _refer_to_type(x, node, ReferenceKind.ANNOTATION)


def _read_type_name(x: Extraction, node: Node) -> None:
    if node.start_byte < x.covered_to or node.byte_range in x.handled:
        return
    name = x.text(node)
    if name not in _BUILTIN_TYPES and name not in x.type_parameters:
        x.refer(ReferenceKind.ANNOTATION, node)


JAVA = Grammar(
    load=_load,
    queries=("java",),
    handlers={
        "comment": read_comment,
        "package": _read_package,
        "import": _read_import,
        "class": _read_class,
        "anonymous": _read_anonymous,
        "field": _read_field,
        "enum_member": _read_enum_member,
        "method": _read_method,
        "decorator": _read_decorator,
        "call": _read_call,
        "new": _read_new,
        "method_reference": _read_method_reference,
        "member": _read_member,
        "scoped_type": _read_scoped_type,
        "type_name": _read_type_name,
    },
    prepare=_prepare,
)

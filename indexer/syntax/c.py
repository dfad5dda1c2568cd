"""C and C++: what their definitions, uses and includes mean.

One module for two grammars, because the second extends the first.
A declarator is read from the outside in (``*f(int)`` and ``(*f)(int)`` differ in what stands next
to the name). Macros are taken as they stand: nothing is preprocessed, and both sides of a
condition count.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tree_sitter import Node

from indexer.model import Parameter, ParameterKind, ReferenceKind, Signature, SymbolKind
from indexer.syntax.comment import header, read_comment, take_comment
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

_SHOWS_CPP = re.compile(
    r"^[ \t]*(?:class\s+\w[^;()]{0,200}[{:]|(?:inline\s+)?namespace\b[\w\s:]{0,200}\{|template\s*<"
    r"|using\s+\w|(?:public|private|protected)\s*:)",
    re.MULTILINE,
)
_DOC_STARTS = ("/**", "/*!", "///", "//!")
_MARGIN = re.compile(r"^[ \t]*(?:/\*+!?|//[/!]*|\*(?!/))? ?", re.MULTILINE)
_TAG = re.compile(r"^[ \t]*[@\\](?!brief\b|file\b)\w", re.MULTILINE)
_LEADING_TAG = re.compile(r"^[ \t]*[@\\](?:brief|file[ \t]*[^\n]*)", re.MULTILINE)
_LICENSE = re.compile(r"\b(copyright|licen[sc]ed?|SPDX)\b", re.IGNORECASE)
_RULER = re.compile(r"^[\W_]*$\n?", re.MULTILINE)
_TEMPLATE_ARGUMENTS = re.compile(r"\s*<.*", re.DOTALL)
_RECORDS = frozenset({"struct_specifier", "union_specifier", "class_specifier"})
_WITH_BODY = _RECORDS | {"enum_specifier"}
_CASTS = frozenset({"static_cast", "dynamic_cast", "const_cast", "reinterpret_cast"})
_ATTRIBUTES = frozenset({"attribute_specifier", "attribute_declaration", "ms_declspec_modifier"})
# What stands before a type without being part of it.
_NOT_TYPE = frozenset({"constexpr", "consteval", "constinit", "mutable", "_Noreturn", "inline"})
# Around a name they do not change whether it names a function.
_TRANSPARENT = frozenset({"parenthesized_declarator", "attributed_declarator", "init_declarator"})
_NAMES = frozenset(
    {
        "identifier",
        "field_identifier",
        "type_identifier",
        "qualified_identifier",
        "operator_name",
        "operator_cast",
        "destructor_name",
        "template_function",
        "primitive_type",
    }
)


def dialect_of(language: str, text: str) -> str:
    """``cpp`` for a C header (``.h``) that shows C++: a class, namespace, template or ``using``."""
    return "cpp" if language == "c" and _SHOWS_CPP.search(text) else language


def _load_c() -> object:
    import tree_sitter_c

    return tree_sitter_c.language()


def _load_cpp() -> object:
    import tree_sitter_cpp

    return tree_sitter_cpp.language()


# Comments stand before what they belong to.


def _read_comment(x: Extraction, node: Node) -> None:
    is_trailing = x.source.data[node.start_byte + 3 : node.start_byte + 4] == b"<"
    if not x.scope.in_function and not is_trailing:
        read_comment(x, node)


def _take_comment(x: Extraction, node: Node) -> str:
    is_doc = x.documented[0].startswith(_DOC_STARTS)
    return _prose(take_comment(x, node, adjacent=not is_doc))


def _prose(comment: str) -> str:
    text = _MARGIN.sub("", comment.replace("\r", "").removesuffix("*/").rstrip())
    return _RULER.sub("\n", text).strip()


def _summary(comment: str) -> str:
    text = _LEADING_TAG.sub("", comment).strip()
    return first_paragraph(_TAG.split(text, maxsplit=1)[0])


def _is_deprecated(comment: str, attributes: tuple[str, ...]) -> bool:
    return (
        "@deprecated" in comment
        or "\\deprecated" in comment
        or any("deprecated" in each for each in attributes)
    )


# Declarators: from the type and the twisted rest to a name, a type and a signature.


@dataclass(frozen=True, slots=True)
class _Declarator:
    """``name`` is the node that holds the name, ``function`` what makes it a function, if any."""

    node: Node
    name: Node
    function: Node | None


def _declarator(node: Node) -> _Declarator | None:
    outer = node
    function: Node | None = None
    while node.type not in _NAMES:
        inner = node.child_by_field_name("declarator")
        if node.type == "function_declarator":
            function = node
        elif node.type not in _TRANSPARENT:
            function = None
        if inner is None:
            inner = next((each for each in node.named_children if _is_declarator(each)), None)
        if inner is None:
            return None
        node = inner
    if node.type == "operator_cast":
        function = node.child_by_field_name("declarator")
    return _Declarator(outer, node, function)


def _is_declarator(node: Node) -> bool:
    return node.type in _NAMES or node.type.endswith("_declarator")


def _specifiers(x: Extraction, node: Node, end: int) -> tuple[str, str, tuple[str, ...], set[str]]:
    """What stands before the declarators: as text, its type alone, attributes, and the words."""
    words: list[str] = []
    of_type: list[str] = []
    attributes: list[str] = []
    for child in node.children:
        if child.start_byte >= end or child.type in {";", "{"}:
            break
        if child.type in _ATTRIBUTES:
            attributes += _attributes(x, child)
            continue
        if child.type in {"comment", "typedef", "ERROR"}:
            continue
        text = _type_text(x, child)
        words.append(text)
        is_qualifier = child.type == "type_qualifier" and text not in _NOT_TYPE
        if is_qualifier or node.child_by_field_name("type") == child:
            of_type.append(text)
    return " ".join(words), " ".join(of_type), tuple(attributes), set(words)


def _type_text(x: Extraction, node: Node) -> str:
    if node.type in _WITH_BODY:
        name = node.child_by_field_name("name")
        keyword = node.type.removesuffix("_specifier")
        return f"{keyword} {x.line_of(name, MAX_ANNOTATION)}" if name is not None else keyword
    return x.line_of(node, MAX_ANNOTATION)


def _attributes(x: Extraction, node: Node) -> Iterator[str]:
    for child in node.named_children:
        if child.type == "argument_list":
            yield from (x.line_of(each, MAX_ANNOTATION) for each in child.named_children)
        else:
            yield x.line_of(child, MAX_ANNOTATION)


def _without(x: Extraction, whole: Node, hole: Node, base: str) -> str:
    """The type that remains of a declarator if the name (or the function) in it is left out."""
    rest = x.source.slice(whole.start_byte, hole.start_byte)
    if hole.end_byte < whole.end_byte:
        rest += x.source.slice(hole.end_byte, min(whole.end_byte, hole.end_byte + 800))
    rest = one_line(rest, MAX_ANNOTATION)
    return f"{base} {rest}".strip()


def _signature(x: Extraction, base: str, declarator: _Declarator) -> Signature:
    function = declarator.function
    if function is None:
        return Signature()
    returns: str | None = _without(x, declarator.node, function, base)
    for child in function.named_children:
        if child.type == "trailing_return_type":
            returned = named_child(child)
            returns = x.line_of(returned, MAX_ANNOTATION) if returned is not None else None
    if declarator.name.type == "operator_cast":
        target = declarator.name.child_by_field_name("type")
        returns = x.line_of(target, MAX_ANNOTATION) if target is not None else None
    parameters = function.child_by_field_name("parameters")
    return Signature(tuple(_parameters(x, parameters)), returns or None)


def _parameters(x: Extraction, node: Node | None) -> Iterator[Parameter]:
    if node is None:
        return
    kind = ParameterKind.POSITIONAL_ONLY
    for child in node.children:
        match child.type:
            case "variadic_parameter" | "...":
                yield Parameter("...", ParameterKind.VARIADIC_POSITIONAL, optional=True)
            case "identifier":
                yield Parameter(x.text(child), kind)
            case (
                "parameter_declaration"
                | "optional_parameter_declaration"
                | "variadic_parameter_declaration"
            ):
                declared = child.child_by_field_name("declarator")
                end = declared.start_byte if declared is not None else child.end_byte
                value = child.child_by_field_name("default_value")
                if value is not None and declared is None:
                    end = value.start_byte
                _, base, _, _ = _specifiers(x, child, end)
                if declared is None and base == "void":
                    continue
                found = _declarator(declared) if declared is not None else None
                name = "_"
                annotation = base
                if found is not None:
                    name = x.line_of(found.name, MAX_EXPRESSION)
                    annotation = _without(x, found.node, found.name, base)
                elif declared is not None:
                    annotation = f"{base} {x.line_of(declared, MAX_ANNOTATION)}".strip()
                is_pack = child.type == "variadic_parameter_declaration"
                yield Parameter(
                    name,
                    ParameterKind.VARIADIC_POSITIONAL if is_pack else kind,
                    annotation or None,
                    x.line_of(value, MAX_EXPRESSION) if value is not None else None,
                    optional=value is not None or is_pack,
                )
            case _:
                pass


def _qualified(node: Node) -> tuple[list[Node], Node]:
    """The scopes of ``a::b<T>::name`` and the node of its last name."""
    scopes: list[Node] = []
    while node.type == "qualified_identifier":
        scope = node.child_by_field_name("scope")
        if scope is not None:
            scopes.append(scope)
        name = node.child_by_field_name("name")
        if name is None:
            break
        node = name
    while node.type in {"template_function", "template_type", "template_method", "dependent_name"}:
        name = node.child_by_field_name("name") or named_child(node)
        if name is None:
            break
        node = name
    return scopes, node


def _plain(x: Extraction, scope: Node) -> str:
    return _TEMPLATE_ARGUMENTS.sub("", x.line_of(scope, MAX_ANNOTATION))


# Definitions.


def _wrapper_of(x: Extraction, node: Node) -> Node | None:
    """The template or typedef around ``node``, so that its comment and text count."""
    wrapper, x.wrapper = x.wrapper, None
    if wrapper is None or not wrapper.start_byte <= node.start_byte < wrapper.end_byte:
        return None
    inner: Node | None = wrapper
    while inner is not None and inner.type == "template_declaration":
        inner = _last(inner)
    if inner == node or (inner is not None and inner.child_by_field_name("type") == node):
        return wrapper
    return None


def _read_wrapper(x: Extraction, node: Node) -> None:
    outer = x.wrapper
    is_inner = outer is not None and outer.start_byte <= node.start_byte < outer.end_byte
    if outer is None or not is_inner or _last(outer) != node:
        x.wrapper = node


def _last(node: Node) -> Node | None:
    return named_child(node, max(0, node.named_child_count - 1))


def _template_head(x: Extraction, wrapper: Node | None) -> str:
    if wrapper is None or wrapper.type != "template_declaration":
        return ""
    parameters = wrapper.child_by_field_name("parameters")
    return f"template {x.line_of(parameters, MAX_ANNOTATION)} " if parameters is not None else ""


def _read_function(x: Extraction, node: Node) -> None:
    wrapper = _wrapper_of(x, node)
    outermost = wrapper or node
    declared = node.child_by_field_name("declarator")
    found = _declarator(declared) if declared is not None else None
    if found is None:
        x.enter(None, x.scope.qualified_name, node)
        return
    if found.function is None:
        _read_disguised_class(x, node, found)
        return
    _define_function(x, node, found, outermost, opens=True)


def _read_disguised_class(x: Extraction, node: Node, found: _Declarator) -> None:
    """``class API_EXPORT Order {`` looks like a function to who does not expand the macro."""
    kind = node.child_by_field_name("type")
    if kind is None or kind.type not in _RECORDS or found.name.type != "identifier":
        x.enter(None, x.scope.qualified_name, node)
        return
    keyword = kind.type.removesuffix("_specifier")
    name = x.text(found.name)
    comment = _take_comment(x, node)
    x.define(
        node,
        name,
        SymbolKind.CLASS,
        f"{keyword} {name}",
        name_node=found.name,
        opens=True,
        docstring=_summary(comment),
        is_public=_is_visible(x),
    )
    x.scope.section = "private" if keyword == "class" else ""


def _define_function(
    x: Extraction, node: Node, found: _Declarator, outermost: Node, *, opens: bool
) -> None:
    written, base, attributes, words = _specifiers(x, node, found.node.start_byte)
    attributes += tuple(
        text
        for child in (found.function.named_children if found.function is not None else ())
        if child.type in _ATTRIBUTES
        for text in _attributes(x, child)
    )
    scopes, name_node = _qualified(found.name)
    name = x.line_of(name_node, MAX_ANNOTATION)
    if name_node.type == "operator_cast":
        target = name_node.child_by_field_name("type")
        name = f"operator {x.line_of(target, MAX_ANNOTATION)}" if target is not None else name
    x.handled.add(name_node.byte_range)
    owner = _owner(x, scopes)
    comment = _take_comment(x, outermost)
    is_method = (owner or x.scope).is_class
    start, end = found.node.byte_range
    head = header(x, start, end).replace("( ", "(").replace(" )", ")")
    if written and not x.source.data[start - 1 : start].strip():
        written += " "
    x.define(
        node,
        name,
        SymbolKind.METHOD if is_method else SymbolKind.FUNCTION,
        _template_head(x, outermost) + one_line(f"{written}{head}{_closing(x, node)}", MAX_STUB),
        name_node=name_node,
        outermost=outermost,
        owner=owner,
        opens=opens,
        signature=_signature(x, base, found),
        docstring=_summary(comment),
        decorators=attributes,
        is_public=_is_visible(x) and ("static" not in words or is_method),
        is_deprecated=_is_deprecated(comment, attributes),
    )


def _closing(x: Extraction, node: Node) -> str:
    """What says that a function has no body of its own: `` = 0``, `` = default``, `` = delete``."""
    value = node.child_by_field_name("default_value")
    if value is not None:
        return f" = {x.line_of(value, MAX_EXPRESSION)}"
    for child in node.named_children:
        if child.type in {"default_method_clause", "delete_method_clause"}:
            return f" {x.line_of(child, MAX_EXPRESSION).rstrip('; ')}"
    return ""


def _owner(x: Extraction, scopes: list[Node]) -> Scope | None:
    """The class (or a namespace known from this file) of a definition that stands outside it."""
    if not scopes or len(scopes) > MAX_DEPTH:
        return None
    path = ".".join(_plain(x, scope) for scope in scopes)
    outer = x.scope.qualified_name
    is_namespace = _plain(x, scopes[-1]) in x.namespaces
    scope = Scope(
        SymbolKind.MODULE if is_namespace else SymbolKind.CLASS,
        f"{outer}.{path}" if outer else path,
        0,
        x.scope,
    )
    scope.in_function = x.scope.in_function
    return scope


def _is_visible(x: Extraction) -> bool:
    return x.scope.section not in {"private", "protected"}


def _read_declaration(x: Extraction, node: Node) -> None:
    kind = node.child_by_field_name("type")
    declarators = node.children_by_field_name("declarator")
    has_body = kind is not None and kind.child_by_field_name("body") is not None
    wrapper = None if has_body else _wrapper_of(x, node)
    if has_body and declarators:
        x.wrapper = node
    if x.scope.in_function or node.byte_range in x.handled or not declarators:
        return
    outermost = wrapper or node
    for index, each in enumerate(declarators):
        found = _declarator(each)
        if found is None:
            continue
        if found.function is not None:
            _define_function(x, node, found, outermost, opens=False)
        else:
            value = each.child_by_field_name("value")
            if value is None and len(declarators) == 1:
                value = node.child_by_field_name("default_value")
            is_first = index == 0 and not has_body
            _define_variable(x, node, found, outermost, value, is_first=is_first)


def _define_variable(
    x: Extraction,
    node: Node,
    found: _Declarator,
    outermost: Node,
    value: Node | None,
    *,
    is_first: bool,
) -> None:
    first = node.child_by_field_name("declarator") or node
    written, base, attributes, words = _specifiers(x, node, first.start_byte)
    scopes, name_node = _qualified(found.name)
    x.handled.add(name_node.byte_range)
    owner = _owner(x, scopes)
    name = x.text(name_node)
    whole = found.node
    if whole.type == "init_declarator":
        whole = whole.child_by_field_name("declarator") or whole
    is_pointer = whole.type == "pointer_declarator"
    is_const = bool(words & {"const", "constexpr"}) and not is_pointer
    kind = SymbolKind.VARIABLE
    if (owner or x.scope).is_class:
        kind = SymbolKind.FIELD
    elif is_const:
        kind = SymbolKind.CONSTANT
    comment = _take_comment(x, outermost) if is_first else ""
    stub = f"{written} {x.line_of(whole, MAX_ANNOTATION)}"
    if value is not None and not (value.type == "initializer_list" and kind is SymbolKind.FIELD):
        stub += f" = {x.line_of(value, MAX_EXPRESSION)}"
    x.define(
        node,
        name,
        kind,
        _template_head(x, outermost) + stub,
        name_node=name_node,
        outermost=outermost,
        owner=owner,
        annotation=_without(x, whole, found.name, base) or None,
        docstring=_summary(comment),
        decorators=attributes,
        is_public=_is_visible(x) and ("static" not in words or kind is SymbolKind.FIELD),
        is_deprecated=_is_deprecated(comment, attributes),
    )


def _read_typedef(x: Extraction, node: Node) -> None:
    kind = node.child_by_field_name("type")
    declarators = node.children_by_field_name("declarator")
    body = kind.child_by_field_name("body") if kind is not None else None
    tag = kind.child_by_field_name("name") if kind is not None and body is not None else None
    _, base, _, _ = _specifiers(x, node, declarators[0].start_byte if declarators else 0)
    names = [each for each in map(_declarator, declarators) if each is not None]
    for each in names:
        x.handled.add(each.name.byte_range)
    if body is not None:
        x.wrapper = node
        if tag is None:
            names = names[1:]
        names = [each for each in names if tag is None or x.text(each.name) != x.text(tag)]
    if x.scope.in_function:
        return
    comment = _take_comment(x, node) if body is None else ""
    for each in names:
        x.define(
            node,
            x.text(each.name),
            SymbolKind.TYPE_ALIAS,
            f"typedef {base} {x.line_of(each.node, MAX_ANNOTATION)}",
            name_node=each.name,
            annotation=_without(x, each.node, each.name, base) or None,
            docstring=_summary(comment),
            is_public=_is_visible(x),
            is_deprecated=_is_deprecated(comment, ()),
        )


def _borrowed_name(wrapper: Node | None) -> Node | None:
    """The first name that is declared with an anonymous record, if any."""
    first = wrapper.child_by_field_name("declarator") if wrapper is not None else None
    found = _declarator(first) if first is not None else None
    return found.name if found is not None else None


def _read_record(x: Extraction, node: Node) -> None:
    if node.child_by_field_name("body") is None:
        return
    wrapper = _wrapper_of(x, node)
    outermost = wrapper or node
    keyword = node.type.removesuffix("_specifier")
    name_node = node.child_by_field_name("name")
    is_named = name_node is not None
    if name_node is None:
        name_node = _borrowed_name(wrapper)
        if name_node is not None and (wrapper is None or wrapper.type != "type_definition"):
            _enter_anonymous(x, node, x.text(name_node))
            return
    if name_node is None:
        # C promotes the members of an anonymous member to the record around it.
        if x.scope.in_function:
            x.enter(None, x.scope.qualified_name, node)
        return
    bases, written = _bases(x, node)
    attributes = tuple(
        text
        for child in node.children
        if child.type in _ATTRIBUTES
        for text in _attributes(x, child)
    )
    if is_named:
        x.handled.add(name_node.byte_range)
    scopes, last = _qualified(name_node)
    x.handled.add(last.byte_range)
    name = x.line_of(last, MAX_ANNOTATION)
    full = x.line_of(name_node, MAX_ANNOTATION)
    comment = _take_comment(x, outermost)
    x.define(
        node,
        name,
        SymbolKind.CLASS,
        f"{_template_head(x, wrapper)}{keyword} {full}{written}",
        name_node=last,
        outermost=outermost,
        owner=_owner(x, scopes),
        opens=True,
        docstring=_summary(comment),
        decorators=attributes,
        bases=bases,
        is_public=_is_visible(x),
        is_deprecated=_is_deprecated(comment, attributes),
    )
    x.scope.section = "private" if keyword == "class" else ""


def _enter_anonymous(x: Extraction, node: Node, name: str) -> None:
    scope = x.scope
    if scope.in_function or scope.depth >= MAX_DEPTH:
        x.enter(None, scope.qualified_name, node)
        return
    outer = scope.qualified_name
    x.enter(SymbolKind.CLASS, f"{outer}.{name}" if outer else name, node)


def _bases(x: Extraction, node: Node) -> tuple[tuple[str, ...], str]:
    for clause in node.named_children:
        if clause.type != "base_class_clause":
            continue
        found: list[str] = []
        for child in clause.named_children:
            if child.type not in {"type_identifier", "qualified_identifier", "template_type"}:
                continue
            found.append(x.line_of(child, MAX_ANNOTATION))
            scopes, name = _qualified(child)
            x.handled.update((child.byte_range, name.byte_range))
            x.refer(ReferenceKind.BASE, name, receiver=scopes[-1] if scopes else None)
        return tuple(found), f" {x.line_of(clause, MAX_ANNOTATION)}"
    return (), ""


def _read_enum(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    body = node.child_by_field_name("body")
    if body is None:
        return
    wrapper = _wrapper_of(x, node)
    if name_node is None and wrapper is not None and wrapper.type == "type_definition":
        name_node = _borrowed_name(wrapper)
    if name_node is None:
        return
    x.handled.add(name_node.byte_range)
    comment = _take_comment(x, wrapper or node)
    base = node.child_by_field_name("base")
    is_scoped = any(child.type in {"class", "struct"} for child in node.children)
    name = x.line_of(name_node, MAX_ANNOTATION)
    x.define(
        node,
        name,
        SymbolKind.ENUM,
        ("enum class " if is_scoped else "enum ")
        + name
        + (f" : {x.line_of(base, MAX_ANNOTATION)}" if base is not None else ""),
        name_node=name_node,
        outermost=wrapper,
        opens=True,
        docstring=_summary(comment),
        is_public=_is_visible(x),
        is_deprecated=_is_deprecated(comment, ()),
    )


def _read_enumerator(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("name")
    if name is None or x.scope.in_function:
        return
    comment = _take_comment(x, node)
    x.define(
        node,
        x.text(name),
        SymbolKind.ENUM_MEMBER if x.scope.kind is SymbolKind.ENUM else SymbolKind.CONSTANT,
        x.line_of(node, MAX_ANNOTATION),
        name_node=name,
        docstring=_summary(comment),
        is_public=_is_visible(x),
        is_deprecated=_is_deprecated(comment, ()),
    )


def _read_macro(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("name")
    value = node.child_by_field_name("value")
    parameters = node.child_by_field_name("parameters")
    if name is None or x.scope.in_function or (value is None and parameters is None):
        return
    comment = _take_comment(x, node)
    text = x.text(name)
    stub = f"#define {text}"
    signature: Signature | None = None
    if parameters is not None:
        signature = Signature(tuple(_parameters(x, parameters)))
        stub += x.line_of(parameters, MAX_ANNOTATION)
    elif value is not None:
        stub += f" {x.line_of(value, MAX_EXPRESSION)}"
    x.define(
        node,
        text,
        SymbolKind.CONSTANT if parameters is None else SymbolKind.FUNCTION,
        stub,
        name_node=name,
        signature=signature,
        docstring=_summary(comment),
        is_deprecated=_is_deprecated(comment, ()),
    )


def _read_namespace(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("name")
    if name is None:
        x.enter(SymbolKind.MODULE, x.scope.qualified_name, node, is_public=False)
        return
    text = ".".join(part.strip() for part in x.line_of(name, MAX_ANNOTATION).split("::"))
    comment = _take_comment(x, node)
    x.define(
        node,
        text,
        SymbolKind.MODULE,
        f"namespace {x.line_of(name, MAX_ANNOTATION)}",
        name_node=name,
        opens=True,
        docstring=_summary(comment),
    )


def _read_access(x: Extraction, node: Node) -> None:
    x.scope.section = x.text(node)


def _read_friend(x: Extraction, node: Node) -> None:
    x.handled.update(child.byte_range for child in node.named_children)


def _read_alias(x: Extraction, node: Node) -> None:
    """``using Name = Type;`` and ``concept Name = …;``."""
    wrapper = _wrapper_of(x, node)
    name = node.child_by_field_name("name")
    if name is None:
        return
    x.handled.add(name.byte_range)
    if x.scope.in_function:
        return
    kind = node.child_by_field_name("type")
    comment = _take_comment(x, wrapper or node)
    x.define(
        node,
        x.text(name),
        SymbolKind.TYPE_ALIAS,
        _template_head(x, wrapper) + x.line_of(node, MAX_ANNOTATION).rstrip("; "),
        name_node=name,
        outermost=wrapper,
        annotation=x.line_of(kind, MAX_ANNOTATION) if kind is not None else None,
        docstring=_summary(comment),
        is_public=_is_visible(x),
        is_deprecated=_is_deprecated(comment, ()),
    )


def _read_anonymous(x: Extraction, node: Node) -> None:
    x.enter(None, x.scope.qualified_name, node)


# Uses.


def _read_include(x: Extraction, node: Node) -> None:
    path = node.child_by_field_name("path")
    if path is not None:
        text = x.text(path)
        # In quotes it is first looked for next to the file.
        level = 1 if text.startswith('"') else 0
        x.bring(node, text.strip('<>" '), "*", level=level)


def _read_using(x: Extraction, node: Node) -> None:
    target = named_child(node)
    if target is None:
        return
    text = x.line_of(target, MAX_ANNOTATION).replace(" ", "")
    for child in (target, _qualified(target)[1]):
        x.handled.add(child.byte_range)
    if any(child.type == "namespace" for child in node.children):
        x.bring(node, text, "*")
        return
    module, _, name = text.rpartition("::")
    x.bring(node, module, name)


def _read_namespace_alias(x: Extraction, node: Node) -> None:
    alias = node.child_by_field_name("name")
    target = named_child(node, 1)
    if alias is not None and target is not None:
        x.bring(node, x.line_of(target, MAX_ANNOTATION), "*", x.text(alias))


def _read_call(x: Extraction, node: Node) -> None:
    function = node.child_by_field_name("function")
    arguments = node.child_by_field_name("arguments")
    if function is None or arguments is None:
        return
    _refer_to_call(x, function, arguments)


def _read_new(x: Extraction, node: Node) -> None:
    kind = node.child_by_field_name("type")
    if kind is not None:
        _refer_to_call(x, kind, node.child_by_field_name("arguments"))


def _refer_to_call(x: Extraction, function: Node, arguments: Node | None) -> None:
    receiver: Node | None = None
    target = function
    if function.type == "field_expression":
        receiver = function.child_by_field_name("argument")
        field = function.child_by_field_name("field")
        if field is None:
            return
        target = field
    scopes, name = _qualified(target)
    if scopes:
        receiver = scopes[-1]
    if name.type not in {"identifier", "field_identifier", "type_identifier"}:
        return
    if function.type == "template_function" and x.text(name) in _CASTS:
        return
    x.handled.update((function.byte_range, name.byte_range))
    x.handled.add(target.byte_range)
    n_arguments = 0
    has_unpacking = False
    for argument in arguments.named_children if arguments is not None else ():
        if argument.type == "parameter_pack_expansion":
            has_unpacking = True
        elif argument.type != "comment":
            n_arguments += 1
    x.refer(
        ReferenceKind.CALL,
        name,
        receiver=receiver,
        n_arguments=n_arguments,
        has_unpacking=has_unpacking,
    )


def _read_field_use(x: Extraction, node: Node) -> None:
    if node.byte_range in x.handled:
        return
    field = node.child_by_field_name("field")
    if field is not None:
        x.refer(
            ReferenceKind.ATTRIBUTE,
            _qualified(field)[1],
            receiver=node.child_by_field_name("argument"),
        )


def _read_qualified(x: Extraction, node: Node) -> None:
    if node.start_byte < x.covered_to:
        return
    scopes, name = _qualified(node)
    x.covered_to = name.start_byte
    if name.byte_range in x.handled or not scopes:
        return
    if name.type == "type_identifier":
        x.handled.add(name.byte_range)
        x.refer(ReferenceKind.ANNOTATION, name, receiver=scopes[-1])
    elif name.type == "identifier":
        x.refer(ReferenceKind.ATTRIBUTE, name, receiver=scopes[-1])


def _read_type_name(x: Extraction, node: Node) -> None:
    if node.byte_range not in x.handled:
        x.refer(ReferenceKind.ANNOTATION, node)


def _prepare(x: Extraction, root: Node, captures: Captures) -> None:
    for node in captures.get("namespace", ()):
        name = node.child_by_field_name("name")
        if name is not None:
            x.namespaces.add(x.line_of(name, MAX_ANNOTATION).rpartition("::")[2].strip())
    x.docstring = _file_comment(x, root)


def _file_comment(x: Extraction, root: Node) -> str:
    first = named_child(root)
    if first is None or first.type != "comment":
        return ""
    text = x.text(first)
    last = first
    following = first.next_named_sibling
    while (
        text.startswith("//")
        and following is not None
        and following.type == "comment"
        and following.start_point[0] == last.start_point[0] + 1
        and len(text) < MAX_STUB
    ):
        text += f"\n{x.text(following)}"
        last, following = following, following.next_named_sibling
    is_apart = (
        following is None
        or following.type == "preproc_include"
        or following.start_point[0] - last.end_point[0] > 1
    )
    is_doc = text.startswith(_DOC_STARTS)
    is_said = "@file" in text or "\\file" in text
    return (
        _summary(_prose(text))
        if (is_said or (is_doc and is_apart)) and not _LICENSE.search(text)
        else ""
    )


_HANDLERS = {
    "comment": _read_comment,
    "include": _read_include,
    "macro": _read_macro,
    "function": _read_function,
    "declaration": _read_declaration,
    "typedef": _read_typedef,
    "record": _read_record,
    "enum": _read_enum,
    "enumerator": _read_enumerator,
    "call": _read_call,
    "field_use": _read_field_use,
}

C = Grammar(
    load=_load_c,
    queries=("c",),
    handlers={**_HANDLERS, "type_name": _read_type_name},
    prepare=_prepare,
)

CPP = Grammar(
    load=_load_cpp,
    queries=("c", "cpp"),
    handlers={
        "template": _read_wrapper,
        "namespace": _read_namespace,
        "access": _read_access,
        "friend": _read_friend,
        "alias": _read_alias,
        "concept": _read_alias,
        "anonymous": _read_anonymous,
        "using": _read_using,
        "namespace_alias": _read_namespace_alias,
        **_HANDLERS,
        "new": _read_new,
        "qualified": _read_qualified,
        "type_name": _read_type_name,
    },
    prepare=_prepare,
)

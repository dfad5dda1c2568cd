"""Ruby: what its definitions, uses and requires mean.

Types are what YARD's tags say, because the language has no place for them.
What only running the code would show (``method_missing``, ``define_method`` in a loop, the macros
of a framework) is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

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
)

_MARGIN = re.compile(r"^[ \t]*#+ ?", re.MULTILINE)
_BLOCK_COMMENT = re.compile(r"^=(?:begin|end)[^\n]*", re.MULTILINE)
_MAGIC = re.compile(
    r"#[ \t]*(?:!|-\*-|frozen_string_literal:|encoding:|coding:|warn_indent:|typed:|rubocop:|"
    r"shareable_constant_value:)"
)
_TAG = re.compile(r"^[ \t]*@\w", re.MULTILINE)
_PARAM = re.compile(
    r"^[ \t]*@param[ \t]+(?:\[([^\]\n]+)\][ \t]+(\w+)|(\w+)[ \t]+\[([^\]\n]+)\])", re.MULTILINE
)
_RETURN = re.compile(r"^[ \t]*@return[ \t]+\[([^\]\n]+)\]", re.MULTILINE)
_LICENSE = re.compile(r"\b(copyright|licen[sc]ed?|SPDX)\b", re.IGNORECASE)
_SECTIONS = frozenset({"private", "protected", "public", "module_function"})
_VISIBILITIES = _SECTIONS | {"private_class_method", "public_class_method", "private_constant"}
_HIDDEN = frozenset({"private", "protected", "private_class_method", "private_constant"})
_ACCESSORS = frozenset({"attr_reader", "attr_writer", "attr_accessor"})
_MIXINS = frozenset({"include", "extend", "prepend"})
_REQUIRES = frozenset({"require", "require_relative", "load"})
_CLASS_MAKERS = frozenset({"Struct.new", "Data.define", "Class.new", "Module.new"})
_SYMBOLS = frozenset({"simple_symbol", "string"})
_LITERAL_TYPES = {
    "string": "String",
    "integer": "Integer",
    "float": "Float",
    "array": "Array",
    "string_array": "Array",
    "symbol_array": "Array",
    "hash": "Hash",
    "simple_symbol": "Symbol",
    "regex": "Regexp",
}


def _load() -> object:
    import tree_sitter_ruby

    return tree_sitter_ruby.language()


# Comments stand before what they belong to, with a visibility or a `sig` between at most.


def _read_comment(x: Extraction, node: Node) -> None:
    data = x.source.data
    start = node.start_byte
    line_start = data.rfind(b"\n", max(0, start - MAX_STUB), start) + 1
    if x.scope.in_function or data[max(line_start, start - MAX_STUB) : start].strip():
        return
    text = x.text(node)
    if _MAGIC.match(text):
        return
    before, end = x.documented
    if before and _is_adjacent(x, end, start):
        text = f"{before}\n{text}" if len(before) < 4 * MAX_STUB else before
    x.documented = (text, node.end_byte)


def _is_adjacent(x: Extraction, end: int, start: int) -> bool:
    return x.is_blank(end, start) and x.source.data.count(b"\n", end, start) <= 1


def _take_comment(x: Extraction, node: Node) -> str:
    comment, end = x.documented
    if not comment or not _is_adjacent(x, end, node.start_byte):
        return ""
    x.documented = ("", -1)
    return _prose(comment)


def _prose(comment: str) -> str:
    text = _BLOCK_COMMENT.sub("", comment.replace("\r", ""))
    return _MARGIN.sub("", text).strip()


def _summary(comment: str) -> str:
    return first_paragraph(_TAG.split(comment, maxsplit=1)[0])


def _file_comment(x: Extraction, root: Node) -> str:
    text = ""
    last: Node | None = None
    for child in root.named_children:
        if child.type != "comment" or len(text) > 4 * MAX_STUB:
            is_apart = last is None or child.start_point[0] - last.end_point[0] > 1
            return _summary(_prose(text)) if is_apart and not _LICENSE.search(text) else ""
        line = x.text(child)
        if _MAGIC.match(line):
            continue
        if last is not None and child.start_point[0] - last.end_point[0] > 1:
            break
        text += f"{line}\n"
        last = child
    return "" if _LICENSE.search(text) else _summary(_prose(text))


# Definitions.


def _wrapper_of(x: Extraction, node: Node) -> Node | None:
    """The call around ``node`` that says how visible it is: ``private def …``."""
    wrapper = x.wrapper
    is_around = wrapper is not None and wrapper.start_byte <= node.start_byte < wrapper.end_byte
    return wrapper if is_around else None


def _is_visible(x: Extraction, wrapper: Node | None) -> bool:
    method = wrapper.child_by_field_name("method") if wrapper is not None else None
    return (x.text(method) if method is not None else x.scope.section) not in _HIDDEN


def _is_in_class(x: Extraction) -> bool:
    scope = x.scope
    return scope.is_class or (scope.kind is SymbolKind.MODULE and bool(scope.qualified_name))


def _owner(x: Extraction, name: Node) -> tuple[Scope | None, Node]:
    """Where ``class A::B`` stands, and the node of its last name."""
    if name.type != "scope_resolution":
        return None, name
    last = name.child_by_field_name("name") or name
    scope = name.child_by_field_name("scope")
    if scope is None:
        return None, last
    path = ".".join(part for part in x.line_of(scope, MAX_ANNOTATION).split("::") if part)
    outer = x.scope.qualified_name
    return Scope(SymbolKind.MODULE, f"{outer}.{path}" if outer else path, 0, x.scope), last


def _read_class(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    if name_node is None:
        return
    owner, last = _owner(x, name_node)
    x.handled.update((name_node.byte_range, last.byte_range))
    bases: list[str] = []
    stub = f"{node.type} {x.line_of(name_node, MAX_ANNOTATION)}"
    superclass = node.child_by_field_name("superclass")
    if superclass is not None:
        base = named_child(superclass)
        if base is not None:
            bases.append(x.line_of(base, MAX_ANNOTATION))
            stub += f" < {bases[0]}"
            _refer_to_constant(x, base, ReferenceKind.BASE)
    body = node.child_by_field_name("body")
    if body is not None:
        bases += _mixins(x, body)
    comment = _take_comment(x, node)
    x.define(
        node,
        x.text(last),
        SymbolKind.MODULE if node.type == "module" else SymbolKind.CLASS,
        stub,
        name_node=last,
        owner=owner,
        opens=True,
        docstring=_summary(comment),
        bases=tuple(bases),
        is_deprecated="@deprecated" in comment,
    )


def _mixins(x: Extraction, body: Node) -> Iterator[str]:
    for child in body.named_children:
        if child.type != "call" or child.child_by_field_name("receiver") is not None:
            continue
        method = child.child_by_field_name("method")
        arguments = child.child_by_field_name("arguments")
        if method is None or arguments is None or x.text(method) not in {"include", "prepend"}:
            continue
        yield from (
            x.line_of(each, MAX_ANNOTATION)
            for each in arguments.named_children
            if each.type in {"constant", "scope_resolution"}
        )


def _read_singleton_class(x: Extraction, node: Node) -> None:
    x.enter(SymbolKind.CLASS, x.scope.qualified_name, node)
    x.scope.receiver = "self"


def _read_block(x: Extraction, node: Node) -> None:
    # A visibility that is set in a block ends with it.
    scope = x.scope
    if not scope.in_function and scope.depth < MAX_DEPTH:
        x.enter(scope.kind, scope.qualified_name, node)


def _read_section(x: Extraction, node: Node) -> None:
    if x.scope.in_function:
        return
    text = x.text(node)
    if text in _SECTIONS:
        x.scope.section = text


def _read_method(x: Extraction, node: Node) -> None:
    name_node = node.child_by_field_name("name")
    if name_node is None:
        return
    name = x.line_of(name_node, MAX_ANNOTATION)
    wrapper = _wrapper_of(x, node)
    outermost = wrapper or node
    nodes, end = x.decorated
    x.decorated = ([], -1)
    is_signed = bool(nodes) and x.is_blank(end, outermost.start_byte)
    comment = _take_comment(x, outermost)
    parameters = node.child_by_field_name("parameters")
    written = _listed(x, parameters)
    receiver = node.child_by_field_name("object")
    prefix = f"{x.line_of(receiver, MAX_EXPRESSION)}." if receiver is not None else ""
    if receiver is None and x.scope.is_class and x.scope.receiver:
        prefix = "self."
    is_visible = _is_visible(x, wrapper) if receiver is None or wrapper is not None else True
    _remember(x, name)
    x.define(
        node,
        name,
        SymbolKind.METHOD if _is_in_class(x) else SymbolKind.FUNCTION,
        f"def {prefix}{name}" + (f"({written})" if written else ""),
        name_node=name_node,
        outermost=outermost,
        opens=True,
        signature=_signature(x, parameters, comment),
        docstring=_summary(comment),
        decorators=tuple(x.line_of(each, MAX_ANNOTATION) for each in nodes) if is_signed else (),
        is_public=is_visible,
        is_deprecated="@deprecated" in comment,
    )


def _listed(x: Extraction, node: Node | None) -> str:
    return ", ".join(
        x.line_of(each, MAX_EXPRESSION)
        for each in (node.named_children if node is not None else ())
        if each.type != "comment"
    )


def _remember(x: Extraction, name: str) -> None:
    """Note where the symbol that comes next will stand, for a later ``private :name``."""
    x.scope.fields[name] = len(x.symbols)


def _signature(x: Extraction, parameters: Node | None, comment: str) -> Signature:
    types = {
        each[2] or each[3]: " ".join((each[1] or each[4]).split())
        for each in _PARAM.finditer(comment)
    }
    returns = _RETURN.search(comment)
    return Signature(
        tuple(_parameters(x, parameters, types)),
        " ".join(returns[1].split()) if returns is not None else None,
    )


def _parameters(x: Extraction, node: Node | None, types: dict[str, str]) -> Iterator[Parameter]:
    if node is None:
        return
    for child in node.named_children:
        name_node = child.child_by_field_name("name")
        name = x.text(name_node) if name_node is not None else ""
        value = child.child_by_field_name("value")
        default = x.line_of(value, MAX_EXPRESSION) if value is not None else None
        annotation = types.get(name)
        match child.type:
            case "identifier":
                text = x.text(child)
                yield Parameter(text, ParameterKind.POSITIONAL_ONLY, types.get(text))
            case "optional_parameter":
                yield Parameter(
                    name, ParameterKind.POSITIONAL_ONLY, annotation, default, optional=True
                )
            case "keyword_parameter":
                yield Parameter(
                    name,
                    ParameterKind.KEYWORD_ONLY,
                    annotation,
                    default,
                    optional=default is not None,
                )
            case "splat_parameter":
                yield Parameter(
                    name or "args", ParameterKind.VARIADIC_POSITIONAL, annotation, optional=True
                )
            case "hash_splat_parameter":
                yield Parameter(
                    name or "options", ParameterKind.VARIADIC_KEYWORD, annotation, optional=True
                )
            case "forward_parameter":
                yield Parameter("args", ParameterKind.VARIADIC_POSITIONAL, optional=True)
            case "block_parameter":
                yield Parameter(
                    f"&{name}", ParameterKind.POSITIONAL_ONLY, annotation, optional=True
                )
            case "destructured_parameter":
                yield Parameter(x.line_of(child, MAX_EXPRESSION), ParameterKind.POSITIONAL_ONLY)
            case _:
                pass


def _read_alias(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("name")
    if name is not None:
        _define_alias(x, node, x.line_of(name, MAX_ANNOTATION).lstrip(":"))


def _define_alias(x: Extraction, node: Node, name: str) -> None:
    if x.scope.in_function:
        return
    comment = _take_comment(x, node)
    _remember(x, name)
    x.define(
        node,
        name,
        SymbolKind.METHOD if _is_in_class(x) else SymbolKind.FUNCTION,
        x.line_of(node, MAX_ANNOTATION),
        docstring=_summary(comment),
        is_public=_is_visible(x, _wrapper_of(x, node)),
        is_deprecated="@deprecated" in comment,
    )


def _read_assignment(x: Extraction, node: Node) -> None:
    left = node.child_by_field_name("left")
    value = node.child_by_field_name("right")
    if left is None:
        return
    scope = x.scope
    if left.type == "instance_variable":
        if scope.in_function and scope.owner is not None and not scope.receiver:
            _define_variable(x, node, left, value, SymbolKind.FIELD, scope.owner)
        return
    if scope.in_function:
        return
    match left.type:
        case "constant":
            x.handled.add(left.byte_range)
            if not _define_made_class(x, node, left, value):
                _define_variable(x, node, left, value, SymbolKind.CONSTANT, None)
        case "class_variable":
            _define_variable(x, node, left, value, SymbolKind.FIELD, None)
        case "global_variable":
            _define_variable(x, node, left, value, SymbolKind.VARIABLE, None)
        case _:
            pass


def _define_variable(
    x: Extraction,
    node: Node,
    target: Node,
    value: Node | None,
    kind: SymbolKind,
    owner: Scope | None,
) -> None:
    name = x.text(target)
    is_field = owner is not None
    stub = name
    if value is not None and not is_field:
        stub += f" = {x.line_of(value, MAX_EXPRESSION)}"
    comment = "" if is_field else _take_comment(x, node)
    x.define(
        node,
        name,
        kind,
        stub,
        name_node=target,
        owner=owner,
        annotation=_inferred_type(x, value),
        docstring=_summary(comment),
        is_public=not name.startswith("@"),
        is_deprecated="@deprecated" in comment,
    )


def _define_made_class(x: Extraction, node: Node, target: Node, value: Node | None) -> bool:
    """``Point = Struct.new(:x, :y) do … end``."""
    if value is None or value.type != "call":
        return False
    receiver = value.child_by_field_name("receiver")
    method = value.child_by_field_name("method")
    if receiver is None or method is None:
        return False
    maker = f"{x.line_of(receiver, MAX_EXPRESSION).removeprefix('::')}.{x.text(method)}"
    if maker not in _CLASS_MAKERS:
        return False
    arguments = value.child_by_field_name("arguments")
    given = arguments.named_children if arguments is not None else []
    bases = [each for each in given if each.type in {"constant", "scope_resolution"}]
    written = f"({_listed(x, arguments)})" if given else ""
    comment = _take_comment(x, node)
    name = x.text(target)
    _remember(x, name)
    x.define(
        node,
        name,
        SymbolKind.CLASS,
        f"{name} = {maker}{written}",
        name_node=target,
        opens=True,
        docstring=_summary(comment),
        bases=tuple(x.line_of(each, MAX_ANNOTATION) for each in bases),
        is_deprecated="@deprecated" in comment,
    )
    for each in bases:
        _refer_to_constant(x, each, ReferenceKind.BASE)
    for each in given:
        if each.type == "simple_symbol":
            _define_property(x, each, each, f"attr_accessor {x.text(each)}", "")
    return True


def _define_property(x: Extraction, node: Node, symbol: Node, stub: str, comment: str) -> None:
    name = _symbol_name(x, symbol)
    returns = _RETURN.search(comment)
    _remember(x, name)
    x.define(
        node,
        name,
        SymbolKind.PROPERTY,
        stub,
        name_node=symbol,
        annotation=" ".join(returns[1].split()) if returns is not None else None,
        docstring=_summary(comment),
        is_public=_is_visible(x, _wrapper_of(x, node)),
        is_deprecated="@deprecated" in comment,
    )


def _symbol_name(x: Extraction, node: Node) -> str:
    return x.line_of(node, MAX_ANNOTATION).strip(":\"'")


def _inferred_type(x: Extraction, value: Node | None) -> str | None:
    if value is None:
        return None
    if value.type == "call":
        method = value.child_by_field_name("method")
        receiver = value.child_by_field_name("receiver")
        if method is None or receiver is None:
            return None
        if x.text(method) == "new" and receiver.type in {"constant", "scope_resolution"}:
            return x.line_of(receiver, MAX_ANNOTATION)
        return _LITERAL_TYPES.get(receiver.type) if x.text(method) == "freeze" else None
    return _LITERAL_TYPES.get(value.type)


# Calls, some of which define, import or hide.


def _read_call(x: Extraction, node: Node) -> None:
    method = node.child_by_field_name("method")
    if method is None or node.start_byte < x.covered_to:
        return
    receiver = node.child_by_field_name("receiver")
    arguments = node.child_by_field_name("arguments")
    if receiver is None and arguments is not None and _read_macro(x, node, method, arguments):
        return
    if receiver is None and x.text(method) == "sig" and not x.scope.in_function:
        x.decorated = ([node], node.end_byte)
        x.covered_to = node.end_byte
        comment, end = x.documented
        if comment and _is_adjacent(x, end, node.start_byte):
            x.documented = (comment, node.end_byte)
        return
    x.handled.add(method.byte_range)
    is_bare = arguments is None and node.child_by_field_name("block") is None
    if is_bare and receiver is not None and x.text(method) != "new":
        x.refer(ReferenceKind.ATTRIBUTE, method, receiver=receiver)
        return
    n_arguments = 0
    keywords: list[str] = []
    has_unpacking = False
    has_hash = False
    for argument in arguments.named_children if arguments is not None else ():
        match argument.type:
            case "pair":
                key = argument.child_by_field_name("key")
                if key is not None and key.type == "hash_key_symbol":
                    keywords.append(x.text(key))
                else:
                    has_hash = True
            case "splat_argument" | "hash_splat_argument" | "forward_argument":
                has_unpacking = True
            case "comment" | "block_argument":
                pass
            case _:
                n_arguments += 1
    x.refer(
        ReferenceKind.CALL,
        method,
        receiver=receiver,
        n_arguments=n_arguments + has_hash,
        keywords=tuple(keywords),
        has_unpacking=has_unpacking,
    )


def _read_macro(x: Extraction, node: Node, method: Node, arguments: Node) -> bool:
    """Read a call that says something of the file or class; False if it is an ordinary one."""
    name = x.text(method)
    given = arguments.named_children
    first = given[0] if given else None
    if name in _REQUIRES:
        path = _plain_string(x, first)
        if path is not None:
            x.bring(node, path, "*", level=1 if name == "require_relative" else 0)
        return path is not None
    if x.scope.in_function or first is None:
        return False
    if name in _ACCESSORS:
        comment = _take_comment(x, _wrapper_of(x, node) or node)
        for each in given:
            if each.type in _SYMBOLS:
                _define_property(x, each, each, f"{name} :{_symbol_name(x, each)}", comment)
    elif name in _VISIBILITIES:
        _change_visibility(x, node, name, given)
    elif name in _MIXINS:
        for each in given:
            if each.type in {"constant", "scope_resolution"}:
                x.bring(node, x.line_of(each, MAX_ANNOTATION), "*")
                _refer_to_constant(x, each, ReferenceKind.BASE)
    elif name == "alias_method" and first.type in _SYMBOLS:
        _define_alias(x, node, _symbol_name(x, first))
    elif name == "autoload" and len(given) > 1:
        path = _plain_string(x, given[1])
        if path is not None:
            x.bring(node, path, _symbol_name(x, first))
    elif name == "define_method" and first.type in _SYMBOLS:
        comment = _take_comment(x, node)
        x.define(
            node,
            _symbol_name(x, first),
            SymbolKind.METHOD if _is_in_class(x) else SymbolKind.FUNCTION,
            f"define_method :{_symbol_name(x, first)}",
            opens=True,
            docstring=_summary(comment),
            is_public=_is_visible(x, _wrapper_of(x, node)),
        )
    else:
        return False
    return True


def _change_visibility(x: Extraction, node: Node, name: str, given: list[Node]) -> None:
    """``private def …`` speaks of what follows, ``private :name`` of what came before."""
    named = [each for each in given if each.type in _SYMBOLS]
    if not named:
        x.wrapper = node
        return
    for each in named:
        index = x.scope.fields.get(_symbol_name(x, each))
        if index is None or index >= len(x.symbols):
            continue
        symbol = x.symbols[index]
        if symbol.name == _symbol_name(x, each):
            is_public = name not in _HIDDEN and x.scope.is_public
            x.symbols[index] = replace(symbol, is_public=is_public)


def _plain_string(x: Extraction, node: Node | None) -> str | None:
    if node is None or node.type != "string" or node.named_child_count != 1:
        return None
    content = named_child(node)
    return x.text(content) if content is not None and content.type == "string_content" else None


def _refer_to_constant(x: Extraction, node: Node, kind: ReferenceKind) -> None:
    name: Node | None = node
    receiver: Node | None = None
    if node.type == "scope_resolution":
        name = node.child_by_field_name("name")
        receiver = node.child_by_field_name("scope")
    if name is None or name.type != "constant" or name.byte_range in x.handled:
        return
    x.handled.add(name.byte_range)
    x.refer(kind, name, receiver=receiver)


def _read_constant(x: Extraction, node: Node) -> None:
    _refer_to_constant(x, node, ReferenceKind.ANNOTATION)


def _prepare(x: Extraction, root: Node, _captures: Captures) -> None:
    x.docstring = _file_comment(x, root)


RUBY = Grammar(
    load=_load,
    queries=("ruby",),
    handlers={
        "comment": _read_comment,
        "class": _read_class,
        "singleton_class": _read_singleton_class,
        "assignment": _read_assignment,
        "call": _read_call,
        "method": _read_method,
        "alias": _read_alias,
        "block": _read_block,
        "section": _read_section,
        "scoped": _read_constant,
        "constant": _read_constant,
    },
    prepare=_prepare,
)

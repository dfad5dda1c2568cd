"""JavaScript, TypeScript and TSX: what their definitions, uses and imports mean.

One module for three grammars, whose nodes mostly have the same names.
What a file exports is read before its definitions, because ``export { name }`` may come last.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tree_sitter import Node

from indexer.model import (
    Parameter,
    ParameterKind,
    ReferenceKind,
    Signature,
    SymbolKind,
)
from indexer.syntax.extraction import (
    MAX_ANNOTATION,
    MAX_EXPRESSION,
    Assigned,
    Captures,
    Extraction,
    Grammar,
    Handler,
    first_paragraph,
    is_private_name,
    named_child,
    one_line,
    parameter_types,
)

_FUNCTIONS = frozenset({"arrow_function", "function_expression", "generator_function"})
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_JSDOC_MARGIN = re.compile(r"^[ \t]*\*? ?", re.MULTILINE)
_JSDOC_TAG = re.compile(r"^[ \t]*@\w", re.MULTILINE)
_PROTOTYPE = re.compile(r"([\w$.]+)\.prototype")
_IDENTIFIER = re.compile(r"[\w$]+(?:\.[\w$]+)*")
_MODIFIERS = frozenset({"async", "get", "set", "static", "readonly", "abstract"})
_LITERAL_TYPES = {
    "string": "string",
    "template_string": "string",
    "number": "number",
    "true": "boolean",
    "false": "boolean",
    "regex": "RegExp",
}


def _load_javascript() -> object:
    import tree_sitter_javascript

    return tree_sitter_javascript.language()


def _load_typescript() -> object:
    import tree_sitter_typescript

    return tree_sitter_typescript.language_typescript()


def _load_tsx() -> object:
    import tree_sitter_typescript

    return tree_sitter_typescript.language_tsx()


# Modules: what a file takes in and gives out.


def _prepare(x: Extraction, root: Node, captures: Captures) -> None:
    x.docstring = _file_comment(x, root)
    exports: list[str] = []
    exported: set[str] = set()
    is_module = "export" in captures or "import" in captures
    namespaces = [node.byte_range for node in captures.get("namespace", ())]
    for node in captures.get("export", ()):
        if any(start < node.start_byte < end for start, end in namespaces):
            continue
        for local, name in _exported_names(x, node):
            exports.append(name)
            exported.add(local)
    for node in captures.get("assignment", ()):
        for local, name in _commonjs_names(x, node):
            is_module = True
            exports.append(name)
            exported.add(local)
    if is_module:
        x.exports = list(dict.fromkeys(exports))
        x.exported_locals = exported


def _exported_names(x: Extraction, node: Node) -> Iterator[tuple[str, str]]:
    """Pairs of local and exported name, the local one empty for what another module defines."""
    is_default = any(child.type == "default" for child in node.children)
    is_foreign = node.child_by_field_name("source") is not None
    declaration = node.child_by_field_name("declaration")
    value = node.child_by_field_name("value")
    if declaration is not None:
        for target in _declared(declaration):
            local = x.text(target)
            yield local, "default" if is_default else local
        if is_default and declaration.child_by_field_name("name") is None:
            yield "default", "default"
    elif value is not None:
        yield (x.text(value) if value.type == "identifier" else "default"), "default"
    for child in node.named_children:
        if child.type == "export_clause":
            for specifier in child.named_children:
                name = specifier.child_by_field_name("name")
                alias = specifier.child_by_field_name("alias") or name
                if name is not None and alias is not None:
                    local = "" if is_foreign else x.text(name)
                    yield local, x.text(alias).strip("'\"")
        elif child.type == "namespace_export" and child.named_child_count:
            yield "", x.text(child).removeprefix("*").strip().removeprefix("as").strip()
        elif child.type == "identifier" and declaration is None and value is None:
            yield x.text(child), "default"


def _declared(declaration: Node) -> Iterator[Node]:
    if declaration.type == "ambient_declaration":
        for child in declaration.named_children:
            yield from _declared_once(child)
        return
    yield from _declared_once(declaration)


def _declared_once(declaration: Node) -> Iterator[Node]:
    if declaration.type in {"lexical_declaration", "variable_declaration"}:
        for declarator in declaration.named_children:
            target = declarator.child_by_field_name("name")
            if target is not None:
                yield from _bound_names(target)
        return
    name = declaration.child_by_field_name("name")
    if name is not None:
        yield name


def _bound_names(target: Node) -> Iterator[Node]:
    """The identifiers that a binding pattern puts into scope."""
    waiting = [target]
    while waiting:
        node = waiting.pop()
        if node.type in {"identifier", "shorthand_property_identifier_pattern"}:
            yield node
        elif node.type == "pair_pattern":
            value = node.child_by_field_name("value")
            waiting += [value] if value is not None else []
        elif node.type in {"assignment_pattern", "object_assignment_pattern"}:
            left = node.child_by_field_name("left")
            waiting += [left] if left is not None else []
        elif node.type in {"object_pattern", "array_pattern", "rest_pattern"}:
            waiting += reversed(node.named_children)


def _commonjs_names(x: Extraction, node: Node) -> Iterator[tuple[str, str]]:
    left = node.child_by_field_name("left")
    right = node.child_by_field_name("right")
    if left is None or right is None or left.end_byte - left.start_byte > MAX_ANNOTATION:
        return
    target = x.text(left)
    if target == "module.exports":
        if right.type == "identifier":
            yield x.text(right), "default"
        elif right.type == "object":
            for child in right.named_children:
                if child.type == "shorthand_property_identifier":
                    yield x.text(child), x.text(child)
                    continue
                key = child.child_by_field_name("key") or child.child_by_field_name("name")
                value = child.child_by_field_name("value")
                if key is not None:
                    is_name = value is not None and value.type == "identifier"
                    local = x.text(value) if is_name and value is not None else x.text(key)
                    yield local, x.text(key)
        else:
            yield "default", "default"
        return
    holder, _, name = target.rpartition(".")
    if holder in {"exports", "module.exports"}:
        yield (x.text(right) if right.type == "identifier" else name), name


def _read_export(x: Extraction, node: Node) -> None:
    source = node.child_by_field_name("source")
    if source is not None:
        _read_reexport(x, node, _unquoted(x, source))
        return
    declaration = node.child_by_field_name("declaration")
    value = node.child_by_field_name("value")
    inner = declaration or value
    if inner is None:
        return
    decorators = node.children_by_field_name("decorator")
    if decorators:
        x.decorated = (decorators, inner.start_byte)
        x.handled.update(each.byte_range for each in decorators)
    _carry(x, node.start_byte, inner.start_byte)
    if value is not None and value.type in _FUNCTIONS:
        _define_function(x, value, value, "default", SymbolKind.FUNCTION)
    elif value is not None and value.type == "class":
        _define_class(x, value, "default", None)
    elif value is not None and value.type == "object":
        x.define(value, "default", SymbolKind.VARIABLE, "export default { … }", opens=True)
    elif declaration is not None and declaration.child_by_field_name("name") is None:
        if "function" in declaration.type:
            _define_function(x, declaration, declaration, "default", SymbolKind.FUNCTION)
        elif "class" in declaration.type:
            _define_class(x, declaration, "default", None)


def _read_reexport(x: Extraction, node: Node, module: str) -> None:
    found = False
    for child in node.named_children:
        if child.type == "export_clause":
            found = True
            for specifier in child.named_children:
                name = specifier.child_by_field_name("name")
                alias = specifier.child_by_field_name("alias")
                if name is not None:
                    x.bring(
                        specifier,
                        module,
                        x.text(name).strip("'\""),
                        x.text(alias).strip("'\"") if alias is not None else "",
                    )
        elif child.type == "namespace_export":
            found = True
            alias_text = x.text(child).removeprefix("*").strip().removeprefix("as").strip()
            x.bring(child, module, "*", alias_text)
    if not found:
        x.bring(node, module, "*")


def _read_import(x: Extraction, node: Node) -> None:
    source = node.child_by_field_name("source")
    clause: Node | None = None
    for child in node.named_children:
        if child.type == "import_clause":
            clause = child
        elif child.type == "import_require_clause":
            source = child.child_by_field_name("source")
            name = named_child(child)
            if source is not None and name is not None:
                x.bring(node, _unquoted(x, source), "*", x.text(name))
            return
    if source is None:
        return
    module = _unquoted(x, source)
    if clause is None:
        x.bring(node, module)
        return
    for child in clause.named_children:
        match child.type:
            case "identifier":
                x.bring(child, module, "default", x.text(child))
            case "namespace_import":
                name = named_child(child)
                x.bring(child, module, "*", x.text(name) if name is not None else "")
            case "named_imports":
                for specifier in child.named_children:
                    name = specifier.child_by_field_name("name")
                    alias = specifier.child_by_field_name("alias")
                    if name is not None:
                        x.bring(
                            specifier,
                            module,
                            x.text(name).strip("'\""),
                            x.text(alias) if alias is not None else "",
                        )
            case _:
                pass


def _read_require(x: Extraction, node: Node, target: Node, value: Node | None) -> bool:
    """``const … = require("module")`` or ``await import("module")``, perhaps ``.name``."""
    member = ""
    if value is not None and value.type == "member_expression":
        name = value.child_by_field_name("property")
        member = x.text(name) if name is not None else ""
        value = value.child_by_field_name("object")
    if value is not None and value.type == "await_expression":
        value = named_child(value)
    if value is None or value.type != "call_expression":
        return False
    function = value.child_by_field_name("function")
    arguments = value.child_by_field_name("arguments")
    if function is None or arguments is None or arguments.named_child_count != 1:
        return False
    is_require = function.type == "identifier" and x.text(function) == "require"
    argument = named_child(arguments)
    if (
        argument is None
        or argument.type != "string"
        or not (is_require or function.type == "import")
    ):
        return False
    module = _unquoted(x, argument)
    if target.type == "identifier":
        x.bring(node, module, member or "*", x.text(target))
        return True
    for child in target.named_children:
        if child.type == "shorthand_property_identifier_pattern":
            x.bring(child, module, x.text(child))
        elif child.type == "pair_pattern":
            key = child.child_by_field_name("key")
            alias = child.child_by_field_name("value")
            if key is not None and alias is not None and alias.type == "identifier":
                x.bring(child, module, x.text(key), x.text(alias))
    return True


def _read_import_alias(x: Extraction, node: Node) -> None:
    x.handled.update(child.byte_range for child in node.named_children)


def _unquoted(x: Extraction, node: Node) -> str:
    return x.text(node).strip("'\"`")


# Comments and decorators stand before what they belong to, perhaps with `export` between.


def _read_comment(x: Extraction, node: Node) -> None:
    start = node.start_byte
    if x.source.data.startswith(b"/**", start):
        x.documented = (x.text(node), node.end_byte)


def _read_decorator(x: Extraction, node: Node) -> None:
    if node.byte_range not in x.handled:
        pending, end = x.decorated
        if not x.is_blank(end, node.start_byte):
            pending = []
        x.decorated = ([*pending, node], node.end_byte)
        _carry(x, node.start_byte, node.end_byte)
    target = named_child(node)
    if target is not None and target.type == "call_expression":
        target = target.child_by_field_name("function")
        called = True
    else:
        called = False
    if target is None:
        return
    if target.type == "identifier":
        x.refer(ReferenceKind.DECORATOR, target)
    elif target.type == "member_expression":
        name = target.child_by_field_name("property")
        if name is not None:
            x.refer(ReferenceKind.DECORATOR, name, receiver=target.child_by_field_name("object"))
        if not called:
            x.handled.add(target.byte_range)


def _carry(x: Extraction, start: int, to: int) -> None:
    """Let a comment or decorators that stand right before ``start`` count for ``to``."""
    comment, end = x.documented
    if comment and x.is_blank(end, start):
        x.documented = (comment, to)
    nodes, end = x.decorated
    if nodes and x.is_blank(end, start) and to > end:
        x.decorated = (nodes, to)


def _read_declaration(x: Extraction, node: Node) -> None:
    first = named_child(node)
    if first is not None:
        _carry(x, node.start_byte, first.start_byte)


def _take_comment(x: Extraction, node: Node) -> str:
    comment, end = x.documented
    if not comment or not x.is_blank(end, node.start_byte):
        return ""
    x.documented = ("", -1)
    return _JSDOC_MARGIN.sub("", comment[3:].removesuffix("*/").strip())


def _take_decorators(x: Extraction, node: Node) -> tuple[str, ...]:
    pending, end = x.decorated
    x.decorated = ([], -1)
    nodes = list(pending) if pending and x.is_blank(end, node.start_byte) else []
    known = {each.start_byte for each in nodes}
    nodes += [
        child for child in node.children_by_field_name("decorator") if child.start_byte not in known
    ]
    return tuple(x.line_of(each, MAX_ANNOTATION).lstrip("@ ") for each in nodes)


def _summary(comment: str) -> str:
    """The prose of a JSDoc comment: its first paragraph before any tag."""
    return first_paragraph(_JSDOC_TAG.split(comment, maxsplit=1)[0])


def _file_comment(x: Extraction, root: Node) -> str:
    first = named_child(root)
    if first is not None and first.type == "hash_bang_line":
        first = named_child(root, 1)
    if first is None or first.type != "comment":
        return ""
    following = first.next_named_sibling
    is_apart = following is None or following.start_point[0] - first.end_point[0] > 1
    text = x.line_of(first, MAX_ANNOTATION)
    if not text.startswith("/*") or not (is_apart or "@file" in text or "@module" in text):
        return ""
    body = _JSDOC_MARGIN.sub("", x.text(first)[2:].removesuffix("*/").lstrip("*").strip())
    return first_paragraph(re.sub(r"^@(fileoverview|file|module)\s*", "", body))


def _is_deprecated(comment: str, decorators: Iterable[str]) -> bool:
    return "@deprecated" in comment or any(
        each.partition("(")[0].rpartition(".")[2].lower() == "deprecated" for each in decorators
    )


# Definitions.


def _is_visible(x: Extraction, name: str) -> bool:
    if is_private_name(name):
        return False
    at_top = x.scope.kind is SymbolKind.MODULE and x.scope.depth == 0
    return not at_top or x.exported_locals is None or name in x.exported_locals


def _read_function(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("name")
    if name is not None:
        _define_function(x, node, node, x.text(name), SymbolKind.FUNCTION, name_node=name)


def _read_method(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("name")
    if name is None:
        return
    text = x.text(name).strip("'\"")
    if name.type == "computed_property_name":
        text = text.strip("[]")
    kind = SymbolKind.METHOD
    if any(child.type in {"get", "set"} for child in _before(node, name)):
        kind = SymbolKind.PROPERTY
    _define_function(x, node, node, text, kind, name_node=name)


def _read_object_method(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("name")
    if name is None or x.scope.kind is None:
        x.enter(None, x.scope.qualified_name, node)
        return
    if x.scope.kind is not SymbolKind.VARIABLE and x.scope.kind is not SymbolKind.CONSTANT:
        x.enter(None, x.scope.qualified_name, node)
        return
    _define_function(x, node, node, x.text(name).strip("'\""), SymbolKind.FUNCTION, name_node=name)


def _read_object_function(x: Extraction, node: Node) -> None:
    key = node.child_by_field_name("key")
    value = node.child_by_field_name("value")
    if key is None or value is None or x.scope.in_function:
        return
    if key.type in {"property_identifier", "string"}:
        name = x.text(key).strip("'\"")
        _define_function(x, node, value, name, SymbolKind.FUNCTION, name_node=key)


def _before(node: Node, name: Node) -> Iterator[Node]:
    for child in node.children:
        if child.start_byte >= name.start_byte:
            return
        yield child


def _define_function(
    x: Extraction,
    node: Node,
    function: Node,
    name: str,
    kind: SymbolKind,
    *,
    name_node: Node | None = None,
    annotation: str | None = None,
) -> None:
    """Define what ``function`` does under ``name``; ``node`` is the statement or member."""
    comment = _take_comment(x, node)
    decorators = _take_decorators(x, node)
    parameters = function.child_by_field_name("parameters")
    if parameters is not None:
        declared = tuple(_parameters(x, parameters))
    else:
        single = function.child_by_field_name("parameter")
        declared = (
            (Parameter(x.text(single), ParameterKind.POSITIONAL_ONLY),)
            if single is not None
            else ()
        )
    signature = Signature(declared, _annotation(x, function.child_by_field_name("return_type")))
    modifiers: list[str] = [
        child.type
        for child in _before(node, name_node or parameters or function)
        if child.type in _MODIFIERS
    ]
    is_async = "async" in modifiers or function.child(0).type == "async"
    is_public = _is_visible(x, name) and not name.startswith("#") and not _is_hidden(x, node)
    type_parameters = function.child_by_field_name("type_parameters")
    stub = name + (x.line_of(type_parameters, MAX_ANNOTATION) if type_parameters else "")
    stub += f"({', '.join(_parameter_stub(each) for each in signature.parameters)})"
    stub += f": {signature.returns}" if signature.returns else ""
    prefixes: list[str] = [
        each for each in ("static", "abstract", "get", "set") if each in modifiers
    ]
    if is_async:
        prefixes.append("async")
    if kind is SymbolKind.FUNCTION:
        prefixes.append("function")
    if kind is SymbolKind.PROPERTY:
        is_getter = "get" in modifiers
        first_type = signature.parameters[0].annotation if signature.parameters else None
        annotation = signature.returns if is_getter else first_type
    x.define(
        node,
        name,
        kind,
        " ".join([*prefixes, stub]),
        name_node=name_node,
        opens=True,
        signature=signature,
        annotation=annotation,
        docstring=_summary(comment),
        decorators=decorators,
        is_async=is_async,
        is_public=is_public,
        is_deprecated=_is_deprecated(comment, decorators),
    )
    x.scope.parameters = {**x.scope.parameters, **parameter_types(signature)}
    if name == "constructor" and parameters is not None:
        _define_parameter_properties(x, parameters)


def _is_hidden(x: Extraction, node: Node) -> bool:
    return any(
        child.type == "accessibility_modifier" and x.text(child) != "public"
        for child in node.children[:4]
    )


def _parameters(x: Extraction, node: Node) -> Iterator[Parameter]:
    for child in node.named_children:
        pattern: Node | None = child
        default: Node | None = None
        annotation: str | None = None
        is_optional = False
        match child.type:
            case "required_parameter" | "optional_parameter":
                pattern = child.child_by_field_name("pattern")
                default = child.child_by_field_name("value")
                annotation = _annotation(x, child.child_by_field_name("type"))
                is_optional = child.type == "optional_parameter" or default is not None
            case "assignment_pattern":
                pattern = child.child_by_field_name("left")
                default = child.child_by_field_name("right")
                is_optional = True
            case "comment" | "decorator" | "ERROR":
                continue
            case _:
                pass
        if pattern is None or pattern.type == "this":
            continue
        is_rest = pattern.type == "rest_pattern"
        yield Parameter(
            x.line_of(pattern, MAX_EXPRESSION).removeprefix("..."),
            ParameterKind.VARIADIC_POSITIONAL if is_rest else ParameterKind.POSITIONAL_ONLY,
            annotation,
            x.line_of(default, MAX_EXPRESSION) if default is not None else None,
            optional=is_optional or is_rest,
        )


def _parameter_stub(parameter: Parameter) -> str:
    is_rest = parameter.kind is ParameterKind.VARIADIC_POSITIONAL
    text = ("..." if is_rest else "") + parameter.name
    if parameter.optional and parameter.default is None and not is_rest:
        text += "?"
    if parameter.annotation:
        text += f": {parameter.annotation}"
    if parameter.default is not None:
        text += f" = {parameter.default}"
    return text


def _annotation(x: Extraction, node: Node | None) -> str | None:
    if node is None:
        return None
    return x.line_of(node, MAX_ANNOTATION).removeprefix(":").strip() or None


def _define_parameter_properties(x: Extraction, parameters: Node) -> None:
    owner = x.scope.owner
    if owner is None:
        return
    for child in parameters.named_children:
        modifiers = [
            each for each in child.children if each.type in {"accessibility_modifier", "readonly"}
        ]
        pattern = child.child_by_field_name("pattern")
        if not modifiers or pattern is None or pattern.type != "identifier":
            continue
        x.define(
            child,
            x.text(pattern),
            SymbolKind.FIELD,
            x.line_of(child, MAX_ANNOTATION),
            name_node=pattern,
            owner=owner,
            annotation=_annotation(x, child.child_by_field_name("type")),
            is_public=not any(x.text(each) in {"private", "protected"} for each in modifiers),
        )


def _read_class(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("name")
    if name is not None:
        x.handled.add(name.byte_range)
        _define_class(x, node, x.text(name), name)


def _define_class(x: Extraction, node: Node, name: str, name_node: Node | None) -> None:
    if node.type == "class":
        x.handled.add(node.byte_range)
    comment = _take_comment(x, node)
    decorators = _take_decorators(x, node)
    bases: list[str] = []
    for child in node.named_children:
        if child.type in {"class_heritage", "extends_type_clause"}:
            _read_heritage(x, child, bases)
    kind = SymbolKind.INTERFACE if node.type == "interface_declaration" else SymbolKind.CLASS
    x.define(
        node,
        name,
        kind,
        _head(x, node, name),
        name_node=name_node,
        opens=True,
        docstring=_summary(comment),
        decorators=decorators,
        bases=tuple(bases),
        is_public=_is_visible(x, name),
        is_deprecated=_is_deprecated(comment, decorators),
    )


def _head(x: Extraction, node: Node, name: str) -> str:
    """The declaration up to its body, without comments, decorators or `export`."""
    body = node.child_by_field_name("body")
    start = node.start_byte
    for child in node.children:
        if child.type != "decorator":
            start = child.start_byte
            break
    end = body.start_byte if body is not None else node.end_byte
    text = one_line(_COMMENT.sub(" ", x.source.slice(start, min(end, start + 2000))), 400)
    return text if name in text else f"{text} {name}"


def _read_heritage(x: Extraction, clause: Node, bases: list[str]) -> None:
    waiting = list(reversed(clause.named_children))
    while waiting:
        node = waiting.pop()
        if node.type in {"extends_clause", "implements_clause"}:
            waiting += reversed(node.named_children)
            continue
        if node.type in {"type_arguments", "comment"}:
            if bases and node.type == "type_arguments":
                bases[-1] += x.line_of(node, MAX_ANNOTATION)
            continue
        bases.append(x.line_of(node, MAX_ANNOTATION))
        target: Node | None = node
        if node.type == "generic_type":
            target = node.child_by_field_name("name")
        if target is None:
            continue
        if target.type in {"identifier", "type_identifier"}:
            x.refer(ReferenceKind.BASE, target)
            x.handled.add(target.byte_range)
        elif target.type in {"member_expression", "nested_type_identifier"}:
            name = target.child_by_field_name("property") or target.child_by_field_name("name")
            holder = target.child_by_field_name("object") or target.child_by_field_name("module")
            if name is not None:
                x.refer(ReferenceKind.BASE, name, receiver=holder)
                x.handled.update((target.byte_range, name.byte_range))


def _read_type_alias(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("name")
    if name is None:
        return
    x.handled.add(name.byte_range)
    comment = _take_comment(x, node)
    x.define(
        node,
        x.text(name),
        SymbolKind.TYPE_ALIAS,
        x.line_of(node, MAX_ANNOTATION).rstrip(";"),
        name_node=name,
        opens=True,
        docstring=_summary(comment),
        is_public=_is_visible(x, x.text(name)),
        is_deprecated=_is_deprecated(comment, ()),
    )


def _read_enum(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("name")
    if name is None:
        return
    comment = _take_comment(x, node)
    x.define(
        node,
        x.text(name),
        SymbolKind.ENUM,
        _head(x, node, x.text(name)),
        name_node=name,
        opens=True,
        docstring=_summary(comment),
        is_public=_is_visible(x, x.text(name)),
        is_deprecated=_is_deprecated(comment, ()),
    )


def _read_enum_member(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("name") or node
    x.define(
        node,
        x.text(name).strip("'\""),
        SymbolKind.ENUM_MEMBER,
        x.line_of(node, MAX_EXPRESSION),
        name_node=name,
        docstring=_summary(_take_comment(x, node)),
    )


def _read_namespace(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("name")
    if name is None:
        return
    text = x.text(name).strip("'\"")
    x.define(
        node,
        text,
        SymbolKind.MODULE,
        f"namespace {text}",
        name_node=name,
        opens=True,
        is_public=_is_visible(x, text) or name.type == "string",
    )


def _read_field(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("name") or node.child_by_field_name("property")
    if name is None:
        return
    text = x.text(name).strip("'\"")
    value = node.child_by_field_name("value")
    annotation = _annotation(x, node.child_by_field_name("type"))
    if value is not None and value.type in _FUNCTIONS:
        _define_function(
            x, node, value, text, SymbolKind.METHOD, name_node=name, annotation=annotation
        )
        return
    comment = _take_comment(x, node)
    decorators = _take_decorators(x, node)
    stub = x.source.slice(name.start_byte, min(node.end_byte, name.start_byte + 4 * MAX_ANNOTATION))
    x.define(
        node,
        text,
        SymbolKind.FIELD,
        one_line(stub, MAX_ANNOTATION).rstrip(";,"),
        name_node=name,
        annotation=annotation or _inferred_type(x, value),
        assigned=Assigned.DECLARED if annotation else Assigned.ONE_TYPE,
        docstring=_summary(comment),
        decorators=decorators,
        is_public=not text.startswith("#")
        and not is_private_name(text)
        and not _is_hidden(x, node),
        is_deprecated=_is_deprecated(comment, decorators),
    )


def _read_variable(x: Extraction, node: Node) -> None:
    target = node.child_by_field_name("name")
    value = node.child_by_field_name("value")
    if target is None or _read_require(x, node, target, value):
        return
    if target.type != "identifier":
        if not x.scope.in_function:
            for name in _bound_names(target):
                text = x.text(name)
                x.define(
                    name,
                    text,
                    SymbolKind.VARIABLE,
                    f"const {text}",
                    is_public=_is_visible(x, text),
                )
        return
    text = x.text(target)
    if value is not None and value.type in _FUNCTIONS:
        _define_function(
            x,
            node,
            value,
            text,
            SymbolKind.FUNCTION,
            name_node=target,
            annotation=_annotation(x, node.child_by_field_name("type")),
        )
        return
    if value is not None and value.type == "class":
        _define_class(x, value, text, target)
        return
    if x.scope.in_function:
        return
    comment = _take_comment(x, node)
    declared = _annotation(x, node.child_by_field_name("type"))
    stub = text + (f": {declared}" if declared else "")
    if value is not None:
        stub += f" = {x.line_of(value, MAX_EXPRESSION)}"
    x.define(
        node,
        text,
        SymbolKind.CONSTANT if text.isupper() and len(text) > 1 else SymbolKind.VARIABLE,
        stub,
        name_node=target,
        opens=value is not None and value.type == "object",
        annotation=declared or _inferred_type(x, value),
        assigned=_assigned(node, declared),
        docstring=_summary(comment),
        is_public=_is_visible(x, text),
        is_deprecated=_is_deprecated(comment, ()),
    )


def _assigned(node: Node, declared: str | None) -> Assigned:
    """What a declaration tells of the type of its variable: one of ``let`` may hold anything."""
    if declared:
        return Assigned.DECLARED
    declaration = node.parent
    is_const = declaration is not None and any(
        child.type == "const" for child in declaration.children[:1]
    )
    return Assigned.ONE_TYPE if is_const else Assigned.SEVERAL


def _read_assignment(x: Extraction, node: Node) -> None:
    left = node.child_by_field_name("left")
    right = node.child_by_field_name("right")
    if left is None or right is None:
        return
    target = left.child_by_field_name("property")
    holder = left.child_by_field_name("object")
    if target is None or holder is None:
        return
    name = x.text(target)
    if holder.type == "this":
        if x.scope.owner is not None and x.scope.in_function:
            annotation = _inferred_type(x, right)
            x.define(
                node,
                name,
                SymbolKind.FIELD,
                name + (f": {annotation}" if annotation else ""),
                name_node=target,
                owner=x.scope.owner,
                annotation=annotation,
                is_public=not name.startswith("#") and not is_private_name(name),
            )
        return
    if x.scope.in_function or left.end_byte - left.start_byte > MAX_ANNOTATION:
        return
    place = x.text(holder)
    if right.type == "object" and f"{place}.{name}" == "module.exports":
        x.define(node, "default", SymbolKind.VARIABLE, "module.exports = { … }", opens=True)
    if right.type not in _FUNCTIONS and right.type != "class":
        return
    if place == "module" and name == "exports":
        own_name = right.child_by_field_name("name")
        name = x.text(own_name) if own_name is not None else "default"
        kind = SymbolKind.FUNCTION
    elif place in {"exports", "module.exports"}:
        kind = SymbolKind.FUNCTION
    elif prototype := _PROTOTYPE.fullmatch(place):
        name, kind = f"{prototype[1]}.{name}", SymbolKind.METHOD
    elif _IDENTIFIER.fullmatch(place):
        name, kind = f"{place}.{name}", SymbolKind.FUNCTION
    else:
        return
    if right.type == "class":
        _define_class(x, right, name, target)
    else:
        _define_function(x, node, right, name, kind, name_node=target)


def _read_anonymous(x: Extraction, node: Node) -> None:
    x.enter(None, x.scope.qualified_name, node)


def _read_anonymous_class(x: Extraction, node: Node) -> None:
    if node.byte_range not in x.handled:
        x.enter(None, x.scope.qualified_name, node)


def _inferred_type(x: Extraction, value: Node | None) -> str | None:
    if value is None:
        return None
    match value.type:
        case "new_expression":
            constructor = value.child_by_field_name("constructor")
            return x.line_of(constructor, MAX_ANNOTATION) if constructor is not None else None
        case "identifier":
            return x.scope.parameters.get(x.text(value))
        case "as_expression":
            target = named_child(value, 1)
            return x.line_of(target, MAX_ANNOTATION) if target is not None else None
        case other:
            return _LITERAL_TYPES.get(other)


# Uses.


def _read_call(x: Extraction, node: Node) -> None:
    _refer_to_call(x, node.child_by_field_name("function"), node.child_by_field_name("arguments"))


def _read_new(x: Extraction, node: Node) -> None:
    _refer_to_call(
        x, node.child_by_field_name("constructor"), node.child_by_field_name("arguments")
    )


def _refer_to_call(x: Extraction, function: Node | None, arguments: Node | None) -> None:
    if function is None:
        return
    receiver: Node | None = None
    name: Node | None = function
    if function.type == "member_expression":
        receiver = function.child_by_field_name("object")
        name = function.child_by_field_name("property")
        x.handled.add(function.byte_range)
    if name is None:
        return
    n_arguments = 0
    has_unpacking = False
    if arguments is not None and arguments.type == "arguments":
        for argument in arguments.named_children:
            if argument.type == "spread_element":
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


def _read_element(x: Extraction, node: Node) -> None:
    """A JSX component is called with its attributes as keywords."""
    target = node.child_by_field_name("name")
    if target is None:
        return
    name: Node | None = target
    receiver: Node | None = None
    if target.type in {"member_expression", "nested_identifier"}:
        receiver = target.child_by_field_name("object")
        name = target.child_by_field_name("property")
        x.handled.add(target.byte_range)
    elif not x.text(target)[:1].isupper():
        return
    if name is None:
        return
    keywords: list[str] = []
    has_unpacking = False
    for attribute in node.children_by_field_name("attribute"):
        if attribute.type == "jsx_attribute" and attribute.named_child_count:
            key = named_child(attribute)
            keywords += [x.text(key)] if key is not None else []
        else:
            has_unpacking = True
    x.refer(
        ReferenceKind.CALL,
        name,
        receiver=receiver,
        keywords=tuple(keywords),
        has_unpacking=has_unpacking,
    )


def _read_member(x: Extraction, node: Node) -> None:
    if node.byte_range in x.handled:
        return
    name = node.child_by_field_name("property")
    if name is not None:
        x.refer(ReferenceKind.ATTRIBUTE, name, receiver=node.child_by_field_name("object"))


def _read_index(x: Extraction, node: Node) -> None:
    """``[key: string]: T`` gives a type members that have no names: noted as a use of ``[]``."""
    x.refer(ReferenceKind.ATTRIBUTE, node, name="[]")


def _read_type_parameter(x: Extraction, node: Node) -> None:
    x.handled.add(node.byte_range)
    x.type_parameters.add(x.text(node))


def _read_nested_type(x: Extraction, node: Node) -> None:
    name = node.child_by_field_name("name")
    if name is None or node.byte_range in x.handled:
        return
    x.handled.add(name.byte_range)
    x.refer(ReferenceKind.ANNOTATION, name, receiver=node.child_by_field_name("module"))


def _read_type_name(x: Extraction, node: Node) -> None:
    if node.byte_range not in x.handled and x.text(node) not in x.type_parameters:
        x.refer(ReferenceKind.ANNOTATION, node)


_ECMASCRIPT: dict[str, Handler] = {
    "comment": _read_comment,
    "export": _read_export,
    "import": _read_import,
    "decorator": _read_decorator,
    "class": _read_class,
    "function": _read_function,
    "method": _read_method,
    "object_method": _read_object_method,
    "object_function": _read_object_function,
    "declaration": _read_declaration,
    "variable": _read_variable,
    "field": _read_field,
    "assignment": _read_assignment,
    "anonymous": _read_anonymous,
    "anonymous_class": _read_anonymous_class,
    "call": _read_call,
    "new": _read_new,
    "element": _read_element,
    "member": _read_member,
}
_TYPESCRIPT: dict[str, Handler] = {
    **_ECMASCRIPT,
    "interface": _read_class,
    "type_alias": _read_type_alias,
    "enum": _read_enum,
    "enum_member": _read_enum_member,
    "namespace": _read_namespace,
    "import_alias": _read_import_alias,
    "index": _read_index,
    "type_parameter": _read_type_parameter,
    "nested_type": _read_nested_type,
    "type_name": _read_type_name,
}

_USES = frozenset({"call", "new", "element", "member", "nested_type", "type_name"})

JAVASCRIPT = Grammar(
    load=_load_javascript,
    queries=("ecmascript", "javascript", "jsx"),
    handlers=_ECMASCRIPT,
    prepare=_prepare,
    uses=_USES,
)
TYPESCRIPT = Grammar(
    load=_load_typescript,
    queries=("ecmascript", "typescript"),
    handlers=_TYPESCRIPT,
    prepare=_prepare,
    uses=_USES,
)
TSX = Grammar(
    load=_load_tsx,
    queries=("ecmascript", "typescript", "jsx"),
    handlers=_TYPESCRIPT,
    prepare=_prepare,
    uses=_USES,
)

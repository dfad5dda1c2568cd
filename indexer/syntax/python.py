"""Python, as tree-sitter-python sees it: what its definitions, uses and imports mean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

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
    first_paragraph,
    is_private_name,
    named_child,
    parameter_types,
    unquoted,
)
from indexer.syntax.python_types import DOTTED_NAME, inferred_type, is_one_type, result_type

_PROPERTY = re.compile(
    r"(^|\.)(property|cached_property|abstractproperty|hybrid_property)$"
    r"|\.(setter|deleter|getter)$"
)
_ENUM_BASE = re.compile(r"(^|\.)\w*(Enum|Flag|Choices)$")
_PROTOCOL_BASE = re.compile(r"(^|\.)Protocol(\[|$)")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_SETTERS = frozenset({"setattr", "__setattr__"})
# Types that nobody looks up in a repository.
_BUILTIN_TYPES = frozenset(
    {
        "str",
        "int",
        "float",
        "bool",
        "bytes",
        "complex",
        "object",
        "list",
        "dict",
        "set",
        "tuple",
        "frozenset",
        "type",
        "None",
        "True",
        "False",
        "Any",
        "Optional",
        "Union",
        "Literal",
        "Callable",
        "Self",
    }
)
_PATTERNS = frozenset(
    {"pattern_list", "tuple_pattern", "list_pattern", "list_splat_pattern", "as_pattern_target"}
    | {"tuple", "list"}
)


def _load() -> object:
    import tree_sitter_python

    return tree_sitter_python.language()


def _read_decorated(x: Extraction, node: Node) -> None:
    x.wrapper = node


def _read_decorator(x: Extraction, node: Node) -> None:
    target = named_child(node)
    if target is not None and target.type == "call":
        target = target.child_by_field_name("function")
        called = True
    else:
        called = False
    if target is None:
        return
    if target.type == "identifier":
        x.refer(ReferenceKind.DECORATOR, target)
    elif target.type == "attribute":
        name = target.child_by_field_name("attribute")
        if name is not None:
            x.refer(ReferenceKind.DECORATOR, name, receiver=target.child_by_field_name("object"))
        if not called:
            x.handled.add(target.byte_range)


def _wrapper_of(x: Extraction, node: Node) -> Node | None:
    wrapper, x.wrapper = x.wrapper, None
    return wrapper if wrapper is not None and wrapper.end_byte == node.end_byte else None


def _decorators(x: Extraction, wrapper: Node | None) -> tuple[str, ...]:
    if wrapper is None:
        return ()
    return tuple(
        x.line_of(child, MAX_ANNOTATION).lstrip("@ ")
        for child in wrapper.named_children
        if child.type == "decorator"
    )


def _read_function(x: Extraction, node: Node) -> None:
    wrapper = _wrapper_of(x, node)
    name_node = node.child_by_field_name("name")
    if name_node is None:
        return
    name = x.text(name_node)
    decorators = _decorators(x, wrapper)
    returns = node.child_by_field_name("return_type")
    parameters = tuple(_parameters(x, node.child_by_field_name("parameters")))
    owner = x.scope
    has_receiver = owner.is_class and bool(parameters) and "staticmethod" not in decorators
    receiver = parameters[0].name if has_receiver else ""
    signature = Signature(
        parameters=parameters,
        returns=x.line_of(returns, MAX_ANNOTATION) if returns is not None else None,
    )
    if returns is None:
        types = {each.name: "" for each in parameters} | parameter_types(signature)
        inferred = result_type(x, node, types, receiver, decorators)
        signature = replace(signature, inferred=inferred)
    kind = SymbolKind.FUNCTION
    if owner.is_class:
        is_property = any(_PROPERTY.search(_called(each)) for each in decorators)
        kind = SymbolKind.PROPERTY if is_property else SymbolKind.METHOD
    is_async = node.child(0).type == "async"
    docstring = _docstring(x, node.child_by_field_name("body"))
    type_parameters = node.child_by_field_name("type_parameters")
    x.define(
        node,
        name,
        kind,
        _function_stub(
            name + (x.line_of(type_parameters, MAX_ANNOTATION) if type_parameters else ""),
            signature,
            is_async=is_async,
        ),
        name_node=name_node,
        outermost=wrapper,
        opens=True,
        signature=signature,
        annotation=signature.result if kind is SymbolKind.PROPERTY else None,
        docstring=first_paragraph(docstring),
        decorators=decorators,
        is_async=is_async,
        is_public=not is_private_name(name),
        is_deprecated=_is_deprecated(decorators, docstring),
    )
    x.document(kind, name_node.start_point[0], docstring)
    scope = x.scope
    scope.parameters = {**scope.parameters, **parameter_types(signature)}
    if owner.is_class:
        scope.receiver = receiver


def _parameters(x: Extraction, node: Node | None) -> Iterator[Parameter]:
    if node is None:
        return
    found: list[Parameter] = []
    kind = ParameterKind.POSITIONAL_OR_KEYWORD
    for child in node.named_children:
        match child.type:
            case "positional_separator":
                found = [
                    Parameter(
                        each.name,
                        ParameterKind.POSITIONAL_ONLY,
                        each.annotation,
                        each.default,
                        each.optional,
                    )
                    for each in found
                ]
            case "keyword_separator":
                kind = ParameterKind.KEYWORD_ONLY
            case "identifier":
                found.append(Parameter(x.text(child), kind))
            case "default_parameter" | "typed_default_parameter":
                name = child.child_by_field_name("name")
                annotation = child.child_by_field_name("type")
                default = child.child_by_field_name("value")
                if name is not None:
                    found.append(
                        Parameter(
                            x.line_of(name, MAX_EXPRESSION),
                            kind,
                            x.line_of(annotation, MAX_ANNOTATION) if annotation else None,
                            x.line_of(default, MAX_EXPRESSION) if default else None,
                            optional=True,
                        )
                    )
            case "typed_parameter" | "list_splat_pattern" | "dictionary_splat_pattern":
                target = child
                annotation = None
                if child.type == "typed_parameter":
                    annotation = child.child_by_field_name("type")
                    target = named_child(child) or child
                used = kind
                if target.type == "list_splat_pattern":
                    used = ParameterKind.VARIADIC_POSITIONAL
                    kind = ParameterKind.KEYWORD_ONLY
                elif target.type == "dictionary_splat_pattern":
                    used = ParameterKind.VARIADIC_KEYWORD
                found.append(
                    Parameter(
                        x.line_of(target, MAX_EXPRESSION).lstrip("* "),
                        used,
                        x.line_of(annotation, MAX_ANNOTATION) if annotation else None,
                        optional=used is not kind or used is ParameterKind.VARIADIC_KEYWORD,
                    )
                )
            case "tuple_pattern":
                found.append(Parameter(x.line_of(child, MAX_EXPRESSION), kind))
            case _:
                pass
    yield from found


def _function_stub(name: str, signature: Signature, *, is_async: bool) -> str:
    parts: list[str] = []
    previous: ParameterKind | None = None
    for parameter in signature.parameters:
        kind = parameter.kind
        if previous is ParameterKind.POSITIONAL_ONLY and kind is not previous:
            parts.append("/")
        if kind is ParameterKind.KEYWORD_ONLY and previous not in {
            kind,
            ParameterKind.VARIADIC_POSITIONAL,
        }:
            parts.append("*")
        stars = {ParameterKind.VARIADIC_POSITIONAL: "*", ParameterKind.VARIADIC_KEYWORD: "**"}
        text = stars.get(kind, "") + parameter.name
        if parameter.annotation:
            text += f": {parameter.annotation}"
        if parameter.default is not None:
            text += f" = {parameter.default}" if parameter.annotation else f"={parameter.default}"
        parts.append(text)
        previous = kind
    if previous is ParameterKind.POSITIONAL_ONLY:
        parts.append("/")
    prefix = "async def " if is_async else "def "
    suffix = f" -> {signature.returns}" if signature.returns else ""
    return f"{prefix}{name}({', '.join(parts)}){suffix}"


def _read_class(x: Extraction, node: Node) -> None:
    wrapper = _wrapper_of(x, node)
    name_node = node.child_by_field_name("name")
    if name_node is None:
        return
    name = x.text(name_node)
    decorators = _decorators(x, wrapper)
    bases: list[str] = []
    arguments: list[str] = []
    superclasses = node.child_by_field_name("superclasses")
    if superclasses is not None:
        for child in superclasses.named_children:
            if child.type == "comment":
                continue
            text = x.line_of(child, MAX_ANNOTATION)
            arguments.append(text)
            if child.type != "keyword_argument":
                bases.append(text)
                _refer_to_base(x, child)
    kind = SymbolKind.CLASS
    if any(_ENUM_BASE.search(base) for base in bases):
        kind = SymbolKind.ENUM
    elif any(_PROTOCOL_BASE.search(base) for base in bases):
        kind = SymbolKind.INTERFACE
    type_parameters = node.child_by_field_name("type_parameters")
    docstring = _docstring(x, node.child_by_field_name("body"))
    x.define(
        node,
        name,
        kind,
        f"class {name}"
        + (x.line_of(type_parameters, MAX_ANNOTATION) if type_parameters else "")
        + (f"({', '.join(arguments)})" if arguments else ""),
        name_node=name_node,
        outermost=wrapper,
        opens=True,
        docstring=first_paragraph(docstring),
        decorators=decorators,
        bases=tuple(bases),
        is_public=not is_private_name(name),
        is_deprecated=_is_deprecated(decorators, docstring),
    )
    x.document(kind, name_node.start_point[0], docstring)


def _refer_to_base(x: Extraction, node: Node) -> None:
    if node.type == "subscript":
        arguments = node.children_by_field_name("subscript")
        for argument in arguments:
            x.refer_within(
                ReferenceKind.ANNOTATION, argument, x.text(argument), DOTTED_NAME, _BUILTIN_TYPES
            )
        value = node.child_by_field_name("value")
        if value is None:
            return
        node = value
    if node.type == "identifier":
        x.refer(ReferenceKind.BASE, node)
    elif node.type == "attribute":
        name = node.child_by_field_name("attribute")
        if name is not None:
            x.refer(ReferenceKind.BASE, name, receiver=node.child_by_field_name("object"))
            x.handled.add(node.byte_range)


def _docstring(x: Extraction, body: Node | None) -> str:
    """The text of a body's docstring without its quotes, as written."""
    if body is None:
        return ""
    for index in range(body.named_child_count):
        statement = named_child(body, index)
        if statement is None or statement.type == "comment":
            continue
        if statement.type != "expression_statement" or not statement.named_child_count:
            return ""
        string = named_child(statement)
        if string is None or string.type != "string":
            return ""
        return "".join(
            x.text(each) for each in string.named_children if each.type == "string_content"
        )
    return ""


def _is_deprecated(decorators: tuple[str, ...], docstring: str) -> bool:
    return ".. deprecated" in docstring or any(
        _called(each).rpartition(".")[2] == "deprecated" for each in decorators
    )


def _called(decorator: str) -> str:
    return decorator.partition("(")[0].rstrip()


def _read_type_alias(x: Extraction, node: Node) -> None:
    left = node.child_by_field_name("left")
    if left is None:
        return
    x.covered_to = left.end_byte
    if x.scope.in_function:
        return
    name = DOTTED_NAME.match(x.text(left))
    if name:
        x.define(
            node,
            name[0],
            SymbolKind.TYPE_ALIAS,
            x.line_of(node, MAX_ANNOTATION),
            name_node=left,
            is_public=not is_private_name(name[0]),
        )


def _read_assignment(x: Extraction, node: Node) -> None:
    left = node.child_by_field_name("left")
    if left is None:
        return
    scope = x.scope
    if left.type == "attribute":
        _read_attribute_assignment(x, node, left)
        return
    if left.type != "identifier":
        _bind_targets(x, node, left)
        return
    if scope.in_function:
        _rebind(x, node, left)
        return
    value = node.child_by_field_name("right")
    if scope.kind is SymbolKind.MODULE and x.text(left) == "__all__":
        x.exports = _strings(x, value)
        return
    _define_variable(x, node, left, node.child_by_field_name("type"), value)


def _bind_targets(x: Extraction, node: Node, target: Node | None) -> None:
    """Define what a pattern binds: ``for a, b in …``, ``self.x, self.y = …``, ``with f() as c``."""
    waiting = [target] if target is not None else []
    while waiting:
        each = waiting.pop()
        if each.type == "attribute":
            _read_attribute_assignment(x, node, each)
        elif each.type == "identifier":
            if x.scope.in_function:
                _rebind(x, node, each)
            else:
                _define_variable(x, node, each, None, None)
        elif each.type in _PATTERNS:
            waiting += reversed(each.named_children)


def _rebind(x: Extraction, node: Node, target: Node) -> None:
    """Inside a function: a parameter holds something else from here on, or a global is set."""
    name = x.text(target)
    scope = x.scope
    if name in scope.parameters:
        scope.parameters = {key: value for key, value in scope.parameters.items() if key != name}
    if name in x.globals.get(scope.qualified_name, ()):
        x.define(
            node,
            name,
            SymbolKind.VARIABLE,
            name,
            name_node=target,
            owner=x.module,
            is_public=not is_private_name(name),
            assigned=Assigned.SEVERAL,
        )


def _read_loop(x: Extraction, node: Node) -> None:
    _bind_targets(x, node, node.child_by_field_name("left"))


def _read_entered(x: Extraction, node: Node) -> None:
    pattern = named_child(node)
    if pattern is not None:
        _bind_targets(x, node, pattern.child_by_field_name("alias"))


def _read_walrus(x: Extraction, node: Node) -> None:
    _bind_targets(x, node, node.child_by_field_name("name"))


def _read_global(x: Extraction, node: Node) -> None:
    names = x.globals.setdefault(x.scope.qualified_name, set())
    names.update(x.text(child) for child in node.named_children)


def _define_variable(
    x: Extraction, node: Node, target: Node, declared: Node | None, value: Node | None
) -> None:
    name = x.text(target)
    scope = x.scope
    annotation = unquoted(x.line_of(declared, MAX_ANNOTATION)) if declared is not None else None
    if scope.kind is SymbolKind.ENUM and declared is None and not name.startswith("_"):
        kind = SymbolKind.ENUM_MEMBER
    elif scope.is_class:
        kind = SymbolKind.FIELD
    elif (annotation or "").endswith("TypeAlias") or _is_call_of(x, value, "NewType"):
        kind = SymbolKind.TYPE_ALIAS
    elif name.isupper() and len(name.strip("_")) > 1:
        kind = SymbolKind.CONSTANT
    else:
        kind = SymbolKind.VARIABLE
    stub = name + (f": {annotation}" if annotation else "")
    if value is not None:
        stub += f" = {x.line_of(value, MAX_EXPRESSION)}"
    x.define(
        node,
        name,
        kind,
        stub,
        name_node=target,
        annotation=annotation or inferred_type(x, value),
        is_public=not is_private_name(name),
        assigned=_assigned(x, node, declared, value),
    )


def _assigned(x: Extraction, node: Node, declared: Node | None, value: Node | None) -> Assigned:
    """What an assignment tells of the type of its target."""
    if declared is not None:
        return Assigned.DECLARED
    if value is None:
        # A loop, a pattern: something, but nothing that is followed.
        return Assigned.SEVERAL if node.type != "assignment" else Assigned.ONE_TYPE
    if value.type == "none":
        return Assigned.NOTHING
    return Assigned.ONE_TYPE if is_one_type(x, value) else Assigned.SEVERAL


def _read_attribute_assignment(x: Extraction, node: Node, left: Node) -> None:
    """``self.name = value`` in a method declares a field of the class."""
    scope = x.scope
    receiver = left.child_by_field_name("object")
    target = left.child_by_field_name("attribute")
    if target is None or receiver is None:
        return
    if scope.owner is None or not scope.in_function or x.text(receiver) != scope.receiver:
        x.handled.add(left.byte_range)
        x.refer(ReferenceKind.ASSIGNMENT, target, receiver=receiver)
        return
    name = x.text(target)
    # In a pattern, the value of the statement is not that of the target.
    is_alone = node.child_by_field_name("left") == left and node.type == "assignment"
    declared = node.child_by_field_name("type") if is_alone else None
    value = node.child_by_field_name("right") if is_alone else None
    annotation = (
        unquoted(x.line_of(declared, MAX_ANNOTATION))
        if declared is not None
        else inferred_type(x, value)
    )
    x.define(
        node,
        name,
        SymbolKind.FIELD,
        name + (f": {annotation}" if annotation else ""),
        name_node=target,
        owner=scope.owner,
        annotation=annotation,
        is_public=not is_private_name(name),
        assigned=_assigned(x, node, declared, value) if is_alone else Assigned.SEVERAL,
    )


def _is_call_of(x: Extraction, value: Node | None, name: str) -> bool:
    if value is None or value.type != "call":
        return False
    function = value.child_by_field_name("function")
    return function is not None and x.text(function).rpartition(".")[2] == name


def _read_augmented(x: Extraction, node: Node) -> None:
    left = node.child_by_field_name("left")
    if left is not None and x.scope.kind is SymbolKind.MODULE and x.text(left) == "__all__":
        _extend_exports(x, _strings(x, node.child_by_field_name("right")))


def _extend_exports(x: Extraction, names: list[str] | None) -> None:
    if x.exports is not None and names is not None:
        x.exports.extend(names)
    else:
        x.exports = None


def _strings(x: Extraction, value: Node | None) -> list[str] | None:
    """The strings of a literal list, tuple or sum of those; None if it is anything else."""
    found: list[str] = []
    waiting = [value]
    while waiting:
        node = waiting.pop()
        if node is None:
            return None
        if node.type == "binary_operator":
            waiting += [node.child_by_field_name("right"), node.child_by_field_name("left")]
            continue
        if node.type not in {"list", "tuple"}:
            return None
        for child in node.named_children:
            if child.type == "string":
                found.append(_plain(x.text(child)))
            elif child.type != "comment":
                return None
    return found


def _plain(literal: str) -> str:
    """What a string literal says, without its prefix and quotes."""
    return literal.lstrip("rRuUbB").strip("\"'")


def _read_import(x: Extraction, node: Node) -> None:
    if node.type == "import_statement":
        for target in node.children_by_field_name("name"):
            name, alias = _named(x, target)
            x.bring(target, name, alias=alias)
        return
    module = "__future__"
    level = 0
    if node.type == "import_from_statement":
        source = node.child_by_field_name("module_name")
        if source is None:
            return
        text = "".join(x.text(source).split())
        module = text.lstrip(".")
        level = len(text) - len(module)
    for target in node.children_by_field_name("name"):
        name, alias = _named(x, target)
        x.bring(target, module, name, alias, level)
    for child in node.named_children:
        if child.type == "wildcard_import":
            x.bring(child, module, "*", level=level)


def _named(x: Extraction, target: Node) -> tuple[str, str]:
    if target.type != "aliased_import":
        return x.text(target), ""
    name = target.child_by_field_name("name")
    alias = target.child_by_field_name("alias")
    return (x.text(name) if name else "", x.text(alias) if alias else "")


def _read_call(x: Extraction, node: Node) -> None:
    function = node.child_by_field_name("function")
    arguments = node.child_by_field_name("arguments")
    if function is None or arguments is None:
        return
    receiver: Node | None = None
    name: Node | None = function
    if function.type == "attribute":
        receiver = function.child_by_field_name("object")
        name = function.child_by_field_name("attribute")
        x.handled.add(function.byte_range)
    if name is None:
        return
    n_arguments = 0
    keywords: list[str] = []
    has_unpacking = False
    if arguments.type == "generator_expression":
        n_arguments = 1
    else:
        for argument in arguments.named_children:
            match argument.type:
                case "keyword_argument":
                    keyword = argument.child_by_field_name("name")
                    if keyword is not None:
                        keywords.append(x.text(keyword))
                case "list_splat" | "dictionary_splat":
                    has_unpacking = True
                case "comment":
                    pass
                case _:
                    n_arguments += 1
    x.refer(
        ReferenceKind.CALL,
        name,
        receiver=receiver,
        n_arguments=n_arguments,
        keywords=tuple(keywords),
        has_unpacking=has_unpacking,
    )
    if x.text(name) in _SETTERS:
        _read_setattr(x, node, receiver, arguments)
    if receiver is not None and receiver.end_byte - receiver.start_byte == len("__all__"):
        _read_export_call(x, receiver, name, arguments)


def _read_setattr(x: Extraction, node: Node, receiver: Node | None, arguments: Node) -> None:
    """``setattr(object, "name", value)`` assigns like ``object.name = value``."""
    given = [child for child in arguments.named_children if child.type != "comment"]
    if receiver is not None and x.text(receiver).startswith("super("):
        given.insert(0, receiver)
    if len(given) < 2 or given[1].type != "string":
        return
    name = _plain(x.text(given[1]))
    target = x.text(given[0])
    scope = x.scope
    if not name.isidentifier():
        return
    if scope.owner is not None and (target == scope.receiver or target.startswith("super(")):
        x.define(
            node,
            name,
            SymbolKind.FIELD,
            name,
            name_node=given[1],
            owner=scope.owner,
            is_public=not is_private_name(name),
            assigned=Assigned.SEVERAL,
        )
    else:
        x.refer(ReferenceKind.ASSIGNMENT, given[1], name=name, receiver=given[0])


def _read_export_call(x: Extraction, receiver: Node, name: Node, arguments: Node) -> None:
    if x.text(receiver) != "__all__" or x.scope.kind is not SymbolKind.MODULE:
        return
    argument = named_child(arguments)
    match x.text(name):
        case "extend":
            _extend_exports(x, _strings(x, argument))
        case "append" if argument is not None and argument.type == "string":
            _extend_exports(x, [_plain(x.text(argument))])
        case _:
            x.exports = None


def _read_attribute(x: Extraction, node: Node) -> None:
    if node.byte_range in x.handled or node.start_byte < x.covered_to:
        return
    name = node.child_by_field_name("attribute")
    if name is not None:
        x.refer(ReferenceKind.ATTRIBUTE, name, receiver=node.child_by_field_name("object"))


def _read_annotation(x: Extraction, node: Node) -> None:
    if node.start_byte < x.covered_to:
        return
    x.covered_to = node.end_byte
    text = x.text(node)
    if text in _BUILTIN_TYPES:
        return
    if "Literal" in text or "Annotated" in text:
        text = _QUOTED.sub(lambda match: " " * len(match[0]), text)
    x.refer_within(ReferenceKind.ANNOTATION, node, text, DOTTED_NAME, _BUILTIN_TYPES)


def _prepare(x: Extraction, root: Node, _captures: Captures) -> None:
    docstring = _docstring(x, root)
    x.docstring = first_paragraph(docstring)
    x.document(SymbolKind.MODULE, 0, docstring)


PYTHON = Grammar(
    load=_load,
    queries=("python",),
    handlers={
        "decorated": _read_decorated,
        "decorator": _read_decorator,
        "function": _read_function,
        "class": _read_class,
        "type_alias": _read_type_alias,
        "assignment": _read_assignment,
        "augmented": _read_augmented,
        "loop": _read_loop,
        "entered": _read_entered,
        "walrus": _read_walrus,
        "global": _read_global,
        "import": _read_import,
        "call": _read_call,
        "annotation": _read_annotation,
        "attribute": _read_attribute,
    },
    prepare=_prepare,
    uses=frozenset({"attribute", "annotation"}),
)

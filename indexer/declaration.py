"""How a definition is written for somebody who is about to use it: on one line, as a call. Pure.

A model that sees ``Order(items: list[Item], *, currency: str = "EUR")`` writes the call; one that
sees ``class Order(Base)`` guesses the arguments. Nothing is invented: every word stands in the
definition, its constructor or its fields.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from indexer.model import Parameter, ParameterKind, Signature, Symbol, SymbolKind
from indexer.resolve.outline import Outline

_RECEIVERS = frozenset({"self", "cls", "this"})
_RECORD_DECORATORS = re.compile(r"\b(dataclass|define|frozen|mutable|attrs?)\b")
_RECORD_BASES = re.compile(r"\b(BaseModel|BaseSettings|NamedTuple|TypedDict|Struct)\b")
_MAX_MEMBERS = 12
_CALL_STYLE = frozenset({"python", "javascript", "typescript", "tsx"})


def declaration_of(symbol: Symbol, outline: Outline | None) -> str:
    """Write ``symbol`` as its user would; ``outline`` is that of its file.

    Other languages than Python, JavaScript and TypeScript keep the declaration as it stands.
    """
    if symbol.language not in _CALL_STYLE:
        return symbol.stub
    owner = symbol.parent.rpartition(".")[2]
    match symbol.kind:
        case SymbolKind.CLASS | SymbolKind.INTERFACE if outline is not None:
            return _class(symbol, outline)
        case SymbolKind.ENUM if outline is not None:
            members = [
                member.name
                for member in outline.members.get(symbol.qualified_name, {}).values()
                if member.kind is SymbolKind.ENUM_MEMBER
            ]
            return f"{symbol.stub}: {', '.join(members[:_MAX_MEMBERS])}" if members else symbol.stub
        case SymbolKind.METHOD if owner and symbol.signature is not None:
            return f"{_async(symbol)}{owner}.{symbol.name}{_call(symbol.signature)}"
        case SymbolKind.FUNCTION if symbol.signature is not None:
            return f"{_async(symbol)}{symbol.name}{_call(symbol.signature)}"
        case SymbolKind.FIELD | SymbolKind.PROPERTY | SymbolKind.ENUM_MEMBER if owner:
            annotation = f": {symbol.annotation}" if symbol.annotation else ""
            return f"{owner}.{symbol.name}{annotation}"
        case _:
            return symbol.stub


def _class(symbol: Symbol, outline: Outline) -> str:
    members = outline.members.get(symbol.qualified_name, {})
    constructor = members.get("__init__") or members.get("constructor")
    if constructor is not None and constructor.signature is not None:
        signature = Signature(constructor.signature.parameters)
        return f"{symbol.name}{_call(signature)}"
    is_record = any(_RECORD_DECORATORS.search(name) for name in symbol.decorators) or any(
        _RECORD_BASES.search(base) for base in symbol.bases
    )
    fields = [
        member
        for member in members.values()
        if member.kind is SymbolKind.FIELD and member.annotation and "ClassVar" not in member.stub
    ]
    if is_record and fields:
        return f"{symbol.name}({', '.join(_field(member) for member in fields)})"
    return symbol.stub


def _field(member: Symbol) -> str:
    return member.stub if ":" in member.stub else f"{member.name}: {member.annotation}"


def _call(signature: Signature) -> str:
    returns = f" -> {signature.returns}" if signature.returns else ""
    return f"({_parameters(signature.parameters)}){returns}"


def _parameters(parameters: Sequence[Parameter]) -> str:
    written: list[str] = []
    has_star = False
    for index, parameter in enumerate(parameters):
        if index == 0 and parameter.name in _RECEIVERS:
            continue
        if parameter.kind is ParameterKind.VARIADIC_POSITIONAL:
            has_star = True
        elif parameter.kind is ParameterKind.KEYWORD_ONLY and not has_star:
            has_star = True
            written.append("*")
        written.append(_parameter(parameter))
    return ", ".join(written)


def _parameter(parameter: Parameter) -> str:
    stars = {ParameterKind.VARIADIC_POSITIONAL: "*", ParameterKind.VARIADIC_KEYWORD: "**"}
    star = stars.get(parameter.kind, "")
    # A default says that it may be left out; without one (TypeScript) a question mark does.
    mark = "?" if parameter.optional and parameter.default is None and not star else ""
    text = f"{star}{parameter.name}{mark}"
    if parameter.annotation:
        text += f": {parameter.annotation}"
    if parameter.default is not None:
        text += f" = {parameter.default}" if parameter.annotation else f"={parameter.default}"
    return text


def _async(symbol: Symbol) -> str:
    return "await " if symbol.is_async else ""

"""What is said of a parameter or a field: its authors' words elsewhere, or facts. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from copilot_ls.features.documentation import words
from copilot_ls.features.documentation.account import (
    BOOLEAN,
    BUILTINS,
    GENERIC_NAMES,
    MAX_CODE,
    ONE_CLASS,
    Context,
    Said,
    bare_type,
    own_parameters,
    starred,
    unquoted,
)
from indexer.model import Parameter, ParameterKind, Symbol
from indexer.syntax.behaviour import Behaviour

_SIMPLE_DEFAULT = re.compile(
    r"-?\d[\w.]*|True|False|None|'[^'\n]{0,30}'|\"[^\"\n]{0,30}\"|\(\)|\[\]|\{\}|[A-Z][\w.]*"
)
_UNITS = {"s": "seconds", "sec": "seconds", "secs": "seconds", "seconds": "seconds",
          "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds", "minutes": "minutes",
          "hours": "hours", "days": "days", "bytes": "bytes", "mb": "megabytes", "kb": "kilobytes",
          "px": "pixels", "hz": "hertz", "mhz": "megahertz", "dbm": "dBm",
          "percent": "percent", "pct": "percent", "deg": "degrees"}  # fmt: skip


def describe_parameter(
    parameter: Parameter, symbol: Symbol, behaviour: Behaviour, context: Context
) -> Said:
    """Say what a parameter is; a fact about its use stands in where its name says little."""
    type_name = _type(parameter)
    default = _default(parameter, behaviour)
    known = frozenset(each.name for each in own_parameters(symbol)) | {"self"}
    handed = [
        call.callee
        for call in behaviour.calls
        if any(value.lstrip("*") == parameter.name for _, value in call.arguments)
    ]
    text = context.glossary.find(parameter, symbol, known=known, handed_to=handed)
    text = text or words.sentence(behaviour.comments.get(parameter.name, ""))
    is_told = bool(text) or bool(_from_name(parameter, symbol, context))
    text = text or _from_facts(parameter, symbol, behaviour, context)
    return Said(starred(parameter), text, type_name, default, is_bare=not is_told)


def describe_attribute(attribute: Symbol, owner: Symbol, context: Context) -> Said:
    """Say what a field of a class is."""
    parameter = Parameter(attribute.name, annotation=attribute.annotation)
    text = context.glossary.find(parameter, owner, known=frozenset())
    return Said(
        attribute.name,
        text or _from_name(parameter, owner, context) or _from_use(parameter, Behaviour(), context),
        unquoted(attribute.annotation or ""),
    )


def _from_facts(
    parameter: Parameter, symbol: Symbol, behaviour: Behaviour, context: Context
) -> str:
    if parameter.kind is ParameterKind.VARIADIC_KEYWORD:
        return _forwarded(parameter, behaviour, context, "keyword arguments")
    if parameter.kind is ParameterKind.VARIADIC_POSITIONAL:
        return _forwarded(parameter, behaviour, context, "positional arguments")
    text = _from_name(parameter, symbol, context) or _from_use(parameter, behaviour, context)
    fallback = behaviour.fallbacks.get(parameter.name, "")
    if fallback and len(fallback) <= MAX_CODE and "`" not in fallback:
        text = f"{text.rstrip('.')}; {context.code(fallback)} if it is {context.code('None')}."
    return text


def _from_use(parameter: Parameter, behaviour: Behaviour, context: Context) -> str:
    """A name that stands for itself: its type, and which function gets it."""
    text = words.noun_phrase(words.words_of(parameter.name)) or parameter.name
    annotation = bare_type(parameter.annotation or "")
    if annotation and len(annotation) <= MAX_CODE and "`" not in annotation:
        text += f" ({context.code(annotation)})"
    takers = [
        call.callee
        for call in behaviour.calls
        if any(value.lstrip("*") == parameter.name for _, value in call.arguments)
        and re.fullmatch(r"[\w.]+", call.callee)
        and call.callee not in BUILTINS
        and not call.callee.rpartition(".")[2][:1].isupper()
    ]
    if len(set(takers)) == 1:
        text += f", for {context.code(takers[0])}"
    return words.sentence(text)


def _forwarded(parameter: Parameter, behaviour: Behaviour, context: Context, what: str) -> str:
    for call in behaviour.calls:
        if any(value == starred(parameter) for _, value in call.arguments):
            if call.callee.startswith("super("):
                return f"Further {what} for the base class."
            if re.fullmatch(r"[\w.]+", call.callee):
                return f"Further {what} for {context.code(call.callee)}."
    return f"Further {what}."


def _from_name(parameter: Parameter, symbol: Symbol, context: Context) -> str:
    annotation = bare_type(parameter.annotation or "")
    plain = words.words_of(parameter.name, spelled_out=False)
    found = words.words_of(parameter.name)
    first = plain[0].lower() if plain else ""
    if BOOLEAN.match(annotation) or parameter.default in {"True", "False"}:
        return words.sentence(_flag(first, found))
    if re.match(r"^(?:typing\.|collections\.abc\.)?(?:Callable|Awaitable)\b", annotation):
        if first == "on" and len(found) > 1:
            return words.sentence(f"called on {' '.join(found[1:])}")
        return words.sentence(f"function that is called as the {' '.join(found)}")
    if first in {"n", "num", "number", "count"} and len(found) > 1:
        rest = found[1:]
        rest = rest[1:] if rest[0] == "of" else rest
        return words.sentence(f"number of {' '.join(rest)}")
    if first in {"max", "min"} and len(found) > 1:
        extreme = "largest" if first == "max" else "smallest"
        several = "number of " if words.is_plural(found[-1]) else ""
        return words.sentence(f"{extreme} {several}{' '.join(found[1:])}")
    unit = _UNITS.get(plain[-1].lower()) if len(plain) > 1 else None
    # One letter may mean anything, unless it stands behind a number.
    is_measure = plain[-1].lower() not in {"s", "us"} or annotation in {"int", "float"}
    if unit is not None and is_measure:
        return words.sentence(f"{words.noun_phrase(found[:-1])} in {unit}")
    named = ONE_CLASS.fullmatch(annotation)
    if named and parameter.name.replace("_", "").lower() in annotation.lower():
        return words.sentence(
            f"the {' '.join(found)}, {words.article(annotation)} {context.code(annotation)}"
        )
    if len(found) > 1 and plain[-1].lower() == "id":
        return words.sentence(f"ID of {words.noun_phrase(found[:-1])}")
    if len(found) > 1 and plain[-1].lower() in {"name", "path", "type", "index", "size", "length"}:
        head = found[-1] if plain[-1].lower() != "name" else "name"
        return words.sentence(f"{head} of {words.noun_phrase(found[:-1])}")
    if parameter.name in GENERIC_NAMES or len(parameter.name) < 3:
        return _generic(parameter, symbol, annotation, context)
    return ""


def _generic(parameter: Parameter, symbol: Symbol, annotation: str, context: Context) -> str:
    """A name that says nothing: its type and the function's verb say a little more."""
    verb = words.words_of(symbol.name)[:1]
    if parameter.name == "other":
        return "What it is compared or combined with."
    if ONE_CLASS.fullmatch(annotation):
        return f"The {context.code(annotation)}{_doing(verb)}."
    # What is done, is done to the first thing that is given.
    is_object = own_parameters(symbol)[:1] == [parameter]
    if is_object and verb and words.is_verb(verb[0]) and not words.outcome(verb):
        return f"What to {verb[0].lower()}."
    return ""


def _doing(verb: Sequence[str]) -> str:
    return f" to {verb[0].lower()}" if verb and words.is_verb(verb[0]) else ""


def _flag(first: str, found: Sequence[str]) -> str:
    said = " ".join(found)
    if words.is_predicate(first):
        rest = found[1:]
        is_thing = first == "is" and rest and not words.is_adjective(rest[-1])
        if is_thing and len(rest) == 1 and not words.is_plural(rest[0]):
            rest = [words.article(rest[0]), *rest]
        return f"whether it {first} {' '.join(rest)}".rstrip()
    if words.is_verb(first):
        return f"whether to {said}"
    if first in {"with", "without"}:
        return f"whether to work {said}"
    if first in {"no", "not"}:
        return f"whether to do without {' '.join(found[1:])}"
    if len(found) == 1 and words.is_adjective(first):
        return f"whether it is {first}" if first.endswith("ed") else f"whether to be {first}"
    return f"whether {said} {'apply' if words.is_plural(found[-1]) else 'applies'}"


def _type(parameter: Parameter) -> str:
    return unquoted(parameter.annotation or "")


def _default(parameter: Parameter, behaviour: Behaviour) -> str:
    """A default that tells something; ``None`` stands for what ``fallbacks`` say."""
    default = parameter.default
    if default is None or default == "None" or parameter.name in behaviour.fallbacks:
        return ""
    return default if _SIMPLE_DEFAULT.fullmatch(default) else ""

"""Whether a case is one that the code's author promised to handle: by its annotations, strictly.

What crashes on an input that nobody promised to take is no bug. Where an annotation is missing or
says anything, nothing was promised. Standard library alone.
"""

from __future__ import annotations

import collections.abc
import inspect
import typing
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, Union

from .hints import ANNOTATED, Hints
from .nodes import Call, Case, Literal, Node, Raw
from .targets import Target

_PLAIN = (str, int, float, bool, bytes)


def is_plausible(case: Case, target: Target) -> bool:
    """Whether every input of the case is of the type that is asked for."""
    if case.steps:
        return False
    if any(isinstance(node, Call) and (node.arguments or node.keywords) for _, node in case.setup):
        return False
    return _is_call_plausible(case.action, target.parameters, target.hints)


def _is_call_plausible(
    call: Call, parameters: Sequence[inspect.Parameter], hints: dict[str, Hints]
) -> bool:
    names = [parameter.name for parameter in parameters]
    kinds = {parameter.kind for parameter in parameters}
    if kinds & {inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD}:
        return False
    if len(call.arguments) > len(names):
        return False
    given = [*zip(names, call.arguments), *call.keywords.items()]
    required = {p.name for p in parameters if p.default is inspect.Parameter.empty}
    if required - {name for name, _ in given}:
        return False
    return all(_fits_one(node, hints.get(name, [])) for name, node in given)


def n_odd(call: Call, parameters: Sequence[inspect.Parameter], hints: dict[str, Hints]) -> int:
    """How many arguments are of another type than the annotation or the default tells."""
    by_name = {parameter.name: parameter for parameter in parameters}
    given = [*zip(by_name, call.arguments), *call.keywords.items()]
    return sum(_is_odd(node, by_name.get(name), hints.get(name, ())) for name, node in given)


def _is_odd(node: Node, parameter: inspect.Parameter | None, hints: Sequence[Any]) -> bool:
    annotations = [hint for weight, hint in hints if weight >= ANNOTATED]
    if not isinstance(node, Literal):
        # Whatever it is, it is no plain value; but the text of a path may be.
        return bool(annotations) and annotations[0] in _PLAIN and "tmp_path" not in node.render()
    if annotations:
        return not fits(node.value, annotations[0])
    default = parameter.default if parameter is not None else None
    if default is None or default is inspect.Parameter.empty:
        return False
    return type(node.value) is not type(default)


def _fits_one(node: Node, hints: Hints) -> bool:
    annotations = [hint for weight, hint in hints if weight >= ANNOTATED]
    if not annotations:
        return False
    annotation = annotations[0]
    if isinstance(node, Literal):
        return fits(node.value, annotation)
    is_path = isinstance(node, Raw) and node.source.startswith("tmp_path")
    return is_path and inspect.isclass(annotation) and issubclass(annotation, PurePath)


def fits(value: Any, annotation: Any) -> bool:
    """Whether a literal is of the annotated type; what cannot be told does not fit."""
    if annotation in (None, type(None)):
        return value is None
    origin = typing.get_origin(annotation)
    arguments = typing.get_args(annotation)
    if origin is Union or type(annotation).__name__ == "UnionType":
        return any(fits(value, entry) for entry in arguments)
    if origin is getattr(typing, "Literal", None):
        return value in arguments
    if origin is not None and inspect.isclass(origin):
        return _fits_generic(value, origin, arguments)
    if not inspect.isclass(annotation) or annotation is object:
        return False
    if annotation is float:
        return type(value) in (int, float)
    return type(value) is annotation and not isinstance(value, (list, dict, set, tuple))


def _fits_generic(value: Any, origin: type, arguments: Sequence[Any]) -> bool:
    if origin is tuple:
        if len(arguments) == 2 and arguments[1] is Ellipsis:
            return type(value) is tuple and all(fits(item, arguments[0]) for item in value)
        return (
            type(value) is tuple
            and len(value) == len(arguments)
            and all(map(fits, value, arguments))
        )
    if issubclass(origin, collections.abc.Mapping):
        return (
            type(value) is dict
            and len(arguments) == 2
            and all(fits(k, arguments[0]) and fits(v, arguments[1]) for k, v in value.items())
        )
    if issubclass(list, origin) or issubclass(set, origin):
        kinds = [kind for kind in (list, set) if issubclass(kind, origin)]
        return (
            type(value) in kinds
            and len(arguments) == 1
            and all(fits(item, arguments[0]) for item in value)
        )
    return False

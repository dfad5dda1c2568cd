"""Does a call fit a signature? Pure: parameters on one side, arguments on the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from indexer.model import Parameter, ParameterKind, Span
from indexer.syntax.code import Arguments

_POSITIONAL = frozenset({ParameterKind.POSITIONAL_ONLY, ParameterKind.POSITIONAL_OR_KEYWORD})
_NAMED = frozenset({ParameterKind.POSITIONAL_OR_KEYWORD, ParameterKind.KEYWORD_ONLY})


class Fault(StrEnum):
    """What is wrong with a call."""

    UNEXPECTED_KEYWORD = "unexpected-keyword"
    REPEATED_ARGUMENT = "repeated-argument"
    TOO_MANY_ARGUMENTS = "too-many-arguments"
    MISSING_ARGUMENT = "missing-argument"


@dataclass(frozen=True, slots=True)
class Misfit:
    """One fault: ``name`` of the keyword or of the first missing parameter, and where it shows.

    ``span`` is absent for what is missing.
    """

    fault: Fault
    name: str
    span: Span | None = None


def misfit(parameters: Sequence[Parameter], arguments: Arguments) -> Misfit | None:
    """The first reason why a call does not fit, receiver already taken off; ``None`` if it fits.

    What unpacking passes is never held against a call. Whether the call is finished is the
    caller's to know: of an unfinished one, nothing is missing yet.
    """
    kinds = {parameter.kind for parameter in parameters}
    positional = [parameter for parameter in parameters if parameter.kind in _POSITIONAL]
    by_name = {parameter.name: parameter for parameter in parameters if parameter.kind in _NAMED}
    n_given = len(arguments.positional)
    if ParameterKind.VARIADIC_KEYWORD not in kinds:
        for keyword in arguments.keywords:
            if keyword.name not in by_name:
                return Misfit(Fault.UNEXPECTED_KEYWORD, keyword.name, keyword.span)
    if n_given > len(positional) and ParameterKind.VARIADIC_POSITIONAL not in kinds:
        extra = arguments.positional[len(positional)]
        return Misfit(Fault.TOO_MANY_ARGUMENTS, str(len(positional)), extra)
    filled = {parameter.name for parameter in positional[:n_given]}
    for keyword in arguments.keywords:
        parameter = by_name.get(keyword.name)
        if parameter is not None and parameter.name in filled:
            return Misfit(Fault.REPEATED_ARGUMENT, keyword.name, keyword.span)
    # A keyword never fills a positional-only parameter of its name.
    filled.update(keyword.name for keyword in arguments.keywords if keyword.name in by_name)
    for parameter in parameters:
        if parameter.optional or parameter.name in filled or not arguments.is_whole:
            continue
        if arguments.has_double_star and parameter.kind in _NAMED:
            continue
        if arguments.has_star and parameter.kind in _POSITIONAL:
            continue
        if parameter.kind in {ParameterKind.VARIADIC_POSITIONAL, ParameterKind.VARIADIC_KEYWORD}:
            continue
        return Misfit(Fault.MISSING_ARGUMENT, parameter.name)
    return None

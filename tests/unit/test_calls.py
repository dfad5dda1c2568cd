"""A call fits a signature or it does not; what unpacking hides is never held against it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.model import Parameter, ParameterKind, Span
from indexer.resolve.calls import Fault, misfit
from indexer.syntax.code import Arguments, Keyword
from indexer.syntax.parse import parse

NOWHERE = Span(0, 0)


def signature(text: str) -> tuple[Parameter, ...]:
    (symbol,) = parse("a.py", "python", f"def f({text}): ...").symbols
    assert symbol.signature is not None
    return symbol.signature.parameters


def arguments(text: str) -> Arguments:
    """``1, 2, x=, *, **`` → what a call passes; ``…`` for one that is not finished."""
    parts = [part.strip() for part in text.split(",") if part.strip()]
    return Arguments(
        positional=tuple(NOWHERE for part in parts if part.isdigit()),
        keywords=tuple(Keyword(part[:-1], NOWHERE) for part in parts if part.endswith("=")),
        has_star="*" in parts,
        has_double_star="**" in parts,
        is_whole="…" not in parts,
    )


@pytest.mark.parametrize(
    ("declared", "passed"),
    [
        ("", ""),
        ("a, b=1", "1"),
        ("a, b=1", "1, 2"),
        ("a, b=1", "a="),
        ("a, b", "*"),
        ("a, b", "1, **"),
        ("a, /, b", "1, b="),
        ("a, *, key", "1, key="),
        ("*args, key=1", "1, 2, 3"),
        ("a, **rest", "1, other="),
        ("a, /, **rest", "1, a="),
        ("a, b", "1, …"),
    ],
)
def test_a_call_that_fits_has_no_fault(declared: str, passed: str) -> None:
    assert misfit(signature(declared), arguments(passed)) is None


@pytest.mark.parametrize(
    ("declared", "passed", "fault", "name"),
    [
        ("", "1", Fault.TOO_MANY_ARGUMENTS, "0"),
        ("a", "1, 2", Fault.TOO_MANY_ARGUMENTS, "1"),
        ("a, *, key=1", "1, 2", Fault.TOO_MANY_ARGUMENTS, "1"),
        ("a", "*, 1, 2", Fault.TOO_MANY_ARGUMENTS, "1"),
        ("a", "b=", Fault.UNEXPECTED_KEYWORD, "b"),
        ("a", "1, b=, **", Fault.UNEXPECTED_KEYWORD, "b"),
        ("a, /", "a=", Fault.UNEXPECTED_KEYWORD, "a"),
        ("*args", "args=", Fault.UNEXPECTED_KEYWORD, "args"),
        ("a, b=1", "1, a=", Fault.REPEATED_ARGUMENT, "a"),
        ("a, b", "1", Fault.MISSING_ARGUMENT, "b"),
        ("a, *, key", "1", Fault.MISSING_ARGUMENT, "key"),
        ("a, *, key", "*", Fault.MISSING_ARGUMENT, "key"),
        ("a, /, b", "**", Fault.MISSING_ARGUMENT, "a"),
        ("a", "1, 2, …", Fault.TOO_MANY_ARGUMENTS, "1"),
    ],
)
def test_a_call_that_does_not_fit_is_told_why(
    declared: str, passed: str, fault: Fault, name: str
) -> None:
    found = misfit(signature(declared), arguments(passed))
    assert found is not None
    assert (found.fault, found.name) == (fault, name)


KINDS = list(ParameterKind)


@st.composite
def _cases(draw: st.DrawFn) -> tuple[tuple[Parameter, ...], int, list[str]]:
    kinds = sorted(
        draw(st.lists(st.sampled_from([*KINDS[:2], KINDS[3]]), max_size=4)), key=KINDS.index
    )
    parameters = []
    has_default = False
    for index, kind in enumerate(kinds):
        # Python allows no positional parameter without a default behind one with it.
        is_named = kind is ParameterKind.KEYWORD_ONLY
        optional = draw(st.booleans()) or (has_default and not is_named)
        has_default = has_default or (optional and not is_named)
        parameters.append(Parameter(f"p{index}", kind, optional=optional))
    if draw(st.booleans()):
        parameters.append(Parameter("rest", ParameterKind.VARIADIC_KEYWORD, optional=True))
    names = draw(st.lists(st.sampled_from(["p0", "p1", "p2", "p3", "other"]), unique=True))
    return tuple(parameters), draw(st.integers(0, 4)), names


@given(_cases())
def test_the_verdict_is_python_s_own(case: tuple[tuple[Parameter, ...], int, list[str]]) -> None:
    parameters, n_positional, names = case
    written, previous = [], None
    for parameter in parameters:
        if previous is ParameterKind.POSITIONAL_ONLY and parameter.kind is not previous:
            written.append("/")
        if parameter.kind is ParameterKind.KEYWORD_ONLY and previous is not parameter.kind:
            written.append("*")
        mark = "**" if parameter.kind is ParameterKind.VARIADIC_KEYWORD else ""
        default = "=0" if parameter.optional and not mark else ""
        written.append(f"{mark}{parameter.name}{default}")
        previous = parameter.kind
    if previous is ParameterKind.POSITIONAL_ONLY:
        written.append("/")
    function = eval(f"lambda {', '.join(written)}: None")
    call = Arguments((NOWHERE,) * n_positional, tuple(Keyword(name, NOWHERE) for name in names))
    try:
        function(*range(n_positional), **dict.fromkeys(names))
    except TypeError:
        assert misfit(parameters, call) is not None
    else:
        assert misfit(parameters, call) is None

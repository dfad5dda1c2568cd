"""Calls that people wrote become first inputs."""

from __future__ import annotations

from copilot_ls.features.tests.seeds import callables_of, calls_in_docstrings, literal_calls


def test_examples_give_calls_wherever_they_stand() -> None:
    module = '''
def area(width, height=1):
    """Area.

    >>> x = area(2, height=3)
    >>> print(area(
    ...     4))
    4
    """
'''
    assert calls_in_docstrings(module) == ["area(2, height=3)", "print(area(4))", "area(4)"]


def test_only_literal_arguments_are_taken_from_callers() -> None:
    caller = "shapes.area(5)\narea(width)\nother(1)\narea()\narea([1, (2,)], key=None)\n"
    assert literal_calls(caller, {"area"}) == ["area(5)", "area([1, (2,)], key=None)"]


def test_what_cannot_be_parsed_gives_nothing() -> None:
    assert callables_of("def f(:") == frozenset()
    assert calls_in_docstrings("\0") == []
    assert literal_calls("f(", {"f"}) == []

"""Examples in docstrings are read, not run; what docstrings leave unsaid is told when asked."""

from __future__ import annotations

import pytest

from copilot_ls.features.documentation.check import check_python
from copilot_ls.features.documentation.incomplete import find_gaps
from copilot_ls.features.documentation.options import DocumentationOptions
from copilot_ls.features.documentation.reading import Neighbours, read_file
from copilot_ls.features.documentation.write import Writer


def told(example: str, signature: str = "scale(points, factor=2)") -> list[tuple[str, int]]:
    text = f'def {signature}:\n    """Scale.\n\n{example}\n    """\n    return points\n'
    return [(str(each.drift.rule), each.line) for each in check_python("a.py", text)]


@pytest.mark.parametrize(
    "example",
    [
        "    >>> scale([1], factor=3)\n    [3]",
        "    >>> # what it does\n    >>> scale([1])\n    [2]",
        "    >>> for x in scale([1]):\n    ...     print(x)\n    2",
        "    >>> with a:\n    >>>     scale([1])",
        "    >>> %timeit scale([1])",
        "    >>> scale(<points>)",
        "    >>> other(ratio=2)",
        "    >>> thing.scale(ratio=2)",
    ],
)
def test_a_right_example_and_what_cannot_be_judged_is_left_alone(example):
    assert told(example) == []


def test_an_example_that_does_not_parse_is_told_with_its_line():
    assert told("    >>> scale([1])\n    [2]\n    >>> scale([1)") == [("broken-example", 5)]


def test_an_example_with_a_keyword_that_is_gone_is_told():
    assert told("    >>> scale([1], ratio=3)\n    [3]") == [("stale-example", 3)]
    assert told("    >>> scale([1], ratio=3)", "scale(points, **options)") == []


GAPS = '''
def load(path):
    """Load.

    Args:
        path: Where.
    """
    if not path:
        raise ValueError(path)
    return path


def save(path):
    """Save.

    Raises:
        OSError: If it cannot.
    """
    write(path)


def short(path):
    """Return something."""
    return path


def silent(path):
    return path
'''


def test_what_is_unsaid_is_named_where_there_are_sections():
    file = read_file("a.py", GAPS)
    assert file is not None
    writer = Writer(file, Neighbours(documents_modules=False), DocumentationOptions())

    gaps = [(gap.symbol, str(gap.rule)) for gap in find_gaps(file, writer)]

    assert gaps == [
        ("load", "no-errors"),
        ("load", "no-result"),
        ("save", "no-parameters"),
        ("silent", "no-docstring"),
    ]

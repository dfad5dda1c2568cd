"""A docstring that the code contradicts is told; one that is silent is left alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_ls.errors import ConfigError
from copilot_ls.evals.drift import read_drift_cases, run_drift, summarise
from copilot_ls.features.documentation.check import check_python
from copilot_ls.features.documentation.docstring import parse_docstring
from indexer.syntax.bodies import read_bodies
from indexer.syntax.tree import read_tree

GOOGLE = '''
def scale(points, factor=2, *, origin=None):
    """Scale points.

    Args:
        points (list): What to scale.
        factor: How much. Defaults to 2.
        origin: The fixed point.

    Returns:
        The scaled points.
    """
    return [factor * point for point in points]
'''
NUMPY = '''
def scale(points, factor=2, *, origin=None):
    """Scale points.

    Parameters
    ----------
    points : list
        What to scale.
    factor : int, default 2
        How much.
    origin : point, optional
        The fixed point.

    Returns
    -------
    list
        The scaled points.
    """
    return [factor * point for point in points]
'''
SPHINX = '''
def scale(points, factor=2, *, origin=None):
    """Scale points.

    :param list points: What to scale.
    :param factor: How much, 2 by default.
    :param origin: The fixed point.
    :returns: The scaled points.
    """
    return [factor * point for point in points]
'''


def found(text: str) -> list[tuple[str, str]]:
    return [(str(finding.drift.rule), finding.drift.name) for finding in check_python("x.py", text)]


@pytest.mark.parametrize("text", [GOOGLE, NUMPY, SPHINX])
def test_a_true_docstring_is_left_alone(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("text", [GOOGLE, NUMPY, SPHINX])
def test_a_parameter_that_is_gone_is_stale(text: str) -> None:
    assert found(text.replace(", *, origin=None", "")) == [("stale-parameter", "origin")]


@pytest.mark.parametrize("text", [GOOGLE, NUMPY, SPHINX])
def test_a_parameter_that_was_renamed_is_told_with_its_name(text: str) -> None:
    head, _, rest = text.partition(":\n")
    (finding,) = check_python("x.py", head.replace("factor", "factors") + ":\n" + rest)
    assert (finding.drift.rule, finding.drift.name) == ("renamed-parameter", "factor")
    assert finding.drift.replacement == "factors"
    assert "factor" in (head + ":\n" + rest).splitlines()[finding.line]


@pytest.mark.parametrize("text", [GOOGLE, NUMPY, SPHINX])
def test_a_new_parameter_is_missing_where_all_others_are_described(text: str) -> None:
    changed = text.replace("origin=None)", "origin=None, axis=0)")
    assert found(changed) == [("missing-parameter", "axis")]


@pytest.mark.parametrize("text", [GOOGLE, NUMPY])
def test_another_default_is_told(text: str) -> None:
    (finding,) = check_python("x.py", text.replace("factor=2", "factor=3"))
    assert (finding.drift.rule, finding.drift.replacement) == ("wrong-default", "3")


@pytest.mark.parametrize("text", [GOOGLE, NUMPY, SPHINX])
def test_a_result_that_never_is_is_told(text: str) -> None:
    changed = text.replace("    return [factor * point for point in points]", "    print(points)")
    assert found(changed) == [("stale-return", "returns")]


@pytest.mark.parametrize(
    "text",
    [
        'def f(a, b):\n    """Do it."""\n',
        'def f(a, b):\n    """Do it.\n\n    Returns:\n        int: One.\n    """\n    return 1\n',
        'def f(a, **kwargs):\n    """Do.\n\n    Args:\n        a: One.\n        colour: Passed on.\n    """\n',
        '@wrapped_by_somebody\ndef f(a):\n    """Do.\n\n    Args:\n        b: Made there.\n    """\n',
        'def f(a):\n    """Do.\n\n    Parameters\n    ----------\n    %(shared)s\n    """\n',
        'def f(*args):\n    """Do.\n\n    Args:\n        *args: All of them.\n    """\n',
        'def f(a, _hidden=1):\n    """Do.\n\n    Args:\n        a: One.\n    """\n',
        'def f(x, y):\n    """Do.\n\n    Parameters\n    ----------\n    x, y : float\n        Both.\n    """\n',
        'class A:\n    @property\n    def f(self):\n        """Do.\n\n        Args:\n            key: Of the call.\n        """\n        return g\n',
        'class A:\n    """Do.\n\n    Args:\n        n: For the call.\n    """\n    def __init__(self): ...\n    def __call__(self, n): ...\n',
        'def f(a):\n    """Do.\n\n    Args:\n        a: One.\n\n    Returns:\n        None.\n    """\n    print(a)\n',
        'def f(a: "broken\n',
    ],
)
def test_silence_and_what_cannot_be_known_are_no_drift(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize("tag", [":rtype: int", "@rtype: C{int}"])
def test_a_type_of_a_result_alone_needs_a_result(tag: str) -> None:
    text = f'def f(a):\n    """Do.\n\n    {tag}\n    """\n    return a\n'
    assert found(text) == []
    assert found(text.replace("return a", "go(a)")) == [("stale-return", "returns")]


def test_a_class_is_held_against_its_constructor_and_fields() -> None:
    text = (
        'class Order:\n    """An order.\n\n    Args:\n        number: Its number.\n'
        '        customer: Who.\n        total: A field.\n    """\n\n    total = 0\n\n'
        "    def __init__(self, number):\n        self.number = number\n"
    )
    assert found(text) == [("stale-parameter", "customer")]


def test_facts_of_a_body_leave_its_inner_functions_out() -> None:
    text = (
        'def f():\n    """Return it."""\n    def g():\n        yield 1\n        return 2\n'
        "    try:\n        raise KeyError(1)\n    except KeyError:\n        pass\n"
        "    raise ValueError('x')\n"
    )
    tree = read_tree("python", text)
    assert tree is not None
    body = read_bodies(tree)[0]
    assert not body.yields
    assert not body.returns_value
    assert [raised.name for raised in body.raises] == ["ValueError"]


@given(st.text(max_size=300))
def test_any_docstring_can_be_read(text: str) -> None:
    parsed = parse_docstring(text)
    assert all(item.line >= 0 for item in parsed.items)


def test_the_evaluation_counts_what_was_flagged(tmp_path: Path) -> None:
    rows = [
        {"id": "a", "source_before": GOOGLE.strip(), "label": "clean", "kind": "clean"},
        {
            "id": "b",
            "source_before": GOOGLE.strip().replace("factor=2", "ratio=2"),
            "label": "drift",
            "kind": "renamed",
        },
    ]
    file = tmp_path / "cases.jsonl"
    file.write_text("\n".join(json.dumps(row) for row in rows))
    summary = summarise(run_drift(read_drift_cases(file)))
    assert (summary["precision"], summary["recall"], summary["n"]) == (1.0, 1.0, 2)


def test_a_case_of_another_shape_is_named(tmp_path: Path) -> None:
    file = tmp_path / "cases.jsonl"
    file.write_text('{"label": "drift"}\n')
    with pytest.raises(ConfigError, match=r"cases\.jsonl:1"):
        read_drift_cases(file)


@pytest.mark.parametrize(
    ("signature", "entry", "rules"),
    [
        ("a: int", "a (str): One.", ["wrong-type"]),
        ("a: Optional[int] = None", "a (str, optional): One.", ["wrong-type"]),
        ("a: int", "a (float): One.", []),
        ("a: Sequence[int]", "a (list): One.", []),
        ("a='low'", "a: One. Defaults to 'high'.", ["wrong-default"]),
        ("a='low'", "a: One. Defaults to 'lowpass'.", []),
        ("a='deprecated'", "a: One. Defaults to 'high'.", []),
        ("a=2", "a: One. Defaults to None.", ["wrong-default"]),
        ("a=None", "a: One. Defaults to 3.", []),
        ("a=0.95", "a: One. Default is 95% of it.", []),
        ("a=1", "a: One, 2 by default if it is even. Default 2 if even.", []),
        ("a, b=1", "a: One; see `b` (default 1).\n        b: Two.", []),
    ],
)
def test_types_and_defaults_are_held_against_the_code_where_they_are_plain(signature, entry, rules):
    text = f'def f({signature}):\n    """Do.\n\n    Args:\n        {entry}\n    """\n    a()\n'
    assert [rule for rule, _ in found(text)] == rules


@pytest.mark.parametrize(
    "text",
    [
        # An interface has no receiver.
        (
            'class I(Interface):\n    def f(path):\n        """Do.\n\n        Args:\n'
            '            path: Where.\n        """\n'
        ),
        # The rest is described elsewhere, and a few of many by choice.
        (
            'def f(a, b):\n    """Do.\n\n    Takes the same arguments as `g`.\n\n    Args:\n'
            '        a: One.\n    """\n'
        ),
        'def f(a, b, c, d, e):\n    """Do.\n\n    :param a: One.\n    """\n',
        # What stands for several, and what is filled in later.
        'def f(*args):\n    """Do.\n\n    Args:\n        left: One.\n        right: Two.\n    """\n',
        'def f(a, b):\n    """Do.\n\n    Args:\n        a: One.\n        {{more_args}}\n    """\n',
        'def f(a, flag=False):\n    """Do.\n\n    :param a: One.\n    :param flag=False: Two.\n    """\n',
        'async def f(a):\n    """Do.\n\n    :param a: One.\n    :return: A coroutine.\n    """\n    a()\n',
        (
            'def f(a) -> int | None:\n    """Do.\n\n    Args:\n        a: One.\n\n    Returns:\n'
            '        A number.\n    """\n    return None\n'
        ),
        (
            'class A:\n    def __init__(self, a):\n        """Do.\n\n        Args:\n            a: One.\n\n'
            '        Returns:\n            An A.\n        """\n        self.a = a\n'
        ),
    ],
)
def test_what_people_do_on_purpose_is_left_alone(text):
    assert found(text) == []


def test_the_rest_of_a_sentence_is_no_parameter():
    text = (
        'def f(a):\n    """Do.\n\n    Parameters\n    ----------\n    a : int\n        One of the\n'
        '    several\n    """\n'
    )
    assert found(text) == []


RECORD = """
@dataclass(frozen=True)
class Order{bases}:
    \"\"\"An order.

    Attributes:
        number: Its number.
        costumer: Who.
        gone: No more.
    \"\"\"

    number: int
    customer: str
    total: int = 0
"""


def test_a_record_is_held_against_its_fields() -> None:
    assert found(RECORD.format(bases="")) == [
        ("renamed-parameter", "costumer"),
        ("stale-parameter", "gone"),
    ]
    # A base may bring further fields.
    assert found(RECORD.format(bases="(Base)")) == []


def test_fields_are_not_what_a_constructor_takes() -> None:
    text = (
        'class Order:\n    """An order.\n\n    Args:\n        number: Its number.\n    """\n\n'
        "    number: int\n\n    def __init__(self, data):\n        self.number = data[0]\n"
    )
    assert found(text) == []


def test_an_entry_that_is_written_in_another_way_is_there_all_the_same() -> None:
    text = (
        'def f(a, b, c):\n    """Do.\n\n    Args:\n        a (int): One.\n'
        "        b (:class:`str`):\n            Two.\n        c Optional[str]: Three.\n"
        '    """\n'
    )
    assert found(text) == []

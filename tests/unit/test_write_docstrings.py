"""Docstrings are written from the code, in the style of their file, and drifted ones repaired."""

from __future__ import annotations

import ast
import inspect

import pytest
from hypothesis import given
from hypothesis import strategies as st

from copilot_ls.features.documentation.check import check_file
from copilot_ls.features.documentation.docstring import ItemKind, parse_docstring
from copilot_ls.features.documentation.options import DocumentationOptions
from copilot_ls.features.documentation.reading import Neighbours, read_file, read_neighbours
from copilot_ls.features.documentation.write import MODULE, DocProposal, Writer
from indexer.syntax.docstring import DocstringStyle, style_of

FUNCTION = """

def load_orders(path, limit: int = 10, *, strict: bool = False, **options) -> list[Order]:
    if not path:
        raise ValueError("no path is given")
    if limit is None:
        limit = 5
    try:
        text = read(path, **options)
    except OSError as error:
        raise LoadError(path) from error
    orders = parse(text)
    return orders
"""
GOOGLE = '''
def other(one: int) -> int:
    """Count.

    Args:
        one: The first of them.

    Returns:
        How many there are.
    """
    return one
'''
NUMPY = '''
def other(one: int) -> int:
    """Count.

    Parameters
    ----------
    one : int
        The first of them.

    Returns
    -------
    int
        How many there are.
    """
    return one
'''
SPHINX = '''
def other(one: int) -> int:
    """Count.

    :param one: The first of them.
    :returns: How many there are.
    """
    return one
'''
PLAIN = '''
def other(one: int) -> int:
    """Count ``one`` of them."""
    return one


def another(one: int) -> int:
    """Count them again."""
    return one
'''
STYLES = {
    DocstringStyle.GOOGLE: GOOGLE,
    DocstringStyle.NUMPY: NUMPY,
    DocstringStyle.SPHINX: SPHINX,
    DocstringStyle.PLAIN: PLAIN,
}


def writer(text: str, neighbours: Neighbours | None = None) -> Writer:
    file = read_file("shop/orders.py", text)
    assert file is not None
    return Writer(file, neighbours or Neighbours(), DocumentationOptions())


def applied(text: str, proposal: DocProposal) -> str:
    assert proposal.edit is not None, proposal.problem
    span = proposal.edit.span
    return text[: span.start] + proposal.edit.text + text[span.end :]


def docstring_of(text: str, name: str) -> str:
    nodes = [node for node in ast.walk(ast.parse(text)) if getattr(node, "name", None) == name]
    return inspect.cleandoc(ast.get_docstring(nodes[0], clean=False) or "")


@pytest.mark.parametrize("style", STYLES)
def test_a_docstring_names_every_parameter_in_the_style_of_its_file(style):
    text = STYLES[style] + FUNCTION

    after = applied(text, writer(text).write("load_orders"))

    written = docstring_of(after, "load_orders")
    assert style_of(written) is style
    assert all(name in written for name in ("path", "limit", "strict", "options"))
    assert "ValueError" in written
    assert "LoadError" in written
    file = read_file("shop/orders.py", after)
    assert file is not None
    assert check_file(file) == []


def test_a_google_docstring_says_what_the_code_does():
    text = GOOGLE + FUNCTION

    after = applied(text, writer(text).write("load_orders"))

    assert docstring_of(after, "load_orders") == inspect.cleandoc("""
        Load the orders.

        Args:
            path: The path, for `read`.
            limit: The limit (`int`); `5` if it is `None`.
            strict: Whether to be strict.
            **options: Further keyword arguments for `read`.

        Returns:
            The orders.

        Raises:
            ValueError: If `not path` (no path is given).
            LoadError: If `OSError` is caught inside.
        """)


def test_the_rest_of_the_file_stays_as_it_is():
    text = GOOGLE + FUNCTION

    after = applied(text, writer(text).write("load_orders"))

    lines = after.splitlines()
    assert [line for line in text.splitlines() if line not in lines] == []
    assert after.startswith(GOOGLE)


@pytest.mark.parametrize(
    ("signature", "body", "said"),
    [
        ("is_open(door)", "return door.state == 1", "Tell whether `door` is open."),
        ("get_user_name(user)", "return user.name", "Return the user name."),
        ("total(order)", "return order.sum", "Return the total for `order`."),
        ("items(order)", "yield order.one", "Yield the items for `order`."),
        ("celsius_to_kelvin(degrees)", "return degrees", "Convert a celsius to a kelvin."),
        ("topology_to_text(a)", "return a", "Convert a topology to text."),
        ("refresh(window)", "window.paint()", "Refresh `window`."),
        ("main()", "run()", "Run the program."),
    ],
)
def test_a_summary_is_made_of_the_name(signature, body, said):
    text = f"def {signature}:\n    {body}\n"
    name = signature.partition("(")[0]

    after = applied(text, writer(text).write(name))

    assert docstring_of(after, name).splitlines()[0] == said


def test_descriptions_of_the_same_class_are_taken_over():
    text = '''
class Client:
    def get(self, user_id: str) -> str:
        """Return a user.

        Args:
            user_id: UUID of the user to return. Defaults to nothing.
        """
        return user_id

    def drop(self, user_id: str) -> None:
        remove(user_id)
'''

    after = applied(text, writer(text).write("Client.drop"))

    assert "user_id: UUID of the user.\n" in docstring_of(after, "drop") + "\n"


def test_a_description_that_speaks_of_something_else_is_not_taken_over():
    text = '''
def get(name: str, mode: str) -> str:
    """Return it.

    Args:
        name: What `mode` makes of it.
        mode: How.
    """
    return name

def drop(name: str) -> None:
    remove(name)
'''

    after = applied(text, writer(text).write("drop"))

    assert "mode" not in docstring_of(after, "drop")


def test_an_example_in_a_description_stays_where_it_is():
    text = '''
class Client:
    def get(self, session: str) -> str:
        """Return a user.

        Args:
            session: Session to use, such as:: >>> open("x")
        """
        return session

    def drop(self, session: str) -> None:
        remove(session)
'''

    after = applied(text, writer(text).write("Client.drop"))

    assert "session: Session to use\n" in docstring_of(after, "drop") + "\n"


def test_neighbours_show_the_style_where_the_file_does_not():
    neighbours = read_neighbours([("shop/a.py", SPHINX), ("shop/b.py", SPHINX)])

    after = applied(FUNCTION, writer(FUNCTION, neighbours).write("load_orders"))

    assert style_of(docstring_of(after, "load_orders")) is DocstringStyle.SPHINX


def test_errors_of_functions_that_are_called_are_told_apart():
    text = GOOGLE + (
        "\ndef check(a):\n    if not a:\n        raise ValueError('empty')\n"
        "\ndef run(a):\n    check(a)\n"
        "\ndef calm(a):\n    try:\n        check(a)\n    except ValueError:\n        return\n"
    )

    run = docstring_of(applied(text, writer(text).write("run")), "run")
    calm = docstring_of(applied(text, writer(text).write("calm")), "calm")

    assert "`ValueError` of `check` passes through." in run
    assert "Raises:" not in run
    assert "ValueError" not in calm


def test_a_condition_that_others_precede_is_not_said_to_be_the_whole_one():
    text = GOOGLE + (
        "\ndef pick(a):\n    if a == 1:\n        return a\n    elif a == 2:\n"
        "        raise KeyError('two is taken')\n    else:\n        raise ValueError(a)\n"
    )

    written = docstring_of(applied(text, writer(text).write("pick")), "pick")

    assert "KeyError: If `a == 2` and no case before applies (two is taken)." in written
    assert "ValueError: If nothing before applies." in written


def test_what_is_public_and_silent_is_named():
    text = '''"""Orders."""

import typing


class Order:
    """An order."""

    def __init__(self, number: int) -> None:
        self.number = number

    def total(self) -> int:
        return 3

    def _hidden(self) -> int:
        return 3

    @typing.overload
    def pick(self, a: int) -> int: ...

    def __len__(self) -> int:
        return 1


class _Private:
    def shown(self) -> int:
        return 1


def outer():
    def inner():
        return 1
    return inner
'''

    assert writer(text).missing() == ["Order.__init__", "Order.total", "outer"]


def test_a_class_without_a_constructor_lists_its_fields():
    text = GOOGLE + (
        "\n@dataclass\nclass Point:\n    x: float\n    max_retries: int = 3\n    _own: int = 0\n"
    )

    written = docstring_of(applied(text, writer(text).write("Point")), "Point")

    items = parse_docstring(written).of(ItemKind.ATTRIBUTE)
    assert [item.names for item in items] == [("x",), ("max_retries",)]


def test_a_module_names_what_it_defines():
    text = "#!/usr/bin/env python\n# Copyright\n\nimport os\n\n\ndef run():\n    return os\n"

    after = applied(text, writer(text).write(MODULE))

    assert ast.get_docstring(ast.parse(after)) == "Orders: `run`."
    assert after.startswith("#!/usr/bin/env python\n# Copyright\n")


@pytest.mark.parametrize(
    "text",
    [
        "def f(a): return a\n",
        "class A:\n\tdef f(self, a):\n\t\treturn a\n",
        "def f(\n    a,\n):  # noqa\n    # why\n    return a\n",
        "def f(a):\r\n    return a\r\n",
        "async def f(a, /, b, *args, c=1, **kwargs):\n    yield a\n",
        "def f(a: 'int' = '\\\\') -> \"list['int']\":\n    return [a]\n",
        'def f(a):\n    raise ValueError("\\"\\"\\" \\\\ `x`")\n',
    ],
)
def test_whatever_a_definition_looks_like_the_file_parses_afterwards(text):
    name = "A.f" if text.startswith("class") else "f"

    after = applied(text, writer(text).write(name))

    assert "a" in docstring_of(after, "f")
    assert ("\r\n" in text) == ("\r\n" in after)
    assert "\n" not in after.replace("\r\n", "") or "\r\n" not in text


def test_an_empty_docstring_of_a_module_is_left_to_its_author():
    text = '# Copyright\n\n""" """\nfrom __future__ import annotations\n\ndef f(): ...\n'
    assert writer(text).write(MODULE).edit is None


def test_in_epydoc_style_there_are_no_stars():
    text = 'def a(b):\n    """Do.\n\n    @param b: One.\n    """\n\ndef f(*args):\n    go(*args)\n'
    assert "@param args: Further positional arguments for `go`." in (
        docstring_of(applied(text, writer(text).write("f")), "f").replace("``", "`")
    )


DRIFTED = '''
def scale(points, ratio, *, origin=None, strict=False):
    """Scale points.

    Args:
        points (list): What to scale,
            each of them.
        factor (float): The `factor`.
        gone: No more.
        strict: Whether to be strict. Defaults to True.

    Returns:
        Nothing that is.
    """
    points.sort()
'''


def test_a_repair_changes_the_wrong_items_and_nothing_else():
    text = DRIFTED.replace("factor (float): The `factor`.", "ratios (float): The `ratios`.")

    after = applied(text, writer(text).repair("scale"))

    assert docstring_of(after, "scale") == inspect.cleandoc("""
        Scale points.

        Args:
            points (list): What to scale,
                each of them.
            ratio (float): The `ratio`.
            origin: The origin.
            strict: Whether to be strict. Defaults to False.
        """)


def test_a_parameter_is_not_renamed_where_the_words_are_of_another():
    text = '''
def copy(graph, as_view=False):
    """Copy.

    Args:
        graph: What.
        with_data: If true, the nodes are copied too.
    """
'''

    after = applied(text, writer(text).repair("copy"))

    assert "nodes" not in docstring_of(after, "copy")
    assert "as_view: " in docstring_of(after, "copy")


@pytest.mark.parametrize(
    ("signature", "entry", "right"),
    [
        ("a: int", "a (str): One.", "a (int): One."),
        ("a: int = 1", "a (str, optional): One.", "a (int, optional): One."),
        ("a='x'", "a: One. Defaults to 'y'.", "a: One. Defaults to 'x'."),
        ("a=2.5", "a: One (default 3.0).", "a: One (default 2.5)."),
        ("a=False", "a: One. Defaults to True.", "a: One. Defaults to False."),
    ],
)
def test_types_and_defaults_are_put_right_in_their_place(signature, entry, right):
    text = f'def f({signature}):\n    """Do.\n\n    Args:\n        {entry}\n    """\n    go(a)\n'

    after = applied(text, writer(text).repair("f"))

    assert after == text.replace(entry, right)


def test_one_of_several_names_is_taken_out():
    text = '''
def f(a, c):
    """Do.

    Parameters
    ----------
    a, b, c : int
        Numbers.
    """
'''

    assert "    a, c : int\n" in applied(text, writer(text).repair("f"))


def test_the_last_parameter_takes_its_section_along():
    text = '''
def f():
    """Do.

    :param a: One.
    :type a: int
    """
'''

    after = applied(text, writer(text).repair("f"))

    assert docstring_of(after, "f") == "Do."


@given(
    st.lists(
        st.sampled_from(["alpha", "beta", "gamma", "delta", "epsilon"]),
        unique=True,
        min_size=1,
        max_size=3,
    ),
    st.lists(
        st.sampled_from(["alpha", "beta", "gamma", "delta", "epsilon"]), unique=True, min_size=1
    ),
    st.sampled_from([DocstringStyle.GOOGLE, DocstringStyle.NUMPY, DocstringStyle.SPHINX]),
)
def test_after_a_repair_the_docstring_names_what_the_code_does(declared, described, style):
    entries = {
        DocstringStyle.GOOGLE: "    Args:\n" + "".join(f"        {n}: One.\n" for n in described),
        DocstringStyle.NUMPY: "    Parameters\n    ----------\n"
        + "".join(f"    {n} : int\n        One.\n" for n in described),
        DocstringStyle.SPHINX: "".join(f"    :param {n}: One.\n" for n in described),
    }[style]
    text = f'def f({", ".join(declared)}):\n    """Do.\n\n{entries}    """\n'
    proposal = writer(text).repair("f")

    after = text if proposal.edit is None else applied(text, proposal)

    parsed = parse_docstring(docstring_of(after, "f"))
    named = {name for item in parsed.of(ItemKind.PARAMETER) for name in item.names}
    if parsed.has_parameters:
        assert named == set(declared)
    else:
        assert not set(declared) & set(described)

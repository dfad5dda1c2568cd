"""Pages from the code: what changed for users, and a reference with its architecture."""

from __future__ import annotations

import pytest

from copilot_ls.features.documentation.changes import changelog, compare, notes_of
from copilot_ls.features.documentation.reading import read_file
from copilot_ls.features.documentation.site import (
    Project,
    build_site,
    docstring_as_markdown,
)
from indexer.conventions.model import Conventions, Direction, Layering, Place
from indexer.syntax import parse


def changed(before: str, after: str, path: str = "shop/orders.py") -> list[tuple[str, bool, str]]:
    found = compare([parse.parse(path, "python", before)], [parse.parse(path, "python", after)])
    return [(str(each.kind), each.is_breaking, each.reason) for each in found]


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("def f(a): ...", "def f(a, b): ...", "new parameter `b` has to be given"),
        ("def f(a, b): ...", "def f(a): ...", "parameter `b` is gone"),
        ("def f(a=1): ...", "def f(a): ...", "`a` has to be given now"),
        ("def f(a): ...", "def f(*, a): ...", "`a` has to be given by name now"),
        ("def f(a): ...", "def f(a, /): ...", "`a` cannot be given by name any more"),
        ("def f(a, b): ...", "def f(b, a): ...", "the order of the parameters is another"),
        ("def f(a): ...", "async def f(a): ...", "has to be awaited now"),
        ("def f(a): ...", "class f: ...", "was a function, is a class"),
        (
            "class A:\n    def f(self, a): ...",
            "class A:\n    def f(self): ...",
            "parameter `a` is gone",
        ),
    ],
)
def test_what_breaks_callers_is_told_as_such(before, after, reason):
    assert changed(before, after) == [("changed", True, reason)]


@pytest.mark.parametrize(
    ("before", "after", "reason"),
    [
        ("def f(a): ...", "def f(a, b=1): ...", "new parameter `b`"),
        ("def f(a): ...", "def f(a, **more): ...", "new parameter `more`"),
        ("def f(a=1): ...", "def f(a=2): ...", "the default of `a` is 2, was 1"),
        ("def f() -> int: ...", "def f() -> str: ...", "returns `str`, was `int`"),
    ],
)
def test_what_breaks_nobody_is_told_too(before, after, reason):
    assert changed(before, after) == [("changed", False, reason)]


def test_what_nobody_can_name_is_left_out():
    before = "def _f(a): ...\ndef g():\n    def h(a): ...\nclass _A:\n    def f(self): ...\n"
    assert changed(before, "def g(): ...\n") == []
    assert changed("def f(a): ...", "", "tests/test_a.py") == []
    assert changed("def f(a): ...", "", "shop/_inner.py") == []


def test_a_class_that_is_gone_takes_its_methods_along():
    before = "class A:\n    def f(self): ...\n    def g(self): ...\n"
    assert changed(before, "") == [("removed", True, "")]


def test_what_moved_is_not_gone():
    text = "def f(a): ...\n"
    found = compare([parse.parse("a.py", "python", text)], [parse.parse("b.py", "python", text)])
    assert [each.reason for each in found] == ["moved to `b.py`"]


def test_a_draft_puts_first_what_breaks():
    before = "def f(a): ...\ndef g(): ...\n"
    after = 'def f(): ...\ndef g(): ...\ndef h():\n    """Do more. And more."""\n'
    changes = compare(
        [parse.parse("a.py", "python", before)], [parse.parse("a.py", "python", after)]
    )
    notes = list(
        notes_of(
            [
                ("1", "fix: stop at the end.", ""),
                ("2", "chore: tidy", ""),
                ("3", "feat!: another way", ""),
                ("4", "Read faster", ""),
                ("5", "Merge branch x", ""),
            ]
        )
    )
    assert changelog("1.1", changes, notes) == (
        "## 1.1\n\n### Breaking\n\n- Another way (3)\n"
        "- `f` in `a.py`: parameter `a` is gone. Now `def f()`.\n\n"
        "### Added\n\n- `h` in `a.py`: Do more.\n\n"
        "### Fixed\n\n- Stop at the end (1)\n\n### Commits\n\n- Read faster (4)\n"
    )


@pytest.mark.parametrize(
    "docstring",
    [
        "Do it.\n\nArgs:\n    a (int): One\n        thing.\n\nReturns:\n    The result.\n",
        (
            "Do it.\n\nParameters\n----------\na : int\n    One\n    thing.\n\nReturns\n-------\n"
            "The result.\n"
        ),
        "Do it.\n\n:param a: One\n    thing.\n:type a: int\n:returns: The result.\n",
    ],
)
def test_docstrings_of_every_style_become_the_same_markdown(docstring):
    assert docstring_as_markdown(docstring) == (
        "Do it.\n\n**Parameters**\n\n- `a` (int): One thing.\n\n**Returns**\n\n- The result."
    )


def test_examples_stand_in_a_fence_and_roles_are_code():
    text = "See :func:`~a.b`.\n\n>>> f(1)\n2\n\nDone."
    assert docstring_as_markdown(text) == "See `a.b`.\n\n```pycon\n>>> f(1)\n2\n```\n\nDone."


def test_a_site_has_a_page_for_each_module_and_one_for_the_whole():
    texts = {
        "src/shop/__init__.py": '"""A shop."""\n',
        "src/shop/orders.py": (
            '"""Orders. And more."""\n\nclass Order:\n    """One order."""\n\n'
            "    number: int\n\n    def total(self) -> int: ...\n\n    def _inner(self): ...\n"
        ),
        "src/shop/_hidden.py": "def f(): ...\n",
        "tests/test_a.py": "def test_a(): ...\n",
    }
    files = [file for path, text in texts.items() if (file := read_file(path, text))]
    layering = Layering(
        "python",
        "src/shop",
        2,
        (("api",), ("store",)),
        (Direction("api", "store", 7, Place("a.py", 0), (Place("b.py", 4),)),),
        arrows=(("api", "store", 7), ("store", "api", 1)),
    )
    project = Project("shop", "Sells.", files, Conventions(layers=(layering,)), {"shop": "a:b"})

    pages = build_site(project)

    assert set(pages) == {
        "mkdocs.yml",
        "docs/index.md",
        "docs/architecture.md",
        "docs/reference/shop.md",
        "docs/reference/shop.orders.md",
    }
    assert "| [`shop.orders`](reference/shop.orders.md) | Orders. |" in pages["docs/index.md"]
    orders = pages["docs/reference/shop.orders.md"]
    assert "## `Order`" in orders
    assert "- `number: int`" in orders
    assert "def total(self) -> int" in orders
    assert "_inner" not in orders
    assert "n0 -->|7| n1\n    n1 -->|1| n0\n" in pages["docs/architecture.md"]
    assert (
        "`store` imports `api` in `b.py:5` (the reverse: 7 files)"
        in (pages["docs/architecture.md"])
    )
    assert '- "shop.orders": "reference/shop.orders.md"' in pages["mkdocs.yml"]

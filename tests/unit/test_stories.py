"""What existing tests do with objects is told by itself, and becomes a case."""

from __future__ import annotations

import ast
import sys
import textwrap
from types import ModuleType

import pytest

from copilot_ls.explorer.seeding import case_of
from copilot_ls.explorer.targets import Definitions, References, find_targets
from copilot_ls.features.tests.stories import calls_on_objects, fixtures_in

_SUBJECT = """
class Item:
    def __init__(self, name, price=1):
        self.name = name
        self.price = price

class Base:
    def total(self, scale=1):
        return scale

class Cart(Base):
    def __init__(self, items=()):
        self.items = list(items)

    def add(self, item):
        self.items.append(item)

def price_of(item):
    return item.price
"""
_NAMES = {"Item", "Cart", "Base", "price_of"}


def told(text: str, conftest: str = "") -> list[str]:
    text = textwrap.dedent(text)
    fixtures = fixtures_in(textwrap.dedent(conftest), _NAMES)
    return calls_on_objects(text, _NAMES, fixtures | fixtures_in(text, _NAMES))


def test_names_stand_for_what_was_bound_to_them() -> None:
    found = told(
        """
        import shop

        def test_price():
            name = "pear"
            item = shop.Item(name, price=2)
            assert shop.price_of(item) == 2
        """
    )
    assert found == ["Item('pear', price=2)", "price_of(Item('pear', price=2))"]


def test_what_was_called_on_an_object_before_belongs_to_the_call() -> None:
    found = told(
        """
        def test_total():
            cart = Cart([])
            cart.add(Item("a"))
            with pytest.raises(ValueError):
                cart.total(scale=-1)
        """
    )
    assert found[-1] == "receiver = Cart([])\nreceiver.add(Item('a'))\nreceiver.total(scale=-1)"


def test_fixtures_and_set_up_make_objects_too() -> None:
    conftest = """
        @pytest.fixture
        def pear():
            item = Item("pear")
            yield item
    """
    found = told(
        """
        class TestCart(unittest.TestCase):
            def test_total(self):
                self.assertEqual(self.cart.total(), 1)

            def setUp(self):
                self.cart = Cart()

        def test_price(pear):
            price_of(pear)
        """,
        conftest,
    )
    assert "price_of(Item('pear'))" in found
    assert "receiver = Cart()\nreceiver.total()" in found


@pytest.mark.parametrize(
    "body",
    [
        "price_of(unknown)",
        "price_of(lambda item: item)",
        "x = 1\n    x = load()\n    price_of(x)",
        "[price_of(x) for x in items]",
    ],
)
def test_calls_that_need_other_names_are_left_out(body: str) -> None:
    assert told(f"def test_it():\n    {body}\n") == []


def test_what_is_no_python_tells_nothing() -> None:
    assert told("def f(:") == []
    assert fixtures_in("def f(:", _NAMES) == {}


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    made = ModuleType("shop")
    monkeypatch.setitem(sys.modules, "shop", made)
    exec(_SUBJECT, vars(made))
    return made


def shown(module: ModuleType, text: str) -> str | None:
    references = References(module)
    targets = find_targets(module, references, Definitions(ast.parse(_SUBJECT)))
    case = case_of(
        text, targets, "shop", vars(module), lambda owner: f"my_{owner.__name__.lower()}"
    )
    return None if case is None else case.source()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("price_of(Item('pear'))", "shop.price_of(shop.Item('pear'))"),
        ("anything.price_of(1)", "shop.price_of(1)"),
        ("receiver = Cart([Item('a')])\nreceiver.add(Item)\nreceiver.add(2)",
         "my_cart = shop.Cart([shop.Item('a')])\nmy_cart.add(shop.Item)\nmy_cart.add(2)"),
        ("receiver = Cart()\nreceiver.total(3)", "my_cart = shop.Cart()\nmy_cart.total(3)"),
        ("receiver = Cart()\nreceiver.missing()", None),
        ("other()", None),
        ("1 + 1", None),
        ("x =", None),
    ],
)  # fmt: skip
def test_a_call_becomes_a_case_in_the_words_of_a_test(
    module: ModuleType, text: str, expected: str | None
) -> None:
    assert shown(module, text) == expected

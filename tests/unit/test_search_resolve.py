"""What a name means in other files; unknown is never absent."""

import pytest

from indexer.model import Import
from indexer.resolve.guess import ClassValue, ModuleValue, Resolver, Scope
from indexer.resolve.names import Absent, Found, Unknown
from indexer.resolve.text import receiver_before
from tests.fakes.repository import MemoryRepository

SHOP = {
    "src/shop/__init__.py": "from .orders import Order as Order, total\nfrom shop import money\n",
    "src/shop/orders.py": (
        "from __future__ import annotations\n"
        "from shop.money import Money\n"
        "from .base import Record\n\n\n"
        "class Order(Record):\n"
        "    price: Money\n"
        "    lines: list[Line]\n\n"
        "    def total(self) -> Money:\n        return self.price\n\n"
        "    @classmethod\n    def load(cls, key: str) -> Order | None:\n        ...\n\n\n"
        "class Line:\n    item: 'Order'\n    def weigh(self) -> int: ...\n\n\n"
        "def total(order: Order) -> Money: ...\n"
    ),
    "src/shop/money.py": "class Money:\n    def rounded(self, digits: int = 2) -> Money: ...\n",
    "src/shop/base.py": (
        "from external import Model\n\n\nclass Record(Model):\n    def save(self) -> None: ...\n"
    ),
    "src/shop/dynamic.py": "from .orders import *\n\n\ndef __getattr__(name): ...\n",
    "src/shop/sub/deep.py": "from ..orders import Order\nfrom ... import nothing\n",
    "tools/money.py": "RATE = 1\n",
}


@pytest.fixture
def resolver() -> Resolver:
    return Resolver(MemoryRepository(SHOP))


def found(target: object) -> tuple[str, str]:
    assert isinstance(target, Found)
    return target.path, target.symbol.qualified_name if target.symbol else ""


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (Import("app.py", "shop", 0, name="Order"), ("src/shop/orders.py", "Order")),
        (Import("app.py", "shop.orders", 0, name="total"), ("src/shop/orders.py", "total")),
        (Import("app.py", "shop", 0, name="money"), ("src/shop/money.py", "")),
        (Import("app.py", "shop.money", 0), ("src/shop/__init__.py", "")),
        (Import("app.py", "shop.money", 0, alias="m"), ("src/shop/money.py", "")),
        (Import("app.py", "money", 0), ("tools/money.py", "")),
        (Import("src/shop/x.py", "", 0, name="orders", level=1), ("src/shop/orders.py", "")),
        (
            Import("src/shop/sub/x.py", "orders", 0, name="Line", level=2),
            ("src/shop/orders.py", "Line"),
        ),
        (
            Import("src/shop/x.py", "dynamic", 0, name="Order", level=1),
            ("src/shop/orders.py", "Order"),
        ),
    ],
)
def test_an_import_leads_to_the_definition_through_roots_and_re_exports(
    resolver: Resolver, entry: Import, expected: tuple[str, str]
) -> None:
    assert found(resolver.resolve_import(entry)) == expected


def test_a_name_that_a_visible_module_lacks_is_absent(resolver: Resolver) -> None:
    target = resolver.resolve_import(Import("app.py", "shop.money", 0, name="Euro"))
    assert target == Absent("src/shop/money.py")


@pytest.mark.parametrize(
    "entry",
    [
        Import("app.py", "external", 0, name="Model"),
        Import("app.py", "shop.nothing", 0, name="x"),
        Import("app.py", "shop.dynamic", 0, name="whatever"),
        Import("src/shop/sub/deep.py", "", 0, name="nothing", level=9),
    ],
)
def test_what_lies_outside_or_is_dynamic_is_unknown_and_never_absent(
    resolver: Resolver, entry: Import
) -> None:
    assert isinstance(resolver.resolve_import(entry), Unknown)


def test_imports_in_a_circle_end() -> None:
    repository = MemoryRepository({"a.py": "from b import x\n", "b.py": "from a import x\n"})
    target = Resolver(repository).resolve_import(Import("c.py", "a", 0, name="x"))
    assert isinstance(target, Unknown)


def test_annotations_in_circles_end() -> None:
    options = " | ".join(f"B{n}.x" for n in range(20))
    back = " | ".join(f"A{n}.x" for n in range(20))
    text = "\n".join([f"A{n}: {options}\nB{n}: {back}" for n in range(20)])
    repository = MemoryRepository({"a.py": text})
    outline = repository.outline("a.py")
    assert outline is not None
    value = Resolver(repository).value_of("A1.x.y", Scope(outline))
    assert value is None


@pytest.mark.parametrize(
    ("specifier", "name", "expected"),
    [
        ("./orders", "total", ("web/orders.ts", "total")),
        ("./orders.js", "total", ("web/orders.ts", "total")),
        ("../web", "start", ("web/index.tsx", "start")),
        ("./widget", "default", ("web/widget.js", "Widget")),
    ],
)
def test_a_relative_specifier_finds_endings_index_files_and_defaults(
    specifier: str, name: str, expected: tuple[str, str]
) -> None:
    files = {
        "web/orders.ts": "export function total(a: number): number { return a }\n",
        "web/index.tsx": "export function start() { return null }\n",
        "web/widget.js": "export default class Widget { draw() { return 1 } }\n",
    }
    resolver = Resolver(MemoryRepository(files))
    assert found(resolver.resolve_import(Import("web/app.ts", specifier, 0, name=name))) == expected


def test_a_package_specifier_is_unknown() -> None:
    resolver = Resolver(MemoryRepository({"react.ts": "export const useState = 1\n"}))
    target = resolver.resolve_import(Import("web/app.ts", "react", 0, name="useState"))
    assert isinstance(target, Unknown)


APP = """\
from shop import Order, total
import shop.orders
import shop.money as cash


class Cart:
    order: Order

    def check(self, other: "Order | None", many: dict[str, list[Order]], thing):
        {line}
        PLACE
"""


def members(line: str, expression: str) -> set[str]:
    text = APP.replace("{line}", line)
    repository = MemoryRepository(SHOP | {"app.py": text})
    resolver = Resolver(repository)
    outline = repository.outline("app.py")
    assert outline is not None
    lines = text.splitlines()
    scope = Scope.above(
        lines[8:-1],
        outline=outline,
        function=outline.by_qualified_name["Cart.check"],
        owner=outline.by_qualified_name["Cart"],
    )
    value = resolver.value_of(expression, scope)
    return set() if value is None else {s.name for s in resolver.members_of(value).symbols}


ORDER = {"price", "lines", "total", "load", "save"}


@pytest.mark.parametrize(
    ("line", "expression", "expected"),
    [
        ("pass", "other", ORDER),
        ("pass", "self.order", ORDER),
        ("pass", "Order", ORDER),
        ("pass", "Order.load('a')", ORDER),
        ("pass", "self.order.total()", {"rounded"}),
        ("pass", "self.order.price.rounded(digits=(1, 2))", {"rounded"}),
        ("pass", "total(other)", {"rounded"}),
        ("pass", "shop.orders.Line()", {"item", "weigh"}),
        ("pass", "cash", {"Money"}),
        ("pass", "many['a'][0]", ORDER),
        ("x = Order(", "x", ORDER),
        ("x = await Order.load(key)", "x", ORDER),
        ("x: Order = make()", "x", ORDER),
        ("for x in other.lines:", "x", {"item", "weigh"}),
        ("for x in other.lines:", "x.item", ORDER),
        ("with open_it(), Order() as x:", "x", ORDER),
        ("if isinstance(thing, Order):", "thing", ORDER),
        ("if (x := Order()):", "x", ORDER),
        ("x = x", "x", set()),
        ("x = Order() + 1", "x", set()),
        ("pass", "thing", set()),
        ("pass", "unheard_of.of", set()),
    ],
)
def test_a_receiver_is_known_as_far_as_it_is_written_down(
    line: str, expression: str, expected: set[str]
) -> None:
    assert members(line, expression) == expected


def test_members_are_closed_only_if_every_base_is_in_sight(resolver: Resolver) -> None:
    order = resolver.value_at(resolver.resolve_export("src/shop/orders.py", "Order"))
    money = resolver.value_at(resolver.resolve_export("src/shop/money.py", "Money"))
    assert isinstance(order, ClassValue)
    assert isinstance(money, ClassValue)
    assert not resolver.members_of(order).is_closed
    assert resolver.members_of(money).is_closed


def test_a_module_offers_its_names() -> None:
    repository = MemoryRepository(SHOP)
    outline = repository.outline("src/shop/__init__.py")
    assert outline is not None
    names = {s.name for s in Resolver(repository).members_of(ModuleValue(outline)).symbols}
    assert {"Order", "total"} <= names


@pytest.mark.parametrize(
    ("text", "receiver"),
    [
        ("x = order.", "order"),
        ("x = self.client.fetch(a, (b, c))[0].", "self.client.fetch(a, (b, c))[0]"),
        ("foo(bar?.", "bar"),
        ("a + b.", "b"),
        ("if not self.", "self"),
        ("(query\n    .filter(a=1)\n    .", "query\n    .filter(a=1)"),
        ("'text'.", ""),
        ("{}.", ""),
        (")))).", ""),
        (".", ""),
        ("", ""),
    ],
)
def test_the_receiver_is_the_chain_before_the_dot(text: str, receiver: str) -> None:
    assert receiver_before(text) == receiver

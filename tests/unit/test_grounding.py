"""What certainly does not exist is reported; what is dynamic, guarded or unresolved never is.

A suggestion stands between ``⟦`` and ``⟧``; a finding is told as ``rule: text``.
"""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from copilot_ls.checks import grounding
from copilot_ls.checks.draft import Draft
from copilot_ls.checks.gate import judge
from copilot_ls.domain import Document, Edit
from indexer.model import Span
from tests.fakes.repository import MemoryRepository
from tests.fakes.stubs import STUBS

SHOP = {
    "shop/__init__.py": "from shop.orders import Order as Order, total\n",
    "shop/orders.py": '''
from __future__ import annotations
import functools
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple, overload
from shop.money import Money


class Order:
    """An order."""

    tax: Money

    def __init__(self, key: str, *, lines: list[Line] | None = None) -> None:
        self.key = key
        self.lines: list[Line] = lines or []
        self.by_key: dict[str, Line] = {}
        self.first = Line("a", 1)

    def total(self, rate: float = 1.0, /, *, rounded: bool = False) -> Money: ...

    @classmethod
    def load(cls, key: str) -> Order: ...

    @staticmethod
    def parse(text: str) -> list[Order]: ...

    @property
    def customer(self) -> Customer | None: ...

    async def fetch(self) -> Customer: ...


@dataclass(frozen=True)
class Line:
    name: str
    count: int
    note: str = ""
    extra: list[str] = field(default_factory=list)
    hidden: int = field(default=0, init=False)


@dataclass
class Gift(Line):
    wrap: str = field(default="", kw_only=True)


class Point(NamedTuple):
    x: int
    y: int = 0


class Color(Enum):
    RED = 1
    BLUE = 2


class Customer:
    name: str

    def rename(self, name: str) -> Customer: ...


class Special(Customer):
    def discount(self) -> int: ...


@overload
def pick(key: str) -> Order: ...
@overload
def pick(key: int, default: Order) -> Order: ...
def pick(key, default=None): ...


def total(orders: list[Order], /, currency: str = "EUR", *rest: Order, **options: str) -> Money: ...


@functools.lru_cache(maxsize=None)
def cached(a: int) -> int: ...


@unheard_of
def decorated(a: int) -> int: ...
''',
    "shop/money.py": "class Money:\n    def rounded(self, digits: int = 2) -> Money: ...\nRATE = 1.5\n",
    "shop/dynamic.py": """
from shop.elsewhere import *
import external


class CatchAll:
    def __getattr__(self, name): ...


class Setting:
    def __init__(self, **values):
        for name, value in values.items():
            setattr(self, name, value)


class Foreign(external.Base):
    pass


@external.decorate
class Decorated:
    pass


class Meta(metaclass=external.Meta):
    pass


class Mixin:
    def run(self):
        return self.provided_by_others()


class Patched:
    pass


class Base:
    pass


class Derived(Base):
    def only_here(self): ...
""",
    "shop/patch.py": "from shop import dynamic\ndynamic.Patched.added = 1\n",
    "shop/broken.py": "class Half:\n    def one(self): ...\n\ndef oops(:\n",
    "shop/compiled.so": "",
    "shop/lazy.py": "def __getattr__(name): ...\n",
    "shop/models.py": """
from pydantic import BaseModel, Field


class Item(BaseModel):
    name: str
    price: float = 0.0
    tags: list[str] = Field(default_factory=list)
    code: str = Field(...)


class Open(BaseModel):
    model_config = ConfigDict(extra="allow")
    name: str


class Named(BaseModel):
    name: str = Field(alias="nom")


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: str


class Either(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    name: str = Field(alias="nom")


class Spelt(BaseModel):
    name: str = Field(validation_alias="nom")
""",
}
HEAD = """
from shop import dynamic, money, orders
from shop.models import Closed, Either, Item, Named, Open, Spelt
from shop.orders import Color, Customer, Gift, Line, Order, Point, cached, decorated, pick, total
import os
from functools import partial
"""


def findings(
    text: str,
    files: Mapping[str, str] = SHOP,
    *,
    is_cut: bool = False,
    library: Mapping[str, str] = STUBS,
) -> list[str]:
    before, _, rest = text.partition("⟦")
    suggestion, _, after = rest.partition("⟧")
    document = Document("file:///shop/app.py", "shop/app.py", "python", before + after)
    span = Span(len(before), len(before))
    draft = Draft(document, Edit(span, suggestion), is_cut)
    repository = MemoryRepository({**library, **files, "shop/app.py": before + after})
    return [
        f"{finding.rule}: {draft.text[finding.span.start : finding.span.end]}"
        for finding in grounding.check(draft, repository)
    ]


@pytest.mark.parametrize(
    "code",
    [
        "order = ⟦Order('a', lines=[])⟧",
        "⟦Order('a').total(2.0, rounded=True).rounded(1)⟧",
        "⟦Order.load('a').lines[0].name.upper()⟧",
        "⟦Order.parse('x')[0].first.note⟧",
        "⟦Order.total(Order('a'), 2.0)⟧",
        "for line in Order('a').lines:\n    ⟦line.count⟧",
        "for line in Order('a').by_key.values():\n    ⟦line.name⟧",
        "⟦Line('a', 1, note='b').extra⟧",
        "⟦Gift('a', 2, wrap='red')⟧",
        "⟦Point(1).x, Point(1, y=2)._asdict()⟧",
        "⟦Color.RED.value, [c.name for c in Color]⟧",
        "⟦total([], 'USD', Order('a'), tax='x')⟧",
        "⟦pick('a'), pick(1, Order('a'))⟧",
        "⟦cached(1)⟧",
        "⟦Item(name='a', code='b', price=1.0)⟧",
        "⟦os.path.join('a', 'b'), os.getcwd()⟧",
        "⟦money.RATE⟧",
        "⟦partial(total, [])(currency='x')⟧",
        "arguments = []\n⟦Order(*arguments)⟧",
        "⟦raise ValueError('a', 1)⟧",
        "⟦from shop.orders import Order as O, Line⟧",
        "⟦from shop import money⟧",
        "async def f(order: Order):\n    ⟦(await order.fetch()).rename('x')⟧",
        "class Mine(Order):\n    def f(self):\n        ⟦return self.total() and super().total()⟧",
        "def outer():\n    total_here = 1\n    def inner():\n        ⟦return total_here⟧",
        "class Mine(Line):\n    def __init__(self):\n        ⟦super().__init__('a', count=1)⟧",
        "⟦[x for x in [1] if x]⟧",
        "⟦def f(a, *, b):\n    return a + b⟧",
        "try:\n    pass\nexcept ValueError as error:\n    ⟦print(error)⟧",
        "with open('x') as file, open('y') as other:\n    ⟦file.read(other)⟧",
        "⟦(n := 3) + n⟧",
        "match 1:\n    case [first, *rest]:\n        ⟦print(first, rest)⟧",
        "def f():\n    global counter\n    counter = 1\n⟦print(counter)⟧",
        "⟦print(__name__, __file__)⟧",
    ],
)
def test_what_exists_is_fine(code: str) -> None:
    assert findings(HEAD + code) == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("⟦Order('a').totl()⟧", "unknown-member: totl"),
        ("⟦Order('a').total().round()⟧", "unknown-member: round"),
        ("⟦Order.parse('x')[0].frist⟧", "unknown-member: frist"),
        ("⟦Order.load('a').lines[0].title⟧", "unknown-member: title"),
        ("for line in Order('a').lines:\n    ⟦line.amount⟧", "unknown-member: amount"),
        ("for line in Order('a').by_key.values():\n    ⟦line.amount⟧", "unknown-member: amount"),
        ("⟦Order('a').first.amount⟧", "unknown-member: amount"),
        ("⟦Order('a').customer.discounts()⟧", "unknown-member: discounts"),
        ("def f(order: Order):\n    ⟦order.sum()⟧", "unknown-member: sum"),
        ("def f(order: Order | None):\n    ⟦order.sum()⟧", "unknown-member: sum"),
        ("def f(order: 'Order'):\n    other = order\n    ⟦other.sum()⟧", "unknown-member: sum"),
        ("⟦Color.GREEN⟧", "unknown-member: GREEN"),
        ("⟦money.TAX⟧", "unknown-member: TAX"),
        ("⟦orders.Bill⟧", "unknown-member: Bill"),
        ("⟦os.path.joins('a')⟧", "unknown-member: joins"),
        ("⟦'a'.uppercase()⟧", "unknown-member: uppercase"),
        (
            "class Mine(Order):\n    def f(self):\n        ⟦self.totals()⟧",
            "unknown-member: totals",
        ),
        (
            "class Mine(Order):\n    def f(self):\n        ⟦super().totals()⟧",
            "unknown-member: totals",
        ),
        ("async def f(order: Order):\n    ⟦(await order.fetch()).nam⟧", "unknown-member: nam"),
        ("⟦Order()⟧", "missing-argument: ()"),
        ("⟦Order('a', 'b')⟧", "too-many-arguments: 'b'"),
        ("⟦Order('a', items=[])⟧", "unexpected-keyword: items"),
        ("⟦Order('a', key='b')⟧", "repeated-argument: key"),
        ("⟦Order('a').total(rate=1)⟧", "unexpected-keyword: rate"),
        ("⟦Order.total()⟧", "missing-argument: ()"),
        ("⟦Order.load()⟧", "missing-argument: ()"),
        ("⟦Order.parse('a', 'b')⟧", "too-many-arguments: 'b'"),
        ("⟦Line('a')⟧", "missing-argument: ('a')"),
        ("⟦Line('a', 1, hidden=2)⟧", "unexpected-keyword: hidden"),
        ("⟦Gift('a', 1, 'b', [], 'red')⟧", "too-many-arguments: 'red'"),
        ("⟦Point()⟧", "missing-argument: ()"),
        ("⟦Item(name='a')⟧", "missing-argument: (name='a')"),
        ("⟦Item(name='a', code='b', cost=1)⟧", "unexpected-keyword: cost"),
        ("⟦Closed(name='a', model_config={})⟧", "unexpected-keyword: model_config"),
        ("⟦Named()⟧", "missing-argument: ()"),
        ("⟦Named(nom='a', name='b')⟧", "unexpected-keyword: name"),
        ("⟦total()⟧", "missing-argument: ()"),
        ("⟦pick(1, 2, 3)⟧", "too-many-arguments: 3"),
        ("⟦cached(b=1)⟧", "unexpected-keyword: b"),
        ("⟦partial(cached, 1)(2)⟧", "too-many-arguments: 2"),
        ("⟦print('a', seperator=' ')⟧", "unexpected-keyword: seperator"),
        ("⟦total.rate⟧", "unknown-member: rate"),
        ("⟦Order('a').total.rounded()⟧", "unknown-member: rounded"),
        ("⟦compute_total(1)⟧", "undefined-name: compute_total"),
        ("class A:\n    x = 1\n    def f(self):\n        ⟦return x⟧", "undefined-name: x"),
        ("⟦from shop.orders import Bill⟧", "unknown-import: Bill"),
        ("⟦from shop.order import Order⟧", "unknown-module: shop.order"),
        ("⟦import shop.order as o⟧", "unknown-module: shop.order"),
        ("⟦from .order import Order⟧", "unknown-module: .order"),
        ("⟦from shop import Bill⟧", "unknown-import: Bill"),
        ("order = Order('a')\norder.⟦totl⟧", "unknown-member: totl"),
        ("try:\n    ⟦print(unheard)⟧\nexcept Exception:\n    pass", "undefined-name: unheard"),
        ("try:\n    ⟦print(unheard)⟧\nexcept:\n    pass", "undefined-name: unheard"),
        ("try:\n    ⟦Order('a').x⟧\nexcept NameError:\n    pass", "unknown-member: x"),
        ("try:\n    ⟦cached()⟧\nexcept ValueError:\n    pass", "missing-argument: ()"),
        ("with suppress(KeyError):\n    ⟦print(unheard)⟧", "undefined-name: unheard"),
        ("Order('a', ⟦items=[])⟧", "unexpected-keyword: items"),
        (
            "def g(o) -> bool: ...\ndef f(order: Order):\n    if g(order):\n        ⟦order.x⟧",
            "unknown-member: x",
        ),
        ("⟦Either(title='a')⟧", "unexpected-keyword: title"),
        ("class A:\n    @property\n    def b(self): ...\n⟦A.b.c⟧", "unknown-member: c"),
        (
            "class Fresh:\n    def f(self):\n        ⟦self.partial()⟧",
            "unknown-member: partial",
        ),
        (
            "class Fresh:\n    def f(self):\n        if hasattr(self, 'x'):\n            ⟦self.y⟧",
            "unknown-member: y",
        ),
    ],
)
def test_what_does_not_exist_is_reported(code: str, expected: str) -> None:
    assert findings(HEAD + code) == [expected]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("⟦Item(name='a', title='b')⟧", ["unexpected-keyword: title"]),
        ("⟦Item(name='a')⟧", ["missing-argument: (name='a')"]),
        ("⟦Item(name='a', code='b')⟧", []),
        ("⟦Either(title='a')⟧", ["unexpected-keyword: title"]),
        ("⟦Open(title='a')⟧", []),
    ],
)
def test_models_are_known_where_pydantic_is_not_installed(code: str, expected: list[str]) -> None:
    library = {path: text for path, text in STUBS.items() if "pydantic" not in path}
    assert findings(HEAD + code, library=library) == expected


BARE = SHOP | {
    "shop/bare.py": """
from contextlib import contextmanager
import typing
from typing import List
from shop.orders import Order


def load(key):
    order = Order(key)
    return order


@contextmanager
def loaded(key):
    yield Order(key)


async def fetched(key):
    return Order(key)


class Desk:
    def with_order(self):
        return self

    def order(self):
        return Order("a")

    @property
    def last(self):
        return Order("b")


class Counter:
    def order(self):
        return Order("a")


class Plan:
    orders: list[Order]
    planned: List[Order]
    by_key: typing.Dict[str, Order]
    made = Order("a")


class FrontCounter(Counter):
    def order(self):
        return None
""",
    "shop/tests.py": "def change(plan):\n    plan.orders = plan.made = []\n",
}


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("⟦load('a').total()⟧", []),
        ("⟦load('a').totl()⟧", ["unknown-member: totl"]),
        ("order = load('a')\norder.⟦totl()⟧", ["unknown-member: totl"]),
        ("with loaded('a') as order:\n    ⟦order.totl()⟧", ["unknown-member: totl"]),
        ("with loaded('a') as order:\n    ⟦order.total()⟧", []),
        ("async def f():\n    ⟦(await fetched('a')).totl⟧", ["unknown-member: totl"]),
        ("⟦Desk().with_order().order().totl⟧", ["unknown-member: totl"]),
        ("⟦Desk().last.totl⟧", ["unknown-member: totl"]),
        ("⟦Desk().last.key⟧", []),
        # What is declared holds, whoever sets it; what is inferred does not.
        ("for order in Plan().orders:\n    ⟦order.totl⟧", ["unknown-member: totl"]),
        ("for order in Plan().planned:\n    ⟦order.totl⟧", ["unknown-member: totl"]),
        ("for order in Plan().by_key.values():\n    ⟦order.totl⟧", ["unknown-member: totl"]),
        ("⟦Plan().made.totl⟧", []),
        # A subclass gives something else.
        ("⟦Counter().order().totl⟧", []),
    ],
)
def test_what_functions_without_annotations_plainly_give_is_followed(
    code: str, expected: list[str]
) -> None:
    head = "from shop.bare import Counter, Desk, Plan, fetched, load, loaded\n"
    assert findings(head + code, BARE) == expected


@pytest.mark.parametrize(
    "code",
    [
        "⟦total.__name__, cached.cache_clear(), decorated.anything⟧",
        "⟦Order('a').total.assert_called_once(), total.return_value⟧",
        "⟦dynamic.CatchAll().anything⟧",
        "⟦dynamic.Setting(a=1).a⟧",
        "⟦dynamic.Foreign().anything(1, 2)⟧",
        "⟦dynamic.Decorated().anything⟧",
        "⟦dynamic.Meta(1, 2).anything⟧",
        "⟦dynamic.Mixin().anything⟧",
        "⟦dynamic.Patched.added⟧",
        "def f(base: dynamic.Base):\n    ⟦base.only_here()⟧",
        "def f(customer: Customer):\n    ⟦customer.discount()⟧",
        "⟦dynamic.unheard_of⟧",
        "⟦from shop.dynamic import anything⟧",
        "⟦from shop.lazy import anything⟧",
        "⟦from shop.broken import missed_by_the_parser⟧",
        "⟦from external.package import anything⟧",
        "⟦import not_here⟧",
        "⟦from shop._version import version⟧",
        "⟦from .schema_pb2 import Message⟧",
        "⟦from shop.compiled import fast⟧",
        "try:\n    ⟦import shop.order⟧\nexcept ImportError:\n    pass",
        "⟦decorated(1, 2, 3)⟧",
        "⟦Open(anything=1, name='a')⟧",
        "⟦Named(nom='a')⟧",
        "⟦Closed(name='a')⟧",
        "⟦Either(name='a'), Either(nom='a')⟧",
        "⟦Spelt(anything='a')⟧",
        "⟦Either()⟧",
        "class A:\n    def f(self, a): ...\n    g = f\n    def h(self):\n        ⟦self.g(1)⟧",
        "class D:\n    def __get__(self, a, b): ...\nclass A:\n    d = D()\n⟦A().d.anything⟧",
        "class M: ...\nclass A:\n    def __init__(self, a): ...\nclass B(A): ...\nclass C(M, B): ...\n⟦C(1)⟧",
        "⟦total(*[], b=1)⟧",
        "def f(order):\n    ⟦order.anything⟧",
        "def f(kind: type[Order]):\n    ⟦kind(1, 2, 3)⟧",
        "class A:\n    @classmethod\n    def make(cls):\n        ⟦return cls(1, 2)⟧",
        "⟦from os import _private⟧",
        "class TestsMixin:\n    def f(self):\n        ⟦self.assertEqual(1, 2)⟧",
        "class A:\n    kind = Order\n    def Order(self): ...\n⟦A.kind('a', lines=[])⟧",
        "from collections import namedtuple\nP = namedtuple('P', 'x y')\n⟦P(1, 2).x⟧",
        "from enum import Enum\nTone = Enum('Tone', 'HIGH LOW')\n⟦Tone.HIGH⟧",
        "class Words(list):\n    def f(self):\n        ⟦self._private⟧",
        "def f(order: Order):\n    if isinstance(order, Special):\n        ⟦order.anything⟧",
        "def f(order: Order):\n    if hasattr(order, 'x'):\n        ⟦order.x⟧",
        "def f(order: Order):\n    if unheard(order):\n        ⟦order.x⟧",
        "def f(order: Order):\n    if order.is_large(order):\n        ⟦order.x⟧",
        "def g(o) -> TypeGuard[Gift]: ...\ndef f(order: Order):\n    if g(order):\n        ⟦order.x⟧",
        "def g(o): ...\ndef f(order: Order):\n    if g(order):\n        ⟦order.x⟧",
        "class Fresh:\n    def f(self):\n        if hasattr(self, 'x'):\n            ⟦self.x⟧",
        "class Fresh:\n    from functools import reduce\n    def f(self):\n        ⟦self.reduce()⟧",
        "class A:\n    @property\n    def b(self): ...\n⟦A.b.fget⟧",
        "class A:\n    @cached_property\n    def b(self): ...\n⟦A.b.c⟧",
        "class A:\n    @classmethod\n    @property\n    def b(cls): ...\n⟦A.b.c⟧",
        "def f(order: Order):\n    match order:\n        case Order():\n            ⟦order.x⟧",
        "def f(order: Order, other):\n    order = other or order\n    ⟦order.x⟧",
        "try:\n    ⟦Order('a').x⟧\nexcept AttributeError:\n    pass",
        "try:\n    ⟦unheard⟧\nexcept NameError:\n    pass",
        "try:\n    ⟦cached()⟧\nexcept TypeError:\n    pass",
        "try:\n    ⟦import shop.order⟧\nexcept Exception:\n    pass",
        "try:\n    ⟦import shop.order⟧\nexcept:\n    pass",
        "with suppress(AttributeError):\n    ⟦Order('a').x⟧",
        "try:\n    ⟦from shop.orders import Bill⟧\nexcept ImportError:\n    Bill = None",
        "with pytest.raises(TypeError):\n    ⟦Order()⟧",
        "⟦Order('a').x⟧  # type: ignore[attr-defined]",
        "Order('a').added_here = 1\n⟦Order('a').added_here⟧",
        "setattr(Order, 'by_name', 1)\n⟦Order('a').by_name⟧",
        "⟦Order('a').added_now = 1⟧",
        "⟦Order('a', 1,⟧",
        "class Fresh:\n    def f(self):\n        self.later()\n        ⟦self.unknown()⟧",
        "class Fresh(Unheard):\n    def f(self):\n        ⟦self.unknown()⟧",
        "from external import *\n⟦anything()⟧",
    ],
)
def test_what_is_not_certain_is_passed_over(code: str) -> None:
    assert findings(HEAD + code) == []


def test_only_what_the_suggestion_adds_is_judged() -> None:
    typed_by_the_user = "Order('a').totl()\nundefined()\nOrder(wrong=⟦'a', key='b')⟧"
    assert findings(HEAD + typed_by_the_user) == []


def test_the_last_word_of_a_suggestion_that_was_cut_is_not_judged() -> None:
    assert findings(HEAD + "⟦Order('a').tot⟧") == ["unknown-member: tot"]
    assert findings(HEAD + "⟦Order('a').tot⟧", is_cut=True) == []


def test_what_is_typed_between_counts_for_the_class_it_is_in() -> None:
    code = "class Cart:\n    def a(self):\n        self.items = []\n    def b(self):\n        ⟦self.items⟧"
    assert findings(HEAD + code) == []
    assert findings(HEAD + code.replace("⟦self.items⟧", "⟦self.itms⟧")) == ["unknown-member: itms"]


def test_without_an_index_only_the_document_itself_is_judged() -> None:
    code = "class A:\n    def f(self): ...\n\n\n⟦A().g, unknown_elsewhere⟧"
    assert findings(code, {}) == ["unknown-member: g", "undefined-name: unknown_elsewhere"]


def test_other_languages_are_left_alone() -> None:
    document = Document("file:///a.go", "a.go", "go", "package a\n")
    draft = Draft(document, Edit(Span(10, 10), "func f() { nothing.Here(1) }"))
    assert list(grounding.check(draft, MemoryRepository(STUBS))) == []


def repaired(code: str, files: Mapping[str, str] = SHOP) -> tuple[str, tuple[str, ...]]:
    """The suggestion after the gate, and the imports that come with it."""
    before, _, rest = code.partition("⟦")
    suggestion, _, after = rest.partition("⟧")
    document = Document("file:///shop/app.py", "shop/app.py", "python", before + after)
    draft = Draft(document, Edit(Span(len(before), len(before)), suggestion))
    repository = MemoryRepository({**STUBS, **files, "shop/app.py": before + after})
    judgement = judge(draft, repository)
    return judgement.text, tuple(sorted(judgement.imports))


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("⟦Order('a').totl()⟧", "Order('a').total()"),
        ("⟦Order('a', Lines=[])⟧", "Order('a', lines=[])"),
        ("⟦Color.REDS⟧", "Color.RED"),
        ("⟦money.rates⟧", "money.RATE"),
        ("⟦from shop.orders import Orders⟧", "from shop.orders import Order"),
        ("⟦from shop.money import Customer⟧", "from shop.orders import Customer"),
        ("⟦from shop.customers import Customer⟧", "from shop.orders import Customer"),
        ("⟦Ordr('a')⟧", "Order('a')"),
        ("⟦Order('a').sum()⟧", ""),
        ("⟦Order('a', 'b')⟧", ""),
        ("⟦x = Order('a').total()\ny = Order('a').sum()⟧", "x = Order('a').total()"),
    ],
)
def test_what_was_meant_is_put_in_its_place(code: str, text: str) -> None:
    assert repaired(HEAD + code) == (text, ())


def retry(code: str) -> tuple[str, set[str]] | None:
    """What is kept of a suggestion that is withheld, and what the model can go on with."""
    before, _, rest = code.partition("⟦")
    suggestion, _, after = rest.partition("⟧")
    text = HEAD + before
    document = Document("file:///shop/app.py", "shop/app.py", "python", text + after)
    draft = Draft(document, Edit(Span(len(text), len(text)), suggestion))
    repository = MemoryRepository({**STUBS, **SHOP, "shop/app.py": text + after})
    found = judge(draft, repository).retry
    return found and (found.kept, set(found.choices))


@pytest.mark.parametrize(
    ("code", "kept", "choices"),
    [
        ("⟦Order('a', items=[])⟧", "Order('a'", {")", ", lines="}),
        ("⟦Item(name='a', cost=1)⟧", "Item(name='a'", {", price=", ", tags=", ", code="}),
        ("⟦Item(name='a')⟧", "Item(name='a'", {", code="}),
        ("code = 1\n⟦Item(name='a')⟧", "Item(name='a'", {", code=code"}),
        ("def f(code):\n    ⟦Item(name='a')⟧", "Item(name='a'", {", code=code"}),
        ("def f(a):\n    ⟦cached()⟧", "cached(", {"a"}),
        ("⟦money.TAX⟧", "money.", {"RATE", "Money"}),
    ],
)
def test_what_could_stand_in_the_place_of_a_fault_is_known(
    code: str, kept: str, choices: set[str]
) -> None:
    assert retry(code) == (kept, choices)


def test_any_name_in_reach_could_stand_for_one_that_is_not_defined() -> None:
    code = "def f(order):\n    later(1)\n    ⟦save(unheard)⟧\n    after = 1\n"
    found = retry(f"def save(x): ...\n{code}")
    assert found is not None
    kept, choices = found
    assert kept == "save("
    assert {"order", "save", "Line", "os"} <= choices
    assert not {"after", "later", "unheard"} & choices


def test_an_argument_too_many_is_no_slip() -> None:
    assert retry("⟦Order('a', 'b')⟧") is None
    assert retry("⟦Order('a', key='b')⟧") is None
    assert retry("def f():\n    ⟦print(*unheard)⟧") is None


def test_what_the_user_wrote_is_not_written_anew() -> None:
    assert retry("Item(name='a'⟦, code='b', cost=1)⟧") == (
        ", code='b'",
        {")", ", price=", ", tags="},
    )
    assert retry("Order('a', items=⟦[])⟧") is None
    assert retry("print(⟦1)\nprint(unheard)⟧") is None


def test_a_name_from_elsewhere_brings_its_import() -> None:
    assert repaired("x = ⟦Special()⟧") == ("Special()", ("from shop.orders import Special",))
    assert repaired("x = ⟦[Special(), Money()]⟧")[1] == (
        "from shop.money import Money",
        "from shop.orders import Special",
    )


def test_a_name_is_imported_as_other_files_do() -> None:
    files = {
        **SHOP,
        "a.py": "import numpy as np\nfrom shop import Order\n",
        "b.py": "import numpy as np\nfrom shop import Order\n",
    }
    assert repaired("x = ⟦np.zeros(3)⟧", files)[1] == ("import numpy as np",)
    assert repaired("x = ⟦Order('a')⟧", files)[1] == ("from shop import Order",)


def test_relative_imports_stay_relative() -> None:
    code = "from . import dynamic\n\nx = ⟦Special()⟧"
    assert repaired(code)[1] == ("from .orders import Special",)


def test_modules_of_the_standard_library_are_known() -> None:
    assert repaired("x = ⟦os.getcwd()⟧")[1] == ("import os",)
    assert repaired("x = ⟦os⟧") == ("", ())


def test_of_two_modules_with_the_name_neither_is_imported() -> None:
    files = {**SHOP, "shop/other.py": "class Special: ...\n"}
    assert repaired("x = ⟦Special()⟧", files) == ("", ())


def test_a_package_that_nobody_installed_or_imports_is_reported() -> None:
    class Installed(MemoryRepository):
        def has_package(self, name: str) -> bool | None:
            return name == "installed"

    def rules(code: str) -> list[str]:
        document = Document("file:///app.py", "app.py", "python", "")
        draft = Draft(document, Edit(Span(0, 0), code))
        files = {**STUBS, "other.py": "import known.inside\n", "local/mine.py": ""}
        return [finding.rule for finding in grounding.check(draft, Installed(files))]

    assert rules("import invented.client") == ["unknown-package"]
    assert rules("from invented import Client") == ["unknown-package"]
    for code in ("import installed", "from known import x", "import os", "import mine"):
        assert rules(code) == []
    assert rules("try:\n    import invented\nexcept ImportError:\n    pass") == []


def test_what_is_deprecated_is_told_and_passes() -> None:
    files = {
        **SHOP,
        "shop/old.py": (
            "from warnings import deprecated\n\n\n"
            "@deprecated('use new')\ndef old(): ...\n\n\n"
            "class Box:\n    @deprecated('no')\n    def shake(self): ...\n"
        ),
    }
    code = "from shop.old import Box, old\n⟦old(), Box().shake()⟧"
    assert findings(code, files) == ["deprecated: old", "deprecated: shake"]
    assert repaired(code, files) == ("old(), Box().shake()", ())

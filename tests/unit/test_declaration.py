from __future__ import annotations

import pytest

from indexer.declaration import declaration_of
from indexer.resolve.outline import Outline
from indexer.syntax.parse import parse

PYTHON = """\
from dataclasses import dataclass
from enum import Enum
from pydantic import BaseModel


class Order(Base):
    limit: int = 3

    def __init__(self, items: list[Item], *, currency: str = "EUR", **extra) -> None:
        self.items = items

    async def total(self, *, tax: float = 0.0) -> Money: ...

    @classmethod
    def empty(cls, a, /, b=1, *rest): ...


@dataclass(frozen=True)
class Item:
    name: str
    price: int = 0


class Row(BaseModel):
    id: int


class Color(Enum):
    RED = 1
    GREEN = 2


class Plain:
    pass


def net(amount, rate: float = 0.2) -> int: ...
"""

TYPESCRIPT = """\
export class Cart extends Base {
  constructor(private items: Item[], currency?: string) { super(); }
  total(tax?: number): number { return 0; }
}
"""


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Order", 'Order(items: list[Item], *, currency: str = "EUR", **extra)'),
        ("Order.total", "await Order.total(*, tax: float = 0.0) -> Money"),
        ("Order.empty", "Order.empty(a, b=1, *rest)"),
        ("Order.limit", "Order.limit: int"),
        ("Item", "Item(name: str, price: int = 0)"),
        ("Row", "Row(id: int)"),
        ("Color", "class Color(Enum): RED, GREEN"),
        ("Plain", "class Plain"),
        ("net", "net(amount, rate: float = 0.2) -> int"),
    ],
)
def test_python_is_written_as_its_user_would(name: str, written: str):
    outline = Outline(parse("a.py", "python", PYTHON))
    assert declaration_of(outline.by_qualified_name[name], outline) == written


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("Cart", "Cart(items: Item[], currency?: string)"),
        ("Cart.total", "Cart.total(tax?: number) -> number"),
    ],
)
def test_typescript_too(name: str, written: str):
    outline = Outline(parse("a.ts", "typescript", TYPESCRIPT))
    assert declaration_of(outline.by_qualified_name[name], outline) == written


def test_a_language_with_types_first_keeps_its_declaration():
    outline = Outline(parse("a.c", "c", "static int net(const char *amount) { return 0; }\n"))
    symbol = outline.by_qualified_name["net"]
    assert declaration_of(symbol, outline) == symbol.stub

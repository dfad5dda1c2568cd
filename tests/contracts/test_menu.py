from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from copilot_ls import wiring
from copilot_ls.config import IndexSettings, Settings
from copilot_ls.domain import Document
from copilot_ls.features.menu import MenuItem, menu_items
from indexer.index import Index
from indexer.model import Hit, Query
from indexer.resolve.outline import Repository
from tests.fakes.ports import FakeIndex

SETTINGS = Settings(index=IndexSettings(vectors=False))

SHOP = '''class Base:
    def save(self) -> None:
        """Write it down."""


class Order(Base):
    def __init__(self, number: int, *, paid: bool = False) -> None:
        self.number = number

    def total(self, rate: float, *, rounded: bool = True) -> float:
        """Sum it up."""
        return rate


def make_order(number: int, customer: str = "") -> Order:
    return Order(number)
'''


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("menu") / "repo"
    (root / "shop").mkdir(parents=True)
    (root / "shop" / "__init__.py").write_text("", encoding="utf-8")
    (root / "shop" / "orders.py").write_text(SHOP, encoding="utf-8")
    with closing(wiring.open_index(root, SETTINGS, location=root.parent / "index")) as index:
        index.update(with_vectors=False)
    return root


class DirectIndex(FakeIndex):
    """The real index, called on the spot."""

    def __init__(self, index: Index) -> None:
        super().__init__()
        self.index = index

    async def search(self, query: Query) -> Sequence[Hit]:
        return self.index.search(query)

    async def consult(self, question: Callable[[Repository], object]) -> object:
        return self.index.consult(question)


async def menu(root: Path, marked: str) -> list[MenuItem]:
    with closing(wiring.open_index(root, SETTINGS, location=root.parent / "index")) as index:
        document = Document("file:///b.py", "b.py", "python", marked.replace("█", ""))
        return await menu_items(DirectIndex(index), document, marked.index("█"))


def labels(items: list[MenuItem]) -> list[str]:
    return [item.label for item in items]


TYPED = "from shop.orders import Order, make_order\n\n\ndef f(order: Order):\n    "


async def test_behind_a_known_receiver_stand_its_members_with_inherited_ones(root: Path):
    items = await menu(root, f"{TYPED}order.█\n")
    assert {"total", "save"} <= set(labels(items))
    total = next(item for item in items if item.label == "total")
    assert "rate: float" in total.detail
    assert total.documentation == "Sum it up."


async def test_a_begun_member_is_replaced_as_a_whole(root: Path):
    (item,) = await menu(root, f"{TYPED}order.to█\n")
    assert (item.text, len(item.span)) == ("total", 2)


async def test_behind_an_unknown_receiver_stands_nothing(root: Path):
    assert await menu(root, f"{TYPED}whatever.█\n") == []


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ("make_order(█)", ["number=", "customer="]),
        ("make_order(1, cu█)", ["customer="]),
        ("make_order(number=1, █)", ["customer="]),
        ("order.total(█)", ["rate=", "rounded="]),
        ("Order(█)", ["number=", "paid="]),
    ],
)
async def test_inside_a_call_stand_the_keywords_that_it_still_takes(
    root: Path, call: str, expected: list[str]
):
    found = labels(await menu(root, f"{TYPED}{call}\n"))
    assert [label for label in found if label.endswith("=")] == expected


async def test_behind_an_import_stand_the_names_of_its_module(root: Path):
    assert "make_order" in labels(await menu(root, "from shop.orders import ma█\n"))


async def test_a_name_that_is_not_imported_brings_its_import(root: Path):
    items = await menu(root, '"""Doc."""\nimport os\n\nx = make_or█\n')
    item = next(item for item in items if item.label == "make_order")
    (edit,) = item.edits
    assert edit.text == "from shop.orders import make_order\n"
    assert edit.span.start == len('"""Doc."""\nimport os\n')


async def test_a_name_that_is_imported_brings_nothing_more(root: Path):
    items = await menu(root, f"{TYPED}make_or█\n")
    item = next(item for item in items if item.label == "make_order")
    assert item.edits == ()

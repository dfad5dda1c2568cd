"""Real calls of a symbol, the best examples first."""

from indexer.model import Hit, Query, SearchMode
from indexer.search.usage import search_usage
from tests.fakes.repository import MemoryRepository

SHOP = {
    "shop/orders.py": (
        "class Order:\n    def total(self, *, tax=0): ...\n\n\ndef load(key): ...\n"
    ),
    "shop/pay.py": (
        "from shop.orders import Order, load\n\n\ndef pay(order: Order):\n"
        "    return order.total(tax=1)\n\n\ndef again():\n    return load('a').total()\n"
    ),
    "shop/stock.py": (
        "from elsewhere import Pile\n\n\ndef count(pile: Pile):\n    return pile.total()\n\n\n"
        "class Stock:\n    def total(self): ...\n\n\n"
        "def sum_up(stock: Stock):\n    return stock.total()\n"
    ),
    "tests/test_orders.py": (
        "from shop.orders import Order\n\n\ndef test_total():\n    order = Order()\n"
        "    assert order.total(\n        tax=2,\n    )\n"
    ),
}


def uses(name: str) -> list[Hit]:
    return search_usage(MemoryRepository(SHOP), Query(name, SearchMode.USAGE), SHOP.get)


def test_certain_uses_come_first_code_before_tests() -> None:
    hits = uses("Order.total")
    assert [hit.path for hit in hits[:2]] == ["shop/pay.py", "tests/test_orders.py"]
    assert hits[0].text == "return order.total(tax=1)"
    assert hits[0].signals["resolved"] == 1.0


def test_a_call_over_several_lines_is_shown_whole() -> None:
    (hit,) = [hit for hit in uses("Order.total") if hit.path.startswith("tests/")]
    assert hit.text == "assert order.total(\n    tax=2,\n)"
    assert (hit.line, hit.end_line) == (5, 7)


def test_a_use_of_another_symbol_of_that_name_is_left_out() -> None:
    assert all("stock.total" not in hit.text for hit in uses("Order.total"))
    assert next(hit.text for hit in uses("Stock.total")) == "return stock.total()"


def test_a_name_that_nobody_defines_has_no_uses() -> None:
    assert uses("nothing") == []


def test_a_file_that_cannot_be_read_is_passed_over() -> None:
    repository = MemoryRepository(SHOP)
    assert search_usage(repository, Query("load", SearchMode.USAGE), lambda _: None) == []

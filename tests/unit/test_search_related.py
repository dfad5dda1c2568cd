"""Files that belong together."""

from indexer.model import Query, SearchMode
from indexer.search.related import search_related
from tests.fakes.repository import MemoryRepository

FILES = {
    "shop/orders.py": "from shop import money\n",
    "shop/money.py": "RATE = 1\n",
    "shop/report.py": "x = 1\n",
    "shop/pay.py": "from shop.orders import Order\n",
    "tests/shop/test_orders.py": "import shop.orders\n",
    "tests/other/test_orders.py": "",
    "shop/__init__.py": "",
}
COMMITS = [
    ["shop/orders.py", "shop/report.py"],
    ["shop/orders.py", "shop/report.py"],
    ["shop/orders.py", "shop/pay.py"],
    ["shop/orders.py", *(f"x{n}.py" for n in range(50))],
]


def related(path: str) -> dict[str, set[str]]:
    hits = search_related(MemoryRepository(FILES), Query(path, SearchMode.RELATED), COMMITS)
    return {hit.path: set(hit.signals) for hit in hits}


def test_the_tests_of_a_file_come_first_the_nearer_folder_before_the_farther() -> None:
    found = related("shop/orders.py")
    assert next(iter(found)) == "tests/shop/test_orders.py"
    assert "tests/other/test_orders.py" in found


def test_files_that_changed_together_more_than_once_are_related() -> None:
    found = related("shop/orders.py")
    assert "changes_with" in found["shop/report.py"]
    assert "changes_with" not in found["shop/pay.py"]


def test_imports_count_in_both_directions() -> None:
    found = related("shop/orders.py")
    assert "imported" in found["shop/money.py"]
    assert "imports" in found["shop/pay.py"]


def test_the_file_of_a_test_is_found_by_its_name() -> None:
    assert next(iter(related("tests/shop/test_orders.py"))) == "shop/orders.py"


def test_a_file_that_is_not_indexed_has_no_relations() -> None:
    assert related("nowhere.py") == {}

"""Which definitions answer a question, and why."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.model import Hit, ParsedFile, Query, SearchMode
from indexer.search.completion import CompletionSearch
from indexer.search.fusion import fuse
from indexer.search.natural import search_natural
from tests.fakes.repository import MemoryRepository, parse_text

STORE = {
    "store/client.py": (
        "class StoreClient:\n"
        "    def fetch_item(self, key: str) -> Item: ...\n"
        "    def delete_item(self, key: str) -> None: ...\n"
        "    def _connect(self) -> None: ...\n"
        "    @classmethod\n    def from_url(cls, url: str) -> 'StoreClient': ...\n\n\n"
        "class Item:\n    name: str\n    def rename(self, name: str) -> None: ...\n\n\n"
        "class StoreError(Exception): ...\n"
    ),
    "store/price.py": (
        "def round_price(price: float) -> float: ...\n"
        "def parse_price(text: str) -> float: ...\n"
        "def unrelated_thing() -> None: ...\n"
        "PRICE_LIMIT = 10\n"
    ),
    "store/report.py": (
        "from store.price import parse_price, round_price\n\n\n"
        "def report_invoice(invoice, text):\n"
        "    amount = parse_price(text)\n    invoice.total = round_price(amount)\n"
    ),
}


def complete(marked: str, *, path: str = "app.py", limit: int = 10) -> list[Hit]:
    repository = MemoryRepository(STORE | {path: "def own_function(): ...\n"})
    offset = marked.index("█")
    query = Query(marked.replace("█", ""), SearchMode.COMPLETION, path, offset, limit)
    return CompletionSearch(parse_text).search(repository, query, generation="1")


def titles(hits: Sequence[Hit]) -> list[str]:
    return [hit.title for hit in hits]


def test_a_known_receiver_puts_its_members_first() -> None:
    hits = complete(
        "from store.client import StoreClient\n\ndef run(client: StoreClient):\n    client.█\n"
    )
    assert set(titles(hits)[:3]) == {
        "StoreClient.fetch_item",
        "StoreClient.delete_item",
        "StoreClient.from_url",
    }
    assert hits[0].signals["receiver"] == 1.0


def test_members_of_a_class_that_is_known_whole_are_closed() -> None:
    head = "from store.client import StoreClient\n\n"
    hits = complete(head + "def run(client: StoreClient):\n    client.█\n")
    assert {hit.symbol.name for hit in hits if hit.is_closed and hit.symbol} == {
        "fetch_item",
        "delete_item",
        "from_url",
        "_connect",
    }


@pytest.mark.parametrize("annotation", ["StoreClient | Other", "Iterator[StoreClient]"])
def test_members_of_what_may_be_something_else_are_not_closed(annotation: str) -> None:
    head = "from store.client import StoreClient\n\n"
    hits = complete(head + f"def run(client: {annotation}):\n    client.█\n")
    assert hits
    assert not any(hit.is_closed for hit in hits)


def test_names_of_a_module_are_closed_and_those_of_a_package_are_not() -> None:
    module, package = complete("from store.price import █\n"), complete("from store import █\n")
    assert all(hit.is_closed for hit in module)
    assert not any(hit.is_closed for hit in package)


def test_what_is_assigned_to_says_which_member() -> None:
    text = "from store.client import StoreClient\n\ndef run(client: StoreClient):\n    {}client.█\n"
    assert titles(complete(text.format("fetched = ")))[0] == "StoreClient.fetch_item"
    assert titles(complete(text.format("is_deleted = ")))[0] == "StoreClient.delete_item"


def test_on_a_class_its_class_methods_come_before_its_methods() -> None:
    hits = complete("from store.client import StoreClient\n\nx = StoreClient.█\n")
    assert titles(hits)[0] == "StoreClient.from_url"


def test_a_typed_prefix_leaves_only_what_starts_with_it() -> None:
    hits = complete("from store import price\n\nx = price.rou█\n")
    assert titles(hits) == ["round_price"]


def test_a_receiver_of_unknown_type_is_guessed_by_its_name() -> None:
    hits = complete("def run(store_client):\n    store_client.█\n")
    assert titles(hits)[0].startswith("StoreClient.")
    assert "class_named" in hits[0].signals


def test_an_import_that_is_not_used_yet_is_likely_meant() -> None:
    hits = complete("from store.price import unrelated_thing\n\n\ndef go():\n    x = █\n")
    assert titles(hits)[0] == "unrelated_thing"


def test_without_its_import_a_definition_is_found_by_the_words_around() -> None:
    hits = complete("def invoice_total(invoice, text):\n    amount = invoice.text\n    price = █\n")
    assert {"parse_price", "round_price"} <= set(titles(hits)[:4])


def test_an_import_line_offers_the_names_of_its_module() -> None:
    hits = complete("from store.price import parse_price, █\n")
    assert set(titles(hits)) == {"round_price", "unrelated_thing", "PRICE_LIMIT"}
    assert complete("from nowhere import █\n") is not None


def test_exceptions_come_first_only_where_one_is_raised() -> None:
    text = "from store.client import Item, StoreError\n\ndef go():\n    {}█\n"
    assert titles(complete(text.format("raise ")))[0] == "StoreError"
    assert titles(complete(text.format("x = ")))[0] == "Item"


def test_nothing_of_the_document_itself_is_offered() -> None:
    hits = complete("def own_function(): ...\n\ndef other():\n    own█\n")
    assert hits == []


def test_private_names_of_other_files_come_late() -> None:
    hits = complete(
        "from store.client import StoreClient\n\ndef run(client: StoreClient):\n    client.█\n"
    )
    names = titles(hits)
    assert names.index("StoreClient._connect") > names.index("StoreClient.delete_item")


def test_a_document_without_a_grammar_is_answered_by_words() -> None:
    hits = complete("parse the price of an item\n█\n", path="notes.txt")
    assert "parse_price" in titles(hits)


@pytest.mark.parametrize("text", ["█", "\n█", "((((.█", "'''.█", "x = \n" * 50 + "1.█"])
def test_any_text_is_answered(text: str) -> None:
    assert isinstance(complete(text), list)


@given(st.text(alphabet="ab.()[]{}:=,'\"\n \tdefclassimportx🙂", max_size=120), st.integers(0, 130))
def test_any_document_and_offset_are_answered(text: str, offset: int) -> None:
    repository = MemoryRepository({"store/price.py": STORE["store/price.py"]})
    query = Query(text, SearchMode.COMPLETION, "app.py", offset)
    hits = CompletionSearch(parse_text).search(repository, query, generation="1")
    assert all(hit.path != "app.py" for hit in hits)


def test_typing_on_a_line_parses_nothing_again() -> None:
    parsed: list[str] = []

    def parse(path: str, text: str) -> ParsedFile:
        parsed.append(text)
        return parse_text(path, text)

    search = CompletionSearch(parse)
    repository = MemoryRepository(STORE)
    head = "from store.client import StoreClient\n\ndef run(client: StoreClient):\n"

    def ask(body: str) -> list[str]:
        text = head + body
        query = Query(text, SearchMode.COMPLETION, "app.py", len(text))
        return titles(search.search(repository, query, generation="1"))

    ask("    x = cl")
    ask("    x = client.")
    assert ask("    x = client.fe") == ["StoreClient.fetch_item"]
    assert ask("    x = client.fetch_item()\n    x.re")[0] == "Item.rename"
    assert len(parsed) == 1
    ask("    x = 1\n\nclass Late(StoreClient):\n    def more(self):\n        self.de")
    assert len(parsed) == 2


def test_scores_are_probabilities_and_each_hit_tells_its_signals_and_their_ranks() -> None:
    hits = complete("from store.price import parse_price\n\n\ndef go(text):\n    █\n", limit=50)
    assert sum(hit.score for hit in hits) == pytest.approx(1.0, abs=0.01)
    assert hits[0].title == "parse_price"
    assert hits[0].ranks["imported"] == 1
    assert all(hit.signals.keys() == hit.ranks.keys() for hit in hits)


def test_a_signal_that_is_left_out_tells_nothing() -> None:
    text = "from store.price import parse_price\n\nx = "
    query = Query(text, SearchMode.COMPLETION, "app.py", len(text), without=("imported",))
    hits = CompletionSearch(parse_text).search(MemoryRepository(STORE), query, generation="1")
    assert hits
    assert all("imported" not in hit.signals for hit in hits)


def found_by(signal: str, files: dict[str, str], marked: str, path: str) -> set[str]:
    text = marked.replace("█", "")
    query = Query(text, SearchMode.COMPLETION, path, marked.index("█"), 50)
    repository = MemoryRepository(files | {path: text})
    hits = CompletionSearch(parse_text).search(repository, query, generation="1")
    return {hit.title for hit in hits if signal in hit.signals}


def test_what_follows_the_last_call_elsewhere_is_expected_here() -> None:
    files = {
        "lib.py": "def open_box(): ...\ndef empty_box(): ...\n",
        "a.py": "from lib import open_box, empty_box\ndef a():\n    open_box()\n    empty_box()\n",
    }
    marked = "from lib import open_box\n\ndef mine():\n    open_box()\n    █\n"
    assert "empty_box" in found_by("after", files, marked, "b.py")


def test_what_functions_of_the_same_name_call_is_expected_here() -> None:
    files = {
        "lib.py": "def prepare(): ...\n",
        "a.py": "from lib import prepare\nclass A(Base):\n    def start(self):\n        prepare()\n",
    }
    marked = "class B(Base):\n    def start(self):\n        █\n"
    assert "prepare" in found_by("namesake", files, marked, "b.py")


def test_what_the_files_of_the_folder_import_is_expected_here() -> None:
    files = {
        "lib.py": "def prepare(): ...\n",
        "steps/a.py": "from lib import prepare\n",
        "steps/c.py": "from lib import prepare\n",
    }
    assert found_by("folder", files, "def b():\n    █\n", "steps/b.py") == {"prepare"}


def test_a_test_is_expected_to_call_what_it_is_named_after() -> None:
    files = {"shop/orders.py": "def total(): ...\n"}
    assert found_by("tested", files, "def test_x():\n    █\n", "tests/test_orders.py") == {"total"}


def test_what_is_called_on_variables_of_the_same_name_is_expected_here() -> None:
    files = {
        "lib.py": "class Box:\n    def open_lid(self): ...\n",
        "a.py": "def a(parcel):\n    parcel.open_lid()\n",
    }
    assert "Box.open_lid" in found_by("habit", files, "def b(parcel):\n    █\n", "b.py")
    assert "Box.open_lid" in found_by("used_on", files, "def b(parcel):\n    parcel.█\n", "b.py")


def test_the_line_below_says_what_this_line_has_to_give() -> None:
    files = {"lib.py": "def load_prices(): ...\ndef load_users(): ...\n"}
    head = "from lib import load_prices, load_users\n\ndef show():\n    █\n"
    query = head + "    print(sorted(users))\n"
    text = query.replace("█", "")
    hits = CompletionSearch(parse_text).search(
        MemoryRepository(files),
        Query(text, SearchMode.COMPLETION, "b.py", query.index("█"), 5),
        generation="1",
    )
    assert hits[0].title == "load_users"


def test_a_new_generation_is_seen() -> None:
    search = CompletionSearch(parse_text)
    text = "from store.price import a\n\nx = "
    query = Query(text, SearchMode.COMPLETION, "app.py", len(text))
    before = search.search(
        MemoryRepository({"store/price.py": "def a(): ..."}), query, generation="1"
    )
    after = search.search(
        MemoryRepository({"store/price.py": "def a(b): ..."}), query, generation="2"
    )
    assert [hit.text for hit in before] != [hit.text for hit in after]


def test_words_find_by_purpose_and_by_name() -> None:
    repository = MemoryRepository(STORE)
    hits = search_natural(repository, Query("parse a price"), lambda *_: [])
    assert hits[0].title == "parse_price"
    assert hits[0].signals["head"] > 0
    named = search_natural(repository, Query("StoreClient.fetch_item"), lambda *_: [])
    assert named[0].signals == {"name": 1.0}
    assert named[0].title == "StoreClient.fetch_item"


def test_a_meaning_that_shares_no_word_is_found_by_its_vector() -> None:
    repository = MemoryRepository(STORE)
    (row,) = [r for r, _ in repository.match_chunks(["unrelated"], weights=(1, 1, 1), limit=1)]
    text_hash = repository.chunks_of([row])[row].text_hash
    hits = search_natural(repository, Query("zebra"), lambda *_: [(text_hash, 0.9)])
    assert [hit.title for hit in hits] == ["unrelated_thing"]


def test_words_that_nobody_uses_find_nothing() -> None:
    assert search_natural(MemoryRepository(STORE), Query("zebra"), lambda *_: []) == []
    assert search_natural(MemoryRepository(STORE), Query(""), lambda *_: []) == []


def test_scores_of_lists_are_comparable_whatever_their_scale() -> None:
    fused = fuse({"a": {1: 1_000.0, 2: 10.0, 3: 1.0}, "b": {1: 0.1, 2: 0.2, 3: 0.9}})
    assert sum(row["a"] for row in fused.values()) == pytest.approx(0.0, abs=1e-3)
    assert fused[3]["b"] > fused[2]["b"] > fused[1]["b"]


def test_a_list_of_equals_decides_nothing() -> None:
    assert fuse({"a": {1: 5.0, 2: 5.0}}) == {1: {"a": 0.0}, 2: {"a": 0.0}}
    assert fuse({}) == {}

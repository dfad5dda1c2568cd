"""Open documents hide what is stored of their files, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from indexer.intake.file import understand
from indexer.model import Query, SearchMode
from indexer.search import overlay
from indexer.search.natural import search_natural
from indexer.search.overlay import OpenDocuments, Overlay, version_of
from indexer.search.usage import search_usage
from tests.fakes.repository import MemoryRepository

STORED = {
    "orders.py": "class Order:\n    def total(self): ...\n\n\ndef cancel_order(): ...\n",
    "pay.py": "from orders import Order\n\n\ndef pay(order): order.total()\n",
}
TYPED = "class Order:\n    def total_with_tax(self): ...\n\n\ndef refund_order(): ...\n"


@pytest.fixture
def documents() -> OpenDocuments:
    documents = OpenDocuments(understand)
    documents.put("orders.py", TYPED)
    return documents


@pytest.fixture
def corpus(documents: OpenDocuments) -> Overlay:
    return Overlay(MemoryRepository(STORED), documents.others(""))


def test_an_outline_is_that_of_the_document(corpus: Overlay) -> None:
    outline = corpus.outline("orders.py")
    assert outline is not None
    assert [s.qualified_name for s in outline.symbols] == [
        "Order",
        "Order.total_with_tax",
        "refund_order",
    ]
    assert corpus.outline("pay.py") is not None
    assert corpus.outline("nowhere.py") is None
    assert corpus.paths_with_stem("orders") == ["orders.py"]


@pytest.mark.parametrize(
    ("name", "paths"),
    [
        ("total", []),
        ("cancel_order", []),
        ("total_with_tax", ["orders.py"]),
        ("Order", ["orders.py"]),
        ("pay", ["pay.py"]),
    ],
)
def test_names_are_those_of_the_document(corpus: Overlay, name: str, paths: list[str]) -> None:
    assert [symbol.path for symbol in corpus.symbols_named(name)] == paths
    assert [s.path for s in corpus.symbols_starting(name) if s.name == name] == paths
    assert len(corpus.symbols_named(name, limit=0)) == 0


def test_words_of_the_document_are_found_and_those_it_hides_are_not(corpus: Overlay) -> None:
    assert corpus.frequency("refund") == corpus.frequency("refund", in_chunks=True) == 1
    hits = search_natural(corpus, Query("refund order"), lambda _text, _limit: [])
    assert hits[0].title == "refund_order"
    assert [hit.title for hit in hits if "cancel" in hit.text] == []
    matched = corpus.match_symbols(["refund", "order"], weights=(1, 1), limit=9)
    assert matched[0][0].name == "refund_order"


def test_row_ids_of_documents_and_of_the_store_are_kept_apart(corpus: Overlay) -> None:
    rows = [row for row, _ in corpus.match_chunks(["order"], weights=(1, 1, 1), limit=50)]
    assert min(rows) < 0 < max(rows)
    chunks = corpus.chunks_of(rows)
    assert {row: (c.path, c.qualified_name) for row, c in chunks.items()} == corpus.containers_of(
        rows
    )
    assert {chunk.path for row, chunk in chunks.items() if row < 0} == {"orders.py"}
    assert {chunk.path for row, chunk in chunks.items() if row > 0} == {"pay.py"}
    by_hash = corpus.chunks_with_hashes([chunk.text_hash for chunk in chunks.values()])
    assert sorted(row for found in by_hash.values() for row in found) == sorted(chunks)


def test_uses_are_those_of_the_document() -> None:
    typed = {"pay.py": "from orders import cancel_order\n\n\ndef pay(): cancel_order()\n"}
    corpus = Overlay(MemoryRepository(STORED), opened(typed))
    assert corpus.uses_in("pay.py", "pay") == [("cancel_order", "")]
    assert [use.path for use in corpus.uses_of("cancel_order", limit=9)] == ["pay.py"]
    assert corpus.uses_of("total", limit=9) == []
    assert corpus.uses_in("orders.py", "cancel_order") == []


def opened(typed: Mapping[str, str]) -> Mapping[str, overlay.OpenDocument]:
    documents = OpenDocuments(understand)
    for path, text in typed.items():
        documents.put(path, text)
    return documents.others("")


def test_the_document_that_is_asked_about_and_a_closed_one_hide_nothing(
    documents: OpenDocuments,
) -> None:
    assert documents.others("orders.py") == {}
    before = version_of(documents.others(""))
    documents.put("pay.py", "")
    assert version_of(documents.others("")) != before
    documents.drop("pay.py")
    assert version_of(documents.others("")) == before
    assert documents.text_of("orders.py") == TYPED
    documents.drop("orders.py")
    documents.drop("orders.py")
    assert documents.others("") == {}
    assert documents.text_of("orders.py") is None


def test_a_document_is_parsed_once_and_only_if_it_is_met() -> None:
    parsed = []

    def count(path: str, text: str):
        parsed.append(text)
        return understand(path, text)

    documents = OpenDocuments(count)
    for text in ("x", "y", "z"):
        documents.put("orders.py", text)
    for _ in range(2):
        corpus = Overlay(MemoryRepository(STORED), documents.others(""))
        assert corpus.outline("pay.py") is not None
        assert parsed == []
    for _ in range(2):
        corpus = Overlay(MemoryRepository(STORED), documents.others(""))
        corpus.symbols_named("x")
        corpus.outline("orders.py")
    assert parsed == ["z"]


def test_secrets_in_open_documents_are_masked() -> None:
    key = "AKIA" + "IOSFODNN7QWERTYU"
    parsed, chunks = understand("a.py", f'def connect():\n    return client("{key}")\n')
    assert [symbol.name for symbol in parsed.symbols] == ["connect"]
    assert not any(key in chunk.text for chunk in chunks)


def test_the_earliest_changed_documents_give_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overlay, "MAX_DOCUMENTS", 2)
    documents = OpenDocuments(understand)
    for path in ("a.py", "b.py", "a.py", "c.py"):
        documents.put(path, "")
    assert list(documents.others("")) == ["a.py", "c.py"]


def test_uses_of_a_name_are_found_after_its_renaming_was_saved(documents: OpenDocuments) -> None:
    before = "def levy(x):\n    return x\n"
    files = {
        "levy.py": before.replace("levy", "toll"),
        "bill.py": "from levy import levy\n\nprint(levy(3))\n",
        "other.py": "def levy():\n    return 1\n\n\nlevy()\n",
    }
    query = Query("levy", SearchMode.USAGE, path="levy.py", before=before)
    corpus = Overlay(MemoryRepository(files), documents.others(query.path, before=query.before))
    assert {hit.path for hit in search_usage(corpus, query, files.get)} == {"bill.py"}
    assert documents.text_of("levy.py") is None

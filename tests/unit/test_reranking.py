"""What the model is asked of the best hits, and the order that comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from copilot_ls.features.reranking import N_READ, rerank
from copilot_ls.models.scripted import Script, ScriptedModel
from indexer.model import Hit
from tests.fakes.repository import parse_text

TAX = """\
class Tax:
    rate = 1

    def net(self, amount):
        money = amount
        return money

    def gross(self, amount):
        return amount


def discard(amount):
    # forgives what nobody paid
    return 0
"""
LINES = TAX.splitlines()


class Reader(ScriptedModel):
    """Keeps what it was asked to judge."""

    def __init__(self) -> None:
        super().__init__(Script(()))
        self.texts: list[str] = []

    async def likelihoods(self, texts: Sequence[str], continuation: str) -> Sequence[float]:
        self.texts += texts
        return await super().likelihoods(texts, continuation)


def hits_of(*names: str) -> list[Hit]:
    symbols = {s.qualified_name: s for s in parse_text("shop/tax.py", TAX).symbols}
    return [
        Hit(s.path, s.line, s.end_line, s.qualified_name, score=-rank, symbol=s, text=s.stub)
        for rank, s in enumerate(symbols[name] for name in names)
    ]


async def test_what_the_words_describe_comes_first() -> None:
    hits = await rerank(
        Reader(), "Forgives what nobody paid", hits_of("Tax.net", "discard"), lambda _: LINES
    )
    assert [hit.title for hit in hits] == ["discard", "Tax.net"]
    assert all(hit.signals["likelihood"] <= 0 for hit in hits)


async def test_the_search_decides_between_what_is_as_likely() -> None:
    hits = await rerank(Reader(), "zebra", hits_of("Tax.net", "discard"), lambda _: LINES)
    assert [hit.title for hit in hits] == ["Tax.net", "discard"]


async def test_the_model_reads_code_of_a_function_and_heads_of_the_members_of_a_type() -> None:
    reader = Reader()
    await rerank(reader, "any", hits_of("Tax.net", "Tax"), lambda _: LINES)
    function, type_ = reader.texts
    assert function == (
        "shop/tax.py: Tax.net\n\n"
        "def net(self, amount):\n    money = amount\n    return money\n\n"
        "In one sentence, net: "
    )
    assert "def gross" in type_
    assert "return" not in type_


async def test_a_file_that_cannot_be_read_is_judged_by_its_declaration() -> None:
    reader = Reader()
    await rerank(reader, "any", hits_of("discard"), lambda _: ())
    assert "def discard(amount)" in reader.texts[0]


async def test_what_is_far_down_stays_where_it_is() -> None:
    hits = hits_of(*["Tax.net"] * N_READ, "discard")
    reader = Reader()
    found = await rerank(reader, "Forgives what nobody paid", hits, lambda _: LINES)
    assert len(reader.texts) == N_READ
    assert found[-1].title == "discard"
    assert all(one.score >= other.score for one, other in pairwise(found[:N_READ]))

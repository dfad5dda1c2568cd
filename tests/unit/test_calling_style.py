"""Arguments are passed as other calls in the repository pass them; a call means the same after."""

from __future__ import annotations

import pytest

from copilot_ls.checks.draft import Draft
from copilot_ls.checks.gate import judge
from copilot_ls.domain import Document, Edit, Verdict
from indexer.model import Span
from tests.fakes.repository import MemoryRepository
from tests.fakes.stubs import STUBS

SHOP = """
from dataclasses import dataclass

def unused(first, second, third=None, *, only=None): ...
def by_name(first, second, third=None): ...
def by_position(first, second, third=None): ...
def mixed(first, second, third=None): ...

class Small:
    def __init__(self, first, second=None): ...

class Large:
    def __init__(self, a, b, c, d, e): ...

@dataclass
class Record:
    first: int
    second: int = 0
"""
USES = """
from shop import by_name, by_position, mixed

by_name(1, second=2, third=3)
by_name(1, second=5)
by_position(1, 2, 3)
mixed(1, 2)
mixed(1, second=2)
"""
HEAD = "from shop import Large, Record, Small, by_name, by_position, mixed, unused\n"


def shown(code: str) -> str:
    document = Document("file:///app.py", "app.py", "python", HEAD)
    draft = Draft(document, Edit(Span(len(HEAD), len(HEAD)), code))
    files = {**STUBS, "shop.py": SHOP, "uses.py": USES, "app.py": HEAD}
    judgement = judge(draft, MemoryRepository(files))
    assert judgement.verdict is Verdict.PASSED
    return judgement.text


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("unused(first=a, second = b)", "unused(a, b)"),
        ("unused(first=a, second=b, third=c, only=d)", "unused(a, b, third=c, only=d)"),
        ("by_position(first=1, second=2, third=3)", "by_position(1, 2, 3)"),
        ("by_name(first=1, second=2)", "by_name(1, second=2)"),
        ("by_name(1, 2, 3)", "by_name(1, second=2, third=3)"),
        ("Small(first=1, second=2)", "Small(1, second=2)"),
        ("unused(unused(first=1, second=2), second=3)", "unused(unused(1, 2), 3)"),
    ],
)
def test_arguments_are_passed_as_elsewhere(code: str, expected: str) -> None:
    names = "a, b, c, d = 1, 2, 3, 4\n"
    assert shown(names + code) == names + expected


@pytest.mark.parametrize(
    "code",
    [
        "mixed(1, second=2)",
        "mixed(1, 2)",
        "unused(1, third=2, second=3)",
        "unused(second=2, first=1)",
        "Large(a=1, b=2, c=3, d=4, e=5)",
        "Record(first=1, second=2)",
        "unused(*[1], second=2)",
        "unused(1, **{'second': 2})",
        "by_position(1, third=3, second=2)",
    ],
)
def test_where_nothing_tells_they_stay_as_they_were_written(code: str) -> None:
    assert shown(code) == code


def test_what_the_user_wrote_stays_as_it_is() -> None:
    before = f"{HEAD}by_position(first=1, "
    document = Document("file:///app.py", "app.py", "python", f"{before})\n")
    draft = Draft(document, Edit(Span(len(before), len(before)), "second=2"))
    files = {**STUBS, "shop.py": SHOP, "uses.py": USES, "app.py": HEAD}
    assert judge(draft, MemoryRepository(files)).text == "second=2"


def test_of_what_is_called_everywhere_only_some_calls_are_read() -> None:
    limits = []

    class Asked(MemoryRepository):
        def references_to(self, name, kind=None, *, limit=10**9):
            limits.append(limit)
            return super().references_to(name, kind, limit=limit)

    document = Document("file:///app.py", "app.py", "python", HEAD)
    draft = Draft(document, Edit(Span(len(HEAD), len(HEAD)), "by_position(first=1, second=2)"))
    files = {**STUBS, "shop.py": SHOP, "uses.py": USES, "app.py": HEAD}
    assert judge(draft, Asked(files)).text == "by_position(1, 2)"
    assert max(limits) <= 200

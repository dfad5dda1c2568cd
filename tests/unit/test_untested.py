"""Functions that no test speaks of."""

from __future__ import annotations

from copilot_ls.features.tests.untested import untested, words_of

MODULE = """
from typing import overload

def known(): return 1

@decorated
def unknown():
    return 2

def _private(): return 3

def later():
    raise NotImplementedError

class Cart:
    def add(self, item): self.items.append(item)

    @overload
    def get(self): ...

    def _hidden(self): return 1

class _Own:
    def add_all(self): return 1
"""


def test_public_functions_that_do_something_and_are_not_named_are_told() -> None:
    found = list(untested(MODULE, words_of("def test_it():\\n    assert shop.known() == 1")))
    assert [(each.name, each.first) for each in found] == [("unknown", 6), ("Cart.add", 16)]


def test_what_cannot_be_parsed_is_left_alone() -> None:
    assert list(untested("def f(:", ())) == []

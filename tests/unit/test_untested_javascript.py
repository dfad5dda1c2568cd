"""Exported functions that no test names are found by their text alone."""

from __future__ import annotations

from copilot_ls.features.tests.javascript.untested import exported, untested
from indexer.model import SymbolKind

_TEXT = """export function price(amount: number) {
  return amount;
}
function hidden() {}
export class Cart {
  constructor() {}
  add(item: string) {
    function inner() {}
  }
  private count() {}
}
export const tax = (amount: number) => amount * 2;
"""


def test_what_is_exported_can_be_called() -> None:
    found = list(exported("a.ts", "typescript", _TEXT))
    assert [(each.name, each.first, each.last) for each, _ in found] == [
        ("price", 1, 3),
        ("Cart", 5, 11),
        ("Cart.add", 7, 9),
        ("tax", 12, 12),
    ]
    assert found[1][1] is SymbolKind.CLASS


def test_what_a_test_names_is_tested() -> None:
    found = untested("a.ts", "typescript", _TEXT, {"price", "add"})
    assert [each.name for each in found] == ["tax"]


def test_what_exports_nothing_has_nothing_to_test() -> None:
    assert list(exported("a.js", "javascript", "function run() {}\nrun();")) == []

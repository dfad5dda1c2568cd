"""Before a commit: which exported functions of JavaScript change, and no test names them?"""

from __future__ import annotations

from pathlib import Path

from copilot_ls import hooking
from copilot_ls.config import Settings
from tests.unit.test_scan import repository

_PRICE = (
    "export const price = (n) => n + 1;\nexport const tax = (n) => n * 2;\nconst own = () => 1;\n"
)


def test_exported_functions_that_no_test_names_are_told(tmp_path: Path) -> None:
    root = repository(
        tmp_path / "shop",
        **{"src/price.js": _PRICE, "test/price.test.js": "test('tax', () => tax(1));"},
    )
    settings = Settings()
    found = hooking.changes_in(root, settings, ["src/price.js"], all_lines=True)
    told = list(hooking.missing_tests(root, settings, found, hooking.Budget(10)))
    assert [(each.line, each.symbol) for each in told if each] == [(1, "price")]

"""A plugin for pytest that runs tests in the rounds of ``orders``.

``python -m pytest -p copilot_ls_explorer.verify FILE`` with ``COPILOT_LS_VERIFY`` set to
``{"orders": 5, "report": PATH}``. The report maps the id of each test to the list of its outcomes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import pytest
from _pytest.runner import runtestprotocol

from .orders import outcomes_of


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: Any) -> bool:
    wish = json.loads(os.environ["COPILOT_LS_VERIFY"])
    outcomes = outcomes_of(list(session.items), wish, lambda item: str(item.nodeid), _run)
    with open(wish["report"], "w", encoding="utf-8") as file:
        json.dump(outcomes, file)
    return True


def _run(items: Sequence[Any]) -> dict[str, str]:
    found: dict[str, str] = {}
    for place, item in enumerate(items):
        following = items[place + 1] if place + 1 < len(items) else None
        reports = runtestprotocol(item, nextitem=following, log=False)
        failed = [report for report in reports if report.failed]
        skipped = [report for report in reports if report.skipped]
        found[item.nodeid] = "failed" if failed else "skipped" if skipped else "passed"
    return found

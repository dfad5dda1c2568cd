"""A plugin for pytest that runs tests in the rounds of ``orders``.

``python -m pytest -p copilot_ls_explorer.verify FILE`` with ``COPILOT_LS_VERIFY`` set to
``{"orders": [0, 1], "report": PATH}``. The report maps the id of each test to the list of its
outcomes.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from typing import Any

import pytest

from .orders import outcomes_of


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: Any) -> bool:
    wish = json.loads(os.environ["COPILOT_LS_VERIFY"])
    outcomes = outcomes_of(list(session.items), wish, lambda item: str(item.nodeid), _run)
    with open(wish["report"], "w", encoding="utf-8") as file:
        json.dump(outcomes, file)
    return True


def _run(items: Sequence[Any]) -> dict[str, str]:
    """Run by the hook that pytest itself calls, so that every plugin takes part as it would."""
    if not items:
        return {}
    outcomes = Outcomes()
    plugins = items[0].config.pluginmanager
    plugins.register(outcomes)
    for place, item in enumerate(items):
        following = items[place + 1] if place + 1 < len(items) else None
        item.ihook.pytest_runtest_protocol(item=item, nextitem=following)
    plugins.unregister(outcomes)
    return outcomes.found


class Outcomes:
    """A plugin that remembers how each test ended: ``found`` by its id."""

    def __init__(self) -> None:
        self.found: dict[str, str] = {}

    def pytest_runtest_logreport(self, report: Any) -> None:
        before = self.found.get(report.nodeid, "passed")
        now = "failed" if report.failed else "skipped" if report.skipped else before
        self.found[report.nodeid] = "failed" if before == "failed" else now

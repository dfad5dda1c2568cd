"""A plugin for pytest: every test alone and in several random orders, each in a fresh process.

``python -m pytest -p copilot_ls_verify FILE`` with ``COPILOT_LS_VERIFY`` set to
``{"orders": 5, "report": PATH}``. All processes are forks of one that has collected the tests, so
that ten runs cost little more than one. The report maps the id of each test to the list of its
outcomes. Where processes cannot be forked, the orders run one after the other in this process.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Sequence
from typing import Any

import pytest
from _pytest.runner import runtestprotocol


@pytest.hookimpl(tryfirst=True)
def pytest_runtestloop(session: Any) -> bool:
    wish = json.loads(os.environ["COPILOT_LS_VERIFY"])
    items = list(session.items)
    outcomes: dict[str, list[str]] = {item.nodeid: [] for item in items}
    rounds: list[Sequence[Any]] = [[item] for item in items] if wish.get("alone", True) else []
    for seed in range(int(wish["orders"])):
        shuffled = list(items)
        random.Random(seed).shuffle(shuffled)
        rounds.append(shuffled)
    for chosen in rounds:
        found = _run_in_fork(chosen) if hasattr(os, "fork") else _run(chosen)
        for item in chosen:
            outcomes[item.nodeid].append(found.get(item.nodeid, "died"))
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


def _run_in_fork(items: Sequence[Any]) -> dict[str, str]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            answer = json.dumps(_run(items)).encode()
            while answer:
                answer = answer[os.write(writing, answer) :]
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return dict(json.loads(answer)) if answer else {}

"""Tests, each alone and all of them in random orders, every round in a process of its own.

All processes are forks of one that has loaded the tests, so that ten rounds cost little more than
one. Where processes cannot be forked, the rounds run one after the other in this process.
Standard library alone.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable, Sequence
from typing import Any


def outcomes_of(
    items: Sequence[Any],
    wish: dict[str, Any],
    name: Callable[[Any], str],
    run: Callable[[Sequence[Any]], dict[str, str]],
) -> dict[str, list[str]]:
    """The outcomes of each test by its name.

    ``wish`` has ``orders`` (a number for each) and ``alone`` (whether each is also run by
    itself); ``run`` runs some in the order given and returns their outcomes.
    """
    outcomes: dict[str, list[str]] = {name(item): [] for item in items}
    rounds: list[Sequence[Any]] = [[item] for item in items] if wish.get("alone", True) else []
    for seed in wish["orders"]:
        shuffled = list(items)
        random.Random(seed).shuffle(shuffled)
        rounds.append(shuffled)
    for chosen in rounds:
        found = _run_in_fork(chosen, run) if hasattr(os, "fork") else run(chosen)
        for item in chosen:
            outcomes[name(item)].append(found.get(name(item), "died"))
    return outcomes


def _run_in_fork(
    items: Sequence[Any], run: Callable[[Sequence[Any]], dict[str, str]]
) -> dict[str, str]:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            answer = json.dumps(run(items)).encode()
            while answer:
                answer = answer[os.write(writing, answer) :]
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as pipe:
        answer = pipe.read()
    os.waitpid(child, 0)
    return dict(json.loads(answer)) if answer else {}

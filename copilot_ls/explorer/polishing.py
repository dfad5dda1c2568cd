"""Chosen tests made fewer and plainer, without losing a branch or a fault.

A test is chosen for a few things; whatever else its inputs show is left out. Standard library
alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from .mutants import Mutant
from .search import Kept, Search
from .suite import Suite
from .tests import Finished

_MAX_RUNS = 120
_MAX_STEPS = 12


def polish(
    suite: Suite, search: Search, finish: Callable[[Kept], Finished | None], deadline: float
) -> None:
    """Leave out tests that others make superfluous, then simplify those that are left.

    ``finish`` makes a test of a case, as for those that are there.
    """
    for test in sorted(suite.chosen, key=lambda test: (not test.is_private, -test.cost)):
        if time.monotonic() > deadline:
            return
        if not _own_goals(suite, test):
            suite.drop_if_superfluous(test)
    rest = sorted(suite.chosen, key=lambda test: -test.cost)
    for number, test in enumerate(rest):
        now = time.monotonic()
        if now > deadline:
            return
        until = now + 2 * (deadline - now) / (len(rest) - number)
        _Simplifying(suite, search, finish, test, min(until, deadline)).run()


def _own_goals(suite: Suite, test: Finished) -> frozenset[int]:
    """What no other test reaches."""
    others = (other.goals for other in suite.chosen if other is not test)
    return test.goals.difference(*others)


class _Simplifying:
    """One test, and what it must go on to do."""

    def __init__(
        self,
        suite: Suite,
        search: Search,
        finish: Callable[[Kept], Finished | None],
        test: Finished,
        deadline: float,
    ) -> None:
        self._suite = suite
        self._search = search
        self._finish = finish
        self._test = test
        self._deadline = deadline
        self._goals = _own_goals(suite, test)
        # What was the hardest to notice comes first.
        self._faults: list[Mutant] = list(test.kills)

    def run(self) -> None:
        """Take the plainest case at once if it does; else step by step."""
        kept = self._search.minimised(self._test.kept, _MAX_RUNS, self._goals)
        if kept is self._test.kept or self._is_taken(kept):
            return
        for _ in range(_MAX_STEPS):
            if not self._is_one_taken():
                return

    def _is_one_taken(self) -> bool:
        before = self._test.kept
        for case in self._search.simpler(before):
            if time.monotonic() > self._deadline:
                return False
            kept = self._search.same_but(case, before, self._goals)
            if kept is not None and self._is_taken(kept):
                return True
        return False

    def _is_taken(self, kept: Kept) -> bool:
        test = self._finish(kept)
        if test is None or not test.goals >= self._goals or test.cost >= self._test.cost:
            return False
        if bool(test.error) != bool(self._test.error) or not self._suite.is_steady(test):
            return False
        for place, fault in enumerate(self._faults):
            if time.monotonic() > self._deadline or not self._suite.is_noticed_by(fault, [test]):
                self._faults.insert(0, self._faults.pop(place))
                return False
        test.kills = self._test.kills
        self._suite.replace(self._test, test)
        self._test = test
        return True

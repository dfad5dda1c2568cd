"""Which tests are kept: those that reach a branch, or notice a fault, that no other one does.

Each fault is let loose in a process of its own, a copy of this one. Standard library alone.
"""

from __future__ import annotations

import ast
import contextlib
import os
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .loading import Subject
from .mutants import Mutant, mutants_of
from .pipes import read_until
from .running import Runner
from .tests import Finished, passes

_MAX_MUTANTS = 600
_TEST_SECONDS = 1.0
_MUTANT_SECONDS = 8.0
_STEADY_SECONDS = 30.0


class Suite:
    """The tests chosen so far, and the faults that none of them notices."""

    def __init__(
        self, subject: Subject, runner: Runner, tell: Callable[[dict[str, Any]], None]
    ) -> None:
        self.chosen: list[Finished] = []
        self.survivors: list[Mutant] = []
        self.n_tried = 0
        self._subject = subject
        self._runner = runner
        self._tell = tell
        self._reached: set[int] = set()
        self._spare: list[Finished] = []
        self._untried: list[Mutant] = []
        if hasattr(os, "fork"):
            self._untried = mutants_of(subject.source, _MAX_MUTANTS)
            random.Random(1).shuffle(self._untried)

    def add(self, tests: Sequence[Finished], deadline: float) -> None:
        """Choose among new tests: for branches first, then for faults, until the deadline."""
        necessary, rest = self._necessary(self._steady(tests))
        self.chosen += necessary
        self._try_survivors([*necessary, *rest], deadline)
        self._spare += rest
        self._try_others(deadline)

    def replace(self, old: Finished, new: Finished) -> None:
        """Let a test stand for another one."""
        self.chosen[self.chosen.index(old)] = new

    def is_steady(self, test: Finished) -> bool:
        """Whether it passes where the module was made anew without a fault."""
        return bool(self._steady([test]))

    def is_noticed_by(self, mutant: Mutant, tests: Sequence[Finished]) -> bool:
        """Whether one of the tests fails with this fault."""
        return _first_failing(mutant, self._subject, tests, self._runner) is not None

    def drop_if_superfluous(self, test: Finished) -> bool:
        """Drop a test if others notice each fault that it noticed; they take them over."""
        others = sorted((t for t in self.chosen if t is not test), key=lambda t: t.cost)
        taken: list[tuple[Finished, Mutant]] = []
        for mutant in test.kills:
            near = [other for other in others if _is_near(other, mutant)]
            killer = _first_failing(mutant, self._subject, near, self._runner) if near else None
            if killer is None:
                return False
            if killer >= 0:
                taken.append((near[killer], mutant))
        self.chosen.remove(test)
        for other, mutant in taken:
            other.kills.append(mutant)
        return True

    def _steady(self, tests: Sequence[Finished]) -> list[Finished]:
        """Those that pass where the module was made anew without a fault, one after the other."""
        if not hasattr(os, "fork"):
            return list(tests)
        passing = _in_copy(
            _all_passing(self._subject, tests, self._runner), self._runner, _STEADY_SECONDS
        )
        return [tests[number] for number in passing]

    def _necessary(self, tests: Sequence[Finished]) -> tuple[list[Finished], list[Finished]]:
        """Tests that together reach every branch that the new ones reach: public ones first, those
        that reach much for what they cost to read."""
        pool = list(tests)
        still_open = set().union(*(test.goals for test in tests)) if tests else set()
        still_open -= self._reached
        self._reached |= still_open
        necessary = []
        while still_open:
            useful = [test for test in pool if test.goals & still_open]
            best = max(
                useful,
                key=lambda test: (
                    not test.is_private,
                    len(test.goals & still_open) / test.cost,
                ),
            )
            necessary.append(best)
            pool.remove(best)
            still_open -= best.goals
        return necessary, pool

    def _try_survivors(self, tests: Sequence[Finished], deadline: float) -> None:
        survivors = []
        for mutant in self.survivors:
            is_over = time.monotonic() > deadline
            if is_over or not self._is_noticed(mutant, [t for t in tests if _is_near(t, mutant)]):
                survivors.append(mutant)
        self.survivors = survivors

    def _try_others(self, deadline: float) -> None:
        while self._untried and time.monotonic() < deadline:
            mutant = self._untried.pop()
            self.n_tried += 1
            ranked = sorted(
                self._spare,
                key=lambda test: (not _is_near(test, mutant), test.is_private, test.cost),
            )
            chosen = sorted(self.chosen, key=lambda test: test.cost)
            if not self._is_noticed(mutant, [*chosen, *ranked[:200]]):
                self.survivors.append(mutant)
            if self.n_tried % 20 == 0:
                total = self.n_tried + len(self._untried)
                self._tell({"phase": "mutate", "mutants": self.n_tried, "of": total})

    def _is_noticed(self, mutant: Mutant, tests: Sequence[Finished]) -> bool:
        killer = _first_failing(mutant, self._subject, tests, self._runner) if tests else None
        if killer is None:
            return False
        if killer >= 0:
            test = tests[killer]
            test.kills.append(mutant)
            if test not in self.chosen:
                self.chosen.append(test)
            if test in self._spare:
                self._spare.remove(test)
        return True


def is_about(target: str, owner: str) -> bool:
    """Whether exercising ``target`` may run ``owner``: the same function, or its class."""
    return owner == target or owner.split(".", maxsplit=1)[0] == target.split(".", maxsplit=1)[0]


def _is_near(test: Finished, mutant: Mutant) -> bool:
    """Whether the test runs the function that the fault is in."""
    return mutant.owner in test.owners or is_about(test.target, mutant.owner)


def _first_failing(
    mutant: Mutant, subject: Subject, tests: Sequence[Finished], runner: Runner
) -> int | None:
    """The number of the first test that fails; -1 if the module ends, none if none."""
    work = _failing_or_end(mutant, subject, tests, runner)
    answer = _in_copy(work, runner, _MUTANT_SECONDS + 2)
    if not answer:
        return -1
    return answer[0] if answer[0] < len(tests) else None


def _all_passing(subject: Subject, tests: Sequence[Finished], runner: Runner) -> Iterator[int]:
    _remake(subject, ast.parse(subject.source))
    for number, test in enumerate(tests):
        if passes(test, runner.namespace, runner, _TEST_SECONDS):
            yield number


def _failing_or_end(
    mutant: Mutant, subject: Subject, tests: Sequence[Finished], runner: Runner
) -> Iterator[int]:
    """The number of the first test that fails, or how many there are."""
    _remake(subject, mutant.tree())
    started = time.monotonic()
    for number, test in enumerate(tests):
        if not passes(test, runner.namespace, runner, min(_TEST_SECONDS, 0.3 + 10 * test.seconds)):
            yield number
            return
        if time.monotonic() - started > _MUTANT_SECONDS:
            break
    yield len(tests)


def _remake(subject: Subject, tree: ast.Module) -> None:
    module = subject.module
    exec(compile(tree, module.__file__ or "<mutant>", "exec"), module.__dict__)


def _in_copy(work: Iterator[int], runner: Runner, seconds: float) -> list[int]:
    """What ``work`` gives in a copy of this process until that dies or the time is over."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        try:
            signal.setitimer(signal.ITIMER_REAL, 0)
            runner.move()
            for number in work:
                os.write(writing, b"%d " % number)
        finally:
            runner.close()
            os._exit(0)
    os.close(writing)
    received = read_until(reading, seconds)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return [int(number) for number in received.split()]

"""The whole exploration of one module, from its name to tests that earn their place.

Search for inputs; finish the best cases as tests; keep the few that reach every goal; then let
faults loose, and add the tests that notice more of them. Standard library alone.
"""

from __future__ import annotations

import json
import os
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

from .freezing import Freezer
from .late import Late
from .loading import CannotBeLoaded, Subject, load_subject
from .observing import Observer
from .places import is_local
from .plausible import is_plausible
from .polishing import polish
from .running import Deliberate, Outcome, Runner, time_limit
from .search import Kept, Search
from .suite import Suite, is_about
from .targets import References, Target
from .tests import STAND_IN, Finished, finish, passes

_FIRST_SHARE = 0.45
_ALONE_SHARE = 0.06
_LAST_SHARE = 0.15
_MAX_IDLE = 6_000
_MAX_CANDIDATES = 600
_MAX_LATER = 120
_MAX_MINIMISED = 300
_CASE_SECONDS = 0.5
_IMPORT_SECONDS = 10.0
_TEST_SECONDS = 1.0
_FILE_MODULES = frozenset({"os", "posixpath", "ntpath", "pathlib", "shutil", "glob", "tempfile"})
# A path that is no part of ``tmp_path``: harmless here, but not where somebody runs the test.
_OUTSIDE = re.compile(r"""['"](?:/|~|[A-Za-z]:\\|[^'"\n]*\.\.)""")
_MAX_CRASHES = 20
_NO_NUMBER = ("could not convert", "invalid literal for")

Tell = Callable[[dict[str, Any]], None]


def explore(
    request: dict[str, Any], tell: Tell, late: Callable[[], Sequence[str]] = tuple
) -> dict[str, Any]:
    """Explore a module and return plain data.

    ``request``: ``root`` (folder whose code counts as the project's), ``module``, ``seconds``,
    and optionally ``seeds`` (expressions), ``only`` (qualified names), ``private`` (bool),
    ``seed`` (int), ``skip`` (names of targets that ended the process before).
    ``late`` gives what came in since it was last asked: JSON with ``call`` (source) and
    ``origin``; what becomes of each is told.
    """
    started = time.monotonic()
    seconds = float(request["seconds"])
    root = Path(request["root"])
    subject = _loaded(request["module"])
    references = References(subject.module)
    runner = Runner({}, seconds=_CASE_SECONDS)
    runner.watch(subject.module)
    deliberate = Deliberate(root)

    def is_usable(outcome: Outcome) -> bool:
        error = outcome.error
        return error is None or (isinstance(error, Exception) and deliberate(error))

    journal = _Journal(request.get("journal"))
    search = Search(
        subject,
        runner,
        references,
        seed=int(request.get("seed", 0)),
        seeds=request.get("seeds", ()),
        wanted=_wanted(request),
        is_usable=is_usable,
        before=lambda case: journal.note(case.target),
        between=lambda: _take(search, late(), tell),
    )
    tell({"phase": "search", "targets": len(search.targets), "goals": len(subject.goals)})
    search.run(seconds * _ALONE_SHARE, max_idle=_MAX_IDLE)
    tell({"phase": "search", "open": search.open_by_owner})
    search.run(seconds * _FIRST_SHARE - (time.monotonic() - started), max_idle=_MAX_IDLE)
    tell({"phase": "observe", "covered": len(search.covered), "runs": search.n_runs})
    runner.namespace["pytest"] = STAND_IN
    rng = random.Random(int(request.get("seed", 0)))
    workshop = _Workshop(search, subject, runner, references, is_usable, rng)
    suite = Suite(subject, runner, tell)
    deadline = started + seconds * (1 - _LAST_SHARE)
    suite.add(workshop.finished(_MAX_CANDIDATES, started + 0.6 * seconds), deadline)
    _improve(search, suite, workshop, started, deadline, tell)
    tell({"phase": "polish"})
    polish(suite, search, workshop.made_of, started + seconds)
    runner.close()
    return {
        "module": request["module"],
        "targets": [target.name for target in search.targets],
        "parameters": {
            target.name: [parameter.name for parameter in target.parameters]
            for target in search.targets
        },
        "runs": search.n_runs,
        "goals": len(subject.goals),
        "covered": len(search.covered),
        "uncovered": [
            {"line": goal.line, "kind": goal.kind, "owner": goal.owner}
            for goal in subject.goals
            if goal.id not in search.covered
        ],
        "mutants": suite.n_tried,
        "killed": suite.n_tried - len(suite.survivors),
        "survivors": [
            {"line": mutant.line, "owner": mutant.owner, "what": mutant.description}
            for mutant in suite.survivors
        ],
        "tests": [_plain(test) for test in suite.chosen],
        "crashes": _crashes(search, deliberate),
        "hindrance": next((deed for deed, _ in search.hindrances.most_common(1)), ""),
        "seconds": time.monotonic() - started,
    }


def _loaded(module: str) -> Subject:
    with time_limit(_IMPORT_SECONDS):
        return load_subject(module)
    raise CannotBeLoaded(f"that takes longer than {_IMPORT_SECONDS:.0f} seconds")


def _take(search: Search, lines: Sequence[str], tell: Tell) -> None:
    """Try what somebody else thought of meanwhile."""
    for line in lines:
        wish = json.loads(line)
        told = search.take(str(wish["call"]), str(wish["origin"]))
        tell({"phase": "input", "call": wish["call"], "problem": told})


def _improve(
    search: Search,
    suite: Suite,
    workshop: _Workshop,
    started: float,
    deadline: float,
    tell: Tell,
) -> None:
    """Use the time that is left where branches are not reached or faults are not noticed."""
    slice_seconds = max(0.5, (deadline - started) / 20)
    while deadline - time.monotonic() > slice_seconds:
        has_open = any(goal.id not in search.covered for goal in search.goals)
        if not suite.survivors and not has_open:
            return
        owners = Counter(mutant.owner for mutant in suite.survivors)
        tell({"phase": "improve", "open": Counter(search.open_by_owner) + owners})
        wishes = {owner: min(4.0, 0.5 * number) for owner, number in owners.items()}
        search.with_private = True
        search.run(slice_seconds, max_idle=_MAX_IDLE // 4, wishes=wishes)
        until = min(deadline, time.monotonic() + 2 * slice_seconds)
        suite.add(workshop.finished(_MAX_LATER, until, set(owners)), deadline)


def _wanted(request: dict[str, Any]) -> Callable[[Target], bool]:
    only: Sequence[str] = request.get("only") or ()
    skip = set(request.get("skip") or ())
    private = bool(request.get("private", True))

    def is_wanted(target: Target) -> bool:
        if target.name in skip or (target.is_private and not private):
            return False
        return not only or any(
            target.name == name or target.name.startswith(name + ".") for name in only
        )

    return is_wanted


class _Journal:
    """The target that runs now, in a file, for whoever finds this process dead."""

    def __init__(self, path: str | None) -> None:
        self._file = open(path, "w", encoding="utf-8") if path else None  # noqa: SIM115
        self._last = ""

    def note(self, target: str) -> None:
        if self._file is not None and target != self._last:
            self._last = target
            self._file.seek(0)
            self._file.write(target)
            self._file.truncate()
            self._file.flush()


class _Workshop:
    """Makes tests of what the search has kept, each case once."""

    def __init__(
        self,
        search: Search,
        subject: Subject,
        runner: Runner,
        references: References,
        is_usable: Callable[[Outcome], bool],
        rng: random.Random,
    ) -> None:
        self._search = search
        self._subject = subject
        self._runner = runner
        self._references = references
        self._observer = Observer(references)
        self._freezer = Freezer(subject.module, subject.tree, references)
        self._is_usable = is_usable
        self._rng = rng
        self._handles_files = any(
            getattr(value, "__name__", "") in _FILE_MODULES or value in (Path, open)
            for value in vars(subject.module).values()
            if isinstance(value, (type, ModuleType))
        )
        self._owners = [goal.owner for goal in subject.goals]
        self._seen: set[str] = set()
        self._n_minimised = 0

    def finished(self, limit: int, deadline: float, owners: Collection[str] = ()) -> list[Finished]:
        """At most ``limit`` new tests; those that have to do with ``owners`` first."""
        found = []
        for kept in self._candidates(limit, owners):
            if time.monotonic() > deadline:
                break
            self._seen.add(kept.case.source())
            if self._n_minimised < _MAX_MINIMISED:
                self._n_minimised += 1
                kept = self._search.minimised(kept)
            test = self.made_of(kept)
            if test is not None:
                found.append(test)
        return found

    def made_of(self, kept: Kept) -> Finished | None:
        """The test of a case; objects under test may fail at anything: then there is none."""
        try:
            self._subject.recorder.begin()
            test = finish(
                kept,
                self._runner,
                self._references,
                self._observer,
                self._is_usable,
                self._freezer,
            )
        except Exception:
            return None
        if test is None or is_local(test.source):
            return None
        if self._handles_files and _OUTSIDE.search(test.source):
            return None
        self._subject.recorder.begin()
        if not passes(test, self._runner.namespace, self._runner, _TEST_SECONDS):
            return None
        if self._runner.has_left_files:
            return None
        # With time and randomness held still it may take another way than it took before.
        test.goals = frozenset(self._subject.recorder.hit)
        test.owners = frozenset(self._owners[goal] for goal in test.goals)
        return test

    def _candidates(self, limit: int, owners: Collection[str]) -> list[Kept]:
        """The shortest case of each goal first, then cases that differ in path or result."""
        chosen: dict[str, Kept] = {}
        for kept in self._search.archive.values():
            chosen.setdefault(kept.case.source(), kept)
        rest: list[Kept] = []
        for target, groups in self._search.by_target.items():
            if owners and not any(is_about(target, owner) for owner in owners):
                continue
            for group in groups.values():
                rest += sorted(group, key=lambda kept: kept.cost)[:8]
        self._rng.shuffle(rest)
        for kept in rest:
            chosen.setdefault(kept.case.source(), kept)
        fresh = [kept for source, kept in chosen.items() if source not in self._seen]
        return fresh[:limit]


def _plain(test: Finished) -> dict[str, Any]:
    return {
        "target": test.target,
        "lines": test.lines,
        "imports": test.imports,
        "error": test.error,
        "origin": test.kept.case.origin,
        "goals": sorted(test.goals),
        "kills": len(test.kills),
        "seconds": test.seconds,
    }


def _crashes(search: Search, deliberate: Deliberate) -> list[dict[str, str]]:
    """What ended in an error that nobody raised on purpose, on input of the promised types.

    One for each place and kind of error, as short as it can be made.
    """
    targets = {target.name: target for target in search.targets}
    found: dict[tuple[str, str], dict[str, str]] = {}
    for (target, message), (case, error) in search.crashes.items():
        if not isinstance(error, Exception) or not deliberate.is_from_project(error):
            continue
        if isinstance(error, (ImportError, OSError)):
            # Something optional is not installed here, or a path leads nowhere.
            continue
        if isinstance(error, ValueError) and str(error).startswith(_NO_NUMBER):
            # A text of any kind was promised, but of course a number was meant.
            continue
        key = (type(error).__name__, deliberate.place_of(error))
        if key in found or target not in targets or len(found) >= _MAX_CRASHES:
            continue
        if targets[target].is_private:
            # What it takes is a matter between it and its callers.
            continue
        if is_plausible(case, targets[target]):
            smallest = search.smallest_crash(case, error)
            found[key] = {"target": target, "error": message, "source": smallest.source()}
    return list(found.values())


def main() -> int:
    """Read a request as JSON from standard input; write JSON lines to the file that it names."""
    late = Late()
    request = json.loads(late.first())
    with open(request["answer"], "w", encoding="utf-8") as answer:

        def tell(message: dict[str, Any]) -> None:
            answer.write(json.dumps(message) + "\n")
            answer.flush()

        try:
            tell({"result": explore(request, tell, late.take)})
        except CannotBeLoaded as error:
            tell({"error": f"cannot be imported: {error}"})
    return 0


if __name__ == "__main__":
    main()
    # Threads of the code under test may never end, and nobody waits for them.
    os._exit(0)

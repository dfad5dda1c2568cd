"""The whole exploration of one module, from its name to tests that earn their place.

Search for inputs; finish the best cases as tests; keep the few that reach every goal; then let
faults loose, and add the tests that notice more of them. Standard library alone.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .loading import Subject, load_subject
from .mutants import Mutant, mutants_of
from .observing import Observer
from .running import Deliberate, Outcome, Runner
from .search import Kept, Search
from .targets import References, Target
from .tests import STAND_IN, Finished, finish, passes

_SEARCH_SHARE = 0.6
_MAX_MUTANTS = 400
_MAX_CANDIDATES = 600
_MAX_MINIMISED = 150
_CASE_SECONDS = 0.5
_TEST_SECONDS = 1.0
_MUTANT_SECONDS = 8.0
_MAX_CRASHES = 20

Tell = Callable[[dict[str, Any]], None]


def explore(request: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Explore a module and return plain data.

    ``request``: ``root`` (folder whose code counts as the project's), ``module``, ``seconds``,
    and optionally ``seeds`` (expressions), ``only`` (qualified names), ``private`` (bool),
    ``seed`` (int), ``skip`` (names of targets that ended the process before).
    """
    started = time.monotonic()
    seconds = float(request["seconds"])
    root = Path(request["root"])
    subject = load_subject(request["module"])
    references = References(subject.module)
    runner = Runner({}, seconds=_CASE_SECONDS)
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
    )
    tell({"phase": "search", "targets": len(search.targets), "goals": len(subject.goals)})
    search.run(seconds * _SEARCH_SHARE - (time.monotonic() - started))
    tell({"phase": "observe", "covered": len(search.covered), "runs": search.n_runs})
    runner.namespace["pytest"] = STAND_IN
    observer = Observer(references)
    candidates = _candidates(search, int(request.get("seed", 0)))
    necessary, spare = _finish_all(
        search,
        candidates,
        subject,
        runner,
        references,
        observer,
        is_usable,
        started + 0.75 * seconds,
    )
    tell({"phase": "mutate", "tests": len(necessary), "spare": len(spare)})
    chosen, n_mutants, killed = _select(subject, necessary, spare, runner, started + seconds, tell)
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
        "mutants": n_mutants,
        "killed": killed,
        "tests": [_plain(test) for test in chosen],
        "crashes": _crashes(search, deliberate),
        "seconds": time.monotonic() - started,
    }


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


def _candidates(search: Search, seed: int) -> list[Kept]:
    """The shortest case of each goal first, then cases that differ in path or result."""
    rng = random.Random(seed)
    chosen: dict[str, Kept] = {}
    for kept in search.archive.values():
        chosen.setdefault(kept.case.source(), kept)
    rest: list[Kept] = []
    for groups in search.by_target.values():
        for group in groups.values():
            rest += sorted(group, key=lambda kept: kept.size)[:5]
    rng.shuffle(rest)
    for kept in rest:
        if len(chosen) >= _MAX_CANDIDATES:
            break
        chosen.setdefault(kept.case.source(), kept)
    return list(chosen.values())


def _finish_all(
    search: Search,
    candidates: Sequence[Kept],
    subject: Subject,
    runner: Runner,
    references: References,
    observer: Observer,
    is_usable: Callable[[Outcome], bool],
    deadline: float,
) -> Any:
    """Tests that together reach every goal of the candidates, and those left over."""
    finished: list[Finished] = []
    for number, kept in enumerate(candidates):
        if time.monotonic() > deadline:
            break
        subject.recorder.begin()
        if number < _MAX_MINIMISED:
            kept = search.minimised(kept)
        test = finish(kept, runner, references, observer, is_usable)
        if test is not None and passes(test, runner.namespace, runner, _TEST_SECONDS):
            finished.append(test)
    necessary: list[Finished] = []
    open_goals: set[int] = set().union(*(test.goals for test in finished)) if finished else set()
    pool = list(finished)
    while open_goals:
        best = max(pool, key=lambda test: (len(test.goals & open_goals), -len("".join(test.lines))))
        if not best.goals & open_goals:
            break
        necessary.append(best)
        pool.remove(best)
        open_goals -= best.goals
    return necessary, pool


def _select(
    subject: Subject,
    necessary: list[Finished],
    spare: list[Finished],
    runner: Runner,
    deadline: float,
    tell: Tell,
) -> Any:
    """Let each fault loose in a process of its own; add the spare tests that notice more."""
    if not hasattr(os, "fork"):
        return necessary, 0, 0
    mutants = mutants_of(subject.source, _MAX_MUTANTS)
    random.Random(1).shuffle(mutants)
    chosen = list(necessary)
    n_run = n_killed = 0
    for mutant in mutants:
        if time.monotonic() > deadline:
            break
        n_run += 1
        ranked = sorted(
            spare, key=lambda test: (not _is_near(test, mutant), len("".join(test.lines)))
        )
        killer = _first_killer(mutant, subject, [*chosen, *ranked], runner)
        if killer is None:
            continue
        n_killed += 1
        if killer >= 0:
            test = [*chosen, *ranked][killer]
            test.kills.append(mutant.id)
            if test in spare:
                spare.remove(test)
                chosen.append(test)
        if n_run % 20 == 0:
            tell({"phase": "mutate", "mutants": n_run, "of": len(mutants), "killed": n_killed})
    return chosen, n_run, n_killed


def _is_near(test: Finished, mutant: Mutant) -> bool:
    return bool(mutant.owner) and mutant.owner.startswith(test.target.split(".")[0])


def _first_killer(
    mutant: Mutant, subject: Subject, tests: Sequence[Finished], runner: Runner
) -> int | None:
    """The number of the first test that fails; -1 if the fault ends the module, none if none."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        answer = "?"
        try:
            answer = _run_mutant(mutant, subject, tests, runner)
        except BaseException:
            answer = "-1"
        finally:
            os.write(writing, answer.encode())
            os._exit(0)
    os.close(writing)
    answer = _answer_of(child, reading)
    if answer == "none":
        return None
    return int(answer) if answer.lstrip("-").isdigit() else -1


def _run_mutant(mutant: Mutant, subject: Subject, tests: Sequence[Finished], runner: Runner) -> str:
    signal.setitimer(signal.ITIMER_REAL, 0)
    module = subject.module
    code = compile(mutant.tree, module.__file__ or "<mutant>", "exec")
    exec(code, module.__dict__)
    started = time.monotonic()
    for number, test in enumerate(tests):
        if not passes(test, runner.namespace, runner, min(_TEST_SECONDS, 0.3 + 10 * test.seconds)):
            return str(number)
        if time.monotonic() - started > _MUTANT_SECONDS:
            break
    return "none"


def _answer_of(child: int, reading: int) -> str:
    import select

    ready, _, _ = select.select([reading], [], [], _MUTANT_SECONDS + 2)
    answer = os.read(reading, 64).decode() if ready else "-1"
    os.close(reading)
    if not ready:
        os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return answer or "-1"


def _plain(test: Finished) -> dict[str, Any]:
    return {
        "target": test.target,
        "lines": test.lines,
        "imports": test.imports,
        "error": test.error,
        "goals": sorted(test.goals),
        "kills": len(test.kills),
        "seconds": test.seconds,
    }


def _crashes(search: Search, deliberate: Deliberate) -> list[dict[str, str]]:
    """What ended in an error that nobody raised on purpose, with the shortest case of each."""
    found = []
    for (target, message), (case, error) in search.crashes.items():
        if isinstance(error, Exception) and deliberate.is_from_project(error):
            found.append({"target": target, "error": message, "source": case.source()})
    return found[:_MAX_CRASHES]


def main() -> int:
    """Read a request as JSON from standard input; write JSON lines to the file that it names."""
    request = json.loads(sys.stdin.read())
    with open(request["answer"], "w", encoding="utf-8") as answer:

        def tell(message: dict[str, Any]) -> None:
            answer.write(json.dumps(message) + "\n")
            answer.flush()

        try:
            tell({"result": explore(request, tell)})
        except ImportError as error:
            tell({"error": f"cannot be imported: {error}"})
        except Exception as error:
            tell({"error": f"cannot be imported: {type(error).__name__}: {error}"})
    return 0


if __name__ == "__main__":
    sys.exit(main())

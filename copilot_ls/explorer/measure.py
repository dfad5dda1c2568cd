"""What a file of tests is worth: branch coverage, faults noticed, and whether it can be relied on.

Measures any pytest file, whoever wrote it, with the project's interpreter: coverage.py counts, and
every fault is tried in a process of its own, which imports the project afresh with that fault in
it. Tests that fail without any fault are left out before faults are tried.
Needs pytest and coverage in the interpreter that runs it.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import Any

from .loading import replaced_source
from .mutants import mutants_of
from .pipes import read_until

_MUTANT_SECONDS = 20.0
_SUITE_SECONDS = 120.0
_PLAIN = ("-q", "-p", "no:cacheprovider", "-p", "no:randomly", "--assert=plain")


def measure(request: dict[str, Any]) -> dict[str, Any]:
    """Measure ``tests`` (a path) on ``module``.

    ``request`` also has ``root`` (what counts as the project), ``mutants`` (at most so many, an
    even sample), ``orders`` (random orders to run in) and ``seconds`` (for the faults).
    """
    # Nothing of the project is imported in this process, so that each child starts afresh;
    # libraries are, for speed.
    _warm_up(request["module"], Path(request["root"]).resolve())
    outcomes = _in_child(lambda: _run_in_orders(request), _SUITE_SECONDS) or {}
    failing = sorted(name for name, seen in outcomes.items() if "failed" in seen or "died" in seen)
    unstable = [name for name, seen in outcomes.items() if len(set(seen)) > 1]
    failing = sorted({*failing, *_failing_without_fault(request, outcomes)})
    covered = _in_child(lambda: _coverage(request, failing), _SUITE_SECONDS) or {}
    n_mutants, killed = _mutation(request, failing) if outcomes else (0, 0)
    return {
        "tests": len(outcomes),
        "failing": len(failing),
        "unstable": len(unstable),
        "mutants": n_mutants,
        "killed": killed,
        **covered,
    }


def _warm_up(module: str, root: Path) -> None:
    def imports() -> list[str]:
        importlib.import_module(module)
        return sorted(
            name
            for name, loaded in sys.modules.items()
            if getattr(loaded, "__file__", None) and root not in Path(str(loaded.__file__)).parents
        )

    for name in _in_child(imports, _MUTANT_SECONDS) or ():
        try:
            importlib.import_module(name)
        except BaseException:
            continue


def _run_in_orders(request: dict[str, Any]) -> dict[str, list[str]]:
    report = request["answer"] + ".orders"
    os.environ["COPILOT_LS_VERIFY"] = json.dumps(
        {"orders": list(range(request["orders"])), "report": report, "alone": False}
    )
    _pytest(request, ["-p", "copilot_ls_explorer.verify"])
    with open(report, encoding="utf-8") as file:
        return dict(json.load(file))


def _coverage(request: dict[str, Any], failing: Sequence[str]) -> dict[str, int]:
    import coverage

    file = _file_of(request["module"])
    watch = coverage.Coverage(branch=True, data_file=None, include=[file], config_file=False)
    watch.start()
    _pytest(request, _deselected(failing))
    watch.stop()
    report = request["answer"] + ".coverage"
    watch.json_report(outfile=report, ignore_errors=True)
    with open(report, encoding="utf-8") as report_file:
        totals = json.load(report_file)["totals"]
    return {
        "statements": totals["num_statements"],
        "statements_covered": totals["covered_lines"],
        "branches": totals["num_branches"],
        "branches_covered": totals["covered_branches"],
    }


def _failing_without_fault(request: dict[str, Any], outcomes: dict[str, Any]) -> list[str]:
    """Tests that fail where faults are tried, though there is none: all would seem to notice."""
    from .verify import Outcomes

    if not outcomes:
        return []
    with open(_file_of(request["module"]), "rb") as file:
        source = importlib.util.decode_source(file.read())

    def run() -> dict[str, str]:
        plugin = Outcomes()
        with replaced_source(request["module"], ast.parse(source)):
            _pytest(request, (), plugin)
        return plugin.found

    found = _in_child(run, _SUITE_SECONDS) or {}
    return [name for name in outcomes if found.get(name, "died") in {"failed", "died"}]


def _mutation(request: dict[str, Any], failing: Sequence[str]) -> tuple[int, int]:
    with open(_file_of(request["module"]), "rb") as file:
        source = importlib.util.decode_source(file.read())
    mutants = mutants_of(source, request["mutants"])
    random.Random(0).shuffle(mutants)
    deadline = time.monotonic() + request["seconds"]
    n_run = killed = 0
    for mutant in mutants:
        if time.monotonic() > deadline:
            break

        def noticed(mutant: Any = mutant) -> int:
            with replaced_source(request["module"], mutant.tree()):
                return _pytest(request, ["-x", *_deselected(failing)])

        n_run += 1
        # No answer in time, or none at all, is a fault that was noticed.
        killed += _in_child(noticed, _MUTANT_SECONDS) != 0
    return n_run, killed


def _pytest(request: dict[str, Any], options: Sequence[str], *plugins: object) -> int:
    import pytest

    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):
        configuration = ["-c", request["configuration"], "--rootdir", request["root"]]
        arguments = [*_PLAIN, *configuration, *options, request["tests"]]
        return int(pytest.main(arguments, plugins=list(plugins)))


def _deselected(names: Sequence[str]) -> list[str]:
    return [part for name in names for part in ("--deselect", name)]


def _file_of(module: str) -> str:
    """Where a module's source is, without importing anything of the project here."""
    parts = module.split(".")
    for folder in sys.path:
        base = os.path.join(folder, *parts)
        for candidate in (base + ".py", os.path.join(base, "__init__.py")):
            if os.path.isfile(candidate):
                return candidate
    raise ImportError("no source of " + module + " was found")


def _in_child(work: Callable[[], Any], seconds: float) -> Any:
    """The answer of ``work`` in a process of its own; nothing if it died or took too long."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        os.setpgid(0, 0)
        try:
            answer = json.dumps(work()).encode()
            while answer:
                answer = answer[os.write(writing, answer) :]
        finally:
            os._exit(0)
    os.close(writing)
    answer = read_until(reading, seconds)
    try:
        os.killpg(child, signal.SIGKILL)
    except OSError:
        pass
    os.waitpid(child, 0)
    try:
        return json.loads(answer) if answer else None
    except ValueError:
        return None


def main() -> int:
    """Read a request as JSON from standard input; write the answer to the file that it names."""
    request = json.loads(sys.stdin.read())
    answer = measure(request)
    with open(request["answer"], "w", encoding="utf-8") as file:
        json.dump(answer, file)
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""From a module to tests that have been run and have earned their place.

Explore in the sandbox; render; then let pytest run the rendered file alone and in random orders,
and take out whatever does not pass every time. What is left is proposed, never written.
"""

from __future__ import annotations

import ast
import json
import logging
import os
import shutil
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from copilot_ls.domain import Ending, Limits, SandboxRun
from copilot_ls.features.tests.appending import CannotAppend, appended, free_case, names_in
from copilot_ls.features.tests.asking import Asker
from copilot_ls.features.tests.drafts import Draft, Exploration, Suspicion
from copilot_ls.features.tests.framework import Framework, framework_of
from copilot_ls.features.tests.options import TestOptions
from copilot_ls.features.tests.placing import (
    existing_tests,
    files_of_tests,
    module_of,
    place_of_tests,
)
from copilot_ls.features.tests.render import RenderedTest, case_name, render_file, render_tests
from copilot_ls.features.tests.seeds import callables_of, calls_in_docstrings, literal_calls
from copilot_ls.features.tests.stories import calls_on_objects, fixtures_in
from copilot_ls.ports import Model, Sandbox

_log = logging.getLogger(__name__)
_MAX_RESTARTS = 3
_STARTUP_SECONDS = 15.0
_VERIFY_SECONDS = 120.0
_MAX_SEEDS = 300
_MAX_CALLERS = 300
_MAX_CALLER_CHARS = 300_000
_HAS_PYTEST = "import importlib.util as u, sys; sys.exit(u.find_spec('pytest') is None)"

ELSEWHERE = {"TZ": "XYZ-05:45", "PYTHONHASHSEED": "12345"}
"""Another time zone and another order of sets than while a module is explored."""

_HASH_SEEDS = ("1", "2", "3", "4")
_CONFIGURATION = "pytest.ini"

OnProgress = Callable[[str, float], None]
"""What is being done, and the share of the whole that is done."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a test is offered: how often it passed, and what nobody but it reaches or notices.

    ``origin`` says who thought of its inputs: ``exploration``, if it was the search alone.
    """

    name: str
    target: str
    passes: int
    runs: int
    branches: int
    kills: int
    seconds: float
    origin: str


@dataclass(frozen=True, slots=True)
class WrittenTests:
    """The proposal for one module.

    ``text`` is the whole file; it is empty if nothing earned its place, and then ``problem`` says
    why. ``existing`` is the text of the file that the tests are added to, if there is one.
    """

    path: str
    module: str
    test_path: str
    text: str = ""
    existing: str | None = None
    verdicts: tuple[Verdict, ...] = ()
    suspicions: tuple[Suspicion, ...] = ()
    n_goals: int = 0
    n_covered: int = 0
    n_mutants: int = 0
    n_killed: int = 0
    n_dropped: int = 0
    seconds: float = 0.0
    protection: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _File:
    """The file that tests are written for; ``existing`` is what it holds already."""

    module: str
    folder: str
    path: str
    framework: Framework
    case: str
    existing: str | None = None

    def rendered(self, exploration: Exploration, drafts: Sequence[Draft]) -> list[RenderedTest]:
        is_pytest = self.framework is Framework.PYTEST
        taken = names_in(self.existing) if self.existing and is_pytest else ()
        return render_tests(drafts, exploration.parameters, framework=self.framework, taken=taken)

    def text_with(self, tests: Sequence[RenderedTest]) -> str:
        if self.existing is not None:
            return appended(self.existing, tests, case=self.case, framework=self.framework)
        return render_file(tests, module=self.module, framework=self.framework)


class TestWriter:
    """Writes tests for modules of one project, in one sandbox."""

    __test__ = False

    def __init__(
        self,
        sandbox: Sandbox,
        options: TestOptions,
        memory_bytes: int = 2 << 30,
        *,
        model: Model | None = None,
    ) -> None:
        """``model`` is asked for inputs while the search goes on."""
        self._sandbox = sandbox
        self._options = options
        self._memory_bytes = memory_bytes
        self._model = model

    async def write(
        self,
        path: str,
        *,
        only: Sequence[str] = (),
        seeds: Sequence[str] = (),
        append: bool = False,
        on_progress: OnProgress = lambda _, __: None,
    ) -> WrittenTests:
        """Propose tests for the module at ``path`` (relative to the project).

        With ``append`` they go into the file of tests that the module has already.
        """
        started = time.monotonic()
        project = self._sandbox.project
        sources = {
            file.relative_to(project).as_posix(): file.read_bytes()
            for file in project.rglob("*.py")
        }
        try:
            target = await self._target(path, sources, append=append)
        except CannotAppend as error:
            module, _ = module_of(path, self._exists)
            return WrittenTests(path, module, "", problem=f"nothing can be added: {error}")
        exploration, run = await self._explore(
            target.module,
            target.folder,
            text=_text_of(sources.get(path, b"")),
            only=only,
            seeds=[*seeds, *self._examples(path)],
            tell=on_progress,
        )
        for name, content in sources.items():
            # Inputs nobody thought of may have written into the copy itself.
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).write_bytes(content)
        told = WrittenTests(
            path,
            target.module,
            target.path,
            existing=target.existing,
            suspicions=exploration.suspicions,
            n_goals=exploration.n_goals,
            n_covered=exploration.n_covered,
            n_mutants=exploration.n_mutants,
            n_killed=exploration.n_killed,
            protection=", ".join(filter(None, (run.protection.files, run.protection.network))),
        )
        if exploration.problem or not exploration.drafts:
            problem = f"cannot be exercised: {exploration.reason}"
            return replace(told, problem=problem, seconds=time.monotonic() - started)
        on_progress("running the tests", 0.85)
        n_drafts = len(target.rendered(exploration, exploration.drafts))
        try:
            tests, outcomes, problem = await self._verified(exploration, target)
        except CannotAppend as error:
            tests, outcomes, problem = [], {}, f"nothing can be added to {target.path}: {error}"
        seconds = time.monotonic() - started
        if not tests:
            problem = problem or "no test passed every time"
            return replace(told, problem=problem, seconds=seconds, n_dropped=n_drafts)
        return replace(
            told,
            text=target.text_with(tests),
            verdicts=tuple(_verdict(test, outcomes) for test in tests),
            n_dropped=n_drafts - len(tests),
            seconds=seconds,
        )

    async def _target(self, path: str, sources: Mapping[str, bytes], *, append: bool) -> _File:
        """Where the tests go and how they are written.

        Raises:
            CannotAppend: there is no file to add to, or it is not Python.
        """
        module, folder = module_of(path, self._exists)
        here = existing_tests(path, sources) if append else None
        if append and here is None:
            raise CannotAppend("the module has no file of tests yet; leave --append out")
        likes = [here] if here is not None else files_of_tests(sources)
        framework = await self._framework(_text_of(sources[name]) for name in likes[:_MAX_CALLERS])
        if here is None:
            place = place_of_tests(path, sources)
            return _File(module, folder, place, framework, case_name(module))
        existing = _text_of(sources[here])
        return _File(module, folder, here, framework, free_case(module, existing), existing)

    async def _framework(self, texts: Iterable[str]) -> Framework:
        if self._options.framework != "auto":
            return Framework(self._options.framework)
        found = framework_of(texts)
        if found is not None:
            return found
        run = await self._sandbox.run(["-c", _HAS_PYTEST], self._limits(_STARTUP_SECONDS))
        return Framework.PYTEST if run.returncode == 0 else Framework.UNITTEST

    async def _explore(
        self,
        module: str,
        folder: str,
        *,
        text: str,
        only: Sequence[str],
        seeds: Sequence[str],
        tell: OnProgress,
    ) -> tuple[Exploration, SandboxRun]:
        """Explore; what kills the process is left out and the rest is tried again."""
        asker = Asker(self._model, text) if self._model is not None else None
        skip: list[str] = []
        deadline = time.monotonic() + self._options.seconds
        answer = self._sandbox.scratch / "answer.jsonl"
        journal = self._sandbox.scratch / "journal"
        while True:
            seconds = max(3.0, 0.8 * (deadline - time.monotonic()))
            request = {
                "root": str(self._sandbox.project),
                "module": module,
                "seconds": seconds,
                "only": list(only),
                "seeds": list(seeds),
                "private": self._options.private,
                "skip": skip,
                "answer": str(answer),
                "journal": str(journal),
            }
            answer.unlink(missing_ok=True)
            run = await self._sandbox.run(
                ["-m", "copilot_ls_explorer.explore"],
                self._limits(seconds + _STARTUP_SECONDS),
                environment={"PYTHONPATH": self._import_path(folder)},
                stdin=json.dumps(request) + "\n",
                feed=asker.lines() if asker is not None else None,
                on_line=partial(_told, tell, asker),
                follow=answer,
            )
            exploration = _read_answer(answer, module)
            if exploration is not None:
                return replace(exploration, ended=tuple(skip)), run
            culprit = _read_text(journal)
            if not culprit or culprit in skip or len(skip) >= _MAX_RESTARTS:
                ended = tuple(dict.fromkeys([*skip, culprit])) if culprit else ()
                return Exploration(module, ended=ended, problem=_why(run)), run
            _log.info("%s ended the process that explored it; going on without it", culprit)
            skip.append(culprit)

    async def _verified(
        self, exploration: Exploration, target: _File
    ) -> tuple[list[RenderedTest], dict[str, list[str]], str]:
        """Run the rendered tests, take out what fails, run again until all that is left passes."""
        drafts: list[Draft] = list(exploration.drafts)
        outcomes: dict[str, list[str]] = {}
        problem = ""
        for _ in range(3):
            tests = target.rendered(exploration, drafts)
            if not tests:
                break
            outcomes, problem = await self._run_tests(target, tests)
            if problem:
                return [], outcomes, problem
            failed = {
                _function_of(name)
                for name, results in outcomes.items()
                if set(results) != {"passed"}
            }
            # A test that was not even run has not passed.
            failed |= {test.name for test in tests} - {_function_of(name) for name in outcomes}
            if not failed:
                return tests, outcomes, ""
            drafts = [draft for test in tests if test.name not in failed for draft in test.drafts]
        return [], outcomes, problem

    async def _run_tests(
        self, target: _File, tests: Sequence[RenderedTest]
    ) -> tuple[dict[str, list[str]], str]:
        """Run in several processes, so that sets come in several orders."""
        file = self._sandbox.project / target.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(target.text_with(tests).encode())
        if target.framework is Framework.UNITTEST:
            arguments = ["-m", "copilot_ls_explorer.verify_cases"]
        else:
            arguments = self._pytest(str(file), [test.name for test in tests])
        outcomes: dict[str, list[str]] = {}
        for number, seed in enumerate(_HASH_SEEDS):
            orders = list(range(self._options.reruns)[number :: len(_HASH_SEEDS)])
            if number and not orders:
                break
            wish = {
                "orders": orders,
                "alone": not number,
                "root": str(self._sandbox.project),
                "file": str(file),
                "case": target.case,
            }
            found, problem = await self._run_once(target, arguments, wish, seed)
            if problem:
                return {}, problem
            for name, results in found.items():
                outcomes.setdefault(name, []).extend(results)
        return outcomes, ""

    async def _run_once(
        self, target: _File, arguments: Sequence[str], wish: Mapping[str, object], seed: str
    ) -> tuple[dict[str, list[str]], str]:
        # What ran before must not mislead the tests.
        for left in self._sandbox.scratch.iterdir():
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)
            elif left.name != _CONFIGURATION:
                left.unlink(missing_ok=True)
        report = self._sandbox.scratch / "outcomes.json"
        run = await self._sandbox.run(
            list(arguments),
            self._limits(_VERIFY_SECONDS),
            environment={
                "PYTHONPATH": self._import_path(target.folder),
                "COPILOT_LS_VERIFY": json.dumps({**wish, "report": str(report)}),
                **ELSEWHERE,
                "PYTHONHASHSEED": seed,
            },
        )
        try:
            outcomes = json.loads(report.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            _log.debug("tests: %s", run.output)
            return {}, f"the tests could not be run: {_why(run)}"
        if not outcomes:
            return {}, f"the tests could not be collected: {_why(run)}"
        return {str(name): [str(o) for o in results] for name, results in outcomes.items()}, ""

    def _pytest(self, file: str, names: Sequence[str]) -> list[str]:
        # A configuration without content, so that options of the project do not count.
        configuration = self._sandbox.scratch / _CONFIGURATION
        configuration.write_text("[pytest]\n", encoding="utf-8")
        project = str(self._sandbox.project)
        return [
            *("-m", "pytest", "-q", "-c", str(configuration)),
            *("--rootdir", project, "--confcutdir", project),
            *("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "copilot_ls_explorer.verify"),
            *(f"{file}::{name}" for name in names),
        ]

    def _examples(self, path: str) -> list[str]:
        """Calls that somebody wrote, as seeds: in the module's docstrings, and around it."""
        text = _read_text(self._sandbox.project / path)
        found = calls_in_docstrings(text)
        names = callables_of(text)
        files = sorted(self._sandbox.project.rglob("*.py"))
        fixtures: dict[str, ast.expr] = {}
        for file in files:
            if file.name == "conftest.py":
                fixtures |= fixtures_in(_read_text(file), names)
        n_read = 0
        for file in files:
            if n_read >= _MAX_CALLERS or len(found) >= _MAX_SEEDS:
                break
            source = _read_text(file)
            if len(source) < _MAX_CALLER_CHARS and any(name in source for name in names):
                n_read += 1
                found += literal_calls(source, names)
                known = fixtures | fixtures_in(source, names)
                found += calls_on_objects(source, names, known)
        return list(dict.fromkeys(found))[:_MAX_SEEDS]

    def _limits(self, seconds: float) -> Limits:
        return Limits(seconds=seconds, memory_bytes=self._memory_bytes)

    def _import_path(self, folder: str) -> str:
        project = self._sandbox.project
        paths = [project / folder, project / "src", project]
        return os.pathsep.join(str(path) for path in dict.fromkeys(paths) if path.is_dir())

    def _exists(self, path: str) -> bool:
        return (self._sandbox.project / path).is_file()


def _verdict(test: RenderedTest, outcomes: dict[str, list[str]]) -> Verdict:
    own = [results for name, results in outcomes.items() if _function_of(name) == test.name]
    return Verdict(
        name=test.name,
        target=test.drafts[0].target,
        passes=min((sum(o == "passed" for o in results) for results in own), default=0),
        runs=min((len(results) for results in own), default=0),
        branches=len(frozenset().union(*(draft.goals for draft in test.drafts))),
        kills=sum(draft.kills for draft in test.drafts),
        seconds=sum(draft.seconds for draft in test.drafts),
        origin=", ".join(sorted({draft.origin for draft in test.drafts} - {""})) or "exploration",
    )


def _function_of(node_id: str) -> str:
    return node_id.rpartition("::")[2].partition("[")[0]


def _told(tell: OnProgress, asker: Asker | None, line: str) -> None:
    """Pass on what the exploration says: to whoever looks, and to whoever asks the model."""
    try:
        message = json.loads(line)
        if not isinstance(message, dict):
            return
        if asker is not None:
            asker.hear(message)
    except (ValueError, TypeError):
        # Code under test may have tampered with it.
        return
    if message.get("phase") != "input":
        tell(*_progress(message))


def _progress(message: Mapping[str, object]) -> tuple[str, float]:
    phase = str(message.get("phase", ""))
    share = {"search": 0.05, "observe": 0.5, "mutate": 0.65}.get(phase, 0.8)
    if phase == "mutate" and message.get("of"):
        share += 0.2 * float(str(message.get("mutants", 0))) / float(str(message["of"]))
    words = {
        "search": "looking for inputs",
        "observe": "observing",
        "mutate": "letting faults loose",
        "polish": "making the tests plainer",
    }
    return words.get(phase, "exploring"), share


def _read_answer(file: Path, module: str) -> Exploration | None:
    for line in reversed(_read_text(file).splitlines()):
        try:
            message = json.loads(line)
            if "error" in message:
                return Exploration(module, problem=str(message["error"])[:400])
            if "result" in message:
                return Exploration.from_answer(message["result"])
        except ValueError:
            return None
    return None


def _text_of(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def _read_text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _why(run: SandboxRun) -> str:
    if run.ending is not Ending.EXITED:
        return f"its process was ended: {run.ending}"
    lines = [line for line in run.output.splitlines() if line.strip()]
    return lines[-1][:300] if lines else f"its process ended with code {run.returncode}"

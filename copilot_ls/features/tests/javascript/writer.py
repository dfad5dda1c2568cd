"""From a JavaScript or TypeScript module to tests that have been run and earned their place.

As with Python: explore in the sandbox, render, then let the project's own framework run the file
alone and in random orders, and take out whatever does not pass every time.
"""

from __future__ import annotations

import json
import logging
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from copilot_ls.domain import Ending, Limits, SandboxRun
from copilot_ls.features.tests.drafts import Suspicion
from copilot_ls.features.tests.javascript.conventions import (
    Framework,
    Package,
    Style,
    framework_of,
    is_test,
    nearest,
    package_of,
    place_of_tests,
    relative_imports,
    specifier_of,
    style_of,
)
from copilot_ls.features.tests.javascript.exploration import Case, Exploration, read_answer
from copilot_ls.features.tests.javascript.layout import call, doc_of, written
from copilot_ls.features.tests.javascript.plan import (
    CannotPlan,
    Plan,
    collected,
    plan_of,
    seeds_of,
)
from copilot_ls.features.tests.javascript.render import (
    Names,
    RenderedTest,
    key_of,
    render_file,
    render_tests,
)
from copilot_ls.features.tests.options import TestOptions
from copilot_ls.features.tests.writer import OnProgress, Verdict, WrittenTests
from copilot_ls.ports import Sandbox
from indexer.syntax.javascript_inputs import Value

_log = logging.getLogger(__name__)
_ENDINGS = frozenset({".js", ".mjs", ".cjs", ".ts", ".mts", ".cts", ".tsx", ".jsx"})
_EXPLORER = "copilot_ls_explorer_js"
_STARTUP_SECONDS = 15.0
_VERIFY_SECONDS = 120.0
_TRANSFORM = "--experimental-transform-types"
_MAX_RESTARTS = 3
_MAX_NEIGHBOURS = 40
_MAX_CALLERS = 200
_MAX_CALLER_CHARS = 200_000
_ELSEWHERE = {"TZ": "Asia/Kathmandu"}
_WORDS = {
    "search": ("looking for inputs", 0.2),
    "mutate": ("letting faults loose", 0.5),
    "polish": ("making the tests plainer", 0.8),
}


@dataclass(frozen=True, slots=True)
class _File:
    """The file that tests are written for."""

    module: str
    path: str
    package: Package
    style: Style
    names: Names
    node_options: tuple[str, ...] = ()

    def text_with(
        self, tests: Sequence[RenderedTest], path: str = "", marks: Mapping[str, str] | None = None
    ) -> str:
        specifier = specifier_of(path or self.path, self.module, self.style.extension)
        return render_file(tests, self.names, self.style, specifier, marks=marks)


class JavaScriptTestWriter:
    """Writes tests for modules of one project, in one sandbox that runs node."""

    def __init__(self, sandbox: Sandbox, options: TestOptions, memory_bytes: int = 2 << 30) -> None:
        self._sandbox = sandbox
        self._options = options
        self._memory_bytes = memory_bytes

    async def write(
        self,
        path: str,
        *,
        only: Sequence[str] = (),
        on_progress: OnProgress = lambda _, __: None,
    ) -> WrittenTests:
        """Propose tests for the module at ``path`` (relative to the project)."""
        started = time.monotonic()
        files = self._files()
        packages = {
            folder: package_of(folder, _read(self._sandbox.project / name))
            for name in files
            if PurePosixPath(name).name == "package.json"
            for folder in [_folder_of(name)]
        }
        text = (self._sandbox.project / path).read_text(encoding="utf-8", errors="replace")
        package = nearest(packages, path)
        told = WrittenTests(path, path, "")
        try:
            plan = plan_of(path, text, package=package, known=self._neighbours(path, text, files))
        except CannotPlan as error:
            return replace(told, problem=f"cannot be exercised: {error}")
        target, note = self._target(path, text, plan, package, files)
        exploration, run = await self._explore(path, plan, files, only=only, tell=on_progress)
        guards = (run.protection.files, run.protection.network, exploration.node)
        protection = ", ".join(filter(None, guards))
        told = replace(
            told,
            test_path=target.path,
            suspicions=tuple(
                Suspicion(crash.case.target, crash.error, _call_in(crash.case, target))
                for crash in exploration.crashes
            ),
            n_goals=exploration.n_goals,
            n_covered=exploration.n_covered,
            n_mutants=exploration.n_mutants,
            n_killed=exploration.n_killed,
            protection=protection,
        )
        if not exploration.cases:
            problem = f"cannot be exercised: {exploration.reason}"
            return replace(told, problem=problem, seconds=time.monotonic() - started)
        target = replace(target, names=target.names.for_cases(exploration.cases))
        on_progress("running the tests", 0.85)
        n_rendered = len(render_tests(exploration.cases, target.names, target.style))
        tests, runs, problem = await self._verified(exploration, target)
        if problem and plan.is_typed and target.style.framework is Framework.NODE:
            # Enums and their like are code, which node only makes if it is told to.
            target = replace(target, node_options=(_TRANSFORM,))
            tests, runs, other = await self._verified(exploration, target)
            problem, note = (problem, note) if other else ("", f"run them with `node {_TRANSFORM}`")
        seconds = time.monotonic() - started
        if not tests:
            problem = problem or "no test passed every time"
            return replace(told, problem=problem, n_dropped=n_rendered, seconds=seconds)
        return replace(
            told,
            text=target.text_with(tests),
            verdicts=tuple(_verdict(test, runs) for test in tests),
            n_dropped=n_rendered - len(tests),
            problem="; ".join(filter(None, [note, exploration.left_out])),
            seconds=seconds,
        )

    # What there is

    def _files(self) -> list[str]:
        project = self._sandbox.project
        return sorted(
            file.relative_to(project).as_posix()
            for file in project.rglob("*")
            if (file.suffix in _ENDINGS or file.name == "package.json" or file.suffix == ".md")
            and "node_modules" not in file.relative_to(project).parts
            and file.is_file()
        )

    def _neighbours(self, path: str, text: str, files: Sequence[str]) -> Iterator[str]:
        """The texts of files that a module imports from its project, where its types may be."""
        wanted = set(relative_imports(path, text))
        for name in files:
            stem = name[: -len(PurePosixPath(name).suffix)]
            if stem in wanted or stem.removesuffix("/index") in wanted:
                yield _read(self._sandbox.project / name)[:_MAX_CALLER_CHARS]

    def _target(
        self, path: str, text: str, plan: Plan, package: Package, files: Sequence[str]
    ) -> tuple[_File, str]:
        """Where the tests go and how they look, and what is to be said of it."""
        inside = f"{package.folder}/" if package.folder else ""
        own = [name for name in files if is_test(name) and name.startswith(inside)]
        texts = [_read(self._sandbox.project / name) for name in own[:_MAX_CALLERS]]
        framework, other = framework_of(package, texts)
        note = f"the project's tests run with {other}; these are for node:test" if other else ""
        if framework is not Framework.NODE and self._runner(framework, package) is None:
            note = f"{framework} is not installed in node_modules; these are for node:test"
            framework = Framework.NODE
        extension = PurePosixPath(path).suffix
        others = [
            _read(self._sandbox.project / name)
            for name in files
            if name.endswith(extension) and name.startswith(inside) and not is_test(name)
        ][:_MAX_NEIGHBOURS]
        style = style_of(
            framework,
            text,
            texts,
            is_module=plan.is_module,
            extension=extension,
            others=others,
        )
        place = place_of_tests(path, files, extension)
        names = Names(plan.module_name, {each.name: each for each in plan.callables}, plan.is_typed)
        return _File(path, place, package, style, names), note

    def _runner(self, framework: Framework, package: Package) -> Path | None:
        """The program of a framework that the project has installed."""
        program = {Framework.VITEST: "vitest/vitest.mjs", Framework.JEST: "jest/bin/jest.js"}
        for folder in (package.folder, ""):
            file = self._sandbox.project / folder / "node_modules" / program[framework]
            if file.is_file():
                return file
        return None

    def _seeds(self, path: str, plan: Plan, files: Sequence[str]) -> list[Mapping[str, object]]:
        names = frozenset(each.name.rpartition(".")[2] for each in plan.callables)
        names |= {plan.module_name}
        names -= {"constructor", "default"}
        n_read = 0
        seeds: list[tuple[str, tuple[Value, ...]]] = []
        # Its own comments first, then pages and tests, which are written to be understood.
        order = sorted(
            files, key=lambda name: (name != path, not name.endswith(".md"), not is_test(name))
        )
        for name in order:
            if n_read >= _MAX_CALLERS:
                break
            text = _read(self._sandbox.project / name)
            if len(text) < _MAX_CALLER_CHARS and any(each in text for each in names):
                n_read += 1
                seeds += list(seeds_of(name, text, names))
        return collected(seeds)

    # Exploring

    async def _explore(
        self,
        path: str,
        plan: Plan,
        files: Sequence[str],
        *,
        only: Sequence[str],
        tell: OnProgress,
    ) -> tuple[Exploration, SandboxRun]:
        """Explore; what kills the process is left out and the rest is tried again."""
        skip: list[str] = []
        deadline = time.monotonic() + self._options.seconds
        answer = self._sandbox.scratch / "answer.jsonl"
        journal = self._sandbox.scratch / "journal"
        seeds = self._seeds(path, plan, files)
        while True:
            seconds = max(1.0, 0.85 * (deadline - time.monotonic()))
            request = {
                **plan.request,
                "file": str(self._sandbox.project / path),
                "folder": str(self._sandbox.project.parent),
                "seeds": seeds,
                "seconds": seconds,
                "seed": 1 + len(skip),
                "only": list(only),
                "skip": skip,
                "answer": str(answer),
                "journal": str(journal),
            }
            for file in (answer, journal):
                file.unlink(missing_ok=True)
            run = await self._sandbox.run(
                [*self._node_options(), str(self._sandbox.inside / _EXPLORER / "explore.mjs")],
                self._limits(seconds + _STARTUP_SECONDS),
                stdin=json.dumps(request),
                on_line=lambda line: tell(*_progress(line)),
                follow=answer,
            )
            exploration = read_answer(_read(answer).splitlines())
            if exploration is not None:
                # If nothing is left when those are left out, that is because of them.
                problem = "" if skip else exploration.problem
                return replace(exploration, ended=tuple(skip), problem=problem), run
            culprit = _read(journal)
            if not culprit or culprit in skip or len(skip) >= _MAX_RESTARTS:
                ended = tuple(dict.fromkeys([*skip, culprit])) if culprit else ()
                return Exploration(ended=ended, problem=_why(run)), run
            _log.info("%s ended the process that explored it; going on without it", culprit)
            skip.append(culprit)

    def _node_options(self) -> list[str]:
        return ["--no-warnings", f"--max-old-space-size={self._memory_bytes >> 21}"]

    def _limits(self, seconds: float) -> Limits:
        return Limits(seconds=seconds, memory_bytes=self._memory_bytes)

    # Running what was rendered

    async def _verified(
        self, exploration: Exploration, target: _File
    ) -> tuple[list[RenderedTest], int, str]:
        """Run the rendered tests, take out what fails, run again until all that is left passes."""
        cases: Sequence[Case] = exploration.cases
        problem = ""
        for _ in range(3):
            tests = render_tests(cases, target.names, target.style)
            if not tests:
                break
            marks = {key_of(test): f"t{number}" for number, test in enumerate(tests)}
            failed, n_runs, problem = await self._run_tests(target, tests, marks)
            if problem:
                return [], 0, problem
            if not failed:
                return tests, n_runs, ""
            cases = [case for test in tests if key_of(test) not in failed for case in test.cases]
        return [], 0, problem

    async def _run_tests(
        self, target: _File, tests: Sequence[RenderedTest], marks: Mapping[str, str]
    ) -> tuple[set[str], int, str]:
        """Each test alone, and all of them in random orders; which ever failed?"""
        chance = random.Random(1)  # noqa: S311 - an order, no secret
        written: dict[str, list[RenderedTest]] = {}
        extension = PurePosixPath(target.path).suffix
        stem = target.path.removesuffix(extension)
        for number in range(self._options.reruns):
            order = list(tests)
            chance.shuffle(order)
            written[f"{stem}.order-{number}.test{extension}"] = order
        for number, test in enumerate(tests):
            written[f"{stem}.alone-{number}.test{extension}"] = [test]
        try:
            for name, order in written.items():
                self._put(name, target.text_with(order, name, marks))
            results, problem = await self._results(target, [*written])
            self._put(target.path, target.text_with(tests))
            whole, more = await self._results(target, [target.path]) if not problem else ([], "")
        finally:
            for name in (*written, target.path):
                (self._sandbox.project / name).unlink(missing_ok=True)
        if problem or more:
            return set(), 0, problem or more
        if not all(passed for _, _, passed in whole) or not whole:
            return set(), 0, "the finished file does not pass as a whole"
        n_passed: dict[str, set[str]] = {}
        bad: set[str] = set()
        for file, title, passed in results:
            mark = title.partition(" ")[0]
            if passed:
                n_passed.setdefault(mark, set()).add(file)
            else:
                bad.add(mark)
        n_runs = self._options.reruns + 1
        failed = {
            key
            for key, mark in marks.items()
            if mark in bad or len(n_passed.get(mark, ())) != n_runs
        }
        return failed, n_runs, ""

    def _put(self, name: str, text: str) -> None:
        file = self._sandbox.project / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="")

    async def _results(
        self, target: _File, names: Sequence[str]
    ) -> tuple[list[tuple[str, str, bool]], str]:
        """Run files of tests: for each test its file, its title and whether it passed."""
        report = self._sandbox.scratch / "outcomes"
        report.unlink(missing_ok=True)
        project = self._sandbox.project
        files = [str(project / name) for name in names]
        run = await self._sandbox.run(
            [*self._node_options(), *self._command(target, files, report)],
            self._limits(_VERIFY_SECONDS),
            environment={**_ELSEWHERE, "CI": "true", "NO_COLOR": "1"},
            folder=project / target.package.folder,
        )
        text = _read(report)
        found, message = (
            _lines_of_node(text) if target.style.framework is Framework.NODE else _report_of(text)
        )
        if not found:
            _log.debug("tests: %s", run.output)
            return [], f"the tests could not be run: {message or _why(run)}"
        return found, ""

    def _command(self, target: _File, files: Sequence[str], report: Path) -> list[str]:
        framework = target.style.framework
        if framework is Framework.NODE:
            reporter = self._sandbox.inside / _EXPLORER / "reporter.mjs"
            return [
                *target.node_options,
                *("--test", f"--test-reporter={reporter.as_uri()}"),
                *(f"--test-reporter-destination={report}", *files),
            ]
        program = str(self._runner(framework, target.package))
        if framework is Framework.VITEST:
            return [
                *(program, "run", "--configLoader=runner", "--cache=false"),
                *("--reporter=json", f"--outputFile={report}", *files),
            ]
        return [
            *(program, "--runInBand", "--json", f"--outputFile={report}", "--ci"),
            *(f"--cacheDirectory={self._sandbox.scratch / 'jest'}", "--runTestsByPath", *files),
        ]


def _lines_of_node(text: str) -> tuple[list[tuple[str, str, bool]], str]:
    found: list[tuple[str, str, bool]] = []
    message = ""
    for line in text.splitlines():
        try:
            entry = json.loads(line)
            file, title, passed = str(entry["file"]), str(entry["name"]), bool(entry["isPassed"])
        except (ValueError, KeyError, TypeError):
            continue
        if title == file:
            # Not a test: the file itself, which could not be loaded.
            message = message or str(entry.get("message", ""))
            continue
        found.append((file, title, passed))
    return found, message


def _report_of(text: str) -> tuple[list[tuple[str, str, bool]], str]:
    """The report that jest writes, and vitest as well."""
    try:
        report = json.loads(text)
        found = [
            (str(suite["name"]), str(one["title"]), one["status"] == "passed")
            for suite in report["testResults"]
            for one in suite["assertionResults"]
        ]
        messages = [str(suite.get("message", "")) for suite in report["testResults"]]
    except (ValueError, KeyError, TypeError):
        return [], ""
    message = next((line for each in messages for line in each.splitlines() if line.strip()), "")
    return found, message[:300]


def _verdict(test: RenderedTest, n_runs: int) -> Verdict:
    return Verdict(
        name=f"{test.target}: {f'{len(test.rows)} cases' if test.rows else test.title}",
        target=test.target,
        passes=n_runs,
        runs=n_runs,
        branches=len(frozenset().union(*(case.goals for case in test.cases))),
        kills=sum(case.kills for case in test.cases),
        seconds=0.0,
        origin=test.cases[0].origin,
    )


def _call_in(case: Case, target: _File) -> str:
    arguments = [doc_of(value, target.style.quote) for value in case.args]
    return written(call(case.target, arguments))


def _progress(line: str) -> tuple[str, float]:
    try:
        message = json.loads(line)
    except ValueError:
        return "exploring", 0.1
    words, share = _WORDS.get(str(message.get("phase", "")), ("exploring", 0.1))
    if message.get("of"):
        share += 0.3 * float(message.get("mutants", 0)) / float(message["of"])
    return words, share


def _folder_of(name: str) -> str:
    folder = PurePosixPath(name).parent.as_posix()
    return "" if folder == "." else folder


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _why(run: SandboxRun) -> str:
    if run.ending is not Ending.EXITED:
        return f"its process was ended: {run.ending}"
    lines = [line for line in run.output.splitlines() if line.strip()]
    told = [line for line in lines if "Error" in line]
    if told or lines:
        return (told or lines)[-1][:300]
    return f"its process ended with code {run.returncode}"

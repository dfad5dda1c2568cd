"""``eval tests``: what generated tests are worth on real modules, beside Pynguin's.

Both get the same module, the same seconds to search and a sandbox of the same kind; both results
are measured by the same tools, whatever their makers say of them. Installing the applications
needs a package index; everything is kept in a folder of the cache.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import venv
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from filelock import FileLock

from copilot_ls import wiring
from copilot_ls.config import Settings
from copilot_ls.domain import Ending, Limits
from copilot_ls.errors import ConfigError, CopilotError
from copilot_ls.features.tests.writer import ELSEWHERE, TestWriter
from copilot_ls.ports import Model

_PYNGUIN = "pynguin==0.48.0"
_MEASURING = ("pytest>=8.4,<9", "coverage>=7.6")
_MUTATION_SECONDS = 120.0
_ORDERS = 10

OnProgress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class ModuleCase:
    """A module to test: of which application, and what that needs to be installed."""

    app: str
    module: str
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Installed:
    """An application without its own tests, with the Pythons that can import it."""

    root: Path
    python: Path
    rival_python: Path | None
    skipped: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Score:
    """One generator on one module. ``problem`` says why there are no tests."""

    statements: int = 0
    statements_covered: int = 0
    branches: int = 0
    branches_covered: int = 0
    mutants: int = 0
    killed: int = 0
    tests: int = 0
    generated: int = 0
    failing: int = 0
    unstable: int = 0
    seconds: float = 0.0
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """A module with the score of ours and of the rival."""

    case: ModuleCase
    own: Score
    rival: Score | None = None
    skipped: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class _Measuring:
    mutants: int
    keep: Path | None


def read_modules(file: Path) -> list[ModuleCase]:
    """Read JSON lines with ``app``, ``module`` and optionally ``requires``.

    Raises:
        ConfigError: the file cannot be read, or a line is not of that shape.
    """
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error}", remedy="check --modules") from error
    found = []
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            requires = tuple(str(entry) for entry in row.get("requires", ()))
            found.append(ModuleCase(str(row["app"]), str(row["module"]), requires))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(
                f"{file}, line {number}: {error}", remedy="each line is a JSON object"
            ) from error
    return found


async def run_modules(
    cases: Sequence[ModuleCase],
    apps: Path | None,
    settings: Settings,
    *,
    against_pynguin: bool,
    model: Model | None = None,
    mutants: int = 200,
    keep: Path | None = None,
    on_progress: OnProgress = lambda _: None,
) -> list[Row]:
    """Generate and measure, one module after the other; ``model`` is asked for inputs.

    ``mutants`` is how many faults of each module are tried at most, an even sample; ``keep`` is
    where the tests are put.
    """
    measuring = _Measuring(mutants, keep)
    rows = []
    for case in cases:
        on_progress(f"{case.module}: installing {case.app}")
        installed = install(case, apps, with_rival=against_pynguin)
        on_progress(f"{case.module}: copilot-ls")
        own = await _own(case, installed, settings, measuring, model)
        rival = None
        if against_pynguin:
            on_progress(f"{case.module}: Pynguin")
            rival = await _rival(case, installed, settings, measuring)
            own, rival = _with_sizes(own, rival), _with_sizes(rival, own)
        rows.append(Row(case, own, rival, installed.skipped))
    return rows


def summarise(rows: Sequence[Row]) -> dict[str, object]:
    """Totals over all modules, each module's figures, and the same for the rival."""
    summary: dict[str, object] = {
        "modules": len(rows),
        **_totals([row.own for row in rows]),
        "by_module": {row.case.module: _figures(row.own) for row in rows},
    }
    rivals = [row.rival for row in rows if row.rival is not None]
    if rivals:
        summary["pynguin"] = {
            **_totals(rivals),
            "by_module": {row.case.module: _figures(row.rival) for row in rows if row.rival},
        }
    skipped = {row.case.app: row.skipped for row in rows if row.skipped}
    summary["requirements_skipped"] = skipped
    return summary


def _totals(scores: Sequence[Score]) -> dict[str, object]:
    tests = sum(score.tests for score in scores)
    unreliable = sum(score.failing for score in scores)
    return {
        "branch_coverage": _share(
            sum(score.branches_covered for score in scores),
            sum(score.branches for score in scores),
        ),
        "mean_branch_coverage": _mean([_share(s.branches_covered, s.branches) for s in scores]),
        "statement_coverage": _share(
            sum(score.statements_covered for score in scores),
            sum(score.statements for score in scores),
        ),
        "mutation_score": _share(
            sum(score.killed for score in scores), sum(score.mutants for score in scores)
        ),
        "mean_mutation_score": _mean([_share(s.killed, s.mutants) for s in scores]),
        "flake_rate": unreliable / tests if tests else 0.0,
        "tests_kept": tests,
        "tests_generated": sum(score.generated for score in scores),
        "without_tests": sum(not score.tests for score in scores),
        "seconds": sum(score.seconds for score in scores),
    }


def _figures(score: Score) -> dict[str, object]:
    return {
        "branch_coverage": _share(score.branches_covered, score.branches),
        "branches": score.branches,
        "statement_coverage": _share(score.statements_covered, score.statements),
        "mutation_score": _share(score.killed, score.mutants),
        "mutants": score.mutants,
        "failing": score.failing,
        "unstable": score.unstable,
        "tests_kept": score.tests,
        "tests_generated": score.generated,
        "seconds": round(score.seconds, 1),
        "problem": score.problem,
    }


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _with_sizes(score: Score, other: Score) -> Score:
    """The sizes of the module from the other's measurement where there was nothing to measure."""
    if score.statements:
        return score
    return replace(
        score, statements=other.statements, branches=other.branches, mutants=other.mutants
    )


# Generating


async def _own(
    case: ModuleCase,
    installed: Installed,
    settings: Settings,
    measuring: _Measuring,
    model: Model | None,
) -> Score:
    settings = replace(settings, sandbox=replace(settings.sandbox, python=str(installed.python)))
    started = time.monotonic()
    try:
        sandbox = wiring.open_sandbox(installed.root, settings, allowed=True)
        try:
            memory = settings.sandbox.memory_mb << 20
            writer = TestWriter(sandbox, settings.tests, memory, model=model)
            written = await writer.write(_path_of(case.module, installed.root))
        finally:
            sandbox.close()
    except CopilotError as error:
        return Score(problem=str(error))
    seconds = time.monotonic() - started
    text, n_generated = written.text, len(written.verdicts) + written.n_dropped
    score = await _measured(case, installed, settings, text, measuring, "own")
    problem = score.problem or written.problem
    return replace(score, generated=n_generated, seconds=seconds, problem=problem)


async def _rival(
    case: ModuleCase, installed: Installed, settings: Settings, measuring: _Measuring
) -> Score:
    if installed.rival_python is None:
        return Score(problem="Pynguin could not be installed")
    settings = replace(
        settings, sandbox=replace(settings.sandbox, python=str(installed.rival_python))
    )
    seconds = settings.tests.seconds
    sandbox = wiring.open_sandbox(installed.root, settings, allowed=True)
    started = time.monotonic()
    try:
        folder = sandbox.scratch / "pynguin"
        folder.mkdir()
        base = _import_folder(case.module, sandbox.project)
        run = await sandbox.run(
            [
                *("-m", "pynguin", "--project-path", str(base), "--module-name", case.module),
                *("--output-path", str(folder), "--report-dir", str(folder / "report")),
                *("--maximum-search-time", str(int(seconds)), "--seed", "1", "--no-rich"),
            ],
            Limits(seconds=4 * seconds + 60, memory_bytes=8 << 30),
            environment={"PYNGUIN_DANGER_AWARE": "1", "PYTHONPATH": str(base)},
        )
        files = sorted(folder.glob("test_*.py"))
        text = "".join(file.read_text(encoding="utf-8") for file in files[:1])
    finally:
        sandbox.close()
    took = time.monotonic() - started
    settings = replace(settings, sandbox=replace(settings.sandbox, python=str(installed.python)))
    problem = ""
    if not text:
        lines = run.output.strip().splitlines() or [""]
        problem = lines[-1] if run.ending is Ending.EXITED else str(run.ending)
    score = await _measured(case, installed, settings, text, measuring, "pynguin")
    return replace(score, generated=score.tests, seconds=took, problem=score.problem or problem)


# Measuring


async def _measured(
    case: ModuleCase,
    installed: Installed,
    settings: Settings,
    text: str,
    measuring: _Measuring,
    maker: str,
) -> Score:
    """Run the tests in a fresh sandbox; without any, the module's sizes are measured."""
    sandbox = wiring.open_sandbox(installed.root, settings, allowed=True)
    try:
        name = re.sub(r"\W", "_", case.module)
        if measuring.keep is not None and text:
            folder = measuring.keep / maker
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"test_{name}.py").write_text(text, encoding="utf-8")
        tests = sandbox.project / f"test_{maker}_{name}.py"
        tests.write_text(text or f"def test_import():\n    import {case.module}\n")
        configuration = sandbox.scratch / "pytest.ini"
        configuration.write_text("[pytest]\n", encoding="utf-8")
        answer = sandbox.scratch / "measured.json"
        request = {
            "module": case.module,
            "root": str(sandbox.project),
            "tests": str(tests),
            "configuration": str(configuration),
            "answer": str(answer),
            "mutants": measuring.mutants,
            "seconds": _MUTATION_SECONDS,
            "orders": _ORDERS,
        }
        run = await sandbox.run(
            ["-m", "copilot_ls_explorer.measure"],
            Limits(seconds=_MUTATION_SECONDS + 400, memory_bytes=4 << 30),
            environment={
                "PYTHONPATH": str(_import_folder(case.module, sandbox.project)),
                **ELSEWHERE,
            },
            stdin=json.dumps(request),
        )
        try:
            figures = json.loads(answer.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            lines = run.output.strip().splitlines() or [str(run.ending)]
            return Score(problem=f"could not be measured: {lines[-1][:200]}")
    finally:
        sandbox.close()
    score = Score(
        statements=int(figures.get("statements", 0)),
        statements_covered=int(figures.get("statements_covered", 0)),
        branches=int(figures.get("branches", 0)),
        branches_covered=int(figures.get("branches_covered", 0)),
        mutants=int(figures["mutants"]),
        killed=int(figures["killed"]),
        tests=int(figures["tests"]),
        failing=int(figures["failing"]),
        unstable=int(figures["unstable"]),
    )
    if not text:
        return replace(
            score, tests=0, failing=0, killed=0, branches_covered=0, statements_covered=0
        )
    return score


# Installing


def install(case: ModuleCase, apps: Path | None, *, with_rival: bool) -> Installed:
    """Put an application and what it needs into folders of the cache.

    What of its requirements cannot be installed here is left out and named.

    Raises:
        ConfigError: the application is neither in ``apps`` nor can it be installed.
    """
    folder = wiring.cache_root() / "evals" / "tests" / _normal(case.app)
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "lock"):
        root = _without_tests(case, apps, folder)
        python, skipped = _environment(folder / "venv", case, _MEASURING)
        rival = None
        if with_rival:
            rival, _ = _environment(folder / "pynguin", case, (_PYNGUIN,))
    return Installed(root, python, rival, skipped)


def _without_tests(case: ModuleCase, apps: Path | None, folder: Path) -> Path:
    target = folder / ("given" if apps else "source")
    if apps is not None:
        source = _find_app(case.app, apps)
        shutil.rmtree(target, ignore_errors=True)
        shutil.copytree(source, target, symlinks=True)
    elif not target.exists():
        fresh = folder / "source.new"
        shutil.rmtree(fresh, ignore_errors=True)
        done = _pip(Path(sys.executable), "--no-deps", "--target", str(fresh), case.app)
        if not done:
            raise ConfigError(f"{case.app} could not be installed", remedy="give --apps FOLDER")
        fresh.rename(target)
    for place in [*target.rglob("tests"), *target.rglob("test")]:
        if place.is_dir():
            shutil.rmtree(place, ignore_errors=True)
    for file in [*target.rglob("test_*.py"), *target.rglob("*_test.py")]:
        file.unlink(missing_ok=True)
    return target


def _find_app(app: str, apps: Path) -> Path:
    for candidate in sorted(apps.iterdir()) if apps.is_dir() else ():
        if candidate.is_dir() and _normal(candidate.name) == _normal(app):
            return candidate
    raise ConfigError(f"there is no {app} in {apps}", remedy="leave --apps out to install it")


def _environment(
    folder: Path, case: ModuleCase, packages: Sequence[str]
) -> tuple[Path, tuple[str, ...]]:
    """A virtual environment with the application's requirements; returns also what failed."""
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    done = folder / "installed.json"
    if not done.exists():
        shutil.rmtree(folder, ignore_errors=True)
        venv.create(folder, with_pip=True)
        skipped = [] if _pip(python, case.app) else [case.app]
        skipped += [entry for entry in case.requires if not _pip(python, entry)]
        skipped += [entry for entry in packages if not _pip(python, entry)]
        # The copy without its tests is what counts.
        command = [str(python), "-m", "pip", "uninstall", "-q", "-y", case.app]
        subprocess.run(command, check=False, capture_output=True)
        done.write_text(json.dumps(skipped), encoding="utf-8")
    return python, tuple(json.loads(done.read_text(encoding="utf-8")))


def _pip(python: Path, *arguments: str) -> bool:
    command = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *arguments]
    return subprocess.run(command, check=False, capture_output=True).returncode == 0


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _path_of(module: str, root: Path) -> str:
    base = _import_folder(module, root)
    file = base.joinpath(*module.split("."))
    file = file / "__init__.py" if file.is_dir() else file.with_suffix(".py")
    return file.relative_to(root).as_posix()


def _import_folder(module: str, root: Path) -> Path:
    """Where imports of ``module`` start below ``root``.

    Raises:
        ConfigError: there is no such module.
    """
    tail = Path(*module.split("."))
    for base in (
        root,
        root / "src",
        root / "lib",
        *sorted(p for p in root.iterdir() if p.is_dir()),
    ):
        if (base / tail).with_suffix(".py").is_file() or (base / tail / "__init__.py").is_file():
            return base
    raise ConfigError(f"there is no module {module} in {root}", remedy="check --modules")

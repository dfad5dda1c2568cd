"""Examples in docstrings, run in the sandbox: does the code still print what they say?

The module is imported and its examples are run one docstring at a time, as ``doctest`` does.
What fails because a name or a package is missing tells nothing about the documentation, and is
counted apart.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from copilot_ls.domain import Ending, Limits
from copilot_ls.ports import Sandbox

_SECONDS = 60.0
_MAX_SHOWN = 300
_RESULT = "examples.json"
# Runs in the project's own interpreter.
_DRIVER = """
import doctest, importlib, json, sys
sys.path.insert(0, sys.argv[1])
found = {"run": 0, "failed": [], "unable": [], "problem": ""}
class Runner(doctest.DocTestRunner):
    def report_start(self, out, test, example):
        found["run"] += 1
    def note(self, test, example, kind, got):
        line = (test.lineno or 0) + example.lineno
        entry = [test.name, line, example.source.strip(), example.want.strip(), got]
        found[kind].append(entry)
    def report_failure(self, out, test, example, got):
        self.note(test, example, "failed", got.strip())
    def report_unexpected_exception(self, out, test, example, info):
        is_missing = issubclass(info[0], (NameError, ImportError, FileNotFoundError, OSError))
        text = "%s: %s" % (info[0].__name__, info[1])
        self.note(test, example, "unable" if is_missing else "failed", text)
try:
    module = importlib.import_module(sys.argv[2])
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.REPORT_ONLY_FIRST_FAILURE
    runner = Runner(verbose=False, optionflags=flags)
    for test in doctest.DocTestFinder(exclude_empty=True).find(module, module.__name__):
        runner.run(test, out=lambda text: None, clear_globs=True)
except BaseException as error:
    found["problem"] = "%s: %s" % (type(error).__name__, error)
with open(sys.argv[3], "w") as file:
    json.dump(found, file)
"""


@dataclass(frozen=True, slots=True)
class RunExample:
    """An example that did not give what it says; ``line`` is 0-based in the file."""

    path: str
    line: int
    symbol: str
    code: str
    wanted: str
    got: str


@dataclass(frozen=True, slots=True)
class ExamplesRun:
    """What became of the examples of one file.

    ``n_unable`` docstrings need names or packages that are not there; ``problem`` says why
    nothing could be run at all.
    """

    path: str
    n_run: int = 0
    failed: tuple[RunExample, ...] = ()
    n_unable: int = 0
    problem: str = ""


async def run_examples(
    sandbox: Sandbox, path: str, module: str, *, memory_bytes: int
) -> ExamplesRun:
    """Run the examples of a file; ``module`` is the name under which it is imported.

    Raises:
        SandboxError: the interpreter cannot be started.
    """
    depth = path.removesuffix("/__init__.py").count("/") - module.count(".")
    above = "/".join(path.split("/")[:depth]) if depth > 0 else ""
    result = sandbox.scratch / _RESULT
    result.unlink(missing_ok=True)
    arguments = ["-c", _DRIVER, str(sandbox.project / above), module, str(result)]
    run = await sandbox.run(arguments, Limits(seconds=_SECONDS, memory_bytes=memory_bytes))
    if run.ending is not Ending.EXITED:
        return ExamplesRun(path, problem=f"stopped: {run.ending}")
    try:
        found = json.loads(result.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        last = run.output.strip().splitlines()[-1:] or ["it ended without a word"]
        return ExamplesRun(path, problem=last[0][:_MAX_SHOWN])
    return _read(path, module, found)


def _read(path: str, module: str, found: object) -> ExamplesRun:
    """What the process reported; it may have reported anything."""
    match found:
        case {"run": int(n_run), "failed": list(failed), "unable": list(unable), "problem": str(p)}:
            return ExamplesRun(
                path,
                n_run=n_run,
                failed=tuple(_example(path, module, each) for each in failed),
                n_unable=len(unable),
                problem=p[:_MAX_SHOWN],
            )
    return ExamplesRun(path, problem="the report cannot be read")


def _example(path: str, module: str, entry: Sequence[object] | Mapping[str, object]) -> RunExample:
    match entry:
        case [str(name), int(line), str(code), str(wanted), str(got)]:
            symbol = name.removeprefix(f"{module}.")
            return RunExample(
                path, line, symbol, code[:_MAX_SHOWN], wanted[:_MAX_SHOWN], got[:_MAX_SHOWN]
            )
    return RunExample(path, 0, "", "", "", "")

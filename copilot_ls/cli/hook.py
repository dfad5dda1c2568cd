"""``copilot-ls hook``: checks before a commit, as git's own hook, under pre-commit, and in CI."""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from copilot_ls import documenting, hooking, testing, wiring
from copilot_ls.cli.context import JsonOption, console, find_root, options_of, print_json, unlinked
from copilot_ls.cli.edit import replace_file
from copilot_ls.cli.exit_codes import ExitCode
from copilot_ls.cli.tests import write_new
from copilot_ls.config import Settings
from copilot_ls.domain import edited
from copilot_ls.errors import ConfigError, CopilotError, WorkspaceError
from copilot_ls.features.documentation.reading import read_file
from copilot_ls.features.documentation.write import Writer
from copilot_ls.hooking import Budget, Change, HookFinding, Memory

_MARK = "# copilot-ls hook run"
_BEFORE = "pre-commit.before-copilot-ls"
_SCRIPT = """\
#!/bin/sh
{mark} (`copilot-ls hook uninstall` removes this file)
before="$(dirname "$0")/{before}"
if [ -x "$before" ]; then
    "$before" "$@" || exit $?
fi
if [ ! -x {program} ]; then
    echo "copilot-ls is not at {program} any more; nothing was checked by it" >&2
    exit 0
fi
git diff --cached --name-only --diff-filter=d --no-renames -z |
    exec {program} hook run {checks} --stdin
"""

app = typer.Typer(help="Check what is about to be committed.", no_args_is_help=True)


class HookCheck(StrEnum):
    """What a hook looks for."""

    DOCS = "docs"
    CONVENTIONS = "conventions"
    SECURITY = "security"
    TESTS = "tests"


_USUAL = (HookCheck.DOCS, HookCheck.CONVENTIONS, HookCheck.SECURITY)
# Less than this is not enough to explore a module.
_LEAST_SECONDS = 8.0


@dataclass(slots=True)
class _Outcome:
    findings: list[HookFinding] = field(default_factory=list)
    notices: list[str] = field(default_factory=list)
    repaired: list[str] = field(default_factory=list)
    has_failed: bool = False


@app.command("run")
def run(
    context: typer.Context,
    checks: Annotated[
        str,
        typer.Argument(metavar="CHECKS", help="docs, conventions, security, tests: with commas."),
    ],
    files: Annotated[list[Path] | None, typer.Argument(help="Or all that are staged.")] = None,
    stdin: Annotated[
        bool, typer.Option("--stdin", help="Read the files' names, ended by NUL, from there.")
    ] = False,
    fix: Annotated[bool, typer.Option("--fix", help="Repair what can be repaired.")] = False,
    seconds: Annotated[
        float, typer.Option("--budget", min=0, help="Seconds; what is left then goes unseen.")
    ] = 20.0,
    all_lines: Annotated[
        bool, typer.Option("--all-lines", help="Not only the lines that change.")
    ] = False,
    strict: Annotated[bool, typer.Option("--strict", help="Fail if anything goes unseen.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Look at the lines that change; exit code 1 if there is something to see, or was repaired."""
    budget = Budget(seconds)
    wanted = _checks(checks)
    root = find_root(Path.cwd())
    settings = options_of(context).settings_for(root)
    found = hooking.changes_in(
        root, settings, _names(root, files, stdin=stdin), all_lines=all_lines
    )
    memory = Memory(wiring.cache_root() / "hooks" / "found.json")
    outcome = _Outcome()
    if HookCheck.DOCS in wanted:
        _note(outcome, "docs", hooking.documentation_findings(found, memory, budget))
        if fix:
            _repair(root, settings, found, outcome, budget)
    if HookCheck.TESTS in wanted:
        _note(outcome, "tests", hooking.missing_tests(root, settings, found, budget))
        if fix:
            _write_tests(root, settings, outcome, budget)
    if HookCheck.CONVENTIONS in wanted and found:
        _conventions(root, settings, found, outcome, budget)
    memory.save()
    if HookCheck.SECURITY in wanted and found:
        _security(root, found, outcome, budget, is_staged=stdin or not files)
    if as_json:
        print_json(
            {
                "findings": outcome.findings,
                "notices": outcome.notices,
                "repaired": outcome.repaired,
                "files": len(found),
            }
        )
    else:
        _print(outcome)
    if outcome.findings or outcome.repaired or outcome.has_failed:
        raise typer.Exit(ExitCode.FINDINGS)
    if strict and outcome.notices:
        raise typer.Exit(ExitCode.ENGINE)


@app.command("install")
def install(
    context: typer.Context,
    checks: Annotated[
        str, typer.Option("--checks", help="docs, conventions, security, tests: with commas.")
    ] = ",".join(_USUAL),
    fix: Annotated[bool, typer.Option("--fix", help="Repair what can be repaired.")] = False,
    seconds: Annotated[float, typer.Option("--budget", min=0, help="Seconds.")] = 20.0,
) -> None:
    """Check before each commit in this clone; a hook that is there already runs first."""
    wanted = _checks(checks)
    root = find_root(Path.cwd())
    options_of(context).settings_for(root)
    file = _hook_file(root)
    before = file.with_name(_BEFORE)
    if file.exists() and not _is_ours(file):
        if before.exists():
            raise WorkspaceError(
                f"{before} is in the way", remedy="look at it, then remove or rename it"
            )
        file.rename(before)
    program = shutil.which(sys.argv[0]) or sys.argv[0]
    arguments = ",".join(wanted) + (" --fix" if fix else "") + f" --budget {seconds:g}"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        _SCRIPT.format(
            mark=_MARK,
            before=_BEFORE,
            program=shlex.quote(str(Path(program).absolute())),
            checks=arguments,
        ),
        encoding="utf-8",
        newline="\n",
    )
    file.chmod(0o755)
    console(stderr=True).print(f"{file}: checks {', '.join(wanted)} before each commit")


@app.command("uninstall")
def uninstall() -> None:
    """Take the hook away again; the one that was there before is put back."""
    file = _hook_file(find_root(Path.cwd()))
    if not file.exists() or not _is_ours(file):
        raise WorkspaceError(f"{file} is not ours", remedy="there is nothing to remove")
    file.unlink()
    before = file.with_name(_BEFORE)
    if before.exists():
        before.rename(file)
    console(stderr=True).print(f"{file}: removed")


def _checks(text: str) -> list[HookCheck]:
    wanted: list[HookCheck] = []
    for name in filter(None, text.split(",")):
        if name not in list(HookCheck):
            raise ConfigError(f"there is no check {name}", remedy=f"one of {', '.join(HookCheck)}")
        wanted.append(HookCheck(name))
    return wanted


def _names(root: Path, files: Sequence[Path] | None, *, stdin: bool) -> list[str] | None:
    """Paths relative to the root; of ``None`` all that are staged are taken."""
    if stdin:
        names = os.fsdecode(sys.stdin.buffer.read()).split("\0")
        return [name for name in names if name]
    if not files:
        return None
    found: list[str] = []
    for file in files:
        place = unlinked(file)
        if place.is_relative_to(root):
            found.append(place.relative_to(root).as_posix())
    return found


def _hook_file(root: Path) -> Path:
    """Where git looks for the hook, asked of the user's own git: its settings decide."""
    answer = subprocess.run(
        ["git", "rev-parse", "--git-path", "hooks/pre-commit"],
        cwd=root,
        env=os.environ | {"LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    if "dubious ownership" in answer.stderr:
        raise WorkspaceError(
            f"{root} belongs to another user",
            remedy=f"if you trust it, run `git config --global --add safe.directory {root}`",
        )
    if answer.returncode:
        raise WorkspaceError(f"{root} is in no git repository", remedy="run `git init` first")
    return root / answer.stdout.strip()


def _is_ours(file: Path) -> bool:
    return _MARK in file.read_text(encoding="utf-8", errors="replace")


def _note(outcome: _Outcome, name: str, found: Iterator[HookFinding | None]) -> None:
    n_unseen = 0
    for each in found:
        if each is None:
            n_unseen += 1
        else:
            outcome.findings.append(each)
    if n_unseen:
        outcome.notices.append(f"{name}: no time was left for {n_unseen} files")


def _conventions(
    root: Path, settings: Settings, found: list[Change], outcome: _Outcome, budget: Budget
) -> None:
    facts = Memory(wiring.cache_root() / "hooks" / f"{hooking.key_of(str(root))}.json", 0)
    mined = hooking.mined_conventions(root, settings, facts, budget)
    facts.save()
    if mined is None:
        outcome.notices.append("conventions: no time was left; the next time begins where it ended")
        return
    conventions, paths = mined
    _note(
        outcome,
        "conventions",
        hooking.convention_findings(found, conventions, paths, budget),
    )


def _security(
    root: Path, found: list[Change], outcome: _Outcome, budget: Budget, *, is_staged: bool
) -> None:
    """Ask `copilot-ls check`, in a process that can be stopped when the time is over."""
    names = [change.document.path for change in found]
    what = ["--staged"] if is_staged else ["--", *names]
    command = [sys.executable, "-P", "-m", "copilot_ls", "check", "--only-changed-lines", *what]
    try:
        answer = subprocess.run(
            command,
            cwd=root,
            capture_output=True,
            text=True,
            check=False,
            timeout=max(0.1, budget.left),
        )
    except subprocess.TimeoutExpired:
        outcome.notices.append("security: no time was left; `copilot-ls check --staged` takes its")
        return
    if answer.returncode == ExitCode.FINDINGS:
        outcome.has_failed = True
        print(answer.stdout, end="")
    elif answer.returncode != ExitCode.OK:
        outcome.notices.append(f"security: {answer.stderr.strip()[-300:]}")


def _repair(
    root: Path, settings: Settings, found: list[Change], outcome: _Outcome, budget: Budget
) -> None:
    """Put right what was found, in files that hold nothing but what is committed."""
    by_path: dict[str, list[HookFinding]] = {}
    for finding in outcome.findings:
        by_path.setdefault(finding.path, []).append(finding)
    for change in found:
        document = change.document
        wrong = by_path.get(document.path)
        if not wrong or budget.is_spent or document.language != "python":
            continue
        if not change.is_on_disk:
            outcome.notices.append(f"docs: {document.path} has changes that are not staged")
            continue
        file = read_file(document.path, document.text)
        if file is None:
            continue
        writer = Writer(
            file, documenting.neighbours_of(root, settings, document.path), settings.docs
        )
        proposals = [writer.repair(name) for name in dict.fromkeys(e.symbol for e in wrong)]
        edits = [each.edit for each in proposals if each.edit is not None]
        if not edits:
            continue
        replace_file(root / document.path, document.text, edited(document.text, *edits))
        done = {each.symbol for each in proposals if each.edit is not None}
        outcome.findings = [
            each
            for each in outcome.findings
            if each.path != document.path or each.symbol not in done
        ]
        outcome.repaired += [f"{document.path}: {name}" for name in sorted(done)]


def _write_tests(root: Path, settings: Settings, outcome: _Outcome, budget: Budget) -> None:
    """Write tests for what has none, one module after the other, while there is time."""
    missing: dict[str, list[HookFinding]] = {}
    for finding in outcome.findings:
        if finding.rule == "tests.missing":
            missing.setdefault(finding.path, []).append(finding)
    if missing and not wiring.consent().is_given(root):
        outcome.notices.append("tests: none written; `copilot-ls trust` allows to run this code")
        return
    for number, (path, findings) in enumerate(missing.items()):
        seconds = budget.left / (len(missing) - number) / 2
        if seconds < _LEAST_SECONDS:
            outcome.notices.append(f"tests: no time was left; `copilot-ls tests {path}` takes its")
            continue
        own = replace(settings, tests=replace(settings.tests, seconds=seconds))
        try:
            written = asyncio.run(
                testing.propose_tests(root, own, path, symbols=[f.symbol for f in findings])
            )
            if not written.text:
                outcome.notices.append(f"tests: {path}: {written.problem}")
                continue
            write_new(root / written.test_path, written.text)
        except CopilotError as error:
            outcome.notices.append(f"tests: {path}: {error}")
            continue
        tested = {verdict.target for verdict in written.verdicts}
        done = [finding for finding in findings if finding.symbol in tested]
        outcome.findings = [each for each in outcome.findings if each not in done]
        outcome.repaired += [f"{written.test_path}: {each.symbol}" for each in done]


def _print(outcome: _Outcome) -> None:
    say = partial(print, file=sys.stdout)
    for each in outcome.findings:
        say(f"{each.path}:{each.line}: {each.rule}: {each.message}")
    for name in outcome.repaired:
        say(f"{name}: repaired; look at it and stage it")
    notes = console(stderr=True)
    for notice in outcome.notices:
        notes.print(notice, style="yellow", markup=False)

"""``copilot-ls check``: look for weaknesses in files, in what is staged, or in a change."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import partial
from importlib import metadata
from pathlib import Path
from typing import Annotated

import typer

from copilot_ls import scanning, wiring
from copilot_ls.cli.context import console, find_root, options_of, plain, unlinked
from copilot_ls.cli.exit_codes import ExitCode
from copilot_ls.cli.formats import notes, sarif
from copilot_ls.config import Settings
from copilot_ls.domain import Confidence, Document, Severity
from copilot_ls.errors import ConfigError, ScannerError, WorkspaceError
from copilot_ls.features.security.check import Checked
from copilot_ls.features.security.check import check as look_at
from copilot_ls.features.security.report import (
    BASELINE_FILE,
    SECRET_CATEGORY,
    Baseline,
    Reported,
    read_baseline,
    report,
    secret_spans,
    touches,
)
from copilot_ls.scanning import Selection
from indexer.model import Problem, Skipped, SkipReason

_SEVERITIES = [*Severity]
_MAX_TOLD_PROBLEMS = 10
_INSTALL = "pip install 'copilot-ls[security]'"


class Format(StrEnum):
    """How findings are written."""

    TEXT = "text"
    JSON = "json"
    SARIF = "sarif"
    GITHUB = "github"
    GITLAB = "gitlab"


@dataclass(slots=True)
class _Outcome:
    """All that was found so far."""

    reported: list[Reported] = field(default_factory=list)
    suppressed: list[Reported] = field(default_factory=list)
    known: list[Reported] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    skipped: list[Skipped] = field(default_factory=list)
    n_files: int = 0
    seconds: float = 0.0

    def add(self, checked: Checked, documents: Sequence[Document]) -> None:
        texts = {document.path: document.text for document in documents}
        for found, target in (
            (checked.findings, self.reported),
            (checked.suppressed, self.suppressed),
        ):
            for path, text in texts.items():
                secrets = secret_spans(
                    each for each in (*checked.findings, *checked.suppressed) if each.path == path
                )
                of_path = (each for each in found if each.path == path)
                target.extend(report(of_path, text, secrets=secrets))
        self.problems += [each for each in checked.problems if each not in self.problems]
        self.n_files += len(documents)


def check(
    context: typer.Context,
    paths: Annotated[
        list[Path] | None, typer.Argument(help="Files and folders; default the whole project.")
    ] = None,
    staged: Annotated[
        bool, typer.Option("--staged", help="What will be committed, as it is staged.")
    ] = False,
    diff: Annotated[
        str, typer.Option("--diff", metavar="REV", help="Files that changed since a revision.")
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="The whole project.")] = False,
    severity: Annotated[
        Severity, typer.Option("--severity", help="Least severity that is reported.")
    ] = Severity.LOW,
    confidence: Annotated[
        Confidence | None,
        typer.Option("--confidence", help="Least confidence; default the settings'."),
    ] = None,
    only_changed_lines: Annotated[
        bool,
        typer.Option("--only-changed-lines", help="Findings in lines that changed, no others."),
    ] = False,
    baseline: Annotated[
        Path | None,
        typer.Option("--baseline", help=f"Findings that are known; default {BASELINE_FILE}."),
    ] = None,
    write_baseline: Annotated[
        bool, typer.Option("--write-baseline", help="Write what is found to that file.")
    ] = False,
    form: Annotated[Format, typer.Option("--format", help="How to write them.")] = Format.TEXT,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write there, not to the terminal.")
    ] = None,
    jobs: Annotated[
        int, typer.Option("--jobs", min=0, help="Processes; 0 is one for each processor.")
    ] = 0,
    strict: Annotated[
        bool, typer.Option("--strict", help="Fail if Semgrep is missing or anything goes unseen.")
    ] = False,
) -> None:
    """Look for weaknesses and secrets; exit code 1 if there are any."""
    if sum((bool(paths), staged, bool(diff), everything)) > 1:
        raise ConfigError(
            "PATHS, --staged, --diff and --all exclude each other", remedy="give one of them"
        )
    root = find_root(paths[0] if paths else Path())
    settings = _with_confidence(options_of(context).settings_for(root), confidence)
    known = _read_baseline(root, baseline)
    semgrep = scanning.find_semgrep(root)
    if strict and semgrep is None:
        raise ScannerError("Semgrep is not installed", remedy=_INSTALL)
    selection = _select(
        root, settings, paths, staged=staged, diff=diff, with_changes=only_changed_lines
    )
    form = Format.JSON if as_json else form
    started = time.perf_counter()
    outcome = _run(selection, settings, jobs)
    outcome.seconds = time.perf_counter() - started
    least = _SEVERITIES.index(severity)
    is_change = staged or bool(diff)
    outcome.reported = [
        each
        for each in outcome.reported
        if _SEVERITIES.index(each.finding.severity) >= least
        and (
            # A secret that was there before is not this change's, and known to the history.
            not (only_changed_lines or (is_change and each.finding.category == SECRET_CATEGORY))
            or touches(each, selection.changed.get(each.finding.path, ()))
        )
    ]
    if write_baseline:
        _write_baseline(root, baseline, known, outcome.reported)
        return
    outcome.reported, outcome.known = known.split(outcome.reported)
    engine = f"Semgrep {semgrep.version}" if semgrep else ""
    _write(outcome, form, output, engine=engine, settings=settings)
    if outcome.reported:
        raise typer.Exit(ExitCode.FINDINGS)
    if strict and outcome.problems:
        raise typer.Exit(ExitCode.ENGINE)


def _with_confidence(settings: Settings, confidence: Confidence | None) -> Settings:
    if confidence is None:
        return settings
    return replace(settings, security=replace(settings.security, min_confidence=confidence))


def _select(
    root: Path,
    settings: Settings,
    paths: Sequence[Path] | None,
    *,
    staged: bool,
    diff: str,
    with_changes: bool,
) -> Selection:
    options = wiring.index_options(settings)
    if staged:
        return scanning.select_staged(root, options)
    if diff:
        return scanning.select_changes(root, options, diff)
    only = [_relative(path, root) for path in paths] if paths else None
    return scanning.select_paths(root, options, only, with_changes=with_changes)


def _relative(path: Path, root: Path) -> str:
    full = unlinked(path)
    if not full.is_relative_to(root):
        raise WorkspaceError(
            f"{path} is outside {root}", remedy="name files of one project at a time"
        )
    if not full.exists():
        raise WorkspaceError(f"{path} does not exist", remedy="check the path")
    return full.relative_to(root).as_posix()


def _run(selection: Selection, settings: Settings, jobs: int) -> _Outcome:
    outcome = _Outcome(problems=[*selection.problems], skipped=[*selection.skipped])

    async def run(on_progress: Callable[[int], None]) -> None:
        opened = scanning.project_scanners(
            selection.root, jobs=jobs, advisories=wiring.advisory_store()
        )
        async with opened as scanners:
            n_done = 0
            for documents in selection.portions(outcome.skipped):
                count = partial(_count_on, on_progress, n_done)
                checked = await look_at(documents, scanners, settings.security, count)
                outcome.add(checked, documents)
                n_done += len(documents)

    with _progress(len(selection.paths)) as on_progress:
        asyncio.run(run(on_progress))
    return outcome


def _count_on(on_progress: Callable[[int], None], n_before: int, n_done: int) -> None:
    on_progress(n_before + n_done)


@contextlib.contextmanager
def _progress(total: int) -> Iterator[Callable[[int], None]]:
    from rich.progress import Progress

    out = console(stderr=True)
    with Progress(console=out, disable=not out.is_terminal, transient=True) as progress:
        task = progress.add_task("files", total=total)
        yield lambda done: progress.update(task, completed=done)


def _read_baseline(root: Path, path: Path | None) -> Baseline:
    try:
        if path is None or not path.exists():
            return scanning.project_baseline(root) if path is None else Baseline({})
        return read_baseline(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigError(
            f"{path or root / BASELINE_FILE} cannot be used: {error}",
            remedy="repair it, or write it anew with `copilot-ls check --write-baseline`",
        ) from error


def _write_baseline(
    root: Path, path: Path | None, known: Baseline, reported: Sequence[Reported]
) -> None:
    place = path or root / BASELINE_FILE
    place.write_text(known.write(reported), encoding="utf-8")
    console(stderr=True).print(
        f"{len(reported)} findings are now known in {place}: give each a reason, or repair it",
        markup=False,
    )


def _write(
    outcome: _Outcome, form: Format, output: Path | None, *, engine: str, settings: Settings
) -> None:
    version = metadata.version("copilot-ls")
    problems = [*outcome.problems, *_left_out(outcome.skipped)]
    match form:
        case Format.TEXT:
            with contextlib.ExitStack() as stack:
                file = stack.enter_context(output.open("w", encoding="utf-8")) if output else None
                _print(outcome, engine, settings, file=file)
            return
        case Format.JSON:
            text = _json(_to_json(outcome, engine))
        case Format.SARIF:
            text = _json(
                sarif.to_sarif(
                    outcome.reported, outcome.suppressed, outcome.known, problems, version=version
                )
            )
        case Format.GITHUB:
            text = notes.to_github(outcome.reported)
        case Format.GITLAB:
            text = _json(notes.to_gitlab(outcome.reported))
    if output:
        output.write_text(text, encoding="utf-8")
    else:
        sys.stdout.write(text)


def _json(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _to_json(outcome: _Outcome, engine: str) -> object:
    return plain(
        {
            "findings": [_entry(each) for each in outcome.reported],
            "suppressed": [_entry(each) for each in outcome.suppressed],
            "known": [_entry(each) for each in outcome.known],
            "problems": [*outcome.problems, *_left_out(outcome.skipped)],
            "files": outcome.n_files,
            "seconds": outcome.seconds,
            "engine": engine or "patterns only",
        }
    )


def _entry(reported: Reported) -> dict[str, object]:
    finding = reported.finding
    return {
        "rule": finding.rule,
        "path": finding.path,
        **{name: getattr(reported.place, name) for name in reported.place.__slots__},
        "severity": finding.severity,
        "confidence": finding.confidence,
        "category": finding.category,
        "cwe": finding.cwe,
        "owasp": finding.owasp,
        "message": finding.message,
        "code": reported.code,
        "trace": reported.trace,
        "fix": reported.fix,
        "references": finding.references,
        "fingerprint": reported.fingerprint,
    }


def _left_out(skipped: Sequence[Skipped]) -> list[Problem]:
    """Name the files that somebody would expect to have been looked at."""
    unexpected = {
        SkipReason.TOO_LARGE,
        SkipReason.UNREADABLE,
        SkipReason.OUTSIDE,
        SkipReason.NOT_A_FILE,
    }
    return [
        Problem(each.path, f"not looked at: {each.reason}")
        for each in skipped
        if each.reason in unexpected
    ]


def _print(outcome: _Outcome, engine: str, settings: Settings, *, file: object) -> None:
    from rich.console import Console

    from copilot_ls.cli.formats.frames import to_text

    out = Console(file=file, highlight=False, soft_wrap=True) if file else console()  # type: ignore[arg-type]
    for each in outcome.reported:
        out.print(to_text(each))
    told = console(stderr=True)
    problems = [*outcome.problems, *_left_out(outcome.skipped)]
    for problem in problems[:_MAX_TOLD_PROBLEMS]:
        where = f"{problem.path}: " if problem.path else ""
        told.print(f"{where}{problem.message}", style="yellow", markup=False)
    if len(problems) > _MAX_TOLD_PROBLEMS:
        told.print(f"… and {len(problems) - _MAX_TOLD_PROBLEMS} more (--json names all)")
    if not engine:
        told.print(
            "Semgrep is not installed: rules that follow data were not used; " + _INSTALL,
            style="yellow",
            markup=False,
        )
    if settings.security.rules_off:
        layer = settings.sources.get("security.rules_off", "")
        off = ", ".join(settings.security.rules_off)
        told.print(f"switched off in {layer}: {off}", style="yellow", markup=False)
    told.print(_summary(outcome), markup=False)


def _summary(outcome: _Outcome) -> str:
    counts = Counter(each.finding.severity for each in outcome.reported)
    by_severity = ", ".join(
        f"{counts[each]} {each}" for each in reversed(_SEVERITIES) if counts[each]
    )
    n = len(outcome.reported)
    found = f"{n} finding{'s' if n != 1 else ''}" + (f" ({by_severity})" if n else "")
    others = [
        f"{len(outcome.suppressed)} suppressed" if outcome.suppressed else "",
        f"{len(outcome.known)} in the baseline" if outcome.known else "",
    ]
    return "; ".join(
        [f"{found} in {outcome.n_files:,} files, {outcome.seconds:.1f} s", *filter(None, others)]
    )

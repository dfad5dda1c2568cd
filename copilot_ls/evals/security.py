"""How many weaknesses are found, and how often harmless code is accused, on cases of others.

A case is a file (or a line of it) with a weakness and whether it is really there. It counts as
flagged if a finding of the same or a related weakness is in the file; see
``features.security.cwe`` for what is related. Bandit and Ruff are judged by the same cases, where
they are installed.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sysconfig
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from copilot_ls import scanning, wiring
from copilot_ls.domain import Confidence, Document
from copilot_ls.errors import ConfigError, WorkspaceError
from copilot_ls.features.security.check import check
from copilot_ls.features.security.cwe import are_related
from copilot_ls.features.security.options import SecurityOptions

_RIVAL_SECONDS = 600
_LINE_SLACK = 1
# What the tests of Bandit, and the rules of Ruff with the same numbers, are about. Bandit's own
# numbers (as its version 1.9 prints them) stand first; a better fitting one is added in its
# favour, as for eval (B307), which it calls CWE-78.
_TESTS: dict[int, tuple[int, ...]] = {
    **dict.fromkeys((101, 110, 112), (703,)),
    102: (78, 95),
    103: (732,),
    104: (605,),
    **dict.fromkeys((105, 106, 107), (259,)),
    108: (377,),
    113: (400,),
    201: (94, 489),
    202: (22,),
    301: (502,),
    302: (502,),
    303: (327, 328),
    304: (327,),
    305: (327,),
    306: (377,),
    307: (78, 95),
    308: (79,),
    310: (22, 918),
    311: (330,),
    312: (319,),
    **dict.fromkeys(range(313, 321), (20, 611)),
    321: (319,),
    323: (295,),
    324: (327, 328),
    401: (319,),
    402: (319,),
    403: (502,),
    404: (78,),
    **dict.fromkeys(range(405, 412), (20, 611)),
    412: (284,),
    413: (327,),
    415: (319,),
    501: (295,),
    **dict.fromkeys((502, 503, 504), (327,)),
    505: (326,),
    506: (20, 502),
    507: (295,),
    508: (319,),
    509: (319,),
    **dict.fromkeys(range(601, 608), (78,)),
    608: (89,),
    609: (155, 78),
    610: (89,),
    611: (89,),
    612: (94,),
    613: (838,),
    614: (502,),
    615: (494,),
    701: (94, 79),
    702: (80,),
    703: (80,),
    704: (79,),
}


@dataclass(frozen=True, slots=True)
class SecurityCase:
    """One claim about a file; ``lines`` (from 1) narrow it down, none means the whole file."""

    path: str
    cwe: str
    category: str
    is_vulnerable: bool
    lines: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Flag:
    """What some tool reports: a weakness at a line (from 1) of a file."""

    path: str
    line: int
    cwe: tuple[str, ...]
    rule: str


@dataclass(frozen=True, slots=True)
class ToolRun:
    """All that one tool reported of the files, and the time that it took."""

    flags: tuple[Flag, ...]
    seconds: float
    problems: tuple[str, ...] = ()


def read_cases(path: Path) -> list[SecurityCase]:
    """Read JSON lines with ``path``, ``cwe``, ``category``, ``vulnerable``, maybe ``line(s)``.

    Raises:
        ConfigError: a line is no such case.
    """
    cases = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            cases.append(_case(json.loads(line)))
        except (ValueError, TypeError) as error:
            raise ConfigError(
                f"{path}:{number}: not a case: {error}",
                remedy='for example {"path": "a.py", "cwe": 89, "category": "sqli", '
                '"vulnerable": true}',
            ) from error
    return cases


def read_documents(cases: Iterable[SecurityCase], root: Path) -> list[Document]:
    """Read each file that a case names, once.

    Raises:
        WorkspaceError: one is not there, or cannot be read.
    """
    documents = []
    for name in sorted({case.path for case in cases}):
        path = root / name
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError as error:
            raise WorkspaceError(
                f"{path} cannot be read: {error}", remedy="check --root and the cases' paths"
            ) from error
        documents.append(Document(path.as_uri(), name, wiring.language_of(name), text))
    return documents


def run_own(
    documents: Sequence[Document],
    root: Path,
    *,
    min_confidence: Confidence,
    on_progress: Callable[[int], None],
) -> ToolRun:
    """Scan with the product as ``copilot-ls check`` does."""

    async def run() -> ToolRun:
        started = time.perf_counter()
        async with scanning.project_scanners(root, jobs=0) as scanners:
            checked = await check(
                documents, scanners, SecurityOptions(min_confidence=min_confidence), on_progress
            )
        texts = {document.path: document.text for document in documents}
        flags = tuple(
            Flag(
                finding.path,
                texts[finding.path].count("\n", 0, finding.span.start) + 1,
                finding.cwe,
                finding.rule,
            )
            for finding in checked.findings
        )
        seconds = time.perf_counter() - started
        return ToolRun(flags, seconds, tuple(f"{p.path}: {p.message}" for p in checked.problems))

    return asyncio.run(run())


def run_bandit(documents: Sequence[Document], root: Path) -> ToolRun | None:
    """Scan with Bandit, all of its tests on; nothing if it is not installed."""
    started = time.perf_counter()
    output = _output_of("bandit", ["-q", "-f", "json", "--exit-zero"], documents, root)
    if not isinstance(output, dict):
        return None
    flags = [
        Flag(
            _relative(result["filename"], root),
            result["line_number"],
            _cwes_of(result["test_id"]),
            result["test_id"],
        )
        for result in output["results"]
    ]
    # It parses with the Python that it runs on, which may be older than the code.
    problems = tuple(f"{each['filename']}: {each['reason']}" for each in output["errors"])
    return ToolRun(tuple(flags), time.perf_counter() - started, problems)


def run_ruff(documents: Sequence[Document], root: Path) -> ToolRun | None:
    """Scan with Ruff's S rules, previews too, a project's settings left out."""
    started = time.perf_counter()
    options = ["check", "--isolated", "--no-cache", "--select=S", "--preview", "--exit-zero"]
    options += ["--output-format=json", "--target-version=py312", "--ignore-noqa"]
    output = _output_of("ruff", options, documents, root)
    if not isinstance(output, list):
        return None
    flags = [
        Flag(
            _relative(result["filename"], root),
            result["location"]["row"],
            _cwes_of(result["code"]),
            result["code"],
        )
        for result in output
        if result["code"]
    ]
    return ToolRun(tuple(flags), time.perf_counter() - started)


def summarise(cases: Sequence[SecurityCase], run: ToolRun) -> dict[str, object]:
    """Count what a tool got right: rates over all cases, by category, and by its own rules."""
    flags = defaultdict(list)
    for flag in run.flags:
        flags[flag.path].append(flag)
    by_category: dict[str, list[tuple[bool, bool]]] = defaultdict(list)
    hits: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for case in cases:
        matching = {flag.rule for flag in flags[case.path] if _answers(flag, case)}
        by_category[case.category].append((case.is_vulnerable, bool(matching)))
        for rule in matching:
            hits[rule][0 if case.is_vulnerable else 1] += 1
    categories = {name: _rates(verdicts) for name, verdicts in sorted(by_category.items())}
    everything = [verdict for verdicts in by_category.values() for verdict in verdicts]
    n_files = len({case.path for case in cases})
    return {
        **_rates(everything),
        "mean_tpr": _mean(rates["tpr"] for rates in categories.values() if rates["n_vulnerable"]),
        "mean_fpr": _mean(rates["fpr"] for rates in categories.values() if rates["n_harmless"]),
        "seconds": round(run.seconds, 2),
        "ms_per_file": round(1000 * run.seconds / max(n_files, 1), 1),
        "by_category": categories,
        "by_rule": {
            rule: {"true": true, "false": false}
            for rule, (true, false) in sorted(hits.items(), key=lambda item: (-item[1][0], item))
        },
        "problems": list(run.problems),
    }


def missed(
    cases: Sequence[SecurityCase], run: ToolRun
) -> tuple[list[SecurityCase], list[SecurityCase]]:
    """Return the vulnerable cases that a tool does not flag, and the harmless ones that it does."""
    flags = defaultdict(list)
    for flag in run.flags:
        flags[flag.path].append(flag)
    wrong = [
        case
        for case in cases
        if any(_answers(flag, case) for flag in flags[case.path]) != case.is_vulnerable
    ]
    return (
        [case for case in wrong if case.is_vulnerable],
        [case for case in wrong if not case.is_vulnerable],
    )


def _case(value: object) -> SecurityCase:
    match value:
        case {"path": str(path), "cwe": str() | int() as cwe, "vulnerable": bool(is_real), **rest}:
            lines = rest.get("lines", rest.get("line", []))
            return SecurityCase(
                path,
                str(cwe),
                str(rest.get("category", cwe)),
                is_real,
                tuple(map(int, lines if isinstance(lines, list) else [lines])),
            )
    raise ValueError("it lacks 'path', 'cwe' or 'vulnerable'")


def _answers(flag: Flag, case: SecurityCase) -> bool:
    is_near = not case.lines or any(abs(flag.line - line) <= _LINE_SLACK for line in case.lines)
    return is_near and are_related(flag.cwe, [case.cwe])


def _rates(verdicts: Sequence[tuple[bool, bool]]) -> dict[str, float | int]:
    true_positives = sum(real and flagged for real, flagged in verdicts)
    false_positives = sum(flagged and not real for real, flagged in verdicts)
    n_vulnerable = sum(real for real, _ in verdicts)
    n_harmless = len(verdicts) - n_vulnerable
    tpr = true_positives / n_vulnerable if n_vulnerable else 0.0
    fpr = false_positives / n_harmless if n_harmless else 0.0
    n_flagged = true_positives + false_positives
    return {
        "n": len(verdicts),
        "n_vulnerable": n_vulnerable,
        "n_harmless": n_harmless,
        "tpr": tpr,
        "fpr": fpr,
        "precision": true_positives / n_flagged if n_flagged else 0.0,
        "youden": tpr - fpr,
    }


def _mean(values: Iterable[float]) -> float:
    found = list(values)
    return sum(found) / len(found) if found else 0.0


def _cwes_of(test: str) -> tuple[str, ...]:
    """Return what a test such as ``B608`` or ``S608`` is about."""
    return tuple(f"CWE-{number}" for number in _TESTS.get(int(test[1:]), ()))


def _output_of(
    program: str, options: Sequence[str], documents: Sequence[Document], root: Path
) -> object:
    path = Path(sysconfig.get_path("scripts")) / program
    files = [str(root / document.path) for document in documents if document.language == "python"]
    if not path.is_file() or not files:
        return None
    result = subprocess.run(
        [str(path), *options, *files],
        capture_output=True,
        check=False,
        timeout=_RIVAL_SECONDS,
    )
    try:
        output: object = json.loads(result.stdout)
    except ValueError:
        return None
    return output


def _relative(name: str, root: Path) -> str:
    return Path(name).resolve().relative_to(root.resolve()).as_posix()

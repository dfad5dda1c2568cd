"""``eval drift``: are docstrings that maintainers had to repair told from those that were right?"""

from __future__ import annotations

import json
import re
import textwrap
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from copilot_ls.errors import ConfigError
from copilot_ls.evals.cases import percentile
from copilot_ls.features.documentation.check import check_python


@dataclass(frozen=True, slots=True)
class DriftCase:
    """A function as it was before a repair (or one that was right), and which of the two it is."""

    id: str
    source: str
    is_drift: bool
    kind: str


@dataclass(frozen=True, slots=True)
class Judged:
    """What the check said of a case."""

    case: DriftCase
    rules: tuple[str, ...]
    milliseconds: float

    @property
    def is_flagged(self) -> bool:
        return bool(self.rules)


def read_drift_cases(file: Path) -> list[DriftCase]:
    """Read JSON lines with ``id``, ``source_before``, ``label`` (``drift`` or ``clean``), ``kind``.

    Raises:
        ConfigError: the file cannot be read, or a line is not of that shape.
    """
    cases: list[DriftCase] = []
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error}", remedy="check --cases") from error
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            cases.append(
                DriftCase(
                    str(row.get("id", number)),
                    str(row["source_before"]),
                    row["label"] == "drift",
                    str(row.get("kind", "")),
                )
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ConfigError(
                f"{file}:{number} is no case: {error}", remedy="see docs/evaluation.md"
            ) from error
    return cases


def run_drift(cases: Sequence[DriftCase]) -> list[Judged]:
    """Check each function on its own, as if it were a file."""
    judged: list[Judged] = []
    for case in cases:
        started = time.perf_counter()
        findings = check_python("case.py", _as_file(case.source))
        milliseconds = 1000 * (time.perf_counter() - started)
        rules = tuple(str(finding.drift.rule) for finding in findings)
        judged.append(Judged(case, rules, milliseconds))
    return judged


def summarise(judged: Sequence[Judged]) -> dict[str, object]:
    """Return the figures, the most important first; shares are 0 to 1."""
    kinds = sorted({entry.case.kind for entry in judged})
    times = [entry.milliseconds for entry in judged]
    return {
        **_figures(judged),
        "latency_ms": {"p50": percentile(times, 50), "p95": percentile(times, 95)},
        "by": {
            "kind": {
                kind: _figures([entry for entry in judged if entry.case.kind == kind])
                for kind in kinds
            }
        },
    }


def _figures(judged: Sequence[Judged]) -> dict[str, object]:
    n_flagged = sum(entry.is_flagged for entry in judged)
    n_drift = sum(entry.case.is_drift for entry in judged)
    n_found = sum(entry.is_flagged and entry.case.is_drift for entry in judged)
    precision = n_found / n_flagged if n_flagged else 0.0
    recall = n_found / n_drift if n_drift else 0.0
    total = precision + recall
    return {
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / total if total else 0.0,
        "flagged": n_flagged,
        "drifted": n_drift,
        "n": len(judged),
    }


def _as_file(source: str) -> str:
    """A method's source begins at its ``def``, the rest keeps the class's indentation."""
    head, newline, rest = source.partition("\n")
    indents = [len(line) - len(line.lstrip()) for line in rest.splitlines() if line.strip()]
    surplus = max(0, min(indents, default=4) - 4)
    lines = [line[surplus:] if not line[:surplus].strip() else line for line in rest.split("\n")]
    text = textwrap.dedent(head) + newline + "\n".join(lines)
    return re.sub(r"\A\s+", "", text)

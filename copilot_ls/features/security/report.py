"""Findings as people and other tools take them: with lines, with a fingerprint that lasts. Pure.

A finding's fingerprint is made of its rule, its file and the code that it is about, white space
aside, so that it stays the same while lines move around it.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b

from copilot_ls.domain import Finding
from indexer.model import Span

BASELINE_FILE = ".copilot-ls-baseline.json"
SECRET_CATEGORY = "hard-coded-secret"  # noqa: S105 - the name of a kind of finding
_SHOWN_OF_SECRETS = 4
_MAX_FRAME_LINES = 8
_MAX_LINE_CHARS = 400
_LINE_END = re.compile(r"(?<=\n)|(?<=\r)(?!\n)")
_BASELINE_FORM = 1


@dataclass(frozen=True, slots=True)
class Place:
    """A stretch of a text: lines and columns from 1, columns in code points, the end exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class FixPlace:
    """Replace what stands at ``place`` by ``text``."""

    place: Place
    text: str


@dataclass(frozen=True, slots=True)
class Step:
    """A place on the way of the data, and what happens there."""

    place: Place
    message: str


@dataclass(frozen=True, slots=True)
class Reported:
    """A finding with everything that a report of it needs; ``code`` are its first lines."""

    finding: Finding
    place: Place
    code: tuple[str, ...]
    trace: tuple[Step, ...]
    fix: tuple[FixPlace, ...]
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """Findings that were there when somebody looked: reasons by fingerprint, perhaps empty."""

    reasons: Mapping[str, str]

    def split(self, reported: Iterable[Reported]) -> tuple[list[Reported], list[Reported]]:
        """Return the findings that are new, and those that are known."""
        new: list[Reported] = []
        known: list[Reported] = []
        for each in reported:
            (known if each.fingerprint in self.reasons else new).append(each)
        return new, known

    def write(self, reported: Iterable[Reported]) -> str:
        """Write a baseline of these findings, which keeps the reasons that are given already."""
        entries = [
            {
                "fingerprint": each.fingerprint,
                "rule": each.finding.rule,
                "path": each.finding.path,
                "code": each.code[0].strip() if each.code else "",
                "reason": self.reasons.get(each.fingerprint, ""),
            }
            for each in reported
        ]
        content = {"version": _BASELINE_FORM, "findings": entries}
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def read_baseline(text: str) -> Baseline:
    """Read what :meth:`Baseline.write` wrote.

    Raises:
        ValueError: it is something else.
    """
    match json.loads(text):
        case {"version": int(version), "findings": list(entries)} if version == _BASELINE_FORM:
            reasons: dict[str, str] = {}
            for entry in entries:
                match entry:
                    case {"fingerprint": str(fingerprint), **rest}:
                        reasons[fingerprint] = str(rest.get("reason", ""))
                    case _:
                        raise ValueError("an entry without a fingerprint")
            return Baseline(reasons)
    raise ValueError("not a baseline of this version")


def report(
    findings: Iterable[Finding], text: str, *, secrets: Iterable[Span] = ()
) -> Iterator[Reported]:
    """Say of findings in one text where they are; in their order.

    What the findings themselves or ``secrets`` call a secret is shown by none of them.
    """
    findings = [*findings]
    hidden = _Hidden(text, [*secrets, *secret_spans(findings)])
    lines = Lines(text)
    seen: Counter[str] = Counter()
    for finding in findings:
        place = lines.place(finding.span)
        code = lines.between(place.line, place.end_line)
        identity = "\0".join((finding.rule, finding.path, " ".join(" ".join(code).split())))
        seen[identity] += 1
        digest = blake2b(f"{identity}\0{seen[identity]}".encode(errors="replace"), digest_size=16)
        yield Reported(
            replace(finding, message=hidden.mask(finding.message)),
            place,
            tuple(hidden.mask(line)[:_MAX_LINE_CHARS] for line in code[:_MAX_FRAME_LINES]),
            tuple(
                Step(lines.place(step.span), hidden.mask(step.message)) for step in finding.trace
            ),
            # A fix with a hole in it would break the code.
            tuple(
                FixPlace(lines.place(edit.span), edit.text)
                for edit in finding.fix
                if hidden.mask(edit.text) == edit.text
            ),
            digest.hexdigest(),
        )


def secret_spans(findings: Iterable[Finding]) -> list[Span]:
    """Return where secrets are, as far as findings say so."""
    return [each.span for each in findings if each.category == SECRET_CATEGORY]


class _Hidden:
    """Hides the secrets of a text wherever they are quoted: a report goes where the code does not.

    The longest are hidden first, so that one inside another leaves nothing over.
    """

    def __init__(self, text: str, spans: Iterable[Span]) -> None:
        # A key may have several lines, and each of them is quoted alone.
        lines = {line for span in spans for line in text[span.start : span.end].splitlines()}
        self._secrets = sorted((each for each in lines if each.strip()), key=len, reverse=True)

    def mask(self, text: str) -> str:
        for secret in self._secrets:
            stars = "*" * max(0, len(secret) - _SHOWN_OF_SECRETS)
            text = text.replace(secret, secret[:_SHOWN_OF_SECRETS] + stars)
        return text


def touches(reported: Reported, changed: Sequence[range]) -> bool:
    """Tell whether a finding, or the way of its data, is in lines (from 1) that changed."""
    places = [reported.place, *(step.place for step in reported.trace)]
    return any(
        place.line < lines.stop and lines.start <= place.end_line
        for place in places
        for lines in changed
    )


class Lines:
    """The lines of a text, whatever ends them."""

    def __init__(self, text: str) -> None:
        self._lines = _LINE_END.split(text)
        self._starts = [0]
        for line in self._lines:
            self._starts.append(self._starts[-1] + len(line))

    def place(self, span: Span) -> Place:
        line, column = self._locate(span.start)
        end_line, end_column = self._locate(span.end)
        if end_column == 1 and end_line > line:
            # A stretch that takes a line end with it ends there, not at the line below.
            end_line -= 1
            end_column = len(self._lines[end_line - 1].rstrip("\r\n")) + 1
        return Place(line, column, end_line, end_column)

    def between(self, first: int, last: int) -> list[str]:
        """Return some lines, counted from 1, without their ends."""
        return [line.rstrip("\r\n") for line in self._lines[first - 1 : last]]

    def _locate(self, offset: int) -> tuple[int, int]:
        index = min(bisect_right(self._starts, offset) - 1, len(self._lines) - 1)
        return index + 1, offset - self._starts[index] + 1

"""Advisories in the Open Source Vulnerability format, and which versions they are about. Pure.

https://ossf.github.io/osv-schema/ says how records are read and how versions are judged.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from copilot_ls.domain import Severity
from copilot_ls.scanners.dependencies.versions import ECOSYSTEMS, package_of, version_of

_HIGH, _MEDIUM = 7.0, 4.0
_WORDS = {
    "CRITICAL": Severity.HIGH,
    "HIGH": Severity.HIGH,
    "MODERATE": Severity.MEDIUM,
    "MEDIUM": Severity.MEDIUM,
    "LOW": Severity.LOW,
}
_MAX_SUMMARY_CHARS = 200
_MAX_REFERENCES = 3
_EVENTS = ("introduced", "fixed", "last_affected", "limit")


@dataclass(frozen=True, slots=True)
class Affected:
    """Versions of one package: listed ones, and ranges of (event, version) in no order."""

    ecosystem: str
    package: str
    versions: tuple[str, ...]
    ranges: tuple[tuple[tuple[str, str], ...], ...]


@dataclass(frozen=True, slots=True)
class Advisory:
    """One published weakness of packages.

    ``aliases`` are its names in other lists; ``score`` is the CVSS base score, 0 if none is
    given.
    """

    id: str
    aliases: tuple[str, ...]
    summary: str
    severity: Severity
    score: float
    cwe: tuple[str, ...]
    references: tuple[str, ...]
    affected: tuple[Affected, ...] = ()

    @property
    def name(self) -> str:
        """The number by which most people know it."""
        names = sorted(each for each in (self.id, *self.aliases) if each.startswith("CVE-"))
        return names[0] if names else self.id


def read_advisory(record: object) -> Advisory | None:
    """Read one record; nothing if it is withdrawn, or about no package of ours.

    Raises:
        ValueError: it is no record of this format.
    """
    if not isinstance(record, dict) or not _text(record, "id"):
        raise ValueError("no OSV record: it has no id")
    if record.get("withdrawn"):
        return None
    affected = tuple(_affected(record))
    if not affected:
        return None
    details = _text(record, "summary") or _text(record, "details")
    extra = _object(record.get("database_specific"))
    severity, score = _severity(record, extra)
    addresses = [_text(each, "url") for each in _objects(record.get("references"))]
    return Advisory(
        _text(record, "id"),
        tuple(_texts(record.get("aliases"))),
        textwrap.shorten(details, _MAX_SUMMARY_CHARS, placeholder=" …"),
        severity,
        score,
        tuple(each for each in _texts(extra.get("cwe_ids")) if each.startswith("CWE-")),
        tuple(each for each in addresses if each.startswith("https://"))[:_MAX_REFERENCES],
        affected,
    )


def is_affected(affected: Affected, version: str) -> bool:
    """Tell whether a version is among those that an advisory is about.

    A version that the ecosystem cannot order is only compared with the listed ones.
    """
    if version in affected.versions:
        return True
    own = version_of(affected.ecosystem, version)
    return own is not None and (
        any(version_of(affected.ecosystem, each) == own for each in affected.versions)
        or any(_is_in_range(affected.ecosystem, events, version) for events in affected.ranges)
    )


def fixes_of(affected: Affected) -> Iterator[str]:
    """Yield the versions in which the weakness is gone."""
    for events in affected.ranges:
        for event, version in events:
            if event == "fixed":
                yield version


def _is_in_range(ecosystem: str, events: Sequence[tuple[str, str]], version: str) -> bool:
    own = version_of(ecosystem, version)
    if own is None:
        return False
    limits = [text for event, text in events if event == "limit" and text != "*"]
    if limits and not any(
        (limit := version_of(ecosystem, text)) is not None and own < limit for text in limits
    ):
        return False
    is_in = False
    for event, text in _in_order(ecosystem, events):
        at = version_of(ecosystem, text)
        if event == "introduced":
            is_in = is_in or text == "0" or (at is not None and at <= own)
        elif at is None:
            # What cannot be understood must not accuse.
            return False
        elif (event == "fixed" and at <= own) or (event == "last_affected" and at < own):
            is_in = False
    return is_in


def _in_order(ecosystem: str, events: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    ordered: list[tuple[str, str]] = []
    for event, text in events:
        if event == "limit":
            continue
        at = version_of(ecosystem, text)
        index = len(ordered)
        while index and _is_before(ecosystem, event, text, at, ordered[index - 1]):
            index -= 1
        ordered.insert(index, (event, text))
    return ordered


def _is_before(ecosystem: str, event: str, text: str, at: object, other: tuple[str, str]) -> bool:
    if text == "0" and event == "introduced":
        return True
    theirs = version_of(ecosystem, other[1])
    if at is None or theirs is None or other == ("introduced", "0"):
        return False
    # Events of one version keep their order: what is fixed may come back at once.
    return bool(at < theirs)  # type: ignore[operator]


def _affected(record: Mapping[str, object]) -> Iterator[Affected]:
    for entry in _objects(record.get("affected")):
        package = _object(entry.get("package"))
        # A suffix says which registry: `Maven:https://…`, and `Debian:12`.
        ecosystem, _, registry = _text(package, "ecosystem").partition(":")
        name = _text(package, "name")
        if ecosystem not in ECOSYSTEMS or registry or not name:
            continue
        ranges = tuple(
            tuple(_events(each))
            for each in _objects(entry.get("ranges"))
            if _text(each, "type") in {"SEMVER", "ECOSYSTEM"}
        )
        versions = tuple(_texts(entry.get("versions")))
        if ranges or versions:
            yield Affected(ecosystem, package_of(ecosystem, name), versions, ranges)


def _events(entry: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for each in _objects(entry.get("events")):
        for event in _EVENTS:
            if version := _text(each, event):
                yield event, version


def _severity(record: Mapping[str, object], extra: Mapping[str, object]) -> tuple[Severity, float]:
    vectors = [_text(each, "score") for each in _objects(record.get("severity"))]
    for entry in _objects(record.get("affected")):
        vectors += [_text(each, "score") for each in _objects(entry.get("severity"))]
    # The newest version of the standard that is given counts.
    score = next((found for each in sorted(vectors, reverse=True) if (found := _score(each))), 0.0)
    if score:
        grade = Severity.HIGH if score >= _HIGH else Severity.MEDIUM
        return (grade if score >= _MEDIUM else Severity.LOW), score
    if _text(record, "id").startswith("MAL-"):
        # A package that was made to do harm.
        return Severity.HIGH, 0.0
    return _WORDS.get(_text(extra, "severity").upper(), Severity.MEDIUM), 0.0


@lru_cache(maxsize=50_000)
def _score(vector: str) -> float:
    """The base score of a CVSS vector of version 3 or 4; 0 for anything else."""
    from cvss import CVSS3, CVSS4
    from cvss.exceptions import CVSSError

    kinds = {"CVSS:3": CVSS3, "CVSS:4": CVSS4}
    kind = kinds.get(vector[:6])
    if kind is None:
        return 0.0
    try:
        return float(kind(vector).scores()[0])
    except (CVSSError, ValueError, ArithmeticError, LookupError):
        return 0.0


def _object(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _objects(value: object) -> Iterator[Mapping[str, object]]:
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, dict))


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, str))


def _text(entry: Mapping[str, object], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""

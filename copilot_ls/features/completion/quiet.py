"""Where and when a user wants no suggestions unbidden. Pure.

A rule is a language or a pattern as in ``.gitignore``, hours, or both: ``markdown``,
``docs/**``, ``22:00-07:00``, ``*.sql 09:00-12:00``.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

import pathspec

from copilot_ls.domain import Document

_RULE = re.compile(r"(?P<where>.*?)\s*(?P<start>\d\d?:\d\d)-(?P<end>\d\d?:\d\d)\s*\Z")


def quiet_rule(rules: Sequence[str], document: Document, now: dt.time) -> str:
    """Return the rule that keeps a document quiet now, or the empty text."""
    return next((rule for rule in rules if _holds(rule.strip(), document, now)), "")


def _holds(rule: str, document: Document, now: dt.time) -> bool:
    match = _RULE.match(rule)
    where = match["where"] if match else rule
    if match is not None and not _is_within(match["start"], match["end"], now):
        return False
    if not where:
        return match is not None
    if where == document.language:
        return True
    patterns = pathspec.GitIgnoreSpec.from_lines([where])
    return bool(document.path) and patterns.match_file(document.path)


def _is_within(start: str, end: str, now: dt.time) -> bool:
    """Tell whether ``now`` is in the hours, which may reach over midnight."""
    first, last = _minutes(start), _minutes(end)
    minute = 60 * now.hour + now.minute
    return first <= minute < last if first <= last else minute >= first or minute < last


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return 60 * int(hours) + int(minutes)

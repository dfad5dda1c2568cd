"""Time and randomness held still: lines at the head of a test, and what they need to run.

A test gets the lines for what the module asks for while it runs, whatever the answer was: what is
true on a weekday is not so on Sunday. Standard library alone.
"""

from __future__ import annotations

import ast
import datetime as dt
import os
import random
import secrets
import sys
import time
import types
import uuid
from collections.abc import Sequence
from typing import Any

from .targets import References

STANDARD = ("itertools", "os", "random", "secrets", "time")
"""Modules that the lines name."""

_SEED = "random.seed(0)"
_COUNTER = "itertools.count(100.0).__next__"
_WHOLE_COUNTER = "itertools.count(100).__next__"
_REPLACED: dict[types.ModuleType, dict[str, str]] = {
    time: {
        "time": "lambda: 1_700_000_000.0",
        "time_ns": "lambda: 1_700_000_000_000_000_000",
        "monotonic": _COUNTER,
        "perf_counter": _COUNTER,
        "process_time": _COUNTER,
        "monotonic_ns": _WHOLE_COUNTER,
        "perf_counter_ns": _WHOLE_COUNTER,
        "sleep": "lambda seconds: None",
    },
    uuid: {"uuid1": "lambda: uuid.UUID(int=1)", "uuid4": "lambda: uuid.UUID(int=4)"},
    os: {"urandom": "bytes", "getpid": "lambda: 1000"},
    secrets: {
        "token_bytes": "lambda n=32: bytes(n)",
        "token_hex": "lambda n=32: '00' * n",
        "token_urlsafe": "lambda n=32: 'A' * n",
    },
}
_MOMENT = "moment = datetime.datetime(2024, 2, 29, 12, 30)"
_DATETIME = """
class FixedDatetime(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return moment.replace(tzinfo=tz)

    utcnow = today = now
"""
_DATE = """
class FixedDate(datetime.date):
    @classmethod
    def today(cls):
        return moment.date()
"""


class Freezer:
    """What can be held still for a module: ``groups`` of lines, one for each source of change."""

    def __init__(self, module: types.ModuleType, tree: ast.AST, references: References) -> None:
        self.groups = _groups_of(module, tree, references)
        self._namespace = vars(module)

    def patches(self) -> Patches:
        """For one run; see :meth:`used`."""
        return Patches(self._namespace)

    def used(self, groups: Sequence[list[str]], patches: Patches) -> list[list[str]]:
        """Those of the groups which the module asked in the run that ``patches`` was given to."""
        found: list[list[str]] = []
        n_set = 0
        for group in groups:
            if group == [_SEED]:
                is_used = random.getstate() != random.Random(0).getstate()
            else:
                is_used = n_set in patches.asked
                n_set += 1
            if is_used:
                found.append(group)
        return found


class Patches:
    """What tests use of pytest's ``monkeypatch``; :meth:`undo` brings everything back.

    ``asked`` has the numbers of the replacements that code with the globals ``namespace`` called.
    """

    def __init__(self, namespace: dict[str, Any] | None = None) -> None:
        self.asked: set[int] = set()
        self._namespace = namespace
        self._kept: list[tuple[Any, str, Any]] = []
        self._folder = ""

    def setattr(self, owner: Any, name: str, new: Any) -> None:
        number = len(self._kept)
        self._kept.append((owner, name, getattr(owner, name)))
        if self._namespace is None:
            pass
        elif isinstance(new, type) and new is not bytes:
            for method in {"now", "utcnow", "today"} & set(vars(new)):
                type.__setattr__(new, method, self._watched(number, getattr(new, method)))
        else:
            new = self._watched(number, new)
        setattr(owner, name, new)

    def chdir(self, folder: str | os.PathLike[str]) -> None:
        before = os.getcwd()
        os.chdir(folder)
        self._folder = self._folder or before

    def undo(self) -> None:
        while self._kept:
            setattr(*self._kept.pop())
        if self._folder:
            os.chdir(self._folder)
            self._folder = ""

    def _watched(self, number: int, function: Any) -> Any:
        def watched(*args: Any, **kwargs: Any) -> Any:
            if sys._getframe(1).f_globals is self._namespace:
                self.asked.add(number)
            return function(*args, **kwargs)

        return staticmethod(watched) if isinstance(function, types.MethodType) else watched


def joined(groups: Sequence[Sequence[str]]) -> list[str]:
    """The lines of several groups, each line once."""
    return list(dict.fromkeys(line for group in groups for line in group))


def _groups_of(module: types.ModuleType, tree: ast.AST, references: References) -> list[list[str]]:
    if any(references.namespace.get(kind.__name__) not in (None, kind) for kind in _REPLACED):
        # The module under test has the name of one of these.
        return []
    attributes = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    found: list[list[str]] = []
    for name, value in sorted(vars(module).items()):
        if value is random or getattr(value, "__self__", None) is _shared_random():
            found.append([_SEED])
        elif value is dt:
            found += _of_datetime("datetime", "datetime", "date", attributes)
        elif value is dt.datetime:
            found += _of_datetime(references.alias, name, None, attributes)
        elif value is dt.date:
            found += _of_datetime(references.alias, None, name, attributes)
        elif isinstance(value, types.ModuleType) and value in _REPLACED:
            for attribute, new in _REPLACED[value].items():
                if attribute in attributes:
                    found.append([_set(value.__name__, attribute, new)])
        else:
            for kind, replaced in _REPLACED.items():
                for attribute, new in replaced.items():
                    if value is getattr(kind, attribute, None) and value is not None:
                        found.append([_set(references.alias, name, new)])
    unique = {"\n".join(lines): lines for lines in found}
    return list(unique.values())


def _shared_random() -> Any:
    return getattr(random.random, "__self__", None)


def _of_datetime(
    owner: str, datetime_name: str | None, date_name: str | None, attributes: set[str]
) -> list[list[str]]:
    found = []
    if datetime_name and attributes & {"now", "utcnow", "today"}:
        found.append([_MOMENT, _DATETIME, _set(owner, datetime_name, "FixedDatetime")])
    if date_name and "today" in attributes:
        found.append([_MOMENT, _DATE, _set(owner, date_name, "FixedDate")])
    return found


def _set(owner: str, name: str, new: str) -> str:
    return f'monkeypatch.setattr({owner}, "{name}", {new})'

"""What the explorer of JavaScript answers, as plain data."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from copilot_ls.features.tests.plain import items, mapping, number
from indexer.syntax.javascript_inputs import Value

_log = logging.getLogger(__name__)
# What is written into a test as it is; the rest is quoted.
_TEXTS = {
    "constant": re.compile(r"(?:undefined|null|true|false)\Z"),
    "number": re.compile(r"-?(?:NaN|Infinity|[0-9][\w.]*(?:[+-]\d+)?|\.\d[\w.]*)\Z", re.ASCII),
    "bigint": re.compile(r"-?\w+\Z", re.ASCII),
    "regexp": re.compile(r"/(?:[^/\\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+/[a-z]*\Z"),
    "function": re.compile(r"(?:async )?(?:\([\w$, ]*\)|[\w$]+) => [^;{}`\n]{1,120}\Z"),
    "member": re.compile(r"[\w$]+\.[\w$]+\Z"),
    "instance": re.compile(r"[\w$]+\Z"),
}
# These are quoted, or made of others.
_QUOTED = frozenset({"string", "array", "object", "set", "map", "bytes", "date", "error"})
_NAME = re.compile(r"[\w$]+\Z")
_TARGET = re.compile(r"[\w$]+(?:\.[\w$]+)*\Z")


@dataclass(frozen=True, slots=True)
class Observation:
    """A result: the ``value`` itself, its ``fields``, or the ``items`` that it iterates over."""

    kind: str
    value: Value


@dataclass(frozen=True, slots=True)
class Thrown:
    """An error that somebody throws on purpose."""

    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Step:
    """A call on the object under test before the one that is looked at."""

    method: str
    args: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Case:
    """A call and what it did.

    ``path`` leads from the module's exports to what is called, or to the class whose ``method`` it
    is (``kind`` is function, method, static, getter or constructor); ``make`` are the arguments of
    the constructor, ``steps`` come before on the same object, and ``then`` are the arguments of a
    call of what the call gives. ``changed`` gives what
    arguments, by number, hold afterwards, ``self_after`` what the object holds if the call says
    nothing.
    """

    target: str
    kind: str
    path: tuple[str, ...]
    method: str = ""
    args: tuple[Value, ...] = ()
    make: tuple[Value, ...] = ()
    then: tuple[Value, ...] | None = None
    steps: tuple[Step, ...] = ()
    result: Observation | None = None
    error: Thrown | None = None
    changed: tuple[tuple[int, Value], ...] = ()
    self_after: Value | None = None
    is_async: bool = False
    goals: frozenset[int] = frozenset()
    kills: int = 0
    origin: str = "exploration"


@dataclass(frozen=True, slots=True)
class Crash:
    """A call of exactly the declared types that ended in an error of the engine."""

    case: Case
    error: str


@dataclass(frozen=True, slots=True)
class Exploration:
    """The exploration of a module in figures, with the cases that are worth a test."""

    cases: tuple[Case, ...] = ()
    crashes: tuple[Crash, ...] = ()
    n_goals: int = 0
    n_covered: int = 0
    n_mutants: int = 0
    n_killed: int = 0
    hindrance: str = ""
    node: str = ""
    ended: tuple[str, ...] = field(default=())
    problem: str = ""

    @property
    def reason(self) -> str:
        """Why there are no tests."""
        if self.problem:
            return self.problem
        hindrance = f"what is called {self.hindrance}" if self.hindrance else ""
        told = "; ".join(filter(None, [self.left_out, hindrance]))
        return told or "nothing that it does could be observed"

    @property
    def left_out(self) -> str:
        """What could not be run at all."""
        return "; ".join(f"{name} ends the process that runs it" for name in self.ended)


def read_answer(lines: Iterable[str]) -> Exploration | None:
    """Read the last answer among the lines that an explorer wrote; nothing if there is none.

    Code under test may have written there too: what is not of that shape is no answer.
    """
    for line in reversed(list(lines)):
        try:
            message = json.loads(line)
            if "error" in message:
                return Exploration(problem=str(message["error"])[:400])
            if "result" in message:
                return _exploration(mapping(message["result"]))
        except (KeyError, TypeError, ValueError, RecursionError):
            return None
    return None


def _exploration(answer: Mapping[str, object]) -> Exploration:
    return Exploration(
        cases=tuple(case for each in items(answer["tests"]) if (case := _safe_case(each))),
        crashes=tuple(
            Crash(case, str(mapping(each)["error"]))
            for each in items(answer["suspicions"])
            if (case := _safe_case({**mapping(each), "error": None}))
        ),
        n_goals=number(answer["goals"]),
        n_covered=number(answer["covered"]),
        n_mutants=number(answer["mutants"]),
        n_killed=number(answer["killed"]),
        hindrance=str(answer["hindrance"]),
        node=str(answer.get("node", ""))[:200],
    )


class _NotWritten(Exception):
    """Something that would not stand in a test as what it says it is."""


def _safe_case(entry: object) -> Case | None:
    try:
        return _case(mapping(entry))
    except _NotWritten as error:
        _log.debug("a case is left out: %s", error)
        return None


def _case(entry: Mapping[str, object]) -> Case:
    result = entry["result"]
    error = entry["error"]
    after = entry["self"]
    then = entry.get("then")
    return Case(
        target=_named(entry["target"], _TARGET),
        kind=str(entry["kind"]),
        path=tuple(_identifier(each) for each in items(entry["path"])),
        method=_identifier(entry["method"]) if entry["method"] else "",
        args=_values(entry["args"]),
        make=_values(entry["make"]),
        then=_values(then) if then is not None else None,
        steps=tuple(
            Step(_identifier(mapping(each)["method"]), _values(mapping(each)["args"]))
            for each in items(entry.get("steps", []))
        ),
        result=(
            Observation(str(mapping(result)["kind"]), _value(mapping(result)["value"]))
            if result is not None
            else None
        ),
        error=(
            Thrown(str(mapping(error)["name"]), str(mapping(error)["message"]))
            if error is not None
            else None
        ),
        changed=tuple(
            (number(mapping(each)["index"]), _value(mapping(each)["value"]))
            for each in items(entry["changed"])
        ),
        self_after=_value(after) if after is not None else None,
        is_async=bool(entry["isAsync"]),
        goals=frozenset(number(each) for each in items(entry.get("goals", []))),
        kills=number(entry.get("kills", 0)),
        origin=str(entry.get("origin", "exploration")),
    )


def _identifier(value: object) -> str:
    return _named(value, _NAME)


def _named(value: object, pattern: re.Pattern[str]) -> str:
    name = str(value)
    if not pattern.match(name):
        raise _NotWritten(f"no name: {name[:80]}")
    return name


def _values(entry: object) -> tuple[Value, ...]:
    return tuple(_value(each) for each in items(entry))


def _value(entry: object) -> Value:
    fields = mapping(entry)
    kind, text = str(fields["kind"]), str(fields.get("text", ""))
    pattern = _TEXTS.get(kind)
    if kind not in _QUOTED and (pattern is None or not pattern.match(text)):
        raise _NotWritten(f"no {kind[:80]}: {text[:80]}")
    inside = _values(fields.get("of", []))
    names = tuple(str(each) for each in items(fields.get("names", [])))
    if kind == "object" and len(names) != len(inside):
        raise _NotWritten("an object whose names and values are not as many")
    return Value(kind, text, of=inside, names=names)

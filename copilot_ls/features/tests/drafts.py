"""What the exploration found, as plain data: tests in the making, and what looks like a bug."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from copilot_ls.features.tests.plain import items, mapping, number


@dataclass(frozen=True, slots=True)
class Draft:
    """One test: ``lines`` are its statements, ``target`` the qualified name of what it exercises.

    ``error`` names the exception that it expects, if it expects one. ``goals`` are the branches it
    reaches, ``kills`` the number of faults that it alone was the first to notice. ``origin`` says
    who thought of its input; empty: the search.
    """

    target: str
    lines: tuple[str, ...]
    imports: tuple[str, ...]
    error: str = ""
    goals: frozenset[int] = frozenset()
    kills: int = 0
    seconds: float = 0.0
    origin: str = ""

    @property
    def source(self) -> str:
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class Suspicion:
    """An input that ended in an error which nobody raises on purpose: perhaps a bug."""

    target: str
    error: str
    source: str


@dataclass(frozen=True, slots=True)
class Exploration:
    """The exploration of a module in figures, with the tests that it proposes.

    ``hindrance`` says what most of the calls did of which no test can be made; ``ended`` are
    functions that ended the process which ran them.
    """

    module: str
    drafts: tuple[Draft, ...] = ()
    suspicions: tuple[Suspicion, ...] = ()
    parameters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    n_goals: int = 0
    n_covered: int = 0
    n_mutants: int = 0
    n_killed: int = 0
    n_runs: int = 0
    seconds: float = 0.0
    hindrance: str = ""
    ended: tuple[str, ...] = ()
    problem: str = ""

    @property
    def reason(self) -> str:
        """Why there are no tests."""
        if self.problem:
            return self.problem
        reasons = [f"{name} ends the process that runs it" for name in self.ended]
        if self.hindrance:
            reasons.append(f"what is called {self.hindrance}")
        return "; ".join(reasons) or "nothing that it does could be observed"

    @classmethod
    def from_answer(cls, answer: Mapping[str, object]) -> Exploration:
        """Read what ``explorer.explore`` returned.

        Raises:
            ValueError: it is not of that shape; code under test may have tampered with it.
        """
        try:
            return cls(
                module=str(answer["module"]),
                drafts=tuple(_draft(entry) for entry in _entries(answer["tests"])),
                suspicions=tuple(
                    Suspicion(str(entry["target"]), str(entry["error"]), str(entry["source"]))
                    for entry in _entries(answer["crashes"])
                ),
                parameters={
                    str(name): tuple(str(part) for part in items(parts))
                    for name, parts in mapping(answer["parameters"]).items()
                },
                n_goals=number(answer["goals"]),
                n_covered=number(answer["covered"]),
                n_mutants=number(answer["mutants"]),
                n_killed=number(answer["killed"]),
                n_runs=number(answer["runs"]),
                seconds=float(str(answer["seconds"])),
                hindrance=str(answer["hindrance"]),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"not an exploration: {error}") from error


def _draft(entry: Mapping[str, object]) -> Draft:
    return Draft(
        target=str(entry["target"]),
        lines=tuple(str(line) for line in items(entry["lines"])),
        imports=tuple(str(line) for line in items(entry["imports"])),
        error=str(entry["error"]),
        origin=str(entry["origin"]),
        goals=frozenset(number(goal) for goal in items(entry["goals"])),
        kills=number(entry["kills"]),
        seconds=float(str(entry["seconds"])),
    )


def _entries(value: object) -> list[Mapping[str, object]]:
    return [mapping(entry) for entry in items(value)]

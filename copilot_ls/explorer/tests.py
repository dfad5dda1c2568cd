"""From kept cases to finished tests: statements, assertions, and proof that both are stable."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

from .freezing import Freezer, Patches, joined
from .mutants import Mutant
from .nodes import Call, Case, Collection, Literal, Node, Raw, is_literal, literal_source
from .observing import Observer, changed_state
from .running import ENTERING, Outcome, Runner, caught_output, prelude_of, time_limit
from .search import Kept
from .targets import References, is_private_name


class Finished:
    """A test: ``lines`` are its body; it is named after ``target`` and what is expected."""

    __slots__ = (
        "cost", "error", "goals", "imports", "is_private", "kept", "kills", "lines", "owners",
        "seconds", "source", "target",
    )  # fmt: skip

    def __init__(
        self,
        kept: Kept,
        lines: Sequence[str],
        imports: Sequence[str],
        seconds: float,
        error: str = "",
    ) -> None:
        self.kept = kept
        self.cost = kept.cost
        self.target = kept.case.target
        self.lines = list(lines)
        self.imports = list(imports)
        self.goals = kept.goals
        self.seconds = seconds
        self.error = error
        self.kills: list[Mutant] = []
        self.source = "\n".join(lines)
        self.is_private = is_private_name(self.target)
        self.owners: frozenset[str] = frozenset()

    def run(self, namespace: dict[str, Any], runner: Runner) -> None:
        """Execute the test; raises what a failing test raises."""
        names = dict(namespace)
        runner.enter_folder()
        if "tmp_path" in self.source:
            runner._folder(names)
        with caught_output() as streams:
            names["capsys"] = _Capture(streams)
            names["monkeypatch"] = patches = Patches()
            surroundings = runner.surroundings()
            try:
                exec(compile(self.source, "<test>", "exec"), names)
            finally:
                patches.undo()
                surroundings.restore()


def finish(
    kept: Kept,
    runner: Runner,
    references: References,
    observer: Observer,
    is_usable: Callable[[Outcome], bool],
    freezer: Freezer,
) -> Finished | None:
    """Run a case again, twice, and keep the assertions that hold both times.

    What it asks of time and randomness is held still. Nothing is returned if the runs disagree
    even so, or nothing can be asserted.
    """

    def observed(groups: Sequence[Sequence[str]]) -> Any:
        head = joined(groups)
        first = _observe(kept.case, runner, observer, is_usable, head)
        second = _observe(kept.case, runner, observer, is_usable, head)
        if first is None or second is None or first[0] != second[0]:
            return None
        return first[0], [line for line in first[1] if line in second[1]], *first[2:]

    needed: list[list[str]] = []
    if freezer.groups:
        patches = freezer.patches()
        runner.run(kept.case, head=joined(freezer.groups), patches=patches)
        needed = freezer.used(freezer.groups, patches)
    found = observed(needed)
    if found is None:
        return None
    head, asserts, error, seconds = found
    if not any(line.startswith("assert ") for line in asserts) and not error:
        # Whoever reads it must see what is expected: a call that merely returns shows little.
        return None
    lines = [*joined(needed), *head, *asserts]
    source = "\n".join(lines)
    imports = references.statements(source)
    if "pytest." in source:
        imports.append("import pytest")
    return Finished(kept, lines, imports, seconds, error)


def _observe(
    case: Case,
    runner: Runner,
    observer: Observer,
    is_usable: Callable[[Outcome], bool],
    head: Sequence[str],
) -> Any:
    lifted = _lifted(case)
    for candidate in ([lifted] if lifted is not None else []) + [case]:
        found = _observe_one(
            candidate, runner, observer, is_usable, head, needs_change=candidate is lifted
        )
        if found is not None:
            return found
    return None


def _observe_one(
    case: Case,
    runner: Runner,
    observer: Observer,
    is_usable: Callable[[Outcome], bool],
    head: Sequence[str],
    *,
    needs_change: bool,
) -> Any:
    states: dict[str, dict[str, str]] = {}
    inputs = [name for name, _ in case.setup]

    def remember(names: dict[str, Any]) -> None:
        for name in inputs:
            states[name] = {
                **observer.state(names.get(name), name),
                **_plain(names.get(name), name),
            }

    outcome = runner.run(case, before_action=remember, head=head)
    folder = str(outcome.names.get("__folder__", ""))
    setup = [*prelude_of(case.source()), *case.lines()]
    action = outcome.wrapper.format(case.action.render()) if outcome.wrapper else ""
    if outcome.is_timeout or not outcome.is_prepared or outcome.deed or not action:
        return None
    if outcome.error is not None:
        if needs_change or not is_usable(outcome):
            return None
        expectation = observer.of_error(outcome.error, folder)
        return (
            [*setup, expectation, textwrap.indent(action, "    ")],
            _printed(outcome, observer, folder),
            type(outcome.error).__name__,
            outcome.seconds,
        )
    printed = _printed(outcome, observer, folder)
    # That something which prints returns nothing is not worth a line.
    is_said = outcome.result is None and printed
    asserts = [] if is_said else observer.of_result(outcome.result, "result", folder)
    changes: list[str] = []
    for name in inputs:
        value = outcome.names.get(name)
        after = {**observer.state(value, name), **_plain(value, name)}
        changes += changed_state(states.get(name, {}), after)
    if needs_change and not changes:
        return None
    for relative, is_folder in outcome.created:
        kind = "is_dir" if is_folder else "is_file"
        changes.append(f"assert (tmp_path / {relative!r}).{kind}()")
    asserts += [*changes, *printed]
    head = action
    if outcome.wrapper != ENTERING and any("result" in line for line in asserts):
        head = f"result = {action}"
    return [*setup, head], asserts, "", outcome.seconds


def _printed(outcome: Outcome, observer: Observer, folder: str) -> list[str]:
    """Assertions on what was printed; long texts are not repeated."""
    if observer.is_stable_text(outcome.output, folder):
        if observer.is_stable_text(outcome.errors, folder):
            return [
                "printed = capsys.readouterr()",
                f"assert printed.out == {outcome.output!r}",
                f"assert printed.err == {outcome.errors!r}",
            ]
        return [f"assert capsys.readouterr().out == {outcome.output!r}"]
    if observer.is_stable_text(outcome.errors, folder):
        return [f"assert capsys.readouterr().err == {outcome.errors!r}"]
    return []


def _plain(value: Any, name: str) -> dict[str, str]:
    if isinstance(value, (list, dict, set, bytearray)) and is_literal(value, 60):
        return {name: literal_source(value)}
    return {}


def _lifted(case: Case) -> Case | None:
    """The case with its mutable inputs under names, so that changes to them can be seen."""
    setup = list(case.setup)
    arguments: list[Node] = []
    n_lifted = 0
    for argument in case.action.arguments:
        value = argument.value if isinstance(argument, Literal) else None
        is_mutable = isinstance(value, (list, dict, set, bytearray)) or (
            isinstance(argument, Collection) and argument.kind in {"list", "dict"}
        )
        if is_mutable and n_lifted < 2:
            n_lifted += 1
            name = "given" if n_lifted == 1 else "other"
            setup.append((name, argument))
            argument = Raw(name)
        arguments.append(argument)
    if not n_lifted:
        return None
    action = Call(case.action.function, arguments, case.action.keywords)
    return case.but(action=action, setup=setup)


class Failure(AssertionError):
    """An expectation of the stand-in for pytest was not met."""


class _Raises:
    def __init__(self, kind: Any, match: str | None = None) -> None:
        self._kind = kind
        self._match = match

    def __enter__(self) -> _Raises:
        return self

    def __exit__(self, kind: Any, error: Any, _: Any) -> bool:
        if error is None:
            raise Failure("nothing was raised")
        if not isinstance(error, self._kind):
            return False
        if self._match is not None and not re.search(self._match, str(error)):
            raise Failure("another message")
        return True


class _Approx:
    def __init__(self, expected: float) -> None:
        self._expected = expected

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (int, float)):
            return NotImplemented
        return abs(other - self._expected) <= max(1e-6 * abs(self._expected), 1e-12)

    __hash__ = None  # type: ignore[assignment]


class _Capture:
    """What tests use of pytest's ``capsys``."""

    def __init__(self, streams: tuple[Any, Any]) -> None:
        self._streams = streams

    def readouterr(self) -> Any:
        output, errors = self._streams
        return SimpleNamespace(out=output.getvalue(), err=errors.getvalue())


STAND_IN = SimpleNamespace(raises=_Raises, approx=_Approx)
"""What tests use of pytest, for interpreters that have none; the same behaviour on our inputs."""


def passes(test: Finished, namespace: dict[str, Any], runner: Runner, seconds: float) -> bool:
    """Whether the test passes within its time."""
    is_done = False
    try:
        with time_limit(seconds):
            test.run(namespace, runner)
            is_done = True
    except (KeyboardInterrupt, MemoryError):
        raise
    except BaseException:
        return False
    return is_done

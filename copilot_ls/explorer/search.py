"""Looking for inputs that reach new places: an archive of the shortest case for each goal.

Cases are made at random from hints, varied, and mended where a comparison failed: an operand that
came straight from the input is replaced by what it was compared with (the idea of input-to-state
correspondence; Aschermann et al., REDQUEEN, NDSS 2019). Goals are chosen as in many-objective
search: work goes where uncovered branches are left (Arcuri, MIO, 2017).
Standard library alone.
"""

from __future__ import annotations

import inspect
import itertools
import keyword
import random
import re
import time
from collections import Counter, deque
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from functools import partial
from types import FunctionType, MethodType
from typing import Any

from . import freezing
from .hints import hints_of
from .instrument import Goal
from .loading import Subject
from .nodes import (
    Assigned,
    Call,
    Case,
    Collection,
    Entered,
    Literal,
    Node,
    Raw,
    Read,
    entering_folder,
    is_literal,
)
from .places import is_local
from .plausible import n_odd
from .pool import Pool
from .running import Outcome, Runner
from .seeding import case_of
from .targets import Definitions, References, Target, find_targets
from .values import Values
from .watching import HERE

_STANDARD_MODULES = (
    "argparse", "array", "ast", "asyncio", "collections", "dataclasses", "datetime",
    "decimal", "fractions", "io", "itertools", "json", "logging", "pathlib", "re",
    "types", "typing", "uuid",
)  # fmt: skip
_MAX_SIGNATURES = 24
_MAX_REPAIRS = 12
_MAX_FAILURES = 400
_SMALL = 60
_PAUSE = 32
_MAX_INPUT = 160
_ODD_TYPE = 40
_ODD_CHARACTER = 20
_PRIVATE = 80
_STRANGE = re.compile(r"\\[xuU]|[^\x00-\x7f]")
_PLAIN_VALUES: Sequence[Any] = ("a", 1, 0, "", True, False, None, [])
_RETURNED = "returned"
_NOTHING: Mapping[str, float] = {}


class Kept:
    """A case worth keeping: what it reaches, how it ended, and what it costs to read."""

    __slots__ = ("case", "cost", "goals", "outcome_kind")

    def __init__(self, case: Case, goals: frozenset[int], outcome_kind: str, cost: int) -> None:
        self.case = case
        self.goals = goals
        self.outcome_kind = outcome_kind
        self.cost = cost


class Search:
    """The exploration of one module; call :meth:`run` once."""

    def __init__(
        self,
        subject: Subject,
        runner: Runner,
        references: References,
        *,
        seed: int,
        seeds: Sequence[str] = (),
        wanted: Callable[[Target], bool] | None = None,
        is_usable: Callable[[Outcome], bool] = lambda _: True,
        before: Callable[[Case], None] = lambda _: None,
        between: Callable[[], None] = lambda: None,
    ) -> None:
        self._rng = random.Random(seed)
        self._subject = subject
        self._alias = references.alias
        self._runner = runner
        self._before = before
        self._between = between
        self._is_usable = is_usable
        references.add_standard((*_STANDARD_MODULES, *freezing.STANDARD))
        self._definitions = definitions = Definitions(subject.tree)
        self.targets = [
            target
            for target in find_targets(subject.module, references, definitions)
            if wanted is None or wanted(target)
        ]
        classes = [
            value
            for value in vars(subject.module).values()
            if isinstance(value, type) and value.__module__ == subject.module.__name__
        ]
        self._by_name = {target.name: target for target in self.targets}
        self._by_source = {t.source: t for t in self.targets if t.owner is None}
        self._pool = Pool(subject.tree, self._rng)
        self._values = Values(self._pool, self._rng, references, classes)
        self._values.definition_of = definitions.of
        self._values.namespace = vars(subject.module)
        self._values.alias = references.alias
        runner.namespace.update(references.namespace)
        self.archive: dict[int, Kept] = {}
        self.by_target: dict[str, dict[tuple[frozenset[int], str], list[Kept]]] = {}
        self.crashes: dict[tuple[str, str], tuple[Case, BaseException]] = {}
        self.n_runs = 0
        self.hindrances: Counter[str] = Counter()
        # Public functions come first; private ones are for what those do not reach.
        self.with_private = all(target.is_private for target in self.targets)
        self._n_tried: Counter[str] = Counter()
        self._n_useful: Counter[str] = Counter()
        self._timeouts: Counter[str] = Counter()
        self._queue: deque[Case] = deque()
        self._seen: set[str] = set()
        self._wishes: dict[str, float] = {}
        self._goals_by_owner: dict[str, list[int]] = {}
        for goal in subject.goals:
            self._goals_by_owner.setdefault(goal.owner, []).append(goal.id)
        for text in seeds:
            case = self._case_of(text, "a call in the project")
            if case is not None:
                self._queue.append(case)

    def run(self, seconds: float, *, max_idle: int, wishes: Mapping[str, float] = _NOTHING) -> None:
        """Search until time is over, or nothing new came of the last ``max_idle`` cases.

        ``wishes`` adds weight to owners of goals, by qualified name.
        """
        deadline = time.monotonic() + seconds
        self._wishes = {
            target.name: sum(
                weight
                for owner, weight in wishes.items()
                if owner == target.name
                or owner.startswith(target.name + ".")
                or target.name == owner.rpartition(".")[0]
            )
            for target in self.targets
        }
        idle = 0
        for turn in itertools.count():
            if not self.targets or time.monotonic() >= deadline or idle >= max_idle:
                return
            if turn % _PAUSE == 0:
                self._between()
            case = self._next_case()
            source = case.source()
            if source in self._seen:
                idle += 1
                continue
            if len(self._seen) > 200_000:
                self._seen.clear()
            self._seen.add(source)
            idle = 0 if self._try(case) else idle + 1

    def take(self, text: str, origin: str) -> str:
        """Try a call that was thought of while the search was under way; tells what is wrong."""
        case = self._case_of(text, origin)
        if case is None:
            return "that calls nothing which is tested here"
        outcome = self._run(case)
        self._weigh(case, outcome)
        if outcome.error is None or self._is_usable(outcome):
            return ""
        return f"{type(outcome.error).__name__}: {str(outcome.error)[:120]}"

    @property
    def open_by_owner(self) -> dict[str, int]:
        """How many goals of each function were not reached so far, where there are any."""
        covered = self.covered
        return Counter(goal.owner for goal in self.goals if goal.id not in covered)

    def minimised(
        self, kept: Kept, max_runs: int = 40, goals: frozenset[int] | None = None
    ) -> Kept:
        """A case that is easier to read and ends in the same way: fewer steps and arguments,
        plainer values. It reaches ``goals``, or all that ``kept`` does."""
        best = kept
        wanted = kept.goals if goals is None else goals
        is_better = True
        while is_better:
            is_better = False
            for candidate in self.simpler(best):
                if max_runs <= 0:
                    return best
                max_runs -= 1
                changed = self.same_but(candidate, best, wanted)
                if changed is not None:
                    best, is_better = changed, True
                    break
        return best

    def simpler(self, kept: Kept) -> Iterator[Case]:
        """Variants of a case that cost less to read."""
        return (case for case in _smaller(kept.case) if self.cost(case) < kept.cost)

    def cost(self, case: Case) -> int:
        """What it takes to read a case: its length, more for steps, for values that nobody would
        write, and for functions that are nobody's business."""
        source = case.source()
        cost = len(source) + _SMALL * len(case.steps)
        cost += _ODD_CHARACTER * min(3, len(_STRANGE.findall(source)))
        target = self._by_name.get(case.target)
        if target is not None:
            cost += _ODD_TYPE * n_odd(case.action, target.parameters, target.hints)
            cost += _PRIVATE * target.is_private
        return cost

    def smallest_crash(self, case: Case, error: BaseException, max_runs: int = 60) -> Case:
        """A shorter case with the same kind of error at the same place."""
        place = _innermost(error)
        while True:
            for candidate in _smaller(case):
                if max_runs <= 0:
                    return case
                if len(candidate.source()) >= len(case.source()):
                    continue
                max_runs -= 1
                self._before(candidate)
                found = self._runner.run(candidate).error
                if found is not None and type(found) is type(error) and _innermost(found) == place:
                    case = candidate
                    break
            else:
                return case

    def same_but(self, case: Case, kept: Kept, goals: frozenset[int]) -> Kept | None:
        """The case if it ends as ``kept`` does and reaches ``goals``."""
        self._before(case)
        self._subject.recorder.begin()
        outcome = self._runner.run(case)
        if not outcome.is_prepared or outcome.deed:
            return None
        kind = "value" if outcome.error is None else type(outcome.error).__name__
        hit = frozenset(self._subject.recorder.hit)
        is_same = not outcome.is_timeout and kind == kept.outcome_kind and hit >= goals
        if not is_same or (outcome.error is not None and not self._is_usable(outcome)):
            return None
        return Kept(case, hit, kind, self.cost(case))

    @property
    def goals(self) -> Sequence[Goal]:
        return self._subject.goals

    @property
    def covered(self) -> set[int]:
        return set(self.archive) | self._subject.hit_at_import

    # One case

    def _try(self, case: Case) -> bool:
        return self._weigh(case, self._run(case))

    def _run(self, case: Case) -> Outcome:
        self._before(case)
        self._subject.recorder.begin()
        self.n_runs += 1
        self._n_tried[case.target] += 1
        return self._runner.run(case)

    def _weigh(self, case: Case, outcome: Outcome) -> bool:
        """Learn from what was just run; tells whether it reached anything new."""
        target = case.target
        recorder = self._subject.recorder
        hit = frozenset(recorder.hit)
        compared = [each for each in recorder.compared.values() if not self._is_local(each)]
        for _, left, right in compared:
            self._pool.learn(left)
            self._pool.learn(right)
        if outcome.is_timeout:
            self._timeouts[target] += 1
            self.hindrances["takes too long, or leaves a thread running"] += 1
            return False
        if not outcome.is_prepared:
            self._queue_preparation(case)
            return False
        if outcome.deed:
            self.hindrances[outcome.deed] += 1
            if outcome.deed == HERE and not _is_elsewhere(case):
                self._queue.append(case.but(files=[entering_folder(), *case.files]))
            self._mend(case, compared)
            return False
        is_usable = outcome.error is None or self._is_usable(outcome)
        if not is_usable:
            error = outcome.error
            assert error is not None
            self.hindrances[f"ends in {type(error).__name__}: {str(error)[:60]}"] += 1
            key = (target, f"{type(error).__name__}: {str(error)[:60]}")
            if len(self.crashes) < _MAX_FAILURES:
                self.crashes.setdefault(key, (case, error))
            self._mend(case, compared)
            return False
        kind = "value" if outcome.error is None else type(outcome.error).__name__
        kept = Kept(case, hit, kind, self.cost(case))
        is_new = self._keep(kept, outcome)
        if outcome.error is None:
            self._learn(case, outcome, is_new=is_new)
        if is_new:
            self._n_useful[target] += 1
        if is_new or self._rng.random() < 0.05:
            self._mend(case, compared)
        return is_new

    def _learn(self, case: Case, outcome: Outcome, *, is_new: bool) -> None:
        """Use a result: as an input of other calls, and by calling it if it can be called."""
        result = outcome.result
        kind = type(result)
        is_function = isinstance(result, (FunctionType, MethodType, partial))
        is_own = kind.__module__ == self._subject.module.__name__ and callable(result)
        is_fit = not case.steps and outcome.wrapper == "{}"
        if (is_function or is_own) and is_fit and (is_new or self._rng.random() < 0.2):
            self._queue_call_of(result if is_function else result.__call__, case)
        if is_function:
            return
        is_plain = kind.__module__ == "builtins" or isinstance(result, type)
        if is_plain or outcome.wrapper != "{}" or case.steps or case.files:
            return
        action = _inlined(case)
        if action is not None and len(action.render()) <= _MAX_INPUT:
            self._values.learn(kind, action)

    def _queue_preparation(self, case: Case) -> None:
        """What fails before the action is a case of its own."""
        if case.setup and isinstance(case.setup[0][1], Call) and len(self._queue) < 400:
            node = case.setup[0][1]
            target = self._by_source.get(node.function)
            if target is not None:
                self._queue.append(Case(target.name, node))

    def _queue_call_of(self, function: Any, case: Case) -> None:
        if any(name == _RETURNED for name, _ in case.setup) or len(self._queue) > 400:
            return
        try:
            parameters = list(inspect.signature(function).parameters.values())
        except (TypeError, ValueError):
            return
        hints = hints_of(function, self._definitions.of(function), vars(self._subject.module))
        setup = [*case.setup, (_RETURNED, case.action)]
        for _ in range(3):
            positional, keywords = self._values.arguments(parameters, hints)
            action = Call(_RETURNED, positional, keywords)
            self._queue.append(case.but(action=action, setup=setup))

    def _keep(self, kept: Kept, outcome: Outcome) -> bool:
        is_new = False
        for goal in kept.goals:
            known = self.archive.get(goal)
            if known is None:
                is_new = True
            if known is None or _rank(kept) < _rank(known):
                self.archive[goal] = kept
        signatures = self.by_target.setdefault(kept.case.target, {})
        key = (kept.goals, kept.outcome_kind + "/" + type(outcome.result).__name__)
        group = signatures.get(key)
        if group is None:
            if len(signatures) < 6 * _MAX_SIGNATURES:
                signatures[key] = [kept]
        elif len(group) < 8:
            group.append(kept)
        elif self._rng.random() < 0.02:
            group[self._rng.randrange(len(group))] = kept
        return is_new

    def _mend(self, case: Case, compared: Sequence[tuple[str, object, object]]) -> None:
        """Queue variants in which a compared operand becomes what it was compared with."""
        n_queued = 0
        for symbol, left, right in compared:
            for old, new in _mended(symbol, left, right):
                if not is_literal(new, _SMALL):
                    continue
                changed = self._with_replaced(case, old, new)
                if changed is not None:
                    self._queue.append(changed)
                    n_queued += 1
                    if n_queued >= _MAX_REPAIRS or len(self._queue) > 400:
                        return

    def _with_replaced(self, case: Case, old: Any, new: Any) -> Case | None:
        action = self._values.replaced(case.action, old, new)
        if isinstance(action, Call):
            return case.but(action=action)
        for place, (name, node) in enumerate(case.setup):
            changed = self._values.replaced(node, old, new)
            if changed is not None:
                setup = list(case.setup)
                setup[place] = (name, changed)
                return case.but(setup=setup)
        for place, step in enumerate(case.steps):
            changed = self._values.replaced(step, old, new) if type(step) is Call else None
            if isinstance(changed, Call):
                return case.but(steps=[*case.steps[:place], changed, *case.steps[place + 1 :]])
        for place, file in enumerate(case.files):
            changed = self._values.replaced(file, old, new)
            if isinstance(changed, Call):
                return case.but(files=[*case.files[:place], changed, *case.files[place + 1 :]])
        return None

    def _is_local(self, compared: tuple[str, object, object]) -> bool:
        """Whether it has to do with where this runs, which no input must name."""
        _, left, right = compared
        return is_local(left) or is_local(right)

    # The next case

    def _next_case(self) -> Case:
        if self._queue and self._rng.random() < 0.7:
            return self._queue.popleft()
        target = self._choose_target()
        groups = self.by_target.get(target.name)
        if groups and self._rng.random() < 0.55:
            kept = self._rng.choice(self._rng.choice(list(groups.values())))
            return self._varied(kept.case, target)
        return self._fresh(target)

    def _choose_target(self) -> Target:
        weights = []
        covered = self.archive
        for target in self.targets:
            goals = self._goals_of(target)
            n_open = sum(1 for goal in goals if goal not in covered)
            tried = self._n_tried[target.name]
            weight = 0.15 + n_open / (1.0 + 0.02 * tried) + self._wishes.get(target.name, 0.0)
            if tried == 0:
                weight += 5.0
            # Each run that does not end costs as much as hundreds of others.
            weight *= 0.02 ** (self._timeouts[target.name] // 4)
            if target.is_private:
                weight *= 0.7 if self.with_private else 0.1
            weights.append(weight)
        return self._rng.choices(self.targets, weights)[0]

    def _goals_of(self, target: Target) -> list[int]:
        name = target.name
        goals = list(self._goals_by_owner.get(name, ()))
        if isinstance(target.function, type):
            goals += self._goals_by_owner.get(f"{name}.__init__", ())
            goals += self._goals_by_owner.get(f"{name}.__new__", ())
            goals += self._goals_by_owner.get(f"{name}.__post_init__", ())
        prefix = name + "."
        for owner, inner in self._goals_by_owner.items():
            if owner.startswith(prefix) and not isinstance(target.function, type):
                goals += inner
        return goals

    def _fresh(self, target: Target) -> Case:
        values = self._values
        setup: list[tuple[str, Node]] = []
        steps: list[Call] = []
        if target.owner is None:
            positional, keywords = values.arguments(target.parameters, target.hints)
            case = Case(target.name, Call(target.source, positional, keywords))
            return self._with_files(self._with_used_argument(case))
        name = _variable(target.owner.__name__, self._runner.namespace)
        setup.append((name, values.instance(target.owner)))
        if self._rng.random() < 0.45:
            siblings = [
                t for t in self.targets if t.owner is target.owner and t.parameters is not None
            ]
            for _ in range(self._rng.choice((1, 1, 2, 3))):
                sibling = self._rng.choice(siblings)
                steps.append(self._step(name, sibling))
        if target.setter is not None and self._rng.random() < 0.6:
            steps.append(self._step(name, target))
        case = Case(target.name, self._method_call(name, target), setup, steps)
        return self._with_files(self._with_used_argument(case))

    def _with_files(self, case: Case) -> Case:
        """Give a case that is about files some to find."""
        if "tmp_path" not in case.source() or self._rng.random() < 0.4:
            return case
        files = self._values.files(case.source())
        if self._rng.random() < 0.2:
            files = [entering_folder(), *files]
        return case.but(files=files)

    def _with_used_argument(self, case: Case) -> Case:
        """Do something with an object before it is handed over, at times."""
        action = case.action
        places = [
            (place, node, cls)
            for place, node in enumerate(action.arguments)
            if (cls := self._values.class_made_by(node)) is not None
        ]
        if not places or self._rng.random() < 0.4 or isinstance(action, (Read, Entered)):
            return case
        place, node, cls = self._rng.choice(places)
        name = _variable(cls.__name__, self._runner.namespace)
        if any(name == bound for bound, _ in case.setup):
            return case
        steps = list(self._uses(name, cls))
        if not steps:
            return case
        arguments = [*action.arguments[:place], Raw(name), *action.arguments[place + 1 :]]
        return case.but(
            action=Call(action.function, arguments, action.keywords),
            setup=[*case.setup, (name, node)],
            steps=[*case.steps, *steps],
        )

    def _uses(self, name: str, cls: type) -> Iterator[Call]:
        """One or two calls on an object: of what a test can call, or what is known to fill it."""
        siblings = [target for target in self.targets if target.owner is cls]
        for _ in range(self._rng.choice((1, 1, 2))):
            if siblings:
                yield self._step(name, self._rng.choice(siblings))
            elif (filled := self._values.filling(name, cls)) is not None:
                yield filled

    def _step(self, name: str, target: Target) -> Call:
        if target.setter is None:
            return self._method_call(name, target)
        value = self._values.for_hints(target.setter)
        return Assigned(f"{name}.{target.source}", [value], {})

    def _method_call(self, name: str, target: Target) -> Call:
        if target.source in {"__enter__", "__exit__"}:
            return Entered(name, [], {})
        if isinstance(getattr(target.owner, target.source, None), property):
            return Read(f"{name}.{target.source}", [], {})
        positional, keywords = self._values.arguments(target.parameters, target.hints)
        return Call(f"{name}.{target.source}", positional, keywords)

    def _varied(self, case: Case, target: Target) -> Case:
        rng = self._rng
        setup, steps, action = list(case.setup), list(case.steps), case.action
        draw = rng.random()
        if setup and draw < 0.3:
            place = rng.randrange(len(setup))
            name, node = setup[place]
            is_bare = isinstance(node, Call) and not node.arguments and not node.keywords
            if is_bare and place == 0 and target.owner is not None:
                # Anything else in its place would have other methods, if any.
                setup[place] = (name, self._values.instance(target.owner))
            else:
                setup[place] = (name, self._values.vary(node))
        elif steps and draw < 0.4:
            del steps[rng.randrange(len(steps))]
        elif target.owner is not None and setup and draw < 0.5:
            siblings = [t for t in self.targets if t.owner is target.owner]
            steps.append(self._step(setup[0][0], rng.choice(siblings)))
            steps = steps[-4:]
        elif draw < 0.65 and not isinstance(action, (Read, Entered)):
            action = self._extended(action, target)
        elif not isinstance(action, (Read, Entered)):
            action = self._varied_call(action)
        files = case.files
        if files and rng.random() < 0.4:
            files = self._values.varied_files(files)
        return case.but(action=action, setup=setup, steps=steps, files=files)

    def _varied_call(self, action: Call) -> Call:
        varied = self._values.vary(action)
        if isinstance(varied, Call) and varied.function == action.function:
            return varied
        return action

    def _extended(self, action: Call, target: Target) -> Call:
        """Give or take one argument that has a default."""
        is_own = action.function.rpartition(".")[2] == target.source.rpartition(".")[2]
        optional = [
            p for p in (target.parameters if is_own else ())
            if p.default is not p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        ]  # fmt: skip
        n_given = len(action.arguments)
        optional = [p for p in optional if target.parameters.index(p) >= n_given]
        if not optional:
            return self._varied_call(action)
        parameter = self._rng.choice(optional)
        keywords = dict(action.keywords)
        if parameter.name in keywords and self._rng.random() < 0.5:
            del keywords[parameter.name]
        elif parameter.kind is not parameter.POSITIONAL_ONLY:
            keywords[parameter.name] = self._values.for_hints(target.hints.get(parameter.name, []))
        return Call(action.function, action.arguments, keywords)

    # Seeds

    def _case_of(self, text: str, origin: str) -> Case | None:
        """The case of a call that somebody wrote, perhaps on an object that they made."""
        taken = self._runner.namespace
        case = case_of(
            text,
            self.targets,
            self._alias,
            vars(self._subject.module),
            lambda owner: _variable(owner.__name__, taken),
        )
        if case is not None:
            case.origin = origin
        return case


def _inlined(case: Case) -> Call | None:
    """The action with its instance in place of the instance's name; nothing if it has more."""
    action = case.action
    if not case.setup:
        return action
    (name, node), *rest = case.setup
    owner, _, method = action.function.partition(".")
    is_used_once = owner == name and f"{name}." not in action.render().partition("(")[2]
    if rest or not is_used_once or isinstance(action, (Read, Entered)):
        return None
    return Call(f"{node.render()}.{method}", action.arguments, action.keywords)


def _mended(symbol: str, left: Any, right: Any) -> Iterator[tuple[Any, Any]]:
    """What may be replaced by what so that a comparison ends in another way."""
    if symbol in {"in", "not in"}:
        if isinstance(right, str):
            yield from ((right, f"{right}{left}"), (left, right))
        elif isinstance(right, (tuple, list, set, frozenset, Mapping)):
            members = list(itertools.islice(right, 4))
            yield from ((left, member) for member in members)
            yield from ((member, left) for member in members[:2])
    elif symbol.isalpha():
        for part in right[:4] if isinstance(right, tuple) else (right,):
            if type(part) is type(left):
                yield left, part + left if symbol == "startswith" else left + part
                if symbol not in {"startswith", "endswith"}:
                    yield left, left + part + left
    else:
        for old, new in ((left, right), (right, left)):
            yield old, new
            if isinstance(new, (int, float)) and not isinstance(new, bool):
                yield from ((old, new + 1), (old, new - 1))


def _is_elsewhere(case: Case) -> bool:
    return bool(case.files) and case.files[0].render() == entering_folder().render()


def _innermost(error: BaseException) -> tuple[str, int]:
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if traceback is None:
        return "", 0
    return traceback.tb_frame.f_code.co_filename, traceback.tb_lineno


def _smaller(case: Case) -> Iterator[Case]:
    for place in range(len(case.steps)):
        steps = case.steps[:place] + case.steps[place + 1 :]
        yield case.but(steps=steps)
    for place in range(len(case.files)):
        yield case.but(files=case.files[:place] + case.files[place + 1 :])
    for action in _smaller_nodes(case.action):
        yield case.but(action=action)
    for place, (name, node) in enumerate(case.setup):
        for smaller in _smaller_nodes(node):
            setup = list(case.setup)
            setup[place] = (name, smaller)
            yield case.but(setup=setup)
    for place, step in enumerate(case.steps):
        for smaller in _smaller_nodes(step):
            steps = list(case.steps)
            steps[place] = smaller
            yield case.but(steps=steps)
    for place, file in enumerate(case.files):
        for smaller in _smaller_nodes(file):
            if smaller.arguments:
                yield case.but(files=[*case.files[:place], smaller, *case.files[place + 1 :]])


def _smaller_nodes(node: Any) -> Iterator[Any]:
    if isinstance(node, (Read, Entered)):
        return
    if isinstance(node, Assigned):
        for smaller in _smaller_nodes(node.arguments[0]):
            yield Assigned(node.function, [smaller], {})
    elif isinstance(node, Call):
        for name in node.keywords:
            keywords = {key: value for key, value in node.keywords.items() if key != name}
            yield Call(node.function, node.arguments, keywords)
        if node.arguments:
            yield Call(node.function, node.arguments[:-1], node.keywords)
        for place, argument in enumerate(node.arguments):
            for smaller in (*_smaller_nodes(argument), *_plain_nodes(argument)):
                arguments = list(node.arguments)
                arguments[place] = smaller
                yield Call(node.function, arguments, node.keywords)
        for name, argument in node.keywords.items():
            for smaller in (*_smaller_nodes(argument), *_plain_nodes(argument)):
                yield Call(node.function, node.arguments, {**node.keywords, name: smaller})
    elif isinstance(node, Collection) and node.items:
        for place in range(len(node.items)):
            yield Collection(node.kind, node.items[:place] + node.items[place + 1 :])
    elif isinstance(node, Literal):
        yield from (Literal(value) for value in _smaller_values(node.value))


def _plain_nodes(node: Node) -> Iterator[Node]:
    """What a reader would rather see in the place of an argument."""
    if "tmp_path" in node.render():
        # Anything else would be a path to somewhere.
        return
    if isinstance(node, Literal):
        if isinstance(node.value, str) and _STRANGE.search(repr(node.value)):
            yield Literal(re.sub(r"[^ -~\n]", "a", node.value))
        known = [value for value in _PLAIN_VALUES if type(value) is type(node.value)]
        if any(value == node.value for value in known):
            return
    yield from map(Literal, _PLAIN_VALUES)


def _smaller_values(value: Any) -> Iterator[Any]:
    kind = type(value)
    if kind in (str, bytes) and len(value) > 1:
        half = len(value) // 2
        yield from (value[:half], value[half:], value[1:], value[:-1])
    elif kind in (list, tuple) and value:
        for place in range(min(len(value), 6)):
            yield value[:place] + value[place + 1 :]
        for place in range(min(len(value), 4)):
            for smaller in _smaller_values(value[place]):
                yield kind([*value[:place], smaller, *value[place + 1 :]])
    elif kind is dict and value:
        for key in list(value)[:6]:
            yield {other: item for other, item in value.items() if other != key}


def _rank(kept: Kept) -> tuple[int, int]:
    """Smaller is better: a value tells more than an error, and a plain case more than an odd."""
    return (0 if kept.outcome_kind == "value" else 1, kept.cost)


def _variable(class_name: str, taken: Container[str]) -> str:
    """A name for an instance that hides nothing of what a test imports."""
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", class_name)
    words = words.lower().strip("_")
    for candidate in (words, f"my_{words}", f"a_{words}"):
        is_free = candidate not in taken and candidate not in _TAKEN
        if is_free and candidate.isidentifier() and not keyword.iskeyword(candidate):
            return candidate
    return "instance"


_TAKEN = frozenset(
    {
        "result",
        "returned",
        "printed",
        "class",
        "import",
        "def",
        "in",
        "is",
        "from",
        "tmp_path",
        "object",
        "type",
    }
)

"""``eval verifier``: how often is the gate right when it calls something wrong?

Two kinds of trials, both through the gate as suggestions go through it, with the statement taken
out of the document first.
*Real*: a statement as its authors wrote it is right, so whatever is called wrong is a false alarm
(worth looking at: now and then it is a real defect).
*Mutants*: the same statement with one thing made wrong. Where the definition that is meant can be
guessed, a mutant counts only if it is really wrong there: nothing is missing from a call whose
arguments are optional. The guess is that of retrieval, which shares no rules with the gate.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from copilot_ls.checks.draft import Draft, TreeMemory
from copilot_ls.checks.gate import judge
from copilot_ls.domain import Document, Edit, Severity, Verdict
from copilot_ls.errors import ConfigError
from copilot_ls.evals.cases import percentile
from copilot_ls.evals.repositories import IndexedRepository
from indexer.errors import IndexerError
from indexer.model import ParameterKind, Signature, Span, SymbolKind
from indexer.resolve.guess import ClassValue, FunctionValue, Resolver, Scope
from indexer.resolve.infer import text_of
from indexer.resolve.outline import Outline, Repository
from indexer.syntax.code import Call, Member, Name, Reading
from indexer.syntax.parse import language_of
from indexer.syntax.reading import read_uses, statements
from indexer.syntax.tree import SyntaxTree, read_tree

_LANGUAGES = frozenset({"python", "typescript", "tsx"})
_MAX_LINES = 4_000
_MAX_TRIES = 6
_PER_FILE = 12
# More arguments than any function without ``*args`` takes.
_EXTRA = "None, " * 12
_VARIADIC = {ParameterKind.VARIADIC_POSITIONAL, ParameterKind.VARIADIC_KEYWORD}
_RECEIVERS = frozenset({"self", "cls"})


@dataclass(frozen=True, slots=True)
class Mutant:
    """A text in place of a statement; ``kind`` says what was made wrong."""

    kind: str
    text: str
    is_internal: bool


@dataclass(frozen=True, slots=True)
class Trial:
    """What the gate said of one text; ``kind`` is empty for real code.

    ``is_internal`` if the definition that is meant stands in the repository itself.
    """

    repository: str
    path: str
    line: int
    text: str
    kind: str
    is_internal: bool
    rules: tuple[str, ...]
    message: str
    verdict: Verdict
    milliseconds: float
    n_uses: Mapping[str, int]


def run_verifier(
    repositories: Path,
    *,
    limit: int,
    seed: int,
    environment: str,
    on_progress: Callable[[int], None],
) -> list[Trial]:
    """Try ``limit`` statements of each repository below a folder, and a mutant of most of them.

    Raises:
        ConfigError: the folder holds no repository.
    """
    names = sorted(entry.name for entry in repositories.iterdir() if entry.is_dir())
    if not names:
        raise ConfigError(f"{repositories} holds no folder", remedy="check --repos")
    trials: list[Trial] = []
    for name in names:
        with IndexedRepository.open(repositories, name, environment=environment) as repository:
            for trial in _trials(repository, name, random.Random(seed), limit):  # noqa: S311
                trials.append(trial)
                on_progress(len(trials))
    return trials


def _trials(
    repository: IndexedRepository, name: str, rng: random.Random, limit: int
) -> Iterator[Trial]:
    paths = sorted(
        path
        for file in repository.root.rglob("*")
        if language_of(path := file.relative_to(repository.root).as_posix()) in _LANGUAGES
        and file.is_file()
        and ".d." not in file.name
    )
    rng.shuffle(paths)
    per_file = max(_PER_FILE, 2 * limit // max(1, len(paths)))
    n_tried = 0
    for path in paths:
        if n_tried >= limit:
            return
        trials = _File.open(repository, name, path)
        if trials is None:
            continue
        spans = statements(trials.tree)
        rng.shuffle(spans)
        for span in spans[: min(per_file, limit - n_tried)]:
            n_tried += 1
            yield from trials.real(span)
            yield from trials.mutated(span, rng)


@dataclass(frozen=True)
class _File:
    """One file whose statements are tried."""

    repository: IndexedRepository
    name: str
    path: str
    language: str
    text: str
    tree: SyntaxTree
    outline: Outline
    memory: TreeMemory

    @classmethod
    def open(cls, repository: IndexedRepository, name: str, path: str) -> _File | None:
        try:
            text = repository.read(path)
        except (OSError, UnicodeDecodeError):
            return None
        language = language_of(path) or ""
        outline = repository.index.consult(lambda view: view.outline(path))
        tree = read_tree(language, text) if text.count("\n") < _MAX_LINES else None
        if tree is None or tree.has_errors or outline is None:
            return None
        return cls(repository, name, path, language, text, tree, outline, TreeMemory())

    def real(self, span: Span) -> Iterator[Trial]:
        yield self._try(span, self.text[span.start : span.end], "", is_internal=True)

    def mutated(self, span: Span, rng: random.Random) -> Iterator[Trial]:
        mutants = self.repository.index.consult(partial(self._mutants, span))
        if mutants:
            mutant = rng.choice(mutants)
            yield self._try(span, mutant.text, mutant.kind, is_internal=mutant.is_internal)

    def _try(self, span: Span, text: str, kind: str, *, is_internal: bool) -> Trial:
        document = Document(
            uri=(self.repository.root / self.path).as_uri(),
            path=self.path,
            language=self.language,
            text=self.text[: span.start] + self.text[span.end :],
        )
        draft = Draft(document, Edit(Span(span.start, span.start), text), memory=self.memory)
        started = time.thread_time()
        judgement = None
        for _ in range(_MAX_TRIES):
            # Libraries are read bit by bit; what counts is what is said once they are.
            try:
                judgement = self.repository.index.consult(partial(judge, draft), about=self.path)
                break
            except IndexerError:
                started = time.thread_time()
        milliseconds = 1000 * (time.thread_time() - started)
        wrong = [f for f in judgement.findings if f.severity is Severity.HIGH] if judgement else []
        return Trial(
            repository=self.name,
            path=self.path,
            line=self.text.count("\n", 0, span.start) + 1,
            text=text,
            kind=kind,
            is_internal=is_internal,
            rules=tuple(dict.fromkeys(finding.rule for finding in wrong)),
            message=wrong[0].message if wrong else "",
            verdict=judgement.verdict if judgement else Verdict.UNCHECKED,
            milliseconds=milliseconds,
            n_uses=_count(read_uses(self.path, self.tree, span)) if not kind else {},
        )

    def _mutants(self, span: Span, view: Repository) -> list[Mutant]:
        """All that can be made wrong in a statement."""
        found: list[Mutant] = []
        reading = read_uses(self.path, self.tree, span)
        for use in reading.imports:
            if len(use.name_span) and not use.is_guarded:
                modules = Resolver(view).modules(use.entry)
                is_internal = bool(modules) and not modules[0].startswith("<")
                found += self._renamed(span, use.name_span, "import", is_internal=is_internal)
        for each in reading.uses:
            expression = each.expression
            if each.is_guarded or not _is_within(expression.span, span):
                continue
            match expression:
                case Call():
                    found += self._broken_calls(span, expression, view)
                case Member():
                    meant = self._meant(expression, view)
                    found += self._renamed(
                        span, expression.span, "member", is_internal=meant is not None
                    )
                case Name():
                    is_own = expression.text in self.outline.members.get("", {})
                    is_internal = is_own or expression.text in self.outline.imported
                    found += self._renamed(span, expression.span, "name", is_internal=is_internal)
        return found

    def _broken_calls(self, span: Span, call: Call, view: Repository) -> Iterator[Mutant]:
        arguments = call.arguments
        close = call.span.end - 1
        if not arguments.is_whole or self.text[close : close + 1] != ")":
            return
        signature = self._meant(call.function, view)
        is_internal = signature is not None
        kinds = {p.kind for p in signature.parameters} if signature is not None else set()
        inner = self.text[call.span.start + 1 : close].rstrip()
        comma = ", " if inner and not inner.endswith(",") else ""
        if ParameterKind.VARIADIC_KEYWORD not in kinds and self.language == "python":
            text = self._with(span, Span(close, close), f"{comma}unheard_of=1")
            yield Mutant("keyword", text, is_internal)
        if ParameterKind.VARIADIC_POSITIONAL not in kinds:
            start = call.span.start + 1
            yield Mutant("extra", self._with(span, Span(start, start), _EXTRA), is_internal)
        if (
            signature is not None
            and arguments.positional
            and not (arguments.has_star or arguments.has_double_star)
            and _needs(signature, len(arguments.positional), call)
        ):
            last = arguments.positional[-1]
            first = arguments.positional[-2].end if len(arguments.positional) > 1 else last.start
            end = last.end
            if first == last.start:
                rest = self.text[end:close].lstrip().removeprefix(",").lstrip()
                end = close - len(rest)
            yield Mutant("missing", self._with(span, Span(first, end), ""), is_internal)

    def _meant(self, function: object, view: Repository) -> Signature | None:
        """The signature of what is called or read, as retrieval guesses it, if it is ours."""
        text = text_of(function) if isinstance(function, Name | Member) else ""
        if not text or not isinstance(function, Name | Member):
            return None
        line = self.text.count("\n", 0, function.span.start)
        inside = [
            symbol
            for symbol in self.outline.symbols
            if symbol.kind in {SymbolKind.FUNCTION, SymbolKind.METHOD}
            and symbol.line <= line <= symbol.end_line
        ]
        around = inside[-1] if inside else None
        owner = self.outline.by_qualified_name.get(around.parent) if around is not None else None
        lines = self.text.splitlines()[around.line if around is not None else 0 : line]
        scope = Scope.above(lines, outline=self.outline, function=around, owner=owner)
        resolver = Resolver(view)
        value = resolver.value_of(text, scope)
        match value:
            case FunctionValue(outline, symbol) if not outline.path.startswith("<"):
                return symbol.signature
            case ClassValue(outline, symbol) if not outline.path.startswith("<"):
                made = outline.member(symbol.qualified_name, "__init__") or outline.member(
                    symbol.qualified_name, "constructor"
                )
                return made.signature if made is not None and made.signature else Signature()
            case _:
                return None

    def _renamed(self, span: Span, name: Span, kind: str, *, is_internal: bool) -> Iterator[Mutant]:
        wrong = f"{self.text[name.start : name.end]}_or_not"
        yield Mutant(kind, self._with(span, name, wrong), is_internal)

    def _with(self, span: Span, part: Span, text: str) -> str:
        return self.text[span.start : part.start] + text + self.text[part.end : span.end]


def _is_within(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _needs(signature: Signature, n_given: int, call: Call) -> bool:
    """Whether a call needs the last of its positional arguments."""
    parameters = [p for p in signature.parameters if p.name not in _RECEIVERS]
    keywords = {keyword.name for keyword in call.arguments.keywords}
    if len(parameters) < n_given or any(p.kind in _VARIADIC for p in parameters[:n_given]):
        return False
    last = parameters[n_given - 1]
    return not last.optional and last.name not in keywords


def _count(reading: Reading) -> dict[str, int]:
    counts: Counter[str] = Counter(type(use.expression).__name__ for use in reading.uses)
    return {
        "calls": counts["Call"],
        "members": counts["Member"],
        "names": counts["Name"],
        "imports": len(reading.imports),
    }


def summarise(trials: Sequence[Trial], *, share: float) -> dict[str, object]:
    """Return the figures; ``share`` is how many suggestions of a hundred would be wrong.

    ``precision`` is what that mix of the real statements and the internal mutants gives.
    """
    real = [trial for trial in trials if not trial.kind]
    mutants = [trial for trial in trials if trial.kind]
    alarms = [trial for trial in real if trial.rules]
    internal = [trial for trial in mutants if trial.is_internal]
    false_rate = len(alarms) / len(real) if real else 0.0
    recall = sum(1 for trial in internal if trial.rules) / len(internal) if internal else 0.0
    said = share * recall + (1 - share) * false_rate
    uses = {
        name: sum(trial.n_uses.get(name, 0) for trial in real)
        for name in ("calls", "members", "names", "imports")
    }
    n_uses = sum(uses.values())
    return {
        "precision": share * recall / said if said else 1.0,
        "false_alarms_per_1000_statements": 1000 * false_rate,
        "false_alarms_per_1000_calls": 1000 * len(alarms) / max(1, uses["calls"]),
        "recall": recall,
        "n_statements": len(real),
        "n_uses": n_uses,
        "n_mutants": len(mutants),
        "share": share,
        "uses": uses,
        "false_alarms": dict(Counter(rule for trial in alarms for rule in trial.rules)),
        "milliseconds": {
            f"p{percent}": percentile((trial.milliseconds for trial in real), percent)
            for percent in (50, 95)
        },
        "by": {
            "mutant": {
                kind: _recall([trial for trial in mutants if trial.kind == kind])
                for kind in sorted({trial.kind for trial in mutants})
            },
            "repository": {
                name: {
                    **_recall([t for t in mutants if t.repository == name]),
                    "statements": sum(1 for t in real if t.repository == name),
                    "alarms": sum(1 for t in alarms if t.repository == name),
                }
                for name in sorted({trial.repository for trial in trials})
            },
        },
    }


def _recall(mutants: Sequence[Trial]) -> dict[str, object]:
    internal = [trial for trial in mutants if trial.is_internal]
    return {
        "n": len(mutants),
        "recall": _share(mutants),
        "n_internal": len(internal),
        "recall_internal": _share(internal),
    }


def _share(mutants: Sequence[Trial]) -> float:
    return sum(1 for trial in mutants if trial.rules) / len(mutants) if mutants else 0.0

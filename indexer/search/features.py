"""What the ranker knows of each candidate: one row of numbers, in a fixed order. Pure.

Most are shares from 0 to 1. Rows are made by plain comparison of words and names; whatever asks
the index was asked before.
"""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from indexer.model import CALLABLE_KINDS, ParameterKind, Symbol, SymbolKind
from indexer.resolve.guess import AnnotatedValue, ClassValue, FunctionValue, Resolver, Value
from indexer.resolve.text import split_generic
from indexer.search.candidates import SIGNALS, Candidates, Key
from indexer.search.corpus import Corpus
from indexer.search.cursor import Cursor, Role
from indexer.search.surroundings import Surroundings
from indexer.search.terms import (
    WORD,
    beginnings,
    name_parts,
    name_stems,
    shared,
    stems_of,
)

_DATA_KINDS = frozenset({SymbolKind.FIELD, SymbolKind.PROPERTY, SymbolKind.ENUM_MEMBER})
_VALUE_KINDS = frozenset({SymbolKind.CONSTANT, SymbolKind.VARIABLE})
_TYPE_KINDS = frozenset({SymbolKind.INTERFACE, SymbolKind.ENUM, SymbolKind.TYPE_ALIAS})
_MODULE_LEVEL_KINDS = frozenset(
    {
        SymbolKind.CLASS,
        SymbolKind.FUNCTION,
        SymbolKind.INTERFACE,
        SymbolKind.ENUM,
        SymbolKind.CONSTANT,
        SymbolKind.VARIABLE,
        SymbolKind.TYPE_ALIAS,
    }
)
_ERROR_ENDINGS = ("Error", "Exception", "Warning", "Exceeded")
_PREDICATE = re.compile(r"_*(is|has|can|should|was|needs|supports|contains|exists)(_|[A-Z])")
_RECEIVERS = frozenset({"self", "cls", "this"})
_WRAPPING = frozenset(
    [
        "Optional",
        "Union",
        "list",
        "List",
        "Sequence",
        "Iterable",
        "Iterator",
        "tuple",
        "Tuple",
        "dict",
        "Dict",
        "Mapping",
        "set",
        "Set",
        "Awaitable",
        "Coroutine",
        "Promise",
        "Generator",
        "AsyncIterator",
        "AsyncGenerator",
        "type",
        "Type",
        "None",
        "Any",
        "str",
        "int",
        "float",
        "bool",
        "bytes",
        "object",
        "Literal",
        "Annotated",
        "Final",
        "ClassVar",
        "typing",
        "t",
    ]
)
_TEST_PATH = re.compile(
    r"(^|/)(tests?|testing|__tests__|spec)/|(^|/)(test_|conftest)|_test\.|\.(test|spec)\."
)
_NEAR_LINES = 3
_MAX_REQUIRED = 6
_LINE_DECAY = 0.9

_OF_PLACE = (
    "is_class",
    "is_function",
    "is_method",
    "is_data",
    "is_value",
    "is_type",
    "is_private",
    "is_dunder",
    "is_abstract",
    "is_async",
    "needs_instance",
    "n_required",
    "is_test",
    "is_same_folder",
    "path_distance",
    "is_unused_import",
    "unused_import_share",
    "is_used_import",
    "is_only_mentioned",
    "mentions",
    "calls",
    "is_called_above",
    "is_mentioned_above",
    "is_called_below",
    "is_mentioned_below",
    "is_like_function",
    "is_owner_mentioned",
    "is_owner_above",
    "unbound_says_name",
    "name_says_unbound",
    "unbound_says_type",
    "path_says_name",
    "class_says_name",
    "path_says_path",
    "arguments_in_scope",
    "argument_is_fresh",
    "argument_types_in_scope",
    "nearby_says_name",
    "window_says_name",
    "intent_says_name",
    "comment_says_name",
    "nearby_says_owner",
    "n_references",
    "n_definitions",
    "references_per_definition",
    "via_nearness",
    "is_via_fresh",
    "is_via_self",
    "is_via_parameter",
)
_OF_CURSOR = (
    "is_raised_error",
    "is_other_error",
    "is_predicate_asked",
    "is_awaited_async",
    "is_awaited_sync",
    "target_says_name",
    "name_says_target",
    "target_says_type",
    "line_says_name",
    "makes_expected",
    "misfit",
)
FEATURES: tuple[str, ...] = (*SIGNALS, *_OF_PLACE, *_OF_CURSOR)


def rows_of(
    found: Candidates,
    keys: Sequence[Key],
    *,
    described: Described,
    cursor: Cursor,
    receiver: Value | None,
    resolver: Resolver,
    corpus: Corpus,
    facts: dict[Key, Facts],
) -> list[list[float]]:
    """One row of ``FEATURES`` for each of ``keys``.

    ``described`` keeps what does not depend on the cursor's line, ``facts`` what does not depend
    on the question at all.
    """
    new = [key for key in keys if key not in described.rows]
    counts = corpus.name_counts({found.symbols[key].name for key in new})
    for key in new:
        symbol = found.symbols[key]
        known = facts.get(key)
        if known is None or known.symbol is not symbol:
            facts[key] = Facts.of(symbol)
    unused = {key for key in new if described.is_unused_import(found, key)}
    described.n_unused += len(unused)
    for key in new:
        described.describe(
            facts[key],
            found.values[key],
            found.via.get(key, ""),
            is_unused=key in unused,
            counts=counts.get(key[1].rpartition(".")[2], (0, 1)),
        )
    line = _Line(cursor, described.place, receiver, resolver)
    rows = []
    for key in keys:
        values = found.values[key]
        rows.append(
            [
                *[values.get(signal, 0.0) for signal in SIGNALS],
                *described.rows[key],
                *line.row(facts[key], values),
            ]
        )
    return rows


@dataclass(frozen=True, slots=True)
class Facts:
    """What can be said of a symbol whatever the question is."""

    symbol: Symbol
    owner: str
    folder: str
    path_stems: frozenset[str]
    stems: frozenset[str]
    short: frozenset[str]
    owner_stems: frozenset[str]
    made: frozenset[str]
    made_stems: frozenset[str]
    required: tuple[tuple[str, str, frozenset[str]], ...]
    is_top_level: bool
    is_callable: bool
    is_test: bool
    needs_instance: bool
    is_error: bool
    is_predicate: bool
    columns: tuple[float, ...]

    @classmethod
    def of(cls, symbol: Symbol) -> Facts:
        made = _made_names(symbol)
        owner = symbol.parent.rpartition(".")[2]
        required = _required(symbol)
        needs_instance = _needs_instance(symbol)
        return cls(
            symbol=symbol,
            owner=owner,
            folder=posixpath.dirname(symbol.path),
            path_stems=stems_of(_named_parts(symbol.path)),
            stems=name_stems(symbol.name),
            short=name_stems(symbol.name) | beginnings(name_stems(symbol.name)),
            owner_stems=name_stems(owner) if owner else frozenset(),
            made=made,
            made_stems=name_stems(min(made)) if len(made) == 1 else frozenset(),
            required=required,
            is_top_level=not owner and symbol.kind in _MODULE_LEVEL_KINDS,
            is_callable=symbol.kind in CALLABLE_KINDS,
            is_test=is_test_path(symbol.path),
            needs_instance=needs_instance,
            is_error=symbol.name.endswith(_ERROR_ENDINGS),
            is_predicate=_PREDICATE.match(symbol.name) is not None,
            columns=(
                float(symbol.kind is SymbolKind.CLASS),
                float(symbol.kind is SymbolKind.FUNCTION),
                float(symbol.kind is SymbolKind.METHOD),
                float(symbol.kind in _DATA_KINDS),
                float(symbol.kind in _VALUE_KINDS),
                float(symbol.kind in _TYPE_KINDS),
                float(not symbol.is_public),
                float(symbol.name.startswith("__") or symbol.name == "constructor"),
                float(_is_abstract(symbol)),
                float(symbol.is_async),
                float(needs_instance),
                min(1.0, len(required) / _MAX_REQUIRED),
            ),
        )


class Described:
    """What the document says of each candidate, whatever is typed on the cursor's line."""

    def __init__(self, place: Surroundings) -> None:
        self.place = place
        self.rows: dict[Key, list[float]] = {}
        self.n_unused = 0
        function, owner = place.scope.function, place.scope.owner
        self._folder = posixpath.dirname(place.path)
        self._is_test = is_test_path(place.path)
        self._path = stems_of(_named_parts(place.path))
        self._class = name_stems(owner.name) if owner is not None else frozenset()
        self._unbound = stems_of(" ".join(place.unbound))
        self._unbound_short = self._unbound | beginnings(self._unbound)
        self._function = function.name if function is not None else ""
        self._window = _window_stems(place)
        self._nearby = stems_of("\n".join(place.body[-_NEAR_LINES:]))
        self._variables = frozenset(place.variables) - _RECEIVERS
        self._variable_ends = _last_parts(self._variables)
        self._fresh = frozenset(
            name
            for name, variable in place.variables.items()
            if variable.n_uses == 0 and variable.age < 2 * _NEAR_LINES
        )
        self._fresh_ends = _last_parts(self._fresh)
        self._types = _types_in_scope(place)
        self._import_words = _import_words(place)
        signature = function.signature if function is not None else None
        parameters = signature.parameters if signature is not None else ()
        self._parameters = frozenset(parameter.name for parameter in parameters) - _RECEIVERS

    def is_unused_import(self, found: Candidates, key: Key) -> bool:
        """Whether it is imported by name and stands nowhere else in the document."""
        if "imported" not in found.values[key]:
            return False
        name = found.via.get(key) or found.symbols[key].name
        return self.place.mentions.get(name, 0) <= self._import_words.get(name, 0)

    def describe(
        self,
        facts: Facts,
        values: Mapping[str, float],
        via: str,
        *,
        is_unused: bool,
        counts: tuple[int, int],
    ) -> None:
        """Keep the row of one candidate."""
        place, symbol = self.place, facts.symbol
        is_imported = "imported" in values
        bound = via if is_imported and via else symbol.name
        n_mentions = max(0, place.mentions.get(bound, 0) - self._import_words.get(bound, 0))
        n_calls = place.calls.get(bound, 0)
        n_references, n_definitions = counts
        required = facts.required
        n_in_scope = n_typed = 0
        is_fresh = False
        for name, end, types in required:
            if name in self._variables or end in self._variable_ends:
                n_in_scope += 1
                is_fresh = is_fresh or name in self._fresh or end in self._fresh_ends
            if types and not self._types.isdisjoint(types):
                n_typed += 1
        root = via.removeprefix("self.").partition(".")[0]
        variable = place.variables.get(root)
        owner, stems = facts.owner, facts.stems
        self.rows[symbol.path, symbol.qualified_name] = [
            *facts.columns,
            float(facts.is_test and not self._is_test),
            float(facts.folder == self._folder),
            _distance(self._folder, facts.folder),
            float(is_unused),
            1.0 / self.n_unused if is_unused else 0.0,
            float(is_imported and not is_unused),
            float(n_mentions > 0 and n_calls == 0),
            min(1.0, math.log1p(n_mentions) / 3.0),
            min(1.0, math.log1p(n_calls) / 3.0),
            float(bound in place.called_above),
            float(bound in place.mentions_above),
            float(bound in place.called_below),
            float(bound in place.mentions_below),
            float(symbol.name == self._function),
            float(bool(owner) and owner in place.mentions),
            float(bool(owner) and owner in place.mentions_above),
            shared(stems, self._unbound_short),
            shared(self._unbound, facts.short),
            shared(facts.made_stems, self._unbound_short),
            shared(stems, self._path),
            shared(stems, self._class),
            shared(facts.path_stems, self._path),
            n_in_scope / len(required) if required else 0.0,
            float(is_fresh),
            n_typed / len(required) if required else 0.0,
            shared(stems, self._nearby),
            sum(self._window.get(stem, 0.0) for stem in stems) / len(stems) if stems else 0.0,
            shared(stems, place.intent),
            shared(stems, place.comment),
            shared(facts.owner_stems, self._nearby),
            min(1.0, math.log1p(n_references) / 6.0),
            min(1.0, math.log1p(n_definitions) / 4.0),
            min(1.0, math.log1p(n_references / max(1, n_definitions)) / 4.0),
            1.0 / (1.0 + variable.age) if variable is not None else 0.0,
            float(variable is not None and variable.n_uses == 0),
            float(via.startswith(("self.", "this.")) or via in _RECEIVERS),
            float(root in self._parameters),
        ]


class _Line:
    """What the cursor's line says of each candidate."""

    def __init__(
        self, cursor: Cursor, place: Surroundings, receiver: Value | None, resolver: Resolver
    ) -> None:
        self._is_member = cursor.is_member
        self._is_line_start = cursor.is_line_start
        self._is_raised = cursor.role is Role.RAISED
        self._is_condition = cursor.role is Role.CONDITION
        self._is_awaited = cursor.is_awaited
        self._is_class_object = isinstance(receiver, ClassValue) and not receiver.is_instance
        parameter, expected = _expected(cursor, place, resolver)
        self._target = stems_of(f"{cursor.target} {parameter}")
        self._target_short = self._target | beginnings(self._target)
        self._typed = stems_of(cursor.typed) - stems_of(cursor.receiver)
        self._expected = _type_names(expected)

    def row(self, facts: Facts, values: Mapping[str, float]) -> tuple[float, ...]:
        if "receiver" in values:
            fits = not (self._is_class_object and facts.needs_instance)
        elif self._is_member:
            fits = not facts.is_top_level
        else:
            fits = (
                facts.is_top_level or self._is_line_start or "scope" in values or "habit" in values
            )
        stems = facts.stems
        return (
            float(facts.is_error and self._is_raised),
            float(facts.is_error and not self._is_raised),
            float(facts.is_predicate and self._is_condition),
            float(facts.symbol.is_async and self._is_awaited),
            float(self._is_awaited and facts.is_callable and not facts.symbol.is_async),
            shared(stems, self._target_short),
            shared(self._target, facts.short),
            shared(facts.made_stems, self._target_short),
            shared(stems, self._typed),
            float(not self._expected.isdisjoint(facts.made)),
            float(not fits),
        )


def _last_parts(names: Iterable[str]) -> frozenset[str]:
    return frozenset(parts[-1] for name in names if (parts := name_parts(name)))


def _expected(cursor: Cursor, place: Surroundings, resolver: Resolver) -> tuple[str, str]:
    """The name of the parameter and the type that the expression at the cursor is for."""
    if cursor.annotation:
        return "", cursor.annotation
    function = place.scope.function
    returns = function.signature.returns or "" if function and function.signature else ""
    if function is not None and cursor.role is Role.RETURNED:
        return function.name, returns
    if cursor.role is Role.VALUE and cursor.target:
        return "", _type_of_target(cursor.target, place, returns, resolver)
    if cursor.role is not Role.ARGUMENT or not cursor.callee:
        return "", ""
    value = resolver.value_of(cursor.callee, place.scope)
    called = None
    if isinstance(value, FunctionValue):
        called = value.symbol
    elif isinstance(value, ClassValue) and not value.is_instance:
        parent = value.symbol.qualified_name
        called = value.outline.member(parent, "__init__") or value.outline.member(
            parent, "constructor"
        )
    if called is None or called.signature is None:
        return "", ""
    parameters = [p for p in called.signature.parameters if p.name not in _RECEIVERS]
    for number, parameter in enumerate(parameters):
        if parameter.name == cursor.target or (not cursor.target and number == cursor.n_arguments):
            return parameter.name, parameter.annotation or ""
    return "", ""


def _type_of_target(target: str, place: Surroundings, returns: str, resolver: Resolver) -> str:
    """The declared type of what is assigned to, or the one that the function returns it as."""
    if target in place.returned and returns:
        head, parts = split_generic(returns)
        if len(place.returned) == 1:
            return returns
        if head.rpartition(".")[2].lower() == "tuple" and len(parts) == len(place.returned):
            return parts[place.returned.index(target)]
    value = resolver.value_of(target, place.scope)
    if isinstance(value, AnnotatedValue):
        return value.annotation
    return value.symbol.name if isinstance(value, ClassValue) and value.is_instance else ""


def _window_stems(place: Surroundings) -> dict[str, float]:
    """How near above the cursor a word was said last: 1 just above, less with each line."""
    found: dict[str, float] = {}
    for distance, line in enumerate(reversed(place.nearby)):
        for stem in stems_of(line):
            found.setdefault(stem, _LINE_DECAY**distance)
    return found


def _types_in_scope(place: Surroundings) -> frozenset[str]:
    texts: list[str] = []
    function = place.scope.function
    if function is not None and function.signature is not None:
        texts += [p.annotation for p in function.signature.parameters if p.annotation]
    for bound in place.scope.bindings.values():
        texts += [text for kind, text, _ in bound if kind != "element"]
    words = frozenset(word for text in texts for word in WORD.findall(text))
    return frozenset(word for word in words if word[:1].isupper()) - _WRAPPING


def _import_words(place: Surroundings) -> dict[str, int]:
    """How often a name is mentioned by import statements alone."""
    counts: dict[str, int] = {}
    seen: set[tuple[int, str]] = set()
    for entry in place.outline.imports:
        words = [entry.name, entry.alias]
        if (entry.line, entry.module) not in seen:
            seen.add((entry.line, entry.module))
            words += WORD.findall(entry.module)
        for word in words:
            if word:
                counts[word] = counts.get(word, 0) + 1
    return counts


@lru_cache(maxsize=50_000)
def _required_of(
    parameters: tuple[tuple[str, str], ...],
) -> tuple[tuple[str, str, frozenset[str]], ...]:
    return tuple(
        (name, (name_parts(name) or ("",))[-1], frozenset(WORD.findall(annotation)) - _WRAPPING)
        for name, annotation in parameters
    )


def _required(symbol: Symbol) -> tuple[tuple[str, str, frozenset[str]], ...]:
    """The parameters that a call has to give: name, last word of the name, names of its type."""
    if symbol.signature is None:
        return ()
    return _required_of(
        tuple(
            (p.name, p.annotation or "")
            for p in symbol.signature.parameters
            if not p.optional
            and p.default is None
            and p.name not in _RECEIVERS
            and p.kind not in {ParameterKind.VARIADIC_KEYWORD, ParameterKind.VARIADIC_POSITIONAL}
        )[:_MAX_REQUIRED]
    )


@lru_cache(maxsize=20_000)
def _type_names(annotation: str) -> frozenset[str]:
    return frozenset(WORD.findall(annotation)) - _WRAPPING


def _made_names(symbol: Symbol) -> frozenset[str]:
    """The names of what a use of the symbol gives."""
    if symbol.kind in {SymbolKind.CLASS, SymbolKind.ENUM, SymbolKind.INTERFACE}:
        return frozenset({symbol.name})
    if symbol.signature is not None and symbol.signature.returns:
        return _type_names(symbol.signature.returns)
    return _type_names(symbol.annotation) if symbol.annotation else frozenset()


def _is_abstract(symbol: Symbol) -> bool:
    return any(base.rpartition(".")[2] in {"ABC", "Protocol"} for base in symbol.bases) or any(
        "abstractmethod" in decorator for decorator in symbol.decorators
    )


def _needs_instance(symbol: Symbol) -> bool:
    if symbol.kind not in {SymbolKind.METHOD, SymbolKind.FIELD, SymbolKind.PROPERTY}:
        return False
    return not (
        any(d.rpartition(".")[2] in {"classmethod", "staticmethod"} for d in symbol.decorators)
        or symbol.stub.lstrip().startswith("static ")
    )


@lru_cache(maxsize=20_000)
def _named_parts(path: str) -> str:
    """The last folder and the name of a file, in which a part of the domain is named."""
    return " ".join(path.rpartition(".")[0].split("/")[-2:])


@lru_cache(maxsize=20_000)
def is_test_path(path: str) -> bool:
    return _TEST_PATH.search(path) is not None


@lru_cache(maxsize=50_000)
def _distance(one: str, other: str) -> float:
    """0 in the same folder, growing with the steps between two folders, below 1."""
    first, second = one.split("/"), other.split("/")
    shared = 0
    for ours, theirs in zip(first, second, strict=False):
        if ours != theirs:
            break
        shared += 1
    steps = len(first) + len(second) - 2 * shared
    return steps / (2.0 + steps)

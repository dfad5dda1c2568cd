"""Which definitions of other files may be needed at a cursor, and which signal says so.

Each signal is a function that notes candidates with a value from 0 to 1. None of them decides;
that is the ranker's business. Facts come from a :class:`~indexer.search.corpus.Corpus`.
"""

from __future__ import annotations

import builtins
import heapq
import math
import posixpath
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from indexer.model import Import, Symbol, SymbolKind
from indexer.resolve.guess import ModuleValue, Resolver, Value
from indexer.resolve.names import Found
from indexer.search.corpus import Corpus, Use
from indexer.search.cursor import Cursor
from indexer.search.surroundings import Surroundings
from indexer.search.terms import WORD, name_parts, parts_of

SIGNALS = (
    "receiver",
    "imported",
    "module_member",
    "imported_member",
    "sibling",
    "scope",
    "scope_far",
    "habit",
    "lexical",
    "target_name",
    "neighbours",
    "after",
    "after_same",
    "namesake",
    "folder",
    "tested",
    "used_on",
    "class_named",
    "prefix",
)
"""The signals by name; ``eval retrieval --without NAME`` leaves one out."""

MAX_TERMS = 8
MIN_TERMS = 3
# A term in more definitions than this costs more to look up than it tells.
COMMON = 400
_N_LEXICAL = 60
_N_TARGET = 20
_N_NEIGHBOURS = 20
_N_NOTED = 50
# Shorter beginnings are those of too many names to look up, and what is near was noted already.
_MIN_PREFIX = 2
_MAX_IMPORTED_MEMBERS = 60
_MAX_NAMESAKES = 12
_MAX_DEFINITIONS = 8
_MAX_VARIABLES = 8
_MAX_EXPRESSIONS = 60
_MAX_FAR = 24
_SELVES = frozenset({"self", "cls", "this", "super"})
_REACHED = frozenset({SymbolKind.FIELD, SymbolKind.PROPERTY})
# Methods of built-in types: a call of one on an unknown object is seldom one of the repository's.
_BUILT_IN_METHODS = frozenset(
    name for kind in (dict, list, str, set, bytes, int) for name in dir(kind)
) | frozenset({"map", "filter", "push", "then", "forEach", "read", "write", "close", "put"})
_BUILT_IN_NAMES = frozenset(dir(builtins))
_CALLABLE = frozenset({SymbolKind.FUNCTION, SymbolKind.METHOD})
_CONSTRUCTORS = frozenset({"__init__", "constructor", "__post_init__"})
_TEST_FILE = re.compile(
    r"^test_(?P<a>\w+)\.py$|^(?P<b>\w+)_test\.\w+$|^(?P<c>[\w.-]+)\.(?:test|spec)\.\w+$"
)
_IMPORT_LINE = re.compile(r"^\s*from\s+(\.*)([\w.]*)\s+import\s+\(?(?P<names>[\w\s,]*)$")

Key = tuple[str, str]
"""Path and qualified name: what makes a candidate one candidate."""


@dataclass
class Candidates:
    """Definitions with the values that each signal gave them.

    ``via`` is the variable in scope or the import that leads to it; ``shared`` are those whose
    values belong to the collection that this is a copy of. ``is_closed`` says that nothing but
    those with signal ``receiver`` can stand at the cursor.
    """

    symbols: dict[Key, Symbol] = field(default_factory=dict)
    values: dict[Key, dict[str, float]] = field(default_factory=dict)
    via: dict[Key, str] = field(default_factory=dict)
    shared: set[Key] = field(default_factory=set)
    is_closed: bool = False

    def note(self, signal: str, symbol: Symbol, value: float) -> Key:
        key = (symbol.path, symbol.qualified_name)
        values = self.values.get(key)
        if values is None:
            self.symbols[key] = symbol
            self.values[key] = {signal: value}
        elif values.get(signal, 0.0) < value:
            if key in self.shared:
                self.shared.discard(key)
                values = self.values[key] = dict(values)
            values[signal] = value
        return key

    def copy(self) -> Candidates:
        """Another collection to note in; what is not changed there stays common."""
        return Candidates(dict(self.symbols), dict(self.values), dict(self.via), set(self.values))


class Finder:
    """Asks the corpus for candidates; ``memory`` keeps answers for one generation of the index."""

    def __init__(
        self,
        corpus: Corpus,
        resolver: Resolver,
        memory: dict[tuple[str, ...], Sequence[Symbol]],
        *,
        without: frozenset[str] = frozenset(),
    ) -> None:
        self._corpus = corpus
        self._resolver = resolver
        self._memory = memory
        self._without = without

    def around(self, place: Surroundings) -> Candidates:
        """What the document says, whatever is typed on the cursor's line."""
        found = Candidates()
        terms = self._telling(place.window)
        self._imported(found, place)
        self._scope(found, place)
        self._habit(found, place)
        self._lexical(found, place, terms)
        self._neighbours(found, place, terms)
        self._after(found, place, place.called_above)
        self._namesakes(found, place)
        self._folder(found, place)
        self._tested(found, place)
        return found

    def at(self, found: Candidates, cursor: Cursor, place: Surroundings) -> Value | None:
        """Add what the cursor's line says; returns the receiver if its members are known."""
        receiver = None
        if cursor.receiver:
            receiver = self._resolver.value_of(cursor.receiver, place.scope)
            if receiver is not None and not self._members(found, "receiver", receiver, place):
                receiver = None
            found.is_closed = receiver is not None and self._are_all_elsewhere(receiver, place)
            self._by_receiver_name(found, cursor.receiver, place, is_known=receiver is not None)
        words = parts_of(f"{cursor.target} {cursor.word}")
        self._target_name(found, words, place)
        typed = list(re.findall(r"(\w+)\s*\(", cursor.typed))[-2:]
        if typed:
            self._after(found, place, typed[::-1])
        if len(cursor.word) >= _MIN_PREFIX and self._wants("prefix"):
            for symbol in self._corpus.symbols_starting(cursor.word):
                self._note(found, "prefix", symbol, 1.0, place)
        return receiver

    def on_import_line(self, path: str, typed: str) -> Candidates | None:
        """On ``from x import …``: the names of that module, if it is one of the repository's."""
        line = _IMPORT_LINE.match(typed)
        if line is None:
            return None
        entry = Import(path, line[2], 0, name="*", level=len(line[1]))
        found = Candidates()
        for module in self._resolver.modules(entry)[:1]:
            outline = self._resolver.outline(module)
            if outline is None:
                continue
            names = {*outline.members.get("", {}), *outline.imported}
            # A package holds its submodules, too.
            is_package = posixpath.basename(module).startswith("__init__.")
            is_open = is_package or outline.star_imports or "__getattr__" in names
            found.is_closed = not is_open
            for name in names - set(re.findall(r"\w+(?=\s*,)", line["names"])):
                target = self._resolver.resolve_export(module, name)
                if isinstance(target, Found) and target.symbol is not None:
                    found.note("receiver", target.symbol, 1.0 if target.symbol.is_public else 0.3)
        return found if found.symbols else None

    def _wants(self, signal: str) -> bool:
        return signal not in self._without

    def _note(
        self, found: Candidates, signal: str, symbol: Symbol, value: float, place: Surroundings
    ) -> Key | None:
        if symbol.path == place.path:
            return None
        return found.note(signal, symbol, value)

    def _telling(self, window: Mapping[str, float]) -> list[str]:
        """The few terms with the highest weight times rarity: all of them would cost 100 ms."""
        scored: list[tuple[float, str]] = []
        common: list[tuple[float, str]] = []
        for term, weight in window.items():
            count = self._corpus.frequency(term)
            if count:
                entry = (weight * math.log(1.0 + 5_000.0 / count), term)
                (scored if count <= COMMON else common).append(entry)
        best = heapq.nlargest(MAX_TERMS, scored)
        best += heapq.nlargest(max(0, MIN_TERMS - len(best)), common)
        return [term for _, term in best]

    # What the file's own imports and names in reach say

    def _imported(self, found: Candidates, place: Surroundings) -> None:
        siblings: Counter[str] = Counter()
        for entry in place.outline.imports:
            if entry.name == "*" and not entry.alias:
                for module in self._resolver.modules(entry)[:1]:
                    self._top_level(found, "imported_member", module, 1.0, place)
                continue
            target = self._resolver.resolve_import(entry)
            if not isinstance(target, Found) or target.path == place.path:
                continue
            if target.symbol is not None:
                siblings[target.path] += 1
                if self._wants("imported"):
                    key = found.note("imported", target.symbol, 1.0)
                    found.via.setdefault(key, entry.bound_name)
            signal = "module_member" if target.symbol is None else "imported_member"
            if not self._wants(signal):
                continue
            value = self._resolver.value_at(target)
            members = self._resolver.members_of(value).symbols if value is not None else ()
            for symbol in members[:_MAX_IMPORTED_MEMBERS]:
                if symbol.is_public and symbol.path != place.path:
                    key = found.note(signal, symbol, 1.0)
                    found.via.setdefault(key, entry.bound_name)
        # An import that is not written yet often comes from where others already come from.
        if self._wants("sibling"):
            for path, count in siblings.items():
                self._top_level(found, "sibling", path, count / (1.0 + count), place)

    def _top_level(
        self, found: Candidates, signal: str, path: str, value: float, place: Surroundings
    ) -> None:
        outline = self._resolver.outline(path)
        if not self._wants(signal) or outline is None or path == place.path:
            return
        for symbol in outline.members.get("", {}).values():
            if symbol.is_public:
                found.note(signal, symbol, value)

    def _scope(self, found: Candidates, place: Surroundings) -> None:
        """Members of what the names in reach are known to be."""
        scope = place.scope
        if not self._wants("scope"):
            return
        names: dict[str, None] = {}
        for line in reversed(place.nearby):
            names.update(dict.fromkeys(WORD.findall(line)))
        if scope.function is not None and scope.function.signature is not None:
            names.update(dict.fromkeys(p.name for p in scope.function.signature.parameters))
        expressions = list(names)[:_MAX_EXPRESSIONS]
        if scope.owner is not None:
            fields = scope.outline.members.get(scope.owner.qualified_name, {})
            expressions += [f"self.{n}" for n, s in fields.items() if s.kind is SymbolKind.FIELD]
        far: dict[str, None] = {}
        for expression in expressions:
            value = self._resolver.value_of(expression, scope)
            if value is not None and not isinstance(value, ModuleValue):
                members = self._members(found, "scope", value, place, via=expression)
                if expression not in _SELVES:
                    far.update(
                        dict.fromkeys(
                            f"{expression}.{symbol.name}"
                            for symbol in members
                            if symbol.kind in _REACHED and symbol.is_public
                        )
                    )
        if not self._wants("scope_far"):
            return
        for expression in list(far)[:_MAX_FAR]:
            value = self._resolver.value_of(expression, scope)
            if value is not None and not isinstance(value, ModuleValue):
                self._members(found, "scope_far", value, place, via=expression)

    def _members(
        self,
        found: Candidates,
        signal: str,
        value: Value,
        place: Surroundings,
        *,
        via: str = "",
        weight: float = 1.0,
    ) -> Sequence[Symbol]:
        """Note what can stand after a value, and return it."""
        members = self._resolver.members_of(value)
        for symbol, depth in zip(members.symbols, members.depths, strict=True):
            if symbol.path != place.path and self._wants(signal):
                key = found.note(signal, symbol, weight * 0.9**depth)
                if via:
                    found.via[key] = _nearer(found.via.get(key), via, place)
        return members.symbols

    def _are_all_elsewhere(self, value: Value, place: Surroundings) -> bool:
        """Whether all members of a value are known, and none stands in the document itself."""
        members = self._resolver.members_of(value)
        return members.is_closed and all(symbol.path != place.path for symbol in members.symbols)

    def _habit(self, found: Candidates, place: Surroundings) -> None:
        """What is called elsewhere on receivers that are called like a variable in reach."""
        if not self._wants("habit"):
            return
        recent = sorted(place.variables, key=lambda name: place.variables[name].age)
        for name in recent[:_MAX_VARIABLES]:
            if len(name) > 1 and self._resolver.value_of(name, place.scope) is None:
                for symbol, value in self._used_on(name):
                    key = self._note(found, "habit", symbol, value, place)
                    if key is not None:
                        found.via.setdefault(key, name)

    # What the words around say

    def _lexical(self, found: Candidates, place: Surroundings, terms: Sequence[str]) -> None:
        if not self._wants("lexical"):
            return
        matches = self._corpus.match_symbols(terms, weights=(2.0, 1.0), limit=_N_LEXICAL)
        best = max((score for _, score in matches), default=0.0)
        for symbol, score in matches:
            self._note(found, "lexical", symbol, score / best if best > 0 else 0.0, place)

    def _target_name(self, found: Candidates, words: Sequence[str], place: Surroundings) -> None:
        """Definitions called like what the result is given to."""
        if not words or not self._wants("target_name"):
            return
        terms = [w for w in dict.fromkeys(words) if 0 < self._corpus.frequency(w) <= 4 * COMMON]
        matches = self._corpus.match_symbols(terms[:4], weights=(1.0, 0.0), limit=_N_TARGET)
        best = max((score for _, score in matches), default=0.0)
        for symbol, score in matches:
            self._note(found, "target_name", symbol, score / best if best > 0 else 0.0, place)

    # What other code does

    def _neighbours(self, found: Candidates, place: Surroundings, terms: Sequence[str]) -> None:
        """What the most similar functions of the repository call."""
        if not self._wants("neighbours"):
            return
        rows = self._corpus.match_chunks(terms, weights=(2.0, 1.5, 1.0), limit=_N_NEIGHBOURS)
        containers = self._corpus.containers_of([row for row, _ in rows])
        best = max((score for _, score in rows), default=0.0)
        uses: list[tuple[Use, float]] = []
        for row, score in rows:
            path, container = containers[row]
            if path != place.path and best > 0:
                for name, receiver in set(self._corpus.uses_in(path, container)):
                    uses.append(((path, name, receiver), score / best))
        self._note_uses(found, "neighbours", uses, place)

    def _after(self, found: Candidates, place: Surroundings, called: Sequence[str]) -> None:
        """What is called elsewhere soon after what was called here last, on the same object too."""
        for signal in ("after", "after_same"):
            if not self._wants(signal):
                continue
            uses: list[tuple[Use, float]] = []
            for distance, name in enumerate(called):
                followers = [
                    (path, follower, receiver)
                    for path, follower, receiver, is_same in self._corpus.uses_after(name)
                    if path != place.path and follower != name
                    if signal == "after" or (is_same and receiver)
                ]
                share = 0.6**distance / (2.0 + len({path for path, _, _ in followers}))
                uses += [(use, share) for use in set(followers)]
            self._note_uses(found, signal, uses, place)

    def _namesakes(self, found: Candidates, place: Surroundings) -> None:
        """What functions of the same name call, those of sibling classes first."""
        function, owner = place.scope.function, place.scope.owner
        if function is None or not self._wants("namesake"):
            return
        bases = set(owner.bases) if owner is not None else set()
        folder = posixpath.dirname(place.path)
        ranked: list[tuple[float, Symbol]] = []
        for symbol in self._corpus.symbols_named(function.name):
            if symbol.path == place.path or symbol.kind not in _CALLABLE:
                continue
            weight = 0.5 + 0.2 * (posixpath.dirname(symbol.path) == folder)
            if bases and symbol.parent:
                outline = self._resolver.outline(symbol.path)
                parent = outline.by_qualified_name.get(symbol.parent) if outline else None
                if parent is not None and bases & set(parent.bases):
                    weight += 0.5
            if weight > 0.5 or function.name not in _CONSTRUCTORS:
                ranked.append((weight, symbol))
        ranked.sort(key=lambda entry: (-entry[0], entry[1].path, entry[1].line))
        uses: list[tuple[Use, float]] = []
        for weight, symbol in ranked[:_MAX_NAMESAKES]:
            for name, receiver in set(self._corpus.uses_in(symbol.path, symbol.qualified_name)):
                uses.append(((symbol.path, name, receiver), weight))
        self._note_uses(found, "namesake", uses, place)

    def _folder(self, found: Candidates, place: Surroundings) -> None:
        """What the files of the same folder import from the repository."""
        folder = posixpath.dirname(place.path)
        if not folder or not self._wants("folder"):
            return
        importers: dict[Key, set[str]] = {}
        symbols: dict[Key, Symbol] = {}
        files: set[str] = set()
        for entry in self._corpus.imports_under(folder):
            if entry.path == place.path:
                continue
            files.add(entry.path)
            for symbol in self._remembered(entry):
                key = (symbol.path, symbol.qualified_name)
                symbols[key] = symbol
                importers.setdefault(key, set()).add(entry.path)
        for key, paths in importers.items():
            self._note(found, "folder", symbols[key], len(paths) / (1.0 + len(files)), place)

    def _remembered(self, entry: Import) -> Sequence[Symbol]:
        key = ("import", entry.path, entry.module, entry.name, str(entry.level))
        known = self._memory.get(key)
        if known is None:
            known = ()
            if entry.name not in {"", "*"}:
                target = self._resolver.resolve_import(entry)
                if isinstance(target, Found) and target.symbol is not None:
                    known = (target.symbol,)
            self._memory[key] = known
        return known

    def _tested(self, found: Candidates, place: Surroundings) -> None:
        """In a test file: what the file defines that it is named after."""
        name = _TEST_FILE.match(posixpath.basename(place.path))
        if name is not None:
            stem = name["a"] or name["b"] or name["c"]
            for path in self._corpus.paths_with_stem(stem)[:3]:
                self._top_level(found, "tested", path, 1.0, place)

    def _by_receiver_name(
        self, found: Candidates, receiver: str, place: Surroundings, *, is_known: bool
    ) -> None:
        """What is called elsewhere on receivers of the same name; members of classes so named."""
        words = WORD.findall(receiver)
        if not words:
            return
        if self._wants("used_on"):
            for symbol, value in self._used_on(words[-1]):
                if not is_known or (symbol.path, symbol.qualified_name) in found.values:
                    self._note(found, "used_on", symbol, value, place)
        if is_known or not self._wants("class_named"):
            return
        wanted = parts_of(words[-1])
        for symbol, _ in self._corpus.match_symbols(wanted, weights=(1.0, 0.0), limit=_N_LEXICAL):
            parts = name_parts(symbol.name)
            if symbol.kind is SymbolKind.CLASS and wanted and [*parts[-len(wanted) :]] == wanted:
                value_ = self._resolver.value_at(Found(symbol.path, symbol))
                weight = math.sqrt(len(wanted) / len(parts))
                if value_ is not None:
                    self._members(found, "class_named", value_, place, weight=weight)

    def _used_on(self, name: str) -> Iterable[tuple[Symbol, float]]:
        uses = self._corpus.symbols_used_on(name)
        most = max((count for _, count in uses), default=0)
        for called, count in uses:
            symbols = [s for s in self._corpus.symbols_named(called, limit=12) if s.parent]
            certainty = 0.3 if called in _BUILT_IN_METHODS else 1.0
            for symbol in symbols:
                yield symbol, certainty * math.sqrt(count / most) / math.sqrt(len(symbols))

    def _note_uses(
        self,
        found: Candidates,
        signal: str,
        uses: Iterable[tuple[Use, float]],
        place: Surroundings,
    ) -> None:
        totals: dict[Key, float] = {}
        symbols: dict[Key, Symbol] = {}
        for use, certainty in uses:
            definitions = self._definitions(use)
            is_doubtful = use[1] in _BUILT_IN_METHODS and "." not in use[2] and use[2]
            weight = certainty * (0.3 if is_doubtful else 1.0)
            for symbol in definitions:
                key = (symbol.path, symbol.qualified_name)
                symbols[key] = symbol
                totals[key] = totals.get(key, 0.0) + weight / len(definitions)
        highest = max(totals.values(), default=0.0)
        for key, total in heapq.nlargest(_N_NOTED, totals.items(), key=lambda entry: entry[1]):
            if highest > 0:
                self._note(found, signal, symbols[key], total / highest, place)

    def _definitions(self, use: Use) -> Sequence[Symbol]:
        """What a use in another file means: resolved if it is a plain name, else by its name."""
        known = self._memory.get(use)
        if known is None:
            path, name, receiver = use
            named = self._corpus.symbols_named(name, limit=12)
            if receiver:
                known = self._members_called(path, name, receiver, named)
            else:
                known = self._function_called(path, name, named)
            self._memory[use] = known
        return known

    def _function_called(self, path: str, name: str, named: Sequence[Symbol]) -> Sequence[Symbol]:
        top_level = [symbol for symbol in named if not symbol.parent]
        if not top_level or name in _BUILT_IN_NAMES:
            return ()
        if len(top_level) == 1 and posixpath.dirname(top_level[0].path) == posixpath.dirname(path):
            # Reading the other file's names costs a hundred times as much as this guess.
            return top_level
        outline = self._corpus.outline(path)
        target = self._resolver.resolve_name(outline, name) if outline is not None else None
        return (target.symbol,) if isinstance(target, Found) and target.symbol is not None else ()

    def _members_called(
        self, path: str, name: str, receiver: str, named: Sequence[Symbol]
    ) -> Sequence[Symbol]:
        if not named:
            return ()
        if len(named) > 1 and receiver.isidentifier():
            outline = self._corpus.outline(path)
            if outline is not None and receiver in outline.imported:
                target = self._resolver.resolve_name(outline, receiver)
                if isinstance(target, Found):
                    value = self._resolver.value_at(target)
                    members = self._resolver.members_of(value).symbols if value is not None else ()
                    return [symbol for symbol in members if symbol.name == name][:1]
        return named if len(named) <= _MAX_DEFINITIONS else ()


def _nearer(known: str | None, other: str, place: Surroundings) -> str:
    if known is None:
        return other
    first, second = place.variables.get(known), place.variables.get(other)
    if first is None or (second is not None and second.age < first.age):
        return other
    return known

"""From a name in a file to the definition in the repository that it means.

Follows imports across files, and the types of receivers as far as they are written down:
annotations, constructor calls, return annotations, base classes.
What it cannot follow is *unknown*, and unknown is never absent: :class:`Absent` is said only of
a name in a module of this repository whose whole namespace is visible.
Reads nothing itself; outlines come from a :class:`Repository`.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Protocol, TypeAlias

from indexer.model import Import, ParsedFile, Symbol, SymbolKind

_MAX_DEPTH = 8
_MAX_VALUES = 500
_JAVASCRIPT = frozenset({"javascript", "typescript", "tsx"})
_JAVASCRIPT_ENDINGS = (".ts", ".tsx", ".d.ts", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts")
_PYTHON_ENDINGS = (".py", ".pyi")


class Outline:
    """One file's names, arranged for looking up: top level, members by parent, imports."""

    def __init__(self, parsed: ParsedFile) -> None:
        self.path = parsed.path
        self.language = parsed.language
        self.symbols = parsed.symbols
        self.imports = parsed.imports
        self.exports = parsed.exports

    @cached_property
    def by_qualified_name(self) -> Mapping[str, Symbol]:
        # The first definition of a name counts: overloads and later redefinitions look alike.
        found: dict[str, Symbol] = {}
        for symbol in self.symbols:
            found.setdefault(symbol.qualified_name, symbol)
        return found

    @cached_property
    def members(self) -> Mapping[str, Mapping[str, Symbol]]:
        """Symbols by the qualified name of their parent, then by name; ``""`` is the top level."""
        found: dict[str, dict[str, Symbol]] = {}
        for symbol in self.symbols:
            found.setdefault(symbol.parent, {}).setdefault(symbol.name, symbol)
        return found

    @cached_property
    def imported(self) -> Mapping[str, Import]:
        """Imports by the name they bind; the last one wins, as at run time."""
        return {entry.bound_name: entry for entry in self.imports if entry.bound_name}

    @cached_property
    def star_imports(self) -> Sequence[Import]:
        return [entry for entry in self.imports if entry.name == "*" and not entry.alias]

    def member(self, parent: str, name: str) -> Symbol | None:
        return self.members.get(parent, {}).get(name)


class Repository(Protocol):
    """What resolution asks of the index."""

    def outline(self, path: str) -> Outline | None:
        """The names of an indexed file, ``None`` for another path."""
        ...

    def paths_with_stem(self, stem: str) -> Sequence[str]:
        """Files that an import of a module with this last name part may mean."""
        ...


class EmptyRepository:
    """A repository of which nothing is known."""

    def outline(self, path: str) -> Outline | None:
        del path
        return None

    def paths_with_stem(self, stem: str) -> Sequence[str]:
        del stem
        return ()


@dataclass(frozen=True, slots=True)
class Found:
    """The definition; ``symbol`` is absent if the module itself is meant."""

    path: str
    symbol: Symbol | None = None


@dataclass(frozen=True, slots=True)
class Absent:
    """The name does certainly not exist in the module at ``path``."""

    path: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """Outside the repository, dynamic, or beyond what is followed: nothing can be said."""


Target: TypeAlias = Found | Absent | Unknown
UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True)
class ModuleValue:
    """An expression that is a module of the repository."""

    outline: Outline


@dataclass(frozen=True, slots=True)
class ClassValue:
    """An expression that is a class of the repository, or an instance of it."""

    outline: Outline
    symbol: Symbol
    is_instance: bool


@dataclass(frozen=True, slots=True)
class FunctionValue:
    """An expression that is a function or bound method; ``owner`` is the class it was found on."""

    outline: Outline
    symbol: Symbol
    owner: ClassValue | None = None


@dataclass(frozen=True, slots=True)
class AnnotatedValue:
    """An instance of the type that is written as ``annotation`` in the file of ``outline``."""

    outline: Outline
    annotation: str
    owner: ClassValue | None = None


Value: TypeAlias = ModuleValue | ClassValue | FunctionValue | AnnotatedValue


@dataclass(frozen=True, slots=True)
class Members:
    """The members of a value, nearest class first.

    ``is_closed`` says that there are no others: every base is in the repository and nothing
    makes attributes at run time. ``depths`` counts the steps of inheritance.
    """

    symbols: Sequence[Symbol] = ()
    depths: Sequence[int] = ()
    is_closed: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """Where an expression stands: its file, the enclosing function and class, what was bound above.

    ``bindings`` are those of the enclosing function (or module) by name, nearest last; only its
    first ``n_lines`` lines count.
    """

    outline: Outline
    function: Symbol | None = None
    owner: Symbol | None = None
    bindings: Mapping[str, Sequence[tuple[str, str, int]]] = field(default_factory=dict)
    n_lines: int = 0

    @classmethod
    def above(
        cls,
        lines: Sequence[str],
        *,
        outline: Outline,
        function: Symbol | None,
        owner: Symbol | None,
    ) -> Scope:
        """The scope at the end of ``lines`` of a function's body."""
        return cls(outline, function, owner, _bindings(lines), len(lines))


Memory: TypeAlias = dict[tuple[str, str, int], list[str]]
"""What the modules of imports turned out to be; good for one generation of the index."""


class Resolver:
    """Answers questions about names, as far as the repository's text settles them.

    Resolvers of the same repository may share a ``memory``.
    """

    def __init__(self, repository: Repository, memory: Memory | None = None) -> None:
        self._repository = repository
        self._memory = {} if memory is None else memory
        self._n_values_left = _MAX_VALUES

    def outline(self, path: str) -> Outline | None:
        """The names of an indexed file."""
        return self._repository.outline(path)

    # Modules

    def modules(self, entry: Import) -> list[str]:
        """Files that the module of an import may be, the likeliest first; empty if outside."""
        key = (posixpath.dirname(entry.path), entry.module, entry.level)
        found = self._memory.get(key)
        if found is None:
            if entry.path.endswith(_JAVASCRIPT_ENDINGS):
                found = self._javascript_modules(entry.path, entry.module)
            elif entry.path.endswith(_PYTHON_ENDINGS):
                found = self._python_modules(entry.path, entry.module, entry.level)
            else:
                found = []
            self._memory[key] = found
        return found

    def _python_modules(self, path: str, module: str, level: int) -> list[str]:
        parts = module.split(".") if module else []
        if level:
            folder = posixpath.dirname(path)
            for _ in range(level - 1):
                folder = posixpath.dirname(folder)
            base = posixpath.join(folder, *parts) if parts else folder
            return [
                candidate
                for candidate in _python_files(base)
                if self._repository.outline(candidate) is not None
            ]
        if not parts:
            return []
        # A module may lie under any source root (``src/``, a monorepo's packages): every file
        # whose path ends like the module counts, those that share more folders with us first.
        suffix = "/".join(parts)
        endings = tuple(_python_files(suffix))
        found = [
            candidate
            for candidate in self._repository.paths_with_stem(parts[-1])
            if candidate in endings or candidate.endswith(tuple(f"/{e}" for e in endings))
        ]
        # ... and whose first folder is no part of a package, else it has a longer name.
        found = [candidate for candidate in found if self._is_root_of(candidate, len(parts))]
        here = posixpath.dirname(path)
        return sorted(found, key=lambda p: (-_shared_folders(here, p), len(p), p))

    def _is_root_of(self, path: str, n_parts: int) -> bool:
        root = path.removesuffix("/__init__.py")
        for _ in range(n_parts):
            root = posixpath.dirname(root)
        return self._repository.outline(posixpath.join(root, "__init__.py")) is None

    def _javascript_modules(self, path: str, specifier: str) -> list[str]:
        if not specifier.startswith("."):
            return []
        base = posixpath.normpath(posixpath.join(posixpath.dirname(path), specifier))
        stem, ending = posixpath.splitext(base)
        candidates = [base, *(base + e for e in _JAVASCRIPT_ENDINGS)]
        if ending in {".js", ".jsx", ".mjs", ".cjs"}:
            # TypeScript imports its sources under the names of their outputs.
            candidates += [stem + e for e in _JAVASCRIPT_ENDINGS]
        candidates += [f"{base}/index{e}" for e in _JAVASCRIPT_ENDINGS]
        return [c for c in candidates if self._repository.outline(c) is not None]

    # Names

    def resolve_import(self, entry: Import) -> Target:
        """Find what an import binds."""
        return self._resolve_import(entry, set())

    def _resolve_import(self, entry: Import, seen: set[tuple[str, str]]) -> Target:
        paths = self.modules(entry)
        if not paths:
            return self._submodule_of(entry)
        if not entry.name or entry.name == "*":
            if not entry.name and not entry.alias and "." in entry.module:
                # ``import a.b`` binds ``a``.
                first = Import(entry.path, entry.module.partition(".")[0], entry.line)
                return self._resolve_import(first, seen)
            return Found(paths[0])
        best: Target = UNKNOWN
        for path in paths:
            target = self._resolve_export(path, entry.name, seen)
            if isinstance(target, Found):
                return target
            best = target if isinstance(best, Unknown) else best
        return best if len(paths) == 1 else UNKNOWN

    def _submodule_of(self, entry: Import) -> Target:
        # A namespace package has no file of its own: ``from a import b`` may mean ``a/b.py``.
        if entry.path.endswith(_JAVASCRIPT_ENDINGS):
            return UNKNOWN
        if entry.name and entry.name != "*":
            module = f"{entry.module}.{entry.name}" if entry.module else entry.name
            paths = self._python_modules(entry.path, module, entry.level)
            if paths and (entry.module or entry.level):
                return Found(paths[0])
        return UNKNOWN

    def resolve_export(self, path: str, name: str) -> Target:
        """Find ``name`` in the namespace of the module at ``path``, through its re-exports."""
        return self._resolve_export(path, name, set())

    def _resolve_export(self, path: str, name: str, seen: set[tuple[str, str]]) -> Target:
        outline = self._repository.outline(path)
        if outline is None or (path, name) in seen:
            return UNKNOWN
        # Imports may run in circles; every place is asked once.
        seen.add((path, name))
        symbol = outline.member("", name)
        if symbol is not None:
            return Found(path, symbol)
        if name == "default" and outline.language in _JAVASCRIPT:
            return self._default_export(outline)
        entry = outline.imported.get(name)
        target = UNKNOWN if entry is None else self._resolve_import(entry, seen)
        if isinstance(target, Found):
            return target
        submodule = self._submodule(path, name)
        if submodule is not None:
            return Found(submodule)
        if entry is not None:
            return target
        for star in outline.star_imports:
            for module in self.modules(star):
                target = self._resolve_export(module, name, seen)
                if isinstance(target, Found):
                    return target
        if outline.star_imports or outline.member("", "__getattr__") is not None:
            return UNKNOWN
        return Absent(path)

    def _default_export(self, outline: Outline) -> Target:
        top_level = outline.members.get("", {})
        if len(top_level) == 1:
            return Found(outline.path, next(iter(top_level.values())))
        stem = posixpath.basename(outline.path).partition(".")[0].lower()
        for symbol in top_level.values():
            if symbol.name.lower() == stem:
                return Found(outline.path, symbol)
        return UNKNOWN

    def _submodule(self, path: str, name: str) -> str | None:
        if posixpath.basename(path) not in {"__init__.py", "__init__.pyi"}:
            return None
        for candidate in _python_files(posixpath.join(posixpath.dirname(path), name)):
            if self._repository.outline(candidate) is not None:
                return candidate
        return None

    def resolve_name(self, outline: Outline, name: str) -> Target:
        """Find a plain name as code at the top level of a file sees it."""
        symbol = outline.member("", name)
        if symbol is not None:
            return Found(outline.path, symbol)
        entry = outline.imported.get(name)
        if entry is not None:
            return self.resolve_import(entry)
        for star in outline.star_imports:
            for module in self.modules(star):
                target = self.resolve_export(module, name)
                if isinstance(target, Found):
                    return target
        return UNKNOWN

    # Types

    def value_of(self, expression: str, scope: Scope) -> Value | None:
        """The value of a chain of names, attributes, calls and subscripts; ``None``: unknown."""
        self._n_values_left = _MAX_VALUES
        return self._value_of(expression, scope, 0)

    def _value_of(self, expression: str, scope: Scope, depth: int) -> Value | None:
        # Annotations may run in circles and fan out; a question costs no more than this.
        self._n_values_left -= 1
        if depth > _MAX_DEPTH or self._n_values_left < 0:
            return None
        steps = _steps(expression)
        if not steps:
            return None
        (_, name), *rest = steps
        value = self._name_value(name, scope, depth)
        if name == "super" and rest and rest[0][0] == "call":
            rest = rest[1:]
        for kind, text in rest:
            if value is None:
                return None
            match kind:
                case "attribute":
                    value = self._attribute(value, text, depth)
                case "call":
                    value = self._call(value)
                case _:
                    value = self._element(value)
        return value

    def _name_value(self, name: str, scope: Scope, depth: int) -> Value | None:
        outline, owner = scope.outline, scope.owner
        if owner is not None and name in {"self", "this", "cls"}:
            return ClassValue(outline, owner, is_instance=name != "cls")
        if owner is not None and name == "super":
            return next(iter(self._bases(ClassValue(outline, owner, is_instance=True))), None)
        local = self._local_value(name, scope, depth)
        if local is not None:
            return local
        return self.value_at(self.resolve_name(outline, name))

    def _local_value(self, name: str, scope: Scope, depth: int) -> Value | None:
        for kind, text, line in reversed(scope.bindings.get(name, ())):
            if line >= scope.n_lines:
                continue
            # What stands on the right was computed before: looking only above also ends cycles.
            above = replace(scope, n_lines=line)
            if kind == "annotation":
                return AnnotatedValue(scope.outline, text)
            value = self._value_of(text, above, depth + 1)
            if kind == "element":
                return None if value is None else self._element(value)
            # An assignment that cannot be followed hides the earlier ones.
            return value
        if scope.function is not None and scope.function.signature is not None:
            for parameter in scope.function.signature.parameters:
                if parameter.name == name and parameter.annotation:
                    return AnnotatedValue(scope.outline, parameter.annotation)
        return None

    def value_at(self, target: Target) -> Value | None:
        """The value that a found definition stands for."""
        if not isinstance(target, Found):
            return None
        outline = self._repository.outline(target.path)
        if outline is None:
            return None
        if target.symbol is None:
            return ModuleValue(outline)
        return self._symbol_value(outline, target.symbol, None)

    def _symbol_value(
        self, outline: Outline, symbol: Symbol, owner: ClassValue | None
    ) -> Value | None:
        match symbol.kind:
            case SymbolKind.MODULE:
                return ModuleValue(outline)
            case SymbolKind.CLASS | SymbolKind.INTERFACE | SymbolKind.ENUM:
                return ClassValue(outline, symbol, is_instance=False)
            case SymbolKind.FUNCTION | SymbolKind.METHOD:
                return FunctionValue(outline, symbol, owner)
            case SymbolKind.ENUM_MEMBER:
                parent = outline.by_qualified_name.get(symbol.parent)
                return ClassValue(outline, parent, is_instance=True) if parent else None
            case _:
                annotation = symbol.annotation
                if not annotation and symbol.signature is not None:
                    annotation = symbol.signature.returns
                return AnnotatedValue(outline, annotation, owner) if annotation else None

    def _attribute(self, value: Value, name: str, depth: int) -> Value | None:
        match value:
            case ModuleValue(outline):
                return self.value_at(self.resolve_export(outline.path, name))
            case FunctionValue():
                return None
            case AnnotatedValue():
                for found in self._classes_of(value, set(), depth + 1):
                    result = self._attribute(found, name, depth + 1)
                    if result is not None:
                        return result
                return None
            case ClassValue():
                for parent, _ in self._lineage(value):
                    symbol = parent.outline.member(parent.symbol.qualified_name, name)
                    if symbol is not None:
                        return self._symbol_value(parent.outline, symbol, value)
                return None

    def _call(self, value: Value) -> Value | None:
        match value:
            case ClassValue(outline, symbol, is_instance=False):
                return ClassValue(outline, symbol, is_instance=True)
            case FunctionValue(outline, symbol, owner):
                signature = symbol.signature
                if signature is None or not signature.returns:
                    return None
                return AnnotatedValue(outline, signature.returns, owner)
            case AnnotatedValue(outline, annotation, owner):
                head, arguments = _split_generic(annotation)
                if head.rpartition(".")[2] in {"type", "Type"} and arguments:
                    return AnnotatedValue(outline, arguments[0], owner)
                if head.rpartition(".")[2] == "Callable" and arguments:
                    return AnnotatedValue(outline, arguments[-1], owner)
                return None
            case _:
                return None

    def _element(self, value: Value) -> Value | None:
        if not isinstance(value, AnnotatedValue):
            return None
        for option in _options(value.annotation):
            if option.endswith("[]"):
                return AnnotatedValue(value.outline, option[:-2], value.owner)
            head, arguments = _split_generic(option)
            name = head.rpartition(".")[2]
            if not arguments:
                continue
            if name in _MAPPINGS:
                return AnnotatedValue(value.outline, arguments[-1], value.owner)
            if name in _SEQUENCES:
                return AnnotatedValue(value.outline, arguments[0], value.owner)
        return None

    def classes_of(self, value: Value) -> list[ClassValue]:
        """The classes of the repository that a value may be (an instance of)."""
        self._n_values_left = _MAX_VALUES
        return self._classes_of(value, set(), 0)

    def _classes_of(self, value: Value, seen: set[tuple[str, str]], depth: int) -> list[ClassValue]:
        if isinstance(value, ClassValue):
            return [value]
        if not isinstance(value, AnnotatedValue):
            return []
        # Aliases may run in circles.
        key = (value.outline.path, value.annotation)
        if key in seen:
            return []
        seen.add(key)
        found = []
        for option in _options(value.annotation):
            head, arguments = _split_generic(option)
            name = head.rpartition(".")[2]
            if name in {"Self", "this"} and value.owner is not None:
                found.append(value.owner)
                continue
            if name in _WRAPPERS and arguments:
                inner = AnnotatedValue(value.outline, arguments[0], value.owner)
                is_class = name in {"type", "Type"}
                found += [
                    replace(each, is_instance=each.is_instance and not is_class)
                    for each in self._classes_of(inner, seen, depth)
                ]
                continue
            target = self._value_of(head, Scope(value.outline), depth + 1)
            match target:
                case ClassValue():
                    found.append(replace(target, is_instance=True))
                case AnnotatedValue():
                    # An alias: ``Shop = Store | Warehouse``.
                    found += self._classes_of(target, seen, depth + 1)
                case _:
                    pass
        return found

    def members_of(self, value: Value) -> Members:
        """Everything that can stand after ``value.``, as far as the repository shows."""
        if isinstance(value, ModuleValue):
            symbols = list(value.outline.members.get("", {}).values())
            for entry in value.outline.imported.values():
                if value.outline.path.endswith(("__init__.py", "__init__.pyi")):
                    target = self.resolve_import(entry)
                    if isinstance(target, Found) and target.symbol is not None:
                        symbols.append(target.symbol)
            return Members(symbols, [0] * len(symbols), not value.outline.star_imports)
        seen: dict[str, tuple[Symbol, int]] = {}
        classes = self.classes_of(value)
        is_closed = bool(classes)
        for found in classes:
            for parent, depth in self._lineage(found):
                members = parent.outline.members.get(parent.symbol.qualified_name, {})
                for name, symbol in members.items():
                    seen.setdefault(name, (symbol, depth))
                n_bases = sum(1 for base in parent.symbol.bases if base not in _PLAIN_BASES)
                is_closed = is_closed and n_bases <= len(self._bases(parent))
                is_closed = is_closed and not _DYNAMIC.intersection(members)
        return Members(
            [symbol for symbol, _ in seen.values()], [d for _, d in seen.values()], is_closed
        )

    def _lineage(self, value: ClassValue) -> Iterator[tuple[ClassValue, int]]:
        """The class and its bases, breadth first: near enough to the real order."""
        seen: set[tuple[str, str]] = set()
        level, depth = [value], 0
        while level and depth <= _MAX_DEPTH:
            following: list[ClassValue] = []
            for found in level:
                key = (found.outline.path, found.symbol.qualified_name)
                if key not in seen:
                    seen.add(key)
                    yield found, depth
                    following += self._bases(found)
            level, depth = following, depth + 1

    def _bases(self, value: ClassValue) -> list[ClassValue]:
        found = []
        for base in value.symbol.bases:
            head, _ = _split_generic(base)
            target = self._value_of(head, Scope(value.outline), 1)
            if isinstance(target, ClassValue):
                found.append(
                    ClassValue(target.outline, target.symbol, is_instance=value.is_instance)
                )
        return found


_SEQUENCES = frozenset(
    {
        "list",
        "List",
        "tuple",
        "Tuple",
        "set",
        "Set",
        "frozenset",
        "FrozenSet",
        "Sequence",
        "MutableSequence",
        "Iterable",
        "Iterator",
        "Collection",
        "AsyncIterator",
        "AsyncIterable",
        "Generator",
        "AsyncGenerator",
        "deque",
        "Array",
        "ReadonlyArray",
        "Deque",
    }
)
_MAPPINGS = frozenset(
    {
        "dict",
        "Dict",
        "Mapping",
        "MutableMapping",
        "defaultdict",
        "DefaultDict",
        "OrderedDict",
        "Map",
        "Record",
        "ReadonlyMap",
    }
)
_WRAPPERS = frozenset(
    {
        "Optional",
        "Annotated",
        "Final",
        "ClassVar",
        "Required",
        "NotRequired",
        "Awaitable",
        "Coroutine",
        "Promise",
        "Partial",
        "Readonly",
        "ContextManager",
        "AbstractContextManager",
        "AsyncContextManager",
        "AbstractAsyncContextManager",
        "type",
        "Type",
        "InitVar",
        "Iterator",
        "AsyncIterator",
        "Generator",
        "AsyncGenerator",
    }
)
_PLAIN_BASES = frozenset({"object", "ABC", "abc.ABC", "Protocol", "typing.Protocol", "Generic"})
_DYNAMIC = frozenset({"__getattr__", "__getattribute__", "__slots_dynamic__"})
_IDENTIFIER = r"[^\W\d][\w$]*"
_STEP = re.compile(rf"\s*(?:(\?\.|\.)\s*(#?{_IDENTIFIER})|([(\[]))")
_FIRST = re.compile(rf"\s*(?:await\s+|new\s+|yield\s+from\s+)*(#?{_IDENTIFIER})")
_CLOSERS = {"(": ")", "[": "]", "{": "}"}


def receiver_before(text: str) -> str:
    """The expression whose member is being typed at the end of ``text``: ``a.b(c)`` of ``a.b(c).``.

    ``text`` ends with the dot. Empty if there is none or it is not a chain of names.
    """
    end = len(text.rstrip())
    if end and text[end - 1] == ".":
        end -= 1
        if end and text[end - 1] == "?":
            end -= 1
        end = len(text[:end].rstrip())
    start = position = end
    while position > 0:
        character = text[position - 1]
        if character in ")]}":
            opening = _opening(text, position - 1)
            if opening is None or character == "}":
                return ""
            start = position = opening
        elif character.isalnum() or character in "_$#":
            while position > 0 and (text[position - 1].isalnum() or text[position - 1] in "_$#"):
                position -= 1
            start = position
            before = text[:position].rstrip()
            if not before.endswith("."):
                break
            position = len(before) - 1
            if position and text[position - 1] == "?":
                position -= 1
            position = len(text[:position].rstrip())
        else:
            break
    return text[start:end].strip()


def _opening(text: str, closing: int) -> int | None:
    depth = 0
    for position in range(closing, max(-1, closing - 2_000), -1):
        if text[position] in ")]}":
            depth += 1
        elif text[position] in "([{":
            depth -= 1
            if depth == 0:
                return position
    return None


def _steps(expression: str) -> list[tuple[str, str]]:
    """Split ``a.b(c)[0].d`` into its steps; stops where it is no such chain any more."""
    first = _FIRST.match(expression)
    if first is None:
        return []
    steps = [("name", first[1])]
    position = first.end()
    while (step := _STEP.match(expression, position)) is not None:
        if step[2]:
            steps.append(("attribute", step[2]))
            position = step.end()
            continue
        end = _closing(expression, step.start(3))
        steps.append(("call" if step[3] == "(" else "element", ""))
        if end is None:
            # The rest of a call stands on the next lines.
            break
        position = end + 1
    rest = expression[position:].strip()
    if rest and rest[0] not in ",:;)]}" and not rest.startswith(("#", "//", "as ", "if ", "!")):
        # An operator: the value is not that of the chain.
        return steps if _is_open_call(expression, steps) else []
    return steps


def _is_open_call(expression: str, steps: Sequence[tuple[str, str]]) -> bool:
    return steps[-1][0] != "name" and expression.count("(") > expression.count(")")


def _closing(text: str, opening: int) -> int | None:
    depth = 0
    for position in range(opening, len(text)):
        if text[position] in "([{":
            depth += 1
        elif text[position] in ")]}":
            depth -= 1
            if depth == 0:
                return position
    return None


def _bindings(lines: Sequence[str]) -> dict[str, list[tuple[str, str, int]]]:
    """How names were bound: an annotation, a value or elements of a value, with the line.

    By shapes of lines, not by trees: the text above a cursor is unfinished more often than not.
    """
    found: dict[str, list[tuple[str, str, int]]] = {}
    for number, line in enumerate(lines):
        for mark, kind, pattern in _BINDINGS:
            if mark in line:
                match = pattern.search(line)
                if match is not None:
                    binding = (kind, match["value"].strip(), number)
                    found.setdefault(match["name"], []).append(binding)
    return found


_NAME = r"(?P<name>[^\W\d]\w*)"
_DECLARED = rf"^\s*(?:(?:const|let|var|export)\s+)*{_NAME}"
_BINDINGS: tuple[tuple[str, str, re.Pattern[str]], ...] = tuple(
    (mark, kind, re.compile(pattern))
    for mark, kind, pattern in (
        (":", "annotation", rf"{_DECLARED}\s*:\s*(?P<value>[^=#]+?)\s*(?:=(?!=).*)?$"),
        ("isinstance(", "annotation", rf"\bisinstance\(\s*{_NAME}\s*,\s*(?P<value>[\w.]+)\s*\)"),
        ("instanceof", "annotation", rf"\b{_NAME}\s+instanceof\s+(?P<value>[\w.]+)"),
        ("=", "value", rf"{_DECLARED}\s*=(?!=)\s*(?P<value>.+)$"),
        (":=", "value", rf"\(\s*{_NAME}\s*:=\s*(?P<value>.+)$"),
        (" as ", "value", rf"\bwith\s+(?:.*,\s*)?(?P<value>[^,]+?)\s+as\s+{_NAME}\b"),
        (
            "for",
            "element",
            rf"\bfor\s+(?:await\s*)?\(?(?:(?:const|let|var)\s+)?{_NAME}\s+(?:in|of)\s+(?P<value>.+)$",
        ),
    )
)


def _options(annotation: str) -> list[str]:
    """The members of a union, without ``None`` and quotes."""
    text = annotation.strip().strip("\"'").strip()
    head, arguments = _split_generic(text)
    if head.rpartition(".")[2] in {"Union", "Optional"} and arguments:
        return [option for argument in arguments for option in _options(argument)]
    parts = _split_at(text, "|")
    if len(parts) > 1:
        return [option for part in parts for option in _options(part)]
    return [] if text in {"None", "null", "undefined", ""} else [text]


def _split_generic(annotation: str) -> tuple[str, list[str]]:
    """``Mapping[str, Order]`` or ``Map<string, Order>`` → the head and its arguments."""
    text = annotation.strip().strip("\"'").strip()
    found = re.match(r"([\w.$]+)\s*([\[<(])", text)
    if found is None:
        return text, []
    inner = text[found.end() : -1] if text[-1] in "]>)" else text[found.end() :]
    return found[1], [part.strip() for part in _split_at(inner, ",") if part.strip()]


def _split_at(text: str, separator: str) -> list[str]:
    parts, depth, start = [], 0, 0
    for position, character in enumerate(text):
        if character in "([{<":
            depth += 1
        elif character in ")]}>":
            depth -= 1
        elif character == separator and depth == 0:
            parts.append(text[start:position])
            start = position + 1
    parts.append(text[start:])
    return parts


def _python_files(base: str) -> list[str]:
    if not base:
        return ["__init__.py"]
    return [f"{base}/__init__.py", *(base + ending for ending in _PYTHON_ENDINGS)]


def _shared_folders(folder: str, path: str) -> int:
    shared = 0
    for ours, theirs in zip(folder.split("/"), path.split("/"), strict=False):
        if ours != theirs:
            break
        shared += 1
    return shared

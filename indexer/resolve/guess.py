"""What an expression above a cursor most likely is: the types that are written down, followed.

Annotations, constructor calls, return annotations and base classes are believed, and of several
possibilities the first that leads anywhere; whoever needs certainty asks ``infer`` instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from indexer.model import Symbol, SymbolKind
from indexer.resolve.names import Found, Memory, Names, Target
from indexer.resolve.outline import Files, Outline
from indexer.resolve.text import bindings, options, split_generic, steps

_MAX_DEPTH = 8
_MAX_VALUES = 500


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
        return cls(outline, function, owner, bindings(lines), len(lines))


class Resolver(Names):
    """Answers questions about values, too."""

    def __init__(self, repository: Files, memory: Memory | None = None) -> None:
        super().__init__(repository, memory)
        self._n_values_left = _MAX_VALUES

    def value_of(self, expression: str, scope: Scope) -> Value | None:
        """The value of a chain of names, attributes, calls and subscripts; ``None``: unknown."""
        self._n_values_left = _MAX_VALUES
        return self._value_of(expression, scope, 0)

    def _value_of(self, expression: str, scope: Scope, depth: int) -> Value | None:
        # Annotations may run in circles and fan out; a question costs no more than this.
        self._n_values_left -= 1
        if depth > _MAX_DEPTH or self._n_values_left < 0:
            return None
        found = steps(expression)
        if not found:
            return None
        (_, name), *rest = found
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
                    annotation = symbol.signature.result
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
                if signature is None or not signature.result:
                    return None
                return AnnotatedValue(outline, signature.result, owner)
            case AnnotatedValue(outline, annotation, owner):
                head, arguments = split_generic(annotation)
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
        for option in options(value.annotation):
            if option.endswith("[]"):
                return AnnotatedValue(value.outline, option[:-2], value.owner)
            head, arguments = split_generic(option)
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
        for option in options(value.annotation):
            head, arguments = split_generic(option)
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
            is_package = value.outline.path.endswith(("__init__.py", "__init__.pyi"))
            for entry in value.outline.imported.values():
                if is_package:
                    target = self.resolve_import(entry)
                    if isinstance(target, Found) and target.symbol is not None:
                        symbols.append(target.symbol)
            # The modules of a package are its members, too.
            is_closed = not (is_package or value.outline.star_imports)
            return Members(symbols, [0] * len(symbols), is_closed)
        seen: dict[str, tuple[Symbol, int]] = {}
        classes = self.classes_of(value)
        is_closed = bool(classes) and _is_told_whole(value, classes)
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
            head, _ = split_generic(base)
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


def _is_told_whole(value: Value, classes: Sequence[ClassValue]) -> bool:
    """Whether a value is one of these classes and certainly nothing else."""
    if not isinstance(value, AnnotatedValue):
        return True
    told = options(value.annotation)
    heads = [split_generic(option)[0].rpartition(".")[2] for option in told]
    return len(told) <= len(classes) and not _WRAPPERS.intersection(heads)

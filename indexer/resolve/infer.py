"""What an expression certainly is, and whether a name certainly does not exist.

Where ``guess`` takes the first possibility that leads anywhere, this module follows all of them:
one that cannot be followed makes the answer *unknown*, and unknown is never absent.
Whether a class is seen whole, so that a member can be absent at all, is the business of ``whole``.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TypeVar

from indexer.model import Import, ReferenceKind, Span, Symbol, SymbolKind
from indexer.resolve.names import Names
from indexer.resolve.outline import Outline, Repository
from indexer.resolve.text import options, split_generic, steps
from indexer.resolve.values import (
    Bound,
    Class,
    Definition,
    Definitions,
    Function,
    Instance,
    Module,
    Partial,
    Result,
    Value,
    Values,
    Written,
)
from indexer.syntax.code import (
    Arguments,
    Awaited,
    Binding,
    BindingKind,
    Call,
    Either,
    Expression,
    Item,
    Literal,
    Member,
    Name,
    Place,
)

_T = TypeVar("_T")

_MAX_DEPTH = 14
_MAX_QUESTIONS = 4_000
# Members of one name that are looked at: whose name is as common as that is overridden somewhere.
_MAX_NAMESAKES = 60
_BUILTINS = "<stdlib>/builtins.pyi"
_TYPES = frozenset({SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.ENUM})
_CALLABLES = frozenset({SymbolKind.FUNCTION, SymbolKind.METHOD})
_METHODS = frozenset({SymbolKind.METHOD, SymbolKind.PROPERTY})
# Decorators that leave a function callable as it is written.
_HARMLESS = frozenset(
    {
        "staticmethod",
        "classmethod",
        "abstractmethod",
        "overload",
        "override",
        "final",
        "wraps",
        "lru_cache",
        "cache",
        "no_type_check",
        "deprecated",
        "type_check_only",
        "contextmanager",
        "asynccontextmanager",
    }
)
# Classes whose call makes another class: ``Enum("Color", "RED")``.
_CLASS_MAKERS = frozenset(
    ("<stdlib>/enum.pyi", name) for name in ("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag")
) | {("<stdlib>/typing.pyi", name) for name in ("NamedTuple", "NewType", "TypeVar")}
_RECORD_MAKERS = frozenset({"dataclass", "define", "frozen", "mutable", "attrs", "s", "attributes"})
_CONTEXTS = frozenset({"contextmanager", "asynccontextmanager"})
_SPECIAL_BASES = frozenset({"Generic", "Protocol"})
_TRANSPARENT = frozenset(
    {"Annotated", "Final", "ClassVar", "Required", "NotRequired", "ReadOnly", "InitVar"}
)
_AWAITABLES = frozenset({"Awaitable", "Coroutine", "Future", "Task"})
_UNKNOWABLE = frozenset(
    {"Any", "object", "Literal", "TypeVar", "Callable", "Concatenate", "Unpack", "TypeGuard"}
)
_GUARD = re.compile(r"\b(?:TypeGuard|TypeIs|Any)\b")
_TYPING = "<stdlib>/typing.pyi"
# Their stubs say no more of these than that there is something.
_PLAIN_CLASSES = {
    "ChainMap": ("collections/__init__", "ChainMap"),
    "Counter": ("collections/__init__", "Counter"),
    "DefaultDict": ("collections/__init__", "defaultdict"),
    "Deque": ("collections/__init__", "deque"),
    "Dict": ("builtins", "dict"),
    "FrozenSet": ("builtins", "frozenset"),
    "List": ("builtins", "list"),
    "OrderedDict": ("collections/__init__", "OrderedDict"),
    "Set": ("builtins", "set"),
    "Tuple": ("builtins", "tuple"),
}
_TYPE_PARAMETERS = re.compile(r"^class\s+\w+\[(?P<names>[^\]]*)\]")
_TYPE_VARIABLE = re.compile(r"=\s*(?:\w+\.)?(?:TypeVar|ParamSpec|TypeVarTuple)\(")
_ASSIGNED = re.compile(r"^[\w.]+\s*(?::[^=]+)?=\s*(?P<value>[^=].*)$")
_ALIASED = re.compile(r"^(?:type\s+)?[\w\[\], ]+(?::[^=]+)?=\s*(?P<value>[^=].*)$")
_DOTTED = re.compile(r"[^\W\d]\w*(?:\s*\.\s*[^\W\d]\w*)*")


class Inference:
    """Answers about one view of a repository; an instance lives as long as one question does."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository
        self.names = Names(repository, surroundings=repository)
        self._n_left = _MAX_QUESTIONS
        self._lineages: dict[tuple[str, str], tuple[tuple[Class, ...], bool]] = {}
        self._following: set[tuple[str, ...]] = set()

    # Expressions

    def values(
        self, expression: Expression, place: Place, outline: Outline, depth: int = 0
    ) -> Values:
        """All that an expression may be at a place in the file of ``outline``."""
        self._n_left -= 1
        if depth > _MAX_DEPTH or self._n_left < 0:
            return None
        match expression:
            case Name(text):
                return self._name_values(text, place, outline, depth)
            case Member(inner, name):
                if self.is_tested(text_of(expression), place, outline):
                    return None
                owners = self.values(inner, place, outline, depth + 1)
                return union(owners, lambda owner: self._member_values(owner, name, depth + 1))
            case Call():
                return self._call_values(expression, place, outline, depth)
            case Item(inner, is_slice):
                owners = self.values(inner, place, outline, depth + 1)
                if is_slice:
                    return owners
                return union(owners, lambda owner: self._item_values(owner, depth + 1))
            case Awaited(inner):
                owners = self.values(inner, place, outline, depth + 1)
                return union(owners, lambda owner: self._awaited_values(owner, depth + 1))
            case Literal(type_name):
                return self.builtin(type_name)
            case Either(choices):
                return union(choices, lambda each: self.values(each, place, outline, depth + 1))
            case _:
                return None

    def _name_values(self, name: str, place: Place, outline: Outline, depth: int) -> Values:
        if self.is_tested(name, place, outline):
            return None
        bindings = place.bindings(name)
        if bindings is not None:
            return union(bindings, lambda each: self._binding_values(each, outline, depth + 1))
        if place.class_body:
            found = outline.definitions(f"{place.class_body}.{name}")
            if found and self.definitions_of_name(outline, name) != ():
                # Which of the two it is depends on which line comes first.
                return None
            if found:
                return self.values_at([Definition(outline, s) for s in found], depth + 1)
        return self.values_at(self.definitions_of_name(outline, name), depth + 1)

    def is_tested(self, text: str, place: Place, outline: Outline) -> bool:
        """Whether something near a place may have told that this is of a narrower type.

        A function whose annotations are known, and are no guard of types, tells nothing.
        """
        return any(not self._tells_no_type(each, place, outline) for each in place.testers(text))

    def _tells_no_type(self, tester: str, place: Place, outline: Outline) -> bool:
        first = tester.partition(".")[0]
        if not tester or place.bindings(first) is not None:
            return False
        found = self.definitions_of_dotted(tester, outline)
        return bool(found) and all(
            each.symbol is not None
            and each.symbol.signature is not None
            and bool(each.symbol.signature.returns)
            and not _GUARD.search(each.symbol.signature.returns or "")
            for each in found or ()
        )

    def definitions_of_name(self, outline: Outline, name: str) -> Definitions:
        """Where a plain name leads that no scope inside the module binds; built-ins included."""
        found = self.definitions_in_module(outline, name)
        if found == () and (name == "_" or not name.startswith("_")):
            builtins = self.repository.outline(_BUILTINS)
            return None if builtins is None else self.definitions_in_module(builtins, name)
        return found

    def _binding_values(self, binding: Binding, outline: Outline, depth: int) -> Values:
        if depth > _MAX_DEPTH:
            return None
        match binding.kind:
            case BindingKind.RECEIVER:
                symbol = outline.by_qualified_name.get(binding.owner)
                if symbol is None or symbol.kind not in _TYPES:
                    return None
                owner = Class(outline, symbol)
                if not binding.is_class:
                    return (Instance(owner),)
                is_own = bool(outline.definitions(f"{binding.owner}.__init__"))
                return (replace(owner, is_open=not is_own),)
            case BindingKind.PARAMETER:
                return self._declared(binding, outline, depth)
            case BindingKind.VALUE if binding.annotation:
                return self._declared(binding, outline, depth)
            case BindingKind.VALUE:
                return self._inside(self._bound_value(binding, outline, depth), binding, depth)
            case BindingKind.ELEMENT:
                values = self._bound_value(binding, outline, depth)
                elements = union(values, lambda each: self._element_values(each, depth + 1))
                return self._inside(elements, binding, depth)
            case BindingKind.ENTERED:
                values = self._bound_value(binding, outline, depth)
                entered = union(values, lambda each: self._entered_values(each, depth + 1))
                return self._inside(entered, binding, depth)
            case BindingKind.IMPORTED if binding.entry is not None:
                return self.values_at(self.definitions_of_import(binding.entry), depth)
            case BindingKind.DEFINED:
                found = outline.definitions(binding.qualified_name)
                return self.values_at([Definition(outline, s) for s in found], depth)
            case _:
                return None

    def _declared(self, binding: Binding, outline: Outline, depth: int) -> Values:
        if not binding.annotation:
            return None
        return self.values_of_type(Written(binding.annotation, outline), depth)

    def _bound_value(self, binding: Binding, outline: Outline, depth: int) -> Values:
        if binding.value is None or binding.place is None:
            return None
        return self.values(binding.value, binding.place, outline, depth + 1)

    def _inside(self, values: Values, binding: Binding, depth: int) -> Values:
        """The part of a value that unpacking gives to a name."""
        for index in binding.path:
            values = union(values, partial(self._part, index=index, depth=depth))
        return values

    def _part(self, value: Value, *, index: int, depth: int) -> Values:
        if isinstance(value, Instance) and _is_builtin(value.of, "tuple"):
            arguments = value.of.arguments
            if len(arguments) == 2 and arguments[1].text == "...":
                return self.values_of_type(arguments[0], depth + 1)
            if index < len(arguments):
                return self.values_of_type(arguments[index], depth + 1)
            return None
        return self._element_values(value, depth + 1)

    def _call_values(self, call: Call, place: Place, outline: Outline, depth: int) -> Values:
        if isinstance(call.function, Name) and call.function.text == "super":
            return self._super_values(place, outline)
        functions = self.values(call.function, place, outline, depth + 1)
        if functions is not None and len(functions) == 1:
            (function,) = functions
            if isinstance(function, Class) and _is_partial(function) and call.values:
                return self._partial(call, place, outline, depth)
        return union(functions, lambda each: self.result_of(each, depth + 1))

    def _partial(self, call: Call, place: Place, outline: Outline, depth: int) -> Values:
        inner = self.values(call.values[0], place, outline, depth + 1)
        if inner is None or len(inner) != 1 or not isinstance(inner[0], Function | Class):
            return None
        arguments = call.arguments
        if arguments.has_star or arguments.has_double_star:
            return None
        names = tuple(keyword.name for keyword in arguments.keywords)
        return (Partial(inner[0], len(arguments.positional) - 1, names),)

    def _super_values(self, place: Place, outline: Outline) -> Values:
        symbol = outline.by_qualified_name.get(place.owner)
        if symbol is None or len(symbol.bases) != 1:
            # Without a base of its own, or with several, the next class depends on the subclass.
            return None
        bases, is_known = self._bases(Class(outline, symbol))
        if not is_known or not bases:
            return None
        receivers = [
            binding
            for name in ("self", "cls")
            for binding in place.bindings(name) or ()
            if binding.kind is BindingKind.RECEIVER
        ]
        if len(receivers) != 1:
            return None
        return (bases[0],) if receivers[0].is_class else (Instance(bases[0]),)

    # What values give

    def result_of(self, value: Value, depth: int = 0) -> Values:
        """What calling a value gives."""
        if depth > _MAX_DEPTH:
            return None
        match value:
            case Class():
                return self._instance_of(value, depth)
            case Function():
                return self._returned(value, depth)
            case Partial(function):
                return self.result_of(function, depth + 1)
            case Instance():
                called = self.member_definitions(value, "__call__")
                found = self.values_at(called, depth + 1) if called else None
                return union(found, lambda each: self.result_of(each, depth + 1))
            case _:
                return None

    def _instance_of(self, value: Class, depth: int) -> Values:
        if value.key in _CLASS_MAKERS:
            return None
        made = self.member_definitions(value, "__new__")
        if made is None or any(
            each.symbol is not None
            and each.outline.path != _BUILTINS
            and (each.symbol.signature is None or each.symbol.signature.returns != "Self")
            for each in made
        ):
            return None
        del depth
        return (Instance(value),)

    def _returned(self, value: Function, depth: int) -> Values:
        found: list[Value] = []
        for symbol in _offered(value.symbols):
            signature = symbol.signature
            if signature is None or not signature.result:
                return None
            if not signature.returns and self._is_overridden(value.outline, symbol):
                return None
            written = Written(signature.result, value.outline, value.bound)
            names = {decorator_name(each) for each in symbol.decorators}
            if names & _CONTEXTS:
                found.append(Result(written, is_context=True))
                continue
            if symbol.is_async:
                found.append(Result(written))
                continue
            values = self.values_of_type(written, depth + 1)
            if values is None:
                return None
            found += values
        return distinct(found)

    def _awaited_values(self, value: Value, depth: int) -> Values:
        match value:
            case Result(written, is_context=False):
                return self.values_of_type(written, depth + 1)
            case Instance(of) if of.symbol.name in _AWAITABLES and of.arguments:
                return self.values_of_type(of.arguments[-1], depth + 1)
            case _:
                return None

    def _entered_values(self, value: Value, depth: int) -> Values:
        match value:
            case Result(written, is_context=True):
                _, arguments = split_generic(written.text)
                if not arguments:
                    return None
                inner = Written(arguments[0], written.outline, written.bound)
                return self.values_of_type(inner, depth + 1)
            case Instance():
                for name in ("__enter__", "__aenter__"):
                    definitions = self.member_definitions(value, name)
                    if definitions is None:
                        return None
                    if definitions:
                        entered = self.values_at(definitions, depth + 1)
                        results = union(entered, lambda each: self.result_of(each, depth + 1))
                        return union(results, lambda each: self._waited(each, depth + 1))
                return None
            case _:
                return None

    def _waited(self, value: Value, depth: int) -> Values:
        return self._awaited_values(value, depth) if isinstance(value, Result) else (value,)

    def _element_values(self, value: Value, depth: int) -> Values:
        """What iterating over a value gives."""
        if depth > _MAX_DEPTH:
            return None
        if isinstance(value, Result) and not value.is_context:
            # An asynchronous generator is declared as what it yields from.
            values = self.values_of_type(value.written, depth + 1)
            return union(values, lambda each: self._element_values(each, depth + 1))
        if isinstance(value, Class) and value.symbol.kind is SymbolKind.ENUM:
            return (Instance(value),)
        if not isinstance(value, Instance):
            return None
        if _is_builtin(value.of, "tuple") and value.of.arguments:
            return union(
                [each for each in value.of.arguments if each.text != "..."],
                lambda each: self.values_of_type(each, depth + 1),
            )
        if value.of.symbol.name in _ITERATORS and value.of.arguments:
            return self.values_of_type(value.of.arguments[0], depth + 1)
        for name in ("__iter__", "__aiter__"):
            definitions = self.member_definitions(value, name)
            if definitions:
                found = self.values_at(definitions, depth + 1)
                results = union(found, lambda each: self.result_of(each, depth + 1))
                return union(results, lambda each: self._next_values(each, depth + 1))
        return None

    def _next_values(self, value: Value, depth: int) -> Values:
        if not isinstance(value, Instance):
            return None
        if value.of.symbol.name in _ITERATORS and value.of.arguments:
            return self.values_of_type(value.of.arguments[0], depth + 1)
        definitions = self.member_definitions(value, "__next__")
        found = self.values_at(definitions, depth + 1) if definitions else None
        return union(found, lambda each: self.result_of(each, depth + 1))

    def _item_values(self, value: Value, depth: int) -> Values:
        if not isinstance(value, Instance):
            return None
        if _is_builtin(value.of, "tuple"):
            return self._element_values(value, depth + 1)
        definitions = self.member_definitions(value, "__getitem__")
        if not definitions:
            return None
        # Of the overloads, the one for a slice gives a sequence.
        single = [
            each
            for each in definitions
            if each.symbol is None
            or each.symbol.signature is None
            or not any(
                "slice" in (parameter.annotation or "")
                for parameter in each.symbol.signature.parameters
            )
        ]
        found = self.values_at(single, depth + 1)
        return union(found, lambda each: self.result_of(each, depth + 1))

    def _member_values(self, value: Value, name: str, depth: int) -> Values:
        definitions = self.member_definitions(value, name)
        return self.values_at(definitions, depth + 1) if definitions else None

    def values_at(self, definitions: Definitions | Sequence[Definition], depth: int = 0) -> Values:
        """What the definitions of one name stand for."""
        if not definitions or depth > _MAX_DEPTH:
            return None
        groups: dict[tuple[str, str], list[Definition]] = {}
        found: list[Value] = []
        for definition in definitions:
            if definition.symbol is None:
                found.append(Module(definition.outline))
            else:
                key = (definition.outline.path, definition.symbol.qualified_name)
                groups.setdefault(key, []).append(definition)
        for group in groups.values():
            values = self._group_values(group, depth)
            if values is None:
                return None
            found += values
        return distinct(found)

    def _group_values(self, group: Sequence[Definition], depth: int) -> Values:
        symbols = [each.symbol for each in group if each.symbol is not None]
        outline, bound = group[0].outline, group[0].bound
        kinds = {symbol.kind for symbol in symbols}
        if kinds <= _CALLABLES:
            names = {decorator_name(each) for symbol in symbols for each in symbol.decorators}
            return (Function(outline, tuple(symbols), bound),) if names <= _HARMLESS else None
        if kinds == {SymbolKind.PROPERTY}:
            if bound is not None and self._is_asked_of_class(symbols, bound):
                return self.builtin("property")
            typed = [symbol for symbol in symbols if symbol.annotation]
            if any(
                symbol.signature is not None
                and not symbol.signature.returns
                and self._is_overridden(outline, symbol)
                for symbol in typed
            ):
                return None
            return union(
                typed,
                lambda each: self.values_of_type(
                    Written(each.annotation or "", outline, bound), depth + 1
                ),
            )
        if len(symbols) > 1 and not kinds <= _TYPES:
            return None
        return union(symbols, lambda each: self._symbol_values(outline, each, bound, depth))

    def _is_asked_of_class(self, symbols: Sequence[Symbol], bound: Bound) -> bool:
        """Whether this gives the property itself: reached through the class that has it."""
        if not isinstance(bound.origin, Class):
            return False
        decorators = {each for symbol in symbols for each in symbol.decorators}
        if not all(
            each == "property" or each.endswith((".setter", ".deleter")) for each in decorators
        ):
            return False
        classes, _ = self.lineage(bound.origin)
        return any(each.key == bound.within.key for each in classes)

    def _symbol_values(
        self, outline: Outline, symbol: Symbol, bound: Bound | None, depth: int
    ) -> Values:
        match symbol.kind:
            case SymbolKind.CLASS | SymbolKind.INTERFACE | SymbolKind.ENUM:
                return (Class(outline, symbol),)
            case SymbolKind.ENUM_MEMBER:
                parent = outline.by_qualified_name.get(symbol.parent)
                return (Instance(Class(outline, parent)),) if parent is not None else None
            case SymbolKind.FIELD | SymbolKind.VARIABLE | SymbolKind.CONSTANT:
                return self._data_values(outline, symbol, bound, depth)
            case _:
                return None

    def _data_values(
        self, outline: Outline, symbol: Symbol, bound: Bound | None, depth: int
    ) -> Values:
        values = self._stored_values(outline, symbol, bound, depth)
        if bound is not None and any(self._gives_something_else(each) for each in values or ()):
            return None
        return values

    def _gives_something_else(self, value: Value) -> bool:
        """Whether reaching it through a class makes something else of a value.

        Functions become methods, and descriptors give what they like.
        """
        match value:
            case Function(bound=None):
                return True
            case Instance(of):
                classes, _ = self.lineage(of)
                return any(each.outline.definitions(_get_of(each)) for each in classes)
            case _:
                return False

    def _stored_values(
        self, outline: Outline, symbol: Symbol, bound: Bound | None, depth: int
    ) -> Values:
        if not symbol.is_certain or self._is_set_elsewhere(outline, symbol):
            return None
        if symbol.annotation:
            written = Written(symbol.annotation, outline, bound)
            return self.values_of_type(written, depth + 1, is_called=True)
        assigned = _ASSIGNED.match(symbol.stub)
        if assigned is None or "…" in symbol.stub:
            return None
        expression = expression_of(assigned["value"])
        key = (outline.path, symbol.qualified_name)
        if expression is None or key in self._following:
            return None
        self._following.add(key)
        try:
            return self.values(expression, _Nowhere(symbol.parent), outline, depth + 1)
        finally:
            self._following.discard(key)

    def _is_set_elsewhere(self, outline: Outline, symbol: Symbol) -> bool:
        """Whether another file, or a subclass, assigns to a field whose type is only inferred."""
        if f"{symbol.name}:" in symbol.stub and symbol.kind is not SymbolKind.FIELD:
            return False
        if outline.path.startswith("<"):
            return False
        if not _is_declared_in_class_body(outline, symbol) and self.repository.references_to(
            symbol.name, ReferenceKind.ASSIGNMENT
        ):
            return True
        return any(
            other.parent
            and other.kind is SymbolKind.FIELD
            and (other.path, other.qualified_name) != (outline.path, symbol.qualified_name)
            and other.annotation != symbol.annotation
            and symbol.kind is SymbolKind.FIELD
            and self._may_share(outline, symbol, other)
            for other in self.repository.symbols_named(symbol.name)
        )

    def _is_overridden(self, outline: Outline, symbol: Symbol) -> bool:
        """Whether a subclass may give something else than what is inferred of a member."""
        if not symbol.parent:
            return False
        others = [
            other
            for other in self.repository.symbols_named(symbol.name)
            if other.parent
            and (other.path, other.qualified_name) != (outline.path, symbol.qualified_name)
        ]
        return len(others) > _MAX_NAMESAKES or any(
            self._may_share(outline, symbol, other) for other in others
        )

    def _may_share(self, outline: Outline, symbol: Symbol, other: Symbol) -> bool:
        """Whether the class of ``other`` is, or may be, a subclass of that of ``symbol``."""
        theirs = self.repository.outline(other.path)
        parent = theirs.by_qualified_name.get(other.parent) if theirs is not None else None
        if theirs is None or parent is None:
            return True
        if not parent.bases:
            return False
        classes, is_known = self.lineage(Class(theirs, parent))
        return not is_known or any(each.key == (outline.path, symbol.parent) for each in classes)

    # Types as they are written

    def values_of_type(
        self, written: Written, depth: int = 0, *, is_called: bool = False
    ) -> Values:
        """What a value of a declared type may be; ``None`` itself is left out.

        ``is_called`` for an inferred type, which names what was called: a class or a function.
        """
        self._n_left -= 1
        if depth > _MAX_DEPTH or self._n_left < 0 or "…" in written.text:
            return None
        key = (written.outline.path, written.text, str(written.bound and written.bound.within.key))
        if key in self._following:
            return None
        self._following.add(key)
        try:
            return union(
                options(written.text),
                lambda each: self._option_values(each, written, depth, is_called=is_called),
            )
        finally:
            self._following.discard(key)

    def _option_values(
        self, option: str, written: Written, depth: int, *, is_called: bool
    ) -> Values:
        head, arguments = split_generic(option)
        name = head.rpartition(".")[2]
        outline, bound = written.outline, written.bound
        if not _DOTTED.fullmatch(head):
            return None
        # In the stubs of ``typing`` these are classes, and mean what they mean everywhere.
        is_own = outline.member("", head) is not None and not outline.path.startswith("<stdlib>")
        if not is_own:
            if name in _UNKNOWABLE:
                return None
            if name == "Self":
                return None if bound is None else _self_of(bound)
            if name in _TRANSPARENT and arguments:
                return self.values_of_type(Written(arguments[0], outline, bound), depth + 1)
            if name in {"type", "Type"} and arguments:
                inner = self.values_of_type(Written(arguments[0], outline, bound), depth + 1)
                return union(
                    inner,
                    lambda each: (
                        (replace(each.of, is_open=True),) if isinstance(each, Instance) else None
                    ),
                )
            if name == "LiteralString":
                return self.builtin("str")
        if bound is not None and "." not in head:
            given = self._type_argument(head, bound)
            if given is not None:
                return self.values_of_type(given, depth + 1)
        definitions = self.definitions_of_dotted(head, outline, bound)
        told = tuple(Written(each, outline, bound) for each in arguments)
        return union(
            definitions,
            lambda each: self._typed(each, told, depth, is_called=is_called),
        )

    def _typed(
        self, definition: Definition, arguments: tuple[Written, ...], depth: int, *, is_called: bool
    ) -> Values:
        symbol, outline = definition.symbol, definition.outline
        if symbol is None:
            return None
        if symbol.kind in _TYPES:
            return (Instance(Class(outline, symbol, arguments)),)
        if symbol.kind in _CALLABLES:
            function = self._group_values([definition], depth + 1) if is_called else None
            return union(function, lambda each: self.result_of(each, depth + 1))
        # An alias: ``Shop = Store | Warehouse``.
        aliased = _ALIASED.match(symbol.stub)
        if (
            aliased is None
            or _TYPE_VARIABLE.search(symbol.stub)
            or "…" in symbol.stub
            or "(" in aliased["value"]
        ):
            return None
        values = self.values_of_type(Written(aliased["value"], outline), depth + 1)
        return union(values, lambda each: _with_arguments(each, arguments))

    def _type_argument(self, name: str, bound: Bound) -> Written | None:
        """What a type variable of the defining class stands for, if it is known."""
        parameters = self._type_parameters(bound.within)
        if name not in parameters:
            return None
        index = parameters.index(name)
        arguments = bound.within.arguments
        return arguments[index] if index < len(arguments) else None

    def _type_parameters(self, value: Class) -> list[str]:
        declared = _TYPE_PARAMETERS.match(value.symbol.stub)
        if declared is not None:
            return [part.partition(":")[0].strip(" *") for part in declared["names"].split(",")]
        found: dict[str, None] = {}
        for base in value.symbol.bases:
            head, arguments = split_generic(base)
            names = [
                each for each in arguments if each.isidentifier() and self._is_variable(each, value)
            ]
            if head.rpartition(".")[2] in _SPECIAL_BASES and arguments:
                return names
            found.update(dict.fromkeys(names))
        return list(found)

    def _is_variable(self, name: str, value: Class) -> bool:
        definitions = self.definitions_in_module(value.outline, name)
        return bool(definitions) and all(
            each.symbol is not None and _TYPE_VARIABLE.search(each.symbol.stub)
            for each in definitions or ()
        )

    def definitions_of_dotted(
        self, dotted: str, outline: Outline, bound: Bound | None = None
    ) -> Definitions:
        """Where a dotted name leads that stands in an annotation or among the bases of a class."""
        first, *rest = [part.strip() for part in dotted.split(".")]
        found: Definitions = ()
        if bound is not None:
            # A nested class is in reach of the annotations in its class.
            scope = bound.within.symbol.qualified_name
            if bound.within.outline.path == outline.path:
                nested = outline.definitions(f"{scope}.{first}")
                found = tuple(Definition(outline, s) for s in nested if s.kind in _TYPES)
        if not found:
            found = self.definitions_of_name(outline, first)
        for name in rest:
            if not found:
                return None
            values = self.values_at(found)
            following: list[Definition] = []
            for value in values or ():
                members = self.member_definitions(value, name)
                if not members:
                    return None
                following += members
            found = tuple(following)
        return tuple(map(self._plain, found)) if found else None

    def _plain(self, definition: Definition) -> Definition:
        """The class that one of the old names of ``typing`` stands for (PEP 585)."""
        symbol = definition.symbol
        if symbol is None or definition.outline.path != _TYPING:
            return definition
        found = self.library_class(*_PLAIN_CLASSES.get(symbol.name, ("", "")))
        return definition if found is None else Definition(found.outline, found.symbol)

    def builtin(self, name: str) -> Values:
        """An instance of a built-in class; ``None`` itself has no members worth asking for."""
        if name == "None":
            return ()
        outline = self.repository.outline(_BUILTINS)
        symbol = outline.by_qualified_name.get(name) if outline is not None else None
        if outline is None or symbol is None:
            return None
        return (Instance(Class(outline, symbol)),)

    # Names of modules

    def definitions_of_import(self, entry: Import) -> Definitions:
        """Where an import leads; empty if the module is seen whole and has no such name."""
        if not entry.name or entry.name == "*":
            module = entry.module
            if not entry.name and not entry.alias:
                # ``import a.b`` binds ``a``.
                module = module.partition(".")[0]
            outline = self.module(Import(entry.path, module, entry.line, level=entry.level))
            return None if outline is None else (Definition(outline),)
        outline = self.module(entry)
        if outline is None:
            longer = f"{entry.module}.{entry.name}" if entry.module else entry.name
            inner = self.module(Import(entry.path, longer, entry.line, level=entry.level))
            return None if inner is None else (Definition(inner),)
        if outline.path == entry.path:
            # ``from . import orders`` in a package itself means its module of that name.
            submodule = self._submodule(outline, entry.name)
            return None if submodule is None else (Definition(submodule),)
        return self.definitions_in_module(outline, entry.name)

    def module(self, entry: Import) -> Outline | None:
        """The file that the module of an import surely is."""
        paths = self.names.modules(entry)
        if len(paths) > 1 and not entry.level and not paths[0].startswith("<"):
            here = posixpath.dirname(entry.path)
            near = [path for path in paths if _closeness(here, path) == _closeness(here, paths[0])]
            if len(near) > 1 and len({posixpath.dirname(path) for path in near}) > 1:
                return None
        return self.repository.outline(paths[0]) if paths else None

    def definitions_in_module(self, outline: Outline, name: str) -> Definitions:
        """Where a name leads in the namespace of a module, through its re-exports."""
        key = ("module", outline.path, name)
        if key in self._following or len(self._following) > _MAX_QUESTIONS:
            return None
        # Imports may run in circles; every place is asked once on the way.
        self._following.add(key)
        try:
            return self._definitions_in_module(outline, name)
        finally:
            self._following.discard(key)

    def _definitions_in_module(self, outline: Outline, name: str) -> Definitions:
        found = [Definition(outline, symbol) for symbol in outline.definitions(name)]
        for entry in outline.module_imports(name):
            imported = self.definitions_of_import(entry)
            if not imported:
                return None
            found += imported
        if found:
            return tuple(found)
        if name.startswith("__") and name.endswith("__"):
            return None
        submodule = self._submodule(outline, name)
        if submodule is not None:
            return (Definition(submodule),)
        for star in outline.star_imports:
            source = self.module(star)
            if source is None:
                return None
            inherited = self.definitions_in_module(source, name)
            if inherited != ():
                return inherited
        # Stubs keep the private names of a library to themselves.
        is_private = name.startswith("_") and outline.path.startswith("<")
        is_open = is_private or not outline.is_whole or bool(outline.definitions("__getattr__"))
        return None if is_open or (outline.exports and name in outline.exports) else ()

    def _submodule(self, outline: Outline, name: str) -> Outline | None:
        if posixpath.basename(outline.path) not in {"__init__.py", "__init__.pyi"}:
            return None
        entry = Import(outline.path, name, 0, level=1)
        return self.module(entry)

    # Members

    def member_definitions(self, value: Value, name: str) -> Definitions:
        """Where a member leads; ``None`` if it is not found. Absence is said by ``whole`` only."""
        match value:
            case Module(outline):
                return self.definitions_in_module(outline, name) or None
            case Instance(of) | (Class() as of):
                return self._class_member(value, of, name)
            case _:
                return None

    def member_names(self, value: Value) -> list[str]:
        """The names of all members that are found, those of bases included."""
        match value:
            case Module(outline):
                own = [symbol.name for symbol in outline.symbols if not symbol.parent]
                return [*own, *outline.imported]
            case Instance(of) | (Class() as of):
                classes, _ = self.lineage(of)
                return [name for each in classes for name in each.outline.members_of(each.symbol)]
            case _:
                return []

    def _class_member(self, origin: Class | Instance, of: Class, name: str) -> Definitions:
        classes, is_known = self.lineage(of)
        for each in classes:
            symbols = each.outline.definitions(f"{each.symbol.qualified_name}.{name}")
            if not symbols and name == "__init__" and _is_made_by_decorator(each.symbol):
                return None
            if symbols:
                bound = Bound(origin, each)
                return tuple(Definition(each.outline, symbol, bound) for symbol in symbols)
        # Of a class whose bases are known, ``object`` is the last word.
        if is_known and name in {"__new__", "__init__"}:
            return ()
        return None

    def lineage(self, value: Class) -> tuple[tuple[Class, ...], bool]:
        """A class and its bases, nearest first, and whether all of them are known."""
        key = value.key
        known = self._lineages.get(key) if not value.arguments else None
        if known is not None:
            return known
        found: list[Class] = []
        seen: set[tuple[str, str]] = set()
        is_whole = True
        level = [value]
        while level and len(found) < _MAX_QUESTIONS:
            following: list[Class] = []
            for each in level:
                if each.key in seen:
                    continue
                seen.add(each.key)
                found.append(each)
                bases, is_known = self._bases(each)
                is_whole = is_whole and is_known
                following += bases
            level = following
        # Whatever way leads to it first, ``object`` is the last word.
        found.sort(key=lambda each: each.key == (_BUILTINS, "object"))
        result = (tuple(found), is_whole)
        if not value.arguments:
            self._lineages[key] = result
        return result

    def _bases(self, value: Class) -> tuple[list[Class], bool]:
        """The bases that are found, and whether these are all."""
        found: list[Class] = []
        is_known = True
        bound = Bound(value, value)
        scope = Bound(value, _outer(value)) if "." in value.symbol.qualified_name else None
        for base in value.symbol.bases:
            head, arguments = split_generic(base)
            name = head.rpartition(".")[2]
            if name in _SPECIAL_BASES:
                continue
            if not _DOTTED.fullmatch(head) or (base != head and not arguments):
                is_known = False
                continue
            if name == "TypedDict":
                base_class: Value | None = self.library_class("typing", "_TypedDict")
            else:
                values = self.values_at(self.definitions_of_dotted(head, value.outline, scope))
                base_class = values[0] if values is not None and len(values) == 1 else None
            if not isinstance(base_class, Class):
                is_known = False
                continue
            told = tuple(Written(each, value.outline, bound) for each in arguments)
            found.append(Class(base_class.outline, base_class.symbol, told))
        if not found and is_known and value.key != (_BUILTINS, "object"):
            root = self.library_class("builtins", "object")
            found += [root] if root is not None else []
            is_known = root is not None
        return found, is_known

    def library_class(self, module: str, name: str) -> Class | None:
        """A class of the standard library."""
        outline = self.repository.outline(f"<stdlib>/{module}.pyi")
        symbol = outline.by_qualified_name.get(name) if outline is not None else None
        return Class(outline, symbol) if outline is not None and symbol is not None else None


class _Nowhere:
    """The place of an expression at the top level of a file or class; fulfils ``code.Place``."""

    def __init__(self, class_body: str = "") -> None:
        self.owner = class_body
        self.class_body = class_body

    def bindings(self, name: str) -> Sequence[Binding] | None:
        del name
        return None

    def names(self) -> Sequence[str]:
        return ()

    def testers(self, text: str) -> frozenset[str]:
        del text
        return frozenset()


_ITERATORS = frozenset(
    {"Iterator", "Iterable", "Generator", "AsyncIterator", "AsyncIterable", "AsyncGenerator"}
)


def decorator_name(decorator: str) -> str:
    """The last name of a decorator: ``cache`` of ``functools.cache(maxsize=1)``."""
    return decorator.partition("(")[0].strip().rpartition(".")[2]


def text_of(expression: Expression) -> str:
    """A chain of names as it stands in the code; empty for anything else."""
    match expression:
        case Name(text):
            return text
        case Member(inner, name):
            owner = text_of(inner)
            return f"{owner}.{name}" if owner else ""
        case _:
            return ""


def expression_of(text: str) -> Expression | None:
    """A chain of names, members, calls and subscripts from its text."""
    found = steps(text)
    if not found:
        return None
    nowhere = Span(0, 0)
    expression: Expression = Name(found[0][1], nowhere)
    for kind, name in found[1:]:
        match kind:
            case "attribute":
                expression = Member(expression, name, nowhere)
            case "call":
                expression = Call(expression, Arguments(is_whole=False), nowhere)
            case _:
                expression = Item(expression)
    return Awaited(expression) if text.startswith("await ") else expression


def distinct(values: Iterable[Value]) -> tuple[Value, ...]:
    """The values, each once."""
    found: list[Value] = []
    for value in values:
        if value not in found:
            found.append(value)
    return tuple(found)


def union(items: Iterable[_T] | None, ask: Callable[[_T], Values]) -> Values:
    """What ``ask`` says of all items together; unknown if it is of one of them."""
    if items is None:
        return None
    found: list[Value] = []
    for item in items:
        values = ask(item)
        if values is None:
            return None
        found += values
    return distinct(found)


def _offered(symbols: Sequence[Symbol]) -> Sequence[Symbol]:
    """The overloads, if there are any: the implementation beside them is not what callers see."""
    overloads = [
        symbol
        for symbol in symbols
        if any(decorator_name(each) == "overload" for each in symbol.decorators)
    ]
    return overloads or symbols


def _self_of(bound: Bound) -> Values:
    origin = bound.origin
    return (Instance(origin),) if isinstance(origin, Class) else (origin,)


def _with_arguments(value: Value, arguments: tuple[Written, ...]) -> Values:
    if isinstance(value, Instance) and arguments and not value.of.arguments:
        return (Instance(Class(value.of.outline, value.of.symbol, arguments)),)
    return (value,)


def _is_builtin(value: Class, name: str) -> bool:
    return value.key == (_BUILTINS, name)


def _is_partial(value: Class) -> bool:
    return value.key == ("<stdlib>/functools.pyi", "partial")


def _outer(value: Class) -> Class:
    """The class or function around a nested class, for what its bases can see."""
    outer = value.outline.by_qualified_name.get(value.symbol.parent)
    return value if outer is None else Class(value.outline, outer)


def _get_of(value: Class) -> str:
    return f"{value.symbol.qualified_name}.__get__"


def _is_declared_in_class_body(outline: Outline, field: Symbol) -> bool:
    """Whether the type of a field is written, and not inferred: only there can that be told."""
    return field.stub.startswith(f"{field.name}:") and not any(
        other.parent == field.parent
        and other.kind in _METHODS
        and other.span.start <= field.span.start < other.span.end
        for other in outline.symbols
    )


def _is_made_by_decorator(symbol: Symbol) -> bool:
    """Whether a decorator writes the constructor of a class."""
    return any(decorator_name(each) in _RECORD_MAKERS for each in symbol.decorators)


def _closeness(folder: str, path: str) -> int:
    shared = 0
    for ours, theirs in zip(folder.split("/"), path.split("/"), strict=False):
        if ours != theirs:
            break
        shared += 1
    return shared

"""``infer``, ``whole`` and ``signatures`` for TypeScript, as far as JavaScript follows its rules.

Types are believed as they are declared: a member that a declared type lacks is an error of the
compiler's, whatever the value is at run time. What TypeScript computes (conditional and mapped
types, intersections, ``keyof``) is unknown, and so is everything that comes from packages.
JavaScript has no types to go by: only its imports are judged.
"""

from __future__ import annotations

import re
from dataclasses import replace

from indexer.model import Import, Reference, Symbol, SymbolKind
from indexer.resolve.infer import Inference, union
from indexer.resolve.outline import Outline
from indexer.resolve.signatures import Signatures
from indexer.resolve.text import split_at, split_generic
from indexer.resolve.values import (
    Bound,
    Class,
    Definition,
    Definitions,
    Function,
    Instance,
    Many,
    Result,
    Value,
    Values,
    Written,
)
from indexer.resolve.whole import Wholeness
from indexer.syntax.code import Call, Expression, Literal, Place, Typed

LANGUAGES = frozenset({"typescript", "tsx", "javascript"})
_TYPED = frozenset({"typescript", "tsx"})
_TYPES = frozenset({SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.ENUM})
_CALLABLES = frozenset({SymbolKind.FUNCTION, SymbolKind.METHOD})
_DOTTED = re.compile(r"[^\W\d][\w$]*(?:\.[^\W\d][\w$]*)*")
_ARRAY = re.compile(r"^(?:readonly\s+)?(?P<element>[\w$.]+(?:<[^<>]*>)?)\[\]$")
_SAME_MEMBERS = frozenset({"Readonly", "Required", "Partial", "NonNullable", "Awaited"})
_ARRAYS = frozenset({"Array", "ReadonlyArray", "Set", "ReadonlySet", "Iterable", "Iterator"})
_UNKNOWABLE = frozenset(
    {"any", "unknown", "object", "Object", "Function", "never", "void", "symbol", "bigint"}
)
_EXTENDS = re.compile(r"\bextends\b(?P<bases>.*?)(?:\bimplements\b|\{|$)")
_ALIAS = re.compile(r"^(?:export\s+|declare\s+)*type\s+[\w$]+\s*=\s*(?P<type>.+?);?$")
_NAMED = re.compile(r"\b(?:class|interface)\s+[\w$]+\s*")
_OF_OBJECTS = frozenset(
    {"constructor", "toString", "toLocaleString", "valueOf", "hasOwnProperty", "isPrototypeOf"}
    | {"propertyIsEnumerable", "prototype", "name", "length", "apply", "call", "bind", "caller"}
    | {"arguments"}
)
_OF_ERRORS = frozenset({"name", "message", "stack", "cause"})
_ERRORS = frozenset(
    {"Error", "TypeError", "RangeError", "SyntaxError", "ReferenceError", "EvalError"}
)
_TWO_WORDS = re.compile(r"^_?[a-z][a-z0-9]*(?:[A-Z_][A-Za-z0-9]+)+$")
_TWO_CAPITALS = re.compile(r"^[A-Z][a-z0-9]+(?:[A-Z][a-z0-9]*)+$")
# Functions of browsers, Node and test frameworks that are called by their plain names.
_PLATFORM = frozenset(
    re.findall(
        r"\w+",
        """
        setTimeout clearTimeout setInterval clearInterval setImmediate clearImmediate
        queueMicrotask structuredClone parseInt parseFloat isNaN isFinite encodeURI decodeURI
        encodeURIComponent decodeURIComponent requestAnimationFrame cancelAnimationFrame
        requestIdleCallback cancelIdleCallback getComputedStyle matchMedia addEventListener
        removeEventListener dispatchEvent postMessage scrollTo scrollBy getSelection
        createImageBitmap importScripts reportError beforeEach afterEach beforeAll afterAll
        globalThis localStorage sessionStorage indexedDB innerWidth innerHeight outerWidth
        outerHeight devicePixelRatio defineProps defineEmits defineExpose defineModel
        defineOptions defineSlots withDefaults expectTypeOf assertType skipWaiting moveTo
        resizeTo moveBy resizeBy customElements visualViewport crossOriginIsolated
        isSecureContext trustedTypes
        """,
    )
)
_MAKERS = frozenset(
    {"assign", "defineProperty", "defineProperties", "setPrototypeOf", "[]", "mixin", "applyMixins"}
)


class TypeScriptInference(Inference):
    """Answers about code in JavaScript and TypeScript."""

    def values(
        self, expression: Expression, place: Place, outline: Outline, depth: int = 0
    ) -> Values:
        match expression:
            case Typed(annotation):
                return self.values_of_type(Written(annotation, outline), depth + 1)
            case Literal("Array", _):
                return None
            case _:
                return super().values(expression, place, outline, depth)

    def _name_values(self, name: str, place: Place, outline: Outline, depth: int) -> Values:
        if name == "super":
            return self._super_values(place, outline)
        return super()._name_values(name, place, outline, depth)

    def definitions_of_name(self, outline: Outline, name: str) -> Definitions:
        found = [Definition(outline, symbol) for symbol in outline.definitions(name)]
        for entry in outline.module_imports(name):
            imported = self.definitions_of_import(entry)
            if not imported:
                return None
            found += imported
        if found:
            return tuple(found)
        return () if outline.language in _TYPED and self._is_nobody_s(outline, name) else None

    def _is_nobody_s(self, outline: Outline, name: str) -> bool:
        """Whether neither the platform nor a declaration anywhere offers a plain name.

        What the platform offers is not listed anywhere here. But its functions are few and known,
        other names of two words are rarely its own, and what other files use without importing
        it must come from somewhere.
        """
        if name in _PLATFORM or not outline.is_whole:
            return False
        symbols = [s for s in self.repository.symbols_named(name) if not s.parent]
        if any(symbol.path.endswith(".d.ts") for symbol in symbols):
            return False
        if not _TWO_WORDS.match(name):
            # The platform has many classes; one that is ours alone was meant to be imported.
            is_ours = len({symbol.path for symbol in symbols if symbol.is_public}) == 1
            if not is_ours or not _TWO_CAPITALS.match(name):
                return False
        return not any(
            not reference.receiver and reference.path != outline.path and self._is_free(reference)
            for reference in self.repository.references_to(name)
        )

    def _is_free(self, reference: Reference) -> bool:
        """Whether a file uses a plain name that it neither defines nor imports."""
        outline = self.repository.outline(reference.path)
        return outline is None or not (
            outline.definitions(reference.name) or outline.module_imports(reference.name)
        )

    def _call_values(self, call: Call, place: Place, outline: Outline, depth: int) -> Values:
        functions = self.values(call.function, place, outline, depth + 1)
        if functions is None or any(isinstance(each, Class) != call.is_new for each in functions):
            return None
        return union(functions, lambda each: self.result_of(each, depth + 1))

    def _super_values(self, place: Place, outline: Outline) -> Values:
        symbol = outline.by_qualified_name.get(place.owner)
        if symbol is None:
            return None
        bases, is_known = self._bases(Class(outline, symbol))
        return (Instance(bases[0]),) if is_known and len(bases) == 1 else None

    def _instance_of(self, value: Class, depth: int) -> Values:
        del depth
        return None if value.symbol.kind is SymbolKind.INTERFACE else (Instance(value),)

    def _returned(self, value: Function, depth: int) -> Values:
        return union(
            value.symbols if len(value.symbols) == 1 else None,
            lambda symbol: (
                self.values_of_type(
                    Written(symbol.signature.returns, value.outline, value.bound), depth + 1
                )
                if symbol.signature is not None and symbol.signature.returns
                else None
            ),
        )

    def _awaited_values(self, value: Value, depth: int) -> Values:
        if isinstance(value, Result):
            return self.values_of_type(value.written, depth + 1)
        return (value,)

    def _element_values(self, value: Value, depth: int) -> Values:
        return self.values_of_type(value.element, depth + 1) if isinstance(value, Many) else None

    def _item_values(self, value: Value, depth: int) -> Values:
        return self._element_values(value, depth)

    def builtin(self, name: str) -> Values:
        return () if name == "None" else None

    # Types

    def _option_values(
        self, option: str, written: Written, depth: int, *, is_called: bool
    ) -> Values:
        del is_called
        outline, bound = written.outline, written.bound
        option = option.strip()
        if option == "this":
            return None if bound is None else _origin(bound)
        array = _ARRAY.match(option)
        if array is not None:
            return (Many(replace(written, text=array["element"])),)
        if option.startswith("(") and option.endswith(")") and "=>" not in option:
            return self.values_of_type(replace(written, text=option[1:-1]), depth + 1)
        head, arguments = split_generic(option)
        if not _DOTTED.fullmatch(head) or (head != option and not option.endswith(">")):
            return None
        if len(split_at(option, "&")) > 1 or head in _UNKNOWABLE:
            return None
        is_own = bool(outline.definitions(head) or outline.module_imports(head))
        if not is_own and arguments:
            inner = replace(written, text=arguments[0])
            if head in _SAME_MEMBERS:
                return self.values_of_type(inner, depth + 1)
            if head in _ARRAYS:
                return (Many(inner),)
            if head in {"Promise", "PromiseLike"}:
                return (Result(inner),)
        if bound is not None and head in self._type_parameters(bound.within):
            given = self._type_argument(head, bound)
            return None if given is None else self.values_of_type(given, depth + 1)
        definitions = self.definitions_of_dotted(head, outline, bound)
        told = tuple(replace(written, text=each) for each in arguments)
        return union(definitions, lambda each: self._typed(each, told, depth, is_called=False))

    def _typed(
        self, definition: Definition, arguments: tuple[Written, ...], depth: int, *, is_called: bool
    ) -> Values:
        del is_called
        symbol, outline = definition.symbol, definition.outline
        if symbol is None:
            return None
        if symbol.kind in _TYPES:
            return (Instance(Class(outline, symbol, arguments)),)
        alias = _ALIAS.match(symbol.stub)
        if symbol.kind is SymbolKind.TYPE_ALIAS and alias is not None and not arguments:
            return self.values_of_type(Written(alias["type"], outline), depth + 1)
        return None

    def _type_parameters(self, value: Class) -> list[str]:
        parameters, _ = _head(value.symbol)
        return [re.split(r"\s|=", part.strip())[0] for part in split_at(parameters, ",")]

    # Modules

    def definitions_of_import(self, entry: Import) -> Definitions:
        outline = self.module(entry)
        if outline is None:
            return None
        if not entry.name or entry.name == "*":
            return (Definition(outline),)
        return self.definitions_in_module(outline, entry.name)

    def module(self, entry: Import) -> Outline | None:
        paths = self.names.modules(entry)
        return self.repository.outline(paths[0]) if paths else None

    def _definitions_in_module(self, outline: Outline, name: str) -> Definitions:
        if outline.language not in LANGUAGES or outline.exports is None:
            return None
        for entry in outline.module_imports(name):
            if name in outline.exports:
                imported = self.definitions_of_import(entry)
                return imported or None
        symbols = [s for s in outline.definitions(name) if not s.parent]
        if name in outline.exports:
            return tuple(Definition(outline, symbol) for symbol in symbols) or None
        for star in outline.star_imports:
            source = self.module(star)
            inherited = self.definitions_in_module(source, name) if source is not None else None
            if inherited != ():
                return inherited
        is_open = (
            not outline.is_whole
            or outline.path.endswith((".d.ts", ".d.mts", ".d.cts"))
            or bool(symbols)
            or (outline.language == "javascript" and self._is_commonjs(outline))
        )
        return None if is_open else ()

    def _is_commonjs(self, outline: Outline) -> bool:
        return "default" in (outline.exports or ()) or any(
            reference.receiver in {"exports", "module", "module.exports"}
            for reference in self.repository.references_in(outline.path)
        )

    # Members

    def _bases(self, value: Class) -> tuple[list[Class], bool]:
        _, heritage = _head(value.symbol)
        extends = _EXTENDS.search(heritage)
        if extends is None:
            return [], "…" not in value.symbol.stub
        found: list[Class] = []
        is_known = "…" not in value.symbol.stub
        bound = Bound(value, value)
        for base in split_at(extends["bases"], ","):
            head, arguments = split_generic(base)
            if not _DOTTED.fullmatch(head) or (base.strip() != head and not arguments):
                is_known = False
                continue
            definitions = self.definitions_of_dotted(head, value.outline)
            types = [d for d in definitions or () if d.symbol and d.symbol.kind in _TYPES]
            if len(types) != 1 or types[0].symbol is None:
                is_known = is_known and head in _ERRORS and definitions is None
                continue
            told = tuple(Written(each, value.outline, bound) for each in arguments)
            found.append(Class(types[0].outline, types[0].symbol, told))
        return found, is_known

    def is_error(self, value: Class) -> bool:
        """Whether a class is one of the language's own errors, through its bases."""
        classes, _ = self.lineage(value)
        return any(
            (extends := _EXTENDS.search(_head(each.symbol)[1])) is not None
            and extends["bases"].strip() in _ERRORS
            for each in classes
        )


class TypeScriptWholeness(Wholeness):
    """Says what a type certainly lacks."""

    def __init__(self, inference: TypeScriptInference) -> None:
        super().__init__(inference)
        self._typescript = inference

    def _class_lacks(self, value: Class | Instance, name: str) -> bool:
        of = value if isinstance(value, Class) else value.of
        if of.outline.language not in _TYPED or name in _OF_OBJECTS:
            return False
        classes, is_known = self._inference.lineage(of)
        if not is_known or any(each.outline.language not in _TYPED for each in classes):
            return False
        if name in _OF_ERRORS and self._typescript.is_error(of):
            return False
        if any(
            each.outline.definitions(f"{each.symbol.qualified_name}.{name}") for each in classes
        ):
            return False
        if not all(self._is_shown(each) for each in classes):
            return False
        return not (self._is_declared_elsewhere(classes, name) or self._is_used_alike(of, name))

    def _find_out(self, value: Class) -> bool:
        outline, symbol = value.outline, value.symbol
        definitions = [s for s in outline.definitions(symbol.qualified_name) if s.kind]
        if not outline.is_whole or len(definitions) > 1:
            return False
        inside = [
            reference
            for reference in self._repository.references_in(outline.path)
            if f"{reference.container}.".startswith(f"{symbol.qualified_name}.")
        ]
        if any(reference.name in _MAKERS for reference in inside):
            return False
        names = {
            reference.name
            for reference in inside
            if reference.receiver == "this" and reference.name not in _OF_OBJECTS
        }
        classes, is_known = self._inference.lineage(value)
        return is_known and all(
            (name in _OF_ERRORS and self._typescript.is_error(value))
            or any(
                each.outline.definitions(f"{each.symbol.qualified_name}.{name}") for each in classes
            )
            for name in names
        )

    def _is_declared_elsewhere(self, classes: tuple[Class, ...], name: str) -> bool:
        """Whether another declaration of the same name adds the member (``declare module``)."""
        names = {each.symbol.name for each in classes}
        return any(
            symbol.parent.rpartition(".")[2] in names
            for symbol in self._repository.symbols_named(name)
        )

    def _module_lacks(self, outline: Outline, name: str) -> bool:
        return self._inference.definitions_in_module(outline, name) == ()


def signatures_of_typescript(inference: TypeScriptInference, value: Value) -> Signatures:
    """All signatures that a value may be called (or made) with."""
    match value:
        case Function(outline, symbols):
            if outline.language not in _TYPED:
                return None
            return _signatures(symbols)
        case Class() if value.symbol.kind is SymbolKind.CLASS:
            return _constructors(inference, value)
        case _:
            return None


def _signatures(symbols: tuple[Symbol, ...]) -> Signatures:
    found = []
    for symbol in symbols:
        is_declared = symbol.kind is SymbolKind.FUNCTION and symbol.annotation
        if symbol.signature is None or is_declared or symbol.kind not in _CALLABLES:
            return None
        found.append(symbol.signature.parameters)
    return tuple(found)


def _constructors(inference: TypeScriptInference, value: Class) -> Signatures:
    classes, is_known = inference.lineage(value)
    if not is_known or any(each.outline.language not in _TYPED for each in classes):
        return None
    if len(value.outline.definitions(value.symbol.qualified_name)) > 1:
        return None
    for each in classes:
        made = each.outline.definitions(f"{each.symbol.qualified_name}.constructor")
        if made:
            return _signatures(tuple(made))
    if inference.is_error(value):
        return None
    return ((),)


def _head(symbol: Symbol) -> tuple[str, str]:
    """The type parameters of a class or interface, and what follows them: its heritage."""
    named = _NAMED.search(symbol.stub)
    rest = symbol.stub[named.end() :] if named is not None else ""
    if not rest.startswith("<"):
        return "", rest
    depth = 0
    for position, character in enumerate(rest):
        is_arrow = character == ">" and rest[position - 1] == "="
        depth += 0 if is_arrow else {"<": 1, ">": -1}.get(character, 0)
        if depth == 0:
            return rest[1:position], rest[position + 1 :]
    return rest[1:], ""


def _origin(bound: Bound) -> Values:
    origin = bound.origin
    return (Instance(origin),) if isinstance(origin, Class) else (origin,)

"""What a value may be called with: every signature that callers may use, receiver taken off.

Constructors are put together from ``__init__`` or from the fields of a record: dataclasses, attrs,
named tuples, typed dicts, pydantic models. What a framework does to a constructor beyond what is
known here makes the signature unknown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias

from indexer.model import Parameter, ParameterKind, Symbol, SymbolKind
from indexer.resolve.infer import Inference, decorator_name
from indexer.resolve.values import Bound, Class, Definition, Function, Instance, Partial, Value

Parameters: TypeAlias = tuple[Parameter, ...]
Signatures: TypeAlias = tuple[Parameters, ...] | None
"""Alternatives of which a call must fit one; ``None``: nobody knows."""

_ROOT = ("<stdlib>/builtins.pyi", "object")
_RECEIVING = frozenset({ParameterKind.POSITIONAL_ONLY, ParameterKind.POSITIONAL_OR_KEYWORD})
_METACLASS = re.compile(r"\bmetaclass\s*=\s*(?:\w+\.)?(\w+)")
_METACLASSES = frozenset({"ABCMeta", "EnumMeta", "EnumType", "_ProtocolMeta", "type"})
_HARMLESS = frozenset({"final", "total_ordering", "runtime_checkable", "deprecated", "unique"})
_TEST_MARKS = re.compile(r"^(?:pytest\.mark\.|unittest\.skip|skip)")
_ATTRS = re.compile(r"^(?:attrs?\.)?(?:define|frozen|mutable|s|attrs|attributes)\b")
_FIELD = re.compile(
    r"^(?:\w+\.)*(?:field|attrib|ib|Field|PrivateAttr)\s*\((?P<inside>.*)$", re.DOTALL
)
_OLD_ATTRS = re.compile(
    r"(?:attr\.)?(?:s|attributes|attrs)\b(?!.*auto_attribs\s*=\s*True)", re.DOTALL
)
_DEFAULT = re.compile(r"\b(?:default|default_factory|factory)\s*=")
_NOT_IN_INIT = re.compile(r"\binit\s*=\s*False\b")
_KEYWORD_ONLY = re.compile(r"\bkw_only\s*=\s*True\b")
_ALIAS = re.compile(r"\b(?:validation_)?alias\w*\s*=")
_PLAIN_ALIAS = re.compile(r"(?<!\w)alias\s*=\s*(?P<quote>['\"])(?P<name>[^\W\d]\w*)(?P=quote)")
# What a model's configuration may say that lets it be made of more than its fields, or otherwise.
_OPEN_CONFIG = re.compile(
    r"alias|populate|by_name|…|\bextra['\"]?\s*[=:]\s*(?!['\"](?:forbid|ignore)['\"])"
)
_BY_NAME = re.compile(r"\b(?:populate|validate)_by_name['\"]?\s*[=:]\s*True\b")
_VALIDATORS = frozenset({"model_validator", "root_validator"})


def signatures_of(inference: Inference, value: Value) -> Signatures:
    """All signatures that a value may be called with."""
    match value:
        case Function():
            return _of_function(value)
        case Class():
            return None if value.is_open else _Constructors(inference).of(value)
        case Partial(function, n_given, keywords):
            found = signatures_of(inference, function)
            return None if found is None else tuple(_rest(p, n_given, keywords) for p in found)
        case Instance():
            called = inference.member_definitions(value, "__call__")
            values = inference.values_at(called) if called else None
            if not values or len(values) != 1 or not isinstance(values[0], Function):
                return None
            return _of_function(values[0])
        case _:
            return None


def _of_function(function: Function) -> Signatures:
    found: list[Parameters] = []
    for symbol in function.symbols:
        if symbol.signature is None:
            return None
        parameters = symbol.signature.parameters
        if function.bound is not None and _takes_receiver(symbol, function.bound):
            parameters = _without_receiver(parameters)
        found.append(parameters)
    return tuple(found)


def _takes_receiver(symbol: Symbol, bound: Bound) -> bool:
    """Whether reaching a method through its class or instance fills the first parameter."""
    names = {decorator_name(each) for each in symbol.decorators}
    if "staticmethod" in names or symbol.name == "__new__":
        return False
    if "classmethod" in names or symbol.name in {"__init_subclass__", "__class_getitem__"}:
        return True
    return isinstance(bound.origin, Instance)


def _without_receiver(parameters: Parameters) -> Parameters:
    return parameters[1:] if parameters and parameters[0].kind in _RECEIVING else parameters


def _rest(parameters: Parameters, n_given: int, keywords: Sequence[str]) -> Parameters:
    """A signature after ``functools.partial``: what was given by name may be given again."""
    for _ in range(n_given):
        parameters = _without_receiver(parameters)
    return tuple(
        replace(each, optional=True, kind=ParameterKind.KEYWORD_ONLY)
        if each.name in keywords
        else each
        for each in parameters
    )


class _Constructors:
    """Puts together the signatures of constructors."""

    def __init__(self, inference: Inference) -> None:
        self._inference = inference

    def of(self, value: Class) -> Signatures:
        classes, is_known = self._inference.lineage(value)
        if not is_known and self._is_model_of_absent_library(classes):
            return self._model(classes)
        if not is_known or value.symbol.kind in {SymbolKind.ENUM, SymbolKind.INTERFACE}:
            return None
        if any(_is_model_base(each) for each in classes):
            return self._model(classes)
        for each in classes:
            if self._is_strange(each):
                return None
        for each in classes:
            name = each.symbol.qualified_name
            if each.key == _ROOT:
                return ((),)
            started = each.outline.definitions(f"{name}.__init__")
            made = each.outline.definitions(f"{name}.__new__")
            if started or made:
                if each.symbol.decorators and self._record_kind(each) and not started:
                    return None
                return self._written(value, each, started or made)
            kind = self._record_kind(each)
            if kind:
                return self._record(each, kind)
        return None

    def _is_model_of_absent_library(self, classes: Sequence[Class]) -> bool:
        """Whether pydantic's ``BaseModel`` is all that is not seen of a class."""
        known = {each.key for each in classes}
        is_model = False
        for each in classes:
            for base in each.symbol.bases:
                if _is_imported_model(each, base):
                    is_model = True
                    continue
                definitions = self._inference.definitions_of_dotted(base, each.outline)
                if not definitions or any(
                    found.symbol is None or Class(found.outline, found.symbol).key not in known
                    for found in definitions
                ):
                    return False
        return is_model

    def _written(self, value: Class, owner: Class, symbols: Sequence[Symbol]) -> Signatures:
        """The signature of ``__init__`` or ``__new__`` as it is written."""
        bound = Bound(Instance(value), owner)
        values = self._inference.values_at(
            [Definition(owner.outline, symbol, bound) for symbol in symbols]
        )
        if values is None or len(values) != 1 or not isinstance(values[0], Function):
            return None
        found = _of_function(values[0])
        if found is None or symbols[0].name != "__new__":
            return found
        return tuple(_without_receiver(each) for each in found)

    def _is_strange(self, value: Class) -> bool:
        """Whether something may change how a class is called."""
        symbol = value.symbol
        if len(value.outline.definitions(symbol.qualified_name)) > 1:
            return not value.outline.path.startswith("<stdlib>")
        metaclass = _METACLASS.search(symbol.stub)
        if metaclass is not None and metaclass[1] not in _METACLASSES:
            return True
        return not all(
            decorator_name(each) in _HARMLESS
            or _TEST_MARKS.match(each)
            or self._decorated_kind(value, each)
            for each in symbol.decorators
            if not value.outline.path.startswith("<stdlib>")
        )

    def _record_kind(self, value: Class) -> str:
        """``dataclass``, ``attrs``, ``namedtuple``, ``typeddict``, or the empty string."""
        for decorator in value.symbol.decorators:
            kind = self._decorated_kind(value, decorator)
            if kind:
                return kind
        names = {base.rpartition(".")[2] for base in value.symbol.bases}
        if "NamedTuple" in names:
            return "namedtuple"
        classes, _ = self._inference.lineage(value)
        is_dict = any(each.key == ("<stdlib>/typing.pyi", "_TypedDict") for each in classes)
        return "typeddict" if is_dict and not value.outline.path.startswith("<stdlib>") else ""

    def _decorated_kind(self, value: Class, decorator: str) -> str:
        head = decorator.partition("(")[0].strip()
        if decorator_name(decorator) == "dataclass":
            found = self._inference.definitions_of_dotted(head, value.outline)
            paths = {each.outline.path for each in found or ()}
            is_known = paths == {"<stdlib>/dataclasses.pyi"} or (
                not paths and head in {"dataclass", "dataclasses.dataclass"}
            )
            return "dataclass" if is_known else ""
        if _ATTRS.match(head):
            return "attrs"
        return ""

    def _record(self, value: Class, kind: str) -> Signatures:
        """The signature that is made of a record's fields, inherited ones first."""
        classes, _ = self._inference.lineage(value)
        fields: dict[str, Parameter] = {}
        for each in reversed(classes):
            if each.key != value.key and self._record_kind(each) != kind:
                continue
            own = self._fields(each, kind)
            if own is None:
                return None
            fields.update(own)
        parameters = [p for p in fields.values() if p.kind is not ParameterKind.KEYWORD_ONLY]
        parameters += [p for p in fields.values() if p.kind is ParameterKind.KEYWORD_ONLY]
        if kind == "typeddict":
            mapping = Parameter("mapping", ParameterKind.POSITIONAL_ONLY, optional=True)
            parameters.insert(0, mapping)
        return (tuple(parameters),)

    def _fields(self, value: Class, kind: str) -> dict[str, Parameter] | None:
        options = next((d.partition("(")[2] for d in value.symbol.decorators if "(" in d), "")
        if re.search(r"\binit\s*=\s*False|\bthese\s*=|field_transformer|…", options):
            return None
        is_keyword_only = bool(_KEYWORD_ONLY.search(options)) or kind == "typeddict"
        needs_call = kind == "attrs" and any(
            re.match(
                r"(?:attr\.)?(?:s|attributes|attrs)\b(?!.*auto_attribs\s*=\s*True)", each, re.DOTALL
            )
            for each in value.symbol.decorators
        )
        found: dict[str, Parameter] = {}
        for symbol in _declared_fields(value):
            annotation, written = _written_field(symbol)
            if annotation.endswith("KW_ONLY"):
                is_keyword_only = True
                continue
            if "ClassVar" in annotation:
                continue
            call = _FIELD.match(written)
            if call is None and (not annotation or needs_call):
                # Without an annotation, or where only calls count, it is a plain attribute.
                continue
            inside = call["inside"] if call is not None else ""
            if _NOT_IN_INIT.search(inside):
                continue
            if "…" in inside or _ALIAS.search(inside):
                return None
            has_default = bool(_DEFAULT.search(inside)) if call is not None else bool(written)
            if kind == "attrs":
                has_default = has_default or _has_default_method(value, symbol.name)
            name = symbol.name.lstrip("_") if kind == "attrs" else symbol.name
            is_named = is_keyword_only or bool(_KEYWORD_ONLY.search(inside))
            found[name] = Parameter(
                name,
                ParameterKind.KEYWORD_ONLY if is_named else ParameterKind.POSITIONAL_OR_KEYWORD,
                annotation or None,
                written or None,
                optional=has_default or kind == "typeddict",
            )
        return found

    def _model(self, classes: Sequence[Class]) -> Signatures:
        """The signature of a pydantic model: its fields by name."""
        own = []
        for each in classes:
            if _is_model_base(each):
                break
            own.append(each)
        fields: dict[str, Parameter] = {}
        aliased: set[str] = set()
        is_by_name = False
        for each in reversed(own):
            if (
                each.symbol.decorators
                or "…" in each.symbol.stub
                or _METACLASS.search(each.symbol.stub)
            ):
                return None
            if _OPEN_CONFIG.search(each.symbol.stub) or _has_open_config(each):
                return None
            is_by_name = is_by_name or _is_by_name(each)
            for symbol in _declared_fields(each):
                annotation, written = _written_field(symbol)
                if not annotation or symbol.name.startswith("_"):
                    continue
                if "ClassVar" in annotation or symbol.name == "model_config":
                    continue
                call = _FIELD.match(written)
                inside = call["inside"] if call is not None else ""
                if "…" in inside or "…" in annotation:
                    return None
                name = symbol.name
                aliased.discard(name)
                if _ALIAS.search(inside + annotation):
                    alias = _PLAIN_ALIAS.search(inside)
                    if alias is None or len(_ALIAS.findall(inside + annotation)) > 1:
                        return None
                    name = alias["name"]
                    aliased.add(symbol.name)
                has_default = bool(written)
                if call is not None:
                    first = inside.lstrip().partition(",")[0].rstrip(") ")
                    is_given = bool(first) and "=" not in first and first != "..."
                    has_default = is_given or bool(_DEFAULT.search(inside))
                    has_default = has_default and not re.search(r"default\s*=\s*\.\.\.", inside)
                elif written == "...":
                    has_default = False
                has_default = has_default or bool(re.search(r"\bdefault\w*\s*=", annotation))
                fields[symbol.name] = Parameter(
                    name,
                    ParameterKind.KEYWORD_ONLY,
                    annotation,
                    written or None,
                    optional=has_default,
                )
        if not is_by_name:
            return (tuple(fields.values()),)
        # Either name will do, and which of the two is given is nobody's concern.
        either = [
            replace(field, name=name, optional=True)
            for own_name, field in fields.items()
            if own_name in aliased
            for name in (own_name, field.name)
        ]
        return ((*(f for n, f in fields.items() if n not in aliased), *either),)


def _is_model_base(value: Class) -> bool:
    path, name = value.key
    return name == "BaseModel" and path.endswith("/pydantic/main.py")


_IMPORTED_MODELS = {
    "BaseModel": [("pydantic", "BaseModel")],
    "pydantic.BaseModel": [("pydantic", "")],
}


def _is_imported_model(value: Class, base: str) -> bool:
    imports = value.outline.module_imports(base.partition(".")[0])
    return [(each.module, each.name or "") for each in imports] == _IMPORTED_MODELS.get(base)


def _has_open_config(value: Class) -> bool:
    """Whether something in a model changes what it may be made of."""
    prefix = f"{value.symbol.qualified_name}."
    for symbol in value.outline.symbols:
        if not symbol.qualified_name.startswith(prefix):
            continue
        if symbol.name in {"Config", "__init__", "__new__"}:
            return True
        if symbol.name == "model_config" and _OPEN_CONFIG.search(_BY_NAME.sub("", symbol.stub)):
            return True
        if any(decorator_name(each) in _VALIDATORS for each in symbol.decorators):
            return True
    return False


def _is_by_name(value: Class) -> bool:
    """Whether fields that have an alias may be given by their own names too."""
    config = value.outline.definitions(f"{value.symbol.qualified_name}.model_config")
    return any(_BY_NAME.search(symbol.stub) for symbol in config)


def _declared_fields(value: Class) -> list[Symbol]:
    """The fields that stand in the body of a class itself, in order."""
    name = value.symbol.qualified_name
    inside = [s for s in value.outline.symbols if s.parent == name]
    methods = [s.span for s in inside if s.kind in {SymbolKind.METHOD, SymbolKind.PROPERTY}]
    return [
        symbol
        for symbol in inside
        if symbol.kind is SymbolKind.FIELD
        and not any(span.start <= symbol.span.start < span.end for span in methods)
    ]


def _written_field(symbol: Symbol) -> tuple[str, str]:
    """The declared type and the value of a field as they stand in its class; empty if missing."""
    declared = f"{symbol.name}: {symbol.annotation}"
    if symbol.annotation and symbol.stub.startswith(declared):
        return symbol.annotation, symbol.stub[len(declared) :].removeprefix(" = ")
    return "", symbol.stub.partition(" = ")[2]


def _has_default_method(value: Class, name: str) -> bool:
    return any(
        decorator.strip() == f"{name}.default"
        for symbol in value.outline.symbols
        if symbol.parent == value.symbol.qualified_name
        for decorator in symbol.decorators
    )

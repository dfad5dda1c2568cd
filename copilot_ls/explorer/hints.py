"""What a parameter wants to be given: from its annotation, or from what the body does with it.

A hint is an annotation object (``int``, ``List[str]``, a class), one of a few words for what
has no annotation (``path``, ``callable``, ``file``, ``class``, ``iterable``, ``object``,
``module``, ``code``, ``json``), or an object of this module: :class:`Stub`, :class:`Record`,
:class:`Several`, :class:`Rows`, :class:`Returns`. Each has a weight. Standard library alone.
"""

from __future__ import annotations

import argparse
import ast
import builtins
import datetime as dt
import decimal
import functools
import inspect
import json
import logging
import re
import sys
import types
import typing
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

Hint = Any
Hints = list[tuple[float, Hint]]


class Stub:
    """An object that has what the body reads of it: ``attributes`` by name."""

    __slots__ = ("attributes",)

    def __init__(self, attributes: dict[str, Hints]) -> None:
        self.attributes = attributes


class Record:
    """A dictionary with the keys that the body asks for."""

    __slots__ = ("entries",)

    def __init__(self, entries: dict[str, Hints]) -> None:
        self.entries = entries


class Several:
    """A list of what ``items`` says."""

    __slots__ = ("items",)

    def __init__(self, items: Hints) -> None:
        self.items = items


class Rows:
    """A list of tuples: of what each of ``columns`` says."""

    __slots__ = ("columns",)

    def __init__(self, columns: list[Hints]) -> None:
        self.columns = columns


class Returns:
    """A function that returns what ``result`` says."""

    __slots__ = ("result",)

    def __init__(self, result: Hints) -> None:
        self.result = result


_MAX_DEPTH = 4
_MAX_KEYS = 24
ANNOTATED = 12.0
"""The weight of what an annotation says; no other hint has as much."""

_METHODS: dict[str, tuple[Hint, ...]] = {}
for _type in (str, bytes, list, dict, set, int, float):
    for _name in dir(_type):
        if not _name.startswith("_"):
            _METHODS.setdefault(_name, ())
            _METHODS[_name] += (_type,)
_METHODS.update(
    dict.fromkeys(
        ("read", "readline", "readlines", "write", "seek", "flush", "getvalue"), ("file",)
    )
)
_METHODS.update(
    dict.fromkeys(
        (
            "exists",
            "is_dir",
            "is_file",
            "joinpath",
            "as_posix",
            "mkdir",
            "parent",
            "read_text",
            "write_text",
            "glob",
            "expanduser",
            "resolve",
            "iterdir",
            "suffix",
            "stem",
        ),
        ("path",),
    )
)
_METHODS.update(dict.fromkeys(("__name__", "__qualname__", "__mro__", "__bases__"), ("class",)))
_METHODS.update(dict.fromkeys(("__code__", "__wrapped__", "__defaults__"), ("callable",)))
_CALLS: dict[str, tuple[Hint, ...]] = {
    "len": (str, list), "sum": (list[int],), "max": (list[int],),
    "min": (list[int],), "sorted": (list[int], list[str]),
    "range": (int,), "chr": (int,), "ord": (str,), "abs": (int, float), "round": (float,),
    "int": (str, int), "float": (str, float), "open": ("path",), "iter": ("iterable",),
    "enumerate": ("iterable",), "list": ("iterable",), "tuple": ("iterable",), "set": ("iterable",),
    "zip": ("iterable",), "map": ("iterable",), "next": ("iterator",), "issubclass": ("class",),
    "vars": ("object",), "getattr": ("object",), "hasattr": ("object",), "setattr": ("object",),
    "callable": ("callable", int), "fields": ("dataclass",), "is_dataclass": ("dataclass",),
    "asdict": ("dataclass",), "astuple": ("dataclass",),
    "exec": ("code",), "eval": ("code",), "compile": ("code",),
    "repr": ("object",), "str": ("object",), "dict": (dict,), "bytes": (bytes,), "Path": ("path",),
}  # fmt: skip
_CALLS_OF_MODULE: dict[str, tuple[Hint, ...]] = {
    "re": (str,), "os": ("path",), "os.path": ("path",), "json": ("json", str),
    "ast": ("code",),
    "shutil": ("path",), "inspect": ("callable", "class", "object"), "math": (float, int),
    "struct": (bytes,), "base64": (bytes,), "importlib": ("module",), "functools": ("callable",),
    "dataclasses": ("dataclass",), "textwrap": (str,), "pathlib": ("path",),
}  # fmt: skip
_NAMES: tuple[tuple[frozenset[str], tuple[Hint, ...]], ...] = tuple(
    (frozenset(words.split()), hints)
    for words, hints in (
        ("path file filename filepath dir directory folder", ("path", str)),
        ("func function callback fn handler predicate decorated wrapped method", ("callable",)),
        ("cls klass type class", ("class",)),
        ("count num n size length width height index idx depth level limit max min", (int,)),
        ("start stop step offset port year month day hour age i j k m x y z", (int, float)),
        ("ratio rate factor scale alpha seconds timeout delay weight", (float, int)),
        ("name text string str msg message title prefix suffix pattern key word line", (str,)),
        ("url uri code lang encoding mode fmt format sep s", (str,)),
        ("is has should use with no do allow flag verbose strict force debug recursive", (bool,)),
        ("items values list args names lines words elements rows keys seq", (list, list[str])),
        ("sequence iterable objs numbers", (list, list[int])),
        ("dict mapping kwargs kvs options config settings params map data info attrs env", (dict,)),
        ("bytes raw buf buffer payload blob", (bytes,)),
    )
)
_NAMED_CLASSES: dict[str, Hint] = {
    "timedelta": dt.timedelta, "delta": dt.timedelta, "duration": dt.timedelta,
    "datetime": dt.datetime, "dt": dt.datetime, "timestamp": dt.datetime,
    "now": dt.datetime, "date": dt.date, "decimal": decimal.Decimal,
    "uuid": uuid.UUID, "logger": logging.Logger, "regex": re.Pattern, "pattern": re.Pattern,
    "args": argparse.Namespace, "namespace": argparse.Namespace, "generator": types.GeneratorType,
    "stream": "file", "fp": "file", "f": "file", "fh": "file", "fd": "file", "output": "file",
    "exc": Exception, "exception": Exception, "error": Exception, "err": Exception,
}  # fmt: skip
_PATH_WORDS = _NAMES[0][0]
_DOC_TYPES: dict[str, Hint] = {
    "str": str, "string": str, "int": int, "integer": int, "float": float, "number": float,
    "bool": bool, "boolean": bool, "bytes": bytes, "list": list, "tuple": tuple, "dict": dict,
    "set": set, "mapping": dict, "callable": "callable", "function": "callable", "path": "path",
    "pathlib.path": "path", "iterable": "iterable", "sequence": list, "type": "class",
    "object": "object", "none": type(None), "file": "file", "any": "object",
}  # fmt: skip


def hints_of(
    function: Any, definition: ast.AST | None, namespace: Mapping[str, Any]
) -> dict[str, Hints]:
    """Weighted hints for each parameter of ``function`` but its receiver.

    ``definition`` is its tree, ``namespace`` its module's: both help where no annotation does.
    """
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return {}
    annotations = _annotations(function)
    body = _Body(definition, namespace) if definition is not None else None
    documented = _documented(inspect.getdoc(function) or "")
    found: dict[str, Hints] = {}
    for name, parameter in signature.parameters.items():
        hints: Hints = []
        annotation = annotations.get(name, parameter.annotation)
        if isinstance(annotation, str):
            annotation = _evaluate(annotation, namespace)
        if annotation is not inspect.Parameter.empty and annotation is not None:
            hints.append((ANNOTATED, annotation))
        if parameter.default is not inspect.Parameter.empty:
            if parameter.default is None:
                hints.append((1.0, type(None)))
            elif not inspect.isclass(parameter.default) and not callable(parameter.default):
                hints.append((4.0, type(parameter.default)))
        if name in documented:
            hints.append((5.0, documented[name]))
        if body is not None:
            hints += body.uses(name, is_annotated=bool(hints) and hints[0][0] >= ANNOTATED)
        hints += [(2.0, cls) for cls in _classes_named(name, namespace)]
        words = set(name.lower().strip("_").split("_"))
        if annotation is str and words & _PATH_WORDS:
            hints.append((ANNOTATED - 2, "path text"))
        for known, options in _NAMES:
            if known & words:
                hints += [(1.0 / (1 + place), option) for place, option in enumerate(options)]
                break
        found[name] = hints
    return found


def _annotations(function: Any) -> dict[str, Any]:
    target = function.__init__ if inspect.isclass(function) else function
    try:
        return dict(typing.get_type_hints(target))
    except Exception:
        return {}


def _evaluate(text: str, namespace: Mapping[str, Any]) -> Any:
    try:
        return eval(text, {**vars(typing), **namespace})
    except Exception:
        return _DOC_TYPES.get(text.strip("'\" ").lower(), inspect.Parameter.empty)


def _documented(docstring: str) -> dict[str, Hint]:
    found: dict[str, Hint] = {}
    for pattern in (
        r":param\s+(?P<type>[\w.]+)\s+(?P<name>\w+):",
        r":type\s+(?P<name>\w+):\s*(?::\w+:)?`*(?P<type>[\w.]+)",
        r"^\s*\*{0,2}(?P<name>\w+)\s*\((?::\w+:)?`*(?P<type>[\w.]+)[^)]*\)\s*:",
        r"^\s*(?P<name>\w+)\s+:\s+(?P<type>[\w.]+)",
    ):
        for match in re.finditer(pattern, docstring, re.MULTILINE):
            hint = _DOC_TYPES.get(match["type"].lower())
            if hint is not None:
                found.setdefault(match["name"], hint)
    return found


def _classes_named(name: str, namespace: Mapping[str, Any]) -> list[Hint]:
    """Classes that a parameter is named after: of the project, or of the standard library."""
    plain = name.lower().strip("_").replace("_", "")
    package = str(namespace.get("__name__", "")).partition(".")[0]
    found = _classes_of_package(package).get(plain, []) if package else []
    known = _NAMED_CLASSES.get(plain)
    return [*found[:3], *([known] if known is not None else [])]


@functools.lru_cache(maxsize=8)
def _classes_of_package(package: str) -> dict[str, list[type]]:
    """The classes of all modules that are loaded of a package, by name in small letters."""
    found: dict[str, list[type]] = {}
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] != package or not isinstance(module, types.ModuleType):
            continue
        for value in list(vars(module).values()):
            if isinstance(value, type) and value.__module__.partition(".")[0] == package:
                known = found.setdefault(value.__name__.lower().strip("_"), [])
                if value not in known:
                    known.append(value)
    return found


class _Body:
    """What a function's body does with the names that come in, and with what it reads of them."""

    def __init__(self, definition: ast.AST, namespace: Mapping[str, Any]) -> None:
        self._found: dict[str, Hints] = {}
        self._read: dict[str, list[str]] = {}
        self._keys: dict[str, list[str]] = {}
        self._namespace = namespace
        self._aliases = _aliases(definition)
        self._widths: dict[str, int] = {}
        for node in ast.walk(definition):
            self._look(node)

    def uses(self, name: str, *, is_annotated: bool = False) -> Hints:
        hints = self._found.get(name, [])
        weight = 0.5 if is_annotated else 3.0
        return [
            *hints,
            # The keys of a dictionary are what no annotation says.
            *((6.0 if isinstance(s, Record) else weight, s) for s in self._shapes(name)),
        ]

    def _shapes(self, name: str, depth: int = 0) -> list[Hint]:
        """What stands in for an object, from what is done with it and with its parts."""
        found: list[Hint] = []
        attributes = self._read.get(name, [])
        if depth > _MAX_DEPTH:
            return found
        if attributes and not all(each in _METHODS for each in attributes):
            found.append(Stub({each: self._inner(f"{name}.{each}", depth) for each in attributes}))
        keys = self._keys.get(name)
        if keys:
            found.append(Record({key: self._inner(f"{name}[{key!r}]", depth) for key in keys}))
        if name in self._widths:
            columns = range(self._widths[name])
            found.append(Rows([self._inner(f"{name}[][{place}]", depth) for place in columns]))
        for ending, kind in (("[]", Several), ("()", Returns)):
            hints = self._inner(name + ending, depth)
            if hints:
                found.append(kind(hints))
        return found

    def _inner(self, name: str, depth: int) -> Hints:
        shapes = self._shapes(name, depth + 1)
        return [*self._found.get(name, []), *((3.0, shape) for shape in shapes)]

    def _name(self, node: Any, depth: int = 0) -> str:
        """What a part of a name is called here: ``a.b``, ``a.f()``, ``a[]`` for any item of it."""
        if isinstance(node, ast.Name):
            alias = self._aliases.get(node.id)
            if alias is None or depth > _MAX_DEPTH:
                return node.id
            value, ending = alias
            inner = self._name(value, depth + 1)
            return inner + ending if inner else node.id
        if isinstance(node, ast.Attribute):
            inner = self._name(node.value, depth)
            return f"{inner}.{node.attr}" if inner else ""
        if isinstance(node, (ast.Call, ast.Subscript)) and (asked := _asked_key(node)):
            owner, key = asked
            inner = self._name(owner, depth)
            return f"{inner}[{key!r}]" if inner else ""
        if isinstance(node, ast.Call):
            inner = self._name(node.func, depth)
            return f"{inner}()" if "." in inner else ""
        return ""

    def _note(self, node: Any, weight: float, *hints: Hint) -> None:
        name = self._name(node)
        if name:
            self._found.setdefault(name, []).extend((weight / len(hints), hint) for hint in hints)

    def _look(self, node: Any) -> None:
        asked = _asked_key(node)
        owner = self._name(asked[0]) if asked is not None else ""
        if asked is not None and owner:
            keys = self._keys.setdefault(owner, [])
            if asked[1] not in keys and len(keys) < _MAX_KEYS:
                keys.append(asked[1])
        if isinstance(node, ast.Attribute):
            owner = self._name(node.value)
            if owner and not node.attr.startswith("__"):
                read = self._read.setdefault(owner, [])
                if node.attr not in read:
                    read.append(node.attr)
            hints = _METHODS.get(node.attr)
            if hints:
                self._note(node.value, 2.0, *hints)
            self._note_owners(node)
        elif isinstance(node, ast.Subscript):
            index = node.slice
            index = getattr(index, "value", index) if type(index).__name__ == "Index" else index
            if isinstance(index, ast.Constant) and isinstance(index.value, str):
                self._note(node.value, 2.0, dict)
            elif isinstance(index, (ast.Slice, ast.Constant, ast.UnaryOp)):
                self._note(node.value, 1.5, list, str)
            else:
                self._note(node.value, 1.0, dict, list)
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            self._note(node.iter, 1.5, "iterable")
            name = self._name(node.iter)
            if name and isinstance(node.target, ast.Tuple):
                self._widths[name] = len(node.target.elts)
        elif isinstance(node, ast.Call):
            self._look_at_call(node)
        elif isinstance(node, ast.Compare):
            for side, other in ((node.left, node.comparators[0]), (node.comparators[0], node.left)):
                for constant in _constants(other):
                    self._note(side, 1.5, type(constant))
                if isinstance(other, ast.Constant) and other.value is None:
                    self._note(side, 1.0, type(None))
        elif isinstance(node, ast.BinOp):
            for side, other in ((node.left, node.right), (node.right, node.left)):
                if isinstance(other, ast.Constant):
                    self._note(side, 1.0, type(other.value))
                elif isinstance(node.op, (ast.Sub, ast.Pow, ast.Div, ast.FloorDiv)):
                    self._note(side, 0.5, int, float)
        elif isinstance(node, ast.JoinedStr):
            for value in node.values:
                if isinstance(value, ast.FormattedValue):
                    self._note(value.value, 0.3, str)
        elif isinstance(node, (ast.With, ast.AsyncWith)):
            for item in node.items:
                self._note(item.context_expr, 1.0, "file")

    def _look_at_call(self, node: ast.Call) -> None:
        function = node.func
        self._note(function, 2.0, "callable")
        if isinstance(function, ast.Name) and function.id == "isinstance" and len(node.args) == 2:
            for cls in self._classes(node.args[1]):
                self._note(node.args[0], 2.0, cls)
            return
        hints: tuple[Hint, ...] = ()
        if isinstance(function, ast.Name):
            hints = _CALLS.get(function.id, ())
        elif isinstance(function, ast.Attribute):
            hints = _CALLS_OF_MODULE.get(_dotted(function.value), ())
        for argument in node.args:
            if hints:
                self._note(argument, 1.2, *hints)
        if not hints:
            self._look_at_annotations(node)

    def _look_at_annotations(self, node: ast.Call) -> None:
        """A name that is handed on wants what the other function wants."""
        target = self._resolve(node.func)
        if target in (ast.parse, json.loads) and node.args:
            self._note(node.args[0], 8.0, "code" if target is ast.parse else "json")
            return
        if target is None or inspect.isclass(target) or not callable(target):
            return
        try:
            parameters = list(inspect.signature(target).parameters.values())
            annotations = _annotations(target)
        except (TypeError, ValueError):
            return
        for parameter, argument in zip(parameters, node.args):
            if parameter.name in annotations:
                self._note(argument, 2.0, annotations[parameter.name])

    def _note_owners(self, node: ast.Attribute) -> None:
        if not isinstance(node.value, ast.Name) or node.attr in _METHODS:
            return
        owners = [
            value
            for value in self._namespace.values()
            if inspect.isclass(value) and node.attr in getattr(value, "__dict__", ())
        ]
        for owner in owners[:3]:
            self._note(node.value, 1.0, owner)

    def _classes(self, node: ast.expr) -> Iterator[Any]:
        elements = node.elts if isinstance(node, ast.Tuple) else [node]
        for element in elements:
            value = self._resolve(element)
            for cls in value if isinstance(value, tuple) else (value,):
                if inspect.isclass(cls):
                    yield cls

    def _resolve(self, node: ast.expr) -> Any:
        dotted = _dotted(node)
        if not dotted:
            return None
        first, *rest = dotted.split(".")
        value = self._namespace.get(first, getattr(builtins, first, None))
        for name in rest:
            value = getattr(value, name, None)
        return value


def _asked_key(node: Any) -> tuple[ast.expr, str] | None:
    """A mapping and the key that is asked of it: ``a["key"]``, ``a.get("key")``, ``"key" in a``."""
    owner: Any = None
    key: Any = None
    if isinstance(node, ast.Subscript):
        owner, key = node.value, node.slice
        key = getattr(key, "value", key) if type(key).__name__ == "Index" else key
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
        if node.func.attr in {"get", "pop", "setdefault"}:
            owner, key = node.func.value, node.args[0]
    elif isinstance(node, ast.Compare) and isinstance(node.ops[0], (ast.In, ast.NotIn)):
        owner, key = node.comparators[0], node.left
    if owner is None or not isinstance(key, ast.Constant) or not isinstance(key.value, str):
        return None
    # ``"a" in text`` asks a text as well; what takes a dictionary is told by other uses.
    is_sure = not isinstance(node, ast.Compare) or len(key.value) > 2
    return (owner, key.value) if is_sure and key.value else None


def _aliases(definition: ast.AST) -> dict[str, tuple[ast.expr, str]]:
    """Names bound once, to an item of something (``[]``) or to something: (what, ending)."""
    found: dict[str, tuple[ast.expr, str]] = {}
    bound: dict[str, int] = {}
    for node in ast.walk(definition):
        if isinstance(node, ast.arg):
            bound[node.arg] = bound.get(node.arg, 0) + 2
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            bound[node.id] = bound.get(node.id, 0) + 1
        if isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            if isinstance(node.target, ast.Name):
                found[node.target.id] = (node.iter, "[]")
            elif isinstance(node.target, ast.Tuple):
                for place, part in enumerate(node.target.elts):
                    if isinstance(part, ast.Name):
                        found[part.id] = (node.iter, f"[][{place}]")
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = (node.value, "")
    return {name: value for name, value in found.items() if bound.get(name) == 1}


def _constants(node: ast.expr) -> Iterator[Any]:
    if isinstance(node, ast.Constant) and node.value is not None:
        yield node.value
    elif isinstance(node, (ast.Tuple, ast.List, ast.Set)):
        for element in node.elts:
            yield from _constants(element)


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        inner = _dotted(node.value)
        return f"{inner}.{node.attr}" if inner else ""
    return ""

"""From a hint to an input, and from an input to a slightly different one."""

from __future__ import annotations

import abc
import ast
import collections.abc
import dataclasses
import enum
import inspect
import io
import pathlib
import random
import re
import types
import typing
from collections.abc import Callable, Sequence
from typing import Any

from .hints import Hints, Record, Returns, Rows, Several, Stub, hints_of
from .nodes import Call, Collection, Literal, Node, Raw
from .pool import Pool, vary_text

_MAX_DEPTH = 4
_MAX_KINDS = 60
_MAX_MADE = 16
_PLAIN = (str, int, bool, float, bytes, complex)
_ANYTHING = (str, int, float, bool, type(None), list, dict, tuple, bytes, "callable", set, "class")
_KNOWN_CALLS: dict[str, Sequence[str]] = {
    "datetime.timezone": ("datetime.timezone.utc",),
    "uuid.UUID": ("uuid.UUID(int=1)",),
    "collections.ChainMap": ('collections.ChainMap({"a": 1}, {"b": 2})',),
    "types.SimpleNamespace": ('types.SimpleNamespace(a=1, b="two")',),
    "re.Pattern": ('re.compile(r"\\w+")', 're.compile("a(b)?")'),
    "logging.Logger": ('logging.getLogger("test")',),
    "argparse.Namespace": ("argparse.Namespace(a=1)",),
    "array.array": ('array.array("i", [1, 2])',),
    "memoryview": ('memoryview(b"abc")',),
    "bytearray": ('bytearray(b"abc")', "bytearray()"),
    "range": ("range(3)", "range(0)"),
}  # fmt: skip
_SECTIONS = dict[str, dict[str, str]]
_FILLED: dict[str, tuple[str, Any]] = {
    "configparser.ConfigParser": ("read_dict", _SECTIONS),
    "configparser.RawConfigParser": ("read_dict", _SECTIONS),
    "email.message.Message": ("set_payload", str),
    "email.message.EmailMessage": ("set_content", str),
    "queue.Queue": ("put", object),
}
_STATEMENTS = (
    "x: int = 1", "x = 1", "x, y = 1, 2", "x += 1", "import os.path as p", "from a import b as c",
    "from . import a", "def f(a, b: int = 1, *args, **kwargs) -> str:\n    'Doc.'\n    return a",
    "async def f():\n    await g()", "class A(B):\n    x: int = 1\n    def f(self):\n        pass",
    "if a:\n    b()\nelse:\n    c()", "for i in a:\n    break", "while a:\n    continue",
    "try:\n    a()\nexcept ValueError as e:\n    raise\nfinally:\n    b()",
    "with a as b:\n    pass", "assert a, 'why'", "del a", "global a", "f(1)", "@d\ndef f(): pass",
    "return_value = f'{a}'", "raise ValueError('x')",
)  # fmt: skip
_EXPRESSIONS = (
    "name", "a.b", "a.b.c", "f(1, key=2)", "a[0]", "a[1:2]", "List[int]", "Union[int, None]",
    "a.Optional[str]", "1", "1.5", "'text'", "b'raw'", "None", "True", "...", "[1, 2]", "(1, 'a')",
    "()", "{1, 2}", "{'a': 1}", "a + b", "-a", "not a", "a and b", "a or b", "a < b", "a | None",
    "lambda x: x", "a if b else c", "[x for x in y]", "{x: y for x in z}", "f'{a}'", "(yield)",
)  # fmt: skip
_TREES = [
    (f"ast.parse({text!r})", ast.Module) for text in (_STATEMENTS[7], _STATEMENTS[9])
] + [
    (f"ast.parse({text!r}).body[0]", type(ast.parse(text).body[0])) for text in _STATEMENTS
] + [
    (f'ast.parse({text!r}, mode="eval").body', type(ast.parse(text, mode="eval").body))
    for text in _EXPRESSIONS
] + [('ast.parse("def f(a, *, b=1): pass").body[0].args', ast.arguments)]  # fmt: skip
_JSON = ('{"a": 1}', "[]", "[1, 2]", '{"name": "x", "items": [null, true]}', "null", "1.5", "{")
_PATHS = (
    "tmp_path", 'tmp_path / "link"', 'tmp_path / "missing.txt"', 'tmp_path / "file.txt"',
    'tmp_path / "folder"', "str(tmp_path)", 'str(tmp_path / "file.txt")',
    'str(tmp_path / "missing" / "deep")', 'str(tmp_path / "folder" / "*.py")',
    'str(tmp_path / "*")',
)  # fmt: skip
_CALLABLES = (
    "lambda *args, **kwargs: None", "lambda *args, **kwargs: args[0] if args else 1",
    "len", "str", "int", "lambda *args: True", "lambda *args: False", "a_function", "a_generator",
    "a_coroutine",
)  # fmt: skip
_DATA_CLASS = 'dataclasses.make_dataclass("Point", [("x", int), ("tags", list)])'
_NESTED_CLASS = f'dataclasses.make_dataclass("Line", [("start", {_DATA_CLASS}), ("name", str)])'
_DATA_CLASSES = (
    _DATA_CLASS,
    _NESTED_CLASS,
    'dataclasses.make_dataclass("Box", [("size", typing.Optional[int], None)])',
    'dataclasses.make_dataclass("Bag", [("items", typing.List[int]), ("by", typing.Dict)])',
)
_DATA_OBJECTS = (
    f'{_DATA_CLASS}(1, ["a"])', f'{_NESTED_CLASS}({_DATA_CLASS}(1, []), "a")',
    'dataclasses.make_dataclass("Box", [("size", typing.Optional[int], None)])()',
)  # fmt: skip
_TYPES = (
    "typing.List[int]", "typing.Optional[int]", "typing.Union[int, str]", "typing.Any",
    "typing.Tuple[int, ...]", "typing.Tuple[int, str]", "typing.Dict[str, int]", "typing.Set[str]",
    'typing.NewType("Number", int)', 'typing.TypeVar("T")', "typing.Callable[[int], str]",
    "typing.Optional[typing.List[str]]",
)  # fmt: skip
_CLASSES = ("int", "str", "dict", "list", "object", "type(None)", "ValueError")
_OBJECTS = (
    "object()", "len", "int", "[1, 2]", '{"a": 1}', "None", '"text"', "5", "1.5", "(1, 2)",
    "{1, 2}", 'b"raw"', "frozenset({1})", "iter([1])", "range(2)", "lambda: 1", "Exception('e')",
    'types.SimpleNamespace(a=1, b="two")',
)  # fmt: skip


class Values:
    """Makes inputs for one module; ``reference`` turns a class or object into source text."""

    def __init__(
        self,
        pool: Pool,
        rng: random.Random,
        reference: Callable[[Any], str | None],
        classes: Sequence[type],
    ) -> None:
        self._pool = pool
        self._rng = rng
        self._reference = reference
        self._classes = [cls for cls in classes if not _is_abstract(cls)]
        self._constructors: dict[type, dict[str, Hints]] = {}
        self.definition_of: Callable[[Any], Any] = lambda _: None
        self.namespace: dict[str, Any] = {}
        self.alias = ""
        self._made: dict[type, dict[str, Node]] = {}
        self._classes_made: dict[str, type] = {}

    def learn(self, kind: type, node: Call) -> None:
        """Remember a call that gave an instance of ``kind``; the shortest of each function."""
        if kind not in self._made and len(self._made) >= _MAX_KINDS:
            return
        known = self._made.setdefault(kind, {})
        name = node.function.rpartition(".")[2]
        if name in known:
            if len(node.render()) < len(known[name].render()):
                known[name] = node
        elif len(known) < _MAX_MADE:
            known[name] = node

    def _made_of(self, kind: type) -> Node:
        return self._rng.choice(list(self._made[kind].values()))

    def for_hints(self, hints: Hints, depth: int = 0) -> Node:
        """An input for a parameter: by its hints mostly, anything at times."""
        if not hints or self._rng.random() < 0.04:
            return self.anything(depth)
        weights = [weight for weight, _ in hints]
        (_, hint), *_ = self._rng.choices(hints, weights)
        try:
            return self.of(hint, depth)
        except Exception:
            # Annotations may be any object, and classes may refuse to be looked at.
            return self.anything(depth)

    def arguments(
        self, parameters: Sequence[inspect.Parameter], hints: dict[str, Hints], depth: int = 0
    ) -> tuple[list[Node], dict[str, Node]]:
        """Inputs for a whole call; what has a default is left out at times."""
        positional: list[Node] = []
        keywords: dict[str, Node] = {}
        is_positional = True
        for parameter in parameters:
            wanted = hints.get(parameter.name, [])
            if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
                if is_positional and self._rng.random() < 0.7:
                    positional += [
                        self.for_hints(wanted, depth) for _ in range(self._rng.randrange(4))
                    ]
                continue
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                records = [hint for _, hint in wanted if isinstance(hint, Record)]
                if records and self._rng.random() < 0.7:
                    for key, inner in records[0].entries.items():
                        if key.isidentifier() and self._rng.random() < 0.5:
                            keywords.setdefault(key, self.for_hints(inner, depth))
                elif self._rng.random() < 0.5:
                    for _ in range(self._rng.randrange(3)):
                        keywords.setdefault(
                            self._rng.choice(("a", "b", "key", "name")),
                            self.for_hints(wanted, depth),
                        )
                continue
            has_default = parameter.default is not inspect.Parameter.empty
            if has_default and self._rng.random() < 0.5:
                is_positional = is_positional and False
                continue
            node = self.for_hints(wanted, depth)
            if parameter.kind is inspect.Parameter.KEYWORD_ONLY or not is_positional:
                keywords[parameter.name] = node
            else:
                positional.append(node)
        return positional, keywords

    def of(self, hint: Any, depth: int = 0) -> Node:
        """An input that fits ``hint``."""
        if isinstance(hint, str):
            return self._of_word(hint, depth)
        if isinstance(hint, Stub):
            return self._of_stub(hint, depth)
        if isinstance(hint, Record):
            return self._of_record(hint, depth)
        if isinstance(hint, Several):
            n_items = 0 if depth >= _MAX_DEPTH else self._rng.choice((0, 1, 1, 2, 3))
            return _joined("list", [self.for_hints(hint.items, depth + 1) for _ in range(n_items)])
        if isinstance(hint, Rows):
            n_rows = 0 if depth >= _MAX_DEPTH else self._rng.choice((0, 1, 1, 2, 3))
            rows = [[self.for_hints(h, depth + 1) for h in hint.columns] for _ in range(n_rows)]
            return _joined("list", [_joined("tuple", row) for row in rows])
        if isinstance(hint, Returns):
            return Raw(f"lambda *args, **kwargs: {self.for_hints(hint.result, depth + 1).render()}")
        if hint in (None, type(None)):
            return Literal(None)
        if hint in (Any, object, inspect.Parameter.empty):
            return self.anything(depth)
        if hint in _PLAIN:
            return Literal(self._pool.pick(hint))
        supertype = getattr(hint, "__supertype__", None)
        if supertype is not None:
            return self.of(supertype, depth)
        origin = typing.get_origin(hint)
        if origin is not None:
            return self._of_generic(origin, typing.get_args(hint), depth)
        if isinstance(hint, typing.TypeVar):
            options = hint.__constraints__ or ((hint.__bound__,) if hint.__bound__ else ())
            return self.of(self._rng.choice(options), depth) if options else self.anything(depth)
        if inspect.isclass(hint):
            return self._of_class(hint, depth)
        return self.anything(depth)

    def anything(self, depth: int = 0) -> Node:
        """An input when nothing is known."""
        if self._classes and depth < 2 and self._rng.random() < 0.15:
            return self._of_class(self._rng.choice(self._classes), depth + 1)
        if self._made and depth < 2 and self._rng.random() < 0.1:
            return self._made_of(self._rng.choice(list(self._made)))
        options = _ANYTHING if depth < _MAX_DEPTH else _PLAIN
        return self.of(self._rng.choice(options), depth + 1)

    def class_made_by(self, node: Node) -> type | None:
        """The class whose constructor a node calls."""
        return self._classes_made.get(node.function) if isinstance(node, Call) else None

    def filling(self, name: str, cls: type) -> Call | None:
        """A call that puts something into an object of the standard library."""
        for known, (method, hint) in _FILLED.items():
            if cls.__module__ + "." + cls.__qualname__ == known:
                return Call(f"{name}.{method}", [self.of(hint)], {})
        return None

    def instance(self, cls: type, depth: int = 0) -> Node:
        """A call that makes an instance of ``cls``."""
        return self._of_class(cls, depth)

    def vary(self, node: Node, depth: int = 0) -> Node:
        """A slightly different input."""
        rng = self._rng
        if isinstance(node, Literal):
            return self._vary_literal(node.value)
        if isinstance(node, Call) and (node.arguments or node.keywords):
            arguments, keywords = list(node.arguments), dict(node.keywords)
            place = rng.randrange(len(arguments) + len(keywords))
            if place < len(arguments):
                arguments[place] = self.vary(arguments[place], depth + 1)
            else:
                name = list(keywords)[place - len(arguments)]
                keywords[name] = self.vary(keywords[name], depth + 1)
            return Call(node.function, arguments, keywords)
        if isinstance(node, Collection) and node.items and node.kind != "dict":
            items = list(node.items)
            place = rng.randrange(len(items))
            items[place] = self.vary(items[place], depth + 1)
            return Collection(node.kind, items)
        return self.anything(depth)

    def replaced(self, node: Node, old: Any, new: Any) -> Node | None:
        """The input with the literal ``old`` replaced by ``new``; nothing if it is not in it."""
        if isinstance(node, Literal):
            value, found = _replaced(node.value, old, new)
            return Literal(value) if found else None
        if isinstance(node, Call):
            for place, argument in enumerate(node.arguments):
                changed = self.replaced(argument, old, new)
                if changed is not None:
                    arguments = list(node.arguments)
                    arguments[place] = changed
                    return Call(node.function, arguments, node.keywords)
            for name, argument in node.keywords.items():
                changed = self.replaced(argument, old, new)
                if changed is not None:
                    return Call(node.function, node.arguments, {**node.keywords, name: changed})
        return None

    # By kind of hint

    def _path(self) -> str:
        names = self._pool.file_names
        if names and self._rng.random() < 0.4:
            return f"tmp_path / {self._rng.choice(names)!r}"
        return self._rng.choice(_PATHS)

    def files(self, source: str) -> list[Call]:
        """Calls that write some files: those that ``source`` names, and others of the code's."""
        names = self._pool.file_names
        wanted = [name for name in names if repr(name) in source]
        if not wanted or self._rng.random() < 0.5:
            some = names or ("a.py", "b.txt")
            wanted += self._rng.sample(list(some), min(len(some), self._rng.choice((1, 1, 2, 3))))
        return [
            Call(f"(tmp_path / {name!r}).write_text", [Literal(self._pool.file_text(name))], {})
            for name in dict.fromkeys(wanted)
        ]

    def varied_files(self, files: Sequence[Call]) -> list[Call]:
        """The same files, one of them with another text."""
        place = self._rng.randrange(len(files))
        if not files[place].function.endswith(".write_text"):
            return list(files)
        name = files[place].function.partition("/ ")[2].partition(")")[0]
        if self._rng.random() < 0.5:
            text: Node = Literal(self._pool.file_text(str(ast.literal_eval(name))))
        else:
            text = self.vary(files[place].arguments[0])
        if not isinstance(text, Literal) or not isinstance(text.value, str):
            return list(files)
        return [*files[:place], Call(files[place].function, [text], {}), *files[place + 1 :]]

    def _of_record(self, record: Record, depth: int) -> Node:
        if depth >= _MAX_DEPTH:
            return Literal({})
        share = self._rng.choice((0.3, 0.6, 0.9, 1.0))
        chosen = {key: h for key, h in record.entries.items() if self._rng.random() < share}
        return _joined(
            "dict", [(Literal(key), self.for_hints(h, depth + 1)) for key, h in chosen.items()]
        )

    def _of_standard(self, name: str) -> Node | None:
        """An object of the standard library whose parts can be varied one by one."""
        rng = self._rng

        def number(*usual: int) -> Node:
            return Literal(rng.choice(usual))

        if name == "datetime.timedelta":
            units = ("days", "hours", "minutes", "seconds", "microseconds")
            some = rng.sample(units, rng.choice((1, 1, 2)))
            return Call(name, [], {unit: Literal(self._pool.pick(int)) for unit in sorted(some)})
        if name in {"datetime.datetime", "datetime.date"}:
            parts = [number(2024, 2000, 1999), number(1, 2, 12), number(1, 28, 15)]
            if name == "datetime.date":
                return Call(name, parts, {})
            is_aware = rng.random() < 0.2
            zone: dict[str, Node] = {"tzinfo": Raw("datetime.timezone.utc")} if is_aware else {}
            return Call(name, [*parts, number(0, 12, 23), number(0, 30, 59)], zone)
        if name == "datetime.time":
            return Call(name, [number(0, 12, 23), number(0, 30, 59), number(0, 59)], {})
        if name == "decimal.Decimal":
            return Call(name, [Literal(str(self._pool.pick(rng.choice((int, float)))))], {})
        if name == "fractions.Fraction":
            return Call(name, [number(0, 1, -1, 7), number(1, 2, 3)], {})
        if name == "io.StringIO":
            lines = [self._pool.pick(str) for _ in range(rng.choice((0, 1, 2, 3)))]
            return Call(name, [Literal("\n".join(lines))], {})
        if name == "io.BytesIO":
            return Call(name, [Literal(self._pool.pick(bytes))], {})
        if name in {"collections.deque", "collections.Counter", "collections.UserList"}:
            return Call(name, [self._several("list", (), 2)], {})
        if name in {"collections.OrderedDict", "collections.UserDict"}:
            return Call(name, [self._mapping((), 2)], {})
        return None

    def _of_stub(self, stub: Stub, depth: int) -> Node:
        if depth >= _MAX_DEPTH:
            return Literal(None)
        given = {
            name: self.for_hints(hints, depth + 1)
            for name, hints in stub.attributes.items()
            if self._rng.random() < 0.97
        }
        return Call("types.SimpleNamespace", [], given)

    def _of_word(self, word: str, depth: int) -> Node:
        rng = self._rng
        if word == "path":
            return Raw(self._path())
        if word == "path text":
            path = self._path()
            return Raw(path if path.startswith("str(") else f"str({path})")
        if word == "callable":
            return Raw(rng.choice(_CALLABLES))
        if word == "file":
            return self._of_class(io.BytesIO if rng.random() < 0.1 else io.StringIO, depth)
        if word == "class":
            own = [self._reference(cls) for cls in self._classes]
            some = [*_CLASSES, *[source for source in own if source]]
            if self._pool.asks_for_types:
                some += _TYPES
            return Raw(rng.choice([*some, *self._data_classes()]))
        if word == "iterable":
            return self.of(rng.choice((list, list[str], list[int], str, dict)), depth)
        if word == "iterator":
            return Raw(f"iter({self.of(list, depth).render()})")
        if word == "code":
            several = rng.sample(_STATEMENTS, rng.choice((1, 1, 2, 3)))
            return Literal("\n".join(several))
        if word == "json":
            return Literal(rng.choice(_JSON))
        if word == "module":
            return Literal(rng.choice(("json", "os.path", "missing_module")))
        if word == "dataclass":
            return Raw(rng.choice((*_DATA_OBJECTS, *self._data_classes())))
        return Raw(rng.choice((*_OBJECTS, *(_DATA_OBJECTS if self._knows_dataclasses else ()))))

    def _data_classes(self) -> list[str]:
        """Classes of data, some with a field of one of the types that the module has a name for."""
        if not self._knows_dataclasses:
            return []
        special = [
            f"dataclasses.make_dataclass({name!r}, [('name', str), ('more', {source}{default})])"
            for source in self._typing_names()[:4]
            for name, default in (("Entry", ""), ("Loose", ", None"))
        ]
        return [*_DATA_CLASSES, *special]

    def _typing_names(self) -> list[str]:
        """The module's own names of types that are no classes."""
        own = {
            name: value
            for name, value in self.namespace.items()
            if not name.startswith("__")
            and not isinstance(value, (type, typing.TypeVar))
            and (typing.get_origin(value) is not None or hasattr(value, "__supertype__"))
        }
        return [f"{self.alias}.{name}" for name in own]

    @property
    def _knows_dataclasses(self) -> bool:
        """Whether the module has to do with them."""
        return any(getattr(v, "__name__", "") == "dataclasses" or v is dataclasses.fields
                   or v is dataclasses.is_dataclass for v in self.namespace.values())  # fmt: skip

    def _of_generic(self, origin: Any, arguments: tuple[Any, ...], depth: int) -> Node:
        rng = self._rng
        if (
            origin is typing.Union
            or type(origin).__name__ == "UnionType"
            or origin is getattr(types, "UnionType", None)
        ):
            return self.of(rng.choice(arguments), depth)
        if origin is getattr(typing, "Literal", None):
            value = rng.choice(arguments)
            return Literal(value)
        if origin is getattr(typing, "Annotated", None):
            return self.of(arguments[0], depth)
        if origin is collections.abc.Callable:
            return Raw(rng.choice(_CALLABLES))
        if origin is type:
            wanted = arguments[0] if arguments else None
            source = self._reference(wanted) if inspect.isclass(wanted) else None
            return Raw(source) if source else self._of_word("class", depth)
        if not inspect.isclass(origin):
            return self.anything(depth)
        arguments = tuple(a for a in arguments if a is not Ellipsis and a != ())
        if origin is tuple:
            if len(arguments) > 1:
                return _joined("tuple", [self.of(entry, depth + 1) for entry in arguments])
            return self._several("tuple", arguments, depth)
        if issubclass(origin, (set, frozenset, collections.abc.Set)):
            return self._several("set", arguments, depth)
        if issubclass(origin, (dict, collections.abc.Mapping)):
            return self._mapping(arguments, depth)
        if issubclass(origin, (list, collections.abc.Iterable, collections.abc.Container)):
            node = self._several("list", arguments, depth)
            if issubclass(origin, collections.abc.Iterator):
                return Raw(f"iter({node.render()})")
            return node
        if issubclass(origin, re.Pattern):
            return Raw(rng.choice(_KNOWN_CALLS["re.Pattern"]))
        return self._of_class(origin, depth)

    def _several(self, kind: str, arguments: tuple[Any, ...], depth: int) -> Node:
        n_items = 0 if depth >= _MAX_DEPTH else self._rng.choice((0, 1, 1, 2, 2, 3, 4))
        inner = arguments[0] if arguments else self._rng.choice((int, str, str, int, tuple, Any))
        if isinstance(inner, typing.TypeVar) and not inner.__bound__:
            inner = self._rng.choice((int, str))
        if kind == "set" and inner is Any:
            inner = int
        return _joined(kind, [self.of(inner, depth + 1) for _ in range(n_items)])

    def _mapping(self, arguments: tuple[Any, ...], depth: int) -> Node:
        n_items = 0 if depth >= _MAX_DEPTH else self._rng.choice((0, 1, 2, 2, 3))
        key, value = arguments if len(arguments) == 2 else (str, Any)
        if isinstance(key, typing.TypeVar) or key in (Any, object):
            key = str
        pairs = [(self.of(key, depth + 1), self.of(value, depth + 1)) for _ in range(n_items)]
        return _joined("dict", pairs)

    def _of_class(self, cls: Any, depth: int) -> Node:
        rng = self._rng
        if cls in _PLAIN:
            return Literal(self._pool.pick(cls))
        if cls in (list, tuple, set, frozenset):
            return self._several("set" if cls is frozenset else cls.__name__, (), depth)
        if cls is dict:
            return self._mapping((), depth)
        if cls is type:
            return self._of_word("class", depth)
        made = [known for known in self._made if _is_kind_of(known, cls)]
        if made and depth < _MAX_DEPTH and rng.random() < 0.4:
            return self._made_of(rng.choice(made))
        if cls in (typing.IO, typing.TextIO, typing.BinaryIO):
            cls = io.BytesIO if cls is typing.BinaryIO else io.StringIO
        name = f"{cls.__module__.lstrip('_')}.{cls.__qualname__}".replace("builtins.", "")
        standard = self._of_standard(name) if depth < _MAX_DEPTH else None
        if standard is not None:
            return standard
        if name in _KNOWN_CALLS:
            return Raw(rng.choice(_KNOWN_CALLS[name]))
        if issubclass(cls, enum.Enum):
            members = list(cls.__members__)
            source = self._reference(cls)
            return Raw(f"{source}.{rng.choice(members)}") if members and source else Literal(None)
        if issubclass(cls, (pathlib.PurePath,)) or cls.__name__ == "PathLike":
            path = self._path()
            return Raw(_PATHS[0] if path.startswith("str(") else path)
        if issubclass(cls, io.IOBase):
            is_bytes = issubclass(cls, (io.RawIOBase, io.BufferedIOBase))
            return self._of_class(io.BytesIO if is_bytes else io.StringIO, depth)
        if issubclass(cls, ast.AST):
            return self._of_tree(cls)
        if cls in (types.FunctionType, types.MethodType, types.BuiltinFunctionType):
            return Raw(rng.choice(_CALLABLES))
        if cls is types.GeneratorType:
            return Raw("(x for x in [1, 2])")
        if cls is types.ModuleType:
            return Raw("types")
        if issubclass(cls, BaseException) and cls.__module__ == "builtins":
            return Raw(f"{cls.__name__}('message')")
        if _is_abstract(cls):
            concrete = [sub for sub in _subclasses(cls) if not _is_abstract(sub)]
            abstract = {collections.abc.Mapping: dict, collections.abc.Sequence: list,
                        collections.abc.Iterable: list, collections.abc.Callable: "callable",
                        collections.abc.Set: set, collections.abc.Hashable: str,
                        collections.abc.Sized: list, collections.abc.Collection: list,
                        collections.abc.MutableMapping: dict,
                        collections.abc.MutableSequence: list}  # fmt: skip
            if cls in abstract:
                return self.of(abstract[cls], depth)
            concrete = [sub for sub in concrete if self._reference(sub)]
            if not concrete:
                return Literal(None)
            cls = rng.choice(concrete)
        source = self._reference(cls)
        if source is None or depth >= _MAX_DEPTH:
            return Literal(None)
        if _is_namedtuple(cls) and not hasattr(cls, "__annotations__"):
            return Call(source, [self.anything(depth + 1) for _ in cls._fields], {})
        try:
            parameters = list(inspect.signature(cls).parameters.values())
        except (TypeError, ValueError):
            return Call(source, [], {})
        if cls not in self._constructors:
            definition = self.definition_of(getattr(cls, "__init__", None))
            self._constructors[cls] = hints_of(cls, definition, self.namespace)
        self._classes_made[source] = cls
        if f"{cls.__module__}.{cls.__qualname__}" in _FILLED:
            # What can be set of it is another matter.
            return Call(source, [], {})
        positional, keywords = self.arguments(parameters, self._constructors[cls], depth + 1)
        return Call(source, positional, keywords)

    def _of_tree(self, cls: Any) -> Node:
        """Syntax as a parser gives it, for code that handles code."""
        fitting = [source for source, kinds in _TREES if issubclass(kinds, cls)]
        return Raw(self._rng.choice(fitting)) if fitting else Raw(_TREES[0][0])

    def _vary_literal(self, value: Any) -> Node:
        rng = self._rng
        kind = type(value)
        if kind is bool:
            return Literal(not value)
        if kind is int:
            return Literal(
                rng.choice((value + 1, value - 1, -value, value * 2, self._pool.pick(int)))
            )
        if kind is float:
            return Literal(rng.choice((value + 1.0, -value, value / 2, self._pool.pick(float))))
        if kind is str:
            if rng.random() < 0.4:
                return Literal(self._pool.pick(str))
            return Literal(vary_text(value, rng, lambda: self._pool.pick(str))[:400])
        if kind is bytes:
            return Literal(self._pool.pick(bytes) if rng.random() < 0.5 else value + b"x")
        if kind in (list, tuple) and value:
            items = list(value)
            place = rng.randrange(len(items))
            choice = rng.randrange(4)
            if choice == 0:
                del items[place]
            elif choice == 1:
                items.append(items[place])
            elif choice == 2:
                items.reverse()
            else:
                changed = self._vary_literal(items[place])
                if isinstance(changed, Literal):
                    items[place] = changed.value
            return Literal(kind(items))
        if kind is dict and value:
            pairs = dict(value)
            key = rng.choice(list(pairs))
            if rng.random() < 0.3:
                del pairs[key]
            else:
                changed = self._vary_literal(pairs[key])
                if isinstance(changed, Literal):
                    pairs[key] = changed.value
            if rng.random() < 0.3:
                pairs[self._pool.pick(str)] = self._pool.pick(rng.choice((str, int)))
            return Literal(pairs)
        return self.anything(1)


def _joined(kind: str, nodes: Sequence[Any]) -> Node:
    """A collection; a literal where all its parts are."""
    if kind == "dict":
        if all(isinstance(k, Literal) and isinstance(v, Literal) for k, v in nodes):
            try:
                return Literal({k.value: v.value for k, v in nodes})
            except TypeError:
                return Literal({})
        return Collection(kind, nodes)
    if all(isinstance(node, Literal) for node in nodes):
        values = [node.value for node in nodes]
        try:
            return Literal({"list": list, "tuple": tuple, "set": set}[kind](values))
        except TypeError:
            return Literal(values)
    return Collection("list" if kind == "set" else kind, nodes)


def _replaced(value: Any, old: Any, new: Any) -> tuple[Any, bool]:
    if type(value) is type(old) and value == old and value != new:
        return new, True
    is_text = isinstance(value, str) and isinstance(old, str) and isinstance(new, str)
    if is_text and old and old in value:
        return value.replace(old, new, 1), True
    if type(value) in (list, tuple):
        for place, item in enumerate(value):
            changed, found = _replaced(item, old, new)
            if found:
                items = list(value)
                items[place] = changed
                return type(value)(items), True
    if type(value) is dict:
        for key, item in value.items():
            if type(key) is type(old) and key == old and _is_hashable(new):
                return {(new if k == old else k): v for k, v in value.items()}, True
            changed, found = _replaced(item, old, new)
            if found:
                return {**value, key: changed}, True
    return value, False


def _is_hashable(value: Any) -> bool:
    try:
        hash(value)
    except TypeError:
        return False
    return True


def _is_kind_of(kind: type, cls: type) -> bool:
    try:
        return issubclass(kind, cls)
    except TypeError:
        # Protocols, and metaclasses of all sorts, need not answer.
        return cls in kind.__mro__


def _is_abstract(cls: Any) -> bool:
    return inspect.isabstract(cls) or cls is abc.ABC or getattr(cls, "_is_protocol", False)


def _is_namedtuple(cls: Any) -> bool:
    return issubclass(cls, tuple) and hasattr(cls, "_fields")


def _subclasses(cls: Any) -> list[Any]:
    found: list[Any] = []
    try:
        direct = cls.__subclasses__()
    except TypeError:
        return []
    for sub in direct[:50]:
        found.append(sub)
        found += _subclasses(sub)
    return found[:100]

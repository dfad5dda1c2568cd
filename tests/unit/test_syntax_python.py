from __future__ import annotations

import textwrap

import pytest

from indexer.model import ParameterKind, ParsedFile, ReferenceKind, Symbol, SymbolKind
from indexer.syntax.parse import parse


def parsed(text: str) -> ParsedFile:
    return parse("shop/orders.py", "python", textwrap.dedent(text))


def symbol(file: ParsedFile, qualified_name: str) -> Symbol:
    [found] = [each for each in file.symbols if each.qualified_name == qualified_name]
    return found


def names(file: ParsedFile, *kinds: SymbolKind) -> list[str]:
    return [each.qualified_name for each in file.symbols if each.kind in kinds]


def test_all_five_kinds_of_parameters_are_told_apart() -> None:
    file = parsed("def f(a, b=1, /, c: int = 2, *args: str, d, e=3, **kw) -> list[int]: ...")
    signature = symbol(file, "f").signature
    assert signature is not None
    assert [(each.name, each.kind, each.optional) for each in signature.parameters] == [
        ("a", ParameterKind.POSITIONAL_ONLY, False),
        ("b", ParameterKind.POSITIONAL_ONLY, True),
        ("c", ParameterKind.POSITIONAL_OR_KEYWORD, True),
        ("args", ParameterKind.VARIADIC_POSITIONAL, True),
        ("d", ParameterKind.KEYWORD_ONLY, False),
        ("e", ParameterKind.KEYWORD_ONLY, True),
        ("kw", ParameterKind.VARIADIC_KEYWORD, True),
    ]
    assert signature.returns == "list[int]"
    assert signature.parameters[3].annotation == "str"


@pytest.mark.parametrize(
    ("declaration", "stub"),
    [
        (
            "def total(self, *, tax: float = 0.0) -> Money: ...",
            "def total(self, *, tax: float = 0.0) -> Money",
        ),
        ("async def get(a, b=None, /): ...", "async def get(a, b=None, /)"),
        (
            "def f(\n    a,  # why\n    b: dict[str,\n  int] = {},\n): ...",
            "def f(a, b: dict[str, int] = {})",
        ),
        ("def first[T](of: list[T]) -> T: ...", "def first[T](of: list[T]) -> T"),
        (
            "class Order(Base, shop.Mixin[int], metaclass=Meta): ...",
            "class Order(Base, shop.Mixin[int], metaclass=Meta)",
        ),
        ("class Plain: ...", "class Plain"),
        ("LIMIT: int = 3", "LIMIT: int = 3"),
    ],
)
def test_a_stub_is_the_declaration_on_one_line(declaration: str, stub: str) -> None:
    assert parse("a.py", "python", declaration).symbols[0].stub == stub


def test_fields_know_their_types() -> None:
    file = parsed(
        """
        class Cart:
            limit: int = 3
            name = "cart"

            def __init__(self, order: Order, user: "User | None" = None):
                self.order = order
                self.user = user or User()
                self.repository = db.Repository(order)
                self.total: Money = 0
                self.items = []
                self.unknown = make()
                self.total = other
                local = Order()

            @classmethod
            def create(cls):
                cls.shared = Pool()

            @staticmethod
            def attach(thing):
                thing.extra = 1
        """
    )
    fields = {each.name: each.annotation for each in file.symbols if each.kind == "field"}
    assert fields == {
        "limit": "int",
        "name": "str",
        "order": "Order",
        "user": "User",
        "repository": "db.Repository",
        "total": "Money",
        "items": "list",
        "unknown": None,
        "shared": "Pool",
    }


def test_a_field_gains_the_annotation_of_a_later_assignment() -> None:
    file = parsed(
        """
        class A:
            def __init__(self):
                self.b = None
            def open(self):
                self.b = Connection()
        """
    )
    assert symbol(file, "A.b").annotation == "Connection"


def test_kinds_follow_decorators_bases_and_names() -> None:
    file = parsed(
        """
        RATE = 1
        rate = 2
        Name: TypeAlias = str
        Id = NewType("Id", int)
        type Pair[T] = tuple[T, T]

        class Colour(enum.StrEnum):
            RED = "r"
            def show(self): ...

        class Shape(Protocol):
            def area(self) -> float: ...

        class Order:
            @property
            def total(self) -> int: ...
            @functools.cached_property
            def lines(self): ...
            def add(self): ...
        """
    )
    assert names(file, SymbolKind.CONSTANT) == ["RATE"]
    assert names(file, SymbolKind.VARIABLE) == ["rate"]
    assert names(file, SymbolKind.TYPE_ALIAS) == ["Name", "Id", "Pair"]
    assert names(file, SymbolKind.ENUM) == ["Colour"]
    assert names(file, SymbolKind.ENUM_MEMBER) == ["Colour.RED"]
    assert names(file, SymbolKind.INTERFACE) == ["Shape"]
    assert names(file, SymbolKind.PROPERTY) == ["Order.total", "Order.lines"]
    assert symbol(file, "Order.total").annotation == "int"
    assert "Order.add" in names(file, SymbolKind.METHOD)


@pytest.mark.parametrize(
    ("code", "inferred"),
    [
        ("def f(a: int):\n    return Order(a)", "Order"),
        ("def f():\n    made = shop.Order()\n    made.x = 1\n    return made", "shop.Order"),
        ("def f(a):\n    if a:\n        return None\n    return Order()", "Order"),
        ("def f(a):\n    if a:\n        return Order()\n    return Bill()", "Bill | Order"),
        ("def f(a: Order):\n    return a", "Order"),
        ("def f():\n    made: Order = make()\n    return made", "Order"),
        ("def f(a):\n    return [] if a else {}", "list | dict"),
        ("async def f():\n    return (Order())", "Order"),
        ("@contextmanager\ndef f():\n    with x as y:\n        yield Order(y)", "Iterator[Order]"),
        ("class A:\n    def f(self):\n        return self", "Self"),
        ("class A:\n    @classmethod\n    def f(cls):\n        return cls()", "Self"),
        ("def f():\n    def g():\n        return Bill()\n    return Order()", "Order"),
        # What is not plain is not said.
        ("def f() -> Bill:\n    return Order()", None),
        ("def f(a):\n    return a", None),
        ("def f():\n    return make()", None),
        ("def f(a):\n    return Order() if a else make()", None),
        ("def f(a):\n    return Order() or a", None),
        ("def f(Order):\n    return Order()", None),
        ("def f():\n    from x import Order\n    return Order()", None),
        ("def f():\n    made = Order()\n    made = other()\n    return made", None),
        ("def f():\n    made = Order()\n    made += 1\n    return made", None),
        ("def f():\n    for made in ():\n        pass\n    return made", None),
        ("def f():\n    made, other = Order(), 1\n    return made", None),
        ("def f():\n    with Order() as made:\n        return made", None),
        ("def f():\n    global made\n    made = Order()\n    return made", None),
        ("def f():\n    return None", None),
        ("def f():\n    yield Order()", None),
        ("@contextmanager\ndef f():\n    yield from g()", None),
        ("class A:\n    def f(self):\n        return self.Order()", None),
        ("class A:\n    @classmethod\n    def f(cls):\n        return cls", None),
        ("def f():\n    return TypeVar('T')", None),
    ],
)
def test_what_a_function_plainly_returns_is_inferred(code: str, inferred: str | None) -> None:
    file = parsed(code)
    [function] = [each for each in file.symbols if each.name == "f"]
    assert function.signature is not None
    assert function.signature.inferred == inferred


def test_definitions_under_conditions_count_and_locals_do_not() -> None:
    file = parsed(
        """
        if TYPE_CHECKING:
            from shop import Order
        try:
            import fast as codec
        except ImportError:
            codec = None
        else:
            def encode(): ...
        def outer():
            local = 1
            def inner(): ...
            class Local:
                field = 2
        """
    )
    assert {each.qualified_name for each in file.symbols} == {
        "codec",
        "encode",
        "outer",
        "outer.inner",
        "outer.Local",
        "outer.Local.field",
    }
    assert [each.bound_name for each in file.imports] == ["Order", "codec"]
    assert not symbol(file, "outer.inner").is_public


def test_documentation_visibility_and_deprecation_are_read() -> None:
    file = parsed(
        '''
        """What shops do.

        More.
        """

        def old():
            """Adds
            things.

            .. deprecated:: 2.0
            """

        @warnings.deprecated("use new")
        def older(): ...

        class _Hidden:
            def __init__(self): ...
            def shown(self): ...
        '''
    )
    assert file.docstring == "What shops do."
    assert symbol(file, "old").docstring == "Adds things."
    assert symbol(file, "old").is_deprecated
    assert symbol(file, "older").is_deprecated
    assert symbol(file, "older").decorators == ('warnings.deprecated("use new")',)
    assert not symbol(file, "_Hidden.shown").is_public


def test_a_decorated_symbol_spans_its_decorators_but_stands_on_its_own_line() -> None:
    text = "@cache\n@other(1)\ndef f():\n    return 1\n\n\nx = 1\n"
    [function, _] = parse("a.py", "python", text).symbols
    assert text[function.span.start : function.span.end] == text[: text.index("\n\n\n")]
    assert (function.line, function.end_line) == (2, 3)


def test_imports_keep_level_alias_and_star() -> None:
    file = parsed(
        """
        from __future__ import annotations
        import os.path, shop.orders as o
        from ..shop import (Order as O, Line)
        from . import *
        """
    )
    assert [(i.module, i.level, i.name, i.alias, i.bound_name) for i in file.imports] == [
        ("__future__", 0, "annotations", "", "annotations"),
        ("os.path", 0, "", "", "os"),
        ("shop.orders", 0, "", "o", "o"),
        ("shop", 2, "Order", "O", "O"),
        ("shop", 2, "Line", "", "Line"),
        ("", 1, "*", "", ""),
    ]


@pytest.mark.parametrize(
    ("text", "exports"),
    [
        ("x = 1", None),
        ("__all__ = ['a', \"b\"]", ("a", "b")),
        ("__all__ = ['error', r\"bur\"]", ("error", "bur")),
        ("__all__ = ('a',) + ['b']\n__all__ += ['c']\n__all__.extend(['d'])", tuple("abcd")),
        ("__all__ = ['a'] + other.__all__", None),
        ("__all__ = ['a']\n__all__ += names()", None),
        ("def f():\n    __all__ = ['a']", None),
    ],
)
def test_exports_are_known_only_if_they_are_literal(
    text: str, exports: tuple[str, ...] | None
) -> None:
    assert parse("a.py", "python", text).exports == exports


def test_references_say_how_and_where_a_name_is_used() -> None:
    file = parsed(
        """
        @app.route("/")
        class View(models.Model, Base[Item]):
            def get(self, order: "Optional[Order]") -> None:
                self.shop.orders.total(1, *rest, tax=2)
                print(order.name)
        """
    )
    uses = {
        (each.kind, each.receiver, each.name): (
            each.container,
            each.n_arguments,
            each.keywords,
            each.has_unpacking,
        )
        for each in file.references
    }
    assert uses == {
        (ReferenceKind.DECORATOR, "app", "route"): ("", 0, (), False),
        (ReferenceKind.CALL, "app", "route"): ("", 1, (), False),
        (ReferenceKind.BASE, "models", "Model"): ("", 0, (), False),
        (ReferenceKind.BASE, "", "Base"): ("", 0, (), False),
        (ReferenceKind.ANNOTATION, "", "Item"): ("", 0, (), False),
        (ReferenceKind.ANNOTATION, "", "Order"): ("View.get", 0, (), False),
        (ReferenceKind.CALL, "self.shop.orders", "total"): ("View.get", 1, ("tax",), True),
        (ReferenceKind.ATTRIBUTE, "self.shop", "orders"): ("View.get", 0, (), False),
        (ReferenceKind.ATTRIBUTE, "self", "shop"): ("View.get", 0, (), False),
        (ReferenceKind.CALL, "", "print"): ("View.get", 1, (), False),
        (ReferenceKind.ATTRIBUTE, "order", "name"): ("View.get", 0, (), False),
    }

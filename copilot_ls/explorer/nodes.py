"""Test inputs as trees: what is executed is exactly the text that a test would contain.

A node renders to one expression. Literals hold their Python value, so that they can be varied;
calls and collections hold nodes. Standard library alone.
"""

from __future__ import annotations

import keyword
import unicodedata
from collections.abc import Sequence
from typing import Any, Union


class Literal:
    """A value whose ``repr`` is its source: numbers, texts, and containers of them."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def render(self) -> str:
        return literal_source(self.value)


class Raw:
    """Source that is taken as it is: a name, a lambda, a path below ``tmp_path``."""

    __slots__ = ("source",)

    def __init__(self, source: str) -> None:
        self.source = source

    def render(self) -> str:
        return self.source


class Call:
    """A call of ``function`` (source text)."""

    __slots__ = ("arguments", "function", "keywords")

    def __init__(self, function: str, arguments: Sequence[Node], keywords: dict[str, Node]) -> None:
        self.function = function
        self.arguments = list(arguments)
        self.keywords = dict(keywords)

    def render(self) -> str:
        parts = [node.render() for node in self.arguments]
        subject, _, name = self.function.rpartition(".")
        if subject and not self.keywords and (pattern := _SPELLED.get((name, len(parts)))):
            fenced = [f"({part})" if part.startswith("lambda") else part for part in parts]
            return pattern.format(subject, *fenced)
        if subject and name == "__getattr__" and len(self.arguments) == 1:
            value = getattr(self.arguments[0], "value", None)
            if isinstance(value, str) and value.isidentifier() and not keyword.iskeyword(value):
                return f"{subject}.{value}"
        parts += [f"{name}={node.render()}" for name, node in self.keywords.items()]
        return f"{self.function}({', '.join(parts)})"


# Special methods as people write them.
_SPELLED: dict[tuple[str, int], str] = {
    **{(f"__{name}__", 0): name + "({0})" for name in
       ("len", "iter", "str", "repr", "bool", "hash", "int", "float", "abs", "next", "reversed")},
    **{(f"__{name}__", 1): "{0} " + sign + " {1}" for name, sign in
       (("eq", "=="), ("ne", "!="), ("lt", "<"), ("le", "<="), ("gt", ">"), ("ge", ">="),
        ("add", "+"), ("sub", "-"), ("mul", "*"), ("truediv", "/"), ("floordiv", "//"),
        ("mod", "%"), ("and", "&"), ("or", "|"), ("xor", "^"))},
    ("__getitem__", 1): "{0}[{1}]",
    ("__contains__", 1): "{1} in {0}",
    ("__neg__", 0): "-{0}",
    ("__invert__", 0): "~{0}",
    **{("__call__", number): "{0}(" + ", ".join(f"{{{n}}}" for n in range(1, number + 1)) + ")"
       for number in range(6)},
}  # fmt: skip


class Read(Call):
    """Reading an attribute: a call without its parentheses."""

    __slots__ = ()

    def render(self) -> str:
        return self.function


class Assigned(Call):
    """An attribute that is set to its only argument: a statement, and therefore only a step."""

    __slots__ = ()

    def render(self) -> str:
        return f"{self.function} = {self.arguments[0].render()}"


class Entered(Call):
    """A context manager that is entered and left again; renders as what is entered."""

    __slots__ = ()

    def render(self) -> str:
        return self.function


class Collection:
    """A list, tuple, set or dictionary that holds something which is no literal."""

    __slots__ = ("items", "kind")

    def __init__(self, kind: str, items: Sequence[Any]) -> None:
        self.kind = kind
        self.items = list(items)

    def render(self) -> str:
        if self.kind == "dict":
            inner = ", ".join(f"{key.render()}: {value.render()}" for key, value in self.items)
            return "{" + inner + "}"
        inner = ", ".join(item.render() for item in self.items)
        if self.kind == "tuple":
            return f"({inner},)" if len(self.items) == 1 else f"({inner})"
        if self.kind == "set":
            return "{" + inner + "}" if self.items else "set()"
        return f"[{inner}]"


Node = Union[Literal, Raw, Call, Collection]


class Case:
    """A short program: named objects, calls on them, and one action whose result is looked at.

    ``files`` are calls that write files below ``tmp_path`` or make it the current folder,
    ``setup`` binds names in order, and ``steps`` are calls that are made for their effect.
    ``origin`` says who thought of it, or of what it was varied from; empty: the search itself.
    """

    __slots__ = ("action", "files", "origin", "setup", "steps", "target")

    def __init__(
        self,
        target: str,
        action: Call,
        setup: Sequence[tuple[str, Node]] = (),
        steps: Sequence[Call] = (),
        files: Sequence[Call] = (),
        origin: str = "",
    ) -> None:
        self.target = target
        self.origin = origin
        self.action = action
        self.setup: list[tuple[str, Node]] = list(setup)
        self.steps: list[Call] = list(steps)
        self.files: list[Call] = list(files)

    def but(
        self,
        *,
        action: Call | None = None,
        setup: Sequence[tuple[str, Node]] | None = None,
        steps: Sequence[Call] | None = None,
        files: Sequence[Call] | None = None,
    ) -> Case:
        """The same case with some of its parts replaced."""
        return Case(
            self.target,
            self.action if action is None else action,
            self.setup if setup is None else setup,
            self.steps if steps is None else steps,
            self.files if files is None else files,
            self.origin,
        )

    def lines(self) -> list[str]:
        """The statements before the action."""
        made = [file.render() for file in self.files]
        bound = [f"{name} = {node.render()}" for name, node in self.setup]
        return made + bound + [step.render() for step in self.steps]

    def source(self) -> str:
        """The whole program; two cases with the same source are the same case."""
        return "\n".join([*self.lines(), self.action.render()])


def entering_folder() -> Call:
    """A call that makes ``tmp_path`` the current folder until the end of the test."""
    return Call("monkeypatch.chdir", [Raw("tmp_path")], {})


def literal_source(value: Any) -> str:
    """Source of a literal, with sets and dictionaries in a fixed order.

    Raises:
        ValueError: it has no literal that gives it back.
    """
    if value is None or value is Ellipsis or isinstance(value, (bool, str, bytes, int)):
        if type(value) not in (type(None), bool, str, bytes, int, type(Ellipsis)):
            raise ValueError("a subclass of a plain type")
        return _visible(repr(value))
    kind = type(value)
    if kind is float:
        if value != value or value in (float("inf"), float("-inf")):
            return f'float("{value}")'
        return repr(value)
    if kind is complex:
        return repr(value)
    if kind is list:
        return "[" + ", ".join(map(literal_source, value)) + "]"
    if kind is tuple:
        inner = ", ".join(map(literal_source, value))
        return f"({inner},)" if len(value) == 1 else f"({inner})"
    if kind in (set, frozenset):
        inner = ", ".join(sorted(map(literal_source, value)))
        plain = "{" + inner + "}" if value else "set()"
        if kind is set:
            return plain
        return f"frozenset({plain})" if value else "frozenset()"
    if kind is dict:
        return (
            "{"
            + ", ".join(f"{literal_source(k)}: {literal_source(v)}" for k, v in value.items())
            + "}"
        )
    if kind is bytearray:
        return f"bytearray({bytes(value)!r})"
    if kind is range:
        return repr(value)
    raise ValueError(f"no literal: {kind.__name__}")


def _visible(source: str) -> str:
    """The source with escapes for what nobody sees: marks, joiners, unusual blanks."""
    if source.isascii():
        return source
    return "".join(
        each if each.isascii() or unicodedata.category(each)[0] in "LNPS" else _escaped(each)
        for each in source
    )


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def is_literal(value: Any, budget: int = 200) -> bool:
    """Whether ``value`` can be written as a literal of moderate size."""
    try:
        return _size(value, budget) <= budget and len(literal_source(value)) <= 4 * budget
    except (ValueError, RecursionError):
        return False


def _size(value: Any, budget: int) -> int:
    if isinstance(value, (str, bytes, bytearray)):
        return 1 + len(value) // 8
    if isinstance(value, (list, tuple, set, frozenset)):
        total = 1
        for item in value:
            total += _size(item, budget - total)
            if total > budget:
                break
        return total
    if isinstance(value, dict):
        total = 1
        for key, item in value.items():
            total += _size(key, budget) + _size(item, budget)
            if total > budget:
                break
        return total
    return 1

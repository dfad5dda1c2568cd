"""What an expression may be, as far as it is certain: plain data for ``infer``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from indexer.model import Symbol
from indexer.resolve.outline import Outline


@dataclass(frozen=True, slots=True)
class Module:
    """A module."""

    outline: Outline


@dataclass(frozen=True, slots=True)
class Written:
    """A type as its text in a file; ``bound`` says what ``Self`` and type variables stand for."""

    text: str
    outline: Outline
    bound: Bound | None = None


@dataclass(frozen=True, slots=True)
class Class:
    """A class object; ``arguments`` are those of its type parameters, if they are known.

    ``is_open`` if it may as well be a subclass, which may want to be called otherwise.
    """

    outline: Outline
    symbol: Symbol
    arguments: tuple[Written, ...] = ()
    is_open: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.outline.path, self.symbol.qualified_name


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance of a class, or of a subclass."""

    of: Class


@dataclass(frozen=True, slots=True)
class Bound:
    """Through which value a member was reached, and the class of its lineage that defines it."""

    origin: Class | Instance
    within: Class


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method; several symbols are overloads or alternatives.

    ``bound`` is absent for a plain function.
    """

    outline: Outline
    symbols: tuple[Symbol, ...]
    bound: Bound | None = None


@dataclass(frozen=True, slots=True)
class Partial:
    """``functools.partial(function, …)``: so many arguments and these keywords are given."""

    function: Function | Class
    n_given: int
    keywords: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """What only waiting for, or entering, a call gives: a coroutine, a managed context."""

    written: Written
    is_context: bool = False


@dataclass(frozen=True, slots=True)
class Many:
    """An array of TypeScript: its members are the language's own, its elements are typed."""

    element: Written


Value: TypeAlias = Module | Class | Instance | Function | Partial | Result | Many
Values: TypeAlias = tuple[Value, ...] | None
"""All that a value may be; ``None``: nobody knows."""


@dataclass(frozen=True, slots=True)
class Definition:
    """Where a name leads: a symbol, or the module itself. ``bound`` for members of classes."""

    outline: Outline
    symbol: Symbol | None = None
    bound: Bound | None = None


Definitions: TypeAlias = tuple[Definition, ...] | None
"""All definitions of a name; empty: it certainly does not exist; ``None``: nobody knows."""

"""What a stretch of code uses, as plain data: expressions, where they stand, what is bound there.

Each language has a reader that makes these from its tree; who follows them to definitions knows
no trees. Spans are code points of the text that was read.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, TypeAlias

from indexer.model import Import, Span


@dataclass(frozen=True, slots=True)
class Name:
    """A plain name."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Member:
    """``object.name``; ``span`` is that of the name."""

    object: Expression
    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Keyword:
    """``name=value`` in a call; ``span`` is that of the name."""

    name: str
    span: Span


@dataclass(frozen=True, slots=True)
class Arguments:
    """What a call passes: the spans of positional arguments, the names of keywords.

    ``is_whole`` is false while the closing bracket is missing or something inside is broken.
    """

    positional: tuple[Span, ...] = ()
    keywords: tuple[Keyword, ...] = ()
    has_star: bool = False
    has_double_star: bool = False
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class Call:
    """``function(arguments)``, or ``new function(arguments)``; ``values`` are the positional."""

    function: Expression
    arguments: Arguments
    span: Span
    values: tuple[Expression, ...] = ()
    is_new: bool = False


@dataclass(frozen=True, slots=True)
class Item:
    """``object[…]``; a slice gives another of the same kind."""

    object: Expression
    is_slice: bool = False


@dataclass(frozen=True, slots=True)
class Awaited:
    """``await value``."""

    value: Expression


@dataclass(frozen=True, slots=True)
class Literal:
    """A literal of a built-in type, named as in annotations: ``str``, ``list``."""

    type_name: str
    elements: tuple[Expression, ...] = ()


@dataclass(frozen=True, slots=True)
class Either:
    """One of several: ``a or b``, ``a if c else b``."""

    options: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Typed:
    """A value of a type that is written beside it: ``value as Type``."""

    annotation: str


@dataclass(frozen=True, slots=True)
class Opaque:
    """Anything else."""


Expression: TypeAlias = Name | Member | Call | Item | Awaited | Literal | Either | Typed | Opaque
OPAQUE = Opaque()


class BindingKind(StrEnum):
    """How a name comes to its value."""

    PARAMETER = "parameter"
    RECEIVER = "receiver"
    VALUE = "value"
    ELEMENT = "element"
    ENTERED = "entered"
    CAUGHT = "caught"
    IMPORTED = "imported"
    DEFINED = "defined"
    UNFOLLOWED = "unfollowed"


@dataclass(frozen=True, slots=True)
class Binding:
    """One way in which a name is bound in a scope.

    ``annotation`` is the declared type as text, if there is one. ``value`` is what is assigned,
    iterated over, entered or caught, seen from ``place``. ``owner`` is the qualified name of the
    class for a receiver, ``qualified_name`` that of a nested definition with its ``signatures``.
    """

    kind: BindingKind
    annotation: str = ""
    value: Expression | None = None
    place: Place | None = None
    entry: Import | None = None
    owner: str = ""
    is_class: bool = False
    qualified_name: str = ""
    path: tuple[int, ...] = ()


class Place(Protocol):
    """A position in the code, asked for what names mean there."""

    @property
    def owner(self) -> str:
        """The qualified name of the innermost class around, or the empty string."""
        ...

    @property
    def class_body(self) -> str:
        """The class whose body, not a method of it, the position stands in directly."""
        ...

    def bindings(self, name: str) -> Sequence[Binding] | None:
        """All that a name may be bound to at this position; ``None`` if no scope here binds it.

        The module's own names, seen from inside a function, are left to the outline.
        """
        ...

    def names(self) -> Iterable[str]:
        """The names that scopes here have bound by then, innermost first; a name may come twice."""
        ...

    def testers(self, text: str) -> frozenset[str]:
        """The functions that a condition around passes ``text`` to, which may tell its type.

        Names as they are written; an empty one for tests that the language itself has, as
        ``isinstance``.
        """
        ...


@dataclass(frozen=True, slots=True)
class Use:
    """A name, member access or call that stands in the stretch that was read.

    ``is_guarded`` if failing is provided for: inside ``try`` with a fitting ``except``, in
    ``pytest.raises``, or where a comment tells type checkers to look away.
    """

    expression: Name | Member | Call
    place: Place
    is_guarded: bool = False


@dataclass(frozen=True, slots=True)
class ImportUse:
    """An import, with the places of its parts; ``name_span`` is empty for ``import module``.

    ``is_alone`` if the statement imports nothing else.
    """

    entry: Import
    module_span: Span
    name_span: Span
    is_guarded: bool = False
    is_alone: bool = True


@dataclass(frozen=True, slots=True)
class Reading:
    """All that a stretch of code uses, in source order."""

    uses: tuple[Use, ...] = ()
    imports: tuple[ImportUse, ...] = ()

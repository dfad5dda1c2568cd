"""What the user did to the definitions of a file: renamed them, or changed their parameters. Pure.

Two parses of one file are compared. Only what is plain is told: one definition that vanished where
one of the same kind and shape appeared is renamed; everything else is new or gone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from indexer.model import ParameterKind, ParsedFile, Symbol, SymbolKind

_VARIADIC = frozenset({ParameterKind.VARIADIC_POSITIONAL, ParameterKind.VARIADIC_KEYWORD})
_NAMED = frozenset(
    {
        SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.ENUM, SymbolKind.ENUM_MEMBER,
        SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.PROPERTY, SymbolKind.FIELD,
        SymbolKind.CONSTANT, SymbolKind.VARIABLE,
    }
)  # fmt: skip
_RECEIVERS = frozenset({"self", "cls"})


@dataclass(frozen=True, slots=True)
class Renamed:
    """A definition that has another name now."""

    old: Symbol
    new: Symbol


@dataclass(frozen=True, slots=True)
class ParametersChanged:
    """A callable whose parameters changed, its receiver left out.

    ``added`` are required ones with their position; ``removed`` with the position that they had;
    ``renamed`` from old to new name.
    """

    symbol: Symbol
    called_as: str
    added: tuple[tuple[int, str], ...] = ()
    removed: tuple[tuple[int, str], ...] = ()
    renamed: tuple[tuple[str, str], ...] = ()


Change = Renamed | ParametersChanged


def changes_between(before: ParsedFile, after: ParsedFile) -> list[Change]:
    """The changes that other places must follow, in source order."""
    old = {s.qualified_name: s for s in before.symbols if s.kind in _NAMED}
    new = {s.qualified_name: s for s in after.symbols if s.kind in _NAMED}
    found: list[Change] = []
    pairs = [(symbol, new[name]) for name, symbol in old.items() if name in new]
    gone = [symbol for name, symbol in old.items() if name not in new]
    come = [symbol for name, symbol in new.items() if name not in old]
    for symbol in gone:
        twin = _twin(symbol, gone, come)
        if twin is not None:
            found.append(Renamed(symbol, twin))
            pairs.append((symbol, twin))
    for one, other in pairs:
        change = _parameters(one, other)
        if change is not None:
            found.append(change)
    return found


def _twin(symbol: Symbol, gone: Sequence[Symbol], come: Sequence[Symbol]) -> Symbol | None:
    """The definition that took its place: same kind, parent and shape, and no other candidate."""
    if symbol.parent in {other.qualified_name for other in gone}:
        # Members move with a class that was renamed.
        return None
    candidates = [
        other
        for other in come
        if other.kind is symbol.kind and other.parent == symbol.parent and _is_alike(symbol, other)
    ]
    rivals = [
        other
        for other in gone
        if other.kind is symbol.kind and other.parent == symbol.parent and other is not symbol
    ]
    return candidates[0] if len(candidates) == 1 and not rivals else None


def _is_alike(one: Symbol, other: Symbol) -> bool:
    n_one, n_other = one.end_line - one.line, other.end_line - other.line
    if abs(n_one - n_other) > 2 + 0.3 * n_one:
        return False
    shape = one.stub.replace(one.name, "_", 1), other.stub.replace(other.name, "_", 1)
    return SequenceMatcher(None, *shape).ratio() >= 0.7


def _parameters(one: Symbol, other: Symbol) -> ParametersChanged | None:
    if one.signature is None or other.signature is None:
        return None
    old = [p for p in one.signature.parameters if p.name not in _RECEIVERS]
    new = [p for p in other.signature.parameters if p.name not in _RECEIVERS]
    if old == new or any(p.kind in _VARIADIC for p in (*old, *new)):
        return None
    old_names, new_names = [p.name for p in old], [p.name for p in new]
    added = [(i, p.name) for i, p in enumerate(new) if p.name not in old_names and not p.optional]
    removed = [(i, name) for i, name in enumerate(old_names) if name not in new_names]
    renamed: list[tuple[str, str]] = []
    if len(old) == len(new):
        for (place, name), (other_place, other_name) in zip(
            list(removed), list(added), strict=False
        ):
            if place == other_place:
                renamed.append((name, other_name))
        taken = {name for name, _ in renamed}
        given = {name for _, name in renamed}
        removed = [entry for entry in removed if entry[1] not in taken]
        added = [entry for entry in added if entry[1] not in given]
    if not (added or removed or renamed):
        return None
    name = one.parent if one.name in {"__init__", "constructor"} else one.name
    return ParametersChanged(
        other, name.rpartition(".")[2], tuple(added), tuple(removed), tuple(renamed)
    )

"""What changed between two versions of a repository, for those who use it: symbol by symbol. Pure.

Public names count: added, removed, or with another signature, and whether a caller that was right
before is still right. What happened inside functions is told by the commits.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from indexer.conventions.testing import is_test_path
from indexer.model import Parameter, ParameterKind, ParsedFile, Signature, Symbol, SymbolKind

_KINDS = frozenset(
    {SymbolKind.CLASS, SymbolKind.ENUM, SymbolKind.INTERFACE, SymbolKind.FUNCTION,
     SymbolKind.METHOD, SymbolKind.PROPERTY}
)  # fmt: skip
_CONVENTIONAL = re.compile(
    r"^(?P<type>[a-z]+)(?:\((?P<scope>[^)]*)\))?(?P<breaking>!)?:\s*(?P<text>.+)$"
)
_NOT_FOR_USERS = frozenset({"chore", "ci", "test", "tests", "style", "build", "refactor", "docs"})
# So many new names of one file are told in one line.
_MANY = 4
_MAX_STUB = 120
_NOISE = re.compile(r"^(?:merge\b|bump\b|release\b|v?\d+\.\d+|wip\b|fixup!|squash!)", re.IGNORECASE)


class ChangeKind(StrEnum):
    """What happened to a name."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    DEPRECATED = "deprecated"


@dataclass(frozen=True, slots=True)
class SymbolChange:
    """A public name that is not what it was. ``reason`` says what is different.

    ``about`` is the first sentence of its docstring. ``is_breaking`` means that a caller who was
    right before may be wrong now.
    """

    kind: ChangeKind
    path: str
    name: str
    before: str
    after: str
    is_breaking: bool
    reason: str = ""
    about: str = ""


def compare(before: Iterable[ParsedFile], after: Iterable[ParsedFile]) -> list[SymbolChange]:
    """The changes between two sets of files, in order of path and name.

    A name that moved to another file with the same signature counts as moved, not as gone.
    """
    old, new = _public(before), _public(after)
    found = [*_gone_and_new(old, new)]
    for key in old.keys() & new.keys():
        change = _changed(old[key], new[key])
        if change is not None:
            found.append(change)
    return sorted(found, key=lambda each: (not each.is_breaking, each.path, each.name, each.kind))


def _public(files: Iterable[ParsedFile]) -> dict[tuple[str, str], Symbol]:
    found: dict[tuple[str, str], Symbol] = {}
    for file in files:
        if is_test_path(file.path) or _is_private(file.path):
            continue
        by_name = {symbol.qualified_name: symbol for symbol in file.symbols}
        for symbol in file.symbols:
            if symbol.kind in _KINDS and _is_reachable(symbol, by_name):
                found[file.path, symbol.qualified_name] = symbol
    return found


def _is_private(path: str) -> bool:
    return any(
        part.startswith("_") and not part.startswith("__") for part in path.split("/")
    ) or path.startswith((".", "docs/", "examples/", "scripts/"))


def _is_reachable(symbol: Symbol, by_name: Mapping[str, Symbol]) -> bool:
    """Whether users can name it: public itself, and so is everything around it."""
    if not symbol.is_public and symbol.name != "__init__":
        return False
    if symbol.name.startswith("__") and symbol.name not in {"__init__", "__call__"}:
        return False
    parent = symbol.parent
    while parent:
        owner = by_name.get(parent)
        if owner is None or not owner.is_public or owner.kind in {
            SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.PROPERTY
        }:  # fmt: skip
            return False
        parent = owner.parent
    return True


def _gone_and_new(
    old: Mapping[tuple[str, str], Symbol], new: Mapping[tuple[str, str], Symbol]
) -> Iterator[SymbolChange]:
    gone = {key: old[key] for key in old.keys() - new.keys()}
    fresh = {key: new[key] for key in new.keys() - old.keys()}
    moved: set[tuple[str, str]] = set()
    places: dict[str, list[tuple[str, str]]] = {}
    for key in fresh:
        places.setdefault(key[1], []).append(key)
    for (path, name), symbol in sorted(gone.items()):
        if _has_parent_in(name, path, gone):
            continue
        others = places.get(name, [])
        if len(others) == 1 and _changed(symbol, fresh[others[0]]) is None:
            moved.add(others[0])
            target = others[0][0]
            yield SymbolChange(
                ChangeKind.CHANGED, path, name, symbol.stub, fresh[others[0]].stub,
                is_breaking=True, reason=f"moved to `{target}`",
            )  # fmt: skip
        else:
            yield SymbolChange(ChangeKind.REMOVED, path, name, symbol.stub, "", is_breaking=True)
    for (path, name), symbol in sorted(fresh.items()):
        is_moved = (path, name) in moved or _has_parent_in(name, path, dict.fromkeys(moved))
        if not is_moved and not _has_parent_in(name, path, fresh):
            about = re.split(r"(?<=[.!?])\s", " ".join(symbol.docstring.split()))[0]
            yield SymbolChange(
                ChangeKind.ADDED, path, name, "", symbol.stub, is_breaking=False, about=about
            )


def _has_parent_in(name: str, path: str, symbols: Mapping[tuple[str, str], object]) -> bool:
    """Whether what a name stands in is gone or new as well, which says it all."""
    parts = name.split(".")
    return any((path, ".".join(parts[:n])) in symbols for n in range(1, len(parts)))


def _changed(old: Symbol, new: Symbol) -> SymbolChange | None:
    def change(kind: ChangeKind, reason: str, *, is_breaking: bool) -> SymbolChange:
        return SymbolChange(
            kind, new.path, new.qualified_name, old.stub, new.stub, is_breaking, reason
        )

    if new.is_deprecated and not old.is_deprecated:
        return change(ChangeKind.DEPRECATED, "is deprecated", is_breaking=False)
    if old.kind is not new.kind:
        return change(ChangeKind.CHANGED, f"was a {old.kind}, is a {new.kind}", is_breaking=True)
    if old.is_async != new.is_async:
        what = "has to be awaited now" if new.is_async else "is not awaited any more"
        return change(ChangeKind.CHANGED, what, is_breaking=True)
    if old.signature is None or new.signature is None:
        return None
    breaks, others = _differences(old.signature, new.signature)
    if not breaks and not others:
        return None
    return change(ChangeKind.CHANGED, "; ".join([*breaks, *others]), is_breaking=bool(breaks))


def _differences(old: Signature, new: Signature) -> tuple[list[str], list[str]]:
    """What breaks callers, and what does not."""
    breaks: list[str] = []
    others: list[str] = []
    before = {each.name: each for each in old.parameters}
    after = {each.name: each for each in new.parameters}
    takes_any = any(p.kind is ParameterKind.VARIADIC_KEYWORD for p in new.parameters)
    for name, parameter in before.items():
        if name not in after and not _is_rest(parameter):
            is_taken = takes_any and parameter.kind is not ParameterKind.POSITIONAL_ONLY
            (others if is_taken else breaks).append(f"parameter `{name}` is gone")
    for name, parameter in after.items():
        if name in before:
            continue
        if parameter.optional or _is_rest(parameter):
            others.append(f"new parameter `{name}`")
        else:
            breaks.append(f"new parameter `{name}` has to be given")
    for name in before.keys() & after.keys():
        one, other = before[name], after[name]
        if one.optional and not other.optional and not _is_rest(other):
            breaks.append(f"`{name}` has to be given now")
        elif one.default != other.default and one.optional and other.optional:
            others.append(f"the default of `{name}` is {other.default}, was {one.default}")
        if _is_positional(one) and not _is_positional(other):
            breaks.append(f"`{name}` has to be given by name now")
        if _is_named(one) and not _is_named(other):
            breaks.append(f"`{name}` cannot be given by name any more")
    if not breaks:
        shared = [name for name in before if name in after]
        order = [name for name in after if name in before]
        places = [p.name for p in new.parameters if _is_positional(p)]
        squeezed = any(
            name not in before and places.index(name) < len([n for n in before if n in places])
            for name in places
        )
        if shared != order or squeezed:
            breaks.append("the order of the parameters is another")
    if (old.returns or "") != (new.returns or "") and old.returns and new.returns:
        others.append(f"returns `{new.returns}`, was `{old.returns}`")
    return breaks, others


def _is_rest(parameter: Parameter) -> bool:
    return parameter.kind in {ParameterKind.VARIADIC_KEYWORD, ParameterKind.VARIADIC_POSITIONAL}


def _is_positional(parameter: Parameter) -> bool:
    return parameter.kind in {
        ParameterKind.POSITIONAL_ONLY, ParameterKind.POSITIONAL_OR_KEYWORD
    }  # fmt: skip


def _is_named(parameter: Parameter) -> bool:
    return parameter.kind in {ParameterKind.KEYWORD_ONLY, ParameterKind.POSITIONAL_OR_KEYWORD}


@dataclass(frozen=True, slots=True)
class CommitNote:
    """What a commit says of itself to users."""

    id: str
    subject: str
    is_breaking: bool = False
    is_fix: bool = False


def notes_of(commits: Iterable[tuple[str, str, str]]) -> Iterator[CommitNote]:
    """Pick what users may care for among commits (id, subject, body), newest first."""
    for id_, subject, body in commits:
        if _NOISE.match(subject):
            continue
        match = _CONVENTIONAL.match(subject)
        is_breaking = "BREAKING CHANGE" in body
        text, is_fix = subject, subject.lower().startswith(("fix", "repair", "correct"))
        if match is not None:
            is_breaking |= bool(match["breaking"])
            if match["type"] in _NOT_FOR_USERS and not is_breaking:
                continue
            is_fix = match["type"] == "fix"
            text = match["text"]
        text = text.strip().rstrip(".")
        yield CommitNote(id_, text[:1].upper() + text[1:], is_breaking, is_fix)


def changelog(title: str, changes: Sequence[SymbolChange], notes: Sequence[CommitNote]) -> str:
    """A draft for users, in the form of Keep a Changelog."""
    lines = [f"## {title}", ""]
    breaking = [each for each in changes if each.is_breaking]
    lines += _section("Breaking", [
        *(f"{note.subject} ({note.id})" for note in notes if note.is_breaking),
        *(_line(each) for each in breaking),
    ])  # fmt: skip
    for head, kind in (("Added", ChangeKind.ADDED), ("Changed", ChangeKind.CHANGED),
                       ("Deprecated", ChangeKind.DEPRECATED)):  # fmt: skip
        of_kind = [each for each in changes if each.kind is kind and not each.is_breaking]
        lines += _section(head, _grouped(of_kind) if kind is ChangeKind.ADDED else [
            _line(each) for each in of_kind
        ])  # fmt: skip
    lines += _section(
        "Fixed", [f"{n.subject} ({n.id})" for n in notes if n.is_fix and not n.is_breaking]
    )
    lines += _section(
        "Commits", [f"{n.subject} ({n.id})" for n in notes if not n.is_fix and not n.is_breaking]
    )
    return "\n".join(lines).rstrip() + "\n"


def _grouped(added: Sequence[SymbolChange]) -> list[str]:
    """One line for each name, or for a file that brings many."""
    by_path: dict[str, list[SymbolChange]] = {}
    for each in added:
        by_path.setdefault(each.path, []).append(each)
    told: list[str] = []
    for path, of_path in by_path.items():
        if len(of_path) > _MANY:
            named = ", ".join(f"`{each.name}`" for each in of_path)
            told.append(f"`{path}`: {named}.")
        else:
            told += [_line(each) for each in of_path]
    return told


def _section(head: str, items: Sequence[str]) -> list[str]:
    return [f"### {head}", "", *(f"- {item}" for item in items), ""] if items else []


def _line(change: SymbolChange) -> str:
    name = f"`{change.name}` in `{change.path}`"
    match change.kind:
        case ChangeKind.REMOVED:
            return f"{name} is gone."
        case ChangeKind.ADDED:
            about = change.about or f"`{change.after[:_MAX_STUB]}`"
            return f"{name}: {about.rstrip('.')}."
        case _:
            is_short = change.before != change.after and len(change.after) <= _MAX_STUB
            now = f" Now `{change.after}`." if is_short else ""
            return f"{name}: {change.reason}.{now}"

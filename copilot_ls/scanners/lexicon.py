"""What stands in a text that a condition of a rule can ask for, and whether it does."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import accumulate
from typing import TypeAlias

from copilot_ls.scanners.clues import WORD, All, Any, Clue, Condition, Somewhere

# What a text holds: words, and with a sign in front those that stand in certain places.
Tokens: TypeAlias = frozenset[str]
# Of a condition: whether it holds, or the tokens of which one must be there, or more of these:
# all of them if the first is true, else any.
Resolved: TypeAlias = "bool | frozenset[str] | tuple[bool, tuple[Resolved, ...]]"

_TOKEN = re.compile(r"\w+")
_MEMBER = re.compile(r"\.\s*+([^\W\d]\w*+)")
# What stands right before a dot, if it is a name or an empty call of one, or a gap.
_OWNER = re.compile(r"(?:\w+(?:\(\))?|\s)\Z")
_MAX_OWNER_CHARS = 32
_DECORATOR = re.compile(r"^[ \t]*@\s*(?:\w+\s*\.\s*)*(\w+)", re.MULTILINE)


def words_of(text: str) -> frozenset[str]:
    """Return every word of a text, numbers as well."""
    return frozenset(_TOKEN.findall(text))


def tokens_of(
    code: str,
    words: frozenset[str],
    quoted: frozenset[str],
    aliases: Mapping[str, str],
    *,
    is_python: bool,
) -> Tokens:
    """Return what a text holds that a pattern can ask for.

    ``words`` are those of its code, ``quoted`` those of its literals. A name that was imported
    stands for all parts of what it is called in full.
    """
    known = (aliases[word] for word in words & aliases.keys())
    imported = {part for full in known for part in WORD.findall(full)}
    if not is_python:
        return words | imported
    tokens = {*words, *imported}
    tokens.update([f".{member}" for member in imported])
    for match in _MEMBER.finditer(code):
        start = match.start()
        tokens.add(f".{match[1]}")
        if owner := _OWNER.search(code, max(0, start - _MAX_OWNER_CHARS), start):
            tokens.add(f"{owner[0]}.{match[1]}")
    tokens.update([f"@{name}" for name in _DECORATOR.findall(code)])
    tokens.update([f'"{word}' for word in quoted])
    return frozenset(tokens)


class Lexicon:
    """The tokens of a text, and what conditions come to in it."""

    def __init__(self, tokens: Tokens) -> None:
        self.tokens = tokens
        self._known: dict[int, Resolved] = {}

    @cached_property
    def _members(self) -> list[str]:
        return [token[1:] for token in self.tokens if token[0] == "."]

    @cached_property
    def _decorators(self) -> list[str]:
        return [token[1:] for token in self.tokens if token[0] == "@"]

    @cached_property
    def _words(self) -> list[str]:
        words = (token for token in self.tokens if "." not in token and token[0] != "@")
        return [*dict.fromkeys(word.removeprefix('"') for word in words)]

    @cached_property
    def _joined(self) -> tuple[str, list[int]]:
        """The words in one text, and where each begins."""
        starts = [0, *accumulate(len(word) + 1 for word in self._words)]
        return "\n".join(self._words), starts

    @cached_property
    def _owners(self) -> Mapping[str, list[str]]:
        owners: dict[str, list[str]] = {}
        for token in self.tokens:
            owner, dot, member = token.partition(".")
            if dot and owner:
                owners.setdefault(member, []).append(owner)
        return owners

    def resolved(self, condition: Condition) -> Resolved:
        """Say whether a condition can hold, or which of the tokens it asks for."""
        known = self._known.get(id(condition))
        if known is None:
            known = self._known[id(condition)] = self._resolve(condition)
        return known

    def _resolve(self, condition: Condition) -> Resolved:
        match condition:
            case Clue(_, frozenset() as names):
                return names & self.tokens or False
            case Clue("~", re.Pattern() as regex):
                words = {*self._holding(regex)}
                return self.tokens & {*words, *(f'"{word}' for word in words)} or False
            case Clue("of", re.Pattern() as regex, member):
                owners = self._owners.get(member, ())
                fitting = (o for o in owners if o.isspace() or regex.search(o))
                return frozenset(f"{owner}.{member}" for owner in fitting) or False
            case Clue(sign, re.Pattern() as regex):
                among = {"": self._words, ".": self._members, "@": self._decorators}[sign]
                return frozenset(sign + name for name in among if regex.match(name)) or False
            case Somewhere(part):
                return self.resolved(part) is not False
            case All(parts):
                needed = []
                for part in parts:
                    found = self.resolved(part)
                    if found is False:
                        return False
                    if found is not True:
                        needed.append(found)
                return (True, tuple(needed)) if needed else True
            case Any(parts):
                choices = [self.resolved(part) for part in parts]
                if True in choices:
                    return True
                sets = [part for part in choices if isinstance(part, frozenset)]
                deep = [part for part in choices if isinstance(part, tuple)]
                if not sets and not deep:
                    return False
                union = frozenset().union(*sets)
                if not deep:
                    return union
                return (False, (*([union] if union else []), *deep))
        raise AssertionError("these are all conditions")

    def _holding(self, regex: re.Pattern[str]) -> Iterator[str]:
        """Yield the words in which an expression matches."""
        text, starts = self._joined
        for match in regex.finditer(text):
            yield self._words[bisect_right(starts, match.start()) - 1]


def is_possible(condition: Resolved, tokens: Tokens) -> bool:
    """Say whether a condition can hold in a part of the text that it was resolved in."""
    match condition:
        case bool():
            return condition
        case frozenset():
            return not condition.isdisjoint(tokens)
        case (True, parts):
            return all(is_possible(part, tokens) for part in parts)
        case (_, parts):
            return any(is_possible(part, tokens) for part in parts)

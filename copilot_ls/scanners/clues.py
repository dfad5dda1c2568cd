"""What must stand in a text for a rule to match in it: names, found without matching anything.

A rule is read as a condition over tokens. Where a pattern says nothing that can be told from
tokens, the condition holds; where it does not hold, Semgrep finds nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from copilot_ls.scanners.rulebook import Rule

Condition: TypeAlias = "Clue | All | Any | Somewhere"
# What the variables of a pattern must look like, by their names.
Regexes: TypeAlias = Mapping[str, tuple[str, ...]]

WORD = re.compile(r"[^\W\d]\w+")
_STRING_VARIABLE = re.compile(r"([\"'])(\$[A-Z_][A-Z_0-9]*)\1")
_STRING = re.compile(
    r"\"\"\".*?\"\"\"|\"(?:\\.|[^\"\\\n])*\"|'(?:\\.|[^'\\\n])*'|`[^`]*`", re.DOTALL
)
_OPAQUE = re.compile(r"[\\$]|=~|\.\.\.")
_TYPED = re.compile(r"\(\s*[\w.<>\[\]*, ]+\s\$[A-Z_0-9]+\s*\)|\(\s*\$[A-Z_0-9]+\s*:[^)]*\)")
_VARIABLE = re.compile(r"\$(?:\.\.\.)?[A-Z_][A-Z_0-9]*")
# A variable, whether it stands behind a dot, and the member behind it.
_PLACES = re.compile(r"((?<!\.)\.\s*)?\$([A-Z_][A-Z_0-9]*)(?:\s*\.\s*(?=([^\W\d]\w*)))?")
# A choice between words, and nothing else.
_LITERALS = re.compile(r"\^\((?:\?:)?(\w+(?:\|\w+)*)\)\$")
# What matches inside of one word.
_WORDY = re.compile(r"(?:\(\?(?:i|is|s|si)\))?(?:\\[wd]|\(\?:|[\w|()?*+])*")
_ENDS_IN_NAME = re.compile(r"(?<![.*+])(?:\)|\w|\\w[*+]|\(\\\(\\\)\)\?)\$$")
_FLAGS = re.compile(r"\(\?[a-z]+\)")
# What may be missing in front, and what an expression may begin with besides.
_LOOSE = re.compile(r"\^|\\b|(?:\.|\\w|\\s|\[[^\]\\]*\]|_|\\\.)[*?]")
_ATOM = re.compile(r"\\[wd]|\w")
_QUANTIFIER = re.compile(r"[*?+]|\{[\d,]+\}")
# What stands behind a dot here stands behind one in a text as well, or is imported there.
_PLAIN_MEMBER = re.compile(r"(?:\w|[)\]\"'])\s*\.\s*([^\W\d]\w*)")
_QUALIFIER = re.compile(r"\b(?:[a-z_]\w*\s*\.\s*)+(?=[A-Z])")
# What begins with the head of a function, a class or a block.
_HEADER = re.compile(r"\b(?:def|class|function|func)\b|=>|\{|^\s*@")
_FUNCTION = re.compile(r"\s*(?:@[^\n]+\n\s*)*(?:async\s+)?def\b(?!(?s:.*)\bclass\b)")
# They may be written in another way, or be no words in the other grammar.
_KEYWORDS = frozenset(
    {
        "and",
        "as",
        "assert",
        "async",
        "await",
        "break",
        "case",
        "catch",
        "class",
        "const",
        "continue",
        "def",
        "default",
        "del",
        "delete",
        "do",
        "elif",
        "else",
        "except",
        "export",
        "extends",
        "False",
        "false",
        "final",
        "finally",
        "for",
        "from",
        "func",
        "function",
        "global",
        "go",
        "if",
        "implements",
        "import",
        "in",
        "instanceof",
        "interface",
        "is",
        "lambda",
        "let",
        "new",
        "nil",
        "None",
        "nonlocal",
        "not",
        "null",
        "of",
        "or",
        "package",
        "pass",
        "private",
        "protected",
        "public",
        "raise",
        "range",
        "return",
        "select",
        "static",
        "struct",
        "super",
        "switch",
        "this",
        "throw",
        "throws",
        "True",
        "true",
        "try",
        "type",
        "typeof",
        "undefined",
        "val",
        "var",
        "void",
        "while",
        "with",
        "yield",
    }
)


@dataclass(frozen=True, slots=True)
class Clue:
    """A token that must be there: one of ``names``, or one that the expression matches.

    ``sign`` says of which kind: nothing for a word, a quote for one in a text, a dot for a member,
    ``@`` for a decorator, ``~`` for a word in which the expression is found, and ``of`` for what
    stands before the ``member``, as in ``tree.find``.
    """

    sign: str
    names: frozenset[str] | re.Pattern[str]
    member: str = ""


@dataclass(frozen=True, slots=True)
class All:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Any:
    parts: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Somewhere:
    """What may stand anywhere in a text, and not in the part of it that is asked about."""

    part: Condition


ALWAYS = All(())
_CONDITIONS: dict[tuple[int, str, bool], tuple[object, Condition]] = {}
_INTERNED: dict[Condition, Condition] = {}


def of_rule(rule: Rule, language: str) -> Condition:
    """Return what must stand in a text for a rule to match in it."""
    return _of_definition(rule.definition, language, is_site=False)


def of_site(rule: Rule, language: str) -> Condition:
    """Return what must stand in a function itself for a rule to report something there.

    What its surroundings must be like may be fulfilled elsewhere, and so may whatever begins
    before it: before its head in Python, before its body in other languages.
    """
    return _of_definition(rule.definition, language, is_site=True)


def of_part(part: object, regexes: Regexes, language: str) -> Condition:
    """Return what must stand in a text for a part of a rule to match.

    ``regexes`` are those of the lists of patterns that the part stands in.
    """
    return _of_part(part, regexes, language, is_site=False)


def of_pattern(pattern: str, regexes: Regexes, language: str) -> Condition:
    """Return what must stand in a text for a pattern of code to match."""
    return _all(_clues(pattern, tuple(sorted(regexes.items())), language))


def of_forbidden(value: object, regexes: Regexes, language: str) -> Condition:
    """Return what must stand in a text for what a rule forbids to matter."""
    if isinstance(value, str):
        return of_pattern(value, regexes, language)
    return of_part(value, regexes, language)


def _of_definition(definition: Mapping[str, object], language: str, *, is_site: bool) -> Condition:
    if "pattern-sinks" not in definition:
        return _of_part(definition, {}, language, is_site=is_site)
    key = (id(definition), language, is_site)
    if key not in _CONDITIONS:
        # Where data ends is where it is reported.
        lists = ("pattern-sinks",) if is_site else ("pattern-sources", "pattern-sinks")
        # What only passes on what came from elsewhere is no beginning.
        parts = (
            _any(
                _of_part(each, {}, language, is_site=is_site)
                for each in entries(definition.get(name))
                if name == "pattern-sinks" or not _passes_on(each)
            )
            for name in lists
        )
        _CONDITIONS[key] = (definition, _all(parts))
    return _CONDITIONS[key][1]


def _passes_on(source: object) -> bool:
    return isinstance(source, Mapping) and "requires" in source


def _of_part(part: object, regexes: Regexes, language: str, *, is_site: bool) -> Condition:
    key = (id(part), language, is_site)
    known = _CONDITIONS.get(key)
    if known is None:
        found = _work_out(part, regexes, language, is_site=is_site)
        # The part is kept as well, so that its identity stays its own.
        known = _CONDITIONS[key] = (part, found)
    return known[1]


def _work_out(part: object, regexes: Regexes, language: str, *, is_site: bool) -> Condition:
    if not isinstance(part, Mapping):
        return ALWAYS
    needed: list[Condition] = []
    for key, value in part.items():
        match key, value:
            case (("pattern" | "pattern-inside"), str()):
                clues = _clues(value, tuple(sorted(regexes.items())), language)
                is_around = key == "pattern-inside" or _HEADER.search(value)
                if is_site and is_around and not _is_function(value, language):
                    needed.append(_interned(Somewhere(_all(clues))))
                else:
                    needed += clues
            case "pattern-inside", dict() if is_site:
                around = _of_part(value, regexes, language, is_site=False)
                needed.append(_interned(Somewhere(around)))
            case "pattern-inside", dict():
                needed.append(_of_part(value, regexes, language, is_site=is_site))
            case "pattern-either", list():
                choices = (_of_part(each, regexes, language, is_site=is_site) for each in value)
                needed.append(_any(choices))
            case "patterns", list():
                inner = with_regexes_of(value, regexes)
                needed += [_of_part(each, inner, language, is_site=is_site) for each in value]
            case "metavariable-pattern", dict() if "language" not in value and not is_site:
                needed.append(_of_part(value, regexes, language, is_site=is_site))
    return _all(needed)


def _is_function(pattern: object, language: str) -> bool:
    """Whether a pattern is a function with its decorators: its head belongs to the function."""
    return language == "python" and isinstance(pattern, str) and bool(_FUNCTION.match(pattern))


def _all(parts: Iterable[Condition]) -> Condition:
    left = tuple(sorted((part for part in parts if part != ALWAYS), key=_cost))
    return left[0] if len(left) == 1 else _interned(All(left))


def _cost(condition: Condition) -> int:
    """Rank what is looked up before what is searched for: one that fails spares the others."""
    match condition:
        case Clue(_, frozenset()):
            return 0
        case Clue():
            return 1
    return 2


def _any(parts: Iterable[Condition]) -> Condition:
    left = tuple(dict.fromkeys(parts))
    if ALWAYS in left:
        return ALWAYS
    return left[0] if len(left) == 1 else _interned(Any(left))


def _interned(condition: Condition) -> Condition:
    """Return the one condition that says so: rules share lists, so that each is looked at once."""
    return _INTERNED.setdefault(condition, condition)


def with_regexes_of(parts: Iterable[object], outer: Regexes) -> Regexes:
    """Add what the variables of a list of patterns must look like."""
    found = dict(outer)
    for part in parts:
        match part:
            case {"metavariable-regex": {"metavariable": str(variable), "regex": str(regex)}}:
                name = variable.removeprefix("$")
                found[name] = (*found.get(name, ()), regex)
    return found


@cache
def _clues(
    pattern: str, regexes: tuple[tuple[str, tuple[str, ...]], ...], language: str
) -> tuple[Clue, ...]:
    """Return the tokens that a pattern cannot do without."""
    clues: set[Clue] = set()
    code = _STRING_VARIABLE.sub(r" \2 ", _TYPED.sub(" ", pattern))
    for text in _STRING.findall(code):
        if not _OPAQUE.search(text):
            sign = '"' if language == "python" else ""
            clues.update(_word(word, sign) for word in WORD.findall(text))
    code = _STRING.sub('""', code)
    is_python = language == "python"
    if language == "java":
        code = _QUALIFIER.sub("", code)
    decorators, _, rest = code.rpartition("\ndef ") if code.startswith("@") else ("", "", code)
    known = dict(regexes)
    for place, sign in ((decorators, "@"), (rest, "." if is_python else "")):
        for behind_dot, variable, member in _PLACES.findall(place):
            for regex in known.get(variable, ()):
                own_sign = sign if behind_dot else None
                clues.update(_regex_clues(regex, own_sign, member if is_python else ""))
    if is_python:
        clues.update(_word(name, ".") for name in _PLAIN_MEMBER.findall(rest))
    names = WORD.findall(_VARIABLE.sub(" ", code))
    clues.update(_word(name) for name in names if name not in _KEYWORDS)
    return tuple(_one(clue) for clue in clues)


def _word(name: str, sign: str = "") -> Clue:
    return Clue(sign, frozenset((sign + name,)))


def _regex_clues(regex: str, sign: str | None, member: str) -> Iterator[Clue]:
    """Yield what follows from what a variable must look like, and from where it stands.

    ``sign`` is given for one that stands behind a dot, ``member`` for one that stands before it.
    """
    if sign is not None:
        if match := _LITERALS.fullmatch(regex):
            yield Clue(sign, frozenset(sign + name for name in match[1].split("|")))
        elif (compiled := _compiled(regex)) is not None:
            yield Clue(sign, compiled)
        return
    if member and _ENDS_IN_NAME.search(regex) and (tail := _compiled(_tail(regex))):
        yield Clue("of", tail, member)
    elif match := _LITERALS.fullmatch(regex):
        words = match[1].split("|")
        yield Clue("", frozenset(words) | frozenset(f'"{word}' for word in words))
    elif core := _compiled(_core(regex)):
        yield Clue("~", core)


@cache
def _one(clue: Clue) -> Clue:
    return clue


def _core(regex: str) -> str:
    """Return what of an expression must be found in some word; nothing if that says little."""
    flags, rest = _without_loose_beginning(regex)
    core = ""
    while rest:
        match = _ATOM.match(rest)
        end = match.end() if match else _group_end(rest)
        quantifier = _QUANTIFIER.match(rest, end)
        if not end or not _WORDY.fullmatch(rest[:end]):
            break
        end = quantifier.end() if quantifier else end
        core, rest = core + rest[:end], rest[end:]
    # An alternative that stands in no group is one to all that was read.
    return "" if "|" in _outside_groups(rest) or not core else flags + core


def _tail(regex: str) -> str:
    """Return what must be found at the end of a name for an expression to match up to it."""
    flags, rest = _without_loose_beginning(regex)
    return "" if "." in rest or "|" in _outside_groups(rest) else flags + rest


def _without_loose_beginning(regex: str) -> tuple[str, str]:
    """Return the flags of an expression, and it from the first thing on that must be there."""
    flags = match[0] if (match := _FLAGS.match(regex)) else ""
    rest = regex[len(flags) :]
    while rest:
        if match := _LOOSE.match(rest):
            rest = rest[match.end() :]
        elif (end := _group_end(rest)) and rest[end : end + 1] in {"?", "*"}:
            rest = rest[end + 1 :]
        else:
            break
    return flags, rest


def _outside_groups(regex: str) -> str:
    """Return an expression without its groups."""
    left = ""
    while regex:
        if end := _group_end(regex):
            regex = regex[end:]
        else:
            left, regex = left + regex[0], regex[1:]
    return left


def _group_end(regex: str) -> int:
    """Return where the group that an expression begins with ends; 0 if it is a special one."""
    if not regex.startswith("(") or (regex.startswith("(?") and not regex.startswith("(?:")):
        return 0
    depth, is_escaped, is_set = 0, False, False
    for index, char in enumerate(regex):
        if is_escaped or char == "\\":
            is_escaped = not is_escaped
        elif is_set or char == "[":
            is_set = char != "]"
        elif char in "()":
            depth += 1 if char == "(" else -1
            if not depth:
                return index + 1
    return 0


@cache
def _compiled(regex: str) -> re.Pattern[str] | None:
    try:
        return re.compile(regex) if regex else None
    except re.error:
        return None


def entries(value: object) -> list[object]:
    """Return a list of a rule; an empty one if it has something else in its place."""
    return value if isinstance(value, list) else []

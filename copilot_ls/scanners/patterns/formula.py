"""A rule as a formula over patterns, and what it matches in one file.

Semgrep's meaning is kept: a match is a stretch of text with what the variables stand for in it;
conditions that must all hold keep the inner of two nested stretches, if their variables agree;
a forbidden pattern removes what lies in a stretch that it matches.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeAlias

from copilot_ls.scanners import clues
from copilot_ls.scanners.lexicon import Lexicon
from copilot_ls.scanners.patterns.names import Condition as Written
from copilot_ls.scanners.patterns.names import Names, find_all
from copilot_ls.scanners.patterns.translate import Pattern, Untranslatable, translate
from indexer.model import Span

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_SPACES = re.compile(r"\s+")
_QUOTES = re.compile(r"(?s)[A-Za-z]*(?:\"\"\"|'''|[\"'`])(.*?)(?:\"\"\"|'''|[\"'`])")
_MAX_MATCHES = 2_000


@dataclass(frozen=True, slots=True)
class Bound:
    """What a variable stands for."""

    text: str
    span: Span


@dataclass(frozen=True, slots=True)
class Match:
    span: Span
    bound: Mapping[str, Bound]


@dataclass(frozen=True, slots=True)
class File:
    """A parsed file, and what its names stand for.

    ``written`` are patterns as they are written for such names; files with the same share them.
    """

    root: SgNode
    text: str
    words: frozenset[str]
    names: Names
    lexicon: Lexicon
    written: dict[int, Written] = field(default_factory=dict)
    cache: dict[int, list[Match]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Code:
    """A pattern of code; what its ``variables`` stand for must begin as their expressions say.

    ``condition`` is what a text must hold for it to be looked for at all.
    """

    source: str
    pattern: Pattern
    condition: clues.Condition
    variables: Mapping[str, re.Pattern[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Text:
    """A regular expression over the text."""

    regex: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Either:
    choices: tuple[Formula, ...]


@dataclass(frozen=True, slots=True)
class Both:
    """All of ``wanted`` (within all of ``around``), none of ``unwanted``, all ``conditions``.

    ``focus`` names the variables of which one is what is reported.
    """

    wanted: tuple[Formula, ...]
    around: tuple[Formula, ...] = ()
    unwanted: tuple[Formula, ...] = ()
    conditions: tuple[Condition, ...] = ()
    focus: tuple[str, ...] = ()


Formula: TypeAlias = Code | Text | Either | Both


@dataclass(frozen=True, slots=True)
class Resembles:
    """The variable's text begins with what ``regex`` matches."""

    variable: str
    regex: re.Pattern[str]


@dataclass(frozen=True, slots=True)
class Holds:
    """Inside of what the variable stands for, a formula matches."""

    variable: str
    formula: Formula


@dataclass(frozen=True, slots=True)
class Compares:
    """A comparison of variables with numbers and texts is true."""

    expression: ast.expr


Condition: TypeAlias = Resembles | Holds | Compares


def read_formula(definition: Mapping[Any, object], language: str) -> Formula:
    """Read what a rule (or a part of one) looks for.

    Raises:
        Untranslatable: it asks for something that only Semgrep can do.
    """
    for key, value in definition.items():
        match key, value:
            case "pattern", str(pattern):
                return _code(pattern, language)
            case "pattern-regex", str(regex):
                return Text(_compiled(regex, re.MULTILINE))
            case "pattern-either", list(choices):
                return Either(tuple(read_formula(choice, language) for choice in choices))
            case "patterns", list(parts):
                return _both(parts, language)
    raise Untranslatable("no pattern")


def _code(pattern: str, language: str) -> Code:
    return Code(pattern, translate(pattern, language), clues.of_pattern(pattern, {}, language))


def needed_words(formula: Formula) -> list[frozenset[str]]:
    """Return sets of words, of which a text must hold at least one set to match."""
    match formula:
        case Code(_, pattern):
            return [pattern.needs]
        case Text():
            return [frozenset()]
        case Either(choices):
            return [needs for choice in choices for needs in needed_words(choice)]
        case Both(wanted, around):
            found = [frozenset[str]()]
            for part in (*wanted, *around):
                options = needed_words(part)
                if len(found) * len(options) <= 64:
                    found = [one | other for one in found for other in options]
            return found


def matches(formula: Formula, file: File) -> list[Match]:
    """Find every match of a formula in a file."""
    found = file.cache.get(id(formula))
    if found is None:
        found = file.cache[id(formula)] = list(_distinct(_matches(formula, file)))
    return found


def _matches(formula: Formula, file: File) -> Iterable[Match]:
    match formula:
        case Code():
            return _code_matches(formula, file)
        case Text(regex):
            return (Match(Span(*m.span()), _groups(m)) for m in regex.finditer(file.text))
        case Either(choices):
            return (found for choice in choices for found in matches(choice, file))
        case Both():
            return _both_matches(formula, file)


def _both_matches(formula: Both, file: File) -> list[Match]:
    found: list[Match] | None = None
    for part in formula.wanted:
        others = matches(part, file)
        found = others if found is None else list(_inner(found, others))
        if not found:
            return []
    for part in formula.around:
        others = matches(part, file)
        found = others if found is None else list(_within(found, others))
        if not found:
            return []
    left = found or []
    # Focus comes last in Semgrep, so that what is forbidden is compared with whole matches.
    for part in formula.unwanted:
        forbidden = matches(part, file)
        left = [m for m in left if not any(_forbids(other, m) for other in forbidden)]
    left = [m for m in left if all(_holds(condition, m, file) for condition in formula.conditions)]
    if formula.focus:
        left = [
            Match(m.bound[variable].span, m.bound)
            for m in left
            for variable in formula.focus
            if variable in m.bound
        ]
    return left


def _forbids(forbidden: Match, match: Match) -> bool:
    return _lies_in(match.span, forbidden.span) and _joined(match, forbidden) is not None


def _inner(some: Iterable[Match], others: Sequence[Match]) -> Iterator[Match]:
    for one in some:
        for other in others:
            if _lies_in(one.span, other.span):
                span = one.span
            elif _lies_in(other.span, one.span):
                span = other.span
            else:
                continue
            if (bound := _joined(one, other)) is not None:
                yield Match(span, bound)


def _within(some: Iterable[Match], others: Sequence[Match]) -> Iterator[Match]:
    for one in some:
        for other in others:
            if _lies_in(one.span, other.span) and (bound := _joined(one, other)) is not None:
                yield Match(one.span, bound)


def _lies_in(inner: Span, outer: Span) -> bool:
    return outer.start <= inner.start and inner.end <= outer.end


def _joined(one: Match, other: Match) -> Mapping[str, Bound] | None:
    """Return the variables of both, or nothing if they stand for different things."""
    for name, bound in other.bound.items():
        mine = one.bound.get(name)
        if mine is not None and _folded(mine.text) != _folded(bound.text):
            return None
    return {**other.bound, **one.bound}


def _folded(text: str) -> str:
    return _SPACES.sub("", text)


def _holds(condition: Condition, match: Match, file: File) -> bool:
    bound = match.bound.get(condition.variable) if not isinstance(condition, Compares) else None
    match condition:
        case Resembles(_, regex):
            return bound is not None and regex.match(bound.text) is not None
        case Holds(_, formula):
            if bound is None:
                return False
            inside = (m for m in matches(formula, file) if _lies_in(m.span, bound.span))
            return any(_joined(m, match) is not None for m in inside)
        case Compares(expression):
            try:
                return bool(_value(expression, match.bound))
            except (ValueError, TypeError, SyntaxError):
                return False


def _code_matches(code: Code, file: File) -> Iterator[Match]:
    pattern = code.pattern
    if not pattern.needs <= file.words or file.lexicon.resolved(code.condition) is False:
        return
    config = file.written.get(id(pattern))
    if config is None:
        config = pattern.config(file.names)
        if "utils" not in config:
            # What is constant differs from text to text.
            file.written[id(pattern)] = config
    nodes = find_all(file.root, config)
    for node in islice((n for n in nodes if _begins_well(n, code.variables)), _MAX_MATCHES):
        place = node.range()
        end = place.end.index
        if pattern.reaches_on and (block := _block_of(node)) is not None:
            end = block.range().end.index
        bound = {}
        for variable in pattern.variables:
            if variable != "_" and (held := node.get_match(variable)) is not None:
                text = held.text()
                if variable in pattern.texts and (quoted := _QUOTES.fullmatch(text)):
                    text = quoted[1]
                where = held.range()
                bound[variable] = Bound(text, Span(where.start.index, where.end.index))
        yield Match(Span(place.start.index, end), bound)


def _begins_well(node: SgNode, variables: Mapping[str, re.Pattern[str]]) -> bool:
    for variable, regex in variables.items():
        held = node.get_match(variable)
        if held is not None and regex.match(held.text()) is None:
            return False
    return True


def _block_of(node: SgNode) -> SgNode | None:
    """Return the block in which a statement stands."""
    parent = node.parent()
    while parent is not None and parent.kind() in {"expression_statement", "lexical_declaration"}:
        parent = parent.parent()
    return parent


def _groups(match: re.Match[str]) -> Mapping[str, Bound]:
    return {
        str(number): Bound(match[number] or "", Span(*match.span(number)))
        for number in range(1, (match.re.groups or 0) + 1)
        if match[number] is not None
    }


def _distinct(found: Iterable[Match]) -> Iterator[Match]:
    seen: set[object] = set()
    for match in found:
        key = (match.span, tuple(sorted((name, b.text) for name, b in match.bound.items())))
        if key not in seen:
            seen.add(key)
            yield match


def _both(parts: Sequence[object], language: str) -> Both:
    wanted: list[Formula] = []
    around: list[Formula] = []
    unwanted: list[Formula] = []
    conditions: list[Condition] = []
    focus: list[str] = []
    for part in parts:
        if not isinstance(part, Mapping) or len(part) != 1:
            raise Untranslatable("a part in an unknown form")
        [(key, value)] = part.items()
        match key, value:
            case "pattern" | "pattern-either" | "patterns" | "pattern-regex", _:
                wanted.append(read_formula(part, language))
            case "pattern-inside", _:
                around.append(_inside(value, language))
            case "pattern-not" | "pattern-not-inside", _:
                unwanted.append(_inside(value, language))
            case "pattern-not-regex", str(regex):
                unwanted.append(Text(_compiled(regex, re.MULTILINE)))
            case "focus-metavariable", str(variable):
                focus.append(variable.removeprefix("$"))
            case "focus-metavariable", list(variables):
                focus += [str(variable).removeprefix("$") for variable in variables]
            case _:
                conditions.append(_condition(key, value, language))
    if not wanted and not around:
        raise Untranslatable("nothing but conditions")
    sharp = [_sharpened(formula, conditions, language) for formula in wanted]
    return Both(tuple(sharp), tuple(around), tuple(unwanted), tuple(conditions), tuple(focus))


def _sharpened(formula: Formula, conditions: Sequence[Condition], language: str) -> Formula:
    """Leave out early what the conditions on variables would refuse anyway.

    Ast-grep could do so itself, but to read an expression there takes longer than to match it here.
    """
    match formula:
        case Either(choices):
            return Either(tuple(_sharpened(each, conditions, language) for each in choices))
        case Code(source, pattern):
            resembling = [each for each in conditions if isinstance(each, Resembles)]
            regexes: dict[str, tuple[str, ...]] = {}
            for each in resembling:
                regexes[each.variable] = (*regexes.get(each.variable, ()), each.regex.pattern)
            variables = {
                each.variable: each.regex
                for each in resembling
                if each.variable in pattern.variables - pattern.texts
            }
            return Code(source, pattern, clues.of_pattern(source, regexes, language), variables)
    return formula


def _inside(value: object, language: str) -> Formula:
    if isinstance(value, str):
        return _code(value, language)
    if isinstance(value, Mapping):
        return read_formula(value, language)
    raise Untranslatable("a part in an unknown form")


def _condition(key: str, value: object, language: str) -> Condition:
    match key, value:
        case "metavariable-regex", {"metavariable": str(variable), "regex": str(regex), **rest} if (
            not rest
        ):
            return Resembles(variable.removeprefix("$"), _compiled(regex))
        case "metavariable-pattern", {"metavariable": str(variable), **rest} if (
            "language" not in rest
        ):
            return Holds(variable.removeprefix("$"), read_formula(rest, language))
        case "metavariable-comparison", {"comparison": str(comparison), **rest} if (
            not {"base", "strip"} & rest.keys()
        ):
            code = re.sub(r"\$([A-Z_][A-Z_0-9]*)", r"\1", comparison)
            try:
                return Compares(ast.parse(code.strip(), mode="eval").body)
            except SyntaxError as error:
                raise Untranslatable(f"the comparison {comparison}") from error
    raise Untranslatable(f"'{key}'")


def _compiled(regex: str, flags: int = 0) -> re.Pattern[str]:
    try:
        return re.compile(regex, flags)
    except re.error as error:
        raise Untranslatable(f"the regular expression {regex}") from error


def _value(node: ast.expr, bound: Mapping[str, Bound]) -> object:
    """Work out a comparison over numbers and texts; nothing else is ever evaluated."""
    match node:
        case ast.Constant(value):
            return value
        case ast.Name(id=name) if name in bound:
            return ast.literal_eval(bound[name].text)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            return not _value(operand, bound)
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_value(value, bound) for value in values)
        case ast.BoolOp(op=ast.Or(), values=values):
            return any(_value(value, bound) for value in values)
        case ast.Call(func=ast.Name(id="int"), args=[argument]):
            return int(str(_value(argument, bound)))
        case ast.Compare(left=left, ops=[operator], comparators=[right]):
            return _compare(operator, _value(left, bound), _value(right, bound))
    raise ValueError(f"cannot work out {ast.dump(node)}")


def _compare(operator: ast.cmpop, left: object, right: object) -> bool:
    match operator:
        case ast.Eq():
            return left == right
        case ast.NotEq():
            return left != right
    if not isinstance(left, int | float) or not isinstance(right, int | float):
        raise TypeError("only numbers have an order here")
    match operator:
        case ast.Lt():
            return left < right
        case ast.LtE():
            return left <= right
        case ast.Gt():
            return left > right
        case ast.GtE():
            return left >= right
    raise ValueError("an unknown comparison")

"""What of the rules, and of a text, Semgrep need not look at: it costs most where nothing is found.

A pattern can only match where its names stand. So a rule without its names is left out, and so are
the alternatives of a rule that name what the text does not; what is left is read and matched in a
fraction of the time. Data is followed inside one function, so that a function in which no rule can
match loses its body as well, and all that is left keeps its place.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TYPE_CHECKING

from copilot_ls.scanners import clues
from copilot_ls.scanners.languages import Dialect, dialect_of
from copilot_ls.scanners.lexicon import Lexicon, Tokens, is_possible, tokens_of, words_of
from copilot_ls.scanners.patterns.grammar import GRAMMARS
from copilot_ls.scanners.patterns.names import Names, find_all
from indexer.model import Span

if TYPE_CHECKING:
    from ast_grep_py import SgNode

    from copilot_ls.domain import Document
    from copilot_ls.scanners.rulebook import Rule

_POSITIVE = frozenset({"pattern", "patterns", "pattern-either", "pattern-inside"})
_NEGATIVE = frozenset({"pattern-not", "pattern-not-inside"})
_BODIES: Mapping[str, tuple[str, ...]] = {
    "python": ("function_definition",),
    "javascript": (
        "function_declaration",
        "function_expression",
        "generator_function_declaration",
        "method_definition",
        "arrow_function",
    ),
    "java": ("method_declaration", "constructor_declaration"),
    "go": ("function_declaration", "method_declaration", "func_literal"),
}
_BODIES = {**_BODIES, "typescript": _BODIES["javascript"]}
# A text that stands alone says nothing to a rule, and neither does a comment.
_DOCSTRING: Mapping[str, object] = {"kind": "string", "inside": {"kind": "expression_statement"}}
_IMPORTS: Sequence[Mapping[str, object]] = tuple(
    {"kind": kind, "not": {"has": {"kind": "wildcard_import"}}}
    for kind in ("import_statement", "import_from_statement")
)
# Of a rule on a text, as a part of what reading the text costs.
_MATCHING_COST = 0.35
_MAX_CHARS = 1_000_000
# Less is not worth a gap.
_MIN_BODY_CHARS = 40
_VISIBLE = re.compile(r"[^\r\n]")
_NAMES_OUTSIDE = re.compile(r"\b(?:global|nonlocal)\b")


@dataclass(frozen=True, slots=True)
class Slice:
    """A part of a text, of its length, and the rules to look for in it, as Semgrep reads them."""

    text: str
    definitions: Sequence[Mapping[str, object]]


def narrow(document: Document, rules: Collection[Rule]) -> list[Slice]:
    """Say what must be looked at, and for what; costs some 20 ms for 1,000 lines.

    Rules that can match in the same functions share a slice. What stands in no function is part
    of each. A very long text is left as it is: Semgrep gives it up in time, and says so.
    """
    dialect = dialect_of(document.language)
    if dialect is None:
        return []
    language, text = dialect.name, document.text
    if len(text) > _MAX_CHARS:
        return [Slice(text, [rule.definition for rule in rules])] if rules else []
    parsed = _Parsed(text, dialect)
    everywhere = Lexicon(parsed.tokens([Span(0, len(text))]))
    left = [
        (rule, condition)
        for rule in rules
        if (rule.text is None or rule.text.search(text))
        and (condition := everywhere.resolved(clues.of_rule(rule, language))) is not False
    ]
    bodies, functions = (parsed.bodies, parsed.functions) if left else ((), ())
    outline = parsed.tokens([*_between(bodies, len(text))])
    inside = [parsed.tokens([function]) for function in functions]
    # Functions see what stands in none of them, the heads of others aside.
    shared = parsed.tokens([*_between(functions, len(text))])
    there = [shared | own for own in inside]
    sharing: dict[frozenset[int], list[Rule]] = {}
    for rule, condition in left:
        site = everywhere.resolved(clues.of_site(rule, language))
        places = frozenset(
            number
            for number, own in enumerate(inside)
            if is_possible(site, own)
            and is_possible(condition, there[number])
            and (
                rule.text is None
                or rule.text.search(text, bodies[number].start, bodies[number].end)
            )
        )
        if places or is_possible(condition, outline):
            sharing.setdefault(places, []).append(rule)
    slices = []
    for places, some in _merged(sharing, bodies, len(text)):
        lexicon = Lexicon(outline.union(*(inside[number] for number in places)))
        pruned = [_pruned_rule(rule.definition, lexicon, language) for rule in some]
        definitions = [definition for definition in pruned if definition is not None]
        if definitions:
            idle = [body for number, body in enumerate(bodies) if number not in places]
            slices.append(Slice(_without(text, idle, language), definitions))
    return slices


def functions_of(document: Document) -> Sequence[Span]:
    """Return the bodies of functions that stand in no other, and that parse; in order."""
    dialect = dialect_of(document.language)
    if dialect is None or len(document.text) > _MAX_CHARS:
        return ()
    from ast_grep_py import SgRoot

    root = SgRoot(document.text, dialect.ast_grep).root()
    return [body for _, body in _functions(root, dialect)]


def without(document: Document, bodies: Iterable[Span]) -> Document:
    """Blank out bodies of functions; line ends stay, so that every place keeps its offset."""
    dialect = dialect_of(document.language)
    language = dialect.name if dialect else ""
    return replace(document, text=_without(document.text, bodies, language))


def _merged(
    sharing: Mapping[frozenset[int], Sequence[Rule]], bodies: Sequence[Span], n_chars: int
) -> Iterator[tuple[frozenset[int], Sequence[Rule]]]:
    """Yield bodies and rules; those that are looked at faster together share a slice."""
    outline = n_chars - sum(len(body) for body in bodies)

    def n_in(places: frozenset[int]) -> int:
        return sum(len(bodies[number]) for number in places)

    def gain(one: frozenset[int], other: frozenset[int]) -> float:
        """What is not read twice, less what rules look at that cannot match there."""
        for_one, for_other = len(merged[one]), len(merged[other])
        in_vain = for_one * n_in(other - one) + for_other * n_in(one - other)
        return outline - _MATCHING_COST * in_vain

    merged = {places: [*rules] for places, rules in sharing.items()}
    while len(merged) > 1:
        best, pair = max((gain(*pair), pair) for pair in combinations(merged, 2))
        if best <= 0:
            break
        rules = [rule for places in pair for rule in merged.pop(places)]
        merged.setdefault(pair[0] | pair[1], []).extend(rules)
    yield from merged.items()


class _Parsed:
    """What is known of a text's form.

    ``bodies`` are those of functions that stand in no other, and that parse; ``functions`` are
    these with their heads, in languages that tell the head of a function from what it is given to.
    """

    def __init__(self, text: str, dialect: Dialect) -> None:
        from ast_grep_py import SgRoot

        root = SgRoot(text, dialect.ast_grep).root()
        grammar = GRAMMARS.get(dialect.ast_grep)
        self._is_python = dialect.name == "python"
        quiet: list[Mapping[str, object]] = [
            {"kind": kind} for kind in (grammar.comments if grammar else ())
        ]
        # The code without comments, and for Python without docstrings, imports, and what is quoted.
        self._code = _blanked(text, _spans(root, quiet))
        self._quoted = ""
        self._aliases = Names(root, dialect.ast_grep).aliases
        if self._is_python:
            self._code = _blanked(self._code, _spans(root, [_DOCSTRING, *_IMPORTS]))
            quotes = [*_spans(root, [{"kind": "string_content"}])]
            gaps = [*_between([Span(start, end) for start, end in quotes], len(text))]
            self._quoted = _blanked(self._code, [(gap.start, gap.end) for gap in gaps])
            self._code = _blanked(self._code, quotes)
        functions = _functions(root, dialect)
        self.bodies = [body for _, body in functions]
        self.functions = [whole if self._is_python else body for whole, body in functions]

    def tokens(self, spans: Iterable[Span]) -> Tokens:
        """Return what parts of the text hold that a pattern can ask for."""
        spans = [*spans]
        code = "\n".join(self._code[span.start : span.end] for span in spans)
        quoted = "\n".join(self._quoted[span.start : span.end] for span in spans)
        words = words_of(code), words_of(quoted)
        return tokens_of(code, *words, self._aliases, is_python=self._is_python)


def _between(spans: Iterable[Span], length: int) -> Iterator[Span]:
    """Yield what spans, which stand in order, leave out of a text."""
    done = 0
    for span in spans:
        yield Span(done, span.start)
        done = span.end
    yield Span(done, length)


def _spans(root: SgNode, rules: Sequence[Mapping[str, object]]) -> Iterator[tuple[int, int]]:
    for node in find_all(root, {"rule": {"any": rules}}) if rules else ():
        place = node.range()
        yield place.start.index, place.end.index


def _blanked(text: str, spans: Iterable[tuple[int, int]]) -> str:
    parts, done = [], 0
    for start, end in spans:
        parts += [text[done:start], _spaces(text[start:end])]
        done = end
    return "".join([*parts, text[done:]])


def _functions(root: SgNode, dialect: Dialect) -> Sequence[tuple[Span, Span]]:
    """Return functions that stand in no other and parse, with their bodies."""
    broken = [*_spans(root, [{"kind": "ERROR"}])]
    kinds = [{"kind": kind} for kind in _BODIES.get(dialect.name, ())]
    return [
        (function, body)
        for function, body in _outermost(find_all(root, {"rule": {"any": kinds}}) if kinds else ())
        if not any(body.start < end and start < body.end for start, end in broken)
    ]


def _outermost(functions: Iterable[SgNode]) -> Iterator[tuple[Span, Span]]:
    end = 0
    for node in functions:
        body = node.field("body")
        if body is None or (place := body.range()).start.index < end:
            continue
        end = place.end.index
        if end - place.start.index >= _MIN_BODY_CHARS:
            parent = node.parent()
            is_decorated = parent is not None and parent.kind() == "decorated_definition"
            whole = parent if parent is not None and is_decorated else node
            yield Span(whole.range().start.index, end), Span(place.start.index, end)


def _without(text: str, bodies: Iterable[Span], language: str) -> str:
    parts, end = [], 0
    for body in bodies:
        parts.append(text[end : body.start])
        parts.append(_blank(text[body.start : body.end], language))
        end = body.end
    return "".join([*parts, text[end:]])


def _blank(body: str, language: str) -> str:
    if language == "python":
        # A name of the file that is set in here is no constant elsewhere.
        if _NAMES_OUTSIDE.search(body):
            return body
        return "pass" + _spaces(body[4:])
    if not body.startswith("{"):
        return body
    return "{" + _spaces(body[1:-1]) + "}"


def _spaces(text: str) -> str:
    """Return as much space as a text takes, with its line ends."""
    if "\r" in text:
        return _VISIBLE.sub(" ", text)
    return "\n".join([" " * len(line) for line in text.split("\n")])


def _pruned_rule(
    definition: Mapping[str, object], lexicon: Lexicon, language: str
) -> Mapping[str, object] | None:
    left = {key: value for key, value in definition.items() if key != "metadata"}
    for key, value in left.items():
        if key in {"pattern-sources", "pattern-sinks", "pattern-sanitizers", "pattern-propagators"}:
            entries = [
                pruned
                for entry in clues.entries(value)
                if (pruned := _pruned(entry, {}, lexicon, language)) is not None
            ]
            if not entries and key in {"pattern-sources", "pattern-sinks"}:
                return None
            left[key] = entries
    if "pattern-sources" in left:
        return {key: value for key, value in left.items() if value != []}
    return _pruned(left, {}, lexicon, language)


def _pruned(
    part: object, regexes: clues.Regexes, lexicon: Lexicon, language: str
) -> Mapping[str, object] | None:
    """Return a part of a rule without choices that cannot match; nothing if none is left."""
    if not isinstance(part, Mapping):
        return None
    if lexicon.resolved(clues.of_part(part, regexes, language)) is False:
        return None
    left = dict(part)
    for key, value in part.items():
        if key == "pattern-either":
            left[key] = [
                pruned
                for choice in clues.entries(value)
                if (pruned := _pruned(choice, regexes, lexicon, language)) is not None
            ]
        elif key == "patterns":
            left[key] = [*_pruned_parts(clues.entries(value), regexes, lexicon, language)]
        elif key == "pattern-inside" and isinstance(value, Mapping):
            left[key] = _pruned(value, regexes, lexicon, language) or value
    return left


def _pruned_parts(
    parts: Sequence[object], regexes: clues.Regexes, lexicon: Lexicon, language: str
) -> Iterator[object]:
    inner = clues.with_regexes_of(parts, regexes)
    for part in parts:
        [(key, value)] = part.items() if isinstance(part, Mapping) and len(part) == 1 else [("", 0)]
        if key in _NEGATIVE:
            if lexicon.resolved(clues.of_forbidden(value, inner, language)) is not False:
                yield part
        elif key in _POSITIVE:
            yield _pruned(part, inner, lexicon, language) or part
        else:
            yield part

"""From one pattern in Semgrep's syntax to a rule of ast-grep.

A pattern is code with gaps. It is parsed with the grammar of its language, and its tree is
written down as conditions on the tree of a file: this kind of node, with that in this field. Both
engines then agree on what white space, quotes, comments and the order of keyword arguments mean:
nothing. A pattern that holds what cannot be said in this way raises :class:`Untranslatable`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from copilot_ls.scanners.patterns.grammar import GRAMMARS, Grammar
from copilot_ls.scanners.patterns.names import Condition, Names

if TYPE_CHECKING:
    from ast_grep_py import SgNode

_DOTS = "gap__dots"
_DEEP = "gap__deep"
_VARIABLE = re.compile(r"\$([A-Z_][A-Z_0-9]*)")
_GAP_IN_BRACES = re.compile(rf"(?<=[{{,])\s*{_DOTS}(?=\s*[,}}])")
_PLACE = re.compile(r"gap_v_([A-Z_0-9]+)")
_TOKENS = re.compile(
    r"""(?P<text>[A-Za-z]{0,3}(?:\"\"\"(?:.|\n)*?\"\"\"|'''(?:.|\n)*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`))"""
    r"|(?P<many>\$\.\.\.[A-Z_0-9]*)|(?P<deep><\.\.\.)|(?P<end>\.\.\.>)|(?P<dots>\.\.\.)"
    r"|\$(?P<name>[A-Z_][A-Z_0-9]*)"
)
_QUOTED = re.compile(
    r"(?s)(?P<prefix>[A-Za-z]*)(?P<quote>\"\"\"|'''|\"|'|`)(?P<content>.*)(?P=quote)"
)
_REGEX_TEXT = re.compile(r"(?s)=~/(.*)/([a-z]*)")
_WORD = re.compile(r"[^\W\d]\w*")
_MIN_WORD = 3
# Nodes around what a pattern is about.
_WRAPPINGS = frozenset(
    {
        "expression_statement",
        "parenthesized_expression",
        "lexical_declaration",
        "variable_declaration",
    }
)
_PLAIN_FIELDS = (
    "function",
    "constructor",
    "object",
    "operand",
    "attribute",
    "property",
    "field",
    "name",
    "value",
    "key",
    "left",
    "right",
    "operator",
    "operators",
    "subscript",
    "index",
    "argument",
    "arguments",
    "condition",
    "consequence",
    "alternative",
    "body",
    "type",
    "return_type",
    "parameters",
    "superclasses",
    "definition",
    "expression",
    "declarator",
    "dimensions",
    "alias",
    "cause",
)


class Untranslatable(Exception):
    """The pattern says what only Semgrep can look for; the text tells what."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """A pattern that ast-grep can look for.

    ``needs`` are words without which no text can match. ``reaches_on`` is true for a statement
    followed by a gap: the match reaches from it to the end of the block that it stands in.
    ``variables`` are those it binds; ``texts`` are those of them that are the content of a literal.
    """

    root: SgNode
    language: str
    needs: frozenset[str]
    variables: frozenset[str]
    texts: frozenset[str]
    reaches_on: bool

    def config(self, names: Names) -> Condition:
        """Write it for a file with these names."""
        writer = _Writer(GRAMMARS[self.language], names)
        config: Condition = {"rule": writer.rule(self.root)}
        if writer.uses_constants:
            config["utils"] = {"constant": writer.constant()}
        return config


def translate(pattern: str, language: str) -> Pattern:
    """Read a pattern; ``language`` is ast-grep's name of it.

    Raises:
        Untranslatable: it holds what cannot be translated.
    """
    grammar = GRAMMARS.get(language)
    if grammar is None:
        raise Untranslatable(f"the language {language}")
    code = _TOKENS.sub(_placed, pattern.strip())
    top = _parsed(code, language, grammar)
    if top is None:
        # A gap among the pairs of a dictionary must look like one.
        code = _GAP_IN_BRACES.sub(f"{_DOTS}: {_DOTS}", code)
        top = _parsed(code, language, grammar)
    if top is None:
        raise Untranslatable("it does not parse")
    statements = [child for child in top.children() if child.is_named()]
    reaches_on = len(statements) == 2 and _is_gap(statements[1])
    if len(statements) != 1 and not reaches_on:
        raise Untranslatable("several statements")
    root = statements[0]
    while root.kind() in _WRAPPINGS:
        inner = [child for child in root.children() if child.is_named()]
        if len(inner) != 1:
            raise Untranslatable("several expressions")
        [root] = inner
    variables = frozenset(_PLACE.findall(code))
    # A trial finds out at once what cannot be written down.
    writer = _Writer(grammar, Names(top, language))
    writer.rule(root)
    return Pattern(
        root,
        language,
        frozenset(writer.needs),
        variables,
        frozenset(writer.texts),
        reaches_on,
    )


def _placed(match: re.Match[str]) -> str:
    """Put something into the place of a gap that every grammar takes for a name."""
    if text := match["text"]:
        return _VARIABLE.sub(r"gap_v_\1", text)
    if match["many"]:
        return _DOTS
    if match["deep"]:
        return f"{_DEEP}("
    if match["end"]:
        return ")"
    if match["dots"]:
        return _DOTS
    return f"gap_v_{match['name']}"


def _parsed(code: str, language: str, grammar: Grammar) -> SgNode | None:
    """Return the node that holds the statements of the code; nothing if it does not parse."""
    from ast_grep_py import SgRoot

    before, behind = grammar.frame
    is_declaration = code.startswith(("func ", "type ", "import "))
    top = SgRoot(code if is_declaration else before + code + behind, language).root()
    if top.find({"rule": {"kind": "ERROR"}}) is not None:
        return None
    if grammar.framed and not is_declaration:
        return top.find({"rule": {"kind": grammar.framed}})
    return top


def _is_gap(node: SgNode) -> bool:
    return node.text().rstrip(";") in {_DOTS, f"{_DOTS}: {_DOTS}"}


class _Writer:
    """Writes conditions for one pattern, and notes what it comes across."""

    def __init__(self, grammar: Grammar, names: Names) -> None:
        self._grammar = grammar
        self._names = names
        self.needs: set[str] = set()
        self.texts: set[str] = set()
        self.uses_constants = False

    def rule(self, node: SgNode) -> Condition:
        """Say what a node of a file must be like to match this node of the pattern."""
        text = node.text()
        kind = node.kind()
        if place := _PLACE.fullmatch(text):
            return _anything(place[1])
        if _is_gap(node):
            return {"not": {"kind": "ERROR"}}
        if (deep := self._deep(node)) is not None:
            inner = self.rule(deep)
            return {"any": [inner, {"has": {**inner, "stopBy": "end"}}]}
        if kind in self._grammar.strings or kind in self._grammar.joined_strings:
            return self._string(node)
        if (name := self._dotted(node)) is not None:
            return self._name(name)
        if kind in self._grammar.lists:
            return {"all": [{"kind": kind}, *self._elements(node)]}
        children = _named(node, self._grammar)
        if not children:
            if kind in self._grammar.bodies:
                return {"kind": kind, "regex": r"^\{\s*\}$"}
            self._note_words(text)
            return {"kind": kind, "regex": f"^{re.escape(text)}$"}
        own: Condition = {"all": [{"kind": kind}, *self._parts(node, children)]}
        if (member := self._imported_member(node)) is not None:
            return {"any": [own, member]}
        return own

    def constant(self) -> Condition:
        """Say what counts as a literal text: one, some of them joined, or a name that holds one."""
        hole = {"any": [{"kind": kind} for kind in self._grammar.holes]}
        whole: Condition = {
            "any": [{"kind": kind} for kind in self._grammar.strings | self._grammar.joined_strings]
        }
        if self._grammar.holes:
            whole["not"] = {"has": {**hole, "stopBy": "end"}}
        choices: list[Condition] = [whole]
        for kind in self._grammar.sums:
            sides: list[Condition] = [
                {"has": {"field": side, "matches": "constant"}} for side in ("left", "right")
            ]
            choices.append({"all": [{"kind": kind}, *sides]})
        choices.append({"kind": "parenthesized_expression", "has": {"matches": "constant"}})
        if self._names.constants:
            either = "|".join(map(re.escape, sorted(self._names.constants)))
            choices.append({"kind": "identifier", "regex": f"^(?:{either})$"})
        return {"any": choices}

    def _parts(self, node: SgNode, children: list[SgNode]) -> Iterator[Condition]:
        """Say what each child must be, by its field where it has one, else by its place."""
        # The operator first: it costs least, and most comparisons have another one.
        for place in ("operator", "operators"):
            operator = node.field(place)
            if operator is not None and not operator.is_named():
                sign = re.escape(operator.text())
                yield {"has": {"field": place, "regex": f"^{sign}$"}}
        n_placed = 0
        for child in children:
            field = _field_of(node, child)
            if self._says_nothing(child):
                n_placed += field is None
                continue
            if child.kind() in self._grammar.decorators:
                inner = [self.rule(each) for each in _named(child, self._grammar)]
                yield {"has": {"kind": child.kind(), "has": {"all": inner}}}
                continue
            rule = self.rule(child)
            if field is not None:
                yield {"has": {"field": field, **rule}}
            else:
                n_placed += 1
                yield {"has": {**rule, **_at(n_placed, self._grammar)}}

    def _says_nothing(self, child: SgNode) -> bool:
        """Whether a child of the pattern is nothing but a gap, as in ``def f(...): ...``."""
        if child.kind() not in self._grammar.lists | self._grammar.bodies:
            return False
        inner = _named(child, self._grammar)
        is_gap = len(inner) == 1 and _is_gap(inner[0])
        if child.kind() in self._grammar.bodies and inner and not is_gap:
            raise Untranslatable("statements in a body")
        return is_gap

    def _elements(self, node: SgNode) -> Iterator[Condition]:
        """Say what a list must hold: before a gap in order, behind the last gap from its end."""
        elements = _named(node, self._grammar)
        gaps = [index for index, element in enumerate(elements) if _is_gap(element)]
        for index, element in enumerate(elements):
            if index in gaps:
                continue
            rule = self._element(element)
            if element.kind() in self._grammar.keywords:
                yield {"has": rule}
            elif not gaps or index < gaps[0]:
                yield {"has": {**rule, **_at(index + 1, self._grammar)}}
            elif index > gaps[-1] and not self._are_keywords(elements[index:]):
                place = len(elements) - index
                yield {"has": {**rule, **_at(place, self._grammar, from_end=True)}}
            else:
                yield {"has": rule}
        if not gaps:
            yield {"not": {"has": _at(len(elements) + 1, self._grammar)}}
        elif self._are_keywords(last := elements[gaps[-1] + 1 :]):
            end = _at(1, self._grammar, from_end=True)
            yield {"has": {"any": [self._element(each) for each in last], **end}}

    def _are_keywords(self, elements: Iterable[SgNode]) -> bool:
        return any(element.kind() in self._grammar.keywords for element in elements)

    def _element(self, element: SgNode) -> Condition:
        if element.kind() in self._grammar.keywords:
            parts = _named(element, self._grammar)
            return {"all": [{"kind": element.kind()}, *self._parts(element, parts)]}
        rule = self.rule(element)
        if not self._grammar.keywords or not _PLACE.fullmatch(element.text()):
            return rule
        named = [{"kind": kind} for kind in sorted(self._grammar.keywords)]
        return {"all": [rule, {"not": {"any": named}}]}

    def _string(self, node: SgNode) -> Condition:
        if node.kind() in self._grammar.joined_strings:
            raise Untranslatable("texts side by side")
        match = _QUOTED.fullmatch(node.text())
        if match is None:
            raise Untranslatable("a text in an unknown form")
        content = match["content"]
        kinds = [{"kind": kind} for kind in sorted(self._grammar.strings)]
        holes = [child for child in node.children() if child.kind() in self._grammar.holes]
        if holes:
            return self._interpolated(node, holes)
        if "f" in match["prefix"].lower() and content == "...":
            return {"any": kinds, "regex": "^[A-Za-z]*[fF]"}
        if content == "...":
            return self._constant()
        if place := _PLACE.fullmatch(content):
            self.texts.add(place[1])
            variable = _anything(place[1])
            return {"all": [self._constant(), variable]}
        opening = "^[A-Za-z]*(?:\"\"\"|'''|[\"'`])"
        if pattern := _REGEX_TEXT.fullmatch(content):
            flags = "i" if "i" in pattern[2] else ""
            inner = pattern[1].replace('\\"', '"')
            inner = inner[1:] if inner.startswith("^") else f".*(?:{inner})"
            if inner.endswith("$") and not inner.endswith("\\$"):
                inner = inner[:-1] + "[\"'`]+$"
            return {"any": kinds, "regex": f"(?s{flags}){opening}{inner}"}
        if "..." in content:
            raise Untranslatable("a text with a gap")
        self._note_words(content)
        return {"any": kinds, "regex": f"(?s){opening}{re.escape(content)}[\"'`]+$"}

    def _constant(self) -> Condition:
        self.uses_constants = True
        return {"matches": "constant"}

    def _interpolated(self, node: SgNode, holes: list[SgNode]) -> Condition:
        """Say that a text has these holes; what stands between them must be gaps."""
        rest = node.text()
        for hole in holes:
            rest = rest.replace(hole.text(), "")
        if re.sub(r"^[A-Za-z]*[\"'`]+|[\"'`]+$|\.\.\.", "", rest):
            raise Untranslatable("a text with words and holes")
        rules: list[Condition] = []
        for hole in holes:
            [inner, *_] = _named(hole, self._grammar)
            rules.append({"has": {"kind": hole.kind(), "has": self.rule(inner)}})
        kinds = [{"kind": kind} for kind in sorted(self._grammar.strings)]
        return {"any": kinds, "all": rules}

    def _dotted(self, node: SgNode) -> str | None:
        """Return a plain dotted name, such as ``subprocess.run``."""
        text = node.text()
        is_plain = all(part.isidentifier() for part in text.split("."))
        if node.kind() not in self._grammar.names or not is_plain or "gap_" in text:
            return None
        return text

    def _name(self, name: str) -> Condition:
        self._note_words(name)
        spellings = [name, *self._names.locals_of(name)]
        either = "|".join(
            r"\s*\.\s*".join(map(re.escape, spelling.split("."))) for spelling in spellings
        )
        return {
            "any": [{"kind": kind} for kind in sorted(self._grammar.names)],
            "regex": f"^(?:{either})$",
        }

    def _imported_member(self, node: SgNode) -> Condition | None:
        """For ``hashlib.$X``: what was imported from hashlib can stand there by itself."""
        if node.kind() not in self._grammar.names:
            return None
        owner, dot, member = node.text().rpartition(".")
        place = _PLACE.fullmatch(member)
        if not dot or place is None or not (locals_ := self._names.members_of(owner)):
            return None
        either = "|".join(map(re.escape, sorted(locals_)))
        return {"all": [{"kind": "identifier", "regex": f"^(?:{either})$"}, _anything(place[1])]}

    def _deep(self, node: SgNode) -> SgNode | None:
        """Return what stands in ``<... here ...>``."""
        if not node.text().startswith(f"{_DEEP}("):
            return None
        arguments = node.field("arguments")
        inner = _named(arguments, self._grammar) if arguments is not None else []
        return inner[0] if len(inner) == 1 else None

    def _note_words(self, text: str) -> None:
        self.needs |= {
            word
            for word in _WORD.findall(text)
            if len(word) >= _MIN_WORD and not word.startswith("gap_")
        }


def _anything(variable: str) -> Condition:
    return {"not": {"kind": "ERROR"}} if variable == "_" else {"pattern": f"${variable}"}


def _named(node: SgNode, grammar: Grammar) -> list[SgNode]:
    return [
        child
        for child in node.children()
        if child.is_named() and child.kind() not in grammar.comments
    ]


def _at(place: int, grammar: Grammar, *, from_end: bool = False) -> Condition:
    """Say that a node is the n-th of its parent, comments not counted."""
    not_comment = {"not": {"any": [{"kind": kind} for kind in sorted(grammar.comments)]}}
    return {"nthChild": {"position": place, "reverse": from_end, "ofRule": not_comment}}


def _field_of(node: SgNode, child: SgNode) -> str | None:
    for field in _PLAIN_FIELDS:
        found = node.field(field)
        if found is not None and found.range() == child.range() and found.kind() == child.kind():
            return field
    return None

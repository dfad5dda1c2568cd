"""How the docstrings of a file are written: style, quotes, words, width. Counted, never guessed.

A file that has no docstrings to count takes after its neighbours, and those after a default.
Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from copilot_ls.features.documentation.sections import SectionKind, read_sections
from indexer.model import ParameterKind, Symbol, SymbolKind
from indexer.syntax.bodies import Body
from indexer.syntax.docstring import DocstringStyle, style_of

_MIN_WIDTH = 72
_MAX_WIDTH = 120
_DEFAULT_WIDTH = 88
_PRIOR = 4
# Words that every reader of docstrings knows; what else is written stays an exception.
_USUAL_HEADS = frozenset(
    {"args", "arguments", "parameters", "params", "attributes", "returns", "yields", "raises",
     "param", "ivar", "var", "return", "yield", "raise"}
)  # fmt: skip
# Of docstrings that could have sections; in repositories that use sections at all a fifth to two
# thirds of them do (measured on six).
_SECTIONED_SHARE = 0.15
_LITERAL = re.compile(r"(?<!`)(?:``[^`\n]+``|`[^`\n]+`)(?!`)")
_STATES_DEFAULT = re.compile(r"\bdefaults? (?:to|is)\b|\bdefault[:=]|\bby default\b", re.IGNORECASE)
_THIRD_PERSON = re.compile(r"^[A-Z][a-z]+(?:s|es)\b")
_IMPERATIVE = re.compile(
    r"^(?:Return|Get|Set|Create|Build|Make|Add|Remove|Load|Save|Read|Write|Parse|Compute|Check|Run"
    r"|Convert|Update|Find|Apply|Initialize|Generate|Delete|Handle|Call|Print|Send|Fetch)\b"
)
_SECTIONED = (
    DocstringStyle.GOOGLE,
    DocstringStyle.NUMPY,
    DocstringStyle.SPHINX,
    DocstringStyle.EPYDOC,
)


@dataclass(frozen=True, slots=True)
class Layout:
    """How to write a docstring so that it looks like those around it.

    ``heads`` are the words of sections or fields (``Args``, ``:return``). ``summary_below`` means
    a summary on the line after the quotes, ``closing_on_text`` closing quotes at the end of the
    last line of text, ``blank_at_end`` an empty line before them.
    ``names_types`` writes types into entries, ``states_defaults`` defaults.
    ``in_constructor`` describes the parameters of a class in ``__init__``, else in the class.
    """

    style: DocstringStyle = DocstringStyle.GOOGLE
    quote: str = '"""'
    width: int = _DEFAULT_WIDTH
    heads: Mapping[SectionKind, str] = field(default_factory=dict)
    mark: str = "`"
    summary_below: bool = False
    closing_on_text: bool = False
    blank_at_end: bool = False
    names_types: bool = False
    states_defaults: bool = False
    third_person: bool = False
    full_stop: bool = True
    raises_before_result: bool = False
    in_constructor: bool = True


@dataclass(frozen=True, slots=True)
class Sample:
    """A docstring as evidence: its ``content`` between the quotes, and what it stands in."""

    content: str
    quote: str
    kind: SymbolKind
    name: str
    n_parameters: int


def samples_of(bodies: Iterable[Body], symbols: Iterable[Symbol]) -> Iterator[Sample]:
    """The docstrings of one file as evidence."""
    by_place = {(symbol.name, symbol.line): symbol for symbol in symbols}
    for body in bodies:
        symbol = by_place.get((body.name, body.line))
        if body.docstring is None or symbol is None:
            continue
        parameters = [
            parameter
            for parameter in (symbol.signature.parameters if symbol.signature else ())
            if parameter.name not in {"self", "cls"}
            and parameter.kind
            not in {ParameterKind.VARIADIC_KEYWORD, ParameterKind.VARIADIC_POSITIONAL}
        ]
        yield Sample(
            body.docstring.text, body.docstring.quote, symbol.kind, symbol.name, len(parameters)
        )


def learn_layout(
    own: Sequence[Sample],
    neighbours: Sequence[Sample] = (),
    *,
    is_public: bool = True,
    style: DocstringStyle | None = None,
    width: int = 0,
) -> Layout:
    """Count what the samples do; what a file's ``own`` do not show is asked of its neighbours.

    ``is_public`` asks how public definitions are described. ``style`` and ``width`` are what a
    user wants whatever was counted.
    """
    chosen = style or style_for(own, neighbours, is_public=is_public) or DocstringStyle.GOOGLE
    same = [each for each in (*own, *neighbours) if style_of(each.content) is chosen]
    shape = [each for each in own if "\n" in each.content]
    if len(shape) < 2:
        shape += [each for each in neighbours if "\n" in each.content]
    every = [*own, *neighbours] if len(own) < 5 else list(own)
    near = [each for each in own if style_of(each.content) is chosen] or same
    return Layout(
        style=chosen,
        quote=_most([each.quote for each in every if len(each.quote) == 3], '"""'),
        width=width or _width(every),
        heads=_heads(near, chosen),
        mark=_mark(every, chosen),
        summary_below=_mostly(each.content.startswith("\n") for each in shape),
        closing_on_text=_mostly(not each.content.endswith((" ", "\t", "\n")) for each in shape),
        blank_at_end=_mostly(bool(re.search(r"\n[ \t]*\n[ \t]*$", e.content)) for e in shape),
        names_types=chosen is DocstringStyle.NUMPY or _names_types(near, chosen),
        states_defaults=_mostly(
            (bool(_STATES_DEFAULT.search(each.content)) for each in near), share=0.15
        ),
        third_person=_third_person(every),
        full_stop=not every
        or _mostly(_first_line(e).endswith((".", ":", "!", "?")) for e in every),
        raises_before_result=_mostly(
            before for each in near if (before := _raises_first(each, chosen)) is not None
        ),
        in_constructor=_in_constructor([*own, *neighbours], chosen),
    )


def style_for(
    own: Sequence[Sample], neighbours: Sequence[Sample], *, is_public: bool
) -> DocstringStyle | None:
    """What is done in a file for functions with parameters, public ones or others.

    Neighbours count as much as four docstrings of the file itself. Nothing, if nobody shows it.
    """
    alike = [_telling(own, is_public=is_public), _telling(neighbours, is_public=is_public)]
    every = [_telling(own), _telling(neighbours)]
    for near, far in (alike, every):
        counts: Counter[DocstringStyle] = Counter()
        weights: dict[DocstringStyle, float] = dict.fromkeys(DocstringStyle, 0.0)
        counts.update(far)
        for style in DocstringStyle:
            prior = counts[style] * min(1.0, _PRIOR / len(far)) if far else 0.0
            weights[style] = near.count(style) + prior
        total = sum(weights.values())
        if total < 1:
            continue
        best = max(_SECTIONED, key=lambda style: weights[style])
        # One-liners are nobody's style: what is done where it matters counts for more.
        return best if weights[best] >= _SECTIONED_SHARE * total else DocstringStyle.PLAIN
    return None


def _telling(samples: Sequence[Sample], *, is_public: bool | None = None) -> list[DocstringStyle]:
    """The styles of those docstrings that could have a section."""
    return [
        style_of(each.content)
        for each in samples
        if each.n_parameters
        and each.kind not in {SymbolKind.CLASS, SymbolKind.PROPERTY}
        and (is_public is None or is_public == _is_public(each.name))
    ]


def _is_public(name: str) -> bool:
    return not name.startswith("_") or name == "__init__"


def _first_line(sample: Sample) -> str:
    paragraph = sample.content.strip().split("\n\n", maxsplit=1)[0]
    return paragraph.rstrip()


def _most(values: Sequence[str], default: str) -> str:
    return Counter(values).most_common(1)[0][0] if values else default


def _mostly(flags: Iterable[bool], *, share: float = 0.5) -> bool:
    found = list(flags)
    return bool(found) and sum(found) / len(found) > share


def _width(samples: Sequence[Sample]) -> int:
    longest = sorted(
        max((len(line.rstrip()) for line in each.content.split("\n")[1:]), default=0)
        for each in samples
        if "\n" in each.content
    )
    if len(longest) < 3:
        return _DEFAULT_WIDTH
    # The longest lines of a few may hold a link.
    usual = longest[int(0.9 * (len(longest) - 1))]
    return min(_MAX_WIDTH, max(_MIN_WIDTH, usual))


def _mark(samples: Sequence[Sample], style: DocstringStyle) -> str:
    marks = Counter(
        "``" if literal.startswith("``") else "`"
        for each in samples
        for literal in _LITERAL.findall(each.content)
    )
    if marks:
        return marks.most_common(1)[0][0]
    return "`" if style in {DocstringStyle.GOOGLE, DocstringStyle.PLAIN} else "``"


def _heads(samples: Sequence[Sample], style: DocstringStyle) -> dict[SectionKind, str]:
    counts: dict[SectionKind, Counter[str]] = {}
    for each in samples:
        for section in read_sections(each.content.split("\n"), style):
            if section.head.lower() in _USUAL_HEADS:
                counts.setdefault(section.kind, Counter())[section.head] += 1
    if style in {DocstringStyle.GOOGLE, DocstringStyle.NUMPY}:
        # In the singular they belong to fields.
        for words in counts.values():
            for singular in ("Return", "Yield", "Raise"):
                words.pop(singular, None)
    return {kind: words.most_common(1)[0][0] for kind, words in counts.items() if words}


def _names_types(samples: Sequence[Sample], style: DocstringStyle) -> bool:
    flags = [
        bool(entry.type_name)
        for each in samples
        for section in read_sections(each.content.split("\n"), style)
        if section.kind is SectionKind.PARAMETERS
        for entry in section.entries
        if entry.names
    ]
    return _mostly(flags)


def _third_person(samples: Sequence[Sample]) -> bool:
    first = [
        each.content.lstrip()
        for each in samples
        if each.kind in {SymbolKind.FUNCTION, SymbolKind.METHOD}
    ]
    n_third = sum(bool(_THIRD_PERSON.match(text)) for text in first)
    n_imperative = sum(bool(_IMPERATIVE.match(text)) for text in first)
    return n_third > n_imperative and n_third > 0.2 * len(first)


def _raises_first(sample: Sample, style: DocstringStyle) -> bool | None:
    kinds = [section.kind for section in read_sections(sample.content.split("\n"), style)]
    results = [n for n, k in enumerate(kinds) if k in {SectionKind.RETURNS, SectionKind.YIELDS}]
    raises = [n for n, kind in enumerate(kinds) if kind is SectionKind.RAISES]
    if not results or not raises:
        return None
    return raises[0] < results[0]


def _in_constructor(samples: Sequence[Sample], style: DocstringStyle) -> bool:
    in_class = in_constructor = 0
    for each in samples:
        described = any(
            section.kind is SectionKind.PARAMETERS
            for section in read_sections(each.content.split("\n"), style)
        )
        if each.name == "__init__":
            in_constructor += 1 + described
        elif each.kind is SymbolKind.CLASS and described:
            in_class += 2
    return in_constructor >= in_class

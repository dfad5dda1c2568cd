"""A docstring taken apart: what it says of parameters, results and errors, and on which lines.

``docstring_parser`` reads the sections; this module adds the style, the place of each item, for
repairs that touch nothing else, and repairs what real docstrings do that the parser does not
expect. Pure.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import docstring_parser

from copilot_ls.features.documentation.sections import SectionKind, read_sections
from indexer.syntax.docstring import DocstringStyle, style_of

_NUMPY_HEAD = re.compile(r"^[ \t]*(?P<name>[A-Z][\w ]+?)[ \t]*\n[ \t]*-{3,}[ \t]*$", re.MULTILINE)
_GOOGLE_HEAD = re.compile(
    r"^(?P<indent>[ \t]*)(?P<name>Args|Arguments|Parameters|Params|Other Parameters|Keyword Args|"
    r"Keyword Arguments|Returns?|Yields?|Raises|Attributes|Example|Examples|Note|Notes|Warning|"
    r"Warnings|Todo|References|See Also|Warns|Receives|Methods|Exceptions):[ \t]*$",
    re.MULTILINE,
)
_PARAMETER_FIELD = re.compile(
    r"^[ \t]*[:@](param|parameter|arg|argument|key|keyword)\b[^:\n]*:", re.MULTILINE
)
_SECTIONS_OF_PARAMETERS = frozenset(
    {"args", "arguments", "parameters", "params", "other parameters", "keyword args",
     "keyword arguments"}
)  # fmt: skip
DEFAULT = re.compile(
    r"(?:(?<!['\"])\bdefaults?\s*(?:to|is|value|:|=)?\s*(?:to|is|:|=)?|\bdefault\s*=\s*)\s*"
    r"(?P<quote>[`'\"]*)(?P<value>(?<=['\"])[^'\"\n]*(?=['\"])|-?[\w.+-]+|\(\)|\[\]|\{\}|)(?P=quote)",
    re.IGNORECASE,
)
# Where a description goes into details: lists, blocks, a new paragraph.
_DETAILS = re.compile(r"::\s|\n\s*\n|\n\s*[-*+] |:\s*\n")
_CONDITION = re.compile(r"[`'\"]*\s*(?:%|percent|if\b|when\b|unless\b|for\b|otherwise\b|\*|/|\()")
_MAX_STATED = 400


class ItemKind(StrEnum):
    """What an entry of a docstring describes."""

    PARAMETER = "parameter"
    ATTRIBUTE = "attribute"
    RETURNS = "returns"
    YIELDS = "yields"
    RAISES = "raises"


@dataclass(frozen=True, slots=True)
class Item:
    """One entry. ``name`` is empty for a result; ``line`` counts from the docstring's first line.

    ``names`` are several that share an entry (NumPy's ``a, b : int``). ``is_sure`` is false if it
    may be something else, such as the rest of a sentence.
    """

    kind: ItemKind
    names: tuple[str, ...]
    type_name: str
    text: str
    default: str | None
    line: int
    is_sure: bool = True


@dataclass(frozen=True, slots=True)
class ParsedDocstring:
    """What a docstring says; ``has_parameters`` is true if it has a place for parameters at all.

    ``text`` is all of it without its indentation; ``named`` are all names that stand where
    parameters do, whether or not their entries could be read.
    """

    style: DocstringStyle
    items: tuple[Item, ...]
    summary: str
    has_parameters: bool
    is_deprecated: bool = False
    text: str = ""
    named: frozenset[str] = frozenset()

    def of(self, kind: ItemKind) -> list[Item]:
        return [item for item in self.items if item.kind is kind]


_STYLES = {
    DocstringStyle.GOOGLE: docstring_parser.DocstringStyle.GOOGLE,
    DocstringStyle.NUMPY: docstring_parser.DocstringStyle.NUMPYDOC,
    DocstringStyle.SPHINX: docstring_parser.DocstringStyle.REST,
    DocstringStyle.EPYDOC: docstring_parser.DocstringStyle.EPYDOC,
}


def parse_docstring(text: str) -> ParsedDocstring:
    """Take a docstring apart; whatever cannot be read is left out, nothing is raised.

    ``text`` is the value of the literal, with its indentation.
    """
    clean = inspect.cleandoc(text)
    style = style_of(clean)
    summary = clean.split("\n\n", maxsplit=1)[0]
    if style is DocstringStyle.PLAIN:
        return ParsedDocstring(style, (), summary, has_parameters=False, text=clean)
    try:
        parsed = docstring_parser.parse(_mended(clean, style), _STYLES[style])
    except (docstring_parser.ParseError, ValueError, IndexError, AttributeError):
        return ParsedDocstring(style, (), summary, has_parameters=False, text=clean)
    places = _Places(text, style)
    items = tuple(_items(parsed, places))
    return ParsedDocstring(
        style,
        items,
        summary,
        has_parameters=_has_parameters(clean, style),
        text=clean,
        named=places.parameters,
        is_deprecated=parsed.deprecation is not None or ".. deprecated::" in clean,
    )


def _mended(text: str, style: DocstringStyle) -> str:
    """Heads that the parser knows under another name."""
    if style is DocstringStyle.GOOGLE:
        return re.sub(
            r"^([ \t]*)(Parameters|Params|Keyword Args|Keyword Arguments|Other Parameters):[ \t]*$",
            r"\1Args:",
            text,
            flags=re.MULTILINE,
        )
    return text


def _has_parameters(text: str, style: DocstringStyle) -> bool:
    match style:
        case DocstringStyle.NUMPY:
            heads = (match["name"] for match in _NUMPY_HEAD.finditer(text))
        case DocstringStyle.GOOGLE:
            heads = (match["name"] for match in _GOOGLE_HEAD.finditer(text))
        case _:
            return _PARAMETER_FIELD.search(text) is not None
    return any(head.strip().lower() in _SECTIONS_OF_PARAMETERS for head in heads)


def _items(parsed: docstring_parser.Docstring, places: _Places) -> Iterator[Item]:
    for meta in parsed.meta:
        word = meta.args[0] if meta.args else ""
        match meta:
            case docstring_parser.DocstringParam():
                names = _names(meta.arg_name)
                if not names:
                    continue
                is_attribute = word in {"attribute", "var", "ivar", "cvar"}
                kind = ItemKind.ATTRIBUTE if is_attribute else ItemKind.PARAMETER
                text = meta.description or ""
                yield Item(
                    kind=kind,
                    names=names,
                    type_name=(meta.type_name or "").strip(),
                    text=text,
                    default=default_in(places.type_of(kind, names[0]))
                    or default_in(meta.type_name or "")
                    or default_in(text),
                    line=places.of(kind, names[0]),
                    is_sure=places.is_sure(kind, names[0]),
                )
            case docstring_parser.DocstringReturns():
                kind = ItemKind.YIELDS if meta.is_generator else ItemKind.RETURNS
                yield Item(
                    kind,
                    (meta.return_name,) if meta.return_name else (),
                    (meta.type_name or "").strip(),
                    meta.description or "",
                    None,
                    places.of(kind),
                )
            case docstring_parser.DocstringRaises():
                name = (meta.type_name or "").strip().strip("`~!:")
                name = re.sub(r"^:?(exc|class):?`?~?", "", name)
                names = tuple(part.strip(" `~") for part in re.split(r",|\bor\b|\|", name))
                names = tuple(part for part in names if part)
                if names and word not in {"warns", "warn"}:
                    line = places.of(ItemKind.RAISES, names[0])
                    yield Item(ItemKind.RAISES, names, "", meta.description or "", None, line)
            case _:
                continue


def _names(text: str) -> tuple[str, ...]:
    """The names of an entry: ``*args``, ``a, b``, ``x_1 … x_n`` without marks."""
    found: list[str] = []
    for part in re.split(r"\s*,\s*|\s+and\s+|\s*/\s*", text.replace("\\*", "*")):
        name = part.partition("=")[0].strip().strip("`").lstrip("*").strip("`")
        if re.fullmatch(r"[^\W\d][\w.]*", name):
            found.append(name)
    return tuple(found)


_SECTION_OF = {
    ItemKind.PARAMETER: SectionKind.PARAMETERS,
    ItemKind.ATTRIBUTE: SectionKind.ATTRIBUTES,
    ItemKind.RETURNS: SectionKind.RETURNS,
    ItemKind.YIELDS: SectionKind.YIELDS,
    ItemKind.RAISES: SectionKind.RAISES,
}


class _Places:
    """On which line each entry stands, counted from the docstring's first line."""

    def __init__(self, text: str, style: DocstringStyle) -> None:
        self._first: dict[tuple[SectionKind, str], int] = {}
        self._sure: set[tuple[SectionKind, str]] = set()
        self._types: dict[tuple[SectionKind, str], str] = {}
        for section in read_sections(text.split("\n"), style):
            self._first.setdefault((section.kind, ""), section.first)
            for entry in section.entries:
                is_sure = (
                    style is not DocstringStyle.NUMPY
                    or bool(entry.type_name)
                    or entry.last > entry.first + 1
                )
                for name in entry.names:
                    self._first.setdefault((section.kind, name), entry.first)
                    self._types.setdefault((section.kind, name), entry.type_name)
                    if is_sure:
                        self._sure.add((section.kind, name))

    @property
    def parameters(self) -> frozenset[str]:
        """The names in sections of parameters."""
        return frozenset(name for kind, name in self._first if kind is SectionKind.PARAMETERS)

    def type_of(self, kind: ItemKind, name: str) -> str:
        """What stands where the type does, as written."""
        return self._types.get((_SECTION_OF[kind], name), "")

    def is_sure(self, kind: ItemKind, name: str) -> bool:
        """Whether an entry with this name was seen where such entries stand."""
        return (_SECTION_OF[kind], name) in self._sure

    def of(self, kind: ItemKind, name: str = "") -> int:
        """The line of an entry; of its section, or the first, if it is found nowhere."""
        section = _SECTION_OF[kind]
        return self._first.get((section, name), self._first.get((section, ""), 0))


def default_in(text: str) -> str | None:
    """The default that a description states, as written, if it plainly states one.

    Texts keep their quotes. What is said further below, in lists and of conditions, is not read.
    """
    head = _DETAILS.split(text, maxsplit=1)[0][:_MAX_STATED]
    found = DEFAULT.search(head)
    if found is None or not found["value"]:
        return None
    if _CONDITION.match(head, found.end()):
        return None
    quote = found["quote"].strip("`")
    if quote in {"'", '"'}:
        return f"{quote}{found['value']}{quote}"
    value = found["value"].rstrip(".")
    if not re.fullmatch(r"-?\d[\w.+-]*|True|False|None|\(\)|\[\]|\{\}", value):
        return None
    return value

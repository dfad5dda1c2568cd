"""A docstring taken apart: what it says of parameters, results and errors, and on which lines.

``docstring_parser`` reads the sections; this module adds the style, the place of each item, for
repairs that touch nothing else, and repairs what real docstrings do that the parser does not
expect. Pure.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

import docstring_parser

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
_DEFAULT = re.compile(
    r"(?:\bdefaults?\s*(?:to|is|value|:|=)?\s*(?:to|is|:|=)?|\bdefault\s*=\s*)\s*"
    r"(?P<quote>[`'\"]*)(?P<value>-?[\w.+-]+|\(\)|\[\]|\{\}|)(?P=quote)",
    re.IGNORECASE,
)


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

    ``names`` are several that share an entry (NumPy's ``a, b : int``).
    """

    kind: ItemKind
    names: tuple[str, ...]
    type_name: str
    text: str
    default: str | None
    line: int


@dataclass(frozen=True, slots=True)
class ParsedDocstring:
    """What a docstring says; ``has_parameters`` is true if it has a place for parameters at all."""

    style: DocstringStyle
    items: tuple[Item, ...]
    summary: str
    has_parameters: bool
    is_deprecated: bool = False

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
        return ParsedDocstring(style, (), summary, has_parameters=False)
    try:
        parsed = docstring_parser.parse(_mended(clean, style), _STYLES[style])
    except (docstring_parser.ParseError, ValueError, IndexError, AttributeError):
        return ParsedDocstring(style, (), summary, has_parameters=False)
    lines = clean.splitlines()
    items = tuple(_items(parsed, lines, style))
    return ParsedDocstring(
        style,
        items,
        summary,
        has_parameters=_has_parameters(clean, style),
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


def _items(
    parsed: docstring_parser.Docstring, lines: Sequence[str], style: DocstringStyle
) -> Iterator[Item]:
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
                    default=default_in(f"{meta.type_name or ''}; {text}")
                    or default_in(f"default {meta.default or ''}"),
                    line=_line_of(names[0], lines, style),
                )
            case docstring_parser.DocstringReturns():
                kind = ItemKind.YIELDS if meta.is_generator else ItemKind.RETURNS
                yield Item(
                    kind,
                    (meta.return_name,) if meta.return_name else (),
                    (meta.type_name or "").strip(),
                    meta.description or "",
                    None,
                    _line_of_result(kind, lines),
                )
            case docstring_parser.DocstringRaises():
                name = (meta.type_name or "").strip().strip("`~!:")
                name = re.sub(r"^:?(exc|class):?`?~?", "", name)
                names = tuple(part.strip(" `~") for part in re.split(r",|\bor\b|\|", name))
                names = tuple(part for part in names if part)
                if names and word not in {"warns", "warn"}:
                    line = _line_of(names[0], lines, style)
                    yield Item(ItemKind.RAISES, names, "", meta.description or "", None, line)
            case _:
                continue


def _names(text: str) -> tuple[str, ...]:
    """The names of an entry: ``*args``, ``a, b``, ``x_1 … x_n`` without marks."""
    found: list[str] = []
    for part in re.split(r"\s*,\s*|\s+and\s+|\s*/\s*", text.replace("\\*", "*")):
        name = part.strip().strip("`").lstrip("*").strip("`")
        if re.fullmatch(r"[^\W\d][\w.]*", name):
            found.append(name)
    return tuple(found)


def _line_of(name: str, lines: Sequence[str], style: DocstringStyle) -> int:
    escaped = re.escape(name)
    pattern = {
        DocstringStyle.NUMPY: rf"^\s*(?:[\w`*\\]+\s*,\s*)*[`*\\]*{escaped}\b",
        DocstringStyle.GOOGLE: rf"^\s+[`*\\]*{escaped}\b[`]*\s*(?:\(.*\))?\s*:",
        DocstringStyle.SPHINX: rf"^\s*:\w+\s+(?:[^:]*\s)?[`*\\~]*{escaped}[`]*\s*:",
    }.get(style, escaped)
    for number, line in enumerate(lines):
        if re.search(pattern, line):
            return number
    return 0


def _line_of_result(kind: ItemKind, lines: Sequence[str]) -> int:
    word = "yield" if kind is ItemKind.YIELDS else "return"
    for number, line in enumerate(lines):
        if re.match(rf"\s*:?{word}s?\b|\s*:rtype", line, re.IGNORECASE):
            return number
    return 0


def default_in(text: str) -> str | None:
    """The default that a description states, as written, if it plainly states one."""
    found = _DEFAULT.search(text)
    if found is None or not found["value"]:
        return None
    value = found["value"].rstrip(".")
    if not re.fullmatch(r"-?\d[\w.+-]*|True|False|None|\(\)|\[\]|\{\}", value):
        return None
    return value

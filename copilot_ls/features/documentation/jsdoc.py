"""JSDoc and TSDoc comments held against the signatures below them. Pure.

The same rules as for docstrings, as far as a signature alone can tell. A parameter that is taken
apart (``{ depth }``) has no name, and may be described under any.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from copilot_ls.features.documentation.drift import Drift, DriftRule
from indexer.model import Parameter, ParameterKind, Symbol, SymbolKind
from indexer.syntax import parse

LANGUAGES = frozenset({"javascript", "typescript", "tsx"})
_MODIFIERS = re.compile(
    r"(?:\s|\b(?:export|default|declare|public|private|protected|static|abstract|async|const|let"
    r"|var|readonly|override|function)\b|\*(?!/))*\Z"
)
_MAX_COMMENT = 8_000
_TAG = re.compile(r"^@(?P<tag>\w+)\b[ \t]*(?P<rest>.*)$")
_NAME = re.compile(r"^(?:\.\.\.)?(?P<name>[A-Za-z_$][\w$]*)(?P<inner>(?:\[\]|\.[\w$.\[\]]+)*)")
_PARAMETER_TAGS = frozenset({"param", "arg", "argument"})
_RESULT_TAGS = frozenset({"returns", "return"})
# Those say that the words are of something else, or elsewhere.
_OTHERWISE = frozenset(
    {"inheritdoc", "inheritDoc", "overload", "typedef", "callback", "override", "link", "borrows",
     "lends", "event", "ignore", "type"}
)  # fmt: skip
_PLAIN_TYPES = {
    "string": "string", "String": "string", "number": "number", "Number": "number",
    "boolean": "boolean", "Boolean": "boolean", "bool": "boolean",
}  # fmt: skip
_NOTHING = re.compile(
    r"(?:void|undefined|nothing|none|never|promise|jquery|this|self|\*|any)\b", re.IGNORECASE
)
_COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.DOTALL)
_LITERAL = re.compile(r"-?\d+(?:\.\d+)?|true|false|'[^']*'|\"[^\"]*\"")


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag of a comment; ``line`` (0-based) counts from the comment's first."""

    name: str
    type_name: str
    subject: str
    inner: str
    default: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Comment:
    """A documentation comment: where it starts in its file, and its tags."""

    start: int
    tags: tuple[Tag, ...]


def check_script(path: str, language: str, text: str) -> list[tuple[Symbol, int, Drift]]:
    """What the comments of a file say wrongly: the definition, the comment's first line, what."""
    if "/**" not in text or "@" not in text:
        return []
    symbols = parse.parse(path, language, text).symbols
    n_named: dict[str, int] = {}
    for symbol in symbols:
        n_named[symbol.qualified_name] = n_named.get(symbol.qualified_name, 0) + 1
    found: list[tuple[Symbol, int, Drift]] = []
    for symbol in symbols:
        if symbol.kind not in {SymbolKind.FUNCTION, SymbolKind.METHOD}:
            continue
        # Of overloads, each may describe the parameters of another.
        if symbol.signature is None or n_named[symbol.qualified_name] > 1:
            continue
        comment = comment_above(text, symbol.span.start)
        if comment is None or any(tag.name in _OTHERWISE for tag in comment.tags):
            continue
        line = text.count("\n", 0, comment.start)
        body = text[symbol.span.start : symbol.span.end]
        found += [(symbol, line, drift) for drift in _drifts(symbol, comment, body, path)]
    return found


def comment_above(text: str, offset: int) -> Comment | None:
    """The documentation comment that belongs to what begins at ``offset``."""
    before = text[max(0, offset - _MAX_COMMENT) : offset]
    modifiers = _MODIFIERS.search(before)
    before = before[: modifiers.start()] if modifiers else before
    if not before.endswith("*/"):
        return None
    opening = before.rfind("/**")
    if opening < 0 or "*/" in before[opening:-2]:
        return None
    start = max(0, offset - _MAX_COMMENT) + opening
    return Comment(start, tuple(read_tags(before[opening:])))


def read_tags(comment: str) -> Iterator[Tag]:
    """The tags of a comment in order; what follows on further lines belongs to the tag."""
    lines = [
        re.sub(r"^\s*(?:/\*\*|\*(?!/))?[ \t]?", "", line).removesuffix("*/").strip()
        for line in comment.split("\n")
    ]
    starts = [(n, match) for n, line in enumerate(lines) if (match := _TAG.match(line))]
    ends = [*(n for n, _ in starts[1:]), len(lines)]
    for (number, match), end in zip(starts, ends, strict=False):
        rest = " ".join([match["rest"], *lines[number + 1 : end]]).strip()
        type_name, rest = _type_and_rest(rest)
        subject = inner = default = ""
        if match["tag"] in _PARAMETER_TAGS:
            subject, inner, default, rest = _subject(rest)
        yield Tag(match["tag"], type_name, subject, inner, default, rest, number)


def _type_and_rest(text: str) -> tuple[str, str]:
    """Split ``{number} a - One``; braces may be nested."""
    inside, rest = _bracketed(text, "{}")
    return inside.strip(), rest.strip()


def _bracketed(text: str, pair: str) -> tuple[str, str]:
    """What stands in the brackets that a text begins with, and what follows them."""
    if not text.startswith(pair[0]):
        return "", text
    depth = 0
    for position, character in enumerate(text):
        depth += (character == pair[0]) - (character == pair[1])
        if depth == 0:
            return text[1:position], text[position + 1 :]
    return "", text


def _subject(text: str) -> tuple[str, str, str, str]:
    """Name, properties, default and the rest of ``[a.b=1] - One``."""
    default = ""
    if text.startswith("["):
        inside, rest = _bracketed(text, "[]")
        name, _, default = inside.partition("=")
        text = f"{name.strip()} {rest}"
    match = _NAME.match(text)
    if match is None:
        return "", "", "", text
    return match["name"], match["inner"], default.strip(), text[match.end() :].lstrip(" -:")


def _drifts(symbol: Symbol, comment: Comment, body: str, path: str) -> Iterator[Drift]:
    signature = symbol.signature
    if signature is None:
        return
    said = [
        tag
        for tag in comment.tags
        if tag.name in _PARAMETER_TAGS and tag.subject not in {"", "this"}
    ]
    declared = [p for p in signature.parameters if p.name != "this"]
    if _is_to_be_filled_in(body):
        return
    if said and "arguments" not in body:
        yield from _parameters(declared, said)
    for tag in comment.tags:
        if tag.name in _RESULT_TAGS and _never_returns(symbol, body, path):
            words = (tag.type_name or tag.text).strip()
            if words and _NOTHING.match(words) is None:
                yield Drift(DriftRule.STALE_RETURN, "returns", "nothing is ever returned", tag.line)


def _is_to_be_filled_in(body: str) -> bool:
    """Whether others give a method its body; its parameters may be left out, or in a comment."""
    head, brace, inside = body.partition("{")
    return bool(brace) and ("/*" in head or not _COMMENT.sub("", inside).strip(" \r\n\t};"))


def _parameters(declared: Sequence[Parameter], said: Sequence[Tag]) -> Iterator[Drift]:
    named = {p.name: p for p in declared if re.fullmatch(r"[\w$]+", p.name)}
    inside = {name for p in declared if p.name not in named for name in re.findall(r"\w+", p.name)}
    roots = dict.fromkeys(tag.subject for tag in said)
    lines = {tag.subject: tag.line for tag in reversed(said)}
    stale = [name for name in roots if name not in named and name not in inside]
    # What is taken apart may be described under any name in its place, or with properties.
    order = [*roots]
    unnamed = {order[n] for n, p in enumerate(declared) if p.name not in named and n < len(order)}
    if len(named) < len(declared):
        unnamed |= {tag.subject for tag in said if tag.inner}
    stale = [name for name in stale if name not in unnamed]
    if any(p.kind is ParameterKind.VARIADIC_POSITIONAL for p in declared):
        stale = []
    missing = [p for name, p in named.items() if name not in roots and not name.startswith("_")]
    for name in stale:
        near = difflib.get_close_matches(name, [p.name for p in missing], n=1, cutoff=0.7)
        if not near and len(stale) == len(missing) == 1 and name[0] == missing[0].name[0]:
            near = [missing[0].name]
        if near:
            yield Drift(
                DriftRule.RENAMED_PARAMETER,
                name,
                f"`{name}` is called `{near[0]}` in the code",
                lines[name],
                near[0],
            )
            missing = [p for p in missing if p.name != near[0]]
        else:
            message = f"there is no parameter `{name}`"
            yield Drift(DriftRule.STALE_PARAMETER, name, message, lines[name])
    # A few of many are described by choice.
    if len(missing) < 4 or len(missing) <= 1.5 * len(roots):
        for parameter in missing:
            if parameter.kind is not ParameterKind.VARIADIC_POSITIONAL:
                yield Drift(
                    DriftRule.MISSING_PARAMETER,
                    parameter.name,
                    f"parameter `{parameter.name}` is missing, though others are described",
                    max(tag.line for tag in said),
                )
    for tag in said:
        known = named.get(tag.subject)
        if known is not None and not tag.inner:
            yield from _values(tag, known)


def _values(tag: Tag, parameter: Parameter) -> Iterator[Drift]:
    stated = _PLAIN_TYPES.get(tag.type_name.strip("?!=. "))
    written = _PLAIN_TYPES.get((parameter.annotation or "").strip())
    if stated and written and stated != written:
        yield Drift(
            DriftRule.WRONG_TYPE,
            parameter.name,
            f"`{parameter.name}` is declared as {written}, the comment says {stated}",
            tag.line,
            written,
        )
    default = parameter.default
    if not tag.default or default is None:
        return
    both_plain = _LITERAL.fullmatch(tag.default) and _LITERAL.fullmatch(default)
    if both_plain and tag.default.strip("'\"") != default.strip("'\""):
        yield Drift(
            DriftRule.WRONG_DEFAULT,
            parameter.name,
            f"the default of `{parameter.name}` is {default}, the comment says {tag.default}",
            tag.line,
            default,
        )


def _never_returns(symbol: Symbol, body: str, path: str) -> bool:
    """Whether a function has a body, and no ``return`` in it that gives anything."""
    returns = symbol.signature.returns if symbol.signature else None
    if returns is not None:
        return returns.strip() == "void"
    if path.endswith(".d.ts") or symbol.name == "constructor" or symbol.is_async:
        return False
    inside = body.partition("{")[2]
    if "=>" in body or not inside.strip(" \n\t};"):
        return False
    return re.search(r"\breturn\s*[^\s;}]|\byield\b|\bthrow\b|\basync\b", inside) is None

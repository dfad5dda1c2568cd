"""The document around the cursor, without the cursor's own line. Pure.

Typing on one line changes nothing here, so all of it is kept per line. A parse is asked for only
when a line that may declare something came or went: it costs more than all else together.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from indexer.model import Symbol, SymbolKind
from indexer.resolve.guess import Scope
from indexer.resolve.outline import Outline
from indexer.search.corpus import Parse
from indexer.search.cursor import Cursor
from indexer.search.terms import WORD, stems_of, terms_of

N_WINDOW_LINES = 20
_LINE_DECAY = 0.9
_ENCLOSING_WEIGHT = 0.7
_N_BODY_LINES = 60
_N_CALLS = 4
_MAX_CHANGED_LINES = 30
_PLACEHOLDER = "_"
_DECLARATION = re.compile(
    r"\s*(?:import|from|def|async\s+def|class|@|export|function|async\s+function|interface|type"
    r"|enum|const|let|var|public|private|protected|static|\w+\s*\(.*\)\s*\{|self\.\w+\s*[:=]"
    r"|this\.\w+\s*=|use|func|fn|struct|impl|trait|module|namespace|package|[A-Za-z_]\w*\s*:)\b"
    r"|[A-Za-z_]\w*\s*[:=]"
)
_HEAD = re.compile(
    r"\s*(?:(?:export|default|abstract|async|public|private|protected|static|override|final|pub"
    r"|internal|virtual|inline|unsafe|const)\s+)*"
    r"(?:(?:def|class|function\*?|interface|enum|namespace|func|fn|struct|trait|module|impl)\s+"
    r"(?:\([^)]*\)\s*)?(?:self\.)?(?P<name>[\w$]+)"
    r"|(?:const\s+)?(?P<method>(?!(?:if|for|while|switch|catch|return|with|elif|else)\b)[\w$]+)"
    r"\s*(?:=\s*(?:async\s*)?)?\(.*\{\s*$"
    r"|[\w:<>\[\],*&? ]+?[\s*&](?P<typed>(?!(?:if|for|while|switch|catch|return)\b)[\w$:~]+)"
    r"\s*\([^;]*\{\s*$)"
)
_CALL = re.compile(r"([^\W\d]\w*)\s*\(")
_NO_CALLS = frozenset(
    [
        "if",
        "for",
        "while",
        "switch",
        "catch",
        "return",
        "with",
        "elif",
        "def",
        "function",
        "print",
        "len",
        "str",
        "int",
        "isinstance",
    ]
)
# A plain name that is read: no attribute, no call, no keyword argument, no assignment.
_READ = re.compile(r"(?<![\w.\"'])(?P<name>[^\W\d]\w*)(?!\w|\s*\(|\s*=(?!=)|\s*:\s|[\"'])")
_RETURN = re.compile(r"\s*return\s+\(?(?P<values>[\w\s,.]+?)\)?;?\s*$")
_BOUND = re.compile(r"\b([^\W\d]\w*)\s*(?:=(?!=)|:=|,[\w\s,]*=(?!=)|\bin\b)|\bas\s+(\w+)")
_N_BELOW_LINES = 8
_KEYWORDS = frozenset(
    [
        *keyword.kwlist,
        *keyword.softkwlist,
        *[
            "const",
            "let",
            "var",
            "function",
            "new",
            "this",
            "null",
            "undefined",
            "true",
            "false",
            "void",
            "typeof",
            "of",
            "self",
            "switch",
            "case",
            "public",
            "private",
            "protected",
            "static",
            "final",
            "int",
            "string",
            "bool",
            "boolean",
            "float",
            "double",
            "char",
            "struct",
            "nil",
            "fn",
            "mut",
            "pub",
            "use",
            "impl",
            "end",
            "then",
            "do",
            "elsif",
            "unless",
            "begin",
            "rescue",
            "func",
            "go",
            "defer",
            "range",
            "package",
        ],
    ]
)
_COMMENT = re.compile(r"^\s*(?:#|//|\*|/\*|\"\"\")\s*(?P<text>.*)")
_N_COMMENT_LINES = 3


@dataclass(frozen=True, slots=True)
class Variable:
    """A name bound above: lines since it was last mentioned, and mentions since it was bound."""

    age: int
    n_uses: int


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What stands around the cursor.

    ``body`` are the lines of the enclosing function (or module) above the cursor, ``nearby`` the
    last of them. ``window`` weighs their words, the nearer the heavier. ``called_above`` are the
    last names called, the nearest first. ``comment`` are the stems of the comment just above,
    ``intent`` those and the ones of the enclosing function's name and docstring.
    ``unbound`` are names that the lines below use and nothing above has bound: the cursor's line
    may be what binds them. ``called_below`` and ``mentions_below`` are names in the next lines;
    ``returned`` are the expressions of the next ``return``. ``mentions`` and ``calls`` count names
    in the whole document, ``mentions_above`` in ``body``.
    """

    path: str
    outline: Outline
    scope: Scope
    body: Sequence[str]
    nearby: Sequence[str]
    window: Mapping[str, float]
    variables: Mapping[str, Variable]
    called_above: Sequence[str]
    comment: frozenset[str]
    intent: frozenset[str]
    unbound: frozenset[str]
    called_below: frozenset[str]
    mentions_below: frozenset[str]
    returned: tuple[str, ...]
    mentions: Mapping[str, int]
    mentions_above: Mapping[str, int]
    calls: Mapping[str, int]
    known: Known


@dataclass(frozen=True, slots=True)
class Known:
    """What a document said of itself when it was parsed last, good for a few lines of typing.

    While a function's body is typed, nothing changes that ranking asks of the rest.
    ``lines`` counts equal lines.
    """

    outline: Outline
    lines: Counter[str]

    def still_holds(self, lines: Counter[str]) -> bool:
        """Whether only a few lines came or went since, none of which may declare something."""
        changed = [*(lines - self.lines), *(self.lines - lines)]
        return len(changed) <= _MAX_CHANGED_LINES and not any(map(_DECLARATION.match, changed))


def look_around(
    parse: Parse, path: str, text: str, cursor: Cursor, known: Known | None
) -> Surroundings:
    """Read the document around ``cursor``; ``known`` is what an earlier version of it said."""
    before, after = text[: cursor.line_start], text[cursor.line_end :]
    above, below = before.splitlines(), after.splitlines()
    lines = Counter(above)
    lines.update(below)
    if known is None or not known.still_holds(lines):
        # The half-typed line would break the tree and is not needed; a name in its place keeps
        # the enclosing block whole.
        block = "if _:" if cursor.opens_block else _PLACEHOLDER
        parsed = parse(path, f"{before}{' ' * cursor.indent}{block}{after}")
        known = Known(Outline(parsed), lines)
    function, owner, first = _enclosing(known.outline, above, cursor.indent)
    body = above[first:]
    mentions = Counter(WORD.findall(before))
    mentions.update(WORD.findall(after))
    soon = "\n".join(below[:_N_BELOW_LINES])
    scope = Scope.above(body, outline=known.outline, function=function, owner=owner)
    comment = intent = stems_of(_comment_above(body))
    if function is not None:
        intent |= stems_of(f"{function.name} {function.docstring}")
    return Surroundings(
        path=path,
        outline=known.outline,
        scope=scope,
        body=body,
        nearby=body[-N_WINDOW_LINES:],
        window=_window(above, function, owner),
        variables=_variables(body, scope),
        called_above=_called(body),
        comment=comment,
        intent=intent,
        unbound=_unbound(below, Counter(WORD.findall(before)), known.outline),
        called_below=frozenset(_CALL.findall(soon)) - _NO_CALLS,
        mentions_below=frozenset(WORD.findall(soon)),
        returned=_returned(below),
        mentions=mentions,
        mentions_above=Counter(WORD.findall("\n".join(body))),
        calls=Counter([*_CALL.findall(before), *_CALL.findall(after)]),
        known=known,
    )


def _enclosing(
    outline: Outline, above: Sequence[str], indent: int
) -> tuple[Symbol | None, Symbol | None, int]:
    """The innermost function and class around the end of ``above``, and where its body begins.

    Found by indentation, because line numbers of the last parse may be a few lines off.
    """
    heads: list[tuple[str, int]] = []
    limit = indent
    for number in range(len(above) - 1, -1, -1):
        line = above[number]
        column = len(line) - len(line.lstrip())
        if limit == 0:
            break
        if column >= limit or not line.strip():
            continue
        head = _HEAD.match(line)
        if head is not None:
            name = head["name"] or head["method"] or head["typed"]
            heads.append((name.replace("::", "."), number))
            limit = column
        elif line.rstrip().endswith((":", "{")) and line.lstrip()[0] not in ")]}":
            limit = column
    function = owner = None
    first, qualified_name = 0, ""
    for name, number in reversed(heads):
        qualified_name = f"{qualified_name}.{name}" if qualified_name else name
        symbol = outline.by_qualified_name.get(qualified_name)
        if symbol is not None and symbol.kind is SymbolKind.CLASS:
            function, owner, first = None, symbol, number
        elif symbol is not None:
            first = first if function is not None else number
            function = symbol
    return function, owner, first


def _window(
    lines: Sequence[str], function: Symbol | None, owner: Symbol | None
) -> dict[str, float]:
    weights: dict[str, float] = {}
    for distance, line in enumerate(reversed(lines[-N_WINDOW_LINES:])):
        for term in terms_of(line):
            weights[term] = weights.get(term, 0.0) + _LINE_DECAY**distance
    for symbol in (function, owner):
        for term in terms_of(symbol.name) if symbol is not None else ():
            weights[term] = weights.get(term, 0.0) + _ENCLOSING_WEIGHT
    return weights


def _variables(body: Sequence[str], scope: Scope) -> dict[str, Variable]:
    names = {name: bound[-1][2] for name, bound in scope.bindings.items()}
    if scope.function is not None and scope.function.signature is not None:
        for parameter in scope.function.signature.parameters:
            names.setdefault(parameter.name, 0)
    last: dict[str, int] = {}
    uses: Counter[str] = Counter()
    start = max(0, len(body) - _N_BODY_LINES)
    for number in range(start, len(body)):
        for word in set(WORD.findall(body[number])):
            if word in names:
                last[word] = number
                if number > names[word]:
                    uses[word] += 1
    return {
        name: Variable(age=len(body) - 1 - last.get(name, bound), n_uses=uses[name])
        for name, bound in names.items()
    }


def _called(body: Sequence[str]) -> list[str]:
    found: dict[str, None] = {}
    for line in reversed(body[-N_WINDOW_LINES:]):
        if _HEAD.match(line) is None:
            for name in reversed(_CALL.findall(line)):
                if name not in _NO_CALLS:
                    found[name] = None
        if len(found) >= _N_CALLS:
            break
    return list(found)[:_N_CALLS]


def _unbound(below: Sequence[str], mentions: Mapping[str, int], outline: Outline) -> frozenset[str]:
    found: set[str] = set()
    bound: set[str] = set()
    for line in [line for line in below[:_N_BELOW_LINES] if line.strip()]:
        if _HEAD.match(line) is not None:
            break
        for match in _READ.finditer(line):
            name = match["name"]
            if name not in bound and not mentions.get(name) and not hasattr(builtins, name):
                found.add(name)
        bound.update(_BOUND.findall(line))
    return frozenset(found) - outline.members.get("", {}).keys() - _KEYWORDS


def _returned(below: Sequence[str]) -> tuple[str, ...]:
    for line in below[: 4 * _N_BELOW_LINES]:
        if _HEAD.match(line) is not None:
            break
        found = _RETURN.match(line)
        if found is not None:
            return tuple(part.strip() for part in found["values"].split(","))
    return ()


def _comment_above(body: Sequence[str]) -> str:
    """The comment that stands directly above the cursor, if there is one."""
    words: list[str] = []
    for line in reversed(body[-_N_COMMENT_LINES:]):
        found = _COMMENT.match(line)
        if found is None:
            break
        words.append(found["text"])
    return "\n".join(reversed(words))

"""Docstrings held against the code: what they say that is not so, and what they leave out.

Precision comes first. A docstring may be silent: one without a place for parameters says nothing
of them and is *incomplete* at most. Drift is a statement that the code contradicts: a parameter
that does not exist, one that is missing in a list of all others, a default that is another, a
value returned that never is. What cannot be known is not reported. Pure.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from copilot_ls.features.documentation.docstring import (
    Item,
    ItemKind,
    ParsedDocstring,
    parse_docstring,
)
from indexer.model import Parameter, ParameterKind, Symbol, SymbolKind
from indexer.syntax.bodies import Body
from indexer.syntax.docstring import DocstringStyle

_VARIADIC = frozenset({ParameterKind.VARIADIC_POSITIONAL, ParameterKind.VARIADIC_KEYWORD})
_NO_NAMES = frozenset({"self", "cls", "mcs", "mcls", "metacls", "None", "none"})
# Parts that are filled in when the module is imported cannot be read here.
_TEMPLATE = re.compile(r"%\(\w+\)s|^\s*\{\w+\}\s*$|%s\s*$|\$\{?\w+_doc", re.MULTILINE)
_NO_RESULTS = frozenset({None, "None", "NoReturn", "Never", "typing.NoReturn"})
_SILENT_RETURNS = frozenset({"none", ""})
# Decorators after which the parameters are still those that are written.
_HARMLESS = re.compile(
    r"^(functools\.)?(staticmethod|classmethod|property|cached_property|lru_cache|cache|wraps|"
    r"abstractmethod|override|final|deprecated|overload|contextmanager|asynccontextmanager|"
    r"singledispatch|singledispatchmethod|njit|jit|total_ordering|dataclass|unique|"
    r"typing\.\w+|abc\.\w+|contextlib\.\w+|functools\.\w+|typing_extensions\.\w+|pytest\.\w+)\b"
)


class DriftRule(StrEnum):
    """What can be wrong with a docstring."""

    STALE_PARAMETER = "stale-parameter"
    RENAMED_PARAMETER = "renamed-parameter"
    MISSING_PARAMETER = "missing-parameter"
    WRONG_DEFAULT = "wrong-default"
    WRONG_TYPE = "wrong-type"
    STALE_RETURN = "stale-return"


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that a docstring says wrongly or leaves out.

    ``name`` is what it is about, ``line`` the line of the docstring (0-based, from its first),
    ``replacement`` the right name or value where there is one.
    """

    rule: DriftRule
    name: str
    message: str
    line: int
    replacement: str = ""


def check_function(symbol: Symbol, body: Body) -> list[Drift]:
    """Hold the docstring of a function or method against its signature and its body."""
    if body.docstring is None or symbol.signature is None:
        return []
    if _TEMPLATE.search(body.docstring.text):
        return []
    parsed = parse_docstring(body.docstring.text)
    # A property may describe the call of what it returns.
    is_property = symbol.kind is SymbolKind.PROPERTY
    found = [] if is_property else list(_parameters(symbol, symbol.signature.parameters, parsed))
    if not body.is_stub and not _is_overridden(symbol):
        found += _results(symbol, body, parsed)
    return sorted(found, key=lambda drift: (drift.line, drift.rule, drift.name))


def check_class(body: Body, constructor: Symbol | None, members: Sequence[str]) -> list[Drift]:
    """Hold the parameters in a class's docstring against its constructor.

    ``members`` are all names of the class: what the docstring lists as parameters may be its
    fields, as for a dataclass.
    """
    if body.docstring is None or constructor is None or constructor.signature is None:
        return []
    if _TEMPLATE.search(body.docstring.text):
        return []
    parsed = parse_docstring(body.docstring.text)
    known = set(members)
    drifts = _parameters(constructor, constructor.signature.parameters, parsed)
    return [drift for drift in drifts if drift.name not in known]


def _parameters(
    symbol: Symbol, declared: Sequence[Parameter], parsed: ParsedDocstring
) -> Iterator[Drift]:
    if any(_HARMLESS.match(name) is None for name in symbol.decorators):
        # A decorator may add and remove parameters.
        return
    documented = parsed.of(ItemKind.PARAMETER)
    if not parsed.has_parameters or not documented:
        return
    own = [p for i, p in enumerate(declared) if not (i == 0 and _is_receiver(p, symbol))]
    names = {parameter.name for parameter in own}
    plain = [p for p in own if p.kind not in _VARIADIC]
    takes_any = any(p.kind is ParameterKind.VARIADIC_KEYWORD for p in own)
    takes_more = any(p.kind is ParameterKind.VARIADIC_POSITIONAL for p in own)
    said: dict[str, Item] = {}
    for item in documented:
        for name in item.names:
            said.setdefault(name.partition(".")[0], item)
    stale = [name for name in said if name not in names and name not in _NO_NAMES]
    missing = [p for p in plain if p.name not in said and not p.name.startswith("_")]
    if takes_any or (takes_more and not names):
        # Whatever else is listed may be taken from ``**kwargs``; unless it is a name misspelt.
        stale = [name for name in stale if _nearest(name, [p.name for p in missing])]
    for name in list(stale):
        better = _renamed(name, stale, missing, said, plain)
        if better:
            yield Drift(
                DriftRule.RENAMED_PARAMETER,
                name,
                f"`{name}` is called `{better}` in the code",
                said[name].line,
                better,
            )
            stale.remove(name)
            missing = [p for p in missing if p.name != better]
    for name in stale:
        yield Drift(
            DriftRule.STALE_PARAMETER, name, f"there is no parameter `{name}`", said[name].line
        )
    last = max((item.line for item in documented), default=0)
    for parameter in missing:
        yield Drift(
            DriftRule.MISSING_PARAMETER,
            parameter.name,
            f"parameter `{parameter.name}` is missing, though others are described",
            last,
        )
    for parameter in plain:
        known = said.get(parameter.name)
        if known is not None and len(known.names) == 1:
            yield from _default(parameter, known)


def _renamed(
    name: str,
    stale: Sequence[str],
    missing: Sequence[Parameter],
    said: dict[str, Item],
    plain: Sequence[Parameter],
) -> str:
    """The parameter that a stale name most likely means: near in letters, or in the same place."""
    names = [parameter.name for parameter in missing]
    near = _nearest(name, names)
    if near:
        return near
    if len(stale) == 1 and len(names) == 1:
        order = list(said)
        at = [parameter.name for parameter in plain].index(names[0])
        if order.index(name) == at and _could_mean(names[0], name, said[name]):
            return names[0]
    return ""


def _could_mean(right: str, name: str, item: Item) -> bool:
    """Whether what is said under another name in the same place may be about this parameter."""
    words = set(right.lower().split("_"))
    told = f"{name} {item.text} {item.type_name}".lower()
    return any(len(word) > 1 and word in told for word in words) or name[0] == right[0]


def _nearest(name: str, names: Sequence[str]) -> str:
    found = difflib.get_close_matches(name, names, n=1, cutoff=0.75)
    return found[0] if found else ""


def _default(parameter: Parameter, item: Item) -> Iterator[Drift]:
    """A plain default that the docstring states otherwise."""
    stated, actual = item.default, parameter.default
    if stated is None:
        return
    if actual is None:
        if not parameter.optional:
            yield Drift(
                DriftRule.WRONG_DEFAULT,
                parameter.name,
                f"`{parameter.name}` has no default, the docstring says {stated}",
                item.line,
            )
        return
    if not re.fullmatch(r"-?\d[\w.+-]*|True|False", actual):
        # ``None`` often stands for a default that the body works out.
        return
    if not _is_same_value(stated, actual):
        yield Drift(
            DriftRule.WRONG_DEFAULT,
            parameter.name,
            f"the default of `{parameter.name}` is {actual}, the docstring says {stated}",
            item.line,
            actual,
        )


def _is_same_value(stated: str, actual: str) -> bool:
    if stated == actual:
        return True
    try:
        return float(stated.replace("_", "")) == float(actual.replace("_", ""))
    except ValueError:
        # A number against a word says nothing certain.
        booleans = {"True", "False"}
        return not ({stated, actual} <= booleans)


def _results(symbol: Symbol, body: Body, parsed: ParsedDocstring) -> Iterator[Drift]:
    returns = parsed.of(ItemKind.RETURNS)
    yields = parsed.of(ItemKind.YIELDS)
    if symbol.kind is SymbolKind.PROPERTY or parsed.style is DocstringStyle.PLAIN:
        return
    says_something = [
        item
        for item in returns
        if (item.type_name or item.text.split(".")[0]).strip(" .`").lower() not in _SILENT_RETURNS
    ]
    declared = symbol.signature.returns if symbol.signature else None
    if declared not in _NO_RESULTS:
        # What is declared may be returned by those who override it.
        return
    never_returns = not body.returns_value and not body.yields and not body.reraises
    is_plain = not any(_HARMLESS.match(name) is None for name in symbol.decorators)
    if says_something and never_returns and is_plain and not body.raises:
        yield Drift(
            DriftRule.STALE_RETURN, "returns", "nothing is ever returned", says_something[0].line
        )
    if yields and not body.yields and not body.returns_value and is_plain:
        yield Drift(DriftRule.STALE_RETURN, "yields", "nothing is ever yielded", yields[0].line)


def _is_receiver(parameter: Parameter, symbol: Symbol) -> bool:
    if symbol.kind not in {SymbolKind.METHOD, SymbolKind.PROPERTY}:
        return parameter.name in {"self", "cls"}
    return "staticmethod" not in symbol.decorators


def _is_overridden(symbol: Symbol) -> bool:
    return any("abstractmethod" in name or "overload" in name for name in symbol.decorators)

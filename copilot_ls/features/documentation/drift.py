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
from copilot_ls.features.documentation.examples import (
    broken_examples,
    read_examples,
    wrong_keywords,
)
from indexer.model import Parameter, ParameterKind, Symbol, SymbolKind
from indexer.syntax.bodies import Body
from indexer.syntax.docstring import DocstringStyle

_VARIADIC = frozenset({ParameterKind.VARIADIC_POSITIONAL, ParameterKind.VARIADIC_KEYWORD})
_NO_NAMES = frozenset({"self", "cls", "mcs", "mcls", "metacls", "None", "none"})
# Parts that are filled in when the module is imported cannot be read here.
_TEMPLATE = re.compile(
    r"%\(\w+\)s|^\s*\{+\w+\}+\s*$|%s\s*$|\$\{?\w+_doc|_PLACEHOLDER\b", re.MULTILINE
)
# Others are described elsewhere, and the docstring says so.
_ELSEWHERE = re.compile(
    r"\bsame (?:\w+ )?(?:arguments?|parameters?|options?|keywords?|kwargs|args)\b"
    r"|\b(?:other|remaining|all|rest of the) (?:\w+ )?(?:arguments|parameters|options|keywords)"
    r" (?:are|as|see|have|is)\b"
    r"|\b(?:arguments|parameters|options) (?:are|have) (?:the same|described|documented|identical)"
    r"|\bsee\b[^.]{0,60}\b(?:for|about)\b[^.]{0,30}\b(?:arguments|parameters|options)\b",
    re.IGNORECASE,
)
_RECEIVERS = frozenset({"self", "cls", "mcs", "mcls", "metacls", "meta", "klass", "this", "class_"})
_NO_RESULTS = frozenset({None, "None", "NoReturn", "Never", "typing.NoReturn"})
_SILENT = re.compile(r"\W*(?:[LC]\{)?(?:none|nothing|void)?\W*(?::.*)?", re.IGNORECASE)
_AWAITED = re.compile(r"\bdeferred\b|\bcoroutine\b|\bawaitable\b|\bfuture\b", re.IGNORECASE)
_SORTS = {
    "number": r"-?\d[\w.+-]*",
    "bool": r"True|False",
    "none": r"None",
    "text": r"\"[^\"]*\"|'[^']*'",
}
_SIMPLE_TYPES = frozenset(
    {"int", "str", "float", "bool", "bytes", "list", "dict", "tuple", "set", "complex"}
)
_TYPE_WORDS = {
    "string": "str",
    "integer": "int",
    "boolean": "bool",
    "dictionary": "dict",
    "double": "float",
}
# Written one for the other by people who know the difference.
_ALIKE = (
    {"int", "float"}, {"int", "bool"}, {"list", "tuple"}, {"float", "complex"}, {"list", "set"}
)  # fmt: skip
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
    BROKEN_EXAMPLE = "broken-example"
    STALE_EXAMPLE = "stale-example"


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
    if ">>>" in body.docstring.text:
        found += _examples(symbol, body.docstring.text)
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
    said = {name for item in parsed.of(ItemKind.PARAMETER) for name in item.names}
    if said <= known - {each.name for each in constructor.signature.parameters}:
        # What is listed are the fields, not what the constructor takes.
        return []
    drifts = _parameters(constructor, constructor.signature.parameters, parsed)
    return [drift for drift in drifts if drift.name not in known]


def check_record(body: Body, fields: Sequence[Symbol], members: Sequence[str]) -> list[Drift]:
    """Hold what a class's docstring lists against the fields that make its constructor.

    For dataclasses and their like, without bases that could bring further fields. ``fields`` are
    the public ones; which of them are described is their authors' choice.
    """
    if body.docstring is None or _TEMPLATE.search(body.docstring.text):
        return []
    parsed = parse_docstring(body.docstring.text)
    items = [*parsed.of(ItemKind.ATTRIBUTE), *parsed.of(ItemKind.PARAMETER)]
    said = {name.partition(".")[0]: item for item in items for name in item.names}
    if not fields or not said:
        return []
    names = [each.name for each in fields]
    missing = [name for name in names if name not in said]
    found: list[Drift] = []
    for name, item in said.items():
        if name in members or name[0] == "_" or not item.is_sure:
            continue
        near = _nearest(name, missing)
        if near:
            missing.remove(near)
            message = f"`{name}` is called `{near}` in the code"
            found.append(Drift(DriftRule.RENAMED_PARAMETER, name, message, item.line, near))
        else:
            message = f"there is no field `{name}`"
            found.append(Drift(DriftRule.STALE_PARAMETER, name, message, item.line))
    return sorted(found, key=lambda drift: (drift.line, drift.rule, drift.name))


def _parameters(
    symbol: Symbol, declared: Sequence[Parameter], parsed: ParsedDocstring
) -> Iterator[Drift]:
    if any(_HARMLESS.match(name) is None for name in symbol.decorators):
        # A decorator may add and remove parameters.
        return
    documented = parsed.of(ItemKind.PARAMETER)
    if not parsed.has_parameters or not documented:
        return
    own = [
        p for i, p in enumerate(declared) if not (i == 0 and _is_receiver(p, symbol, documented))
    ]
    names = {parameter.name for parameter in own}
    plain = [p for p in own if p.kind not in _VARIADIC]
    takes_any = any(p.kind is ParameterKind.VARIADIC_KEYWORD for p in own)
    takes_more = any(p.kind is ParameterKind.VARIADIC_POSITIONAL for p in own)
    said: dict[str, Item] = {}
    for item in documented:
        for name in item.names:
            said.setdefault(name.partition(".")[0], item)
    stale = [
        name
        for name, item in said.items()
        if item.is_sure and name not in names and name not in _NO_NAMES and name[0] != "_"
    ]
    missing = [p for p in plain if p.name not in said and not p.name.startswith("_")]
    if takes_any or takes_more:
        # Whatever else is listed may be taken from ``*args``; unless it is a name misspelt.
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
    if _is_selective(parsed, len(missing), len(said)):
        missing = []
    if parsed.style is not DocstringStyle.NUMPY:
        # What the parser did not understand is described all the same.
        missing = [
            p for p in missing if p.name not in parsed.named and not _has_a_line(p.name, parsed)
        ]
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
            yield from _default(parameter, known, [p.name for p in own if p is not parameter])
            yield from _type(parameter, known)


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


def _default(parameter: Parameter, item: Item, others: Sequence[str]) -> Iterator[Drift]:
    """A plain default that the docstring states otherwise."""
    stated, actual = item.default, parameter.default
    if stated is None or _speaks_of_others(item, others):
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
    if _differ(stated, actual):
        yield Drift(
            DriftRule.WRONG_DEFAULT,
            parameter.name,
            f"the default of `{parameter.name}` is {actual}, the docstring says {stated}",
            item.line,
            actual,
        )


def _speaks_of_others(item: Item, others: Sequence[str]) -> bool:
    """Whether the sentence that states a default names another parameter."""
    for sentence in re.split(r"(?<=[.;])\s", f"{item.type_name}; {item.text}"):
        if re.search(r"\bdefault", sentence, re.IGNORECASE):
            return any(re.search(rf"[`*']{re.escape(name)}[`*']", sentence) for name in others)
    return False


def _differ(stated: str, actual: str) -> bool:
    """Whether two literals are certainly not the same; ``None`` stands for what the body makes."""
    sorts = _sort(stated), _sort(actual)
    plain = actual.strip("\"'").lower()
    if "" in sorts or sorts[1] == "none" or plain in {"deprecated", "warn", "none"}:
        return False
    if sorts[0] == "none":
        return sorts[1] in {"number", "bool"}
    if sorts[0] != sorts[1]:
        # 0 and False, 1 and "1": people write one for the other.
        return False
    if sorts[0] == "number":
        try:
            return float(stated.replace("_", "")) != float(actual.replace("_", ""))
        except ValueError:
            return False
    if sorts[0] == "bool":
        return stated != actual
    # A name and its short form are often the same to the function.
    said = stated.strip("\"'").lower().replace("\\\\", "\\")
    return not (said.startswith(plain) or plain.startswith(said))


def _sort(literal: str) -> str:
    for name, pattern in _SORTS.items():
        if re.fullmatch(pattern, literal):
            return name
    return ""


def _type(parameter: Parameter, item: Item) -> Iterator[Drift]:
    """A plain type that is declared otherwise."""
    stated, declared = _plain_type(item.type_name), _plain_type(parameter.annotation or "")
    if not stated or not declared or stated == declared or {stated, declared} in _ALIKE:
        return
    yield Drift(
        DriftRule.WRONG_TYPE,
        parameter.name,
        f"`{parameter.name}` is declared as {declared}, the docstring says {stated}",
        item.line,
        parameter.annotation or "",
    )


def _plain_type(text: str) -> str:
    """One of the simple types, if the text names just that; or the empty string."""
    text = re.sub(r",?\s*\b(?:optional|defaults?\b.*)$", "", text.strip(), flags=re.IGNORECASE)
    text = re.sub(r":class:|[`~'\"]", "", text).strip(" ,")
    optional = re.fullmatch(r"(?:typing\.)?Optional\[(.*)\]", text)
    text = optional[1] if optional else text
    text = re.sub(r"\s*\|\s*None$|^None\s*\|\s*|\s+or\s+None$", "", text)
    match = re.fullmatch(r"(?:typing\.|t\.|builtins\.)?(\w+)(\[.*\])?", text)
    if match is None:
        return ""
    name = match[1].lower() if match[1] in {"List", "Dict", "Tuple", "Set"} else match[1]
    name = _TYPE_WORDS.get(name, name)
    return name if name in _SIMPLE_TYPES else ""


def _results(symbol: Symbol, body: Body, parsed: ParsedDocstring) -> Iterator[Drift]:
    returns = parsed.of(ItemKind.RETURNS)
    yields = parsed.of(ItemKind.YIELDS)
    if symbol.kind is SymbolKind.PROPERTY or parsed.style is DocstringStyle.PLAIN:
        return
    if symbol.name == "__init__":
        # What calling the class gives is described there by some.
        return
    says_something = [
        item
        for item in returns
        if not _SILENT.fullmatch(item.type_name or re.split(r"[.,;]\s|[.]$", item.text)[0])
        and not _AWAITED.search(item.text)
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


def _examples(symbol: Symbol, text: str) -> Iterator[Drift]:
    examples = read_examples(text)
    for example, reason in broken_examples(examples):
        shown = example.code.partition("\n")[0]
        yield Drift(
            DriftRule.BROKEN_EXAMPLE, shown, f"`{shown}` does not parse: {reason}", example.line
        )
    for example, keyword in wrong_keywords(symbol, examples):
        yield Drift(
            DriftRule.STALE_EXAMPLE,
            keyword,
            f"the example gives `{keyword}`, which `{symbol.name}` does not take",
            example.line,
        )


def _is_receiver(parameter: Parameter, symbol: Symbol, documented: Sequence[Item]) -> bool:
    if symbol.kind not in {SymbolKind.METHOD, SymbolKind.PROPERTY}:
        return parameter.name in {"self", "cls"}
    if parameter.name.strip("_") in _RECEIVERS:
        return True
    # Methods of an interface may be written without a receiver.
    is_described = any(parameter.name in item.names for item in documented)
    return "staticmethod" not in symbol.decorators and not is_described


def _is_selective(parsed: ParsedDocstring, n_missing: int, n_said: int) -> bool:
    """Whether a docstring chooses to describe some parameters and not the others."""
    is_few = n_missing >= 4 and n_missing > 1.5 * n_said
    return n_missing > 0 and (is_few or _ELSEWHERE.search(parsed.text) is not None)


def _has_a_line(name: str, parsed: ParsedDocstring) -> bool:
    """Whether something that looks like an entry is written in another way than the others."""
    return (
        re.search(rf"^\s*[-+*`:]*\s*{re.escape(name)}\b[^\n]*[:(]", parsed.text, re.MULTILINE)
        is not None
    )


def _is_overridden(symbol: Symbol) -> bool:
    return any("abstractmethod" in name or "overload" in name for name in symbol.decorators)

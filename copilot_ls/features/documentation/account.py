"""What a docstring is going to say of a definition, taken from the code alone. Pure.

Every statement is a fact of the code: the words of a name, a type, a default, the condition
before a ``raise``, what is returned, which attribute is set. Where the authors described the same
parameter elsewhere, their words are taken over (``glossary``).
How it looks is decided by ``render``.
"""

from __future__ import annotations

import builtins
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from copilot_ls.features.documentation import words
from copilot_ls.features.documentation.glossary import Glossary
from indexer.model import Parameter, ParameterKind, Symbol, SymbolKind
from indexer.syntax.behaviour import Behaviour, Circumstance, Raise, Result

_QUOTES = "\"'"
_MAX_CODE = 60
_MAX_MESSAGE = 90
_MAX_SETS = 5
_BUILTINS = frozenset(dir(builtins)) | {"cast", "typing.cast", "copy", "deepcopy", "field"}
_SIMPLE_DEFAULT = re.compile(
    r"-?\d[\w.]*|True|False|None|'[^'\n]{0,30}'|\"[^\"\n]{0,30}\"|\(\)|\[\]|\{\}|[A-Z][\w.]*"
)
_OPTIONAL = re.compile(r"^(?:typing\.)?Optional\[(.*)\]$|^(.*?)\s*\|\s*None$|^None\s*\|\s*(.*)$")
_BOOLEAN = re.compile(r"^(?:bool|builtins\.bool)$")
_ONE_CLASS = re.compile(r"[A-Z]\w*(?:\.[A-Z]\w*)*")
_GENERIC_NAMES = frozenset({"value", "values", "obj", "data", "item", "items", "x", "y", "args",
                            "kwargs", "result", "results", "other"})  # fmt: skip
_UNITS = {"s": "seconds", "sec": "seconds", "secs": "seconds", "seconds": "seconds",
          "ms": "milliseconds", "us": "microseconds", "ns": "nanoseconds", "minutes": "minutes",
          "hours": "hours", "days": "days", "bytes": "bytes", "mb": "megabytes", "kb": "kilobytes",
          "px": "pixels", "hz": "hertz", "mhz": "megahertz", "dbm": "dBm",
          "percent": "percent", "pct": "percent", "deg": "degrees"}  # fmt: skip
_TYPES_OF_KINDS = {
    "true": "bool",
    "false": "bool",
    "comparison_operator": "bool",
    "not_operator": "bool",
    "string": "str",
    "list": "list",
    "list_comprehension": "list",
    "dictionary": "dict",
    "dictionary_comprehension": "dict",
    "set": "set",
    "set_comprehension": "set",
    "tuple": "tuple",
    "expression_list": "tuple",
}
_DUNDER = {
    "__repr__": "return a representation for debugging",
    "__str__": "return the object as text",
    "__len__": "return the number of items",
    "__iter__": "iterate over the items",
    "__next__": "return the next item",
    "__enter__": "enter the context",
    "__exit__": "leave the context",
    "__aenter__": "enter the context",
    "__aexit__": "leave the context",
    "__eq__": "tell whether both are equal",
    "__ne__": "tell whether both differ",
    "__lt__": "tell whether this comes before the other",
    "__le__": "tell whether this comes before the other or equals it",
    "__gt__": "tell whether this comes after the other",
    "__ge__": "tell whether this comes after the other or equals it",
    "__hash__": "return the hash value",
    "__bool__": "tell whether it counts as true",
    "__contains__": "tell whether something is contained",
    "__getitem__": "return the item at a key",
    "__setitem__": "set the item at a key",
    "__delitem__": "delete the item at a key",
    "__getattr__": "return an attribute that is not found otherwise",
    "__setattr__": "set an attribute",
    "__call__": "call the object",
    "__post_init__": "complete the initialization",
    "__copy__": "return a copy",
    "__deepcopy__": "return a deep copy",
    "__add__": "return the sum",
    "__sub__": "return the difference",
    "__mul__": "return the product",
    "__init_subclass__": "prepare a subclass",
    "__reduce__": "return what pickling needs",
}


@dataclass(frozen=True, slots=True)
class Said:
    """One entry: what is said of a parameter, a result or an error.

    ``is_bare`` means that the text says hardly more than the name.
    """

    name: str
    text: str
    type_name: str = ""
    default: str = ""
    is_bare: bool = False


@dataclass(frozen=True, slots=True)
class Account:
    """All that a docstring says. ``verb`` begins the summary, in the imperative, if there is one.

    ``result`` and ``yielded`` are absent if nothing is returned or yielded.
    """

    summary: str
    verb: str = ""
    paragraphs: tuple[str, ...] = ()
    parameters: tuple[Said, ...] = ()
    attributes: tuple[Said, ...] = ()
    result: Said | None = None
    yielded: Said | None = None
    raises: tuple[Said, ...] = ()


@dataclass(frozen=True, slots=True)
class Context:
    """What is known around a definition.

    ``symbols`` are those of its file by qualified name; ``behaviours`` what its functions do;
    ``mark`` is what stands around code, such as a backtick.
    """

    glossary: Glossary = field(default_factory=Glossary)
    symbols: Mapping[str, Symbol] = field(default_factory=dict)
    behaviours: Mapping[str, Behaviour] = field(default_factory=dict)
    mark: str = "`"

    def code(self, text: str) -> str:
        return f"{self.mark}{text}{self.mark}"


def own_parameters(symbol: Symbol) -> list[Parameter]:
    """The parameters that a caller gives."""
    declared = list(symbol.signature.parameters) if symbol.signature else []
    is_bound = symbol.kind in {SymbolKind.METHOD, SymbolKind.PROPERTY}
    if is_bound and "staticmethod" not in symbol.decorators and declared:
        first = declared[0]
        if first.kind in {ParameterKind.POSITIONAL_OR_KEYWORD, ParameterKind.POSITIONAL_ONLY}:
            declared = declared[1:]
    return [each for each in declared if each.name.strip("_")]


def starred(parameter: Parameter) -> str:
    """The name as a signature shows it: ``*args``, ``**kwargs``."""
    stars = {ParameterKind.VARIADIC_POSITIONAL: "*", ParameterKind.VARIADIC_KEYWORD: "**"}
    return stars.get(parameter.kind, "") + parameter.name


def describe_function(symbol: Symbol, behaviour: Behaviour, context: Context) -> Account:
    """Say what a function or method takes, gives and does."""
    parameters = own_parameters(symbol)
    verb, summary = _summary(symbol, behaviour, parameters, context)
    result, yielded = _results(symbol, behaviour, context)
    is_property = symbol.kind is SymbolKind.PROPERTY
    return Account(
        summary=summary,
        verb=verb,
        paragraphs=tuple(_paragraphs(symbol, behaviour, context)),
        parameters=tuple(_parameter(each, symbol, behaviour, context) for each in parameters),
        result=None if is_property or symbol.name == "__init__" else result,
        yielded=yielded,
        raises=tuple(_raises(symbol, behaviour, context)),
    )


def describe_class(
    symbol: Symbol,
    fields: Sequence[Symbol],
    constructor: Account | None,
    context: Context,
) -> Account:
    """Say what a class is and holds; ``constructor`` if its parameters are described there."""
    name = words.noun_phrase(words.words_of(symbol.name), definite=False)
    bases = [base for base in symbol.bases if base not in {"object", "ABC", "Protocol", "Generic"}]
    bases = [base for base in bases if not base.startswith(("Generic[", "Protocol[", "typing."))]
    summary = f"{name}"
    if symbol.kind is SymbolKind.ENUM:
        summary = f"kinds of {' '.join(words.words_of(symbol.name))}"
    elif bases:
        summary += f", a kind of {words.enumerated([context.code(base) for base in bases[:3]])}"
    attributes = tuple(_attribute(each, symbol, context) for each in fields)
    return Account(
        summary=summary,
        parameters=constructor.parameters if constructor else (),
        attributes=attributes,
        raises=constructor.raises if constructor else (),
    )


def describe_module(path: str, symbols: Sequence[Symbol], context: Context) -> Account:
    """Say what a module defines."""
    name = path.rpartition("/")[2].removesuffix(".py")
    if name in {"__init__", "__main__"}:
        name = path.rpartition("/")[0].rpartition("/")[2] or name
    public = [
        each
        for each in symbols
        if not each.parent
        and each.is_public
        and each.kind
        in {SymbolKind.CLASS, SymbolKind.ENUM, SymbolKind.INTERFACE, SymbolKind.FUNCTION}
    ]
    title = " ".join(words.words_of(name))
    if not public:
        return Account(summary=title)
    classes = [context.code(each.name) for each in public if each.kind is not SymbolKind.FUNCTION]
    functions = [context.code(each.name) for each in public if each.kind is SymbolKind.FUNCTION]
    named = (classes + functions)[:5]
    more = len(classes) + len(functions) - len(named)
    if more:
        named.append(f"{more} more")
    return Account(summary=f"{title}: {words.enumerated(named)}")


def _summary(
    symbol: Symbol, behaviour: Behaviour, parameters: Sequence[Parameter], context: Context
) -> tuple[str, str]:
    """The verb, if there is one, and the rest of the sentence."""
    owner = symbol.parent.rpartition(".")[2]
    name = symbol.name
    if name == "__init__":
        return "initialize", f"the {' '.join(words.words_of(owner, spelled_out=False))}"
    if name in _DUNDER:
        verb, _, what = _DUNDER[name].partition(" ")
        return verb, what
    found = words.words_of(name)
    plain = words.words_of(name, spelled_out=False)
    if not found:
        return "", name
    first = plain[0].lower()
    rest = found[1:] if found[0].lower() == first else found
    if symbol.kind is SymbolKind.PROPERTY:
        if words.is_predicate(first):
            return "", f"whether {_predicate(first, rest, owner)}"
        return "", words.noun_phrase(found)
    if words.is_predicate(first) and len(plain) > 1:
        return "tell", f"whether {_predicate(first, rest, _subject(parameters, owner, context))}"
    if first == "test":
        return "check", words.noun_phrase(rest) if rest else "that it works"
    if first in {"from", "of"} and owner:
        return "create", f"a {context.code(owner)} from {words.noun_phrase(rest) or 'other data'}"
    if first in {"to", "as"} and owner:
        what = " ".join(words.words_of(owner))
        return "convert", f"the {what} to {words.noun_phrase(rest, definite=False)}"
    if first == "on" and rest:
        return "handle", words.noun_phrase(rest)
    if first == "main" and len(plain) == 1:
        return "run", "the program"
    is_thing = words.is_noun_too(first) and (
        plain[1:2] == ["of"] or (len(plain) == 1 and not parameters)
    )
    if words.is_verb(first) and not is_thing:
        return _verb_phrase(first, rest, symbol, parameters, context)
    if "to" in plain[1:-1] and "to" not in plain[0]:
        at = found.index("to")
        return "convert", (
            f"{words.noun_phrase(found[:at], definite=False)} to "
            f"{words.noun_phrase(found[at + 1 :], definite=False)}"
        )
    return _noun_summary(found, symbol, behaviour, parameters, context)


def _verb_phrase(
    verb: str,
    rest: Sequence[str],
    symbol: Symbol,
    parameters: Sequence[Parameter],
    context: Context,
) -> tuple[str, str]:
    verb = {"get": "return", "init": "initialize", "initialise": "initialize"}.get(verb, verb)
    owner = symbol.parent.rpartition(".")[2]
    if rest:
        return verb, words.noun_phrase(rest)
    given = [context.code(each.name) for each in parameters if not each.optional][:2]
    if verb == "return":
        returned = _bare(symbol.signature.returns or "") if symbol.signature else ""
        what = context.code(returned) if _ONE_CLASS.fullmatch(returned) else "value"
        return verb, f"the {what} for {words.enumerated(given)}" if given else f"the {what}"
    if given:
        return verb, given[0]
    return verb, f"the {' '.join(words.words_of(owner))}" if owner else "everything"


def _noun_summary(
    found: Sequence[str],
    symbol: Symbol,
    behaviour: Behaviour,
    parameters: Sequence[Parameter],
    context: Context,
) -> tuple[str, str]:
    """A name without a verb: what is done is read from the body."""
    returned = _bare(symbol.signature.returns or "") if symbol.signature else ""
    is_quality = len(found) == 1 and words.is_adjective(found[0])
    if is_quality and _ONE_CLASS.fullmatch(returned):
        # ``_bounded() -> DataValidation``
        found = [*found, *words.words_of(returned)]
    elif is_quality:
        found = [*found, "value"]
    phrase = words.noun_phrase(found)
    required = [each for each in parameters if not each.optional]
    if required and required[0].name not in symbol.name:
        phrase += f" for {words.enumerated([context.code(each.name) for each in required[:2]])}"
    returns = symbol.signature.returns if symbol.signature else None
    if behaviour.yields:
        return "yield", phrase
    if any(each.kind != "none" for each in behaviour.returns) or (
        returns not in {None, "None"} and not behaviour.has_return
    ):
        return "return", phrase
    if behaviour.sets:
        attributes = [context.code(each) for each in behaviour.sets[:_MAX_SETS]]
        return "set", words.enumerated(attributes)
    called = list(
        dict.fromkeys(
            call.callee.rpartition(".")[2]
            for call in behaviour.calls
            if re.fullmatch(r"[\w.]+", call.callee) and call.callee not in _BUILTINS
        )
    )
    if called:
        named = words.enumerated([context.code(each) for each in called[:3]])
        return "call", f"{named} for {words.noun_phrase(found)}"
    return "", words.noun_phrase(found)


def _subject(parameters: Sequence[Parameter], owner: str, context: Context) -> str:
    if parameters and not parameters[0].optional:
        return context.code(parameters[0].name)
    return f"the {' '.join(words.words_of(owner))}" if owner else "it"


def _predicate(first: str, rest: Sequence[str], subject: str) -> str:
    subject = (
        subject
        if subject.startswith(("`", "the ", "it"))
        else (f"the {' '.join(words.words_of(subject))}" if subject else "it")
    )
    said = " ".join(rest)
    if first in {"is", "are", "was", "were"}:
        return f"{subject} is {said}" if said else f"{subject} is so"
    return f"{subject} {first} {said}".rstrip()


def _paragraphs(symbol: Symbol, behaviour: Behaviour, context: Context) -> Iterator[str]:
    """Side effects, and errors that come from the functions that are called."""
    sentences: list[str] = []
    if symbol.name != "__init__" and behaviour.sets and symbol.kind is not SymbolKind.PROPERTY:
        shown = [context.code(name) for name in behaviour.sets[:_MAX_SETS]]
        more = len(behaviour.sets) - len(shown)
        if more:
            shown.append(f"{more} more attributes")
        sentences.append(f"Sets {words.enumerated(shown)}.")
    passing = _passing(symbol, behaviour, context)
    direct = {each.name for each in behaviour.raises}
    told = [
        f"{context.code(error)} of {context.code(callee)}"
        for error, callee in passing.items()
        if error not in direct
    ]
    if told:
        verb = "passes" if len(told) == 1 else "pass"
        sentences.append(f"{words.enumerated(told[:4])} {verb} through.")
    if sentences:
        yield " ".join(sentences)


def _passing(
    symbol: Symbol, behaviour: Behaviour, context: Context, depth: int = 0
) -> dict[str, str]:
    """Errors that functions of the same file raise when they are called, and which function."""
    found: dict[str, str] = {}
    for call in behaviour.calls:
        target = _resolved(call.callee, symbol, context)
        other = context.behaviours.get(target)
        if other is None or target == symbol.qualified_name or "Exception" in call.stopped:
            continue
        shown = target.rpartition(".")[2]
        errors = {each.name: shown for each in other.raises if not each.is_made}
        if depth < 2 and target in context.symbols:
            deeper = _passing(context.symbols[target], other, context, depth + 1)
            errors.update({name: shown for name in deeper if name not in errors})
        for name in errors:
            if name.rpartition(".")[2] not in call.stopped and name != "NotImplementedError":
                found.setdefault(name, shown)
    return found


def _resolved(callee: str, symbol: Symbol, context: Context) -> str:
    """The qualified name in the same file of what is called, or the empty string."""
    receiver, _, name = callee.rpartition(".")
    if receiver in {"self", "cls"}:
        owner = symbol.parent
        return f"{owner}.{name}" if f"{owner}.{name}" in context.symbols else ""
    if not receiver:
        for scope in (f"{symbol.qualified_name}.", ""):
            if f"{scope}{name}" in context.symbols:
                return f"{scope}{name}"
    return callee if receiver and callee in context.symbols else ""


def _parameter(
    parameter: Parameter, symbol: Symbol, behaviour: Behaviour, context: Context
) -> Said:
    type_name = _type(parameter)
    default = _default(parameter, behaviour)
    known = frozenset(each.name for each in own_parameters(symbol)) | {"self"}
    handed = [
        call.callee
        for call in behaviour.calls
        if any(value.lstrip("*") == parameter.name for _, value in call.arguments)
    ]
    text = context.glossary.find(parameter, symbol, known=known, handed_to=handed)
    text = text or words.sentence(behaviour.comments.get(parameter.name, ""))
    is_told = bool(text) or bool(_from_name(parameter, symbol, context))
    text = text or _from_facts(parameter, symbol, behaviour, context)
    return Said(starred(parameter), text, type_name, default, is_bare=not is_told)


def _from_facts(
    parameter: Parameter, symbol: Symbol, behaviour: Behaviour, context: Context
) -> str:
    if parameter.kind is ParameterKind.VARIADIC_KEYWORD:
        return _forwarded(parameter, behaviour, context, "keyword arguments")
    if parameter.kind is ParameterKind.VARIADIC_POSITIONAL:
        return _forwarded(parameter, behaviour, context, "positional arguments")
    text = _from_name(parameter, symbol, context) or _from_use(parameter, behaviour, context)
    fallback = behaviour.fallbacks.get(parameter.name, "")
    if fallback and len(fallback) <= _MAX_CODE and "`" not in fallback:
        text = f"{text.rstrip('.')}; {context.code(fallback)} if it is {context.code('None')}."
    return text


def _from_use(parameter: Parameter, behaviour: Behaviour, context: Context) -> str:
    """A name that stands for itself: its type, and which function gets it."""
    text = words.noun_phrase(words.words_of(parameter.name)) or parameter.name
    annotation = _bare(parameter.annotation or "")
    if annotation and len(annotation) <= _MAX_CODE and "`" not in annotation:
        text += f" ({context.code(annotation)})"
    takers = [
        call.callee
        for call in behaviour.calls
        if any(value.lstrip("*") == parameter.name for _, value in call.arguments)
        and re.fullmatch(r"[\w.]+", call.callee)
        and call.callee not in _BUILTINS
        and not call.callee.rpartition(".")[2][:1].isupper()
    ]
    if len(set(takers)) == 1:
        text += f", for {context.code(takers[0])}"
    return words.sentence(text)


def _forwarded(parameter: Parameter, behaviour: Behaviour, context: Context, what: str) -> str:
    for call in behaviour.calls:
        if any(value == starred(parameter) for _, value in call.arguments):
            if call.callee.startswith("super("):
                return f"Further {what} for the base class."
            if re.fullmatch(r"[\w.]+", call.callee):
                return f"Further {what} for {context.code(call.callee)}."
    return f"Further {what}."


def _from_name(parameter: Parameter, symbol: Symbol, context: Context) -> str:
    annotation = _bare(parameter.annotation or "")
    plain = words.words_of(parameter.name, spelled_out=False)
    found = words.words_of(parameter.name)
    first = plain[0].lower() if plain else ""
    if _BOOLEAN.match(annotation) or parameter.default in {"True", "False"}:
        return words.sentence(_flag(first, found))
    if re.match(r"^(?:typing\.|collections\.abc\.)?(?:Callable|Awaitable)\b", annotation):
        if first == "on" and len(found) > 1:
            return words.sentence(f"called on {' '.join(found[1:])}")
        return words.sentence(f"function that is called as the {' '.join(found)}")
    if first in {"n", "num", "number", "count"} and len(found) > 1:
        rest = found[1:]
        rest = rest[1:] if rest[0] == "of" else rest
        return words.sentence(f"number of {' '.join(rest)}")
    if first in {"max", "min"} and len(found) > 1:
        extreme = "largest" if first == "max" else "smallest"
        several = "number of " if words.is_plural(found[-1]) else ""
        return words.sentence(f"{extreme} {several}{' '.join(found[1:])}")
    unit = _UNITS.get(plain[-1].lower()) if len(plain) > 1 else None
    # One letter may mean anything, unless it stands behind a number.
    is_measure = plain[-1].lower() not in {"s", "us"} or annotation in {"int", "float"}
    if unit is not None and is_measure:
        return words.sentence(f"{words.noun_phrase(found[:-1])} in {unit}")
    named = _ONE_CLASS.fullmatch(annotation)
    if named and parameter.name.replace("_", "").lower() in annotation.lower():
        return words.sentence(
            f"the {' '.join(found)}, {words.article(annotation)} {context.code(annotation)}"
        )
    if len(found) > 1 and plain[-1].lower() == "id":
        return words.sentence(f"ID of {words.noun_phrase(found[:-1])}")
    if len(found) > 1 and plain[-1].lower() in {"name", "path", "type", "index", "size", "length"}:
        head = found[-1] if plain[-1].lower() != "name" else "name"
        return words.sentence(f"{head} of {words.noun_phrase(found[:-1])}")
    if parameter.name in _GENERIC_NAMES or len(parameter.name) < 3:
        return _generic(parameter, symbol, annotation, context)
    return ""


def _generic(parameter: Parameter, symbol: Symbol, annotation: str, context: Context) -> str:
    """A name that says nothing: its type and the function's verb say a little more."""
    verb = words.words_of(symbol.name)[:1]
    if parameter.name == "other":
        return "What it is compared or combined with."
    if _ONE_CLASS.fullmatch(annotation):
        return f"The {context.code(annotation)}{_doing(verb)}."
    if verb and words.is_verb(verb[0]) and not words.outcome(verb):
        return f"What to {verb[0].lower()}."
    return ""


def _doing(verb: Sequence[str]) -> str:
    return f" to {verb[0].lower()}" if verb and words.is_verb(verb[0]) else ""


def _flag(first: str, found: Sequence[str]) -> str:
    said = " ".join(found)
    if words.is_predicate(first):
        rest = found[1:]
        is_thing = first == "is" and rest and not words.is_adjective(rest[-1])
        if is_thing and len(rest) == 1 and not words.is_plural(rest[0]):
            rest = [words.article(rest[0]), *rest]
        return f"whether it {first} {' '.join(rest)}".rstrip()
    if words.is_verb(first):
        return f"whether to {said}"
    if first in {"with", "without"}:
        return f"whether to work {said}"
    if first in {"no", "not"}:
        return f"whether to do without {' '.join(found[1:])}"
    if len(found) == 1 and words.is_adjective(first):
        return f"whether it is {first}" if first.endswith("ed") else f"whether to be {first}"
    return f"whether {said} {'apply' if words.is_plural(found[-1]) else 'applies'}"


def _type(parameter: Parameter) -> str:
    return _unquoted(parameter.annotation or "")


def _unquoted(annotation: str) -> str:
    """An annotation without the quotes around names; those of literals stay."""
    return annotation if "Literal" in annotation else re.sub("[\"']", "", annotation)


def _bare(annotation: str) -> str:
    annotation = annotation.strip("\"'")
    match = _OPTIONAL.match(annotation)
    return next((group for group in match.groups() if group), annotation) if match else annotation


def _default(parameter: Parameter, behaviour: Behaviour) -> str:
    """A default that tells something; ``None`` stands for what ``fallbacks`` say."""
    default = parameter.default
    if default is None or default == "None" or parameter.name in behaviour.fallbacks:
        return ""
    return default if _SIMPLE_DEFAULT.fullmatch(default) else ""


def _results(
    symbol: Symbol, behaviour: Behaviour, context: Context
) -> tuple[Said | None, Said | None]:
    returns = _unquoted(symbol.signature.returns or "") if symbol.signature else ""
    yielded = None
    if behaviour.yields:
        said = _value(behaviour.yields[0], symbol, context, is_each=True)
        yielded = Said("", words.sentence(said), _yield_type(returns))
        values = [each for each in behaviour.returns if each.kind != "none"]
        if not values:
            return None, yielded
        returns = _return_type(returns)
    elif not behaviour.has_return and returns in {
        "",
        "None",
        "NoReturn",
        "typing.NoReturn",
        "Never",
    }:
        return None, None
    elif returns in {"None", "NoReturn"}:
        return None, yielded
    said = _result(symbol, behaviour, context, returns)
    if said == context.code("None"):
        returns = "None"
    return Said("", words.sentence(said), returns or _evident_type(behaviour)), yielded


def _evident_type(behaviour: Behaviour) -> str:
    """The type of what is returned, where every ``return`` shows it."""
    found = {_TYPES_OF_KINDS.get(each.kind, "") for each in behaviour.returns}
    return found.pop() if len(found) == 1 else ""


def _result(symbol: Symbol, behaviour: Behaviour, context: Context, returns: str) -> str:
    values = [each for each in behaviour.returns if each.kind != "none"]
    nothing = [each for each in behaviour.returns if each.kind == "none"]
    if not values:
        if behaviour.has_return and returns in {"", "None"}:
            return context.code("None")
        return _typed(symbol, returns, context)
    first = words.words_of(symbol.name, spelled_out=False)[:1]
    truths = all(each.kind in {"true", "false"} for each in values)
    is_question = bool(first) and words.is_predicate(first[0])
    if _BOOLEAN.match(returns) or truths or is_question:
        said = _truth(symbol, values, context)
    else:
        said = _value(_telling(values), symbol, context)
    if nothing and not _BOOLEAN.match(returns):
        said += f", or {context.code('None')}"
        condition = nothing[0].when
        if len(nothing) == 1 and not condition.negated and _can_be_shown(condition.condition):
            said += f" if {context.code(condition.condition)}"
    return said


def _can_be_shown(code: str) -> bool:
    return 0 < len(code) <= _MAX_CODE and "`" not in code and "\\" not in code


def _truth(symbol: Symbol, values: Sequence[Result], context: Context) -> str:
    owner = symbol.parent.rpartition(".")[2]
    found = words.words_of(symbol.name)
    first = found[0].lower() if found else ""
    if words.is_predicate(first) and len(found) > 1:
        subject = _subject(own_parameters(symbol), owner, context)
        return f"{context.code('True')} if {_predicate(first, found[1:], subject)}"
    affirmed = [each.when for each in values if each.kind == "true"]
    if len(affirmed) == 1 and affirmed[0].condition and not affirmed[0].negated:
        condition = affirmed[0].condition
        if len(condition) <= _MAX_CODE and "`" not in condition:
            return f"{context.code('True')} if {context.code(condition)}"
    single = values[0].text if len(values) == 1 else ""
    if 0 < len(single) <= _MAX_CODE and "`" not in single and single not in {"True", "False"}:
        return f"the truth of {context.code(single)}"
    return f"{context.code('True')} or {context.code('False')}"


def _telling(values: Sequence[Result]) -> Result:
    """The value that says most: the last one that is no mere literal."""
    for each in reversed(values):
        if each.kind not in {"string", "integer", "float", "list", "dictionary", "true", "false"}:
            return each
    return values[-1]


def _value(result: Result, symbol: Symbol, context: Context, *, is_each: bool = False) -> str:
    article = "each" if is_each else "the"
    match result.kind:
        case "identifier":
            if result.text in {"self", "cls"}:
                return context.code(result.text)
            found = words.words_of(result.text)
            if result.text in _GENERIC_NAMES or len(result.text) < 3:
                found = words.outcome(words.words_of(symbol.name)) or found
            if is_each and found and words.is_plural(found[-1]):
                article = "some of the"
            parameters = {each.name for each in own_parameters(symbol)}
            if result.text in parameters:
                return context.code(result.text)
            return f"{article} {' '.join(found)}"
        case "attribute":
            return f"{article} {' '.join(words.words_of(result.text.rpartition('.')[2]))}"
        case "tuple" | "expression_list" if 1 < len(result.items) <= 4:
            items = [_item(each) for each in result.items]
            if all(items):
                return f"{words.enumerated(items)}"
        case "call":
            return _called(result, symbol, context, is_each=is_each)
        case "list_comprehension":
            return f"a list of {' '.join(words.outcome(words.words_of(symbol.name))) or 'results'}"
        case "dictionary" | "dictionary_comprehension":
            about = " ".join(words.outcome(words.words_of(symbol.name)))
            return f"a dictionary of {about}" if about else "a dictionary"
        case _:
            pass
    return _typed(symbol, "", context)


def _called(result: Result, symbol: Symbol, context: Context, *, is_each: bool) -> str:
    callee = result.callee
    last = callee.rpartition(".")[2]
    if last.lstrip("_")[:1].isupper() and re.fullmatch(r"[\w.]+", callee):
        return f"{'each' if is_each else 'a new'} {context.code(last)}"
    if callee in {"cls", "type(self)", "self.__class__"}:
        return f"a new {context.code(symbol.parent.rpartition('.')[2] or 'instance')}"
    about = words.outcome(words.words_of(symbol.name))
    if about:
        return f"{'each of ' if is_each else ''}the {' '.join(about)}"
    if re.fullmatch(r"[\w.]+", callee) and not (symbol.signature and symbol.signature.returns):
        return f"what {context.code(callee)} returns"
    return _typed(symbol, "", context)


def _item(text: str) -> str:
    last = text.rpartition(".")[2]
    if not re.fullmatch(r"[A-Za-z_]\w*", last):
        return ""
    return f"the {' '.join(words.words_of(last))}"


def _typed(symbol: Symbol, returns: str, context: Context) -> str:
    about = words.outcome(words.words_of(symbol.name))
    if about:
        return f"the {' '.join(about)}"
    declared = returns or ((symbol.signature.returns or "") if symbol.signature else "")
    if declared and "`" not in declared:
        return f"{words.article(declared)} {context.code(declared.strip(_QUOTES))}"
    return "the result"


def _yield_type(returns: str) -> str:
    match = re.match(r"^[\w.]*(?:Iterator|Iterable|Generator)\[(.*)\]$", returns)
    return _first_argument(match[1]) if match else ""


def _return_type(returns: str) -> str:
    match = re.match(r"^[\w.]*Generator\[(.*)\]$", returns)
    return match[1].rpartition(",")[2].strip() if match else returns


def _first_argument(text: str) -> str:
    depth = 0
    for position, character in enumerate(text):
        depth += (character in "[(") - (character in "])")
        if character == "," and depth == 0:
            return text[:position].strip()
    return text.strip()


def _attribute(attribute: Symbol, owner: Symbol, context: Context) -> Said:
    parameter = Parameter(attribute.name, annotation=attribute.annotation)
    text = context.glossary.find(parameter, owner, known=frozenset())
    return Said(
        attribute.name,
        text or _from_name(parameter, owner, context) or _from_use(parameter, Behaviour(), context),
        _unquoted(attribute.annotation or ""),
    )


def _raises(symbol: Symbol, behaviour: Behaviour, context: Context) -> Iterator[Said]:
    """One entry for each error, with the circumstances of all places that raise it."""
    by_name: dict[str, list[Raise]] = {}
    for each in behaviour.raises:
        name = each.name
        if each.is_made:
            name = _made(each.name, symbol, context)
        if name:
            by_name.setdefault(name, []).append(each)
    for name, places in by_name.items():
        told = list(dict.fromkeys(filter(None, (_circumstance(each, context) for each in places))))
        if not told:
            told = ["if it cannot go on"]
        yield Said(name, words.sentence(_joined(told[:3])))


def _joined(told: Sequence[str]) -> str:
    """Join circumstances; those that begin alike share the first word."""
    if all(each.startswith("if ") for each in told):
        return f"if {words.enumerated([each.removeprefix('if ') for each in told], joint='or')}"
    return words.enumerated(told, joint="or")


def _circumstance(place: Raise, context: Context) -> str:
    if place.is_passed_on:
        return "passed on after it was caught inside"
    when = _when(place.when, context).strip()
    # The author's own words to whoever gets the error.
    message = re.sub(r"\{([\w.]+)(?:![rsa])?(?::[^{}]*)?\}", r"\1", place.message).rstrip(". ")
    if len(message) > _MAX_MESSAGE or " " not in message or re.search(r'[{}"\\`]', message):
        return when
    return f"{when} ({message})" if when else f'with the message "{message}"'


def _when(when: Circumstance, context: Context) -> str:
    condition = when.condition
    if _can_be_shown(condition):
        word = "unless" if when.negated else "if"
        return f" {word} {context.code(condition)}"
    if when.caught:
        caught = [context.code(each.rpartition(".")[2]) for each in when.caught[:3]]
        return f" if {words.enumerated(caught, joint='or')} is caught inside"
    if when.is_last:
        return " if nothing before applies"
    return ""


def _made(callee: str, symbol: Symbol, context: Context) -> str:
    """The error that a function of the same file makes, by what it says it returns."""
    target = context.symbols.get(_resolved(callee, symbol, context))
    if target is None or target.signature is None:
        return ""
    returned = (target.signature.returns or "").strip("\"'")
    return returned if re.fullmatch(r"[\w.]+", returned) else ""

"""From a definition to its account: what a function, a class or a module is said to do. Pure.

Where the authors described the same parameter elsewhere, their words are taken over
(``glossary``); everything else are facts of the code.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from copilot_ls.features.documentation import words
from copilot_ls.features.documentation.account import (
    BUILTINS,
    ONE_CLASS,
    Account,
    Context,
    bare_type,
    own_parameters,
    predicate_of,
    resolved,
    subject_of,
)
from copilot_ls.features.documentation.describe_parameters import (
    describe_attribute,
    describe_parameter,
)
from copilot_ls.features.documentation.describe_results import describe_raises, describe_results
from indexer.model import Parameter, Symbol, SymbolKind
from indexer.syntax.behaviour import Behaviour

_MAX_SETS = 5
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


def describe_function(symbol: Symbol, behaviour: Behaviour, context: Context) -> Account:
    """Say what a function or method takes, gives and does."""
    parameters = own_parameters(symbol)
    verb, summary = _summary(symbol, behaviour, parameters, context)
    result, yielded = describe_results(symbol, behaviour, context)
    is_property = symbol.kind is SymbolKind.PROPERTY
    return Account(
        summary=summary,
        verb=verb,
        paragraphs=tuple(_paragraphs(symbol, behaviour, context)),
        parameters=tuple(
            describe_parameter(each, symbol, behaviour, context) for each in parameters
        ),
        result=None if is_property or symbol.name == "__init__" else result,
        yielded=yielded,
        raises=tuple(describe_raises(symbol, behaviour, context)),
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
    attributes = tuple(describe_attribute(each, symbol, context) for each in fields)
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
            return "", f"whether {predicate_of(first, rest, owner)}"
        return "", words.noun_phrase(found)
    if words.is_predicate(first) and len(plain) > 1:
        return (
            "tell",
            f"whether {predicate_of(first, rest, subject_of(parameters, owner, context))}",
        )
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
    if "to" in plain[1:-1]:
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
        returned = bare_type(symbol.signature.returns or "") if symbol.signature else ""
        what = context.code(returned) if ONE_CLASS.fullmatch(returned) else "value"
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
    returned = bare_type(symbol.signature.returns or "") if symbol.signature else ""
    is_quality = len(found) == 1 and words.is_adjective(found[0])
    if is_quality and ONE_CLASS.fullmatch(returned):
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
            if re.fullmatch(r"[\w.]+", call.callee) and call.callee not in BUILTINS
        )
    )
    if called:
        named = words.enumerated([context.code(each) for each in called[:3]])
        return "call", f"{named} for {words.noun_phrase(found)}"
    return "", words.noun_phrase(found)


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
        target = resolved(call.callee, symbol, context)
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

"""What is said of results and errors: what is returned, and when something is raised. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from copilot_ls.features.documentation import words
from copilot_ls.features.documentation.account import (
    BOOLEAN,
    GENERIC_NAMES,
    MAX_CODE,
    QUOTES,
    Context,
    Said,
    can_be_shown,
    own_parameters,
    predicate_of,
    resolved,
    subject_of,
    unquoted,
)
from indexer.model import Symbol
from indexer.syntax.behaviour import Behaviour, Circumstance, Raise, Result

_MAX_MESSAGE = 90
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


def describe_results(
    symbol: Symbol, behaviour: Behaviour, context: Context
) -> tuple[Said | None, Said | None]:
    """Say what is returned and what is yielded; nothing of what never is."""
    returns = unquoted(symbol.signature.returns or "") if symbol.signature else ""
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
    if BOOLEAN.match(returns) or truths or is_question:
        said = _truth(symbol, values, context)
    else:
        said = _value(_telling(values), symbol, context)
    if nothing and not BOOLEAN.match(returns):
        said += f", or {context.code('None')}"
        condition = nothing[0].when
        is_whole = not condition.negated and not condition.is_further
        if len(nothing) == 1 and is_whole and can_be_shown(condition.condition):
            said += f" if {context.code(condition.condition)}"
    return said


def _truth(symbol: Symbol, values: Sequence[Result], context: Context) -> str:
    owner = symbol.parent.rpartition(".")[2]
    found = words.words_of(symbol.name)
    first = found[0].lower() if found else ""
    if words.is_predicate(first) and len(found) > 1:
        subject = subject_of(own_parameters(symbol), owner, context)
        return f"{context.code('True')} if {predicate_of(first, found[1:], subject)}"
    affirmed = [each.when for each in values if each.kind == "true"]
    if len(affirmed) == 1 and affirmed[0].condition and not affirmed[0].negated:
        condition = affirmed[0].condition
        if len(condition) <= MAX_CODE and "`" not in condition:
            return f"{context.code('True')} if {context.code(condition)}"
    single = values[0].text if len(values) == 1 else ""
    if 0 < len(single) <= MAX_CODE and "`" not in single and single not in {"True", "False"}:
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
            if result.text in GENERIC_NAMES or len(result.text) < 3:
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
        return f"{words.article(declared)} {context.code(declared.strip(QUOTES))}"
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


def describe_raises(symbol: Symbol, behaviour: Behaviour, context: Context) -> Iterator[Said]:
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
    if can_be_shown(condition):
        word = "unless" if when.negated else "if"
        further = " and no case before applies" if when.is_further else ""
        return f" {word} {context.code(condition)}{further}"
    if when.caught:
        caught = [context.code(each.rpartition(".")[2]) for each in when.caught[:3]]
        return f" if {words.enumerated(caught, joint='or')} is caught inside"
    if when.is_last:
        return " if nothing before applies"
    return ""


def _made(callee: str, symbol: Symbol, context: Context) -> str:
    """The error that a function of the same file makes, by what it says it returns."""
    target = context.symbols.get(resolved(callee, symbol, context))
    if target is None or target.signature is None:
        return ""
    returned = (target.signature.returns or "").strip("\"'")
    return returned if re.fullmatch(r"[\w.]+", returned) else ""

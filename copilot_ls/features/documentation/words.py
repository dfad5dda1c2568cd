"""Names as words: what a name says by itself, in plain English. Pure.

Nothing is invented here: a phrase holds the words of a name, put into an order that reads.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from importlib.resources import files

_WORDS = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+\d*|[A-Z]+\d*|\d+")
_PREDICATES = frozenset(
    {"is", "has", "have", "can", "should", "are", "was", "were", "will", "must", "does", "needs"}
)
_PREPOSITIONS = frozenset(
    {"by", "for", "from", "in", "into", "of", "on", "to", "with", "without", "at", "as", "and",
     "or", "until", "via", "if", "when", "after", "before", "per", "between", "against", "under",
     "over", "using", "not", "out", "up", "down", "off"}
)  # fmt: skip
_DETERMINED = frozenset(
    {"all", "any", "each", "every", "both", "some", "no", "this", "that", "its", "my", "one", "two",
     "it", "them", "us", "self", "only", "multiple", "many"}
)  # fmt: skip
_SHORT_FORMS = {
    "args": "arguments",
    "attr": "attribute",
    "attrs": "attributes",
    "cfg": "configuration",
    "char": "character",
    "chars": "characters",
    "cls": "class",
    "cmd": "command",
    "config": "configuration",
    "conn": "connection",
    "ctx": "context",
    "dest": "destination",
    "dict": "dictionary",
    "dir": "directory",
    "dirs": "directories",
    "dst": "destination",
    "elem": "element",
    "env": "environment",
    "err": "error",
    "expr": "expression",
    "filepath": "file path",
    "fn": "function",
    "func": "function",
    "fname": "file name",
    "filename": "file name",
    "idx": "index",
    "img": "image",
    "init": "initial",
    "kwargs": "keyword arguments",
    "len": "length",
    "loc": "location",
    "msg": "message",
    "num": "number",
    "obj": "object",
    "opts": "options",
    "param": "parameter",
    "params": "parameters",
    "pos": "position",
    "prev": "previous",
    "proc": "process",
    "ptr": "pointer",
    "ref": "reference",
    "refs": "references",
    "regex": "regular expression",
    "repo": "repository",
    "req": "request",
    "resp": "response",
    "src": "source",
    "stmt": "statement",
    "str": "string",
    "tmp": "temporary",
    "val": "value",
    "vals": "values",
    "var": "variable",
    "vars": "variables",
}
_ADJECTIVE_END = re.compile(r"(?:ed|able|ible|ful|ous|ive|ing|less)$")
_DOUBLED = frozenset({"clip", "crop", "format", "pad", "strip", "trim", "unwrap", "wrap"})
_UNCHANGED = {"cast": "cast", "split": "split"}
_IRREGULAR = {"do": "does", "go": "goes", "have": "has", "be": "is"}


_LISTS = {
    name: frozenset(text.split())
    for name, text in tomllib.loads(
        files("copilot_ls.features.documentation").joinpath("words.toml").read_text("utf-8")
    ).items()
}


def words_of(name: str, *, spelled_out: bool = True) -> list[str]:
    """The words of a name in lower case, short forms spelled out."""
    found: list[str] = []
    for word in _WORDS.findall(name):
        lower = word.lower()
        if spelled_out and lower in _SHORT_FORMS:
            found += _SHORT_FORMS[lower].split()
        else:
            found.append(_cased(lower))
    return found


def _cased(word: str) -> str:
    if word in _LISTS["acronyms"]:
        return "IDs" if word == "ids" else "URLs" if word == "urls" else word.upper()
    return word


def is_verb(word: str) -> bool:
    """Whether a word is known as what a function does."""
    return word.lower() in _LISTS["verbs"]


def is_noun_too(word: str) -> bool:
    """Whether a verb is just as often the name of a thing: ``index``, ``name``, ``order``."""
    return word.lower() in _LISTS["nouns_too"]


def is_predicate(word: str) -> bool:
    return word.lower() in _PREDICATES


def third_person(verb: str) -> str:
    """``return`` → ``returns``, ``process`` → ``processes``, ``copy`` → ``copies``."""
    if verb in _IRREGULAR:
        return _IRREGULAR[verb]
    if re.search(r"(?:s|x|z|ch|sh)$", verb):
        return f"{verb}es"
    if re.search(r"[^aeiou]y$", verb):
        return f"{verb[:-1]}ies"
    return f"{verb}s"


def participle(verb: str) -> str:
    """``parse`` → ``parsed``, ``strip`` → ``stripped``; of the verbs that change something."""
    if verb in _UNCHANGED:
        return _UNCHANGED[verb]
    if verb in _DOUBLED:
        return f"{verb}{verb[-1]}ed"
    if verb.endswith("e"):
        return f"{verb}d"
    return f"{verb[:-1]}ied" if re.search(r"[^aeiou]y$", verb) else f"{verb}ed"


def outcome(words: Sequence[str]) -> list[str]:
    """What a function with this name gives: ``parse user`` → ``parsed user``; perhaps nothing."""
    if not words:
        return []
    verb, rest = words[0].lower(), list(words[1:])
    cut = next((n for n, word in enumerate(rest) if word in _PREPOSITIONS), len(rest))
    if rest[:1] and rest[0].lower() in _DETERMINED:
        return []
    if verb in _LISTS["changing"] and rest[:cut]:
        return [participle(verb), *rest[:cut]]
    if verb in _LISTS["making"]:
        return rest[:cut]
    return (
        list(words)
        if not is_verb(verb) and not is_predicate(verb) and verb not in _PREPOSITIONS
        else []
    )


def is_adjective(word: str) -> bool:
    """Whether a word looks like a quality rather than a thing."""
    return word.lower() in _LISTS["adjectives"] or _ADJECTIVE_END.search(word) is not None


def article(text: str) -> str:
    """``a`` or ``an``, whatever marks stand around the word."""
    return "an" if text.lstrip("`*")[:1].lower() in "aeio" else "a"


def is_plural(word: str) -> bool:
    """Whether a noun looks like several."""
    return len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is"))


def noun_phrase(words: Sequence[str], *, definite: bool = True) -> str:
    """Words with an article if they take one: ``the run data``, ``all users``, ``by ID``."""
    if not words:
        return ""
    first = words[0].lower()
    text = " ".join(words)
    if first in _PREPOSITIONS or first in _DETERMINED:
        return text
    if not definite:
        head = next(
            (w for w, n in zip(words, [*words[1:], "of"], strict=True) if n in _PREPOSITIONS),
            words[-1],
        )
        if is_plural(head) or head.lower() in _LISTS["uncountable"]:
            return text
        return f"{article(text)} {text}"
    return f"the {text}"


def sentence(text: str, *, full_stop: bool = True) -> str:
    """Text with a capital letter at its start, unless it starts with code, and a full stop."""
    text = text.strip()
    if not text:
        return ""
    if text[0].isalpha():
        text = text[0].upper() + text[1:]
    if full_stop and text[-1] not in ".!?:":
        text += "."
    return text


def enumerated(items: Sequence[str], *, joint: str = "and") -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    if len(items) < 2:
        return "".join(items)
    return f"{', '.join(items[:-1])} {joint} {items[-1]}"

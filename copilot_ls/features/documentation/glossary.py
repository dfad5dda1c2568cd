"""What a repository already says of its parameters, in its authors' own words. Pure.

A description is taken over where the same name means the same thing: in the same class, in the
same file, in the function that the parameter is handed to, or wherever several authors' places
agree. What it says of other parameters and of defaults is held against the code first.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from copilot_ls.features.documentation.docstring import ItemKind, parse_docstring
from copilot_ls.features.documentation.words import is_verb, words_of
from indexer.model import Parameter, Symbol
from indexer.syntax.bodies import Body

_MAX_CHARS = 240
_SENTENCE_END = re.compile(r"(?<=[.!?])(?<!e\.g\.)(?<!i\.e\.)(?<!etc\.)\s+(?=[A-Z`(])")
_LEAD_IN = re.compile(
    r"[,;]?\s*\b(?:such as|for example|for instance|usage|e\.g\.)\s*$", re.IGNORECASE
)
_TASK = re.compile(r"\s+to (?:be )?([a-z]+?)(?:d|ed)?(\.?)$")
_CODE = re.compile(r"`+([^`\n]+)`+|\*(\w+)\*")
_DEFAULT_CLAUSE = re.compile(
    r"\s*[,;(]?\s*\b(?:by default|defaults? (?:to|is|=)|default:|default=)[^()]*\)?\.?$",
    re.IGNORECASE,
)
_EMPTY = re.compile(r"(?:what|how|which)[ .]*", re.IGNORECASE)
_DEFAULT = re.compile(r"\bdefaults?\b", re.IGNORECASE)
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_PLACE = re.compile(r"\b(?:above|below|see|this (?:function|method|class))\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Described:
    """A parameter's description as it stands somewhere."""

    text: str
    annotation: str
    owner: str
    path: str


@dataclass(frozen=True, slots=True)
class Glossary:
    """Descriptions by the name of the parameter."""

    entries: Mapping[str, tuple[Described, ...]] = field(default_factory=dict)

    def find(
        self,
        parameter: Parameter,
        symbol: Symbol,
        *,
        known: frozenset[str],
        handed_to: Sequence[str] = (),
    ) -> str:
        """The description that fits a parameter of a symbol, or the empty string.

        ``known`` are the names that it may speak of, ``handed_to`` the functions that get it.
        """
        candidates = [
            each
            for each in self.entries.get(parameter.name, ())
            if (each.path, each.owner) != (symbol.path, symbol.qualified_name)
        ]
        for group in self._groups(candidates, parameter, symbol, handed_to):
            for text, _ in Counter(each.text for each in group).most_common():
                fitting = _fitting(text, known)
                content = {word.lower() for word in re.findall(r"\w+", fitting)} - {
                    "the",
                    "a",
                    "an",
                }
                if content - {word.lower() for word in words_of(parameter.name)}:
                    return fitting
        return ""

    def _groups(
        self,
        candidates: Sequence[Described],
        parameter: Parameter,
        symbol: Symbol,
        handed_to: Sequence[str],
    ) -> Iterable[list[Described]]:
        """Candidates from the nearest to the furthest."""
        annotation = parameter.annotation or ""
        alike = [
            each
            for each in candidates
            if not (annotation and each.annotation) or annotation == each.annotation
        ]
        parent = symbol.parent
        yield [each for each in alike if parent and _same_class(each, symbol)]
        last = {name.rpartition(".")[2] for name in handed_to}
        yield [
            each for each in alike if each.owner.rpartition(".")[2] in last and not _is_task(each)
        ]
        yield [each for each in alike if each.path == symbol.path]
        # Elsewhere a name may mean something else, unless several places say the same of it.
        counts = Counter(each.text for each in alike)
        agreed = [each for each in alike if counts[each.text] >= 2]
        if agreed and counts.most_common(1)[0][1] > 0.3 * len(alike):
            yield agreed


def build_glossary(files: Iterable[tuple[str, Iterable[tuple[Symbol, Body]]]]) -> Glossary:
    """Collect descriptions from the documented functions and classes of some files."""
    found: dict[str, list[Described]] = {}
    for path, definitions in files:
        for symbol, body in definitions:
            if body.docstring is None:
                continue
            annotations = {
                parameter.name: parameter.annotation or ""
                for parameter in (symbol.signature.parameters if symbol.signature else ())
            }
            for item in parse_docstring(body.docstring.text).items:
                if item.kind not in {ItemKind.PARAMETER, ItemKind.ATTRIBUTE}:
                    continue
                text = " ".join(item.text.split())
                if len(item.names) == 1 and text:
                    name = item.names[0]
                    entry = Described(text, annotations.get(name, ""), symbol.qualified_name, path)
                    found.setdefault(name, []).append(entry)
    return Glossary({name: tuple(entries) for name, entries in found.items()})


def _same_class(described: Described, symbol: Symbol) -> bool:
    if described.path != symbol.path:
        return False
    return described.owner == symbol.parent or described.owner.startswith(f"{symbol.parent}.")


def _without_task(match: re.Match[str]) -> str:
    """Leave out what another function does with it: ``ID of the user to delete``."""
    return match[2] if is_verb(match[1]) and match[1] != "use" else match[0]


def _is_task(described: Described) -> bool:
    """Whether a description says what its own function does with it: ``the files to check``."""
    verb = words_of(described.owner.rpartition(".")[2])[:1]
    return bool(verb) and re.search(rf"\bto (?:be )?{verb[0]}", described.text) is not None


def _fitting(text: str, known: frozenset[str]) -> str:
    """The sentences of a description that hold here too, from the first on."""
    kept: list[str] = []
    # What a default is, is said from the code.
    # Examples and lists below a description are its own function's.
    for sentence in _SENTENCE_END.split(re.split(r"::|>>>", text)[0]):
        plain = _LEAD_IN.sub("", _DEFAULT_CLAUSE.sub("", sentence))
        part = _TASK.sub(_without_task, plain)
        if len(part.strip(" .,;")) < 3 or _DEFAULT.search(part) or _EMPTY.fullmatch(part):
            continue
        if _PLACE.search(part):
            break
        if not _speaks_of_known(part, known) or part.count("(") != part.count(")"):
            break
        if sum(map(len, kept)) + len(part) > _MAX_CHARS:
            break
        kept.append(part)
    return " ".join(kept)


def _speaks_of_known(text: str, known: frozenset[str]) -> bool:
    for match in _CODE.finditer(text):
        literal = match[1] or match[2]
        names = _IDENTIFIER.findall(re.sub(r"(['\"]).*?\1", "", literal))
        if any(name not in known and not name[:1].isupper() for name in names):
            return False
    return True

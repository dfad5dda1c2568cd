"""Sentences from a chat model for what a name does not tell, each held against the code.

The facts stay those of the code: a model may only say better what a function is for and what a
value means. A sentence that names what the code does not know, or whose words the code hardly
shows, is dropped, and the plain one stays.
"""

from __future__ import annotations

import asyncio
import builtins
import contextlib
import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace

from copilot_ls.domain import Delta
from copilot_ls.features.documentation import words
from copilot_ls.features.documentation.account import Account, Said
from copilot_ls.features.documentation.reading import Definition, DocumentedFile
from copilot_ls.ports import Model
from copilot_ls.prompts.docstring import RETURNS, SUMMARY, docstring_prompt, lines_in
from indexer.model import SymbolKind

_log = logging.getLogger(__name__)
_MAX_ASKED = 12
_MAX_SENTENCE = 160
_MIN_SENTENCE = 8
# So many of the words that carry meaning must be shown by the code.
_GROUNDED = 0.6
_WORD = re.compile(r"[A-Za-z]{4,}")
_CODE_LIKE = re.compile(
    r"`([^`]+)`|\b([a-z]+(?:_[a-z0-9]+)+)\b|\b([A-Z][a-z0-9]+(?:[A-Z][a-z0-9]+)+)\b|\b(\w+)\(\)"
)
_IDENTIFIER = re.compile(r"[^\W\d]\w*")
_NUMBER = re.compile(r"(?<![\w.])\d+(?:\.\d+)?(?![\w.])")
_QUOTED = re.compile(r"\"([^\"]+)\"|'([^']{2,})'(?!\w)")
_UNWANTED = re.compile(
    r"\bTODO\b|\bdefaults?\b|\bthis (?:function|method|parameter|value)\b|\bthe function\b"
    r"|\bexample\b|\bN/A\b|^none\b|\bnot (?:specified|provided|used|shown)\b|\bself\b|```"
    r"|\b(?:str|int|bool|dict|tuple)\b|\bof type\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z`])")
# Words that say nothing of the matter, and need not be shown by the code.
_PLAIN = frozenset(
    """
    about above according after again against already also amount associated available based been
    before being between both calculates contain contained containing contains corresponding
    current data desired each either element elements from function given gives have having if
    indicating into item items list look method must name number object objects only other output
    particular process provided result resulting returns same set should single some specific
    specified such than that their them then there these they this those true false used user using
    value values various were when where whether which while will with within without
""".split()  # noqa: SIM905 - a list of words
)


async def with_prose(
    model: Model,
    file: DocumentedFile,
    definition: Definition,
    account: Account,
    *,
    seconds: float,
) -> Account:
    """Let a model say what the names do not; the account as it was if it has nothing to add.

    Costs one short answer of the model, ``seconds`` at most.

    Raises:
        ModelError: the model cannot be used.
    """
    if definition.symbol.kind not in {SymbolKind.FUNCTION, SymbolKind.METHOD}:
        return account
    asked = [each.name for each in account.parameters if each.is_bare][:_MAX_ASKED]
    code, owner = _code_of(file, definition), _owner(file, definition)
    prompt = docstring_prompt(code, owner, asked, with_result=account.result is not None)
    answer = ""
    try:
        async with asyncio.timeout(seconds):
            async with contextlib.aclosing(model.stream(prompt)) as deltas:
                delta: Delta
                async for delta in deltas:
                    answer += delta.text
    except TimeoutError:
        _log.info("no more prose: the model needs more than %.0f s", seconds)
    return improved(account, lines_in(answer), f"{owner}\n{code}", file.text)


def improved(account: Account, lines: Mapping[str, str], code: str, text: str) -> Account:
    """Take over those sentences that the code bears out; ``lines`` are by what was asked.

    ``code`` is the function with what it belongs to, ``text`` its whole file.
    """
    shown = _Shown(code, text)
    summary, verb = account.summary, account.verb
    sentence = shown.checked(lines.get(SUMMARY, ""))
    found = _verb_and_rest(sentence) if sentence else None
    # What only makes an error does not raise it.
    if found is not None and (found[0] != "raise" or account.raises):
        verb, summary = found
    parameters = tuple(
        _better(each, shown.checked(lines.get(each.name.lstrip("*").lower(), "")))
        if each.is_bare
        else each
        for each in account.parameters
    )
    result = account.result
    if result is not None and result.text.strip("`. ") != "None":
        result = _better(result, shown.checked(lines.get(RETURNS, "")))
    return replace(account, summary=summary, verb=verb, parameters=parameters, result=result)


class _Shown:
    """What a function's own text shows: its names, its words, its numbers and texts."""

    def __init__(self, code: str, text: str) -> None:
        self._code = code
        self._names = set(_IDENTIFIER.findall(text)) | set(dir(builtins))
        parts = [part.lower() for name in _IDENTIFIER.findall(code) for part in _parts(name)]
        self._stems = {part[:5] for part in parts if len(part) >= 3}

    def checked(self, text: str) -> str:
        """The first sentence of a text if the code bears it out, or the empty string."""
        sentence = _SENTENCE_END.split(" ".join(text.split()))[0].strip().rstrip(".")
        if not _MIN_SENTENCE <= len(sentence) <= _MAX_SENTENCE or _UNWANTED.search(sentence):
            return ""
        if any(name not in self._names for name in _named(sentence)):
            return ""
        if any(number not in self._code for number in _NUMBER.findall(sentence)):
            return ""
        quoted = [one or other for one, other in _QUOTED.findall(sentence)]
        if any(each not in self._code for each in quoted):
            return ""
        content = [w.lower() for w in _WORD.findall(sentence) if w.lower() not in _PLAIN]
        known = [word for word in content if self._is_shown(word)]
        if not content or len(known) < _GROUNDED * len(content):
            return ""
        return words.sentence(sentence)

    def _is_shown(self, word: str) -> bool:
        return word[:5] in self._stems or (len(word) > 4 and word[:4] in self._stems)


def _parts(name: str) -> Iterable[str]:
    return [*words.words_of(name), *words.words_of(name, spelled_out=False)]


def _named(sentence: str) -> Iterable[str]:
    """What looks like a name of the code."""
    for match in _CODE_LIKE.finditer(sentence):
        yield from _IDENTIFIER.findall(next(group for group in match.groups() if group))


def _verb_and_rest(sentence: str) -> tuple[str, str] | None:
    """The imperative at the start of a sentence, in whatever mood it was, and the rest."""
    first, _, rest = sentence.rstrip(".").partition(" ")
    word = first.lower()
    for verb in (word, word.removesuffix("s"), word.removesuffix("es"), f"{word[:-3]}y"):
        if words.is_verb(verb) and (verb == word or words.third_person(verb) == word):
            return (verb, rest) if rest else None
    return None


def _better(said: Said, sentence: str) -> Said:
    """A sentence in place of the plain one, unless it says no more than the name."""
    name = {part.lower() for part in _parts(said.name.lstrip("*"))}
    content = {word.lower() for word in re.findall(r"[A-Za-z]{3,}", sentence)} - _PLAIN - {"the"}
    if not sentence or content <= name:
        return said
    # What stands in for ``None`` stays: it is a fact.
    _, mark, fallback = said.text.partition("; ")
    if mark and "None" in fallback:
        sentence = f"{sentence.rstrip('.')}; {fallback}"
    return replace(said, text=sentence, is_bare=False)


def _code_of(file: DocumentedFile, definition: Definition) -> str:
    span = definition.body.span
    start = file.text.rfind("\n", 0, span.start) + 1
    return file.text[start : span.end]


def _owner(file: DocumentedFile, definition: Definition) -> str:
    owner = file.symbols.get(definition.symbol.parent)
    if owner is None:
        return ""
    about = f": {owner.docstring.splitlines()[0]}" if owner.docstring else ""
    return f"It belongs to `{owner.name}`{about}"

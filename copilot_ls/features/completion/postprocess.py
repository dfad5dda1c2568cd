"""What a model wrote → what is worth showing: a visible list of small pure steps.

Each step takes the text so far and the :class:`Scene`, and returns the text, shortened or
mended; the empty string means that nothing is worth showing. The order matters and stands in
:data:`STEPS`. The replaced range is decided last, by :func:`place`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TypeAlias

from copilot_ls.domain import Document
from copilot_ls.features.completion.trigger import CLOSERS, Extent, line_around
from indexer.model import Span

_PAIRS = {")": "(", "]": "[", "}": "{"}
_REPEATED_LINES = 3
_PHRASE_WORDS = 4
_PHRASE_COPIES = 3
_ECHO_SIMILARITY = 0.95


@dataclass(frozen=True, slots=True)
class Scene:
    """The place that a suggestion is for. ``left`` and ``right`` are the rest of the line."""

    before: str
    after: str
    left: str
    right: str
    extent: Extent
    comments: tuple[str, ...] = ()

    @property
    def is_on_blank_line(self) -> bool:
        return not self.left.strip()


def scene_at(
    document: Document, offset: int, extent: Extent, comments: Sequence[str] = ()
) -> Scene:
    """Describe the place; ``comments`` are the lines that the prompt put above the cursor."""
    left, right = line_around(document, offset)
    return Scene(
        before=document.text[:offset],
        after=document.text[offset:],
        left=left,
        right=right,
        extent=extent,
        comments=tuple(comments),
    )


def postprocess(text: str, scene: Scene) -> str:
    """Run all steps; the empty string means that nothing is worth showing."""
    for step in STEPS:
        text = step(text, scene)
        if not text:
            return ""
    return text


def unify_line_ends(text: str, scene: Scene) -> str:
    """Use the document's own line ends."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.replace("\n", "\r\n") if "\r\n" in scene.before[-4_000:] else text


def cut_one_line(text: str, scene: Scene) -> str:
    """Keep the first line where a line was asked for."""
    if scene.extent is Extent.BLOCK:
        return text
    return re.split(r"\r?\n", text, maxsplit=1)[0]


def drop_prompt_comments(text: str, scene: Scene) -> str:
    """Take out signature comments that the model copied from its prompt."""
    known = {comment.strip() for comment in scene.comments if comment.strip()}
    if not known:
        return text
    lines = text.splitlines(keepends=True)
    return "".join(line for line in lines if line.strip() not in known)


def cut_scope_end(text: str, scene: Scene) -> str:
    """End a block where its indentation ends, or at a second blank line."""
    if scene.extent is not Extent.BLOCK:
        return text
    lines = text.splitlines(keepends=True)
    floor = _indentation(scene.left) if scene.is_on_blank_line else _indentation(scene.left) + 1
    kept: list[str] = []
    for number, line in enumerate(lines):
        content = line.strip()
        if not content:
            if kept and not kept[-1].strip():
                break
            kept.append(line)
            continue
        if number > 0 and _indentation(line) < floor:
            if content[0] in ")]}" and _indentation(line) == floor - 1:
                kept.append(line)
            break
        kept.append(line)
    return "".join(kept)


def drop_trailing_comment(text: str, scene: Scene) -> str:
    """Take a remark off the end of a line of code: small models chat, and are cut in the middle."""
    if scene.extent is Extent.BLOCK:
        return text
    match = re.search(r"\s{2,}(#|//) .*$", text)
    if match is None or not (scene.left + text[: match.start()]).strip():
        return text
    code = scene.left + text[: match.start()]
    is_in_string = any(code.count(quote) % 2 for quote in "'\"`")
    return text if is_in_string else text[: match.start()]


def cut_repetition(text: str, scene: Scene) -> str:
    """Cut where lines or words begin to repeat themselves."""
    del scene
    lines = text.splitlines(keepends=True)
    for size in (1, 2, 3):
        for start in range(len(lines) - size * (_REPEATED_LINES - 1)):
            block = [line.strip() for line in lines[start : start + size]]
            copies = 1
            while [
                line.strip() for line in lines[start + copies * size : start + (copies + 1) * size]
            ] == block and any(block):
                copies += 1
            if copies >= _REPEATED_LINES:
                return "".join(lines[: start + size])
    return _cut_looping_phrases(_cut_repeated_words(text))


def cut_suffix_overlap(text: str, scene: Scene) -> str:
    """Drop lines at the end that already stand below the cursor."""
    below = [line for line in scene.after[len(scene.right) :].splitlines() if line.strip()][:8]
    lines = text.splitlines(keepends=True)
    for start, line in enumerate(lines):
        rest = [entry for entry in lines[start:] if entry.strip()]
        is_new_line = start > 0 or scene.is_on_blank_line
        if not (is_new_line and line.strip()) or len(rest) > len(below):
            continue
        if [entry.strip() for entry in rest] != [entry.strip() for entry in below[: len(rest)]]:
            continue
        # A lone closer ends many things: it must stand at the same depth to be the same one.
        is_weak = len(rest) == 1 and len(rest[0].strip().rstrip(";,")) == 1
        if not is_weak or _indentation(rest[0]) == _indentation(below[0]):
            return "".join(lines[:start]).rstrip("\r\n")
    return text


def drop_echo(text: str, scene: Scene) -> str:
    """Offer nothing that only repeats the lines just above or just below."""
    content = _words(text)
    if not content:
        return ""
    line = _words(scene.left + text) if scene.extent is Extent.LINE else content
    above = [entry for entry in scene.before[: -len(scene.left) or None].splitlines() if entry]
    below = [entry for entry in scene.after[len(scene.right) :].splitlines() if entry.strip()]
    for neighbour in (*above[-1:], *below[:1]):
        other = _words(neighbour)
        if len(other) > 3 and other == line:
            return ""
    n_lines = len(text.splitlines())
    if n_lines > 2 and len(above) >= n_lines:
        last = _words("\n".join(above[-n_lines:]))
        if SequenceMatcher(None, last, content).ratio() >= _ECHO_SIMILARITY:
            return ""
    return text


def fix_indentation(text: str, scene: Scene) -> str:
    """Take out indentation that already stands left of the cursor; follow tabs or spaces."""
    if scene.is_on_blank_line and scene.left:
        stripped = text.lstrip(" \t")
        extra = text[: len(text) - len(stripped)]
        if extra and not stripped.startswith(("\n", "\r")):
            text = stripped
    elif scene.left[-1:].isspace() and text[:1] == " ":
        text = text.lstrip(" ")
    if _uses_tabs(scene.before):
        return re.sub(r"(?<=\n)( {4})+", lambda match: "\t" * (len(match[0]) // 4), text)
    return text


def close_only_what_is_open(text: str, scene: Scene) -> str:
    """Cut at a closing bracket that nothing opened, before the cursor or in the suggestion."""
    opened = _open_brackets(scene.before[-8_000:])
    quote = ""
    for index, char in enumerate(text):
        if quote:
            if char == quote and text[index - 1 : index] != "\\":
                quote = ""
        elif char in "'\"`":
            quote = char
        elif char in "([{":
            opened.append(char)
        elif char in _PAIRS:
            if _PAIRS[char] not in opened:
                return text[:index].rstrip()
            # Brackets inside strings and comments were counted too: pop through them.
            while opened.pop() != _PAIRS[char]:
                pass
    return text


def trim(text: str, scene: Scene) -> str:
    """Take off blank ends; nothing but punctuation is not worth a flicker."""
    text = text.rstrip()
    if scene.extent is Extent.LINE and not text.strip():
        return ""
    content = text.strip()
    if not content or (len(content) == 1 and not content.isalnum() and content not in CLOSERS):
        return ""
    return text


Step: TypeAlias = Callable[[str, Scene], str]

STEPS: tuple[Step, ...] = (
    cut_one_line,
    drop_prompt_comments,
    fix_indentation,
    cut_scope_end,
    drop_trailing_comment,
    cut_repetition,
    cut_suffix_overlap,
    close_only_what_is_open,
    trim,
    drop_echo,
    unify_line_ends,
)


def place(text: str, scene: Scene, offset: int) -> Span:
    """Return the range to replace: it reaches right over closers that ``text`` repeats.

    An editor that closed a bracket by itself leaves ``foo(█)``; a suggestion ``a, b)`` must
    replace that bracket, not double it.
    """
    if not scene.right.strip():
        return Span(offset, offset)
    typed = 0
    position = 0
    while typed < len(scene.right) and scene.right[typed] in CLOSERS:
        found = _find_unbalanced(text, scene.right[typed], position)
        if found < 0:
            break
        position = found + 1
        typed += 1
    return Span(offset, offset + typed)


def _find_unbalanced(text: str, closer: str, start: int) -> int:
    """Find where ``text`` closes ``closer`` without having opened it."""
    if closer not in _PAIRS:
        return text.find(closer, start) if text.rstrip().endswith(closer) else -1
    depth = 0
    for index in range(start, len(text)):
        if text[index] == _PAIRS[closer]:
            depth += 1
        elif text[index] == closer:
            if depth == 0:
                return index
            depth -= 1
    return -1


def _open_brackets(text: str) -> list[str]:
    stack: list[str] = []
    for char in text:
        if char in "([{":
            stack.append(char)
        elif char in _PAIRS and stack and stack[-1] == _PAIRS[char]:
            stack.pop()
    return stack


def _cut_repeated_words(text: str) -> str:
    words = list(re.finditer(r"\w+|[^\w\s]", text))
    for size in (1, 2, 3, 4, 6, 8):
        needed = 10 if size == 1 else 5
        run = 0
        for index in range(size, len(words)):
            run = run + 1 if words[index][0] == words[index - size][0] else 0
            if run >= size * (needed - 1):
                first = words[index - run]
                return text[: first.start()].rstrip()
    return text


def _cut_looping_phrases(text: str) -> str:
    """Cut a line that goes on with one phrase: ``a is not None and b is not None and c is …``."""
    line = text.split("\n", maxsplit=1)[0]
    words = list(re.finditer(r"\w+|[^\w\s]", line))
    seen: dict[tuple[str, ...], list[int]] = {}
    for index in range(len(words) - _PHRASE_WORDS + 1):
        phrase = tuple(word[0] for word in words[index : index + _PHRASE_WORDS])
        places = seen.setdefault(phrase, [])
        if sum(word.isalpha() for word in phrase) < _PHRASE_WORDS - 1 or (
            places and index < places[-1] + _PHRASE_WORDS
        ):
            continue
        places.append(index)
        if len(places) == _PHRASE_COPIES:
            end = words[places[0] + _PHRASE_WORDS - 1].end()
            return re.sub(r"(\s*\b(and|or|not|if|in)\b|\s*[,+.|&])+\s*$", "", line[:end])
    return text


def _words(text: str) -> str:
    return " ".join(text.split())


def _indentation(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip(" "))


def _uses_tabs(before: str) -> bool:
    lines = before[-8_000:].splitlines()
    tabs = sum(line.startswith("\t") for line in lines)
    return tabs > sum(line.startswith("    ") for line in lines)

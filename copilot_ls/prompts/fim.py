"""A document, a cursor and snippets → the text of a fill-in-the-middle prompt.

Pure, and shared by the server, the command line and the evaluations, so that what is measured
is what is shipped. It packs the snippets that it is given and chooses none.

The pieces are laid out so that the next keystroke finds most of the prompt in the engine's
prefix cache: the window before the cursor begins at an anchor that moves in large steps, and
what changes with each keystroke stands last.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from copilot_ls.domain import (
    Document,
    FimFormat,
    FimOrder,
    Prompt,
    PromptLayout,
    Snippet,
    SnippetPlace,
)

# A token of code is 3 to 4 characters; 2 keeps prose in other scripts inside the context too.
_SAFE_CHARS_PER_TOKEN = 2
_ZERO_WIDTH_SPACE = "\u200b"

_LINE_COMMENTS = {
    "python": "#",
    "ruby": "#",
    "shell": "#",
    "shellscript": "#",
    "yaml": "#",
    "toml": "#",
    "dockerfile": "#",
    "makefile": "#",
    "r": "#",
    "perl": "#",
    "sql": "--",
    "lua": "--",
    "haskell": "--",
}
_DEFAULT_LINE_COMMENT = "//"


def fim_prompt(
    document: Document,
    offset: int,
    *,
    snippets: Sequence[Snippet],
    fim: FimFormat,
    layout: PromptLayout,
    context_tokens: int,
    max_tokens: int,
    one_line: bool,
    repository: str = "",
    written: str = "",
    callee: Snippet | None = None,
) -> Prompt:
    """Lay out what the model reads to fill the hole at ``offset``.

    ``written`` is what it has written so far and goes on from; ``callee`` the declaration that it
    needs for that. The callee always stands just above, also for models that look for signatures
    in the header: the header, and with it all that the engine has read, stays as it was.

    Special tokens of the format that occur in the user's text are made harmless with
    :func:`neutralise`.
    """
    prefix_chars, suffix_chars, snippet_chars = _budget(layout, context_tokens, max_tokens)
    before = prefix_window(document.text[:offset], prefix_chars) + written
    after = document.text[offset:]
    if one_line and not after.partition("\n")[0].strip():
        suffix_chars = min(suffix_chars, layout.line_end_suffix_chars)
    after = suffix_window(after, suffix_chars)
    chosen = _fit(snippets, layout.max_snippets, snippet_chars)

    header = ""
    if callee is not None:
        before = _with_comments_above(before, [callee], document.language)
    if layout.snippet_place is SnippetPlace.ABOVE_CURSOR:
        if callee is None:
            before = _with_comments_above(before, chosen, document.language)
    elif chosen and fim.file_separator:
        header = _repository_header(chosen, fim, repository, document.path)
    elif chosen:
        header = _comments(chosen, document.language, "")

    before = neutralise(before, fim)
    after = neutralise(after, fim)
    if fim.order is FimOrder.SUFFIX_PREFIX_MIDDLE:
        head = f"{fim.begin}{fim.suffix}{after}{fim.prefix}{header}{before}"
        text = head + fim.middle
    else:
        opening = f"{header}{fim.prefix}" if fim.file_separator else f"{fim.prefix}{header}"
        head = f"{fim.begin}{opening}{before}"
        text = f"{head}{fim.suffix}{after}{fim.middle}"
    return Prompt(
        text=text,
        stops=(*fim.stops, "\n") if one_line else fim.stops,
        max_tokens=max_tokens,
        stable_chars=len(head),
        language=document.language,
    )


def prefix_window(before: str, max_chars: int) -> str:
    """Keep the end of ``before``, from an anchor that moves only every third of ``max_chars``.

    An anchor that moved with each keystroke would change the first token of every prompt, and
    with it empty the engine's prefix cache.
    """
    if len(before) <= max_chars:
        return before
    step = max(1, max_chars // 3)
    start = -(-(len(before) - max_chars) // step) * step
    line_start = before.find("\n", start - 1) + 1
    return before[line_start if 0 < line_start <= len(before) else start :]


def suffix_window(after: str, max_chars: int) -> str:
    """Keep the beginning of ``after``, cut at the end of a line where one ends in time."""
    if len(after) <= max_chars:
        return after
    end = after.rfind("\n", 0, max_chars)
    return after[: end if end > 0 else max_chars]


def neutralise(text: str, fim: FimFormat) -> str:
    """Break up special tokens that stand in the user's text, so that they are read as text.

    A source file that contains ``<|fim_middle|>`` could otherwise end its own prompt. A
    zero-width space goes behind the first character; :func:`restore` takes it out of answers.
    """
    tokens = fim.special_tokens
    if not tokens:
        return text
    pattern = "|".join(re.escape(token.strip()) for token in tokens)
    return re.sub(pattern, lambda m: m[0][0] + _ZERO_WIDTH_SPACE + m[0][1:], text)


def restore(text: str, fim: FimFormat) -> str:
    """Undo :func:`neutralise` in an answer that repeats a token of the user's text."""
    for token in fim.special_tokens:
        word = token.strip()
        text = text.replace(word[0] + _ZERO_WIDTH_SPACE + word[1:], word)
    return text


def line_comment(language: str) -> str:
    """Return the mark that begins a comment to the end of the line."""
    return _LINE_COMMENTS.get(language, _DEFAULT_LINE_COMMENT)


def _budget(layout: PromptLayout, context_tokens: int, max_tokens: int) -> tuple[int, int, int]:
    """Shrink the three windows in proportion if the model's context is small."""
    wanted = (layout.max_prefix_chars, layout.max_suffix_chars, layout.max_snippet_chars)
    available = max(0, context_tokens - max_tokens - 16) * _SAFE_CHARS_PER_TOKEN
    share = min(1.0, available / max(1, sum(wanted)))
    prefix, suffix, snippets = (int(chars * share) for chars in wanted)
    return prefix, suffix, snippets


def _fit(snippets: Sequence[Snippet], max_snippets: int, max_chars: int) -> list[Snippet]:
    chosen: list[Snippet] = []
    for snippet in snippets[:max_snippets]:
        max_chars -= sum(map(len, snippet.lines))
        if max_chars < 0:
            break
        chosen.append(snippet)
    return chosen


def _with_comments_above(before: str, snippets: Sequence[Snippet], language: str) -> str:
    """Insert the stubs as comments above the line that the cursor is on."""
    if not snippets:
        return before
    line_start = before.rfind("\n") + 1
    line = before[line_start:]
    indent = line[: len(line) - len(line.lstrip())]
    return before[:line_start] + _comments(snippets, language, indent) + line


def _comments(snippets: Sequence[Snippet], language: str, indent: str) -> str:
    mark = line_comment(language)
    # The best snippet stands last: nearest to the cursor, where a small model listens most.
    lines = [line for snippet in reversed(snippets) for line in snippet.lines]
    return "".join(f"{indent}{mark} {line}\n" for line in lines)


def _repository_header(
    snippets: Sequence[Snippet], fim: FimFormat, repository: str, path: str
) -> str:
    """Write the stubs as files of the repository, in the layout that such models are trained on."""
    parts = []
    if fim.repository_name:
        parts.append(f"{fim.repository_name}{neutralise(repository, fim) or 'repository'}\n")
    by_path: dict[str, list[str]] = {}
    for snippet in snippets:
        by_path.setdefault(snippet.path, []).append(neutralise("\n".join(snippet.lines), fim))
    for snippet_path, stubs in by_path.items():
        body = "\n".join(stubs)
        parts.append(f"{fim.file_separator}{neutralise(snippet_path, fim)}\n{body}\n")
    parts.append(f"{fim.file_separator}{neutralise(path, fim)}\n")
    return "".join(parts)

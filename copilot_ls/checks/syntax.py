"""Does a suggestion break the grammar where the document did not? Pure.

Half-typed code is the normal state of a document, and a suggestion is often one line of
something longer. So errors are only compared: the document with the suggestion must parse no
worse than the document without the line, if need be after what is still open in that line was
finished in the way its language finishes it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from copilot_ls.checks.draft import Draft
from copilot_ls.domain import Finding, Severity
from indexer.model import Span
from indexer.resolve.outline import Repository
from indexer.syntax.tree import SyntaxTree, errors_in

RULE = "syntax"
_PREPROCESSED = frozenset({"c", "cpp"})
_MACRO = re.compile(r"\b[A-Z][A-Z0-9_]{2,}\b|^\s*#", re.MULTILINE)
_CLOSERS = {"(": ")", "[": "]", "{": "}"}
_TAG = re.compile(r"<(?P<closing>/)?(?P<name>[A-Za-z][\w.:-]*)?(?P<rest>[^<>]*?)(?P<empty>/)?>")
_PYTHON_HEAD = re.compile(r"\s*(?P<word>try|match|class)\b")
_PYTHON_CLAUSE = re.compile(
    r"\s*(?:async\s+)?(?:if|elif|else|for|while|with|def|except|finally|case)\b"
)
_RUBY_HEAD = re.compile(
    r"^\s*(?:def|class|module|if|unless|while|until|case|begin|for)\b|\bdo\b(?:\s*\|[^|]*\|)?\s*$"
)


def check(draft: Draft, repository: Repository) -> Iterator[Finding]:
    """Report a suggestion that adds an error, however it may go on."""
    del repository
    tree = draft.tree
    if tree is None or not tree.has_errors:
        return
    # A macro may stand for anything: what it breaks here, it need not break in the compiler.
    is_preprocessed = tree.language in _PREPROCESSED
    if is_preprocessed and _has_macro(draft):
        return
    allowed = _n_allowed(draft)
    if len(_outermost(tree)) <= allowed or (is_preprocessed and allowed):
        return
    for text in _finished(draft):
        finished = draft.tree_of(text)
        if finished is None or len(_outermost(finished)) <= allowed:
            return
    yield Finding(RULE, "the code would not parse", Severity.HIGH, _nearest_error(draft, tree))


def _has_macro(draft: Draft) -> bool:
    """Whether the lines that the suggestion touches hold what looks like a macro's name."""
    text, span = draft.text, draft.span
    start = text.rfind("\n", 0, span.start) + 1
    return _MACRO.search(text[start : _line_end(text, span.end)]) is not None


def _n_allowed(draft: Draft) -> int:
    """How broken the document is anyway: with its line blank, or with a harmless statement."""
    text, span = draft.document.text, draft.edit.span
    start = text.rfind("\n", 0, span.start) + 1
    end = _line_end(text, span.end)
    indent = text[start : start + len(text[start:]) - len(text[start:].lstrip(" \t"))]
    harmless = f"{indent}pass" if draft.document.language == "python" else f"{indent};"
    without = [
        _outermost(draft.tree_of(text[:start] + line + text[end:])) for line in ("", harmless)
    ]
    least = min(without, key=len)
    if any(error.start <= start + len(harmless) and error.end >= start for error in least):
        # The surroundings are broken themselves, and the typed line may be part of that.
        return max(len(least), len(_outermost(draft.tree_before)))
    return len(least)


def _outermost(tree: SyntaxTree | None) -> list[Span]:
    """The errors that lie in no other: how many are inside a broken stretch says nothing."""
    found: list[Span] = []
    for error in errors_in(tree) if tree is not None else ():
        if not found or error.start >= found[-1].end:
            found.append(error)
    return found


def _nearest_error(draft: Draft, tree: SyntaxTree) -> Span:
    errors = errors_in(tree)
    near = [e for e in errors if e.end >= draft.span.start and e.start <= draft.span.end]
    return (near or errors)[0]


def _finished(draft: Draft) -> Iterator[str]:
    """The document with what the suggestion leaves open finished, in several ways."""
    text, span = draft.text, draft.span
    end = _line_end(text, span.end)
    for tail in _tails(draft, text[text.rfind("\n", 0, span.start) + 1 : end]):
        yield text[:end] + tail + text[end:]
    kept, newline, _ = draft.edit.text.rpartition("\n")
    if draft.is_cut and newline and kept.strip():
        shorter = draft.text_with(kept.rstrip("\r"))
        yield shorter
        end = _line_end(shorter, span.start + len(kept))
        line = shorter[shorter.rfind("\n", 0, span.start) + 1 : end]
        for tail in _tails(draft, line):
            yield shorter[:end] + tail + shorter[end:]


def _tails(draft: Draft, written: str) -> Iterator[str]:
    """What could stand after ``written``, the lines of the suggestion, to finish them."""
    language = draft.document.language
    opened, quote, is_crossed = _open_in(written, language)
    if is_crossed:
        return
    closers = quote + "".join(_CLOSERS[each] for each in reversed(opened))
    last = written[written.rfind("\n") + 1 :].rstrip()
    indent = last[: len(last) - len(last.lstrip())]
    if len(quote) == 1 and quote != "`" and not draft.is_cut:
        return
    if closers:
        yield closers
        yield f"_{closers}"
        yield f"{closers};"
    if language == "python":
        inner = f"{indent}    "
        head = _PYTHON_HEAD.match(last)
        word = head["word"] if head else ""
        body = f"\n{inner}case _:\n{inner}    pass" if word == "match" else f"\n{inner}pass"
        body += f"\n{indent}finally:\n{inner}pass" if word == "try" else ""
        yield f"{closers}{body}"
        if head or _PYTHON_CLAUSE.match(last):
            yield f"{closers}:{body}"
        if last.lstrip().startswith("@"):
            yield f"{closers}\n{indent}def _(): pass"
    elif language == "ruby":
        n_open = sum(1 for line in written.splitlines() if _RUBY_HEAD.search(line))
        for count in range(1, n_open + 1):
            yield closers + count * "\nend"
    else:
        yield f"_{closers};"
        yield f"{closers} {{}}"
        yield f"{closers};"
        tags = _open_tags(written) if language in {"javascript", "tsx", "html", "php"} else ""
        if tags:
            yield f"{tags}{closers}"
            yield f"{tags}{closers};"


def _open_in(text: str, language: str) -> tuple[list[str], str, bool]:
    """The brackets and the quote that ``text`` leaves open; whether it closes one by another."""
    opened: list[str] = []
    quote = ""
    comment = "#" if language in {"python", "ruby"} else "//"
    position = 0
    while position < len(text):
        character = text[position]
        if quote:
            if character == "\\":
                position += 2
                continue
            if text.startswith(quote, position):
                position += len(quote)
                quote = ""
                continue
            if character == "\n" and quote in {"'", '"'}:
                quote = ""
        elif text.startswith(('"""', "'''"), position):
            quote = text[position : position + 3]
            position += 3
            continue
        elif character in "\"'`" and not _is_apostrophe(text, position, language):
            quote = character
        elif text.startswith(comment, position):
            position = _line_end(text, position)
            continue
        elif character in _CLOSERS:
            opened.append(character)
        elif opened and character in _CLOSERS.values() and character != _CLOSERS[opened.pop()]:
            return opened, quote, True
        position += 1
    return opened, quote, False


def _is_apostrophe(text: str, position: int, language: str) -> bool:
    """A lifetime (``'a``) in Rust is no string."""
    return language == "rust" and text[position] == "'" and text[position + 2 : position + 3] != "'"


def _open_tags(text: str) -> str:
    opened: list[str] = []
    for tag in _TAG.finditer(text):
        name = tag["name"] or ""
        if tag["closing"]:
            if name in opened:
                del opened[len(opened) - 1 - opened[::-1].index(name) :]
        elif not tag["empty"]:
            opened.append(name)
    return "".join(f"</{name}>" for name in reversed(opened))


def _line_end(text: str, offset: int) -> int:
    end = text.find("\n", offset)
    end = len(text) if end < 0 else end
    return end - 1 if text[max(offset, end - 1) : end] == "\r" else end

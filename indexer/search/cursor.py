"""What the cursor's own line says of what comes next. Pure.

By shapes of text, not by trees: the line is unfinished, and it is read at every key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from indexer.resolve.text import receiver_before

_MAX_RECEIVER_LINES = 6
_TYPED_WORD = re.compile(r"[\w$]*$")
_NUMBER_DOT = re.compile(r"(?<![\w.])\d[\d_]*\.$|\.\.$")
_RAISING = re.compile(r"\s*(?:raise|except|throw|catch)\b")
_RETURNING = re.compile(r"(?:^|[\s;{(])(?:return|yield|yield\s+from|=>)\s*$")
_CONDITION = re.compile(r"(?:^|[\s(])(?:if|elif|while|assert|not|and|or|&&|\|\||!)\s*\(?$")
_ITERATING = re.compile(r"\b(?:in|of)\s*$")
_ENTERING = re.compile(r"^\s*(?:async\s+)?with\b")
_ANNOTATING = re.compile(
    r"(?:^\s*(?:(?:const|let|var|self\.|this\.)\s*)?\w+\s*:|->)\s*[\w.\[,| ]*$"
)
_DEFINING = re.compile(r"^\s*(?:async\s+)?(?:def|function)\b.*[:,(]\s*$")
_ASSIGNING = re.compile(r"(?<![=!<>+\-*/%&|^:])=\s*$|:=\s*$")
_LEADING = re.compile(r"(?:\b(?:await|new|yield|from)\s+)+$")
# Languages that reach members by other marks than a dot as well.
_ARROW_ENDINGS = (".c", ".h", ".cc", ".cpp", ".cxx", ".hh", ".hpp", ".hxx", ".rs", ".php", ".rb")
_ARROW = re.compile(r"->|::")
_OPENERS, _CLOSERS = "([{", ")]}"


class Role(StrEnum):
    """What the expression at the cursor is for."""

    STATEMENT = "statement"
    VALUE = "value"
    RETURNED = "returned"
    ARGUMENT = "argument"
    CONDITION = "condition"
    ITERATED = "iterated"
    ENTERED = "entered"
    RAISED = "raised"
    DECORATOR = "decorator"
    ANNOTATION = "annotation"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Cursor:
    """The cursor's line: ``word`` is the identifier being typed, ``receiver`` what its dot follows.

    ``is_line_start`` is true while nothing but white space is typed.
    ``target`` is what the expression is given to (``total`` of ``total = ``, a keyword), and
    ``annotation`` the type written beside it; ``callee`` is the call whose ``n_arguments + 1``-th
    argument stands at the cursor.
    """

    line: int
    line_start: int
    line_end: int
    typed: str
    word: str
    receiver: str
    is_member: bool
    is_line_start: bool
    opens_block: bool
    indent: int
    role: Role
    is_awaited: bool
    target: str = ""
    annotation: str = ""
    callee: str = ""
    n_arguments: int = 0

    @classmethod
    def of(cls, text: str, offset: int, *, path: str = "") -> Cursor:
        """Read the line of ``text`` that holds ``offset``; ``path`` tells the language."""
        offset = max(0, min(offset, len(text)))
        line_start = text.rfind("\n", 0, offset) + 1
        line_end = text.find("\n", offset)
        line_end = len(text) if line_end < 0 else line_end
        typed = text[line_start:offset]
        found = _TYPED_WORD.search(typed)
        word = found[0] if found else ""
        if word[:1].isdigit():
            word = ""
        before = typed[: len(typed) - len(word)]
        if path.endswith(_ARROW_ENDINGS):
            before = _ARROW.sub(" .", before)
        stripped = before.rstrip()
        is_member = stripped.endswith(".") and _NUMBER_DOT.search(stripped) is None
        receiver = ""
        head = before
        if is_member:
            is_chained = not before.strip().strip(".?")
            if is_chained:
                above = text[:line_start].splitlines()[-_MAX_RECEIVER_LINES:]
                receiver = receiver_before("\n".join([*above, before]))
                head = ""
            else:
                receiver = receiver_before(before)
                place = before.rfind(receiver) if receiver else len(stripped) - 1
                head = before[: max(0, place)]
        expectation = _Expectation.after(head)
        return cls(
            line=text.count("\n", 0, line_start),
            line_start=line_start,
            line_end=line_end,
            typed=typed,
            word=word,
            receiver=receiver.replace(" .", "."),
            is_member=is_member,
            is_line_start=not typed.strip(),
            opens_block=text[line_start:line_end].rstrip().endswith(":"),
            indent=len(typed) - len(typed.lstrip()),
            role=expectation.role,
            is_awaited=expectation.is_awaited,
            target=expectation.target,
            annotation=expectation.annotation,
            callee=expectation.callee,
            n_arguments=expectation.n_arguments,
        )


@dataclass(frozen=True, slots=True)
class _Expectation:
    """What the text before an expression makes of it."""

    role: Role
    is_awaited: bool = False
    target: str = ""
    annotation: str = ""
    callee: str = ""
    n_arguments: int = 0

    @classmethod
    def after(cls, text: str) -> _Expectation:
        leading = _LEADING.search(text)
        is_awaited = leading is not None and "await" in leading[0]
        head = text[: leading.start()] if leading else text
        opening, n_arguments = _innermost(head)
        if _RAISING.match(head):
            return cls(Role.RAISED, is_awaited)
        if head.lstrip().startswith("@"):
            return cls(Role.DECORATOR, is_awaited)
        if opening is not None and head[opening] == "(":
            inside = head[head.rfind(",", opening) + 1 :] if n_arguments else head[opening + 1 :]
            callee = receiver_before(f"{head[:opening]}.")
            if _DEFINING.match(head):
                return cls(Role.ANNOTATION, target=inside.partition(":")[0].strip())
            if callee:
                keyword = inside.partition("=")[0].strip() if _ASSIGNING.search(head) else ""
                return cls(Role.ARGUMENT, is_awaited, keyword, "", callee, n_arguments)
        if opening is None and _ASSIGNING.search(head):
            left = head.rstrip().rstrip("=").rstrip(":").strip()
            name, _, annotation = left.partition(":")
            return cls(Role.VALUE, is_awaited, name.strip(), annotation.strip())
        if _RETURNING.search(head) or (leading and "yield" in leading[0]):
            return cls(Role.RETURNED, is_awaited)
        if not head.strip():
            return cls(Role.STATEMENT, is_awaited)
        if _ITERATING.search(head):
            return cls(Role.ITERATED, is_awaited)
        if _ENTERING.match(head):
            return cls(Role.ENTERED, is_awaited)
        if opening is None and _ANNOTATING.search(head):
            return cls(Role.ANNOTATION, target=head.partition(":")[0].strip())
        if _CONDITION.search(head):
            return cls(Role.CONDITION, is_awaited)
        return cls(Role.OTHER, is_awaited)


def _innermost(text: str) -> tuple[int | None, int]:
    """The last bracket that is still open, and how many commas stand in it."""
    waiting: list[tuple[int, int]] = []
    n_commas = 0
    quote = ""
    for position, character in enumerate(text):
        if quote:
            if character == quote and text[position - 1] != "\\":
                quote = ""
        elif character in "\"'`":
            quote = character
        elif character in _OPENERS:
            waiting.append((position, n_commas))
            n_commas = 0
        elif character in _CLOSERS:
            if waiting:
                n_commas = waiting.pop()[1]
        elif character == ",":
            n_commas += 1
    return (waiting[-1][0], n_commas) if waiting else (None, 0)

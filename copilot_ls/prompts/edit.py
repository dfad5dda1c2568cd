"""A selection and an instruction → the messages for a chat model that changes code. Pure.

Small models answer best if the selection stands alone in one fence, what it uses is given as
signatures, and the answer may be nothing but one fence.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from copilot_ls.domain import ChatMessage, ChatRole, Document, Prompt, Snippet
from indexer.model import Span

_SYSTEM = (
    "You change code as you are told. Answer with one code block that holds the whole new text of "
    "the selected lines and nothing else. Keep what the instruction does not speak of. "
    "Use only functions, methods and parameters that you are shown or that the language has."
)
_CHARS_PER_TOKEN = 3
_FENCED = re.compile(r"^[ \t]*(`{3,}|~{3,})[^\n]*\n(.*?)(?:^[ \t]*\1|\Z)", re.MULTILINE | re.DOTALL)


def edit_prompt(
    document: Document,
    span: Span,
    instruction: str,
    *,
    snippets: Sequence[Snippet] = (),
    context_tokens: int,
    complaint: str = "",
    answer: str = "",
) -> Prompt:
    """Lay out what the model reads.

    ``complaint`` says what was wrong with an earlier ``answer``.
    """
    selection = document.text[span.start : span.end]
    max_tokens = min(context_tokens // 2, max(128, 2 * len(selection) // _CHARS_PER_TOKEN + 128))
    room = _CHARS_PER_TOKEN * (context_tokens - max_tokens) - 2 * len(selection) - 1_200
    before = _tail(document.text[: span.start], max(0, room // 2))
    after = _head(document.text[span.end :], max(0, room // 4))
    parts = [f"File `{document.path or 'untitled'}` ({document.language})."]
    if snippets:
        signatures = "\n".join(snippet.stub for snippet in snippets)
        parts.append(f"Defined elsewhere in the project:\n{_fence(signatures)}")
    if before.strip():
        parts.append(f"Above the selection:\n{_fence(before, document.language)}")
    if after.strip():
        parts.append(f"Below the selection:\n{_fence(after, document.language)}")
    parts.append(f"The selected lines:\n{_fence(selection, document.language)}")
    parts.append(f"Instruction: {instruction.strip()}")
    messages = [
        ChatMessage(ChatRole.SYSTEM, _SYSTEM),
        ChatMessage(ChatRole.USER, "\n\n".join(parts)),
    ]
    if complaint:
        messages += [
            ChatMessage(ChatRole.ASSISTANT, answer),
            ChatMessage(
                ChatRole.USER,
                f"That is not right: {complaint}. Answer again with the whole corrected block.",
            ),
        ]
    return Prompt(messages=tuple(messages), max_tokens=max_tokens)


def code_in(answer: str) -> str:
    """The code of an answer: its first fence, or all of it if it has none."""
    found = _FENCED.search(answer)
    return found[2] if found else answer


def _fence(text: str, language: str = "") -> str:
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text.rstrip()}\n{fence}"


def _tail(text: str, max_chars: int) -> str:
    if len(text) <= max_chars:
        return text
    cut = text[len(text) - max_chars :]
    return cut[cut.find("\n") + 1 :]


def _head(text: str, max_chars: int) -> str:
    if len(text) <= max_chars:
        return text
    return text[: text.rfind("\n", 0, max_chars) + 1]

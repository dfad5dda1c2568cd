"""A function and what is still to be said of it → the messages for a chat model. Pure.

Small models answer best with one line for each thing that is asked, named as they shall name it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from copilot_ls.domain import ChatMessage, ChatRole, Prompt

SUMMARY = "summary"
RETURNS = "returns"
_SYSTEM = (
    "You fill in forms about Python functions. After each colon write one short plain sentence: "
    "what the code does, what a value means. Keep the names before the colons and their order. "
    "Say only what the code shows; no types, no default values."
)
# One filled-in form shows a small model more than any number of rules.
_SAMPLE_CODE = """\
def blend(base, layer, alpha=0.5, clip=True):
    mixed = (1 - alpha) * base.pixels + alpha * layer.pixels
    if clip:
        mixed = mixed.clip(0, 255)
    return Image(mixed, base.profile)"""
_SAMPLE_KEYS = ("summary", "base", "alpha", "clip", "returns")
_SAMPLE_ANSWER = """\
summary: Blends a layer over an image.
base: Image below, whose profile is kept.
alpha: Share of the layer in the mix, from 0 to 1.
clip: Whether mixed pixels are limited to the range of a byte.
returns: New image with the mixed pixels."""
_MAX_CODE_CHARS = 2_600
_LINE = re.compile(r"^\s*(?:[-*]\s*)?[`*]*(?P<key>\*{0,2}\w+)[`*]*\s*:\s*(?P<text>\S.*)$")


def docstring_prompt(
    code: str, owner: str, parameters: Sequence[str], *, with_result: bool
) -> Prompt:
    """Lay out what the model reads; ``owner`` says what the function belongs to, if anything."""
    keys = [SUMMARY, *parameters, *([RETURNS] if with_result else [])]
    shown = code if len(code) <= _MAX_CODE_CHARS else _shortened(code)
    messages = (
        ChatMessage(ChatRole.SYSTEM, _SYSTEM),
        ChatMessage(ChatRole.USER, _form("", _SAMPLE_CODE, _SAMPLE_KEYS)),
        ChatMessage(ChatRole.ASSISTANT, _SAMPLE_ANSWER),
        ChatMessage(ChatRole.USER, _form(owner, shown, keys)),
    )
    return Prompt(messages=messages, max_tokens=40 + 28 * len(keys), language="python")


def _form(owner: str, code: str, keys: Sequence[str]) -> str:
    parts = [
        *([owner] if owner else []),
        f"```python\n{code}\n```",
        "\n".join(f"{key}:" for key in keys),
    ]
    return "\n\n".join(parts)


def lines_in(answer: str) -> Mapping[str, str]:
    """What an answer says, by what was asked; of two lines for one thing the first counts."""
    found: dict[str, str] = {}
    for line in answer.splitlines():
        match = _LINE.match(line)
        if match is not None:
            found.setdefault(match["key"].lstrip("*").lower(), match["text"].strip())
    return found


def _shortened(code: str) -> str:
    """The beginning and the end of a long function."""
    head = code[: 2 * _MAX_CODE_CHARS // 3].rsplit("\n", 1)[0]
    tail = code[-_MAX_CODE_CHARS // 3 :].split("\n", 1)[-1]
    return f"{head}\n    ...\n{tail}"

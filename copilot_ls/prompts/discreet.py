"""A prompt as it may leave this machine: with its secrets masked. Pure."""

from __future__ import annotations

from dataclasses import replace

from copilot_ls.domain import Prompt
from indexer import secrets


def discreet(prompt: Prompt) -> Prompt:
    """The prompt for a model that somebody else runs; its length and its lines stay."""
    return replace(
        prompt,
        text=discreet_text(prompt.text, prompt.language),
        messages=tuple(
            replace(message, text=discreet_text(message.text, prompt.language))
            for message in prompt.messages
        ),
    )


def discreet_text(text: str, language: str = "") -> str:
    """A text without its secrets; ``language`` tells whether values stand without quotes."""
    masked, _ = secrets.mask(text, "", language)
    return masked

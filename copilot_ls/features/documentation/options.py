"""The choices that a user has about documentation; the settings tree builds this."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from indexer.syntax.docstring import DocstringStyle


@dataclass(frozen=True, slots=True)
class DocumentationOptions:
    """What docstrings are held against, and how they are written."""

    enabled: bool = field(
        default=True,
        metadata={"doc": "Show where docstrings say what the code does not do, while typing."},
    )
    style: Literal["auto", "google", "numpy", "sphinx", "epydoc", "plain"] = field(
        default="auto",
        metadata={
            "doc": "Style of docstrings that are written; `auto` takes that of the file, then that "
            "of its neighbours."
        },
    )
    width: int = field(
        default=0,
        metadata={"doc": "Longest line of a docstring; 0 takes what the file does."},
    )
    prose: bool = field(
        default=False,
        metadata={
            "doc": "Let the chat model write sentences of new docstrings, each of which is checked."
        },
    )
    prose_seconds: float = field(
        default=20.0,
        metadata={"doc": "How long the model may take for one docstring."},
    )

    @property
    def chosen_style(self) -> DocstringStyle | None:
        return None if self.style == "auto" else DocstringStyle(self.style)

"""Which of the index's answers go into a prompt, and in what form. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from copilot_ls.domain import PromptLayout, Snippet
from indexer.model import Hit

# A hit that scores far below the best one is more likely to mislead a small model than to help.
_LEAST_SHARE_OF_BEST = 0.25
_MAX_STUB_CHARS = 320


def choose_snippets(hits: Sequence[Hit], layout: PromptLayout) -> list[Snippet]:
    """Turn the best hits into stubs: few, short, each said once."""
    chosen: list[Snippet] = []
    seen: set[str] = set()
    best = hits[0].score if hits else 0.0
    for hit in hits:
        if hit.symbol is None or hit.score < best * _LEAST_SHARE_OF_BEST:
            continue
        stub = " ".join(hit.text.split())[:_MAX_STUB_CHARS]
        if not stub or stub in seen:
            continue
        seen.add(stub)
        chosen.append(
            Snippet(
                stub=stub,
                path=hit.path,
                line=hit.line,
                name=hit.symbol.qualified_name,
                score=hit.score,
                signals=hit.signals,
            )
        )
        if len(chosen) == layout.max_snippets:
            break
    return chosen

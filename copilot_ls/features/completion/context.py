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
    chosen: dict[str, Snippet] = {}
    best = hits[0].score if hits else 0.0
    for hit in hits:
        if hit.score < best * _LEAST_SHARE_OF_BEST:
            continue
        snippet = snippet_of(hit)
        if snippet is not None:
            chosen.setdefault(snippet.stub, snippet)
        if len(chosen) == layout.max_snippets:
            break
    return [*chosen.values()]


def snippet_of(hit: Hit) -> Snippet | None:
    """Write one hit as a stub on one line; a window of plain text is none."""
    stub = " ".join(hit.text.split())[:_MAX_STUB_CHARS]
    if hit.symbol is None or not stub:
        return None
    return Snippet(
        stub=stub,
        path=hit.path,
        line=hit.line,
        name=hit.symbol.qualified_name,
        score=hit.score,
        signals=hit.signals,
    )

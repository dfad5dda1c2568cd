"""Which of the index's answers go into a prompt, and in what form. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from copilot_ls.domain import PromptLayout, Snippet
from indexer.model import Hit

# The needed one is most likely among those shown: more would mislead a small model.
_ENOUGH = 0.7
_MAX_EXAMPLE_CHARS = 160
_MAX_STUB_CHARS = 320


def choose_snippets(hits: Sequence[Hit], layout: PromptLayout) -> list[Snippet]:
    """Turn the best hits into stubs: as few as hold the needed one most likely, each said once."""
    chosen: dict[str, Snippet] = {}
    chance = 0.0
    for hit in hits:
        snippet = snippet_of(hit)
        if snippet is not None:
            chosen.setdefault(snippet.stub, snippet)
        chance += hit.score
        if len(chosen) == layout.max_snippets or chance >= _ENOUGH:
            break
    return [*chosen.values()]


def examples_of(hits: Sequence[Hit], path: str, limit: int) -> tuple[str, ...]:
    """Write real uses on one line each; what stands in the document itself is seen anyway."""
    uses = (" ".join(hit.text.split()) for hit in hits if hit.path != path)
    return tuple(dict.fromkeys(use for use in uses if 0 < len(use) <= _MAX_EXAMPLE_CHARS))[:limit]


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

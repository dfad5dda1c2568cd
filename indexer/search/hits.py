"""How a found definition or chunk is told. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from indexer.declaration import declaration_of
from indexer.model import Chunk, Hit, Symbol
from indexer.search.corpus import Corpus


def symbol_hit(
    corpus: Corpus,
    symbol: Symbol,
    signals: Mapping[str, float],
    *,
    score: float,
    ranks: Mapping[str, int] | None = None,
    is_closed: bool = False,
) -> Hit:
    """A definition, with the declaration that its user would write."""
    return Hit(
        path=symbol.path,
        line=symbol.line,
        end_line=symbol.end_line,
        title=symbol.qualified_name,
        score=round(score, 4),
        signals=signals,
        ranks=ranks or {},
        symbol=symbol,
        text=declaration_of(symbol, corpus.outline(symbol.path)),
        is_closed=is_closed,
    )


def chunk_hit(
    chunk: Chunk,
    symbol: Symbol | None,
    signals: Mapping[str, float],
    *,
    score: float,
    ranks: Mapping[str, int] | None = None,
) -> Hit:
    """A piece of text, with the symbol that it is, if it is one."""
    return Hit(
        path=chunk.path,
        line=chunk.line,
        end_line=chunk.end_line,
        title=chunk.qualified_name or posixpath.basename(chunk.path),
        score=round(score, 4),
        signals=signals,
        ranks=ranks or {},
        symbol=symbol,
        text=chunk.text,
    )

"""Natural language → code: what a person typed, words of a purpose or a name. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from indexer.model import Hit, Query, Symbol
from indexer.search.candidates import COMMON, MIN_TERMS
from indexer.search.corpus import Corpus, Nearest
from indexer.search.fusion import fuse
from indexer.search.hits import chunk_hit, symbol_hit
from indexer.search.terms import terms_of

_MAX_TERMS = 12
_N_CANDIDATES = 50
_EXACT_NAME = re.compile(r"[^\W\d][\w.]*")


def search_natural(corpus: Corpus, query: Query, nearest: Nearest) -> list[Hit]:
    """Definitions whose words or meaning are near, best first; an exact name comes before all."""
    terms = _rarest(corpus, terms_of(query.text), _MAX_TERMS)
    lists: dict[str, dict[int, float]] = {
        "full": dict(corpus.match_chunks(terms, weights=(4.0, 2.0, 1.0), limit=_N_CANDIDATES)),
        "head": dict(
            corpus.match_chunks(
                terms, weights=(2.0, 1.0, 0.0), limit=_N_CANDIDATES, heads_only=True
            )
        ),
    }
    similar = nearest(query.text, _N_CANDIDATES)
    rows_by_hash = corpus.chunks_with_hashes([text_hash for text_hash, _ in similar])
    lists["meaning"] = {
        row: score for text_hash, score in similar for row in rows_by_hash.get(text_hash, ())
    }
    lists = {name: scores for name, scores in lists.items() if scores and name not in query.without}
    named = _named(corpus, query.text)
    fused = fuse(lists)
    best = sorted(fused, key=lambda row: (-sum(fused[row].values()), row))
    chunks = corpus.chunks_of(best[: query.limit + len(named)])
    hits = [
        symbol_hit(corpus, symbol, {"name": 1.0}, score=100.0 - place)
        for place, symbol in enumerate(named)
    ]
    known = {(hit.path, hit.line) for hit in hits}
    for row in best:
        chunk = chunks.get(row)
        if chunk is not None and (chunk.path, chunk.line) not in known:
            known.add((chunk.path, chunk.line))
            score = sum(fused[row].values())
            ranks = _ranks(lists, row)
            hits.append(chunk_hit(corpus, chunk, fused[row], score=score, ranks=ranks))
    return hits[: query.limit]


def _ranks(lists: Mapping[str, Mapping[int, float]], row: int) -> dict[str, int]:
    return {
        name: 1 + sum(1 for score in scores.values() if score > scores[row])
        for name, scores in lists.items()
        if row in scores
    }


def _named(corpus: Corpus, text: str) -> list[Symbol]:
    word = text.strip().removesuffix("()")
    if _EXACT_NAME.fullmatch(word) is None:
        return []
    found = corpus.symbols_named(word.rpartition(".")[2])
    if "." in word:
        found = [s for s in found if f".{s.qualified_name}".endswith(f".{word}")]
    return sorted(found, key=lambda s: (not s.is_public, s.path, s.line))


def _rarest(corpus: Corpus, terms: Iterable[str], limit: int) -> list[str]:
    """The terms that tell most: known ones, rarest first."""
    counts = {term: corpus.frequency(term, in_chunks=True) for term in dict.fromkeys(terms)}
    known = sorted((term for term, count in counts.items() if count), key=lambda t: counts[t])
    telling = [term for term in known if counts[term] <= COMMON]
    # Common words ("how", "the") cost most and tell least; they count only where little else does.
    return (telling if len(telling) >= MIN_TERMS else known[:MIN_TERMS])[:limit]

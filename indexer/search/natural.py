"""Natural language → code: what a person typed, words of a purpose or a name. Pure.

Three lists give candidates: the words of whole chunks, the words of names and signatures, and the
nearest vectors. Their standard scores and some plain comparisons of words are weighed by numbers
learned from sentences that authors wrote about their own code (``natural.json``, written by
``scripts/train_natural.py``).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib import resources

from indexer.model import Chunk, Hit, Query, Symbol, SymbolKind
from indexer.search.candidates import Key
from indexer.search.corpus import Corpus, Nearest
from indexer.search.features import is_test_path
from indexer.search.fusion import fuse
from indexer.search.hits import chunk_hit, symbol_hit
from indexer.search.terms import WORD, name_stems, shared, stems_of, terms_of

LISTS = ("full", "head", "meaning")
FEATURES = (
    *LISTS,
    "question_says_name",
    "name_says_question",
    "question_says_owner",
    "question_says_signature",
    "question_says_path",
    "best_members",
    "own_class",
    "is_class",
    "is_class_asked",
    "is_method",
    "is_function",
    "is_action_asked",
    "is_private",
    "is_dunder",
    "is_test",
    "is_text",
    "is_abstract",
)

_MAX_TERMS = 16
# Chunks are not looked up by a word that is in more of them than this: it tells too little.
_COMMON = 3_000
_MIN_TERMS = 3
_N_CANDIDATES = 60
_N_BEST_MEMBERS = 3
_EXACT_NAME = re.compile(r"[^\W\d][\w.]*")
_STOP_WORDS = """
    a an the of to in for and or is are be with on from by as this that it its if not no into at
    which will can has have been was were given using used use when than then so such each any all
    e g i how what where do does
"""
_CLASSES = frozenset({SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.ENUM})
# A sentence about a thing starts with an article or the like, one about an action with a verb.
_THING = re.compile(
    r"(?:a|an|the|this|base|abstract|class|interface|represents?|wrapper|mixin|helper|exception"
    r"|error|raised|simple|generic|thrown|provides?|manages?|implements?|holds?|describes?"
    r"|defines?|container|options|settings|model|custom|default)\b",
    re.IGNORECASE,
)
_THING_ENDING = re.compile(
    r"\w+(?:er|or|tion|ment|ware|ity|ness|class|error|object|ory)\b", re.IGNORECASE
)
_ACTION = re.compile(
    r"(?:get|set|enter|register|filter|render|order|alter|monitor|recover|transfer|implement"
    r"|increment|decrement|reset|let|\w+[^s]s)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A definition or a piece of text, with its standard score in each list."""

    symbol: Symbol | None
    row: int | None
    scores: Mapping[str, float]
    ranks: Mapping[str, int]

    @property
    def total(self) -> float:
        return sum(self.scores.values())


def search_natural(corpus: Corpus, query: Query, nearest: Nearest) -> list[Hit]:
    """Definitions whose words or meaning are near, best first; an exact name comes before all."""
    found = candidates(corpus, query, nearest)
    keys = list(found)
    weights = _learned()["with_vectors" if _has_vectors(found) else "without_vectors"]
    scores = [
        sum(weight * value for weight, value in zip(weights, row, strict=True))
        for row in rows_of(query.text, found, keys)
    ]
    order = sorted(range(len(keys)), key=lambda number: (-scores[number], keys[number]))
    hits = [
        symbol_hit(corpus, symbol, {"name": 1.0}, score=100.0 - place, ranks={"name": place + 1})
        for place, symbol in enumerate(_named(corpus, query.text))
    ]
    known = {(hit.path, hit.title) for hit in hits}
    chosen = [n for n in order if keys[n] not in known][: max(0, query.limit - len(hits))]
    chunks = corpus.chunks_of([row for n in chosen if (row := found[keys[n]].row) is not None])
    for number in chosen:
        candidate = found[keys[number]]
        if candidate.row is not None and candidate.row in chunks:
            hits.append(_chunk_hit(chunks[candidate.row], candidate, scores[number]))
        elif candidate.symbol is not None:
            hits.append(_symbol_hit(corpus, candidate.symbol, candidate, scores[number]))
    return hits[: query.limit]


def candidates(corpus: Corpus, query: Query, nearest: Nearest) -> dict[Key, Candidate]:
    """What the lists give, and the classes whose members they give."""
    terms, common = _telling(corpus, terms_of(query.text))
    match = partial(corpus.match_chunks, terms, common=common, limit=_N_CANDIDATES)
    lists: dict[str, dict[int, float]] = {
        "full": dict(match(weights=(4.0, 2.0, 1.0))),
        "head": dict(match(weights=(2.0, 1.0, 0.0), heads_only=True)),
    }
    if "meaning" not in query.without:
        similar = nearest(query.text, _N_CANDIDATES)
        rows_by_hash = corpus.chunks_with_hashes([text_hash for text_hash, _ in similar])
        lists["meaning"] = {
            row: score for text_hash, score in similar for row in rows_by_hash.get(text_hash, ())
        }
    lists = {name: scores for name, scores in lists.items() if scores and name not in query.without}
    fused = fuse(lists)
    containers = corpus.containers_of(list(fused))
    places = set(containers.values())
    places.update((path, owner) for path, name in containers.values() for owner in _owners(name))
    symbols = corpus.symbols_at(places)
    found: dict[Key, Candidate] = {}
    for row, scores in fused.items():
        key = containers[row]
        candidate = Candidate(symbols.get(key), row, scores, _ranks(lists, row))
        # A long function has several chunks; the best one speaks for it.
        if key not in found or found[key].total < candidate.total:
            found[key] = candidate
    lowest = {name: min(scores[name] for scores in fused.values()) for name in lists}
    for path, qualified_name in list(found):
        for owner in _owners(qualified_name):
            symbol = symbols.get((path, owner))
            if symbol is not None and symbol.kind in _CLASSES and (path, owner) not in found:
                found[path, owner] = Candidate(symbol, None, lowest, {})
    return found


def rows_of(text: str, found: Mapping[Key, Candidate], keys: Sequence[Key]) -> list[list[float]]:
    """One row of ``FEATURES`` for each of ``keys``."""
    question = stems_of(text)
    is_thing = _asks_for_thing(text)
    members: dict[Key, list[float]] = {}
    for (path, name), candidate in found.items():
        owner = name.rpartition(".")[0]
        if owner:
            members.setdefault((path, owner), []).append(candidate.total)
    rows = []
    for key in keys:
        candidate, (path, qualified_name) = found[key], key
        symbol = candidate.symbol
        owner, _, name = qualified_name.rpartition(".")
        stems = name_stems(name) if name else frozenset()
        kind = symbol.kind if symbol is not None else None
        best = sorted(members.get(key, ()), reverse=True)[:_N_BEST_MEMBERS]
        own_class = found.get((path, owner)) if owner else None
        rows.append(
            [
                *(candidate.scores.get(each, 0.0) for each in LISTS),
                shared(stems, question),
                shared(question, stems),
                shared(name_stems(owner.rpartition(".")[2]), question) if owner else 0.0,
                shared(_signature_stems(symbol.stub), question) if symbol is not None else 0.0,
                shared(stems_of(path.rpartition("/")[2].partition(".")[0]), question),
                sum(best) / _N_BEST_MEMBERS if kind in _CLASSES else 0.0,
                own_class.total if own_class is not None else 0.0,
                float(kind in _CLASSES),
                is_thing if kind in _CLASSES else 0.0,
                float(kind is SymbolKind.METHOD),
                float(kind is SymbolKind.FUNCTION),
                is_thing if kind in {SymbolKind.METHOD, SymbolKind.FUNCTION} else 0.0,
                float(name.startswith("_") and not name.startswith("__")),
                float(name.startswith("__")),
                float(is_test_path(path)),
                float(symbol is None),
                float(symbol is not None and any("abstract" in d for d in symbol.decorators)),
            ]
        )
    return rows


def _owners(qualified_name: str) -> list[str]:
    """``a.b`` and ``a`` of ``a.b.c``."""
    parts = qualified_name.split(".")[:-1]
    return [".".join(parts[:length]) for length in range(len(parts), 0, -1)]


def _has_vectors(found: Mapping[Key, Candidate]) -> bool:
    return any("meaning" in candidate.scores for candidate in found.values())


@cache
def _learned() -> Mapping[str, Sequence[float]]:
    text = resources.files("indexer.search").joinpath("natural.json").read_text(encoding="utf-8")
    weights: Mapping[str, Mapping[str, float]] = json.loads(text)["weights"]
    return {name: [own.get(feature, 0.0) for feature in FEATURES] for name, own in weights.items()}


def _asks_for_thing(text: str) -> float:
    """1 if a sentence describes a thing, -1 if it describes an action."""
    first = text.strip()
    if _THING.match(first):
        return 1.0
    if _ACTION.match(first) or _THING_ENDING.match(first) is None:
        return -1.0
    return 0.5


def _signature_stems(stub: str) -> frozenset[str]:
    return frozenset(stem for word in WORD.findall(stub)[1:] for stem in name_stems(word))


def _ranks(lists: Mapping[str, Mapping[int, float]], row: int) -> dict[str, int]:
    return {
        name: 1 + sum(1 for score in scores.values() if score > scores[row])
        for name, scores in lists.items()
        if row in scores
    }


def _chunk_hit(chunk: Chunk, candidate: Candidate, score: float) -> Hit:
    return chunk_hit(chunk, candidate.symbol, candidate.scores, score=score, ranks=candidate.ranks)


def _symbol_hit(corpus: Corpus, symbol: Symbol, candidate: Candidate, score: float) -> Hit:
    return symbol_hit(corpus, symbol, candidate.scores, score=score, ranks=candidate.ranks)


def _named(corpus: Corpus, text: str) -> list[Symbol]:
    word = text.strip().removesuffix("()")
    if _EXACT_NAME.fullmatch(word) is None:
        return []
    found = corpus.symbols_named(word.rpartition(".")[2])
    if "." in word:
        found = [s for s in found if f".{s.qualified_name}".endswith(f".{word}")]
    return sorted(found, key=lambda s: (not s.is_public, s.path, s.line))


def _telling(corpus: Corpus, terms: Iterable[str]) -> tuple[list[str], list[str]]:
    """Known terms, the rarest first: those that tell, and common ones where few of them do."""
    stop_words = frozenset(_STOP_WORDS.split())
    counts = {
        term: corpus.frequency(term, in_chunks=True)
        for term in dict.fromkeys(terms)
        if term not in stop_words
    }
    known = sorted((term for term, count in counts.items() if count), key=lambda t: counts[t])
    telling = [term for term in known if counts[term] <= _COMMON][:_MAX_TERMS]
    return telling, known[len(telling) : _MIN_TERMS]

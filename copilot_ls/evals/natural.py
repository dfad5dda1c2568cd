"""Questions in plain words, taken from what the authors wrote: a docstring's first sentence.

The docstrings are taken out of the copy that is indexed, else the answer would hold the question.
Authors reuse the words of a name when they describe it, so the questions that share no word stem
with the name they ask for are counted apart.
"""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from copilot_ls import wiring
from copilot_ls.config import Settings
from copilot_ls.evals.repositories import IndexedRepository
from copilot_ls.features.reranking import N_READ, rerank
from copilot_ls.ports import Model
from indexer.model import Hit, Query, SearchMode, Symbol, SymbolKind

if TYPE_CHECKING:
    from indexer.index import Index

_ASKED = frozenset({SymbolKind.FUNCTION, SymbolKind.METHOD, SymbolKind.CLASS, SymbolKind.INTERFACE})
_BLOCK_COMMENT = re.compile(r"/\*\*.*?\*/", re.DOTALL)
_SENTENCE = re.compile(r"(.+?[.!?])(?:\s|$)|(.+?)(?:\n\s*\n|$)", re.DOTALL)
_WORD = re.compile(r"[A-Za-z]{3,}")
_TEST_PATH = re.compile(r"(^|/)(tests?|testing)/|(^|/)(test_[^/]*|conftest|[^/]*_test)\.\w+$")
_MIN_WORDS, _MAX_WORDS = 4, 30
_LIMIT = 10
_STEM = 4


@dataclass(frozen=True, slots=True)
class Question:
    """A sentence, and the definition that its author described with it."""

    text: str
    path: str
    qualified_name: str

    @property
    def shares_a_stem(self) -> bool:
        """Whether a word of the sentence starts like a word of the name."""
        asked = {word.lower()[:_STEM] for word in _WORD.findall(self.text)}
        last = self.qualified_name.rpartition(".")[2]
        parts = re.findall(r"[A-Z]?[a-z]{2,}|[A-Z]{3,}", last)
        return any(part.lower()[:_STEM] in asked for part in parts)


@dataclass(frozen=True, slots=True)
class Answered:
    """The rank (from 1, 0 if not found) without and with vectors, and what asking took.

    ``reranked`` and ``reranking_ms`` tell of the model's order of the same hits, if it was asked.
    """

    question: Question
    repo: str
    lexical: int
    fused: int | None
    milliseconds: float
    reranked: int | None = None
    reranking_ms: float = 0.0


async def run_natural(
    repositories: Path,
    repo: str,
    *,
    limit: int,
    with_vectors: bool,
    model: Model | None = None,
    on_progress: Callable[[int], None],
) -> list[Answered]:
    """Ask the docstrings of one repository, at most ``limit`` of them, evenly spread.

    With a ``model``, its order of the best hits counts as well.

    Raises:
        ModelError: the model is not there, or cannot judge.
    """
    with IndexedRepository.open(repositories, repo) as plain:
        questions = _spread(questions_of(plain.index.symbols()), limit)
    answered: list[Answered] = []
    with IndexedRepository.open(
        repositories, repo, change=without_docstrings, with_vectors=with_vectors
    ) as stripped:
        lines_of = wiring.lines_reader(stripped.root, Settings())
        for question in questions:
            hits, milliseconds = _ask(stripped.index, question, without=("meaning",))
            lexical, fused = _rank(hits, question), None
            if with_vectors:
                hits, milliseconds = _ask(stripped.index, question, without=())
                fused = _rank(hits, question)
            entry = Answered(question, repo, lexical, fused, milliseconds)
            if model is not None:
                started = time.perf_counter()
                hits = await rerank(model, question.text, hits, lines_of)
                taken = 1000 * (time.perf_counter() - started)
                entry = replace(entry, reranked=_rank(hits, question), reranking_ms=taken)
            answered.append(entry)
            on_progress(len(answered))
    return answered


def questions_of(symbols: Sequence[Symbol]) -> list[Question]:
    """The first sentences of docstrings that say enough, each sentence once."""
    found: dict[str, Question | None] = {}
    for symbol in symbols:
        if symbol.kind not in _ASKED or not symbol.docstring or _TEST_PATH.search(symbol.path):
            continue
        match = _SENTENCE.match(symbol.docstring.strip())
        text = " ".join((match[1] or match[2]).split()) if match else ""
        if _MIN_WORDS <= len(_WORD.findall(text)) <= _MAX_WORDS:
            # A sentence that describes several things asks for none of them.
            found[text] = (
                None if text in found else Question(text, symbol.path, symbol.qualified_name)
            )
    return [question for question in found.values() if question is not None]


def without_docstrings(path: str, text: str) -> str:
    """The text with its docstrings blanked; line numbers stay."""
    if path.endswith((".py", ".pyi")):
        return _without_python_docstrings(text)
    ending = path.rpartition(".")[2]
    if ending in {"js", "jsx", "mjs", "cjs", "ts", "tsx", "mts", "cts", "java", "php", "cs"}:
        return _BLOCK_COMMENT.sub(lambda match: "\n" * match[0].count("\n"), text)
    return text


def _without_python_docstrings(text: str) -> str:
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return text
    lines = text.split("\n")
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        first = node.body[0] if node.body else None
        if not (
            isinstance(first, ast.Expr)
            and isinstance(first.value, ast.Constant)
            and isinstance(first.value.value, str)
            and first.end_lineno is not None
        ):
            continue
        start = len(lines[first.lineno - 1].encode()[: first.col_offset].decode())
        before = lines[first.lineno - 1][:start]
        after = lines[first.end_lineno - 1].encode()[first.end_col_offset :].decode()
        # A body must not become empty.
        lines[first.lineno - 1] = f"{before}...{after}"
        for number in range(first.lineno, first.end_lineno):
            lines[number] = ""
    return "\n".join(lines)


def _ask(index: Index, question: Question, *, without: tuple[str, ...]) -> tuple[list[Hit], float]:
    """The hits, and the milliseconds that they took."""
    started = time.perf_counter()
    hits = index.search(Query(question.text, SearchMode.NL, limit=N_READ, without=without))
    return hits, 1000 * (time.perf_counter() - started)


def _rank(hits: Sequence[Hit], question: Question) -> int:
    wanted = (question.path, question.qualified_name)
    places = [(hit.path, hit.title) for hit in hits[:_LIMIT]]
    return places.index(wanted) + 1 if wanted in places else 0


def _spread(questions: Sequence[Question], limit: int) -> list[Question]:
    if limit >= len(questions):
        return list(questions)
    return [questions[number * len(questions) // limit] for number in range(limit)]

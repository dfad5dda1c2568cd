"""The best hits of a question in words, put in order by how well the words describe the code.

A small model cannot choose among fourteen functions, but it knows how likely a sentence is after
a function: the query likelihood that Sachan et al. rerank passages with ("Improving Passage
Retrieval with Zero-Shot Question Generation", 2022).
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import replace

from copilot_ls.ports import Model
from indexer.model import Hit, SymbolKind

N_READ = 14
"""So many hits are read again: each costs the model about 0.1 s on two cores."""

# What a natural logarithm of the likelihood counts beside the search's own score: measured on 50
# sentences of one package, flat between 0.3 and 1 (docs/decisions/0033).
_WEIGHT = 0.5
_MAX_CHARS = 500
_TYPES = frozenset({SymbolKind.CLASS, SymbolKind.INTERFACE, SymbolKind.ENUM})


async def rerank(
    model: Model,
    question: str,
    hits: Sequence[Hit],
    lines_of: Callable[[str], Sequence[str]],
) -> list[Hit]:
    """Return the hits, the first :data:`N_READ` of them in a new order.

    ``lines_of`` gives the lines of the file at a path, none if it cannot be read.

    Raises:
        ModelError: the model is not there, or cannot judge.
    """
    read, rest = hits[:N_READ], hits[N_READ:]
    likelihoods = await model.likelihoods(
        [_prompt(hit, lines_of(hit.path)) for hit in read], question
    )
    judged = [
        replace(
            hit,
            score=hit.score + _WEIGHT * likelihood,
            signals={**hit.signals, "likelihood": likelihood},
        )
        for hit, likelihood in zip(read, likelihoods, strict=True)
    ]
    judged.sort(key=lambda hit: -hit.score)
    return [*judged, *rest]


def _prompt(hit: Hit, lines: Sequence[str]) -> str:
    name = hit.title.rpartition(".")[2] if hit.symbol else "this text"
    code = _code(hit, lines)[:_MAX_CHARS]
    return f"{hit.path}: {hit.title}\n\n{code}\n\nIn one sentence, {name}: "


def _code(hit: Hit, lines: Sequence[str]) -> str:
    code = [line for line in lines[hit.line : hit.end_line + 1] if line.strip()]
    if hit.symbol is not None and hit.symbol.kind in _TYPES:
        # The heads of a type's members say more of it than the body of the first one.
        inner = min((_indent(line) for line in code[1:] if _indent(line)), default=0)
        code = [line for line in code if _indent(line) <= inner]
    return textwrap.dedent("\n".join(code)) or hit.text


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())

"""How well a small repository is searched, as a table that a change of the ranking has to change.

``ranking/corpus.txt`` is the repository, ``places.txt`` are cursors with what is needed there,
``questions.txt`` the other modes. ``UPDATE_SCENARIOS=1`` rewrites ``rank_stats.txt``: look at the
difference before you commit it. The embedder hashes words, so that every machine says the same.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from indexer.embed.hashing import HashingEmbedder
from indexer.index import Index
from indexer.model import Hit, IndexOptions, Query, SearchMode
from tests.scenarios.test_completion import read_sections

FOLDER = Path(__file__).parent / "ranking"
GOLDEN = FOLDER / "rank_stats.txt"


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Index]:
    folder = tmp_path_factory.mktemp("ranking")
    for path, text in read_sections((FOLDER / "corpus.txt").read_text(encoding="utf-8")).items():
        file = folder / "shop" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    options = IndexOptions()
    embedder = HashingEmbedder()
    with closing(
        Index.open(folder / "shop", folder / "index", options=options, embedder=embedder)
    ) as index:
        index.update()
        yield index


def test_the_ranks_are_the_known_ones(index: Index) -> None:
    ranks: dict[str, list[tuple[str, int]]] = {mode: [] for mode in SearchMode}
    for title, query, wanted in [*_places(), *_questions()]:
        ranks[query.mode].append((title, _rank(index.search(query), wanted)))
    table = _table(ranks)
    if os.environ.get("UPDATE_SCENARIOS"):
        GOLDEN.write_text(table, encoding="utf-8")
    assert table == GOLDEN.read_text(encoding="utf-8")


def _places() -> Iterator[tuple[str, Query, str]]:
    for part in (FOLDER / "places.txt").read_text(encoding="utf-8").split("\n-- "):
        head, _, marked = part.removeprefix("-- ").partition(" --\n")
        path, _, wanted = head.partition(" > ")
        text = marked.replace("█", "")
        query = Query(text, SearchMode.COMPLETION, path, marked.index("█"))
        yield f"{path} needs {wanted}", query, wanted


def _questions() -> Iterator[tuple[str, Query, str]]:
    for line in (FOLDER / "questions.txt").read_text(encoding="utf-8").splitlines():
        mode, text, wanted = line.split(" | ")
        yield f"{text} > {wanted}", Query(text, SearchMode(mode)), wanted


def _rank(hits: Sequence[Hit], wanted: str) -> int:
    found = [f"{hit.path} {hit.title}" for hit in hits]
    return found.index(wanted) + 1 if wanted in found else 0


def _table(ranks: dict[str, list[tuple[str, int]]]) -> str:
    lines = ["mode         n  recall@1  recall@5  mrr@10"]
    for mode, found in ranks.items():
        places = [rank for _, rank in found]
        n = len(places)
        shares = [sum(0 < rank <= k for rank in places) / n for k in (1, 5)]
        mrr = sum(1 / rank for rank in places if rank) / n
        lines.append(f"{mode:<11}{n:>3}{shares[0]:>10.3f}{shares[1]:>10.3f}{mrr:>8.3f}")
    for mode, found in ranks.items():
        lines += ["", f"{mode}: rank (0: not among ten)"]
        lines += [f"{rank:>3}  {title}" for title, rank in found]
    return "\n".join(lines) + "\n"

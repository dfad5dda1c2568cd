"""How long answers take on 100,000 chunks: typing in changing documents, words, names.

The repository is a wheel of a million lines; its index stays in the user's cache folder.
"""

from __future__ import annotations

import random
import time
from contextlib import closing
from pathlib import Path

from copilot_ls import wiring
from copilot_ls.config import IndexSettings, Settings
from indexer.index import Index
from indexer.model import Query, SearchMode
from tests.bench.corpora import HOME_ASSISTANT, fetched

_N_DOCUMENTS = 25
_N_KEYS = 12
_SEED = 7

Rows = list[tuple[str, list[tuple[float, float]]]]


def measure() -> tuple[str, Rows]:
    """What was measured on, and milliseconds by question."""
    folder = wiring.cache_root() / "bench"
    root = fetched(HOME_ASSISTANT)
    settings = Settings(index=IndexSettings(vectors=False))
    with closing(wiring.open_index(root, settings, location=folder / "index")) as index:
        index.update(with_vectors=False)
        status = index.status()
        title = (
            f"{HOME_ASSISTANT.requirement}: {status.n_files:,} files, {status.n_chunks:,} chunks"
        )
        source = random.Random(_SEED)
        paths = sorted(
            path.relative_to(root).as_posix()
            for path in root.rglob("*.py")
            if 3_000 < path.stat().st_size < 60_000
        )
        documents = source.sample(paths, _N_DOCUMENTS)
        rows = _typing(index, root, documents, source)
        symbols = [symbol for path in documents for symbol in _symbols(index, path)]
        source.shuffle(symbols)
        names = [name for name, _ in symbols][:200]
        index.lookup("warm")
        rows.append(("lookup of a name", [_timed(index.lookup, name) for name in names]))
        words = [words for _, words in symbols if len(words.split()) > 3][:60]
        queries = [Query(text, SearchMode.NL) for text in words]
        rows.append(("words, without vectors", [_timed(index.search, q) for q in queries]))
        queries = [Query(name, SearchMode.USAGE) for name in names[:40]]
        rows.append(("uses of a name", [_timed(index.search, q) for q in queries]))
        queries = [Query(path, SearchMode.RELATED) for path in documents]
        rows.append(("related files", [_timed(index.search, q) for q in queries]))
    return title, rows


def _typing(index: Index, root: Path, documents: list[str], source: random.Random) -> Rows:
    """Each document is opened, then one of its lines is typed anew, key by key."""
    opening: list[tuple[float, float]] = []
    first: list[tuple[float, float]] = []
    keys: list[tuple[float, float]] = []
    for path in documents:
        lines = (root / path).read_text(encoding="utf-8").split("\n")
        numbers = [
            number
            for number, line in enumerate(lines)
            if len(line) > 24 and line.startswith("    ") and line.rstrip().endswith(")")
        ]
        for turn, number in enumerate(source.sample(numbers, min(3, len(numbers)))):
            line = lines[number]
            above, below = "\n".join(lines[:number]), "\n".join(lines[number + 1 :])
            indent = len(line) - len(line.lstrip())
            if turn == 0:
                offset = len(above)
                query = Query(f"{above}\n{below}", SearchMode.COMPLETION, path, offset)
                opening.append(_timed(index.search, query))
            for key in range(_N_KEYS):
                typed = line[: indent + key]
                text = f"{above}\n{typed}\n{below}"
                query = Query(text, SearchMode.COMPLETION, path, len(above) + 1 + len(typed))
                (keys if key else first).append(_timed(index.search, query))
    return [
        ("a document is opened", opening),
        ("the first key on a new line", first),
        ("each further key", keys),
        ("all keys", first + keys),
    ]


def _symbols(index: Index, path: str) -> list[tuple[str, str]]:
    def ask(repository: object) -> list[tuple[str, str]]:
        outline = repository.outline(path)  # type: ignore[attr-defined]
        return [(symbol.name, symbol.docstring) for symbol in outline.symbols] if outline else []

    return index.consult(ask)


def _timed(ask, question: object) -> tuple[float, float]:
    """Milliseconds on the clock and of the processor: the second is steadier on a busy machine."""
    started, worked = time.perf_counter(), time.process_time()
    ask(question)
    return 1000 * (time.perf_counter() - started), 1000 * (time.process_time() - worked)

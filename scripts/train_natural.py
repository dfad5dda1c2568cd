"""Learn the weights of `indexer/search/natural.json` from docstrings' first sentences.

    python scripts/train_natural.py REPOSITORIES WORK [--vectors NAME,NAME] [--held-out NAME,NAME]

Each repository is copied to WORK with its docstrings blanked, and indexed there; those named with
--vectors with embeddings too (about 100 chunks a second), which teach the weights that hold where
there are vectors. The loss is that of choosing the right one of a question's candidates.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np

from copilot_ls import wiring
from copilot_ls.config import IndexSettings, Settings
from copilot_ls.evals.natural import Question, questions_of, without_docstrings
from copilot_ls.evals.repositories import rewrite
from indexer.index import Index
from indexer.model import Query, SearchMode
from indexer.search.natural import FEATURES

WEIGHTS = Path(__file__).parents[1] / "indexer" / "search" / "natural.json"
MAX_QUESTIONS = 70
N_STEPS, RATE, DECAY = 600, 0.05, 3e-3

Asked = tuple[np.ndarray, int]
"""Rows of one question's candidates, and the right one's number, -1 if it is not among them."""


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("repositories", type=Path)
    parser.add_argument("work", type=Path)
    parser.add_argument("--vectors", default="", help="names of repositories, with commas")
    parser.add_argument("--held-out", default="", help="likewise; judged, never learned from")
    arguments = parser.parse_args()
    with_vectors = set(arguments.vectors.split(",")) - {""}
    held_out = set(arguments.held_out.split(",")) - {""}
    asked: dict[str, dict[str, list[Asked]]] = {"with_vectors": {}, "without_vectors": {}}
    for root in sorted(path for path in arguments.repositories.iterdir() if path.is_dir()):
        for name in ("with_vectors", "without_vectors"):
            if name == "without_vectors" or root.name in with_vectors:
                asked[name][root.name] = list(
                    ask(root, arguments.work / root.name, vectors=name == "with_vectors")
                )
        print(root.name, len(asked["without_vectors"][root.name]), flush=True)
    weights, told = {}, {}
    for name, by_repository in asked.items():
        seen = [q for repo, own in by_repository.items() if repo not in held_out for q in own]
        others = [q for repo, own in by_repository.items() if repo in held_out for q in own]
        learned = fit(seen)
        told[name] = len(seen)
        weights[name] = dict(zip(FEATURES, (round(float(w), 3) for w in learned), strict=True))
        plain = np.array([float(feature in {"full", "head", "meaning"}) for feature in FEATURES])
        for title, questions in (("seen", seen), ("held out", others)):
            if questions:
                print(
                    f"{name:16} {title:9} n={len(questions)}  MRR@10 {mrr(questions, learned):.3f}"
                    f"  (sum of standard scores {mrr(questions, plain):.3f})"
                )
    text = json.dumps({"trained_on": told, "weights": weights}, indent=1)
    WEIGHTS.write_text(f"{text}\n", encoding="utf-8")
    return 0


def ask(root: Path, work: Path, *, vectors: bool) -> Iterator[Asked]:
    index_folder = work / ("ix" if vectors else "plain_ix")
    questions = _questions(root, work)
    settings = Settings(index=IndexSettings(vectors=vectors))
    with closing(wiring.open_index(work / "root", settings, location=index_folder)) as index:
        index.update(with_vectors=vectors)
        for question in questions:
            yield _asked(index, question)


def _asked(index: Index, question: Question) -> Asked:
    rows, keys = index.describe(Query(question.text, SearchMode.NL))
    wanted = (question.path, question.qualified_name)
    matrix = np.asarray(rows, dtype=np.float32).reshape(-1, len(FEATURES))
    return matrix, keys.index(wanted) if wanted in keys else -1


def _questions(root: Path, work: Path) -> list[Question]:
    place = work / "questions.json"
    if not place.exists():
        work.mkdir(parents=True, exist_ok=True)
        settings = Settings(index=IndexSettings(vectors=False))
        with closing(wiring.open_index(root, settings, location=work / "whole_ix")) as index:
            index.update(with_vectors=False)
            questions = questions_of(index.symbols())
        shutil.rmtree(work / "root", ignore_errors=True)
        shutil.copytree(root, work / "root")
        rewrite(work / "root", without_docstrings)
        told = [[q.text, q.path, q.qualified_name] for q in questions]
        place.write_text(json.dumps(told), encoding="utf-8")
    found = [Question(*each) for each in json.loads(place.read_text(encoding="utf-8"))]
    n = min(MAX_QUESTIONS, len(found))
    return [found[number * len(found) // n] for number in range(n)]


def fit(questions: Sequence[Asked]) -> np.ndarray:
    """Minimise the softmax loss over each question's candidates (Adam, all questions at once)."""
    usable = [(rows, answer) for rows, answer in questions if answer >= 0]
    matrix = np.concatenate([rows for rows, _ in usable])
    lengths = np.array([len(rows) for rows, _ in usable])
    firsts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    right = firsts + np.array([answer for _, answer in usable])
    scale = 1.0 / np.maximum(matrix.std(0), 0.1)
    x = matrix * scale
    weights = np.zeros(x.shape[1])
    first, second = np.zeros_like(weights), np.zeros_like(weights)
    for step in range(1, N_STEPS + 1):
        scores = x @ weights
        powers = np.exp(scores - np.repeat(np.maximum.reduceat(scores, firsts), lengths))
        error = powers / np.repeat(np.add.reduceat(powers, firsts), lengths)
        error[right] -= 1.0
        gradient = x.T @ error / len(usable) + DECAY * weights
        first += 0.1 * (gradient - first)
        second += 0.001 * (gradient**2 - second)
        weights -= RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return weights * scale


def mrr(questions: Sequence[Asked], weights: np.ndarray) -> float:
    total = 0.0
    for rows, answer in questions:
        if answer >= 0:
            scores = rows @ weights
            rank = 1 + int((scores > scores[answer]).sum())
            total += 1.0 / rank if rank <= 10 else 0.0
    return total / len(questions)


if __name__ == "__main__":
    sys.exit(main())

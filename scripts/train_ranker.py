"""Learn the weights of `indexer/search/ranker.json` from call sites.

    python scripts/train_ranker.py CASES REPOSITORIES --held-out NAME,NAME --rows FOLDER

CASES holds one file of cases for each repository (`scripts/mine_call_sites.py` makes them). Every
case is asked before the callee's name, before the whole expression and at the line's start, with
and without the import of its target. The loss is that of choosing the right one of a question's
candidates. First it prints what four folds of repositories say (each judged by weights that never
saw it), then it learns from all but the held-out ones, which are judged last.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from copilot_ls.evals.cases import At, Case, Hole, hole_of, read_cases
from copilot_ls.evals.repositories import IndexedRepository
from indexer.model import Query, SearchMode, Symbol
from indexer.resolve.text import receiver_before
from indexer.search.features import FEATURES
from indexer.search.ranker import Situation

WEIGHTS = Path(__file__).parents[1] / "indexer" / "search" / "ranker.json"
SITUATIONS = list(Situation)
N_HIDDEN = 16
N_EPOCHS, BATCH, RATE, DECAY = 12, 256, 0.02, 1e-3
# Weights of a situation stay near those that all share; features that seldom fire are not blown up.
OWN_SHARE, MIN_DEVIATION = 0.3, 0.15
MAX_NEGATIVES = 100
N_FOLDS = 4


@dataclass
class Questions:
    """Rows of all candidates of all questions, one after the other."""

    rows: np.ndarray
    counts: np.ndarray
    answers: np.ndarray
    situations: np.ndarray
    settings: list[str]

    @classmethod
    def read(cls, files: Sequence[Path]) -> Questions:
        parts = [np.load(file) for file in files]
        return cls(
            np.concatenate([part["rows"] for part in parts]).astype(np.float32),
            np.concatenate([part["counts"] for part in parts]),
            np.concatenate([part["answers"] for part in parts]),
            np.concatenate([part["situations"] for part in parts]),
            [setting for part in parts for setting in part["settings"]],
        )

    @property
    def starts(self) -> np.ndarray:
        return np.concatenate([[0], np.cumsum(self.counts)])


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("repositories", type=Path)
    parser.add_argument("--held-out", default="", help="names of repositories, with commas")
    parser.add_argument("--rows", type=Path, required=True, help="folder to keep the features in")
    parser.add_argument("--limit", type=int, default=26, help="cases of one repository")
    arguments = parser.parse_args()
    arguments.rows.mkdir(parents=True, exist_ok=True)
    held_out = set(arguments.held_out.split(",")) - {""}
    files: list[Path] = []
    for cases in sorted(arguments.cases.glob("*.jsonl")):
        rows = arguments.rows / f"{cases.stem}.npz"
        if not rows.exists():
            describe(cases, arguments.repositories, rows, arguments.limit)
        if rows.exists():
            files.append(rows)
    seen = [file for file in files if file.stem not in held_out]
    others = [file for file in files if file.stem in held_out]
    random.Random(0).shuffle(seen)
    for fold in range(N_FOLDS if len(seen) >= N_FOLDS else 0):
        judged = seen[fold::N_FOLDS]
        model = Model().fit(Questions.read([file for file in seen if file not in judged]))
        report(f"fold {fold + 1}", model, Questions.read(judged))
    questions = Questions.read(seen)
    model = Model().fit(questions)
    if others:
        report("held out", model, Questions.read(others))
    told = {"repositories": len(seen), "questions": len(questions.counts)}
    text = json.dumps({"trained_on": told, "weights": model.weights()}, indent=1)
    WEIGHTS.write_text(f"{text}\n", encoding="utf-8")
    print(f"{WEIGHTS} learned from {told}")
    return 0


def describe(cases: Path, repositories: Path, place: Path, limit: int) -> None:
    """Ask the product for the candidates of every case, and keep their features."""
    chosen = read_cases(cases)
    if len(chosen) > limit:
        chosen = random.Random(1).sample(chosen, limit)
    rows, counts, answers, situations, settings = [], [], [], [], []
    if not chosen:
        return
    with IndexedRepository.open(repositories, chosen[0].repo) as repository:
        for case in chosen:
            source = repository.read(case.path)
            hidden = hole_of(case, source, At.LINE).text_without_line
            with repository.replaced(case.path, hidden):
                for setting, hole in _holes(case, source):
                    query = Query(hole.text, SearchMode.COMPLETION, case.path, hole.offset)
                    ranking = repository.index.rank(query)
                    if ranking is None or not ranking.keys:
                        continue
                    rows.append(np.asarray(ranking.rows, dtype=np.float16))
                    counts.append(len(ranking.keys))
                    symbols = [ranking.candidates.symbols[key] for key in ranking.keys]
                    answers.append(next((n for n, s in enumerate(symbols) if _is(case, s)), -1))
                    situations.append(SITUATIONS.index(ranking.situation))
                    settings.append(setting)
    if rows:
        np.savez_compressed(
            place,
            rows=np.concatenate(rows),
            counts=counts,
            answers=answers,
            situations=situations,
            settings=settings,
        )
        print(f"{place.stem}: {len(counts)} questions", flush=True)


def _holes(case: Case, source: str) -> Iterator[tuple[str, Hole]]:
    for at in At:
        for removed in (False, True):
            setting = f"{at}{' without import' if removed else ''}"
            yield setting, hole_of(case, source, at, without_import=removed)
    hole = hole_of(case, source, At.MEMBER)
    head = hole.text[: hole.offset]
    if head.rstrip().endswith("."):
        line = head.rfind("\n") + 1
        place = head.rfind(receiver_before(head[line:]))
        if place > line and head[line:place].strip():
            text = head[:place] + hole.text[hole.offset :]
            yield "expression", Hole(text, place, hole.text_without_line)


def _is(case: Case, symbol: Symbol) -> bool:
    return symbol.path == case.callee_path and (
        symbol.line == case.callee_line or case.callee.endswith(f".{symbol.qualified_name}")
    )


class Model:
    """What `indexer.search.ranker` computes, and how it is learned (Adam, softmax loss)."""

    def fit(self, questions: Questions) -> Model:
        source = np.random.default_rng(0)
        rows, starts, chosen = _thinned(questions, source)
        matrix = questions.rows[rows]
        self.scale = 1.0 / np.maximum(matrix.std(0), MIN_DEVIATION)
        matrix *= self.scale
        situations = questions.situations[chosen]
        width = len(FEATURES)
        self.p = {
            "shared": np.zeros(width),
            "own": np.zeros((len(SITUATIONS), width)),
            "hidden": source.normal(0, 0.3 / np.sqrt(width), (width, N_HIDDEN)),
            "bias": np.zeros((len(SITUATIONS), N_HIDDEN)),
            "output": source.normal(0, 0.1, N_HIDDEN),
        }
        self.p = {name: value.astype(np.float32) for name, value in self.p.items()}
        moments = {name: (np.zeros_like(v), np.zeros_like(v)) for name, v in self.p.items()}
        step = 0
        for epoch in range(N_EPOCHS):
            rate = RATE * 0.5 * (1 + np.cos(np.pi * epoch / N_EPOCHS))
            order = source.permutation(len(chosen))
            for at in range(0, len(chosen), BATCH):
                picked = order[at : at + BATCH]
                spans = [np.arange(starts[n], starts[n + 1]) for n in picked]
                lengths = np.array([len(span) for span in spans])
                gradients = self._gradients(
                    matrix[np.concatenate(spans)], lengths, np.repeat(situations[picked], lengths)
                )
                step += 1
                for name, gradient in gradients.items():
                    first, second = moments[name]
                    first += 0.1 * (gradient - first)
                    second += 0.001 * (gradient**2 - second)
                    change = (first / (1 - 0.9**step)) / (
                        np.sqrt(second / (1 - 0.999**step)) + 1e-8
                    )
                    self.p[name] -= (rate * change).astype(np.float32)
        return self

    def _gradients(
        self, x: np.ndarray, lengths: np.ndarray, situations: np.ndarray
    ) -> dict[str, np.ndarray]:
        p = self.p
        firsts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
        units = np.tanh(x @ p["hidden"] + p["bias"][situations])
        scores = self._scores(x, units, situations)
        powers = np.exp(scores - np.repeat(np.maximum.reduceat(scores, firsts), lengths))
        error = powers / np.repeat(np.add.reduceat(powers, firsts), lengths)
        # The right candidate of each question stands first.
        error[firsts] -= 1.0
        error /= len(lengths)
        back = (error[:, None] * p["output"]) * (1 - units * units)
        each = [situations == number for number in range(len(SITUATIONS))]
        return {
            "shared": x.T @ error + 0.1 * DECAY * p["shared"],
            "own": np.stack([OWN_SHARE * (x[own].T @ error[own]) for own in each])
            + 0.1 * DECAY * p["own"],
            "hidden": x.T @ back + 10 * DECAY * p["hidden"],
            "bias": np.stack([back[own].sum(0) for own in each]),
            "output": units.T @ error + 10 * DECAY * p["output"],
        }

    def _scores(self, x: np.ndarray, units: np.ndarray, situations: np.ndarray) -> np.ndarray:
        own = np.einsum("ij,ij->i", x, self.p["own"][situations])
        return x @ self.p["shared"] + OWN_SHARE * own + units @ self.p["output"]

    def scores(self, questions: Questions) -> np.ndarray:
        x = questions.rows * self.scale
        situations = np.repeat(questions.situations, questions.counts)
        units = np.tanh(x @ self.p["hidden"] + self.p["bias"][situations])
        return self._scores(x, units, situations)

    def weights(self) -> dict[str, object]:
        p = self.p
        linear = (p["shared"] + OWN_SHARE * p["own"]) * self.scale
        hidden = p["hidden"] * self.scale[:, None]
        return {
            "linear": {
                str(situation): dict(zip(FEATURES, _rounded(row), strict=True))
                for situation, row in zip(SITUATIONS, linear, strict=True)
            },
            "hidden": {name: _rounded(row) for name, row in zip(FEATURES, hidden, strict=True)},
            "bias": {
                str(situation): _rounded(row)
                for situation, row in zip(SITUATIONS, p["bias"], strict=True)
            },
            "output": _rounded(p["output"]),
        }


def _rounded(values: np.ndarray) -> list[float]:
    return [round(float(value), 3) for value in values]


def _thinned(
    questions: Questions, source: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rows with the right candidate first and some of the wrong ones, of answerable questions."""
    rows: list[np.ndarray] = []
    starts, chosen = [0], []
    for number, (first, count, answer) in enumerate(
        zip(questions.starts, questions.counts, questions.answers, strict=False)
    ):
        if answer < 0 or count < 2:
            continue
        wrong = np.arange(count - 1)
        if len(wrong) > MAX_NEGATIVES:
            wrong = source.choice(len(wrong), MAX_NEGATIVES, replace=False)
        wrong = wrong + (wrong >= answer)
        rows.append(first + np.concatenate([[answer], wrong]))
        starts.append(starts[-1] + len(rows[-1]))
        chosen.append(number)
    return np.concatenate(rows), np.array(starts), np.array(chosen)


def report(title: str, model: Model, questions: Questions) -> None:
    scores = model.scores(questions)
    starts = questions.starts
    ranks: dict[str, list[int]] = {}
    for number, answer in enumerate(questions.answers):
        own = scores[starts[number] : starts[number + 1]]
        rank = 0 if answer < 0 else 1 + int((own > own[answer]).sum())
        ranks.setdefault(questions.settings[number], []).append(rank)
    for setting, found in ranks.items():
        at = np.array(found)
        shares = "  ".join(f"@{k} {((at > 0) & (at <= k)).mean():.3f}" for k in (1, 3, 10))
        print(f"{title:10} {setting:24} {shares}  n={len(at)}", flush=True)


if __name__ == "__main__":
    sys.exit(main())

"""How well a vote's confidence is calibrated, and the fit of its constants.

    python benchmarks/voting_confidence.py [DATA]

Votes of random groups of models over KOR-Bench (12 models) and RouterBench's ARC-Challenge and
WinoGrande (11 models). Questions are split in half by a checksum of their id; the constants are
fitted on one half and the expected calibration error (10 bins) is reported on the other, for the
fit, for the shipped constants and for agreement taken as a probability. DATA is the folder with
``korbench/`` and ``routerbench/`` (default: ``../shared/data`` beside the repository).
"""

import argparse
import ast
import csv
import json
import math
import random
import sys
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression

from avengers_graph.voting import vote

DEFAULT_DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"
GROUP_SIZES = (2, 3, 4, 6, 8, 11)


class Question(NamedTuple):
    """One question with the outputs of several models and whether each was right."""

    group: str
    id: str
    kind: str
    text: str
    outputs: Sequence[str]
    right: Sequence[bool]


class Cast(NamedTuple):
    """One vote: what it said of itself, and whether it was right."""

    group: str
    fitted: bool
    ballots: int
    agreement: float
    prior: float
    with_prior: float
    without_prior: float
    right: bool


def questions(data: Path) -> Iterator[Question]:
    """Every question of the three data sets."""
    with (data / "korbench" / "dev.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            item = json.loads(line)
            models = sorted(item["outputs"])
            yield Question(
                f"KOR-Bench {item['category']}", item["id"], "bracketed", item["prompt"],
                [item["outputs"][m] for m in models], [item["correct"][m] for m in models],
            )  # fmt: skip
    for name in ("arc_challenge_train", "winograde_train"):
        with (data / "routerbench" / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file):
                models = sorted(k.split("|")[0] for k in row if k.endswith("|model_response"))
                # The prompt holds worked examples; the question itself is its last block.
                text = ast.literal_eval(row["prompt"])[0].rsplit("\n\n", 1)[-1]
                yield Question(
                    name.removesuffix("_train"), row["sample_id"], "choice", text,
                    [ast.literal_eval(row[f"{m}|model_response"])[0] for m in models],
                    [float(row[m] or 0) > 0.5 for m in models],
                )  # fmt: skip


def in_fit(identifier: str) -> bool:
    """Which half a question belongs to."""
    return zlib.crc32(identifier.encode()) % 2 == 0


def cast_votes(items: Sequence[Question], rng: random.Random) -> list[Cast]:
    """One vote per question and group size; the prior comes from the fitted half alone."""
    scores: dict[str, list[bool]] = defaultdict(list)
    for item in items:
        if in_fit(item.id):
            scores[item.group].extend(item.right)
    cast = []
    for item in items:
        prior = float(np.mean(scores[item.group]))
        for size in GROUP_SIZES:
            chosen = rng.sample(range(len(item.outputs)), size)
            texts = [item.outputs[index] for index in chosen]
            known = vote(texts, question=item.text, kind=item.kind, prior=prior)
            if known.winner is None:
                continue
            unknown = vote(texts, question=item.text, kind=item.kind)
            cast.append(
                Cast(item.group, in_fit(item.id), size, known.agreement, prior, known.confidence,
                     unknown.confidence, item.right[chosen[known.winner]])
            )  # fmt: skip
    return cast


def calibration_error(probabilities: Sequence[float], outcomes: Sequence[bool]) -> float:
    """Expected calibration error over 10 bins of equal width, in [0, 1]."""
    p, y = np.array(probabilities), np.array(outcomes, dtype=float)
    bins = np.minimum((p * 10).astype(int), 9)
    return float(
        sum((bins == b).mean() * abs(p[bins == b].mean() - y[bins == b].mean()) for b in set(bins))
    )


def logit(probability: float) -> float:
    """Log odds."""
    return math.log(probability / (1 - probability))


def features(item: Cast, *, prior: bool) -> list[float]:
    """What the model of ``voting.confidence`` sees."""
    share = logit((item.agreement * item.ballots + 0.5) / (item.ballots + 1))
    return [share, logit(min(0.98, max(0.02, item.prior)))] if prior else [share]


def main() -> None:
    """Print the fits and the calibration errors."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, default=DEFAULT_DATA)
    data = parser.parse_args().data
    if not (data / "korbench" / "dev.jsonl").is_file():
        sys.exit(f"no recorded outputs in {data}; pass the folder that holds korbench/")
    cast = cast_votes(list(questions(data)), random.Random(0))
    held_out = [item for item in cast if not item.fitted]
    columns: dict[str, list[float]] = {}
    for name, prior in (("fit", False), ("fit, accuracy known", True)):
        model = LogisticRegression(C=1e6, max_iter=1000)
        fitted = [item for item in cast if item.fitted]
        model.fit([features(i, prior=prior) for i in fitted], [i.right for i in fitted])
        print(f"{name}: intercept {model.intercept_[0]:.3f}, weights {model.coef_[0].round(3)}")
        columns[name] = list(
            model.predict_proba([features(i, prior=prior) for i in held_out])[:, 1]
        )
    columns["shipped"] = [item.without_prior for item in held_out]
    columns["shipped, accuracy known"] = [item.with_prior for item in held_out]
    columns["agreement itself"] = [item.agreement for item in held_out]
    groups = ("", "KOR-Bench", "arc_challenge", "winograde")
    print(f"\n{'expected calibration error':<28}" + "".join(f"{g or 'all':>15}" for g in groups))
    for name, values in columns.items():
        row = []
        for group in groups:
            of = [i for i, item in enumerate(held_out) if item.group.startswith(group)]
            error = calibration_error([values[i] for i in of], [held_out[i].right for i in of])
            row.append(f"{error:>15.3f}")
        print(f"{name:<28}" + "".join(row))
    print(f"\n{len(held_out)} votes on questions that were not fitted on")


if __name__ == "__main__":
    main()

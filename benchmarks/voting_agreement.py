"""How often extraction and equivalence agree with recorded verdicts on real outputs.

    python benchmarks/voting_agreement.py [DATA]

DATA is the folder with ``modelswitch/`` and ``korbench/dev.jsonl`` (default: ``../shared/data``
beside the repository). Prints one row per data set and kind, how many outputs are read as a letter
that are cut off at random before their last paragraph, and every disagreement.
"""

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from avengers_graph.voting import extract_answer, is_correct

DEFAULT_DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"


class Graded(NamedTuple):
    """One recorded output with the verdict that came with it."""

    dataset: str
    id: str
    kind: str
    question: str
    output: str
    reference: str
    correct: bool


def modelswitch(data: Path) -> Iterator[Graded]:
    """GPT-4o on GSM8K and MMLU-Pro, once under the named kind and once under ``auto``."""
    for name, kind in (("GSM8K", "number"), ("MMLU-Pro", "choice")):
        file = data / "modelswitch" / f"{name}_MS_closed_source_gpt-4o.json"
        for item in json.loads(file.read_text("utf-8")):
            for asked in (kind, "auto"):
                yield Graded(
                    f"{name} ({asked})", str(item["no"]), asked, item["question"],
                    item["step_sampling"][0], str(item["solution"]), item["Correctness"],
                )  # fmt: skip


def korbench(data: Path) -> Iterator[Graded]:
    """Twelve open models on KOR-Bench."""
    with (data / "korbench" / "dev.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            item = json.loads(line)
            for model, output in item["outputs"].items():
                yield Graded(
                    f"KOR-Bench {item['category']}", f"{item['id']} {model}", "bracketed",
                    item["prompt"], output, item["reference"], item["correct"][model],
                )  # fmt: skip


def unfinished(data: Path) -> tuple[int, int]:
    """How many outputs on MMLU-Pro were cut off, and how many of those are read as a letter."""
    rng = random.Random(0)
    outputs = [item for item in modelswitch(data) if item.dataset == "MMLU-Pro (choice)"]
    read = 0
    for item in outputs:
        beginning = item.output.rpartition("\n\n")[0] or item.output
        cut = beginning[: int(len(beginning) * rng.uniform(0.2, 0.9))]
        found = extract_answer(cut, kind="choice", question=item.question)
        read += found is not None
    return len(outputs), read


def main() -> None:
    """Print the table and the disagreements."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--quiet", action="store_true", help="the table only")
    options = parser.parse_args()
    if not (options.data / "modelswitch").is_dir():
        sys.exit(f"no recorded outputs in {options.data}; pass the folder that holds modelswitch/")
    asked: Counter[str] = Counter()
    agreed: Counter[str] = Counter()
    differing: list[str] = []
    for item in (*modelswitch(options.data), *korbench(options.data)):
        ours = is_correct(item.output, item.reference, kind=item.kind, question=item.question)
        groups = (
            (item.dataset, item.dataset.split()[0]) if "KOR" in item.dataset else (item.dataset,)
        )
        for group in groups:
            asked[group] += 1
            agreed[group] += ours == item.correct
        if ours != item.correct:
            found = extract_answer(item.output, kind=item.kind, question=item.question)
            differing.append(
                f"{item.dataset} {item.id}: recorded {item.correct}, ours {ours}; "
                f"reference {item.reference[:80]!r}, read {(found.text if found else None)!r:.120}"
            )
    print(f"{'data':<28}{'outputs':>9}{'agree':>9}{'%':>8}")
    for group in sorted(asked):
        share = 100 * agreed[group] / asked[group]
        print(f"{group:<28}{asked[group]:>9}{agreed[group]:>9}{share:>8.2f}")
    cut, read = unfinished(options.data)
    print(f"\nMMLU-Pro, cut off: {read} of {cut} are read as a letter")
    if not options.quiet:
        print("\nDisagreements")
        print("\n".join(differing))


if __name__ == "__main__":
    main()

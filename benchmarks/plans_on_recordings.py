"""Accuracy per call: plans on recorded outputs of other people's models, through the real graph.

    python benchmarks/plans_on_recordings.py [DATA] [--sets gpqa aime crux bfcl korbench]

Five folds, by a seeded checksum of the questions' ids: an index is fitted on four of them and the
fifth is judged, so that every question is judged once a repetition. Where a model gave several
answers, each repetition draws other ones. DATA is the folder that holds the recordings (default:
``../shared/data`` beside the repository); a set that is not there is named and left out. The
constants of the plans are those of the package: nothing is chosen here.

Printed for each plan: percent right, mean calls and rounds, and, paired by question, its accuracy
minus that of ``adaptive`` and of the first plan, with 95% bootstrap intervals.
"""

import argparse
import json
import random
import tempfile
import zlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from langchain_core.embeddings import Embeddings
from rich.console import Console
from rich.table import Table

from avengers_graph import ClusterIndex, Context, create_avengers_graph
from avengers_graph.calibration.comparison import Outcome, difference, replayed
from avengers_graph.embedding import load_embeddings
from avengers_graph.experts.recording import Recorded
from avengers_graph.experts.replay import ReplayPool
from avengers_graph.plans import Plan, PlannedCall, PlannedRound, StopRule
from avengers_graph.records import Record
from avengers_graph.routing.settings import RankingSettings
from avengers_graph.types import SampleRecord
from avengers_graph.voting import is_correct

DEFAULT_DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"
FOLDS = 5
LARGE = (
    "gpt-4",
    "gpt-3.5",
    "claude",
    "gemini",
    "command-r",
    "mistral-",
    "firefunction",
    "70b",
    "dbrx",
)
"""What names of models with over 21B parameters, or of unknown size, hold."""
console = Console()


@dataclass(frozen=True, slots=True)
class Said:
    """An answer of a model: its text or calls, whether it is right, its tokens."""

    text: str
    right: float
    tokens: int = 1
    calls: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Question:
    """A question with the answers of every model to it."""

    id: str
    prompt: str
    said: Mapping[str, Sequence[Said]]
    tools: Sequence[Mapping[str, Any]] = ()

    def right(self, sample: SampleRecord) -> float:
        """Whether a sample is right, by what the recording says of that answer."""
        said = self.said[sample["expert"]]
        # A call that was written as text comes back as a call; there is one answer to look up then.
        return next(e.right for e in said if len(said) == 1 or e.text == sample["text"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """A data set and how it is asked."""

    questions: Sequence[Question]
    kind: str = "auto"
    index: RankingSettings | None = None
    """None: as ``fit`` has it."""
    one_each: bool = False
    """Whether the models answered once: then plans ask ranks, not the best one again."""


# -- data -----------------------------------------------------------------------------------


def best_of_infinity(folder: Path, sets: Iterable[str], *, kind: str, suffix: str = "") -> Bench:
    """Extracted answers without the questions: routing is global, so one cluster is fitted."""
    said: dict[str, dict[str, list[Said]]] = defaultdict(dict)
    for name in sets:
        for file in sorted((folder / "boinf").glob(f"{name}__*.jsonl")):
            for line in file.read_text("utf-8").splitlines():
                row = json.loads(line)
                answers = [str(answer or "") for answer in row["answers"]]
                right = {
                    answer: float(is_correct(answer, row["reference"], kind=kind))
                    for answer in set(answers)
                }
                said[row["id"]][file.stem.partition("__")[2]] = [
                    Said(answer, right[answer], tokens)
                    for answer, tokens in zip(answers, row["tokens"], strict=True)
                ]
    flat = RankingSettings(n_clusters=1, partitions=1, scorer="prior", prior="global")
    questions = [Question(key, f"{key}{suffix}", models) for key, models in said.items()]
    return Bench(questions=questions, kind=kind, index=flat)


def cruxeval(folder: Path) -> Bench:
    """What a function returns, ten answers of each model."""
    rows = _rows(folder / "crux" / "output_dev.jsonl")
    return Bench(
        questions=[
            Question(
                row["id"],
                f"{row['code']}\n\nWhat does f({row['input']}) return? Answer with the value only.",
                {
                    model: [Said(*pair) for pair in zip(texts, row["right"][model], strict=True)]
                    for model, texts in row["samples"].items()
                },
            )
            for row in rows
        ]
    )


def korbench(folder: Path) -> Bench:
    """Puzzles with rules, one answer of each model."""
    rows = _rows(folder / "korbench" / "dev.jsonl")
    return Bench(
        one_each=True,
        questions=[
            Question(
                row["id"],
                row["prompt"],
                {m: [Said(t, float(row["correct"][m]))] for m, t in row["outputs"].items()},
            )
            for row in rows
        ],
    )


def bfcl(folder: Path) -> Bench:
    """Tool calls, one answer of each model that is not large."""
    rows = [
        row for name in ("simple", "multiple") for row in _rows(folder / "bfcl" / f"{name}.jsonl")
    ]
    questions = []
    for row in rows:
        offered = row["function"]
        tools = [
            {"type": "function", "function": function}
            for function in (offered if isinstance(offered, list) else [offered])
        ]
        said = {
            model: [_called(output, float(row["right"][model]))]
            for model, output in row["outputs"].items()
            if not any(part in model.lower() for part in LARGE)
        }
        questions.append(Question(row["id"], row["question"], said, tools))
    return Bench(questions=questions, one_each=True)


def _called(output: Any, right: float) -> Said:
    if isinstance(output, str):
        return Said(output, right)
    if not all(isinstance(call, dict) for call in output):
        return Said("", right)
    pairs = [(name, args) for call in output for name, args in call.items()]
    calls = [
        {"name": name, "args": args, "id": f"call_{number}", "type": "tool_call"}
        for number, (name, args) in enumerate(pairs)
        if isinstance(args, dict)
    ]
    return Said("", right, calls=calls)


def _rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


OPTIONS = "\nA. 1\nB. 2\nC. 3\nD. 4"
"""GPQA-Diamond lists four options; the recording has none of its texts."""

SETS: Mapping[str, Callable[[Path], Bench]] = {
    "gpqa": lambda f: best_of_infinity(f, ["gpqa_diamond"], kind="choice", suffix=OPTIONS),
    "aime": lambda f: best_of_infinity(f, ["aime2024", "aime2025"], kind="number"),
    "crux": cruxeval,
    "bfcl": bfcl,
    "korbench": korbench,
}


# -- plans ----------------------------------------------------------------------------------


def ranks(*sizes: int, weighting: str, stop: StopRule | None = None) -> Plan:
    """The ranked models once each, in rounds of these sizes."""
    rounds, asked = [], 0
    for size in sizes:
        calls = [PlannedCall(expert=asked + k, samples=1) for k in range(size)]
        rounds.append(PlannedRound(calls=calls, stop=stop))
        asked += size
    return Plan(rounds=rounds, weighting=weighting)


def plans_of(bench: Bench) -> tuple[dict[str, Plan], dict[str, Context]]:
    """Plans beyond the package's, and what each row of the table runs with, the full one first."""
    if not bench.one_each:
        shown = ["direct", "adaptive", "sequential", "multi-model", "boosted"]
        rows = {"8 of the best": Context(strategy="self-consistency")}
        return {}, rows | {name: Context(strategy=name) for name in shown}
    models = len(bench.questions[0].said)
    twos = [2] * (models // 2) + [1] * (models % 2)
    margin, safe = StopRule(rule="margin"), StopRule(rule="posterior", threshold=0.95)
    plans = {
        "all, uniform": ranks(models, weighting="uniform"),
        "all, score": ranks(models, weighting="score"),
        "all, log-odds": ranks(models, weighting="log-odds"),
        "top 3, log-odds": ranks(3, weighting="log-odds"),
        "adaptive over ranks": ranks(4, *twos[2:], weighting="uniform", stop=safe),
        "sequential over ranks": ranks(*twos, weighting="log-odds", stop=margin),
    }
    named = {BEST_SINGLE: Context(strategy="direct"), "routed": Context(strategy="direct")}
    return plans, named | {name: Context(strategy=name) for name in plans}


BEST_SINGLE = "best single"
"""The row of the model that is best on the questions calibrated on, whatever is asked."""


# -- runs -----------------------------------------------------------------------------------


class Remembered(Embeddings):
    """An embedder that is asked once for each text."""

    def __init__(self, embedder: Embeddings, texts: Sequence[str]) -> None:
        self._embedder = embedder
        self._rows = dict(zip(texts, embedder.embed_documents(list(texts)), strict=True))

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """The rows of the texts."""
        return [self.embed_query(text) for text in texts]

    def embed_query(self, text: str) -> list[float]:
        """The row of the text."""
        if text not in self._rows:
            self._rows[text] = self._embedder.embed_query(text)
        return self._rows[text]


def recorded(question: Question, *, seed: int) -> list[Recorded]:
    """A recording of a question, each model's answers in an order of their own."""
    entries = []
    for model, answers in question.said.items():
        drawn = list(answers)
        random.Random(f"{seed}:{question.id}:{model}").shuffle(drawn)
        drawn = drawn[:8]
        entries.append(
            Recorded(
                expert=model,
                prompt=question.prompt,
                texts=[each.text for each in drawn],
                tool_calls=[each.calls for each in drawn] if any(e.calls for e in drawn) else [],
                finish_reasons=["stop"] * len(drawn),
                output_tokens=[each.tokens for each in drawn],
                input_tokens=0,
                latency=0.0,
            )
        )
    return entries


def judged(
    bench: Bench, embeddings: Embeddings, *, seed: int
) -> tuple[list[str], dict[str, list[Outcome]]]:
    """Ids of the questions and each plan's outcomes, all folds of one repetition."""
    plans, contexts = plans_of(bench)
    order: list[str] = []
    outcomes: dict[str, list[Outcome]] = defaultdict(list)
    for fold in range(FOLDS):
        held = [q for q in bench.questions if zlib.crc32(f"{seed}:{q.id}".encode()) % FOLDS == fold]
        held_ids = {question.id for question in held}
        kept = [_record(q) for q in bench.questions if q.id not in held_ids]
        best = max(kept[0].scores, key=lambda model: sum(row.scores[model] for row in kept))
        entries = [entry for question in held for entry in recorded(question, seed=seed)]
        with tempfile.TemporaryDirectory() as place:
            index = ClusterIndex.fit(kept, embeddings, path=place, settings=bench.index)
            graph = create_avengers_graph(
                pool=ReplayPool(entries), index=index, embeddings=embeddings, plans=plans
            )
            for question in held:
                order.append(question.id)
                for name, context in contexts.items():
                    asked = context.model_copy(update={"answer_kind": bench.kind})
                    if name == BEST_SINGLE:
                        asked.force_experts = [best]
                    if question.tools:
                        asked.params = {"tools": list(question.tools)}
                    found = replayed(graph, question.prompt, context=asked, right=question.right)
                    outcomes[name].append(found)
    return order, outcomes


def _record(question: Question) -> Record:
    scores = {
        model: sum(each.right for each in answers) / len(answers)
        for model, answers in question.said.items()
    }
    return Record(query=question.prompt, dataset="recorded", scores=scores)


def column(
    runs: Sequence[tuple[list[str], dict[str, list[Outcome]]]], plan: str, figure: str
) -> np.ndarray:
    """One figure of a plan, (repetitions, questions), the questions in one order."""
    rows = []
    for order, outcomes in runs:
        by_id = {k: float(getattr(o, figure)) for k, o in zip(order, outcomes[plan], strict=True)}
        rows.append([by_id[key] for key in sorted(by_id)])
    return np.array(rows)


def print_table(title: str, runs: Sequence[tuple[list[str], dict[str, list[Outcome]]]]) -> None:
    """One row a plan."""
    names = list(runs[0][1])
    full, adaptive = names[0], next(name for name in names if name.startswith("adaptive"))
    table = Table(
        "plan", "right", "calls", "rounds", f"- {full}", f"- {adaptive}", "its calls", title=title
    )
    for name in names:
        right = 100 * column(runs, name, "right")
        cells = [f"{right.mean():.2f}"]
        cells += [f"{column(runs, name, figure).mean():.2f}" for figure in ("calls", "rounds")]
        for other in (full, adaptive):
            found = difference(right, 100 * column(runs, other, "right"))
            cells.append(f"{found.mean:+.2f} \\[{found.low:+.2f}, {found.high:+.2f}]")
        share = column(runs, name, "calls").mean() / column(runs, adaptive, "calls").mean()
        table.add_row(name, *cells, f"{share:.2f}")
    console.print(table)


def main() -> None:
    """Run and print, one table a set."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=list(SETS))
    parser.add_argument("--repeats", type=int, default=3, help="of drawing answers and folds")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    for name in options.sets:
        try:
            bench = SETS[name](options.data)
        except FileNotFoundError as error:
            console.print(f"{name}: no {error.filename}")
            continue
        if not bench.questions:
            console.print(f"{name}: nothing of it in {options.data}")
            continue
        prompts = [question.prompt for question in bench.questions]
        known = Remembered(load_embeddings("all-MiniLM-L6-v2"), prompts)
        repeats = options.repeats
        runs = [judged(bench, known, seed=options.seed + k) for k in range(repeats)]
        models = len(bench.questions[0].said)
        print_table(
            f"{name}: {len(prompts)} questions, {models} models, {repeats} repetitions", runs
        )


if __name__ == "__main__":
    main()

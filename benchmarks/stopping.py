"""Adaptive stopping against the full vote, on recorded samples behind the real graph.

    python benchmarks/stopping.py                      # samples of our local models (shipped)
    python benchmarks/stopping.py --korbench FOLDER    # KOR-Bench dev, one answer of 12 models

Every plan is run by the graph itself over a replayed recording, so all see the same samples.
Printed: accuracy in percent, mean calls, both beside the full vote, and the paired difference in
accuracy with a 95% bootstrap interval over questions.
"""

import argparse
import json
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from langchain_core.embeddings import Embeddings
from rich.console import Console
from rich.progress import track
from rich.table import Table

from avengers_graph import ClusterIndex, Context, create_avengers_graph
from avengers_graph.calibration.published_outputs import read_published_outputs
from avengers_graph.calibration.questions import read_questions
from avengers_graph.embedding import load_embeddings
from avengers_graph.experts.recording import Recorded, read_recording
from avengers_graph.experts.replay import ReplayPool
from avengers_graph.plans import Plan, PlannedCall, PlannedRound, StopRule, make_plan
from avengers_graph.records import Record, read_records
from avengers_graph.voting import is_correct

DATA = Path(str(files("avengers_graph") / "data"))
console = Console()


@dataclass(frozen=True, slots=True)
class Bench:
    """Questions with recorded samples, and how to tell whether an answer is right."""

    title: str
    questions: Sequence[tuple[str, str]]
    """(id, prompt) of the questions judged."""
    recording: Sequence[Recorded]
    calibration: Sequence[Record]
    plans: dict[str, Plan]
    """The first one is the full vote."""
    right: Callable[[str, str, str], bool]
    """(id, expert, text) to whether that is right."""
    forced: tuple[str, ...] = ()


def one_by_one(samples: int, rule: StopRule, *, of: str, first: int, step: int) -> Plan:
    """Rounds of ``step`` after a ``first``: of one expert, or of the ranked ones in turn."""
    sizes = [first] + [step] * ((samples - first) // step)
    rounds, asked = [], 0
    for size in sizes:
        if of == "one expert":
            calls = [PlannedCall(expert=0, samples=size)]
        else:
            calls = [PlannedCall(expert=asked + k, samples=1) for k in range(size)]
        rounds.append(PlannedRound(calls=calls, stop=rule))
        asked += size
    return Plan(rounds=rounds)


def stopping_plans(full: Plan, samples: int, *, of: str) -> dict[str, Plan]:
    """The full vote and what stops before it."""
    rules = {
        "unbeatable lead": (StopRule(rule="unbeatable", threshold=1.0), 2, 1),
        "posterior 0.80": (StopRule(rule="posterior", threshold=0.80), 2, 1),
        "posterior 0.90": (StopRule(rule="posterior", threshold=0.90), 3, 1),
        "posterior 0.95": (StopRule(rule="posterior", threshold=0.95), 4, 1),
        "posterior 0.99": (StopRule(rule="posterior", threshold=0.99), 6, 1),
    }
    plans = {
        name: one_by_one(samples, rule, of=of, first=first, step=step)
        for name, (rule, first, step) in rules.items()
    }
    return {f"full vote of {samples}": full, **plans}


def local_bench(expert: str) -> Bench:
    """Our own calibration set: 16 samples of one local model a question, all questions."""
    questions = {q.id: q for q in read_questions(DATA / "questions.jsonl")}
    recording = [e for e in read_recording(DATA / "records.answers.jsonl") if e.expert == expert]
    counts: Counter[str | None] = Counter()
    for entry in recording:
        counts[entry.id] += len(entry.texts)
    samples = min(counts.values())

    def right(key: str, _: str, text: str) -> bool:
        q = questions[key]
        return is_correct(text, q.reference, kind=q.kind, question=q.query)

    return Bench(
        title=f"{expert}, {samples} samples a question, our calibration set",
        questions=[(q.id, q.query) for q in questions.values()],
        recording=recording,
        calibration=read_records([DATA / "records.jsonl"]),
        plans=stopping_plans(
            make_plan("self-consistency", samples=samples, top_experts=1), samples, of="one expert"
        ),
        right=right,
    )


def korbench(folder: Path, *, seed: int) -> Bench:
    """One sample of each of 12 models; calibrated on one half, judged on the other."""
    lines = (folder / "dev.jsonl").read_text(encoding="utf-8").splitlines()
    rows = sorted((json.loads(line) for line in lines), key=lambda row: row["id"])
    random.Random(seed).shuffle(rows)
    half = len(rows) // 2
    models = sorted(rows[0]["outputs"])
    correct = {(row["id"], model): row["correct"][model] for row in rows for model in models}
    judged = {row["id"] for row in rows[half:]}
    everything = read_published_outputs(folder / "dev.jsonl", source="korbench")
    recording = [entry for entry in everything if entry.id in judged]
    calibration = [
        Record(
            query=row["prompt"],
            dataset="korbench",
            scores={model: float(row["correct"][model]) for model in models},
        )
        for row in rows[:half]
    ]
    everyone = [PlannedCall(expert=rank, samples=1) for rank in range(len(models))]
    full = Plan(rounds=[PlannedRound(calls=everyone)])
    return Bench(
        title=f"KOR-Bench dev, {len(models)} models, split {seed}",
        questions=[(row["id"], row["prompt"]) for row in rows[half:]],
        recording=recording,
        calibration=calibration,
        plans=stopping_plans(full, len(models), of="ranked experts"),
        right=lambda key, expert, _: correct[key, expert],
    )


def run(bench: Bench, embeddings: Embeddings) -> dict[str, list[tuple[bool, int]]]:
    """For each plan, (right, calls) of every question."""
    with tempfile.TemporaryDirectory() as folder:
        index = ClusterIndex.fit(bench.calibration, embeddings, path=folder)
        graph = create_avengers_graph(
            pool=ReplayPool(bench.recording), index=index, embeddings=embeddings, plans=bench.plans
        )
        results: dict[str, list[tuple[bool, int]]] = {}
        for name in bench.plans:
            context = Context(strategy=name, early_stop=False, force_experts=list(bench.forced))
            results[name] = []
            for key, prompt in track(bench.questions, description=name, console=console):
                inputs = {"messages": [{"role": "user", "content": prompt}]}
                state = graph.invoke(inputs, context=context)
                verdict = state["verdict"]
                answered = verdict["answer"] is not None
                text = state["messages"][-1].text
                right = answered and bench.right(key, verdict["expert"], text)
                results[name].append((right, verdict["calls"]))
    return results


def interval(differences: Sequence[float], *, draws: int = 2000) -> tuple[float, float]:
    """95% percentile bootstrap interval of the mean, in percent."""
    rng = random.Random(0)
    means = sorted(
        sum(rng.choices(differences, k=len(differences))) / len(differences) for _ in range(draws)
    )
    return 100 * means[int(0.025 * draws)], 100 * means[int(0.975 * draws)]


def print_table(title: str, results: dict[str, list[tuple[bool, int]]]) -> None:
    """One row a plan."""
    table = Table("plan", "accuracy", "against full", "95% interval", "calls", "share", title=title)
    full = next(iter(results.values()))
    for name, rows in results.items():
        n = len(rows)
        accuracy = 100 * sum(right for right, _ in rows) / n
        differences = [float(a) - float(b) for (a, _), (b, _) in zip(rows, full, strict=True)]
        low, high = interval(differences)
        calls = sum(calls for _, calls in rows) / n
        share = calls / (sum(calls for _, calls in full) / n)
        table.add_row(
            name,
            f"{accuracy:.2f}",
            f"{100 * sum(differences) / n:+.2f}",
            f"[{low:+.2f}, {high:+.2f}]".replace("[", r"\["),
            f"{calls:.2f}",
            f"{share:.2f}",
        )
    console.print(table)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--korbench", type=Path, help="folder with dev.jsonl")
    parser.add_argument(
        "--experts",
        nargs="+",
        default=["smollm2-135m", "qwen2.5-coder-0.5b"],
        help="of the local models, those with 16 samples a question",
    )
    parser.add_argument("--splits", type=int, default=3, help="KOR-Bench: random halves")
    arguments = parser.parse_args()
    embeddings = load_embeddings()
    if arguments.korbench is None:
        for bench in map(local_bench, arguments.experts):
            print_table(bench.title, run(bench, embeddings))
        return
    if not (arguments.korbench / "dev.jsonl").exists():
        parser.error(f"no dev.jsonl in {arguments.korbench}")
    pooled: dict[str, list[tuple[bool, int]]] = {}
    for seed in range(arguments.splits):
        for name, rows in run(korbench(arguments.korbench, seed=seed), embeddings).items():
            pooled.setdefault(name, []).extend(rows)
    print_table(f"KOR-Bench dev, 12 models, {arguments.splits} halves pooled", pooled)


if __name__ == "__main__":
    main()

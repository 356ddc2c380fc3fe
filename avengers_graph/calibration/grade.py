"""From answers to records: the share of an expert's samples that are right."""

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from statistics import fmean
from typing import Any

from avengers_graph.calibration.questions import Question
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.recording import Recorded
from avengers_graph.voting import is_correct
from avengers_graph.voting.sample import SampleLike


def share_right(question: Question, samples: Sequence[SampleLike]) -> float:
    """Share of right samples in [0, 1]; a sample without an answer is wrong."""
    graded = [
        is_correct(
            sample,
            question.reference,
            kind=question.kind,
            question=question.query,
            labels=question.labels,
        )
        for sample in samples
    ]
    return sum(graded) / len(graded)


def graded_records(
    questions: Sequence[Question], recorded: Iterable[Recorded], *, pool: ExpertPool
) -> list[dict[str, Any]]:
    """One record per question that has answers, with a score for every expert that gave some.

    ``scores`` are shares of right samples, rounded to 4 places; ``costs`` are USD per sample,
    there only for experts of the pool whose price is known; ``latencies`` are mean seconds per
    request, there only where they were measured (imported answers have none).
    """
    answers: dict[tuple[str, str], list[Recorded]] = {}
    for entry in recorded:
        answers.setdefault((str(entry.id), entry.expert), []).append(entry)
    return [
        record for question in questions if (record := _record(question, answers, pool)) is not None
    ]


def _record(
    question: Question, answers: Mapping[tuple[str, str], list[Recorded]], pool: ExpertPool
) -> dict[str, Any] | None:
    scores: dict[str, float] = {}
    costs: dict[str, float] = {}
    latencies: dict[str, float] = {}
    for name in sorted({expert for key, expert in answers if key == question.id}):
        entries = [e for e in answers[question.id, name] if e.prompt == question.query]
        samples = [sample for entry in entries for sample in samples_of(entry)]
        if not samples:
            continue
        scores[name] = round(share_right(question, samples), 4)
        cost = _cost(name, entries, pool)
        if cost is not None:
            costs[name] = cost / len(samples)
        measured = [entry.latency for entry in entries if entry.latency > 0]
        if measured:
            latencies[name] = round(fmean(measured), 3)
    if not scores:
        return None
    record: dict[str, Any] = {
        "id": question.id,
        "dataset": question.dataset,
        "query": question.query,
        "reference": question.reference,
        "scores": scores,
    }
    further = {"costs": costs, "latencies": latencies}
    return record | {key: values for key, values in further.items() if values}


def samples_of(entry: Recorded) -> list[dict[str, Any]]:
    """The samples of a request, with what tells that one was cut off and the tools it called."""
    columns = (entry.texts, entry.finish_reasons, entry.tool_calls)
    return [
        {"text": text, "finish_reason": reason, "tool_calls": calls or []}
        for text, reason, calls in zip_longest(*columns)
    ]


def _cost(name: str, entries: Sequence[Recorded], pool: ExpertPool) -> float | None:
    """USD of all that is recorded; an expert that is not in the pool any more has no price."""
    if name not in pool:
        return None
    return pool.cost(
        name,
        input_tokens=sum(entry.input_tokens for entry in entries),
        output_tokens=sum(sum(entry.output_tokens) for entry in entries),
    )


def write_records(records: Iterable[Mapping[str, Any]], path: Path) -> None:
    """Write JSON lines whole or not at all: an earlier file stays until the new one is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        for record in records:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")
    written = Path(file.name)
    written.chmod(0o644)
    written.replace(path)

"""From answers to records: the share of an expert's samples that are right."""

import json
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from avengers_graph.calibration.journal import Answers
from avengers_graph.calibration.questions import Question
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.voting import is_correct


def share_right(question: Question, answers: Answers) -> float:
    """Share of right samples in [0, 1]; a sample without an answer is wrong."""
    graded = [
        is_correct(text, question.reference, kind=question.kind, question=question.query)
        for text in answers.texts
    ]
    return sum(graded) / len(graded)


def graded_records(
    questions: Sequence[Question],
    answers: Mapping[tuple[str, str], Answers],
    *,
    pool: ExpertPool,
) -> list[dict[str, Any]]:
    """One record per question that at least one expert of the pool answered.

    ``scores`` are shares of right samples, rounded to 4 places; ``costs`` are USD per sample,
    there only for experts whose price is known.
    """
    return [
        record for question in questions if (record := _record(question, answers, pool)) is not None
    ]


def _record(
    question: Question, answers: Mapping[tuple[str, str], Answers], pool: ExpertPool
) -> dict[str, Any] | None:
    entries = [
        entry
        for name in pool.names
        if (entry := answers.get((question.id, name))) is not None and entry.query == question.query
    ]
    if not entries:
        return None
    record: dict[str, Any] = {
        "id": question.id,
        "dataset": question.dataset,
        "query": question.query,
        "reference": question.reference,
        "scores": {entry.expert: round(share_right(question, entry), 4) for entry in entries},
    }
    costs = {entry.expert: _cost(entry, pool) for entry in entries}
    known = {name: cost for name, cost in costs.items() if cost is not None}
    return {**record, "costs": known} if known else record


def _cost(entry: Answers, pool: ExpertPool) -> float | None:
    """Mean USD of one sample."""
    total = pool.cost(
        entry.expert, input_tokens=entry.input_tokens, output_tokens=sum(entry.output_tokens)
    )
    return None if total is None else total / len(entry.texts)


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

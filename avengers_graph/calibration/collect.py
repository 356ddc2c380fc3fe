"""Ask every expert every question, through the same engine that answers users."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from langchain_core.messages import HumanMessage

from avengers_graph.calibration.journal import Answers
from avengers_graph.calibration.questions import Question
from avengers_graph.errors import ExpertError
from avengers_graph.experts.engine import RoundRequest, run_round
from avengers_graph.experts.events import SampleFinished
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.plans import Ask
from avengers_graph.values import SampleRecord

GIVE_UP_AFTER = 3
"""Questions in a row an expert may fail on before the collection stops."""


async def collect_answers(
    questions: Sequence[Question],
    *,
    pool: ExpertPool,
    samples: int,
    done: Mapping[tuple[str, str], Answers],
    temperature: float | None = None,
    params: dict[str, Any] | None = None,
) -> AsyncIterator[Answers]:
    """Yield each expert's answers to each question as they come in.

    Questions already answered in ``done`` are left out. Experts work side by side; how many
    requests each takes at once is its own ``max_concurrency``.

    Raises:
        ExpertError: an expert failed on several questions in a row.
    """
    finished: asyncio.Queue[Answers | BaseException | None] = asyncio.Queue()

    async def work(name: str) -> None:
        left = [q for q in questions if not _is_done(q, name, done=done, samples=samples)]
        waiting = iter(left)
        expert = pool[name]
        at_once = max(1, expert.max_concurrency // samples)
        failures = 0

        async def ask_on() -> None:
            nonlocal failures
            for question in waiting:
                request = RoundRequest(
                    messages=[HumanMessage(question.query)],
                    asks=[Ask(name, samples)],
                    needs_all=True,
                    temperature=temperature,
                    params=params or {},
                )
                records = await _records(request, pool)
                cause = next((r["error"] for r in records if r["error"] is not None), None)
                failures = failures + 1 if cause is not None else 0
                if failures >= GIVE_UP_AFTER:
                    raise ExpertError(
                        f"expert {name!r} failed on {failures} questions in a row ({cause}); what "
                        "came in is kept, run the same command again to go on"
                    )
                if cause is None:
                    finished.put_nowait(_answers(question, name, records, temperature))

        async with asyncio.TaskGroup() as workers:
            for _ in range(at_once):
                workers.create_task(ask_on())

    async def work_all() -> None:
        try:
            async with asyncio.TaskGroup() as experts:
                for name in pool.names:
                    experts.create_task(work(name))
            finished.put_nowait(None)
        except BaseExceptionGroup as group:
            finished.put_nowait(_first(group))

    everything = asyncio.create_task(work_all())
    try:
        while (item := await finished.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        everything.cancel()
        await asyncio.gather(everything, return_exceptions=True)


def questions_left(
    questions: Sequence[Question],
    *,
    pool: ExpertPool,
    samples: int,
    done: Mapping[tuple[str, str], Answers],
) -> int:
    """How many entries a collection still has to bring."""
    return sum(
        not _is_done(question, name, done=done, samples=samples)
        for name in pool.names
        for question in questions
    )


def _is_done(
    question: Question, name: str, *, done: Mapping[tuple[str, str], Answers], samples: int
) -> bool:
    entry = done.get((question.id, name))
    return entry is not None and entry.answers(question, samples=samples)


async def _records(request: RoundRequest, pool: ExpertPool) -> list[SampleRecord]:
    return [
        event.record
        async for event in run_round(request, pool=pool)
        if isinstance(event, SampleFinished)
    ]


def _answers(
    question: Question, name: str, records: Sequence[SampleRecord], temperature: float | None
) -> Answers:
    ordered = sorted(records, key=lambda record: record["index"])
    return Answers(
        id=question.id,
        expert=name,
        query=question.query,
        temperature=temperature,
        texts=[record["text"] for record in ordered],
        finish_reasons=[record["finish_reason"] for record in ordered],
        input_tokens=sum(record["input_tokens"] for record in ordered),
        output_tokens=[record["output_tokens"] for record in ordered],
        latency=max(record["latency"] for record in ordered),
    )


def _first(group: BaseException) -> BaseException:
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return group

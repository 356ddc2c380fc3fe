"""Ask every expert every question, through the same engine that answers users.

The pool's recording takes every answer to disk as it comes; what is asked is what the recording
does not hold yet, so a collection that was stopped goes on where it was.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from typing import Any

from langchain_core.messages import HumanMessage

from avengers_graph.calibration.questions import Question
from avengers_graph.errors import ExpertError, RecordsError
from avengers_graph.experts.engine import run_round
from avengers_graph.experts.events import SampleEnded
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.recording import Recorded
from avengers_graph.experts.round_request import RoundRequest
from avengers_graph.plans import Ask
from avengers_graph.settings.context import Context
from avengers_graph.settings.precedence import resolve

GIVE_UP_AFTER = 3
"""Questions in a row an expert may fail on before the collection stops."""

Missing = Mapping[str, Sequence[tuple[Question, int]]]
"""By expert: the questions it still has to answer, and how often."""


def still_missing(
    questions: Sequence[Question],
    recorded: Iterable[Recorded],
    *,
    pool: ExpertPool,
    samples: int,
) -> Missing:
    """What a collection of ``samples`` answers a question still has to ask.

    A question whose text has changed since it was recorded counts as not asked.
    """
    have: Counter[tuple[str, str, str]] = Counter()
    for entry in recorded:
        have[entry.expert, str(entry.id), str(entry.prompt)] += len(entry.texts)
    return {
        name: [
            (question, left)
            for question in questions
            if (left := samples - have[name, question.id, question.query]) > 0
        ]
        for name in pool.names
    }


def check_settings(
    recorded: Iterable[Recorded],
    *,
    pool: ExpertPool,
    temperature: float | None,
    params: Mapping[str, Any],
) -> None:
    """Refuse to go on with answers that were given under other settings.

    Entries without settings, such as published outputs, are accepted as they are.

    Raises:
        RecordsError: an expert of the pool was asked at another temperature or with other
            parameters.
    """
    for entry in recorded:
        if entry.expert not in pool:
            continue
        asked: list[tuple[str, Any, Any]] = [("temperature", entry.temperature, temperature)]
        if entry.params:
            names = sorted({*entry.params, *params})
            asked += [(name, entry.params.get(name), params.get(name)) for name in names]
        for name, then, now in asked:
            if then != now and not (name == "temperature" and None in (then, now)):
                raise RecordsError(
                    f"{entry.expert!r} was asked with {name} {then!r} before, and now {now!r}; "
                    "use the same, or another output file"
                )


async def collect_answers(
    missing: Missing,
    *,
    pool: ExpertPool,
    temperature: float | None = None,
    params: dict[str, Any] | None = None,
) -> AsyncIterator[tuple[str, Question]]:
    """Ask for what is missing; yield ``(expert, question)`` as each is answered.

    Experts work side by side; how many requests each takes at once is its ``max_concurrency``.

    Raises:
        ConfigError: the temperature or a parameter is unknown or out of range.
        ExpertError: an expert failed on several questions in a row.
    """
    finished: asyncio.Queue[tuple[str, Question] | BaseException | None] = asyncio.Queue()
    settings = resolve(Context(), {"temperature": temperature, "params": params or {}})

    async def work_all() -> None:
        try:
            async with asyncio.TaskGroup() as workers:
                for name, left in missing.items():
                    queue = _Queue(name, iter(left))
                    for _ in range(_at_once(pool, name, left)):
                        workers.create_task(_ask_on(queue, finished, pool, settings))
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


class _Queue:
    """One expert's questions, shared by its workers, and how many in a row it failed on."""

    def __init__(self, expert: str, waiting: Iterator[tuple[Question, int]]) -> None:
        self.expert = expert
        self.waiting = waiting
        self.failures = 0


def _at_once(pool: ExpertPool, name: str, left: Sequence[tuple[Question, int]]) -> int:
    """Questions in work at once: enough to keep the expert's slots busy, and no more."""
    if not left:
        return 0
    most = max(count for _, count in left)
    return max(1, pool[name].max_concurrency // most)


async def _ask_on(
    queue: _Queue,
    finished: "asyncio.Queue[Any]",
    pool: ExpertPool,
    settings: Context,
) -> None:
    for question, count in queue.waiting:
        request = RoundRequest(
            messages=[HumanMessage(question.query)],
            asks=[Ask(queue.expert, count)],
            needs_all=True,
            settings=settings,
            question_id=question.id,
        )
        cause = await _failure(request, pool)
        if cause is None:
            queue.failures = 0
            finished.put_nowait((queue.expert, question))
            continue
        queue.failures += 1
        if queue.failures >= GIVE_UP_AFTER:
            raise ExpertError(
                f"expert {queue.expert!r} failed on {queue.failures} questions in a row ({cause}); "
                "what came in is kept, run the same command again to go on"
            )


async def _failure(request: RoundRequest, pool: ExpertPool) -> str | None:
    """Run a round; why not every sample was answered, None when all were."""
    cause = None
    async for event in run_round(request, pool=pool):
        if isinstance(event, SampleEnded):
            cause = event.record["error"] or cause
    return cause


def _first(group: BaseException) -> BaseException:
    while isinstance(group, BaseExceptionGroup):
        group = group.exceptions[0]
    return group

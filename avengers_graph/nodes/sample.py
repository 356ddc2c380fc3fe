"""Fourth node: ask the experts of the plan's current round.

Everything about calling is in ``experts.engine``; the node says whom to ask and when the answers
suffice, passes on what happens, and keeps the books.
"""

import time
from collections import Counter
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import BaseMessage
from langchain_core.runnables import RunnableConfig
from langgraph.runtime import get_runtime

from avengers_graph.ballots import Ballots, counted_before, parse_of
from avengers_graph.errors import ExpertError
from avengers_graph.experts.budget import Budget, expected_costs, spent_on
from avengers_graph.experts.engine import run_round
from avengers_graph.experts.events import SampleEnded, SampleEvent
from avengers_graph.experts.model_errors import nobody_answered
from avengers_graph.experts.owned_loop import Bridge
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.prompt import with_answers
from avengers_graph.experts.round_request import Enough, RoundRequest
from avengers_graph.plans import Plan, asks_for
from avengers_graph.settings.context import Context
from avengers_graph.settings.precedence import for_round, settings_of
from avengers_graph.state import AvengersState
from avengers_graph.types import SampleRecord


def sample(state: AvengersState, config: RunnableConfig, *, pool: ExpertPool) -> dict[str, Any]:
    """Append to ``samples`` and ``spent``.

    Raises:
        AllExpertsFailedError: not one answer; names each expert's cause. It is the LangChain
            error that fits as well.
    """
    asking = _Asking(state, config, pool)
    for event in asking.events():
        asking.hear(event)
    return asking.update()


async def asample(
    state: AvengersState, config: RunnableConfig, *, pool: ExpertPool
) -> dict[str, Any]:
    """As ``sample``, without blocking the caller's loop."""
    asking = _Asking(state, config, pool)
    async for event in asking.events():
        asking.hear(event)
    return asking.update()


class _Asking:
    """One round of the plan: what is asked, and what was heard of it."""

    def __init__(self, state: AvengersState, config: RunnableConfig, pool: ExpertPool) -> None:
        self._state = state
        self._callbacks = config.get("callbacks")
        self._pool = pool
        self._runtime = get_runtime(Context)
        self._settings = settings_of(state["request"])
        self._plan = Plan.model_validate(state["plan"])
        self._planned = self._plan.rounds[state["round"]]
        self._costs = expected_costs(state["experts"])
        self._began = time.monotonic()
        self._records: list[SampleRecord] = []
        self._raised: dict[int, ExpertError] = {}
        """What the records of failures say, with its kind, by their indices."""

    def events(self) -> Bridge[SampleEvent]:
        """What happens while the round runs."""
        return Bridge(run_round(self._request(), pool=self._pool))

    def hear(self, event: SampleEvent) -> None:
        """Pass an event on to whoever streams the graph; keep the record that it brings."""
        self._runtime.stream_writer(event.to_dict())
        if isinstance(event, SampleEnded):
            self._records.append(event.record)
            if event.error is not None:
                self._raised[event.record["index"]] = event.error

    def update(self) -> dict[str, Any]:
        """What the round adds to the state.

        Raises:
            AllExpertsFailedError: no expert has answered, in this round or an earlier one.
        """
        so_far = [*self._state["samples"], *self._records]
        if all(record["ended"] != "answered" for record in so_far):
            names = [expert["name"] for expert in self._state["experts"]]
            cause = next(iter(self._raised.values()), None)
            raise nobody_answered(
                so_far, self._raised, ranked=names, deadline=self._settings.deadline
            ) from cause
        elapsed = self._state["spent"]["elapsed"] + time.monotonic() - self._began
        spent = spent_on(so_far, pool=self._pool, expected_costs=self._costs, elapsed=elapsed)
        return {"samples": self._records, "spent": spent}

    def _request(self) -> RoundRequest:
        state, settings = self._state, self._settings
        ranked = [expert["name"] for expert in state["experts"]]
        asks = asks_for(
            self._planned,
            ranked,
            thinking=self._pool.thinking,
            scores={expert["name"]: expert["score"] for expert in state["experts"]},
            turns=self._plan.turns_before(state["round"]),
        )
        wanted = sum(ask.samples for ask in asks)
        enough = self._enough() if wanted > 1 else None
        return RoundRequest(
            messages=self._messages(),
            asks=asks,
            reserves=ranked,
            settings=for_round(settings, self._planned),
            round_number=state["round"],
            first_index=_next_index(state["samples"]),
            asked_before=Counter(record["expert"] for record in state["samples"]),
            needs_all=wanted > 1 and enough is None,
            # Only where nothing else can become the answer: what was heard cannot be taken back.
            stream=settings.stream_tokens and wanted == len(self._plan.rounds) == 1,
            deadline_at=self._deadline_at(),
            budget=Budget.left(settings, state["spent"]),
            expected_costs=self._costs,
            enough=enough,
            callbacks=self._callbacks,
        )

    def _messages(self) -> Sequence[BaseMessage]:
        """The conversation; in a round that is shown the answers so far, with them at its end."""
        messages, number = self._state["messages"], self._state["round"]
        if not self._planned.shown:
            return messages
        return with_answers(messages, self._state["samples"], before_round=number)

    def _deadline_at(self) -> float | None:
        """When the round must end, Unix time; a person's time at an interrupt is not counted."""
        allowed, elapsed = self._settings.deadline, self._state["spent"]["elapsed"]
        return None if allowed is None else self._pool.clock() + allowed - elapsed

    def _enough(self) -> Enough | None:
        """When a landed sample settles the vote; None where all samples are needed."""
        settings = self._settings
        # Running programs takes its time, and this is asked on the loop that serves every expert.
        too_slow = settings.run_code
        undecidable = self._state["request"]["kind"] is None
        if not settings.early_stop or too_slow or undecidable or not self._only_winner_matters():
            return None
        counted = counted_before(self._state, self._plan)
        ballots = Ballots(self._state, self._plan, counted, parse=parse_of(self._runtime))

        def enough(landed: SampleRecord, outstanding: Sequence[str]) -> bool:
            ballots.add(landed)
            return ballots.is_decided(len(outstanding))

        return enough

    def _only_winner_matters(self) -> bool:
        """Whether the winner is all that the round is for.

        A stop rule still to be tested looks at the size of the majority, and so does the
        confidence under which a person is asked; a later round that is shown the answers reads
        them all. Behind the last round there is nothing that its stop rule could save.
        """
        later = self._plan.rounds[self._state["round"] + 1 :]
        return (
            self._settings.min_confidence is None
            and not (later and self._planned.stop)
            and not any(planned.shown for planned in later)
        )


def _next_index(samples: Sequence[SampleRecord]) -> int:
    """Indices have gaps: what was withdrawn or called off before it was sent has no record."""
    return max((record["index"] for record in samples), default=-1) + 1

"""From samples to ballots: what of a request's samples counts, as what, and for how much.

``sample`` adds ballots as they land, to know when it has enough; ``vote`` counts them all.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol, cast

from langgraph.runtime import Runtime

from avengers_graph.answer_check import AnswerCheck
from avengers_graph.plans import Plan
from avengers_graph.settings.call_params import json_form
from avengers_graph.settings.context import Context
from avengers_graph.settings.precedence import settings_of
from avengers_graph.state import AvengersState
from avengers_graph.types import SampleRecord
from avengers_graph.voting import WEIGHTINGS, Embed, Verdict, empty_tally, possible_answers
from avengers_graph.voting.ballots import UNCOUNTED


class Parse(Protocol):
    """How the caller of a run wants samples read."""

    def __call__(self, sample: SampleRecord, /) -> Any:
        """A sample's ballot as plain data; None lets the sample abstain."""
        ...

    def as_written(self, ballot: Any, /) -> Any:
        """The data of a ballot as an expert would write them; None where they are refused."""
        ...


def parse_of(runtime: Runtime[Context]) -> Parse | None:
    """How the caller of this run wants samples read; a run without a Context has no such wish."""
    given = runtime.context.parse_sample if isinstance(runtime.context, Context) else None
    return cast("Parse | None", given)


def counted_before(state: AvengersState, plan: Plan) -> list[SampleRecord]:
    """Samples of the rounds before this one that count beside those of this one."""
    return state["samples"] if plan.counted == "all" else []


def counted_after(state: AvengersState, plan: Plan) -> list[SampleRecord]:
    """The samples that count once the round is over: all, or those of this round only.

    When nobody answered in a last round that was to sum up, the answers before it count.
    """
    samples = state["samples"]
    if plan.counted == "all":
        return samples
    last = [record for record in samples if record["round"] == state["round"]]
    return last if any(record["ended"] == "answered" for record in last) else samples


def _mean_score(state: AvengersState) -> float | None:
    """Mean estimated accuracy of the experts asked so far; None where no cluster tells any."""
    if not state["clusters"]:
        return None
    asked = {record["expert"] for record in state["samples"]}
    scores = [expert["score"] for expert in state["experts"] if expert["name"] in asked]
    return sum(scores) / len(scores) if scores else None


class Ballots:
    """The ballots of a request.

    Args:
        records: the samples that count, as far as they have landed.
        parse: reads samples where the caller wants data; what it reads none from abstains.
        embed: texts to vectors, for the most central of free texts.
    """

    def __init__(
        self,
        state: AvengersState,
        plan: Plan,
        records: Sequence[SampleRecord],
        *,
        parse: Parse | None = None,
        embed: Embed | None = None,
    ) -> None:
        request = state["request"]
        settings = settings_of(request)
        params = settings.params
        self._kind = request["kind"]
        # A kind that only the question suggests may turn out not to be what the samples say.
        fixed = settings.answer_kind != "auto" or self._kind == "tool_calls" or json_form(params)
        self._tally = empty_tally(
            self._kind if fixed and self._kind else "auto",
            words="json" if json_form(params) else "auto",
            question=request["question"],
            labels=settings.labels,
            tools=params.get("tools") or (),
            run_code=settings.run_code,
            merge=settings.merge,
            prior=_mean_score(state),
            embed=embed,
        )
        self._parse = parse
        self._merge = settings.merge
        self._check = AnswerCheck(params)
        weigh = WEIGHTINGS[plan.weighting]
        counted = possible_answers(request["question"], kind=self._kind, labels=settings.labels)
        self._weights = {
            expert["name"]: weigh(expert["score"], answers=counted or UNCOUNTED)
            for expert in state["experts"]
        }
        self._ranks = {expert["name"]: rank for rank, expert in enumerate(state["experts"])}
        for record in records:
            self.add(record)

    def add(self, record: SampleRecord) -> None:
        """Count a sample; an error is an abstention.

        What was called off is no ballot, nor is a failure that another expert made good.
        """
        if record["ended"] not in ("answered", "failed"):
            return
        name = record["expert"]
        self._tally.add(
            record["index"],
            self._read(record),
            weight=self._weights[name],
            rank=self._ranks[name],
        )

    def _read(self, record: SampleRecord) -> SampleRecord:
        """The sample as it is voted on."""
        if record["ended"] != "answered":
            return record
        called = self._kind == "tool_calls" and record["tool_calls"]
        if self._parse is not None and not called:
            data = self._parse(record)
            if data is None:
                return {**record, "tool_calls": [], "error": "does not fit the schema asked for"}
            return {**record, "tool_calls": [], "text": json.dumps(data, ensure_ascii=False)}
        return {**record, "error": self._check.objection(record)}

    @property
    def best_weight(self) -> float:
        """What a ballot of the best-ranked expert weighs."""
        return next(iter(self._weights.values()))

    def is_decided(self, outstanding: int) -> bool:
        """Whether no outcome of that many samples can change the answer.

        A sample still to come may be taken over by another expert: each may weigh the most
        that any of them could.
        """
        return self._tally.is_decided([max(self._weights.values())] * outstanding)

    def verdict(self) -> Verdict:
        """The outcome over the ballots so far.

        An object that won field by field is nobody's own: where the schema refuses that object,
        the answer is the best whole one.
        """
        found = self._tally.verdict()
        if not (self._merge and found.kind == "json" and found.answer is not None):
            return found
        whole = found.tally[0]["answer"]
        if found.answer == whole or self._accepts(json.loads(found.answer)):
            return found
        return replace(found, answer=whole)

    def _accepts(self, merged: Any) -> bool:
        if self._parse is not None:
            return self._parse.as_written(merged) is not None
        return self._check.data_objection(merged) is None

"""From samples to ballots: what each counts, and for whom; shared by ``sample`` and ``vote``."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from langgraph.runtime import Runtime

from avengers_graph.settings.context import Context
from avengers_graph.state import AvengersState
from avengers_graph.values import SampleRecord
from avengers_graph.voting import WEIGHTINGS, Embed, Tally, Verdict
from avengers_graph.voting.confidence import confidence_of
from avengers_graph.voting.kinds.tool_calls import NO_CALL

Parse = Callable[[SampleRecord], Any]


def parse_of(runtime: Runtime[Context]) -> Parse | None:
    """How the caller of this run wants samples read; a run without a Context has no such wish."""
    return runtime.context.parse_sample if isinstance(runtime.context, Context) else None


def weights_of(state: AvengersState) -> dict[str, float]:
    """The weight of one ballot of each expert, by the plan's weighting."""
    weigh = WEIGHTINGS[state["plan"]["weighting"]]
    return {expert["name"]: weigh(expert["score"]) for expert in state["experts"]}


def _counted(state: AvengersState) -> list[SampleRecord]:
    """The samples that are ballots: all, or the last round's where the rest was only its input.

    When nobody answered in that last round the answers before it are counted after all.
    """
    samples = state["samples"]
    if state["plan"]["counted"] == "all":
        return samples
    last = [record for record in samples if record["round"] == state["round"]]
    return last if any(record["error"] is None for record in last) else samples


def _mean_score(state: AvengersState) -> float | None:
    """Mean estimated accuracy of the experts asked so far; None before anyone was."""
    asked = {record["expert"] for record in state["samples"]}
    scores = [expert["score"] for expert in state["experts"] if expert["name"] in asked]
    return sum(scores) / len(scores) if scores else None


class BallotBox:
    """The ballots of a request; the kind is fixed before the first one where it can be.

    With tools the vote has two steps: a call (and which one) against an answer in words; and
    where words win, what they say.

    Args:
        parse: reads samples where the caller wants data; what it reads none from abstains.
        embed: texts to vectors, for the most central of free texts.
    """

    def __init__(
        self, state: AvengersState, *, parse: Parse | None = None, embed: Embed | None = None
    ) -> None:
        request = state["request"]
        params, settings = request["params"], request["settings"]
        self._prior = _mean_score(state)
        ways: dict[str, Any] = {
            "question": request["question"],
            "labels": settings["labels"],
            "run_code": settings["run_code"],
            "merge": settings["merge"],
            "prior": self._prior,
            "embed": embed,
        }
        self._tally = Tally(kind=request["kind"] or "auto", **ways)
        self._words = None
        if request["kind"] == "tool_calls":
            kind = "json" if params.get("response_format") else "auto"
            self._words = Tally(kind=kind, **ways)
        self._in_words: set[int] = set()
        self._parse = parse
        self._offer = _Offer(params)
        self._total = 0.0
        self._weights = weights_of(state)
        self._ranks = {expert["name"]: rank for rank, expert in enumerate(state["experts"])}
        for record in _counted(state):
            self.add(record)

    def add(self, record: SampleRecord) -> None:
        """Count a sample; an error is an abstention.

        What was called off is no ballot, nor is a failure that another expert made good.
        """
        if record["cancelled"] or record["replaced"]:
            return
        name, index, ballot = record["expert"], record["index"], self._read(record)
        weight, rank = self._weights[name], self._ranks[name]
        self._total += weight
        self._tally.add(index, ballot, weight=weight, rank=rank)
        if self._words is not None and not ballot["tool_calls"]:
            self._in_words.add(index)
            self._words.add(index, ballot, weight=weight, rank=rank)

    def _read(self, record: SampleRecord) -> SampleRecord:
        """The sample as it is voted on."""
        if record["error"] is not None:
            return record
        if self._parse is not None:
            data = self._parse(record)
            if data is None:
                return {**record, "tool_calls": [], "error": "does not fit the schema asked for"}
            return {**record, "tool_calls": [], "text": json.dumps(data, ensure_ascii=False)}
        return {**record, "error": self._offer.objection(record)}

    def is_decided(self, outstanding: int) -> bool:
        """Whether no outcome of that many samples can change the answer.

        A sample still to come may be taken over by another expert: each may weigh the most
        that any of them could.
        """
        remaining = [max(self._weights.values())] * outstanding
        if not self._tally.is_decided(remaining):
            return False
        if self._words is None or self._tally.verdict().winner not in self._in_words:
            return True
        return self._words.is_decided(remaining)

    def verdict(self) -> Verdict:
        """The outcome over the ballots so far."""
        found = self._tally.verdict()
        if self._words is None or found.winner not in self._in_words:
            return found
        said = self._words.verdict()
        return found if said.winner is None else self._with_words(found, said)

    def _with_words(self, found: Verdict, said: Verdict) -> Verdict:
        """The winning words with their shares of all ballots; the calls follow in the tally."""
        calls = [row for row in found.tally if row["answer"] != NO_CALL]
        tally = [*said.tally, *calls]
        lead = tally[0]["weight"]
        runner_up = max((row["weight"] for row in tally[1:]), default=0.0)
        agreement = lead / self._total if self._total else 0.0
        margin = max(0.0, lead - runner_up) / self._total if self._total else 0.0
        return replace(
            said,
            tally=tally,
            agreement=agreement,
            margin=margin,
            confidence=confidence_of(
                agreement=agreement, ballots=len(self._tally), prior=self._prior
            ),
            abstained=sorted({*found.abstained, *said.abstained}),
        )


class _Offer:
    """The tools of a request, and what a sample has to make of them."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        tools = [tool["function"] for tool in params.get("tools") or () if "function" in tool]
        self._required = {
            tool["name"]: set((tool.get("parameters") or {}).get("required", ())) for tool in tools
        }
        choice = params.get("tool_choice")
        self._forced = choice == "required" or isinstance(choice, Mapping)
        self._only = choice["function"]["name"] if isinstance(choice, Mapping) else None

    def objection(self, record: SampleRecord) -> str | None:
        """Why a sample is no valid use of the tools; None when it is, or none were offered."""
        if not self._required:
            return None
        if not record["tool_calls"]:
            return "answers without the tool call asked for" if self._forced else None
        return next(filter(None, map(self._wrong, record["tool_calls"])), None)

    def _wrong(self, call: Mapping[str, Any]) -> str | None:
        name, args = call["name"], call["args"]
        if call["type"] == "invalid_tool_call" or not isinstance(args, Mapping):
            return f"calls {name!r} with arguments that are no JSON object"
        if name not in self._required or self._only not in (None, name):
            return f"calls {name!r}, which was not offered"
        missing = self._required[name] - set(args)
        return f"calls {name!r} without {sorted(missing)}" if missing else None

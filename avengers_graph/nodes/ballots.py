"""From samples to ballots: what each counts, and for whom; shared by ``sample`` and ``vote``."""

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from langchain_core.exceptions import OutputParserException
from langchain_core.utils.json import parse_json_markdown
from langgraph.runtime import Runtime

from avengers_graph.nodes.schema import schema_objection
from avengers_graph.settings.context import Context
from avengers_graph.settings.parameters import json_form
from avengers_graph.state import AvengersState
from avengers_graph.values import SampleRecord, TallyRow
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

    With tools the vote has two steps: all calls against all answers in words; then which call,
    or what the words say.

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
        self._calls = self._words = None
        if request["kind"] == "tool_calls":
            kind = "json" if json_form(params) else "auto"
            self._calls = Tally(kind="tool_calls", **ways)
            self._words = Tally(kind=kind, **ways)
        self._called, self._said = _Side(), _Side()
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
        if self._calls is None or self._words is None or ballot["error"] is not None:
            return
        calls = bool(ballot["tool_calls"])
        (self._calls if calls else self._words).add(index, ballot, weight=weight, rank=rank)
        if calls or (ballot["text"].strip() and ballot["finish_reason"] != "length"):
            # Nothing, or the beginning of something, is no answer in words.
            (self._called if calls else self._said).add(index, weight=weight, rank=rank)

    def _read(self, record: SampleRecord) -> SampleRecord:
        """The sample as it is voted on."""
        if record["error"] is not None:
            return record
        if self._parse is not None and (self._words is None or not record["tool_calls"]):
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
        if self._calls is None or self._words is None:
            return self._tally.is_decided(remaining)
        if not remaining:
            return True
        if abs(self._called.weight - self._said.weight) <= sum(remaining):
            return False
        leading = self._words if self._said.beats(self._called) else self._calls
        return leading.is_decided(remaining)

    def verdict(self) -> Verdict:
        """The outcome over the ballots so far."""
        found = self._tally.verdict()
        if self._calls is None or self._words is None:
            return found
        if not (self._called.samples or self._said.samples):
            return found
        calls = self._calls.verdict()
        if not self._said.beats(self._called):
            others = [self._said.row()] if self._said.samples else []
            return self._restated(found, calls, others=others)
        said = self._words.verdict()
        if said.winner is None:  # they say nothing that could be compared
            rows = [self._said.row()]
            said = replace(found, answer=NO_CALL, winner=self._said.first, tally=rows)
        return self._restated(found, said, others=calls.tally)

    def _restated(self, found: Verdict, led: Verdict, *, others: list[TallyRow]) -> Verdict:
        """The leading side's outcome with its shares of all ballots; the other side follows."""
        tally = [*led.tally, *others]
        lead = tally[0]["weight"]
        runner_up = max((row["weight"] for row in tally[1:]), default=0.0)
        agreement = lead / self._total if self._total else 0.0
        margin = max(0.0, lead - runner_up) / self._total if self._total else 0.0
        return replace(
            led,
            tally=tally,
            agreement=agreement,
            margin=margin,
            confidence=confidence_of(
                agreement=agreement, ballots=len(self._tally), prior=self._prior
            ),
            abstained=sorted({*found.abstained, *led.abstained}),
        )


@dataclass(slots=True)
class _Side:
    """The samples that call a tool, or those that answer in words."""

    weight: float = 0.0
    samples: list[int] = field(default_factory=list)
    """Their indices."""
    _best: tuple[float, float] = (math.inf, math.inf)
    """Rank of the best-ranked expert among them, and the index of its earliest sample."""

    def add(self, index: int, *, weight: float, rank: int) -> None:
        """One sample more."""
        self.weight += weight
        self.samples.append(index)
        self._best = min(self._best, (rank, index))

    @property
    def first(self) -> int:
        """Index of the sample that speaks for them; there must be one."""
        return int(self._best[1])

    def row(self) -> TallyRow:
        """Answers in words as one line of a tally."""
        votes, samples = len(self.samples), sorted(self.samples)
        return {"answer": NO_CALL, "votes": votes, "weight": self.weight, "samples": samples}

    def beats(self, other: "_Side") -> bool:
        """Whether it weighs more; a tie goes to the better-ranked expert, then the earlier."""
        if not math.isclose(self.weight, other.weight, rel_tol=1e-9):
            return self.weight > other.weight
        return self._best < other._best


class _Offer:
    """What a request asks of an answer: tools, and a schema of the text."""

    def __init__(self, params: Mapping[str, Any]) -> None:
        tools = [tool["function"] for tool in params.get("tools") or () if "function" in tool]
        self._tools = {tool["name"]: tool.get("parameters") or {} for tool in tools}
        choice = params.get("tool_choice")
        self._forced = choice == "required" or isinstance(choice, Mapping)
        self._forbidden = choice == "none"
        self._only = choice["function"]["name"] if isinstance(choice, Mapping) else None
        form = params.get("response_format") if json_form(params) == "json_schema" else None
        self._text = ((form or {}).get("json_schema") or {}).get("schema")

    def objection(self, record: SampleRecord) -> str | None:
        """Why a sample is not what was asked for; None when it is."""
        if record["tool_calls"]:
            if not self._tools:
                return None
            if self._forbidden:
                return "calls a tool although tool_choice is none"
            return next(filter(None, map(self._wrong, record["tool_calls"])), None)
        if self._tools and self._forced:
            return "answers without the tool call asked for"
        if self._text and schema_objection(self._text, _data_in(record["text"])):
            return "does not fit the schema asked for"
        return None

    def _wrong(self, call: Mapping[str, Any]) -> str | None:
        name, args = call["name"], call["args"]
        if call["type"] == "invalid_tool_call" or not isinstance(args, Mapping):
            return f"calls {name!r} with arguments that are no JSON object"
        if name not in self._tools or self._only not in (None, name):
            return f"calls {name!r}, which was not offered"
        wrong = schema_objection(self._tools[name], dict(args))
        return None if wrong is None else f"calls {name!r} with wrong arguments: {wrong}"


def _data_in(text: str) -> Any:
    try:
        return parse_json_markdown(text)
    except (json.JSONDecodeError, OutputParserException):
        return None

"""A request's state as ``vote`` finds it, without a graph around it."""

from typing import Any

from langchain_core.messages import HumanMessage

from avengers_graph.experts.sample_record import unanswered_record
from avengers_graph.nodes.embed import resolve_request
from avengers_graph.settings.context import Context
from avengers_graph.settings.precedence import resolve
from avengers_graph.types import ClusterHit, Ending, RankedExpert, SampleRecord, Spent
from tests.calibrated import SUM

SCORES = {"alpha": 0.9, "beta": 0.4}


def answered(text: str, *, index: int, expert: str = "alpha", **fields: Any) -> SampleRecord:
    failed = ended("failed", index=index, expert=expert)
    changes = {"ended": "answered", "error": None, "text": text, "output_tokens": 1}
    return SampleRecord(**{**failed, **changes, **fields})


def ended(how: Ending, *, index: int, expert: str = "alpha", round_number: int = 0) -> SampleRecord:
    return unanswered_record(
        expert=expert,
        index=index,
        round_number=round_number,
        latency=0.1,
        ended=how,
        error="HTTP 503",
    )


def state_of(*samples: SampleRecord, question: str = SUM, **settings: Any) -> Any:
    """Two experts, alpha before beta, and their samples."""
    messages = [HumanMessage(question)]
    experts = [
        RankedExpert(
            name=name, score=score, interval=[0.0, 1.0], count=1.0, cost=None, why="measured"
        )
        for name, score in SCORES.items()
    ]
    context = resolve(Context(**settings))
    return {
        "messages": messages,
        "request": resolve_request(context, question=question, messages=messages),
        "clusters": [ClusterHit(id=0, label="sums", distance=0.1, weight=1.0, size=9)],
        "experts": experts,
        "samples": list(samples),
        "round": max((record["round"] for record in samples), default=0),
        "spent": Spent(
            calls=len(samples), input_tokens=5, output_tokens=2, cost=0.5, seconds=1.0, elapsed=1.0
        ),
    }

"""The graph's state: what a caller passes, what comes back, and everything between.

Which node writes which key is told in ``docs/architecture.md``; the values themselves are
described in ``types.py``.
"""

import operator
from typing import Annotated, Any, TypeAlias

from langchain_core.messages import AnyMessage
from langgraph.channels import UntrackedValue
from langgraph.graph.message import add_messages
from typing_extensions import TypedDict

from avengers_graph.settings.call_params import CallParams
from avengers_graph.types import (
    ClusterHit,
    RankedExpert,
    SampleRecord,
    Spent,
)


class Request(TypedDict):
    """One request, resolved once by ``embed``; later nodes read nothing else."""

    question: str
    """The last human turn: what is asked, and what answers are read against."""
    routing_text: str
    """The text that is embedded for routing: the question, or the whole conversation."""
    settings: dict[str, Any]
    """The resolved Context: caller over configured defaults. Keeps a resumed run as it was."""
    params: CallParams
    """Per-call parameters passed on to every expert: stop, seed, max_tokens, tools, ..."""
    needs: list[str]
    """Capabilities an expert must have: tools, json_schema, json_mode, images, logprobs, system."""
    kind: str | None
    """The answer kind, fixed before the first ballot; None when only the samples can tell."""


VerdictRecord: TypeAlias = dict[str, Any]
"""A ``voting.Verdict`` in plain JSON, and beside its fields:

``calls``: samples asked of experts, failures included.
``calls_saved``: samples the plan allowed for that were not needed.
``expert``: who gave the returned text.
"""


class InputState(TypedDict):
    """What a caller passes; messages may be dicts of ``role`` and ``content``."""

    messages: Annotated[list[AnyMessage | dict[str, Any]], add_messages]


class OutputState(TypedDict):
    """What a caller gets back: small, so that the graph sits in a parent without colliding."""

    messages: Annotated[list[AnyMessage], add_messages]
    verdict: VerdictRecord


class AvengersState(TypedDict):
    """Everything between the first node and the last."""

    messages: Annotated[list[AnyMessage], add_messages]
    request: Request
    plan: dict[str, Any]
    """A ``plans.Plan`` in plain JSON."""
    query_embedding: Annotated[list[float], UntrackedValue]
    """(dim,) unit length; not checkpointed, recomputed when a resumed run needs it."""
    clusters: list[ClusterHit]
    experts: list[RankedExpert]
    samples: Annotated[list[SampleRecord], operator.add]
    """Reset at the start of each turn, so that no vote leaks into the next."""
    round: int
    spent: Spent
    verdict: VerdictRecord

"""The decision behind an answer: which experts were asked, and how their answers were counted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, Self, TypeAlias

from langchain_core.messages import BaseMessage

from avengers_graph.decision.html import html_of
from avengers_graph.decision.terminal import lines_of
from avengers_graph.errors import ConfigError
from avengers_graph.types import ClusterHit, RankedExpert, TallyRow
from avengers_graph.wording import counted, one_line

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

Answered: TypeAlias = BaseMessage | Mapping[str, Any] | Sequence[Any]
"""An answer, its plain form, messages that end in one, or a state that holds such ``messages``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingDecision:
    """How one answer came about. Shown in colours by rich, and as HTML by notebooks."""

    strategy: str
    """The plan that was followed."""
    clusters: list[ClusterHit]
    """The question's clusters, nearest first; empty without an index."""
    experts: list[RankedExpert]
    """All that could take the request, best first."""
    expert: str
    """Who gave the text of the answer."""
    answer: str | None
    """The answer that won, in the form it was counted in; None when every sample abstained."""
    kind: str
    """How answers were compared: a key of ``voting.KINDS``."""
    tally: list[TallyRow]
    """One row per class of equal answers, heaviest first."""
    agreement: float
    """Share of the winner in the weight of all samples, in [0, 1]."""
    confidence: float
    """Estimated probability that the answer is right, in [0, 1]."""
    calls: int
    """Samples asked of experts, failures included."""
    calls_saved: int
    """Samples of the plan that were not needed."""
    cost: float
    """USD; 0 where no price is known."""
    usage_estimated: bool
    """Whether some server told no usage, so that tokens and cost are estimates."""

    @classmethod
    def of(cls, summary: Mapping[str, Any]) -> Self:
        """From what a message's ``response_metadata["avengers"]`` holds."""
        return cls(**{field.name: summary[field.name] for field in fields(cls)})

    @property
    def figures(self) -> str:
        """How sure the vote is, and whose text was returned, in words."""
        sure = f"agreement {self.agreement:.2f}, confidence {self.confidence:.2f}"
        return f"{sure}, by {one_line(self.expert)}"

    @property
    def spent(self) -> str:
        """Calls made and saved, and what they cost, in words."""
        about = "about " if self.usage_estimated else ""
        cost = f"{about}{self.cost:.2g} USD" if self.cost else "no price known"
        return f"{counted(self.calls, 'call')}, {self.calls_saved} saved, {cost}"

    def __rich__(self) -> "Text":
        """For ``rich.print`` and consoles."""
        from rich.text import Text

        return Text("\n").join(lines_of(self))

    def _repr_html_(self) -> str:
        """For notebooks, light or dark."""
        return html_of(self)


def routing_decision(answered: Answered) -> RoutingDecision:
    """The decision behind an answer of ``ChatAvengers`` or of its graph.

    Of messages and of states (a graph's, an agent's, structured output's with ``include_raw``)
    this is the last answer that was voted on.

    Raises:
        ConfigError: no answer in it was voted on.
    """
    for message in _latest_first(answered):
        if summary := _metadata(message).get("avengers"):
            return RoutingDecision.of(summary)
    raise ConfigError(
        f"no answer of ChatAvengers is in this {type(answered).__name__}; pass the message that "
        "ChatAvengers returned, or the state of a graph with its messages"
    )


def print_vote(answered: Answered, *, console: "Console | None" = None) -> None:
    """Print how an answer came about: cluster, experts, tally, agreement, calls and cost.

    Args:
        answered: as ``routing_decision`` takes.
        console: where to print; None is standard output, or the notebook's cell.

    Raises:
        ConfigError: no answer in it was voted on.
    """
    from rich.console import Console

    (console or Console()).print(routing_decision(answered))


def _latest_first(answered: Answered) -> Iterable[Any]:
    match answered:
        case {"messages": messages}:
            return _latest_first(messages)
        case {"raw": message}:
            return [message]
        case str():
            return []
        case Sequence():
            return reversed(answered)
        case _:
            return [answered]


def _metadata(message: Any) -> Mapping[str, Any]:
    if isinstance(message, Mapping):
        found = message.get("response_metadata")
    else:
        found = getattr(message, "response_metadata", None)
    return found if isinstance(found, Mapping) else {}

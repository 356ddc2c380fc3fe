"""``vote``: samples to a verdict, each kind by the tally that counts it."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from avengers_graph.errors import ConfigError
from avengers_graph.voting.answer import Verdict
from avengers_graph.voting.auto import mostly_calls
from avengers_graph.voting.kinds.kind import Embed
from avengers_graph.voting.sample import SampleLike, read_sample
from avengers_graph.voting.tally import Tally
from avengers_graph.voting.tool_votes import ToolTally


def empty_tally(kind: str, *, words: str = "auto", **ways: Any) -> Tally | ToolTally:
    """No ballot yet.

    Args:
        kind: a key of ``KINDS``, or ``auto``.
        words: the kind of what samples say that call no tool, where the kind is tool calls.
        ways: the other arguments of ``Tally``.
    """
    if kind != "tool_calls":
        return Tally(kind=kind, **ways)
    tools = ways.get("tools", ())
    return ToolTally(partial(Tally, **ways), words=words, tools=tools, prior=ways.get("prior"))


def vote(
    samples: Sequence[SampleLike],
    *,
    question: str | None = None,
    kind: str = "auto",
    weights: Sequence[float] | None = None,
    ranks: Sequence[int] | None = None,
    labels: Sequence[str] = (),
    tools: Sequence[Mapping[str, Any]] = (),
    embed: Embed | None = None,
    run_code: bool = False,
    merge: bool = False,
    prior: float | None = None,
) -> Verdict:
    """Let samples vote on the answer.

    Args:
        samples: texts, messages or sample records; a record's place in the list is its index.
        question: what was asked; makes options, labels and units known.
        kind: a key of ``KINDS``, or ``auto``.
        weights: one per sample, finite and at least 0; None weighs all alike.
        ranks: the rank of each sample's expert, 0 the best; None ranks all alike.
        labels: the closed list of a label question, where the question does not hold it.
        tools: as for ``Tally``.
        embed: as for ``Tally``.
        run_code: as for ``Tally``; off unless asked for.
        merge: as for ``Tally``.
        prior: as for ``Tally``.

    Raises:
        ConfigError: unknown kind, or weights or ranks that do not fit the samples.
    """
    for name, given in (("weights", weights), ("ranks", ranks)):
        if given is not None and len(given) != len(samples):
            raise ConfigError(
                f"{len(given)} {name} for {len(samples)} samples; give one for each sample"
            )
    if kind == "auto" and mostly_calls([read_sample(sample) for sample in samples]):
        kind = "tool_calls"
    tally = empty_tally(
        kind,
        question=question,
        labels=labels,
        tools=tools,
        embed=embed,
        run_code=run_code,
        merge=merge,
        prior=prior,
    )
    for index, sample in enumerate(samples):
        tally.add(
            index,
            sample,
            weight=1.0 if weights is None else weights[index],
            rank=0 if ranks is None else ranks[index],
        )
    return tally.verdict()

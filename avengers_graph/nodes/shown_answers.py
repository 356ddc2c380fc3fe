"""What an expert is shown when it is to combine the answers of others."""

from collections.abc import Sequence

from langchain_core.messages import BaseMessage, HumanMessage

from avengers_graph.values import SampleRecord

LONGEST = 6000
"""Characters of one answer that are shown; the rest is left out."""

_REQUEST = (
    "Several assistants answered the message above. Some of them may be wrong; none is to be "
    "believed because it says so. Work out which parts are right, and give one answer to the "
    "message above, in the form it asks for, without mentioning the assistants."
)


def with_answers(
    messages: Sequence[BaseMessage], samples: Sequence[SampleRecord], *, before_round: int
) -> list[BaseMessage]:
    """The conversation, followed by the answers of the round before and what to do with them.

    Answers stand in sample order and each text once, so that the prompt does not depend on the
    order of arrival.
    """
    read = [r for r in samples if r["round"] == before_round - 1 and r["text"].strip()]
    texts = list(dict.fromkeys(r["text"].strip()[:LONGEST] for r in _in_order(read)))
    answers = "\n\n".join(f"Answer {n}:\n{text}" for n, text in enumerate(texts, start=1))
    return [*messages, HumanMessage(f"{_REQUEST}\n\n{answers}")]


def _in_order(samples: Sequence[SampleRecord]) -> list[SampleRecord]:
    return sorted(samples, key=lambda record: record["index"])

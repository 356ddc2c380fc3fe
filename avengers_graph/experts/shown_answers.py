"""What an expert is shown when it is to combine the answers of others."""

from collections.abc import Sequence

from langchain_core.messages import BaseMessage, HumanMessage

from avengers_graph.types import SampleRecord

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
    """The conversation, followed by the answers so far and what to do with them.

    They are those of the latest round in which anybody said something; when nobody did, the
    conversation stands alone. Answers stand in sample order and each text once, so that the
    prompt does not depend on the order of arrival.
    """
    said = [r for r in samples if r["round"] < before_round and r["text"].strip()]
    if not said:
        return list(messages)
    latest = max(record["round"] for record in said)
    read = [record for record in said if record["round"] == latest]
    texts = list(dict.fromkeys(r["text"].strip()[:LONGEST] for r in _in_order(read)))
    answers = "\n\n".join(f"Answer {n}:\n{text}" for n, text in enumerate(texts, start=1))
    return [*messages, HumanMessage(f"{_REQUEST}\n\n{answers}")]


def _in_order(samples: Sequence[SampleRecord]) -> list[SampleRecord]:
    return sorted(samples, key=lambda record: record["index"])

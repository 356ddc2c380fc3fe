"""From messages to the records of the state."""

import pytest
from langchain_core.messages import AIMessage

from avengers_graph.experts.sample_record import answer_record


@pytest.mark.parametrize("name", ["think", "thinking", "reasoning", "thought"])
def test_reasoning_is_kept_beside_the_answer(name: str) -> None:
    message = AIMessage(f"<{name}>secret chain</{name}>\n\n7")
    record = answer_record(message, expert="alpha", index=0, round_number=0, latency=0.1)
    assert (record["text"], record["reasoning"]) == ("7", "secret chain")


def test_what_the_server_reports_as_reasoning_comes_first() -> None:
    message = AIMessage(
        "<think>one</think>7", additional_kwargs={"reasoning_content": "six plus one"}
    )
    record = answer_record(message, expert="alpha", index=0, round_number=0, latency=0.1)
    assert (record["text"], record["reasoning"]) == ("7", "six plus one")

"""Tool turns in plain words, for models that make nothing of the protocol's tool messages.

Small models and chat templates without a tool role repeat a call whose result they were given.
The same models answer when the result stands in a user turn, with a request to answer.
"""

from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

_LOOKED_UP = "I will look that up with my tools."
_ANSWER = "Now answer my question in words."


def tool_turns_in_words(messages: Sequence[BaseMessage]) -> list[BaseMessage]:
    """The messages with each run of calls and results as one exchange of plain turns.

    Calls that follow one another are reported together: a model that is shown several exchanges
    which report a call goes on with another such report.
    """
    plain_turns: list[BaseMessage] = []
    for is_tool_turn, turns in groupby(messages, key=_is_tool_turn):
        run = list(turns)
        plain_turns += _exchange(run) if is_tool_turn else run
    return plain_turns


def _is_tool_turn(message: BaseMessage) -> bool:
    return isinstance(message, ToolMessage) or (
        isinstance(message, AIMessage) and bool(message.tool_calls)
    )


def _exchange(run: Sequence[BaseMessage]) -> list[BaseMessage]:
    answers = [turn.text for turn in run if isinstance(turn, AIMessage)]
    results = "\n".join([*_results(run), _ANSWER])
    blocks = [
        block
        for turn in run
        if isinstance(turn, ToolMessage) and isinstance(turn.content, list)
        for block in turn.content
        if isinstance(block, dict) and block.get("type") != "text"
    ]
    content: Any = [{"type": "text", "text": results}, *blocks] if blocks else results
    return [AIMessage("\n".join(filter(str.strip, answers)) or _LOOKED_UP), HumanMessage(content)]


def _results(run: Sequence[BaseMessage]) -> Iterator[str]:
    """One line for each result, under the call that it answers: the latest before it of its id."""
    calls: dict[str | None, str] = {}
    for turn in run:
        if isinstance(turn, AIMessage):
            for call in turn.tool_calls:
                calls[call["id"]] = f"{call['name']}({_arguments(call['args'])})"
        if isinstance(turn, ToolMessage):
            verb = "failed with" if turn.status == "error" else "returned"
            yield f"{calls.get(turn.tool_call_id, turn.name or 'the tool')} {verb} {turn.text}"


def _arguments(args: dict[str, object]) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in args.items())

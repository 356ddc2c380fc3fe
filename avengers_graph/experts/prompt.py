"""The prompt: as one expert can take it, how long it is, and with the answers of others."""

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.messages.utils import count_tokens_approximately

from avengers_graph.experts.tool_turns import tool_turns_in_words
from avengers_graph.experts.wire import mended
from avengers_graph.settings.expert import Expert
from avengers_graph.types import SampleRecord

_IMAGES = ("image", "image_url", "input_image")
"""The types of the blocks that hold one."""

LONGEST_SHOWN = 6000
"""Characters of one answer that are shown; the rest is left out."""

_COMBINE = (
    "Several assistants answered the message above. Some of them may be wrong; none is to be "
    "believed because it says so. Work out which parts are right, and give one answer to the "
    "message above, in the form it asks for, without mentioning the assistants."
)


def estimated_tokens(messages: Sequence[BaseMessage]) -> int:
    """Tokens by length, about four characters each; used where no server counted.

    An image counts as one, whatever the form of its block.
    """
    plain = [_with_content(message, _as_image) for message in messages]
    return int(count_tokens_approximately(plain, extra_tokens_per_message=0.0))


def _with_content(message: BaseMessage, change: Callable[[Any], Any]) -> BaseMessage:
    """The message with every block of its content changed; itself where none is."""
    content = message.content
    new = [change(block) for block in content] if isinstance(content, list) else change(content)
    return message if new == content else message.model_copy(update={"content": new})


def _as_image(block: Any) -> Any:
    is_image = isinstance(block, dict) and block.get("type") in _IMAGES
    return {"type": "image"} if is_image else block


def for_expert(messages: Sequence[BaseMessage], expert: Expert) -> list[BaseMessage]:
    """The messages for one expert.

    Half a surrogate pair, which no request can carry, becomes U+FFFD. An expert that refuses a
    system role (``supports`` without ``system``) gets the instructions at the head of its first
    user turn; one with ``tool_turns`` in words gets these.
    """
    messages = [_mended(message) for message in messages]
    if expert.tool_turns == "words":
        messages = tool_turns_in_words(messages)
    if "system" in expert.supports:
        return list(messages)
    instructions = [m for m in messages if isinstance(m, SystemMessage)]
    turns = [m for m in messages if not isinstance(m, SystemMessage)]
    if not instructions:
        return turns
    preface = "\n\n".join(m.text for m in instructions)
    first = next((i for i, m in enumerate(turns) if isinstance(m, HumanMessage)), None)
    if first is None:
        return [HumanMessage(preface), *turns]
    return [*turns[:first], _prefaced(turns[first], preface), *turns[first + 1 :]]


def _mended(message: BaseMessage) -> BaseMessage:
    message = _with_content(message, mended)
    if not isinstance(message, AIMessage) or message.tool_calls == mended(message.tool_calls):
        return message
    return message.model_copy(update={"tool_calls": mended(message.tool_calls)})


def _prefaced(turn: BaseMessage, preface: str) -> HumanMessage:
    if isinstance(turn.content, str):
        return HumanMessage(f"{preface}\n\n{turn.content}")
    return HumanMessage([{"type": "text", "text": preface}, *turn.content])


def fits(messages: Sequence[BaseMessage], expert: Expert, *, max_tokens: int | None) -> bool:
    """Whether prompt and answer are likely to fit the expert's context."""
    if expert.context_length is None:
        return True
    answer = max_tokens or expert.max_tokens or 0
    return estimated_tokens(messages) + answer <= expert.context_length


def question_of(messages: Sequence[BaseMessage]) -> str:
    """What is asked: the text of the last human turn, else of the last message.

    Half a surrogate pair, which no embedder takes, becomes U+FFFD.
    """
    for message in reversed(messages):
        if isinstance(message, HumanMessage) and message.text.strip():
            return str(mended(message.text))
    spoken = [m.text for m in messages if m.text.strip() and not isinstance(m, AIMessage)]
    return str(mended(spoken[-1])) if spoken else ""


def conversation_of(messages: Sequence[BaseMessage]) -> str:
    """What people and the model said, newest turn first.

    An embedder reads the beginning of a long text only, and what was said last matters most.
    """
    said = [m.text for m in messages if isinstance(m, HumanMessage | AIMessage) and m.text.strip()]
    return str(mended("\n".join(reversed(said))))


def has_images(messages: Sequence[BaseMessage]) -> bool:
    """Whether any message carries an image."""
    return any(
        block.get("type") in _IMAGES
        for message in messages
        if isinstance(message.content, list)
        for block in message.content
        if isinstance(block, dict)
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
    texts = list(dict.fromkeys(r["text"].strip()[:LONGEST_SHOWN] for r in _in_order(read)))
    answers = "\n\n".join(f"Answer {n}:\n{text}" for n, text in enumerate(texts, start=1))
    return [*messages, HumanMessage(f"{_COMBINE}\n\n{answers}")]


def _in_order(samples: Sequence[SampleRecord]) -> list[SampleRecord]:
    return sorted(samples, key=lambda record: record["index"])

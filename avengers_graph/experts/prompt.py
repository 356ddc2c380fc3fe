"""The prompt as one expert can take it, and how long it is."""

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage
from langchain_core.messages.utils import count_tokens_approximately

from avengers_graph.config import Expert
from avengers_graph.experts.tool_turns import told_in_words
from avengers_graph.experts.wire import mended

_IMAGES = ("image", "image_url", "input_image")
"""The types of the blocks that hold one."""


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
    messages = [_with_content(message, mended) for message in messages]
    if expert.tool_turns == "words":
        messages = told_in_words(messages)
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
    """What is asked: the text of the last human turn, else of the last message."""
    for message in reversed(messages):
        if isinstance(message, HumanMessage) and message.text.strip():
            return message.text
    spoken = [m.text for m in messages if m.text.strip() and not isinstance(m, AIMessage)]
    return spoken[-1] if spoken else ""


def conversation_of(messages: Sequence[BaseMessage]) -> str:
    """What people and the model said, newest turn first.

    An embedder reads the beginning of a long text only, and what was said last matters most.
    """
    said = [m.text for m in messages if isinstance(m, HumanMessage | AIMessage) and m.text.strip()]
    return "\n".join(reversed(said))


def has_images(messages: Sequence[BaseMessage]) -> bool:
    """Whether any message carries an image."""
    return any(
        block.get("type") in _IMAGES
        for message in messages
        if isinstance(message.content, list)
        for block in message.content
        if isinstance(block, dict)
    )

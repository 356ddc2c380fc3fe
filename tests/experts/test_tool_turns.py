"""Tool turns in words: one exchange for each run of calls and results."""

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from avengers_graph.experts.prompt import for_expert
from avengers_graph.experts.tool_turns import tool_turns_in_words
from avengers_graph.settings.expert import Expert

QUESTION = HumanMessage("What is 17 + 25, and how long is banana?")


def called(text: str = "", **calls: tuple[str, dict[str, object]]) -> AIMessage:
    """A turn with calls, each as ``id=(tool, arguments)``."""
    made = [
        {"name": name, "args": args, "id": id_, "type": "tool_call"}
        for id_, (name, args) in calls.items()
    ]
    return AIMessage(text, tool_calls=made)


def told(*messages: BaseMessage) -> list[tuple[str, str]]:
    return [(message.type, message.text) for message in tool_turns_in_words(messages)]


def test_a_result_is_told_under_its_call_with_a_request_to_answer() -> None:
    assert told(
        QUESTION, called(a=("add", {"a": 17, "b": 25})), ToolMessage("42", tool_call_id="a")
    ) == [
        ("human", QUESTION.text),
        ("ai", "I will look that up with my tools."),
        ("human", "add(a=17, b=25) returned 42\nNow answer my question in words."),
    ]


def test_calls_that_follow_one_another_are_told_together() -> None:
    both = told(
        QUESTION,
        called(a=("add", {"a": 17, "b": 25})),
        ToolMessage("42", tool_call_id="a"),
        called("Now the letters.", b=("count_letters", {"word": "banana"})),
        ToolMessage("6", tool_call_id="b"),
    )
    assert both[1:] == [
        ("ai", "Now the letters."),
        (
            "human",
            "add(a=17, b=25) returned 42\ncount_letters(word='banana') returned 6\n"
            "Now answer my question in words.",
        ),
    ]


def test_parallel_calls_failures_and_results_without_a_call() -> None:
    last = told(
        called(a=("add", {"a": 1, "b": 2}), b=("divide", {"by": 0})),
        ToolMessage("3", tool_call_id="a"),
        ToolMessage("division by zero", tool_call_id="b", status="error"),
        ToolMessage("?", tool_call_id="lost"),
        ToolMessage("!", tool_call_id="lost too", name="shout"),
    )[-1][1]
    assert last.splitlines()[:4] == [
        "add(a=1, b=2) returned 3",
        "divide(by=0) failed with division by zero",
        "the tool returned ?",
        "shout returned !",
    ]


def test_other_turns_stay_as_they_are() -> None:
    messages = [SystemMessage("s"), QUESTION, AIMessage("42 and 6"), HumanMessage("thanks")]
    assert tool_turns_in_words(messages) == messages
    assert tool_turns_in_words([]) == []


def test_each_turn_of_a_conversation_keeps_its_exchange() -> None:
    turn = [QUESTION, called(a=("now", {})), ToolMessage("noon", tool_call_id="a"), AIMessage("12")]
    assert [kind for kind, _ in told(*turn, *turn)] == ["human", "ai", "human", "ai"] * 2


@pytest.mark.parametrize("supports", [{"tools", "system"}, {"tools"}])
def test_only_experts_that_ask_for_it_get_words(supports: set[str]) -> None:
    messages = [
        SystemMessage("be brief"),
        QUESTION,
        called(a=("add", {})),
        ToolMessage("0", tool_call_id="a"),
    ]
    plain = Expert.model_validate({"name": "a", "base_url": "http://x", "supports": supports})
    words = plain.model_copy(update={"tool_turns": "words"})
    assert any(isinstance(m, ToolMessage) for m in for_expert(messages, plain))
    given = for_expert(messages, words)
    assert not any(isinstance(m, ToolMessage) or getattr(m, "tool_calls", []) for m in given)
    assert "be brief" in given[0].text


def test_an_id_that_comes_again_is_that_of_the_latest_call() -> None:
    last = told(
        called(call_0=("add", {"a": 1, "b": 2})),
        ToolMessage("3", tool_call_id="call_0"),
        called(call_0=("add", {"a": 3, "b": 4})),
        ToolMessage("7", tool_call_id="call_0"),
    )[-1][1]
    assert last.splitlines()[:2] == ["add(a=1, b=2) returned 3", "add(a=3, b=4) returned 7"]


def test_images_that_a_tool_gave_are_shown() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}
    content = [{"type": "text", "text": "a chart"}, image]
    turns = [called(a=("draw", {})), ToolMessage(content, tool_call_id="a")]
    last = tool_turns_in_words(turns)[-1]
    assert last.content == [
        {"type": "text", "text": "draw() returned a chart\nNow answer my question in words."},
        image,
    ]

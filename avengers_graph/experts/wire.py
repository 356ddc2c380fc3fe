"""Chat completions as servers send them, read into LangChain's messages.

Each choice is read by itself, and what is wrong with one stays with it: arguments that are no
JSON object make an invalid call, whatever the role says a choice is the assistant's, and half a
surrogate pair becomes U+FFFD. A message that was read has its text as a string, its reasoning
in ``additional_kwargs``, and its ``finish_reason`` as it was sent, or none.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from typing import Any, cast
from uuid import uuid4

from langchain_core.messages import AIMessage, AIMessageChunk, InvalidToolCall
from langchain_core.messages.ai import InputTokenDetails, OutputTokenDetails, UsageMetadata
from langchain_core.messages.tool import ToolCall, ToolCallChunk, tool_call_chunk

from avengers_graph.experts.error_bodies import (
    LostAnswerError,
    NoCompletionError,
    ServedError,
    is_error,
    is_page,
)
from avengers_graph.voting.sample import was_broken_off

EXTRAS = "endpoint_extras"
"""Where a message keeps what its server wants to see again, beside its text and its calls."""
_EXTRAS_OF_A_MESSAGE = ("reasoning_details",)
_ARGUMENTS = ("arguments", "parameters", "args", "input")
"""Where servers put the arguments of a call."""
_KNOWN_OF_A_CALL = frozenset({"id", "type", "index", "function", "name", *_ARGUMENTS})
_OF_INPUT = {
    "cached_tokens": "cache_read",
    "cache_write_tokens": "cache_creation",
    "audio_tokens": "audio",
}
_OF_OUTPUT = {"reasoning_tokens": "reasoning", "audio_tokens": "audio"}
_SURROGATE = re.compile("[\ud800-\udfff]")


def read_completion(body: object) -> list[AIMessage]:
    """The choices of a whole answer, each with the usage of all where the server counted.

    Raises:
        ServedError: the body is an error, or every choice in it.
        LostAnswerError: its choices are null, or hold no message.
        NoCompletionError: it is no chat completion.
    """
    body = _alone(body)
    if not isinstance(body, Mapping):
        what = "a web page" if is_page(body) else repr(body)[:100] if body else "nothing"
        raise NoCompletionError(f"it sent {what}")
    if is_error(body):
        raise ServedError(body)
    if body.get("choices", ()) is None:
        raise LostAnswerError("its choices are null")
    choices = mended(body.get("choices"))
    if not isinstance(choices, list):
        raise NoCompletionError(f"its answer has no list of choices, but {sorted(body)}")
    failed = [choice for choice in choices if isinstance(choice, Mapping) and choice.get("error")]
    if failed and len(failed) == len(choices):
        raise ServedError({"error": failed[0]["error"]})
    told = [c["message"] if isinstance(c, Mapping) and "message" in c else None for c in choices]
    if choices and not any(isinstance(message, Mapping) for message in told):
        raise LostAnswerError("its choices hold no message")
    usage = read_usage(body.get("usage"))
    return [
        _message(
            message if isinstance(message, Mapping) else {},
            choice if isinstance(choice, Mapping) else {},
            usage=usage,
            metadata=_metadata(body),
        )
        for choice, message in zip(choices, told, strict=True)
    ]


def _message(
    message: Mapping[str, Any],
    choice: Mapping[str, Any],
    *,
    usage: UsageMetadata | None,
    metadata: Mapping[str, Any],
) -> AIMessage:
    text, thought = text_and_thought(message.get("content"))
    seen: set[str] = set()
    calls = [{**call, "id": own_id(call.get("id"), seen)} for call in _raw_calls(message)]
    reason = choice.get("finish_reason")
    valid, invalid = read_calls(calls, is_whole=not was_broken_off(reason))
    return AIMessage(
        content=text,
        tool_calls=valid,
        invalid_tool_calls=invalid,
        additional_kwargs=_beside(message, thought, calls),
        response_metadata={**metadata, **_of_the_choice(choice)},
        usage_metadata=usage,
    )


def read_chunk(event: Any) -> AIMessageChunk | None:
    """An event of a stream; None where there is nothing in it for the one choice asked for.

    Pieces of calls are as they were sent: what belongs to which call is for
    ``streamed_answer`` to say, which sees all of them.

    Raises:
        ServedError: the event is an error.
    """
    event = _alone(event)
    if not isinstance(event, Mapping):
        return None
    if is_error(event):
        raise ServedError(event)
    choices = event.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else {}
    if not isinstance(choice, Mapping) or choice.get("index") not in (None, 0, "0"):
        return None
    if choice.get("error"):
        raise ServedError({"error": choice["error"]})
    # Some servers stream a whole message where others have the delta.
    delta = choice.get("delta", choice.get("message"))
    delta = delta if isinstance(delta, Mapping) else {}
    text, thought = text_and_thought(delta.get("content"))
    finished, calls = _of_the_choice(choice), _raw_calls(delta)
    return AIMessageChunk(
        content=text,
        tool_call_chunks=[_piece(call) for call in calls],
        additional_kwargs=_beside(delta, thought, calls),
        response_metadata={**(_metadata(event) if "finish_reason" in finished else {}), **finished},
        # Kimi has the usage in the choice.
        usage_metadata=read_usage(event.get("usage") or choice.get("usage")),
    )


def _alone(body: object) -> object:
    """What a list of one holds: Google wraps its errors so."""
    return body[0] if isinstance(body, list) and len(body) == 1 else body


def _metadata(body: Mapping[str, Any]) -> dict[str, Any]:
    found = {"model_name": body.get("model"), "system_fingerprint": body.get("system_fingerprint")}
    return {name: value for name, value in found.items() if isinstance(value, str) and value}


def _of_the_choice(choice: Mapping[str, Any]) -> dict[str, Any]:
    """What a choice says of itself; a reason that was not sent is not made up."""
    found: dict[str, Any] = {}
    if isinstance(reason := choice.get("finish_reason"), str) and reason:
        found["finish_reason"] = reason
    if isinstance(logprobs := choice.get("logprobs"), Mapping):
        found["logprobs"] = _logprobs(logprobs)
    return found


def _logprobs(given: Mapping[str, Any]) -> dict[str, Any]:
    """Log probabilities with every field that OpenAI's form has, as readers of it expect."""
    tokens = given.get("content")
    if isinstance(tokens, list):
        whole = {"bytes": None, "top_logprobs": None}
        tokens = [{**whole, **token} for token in tokens if isinstance(token, Mapping)]
    return {"refusal": None, **given, "content": tokens}


def text_and_thought(content: object) -> tuple[str, str]:
    """The text of a content and the reasoning in it: a string, Mistral's parts, or blocks."""
    if isinstance(content, str):
        return content, ""
    texts: list[str] = []
    thoughts: list[str] = []
    for part in content if isinstance(content, list) else ():
        if isinstance(part, str):
            texts.append(part)
        elif isinstance(part, Mapping):
            kind = part.get("type")
            thinks = kind in ("thinking", "reasoning")
            inner = part.get(kind) if thinks else part.get("text")
            text = inner if isinstance(inner, str) else "".join(text_and_thought(inner))
            (thoughts if thinks else texts).append(text)
    return "".join(texts), "".join(thoughts)


def _beside(
    message: Mapping[str, Any], thought: str, calls: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """What a message or delta has beside its text and its calls."""
    reasoning = message.get("reasoning_content") or message.get("reasoning") or thought
    found = {
        "reasoning_content": "".join(text_and_thought(reasoning)),
        "refusal": "".join(text_and_thought(message.get("refusal"))),
        EXTRAS: _extras(message, calls),
    }
    return {name: value for name, value in found.items() if value}


def _extras(message: Mapping[str, Any], calls: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """What the server wants to see again: OpenRouter's reasoning, Gemini's signatures of calls."""
    own = {name: message[name] for name in _EXTRAS_OF_A_MESSAGE if message.get(name)}
    of_calls = {
        call.get("id") or "": more
        for call in calls
        if (more := {n: v for n, v in call.items() if n not in _KNOWN_OF_A_CALL and v})
    }
    found = {"message": own, "calls": of_calls}
    return {name: value for name, value in found.items() if value}


def _raw_calls(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The calls of a message or delta; one in the form from before there were several."""
    calls = message.get("tool_calls")
    if not calls and isinstance(message.get("function_call"), Mapping):
        return [{"function": message["function_call"]}]
    calls = calls if isinstance(calls, list) else [calls]
    return [call for call in calls if isinstance(call, Mapping)]


def read_calls(
    calls: Iterable[Mapping[str, Any]], *, is_whole: bool = True
) -> tuple[list[ToolCall], list[InvalidToolCall]]:
    """Calls in OpenAI's form, valid ones and invalid ones.

    Args:
        is_whole: the answer was not broken off: a call without arguments has none.
    """
    valid: list[ToolCall] = []
    invalid: list[InvalidToolCall] = []
    for call in calls:
        name, arguments = _name_and_arguments(call)
        args = whole_arguments(arguments)
        if name and args is not None and (is_whole or arguments):
            valid.append(ToolCall(name=name, args=args, id=call["id"], type="tool_call"))
        else:
            wrong = "the arguments are no JSON object" if name else "the call has no name"
            invalid.append(
                InvalidToolCall(
                    name=name or None,
                    args=arguments,
                    id=call["id"],
                    error=wrong,
                    type="invalid_tool_call",
                )
            )
    return valid, invalid


def own_id(given: object, seen: set[str]) -> str:
    """The id of a call, or a new one where it has none or that of another call; then seen."""
    identity = given if isinstance(given, str) and given and given not in seen else None
    identity = identity or f"call_{uuid4().hex}"
    seen.add(identity)
    return identity


def whole_arguments(arguments: str) -> dict[str, Any] | None:
    """The arguments of a call, none for no text; None where they are no JSON object.

    What is cut off is no object: nobody completes it by a guess.
    """
    if not arguments:
        return {}
    try:
        args = json.loads(arguments, strict=False)
    except (ValueError, RecursionError):
        return None
    if args is None:
        return {}
    return mended(args) if isinstance(args, dict) else None


def _piece(call: Mapping[str, Any]) -> ToolCallChunk:
    name, arguments = _name_and_arguments(call)
    index, identity = call.get("index"), call.get("id")
    return tool_call_chunk(
        name=name or None,
        args=arguments,
        id=identity if isinstance(identity, str) and identity else None,
        index=_index(index),
    )


def _index(given: object) -> int | None:
    """The index of a call; some servers send it as a text."""
    if isinstance(given, str) and given.isdecimal():
        return int(given[:9])
    return given if isinstance(given, int) else None


def _name_and_arguments(call: Mapping[str, Any]) -> tuple[str, str]:
    """A call's name, and its arguments as text; an object of its own is put into JSON."""
    function = call.get("function")
    function = function if isinstance(function, Mapping) else call
    name = function.get("name")
    arguments = next((function[key] for key in _ARGUMENTS if function.get(key) is not None), None)
    if arguments is not None and not isinstance(arguments, str):
        arguments = json.dumps(arguments, ensure_ascii=False)
    return name.strip() if isinstance(name, str) else "", arguments or ""


def read_usage(usage: object) -> UsageMetadata | None:
    """What the server counted; None where it counted nothing that can be read."""
    if not isinstance(usage, Mapping):
        return None
    read = _count(usage, "prompt_tokens", "input_tokens")
    written = _count(usage, "completion_tokens", "output_tokens")
    if read is None and written is None:
        return None
    read, written = read or 0, written or 0
    found = UsageMetadata(input_tokens=read, output_tokens=written, total_tokens=read + written)
    of_input = _details(usage.get("prompt_tokens_details"), _OF_INPUT)
    of_output = _details(usage.get("completion_tokens_details"), _OF_OUTPUT)
    if of_input:
        found["input_token_details"] = cast(InputTokenDetails, of_input)
    if of_output:
        found["output_token_details"] = cast(OutputTokenDetails, of_output)
    return found


def _details(details: object, names: Mapping[str, str]) -> dict[str, int]:
    if not isinstance(details, Mapping):
        return {}
    counts = {ours: _count(details, theirs) for theirs, ours in names.items()}
    return {name: count for name, count in counts.items() if count is not None}


def _count(counts: Mapping[str, Any], *names: str) -> int | None:
    for name in names:
        value = counts.get(name)
        if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
            return max(0, int(value))
    return None


def mended(value: Any) -> Any:
    """Text, or data, with U+FFFD for each half of a surrogate pair that stands alone."""
    if isinstance(value, str):
        if value.isascii() or _SURROGATE.search(value) is None:
            return value
        return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    if isinstance(value, dict):
        return {mended(name): mended(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [mended(inner) for inner in value]
    return value

"""A sample in any of the shapes it comes in, read into the one the vote uses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, runtime_checkable

from avengers_graph.errors import ConfigError
from avengers_graph.voting.spans import clip, is_refusal, strip_reasoning


@runtime_checkable
class MessageLike(Protocol):
    """What the vote needs of a LangChain message."""

    @property
    def content(self) -> Any:
        """A text, or content blocks."""


SampleLike: TypeAlias = str | Mapping[str, Any] | MessageLike


@dataclass(frozen=True, slots=True)
class Sample:
    """One sample as the vote sees it."""

    text: str
    """Without reasoning blocks, clipped to a bounded length."""
    tool_calls: tuple[Mapping[str, Any], ...] = ()
    truncated: bool = False
    """Generation stopped at the token limit: only an outright answer counts."""
    failed: bool = False
    """An error or a refusal: abstains whatever the text says."""

    @property
    def refused(self) -> bool:
        """The text opens by declining."""
        return is_refusal(self.text)


def read_sample(sample: SampleLike) -> Sample:
    """Read a text, a ``SampleRecord``, a message object or a message as JSON.

    Raises:
        ConfigError: it is none of these.
    """
    if isinstance(sample, str):
        return Sample(clip(strip_reasoning(sample)))
    if isinstance(sample, Mapping):
        if "text" not in sample and "content" not in sample and "tool_calls" not in sample:
            raise ConfigError(
                f"a sample has the keys {sorted(map(str, sample))!r}; give a text, or an object "
                "with `text` or `content`"
            )
        content = sample.get("text", sample.get("content"))
        metadata = sample.get("response_metadata")
        # A sample record has its refusal beside its text.
        extra = sample.get("additional_kwargs", sample)
        calls = sample.get("tool_calls")
        finish = sample.get("finish_reason")
        error = sample.get("error")
        split = bool(sample.get("reasoning"))
    elif isinstance(sample, MessageLike):
        content = sample.content
        metadata = getattr(sample, "response_metadata", None)
        extra = getattr(sample, "additional_kwargs", None)
        calls = getattr(sample, "tool_calls", None)
        finish = error = None
        split = False
    else:
        raise ConfigError(
            f"a sample is a {type(sample).__name__}; give a text, a message or a sample record"
        )
    metadata = metadata if isinstance(metadata, Mapping) else {}
    finish = finish or metadata.get("finish_reason") or metadata.get("stop_reason")
    refusal = isinstance(extra, Mapping) and bool(extra.get("refusal"))
    text = content_text(content)
    return Sample(
        # What is left where it was taken off already may be about such tags.
        text=clip(text if split else strip_reasoning(text)),
        tool_calls=tuple(call for call in calls if isinstance(call, Mapping))
        if isinstance(calls, Sequence)
        else (),
        truncated=finish in ("length", "max_tokens"),
        failed=bool(error) or refusal or finish == "content_filter",
    )


def content_text(content: object) -> str:
    """The text of a message's content: a string, or its text blocks joined."""
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence):
        return ""
    parts = []
    for block in content:
        if isinstance(block, str):
            parts.append(block)
        elif isinstance(block, Mapping) and isinstance(text := block.get("text"), str):
            parts.append(text)
    return "".join(parts)

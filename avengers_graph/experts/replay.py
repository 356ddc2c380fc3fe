"""Recorded experts behind the same engine: plans and votes compared on identical samples."""

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage
from langchain_core.messages.ai import UsageMetadata

from avengers_graph.errors import ExpertError, RecordsError
from avengers_graph.experts.caller import Call, OnChunk
from avengers_graph.experts.limits import Limits
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.experts.recording import Recorded, plain_prompt
from avengers_graph.experts.retry import RetryPolicy
from avengers_graph.experts.streamed_answer import as_chunk
from avengers_graph.settings.expert import Expert

_NOWHERE = "http://127.0.0.1:9/v1"
"""Stands where a recorded expert that is not configured would have its endpoint."""


class ReplayPool(ExpertPool):
    """A pool whose experts give the answers of a recording, by expert and prompt.

    The k-th sample a request asks of an expert is the k-th recorded for that prompt, so every
    plan sees the same samples. Temperature and parameters are not compared: what is replayed
    is what was recorded.

    Args:
        recording: entries of one run or several.
        experts: their configuration (prices, rate limits); by name only where left out.
    """

    def __init__(
        self, recording: Sequence[Recorded], *, experts: Sequence[Expert] | None = None
    ) -> None:
        names = list(dict.fromkeys(entry.expert for entry in recording))
        everything = frozenset({"tools", "json_schema", "json_mode", "n", "images", "system"})
        super().__init__(
            experts or [Expert(name=name, base_url=_NOWHERE, supports=everything) for name in names]
        )
        self._recorded: dict[str, dict[str, list[AIMessage]]] = defaultdict(dict)
        for entry in recording:
            kept = self._recorded[entry.expert].setdefault(_key(entry.prompt), [])
            kept += _answers(entry)

    def _make_caller(self, expert: Expert) -> "ReplayCaller":
        return ReplayCaller(expert, self._recorded[expert.name], retry_policy=self.retry_policy)


class ReplayCaller:
    """Stands where ``ExpertCaller`` does, and sends nothing anywhere."""

    def __init__(
        self, expert: Expert, recorded: dict[str, list[AIMessage]], *, retry_policy: RetryPolicy
    ) -> None:
        self.expert = expert
        at_once = expert.model_copy(update={"rate_limit": None})
        self.limits = Limits(at_once, key=None, retry_policy=retry_policy)
        self.honours_n = True
        self._recorded = recorded

    async def answer(self, call: Call, *, on_chunk: OnChunk) -> list[AIMessage]:
        """The recorded samples at the call's position; one that is streamed is one chunk.

        Raises:
            ExpertError: the recording holds none for this prompt, or no more.
        """
        try:
            prompt = plain_prompt(call.messages)
        except RecordsError as error:
            raise ExpertError(str(error)) from error
        kept = self._recorded.get(_key(prompt), [])
        found = kept[call.position : call.position + call.n]
        if len(found) < call.n:
            raise ExpertError(
                f"the recording holds {len(kept)} samples of {self.expert.name} for this prompt, "
                f"and sample {call.position + len(found) + 1} was asked for"
            )
        if call.stream:
            on_chunk(as_chunk(found[0]))
        return found

    async def aclose(self, *, in_flight: bool = False) -> None:
        """There is nothing to close."""


def _key(prompt: str | list[dict[str, Any]]) -> str:
    return json.dumps(prompt, sort_keys=True, ensure_ascii=False)


def _answers(entry: Recorded) -> list[AIMessage]:
    calls = entry.tool_calls or [[] for _ in entry.texts]
    columns = zip(entry.texts, entry.finish_reasons, calls, entry.output_tokens, strict=True)
    return [
        _answer(
            text,
            reason,
            tool_calls,
            # The prompt of a request was read once for all of its samples.
            read=entry.input_tokens if position == 0 else 0,
            written=written,
        )
        for position, (text, reason, tool_calls, written) in enumerate(columns)
    ]


def _answer(
    text: str, reason: str | None, calls: Sequence[dict[str, Any]], *, read: int, written: int
) -> AIMessage:
    valid = [call for call in calls if call.get("type") != "invalid_tool_call"]
    invalid = [{"error": None, **call} for call in calls if call not in valid]
    return AIMessage(
        content=text,
        tool_calls=valid,
        invalid_tool_calls=invalid,
        usage_metadata=UsageMetadata(
            input_tokens=read, output_tokens=written, total_tokens=read + written
        ),
        response_metadata={} if reason is None else {"finish_reason": reason},
    )

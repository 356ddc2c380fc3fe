"""The client of an OpenAI-compatible endpoint, built so that our engine stays in charge."""

import os
from typing import Any

import openai
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from avengers_graph.config import Expert
from avengers_graph.errors import MissingKeyError

KEYLESS = "not-needed"
"""What the openai client is given for an endpoint that asks for no key; it insists on one."""


class EndpointChat(ChatOpenAI):
    """``ChatOpenAI`` that keeps what servers send and it drops.

    The reasoning that vLLM, llama.cpp and others return beside the answer, a refusal that
    streams, and each choice's own refusal, ``finish_reason`` and ``logprobs`` when one request
    asks for several.
    """

    @property
    def _llm_type(self) -> str:
        return "avengers-endpoint"

    def _create_chat_result(
        self,
        response: dict[str, Any] | openai.BaseModel,
        generation_info: dict[str, Any] | None = None,
    ) -> ChatResult:
        result = super()._create_chat_result(response, generation_info)
        body = response if isinstance(response, dict) else response.model_dump(warnings=False)
        for generation, choice in zip(result.generations, body["choices"], strict=True):
            generation.generation_info = {
                **(generation.generation_info or {}),
                "finish_reason": choice.get("finish_reason"),
                "logprobs": choice.get("logprobs"),
            }
            generation.message.additional_kwargs |= _beside(choice["message"])
        return result

    def _convert_chunk_to_generation_chunk(
        self,
        chunk: dict[str, Any],
        default_chunk_class: type,
        base_generation_info: dict[str, Any] | None,
    ) -> ChatGenerationChunk | None:
        generation = super()._convert_chunk_to_generation_chunk(
            chunk, default_chunk_class, base_generation_info
        )
        choices = chunk.get("choices") or []
        if generation is not None and choices:
            generation.message.additional_kwargs |= _beside(choices[0].get("delta"))
        return generation


def _beside(message: dict[str, Any] | None) -> dict[str, str]:
    """What a message or delta has beside its text: reasoning, under either name, or a refusal."""
    fields = message or {}
    found = {
        "reasoning_content": fields.get("reasoning_content") or fields.get("reasoning"),
        "refusal": fields.get("refusal"),
    }
    return {name: text for name, text in found.items() if text}


def api_key(expert: Expert) -> str:
    """The expert's key from the environment, without blanks or a line end around it.

    Raises:
        MissingKeyError: its variable is not set, or cannot be a key.
    """
    if expert.api_key_env is None:
        return KEYLESS
    key = os.environ.get(expert.api_key_env, "").strip()
    if not (key.isascii() and key.isprintable()):
        # As a header it would be refused by an error that quotes it, escaped.
        raise MissingKeyError(
            f"expert {expert.name!r}: the environment variable {expert.api_key_env!r} holds a "
            "character that no key has (a line break, or one beyond ASCII); copy the key again"
        )
    if not key:
        raise MissingKeyError(
            f"expert {expert.name!r} needs its key in the environment variable "
            f"{expert.api_key_env!r}, which is not set; export it, or drop api_key_env if the "
            "endpoint asks for none"
        )
    return key


def endpoint_chat(expert: Expert, *, streaming: bool, http: Any, key: str | None) -> EndpointChat:
    """A client for one expert.

    Retries are off because the engine retries; the answer cache is off because it would hand
    every sample the same text; ``http`` is an async client of the loop that will use it.
    What the environment holds for OpenAI itself (organisation, project, proxy) stays here.
    """
    chat = EndpointChat(
        model=expert.model_name,
        base_url=expert.base_url,
        api_key=SecretStr(key or KEYLESS),
        timeout=expert.timeout,
        max_retries=0,
        cache=False,
        disable_streaming=not streaming,
        stream_usage=True,
        use_responses_api=False,
        http_async_client=http,
        openai_proxy=None,
    )
    chat.root_async_client.organization = chat.root_async_client.project = None
    return chat

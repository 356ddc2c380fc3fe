"""Errors in the shapes that servers send them."""

import json
from typing import Any

from langchain_core.exceptions import (
    ContextOverflowError,
    ModelAPIError,
    ModelAuthenticationError,
    ModelInvalidRequestError,
    ModelNotFoundError,
    ModelPermissionDeniedError,
    ModelRateLimitError,
)

from tests.servers.answers import Fault
from tests.shapes.shape import Shape, event, refused

TOO_LONG = "This model's maximum context length is 4096 tokens. However, you requested 5000."
BUSY = {"error": {"message": "Rate limit exceeded: free-models-per-min", "code": 429}}
OVERFLOW: dict[str, Any] = {"error": ContextOverflowError}
OVERLOADED = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
PAGE = "<!DOCTYPE html>\n<html><head><title>Oops</title></head></html>"


def fault(status: int, sent: object, **more: Any) -> Fault:
    """An answer with a JSON body."""
    return Fault(status, body=json.dumps(sent), **more)


def in_a_stream(name: str, server: str, whole: object, *events: object, **expected: Any) -> Shape:
    """An error within HTTP 200, plain and as an event."""
    begun = [event({"role": "assistant", "content": ""}), *events]
    return Shape(name, server, whole, begun, **expected)  # type: ignore[arg-type]


ERRORS = [
    refused(
        "error with message",
        "openai",
        fault(400, {"error": {"message": TOO_LONG, "type": "x"}}),
        says=TOO_LONG,
        **OVERFLOW,
    ),
    refused(
        "error with code",
        "openai",
        fault(400, {"error": {"message": "Too long", "code": "context_length_exceeded"}}),
        says="Too long",
        **OVERFLOW,
    ),
    refused(
        "error as text", "lm-studio", fault(400, {"error": TOO_LONG}), says=TOO_LONG, **OVERFLOW
    ),
    refused(
        "error with its type",
        "tgi",
        fault(
            422,
            {
                "error": "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000",
                "error_type": "validation",
            },
        ),
        says="`inputs` tokens",
        **OVERFLOW,
    ),
    refused("detail as text", "vllm", fault(400, {"detail": TOO_LONG}), says=TOO_LONG, **OVERFLOW),
    refused(
        "detail as list",
        "vllm",
        fault(422, {"detail": [{"loc": ["body", "stop"], "msg": "too many stops", "type": "x"}]}),
        says="body.stop: too many stops",
        error=ModelInvalidRequestError,
    ),
    refused(
        "message of its own",
        "vllm",
        fault(
            400, {"object": "error", "message": TOO_LONG, "type": "BadRequestError", "code": 400}
        ),
        says=TOO_LONG,
        **OVERFLOW,
    ),
    refused(
        "message with detail",
        "mistral",
        fault(422, {"object": "error", "message": {"detail": [{"msg": "bad tool"}]}}),
        says="bad tool",
        error=ModelInvalidRequestError,
    ),
    refused(
        "errors as list",
        "proxies",
        fault(400, {"errors": [{"message": TOO_LONG}]}),
        says=TOO_LONG,
        **OVERFLOW,
    ),
    refused(
        "longer than the server",
        "llama.cpp",
        fault(
            400,
            {
                "error": {
                    "code": 400,
                    "message": "the request exceeds the available context size",
                    "type": "exceed_context_size_error",
                }
            },
        ),
        says="available context size",
        **OVERFLOW,
    ),
    refused(
        "plain text",
        "proxies",
        Fault(400, body=TOO_LONG, content_type="text/plain"),
        says=TOO_LONG,
        **OVERFLOW,
    ),
    refused(
        "a page from a proxy",
        "nginx",
        Fault(502, body=PAGE, content_type="text/html"),
        says="502",
        error=ModelAPIError,
    ),
    refused(
        "no such model",
        "ollama",
        fault(404, {"error": {"message": 'model "alpha" not found, try pulling it first'}}),
        says="try pulling it",
        error=ModelNotFoundError,
    ),
    refused(
        "no such path",
        "proxies",
        fault(404, {"detail": "Not Found"}),
        says="Not Found",
        error=ModelNotFoundError,
        check_url=True,
    ),
    refused(
        "a wrong key",
        "openrouter",
        fault(401, {"error": {"message": "No auth credentials found", "code": 401}}),
        says="No auth",
        error=ModelAuthenticationError,
    ),
    refused(
        "not allowed",
        "mistral",
        fault(403, {"message": "Unauthorized"}),
        says="Unauthorized",
        error=ModelPermissionDeniedError,
    ),
    refused(
        "busy",
        "openrouter",
        fault(429, BUSY),
        says="free-models-per-min",
        error=ModelRateLimitError,
    ),
    in_a_stream(
        "busy within 200",
        "openrouter",
        BUSY,
        BUSY,
        says="free-models-per-min",
        error=ModelRateLimitError,
    ),
    in_a_stream(
        "too long within 200",
        "lm-studio",
        {"error": TOO_LONG},
        {"error": TOO_LONG},
        says=TOO_LONG,
        **OVERFLOW,
    ),
    in_a_stream(
        "down within 200",
        "openrouter",
        {"error": {"message": "Provider returned error", "code": 502}},
        {"error": {"message": "Provider returned error", "code": 502}, **event({}, "error")},
        says="Provider returned error",
        error=ModelAPIError,
    ),
    in_a_stream(
        "named within 200",
        "anthropic",
        OVERLOADED,
        f"event: error\ndata: {json.dumps(OVERLOADED)}",
        says="Overloaded",
        error=ModelAPIError,
    ),
    Shape(
        "plain text within 200",
        "llama.cpp",
        fault(200, {"error": "the server is overloaded"}),
        ["data: the server is overloaded"],
        says="the server is overloaded",
        error=ModelAPIError,
    ),
    in_a_stream(
        "message within 200",
        "vllm",
        {"object": "error", "message": TOO_LONG, "code": 400},
        {"object": "error", "message": TOO_LONG, "code": 400},
        says=TOO_LONG,
        **OVERFLOW,
    ),
    in_a_stream(
        "a list of one within 200",
        "gemini",
        [{"error": {"message": "Quota exceeded", "code": 429, "status": "RESOURCE_EXHAUSTED"}}],
        f"data: {json.dumps([BUSY])}",
        says="",
        error=ModelRateLimitError,
    ),
    in_a_stream(
        "in the choice",
        "openrouter",
        {"choices": [{"message": {"content": ""}, "error": {"message": "died", "code": 502}}]},
        {"choices": [{"delta": {"content": ""}, "error": {"message": "died", "code": 502}}]},
        says="died",
        error=ModelAPIError,
    ),
    in_a_stream(
        "event of text",
        "gateways",
        {"base_resp": {"status_code": 1000, "status_msg": "overloaded"}, "choices": None},
        "event: error\ndata: overloaded",
        says="overloaded",
        error=ModelAPIError,
    ),
    *(
        refused(name, server, fault(status, {"error": {"message": words}}), says=words, **OVERFLOW)
        for name, server, status, words in (
            ("token limit", "kimi", 400, "Your request exceeded model token limit: 8192"),
            ("max length", "zhipu", 400, "Prompt exceeds max length"),
            ("range", "dashscope", 400, "Range of input length should be [1, 30720]"),
        )
    ),
    in_a_stream(
        "tokens per minute",
        "groq",
        {"error": {"message": "tokens per minute limit exceeded, rate limit"}},
        {"error": {"message": "tokens per minute limit exceeded, rate limit"}},
        says="per minute",
        error=ModelRateLimitError,
    ),
]

"""Texts, usage and finish reasons in the shapes that servers send them."""

import json

from tests.servers.answers import Fault
from tests.shapes.shape import (
    COUNTED,
    DONE,
    TEXT,
    USAGE,
    Shape,
    body,
    event,
    said,
    sse,
    stream,
)

HALF = '{"total": 13, "note": "\ud83d"}'
MENDED = '{"total": 13, "note": "\N{REPLACEMENT CHARACTER}"}'
PARTS = [
    {"type": "thinking", "thinking": [{"type": "text", "text": "six"}]},
    {"type": "text", "text": TEXT},
]
WHOLE = body({"content": TEXT})
PIECES = ({"content": '{"to'}, {"content": 'tal": '}, {"content": "13}"})


def streamed(name: str, server: str, events: list[object], **expected: object) -> Shape:
    """A shape that only a stream has."""
    return Shape(name, server, WHOLE, events, **{"text": TEXT, **expected})  # type: ignore[arg-type]


def so_far(written: int) -> dict[str, int]:
    """Usage after some tokens."""
    return {"prompt_tokens": 10, "completion_tokens": written, "total_tokens": 10 + written}


TEXTS = [
    Shape("plain", "openai", WHOLE, stream(*PIECES), TEXT),
    said("role null", "proxies", {"role": None, "content": TEXT}),
    said("role empty", "proxies", {"role": "", "content": TEXT}),
    said("role model", "gemini", {"role": "model", "content": TEXT}, differs=True),
    said("role user", "proxies", {"role": "user", "content": TEXT}, differs=True),
    said(
        "reasoning_content",
        "deepseek",
        {"content": TEXT, "reasoning_content": "six"},
        reasoning="six",
    ),
    said("reasoning", "vllm", {"content": TEXT, "reasoning": "six"}, reasoning="six"),
    said(
        "think tags",
        "llama.cpp",
        {"content": f"<think>six</think>{TEXT}"},
        reasoning="six",
        differs=True,
    ),
    said("thinking parts", "mistral", {"content": PARTS}, reasoning="six", differs=True),
    said("half a character", "ollama", {"content": HALF}, text=MENDED, differs=True),
    said(
        "null fields", "vllm", {"content": TEXT, "tool_calls": None, "refusal": None, "audio": None}
    ),
    said("empty calls", "vllm", {"content": TEXT, "tool_calls": []}),
    Shape(
        "not counted",
        "tgi",
        body({"content": TEXT}, usage=None),
        stream(*PIECES)[:-2],
        TEXT,
        tokens=None,
    ),
    Shape(
        "counts that are null",
        "lm-studio",
        body({"content": TEXT}, usage={**so_far(5), "total_tokens": None}),
        stream(*PIECES),
        TEXT,
    ),
    Shape(
        "reason eos",
        "tgi",
        body({"content": TEXT}, "eos"),
        stream(*PIECES, reason="eos"),
        TEXT,
        reason="eos",
    ),
    Shape(
        "broken off",
        "deepseek",
        body({"content": TEXT}, "insufficient_system_resource"),
        stream(*PIECES, reason="insufficient_system_resource"),
        TEXT,
        reason="insufficient_system_resource",
    ),
    Shape(
        "no reason",
        "proxies",
        body({"content": TEXT}, None),
        [*map(event, PIECES), COUNTED, DONE],
        TEXT,
        reason=None,
    ),
    streamed(
        "usage so far",
        "vllm",
        [
            *(event(p, usage=so_far(i)) for i, p in enumerate(PIECES)),
            event({}, "stop", usage=USAGE),
            COUNTED,
            DONE,
        ],
        differs=True,
    ),
    streamed(
        "usage twice",
        "openrouter",
        [*map(event, PIECES), event({}, "stop", usage=USAGE), COUNTED, DONE],
        differs=True,
    ),
    streamed(
        "reason twice",
        "proxies",
        [*map(event, PIECES), event({}, "stop"), event({}, "stop"), COUNTED, DONE],
        differs=True,
    ),
    streamed(
        "filters first", "azure", [{"choices": [], "prompt_filter_results": []}, *stream(*PIECES)]
    ),
    streamed(
        "empty events",
        "proxies",
        [": ping", {**event(), "choices": None}, event(None), *stream(*PIECES)],
    ),
    streamed(
        "no blank after data",
        "proxies",
        ["data:" + DONE[6:] if e == DONE else e for e in stream(*PIECES)],
    ),
    streamed(
        "keep-alive without data",
        "gateways",
        ["retry: 3000", "data:", "event: ping\ndata: ping", "id: 1\n: ping", *stream(*PIECES)],
        differs=True,
    ),
    streamed(
        "answer repeated at the end",
        "perplexity",
        [
            *map(event, PIECES),
            {"choices": [{"delta": None, "message": {"content": TEXT}, "finish_reason": "stop"}]},
            COUNTED,
            DONE,
        ],
        differs=True,
    ),
    streamed(
        "index a string",
        "proxies",
        [
            {**e, "choices": [{**c, "index": "0"} for c in e["choices"]]} if e != DONE else e
            for e in stream(*PIECES)
        ],
    ),
    streamed(
        "usage in the choice",
        "kimi",
        [*map(event, PIECES), {"choices": [{**event({}, "stop")["choices"][0], "usage": USAGE}]}],
        differs=True,
    ),
    Shape(
        "stream where none was asked for",
        "proxies",
        Fault(200, body=sse(stream(*PIECES)), content_type="text/event-stream"),
        stream(*PIECES),
        TEXT,
    ),
    Shape(
        "answer labelled a stream",
        "proxies",
        WHOLE,
        Fault(200, body=json.dumps(WHOLE), content_type="text/event-stream"),
        TEXT,
    ),
    Shape(
        "byte order mark in a stream",
        "proxies",
        WHOLE,
        Fault(200, body="\ufeff" + sse(stream(*PIECES)), content_type="text/event-stream"),
        TEXT,
        differs=True,
    ),
    streamed("no end mark", "tgi", stream(*PIECES)[:-1]),
    streamed(
        "whole message as delta",
        "proxies",
        [
            {
                "choices": [
                    {
                        "index": 0,
                        "message": {"role": "assistant", "content": TEXT},
                        "finish_reason": "stop",
                    }
                ],
                "usage": USAGE,
            },
            DONE,
        ],
    ),
    Shape("streams refused silently", "proxies", WHOLE, Fault(200, body=json.dumps(WHOLE)), TEXT),
    Shape(
        "json as text",
        "proxies",
        Fault(200, body=json.dumps(WHOLE), content_type="text/plain"),
        stream(*PIECES),
        TEXT,
    ),
    Shape(
        "stream as text",
        "proxies",
        WHOLE,
        Fault(200, body=sse(stream(*PIECES)), content_type="text/plain"),
        TEXT,
    ),
    Shape(
        "byte order mark",
        "proxies",
        Fault(200, body="\ufeff" + json.dumps(WHOLE)),
        stream(*PIECES),
        TEXT,
    ),
    Shape(
        "fields of its own",
        "llama.cpp",
        {**WHOLE, "timings": {"n": 1}, "__verbose": {}},
        stream(*PIECES),
        TEXT,
    ),
]

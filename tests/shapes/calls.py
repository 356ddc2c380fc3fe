"""Tool calls in the shapes that servers send them."""

from tests.shapes.shape import ARGUMENTS, SUM, TWO, Shape, body, call, called, stream

OTHER = '{"a": 1, "b": 2}'
FIRST, SECOND = ARGUMENTS[:8], ARGUMENTS[8:]
CUT = '{"a": 6, "b": 1'
PAIR = [call(ARGUMENTS, identity="c1"), call(OTHER, identity="c2")]
REST = {"index": 0, "function": {"arguments": SECOND}}
BROKEN = {"calls": (), "invalid": 1, "reason": "length"}

CALLS = [
    called("calls", "openai", PAIR, [{**c, "index": i} for i, c in enumerate(PAIR)], calls=TWO),
    called(
        "in pieces",
        "vllm",
        [call()],
        [call("", index=0), {"index": 0, "function": {"arguments": FIRST}}, REST],
    ),
    called("reason stop", "ollama", [call()], [call(index=0)], reason="stop"),
    called("index 0 for all", "ollama", PAIR, [{**c, "index": 0} for c in PAIR], calls=TWO),
    called("index 0 in one event", "ollama", PAIR, [[{**c, "index": 0} for c in PAIR]], calls=TWO),
    called(
        "name in each piece",
        "vllm",
        [call()],
        [call(FIRST, index=0), call(SECOND, index=0)],
        differs=True,
    ),
    called(
        "no index",
        "openrouter",
        [call()],
        [call(FIRST), {"function": {"arguments": SECOND}}],
        differs=True,
    ),
    called("index null", "gemini", [call()], [call(index=None)]),
    called(
        "ids missing",
        "ollama",
        [call(identity=None), call(OTHER, identity=None)],
        [call(identity=None, index=0), call(OTHER, identity=None, index=1)],
        calls=TWO,
    ),
    called(
        "ids empty",
        "gemini",
        [call(identity=""), call(OTHER, identity="")],
        [call(identity="", index=0), call(OTHER, identity="", index=1)],
        calls=TWO,
    ),
    called(
        "ids repeated",
        "ollama",
        [call(), call(OTHER)],
        [call(index=0), call(OTHER, index=1)],
        calls=TWO,
    ),
    called(
        "arguments an object",
        "llama.cpp",
        [call({"a": 6, "b": 7})],
        [call({"a": 6, "b": 7}, index=0)],
        differs=True,
    ),
    called(
        "signed",
        "gemini",
        [call(extra_content={"google": {"thought_signature": "s"}})],
        [call(index=0, extra_content={"google": {"thought_signature": "s"}})],
    ),
    called(
        "no type", "ollama", [{k: v for k, v in call().items() if k != "type"}], [call(index=0)]
    ),
    Shape(
        "in the old form",
        "lm-studio",
        body(
            {"content": None, "function_call": {"name": "add", "arguments": ARGUMENTS}},
            "function_call",
        ),
        stream({"function_call": {"name": "add", "arguments": ARGUMENTS}}, reason="function_call"),
        calls=SUM,
        reason="function_call",
        differs=True,
    ),
    Shape(
        "written as text",
        "ollama",
        body({"content": '{"name": "add", "arguments": {"a": 6, "b": 7}}'}),
        stream({"content": '{"name": "add", "arguments": {"a": 6, "b": 7}}'}),
        calls=SUM,
        differs=True,
    ),
    called(
        "cut off",
        "openai",
        [call(CUT)],
        [call(CUT, index=0)],
        **{**BROKEN, "reason": "length"},
        differs=True,
    ),
    called(
        "cut off in pieces",
        "vllm",
        [call(CUT)],
        [call("", index=0), {"index": 0, "function": {"arguments": CUT}}],
        **BROKEN,
        differs=True,
    ),
    called("cut off at once", "vllm", [call("")], [call("", index=0)], **BROKEN, differs=True),
    called(
        "a list",
        "llama.cpp",
        [call("[6, 7]")],
        [call("[6, 7]", index=0)],
        calls=(),
        invalid=1,
        differs=True,
    ),
    called(
        "a number", "llama.cpp", [call(42)], [call(42, index=0)], calls=(), invalid=1, differs=True
    ),
    called(
        "encoded twice",
        "lm-studio",
        [call('"{\\"a\\": 6}"')],
        [call('"{\\"a\\": 6}"', index=0)],
        calls=(),
        invalid=1,
        differs=True,
    ),
    called(
        "no JSON",
        "llama.cpp",
        [call("a=6, b=7")],
        [call("a=6, b=7", index=0)],
        calls=(),
        invalid=1,
        differs=True,
    ),
    called(
        "arguments as parameters",
        "llama",
        [{"id": "c1", "function": {"name": "add", "parameters": {"a": 6, "b": 7}}}],
        [{"index": 0, "id": "c1", "function": {"name": "add", "parameters": ARGUMENTS}}],
        differs=True,
    ),
    called(
        "no function around it",
        "proxies",
        [{"id": "c1", "name": "add", "arguments": {"a": 6, "b": 7}}],
        [{"index": 0, "id": "c1", "name": "add", "arguments": ARGUMENTS}],
        differs=True,
    ),
    called(
        "index a string, by turns",
        "proxies",
        PAIR,
        [
            call("", index="0"),
            call("", identity="c2", index="1"),
            {"index": "0", "function": {"arguments": FIRST}},
            {"index": "1", "function": {"arguments": OTHER[:8]}},
            {"index": "0", "function": {"arguments": SECOND}},
            {"index": "1", "function": {"arguments": OTHER[8:]}},
        ],
        calls=TWO,
    ),
    called(
        "name in parts",
        "proxies",
        [call()],
        [
            call("", name="a", index=0),
            {"index": 0, "function": {"name": "dd"}},
            {**REST, "function": {"arguments": ARGUMENTS}},
        ],
    ),
]

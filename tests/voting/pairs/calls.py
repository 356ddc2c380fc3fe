"""Calls that carry out something else, and spellings of one call."""

import json
from random import Random

from tests.voting.pairs.family import Family

_TOOLS = ("weather", "get_weather", "maps.route", "send_mail", "delete", "search")
_FIELDS = ("city", "days", "path", "unit", "when", "query", "limit")
_VALUES = (
    *("Paris", "paris", "/srv/data", "/srv/data/", "7", 7, 8, 7.5, True, False, "x = 1", ""),
    *("2021-05-01", "2021-05-01 09:00", ["a", "b"], ["b", "a"], {"a": 1}, {"a": "1"}),
)

Args = dict[str, object]


def _drawn(random: Random) -> tuple[str, Args]:
    fields = random.sample(_FIELDS, random.randint(1, 3))
    return random.choice(_TOOLS), {field: random.choice(_VALUES) for field in fields}


def _python(name: str, args: Args) -> str:
    return f"{name}({', '.join(f'{field}={value!r}' for field, value in args.items())})"


def _forms(name: str, args: Args) -> tuple[str, ...]:
    """One call in the forms of several models."""
    written = json.dumps(args)
    call = json.dumps({"name": name, "arguments": args})
    return (
        call,
        f"Let me see.\n```json\n{call}\n```",
        f"<tool_call>\n{call}\n</tool_call>",
        json.dumps({"type": "function", "function": {"name": name, "arguments": written}}),
        f"[TOOL_CALLS][{call}]",
        f"[TOOL_CALLS]{name}[ARGS]{written}",
        f"<|python_tag|>{json.dumps({'name': name, 'parameters': args})}",
        f"<function={name}>{written}</function>",
        f"functools[{call}]",
        f"<｜tool▁call▁begin｜>function<｜tool▁sep｜>{name}\n```json\n{written}\n```<｜tool▁call▁end｜>",
        repr({"name": name, "arguments": args}),
        f"[{_python(name, args)}]",
        f"```tool_code\n{_python(name, args)}\n```",
    )


def _arguments(random: Random) -> tuple[str, str]:
    """Another value, another tool, or one argument more."""
    name, args = _drawn(random)
    field = random.choice(list(args))
    change = random.choice(("value", "tool", "more", "twice"))
    if change == "value":
        other = random.choice([v for v in _VALUES if json.dumps(v) != json.dumps(args[field])])
        second = _forms(name, {**args, field: other})
    elif change == "tool":
        second = _forms(random.choice([tool for tool in _TOOLS if tool != name]), args)
    elif change == "more":
        second = _forms(name, {**args, "more": random.choice((0, False, "x"))})
    else:
        call = json.dumps({"name": name, "arguments": args})
        second = (
            f"[{call}, {call}]",
            f"<tool_call>{call}</tool_call><tool_call>{call}</tool_call>",
        )
    return random.choice(_forms(name, args)), random.choice(second)


def _beginnings(random: Random) -> tuple[str, str]:
    """A call, and the beginning of a longer one: it is not what was to be called."""
    name, args = _drawn(random)
    longer = {**args, "and": "more"}
    form = random.randrange(len(_forms(name, args)))
    whole = _forms(name, longer)[form]
    last = whole.rfind("more")
    return _forms(name, args)[form], whole[: random.randint(last - 8, last + 2)]


def _words(random: Random) -> tuple[str, str]:
    """A call, and an answer that speaks of it."""
    name, args = _drawn(random)
    said = random.choice(
        (
            f"I called {_python(name, args)} and it says seven.",
            f"The result of {name} is {args}.",
            f"```python\nresult = {_python(name, args)}\nprint(result)\n```",
            json.dumps(args),
        )
    )
    return random.choice(_forms(name, args)), said


def _spellings(random: Random) -> tuple[str, str]:
    first, second = random.sample(_forms(*_drawn(random)), 2)
    return first, second


FAMILIES = (
    Family(name="calls with other arguments", kind="tool_calls", differ=_arguments,
           alike=_spellings),
    Family(name="calls cut off", kind="tool_calls", differ=_beginnings),
    Family(name="words about calls", kind="tool_calls", differ=_words),
)  # fmt: skip

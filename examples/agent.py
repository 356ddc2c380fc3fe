"""An agent with three tools, its model a vote of several experts.

    avengers-graph local python examples/agent.py "What is 17 + 25?"

The first two words start the local demo models; leave them out where AVENGERS_CONFIG, or the
working directory, has an ``avengers.yaml`` with experts that support tools.
"""

import sys
from datetime import date
from typing import Any

from langchain.agents import create_agent
from langchain.agents.middleware import ModelCallLimitMiddleware
from langchain_core.language_models import BaseChatModel
from langchain_core.tools import tool

from avengers_graph import ChatAvengers

QUESTION = "What is 17 + 25? Use the add tool."


@tool
def add(a: int, b: int) -> int:
    """Add two whole numbers."""
    return a + b


@tool
def count_letters(word: str) -> int:
    """Count the letters of a word."""
    return len(word)


@tool
def days_between(start: date, end: date) -> int:
    """Count the days from one date (YYYY-MM-DD) to another."""
    return (end - start).days


TOOLS = (add, count_letters, days_between)


def make_agent(llm: BaseChatModel) -> Any:
    """The agent. A small model may call tools for ever: it gets four turns."""
    limit = ModelCallLimitMiddleware(run_limit=4, exit_behavior="end")
    return create_agent(
        llm,
        tools=list(TOOLS),
        system_prompt="Call a tool when one fits. When you have its result, answer in words.",
        middleware=[limit],
    )


def main() -> None:
    """Ask, and show every message with the vote behind it."""
    llm = ChatAvengers.from_config(samples=3)
    asked = {"messages": [("user", " ".join(sys.argv[1:]) or QUESTION)]}
    shown: set[str] = set()
    for step in make_agent(llm).stream(asked, stream_mode="values"):
        message = step["messages"][-1]
        if message.id in shown:
            continue
        shown.add(message.id)
        message.pretty_print()
        vote = message.response_metadata.get("avengers")
        if vote:
            print(
                f"({vote['calls']} samples of {vote['expert']}, agreement {vote['agreement']:.0%})"
            )
    llm.close()


if __name__ == "__main__":
    main()

"""The four forms of a call, as tests are parametrised over them."""

import asyncio
from typing import Any

from avengers_graph import ChatAvengers
from tests.calibrated import SUM

FORMS = ("invoke", "ainvoke", "stream", "astream")


def call(llm: ChatAvengers, form: str, config: Any = None) -> None:
    """Ask for the sum in that form, and read the answer to its end."""

    async def drain() -> None:
        async for _ in llm.astream(SUM, config):
            pass

    {
        "invoke": lambda: llm.invoke(SUM, config),
        "stream": lambda: list(llm.stream(SUM, config)),
        "ainvoke": lambda: asyncio.run(llm.ainvoke(SUM, config)),
        "astream": lambda: asyncio.run(drain()),
    }[form]()

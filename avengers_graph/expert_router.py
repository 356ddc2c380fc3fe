"""``ExpertRouter``: the routing alone, as a runnable."""

from pathlib import Path
from typing import Any, Self

from langchain_core.language_models import LanguageModelInput
from langchain_core.runnables import Runnable, RunnableConfig
from typing_extensions import Unpack

from avengers_graph.chat_model import ChatAvengers
from avengers_graph.chat_model.keywords import ConfigKeywords
from avengers_graph.types import RankedExpert


class ExpertRouter(Runnable[LanguageModelInput, list[RankedExpert]]):
    """Names the experts that a chat model would ask, best first; no model is called.

    A question, messages or a prompt go in; keywords are settings, as with a call of the model.

    Args:
        llm: the chat model whose experts, index and settings rank.

    Example:
        ::

            router = ExpertRouter.from_config("avengers.yaml")
            router.invoke("What is 17 * 23?")[0]["name"]
    """

    def __init__(self, llm: ChatAvengers) -> None:
        self._llm = llm

    @classmethod
    def from_config(
        cls, path: str | Path | None = None, **settings: Unpack[ConfigKeywords]
    ) -> Self:
        """Over the model that ``ChatAvengers.from_config`` makes of the same arguments.

        Raises:
            ConfigError: the file or a setting is wrong.
            ClusterIndexError: the index is missing, damaged, or of another embedder.
        """
        return cls(ChatAvengers.from_config(path, **settings))

    def invoke(
        self,
        input: LanguageModelInput,  # noqa: A002 - LangChain's name
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> list[RankedExpert]:
        """The ranking, best first.

        Raises:
            ConfigError: no expert can take the request, or a setting is wrong.
        """
        return self._call_with_config(self._llm.ranked_experts, input, config, **kwargs)

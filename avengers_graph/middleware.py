"""``AvengersMiddleware``: one routing decision for a whole run of a LangChain agent."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, NotRequired, Self, cast

from langchain_core.messages import AnyMessage
from langchain_core.runnables.config import run_in_executor
from langgraph.runtime import Runtime
from langgraph.types import Command
from typing_extensions import Unpack

from avengers_graph.chat_model import ChatAvengers
from avengers_graph.chat_model.keywords import ConfigKeywords
from avengers_graph.types import RankedExpert

try:
    from langchain.agents.middleware import (
        AgentMiddleware,
        AgentState,
        ExtendedModelResponse,
        ModelRequest,
        ModelResponse,
    )
    from langchain.agents.middleware.types import OmitFromInput
except ImportError as error:
    raise ImportError(
        "AvengersMiddleware is for agents of the package langchain, which is not installed; "
        "pip install 'avengers-graph[agents]'"
    ) from error


class RoutedAgentState(AgentState[Any]):
    """The agent's state, with the decision of the current run."""

    avengers_experts: NotRequired[Annotated[list[RankedExpert], OmitFromInput]]
    """The ranking by which every model call of the run is made, best first."""


class AvengersMiddleware(AgentMiddleware[RoutedAgentState, Any, Any]):
    """Routes the first model call of an agent's run, and the others of that run likewise.

    The ranking stands in the agent's state as ``avengers_experts`` until the next run begins.
    An expert that cannot take one of the calls is passed over for that call. The middleware's
    chat model takes the place of the agent's.

    Args:
        llm: the chat model that answers.

    Example:
        ::

            llm = ChatAvengers.from_config("avengers.yaml")
            agent = create_agent(llm, tools=[add], middleware=[AvengersMiddleware(llm)])
    """

    state_schema = RoutedAgentState

    def __init__(self, llm: ChatAvengers) -> None:
        super().__init__()
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

    def before_agent(self, state: RoutedAgentState, runtime: Runtime[Any]) -> dict[str, Any]:
        """Forget the decision of an earlier run."""
        return {"avengers_experts": []}

    def wrap_model_call(
        self, request: ModelRequest[Any], handler: Callable[[ModelRequest[Any]], ModelResponse[Any]]
    ) -> ExtendedModelResponse[Any]:
        """Ask by the run's ranking, which the first call makes."""
        ranked = self._ranked(request)
        return _with_decision(handler(self._routed(request, ranked)), ranked)

    async def awrap_model_call(
        self,
        request: ModelRequest[Any],
        handler: Callable[[ModelRequest[Any]], Awaitable[ModelResponse[Any]]],
    ) -> ExtendedModelResponse[Any]:
        """As ``wrap_model_call``; the ranking is made in a thread."""
        ranked = await run_in_executor(None, self._ranked, request)
        return _with_decision(await handler(self._routed(request, ranked)), ranked)

    def _ranked(self, request: ModelRequest[Any]) -> list[RankedExpert]:
        """The run's decision: as it stands in the state, else made for this call and its tools."""
        kept = cast(RoutedAgentState, request.state).get("avengers_experts")
        if kept:
            return kept
        messages: list[AnyMessage] = list(request.messages)
        if request.system_message is not None:
            messages.insert(0, request.system_message)
        return self._llm.ranked_experts(messages, tools=request.tools)

    def _routed(self, request: ModelRequest[Any], ranked: list[RankedExpert]) -> ModelRequest[Any]:
        names = [expert["name"] for expert in ranked]
        settings = {"prefer_experts": names, **request.model_settings}
        return request.override(model=self._llm, model_settings=settings)


def _with_decision(
    response: ModelResponse[Any], ranked: list[RankedExpert]
) -> ExtendedModelResponse[Any]:
    return ExtendedModelResponse(response, Command(update={"avengers_experts": ranked}))

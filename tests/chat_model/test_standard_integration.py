"""LangChain's own integration tests of a chat model, over real HTTP.

They run against several experts of the test server with a vote, against one sample passed
straight through, and (what a model of 135M can do) against a real local model.
"""

import base64
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.embeddings import Embeddings
from langchain_tests.integration_tests import ChatModelIntegrationTests
from langchain_tests.integration_tests import chat_models as standard

from avengers_graph import ChatAvengers, ClusterIndex, ExpertPool
from tests.calibrated import EXPERTS, WordEmbeddings
from tests.chat_model.conftest import EVERYTHING
from tests.servers.openai_server import OpenAIServer

PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)


class _Downloaded:
    content = PIXEL


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """The standard tests download a picture to send it; here it is one from memory."""
    monkeypatch.setattr(standard.httpx, "get", lambda *_, **__: _Downloaded())


class Everything(ChatModelIntegrationTests):
    """Every flag that experts can carry; nothing is overridden.

    Off are PDF, audio and video (no capability of an expert names them), and recorded cassettes.
    """

    params: dict[str, Any]

    @property
    def chat_model_class(self) -> type[ChatAvengers]:
        return ChatAvengers

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return self.params

    @property
    def supports_json_mode(self) -> bool:
        return True

    @property
    def supports_image_inputs(self) -> bool:
        return True

    @property
    def supports_image_urls(self) -> bool:
        return True

    @property
    def supports_image_tool_message(self) -> bool:
        return True

    @property
    def supports_anthropic_inputs(self) -> bool:
        return True

    @property
    def model_override_value(self) -> str:
        return "another-name"


@pytest.mark.integration
class TestVote(Everything):
    """Five samples of three experts vote; the routing is real: MiniLM and a fitted index."""

    @property
    def structured_output_kwargs(self) -> dict[str, Any]:
        return {"method": "json_schema"}

    @pytest.fixture(autouse=True)
    def _experts(
        self,
        server: OpenAIServer,
        pool_of: Callable[..., ExpertPool],
        minilm: Embeddings,
        minilm_index: ClusterIndex,
    ) -> None:
        for name in EXPERTS:
            server.serve(name)
        self.params = {
            "pool": pool_of(*EXPERTS, supports=EVERYTHING),
            "index": minilm_index,
            "embeddings": minilm,
            "strategy": "multi-model",
            "samples": 5,
        }


@pytest.mark.integration
class TestPassThrough(Everything):
    """One sample of one expert, whose tokens flow straight through."""

    @pytest.fixture(autouse=True)
    def _expert(
        self,
        server: OpenAIServer,
        pool_of: Callable[..., ExpertPool],
        small_index: ClusterIndex,
    ) -> None:
        server.serve("alpha")
        self.params = {
            "pool": pool_of("alpha", supports=EVERYTHING),
            "index": small_index,
            "embeddings": WordEmbeddings(),
            "strategy": "direct",
        }


@pytest.mark.integration
class TestLocalModel(ChatModelIntegrationTests):
    """A real language model of 135M behind a real server, two samples voting.

    It calls no tools and writes no schema reliably, so those flags are off; images it has none.
    """

    @pytest.fixture(autouse=True)
    def _model(
        self, smallest_local_pool: ExpertPool, minilm: Embeddings, minilm_index: ClusterIndex
    ) -> None:
        self.params = {
            "pool": smallest_local_pool,
            "index": minilm_index,
            "embeddings": minilm,
            "samples": 2,
            "max_tokens": 8,
        }

    @property
    def chat_model_class(self) -> type[ChatAvengers]:
        return ChatAvengers

    @property
    def chat_model_params(self) -> dict[str, Any]:
        return self.params

    @property
    def has_tool_calling(self) -> bool:
        return False

    @property
    def has_structured_output(self) -> bool:
        return False

    @property
    def model_override_value(self) -> str:
        return "another-name"

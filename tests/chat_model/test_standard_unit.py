"""LangChain's own unit tests of a chat model."""

from typing import Any

import pytest
from langchain_tests.unit_tests import ChatModelUnitTests

from avengers_graph import ChatAvengers, ClusterIndex, Expert, ExpertPool
from tests.calibrated import EXPERTS, WordEmbeddings
from tests.chat_model.conftest import EVERYTHING


class TestChatAvengersUnit(ChatModelUnitTests):
    """Nothing is overridden; no expert is called."""

    @pytest.fixture(autouse=True)
    def _experts(self, small_index: ClusterIndex) -> None:
        nowhere = "http://127.0.0.1:9/v1"
        experts = [Expert(name=name, base_url=nowhere, supports=EVERYTHING) for name in EXPERTS]
        self.params = {
            "pool": ExpertPool(experts),
            "index": small_index,
            "embeddings": WordEmbeddings(),
        }

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

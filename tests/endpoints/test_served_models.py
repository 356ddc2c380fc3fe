"""What servers of each kind say of their models, in the shapes that they say it in."""

from typing import Any

import pytest

from avengers_graph.endpoints.capabilities import probing_caller
from avengers_graph.endpoints.served_models import Endpoint, ServedModel, look_at
from avengers_graph.experts.owned_loop import submit
from avengers_graph.settings.expert import Expert, Price
from tests.servers.openai_server import OpenAIServer

pytestmark = pytest.mark.integration


def looked_at(at: OpenAIServer, **fields: Any) -> Endpoint:
    async def look() -> Endpoint:
        caller = probing_caller(Expert(name="alpha", base_url=at.base_url, **fields))
        try:
            return await look_at(caller)
        finally:
            await caller.aclose()

    return submit(look()).result()


def only(at: OpenAIServer, **fields: Any) -> ServedModel:
    [model] = looked_at(at, **fields).models
    return model


def test_vllm_says_its_context_in_the_list(server: OpenAIServer) -> None:
    server.serve("m", row={"owned_by": "vllm", "max_model_len": 8192})
    found = looked_at(server)
    assert found.server == "vllm"
    assert found.models[0].context_length == 8192


def test_openrouter_says_prices_and_parameters(server: OpenAIServer) -> None:
    row = {
        "context_length": 131072,
        "pricing": {"prompt": "0.0000001", "completion": "0.0000004"},
        "supported_parameters": ["tools", "response_format", "temperature"],
        "architecture": {"input_modalities": ["text", "image"]},
    }
    server.serve("qwen/qwen-2.5-7b", row=row)
    model = only(server)
    assert (model.context_length, model.price) == (131072, Price(input=0.1, output=0.4))
    assert model.says == {
        "tools": True,
        "json_mode": True,
        "json_schema": False,
        "logprobs": False,
        "images": True,
    }


@pytest.mark.parametrize(
    ("said", "running", "context"),
    [
        ({}, [], 32768),
        ({"parameters": "stop  <end>\nnum_ctx    8192"}, [], 8192),
        ({}, [{"name": "m:latest", "context_length": 4096}], 4096),
    ],
)
def test_ollama_shows_a_model(
    server: OpenAIServer, said: dict[str, Any], running: list[Any], context: int
) -> None:
    server.serve("m:latest", row={"owned_by": "library"})
    info = {"general.architecture": "qwen2", "qwen2.context_length": 32768}
    shown = {"model_info": info, "capabilities": ["completion", "tools"], **said}
    server.paths = {"/api/show": lambda body: shown, "/api/ps": {"models": running}}
    found = looked_at(server)
    assert found.server == "ollama"
    assert found.models[0].context_length == context
    assert found.models[0].says == {"tools": True, "images": False}


def test_ollamas_embedders_answer_no_chat(server: OpenAIServer) -> None:
    server.serve("minerva", row={"owned_by": "library"})
    server.paths = {"/api/show": lambda body: {"capabilities": ["embedding"]}}
    assert not only(server).chats


def test_llama_cpp_says_its_context_in_props(server: OpenAIServer) -> None:
    server.serve("m.gguf", row={"owned_by": "llamacpp", "meta": {"n_ctx_train": 32768}})
    server.paths["/props"] = {
        "default_generation_settings": {"n_ctx": 2048},
        "modalities": {"vision": False},
    }
    found = looked_at(server)
    assert (found.server, found.models[0].context_length) == ("llama.cpp", 2048)
    assert found.models[0].says == {"images": False}


def test_lm_studio_has_a_list_of_its_own(server: OpenAIServer) -> None:
    server.serve("m", row={"owned_by": "organization_owner"})
    row = {"id": "m", "type": "vlm", "max_context_length": 131072, "loaded_context_length": 4096}
    server.paths["/api/v0/models"] = {"data": [{**row, "capabilities": ["tool_use"]}]}
    model = only(server)
    assert (model.context_length, model.says) == (4096, {"images": True, "tools": True})


def test_tgi_says_its_context_in_info(server: OpenAIServer) -> None:
    server.serve("m")
    server.paths["/info"] = {"max_total_tokens": 4096}
    assert only(server, server="tgi").context_length == 4096


@pytest.mark.parametrize(
    "row",
    [
        {"context_length": "long", "pricing": {"prompt": "free", "completion": None}},
        {"context_length": True, "pricing": [], "capabilities": 3, "meta": "n_ctx"},
        {"max_model_len": -1, "supported_parameters": "all", "architecture": None},
    ],
)
@pytest.mark.parametrize("kind", [None, "ollama", "llama.cpp", "lm-studio", "tgi"])
def test_what_has_another_shape_is_left_out(
    server: OpenAIServer, row: dict[str, Any], kind: str | None
) -> None:
    server.serve("m", row=row)
    odd = {"models": [3], "data": [None], "model_info": 3, "parameters": 4, "modalities": []}
    server.paths = dict.fromkeys(("/api/ps", "/props", "/api/v0/models", "/info"), odd)
    server.paths["/api/show"] = lambda body: odd
    model = only(server, server=kind)
    assert (model.context_length, model.price, dict(model.says)) == (None, None, {})


@pytest.mark.parametrize("name", ["nomic-embed-text", "BAAI/bge-m3", "whisper-1", "qwen3-rerank"])
def test_embedders_and_the_like_are_known_by_their_names(server: OpenAIServer, name: str) -> None:
    server.serve(name)
    assert not only(server).chats

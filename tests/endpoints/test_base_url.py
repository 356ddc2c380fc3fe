"""URLs that are nearly right."""

import pytest

from avengers_graph.endpoints.base_url import likely_urls, working_url
from avengers_graph.experts.owned_loop import submit
from avengers_graph.settings.expert import Expert
from tests.servers.openai_server import OpenAIServer


@pytest.mark.parametrize(
    "given",
    [
        "http://h:8000",
        "http://h:8000/",
        "http://h:8000/v1/chat/completions",
        "http://h:8000/chat/completions",
        "http://h:8000/v1/models",
        "http://h:8000/api/chat",
        "https://h:8000/v1",
    ],
)
def test_the_right_one_is_among_the_likely_ones(given: str) -> None:
    assert "http://h:8000/v1" in likely_urls(given)
    assert given not in likely_urls(given)


@pytest.mark.integration
@pytest.mark.parametrize("wrong", ["", "/v1/chat/completions", "/v1/models", "/api/chat"])
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("key", [None, "sk-other"])
def test_it_is_found_by_asking(
    server: OpenAIServer, wrong: str, scheme: str, key: str | None
) -> None:
    server.serve("m")
    server.api_key = key
    place = server.base_url.removesuffix("/v1").removeprefix("http")
    expert = Expert(name="m", base_url=f"{scheme}{place}{wrong}")
    assert submit(working_url(expert)).result() == server.base_url


@pytest.mark.integration
def test_nothing_is_found_where_nothing_is() -> None:
    expert = Expert(name="m", base_url="http://127.0.0.1:9")
    assert submit(working_url(expert)).result() is None

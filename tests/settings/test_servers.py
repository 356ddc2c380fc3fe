"""The registry of servers, its page in the docs, and how an expert names its row."""

import re
from pathlib import Path

import pytest
import yaml
from langchain_core.language_models import GenericFakeChatModel
from pydantic import ValidationError

from avengers_graph.settings.expert import Expert
from avengers_graph.settings.servers import SERVERS, Server, server_of

PAGE = Path(__file__).parents[2] / "docs" / "servers.md"
URL = "http://127.0.0.1:8000/v1"


def row(name: str, server: Server) -> str:
    """A server as the table of the page has it."""
    hosts = ", ".join(f"`{host}`" for host in server.hosts)
    asked = [f"`{server.token_limit}`"]
    asked += [f"no `{parameter}`" for parameter in sorted(server.refuses)]
    asked += ["call ids of nine characters"] if server.short_call_ids else []
    asked += ["`reasoning_content` with earlier calls"] if server.wants_reasoning else []
    asked += ["as a stream"] if server.streams_only else []
    return f"| `{name}` | {hosts} | {', '.join(asked)} | {server.known_for} |"


def test_the_docs_show_every_row_as_it_is() -> None:
    table = "\n".join(row(name, server) for name, server in SERVERS.items())
    assert f"\n|---|---|---|---|\n{table}\n\n" in PAGE.read_text(encoding="utf-8")


def test_a_host_tells_its_server() -> None:
    assert server_of(None, "https://api.mistral.ai/v1") == "mistral"
    assert server_of("vllm", "https://api.mistral.ai/v1") == "vllm"
    assert server_of(None, URL) is None
    assert server_of(None, "") is None
    hosts = [host for server in SERVERS.values() for host in server.hosts]
    assert len(hosts) == len(set(hosts))


@pytest.mark.parametrize("name", SERVERS)
def test_an_expert_names_its_row(name: str) -> None:
    assert Expert(name="alpha", base_url=URL, server=name).server == name


def test_the_example_of_the_docs_is_an_expert() -> None:
    (block,) = re.findall(r"^```yaml\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.S | re.M)
    (listed,) = yaml.safe_load(block)["experts"]
    assert Expert(**listed).headers["X-Gateway-Key"] == "$GATEWAY_KEY"


def test_other_names_are_refused() -> None:
    with pytest.raises(ValidationError, match="server"):
        Expert(name="alpha", base_url=URL, server="apache")


def test_a_chat_model_object_has_no_server() -> None:
    llm = GenericFakeChatModel(messages=iter(()))
    for field in ({"server": "vllm"}, {"headers": {"X-Title": "t"}}):
        with pytest.raises(ValidationError, match="of a base_url"):
            Expert(name="alpha", llm=llm, **field)  # type: ignore[arg-type]

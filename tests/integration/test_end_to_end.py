"""The whole method on a real language model: graph, chat model, inside a running loop."""

import asyncio

import pytest
from langchain_core.callbacks import get_usage_metadata_callback
from langchain_core.embeddings import Embeddings

from avengers_graph import ChatAvengers, ClusterIndex, Context, ExpertPool, create_avengers_graph

QUESTION = "What is the capital of France? Answer with one word."


@pytest.fixture(scope="module")
def index(index_folder, embeddings: Embeddings) -> ClusterIndex:
    return ClusterIndex.open(index_folder, embeddings=embeddings)


@pytest.fixture(scope="module")
def llm(local_pool: ExpertPool, index: ClusterIndex, embeddings: Embeddings) -> ChatAvengers:
    return ChatAvengers(
        pool=local_pool, index=index, embeddings=embeddings, samples=3, max_tokens=24
    )


def test_graph_answers_the_same_way_sync_and_async(local_pool, index, embeddings) -> None:
    graph = create_avengers_graph(pool=local_pool, index=index, embeddings=embeddings)
    inputs = {"messages": [{"role": "user", "content": QUESTION}]}
    context = Context(samples=3, early_stop=False, params={"max_tokens": 24})

    for result in (
        graph.invoke(inputs, context=context),
        asyncio.run(graph.ainvoke(inputs, context=context)),
    ):
        assert set(result) == {"messages", "verdict"}
        assert result["verdict"]["calls"] == 3
        assert result["messages"][-1].text.strip()
        spoken = result["messages"][-1].response_metadata["avengers"]
        assert spoken["clusters"][0]["label"]
        assert [e["name"] for e in spoken["experts"]] == list(local_pool.names)


def test_chat_model_in_every_form(llm: ChatAvengers) -> None:
    answer = llm.invoke(QUESTION)
    told = answer.response_metadata["avengers"]
    assert told["calls"] == 3 - told["calls_saved"]
    assert sum(row["votes"] for row in told["tally"]) <= 3
    assert answer.usage_metadata["output_tokens"] > 0

    assert len(llm.batch([QUESTION, "What is 2 + 3?"])) == 2
    assert asyncio.run(llm.ainvoke(QUESTION, samples=1, strategy="direct")).text


def test_sync_call_inside_a_running_loop(llm: ChatAvengers) -> None:
    async def notebook_cell() -> str:
        return llm.invoke(QUESTION).text

    assert asyncio.run(notebook_cell()).strip()


def test_usage_is_counted_once(llm: ChatAvengers) -> None:
    with get_usage_metadata_callback() as counted:
        answer = llm.invoke(QUESTION, early_stop=False)
    assert (
        sum(u["total_tokens"] for u in counted.usage_metadata.values())
        == (answer.usage_metadata["total_tokens"])
    )


def test_one_sample_streams_tokens_and_a_vote_streams_the_winner(llm: ChatAvengers) -> None:
    direct = list(llm.stream(QUESTION, strategy="direct"))
    voted = list(llm.stream(QUESTION, samples=3))
    for chunks in (direct, voted):
        whole = chunks[0]
        for chunk in chunks[1:]:
            whole = whole + chunk
        assert whole.text.strip()
        assert sum(chunk.usage_metadata is not None for chunk in chunks) == 1
        assert whole.response_metadata["avengers"]["calls"] >= 1
        assert chunks[-1].chunk_position == "last"


def test_astream_matches_stream(llm: ChatAvengers) -> None:
    async def collect() -> str:
        return "".join([chunk.text async for chunk in llm.astream(QUESTION, strategy="direct")])

    assert asyncio.run(collect()).strip()

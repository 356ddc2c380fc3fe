"""How much later the first token comes through ``ChatAvengers`` than from the expert itself.

One sample, passed straight through: between the two lie the embedding of the question (MiniLM),
the nearest cluster (Chroma), the ranking and the graph. Both are asked in turn within one run,
with questions of 5 to 40 words, by the same client code against the same server on loopback.

    python -m benchmarks.first_token [--pairs 40] [--json]
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("HF_HUB_OFFLINE", "1")

from avengers_graph import ChatAvengers, ClusterIndex, Expert, ExpertPool
from avengers_graph.embedding import load_embeddings
from avengers_graph.experts.chat_openai import endpoint_chat
from tests.calibrated import records
from tests.servers.answers import Reply
from tests.servers.openai_server import OpenAIServer

WORDS = (5, 10, 20, 40)
LIMIT_MS = 30.0
_SENTENCE = (
    "please tell me in a few words what the total is when six apples and seven pears from the "
    "garden of my aunt are put together in one basket with the plums that were there before"
)
_VOCABULARY = _SENTENCE.split()


def question(words: int, number: int) -> str:
    """A question of that many words, no two the same."""
    turned = _VOCABULARY[number % len(_VOCABULARY) :] + _VOCABULARY
    return " ".join([*(turned * 2)[: words - 1], f"n{number}?"])


def first_token(stream: Any) -> float:
    """Milliseconds until the first text; the stream is read to its end."""
    began, took = time.perf_counter(), None
    for chunk in stream:
        if took is None and chunk.text:
            took = 1000 * (time.perf_counter() - began)
    assert took is not None
    return took


async def first_token_async(stream: Any) -> float:
    """The same for an asynchronous stream."""
    began, took = time.perf_counter(), None
    async for chunk in stream:
        if took is None and chunk.text:
            took = 1000 * (time.perf_counter() - began)
    assert took is not None
    return took


def compare(own: Callable[[str], float], ours: Callable[[str], float], pairs: int) -> list[Any]:
    """One row for each length of question: medians over pairs, in milliseconds."""
    rows = []
    for words in WORDS:
        timed = []
        for number in range(pairs + 3):
            asked = question(words, number)
            # In turn, so that neither always comes first.
            pair = (own(asked), ours(asked)) if number % 2 else (ours(asked), own(asked))[::-1]
            timed.append(pair)
        timed = timed[3:]
        rows.append(
            {
                "words": words,
                "expert_ms": round(statistics.median(a for a, _ in timed), 1),
                "avengers_ms": round(statistics.median(b for _, b in timed), 1),
                "added_ms": round(statistics.median(b - a for a, b in timed), 1),
            }
        )
    return rows


def measure(pairs: int) -> dict[str, list[Any]]:
    """Both forms of streaming."""
    embeddings = load_embeddings()
    with tempfile.TemporaryDirectory() as folder, OpenAIServer() as server:
        server.serve("alpha", Reply("It is thirteen, as far as I can tell.", delay=0.02))
        index = ClusterIndex.fit(records(), embeddings, n_clusters=8, path=Path(folder))
        expert = Expert(name="alpha", base_url=server.base_url)
        pool = ExpertPool([expert])
        llm = ChatAvengers(pool=pool, index=index, embeddings=embeddings, strategy="direct")
        alone = endpoint_chat(expert, streaming=True, http=None, key=None)
        found = {
            "stream": compare(
                lambda asked: first_token(alone.stream(asked)),
                lambda asked: first_token(llm.stream(asked)),
                pairs,
            )
        }
        with asyncio.Runner() as runner:
            found["astream"] = compare(
                lambda asked: runner.run(first_token_async(alone.astream(asked))),
                lambda asked: runner.run(first_token_async(llm.astream(asked))),
                pairs,
            )
        pool.close()
    return found


def main() -> None:
    """Print the table; exit with 1 when a median is above the limit."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = measure(given.pairs)
    if given.json:
        print(json.dumps(found))
    else:
        print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
        for form, rows in found.items():
            print(f"{form}, medians of {given.pairs} pairs in ms")
            print(f"{'words':>8}{'expert':>10}{'avengers':>10}{'added':>8}")
            for row in rows:
                shown = (row["expert_ms"], row["avengers_ms"], row["added_ms"])
                print(f"{row['words']:>8}{shown[0]:>10}{shown[1]:>10}{shown[2]:>8}")
    raise SystemExit(max(r["added_ms"] for rows in found.values() for r in rows) > LIMIT_MS)


if __name__ == "__main__":
    main()

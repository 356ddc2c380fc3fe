"""Run by a test as a process of its own: a model, and a fresh opening of its index, in a fork.

A test process has threads of other libraries that would not survive the fork either.
"""

import multiprocessing
import sys
import tempfile

from avengers_graph import ChatAvengers, ClusterIndex, Expert, ExpertPool
from avengers_graph.errors import ClusterIndexError
from tests.calibrated import SUM, WordEmbeddings, records
from tests.servers.openai_server import OpenAIServer


def ask(llm: ChatAvengers) -> str:
    """The answer, in the child."""
    return llm.invoke(SUM).text


def open_it(path: str) -> str:
    """What the child is told when it opens the index by itself."""
    try:
        ClusterIndex.open(path)
    except ClusterIndexError as error:
        return str(error)
    return "opened"


def main() -> None:
    """Print what comes back from the child."""
    with OpenAIServer() as server, tempfile.TemporaryDirectory() as folder:
        server.serve("alpha", "13")
        index = ClusterIndex.fit(records(), WordEmbeddings(), n_clusters=2, path=folder)
        pool = ExpertPool([Expert(name="alpha", base_url=server.base_url)])
        llm = ChatAvengers(pool=pool, index=index, embeddings=WordEmbeddings(), samples=2)
        llm.invoke(SUM)
        with multiprocessing.get_context("fork").Pool(1) as workers:
            answers = workers.map_async(ask, [llm, llm]).get(timeout=60)
            told = workers.apply_async(open_it, [folder]).get(timeout=60)
    sys.stdout.write(f"{answers} {told}\n")


if __name__ == "__main__":
    main()

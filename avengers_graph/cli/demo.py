"""``avengers-graph demo``: the whole method on real local models, real calibration, real votes."""

import time
from typing import TYPE_CHECKING, Annotated, Any

import typer

from avengers_graph.cli.options import Samples, Strategy

if TYPE_CHECKING:
    from rich.console import Console

QUESTIONS: tuple[tuple[str, str], ...] = (
    ("What is 6 times 14? Answer with the number only.", "84"),
    ("What is the capital of Norway? Answer with one word.", "Oslo"),
    (
        'Is the sentiment of this review positive or negative? "The soup was cold and the waiter '
        'ignored us." Answer with one of: positive, negative.',
        "negative",
    ),
    ("All cats are animals. Tom is a cat. Is Tom an animal? Answer yes or no.", "yes"),
    ("What does this Python code print? print(len('graph') + 2) Answer with the number only.", "7"),
    ("What is the plural of the word 'mouse'? Answer with one word.", "mice"),
)
"""Questions of several domains with their reference answers; none is in the calibration set."""

MAX_TOKENS = 48
"""As in the calibration: the questions ask for a word or a number."""


def demo_command(
    question: Annotated[
        str | None, typer.Argument(help="Your own question instead of the six.", show_default=False)
    ] = None,
    models: Annotated[
        str,
        typer.Option(help="Local models: default, large (a third one), or names with commas."),
    ] = "default",
    samples: Samples = None,
    strategy: Strategy = None,
) -> None:
    """See the whole method work on real local models.

    Starts llama.cpp servers on this machine, opens the index fitted on the project's own
    calibration records (fits it the first time), and answers questions of several domains.

    Examples: avengers-graph demo
              avengers-graph demo "What is 12 * 12?" --models large
    """
    from rich.console import Console

    from avengers_graph.cli.ask import context_of
    from avengers_graph.cli.local_models import demo_index, local_pool
    from avengers_graph.cli.show import answer_shown
    from avengers_graph.embedding import load_embeddings
    from avengers_graph.graph import create_avengers_graph

    console = Console()
    began = time.monotonic()
    context = context_of(
        {"samples": samples, "strategy": strategy, "params": {"max_tokens": MAX_TOKENS}}
    )
    with local_pool(models, console=console) as pool:
        with console.status("loading the embedding model"):
            embeddings = load_embeddings()
        index = demo_index(embeddings, console=console)
        graph = create_avengers_graph(pool=pool, index=index, embeddings=embeddings)
        console.print(
            f"{len(pool)} local models ({', '.join(pool.names)}), {index.n_clusters} clusters of "
            f"calibration questions, ready after {time.monotonic() - began:.1f} s"
        )
        asked = QUESTIONS if question is None else ((question, None),)
        states = []
        for text, reference in asked:
            console.print(f"\n{text}", style="bold", markup=False)
            state = answer_shown(graph, text, context=context, console=console)
            states.append((state, reference))
        _sum_up(states, console=console)


def _sum_up(states: list[tuple[dict[str, Any], str | None]], *, console: "Console") -> None:
    from avengers_graph.voting import is_correct

    spent = [state["spent"] for state, _ in states]
    tokens = sum(s["input_tokens"] + s["output_tokens"] for s in spent)
    console.print(
        f"\n{len(states)} answered with {sum(s['calls'] for s in spent)} calls, {tokens} tokens"
    )
    graded = [
        is_correct(state["messages"][-1].text, reference, kind=state["verdict"]["kind"])
        for state, reference in states
        if reference is not None
    ]
    if graded:
        console.print(
            f"{sum(graded)} of {len(graded)} agree with their reference answers; these models have "
            "0.1 to 1.5 billion parameters: the demo shows the method, not a record"
        )

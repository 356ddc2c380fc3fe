"""``avengers-graph collect``: ask every expert, grade the answers, resume where it stopped."""

from pathlib import Path
from typing import Annotated

import typer

from avengers_graph.cli.options import Config


def collect_command(
    questions: Annotated[
        Path,
        typer.Argument(
            help="JSON lines of {query, reference, kind?, dataset?, id?}.", show_default=False
        ),
    ],
    output: Annotated[
        Path,
        typer.Option("--output", "-o", help="Where the graded records go.", show_default=False),
    ],
    config: Config = None,
    local: Annotated[
        str | None,
        typer.Option(
            help="Ask local models instead of a config: default, large, or names with commas.",
            show_default=False,
        ),
    ] = None,
    samples: Annotated[int, typer.Option("--samples", "-n", min=1, max=256)] = 8,
    temperature: Annotated[float, typer.Option(min=0, max=2)] = 0.7,
    max_tokens: Annotated[int, typer.Option(min=1, help="Longest answer, in tokens.")] = 512,
) -> None:
    """Ask every expert every question and grade the answers into records for `fit`.

    Each answer is on disk (OUTPUT with .answers.jsonl) before the next one counts: stop it
    with Ctrl-C or lose the machine, and the same command goes on where it was.

    Example: avengers-graph collect questions.jsonl -o records.jsonl --config avengers.yaml
    """
    from contextlib import ExitStack

    from rich.console import Console
    from rich.progress import Progress

    from avengers_graph.calibration.collect import collect_answers, questions_left
    from avengers_graph.calibration.grade import graded_records, write_records
    from avengers_graph.calibration.journal import Journal, read_journal
    from avengers_graph.calibration.questions import read_questions
    from avengers_graph.cli.experts import chosen_pool
    from avengers_graph.experts.owned_loop import Bridge

    console = Console(stderr=True)
    asked = read_questions(questions)
    journal = output.with_suffix(".answers.jsonl")
    done = read_journal(journal)
    with ExitStack() as stack:
        pool = stack.enter_context(chosen_pool(config=config, local=local, console=console))
        left = questions_left(asked, pool=pool, samples=samples, done=done)
        book = stack.enter_context(Journal(journal))
        progress = stack.enter_context(Progress(console=console))
        bar = progress.add_task(f"{len(asked)} questions, {len(pool)} experts", total=left)
        coming = collect_answers(
            asked,
            pool=pool,
            samples=samples,
            done=done,
            temperature=temperature,
            params={"max_tokens": max_tokens},
        )
        for answers in Bridge(coming):
            book.append(answers)
            progress.advance(bar)
        records = graded_records(asked, read_journal(journal), pool=pool)
    write_records(records, output)
    for name in sorted({name for record in records for name in record["scores"]}):
        scores = [r["scores"][name] for r in records if name in r["scores"]]
        console.print(
            f"{name}: {100 * sum(scores) / len(scores):.1f}% right of {len(scores)} questions"
        )
    console.print(
        f"{len(records)} records in {output}; next: avengers-graph fit {output} --index DIR"
    )

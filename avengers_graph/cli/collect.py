"""``avengers-graph collect``: ask every expert, grade the answers, resume where it stopped."""

from pathlib import Path
from typing import Annotated

import typer

from avengers_graph.cli.options import Config
from avengers_graph.wording import counted


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

    Each answer is on disk (OUTPUT with .answers.jsonl, which can be replayed) before the next
    one counts: stop it with Ctrl-C or lose the machine, and the same command goes on where it
    was.

    Experts asked in an earlier run keep their scores: add one by collecting for it alone.

    Example: avengers-graph collect questions.jsonl -o records.jsonl --config avengers.yaml
    """
    from contextlib import ExitStack

    from rich.console import Console
    from rich.progress import Progress

    from avengers_graph.calibration.collect import (
        check_settings,
        collect_answers,
        still_missing,
    )
    from avengers_graph.calibration.grade import graded_records, write_records
    from avengers_graph.calibration.questions import read_questions
    from avengers_graph.cli.local_models import chosen_pool
    from avengers_graph.errors import RecordsError
    from avengers_graph.experts.owned_loop import Bridge
    from avengers_graph.experts.recording import Recording, read_recording

    console = Console(stderr=True)
    if output.resolve() == questions.resolve():
        raise RecordsError(f"{output} holds the questions; give the records another file with -o")
    asked = read_questions(questions)
    answers = output.with_suffix(".answers.jsonl")
    recorded = read_recording(answers) if answers.exists() else []
    params = {"max_tokens": max_tokens}
    with ExitStack() as stack:
        pool = stack.enter_context(chosen_pool(config=config, local=local, console=console))
        check_settings(recorded, pool=pool, temperature=temperature, params=params)
        missing = still_missing(asked, recorded, pool=pool, samples=samples)
        pool.recording = stack.enter_context(Recording(answers))
        progress = stack.enter_context(Progress(console=console))
        bar = progress.add_task(
            f"{counted(len(asked), 'question')}, {counted(len(pool), 'expert')}",
            total=sum(len(left) for left in missing.values()),
        )
        coming = collect_answers(missing, pool=pool, temperature=temperature, params=params)
        try:
            for _ in Bridge(coming):
                progress.advance(bar)
        except KeyboardInterrupt:
            progress.stop()
            console.print(f"{answers} keeps what came in; the same command goes on")
            raise
        recorded = read_recording(answers)
        records = graded_records(asked, recorded, pool=pool)
        missing = still_missing(asked, recorded, pool=pool, samples=samples)
    write_records(records, output)
    for name in sorted({name for record in records for name in record["scores"]}):
        scores = [record["scores"][name] for record in records if name in record["scores"]]
        mean = 100 * sum(scores) / max(1, len(scores))
        console.print(f"{name}: {mean:.1f}% right on {counted(len(scores), 'question')}")
    console.print(f"{len(records)} records in {output}")
    for name, left in missing.items():
        if left:
            console.print(
                f"{name} did not answer {len(left)} of {len(asked)} questions in full; run the "
                "same command again to ask for the rest"
            )
    console.print(f"next: avengers-graph fit {output} --index DIR")

"""Tool calls of 32 models, graded against BFCL's possible answers, beside the recorded verdicts.

    python benchmarks/voting_calls.py [DATA]

DATA is the folder with ``bfcl/simple.jsonl`` and ``bfcl/multiple.jsonl`` (default:
``../shared/data`` beside the repository): questions of the Berkeley Function Calling Leaderboard,
the functions offered, what each model sent, and whether the leaderboard called it right. Prints
one row per category, then every disagreement.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from avengers_graph.voting import is_correct

DEFAULT_DATA = Path(__file__).resolve().parents[1].parent / "shared" / "data"
CATEGORIES = ("simple", "multiple")


class Graded(NamedTuple):
    """One recorded output with the verdict that came with it, and ours."""

    name: str
    """Question and model."""
    output: Any
    recorded: bool
    ours: bool


def sample_of(output: Any) -> Any:
    """A recorded output as a text, or as the message that a server makes of it."""
    if isinstance(output, str):
        return output
    if not all(isinstance(call, dict) for call in output):
        return {"text": "", "error": "the model did not answer"}
    calls = [{"name": name, "args": args} for call in output for name, args in call.items()]
    return {"content": "", "tool_calls": calls}


def graded(file: Path) -> Iterator[Graded]:
    """Every output to a question whose possible answers are recorded."""
    for line in file.read_text("utf-8").splitlines():
        row = json.loads(line)
        if row["possible_answer"] is None:
            continue
        offered = row["function"]
        tools = offered if isinstance(offered, list) else [offered]
        reference = json.dumps(row["possible_answer"])
        for model, output in row["outputs"].items():
            ours = is_correct(sample_of(output), reference, kind="tool_calls", tools=tools)
            yield Graded(f"{row['id']} {model}", output, bool(row["right"][model]), ours)


def main() -> None:
    """Print the table and the disagreements."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", nargs="?", type=Path, default=DEFAULT_DATA)
    parser.add_argument("--quiet", action="store_true", help="the table only")
    options = parser.parse_args()
    files = {category: options.data / "bfcl" / f"{category}.jsonl" for category in CATEGORIES}
    if not all(file.is_file() for file in files.values()):
        sys.exit(f"no recorded calls in {options.data}; pass the folder that holds bfcl/")
    print("| data | outputs | agree | ours right, recorded wrong | ours wrong, recorded right |")
    print("|---|---|---|---|---|")
    items = {category: list(graded(file)) for category, file in files.items()}
    everything = [item for found in items.values() for item in found]
    for name, found in (*items.items(), ("all", everything)):
        wrong = [item for item in found if item.ours != item.recorded]
        kinder = sum(item.ours for item in wrong)
        agree = 100 * (1 - len(wrong) / len(found))
        print(
            f"| BFCL {name}, `tool_calls` | {len(found)} | {agree:.2f}% | {kinder} "
            f"| {len(wrong) - kinder} |"
        )
    differing = [item for item in everything if item.ours != item.recorded]
    models = Counter((item.name.split()[1], item.ours) for item in differing)
    for (model, ours), count in models.most_common() if not options.quiet else ():
        print(f"{count:5} {model}: recorded {not ours}, ours {ours}")
    for item in () if options.quiet else differing:
        print(f"{item.name}: recorded {item.recorded}, ours {item.ours}; {item.output!r:.300}")


if __name__ == "__main__":
    main()

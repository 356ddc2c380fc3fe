"""Published outputs of other people's models as a recording, to be replayed like one's own.

A new format is one reader here and one row in ``FORMATS``.
"""

import ast
import csv
import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from avengers_graph.errors import RecordsError
from avengers_graph.experts.recording import Recorded
from avengers_graph.records.routerbench import allow_long_cells

_CHARACTERS_PER_TOKEN = 4
_RESPONSE = "|model_response"


def read_published_outputs(path: Path, *, source: str) -> list[Recorded]:
    """Read published outputs.

    Tokens are estimated from lengths where the format does not give them; latency is 0.

    Args:
        path: the file.
        source: a key of ``FORMATS``.

    Raises:
        RecordsError: the format is unknown, or the file is not of that format.
    """
    if source not in FORMATS:
        raise RecordsError(f"unknown format {source!r}; choose one of {', '.join(FORMATS)}")
    try:
        entries = list(FORMATS[source](path))
    except OSError as error:
        raise RecordsError(f"cannot read {str(path)!r} ({error.strerror})") from error
    except (KeyError, TypeError, ValueError, SyntaxError, csv.Error) as error:
        raise RecordsError(
            f"{path} is not in the {source} format ({type(error).__name__}: {error})"
        ) from error
    if not entries:
        raise RecordsError(f"{path} holds no outputs in the {source} format")
    return entries


def _korbench(path: Path) -> Iterator[Recorded]:
    """JSON lines of ``{"id", "prompt", "outputs": {model: text}}``."""
    with path.open(encoding="utf-8") as file:
        for line in file:
            row = json.loads(line)
            for model, text in row["outputs"].items():
                yield _entry(model, row["prompt"], text, key=row["id"])


def _routerbench(path: Path) -> Iterator[Recorded]:
    """CSV whose prompt and responses are printed Python lists; the last prompt is answered."""
    allow_long_cells()
    with path.open(encoding="utf-8-sig", newline="") as file:
        for row in csv.DictReader(file):
            prompt = ast.literal_eval(row["prompt"])[-1]
            for column, cell in row.items():
                if column.endswith(_RESPONSE) and cell:
                    model = column.removesuffix(_RESPONSE)
                    yield _entry(model, prompt, _last(cell), key=row["sample_id"])


def _last(cell: str) -> str:
    """The last text of a printed list; a cell that is none is the text itself."""
    try:
        texts = ast.literal_eval(cell)
    except (ValueError, SyntaxError):
        return cell
    return str(texts[-1]) if isinstance(texts, list) and texts else str(texts)


def _entry(model: str, prompt: str, text: str, *, key: str) -> Recorded:
    return Recorded(
        id=key,
        expert=model,
        prompt=prompt,
        texts=[text],
        finish_reasons=[None],
        input_tokens=max(1, len(prompt) // _CHARACTERS_PER_TOKEN),
        output_tokens=[max(1, len(text) // _CHARACTERS_PER_TOKEN)],
        latency=0.0,
    )


FORMATS: Mapping[str, Callable[[Path], Iterator[Recorded]]] = MappingProxyType(
    {"korbench": _korbench, "routerbench": _routerbench}
)

"""Questions with reference answers: what a calibration asks."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from avengers_graph.errors import RecordsError
from avengers_graph.settings.context import ANSWER_KINDS
from avengers_graph.voting import extract_answer

_REQUIRED = ("query", "reference")
_KNOWN = {"id", "dataset", "query", "reference", "kind", "choices"}


@dataclass(frozen=True, slots=True)
class Question:
    """One question, its reference answer, and how the two are compared."""

    id: str
    dataset: str
    query: str
    reference: str
    kind: str
    choices: tuple[str, ...] = ()
    """The labels, or the letters of the options, that the answer is one of; empty for others."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What grading reads an answer by; the options of a choice stand in the query."""
        return () if self.kind == "choice" else self.choices


def read_questions(path: Path) -> list[Question]:
    """Read JSON lines of ``{"query", "reference", "kind"?, "dataset"?, "id"?, "choices"?}``.

    ``dataset`` falls back on the file's base name, ``id`` on the line number.

    Raises:
        RecordsError: no such file, or a line that cannot be used; names the line.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise RecordsError(f"cannot read the questions {str(path)!r}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise RecordsError(f"{path} is not UTF-8 text: {error.reason}") from error
    questions = [
        _question(line, where=f"{path}:{number}", number=number, dataset=path.stem)
        for number, line in enumerate(lines, start=1)
        if line.strip()
    ]
    if not questions:
        raise RecordsError(f"{path} holds no questions; it takes one JSON object a line")
    _refuse_repeats(questions, path)
    return questions


def _question(line: str, *, where: str, number: int, dataset: str) -> Question:
    try:
        fields: Any = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise RecordsError(f"{where} is not JSON ({error}); mend or remove the line") from error
    if not isinstance(fields, dict):
        raise RecordsError(f"{where} must be a JSON object, not {line[:60]!r}")
    for name in _REQUIRED:
        if not str(fields.get(name, "")).strip():
            raise RecordsError(f"{where} has no {name!r}; every question needs one")
    unknown = sorted(set(fields) - _KNOWN)
    if unknown:
        raise RecordsError(f"{where} has unknown fields {unknown}; it may have {sorted(_KNOWN)}")
    kind = fields.get("kind", "auto")
    if kind not in ANSWER_KINDS:
        raise RecordsError(f"{where}: kind {kind!r} is none of {', '.join(ANSWER_KINDS)}")
    question = Question(
        id=str(fields.get("id", number)),
        dataset=str(fields.get("dataset", dataset)),
        query=str(fields["query"]),
        reference=str(fields["reference"]),
        kind=kind,
        choices=_choices(fields.get("choices", []), where=where),
    )
    if kind == "label" and not _names_a_label(question.reference, question.labels):
        raise RecordsError(
            f"{where}: reference {question.reference!r:.80} is none of the choices "
            f"{list(question.choices)}; it must be one of them"
        )
    return question


def _choices(given: Any, *, where: str) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(c, str) and c.strip() for c in given):
        raise RecordsError(f"{where}: choices is {given!r:.80}; give a list of texts")
    return tuple(given)


def _names_a_label(reference: str, labels: Sequence[str]) -> bool:
    return not labels or extract_answer(reference, kind="label", labels=labels) is not None


def _refuse_repeats(questions: Sequence[Question], path: Path) -> None:
    seen: set[str] = set()
    for question in questions:
        if question.id in seen:
            raise RecordsError(f"{path}: id {question.id!r} stands twice; ids must be unique")
        seen.add(question.id)

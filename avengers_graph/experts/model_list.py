"""The models that an endpoint lists, as ``GET /models`` says it."""

import difflib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import openai

from avengers_graph.errors import ExpertResponseError

PATIENCE = 10.0
"""Seconds an endpoint has to list its models."""


@dataclass(frozen=True, slots=True)
class ModelList:
    """What came back."""

    rows: tuple[Mapping[str, Any], ...]
    """One for each model; ``id`` is its name, the rest is each server's own."""
    signs: frozenset[str]
    """What the server calls itself, as ``servers.recognised`` takes it."""

    @property
    def names(self) -> tuple[str, ...]:
        """The models by the names that requests carry."""
        return tuple(str(row["id"]) for row in self.rows)


async def listed_models(client: openai.AsyncOpenAI) -> ModelList:
    """Ask an endpoint once which models it has.

    Raises:
        ExpertResponseError: it answered, but with no list of models.
        openai.OpenAIError: it refused, or was not reached.
    """
    asked = client.with_options(timeout=PATIENCE, max_retries=0)
    raw = await asked.models.with_raw_response.list()
    rows = _rows(raw.http_response.text)
    owners = {str(row["owned_by"]) for row in rows if row.get("owned_by")}
    return ModelList(rows, frozenset({raw.http_response.headers.get("server", ""), *owners}))


def _rows(text: str) -> tuple[Mapping[str, Any], ...]:
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        body = None
    listed = body.get("data") if isinstance(body, Mapping) else body
    if not isinstance(listed, list):
        raise ExpertResponseError("no list of models")
    rows = tuple(row for row in listed if isinstance(row, Mapping) and row.get("id"))
    if listed and not rows:
        raise ExpertResponseError("a list that names no model")
    return rows


def closest_name(model: str, names: Sequence[str]) -> str | None:
    """The served name that was most likely meant by ``model``; None where none is like it.

    Ollama's ``:latest``, OpenRouter's suffixes (``:free``), an owner before a slash and case do
    not tell names apart; the one model of a server is meant by any name.
    """
    if model in names:
        return model
    if len(names) == 1:
        return names[0]
    by_stem = {_stem(name): name for name in reversed(names)}
    like = difflib.get_close_matches(_stem(model), by_stem, n=1)
    return by_stem.get(_stem(model)) or next((by_stem[stem] for stem in like), None)


def _stem(name: str) -> str:
    return name.lower().rpartition("/")[2].partition(":")[0]

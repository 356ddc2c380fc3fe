"""Whether an expert answers as it is configured, and what to change where it does not.

One token from the configured model with the configured key says more than the list of models: a
server may list to everybody what it answers to few, and answer under names that it does not list.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import get_args

from avengers_graph.endpoints.base_url import working_url
from avengers_graph.endpoints.capabilities import Found, one_token, probe, probing_caller
from avengers_graph.endpoints.served_models import ServedModel, look_at
from avengers_graph.errors import ExpertError
from avengers_graph.experts.caller import ExpertCaller
from avengers_graph.experts.model_list import closest_name
from avengers_graph.settings.expert import Capability, Expert


async def diagnosed(expert: Expert) -> str:
    """That an expert answers, and under which name its model is listed.

    Raises:
        ExpertError: it does not; the message ends with what to change.
        MissingKeyError: its key is not set.
    """
    caller = probing_caller(expert)
    try:
        await one_token(caller)
        return await _listing(caller)
    except ExpertError as error:
        failure = error
    finally:
        await caller.aclose()
    meant = await working_url(expert) if _may_be_the_url(failure) else None
    if meant is None:
        raise failure
    raise ExpertError(f"{failure}; write base_url: {meant}, which answers")


def _may_be_the_url(failure: ExpertError) -> bool:
    """Whether another URL is worth a try: not where the server said what it is about."""
    said = str(failure)
    return "base_url" in said or said.startswith("cannot reach")


async def _listing(caller: ExpertCaller) -> str:
    """How the list of models has the one that answered."""
    expert, model = caller.expert, caller.expert.model_name
    try:
        names = (await caller.models()).names
    except ExpertError:
        return f"{expert.base_url} answers as {model}; it gives no list of models"
    meant = closest_name(model, names)
    if model in names or not names:
        return f"{expert.base_url} answers as {model}"
    if meant is None or _stem_differs(meant, model):
        listed = ", ".join(names[:5])
        return (
            f"{expert.base_url} answers to {model!r}, which it does not list (it has {listed}): it "
            "may answer to any name; write the listed one into model"
        )
    return f"{expert.base_url} answers as {model}, listed as {meant}"


def _stem_differs(listed: str, model: str) -> bool:
    """Whether two names differ in more than Ollama's tag or OpenRouter's suffix."""
    return listed.partition(":")[0] != model.partition(":")[0]


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which an expert's fields and what it shows differ."""

    is_wrong: bool
    """Whether requests will fail for it; else it is a chance missed, or cannot be told."""
    told: str


async def differences(expert: Expert) -> list[Difference]:
    """Where an expert's ``supports`` and ``context_length`` differ from what it shows.

    Raises:
        ExpertError: it does not answer.
        MissingKeyError: its key is not set.
    """
    caller = probing_caller(expert)
    try:
        await one_token(caller)
        served = await _served(caller)
        found = await probe(caller, says=served.says)
    finally:
        await caller.aclose()
    return [*_of_capabilities(expert, found), *_of_context(expert, served)]


async def _served(caller: ExpertCaller) -> ServedModel:
    """What the endpoint says of the expert's model."""
    model = caller.expert.model_name
    try:
        listed = {served.name: served for served in (await look_at(caller)).models}
    except ExpertError:
        return ServedModel(model)
    return listed.get(closest_name(model, list(listed)) or "", ServedModel(model))


def _of_capabilities(expert: Expert, found: Mapping[Capability, Found]) -> Iterator[Difference]:
    can = {name for name, seen in found.items() if seen.can}
    cannot = {name for name, seen in found.items() if seen.can is False}
    missing, unused = expert.supports & cannot, can - expert.supports
    right = [name for name in get_args(Capability) if name in (expert.supports | can) - cannot]
    for name in sorted(missing):
        yield Difference(True, f"{name} is listed and not there ({found[name].why})")
    for name in sorted(unused):
        yield Difference(False, f"{name} is there and not listed")
    if missing or unused:
        yield Difference(False, f"write supports: [{', '.join(right)}]")
    for name, seen in found.items():
        if seen.can is None:
            yield Difference(False, f"{name} cannot be told ({seen.why})")


def _of_context(expert: Expert, served: ServedModel) -> Iterator[Difference]:
    told, given = served.context_length, expert.context_length
    if told is not None and told != given:
        text = f"context_length is {given or 'not given'}, and the server says {told}"
        yield Difference(given is not None and given > told, text)

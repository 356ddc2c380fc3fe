"""Experts drafted from what endpoints list and show, for a configuration that ``init`` writes."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from langchain_core.exceptions import ModelInvalidRequestError, ModelNotFoundError
from pydantic import ValidationError

from avengers_graph.endpoints.base_url import working_url
from avengers_graph.endpoints.capabilities import Found, one_token, probe, probing_caller
from avengers_graph.endpoints.served_models import Endpoint, ServedModel, look_at
from avengers_graph.errors import AvengersError, ConfigError, ExpertError, describe
from avengers_graph.experts.model_list import closest_name
from avengers_graph.settings.expert import Capability, Expert
from avengers_graph.settings.servers import SERVERS, server_of

MOST = 8
"""Models of one endpoint that are taken unless some are named."""
_REFUSED = "It refused a request for one token; avengers-graph doctor says why."
Tell = Callable[[str], None]
"""Hears what is being done, for a person who waits."""


@dataclass(frozen=True, slots=True)
class Draft:
    """One expert, and what is to be said of it beside its fields."""

    expert: Expert
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Survey:
    """What one endpoint gave."""

    drafts: tuple[Draft, ...] = ()
    notes: tuple[str, ...] = ()
    """What is to be said of the endpoint itself, of models left out and of what failed."""
    reached: bool = True


@dataclass(frozen=True, slots=True)
class Place:
    """An endpoint to look at."""

    base_url: str
    api_key_env: str | None = None
    server: str | None = None

    def expert(self, name: str, **fields: Any) -> Expert:
        """An expert there.

        Raises:
            ConfigError: the URL, the server or the variable of the key is none.
        """
        shared = {"api_key_env": self.api_key_env, "server": self.server}
        try:
            return Expert(name=name, base_url=self.base_url, **{**shared, **fields})
        except ValidationError as error:
            raise ConfigError(describe(error)) from error


def place_of(given: str, *, api_key_env: str | None, server: str | None) -> Place:
    """The endpoint that a person names: by a row of ``SERVERS``, by a URL, or by host and port."""
    if given in SERVERS and SERVERS[given].base_url:
        server, url = server or given, SERVERS[given].base_url
    else:
        url = given if "://" in given else f"http://{given}"
    row = SERVERS.get(server or server_of(None, url) or "")
    return Place(url.rstrip("/"), api_key_env or (row.key_env if row else None) or None, server)


async def survey(place: Place, *, models: Sequence[str], probes: bool, tell: Tell) -> Survey:
    """The experts of one endpoint.

    Args:
        models: those wanted; none takes what the endpoint lists, up to ``MOST``.
        probes: whether each model is asked for what it can do.
    """
    tell(f"looking at {place.base_url}")
    try:
        place, endpoint = await _reached(place)
    except AvengersError as error:
        named = [Draft(place.expert(_short(name), model=name)) for name in models]
        return Survey(tuple(named), (one_line(error),), reached=False)
    place = replace(place, server=place.server or endpoint.server)
    chosen, notes = _chosen(place, endpoint, models)
    found: list[Draft] = []
    for model in chosen:  # one after the other: a server may hold one at a time
        fields = {"context_length": model.context_length, "price": model.price}
        expert = place.expert(_short(model.name), model=model.name, **fields)
        tell(f"asking {model.name} at {place.base_url}")
        surveyed = await shown(expert, says=model.says, probes=probes)
        if surveyed is None and model.name not in models:
            notes.append(f"{place.base_url}: {model.name} is left out, it answers no chat")
        else:
            found.append(surveyed or Draft(expert, (_REFUSED,)))
    return Survey(tuple(found), tuple(notes))


async def survey_of(expert: Expert, *, probes: bool, tell: Tell) -> Survey:
    """One expert that a person has written out, with what the endpoint says and shows of it."""
    tell(f"asking {expert.model_name} at {expert.base_url}")
    try:
        caller = probing_caller(expert)
        try:
            endpoint = await look_at(caller)
        finally:
            await caller.aclose()
    except AvengersError as error:
        return Survey((Draft(expert, (one_line(error),)),), reached=False)
    listed = {model.name: model for model in endpoint.models}
    model = _wanted(expert.model_name, listed)
    known = {"context_length": model.context_length, "price": model.price}
    expert = expert.model_copy(update={**known, "server": expert.server or endpoint.server})
    draft = await shown(expert, says=model.says, probes=probes)
    return Survey((draft or Draft(expert, (_REFUSED,)),))


async def _reached(place: Place) -> tuple[Place, Endpoint]:
    """The endpoint, under the URL given or under the one that was meant.

    Raises:
        AvengersError: there is none.
    """
    caller = probing_caller(place.expert("endpoint"))
    try:
        return place, await look_at(caller)
    except ExpertError as error:
        meant = await working_url(caller.expert)
        if meant is None:
            raise
        refused = error
    finally:
        await caller.aclose()
    if meant.startswith("http:") and place.base_url.startswith("https:"):
        raise ExpertError(f"{refused}; {meant} answers: give that one")
    return await _reached(replace(place, base_url=meant))


def _chosen(
    place: Place, endpoint: Endpoint, wanted: Sequence[str]
) -> tuple[list[ServedModel], list[str]]:
    """The models to take, and what is to be said of the others."""
    url = place.base_url
    listed = {model.name: model for model in endpoint.models}
    if wanted:
        return [_wanted(name, listed) for name in wanted], []
    able = [model for model in endpoint.models if model.chats]
    others = [model.name for model in endpoint.models if not model.chats]
    notes = [f"{url}: left out, as they answer no chat: {', '.join(others)}"] if others else []
    if not listed:
        notes.append(f"{url} answers, but has no model yet")
    if len(able) > MOST:
        taken = 0 if place.api_key_env else MOST
        rest = [model.name for model in able[taken:]]
        more = f", and {len(rest) - 20} more" if len(rest) > 20 else ""
        notes.append(f"{url} also has {', '.join(rest[:20])}{more}; take some with --model NAME")
        able = able[:taken]
    return able, notes


def _wanted(name: str, listed: Mapping[str, ServedModel]) -> ServedModel:
    """A model by the name that a person gave: a tag or a suffix more or less is the same one."""
    closest = closest_name(name, list(listed))
    known = listed.get(name) or (listed[closest] if closest else ServedModel(name))
    return replace(known, name=name)


async def shown(expert: Expert, *, says: Mapping[Capability, bool], probes: bool) -> Draft | None:
    """An expert with what it can do; None where it refuses to answer at all.

    Args:
        says: what the server says of the model.
        probes: whether the model is asked; else what the server says holds.
    """
    if not probes:
        word = {capability: Found(can, "the server says so") for capability, can in says.items()}
        return _with_capabilities(expert, {"system": Found(True), **word})
    try:
        caller = probing_caller(expert)
    except AvengersError as error:
        draft = _with_capabilities(expert, {"system": Found(True)})
        return replace(draft, remarks=(one_line(error),))
    try:
        await one_token(caller)
        return _with_capabilities(expert, await probe(caller, says=says))
    except ExpertError as error:
        if error.kind in (ModelInvalidRequestError, ModelNotFoundError):
            return None
        return Draft(expert, (f"It did not answer: {one_line(error)}",))
    finally:
        await caller.aclose()


def _with_capabilities(expert: Expert, found: Mapping[Capability, Found]) -> Draft:
    able = frozenset(capability for capability, seen in found.items() if seen.can)
    unknown = {name: seen.why for name, seen in found.items() if seen.can is None}
    lacking = {name: seen.why for name, seen in found.items() if seen.can is False}
    remarks = [f"No {name}: {one_line(why)}" for name, why in lacking.items()]
    remarks += [
        f"Not known: {name} ({one_line(why)}). Add it to supports if it can."
        for name, why in unknown.items()
    ]
    return Draft(expert.model_copy(update={"supports": able}), tuple(remarks))


def with_own_names(drafts: Iterable[Draft]) -> Iterator[Draft]:
    """The drafts, those of a name that was there before numbered."""
    taken: set[str] = set()
    for draft in drafts:
        name, number = draft.expert.name, 1
        while name in taken:
            number += 1
            name = f"{draft.expert.name}-{number}"
        taken.add(name)
        yield replace(draft, expert=draft.expert.model_copy(update={"name": name}))


def _short(model: str) -> str:
    """An expert's name for a model: without its owner, and without Ollama's tag for no tag."""
    return model.rpartition("/")[2].removesuffix(":latest") or model


def one_line(said: object) -> str:
    """Text of others as one line of a comment."""
    text = " ".join(str(said).split())
    return "".join(c if c.isprintable() else " " for c in text)

"""What a LangChain chat model object says of itself: its name, what it can do, its temperature."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

_NAMES = ("model_name", "model", "model_id", "deployment_name")
"""Attributes that hold a model's name, in the packages of LangChain's partners."""
_CAPABILITIES: Mapping[str, str] = {
    "tool_calling": "tools",
    "structured_output": "json_schema",
    "image_inputs": "images",
}
"""Fields of a LangChain model profile, and what an expert's ``supports`` calls them."""
_HOTTEST = 2.0


def is_chat_model(given: object) -> bool:
    """Whether ``given`` is a chat model object: a class, or a model with bindings, is none."""
    from langchain_core.language_models import BaseChatModel

    return isinstance(given, BaseChatModel)


def described_by(llm: "BaseChatModel") -> dict[str, Any]:
    """Fields of an ``Expert`` that the object itself settles, where its user does not."""
    return {
        "supports": capabilities_of(llm),
        "context_length": _profile(llm).get("max_input_tokens"),
        "temperature": temperature_of(llm),
    }


def capabilities_of(llm: "BaseChatModel") -> frozenset[str]:
    """What the model can do by its profile.

    An object without a profile can be given tools where its class knows how to bind tools: that is
    all that a user of the object itself would need.
    """
    from langchain_core.language_models import BaseChatModel

    profile = _profile(llm)
    if profile:
        found = {ours for theirs, ours in _CAPABILITIES.items() if profile.get(theirs)}
    else:
        binds = type(llm).bind_tools is not BaseChatModel.bind_tools
        found = {"tools"} if binds else set()
    return frozenset({"system", *found})


def temperature_of(llm: "BaseChatModel") -> float | None:
    """The temperature that the object was made with, in [0, 2]; None where it has none."""
    found: Any = getattr(llm, "temperature", None)
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    return float(found) if 0 <= found <= _HOTTEST else None


def takes_temperature(llm: "BaseChatModel") -> bool:
    """Whether the model may be asked at a temperature; reasoning models may not, by profile."""
    return _profile(llm).get("temperature", True) is not False


def names_of(llms: Sequence["BaseChatModel"], *, taken: Sequence[str] = ()) -> list[str]:
    """The names of the models, numbered where one is taken: ``gpt-5``, ``gpt-5-2``."""
    wanted = [_name_of(llm) for llm in llms]
    found: list[str] = []
    for name in wanted:
        used = {*taken, *found}
        number, free = 1, name
        # A number must not make the name that another object has by itself.
        while free in used or (free != name and free in wanted):
            number += 1
            free = f"{name}-{number}"
        found.append(free)
    return found


def _name_of(llm: "BaseChatModel") -> str:
    """The model's name; the class of an object that has none."""
    named = (getattr(llm, attribute, None) for attribute in _NAMES)
    return next((name for name in named if isinstance(name, str) and name), type(llm).__name__)


def _profile(llm: "BaseChatModel") -> Mapping[str, Any]:
    profile = getattr(llm, "profile", None)
    return profile if isinstance(profile, Mapping) else {}

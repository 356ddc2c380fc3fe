"""The experts behind one chat model."""

import asyncio
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from pydantic import SecretStr

from avengers_graph.errors import ConfigError
from avengers_graph.experts.caller import Caller, ExpertCaller
from avengers_graph.experts.chat_openai import api_key
from avengers_graph.experts.owned_loop import submit
from avengers_graph.experts.prompt import estimated_tokens, fits
from avengers_graph.experts.recording import Recording
from avengers_graph.settings.config import load_config
from avengers_graph.settings.expert import Expert

ANSWER_TOKENS = 300
"""Length an answer is taken to have where calibration measured no cost."""


class ExpertPool:
    """A fixed set of experts, each with its own limits and connections.

    Args:
        experts: at least one; names must differ.
        recording: an open recording that every answer is written to.

    Raises:
        ConfigError: no expert, or two of the same name.
        MissingKeyError: an expert's key variable is not set.
    """

    def __init__(self, experts: Sequence[Expert], *, recording: Recording | None = None) -> None:
        if not experts:
            raise ConfigError("a pool needs at least one expert")
        names = [expert.name for expert in experts]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigError(f"experts {twice} are listed twice; give each its own name")
        for expert in experts:
            api_key(expert)
        self.recording = recording
        self._experts = {expert.name: expert for expert in experts}
        self._callers: dict[str, Caller] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = threading.Lock()
        self._key: SecretStr | None = None
        self._keyed: dict[str, ExpertPool] = {}

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle holds: the experts, not their connections, and no key.

        Raises:
            ConfigError: a key would have to be in the pickle.
        """
        holding = [expert.name for expert in self if _holds_a_secret(expert.llm)]
        if self._key is not None or holding:
            raise ConfigError(
                f"{'experts ' + repr(holding) if holding else 'the pool'} cannot be pickled, as a "
                "key would be in the pickle; use endpoints with api_key_env"
            )
        left_out = ("_callers", "_loop", "_lock", "_keyed", "recording")
        return {name: v for name, v in vars(self).items() if name not in left_out}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.recording, self._keyed = None, {}
        self._callers, self._loop, self._lock = {}, None, threading.Lock()

    def with_key(self, key: SecretStr) -> "ExpertPool":
        """These experts with a key for the endpoints that name none; the same one each time."""
        secret = key.get_secret_value()
        with self._lock:
            if secret not in self._keyed:
                pool = object.__new__(type(self))
                vars(pool).update(vars(self))
                pool._key, pool._keyed = key, {}
                pool._callers, pool._loop, pool._lock = {}, None, threading.Lock()
                self._keyed[secret] = pool
            return self._keyed[secret]

    def identity(self) -> list[dict[str, Any]]:
        """What tells this pool's answers from those of another one; without any key."""
        return [
            {**expert.model_dump(mode="json"), "llm": _identity(expert.llm)}
            for expert in self._experts.values()
        ]

    @classmethod
    def from_yaml(cls, path: str | Path | None = None) -> "ExpertPool":
        """The experts of an ``avengers.yaml`` (AVENGERS_CONFIG, else ./avengers.yaml)."""
        return cls(load_config(path).experts)

    @property
    def names(self) -> tuple[str, ...]:
        """Names in the order given."""
        return tuple(self._experts)

    @property
    def thinking(self) -> frozenset[str]:
        """Names of the experts that reason at length before they answer."""
        return frozenset(expert.name for expert in self if expert.thinking)

    def __len__(self) -> int:
        return len(self._experts)

    def __iter__(self) -> Iterator[Expert]:
        return iter(self._experts.values())

    def __contains__(self, name: object) -> bool:
        return name in self._experts

    def __getitem__(self, name: str) -> Expert:
        """The expert of that name.

        Raises:
            ConfigError: there is none.
        """
        if name not in self._experts:
            raise ConfigError(f"unknown expert {name!r}; have {', '.join(self._experts)}")
        return self._experts[name]

    def eligible(
        self,
        messages: Sequence[BaseMessage],
        *,
        needs: Sequence[str] = (),
        exclude: Sequence[str] = (),
        max_tokens: int | None = None,
    ) -> list[str]:
        """Names of the experts that can take the request at all.

        Raises:
            ConfigError: none is left; the message says what each one lacks.
        """
        lacks = {
            expert.name: self._lack(
                expert, messages, needs=needs, exclude=exclude, max_tokens=max_tokens
            )
            for expert in self
        }
        able = [name for name, lack in lacks.items() if lack is None]
        if not able:
            reasons = "; ".join(f"{name} {lack}" for name, lack in lacks.items())
            raise ConfigError(f"no expert can take this request: {reasons}")
        return able

    def _lack(
        self,
        expert: Expert,
        messages: Sequence[BaseMessage],
        *,
        needs: Sequence[str],
        exclude: Sequence[str],
        max_tokens: int | None,
    ) -> str | None:
        if expert.name in exclude:
            return "is excluded"
        missing = [need for need in needs if need not in expert.supports]
        if missing:
            return f"does not support {', '.join(missing)} (see its supports)"
        if not fits(messages, expert, max_tokens=max_tokens):
            return f"has a context of only {expert.context_length} tokens"
        return None

    def caller(self, name: str) -> Caller:
        """The one caller of an expert. Call on the owned loop only.

        A fork leaves the parent's loop behind, and with it every semaphore and connection:
        they are made anew for the child's loop.
        """
        here = asyncio.get_running_loop()
        with self._lock:
            if self._loop is not here:
                self._loop, self._callers = here, {}
            if name not in self._callers:
                self._callers[name] = self._make_caller(self[name])
            return self._callers[name]

    def _make_caller(self, expert: Expert) -> Caller:
        return ExpertCaller(expert, key=self._key)

    def cost(self, name: str, *, input_tokens: int, output_tokens: int) -> float | None:
        """USD for that many tokens of an expert; None when its price is not known."""
        price = self[name].price
        if price is None:
            return None
        return (input_tokens * price.input + output_tokens * price.output) / 1e6

    def expected_costs(
        self, messages: Sequence[BaseMessage], *, max_tokens: int | None = None
    ) -> dict[str, float]:
        """USD of one answer of each expert whose price is known.

        The prompt by its length, the answer at ``ANSWER_TOKENS`` or at ``max_tokens`` if that
        is fewer.
        """
        if not any(expert.price for expert in self):
            return {}  # counting a long conversation for nothing takes its time
        prompt = estimated_tokens(messages)
        answer = min(ANSWER_TOKENS, max_tokens or ANSWER_TOKENS)
        found = {
            name: self.cost(name, input_tokens=prompt, output_tokens=answer) for name in self.names
        }
        return {name: cost for name, cost in found.items() if cost is not None}

    def close(self) -> None:
        """Close every connection; the pool opens new ones when it is used again."""
        submit(self._close_callers()).result()

    async def aclose(self) -> None:
        """As ``close``, for asynchronous callers."""
        await asyncio.wrap_future(submit(self._close_callers()))

    async def _close_callers(self) -> None:
        with self._lock:
            callers, self._callers = self._callers, {}
        for caller in callers.values():
            await caller.aclose()
        for pool in self._keyed.values():
            await pool._close_callers()


def _holds_a_secret(llm: BaseChatModel | None) -> bool:
    return llm is not None and any(isinstance(v, SecretStr) for v in vars(llm).values())


def _identity(llm: BaseChatModel | None) -> dict[str, Any] | None:
    return None if llm is None else llm.asdict()

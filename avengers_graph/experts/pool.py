"""The experts behind one chat model."""

import asyncio
import hashlib
import json
import time
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import BaseMessage
from pydantic import SecretStr

from avengers_graph.errors import ConfigError
from avengers_graph.experts.caller import Caller, ExpertCaller
from avengers_graph.experts.chat_openai import api_key, request_headers
from avengers_graph.experts.model_errors import PromptTooLongError
from avengers_graph.experts.owned_loop import ForkSafeLock, submit
from avengers_graph.experts.prompt import estimated_tokens, fits
from avengers_graph.experts.recording import Recording
from avengers_graph.experts.redaction import secrets_in
from avengers_graph.experts.retry import RetryPolicy
from avengers_graph.settings.chat_models import is_chat_model, names_of
from avengers_graph.settings.config import load_config
from avengers_graph.settings.expert import Capability, Expert

KEYED_POOLS = 32
"""Keys given to a pool (``with_key``) whose connections and limits are kept for the next call."""
ANSWER_TOKENS = 300
"""Length an answer is taken to have where calibration measured no cost."""


class ExpertPool:
    """A fixed set of experts, each with its own limits and connections.

    Args:
        experts: at least one; names must differ.
        recording: an open recording that every answer is written to.
        retry_policy: when a request that failed is sent again.
        clock: Unix time in seconds, which deadlines are held against.

    Raises:
        ConfigError: no expert, or two of the same name.
        MissingKeyError: the variable of an expert's key or header is not set.
    """

    def __init__(
        self,
        experts: Sequence[Expert],
        *,
        recording: Recording | None = None,
        retry_policy: RetryPolicy | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if not experts:
            raise ConfigError("a pool needs at least one expert")
        names = [expert.name for expert in experts]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ConfigError(f"experts {twice} are listed twice; give each its own name")
        for expert in experts:
            api_key(expert)
            request_headers(expert)
        self._experts = {expert.name: expert for expert in experts}
        self.retry_policy = retry_policy or RetryPolicy()
        self.clock = clock
        self._key: SecretStr | None = None
        self._start(of=None, recording=recording)

    def _start(self, *, of: "ExpertPool | None", recording: Recording | None = None) -> None:
        """What belongs to one pool in one process: nothing is open yet.

        Args:
            of: the pool without a key that this one was made of.
        """
        self._of = of
        self._recording = recording
        self._callers: dict[str, Caller] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._lock = ForkSafeLock()
        self._keyed: WeakValueDictionary[str, ExpertPool] = WeakValueDictionary()
        self._lately_keyed: OrderedDict[str, ExpertPool] = OrderedDict()

    def __getstate__(self) -> dict[str, Any]:
        """What a pickle holds: the experts, not their connections, and no key.

        Raises:
            ConfigError: a key would have to be in the pickle.
        """
        holding = [expert.name for expert in self if secrets_in(expert.llm)]
        if self._key is not None or holding:
            raise ConfigError(
                f"{'experts ' + repr(holding) if holding else 'the pool'} cannot be pickled, as a "
                "key would be in the pickle; use endpoints with api_key_env"
            )
        left_out = {"_of", "_recording", "_callers", "_loop", "_lock", "_keyed", "_lately_keyed"}
        return {name: v for name, v in vars(self).items() if name not in left_out}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._start(of=None)

    @property
    def recording(self) -> Recording | None:
        """Where every answer is written; None while nothing is recorded."""
        return self._recording if self._of is None else self._of.recording

    @recording.setter
    def recording(self, recording: Recording | None) -> None:
        if self._of is not None:
            self._of.recording = recording
        self._recording = recording

    def with_key(self, key: SecretStr) -> "ExpertPool":
        """These experts with a key for the endpoints that name none; the same one while it is used.

        The last ``KEYED_POOLS`` are kept with their connections and limits; an earlier one is
        kept by whoever still calls through it.
        """
        digest = _digest(key.get_secret_value())
        with self._lock:
            pool = self._keyed.get(digest) or self._made_with(key)
            self._keyed[digest] = self._lately_keyed[digest] = pool
            self._lately_keyed.move_to_end(digest)
            earlier = None
            if len(self._lately_keyed) > KEYED_POOLS:
                _, earlier = self._lately_keyed.popitem(last=False)
        if earlier is not None and earlier._callers:
            submit(earlier._close_callers(in_flight=True))
        return pool

    def _made_with(self, key: SecretStr) -> "ExpertPool":
        pool = object.__new__(type(self))
        vars(pool).update(vars(self))
        pool._key = key
        pool._start(of=self)
        return pool

    def identity(self) -> list[dict[str, Any]]:
        """What tells this pool's answers from those of another one; without any key.

        Of chat model objects and extra bodies, which may hold keys, it has a digest.
        """
        return [
            {
                **expert.model_dump(mode="json"),
                "llm": _identity(expert.llm),
                "extra_body": _digest(expert.extra_body),
            }
            for expert in self._experts.values()
        ]

    @classmethod
    def from_yaml(cls, path: str | Path | None = None) -> "ExpertPool":
        """The experts of an ``avengers.yaml`` (AVENGERS_CONFIG, else ./avengers.yaml)."""
        return cls(load_config(path).experts)

    @classmethod
    def of_models(cls, models: Sequence[BaseChatModel | Expert]) -> "ExpertPool":
        """A pool of chat model objects under the names of their models, numbered where alike.

        An ``Expert`` among them stays as it is: for a price, capabilities or a name of one's own.

        Raises:
            ConfigError: there is none, one is no chat model, or one object stands there twice.
        """
        if isinstance(models, str) or not isinstance(models, Sequence):
            raise ConfigError(
                f"models is a {type(models).__name__}; give a list of chat model objects"
            )
        if not models:
            raise ConfigError("models is empty; give at least one chat model object")
        for at, model in enumerate(models):
            if not isinstance(model, Expert) and not is_chat_model(model):
                raise ConfigError(f"models[{at}] is {_shown(model)}; {_GIVE_A_CHAT_MODEL}")
            first = next(i for i, earlier in enumerate(models) if earlier is model)
            if first < at:
                raise ConfigError(
                    f"models[{at}] is the same object as models[{first}]; to ask a model more "
                    "often raise `samples`, else give a second object"
                )
        experts = [model for model in models if isinstance(model, Expert)]
        objects = [model for model in models if not isinstance(model, Expert)]
        names = iter(names_of(objects, taken=[expert.name for expert in experts]))
        return cls(
            [m if isinstance(m, Expert) else Expert(name=next(names), llm=m) for m in models]
        )

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
            PromptTooLongError: the same, where a shorter conversation would be taken.
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
            too_long = any(
                self._lack(e, (), needs=needs, exclude=exclude, max_tokens=max_tokens) is None
                for e in self
            )
            raised = PromptTooLongError if too_long else ConfigError
            raise raised(f"no expert can take this request: {reasons}")
        return able

    def check_supports(self, *capabilities: Capability) -> None:
        """That some expert supports one of these.

        Raises:
            ConfigError: none does; names the field that says so.
        """
        if any(expert.supports.intersection(capabilities) for expert in self):
            return
        wanted = " or ".join(capabilities)
        lacks = "; ".join(f"{name} does not support {wanted}" for name in self.names)
        raise ConfigError(
            f"no expert can do this: {lacks}; where its model can, list it in the expert's field "
            f"supports, as [{capabilities[0]}, system] (`avengers-graph doctor --probe` finds out)"
        )

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
        if self._loop is not here:
            self._loop, self._callers = here, {}
        if name not in self._callers:
            self._callers[name] = self._make_caller(self[name])
        return self._callers[name]

    def _make_caller(self, expert: Expert) -> Caller:
        return ExpertCaller(expert, retry_policy=self.retry_policy, key=self._key)

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

    async def _close_callers(self, *, in_flight: bool = False) -> None:
        """Close the connections; with ``in_flight``, once no call under way can need them.

        Those that a fork has taken over from the parent are left to the parent.
        """
        here = self._loop is asyncio.get_running_loop()
        callers = self._callers.values() if here else ()
        await asyncio.gather(
            *(caller.aclose(in_flight=in_flight) for caller in callers),
            *(pool._close_callers(in_flight=in_flight) for pool in list(self._keyed.values())),
        )


_GIVE_A_CHAT_MODEL = (
    "give a LangChain chat model object, such as ChatOpenAI(...), or an Expert; settings belong "
    "into the object, not into .bind() or .with_retry()"
)


def _shown(model: object) -> str:
    """What was given instead of a model, in a word: its text may hold a key."""
    return f"the class {model.__name__}" if isinstance(model, type) else type(model).__name__


def _identity(llm: BaseChatModel | None) -> dict[str, Any] | None:
    return None if llm is None else {"type": llm._llm_type, "digest": _digest(llm.asdict())}


def _digest(value: object) -> str:
    """A hex digest of plain data; parts that are not plain count by what they print."""
    plain = json.dumps(value, sort_keys=True, default=repr, ensure_ascii=False)
    return hashlib.sha256(plain.encode("utf-8", "backslashreplace")).hexdigest()

"""Sequences in flight and rates: counted by endpoint and key, over all pools of the process."""

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from avengers_graph.experts.events import SampleEnded
from avengers_graph.experts.limits import Slots
from avengers_graph.experts.pool import ExpertPool
from avengers_graph.settings.expert import RateLimit
from tests.experts.rounds import bridged, listen
from tests.servers.answers import Reply
from tests.servers.openai_server import OpenAIServer

Pools = Callable[..., ExpertPool]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(1, 4), st.integers(1, 6), st.booleans()), min_size=1, max_size=12
    )
)
def test_slots_are_never_more_than_asked_for_and_all_come_back(
    asked: list[tuple[int, int, bool]],
) -> None:
    """Each asks for some sequences within its own cap; some are cancelled, wherever they are."""
    in_flight = 0

    async def hold(slots: Slots, sequences: int, at_most: int) -> None:
        nonlocal in_flight
        async with slots.held(sequences, at_most=at_most):
            in_flight += sequences
            assert in_flight <= max(sequences, at_most)
            try:
                await asyncio.sleep(0)
            finally:
                in_flight -= sequences

    async def all_of_them() -> None:
        slots = Slots()
        tasks = [asyncio.create_task(hold(slots, few, most)) for few, most, _ in asked]
        await asyncio.sleep(0)
        for task, (_, _, cancelled) in zip(tasks, asked, strict=True):
            if cancelled:
                task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
        assert all(end is None or isinstance(end, asyncio.CancelledError) for end in ended)
        async with asyncio.timeout(20), slots.held(6, at_most=6):
            pass  # nothing is still held

    asyncio.run(all_of_them())


def test_who_waits_is_served_in_order() -> None:
    served: list[str] = []

    async def hold(slots: Slots, name: str, sequences: int) -> None:
        async with slots.held(sequences, at_most=2):
            served.append(name)
            await asyncio.sleep(0)

    async def three() -> None:
        slots = Slots()
        await asyncio.gather(*(hold(slots, n, s) for n, s in (("one", 1), ("two", 2), ("1", 1))))

    asyncio.run(three())
    assert served == ["one", "two", "1"], "a small one does not overtake a large one"


async def answers(pool: ExpertPool, samples: int) -> int:
    events = [event async for event in bridged(pool, ("alpha", samples))]
    return sum(isinstance(event, SampleEnded) for event in events)


@pytest.mark.integration
@pytest.mark.parametrize(("keys", "peak"), [(("sk-1", "sk-1"), 2), (("sk-1", "sk-2"), 4)])
def test_pools_share_the_slots_of_an_endpoint_and_key(
    server: OpenAIServer, pool_of: Pools, keys: tuple[str, str], peak: int
) -> None:
    server.serve("alpha", Reply("a", after=lambda: server.peak == peak))
    pools = [pool_of("alpha", max_concurrency=2).with_key(SecretStr(key)) for key in keys]

    async def both() -> list[int]:
        return list(await asyncio.gather(*(answers(pool, 3) for pool in pools)))

    assert asyncio.run(both()) == [3, 3]
    assert server.peak == peak


@pytest.mark.integration
def test_a_request_for_several_answers_takes_as_many_slots(
    server: OpenAIServer, pool_of: Pools
) -> None:
    server.serve("alpha", Reply("a", delay=0.05))
    pools = [pool_of("alpha", supports={"n"}, max_concurrency=4) for _ in range(2)]

    async def batched(pool: ExpertPool) -> int:
        events = [event async for event in bridged(pool, ("alpha", 3), batching="always")]
        return sum(isinstance(event, SampleEnded) for event in events)

    async def both() -> list[int]:
        return list(await asyncio.gather(*map(batched, pools)))

    assert asyncio.run(both()) == [3, 3]
    assert server.peak == 1, "two requests for three answers each are more than four sequences"


@pytest.mark.integration
def test_pools_share_the_rate_of_an_endpoint(server: OpenAIServer, pool_of: Pools) -> None:
    rate = RateLimit(requests=1, period=0.2)
    for _ in range(3):
        listen(pool_of("alpha", rate_limit=rate), ("alpha", 1))
    first, *_, last = (request.at for request in server.requests)
    # They leave 0.4 s apart; half of that leaves room for a first one held up on its way.
    assert last - first >= 0.2

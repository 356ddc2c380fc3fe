"""One loop for all experts: read from anywhere, stopped from anywhere, new after a fork."""

import asyncio
import contextvars
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from multiprocessing.connection import wait
from typing import Any

import pytest
from pydantic import SecretStr

from avengers_graph.experts.owned_loop import Bridge, owned_loop, submit
from avengers_graph.experts.pool import ExpertPool
from tests.experts.rounds import listen
from tests.servers.openai_server import OpenAIServer

ambient = contextvars.ContextVar("ambient", default="nothing")


async def count(upto: int) -> AsyncIterator[int]:
    for number in range(upto):
        await asyncio.sleep(0)
        yield number


class Endless:
    """Yields once, then waits; knows when it was stopped."""

    def __init__(self) -> None:
        self.stopped = threading.Event()

    async def run(self) -> AsyncIterator[int]:
        try:
            yield 0
            await asyncio.sleep(60)
        finally:
            self.stopped.set()


async def failing() -> AsyncIterator[int]:
    yield 0
    raise KeyError("missing")


def test_a_thread_without_a_loop_reads() -> None:
    assert list(Bridge(count(4))) == [0, 1, 2, 3]


def test_the_owned_loop_reads_itself_without_a_thread_to_cross() -> None:
    """A synchronous caller's graph runs there, and the calls of its experts beside it."""
    endless = Endless()

    async def read() -> tuple[list[str], bool]:
        ambient.set("the caller's")
        seen = [word async for word in Bridge(context_of())]
        stream = aiter(Bridge(endless.run()))
        await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]
        return seen, endless.stopped.is_set()

    async def context_of() -> AsyncIterator[str]:
        yield ambient.get()

    assert submit(read()).result(timeout=20) == (["nothing"], True)


def test_a_running_loop_reads() -> None:
    async def read() -> list[int]:
        return [number async for number in Bridge(count(4))]

    assert asyncio.run(read()) == [0, 1, 2, 3]


def test_it_is_read_synchronously_inside_a_running_loop() -> None:
    """As in a notebook, where a loop runs and asyncio.run would refuse."""

    async def cell() -> list[int]:
        return list(Bridge(count(4)))

    assert asyncio.run(cell()) == [0, 1, 2, 3]


def test_two_readers_share_the_loop() -> None:
    async def where() -> AsyncIterator[object]:
        yield asyncio.get_running_loop()

    assert list(Bridge(where())) == list(Bridge(where())) == [owned_loop()]


def test_errors_reach_the_reader() -> None:
    read: list[int] = []
    with pytest.raises(KeyError, match="missing"):
        read.extend(Bridge(failing()))
    assert read == [0]

    async def read_async() -> None:
        async for _ in Bridge(failing()):
            pass

    with pytest.raises(KeyError, match="missing"):
        asyncio.run(read_async())


def test_leaving_early_stops_the_work() -> None:
    work = Endless()
    events = iter(Bridge(work.run()))
    assert next(events) == 0
    events.close()
    assert work.stopped.wait(20)


def test_leaving_early_by_an_error_stops_the_work() -> None:
    work = Endless()
    with pytest.raises(ZeroDivisionError):
        _ = [1 // number for number in Bridge(work.run())]
    assert work.stopped.wait(20)


def test_cancelling_an_asynchronous_reader_stops_the_work() -> None:
    work = Endless()

    async def give_up() -> None:
        begun = asyncio.Event()

        async def read() -> None:
            async for _ in Bridge(work.run()):
                begun.set()

        reading = asyncio.create_task(read())
        await begun.wait()
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading

    asyncio.run(give_up())
    assert work.stopped.wait(20)


def test_a_reader_whose_loop_is_gone_stops_the_work() -> None:
    work = Endless()

    async def walk_away() -> int:
        return await anext(aiter(Bridge(work.run())))

    assert asyncio.run(walk_away()) == 0
    assert work.stopped.wait(20)


def test_work_starts_in_an_empty_context() -> None:
    async def seen() -> str:
        return ambient.get()

    token = ambient.set("a caller's callbacks")
    try:
        assert submit(seen()).result(20) == "nothing"
    finally:
        ambient.reset(token)


def in_a_child(work: Callable[[], object]) -> object:
    """What ``work`` returns in a forked process."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:  # pragma: no cover - another process
        try:
            os.write(writing, json.dumps(work()).encode())
        finally:
            os._exit(0)
    os.close(writing)
    try:
        ready = wait([reading], 60)
        assert ready, "the child did not answer"
        return json.loads(os.read(reading, 65536))
    finally:
        os.close(reading)
        os.kill(child, 9)
        os.waitpid(child, 0)


@pytest.mark.integration
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_pool_works_on_both_sides_of_a_fork(
    server: OpenAIServer, pool_of: Callable[..., ExpertPool]
) -> None:
    server.serve("alpha", "42")
    pool = pool_of("alpha")
    assert listen(pool, ("alpha", 1)).texts == {0: "42"}
    there = in_a_child(lambda: list(listen(pool, ("alpha", 2)).texts.values()))
    assert there == ["42", "42"]
    assert listen(pool, ("alpha", 1)).texts == {0: "42"}
    assert len(server.requests) == 4


@pytest.mark.integration
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_lock_held_at_the_fork_does_not_hold_up_the_child(
    server: OpenAIServer, pool_of: Callable[..., ExpertPool]
) -> None:
    server.serve("alpha", "42")
    pool = pool_of("alpha")

    def work() -> list[str]:
        keyed = pool.with_key(SecretStr("sk-1"))
        return list(listen(keyed, ("alpha", 1)).texts.values())

    taken, done = threading.Event(), threading.Event()

    def hold() -> None:
        with pool._lock:
            taken.set()
            done.wait()

    holder = threading.Thread(target=hold)
    holder.start()
    taken.wait()
    try:
        assert in_a_child(work) == ["42"]
    finally:
        done.set()
        holder.join()


@pytest.mark.integration
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_child_leaves_the_connections_of_its_parent_open(
    server: OpenAIServer, pool_of: Callable[..., ExpertPool]
) -> None:
    server.serve("alpha", "42")
    pool = pool_of("alpha")
    listen(pool, ("alpha", 1))
    caller: Any = pool._callers["alpha"]

    def close() -> list[bool]:
        pool.close()
        return [caller._http.is_closed]

    assert in_a_child(close) == [False]
    assert listen(pool, ("alpha", 1)).texts == {0: "42"}


def test_a_synchronous_reader_on_the_loop_itself_is_told_that_it_would_wait_for_ever() -> None:
    async def read() -> list[int]:
        return list(Bridge(count(4)))

    with pytest.raises(RuntimeError, match="would wait for itself"):
        submit(read()).result(20)


WITHOUT_FORKS = """
import importlib, os, pkgutil, sys
import avengers_graph

def walk():
    found = pkgutil.walk_packages(avengers_graph.__path__, "avengers_graph.")
    names = [module.name for module in found if not module.name.endswith("__main__")]
    for name in ["avengers_graph", *names]:
        try:
            importlib.import_module(name)
        except ImportError as error:
            assert not str(error.name).startswith("avengers_graph"), error  # an extra left out

walk()  # what the others' libraries do without forks is theirs to know
for name in [name for name in sys.modules if name.split(".")[0] == "avengers_graph"]:
    del sys.modules[name]
del os.register_at_fork, os.fork
import avengers_graph
walk()
"""


def test_a_system_that_does_not_fork_will_do() -> None:
    """Windows has no ``os.register_at_fork``."""
    subprocess.run([sys.executable, "-c", WITHOUT_FORKS], check=True, timeout=240)

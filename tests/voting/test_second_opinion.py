"""Integrals, sums and limits, judged by math-verify in its own process."""

import os
import signal
import threading
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from avengers_graph.voting import is_correct
from avengers_graph.voting.mathematics import second_opinion
from avengers_graph.voting.mathematics.second_opinion import askable, verified

pytest.importorskip("math_verify")


def test_unread_operators_are_verified_off_the_main_thread() -> None:
    found: list[bool] = []

    def ask() -> None:
        found.append(is_correct("\\boxed{\\int_0^1 2x dx}", "1", kind="math"))
        found.append(is_correct("\\boxed{\\sum_{k=1}^{9} k}", "45", kind="math"))
        found.append(is_correct("\\boxed{\\int_0^1 2x dx}", "7", kind="math"))

    thread = threading.Thread(target=ask)
    thread.start()
    thread.join(60)
    assert found == [True, True, False]


def test_a_process_with_many_open_files_is_served_too() -> None:
    """select.select refuses descriptors from 1024 on."""
    second_opinion._WORKER.close()
    with ExitStack() as files:
        for _ in range(1100):
            files.enter_context(Path(os.devnull).open())
        assert verified("\\int_0^2 x dx", "2")


def test_what_could_run_away_is_not_asked() -> None:
    assert askable("\\sum_{k=1}^{9} k")
    for text in (
        "\\int_0^{9^{9^9}} x dx",
        "\\sum_{k=1}^{1000000} k",
        "\\prod_{k=1}^{9} \\sum_{j=1}^{k} j",
        "\\int x" * 40,
        "\\int_{0 x",
        "\\int \\evil x",
    ):
        assert not askable(text)
        start = time.perf_counter()
        assert not verified(text, "1")
        assert time.perf_counter() - start < 0.1


def test_a_fork_has_a_worker_of_its_own() -> None:
    """Forked while a thread asks, the child waited for a lock that nobody in it would release."""
    assert verified("\\int_0^4 x dx", "8")
    with second_opinion._WORKER._lock:
        child = os.fork()
        if child == 0:
            signal.alarm(40)
            try:
                os._exit(0 if verified("\\int_0^6 x dx", "18") else 1)
            finally:
                os._exit(2)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert verified("\\int_0^8 x dx", "32")

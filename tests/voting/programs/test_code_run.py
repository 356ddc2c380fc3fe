"""Running candidates on request: what a program may cost, and what is left of it."""

import os
import resource
import subprocess
import time
from multiprocessing.connection import wait

from avengers_graph.voting.programs import code_run
from avengers_graph.voting.programs.code_run import behaviour, examples_in


def test_a_program_returns_what_it_returns() -> None:
    assert behaviour("def f(x):\n    return x + 1", ("f(1)", "f('a')")) == ("2", "raised TypeError")
    assert behaviour("import", ("f(1)",)) is None


def test_what_a_program_writes_is_read_within_bounds() -> None:
    flood = "import os\nwhile True:\n    os.write(1, b'x' * 65536)\n"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    assert behaviour(flood, ("f()",)) is None
    assert time.perf_counter() - start < code_run.SECONDS
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000  # KiB


def test_a_long_request_and_a_program_that_never_reads_it() -> None:
    long = "def f(x):\n    return x\n" + "#" * 300_000
    assert behaviour(long, ("f(1)",)) == ("1",)


def test_what_a_program_started_ends_with_it() -> None:
    """The leader of the group is gone by then; its child keeps the pipe open."""
    process = subprocess.Popen(
        ["sh", "-c", "sleep 60 & exit 0"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    output = os.dup(process.stdout.fileno())
    try:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        code_run._stop(process)
        ended = wait([output], 5)
        assert ended
        assert os.read(output, 1) == b""
    finally:
        os.close(output)


def test_examples_are_bounded() -> None:
    question = "\n".join(f">>> f({i})" for i in range(100))
    assert examples_in(question) == tuple(f"f({i})" for i in range(code_run.MAX_EXAMPLES))

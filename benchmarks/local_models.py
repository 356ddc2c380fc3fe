"""Start-up time, memory and speed of the local models on this machine.

    python benchmarks/local_models.py [--models large] [--repeats 3]

One model at a time, one thread each. Speed is generated tokens per second of wall time:
one request alone, and 8 answers to one prompt decoded together (``n=8``).
"""

import argparse
import os
import statistics
import time
from pathlib import Path

import openai

from avengers_graph.local import LocalServers, model_set, resolve_model
from avengers_graph.settings.expert import Expert

PROMPT = "Explain in a few sentences why the sky is blue."
TOKENS = 64
SLOTS = 8


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", default="default", help="default or large")
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print("model                   resolve s  start s  RSS MB   tokens/s x1   x8")
    for name in model_set(given.models):
        started = time.perf_counter()
        resolve_model(name)
        resolved = time.perf_counter()
        with LocalServers([name], parallel=SLOTS) as servers:
            ready = time.perf_counter()
            alone = [speed(servers.experts[0], 1) for _ in range(given.repeats)]
            together = [speed(servers.experts[0], SLOTS) for _ in range(given.repeats)]
            (pid,) = servers.processes.values()
            print(
                f"{name:22} {resolved - started:10.2f} {ready - resolved:8.2f} {resident(pid):7.0f}"
                f" {statistics.median(alone):13.1f} {statistics.median(together):4.1f}",
                flush=True,
            )


def speed(expert: Expert, n: int) -> float:
    """Tokens per second over ``n`` answers of exactly TOKENS tokens each."""
    key = os.environ[str(expert.api_key_env)]
    with openai.OpenAI(
        base_url=expert.base_url, api_key=key, max_retries=0, timeout=expert.timeout
    ) as client:
        started = time.perf_counter()
        answer = client.chat.completions.create(
            model=expert.model_name,
            messages=[{"role": "user", "content": PROMPT}],
            max_tokens=TOKENS,
            n=n,
            extra_body={"ignore_eos": True},
        )
        took = time.perf_counter() - started
    return len(answer.choices) * TOKENS / took


def resident(pid: int) -> float:
    """Memory of a process in MB (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    (line,) = (line for line in status.splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) / 1000


if __name__ == "__main__":
    main()

"""Importing the package is light, and its names are those it promises."""

import logging
import subprocess
import sys

import avengers_graph

HEAVY = (
    "torch",
    "transformers",
    "chromadb",
    "sklearn",
    "langchain",
    "langgraph",
    "sentence_transformers",
    "langchain_openai",
    "sympy",
    "xllamacpp",
)


def loaded_by(statement: str) -> set[str]:
    """The heavy packages that a new interpreter holds after ``statement``."""
    program = f"import sys; {statement}; print(*[m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True
    )
    return set(done.stdout.split())


def test_importing_the_package_loads_nothing_heavy() -> None:
    assert loaded_by("import avengers_graph") == set()


def test_importing_the_local_models_loads_nothing_heavy() -> None:
    assert loaded_by("import avengers_graph.local") == set()


def test_the_logger_is_silent_unless_asked() -> None:
    handlers = logging.getLogger("avengers_graph").handlers
    assert [type(handler) for handler in handlers] == [logging.NullHandler]


def test_the_public_names_are_pinned_and_sorted() -> None:
    assert avengers_graph.__all__ == [
        "AvengersMiddleware",
        "ChatAvengers",
        "ClusterIndex",
        "Context",
        "Expert",
        "ExpertPool",
        "ExpertRouter",
        "RoutingDecision",
        "create_avengers_graph",
        "print_vote",
        "routing_decision",
    ]
    assert avengers_graph.__all__ == sorted(avengers_graph.__all__)
    assert set(avengers_graph.__all__) <= set(dir(avengers_graph))

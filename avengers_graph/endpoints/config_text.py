"""The text of an ``avengers.yaml`` with comments, made of drafted experts."""

from collections.abc import Iterator, Sequence
from typing import get_args

import yaml

from avengers_graph.endpoints.drafts import Draft, one_line
from avengers_graph.settings.expert import Capability, Expert

_HEAD = """\
# The experts of avengers-graph, as `avengers-graph init` found them. Change what you like, then
#   avengers-graph doctor --probe            says what is wrong, and what the models can do
#   avengers-graph ask "What is 17 * 23?"    asks them and votes
# No key belongs in this file: api_key_env names the environment variable that holds it.
"""
_ROUTING = """
# Without an index the experts rank alike. Routing by topic begins with records of your own:
#   avengers-graph collect questions.jsonl -o records.jsonl
#   avengers-graph fit records.jsonl --index index/
# and with these two lines:
# embedding: {model: sentence-transformers/all-MiniLM-L6-v2}
# index: {path: index/}
"""
_DEFAULTS = """
# Settings of every request; a call may say otherwise.
defaults: {strategy: self-consistency, samples: 8}
"""


def config_text(drafts: Sequence[Draft], notes: Sequence[str]) -> str:
    """The file: what was found in comments, and one block for each expert."""
    parts = [_HEAD, _ROUTING]
    if notes:
        parts.append("\n# Looked at without success, or left out:\n")
        parts += [f"# - {one_line(note)}\n" for note in notes]
    parts.append("\nexperts:\n")
    parts += [line for draft in drafts for line in _block(draft)]
    return "".join([*parts, _DEFAULTS])


def _block(draft: Draft) -> Iterator[str]:
    for remark in draft.remarks:
        yield f"  # {one_line(remark)}\n"
    written = yaml.safe_dump(
        [_fields(draft.expert)],
        sort_keys=False,
        default_flow_style=None,
        allow_unicode=True,
        width=float("inf"),
    )
    yield from (f"  {line}\n" for line in written.splitlines())


def _fields(expert: Expert) -> dict[str, object]:
    """What stands in the file: what is not the default, and always what the expert supports."""
    given = expert.model_dump(mode="json", exclude_defaults=True)
    in_order = [name for name in get_args(Capability) if name in expert.supports]
    return {**given, "supports": in_order}

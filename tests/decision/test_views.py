"""A decision on a terminal and in a notebook, whatever experts and models are called or say."""

import io
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from avengers_graph import RoutingDecision

EXPERT = {"name": "alpha", "score": 0.9, "interval": [0.8, 1.0], "count": 24.0, "cost": None}
CLUSTER = {"id": 0, "label": "plus", "distance": 0.5, "weight": 1.0, "size": 1}


def decision(**changes: Any) -> RoutingDecision:
    given: dict[str, Any] = {
        "strategy": "self-consistency",
        "clusters": [CLUSTER],
        "experts": [{**EXPERT, "why": "24 answers near"}],
        "expert": "alpha",
        "answer": "13",
        "kind": "number",
        "tally": [{"answer": "13", "votes": 3, "weight": 3.0, "samples": [0, 1, 2]}],
        "agreement": 0.75,
        "confidence": 0.9,
        "calls": 4,
        "calls_saved": 4,
        "cost": 0.0123,
        "usage_estimated": False,
    }
    return RoutingDecision.of({**given, **changes})


def on_terminal(shown: RoutingDecision) -> str:
    out = io.StringIO()
    Console(file=out, width=300).print(shown)
    return out.getvalue()


@pytest.mark.parametrize("view", [on_terminal, RoutingDecision._repr_html_])
class TestBothViews:
    def test_figures(self, view: Any) -> None:
        shown = view(decision())
        for told in ("#0 (plus)", "1 question", "1. alpha", "0.75", "0.90", "4 saved", "0.012 USD"):
            assert told in shown

    def test_estimated_cost_is_said_to_be_one(self, view: Any) -> None:
        assert "about 0.012 USD" in view(decision(usage_estimated=True))

    def test_no_price(self, view: Any) -> None:
        assert "no price known" in view(decision(cost=0.0))

    def test_no_index(self, view: Any) -> None:
        assert "none: there is no index yet" in view(decision(clusters=[]))

    def test_no_answer(self, view: Any) -> None:
        shown = view(decision(answer=None, tally=[], agreement=0.0, confidence=0.0))
        assert "every sample abstained" in shown
        assert "no sample gave an answer" in shown


class Cells(HTMLParser):
    """Texts and tags of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.said = ""
        self.tags: set[str] = set()
        self.feed(page)

    def handle_data(self, data: str) -> None:
        self.said += data

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.add(tag)


@given(text=st.text(min_size=1, max_size=60))
@settings(max_examples=60, deadline=None)
def test_no_text_becomes_markup_or_a_command(text: str) -> None:
    hostile = decision(
        answer=text,
        expert=text,
        experts=[{**EXPERT, "name": text, "why": text}],
        clusters=[{**CLUSTER, "label": text}],
        tally=[{"answer": text, "votes": 1, "weight": 1.0, "samples": [0]}],
    )
    assert "\x1b" not in on_terminal(hostile)
    plain = Cells(decision()._repr_html_())
    assert Cells(hostile._repr_html_()).tags <= plain.tags


def test_html_keeps_what_it_escapes() -> None:
    shown = decision(answer="<script>alert(1)</script> & 2")._repr_html_()
    assert "<script>" not in shown
    assert "<script>alert(1)</script> & 2" in Cells(shown).said


def test_bars_are_as_long_as_their_weights() -> None:
    rows = [("13", 2.0), ("14", 1.0)]
    tally = [{"answer": a, "votes": 1, "weight": w, "samples": [0]} for a, w in rows]
    lines = on_terminal(decision(tally=tally)).splitlines()
    bars = [line.count("█") for line in lines if "█" in line]
    assert bars[0] == 2 * bars[1]

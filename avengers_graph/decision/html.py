"""A decision as a piece of HTML that takes the colours of the page around it."""

from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING

from avengers_graph.wording import counted, one_line

if TYPE_CHECKING:
    from avengers_graph.decision.routing_decision import RoutingDecision

_FAINT = "opacity:.7"
# The text's own colour behind it: readable on a light page and on a dark one.
_BAR = "display:inline-block;height:.8em;background:currentColor;opacity:{opacity};width:{width}em"
_WIDEST = 12


def html_of(decision: "RoutingDecision") -> str:
    """A table of cluster, experts, tally and answer. All text is escaped."""
    rows = "".join(
        f'<tr><th style="text-align:left;vertical-align:top;font-weight:normal;{_FAINT}">'
        f'{head}</th><td style="text-align:left">{cell}</td></tr>'
        for head, cell in _rows(decision)
    )
    return f'<table class="avengers-vote" style="color:inherit;background:none">{rows}</table>'


def _rows(decision: "RoutingDecision") -> Iterator[tuple[str, str]]:
    clusters = [
        f"#{hit['id']} ({_text(hit['label'])}) "
        + _faint(f"distance {hit['distance']:.2f}, {counted(hit['size'], 'question')}")
        for hit in decision.clusters
    ]
    yield "cluster", "<br>".join(clusters) or _faint("none: there is no index yet")
    experts = [
        f"{rank}. {_text(expert['name'])} {expert['score']:.2f} " + _faint(expert["why"])
        for rank, expert in enumerate(decision.experts, start=1)
    ]
    yield "experts", "<br>".join(experts)
    yield "tally", "<br>".join(_tally(decision)) or "no sample gave an answer"
    if decision.answer is None:
        yield "answer", "none: every sample abstained"
    else:
        answer = f"<strong>{_text(decision.answer, 200)}</strong>"
        yield "answer", f"{answer} {_faint(decision.figures)}"
    yield "spent", _faint(decision.spent)


def _tally(decision: "RoutingDecision") -> Iterator[str]:
    heaviest = max((row["weight"] for row in decision.tally), default=1.0)
    for at, row in enumerate(decision.tally):
        width = _WIDEST * row["weight"] / heaviest
        bar = _BAR.format(opacity=".25" if at else ".6", width=f"{width:.1f}")
        yield f'<span style="{bar}"></span> {_text(row["answer"], 40)} ×{row["votes"]}'


def _text(text: str, limit: int = 90) -> str:
    return escape(one_line(text, limit))


def _faint(text: str) -> str:
    return f'<span style="{_FAINT}">{_text(text, 200)}</span>'

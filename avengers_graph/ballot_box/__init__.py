"""From samples to ballots: what of a request's samples counts, as what, and for how much."""

from avengers_graph.ballot_box.box import (
    BallotBox,
    Parse,
    earlier_ballots,
    landed_ballots,
    parse_of,
)

__all__ = ["BallotBox", "Parse", "earlier_ballots", "landed_ballots", "parse_of"]

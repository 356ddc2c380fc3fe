"""What an answer says of how it came about, for a person to look at."""

from avengers_graph.decision.routing_decision import RoutingDecision, print_vote, routing_decision

__all__ = ["RoutingDecision", "print_vote", "routing_decision"]

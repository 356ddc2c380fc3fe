"""How sure a vote is: a calibrated probability that its answer is right.

A logistic model of two figures: the smoothed share of the winner, (votes + 1/2) / (ballots + 1),
and, where the caller knows it, the mean accuracy of the asked experts on such queries. Its
constants were fitted on votes over recorded outputs of open models (KOR-Bench, ARC-Challenge,
WinoGrande); ``benchmarks/voting_confidence.py`` fits them again and reports the expected
calibration error on the half that was not fitted on.
"""

import math

_INTERCEPT, _SHARE = -0.13, 1.51
"""Without a known accuracy."""
_PRIOR_INTERCEPT, _PRIOR_SHARE, _PRIOR_ACCURACY = -0.13, 1.14, 0.57
"""With one."""
_EXTREME = 0.02
"""Accuracies are taken to be at least this far from 0 and 1."""


def confidence_of(*, agreement: float, ballots: int, prior: float | None = None) -> float:
    """Estimated probability that the winning answer is right, in (0, 1).

    Args:
        agreement: weight of the winner over the weight of all ballots, in [0, 1].
        ballots: number of ballots, abstentions included, at least 1.
        prior: mean accuracy of the asked experts on queries like this, in [0, 1]; None when
            unknown.
    """
    share = _logit((agreement * ballots + 0.5) / (ballots + 1))
    if prior is None:
        return _logistic(_INTERCEPT + _SHARE * share)
    accuracy = min(1 - _EXTREME, max(_EXTREME, prior))
    return _logistic(_PRIOR_INTERCEPT + _PRIOR_SHARE * share + _PRIOR_ACCURACY * _logit(accuracy))


def _logit(probability: float) -> float:
    return math.log(probability / (1 - probability))


def _logistic(value: float) -> float:
    return 1 / (1 + math.exp(-value))

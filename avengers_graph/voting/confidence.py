"""How sure a vote is, from its own counts."""


def confidence_of(*, agreement: float, margin: float, ballots: int) -> float:
    """Probability that the winner would win a vote of very many samples, in [0, 1].

    The mean of a Beta posterior over "a further sample agrees with the winner rather than
    with the runner-up", with a uniform prior (Aggarwal et al. 2023 stop on the same
    posterior): few ballots stay near 1/2 however much they agree.
    """
    leader = agreement * ballots
    runner_up = (agreement - margin) * ballots
    return (leader + 1) / (leader + runner_up + 2)

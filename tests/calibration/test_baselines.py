"""Vectors from words alone: the same words are near, other words are not."""

import numpy as np

from avengers_graph.calibration.baselines import LEXICAL_DIM, lexical_vectors

SUMS = [f"add the numbers {a} and {a + 1}" for a in range(20)]
TOWNS = [f"name a river in town number {a}" for a in range(20)]


def test_texts_that_share_words_are_near() -> None:
    train, test = lexical_vectors(SUMS + TOWNS, ["add the numbers 7 and 90", "a river in a town"])
    assert train.shape[0] == 40
    assert train.shape[1] == test.shape[1] <= LEXICAL_DIM
    np.testing.assert_allclose(np.linalg.norm(train, axis=1), 1, atol=1e-5)
    near = test @ train.T
    assert near[0, :20].mean() > near[0, 20:].mean() + 0.2
    assert near[1, 20:].mean() > near[1, :20].mean() + 0.2


def test_programs_and_chinese_have_words_too() -> None:
    train, test = lexical_vectors(
        ["x = [1, 2]", "行政行为", "x = {3}"], ["x = 5", "行为", "zzz qqq"]
    )
    near = test @ train.T
    assert near[0].argmax() in (0, 2)
    assert near[1].argmax() == 1
    np.testing.assert_array_equal(test[2], 0)


def test_the_same_seed_gives_the_same_vectors() -> None:
    first, again = (lexical_vectors(SUMS, TOWNS)[0] for _ in range(2))
    np.testing.assert_array_equal(first, again)

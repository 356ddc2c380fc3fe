"""Mathematics as tokens."""

import pytest

from avengers_graph.voting.mathematics.tokens import (
    MAX_LENGTH,
    MathSyntaxError,
    is_product,
    tokenize,
)


def shown(source: str) -> list[str]:
    return [f"{token.type}:{token.text}" for token in tokenize(source)]


@pytest.mark.parametrize(
    ("source", "tokens"),
    [
        ("2x", ["number:2", "symbol:x"]),
        ("xy", ["symbol:x", "symbol:y"]),
        ("AB", ["symbol:AB"]),
        ("sinx", ["command:sin", "symbol:x"]),
        ("even", ["text:even"]),
        ("cat", ["text:cat"]),
        ("\\text{ 3 cats }", ["text:3 cats"]),
        ("5 cm", ["number:5", "text:cm"]),
        ("5\\mathrm{m}", ["number:5", "symbol:m"]),
        ("5\\mathrm{cm}", ["number:5", "text:cm"]),
        ("60^\\circ", ["number:60", "text:°"]),
        ("101_2", ["number:101", "text:_2"]),
        ("1,234", ["number:1234"]),
        ("(1,234)", ["operator:(", "number:1", "operator:,", "number:234", "operator:)"]),
        ("3,\\!210,\\!045", ["number:3210045"]),
        ("2{,}74", ["number:2.74"]),
        ("1 \\\\ 2", ["number:1", "operator:\\row", "number:2"]),
        ("1\\, 2", ["number:1", "number:2"]),
        ("1, \\text{ and } 2", ["number:1", "operator:,", "operator:,", "number:2"]),
        ("3 \\text{ if } x", ["number:3"]),
        ("6\\text{ cm, }8", ["number:6", "text:cm", "operator:,", "number:8"]),
        ("6\\text{ apples and }8", ["number:6", "text:apples", "operator:,", "number:8"]),
        ("6\\text{ or }8", ["number:6", "operator:\\or", "number:8"]),
        ("6, \\text{ or } 8", ["number:6", "operator:,", "operator:\\or", "number:8"]),
        ("1,\\ x", ["number:1", "operator:,", "symbol:x"]),
        ("\\langle 1", ["operator:(", "number:1"]),
        ("x²", ["symbol:x", "operator:^", "operator:{", "number:2", "operator:}"]),
        ("≤", ["operator:<="]),
        ("\\dfrac12", ["command:frac", "number:12"]),
        ("\\{x : x", ["operator:\\{", "symbol:x", "command:mid", "symbol:x"]),
    ],
)
def test_tokens(source: str, tokens: list[str]) -> None:
    assert shown(source) == tokens


@pytest.mark.parametrize("source", ["x" * (MAX_LENGTH + 1), "p ∧ q", "(~p)", "1+" * 201])
def test_what_is_no_mathematics(source: str) -> None:
    with pytest.raises(MathSyntaxError):
        tokenize(source)


@pytest.mark.parametrize(
    ("word", "product"),
    [
        ("xy", True),
        ("abc", True),
        ("mgh", True),
        ("is", False),
        ("cat", False),
        ("act", False),
        ("cm", False),
        ("abcde", False),
    ],
)
def test_letters_side_by_side(word: str, product: bool) -> None:
    assert is_product(word) is product

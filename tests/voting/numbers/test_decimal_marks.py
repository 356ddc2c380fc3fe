"""Decimal commas and points."""

import pytest

from avengers_graph.voting.numbers.decimal_marks import point_decimals, writes_comma

GERMAN = "Wie viel kostet das Brot?"
ENGLISH = "How much is the bread?"


@pytest.mark.parametrize("question", ["", GERMAN, ENGLISH])
@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1.234,56", "1234.56"),
        ("1.234.567", "1234567"),
        ("1 234,5", "1234.5"),
        ("2,74 Euro", "2.74 Euro"),
        ("12.500 €", "12500 €"),
        ("1,234.56", "1,234.56"),
        ("1,2,3", "1,2,3"),
        ("(1,2)", "(1,2)"),
        ("10.12.2020", "10.12.2020"),
        ("3.14", "3.14"),
    ],
)
def test_spellings_that_say_what_they_are(text: str, read: str, question: str) -> None:
    assert point_decimals(text, question) == read


@pytest.mark.parametrize(
    ("text", "german", "english"),
    [
        ("2,74", "2.74", "2,74"),
        ("12.500", "12500", "12.500"),
        ("12,500", "12.500", "12,500"),
        ("10,000", "10000", "10,000"),
        ("12.500,5", "12500.5", "12500.5"),
    ],
)
def test_spellings_that_a_language_reads(text: str, german: str, english: str) -> None:
    assert point_decimals(text, GERMAN) == german
    assert point_decimals(text, ENGLISH) == english
    assert point_decimals(text) == english


def test_the_text_decides_where_the_question_does_not() -> None:
    assert point_decimals("Die Antwort ist 12.500.") == "Die Antwort ist 12500."
    assert point_decimals("Die Antwort ist 12.500.", ENGLISH) == "Die Antwort ist 12.500."


@pytest.mark.parametrize(
    ("text", "comma"),
    [
        (GERMAN, True),
        (ENGLISH, False),
        ("Combien coûte le pain ?", True),
        ("¿Cuánto cuesta el pan?", True),
        ("Quanto costa il pane?", True),
        ("Сколько стоит хлеб?", True),
        ("Ile kosztuje chleb?", True),
        ("パンはいくらですか", False),
        ("面包多少钱", False),
        ("12 + 3", None),
    ],
)
def test_languages(text: str, comma: bool | None) -> None:
    assert writes_comma(text) is comma

"""Dates, read and told apart."""

import pytest

from avengers_graph.voting import extract_answer


@pytest.mark.parametrize(
    ("text", "date"),
    [
        ("1 de mayo de 2021", "2021-05-01"),
        ("1. Mai 2021", "2021-05-01"),
        ("1er mai 2021", "2021-05-01"),
        ("1º de maio de 2021", "2021-05-01"),
        ("1 мая 2021 г.", "2021-05-01"),
        ("2021年5月1日", "2021-05-01"),
        ("2021년 5월 1일", "2021-05-01"),
        ("01.05.2021", "2021-05-01"),
        ("05/01/21", "2021-05-01"),
        ("5 Aug. 2020", "2020-08-05"),
        ("44 BC", "-0044"),
        ("15 marzo 44 a.C.", "-0044-03-15"),
        ("AD 79", "0079"),
        ("1914-1918", "1914/1918"),
        ("1914–18", "1914/1918"),
        ("May 1-3, 2021", "2021-05-01/2021-05-03"),
        ("before 1990", "before 1990"),
        ("It happened in 2024 with 1500 people", "2024"),
        ("05/01/2021 because today is 04/30/2021", "2021-05-01"),
        ("The answer is 05/01/2021 because today is 04/30/2021", "2021-05-01"),
        ("Today is 04/30/2021, so tomorrow is 05/01/2021", "2021-05-01"),
        ("Not 2020-01-02 but 2020-01-03", "2020-01-03"),
        ("Feb 30, 2020", None),
        ("1990s", None),
    ],
)
def test_what_a_text_dates(text: str, date: str | None) -> None:
    found = extract_answer(text, kind="date")
    assert (found.text if found else None) == date


def test_a_box_without_a_date_is_the_answer() -> None:
    found = extract_answer("On 02/01/1987. \\boxed{\\text{Cannot be determined}}", kind="date")
    assert found is not None
    assert found.text == "cannot be determined"

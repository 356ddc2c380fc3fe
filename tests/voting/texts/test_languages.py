"""The table of languages: whole rows, and every phrase of them is read."""

import pytest

from avengers_graph.voting import extract_answer
from avengers_graph.voting.texts.languages import LANGUAGES, Language

ROWS = pytest.mark.parametrize("row", LANGUAGES.values(), ids=LANGUAGES)


@ROWS
def test_entries_are_lower_case_and_months_are_twelve(row: Language) -> None:
    words = (*row.answer_nouns, *row.copulas, *row.yes, *row.no, *row.months)
    assert all(word == word.lower() for word in words)
    assert len(row.months) in (0, 12)
    assert not set(row.yes) & set(row.no)


@ROWS
def test_every_noun_and_copula_states_an_answer(row: Language) -> None:
    blank = "" if row.answer_nouns[0] >= "\u3000" else " "
    for noun in row.answer_nouns:
        for copula in row.copulas:
            text = f"7 or 8? {noun}{blank}{copula} 42, I think, not 5"
            found = extract_answer(text, kind="number")
            assert found is not None
            assert found.text == "42", text


@ROWS
def test_yes_and_no_stand_alone(row: Language) -> None:
    for said, words in (("yes", row.yes), ("no", row.no)):
        for word in words:
            found = extract_answer(f"{word}.", kind="yes_no")
            assert found is not None
            assert found.text == said, word


@ROWS
def test_every_month_is_read(row: Language) -> None:
    for number, names in enumerate(row.months, start=1):
        for name in names.split("|"):
            found = extract_answer(f"3 {name} 1999", kind="date")
            assert found is not None
            assert found.text == f"1999-{number:02d}-03", name

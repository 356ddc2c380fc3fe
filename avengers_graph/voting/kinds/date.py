"""Dates: a day, a month or a year, however written.

Rules. An ambiguous ``03/04/2020`` is day first only where the question shows a
day-first format (``DD/MM``) or the first number is over 12; else month first. A date that
lacks its year, or its day, equals only one that lacks it too.
"""

import re
from collections.abc import Hashable

from avengers_graph.voting import spans
from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.numerals import western
from avengers_graph.voting.question import Question

_MONTHS = {
    name: number
    for number, names in enumerate(
        (
            ("january", "jan"), ("february", "feb"), ("march", "mar"), ("april", "apr"),
            ("may",), ("june", "jun"), ("july", "jul"), ("august", "aug"),
            ("september", "sept", "sep"), ("october", "oct"), ("november", "nov"),
            ("december", "dec"),
        ),
        start=1,
    )
    for name in names
}  # fmt: skip
_MONTH = "(?P<month>" + "|".join(sorted(_MONTHS, key=len, reverse=True)) + r")\b\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>\d{3,4})(?:\s?(?P<era>BCE?|B\.C\.|CE|AD))?"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"(?<!\d)(?P<year>\d{4})[-/.](?P<month_number>\d{1,2})[-/.](?P<day>\d{1,2})(?!\d)",
        r"(?<!\d)(?P<first>\d{1,2})[-/.](?P<second>\d{1,2})[-/.](?P<year>\d{4})(?!\d)",
        rf"\b{_DAY}\s+(?:of\s+)?{_MONTH},?(?:\s+(?:of\s+)?{_YEAR})?",
        rf"\b{_MONTH}\s+{_DAY}\b(?:,?\s+{_YEAR})?",
        rf"\b{_MONTH},?\s+(?:of\s+)?{_YEAR}",
        rf"\b{_YEAR}\b",
    )
)
_WINDOW = 3_000
"""Characters searched at each end of a text."""
_DAY_FIRST = re.compile(r"\bDD\s?[-/.]\s?MM\b|\bday\s?[-/.]\s?month\b", re.IGNORECASE)


def extract(text: str, question: Question, truncated: bool) -> Answer | None:
    """The date in the box or answer phrase, else the most complete one named last."""
    for span in spans.stated(text):
        found = dates(span, question)
        if found:
            return _answer(found[0])
    if truncated:
        return None
    found = dates(text, question)
    if not found:
        return None
    most = max(sum(part is not None for part in date) for date in found)
    complete = [date for date in found if sum(part is not None for part in date) == most]
    return _answer(complete[-1])


def dates(text: str, question: Question) -> list[tuple[int | None, int | None, int | None]]:
    """Every (year, month, day) in the text, in order; years before Christ are negative."""
    text = western(text if len(text) <= 2 * _WINDOW else text[:_WINDOW] + "\n" + text[-_WINDOW:])
    found: list[tuple[int, tuple[int | None, int | None, int | None]]] = []
    taken: list[tuple[int, int]] = []
    for form in _FORMS:
        for match in form.finditer(text):
            overlaps = any(match.start() < end and start < match.end() for start, end in taken)
            date = None if overlaps else _read(match, question)
            if date is not None:
                taken.append(match.span())
                found.append((match.start(), date))
            if len(found) >= 50:
                break
    return [date for _, date in sorted(found, key=lambda pair: pair[0])]


def _read(
    match: re.Match[str], question: Question
) -> tuple[int | None, int | None, int | None] | None:
    parts = match.groupdict()
    day: int | None
    month: int | None
    year = int(parts["year"]) if parts.get("year") else None
    if year is not None and (parts.get("era") or "").upper().startswith("B"):
        year = -year
    if parts.get("first"):
        first, second = int(parts["first"]), int(parts["second"])
        day_first = first > 12 or (second <= 12 and bool(_DAY_FIRST.search(question.text)))
        day, month = (first, second) if day_first else (second, first)
    else:
        name = parts.get("month")
        number = parts.get("month_number")
        month = _MONTHS[name.lower()] if name else int(number) if number else None
        day = int(parts["day"]) if parts.get("day") else None
    if (month is not None and not 1 <= month <= 12) or (day is not None and not 1 <= day <= 31):
        return None
    return year, month, day


def _answer(date: tuple[int | None, int | None, int | None]) -> Answer:
    return Answer(date_text(date), "date", date)


def date_text(date: tuple[int | None, int | None, int | None]) -> str:
    """ISO 8601, shortened where parts are missing: ``1989-11-09``, ``1989-11``, ``--11-09``."""
    year, month, day = date
    if year is None:
        return f"--{month:02d}-{day:02d}"
    written = f"-{-year:04d}" if year < 0 else f"{year:04d}"
    return written + (f"-{month:02d}" if month else "") + (f"-{day:02d}" if month and day else "")


def key(answer: Answer) -> Hashable:
    """(year, month, day)."""
    return answer.value if answer.value is not None else answer.text


DATE = Kind(extract=extract, key=key)

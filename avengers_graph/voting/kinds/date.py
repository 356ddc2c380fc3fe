"""Dates: a day, a month, a year or a span of them, however written.

Rules. An ambiguous ``03/04/2020`` is day first where the question shows a day-first format
(``DD/MM``), where points separate it or the first number is over 12; else month first. Years of
two digits are those from 1969 to 2068. A date that lacks its year, or its day, equals only one
that lacks it too; 1914-1918 is not 1918, and "before 1990" not 1990. What a box holds is the
answer: where that is no date, it equals its like.
"""

import re
from calendar import monthrange
from collections.abc import Hashable, Iterator
from dataclasses import dataclass

from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.mathematics.latex import DRESSED
from avengers_graph.voting.numbers.numerals import western
from avengers_graph.voting.texts import spans
from avengers_graph.voting.texts.languages import LANGUAGES, joined
from avengers_graph.voting.texts.no_value import no_value
from avengers_graph.voting.texts.normal import normal_text
from avengers_graph.voting.texts.question import Question

Date = tuple[int | None, int | None, int | None]
"""Year (negative before Christ), month, day; None where it is not said."""

_MONTHS = {
    name: number
    for row in LANGUAGES.values()
    for number, names in enumerate(row.months, start=1)
    for name in names.split("|")
}
_MONTH = rf"(?P<month>{joined(list(_MONTHS))})\b\.?"
_ERA = (
    r"(?P<era>BCE?\b|B\.\s?C\.(?:\s?E\.)?|CE\b|AD\b|A\.\s?D\.|C\.\s?E\.|v\.\s?Chr\.?|n\.\s?Chr\.?|"
    r"av\.\s?J\.-C\.?|ap\.\s?J\.-C\.?|a\.\s?C\.|d\.\s?C\.|до н\.?\s?э\.?)"
)
_BEFORE_CHRIST = ("b", "v", "av", "a.c", "a. c", "до")
_DAY = r"(?<!\d)(?:(?P<from>\d{1,2})\.?\s?[-–]\s?)?(?P<day>\d{1,2})(?:st|nd|rd|th|er|º|ª|o|\.)?"
_SHORT_YEAR = rf"\d{{1,2}}(?=\s?{_ERA.replace('era', 'ahead')})"
_YEAR = rf"(?:(?P<year>\d{{3,4}}|{_SHORT_YEAR})(?!\d|\s?:\d)(?:\s?{_ERA})?)"
_OF = r"(?:of\s+|de\s+|del\s+|di\s+)?"
_FORMS = tuple(
    re.compile(form, re.IGNORECASE)
    for form in (
        r"(?<!\d)(?P<year>\d{4})(?P<mark>[-/.])(?P<month_number>\d{1,2})(?P=mark)(?P<day>\d{1,2})(?!\d)",
        r"(?P<year>\d{4})\s?[年년]\s?(?:(?P<month_number>\d{1,2})\s?[月월]\s?(?:(?P<day>\d{1,2})\s?[日号號일])?)?",
        r"(?<!\d)(?P<month_number>\d{1,2})\s?[月월]\s?(?P<day>\d{1,2})\s?[日号號일]",
        r"(?<![\d/.-])(?P<first>\d{1,2})(?P<mark>[-/.])(?P<second>\d{1,2})(?P=mark)(?P<year>\d{4}|\d{2})"
        r"(?!\d|[/.-]\d)",
        rf"{_DAY}\s+{_OF}{_MONTH},?(?:\s+{_OF}{_YEAR})?",
        rf"\b{_MONTH}\s+(?P<day>\d{{1,2}})(?:st|nd|rd|th)?(?:\s?[-–]\s?(?P<until>\d{{1,2}}))?\b(?:,?\s+{_YEAR})?",
        rf"\b{_MONTH},?\s+{_OF}{_YEAR}",
        rf"(?<![\d.,])(?P<year>\d{{1,4}})\s?{_ERA}",
        r"\b(?P<era>AD|A\.D\.)\s?(?P<year>\d{1,4})(?!\d)",
        r"(?<![\d.,$€£¥/-])(?P<year>\d{4})(?:\s?[-–—]\s?|\s(?:to|until|through|bis|au|al|a)\s)"
        r"(?P<last_year>\d{4}|\d{2})(?![\d-])",
        r"(?P<cue>\b(?:in|year|since|circa|around|about|by|en|im|anno|jahr|année|año|anno|ano|jaar|году?)\s+)"
        r"(?P<year>\d{3,4})(?!\d|[.,]\d|\s?%|s\b)",
        r"(?<![\d.,$€£¥#/-])(?P<year>\d{4})(?![\d%/-]|[.,]\d|s\b)",
    )
)
_BARE_YEAR = len(_FORMS) - 1
_WINDOW = 3_000
"""Characters searched at each end of a text."""
MAX_DATES = 50
MAX_WORDS = 12
"""A longer answer is no answer in words."""
_DAY_FIRST = re.compile(r"\bDD\s?[-/.]\s?MM\b|\bday\s?[-/.]\s?month\b", re.IGNORECASE)
_BESIDE = re.compile(
    r"\b(?:because|given that|whereas|while|when|if|assuming|"
    r"(?:since|as|so) (?:today|yesterday|tomorrow|it|the|we)|(?:today|yesterday) (?:is|was))\b",
    re.IGNORECASE,
)
"""What begins a clause that only gives the reason."""
_BEFORE_DATE = re.compile(r"[\d(]")
_SENTENCE_START = re.compile(r"\n|[.!?;]\s+(?=[A-Z])")
_SIDE = re.compile(
    r"\b(?P<side>before|after|prior to|not|not on|earlier than|later than)\s+(?:the |on )?\Z"
    r"|\b(?P<part>early|mid|late|Q[1-4]|H[12]|spring|summer|autumn|fall|winter|beginning|start|middle|"
    r"end|(?:1st|2nd|3rd|4th|first|second|third|fourth|last) (?:half|quarter|decade|week))[\s,-]*"
    r"(?:(?:of|in) )?(?:the )?(?:year )?\Z",
    re.IGNORECASE,
)
_PART_BEHIND = re.compile(r"[\s,/-]{0,2}(?P<part>Q[1-4]|H[12])\b", re.IGNORECASE)
_SIDES = {
    "prior to": "before", "earlier than": "before", "later than": "after", "not on": "not",
    "beginning": "early", "start": "early", "middle": "mid", "end": "late", "fall": "autumn",
    "first half": "h1", "second half": "h2", "1st half": "h1", "2nd half": "h2",
    "first quarter": "q1", "second quarter": "q2", "third quarter": "q3", "fourth quarter": "q4",
    "1st quarter": "q1", "2nd quarter": "q2", "3rd quarter": "q3", "4th quarter": "q4",
    "last quarter": "q4",
}  # fmt: skip
"""Spellings of one side or part."""
_OUTSIDE = ("before", "after", "not")


@dataclass(frozen=True, slots=True)
class _Found:
    """A date in a text."""

    date: Date
    until: Date | None
    """The last day or year of a span."""
    side: str
    """``before``, ``after``, ``not``, or the part that is meant: ``early``, ``q1``; empty for
    the date itself."""
    is_reason: bool
    """It stands in a clause that only gives the reason."""
    is_cued: bool
    """It is more than four digits that may count something else."""

    def is_beside(self) -> bool:
        """Whether it is a side of another date, or a reason."""
        return self.side in _OUTSIDE or self.is_reason

    def is_uncued(self) -> bool:
        """Whether it may be no year at all."""
        return not self.is_cued

    @property
    def parts(self) -> int:
        """How much of the date is said, in [1, 3]."""
        return sum(part is not None for part in self.date)


def extract(text: str, question: Question, truncated: bool) -> Answer | None:
    """The date in the box or answer phrase, else the most complete one named last."""
    for span in (*spans.boxed(text), *spans.hashed(text)):
        # Nothing else is taken for an answer that is no date.
        return _first(span, question) or _in_words(span)
    for span in spans.phrased(text):
        if nothing := no_value(_BEFORE_DATE.split(spans.sentence(span), maxsplit=1)[0]):
            return _in_words(nothing)
        if answer := _first(span, question):
            return answer
    if truncated:
        return None
    candidates = _likely(list(_dates(text, question)))
    most = max((one.parts for one in candidates), default=0)
    complete = [one for one in candidates if one.parts == most]
    return _answer(complete[-1]) if complete else None


def _likely(found: list[_Found]) -> list[_Found]:
    """The dates that may be meant: those that are no reason, no side and no mere count."""
    for is_other in (_Found.is_beside, _Found.is_uncued):
        found = [one for one in found if not is_other(one)] or found
    return found


def _first(span: str, question: Question) -> Answer | None:
    """The first date of a span that is not merely one side of another or its reason."""
    candidates = _likely(list(_dates(span, question)))
    return _answer(candidates[0]) if candidates else None


def _in_words(span: str) -> Answer | None:
    """An answer that is no date."""
    words = no_value(span) or normal_text(DRESSED.sub(r"\1", span).strip("$ "))
    if not words or len(words.split()) > MAX_WORDS:
        return None
    return Answer(words, "date", ("words", words))


def dates(text: str, question: Question) -> list[Date]:
    """The dates in a text, in order; of a span its first day."""
    return [found.date for found in _dates(text, question)]


def _dates(text: str, question: Question) -> Iterator[_Found]:
    """The dates in a text, in order."""
    text = western(text if len(text) <= 2 * _WINDOW else text[:_WINDOW] + "\n" + text[-_WINDOW:])
    found: list[tuple[int, _Found]] = []
    covered: list[tuple[int, int]] = []
    for form, pattern in enumerate(_FORMS):
        for match in pattern.finditer(text):
            if any(match.start() < end and start < match.end() for start, end in covered):
                continue
            # A day that no calendar has is not a year either.
            covered.append(match.span())
            date, until = _read(match, question)
            if date is None:
                continue
            before = text[max(0, match.start() - 200) : match.start()]
            sentence = before[[0, *(m.end() for m in _SENTENCE_START.finditer(before))][-1] :]
            side = _SIDE.search(sentence)
            side = side or _PART_BEHIND.match(text, match.end())
            said = side[str(side.lastgroup)].lower() if side else ""
            one = _Found(
                date,
                until,
                side=_SIDES.get(said, said),
                is_reason=_BESIDE.search(sentence) is not None,
                is_cued=form != _BARE_YEAR,
            )
            found.append((match.start(), one))
            if len(found) >= MAX_DATES:
                break
    return (one for _, one in sorted(found, key=lambda pair: pair[0]))


def _read(match: re.Match[str], question: Question) -> tuple[Date | None, Date | None]:
    """The date that a form matched, and the end of the span that it begins."""
    parts = match.groupdict()
    year = _year(parts["year"], parts.get("era")) if parts.get("year") else None
    if parts.get("last_year"):
        last = parts["last_year"]
        end = int(last if len(last) == 4 else parts["year"][:2] + last)
        return ((year, None, None), (end, None, None)) if year and end > year else (None, None)
    day: int | None
    month: int | None
    if parts.get("first"):
        first, second = int(parts["first"]), int(parts["second"])
        shown = parts["mark"] == "." or _DAY_FIRST.search(question.text) is not None
        day_first = first > 12 or (second <= 12 and shown)
        day, month = (first, second) if day_first else (second, first)
    else:
        name, number = parts.get("month"), parts.get("month_number")
        month = _MONTHS[name.lower()] if name else int(number) if number else None
        day = int(parts["day"]) if parts.get("day") else None
    date: Date = (year, month, day)
    if not _exists(date):
        return None, None
    start, end_day = parts.get("from"), parts.get("until")
    if start and _exists((year, month, int(start))):
        return (year, month, int(start)), date
    if end_day and _exists((year, month, int(end_day))):
        return date, (year, month, int(end_day))
    return date, None


def _year(digits: str, era: str | None) -> int:
    year = int(digits)
    if len(digits) == 2 and not era:
        year += 1900 if year >= 69 else 2000
    return -year if era and era.lower().startswith(_BEFORE_CHRIST) else year


def _exists(date: Date) -> bool:
    """Whether the calendar has that day; 29 February where the year is not said."""
    year, month, day = date
    if month is not None and not 1 <= month <= 12:
        return False
    longest = 31 if month is None else monthrange(year if year and year > 0 else 2000, month)[1]
    return day is None or 1 <= day <= longest


def _answer(found: _Found) -> Answer:
    text = date_text(found.date)
    if found.until is not None:
        text += "/" + date_text(found.until)
    if found.side:
        text = f"{found.side} {text}"
    return Answer(text, "date", (found.side, found.date, found.until))


def date_text(date: Date) -> str:
    """ISO 8601, shortened where parts are missing: ``1989-11-09``, ``1989-11``, ``--11-09``."""
    year, month, day = date
    if year is None:
        return f"--{month:02d}-{day:02d}"
    written = f"-{-year:04d}" if year < 0 else f"{year:04d}"
    return written + (f"-{month:02d}" if month else "") + (f"-{day:02d}" if month and day else "")


def key(answer: Answer) -> Hashable:
    """The side, the date and its end; the text itself where it is no date."""
    return answer.value if answer.value is not None else answer.text


DATE = Kind(extract=extract, key=key)

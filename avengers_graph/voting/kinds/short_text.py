"""Short text: a name, a word, a phrase, compared without case, articles and punctuation.

Rules. A box or an answer phrase wins. Else the first sentence counts: where its subject
only repeats the question ("The capital of France is ..."), what follows the verb is the
answer; where its predicate does ("Paris is the capital of France"), the subject is. A text
that offers several answers ("Paris or London") keeps all its words, and so equals none.
"""

import re
from collections.abc import Hashable

from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.mathematics.latex import DRESSED
from avengers_graph.voting.texts import spans
from avengers_graph.voting.texts.normal import normal_text, normal_words
from avengers_graph.voting.texts.question import Question

MAX_WORDS = 12
"""A longer answer is no short text: the sample abstains."""

_COPULA = re.compile(
    r"(?<=\s)(?:is|are|was|were|would be|means|equals)\s++(?:called\s++|known as\s++)?",
    re.IGNORECASE,
)
_CONTRACTED = re.compile(r"(it|that|he|she)['’]s\s+", re.IGNORECASE)
_CASE_COUNTS = re.compile(
    r"\b(?:chemical (?:symbol|formula)|case[- ]sensitive|password|upper ?case|lower ?case|"
    r"capital letters?)\b",
    re.IGNORECASE,
)
"""What a question says in whose answer upper and lower case differ: Co is not CO."""
_ACCENTS_COUNT = re.compile(
    r"\b(?:accents?|diacritic\w*|umlaut\w*|spell\w*|letters?|translat\w*|how do you say|"
    r"(?:in|into|to) (?:french|german|spanish|italian|portuguese|dutch|swedish|polish|turkish|"
    r"czech|hungarian|vietnamese|danish|norwegian|finnish|romanian))\b",
    re.IGNORECASE,
)
"""What a question says in whose answer an accent makes another word: año is not ano."""
_FEET = re.compile(r"(?<=\d)\s?['′](?=\s|\d|$)")
_INCHES = re.compile(r"(?<=\d)\s?[\"″](?=\s|$)")
_RELATIVE = re.compile(r",\s++(?:which|who|where|that|whose|and it|a |an |the |located)\b")
_OPENERS = re.compile(
    r"^(?:sure|certainly|of course|okay|ok|well|yes)\b[^\w\s]*\s*|^(?:a|answer|output)\s?:\s*"
    r"|^(?:here is|here's)\b[^:\n]*:\s*"
    r"|^(?:i(?:['’]m| am) (?:\w+ )?sorry|i apologi[sz]e|(?:my |our )?apologies|sorry)\b"
    r"[^.!\n]{0,100}[.!]\s*(?=\S)",
    re.IGNORECASE,
)
_FILLER_WORDS = (
    "it this that these those they he she there here in on at of to for by with from as so which "
    "who what where when answer correct right final word name one called known also is are was "
    "were be and question asked given"
)
_FILLER = frozenset(_FILLER_WORDS.split())
_HEDGE_WORDS = (
    "or either maybe perhaps possibly not neither nor unsure unknown except without probably "
    "cannot can't isn't wasn't"
)
_HEDGES = frozenset(_HEDGE_WORDS.split())


def extract(text: str, question: Question, truncated: bool) -> Answer | None:
    """The short answer a text gives; None when it gives none of at most ``MAX_WORDS`` words."""
    for content in spans.boxed(text):
        return _answer(content, question)
    for span in spans.said(text):
        if answer := _answer(spans.sentence(span), question):
            return answer
    if truncated or spans.breaks_off(text):
        return None
    for span in spans.reported(text):
        quoted = re.match(r"\W{0,3}[`\"“']([^`\"”'\n]{1,200})[`\"”']", span)
        if quoted and (answer := _answer(quoted[1], question)):
            return answer
    lines = spans.lines(text)
    if not lines:
        return None
    first = _OPENERS.sub("", lines[0]).strip() or (lines[1] if len(lines) > 1 else "")
    bolds = list(spans.bold(text))
    if len(set(map(normal_text, bolds))) == 1 and len(normal_words(first)) > MAX_WORDS // 2:
        return _answer(bolds[0], question)
    sentence = spans.sentence(first)
    return _answer(_core(sentence, question), question) or _answer(sentence, question)


def _core(sentence: str, question: Question) -> str:
    """The part of a sentence that does not repeat the question."""
    if contracted := _CONTRACTED.match(sentence):
        sentence = f"{contracted[1]} is {sentence[contracted.end() :]}"
    verb = _COPULA.search(sentence)
    if verb is None:
        return sentence
    asked = set(normal_words(question.text)) | _FILLER
    subject, rest = sentence[: verb.start()], sentence[verb.end() :]
    subject_words, rest_words = normal_words(subject), normal_words(rest)
    if not subject_words or not rest_words or _HEDGES.intersection(rest_words[:1]):
        return sentence
    if question.text:
        repeated = sum(word in asked for word in subject_words)
        if 2 * repeated > len(subject_words) and not _HEDGES.intersection(subject_words):
            return _RELATIVE.split(rest, maxsplit=1)[0]
        if rest_words[0] in asked and not _HEDGES.intersection(subject_words):
            return subject
        return sentence
    # Without the question only "The ... is X" can be told: a definite subject asks, X answers.
    definite = re.match(r"(?:the|it|this|that|he|she|they)\b", subject, re.IGNORECASE)
    return rest if definite and len(rest_words) <= 5 else sentence


def _answer(span: str, question: Question) -> Answer | None:
    span = DRESSED.sub(r"\1", span).strip().strip("*_`$ ")
    if span[:1].isdigit():
        span = _INCHES.sub(" in", _FEET.sub(" ft ", span))
    span = span.strip("*_`\"“”'‘’$ ").strip()
    span = span.rstrip(".!,;:").strip()
    if not 0 < len(span) <= 200:
        return None
    span = _without_what_was_asked(span, question)
    words = normal_words(span, case=_CASE_COUNTS.search(question.text) is not None, accents=True)
    if not 0 < len(words) <= MAX_WORDS:
        return None
    said = " ".join(words)
    exact = not said.isascii() and (len(said) == 1 or _ACCENTS_COUNT.search(question.text))
    return Answer(span, "text", ("exact", said) if exact else said)


def _without_what_was_asked(span: str, question: Question) -> str:
    """The span without an apposition that repeats the question: "Paris, France" is Paris."""
    name, comma, rest = span.partition(",")
    repeated = comma and set(normal_words(rest)) <= set(normal_words(question.text))
    return name.strip() if repeated and rest.strip() else span


def matches_reference(text: str, reference: str, question: Question) -> bool:
    """Whether a text whose extracted answer differs still names the reference and nothing else.

    The sentence must contain the reference as whole words; every other word must come from
    the question or carry no content; and none may hedge or negate.
    """
    wanted = normal_words(reference)
    lines = spans.lines(text)
    if not wanted or not lines:
        return False
    said = normal_words(spans.sentence(lines[0]))
    position = _position(said, wanted) if len(said) <= 40 else None
    if position is None:
        return False
    others = said[:position] + said[position + len(wanted) :]
    if _HEDGES.intersection(others):
        return False
    known = set(normal_words(question.text)) | _FILLER
    return all(word in known for word in others)


def _position(words: tuple[str, ...], wanted: tuple[str, ...]) -> int | None:
    for start in range(len(words) - len(wanted) + 1):
        if words[start : start + len(wanted)] == wanted:
            return start
    return None


def key(answer: Answer) -> Hashable:
    """The words, case-folded, without articles and punctuation."""
    if isinstance(answer.value, (str, tuple)):
        return answer.value
    return " ".join(normal_words(answer.text, accents=True))


def same(a: Answer, b: Answer) -> bool:
    """Whether the words differ only by accents that one of the two leaves out: Café and Cafe."""
    first, second = key(a), key(b)
    if not isinstance(first, str) or not isinstance(second, str):
        return False
    if first.isascii() and second.isascii():
        return first == second
    ours, theirs = first.split(" "), second.split(" ")
    return len(ours) == len(theirs) and all(map(_same_but_for_accents, ours, theirs))


def _same_but_for_accents(first: str, second: str) -> bool:
    plain = normal_text(first)
    return first == second or (plain == normal_text(second) and plain in (first, second))


TEXT = Kind(extract=extract, key=key, same=same)

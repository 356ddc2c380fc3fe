"""Multiple choice: a letter, however it is said, or the option's own text.

Rules. A box, a tag or an answer phrase decides. Several letters ("A, B", "B or C") are no answer,
unless the question asks for several: then the set is the answer. Elsewhere a letter counts only
behind a word that chooses it ("I pick B", "so (B)", "B is correct") or alone on a line: a symbol
("shear modulus (G)"), the pronoun I and the article A are no choices.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain

from avengers_graph.voting.answer import Answer
from avengers_graph.voting.kinds.kind import Kind
from avengers_graph.voting.mathematics.latex import DRESSED
from avengers_graph.voting.numbers.numerals import whole_numeral
from avengers_graph.voting.texts import spans
from avengers_graph.voting.texts.languages import LANGUAGES, joined
from avengers_graph.voting.texts.normal import normal_words
from avengers_graph.voting.texts.question import Question

_OPENING = r"[\s*_(\[{\"'`$\\（【「『“]{0,8}"
_CLOSING = r"[)\]}*_\"'`$）】」』”.]{0,6}"
_LETTER = r"(?<![A-Za-z0-9])([A-Z])(?![A-Za-z0-9'’])"
_NAMED = (
    r"(?:[Oo]ption|[Cc]hoice|[Aa]nswer|[Ll]etter|[Aa]lternative|opción|opcion|opzione|opção|opcao|"
    r"optie|lettre|letra|lettera|Buchstabe|Antwort|Réponse|Respuesta|Risposta|Resposta|Ответ|вариант|буква|选项|選択肢)"
)
_BARE = re.compile(rf"\W{{0,12}}(?:{_NAMED})?\W{{0,12}}([A-Za-z])\W{{0,12}}")
_LED = re.compile(
    rf"{_OPENING}(?:(?:the|is|be|both|either|la|le|el|die|der|het|correct|right|best|{_NAMED})"
    rf"[\s*_(\[{{\"'`$:：（]{{1,8}}){{0,4}}{_OPENING}{_LETTER}"
)
_LED_LOWER = re.compile(r"[\s*_\"'`$]{0,8}[(\[]?([a-z])[)\]]")
_SEVERAL_JOINED = re.compile(r"\W{0,8}([A-Z]{2,10})\W{0,8}")
_OR = joined([word for row in LANGUAGES.values() for word in row.or_words])
_NEXT = re.compile(
    rf"{_CLOSING}\s{{0,3}}(?:[,;、，]?\s{{0,2}}(?:{_OR}|and/or|and also|as well as)"
    r"(?:\b|(?<=[^\x00-\x7f]))|[,/&;、，+])"
    rf"\s{{0,3}}(?:both |{_NAMED} )?{_OPENING}{_LETTER}"
    r"(?!\s+(?:is|was|has|does|would|says|think)\b)"
)
_PROSE_FOLLOWS = re.compile(
    r"\W{0,4}(?:because|since|as|(?:is|was)(?: \w+){0,2} (?:correct|right|best|true|answer)|which|"
    r"due|for|given|with|by|based|note|so|therefore|but|and|or|where|the|it|que|porque|weil|da|car|"
    r"parce|perché|omdat|потому|instead|over|rather|here|too)\b|[(\-–—:→,.;]|[A-Z]|\d",
)
_ARTICLE_FOLLOWS = re.compile(
    r"(?:because|since|as|is (?:the )?(?:correct|right|best|only|answer)|for|[-–—:(,.;])"
)
_OPERATOR = re.compile(
    r"\s{0,3}(?:[=+/^<>≈≤≥\\]|_(?=[\w{])|\*(?=\s?[\w(\\])|-\s?[A-Z0-9(\\])|[\[('’]"
)

_CUE = re.compile(
    r"(?:\b(?i:choos\w{1,4}|chose|chosen|pick\w{0,3}|select\w{0,3}|go(?:ing)? with|went with|"
    r"opt(?:ed|ing)? for|settl\w{1,3} (?:on|for)|prefer|say|get|got|"
    r"leav\w{1,3}(?: us)?(?: with)?(?: only)?|left with|guess|ans|"
    r"(?:it|that|this|one|statement|pick|option i would pick)(?:['’]s| is| was| must be|"
    r" has to be| would be| should be)(?: therefore| thus| clearly| probably)?)"
    r"|(?:^|[.!?,;\n])\s{0,3}(?i:so|thus|therefore|hence|ergo|consequently|finally|"
    r"in conclusion)\b[,:]?(?i: it(?:['’]s| is| must be))?"
    r"|[→⇒∴]|=>|\\(?:Rightarrow|therefore)\b"
    r"|(?:选择|选|選択)"
    r"|\b(?i:correct|right|best|richtig|correcta?|correta|corretta|juist|верный|правильный)"
    r"(?i: is| ist)?"
    rf"|{_NAMED}|\b(?:is|be|are|was)(?=\s\*{{0,2}}[(\[]))"
    rf"\s{{0,3}}(?:is|are|[:：=是为の]|[–—])?\s{{0,3}}(?:the )?(?:{_NAMED}\s?)?[:：]?"
    rf"{_OPENING}\Z",
    re.MULTILINE,
)
"""What stands right before a letter that is chosen."""
_PRAISED = re.compile(
    rf"{_CLOSING}\s{{0,3}}(?:(?:is|was|must be|would be|seems|looks|it)\s{{1,3}}"
    r"(?:the\s{1,3}|indeed\s{1,3}|clearly\s{1,3}|therefore\s{1,3}|only\s{1,3})*"
    r"(?:correct|right|best|true|answer|one|is\b)"
    r"|(?:ist|est|es|è|é)\s{1,3}(?:la |le |the |die )?(?:richtig|correct|corrett|juste|bonne)"
    r"|\s?(?:是|为)?(?:正确|对)|(?:가|이)\s?(?:정답|맞)|が正|\s?[—–-]?\s?(?:верн|правильн))"
)
_NAMED_LETTER = re.compile(_LETTER)
_CUE_WINDOW = 60
"""Characters before a letter that may hold its cue."""
MAX_VALUE = 120
"""A longer span is no number and no formula of an option."""
MAX_LETTERS = 100
"""Letters looked at, from the end of a text."""
_DENIED_BEFORE = re.compile(
    r"(?:\bnot|n['’]t|\bnever|\bneither|\bnor|\beliminat\w*|\brul\w{1,3} out|\bexclud\w*|\bnicht|"
    r"\bexcept|\bdiscard\w*|不|不是)\W{1,4}(?:\w{1,8}\W{1,2}){0,2}$",
    re.IGNORECASE,
)
_DENIED_AFTER = re.compile(
    rf"{_CLOSING}\s{{0,3}}(?:(?:is|was|are|would be|seems|looks|can be|must be)\s{{1,3}})?"
    r"(?:n['’]t|not\b|in(?:correct|valid)|wrong|false|ruled|out\b|eliminated|excluded|falsch|"
    r"错|不对|不正确)"
)
_CLAUSE_END = re.compile(r"[.,;:!?\n]")
_HEADING = re.compile(r"[)\]*_]{0,4}:[*_]{0,2}(?:\s|$)")
"""What follows the letter of a heading: "Option A: ..." discusses it."""
_BOLD_END = re.compile(r"\*\*([^*\n]{1,40})\*\*\W{0,3}\Z")
_LINE_LETTER = re.compile(r"^[ \t]{0,4}(?:[-*•]\s)?[*(\[]{0,3}([A-Z])[).:\]*]", re.MULTILINE)


def extract(text: str, question: Question, truncated: bool) -> Answer | None:
    """The letter in the last box or answer phrase, else one the text chooses, else option text."""
    boxes = list(spans.boxed(text))
    # "#### (a) The current" is a heading; "#### B" is an answer.
    hashed = [span for span in spans.hashed(text) if _BARE.fullmatch(span)]
    for place in chain(boxes, hashed, spans.phrased(text)):
        if not boxes and _opens_listing(text, place):
            continue
        if letters := letters_of(place, question):
            return _answer(letters, question)
        if letter := option_by_text(spans.sentence(place), question):
            return _answer((letter,), question)
    # What stands in a box is the answer, though it is no choice: nothing else is taken for it.
    if boxes or truncated or spans.breaks_off(text):
        return None
    return _unstated(text, question)


def _opens_listing(text: str, line: str) -> bool:
    """Whether the line is the first of the options, repeated one a line."""
    marker = _LINE_LETTER.match(line)
    if marker is None:
        return False
    following = text[text.rfind(line) + len(line) :].lstrip()
    after = _LINE_LETTER.match(following)
    return after is not None and ord(after[1]) == ord(marker[1]) + 1


def _unstated(text: str, question: Question) -> Answer | None:
    """The choice of a text without a box and an answer phrase."""
    lines = spans.lines(text)
    if not lines:
        return None
    listed = {m[1] for m in _LINE_LETTER.finditer(text) if allowed(m[1], question)}
    if len(listed) <= 1:
        for line in (lines[0], lines[-1]):
            letters = letters_of(line, question)
            if letters and (len(lines) == 1 or not line.strip("$() ").islower()):
                return _answer(letters, question)
    bold = _BOLD_END.search(text, max(0, len(text) - 60))
    if bold and (letters := letters_of(bold[1], question)):
        return _answer(letters, question)
    if letters := _chosen(text, question):
        return _answer(letters, question)
    brief = (text,) if len(text) <= 200 else ()
    # Where the text goes through the options, its last line is but the last one it looked at.
    ends = (lines[-1], lines[0]) if len(listed) <= 1 else ()
    for part in (*spans.bold(text), *ends, *brief):
        if letter := option_by_text(part, question):
            return _answer((letter,), question)
    return None


def _answer(letters: tuple[str, ...], question: Question) -> Answer | None:
    """One letter, or the set of them where the question asks for several; else None."""
    distinct = sorted(set(letters))
    if len(distinct) > 1 and not question.asks_several:
        return None
    return Answer(", ".join(distinct), "choice")


def _chosen(text: str, question: Question) -> tuple[str, ...]:
    """The one letter that the text, else its last paragraph, else its last sentence chooses."""
    found = list(_choices(text, question))
    paragraph = text.rstrip().rfind("\n\n")
    sentence = max(text.rstrip(" .!*\n").rfind(mark) for mark in (". ", "! ", "? ", "\n"))
    for start in (0, paragraph, sentence):
        named = {letters for position, letters in found if position >= start}
        if len(named) == 1:
            return named.pop()
    return ()


def _choices(text: str, question: Question) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Where the text chooses letters, and which; letters that it rules out are no choice."""
    for match in list(_NAMED_LETTER.finditer(text))[-MAX_LETTERS:]:
        letter, start, rest = match[1], match.start(), text[match.end() : match.end() + 200]
        if not allowed(letter, question) or _DENIED_AFTER.match(rest):
            continue
        before = text[max(0, start - _CUE_WINDOW) : start]
        if not _PRAISED.match(rest):
            cue = _CUE.search(before)
            if not cue or _HEADING.match(rest) or not _stands_alone(letter, rest, question):
                continue
        if _DENIED_BEFORE.search(_CLAUSE_END.split(before)[-1]):
            continue
        yield start, (letter, *_further(rest[:100], question))


def allowed(letter: str, question: Question) -> bool:
    """Whether the question has that option; any letter goes when it lists none."""
    return letter in question.letters if question.options else True


def letters_of(span: str, question: Question) -> tuple[str, ...]:
    """The letters a span begins with, where they stand there as letters and not as words."""
    span = span.strip()[:200]
    while "\\" in span and (bare := DRESSED.sub(r"\1", span)) != span:
        span = bare
    if match := _BARE.fullmatch(span):
        letter = match[1].upper()
        return (letter,) if allowed(letter, question) else ()
    if question.asks_several and (match := _SEVERAL_JOINED.fullmatch(span)):
        letters = tuple(match[1])
        if len(set(letters)) == len(letters) and all(allowed(c, question) for c in letters):
            return letters
    match = _LED.match(span) or _LED_LOWER.match(span)
    if match is None:
        return ()
    letter, rest = match[1].upper(), span[match.end() :]
    if not allowed(letter, question) or not _stands_alone(letter, rest, question):
        return ()
    if _DENIED_AFTER.match(rest):
        return ()
    return (letter, *_further(rest, question))


def span_letter(span: str, question: Question) -> str | None:
    """The letter a span begins with; None where it names none, or several."""
    letters = letters_of(span, question)
    return letters[0] if len(letters) == 1 else None


def _further(rest: str, question: Question) -> tuple[str, ...]:
    """The letters that follow another one: "A, B and D", "(B) red or (C) blue"."""
    letters: list[str] = []
    position = 0
    while (match := _NEXT.match(rest, position)) and len(letters) < 10:
        if allowed(match[1], question):
            letters.append(match[1])
        position = match.end()
    if not letters:
        for _, option in question.options:
            place = rest.find(option, 0, len(option) + 8) if option else -1
            behind = _NEXT.match(rest, place + len(option)) if place >= 0 else None
            if behind and allowed(behind[1], question):
                letters.append(behind[1])
    return tuple(letters)


def _stands_alone(letter: str, rest: str, question: Question) -> bool:
    """Whether a letter before ``rest`` is no symbol, nor the article A or the pronoun I."""
    if _OPERATOR.match(rest):
        return False
    rest = rest.lstrip("*_")
    if not rest[:1].isspace():
        return True
    rest = rest.strip()
    if not rest:
        return True
    own = dict(question.options).get(letter)
    if own and normal_words(rest)[:3] == normal_words(own)[:3]:
        return True
    if letter in "AI":
        return _ARTICLE_FOLLOWS.match(rest) is not None
    return not rest[0].isascii() or _PROSE_FOLLOWS.match(rest) is not None


def option_by_text(span: str, question: Question) -> str | None:
    """The one option whose text the span is, or contains; None when none or several do."""
    if not question.options:
        return None
    said = normal_words(span)
    same = [letter for letter, option in question.options if normal_words(option) == said]
    if len(same) == 1 and said:
        return same[0]
    return _option_by_value(span, question) or _option_within(said, question)


def _option_by_value(span: str, question: Question) -> str | None:
    """The one option that is the same number, or the same formula but for its dress."""
    if len(span) > MAX_VALUE:
        return None
    number = whole_numeral(span)
    if number is not None:
        equal = [
            letter
            for letter, option in question.options
            if (value := whole_numeral(option)) is not None
            and (value.value, value.percent) == (number.value, number.percent)
        ]
    else:
        formula = _bare_formula(span)
        equal = [
            letter for letter, option in question.options if _bare_formula(option) == formula != ""
        ]
    return equal[0] if len(equal) == 1 else None


@lru_cache(maxsize=1024)
def _bare_formula(text: str) -> str:
    """A formula without blanks, dollars and the commands that only dress it."""
    return re.sub(
        r"\\(?:[,!;: ()\[\]]|left|right|displaystyle)|[\s${}]|\.$", "", DRESSED.sub(r"\1", text)
    )


def _option_within(said: tuple[str, ...], question: Question) -> str | None:
    """The one option that words contain; a bare number must stand at their end."""
    padded = f" {' '.join(said)} "
    contained: list[tuple[int, str, str]] = []
    for letter, option in question.options:
        words = normal_words(option)
        if not words or not any(character.isalnum() for word in words for character in word):
            continue
        form = f" {' '.join(words)} "
        if form in padded and (len(form) > 4 or padded.endswith(form)):
            contained.append((len(form), letter, form))
    if not contained:
        return None
    contained.sort(reverse=True)
    longest = contained[0]
    # An option inside a longer one that was said ("red" in "dark red") was not said itself.
    rest = padded.replace(longest[2], " ")
    return longest[1] if all(form not in rest for _, _, form in contained[1:]) else None


def key(answer: Answer) -> str:
    """The letters, upper case."""
    return answer.text.upper()


CHOICE = Kind(extract=extract, key=key)

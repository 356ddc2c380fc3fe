"""Words by which answers are stated, in the languages that questions come in.

A language is one row of ``LANGUAGES``: the nouns and copulas of "the answer is", yes and no, the
months. What reads answers builds its patterns from the rows.
"""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """A row of ``LANGUAGES``; every entry is in lower case."""

    answer_nouns: tuple[str, ...]
    """What a stated answer is called: "answer", "result"."""
    copulas: tuple[str, ...]
    """What joins the noun with the answer: "is"."""
    yes: tuple[str, ...]
    no: tuple[str, ...]
    months: tuple[str, ...] = ()
    """Twelve names in order, spellings of one month joined by ``|``."""
    question_nouns: tuple[str, ...] = ()
    """What a next question is headed by: "question", "problem"."""
    how_many: tuple[str, ...] = ()
    """What asks for a number."""
    when: tuple[str, ...] = ()
    """What asks for a date."""
    who: tuple[str, ...] = ()
    """What a question for a name begins with."""
    or_words: tuple[str, ...] = ()
    """What stands between alternatives and before the last item: "or", "and"."""
    function_words: tuple[str, ...] = ()
    """Frequent words of no topic, by which a text is known to be in this language."""
    decimal_comma: bool = False
    """Whether decimals are written with a comma, as 2,74."""


LANGUAGES: dict[str, Language] = {
    "en": Language(
        answer_nouns=(
            "answer", "answers", "ans", "result", "solution", "choice", "option", "output",
            "conclusion",
        ),
        copulas=("is", "are", "was", "were", "would be", "should be", "will be", "must be"),
        yes=("yes", "yeah", "yep", "true", "correct"),
        no=("no", "nope", "false", "incorrect"),
        months=(
            "january|jan", "february|feb", "march|mar", "april|apr", "may", "june|jun",
            "july|jul", "august|aug", "september|sept|sep", "october|oct", "november|nov",
            "december|dec",
        ),
        question_nouns=(
            "question", "q", "problem", "passage", "exercise", "example", "context",
            "instruction", "input", "user", "human", "utterance", "sentence", "review", "tweet",
            "premise",
        ),
        or_words=("or", "and", "either"),
        function_words=(
            "the", "of", "and", "what", "how", "many", "much", "to", "it", "which", "find",
            "that", "with", "this",
        ),
    ),
    "de": Language(
        answer_nouns=("antwort", "lösung", "ergebnis", "antworten"),
        copulas=("ist", "sind", "lautet", "wäre", "beträgt"),
        yes=("ja", "wahr", "richtig", "stimmt"),
        no=("nein", "falsch", "unwahr"),
        months=(
            "januar|jänner", "februar", "märz|maerz", "april", "mai", "juni", "juli", "august",
            "september", "oktober|okt", "november", "dezember|dez",
        ),
        question_nouns=("frage", "aufgabe"),
        how_many=("wie viel", "wieviel", "wie lang", "wie alt", "wie weit", "wie hoch"),
        when=("wann ", "an welchem tag"),
        who=("wer ", "wo ", "welche stadt", "wie heißt"),
        or_words=("oder", "und"),
        function_words=(
            "der", "das", "und", "nicht", "wie", "viel", "viele", "ein", "eine", "einen", "für",
            "insgesamt", "kostet", "damit", "preis", "bezahlt",
        ),
        decimal_comma=True,
    ),
    "fr": Language(
        answer_nouns=("réponse", "reponse", "résultat", "solution"),
        copulas=("est", "sont", "sera", "serait"),
        yes=("oui", "vrai", "exact"),
        no=("non", "faux", "inexact"),
        months=(
            "janvier|janv", "février|fevrier|févr", "mars", "avril", "mai", "juin", "juillet",
            "août|aout", "septembre", "octobre", "novembre", "décembre|decembre",
        ),
        question_nouns=("problème",),
        how_many=("combien", "quel est le nombre"),
        when=("quand ", "à quelle date", "quelle est la date"),
        who=("qui ", "où ", "quelle est la capitale"),
        or_words=("ou", "et"),
        function_words=(
            "le", "la", "les", "des", "une", "pour", "coûte", "prix", "donc", "du", "dans",
        ),
        decimal_comma=True,
    ),
    "es": Language(
        answer_nouns=("respuesta", "resultado", "solución", "solucion"),
        copulas=("es", "son", "sería", "seria", "será"),
        yes=("sí", "verdadero", "verdadera", "correcto"),
        no=("falso", "falsa", "incorrecto"),
        months=(
            "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto",
            "septiembre|setiembre", "octubre", "noviembre", "diciembre",
        ),
        question_nouns=("pregunta", "problema"),
        how_many=("cuánto", "cuánta", "cuanto", "cuántas"),
        when=("cuándo", "en qué fecha"),
        who=("quién", "dónde", "cuál es la capital"),
        or_words=("o", "y"),
        function_words=(
            "el", "los", "las", "una", "por", "del", "cuesta", "precio", "para", "cada",
        ),
        decimal_comma=True,
    ),
    "it": Language(
        answer_nouns=("risposta", "risultato", "soluzione"),
        copulas=("è", "sono", "sarebbe", "sarà"),
        yes=("sì", "vero", "vera"),
        no=("falso", "falsa"),
        months=(
            "gennaio", "febbraio", "marzo", "aprile", "maggio", "giugno", "luglio", "agosto",
            "settembre", "ottobre", "novembre", "dicembre",
        ),
        question_nouns=("domanda",),
        how_many=("quanti ", "quante ", "quanto ", "quanta "),
        when=("quando ", "in che data"),
        who=("chi ", "dove ", "qual è la capitale"),
        or_words=("o", "e"),
        function_words=("il", "gli", "della", "costa", "prezzo", "una", "totale", "quindi"),
        decimal_comma=True,
    ),
    "pt": Language(
        answer_nouns=("resposta", "resultado", "solução", "solucao"),
        copulas=("é", "são", "seria", "será"),
        yes=("sim", "verdadeiro", "verdadeira", "correto"),
        no=("não", "nao", "falso", "falsa", "incorreto"),
        months=(
            "janeiro", "fevereiro", "março|marco", "abril", "maio", "junho", "julho", "agosto",
            "setembro", "outubro", "novembro", "dezembro",
        ),
        question_nouns=("pergunta",),
        how_many=("quantos", "quantas", "quanto custa", "qual é o número"),
        when=("quando ", "em que data"),
        who=("quem ", "onde ", "qual é a capital"),
        or_words=("ou", "e"),
        function_words=("um", "uma", "custa", "preço", "dos", "das", "cada"),
        decimal_comma=True,
    ),
    "nl": Language(
        answer_nouns=("antwoord", "oplossing", "resultaat"),
        copulas=("is", "zijn", "luidt", "zou"),
        yes=("ja", "waar", "juist"),
        no=("nee", "neen", "onwaar", "onjuist"),
        months=(
            "januari", "februari", "maart|mrt", "april", "mei", "juni", "juli", "augustus",
            "september", "oktober", "november", "december",
        ),
        question_nouns=("vraag",),
        how_many=("hoeveel", "hoe lang", "hoe oud"),
        when=("wanneer ", "op welke datum"),
        who=("wie ", "waar ", "wat is de hoofdstad"),
        or_words=("of", "en"),
        function_words=("het", "een", "van", "de", "en", "voor", "kost"),
        decimal_comma=True,
    ),
    "zh": Language(
        answer_nouns=("答案", "正确选项", "选项", "结果", "结论"),
        copulas=("应该是", "应该为", "应为", "应是", "就是", "是", "为", "為"),
        yes=("是的", "是", "对的", "对", "正确", "真", "有", "会", "可以", "能"),
        no=(
            "不", "不行", "不是的", "不是", "不对", "不正确", "否", "错误", "错", "假", "没有",
            "不会", "不可以", "不能",
        ),
        question_nouns=("问题", "题目", "問題"),
        how_many=("多少", "几个", "几何", "几元", "几天", "多大", "多长"),
        when=("什么时候", "哪一天", "何时", "几月几日"),
        who=("谁", "哪里"),
        or_words=("或者", "或", "和", "与", "及"),
    ),
    "ja": Language(
        answer_nouns=("答え", "正解", "解答", "回答", "こたえ"),
        copulas=("は", "が"),
        yes=("はい", "ええ", "正しいです", "正しい", "真"),
        no=("いいえ", "いえ", "正しくありません", "正しくない", "誤り", "間違い", "偽"),
        question_nouns=("問題", "質問"),
        how_many=("いくつ", "いくら", "何人", "何個", "何円", "何本", "何時間"),
        when=("いつ", "何月何日"),
        who=("誰", "どこ"),
        or_words=("または", "か", "と"),
    ),
    "ko": Language(
        answer_nouns=("정답", "답변", "답", "결과"),
        copulas=("은", "는", "이"),
        yes=("네", "예", "그렇습니다", "맞습니다", "참"),
        no=("아니요", "아니오", "아닙니다", "틀립니다", "거짓"),
        question_nouns=("질문", "문제"),
        how_many=("몇 ", "얼마", "몇개"),
        when=("언제", "며칠"),
        who=("누가", "누구", "어디"),
        or_words=("또는", "와", "과"),
    ),
    "ru": Language(
        answer_nouns=("ответ", "результат", "решение"),
        copulas=("это", "будет", "равен", "равно"),
        yes=("да", "верно", "правда", "истина"),
        no=("нет", "неверно", "неправда", "ложь"),
        months=(
            "января|январь", "февраля|февраль", "марта|март", "апреля|апрель", "мая|май",
            "июня|июнь", "июля|июль", "августа|август", "сентября|сентябрь",
            "октября|октябрь", "ноября|ноябрь", "декабря|декабрь",
        ),
        question_nouns=("вопрос", "задача"),
        how_many=("сколько",),
        when=("когда", "какого числа"),
        who=("кто ", "где ", "какая столица"),
        or_words=("или", "и"),
        decimal_comma=True,
    ),
}  # fmt: skip


def joined(words: tuple[str, ...] | list[str]) -> str:
    """Words as the alternatives of a pattern, longer ones first, so that none hides another."""
    return "|".join(re.escape(word) for word in sorted(set(words), key=lambda w: (-len(w), w)))

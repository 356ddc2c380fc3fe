"""Yes, no and stated answers in other languages."""

from random import Random

from tests.voting.pairs.family import Family

_YES = (
    "yes", "Ja.", "oui", "Oui, bien sûr.", "Sí.", "sí, claro", "sì", "Sim.", "да", "Да, конечно.",
    "是", "是的。", "네", "はい", "はい、そうです。", "Die Antwort ist ja.", "La réponse est oui.",
    "La respuesta es sí.", "答案：是", "Правильный ответ: да", "Die Aussage ist wahr.",
)  # fmt: skip
_NO = (
    "no", "Nein.", "non", "Non, pas du tout.", "No.", "não", "Não.", "nee", "нет", "否", "不是。",
    "Нет, это не так.", "아니요", "いいえ", "いいえ、違います。", "Die Antwort ist nein.",
    "La respuesta es no.", "La réponse est non.", "答案：不是", "Правильный ответ: нет",
    "Die Aussage ist falsch.",
)  # fmt: skip
_STATED = (
    "The answer is %s.", "Die Antwort ist %s.", "Die Antwort lautet: %s", "La réponse est %s.",
    "La respuesta es %s.", "La risposta è %s.", "A resposta é %s.", "Het antwoord is %s.",
    "答案是%s。", "答案：%s", "Ответ: %s", "Правильный ответ — %s", "정답: %s", "答えは%s",
)  # fmt: skip
_CITIES = ("Paris", "Rome", "Oslo", "Lima", "Cairo", "Quito", "Tokyo", "Delhi", "Bern", "Kyiv")


def _yes_and_no(random: Random) -> tuple[str, str]:
    return random.choice(_YES), random.choice(_NO)


def _both_alike(random: Random) -> tuple[str, str]:
    said = random.choice((_YES, _NO))
    return random.choice(said), random.choice(said)


def _cities(random: Random) -> tuple[str, str]:
    first, second = random.sample(_CITIES, 2)
    form = random.choice(_STATED)
    return form % first, form % second


def _one_city(random: Random) -> tuple[str, str]:
    city = random.choice(_CITIES)
    return random.choice(_STATED) % city, random.choice(_STATED) % city


FAMILIES = (
    Family(name="yes and no", kind="yes_no", differ=_yes_and_no, alike=_both_alike),
    Family(name="answer phrases", kind="text", differ=_cities, alike=_one_city),
)

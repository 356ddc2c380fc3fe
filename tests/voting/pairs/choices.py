"""Letters of a choice: several of them, and letters that are none."""

from random import Random

from tests.voting.pairs.family import Family

QUESTION = "Which is it?\nA. dog\nB. eagle\nC. salmon\nD. bee\nE. fox\nF. cow\nG. horse\nH. ant"
_SEVERAL = QUESTION + "\nSelect all that apply."
_LETTERS = "ABCDEFGH"
_ANIMALS = ("dog", "eagle", "salmon", "bee", "fox", "cow", "horse", "ant")
_PLACES = ("The answer is %s.", r"\boxed{%s}", "Answer: %s", "**%s**", "%s", "<answer>%s</answer>")
_STATED = (
    *_PLACES,
    "I choose %s.",
    "Thus %s.",
    "Final answer - %s",
    "Ans: %s",
    "The option I would pick is %s",
    "so the correct option is (%s)",
    "%s is correct, since the others are not.",
    "故选%s",
    "正确答案是（%s）",
    "정답은 %s입니다",
    "La respuesta correcta es la opción %s.",
    "Правильный ответ: %s",
    "Die richtige Antwort ist %s.",
    "La bonne réponse est %s.",
    r"\boxed{\text{%s}}",
    "The answer is %s.\n\nQuestion: What next?\nAnswer: H",
)
_SYMBOLS = (
    "The shear modulus (%s) is %d GPa.",
    "Here %s = %d, as computed above.",
    "We call the %s-axis the axis of symmetry number %d.",
    "Vitamin %s has %d units.",
    "The vector %s points at %d.",
)


def _one_letter(random: Random) -> tuple[str, str]:
    first, second = random.sample(_LETTERS[:-1], 2)
    return random.choice(_STATED) % first, random.choice(_STATED) % second


def _one_letter_twice(random: Random) -> tuple[str, str]:
    letter = random.choice(_LETTERS[:-1])
    return random.choice(_STATED) % letter, random.choice(_STATED) % letter


def _joined(random: Random, letters: list[str]) -> str:
    glue = random.choice((", ", " and ", " or ", "/", " & "))
    return glue.join(letters)


def _lists(random: Random) -> tuple[str, str]:
    letters = random.sample(_LETTERS, 3)
    place = random.choice(_PLACES)
    return place % _joined(random, letters[:2]), place % _joined(random, [letters[0], letters[2]])


def _sets(random: Random) -> tuple[str, str]:
    letters = random.sample(_LETTERS, 4)
    place = random.choice(_PLACES)
    return place % ", ".join(letters[:2]), place % ", ".join([letters[0], *letters[2:]])


def _one_set(random: Random) -> tuple[str, str]:
    letters = random.sample(_LETTERS, random.choice((2, 3)))
    first, second = random.choice(_PLACES), random.choice(_PLACES)
    return first % ", ".join(letters), second % ", ".join(reversed(letters))


def _symbol_and_letter(random: Random) -> tuple[str, str]:
    letter = random.choice(_LETTERS)
    return random.choice(_SYMBOLS) % (letter, random.randint(2, 90)), f"The answer is {letter}."


def _by_text(random: Random) -> tuple[str, str]:
    place = random.randrange(len(_ANIMALS))
    other = random.choice([n for n in range(len(_ANIMALS)) if n != place])
    return rf"\boxed{{\text{{{_ANIMALS[place]}}}}}", f"The answer is {_LETTERS[other]}."


def _text_and_letter(random: Random) -> tuple[str, str]:
    place = random.randrange(len(_ANIMALS) - 1)
    return (
        random.choice(_PLACES) % _ANIMALS[place],
        random.choice(_STATED) % _LETTERS[place],
    )


FAMILIES = (
    Family(name="letters", kind="choice", question=QUESTION, differ=_one_letter,
           alike=_one_letter_twice),
    Family(name="several letters", kind="choice", question=QUESTION, differ=_lists),
    Family(name="sets of letters", kind="choice", question=_SEVERAL, differ=_sets, alike=_one_set),
    Family(name="symbols and letters", kind="choice", question=QUESTION,
           differ=_symbol_and_letter),
    Family(name="options by text", question=QUESTION, differ=_by_text, alike=_text_and_letter),
)  # fmt: skip

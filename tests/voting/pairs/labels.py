"""Labels of a closed list, affirmed and denied."""

from random import Random

from tests.voting.pairs.family import Family

_LABELS = ("joy", "anger", "sadness", "fear", "surprise", "disgust", "neutral")
_QUESTION = f"Classify the emotion as one of: {', '.join(_LABELS)}."
_FORMS = (
    "%s",
    "The answer is %s.",
    r"\boxed{\text{%s}}",
    "<answer>%s</answer>",
    "The emotion is %s.",
    "**%s**",
    "I would say %s.",
    "The answer is %s.\n\nUtterance: Oh no!\nThe answer is neutral.",
)
_CONTRASTS = (
    "not {other} but {label}",
    "{label} rather than {other}",
    "{label}, not {other}",
    "It is {label} instead of {other}.",
    "There is some {other}, but the main emotion is {label}.",
)


def _said(random: Random, label: str) -> str:
    if random.random() < 0.4:
        other = random.choice([name for name in _LABELS if name != label])
        return random.choice(_CONTRASTS).format(label=label, other=other)
    return random.choice(_FORMS) % random.choice((label, label.title(), label.upper()))


def _labels(random: Random) -> tuple[str, str]:
    first, second = random.sample(_LABELS, 2)
    return _said(random, first), _said(random, second)


def _one_label(random: Random) -> tuple[str, str]:
    label = random.choice(_LABELS)
    return _said(random, label), _said(random, label)


FAMILIES = (Family(name="labels", question=_QUESTION, differ=_labels, alike=_one_label),)

"""What people say where there is no number to give: ``no solution``, ``N/A``, ``undefined``."""

import re

_SAYINGS = (
    (
        "cannot be determined",
        r"(?:can ?not|can['’]t|could not|couldn['’]t|impossible to|not possible to|unable to)"
        r"(?: be)? (?:\w+ )?(?:determine|calculate|know|compute|find|solve|answer|tell|say)\w*"
        r"|(?:not enough|insufficient) (?:information|data|details)|indeterminate"
        r"|(?:is|are) (?:unknown|not (?:given|known|specified|provided|stated))|^\W*unknown\b"
        r"|nicht (?:\w+ )?(?:bestimm|berechn|lös)\w*|no se puede \w+|(?:ne|on ne) peut pas"
        r"|无法(?:确定|计算|求)|определить (?:невозможно|нельзя)|невозможно определить",
    ),
    (
        "no solution",
        r"no (?:\w+ )?(?:solutions?|answers?)\b|no (?:real|such|valid|possible) \w+"
        r"|^\W*none\W*$|keine lösung|sin solución|no hay solución|pas de solution|aucune solution"
        r"|无解|нет решений|решений нет",
    ),
    ("undefined", r"undefined|not defined|does not exist|doesn['’]t exist|dne\b|nicht definiert"),
    ("infinitely many", r"infinitely many|unendlich viele|infinite number of"),
    ("n/a", r"n\s?/\s?a\b|not applicable"),
)  # fmt: skip
_SAID = [(name, re.compile(rf"(?:\b|(?<=\W)|^)(?:{form})", re.I)) for name, form in _SAYINGS]
_HINT = re.compile(
    r"n[o/'’]|un|in[df]|im|nv?ei|does|dne|kein|auc|sin |pas |nicht|[无нН]", re.IGNORECASE
)


def no_value(text: str) -> str | None:
    """What a text says there is instead of a value; None where it says nothing of the sort."""
    if len(text) > 400 or not _HINT.search(text):
        return None
    return next((name for name, pattern in _SAID if pattern.search(text)), None)

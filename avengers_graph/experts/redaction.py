"""The secrets that a chat model object holds, and texts without them."""

import re
from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel, SecretBytes, SecretStr

_SECRET_NAME = re.compile(
    r"(?:^|[-_])(?:auth|authorization|cookie|credentials?|passw(?:or)?d|secret|token)(?:$|[-_])"
    r"|(?:api|access|auth|private|subscription)[-_]?(?:key|token)",
    re.IGNORECASE,
)
"""Names of fields and headers whose plain text is a secret."""
_HEADERS = re.compile(r"headers$", re.IGNORECASE)
_LONG = 8
"""Characters from which on the value of any header is taken for a secret; shorter ones are
versions and switches, and would be cut out of numbers and words."""
_SCHEME = re.compile(r"(?:Basic|Bearer|Token)\s+", re.IGNORECASE)


def secrets_in(value: object) -> tuple[str, ...]:
    """Every secret within a chat model object or plain data, longest first.

    Those are pydantic's secret types wherever they stand, plain texts under a name such as
    ``api_key`` or ``Authorization`` (with and without the scheme before), and what headers hold.
    """
    found = {secret for secret in _secrets(value, name="", in_headers=False, seen=set()) if secret}
    return tuple(sorted(found, key=lambda secret: (-len(secret), secret)))


def names_a_secret(name: str) -> bool:
    """Whether what stands under this name is a secret."""
    return _SECRET_NAME.search(name) is not None


def without(text: str, secrets: Sequence[str]) -> str:
    """The text with every secret in it as ``***``, however it is quoted there."""
    for secret in secrets:
        for form in (secret, repr(secret)[1:-1], secret.strip()):
            if form:
                text = text.replace(form, "***")
    return text


def _secrets(value: object, *, name: str, in_headers: bool, seen: set[int]) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, SecretBytes):
        yield value.get_secret_value().decode("utf-8", "replace")
    elif isinstance(value, str):
        if names_a_secret(name) or (in_headers and len(value) >= _LONG):
            yield value
            yield _SCHEME.sub("", value, count=1)
    elif isinstance(value, Mapping | BaseModel | list | tuple | set | frozenset):
        if id(value) in seen:
            return
        seen.add(id(value))
        for inner_name, inner in _parts(value, name):
            within = in_headers or _HEADERS.search(inner_name) is not None
            yield from _secrets(inner, name=inner_name, in_headers=within, seen=seen)


def _parts(value: object, name: str) -> Iterator[tuple[str, object]]:
    """What a value is made of, by name; items of a list go by the name of the list."""
    if isinstance(value, BaseModel):
        own = (vars(value), value.__pydantic_extra__, value.__pydantic_private__)
        for fields in own:
            yield from (fields or {}).items()
    elif isinstance(value, Mapping):
        yield from ((str(key), inner) for key, inner in value.items())
    elif isinstance(value, list | tuple | set | frozenset):
        yield from ((name, inner) for inner in value)

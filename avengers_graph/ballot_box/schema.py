"""Whether data fit a JSON schema that a caller gave."""

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any


def schema_objection(schema: Mapping[str, Any], data: Any) -> str | None:
    """What is wrong with ``data``, in a phrase; None when they fit.

    A schema that is none, or that refers to what it does not hold, objects to nothing: the
    experts were given it all the same. Nothing is fetched.
    """
    from referencing.exceptions import Unresolvable

    validator = _validator(json.dumps(schema, sort_keys=True, default=str))
    if validator is None:
        return None
    try:
        wrong = next(validator.iter_errors(data), None)
    except Unresolvable:
        return None
    return None if wrong is None else str(wrong.message)


@lru_cache(maxsize=256)
def _validator(schema: str) -> Any:
    """Made once: checking the schema itself costs a millisecond, and samples come by the dozen."""
    from jsonschema import Draft202012Validator, SchemaError
    from referencing import Registry

    plain = json.loads(schema)
    try:
        Draft202012Validator.check_schema(plain)
    except SchemaError:
        return None
    # A registry of its own keeps it from fetching what a $ref points to.
    return Draft202012Validator(plain, registry=Registry())

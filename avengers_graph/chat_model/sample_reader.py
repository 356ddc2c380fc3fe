"""How samples are voted on where the caller wants data of a schema.

Samples vote as what the schema makes of them: two spellings of the same data are one vote, and a
sample that the schema does not accept abstains, whatever its validators raise.
"""

import dataclasses
import hmac
import json
import secrets
from collections.abc import Mapping, Sequence
from enum import Enum
from typing import Any

from langchain_core.utils.function_calling import convert_to_json_schema
from langchain_core.utils.pydantic import is_basemodel_subclass
from pydantic import AliasChoices, BaseModel, RootModel, Secret, SecretBytes, SecretStr
from pydantic.fields import FieldInfo
from pydantic.v1 import BaseModel as BaseModelV1
from pydantic.v1 import SecretBytes as SecretBytesV1
from pydantic.v1 import SecretStr as SecretStrV1
from pydantic_core import to_jsonable_python

from avengers_graph.answer_check import schema_objection
from avengers_graph.types import SampleRecord
from avengers_graph.voting.structured.written_json import json_in

MASK = "*" * 10
"""What a secret in a ballot begins with; letters that stand for its value follow."""
_LETTERS = str.maketrans("0123456789abcdef", "abcdefghijklmnop")
_SECRETS = (SecretStr, SecretBytes, Secret, SecretStrV1, SecretBytesV1)


class SampleReader:
    """Reads the samples of one request as data of a schema.

    Args:
        schema: a pydantic class, a TypedDict, or a JSON or OpenAI schema.
        tool: name of the tool whose arguments the data are; None where they are the text.
    """

    def __init__(self, schema: dict[str, Any] | type, *, tool: str | None) -> None:
        self._tool = tool
        self._class = _class_of(schema)
        self._plain_schema = {} if self._class else _json_schema(schema)
        self._key = secrets.token_bytes(16)
        self._accepted: dict[int, tuple[Any, Any]] = {}
        """By a sample's index: its ballot, and the data as the expert wrote them."""

    def __call__(self, sample: SampleRecord) -> Any:
        """The sample's ballot as plain data, secrets masked; None when the schema refuses it."""
        data = json_in(sample["text"]) if self._tool is None else self._arguments(sample)
        if not isinstance(data, Mapping | list):
            return None
        try:
            ballot = self._ballot(data)
        except Exception:  # noqa: BLE001 - a class may raise anything at data it did not expect
            return None
        self._accepted[sample["index"]] = (ballot, data)
        return ballot

    def as_written(self, ballot: Any) -> Any:
        """Data for a ballot that may be no sample's own, as an expert would have written them.

        Validators may rename, convert and hide, and need not accept what they return. So each
        value is that of a sample which voted for it. None where the schema refuses the whole.
        """
        written = _as_written(ballot, list(self._accepted.values()))
        if MASK in json.dumps(written):
            return None
        try:
            self._ballot(written)
        except Exception:  # noqa: BLE001 - as above
            return None
        return written

    def _arguments(self, sample: SampleRecord) -> Any:
        calls = sample["tool_calls"]
        if not calls or any(call["name"] != self._tool for call in calls):
            return None
        return calls[0]["args"] if calls[0]["type"] == "tool_call" else None

    def _ballot(self, data: Any) -> Any:
        if self._class is None:
            objection = schema_objection(self._plain_schema, data)
            if objection is not None:
                raise ValueError(objection)
            return data
        validate = getattr(self._class, "model_validate", None) or self._class.parse_obj
        accepted = validate(data)
        try:
            return self._plain(accepted)
        except Exception:  # noqa: BLE001 - what cannot be told as data is compared as it came
            return data

    def _plain(self, value: Any) -> Any:
        """What the class made of the data, every field of it, whatever a dump would leave out."""
        match value:
            case None | bool() | float():
                return value
            case Enum():
                return self._plain(value.value)
            case int() | str():
                return value
            case RootModel():
                return self._plain(value.root)
            case BaseModel():
                own = {
                    _written_name(name, field): getattr(value, name)
                    for name, field in type(value).model_fields.items()
                }
                return self._plain({**own, **(value.model_extra or {})})
            case BaseModelV1():
                own = {
                    field.alias: getattr(value, name) for name, field in value.__fields__.items()
                }
                return self._plain(own)
            case Mapping():
                return {str(self._plain(name)): self._plain(item) for name, item in value.items()}
            case list() | tuple():
                return [self._plain(item) for item in value]
            case set() | frozenset():
                return sorted(map(self._plain, value), key=json.dumps)
            case _ if isinstance(value, _SECRETS):
                return self._masked(value.get_secret_value())
            case _ if dataclasses.is_dataclass(value) and not isinstance(value, type):
                fields = dataclasses.fields(value)
                return {field.name: self._plain(getattr(value, field.name)) for field in fields}
            case _:
                return to_jsonable_python(value, fallback=lambda own: self._plain(vars(own)))

    def _masked(self, secret: Any) -> str:
        """A text that is the same for the same secret, and tells nobody else what it is."""
        content = repr(secret).encode()
        digest = hmac.digest(self._key, content, "sha256").hex()[:16]
        # Digits would be compared as a number or a date.
        return MASK + digest.translate(_LETTERS)


def _class_of(schema: dict[str, Any] | type) -> Any:
    return schema if not isinstance(schema, dict) and is_basemodel_subclass(schema) else None


def _json_schema(schema: dict[str, Any] | type) -> dict[str, Any]:
    if isinstance(schema, dict):
        inner = schema.get("json_schema", schema)
        if isinstance(inner.get("schema"), dict):
            return dict(inner["schema"])
    return convert_to_json_schema(schema)


def _written_name(name: str, field: FieldInfo) -> str:
    """What experts call a field; the name itself where that is a path into other data."""
    alias = field.validation_alias or field.alias
    if isinstance(alias, AliasChoices):
        alias = next((choice for choice in alias.choices if isinstance(choice, str)), None)
    return alias if isinstance(alias, str) else name


def _as_written(ballot: Any, accepted: Sequence[tuple[Any, Any]]) -> Any:
    """A ballot, or a part of one, in the words of samples that have the same there."""
    spelled = _spelled(ballot)
    for cast, data in accepted:
        if _spelled(cast) == spelled:
            return data
    if not isinstance(ballot, dict):
        return ballot
    return {
        name: _as_written(
            part,
            [
                (cast[name], data[name])
                for cast, data in accepted
                if isinstance(cast, dict) and isinstance(data, Mapping)
                if name in cast and name in data
            ],
        )
        for name, part in ballot.items()
    }


def _spelled(value: Any) -> str:
    return json.dumps(value, sort_keys=True)

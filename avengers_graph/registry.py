"""Rows of a registry as the values of a field, so that a new row needs no second list of names."""

from collections.abc import Iterable
from typing import Any

from pydantic import GetCoreSchemaHandler
from pydantic_core import CoreSchema, core_schema


class OneOf:
    """Annotates a ``str`` that must be one of some names; Studio offers the names as a list."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = tuple(names)

    def __get_pydantic_core_schema__(
        self, source: Any, handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """As a ``Literal`` of the names would have."""
        return core_schema.literal_schema(list(self.names))

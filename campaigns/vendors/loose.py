"""What a vendor says, read with patience: unknown keys are kept, absent or odd optionals are None."""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Annotated, Any, Self

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    ModelWrapValidatorHandler,
    ValidationError,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, core_schema


class Loose(BaseModel):
    """An optional member that cannot be understood is as good as absent, never an error; so is a null."""

    model_config = ConfigDict(extra="allow", coerce_numbers_to_str=True, allow_inf_nan=False, populate_by_name=True)

    @model_validator(mode="wrap")
    @classmethod
    def _patiently(cls, data: object, read: ModelWrapValidatorHandler[Self]) -> Self:
        if not isinstance(data, dict):
            return read(data)
        if None in data.values():  # a null under one name must not hide the value under another
            data = {key: value for key, value in data.items() if value is not None}
        try:
            return read(data)
        except ValidationError as error:
            odd = _odd(error, cls._names())
            if odd is None:
                raise
        return read({key: value for key, value in data.items() if key not in odd})

    @classmethod
    @cache
    def _names(cls) -> dict[str, frozenset[str]]:
        """By every name of an optional member: all that it goes by."""
        return {
            name: names
            for member, field in cls.model_fields.items()
            if not field.is_required()
            for names in [frozenset((member, *_aliases(field)))]
            for name in names
        }


def _odd(error: ValidationError, names: Mapping[str, frozenset[str]]) -> frozenset[str] | None:
    """What to leave out, so that the rest can be read; None: nothing helps."""
    places = [str(fault["loc"][0]) if fault["loc"] else "" for fault in error.errors(include_url=False)]
    return frozenset().union(*(names[place] for place in places)) if names.keys() >= set(places) else None


def _aliases(field: FieldInfo) -> list[str]:
    match field.validation_alias:
        case AliasChoices(choices=choices):
            return [str(choice) for choice in choices]
        case str(alias):
            return [alias]
        case _:
            return []


class _NoneIfOdd:
    """By the validator itself; `Loose` costs a call of Python for each object."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_default_schema(handler(source), default=None, on_error="default")


OddText = Annotated[str | None, _NoneIfOdd()]
"""None where it cannot be understood, for small objects that come by the dozen; a number is read as its text."""


def either(*names: str) -> Any:
    """An optional member that goes by several names."""
    return Field(default=None, validation_alias=AliasChoices(*names))


def _aware(value: datetime) -> datetime:
    return value if value.tzinfo else value.replace(tzinfo=UTC)


Instant = Annotated[datetime, AfterValidator(_aware)]
"""Aware; UTC where the vendor names no offset."""

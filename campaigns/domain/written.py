"""Words of the campaign file that many of its keys share: texts, zones, countries, true and false, local times."""

import re
from datetime import datetime
from typing import Annotated, Any

import phonenumbers
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    WithJsonSchema,
)

from .zones import zone

SLUG = r"^[a-z0-9][a-z0-9._-]{0,63}$"


class Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, allow_inf_nan=False, defer_build=True
    )


def _yes_or_no(value: object) -> object:
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    if not isinstance(value, bool):
        raise ValueError("This is neither true nor false. Write one of the two.")
    return value


def _zone(text: str) -> str:
    zone(text)
    return text


def zone_or_contact(text: str) -> str:
    return text if text == "contact" else _zone(text)


def country_code(text: str) -> str:
    """A country as ISO 3166-1 writes it. Raises ValueError with the nearest one."""
    if text in phonenumbers.SUPPORTED_REGIONS:
        return text
    known = {"UK": "GB", "EN": "GB"}.get(text.upper(), text.upper())
    mend = f"Did you mean {known}?" if known in phonenumbers.SUPPORTED_REGIONS else "Write two capitals, such as NL."
    raise ValueError(f"'{text[:40]}' is not a country code. {mend}")


def _slug(text: str) -> str:
    if not re.fullmatch(SLUG.strip("^$"), text):
        raise ValueError("This name cannot be used. Write small letters, digits and . _ - only, at most 64.")
    return text


def _not_blank(text: str) -> str:
    if not text.strip():
        raise ValueError("This text is blank. Write something, or remove the key.")
    return text


def listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def typed(text: str) -> str | int | float | bool:
    """An unquoted scalar that is passed on to others: `true`, `false` and JSON's numbers, else its text.

    What a number would not keep, such as `+31…`, `007` or twenty digits, stays text.
    """
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    if re.fullmatch(r"-?(0|[1-9]\d{0,14})", text, re.ASCII):
        return int(text)
    if re.fullmatch(r"-?(0|[1-9]\d{0,14})\.\d{1,15}", text, re.ASCII):
        return float(text)
    return text


_SCALAR = {"type": ["string", "number", "boolean"]}

Scalar = Annotated[str, WithJsonSchema(_SCALAR)]
"""Text as it stands in the file, also where YAML would see a number."""
Text = Annotated[str, AfterValidator(_not_blank), WithJsonSchema({**_SCALAR, "minLength": 1})]
"""A scalar with something in it."""
YesNo = Annotated[bool, BeforeValidator(_yes_or_no)]
Zone = Annotated[str, AfterValidator(_zone)]
Slug = Annotated[str, AfterValidator(_slug), WithJsonSchema({**_SCALAR, "pattern": SLUG})]
Country = Annotated[str, AfterValidator(country_code), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{2}$"})]
Words = Annotated[list[Text], BeforeValidator(listed, json_schema_input_type=Text | list[Text])]


def _local_time(value: object) -> datetime:
    """A date or a local date-time; a date means its first moment."""
    text = str(value).strip()
    try:
        parsed = datetime.fromisoformat(text)
    except ValueError:
        parsed = None
    if parsed and parsed.tzinfo:
        raise ValueError(f"'{text}' has an offset. Write local time; the zone is `timezone`, else the person's own.")
    if not parsed or not re.fullmatch(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d)?)?", text, re.ASCII):
        raise ValueError(f"'{text[:40]}' is not a date or time. Write 2026-11-23 or 2026-11-23T17:00.")
    if not 2000 <= parsed.year <= 2200:
        raise ValueError(f"'{text}' is not in our time. Write a year that a campaign can live to see.")
    return parsed


LocalTime = Annotated[datetime, BeforeValidator(_local_time, json_schema_input_type=str)]

"""The contact lists of a campaign file, as their author may write them."""

import re
from datetime import timedelta
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    Tag,
    model_validator,
)

from .contact import Basis
from .durations import Duration, parse_duration
from .lead import Outcome
from .written import Country, Scalar, Slug, Strict, Text, Words, listed


class PhoneColumn(Strict):
    """A column of numbers, and what kind of number stands there."""

    column: Text
    kind: Scalar = ""


def _phone_columns(value: object) -> object:
    return [{"column": item} if isinstance(item, str) else item for item in listed(value)]


PhoneColumns = Annotated[
    list[PhoneColumn],
    BeforeValidator(_phone_columns, json_schema_input_type=Text | PhoneColumn | list[Text | PhoneColumn]),
    Field(min_length=1),
]


class SomeColumns(Strict):
    """Which column of the list holds what, where that is not known already."""

    phone: PhoneColumns | None = None
    """One column or several, in the order they are tried."""
    name: Text | None = None
    id: Text | None = None
    """Names the person; default: the first number."""
    key: Text | None = None
    """Names the lead; default: the person."""
    timezone: Text | None = None
    country: Text | None = None
    state: Text | None = None
    postal_code: Text | None = None
    language: Text | None = None
    hours: Text | None = None
    """The person's own window, opening_hours syntax."""
    rank: Text | None = None
    """Smaller is called first."""
    consent: Text | None = None
    consent_at: Text | None = None
    consent_proof: Text | None = None
    debt: Text | None = None
    last_attempts: Text | None = None


class Columns(SomeColumns):
    """Which column of the list holds what."""

    phone: PhoneColumns
    """One column or several, in the order they are tried."""

    def but(self, other: SomeColumns) -> "Columns":
        """These, with the other's in their place where it names some."""
        return self.model_copy(update={name: value for name, value in other if value is not None})


class ColumnMoment(Strict):
    """`Appointment - 3d`: a column that holds a date or time, moved by a duration."""

    column: Text
    offset: timedelta = timedelta()


def _column_moment(value: object) -> object:
    if isinstance(value, ColumnMoment | dict):
        return value
    if not isinstance(value, str) or not value.strip():
        raise ValueError("This is not a moment. Write a column, moved by a duration if needed: 'Appointment - 3d'.")
    moved = re.fullmatch(r"(.+?)\s+([+-])\s*(\d.*)", value.strip())
    if not moved:
        return {"column": value.strip()}
    column, sign, offset = moved.groups()
    return {"column": column, "offset": parse_duration(offset) * (-1 if sign == "-" else 1)}


Moment = Annotated[ColumnMoment, BeforeValidator(_column_moment, json_schema_input_type=Text)]


def _basis(text: str) -> Basis:
    word = text.strip().lower().replace("-", "_")
    if word in set(Basis):
        return Basis(word)
    near = get_close_matches(word, list(Basis), 1)
    mend = f"Did you mean {near[0]}?" if near else f"Known are: {', '.join(Basis)}."
    raise ValueError(f"'{text[:40]}' is no kind of consent. {mend}")


_Basis = Annotated[Basis, BeforeValidator(lambda value: _basis(str(value)), json_schema_input_type=Basis)]


class ListConsent(Strict):
    """What everybody of a list agreed to, where no column says it for each."""

    basis: Annotated[
        list[_Basis], BeforeValidator(listed, json_schema_input_type=Basis | list[Basis]), Field(min_length=1)
    ]
    proof: Text | None = None
    """Where that is written down."""


def _delimiter(value: object) -> object:
    text = "\t" if value in ("tab", "\\t") else value
    if not isinstance(text, str) or len(text) != 1 or text in '"\r\n':
        raise ValueError("This cannot separate columns. Write one character, such as ';', or tab.")
    return text


def _encoding(text: str) -> str:
    try:
        "".encode(text)
    except (LookupError, ValueError):
        raise ValueError(f"'{text[:40]}' is not an encoding. Write utf-8 or windows-1252, or remove the key.") from None
    return text


class _File(Strict):
    file: Text
    """.csv, .tsv, .xlsx, .jsonl or .parquet, relative to the campaign file."""
    region: Country | None = None
    """Country of numbers written without +."""
    encoding: Annotated[str, AfterValidator(_encoding)] | None = None
    """Recognised when absent."""
    delimiter: Annotated[str, BeforeValidator(_delimiter)] | None = None
    """Recognised when absent."""
    sheet: Text | None = None
    """Of a workbook; default: the first."""


def _not_too_often(value: timedelta) -> timedelta:
    if value < timedelta(seconds=1):
        raise ValueError("This is too often. Write 1s or more.")
    return value


Refresh = Annotated[Duration, AfterValidator(_not_too_often)]


class FileList(_File):
    """A contact list in a file beside the campaign."""

    columns: Columns
    consent: ListConsent | None = None
    call_from: Moment | None = None
    call_by: Moment | None = None
    refresh: Refresh | None = None
    removed: Literal["keep", "stop"] = "keep"
    """What becomes of the lead when its row disappears."""


Told = Literal["outcome", "label", "attempts", "disposition", "date", "time", "campaign", "reference", "summary"]
"""What may be written into a field: `date` and `time` are of the last attempt's end (UTC)."""


class TagReturns(Strict):
    """`{outcome}`, `{label}` and `{campaign}` in a tag stand for the words."""

    add: Words = Field(default=[])
    remove: Words = Field(default=[])


class Returns(Strict):
    """What goes back to a system beside its plain note of the outcome."""

    tags: TagReturns = TagReturns()
    fields: dict[str, Told] = Field(default={})
    """Fields that the account has → what is written there."""


class VendorList(Strict):
    """Contacts of a system named in the settings."""

    list: Text
    where: dict[str, Any] = Field(default={})
    """Filters in the system's own words; a list of values means any of them."""
    columns: SomeColumns = SomeColumns()
    region: Country | None = None
    """Country of numbers written without +."""
    consent: ListConsent | None = None
    call_from: Moment | None = None
    call_by: Moment | None = None
    refresh: Refresh | None = None
    removed: Literal["keep", "stop"] = "keep"
    returns: Returns = Returns()
    """With `write_back`: what goes back beside the note."""

    def as_file(self, own: Columns) -> FileList:
        """The same wishes as of a list in a file, so that rows are read by one law; `own`: the system's columns."""
        return FileList(
            file=self.list, columns=own.but(self.columns), region=self.region, consent=self.consent,
            call_from=self.call_from, call_by=self.call_by,
        )  # fmt: skip


class CampaignWhere(Strict):
    outcome: (
        Annotated[list[Outcome], BeforeValidator(listed, json_schema_input_type=Outcome | list[Outcome])] | None
    ) = None
    label: Words | None = None


class CampaignList(Strict):
    """The leads of an earlier campaign of the same database."""

    campaign: Slug
    where: CampaignWhere = CampaignWhere()


def _which_list(value: object) -> str:
    if isinstance(value, dict):
        return next((f"<{kind}>" for kind in ("list", "campaign") if kind in value), "<file>")
    if isinstance(value, VendorList):
        return "<list>"
    return "<campaign>" if isinstance(value, CampaignList) else "<file>"


ContactSource = Annotated[
    Annotated[FileList, Tag("<file>")]
    | Annotated[VendorList, Tag("<list>")]
    | Annotated[CampaignList, Tag("<campaign>")],
    Discriminator(_which_list),
]


class ExcludeColumns(Strict):
    phone: PhoneColumns | None = None
    id: Text | None = None
    key: Text | None = None

    @model_validator(mode="after")
    def _names_something(self) -> Self:
        if not (self.phone or self.id or self.key):
            raise ValueError("This says not who is excluded. Name a column for at least one of phone, id, key.")
        return self


class Exclude(_File):
    """A list of people who are left out."""

    columns: ExcludeColumns

"""The campaign file: exactly what its author may write.

Scalars arrive as the source text of the YAML file, so that text fields keep what was written (`+3185…`, `007`).
A tag in `<…>` names the model that a union chose; whoever shows an error leaves it out.
"""

import re
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

import phonenumbers
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationInfo,
    WithJsonSchema,
    field_validator,
    model_validator,
)

from .call import Disposition
from .durations import Duration, parse_duration
from .hours import parse_hours
from .lead import Outcome
from .outcomes import check_rule
from .zones import zone

SLUG = r"^[a-z0-9][a-z0-9._-]{0,63}$"


class _Strict(BaseModel):
    model_config = ConfigDict(
        extra="forbid", frozen=True, hide_input_in_errors=True, allow_inf_nan=False, use_attribute_docstrings=True
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


def _zone_or_contact(text: str) -> str:
    return text if text == "contact" else _zone(text)


def _country(text: str) -> str:
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


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


_SCALAR = {"type": ["string", "number", "boolean"]}

Scalar = Annotated[str, WithJsonSchema(_SCALAR)]
"""Text as it stands in the file, also where YAML would see a number."""
Text = Annotated[str, AfterValidator(_not_blank), WithJsonSchema({**_SCALAR, "minLength": 1})]
"""A scalar with something in it."""
YesNo = Annotated[bool, BeforeValidator(_yes_or_no)]
Zone = Annotated[str, AfterValidator(_zone)]
Slug = Annotated[str, AfterValidator(_slug), WithJsonSchema({**_SCALAR, "pattern": SLUG})]
Country = Annotated[str, AfterValidator(_country), WithJsonSchema({"type": "string", "pattern": "^[A-Z]{2}$"})]
Words = Annotated[list[Text], BeforeValidator(_listed, json_schema_input_type=Text | list[Text])]


class Purpose(StrEnum):
    TELEMARKETING = "telemarketing"
    INFORMATIONAL = "informational"
    DEBT_COLLECTION = "debt_collection"
    RESEARCH = "research"
    EMERGENCY = "emergency"


class Voice(StrEnum):
    AI = "ai"
    HUMAN = "human"


class PhoneColumn(_Strict):
    """A column of numbers, and what kind of number stands there."""

    column: Text
    kind: Scalar = ""


def _phone_columns(value: object) -> object:
    return [{"column": item} if isinstance(item, str) else item for item in _listed(value)]


PhoneColumns = Annotated[
    list[PhoneColumn],
    BeforeValidator(_phone_columns, json_schema_input_type=Text | PhoneColumn | list[Text | PhoneColumn]),
    Field(min_length=1),
]


class Columns(_Strict):
    """Which column of the list holds what."""

    phone: PhoneColumns
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


class ColumnMoment(_Strict):
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


class ListConsent(_Strict):
    basis: Text
    proof: Text | None = None


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


class _File(_Strict):
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


Refresh = Annotated[Duration, Field(ge=timedelta(seconds=1))]


class FileList(_File):
    """A contact list in a file beside the campaign."""

    columns: Columns
    consent: ListConsent | None = None
    call_from: Moment | None = None
    call_by: Moment | None = None
    refresh: Refresh | None = None
    removed: Literal["keep", "stop"] = "keep"
    """What becomes of the lead when its row disappears."""


class VendorList(_Strict):
    """Contacts of a system named in the settings."""

    list: Text
    where: dict[str, Any] = {}
    consent: ListConsent | None = None
    refresh: Refresh | None = None
    removed: Literal["keep", "stop"] = "keep"


class CampaignWhere(_Strict):
    outcome: (
        Annotated[list[Outcome], BeforeValidator(_listed, json_schema_input_type=Outcome | list[Outcome])] | None
    ) = None
    label: Words | None = None


class CampaignList(_Strict):
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


class ExcludeColumns(_Strict):
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


class CallerId(_Strict):
    number: Text
    """With +, or the provider's own id."""
    per_day: Annotated[int, Field(ge=1)] | None = None


def _caller_ids(value: object) -> object:
    return [{"number": item} if isinstance(item, str) else item for item in _listed(value)]


CallerIds = Annotated[
    list[CallerId], BeforeValidator(_caller_ids, json_schema_input_type=Text | CallerId | list[Text | CallerId])
]


def _reason(text: str) -> str:
    if len(text.strip()) < 3 or text.strip().lower() in ("true", "yes", "off", "false", "null", "none"):
        raise ValueError('This is no reason. Say in words why no law is checked: {off: "reason"}.')
    return text.strip()


class LegalHours(_Strict):
    """How the legal rules are applied; `off` needs a reason and switches off every rule but suppression."""

    off: Annotated[str, AfterValidator(_reason)] | None = None
    fallback: YesNo = False
    mobiles: Literal["strict"] | None = None
    also: list[Text] = []
    waive: list[Text] = []


def _legal_hours(value: object) -> object:
    if isinstance(value, str) and value != "auto":
        raise ValueError('This is not a way to apply the law. Write auto, or {off: "reason"}.')
    return {} if value == "auto" else value


class Pacing(_Strict):
    at_once: Annotated[int, Field(ge=1, le=100_000)] = 5
    per_second: Annotated[float, Field(gt=0, le=10_000)] = 1.0
    ramp_up: Duration | None = None


RETRIED = (
    Disposition.NO_ANSWER,
    Disposition.BUSY,
    Disposition.FAILED,
    Disposition.VOICEMAIL,
    Disposition.DECLINED,
    Disposition.UNKNOWN,
)

RetryDelay = Literal["next_day"] | Duration


def _delay(value: object) -> timedelta | Literal["next_day"]:
    if value == "next_day":
        return "next_day"
    try:
        return parse_duration(value)
    except ValueError as error:
        raise ValueError(str(error).removesuffix(".") + ", or next_day.") from None


_Delay = Annotated[RetryDelay, BeforeValidator(_delay, json_schema_input_type=RetryDelay)]
RetryDelays = Annotated[
    list[_Delay], BeforeValidator(_listed, json_schema_input_type=_Delay | list[_Delay]), Field(min_length=1)
]


class Retry(_Strict):
    """When to try again after each disposition; absent means: not again."""

    no_answer: RetryDelays | None = None
    busy: RetryDelays | None = None
    failed: RetryDelays | None = None
    voicemail: RetryDelays | None = None
    declined: RetryDelays | None = None
    unknown: RetryDelays | None = None


class UncertainPolicy(StrEnum):
    HOLD = "hold"
    """A person decides."""
    AS_ATTEMPT = "as_attempt"
    """After `longest_call` it counts as an attempt with disposition unknown."""
    DROP = "drop"
    """Never called again in this campaign."""


_DEFAULT_RETRY = Retry(
    no_answer=[timedelta(hours=3)], busy=[timedelta(minutes=20)], failed=[timedelta(minutes=10)]
)  # fmt: skip


class Attempts(_Strict):
    max: Annotated[int, Field(ge=1, le=100)] = 3
    per_day: Annotated[int, Field(ge=1, le=100)] = 1
    gap: Annotated[Duration, Field(json_schema_extra={"default": "2h"})] = timedelta(hours=2)
    """From the end of the last attempt."""
    retry: Retry = _DEFAULT_RETRY
    uncertain: UncertainPolicy = UncertainPolicy.HOLD


class OutcomeRule(_Strict):
    """A CEL expression over a report, and what it decides."""

    when: Text
    outcome: Outcome | None = None
    label: Scalar = ""
    retry: Duration | None = None
    callback: Text | None = None
    """A CEL expression that yields the time asked for."""

    @field_validator("when", "callback")
    @classmethod
    def _compiles(cls, value: str | None) -> str | None:
        if value is not None:
            check_rule(value)
        return value

    @model_validator(mode="after")
    def _decides_one_thing(self) -> Self:
        if sum(part is not None for part in (self.outcome, self.retry, self.callback)) != 1:
            raise ValueError("This rule decides not exactly one thing. Write one of outcome, retry, callback.")
        return self


class Budget(_Strict):
    attempts: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None
    talk_minutes: Annotated[float, Field(gt=0)] | None = None
    cost: Annotated[float, Field(gt=0)] | None = None


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


class AgentByLanguage(_Strict):
    """`{by: language, nl: …, en: …, other: …}`"""

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, Text] = Field(init=False)
    by: Literal["language"]
    other: Text | None = None

    @model_validator(mode="after")
    def _names_languages(self) -> Self:
        agents = self.__pydantic_extra__
        if not agents and not self.other:
            raise ValueError("This names no agent. Write one per language, such as nl: …, and other: … for the rest.")
        for key in agents:
            if not re.fullmatch(r"[a-z]{2,3}([-_][a-z0-9]{2,8})*", key.lower(), re.ASCII):
                raise ValueError(f"'{key[:40]}' is not a language. Write codes such as nl or en-GB, or other.")
        return self

    def of(self, language: str) -> str | None:
        """The agent for a contact's language; None when nobody speaks it and there is no `other`."""
        agents = {_tag(key): agent for key, agent in self.__pydantic_extra__.items()}
        wanted = _tag(language)
        return agents.get(wanted) or agents.get(wanted.partition("-")[0]) or self.other


def _tag(language: str) -> str:
    return language.strip().lower().replace("_", "-")


def _which_agent(value: object) -> str:
    return "<language>" if isinstance(value, dict | AgentByLanguage) else "<text>"


Agent = Annotated[
    Annotated[Text, Tag("<text>")] | Annotated[AgentByLanguage, Tag("<language>")], Discriminator(_which_agent)
]


class Campaign(_Strict):
    """A campaign, as written."""

    campaign: Slug
    """The campaign's name: its identity in a database."""
    purpose: Purpose
    """Which legal rules bind."""
    subject: Text | None = None
    """What rules about "the same subject" count; default: the campaign's name."""
    provider: Text = "simulator"
    """`simulator`, or the name of a provider in the settings."""
    agent: Annotated[Agent | None, Field(validate_default=True)] = None
    """The assistant who talks; required but for the simulator."""
    voice: Voice = Voice.AI
    caller_ids: CallerIds = []
    dialing: Literal["direct", "scheduled"] = "direct"
    priority: Annotated[int, Field(ge=1, le=5)] = 3
    """Between campaigns; 1 is first."""

    contacts: Annotated[list[ContactSource], Field(min_length=1)]
    """One or more contact lists, in order."""
    exclude: list[Exclude] = []
    """Lists of people who are left out."""

    calling_hours: Text
    """When people may be called, in OpenStreetMap opening_hours syntax."""
    timezone: Annotated[str, AfterValidator(_zone_or_contact)] = "contact"
    """`contact`: the called person's own; or an IANA name for everybody."""
    legal_hours: Annotated[
        LegalHours,
        BeforeValidator(_legal_hours, json_schema_input_type=Literal["auto"] | LegalHours),
        Field(validate_default=True),
    ] = LegalHours()
    starts: LocalTime | None = None
    """A date or local time; no call before it."""
    ends: LocalTime | None = None
    """A date or local time; no call from it on. A date means its first moment."""

    pacing: Pacing = Pacing()
    attempts: Attempts = Attempts()
    variables: dict[str, Scalar] = {}
    """What the agent is told about each person."""
    outcomes: list[OutcomeRule] = []
    """Rules over each settled attempt's report; the first that holds decides."""
    budget: Budget | None = None
    write_back: YesNo = False
    """Put the outcome back where the contact came from."""

    @field_validator("agent")
    @classmethod
    def _somebody_talks(cls, value: object, info: ValidationInfo) -> object:
        if value is None and info.data.get("provider", "simulator") != "simulator":
            raise ValueError("`agent` is missing: nobody would talk. Write the provider's id of the assistant.")
        return value

    @field_validator("calling_hours")
    @classmethod
    def _hours_are_safe(cls, value: str) -> str:
        parse_hours(value)
        return value

    @field_validator("legal_hours")
    @classmethod
    def _emergency_needs_a_reason(cls, value: LegalHours, info: ValidationInfo) -> LegalHours:
        if info.data.get("purpose") is Purpose.EMERGENCY and not value.off:
            raise ValueError('No rules name emergencies. `purpose: emergency` needs `legal_hours: {off: "reason"}`.')
        return value

    @field_validator("ends")
    @classmethod
    def _ends_after_it_starts(cls, value: datetime | None, info: ValidationInfo) -> datetime | None:
        starts = info.data.get("starts")
        if value and starts and starts >= value:
            raise ValueError("The campaign ends before it starts. Write an `ends` that is after `starts`.")
        return value

    @property
    def zone(self) -> str | None:
        """The campaign's own zone; None: each person's."""
        return None if self.timezone == "contact" else self.timezone

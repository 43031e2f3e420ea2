"""The campaign file: exactly what its author may write.

Scalars arrive as the source text of the YAML file, so that text fields keep what was written (`+3185…`, `007`).
A tag in `<…>` names the model that a union chose; whoever shows an error leaves it out.
"""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property, lru_cache
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    JsonValue,
    Tag,
    ValidationInfo,
    field_validator,
    model_validator,
)

from .agent_words import answers, check_words, configuration
from .call import Disposition
from .contact import Contact
from .durations import Duration, parse_duration
from .hours_text import parse_hours
from .lead import Outcome
from .outcomes import check_rule
from .sources import ContactSource, Exclude
from .written import LocalTime, Scalar, Slug, Strict, Text, YesNo, listed, zone_or_contact


class Purpose(StrEnum):
    TELEMARKETING = "telemarketing"
    INFORMATIONAL = "informational"
    DEBT_COLLECTION = "debt_collection"
    RESEARCH = "research"
    EMERGENCY = "emergency"


class Voice(StrEnum):
    AI = "ai"
    HUMAN = "human"


class CallerId(Strict):
    number: Text
    """With +, or the provider's own id."""
    per_day: Annotated[int, Field(ge=1)] | None = None


def _caller_ids(value: object) -> object:
    return [{"number": item} if isinstance(item, str) else item for item in listed(value)]


CallerIds = Annotated[
    list[CallerId], BeforeValidator(_caller_ids, json_schema_input_type=Text | CallerId | list[Text | CallerId])
]


def _reason(text: str) -> str:
    if len(text.strip()) < 3 or text.strip().lower() in ("true", "yes", "off", "false", "null", "none"):
        raise ValueError('This is no reason. Say in words why no law is checked: {off: "reason"}.')
    return text.strip()


class LegalHours(Strict):
    """How the legal rules are applied; `off` needs a reason and switches off every rule but suppression."""

    off: Annotated[str, AfterValidator(_reason)] | None = None
    fallback: YesNo = False
    mobiles: Literal["strict"] | None = None
    also: list[Text] = Field(default=[])
    waive: list[Text] = Field(default=[])


def _legal_hours(value: object) -> object:
    if isinstance(value, str) and value != "auto":
        raise ValueError('This is not a way to apply the law. Write auto, or {off: "reason"}.')
    return {} if value == "auto" else value


class Pacing(Strict):
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
    list[_Delay], BeforeValidator(listed, json_schema_input_type=_Delay | list[_Delay]), Field(min_length=1)
]


class Retry(Strict):
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


class Attempts(Strict):
    max: Annotated[int, Field(ge=1, le=100)] = 3
    per_day: Annotated[int, Field(ge=1, le=100)] = 1
    gap: Annotated[Duration, Field(json_schema_extra={"default": "2h"})] = timedelta(hours=2)
    """From the end of the last attempt."""
    retry: Retry = _DEFAULT_RETRY
    uncertain: UncertainPolicy = UncertainPolicy.HOLD


class OutcomeRule(Strict):
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


class Budget(Strict):
    attempts: Annotated[int, Field(ge=1, le=1_000_000_000)] | None = None
    talk_minutes: Annotated[float, Field(gt=0)] | None = None
    cost: Annotated[float, Field(gt=0)] | None = None


class AgentByLanguage(Strict):
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

    def everybody(self) -> list[str]:
        """Every agent that is named."""
        return [*self.__pydantic_extra__.values(), *([self.other] if self.other else [])]


def _tag(language: str) -> str:
    return language.strip().lower().replace("_", "-")


def _which_agent(value: object) -> str:
    return "<language>" if isinstance(value, dict | AgentByLanguage) else "<text>"


Agent = Annotated[
    Annotated[Text, Tag("<text>")] | Annotated[AgentByLanguage, Tag("<language>")], Discriminator(_which_agent)
]


@dataclass(frozen=True, slots=True, eq=False)
class Ground:
    """What a campaign file says that decides which legal rules are asked."""

    purpose: Purpose
    artificial: bool
    fallback: bool = False
    also: tuple[str, ...] = ()


@lru_cache(maxsize=1024)
def ground_of(purpose: Purpose, artificial: bool, fallback: bool = False, also: tuple[str, ...] = ()) -> Ground:
    """The one Ground of these: it is the key of many a cache, where comparing would cost more than asking."""
    return Ground(purpose, artificial, fallback, also)


class Campaign(Strict):
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
    caller_ids: CallerIds = Field(default=[])
    dialing: Literal["direct", "scheduled"] = "direct"
    priority: Annotated[int, Field(ge=1, le=5)] = 3
    """Between campaigns; 1 is first."""

    contacts: Annotated[list[ContactSource], Field(min_length=1)]
    """One or more contact lists, in order."""
    exclude: list[Exclude] = Field(default=[])
    """Lists of people who are left out."""

    calling_hours: Text
    """When people may be called, in OpenStreetMap opening_hours syntax."""
    timezone: Annotated[str, AfterValidator(zone_or_contact)] = "contact"
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
    variables: dict[str, Scalar] = Field(default={})
    """What the agent is told about each person."""
    assistant: dict[str, JsonValue] = Field(default={})
    """How the agent differs for each person, in the provider's own words; its texts are templates over `variables`."""
    tools: dict[str, Text] = Field(default={})
    """What the agent's tools answer, by their names: templates over `variables`."""
    outcomes: list[OutcomeRule] = Field(default=[])
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

    @field_validator("assistant", "tools")
    @classmethod
    def _says_what_it_knows(cls, value: dict[str, JsonValue], info: ValidationInfo) -> dict[str, JsonValue]:
        if "variables" in info.data:
            check_words(value, info.data["variables"])
        return value

    @field_validator("ends")
    @classmethod
    def _ends_after_it_starts(cls, value: datetime | None, info: ValidationInfo) -> datetime | None:
        starts = info.data.get("starts")
        if value and starts and starts >= value:
            raise ValueError("The campaign ends before it starts. Write an `ends` that is after `starts`.")
        return value

    @cached_property
    def ground(self) -> Ground:
        """Which legal rules are asked."""
        legal = self.legal_hours
        return ground_of(self.purpose, self.voice is Voice.AI, legal.fallback, tuple(legal.also))

    def assistant_for(self, contact: Contact) -> dict[str, JsonValue]:
        """How the agent differs for this contact; empty: it does not."""
        return configuration(self.assistant, contact.variables)

    def tool_answers(self, contact: Contact) -> dict[str, str]:
        """What the agent's tools answer about this contact, by their names."""
        return answers(self.tools, contact.variables)

    @property
    def zone(self) -> str | None:
        """The campaign's own zone; None: each person's."""
        return None if self.timezone == "contact" else self.timezone

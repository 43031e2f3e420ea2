"""The shape of a legal rule: one instrument of one jurisdiction, for one set of purposes. Data, never advice."""

import re
from datetime import date, timedelta
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from .campaign import Purpose
from .written import Strict
from .zones import zone

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MIDNIGHT = timedelta(hours=24)

Purposes = Literal["telemarketing", "debt_collection", "research", "informational", "emergency", "ai_voice"]
Need = Literal["none", "unclear", "prior", "prior_written", "banned"]
"""What an artificial voice needs, from nothing to a ban."""
NEEDS: tuple[Need, ...] = ("none", "unclear", "prior", "prior_written", "banned")
Duty = Literal["disclose_ai", "identify_caller", "automated_opt_out", "callback_number", "announce_recording"]

Span = tuple[timedelta, timedelta]
"""From, and up to but not including, since local midnight."""


def _span(value: object) -> Span:
    match = re.fullmatch(r"(\d\d):(\d\d)-(\d\d):(\d\d)", value) if isinstance(value, str) else None
    if isinstance(value, tuple):
        return value
    if not match:
        raise ValueError(f"'{value}' is not a span of hours. Write 09:00-17:30.")
    hours = [int(part) for part in match.groups()]
    span = (timedelta(hours=hours[0], minutes=hours[1]), timedelta(hours=hours[2], minutes=hours[3]))
    if not span[0] < span[1] <= MIDNIGHT or max(hours[1], hours[3]) > 59:
        raise ValueError(f"'{value}' is not a span within one day.")
    return span


def _in_order(spans: tuple[Span, ...]) -> tuple[Span, ...]:
    if any(a[1] > b[0] for a, b in pairwise(spans)):
        raise ValueError("These hours overlap, or are not in order.")
    return spans


Spans = Annotated[tuple[Annotated[Span, BeforeValidator(_span)], ...], AfterValidator(_in_order)]


class SpecialDay(Strict):
    """Other hours on certain days: never wider than the day's own, but for `public_holiday`, which sets them."""

    when: Annotated[str, Field(pattern=r"^(\d\d-\d\d|public_holiday|day_before_holiday)$")]
    hours: Spans


class Suspension(Strict):
    """An event outside the calendar that closes the jurisdiction at once."""

    trigger: str
    authority: str
    action: Literal["closed"]


class Cap(Strict):
    """At most `max` within a period."""

    max: Annotated[int, Field(ge=1)]
    per_days: Annotated[int, Field(ge=1)] | None = None
    per_hours: Annotated[int, Field(ge=1)] | None = None
    scope: Literal["attempt", "contact", "conversation"]
    window: Literal["rolling", "calendar_day", "calendar_week", "calendar_month"]
    key: Literal["person", "number", "debt", "subject"]
    unless: tuple[Literal["consent", "ebr"], ...] = ()
    after: tuple[Literal["no_answer", "hangup"], ...] = ()

    @property
    def period(self) -> timedelta:
        """Of a rolling window."""
        return timedelta(days=self.per_days or 0, hours=self.per_hours or 0)

    @model_validator(mode="after")
    def _has_one_period(self) -> Self:
        if (self.per_days is None) == (self.per_hours is None):
            raise ValueError("A cap has per_days or per_hours.")
        return self


class Gap(Strict):
    days: Annotated[int, Field(ge=1)]
    between: str


Cooldown = Annotated[int, Field(ge=1)] | Literal["permanent"]


class Abandoned(Strict):
    """Answered calls without an agent: for predictive dialling with people, shown and not counted here."""

    max_rate_pct: float
    measured_per: str
    measured_days: int | None = None
    connect_within_s: float | None = None
    min_ring_s: float | None = None
    reattempt_block_hours: float | None = None


def _clock(text: str) -> str:
    if text != "called_party":
        zone(text)
    return text


Day = Annotated[date, BeforeValidator(lambda value: date.fromisoformat(value) if isinstance(value, str) else value)]


class Rule(Strict):
    """One row: see the README for what each field means. Times are local to `clock`, their ends excluded."""

    id: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")]
    jurisdiction: Annotated[str, Field(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")]
    """ISO 3166-1 or 3166-2; `EU`; `ZZ` for the product's fallback."""
    area: str | None = None
    """Narrows the jurisdiction: a city."""
    name: str
    scope: Annotated[tuple[Purposes, ...], Field(min_length=1)]
    voice: Literal["any", "artificial"]
    binding: Literal["law", "guidance", "code", "default"]
    hours_source: Literal["law", "code", "guidance", "product_default", "none"]
    inherits: tuple[str, ...] = ()
    consent: Literal["opt_out", "opt_in", "opt_in_or_customer", "request_only", "not_applicable", "unclear"]
    clock: Annotated[str, AfterValidator(_clock)] = "called_party"
    hours: dict[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"], Spans] | None
    """None: this row says nothing about hours."""
    holidays: Literal["closed", "open", "special"] = "open"
    holiday_calendar: str | tuple[str, ...] | None = None
    special_days: tuple[SpecialDay, ...] = ()
    suspensions: tuple[Suspension, ...] = ()
    hours_waived_by: tuple[Literal["express_consent", "appointment", "separate_night_consent"], ...] = ()
    caps: tuple[Cap, ...] = ()
    min_gap: Gap | None = None
    cooldown_after: dict[Literal["refusal", "conversation", "contact", "no_answer", "stop_request"], Cooldown] = Field(
        default={}
    )
    abandoned: Abandoned | None = None
    ai_voice: str | None = None
    """In words: consent or disclosure duty for artificial voices."""
    consent_artificial: Need | dict[Purpose, Need] = "unclear"
    duties: tuple[Duty, ...] = ()
    optional: bool = False
    """Binds only where the campaign names it."""
    instrument: str
    effective: Day | None
    ends: Day | None = None
    """The first day without the row."""
    source: tuple[str, ...] = ()
    source_kind: Literal["primary", "secondary", "none"]
    confidence: Literal["high", "medium", "low"]
    notes: str = ""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if self.hours is not None and set(self.hours) != set(DAYS):
            raise ValueError("`hours` names every day, mon to sun, or is null.")
        if self.holidays != "open" and not self.holiday_calendar:
            raise ValueError("`holiday_calendar` is missing.")
        if not self.source and self.confidence != "low":
            raise ValueError("A row without a source has confidence low.")
        if self.effective and self.ends and self.effective >= self.ends:
            raise ValueError("The row ends before it begins.")
        return self

    @property
    def code(self) -> str:
        """The jurisdiction with its area, such as `US-NY/New York City`."""
        return f"{self.jurisdiction}/{self.area}" if self.area else self.jurisdiction

    @property
    def calendars(self) -> tuple[str, ...]:
        calendar = self.holiday_calendar
        return () if calendar is None else (calendar,) if isinstance(calendar, str) else calendar

    def in_force(self, day: date) -> bool:
        """Whether it is law on that day."""
        return (self.effective is None or self.effective <= day) and (self.ends is None or day < self.ends)

    def need(self, purpose: Purpose) -> Need:
        """What an artificial voice needs for this purpose."""
        if isinstance(self.consent_artificial, dict):
            return self.consent_artificial.get(purpose, "unclear")
        return self.consent_artificial

    def spans_on(self, day: date) -> tuple[Span, ...]:
        """The weekday's own hours; the whole day where the row sets none."""
        return ((timedelta(), MIDNIGHT),) if self.hours is None else self.hours[DAYS[day.weekday()]]  # type: ignore[index]

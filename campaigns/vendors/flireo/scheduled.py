"""A Flireo scheduled call, as any of its pages may show it → our booking. Field names are ASSUMED."""

from datetime import UTC, datetime
from typing import Any

from pydantic import AliasChoices, Field, ValidationError, field_validator

from campaigns.domain.call import Booked, Booking, BookingState, Unclear

from .calls import Loose
from .facts import BOOKING_STATES


class ScheduledRecord(Loose):
    """One scheduled call; unknown keys are let through, absent ones are None."""

    scheduled_call_id: str = Field(validation_alias=AliasChoices("scheduled_call_id", "id"), min_length=1)
    phone_number: str | None = None
    scheduled_at: datetime | None = None
    status: str | None = None
    call_id: str | None = None
    metadata: dict[str, Any] | None = None

    @field_validator("scheduled_at", mode="after")
    @classmethod
    def _aware(cls, value: datetime | None) -> datetime | None:
        return value.replace(tzinfo=UTC) if value is not None and value.tzinfo is None else value

    def booking(self) -> Booking:
        """The record in our words; a status that nobody knows proves nothing."""
        word = (self.status or "").strip().lower().replace("_", "-").replace(" ", "-")
        return Booking(
            booking_id=self.scheduled_call_id,
            state=BOOKING_STATES.get(word, BookingState.UNKNOWN),
            attempt_id=str((self.metadata or {}).get("attempt_id") or "") or None,
            phone=self.phone_number,
            fires_at=self.scheduled_at,
            call_id=self.call_id or None,
        )


def read_booking(data: Any) -> Booking | None:
    """A record, bare or in one of the vendor's envelopes; None: it is none."""
    for shape in (data, *(data.get(name) for name in ("scheduled_call", "data") if isinstance(data, dict))):
        try:
            return ScheduledRecord.model_validate(shape).booking()
        except ValidationError:
            continue
    return None


def booked(data: Any) -> Booked | Unclear:
    """What an accepting answer to "schedule this" proves: a booking, where it names one."""
    found = read_booking(data)
    return Booked(found.booking_id) if found is not None else Unclear("accepted without a scheduled call id")

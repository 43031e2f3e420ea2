"""A Flireo scheduled call, as any of its pages may show it → our booking. Field names are ASSUMED."""

from typing import Any

from pydantic import AliasChoices, Field, ValidationError

from campaigns.domain.call import Booked, Booking, BookingState, Unclear
from campaigns.vendors.loose import Instant, Loose

from .facts import PLAIN, Facts, normal


class ScheduledRecord(Loose):
    """One scheduled call; unknown keys are let through, absent ones are None."""

    scheduled_call_id: str = Field(validation_alias=AliasChoices("scheduled_call_id", "id"), min_length=1)
    assistant_id: str | None = None
    contact_id: str | None = None
    phone_number: str | None = None
    scheduled_at: Instant | None = None
    status: str | None = None
    call_id: str | None = None
    metadata: dict[str, Any] | None = None
    created_at: Instant | None = None
    last_modified: Instant | None = None

    def booking(self, facts: Facts = PLAIN) -> Booking:
        """The record in our words; a status that nobody knows proves nothing."""
        return Booking(
            booking_id=self.scheduled_call_id,
            state=facts.booking_states.get(normal(self.status), BookingState.UNKNOWN),
            attempt_id=str((self.metadata or {}).get("attempt_id") or "") or None,
            phone=self.phone_number,
            fires_at=self.scheduled_at,
            call_id=self.call_id or None,
        )


def read_booking(data: Any, facts: Facts = PLAIN) -> Booking | None:
    """A record, bare or in one of the vendor's envelopes; None: it is none."""
    for shape in (data, *(data.get(name) for name in ("scheduled_call", "data") if isinstance(data, dict))):
        try:
            return ScheduledRecord.model_validate(facts.received(shape)).booking(facts)
        except ValidationError:
            continue
    return None


def booked(data: Any, facts: Facts = PLAIN) -> Booked | Unclear:
    """What an accepting answer to "schedule this" proves: a booking, where it names one."""
    found = read_booking(data, facts)
    return Booked(found.booking_id) if found is not None else Unclear("accepted without a scheduled call id")

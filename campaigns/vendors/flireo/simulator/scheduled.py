"""The scheduled calls of the Flireo simulator: held until their time, fired about a minute late at most, or cancelled.

Assumed throughout: pending -> in-progress -> completed or failed; pending -> cancelled; whatever is no longer pending
can be neither changed nor cancelled.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pydantic import AwareDatetime, BaseModel, Field

from campaigns.domain.lead import spread
from campaigns.vendors.simulated.exchange import ApiError, Exchange
from campaigns.vendors.simulated.ledger import SimScheduled

from .options import DirectCall, Options


class ScheduleOrder(DirectCall):
    """The body of POST /scheduled-calls (assumed); unknown members are ignored."""

    scheduled_at: AwareDatetime


class ScheduleChange(BaseModel):
    """The body of PATCH /scheduled-calls/{id} (assumed): any subset."""

    scheduled_at: AwareDatetime | None = None
    phone_number: str | None = Field(default=None, pattern=r"^\+[1-9][0-9]{6,14}$", repr=False)
    metadata: dict[str, Any] | None = Field(default=None, repr=False)


class Agenda:
    """What one simulated account is to call later."""

    def __init__(self, exchange: Exchange[Options]) -> None:
        self._exchange = exchange
        for one in exchange.ledger.scheduled.values():  # of an earlier run
            if one.state == "pending":
                self._wind(one)

    def add(self, order: ScheduleOrder) -> SimScheduled:
        """Hold a call. Raises ApiError: 400 for a time that is past, and what a call now would meet."""
        now = self._exchange.clock.now()
        self._exchange.admit(order)
        self._must_be_ahead(order.scheduled_at, now)
        number = len(self._exchange.ledger.scheduled) + 1
        # The instant is part of the name: a second run on the same database must not meet the ids of the first.
        name = f"flireo-simulator:scheduled:{self._exchange.seed}:{number}:{now.isoformat()}"
        one = SimScheduled(
            scheduled_call_id=str(uuid5(NAMESPACE_URL, name)), created_at=now, last_modified=now, **order.model_dump()
        )  # fmt: skip
        self._keep(one)
        self._wind(one)
        return one

    def change(self, key: str, wish: ScheduleChange) -> SimScheduled:
        """Another time, number or metadata. Raises ApiError."""
        now = self._exchange.clock.now()
        changes = wish.model_dump(exclude_none=True)
        self._must_be_ahead(wish.scheduled_at or now + timedelta(seconds=1), now)
        one = self._pending(key).model_copy(update={**changes, "last_modified": now})
        self._keep(one)
        self._wind(one)
        return one

    def cancel(self, key: str) -> SimScheduled:
        """Raises ApiError: 404, and 400 once it has started."""
        one = self._pending(key).model_copy(update={"state": "cancelled", "last_modified": self._exchange.clock.now()})
        self._keep(one)
        return one

    def find(self, key: str) -> SimScheduled:
        """Raises ApiError: 404."""
        one = self._exchange.ledger.scheduled.get(key)
        if one is None:
            raise ApiError(404, "not_found", "No scheduled call has this id")
        return one

    def listed(self) -> list[SimScheduled]:
        """All of them, whatever became of them, in the order of the options."""
        every = list(self._exchange.ledger.scheduled.values())
        if self._exchange.options.order == "shuffled":
            return sorted(every, key=lambda one: spread(f"{self._exchange.seed}|order|{one.scheduled_call_id}"))
        return every[::-1] if self._exchange.options.order == "newest" else every

    def status(self, one: SimScheduled) -> str:
        """The word of the record by now."""
        call = self._exchange.ledger.find(one.call_id) if one.call_id else None
        if one.state != "fired":
            return one.state
        return "completed" if call is None or self._exchange.clock.now() >= call.ended_at else "in-progress"

    def view(self, one: SimScheduled) -> dict[str, Any]:
        """A record (its fields are assumed)."""
        shown = one.model_dump(mode="json", exclude={"state"})
        if not self._exchange.options.metadata_in_calls:
            shown["metadata"] = None
        at = one.scheduled_at.astimezone(UTC).isoformat(timespec="seconds")
        return shown | {"status": self.status(one), "scheduled_at": at}

    def _pending(self, key: str) -> SimScheduled:
        one = self.find(key)
        if one.state != "pending":
            raise ApiError(400, "invalid_status", f"The call is {self.status(one)}")
        return one

    def _must_be_ahead(self, at: datetime, now: datetime) -> None:
        if at <= now:
            raise ApiError(400, "invalid_parameters", "scheduled_at must be in the future")

    def _keep(self, one: SimScheduled) -> None:
        self._exchange.ledger.put(one)

    def _wind(self, one: SimScheduled) -> None:
        """Fire it at its time, as it stands then."""
        lag = self._exchange.options.fire_lag * spread(f"{self._exchange.seed}|lag|{one.scheduled_call_id}")
        rule = self._exchange.dice.pick("fire", one.phone_number, one.phone_number)
        late = rule.seconds if rule and rule.kind == "late" else 0.0
        at = one.scheduled_at + timedelta(seconds=lag + late)
        fails = rule is not None and rule.kind == "fail"
        self._exchange.teller.later(at, lambda: self._fire(one, fails=fails))

    def _fire(self, wound: SimScheduled, *, fails: bool) -> None:
        one = self._exchange.ledger.scheduled[wound.scheduled_call_id]
        if one.state != "pending" or one.scheduled_at != wound.scheduled_at:
            return
        changes: dict[str, Any] = {"state": "failed", "last_modified": self._exchange.clock.now()}
        if not fails:
            order = DirectCall(**one.model_dump(include=set(DirectCall.model_fields)))
            try:
                call = self._exchange.place(order, scheduled=one.scheduled_call_id)
            except ApiError:
                pass
            else:
                changes |= {"state": "fired", "call_id": call.call_id}
        self._keep(one.model_copy(update=changes))

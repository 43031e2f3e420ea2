"""The platform behind a simulator's HTTP surface: it takes calls, knows their state, and keeps the balance."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from uuid import NAMESPACE_URL, uuid5

from pydantic import BaseModel, Field

from campaigns.domain.lead import spread
from campaigns.ports import Clock

from .faults import Dice
from .ledger import Ledger, SimCall, busiest, fastest, overlaps
from .people import Fate, How, Person
from .setup import Setup
from .telling import Teller

_LONGEST_CALL = timedelta(hours=1)


class ApiError(Exception):
    """An answer of the API that is an error."""

    def __init__(self, status: int, code: str, message: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.headers = status, code, message, headers or {}


class Order(BaseModel):
    """What is needed to ring somebody; unknown members are ignored."""

    assistant_id: str = Field(min_length=1, strict=True)
    phone_number: str = Field(pattern=r"^\+[1-9][0-9]{6,14}$", repr=False)
    phone_number_id: str | None = None
    contact_id: str | None = None
    metadata: dict[str, Any] | None = Field(default=None, repr=False)


SetupT = TypeVar("SetupT", bound=Setup)


@dataclass
class Exchange(Generic[SetupT]):
    """The state of one simulated account."""

    clock: Clock
    seed: int
    ledger: Ledger
    dice: Dice
    options: SetupT
    teller: Teller
    """Told of each new call, so that what it brings in time is brought."""

    def __post_init__(self) -> None:
        self.teller.ring_back = self.ring_us

    def place(self, order: Order, scheduled: str | None = None) -> SimCall:
        """Accept a call, or make one that was scheduled. Raises ApiError: 402, 404, 429."""
        now = self.clock.now()
        self.admit(order)
        if self.options.at_once is not None and self.open_calls() >= self.options.at_once:
            raise ApiError(429, "rate_limit_exceeded", "Too many calls at once", {"retry-after": "5"})
        ordinal = self.ledger.ordinal("outbound", order.phone_number)
        fate = Person(self.seed, order.phone_number).fate(ordinal, now)
        call = SimCall(
            direction="outbound",
            phone_number=order.phone_number,
            own_number=self.options.numbers[order.phone_number_id or next(iter(self.options.numbers))],
            assistant_id=order.assistant_id,
            phone_number_id=order.phone_number_id,
            contact_id=order.contact_id,
            metadata=order.metadata,
            ordinal=ordinal,
            scheduled_call_id=scheduled,
            **self._played(fate, now, f"outbound:{order.phone_number}:{ordinal}:{order.metadata}"),
        )
        return self._keep(call)

    def ring_us(self, missed: SimCall, fate: Fate | None = None) -> None:
        """The person of a missed call calls back; `fate`: what comes of it, where the platform has a word in it."""
        now = self.clock.now()
        ordinal = self.ledger.ordinal("inbound", missed.phone_number)
        fate = fate or Person(self.seed, missed.phone_number).calls_us(ordinal, now)
        played = self._played(fate, now, f"inbound:{missed.phone_number}:{ordinal}")
        kept = {"phone_number", "own_number", "assistant_id", "phone_number_id", "contact_id"}
        answers = missed.call_id
        self._keep(
            SimCall(
                direction="inbound",
                ordinal=ordinal,
                answers_call_id=answers,
                **missed.model_dump(include=kept),
                **played,
            )
        )

    def listed(self, since: datetime | None) -> list[SimCall]:
        """The records that a list may show by now, in the order of the options."""
        now = self.clock.now()
        lag = self.dice.lag
        calls = [c for c in self.ledger.since(since) if c.created_at + timedelta(seconds=lag(c.call_id)) <= now]
        if self.options.order == "shuffled":
            return sorted(calls, key=lambda call: spread(f"{self.seed}|order|{call.call_id}"))
        return calls[::-1] if self.options.order == "newest" else calls

    def open_calls(self) -> int:
        now = self.clock.now()
        return sum(now < call.ended_at for call in self.ledger.since(now - _LONGEST_CALL))

    @property
    def balance(self) -> int:
        """Credits left; a million when they are not limited."""
        return (
            max(0, self.options.credits - self.ledger.credits_spent) if self.options.credits is not None else 1_000_000
        )

    def stats(self) -> dict[str, Any]:
        """Figures for a judge; `most_*` and `overlaps` are of outbound calls."""
        calls = self.ledger.everything()
        ours = [call for call in calls if call.direction == "outbound"]
        return {
            "calls": len(calls),
            "outbound": len(ours),
            "inbound": len(calls) - len(ours),
            "numbers": len({call.phone_number for call in ours}),
            "open": self.open_calls(),
            "scheduled": dict(Counter(one.state for one in self.ledger.scheduled.values())),
            "most_at_once": busiest(ours),
            "most_per_second": fastest(ours),
            "overlaps": overlaps(ours),
            "fates": {how.value: sum(call.how is how for call in ours) for how in How},
            "credits": self.balance,
            "faults": dict(self.dice.struck),
            "webhooks": dict(self.teller.told),
        }

    def admit(self, order: Order) -> None:
        """Whether the account can make such a call at all. Raises ApiError."""
        known = self.options.assistants
        if known is not None and order.assistant_id not in known:
            raise ApiError(404, "not_found", "No assistant has this id")
        if order.phone_number_id is not None and order.phone_number_id not in self.options.numbers:
            raise ApiError(404, "not_found", "No phone number has this id")
        if not self.options.numbers:
            raise ApiError(400, "no_phone_number", "The account has no phone number")
        if self.balance <= 0:
            raise ApiError(402, "insufficient_credits", "There are no credits left")

    def _played(self, fate: Fate, now: datetime, name: str) -> dict[str, Any]:
        """A fate as the instants of one call."""
        asked = now + timedelta(seconds=fate.queued)
        picked = asked + timedelta(seconds=fate.rings or 0.0)
        ended = picked + timedelta(seconds=fate.talks)
        back = fate.calls_back_after
        return {
            # With instant and metadata: no second run, and no other campaign, meets the ids of the first.
            "call_id": name_id("call", f"{self.seed}:{name}:{now.isoformat()}"),
            "created_at": now,
            "how": fate.how,
            "rings_at": asked if fate.rings is not None else None,
            "answered_at": picked if fate.talks else None,
            "ended_at": ended,
            "goodbye": fate.goodbye,
            "analysis": fate.analysis,
            "troubled": fate.troubled,
            "calls_back_at": None if back is None else ended + timedelta(seconds=back),
        }

    def _keep(self, call: SimCall) -> SimCall:
        self.ledger.add(call)
        self.teller.born(call)
        return call


def words(call: SimCall) -> tuple[str, str]:
    """(summary, transcript) of an ended call; both empty when nobody was there."""
    if call.how is How.VOICEMAIL:
        return "The call reached a voicemail box.", "AI: Good day, I will try again later."
    if call.how is not How.ANSWERED:
        return "", ""
    wishes = [key.replace("_", " ") for key, value in call.analysis.items() if value is True]
    summary = f"A short talk; noted: {', '.join(wishes) or 'nothing'}."
    return summary, "AI: Good day, you speak with an automated assistant.\nGebruiker: Hello.\nAI: Thank you, goodbye."


def recording(call: SimCall) -> str | None:
    """A link that leads nowhere; only answered calls have one."""
    return f"https://recordings.invalid/{call.call_id}.mp3?token=expired" if call.answered_at else None


def name_id(kind: str, name: str) -> str:
    """An id that follows from what it names."""
    return str(uuid5(NAMESPACE_URL, f"simulator:{kind}:{name}"))

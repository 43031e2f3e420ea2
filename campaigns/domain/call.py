"""The words spoken with providers: what we ask for, what they answer, what they report."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class Disposition(StrEnum):
    """How an attempt ended."""

    ANSWERED = "answered"
    """A conversation took place."""
    VOICEMAIL = "voicemail"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    DECLINED = "declined"
    BAD_NUMBER = "bad_number"
    FAILED = "failed"
    """The provider's or carrier's fault; the person did not hear it ring, as far as we know."""
    UNKNOWN = "unknown"
    """It ended, and nobody can say how."""


class Direction(StrEnum):
    OUTBOUND = "outbound"
    INBOUND = "inbound"


@dataclass(frozen=True, slots=True)
class CallOrder:
    """What a provider is asked to dial, frozen before it is asked."""

    attempt_id: str
    phone: str = field(repr=False)
    """E.164."""
    agent: str
    caller_id: str | None
    variables: dict[str, str] = field(repr=False)
    assistant: dict[str, Any] = field(default_factory=dict, repr=False)
    """How the agent differs for this contact, in the vendor's words; empty: it does not."""


@dataclass(frozen=True, slots=True)
class Placed:
    """The provider holds the call."""

    call_id: str = field(repr=False)
    """Some vendors' ids hold the number, so no object shows them."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Proved: nothing was dialled, because the provider said no."""

    reason: str
    account: bool = False
    """The account's side is refused (401, 402, 403, ...): the campaign stops."""
    retry_after: timedelta | None = None
    """Only with `throttled`: how long the provider wants silence; None: it did not say."""
    throttled: bool = False
    """429: too fast, not processed."""
    bad_data: bool = False
    """This lead's data is refused (400, 422)."""


@dataclass(frozen=True, slots=True)
class NotSent:
    """Proved: no connection was established, so nothing was asked."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unclear:
    """The call may or may not exist. Never dialled again without proof."""

    reason: str


Placement = Placed | Refused | NotSent | Unclear


@dataclass(frozen=True, slots=True)
class Booked:
    """The provider holds the call, and will place it at its time."""

    booking_id: str = field(repr=False)


Handover = Booked | Refused | NotSent | Unclear
"""The answer to "please call then"."""


class BookingState(StrEnum):
    """Where a booking stands at the provider."""

    WAITING = "waiting"
    FIRING = "firing"
    """Its call is being made, or goes on."""
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"
    """A word that nobody knows: it proves nothing."""


@dataclass(frozen=True, slots=True)
class Booking:
    """A booking as the provider shows it."""

    booking_id: str = field(repr=False)
    state: BookingState
    attempt_id: str | None = None
    """Our own id, where the vendor echoes it."""
    phone: str | None = field(default=None, repr=False)
    fires_at: datetime | None = None
    call_id: str | None = field(default=None, repr=False)
    """Once it has fired."""


@dataclass(frozen=True, slots=True)
class CallReport:
    """What is known of one call, from whatever source; unknown members stay None.

    `merge` makes it the same in whatever order the sources arrive.
    """

    call_id: str = field(repr=False)
    attempt_id: str | None = None
    """Our own id, where the vendor echoes it."""
    direction: Direction = Direction.OUTBOUND
    phone: str | None = field(default=None, repr=False)
    """The human party, E.164."""
    ended: bool = False
    disposition: Disposition | None = None
    """Set only together with `ended`."""
    ended_reason: str = field(default="", repr=False)
    """The vendor's own word."""
    talk_seconds: float | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    created_at: datetime | None = None
    summary: str = field(default="", repr=False)
    transcript: str = field(default="", repr=False)
    analysis: dict[str, Any] = field(default_factory=dict, repr=False)
    recording: str = field(default="", repr=False)
    cost: float | None = None
    message_left: bool | None = None
    """On an answering machine; None: the vendor does not say."""
    agent_ended: bool | None = None
    """Whether our side ended the call; None: the vendor does not say."""
    proof: str = ""
    """`token` where a part of it (analysis, summary) came from a webhook that only its address proves."""
    booking_id: str | None = field(default=None, repr=False)
    """Of the booking that it came from, where the vendor says so."""
    ends: tuple[Disposition, ...] = ()
    """Where different ends were told of it: all of them."""
    others: tuple[str, ...] = ()
    """Further calls that the provider made where it was asked for this one."""


_INSTANTS = ("started_at", "ended_at", "created_at")
_SEVERAL = ("ends", "others")


def told(report: CallReport, written: Callable[[datetime], Any]) -> dict[str, Any]:
    """A report as plain values, its instants as `written` writes them."""
    data: dict[str, Any] = {
        "call_id": report.call_id, "attempt_id": report.attempt_id, "direction": report.direction,
        "phone": report.phone, "ended": report.ended, "disposition": report.disposition,
        "ended_reason": report.ended_reason, "talk_seconds": report.talk_seconds, "summary": report.summary,
        "transcript": report.transcript, "analysis": report.analysis, "recording": report.recording,
        "cost": report.cost, "message_left": report.message_left, "agent_ended": report.agent_ended,
        "proof": report.proof,
    }  # fmt: skip
    for name in _INSTANTS:
        instant = getattr(report, name)
        data[name] = None if instant is None else written(instant)
    if report.booking_id is not None:  # code that knows of no bookings can read all others
        data["booking_id"] = report.booking_id
    data |= {name: list(members) for name in _SEVERAL if (members := getattr(report, name))}  # the same holds of these
    return data


def understood(data: dict[str, Any], read: Callable[[Any], datetime]) -> CallReport:
    """The reverse of `told`; members that this version does not know are left out."""
    values = {name: value for name, value in data.items() if name in _MEMBERS}
    for name in _INSTANTS:
        if values.get(name) is not None:
            values[name] = read(values[name])
    values["direction"] = Direction(values["direction"])
    values["disposition"] = Disposition(values["disposition"]) if values["disposition"] else None
    values["ends"] = tuple(map(Disposition, values.get("ends", ())))
    values["others"] = tuple(values.get("others", ()))
    return CallReport(**values)


_MEMBERS = frozenset(field.name for field in fields(CallReport))


@dataclass(frozen=True, slots=True)
class Webhook:
    """One request that claims to come from a provider, as received."""

    token: str = field(repr=False)
    """The unguessable part of the address it came to."""
    headers: dict[str, str] = field(repr=False)
    """Lower-case names."""
    body: bytes = field(repr=False)


class Grade(StrEnum):
    """What a webhook's proof is worth."""

    BODY = "body"
    """The body is signed and fresh: it is believed."""
    TOKEN = "token"  # noqa: S105 - a word, not a secret
    """Only the secret address is proved: a hint. The call is fetched, and that is believed."""


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What the agent wants to know while it talks."""

    id: str
    name: str
    arguments: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Question:
    """Somebody is on the line, and the vendor waits for our word: who is to talk, or what tools answer."""

    tools: tuple[ToolCall, ...]
    """Empty: the question is which agent talks."""
    call_id: str | None = field(default=None, repr=False)
    attempt_id: str | None = None
    phone: str | None = field(default=None, repr=False)
    """The human party, E.164."""
    own_number: str | None = None
    """Ours."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Our answer to a question."""

    assistant: dict[str, Any] | None = field(default=None, repr=False)
    """None: the agent as the vendor knows it."""
    tools: dict[str, str] = field(default_factory=dict, repr=False)
    """By the id of the tool call."""


@dataclass(frozen=True, slots=True)
class Notice:
    """A proved webhook, translated; `dedupe_key` is the same for the same news."""

    grade: Grade
    dedupe_key: str
    report: CallReport | None
    """None: proved, but no news about a call."""
    question: Question | None = None
    """The sender waits for an answer in the body of ours."""

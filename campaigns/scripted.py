"""Providers that do what a test says, in memory; users find them in `campaigns.testing`."""

import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from campaigns.domain.call import (
    Booked,
    Booking,
    BookingState,
    CallOrder,
    CallReport,
    Disposition,
    Grade,
    Handover,
    Notice,
    NotSent,
    Placed,
    Placement,
    Question,
    Refused,
    Reply,
    ToolCall,
    Unclear,
    Webhook,
)
from campaigns.domain.errors import ProofError, VendorError
from campaigns.domain.sources import Columns, Returns
from campaigns.ports import BookingPage, CallPage, Clock, ProviderFacts, Row
from campaigns.ports.health import Finding, Needs
from campaigns.ports.lists import Batch, Fault, Landed, OutcomeNote, Unwritable
from campaigns.vendors.signatures import same

TOKEN = "the secret address of a scripted provider"  # noqa: S105 - a word for tests
"""Of the webhooks that a scripted provider believes."""


@dataclass
class Dialled:
    """One call that the scripted provider created: its truth."""

    call_id: str
    attempt_id: str
    phone: str
    at: datetime
    ends_at: datetime
    report: CallReport
    listed_at: datetime


Script = Callable[[str, int], Disposition | Placement | CallReport]
"""(phone, how often it was asked for, from 1) → how the call ends, or what the provider answers."""


@dataclass
class ScriptedProvider:
    """Implements `ports.CallProvider` in memory: every call ends as the script says, after `lasts`."""

    clock: Clock
    script: Script = lambda _phone, _nth: Disposition.ANSWERED
    lasts: timedelta | Callable[[str, int], timedelta] = timedelta(seconds=60)
    """Every call, or each by its number and how often that was asked for."""
    facts: ProviderFacts = field(default_factory=lambda: ProviderFacts(documented_per_minute=None))
    calls: list[Dialled] = field(default_factory=list)
    asked: list[tuple[datetime, str]] = field(default_factory=list)
    """Every POST: when and for whom."""
    inbound: list[CallReport] = field(default_factory=list)
    answers_in: timedelta = timedelta()
    """How long a POST takes; the call is created half way."""
    lists_after: timedelta = timedelta()
    """How long a new call is missing from the list."""
    trouble: Exception | None = None
    """Raised instead of an answer to anything that is no dial."""
    echoes: bool = False
    """Whether listed calls carry our own attempt id."""
    pages: int = 0
    findings: list[Finding] = field(default_factory=list)
    """What a look at its health finds."""
    needs: list[Needs] = field(default_factory=list)
    """What was wanted whenever its health was asked for."""
    orders: dict[str, CallOrder] = field(default_factory=dict)
    """What was to be dialled, by attempt."""

    def encode(self, order: CallOrder) -> bytes:
        self.orders[order.attempt_id] = order
        return f"{order.attempt_id}|{order.phone}".encode()

    async def prepare(self, caller_ids: list[str]) -> None:
        pass

    async def place(self, body: bytes, *, attempt_id: str) -> Placement:
        phone = body.decode().partition("|")[2]
        self.asked.append((self.clock.now(), phone))
        word = self.script(phone, sum(1 for _, other in self.asked if other == phone))
        if self.answers_in:
            await self.clock.sleep_until(self.clock.now() + self.answers_in / 2)
        placement = self._placement(phone, attempt_id, word)
        if self.answers_in:
            await self.clock.sleep_until(self.clock.now() + self.answers_in / 2)
        return placement

    def _placement(self, phone: str, attempt_id: str, word: Disposition | Placement | CallReport) -> Placement:
        match word:
            case Placed() | Refused():
                return word
            case Unclear(reason) if reason.startswith("created"):
                self._create(phone, attempt_id, Disposition.ANSWERED)
                return word
            case CallReport() | Disposition():
                return Placed(self._create(phone, attempt_id, word).call_id)
            case _:
                return word

    def _create(self, phone: str, attempt: str, word: Disposition | CallReport, at: datetime | None = None) -> Dialled:
        call_id = f"call-{len(self.calls) + 1}"
        nth = sum(1 for _, other in self.asked if other == phone)
        lasts = self.lasts(phone, nth) if callable(self.lasts) else self.lasts
        talk = lasts.total_seconds() if word is Disposition.ANSWERED else 0.0
        report = word if isinstance(word, CallReport) else CallReport("", disposition=word, talk_seconds=talk)
        now = at or self.clock.now()
        report = replace(report, call_id=call_id, phone=phone, created_at=now, ended=True, ended_at=now + lasts)
        if self.echoes:
            report = replace(report, attempt_id=attempt)
        self.calls.append(Dialled(call_id, attempt, phone, now, now + lasts, report, now + self.lists_after))
        return self.calls[-1]

    async def page(self, *, since: datetime, offset: int, limit: int) -> CallPage:
        self._fail()
        self.pages += 1
        calls = [c for c in self.calls if c.at >= since and c.listed_at <= self.clock.now()]
        reports = [self._seen(call) for call in calls] + list(self.inbound)
        return CallPage(tuple(reports[offset : offset + limit]), len(reports), offset + limit < len(reports))

    async def fetch(self, call_id: str) -> CallReport | None:
        self._fail()
        inbound = (report for report in self.inbound if report.call_id == call_id)
        return next((self._seen(call) for call in self.calls if call.call_id == call_id), next(inbound, None))

    def _fail(self) -> None:
        if self.trouble is not None:
            raise self.trouble

    def _seen(self, call: Dialled) -> CallReport:
        if self.clock.now() >= call.ends_at:
            return call.report
        return CallReport(call.call_id, call.report.attempt_id, phone=call.phone, created_at=call.at)

    def addressed(self, token: str) -> bool:
        return same(token, TOKEN)

    def read(self, webhook: Webhook, *, now: datetime) -> Notice:  # noqa: ARG002 - the port's
        """A JSON object is a question with the members of `Question`, `tools` by id; any other body is no news.

        Raises ProofError where the address is not `TOKEN`'s and the body is a question.
        """
        text = webhook.body.decode()
        if not text.startswith("{"):
            return Notice(Grade.TOKEN, text, None)
        if not same(webhook.token, TOKEN):
            raise ProofError("another address")
        asked = json.loads(text)
        tools = tuple(ToolCall(own, name) for own, name in asked.pop("tools", {}).items())
        report = CallReport(asked["call_id"]) if asked.pop("reported", False) else None
        return Notice(Grade.TOKEN, text, report, Question(tools, **asked))

    def answer(self, question: Question, reply: Reply) -> dict[str, Any]:  # noqa: ARG002 - the port's
        return {"assistant": reply.assistant, "tools": reply.tools}

    async def health(self, needs: Needs) -> list[Finding]:
        self.needs.append(needs)
        return self.findings

    async def erase(self, call_id: str) -> bool:
        self._fail()
        self.calls = [call for call in self.calls if call.call_id != call_id]
        return True

    async def aclose(self) -> None:
        pass

    @property
    def dialled(self) -> list[str]:
        """The numbers for which a call was created, in order."""
        return [call.phone for call in self.calls]


@dataclass
class ScriptedScheduler(ScriptedProvider):
    """A scripted provider that also holds calls for later, and fires them `fires_late` after their time.

    The script answers a booking with Refused, NotSent or Unclear (`created…`: it is held all the same); anything else
    is how its call ends once it fires.
    """

    facts: ProviderFacts = field(default_factory=lambda: ProviderFacts(documented_per_minute=None, schedules=True))
    held: dict[str, Booking] = field(default_factory=dict)
    fires_late: timedelta = timedelta()
    fails: frozenset[str] = frozenset()
    """Numbers whose bookings fail when they should fire, without a call."""
    names_calls: bool = True
    """Whether a booking that has fired names its call."""
    cancels: list[tuple[datetime, str]] = field(default_factory=list)
    """Every cancellation that was asked for: when and of which."""
    lost_cancels: int = 0
    """So many cancellations are done, and their answers lost."""
    deaf: bool = False
    """Cancellations are not answered, and not done."""

    def encode_booking(self, order: CallOrder, fires_at: datetime) -> bytes:
        return f"{fires_at.isoformat()}|{order.agent}|{order.attempt_id}|{order.phone}".encode()

    async def book(self, body: bytes, *, attempt_id: str) -> Handover:
        at, _, _, phone = body.decode().split("|")
        self.asked.append((self.clock.now(), phone))
        word = self.script(phone, sum(1 for _, other in self.asked if other == phone))
        if isinstance(word, Refused | NotSent) or (isinstance(word, Unclear) and not word.reason.startswith("created")):
            return word
        name = f"booking-{len(self.held) + 1}"
        own = attempt_id if self.echoes else None
        self.held[name] = Booking(name, BookingState.WAITING, own, phone, datetime.fromisoformat(at))
        self._orders[name] = (attempt_id, word)
        if self.answers_in:
            await self.clock.sleep_until(self.clock.now() + self.answers_in)
        return word if isinstance(word, Unclear) else Booked(name)

    _orders: dict[str, tuple[str, Disposition | Placement | CallReport]] = field(default_factory=dict)

    def _fire(self) -> None:
        """Whatever is due by now has happened at its time."""
        for name, booking in self.held.items():
            fires_at = (booking.fires_at or self.clock.now()) + self.fires_late
            if booking.state is BookingState.WAITING and fires_at <= self.clock.now():
                self.held[name] = self._fired(name, booking, fires_at)

    def _fired(self, name: str, booking: Booking, fires_at: datetime) -> Booking:
        phone = booking.phone or ""
        if phone in self.fails:
            return replace(booking, state=BookingState.FAILED)
        attempt, word = self._orders[name]
        ending = word if isinstance(word, Disposition | CallReport) else Disposition.ANSWERED
        call = self._create(phone, attempt, ending, at=fires_at)
        return replace(booking, state=BookingState.DONE, call_id=call.call_id if self.names_calls else None)

    async def page(self, *, since: datetime, offset: int, limit: int) -> CallPage:
        self._fire()
        return await super().page(since=since, offset=offset, limit=limit)

    async def fetch(self, call_id: str) -> CallReport | None:
        self._fire()
        return await super().fetch(call_id)

    async def bookings(self, *, offset: int, limit: int) -> BookingPage:
        self._fail()
        self._fire()
        shown = list(self.held.values())
        return BookingPage(tuple(shown[offset : offset + limit]), len(shown), offset + limit < len(shown))

    async def booking(self, booking_id: str) -> Booking | None:
        self._fail()
        self._fire()
        return self.held.get(booking_id)

    async def cancel(self, booking_id: str) -> Booking | None:
        self._fail()
        self._fire()
        self.cancels.append((self.clock.now(), booking_id))
        if self.deaf:
            raise VendorError("scripted", "cancel", None, "no answer")
        booking = self.held.get(booking_id)
        if booking is not None and booking.state is BookingState.WAITING:
            self.held[booking_id] = replace(booking, state=BookingState.CANCELLED)
        if self.lost_cancels:
            self.lost_cancels -= 1
            raise VendorError("scripted", "cancel", None, "the answer was lost")
        return self.held.get(booking_id)


@dataclass
class ScriptedList:
    """Implements `ports.lists.RemoteList` in memory: pages of contacts, and what was put back to them."""

    name: str = "scripted"
    people: dict[str, dict[str, str]] = field(default_factory=dict)
    """The system's id of a contact → its columns."""
    size: int = 20
    """Contacts a page."""
    columns: Columns = field(default_factory=lambda: Columns.model_validate({"phone": "phone", "id": "id"}))
    header: tuple[str, ...] = ("phone", "id", "name")
    open_header: bool = True
    no_returns: str = ""
    trouble: Callable[[str], Exception | None] = lambda _what: None
    """Asked before each page (`read N`) and before and after each outcome (`before ID`, `after ID`)."""
    pages: list[str] = field(default_factory=list)
    """Where each page that was read began."""
    notes: dict[str, list[OutcomeNote]] = field(default_factory=dict)
    """The truth: what stands at each contact."""
    repeats: int = 0
    """How often an outcome was asked for that stood there already."""
    findings: list[Finding] = field(default_factory=list)

    def check(self, where: Mapping[str, Any], returns: Returns) -> list[Fault]:  # noqa: ARG002 - the port's
        return [Fault(("where", key), "is no filter here.", "Remove it.") for key in where if key not in self.header]

    async def read(self, where: Mapping[str, Any], *, after: str = "") -> AsyncIterator[Batch]:
        fitting = [(ref, row) for ref, row in self.people.items() if all(row.get(k) == v for k, v in where.items())]
        for begin in range(int(after or 0), len(fitting), self.size):
            self._fail(f"read {begin}")
            self.pages.append(str(begin))
            page, follow = fitting[begin : begin + self.size], begin + self.size
            rows = tuple(Row(begin + n + 1, {"id": ref, **row}, ref) for n, (ref, row) in enumerate(page))
            yield Batch(rows, str(follow) if follow < len(fitting) else "")

    async def write_back(self, note: OutcomeNote, returns: Returns, *, since: datetime | None) -> Landed | Unwritable:  # noqa: ARG002
        if note.contact not in self.people:
            return Unwritable("the contact is gone")
        self._fail(f"before {note.contact}")
        there = self.notes.setdefault(note.contact, [])
        if since is not None and any(old.reference == note.reference for old in there):
            self.repeats += 1
        else:
            there.append(note)
        self._fail(f"after {note.contact}")
        return Landed()

    async def health(self) -> list[Finding]:
        return self.findings

    async def aclose(self) -> None:
        pass

    def _fail(self, what: str) -> None:
        if (error := self.trouble(what)) is not None:
            raise error

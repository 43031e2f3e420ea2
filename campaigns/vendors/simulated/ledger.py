"""The truth that a simulator keeps: every call that exists, a JSON line each, and oracles over it."""

import json
from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from math import ceil
from pathlib import Path
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from campaigns.domain.errors import InputError, Problem

from .people import Goodbye, How

Stage = Literal["queued", "ringing", "talking", "over"]


class SimCall(BaseModel):
    """One call with its whole fate, settled when it was created."""

    model_config = ConfigDict(frozen=True)

    call_id: str
    created_at: AwareDatetime
    direction: Literal["outbound", "inbound"]
    phone_number: str = Field(repr=False)
    """The human party, E.164."""
    own_number: str
    assistant_id: str
    phone_number_id: str | None = None
    contact_id: str | None = None
    metadata: dict[str, Any] | None = Field(default=None, repr=False)
    ordinal: int
    """The how-manieth call of this direction with this number."""
    how: How
    rings_at: AwareDatetime | None = None
    answered_at: AwareDatetime | None = None
    ended_at: AwareDatetime
    goodbye: Goodbye | None = None
    analysis: dict[str, Any] = Field(default_factory=dict, repr=False)
    troubled: bool = False
    calls_back_at: AwareDatetime | None = None
    scheduled_call_id: str | None = None
    """Of the scheduled call that it is."""
    answers_call_id: str | None = None
    """Inbound only: the missed call that it answers."""

    @property
    def talk_seconds(self) -> float:
        return (self.ended_at - self.answered_at).total_seconds() if self.answered_at else 0.0

    @property
    def credits(self) -> int:
        """One for each minute of talk begun (assumed)."""
        return ceil(self.talk_seconds / 60)

    def stage(self, now: datetime) -> Stage:
        """Where it stands at `now`."""
        if now >= self.ended_at:
            return "over"
        if self.answered_at and now >= self.answered_at:
            return "talking"
        return "ringing" if self.rings_at and now >= self.rings_at else "queued"


class SimScheduled(BaseModel):
    """One call that is, or was, to be made later: as it stands, the newest line of it."""

    model_config = ConfigDict(frozen=True)

    scheduled_call_id: str
    assistant_id: str
    phone_number: str = Field(repr=False)
    scheduled_at: AwareDatetime
    contact_id: str | None = None
    phone_number_id: str | None = None
    first_message: str | None = None
    metadata: dict[str, Any] | None = Field(default=None, repr=False)
    created_at: AwareDatetime
    last_modified: AwareDatetime
    state: Literal["pending", "fired", "failed", "cancelled"] = "pending"
    call_id: str | None = None


class Ledger:
    """All calls, in memory and, with a path, on disk; opening an existing file goes on where it ended.

    Raises InputError when the file is no ledger.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._calls: dict[str, SimCall] = {}
        self._deleted: set[str] = set()
        self._by_creation: list[tuple[datetime, str]] = []
        self.scheduled: dict[str, SimScheduled] = {}
        """What was scheduled, by id, oldest first."""
        self._ordinals: Counter[tuple[str, str]] = Counter()
        self.answered: set[str] = set()
        """Missed calls that were already answered by a call back."""
        self.credits_spent = 0
        if path:
            self._load(path)

    def add(self, call: SimCall) -> None:
        """Write a call down; it exists from here on."""
        self._append(call.model_dump_json())
        self._take(call)

    def revise(self, call: SimCall) -> None:
        """Write down that a call takes another course than was settled, such as an earlier end."""
        self.add(call)

    def put(self, scheduled: SimScheduled) -> None:
        """Write down a scheduled call, or what became of it."""
        self._append(json.dumps({"scheduled": scheduled.model_dump(mode="json")}))
        self.scheduled[scheduled.scheduled_call_id] = scheduled

    def delete(self, call_id: str, *, now: datetime) -> None:
        """Forget the record; the call itself goes on, and stays in the ledger."""
        self._append(json.dumps({"deleted": call_id, "at": now.isoformat()}))
        self._deleted.add(call_id)

    def find(self, call_id: str) -> SimCall | None:
        return None if call_id in self._deleted else self._calls.get(call_id)

    def ordinal(self, direction: str, phone: str) -> int:
        """Which call with this number the next one will be, from 1."""
        return self._ordinals[direction, phone] + 1

    def since(self, at: datetime | None = None) -> list[SimCall]:
        """Every record created at `at` or later that was not deleted, oldest first."""
        first = bisect_left(self._by_creation, (at, "")) if at else 0
        return [self._calls[key] for _, key in self._by_creation[first:] if key not in self._deleted]

    def everything(self) -> list[SimCall]:
        """The truth: deleted ones too, oldest first."""
        return [self._calls[key] for _, key in self._by_creation]

    def _take(self, call: SimCall) -> None:
        before = self._calls.get(call.call_id)
        self._calls[call.call_id] = call
        self.credits_spent += call.credits - (before.credits if before else 0)
        if before:
            return
        insort(self._by_creation, (call.created_at, call.call_id))
        self._ordinals[call.direction, call.phone_number] += 1
        if call.answers_call_id:
            self.answered.add(call.answers_call_id)

    def _append(self, line: str) -> None:
        if self._path:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(line + "\n")

    def _load(self, path: Path) -> None:
        try:
            path.touch(mode=0o600)  # the numbers are those of a list, which may be real
            raw = path.read_bytes()
        except OSError as error:
            mend = "Name a file in a folder that exists and may be written."
            raise InputError([Problem(str(path), f"cannot be kept: {error.strerror}.", mend)]) from error
        whole = raw[: raw.rfind(b"\n") + 1]
        for number, line in enumerate(whole.splitlines(), 1):
            try:
                self._read(line)
            except (ValidationError, ValueError) as error:
                mend = "Name another file, or remove this one to start anew."
                raise InputError([Problem(f"{path}:{number}", "is no line of a simulator's ledger.", mend)]) from error
        if len(whole) < len(raw):
            # A torn last line was never answered for: that call does not exist.
            path.write_bytes(whole)

    def _read(self, line: bytes) -> None:
        if line.startswith(b'{"deleted"'):
            self._deleted.add(json.loads(line)["deleted"])
        elif line.startswith(b'{"scheduled"'):
            one = SimScheduled.model_validate(json.loads(line)["scheduled"])
            self.scheduled[one.scheduled_call_id] = one
        else:
            self._take(SimCall.model_validate_json(line))


def busiest(calls: Iterable[SimCall]) -> int:
    """The most calls that stood open at one moment."""
    edges = sorted(edge for call in calls for edge in ((call.created_at, 1), (call.ended_at, -1)))
    most = level = 0
    for _, step in edges:
        level += step
        most = max(most, level)
    return most


def fastest(calls: Iterable[SimCall], *, within: timedelta = timedelta(seconds=1)) -> int:
    """The most calls created in any half-open span of `within`."""
    times = sorted(call.created_at for call in calls)
    most = first = 0
    for last, at in enumerate(times):
        while at - times[first] >= within:
            first += 1
        most = max(most, last - first + 1)
    return most


def overlaps(calls: Iterable[SimCall]) -> int:
    """How often a number was rung while another of our calls to it was still open: must be 0."""
    by_phone: defaultdict[str, list[SimCall]] = defaultdict(list)
    for call in sorted(calls, key=lambda call: call.created_at):
        by_phone[call.phone_number].append(call)
    return sum(
        later.created_at < max(earlier.ended_at for earlier in each[:index])
        for each in by_phone.values()
        for index, later in enumerate(each)
        if index
    )

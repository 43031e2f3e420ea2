"""Processes that die, and a provider that misbehaves: a life of the program is cut off at any of its steps at a seam.

What a process does between two steps nobody else can see: a cut before and after each request, each verb of the store
and each sleep is a cut at every await.
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import anyio

from campaigns.domain.call import Disposition, Handover, Placed, Placement, Unclear
from campaigns.domain.lead import Attempt, AttemptState, CampaignState
from campaigns.testing import Dialled, Night, ScriptedScheduler, a_night

S = AttemptState


class Killed(BaseException):
    """The process is gone: nothing more of it is written, not even what it would tidy up."""


class Death:
    """Kills a life at its n-th step; a step is the beginning or the end of something that it does at a seam."""

    def __init__(self, at: int | None = None) -> None:
        self.at, self.steps, self.dead = at, 0, False
        self.scope = anyio.CancelScope()

    def step(self) -> None:
        self.steps += 1
        if self.dead or self.steps == self.at:
            self.die()

    def die(self) -> None:
        """Now, whatever it is at. Raises Killed."""
        self.dead = True
        self.scope.cancel()
        raise Killed


class Mortal:
    """A store, provider, clock or list as one life sees it; `verbs`: what of it is a seam, None: every method."""

    def __init__(self, inner: Any, death: Death, *verbs: str) -> None:
        self.__dict__.update(_inner=inner, _death=death, _verbs=verbs)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found) or name.startswith("_") or (self._verbs and name not in self._verbs):
            return found

        async def verb(*args: Any, **kwargs: Any) -> Any:
            self._death.step()
            result = await found(*args, **kwargs)
            self._death.step()
            return result

        return verb


Through = Callable[[Night], Awaitable[None]]
ASKED = ("place", "page", "fetch", "book", "bookings", "booking", "cancel")


async def live(store: Any, clock: Any, provider: "Exchange", death: Death, through: Through, **night_of: Any) -> None:
    """One life of the program: through what it does, or to its death."""
    ours, time = Mortal(store, death), Mortal(clock, death, "sleep_until")
    try:
        with death.scope:
            async with a_night(ours, time, provider=Mortal(provider, death, *ASKED), **night_of) as night:
                await through(night)
    except BaseExceptionGroup as group:
        if group.split(Killed)[1] is not None:
            raise
    except Killed:
        pass


async def lived(night: Night, until: datetime) -> None:
    """Run it until then, however often a person pauses it."""
    while night.clock.now() < until:
        end = await night.run()
        await night.until(until if end.state is CampaignState.FINISHED else timedelta(seconds=10))


# The provider


@dataclass(frozen=True)
class Fate:
    """What becomes of one request."""

    ends: Disposition | None = Disposition.ANSWERED
    """How its call ends; None: none is made."""
    answer: Placement | None = None
    """None: the call's id."""
    made_after: timedelta = timedelta()
    answered_after: timedelta = timedelta(milliseconds=100)

    @property
    def is_ambiguous(self) -> bool:
        """Whether whoever asked cannot know what it came to."""
        return isinstance(self.answer, Unclear)


@dataclass
class Exchange(ScriptedScheduler):
    """What it was asked for it does, whether or not anybody still waits for the answer."""

    fate: Callable[[str, int], Fate] = lambda _phone, _nth: Fate()
    """(phone, how often it was asked for, from 1) → what becomes of it."""
    posts: Counter[str] = field(default_factory=Counter)
    """Requests by attempt."""
    asked_at: dict[str, datetime] = field(default_factory=dict)
    """The same: when, for the last time."""
    ambiguous: set[str] = field(default_factory=set)
    """Attempts whose answer proves nothing."""

    async def place(self, body: bytes, *, attempt_id: str) -> Placement:
        phone, now = body.decode().partition("|")[2], self.clock.now()
        self._note(attempt_id)
        self.asked.append((now, phone))
        fate = self.fate(phone, sum(1 for _, other in self.asked if other == phone))
        made = self._create(phone, attempt_id, fate.ends, at=now + fate.made_after) if fate.ends else None
        if fate.is_ambiguous:
            self.ambiguous.add(attempt_id)
        await self.clock.sleep_until(now + fate.answered_after)
        return fate.answer or Placed(made.call_id if made else "")

    async def book(self, body: bytes, *, attempt_id: str) -> Handover:
        self._note(attempt_id)
        answer = await super().book(body, attempt_id=attempt_id)
        if isinstance(answer, Unclear):
            self.ambiguous.add(attempt_id)
        return answer

    def _note(self, attempt_id: str) -> None:
        self.posts[attempt_id] += 1
        self.asked_at[attempt_id] = self.clock.now()


# What must hold, by the provider's ledger


def doubled(provider: Exchange) -> list[str]:
    """Attempts that were asked for twice, and numbers that were called while a call to them was open."""
    twice = [attempt for attempt, posts in provider.posts.items() if posts > 1]
    by_phone: dict[str, list[Dialled]] = {}
    for call in sorted(provider.calls, key=lambda call: call.at):
        by_phone.setdefault(call.phone, []).append(call)
    return twice + [
        later.phone for calls in by_phone.values() for one, later in pairwise(calls) if later.at < one.ends_at
    ]


def unaccounted(provider: Exchange, attempts: Sequence[Attempt]) -> list[str]:
    """Calls of which not exactly one attempt tells how they ended, and which are not listed as a doubt either."""
    told = Counter((a.call_id, a.disposition) for a in attempts if a.state is S.ENDED)
    owned = Counter(a.call_id for a in attempts if a.call_id)
    doubts = {a.id for a in attempts if a.state is S.UNCERTAIN}
    return [
        call.call_id
        for call in provider.calls
        if (told[call.call_id, call.report.disposition], owned[call.call_id]) != (1, 1)
        and not (owned[call.call_id] == 0 and call.attempt_id in doubts)
    ]


def invented(provider: Exchange, attempts: Sequence[Attempt]) -> list[str]:
    """Attempts with a call that was never made, or was another's; of whoever is erased no number is kept."""
    made = {call.call_id: call.phone for call in provider.calls}
    return [
        a.id for a in attempts if a.call_id and a.phone not in (made.get(a.call_id), "" if a.call_id in made else None)
    ]

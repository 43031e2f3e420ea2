"""The engine against a model of what it promises: whatever provider, people and fate do, and in whatever order."""

import asyncio
import tempfile
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import anyio
import hypothesis
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from postgres import new_database

from campaigns.clock import DiscreteClock, virtual_loop_factory
from campaigns.domain.call import CallReport, Direction, Disposition, Grade, NotSent, Refused, Unclear
from campaigns.domain.errors import VendorError
from campaigns.domain.lead import Attempt, AttemptState, CampaignState, attempt_id, lead_id
from campaigns.engine.inbox import News, to_json
from campaigns.engine.terms import phone_key
from campaigns.engine.wake import Wake
from campaigns.ports.people import Suppression
from campaigns.ports.store import Store
from campaigns.resolving import Word, resolve_attempt
from campaigns.stores.memory import MemoryStore
from campaigns.stores.postgres import open_postgres
from campaigns.stores.sqlite import open_sqlite
from campaigns.testing import KEY, Dialled, Night, a_campaign, a_contact, an_account

from .conftest import PATIENCE, START
from .lives import Death, Exchange, Fate, doubled, invented, live, unaccounted

D, S, C = Disposition, AttemptState, CampaignState
T = TypeVar("T")
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
PEOPLE = range(4)
NAMES = ("test", "other")
"""Two campaigns, with the same people."""
HOURS = {"Mo-Su 09:00-18:00": range(9, 18), "Mo-Su 13:00-16:00": range(13, 16), "24/7": range(24)}
PERMIT = timedelta(milliseconds=50)
"""Whoever has the last permit, a moment before the request, still asks: what is said after it comes too late."""
LOST = Unclear("the answer was lost")
FATES = {
    "busy": Fate(D.BUSY), "no answer": Fate(D.NO_ANSWER), "voicemail": Fate(D.VOICEMAIL),
    "lost": Fate(answer=LOST), "500, made": Fate(D.NO_ANSWER, LOST), "500, not made": Fate(None, LOST),
    "hangs": Fate(answer=LOST, answered_after=30 * SECOND), "late": Fate(answer=LOST, made_after=45 * SECOND),
    "slow": Fate(answered_after=8 * SECOND), "refused": Fate(None, Refused("429", throttled=True)),
    "bad data": Fate(None, Refused("422", bad_data=True)), "unreachable": Fate(None, NotSent("no connection")),
    "opts out": Fate(CallReport("", disposition=D.ANSWERED, analysis={"opt_out": True})),
}  # fmt: skip
PACING = {"max": 4, "per_day": 9, "gap": "30s", "retry": {"busy": "1m", "no_answer": "2m", "voicemail": "2m"}}
ACCOUNT = an_account(
    at_once=3, per_second=2, poll_every=20 * SECOND, longest_call=10 * MINUTE, absence_after=90 * SECOND,
    lookups=tuple(timedelta(seconds=s) for s in (5, 30, 60, 150, 300, 600)),
)  # fmt: skip


def phone_of(person: int) -> str:
    return a_contact(person).phones[0].e164


@dataclass
class Reference:
    """What is promised, in a few words: who may be asked for, when, and of what there may be doubt."""

    standing: dict[str, list[tuple[datetime, CampaignState, str]]] = field(default_factory=dict)
    """By campaign: since when it is in which state, with which hours."""
    barred: dict[str, datetime] = field(default_factory=dict)
    """By number: since when nobody calls it."""
    cut: set[str] = field(default_factory=set)
    """Attempts that a crash met while they were asked for."""
    disturbed: bool = False
    """Whether the provider could not be asked for a while: then nobody may know how a call ended."""

    def put(self, name: str, at: datetime, state: CampaignState | None = None, hours: str | None = None) -> None:
        said = self.standing.setdefault(name, [])
        _, old_state, old_hours = said[-1] if said else (at, C.ACTIVE, "24/7")
        said.append((at, state or old_state, hours or old_hours))

    def may_ask(self, name: str, phone: str, at: datetime) -> bool:
        """Whether a request at `at` is right by what held then, or a permit before."""
        if phone in self.barred and at > self.barred[phone] + PERMIT:
            return False
        said = self.standing[name]
        until = [*(since for since, _, _ in said[1:]), at + SECOND]
        held = [one for one, end in zip(said, until, strict=True) if one[0] <= at and end > at - PERMIT]
        hour = at.astimezone(ZoneInfo("Europe/Amsterdam")).hour
        return any(state is C.ACTIVE and hour in HOURS[hours] for _, state, hours in held)

    def may_doubt(self, provider: Exchange) -> set[str]:
        return provider.ambiguous | self.cut


OWNERS = {
    attempt_id(lead_id(name, f"k{person}"), nth): name for name in NAMES for person in PEOPLE for nth in range(1, 60)
}
"""By attempt: whose it is. Ids are derived from what they name, so that the provider's ledger alone tells."""


class Machine(RuleBasedStateMachine):
    """One world: two campaigns, their people, one provider, and processes that come and go."""

    opened: Callable[[Path, DiscreteClock], AbstractAsyncContextManager[Store]]
    steps = 0
    """Rules that were carried out, of all worlds together."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = DiscreteClock(START)
        self.loop = virtual_loop_factory(self.clock)()
        self.folder = tempfile.TemporaryDirectory()
        self.fates: list[Fate] = []
        self.provider = Exchange(self.clock, fate=self._fate, lasts=40 * SECOND)
        self.reference, self.lives = Reference(), 0
        self.campaigns = {name: self._campaign(name, "24/7") for name in NAMES}
        self.gone: set[int] = set()
        self.rung = self.now(lambda: {name: Wake() for name in NAMES})
        self._leave, opened = asyncio.Event(), self.loop.create_future()
        self._holding = self.loop.create_task(self._hold(opened))
        self.store: Store = self.do(_value(opened))
        for name in NAMES:
            self.reference.put(name, START)
        self._begin()

    # --- the machinery

    def do(self, asked: Coroutine[Any, Any, Any]) -> Any:
        """Let this go on to its end, and everything else meanwhile."""

        async def bounded() -> Any:
            async with asyncio.timeout(PATIENCE):
                return await asked

        return self.loop.run_until_complete(bounded())

    def now(self, act: Callable[[], T]) -> T:
        """Do this at once, in the loop."""

        async def inside() -> T:
            return act()

        return self.do(inside())

    async def _hold(self, opened: "asyncio.Future[Store]") -> None:
        async with type(self).opened(Path(self.folder.name), self.clock) as store:
            opened.set_result(store)
            await self._leave.wait()

    @staticmethod
    def _campaign(name: str, hours: str) -> Any:
        return a_campaign(campaign=name, calling_hours=hours, attempts=PACING)

    def _begin(self) -> None:
        """A new process, on what the last one left."""
        self.death, self.lives = self.now(Death), self.lives + 1
        people = [a_contact(person) for person in PEOPLE if person not in self.gone]
        self._ready = asyncio.Event()

        async def through(night: Night) -> None:
            self.night = night
            runners = {"test": night.runner, "other": await night.also(self.campaigns["other"], people)}
            for name, runner in runners.items():
                night.tasks.start_soon(self._serve, name, runner)
            self._ready.set()
            await anyio.sleep_forever()

        night_of = {"contacts": people, "account": ACCOUNT, "campaign": self.campaigns["test"]}
        dying = live(
            self.store, self.clock, self.provider, self.death, through, owner=f"life-{self.lives}", **night_of
        )  # fmt: skip
        self.life = self.loop.create_task(dying)
        self.do(self._ready.wait())

    def _fate(self, _phone: str, nth: int) -> Fate:
        return self.fates.pop() if self.fates else Fate(D.NO_ANSWER if nth < 3 else D.ANSWERED)

    async def _serve(self, name: str, runner: Any) -> None:
        while True:
            await runner.run(name)
            await self.rung[name].sleep(self.clock, None)

    def _after(self) -> None:
        """Whoever has died is followed by another."""
        Machine.steps += 1
        if not self.death.dead:
            assert not self.life.done(), self.life.exception()
            return
        self.do(self.life)
        self.reference.cut |= {attempt.id for attempt in self._attempts() if attempt.state is S.SENDING}
        self._begin()

    def _attempts(self) -> list[Attempt]:
        return [attempt for name in NAMES for attempt in self.do(self.store.attempts(name))]

    def _hear(self, report: CallReport, grade: Grade, name: str = "") -> None:
        """A webhook that is let in."""
        key = f"{name}{report.call_id}{report!r}{report.analysis}"
        kept = self.do(
            self.store.receive("scripted", dedupe_key=key, grade=grade, report=to_json(report), now=self.clock.now())
        )
        if kept is not None:
            self.now(lambda: self.night.reconciler.heard(News(kept, grade, report)))

    def _made(self, nth: int) -> Dialled | None:
        """One of the calls that were made by now."""
        made = [call for call in self.provider.calls if call.at <= self.clock.now()]
        return made[nth % len(made)] if made else None

    # --- time, and the end of processes

    @rule(span=st.sampled_from([SECOND / 5, SECOND, 5 * SECOND, 30 * SECOND]))
    def tick(self, span: timedelta) -> None:
        self.do(self.clock.sleep_until(self.clock.now() + span))
        self._after()

    @rule(span=st.sampled_from([MINUTE, 2 * MINUTE, 4 * MINUTE, 12 * MINUTE]))
    def wait(self, span: timedelta) -> None:
        self.tick(span)

    @rule(hours=st.sampled_from([1, 7]))
    def go_away(self, hours: int) -> None:
        self.tick(hours * HOUR)

    @rule(steps=st.integers(1, 60))
    def crash_soon(self, steps: int) -> None:
        self.death.at = self.death.steps + steps
        self.tick(5 * SECOND)

    @rule()
    def crash(self) -> None:
        self.death.dead = True
        self.now(self.death.scope.cancel)
        self._after()

    # --- the provider

    @initialize(fates=st.lists(st.sampled_from(sorted(FATES)), min_size=6, max_size=6))
    def sicken(self, fates: list[str]) -> None:
        self.misbehave(fates)

    @rule(fates=st.lists(st.sampled_from(sorted(FATES)), min_size=1, max_size=3))
    def misbehave(self, fates: list[str]) -> None:
        self.fates += [FATES[name] for name in fates]

    @rule(seconds=st.sampled_from([0, 20, 45]))
    def list_late(self, seconds: int) -> None:
        self.provider.lists_after = timedelta(seconds=seconds)

    @rule(out=st.booleans())
    def fall_silent(self, out: bool) -> None:
        self.provider.trouble = VendorError("scripted", "list", 503, "not now") if out else None
        self.reference.disturbed |= out

    @rule(person=st.sampled_from(PEOPLE))
    def they_call(self, person: int) -> None:
        now = self.clock.now()
        self.provider.inbound.append(
            CallReport(
                f"in-{len(self.provider.inbound)}", direction=Direction.INBOUND, phone=phone_of(person), ended=True,
                disposition=D.ANSWERED, talk_seconds=9.0, created_at=now, ended_at=now,
            )
        )  # fmt: skip

    # --- webhooks

    @rule(nth=st.integers(0, 50), named=st.booleans(), again=st.sampled_from(["", "again"]))
    def report(self, nth: int, named: bool, again: str) -> None:
        """Now, twice, late or out of order: whatever is true at this moment."""
        call = self._made(nth)
        if call is not None:
            seen = self.provider._seen(call)
            self._hear(replace(seen, attempt_id=call.attempt_id) if named else seen, Grade.BODY, again)

    @rule(
        nth=st.integers(0, 50),
        disposition=st.sampled_from([D.ANSWERED, D.VOICEMAIL, D.BAD_NUMBER]),
        known=st.booleans(),
    )
    def lie(self, nth: int, disposition: Disposition, known: bool) -> None:
        """Somebody knows the address, and no more."""
        call = self._made(nth)
        if call is not None:
            name = call.call_id if known else f"forged-{nth}"
            self._hear(
                CallReport(
                    name, call.attempt_id, phone=call.phone, ended=True, disposition=disposition, talk_seconds=1.0
                ),
                Grade.TOKEN,
            )

    # --- people

    @rule(person=st.sampled_from(PEOPLE))
    def bar(self, person: int) -> None:
        now, phone = self.clock.now(), phone_of(person)
        entry = Suppression(phone_key(KEY, phone), "all", "+31…", "a person", "asked", "a letter", now)
        self.do(self.store.suppress([entry]))
        self.reference.barred.setdefault(phone, now)

    @precondition(lambda self: any(a.state is S.INTENT for a in self._attempts()))
    @rule(stop=st.booleans())
    def cut_in(self, stop: bool) -> None:
        """At the last moment: whoever is about to be asked for."""
        intent = next(attempt for attempt in self._attempts() if attempt.state is S.INTENT)
        if stop:
            self.steer(intent.campaign, C.PAUSED)
        else:
            self.bar(next((n for n in PEOPLE if phone_of(n) == intent.phone), 0))

    @rule(
        name=st.sampled_from(NAMES), to=st.sampled_from([C.PAUSED, C.PAUSED, C.ACTIVE, C.ACTIVE, C.ACTIVE, C.STOPPED])
    )
    def steer(self, name: str, to: CampaignState) -> None:
        before = [C.ACTIVE, C.PAUSED] if to is not C.ACTIVE else [C.PAUSED]
        if self.do(self.store.steer(name, to, expect=before, reason="a person", now=self.clock.now())):
            self.reference.put(name, self.clock.now(), to)
        self.now(self.rung[name].ring)
        self.now(self.night.dialer.wake.ring)

    @rule(name=st.sampled_from(NAMES), hours=st.sampled_from(sorted(HOURS)))
    def edit(self, name: str, hours: str) -> None:
        self.campaigns[name] = self.night.campaigns[name] = campaign = self._campaign(name, hours)
        record = self.do(self.store.campaign(name))
        self.do(self.store.put_campaign(replace(record, document=campaign.model_dump_json()), now=self.clock.now()))
        self.reference.put(name, self.clock.now(), hours=hours)

    @rule(person=st.sampled_from(PEOPLE))
    def erase(self, person: int) -> None:
        now, phone = self.clock.now(), phone_of(person)
        if self.do(self.store.forget_person(phone_key(KEY, phone), who="them", now=now)) is not None:
            self.reference.barred.setdefault(phone, now)
            self.gone.add(person)

    @precondition(lambda self: any(a.state is S.UNCERTAIN for a in self._attempts()))
    @rule(nth=st.integers(0, 9))
    def resolve(self, nth: int) -> None:
        """By somebody who has looked at the provider's own pages."""
        doubts = [attempt for attempt in self._attempts() if attempt.state is S.UNCERTAIN]
        doubt = doubts[nth % len(doubts)]
        call = next((call for call in self.provider.calls if call.attempt_id == doubt.id), None)
        word = Word.NOT_CALLED if call is None else Word.CALLED
        ended = (call and call.report.disposition) or D.UNKNOWN
        session: Any = SimpleNamespace(store=self.store, clock=self.clock, book=self.night.book)
        self.do(resolve_attempt(session, doubt, word, ended, by="a person"))

    # --- what is promised

    @invariant()
    def nobody_is_called_twice(self) -> None:
        assert doubled(self.provider) == []

    @invariant()
    def stop_means_stop(self) -> None:
        for order in self.provider.orders.values():
            assert order.attempt_id in OWNERS
        asked = [(OWNERS[name], self.provider.orders[name].phone, at) for name, at in self.provider.asked_at.items()]
        assert [one for one in asked if not self.reference.may_ask(*one)] == []
        for entry in self.do(self.store.suppressions()):  # what was said in a call, once it is written down
            phone = next((phone_of(n) for n in PEOPLE if phone_key(KEY, phone_of(n)) == entry.phone_key), "")
            self.reference.barred.setdefault(phone, self.clock.now())

    @invariant()
    def nothing_is_forged_and_doubt_is_shown(self) -> None:
        attempts = self._attempts()
        assert invented(self.provider, attempts) == []
        doubts = {attempt.id for attempt in attempts if attempt.state is S.UNCERTAIN}
        assert doubts <= self.reference.may_doubt(self.provider)

    def teardown(self) -> None:
        try:
            self._rest()
        finally:
            self._bury()

    def _rest(self) -> None:
        """Nothing is lost, once everything has come to rest."""
        self.fates.clear()
        self.provider.trouble, self.provider.lists_after = None, timedelta()
        for name in NAMES:
            self.steer(name, C.PAUSED)
        for _ in range(4):
            self.wait(30 * MINUTE)
        attempts = self._attempts()
        lost = [c for c in unaccounted(self.provider, attempts) if not self.reference.disturbed]
        assert lost == []
        assert {a.state for a in attempts} <= {S.ENDED, S.REFUSED, S.NOT_SENT, S.NOT_CREATED, S.UNCERTAIN}
        assert not any(a.open for a in attempts)
        self.nobody_is_called_twice()
        self.stop_means_stop()
        self.nothing_is_forged_and_doubt_is_shown()

    def _bury(self) -> None:
        self.death.dead = True
        self.now(self.death.scope.cancel)
        self.do(self.life)
        self._leave.set()
        self.do(_value(self._holding))
        self.loop.close()
        self.folder.cleanup()


async def _value(future: Any) -> Any:
    return await future


# --- on every store


@asynccontextmanager
async def _memory(_folder: Path, _clock: DiscreteClock) -> Any:
    store = MemoryStore()
    yield store
    store.close()


def _sqlite(folder: Path, clock: DiscreteClock) -> Any:
    return open_sqlite(folder / "model.db", clock=clock, simulated=True)


def _postgres(_folder: Path, clock: DiscreteClock) -> Any:
    return open_postgres(new_database(), clock=clock, simulated=True)


@pytest.mark.row("K12", "N1", "N2", "W1", "W2", "W3", "O2")
@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_whatever_happens_in_whatever_order_every_promise_holds(kind: str, long: bool, seed: int, figure: Any) -> None:
    _try(kind, 400 if long else 8 if kind == "memory" else 2, 50 if long else 25, seed, figure)


def test_on_a_server_too_every_promise_holds_whatever_happens(long: bool, seed: int, figure: Any) -> None:
    _try("postgres", 40 if long else 1, 50 if long else 20, seed, figure)


def _try(kind: str, worlds: int, steps: int, seed: int, figure: Any) -> None:
    opened = {"memory": _memory, "sqlite": _sqlite, "postgres": _postgres}[kind]
    machine: Any = type("Machine", (Machine,), {"opened": staticmethod(opened)})
    before = Machine.steps
    run_state_machine_as_test(
        hypothesis.seed(seed)(machine),
        settings=settings(max_examples=worlds, stateful_step_count=steps, database=None),
    )
    figure("K12", "rules carried out, violations 0", Machine.steps - before, store=kind, worlds=worlds)

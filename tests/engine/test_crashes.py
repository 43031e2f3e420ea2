"""Whatever dies, and at whichever await: nobody is called twice without proof, and no call is lost."""

import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import anyio
import pytest

from campaigns.domain.call import Disposition, NotSent, Refused, Unclear
from campaigns.domain.lead import AttemptState, CampaignState, LeadState, Outcome
from campaigns.engine.list_returns import OpenList
from campaigns.engine.returner import Places, Returner
from campaigns.testing import Night, ScriptedList, a_campaign, a_contact, a_night, an_account

from .conftest import START, check, most_at_once, most_in_a_second, play
from .lives import Death, Exchange, Fate, Mortal, doubled, invented, live, lived, unaccounted

D, S = Disposition, AttemptState


@dataclass(frozen=True)
class Story:
    """A night that is cut off at each of its steps in turn."""

    contacts: int = 2
    campaign: dict[str, Any] = field(default_factory=dict)
    account: dict[str, Any] = field(default_factory=dict)
    provider: dict[str, Any] = field(default_factory=dict)
    pauses: bool = False
    """A person pauses it after a minute, and lets it go on four minutes later."""

    def night_of(self) -> dict[str, Any]:
        people = [a_contact(n, origin=("crm", f"c{n}")) for n in range(self.contacts)]
        account = an_account(**{"per_second": 5, "longest_call": 5 * MINUTE, "lookups": LOOKUPS, **self.account})
        return {"contacts": people, "campaign": a_campaign(**self.campaign), "account": account}


MINUTE = timedelta(minutes=1)
LOOKUPS = tuple(timedelta(seconds=s) for s in (2, 10, 60, 120, 180))
LOST = Unclear("the answer was lost")


def troubled(phone: str, nth: int) -> Fate:
    """One answer is lost, one call is never made, one is made late, one is busy first."""
    fates = {"0": Fate(answer=LOST), "1": Fate(None, LOST), "2": Fate(answer=LOST, made_after=timedelta(seconds=20))}
    return Fate(D.BUSY) if nth == 1 and phone[-1] == "3" else fates.get(phone[-1], Fate()) if nth == 1 else Fate()


def booked(phone: str, nth: int) -> Any:
    """One booking is held though its answer is lost, one is not held."""
    lost = {"0": Unclear("created, reply lost"), "1": Unclear("HTTP 500")}
    return lost.get(phone[-1], D.ANSWERED) if nth == 1 else D.ANSWERED


PROOF = {"absence_after": timedelta(seconds=60)}
STORIES = {
    "dispatch": Story(),
    "recording": Story(4, {"attempts": {"retry": {"busy": "1m"}, "gap": "0s"}}, provider={"fate": troubled}),
    "look-up": Story(4, {"attempts": {"retry": {"busy": "1m"}, "gap": "0s"}}, PROOF, {"fate": troubled}),
    "late list": Story(2, {}, PROOF, {"lists_after": timedelta(seconds=45)}),
    "booking": Story(3, {"dialing": "scheduled"}, {}, {"script": booked}, pauses=True),
    "booking, proved": Story(3, {"dialing": "scheduled"}, PROOF, {"script": booked, "names_calls": False}, pauses=True),
    "write-back": Story(2, {"write_back": True}),
}


class World:
    """What outlives every process: the database, the provider, a list in another system, and a person."""

    def __init__(self, store: Any, clock: Any, story: Story) -> None:
        self.store, self.clock, self.story = store, clock, story
        self.provider = Exchange(clock, lasts=timedelta(seconds=20), **story.provider)
        self.crm = ScriptedList("crm", {f"c{n}": {} for n in range(story.contacts)})
        self.doubtful: set[str] = set()
        """Attempts of which nobody can know whether they were sent."""

    async def lives(self, deaths: Sequence[int | None]) -> int:
        """Lives that end at these steps, and a last one that nothing disturbs; how many steps the last mortal had."""
        death = Death()
        async with anyio.create_task_group() as others:
            if self.story.pauses:
                others.start_soon(self._person)
            for nth, at in enumerate(deaths):
                death = await self._life(f"life-{nth}", at, START + HOURS)
                attempts = await self.store.attempts("test")
                self.doubtful |= {attempt.id for attempt in attempts if attempt.state is S.SENDING}
            await self._life("last", None, self.clock.now() + HOURS)
        return death.steps

    async def _life(self, owner: str, at: int | None, until: datetime) -> Death:
        death = Death(at)

        async def through(night: Night) -> None:
            places = Places(self._opened(death), _no_files, night.clock.now, lambda record: night.campaign)
            returner = Returner(night.store, night.clock, places)
            night.dialer.wake.link(returner.wake)
            night.tasks.start_soon(returner.run)
            await lived(night, until)

        night_of = self.story.night_of()
        await live(self.store, self.clock, self.provider, death, through, owner=owner, **night_of)
        return death

    def _opened(self, death: Death) -> OpenList:
        async def opened(_name: str) -> Any:
            return Mortal(self.crm, death, "write_back")

        return opened

    async def _person(self) -> None:
        for minutes, state in ((1, CampaignState.PAUSED), (5, CampaignState.ACTIVE)):
            await self.clock.sleep_until(START + minutes * MINUTE)
            await self.store.steer("test", state, expect=list(CampaignState), reason="a person", now=self.clock.now())

    async def check(self) -> int:
        """What must hold at rest; how many doubts are left."""
        attempts, provider = await self.store.attempts("test"), self.provider
        assert doubled(provider) == []
        assert unaccounted(provider, attempts) == []
        assert invented(provider, attempts) == []
        assert max(Counter(c.phone for c in provider.calls if c.report.disposition is D.ANSWERED).values()) == 1
        assert not any(attempt.open for attempt in attempts)
        uncertain = {attempt.id for attempt in attempts if attempt.state is S.UNCERTAIN}
        assert uncertain <= self.doubtful | provider.ambiguous
        counts = await self.store.counts("test")
        assert counts.states.keys() <= {"closed", "held"}
        assert counts.states.get("held", 0) == len(uncertain)
        assert counts.outcomes.get("reached", 0) == self.story.contacts - len(uncertain)
        if self.story.campaign.get("write_back"):
            assert [len(notes) for notes in self.crm.notes.values()] == [1] * counts.outcomes["reached"]
        return len(uncertain)


async def _no_files(*_: Any) -> None:
    raise AssertionError("these contacts come from no file")


HOURS = timedelta(minutes=40)
"""Until everything has come to rest."""


def told(story: Story, *deaths: int | None) -> tuple[int, int]:
    """How many steps the last life that died had, and how many doubts are left."""

    async def main(store: Any, clock: Any) -> tuple[int, int]:
        world = World(store, clock, story)
        steps = await world.lives(deaths)
        return steps, await world.check()

    steps, doubts = play(main)
    return steps, doubts


@pytest.mark.row("K1", "K2", "K3", "K4", "K5", "K6", "K7", "K11")
@pytest.mark.parametrize("name", STORIES)
def test_a_crash_at_any_await_calls_nobody_twice_and_loses_no_call(name, long, dice, figure) -> None:
    story = STORIES[name]
    steps, _ = told(story, None)
    every = 1 if long else max(1, steps // 4)
    cuts = range(1 + dice.randrange(every), steps + 1, every)
    doubts = [told(story, at)[1] for at in cuts]
    figure("K11", "interruption points cut, violations 0", len(doubts), story=name, steps=steps, doubts=sum(doubts))


@pytest.mark.row("K11")
def test_a_second_crash_while_the_first_is_cleared_up_changes_nothing(long, dice, figure) -> None:
    pairs = 0
    for story in STORIES.values() if long else dice.sample(list(STORIES.values()), 2):
        steps, _ = told(story, None)
        for first in dice.sample(range(1, steps), 12 if long else 1):
            rest, _ = told(story, first, None)
            for second in dice.sample(range(1, rest), 25 if long else 1):
                told(story, first, second)
                pairs += 1
    figure("K11", "pairs of crashes, violations 0", pairs)


TROUBLES = [Fate()] * 6 + [
    Fate(D.BUSY), Fate(D.NO_ANSWER), Fate(answer=LOST), Fate(None, LOST), Fate(None, NotSent("refused")),
    Fate(None, Refused("429", throttled=True)),
]  # fmt: skip


async def whole_night(night: Night) -> None:
    await night.run()
    await night.until(timedelta(hours=3))


@pytest.mark.row("K12")
@pytest.mark.parametrize("nth", range(4))
def test_random_kills_over_a_troubled_night(nth: int, long: bool, seed: int) -> None:
    for trial in range(50 if long else 1):
        _troubled_night(f"{seed}.{nth}.{trial}")


def _troubled_night(name: str) -> None:
    dice = random.Random(name)

    def fate(phone: str, nth: int) -> Fate:
        return random.Random(f"{name}{phone}{nth}").choice(TROUBLES)

    async def main(store, clock):
        provider = Exchange(clock, fate=fate)
        provider.lasts, provider.lists_after = timedelta(seconds=30), timedelta(seconds=dice.choice([0, 0, 10]))
        account = an_account(
            at_once=6, per_second=4, absence_after=timedelta(minutes=2) if dice.random() < 0.5 else None
        )
        rules = {"retry": {"no_answer": "5m", "busy": "1m"}, "gap": "0s", "per_day": 9}
        night_of = {"contacts": 15, "account": account, "campaign": a_campaign(attempts=rules)}
        for life in range(6):
            await live(
                store, clock, provider, Death(dice.randint(1, 400)), whole_night, owner=f"life-{life}", **night_of
            )
        async with a_night(store, clock, owner="last", provider=provider, **night_of) as night:
            await whole_night(night)
            await check(night)
        attempts = await store.attempts("test")
        assert doubled(provider) == []
        assert unaccounted(provider, attempts) == []
        assert (await store.counts("test")).states.keys() <= {"closed", "held"}
        assert most_in_a_second([at for at, _ in provider.asked]) <= 4
        assert most_at_once(provider) <= 6
        for phone, calls in Counter(provider.dialled).items():
            proved = [a for a in attempts if a.phone == phone and a.state is S.ENDED and a.call_id]
            doubted = [a for a in attempts if a.phone == phone and a.state is S.UNCERTAIN]
            assert calls <= len(proved) + len(doubted)
            assert all(a.disposition in (D.BUSY, D.NO_ANSWER) for a in proved[:-1])

    play(main)


@pytest.mark.row("O1")
@pytest.mark.parametrize("nth", range(4))
def test_a_program_that_is_stopped_politely_leaves_hardly_a_doubt(nth: int, seed: int) -> None:
    dice = random.Random(f"{seed}.{nth}")

    async def main(store, clock):
        provider = Exchange(clock, fate=lambda _phone, _nth: Fate(answered_after=timedelta(milliseconds=300)))
        night_of = {"contacts": 20, "account": an_account(per_second=5)}
        for life in range(4):
            async with a_night(store, clock, owner=f"life-{life}", provider=provider, **night_of) as night:
                night.tasks.start_soon(night.runner.run, "test")
                await night.until(timedelta(seconds=dice.uniform(0, 3)))
        attempts = await store.attempts("test")
        assert S.SENDING not in {attempt.state for attempt in attempts}  # cancelled, it says what it knows
        async with a_night(store, clock, owner="last", provider=provider, **night_of) as night:
            await whole_night(night)
            await check(night)
        assert max(Counter(provider.dialled).values()) == 1

    play(main)


# What a start finds


async def left_behind(store, clock, provider, state: S) -> None:
    """A life that dies with one attempt in this state."""
    death = Death()
    fence, place = store.fence, provider.place

    async def dying_fence(attempt, *, now):
        if state is S.INTENT:
            death.die()
        return await fence(attempt, now=now)

    async def dying_place(body, *, attempt_id):
        if state is S.SENDING:
            death.die()
        return await place(body, attempt_id=attempt_id)

    store.fence, provider.place = dying_fence, dying_place
    await live(store, clock, provider, death, whole_night, owner="dead", contacts=1)
    del store.fence, provider.place
    assert [attempt.state for attempt in await store.attempts("test")] == [state]


def test_an_intent_that_a_crash_left_was_never_sent_and_is_dialled_anew_once() -> None:
    async def main(store, clock):
        provider = Exchange(clock)
        await left_behind(store, clock, provider, S.INTENT)
        async with a_night(store, clock, owner="next", provider=provider) as night:
            await night.run()
            await check(night)
            assert [a.state for a in await night.attempts()] == [S.NOT_SENT, S.ENDED]
            assert clock.now() - START < timedelta(minutes=3)
            assert (await night.lead()).outcome is Outcome.REACHED

    play(main)


def test_a_sending_that_a_crash_left_is_a_doubt_and_is_never_dialled_blindly() -> None:
    async def main(store, clock):
        provider = Exchange(clock)
        await left_behind(store, clock, provider, S.SENDING)
        async with a_night(store, clock, owner="next", provider=provider) as night:
            await night.run()
            assert provider.asked == []
            assert [a.state for a in await night.attempts()] == [S.UNCERTAIN]
            assert (await night.lead()).state is LeadState.HELD

    play(main)


@pytest.mark.parametrize("state", [S.INTENT, S.SENDING])
def test_what_another_living_process_is_about_to_send_is_not_taken_from_it(state: S) -> None:
    async def main(store, clock):
        async with (
            a_night(store, clock, owner="one") as one,
            a_night(store, clock, owner="two", provider=one.provider) as two,
        ):
            one.provider.answers_in = timedelta(seconds=8)
            one.tasks.start_soon(one.runner.run, "test")
            for _ in range(100):
                two.reconciler.wake.ring()
                await one.until(timedelta(milliseconds=200))
            attempts = await store.attempts("test")
            assert [a.state for a in attempts] == [S.PLACED]
            journal = store._memory._raw.execute(
                "SELECT to_state FROM journal WHERE attempt_id NOT LIKE 'campaign:%' ORDER BY id"
            ).fetchall()
            assert [row["to_state"] for row in journal] == ["intent", "sending", "placed"]
            assert a_contact(0).phones[0].e164 in one.provider.dialled

    play(main)

"""Whatever dies, and at whichever await: nobody is called twice without proof, and no call is lost."""

import random
from collections import Counter
from datetime import timedelta
from typing import Any

import anyio
import pytest

from campaigns.domain.call import Disposition, NotSent, Placement, Refused, Unclear
from campaigns.domain.lead import AttemptState, LeadState, Outcome
from campaigns.testing import ScriptedProvider, a_campaign, a_contact, a_night, an_account

from .conftest import START, check, most_at_once, most_in_a_second, play

D, S = Disposition, AttemptState


class Killed(BaseException):
    """The process is gone: nothing more of it is written, not even what it would tidy up."""


class Death:
    """Kills a life at its n-th step; a step is the beginning or the end of a store's verb or of a POST."""

    def __init__(self, at: int | None) -> None:
        self.at, self.steps, self.dead = at, 0, False
        self.scope = anyio.CancelScope()

    def step(self) -> None:
        self.steps += 1
        if self.dead or self.steps == self.at:
            self.dead = True
            self.scope.cancel()
            raise Killed


class Mortal:
    """A store or a provider as one life sees it."""

    def __init__(self, inner: Any, death: Death, verbs: tuple[str, ...] | None = None) -> None:
        self.__dict__.update(_inner=inner, _death=death, _verbs=verbs)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found) or name.startswith("_") or (self._verbs is not None and name not in self._verbs):
            return found

        async def verb(*args: Any, **kwargs: Any) -> Any:
            self._death.step()
            result = await found(*args, **kwargs)
            self._death.step()
            return result

        return verb


class Asked(ScriptedProvider):
    """Remembers for which attempt it was asked."""

    async def place(self, body: bytes, *, attempt_id: str) -> Placement:
        asked = self.__dict__.setdefault("attempts_asked", Counter())
        asked[attempt_id] += 1
        return await super().place(body, attempt_id=attempt_id)


async def live(store, clock, provider, death: Death, *, owner: str, **night_of) -> None:
    """One life of the program: to the end of the campaign, or to its death."""
    mortal = Mortal(provider, death, ("place", "page", "fetch"))
    try:
        with death.scope:
            async with a_night(Mortal(store, death), clock, owner=owner, provider=mortal, **night_of) as night:
                await night.run()
                await night.until(timedelta(hours=3))
    except BaseExceptionGroup as group:
        if group.split(Killed)[1] is not None:
            raise
    except Killed:
        pass


async def settle_all(store, clock, provider, **night_of) -> None:
    """A last life that nothing disturbs, and what must then hold."""
    async with a_night(store, clock, owner="last", provider=provider, **night_of) as night:
        await night.run()
        await night.until(timedelta(hours=3))
        await night.run()
        await check(night)
        assert max(provider.__dict__.get("attempts_asked", Counter()).values(), default=0) <= 1
        counts = await store.counts("test")
        assert counts.states.keys() <= {"closed", "held"}
        uncertain = [a for a in await night.attempts() if a.state is S.UNCERTAIN]
        assert counts.states.get("held", 0) == len(uncertain)
        assert not any(attempt.open for attempt in await night.attempts())


def a_life_cut_at(at: int | None, **provided: Any) -> tuple[int, int]:
    """How many steps a night has, and how many doubts it leaves."""

    async def main(store, clock):
        provider = Asked(clock, provided.get("script", lambda phone, nth: D.ANSWERED))
        provider.lasts = timedelta(seconds=20)
        provider.answers_in = timedelta(milliseconds=100)
        provider.lists_after = provided.get("lists_after", timedelta())
        account = an_account(per_second=5, absence_after=provided.get("absence_after"))
        death = Death(at)
        night_of = {"contacts": 3, "account": account}
        await live(store, clock, provider, death, owner="first", **night_of)
        await settle_all(store, clock, provider, **night_of)
        assert max(Counter(provider.dialled).values(), default=0) <= 1  # everybody answers: nobody is called again
        held = (await store.counts("test")).states.get("held", 0)
        assert held + len(set(provider.dialled)) >= 3
        return death.steps, held

    return play(main)


def test_a_crash_at_any_await_calls_nobody_twice_and_loses_no_call() -> None:
    steps, _ = a_life_cut_at(None)
    assert steps > 100
    doubts = [a_life_cut_at(at)[1] for at in range(1, min(steps, 140), 1)]
    assert max(doubts) <= 3
    assert doubts.count(0) > len(doubts) * 3 / 4


def test_a_crash_at_any_await_is_cleared_up_where_absence_proves() -> None:
    doubts = [a_life_cut_at(at, absence_after=timedelta(seconds=30))[1] for at in range(5, 100, 3)]
    assert set(doubts) == {0}


def test_a_crash_at_any_await_is_cleared_up_where_calls_are_listed_late() -> None:
    late = {"absence_after": timedelta(seconds=60), "lists_after": timedelta(seconds=45)}
    assert {a_life_cut_at(at, **late)[1] for at in range(5, 100, 7)} == {0}


TROUBLES = (
    [D.ANSWERED] * 6
    + [D.BUSY, D.NO_ANSWER]
    + [Unclear("created, reply lost"), Unclear("HTTP 500"), NotSent("refused"), Refused("429", throttled=True)]
)


@pytest.mark.parametrize("seed", range(24))
def test_random_kills_over_a_troubled_night(seed: int) -> None:
    dice = random.Random(seed)

    def script(phone: str, nth: int):
        return random.Random(f"{seed}{phone}{nth}").choice(TROUBLES)

    async def main(store, clock):
        provider = Asked(clock, script)
        provider.lasts, provider.answers_in = timedelta(seconds=30), timedelta(milliseconds=dice.choice([10, 900]))
        provider.lists_after = timedelta(seconds=dice.choice([0, 0, 10]))
        account = an_account(
            at_once=6, per_second=4, absence_after=timedelta(minutes=2) if dice.random() < 0.5 else None
        )
        rules = {"retry": {"no_answer": "5m", "busy": "1m"}, "gap": "0s", "per_day": 9}
        night_of = {"contacts": 15, "account": account, "campaign": a_campaign(attempts=rules)}
        for life in range(6):
            await live(store, clock, provider, Death(dice.randint(1, 400)), owner=f"life-{life}", **night_of)
        await settle_all(store, clock, provider, **night_of)
        assert most_in_a_second([at for at, _ in provider.asked]) <= 4
        assert most_at_once(provider) <= 6
        attempts = await store.attempts("test")
        for phone, calls in Counter(provider.dialled).items():
            proved = [a for a in attempts if a.phone == phone and a.state is S.ENDED and a.call_id]
            doubted = [a for a in attempts if a.phone == phone and a.state is S.UNCERTAIN]
            assert calls <= len(proved) + len(doubted)
            assert all(a.disposition in (D.BUSY, D.NO_ANSWER) for a in proved[:-1])

    play(main)


@pytest.mark.parametrize("seed", range(8))
def test_a_program_that_is_stopped_politely_leaves_hardly_a_doubt(seed: int) -> None:
    dice = random.Random(seed)

    async def main(store, clock):
        provider = Asked(clock)
        provider.answers_in = timedelta(milliseconds=300)
        night_of = {"contacts": 20, "account": an_account(per_second=5)}
        for life in range(4):
            async with a_night(store, clock, owner=f"life-{life}", provider=provider, **night_of) as night:
                night.tasks.start_soon(night.runner.run, "test")
                await night.until(timedelta(seconds=dice.uniform(0, 3)))
        attempts = await store.attempts("test")
        assert S.SENDING not in {attempt.state for attempt in attempts}  # cancelled, it says what it knows
        await settle_all(store, clock, provider, **night_of)
        assert max(Counter(provider.dialled).values()) == 1

    play(main)


# What a start finds


async def left_behind(store, clock, provider, state: S) -> None:
    """A life that dies with one attempt in this state."""
    death = Death(None)
    fence, place = store.fence, provider.place

    async def dying_fence(attempt, *, now):
        if state is S.INTENT:
            death.at = death.steps + 1
            death.step()
        return await fence(attempt, now=now)

    async def dying_place(body, *, attempt_id):
        if state is S.SENDING:
            death.at = death.steps + 1
            death.step()
        return await place(body, attempt_id=attempt_id)

    store.fence, provider.place = dying_fence, dying_place
    await live(store, clock, provider, death, owner="dead", contacts=1)
    del store.fence, provider.place
    assert [attempt.state for attempt in await store.attempts("test")] == [state]


def test_an_intent_that_a_crash_left_was_never_sent_and_is_dialled_anew_once() -> None:
    async def main(store, clock):
        provider = Asked(clock)
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
        provider = Asked(clock)
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
            journal = store._memory._raw.execute("SELECT to_state FROM journal ORDER BY id").fetchall()
            assert [row["to_state"] for row in journal] == ["intent", "sending", "placed"]
            assert a_contact(0).phones[0].e164 in one.provider.dialled

    play(main)

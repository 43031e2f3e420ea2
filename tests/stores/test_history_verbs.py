"""What a database tells of past calls, for forecasts."""

from datetime import timedelta

from campaigns.clock import DiscreteClock, run_virtual
from campaigns.domain.call import Disposition
from campaigns.planning import past_of
from campaigns.stores.memory import MemoryStore
from campaigns.testing import ScriptedProvider, a_campaign, a_night, instant

D = Disposition
START = instant("2026-11-23T08:30Z")


def after(script, ask, **changes):
    clock, store, found = DiscreteClock(START), MemoryStore(), []

    async def main():
        provider = ScriptedProvider(clock, script, timedelta(seconds=40))
        async with a_night(store, clock, campaign=a_campaign(**changes), contacts=4, provider=provider) as night:
            await night.run()
            found.append(await ask(store))

    run_virtual(clock, main)
    store.close()
    return found[0]


def test_calls_are_counted_by_hour_ordinal_and_ending_with_their_seconds():
    words = {1: D.NO_ANSWER, 2: D.ANSWERED}
    attempts = {"max": 2, "per_day": 2, "gap": "1h", "retry": {"no_answer": "1h"}}
    lines = after(lambda _, nth: words[nth], lambda store: store.answer_history(since=START), attempts=attempts)
    assert [(line.hour, line.ordinal, line.disposition, line.calls) for line in lines] == [
        (instant("2026-11-23T08:00Z"), 1, D.NO_ANSWER, 4),
        (instant("2026-11-23T09:00Z"), 2, D.ANSWERED, 4),
    ]
    rung, answered = lines
    assert {line.zone for line in lines} == {"Europe/Amsterdam"}
    assert (round(rung.rings), rung.talks) == (160, 0)  # 40 s each
    assert (round(answered.talks), round(answered.talks_squared)) == (160, 6400)


def test_older_calls_and_those_that_never_rang_are_left_out():
    async def ask(store):
        return await store.answer_history(since=START + timedelta(days=1))

    assert after(lambda _, __: D.ANSWERED, ask) == []


def test_slots_are_hours_of_the_persons_own_clock():
    past = after(lambda _, __: D.ANSWERED, lambda store: past_of(store, a_campaign(), since=START))
    assert {heard.slot for heard in past.history} == {9}  # 08:30 UTC in Amsterdam
    assert (past.calls, len(past.verdicts)) == (4, 4)

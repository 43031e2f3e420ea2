"""Nights under a ramp, shares, caps per number shown and budgets: exact numbers, by the provider's own truth."""

from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta

import anyio
import pytest

from campaigns.domain.budget import MICROS, MINUTE_MS, Spent
from campaigns.domain.call import CallReport, Disposition, Refused, Unclear
from campaigns.domain.lead import AttemptState, CampaignState
from campaigns.domain.transitions import advance
from campaigns.ports.store import Move
from campaigns.testing import Night, a_campaign, a_contact, a_night, an_account, instant

from .conftest import START, check, most_at_once, most_in_a_second, play

D = Disposition
MINUTE = timedelta(minutes=1)
ONCE = {"max": 1, "per_day": 1, "gap": "0s"}


def at_once(night: Night, at: datetime) -> int:
    """How many calls the provider had open at that moment."""
    return sum(call.at <= at < call.ends_at for call in night.provider.calls)


def by_campaign(night: Night, *, until: datetime) -> Counter[str]:
    """Calls that began before `until`, per campaign; other campaigns have the contacts from number 1000 on."""
    began = [call for call in night.provider.calls if call.at < until]
    return Counter(f"{int(call.phone[-7:]) // 1000}" for call in began)


def others(thousand: int, count: int = 40) -> list:
    return [a_contact(thousand * 1000 + n) for n in range(count)]


# The ramp


def test_open_lines_grow_from_a_tenth_to_all_over_the_ramp() -> None:
    async def main(store, clock):
        campaign = a_campaign(pacing={"at_once": 20, "per_second": 50, "ramp_up": "5m"})
        async with a_night(store, clock, campaign=campaign, contacts=20) as night:
            night.provider.lasts = timedelta(minutes=7)  # nothing but the ramp gives a line
            await night.run()
            began = night.provider.calls[0].at
            minutes = [at_once(night, began + MINUTE * n - timedelta(seconds=1)) for n in (1, 2, 3, 4, 5, 6)]
            assert minutes == [5, 9, 12, 16, 19, 20]
            assert at_once(night, began + timedelta(milliseconds=500)) == 2
            # The twentieth line is the last to open: with the ramp's end.
            assert timedelta(0) <= night.provider.calls[19].at - (began + 5 * MINUTE) < timedelta(seconds=1)

    play(main)


def test_the_rate_grows_with_the_ramp() -> None:
    async def main(store, clock):
        campaign = a_campaign(pacing={"at_once": 1000, "per_second": 10, "ramp_up": "20s"})
        async with a_night(store, clock, campaign=campaign, contacts=170, account=an_account(at_once=1000)) as night:
            night.provider.lasts = timedelta(seconds=1)
            await night.run()
            sent = [(at - START).total_seconds() for at, _ in night.provider.asked]
            twos = [sum(two <= second < two + 2 for second in sent) for two in range(0, 24, 2)]
            # The integral of a rate that grows from 1 to 10 a second, and then 10.
            ideal = [*(2.9 + 1.8 * n for n in range(10)), 20, 20]
            assert all(0.9 * most - 1.5 <= n <= most + 1 for n, most in zip(twos, ideal, strict=True))
            assert most_in_a_second([at for at, _ in night.provider.asked]) == 10

    play(main)


def test_a_resume_and_a_morning_begin_the_ramp_anew_and_a_short_silence_does_not() -> None:
    async def main(store, clock):
        hours = "Mo-Fr 09:00-09:01,09:03-09:04; Sa,Su off"
        campaign = a_campaign(
            pacing={"at_once": 10, "per_second": 50, "ramp_up": "5m"}, calling_hours=hours, attempts=ONCE
        )
        async with a_night(store, clock, campaign=campaign, contacts=60) as night:
            night.provider.lasts = timedelta(seconds=70)
            await night.run()
            days = [instant(f"2026-11-{day}T08:00Z") for day in (24, 25)]
            for nine in days:
                open_calls = [at_once(night, nine + timedelta(seconds=second)) for second in (1, 20, 181)]
                # Lines at 0 s, 20 s and 181 s of one ramp; the pause of two minutes did not begin another.
                assert open_calls == [1, 1, 6]

    play(main, instant("2026-11-23T20:00Z"))


def test_a_resumed_campaign_ramps_again() -> None:
    async def main(store, clock):
        campaign = a_campaign(pacing={"at_once": 10, "per_second": 50, "ramp_up": "5m"})
        async with a_night(store, clock, campaign=campaign, contacts=300) as night, anyio.create_task_group() as tasks:
            tasks.start_soon(night.run)
            await night.until(10 * MINUTE)
            assert at_once(night, clock.now()) >= 9
            await night.steer(CampaignState.PAUSED)
            await night.until(2 * MINUTE)
            await night.steer(CampaignState.ACTIVE)
            tasks.start_soon(night.run)
            await night.until(timedelta(seconds=2))
            assert at_once(night, clock.now()) == 1
            await night.until(10 * MINUTE)
            assert at_once(night, clock.now()) >= 9
            tasks.cancel_scope.cancel()

    play(main)


# Priority and shares


async def _together(night: Night, *campaigns, leads: int = 40) -> None:
    """Run the night's campaign and these others on its account until the first is done."""
    night.provider.lasts = timedelta(seconds=10)
    async with anyio.create_task_group() as tasks:
        for n, campaign in enumerate(campaigns, 1):
            runner = await night.also(campaign, others(n, leads))
            tasks.start_soon(runner.run, campaign.campaign)
        tasks.start_soon(night.run)


PRIORITIES = [
    ((3, 3), (1, 1)),
    ((1, 3), (4, 1)),
    ((1, 2), (2, 1)),
    ((1, 5), (16, 1)),
    ((2, 2, 3), (2, 2, 1)),
]


@pytest.mark.parametrize("lines", [1, 7])
@pytest.mark.parametrize(("priorities", "weights"), PRIORITIES)
def test_campaigns_share_the_lines_by_their_priority(
    priorities: tuple[int, ...], weights: tuple[int, ...], lines: int
) -> None:
    async def main(store, clock):
        first, *rest = [a_campaign(campaign=f"c{n}", priority=p, attempts=ONCE) for n, p in enumerate(priorities)]
        account = an_account(at_once=lines)
        async with a_night(store, clock, campaign=first, contacts=others(0), account=account) as night:
            await _together(night, *rest)
            total = 34
            until = night.provider.calls[total].at  # all of them have people to call until then
            got = by_campaign(night, until=until)
            ideal = [total * weight / sum(weights) for weight in weights]
            assert [abs(got[str(n)] - want) <= 2 * lines for n, want in enumerate(ideal)] == [True] * len(weights)
            assert most_at_once(night.provider) == lines
            assert len(night.provider.calls) == 40 * len(priorities)

    play(main)


@pytest.mark.parametrize(("priorities", "weights"), [((1, 3), (4, 1)), ((3, 3), (1, 1))])
def test_campaigns_share_a_rate_too(priorities: tuple[int, int], weights: tuple[int, int]) -> None:
    async def main(store, clock):
        first, other = [a_campaign(campaign=f"c{n}", priority=p, attempts=ONCE) for n, p in enumerate(priorities)]
        account = an_account(at_once=10_000, per_second=2)
        async with a_night(store, clock, campaign=first, contacts=others(0, 60), account=account) as night:
            await _together(night, other, leads=60)
            got = by_campaign(night, until=night.provider.calls[60].at)
            assert abs(got["0"] - 60 * weights[0] / sum(weights)) <= 4
            sent = [at for at, _ in night.provider.asked]
            assert sent[-1] - sent[0] <= timedelta(seconds=119 * 1.03 / 2)  # and the rate is used

    play(main)


def test_what_a_better_campaign_cannot_use_is_not_left_idle() -> None:
    async def main(store, clock):
        small = a_campaign(campaign="c0", priority=1, attempts=ONCE, pacing={"at_once": 2, "per_second": 100})
        other = a_campaign(campaign="c1", priority=5, attempts=ONCE)
        account = an_account(at_once=10)
        async with a_night(store, clock, campaign=small, contacts=others(0, 40), account=account) as night:
            await _together(night, other, leads=120)
            got = by_campaign(night, until=START + MINUTE)
            # Of two lines and eight, each with a call of 10 s that is noticed within 5 s.
            assert 2 * 4 <= got["0"] <= 2 * 6
            assert 8 * 4 <= got["1"] <= 8 * 6
            assert most_at_once(night.provider) == 10

    play(main)


def test_an_active_campaign_that_nobody_runs_keeps_no_line_from_others() -> None:
    async def main(store, clock):
        first = a_campaign(campaign="c0", priority=5, attempts=ONCE)
        async with a_night(store, clock, campaign=first, contacts=40, account=an_account(at_once=4)) as night:
            await night.also(a_campaign(campaign="c1", priority=1), others(1))
            await store.bid("c1", priority=1, lines=100, until=START + timedelta(seconds=10))
            await night.run()
            began = [(call.at - START).total_seconds() for call in night.provider.calls]
            # One by its own turn; those that the other has asked for stay free until its word is too old.
            assert [round(second) for second in began[:5]] == [0, 10, 10, 10, 60]
            assert began[39] < 15 * 60

    play(main)


def test_promised_callbacks_are_called_before_anybody_else() -> None:
    async def main(store, clock):
        asked = a_contact(0).phones[0].e164
        rules = [{"when": 'report.analysis.again != ""', "callback": "report.analysis.again"}]

        def script(phone: str, nth: int) -> Disposition | CallReport:
            if phone == asked and nth == 1:
                return CallReport("", disposition=D.ANSWERED, talk_seconds=9.0, analysis={"again": "30m"})
            return D.ANSWERED

        queue = [a_contact(n, rank=-1.0) for n in range(1, 60)]
        campaign, one_line = a_campaign(outcomes=rules, attempts=ONCE), an_account(at_once=1)
        async with (
            a_night(store, clock, campaign=campaign, account=one_line, script=script) as night,
            anyio.create_task_group() as tasks,
        ):
            tasks.start_soon(night.run)
            await night.until(2 * MINUTE)
            tasks.cancel_scope.cancel()
        async with a_night(
            store, clock, campaign=campaign, contacts=[a_contact(0), *queue], account=one_line, provider=night.provider
        ) as later:
            await later.run()
            first, again = [call.at for call in night.provider.calls if call.phone == asked]
            ended = first + MINUTE
            # One line, calls of a minute, a queue of better rank: it is the next one when its time has come.
            assert timedelta(0) <= again - (ended + 30 * MINUTE) <= timedelta(seconds=70)
            assert sum(call.at > again for call in night.provider.calls) > 20

    play(main)


# Numbers shown


def shown(attempts) -> Counter[tuple[str, str]]:
    """Dials per number and UTC day."""
    return Counter((a.caller_id, f"{a.first_sent_at:%m-%d}") for a in attempts if a.counts)


def test_no_number_is_shown_more_often_a_day_than_its_cap_and_the_rest_waits_for_tomorrow() -> None:
    async def main(store, clock):
        callers = [{"number": "one", "per_day": 10}, {"number": "two", "per_day": 15}]
        campaign = a_campaign(caller_ids=callers, timezone="Etc/UTC", attempts=ONCE)
        async with a_night(store, clock, campaign=campaign, contacts=60) as night:
            await night.run()
            await check(night)
            days = ("11-23", "11-24", "11-25")
            got = shown(await night.attempts())
            assert [got["one", day] + got["two", day] for day in days] == [25, 25, 10]
            assert [(got["one", day], got["two", day]) for day in days[:2]] == [(10, 15), (10, 15)]
            assert got["one", days[2]] == 4  # least used first, as parts of their caps
            assert max(call.at for call in night.provider.calls) < instant("2026-11-25T00:10Z")

    play(main)


def test_while_the_numbers_rest_the_reason_is_told() -> None:
    async def main(store, clock):
        campaign = a_campaign(caller_ids={"number": "one", "per_day": 3}, timezone="Etc/UTC", attempts=ONCE)
        async with a_night(store, clock, campaign=campaign, contacts=5) as night, anyio.create_task_group() as tasks:
            tasks.start_soon(night.run)
            await night.until(60 * MINUTE)
            ((why, rule, leads, due),) = (await store.counts("test")).reasons
            assert (rule, leads, due) == ("caller_ids.per_day", 2, instant("2026-11-24T00:00Z"))
            assert "calls of the day" in why

    play(main)


def test_two_campaigns_share_the_cap_of_their_number() -> None:
    async def main(store, clock):
        callers = [{"number": "one", "per_day": 10}]
        first, other = [
            a_campaign(campaign=f"c{n}", caller_ids=callers, timezone="Etc/UTC", attempts=ONCE) for n in (0, 1)
        ]
        async with a_night(store, clock, campaign=first, contacts=others(0, 20)) as night:
            await _together(night, other, leads=20)
            got = shown([*await night.attempts(), *await store.attempts("c1")])
            assert set(got.values()) == {10}
            assert len(got) == 4

    play(main)


def test_a_person_sees_the_number_of_the_first_call_again_while_it_has_room() -> None:
    async def main(store, clock):
        callers = [{"number": "one", "per_day": 6}, {"number": "two", "per_day": 6}]
        campaign = a_campaign(
            caller_ids=callers,
            timezone="Etc/UTC",
            attempts={"max": 2, "per_day": 1, "retry": {"no_answer": "next_day"}},
        )
        async with a_night(
            store, clock, campaign=campaign, contacts=6, script=lambda phone, nth: D.NO_ANSWER
        ) as night:  # fmt: skip
            await night.run()
            seen: dict[str, list[str]] = {}
            for attempt in await night.attempts():
                seen.setdefault(attempt.phone, []).append(attempt.caller_id)
            assert {len(numbers) for numbers in seen.values()} == {2}
            assert all(first == second for first, second in seen.values())
            assert {numbers[0] for numbers in seen.values()} == {"one", "two"}

    play(main)


def test_a_dial_that_was_refused_leaves_its_number_the_room() -> None:
    async def main(store, clock):
        campaign = a_campaign(caller_ids={"number": "one", "per_day": 3}, timezone="Etc/UTC", attempts=ONCE)
        account = an_account(at_once=1)
        script = lambda phone, nth: Refused("busy just now") if nth == 1 else D.ANSWERED  # noqa: E731
        async with a_night(
            store, clock, campaign=campaign, contacts=3, account=account, script=script
        ) as night:  # fmt: skip
            await night.run()
            assert len(night.provider.calls) == 3
            assert night.provider.calls[-1].at < START + 60 * MINUTE

    play(main)


# Budgets


async def _spent(night: Night) -> Spent:
    return (await night.store.counts(night.campaign.campaign)).spent


def test_a_budget_of_attempts_is_dialled_to_the_last_and_not_beyond() -> None:
    async def main(store, clock):
        campaign = a_campaign(budget={"attempts": 30}, attempts=ONCE)
        async with a_night(store, clock, campaign=campaign, contacts=50) as night:
            end = await night.run()
            assert (end.state, end.interrupted) == (CampaignState.PAUSED, True)
            assert end.reason == "the budget for attempts is used up (30 of 30 attempts)"
            assert len(night.provider.calls) == 30
            assert (await _spent(night)).attempts == 30
            assert (await store.campaign("test")).reason == end.reason

    play(main)


def test_a_raised_budget_goes_on_where_the_old_one_ended() -> None:
    async def main(store, clock):
        async with a_night(
            store, clock, campaign=a_campaign(budget={"attempts": 30}, attempts=ONCE), contacts=50
        ) as night:  # fmt: skip
            await night.run()
        more = a_campaign(budget={"attempts": 45}, attempts=ONCE)
        async with a_night(store, clock, campaign=more, contacts=50, provider=night.provider) as later:
            await later.steer(CampaignState.ACTIVE)
            assert (await later.run()).reason == "the budget for attempts is used up (45 of 45 attempts)"
            assert len(night.provider.calls) == 45

    play(main)


def test_talk_is_never_more_than_its_budget_when_every_call_lasts_the_longest() -> None:
    async def main(store, clock):
        campaign = a_campaign(budget={"talk_minutes": 100}, attempts=ONCE)
        async with a_night(store, clock, campaign=campaign, contacts=50) as night:
            night.provider.lasts = timedelta(minutes=30)
            end = await night.run()
            assert len(night.provider.calls) == 3
            assert (await _spent(night)).talk_ms == 90 * MINUTE_MS
            assert "90 of 100 talk minutes" in end.reason

    play(main)


def test_what_short_calls_give_back_is_dialled_with() -> None:
    async def main(store, clock):
        campaign = a_campaign(budget={"talk_minutes": 100}, attempts=ONCE)
        async with a_night(store, clock, campaign=campaign, contacts=150) as night:
            await night.run()  # calls of one minute
            # At the end one more call might have taken half an hour.
            assert len(night.provider.calls) == 71
            assert most_at_once(night.provider) == 3
            assert (await _spent(night)).talk_ms == 71 * MINUTE_MS

    play(main)


def test_cost_is_held_at_the_price_and_settled_by_what_the_report_says() -> None:
    async def main(store, clock):
        def script(phone: str, nth: int) -> CallReport:
            cost = 0.25 if int(phone[-1]) % 2 else None
            return CallReport("", disposition=D.ANSWERED, talk_seconds=60.0, cost=cost)

        campaign = a_campaign(budget={"cost": 10}, attempts=ONCE)
        account = an_account(price_per_minute=0.1)
        async with a_night(
            store, clock, campaign=campaign, contacts=100, account=account, script=script
        ) as night:  # fmt: skip
            end = await night.run()
            odd = sum(int(call.phone[-1]) % 2 for call in night.provider.calls)
            even = len(night.provider.calls) - odd
            assert (await _spent(night)).cost_micros == odd * 250_000 + even * 100_000
            assert 7 * MICROS < (await _spent(night)).cost_micros <= 10 * MICROS  # one more might have cost 3.00
            assert "the budget for cost is used up" in end.reason

    play(main)


def test_a_call_whose_report_is_lost_keeps_its_worst_case() -> None:
    async def main(store, clock):
        campaign = a_campaign(budget={"talk_minutes": 100}, attempts=ONCE)
        async with a_night(store, clock, campaign=campaign, contacts=50) as night:
            night.provider.lasts = timedelta(days=9)  # nobody ever tells
            await night.run()
            assert len(night.provider.calls) == 3
            assert (await _spent(night)) == Spent(3, 90 * MINUTE_MS)
            assert {a.disposition for a in await night.attempts()} == {D.UNKNOWN}

    play(main)


def test_a_doubt_keeps_what_it_holds_and_a_proof_gives_it_back() -> None:
    async def main(store, clock):
        campaign = a_campaign(budget={"attempts": 2}, attempts=ONCE)
        async with a_night(store, clock, campaign=campaign, contacts=3) as night:
            script = night.provider.script
            night.provider.script = lambda phone, nth: Unclear("lost") if phone.endswith("0") else script(phone, nth)
            end = await night.run()
            assert end.reason.startswith("the budget for attempts")
            (doubt,) = [a for a in await night.attempts() if a.state is AttemptState.UNCERTAIN]
            assert (await _spent(night)).attempts == 2
            proved = advance(doubt, AttemptState.NOT_CREATED, ended_at=clock.now())
            assert await store.record([Move(doubt, proved, "a person")], now=clock.now()) == [True]
            assert (await _spent(night)).attempts == 1

    play(main)


def test_a_crash_in_the_middle_leaves_the_budget_exact() -> None:
    async def main(store, clock):
        campaign = a_campaign(budget={"attempts": 40, "talk_minutes": 300}, attempts=ONCE)
        account = an_account(at_once=6)
        async with a_night(
            store, clock, campaign=campaign, contacts=80, account=account, owner="one"
        ) as night, anyio.create_task_group() as tasks:  # fmt: skip
            tasks.start_soon(night.run)
            await night.until(timedelta(seconds=90))
            tasks.cancel_scope.cancel()  # mid-call: nothing is told to the database
        async with a_night(
            store, clock, campaign=campaign, contacts=80, account=account, owner="two", provider=night.provider
        ) as later:
            await later.run()
            calls = len(night.provider.calls)
            assert calls == 40
            assert await _spent(later) == Spent(calls, calls * MINUTE_MS)

    play(main)


def test_a_test_call_takes_from_the_budget_of_the_campaign_it_tries() -> None:
    async def main(store, clock):
        budget = {"attempts": 3}
        async with a_night(
            store, clock, campaign=a_campaign(budget=budget, attempts=ONCE), contacts=5
        ) as night:  # fmt: skip
            tried = a_campaign(campaign="test.try", budget=budget, attempts=ONCE)
            runner = await night.also(tried, others(1, 1))
            record = await store.campaign("test.try")
            await store.forget("test.try")
            await store.put_campaign(replace(record, purse="test"), now=clock.now())
            await night.also(tried, others(1, 1))
            await runner.run("test.try")
            assert (await _spent(night)).attempts == 1
            await night.run()
            assert by_campaign(night, until=clock.now()) == {"1": 1, "0": 2}

    play(main)

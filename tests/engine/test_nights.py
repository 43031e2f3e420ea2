"""Whole nights: rates, lines, windows, shared people; what the provider saw is what counts."""

import itertools
from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import anyio
import pytest

from campaigns.domain.call import Disposition, NotSent, Refused, Unclear
from campaigns.domain.contact import PhoneNumber
from campaigns.domain.errors import StoreUnavailable
from campaigns.domain.facts import PeopleLimits
from campaigns.domain.lead import AttemptState, CampaignState, LeadState, Outcome
from campaigns.testing import a_campaign, a_contact, a_night, an_account, instant

from .conftest import START, check, most_at_once, most_in_a_second, overlaps, play

D = Disposition
AMSTERDAM = ZoneInfo("Europe/Amsterdam")


async def outcomes(night) -> dict[str, int]:
    return (await night.store.counts(night.campaign.campaign)).outcomes


def test_everybody_is_called_once_and_settled_without_any_webhook() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=100) as night:
            end = await night.run()
            await check(night)
            assert end.state is CampaignState.FINISHED
            assert sorted(night.provider.dialled) == sorted(a_contact(n).phones[0].e164 for n in range(100))
            assert await outcomes(night) == {"reached": 100}

    play(main)


def test_a_campaign_without_leads_is_over_at_once() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=0) as night:
            assert (await night.run()).state is CampaignState.FINISHED
            assert clock.now() == START

    play(main)


def test_every_disposition_is_retried_as_the_file_says() -> None:
    words = [D.NO_ANSWER, D.BUSY, D.FAILED, D.VOICEMAIL, D.DECLINED, D.UNKNOWN, D.BAD_NUMBER, D.ANSWERED]
    rules = {
        "max": 3,
        "per_day": 9,
        "gap": "0s",
        "retry": {"no_answer": "3h", "busy": ["5m", "1h"], "failed": "next_day"},
    }

    async def main(store, clock):
        script = {a_contact(n).phones[0].e164: word for n, word in enumerate(words)}
        night = a_night(
            store, clock, campaign=a_campaign(attempts=rules), contacts=8, script=lambda phone, nth: script[phone]
        )
        async with night as night:
            await night.run()
            await check(night)
            tries = [night.provider.dialled.count(a_contact(n).phones[0].e164) for n in range(8)]
            assert tries == [3, 3, 3, 1, 1, 1, 1, 1]
            assert await outcomes(night) == {"exhausted": 6, "bad_number": 1, "reached": 1}
            busy = [call.at for call in night.provider.calls if call.phone == a_contact(1).phones[0].e164]
            waits = [later - earlier - timedelta(seconds=60) for earlier, later in itertools.pairwise(busy)]
            assert [
                timedelta(0) <= wait - due < timedelta(seconds=10)
                for wait, due in zip(waits, (timedelta(minutes=5), timedelta(hours=1)), strict=True)
            ] == [True, True]

    play(main)


@pytest.mark.parametrize("rate", [1, 7, 50])
def test_no_second_ever_sees_more_dials_than_the_rate(rate: int) -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=100, account=an_account(per_second=rate)) as night:
            await night.run()
            sent = [at for at, _ in night.provider.asked]
            assert most_in_a_second(sent) == rate
            assert sent[-1] - sent[0] <= timedelta(seconds=99 * 1.021 / rate)  # and the rate is used

    play(main)


def test_the_campaigns_own_rate_holds_within_the_accounts() -> None:
    async def main(store, clock):
        campaign = a_campaign(pacing={"at_once": 100, "per_second": 0.5})
        async with a_night(store, clock, campaign=campaign, contacts=20) as night:
            await night.run()
            sent = [at for at, _ in night.provider.asked]
            assert all(later - earlier >= timedelta(seconds=2) for earlier, later in itertools.pairwise(sent))

    play(main)


@pytest.mark.parametrize(("lines", "per_second"), [(1, 100), (3, 100), (10, 7)])
def test_never_more_calls_are_open_than_there_are_lines(lines: int, per_second: int) -> None:
    async def main(store, clock):
        account = an_account(at_once=lines, per_second=per_second)
        async with a_night(store, clock, contacts=40, account=account) as night:
            await night.run()
            await check(night)
            assert most_at_once(night.provider) == lines

    play(main)


def test_several_campaigns_share_the_lines_and_the_rate_of_their_account() -> None:
    async def main(store, clock):
        account = an_account(at_once=10, per_second=5)
        async with a_night(store, clock, contacts=40, account=account) as night:
            others = [
                (f"other-{n}", await night.also(
                    a_campaign(campaign=f"other-{n}", pacing={"at_once": 4 + n, "per_second": 2 + n}),
                    [a_contact(40 + 20 * n + i) for i in range(20)],
                ))
                for n in range(2)
            ]  # fmt: skip

            async with anyio.create_task_group() as tasks:
                for name, runner in others:
                    tasks.start_soon(runner.run, name)
                await night.run()
            await check_all(night, ["other-0", "other-1"])
            assert most_in_a_second([at for at, _ in night.provider.asked]) == 5
            assert most_at_once(night.provider) == 10
            for n in range(2):
                own = {a_contact(40 + 20 * n + i).phones[0].e164 for i in range(20)}
                mine = [call for call in night.provider.calls if call.phone in own]
                assert len(mine) == 20
                assert most_in_a_second([call.at for call in mine]) <= 2 + n
                assert most_at_once(replace(night.provider, calls=mine)) <= 4 + n

    async def check_all(night, names):
        for name in names:
            assert (await night.store.counts(name)).outcomes == {"reached": 20}
        assert await outcomes(night) == {"reached": 40}
        assert not overlaps(night.provider)

    play(main)


def test_two_processes_share_the_lines_and_the_rate_through_the_database() -> None:
    async def main(store, clock):
        account = an_account(at_once=6, per_second=5)
        mine = [a_contact(n) for n in range(30)]
        theirs = a_campaign(campaign="theirs")
        async with (
            a_night(store, clock, contacts=mine, account=account, owner="one") as one,
            a_night(store, clock, campaign=theirs, contacts=[a_contact(n) for n in range(30, 60)], account=account,
                    owner="two", provider=one.provider) as two,
        ):  # fmt: skip
            one.campaigns["theirs"] = theirs
            two.campaigns["test"] = one.campaign

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(one.run)
                tasks.start_soon(two.run)
                tasks.start_soon(ring_both, clock, one, two, tasks.cancel_scope)
            assert most_in_a_second([at for at, _ in one.provider.asked]) <= 5
            assert most_at_once(one.provider) <= 6
            assert len(one.provider.dialled) == len(set(one.provider.dialled)) == 60
            attempts = [*await store.attempts("test"), *await store.attempts("theirs")]
            assert {a.state for a in attempts} == {AttemptState.ENDED}

    async def ring_both(clock, one, two, scope):
        for _ in range(300):  # as the real clock does: other processes may have written something
            await clock.sleep_until(clock.now() + timedelta(seconds=1))
            one.runner.wake.ring()
            two.runner.wake.ring()

    play(main)


def test_people_are_called_in_their_own_hours_only() -> None:
    zones = ["Europe/Amsterdam", "America/New_York", "America/Los_Angeles", "Asia/Kathmandu", "Pacific/Auckland"]

    async def main(store, clock):
        contacts = [a_contact(n, zones=(zones[n % 5],), country=None) for n in range(50)]
        campaign = a_campaign(
            timezone="contact", calling_hours="Mo-Fr 09:00-12:30,13:30-17:30",
            attempts={"max": 4, "per_day": 2, "gap": "30m", "retry": {"no_answer": ["1h", "next_day"]}},
        )  # fmt: skip
        night = a_night(store, clock, campaign=campaign, contacts=contacts, script=lambda phone, nth: D.NO_ANSWER)
        async with night as night:
            await night.run()
            await check(night)
            assert len(night.provider.calls) == 200
            zone_of = {contact.phones[0].e164: ZoneInfo(contact.zones[0]) for contact in contacts}
            by_day: dict[tuple[str, object], int] = {}
            for call in night.provider.calls:
                wall = call.at.astimezone(zone_of[call.phone])
                minute = wall.hour * 60 + wall.minute
                assert wall.weekday() < 5
                assert 540 <= minute < 750 or 810 <= minute < 1050
                by_day[(call.phone, wall.date())] = by_day.get((call.phone, wall.date()), 0) + 1
            assert max(by_day.values()) <= 2

    play(main)


def test_a_campaign_stops_calling_at_its_end_and_lists_the_rest_as_expired() -> None:
    async def main(store, clock):
        campaign = a_campaign(ends="2026-11-23T10:00:40", pacing={"at_once": 5, "per_second": 1})
        async with a_night(store, clock, campaign=campaign, contacts=20) as night:
            await night.run()
            assert all(call.at < instant("2026-11-23T09:00:40Z") for call in night.provider.calls)
            assert await outcomes(night) == {"reached": 5, "expired": 15}
            assert clock.now() < instant("2026-11-23T09:05:00Z")

    play(main)


def test_people_with_only_today_left_go_before_people_with_a_week() -> None:
    async def main(store, clock):
        today = [a_contact(n, call_by=instant("2026-11-23T16:00Z")) for n in range(5, 10)]
        week = [a_contact(n, call_by=instant("2026-11-30T16:00Z")) for n in range(5)]
        first = [a_contact(10, rank=-1.0, call_by=instant("2026-11-30T16:00Z"))]
        campaign = a_campaign(calling_hours="Mo-Fr 10:30-17:00", pacing={"at_once": 1, "per_second": 1})
        async with a_night(store, clock, campaign=campaign, contacts=[*week, *today, *first]) as night:
            await night.run()
            order = [int(phone[-7:]) for phone in night.provider.dialled]
            assert order[0] == 10
            assert set(order[1:6]) == {5, 6, 7, 8, 9}

    play(main)


def test_a_number_that_two_people_share_is_never_called_while_it_is_talking() -> None:
    shared = PhoneNumber("+31200000077")

    async def main(store, clock):
        family = [a_contact(n, person=f"id-{n}", person_from_id=True, phones=(shared,)) for n in range(6)]
        async with a_night(store, clock, contacts=family) as night:
            other = await night.also(a_campaign(campaign="other"), [a_contact(9, phones=(shared,))])

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(other.run, "other")
                await night.run()
            assert len(night.provider.calls) == 7
            assert not overlaps(night.provider)

    play(main)


def test_a_person_with_two_numbers_is_never_called_on_both_at_once() -> None:
    async def main(store, clock):
        one = a_contact(1, person="id", person_from_id=True)
        two = a_contact(2, person="id", person_from_id=True)
        people = PeopleLimits(gap=timedelta(minutes=30))
        async with a_night(store, clock, contacts=[one], people=people) as night:
            other = await night.also(a_campaign(campaign="other"), [two])

            async with anyio.create_task_group() as tasks:
                tasks.start_soon(other.run, "other")
                await night.run()
            first, second = sorted(night.provider.calls, key=lambda call: call.at)
            assert second.at >= first.ends_at + timedelta(minutes=30)

    play(main)


def test_an_open_doubt_keeps_its_number_until_no_call_can_last_so_long() -> None:
    shared = PhoneNumber("+31200000077")

    async def main(store, clock):
        doubted = a_contact(1, person="a", person_from_id=True, phones=(shared,), rank=-1.0)
        other = a_contact(2, person="b", person_from_id=True, phones=(shared,))
        script = lambda phone, nth: Unclear("HTTP 500") if nth == 1 else D.ANSWERED  # noqa: E731
        account = an_account(lookups=(timedelta(seconds=5),))
        async with a_night(store, clock, contacts=[doubted, other], script=script, account=account) as night:
            await night.run()
            first, second = night.provider.asked
            assert second[0] >= first[0] + account.longest_call
            assert (await night.lead(1)).state is LeadState.HELD
            assert (await night.lead(2)).outcome is Outcome.REACHED

    play(main)


def test_limit_tries_that_many_settles_them_and_pauses() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=30) as night:
            end = await night.run(limit=10)
            assert (end.state, end.interrupted) == (CampaignState.PAUSED, True)
            assert len(night.provider.calls) == 10
            counts = await store.counts("test")
            assert counts.states["closed"] == 10
            assert "calling" not in counts.states
            await night.steer(CampaignState.ACTIVE)
            night.runner._begun = 0
            assert (await night.run()).state is CampaignState.FINISHED
            assert len(night.provider.calls) == 30

    play(main)


def test_a_limit_beyond_all_leads_just_finishes() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=3) as night:
            assert (await night.run(limit=10)).state is CampaignState.FINISHED

    play(main)


def test_slow_answers_cost_neither_rate_nor_lines() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=60, account=an_account(at_once=20, per_second=10)) as night:
            night.provider.answers_in = timedelta(seconds=4)
            await night.run()
            await check(night)
            assert most_in_a_second([at for at, _ in night.provider.asked]) <= 10
            assert most_at_once(night.provider) <= 20
            assert len(night.provider.calls) == 60

    play(main)


def test_more_posts_in_flight_than_the_gate_lets_through_are_late_and_never_crowded() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=100) as night:
            night.provider.answers_in = timedelta(seconds=10)
            await night.run()
            await check(night)
            assert most_in_a_second([at for at, _ in night.provider.asked]) <= 100
            assert len(night.provider.calls) == len(set(night.provider.dialled)) == 100

    play(main)


def test_the_same_night_played_twice_is_the_same() -> None:
    def once() -> list[tuple[datetime, str]]:
        async def main(store, clock):
            campaign = a_campaign(calling_hours="Mo-Fr 09:00-17:00", attempts={"retry": {"no_answer": "next_day"}})
            script = lambda phone, nth: D.NO_ANSWER if nth < 3 else D.ANSWERED  # noqa: E731
            async with a_night(store, clock, campaign=campaign, contacts=30, script=script) as night:
                await night.run()
                return list(night.provider.asked)

        return play(main)

    assert once() == once()


def test_a_mixed_night_of_trouble_ends_with_everybody_settled_or_listed() -> None:
    troubles = [
        D.ANSWERED,
        Unclear("created, reply lost"),
        Unclear("HTTP 500"),
        NotSent("refused"),
        Refused("429", throttled=True),
        D.BUSY,
    ]

    def script(phone: str, nth: int):
        return troubles[int(phone[-7:]) % 6] if nth == 1 else D.ANSWERED

    async def main(store, clock):
        async with a_night(store, clock, contacts=60, script=script) as night:
            await night.run()
            await check(night)
            counts = await store.counts("test")
            assert counts.outcomes == {"reached": 50}
            assert counts.states == {"closed": 50, "held": 10}
            assert len(night.provider.calls) == 60  # busy ones twice

    play(main)


class Unsteady:
    """A store whose database cannot be used for a while, from the `after`-th verb on."""

    def __init__(self, store, clock, *, after: int, for_: timedelta) -> None:
        self._store, self._clock, self._after, self._for = store, clock, after, for_
        self._verbs, self._back = 0, None
        self.failed = 0

    def __getattr__(self, name: str):
        verb = getattr(self._store, name)
        if not callable(verb):
            return verb

        async def unsteady(*args, **kwargs):
            self._verbs += 1
            if self._verbs >= self._after:
                self._back = self._back or self._clock.now() + self._for
                if self._clock.now() < self._back:
                    self.failed += 1
                    raise StoreUnavailable("The database cannot take a write now: disk full.")
            return await verb(*args, **kwargs)

        return unsteady


@pytest.mark.parametrize("after", [1, 4, 9, 14, 21, 30, 45, 70])
def test_while_the_database_is_away_nobody_is_dialled_and_then_all_goes_on(after: int) -> None:
    async def main(store, clock):
        unsteady = Unsteady(store, clock, after=after + 3, for_=timedelta(minutes=3))
        async with a_night(unsteady, clock, contacts=12, account=an_account(at_once=4)) as night:
            end = await night.run()
            assert unsteady.failed
            assert end.state is CampaignState.FINISHED
            phones = night.provider.dialled
            assert len(phones) == len(set(phones)) == 12
            settled = await store.counts("test")
            assert settled.outcomes.get("reached", 0) + settled.states.get("held", 0) == 12

    play(main)

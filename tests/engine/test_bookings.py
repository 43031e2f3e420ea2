"""Nights of scheduled dialing: the provider holds the clock, and nobody is booked, or rung, who must not be."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from campaigns.domain.call import CallReport, Direction, Disposition, NotSent, Refused, Unclear
from campaigns.domain.lead import FIRES_WITHIN, AttemptState, CampaignState, LeadState, Outcome
from campaigns.engine.booker import judge_of
from campaigns.engine.terms import phone_key
from campaigns.planner.booking import Full, Slot
from campaigns.ports.people import Suppression, SuspensionRecord
from campaigns.ports.store import NewLead
from campaigns.testing import (
    KEY,
    Night,
    ScriptedScheduler,
    a_campaign,
    a_contact,
    a_night,
    an_account,
)

from .conftest import START, check, overlaps, play

D, S = Disposition, AttemptState
MINUTE = timedelta(minutes=1)
AHEAD, NOTICE = 30 * MINUTE, 3 * MINUTE


def scheduled(**changes: Any):
    return a_campaign(**{"dialing": "scheduled", **changes})


def a_booked_night(store, clock, provider: ScriptedScheduler | None = None, **given: Any):
    """A night on a provider that holds calls for later."""
    campaign = given.pop("campaign", None) or scheduled()
    return a_night(store, clock, campaign=campaign, provider=provider or ScriptedScheduler(clock), **given)


def handed_over(night: Night) -> list[datetime]:
    """The moments for which calls were booked, those of cancelled ones too."""
    return sorted(booking.fires_at for booking in night.provider.held.values())


def states(night: Night) -> dict[str, int]:
    """How many bookings stand how at the provider."""
    found = [str(booking.state) for booking in night.provider.held.values()]
    return {state: found.count(state) for state in sorted(set(found))}


async def outcomes(night: Night) -> dict[str, int]:
    return (await night.store.counts(night.campaign.campaign)).outcomes


async def running(night: Night) -> None:
    night.tasks.start_soon(night.runner.run, night.campaign.campaign)


def most_lines(held: Sequence[tuple[datetime, datetime]]) -> int:
    """The most of these spans that overlap."""
    moves = sorted([(start, 1) for start, _ in held] + [(end, -1) for _, end in held])
    return max((sum(step for _, step in moves[: n + 1]) for n in range(len(moves))), default=0)


def test_everybody_is_booked_once_within_the_horizon_and_settled() -> None:
    async def main(store, clock):
        async with a_booked_night(store, clock, contacts=40) as night:
            end = await night.run()
            await check(night)
            assert end.state is CampaignState.FINISHED
            assert await outcomes(night) == {"reached": 40}
            asked = {phone: at for at, phone in night.provider.asked}
            notice = [b.fires_at - asked[b.phone] for b in night.provider.held.values()]
            assert len(notice) == 40
            assert min(notice) >= NOTICE / 2
            assert max(notice) <= AHEAD
            placed = {a.phone: a for a in await night.attempts()}
            assert all(placed[b.phone].placed_at == b.fires_at for b in night.provider.held.values())

    play(main)


def test_never_more_calls_can_overlap_than_there_are_lines_whatever_each_takes() -> None:
    account = an_account(at_once=4, longest_call=10 * MINUTE)

    async def main(store, clock):
        async with a_booked_night(store, clock, contacts=14, account=account) as night:
            await night.run()
            await check(night)
            assert await outcomes(night) == {"reached": 14}
            ends = {call.phone: call.ends_at for call in night.provider.calls}
            # Each holds its line from its moment until its report: the sweep hears of it within one poll.
            spans = [(b.fires_at, ends[b.phone]) for b in night.provider.held.values()]
            assert most_lines(spans) <= 4

    play(main)


def test_while_nothing_is_heard_each_booking_holds_its_line_for_the_longest_call() -> None:
    account = an_account(at_once=3, longest_call=10 * MINUTE)

    async def main(store, clock):
        async with a_booked_night(store, clock, contacts=30, account=account) as night:
            await running(night)
            await night.until(MINUTE)
            held = handed_over(night)
            spans = [(at, at + 10 * MINUTE + FIRES_WITHIN) for at in held]
            assert most_lines(spans) == 3
            assert len(held) == 6  # three lines, twice within half an hour less the notice

    play(main)


def test_bookings_and_direct_dials_of_another_campaign_share_the_lines() -> None:
    account = an_account(at_once=3)

    async def main(store, clock):
        provider = ScriptedScheduler(clock, lasts=2 * MINUTE)
        async with a_booked_night(store, clock, provider, contacts=7, account=account) as night:
            other = a_campaign(campaign="direct", contacts=[{"file": "x.csv", "columns": {"phone": "P"}}])
            runner = await night.also(other, [a_contact(n) for n in range(100, 107)])
            night.tasks.start_soon(runner.run, "direct")
            await night.run()
            assert most_lines([(call.at, call.ends_at) for call in provider.calls]) <= 3
            assert await outcomes(night) == {"reached": 7}

    play(main)


def test_a_slot_stays_open_five_minutes_longer_for_that_person() -> None:
    campaign = scheduled(calling_hours="Mo-Fr 10:00-10:20,12:00-13:00", pacing={"at_once": 2, "per_second": 1})

    async def main(store, clock):
        async with a_booked_night(store, clock, contacts=12, campaign=campaign) as night:
            await night.run()
            closes = START + 20 * MINUTE
            moments = handed_over(night)
            assert [at for at in moments if closes - FIRES_WITHIN < at < START + 120 * MINUTE] == []
            assert min(moments) < closes
            assert max(moments) >= START + 120 * MINUTE
            assert await outcomes(night) == {"reached": 12}

    play(main)


def test_a_lead_that_may_be_called_only_later_is_booked_for_that_moment_and_not_earlier_than_the_horizon() -> None:
    campaign = scheduled(calling_hours="Mo-Fr 12:00-13:00")

    async def main(store, clock):
        async with a_booked_night(store, clock, contacts=3, campaign=campaign) as night:
            await night.run()
            opens = START + 120 * MINUTE
            assert handed_over(night)[0] == opens
            assert min(at for at, _ in night.provider.asked) >= opens - AHEAD

    play(main)


def test_retries_are_booked_after_their_gap() -> None:
    campaign = scheduled(attempts={"max": 3, "per_day": 9, "gap": "0s", "retry": {"no_answer": "1h"}})

    async def main(store, clock):
        provider = ScriptedScheduler(clock, lambda _phone, nth: D.ANSWERED if nth == 3 else D.NO_ANSWER)
        async with a_booked_night(store, clock, provider, campaign=campaign) as night:
            await night.run()
            await check(night)
            ends = [call.ends_at for call in provider.calls]
            starts = [call.at for call in provider.calls]
            assert len(starts) == 3
            assert all(later - earlier >= timedelta(hours=1) for earlier, later in zip(ends, starts[1:], strict=False))
            assert (await night.lead()).outcome is Outcome.REACHED

    play(main)


# Steering: what was handed over is kept in step


@pytest.mark.parametrize("to", [CampaignState.PAUSED, CampaignState.STOPPED])
def test_pause_and_stop_cancel_what_was_handed_over_and_the_run_ends_after_that(to: CampaignState) -> None:
    async def main(store, clock):
        async with a_booked_night(store, clock, contacts=20) as night:
            night.tasks.start_soon(steer_in_a_minute, night, to)
            end = await night.run()
            assert end.state is to
            assert states(night) == {"cancelled": 20}
            assert night.provider.calls == []
            assert clock.now() < START + NOTICE
            attempts = await night.attempts()
            assert {a.state for a in attempts} == {S.NOT_CREATED}
            assert not any(a.counts or a.open for a in attempts)
            assert (await outcomes(night)) == ({"stopped": 20} if to is CampaignState.STOPPED else {})

    async def steer_in_a_minute(night, to):
        await night.until(MINUTE)
        await night.steer(to)

    play(main)


def test_after_a_pause_everybody_is_booked_again_and_called_once() -> None:
    async def main(store, clock):
        async with a_booked_night(store, clock, contacts=5) as night:
            await running(night)
            await night.until(MINUTE)
            await night.steer(CampaignState.PAUSED)
            await night.until(MINUTE)
            await night.steer(CampaignState.ACTIVE)
            await night.run()
            await check(night)
            assert states(night) == {"cancelled": 5, "done": 5}
            assert await outcomes(night) == {"reached": 5}
            assert len(night.provider.calls) == 5

    play(main)


def test_an_opt_out_heard_elsewhere_cancels_the_booking() -> None:
    async def main(store, clock):
        async with a_booked_night(store, clock, contacts=2) as night:
            await running(night)
            await night.until(MINUTE)
            phone = a_contact(0).phones[0].e164
            entry = Suppression(phone_key(KEY, phone), "all", "", "them", "asked", "", clock.now())
            await store.suppress([entry])
            await night.until(60 * MINUTE)
            assert phone not in night.provider.dialled
            assert (await night.lead(0)).outcome is Outcome.DO_NOT_CALL
            assert (await night.lead(1)).outcome is Outcome.REACHED

    play(main)


def test_a_suspended_jurisdiction_cancels_its_bookings_and_they_are_made_again_when_it_opens() -> None:
    async def main(store, clock):
        contact = a_contact(0, jurisdictions=("NL",))
        async with a_booked_night(store, clock, contacts=[contact]) as night:
            await running(night)
            await night.until(MINUTE)
            await store.suspend(SuspensionRecord("NL", "ops", "an emergency", clock.now()))
            await night.until(45 * MINUTE)
            assert states(night) == {"cancelled": 1}
            await store.resume("NL", now=clock.now())
            await night.until(60 * MINUTE)
            assert states(night) == {"cancelled": 1, "done": 1}

    play(main)


def test_an_edited_file_cancels_what_it_forbids_and_what_it_says_otherwise() -> None:
    async def main(store, clock):
        async with a_booked_night(store, clock, contacts=3) as night:
            await running(night)
            await night.until(MINUTE)
            edited = scheduled(calling_hours="Mo-Fr 12:00-13:00")
            night.campaigns["test"] = edited
            record = await store.campaign("test")
            await store.put_campaign(replace(record, document=edited.model_dump_json()), now=clock.now())
            night.runner.wake.ring()
            await night.until(180 * MINUTE)
            assert states(night) == {"cancelled": 3, "done": 3}
            assert min(call.at for call in night.provider.calls) >= START + 120 * MINUTE
            assert await outcomes(night) == {"reached": 3}

    play(main)


def test_another_agent_in_the_file_takes_back_what_the_old_one_would_have_said() -> None:
    async def main(store, clock):
        async with a_booked_night(store, clock, campaign=scheduled(agent="old", provider="x")) as night:
            await running(night)
            await night.until(MINUTE)
            edited = scheduled(agent="new", provider="x")
            night.campaigns["test"] = edited
            record = await store.campaign("test")
            await store.put_campaign(replace(record, document=edited.model_dump_json()), now=clock.now())
            await night.until(60 * MINUTE)
            bodies = [a.body.decode().split("|")[1] for a in await night.attempts()]
            assert bodies == ["old", "new"]
            assert states(night) == {"cancelled": 1, "done": 1}

    play(main)


def test_a_contact_removed_from_its_list_is_cancelled() -> None:
    async def main(store, clock):
        async with a_booked_night(store, clock, contacts=1) as night:
            await running(night)
            await night.until(MINUTE)
            assert await store.stop_removed("test", 0, load=2, now=clock.now()) == 1
            await night.until(60 * MINUTE)
            assert states(night) == {"cancelled": 1}
            assert (await night.lead()).outcome is Outcome.STOPPED

    play(main)


def test_a_cancellation_whose_answer_is_lost_is_asked_again_and_read_back() -> None:
    async def main(store, clock):
        provider = ScriptedScheduler(clock, lost_cancels=2)
        async with a_booked_night(store, clock, provider) as night:
            await running(night)
            await night.until(MINUTE)
            await night.steer(CampaignState.PAUSED)
            await night.until(MINUTE)
            assert len(provider.cancels) == 3
            assert [a.state for a in await night.attempts()] == [S.NOT_CREATED]

    play(main)


def test_a_cancellation_that_comes_too_late_finds_the_call_and_its_outcome() -> None:
    async def main(store, clock):
        provider = ScriptedScheduler(clock)
        async with a_booked_night(store, clock, provider) as night:
            await running(night)
            await night.until(NOTICE - MINUTE)
            provider.deaf = True
            await night.steer(CampaignState.PAUSED)
            await night.until(MINUTE + timedelta(seconds=2))
            provider.deaf = False
            await night.until(30 * MINUTE)
            await check(night)
            assert [a.state for a in await night.attempts()] == [S.ENDED]
            assert (await night.lead()).outcome is Outcome.REACHED

    play(main)


def test_what_the_provider_did_not_call_in_time_is_cancelled() -> None:
    async def main(store, clock):
        provider = ScriptedScheduler(clock, fires_late=timedelta(hours=9))
        async with a_booked_night(store, clock, provider) as night:
            await running(night)
            await night.until(NOTICE + FIRES_WITHIN + MINUTE)
            provider.fires_late = timedelta()
            await night.until(30 * MINUTE)
            assert states(night) == {"cancelled": 1, "done": 1}
            assert (await night.attempts())[0].reason == "the provider did not call in time"
            assert len(provider.calls) == 1

    play(main)


# Doubts


@pytest.mark.parametrize("echoes", [True, False])
def test_a_booking_whose_answer_was_lost_is_found_and_never_made_twice(echoes: bool) -> None:
    async def main(store, clock):
        provider = ScriptedScheduler(clock, lambda *_: Unclear("created, and the answer was lost"), echoes=echoes)
        async with a_booked_night(store, clock, provider, contacts=2) as night:
            await night.run()
            await check(night)
            assert len(provider.asked) == len(provider.held) == len(provider.calls) == 2
            assert await outcomes(night) == {"reached": 2}

    play(main)


def test_a_lost_booking_that_is_found_only_after_it_fired_is_settled_from_the_list_of_calls() -> None:
    async def main(store, clock):
        provider = ScriptedScheduler(clock, lambda *_: Unclear("created, and the answer was lost"), names_calls=False)
        provider.bookings = unavailable(provider)
        async with a_booked_night(store, clock, provider) as night:
            await running(night)
            await night.until(90 * MINUTE)
            assert (await night.lead()).outcome is Outcome.REACHED
            assert len(provider.asked) == 1

    def unavailable(provider):
        async def nothing(*, offset, limit):
            return replace(await ScriptedScheduler.bookings(provider, offset=0, limit=0), has_more=False)

        return nothing

    play(main)


def test_a_booking_that_nobody_made_stays_a_doubt_and_is_not_made_again() -> None:
    async def main(store, clock):
        provider = ScriptedScheduler(clock, lambda *_: Unclear("lost on the way"))
        async with a_booked_night(store, clock, provider) as night:
            await running(night)
            await night.until(timedelta(hours=6))
            assert [a.state for a in await night.attempts()] == [S.UNCERTAIN]
            assert (await night.lead()).state is LeadState.HELD
            assert len(provider.asked) == 1

    play(main)


def test_absence_proved_from_both_lists_lets_it_be_booked_again() -> None:
    account = an_account(absence_after=2 * MINUTE)

    async def main(store, clock):
        words = [Unclear("lost on the way"), D.ANSWERED]
        provider = ScriptedScheduler(clock, lambda _phone, nth: words[nth - 1])
        async with a_booked_night(store, clock, provider, account=account) as night:
            await night.run()
            assert [a.state for a in await night.attempts()] == [S.NOT_CREATED, S.ENDED]
            assert len(provider.calls) == 1

    play(main)


def test_a_booking_of_which_the_provider_says_nothing_more_becomes_a_doubt_not_a_second_call() -> None:
    async def main(store, clock):
        provider = ScriptedScheduler(clock, fires_late=timedelta(days=9))
        async with a_booked_night(store, clock, provider) as night:
            await running(night)
            await night.until(MINUTE)
            provider.held.clear()
            await night.until(timedelta(hours=2))
            (attempt,) = await night.attempts()
            assert (attempt.state, attempt.open) == (S.UNCERTAIN, False)
            assert (await night.lead()).state is LeadState.HELD
            assert len(provider.asked) == 1

    play(main)


def test_a_booking_that_failed_without_a_call_costs_nothing_once_and_then_an_attempt() -> None:
    phones = frozenset({a_contact(0).phones[0].e164})
    campaign = scheduled(attempts={"max": 2, "per_day": 9, "gap": "0s", "retry": {"failed": "10m"}})

    async def main(store, clock):
        provider = ScriptedScheduler(clock, fails=phones)
        async with a_booked_night(store, clock, provider, contacts=3, campaign=campaign) as night:
            await night.run()
            found = [(a.state, a.disposition) for a in await night.attempts() if a.phone in phones]
            assert found == [(S.NOT_CREATED, None), (S.ENDED, D.FAILED), (S.ENDED, D.FAILED)]
            assert await outcomes(night) == {"reached": 2, "exhausted": 1}

    play(main)


def test_where_every_booking_fails_the_campaign_pauses() -> None:
    async def main(store, clock):
        provider = ScriptedScheduler(clock, fails=frozenset(a_contact(n).phones[0].e164 for n in range(9)))
        async with a_booked_night(store, clock, provider, contacts=9) as night:
            end = await night.run()
            assert end.state is CampaignState.PAUSED
            assert "3 bookings in a row" in end.reason

    play(main)


@pytest.mark.parametrize("word", [Refused("busy", throttled=True, retry_after=5 * MINUTE), NotSent("no connection")])
def test_what_was_proved_not_to_be_booked_is_booked_later(word) -> None:
    async def main(store, clock):
        provider = ScriptedScheduler(clock, lambda _phone, nth: word if nth == 1 else D.ANSWERED)
        async with a_booked_night(store, clock, provider) as night:
            await night.run()
            assert len(provider.asked) == 2
            assert await outcomes(night) == {"reached": 1}

    play(main)


def test_a_call_is_found_by_number_and_time_where_neither_booking_nor_call_names_the_other() -> None:
    async def main(store, clock):
        provider = ScriptedScheduler(clock, names_calls=False, fires_late=MINUTE)
        async with a_booked_night(store, clock, provider, contacts=5) as night:
            await night.run()
            await check(night)
            assert await outcomes(night) == {"reached": 5}

    play(main)


def test_a_provider_that_cannot_hold_calls_dials_nobody() -> None:
    async def main(store, clock):
        async with a_night(store, clock, campaign=scheduled()) as night:
            end = await night.run()
            assert end.state is CampaignState.PAUSED
            assert "cannot hold calls" in end.reason
            assert night.provider.asked == []

    play(main)


# Crashes


def test_after_a_crash_what_was_booked_is_settled_and_nobody_is_booked_twice() -> None:
    campaign = scheduled(pacing={"at_once": 30})

    async def main(store, clock):
        provider = ScriptedScheduler(clock, answers_in=timedelta(seconds=2))
        async with a_booked_night(
            store, clock, provider, contacts=30, campaign=scheduled(pacing={"at_once": 30})
        ) as one:
            await running(one)
            await one.until(timedelta(seconds=9))
            one.tasks.cancel_scope.cancel()
        assert {a.state for a in await store.attempts("test")} >= {S.BOOKED}
        await clock.sleep_until(clock.now() + 10 * MINUTE)
        night = a_booked_night(store, clock, provider, contacts=30, campaign=campaign, owner="another")
        async with night as two:
            await two.run()
            await check(two)
            assert await outcomes(two) == {"reached": 30}
            assert len(provider.calls) == len(provider.held) == 30
            assert not overlaps(provider)

    play(main)


def test_a_changed_row_takes_back_what_the_old_one_would_have_said() -> None:
    async def main(store, clock):
        async with a_booked_night(store, clock, contacts=1) as night:
            await running(night)
            await night.until(MINUTE)
            changed = a_contact(0, hours="Mo-Fr 12:00-13:00")
            lead = replace(await night.lead(), contact=changed)
            keys = tuple(phone_key(KEY, phone.e164) for phone in changed.phones)
            merged = await store.put_leads("test", [NewLead(lead, keys, 0)], load=2, now=clock.now())
            assert merged.updated == 1
            await night.until(180 * MINUTE)
            assert states(night) == {"cancelled": 1, "done": 1}
            (call,) = night.provider.calls
            assert call.at >= START + 120 * MINUTE

    play(main)


def test_who_calls_us_while_a_call_to_them_is_booked_is_not_rung_within_the_gap() -> None:
    async def main(store, clock):
        async with a_booked_night(store, clock, contacts=1, campaign=scheduled(attempts={"gap": "2h"})) as night:
            await running(night)
            await night.until(MINUTE)
            phone = a_contact(0).phones[0].e164
            report = CallReport("in-1", direction=Direction.INBOUND, phone=phone, ended=True, ended_at=clock.now())
            night.provider.inbound.append(report)
            await night.hint(report)
            await night.until(180 * MINUTE)
            assert states(night) == {"cancelled": 1, "done": 1}
            (call,) = night.provider.calls
            assert call.at >= START + 120 * MINUTE

    play(main)


def test_a_booking_that_failed_right_after_an_earlier_call_to_that_number_is_not_taken_for_it() -> None:
    campaign = scheduled(attempts={"max": 2, "per_day": 9, "gap": "0s", "retry": {"no_answer": "1s"}})
    account = an_account(book_ahead=5 * MINUTE)

    async def main(store, clock):
        words = [D.NO_ANSWER, D.ANSWERED, D.ANSWERED]
        provider = ScriptedScheduler(clock, lambda _phone, nth: words[nth - 1], lasts=timedelta(seconds=10))
        async with a_booked_night(store, clock, provider, campaign=campaign, account=account) as night:
            await running(night)
            await night.until(timedelta(seconds=50))
            provider.fails = frozenset({a_contact(0).phones[0].e164})
            await night.until(timedelta(seconds=35))
            provider.fails = frozenset()
            await night.until(5 * MINUTE)
            assert states(night) == {"done": 2, "failed": 1}
            assert [a.state for a in await night.attempts()] == [S.ENDED, S.NOT_CREATED, S.ENDED]

    play(main)


def test_a_cancellation_is_believed_only_as_the_provider_shows_it() -> None:
    async def main(store, clock):
        provider = ScriptedScheduler(clock, fires_late=-MINUTE)  # its clock runs ahead of ours
        async with a_booked_night(store, clock, provider) as night:
            await running(night)
            await night.until(NOTICE - MINUTE + timedelta(seconds=10))
            await night.steer(CampaignState.PAUSED)
            await night.until(10 * MINUTE)
            assert len(provider.cancels) == 1
            await check(night)
            assert [a.state for a in await night.attempts()] == [S.ENDED]

    play(main)


def test_a_slot_that_was_given_is_taken_for_the_next_lead_of_the_same_look() -> None:
    async def main(store, clock):
        async with a_booked_night(store, clock, contacts=3, account=an_account(at_once=2)) as night:
            terms = night.book.current(await store.campaign("test"))
            judge = await judge_of(store, terms, now=clock.now())
            names = [(await night.lead(n)).id for n in range(3)]
            steps = [judge(claimed.facts) for claimed in await store.facts(names, now=clock.now())]
            assert [type(step) for step in steps] == [Slot, Slot, Full]
            assert steps[0].fires_at != steps[1].fires_at

    play(main)

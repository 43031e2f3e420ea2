"""Stop means stop: what happens between writing a dial down and sending it."""

from dataclasses import replace
from datetime import timedelta

import anyio
import pytest

from campaigns.domain.call import CallReport, Direction, Disposition
from campaigns.domain.lead import AttemptState, CampaignState, LeadState, Outcome
from campaigns.ports.people import Suppression
from campaigns.testing import a_campaign, a_contact, a_night, an_account, instant

from .conftest import START, check, play

D, S = Disposition, AttemptState
SLOW = an_account(per_second=1)


def a_suppression(night, number: int, scope: str = "all") -> Suppression:
    phone = a_contact(number).phones[0].e164
    return Suppression(night.book.phone_key(phone), scope, "", "them", "asked", "", night.clock.now())


def between_begin_and_fence(act, *, contacts: int = 1, start=START):
    """A night in which `act` happens after the first intent is written down and before its permit is taken."""

    async def main(store, clock):
        async with a_night(store, clock, contacts=contacts, account=SLOW) as night:
            fence, acted = store.fence, []

            async def late(attempt, *, now):
                if not acted:
                    acted.append(attempt)
                    await act(night)
                return await fence(attempt, now=now)

            store.fence = late
            end = await night.run()
            await check(night)
            return night, end, acted[0], await night.attempts(), (await store.lead(acted[0].lead_id))[0]

    return play(main, start)


@pytest.mark.row("O2")
def test_who_is_suppressed_in_that_moment_is_not_called() -> None:
    async def suppress(night):
        assert await night.store.suppress([a_suppression(night, 0)]) == 1

    night, end, _, attempts, lead = between_begin_and_fence(suppress)
    assert night.provider.asked == []
    assert [attempt.state for attempt in attempts] == [S.NOT_SENT]
    assert (lead.outcome, end.state) == (Outcome.DO_NOT_CALL, CampaignState.FINISHED)


def test_an_entry_for_another_purpose_only_makes_them_be_judged_again() -> None:
    async def suppress(night):
        await night.store.suppress([a_suppression(night, 0, scope="telemarketing")])

    night, _, _, attempts, lead = between_begin_and_fence(suppress)
    assert [attempt.state for attempt in attempts] == [S.NOT_SENT, S.ENDED]
    assert lead.outcome is Outcome.REACHED
    assert len(night.provider.calls) == 1


@pytest.mark.row("O2")
def test_a_paused_campaign_does_not_dial_what_was_written_down_and_loses_nobody() -> None:
    async def pause(night):
        await night.steer(CampaignState.PAUSED)

    night, end, _, attempts, lead = between_begin_and_fence(pause, contacts=5)
    assert night.provider.asked == []
    assert {attempt.state for attempt in attempts} == {S.NOT_SENT}
    assert (lead.state, end.state) == (LeadState.WAITING, CampaignState.PAUSED)


@pytest.mark.row("O2")
def test_a_stopped_campaign_does_not_dial_what_was_written_down_and_closes_it() -> None:
    async def stop(night):
        await night.steer(CampaignState.STOPPED)

    night, end, _, attempts, lead = between_begin_and_fence(stop, contacts=5)
    assert night.provider.asked == []
    assert {attempt.state for attempt in attempts} == {S.NOT_SENT}
    assert (lead.outcome, end.state) == (Outcome.STOPPED, CampaignState.STOPPED)


def test_an_edited_campaign_judges_again_what_was_written_down() -> None:
    async def edit(night):
        record = await night.store.campaign("test")
        night.campaigns["test"] = a_campaign(calling_hours="Mo-Fr 14:00-17:00")
        await night.store.put_campaign(replace(record, document="{}"), now=night.clock.now())

    night, _, _, attempts, lead = between_begin_and_fence(edit)
    assert [attempt.state for attempt in attempts] == [S.NOT_SENT, S.ENDED]
    assert night.provider.asked[0][0] >= instant("2026-11-23T13:00Z")
    assert lead.outcome is Outcome.REACHED


@pytest.mark.row("T3")
def test_a_process_that_slept_too_long_does_not_dial_on_an_old_permit() -> None:
    async def suspend(night):
        await night.until(timedelta(minutes=10))

    night, _, attempt, attempts, lead = between_begin_and_fence(suspend)
    assert attempts[0].state is S.NOT_SENT
    assert night.provider.asked[0][0] >= attempt.dial_before
    assert len(night.provider.calls) == 1
    assert lead.outcome is Outcome.REACHED


@pytest.mark.row("T3")
def test_a_process_that_slept_through_the_end_of_the_window_waits_for_the_next() -> None:
    async def suspend(night):
        await night.until(timedelta(minutes=10))

    async def main(store, clock):
        campaign = a_campaign(calling_hours="Mo-Fr 09:00-17:00")
        async with a_night(store, clock, campaign=campaign) as night:
            fence, slept = store.fence, []

            async def late(attempt, *, now):
                permitted = await fence(attempt, now=now)
                if not slept:
                    slept.append(1)
                    await suspend(night)  # with the permit in its hand
                return permitted

            store.fence = late
            await night.run()
            assert night.provider.asked[0][0] == instant("2026-11-24T08:00Z")
            assert [attempt.state for attempt in await night.attempts()] == [S.NOT_SENT, S.ENDED]

    play(main, instant("2026-11-23T15:58Z"))


def test_a_stop_keeps_the_real_outcome_of_a_call_that_is_open() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=10, account=an_account(at_once=3)) as night:
            night.tasks.start_soon(stop_soon, night)
            end = await night.run()
            assert end.state is CampaignState.STOPPED
            assert {a.state for a in await night.attempts()} == {S.PLACED}
            await night.until(timedelta(minutes=2))
            await check(night)
            counts = await store.counts("test")
            assert counts.outcomes == {"reached": 3, "stopped": 7}

    async def stop_soon(night):
        await night.until(timedelta(seconds=20))
        await night.steer(CampaignState.STOPPED)

    play(main)


def test_a_stop_closes_an_open_call_that_would_have_been_tried_again() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=2, script=lambda phone, nth: D.NO_ANSWER) as night:
            night.tasks.start_soon(stop_soon, night)
            await night.run()
            await night.until(timedelta(minutes=2))
            assert (await store.counts("test")).outcomes == {"stopped": 2}
            assert (await store.counts("test")).dispositions == {"no_answer": 2}

    async def stop_soon(night):
        await night.until(timedelta(seconds=20))
        await night.steer(CampaignState.STOPPED)

    play(main)


@pytest.mark.parametrize("after", [0.0, 0.5, 0.985, 1.0, 1.5, 2.003])
@pytest.mark.row("O1")
def test_a_runner_that_is_told_to_stop_leaves_no_post_on_its_way(after: float) -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=10, account=SLOW) as night:
            night.provider.answers_in = timedelta(seconds=1)
            night.tasks.start_soon(stop_soon, night)
            end = await night.run()
            assert end.interrupted
            assert not night.dialer.in_flight
            states = {attempt.state for attempt in await night.attempts()}
            assert states <= {S.PLACED, S.ENDED}
            asked = len(night.provider.asked)
            await night.until(timedelta(minutes=5))
            assert len(night.provider.asked) == asked

    async def stop_soon(night):
        await night.until(timedelta(seconds=after))
        night.runner.stop()

    play(main)


def test_work_that_is_cancelled_before_it_asks_is_proved_not_sent() -> None:
    async def main(store, clock):
        async with a_night(store, clock, contacts=1) as night:
            fence = store.fence

            async def then_cancel(attempt, *, now):
                permitted = await fence(attempt, now=now)
                night.tasks.cancel_scope.cancel()
                return permitted

            store.fence = then_cancel
            with anyio.CancelScope(shield=True):
                night.tasks.start_soon(night.runner.run, "test")
                await anyio.sleep(0.05)
        assert [attempt.state for attempt in await store.attempts("test")] == [S.NOT_SENT]
        assert night.provider.asked == []

    play(main)


def test_two_reads_of_the_same_person_cannot_both_dial() -> None:
    """The race itself: both campaigns judge the person before either writes."""

    async def main(store, clock):
        person = {"person": "id", "person_from_id": True}
        async with a_night(store, clock, contacts=[a_contact(1, **person)]) as night:
            other = await night.also(a_campaign(campaign="other"), [a_contact(2, **person)])
            claim, waiting = store.claim, anyio.Event()
            claims = []

            async def both(name, **how):
                found = await claim(name, **how)
                if found:
                    claims.append(name)
                    if len(claims) >= 2:
                        waiting.set()
                    elif len(claims) == 1:
                        await waiting.wait()
                return found

            store.claim = both
            night.tasks.start_soon(other.run, "other")
            await night.run()
            await night.until(timedelta(hours=3))
            assert len(night.provider.calls) == 2
            first, second = sorted(night.provider.calls, key=lambda call: call.at)
            assert second.at >= first.ends_at

    play(main)


def test_a_provider_that_another_process_was_told_to_leave_alone_is_left_alone() -> None:
    silent = START + timedelta(minutes=5)

    async def silence(night):
        await night.store.pause_account("scripted", silent)

    night, _, _, attempts, _ = between_begin_and_fence(silence)
    assert [attempt.state for attempt in attempts] == [S.NOT_SENT, S.ENDED]
    assert night.provider.asked[0][0] >= silent


def test_a_person_whose_facts_changed_since_they_were_judged_is_judged_again() -> None:
    async def main(store, clock):
        async with a_night(store, clock) as night:
            begin, claim, claims = store.begin, store.claim, []

            async def counted(name, **how):
                found = await claim(name, **how)
                claims.extend(found)
                return found

            async def raced(*args, **how):
                if len(claims) == 1:
                    store._memory._raw.execute("UPDATE person SET version = version + 1")
                return await begin(*args, **how)

            store.begin, store.claim = raced, counted
            await night.run()
            assert len(claims) == 2
            assert [attempt.state for attempt in await night.attempts()] == [S.ENDED]

    play(main)


def test_what_was_planned_on_old_facts_does_not_overwrite_a_call_that_came_in_meanwhile() -> None:
    report = CallReport(
        "in-1", direction=Direction.INBOUND, phone=a_contact(0).phones[0].e164, ended=True, ended_at=START
    )

    async def main(store, clock):
        closed = a_campaign(calling_hours="Mo-Fr 10:30-17:00")
        async with a_night(store, clock, campaign=closed) as night:
            claim, rung = store.claim, []

            async def rings_meanwhile(name, **how):
                found = await claim(name, **how)
                if found and not rung:
                    rung.append(1)
                    await night.reconciler._recorder.inbound("scripted", report)
                return found

            store.claim = rings_meanwhile
            await night.run()
            assert (await night.lead()).inbound_at == START
            assert night.provider.asked[0][0] >= START + timedelta(hours=2)

    play(main)

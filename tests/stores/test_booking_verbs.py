"""What every store promises about calls that are booked ahead: lines by time, one owner, and what lists may change."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from campaigns.domain.call import CallReport
from campaigns.domain.lead import FIRES_WITHIN, Attempt, AttemptState, CampaignState, LeadState, Outcome
from campaigns.domain.lines import Hold
from campaigns.domain.transitions import advance
from campaigns.ports.store import Move
from campaigns.stores.rows import report_from_json, report_to_json

if TYPE_CHECKING:
    from conftest import World

S = AttemptState
MINUTE = timedelta(minutes=1)


async def intents(world: "World", count: int, moments: list[datetime], **limits: Any) -> list[Attempt]:
    """Write down calls for these moments, one lead each."""
    record = await world.campaign()
    await world.load(count)
    claimed = await world.claim()
    wanted = [world.intent(each, fires_at=at) for each, at in zip(claimed, moments, strict=True)]
    return await world.store.begin(record, wanted, world.limits(**limits), most=100, owner="w", now=world.now)


async def booked(world: "World", number: int = 0, minutes: float = 20) -> Attempt:
    """A lead whose call the provider holds."""
    record = await world.campaign()
    await world.load([world.row(number)])
    (claimed,) = await world.claim()
    intent = world.intent(claimed, fires_at=world.later(minutes=minutes))
    (attempt,) = await world.store.begin(record, [intent], world.limits(), most=1, owner="w", now=world.now)
    sending = await world.store.fence(attempt, now=world.now)
    assert sending is not None
    return await world.move(sending, S.BOOKED, booking_id=f"booking {number}")


async def test_a_booking_is_written_with_its_moment_and_holds_person_and_number(world: "World") -> None:
    attempt = await booked(world)
    assert (attempt.fires_at, attempt.booking_id, attempt.open) == (world.later(minutes=20), "booking 0", True)
    assert await world.store.attempt_of_booking("p", "booking 0") == attempt
    assert await world.store.attempt_of_booking("q", "booking 0") is None
    await world.campaign("d")
    await world.load([world.row(0, campaign="d")], campaign="d")
    assert await world.begin(await world.claim("d")) == []


async def test_no_more_bookings_than_lines_overlap_at_any_moment(world: "World") -> None:
    moments = [world.later(minutes=n) for n in (5, 6, 7, 30)]
    limits = {"at_once": 2, "longest_call": 10 * MINUTE}
    begun = await intents(world, 4, moments, **limits)
    assert sorted(a.fires_at for a in begun if a.fires_at) == [moments[0], moments[1], moments[3]]


async def test_a_booking_whose_slot_comes_too_late_is_not_written_down(world: "World") -> None:
    record = await world.campaign()
    await world.load(2)
    claimed = await world.claim()
    closes = [world.now, world.later(minutes=1)]
    wanted = [world.intent(c, fires_at=world.later(minutes=9 + n), closes_at=closes[n]) for n, c in enumerate(claimed)]
    begun = await world.store.begin(record, wanted, world.limits(), most=9, owner="w", now=world.now)
    assert [attempt.lead_id for attempt in begun] == [claimed[1].facts.lead.id]
    assert (await world.lead(0)).state is LeadState.READY


async def test_the_campaigns_own_lines_bind_its_bookings_too(world: "World") -> None:
    moments = [world.later(minutes=n) for n in (5, 6)]
    assert len(await intents(world, 2, moments, campaign_at_once=1)) == 1


async def test_an_open_direct_call_and_a_booking_share_the_lines(world: "World") -> None:
    await world.placed(9)
    record = await world.campaign()
    await world.load(2)
    claimed = await world.claim()
    limits = world.limits(at_once=1, longest_call=10 * MINUTE)
    soon, late = (world.later(minutes=n) for n in (9, 11))
    wanted = [world.intent(each, fires_at=at) for each, at in zip(claimed, (soon, late), strict=True)]
    begun = await world.store.begin(record, wanted, limits, most=9, owner="w", now=world.now)
    assert [attempt.fires_at for attempt in begun] == [late]


async def test_a_dial_finds_no_line_beside_a_booking(world: "World") -> None:
    await booked(world)
    await world.load([world.row(1)])
    assert await world.begin(await world.claim(), at_once=1) == []
    assert len(await world.begin(await world.claim(now=world.later(minutes=2)), at_once=2)) == 1


async def test_holds_tell_from_when_and_until_when_at_the_latest(world: "World") -> None:
    attempt = await booked(world)
    assert attempt.fires_at is not None
    expected = Hold(attempt.fires_at, attempt.fires_at + 10 * MINUTE + FIRES_WITHIN, own=True)
    assert await world.store.holds("c", 10 * MINUTE, now=world.now) == [expected]
    await world.campaign("d")
    assert await world.store.holds("d", 10 * MINUTE, now=world.now) == [replace(expected, own=False)]
    past = attempt.fires_at + timedelta(hours=1)
    (held,) = await world.store.holds("c", 10 * MINUTE, now=past)
    assert held.ends == past + 10 * MINUTE  # nobody knows that it is over
    await world.move(attempt, S.NOT_CREATED)
    assert await world.store.holds("c", 10 * MINUTE, now=world.now) == []


async def test_a_look_counts_what_the_provider_holds_or_may_hold(world: "World") -> None:
    attempt = await booked(world)

    async def count(now: datetime) -> int:
        look = await world.store.look("c", now=now)
        assert look is not None
        return look.booked

    assert await count(world.now) == 1
    await world.move(attempt, S.UNCERTAIN)
    assert await count(world.now) == 0


async def test_a_doubt_about_a_booking_counts_until_its_moment_and_holds_its_line_until_no_call_can_be_open(
    world: "World",
) -> None:
    record = await world.campaign()
    await world.load(1)
    (claimed,) = await world.claim()
    intent = world.intent(claimed, fires_at=world.later(minutes=20))
    (attempt,) = await world.store.begin(record, [intent], world.limits(), most=1, owner="w", now=world.now)
    sending = await world.store.fence(attempt, now=world.now)
    assert sending is not None
    await world.move(sending, S.UNCLEAR, unclear_since=world.now)
    looks = [await world.store.look("c", now=world.later(minutes=n)) for n in (19, 21)]
    assert [look.booked for look in looks if look] == [1, 0]
    over = world.later(minutes=20 + 10) + FIRES_WITHIN
    assert await world.store.free_lines("p", 10 * MINUTE, now=over - MINUTE) == 0
    assert await world.store.free_lines("p", 10 * MINUTE, now=over) == 1


async def test_one_booking_belongs_to_one_attempt(world: "World") -> None:
    first = await booked(world, 0)
    second = await booked(world, 1, minutes=25)
    stolen = replace(advance(second, S.PLACED, call_id="call 1"), booking_id=first.booking_id)
    assert await world.store.record([Move(second, stolen, "test")], now=world.now) == [False]
    placed = advance(second, S.PLACED, call_id="call 1")
    assert await world.store.record([Move(second, placed, "test")], now=world.now) == [True]


async def test_a_booked_lead_that_left_its_list_is_closed_and_one_that_is_being_called_is_not(world: "World") -> None:
    await booked(world, 0)
    await world.placed(1)
    assert await world.store.stop_removed("c", 0, load=2, now=world.now) == 1
    assert [(await world.lead(n)).state for n in (0, 1)] == [LeadState.CLOSED, LeadState.CALLING]
    assert (await world.lead(0)).outcome is Outcome.STOPPED


async def test_a_changed_row_reaches_a_booked_lead_and_not_one_that_is_being_called(world: "World") -> None:
    await booked(world, 0)
    await world.placed(1)
    rows = [world.row(n, language="nl") for n in (0, 1)]
    merged = await world.load(rows, load=2)
    assert (merged.updated, merged.unchanged) == (1, 1)
    assert [(await world.lead(n)).contact.language for n in (0, 1)] == ["nl", ""]
    assert (await world.lead(0)).state is LeadState.CALLING


@pytest.mark.parametrize("state", [CampaignState.PAUSED, CampaignState.STOPPED])
async def test_the_fence_holds_for_bookings_too(world: "World", state: CampaignState) -> None:
    (attempt,) = await intents(world, 1, [world.later(minutes=20)])
    await world.store.steer("c", state, expect=list(CampaignState), reason="", now=world.now)
    assert await world.store.fence(attempt, now=world.now) is None


def test_a_report_without_a_booking_reads_like_those_of_old() -> None:
    plain = CallReport("c", ended=True)
    assert "booking_id" not in report_to_json(plain)
    for report in (plain, replace(plain, booking_id="b")):
        assert report_from_json(report_to_json(report)) == report

"""What every store promises about campaigns and the leads of their lists."""

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from campaigns.domain.contact import PhoneNumber
from campaigns.domain.lead import AttemptState, CampaignState, LeadState, Outcome
from campaigns.domain.transitions import close
from campaigns.ports.pages import LeadFilter
from campaigns.ports.store import Merged, Move

if TYPE_CHECKING:
    from conftest import World

S = CampaignState


async def test_a_campaign_comes_back_as_it_was_put(world: "World") -> None:
    put = await world.campaign("c", started_at=world.now, intake={"read": 3}, reason="none")
    assert (put.revision, put.version) == (1, 1)
    assert await world.store.campaign("c") == put
    assert await world.store.campaign("other") is None
    second = await world.campaign("b")
    assert await world.store.campaigns() == [second, put]


async def test_the_same_document_changes_nothing_and_an_edit_raises_revision_and_version(world: "World") -> None:
    first = await world.campaign()
    assert await world.campaign(state=S.STOPPED, reason="ignored") == first
    edited = await world.campaign(document="new text", purpose="marketing", state=S.STOPPED)
    assert (edited.revision, edited.version, edited.state) == (2, 2, S.ACTIVE)
    assert await world.store.campaign("c") == edited
    assert (await world.campaign(document="new text", folder="/g", purpose="marketing")).version == 3


async def test_steering_happens_only_from_an_expected_state(world: "World") -> None:
    record = await world.campaign(state=S.PAUSED)
    store, now = world.store, world.now
    assert not await store.steer("c", S.FINISHED, expect=[S.ACTIVE], reason="x", now=now)
    assert not await store.steer("nobody", S.ACTIVE, expect=[S.PAUSED], reason="x", now=now)
    assert await store.campaign("c") == record
    assert await store.steer("c", S.ACTIVE, expect=[S.PAUSED, S.STOPPED], reason="go", now=now)
    assert not await store.steer("c", S.ACTIVE, expect=[S.PAUSED], reason="go", now=now)
    assert await store.campaign("c") == replace(record, state=S.ACTIVE, reason="go", version=2, started_at=now)


async def test_a_start_is_remembered_and_an_end_is_undone_by_going_on(world: "World") -> None:
    await world.campaign(state=S.PAUSED)
    moments = []
    steps = [(S.ACTIVE, S.PAUSED), (S.FINISHED, S.ACTIVE), (S.ACTIVE, S.FINISHED), (S.STOPPED, S.ACTIVE)]
    for minutes, (to, expect) in enumerate(steps):
        assert await world.store.steer("c", to, expect=[expect], reason="", now=world.later(minutes=minutes))
        record = await world.store.campaign("c")
        assert record is not None
        moments.append((record.started_at, record.finished_at))
    m = [world.later(minutes=n) for n in range(4)]
    assert moments == [(m[0], None), (m[0], m[1]), (m[0], None), (m[0], m[3])]


async def test_a_stop_closes_whoever_waits_and_nobody_else(world: "World") -> None:
    attempt = await world.placed(0)
    await world.load([world.row(1), world.row(2)])
    await world.claim(limit=1)
    assert await world.store.steer("c", S.STOPPED, expect=[S.ACTIVE], reason="enough", now=world.now)
    assert (await world.lead(0)).state is LeadState.CALLING
    for number in (1, 2):
        lead = await world.lead(number)
        assert (lead.state, lead.outcome, lead.closed_at) == (LeadState.CLOSED, Outcome.STOPPED, world.now)
    assert (await world.attempt(attempt.id)).state is AttemptState.PLACED
    assert await world.claim() == []


async def test_readings_are_counted_and_their_bad_rows_replaced(world: "World") -> None:
    await world.campaign()
    assert [await world.store.next_load("c") for _ in range(3)] == [1, 2, 3]
    await world.store.note_intake("c", {"read": 2}, [("a.csv", 7, "empty"), ("a.csv", 3, "bad")])
    await world.store.note_intake("c", {"read": 9}, [("b.csv", 5, "half \ud83d"), ("a.csv", 3, "bad")])
    assert [row[:2] for row in await world.store.bad_rows("c")] == [("a.csv", 3), ("b.csv", 5)]
    record = await world.store.campaign("c")
    assert record is not None
    assert record.intake == {"read": 9}


# --- lead identity ----------------------------------------------------------------------------------------------------


async def test_new_contacts_become_waiting_leads_in_their_order(world: "World") -> None:
    await world.campaign()
    assert await world.load([world.row(2), world.row(0), world.row(1)]) == Merged(new=3)
    leads = [each.lead for each in await world.store.leads_after("c", LeadFilter(), after=0, limit=1000)]
    assert [lead.contact.key for lead in leads] == ["k2", "k0", "k1"]
    assert {(lead.state, lead.due_at, lead.outcome) for lead in leads} == {(LeadState.WAITING, None, None)}


async def test_a_contact_comes_back_whole(world: "World") -> None:
    await world.campaign()
    phones = (PhoneNumber("+31200000001", "work"), PhoneNumber("+31200000002"))
    row = world.row(
        1, phones=phones, name="Zoë 🎻", zones=("Europe/Amsterdam",), country="NL", rank=2.5, call_from=world.now,
        call_by=world.later(days=1), variables={"note": " ünd \u2028 \\u0000"}, person_from_id=True,
    )  # fmt: skip
    await world.load([row])
    assert (await world.lead(1)).contact == row.lead.contact


async def test_half_a_character_in_a_list_stops_nobody(world: "World") -> None:
    await world.campaign()
    await world.load([world.row(1, name="half \ud83d", variables={"a": "\udc00"})])
    assert (await world.lead(1)).contact.name == "half ?"


async def test_the_same_reading_again_changes_nothing(world: "World") -> None:
    await world.campaign()
    await world.load(3)
    before = [await world.store.lead(world.row(n).lead.id) for n in range(3)]
    assert await world.load(3, load=2) == Merged(unchanged=3)
    assert [await world.store.lead(world.row(n).lead.id) for n in range(3)] == before


async def test_a_changed_row_updates_a_waiting_lead_which_is_planned_anew(world: "World") -> None:
    await world.campaign()
    await world.load(1)
    (claimed,) = await world.claim()
    await world.store.plan(
        [replace(claimed.facts.lead, state=LeadState.WAITING, due_at=world.later(days=1))], now=world.now
    )
    changed = world.row(0, name="New", rank=-1.0, phones=(PhoneNumber("+31200000009"),))
    assert await world.load([changed], load=2) == Merged(updated=1)
    lead = await world.lead(0)
    assert (lead.contact, lead.state, lead.due_at) == (changed.lead.contact, LeadState.WAITING, None)
    assert [found.id for found, _ in await world.store.leads_with_phone(world.key("+31200000009"))] == [lead.id]
    assert await world.store.leads_with_phone(world.key("+31200000000")) == []


async def test_a_row_that_changes_under_a_claim_takes_the_permit_with_it(world: "World") -> None:
    """Claimed, edited, promoted again: the judgement of the old number must not dial it."""
    await world.campaign()
    await world.load(1)
    stale = await world.claim(owner="slow")
    await world.load([world.row(0, phones=(PhoneNumber("+31200000009"),))], load=2)
    await world.store.promote("c", limit=10, now=world.now)
    assert await world.begin(stale, owner="slow") == []
    (fresh,) = await world.claim(owner="quick")
    assert [attempt.phone for attempt in await world.begin([fresh])] == ["+31200000009"]


async def test_a_row_that_changes_the_person_ends_the_permits_of_both(world: "World") -> None:
    await world.campaign()
    await world.campaign("d")
    await world.load([world.row(0, person="old")])
    await world.load([world.row(1, campaign="d", person="new")], campaign="d")
    stale = await world.claim("d")
    await world.load([world.row(0, person="new")], load=2)
    assert (await world.lead(0)).person_key == "person new"
    assert await world.begin(stale) == []


@pytest.mark.parametrize("state", ["intent", "placed", "unclear", "uncertain"])
async def test_a_row_that_changes_during_a_call_waits_for_the_next_reading(world: "World", state: str) -> None:
    attempt = await (world.intended() if state == "intent" else world.sending())
    if state != "intent":
        first = AttemptState.PLACED if state == "placed" else AttemptState.UNCLEAR
        attempt = await world.move(attempt, first)
    if state == "uncertain":
        held = replace(await world.lead(), state=LeadState.HELD)
        move = Move(attempt, replace(attempt, state=AttemptState.UNCERTAIN), "test", held, await world.rev())
        assert await world.store.record([move], now=world.now) == [True]
    before = await world.store.lead(attempt.lead_id)
    assert await world.load([world.row(0, name="New")], load=2) == Merged(unchanged=1)
    assert await world.store.lead(attempt.lead_id) == before
    assert (await world.attempt(attempt.id)).open


async def test_a_finished_lead_stays_finished(world: "World") -> None:
    await world.campaign()
    await world.load(1)
    (claimed,) = await world.claim()
    done = close(claimed.facts.lead, Outcome.REACHED, reason="answered", now=world.now)
    await world.store.plan([done], now=world.now)
    assert await world.load([world.row(0, name="New")], load=2) == Merged(unchanged=1)
    lead = await world.lead()
    assert (lead.outcome, lead.contact.name) == (Outcome.REACHED, "")


async def test_a_key_that_stands_twice_is_one_lead_and_the_last_row_holds(world: "World") -> None:
    await world.campaign()
    rows = [world.row(0, name="first"), world.row(1), world.row(0, name="second")]
    assert await world.load(rows) == Merged(new=2, duplicate=1)
    assert (await world.lead(0)).contact.name == "second"
    assert await world.load([world.row(0, name="third")]) == Merged(duplicate=1)
    assert (await world.lead(0)).contact.name == "third"
    assert await world.load(rows, load=2) == Merged(updated=1, unchanged=1, duplicate=1)


async def test_different_ids_with_one_number_stay_separate_leads(world: "World") -> None:
    await world.campaign()
    shared = (PhoneNumber("+31200000005"),)
    rows = [world.row(n, person=f"id {n}", phones=shared, person_from_id=True) for n in range(2)]
    assert await world.load(rows) == Merged(new=2)
    assert len(await world.store.leads_with_phone(world.key("+31200000005"))) == 2


@pytest.mark.parametrize(("scope", "kept"), [("all", 0), ("informational", 0), ("marketing", 1)])
async def test_whoever_is_on_the_do_not_call_list_never_becomes_a_lead(world: "World", scope: str, kept: int) -> None:
    await world.campaign()
    await world.store.suppress([world.suppression(1, scope)])
    merged = await world.load([world.row(0, phones=(PhoneNumber("+31200000000"), PhoneNumber("+31200000001")))])
    assert merged == Merged(new=kept, suppressed=1 - kept)
    assert len(await world.store.leads_after("c", LeadFilter(), after=0, limit=1000)) == kept


async def test_a_lead_whose_number_was_suppressed_is_closed_at_the_next_reading(world: "World") -> None:
    await world.campaign()
    await world.load(2)
    await world.store.suppress([world.suppression(1)])
    assert await world.load(2, load=2) == Merged(unchanged=2)
    assert ((await world.lead(0)).outcome, (await world.lead(1)).outcome) == (None, Outcome.DO_NOT_CALL)


async def test_a_row_that_brings_a_suppressed_number_closes_its_lead(world: "World") -> None:
    await world.campaign()
    await world.load(1)
    await world.store.suppress([world.suppression(7)])
    await world.load([world.row(0, phones=(PhoneNumber("+31200000007"),))], load=2)
    assert (await world.lead(0)).outcome is Outcome.DO_NOT_CALL


async def test_rows_that_disappeared_are_stopped_only_when_asked_and_only_of_their_list(world: "World") -> None:
    await world.placed(0)
    await world.load([world.row(1), world.row(2), world.row(3, source=1)])
    await world.load([world.row(1)], load=2)
    assert await world.store.source_size("c", 0) == 1
    assert await world.store.source_size("c", 1) == 1
    assert await world.store.source_size("c", 5) == 0
    assert await world.store.stop_removed("c", 0, load=2, now=world.now) == 1
    outcomes = [(await world.lead(n)).outcome for n in range(4)]
    assert outcomes == [None, None, Outcome.STOPPED, None]
    assert await world.store.stop_removed("c", 0, load=2, now=world.now) == 0


async def test_a_removed_row_that_comes_back_stays_finished(world: "World") -> None:
    await world.campaign()
    await world.load(2)
    await world.load([world.row(0)], load=2)
    await world.store.stop_removed("c", 0, load=2, now=world.now)
    assert await world.load(2, load=3) == Merged(unchanged=2)
    assert (await world.lead(1)).outcome is Outcome.STOPPED


async def test_an_empty_batch_is_no_trouble(world: "World") -> None:
    await world.campaign()
    assert await world.load([]) == Merged()


async def test_forgetting_a_campaign_leaves_nothing_of_it_and_everything_of_others(world: "World") -> None:
    other = await world.placed(5, "d")
    attempt = await world.placed(0)
    await world.store.note_intake("c", {}, [("a.csv", 1, "bad")])
    lead, rev = await world.lead(), await world.rev()
    await world.store.put_lead(lead, rev, opted_out=False, now=world.later(days=1), why="called us")
    await world.store.forget("c")
    assert await world.store.last_moment() == world.now
    assert await world.store.campaign("c") is None
    assert await world.store.attempt(attempt.id) is None
    assert await world.store.lead(attempt.lead_id) is None
    assert await world.store.leads_with_phone(attempt.phone_key) == []
    assert await world.store.bad_rows("c") == []
    assert await world.attempt(other.id) == other
    again = await world.placed(0)
    assert (again.id, again.call_id, again.state) == (attempt.id, attempt.call_id, AttemptState.PLACED)


async def test_a_slow_reading_does_not_hide_whom_a_later_one_has_shown(world: "World") -> None:
    await world.campaign()
    await world.load(3, load=1)
    await world.load(3, load=3)
    await world.load([world.row(0), world.row(1, name="renamed")], load=2)
    assert await world.store.stop_removed("c", 0, load=3, now=world.now) == 0
    assert await world.store.source_size("c", 0) == 3

"""An ended campaign leaves the tables whole, bit by bit, and who said no is remembered for good."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from campaigns.domain.call import CallReport, Disposition
from campaigns.domain.lead import AttemptState, CampaignState, LeadState, Outcome, lead_id
from campaigns.ports.pages import LeadFilter
from campaigns.ports.store import Move
from campaigns.ports.upkeep import Unsettled

if TYPE_CHECKING:
    from conftest import World

YEARS = timedelta(days=800)


async def called(world: "World", number: int, outcome: Outcome, *, refused: bool = False) -> None:
    """A call that took place, and closed its lead."""
    placed = await world.placed(number)
    lead, rev = await world.lead(number), await world.rev(number)
    report = CallReport(f"call {number}", placed.id, ended=True, disposition=Disposition.ANSWERED)
    after = replace(
        placed, state=AttemptState.ENDED, open=False, ended_at=world.now, disposition=Disposition.ANSWERED,
        report=report, refused=refused, subject="windows",
    )  # fmt: skip
    closed = replace(lead, state=LeadState.CLOSED, outcome=outcome, closed_at=world.now, reason="done")
    assert await world.store.record([Move(placed, after, "test", closed, rev)], now=world.now) == [True]


async def finished(world: "World", name: str = "c") -> None:
    done = await world.store.steer(
        name, CampaignState.FINISHED, expect=list(CampaignState), reason="done", now=world.now
    )  # fmt: skip
    assert done


async def read_out(world: "World", name: str = "c") -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for read in (world.store.archive_leads, world.store.archive_journal):
        place: int | None = 0
        while place is not None:
            page = await read(name, after=place)
            for part in page.parts:
                found.setdefault(part.table, []).extend(part.rows)
            place = page.next
    return found


async def marked(world: "World", name: str = "c") -> bool:
    record = await world.store.campaign(name)
    assert record is not None
    return await world.store.mark_archived(name, version=record.version, reason="archived in x", now=world.now)


async def dropped(world: "World", name: str = "c") -> None:
    for drop in (world.store.drop_journal, world.store.drop_leads):
        place: int | None = 0
        while place is not None:
            place = await drop(name, after=place)
    await world.store.drop_rest(name)


async def test_everything_of_the_campaign_is_read_out_and_nothing_of_another(world: "World") -> None:
    await called(world, 0, Outcome.REACHED)
    await world.load(450)
    await world.store.note_intake("c", {"read": 451}, [("list.csv", 7, "no number")])
    await world.campaign("d")
    await world.load([world.row(900, campaign="d")], campaign="d")
    found = await read_out(world)
    assert {table: len(rows) for table, rows in found.items() if rows} == {
        "campaign": 1, "bad_row": 1, "budget": 1, "lead": 450, "lead_phone": 450, "attempt": 1, "journal": 5,
    }  # fmt: skip
    assert [row["seq"] for row in found["lead"]] == list(range(1, 451))
    assert found["attempt"][0]["phone"] == "+31200000000"


async def test_an_archived_campaign_is_gone_but_for_its_name_and_for_who_said_no(world: "World") -> None:
    for number, outcome in enumerate([Outcome.REACHED, Outcome.REFUSED, Outcome.REACHED]):
        await called(world, number, outcome, refused=outcome is Outcome.REFUSED)
    await finished(world)
    assert await marked(world)
    assert await world.store.half_archived() == ["c"]
    await dropped(world)
    await dropped(world)
    assert await world.store.half_archived() == []
    assert [record.name for record in await world.store.campaigns()] == []
    record = await world.store.campaign("c")
    assert record is not None
    assert (record.state, record.archived_at, record.reason) == (CampaignState.FINISHED, world.now, "archived in x")
    (only,) = await world.store.leads_after("c", LeadFilter(), after=0, limit=1000)
    lead, tries, phone = only.lead, only.tries, only.last_phone
    assert (lead.id, tries, phone, lead.contact.phones) == (lead_id("c", "k1"), 1, "", ())
    assert {table for table, rows in (await read_out(world)).items() if rows} == {
        "campaign", "lead", "lead_phone", "attempt", "journal"
    }  # fmt: skip


async def test_who_said_no_is_still_known_to_have_said_it_years_later(world: "World") -> None:
    await called(world, 0, Outcome.REFUSED, refused=True)
    await called(world, 1, Outcome.REACHED)
    lead, rev = await world.lead(1), await world.rev(1)
    said_later = replace(lead, outcome=Outcome.REFUSED, label="called us and said no")
    assert await world.store.put_lead(said_later, rev, opted_out=False, now=world.now, why="called us")
    await finished(world)
    assert await marked(world)
    await dropped(world)
    await world.campaign("d")
    await world.load([world.row(n, campaign="d") for n in (0, 1)], campaign="d")
    found = await world.store.facts([lead_id("d", f"k{n}") for n in (0, 1)], now=world.now + YEARS)
    said = {each.facts.lead.contact.key: [past.refused for past in each.facts.elsewhere] for each in found}
    assert said == {"k0": [True], "k1": [True]}


async def test_only_what_has_ended_and_is_as_it_was_read_can_be_marked(world: "World") -> None:
    record = await world.campaign()
    assert not await marked(world)
    await finished(world)
    assert not await world.store.mark_archived("c", version=record.version, reason="x", now=world.now)
    assert await marked(world)
    assert not await marked(world)
    for state in CampaignState:
        assert not await world.store.steer("c", state, expect=list(CampaignState), reason="", now=world.now)


async def test_nothing_is_dropped_of_a_campaign_that_is_not_marked(world: "World") -> None:
    await called(world, 0, Outcome.REFUSED, refused=True)
    await called(world, 1, Outcome.REACHED)
    before = await read_out(world)
    await dropped(world)
    assert await read_out(world) == before


@pytest.mark.parametrize("kind", ["waiting", "calling", "held", "returned"])
async def test_what_is_not_settled_is_counted(world: "World", kind: str) -> None:
    await called(world, 0, Outcome.REACHED)
    if kind == "waiting":
        await world.load([world.row(1)])
        assert await world.store.unsettled("c") == Unsettled(leads=1, returns=1)
    elif kind == "calling":
        await world.placed(1)
        assert await world.store.unsettled("c") == Unsettled(leads=1, attempts=1, returns=1)
    elif kind == "held":
        attempt = await world.move(await world.sending(1), AttemptState.UNCLEAR, unclear_since=world.now)
        await world.move(attempt, AttemptState.UNCERTAIN)
        assert await world.store.unsettled("c") == Unsettled(leads=1, attempts=1, returns=1)
    else:
        (closed,) = await world.store.closed_page("c", 0, after=0, limit=9)
        await world.store.give_up_return(closed, "nobody knows them there")
        assert await world.store.unsettled("c") == Unsettled()

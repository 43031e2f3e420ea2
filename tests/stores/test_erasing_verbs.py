"""One person erased: nothing tells who they are anywhere in the database, and nobody else has lost a word."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaigns.domain.call import CallReport, Disposition
from campaigns.domain.contact import Basis, Consent, PhoneNumber
from campaigns.domain.lead import Attempt, AttemptState, LeadState, Outcome
from campaigns.engine.inbox import to_json
from campaigns.ports.consents import ConsentRecord, Withdrawal
from campaigns.ports.people import Suppression
from campaigns.ports.reopening import Which
from campaigns.ports.store import Move, Store

from .conftest import NOW, World

SECRET = {
    "name": "Zelda Zonderland",
    "variables": {"note": "Zelda likes tea"},
    "debt": "Z-4711",
    "postal_code": "1234ZZ",
}
PHONE, OTHER = "+31200000000", "+31200000001"
TABLES = (
    "lead", "lead_phone", "attempt", "journal", "inbox", "inbound", "suppression", "consent", "withdrawal", "person",
    "write_back", "outbox", "bad_row", "answered", "campaign", "bookmark", "budget", "account",
    "token", "subscriber", "meta",
)  # fmt: skip


async def everything(store: Store) -> str:
    """Every value of every table, in one text."""

    async def verb(db: Any) -> list[Any]:
        return [
            value for table in TABLES for row in await db.rows(f"SELECT * FROM {table}") for value in dict(row).values()
        ]

    return "\n".join(str(value) for value in await store._database.read(verb))


async def called(world: World, number: int, call_id: str = "", **contact: Any) -> Attempt:
    """Somebody who was called and reached; the provider's id holds the number, as some vendors' do."""
    if await world.store.campaign("c") is None:
        await world.campaign()
    await world.load([world.row(number, **contact)])
    (claimed,) = await world.claim()
    (intended,) = await world.store.begin(
        await world.store.campaign("c"), [world.intent(claimed, body=b'{"to": "Zelda"}', debt="Z-4711")],
        world.limits(), most=1, owner="w", now=NOW,
    )  # fmt: skip
    sending = await world.store.fence(intended, now=NOW)
    placed = await world.move(sending, AttemptState.PLACED, call_id=call_id or f"call-{intended.phone}", placed_at=NOW)
    lead, rev = await world.lead(number), await world.rev(number)
    report = CallReport(
        placed.call_id, placed.id, phone=placed.phone, ended=True, disposition=Disposition.ANSWERED,
        transcript="I am Zelda", summary="Zelda is fine", recording="https://x.invalid/Zelda", talk_seconds=30.0,
        analysis={"name": "Zelda", "confirmed": True},
    )  # fmt: skip
    after = replace(
        placed, state=AttemptState.ENDED, open=False, ended_at=NOW, disposition=Disposition.ANSWERED, report=report
    )
    closed = replace(lead, state=LeadState.CLOSED, outcome=Outcome.REACHED, closed_at=NOW, reason="Zelda said yes")
    assert await world.store.record([Move(placed, after, "report: Zelda hung up", closed, rev)], now=NOW) == [True]
    return await world.attempt(placed.id)


async def whole_of(world: World) -> None:
    """Zelda, with everything that a database can know of a person."""
    await called(world, 0, **SECRET)
    key = world.key(PHONE)
    await world.store.suppress(
        [Suppression(key, "research", "+312*****00", "Zelda's son", "Zelda wrote", "letter", NOW)]
    )
    said = ConsentRecord(key, "informational", Consent(Basis.PRIOR, "form of Zelda"), "list", "d/list", NOW)
    await world.store.put_consents("d/list", "informational", {key: [said]}, now=world.now)
    await world.store.withdraw(Withdrawal(key, NOW, "Zelda", "Zelda rang"))
    await world.store.receive("p", dedupe_key="1", grade="token", report={"phone": PHONE, "summary": "Zelda"}, now=NOW)
    await world.store.receive("p", dedupe_key="2", grade="token", report={"phone": OTHER, "summary": "Link"}, now=NOW)
    await world.store.note_inbound("p", f"in-{PHONE}", "told", now=NOW)


async def erase(world: World, phone: str = PHONE) -> bool:
    key = world.key(phone)
    found = await world.store.belongings(key)
    done = await world.store.forget_person(key, who="ada", now=NOW)
    if done is None:
        return False
    subjects = {*(attempt.id for attempt in found.attempts), *(lead.id for lead in found.leads)}
    await world.store.forget_words(subjects, {attempt.call_id or "" for attempt in found.attempts}, {phone})
    return True


@pytest.mark.row("X4")
async def test_nothing_that_tells_who_they_are_is_left_in_any_table(world: World) -> None:
    await whole_of(world)
    assert "Zelda" in await everything(world.store)
    assert await erase(world)
    # What the product makes hashes of, this world writes out.
    left = (await everything(world.store)).replace(world.key(PHONE), "").replace(f"person {PHONE}", "")
    for word in ("Zelda", "4711", "1234ZZ", PHONE[1:], "k0", "+312*"):
        assert word not in left, word
    assert "Link" in left, "others lost nothing"
    assert (await world.lead()).outcome is Outcome.REACHED
    (attempt,) = await world.store.attempts("c")
    assert (attempt.disposition, attempt.report.talk_seconds) == (Disposition.ANSWERED, 30.0)
    assert attempt.report.analysis == {"confirmed": True}


@pytest.mark.row("W3")
async def test_of_a_webhook_that_comes_later_nothing_personal_is_kept(world: World) -> None:
    attempt = await called(world, 1)
    await whole_of(world)
    assert await erase(world)
    telling = CallReport(
        f"call-{PHONE}", phone=PHONE, ended=True, transcript="I like marmalade", analysis={"opt_out": True}
    )
    owned = CallReport(attempt.call_id, transcript="I am Link", phone=OTHER)
    news = [(telling, PHONE), (replace(telling, call_id="other"), PHONE), (owned, OTHER)]
    kept = [
        await world.store.receive(
            "p", dedupe_key=f"late {n}", grade="body", report=to_json(report), now=NOW, phone_key=world.key(phone)
        )
        for n, (report, phone) in enumerate(news)
    ]  # fmt: skip
    assert [name is None for name in kept] == [True, True, False]
    left = (await everything(world.store)).replace(world.key(PHONE), "").replace(f"person {PHONE}", "")
    assert "marmalade" not in left
    assert PHONE not in left
    assert "I am Link" in left, "others lost nothing"


@pytest.mark.row("W3")
async def test_of_an_erased_call_whose_id_is_still_known_it_is_kept_how_it_ended(world: World) -> None:
    await called(world, 0, call_id="plain", **SECRET)
    assert await erase(world)
    late = CallReport(
        "plain", ended=True, disposition=Disposition.ANSWERED, ended_reason="Zelda hung up", summary="Zelda",
        transcript="I am Zelda", analysis={"name": "Zelda", "confirmed": True, "opt_out": "no, says Zelda"},
    )  # fmt: skip
    assert await world.store.receive("p", dedupe_key="late", grade="body", report=to_json(late), now=NOW)
    (item,) = await world.store.inbox("p", limit=9)
    assert (item.report["call_id"], item.report["disposition"]) == ("plain", "answered")
    assert item.report["analysis"] == {"confirmed": True, "opt_out": False}
    assert "Zelda" not in await everything(world.store)


@pytest.mark.row("W3")
async def test_whoever_comes_off_the_do_not_call_list_again_is_a_person_like_any_other(world: World) -> None:
    await whole_of(world)
    await erase(world)
    assert await world.store.is_erased(world.key(PHONE))
    await world.store.unsuppress(world.key(PHONE), "all", now=world.now)
    assert not await world.store.is_erased(world.key(PHONE))


async def test_only_the_hash_stays_on_the_do_not_call_list_and_their_row_makes_no_new_lead(world: World) -> None:
    await whole_of(world)
    await erase(world)
    (entry,) = await world.store.suppressions()
    assert (entry.phone_key, entry.scope, entry.shown, entry.who) == (world.key(PHONE), "all", "", "ada")
    await world.campaign("d")
    assert (await world.load([world.row(0, campaign="d")], campaign="d")).suppressed == 1
    merged = await world.load([world.row(0, **SECRET)], load=2)
    assert (merged.new, merged.updated) == (0, 0)
    key = world.key(PHONE)
    said = ConsentRecord(key, "informational", Consent(Basis.PRIOR, "form of Zelda"), "list", "d/list", NOW)
    await world.store.put_consents(
        "d/list", "informational", {key: [said], "other": [replace(said, phone_key="other")]}, now=world.now
    )
    assert (len(await world.store.consents(key)), len(await world.store.consents("other"))) == (0, 1)
    await world.store.put_consents("d/list", "informational", {"other": []}, now=world.now)
    assert "Zelda" not in await everything(world.store)


async def test_whoever_waits_in_any_campaign_is_closed_and_never_called(world: World) -> None:
    for name in ("c", "d"):
        await world.campaign(name)
        await world.load([world.row(0, campaign=name), world.row(1, campaign=name)], campaign=name)
    assert await erase(world)
    assert [(await world.lead(0, name)).outcome for name in "cd"] == [Outcome.DO_NOT_CALL] * 2
    claimed = await world.claim()
    assert [each.facts.lead.contact.key for each in claimed] == ["k1"]


async def test_while_a_call_is_not_settled_nothing_is_done(world: World) -> None:
    await world.placed(0)
    before = await everything(world.store)
    assert not await erase(world)
    assert await everything(world.store) == before


async def test_all_numbers_of_the_person_go_with_them_and_other_people_stay(world: World) -> None:
    await world.campaign()
    both = world.row(0, person="zelda", phones=(PhoneNumber(PHONE), PhoneNumber(OTHER)), person_from_id=True)
    await world.load([both, world.row(1, person="link", person_from_id=True)])
    assert await erase(world, PHONE)
    found = {entry.phone_key for entry in await world.store.suppressions()}
    assert found == {world.key(PHONE), world.key(OTHER)}
    assert (await world.lead(0)).contact.phones == ()
    assert (await world.lead(1)).contact.number == OTHER


async def test_a_call_to_the_number_in_somebody_elses_lead_loses_the_number_alone(world: World) -> None:
    await called(world, 0, person="link", person_from_id=True, name="Link")
    assert await world.store.reopen("c", Which(), most=1, left=1, why="test", now=NOW) == 1
    moved = world.row(0, person="link", person_from_id=True, name="Link", phones=(PhoneNumber(OTHER),))
    assert (await world.load([moved], load=2)).updated == 1
    assert await erase(world, PHONE)
    (attempt,) = await world.store.attempts("c")
    assert (attempt.phone, (await world.lead()).contact.name) == ("", "Link")


async def test_erased_twice_is_erased_once(world: World) -> None:
    await whole_of(world)
    assert await erase(world)
    once = await everything(world.store)
    assert await erase(world)
    again = await everything(world.store)
    of_a_line = 7  # values: the journal alone knows that somebody asked again
    assert len(again.splitlines()) == len(once.splitlines()) + of_a_line


async def test_nothing_of_them_waits_to_be_brought_back_to_a_list(world: World) -> None:
    await called(world, 0, origin=("crm", "zelda-7"))
    assert await world.store.return_lists("c") == ["crm"]
    assert await erase(world)
    assert await world.store.return_lists("c") == []
    assert "zelda-7" not in await everything(world.store)


async def test_what_is_noted_stands_in_the_journal(world: World) -> None:
    await world.store.note({"a": ["asked", "answered"]}, now=NOW)
    assert "answered" in await everything(world.store)


async def test_whoever_is_in_doubt_is_not_erased_also_when_their_line_is_free_again(world: World) -> None:
    await world.move(await world.sending(), AttemptState.UNCLEAR, unclear_since=NOW, reason="no answer")
    assert not await erase(world)
    later = world.later(hours=1)
    assert await world.store.free_lines("p", timedelta(minutes=30), now=later) == 1
    assert not await erase(world)  # somebody must still find out whether they were called, and that takes their number

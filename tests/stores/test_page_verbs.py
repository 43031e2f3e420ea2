"""Long lists, a page at a time, on every store: everybody once, in the same order, whatever is asked for."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from campaigns.domain.call import Disposition
from campaigns.domain.contact import PhoneNumber
from campaigns.domain.lead import AttemptState, Lead, LeadState, Outcome
from campaigns.ports.pages import AttemptFilter, LeadFilter, ListedAttempt, ListedLead, SuppressionPlace
from campaigns.ports.people import Suppression
from campaigns.stores.page_verbs import STRETCH

from .conftest import World

S, O = LeadState, Outcome  # noqa: E741 - outcome


def closed(lead: Lead, outcome: Outcome, label: str, world: World) -> Lead:
    return replace(lead, state=S.CLOSED, outcome=outcome, label=label, closed_at=world.now, due_at=None)


async def a_list(world: World) -> None:
    """Twelve leads: 0 is called, 1 is ready, 2 to 7 are closed in three ways, the others wait; another campaign too."""
    await world.placed(0)
    await world.load(12, load=2)
    await world.campaign("d")
    await world.load([world.row(n, campaign="d") for n in range(3)], campaign="d")
    for number, (outcome, label) in enumerate(
        [
            (O.REACHED, "yes"), (O.REACHED, "no"), (O.EXHAUSTED, ""), (O.REACHED, "yes"), (O.EXHAUSTED, ""),
            (O.BLOCKED, "yes"),
        ],
        start=2,
    ):  # fmt: skip
        lead, rev = await _seen(world, number)
        after = closed(lead, outcome, label, world)
        assert await world.store.put_lead(after, rev, opted_out=False, now=world.now, why="test")
    await world.store.promote("c", limit=1, now=world.now)


async def _seen(world: World, number: int) -> tuple[Lead, int]:
    return await world.lead(number), await world.rev(number)


FILTERS = [
    LeadFilter(),
    *(LeadFilter(state=state) for state in S),
    *(LeadFilter(outcome=outcome) for outcome in (O.REACHED, O.EXHAUSTED, O.STOPPED)),
    *(LeadFilter(label=label) for label in ("yes", "no", "never")),
    LeadFilter(state=S.CLOSED, outcome=O.REACHED),
    LeadFilter(state=S.WAITING, outcome=O.REACHED),
    LeadFilter(state=S.WAITING, label="yes"),
    LeadFilter(outcome=O.BLOCKED, label="yes"),
]


def fits(which: LeadFilter, lead: Lead) -> bool:
    return all(
        wanted in (None, given)
        for wanted, given in ((which.state, lead.state), (which.outcome, lead.outcome), (which.label, lead.label))
    )


async def turned(world: World, which: LeadFilter, size: int, name: str = "c") -> list[ListedLead]:
    """Every page, one after the other."""
    found: list[ListedLead] = []
    while page := await world.store.leads_after(name, which, after=found[-1].place if found else 0, limit=size):
        found += page
        assert len(page) <= size
    return found


@pytest.mark.parametrize("size", [1, 3, 50])
async def test_every_lead_that_fits_is_on_one_page_in_the_order_of_the_list(world: World, size: int) -> None:
    await a_list(world)
    everyone = await turned(world, LeadFilter(), 50)
    assert [each.lead.contact.key for each in everyone] == [f"k{n}" for n in range(12)]
    for which in FILTERS:
        found = await turned(world, which, size)
        assert [each.lead.id for each in found] == [each.lead.id for each in everyone if fits(which, each.lead)], which


async def test_a_lead_is_listed_with_its_attempts_and_the_number_that_was_dialled_last(world: World) -> None:
    await a_list(world)
    first, second = (await turned(world, LeadFilter(), 50))[:2]
    assert (first.tries, first.last_phone) == (1, "+31200000000")
    assert (second.tries, second.last_phone) == (0, None)


async def test_the_few_in_a_state_are_found_far_behind_thousands_in_another(world: World) -> None:
    await world.campaign()
    await world.load(STRETCH + 40)
    for number in (3, STRETCH + 10, STRETCH + 20, STRETCH + 30):
        lead, rev = await _seen(world, number)
        await world.store.put_lead(closed(lead, O.REACHED, "", world), rev, opted_out=False, now=world.now, why="test")
    for size in (2, 4, 5):
        found = await turned(world, LeadFilter(state=S.CLOSED), size)
        assert [each.lead.contact.key for each in found] == [
            f"k{n}" for n in (3, STRETCH + 10, STRETCH + 20, STRETCH + 30)
        ]


async def test_a_page_that_shifts_yields_nobody_twice_and_leaves_nobody_out(world: World) -> None:
    await world.campaign()
    await world.load(6)
    first = await world.store.leads_after("c", LeadFilter(state=S.WAITING), after=0, limit=3)
    lead, rev = await _seen(world, 1)
    await world.store.put_lead(closed(lead, O.REACHED, "", world), rev, opted_out=False, now=world.now, why="test")
    second = await world.store.leads_after("c", LeadFilter(state=S.WAITING), after=first[-1].place, limit=3)
    assert [each.lead.contact.key for each in [*first, *second]] == [f"k{n}" for n in range(6)]


async def test_leads_are_found_by_id_and_by_number_over_all_campaigns(world: World) -> None:
    await a_list(world)
    mine, other = await world.lead(2), await world.lead(2, "d")
    found = await world.store.leads_by_id([other.id, "nobody", mine.id])
    assert [each.lead.id for each in found] == [mine.id, other.id]
    found = await world.store.leads_with_phones([world.key("+31200000002"), "none"], limit=5)
    assert [each.lead.id for each in found] == [mine.id, other.id]
    assert len(await world.store.leads_with_phones([world.key("+31200000002")], limit=1)) == 1


async def test_names_are_found_by_a_part_of_them_a_stretch_at_a_time(world: World) -> None:
    await world.campaign()
    names = ["Anna de Vries", "ÉMILE Zola", "émile smith", "Bram O'Brien", "ANNABEL", "", "Vries"]
    await world.load([world.row(n, name=name) for n, name in enumerate(names)])

    async def found(*patterns: str, limit: int = 50, width: int = 3) -> list[str]:
        names, after = [], 0
        while after is not None:
            page, after = await world.store.leads_named("c", patterns, after=after, width=width, limit=limit)
            names += [each.lead.contact.name for each in page]
        return names

    assert await found("%anna%") == ["Anna de Vries", "ANNABEL"]
    assert await found("%anna%", limit=1) == ["Anna de Vries", "ANNABEL"]
    assert await found("%vries%", limit=1, width=50) == ["Anna de Vries", "Vries"]
    assert await found("%émile%", "%Émile%") == ["ÉMILE Zola", "émile smith"]
    assert await found("%o%brien%") == ["Bram O'Brien"]
    assert await found("%k3%") == []  # of a contact, its name is looked at alone


async def test_jurisdictions_are_read_a_stretch_at_a_time(world: World) -> None:
    await world.campaign()
    places = [("NL",), ("US-FL", "US-AL"), (), ("NL", "DE")]
    await world.load([world.row(n, jurisdictions=codes) for n, codes in enumerate(places)])
    assert await world.store.jurisdictions("c", after=0, width=2) == ({"NL", "US-FL", "US-AL"}, 2)
    assert await world.store.jurisdictions("c", after=2, width=2) == ({"NL", "DE"}, None)


# Attempts


async def some_attempts(world: World) -> list[str]:
    """Ids in the order in which they were written down: two at one moment, then one each; one of them was refused."""
    await world.campaign()
    await world.load(5)
    for now, limit in ((world.now, 2), (world.later(minutes=1), 1), (world.later(minutes=2), 2)):
        await world.begin(await world.claim(limit=limit, now=now), now=now)
    found = await world.store.attempts_after("c", AttemptFilter(), after=None, limit=50)
    ids = [each.attempt.id for each in found]
    for name, end in zip(ids, [Disposition.BUSY, None, Disposition.BUSY, Disposition.ANSWERED], strict=False):
        intent = await world.attempt(name)
        attempt = await world.store.fence(intent, now=intent.created_at)
        assert attempt is not None
        if end is None:
            await world.move(attempt, AttemptState.REFUSED)
            continue
        placed = await world.move(attempt, AttemptState.PLACED, call_id=name, placed_at=world.now)
        await world.move(placed, AttemptState.ENDED, disposition=end, ended_at=world.later(minutes=4))
    return ids


async def turned_attempts(world: World, which: AttemptFilter, size: int) -> list[ListedAttempt]:
    found: list[ListedAttempt] = []
    while page := await world.store.attempts_after("c", which, after=found[-1].place if found else None, limit=size):
        found += page
    return found


@pytest.mark.parametrize("size", [1, 2, 50])
async def test_attempts_are_listed_as_they_were_written_down_or_the_newest_first(world: World, size: int) -> None:
    ids = await some_attempts(world)
    assert len(ids) == 5
    cases: list[tuple[dict[str, Any], Sequence[int]]] = [
        ({}, range(5)),
        ({"disposition": Disposition.BUSY}, (0, 2)),
        ({"disposition": Disposition.FAILED}, ()),
        ({"state": AttemptState.ENDED}, (0, 2, 3)),
        ({"state": AttemptState.ENDED, "disposition": Disposition.ANSWERED}, (3,)),
        ({"state": AttemptState.PLACED, "disposition": Disposition.ANSWERED}, ()),
        ({"state": AttemptState.REFUSED}, (1,)),
        ({"state": AttemptState.INTENT}, (4,)),
    ]
    for wanted, places in cases:
        found = await turned_attempts(world, AttemptFilter(**wanted), size)
        assert [each.attempt.id for each in found] == [ids[n] for n in places], wanted
        found = await turned_attempts(world, AttemptFilter(**wanted, newest_first=True), size)
        assert [each.attempt.id for each in found] == [ids[n] for n in reversed(places)], wanted


async def test_an_attempt_is_listed_with_whom_it_called(world: World) -> None:
    await world.placed(7)
    (one,) = await world.store.attempts_after("c", AttemptFilter(), after=None, limit=5)
    assert (one.contact.key, one.contact.phones) == ("k7", (PhoneNumber("+31200000007"),))


async def test_the_journal_tells_how_a_call_went_among_all_others(world: World) -> None:
    one = await world.placed(0)
    await world.placed(1)
    lines = await world.store.moves([one])
    assert [line.to for line in lines] == ["intent", "sending", "placed"]
    assert {line.attempt_id for line in lines} == {one.id}
    assert [line.to for line in await world.store.moves([one, one])].count("placed") >= 1
    assert await world.store.moves([]) == []


async def test_news_that_came_long_after_a_call_is_found_in_the_journal_too(world: World) -> None:
    one = await world.placed(0)
    ended = world.later(minutes=3)
    late = replace(world, now=world.later(days=3))
    await late.placed(1)
    one = await late.move(one, AttemptState.ENDED, disposition=Disposition.BUSY, ended_at=ended)
    lines = await world.store.moves([one])
    assert [(line.to, line.at) for line in lines] == [
        ("intent", world.now), ("sending", world.now), ("placed", world.now), ("ended", late.now)
    ]  # fmt: skip


# The do-not-call list


async def test_the_do_not_call_list_is_read_newest_first_and_by_what_is_said_of_an_entry(world: World) -> None:
    whys = ["Asked by letter", "complaint", "asked ÉMILE", "asked by phone"]
    entries = [
        Suppression(f"key {n}", "all", "+312*****00", "anna", why, f"case {n}", world.now + timedelta(minutes=n // 2))
        for n, why in enumerate(whys)
    ]
    await world.store.suppress([*entries, replace(entries[0], scope="research")])

    async def turned(*patterns: str) -> list[str]:
        found: list[Suppression] = []
        while True:
            last = found[-1] if found else None
            after = SuppressionPlace(last.created_at, last.phone_key, last.scope) if last else None
            page = await world.store.suppressions_after(patterns, after=after, limit=2)
            if not page:
                return [f"{entry.phone_key} {entry.scope}" for entry in found]
            found += page

    assert await turned() == ["key 3 all", "key 2 all", "key 1 all", "key 0 research", "key 0 all"]
    assert await turned("%asked%") == ["key 3 all", "key 2 all", "key 0 research", "key 0 all"]
    assert await turned("%case 1%") == ["key 1 all"]
    assert await turned("%émile%", "%Émile%") == ["key 2 all"]
    of = await world.store.suppressions_of(["key 0", "key 9"])
    assert [entry.scope for entry in of] == ["research", "all"]

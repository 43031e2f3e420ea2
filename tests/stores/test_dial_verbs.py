"""What every store promises between a waiting lead and a placed call: who may be dialled, when, and by whom."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from campaigns.domain.call import Disposition
from campaigns.domain.contact import Basis, Consent, PhoneNumber
from campaigns.domain.facts import standing
from campaigns.domain.lead import Attempt, AttemptState, CampaignState, LeadState, Outcome
from campaigns.domain.pacing import Breaker
from campaigns.domain.transitions import close
from campaigns.ports.consents import ConsentRecord, Withdrawal
from campaigns.ports.people import SuspensionRecord
from campaigns.ports.store import Account, Claimed, Move

if TYPE_CHECKING:
    from conftest import World

S = AttemptState


async def test_only_what_is_due_is_promoted_and_no_more_than_asked(world: "World") -> None:
    await world.campaign()
    await world.load(5)
    claimed = await world.claim()
    for number, claim in enumerate(claimed):
        later = replace(claim.facts.lead, state=LeadState.WAITING, due_at=world.later(minutes=number))
        await world.store.plan([later], now=world.now)
    assert await world.store.promote("c", limit=10, now=world.later(minutes=2)) == 3
    assert await world.store.promote("c", limit=1, now=world.later(hours=1)) == 1
    assert await world.store.promote("other", limit=10, now=world.later(hours=1)) == 0


async def test_a_claimed_lead_is_nobody_elses_until_its_lease_runs_out(world: "World") -> None:
    await world.campaign()
    await world.load(3)
    first = await world.claim(limit=2, owner="a")
    second = await world.claim(limit=5, owner="b")
    assert (len(first), len(second)) == (2, 1)
    assert await world.claim(owner="c") == []
    assert len(await world.claim(owner="c", now=world.later(minutes=2))) == 3


async def test_two_workers_never_claim_the_same_lead(world: "World") -> None:
    await world.campaign()
    await world.load(60)
    await world.store.promote("c", limit=100, now=world.now)
    taken: list[str] = []

    async def work(owner: str) -> None:
        while claimed := await world.claim(limit=7, owner=owner):
            taken.extend(claim.facts.lead.id for claim in claimed)

    async with anyio.create_task_group() as tasks:
        for owner in "abcd":
            tasks.start_soon(work, owner)
    assert len(taken) == len(set(taken)) == 60


async def test_claims_come_by_rank_then_last_chance_then_deadline_then_order(world: "World") -> None:
    await world.campaign()
    await world.load([world.row(0), world.row(1), world.row(2), world.row(3, rank=-1.0), world.row(4)])
    for claim in await world.claim():
        number = claim.facts.lead.contact.key
        changes = {"k1": {"last_chance": True}, "k4": {"closes_at": world.later(hours=1)}}.get(number, {})
        lead = replace(claim.facts.lead, state=LeadState.WAITING, closes_at=world.later(hours=2))
        await world.store.plan([replace(lead, **changes)], now=world.now)  # type: ignore[arg-type]
    assert [claim.facts.lead.contact.key for claim in await world.claim()] == ["k3", "k1", "k4", "k0", "k2"]


async def test_a_decision_is_written_only_over_the_claim_it_was_made_from(world: "World") -> None:
    await world.campaign()
    await world.load(1)
    (stale,) = await world.claim()
    promised = replace(stale.facts.lead, state=LeadState.WAITING, callback_at=world.later(hours=3))
    assert await world.store.put_lead(promised, await world.rev(), opted_out=False, now=world.now, why="called us")
    decided = close(stale.facts.lead, Outcome.EXHAUSTED, reason="x", now=world.now)
    await world.store.plan([decided], now=world.now)
    assert (await world.lead()).callback_at == world.later(hours=3)
    assert (await world.lead()).outcome is None


# --- facts ------------------------------------------------------------------------------------------------------------


async def test_facts_tell_of_own_attempts_calls_elsewhere_suppression_and_open_calls(world: "World") -> None:
    ended = await world.placed(0, "d")
    await world.move(ended, S.ENDED, disposition=Disposition.BUSY, ended_at=world.later(minutes=-5))
    mine = await world.sending(0)
    await world.move(mine, S.NOT_SENT, ended_at=world.now)
    await world.load([world.row(1)])
    await world.store.suppress([world.suppression(1)])
    own, other = await world.store.facts([world.row(0).lead.id, world.row(1).lead.id], now=world.now)
    (past,) = own.facts.elsewhere
    assert (past.ended_by, past.disposition, past.same_person) == (world.later(minutes=-5), Disposition.BUSY, True)
    assert [(p.ordinal, p.counts, p.disposition, p.phone) for p in own.facts.attempts] == [
        (1, False, None, "+31200000000")
    ]
    assert (own.next_ordinal, own.facts.suppressed, own.facts.busy_until) == (2, False, None)
    assert (other.next_ordinal, other.facts.suppressed, other.facts.elsewhere) == (1, True, ())
    assert await world.store.facts([], now=world.now) == []


async def test_a_person_who_is_being_called_elsewhere_is_busy(world: "World") -> None:
    await world.placed(0, "d")
    await world.campaign()
    shared = (PhoneNumber("+31200000000"),)
    await world.load([world.row(0), world.row(1, phones=shared, person="somebody else"), world.row(2)])
    facts = await world.store.facts([world.row(n).lead.id for n in range(3)], now=world.now)
    assert [claim.facts.busy_until is not None for claim in facts] == [True, True, False]


# --- begin ------------------------------------------------------------------------------------------------------------


async def test_an_intent_is_written_whole_before_anything_is_asked(world: "World") -> None:
    record = await world.campaign()
    await world.load(1)
    (claim,) = await world.claim()
    (attempt,) = await world.begin([claim])
    lead = claim.facts.lead
    assert attempt == Attempt(
        id=world.intent(claim).attempt_id, lead_id=lead.id, campaign="c", person_key=lead.person_key,
        phone="+31200000000", phone_key=world.key("+31200000000"), ordinal=1, provider="p", state=S.INTENT, open=True,
        body=b"{}", callback=False, created_at=world.now, send_at=world.now, dial_before=world.later(seconds=30),
        lease_owner="w", campaign_version=record.version, person_version=claim.person_version + 1,
    )  # fmt: skip
    assert await world.attempt(attempt.id) == attempt
    assert (await world.lead()).state is LeadState.CALLING
    assert await world.store.attempts_of(lead.id) == [attempt]


async def test_a_dial_ends_with_its_window(world: "World") -> None:
    record = await world.campaign()
    await world.load(1)
    (claim,) = await world.claim()
    intent = world.intent(claim, closes_at=world.later(seconds=10))
    (attempt,) = await world.store.begin(record, [intent], world.limits(), most=1, owner="w", now=world.now)
    assert attempt.dial_before == world.later(seconds=10)


async def test_beginning_twice_from_one_claim_dials_once(world: "World") -> None:
    await world.campaign()
    await world.load(2)
    claimed = await world.claim()
    assert len(await world.begin(claimed)) == 2
    assert await world.begin(claimed) == []
    assert len(await world.store.attempts("c")) == 2


@pytest.mark.row("T3")
async def test_a_worker_that_wakes_up_does_not_dial_whom_another_has_settled_meanwhile(world: "World") -> None:
    await world.campaign()
    await world.load(1)
    stale = await world.claim(owner="asleep")
    (fresh,) = await world.claim(owner="awake", now=world.later(minutes=2))
    await world.store.plan([close(fresh.facts.lead, Outcome.EXPIRED, reason="x", now=world.now)], now=world.now)
    assert await world.begin(stale, owner="asleep") == []
    assert (await world.lead()).outcome is Outcome.EXPIRED


async def given_back(world: "World", claimed: list[Claimed]) -> bool:
    """Whether all of these are ready for the next claim at once."""
    again = await world.store.claim("c", limit=100, owner="next", until=world.later(minutes=1), now=world.now)
    return {c.facts.lead.id for c in claimed} <= {c.facts.lead.id for c in again}


@pytest.mark.parametrize("change", ["edited", "paused and resumed", "suppressed", "suppressed for this purpose"])
@pytest.mark.row("O2")
async def test_what_changed_since_it_was_judged_is_not_dialled(world: "World", change: str) -> None:
    record = await world.campaign()
    await world.load(1)
    claimed = await world.claim()
    if change == "edited":
        await world.campaign(document="new")
    elif change == "paused and resumed":
        states = [CampaignState.ACTIVE, CampaignState.PAUSED]
        for state in reversed(states):
            await world.store.steer("c", state, expect=states, reason="", now=world.now)
    else:
        await world.store.suppress([world.suppression(0, "all" if change == "suppressed" else "informational")])
    assert await world.begin(claimed, record) == []
    assert await world.store.attempts("c") == []
    assert await given_back(world, claimed)


@pytest.mark.parametrize("state", [CampaignState.PAUSED, CampaignState.STOPPED, CampaignState.REFUSED])
async def test_nobody_is_dialled_for_a_campaign_that_is_not_active(world: "World", state: CampaignState) -> None:
    await world.campaign()
    await world.load(1)
    claimed = await world.claim()
    await world.store.steer("c", state, expect=[CampaignState.ACTIVE], reason="", now=world.now)
    assert await world.begin(claimed, await world.store.campaign("c")) == []


async def test_suppression_for_another_purpose_or_number_does_not_stand_in_the_way(world: "World") -> None:
    await world.campaign()
    await world.load(1)
    await world.store.suppress([world.suppression(0, "marketing"), world.suppression(1)])
    assert len(await world.begin(await world.claim())) == 1


async def test_of_two_campaigns_that_judged_one_person_at_once_one_dials(world: "World") -> None:
    for name in "cd":
        await world.campaign(name)
        await world.load([world.row(0, campaign=name)], campaign=name)
    claims = {name: await world.claim(name) for name in "cd"}
    assert len(await world.begin(claims["d"])) == 1
    assert await world.begin(claims["c"]) == []
    assert await given_back(world, claims["c"])


async def test_of_two_persons_with_one_number_one_is_dialled(world: "World") -> None:
    """Across campaigns only the unique index knows."""
    shared = (PhoneNumber("+31200000009"),)
    for number, name in enumerate("cd"):
        await world.campaign(name)
        await world.load([world.row(number, campaign=name, phones=shared, person=name)], campaign=name)
    claims = {name: await world.claim(name) for name in "cd"}
    assert len(await world.begin(claims["d"])) == 1
    assert await world.begin(claims["c"]) == []
    assert (await world.lead(0)).state is LeadState.READY


@pytest.mark.parametrize("same", ["person", "number"])
async def test_in_one_batch_a_person_and_a_number_stand_once(world: "World", same: str) -> None:
    await world.campaign()
    phones = (PhoneNumber("+31200000009"),)
    rows = [
        world.row(n, person="one") if same == "person" else world.row(n, person=f"p{n}", phones=phones)
        for n in range(3)
    ]
    await world.load([*rows, world.row(5)])
    claimed = await world.claim()
    begun = await world.begin(claimed)
    assert {attempt.lead_id for attempt in begun} == {rows[0].lead.id, world.row(5).lead.id}


async def test_workers_that_race_for_shared_numbers_never_open_one_twice(world: "World") -> None:
    names = "abcdef"
    for name in names:
        await world.campaign(name)
        rows = [world.row(n, campaign=name, person=f"{name}{n}" if n % 2 else None) for n in range(20)]
        await world.load(rows, campaign=name)
    claims = {name: await world.claim(name) for name in names}
    opened: list[str] = []

    async def work(name: str) -> None:
        for start in range(0, 20, 4):
            opened.extend(attempt.phone for attempt in await world.begin(claims[name][start : start + 4]))

    async with anyio.create_task_group() as tasks:
        for name in names:
            tasks.start_soon(work, name)
    assert len(opened) == len(set(opened)) == 20


async def test_no_more_is_begun_than_asked_for(world: "World") -> None:
    await world.campaign()
    await world.load(5)
    claimed = await world.claim()
    assert len(await world.begin(claimed, most=2)) == 2
    assert await world.begin(claimed[2:], most=0) == []
    assert await given_back(world, claimed[2:])


LINES: dict[str, dict[str, Any]] = {"account": {"at_once": 3}, "campaign": {"campaign_at_once": 3}}


@pytest.mark.parametrize("limit", LINES)
async def test_no_more_calls_are_open_than_lines(world: "World", limit: str) -> None:
    await world.campaign()
    await world.load(9)
    claimed = await world.claim()
    begun = await world.begin(claimed[:5], **LINES[limit])
    assert len(begun) == 3
    assert await world.begin(claimed[5:], **LINES[limit]) == []
    sent = await world.store.fence(begun[0], now=world.now)
    assert sent is not None
    await world.move(sent, S.REFUSED, ended_at=world.now)
    assert len(await world.begin(claimed[5:], **LINES[limit])) == 1


async def test_lines_are_counted_over_all_campaigns_of_an_account_and_of_no_other(world: "World") -> None:
    for number, (name, provider) in enumerate([("c", "p"), ("d", "p"), ("e", "q")]):
        await world.campaign(name, provider=provider)
        await world.load([world.row(number * 10 + n, campaign=name) for n in range(3)], campaign=name)
    claims = {name: await world.claim(name) for name in "cde"}
    assert len(await world.begin(claims["c"], at_once=4)) == 3
    assert len(await world.begin(claims["d"], at_once=4, campaign_at_once=3)) == 1
    assert len(await world.begin(claims["e"], at_once=4)) == 3
    look = await world.store.look("d", now=world.now)
    assert look is not None
    assert (look.standing.open_account, look.standing.open_campaign) == (4, 1)


@pytest.mark.parametrize(
    ("limits", "milliseconds"),
    [
        ({"per_second": 10}, 102), ({"campaign_per_second": 5}, 204),
        ({"per_second": 10, "campaign_per_second": 5}, 204),
        ({"per_second": 10, "requests_per_minute": 60}, 1000.333),
    ],
)  # fmt: skip
async def test_send_instants_keep_the_slowest_rate(world: "World", limits: dict[str, Any], milliseconds: float) -> None:
    await world.campaign()
    await world.load(60)
    claimed = await world.claim()
    step = timedelta(milliseconds=milliseconds)
    sends: list[Attempt] = []
    for tick in range(100):
        sends += await world.begin(claimed[len(sends) :], now=world.later(seconds=tick / 25), **limits)
    gaps = [after.send_at - before.send_at for before, after in pairwise(sends)]
    assert len(sends) >= timedelta(seconds=3) // step
    assert all(abs(gap - step) < timedelta(milliseconds=1) for gap in gaps)
    assert max(a.send_at for a in sends) <= world.later(seconds=5)


async def test_a_slow_campaign_hardly_looks_ahead_so_that_another_uses_the_account_meanwhile(world: "World") -> None:
    for name in "cd":
        await world.campaign(name)
        await world.load([world.row(10 * "cd".index(name) + n, campaign=name) for n in range(5)], campaign=name)
    slow = {"per_second": 10, "campaign_per_second": 1}
    assert len(await world.begin(await world.claim("c"), **slow)) == 1
    assert await world.begin(await world.claim("c"), now=world.later(seconds=0.5), **slow) == []
    (other,) = await world.begin(await world.claim("d"), now=world.later(seconds=0.5), **slow)
    assert other.send_at == world.later(seconds=0.5)


async def test_a_campaigns_own_rate_does_not_slow_another_of_the_account(world: "World") -> None:
    for name in "cd":
        await world.campaign(name)
        await world.load([world.row("cd".index(name), campaign=name)], campaign=name)
    (first,) = await world.begin(await world.claim("c"), campaign_per_second=1)
    (second,) = await world.begin(await world.claim("d"), campaign_per_second=1)
    assert second.send_at - first.send_at == timedelta(seconds=1.02) / 100


async def test_two_campaigns_share_the_accounts_rate(world: "World") -> None:
    sends: list[Attempt] = []
    for name in "cd":
        await world.campaign(name)
        await world.load([world.row(n + 50 * "cd".index(name), campaign=name) for n in range(5)], campaign=name)
    for name in "cd":
        sends += await world.begin(await world.claim(name), per_second=10)
    moments = sorted(attempt.send_at for attempt in sends)
    assert len(moments) == 10
    assert min(b - a for a, b in pairwise(moments)) >= timedelta(milliseconds=102)


async def test_no_slot_is_made_up_for_afterwards(world: "World") -> None:
    await world.campaign()
    await world.load(30)
    claimed = await world.claim()
    assert len(await world.begin(claimed[:1], per_second=10)) == 1
    begun = await world.begin(claimed[1:], now=world.later(minutes=5), per_second=10)
    assert len(begun) == 10
    assert begun[0].send_at == world.later(minutes=5)


async def test_dials_and_other_requests_share_one_budget(world: "World") -> None:
    await world.campaign()
    await world.load(1)
    spacing = timedelta(seconds=1)
    slots = [await world.store.request_slot("p", spacing, now=world.now) for _ in range(3)]
    assert slots == [world.later(seconds=n) for n in range(3)]
    claimed = await world.claim()
    assert await world.begin(claimed, requests_per_minute=60) == []
    (attempt,) = await world.begin(claimed, requests_per_minute=60, now=world.later(seconds=2))
    assert attempt.send_at == world.later(seconds=3)
    after = await world.store.request_slot("p", spacing, now=world.later(seconds=2))
    assert after == world.later(seconds=3) + timedelta(minutes=1, milliseconds=20) / 60


async def test_a_late_dial_gets_a_slot_of_its_own(world: "World") -> None:
    attempt = await world.intended()
    slots = [await world.store.new_slot(attempt, world.limits(per_second=10), now=world.now) for _ in range(2)]
    assert slots[1] - slots[0] == timedelta(milliseconds=102)
    assert slots[0] > attempt.send_at
    assert await world.store.new_slot(attempt, world.limits(), now=world.later(hours=1)) == world.later(hours=1)


# --- the fence --------------------------------------------------------------------------------------------------------


async def test_the_fence_lets_a_dial_through_once(world: "World") -> None:
    attempt = await world.intended()
    sent = await world.store.fence(attempt, now=world.later(seconds=1))
    assert sent == replace(attempt, state=S.SENDING, first_sent_at=world.later(seconds=1), rev=attempt.rev + 1)
    assert await world.store.fence(attempt, now=world.later(seconds=1)) is None
    assert sent is not None
    assert await world.store.fence(sent, now=world.later(seconds=1)) is None
    assert await world.attempt(attempt.id) == sent


EVERY = list(CampaignState)


async def steered(world: "World", *states: CampaignState) -> None:
    for state in states:
        assert await world.store.steer("c", state, expect=EVERY, reason="", now=world.now)


async def reported(world: "World") -> None:
    """Another lead of the same person changes."""
    await world.load([world.row(1, person="+31200000000")])
    lead, rev = await world.lead(1), await world.rev(1)
    assert await world.store.put_lead(lead, rev, opted_out=False, now=world.now, why="called us")


async def finished(world: "World") -> None:
    done = close(await world.lead(), Outcome.REACHED, reason="x", now=world.now)
    assert await world.store.put_lead(done, await world.rev(), opted_out=False, now=world.now, why="x")


CHANGES: dict[str, Callable[["World"], Awaitable[object]]] = {
    "paused": lambda world: steered(world, CampaignState.PAUSED),
    "paused and resumed": lambda world: steered(world, CampaignState.PAUSED, CampaignState.ACTIVE),
    "stopped": lambda world: steered(world, CampaignState.STOPPED),
    "edited": lambda world: world.campaign(document="new"),
    "suppressed": lambda world: world.store.suppress([world.suppression(0)]),
    "suppressed for this purpose": lambda world: world.store.suppress([world.suppression(0, "informational")]),
    "throttled": lambda world: world.store.pause_account("p", world.later(seconds=1)),
    "a report about the person": reported,
    "finished": finished,
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.row("O2")
async def test_the_fence_stops_what_is_no_longer_allowed(world: "World", change: str) -> None:
    attempt = await world.intended()
    await CHANGES[change](world)
    assert await world.store.fence(attempt, now=world.now) is None
    stored = await world.attempt(attempt.id)
    assert (stored.state, stored.first_sent_at) == (S.INTENT, None)


async def test_the_fence_stops_what_comes_too_late_or_from_another_worker(world: "World") -> None:
    attempt = await world.intended()
    assert await world.store.fence(attempt, now=attempt.dial_before) is None
    assert await world.store.fence(replace(attempt, lease_owner="another"), now=world.now) is None
    last = attempt.dial_before - timedelta(microseconds=1)
    assert await world.store.fence(attempt, now=last) is not None


@pytest.mark.row("T3")
async def test_an_attempt_that_was_dropped_is_not_sent_by_a_worker_that_wakes_up(world: "World") -> None:
    attempt = await world.intended()
    await world.move(attempt, S.NOT_SENT, ended_at=world.now)
    assert await world.store.fence(attempt, now=world.now) is None


# --- the account ------------------------------------------------------------------------------------------------------


async def test_nothing_is_begun_while_the_account_is_paused(world: "World") -> None:
    await world.campaign()
    await world.load(1)
    claimed = await world.claim()
    await world.store.pause_account("p", world.later(minutes=1))
    assert await world.begin(claimed) == []
    (attempt,) = await world.begin(claimed, now=world.later(minutes=1))
    assert attempt.send_at >= world.later(minutes=1)


async def test_a_pause_is_only_ever_lengthened_and_holds_back_requests(world: "World") -> None:
    assert await world.store.account("p") == Account()
    await world.store.pause_account("p", world.later(minutes=5))
    await world.store.pause_account("p", world.later(minutes=1))
    assert (await world.store.account("p")).paused_until == world.later(minutes=5)
    assert await world.store.request_slot("p", timedelta(), now=world.now) == world.later(minutes=5)
    assert await world.store.request_slot("q", timedelta(), now=world.now) == world.now


async def test_a_breaker_is_remembered(world: "World") -> None:
    breaker = Breaker()
    for _ in range(4):
        await world.store.put_breaker("p", breaker)
        assert (await world.store.account("p")).breaker == breaker
        breaker = breaker.unclear(now=world.now)


async def test_a_look_tells_what_may_be_done_and_when_there_is_more(world: "World") -> None:
    assert await world.store.look("c", now=world.now) is None
    await world.placed(0)
    await world.load([world.row(n) for n in range(1, 5)])
    claimed = await world.claim(limit=2)
    for minutes, claim in enumerate(claimed, 1):
        later = replace(claim.facts.lead, state=LeadState.WAITING, due_at=world.later(minutes=minutes))
        await world.store.plan([later], now=world.now)
    look = await world.store.look("c", now=world.later(seconds=61))
    assert look is not None
    assert (look.ready, look.due, look.calling, look.held) == (2, 1, 1, 0)
    assert (look.standing.open_account, look.standing.open_campaign) == (1, 1)
    assert look.next_due_at == world.later(minutes=1)
    assert look.line_free_at == world.now
    assert look.campaign == await world.store.campaign("c")


async def test_a_doubt_frees_its_line_and_number_after_the_longest_call_but_keeps_its_lead(world: "World") -> None:
    doubt = await world.move(await world.sending(0), S.UNCLEAR)
    talk = await world.placed(1)
    longest, store = timedelta(minutes=30), world.store
    assert await store.free_lines("p", longest, now=world.later(minutes=29)) == 0
    assert await store.free_lines("q", longest, now=world.later(minutes=31)) == 0
    assert await store.free_lines("p", longest, now=world.later(minutes=30)) == 1
    assert await store.free_lines("p", longest, now=world.later(minutes=31)) == 0
    freed = await world.attempt(doubt.id)
    assert (freed.state, freed.open, freed.rev) == (S.UNCLEAR, False, doubt.rev + 1)
    assert (await world.attempt(talk.id)).open
    assert (await world.lead(0)).state is LeadState.CALLING
    await world.campaign("d")
    await world.load([world.row(0, campaign="d")], campaign="d")
    assert len(await world.begin(await world.claim("d"))) == 1
    late = replace(freed, state=S.ENDED, disposition=Disposition.ANSWERED, ended_at=world.now, call_id="late")
    assert await store.record([Move(freed, late, "late evidence")], now=world.now) == [True]


async def test_within_a_list_two_ids_are_two_persons_and_across_lists_the_number_joins_them(world: "World") -> None:
    shared = (PhoneNumber("+31200000000"),)
    await world.campaign("d")
    await world.campaign()
    one = world.row(0, campaign="d", person="one", phones=shared)
    two = world.row(1, campaign="d", person="two", phones=shared)
    elsewhere = world.row(2, person="three", phones=shared)
    await world.load([one, two], campaign="d")
    await world.load([elsewhere])
    (attempt,) = await world.begin([c for c in await world.claim("d") if c.facts.lead.id == one.lead.id])
    permitted = await world.store.fence(attempt, now=world.now)
    ended = await world.move(await world.move(permitted, S.PLACED, call_id="c"), S.ENDED, disposition=Disposition.BUSY)
    assert ended.subject == ""
    neighbour, same = await world.store.facts([two.lead.id, elsewhere.lead.id], now=world.now)
    if neighbour.facts.lead.id != two.lead.id:
        neighbour, same = same, neighbour
    assert [past.same_person for past in neighbour.facts.elsewhere] == [False]
    assert [past.same_person for past in same.facts.elsewhere] == [True]


async def test_consents_of_other_lists_are_told_by_number_and_purpose(world: "World") -> None:
    await world.campaign()
    await world.load(2)
    key = world.key("+31200000000")
    record = ConsentRecord(
        key, "informational", Consent(Basis.PRIOR, "form 7", world.now), "me", "other/list.csv", world.now
    )
    await world.store.put_consents("other/list.csv", "informational", {key: [record]}, now=world.now)
    sold = replace(record, purpose="telemarketing", source="third/list.csv")
    await world.store.put_consents("third/list.csv", "telemarketing", {key: [sold]}, now=world.now)
    one, other = await world.store.facts([world.row(n).lead.id for n in range(2)], now=world.now)
    assert one.facts.consents == (Consent(Basis.PRIOR, "form 7", world.now),)
    assert other.facts.consents == ()
    assert len(await world.store.consents(key)) == 2
    assert await world.store.withdraw(Withdrawal(key, world.now, "Ann", "by letter")) == 2
    (one,) = await world.store.facts([world.row(0).lead.id], now=world.now)
    assert standing(one.facts, now=world.now).consents == ()
    assert one.person_version == 2


async def test_a_suspension_takes_back_permits_and_tells_whoever_looks(world: "World") -> None:
    attempt = await world.intended()
    assert (await world.store.look("c", now=world.now)).suspended == frozenset()
    await world.store.suspend(SuspensionRecord("US-LA", "me", "storm", world.now, world.later(hours=2)))
    assert (await world.store.look("c", now=world.now)).suspended == {"US-LA"}
    assert await world.store.fence(attempt, now=world.now) is None
    assert [record.code for record in await world.store.suspensions(now=world.now)] == ["US-LA"]
    assert (await world.store.look("c", now=world.later(hours=3))).suspended == frozenset()
    assert await world.store.resume("US-LA", now=world.now) is True
    assert await world.store.resume("US-LA", now=world.now) is False


async def test_who_said_no_when_calling_us_has_said_no(world: "World") -> None:
    await world.campaign("d")
    await world.campaign()
    await world.load([world.row(0, campaign="d")], campaign="d")
    await world.load(1)
    lead, rev = await world.store.lead(world.row(0, campaign="d").lead.id)
    refused = close(lead, Outcome.REFUSED, reason="called us", now=world.now)
    assert await world.store.put_lead(refused, rev, opted_out=False, now=world.now, why="test")
    (claimed,) = await world.store.facts([world.row(0).lead.id], now=world.now)
    (past,) = claimed.facts.elsewhere
    assert (past.refused, past.ended_by, past.same_person) == (True, world.now, True)


@pytest.mark.row("T3")
async def test_what_was_dropped_is_never_permitted_by_whoever_wakes_up_late(world) -> None:
    attempt = await world.intended()
    await world.move(attempt, AttemptState.NOT_SENT)
    assert await world.store.fence(attempt, now=world.now) is None


async def test_whoever_has_changed_since_they_were_judged_is_not_begun(world) -> None:
    await world.campaign()
    await world.load(1)
    claimed = await world.claim()
    await world.store.suppress([world.suppression(0, "research")])  # for another purpose, and news all the same
    assert await world.begin(claimed) == []

"""What every store promises between a placed call and a settled attempt, and of what the faces read."""

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import anyio
import pytest

from campaigns.domain.budget import Spent
from campaigns.domain.call import CallReport, Direction, Disposition
from campaigns.domain.contact import PhoneNumber
from campaigns.domain.lead import AttemptState, LeadState, Outcome
from campaigns.domain.transitions import advance, close
from campaigns.ports.pages import LeadFilter
from campaigns.ports.store import Move

if TYPE_CHECKING:
    from conftest import World

S = AttemptState


async def settling(world: "World", number: int = 0, outcome: Outcome = Outcome.REACHED, **more: Any) -> Move:
    """The move that ends the placed call of a lead and closes it."""
    attempt = await world.placed(number)
    after = advance(attempt, S.ENDED, disposition=Disposition.ANSWERED, ended_at=world.now)
    done = close(await world.lead(number), outcome, reason="answered", now=world.now)
    return Move(attempt, after, "report", done, await world.rev(number), **more)


async def test_attempt_and_lead_are_written_together(world: "World") -> None:
    report = CallReport(
        "call 0", attempt_id="a", direction=Direction.OUTBOUND, phone="+31200000000", ended=True,
        disposition=Disposition.ANSWERED, ended_reason="x", talk_seconds=12.5, started_at=world.now,
        ended_at=world.later(seconds=12), created_at=world.now, summary="Zoë 🎻", transcript="T",
        analysis={"a": [1, {"b": None}]}, recording="R", cost=0.07, message_left=True, proof="token",
    )  # fmt: skip
    move = await settling(world)
    move = replace(move, after=replace(move.after, report=report))
    assert await world.store.record([move], now=world.now) == [True]
    assert await world.attempt(move.after.id) == replace(move.after, rev=move.before.rev + 1)
    assert await world.store.lead(move.after.lead_id) == (move.lead, move.lead_rev + 1)


async def test_the_same_move_twice_changes_nothing(world: "World") -> None:
    move = await settling(world)
    assert await world.store.record([move, move], now=world.now) == [True, False]
    assert await world.store.record([move], now=world.now) == [False]
    assert (await world.attempt(move.after.id)).rev == move.before.rev + 1


@pytest.mark.parametrize("stale", ["attempt rev", "attempt state", "lead rev", "no such lead"])
async def test_a_move_from_what_is_no_longer_so_changes_neither_attempt_nor_lead(world: "World", stale: str) -> None:
    move = await settling(world)
    lead = move.lead
    assert lead is not None
    wrong = {
        "attempt rev": replace(move, before=replace(move.before, rev=move.before.rev - 1)),
        "attempt state": replace(move, before=replace(move.before, state=S.SENDING)),
        "lead rev": replace(move, lead_rev=move.lead_rev + 1),
        "no such lead": replace(move, lead=replace(lead, id="nobody")),
    }[stale]
    before = (await world.store.attempt(move.before.id), await world.store.lead(lead.id))
    assert await world.store.record([replace(wrong, opted_out=True)], now=world.now) == [False]
    assert (await world.store.attempt(move.before.id), await world.store.lead(lead.id)) == before
    assert await world.store.suppressions() == []


async def test_a_call_that_another_attempt_owns_is_not_taken_from_it(world: "World") -> None:
    owner = await world.placed(0, call_id="one")
    other = await world.sending(1)
    moves = [Move(other, advance(other, S.PLACED, call_id="one", placed_at=world.now), "x")]
    assert await world.store.record(moves, now=world.now) == [False]
    assert (await world.attempt(other.id)).call_id is None
    assert await world.store.attempt_of_call("p", "one") == owner
    assert await world.store.attempt_of_call("q", "one") is None


async def test_two_accounts_may_use_the_same_call_id(world: "World") -> None:
    await world.campaign("d", provider="q")
    await world.placed(0, call_id="one")
    second = await world.placed(1, "d", call_id="one")
    assert await world.store.attempt_of_call("q", "one") == second


async def test_each_move_of_a_batch_stands_alone(world: "World") -> None:
    moves = [await settling(world, number) for number in range(3)]
    moves[1] = replace(moves[1], lead_rev=99)
    assert await world.store.record(moves, now=world.now) == [True, False, True]
    assert [(await world.lead(n)).state for n in range(3)] == [LeadState.CLOSED, LeadState.CALLING, LeadState.CLOSED]


async def test_a_move_against_the_schemas_law_raises_and_leaves_nothing_of_its_batch(world: "World") -> None:
    good, bad = await settling(world, 0), await settling(world, 1)
    bad = replace(bad, after=replace(bad.after, disposition=None))
    with pytest.raises(Exception, match=r"(?i)check"):
        await world.store.record([good, bad], now=world.now)
    assert (await world.attempt(good.before.id)) == good.before
    assert await world.store.record([good], now=world.now) == [True]


async def test_of_reports_that_race_exactly_one_is_applied(world: "World") -> None:
    move = await settling(world)
    results: list[bool] = []

    async def tell() -> None:
        results.extend(await world.store.record([move], now=world.now))

    async with anyio.create_task_group() as tasks:
        for _ in range(50):
            tasks.start_soon(tell)
    assert sorted(results) == [False] * 49 + [True]


async def test_a_report_ends_the_permits_that_others_hold_for_the_person(world: "World") -> None:
    move = await settling(world)
    await world.campaign("d")
    await world.load(
        [world.row(0, campaign="d", phones=(PhoneNumber("+31200000077"),), person="+31200000000")], campaign="d"
    )
    stale = await world.claim("d")
    assert await world.store.record([move], now=world.now) == [True]
    assert await world.begin(stale) == []
    assert len(await world.begin(await world.claim("d", now=world.later(minutes=2)))) == 1


async def test_an_opt_out_puts_every_number_of_the_person_on_the_list(world: "World") -> None:
    await world.campaign("d")
    elsewhere = world.row(9, campaign="d", person="one", phones=(PhoneNumber("+31200000003"),))
    await world.load([elsewhere], campaign="d")
    await world.campaign()
    phones = (PhoneNumber("+31200000001"), PhoneNumber("+31200000002"))
    await world.load([world.row(0, person="one", phones=phones), world.row(5)])
    assert await world.begin(await world.claim("d")) != []
    moved = await world.store.suppress([replace(world.suppression(2), who="earlier", proof="a letter")])
    assert moved == 1
    lead = close(await world.lead(0), Outcome.DO_NOT_CALL, reason="opt-out", now=world.now)
    assert await world.store.put_lead(lead, await world.rev(0), opted_out=True, now=world.now, why="called us")
    entries = {entry.phone_key: entry.who for entry in await world.store.suppressions()}
    assert entries == {world.key(f"+3120000000{n}"): "the called person" for n in (1, 3)} | {
        world.key("+31200000002"): "earlier"
    }
    (open_elsewhere,) = await world.store.attempts("d")
    assert await world.store.fence(open_elsewhere, now=world.now) is None


async def test_an_opt_out_in_a_report_is_written_with_it(world: "World") -> None:
    move = await settling(world, 0, Outcome.DO_NOT_CALL, opted_out=True)
    assert await world.store.record([move], now=world.now) == [True]
    (entry,) = await world.store.suppressions()
    assert (entry.phone_key, entry.scope, entry.created_at) == (world.key("+31200000000"), "all", world.now)


async def test_a_lead_is_put_only_over_the_revision_that_was_seen(world: "World") -> None:
    await world.campaign()
    await world.load(1)
    lead, rev = await world.lead(), await world.rev()
    waits = replace(lead, reason="called us", callback_at=world.later(hours=1), warning="half \ud83d")
    store = world.store
    assert not await store.put_lead(waits, rev + 1, opted_out=True, now=world.now, why="x")
    assert await store.put_lead(waits, rev, opted_out=False, now=world.now, why="x \ud83d")
    assert not await store.put_lead(waits, rev, opted_out=False, now=world.now, why="x")
    assert (await world.lead()).callback_at == world.later(hours=1)
    assert await store.suppressions() == []


async def test_attempts_are_found_by_state_and_age(world: "World") -> None:
    placed = await world.placed(0)
    doubt = await world.move(await world.sending(1), S.UNCLEAR)
    store = world.store
    assert await store.attempts_in("p", (S.PLACED,)) == [placed]
    assert {a.id for a in await store.attempts_in("p", (S.PLACED, S.UNCLEAR))} == {placed.id, doubt.id}
    assert await store.attempts_in("q", (S.PLACED,)) == []
    assert await store.attempts_in("p", (S.PLACED,), since=world.later(seconds=1)) == []
    assert await store.attempts_in("p", (S.PLACED,), since=world.now) == [placed]
    assert await store.attempt("nobody") is None
    assert await store.lead("nobody") is None


# --- the inbox --------------------------------------------------------------------------------------------------------


async def test_a_webhook_is_kept_once(world: "World") -> None:
    store, now = world.store, world.now
    body = {"call_id": "c", "summary": "half \ud83d ünd \x00", "analysis": {"n": 10**30, "deep": [[1.5]]}}
    assert await store.receive("p", dedupe_key="k", grade="token", report=body, now=now)
    assert not await store.receive("p", dedupe_key="k", grade="body", report={}, now=world.later(days=3))
    assert await store.receive("q", dedupe_key="k", grade="token", report={}, now=now)
    (item,) = await store.inbox("p", limit=10)
    assert (item.provider, item.grade, item.received_at, item.tries) == ("p", "token", now, 0)
    assert item.report["analysis"] == body["analysis"]


async def test_of_a_thousand_copies_of_one_webhook_one_is_kept(world: "World") -> None:
    kept: list[int | None] = []

    async def send() -> None:
        name = await world.store.receive("p", dedupe_key="k", grade="token", report={}, now=world.now)
        kept.append(name)

    async with anyio.create_task_group() as tasks:
        for _ in range(1000):
            tasks.start_soon(send)
    assert (kept.count(None), len(kept)) == (999, 1000)
    assert len(await world.store.inbox("p", limit=10)) == 1


async def test_what_was_applied_leaves_the_inbox_but_is_not_taken_again(world: "World") -> None:
    for key in "abc":
        await world.store.receive("p", dedupe_key=key, grade="token", report={"key": key}, now=world.now)
    first, second, third = await world.store.inbox("p", limit=10)
    assert [item.report["key"] for item in (first, second, third)] == ["a", "b", "c"]
    await world.store.inbox_retry([first.id])
    await world.store.inbox_done([second.id], "applied")
    await world.store.inbox_done([], "applied")
    left = {item.id: item.tries for item in await world.store.inbox("p", limit=10)}
    assert left == {first.id: 1, third.id: 0}
    assert len(await world.store.inbox("p", limit=1)) == 1
    assert not await world.store.receive("p", dedupe_key="b", grade="token", report={}, now=world.now)


async def test_each_stage_of_an_inbound_call_is_news_once(world: "World") -> None:
    stages = [("p", "c", "live"), ("p", "c", "live"), ("p", "c", "ended"), ("p", "d", "live"), ("q", "c", "live")]
    assert [await world.store.note_inbound(*stage, now=world.now) for stage in stages] == [
        True,
        False,
        True,
        True,
        True,
    ]


# --- what the faces read ----------------------------------------------------------------------------------------------


async def test_calls_left_are_what_open_leads_may_still_get_and_what_they_were_promised(world: "World") -> None:
    await world.placed(0)
    await world.load(3)
    assert await world.store.calls_left("c", most=3) == (3 * 3 - 1, Spent(1, 0, 0))
    assert (await world.store.calls_left("c", most=1))[0] == 2
    promised = replace(await world.lead(1), callbacks=2)
    closed = close(await world.lead(2), Outcome.STOPPED, reason="x", rule="x", now=world.now)
    for number, lead in ((1, promised), (2, closed)):
        await world.store.put_lead(lead, await world.rev(number), opted_out=False, now=world.now, why="x")
    assert (await world.store.calls_left("c", most=3))[0] == 2 + 5
    assert (await world.store.calls_left("nobody's", most=3)) == (0, Spent())


async def test_counts_tell_where_a_campaign_stands(world: "World") -> None:
    assert await world.store.record([await settling(world, 0)], now=world.now) == [True]
    await world.move(await world.sending(1), S.UNCLEAR)
    await world.load([world.row(2), world.row(3)])
    await world.placed(8, "d")
    for claim in (await world.claim())[:1]:
        waits = replace(
            claim.facts.lead,
            state=LeadState.WAITING,
            reason="shut",
            rule="hours",
            due_at=world.later(hours=1),
            warning="w",
        )
        await world.store.plan([waits], now=world.now)
    counts = await world.store.counts("c")
    assert counts.states == {"closed": 1, "calling": 1, "waiting": 1, "ready": 1}
    assert (counts.outcomes, counts.dispositions) == ({"reached": 1}, {"answered": 1})
    assert counts.attempts == {"ended": 1, "unclear": 1}
    assert sorted(counts.reasons) == [("", "", 1, None), ("shut", "hours", 1, world.later(hours=1))]
    assert counts.warnings == 1
    nothing = await world.store.counts("nobody")
    assert (nothing.states, nothing.attempts, nothing.reasons) == ({}, {}, [])


async def test_leads_are_listed_by_state_outcome_and_label(world: "World") -> None:
    move = await settling(world, 0)
    lead = move.lead
    assert lead is not None
    await world.store.record([replace(move, lead=replace(lead, label="confirmed"))], now=world.now)
    await world.move(await world.sending(1), S.NOT_SENT, ended_at=world.now)
    await world.load([world.row(2)])

    async def keys(**which: Any) -> list[tuple[str, int, str | None]]:
        found = await world.store.leads_after("c", LeadFilter(**which), after=0, limit=1000)
        return [(each.lead.contact.key, each.tries, each.last_phone) for each in found]

    every = [("k0", 1, "+31200000000"), ("k1", 0, "+31200000001"), ("k2", 0, None)]
    assert await keys() == every
    assert await keys(state=LeadState.CLOSED) == every[:1]
    assert await keys(outcome=Outcome.REACHED, label="confirmed") == every[:1]
    assert await keys(outcome=Outcome.REACHED, label="other") == []
    assert await keys(state=LeadState.CALLING) == every[1:2]


async def test_many_calls_are_known_by_their_ids_at_once_each_with_its_own_lead(world: "World") -> None:
    placed = [await world.placed(number, call_id=f"call {number}") for number in range(3)]
    known = await world.store.known_calls("p", ["call 2", "nobody's", "call 0"])
    assert {name: one.attempt.id for name, one in known.items()} == {"call 0": placed[0].id, "call 2": placed[2].id}
    assert {name: one.context.lead.id for name, one in known.items()} == {
        "call 0": placed[0].lead_id, "call 2": placed[2].lead_id,
    }  # fmt: skip
    assert await world.store.known_calls("q", ["call 0"]) == {}
    assert await world.store.known_calls("p", []) == {}


async def test_doubts_of_all_campaigns_are_listed_by_age(world: "World") -> None:
    for number, name in enumerate("cd"):
        doubt = await world.move(await world.sending(number, name), S.UNCLEAR)
        await world.move(doubt, S.UNCERTAIN)
    assert len(await world.store.uncertain()) == 2
    assert await world.store.uncertain(before=world.now) == []
    assert len(await world.store.uncertain(before=world.later(seconds=1))) == 2


async def test_the_do_not_call_list_keeps_the_first_entry_and_gives_back_by_scope(world: "World") -> None:
    store = world.store
    entries = [world.suppression(1), world.suppression(1, "marketing"), world.suppression(2), world.suppression(1)]
    assert await store.suppress(entries) == 3
    assert await store.suppress([replace(world.suppression(1), who="another")]) == 0
    assert await store.suppress([]) == 0
    assert {entry.who for entry in await store.suppressions()} == {"the called person"}
    assert await store.unsuppress(world.key("+31200000001"), "marketing", now=world.now) == 1
    assert await store.unsuppress(world.key("+31200000001"), "marketing", now=world.now) == 0
    assert await store.unsuppress(world.key("+31200000001"), None, now=world.now) == 1
    assert [entry.phone_key for entry in await store.suppressions()] == [world.key("+31200000002")]


async def test_the_last_moment_is_where_virtual_time_goes_on(world: "World") -> None:
    assert await world.store.last_moment() is None
    attempt = await world.intended()
    world.now += timedelta(minutes=7)
    await world.store.fence(replace(attempt), now=world.later(minutes=-6, seconds=-50))
    assert await world.store.last_moment() == world.later(minutes=-6, seconds=-50)

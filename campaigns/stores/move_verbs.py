"""Verbs that move attempts, each with the lead that follows from it; all moves that wait are written by one run."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any

from campaigns.domain.budget import Spent, charged
from campaigns.domain.lead import CampaignState, Lead, LeadState
from campaigns.failpoints import failpoint
from campaigns.ports.people import SAID_IN_A_CALL
from campaigns.ports.store import Context, Known, Move

from .budgets import spend
from .closing_verbs import close_late
from .database import Connection, Database, Params
from .dial_verbs import SET_PLAN
from .journal import JOURNAL, line
from .people_verbs import mark_opted_out
from .rows import lead_plan, moved_row, to_attempt, to_lead, us


class MoveVerbs:
    """See `ports.store.ReportStore`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def record(self, moves: Sequence[Move], *, now: datetime) -> list[bool]:
        if not moves:
            return []
        done: list[bool] = await self._database.write_each(_record, (moves, now), account=moves[0].after.provider)
        return done

    async def context(self, lead_id: str) -> Context | None:
        async def verb(db: Connection) -> Context | None:
            rows = await db.rows(_CONTEXT, {"lead": lead_id})
            return _context(rows[0]) if rows else None

        return await self._database.read(verb)

    async def known_calls(self, provider: str, call_ids: Sequence[str]) -> dict[str, Known]:
        async def verb(db: Connection) -> dict[str, Known]:
            found = await db.rows_many(_OF_CALL, [{"provider": provider, "call": call_id} for call_id in call_ids])
            attempts = [to_attempt(rows[0]) for rows in found if rows]
            leads = await db.rows_many(_CONTEXT, [{"lead": attempt.lead_id} for attempt in attempts])
            return {
                attempt.call_id or "": Known(attempt, _context(rows[0]))
                for attempt, rows in zip(attempts, leads, strict=True)
                if rows
            }

        return await self._database.read(verb)


_OF_CALL = "SELECT * FROM attempt WHERE provider = :provider AND call_id = :call"
_CONTEXT = """
SELECT lead.*, campaign.state AS campaign_state,
    (SELECT MAX(a.ordinal) FROM attempt a WHERE a.lead_id = lead.id
        AND a.state NOT IN ('refused', 'not_sent', 'not_created')) AS newest
FROM lead JOIN campaign ON campaign.name = lead.campaign WHERE lead.id = :lead
"""


def _context(row: Any) -> Context:
    return Context(to_lead(row), row["rev"], row["newest"] or 0, CampaignState(row["campaign_state"]))


_GUARD = " WHERE id = :id AND rev = :seen AND state || '' = :from_state"
_WITH_LEAD = " AND EXISTS (SELECT 1 FROM lead WHERE lead.id = :lead AND lead.rev = :lead_rev FOR UPDATE)"
# Another attempt may own the call or booking: then one of both is mistaken, and neither is overwritten.
_NAMES = """
  AND NOT EXISTS (SELECT 1 FROM attempt o WHERE o.provider = :provider AND o.id <> :id
      AND (o.call_id = :call_id OR o.booking_id = :booking_id))
"""


async def _record(db: Connection, items: Sequence[tuple[Sequence[Move], datetime]]) -> list[list[bool]]:
    """Moves of one lead one after the other, all else together."""
    done = [[False] * len(moves) for moves, _ in items]
    places = [(n, m, move) for n, (moves, _) in enumerate(items) for m, move in enumerate(moves)]
    while places:
        later: list[tuple[int, int, Move]] = []
        wave: list[tuple[int, int, Move]] = []
        taken = set[str]()
        for place in places:
            (later if place[2].after.lead_id in taken else wave).append(place)
            taken.add(place[2].after.lead_id)
        for (n, m, _), moved in zip(wave, await _apply(db, wave, items), strict=True):
            done[n][m] = moved
        places = later
    return done


async def _apply(
    db: Connection, wave: Sequence[tuple[int, int, Move]], items: Sequence[tuple[Sequence[Move], datetime]]
) -> list[bool]:
    """Both the attempt and its lead, or neither: what belongs to it is written only where the attempt's guards held."""
    rows = await _move(db, [move for _, _, move in wave])
    written = [(move, items[n][1]) for (n, _, move), found in zip(wave, rows, strict=True) if found]
    await db.run_many(JOURNAL, [_line(move, now) for move, now in written])
    await raise_people(db, [move.after.person_key for move, _ in written])
    await _charge(db, [move for move, _ in written])
    leads = [(move, move.lead, now) for move, now in written if move.lead is not None]
    if leads:
        failpoint("amid_outcome")
    await db.run_many(PUT_LEAD, [{**lead_plan(lead), "seen": move.lead_rev} for move, lead, _ in leads])
    await close_late(db, [(lead.id, now) for _, lead, now in leads if lead.state is LeadState.WAITING])
    for move, lead, now in leads:
        if move.opted_out:
            await opt_out(db, lead, now)
    applied = [{"id": name} for move, _ in written for name in move.applies]
    await db.run_many("UPDATE inbox SET state = 'applied', report = '{}' WHERE id = :id", applied)
    return [bool(found) for found in rows]


async def _move(db: Connection, moves: Sequence[Move]) -> list[list[Any]]:
    """For each what its guards let through; those alike together: what has fewer guards is planned once."""
    found: list[list[Any]] = [[] for _ in moves]
    alike = defaultdict[str, dict[int, Params]](dict)
    for place, move in enumerate(moves):
        changes = _changes(move)
        alike[_guarded(move, tuple(changes))][place] = {**_guards(move), **changes}
    for sql, params in alike.items():
        for place, its in zip(params, await db.rows_many(sql, list(params.values())), strict=True):
            found[place] = its
    return found


def _changes(move: Move) -> Params:
    """An index over a column that is set is written anew, whatever its value: so only what is new is set."""
    before = moved_row(move.before)
    return {name: value for name, value in moved_row(move.after).items() if value != before[name]}


def _guarded(move: Move, columns: tuple[str, ...]) -> str:
    before, after = move.before, move.after
    return _moving(
        columns, move.lead is not None, (before.call_id, before.booking_id) != (after.call_id, after.booking_id)
    )


@lru_cache(maxsize=256)
def _moving(columns: tuple[str, ...], lead: bool, names: bool) -> str:
    put = "".join(f"{name} = :{name}, " for name in columns)
    return f"UPDATE attempt SET {put}rev = rev + 1{_GUARD}{_WITH_LEAD * lead}{_NAMES * names} RETURNING rev"


def _guards(move: Move) -> Params:
    after = move.after
    return {
        "id": after.id, "provider": after.provider, "seen": move.before.rev, "from_state": move.before.state,
        "lead": move.lead.id if move.lead else "", "lead_rev": move.lead_rev,
        "call_id": after.call_id, "booking_id": after.booking_id,
    }  # fmt: skip


# What is told of a lead whose words were erased is to be erased in its turn.
_TOLD = "erased = CASE WHEN erased = 'words' THEN '' ELSE erased END"
PUT_LEAD = f"UPDATE lead SET {SET_PLAN}, {_TOLD}, lease_owner = NULL, rev = rev + 1 WHERE id = :id AND rev = :seen"


def _line(move: Move, now: datetime) -> Params:
    return line(move.after.id, move.after.state, now, before=move.before.state, why=move.why, who=move.who)


async def _charge(db: Connection, moves: Sequence[Move]) -> None:
    sums = defaultdict[str, Spent](Spent)
    for move in moves:
        sums[move.after.campaign] += charged(move.after) - charged(move.before)
    for campaign in sorted(sums):
        await spend(db, campaign, sums[campaign])


async def raise_people(db: Connection, keys: Sequence[str]) -> None:
    """Whatever was judged of these people must be judged anew."""
    await db.run_many(
        "UPDATE person SET version = version + 1 WHERE person_key = :key", [{"key": key} for key in sorted(keys)]
    )


async def opt_out(db: Connection, lead: Lead, now: datetime) -> None:
    """Every number of the person joins the suppression list, and nothing overwrites an earlier entry."""
    numbers = await db.rows(
        "SELECT DISTINCT phone_key FROM lead_phone WHERE lead_id IN (SELECT id FROM lead WHERE person_key = :person)",
        {"person": lead.person_key},
    )
    keys = [row["phone_key"] for row in numbers]
    await db.run_many(
        "INSERT INTO suppression (phone_key, scope, shown, who, why, proof, created_at)"
        " VALUES (:key, 'all', '', :who, 'asked not to be called', :proof, :at) ON CONFLICT DO NOTHING",
        [{"key": key, "who": SAID_IN_A_CALL, "at": us(now), "proof": f"campaign {lead.campaign}"} for key in keys],
    )
    await db.run_many(JOURNAL, [line(f"person:{key}", "suppressed", now, why="all") for key in keys])
    await mark_opted_out(db, keys)

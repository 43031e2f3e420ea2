"""Why somebody is or is not called now: the answer in a sentence, then every rule, on their own clock."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from campaigns.app import Session
from campaigns.domain.contact import ERASED, mask
from campaigns.domain.facts import Facts, PastAttempt
from campaigns.domain.lead import Lead, LeadState
from campaigns.domain.zones import zone
from campaigns.editing import people_limits
from campaigns.files import parse_campaign
from campaigns.planner.explain import Explanation, Verdict, explain
from campaigns.planner.steps import Call, Close
from campaigns.planner.telling import Reader, answer, clock, ending
from campaigns.ports.store import CampaignRecord

from .views import Question


@dataclass(frozen=True, slots=True)
class Told:
    """An explanation, ready to be shown; of whom nothing is kept, nothing is judged."""

    lead: Lead
    now: datetime
    verdict: str
    """Whether they are called now, and when next."""
    next_at: datetime | None = None
    facts: Facts | None = None
    zones: tuple[str, ...] = ()
    rules: tuple[Verdict, ...] = ()
    why: tuple[Question, ...] = ()

    @property
    def attempts(self) -> tuple[PastAttempt, ...]:
        """Of this lead, the oldest first."""
        return self.facts.attempts if self.facts else ()


async def explained(session: Session, record: CampaignRecord, lead: Lead, reader: Reader | None = None) -> Told:
    """Everything about one lead at this moment of the session's clock.

    Args:
        session: The database.
        record: The lead's campaign.
        lead: As the database has it.
        reader: The clock of whoever reads, where it may differ from the person's.
    """
    now = session.clock.now()
    if not lead.contact.phones:
        said = f"{ending(lead, reader)} {ERASED}: number, name and words are not kept any more."
        return Told(lead, now, said)
    (claimed,) = await session.store.facts([lead.id], now=now)
    campaign = parse_campaign(record.document, name=str(Path(record.folder) / record.name)).campaign
    closed = frozenset(one.code for one in await session.store.suspensions(now=now))
    law = replace(session.law, suspended=closed)
    found = explain(claimed.facts, campaign, law, people_limits(session), now=now)
    verdict = answer(found, state=record.state, reader=reader)
    return Told(lead, now, verdict, _next_at(found), found.facts, found.zones, found.verdicts, tuple(_questions(found)))


def clocks(now: datetime, zones: tuple[str, ...]) -> str:
    """What the clocks of a person say: `Mon 23 Nov 2026 09:00 Europe/London`; empty: no zone is known."""
    return ", ".join(f"{now.astimezone(zone(name)):%a %d %b %Y %H:%M} {name}" for name in zones)


def _next_at(found: Explanation) -> datetime | None:
    if found.facts.lead.state not in (LeadState.WAITING, LeadState.READY) or isinstance(found.step, Close):
        return None
    return found.now if isinstance(found.step, Call) else found.step.until


def _questions(found: Explanation) -> Iterator[Question]:
    """Clocks, attempts, then every rule: those that hold the call back first."""
    lead = found.facts.lead
    both = "; called only when open in all of them" if len(found.zones) > 1 else ""
    yield Question("now", (clocks(found.now, found.zones) or "no time zone is known") + both)
    for past in found.facts.attempts:
        ended = past.disposition or ("no end known" if past.counts else "not placed, costs no attempt")
        what = f"{clock(lead, past.at)}, {mask(past.phone)}: {ended.replace('_', ' ')}"
        yield Question(f"attempt {past.ordinal}", what)
    if not found.facts.attempts:
        yield Question("attempts", "none yet")
    if lead.warning:
        yield Question("warning", lead.warning)
    if lead.state is not LeadState.CLOSED:
        yield from (_rule(lead, verdict) for verdict in sorted(found.verdicts, key=lambda verdict: verdict.ok))


def _rule(lead: Lead, verdict: Verdict) -> Question:
    until = f"; from {clock(lead, verdict.until)} on it allows calls" if verdict.until else ""
    source = f"; {verdict.source}" if verdict.source else ""
    return Question("allows" if verdict.ok else "forbids", f"{verdict.rule}: {verdict.reason}{until}{source}")

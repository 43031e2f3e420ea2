"""What others are told of an event: flat JSON, with what is known now, and the word that was true then."""

from datetime import datetime
from typing import Any

from campaigns.domain.lead import Attempt, Lead
from campaigns.ports.outbox import Event, Parcel
from campaigns.ports.store import Store

Told = dict[str, Any]


async def announcement(store: Store, parcel: Parcel) -> Told:
    """`{type, timestamp, data}`; of what is no longer in the database only its id and the word that was true then."""
    of = {Event.ATTEMPT_ENDED: _attempt, Event.CONTACT_SETTLED: _contact, Event.CAMPAIGN_FINISHED: _campaign}
    return {
        "type": str(parcel.event),
        "timestamp": parcel.at.isoformat(),
        "data": await of[parcel.event](store, parcel),
    }


async def _attempt(store: Store, parcel: Parcel) -> Told:
    attempt = await store.attempt(parcel.subject)
    if attempt is None:
        return {"attempt": parcel.subject, "disposition": parcel.word}
    found = await store.lead(attempt.lead_id)
    return {
        "campaign": attempt.campaign,
        "lead": found[0].contact.key if found else attempt.lead_id,
        **_of_attempt(attempt),
        "disposition": parcel.word,
    }


def _of_attempt(attempt: Attempt) -> Told:
    report = attempt.report
    return {
        "attempt": attempt.id,
        "ordinal": attempt.ordinal,
        "phone": attempt.phone,
        "provider": attempt.provider,
        "call_id": attempt.call_id,
        "placed_at": _text(attempt.placed_at),
        "ended_at": _text(attempt.ended_at),
        "talk_seconds": report.talk_seconds if report else None,
        "cost": report.cost if report else None,
        "summary": report.summary if report else "",
        "analysis": report.analysis if report else {},
    }


async def _contact(store: Store, parcel: Parcel) -> Told:
    found = await store.lead(parcel.subject)
    if found is None:
        return {"lead_id": parcel.subject, "outcome": parcel.word}
    return {**_of_lead(found[0]), "outcome": parcel.word, "attempts": len(await store.attempts_of(parcel.subject))}


def _of_lead(lead: Lead) -> Told:
    contact = lead.contact
    return {
        "campaign": lead.campaign,
        "lead": contact.key,
        "person": contact.person,
        "name": contact.name,
        "phone": contact.phones[0].e164 if contact.phones else "",
        "label": lead.label,
        "reason": lead.reason,
        "closed_at": _text(lead.closed_at),
    }


async def _campaign(store: Store, parcel: Parcel) -> Told:
    outcomes = (await store.counts(parcel.subject)).outcomes
    return {"campaign": parcel.subject, "state": parcel.word, "outcomes": {str(key): n for key, n in outcomes.items()}}


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None

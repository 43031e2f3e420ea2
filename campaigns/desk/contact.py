"""One person in one campaign, whole: where they are, what is known, whether they are called, and every call."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from campaigns.app import Session
from campaigns.domain.contact import Consent
from campaigns.domain.errors import InputError, Unknown
from campaigns.domain.lead import Attempt, Lead
from campaigns.ports.store import CampaignRecord

from .access import Operator
from .explaining import Told, clocks, explained
from .moment import as_of
from .shown import attempt_view, lead_row, name_shown, told_shown, words_shown
from .views import AttemptView, ContactView, LeadRow, Question

ELSEWHERE = 50
"""Leads of the same numbers that are shown."""


async def contact(session: Session, lead_id: str, *, by: Operator) -> ContactView:
    """See `People.contact`."""
    found = await session.store.leads_by_id([lead_id])
    if not found:
        raise Unknown("There is no such lead any more. Search for the person by number, key or name.")
    (listed,) = found
    lead = listed.lead
    record = await session.store.campaign(lead.campaign)
    if record is None:
        raise Unknown(f"There is no campaign '{lead.campaign}' any more.")
    told = await _told(await as_of(session, lead.campaign), record, lead)
    person, numbers = lead.contact, [phone.e164 for phone in lead.contact.phones]
    return ContactView(
        row=lead_row(listed, by),
        language=person.language,
        zones=person.zones,
        local_now=clocks(told.now, person.zones),
        country=person.country or "",
        person=name_shown(person.person, numbers, by),
        consent=words_shown(_consent(told), by),
        verdict=told_shown(told.verdict, numbers, by),
        why=tuple(Question(line.word, told_shown(line.text, numbers, by)) for line in told.why),
        attempts=await _attempts(session, lead, name_shown(person.key, numbers, by), by),
        suppressed=bool(told.facts and told.facts.suppressed),
        callback_at=lead.callback_at,
        elsewhere=await _elsewhere(session, lead, by),
    )


async def _told(session: Session, record: CampaignRecord, lead: Lead) -> Told:
    """A campaign that only an archive knows, or another version of this program, is no reason to show nothing."""
    try:
        if record.archived_at is not None:
            return Told(lead, session.clock.now(), f"The campaign is {record.reason}: nobody is called by it.")
        return await explained(session, record, lead)
    except InputError as error:
        return Told(lead, session.clock.now(), f"Cannot be judged: the campaign's file cannot be read ({error}).")


async def _attempts(session: Session, lead: Lead, key: str, by: Operator) -> tuple[AttemptView, ...]:
    attempts: Sequence[Attempt] = await session.store.attempts_of(lead.id)
    moves = defaultdict[str, list[tuple[datetime, str, str]]](list)
    for line in await session.store.moves(attempts) if attempts else ():
        moves[line.attempt_id].append((line.at, line.to, line.why))
    return tuple(attempt_view(attempt, by, moves[attempt.id], key) for attempt in attempts)


async def _elsewhere(session: Session, lead: Lead, by: Operator) -> tuple[LeadRow, ...]:
    keys = [session.book.phone_key(phone.e164) for phone in lead.contact.phones]
    found = await session.store.leads_with_phones(keys, limit=ELSEWHERE + 1)
    return tuple(lead_row(listed, by) for listed in found if listed.lead.id != lead.id)[:ELSEWHERE]


def _consent(told: Told) -> str:
    """What is on record for the campaign's purpose, of this list and of others."""
    own = told.lead.contact.consents
    others = told.facts.consents if told.facts else ()
    said = "; ".join(dict.fromkeys(map(_basis, (*own, *others)))) or "nothing on record"
    gone = told.facts.withdrawn_at if told.facts else None
    return f"{said}; taken back on {gone:%Y-%m-%d}" if gone else said


def _basis(consent: Consent) -> str:
    proof = f" ({consent.proof})" if consent.proof else ""
    since = f", given on {consent.given_at:%Y-%m-%d}" if consent.given_at else ""
    return f"{consent.basis.replace('_', ' ')}{proof}{since}"

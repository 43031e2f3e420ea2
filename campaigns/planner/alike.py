"""Who is like whom: people about whom decisions are alike, so that one is enough; and whose calls touch others."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import lru_cache

from campaigns.domain.contact import Basis, Consent, Contact
from campaigns.domain.facts import Facts

from .decide import MARGIN, Call, Step, Wait

KEPT = timedelta(hours=1)
"""How long a decision about people without any history is taken for the next one like them."""


def kin_of(leads: Sequence[Facts]) -> dict[int, tuple[int, ...]]:
    """Who shares a person or a number with others."""
    named: dict[str, list[int]] = {}
    for i, facts in enumerate(leads):
        for name in {facts.lead.person_key, *(phone.e164 for phone in facts.lead.contact.phones)}:
            named.setdefault(name, []).append(i)
    kin: dict[int, set[int]] = {}
    for group in named.values():
        if len(group) > 1:
            for i in group:
                kin.setdefault(i, set()).update(group)
    return {i: tuple(sorted(group - {i})) for i, group in kin.items()}


def likeness(facts: Facts, *, now: datetime) -> object:
    """All that a decision about somebody without a history depends on, besides the time; None: there is a history."""
    lead = facts.lead
    if facts.attempts or facts.elsewhere or facts.suppressed or facts.busy_until:
        return None
    if lead.callback_at or lead.inbound_at or facts.withdrawn_at:
        return None
    newly = newly_alike(lead.contact, now=now)
    return None if newly is None else (newly, _bases(facts.consents, now))


def newly_alike(contact: Contact, *, now: datetime) -> object:
    """The same of a contact whom nobody has met; None: they have a history elsewhere, or no number."""
    if contact.earlier or not contact.phones:
        return None
    return (
        contact.zones, contact.country, contact.state, contact.hours, contact.jurisdictions, contact.call_from,
        contact.call_by, _bases(contact.consents, now),
    )  # fmt: skip


@lru_cache(maxsize=4096)
def _bases(consents: tuple[Consent, ...], now: datetime) -> frozenset[tuple[Basis, bool]]:
    return frozenset((consent.basis, bool(consent.proof)) for consent in consents if consent.begun(now))


def holds(made: datetime, step: Step, now: datetime) -> bool:
    """Whether the same people would be decided on alike at `now`."""
    if isinstance(step, Wait):
        return now < step.until
    if isinstance(step, Call):
        return now < min(step.closes_at - MARGIN, made + KEPT)
    return now == made

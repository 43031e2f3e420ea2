"""What a list says that its people agreed to, as records that every campaign may rely on."""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain

from campaigns.domain.contact import Consent
from campaigns.ports.consents import ConsentRecord, OnRecord, source_name
from campaigns.ports.store import Store

from .terms import Terms

Recorded = dict[str, OnRecord]
Said = dict[str, tuple[Consent, ...]]
"""By phone key: what some rows of a list say that its people agreed to, perhaps nothing."""


def note_said(said: Said, phone_keys: Sequence[str], consents: Sequence[Consent]) -> None:
    """Take in what a list says of one of its people."""
    kinds = {consent.basis: consent for consent in consents}
    given = tuple(kinds.values())
    for key in phone_keys:
        # Where several people share a number, what all of them agreed to.
        said[key] = tuple(one for one in said[key] if one.basis in kinds) if key in said else given


async def record_consents(store: Store, terms: Terms, said: Said, source: str, *, now: datetime) -> Recorded:
    """Keep what a list says of these people; returns by phone key what all lists together say."""
    name, purpose = source_name(terms.record.name, source), terms.record.purpose
    records = {
        key: [ConsentRecord(key, purpose, consent, "the list", name, now) for consent in consents]
        for key, consents in said.items()
    }
    return await store.put_consents(name, purpose, records, now=now)


def agreed(recorded: Recorded, phone_keys: Sequence[str]) -> tuple[tuple[Consent, ...], datetime | None]:
    """What is on record for a person of these numbers, and when they last took something back."""
    found = [recorded[key] for key in phone_keys if key in recorded]
    consents = tuple(dict.fromkeys(chain.from_iterable(one.consents for one in found)))
    return consents, max((one.withdrawn_at for one in found if one.withdrawn_at), default=None)

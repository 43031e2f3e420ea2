"""What a list says that its people agreed to, as records that every campaign may rely on."""

from collections.abc import Sequence
from datetime import datetime
from itertools import chain

from campaigns.domain.contact import Consent, Contact
from campaigns.ports.consents import ConsentRecord, OnRecord, source_name
from campaigns.ports.store import Store

from .terms import Terms

Recorded = dict[str, OnRecord]


async def record_consents(
    store: Store, terms: Terms, contacts: Sequence[Contact], source: str, *, now: datetime
) -> Recorded:
    """Keep what a list says of these people; returns by phone key what all lists together say."""
    name, purpose = source_name(terms.record.name, source), terms.record.purpose
    said: dict[str, list[ConsentRecord]] = {}
    for contact in contacts:
        for phone in contact.phones:
            key = terms.phone_key(phone.e164)
            kinds = {consent.basis: consent for consent in contact.consents}
            records = [ConsentRecord(key, purpose, consent, "the list", name, now) for consent in kinds.values()]
            # Where several people share a number, what all of them agreed to.
            said[key] = [one for one in said.get(key, records) if one.consent.basis in kinds]
    return await store.put_consents(name, purpose, said)


def agreed(recorded: Recorded, phone_keys: Sequence[str]) -> tuple[tuple[Consent, ...], datetime | None]:
    """What is on record for a person of these numbers, and when they last took something back."""
    found = [recorded[key] for key in phone_keys if key in recorded]
    consents = tuple(dict.fromkeys(chain.from_iterable(one.consents for one in found)))
    return consents, max((one.withdrawn_at for one in found if one.withdrawn_at), default=None)

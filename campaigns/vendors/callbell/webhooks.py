"""Callbell's webhooks for whoever receives them: proof, and what they say. Nothing in this product listens to them.

Answer every delivery and every connection check 200 with `{"status": "ok"}`: anything else is repeated, and six hours
of silence switch the webhook off (DOC /webhooks/introduction). Changes that were made through the API may come back as
events (ASSUMED).
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from campaigns.domain.errors import ProofError
from campaigns.vendors.json_text import read_json
from campaigns.vendors.signatures import check_stamped

from .models import Contact

_SIGNED = re.compile(r"t=([0-9]{1,12}),v1=([0-9a-f]{64})", re.ASCII)
_ABOUT_CONTACTS = frozenset({"contact_created", "contact_updated", "contact_deleted"})


@dataclass(frozen=True, slots=True)
class Event:
    """One event; the envelope has neither an id nor a time."""

    name: str
    """contact_created, contact_updated, contact_deleted, message_created, message_status_updated, conversation_opened,
    conversation_closed, agent_status_updated, agent_session_updated, team_membership_updated, or one that is new."""
    payload: Mapping[str, Any] = field(repr=False)
    dedupe_key: str
    """The same whenever the same event is delivered again: event, uuid and a hash of the body."""

    @property
    def contact(self) -> Contact | None:
        """Whom it is about; not every member of a contact is in an event."""
        data = self.payload if self.name in _ABOUT_CONTACTS else self.payload.get("contact")
        return Contact.model_validate(data) if isinstance(data, Mapping) else None


def read(headers: Mapping[str, str], body: bytes, *, secret: str, now: datetime) -> Event | None:
    """A signed delivery; None: a connection check, whose body is empty or says nothing.

    Signing is switched on in Callbell's dashboard, which shows the secret (`whsec_…`, all of it is the key) once. Every
    try is signed anew, with a time that is at most five minutes from ours.

    Args:
        headers: As received.
        body: The raw bytes, before anything has read them.
        secret: The webhook's.
        now: The present.

    Raises ProofError for whatever is not proved, connection checks too.
    Source: https://docs.callbell.eu/api/reference/webhooks/signatures (since 2026-09-28).
    """
    told = [text for name, text in headers.items() if name.lower() == "x-callbell-signature"]
    signed = _SIGNED.fullmatch(told[0]) if len(told) == 1 else None
    if signed is None:
        raise ProofError("not signed as Callbell signs")
    check_stamped(signed[2], stamp=signed[1], body=body, secrets=(secret,), now=now)
    return parse(body)


def parse(body: bytes) -> Event | None:
    """A delivery that is believed for another reason than its signature, such as a secret address; None: a check."""
    try:
        data = read_json(body, strict=True)
    except ValueError:
        return None
    name = data.get("event") if isinstance(data, dict) else None
    if not isinstance(name, str) or not name:
        return None
    payload = data.get("payload")
    payload = payload if isinstance(payload, dict) else {}
    uuid = payload.get("uuid")
    key = f"{name}:{uuid if isinstance(uuid, str) else ''}:{hashlib.sha256(body).hexdigest()}"
    return Event(name, payload, key)

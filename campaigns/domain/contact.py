"""Contacts: a person, their numbers, and what is known of where they are."""

import hashlib
import hmac
import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

import phonenumbers

from .call import Disposition


@dataclass(frozen=True, slots=True)
class PhoneNumber:
    """A number in E.164 that never shows itself whole by accident: `str()` and `repr()` are masked."""

    e164: str
    kind: str = ""
    """What the list calls it: `work`, `home`; empty when it does not say."""

    def __str__(self) -> str:
        return mask(self.e164)

    def __repr__(self) -> str:
        return f"PhoneNumber({mask(self.e164)})"


ERASED = "(erased)"
"""Stands where something of a person stood that is not kept any more."""


def mask(e164: str) -> str:
    """`+31612345678` → `+316******78`: enough to recognise, too little to dial."""
    if e164 in ("", ERASED):
        return ERASED
    return f"{e164[:4]}{'*' * max(len(e164) - 6, 3)}{e164[-2:]}"


def parse_phone(text: str, region: str | None) -> str:
    """A number as people write it → E.164, by libphonenumber. Raises ValueError with the reason, without the number.

    Args:
        text: The cell as it stands.
        region: ISO country of numbers written without `+`; None: only international numbers are understood.
    """
    cleaned = text.translate(_SEPARATORS).strip().removeprefix("'")
    _refuse_what_is_no_plain_number(cleaned)
    try:
        number = phonenumbers.parse(cleaned, region)
    except phonenumbers.NumberParseException as error:
        if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE and region is None:
            raise ValueError("no country code, and the list names no region") from None
        raise ValueError("not a phone number") from None
    if number.extension:
        raise ValueError("has an extension, which cannot be dialled")
    if not phonenumbers.is_valid_number(number):
        raise ValueError("not a valid phone number")
    if phonenumbers.number_type(number) in _COSTLY:
        raise ValueError("a premium-rate or shared-cost number")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


# Blanks, dashes and invisible marks that come with numbers copied from web pages and address books.
_SEPARATORS = str.maketrans(
    dict.fromkeys("\xa0\u2007\u2009\u202f", " ")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
    | dict.fromkeys("\u200b\u200e\u200f\u202a\u202c\u2060\u2066\u2069\ufeff", "")
)
_COSTLY = (phonenumbers.PhoneNumberType.PREMIUM_RATE, phonenumbers.PhoneNumberType.SHARED_COST)


def _refuse_what_is_no_plain_number(text: str) -> None:
    if not text:
        raise ValueError("empty")
    if not text.isascii():
        raise ValueError("has characters that are not plain digits")
    if "e+" in text.lower():
        raise ValueError("a spreadsheet rounded it (such as 3.16E+10); format the column as text")
    if re.fullmatch(r"\+?\d+[.,]0+", text):
        raise ValueError("a spreadsheet made a decimal number of it (such as 31201234567.0); format the column as text")
    if any(character.isalpha() for character in text.lower().replace("tel:", "").replace("ext", "")):
        raise ValueError("has letters")
    if len(text) > 40:
        raise ValueError("too long for a phone number")


def keyed_hash(key: bytes, kind: str, value: str) -> str:
    """A stable name for a number or person that survives erasure and cannot be turned back without the key."""
    return hmac.new(key, f"{kind}:{value}".encode(), hashlib.sha256).hexdigest()[:32]


class Basis(StrEnum):
    """What a call may rely on, from weak to strong."""

    CUSTOMER = "customer"
    """An existing business relationship."""
    PRIOR = "prior"
    PRIOR_WRITTEN = "prior_written"
    REQUESTED = "requested"
    """The person asked for this call; stands in for `prior`, not for `prior_written`."""
    APPOINTMENT = "appointment"
    """The person agreed to this hour."""
    NIGHT = "night"
    """A separate consent to calls at night."""


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person agreed to, and how that can be proved."""

    basis: Basis
    proof: str = field(default="", repr=False)
    given_at: datetime | None = None

    def stands(self, withdrawn_at: datetime | None) -> bool:
        """Whether a withdrawal leaves it: only what was given later is agreed anew."""
        return withdrawn_at is None or (self.given_at is not None and self.given_at > withdrawn_at)

    def begun(self, now: datetime) -> bool:
        """Whether it is given already: a date that is still to come, perhaps a slip of the pen, permits nothing."""
        return self.given_at is None or self.given_at <= now


@dataclass(frozen=True, slots=True)
class Earlier:
    """A call made elsewhere: by another system, or by hand."""

    at: datetime
    disposition: Disposition | None = None
    """None: nobody says, so it counts as a conversation."""
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Contact:
    """One person of a contact list, as the campaign may use them."""

    person: str = field(repr=False)
    """Who they are across lists: the list's id, or the first number."""
    key: str = field(repr=False)
    """Which lead of the campaign they are; a repeated key is the same lead."""
    phones: tuple[PhoneNumber, ...]
    """In the order in which they are tried; none: they are erased, see `domain.retention`."""
    name: str = field(default="", repr=False)
    zones: tuple[str, ...] = ()
    """IANA zones the person may be in; empty: nobody knows."""
    country: str | None = None
    state: str | None = None
    language: str = ""
    hours: str | None = None
    """The person's own window, opening_hours syntax."""
    rank: float = 0.0
    """Smaller is called first."""
    call_from: datetime | None = None
    call_by: datetime | None = None
    variables: dict[str, str] = field(default_factory=dict, repr=False)
    """Rendered for the agent."""
    person_from_id: bool = False
    """True when the list names the person; then two persons may share a number."""
    postal_code: str = ""
    jurisdictions: tuple[str, ...] = ()
    """ISO 3166 codes of everywhere the person may be: whose law binds. Empty: nobody knows."""
    consents: tuple[Consent, ...] = field(default=(), repr=False)
    """What the list says that they agreed to."""
    debt: str = field(default="", repr=False)
    """The debt that the call is about, as the list names it."""
    earlier: tuple[Earlier, ...] = ()
    """Calls that others made to them: they count for legal caps, of whatever number and subject."""
    origin: tuple[str, str] | None = field(default=None, repr=False)
    """The list in the settings that they come from, and what it calls them; None: a file."""

    @property
    def number(self) -> str:
        """The first one, E.164; empty: it is erased."""
        return self.phones[0].e164 if self.phones else ""


def contact_to_json(contact: Contact) -> dict[str, Any]:
    """For the store: plain JSON values; `contact_from_json` reads it back."""
    return {
        "person": contact.person, "key": contact.key, "name": contact.name, "zones": list(contact.zones),
        "phones": [[phone.e164, phone.kind] for phone in contact.phones], "country": contact.country,
        "state": contact.state, "language": contact.language, "hours": contact.hours, "rank": contact.rank,
        "call_from": contact.call_from.isoformat() if contact.call_from else None,
        "call_by": contact.call_by.isoformat() if contact.call_by else None,
        "variables": contact.variables, "person_from_id": contact.person_from_id,
        "postal_code": contact.postal_code, "jurisdictions": list(contact.jurisdictions), "debt": contact.debt,
        "consents": [_consent_to_json(consent) for consent in contact.consents],
        "earlier": [[call.at.isoformat(), call.disposition, call.refused] for call in contact.earlier],
        "origin": contact.origin,
    }  # fmt: skip


def _consent_to_json(consent: Consent) -> list[str | None]:
    return [consent.basis, consent.proof, consent.given_at.isoformat() if consent.given_at else None]


def _consent_from_json(data: list[str | None]) -> Consent:
    basis, proof, given_at = data
    return Consent(Basis(str(basis)), proof or "", datetime.fromisoformat(given_at) if given_at else None)


def contact_from_json(data: dict[str, Any]) -> Contact:
    """The reverse of `contact_to_json`."""
    return Contact(
        **{
            **data,
            "zones": tuple(data["zones"]),
            "phones": tuple(PhoneNumber(e164, kind) for e164, kind in data["phones"]),
            "call_from": datetime.fromisoformat(data["call_from"]) if data["call_from"] else None,
            "call_by": datetime.fromisoformat(data["call_by"]) if data["call_by"] else None,
            "jurisdictions": tuple(data.get("jurisdictions", ())),
            "consents": tuple(_consent_from_json(consent) for consent in data.get("consents", ())),
            "earlier": tuple(
                Earlier(datetime.fromisoformat(at), Disposition(word) if word else None, refused)
                for at, word, refused in data.get("earlier", ())
            ),
            "origin": tuple(data["origin"]) if data.get("origin") else None,
        }
    )

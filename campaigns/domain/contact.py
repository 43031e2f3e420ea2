"""Contacts: a person, their numbers, and what is known of where they are."""

import hashlib
import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any

import phonenumbers

from .call import Disposition
from .parsing import parsed


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
    cleaned = (text if text.isascii() else text.translate(_SEPARATORS)).strip().removeprefix("'")
    if _DATE.fullmatch(cleaned):
        raise ValueError("a date, not a phone number")
    if not _PLAIN.fullmatch(cleaned) or cleaned.endswith(")"):
        _refuse_what_is_no_plain_number(cleaned)
    try:
        number = parsed(cleaned, region)
    except phonenumbers.NumberParseException as error:
        if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE and region is None:
            raise ValueError("no country code, and the list names no region") from None
        raise ValueError("not a phone number") from None
    if number.extended:
        raise ValueError("has an extension, which cannot be dialled")
    if not number.valid:
        raise ValueError("not a valid phone number")
    if number.costly:
        raise ValueError("a premium-rate or shared-cost number")
    return number.e164


# Blanks, dashes and invisible marks that come with numbers copied from web pages and address books.
_SEPARATORS = str.maketrans(
    dict.fromkeys("\xa0\u2007\u2009\u202f", " ")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
    | dict.fromkeys("\u200b\u200e\u200f\u202a\u202c\u2060\u2066\u2069\ufeff", "")
)
_DAY, _YEAR = "(?:0?[1-9]|[12][0-9]|3[01])", "(?:19|20)[0-9]{2}"
_DATE = re.compile(rf"{_YEAR}[-/. ]{_DAY}[-/. ]{_DAY}|{_DAY}[-/. ]{_DAY}[-/. ]{_YEAR}", re.ASCII)
"""In a column that slipped; in some countries the digits of one are somebody's number."""
_PLAIN = re.compile(r"[+(]?[0-9][0-9 ()-]{0,38}", re.ASCII)
"""Nothing in such a text needs a closer look before it is parsed."""


def _refuse_what_is_no_plain_number(text: str) -> None:
    if not text:
        raise ValueError("empty")
    if not text.isascii():
        raise ValueError("has characters that are not plain digits")
    if "e+" in text.lower():
        raise ValueError("a spreadsheet rounded it (such as 3.16E+10); format the column as text")
    if re.fullmatch(r"\+?\d+[.,]0+|[+-]?\d{7,}[.,]\d{1,3}", text):
        raise ValueError("a spreadsheet made a decimal number of it (such as 31201234567.0); format the column as text")
    if re.search(r"[*?]|/ *\d{1,3} *$|\d *\(\d{1,4}\) *$", text):
        raise ValueError("more than one number, or part of one, such as 7946 0001/2")
    if any(character.isalpha() for character in text.lower().replace("tel:", "").replace("ext", "")):
        raise ValueError("has letters")
    if len(text) > 40:
        raise ValueError("too long for a phone number")


def keyed_hash(key: bytes, kind: str, value: str) -> str:
    """A stable name for a number or person that survives erasure and cannot be turned back without the key."""
    # HMAC-SHA256 of `kind:value`, begun where all of a kind are alike: a fifth of what `hmac` takes.
    inner, outer = _begun(key, kind)
    inner, outer = inner.copy(), outer.copy()
    inner.update(value.encode())
    outer.update(inner.digest())
    return outer.hexdigest()[:32]


@lru_cache(maxsize=16)
def _begun(key: bytes, kind: str) -> "tuple[hashlib._Hash, hashlib._Hash]":
    block = (hashlib.sha256(key).digest() if len(key) > _BLOCK else key).ljust(_BLOCK, b"\0")
    inner, outer = (hashlib.sha256(bytes(byte ^ pad for byte in block)) for pad in (0x36, 0x5C))
    inner.update(f"{kind}:".encode())
    return inner, outer


_BLOCK = 64
"""Bytes that SHA-256 takes at a time."""


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


def contact_to_text(contact: Contact) -> str:
    """For the store: JSON with its names in order and nothing between them; `contact_from_json` reads it back.

    Written by hand, name by name, because a million of them are: what most contacts share is kept as text.
    """
    zones, codes = _texts(contact.zones), _texts(contact.jurisdictions)
    call_by = f'"{contact.call_by.isoformat()}"' if contact.call_by else "null"
    call_from = f'"{contact.call_from.isoformat()}"' if contact.call_from else "null"
    phones = ",".join([f"[{_text(phone.e164)},{_text(phone.kind)}]" for phone in contact.phones])
    named = ",".join([f"{_text(name)}:{_text(value)}" for name, value in sorted(contact.variables.items())])
    text = (
        f'{{"call_by":{call_by},"call_from":{call_from},"consents":{_consents_to_text(contact.consents)},'
        f'"country":{_maybe(contact.country)},"debt":{_text(contact.debt)},"earlier":{_earlier_to_text(contact.earlier)},'
        f'"hours":{_maybe(contact.hours)},"jurisdictions":{codes},"key":{_text(contact.key)},'
        f'"language":{_text(contact.language)},"name":{_text(contact.name)},"origin":{_origin(contact.origin)},'
        f'"person":{_text(contact.person)},"person_from_id":{"true" if contact.person_from_id else "false"},'
        f'"phones":[{phones}],"postal_code":{_text(contact.postal_code)},"rank":{contact.rank!r},'
        f'"state":{_maybe(contact.state)},"variables":{{{named}}},"zones":{zones}}}'
    )
    # Halves of characters no database takes: a list's odd word must not stop a night.
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


_text = encode_basestring


def _maybe(value: str | None) -> str:
    return "null" if value is None else _text(value)


@lru_cache(maxsize=4096)
def _texts(values: tuple[str, ...]) -> str:
    return f"[{','.join(map(_text, values))}]"


@lru_cache(maxsize=4096)
def _consents_to_text(consents: tuple[Consent, ...]) -> str:
    given = [f'"{one.given_at.isoformat()}"' if one.given_at else "null" for one in consents]
    said = [f"[{_text(one.basis)},{_text(one.proof)},{at}]" for one, at in zip(consents, given, strict=True)]
    return f"[{','.join(said)}]"


def _earlier_to_text(calls: tuple[Earlier, ...]) -> str:
    if not calls:
        return "[]"
    return json.dumps([[call.at.isoformat(), call.disposition, call.refused] for call in calls], separators=(",", ":"))


def _origin(origin: tuple[str, str] | None) -> str:
    return "null" if origin is None else f"[{_text(origin[0])},{_text(origin[1])}]"


def contact_from_json(data: dict[str, Any]) -> Contact:
    """The reverse of `contact_to_text`, of what its JSON says; the dictionary is used up.

    Every claim makes a hundred: what most contacts do not have costs nothing, and what many share is made once.
    """
    data["zones"] = tuple(data["zones"])
    data["phones"] = tuple([PhoneNumber(e164, kind) for e164, kind in data["phones"]])
    for name in ("call_from", "call_by"):
        data[name] = datetime.fromisoformat(data[name]) if data[name] else None
    data["jurisdictions"] = tuple(data.get("jurisdictions", ()))
    data["consents"] = tuple([_consent(*consent) for consent in data.get("consents", ())])
    data["earlier"] = tuple([_earlier(*call) for call in data.get("earlier", ())])
    data["origin"] = tuple(data["origin"]) if data.get("origin") else None
    return Contact(**data)


@lru_cache(maxsize=4096)
def _consent(basis: str, proof: str | None, given_at: str | None) -> Consent:
    return Consent(Basis(basis), proof or "", datetime.fromisoformat(given_at) if given_at else None)


def _earlier(at: str, word: str | None, refused: bool) -> Earlier:
    return Earlier(datetime.fromisoformat(at), Disposition(word) if word else None, refused)

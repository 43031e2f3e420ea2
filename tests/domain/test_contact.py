"""Numbers as people write them, and what is refused rather than guessed."""

import hashlib
import hmac
import json
from dataclasses import fields
from datetime import UTC, datetime
from uuid import NAMESPACE_URL, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.call import Disposition
from campaigns.domain.contact import (
    Basis,
    Consent,
    Contact,
    Earlier,
    PhoneNumber,
    contact_from_json,
    contact_to_text,
    keyed_hash,
    mask,
    parse_phone,
)
from campaigns.domain.lead import lead_id


@pytest.mark.row("I3")
@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("+442079460001", None),
        (" +44 20 7946 0001 ", "NL"),
        ("+44 (0)20 7946 0001", None),
        ("020 7946 0001", "GB"),
        ("0044 20 7946 0001", "NL"),
        ("'+442079460001", None),
        ("tel:+44-20-7946-0001", None),
        ("+44\xa020\u20117946\u20110001", None),
        ("\u202a+442079460001\u202c", None),
        ("(020) 7946/0001", "GB"),
        ("442079460001", "GB"),
    ],
)
def test_one_number_in_many_forms_is_one_number(text: str, region: str | None) -> None:
    assert parse_phone(text, region) == "+442079460001"


@pytest.mark.row("I1")
@pytest.mark.parametrize(
    ("text", "region", "reason"),
    [
        ("", "NL", "empty"),
        ("020 7946 0001", None, "names no region"),
        ("3.12E+10", "NL", "rounded"),
        ("3,12E+10", "NL", "rounded"),
        ("31200000001.0", "NL", "decimal"),
        ("31200000001,00", "NL", "decimal"),
        ("+31 20 000 0001 ext 12", "NL", "extension"),
        ("+31 20 000 0001 x12", "NL", "letters"),
        ("+31 20 000 0001;ext=12", "NL", "extension"),
        ("0900 0001", "NL", "not a valid|premium"),
        ("+31 900 1234", "NL", "not a valid|premium"),
        ("112", "NL", "not a valid"),
        ("911", "US", "not a valid"),
        ("ask Ann", "NL", "letters"),
        ("+44 20 7946 000\u0661", None, "plain digits"),
        ("\uff0b442079460001", None, "plain digits"),
        ("+442079460001 / +442079460002", None, "not a"),
        ("+442079460001,+442079460002", None, "not a"),
        ("+" + "1" * 60, None, "too long"),
        ("0", "NL", "not a"),
        ("-", "NL", "not a"),
    ],
)
def test_what_is_no_number_to_dial_is_refused_with_the_reason(text: str, region: str | None, reason: str) -> None:
    with pytest.raises(ValueError, match=reason) as caught:
        parse_phone(text, region)
    assert "7946" not in str(caught.value)


@pytest.mark.row("I1")
@given(st.text(max_size=50), st.sampled_from(["NL", "GB", "US", None]))
def test_any_text_is_a_number_or_a_value_error(text: str, region: str | None) -> None:
    try:
        found = parse_phone(text, region)
    except ValueError:
        return
    assert parse_phone(found, None) == found


def test_a_number_never_shows_itself_whole() -> None:
    number = PhoneNumber("+442079460001", "work")
    contact = Contact(person="+442079460001", key="+442079460001", phones=(number,), name="Ann")
    for shown in (str(number), repr(number), f"{number}", repr(contact)):
        assert "79460001" not in shown
        assert "Ann" not in shown
    assert mask("+442079460001") == "+442*******01"


def test_a_contact_survives_the_store() -> None:
    contact = Contact(
        person="p", key="k", phones=(PhoneNumber("+442079460001", "work"),), name="Ann", zones=("Europe/London",),
        country="GB", call_from=datetime(2026, 11, 23, tzinfo=UTC), variables={"a": "b"}, person_from_id=True,
    )  # fmt: skip
    assert contact_from_json(json.loads(contact_to_text(contact))) == contact


_TEXTS = st.text(max_size=12)
_INSTANTS = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
_EARLIER = st.builds(Earlier, _INSTANTS, st.none() | st.sampled_from(Disposition), st.booleans())
_CONTACTS = st.builds(
    Contact, person=_TEXTS, key=_TEXTS, phones=st.lists(st.builds(PhoneNumber, _TEXTS, _TEXTS), max_size=3).map(tuple),
    name=_TEXTS, zones=st.lists(_TEXTS, max_size=2).map(tuple), country=st.none() | _TEXTS, state=st.none() | _TEXTS,
    language=_TEXTS, hours=st.none() | _TEXTS, rank=st.floats(allow_nan=False, allow_infinity=False),
    call_from=st.none() | _INSTANTS, call_by=st.none() | _INSTANTS,
    variables=st.dictionaries(_TEXTS, _TEXTS, max_size=3),
    person_from_id=st.booleans(), postal_code=_TEXTS, jurisdictions=st.lists(_TEXTS, max_size=2).map(tuple),
    consents=st.lists(st.builds(Consent, st.sampled_from(Basis), _TEXTS, st.none() | _INSTANTS), max_size=2).map(tuple),
    debt=_TEXTS, earlier=st.lists(_EARLIER, max_size=2).map(tuple),
    origin=st.none() | st.tuples(_TEXTS, _TEXTS),
)  # fmt: skip


@given(_CONTACTS)
def test_a_contact_is_written_as_json_itself_would_with_its_names_in_order(contact: Contact) -> None:
    text = contact_to_text(contact)
    data = {**json.loads(text), "rank": contact.rank}
    assert list(data) == sorted(field.name for field in fields(Contact))
    assert text == json.dumps(data, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    assert contact_from_json(data) == contact


@pytest.mark.parametrize("key", [b"a", b"k" * 64, b"k" * 65])
def test_a_keyed_hash_is_the_hmac_of_kind_and_value(key: bytes) -> None:
    expected = hmac.new(key, "phone:+442079460001é".encode(), hashlib.sha256).hexdigest()[:32]
    assert keyed_hash(key, "phone", "+442079460001é") == expected


@given(st.text(max_size=10), st.text(max_size=10))
def test_the_id_of_a_lead_is_a_uuid_that_its_campaign_and_key_name(campaign: str, key: str) -> None:
    assert lead_id(campaign, key) == str(uuid5(NAMESPACE_URL, f"campaigns:lead:{campaign}:{key}"))


def test_a_keyed_hash_depends_on_key_kind_and_value() -> None:
    hashes = {keyed_hash(key, kind, value) for key in (b"a", b"b") for kind in "pi" for value in "xy"}
    assert len(hashes) == 8
    assert keyed_hash(b"a", "p", "x") == keyed_hash(b"a", "p", "x")

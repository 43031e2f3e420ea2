"""Numbers as people write them, and what is refused rather than guessed."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.contact import (
    Contact,
    PhoneNumber,
    contact_from_json,
    contact_to_json,
    keyed_hash,
    mask,
    parse_phone,
)


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
    assert contact_from_json(contact_to_json(contact)) == contact


def test_a_keyed_hash_depends_on_key_kind_and_value() -> None:
    hashes = {keyed_hash(key, kind, value) for key in (b"a", b"b") for kind in "pi" for value in "xy"}
    assert len(hashes) == 8
    assert keyed_hash(b"a", "p", "x") == keyed_hash(b"a", "p", "x")

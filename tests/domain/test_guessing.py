"""Columns are guessed by their names and by what stands in them, and never against what stands in them."""

import pytest

from campaigns.domain.guessing import dialable, guess


def rows(header, *lines):
    names = header.split("|")
    return names, [dict(zip(names, line.split("|"), strict=True)) for line in lines]


EXAMPLES = {
    "english": (
        rows("Id|Name|Home|Mobile", "1|Ann|020 7946 0101|020 7946 0001", "2|Bo||020 7946 0002"),
        {"phone": ("Mobile", "Home"), "name": ("Name",), "id": ("Id",)},
    ),
    "dutch, with a lead for each appointment": (
        rows("AfspraakId|PatientNr|Naam|Mobiel|Tijdzone|Land|Taal", "A1|7|An|0200000001|Europe/Amsterdam|NL|nl",
             "A2|7|An|0200000001|Europe/Amsterdam|nl|nl"),
        {"phone": ("Mobiel",), "name": ("Naam",), "id": ("PatientNr",), "key": ("AfspraakId",),
         "timezone": ("Tijdzone",), "country": ("Land",), "language": ("Taal",)},
    ),
    "numbers under a name that says nothing": (
        rows("Wen|Waarheen", "Ann|+442079460001", "Bo|+44 20 7946 0002"),
        {"phone": ("Waarheen",)},
    ),
    "ids under a name that says nothing": (
        rows("resident|phone", "R301|+442079460001", "R302|+442079460002"),
        {"phone": ("phone",), "id": ("resident",)},
    ),
    "consent in known words": (
        rows("Phone|Consent|Consent proof", "+442079460001|prior|form 7", "+442079460002|none|"),
        {"phone": ("Phone",), "consent": ("Consent",), "consent_proof": ("Consent proof",)},
    ),
    "states and postal codes": (
        rows("First name|Cell phone|State|Zip", "Ann|(212) 555-0101|NY|10001", "Bo|212-555-0102|NY|10002"),
        {"phone": ("Cell phone",), "name": ("First name",), "state": ("State",), "postal_code": ("Zip",)},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", EXAMPLES)
def test_a_header_is_read_as_a_person_would(case):
    (header, lines), columns = EXAMPLES[case]
    assert guess(header, lines).columns == columns


UNTRUE = {
    "a home that is an address": rows("Phone|Home", "+442079460001|1 High Street", "+442079460002|2 High Street"),
    "a zone that is a part of town": rows("Phone|Zone", "+442079460001|North", "+442079460002|South"),
    "a country in words": rows("Phone|Country", "+442079460001|England", "+442079460002|England"),
    "a yes that says not to what": rows("Phone|Consent", "+442079460001|yes", "+442079460002|no"),
    "a date of birth": rows("Phone|Born", "+442079460001|01-02-1960", "+442079460002|03-04-1961"),
    "an empty language": rows("Phone|Language", "+442079460001|", "+442079460002|"),
    "a name that is an address": rows("Phone|Contact", "+442079460001|a@b.example", "+442079460002|c@d.example"),
}


@pytest.mark.parametrize("case", UNTRUE)
def test_a_column_whose_cells_contradict_its_name_is_left_alone(case):
    header, lines = UNTRUE[case]
    assert guess(header, lines).columns == {"phone": ("Phone",)}
    assert guess(header, lines).other == (header[1],)


def test_a_few_odd_cells_do_not_hide_what_a_column_holds():
    header, lines = rows("Phone|TZ", *["+442079460001|Europe/London"] * 30, "+442079460002|somewhere")
    assert guess(header, lines).columns["timezone"] == ("TZ",)
    assert "timezone" not in guess(header, lines[25:]).columns


def test_numbers_without_a_country_are_counted_and_the_country_that_most_rows_name_is_told():
    header, lines = rows("Phone|Country|Due", "0207 946 0001|GB|2026-11-25 08:30", "+442079460002|gb|2026-11-26",
                         "0200000001|NL|2026-11-27")  # fmt: skip
    found = guess(header, lines)
    assert (found.local, found.region, found.moment) == (2, "GB", "Due")
    assert [dialable(["Phone"], lines, region) for region in (None, "GB", "NL")] == [1, 2, 2]


def test_a_list_without_numbers_or_rows_is_guessed_to_hold_nothing():
    assert guess(["Name", "Age"], [{"Name": "Ann", "Age": "40"}]).columns == {"name": ("Name",)}
    assert guess(["Phone", "Id"], []).columns == {}

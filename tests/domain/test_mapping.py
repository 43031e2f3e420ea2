"""Rows to contacts: what is taken, what is refused and why, and templates that cannot do harm."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.domain.call import Disposition
from campaigns.domain.campaign import Campaign
from campaigns.domain.contact import Basis, Consent, Contact, Earlier, PhoneNumber
from campaigns.domain.errors import InputError
from campaigns.domain.mapping import exclude_mapper, row_mapper
from campaigns.domain.sources import Exclude, FileList
from campaigns.ports import BadRow, Row

COLUMNS = {
    "phone": ["Mobile", {"column": "Work", "kind": "work"}], "name": "Naam", "id": "Nr", "key": "Visit",
    "timezone": "TZ", "country": "Land", "language": "Taal", "hours": "OK to call", "rank": "Risk",
}  # fmt: skip
HEADER = ["Mobile", "Work", "Naam", "Nr", "Visit", "TZ", "Land", "Taal", "OK to call", "Risk", "At", "remark"]
GOOD = {"Mobile": "+44 20 7946 0001", "Naam": "Ann", "Nr": "7", "Visit": "v1", "TZ": "Europe/London"}


def campaign(source: Mapping[str, Any], **more: Any) -> Campaign:
    fields = {"campaign": "c", "purpose": "informational", "calling_hours": "Mo-Fr 09:00-17:00", "contacts": [source]}
    return Campaign.model_validate(fields | more)


def read(
    cells: Mapping[str, str], columns: Mapping[str, Any] = COLUMNS, source: Mapping[str, Any] | None = None, **more: Any
) -> Contact | BadRow:
    whole = campaign({"file": "list.csv", "columns": columns} | dict(source or {}), **more)
    assert isinstance(whole.contacts[0], FileList)
    mapper = row_mapper(whole.contacts[0], whole, HEADER, file="list.csv")
    return mapper(Row(5, dict.fromkeys(HEADER, "") | dict(cells)))


def contact(cells: Mapping[str, str], *args: Any, **more: Any) -> Contact:
    found = read(cells, *args, **more)
    assert isinstance(found, Contact), found
    return found


def reason(cells: Mapping[str, str], *args: Any, **more: Any) -> str:
    found = read(cells, *args, **more)
    assert isinstance(found, BadRow)
    assert found.line == 5
    return found.reason


def problems(columns: Mapping[str, Any] = COLUMNS, source: Mapping[str, Any] | None = None, **more: Any) -> str:
    with pytest.raises(InputError) as caught:
        read({}, columns, source, **more)
    return str(caught.value)


def test_a_full_row_becomes_a_contact() -> None:
    cells = GOOD | {"Work": "+31200000001", "Land": "gb", "Taal": "en", "OK to call": "Mo 10:00-12:00", "Risk": "-1.5"}
    assert contact(cells) == Contact(
        person="7", key="v1", phones=(PhoneNumber("+442079460001"), PhoneNumber("+31200000001", "work")), name="Ann",
        zones=("Europe/London",), country="GB", language="en", hours="Mo 10:00-12:00", rank=-1.5, person_from_id=True,
        jurisdictions=("GB", "NL"),
    )  # fmt: skip


def test_without_id_and_key_the_first_number_names_both() -> None:
    found = contact(GOOD, {"phone": "Mobile"})
    assert (found.person, found.key, found.person_from_id) == ("+442079460001", "+442079460001", False)
    assert contact(GOOD, {"phone": "Mobile", "id": "Nr"}).key == "7"


@pytest.mark.parametrize(
    ("mobile", "work", "numbers"),
    [
        ("", "+31200000001", ["+31200000001"]),
        ("rubbish", "+31200000001", ["+31200000001"]),
        ("+44 20 7946 0001", "0044 20 79460001", ["+442079460001"]),
        ("020 000 0001", "", ["+31200000001"]),
    ],
)
def test_numbers_that_are_good_are_kept_once_and_in_order(mobile: str, work: str, numbers: list[str]) -> None:
    found = contact(GOOD | {"Mobile": mobile, "Work": work}, source={"region": "NL"})
    assert [phone.e164 for phone in found.phones] == numbers


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"Mobile": ""}, "Mobile: empty"),
        ({"Mobile": "", "Work": "x"}, "Work: has letters"),
        ({"Mobile": "020 7946 0001"}, "Mobile: no country code, and the list names no region"),
        ({"Nr": ""}, "Nr: empty"),
        ({"Visit": "x" * 201}, "Visit: longer"),
        ({"Visit": "a\x07b"}, "Visit: longer than 200 characters, or not printable"),
        ({"TZ": "+442079460001"}, "TZ: not a time zone"),
        ({"Land": "Nederland"}, "Land: not a country"),
        ({"Land": "UK"}, "Land: not a country"),
        ({"Risk": "1,5"}, "Risk: not a number"),
        ({"Risk": "nan"}, "Risk: not a number"),
        ({"Risk": "9" * 400}, "Risk: not a number"),
        ({"OK to call": "whenever"}, "OK to call: "),
        ({"OK to call": "+44 20 7946 0001"}, "OK to call: "),
    ],
)
def test_a_row_that_is_no_contact_says_why_without_the_number(cells: Mapping[str, str], says: str) -> None:
    said = reason(GOOD | cells)
    assert said.startswith(says)
    assert "7946" not in said


def test_zones_are_the_persons_own_and_the_campaigns_where_nobody_knows_them() -> None:
    assert contact(GOOD | {"TZ": "Europe/Rome"}, timezone="Europe/Paris").zones == ("Europe/Rome",)
    assert contact(GOOD | {"TZ": ""}, timezone="Europe/Paris").zones == ("Europe/London",)
    assert len(contact(GOOD | {"TZ": "", "Land": "NL"}).zones) == 2
    nowhere = {"Mobile": "+80012345678"}
    assert contact(nowhere, {"phone": "Mobile"}, timezone="Europe/Paris").zones == ("Europe/Paris",)
    assert contact(nowhere, {"phone": "Mobile"}).zones == ()


WHERE = {"phone": "Mobile", "country": "Land", "state": "Naam", "postal_code": "Nr"}


@pytest.mark.parametrize(
    ("land", "state", "postal", "region", "home"),
    [
        ("US", "Florida", "32501", None, ("US", ("US-FL",), ("America/Chicago",))),
        ("", "FL", "32501", None, ("US", ("US-FL",), ("America/Chicago",))),
        ("", "", "32501", None, ("US", ("US-FL",), ("America/Chicago",))),
        ("", "FL", "", "CA", ("US", ("US-FL",), ("America/New_York", "America/Chicago"))),
        ("", "Atlantis", "", None, ("US", ("US-FL",), ("America/New_York", "America/Chicago"))),
        ("", "ON", "", "CA", ("CA", ("CA-ON", "US-FL"), ("America/Toronto",))),
    ],
)
def test_state_and_postal_code_tell_where_the_person_is(
    land: str, state: str, postal: str, region: str | None, home: tuple[object, ...]
) -> None:
    cells = {"Mobile": "+1 850 555 0101", "Land": land, "Naam": state, "Nr": postal}
    found = contact(cells, WHERE, {"region": region})
    assert (found.country, found.jurisdictions, found.zones) == home
    assert (found.state, found.postal_code) == (state or None, postal)


def test_strict_mobiles_and_the_lists_region_reach_the_zones() -> None:
    mobile, free = {"Mobile": "+1 212 555 0101"}, {"Mobile": "+1 800 555 0101"}
    columns = {"phone": "Mobile"}
    assert contact(mobile, columns).zones == ("America/New_York",)
    assert len(contact(mobile, columns, legal_hours={"mobiles": "strict"}).zones) > 1
    assert "Pacific/Guam" not in contact(free, columns, {"region": "CA"}).zones
    assert "Pacific/Guam" in contact(free, columns, {"region": "US"}).zones


def test_the_country_is_the_column_else_that_of_the_first_number() -> None:
    assert contact(GOOD | {"Land": "nl"}).country == "NL"
    assert contact(GOOD).country == "GB"


def test_public_holidays_need_a_country() -> None:
    nowhere = GOOD | {"Mobile": "+80012345678"}
    assert contact(nowhere).country is None
    assert "public holidays" in reason(nowhere, calling_hours="Mo-Fr 09:00-17:00; PH off")
    assert "public holidays" in reason(nowhere | {"OK to call": "Mo 10:00-12:00; PH off"})
    assert contact(nowhere | {"Land": "NL"}, calling_hours="Mo-Fr 09:00-17:00; PH off").country == "NL"


@pytest.mark.parametrize(
    ("moment", "cell", "call_from", "call_by"),
    [
        ("At", "2026-11-23 10:00", "2026-11-23T15:00Z", "2026-11-23T10:00Z"),
        ("At", "2026-11-23T10:00+01:00", "2026-11-23T09:00Z", "2026-11-23T09:00Z"),
        ("At", "2026-11-23T10:00Z", "2026-11-23T10:00Z", "2026-11-23T10:00Z"),
        ("At", "2026-11-23", "2026-11-23T05:00Z", "2026-11-23T00:00Z"),
        ("At - 4h", "2026-11-23 10:00", "2026-11-23T11:00Z", "2026-11-23T06:00Z"),
        ("At + 90m", "2026-11-23 10:00", "2026-11-23T16:30Z", "2026-11-23T11:30Z"),
        # New York leaves summer time on November 1, London on October 25: the clock on the wall stays.
        ("At - 3d", "2026-11-02 10:00", "2026-10-30T14:00Z", "2026-10-30T10:00Z"),
        ("At - 72h", "2026-11-02 10:00", "2026-10-30T14:00Z", "2026-10-30T10:00Z"),
        ("At - 3d", "2026-11-02T10:00-05:00", "2026-10-30T14:00Z", "2026-10-30T15:00Z"),
        ("At - 1d4h", "2026-11-02 10:00", "2026-11-01T11:00Z", "2026-11-01T06:00Z"),
        # This hour happens twice in London, and in New York it is summer time.
        ("At", "2026-10-25 01:30", "2026-10-25T05:30Z", "2026-10-25T00:30Z"),
        # This one never happens in London.
        ("At", "2026-03-29 01:30", "2026-03-29T05:30Z", "2026-03-29T00:30Z"),
        ("At", "", None, None),
    ],
)
def test_call_from_is_the_latest_instant_of_all_zones_and_call_by_the_earliest(
    moment: str, cell: str, call_from: str | None, call_by: str | None
) -> None:
    # The address is in Britain, the number in New York.
    cells = {"Mobile": "+1 212 555 0101", "Land": "GB", "At": cell}
    columns = {"phone": "Mobile", "country": "Land"}
    found = contact(cells, columns, {"call_from": moment, "call_by": moment})
    assert found.zones == ("Europe/London", "America/New_York")
    if moment == "At - 3d" and cell.endswith("-05:00"):
        # An instant of its own: 15:00 in London and 10:00 in New York, both three days before on the wall.
        assert {found.call_from, found.call_by} == {
            datetime(2026, 10, 30, 15, tzinfo=UTC), datetime(2026, 10, 30, 14, tzinfo=UTC),
        }  # fmt: skip
        return
    assert found.call_from == (datetime.fromisoformat(call_from) if call_from else None)
    assert found.call_by == (datetime.fromisoformat(call_by) if call_by else None)


@pytest.mark.parametrize("cell", ["23-11-2026", "20261123", "2026-W48-1", "soon", "2026-13-01", "9999-12-31", "\u0662"])
def test_a_moment_that_cannot_be_read_makes_the_row_bad(cell: str) -> None:
    said = reason(GOOD | {"At": cell}, source={"call_by": "At + 3d"})
    assert said.startswith("At: not a date or time")


def test_local_time_without_a_zone_makes_the_row_bad() -> None:
    nowhere = {"Mobile": "+80012345678", "At": "2026-11-23 10:00"}
    assert "zone is not known" in reason(nowhere, {"phone": "Mobile"}, {"call_from": "At"})
    exact = nowhere | {"At": "2026-11-23T10:00Z"}
    found = contact(exact, {"phone": "Mobile"}, {"call_from": "At - 1d"})
    assert found.call_from == datetime(2026, 11, 22, 10, tzinfo=UTC)


def test_every_column_that_is_missing_is_told_at_once() -> None:
    said = problems(
        {"phone": ["Mobil", "Work"], "name": "naam", "id": "Klantnummer"},
        {"call_from": "Att - 3d"},
        variables={"a": "{{ remarc }}", "b": "{{ row['Werk'] }}", "c": "{{ oops", "d": "{{ name }} {{ phone }}"},
    )
    for part in (
        "list.csv:1: has no column 'Mobil', which columns.phone names. Did you mean 'Mobile'?",
        "'naam', which columns.name names. Did you mean 'Naam'?",
        "'Klantnummer'", "It has: Mobile, Work,", "'Att', which call_from names. Did you mean 'At'?",
        "'remarc', which variables.a names. Did you mean 'remark'?", "'Werk'", "variables.c: ",
    ):  # fmt: skip
        assert part in said
    assert len(said.splitlines()) == 7


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("Hi {{ name }}!", "Hi Ann!"),
        ("{{ phone }} {{ id }} {{ key }} {{ timezone }}", "+442079460001 7 v1 Europe/London"),
        ("{{ row['Naam'] | upper }}", "ANN"),
        ("{{ row['OK to call'] | default('any time') }}", "any time"),
        ("{{ remark | default('-') }}{{ nowhere | default('') }}{{ row['No such'] | default('!') }}", "-!"),
        ("{{ remark if remark is defined else 'none' }}", "none"),
        ("{{ 'a' if name == 'Ann' and not language is defined else 'b' }}", "a"),
        ("{{ row['Naam'][:1] ~ '.' }}", "A."),
        ("{{ name | replace('n', 'nn') | truncate(4, true, '', 0) }}", "Annn"),
        ("{{ id | int + 1 }} {{ '2.345' | round(1) }}", "8 2.3"),
        ("plain {# a note #}text", "plain text"),
        ("", ""),
    ],
)
def test_variables_are_made_from_the_row(template: str, value: str) -> None:
    assert contact(GOOD, variables={"v": template}).variables == {"v": value}


def test_an_empty_cell_makes_the_row_bad_unless_defaulted() -> None:
    assert reason(GOOD, variables={"v": "{{ remark }}"}) == "variable v: 'remark' is empty"
    assert reason(GOOD, variables={"v": "{{ row['Taal'] }}"}) == "variable v: 'Taal' is empty"
    assert reason(GOOD, variables={"v": "{{ language | upper }}"}) == "variable v: 'language' is empty"
    assert reason(GOOD, variables={"v": "{{ name - 1 }}"}) == "variable v: its value cannot be made from this row"


def test_a_mapped_name_wins_over_a_header_of_that_name() -> None:
    header = ["phone", "name", "Naam"]
    whole = campaign({"file": "f.csv", "columns": {"phone": "phone", "name": "Naam"}}, variables={"v": "{{ name }}"})
    assert isinstance(whole.contacts[0], FileList)
    mapper = row_mapper(whole.contacts[0], whole, header, file="f.csv")
    full = mapper(Row(2, {"phone": "+442079460001", "name": "wrong", "Naam": "right"}))
    empty = mapper(Row(3, {"phone": "+442079460001", "name": "wrong", "Naam": ""}))
    assert isinstance(full, Contact)
    assert full.variables == {"v": "right"}
    assert empty == BadRow(3, "variable v: 'name' is empty")


@pytest.mark.row("X5")
@pytest.mark.parametrize(
    "template",
    [
        "{{ 'a' * 10**9 }}", "{{ 2 ** 99999999 }}", "{% for x in range(10**9) %}{% endfor %}",
        "{% if name %}{% endif %}", "{{ range(10**9) }}", "{{ name.upper() }}", "{{ ''.__class__ }}",
        "{{ name|attr('x') }}", "{{ '%999999999d' % 1 }}",
        "{{ row }}", "{{ row | length }}", "{{ row[name] }}", "{{ [1, 2] }}", "{% include 'x' %}", "{{ lipsum() }}",
        "{{ name | map('upper') }}", "{{ name is string }}", "{{ 7 // 0 }}", "{{ name", "x" * 2001, "{{ " + "(" * 900,
    ],
)  # fmt: skip
def test_templates_that_could_hang_or_reach_out_are_refused(template: str) -> None:
    assert problems(variables={"v": template}).startswith("variables.v: ")


@pytest.mark.row("X5")
def test_a_chain_that_grows_is_stopped_in_the_row() -> None:
    grow = " | replace('n', '" + "n" * 100 + "')"
    assert "cannot be made" in reason(GOOD, variables={"v": "{{ name" + grow * 6 + " }}"})


@pytest.mark.row("X5")
def test_values_are_data_and_never_templates_or_control_characters() -> None:
    cells = GOOD | {"remark": "{{ row }}\x1b[31m\n\u202eevil\ud800", "Naam": "A\x00nn\t" + "x" * 3000}
    found = contact(cells, variables={"v": "{{ remark }}", "w": "{{ name }}"})
    assert found.variables["v"] == "{{ row }} [31m evil"
    assert found.name == found.variables["w"]
    assert (len(found.name), found.name[:5]) == (2000, "A nn ")


_ANY = st.text(max_size=20) | st.sampled_from([*GOOD.values(), "2026-11-23 10:00", "NL", "1e5", "Mo 09:00-12:00"])


@given(st.dictionaries(st.sampled_from(HEADER), _ANY))
def test_any_row_is_a_contact_or_a_bad_row(cells: dict[str, str]) -> None:
    variables = {"v": "{{ remark | default('') | title }} {{ name | default('') | int }}"}
    found = read(cells, source={"region": "NL", "call_from": "At - 3d", "call_by": "At"}, variables=variables)
    assert isinstance(found, Contact | BadRow)


def exclusion(columns: Mapping[str, Any], cells: dict[str, str]) -> frozenset[tuple[str, str]]:
    exclude = Exclude.model_validate({"file": "out.csv", "columns": columns, "region": "NL"})
    return exclude_mapper(exclude, list(cells), file="out.csv")(Row(2, cells))


def test_an_exclude_list_names_numbers_ids_and_keys() -> None:
    cells = {"A": "020 000 0001", "B": "rubbish", "Nr": "7", "Visit": ""}
    columns = {"phone": ["A", "B"], "id": "Nr", "key": "Visit"}
    assert exclusion(columns, cells) == {("phone", "+31200000001"), ("id", "7")}
    assert exclusion({"phone": "B"}, cells) == frozenset()
    with pytest.raises(InputError, match=r"out.csv:1: has no column 'C'"):
        exclusion({"phone": "C"}, cells)


CONSENT = {"phone": "Mobile", "consent": "Naam", "consent_at": "At", "consent_proof": "remark"}
STATED = {"consent": {"basis": ["prior", "customer"], "proof": "clause 12"}}


def test_where_a_column_says_it_the_rows_own_consent_beats_the_lists() -> None:
    cells = {"Mobile": "+44 20 7946 0001", "At": "2026-01-05", "remark": "form 9"}
    given_at = datetime(2026, 1, 5, tzinfo=UTC)
    own = contact(cells | {"Naam": "prior_written"}, CONSENT, STATED)
    assert own.consents == (Consent(Basis.PRIOR_WRITTEN, "form 9", given_at),)
    assert contact(cells | {"Naam": ""}, CONSENT, STATED).consents == ()
    assert contact(cells | {"Naam": "none"}, CONSENT, STATED).consents == ()
    assert reason(cells | {"Naam": "yes"}, CONSENT, STATED).startswith("Naam: not a kind of consent. Known are")
    assert reason(cells | {"Naam": "prior", "At": "31.02.2026"}, CONSENT, STATED).startswith("At: not a date")


def test_the_lists_word_holds_for_everybody_where_no_column_says_it() -> None:
    cells = {"Mobile": "+44 20 7946 0001", "At": "2026-01-05", "remark": ""}
    plain = contact(cells, {"phone": "Mobile"}, STATED)
    assert plain.consents == (Consent(Basis.PRIOR, "clause 12"), Consent(Basis.CUSTOMER, "clause 12"))
    dated = contact(cells, {"phone": "Mobile", "consent_at": "At", "consent_proof": "remark"}, STATED)
    assert [(c.proof, c.given_at) for c in dated.consents] == [("clause 12", datetime(2026, 1, 5, tzinfo=UTC))] * 2
    assert contact(cells, {"phone": "Mobile"}).consents == ()


def test_the_debt_and_the_calls_of_others_reach_the_contact() -> None:
    columns = {"phone": "Mobile", "debt": "Nr", "last_attempts": "At"}
    cells = {"Mobile": "+44 20 7946 0001", "Nr": "A-7", "At": "2026-11-01 10:00 busy"}
    found = contact(cells, columns)
    assert found.debt == "A-7"
    assert found.earlier == (Earlier(datetime(2026, 11, 1, 10, tzinfo=UTC), Disposition.BUSY),)
    assert reason(cells | {"At": "lately"}, columns).startswith("At: not a")

"""Where a person may be: tables worked by hand over columns, addresses and numbers, and what must hold for all."""

from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers.tzdata import TIMEZONE_DATA

from campaigns.domain.numbering import area_of_number, country_of_number
from campaigns.domain.places import TERRITORIES, Address, area_of, area_of_postal_code, table
from campaigns.domain.whereabouts import country_of, jurisdictions_of, zones_of
from campaigns.domain.zones import is_zone, kept_time, zones_in

DUTCH, BRITISH, NEW_YORK, TORONTO, INDIAN = (
    "+31200000001",
    "+442079460001",
    "+12125550101",
    "+14165550101",
    "+919812345678",
)
BRITISH_MOBILE, RUSSIAN_MOBILE, AUSTRALIAN_MOBILE = "+447911123456", "+79161234567", "+61412345678"
US_FREE, INTERNATIONAL_FREE = "+18005550101", "+80012345678"


def of(
    *numbers: str, country: str | None = None, state: str | None = None, postal: str = "", **more: Any
) -> tuple[str, ...]:
    return zones_of(Address(country, state, postal), numbers, **more)


def test_the_column_decides_alone() -> None:
    assert of(DUTCH, country="US", column=" Asia/Kathmandu ") == ("Asia/Kathmandu",)
    assert of(DUTCH, column="  ") == ("Europe/Amsterdam",)


@pytest.mark.parametrize(
    ("written", "mend"),
    [
        ("Europe/Amsterdm", "Did you mean Europe/Amsterdam?"),
        ("half past nine", "Write an IANA name"),
        ("../zones", "Write an IANA name"),
        ("Factory", "."),
        ("Etc/Unknown", "."),
    ],
)
def test_a_column_that_names_no_zone_is_refused(written: str, mend: str) -> None:
    with pytest.raises(ValueError, match="is not a time zone") as refusal:
        of(column=written)
    assert mend in str(refusal.value)


@pytest.mark.parametrize("numbers", [(), ("nonsense",), (INTERNATIONAL_FREE,), ("+1",), ("+440000000000",)])
def test_nobody_knows_where_that_is(numbers: tuple[str, ...]) -> None:
    assert of(*numbers) == ()
    assert of(*numbers, country="XX") == ()


@pytest.mark.parametrize(
    ("numbers", "zones"),
    [
        ((DUTCH,), ("Europe/Amsterdam",)),
        ((BRITISH,), ("Europe/London",)),
        ((BRITISH_MOBILE,), ("Europe/London",)),  # four names, one time
        ((INDIAN,), ("Asia/Kolkata",)),
        ((NEW_YORK,), ("America/New_York",)),
        ((TORONTO,), ("America/Toronto",)),
        ((DUTCH, NEW_YORK), ("Europe/Amsterdam", "America/New_York")),
        ((DUTCH, "nonsense"), ("Europe/Amsterdam",)),
    ],
)
def test_numbers_tell_where_they_were_issued(numbers: tuple[str, ...], zones: tuple[str, ...]) -> None:
    assert of(*numbers) == zones


def test_a_number_without_a_place_may_be_anywhere_in_its_country() -> None:
    assert "Europe/Kaliningrad" in of(RUSSIAN_MOBILE)
    assert "Australia/Darwin" in of(AUSTRALIAN_MOBILE)
    assert {"America/New_York", "America/Los_Angeles", "Pacific/Honolulu", "Pacific/Guam"} <= set(of(US_FREE))


@pytest.mark.parametrize(
    ("country", "state", "zones"),
    [
        ("NL", None, ("Europe/Amsterdam",)),
        ("nl", "Utrecht", ("Europe/Amsterdam",)),
        ("GB", "SCT", ("Europe/London",)),
        ("US", "NY", ("America/New_York",)),
        ("US", "US-ca", ("America/Los_Angeles",)),
        ("US", "Texas", ("America/Chicago", "America/Denver")),
        ("US", "FL", ("America/New_York", "America/Chicago")),
        ("US", "IN", ("America/New_York", "America/Chicago")),
        ("US", "OR", ("America/Denver", "America/Los_Angeles")),
        ("US", "AZ", ("America/Denver", "America/Phoenix")),
        ("US", "AK", ("America/Anchorage", "America/Adak")),
        ("US", "HI", ("Pacific/Honolulu",)),
        ("US", "PR", ("America/Puerto_Rico",)),
        ("CA", "QC", ("America/Halifax", "America/Toronto", "America/Blanc-Sablon")),
        ("CA", "Ontario", ("America/Toronto", "America/Atikokan", "America/Winnipeg")),
        ("AU", "NSW", ("Australia/Sydney", "Australia/Broken_Hill", "Australia/Lord_Howe")),
        ("AU", "QLD", ("Australia/Brisbane",)),
        ("BR", "PE", ("America/Recife", "America/Noronha")),
    ],
)
def test_an_address_has_every_zone_of_its_country_or_state(
    country: str, state: str | None, zones: tuple[str, ...]
) -> None:
    assert of(country=country, state=state) == zones


def test_an_unknown_state_means_the_whole_country() -> None:
    assert of(country="US", state="Atlantis") == of(country="US")
    assert len(of(country="US")) == 8
    assert of(country="AU")[:2] == ("Australia/Lord_Howe", "Australia/Hobart")


@pytest.mark.parametrize("state", ["TX", "FL", "TN", "KY", "IN", "ND", "SD", "NE", "KS", "ID", "OR", "MI", "AZ", "AK"])
def test_split_states_have_more_than_one_zone(state: str) -> None:
    assert len(of(country="US", state=state)) == 2


@pytest.mark.parametrize(
    ("numbers", "country", "state", "zones"),
    [
        ((DUTCH,), "NL", None, ("Europe/Amsterdam",)),
        ((INDIAN,), "IN", None, ("Asia/Kolkata",)),
        ((DUTCH,), "DE", None, ("Europe/Berlin",)),  # another country, the same time
        ((NEW_YORK,), "US", None, ("America/New_York",)),
        ((NEW_YORK,), "US", "FL", ("America/New_York",)),
        ((US_FREE,), "US", "TX", ("America/Chicago", "America/Denver")),
        ((BRITISH_MOBILE,), "GB", "SCT", ("Europe/London",)),
    ],
)
def test_address_and_number_that_agree_narrow_each_other(
    numbers: tuple[str, ...], country: str, state: str | None, zones: tuple[str, ...]
) -> None:
    assert of(*numbers, country=country, state=state) == zones


def test_address_and_number_that_disagree_both_count() -> None:
    assert of(NEW_YORK, country="US", state="CA") == ("America/Los_Angeles", "America/New_York")
    assert of(DUTCH, country="GB") == ("Europe/London", "Europe/Amsterdam")
    assert of(INTERNATIONAL_FREE, country="GB") == ("Europe/London",)


def american(code: str) -> str:
    return f"+1{code}5550101"


CENTRAL, EASTERN, MOUNTAIN, PACIFIC = "America/Chicago", "America/New_York", "America/Denver", "America/Los_Angeles"
YUKON_TO_NUNAVUT = {
    "America/Whitehorse", "America/Inuvik", "America/Iqaluit", "America/Resolute", "America/Atikokan",
    "America/Cambridge_Bay",
}  # fmt: skip


@pytest.mark.parametrize(
    ("codes", "zones"),
    [
        ("270 364 606 423 729 850 448 219 574 812 930 906", {EASTERN, CENTRAL}),
        ("208 986 541 458 775", {MOUNTAIN, PACIFIC}),
        ("308 605 701 620 785", {CENTRAL, MOUNTAIN}),
        ("928", {MOUNTAIN, "America/Phoenix"}),
        ("907", {"America/Anchorage", "America/Adak"}),
        ("807", {"America/Toronto", "America/Winnipeg", "America/Atikokan"}),
        ("418 581 367", {"America/Toronto", "America/Halifax", "America/Blanc-Sablon"}),
        ("709 879", {"America/St_Johns", "America/Goose_Bay"}),
        ("250 236 672 778 257", set(area_of("CA-BC").zones)),
        ("604", {"America/Vancouver"}),
        ("867", {*area_of("CA-YT").zones, *area_of("CA-NT").zones, *area_of("CA-NU").zones}),
        ("689 305", {EASTERN}),
        ("915", {MOUNTAIN}),
        ("787 939", {"America/Puerto_Rico"}),
        ("658 876", {"America/Jamaica"}),
    ],
)
def test_a_split_area_code_and_its_overlays_have_every_zone_of_their_exchanges(codes: str, zones: set[str]) -> None:
    for code in codes.split():
        assert {kept_time(name) for name in of(american(code))} == {kept_time(name) for name in zones}, code


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+61730000000", {"Australia/Brisbane"}),
        ("+61890000000", {"Australia/Adelaide", "Australia/Darwin", "Australia/Perth", "Australia/Eucla"}),
        ("+61891640000", {"Indian/Christmas"}),
        ("+558130000000", {"America/Recife", "America/Noronha"}),
        ("+5581990000000", {"America/Recife", "America/Noronha"}),
        ("+559730000000", {"America/Manaus", "America/Eirunepe"}),
        ("+74012000000", {"Europe/Kaliningrad"}),
        ("+56322100000", {"America/Santiago", "Pacific/Easter"}),
        ("+56612200000", {"America/Punta_Arenas"}),
        ("+21321000000", {"Africa/Algiers"}),  # libphonenumber says Paris, which has summer time
    ],
)
def test_where_libphonenumber_is_wrong_or_too_sure_our_table_decides(number: str, zones: set[str]) -> None:
    assert {kept_time(name) for name in of(number)} == {kept_time(name) for name in zones}


def test_a_toll_free_number_is_anywhere_in_the_country_of_the_list_with_its_territories() -> None:
    american_list = set(of(US_FREE, region="US"))
    assert {"America/New_York", "Pacific/Honolulu", "Pacific/Guam", "Pacific/Pago_Pago"} <= american_list
    assert not american_list & {"America/St_Johns", "America/Regina"}
    assert set(of(US_FREE, region="CA")) == set(of(country="CA"))
    anywhere = {kept_time(name) for name in of(US_FREE, region="NL")}
    assert {kept_time(name) for name in (*american_list, "America/St_Johns")} <= anywhere
    assert of(US_FREE) == of(US_FREE, region="NL")


@pytest.mark.parametrize("number", [NEW_YORK, american("850"), american("604"), RUSSIAN_MOBILE, "+5581990000000"])
def test_strict_mobiles_may_be_anywhere_in_their_country(number: str) -> None:
    country = country_of_number(number)
    assert country
    everywhere = {kept_time(name) for name in zones_in(country)}
    assert everywhere <= {kept_time(name) for name in of(number, mobiles="strict")}


def test_strict_mobiles_are_where_the_address_says() -> None:
    assert of(NEW_YORK, country="US", state="NY", mobiles="strict") == (EASTERN,)
    assert set(of(NEW_YORK, country="US", state="CA", mobiles="strict")) == {PACIFIC, EASTERN}
    assert of(NEW_YORK, country="US", mobiles="strict") == of(country="US")


def test_strict_leaves_numbers_that_do_not_move_where_they_are() -> None:
    assert of("+61730000000", mobiles="strict") == ("Australia/Brisbane",)
    assert of("+551130000000", mobiles="strict") == of("+551130000000")


@pytest.mark.parametrize(
    ("country", "postal", "zones"),
    [
        ("US", "10001", {EASTERN}),
        ("US", "32501-1234", {CENTRAL}),
        ("US", "32401", {CENTRAL, EASTERN}),
        ("US", "79901", {CENTRAL, MOUNTAIN}),
        ("US", "37201", {CENTRAL}),
        ("US", "85001", {"America/Phoenix"}),
        ("US", "00901", {"America/Puerto_Rico"}),
        ("US", "96799", {"Pacific/Pago_Pago"}),
        ("US", "96913", {"Pacific/Guam"}),
        ("CA", "K1A 0B1", {"America/Toronto"}),
        ("CA", "v6b1a1", {"America/Vancouver"}),
        ("CA", "B3H 1A1", {"America/Halifax"}),
        ("AU", "4000", {"Australia/Brisbane"}),
        ("AU", "0872", {"Australia/Darwin", "Australia/Adelaide", "Australia/Perth", "Australia/Eucla"}),
    ],
)
def test_a_postal_code_narrows_its_country(country: str, postal: str, zones: set[str]) -> None:
    assert {kept_time(name) for name in of(country=country, postal=postal)} == {kept_time(name) for name in zones}


@pytest.mark.parametrize("postal", ["1000", "ABCDE", "10001x", "09012", "\u0661\u0660\u0660\u0660\u0661", "K1A 0B1"])
def test_a_postal_code_that_is_none_or_unknown_narrows_nothing(postal: str) -> None:
    assert of(country="US", postal=postal) == of(country="US")


def test_state_and_postal_code_that_disagree_both_count() -> None:
    assert set(of(country="US", state="NY", postal="90001")) == {EASTERN, PACIFIC}
    assert jurisdictions_of(Address("US", "OH", "90001")) == ("US-OH", "US-CA")
    assert jurisdictions_of(Address("US", "FL", "43215")) == ("US-FL", "US-OH")
    assert jurisdictions_of(Address("US", "CT", "06390")) == ("US-CT",)


FLORIDA, MARITIMES, NORTH = american("305"), american("902"), american("867")
STATES = {country: set(area_of(country).codes) for country in ("US", "CA", "AU", "BR")}


@pytest.mark.parametrize(
    ("address", "numbers", "codes"),
    [
        (Address("US", "OH"), (FLORIDA,), {"US-OH", "US-FL"}),
        (Address("US", "Ohio", "43215"), (), {"US-OH"}),
        (Address(), (MARITIMES,), {"CA-NS", "CA-PE"}),
        (Address(), (NORTH,), {"CA-YT", "CA-NT", "CA-NU"}),
        (Address(), (american("787"),), {"US-PR"}),
        (Address("PR"), (), {"US-PR"}),
        (Address(), (american("876"),), {"JM"}),
        (Address("NL"), (FLORIDA, DUTCH), {"NL", "US-FL"}),
        (Address("US", "Atlantis", "43215"), (), {"US-OH"}),
        (Address("GB", "Scotland"), (), {"GB-SCT"}),
        (Address(), ("+441481200000",), {"GG"}),
        (Address(), ("+262262000000",), {"RE"}),
        (Address(), ("+552130000000",), {"BR-RJ"}),
        (Address(), ("+556130000000",), {"BR-DF", "BR-GO"}),
        (Address(), ("+61200000000", AUSTRALIAN_MOBILE), STATES["AU"]),
        (Address("BR"), (), STATES["BR"]),
        (Address("CA", "Atlantis"), (), STATES["CA"]),
        (Address(), (INTERNATIONAL_FREE, "nonsense"), set()),
        (Address(), (), set()),
    ],
)
def test_the_law_of_everywhere_by_any_evidence_binds(
    address: Address, numbers: tuple[str, ...], codes: set[str]
) -> None:
    assert set(jurisdictions_of(address, numbers)) == codes


def test_a_bare_country_is_every_state_that_it_has() -> None:
    assert {country: len(codes) for country, codes in STATES.items()} == {"US": 56, "CA": 13, "AU": 8, "BR": 27}
    assert STATES["US"] < set(jurisdictions_of(Address("US")))
    assert set(jurisdictions_of(e164s=[US_FREE], region="CA")) == STATES["CA"]
    assert {*STATES["US"], *STATES["CA"], "JM", "TT"} <= set(jurisdictions_of(e164s=[US_FREE]))


@pytest.mark.parametrize(
    ("address", "numbers", "there"),
    [
        (Address("US", "NY"), (), True),
        (Address("US"), (), True),
        (Address(), (NEW_YORK,), True),
        (Address("US", None, "10001"), (), True),
        (Address("US", "NY", "11004-0001"), (), True),
        (Address("US", "NY", "14201"), (), False),
        (Address("US", "NY", "14201"), (NEW_YORK,), False),
        (Address("US", "NY", "garbage"), (), True),
        (Address("US", "OH"), (FLORIDA,), False),
        (Address("GB", None, "14201"), (NEW_YORK,), True),
    ],
)
def test_who_may_be_in_new_york_city_has_its_rules(address: Address, numbers: tuple[str, ...], there: bool) -> None:
    assert ("US-NY/New York City" in jurisdictions_of(address, numbers)) is there


@pytest.mark.parametrize(
    ("state", "postal", "numbers", "region", "country"),
    [
        ("TX", "", (FLORIDA,), None, "US"),
        ("Ohio", "", (DUTCH,), "US", "US"),
        ("WA", "", (AUSTRALIAN_MOBILE,), "US", None),  # Washington or Western Australia
        ("WA", "", (AUSTRALIAN_MOBILE,), "AU", "AU"),
        ("Atlantis", "", (FLORIDA,), "US", None),
        (None, "10001", (FLORIDA,), None, "US"),
        (None, "K1A 0B1", (FLORIDA,), "CA", "CA"),
        (None, "10001", (DUTCH,), None, None),
        ("Bayern", "", (), "DE", "DE"),
    ],
)
def test_an_address_without_a_country_is_in_the_only_one_that_has_its_state(
    state: str | None, postal: str, numbers: tuple[str, ...], region: str | None, country: str | None
) -> None:
    assert country_of(Address(None, state, postal), numbers, region=region) == country


AREA_CODES = table("area_codes.toml")
CORRECTED = {
    # The Yukon left Vancouver's summer time in 2020; Nunavut keeps its clocks when Manitoba changes its own.
    "867": {"America/Vancouver", "America/Winnipeg"},
    "879": {"America/Puerto_Rico"},  # stands for Labrador, which has summer time
    "907": {"Pacific/Honolulu"},  # stands for Adak, which has summer time
    "689": {"America/Chicago"},  # Orlando
}
"""Zones of libphonenumber that our table leaves out on purpose."""


@pytest.mark.parametrize("code", sorted(AREA_CODES["1"]))
def test_our_table_has_every_zone_that_libphonenumber_gives_to_an_exchange(code: str) -> None:
    given = {name for prefix, names in TIMEZONE_DATA.items() if prefix.startswith(f"1{code}") for name in names}
    ours = {kept_time(name) for name in of(american(code))}
    assert ours
    assert {name for name in given if kept_time(name) not in ours} <= CORRECTED.get(code, set())


def test_our_table_knows_every_area_code_that_libphonenumber_does() -> None:
    theirs = {prefix[1:4] for prefix in TIMEZONE_DATA if prefix.startswith("1") and len(prefix) >= 4}
    assert theirs <= AREA_CODES["1"].keys()


@pytest.mark.parametrize("rows", [*AREA_CODES.values(), *table("postal_codes.toml").values()], ids=len)
def test_every_row_of_the_tables_names_places_and_zones_that_exist(rows: dict[str, str]) -> None:
    for words in rows.values():
        assert all(is_zone(word) for word in words.split() if "/" in word)
        assert any("/" not in word for word in words.split())


def test_every_zone_of_a_row_is_kept_in_its_places() -> None:
    for calling_code, rows in AREA_CODES.items():
        for code, words in rows.items():
            places = [area_of(word) for word in words.split() if "/" not in word]
            kept = {kept_time(name) for place in places for name in place.zones}
            number = f"+{calling_code}{code}".ljust(12, "0")
            found = area_of_number(number, None)
            assert found
            assert kept >= {kept_time(name) for name in found.zones} != set(), code


def test_every_prefix_of_a_state_is_in_that_state() -> None:
    for prefix, state in (("350", "AL"), ("369", "AL"), ("005", "NY"), ("149", "NY"), ("999", "AK"), ("733", "TX")):
        found = area_of_postal_code("US", f"{prefix}01")
        assert found
        assert found.codes == (f"US-{state}",)


ANY_NUMBER = st.builds(
    "+{}{}{:07}".format, st.just("1"), st.sampled_from(sorted(AREA_CODES["1"])), st.integers(0, 9_999_999)
) | st.sampled_from([DUTCH, BRITISH, INDIAN, RUSSIAN_MOBILE, AUSTRALIAN_MOBILE, US_FREE, "+5581990000000"])
ANY_ADDRESS = st.builds(
    Address,
    st.sampled_from([None, "US", "CA", "AU", "BR", "NL", "PR", "XX"]),
    st.none() | st.sampled_from(["TX", "WA", "CA", "Ohio", "SP", "Atlantis"]) | st.text(max_size=5),
    st.just("") | st.from_regex(r"[0-9]{4,5}", fullmatch=True) | st.text(max_size=8),
)
ANY_REGION = st.sampled_from([None, "US", "CA", "JM", "PR", "NL"])


@given(ANY_ADDRESS, st.lists(ANY_NUMBER, min_size=1, max_size=2), ANY_REGION)
def test_who_has_a_number_has_zones_and_laws_and_strict_means_more(
    address: Address, numbers: list[str], region: str | None
) -> None:
    zones = partial(zones_of, address, numbers, region=region)
    lax = {kept_time(name) for name in zones()}
    assert lax
    assert lax <= {kept_time(name) for name in zones(mobiles="strict")}
    codes = jurisdictions_of(address, numbers, region=region)
    assert set(jurisdictions_of(Address(), numbers, region=region)) - {"US-NY/New York City"} <= set(codes)
    assert not TERRITORIES & set(codes)
    assert len(set(codes)) == len(codes) > 0


def test_a_state_of_any_country_narrows_whose_holidays_count() -> None:
    assert jurisdictions_of(Address("DE", "Bayern"), ["+4915550000001"]) == ("DE-BY",)
    assert jurisdictions_of(Address("DE", "Nowhere"), ["+4915550000001"]) == ("DE",)
    assert jurisdictions_of(Address("DE", "BY"), ["+442079460123"]) == ("DE-BY", "GB")

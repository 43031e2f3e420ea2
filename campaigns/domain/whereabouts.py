"""Where a person may be, from what a list says and from their numbers: whose clock counts, and whose law binds."""

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from .numbering import area_if_moved, area_of_number
from .places import Address, area_of_address, area_of_postal_code, area_of_state, unique, us_zip
from .zones import distinct, kept_time, subdivision, zone

_NOWHERE = Address()
_CITY = "US-NY/New York City"
# Bronx, Manhattan, Staten Island, Queens and Brooklyn; 110 is Queens in part.
_CITY_ZIPS = ("100", "101", "102", "103", "104", "111", "112", "113", "114", "116", "11001", "11004", "11005", "11040")


def zones_of(
    address: Address = _NOWHERE,
    e164s: Sequence[str] = (),
    *,
    column: str | None = None,
    region: str | None = None,
    mobiles: Literal["strict"] | None = None,
) -> tuple[str, ...]:
    """The IANA zones a person may be in; empty when nobody knows.

    The column decides alone. Else address and numbers together: what both allow, or everything when they disagree.
    Zones that keep the same time are named once.

    Args:
        address: Where the list says they live.
        e164s: All numbers of the person; they tell where a number was issued, not where its owner is.
        column: What the list says of the zone, an IANA name.
        region: ISO 3166-1 code of the list's country: toll-free numbers of +1 may be anywhere there.
        mobiles: `strict`: who has a number that moves may be anywhere in its country, unless the address tells.

    Raises:
        ValueError: The column holds no IANA name.
    """
    if column and column.strip():
        return (zone(column.strip()).key,)
    home = area_of_address(address)
    there = home.zones if home else ()
    zones = _together(there, _numbers(e164s, region))
    if not mobiles:
        return zones
    moved = unique(area.zones for number in e164s if (area := area_if_moved(number, region)))
    return _united(zones, _together(there, moved))


def jurisdictions_of(
    address: Address = _NOWHERE, e164s: Sequence[str] = (), *, region: str | None = None
) -> tuple[str, ...]:
    """ISO 3166 codes of everywhere the person may be by any evidence, so whose law binds; empty when nobody knows.

    A country of the US, CA, AU and BR whose state is not known is all of its states, because the law of any may bind;
    territories of the USA are `US-PR` and so on. Who may be in New York and has no ZIP code outside the city has
    `US-NY/New York City` too, for the city has rules of its own.

    Args:
        address: Where the list says they live.
        e164s: All numbers of the person. Several states presume residence from the area code.
        region: As in `zones_of`.
    """
    areas = (area_of_address(address), *(area_of_number(number, region) for number in e164s))
    return _codes(tuple(area.codes for area in areas if area), _may_be_in_the_city(address))


def country_of(address: Address, e164s: Sequence[str], *, region: str | None) -> str | None:
    """The country of an address that names none: the only one of the numbers' and the list's that has such a state,
    or, where no state is given, such a postal code; None: none of them or several."""
    issued = (area.codes for number in e164s if (area := area_of_number(number, region)))
    countries = dict.fromkeys([*([region] if region else []), *(code[:2] for code in unique(issued))])
    found = [country for country in countries if _has(country, address)]
    return found[0] if len(found) == 1 else None


def _has(country: str, address: Address) -> bool:
    if address.state:
        return bool(area_of_state(country, address.state) or subdivision(country, address.state))
    return area_of_postal_code(country, address.postal_code) is not None


def _numbers(e164s: Sequence[str], region: str | None) -> tuple[str, ...]:
    areas = [area for number in e164s if (area := area_of_number(number, region))]
    return areas[0].zones if len(areas) == 1 else unique(area.zones for area in areas)


@lru_cache(maxsize=65536)
def _together(address: tuple[str, ...], numbers: tuple[str, ...]) -> tuple[str, ...]:
    by_number = {kept_time(name) for name in numbers}
    agreed = [name for name in address if kept_time(name) in by_number]
    return distinct(agreed or (*address, *numbers))


@lru_cache(maxsize=65536)
def _united(one: tuple[str, ...], two: tuple[str, ...]) -> tuple[str, ...]:
    return distinct((*one, *two))


@lru_cache(maxsize=65536)
def _codes(groups: tuple[tuple[str, ...], ...], city: bool) -> tuple[str, ...]:
    found = unique(groups)
    # Whoever is known to be in a state is not anywhere in the country for a number that says no more than the country.
    codes = tuple(code for code in found if "-" in code or not any(c.startswith(f"{code}-") for c in found))
    return (*codes, _CITY) if city and "US-NY" in codes else codes


@lru_cache(maxsize=65536)
def _may_be_in_the_city(address: Address) -> bool:
    code = us_zip(address.postal_code) if (address.country or "").strip().upper() == "US" else None
    return code is None or code.startswith(_CITY_ZIPS)

"""Where a number was issued: by our own table of area codes, else by libphonenumber."""

import re
from functools import cache, lru_cache

import phonenumbers
from phonenumbers.timezone import time_zones_for_number

from .places import TERRITORIES, Area, area_of, area_written, longest, table, unique
from .zones import distinct, is_zone, kept_time, zones_in

_E164 = re.compile(r"\+(1\d{10}|[2-9]\d{6,14})")
_E164_BEGUN = re.compile(r"\+[1-9]\d{6}", re.ASCII)
_KINDS = phonenumbers.PhoneNumberType
_MOVING = (_KINDS.MOBILE, _KINDS.FIXED_LINE_OR_MOBILE)
_LONGEST = 7
"""Digits of the longest prefix in the table."""
TELLING = _LONGEST + 1
"""Of a number with its plus."""


def area_of_number(e164: str, region: str | None) -> Area | None:
    """Everywhere a number may have been issued; None: it is no number, or of no country.

    Args:
        e164: A number that is valid.
        region: ISO 3166-1 code of the campaign's or list's country. It narrows numbers of +1 that belong to no place,
            such as toll-free ones; they may be anywhere in that country and its territories, without it anywhere
            in +1.
    """
    if not _E164.fullmatch(e164):
        return None
    return _listed(e164[1 : _LONGEST + 1]) or _of_one_clock(e164[1:4]) or _by_library(e164, region)


@lru_cache(maxsize=65536)
def telling(digits: str) -> int:
    """How many leading characters of an E.164 number say as much of its place as all of it; 0: it takes them all.

    Args:
        digits: Its first `TELLING` characters.
    """
    told = _listed(digits[1:]) or _of_one_clock(digits[1:4]) if _E164_BEGUN.fullmatch(digits) else None
    return TELLING if told else 0


@lru_cache(maxsize=65536)
def area_if_moved(e164: str, region: str | None) -> Area | None:
    """As `area_of_number`, but everywhere in the country for numbers that move with their owner: mobiles, and
    in +1 all numbers of a place, which may be mobiles."""
    area = area_of_number(e164, region)
    anywhere = _anywhere(area) if area else None
    if anywhere == area or e164.startswith("+1") or _parsed(e164)[1] in _MOVING:
        return anywhere
    return area


def country_of_number(e164: str) -> str | None:
    """ISO 3166-1 code of the country that issued it; None: an international number."""
    if not _E164.fullmatch(e164):
        return None
    if listed := _listed(e164[1 : _LONGEST + 1]) or _of_one_clock(e164[1:4]):
        country, _, state = listed.codes[0].partition("-")
        return state if country == "US" and state in TERRITORIES else country
    region = phonenumbers.region_code_for_number(_parsed(e164)[0])
    return region if region in phonenumbers.SUPPORTED_REGIONS else None


@cache
def _anywhere(area: Area) -> Area:
    countries = dict.fromkeys(code.partition("-")[0] for code in area.codes)
    whole = [area_of(country) for country in countries]
    return Area(
        unique((area.codes, *(one.codes for one in whole))), unique((area.zones, *(one.zones for one in whole)))
    )


@lru_cache(maxsize=65536)
def _listed(digits: str) -> Area | None:
    return longest(_area_codes(), digits)


@cache
def _area_codes() -> dict[str, Area]:
    return {
        f"{calling_code}{code}": area_written(words)
        for calling_code, rows in table("area_codes.toml").items()
        for code, words in rows.items()
    }


@cache
def _of_one_clock(digits: str) -> Area | None:
    """The country of a calling code that is its only one and keeps one time: there the rest of a number tells nothing.

    Args:
        digits: The first three of the number; no calling code is longer, and none begins another.
    """
    for n in range(1, 4):
        if regions := phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(digits[:n])):
            one = area_of(regions[0])
            return one if len(regions) == len(distinct(one.zones)) == 1 else None
    return None


@lru_cache(maxsize=256)
def _parsed(e164: str) -> tuple[phonenumbers.PhoneNumber, int]:
    """The number and its type: kept for the few questions that follow each other about one number."""
    number = phonenumbers.parse(e164)
    return number, phonenumbers.number_type(number)


@lru_cache(maxsize=4096)
def _by_library(e164: str, region: str | None) -> Area | None:
    try:
        number, kind = _parsed(e164)
    except phonenumbers.NumberParseException:
        return None
    if kind == _KINDS.UNKNOWN:
        return None
    country = phonenumbers.region_code_for_number(number)
    geographic = phonenumbers.is_number_type_geographical(kind, number.country_code or 0)
    if number.country_code == 1:
        return area_of(country) if geographic and country else _of_no_place(region)
    codes = area_of(country).codes if country in phonenumbers.SUPPORTED_REGIONS else ()
    return Area(codes, _zones(number, geographic=geographic))


@cache
def _of_no_place(region: str | None) -> Area:
    """The country of a list with its territories, or all countries of +1."""
    members = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[1]
    if region == "US" or region in TERRITORIES:
        wanted = ["US", *(f"US-{territory}" for territory in sorted(TERRITORIES))]
    elif region in members:
        wanted = [str(region)]
    else:
        wanted = [f"US-{member}" if member in TERRITORIES else member for member in members]
    areas = [area_of(code) for code in wanted]
    return Area(unique(area.codes for area in areas), unique(area.zones for area in areas))


def _zones(number: phonenumbers.PhoneNumber, *, geographic: bool) -> tuple[str, ...]:
    """The zones that libphonenumber gives, as far as the countries of the calling code keep them.

    Its tables give foreign zones too (Paris for Algeria); then, and for numbers without a place, of which it knows a
    sample of zones only, every zone of those countries counts.
    """
    own = _by_calling_code(number.country_code or 0)
    if own and not geographic:
        return own
    known = [name for name in time_zones_for_number(number) if is_zone(name)]
    kept = {kept_time(name) for name in known}
    return tuple(name for name in own if kept_time(name) in kept) or own or tuple(known)


@cache
def _by_calling_code(code: int) -> tuple[str, ...]:
    return unique(zones_in(region) for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(code, ()))

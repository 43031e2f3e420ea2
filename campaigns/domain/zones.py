"""Finds where a person may be: the time zones, from what a list says and from their numbers, and the public holidays.

Zones and their rules come from the `tzdata` wheel alone, so that every machine computes the same instants.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain
from warnings import catch_warnings, filterwarnings
from zoneinfo import ZoneInfo

import holidays
import phonenumbers
from phonenumbers.timezone import time_zones_for_number

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_ALIKE_FROM, _ALIKE_TO = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
"""Zones that keep the same time all through these years are taken as one."""

_SUBDIVISIONS = {
    "US": {
        "America/New_York": "CT DC DE FL GA IN KY MA MD ME MI NC NH NJ NY OH PA RI SC TN VA VT WV",
        "America/Chicago": "AL AR FL IA IL IN KS KY LA MI MN MO MS ND NE OK SD TN TX WI",
        "America/Denver": "AZ CO ID KS MT ND NE NM NV OR SD TX UT WY",  # AZ: the Navajo Nation
        "America/Phoenix": "AZ",
        "America/Los_Angeles": "CA ID NV OR WA",
        "America/Anchorage": "AK",
        "America/Adak": "AK",
        "Pacific/Honolulu": "HI",
        "America/Puerto_Rico": "PR",
        "America/St_Thomas": "VI",
        "Pacific/Guam": "GU",
        "Pacific/Saipan": "MP",
        "Pacific/Pago_Pago": "AS",
    },
    "CA": {
        "America/St_Johns": "NL",
        "America/Goose_Bay": "NL",
        "America/Halifax": "NS PE QC",  # QC: the Magdalen Islands
        "America/Moncton": "NB",
        "America/Toronto": "ON QC",
        "America/Blanc-Sablon": "QC",
        "America/Iqaluit": "NU",
        "America/Atikokan": "ON NU",
        "America/Winnipeg": "MB ON SK",  # SK: around Flin Flon
        "America/Resolute": "NU",
        "America/Rankin_Inlet": "NU",
        "America/Cambridge_Bay": "NU",
        "America/Regina": "SK",
        "America/Swift_Current": "SK",
        "America/Edmonton": "AB BC NT SK",
        "America/Inuvik": "NT",
        "America/Vancouver": "BC",
        "America/Creston": "BC",
        "America/Dawson_Creek": "BC",
        "America/Fort_Nelson": "BC",
        "America/Whitehorse": "YT",
        "America/Dawson": "YT",
    },
    "AU": {
        "Australia/Sydney": "ACT NSW",
        "Australia/Broken_Hill": "NSW",
        "Australia/Lord_Howe": "NSW",
        "Australia/Melbourne": "VIC",
        "Australia/Brisbane": "QLD",
        "Australia/Lindeman": "QLD",
        "Australia/Hobart": "TAS",
        "Antarctica/Macquarie": "TAS",
        "Australia/Adelaide": "SA",
        "Australia/Darwin": "NT",
        "Australia/Perth": "WA",
        "Australia/Eucla": "SA WA",
    },
    "BR": {
        "America/Sao_Paulo": "DF ES GO MG PR RJ RS SC SP",
        "America/Recife": "PE",
        "America/Noronha": "PE",
        "America/Fortaleza": "CE MA PB PI RN",
        "America/Bahia": "BA",
        "America/Maceio": "AL SE",
        "America/Belem": "AP PA",
        "America/Santarem": "PA",
        "America/Araguaina": "TO",
        "America/Campo_Grande": "MS",
        "America/Cuiaba": "MT",
        "America/Manaus": "AM",
        "America/Eirunepe": "AM",
        "America/Boa_Vista": "RR",
        "America/Porto_Velho": "RO",
        "America/Rio_Branco": "AC",
    },
}
"""Every zone that some place of a state or province keeps (source: the comments of `zone.tab`, and the IANA data)."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person may be: an IANA zone, and whose public holidays hold (ISO 3166-1, and a state by code or name)."""

    zone: str
    country: str | None
    state: str | None


def zones_of(
    *, zone_column: str | None, country: str | None, state: str | None, e164: Sequence[str]
) -> tuple[str, ...]:
    """The IANA zones a person may be in; empty when nobody knows.

    The column decides alone. Else address and numbers together: what both allow, or everything when they disagree.
    Zones that keep the same time are named once.

    Args:
        zone_column: What the list says, an IANA name.
        country: ISO 3166-1 code of the address.
        state: Its state or province, by ISO 3166-2 code or name; narrows US, CA, AU and BR.
        e164: All numbers of the person. Source: libphonenumber, which knows where a number was issued.

    Raises:
        ValueError: The column holds no IANA name.
    """
    if zone_column and zone_column.strip():
        return (zone(zone_column.strip()).key,)
    numbers = dict.fromkeys(name for number in e164 for name in _zones_of_number(number))
    return _together(_zones_of_address(country, state), tuple(numbers))


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name, old names included, by the `tzdata` wheel. ValueError: no such zone."""
    if name not in _names():
        near = get_close_matches(name, _names(), n=1)
        mend = f"Did you mean {near[0]}?" if near else "Write an IANA name such as Europe/Amsterdam."
        raise ValueError(f"'{name[:40]}' is not a time zone. {mend}")
    with files("tzdata").joinpath("zoneinfo", *name.split("/")).open("rb") as data:
        return ZoneInfo.from_file(data, key=name)


@lru_cache(maxsize=65536)
def offsets_on(name: str, day: date) -> tuple[tuple[datetime, datetime, timedelta], ...]:
    """A UTC day of a zone in pieces of one offset each: (from, to, offset from UTC); two when clocks change."""
    start = datetime.combine(day, time(), UTC)
    end = start + _DAY
    first, last = _offset(name, start), _offset(name, end)
    if first == last:
        return ((start, end, first),)
    change = _change(name, start, end)
    return tuple(piece for piece in ((start, change, first), (change, end, last)) if piece[0] < piece[1])


def subdivision(country: str, state: str | None) -> str | None:
    """`CA`, `US-CA`, `California` → `CA`, as the library `holidays` spells it; None: no such state."""
    known = _subdivisions(country)
    wanted = (state or "").strip().casefold()
    return known.get(wanted) or known.get(wanted.removeprefix(f"{country.casefold()}-"))


@cache
def _subdivisions(country: str) -> dict[str, str]:
    try:
        calendar = holidays.country_holidays(country)
    except NotImplementedError:
        return {}
    aliases = {name: code for code, names in calendar.get_subdivision_aliases().items() for name in names}
    return {name.casefold(): code for name, code in ({code: code for code in calendar.subdivisions} | aliases).items()}


def public_holidays(country: str, state: str | None, years: Iterable[int]) -> dict[date, str]:
    """Public holidays, actual and observed days, with their names. Source: the library `holidays`.

    Args:
        country: ISO 3166-1 code.
        state: A state or province by code or name; unknown ones have the national days only.
        years: Years that the library does not know have none.

    Raises:
        ValueError: The library does not know the country.
    """
    return dict(chain.from_iterable((holidays_in(country, state, year) or {}).items() for year in sorted(set(years))))


@lru_cache(maxsize=4096)
def holidays_in(country: str, state: str | None, year: int) -> dict[date, str] | None:
    """The public holidays of one year; None when the library knows nothing of that year."""
    code = country.strip().upper()
    found: dict[date, str] = {}
    with catch_warnings():
        filterwarnings("error", message="Requested Holidays are available")
        try:
            for observed in (True, False):
                region = subdivision(code, state)
                calendar = holidays.country_holidays(code, subdiv=region, years=year, observed=observed)
                found |= {day: calendar[day] for day in calendar}
        except NotImplementedError:
            mend = "Write an ISO code such as NL, or take PH out of the hours"
            raise ValueError(f"The public holidays of '{country[:40]}' are not known. {mend}.") from None
        except UserWarning:
            return None
    return dict(sorted(found.items())) if calendar.start_year <= year <= calendar.end_year else None


def _offset(name: str, at: datetime) -> timedelta:
    return at.astimezone(zone(name)).utcoffset() or timedelta()


def _change(name: str, low: datetime, high: datetime) -> datetime:
    """The first instant, to the second, that has the offset of `high`; the offsets of both ends differ."""
    before = _offset(name, low)
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) // 2
        middle = middle.replace(microsecond=0)
        low, high = (middle, high) if _offset(name, middle) == before else (low, middle)
    return high


@cache
def _kept_time(name: str) -> tuple[tuple[datetime, timedelta], ...]:
    """What tells zones apart: the first offset, then every change."""
    kept = [(_ALIKE_FROM, _offset(name, _ALIKE_FROM))]
    day = _ALIKE_FROM
    while day < _ALIKE_TO:
        day, before = day + _WEEK, day
        if (offset := _offset(name, day)) != kept[-1][1]:
            kept.append((_change(name, before, day), offset))
    return tuple(kept)


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The first of each group of zones that keep the same time."""
    first: dict[tuple[tuple[datetime, timedelta], ...], str] = {}
    for name in names:
        first.setdefault(_kept_time(name), name)
    return tuple(first.values())


@lru_cache(maxsize=4096)
def _together(address: tuple[str, ...], numbers: tuple[str, ...]) -> tuple[str, ...]:
    by_number = {_kept_time(name) for name in numbers}
    agreed = [name for name in address if _kept_time(name) in by_number]
    return _distinct(agreed or (*address, *numbers))


@lru_cache(maxsize=4096)
def _zones_of_address(country: str | None, state: str | None) -> tuple[str, ...]:
    code = (country or "").strip().upper()
    tables = _SUBDIVISIONS.get(code, {})
    region = subdivision(code, state) if tables else None
    return tuple(name for name, regions in tables.items() if region in regions.split()) or _by_country().get(code, ())


def _zones_of_number(e164: str) -> list[str]:
    """The zones that libphonenumber gives, those of the number's own country first.

    For numbers without a place its table is a sample of the country's zones (no Kaliningrad for a Russian mobile), so
    the rest of them is added.
    """
    try:
        number = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return []
    known = [name for name in time_zones_for_number(number) if name in _names()]
    local = _by_calling_code(number.country_code or 0)
    if known and not phonenumbers.is_number_geographical(number):
        return [*local, *known]
    return sorted(known, key=lambda name: local.index(name) if name in local else len(local))


@cache
def _by_calling_code(code: int) -> tuple[str, ...]:
    return tuple(
        name
        for region in phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(code, ())
        for name in _by_country().get(region, ())
    )


@cache
def _names() -> frozenset[str]:
    """Every zone name; `Etc/Unknown`, libphonenumber's word for no answer, is none, and `Factory` says nothing."""
    return frozenset(files("tzdata").joinpath("zones").read_text("utf-8").split()) - {"Factory"}


@cache
def _by_country() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    lines = files("tzdata").joinpath("zoneinfo", "zone.tab").read_text("utf-8").splitlines()
    for line in sorted(lines, key=lambda line: "Antarctica/" in line):  # so that Macquarie does not stand for Sydney
        if line and not line.startswith("#"):
            country, _, name = line.split("\t")[:3]
            found[country] = (*found.get(country, ()), name)
    return found

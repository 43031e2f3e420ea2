"""Where an address is: countries, their states and provinces, the zones kept there, and what postal codes tell."""

import re
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain

from .zones import subdivision, zones_in

_STATES = {
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
TERRITORIES = frozenset({"AS", "GU", "MP", "PR", "VI"})
"""Territories of the USA with country codes of their own; federal law binds there, so they are named as states."""
_POSTAL = {
    "US": re.compile(r"(\d{5})(?:-?\d{4})?"),
    "CA": re.compile(r"([A-Z]\d[A-Z]) ?\d[A-Z]\d"),
    "AU": re.compile(r"(\d{4})"),
}


@dataclass(frozen=True, slots=True)
class Address:
    """What a list says of where a person lives."""

    country: str | None = None
    """ISO 3166-1 code; without it the rest tells nothing."""
    state: str | None = None
    """By ISO 3166-2 code or name; tells something in the US, CA, AU and BR."""
    postal_code: str = ""
    """Tells something in the US, CA and AU."""


@dataclass(frozen=True, slots=True)
class Area:
    """Everywhere somebody may be: ISO 3166-1 or -2 codes, and IANA zones."""

    codes: tuple[str, ...]
    zones: tuple[str, ...]


@lru_cache(maxsize=65536)
def area_of_address(address: Address) -> Area | None:
    """Everywhere an address may be; None without a country.

    State and postal code narrow each other, and count both when they disagree; what is unknown or malformed tells
    nothing, so that the whole country remains.
    """
    country = (address.country or "").strip().upper()
    if not country:
        return None
    if country in TERRITORIES:
        return area_of(f"US-{country}")
    state = area_of_state(country, address.state)
    post = area_of_postal_code(country, address.postal_code)
    return _agreed(state, post) if state and post else state or post or area_of(country)


@cache
def area_of(code: str) -> Area:
    """A country, or one of its states or provinces; a bare US, CA, AU or BR may be any of them.

    The zones of the bare US are those of the fifty states: its territories are countries of their own in addresses.
    """
    country, _, state = code.partition("-")
    if state:
        return Area((code,), tuple(name for name, states in _STATES[country].items() if state in states.split()))
    return Area(tuple(f"{country}-{state}" for state in _states(country)) or (country,), zones_in(country))


def area_of_state(country: str, state: str | None) -> Area | None:
    """A state or province by code or name; None where there is no such state.

    Outside the table it narrows the public holidays, not the zones.
    """
    code = subdivision(country, state) if state else None
    if code and country not in _STATES:
        return Area((f"{country}-{code}",), zones_in(country))
    return area_of(f"{country}-{code}") if code in _states(country) else None


def area_of_postal_code(country: str, postal_code: str) -> Area | None:
    """Where a postal code is; None where the table does not know, or it is none."""
    code = us_zip(postal_code) if country == "US" else _postal_code(country, postal_code)
    return longest(_postal_codes().get(country, {}), code) if code else None


def us_zip(postal_code: str) -> str | None:
    """`10001-1234` → `10001`; None: not a ZIP code."""
    return _postal_code("US", postal_code)


def longest(table: dict[str, Area], text: str) -> Area | None:
    """The row of the longest prefix."""
    return next((table[text[:n]] for n in range(len(text), 0, -1) if text[:n] in table), None)


def area_written(words: str, country: str = "") -> Area:
    """A row of the tables: places, then the zones where those are fewer than all of the places."""
    names = words.split()
    zones = tuple(name for name in names if "/" in name)
    places = [area_of(f"{country}-{name}" if country else name) for name in names if "/" not in name]
    return Area(unique(place.codes for place in places), zones or unique(place.zones for place in places))


def unique(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Everything in the groups, each once and in order."""
    return tuple(dict.fromkeys(chain.from_iterable(groups)))


def table(name: str) -> dict[str, dict[str, str]]:
    """A table of the folder `data`, as written."""
    return tomllib.loads(files("campaigns.data").joinpath(name).read_text("utf-8"))


def _agreed(one: Area, two: Area) -> Area:
    """What both allow, or everything when they disagree."""
    codes = tuple(code for code in one.codes if code in two.codes)
    zones = tuple(name for name in one.zones if name in two.zones)
    if codes and zones:
        return Area(codes, zones)
    return Area(unique((one.codes, two.codes)), unique((one.zones, two.zones)))


@cache
def _states(country: str) -> tuple[str, ...]:
    return tuple(sorted({state for states in _STATES.get(country, {}).values() for state in states.split()}))


def _postal_code(country: str, text: str) -> str | None:
    written = _POSTAL[country].fullmatch(text.strip().upper()) if country in _POSTAL else None
    return written[1] if written else None


@cache
def _postal_codes() -> dict[str, dict[str, Area]]:
    return {
        country: {prefix: area_written(words, country) for text, words in rows.items() for prefix in _prefixes(text)}
        for country, rows in table("postal_codes.toml").items()
    }


def _prefixes(text: str) -> Iterator[str]:
    """`350-352` → 350, 351, 352."""
    first, _, last = text.partition("-")
    if not last:
        yield first
        return
    yield from (f"{number:0{len(first)}}" for number in range(int(first), int(last) + 1))

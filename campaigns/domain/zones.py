"""Time zones and public holidays: what a clock on the wall says somewhere, and which days are free there.

Zones and their rules come from the `tzdata` wheel alone, so that every machine computes the same instants.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from difflib import get_close_matches
from functools import cache, lru_cache
from importlib.resources import files
from itertools import chain
from unicodedata import combining, normalize
from warnings import catch_warnings, filterwarnings
from zoneinfo import ZoneInfo

import holidays

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_ALIKE_FROM, _ALIKE_TO = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
"""Zones that keep the same time all through these years are taken as one."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a person may be: an IANA zone, and whose public holidays hold (ISO 3166-1, and a state by code or name)."""

    zone: str
    country: str | None
    state: str | None


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
    wanted = _plain(state or "")
    return known.get(wanted) or known.get(wanted.removeprefix(f"{country.casefold()}-"))


def _plain(name: str) -> str:
    """Without accents, which lists often lack: `São Paulo` → `sao paulo`."""
    return "".join(c for c in normalize("NFKD", name.strip().casefold()) if not combining(c))


@cache
def _subdivisions(country: str) -> dict[str, str]:
    try:
        calendar = holidays.country_holidays(country)
    except NotImplementedError:
        return {}
    aliases = {name: code for code, names in calendar.get_subdivision_aliases().items() for name in names}
    return {_plain(name): code for name, code in ({code: code for code in calendar.subdivisions} | aliases).items()}


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
def kept_time(name: str) -> tuple[tuple[datetime, timedelta], ...]:
    """What tells zones apart: the first offset, then every change; zones that keep the same time are equal here."""
    kept = [(_ALIKE_FROM, _offset(name, _ALIKE_FROM))]
    day = _ALIKE_FROM
    while day < _ALIKE_TO:
        day, before = day + _WEEK, day
        if (offset := _offset(name, day)) != kept[-1][1]:
            kept.append((_change(name, before, day), offset))
    return tuple(kept)


def distinct(names: Iterable[str]) -> tuple[str, ...]:
    """The first of each group of zones that keep the same time."""
    first: dict[tuple[tuple[datetime, timedelta], ...], str] = {}
    for name in names:
        first.setdefault(kept_time(name), name)
    return tuple(first.values())


def zones_in(country: str) -> tuple[str, ...]:
    """Every zone of a country (ISO 3166-1) by `zone.tab`; territories with a code of their own are not in it."""
    return _by_country().get(country, ())


def is_zone(name: str) -> bool:
    """Whether `zone()` knows it."""
    return name in _names()


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

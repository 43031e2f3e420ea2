"""Holiday calendars that legal rules name: the library `holidays`, and small tables of our own where it has none.

Substitute days count as well as the days they stand for. Where the region is not known, every region's days count.
"""

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache

import holidays

from .zones import holidays_in, subdivision

_DAY = timedelta(days=1)
MON, TUE, THU, FRI = 0, 1, 3, 4


def days_off(keys: tuple[str, ...], country: str, region: str | None, year: int) -> frozenset[date] | None:
    """The holidays of one year by all these calendars; None: nobody knows them, so every day must be feared.

    Args:
        keys: ISO codes (`DE`, `US-AL`), the names of tables below, or named days (`good_friday`); `ZZ`: the
            person's own country.
        country: ISO 3166-1 code of the person.
        region: Their state or province by ISO 3166-2 code without the country; None: unknown.
        year: A calendar year.
    """
    found: set[date] = set()
    for key in keys:
        days = _days(country if key == "ZZ" else key, country, region, year)
        if days is None:
            return None
        found |= days
    return frozenset(found)


@lru_cache(maxsize=4096)
def _days(key: str, country: str, region: str | None, year: int) -> frozenset[date] | None:
    if key in NAMED or key in TABLES:
        names = TABLES.get(key, (key,))
        around = frozenset(NAMED[name](near) for name in names for near in (year - 1, year, year + 1))
        moved = _moved_on(around) if key == "AU-national" else _moved(around)
        return frozenset(day for day in around | moved if day.year == year)
    land, _, own = key.partition("-")
    if own:
        days = _known(land, own, year)
    elif land == country and region and subdivision(land, region):
        days = _known(land, region, year)
    else:
        days = _everywhere(land, year)
    return None if days is None else days | (_moved(days) if key in _SHIFTED else frozenset())


def _known(country: str, region: str | None, year: int) -> frozenset[date] | None:
    try:
        found = holidays_in(country, region, year)
    except ValueError:
        return None
    return None if found is None else frozenset(found)


def _everywhere(country: str, year: int) -> frozenset[date] | None:
    """The days of the whole country and of each of its regions."""
    days = _known(country, None, year)
    if days is None:
        return None
    for region in holidays.country_holidays(country).subdivisions:
        days |= _known(country, region, year) or frozenset()
    return days


def nth(year: int, month: int, weekday: int, n: int) -> date:
    """The n-th such weekday of a month; n = -1: the last."""
    if n < 0:
        last = date(year + month // 12, month % 12 + 1, 1) - _DAY
        return last - _DAY * ((last.weekday() - weekday) % 7)
    first = date(year, month, 1)
    return first + _DAY * ((weekday - first.weekday()) % 7 + 7 * (n - 1))


def easter(year: int) -> date:
    """Easter Sunday by the Gregorian rule (the anonymous computus)."""
    a, (b, c) = year % 19, divmod(year, 100)
    h = (19 * a + b - b // 4 - (b - (b + 8) // 25 + 1) // 3 + 15) % 30
    week = (32 + 2 * (b % 4) + 2 * (c // 4) - h - c % 4) % 7
    month, day = divmod(h + week - 7 * ((a + 11 * h + 22 * week) // 451) + 114, 31)
    return date(year, month, day + 1)


NAMED: dict[str, Callable[[int], date]] = {
    "new_year": lambda year: date(year, 1, 1),
    "mlk": lambda year: nth(year, 1, MON, 3),
    "australia_day": lambda year: date(year, 1, 26),
    "presidents": lambda year: nth(year, 2, MON, 3),
    "mardi_gras": lambda year: easter(year) - 47 * _DAY,
    "good_friday": lambda year: easter(year) - 2 * _DAY,
    "easter_monday": lambda year: easter(year) + _DAY,
    "anzac_day": lambda year: date(year, 4, 25),
    "memorial": lambda year: nth(year, 5, MON, -1),
    "flag_day": lambda year: date(year, 6, 14),
    "juneteenth": lambda year: date(year, 6, 19),
    "independence": lambda year: date(year, 7, 4),
    "labor": lambda year: nth(year, 9, MON, 1),
    "columbus": lambda year: nth(year, 10, MON, 2),
    "election_day": lambda year: nth(year, 11, MON, 1) + _DAY,
    "all_saints": lambda year: date(year, 11, 1),
    "veterans": lambda year: date(year, 11, 11),
    "thanksgiving": lambda year: nth(year, 11, THU, 4),
    "christmas": lambda year: date(year, 12, 25),
    "boxing_day": lambda year: date(year, 12, 26),
}
TABLES: dict[str, tuple[str, ...]] = {
    # ASSUMED, from memory: the seven days that are holidays all over Australia.
    "AU-national": (
        "new_year", "australia_day", "good_friday", "easter_monday", "anzac_day", "christmas", "boxing_day",
    ),
    # ASSUMED: the regulator's own list was not read; these are Louisiana's legal holidays, more rather than fewer.
    "US-LA-PSC": (
        "new_year", "mlk", "presidents", "mardi_gras", "good_friday", "memorial", "juneteenth", "independence",
        "labor", "columbus", "election_day", "all_saints", "veterans", "thanksgiving", "christmas",
    ),
}  # fmt: skip
_SHIFTED = frozenset({"US-AL"})
"""Calendars whose Sunday holidays move to Monday and whose Saturday holidays move to Friday, by the rule's own text."""


def _moved(days: frozenset[date]) -> frozenset[date]:
    """Where Saturday's and Sunday's holidays are also kept."""
    return frozenset(day - _DAY if day.weekday() == 5 else day + _DAY for day in days if day.weekday() >= 5)


def _moved_on(days: frozenset[date]) -> frozenset[date]:
    """Australia: a weekend's holiday is also kept on the next working day that is none."""
    kept: set[date] = set()
    for day in sorted(day for day in days if day.weekday() >= 5):
        later = (day + _DAY * n for n in range(1, 10))
        kept.add(next(other for other in later if other.weekday() < 5 and other not in days | kept))
    return frozenset(kept)

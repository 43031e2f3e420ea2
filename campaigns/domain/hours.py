"""Finds the instants at which people may be called: open when every clock is: texts in places, rows of the law.

The library `opening_hours` is asked in local wall time only, about texts whose `PH` is replaced by dates: its own
holidays lack days and regions, its own zones may be of another year than ours.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Protocol

from opening_hours import OpeningHours

from .hours_text import HORIZON, Span, compile_hours, names_public_holidays, normalised, with_dates
from .legal import LegalCase, legal_clocks
from .zones import Place, holidays_in, offsets_on, public_holidays, zone

_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class TextClock:
    """One text in one place; the country only where the text names PH."""

    name: str
    """The key that the text stands under."""
    text: str
    zone: str
    country: str | None
    state: str | None

    def spans_on(self, day: date) -> Iterator[Span]:
        """Open spans of a UTC day."""
        for start, end, offset in offsets_on(self.zone, day):
            local = start.replace(tzinfo=None) + offset
            for opens, closes in self.local_spans(local, end.replace(tzinfo=None) + offset):
                yield (opens - offset).replace(tzinfo=UTC), (closes - offset).replace(tzinfo=UTC)

    def local_spans(self, local: datetime, stop: datetime) -> Iterator[Span]:
        """Open spans in wall time, naive. `is_open` judges; `next_change` only says where to look next."""
        while local < stop:
            hours = _hours_in(self.text, self.country, self.state, local.year if self.country else 0)
            change = hours.next_change(local)
            until = stop if change is None else min(stop, max(change, local + _MINUTE))
            if hours.is_open(local):
                yield local, until
            local = until


class Clock(Protocol):
    """Hours of one source in one zone."""

    @property
    def name(self) -> str:
        """The rule's id, or the key of the file."""

    @property
    def zone(self) -> str: ...

    def spans_on(self, day: date) -> Iterator[Span]:
        """Open spans of a UTC day."""


@lru_cache(maxsize=4096)
def _hours_in(text: str, country: str | None, state: str | None, year: int) -> OpeningHours:
    """Right for local times of that year and 400 days after; closed in years whose holidays nobody knows."""
    if country is None:
        return compile_hours(text)
    years = range(year - 1, year + 3)
    unknown = [f"{year} off" for year in years if holidays_in(country, state, year) is None]
    return compile_hours("; ".join([with_dates(text.split("; "), public_holidays(country, state, years)), *unknown]))


class CallingWindow:
    """Open when every clock is open. Never changes; instants are aware."""

    __slots__ = ("_days", "_spans", "clocks", "legal")

    def __init__(self, clocks: tuple[Clock, ...], legal: LegalCase | None = None) -> None:
        self.clocks = (*clocks, *(legal_clocks(legal) if legal else ()))
        self.legal = legal
        self._days: dict[date, tuple[Span, ...]] = {}
        self._spans: dict[tuple[int, date], tuple[Span, ...]] = {}

    def __getstate__(self) -> tuple[None, dict[str, object]]:
        # What is only remembered to be quick does not travel.
        return None, {"clocks": self.clocks, "legal": self.legal, "_days": {}, "_spans": {}}

    def is_open(self, at: datetime) -> bool:
        return self._span_at(_in_utc(at)) is not None

    def next_open(
        self, after: datetime, *, before: datetime | None = None, margin: timedelta = timedelta(0)
    ) -> datetime | None:
        """The first instant from `after` on (and before `before`) that is open, and is so again `margin` later.

        UTC. None: there is none within 400 days.
        """
        first = _in_utc(after)
        end = first + HORIZON if before is None else min(before, first + HORIZON)
        found = self._first_open(first, end)
        while found is not None and margin:
            late = self._first_open(found + margin, end + margin)
            if late == found + margin:
                break
            found = None if late is None else self._first_open(late - margin, end)
        return found

    def closes_at(self, at: datetime, *, limit: datetime) -> datetime:
        """The first instant from `at` on that is closed, in UTC; at most `limit`, and at most 400 days on."""
        at = _in_utc(at)
        limit = min(limit, at + HORIZON)
        while at < limit and (span := self._span_at(at)):
            at = span[1]
        return _in_utc(min(at, limit))

    def closed_by(self, at: datetime) -> list[Clock]:
        """The clocks that are closed at `at`: those who decide; none where it is open."""
        at = _in_utc(at)
        return [
            clock
            for number, clock in enumerate(self.clocks)
            if not any(opens <= at < closes for opens, closes in self._of(number, at.date()))
        ]

    def spans(self, start: datetime, end: datetime) -> list[Span]:
        """The open spans within [start, end), in UTC, in order, as long as they go."""
        found: list[Span] = []
        while (opens := self.next_open(start, before=end)) is not None:
            start = self.closes_at(opens, limit=end)
            found.append((opens, start))
        return found

    def _first_open(self, after: datetime, end: datetime) -> datetime | None:
        day = after.date()
        while after < end and day <= end.date() + _DAY:
            for opens, closes in self._on(day):
                if closes > after:
                    found = max(opens, after)
                    return found if found < end else None
            day += _DAY
        return None

    def _span_at(self, at: datetime) -> Span | None:
        for span in self._on(at.date()):
            if span[0] <= at < span[1]:
                return span
        return None

    def _on(self, day: date) -> tuple[Span, ...]:
        """Open spans of a UTC day, kept: the same days are asked for again and again."""
        if day in self._days:
            return self._days[day]
        if len(self._days) > 1000:
            self._days.clear()
            self._spans.clear()
        start = datetime.combine(day, time(), UTC)
        spans: list[Span] = [(start, start + _DAY)]
        for number in range(len(self.clocks)):
            pairs = [(max(a, c), min(b, d)) for c, d in self._of(number, day) for a, b in spans] if spans else []
            spans = [(opens, closes) for opens, closes in pairs if opens < closes]
        return self._days.setdefault(day, tuple(spans))

    def _of(self, number: int, day: date) -> tuple[Span, ...]:
        """One clock's spans of a UTC day."""
        if (number, day) not in self._spans:
            self._spans[number, day] = tuple(self.clocks[number].spans_on(day))
        return self._spans[number, day]


def _in_utc(at: datetime) -> datetime:
    return at if at.tzinfo is UTC else at.astimezone(UTC)


@lru_cache(maxsize=4096)
def calling_window(texts: tuple[str, ...], places: tuple[Place, ...]) -> CallingWindow:
    """The instants at which all texts are open in all places.

    Raises ValueError: no text, no place, an unreadable text, an unknown zone, or `PH` where no country is known.
    """
    if not texts or not places:
        raise ValueError("Nobody knows where this person is. Give a time zone, a country or a number with +.")
    return CallingWindow(tuple(dict.fromkeys(clock for text in texts for clock in text_clocks(text, places))))


def text_clocks(text: str, places: Iterable[Place], *, name: str = "calling_hours") -> tuple[TextClock, ...]:
    """A text in each of the places, for a CallingWindow. Raises ValueError as `calling_window` does."""
    return tuple(_clock(name, text, place) for place in places)


def _clock(name: str, text: str, place: Place) -> TextClock:
    tidy, where = normalised(text), zone(place.zone).key
    if not names_public_holidays(tidy):
        return TextClock(name, tidy, where, None, None)
    if place.country is None:
        raise ValueError("The hours name PH, but no country is known. Give the contact a country, or take PH out.")
    public_holidays(place.country, place.state, (2026,))
    return TextClock(name, tidy, where, place.country, place.state)


def week(text: str, place: Place, start: date) -> list[tuple[date, list[tuple[str, str]], str]]:
    """Seven days from `start` as the text is understood there: date, spans in wall time, the public holiday's name.

    The end of a day is 24:00. Names only where the text has a rule for PH. Raises ValueError as `calling_window` does.
    """
    clock = _clock("calling_hours", text, place)
    rows = []
    for day in (start + timedelta(days=n) for n in range(7)):
        first = datetime.combine(day, time())
        spans = clock.local_spans(first, first + _DAY)
        known = public_holidays(clock.country, clock.state, [day.year]) if clock.country else {}
        written = [
            (f"{opens:%H:%M}", f"{closes:%H:%M}" if closes < first + _DAY else "24:00") for opens, closes in spans
        ]
        rows.append((day, written, known.get(day, "")))
    return rows

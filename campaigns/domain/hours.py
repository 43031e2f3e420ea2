"""Says when people may be called: refuses hours that would open more than they say, and finds the open instants.

The syntax is OpenStreetMap's, read by the library `opening_hours`. It is asked in local wall time only, about texts
whose `PH` is replaced by dates: its own holidays lack days and regions, its own zones may be of another year than ours.
"""

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

from opening_hours import OpeningHours, ParserError, State  # type: ignore[attr-defined]  # its stub forgets ParserError

from .zones import Place, holidays_in, offsets_on, public_holidays, zone

__all__ = [
    "CallingWindow", "Place", "Span", "calling_window", "names_public_holidays", "parse_hours", "public_holidays",
    "surprises", "week",
]  # fmt: skip

_SAMPLE = (2027, 2028, 2029)  # each date on a working day, and a 29 February: enough to tell what a rule adds
Span = tuple[datetime, datetime]
"""From, and up to but not including."""

_HORIZON = timedelta(days=400)
_DAY, _MINUTE = timedelta(days=1), timedelta(minutes=1)
_EXAMPLE = "Write for example Mo-Fr 09:00-12:30,13:30-17:30; PH off"
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTH = f"(?:{'|'.join(_MONTHS)})"
_TIMES = re.compile(r"(\d{1,2}):(\d\d) ?- ?(\d{1,2}):(\d\d)")
_DATE = re.compile(
    rf"(?:\b(?P<year>\d{{4}}) )?\b(?P<month>{_MONTH}) ?(?P<day>\d{{1,2}})(?![\d:])"
    rf"(?: ?- ?(?:(?P<month_to>{_MONTH}) ?)?(?P<day_to>\d{{1,2}})(?![\d:]| day))?"
)
_CLOSES = re.compile(r"\b(?:off|closed)$")
_PH_RULE = re.compile(
    r"PH(?: (?P<shift>[+-]\d{1,2}) days?)?(?P<rest>(?: ?,? ?\d\d?:\d\d ?- ?\d\d?:\d\d)*(?: (?:off|closed|open))?)"
)
_TRAPS = (
    (r'".*', "is a comment, which is no condition", "Leave it out"),
    (r"\bunknown\b", "is neither open nor closed", "Leave it out"),
    (r"\bSH\b.*", "means school holidays, whose dates nobody here knows", "Write dates: 2026 Oct 17-25 off"),
    (r"\(?\b(?:sunrise|sunset|dawn|dusk)\b.*", "needs a place on the map", "Write times of the clock: 09:00-17:00"),
    (r"\|\|.*", "opens again what other rules closed", "Write rules separated by ';', the later ones replace"),
    (r"[\w:-]*\+(?! ?\d+ days?\b)", "has an open end", "Write the end too: 09:00-17:00"),
    (r":\d\d ?/.*", "is a repetition, which says nothing about how long", "Write plain times: 09:00-17:00"),
    (r"\[[^]]*(?:5-[1-4]|4-[1-3]|3-[12]|2-1).*", "runs backwards", "Write the smaller number first: Mo[1-2]"),
    (r"\S+ ,.*", "has a blank before a comma, and so starts a rule for every day", "Leave out that blank"),
    (r"\S+(?<!:\d\d)(?<!off)(?<!closed), .*", "is open all day before the comma", "Write no blank: Mo,We 09:00-17:00"),
)  # fmt: skip
"""What the library takes in silence and opens too much for: the part, what is wrong with it, how to mend it."""

_REPAIRS = (
    (r"[\u2010-\u2015\u2212]", "-"),
    (r"(?i)\b(mo|tu|we|th|fr|sa|su)(?:n|nday|e|es|esday|d|dnesday|u|ur|urs|ursday|i|iday|t|turday)?s?\b",
     lambda m: m[1].capitalize()),
    (r"(?i)\b(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b", lambda m: m[1].capitalize()),
    (r"(?i)\b(ph|off|closed|week|days?|easter)\b", lambda m: "PH" if m[1].lower() == "ph" else m[1].lower()),
    (r"(?i)\b(\d{1,2})(?:[:.](\d\d))? ?([ap])m\b", lambda m: f"{int(m[1]) % 12 + 12 * (m[3] in 'pP')}:{m[2] or '00'}"),
    (r"(?i) ?\b(?:to|till|until)\b ?| - ", "-"),
    (r"(?<![\d:])(\d{1,2})[.hH](\d\d)\b", r"\1:\2"),
    (r"(?<![\d:])(\d\d)(\d\d)-(\d\d)(\d\d)\b", r"\1:\2-\3:\4"),
    (r"(?<![\d:-])(\d{1,2})-(\d{1,2})(?![\d:])",
     lambda m: f"{m[1]}:00-{int(m[2]) + 12 * (int(m[2]) <= int(m[1]) < 12)}:00"),
    (r"(?<![\d:])(\d{1,2})-(\d{1,2}:\d\d)", r"\1:00-\2"),
    (r"(\d:\d\d)-(\d{1,2})(?![\d:])", r"\1-\2:00"),
    (r"(?<![\d:])(\d):", r"0\1:"),
    (r"([a-z])(?:: ?|, (?=\d))", r"\1 "),
    (r"\b(Mo|Tu|We|Th|Fr|Sa|Su), (?=Mo|Tu|We|Th|Fr|Sa|Su)", r"\1,"),
)  # fmt: skip
"""From what people write to what is meant; only ever a suggestion."""


@lru_cache(maxsize=4096)
def parse_hours(text: str) -> None:
    """Accepts calling hours, or raises ValueError with what is wrong, where, and how to mend it.

    Refused is also what the library would take in silence and open too much for: impossible dates, open ends, sun
    times, comments, `SH`, rules without effect. Sources: the OpenStreetMap specification, and trials of the library.
    """
    rules = _read(text).split("; ")
    _refuse_void_rules(rules)
    if not (_opened(rules) or _opened(rules, range(2020, 2050))):
        raise ValueError(f"Calling hours: '{_short(text)}' is never open. {_EXAMPLE}.")


def names_public_holidays(text: str) -> bool:
    """Whether the text has a rule for `PH`, and so needs to know the country."""
    return bool(re.search(r"\bPH\b", text))


def surprises(text: str) -> list[str]:
    """What these hours say that may not be meant, a sentence each. The text has passed `parse_hours`."""
    rules = _read(text).split("; ")
    return [sentence for number in range(len(rules)) for sentence in _surprises_of(rules, number)]


def _surprises_of(rules: list[str], number: int) -> Iterator[str]:
    rule, before = rules[number], rules[:number]
    for part in rule.split(", "):
        if "24/7" in part:
            yield f"'{part}' is open day and night."
        elif not _CLOSES.search(part) and not _TIMES.search(part):
            yield f"'{part}' names no times: it is open from 00:00 to 24:00."
    for match in _TIMES.finditer(rule):
        start, end = _minutes(match)
        if end < start or end > 1440:
            yield f"'{match[0]}' runs over midnight, into the next day."
    if "week" in rule:
        yield f"'{rule}' holds in these calendar weeks only."
    together = [", ".join([*before[-1:], rule]), *rules[number + 1 :]]
    if not _CLOSES.search(rule) and _opened(rules) != _opened([*before[:-1], *together]):
        yield f"'{rule}' replaces what stands before it, on the days that it names."


@lru_cache(maxsize=4096)
def _read(text: str) -> str:
    """The text with single blanks. Raises ValueError when it cannot be read, or is read as more than it says."""
    tidy = re.sub(r" ?; ?", "; ", " ".join(text.split()))
    if not (fault := _fault(tidy)):
        return tidy
    better = _repaired(tidy)
    mend = fault[1] if better == tidy or _fault(better) else f"Write {better}"
    raise ValueError(f"Calling hours: {fault[0]}. {mend}.")


def _fault(text: str) -> tuple[str, str] | None:
    """What is wrong, and how to mend it."""
    if not text or len(text) > 1000:
        return "they are longer than 1,000 characters" if text else "they are blank", _EXAMPLE
    try:
        hours = _compile(text)
    except ParserError as error:
        place = re.search(r"--> \d+:(\d+)", str(error))
        word = text.rfind(" ", 0, int(place[1]) - 1) + 1 if place else 0
        return f"'{_short(text[word:].strip() or text)}' cannot be read", _EXAMPLE
    if hours.warnings:
        return hours.warnings[0], _EXAMPLE
    for pattern, what, mend in _TRAPS:
        if found := re.search(pattern, text):
            return f"'{_short(found[0])}' {what}", mend
    return _wrong_time(text) or _wrong_date(text) or _wrong_holiday(text)


def _wrong_time(text: str) -> tuple[str, str] | None:
    for match in _TIMES.finditer(text):
        start, end = _minutes(match)
        if start == end or (end - start >= 1440 and (start, end) != (0, 1440)):
            return f"'{match[0]}' would be open for 24 hours or more", "Write 00:00-24:00 where that is meant"
    return None


def _wrong_date(text: str) -> tuple[str, str] | None:
    for match in _DATE.finditer(text):
        month, day, last = match["month"], int(match["day"]), int(match["day_to"] or match["day"])
        month_to = match["month_to"] or month
        year = int(match["year"] or 2028)  # a leap year
        days = {name: monthrange(year, number)[1] for number, name in enumerate(_MONTHS, 1)}
        if day > days[month] or last > days[month_to]:
            return f"'{match[0]}' is a date that does not exist", "Write dates such as Feb 28 or 2028 Feb 29"
        if month_to == month and last < day:
            return f"'{match[0]}' runs backwards", "Write the earlier date first"
    return None


def _wrong_holiday(text: str) -> tuple[str, str] | None:
    """PH is replaced by dates, which is only safe in a rule that names nothing else."""
    for rule in text.split("; "):
        if names_public_holidays(rule) and not _PH_RULE.fullmatch(rule):
            days, _, rest = rule.partition(" ")
            others = [day for day in days.split(",") if day != "PH"]
            apart = f"{','.join(others)} {rest}; PH {rest}" if "PH" in days.split(",") and others else "PH off"
            mend = rule.replace(", PH", "; PH") if ", PH" in rule else apart
            return f"'{_short(rule)}' mixes PH with other days", f"Write PH as a rule of its own: {mend}"
    return None


def _refuse_void_rules(rules: list[str]) -> None:
    """A rule replaces the whole day of those before it; who writes one that leaves nothing of another meant a comma."""
    whole = _opened(rules)
    for number, rule in enumerate(rules[:-1]):
        others, later = rules[:number] + rules[number + 1 :], rules[number + 1 :]
        if _opened([*others, rule]) == whole:
            continue
        if _CLOSES.search(rule) or names_public_holidays(rule):
            if any(_is_broad(one) or _days_of(one) == _days_of(rule) for one in later):
                what = f"'{_short(rule)}' is replaced by what stands after it. Write it last"
                raise ValueError(f"Calling hours: {what}: {'; '.join([*others, rule])}.")
        elif _opened(others) == whole:
            what = f"what stands after ';' replaces what stands before, and leaves nothing of '{_short(rule)}'"
            raise ValueError(f"Calling hours: {what}. If both are meant, write a comma: {_joined(rule, later)}.")


def _is_broad(rule: str) -> bool:
    """Opens days by weekday, month or week: not an exception for a date."""
    narrow = _CLOSES.search(rule) or names_public_holidays(rule) or "easter" in rule or "[" in rule
    return not narrow and not _DATE.search(rule)


def _days_of(rule: str) -> str:
    return re.split(r" ?(?:\d{1,2}:\d\d|\boff$|\bclosed$)", rule, maxsplit=1)[0]


def _joined(rule: str, later: list[str]) -> str:
    for follower in later:
        if (times := follower.removeprefix(_days_of(rule)).strip()) and _TIMES.match(times):
            return f"{rule},{times}"
    return ", ".join([rule, *(follower for follower in later if not _CLOSES.search(follower))][:2])


def _opened(rules: Sequence[str], years: Iterable[int] = _SAMPLE) -> list[Span]:
    """The open spans in wall time of these years and those named, with eight holidays a year, on every weekday."""
    named = [int(year) for year in re.findall(r"\b(?:19|20|21)\d\d\b", " ".join(rules))]
    starts = [datetime(year, 1, 1) for year in sorted({*years, *named[:6]})]  # noqa: DTZ001  wall time has no zone
    hours = _compile(_dated(rules, [start.date() + timedelta(days=46 * n + 1) for start in starts for n in range(8)]))
    spans = (span for start in starts for span in hours.intervals(start, start + 365 * _DAY))
    return [(start, end) for start, end, state, _ in spans if state == State.OPEN]


def _repaired(text: str) -> str:
    for pattern, better in _REPAIRS:
        text = re.sub(pattern, better, text)
    return text.rstrip("; ")


def _short(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:40]}…"


def _minutes(times: re.Match[str]) -> tuple[int, int]:
    hour, minute, hour_to, minute_to = map(int, times.groups())
    return hour * 60 + minute, hour_to * 60 + minute_to


@dataclass(frozen=True, slots=True)
class _Clock:
    """One text in one place; the country only where the text names PH."""

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


@lru_cache(maxsize=4096)
def _hours_in(text: str, country: str | None, state: str | None, year: int) -> OpeningHours:
    """Right for local times of that year and 400 days after; closed in years whose holidays nobody knows."""
    if country is None:
        return _compile(text)
    years = range(year - 1, year + 3)
    unknown = [f"{year} off" for year in years if holidays_in(country, state, year) is None]
    return _compile("; ".join([_dated(text.split("; "), public_holidays(country, state, years)), *unknown]))


def _compile(text: str) -> OpeningHours:
    return OpeningHours(text, max_interval_days=_HORIZON.days, auto_country=False, auto_timezone=False)


def _dated(rules: Sequence[str], days: Iterable[date]) -> str:
    """The text with `PH` replaced by dates; a rule for no dates is left out."""
    return "; ".join(dated for rule in rules if (dated := _dated_rule(rule, days))) or "off"


def _dated_rule(rule: str, days: Iterable[date]) -> str:
    if not (match := _PH_RULE.fullmatch(rule)):
        return rule
    shift = timedelta(days=int(match["shift"] or 0))
    dates = ",".join(f"{day.year} {_MONTHS[day.month - 1]} {day.day}" for day in (d + shift for d in days))
    return dates and dates + match["rest"]


class CallingWindow:
    """Open when every text is open in every place. Made by `calling_window`; never changes; instants are aware."""

    __slots__ = ("_clocks", "_days")

    def __init__(self, clocks: tuple[_Clock, ...]) -> None:
        self._clocks = clocks
        self._days: dict[date, tuple[Span, ...]] = {}

    def is_open(self, at: datetime) -> bool:
        return self._span_at(at.astimezone(UTC)) is not None

    def next_open(
        self, after: datetime, *, before: datetime | None = None, margin: timedelta = timedelta(0)
    ) -> datetime | None:
        """The first instant from `after` on (and before `before`) that is open, and is so again `margin` later.

        UTC. None: there is none within 400 days.
        """
        first = after.astimezone(UTC)
        end = first + _HORIZON if before is None else min(before, first + _HORIZON)
        found = self._first_open(first, end)
        while found is not None and margin:
            late = self._first_open(found + margin, end + margin)
            if late == found + margin:
                break
            found = None if late is None else self._first_open(late - margin, end)
        return found

    def closes_at(self, at: datetime, *, limit: datetime) -> datetime:
        """The first instant from `at` on that is closed, in UTC; at most `limit`, and at most 400 days on."""
        at = at.astimezone(UTC)
        limit = min(limit, at + _HORIZON)
        while at < limit and (span := self._span_at(at)):
            at = span[1]
        return min(at, limit).astimezone(UTC)

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
        return next((span for span in self._on(at.date()) if span[0] <= at < span[1]), None)

    def _on(self, day: date) -> tuple[Span, ...]:
        """Open spans of a UTC day, kept: the same days are asked for again and again."""
        if day in self._days:
            return self._days[day]
        if len(self._days) > 1000:
            self._days.clear()
        start = datetime.combine(day, time(), UTC)
        spans: list[Span] = [(start, start + _DAY)]
        for clock in self._clocks:
            pairs = [(max(a, c), min(b, d)) for c, d in clock.spans_on(day) for a, b in spans] if spans else []
            spans = [(opens, closes) for opens, closes in pairs if opens < closes]
        return self._days.setdefault(day, tuple(spans))


@lru_cache(maxsize=4096)
def calling_window(texts: tuple[str, ...], places: tuple[Place, ...]) -> CallingWindow:
    """The instants at which all texts are open in all places.

    Raises ValueError: no text, no place, an unreadable text, an unknown zone, or `PH` where no country is known.
    """
    if not texts or not places:
        raise ValueError("Nobody knows where this person is. Give a time zone, a country or a number with +.")
    return CallingWindow(tuple(dict.fromkeys(_clock(text, place) for text in texts for place in places)))


def _clock(text: str, place: Place) -> _Clock:
    tidy, name = _read(text), zone(place.zone).key
    if not names_public_holidays(tidy):
        return _Clock(tidy, name, None, None)
    if place.country is None:
        raise ValueError("The hours name PH, but no country is known. Give the contact a country, or take PH out.")
    public_holidays(place.country, place.state, (2026,))
    return _Clock(tidy, name, place.country, place.state)


def week(text: str, place: Place, start: date) -> list[tuple[date, list[tuple[str, str]], str]]:
    """Seven days from `start` as the text is understood there: date, spans in wall time, the public holiday's name.

    The end of a day is 24:00. Names only where the text has a rule for PH. Raises ValueError as `calling_window` does.
    """
    clock = _clock(text, place)
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

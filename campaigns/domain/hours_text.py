"""Reads calling hours as people write them, and refuses those that would open more than they say.

The syntax is OpenStreetMap's, read by the library `opening_hours`, which takes much in silence: sources are the
specification and trials of the library.
"""

import re
from calendar import monthrange
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import lru_cache

from opening_hours import OpeningHours, ParserError, State  # type: ignore[attr-defined]  # its stub forgets ParserError

_SAMPLE = (2027, 2028, 2029)  # each date on a working day, and a 29 February: enough to tell what a rule adds
Span = tuple[datetime, datetime]
"""From, and up to but not including."""

HORIZON = timedelta(days=400)
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
    rules = normalised(text).split("; ")
    _refuse_void_rules(rules)
    if not (_opened(rules) or _opened(rules, range(2020, 2050))):
        raise ValueError(f"Calling hours: '{_short(text)}' is never open. {_EXAMPLE}.")


def names_public_holidays(text: str) -> bool:
    """Whether the text has a rule for `PH`, and so needs to know the country."""
    return bool(re.search(r"\bPH\b", text))


def surprises(text: str) -> list[str]:
    """What these hours say that may not be meant, a sentence each. The text has passed `parse_hours`."""
    rules = normalised(text).split("; ")
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
def normalised(text: str) -> str:
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
        hours = compile_hours(text)
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
    holidays = [start.date() + timedelta(days=46 * n + 1) for start in starts for n in range(8)]
    hours = compile_hours(with_dates(rules, holidays))
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


def compile_hours(text: str) -> OpeningHours:
    """The library's reading of a text; it is only ever asked in naive wall time."""
    return OpeningHours(text, max_interval_days=HORIZON.days, auto_country=False, auto_timezone=False)


def with_dates(rules: Sequence[str], days: Iterable[date]) -> str:
    """The text with `PH` replaced by dates; a rule for no dates is left out."""
    return "; ".join(dated for rule in rules if (dated := _dated_rule(rule, days))) or "off"


def _dated_rule(rule: str, days: Iterable[date]) -> str:
    if not (match := _PH_RULE.fullmatch(rule)):
        return rule
    shift = timedelta(days=int(match["shift"] or 0))
    dates = ",".join(f"{day.year} {_MONTHS[day.month - 1]} {day.day}" for day in (d + shift for d in days))
    return dates and dates + match["rest"]

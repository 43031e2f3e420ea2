"""How numbers, moments and money are written, in each language."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAYS = {
    "en": ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    "nl": ("ma", "di", "wo", "do", "vr", "za", "zo"),
}
_MONTHS = {
    "en": ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    "nl": ("jan", "feb", "mrt", "apr", "mei", "jun", "jul", "aug", "sep", "okt", "nov", "dec"),
}
_SWAPPED = str.maketrans(",.", ".,")
NOTHING = "\N{EN DASH}"


def number(value: float, language: str, digits: int = 0) -> str:
    """`1,234.5`, or `1.234,5` in Dutch."""
    text = f"{value:,.{digits}f}"
    return text.translate(_SWAPPED) if language == "nl" else text


@dataclass(frozen=True, slots=True)
class Formats:
    """One reader's way of writing."""

    language: str
    zone: tzinfo
    """Of the browser."""

    def count(self, value: float) -> str:
        """A whole number."""
        return number(value, self.language)

    def decimal(self, value: float, digits: int = 1) -> str:
        """A number with so many digits behind the point."""
        return number(value, self.language, digits)

    def share(self, part: float, whole: float) -> str:
        """`37 %`; below one in a hundred with a digit more, so that few are not none."""
        if not whole:
            return NOTHING
        percent = 100 * part / whole
        if 0 < percent < 0.1:
            return f"< {number(0.1, self.language, 1)} %"
        return f"{number(percent, self.language, 1 if 0 < percent < 1 or 99 < percent < 100 else 0)} %"

    def money(self, value: float, currency: str = "") -> str:
        """`12.50 EUR`; whole hundreds without a fraction."""
        return f"{number(value, self.language, 0 if value % 100 == 0 else 2)} {currency}".rstrip()

    def moment(self, at: datetime | None, *, now: datetime | None = None) -> str:
        """`Mon 23 Nov 14:05`; the time alone where `now` is the same day; the year where it is another."""
        if at is None:
            return NOTHING
        local = at.astimezone(self.zone)
        here = now.astimezone(self.zone) if now else None
        if here and local.date() == here.date():
            return f"{local:%H:%M}"
        year = f" {local.year}" if here and local.year != here.year else ""
        return f"{self.day(at)}{year} {local:%H:%M}"

    def exactly(self, at: datetime | None) -> str:
        """`23 Nov 2026 14:05:09`."""
        if at is None:
            return NOTHING
        local = at.astimezone(self.zone)
        return f"{local.day} {_MONTHS[self.language][local.month - 1]} {local:%Y %H:%M:%S}"

    def clock(self, at: datetime) -> str:
        """`14:05:09`."""
        return f"{at.astimezone(self.zone):%H:%M:%S}"

    def day(self, at: datetime) -> str:
        """`Mon 23 Nov`."""
        local = at.astimezone(self.zone)
        return f"{self.weekday(local.weekday())} {local.day} {_MONTHS[self.language][local.month - 1]}"

    def weekday(self, day: int) -> str:
        """0: Monday."""
        return _DAYS[self.language][day]

    def duration(self, length: timedelta | float | None) -> str:
        """`2:05` in minutes and seconds, `1:02:05` with hours; a number is seconds."""
        if length is None:
            return NOTHING
        seconds = round(length.total_seconds() if isinstance(length, timedelta) else length)
        hours, minutes = seconds // 3600, seconds // 60 % 60
        return f"{hours}:{minutes:02}:{seconds % 60:02}" if hours else f"{minutes}:{seconds % 60:02}"


def zone_of(name: str) -> tzinfo:
    """The browser's zone by its name; UTC where it is not known."""
    try:
        return ZoneInfo(name) if name and len(name) < 64 else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC

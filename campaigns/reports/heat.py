"""When people answer: their calls by weekday and hour of their own clock."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from campaigns.domain.zones import zone

DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
FEW = 5
"""Fewer calls in one hour of the week have no rate."""
ENOUGH = 20
"""So many are needed to call an hour the best or the worst."""
STEPS = 5
"""Shades."""
_WIDTHS = (2, 4, 5, 10, 20)
"""Percent that one shade may span."""

Slot = tuple[int, int]
"""Weekday, 0 for Monday, and hour."""


@dataclass(frozen=True, slots=True)
class Cell:
    """The calls that began in one hour of the week."""

    weekday: int
    hour: int
    calls: int
    answered: int

    @property
    def is_few(self) -> bool:
        """Too few to have a rate."""
        return self.calls < FEW

    @property
    def rate(self) -> float:
        """Percent that was answered."""
        return 100 * self.answered / self.calls

    @property
    def name(self) -> str:
        """`Tue 17:00 to 18:00`."""
        return f"{DAYS[self.weekday]} {self.hour:02}:00 to {(self.hour + 1) % 24:02}:00"


@dataclass(frozen=True, slots=True)
class Heat:
    """The hours of the week in which anybody was called."""

    cells: tuple[Cell, ...] = ()

    @property
    def hours(self) -> range:
        """From the first to the last."""
        hours = [cell.hour for cell in self.cells]
        return range(min(hours), max(hours) + 1) if hours else range(0)

    @property
    def shade_width(self) -> int:
        """Percent that one shade spans: the least that covers the highest rate."""
        highest = max((cell.rate for cell in self.cells if not cell.is_few), default=0.0)
        return next((width for width in _WIDTHS if width * STEPS >= highest), _WIDTHS[-1])

    def shade(self, cell: Cell) -> int:
        """From 0, the palest, to `STEPS` - 1."""
        return min(int(cell.rate // self.shade_width), STEPS - 1)

    def shades(self) -> list[str]:
        """What each shade means: `0 to 10 %`; empty where no hour has a rate."""
        if all(cell.is_few for cell in self.cells):
            return []
        width = self.shade_width
        return [f"{number * width} to {(number + 1) * width} %" for number in range(STEPS)]

    def extremes(self) -> tuple[Cell, Cell] | None:
        """The hours of the highest and the lowest rate, of those with calls enough; None where they do not differ."""
        enough = [cell for cell in self.cells if cell.calls >= ENOUGH]
        if not enough:
            return None
        best = max(enough, key=lambda cell: (cell.rate, cell.calls))
        worst = min(enough, key=lambda cell: (cell.rate, -cell.calls))
        return (best, worst) if best.rate > worst.rate else None


def heat_of(counts: Mapping[tuple[Slot, bool], int]) -> Heat:
    """The cells in the order of the week; `counts`: calls by slot, and whether they were answered."""
    calls, answered = Counter[Slot](), Counter[Slot]()
    for (slot, was_answered), count in counts.items():
        calls[slot] += count
        answered[slot] += count * was_answered
    return Heat(tuple(Cell(*slot, calls[slot], answered[slot]) for slot in sorted(calls)))


@lru_cache(maxsize=65_536)
def slot_of(at: datetime, zone_name: str) -> Slot:
    """Which hour of the week it is there."""
    local = at.astimezone(zone(zone_name))
    return local.weekday(), local.hour

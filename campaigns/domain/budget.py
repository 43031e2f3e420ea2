"""What a campaign may use up: the worst case is held before a dial and settled by its report, so no cap is passed.

Talk is counted in milliseconds and cost in millionths of the provider's currency: whole numbers, so that sums of a
million calls are exact.
"""

from dataclasses import dataclass
from math import ceil

from .call import Disposition
from .campaign import Budget
from .lead import Attempt, AttemptState

MINUTE_MS = 60_000
MICROS = 1_000_000
UNBOUNDED = 1_000_000_000
"""How many more dials fit where nothing bounds them."""
SILENT = frozenset(
    {Disposition.NO_ANSWER, Disposition.BUSY, Disposition.DECLINED, Disposition.BAD_NUMBER, Disposition.FAILED}
)
"""Nobody talked, whether the report says so or not."""


@dataclass(frozen=True, slots=True)
class Spent:
    """What attempts have used up, and hold."""

    attempts: int = 0
    talk_ms: int = 0
    cost_micros: int = 0

    def __add__(self, other: "Spent") -> "Spent":
        return self - other * -1

    def __sub__(self, other: "Spent") -> "Spent":
        return Spent(
            self.attempts - other.attempts, self.talk_ms - other.talk_ms, self.cost_micros - other.cost_micros
        )  # fmt: skip

    def __mul__(self, times: int) -> "Spent":
        return Spent(self.attempts * times, self.talk_ms * times, self.cost_micros * times)


@dataclass(frozen=True, slots=True)
class Purse:
    """A campaign's budget, and the most that one dial can take out of it. None: no cap, no price."""

    attempts: int | None = None
    talk_ms: int | None = None
    cost_micros: int | None = None
    longest_ms: int = 0
    """The longest that one call may talk."""
    price_micros: int | None = None
    """Of one minute."""

    @property
    def worst(self) -> Spent:
        """What is held for one dial."""
        return Spent(1, self.longest_ms, cost_of(self.longest_ms, self.price_micros or 0))

    def fits(self, spent: Spent) -> int:
        """How many more dials are within every cap, each at its worst."""
        return min((fit for _, fit in self._fitting(spent)), default=UNBOUNDED)

    def used_up(self, spent: Spent) -> str:
        """Why not one more dial fits; empty: it does."""
        empty = next((name for name, fit in self._fitting(spent) if fit == 0), None)
        if empty == "cost" and not self.price_micros:
            return "budget.cost cannot be kept without price_per_minute in the provider's settings"
        if empty is None:
            return ""
        told = dict(zip(self._names(), self.told(spent), strict=True))[empty]
        more = "" if empty == "attempts" else f"; the longest call may take {self._worst_of(empty)} more"
        return f"the budget for {empty.replace('_', ' ')} is used up ({told}{more})"

    def told(self, spent: Spent, currency: str = "") -> list[str]:
        """How far each cap is used, for people: `812 of 2,000 attempts`."""
        unit = {"attempts": "attempts", "talk_minutes": "talk minutes", "cost": currency or "cost"}
        return [
            f"{plain(used / scale)} of {plain(cap / scale)} {unit[name]}"
            for name, cap, used, _, scale in self._caps(spent)
        ]

    def _worst_of(self, name: str) -> str:
        return next(plain(worst / scale) for known, _, _, worst, scale in self._caps(Spent()) if known == name)

    def _names(self) -> list[str]:
        return [name for name, *_ in self._caps(Spent())]

    def _fitting(self, spent: Spent) -> list[tuple[str, int]]:
        return [
            (name, max(0, cap - used) // worst if worst else 0 if name == "cost" else UNBOUNDED)
            for name, cap, used, worst, _ in self._caps(spent)
        ]

    def _caps(self, spent: Spent) -> list[tuple[str, int, int, int, int]]:
        """Name, cap, what is used and held, what one dial may take, and how many make one for people."""
        worst = self.worst
        caps = (
            ("attempts", self.attempts, spent.attempts, worst.attempts, 1),
            ("talk_minutes", self.talk_ms, spent.talk_ms, worst.talk_ms, MINUTE_MS),
            ("cost", self.cost_micros, spent.cost_micros, worst.cost_micros, MICROS),
        )
        return [(name, cap, used, most, scale) for name, cap, used, most, scale in caps if cap is not None]


def purse_of(budget: Budget | None, longest_seconds: float, price_per_minute: float | None) -> Purse:
    """The purse of a campaign file on an account; caps are rounded down, prices up."""
    longest = ceil(longest_seconds * 1000)
    price = None if price_per_minute is None else ceil(round(price_per_minute * MICROS, 3))
    if budget is None:
        return Purse(longest_ms=longest, price_micros=price)
    return Purse(
        attempts=budget.attempts,
        talk_ms=None if budget.talk_minutes is None else int(budget.talk_minutes * MINUTE_MS),
        cost_micros=None if budget.cost is None else int(round(budget.cost * MICROS, 3)),
        longest_ms=longest,
        price_micros=price,
    )


def cost_of(talk_ms: int, price_micros: int) -> int:
    """The cost of talk at a price per minute, rounded up."""
    return -(-talk_ms * price_micros // MINUTE_MS)


def charged(attempt: Attempt) -> Spent:
    """What an attempt takes out of the purse as it stands: its worst case, until a report says what it was.

    Where a call ended and nobody can say how long it was, the worst case stays.
    """
    if not attempt.counts:
        return Spent()
    talk = attempt.held_ms
    if attempt.state is AttemptState.ENDED:
        told = attempt.report.talk_seconds if attempt.report is not None else None
        if told is not None:
            talk = max(0, ceil(told * 1000))
        elif attempt.disposition in SILENT:
            talk = 0
        if attempt.report is not None and attempt.report.cost is not None:
            return Spent(1, talk, max(0, ceil(round(attempt.report.cost * MICROS, 3))))
    return Spent(1, talk, cost_of(talk, attempt.price_micros))


def plain(number: float) -> str:
    """For people: `1,234.5`, two places at most."""
    return f"{number:,.2f}".rstrip("0").rstrip(".")

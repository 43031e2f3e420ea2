"""How fast calls may start: send instants under a rate, free lines, and the breaker that spares a sick provider."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

IN_A_ROW = 3
SHARE, SHARE_OF = 0.2, 20
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=10)


def spacing(per_second: float, tolerance: timedelta) -> timedelta:
    """The distance between send instants that never lets more than `per_second` fall into one second.

    A send may be `tolerance` late, so sends i and i + rate must be 1 s + tolerance apart.
    """
    return (timedelta(seconds=1) + tolerance) / per_second


def request_spacing(per_minute: float | None, tolerance: timedelta) -> timedelta:
    """The same for a request budget in requests per minute; None: no budget."""
    return (timedelta(minutes=1) + tolerance) / per_minute if per_minute else timedelta()


@dataclass(frozen=True, slots=True)
class Breaker:
    """Counts a provider's unclear answers; open means: dial nobody until then.

    It opens at three in a row, or at a fifth of the last twenty; after the pause one dial is tried (half open). The
    pause doubles with each failed trial.
    """

    in_a_row: int = 0
    recent: str = ""
    """The last answers, newest last: `.` clear, `x` unclear."""
    open_until: datetime | None = None
    pause: timedelta = FIRST_PAUSE

    def clear(self, *, now: datetime) -> "Breaker":
        """The provider gave a plain answer; one that was asked for before the breaker opened does not close it."""
        if self.open_until is not None:
            return self if now < self.open_until else Breaker()
        return replace(self, in_a_row=0, recent=(self.recent + ".")[-SHARE_OF:])

    def unclear(self, *, now: datetime) -> "Breaker":
        """The provider gave an answer that says nothing."""
        recent = (self.recent + "x")[-SHARE_OF:]
        if self.open_until is not None:
            if now < self.open_until:
                return self
            pause = min(self.pause * 2, LONGEST_PAUSE)
            return Breaker(open_until=now + pause, pause=pause, in_a_row=self.in_a_row + 1)
        sick = self.in_a_row + 1 >= IN_A_ROW or (len(recent) == SHARE_OF and recent.count("x") >= SHARE * SHARE_OF)
        if sick:
            return Breaker(self.in_a_row + 1, "", now + FIRST_PAUSE, FIRST_PAUSE)
        return replace(self, in_a_row=self.in_a_row + 1, recent=recent)

    def is_shut(self, *, now: datetime) -> bool:
        """Whether nobody may be dialled."""
        return self.open_until is not None and now < self.open_until

    @property
    def is_trial(self) -> bool:
        """Whether the next dial is the one that tries the provider out (once the pause is over)."""
        return self.open_until is not None

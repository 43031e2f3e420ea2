"""How fast calls may start: send instants under a rate, free lines, and the breaker that spares a sick provider."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from .budget import Purse, Spent
from .changed import changed
from .lead import FIRES_WITHIN
from .lines import Lines
from .sharing import Bid, share

IN_A_ROW = 3
SHARE, SHARE_OF = 0.2, 20
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=10)
RAMP_FROM = 0.1
"""The part of the pacing that a ramp begins with."""
SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Limits:
    """What holds for one campaign on one account."""

    at_once: int
    per_second: float
    requests_per_minute: float | None
    campaign_at_once: int
    campaign_per_second: float
    longest_call: timedelta
    tolerance: timedelta
    ramp_up: timedelta | None = None
    priority: int = 3
    """1 is first."""
    caller_caps: tuple[tuple[str, int], ...] = ()
    """Numbers shown and how many dials a day each may have."""
    zone: str | None = None
    """Whose calendar days those are; None: of UTC."""
    purse: Purse = field(default_factory=Purse)
    book_ahead: timedelta = timedelta(minutes=30)
    """Scheduled dialing: how far ahead calls are handed to the provider."""

    @property
    def lines(self) -> Lines:
        """What holds for calls that are booked: each has a line until the longest call would be over."""
        return Lines(
            account=self.at_once,
            campaign=self.campaign_at_once,
            holds_for=self.longest_call + FIRES_WITHIN,
            apart=spacing(min(self.per_second, self.campaign_per_second), self.tolerance),
            ahead=self.book_ahead,
        )

    @property
    def ahead(self) -> timedelta:
        """How far ahead dials are written down: never more than may be sent in the next second.

        A campaign that is slower than its account hardly looks ahead: its instants would keep others waiting.
        """
        return SECOND if self.campaign_per_second >= self.per_second else timedelta(milliseconds=50)

    @property
    def account_spacing(self) -> timedelta:
        """The distance between two dials of the account."""
        dials = spacing(self.per_second, self.tolerance)
        return max(dials, request_spacing(self.requests_per_minute, self.tolerance))


@dataclass(frozen=True, slots=True)
class Standing:
    """What a campaign and its account have in use at one moment, and who else wants lines."""

    open_account: int
    open_campaign: int
    next_send_at: datetime | None = None
    """Of the campaign's own rate."""
    account_free_at: datetime | None = None
    """Of the account's rates, or the end of its pause."""
    ramp_from: datetime | None = None
    """When the campaign's ramp began; None: the next dial begins it."""
    spent: Spent = Spent()  # noqa: RUF009 - frozen
    served: int = 0
    floor: int = 0
    """The campaign's place in the account's queue, and the queue's head."""
    bid: Bid | None = None
    """The campaign's own."""
    rivals: tuple[Bid, ...] = ()
    others: int = 0
    """How many other campaigns of the account are active."""


def ramp_begins(limits: Limits, standing: Standing, *, now: datetime) -> datetime:
    """When the campaign's ramp began: now, after a start, a resume, or a silence longer than the ramp."""
    over, last = limits.ramp_up, standing.next_send_at
    if over is None or standing.ramp_from is None:
        return now
    silent = not standing.open_campaign and last is not None and now - last > over
    return now if silent else standing.ramp_from


def ramped(limits: Limits, since: datetime, *, now: datetime) -> Limits:
    """The campaign's pacing so long after its ramp began: lines and rate grow from a tenth to all.

    At least one line, and a rate at which a dial is due in a tenth of the ramp.
    """
    over = limits.ramp_up
    if over is None or now >= since + over:
        return limits
    part = RAMP_FROM + (1 - RAMP_FROM) * ((now - since) / over)
    full = limits.campaign_per_second
    return changed(
        limits,
        campaign_at_once=max(1, int(part * limits.campaign_at_once + 1e-6)),
        campaign_per_second=min(full, max(part * full, 10 / over.total_seconds())),
    )


def paced(limits: Limits, standing: Standing, *, now: datetime) -> Limits:
    """What holds at this moment."""
    return ramped(limits, ramp_begins(limits, standing, now=now), now=now)


def grows_at(limits: Limits, standing: Standing, *, now: datetime) -> datetime | None:
    """When the ramp gives the campaign a line more than are open; None: it does not."""
    over = limits.ramp_up
    if over is None or standing.open_campaign >= limits.campaign_at_once:
        return None
    part = (standing.open_campaign + 1) / limits.campaign_at_once
    at = ramp_begins(limits, standing, now=now) + over * max(0.0, (part - RAMP_FROM) / (1 - RAMP_FROM))
    return at if at > now else None


def own_lines(limits: Limits, standing: Standing, *, now: datetime) -> int:
    """How many more calls the campaign itself allows, by its lines and its budget."""
    lines = paced(limits, standing, now=now).campaign_at_once - standing.open_campaign
    return max(0, min(lines, limits.purse.fits(standing.spent)))


def lines_for(name: str, limits: Limits, standing: Standing, *, now: datetime) -> int:
    """How many dials of campaign `name` may be written down now: its own lines, and its share of the account's."""
    own = own_lines(limits, standing, now=now)
    begins = max(now, standing.account_free_at or now)
    slots = max(0, (now + SECOND - begins) // limits.account_spacing + 1)
    free = max(0, min(limits.at_once - standing.open_account, slots))
    mine = Bid(name, limits.priority, standing.served, own, now)
    return share(free, mine, standing.rivals, floor=standing.floor)


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
        return changed(self, in_a_row=0, recent=(self.recent + ".")[-SHARE_OF:])

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
        return changed(self, in_a_row=self.in_a_row + 1, recent=recent)

    def is_shut(self, *, now: datetime) -> bool:
        """Whether nobody may be dialled."""
        return self.open_until is not None and now < self.open_until

    @property
    def is_trial(self) -> bool:
        """Whether the next dial is the one that tries the provider out (once the pause is over)."""
        return self.open_until is not None

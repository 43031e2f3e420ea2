"""Who gets the next line of an account that several campaigns want: by priority, and nobody starves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

STRIDE = {1: 1, 2: 2, 3: 4, 4: 8, 5: 16}
"""Priority → how far one dial moves a campaign back in the queue. So, among campaigns that have people to call, each
step of priority gives twice the dials: weights 16, 8, 4, 2, 1."""
BID = timedelta(seconds=10)
"""A campaign that wants lines says so; whoever has said nothing for so long is not waited for."""


@dataclass(frozen=True, slots=True)
class Bid:
    """A campaign that has people to call, and how many lines it could use."""

    campaign: str
    priority: int
    served: int
    """Where it stands in the queue: rises by its stride with every dial."""
    lines: int
    until: datetime


def place_of(served: int, floor: int) -> int:
    """Where a campaign stands: whoever was idle joins at the queue's head (`floor`) and catches nothing up."""
    return max(served, floor)


def share(free: int, mine: Bid, rivals: Sequence[Bid], *, floor: int) -> int:
    """How many of the next `free` lines are `mine`, when each goes to whoever stands first (start-time fair queueing).

    Goyal, Vin, Cheng: Start-time Fair Queuing (1996). Nothing is left idle for a campaign that wants no line.
    """
    if not rivals:
        return max(0, min(free, mine.lines))
    bids = sorted((mine, *rivals), key=lambda bid: (bid.priority, bid.campaign))
    place = {bid.campaign: place_of(bid.served, floor) for bid in bids}
    left = {bid.campaign: bid.lines for bid in bids}
    for _ in range(free):
        wanting = [bid for bid in bids if left[bid.campaign] > 0]
        if not wanting or left[mine.campaign] <= 0:
            break
        first = min(wanting, key=lambda bid: place[bid.campaign])
        place[first.campaign] += STRIDE[first.priority]
        left[first.campaign] -= 1
    return mine.lines - left[mine.campaign]

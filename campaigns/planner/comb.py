"""At which instants calls may start: a comb of even steps that keeps lines and rate at every moment.

A call that starts at b holds a line in [b, b + hold). With starts at least hold / at_once apart, no stretch as long
as `hold` has more than `at_once` of them, whichever stretch one looks at; with starts 1 s / per_second apart the same
holds for the rate. So the teeth are max(hold / at_once, 1 s / per_second) apart, counted from 1970 and used once
each, and a one-minute slot may have as many starts as it has teeth: 40 where 40 lines are held for a minute; 0, 0, 1,
0, 0, 1 ... where one line is held for three.

This is enough and not always necessary: the true limit looks at each stretch as it comes, and lets all lines start
at once after a silence. The comb never does, and loses at most `at_once` starts after each opening for that.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from math import ceil

import numpy as np
from numpy.typing import NDArray

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SLOT = timedelta(minutes=1)
_MICRO = timedelta(microseconds=1)
_SLOT_MICROS = SLOT // _MICRO

Integers = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many calls fit.

    Raises ValueError for what lets no call start, or holds no line.
    """

    at_once: int
    """Lines: calls at any moment."""
    per_second: float
    hold: timedelta
    """How long a call holds its line: ringing, talk, and what the provider takes to clear it."""

    def __post_init__(self) -> None:
        if self.at_once < 1 or self.per_second <= 0 or self.hold <= timedelta():
            raise ValueError(f"No call fits into {self}. Give at least one line, a rate and a hold above zero.")


@dataclass(frozen=True, slots=True)
class Comb:
    """The teeth that are free. Slots are minutes since 1970, instants microseconds since 1970; both in arrays."""

    step: int
    """From tooth to tooth, in microseconds."""
    gone: frozenset[int]
    """The numbers of the teeth that calls booked before have used up."""

    def starts_in(self, slots: Integers) -> Integers:
        """How many calls may start in each slot."""
        lost = Counter(self._slot(tooth) for tooth in self.gone)
        losses = np.fromiter((lost[slot] for slot in slots.tolist()), np.int64, len(slots))
        return self._first(slots + 1) - self._first(slots) - losses

    def instants(self, slots: Integers, nth: Integers, among: Integers) -> Integers:
        """When the `nth` of `among` calls in a slot starts: spread evenly over its free teeth. `slots` ascends."""
        width = self._first(slots + 1) - self._first(slots)
        teeth = self._first(slots) + nth * width // among
        gone: defaultdict[int, set[int]] = defaultdict(set)
        for tooth in self.gone:
            gone[self._slot(tooth)].add(tooth)
        for slot, lost in gone.items():
            here = slice(*np.searchsorted(slots, [slot, slot + 1]).tolist())
            first, end = self._first(np.array([slot, slot + 1], dtype=np.int64)).tolist()
            free = np.array([tooth for tooth in range(first, end) if tooth not in lost], dtype=np.int64)
            teeth[here] = free[nth[here] * len(free) // among[here]]
        return np.multiply(teeth, self.step, dtype=np.int64)

    def _first(self, slots: Integers) -> Integers:
        return -(-slots * _SLOT_MICROS // np.int64(self.step))

    def _slot(self, tooth: int) -> int:
        return tooth * self.step // _SLOT_MICROS


def comb(capacity: Capacity, taken: Iterable[datetime] = ()) -> Comb:
    """The comb of a capacity, without the teeth that stand for the calls in `taken`.

    Args:
        capacity: Lines, rate and hold.
        taken: When calls that are booked or running start, one instant per call: running ones count too, because they
            hold a line until `hold` has passed.

    A call on a tooth uses that tooth. A call elsewhere uses the next free tooth on either side: every stretch it lies
    in then has lost one tooth to it, wherever the stretch begins. So bookings made here cost one start each, foreign
    ones up to two.
    """
    step = max(-(-capacity.hold // _MICRO // capacity.at_once), ceil(1_000_000 / capacity.per_second))
    gone: set[int] = set()
    between = []
    for at in sorted((instant - EPOCH) // _MICRO for instant in taken):
        if at % step == 0 and at // step not in gone:
            gone.add(at // step)
        else:
            between.append(at)
    for direction, instants in ((-1, between[::-1]), (1, between)):
        for at in instants:
            tooth = at // step + (direction > 0)
            while tooth in gone:
                tooth += direction
            gone.add(tooth)
    return Comb(step, frozenset(gone))

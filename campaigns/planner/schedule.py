"""Many people into call slots: who is called when, so that the most are reached with the lines there are.

Pure and exact: of all ways to give everybody a slot inside their hours, one that reaches the most people, early slots
first. Slots are minutes. Cost grows with classes x slots, not with people: a class is one window and one last slot.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property
from heapq import heappop, heappush
from itertools import pairwise
from operator import attrgetter

import numpy as np

from campaigns.planner.comb import EPOCH, SLOT, Capacity, Comb, Integers, comb
from campaigns.planner.decide import MARGIN
from campaigns.planner.matching import Columns, Counts, Flags, most

NIGHT = timedelta(hours=6)
"""A break this long ends a calling day; a shorter one is a lunch."""

_Spans = list[tuple[int, int]]
"""[first, end) in slots since 1970."""


@dataclass(frozen=True, slots=True)
class Window:
    """When a kind of people may be called: [opens, closes) in order. Share one value among everybody it holds for.

    `CallingWindow.spans()` gives them. Give them to a day past the last deadline, or nobody can tell what one more day
    would change.
    """

    spans: tuple[tuple[datetime, datetime], ...]


@dataclass(frozen=True, slots=True)
class ToCall:
    """One person to be called once. Instants are aware."""

    id: str
    window: Window
    earliest: datetime
    latest: datetime
    """Nobody is dialled from then on."""
    rank: float = 0.0
    """Smaller goes first; equal ranks by id."""


class Reason(StrEnum):
    """Why somebody has no slot."""

    NO_OPENING = "no open slot between earliest and latest"
    FULL = "the slots are full"


@dataclass(frozen=True, slots=True)
class Unplaced:
    """People who cannot be fitted in: those of one window, for one reason, with the same last open slot."""

    reason: Reason
    window: Window
    last: datetime | None
    """Their last open slot; None where there is none."""
    ids: tuple[str, ...]
    """By rank."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """Who is called when."""

    starts: Mapping[str, datetime]
    """Id → the instant of the call, in UTC, in order of time."""
    unplaced: tuple[Unplaced, ...]
    by_slot: Mapping[datetime, int]
    """How many calls start in each minute that has any."""


class Change(StrEnum):
    """What would make room, the cheapest first."""

    LINE = "one more line"
    HOUR = "one more hour"
    DAY = "one more day"


@dataclass(frozen=True, slots=True)
class Changes:
    """What each change would do for the people who cannot be fitted in, without taking a slot from anybody else."""

    short: int
    """How many they are."""
    fits: Mapping[Change, int]
    """How many of them get a slot."""

    @property
    def cheapest(self) -> Change | None:
        """The cheapest that fits all; else the one that fits the most; None where none fits anybody."""
        best = max(Change, key=lambda change: self.fits[change])  # the first of equals
        return best if self.fits[best] else None


def schedule(leads: Sequence[ToCall], capacity: Capacity, *, now: datetime, taken: Iterable[datetime] = ()) -> Schedule:
    """Give everybody a call inside their hours, within the capacity at every moment; the most people possible.

    Args:
        leads: Whom to call, ids distinct; their order does not matter.
        capacity: Lines, rate, and how long a call holds its line. `campaigns.planner.comb` says what follows from it.
        now: No call before; aware.
        taken: When calls that are booked or running start, one instant per call.

    A slot is open to somebody if it begins at or after `earliest` and `now`, and its whole minute and 30 s more lie
    inside the window and before `latest`: `decide` asks for the same 30 s. Among people of one window and last slot,
    smaller ranks get the earlier slots, and whoever is left out has the greatest rank that can be left out. Nobody
    could be moved alone to an earlier free slot. Raises ValueError: an id comes twice.
    """
    people = _people(leads, now)
    classes = _Classes(people, [_slots(window) for window in people.windows])
    teeth = comb(capacity, taken)
    placed = most(classes.usable, classes.released, teeth.starts_in(classes.slots).astype(np.int32))
    column = _hand_out(classes, placed)
    starts, by_slot = _times(people, classes, column, teeth)
    return Schedule(starts, tuple(_left_out(people, classes, column)), by_slot)


def reachable(leads: Sequence[ToCall], capacity: Capacity, *, now: datetime, taken: Iterable[datetime] = ()) -> int:
    """How many people `schedule` gives a call for the same arguments: the number alone, in half the time."""
    people = _people(leads, now)
    return _most(people, [_slots(window) for window in people.windows], comb(capacity, taken))


def _most(people: "_People", hours: list[_Spans], teeth: Comb) -> int:
    classes = _Classes(people, hours)
    return int(most(classes.usable, classes.released, teeth.starts_in(classes.slots).astype(np.int32)).sum())


def cheapest_change(
    plan: Schedule, leads: Sequence[ToCall], capacity: Capacity, *,
    now: datetime, taken: Collection[datetime] = (), group: Unplaced | None = None,
) -> Changes:  # fmt: skip
    """What one more line, hour or day would do, computed by scheduling anew with it; takes three times as long.

    Args:
        plan: What `schedule` gave for the same other arguments.
        group: Ask for these people alone; None: for everybody who has no slot.

    One more hour: each day closes an hour later (a day ends where a break of six hours begins). One more day:
    everybody's `latest` is 24 hours later. Neither asks whether the law allows it.
    """
    wanted = {id_ for some in ([group] if group else plan.unplaced) for id_ in some.ids}
    people = _people([lead for lead in leads if lead.id in wanted or lead.id in plan.starts], now)
    hours = [_slots(window) for window in people.windows]

    def fits(capacity: Capacity, hours: list[_Spans], people: _People) -> int:
        return max(0, _most(people, hours, comb(capacity, taken)) - len(plan.starts))

    longer = [_slots(_with_an_hour_more(window)) for window in people.windows]
    return Changes(
        len(wanted),
        {
            Change.LINE: fits(replace(capacity, at_once=capacity.at_once + 1), hours, people),
            Change.HOUR: fits(capacity, longer, people),
            Change.DAY: fits(capacity, hours, replace(people, end=people.end + timedelta(days=1) // SLOT)),
        },
    )


def _slots(window: Window) -> _Spans:
    """The slots that lie inside the window with the margin; spans that touch are one."""
    joined: list[tuple[datetime, datetime]] = []
    for opens, closes in sorted(window.spans):
        if joined and opens <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(closes, joined[-1][1]))
        else:
            joined.append((opens, closes))
    return [(_slot_from(opens), _slot_until(closes)) for opens, closes in joined]


def _slot_from(at: datetime) -> int:
    return -((EPOCH - at) // SLOT)


def _slot_until(at: datetime) -> int:
    """The slots below this end at least the margin before `at`."""
    return (at - MARGIN - EPOCH) // SLOT


def _with_an_hour_more(window: Window) -> Window:
    spans, hour = sorted(window.spans), timedelta(hours=1)
    nights = [*(later[0] - earlier[1] >= NIGHT for earlier, later in pairwise(spans)), True][: len(spans)]
    return Window(tuple((opens, closes + night * hour) for (opens, closes), night in zip(spans, nights, strict=True)))


@dataclass(frozen=True, slots=True)
class _People:
    """The leads as columns, in order of (rank, id): their place in it stands for both from here on."""

    ids: list[str]
    windows: list[Window]
    window: Integers
    """The number of each person's window."""
    first: Integers
    end: Integers
    """[first, end): the slots between earliest and latest, since 1970."""


def _people(leads: Sequence[ToCall], now: datetime) -> _People:
    ids = [lead.id for lead in leads]
    if len(set(ids)) < len(ids):
        raise ValueError("Two leads have the same id. Give each person once.")
    # Asked by identity first: comparing the spans of a million windows takes longer than all the rest.
    shared = {id(lead.window): lead.window for lead in leads}
    windows = sorted(set(shared.values()), key=attrgetter("spans"))
    number = {window: place for place, window in enumerate(windows)}
    numbers = {key: number[window] for key, window in shared.items()}

    def column(values: Iterable[int]) -> Integers:
        return np.fromiter(values, np.int64, len(ids))

    order = column(sorted(range(len(ids)), key=ids.__getitem__))
    ranks = np.fromiter((lead.rank for lead in leads), float, len(ids))
    order = order[np.argsort(ranks[order], kind="stable")]
    return _People(
        [ids[place] for place in order.tolist()],
        windows,
        column(numbers[id(lead.window)] for lead in leads)[order],
        np.maximum(column(_slot_from(lead.earliest) for lead in leads)[order], _slot_from(now)),
        column(_slot_until(lead.latest) for lead in leads)[order],
    )


class _Classes:
    """People who may use the same slots but for their release: one row each, the nearest last slot first."""

    def __init__(self, people: _People, hours: list[_Spans]) -> None:
        first = int(people.first.min()) if len(people.first) else 0
        closes = max((b for spans in hours for _, b in spans), default=first)
        end = max(first, min(closes, int(people.end.max(initial=first))))
        within = [[(max(a, first), min(b, end)) for a, b in spans if max(a, first) < min(b, end)] for spans in hours]
        some = np.zeros(end - first, dtype=np.bool_)
        for a, b in (span for spans in within for span in spans):
            some[a - first : b - first] = True
        self.slots: Integers = np.flatnonzero(some).astype(np.int64) + first
        """The columns: every slot that is open to somebody."""
        self._opens = np.zeros((len(hours), len(self.slots)), dtype=np.bool_)
        for row, spans in zip(self._opens, within, strict=True):
            for a, b in np.searchsorted(self.slots, np.array(spans, dtype=np.int64).reshape(-1, 2)).tolist():
                row[a:b] = True
        self.release, last = self._between(people)
        """Each person's first column."""
        self.members: Columns = np.flatnonzero(self.release <= last)
        """Those who have an open slot at all."""
        keys, rows = np.unique(last[self.members] * len(hours) + people.window[self.members], return_inverse=True)
        self.row: Integers = rows.astype(np.int64)
        """The class of each member."""
        self.last, self.window = np.divmod(keys, max(len(hours), 1))

    def _between(self, people: _People) -> tuple[Integers, Integers]:
        """Everybody's first and last open column; first > last where there is none."""
        first = np.searchsorted(self.slots, people.first)
        last = np.searchsorted(self.slots, people.end)
        by_window = np.argsort(people.window, kind="stable")
        bounds = np.searchsorted(people.window[by_window], np.arange(len(self._opens) + 1))
        for window, opens in enumerate(self._opens):
            who = by_window[bounds[window] : bounds[window + 1]]
            columns = np.concatenate(([-1], np.flatnonzero(opens), [len(self.slots)]))
            first[who] = columns[np.searchsorted(columns, first[who])]
            last[who] = columns[np.searchsorted(columns, last[who]) - 1]
        return first, last

    @cached_property
    def usable(self) -> Flags:
        usable: Flags = self._opens[self.window] & (np.arange(len(self.slots)) <= self.last[:, None])
        return usable

    @cached_property
    def released(self) -> Counts:
        shape = len(self.last), len(self.slots)
        cells = np.bincount(self.row * shape[1] + self.release[self.members], minlength=shape[0] * shape[1])
        return cells.astype(np.int32).reshape(shape).cumsum(axis=1, dtype=np.int32)


def _hand_out(classes: _Classes, placed: Counts) -> Integers:
    """Everybody's column, -1 for none.

    In each slot the smallest ranks of those released: slots accept more and more people of a class as time goes on, so
    taking the best in each leaves out the worst that can be left out.
    """
    column = np.full(len(classes.release), -1, dtype=np.int64)
    by_row = np.argsort(classes.row, kind="stable")
    bounds = np.searchsorted(classes.row[by_row], np.arange(len(placed) + 1))
    for row, counts in enumerate(placed):
        who = classes.members[by_row[bounds[row] : bounds[row + 1]]]
        chosen, columns = _by_rank(who, classes.release[who], counts)
        column[chosen] = columns
    return column


def _by_rank(who: Columns, release: Integers, counts: Counts) -> tuple[list[int], Integers]:
    """Who goes, in order of slots, and their columns. `who` is in order of rank."""
    order = np.argsort(release, kind="stable")
    coming, until = who[order].tolist(), np.searchsorted(release[order], np.arange(len(counts)), side="right")
    waiting: list[int] = []
    chosen: list[int] = []
    came = 0
    for column in np.flatnonzero(counts).tolist():
        for person in coming[came : until[column]]:
            heappush(waiting, person)
        came = max(came, int(until[column]))
        chosen += [heappop(waiting) for _ in range(counts[column])]
    return chosen, np.repeat(np.arange(len(counts)), counts)


def _times(
    people: _People, classes: _Classes, column: Integers, teeth: Comb
) -> tuple[dict[str, datetime], dict[datetime, int]]:
    who = np.flatnonzero(column >= 0)
    who = who[np.argsort(column[who], kind="stable")]  # in a slot by rank
    used, begins, among = np.unique(column[who], return_index=True, return_counts=True)
    nth = np.arange(len(who)) - np.repeat(begins, among)
    micros = teeth.instants(classes.slots[column[who]], nth, np.repeat(among, among))
    instants = [EPOCH + since for since in micros.astype("timedelta64[us]").tolist()]
    starts = {people.ids[person]: at for person, at in zip(who.tolist(), instants, strict=True)}
    slots = (EPOCH + slot * SLOT for slot in classes.slots[used].tolist())
    return starts, dict(zip(slots, among.tolist(), strict=True))


def _left_out(people: _People, classes: _Classes, column: Integers) -> Iterable[Unplaced]:
    inside = np.zeros(len(column), dtype=np.bool_)
    inside[classes.members] = True
    outside = np.flatnonzero(~inside)
    for window in np.unique(people.window[outside]).tolist():
        ids = tuple(people.ids[person] for person in outside[people.window[outside] == window].tolist())
        yield Unplaced(Reason.NO_OPENING, people.windows[window], None, ids)
    full = column[classes.members] < 0
    short, rows = classes.members[full], classes.row[full]
    for row in np.unique(rows).tolist():
        ids = tuple(people.ids[person] for person in short[rows == row].tolist())
        last = EPOCH + int(classes.slots[classes.last[row]]) * SLOT
        yield Unplaced(Reason.FULL, people.windows[int(classes.window[row])], last, ids)

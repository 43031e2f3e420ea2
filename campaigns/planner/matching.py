"""How many of each class go into which slot, so that as many as possible go at all: exact, on counts.

People of one class may use the same slots, each from their own release on; a class is one row, a slot one column.
First everybody in order of time, the class with the nearest last slot first. That alone is not the most where hours
have gaps: with slots 1, 2, 5, one call each, A free in 1 and 5, B in 1 and 2, and C in 5, it gives B slot 1, A slot 5
and C none. So whoever is left takes a slot from somebody who can move, who takes one from somebody who can move, until
somebody finds a free one: an augmenting path (Berge 1957). When there is none for anybody left, no more are possible.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Counts = NDArray[np.int32]
Columns = NDArray[np.intp]

IN_VAIN = 20
"""So many goals in a row without a way left, and a new search is cheaper than trying the others."""


def most(usable: Flags, released: Counts, capacity: Counts) -> Counts:
    """People per class and slot; their sum is the maximum, and nobody alone could move to an earlier slot.

    Args:
        usable: Class x slot: may the class use the slot. Classes whose last slot is nearest come first.
        released: Class x slot: how many of the class may be called in that slot or before; a running total.
        capacity: How many each slot takes.
    """
    placed = _in_order_of_time(usable, released, capacity)
    slack = released - placed.cumsum(axis=1, dtype=np.int32)
    if slack.size and slack[:, -1].any():
        _Repair(usable, placed, slack, capacity - placed.sum(axis=0, dtype=np.int32)).run()
    return placed


def _in_order_of_time(usable: Flags, released: Counts, capacity: Counts) -> Counts:
    # Slot x class here, so that a slot lies together in memory.
    placed = np.zeros(usable.T.shape, dtype=np.int32)
    taken = np.zeros(len(usable), dtype=np.int32)
    columns = zip(placed, usable.T.copy(), released.T.copy(), capacity.tolist(), strict=True)
    for here, may, until_now, room in columns:
        wanting = (until_now - taken) * may
        before = wanting.cumsum(dtype=np.int32) - wanting
        np.clip(room - before, 0, wanting, out=here, casting="unsafe")
        taken += here
    return np.ascontiguousarray(placed.T)


@dataclass(frozen=True, slots=True)
class _Move:
    """Somebody of `row` gives up column `old` for `new`; whoever comes from outside has the end as `old`."""

    row: int
    old: int
    new: int

    def goes_earlier_over(self, other: "_Move") -> bool:
        """Whether both need the same class's slack at some slot."""
        return self.row == other.row and max(self.new, other.new) < min(self.old, other.old)


@dataclass(slots=True)
class _Search:
    """One search, as a wave: the slots one move away, two moves away, ..."""

    seen: Flags
    mover: NDArray[np.int32]
    """The class whose move reached the slot."""
    covered: dict[int, int] = field(default_factory=dict)
    """Per class: all its slots beyond this one are reached."""
    waves: list[Columns] = field(default_factory=list)


@dataclass(slots=True)
class _Repair:
    """Augmenting paths, many from each search (Dinic 1970).

    Within a class anybody may move to a later slot; to an earlier one down to where the class has no slack, that is
    where everybody released is placed.
    """

    usable: Flags
    placed: Counts
    slack: Counts
    """Released and not placed, up to and with each slot; never below zero."""
    free: Counts
    dead: Flags = field(init=False)
    """Slots from which a failed search found nothing free: no later one will either."""

    def __post_init__(self) -> None:
        self.dead = np.zeros(len(self.free), dtype=np.bool_)

    def run(self) -> None:
        for row in range(len(self.usable)):
            while self.slack[row, -1] > 0 and self._place_some(row):
                pass
        self._settle()

    def _place_some(self, row: int) -> bool:
        """More of the class, by the shortest paths there are; False: there are none."""
        search = self._search(row)
        if search is None:
            return False
        in_vain = 0
        for goal in search.waves[-1][self.free[search.waves[-1]] > 0].tolist():
            while people := self._room(path := self._path(goal, search)):
                in_vain = 0
                for move in path:
                    self._move(move, people)
            in_vain += 1
            if in_vain == IN_VAIN or self.slack[row, -1] == 0:
                break
        return True

    def _search(self, row: int) -> _Search | None:
        """From outside to the first wave that has a free slot; None: no wave has."""
        end = len(self.free)
        search = _Search(self.dead.copy(), np.zeros(end, dtype=np.int32))
        wave = self._reached(row, end, search)
        while wave.size:
            search.waves.append(wave)
            if (self.free[wave] > 0).any():
                return search
            there = self.placed[:, wave] > 0
            movers = np.flatnonzero(there.any(axis=1)).tolist()
            found = [self._reached(mover, int(wave[there[mover].argmax()]), search) for mover in movers]
            wave = np.sort(np.concatenate(found)) if found else wave[:0]
        self.dead = search.seen
        return None

    def _reached(self, row: int, old: int, search: _Search) -> Columns:
        """Where one of the class can move from `old`, if no move went there yet."""
        if old > search.covered.get(row, old):
            return np.empty(0, dtype=np.intp)
        tight = self.slack[row, :old][::-1] == 0
        first = old - int(tight.argmax()) if tight.any() else 0
        search.covered[row] = first - 1
        new = np.flatnonzero(self.usable[row, first:] & ~search.seen[first:]) + first
        search.seen[new] = True
        search.mover[new] = row
        return new

    def _path(self, goal: int, search: _Search) -> list[_Move]:
        """From outside to the goal, through one slot of each wave; [] if those who were to move have moved already."""
        path: list[_Move] = []
        for wave in search.waves[-2::-1]:
            row = int(search.mover[goal])
            there = self.placed[row, wave] > 0
            if not there.any():
                return []
            path.append(_Move(row, int(wave[there.argmax()]), goal))
            goal = path[-1].old
        return [*path, _Move(int(search.mover[goal]), len(self.free), goal)]

    def _room(self, path: list[_Move]) -> int:
        """How many people the narrowest place of a path lets through."""
        room = int(self.free[path[0].new]) if path else 0
        for move in path:
            if move.old < len(self.free):
                room = min(room, int(self.placed[move.row, move.old]))
            if move.new < move.old:
                sharing = sum(move.goes_earlier_over(other) for other in path)
                room = min(room, int(self.slack[move.row, move.new : move.old].min()) // sharing)
        return room

    def _move(self, move: _Move, people: int) -> None:
        self.placed[move.row, move.new] += people
        self.slack[move.row, move.new :] -= people
        self.free[move.new] -= people
        if move.old < len(self.free):
            self.placed[move.row, move.old] -= people
            self.slack[move.row, move.old :] += people
            self.free[move.old] += people

    def _settle(self) -> None:
        """Whoever can move alone to an earlier free slot does: the paths may have passed one by."""
        for new in range(len(self.free)):
            if self.free[new] > 0:
                for row in np.flatnonzero(self.usable[:, new] & (self.slack[:, new] > 0)).tolist():
                    self._bring_forward(row, new)

    def _bring_forward(self, row: int, new: int) -> None:
        """The latest first: they gain the most."""
        tight = self.slack[row, new:] == 0
        end = new + int(tight.argmax()) if tight.any() else len(self.free) - 1
        for old in (np.flatnonzero(self.placed[row, new + 1 : end + 1]) + new + 1)[::-1].tolist():
            room = self._room([_Move(row, old, new)])
            if not room:
                break
            self._move(_Move(row, old, new), room)

"""Many people into call slots: as many as a maximum flow reaches, never over the lines, never outside the hours."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from campaigns.domain.hours import calling_window
from campaigns.domain.zones import Place
from campaigns.planner.comb import EPOCH, SLOT, Capacity, comb
from campaigns.planner.decide import MARGIN
from campaigns.planner.matching import most
from campaigns.planner.schedule import Change, Reason, Schedule, ToCall, Window, cheapest_change, schedule
from campaigns.testing import instant

START = instant("2026-11-23T09:00Z")
SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
ONE_A_MINUTE = Capacity(at_once=1, per_second=1, hold=SLOT)


def slot(number: int) -> datetime:
    return START + number * SLOT


def slots(*numbers: int) -> Window:
    """Exactly these slots are open."""
    return Window(tuple((slot(number), slot(number + 1) + MARGIN) for number in numbers))


def person(name: str, window: Window, first: int = 0, end: int = 10_000, rank: float = 0.0) -> ToCall:
    """May be called in slots [first, end)."""
    return ToCall(name, window, slot(first), slot(end) + MARGIN, rank)


def planned(*people: ToCall, capacity: Capacity = ONE_A_MINUTE, now: datetime = START, taken=()) -> Schedule:
    return schedule(people, capacity, now=now, taken=taken)


def places(plan: Schedule) -> dict[str, int]:
    return {name: (at - START) // SLOT for name, at in plan.starts.items()}


def unplaced(plan: Schedule) -> dict[str, Reason]:
    return {name: group.reason for group in plan.unplaced for name in group.ids}


def open_slots(lead: ToCall, *, now: datetime) -> set[datetime]:
    """A second reading of when a slot is open, minute by minute."""
    return {
        at
        for opens, closes in lead.window.spans
        for at in (EPOCH + n * SLOT for n in range((opens - EPOCH) // SLOT, (closes - EPOCH) // SLOT + 1))
        if max(opens, lead.earliest, now) <= at and at + SLOT + MARGIN <= min(closes, lead.latest)
    }


def most_by_flow(leads: list[ToCall], capacity: Capacity, *, now: datetime) -> int:
    """How many a maximum flow from people to slots reaches."""
    graph, known = nx.DiGraph(), {}
    for lead in leads:
        graph.add_edge("from", ("person", lead.id), capacity=1)
        for at in open_slots(lead, now=now):
            graph.add_edge(("person", lead.id), at, capacity=1)
            if at not in known:
                number = np.array([(at - EPOCH) // SLOT])
                known[at] = int(comb(capacity).starts_in(number)[0])
                graph.add_edge(at, "to", capacity=known[at])
    return nx.maximum_flow_value(graph, "from", "to") if known else 0


def busiest(starts: list[datetime], hold: timedelta) -> int:
    """The most calls at any moment: it is reached where one begins."""
    return max((sum(at - hold < other <= at for other in starts) for at in starts), default=0)


windows = st.sets(st.integers(0, 11), max_size=7).map(lambda numbers: slots(*sorted(numbers)))
capacities = st.sampled_from([
    ONE_A_MINUTE,
    Capacity(2, 5, SLOT),
    Capacity(2, 5, 3 * SLOT),
    Capacity(3, 0.05, 90 * SECOND),
    Capacity(7, 1, 200 * SECOND),
])  # fmt: skip


@st.composite
def crowds(draw: st.DrawFn) -> list[ToCall]:
    known = draw(st.lists(windows, min_size=1, max_size=5))
    return [
        person(f"p{n}", draw(st.sampled_from(known)), first=draw(st.sampled_from([0, 0, 0, 2, 5, 9])),
               end=draw(st.sampled_from([12, 12, 12, 6, 3])), rank=draw(st.integers(0, 3)))
        for n in range(draw(st.integers(0, 14)))
    ]  # fmt: skip


# The most people


def test_whoever_can_go_elsewhere_makes_room_for_whoever_cannot() -> None:
    plan = planned(person("A", slots(1, 5)), person("B", slots(1, 2)), person("E", slots(5)))
    assert places(plan) == {"A": 1, "B": 2, "E": 5}
    assert plan.unplaced == ()


@settings(max_examples=250)
@given(crowds(), capacities, st.integers(0, 3))
def test_as_many_are_reached_as_a_maximum_flow_reaches(crowd: list[ToCall], capacity: Capacity, late: int) -> None:
    plan = planned(*crowd, capacity=capacity, now=slot(late))
    assert len(plan.starts) == most_by_flow(crowd, capacity, now=slot(late))
    assert Counter([*plan.starts, *unplaced(plan)]) == Counter(lead.id for lead in crowd)


@pytest.mark.parametrize("size", [(2, 500, 12, 200), (3, 700, 12, 250), (4, 900, 16, 250), (4, 2000, 20, 600)])
def test_a_larger_crowd_with_breaks_is_reached_as_a_maximum_flow_reaches_it(size: tuple[int, int, int, int]) -> None:
    lines, people, kinds, width = size
    capacity = Capacity(lines, 5, SLOT)
    crowd = a_crowd(people, kinds, width)
    assert len(schedule(crowd, capacity, now=START).starts) == most_by_counts(crowd, capacity)


def a_crowd(people: int, kinds: int, width: int) -> list[ToCall]:
    """Kinds with three open stretches and a deadline each; half of the people are released later than the start."""
    draw = np.random.default_rng(people)
    known = []
    for _ in range(kinds):
        edges = np.sort(draw.choice(width, 6, replace=False)).tolist()
        spans = tuple((slot(a), slot(b) + MARGIN) for a, b in zip(edges[::2], edges[1::2], strict=True))
        known.append((Window(spans), int(draw.integers(width // 2, width))))
    release = np.where(draw.random(people) < 0.5, 0, draw.integers(0, 8, people) * width // 10).tolist()
    which = draw.integers(0, kinds, people).tolist()
    return [
        person(f"p{n}", known[kind][0], first, known[kind][1])
        for n, (kind, first) in enumerate(zip(which, release, strict=True))
    ]


def most_by_counts(leads: list[ToCall], capacity: Capacity) -> int:
    """The same maximum flow: people of the same slots as one, and slots of the same people as one."""
    kinds = Counter((lead.window, lead.earliest, lead.latest) for lead in leads)
    users: dict[datetime, set[int]] = {}
    for number, kind in enumerate(kinds):
        for at in open_slots(ToCall("", *kind), now=START):
            users.setdefault(at, set()).add(number)
    graph = nx.DiGraph()
    for number, people in enumerate(kinds.values()):
        graph.add_edge("from", number, capacity=people)
    for alike, count in Counter(frozenset(some) for some in users.values()).items():
        graph.add_edge(alike, "to", capacity=count * capacity.at_once)
        graph.add_edges_from((number, alike) for number in alike)
    return nx.maximum_flow_value(graph, "from", "to")


@pytest.mark.parametrize("seed", range(60, 90))
def test_counts_reach_the_maximum_flow_and_leave_nobody_later_than_a_free_slot(seed: int) -> None:
    draw = np.random.default_rng(seed)
    classes, width, stretch, room = (int(draw.integers(*bounds)) for bounds in ((3, 14), (8, 90), (1, 9), (1, 6)))
    usable = np.repeat(draw.random((classes, width // stretch + 1)) < draw.uniform(0.2, 0.6), stretch, axis=1)[
        :, :width
    ]
    usable[:, 0] = True
    usable = usable[np.argsort(width - usable[:, ::-1].argmax(axis=1))]
    people = np.zeros((classes, width), dtype=np.int32)
    for _ in range(int(room * width * draw.uniform(0.7, 1.2))):
        row = draw.integers(classes)
        people[row, 0 if draw.random() < 0.5 else draw.choice(np.flatnonzero(usable[row]))] += 1
    placed = most(usable, people.cumsum(axis=1, dtype=np.int32), np.full(width, room, dtype=np.int32))
    slack, free = people.cumsum(axis=1) - placed.cumsum(axis=1), room - placed.sum(axis=0)
    assert min(placed.min(), slack.min(), free.min()) >= 0
    assert not placed[~usable].any()
    assert placed.sum() == most_by_chain(usable, people, room)
    later = np.maximum.accumulate((placed * usable)[:, ::-1], axis=1)[:, ::-1] > 0
    assert not (usable & (slack > 0) & (free > 0) & later).any()


def most_by_chain(usable: np.ndarray, people: np.ndarray, room: int) -> int:
    """The same maximum flow: a class's people wait from slot to slot."""
    graph = nx.DiGraph()
    for row, column in np.ndindex(usable.shape):
        graph.add_edge("from", (row, column), capacity=int(people[row, column]))
        graph.add_edge((row, column), (row, column + 1))
        if usable[row, column]:
            graph.add_edge((row, column), column, capacity=room)
            graph.add_edge(column, "to", capacity=room)
    return nx.maximum_flow_value(graph, "from", "to")


# Hours


@given(crowds(), capacities)
def test_everybody_is_called_in_their_own_open_slots_alone(crowd: list[ToCall], capacity: Capacity) -> None:
    leads = {lead.id: lead for lead in crowd}
    for name, at in planned(*crowd, capacity=capacity).starts.items():
        assert EPOCH + (at - EPOCH) // SLOT * SLOT in open_slots(leads[name], now=START)


@pytest.mark.parametrize(
    ("opens", "closes", "earliest", "latest", "first"),
    [
        (0, 90, 0, 900, 0),  # a minute and the margin
        (0, 89, 0, 900, None),  # a second too short
        (1, 149, 0, 900, None),  # only part of either minute
        (1, 150, 0, 900, 1),
        (0, 900, 1, 900, 1),  # earliest within a minute: the next
        (0, 900, 0, 90, 0),  # the deadline has the same margin as the close
        (0, 900, 0, 89, None),
    ],
)
def test_a_slot_is_open_when_its_minute_and_the_margin_lie_inside(opens, closes, earliest, latest, first) -> None:
    window = Window(((START + opens * SECOND, START + closes * SECOND),))
    plan = planned(ToCall("A", window, START + earliest * SECOND, START + latest * SECOND))
    assert places(plan).get("A") == first


def test_spans_that_touch_are_one() -> None:
    window = Window(((slot(1), slot(2)), (slot(0), slot(1)), (slot(2), slot(2) + MARGIN)))
    plan = planned(person("A", window), person("B", window))
    assert places(plan) == {"A": 0, "B": 1}


def test_nobody_is_called_before_now() -> None:
    assert places(planned(person("A", slots(0, 1, 2)), now=slot(1) + SECOND)) == {"A": 2}


@pytest.mark.row("T2")
def test_the_spans_of_a_calling_window_are_understood_over_a_change_of_the_clocks() -> None:
    hours = calling_window(("Mo-Su 09:00-17:00",), (Place("Europe/Amsterdam", "NL", None),))
    friday, monday = instant("2026-10-23T16:00Z"), instant("2026-10-26T23:00Z")
    window = Window(tuple(hours.spans(friday, monday)))
    plan = planned(ToCall("A", window, instant("2026-10-24T15:00Z"), monday), now=friday)
    assert plan.starts == {"A": instant("2026-10-25T08:00Z")}


def test_instants_without_a_zone_are_refused() -> None:
    with pytest.raises(TypeError):
        planned(ToCall("A", slots(1), datetime(2026, 11, 23, 9), slot(9)))  # noqa: DTZ001


def test_an_endless_deadline_costs_nothing() -> None:
    endless = datetime(9999, 1, 1, tzinfo=UTC)
    assert places(planned(ToCall("A", slots(3), START, endless))) == {"A": 3}


# Early, and by rank


@given(crowds(), capacities)
def test_nobody_could_move_alone_to_an_earlier_free_slot(crowd: list[ToCall], capacity: Capacity) -> None:
    plan = planned(*crowd, capacity=capacity)
    for lead in crowd:
        if lead.id in plan.starts:
            for at in open_slots(lead, now=START):
                room = int(comb(capacity).starts_in(np.array([(at - EPOCH) // SLOT]))[0])
                assert at + SLOT > plan.starts[lead.id] or plan.by_slot.get(at, 0) == room


@given(crowds(), capacities)
def test_of_two_alike_the_smaller_rank_goes_first_and_is_not_the_one_left_out(crowd, capacity) -> None:
    plan = planned(*crowd, capacity=capacity)
    late = datetime.max.replace(tzinfo=UTC)
    for one in crowd:
        for other in crowd:
            alike = (one.window, one.earliest, one.latest) == (other.window, other.earliest, other.latest)
            if alike and (one.rank, one.id) < (other.rank, other.id):
                assert plan.starts.get(one.id, late) <= plan.starts.get(other.id, late)


def test_whoever_is_left_out_has_the_greatest_rank_that_can_be_left_out() -> None:
    both, late = person("first", slots(0, 1), rank=1), person("late", slots(0, 1), first=1, rank=3)
    plan = planned(both, late, person("middle", slots(0, 1), rank=2))
    assert places(plan) == {"first": 0, "middle": 1}
    assert unplaced(plan) == {"late": Reason.FULL}


@given(crowds(), capacities, st.randoms(use_true_random=False))
def test_the_order_in_which_people_are_given_changes_nothing(crowd, capacity, random) -> None:
    shuffled = random.sample(crowd, len(crowd))
    one, other = planned(*crowd, capacity=capacity), planned(*shuffled, capacity=capacity)
    assert list(one.starts.items()) == list(other.starts.items())
    assert (one.unplaced, one.by_slot) == (other.unplaced, other.by_slot)


def test_an_id_that_comes_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="same id"):
        planned(person("A", slots(1)), person("A", slots(2)))


# Lines and rate


@settings(max_examples=150)
@given(
    st.integers(1, 9), st.sampled_from([0.02, 0.1, 0.3, 1, 3, 7]), st.integers(1, 400),
    st.lists(st.integers(-600, 1500), max_size=9), st.integers(0, 120),
)  # fmt: skip
def test_lines_and_rate_hold_at_every_moment_with_the_calls_that_are_booked(at_once, rate, hold, booked, crowd) -> None:
    capacity = Capacity(at_once, rate, hold * SECOND)
    taken: list[datetime] = []
    for second in booked:  # as many as keep the limits themselves
        more = [*taken, START + second * SECOND]
        taken = more if busiest(more, capacity.hold) <= at_once and busiest(more, SECOND) <= max(rate, 1) else taken
    window = Window(((START, START + 15 * SLOT),))
    plan = planned(*(person(f"p{n}", window) for n in range(crowd)), capacity=capacity, taken=taken)
    starts = [*plan.starts.values(), *taken]
    assert busiest(starts, capacity.hold) <= at_once
    assert busiest(starts, SECOND) <= max(rate, 1)


@pytest.mark.parametrize(
    ("capacity", "per_slot"),
    [
        (Capacity(40, 5, SLOT), [40] * 6),  # forty lines for a minute each
        (Capacity(400, 5, SLOT), [300] * 6),  # the rate
        (Capacity(1, 5, 3 * SLOT), [1, 0, 0, 1, 0, 0]),  # one call holds the line for three slots
        (Capacity(2, 5, 3 * SLOT), [1, 1, 0, 1, 1, 0]),
        (Capacity(4, 5, 90 * SECOND), [3, 3, 2, 3, 3, 2]),
    ],
)
def test_a_slot_takes_what_keeps_the_lines_over_the_whole_hold(capacity: Capacity, per_slot: list[int]) -> None:
    first = (START - EPOCH) // SLOT
    counted = comb(capacity).starts_in(np.arange(first, first + 60)).tolist()
    assert sum(counted) == pytest.approx(sum(per_slot) * 10, abs=1)
    assert max(counted) == max(per_slot)
    assert set(counted) <= set(per_slot)


def test_what_this_planned_before_costs_one_start_each() -> None:
    crowd = [person(f"p{n}", slots(0, 1)) for n in range(80)]
    capacity = Capacity(40, 5, SLOT)
    taken = list(planned(*crowd[:30], capacity=capacity).starts.values())
    plan = planned(*crowd, capacity=capacity, taken=taken)
    assert plan.by_slot == {slot(0): 10, slot(1): 40}
    assert not set(taken) & set(plan.starts.values())


def test_a_running_call_holds_its_line_until_it_ends() -> None:
    plan = planned(person("A", slots(*range(9))), capacity=Capacity(1, 1, 4 * SLOT), taken=[START - SLOT])
    assert plan.starts["A"] >= START + 3 * SLOT


def test_the_starts_of_a_slot_are_spread_over_its_minute() -> None:
    plan = planned(*(person(f"p{n}", slots(0)) for n in range(6)), capacity=Capacity(60, 1, SLOT))
    assert [later - earlier for earlier, later in pairwise(plan.starts.values())] == [10 * SECOND] * 5


@pytest.mark.parametrize("wrong", [(0, 1, SLOT), (1, 0, SLOT), (1, 1, timedelta())])
def test_a_capacity_that_lets_no_call_start_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match="at least one line"):
        Capacity(*wrong)


# Who cannot be fitted in, and what would help


def test_whoever_cannot_be_fitted_in_is_named_with_the_reason() -> None:
    plan = planned(
        person("A", slots(1), rank=1),
        person("B", slots(1), rank=2),
        person("C", slots(1), first=5),
        person("D", slots()),
    )
    assert places(plan) == {"A": 1}
    assert unplaced(plan) == {"B": Reason.FULL, "C": Reason.NO_OPENING, "D": Reason.NO_OPENING}
    assert {group.last for group in plan.unplaced} == {None, slot(1)}


def open_days(*, hours: int = 1) -> Window:
    return Window(tuple((START + n * DAY, START + n * DAY + timedelta(hours=hours)) for n in range(4)))


def what_helps(*people: ToCall, capacity: Capacity = ONE_A_MINUTE, group: int | None = None):
    plan = schedule(people, capacity, now=START)
    chosen = None if group is None else plan.unplaced[group]
    return cheapest_change(plan, people, capacity, now=START, group=chosen)


def crowd_of(count: int, *, until: timedelta = timedelta(hours=20), window: Window | None = None) -> list[ToCall]:
    return [ToCall(f"p{n}", window or open_days(), START, START + until) for n in range(count)]


def test_one_more_line_is_the_cheapest_when_it_fits_all() -> None:
    changes = what_helps(*crowd_of(59 + 59))
    assert changes.short == 59
    assert changes.fits == {Change.LINE: 59, Change.HOUR: 59, Change.DAY: 59}
    assert changes.cheapest is Change.LINE


def test_an_hour_more_at_the_days_end_leaves_lunch_alone() -> None:
    lunch = Window(((START, START + timedelta(hours=1)), (START + timedelta(hours=2), START + timedelta(hours=3))))
    plenty = crowd_of(59 * 2 + 200, window=lunch)
    assert what_helps(*plenty).fits[Change.HOUR] == 60


def test_what_fits_the_most_is_named_when_nothing_fits_all() -> None:
    short = [person(f"s{n}", slots(3)) for n in range(3)]
    early = [ToCall(f"e{n}", open_days(), START - DAY, START - SLOT) for n in range(30)]
    changes = what_helps(*short, *early)
    assert changes.short == 32
    assert changes.fits == {Change.LINE: 1, Change.HOUR: 2, Change.DAY: 30}
    assert changes.cheapest is Change.DAY


def test_nothing_is_named_when_nothing_helps() -> None:
    changes = what_helps(person("A", slots()))
    assert (changes.short, changes.cheapest) == (1, None)


def test_one_group_is_asked_for_alone_and_takes_nobodys_slot() -> None:
    crowd = [person(f"a{n}", slots(3)) for n in range(3)] + [person("b", slots(4), first=5)]
    alone = [what_helps(*crowd, group=n) for n in range(2)]
    assert [changes.short for changes in alone] == [1, 2]
    assert [changes.fits[Change.LINE] for changes in alone] == [0, 1]


def test_a_rate_that_binds_makes_another_line_useless() -> None:
    changes = what_helps(*crowd_of(100), capacity=Capacity(50, 1 / 60, SLOT))
    assert changes.fits[Change.LINE] == 0

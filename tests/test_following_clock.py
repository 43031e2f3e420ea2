"""A clock that goes by the database's: which answers it believes, and that nobody's wall clock moves it."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import anyio
import pytest

from campaigns.clock import Heard, SystemClock, believed


def heard(ahead: float, margin: float, at: float) -> Heard:
    return Heard(*(timedelta(seconds=part) for part in (ahead, margin, at)))


@pytest.mark.parametrize(
    ("answers", "first"),
    [
        ([heard(100, 0.5, 10)], 0),
        ([heard(100, 0.001, 10), heard(100.2, 0.5, 15)], 0),  # the later one took long, and does not contradict it
        ([heard(100, 0.5, 10), heard(100.2, 0.001, 15)], 1),
        ([heard(100, 0.001, 10), heard(3700, 0.5, 15)], 1),  # the database was set, or is another now
        ([heard(100, 0.001, 10), heard(100.05, 0.002, 15)], 1),
        ([heard(100, 0.001, 10), heard(100.05, 0.004, 1000)], 1),  # too old to be sure of anything
    ],
)
def test_the_surest_answer_is_believed_unless_the_last_contradicts_it(answers: list[Heard], first: int) -> None:
    assert believed(answers, now=answers[-1].at)[0] is answers[first]


async def following(clock: SystemClock, ask: Callable[[], Awaitable[datetime | None]]) -> datetime:
    async with anyio.create_task_group() as tasks:
        await tasks.start(clock.follow, ask)
        now = clock.now()
        tasks.cancel_scope.cancel()
    return now


async def test_whoever_follows_has_the_others_time() -> None:
    other = timedelta(hours=3)

    async def ask() -> datetime:
        return datetime.now(UTC) + other

    clock = SystemClock()
    now = await following(clock, ask)
    assert abs(now - datetime.now(UTC) - other) < timedelta(seconds=1)
    before = clock.now()
    await clock.sleep_until(before + timedelta(milliseconds=20))
    assert clock.now() >= before + timedelta(milliseconds=20)


async def test_without_an_answer_the_machines_own_time_holds() -> None:
    async def ask() -> None:
        return None

    assert abs(await following(SystemClock(), ask) - datetime.now(UTC)) < timedelta(seconds=1)


async def test_what_was_learnt_holds_while_nobody_answers() -> None:
    answers = [datetime(2031, 5, 1, tzinfo=UTC)]

    async def ask() -> datetime | None:
        return answers.pop() if answers else None

    assert abs(await following(SystemClock(), ask) - datetime(2031, 5, 1, tzinfo=UTC)) < timedelta(seconds=1)


@pytest.mark.row("T1")
async def test_a_clock_that_was_set_is_not_steady_until_time_has_gone_by() -> None:
    ahead = timedelta(hours=5)

    async def ask() -> datetime:
        return datetime.now(UTC) + ahead

    clock, span = SystemClock(), timedelta(milliseconds=50)
    assert clock.steady_for(span)
    await following(clock, ask)
    assert clock.steady_for(span)  # another clock, but nobody has set it
    ahead = timedelta(hours=8)
    await following(clock, ask)
    assert not clock.steady_for(span)
    await anyio.sleep(0.06)
    assert clock.steady_for(span)
    assert not clock.steady_for(timedelta(hours=1))

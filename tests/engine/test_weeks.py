"""Days of thousands of calls: what is remembered of them is in the database, and nowhere else."""

import gc
from collections import deque
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import pytest
from anyio.streams.memory import MemoryObjectReceiveStream

from campaigns.clock import DiscreteClock, run_virtual
from campaigns.domain.call import CallReport, Disposition, Grade
from campaigns.engine.inbox import News, to_json
from campaigns.stores.sqlite import open_sqlite
from campaigns.testing import Night, a_campaign, a_contact, a_night

from .conftest import START

D = Disposition
ENDS = (D.ANSWERED, D.NO_ANSWER, D.BUSY, D.VOICEMAIL, D.ANSWERED)
DAY = timedelta(days=1)
LOG_MB = 8.0


def held(*roots: object) -> dict[str, int]:
    """How much is in each container that the engine's long-lived parts hold, by its name."""
    found: dict[str, int] = {}
    seen: set[int] = set()
    left: list[tuple[str, Any]] = [(type(root).__name__, root) for root in roots]
    while left:
        name, one = left.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        if isinstance(one, dict | list | set | deque):
            found[name] = len(one)
        elif type(one).__module__.startswith("campaigns.engine") and hasattr(one, "__dict__"):
            left += [(f"{name}.{each}", value) for each, value in vars(one).items()]
    return found


async def came(night: Night, report: CallReport, grade: Grade) -> None:
    """A webhook, kept and heard."""
    now = night.clock.now()
    kept = await night.store.receive(
        "scripted", dedupe_key=f"{grade}{report.call_id}", grade=grade, report=to_json(report), now=now
    )
    assert kept is not None
    night.reconciler.heard(News(kept, grade, report))


async def tell(night: Night, answered: MemoryObjectReceiveStream[str]) -> None:
    """As soon as a call is placed, somebody says that it has begun; of its end nobody says a word."""
    with answered:
        async for name in answered:
            attempt = await night.store.attempt(name)
            if attempt is not None and attempt.call_id:
                for grade in (Grade.BODY, Grade.TOKEN):
                    await came(night, CallReport(attempt.call_id, name, phone=attempt.phone), grade)


async def called(night: Night, day: int, people: int) -> None:
    """One day: a campaign of its own."""
    first = day * people
    contacts = [a_contact(first + n) for n in range(people)]
    changes: dict[str, Any] = {"attempts": {"max": 2, "per_day": 9, "gap": "1h"}}
    runner = await night.also(a_campaign(campaign=f"day-{day}", **changes), contacts)

    await runner.run(f"day-{day}")
    night.dialer.wake.unlink(runner.wake)
    await night.until(START + (day + 1) * DAY)


def rss_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


@pytest.mark.long
@pytest.mark.row("O4")
def test_nothing_but_the_database_remembers_the_calls_of_a_week(tmp_path: Path, long: bool, figure) -> None:
    days, people = (7, 1_000) if long else (3, 40)
    clock, path = DiscreteClock(START), tmp_path / "week.db"
    after: list[tuple[dict[str, int], int, int, float]] = []

    async def main() -> int:
        async with (
            open_sqlite(path, clock=clock, simulated=True) as store,
            a_night(store, clock, contacts=0, script=lambda phone, _nth: ENDS[int(phone[-1]) % len(ENDS)]) as night,
        ):
            placed, answered = anyio.create_memory_object_stream[str](people)
            night.dialer.heed(placed.send_nowait)
            night.tasks.start_soon(tell, night, answered)
            for day in range(days):
                await called(night, day, people)
                gc.collect()
                parts = held(night.dialer, night.reconciler, night.runner)
                fds = len(list(Path("/proc/self/fd").iterdir()))
                after.append((parts, fds, len(anyio.get_running_tasks()), rss_mb()))
                assert Path(f"{path}-wal").stat().st_size / 2**20 < LOG_MB
            placed.close()
            return len(night.provider.dialled)

    calls = run_virtual(clock, main)
    assert calls > days * people
    (parts, fds, tasks, rss), *_, (parts_then, fds_then, tasks_then, rss_then) = after
    terms = [one.pop("Runner._book._known") for one in (parts, parts_then)]
    assert terms == [2, days + 1]  # of each campaign what its file says, and of nothing else
    assert parts_then == parts
    assert sum(parts.values()) < people / 2
    assert (fds_then, tasks_then) == (fds, tasks)
    figure(
        "O4", "MB of memory that a day leaves behind, simulated", round((rss_then - rss) / (days - 1), 2),
        days=days, calls=calls, fds=fds_then, tasks=tasks_then,
    )  # fmt: skip

"""A long list is prepared in a process of its own: to the same end, and without anything left behind."""

import csv
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import anyio
import pytest

from campaigns.app import Session, open_session
from campaigns.clock import DiscreteClock, SystemClock, run_real, run_virtual
from campaigns.domain.contact import keyed_hash
from campaigns.domain.errors import CampaignsError, InputError
from campaigns.editing import put_campaign
from campaigns.engine.intake import Intake, load
from campaigns.files import load_campaign
from campaigns.importing import apart
from campaigns.loading import open_lists
from campaigns.outlook import Outlook
from campaigns.ports import Clock
from campaigns.ports.store import Suppression
from campaigns.settings import Settings

START = datetime(2026, 11, 30, 15, tzinfo=UTC)
CAMPAIGN = """
campaign: big
purpose: telemarketing
contacts:
  - file: list.csv
    region: US
    columns: {phone: [phone, {column: other, kind: home}], name: name, id: id, key: key, state: state, timezone: zone,
              rank: rank, consent: consent, consent_at: signed, consent_proof: proof, hours: own, last_attempts: calls}
    call_by: {column: by}
exclude:
  - {file: out.csv, columns: {id: id}}
calling_hours: "Mo-Fr 09:00-12:00,13:00-20:00; Sa 10:00-17:00; PH off"
starts: 2026-12-01
ends: 2026-12-24
variables: {first: "{{ name }}", where: "{{ row['state'] | default('somewhere') }}"}
"""
COLUMNS = "id,key,name,phone,other,state,zone,rank,consent,signed,proof,own,calls,by"
AREAS = ("212", "213", "312", "305", "808", "907", "602", "617", "206", "800", "787", "416", "999")


def hostile(many: int) -> bytes:
    """Rows of every kind of good and bad, some twice."""
    rows = [COLUMNS]
    for n in range(many):
        phone = f"+1 {AREAS[n % len(AREAS)]} 555 01{n % 100:02}"
        cells = [f"p{n}", f"k{n}", f"Añn {n}", phone, "", ("NY", "CA", "", "nowhere", "TX")[n % 5], "", str(n % 7)]
        cells += [("prior_written", "none", "prior", "", "prior_written requested")[n % 5], ("2026-11-01", "")[n % 2],
                  ("form", "")[n % 3 == 2], "", "", ""]  # fmt: skip
        odd: dict[int, Callable[[], Any]] = {
            11: lambda c=cells: c.__setitem__(3, "ask Ann"),
            13: lambda c=cells: c.__setitem__(3, "+44 20 7946 0001"),
            17: lambda c=cells: c.__setitem__(4, "+1 900 555 0100"),
            19: lambda c=cells: c.__setitem__(6, "Mars/Base"),
            23: lambda c=cells: c.__setitem__(1, "k1"),
            29: lambda c=cells: c.__setitem__(11, "Mo-Fr 10:00-11:00"),
            31: lambda c=cells: c.__setitem__(12, "2026-11-20 10:00 no_answer; 2026-11-21 refused"),
            37: lambda c=cells: c.__setitem__(13, "2026-12-02 12:00"),
            41: lambda c=cells: c.__setitem__(2, "half \0 a name"),
            43: lambda c=cells: c.append("one more"),
            47: lambda c=cells: c.__setitem__(0, ""),
            53: lambda c=cells: c.__setitem__(2, '"never closed'),
        }  # fmt: skip
        for every, change in odd.items():
            if n % every == every - 1:
                change()
        rows.append(",".join(cells))
    return "\r\n".join(rows).encode().replace(b"A\xc3\xb1n 77,", b"A\xf1n 77,")


def written(folder: Path, text: bytes) -> None:
    (folder / "campaign.yaml").write_text(CAMPAIGN)
    (folder / "list.csv").write_bytes(text)
    (folder / "out.csv").write_text("id\np3\np70\n")


async def reading(folder: Path, clock: Clock, *, long: int, beside: Callable[[Session], Awaitable[None]] | None = None
                  ) -> tuple[Intake, Outlook]:  # fmt: skip
    """Read the list of a folder; from so many bytes on in a process of its own."""
    settings = Settings(database=f"sqlite:///{folder}/x.db", hash_key="k" * 32)
    async with open_session(settings, clock, simulated=True) as session:
        loaded = load_campaign(folder / "campaign.yaml")
        lists = await open_lists(loaded, session.store, session.systems)
        key = keyed_hash(session.hash_key, "phone", "+13055550103")
        await session.store.suppress([Suppression(key, "all", "", "", "", "", START)])
        terms = session.book.current(await put_campaign(session, loaded))
        outlook = Outlook(loaded.campaign, session.law, clock.now())
        sources = apart(lists.sources, folder, clock, outlook, long=long)
        async with anyio.create_task_group() as tasks:
            if beside is not None:
                tasks.start_soon(beside, session)
            intake = await load(terms, sources, lists.excluded, store=session.store, clock=clock)
            tasks.cancel_scope.cancel()
        return intake, outlook


def read_in_real_time(folder: Path, beside: Callable[[Session], Awaitable[None]] | None = None) -> Intake:
    """In a process of its own. Raises what the reading raises."""
    try:
        return run_real(lambda: reading(folder, SystemClock(), long=1, beside=beside))[0]
    except ExceptionGroup as group:
        error: Exception = group
        while isinstance(error, ExceptionGroup):
            (error,) = error.exceptions
        raise error from group


def kept(folder: Path) -> dict[str, list[Any]]:
    """What the database holds of the list."""
    tables = {
        "lead": "SELECT id, seq, person_key, contact, rank, source, load, state, due_at, closes_at, last_chance,"
        " reason, rule, outcome, revision FROM lead ORDER BY id",
        "lead_phone": "SELECT * FROM lead_phone ORDER BY 1, 2", "person": "SELECT * FROM person ORDER BY 1",
        "consent": "SELECT * FROM consent ORDER BY 1, 2, 3, 4", "bad_row": "SELECT * FROM bad_row ORDER BY 1, 2, 3",
    }  # fmt: skip
    with closing(sqlite3.connect(folder / "x.db")) as db:
        return {name: db.execute(sql).fetchall() for name, sql in tables.items()}


@pytest.mark.row("I2")
def test_a_hostile_list_comes_to_the_same_in_this_process_and_in_one_of_its_own(tmp_path: Path) -> None:
    found = []
    for name, long in (("here", 10**9), ("apart", 1)):
        (folder := tmp_path / name).mkdir()
        written(folder, hostile(5_000))
        clock = DiscreteClock(START)
        intake, outlook = run_virtual(clock, lambda f=folder, c=clock, n=long: reading(f, c, long=n))
        assert clock.now() == START
        found.append((intake, kept(folder), outlook.lines(), outlook.week(START.date()), outlook.contacts))
    here, elsewhere = found
    assert here == elsewhere
    intake, rows = here[0], here[1]
    assert min(intake.invalid, intake.duplicate, intake.suppressed, intake.excluded) > 1
    assert intake.read == 5_000
    assert intake.new == len(rows["lead"]) > 3_000
    assert rows["consent"]


def test_a_list_that_cannot_be_read_any_more_is_a_plain_error(tmp_path: Path) -> None:
    async def remove(_session: Session) -> None:
        (tmp_path / "list.csv").unlink()

    written(tmp_path, hostile(50))
    with pytest.raises(InputError, match="is not there"):
        read_in_real_time(tmp_path, beside=remove)


def plain(many: int) -> bytes:
    rows = (f"p{n},k{n},Ann,+1 {AREAS[n % 9]} 555 01{n % 100:02},,,,,,,,,," for n in range(many))
    return "\n".join([COLUMNS, *rows]).encode()


def children(of: int) -> list[int]:
    try:
        return [int(pid) for pid in Path(f"/proc/{of}/task/{of}/children").read_text().split()]
    except OSError:
        return []


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def leads(folder: Path) -> int:
    try:
        with closing(sqlite3.connect(folder / "x.db")) as db:
            return int(db.execute("SELECT COUNT(*) FROM lead").fetchone()[0])
    except sqlite3.Error:
        return 0


@pytest.mark.row("I2")
def test_a_reading_process_that_is_killed_is_a_plain_error_and_what_was_read_stays(tmp_path: Path) -> None:
    written(tmp_path, plain(20_000))

    async def kill(_session: Session) -> None:
        while not leads(tmp_path):
            await anyio.sleep(0.01)
        (child,) = children(os.getpid())
        os.kill(child, signal.SIGKILL)

    with pytest.raises(CampaignsError, match="ended before its end"):
        read_in_real_time(tmp_path, beside=kill)
    assert children(os.getpid()) == []
    assert 0 < (before := leads(tmp_path)) < 19_998
    intake = read_in_real_time(tmp_path)
    assert (intake.read, intake.duplicate, leads(tmp_path)) == (20_000, 0, before + intake.new)
    assert leads(tmp_path) == 20_000 - intake.excluded - intake.suppressed


@pytest.mark.row("I2")
def test_a_long_list_is_read_in_little_memory_and_read_again_it_adds_nobody(tmp_path: Path, long: bool, figure) -> None:
    rows = 10_000_000 if long else 6_000
    with (tmp_path / "list.csv").open("w") as file:
        file.write(COLUMNS)
        file.writelines(f"\np{n},k{n},Ann,+1 {AREAS[n % 9]} 555 01{n % 100:02},,,,,,,,,," for n in range(rows))
    (tmp_path / "campaign.yaml").write_text(CAMPAIGN)
    (tmp_path / "out.csv").write_text("id\np3\np70\n")
    before, began = own_rss_mb(), monotonic()
    intake = read_in_real_time(tmp_path)
    took, there = monotonic() - began, leads(tmp_path)
    assert intake.read == rows
    assert there == intake.new
    began = monotonic()
    with (tmp_path / "list.csv").open(newline="") as file:
        assert sum(1 for _ in csv.reader(file)) == rows + 1
    floor = monotonic() - began
    again = read_in_real_time(tmp_path)
    assert (again.new, leads(tmp_path)) == (0, there)
    assert own_rss_mb() - before < 200
    size = (tmp_path / "list.csv").stat().st_size
    figure(
        "I2", "rows read a second", round(rows / took), rows=rows, mb=round(size / 1e6, 1),
        parsed_alone_a_second=round(rows / floor), rss_grew_mb=round(own_rss_mb() - before), twice=0,
    )  # fmt: skip


def own_rss_mb() -> float:
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 2**20


SCRIPT = f"""
import sys
sys.path.insert(0, {str(Path(__file__).parent)!r})
from pathlib import Path
from campaigns.clock import SystemClock, run_real
from test_importing import reading
run_real(lambda: reading(Path(sys.argv[1]), SystemClock(), long=1))
"""


@pytest.mark.row("I2")
def test_a_killed_program_leaves_no_process_behind_and_the_next_one_loads_nobody_twice(tmp_path: Path) -> None:
    written(tmp_path, plain(20_000))
    running = subprocess.Popen([sys.executable, "-c", SCRIPT, str(tmp_path)])
    until(lambda: leads(tmp_path) > 0)
    (child,) = children(running.pid)
    running.kill()
    running.wait()
    assert 0 < leads(tmp_path) < 19_998
    until(lambda: not is_there(child))
    intake = read_in_real_time(tmp_path)
    assert intake.read == 20_000
    assert leads(tmp_path) == 20_000 - intake.excluded - intake.suppressed
    assert intake.duplicate == 0


@pytest.mark.row("I2")
def test_a_reading_that_is_given_up_ends_its_process(tmp_path: Path) -> None:
    written(tmp_path, plain(20_000))

    async def main() -> None:
        async def give_up(_session: Session) -> None:
            while not leads(tmp_path):
                await anyio.sleep(0.01)
            scope.cancel()

        with anyio.CancelScope() as scope:
            await reading(tmp_path, SystemClock(), long=1, beside=give_up)
        assert scope.cancelled_caught

    run_real(main)
    assert children(os.getpid()) == []
    assert 0 < leads(tmp_path) < 19_998


def until(seen: Callable[[], bool]) -> None:
    ends = monotonic() + 60
    while not seen():
        assert monotonic() < ends
        sleep(0.02)

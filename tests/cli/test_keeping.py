"""`backup`, `restore`, `adopt`: whole files or none, nothing overwritten, and nobody called from what was put back."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from postgres import new_database, server

from campaigns.clock import SystemClock, run_real
from campaigns.domain.errors import InputError
from campaigns.stores.sqlite_backup import back_up, put_back
from campaigns.stores.sqlite_file import SqliteFile

NUMBER = "+442079460123"


@pytest.fixture
def say(cli: Any) -> Callable[[str], tuple[int, str]]:
    """A command line: its exit code, and all that it says; only its document where it is asked for one."""

    def one(line: str) -> tuple[int, str]:
        done = cli(*line.removeprefix("campaigns ").split())
        return done.code, done.out if "--json" in line and not done.code else done.out + done.err

    return one


@pytest.fixture
def live(say: Any, tmp_path: Path) -> Path:
    """A live database that knows one number."""
    assert say("campaigns --db sqlite:///campaigns.db suppress add " + NUMBER)[0] == 0
    return tmp_path / "campaigns.db"


def entries(path: Path) -> int:
    with closing(sqlite3.connect(path)) as raw:
        assert raw.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        return int(raw.execute("SELECT COUNT(*) FROM suppression").fetchone()[0])


def test_a_backup_is_whole_private_and_never_overwrites(say: Any, live: Path, tmp_path: Path) -> None:
    writer = sqlite3.connect(live, isolation_level=None)  # somebody writes meanwhile
    writer.execute("BEGIN IMMEDIATE")
    assert say("campaigns backup one.db")[0] == 0
    writer.close()
    one = tmp_path / "one.db"
    assert entries(one) == 1
    assert oct(one.stat().st_mode & 0o777) == "0o600"
    assert (tmp_path / "one.db.key").read_bytes() == Path(f"{live}.key").read_bytes()
    code, said = say("campaigns backup one.db")
    assert (code, "is overwritten" in said) == (2, True)
    assert say("campaigns backup nowhere/one.db")[0] == 2


def test_what_was_put_back_waits_to_be_adopted_and_what_was_there_is_kept(say: Any, live: Path, tmp_path: Path) -> None:
    say("campaigns backup one.db")
    say("campaigns suppress add +442079460124")
    code, said = say("campaigns restore one.db --json")
    assert code == 0
    aside = Path(json.loads(said)["aside"])
    assert (entries(live), entries(tmp_path / aside.name)) == (1, 2)
    code, said = say("campaigns doctor")
    assert "campaigns adopt" in said
    assert say("campaigns adopt")[0] == 0
    assert say("campaigns adopt")[0] == 2
    assert "was already on" in say("campaigns --db sqlite:///campaigns.db suppress add " + NUMBER)[1]


def test_on_another_machine_a_backup_comes_with_its_key(say: Any, live: Path) -> None:
    say("campaigns backup one.db")
    assert say("campaigns --db sqlite:///elsewhere.db restore one.db")[0] == 0
    assert "was already on" in say("campaigns --db sqlite:///elsewhere.db suppress add " + NUMBER)[1]


def rubbish(live: Path, folder: Path) -> dict[str, Path]:
    whole = folder / "whole.db"
    back_up(live, whole)
    cut = folder / "cut.db"
    cut.write_bytes(whole.read_bytes()[:9000])
    torn = folder / "torn.db"
    torn.write_bytes(whole.read_bytes()[:8192] + os.urandom(8192) + whole.read_bytes()[16384:])
    newer = Path(shutil.copy(whole, folder / "newer.db"))
    with closing(sqlite3.connect(newer)) as raw:
        raw.executescript("PRAGMA user_version = 99; UPDATE meta SET value = '99' WHERE key = 'runs_from'")
    simulated = Path(shutil.copy(whole, folder / "simulated.db"))
    with closing(sqlite3.connect(simulated)) as raw:
        raw.executescript("UPDATE meta SET value = 'simulated' WHERE key = 'kind'")
    foreign = folder / "foreign.db"
    with closing(sqlite3.connect(foreign)) as raw:
        raw.executescript("CREATE TABLE other (a)")
    words = folder / "words.db"
    words.write_text("not a database" * 100)
    empty = folder / "empty.db"
    empty.touch()
    return {path.stem: path for path in (cut, torn, newer, simulated, foreign, words, empty, folder / "missing.db")}


def test_what_is_no_whole_backup_of_ours_is_refused_and_nothing_is_lost(say: Any, live: Path, tmp_path: Path) -> None:
    before = sorted(path.name for path in tmp_path.iterdir())
    folder = tmp_path / "rubbish"
    folder.mkdir()
    for name, file in rubbish(live, folder).items():
        code, said = say(f"campaigns restore {file}")
        assert (code, "Traceback" in said) == (2, False), name
        assert entries(live) == 1, name
    left = {path.name for path in tmp_path.iterdir()} - set(before)
    assert left <= {"rubbish", "campaigns.db.lock", "campaigns.db-wal", "campaigns.db-shm"}


def test_nothing_is_put_back_while_somebody_dials_or_over_another_programs_file(
    say: Any, live: Path, tmp_path: Path
) -> None:
    say("campaigns backup one.db")
    home = SqliteFile(live)

    async def main() -> None:
        async with home.dialing(clock=SystemClock(), simulated=False):
            with pytest.raises(InputError, match="dials from"):
                await home.restore(tmp_path / "one.db", now=SystemClock().now())

    run_real(main)
    (tmp_path / "notes.txt").write_text("mine")
    assert say("campaigns --db sqlite:///notes.txt restore one.db")[0] == 2
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_a_damaged_database_is_set_aside_as_it_is(say: Any, live: Path, tmp_path: Path) -> None:
    say("campaigns backup one.db")
    damaged = live.read_bytes()[:100] + os.urandom(4000)
    live.write_bytes(damaged)
    Path(f"{live}.lock").write_text("whoever dialled last did not end in order")
    code, said = say("campaigns restore one.db --json")
    assert code == 0
    assert Path(json.loads(said)["aside"]).read_bytes() == damaged
    assert entries(live) == 1


def killed_at(step: int, act: Callable[[], object]) -> bool:
    """Run it in a process that dies at its `step`-th change of a file; whether it lived to the end."""
    child = os.fork()
    if child == 0:
        left = [step]

        def counted(real: Callable[..., Any]) -> Callable[..., Any]:
            def either(*args: Any, **more: Any) -> Any:
                left[0] -= 1
                if not left[0]:
                    os._exit(9)
                return real(*args, **more)

            return either

        for name in ("open", "link", "fsync", "replace", "rename", "unlink"):
            setattr(os, name, counted(getattr(os, name)))
        try:
            act()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@pytest.mark.row("D7")
def test_killed_at_any_step_a_backup_is_there_or_not_and_the_next_one_goes_through(
    live: Path, tmp_path: Path, figure: Any
) -> None:
    for step in range(1, 60):
        to = tmp_path / f"at-{step}.db"
        over = killed_at(step, lambda to=to: back_up(live, to))
        assert not to.exists() or entries(to) == 1
        if not to.exists():
            back_up(live, to)
        assert entries(to) == 1
        if over:
            break
    assert over
    figure("D7", "half backups after a kill at each step", 0, steps=step)


@pytest.mark.row("D7")
def test_killed_at_any_step_a_restore_has_left_the_old_one_or_the_new(live: Path, tmp_path: Path, figure: Any) -> None:
    now = SystemClock().now()
    back_up(live, tmp_path / "one.db")
    with closing(sqlite3.connect(live)) as raw:
        raw.execute("INSERT INTO suppression VALUES ('k', 'all', '', '', '', '', 0)")
        raw.commit()
    for step in range(1, 60):
        home = tmp_path / f"at-{step}"
        home.mkdir()
        path = Path(shutil.copy(live, home / "c.db"))
        shutil.copy(f"{live}.key", f"{path}.key")
        over = killed_at(step, lambda path=path: put_back(path, tmp_path / "one.db", now))
        assert entries(path) == (1 if over else 2) or entries(path) == 1
        kept = [entries(each) for each in home.glob("c.db.before-*") if each.suffix != ".key"]
        assert entries(path) == 2 or kept == [2], "what was there is lost"
        if over:
            break
    assert over
    figure("D7", "half restores after a kill at each step", 0, steps=step)


def test_a_postgres_database_is_dumped_and_put_back_into_an_empty_one(
    say: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{server().bin_path}:{os.environ['PATH']}")
    monkeypatch.setenv("CAMPAIGNS_HASH_KEY", "a key for tests that all machines share, and for tests only")
    one, other = new_database(), new_database()
    assert say(f"campaigns --db {one} suppress add {NUMBER}")[0] == 0
    code, said = say(f"campaigns --db {one} backup one.dump")
    assert code == 0, said
    assert oct((tmp_path / "one.dump").stat().st_mode & 0o777) == "0o600"
    assert say(f"campaigns --db {one} restore one.dump")[0] == 2  # it is not empty
    (tmp_path / "cut.dump").write_bytes((tmp_path / "one.dump").read_bytes()[:5000])
    assert say(f"campaigns --db {other} restore cut.dump")[0] == 2
    code, said = say(f"campaigns --db {other} restore one.dump")
    assert code == 0, said
    assert "was already on" in say(f"campaigns --db {other} suppress add {NUMBER}")[1]
    assert say(f"campaigns --db {other} adopt")[0] == 0
    assert say(f"campaigns --db {other} adopt")[0] == 2


def test_where_the_servers_tools_are_missing_it_says_which(
    say: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CAMPAIGNS_HASH_KEY", "a key for tests that all machines share, and for tests only")
    one = new_database()
    say(f"campaigns --db {one} suppress add {NUMBER}")
    code, said = say(f"campaigns --db {one} backup one.dump")
    assert (code, "pg_dump: is not installed here" in said) == (2, True)
